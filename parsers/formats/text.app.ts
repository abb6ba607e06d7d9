/**
 * HOT. Plain text lines of applications: a time, a level, perhaps ids, thread and logger in brackets, and a message, in
 * any usual order (Django, Python, gunicorn, winston, logback, log4j, Monolog, php-fpm, Rails, Laravel, .NET).
 * Lines that do not begin so continue the record before (stack traces).
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  closingQuote,
  decimalOf,
  isAddress,
  isDigits,
  isUniqueId,
  levelOf,
  newRecord,
  setRequestLine,
  unescapeText,
} from '../fields.ts';
import { mapJson, parseObject } from '../json.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { read, readTime } from '../time.ts';

interface Head {
  timeMs: number;
  zoneless: boolean;
  level: string | null;
  /** Texts in brackets, and `key=value` words, in order. */
  brackets: string[];
  /** Bare words before the message that are logger or module. */
  words: string[];
  /** Where the message begins. */
  at: number;
}

/** One object, overwritten by every line: a head is read twice a line (`starts`, `parse`). */
const head: Head = { timeMs: Number.NaN, zoneless: false, level: null, brackets: [], words: [], at: 0 };

/** Any time will do to see that a clock stands there. */
const SOME_MS = 1e12;
const TOKENS_MAX = 14;

/**
 * Reads the tokens in front of the message into `head`. False: neither a time nor, at the very beginning, a level: the
 * line continues the one before.
 */
function readHead(line: string, referenceMs: number): boolean {
  head.timeMs = Number.NaN;
  head.zoneless = false;
  head.level = null;
  if (head.brackets.length > 0) head.brackets = [];
  if (head.words.length > 0) head.words = [];
  const length = line.length;
  const c0 = line.charCodeAt(0);
  // Traces are indented; a record is not.
  if (c0 === 32 || c0 === 9 || length === 0) return false;
  let at = 0;
  let clockOnly = false;
  if (c0 >= 65 && c0 <= 90) {
    const second = line.charCodeAt(1);
    // Ruby's `I, [time #pid]  INFO -- : message`.
    if (second === 44 && line.startsWith(', [', 1)) at = 3;
    // glog and klog: `E1122 09:57:01.123456       1 file.go:12] message`.
    else if (second >= 48 && second <= 57) return readGlog(line, referenceMs);
    else if (readPython(line)) return true;
  }
  // Webmin: `1763805421.2161960.0 [22/Nov/2025 09:57:01] user session address …`, where the number is UTC.
  else if (c0 === 49 && line.charCodeAt(10) === 46) {
    const space = line.indexOf(' ', 11);
    if (space > 14 && space < 32 && line.charCodeAt(space + 1) === 91 && line.indexOf('.', 11) < space) {
      head.timeMs = readTime(`${line.slice(0, 10)}.000`, 0, Number.NaN);
      at = line.indexOf('] ', space) + 2;
      if (at > 1 && at < space + 40 && !Number.isNaN(head.timeMs)) return readWebmin(line, at);
      head.timeMs = Number.NaN;
      at = 0;
    }
  }
  for (let token = 0; token < TOKENS_MAX && at < length; token++) {
    const c = line.charCodeAt(at);
    if (c === 32 || c === 9 || c === 124) {
      at++;
      token--;
      continue;
    }
    const known = !Number.isNaN(head.timeMs);
    if ((!known || clockOnly) && ((c >= 48 && c <= 57) || (c >= 65 && c <= 90))) {
      const ms = readTime(line, at, referenceMs);
      if (!Number.isNaN(ms)) {
        clockOnly = line.charCodeAt(at + 2) === 58;
        head.timeMs = ms;
        head.zoneless = read.zoneless;
        at = read.end;
        const next = line.charCodeAt(at);
        if (next === 58 || next === 44 || next === 59) at++;
        continue;
      }
    }
    if (c === 91) {
      const close = line.indexOf(']', at);
      if (close < 0 || close - at > 120) break;
      const first = line.charCodeAt(at + 1);
      let from = at + 1;
      if (!known && ((first >= 48 && first <= 57) || (first >= 65 && first <= 90))) {
        const ms = readTime(line, at + 1, referenceMs);
        if (!Number.isNaN(ms)) {
          clockOnly = line.charCodeAt(at + 3) === 58;
          head.timeMs = ms;
          head.zoneless = read.zoneless;
          from = read.end;
          if (close - from > 40 || close < from) return false;
          // `#1234` of Ruby, `INF` of Serilog, a zone that nobody knows.
          if (close > from) setRest(line.slice(from, close).trim());
          at = close + 1;
          continue;
        }
      }
      const text = line.slice(from, close).trim();
      // A sentence in brackets is the message.
      if (known && head.level !== null && hasTwoBlanks(text)) break;
      setBracket(text);
      at = close + 1;
      if (line.charCodeAt(at) === 58) at++;
      continue;
    }
    if (c === 40 && head.level !== null) {
      const close = line.indexOf(')', at);
      if (close < 0 || close - at > 120) break;
      setBracket(line.slice(at + 1, close).trim());
      at = close + 1;
      continue;
    }
    if (c === 123) {
      // `{logger:line}`; with quotes or blanks it is JSON or part of the message.
      const close = line.indexOf('}', at);
      if (close < 0 || close - at > 80 || !/^[\w.$:/-]+$/.test(line.slice(at + 1, close))) break;
      head.words.push(line.slice(at + 1, close));
      at = close + 1;
      continue;
    }
    const end = wordEnd(line, at);
    // Serilog's source context in angle brackets.
    if (c === 60 && known && line.charCodeAt(end - 1) === 62 && DOTTED.test(line.slice(at + 1, end - 1))) {
      head.words.push(line.slice(at + 1, end - 1));
      at = end;
      continue;
    }
    const last = line.charCodeAt(end - 1);
    const colon = last === 58;
    const wordTo = colon || last === 44 ? end - 1 : end;
    const size = wordTo - at;
    // Separators: `-`, `--`, `---`, `>`.
    if (size <= 3 && (c === 45 || c === 62) && (size < 2 || line.charCodeAt(at + 1) === 45)) {
      at = end;
      continue;
    }
    if (head.level === null && size <= 12 && size > 0 && mayBeLevel(line, at, wordTo)) {
      const word = line.slice(at, wordTo);
      const level = LEVEL_WORDS.get(word) ?? null;
      // Words that are also English are levels only in capitals, with a colon, or right behind the time.
      if (level !== null && (known ? true : size > 2 && (colon || (c <= 90 && word === word.toUpperCase())))) {
        head.level = level;
        at = end;
        if (line.startsWith(' -- :', at)) at += 5;
        else if (line.startsWith(' -- ', at)) at += 4;
        continue;
      }
    }
    if (c >= 48 && c <= 57) {
      // A process id: in front of a level, or of `---`, or of `- ` and the time.
      if (size > 8 || !isDigits(line, at, wordTo)) break;
      if (line.charCodeAt(end) === 124) {
        // pm2: `0|app  | `
        const name = nameEnd(line, end + 1);
        const bar = skipBlanks(line, name);
        if (name === end + 1 || line.charCodeAt(bar) !== 124) break;
        head.brackets.push(`service.name=${line.slice(end + 1, name)}`);
        at = bar;
        continue;
      }
      const pid =
        head.level === null
          ? (known && levelAt(line, end)) || (!known && line.startsWith('  - ', end))
          : line.startsWith(' ---', end) || (known && startsName(line, end));
      if (!pid) break;
      head.brackets.push(line.slice(at, wordTo));
      at = end;
      continue;
    }
    const isName = nameEnd(line, at) === wordTo;
    if (!isName) {
      if (head.level === null && !colon && setOddWord(line, at, wordTo, known)) {
        at = end;
        continue;
      }
      // loguru: `module:function:line - message`
      if (known && line.startsWith(' - ', end) && /^[\w.]{1,100}:[\w<>]{1,60}:\d{1,6}$/.test(line.slice(at, wordTo))) {
        head.words.push(line.slice(at, line.indexOf(':', at)));
        head.brackets.push(`caller=${line.slice(at, wordTo)}`);
        at = end + 2;
        break;
      }
      // zap's console: the source file stands in a column of its own.
      if (known && line.charCodeAt(end) === 9 && SOURCE_FILE.test(line.slice(at, wordTo))) {
        head.brackets.push(`caller=${line.slice(at, wordTo)}`);
        at = end;
        continue;
      }
      break;
    }
    const word = line.slice(at, wordTo);
    // Monolog: `channel.LEVEL:`
    if (head.level === null && colon) {
      const dot = word.lastIndexOf('.');
      const level = dot > 0 ? LEVEL_WORDS.get(word.slice(dot + 1)) : undefined;
      if (level !== undefined && line.charCodeAt(at + dot + 1) <= 90) {
        head.level = level;
        head.words.push(word.slice(0, dot));
        head.at = skipBlanks(line, end);
        return true;
      }
    }
    if (!known && head.level === null) {
      if (token === 0) return false;
      break;
    }
    // logback: `WARN 1 --- [thread] logger : message`; Python: `logger - LEVEL - message`, `logger: message`.
    if (colon) {
      if (head.words.length > 0 || (!/[._:]/.test(word) && word !== word.toLowerCase())) break;
      head.words.push(word);
      at = end;
      if (head.level === null && levelAt(line, at)) continue;
      break;
    }
    const after = skipBlanks(line, end);
    if (head.level !== null && line.charCodeAt(after) === 58 && line.charCodeAt(after + 1) === 32) {
      head.words.push(word);
      at = after + 1;
      break;
    }
    if (known && line.startsWith(' - ', end)) {
      head.words.push(word);
      at = end + 2;
      continue;
    }
    // zap's console and NLog: tabs and bars part the columns.
    if ((line.charCodeAt(end) === 9 || line.charCodeAt(end) === 124) && known) {
      head.words.push(word);
      at = end;
      continue;
    }
    if (head.level !== null && known) {
      // log4j: `LEVEL  com.example.Class - message` or `com.example.Class message`.
      if (word.indexOf('.') > 0 && last !== 46) {
        head.words.push(word);
        at = end;
        continue;
      }
      // Django's verbose layout: `LEVEL time module pid thread message`; Odoo's `LEVEL database logger: message`.
      if (numbersAt(line, end)) {
        head.words.push(word);
        at = numbersEnd(line, end);
        break;
      }
      if (head.brackets.length > 0 && startsName(line, end)) {
        head.brackets.push(word);
        at = end;
        continue;
      }
    } else if (known && head.level === null && levelAt(line, end)) {
      head.words.push(word);
      at = end;
      continue;
    }
    break;
  }
  if (Number.isNaN(head.timeMs) && head.level === null) return false;
  at = skipBlanks(line, at);
  if (line.startsWith('- ', at) || line.startsWith(': ', at)) at += 2;
  head.at = at;
  return true;
}

/** Levels in the spellings that logs use; only those words that are no plain English. */
const LEVEL_WORDS = new Map<string, string>();
for (const word of 'emerg emergency panic alert crit critical fatal severe error err eror warn warning wrn notice info information inf debug dbg verbose silly trace trc finer finest trce dbug vrb ftl pnc'.split(
  ' ',
)) {
  const level = levelOf(word);
  if (level === null) continue;
  for (const spelling of [word, word.toUpperCase(), word[0]!.toUpperCase() + word.slice(1)])
    LEVEL_WORDS.set(spelling, level);
}
/** Levels that are words too: only in capitals. */
for (const word of ['WAR', 'FAT', 'CONFIG', 'FINE']) LEVEL_WORDS.set(word, levelOf(word)!);

/** Length and first letter leave few words that are none: looking a slice up costs ten times as much. */
const LEVEL_SHAPES = new Uint8Array(1024);
const shapeOf = (line: string, from: number, to: number): number =>
  (Math.min(to - from, 31) << 5) | (line.charCodeAt(from) & 31);
for (const word of LEVEL_WORDS.keys()) LEVEL_SHAPES[shapeOf(word, 0, word.length)] = 1;

const mayBeLevel = (line: string, from: number, to: number): boolean => LEVEL_SHAPES[shapeOf(line, from, to)] === 1;

/** Behind the word at `at`: a blank, a tab, a bar or the end. */
function wordEnd(line: string, at: number): number {
  let i = at;
  for (const length = line.length; i < length; i++) {
    const c = line.charCodeAt(i);
    if (c === 32 || c === 9 || c === 124) break;
  }
  return i;
}

/** Behind the name (letters, digits, `_ $ . - /`) at `at`, which begins with a letter. */
function nameEnd(line: string, at: number): number {
  let i = at;
  for (; ; i++) {
    const c = line.charCodeAt(i);
    if ((c | 32) >= 97 && (c | 32) <= 122) continue;
    if (c === 95 || c === 36) continue;
    if (i > at && ((c >= 48 && c <= 57) || c === 46 || c === 45 || c === 47)) continue;
    // Rust: `shop::auth`.
    if (c === 58 && i > at && line.charCodeAt(i + 1) === 58) {
      i++;
      continue;
    }
    return i;
  }
}

/** The next word is a level. */
function levelAt(line: string, from: number): boolean {
  let at = skipBlanks(line, from);
  if (line.startsWith('- ', at)) at = skipBlanks(line, at + 2);
  if (line.charCodeAt(at) === 91) at++;
  let end = at;
  for (; end < at + 12; end++) {
    const c = line.charCodeAt(end) | 32;
    if (!(c >= 97 && c <= 122)) break;
  }
  return mayBeLevel(line, at, end) && LEVEL_WORDS.has(line.slice(at, end));
}

/** A logger stands next: a dotted name, or a word and a dotted name with a colon. */
function startsName(line: string, from: number): boolean {
  const at = skipBlanks(line, from);
  const end = nameEnd(line, at);
  if (end === at) return false;
  const colon = line.charCodeAt(end) === 58 && line.charCodeAt(end + 1) === 32;
  if (!colon && line.charCodeAt(end) !== 32) return false;
  const dot = line.indexOf('.', at);
  if (dot > at && dot < end - 1) return true;
  if (colon) return false;
  // `database logger: message`
  const next = nameEnd(line, end + 1);
  return next > end + 1 && line.charCodeAt(next) === 58 && line.slice(end + 1, next).includes('.');
}

/** Two numbers stand behind `from`: process and thread. */
function numbersAt(line: string, from: number): boolean {
  const c = line.charCodeAt(from + 1);
  return c >= 48 && c <= 57 && /^ \d{1,8} \d{3,20} /.test(line.slice(from, from + 34));
}

function numbersEnd(line: string, from: number): number {
  const space = line.indexOf(' ', from + 1);
  head.brackets.push(line.slice(from + 1, space));
  return line.indexOf(' ', space + 1);
}

/** What stands in the brackets of the time behind it. */
function setRest(rest: string): void {
  if (rest === '') return;
  if (rest.charCodeAt(0) === 35) head.brackets.push(rest.slice(1));
  else if (head.level === null) {
    const [level = '', logger] = rest.split(/ +/, 2);
    head.level = LEVEL_WORDS.get(level) ?? null;
    if (head.level !== null && logger !== undefined) head.words.push(logger);
  }
}

/** Words that are no names: `web[120].ERR`, `request_id=…`, `auth/auth.go:200:Login()`; false = the message begins. */
function setOddWord(line: string, at: number, end: number, known: boolean): boolean {
  if (!known) return false;
  const word = line.slice(at, end);
  const pair = word.indexOf('=');
  if (pair > 0) {
    if (!/^\w+=[^"]*$/.test(word) || FIRST_KEYS.has(word.slice(0, pair))) return false;
    // Metadata stand in front of a level; behind it they are the message.
    head.brackets.push(word);
    return true;
  }
  const program = /^([\w.-]+)\[(\d+)\]\.([A-Z]{3})$/.exec(word);
  if (program !== null && LEVEL_WORDS.has(program[3]!)) {
    head.level = LEVEL_WORDS.get(program[3]!) ?? null;
    head.words.push(program[1]!);
    head.brackets.push(program[2]!);
    return true;
  }
  if (/\.(?:go|py|js|ts|rb|php|java|cs|rs|cc|cpp|ex):\d+/.test(word)) {
    head.brackets.push(`caller=${word}`);
    return true;
  }
  return false;
}

/** Python's default `LEVEL:logger:message`. */
function readPython(line: string): boolean {
  const colon = line.indexOf(':');
  if (colon < 4 || colon > 8) return false;
  const level = LEVEL_WORDS.get(line.slice(0, colon));
  if (level === undefined || line.charCodeAt(1) > 90) return false;
  const end = line.indexOf(':', colon + 1);
  if (end < 0 || end - colon > 100 || end === colon + 1) return false;
  const name = line.slice(colon + 1, end);
  if (!/^[\w.]+$/.test(name)) return false;
  head.level = level;
  head.words.push(name);
  head.at = skipBlanks(line, end + 1);
  return true;
}

const GLOG: Record<string, string> = { I: 'info', W: 'warn', E: 'error', F: 'crit' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function readGlog(line: string, referenceMs: number): boolean {
  const match = /^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{6}) +(\d+) ([\w./-]+:\d+)\] /.exec(line);
  const month = match === null ? undefined : MONTHS[Number(match[2]) - 1];
  if (match === null || month === undefined) return false;
  head.level = GLOG[match[1]!] ?? null;
  head.timeMs = readTime(`${month} ${match[3]} ${match[4]}`, 0, referenceMs);
  head.zoneless = true;
  head.brackets.push(match[5]!, `caller=${match[6]}`);
  head.at = match[0].length;
  return true;
}

/** `user session address module script …`; the rest is the message. */
function readWebmin(line: string, at: number): boolean {
  const [user = '', , address = ''] = line.slice(at, at + 200).split(' ', 3);
  if (!isAddress(address)) return false;
  head.brackets.push(`user=${user}`, address);
  head.at = at;
  return true;
}

function hasTwoBlanks(text: string): boolean {
  const blank = text.indexOf(' ');
  return blank >= 0 && text.indexOf(' ', blank + 1) >= 0;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9) at++;
  return at;
}

/** A dotted name, with a line number at most: `django.request`, `shop.orders:88`; files are none. */
const DOTTED = /^[A-Za-z_][\w$]*(?:(?:\.|::)[\w$]+)+(?::\d+)?$/;
const SOURCE_FILE = /\.(?:go|py|js|ts|rb|php|java|cs|rs|cc|cpp|ex)(?::\d+)?$/;

/** Level, logger, id, process or thread in brackets. */
function setBracket(text: string): void {
  const parted = text.indexOf('.') >= 0 || text.indexOf(':') >= 0;
  if (head.level === null) {
    const word = mayBeLevel(text, 0, text.length) ? LEVEL_WORDS.get(text) : undefined;
    const level = word ?? (text.length === 1 ? GLOG[text] : undefined);
    if (level !== undefined) {
      head.level = level;
      return;
    }
    let mark = parted ? text.length - 1 : 0;
    while (mark > 0 && text.charCodeAt(mark) !== 46 && text.charCodeAt(mark) !== 58) mark--;
    // Monolog in brackets, Apache's `module:level`.
    const second =
      mark > 0 && mayBeLevel(text, mark + 1, text.length) ? LEVEL_WORDS.get(text.slice(mark + 1)) : undefined;
    if (second !== undefined) {
      head.level = second;
      head.words.push(text.slice(0, mark));
      return;
    }
  }
  if (parted && DOTTED.test(text) && !isAddress(text)) {
    if (SOURCE_FILE.test(text)) head.brackets.push(`caller=${text}`);
    else head.words.push(text);
  } else head.brackets.push(text);
}

/** Django's console without a formatter: the reason alone. */
const BARE_DJANGO =
  /^(?:Forbidden|Unauthorized|Not Found|Bad Request|Method Not Allowed|Too Many Requests|Internal Server Error)(?: \(.{1,300}\))?: \/\S*$/;

function isBare(line: string): boolean {
  const c = line.charCodeAt(0);
  return c >= 65 && c <= 90 && line.indexOf(': /') > 0 && BARE_DJANGO.test(line);
}

function starts(text: string): boolean {
  const line = isColoured(text) ? text.replace(ANSI, '').trimStart() : text;
  const c = line.charCodeAt(0);
  if (c === 32 || c === 9 || c === 125) return false;
  // Most lines begin with their time.
  const at = c === 91 ? 1 : 0;
  const first = line.charCodeAt(at);
  if (((first >= 48 && first <= 57) || (first >= 65 && first <= 90)) && !Number.isNaN(readTime(line, at, SOME_MS)))
    return true;
  // Or with their level; the whole head need not be read to know that.
  if (c === 91) {
    const close = line.indexOf(']', 2);
    if (close > 0 && close < 14 && LEVEL_WORDS.has(line.slice(1, close))) return true;
  } else if (c >= 65 && c <= 90) {
    const end = wordEnd(line, 0);
    const word = end < 12 ? line.slice(0, line.charCodeAt(end - 1) === 58 ? end - 1 : end) : '';
    if (word.length > 2 && LEVEL_WORDS.has(word) && word === word.toUpperCase()) return true;
  }
  return isLogfmt(line) || readHead(line, SOME_MS) || isBare(line);
}

/** Escape sequences of colours and cursors, also as other programs write the escape byte. */
const ANSI = /(?:\u001b|\\x1b|#033)\[[0-9;?]*[A-Za-z]/g;

function isColoured(line: string): boolean {
  const c = line.charCodeAt(0);
  return c === 27 || (c === 92 && line.startsWith('\\x1b[')) || (c === 35 && line.startsWith('#033['));
}

function parse(record: string, context: Context): Entry | Failure {
  const last = record.charCodeAt(record.length - 1);
  let trimmed = last > 32 && last < 127 ? record : record.trimEnd();
  if (isColoured(trimmed) || trimmed.indexOf('\u001b') >= 0) trimmed = trimmed.replace(ANSI, '').trim();
  if (trimmed === '') return { failure: 'empty' };
  const newline = trimmed.indexOf('\n');
  const line = newline < 0 ? trimmed : trimmed.slice(0, newline);
  const pairs = isLogfmt(line) ? logfmt(line) : null;
  if (pairs !== null) {
    const entry = emptyEntry('text.app', 'app', 'decision');
    mapJson(entry, pairs);
    setTime(entry, entry.timeMs, entry.timeZoneless, context);
    // lograge's duration is in milliseconds.
    if (pairs.controller !== undefined && entry.durationMs === null)
      entry.durationMs = decimalOf(String(pairs.duration));
    if (entry.httpRequestMethod !== null && entry.urlPath !== null && entry.httpResponseStatusCode !== null) {
      entry.kind = 'access';
      entry.timePoint = 'end';
    }
    if (entry.message !== null) setFromMessage(entry, entry.message);
    return entry;
  }
  const referenceMs = Number.isNaN(context.envelopeMs) ? context.referenceMs : context.envelopeMs;
  let headed = readHead(line, referenceMs);
  if (!headed && !Number.isFinite(referenceMs)) {
    // A clock without date, and nothing to date it by.
    headed = readHead(line, SOME_MS);
    head.timeMs = Number.NaN;
  }
  const bare = !headed && isBare(line);
  if (!headed && !bare) return { failure: 'format' };
  const entry = emptyEntry('text.app', 'app', 'decision');
  setTime(entry, bare ? Number.NaN : head.timeMs, head.zoneless, context);
  if (bare) setMessage(entry, line);
  else {
    entry.logLevel = head.level;
    setNames(entry, head);
    // Laravel: the object at the end goes on over the lines of its stack trace.
    if (newline >= 0 && trimmed.endsWith('}') && line.indexOf('{"', head.at) >= 0) {
      setMessage(entry, trimmed.slice(head.at));
      setPhpException(entry);
      return entry;
    }
    setMessage(entry, line.slice(head.at));
  }
  if (newline >= 0) setTrace(entry, trimmed.slice(newline + 1));
  else if (entry.httpResponseStatusCode !== null && entry.message !== null) setAccess(entry, entry.message);
  return entry;
}

/** `[object] (App\\Denied(code: 0): no at /srv/a.php:59)`, as Monolog writes an exception into the context. */
function setPhpException(entry: Entry): void {
  if (leavesAttributes) return;
  const text = entry.attributes?.exception;
  const match =
    text === undefined
      ? null
      : /^\[object\] \(([\w\\]{1,200})\(code: [^)]{0,40}\): (.{0,1000}?)(?: at \S{1,300}:\d+)?\)(?:\n|$)/.exec(text);
  if (match === null) return;
  addAttribute(entry, 'error.type', match[1]!);
  addAttribute(entry, 'error.message', match[2]!);
}

/** A request line in quotes and a status behind it, perhaps client and user in front: the server's line of a request. */
const ACCESS =
  /^(?:\S{3,60} - (?:\S{1,60} )?(?:\[[^\]]{1,40}\] )?)?"([A-Z]{3,10} \S+ HTTP\/[\d.]+)" (\d{3})(?: (\d{1,15}|-))?(?: |$)/;

/** .NET: `Request finished HTTP/1.1 GET https://shop.example/x - 403 0 - 6.1ms`; Serilog: `HTTP GET /x responded 403 in 2.5 ms`. */
const DOTNET =
  /^(?:Request finished HTTP\/[\d.]+ [A-Z]+ \S+ .*- \d{3} .*?|HTTP [A-Z]+ \S+ responded \d{3} in )(\d{1,9}(?:\.\d{1,6})?) ?ms$/;

function setAccess(entry: Entry, message: string): void {
  const match = message.indexOf(' HTTP/') > 0 ? ACCESS.exec(message) : null;
  if (match !== null && Number(match[2]) === entry.httpResponseStatusCode) {
    setRequestLine(entry, match[1]!);
    if (match[3] !== undefined && match[3] !== '-') entry.httpResponseBodySize ??= Number(match[3]);
  } else {
    const c = message.charCodeAt(0);
    const dotnet = c === 82 || c === 72 ? DOTNET.exec(message.slice(0, 2000)) : null;
    if (dotnet === null || entry.urlPath === null) return;
    entry.durationMs ??= Number(dotnet[1]);
  }
  entry.kind = 'access';
  entry.timePoint = 'end';
}

function setTime(entry: Entry, ms: number, zoneless: boolean, context: Context): void {
  if (!Number.isNaN(ms)) {
    entry.timeMs = ms;
    entry.timeZoneless = zoneless;
  } else {
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  }
}

/** The end of a stack trace names the exception; more is in the raw line. */
const STACK_MAX = 4000;
const EXCEPTION =
  /^((?:[A-Za-z_][\w$]*[.:]{1,2})*[A-Z][\w$]*(?:Error|Exception|Denied|Forbidden|Warning|Exists|NotFound|Exit|Interrupt|Http\d+|Fault))(?::|$)/;

function setTrace(entry: Entry, trace: string): void {
  // java.util.logging and others: the second line is `LEVEL: message`.
  const end = trace.indexOf('\n');
  const second = end < 0 ? trace : trace.slice(0, end);
  const colon = second.indexOf(': ');
  const level = colon > 0 && colon < 10 ? LEVEL_WORDS.get(second.slice(0, colon)) : undefined;
  if (level !== undefined && entry.logLevel === null) {
    entry.logLevel = level;
    if (entry.message !== null && entry.message !== '') {
      const [name = '', ...others] = entry.message.split(' ');
      entry.logLogger ??= name;
      if (others.length > 0) addAttribute(entry, 'method', others.join(' '));
    }
    entry.message = null;
    setMessage(entry, second.slice(colon + 2));
    if (end >= 0) setTrace(entry, trace.slice(end + 1));
    return;
  }
  if (leavesAttributes) return;
  addAttribute(entry, 'error.stack_trace', trace.length > STACK_MAX ? trace.slice(-STACK_MAX) : trace);
  // Python names the exception last, Java first.
  const last = trace.slice(trace.lastIndexOf('\n') + 1).slice(0, 400);
  const first = second.slice(0, 400);
  const line = EXCEPTION.test(last) ? last : first;
  const exception = EXCEPTION.exec(line);
  if (exception === null) return;
  addAttribute(entry, 'error.type', exception[1]!);
  if (line.length > exception[0].length) addAttribute(entry, 'error.message', line.slice(exception[0].length).trim());
}

const ID_PAIR = /^(?:x-)?(?:request|req|trace|correlation)[-_]?id[=:] ?(\S+)$|^rid[=:](\S+)$/i;

function setNames(entry: Entry, from: Head): void {
  let extra = 0;
  for (const text of from.brackets) {
    if (text === '' || text === '-') continue;
    const equals = text.indexOf('=');
    const pair = equals > 0 || text.indexOf(':') > 0 ? ID_PAIR.exec(text) : null;
    if (pair !== null && isUniqueId((pair[1] ?? pair[2])!)) addId(entry, (pair[1] ?? pair[2])!);
    else if (equals > 0 && /^[\w.]+=/.test(text)) setPair(entry, text.slice(0, equals), text.slice(equals + 1));
    else if (isAddress(text) && entry.clientAddress === null) entry.clientAddress = text;
    else if (isUniqueId(text) && !text.includes('/'))
      // Spring Boot: trace and span.
      addId(entry, text.length === 49 && text.charCodeAt(32) === 45 ? text.slice(0, 32) : text);
    else if (isDigits(text) && text.length <= 8 && entry.processId === null) entry.processId = text;
    else if (text.includes(',') && text.split(',').some((part) => isUniqueId(part.trim()))) {
      // Sleuth: [service,trace,span]
      for (const part of text.split(',')) {
        if (isUniqueId(part.trim())) addId(entry, part.trim());
        else addAttribute(entry, 'service.name', part.trim());
      }
    } else addAttribute(entry, extra++ === 0 ? 'thread' : `bracket.${extra - 1}`, text);
  }
  const { words } = from;
  if (words.length > 0) entry.logLogger = words[0]!;
  for (let i = 1; i < words.length; i++) addAttribute(entry, 'logger', words[i]!);
}

function setPair(entry: Entry, key: string, value: string): void {
  if (key === 'user') entry.userName = value === '-' ? null : value;
  else addAttribute(entry, key, value);
}

/** The message, the JSON objects or pairs at its end, the request it names. */
function setMessage(entry: Entry, text: string): void {
  let message = text.trimEnd();
  // Monolog: `message {"context":1} []` or `message [] []`.
  let last = message.charCodeAt(message.length - 1);
  while ((last === 93 && message.endsWith(' []')) || (last === 125 && message.endsWith(' {}'))) {
    message = message.slice(0, -3).trimEnd();
    last = message.charCodeAt(message.length - 1);
  }
  const { timeMs, timeZoneless } = entry;
  const pairs = isLogfmt(message) ? logfmt(message) : null;
  if (pairs !== null) {
    mapJson(entry, pairs);
    message = entry.message ?? '';
  }
  // Two of them: context and extra.
  for (let objects = 0; objects < 2 && message.charCodeAt(message.length - 1) === 125; objects++) {
    const head = takeObject(entry, message);
    if (head === null) break;
    message = head;
  }
  // The level and time in front are the record's own.
  if (!Number.isNaN(timeMs)) {
    entry.timeMs = timeMs;
    entry.timeZoneless = timeZoneless;
  }
  if (message !== '') entry.message = message;
  else entry.message ??= text.trimEnd();
  setFromMessage(entry, message);
}

/** Maps the object that ends the message; what stands in front of it, null = there is none. */
function takeObject(entry: Entry, message: string): string | null {
  let brace = message.indexOf('{');
  for (let tries = 0; brace >= 0 && tries < 5; tries++) {
    const before = brace === 0 ? 32 : message.charCodeAt(brace - 1);
    const end = objectEnd(message, brace);
    // A try that fails costs more than the whole record: only what ends with the message is one.
    if (end === message.length && (before === 32 || before === 58 || before === 9)) {
      const json = parseObject(message.slice(brace));
      if (json !== null) {
        mapJson(entry, json);
        return message.slice(0, brace).trimEnd();
      }
    }
    brace = message.indexOf('{', end < 0 ? brace + 1 : end);
  }
  return null;
}

/** Behind the `}` that closes the `{` at `at`; -1 = none. */
function objectEnd(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = closingQuote(text, i + 1);
      if (i < 0) return -1;
    } else if (c === 123) depth++;
    else if (c === 125 && --depth === 0) return i + 1;
  }
  return -1;
}

/** The line begins with two `key=value` pairs, of which one is what records have. */
function isLogfmt(line: string): boolean {
  const equals = line.indexOf('=');
  if (equals < 1 || equals > 24) return false;
  for (let i = 0; i < equals; i++) {
    const c = line.charCodeAt(i);
    if (!(((c | 32) >= 97 && (c | 32) <= 122) || c === 95 || c === 46 || c === 64 || c === 45)) return false;
  }
  return line.indexOf('=', equals + 1) > 0 && FIRST_KEYS.has(line.slice(0, equals));
}
const FIRST_KEYS = new Set(
  'time ts t level lvl logger msg at method timestamp @timestamp date datetime severity'.split(' '),
);

/** `time="…" level=warning msg="…" key=value` of logrus, slog, Heroku and other logfmt writers, as an object; null = it is none. */
function logfmt(line: string): Record<string, unknown> | null {
  const out: Record<string, unknown> = newRecord();
  let count = 0;
  let at = 0;
  while (at < line.length) {
    const equals = line.indexOf('=', at);
    if (equals < 0) break;
    let from = equals;
    while (from > at && line.charCodeAt(from - 1) !== 32) from--;
    const key = line.slice(from, equals);
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
    if (key !== '' && out[key] === undefined) {
      out[key] = value;
      count++;
    }
    at = end + 1;
  }
  return count >= 2 ? out : null;
}

export const format: Format = {
  dataset: 'text.app',
  title: 'application log (text)',
  usualLayer: 'app',
  rank: RANK.text,
  late: true,
  starts,
  parse,
};
