/**
 * Plain text lines of applications: a time, a level, perhaps ids, thread and logger in brackets, and a message, in
 * any usual order (Django, Python, gunicorn, winston, logback, log4j, Monolog, php-fpm, Rails, Laravel, .NET).
 * Lines that do not begin so continue the record before (stack traces).
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  closingQuote,
  isAddress,
  isDigits,
  isUniqueId,
  levelOf,
  unescapeText,
} from '../fields.ts';
import { mapJson, parseObject } from '../json.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { read, readDashed, readIso, readSlashed } from '../time.ts';

/** A time at `at`, in any notation that text logs use. */
function timeAt(line: string, at: number): number {
  const c = line.charCodeAt(at);
  if (!(c >= 48 && c <= 57)) return Number.NaN;
  let ms = readIso(line, at);
  if (Number.isNaN(ms)) ms = readSlashed(line, at);
  if (Number.isNaN(ms)) ms = readDashed(line, at);
  return ms;
}

interface Head {
  timeMs: number;
  zoneless: boolean;
  level: string | null;
  /** Bracketed texts in order. */
  brackets: string[];
  /** Bare words before the message that may be thread, pid or logger. */
  words: string[];
  /** Where the message begins. */
  at: number;
}

/**
 * Reads the tokens in front of the message. Null: neither a time nor, at the very beginning, a level: the line
 * continues the one before.
 */
function readHead(line: string): Head | null {
  const head: Head = { timeMs: Number.NaN, zoneless: false, level: null, brackets: [], words: [], at: 0 };
  const c = line.charCodeAt(0);
  // Traces are indented; a record is not.
  if (c === 32 || c === 9 || line === '') return null;
  let at = 0;
  // Python's default `LEVEL:logger:message`, Ruby's `I, [time #pid]  INFO -- : message`.
  const python = /^([A-Z]{4,8}):([\w.]+):/.exec(line);
  const pythonLevel = python === null ? null : levelOf(python[1]!);
  if (python !== null && pythonLevel !== null) {
    head.level = pythonLevel;
    head.words.push(python[2]!);
    head.at = skipBlanks(line, python[0].length);
    return head;
  }
  if (/^[DIWEFA], \[\d/.test(line)) at = 3;
  for (let token = 0; token < 12 && at < line.length; token++) {
    const c = line.charCodeAt(at);
    if (c === 32 || c === 9) {
      at++;
      token--;
      continue;
    }
    if (Number.isNaN(head.timeMs)) {
      const open = c === 91 || c === 40 ? 1 : 0;
      const ms = timeAt(line, at + open);
      if (!Number.isNaN(ms)) {
        head.timeMs = ms;
        head.zoneless = read.zoneless;
        at = read.end;
        // Monolog and Rails: `[2025-11-22T09:57:01.123 #1234]`, `[… +00:00]`, `[… Europe/Berlin]`.
        if (open === 1) {
          const close = line.indexOf(c === 91 ? ']' : ')', at);
          if (close < 0 || close - at > 40) return null;
          const rest = line.slice(at, close).trim();
          if (rest.startsWith('#')) head.brackets.push(rest.slice(1));
          at = close + 1;
        }
        if (line.charCodeAt(at) === 58 || line.charCodeAt(at) === 44) at++;
        continue;
      }
    }
    if (c === 91 || (c === 40 && head.level !== null)) {
      const close = line.indexOf(c === 91 ? ']' : ')', at);
      if (close < 0 || close - at > 120) break;
      const text = line.slice(at + 1, close).trim();
      // Only what stands in front of the message; "[x] y" after a logger belongs to the message.
      if (!setBracket(head, text)) break;
      at = close + 1;
      if (line.charCodeAt(at) === 58) at++;
      continue;
    }
    let end = line.indexOf(' ', at);
    if (end < 0) end = line.length;
    let word = line.slice(at, end);
    if (word.endsWith(':') || word.endsWith(',')) word = word.slice(0, -1);
    if (head.level === null && word.length <= 12) {
      // Words that are also English are levels only in capitals, in brackets, or right behind the time.
      const level = /^[A-Za-z]+$/.test(word) && !ENGLISH.has(word) ? levelOf(word) : null;
      if (
        level !== null &&
        (word === word.toUpperCase() || line.charCodeAt(end - 1) === 58 || !Number.isNaN(head.timeMs)) &&
        word.length > (Number.isNaN(head.timeMs) ? 2 : 0)
      ) {
        head.level = level;
        at = end;
        if (line.startsWith(' -- :', at)) at += 5;
        else if (line.startsWith(' -- ', at)) at += 4;
        continue;
      }
    }
    // Monolog: `channel.LEVEL:`
    const dot = word.lastIndexOf('.');
    if (head.level === null && dot > 0 && line.charCodeAt(end - 1) === 58) {
      const level = levelOf(word.slice(dot + 1));
      if (level !== null && word.slice(dot + 1) === word.slice(dot + 1).toUpperCase()) {
        head.level = level;
        head.words.push(word.slice(0, dot));
        at = end;
        head.at = skipBlanks(line, at);
        return head;
      }
    }
    if (word === '---' || word === '-' || word === '--' || word === '|' || word === '>') {
      at = end;
      continue;
    }
    if (word === '#' || (Number.isNaN(head.timeMs) && head.level === null && token > 0)) break;
    // logback: `WARN 1 --- [thread] logger : message`; Python: `logger - LEVEL - message`, `logger: message`.
    const colon = line.charCodeAt(end - 1) === 58 || line.startsWith(' : ', end) || line.startsWith('  : ', end);
    const isName = /^[A-Za-z_$][\w$.\-/]*$/.test(word);
    if (
      isName &&
      colon &&
      (head.level !== null || !Number.isNaN(head.timeMs)) &&
      (/[._]/.test(word) || line.startsWith(' :', end) || isLower(word))
    ) {
      head.words.push(word);
      at = end;
      at = skipBlanks(line, at);
      if (line.charCodeAt(at) === 58) at++;
      break;
    }
    const padded = /^([A-Za-z_$][\w$.\-/]*) +: /.exec(line.slice(at, at + 120));
    if (padded !== null && head.level !== null) {
      head.words.push(padded[1]!);
      at += padded[0].length;
      break;
    }
    if (isName && !Number.isNaN(head.timeMs) && line.startsWith(' - ', end)) {
      head.words.push(word);
      at = end + 2;
      continue;
    }
    if (isDigits(word) && head.level !== null && line.startsWith(' ---', end)) {
      head.brackets.push(word);
      at = end;
      continue;
    }
    if (isName && word.includes('.') && head.level !== null && !Number.isNaN(head.timeMs) && !word.endsWith('.')) {
      // log4j: `LEVEL  com.example.Class - message` or `com.example.Class message`.
      head.words.push(word);
      at = end;
      continue;
    }
    break;
  }
  if (Number.isNaN(head.timeMs) && head.level === null) return null;
  head.at = skipBlanks(line, at);
  if (line.startsWith('- ', head.at) || line.startsWith(': ', head.at)) head.at += 2;
  return head;
}

/** Levels of some loggers that begin ordinary messages too. */
const ENGLISH = new Set(['http', 'log', 'config', 'fine', 'note', 'e', 'i', 'd', 'w']);

function isLower(word: string): boolean {
  return word === word.toLowerCase();
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9) at++;
  return at;
}

/** Level, id, pid, thread or logger in brackets; false = it is part of the message. */
function setBracket(head: Head, text: string): boolean {
  const level = head.level === null ? levelOf(text) : null;
  if (level !== null && text.length > 1) {
    head.level = level;
    return true;
  }
  const monolog = /^(\S+)\.([A-Z]+)$/.exec(text);
  if (monolog !== null && head.level === null && levelOf(monolog[2]!) !== null) {
    head.level = levelOf(monolog[2]!);
    head.words.push(monolog[1]!);
    return true;
  }
  head.brackets.push(text);
  return true;
}

function starts(line: string): boolean {
  if (logfmt(line) !== null) return true;
  const head = readHead(line);
  if (head === null) return false;
  // A level alone begins a record only when it is written as one: `ERROR: …`, `[error] …`, `WARNING …`.
  return !Number.isNaN(head.timeMs) || head.level !== null;
}

function parse(record: string, context: Context): Entry | Failure {
  const trimmed = record.trimEnd();
  if (trimmed === '') return { failure: 'empty' };
  const newline = trimmed.indexOf('\n');
  const line = newline < 0 ? trimmed : trimmed.slice(0, newline);
  const pairs = logfmt(line);
  if (pairs !== null) {
    const entry = emptyEntry('text.app', 'app', 'decision');
    mapJson(entry, pairs);
    if (Number.isNaN(entry.timeMs)) {
      entry.timeMs = context.envelopeMs;
      entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
    }
    if (entry.message !== null) setFromMessage(entry, entry.message);
    return entry;
  }
  const head = readHead(line);
  if (head === null) return { failure: 'format' };
  const entry = emptyEntry('text.app', 'app', 'decision');
  if (!Number.isNaN(head.timeMs)) {
    entry.timeMs = head.timeMs;
    entry.timeZoneless = head.zoneless;
  } else {
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  }
  entry.logLevel = head.level;
  setNames(entry, head);
  setMessage(entry, line.slice(head.at));
  if (newline >= 0) {
    const trace = trimmed.slice(newline + 1);
    addAttribute(entry, 'error.stack_trace', trace.length > STACK_MAX ? trace.slice(-STACK_MAX) : trace);
    // Python names the exception last.
    const last = trace.slice(trace.lastIndexOf('\n') + 1).slice(0, 400);
    const exception =
      /^([A-Za-z_][\w.]*(?:Error|Exception|Denied|Forbidden|Warning|Exists|NotFound|Exit|Interrupt|[A-Z]\w+))(?::|$)/.exec(
        last,
      );
    if (exception !== null) {
      addAttribute(entry, 'error.type', exception[1]!);
      if (last.length > exception[0].length)
        addAttribute(entry, 'error.message', last.slice(exception[0].length).trim());
    }
  }
  return entry;
}

/** The end of a stack trace names the exception; more is in the raw line. */
const STACK_MAX = 4000;

function setNames(entry: Entry, head: Head): void {
  let extra = 0;
  for (const text of head.brackets) {
    if (text === '' || text === '-') continue;
    const pair = /^(request_?id|req_?id|rid|trace_?id|correlation_?id)[=:] ?(\S+)$/i.exec(text);
    if (pair !== null && isUniqueId(pair[2]!)) addId(entry, pair[2]!);
    else if (isUniqueId(text) && !text.includes('/')) addId(entry, text);
    else if (isDigits(text) && text.length <= 8 && entry.processId === null) entry.processId = text;
    else if (isAddress(text) && entry.clientAddress === null) entry.clientAddress = text;
    else if (text.includes(',') && text.split(',').some((part) => isUniqueId(part))) {
      // Sleuth: [service,trace,span]
      for (const part of text.split(',')) {
        if (isUniqueId(part)) addId(entry, part);
        else addAttribute(entry, 'service.name', part);
      }
    } else addAttribute(entry, extra++ === 0 ? 'thread' : `bracket.${extra - 1}`, text);
  }
  const [logger, ...others] = head.words;
  if (logger !== undefined) entry.logLogger = logger;
  for (const word of others) addAttribute(entry, 'logger', word);
}

/** The message, the JSON at its end, the request it names. */
function setMessage(entry: Entry, text: string): void {
  let message = text.trimEnd();
  // Monolog: `message {"context":1} []` or `message [] []`.
  while (message.endsWith(' []') || message.endsWith(' {}')) message = message.slice(0, -3).trimEnd();
  if (message.endsWith('}')) {
    let brace = message.indexOf('{');
    for (let tries = 0; brace >= 0 && tries < 5; tries++) {
      const json = brace === 0 || /[\s:]/.test(message.charAt(brace - 1)) ? parseObject(message.slice(brace)) : null;
      if (json !== null) {
        const head = message.slice(0, brace).trimEnd();
        // The level and time in front are the record's own.
        const timeMs = entry.timeMs;
        const zoneless = entry.timeZoneless;
        entry.message = head === '' ? null : head;
        mapJson(entry, json);
        if (!Number.isNaN(timeMs)) {
          entry.timeMs = timeMs;
          entry.timeZoneless = zoneless;
        }
        if (entry.message === null) entry.message = message;
        message = head;
        break;
      }
      brace = message.indexOf('{', brace + 1);
    }
  }
  entry.message ??= message;
  setFromMessage(entry, message);
}

/** `time="…" level=warning msg="…" key=value` of logrus, slog and other logfmt writers, as an object; null = it is none. */
function logfmt(line: string): Record<string, unknown> | null {
  if (!/^(?:time|ts|t|level|lvl|logger)=\S/.test(line)) return null;
  const out: Record<string, unknown> = Object.create(null);
  let at = 0;
  while (at < line.length) {
    const equals = line.indexOf('=', at);
    if (equals < 0) break;
    const key = line.slice(at, equals).trim();
    let end: number;
    let value: string;
    if (line.charCodeAt(equals + 1) === 34) {
      end = closingQuote(line, equals + 2);
      if (end < 0) end = line.length;
      value = unescapeText(line.slice(equals + 2, end));
      end++;
    } else {
      end = line.indexOf(' ', equals);
      if (end < 0) end = line.length;
      value = line.slice(equals + 1, end);
    }
    if (key !== '' && !key.includes(' ')) out[key] = value;
    at = end + 1;
  }
  return Object.keys(out).length >= 2 ? out : null;
}

export const format: Format = {
  dataset: 'text.app',
  title: 'application log (text)',
  usualLayer: 'app',
  rank: RANK.text,
  starts,
  parse,
};
