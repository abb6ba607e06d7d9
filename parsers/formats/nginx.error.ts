/**
 * nginx error log, with ModSecurity v3 and NAXSI messages in it. Nothing in it is escaped and a hostile request can
 * look like the fields behind it, so the line is read from the right. FastCGI stderr spreads over several lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isBlank,
  isDigits,
  levelOf,
  looksLikeHost,
  setRequestLine,
  setTarget,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readSlashed } from '../time.ts';
import { isNaxsi, parseWafLine, setNaxsi, setWafLine } from '../waf.ts';

/** `2025/11/22 09:57:01 [` */
function starts(line: string): boolean {
  return line.charCodeAt(20) === 91 && line.charCodeAt(4) === 47 && !Number.isNaN(readSlashed(line, 0));
}

/** The value of `, name: "value"` that begins at `at` and goes to `end`. A line that was cut may lack the closing quote. */
function valueAt(text: string, end: number, at: number, markLength: number): string {
  const last = text.charCodeAt(end - 1) === 34 && end - 1 >= at + markLength ? end - 1 : end;
  return text.slice(at + markLength, last);
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const timeMs = readSlashed(record, 0);
  if (Number.isNaN(timeMs))
    return record.charCodeAt(4) === 47 && record.charCodeAt(20) === 91
      ? { failure: 'time', field: 'time' }
      : { failure: 'format' };
  const open = read.end + 1;
  const close = record.indexOf('] ', open);
  if (record.charCodeAt(open) !== 91 || close < 0) return { failure: record.length <= 30 ? 'torn' : 'format' };
  const level = levelOf(record.slice(open + 1, close));
  if (level === null) return { failure: 'format', field: 'level' };

  // `1234#5678: *90 `
  const ids = close + 2;
  const hash = record.indexOf('#', ids);
  const colon = record.indexOf(': ', ids);
  if (hash < 0 || colon < hash || !isDigits(record, ids, hash) || !isDigits(record, hash + 1, colon))
    return { failure: colon < 0 ? 'torn' : 'format', field: 'pid' };

  const entry = emptyEntry('nginx.error', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  entry.logLevel = level;
  entry.processId = record.slice(ids, hash);
  const tid = record.slice(hash + 1, colon);
  if (tid !== entry.processId) addAttribute(entry, 'tid', tid);
  let at = colon + 2;
  if (record.charCodeAt(at) === 42) {
    const space = record.indexOf(' ', at);
    if (space > 0 && isDigits(record, at + 1, space)) {
      entry.connectionId = record.slice(at + 1, space);
      at = space + 1;
    }
  }
  setMessage(entry, record.slice(at).trimEnd());
  return entry;
}

function setMessage(entry: Entry, text: string): void {
  // A notice of the process itself has no tail, and may quote anything.
  const begin = text.indexOf(', client: ');
  const end = begin < 0 ? text.length : begin + setTail(entry, begin === 0 ? text : text.slice(begin));
  entry.message = end === text.length ? text : text.slice(0, end);
  setDetails(entry, entry.message);
}

/** Most lines lack it, and looking forward for what is not there is five times as fast as looking back. */
function lastOf(tail: string, mark: string, end: number): number {
  return tail.indexOf(mark) < 0 ? -1 : tail.lastIndexOf(mark, end - 1);
}

/** What nginx appends, from the first `, client: ` on; gives where it begins. */
function setTail(entry: Entry, tail: string): number {
  let end = tail.length;
  // From the right, where nothing that a client sends can stand between; `end` moves to the left.
  let at = lastOf(tail, ', request_id: "', end);
  if (at >= 0) {
    // OpenResty's gateways (Kong, APISIX) append the id of the request.
    addId(entry, valueAt(tail, end, at, 15));
    end = at;
  }
  at = lastOf(tail, ', referrer: "', end);
  if (at >= 0) {
    entry.httpRequestReferrer = valueAt(tail, end, at, 13) || null;
    end = at;
  }
  let host: string | null = null;
  at = tail.lastIndexOf(', host: "', end - 1);
  if (at >= 0) {
    host = valueAt(tail, end, at, 9);
    end = at;
  }
  at = lastOf(tail, ', upstream: "', end);
  if (at >= 0) {
    const upstream = valueAt(tail, end, at, 13);
    addAttribute(entry, 'upstream', upstream);
    entry.upstreamAddress = upstreamOf(upstream);
    end = at;
  }
  at = lastOf(tail, ', subrequest: "', end);
  if (at >= 0) {
    addAttribute(entry, 'subrequest', valueAt(tail, end, at, 15));
    end = at;
  }
  at = tail.lastIndexOf(', request: "', end - 1);
  if (at >= 0) {
    setRequestLine(entry, valueAt(tail, end, at, 12));
    end = at;
  }
  if (host !== null) entry.urlDomain = domainOf(host);
  const server = tail.lastIndexOf(', server: ', end - 1);
  const client = tail.lastIndexOf(', client: ', server < 0 ? end - 1 : server);
  if (server > client) {
    const name = tail.slice(server + 10, end);
    addAttribute(entry, 'server', name);
    if (entry.urlDomain === null && looksLikeHost(name)) entry.urlDomain = domainOf(name);
    end = server;
  }
  if (client >= 0) {
    const address = tail.slice(client + 10, end);
    entry.clientAddress = address === 'unix:' ? null : address || null;
    end = client;
  }
  return end;
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

/** What known messages name: errno, files, users, zones, the WAF's rule. */
function setDetails(entry: Entry, message: string): void {
  const waf = message.indexOf('ModSecurity: ');
  if (waf === 0 || (message.startsWith('[client ') && waf > 0 && waf < 80)) {
    const line = parseWafLine(message.slice(waf + 13));
    if (line !== null) {
      entry.logLogger = 'modsecurity';
      setWafLine(entry, line);
      entry.message = `ModSecurity: ${line.action} ${line.rule.match}`.trimEnd();
      return;
    }
  }
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
  const zone = message.indexOf(' by zone "');
  if (zone >= 0) {
    const end = message.indexOf('"', zone + 10);
    if (end > 0) addAttribute(entry, 'zone', message.slice(zone + 10, end));
  }
  if (message.startsWith('auth request unexpected status: ')) {
    const status = Number(message.slice(32, 35));
    if (status >= 100) entry.upstreamStatusCode = status;
  }
  const target = entry.attributes?.request;
  if (target?.startsWith('/') && entry.urlPath === null) setTarget(entry, target);
}

export const format: Format = {
  dataset: 'nginx.error',
  title: 'nginx error log',
  usualLayer: 'web',
  starts,
  parse,
};
