/**
 * HOT. nginx error log, with ModSecurity v3 and NAXSI messages in it. Nothing in it is escaped and a hostile request can
 * look like the fields behind it, so the line is read from the right. FastCGI stderr spreads over several lines.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isBlank,
  isDigits,
  Kept,
  levelOf,
  looksLikeHost,
  pairAt,
  setRequestAt,
  setTarget,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readSlashed } from '../time.ts';
import { isNaxsi, parseWafLine, sentence, setNaxsi, setWafLine } from '../waf.ts';

/** `2025/11/22 09:57:01 [` */
function starts(line: string): boolean {
  return line.charCodeAt(20) === 91 && line.charCodeAt(4) === 47 && !Number.isNaN(readSlashed(line, 0));
}

/** The value of `, name: "value"` that begins at `at` and goes to `end`. A line that was cut may lack the closing quote. */
function valueAt(text: string, end: number, at: number, markLength: number): string {
  const last = text.charCodeAt(end - 1) === 34 && end - 1 >= at + markLength ? end - 1 : end;
  return text.slice(at + markLength, last);
}

/** A server's lines mostly come from the same few processes. */
const processIds = new Kept();

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const timeMs = readSlashed(record, 0);
  if (Number.isNaN(timeMs))
    return record.charCodeAt(4) === 47 && record.charCodeAt(20) === 91
      ? { failure: 'time', field: 'time' }
      : { failure: 'format' };
  const open = read.end + 1;
  const close = pairAt(record, ']', 32, open);
  if (record.charCodeAt(open) !== 91 || close < 0) return { failure: record.length <= 30 ? 'torn' : 'format' };
  const level = levelOf(record.slice(open + 1, close));
  if (level === null) return { failure: 'format', field: 'level' };

  // `1234#5678: *90 `
  const ids = close + 2;
  const hash = record.indexOf('#', ids);
  const colon = pairAt(record, ':', 32, ids);
  if (hash < 0 || colon < hash || !isDigits(record, ids, hash) || !isDigits(record, hash + 1, colon))
    return { failure: colon < 0 ? 'torn' : 'format', field: 'pid' };

  const entry = emptyEntry('nginx.error', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  entry.logLevel = level;
  entry.processId = processIds.of(record, ids, hash);
  if (!leavesAttributes) {
    const tid = record.slice(hash + 1, colon);
    if (tid !== entry.processId) addAttribute(entry, 'tid', tid);
  }
  let at = colon + 2;
  if (record.charCodeAt(at) === 42) {
    const space = record.indexOf(' ', at);
    if (space > 0 && isDigits(record, at + 1, space)) {
      entry.connectionId = record.slice(at + 1, space);
      at = space + 1;
    }
  }
  const last = record.charCodeAt(record.length - 1);
  const text = last > 32 && last < 127 ? record : record.trimEnd();
  // A notice of the process itself has no tail, and may quote anything.
  const tail = text.indexOf(', client: ', at);
  if (tail < 0) setDetails(entry, text, at, text.length, null);
  else {
    if (!findTail(text, tail)) findTailFromRight(text, tail);
    const request = setTail(entry, text);
    setDetails(entry, text, at, tailAt[CLIENT]!, request);
  }
  return entry;
}

const CLIENT = 0;
const SERVER = 1;
const REQUEST = 2;
const SUBREQUEST = 3;
const UPSTREAM = 4;
const HOST = 5;
const REFERRER = 6;
/** OpenResty's gateways (Kong, APISIX) append the id of the request. */
const REQUEST_ID = 7;
const MARKS = [
  ', client: ',
  ', server: ',
  ', request: "',
  ', subrequest: "',
  ', upstream: "',
  ', host: "',
  ', referrer: "',
  ', request_id: "',
];

/** Where in the line each of them stands, -1 = it does not. One array, overwritten by every line. */
const tailAt: number[] = MARKS.map(() => -1);

/** Which of them stands at `at`, -1 = none. */
function markAt(text: string, at: number): number {
  switch (text.charCodeAt(at + 2)) {
    case 99:
      return text.startsWith(', client: ', at) ? CLIENT : -1;
    case 115:
      if (text.startsWith(', server: ', at)) return SERVER;
      return text.startsWith(', subrequest: "', at) ? SUBREQUEST : -1;
    case 114:
      if (text.startsWith(', request: "', at)) return REQUEST;
      if (text.startsWith(', referrer: "', at)) return REFERRER;
      return text.startsWith(', request_id: "', at) ? REQUEST_ID : -1;
    case 117:
      return text.startsWith(', upstream: "', at) ? UPSTREAM : -1;
    case 104:
      return text.startsWith(', host: "', at) ? HOST : -1;
    default:
      return -1;
  }
}

/**
 * The tail of nearly every line: each `, ` begins one of the marks, and they stand in nginx' order. Then no value holds
 * what looks like a mark, and it does not matter from which side it is read. False: something is otherwise.
 */
function findTail(text: string, from: number): boolean {
  let last = -1;
  for (let at = from; at >= 0; at = pairAt(text, ',', 32, at + 2)) {
    const mark = markAt(text, at);
    if (mark <= last) return false;
    while (++last < mark) tailAt[last] = -1;
    tailAt[mark] = at;
  }
  while (++last < MARKS.length) tailAt[last] = -1;
  return true;
}

/** From the right, where nothing that a client sends can stand between. */
function findTailFromRight(text: string, from: number): void {
  let end = text.length;
  for (let mark = REQUEST_ID; mark >= SERVER; mark--) {
    const at = text.lastIndexOf(MARKS[mark]!, end - 1);
    tailAt[mark] = at < from ? -1 : at;
    if (at >= from) end = at;
  }
  tailAt[CLIENT] = text.lastIndexOf(MARKS[CLIENT]!, end - 1);
}

/** What nginx appends, as it was found; gives the request where it is a target without a method. */
function setTail(entry: Entry, text: string): string | null {
  let end = text.length;
  let at = tailAt[REQUEST_ID]!;
  if (at >= 0) {
    addId(entry, valueAt(text, end, at, 15));
    end = at;
  }
  at = tailAt[REFERRER]!;
  if (at >= 0) {
    entry.httpRequestReferrer = valueAt(text, end, at, 13) || null;
    end = at;
  }
  let host: string | null = null;
  at = tailAt[HOST]!;
  if (at >= 0) {
    host = valueAt(text, end, at, 9);
    end = at;
  }
  at = tailAt[UPSTREAM]!;
  if (at >= 0) {
    const upstream = valueAt(text, end, at, 13);
    addAttribute(entry, 'upstream', upstream);
    entry.upstreamAddress = upstreamOf(upstream);
    end = at;
  }
  at = tailAt[SUBREQUEST]!;
  if (at >= 0) {
    if (!leavesAttributes) addAttribute(entry, 'subrequest', valueAt(text, end, at, 15));
    end = at;
  }
  let target: string | null = null;
  at = tailAt[REQUEST]!;
  if (at >= 0) {
    const to = text.charCodeAt(end - 1) === 34 && end - 1 >= at + 12 ? end - 1 : end;
    if (text.charCodeAt(at + 12) === 47) target = text.slice(at + 12, to);
    setRequestAt(entry, text, at + 12, to);
    end = at;
  }
  if (host !== null) entry.urlDomain = domainOf(host);
  at = tailAt[SERVER]!;
  if (at >= 0) {
    if (entry.urlDomain === null || !leavesAttributes) {
      const name = text.slice(at + 10, end);
      addAttribute(entry, 'server', name);
      if (entry.urlDomain === null && looksLikeHost(name)) entry.urlDomain = domainOf(name);
    }
    end = at;
  }
  const address = text.slice(tailAt[CLIENT]! + 10, end);
  entry.clientAddress = address === 'unix:' ? null : address || null;
  return target;
}

/** "http://10.0.0.1:80/x" → "10.0.0.1:80"; "fastcgi://unix:/run/php.sock:" → "unix:/run/php.sock". */
function upstreamOf(url: string): string | null {
  const scheme = url.indexOf('://');
  const rest = scheme < 0 ? url : url.slice(scheme + 3);
  if (rest.startsWith('unix:')) {
    const end = rest.indexOf(':', 5);
    return end < 0 ? rest : rest.slice(0, end);
  }
  const slash = rest.indexOf('/');
  return (slash < 0 ? rest : rest.slice(0, slash)) || null;
}

/** Where the WAF's sentence begins behind its name, -1 = the message is none. */
function wafAt(text: string, from: number, to: number): number {
  const c = text.charCodeAt(from);
  if (c === 77) return text.startsWith('ModSecurity: ', from) && from + 13 <= to ? from + 13 : -1;
  if (c !== 91 || !text.startsWith('[client ', from)) return -1;
  const waf = text.indexOf('ModSecurity: ', from);
  return waf > from && waf < from + 80 && waf + 13 <= to ? waf + 13 : -1;
}

/**
 * The message `from`…`to`, and what known ones name: errno, files, users, zones, the WAF's rule. `target`: the request,
 * where it is one without a method.
 */
function setDetails(entry: Entry, text: string, from: number, to: number, target: string | null): void {
  const waf = wafAt(text, from, to);
  if (waf >= 0) {
    const line = parseWafLine(text, waf, to);
    if (line !== null) {
      entry.logLogger = 'modsecurity';
      setWafLine(entry, line);
      entry.message = sentence('ModSecurity', line);
      return;
    }
  }
  const message = text.slice(from, to);
  entry.message = message;
  if (isNaxsi(message)) {
    entry.logLogger = 'naxsi';
    setNaxsi(entry, message);
    return;
  }
  // The regular expressions only where what they look for can be: most messages have none of it.
  const errno = message.indexOf(': ') < 0 ? null : / \((\d{1,3}): [A-Za-z][^()]{2,60}\)/.exec(message);
  if (errno !== null) entry.errorCode = errno[1]!;
  if (message.startsWith('user "')) {
    const end = message.indexOf('"', 6);
    if (end > 6) entry.userName = message.slice(6, end);
  } else if (message.startsWith('FastCGI sent in stderr: ')) {
    entry.logLogger = 'fastcgi';
    const script = /(?:script '|in )(\/[^'\s:]+)/.exec(message.slice(0, 2000));
    if (script !== null) entry.filePath = script[1]!;
  } else if (message.indexOf(' "/') > 0) {
    const path = /^(?:[a-z0-9_]+\(\) |directory index of |cannot [a-z ]+)"(\/[^"]*)"/.exec(message);
    if (path !== null) entry.filePath = path[1]!;
  }
  const zone = leavesAttributes ? -1 : message.indexOf(' by zone "');
  if (zone >= 0) {
    const end = message.indexOf('"', zone + 10);
    if (end > 0) addAttribute(entry, 'zone', message.slice(zone + 10, end));
  }
  if (message.startsWith('auth request unexpected status: ')) {
    const status = Number(message.slice(32, 35));
    if (status >= 100) entry.upstreamStatusCode = status;
  }
  if (target !== null && entry.urlPath === null) setTarget(entry, target);
}

export const format: Format = {
  dataset: 'nginx.error',
  title: 'nginx error log',
  usualLayer: 'web',
  late: true,
  starts,
  parse,
};
