/**
 * nginx error log, with ModSecurity v3 and NAXSI messages in it. Nothing in it is escaped and a hostile request can
 * look like the fields behind it, so the line is read from the right. FastCGI stderr spreads over several lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
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

interface Tail {
  rest: string;
  value: string | null;
}

/** Takes `, name: "value"` off the end. A line that was cut may lack the closing quote of its last field. */
function takeQuoted(text: string, name: string): Tail {
  const mark = `, ${name}: "`;
  const at = text.lastIndexOf(mark);
  if (at < 0) return { rest: text, value: null };
  const value = text.slice(at + mark.length);
  return { rest: text.slice(0, at), value: value.endsWith('"') ? value.slice(0, -1) : value };
}

/** OpenResty's gateways (Kong, APISIX) append the id of the request. */
const FIELDS_FROM_RIGHT = ['request_id', 'referrer', 'host', 'upstream', 'subrequest', 'request'] as const;

function parse(record: string): Entry | Failure {
  if (record.trim() === '') return { failure: 'empty' };
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
  let rest = text;
  const fields: Record<string, string> = {};
  // A notice of the process itself has no tail, and may quote anything.
  if (text.includes(', client: ')) {
    for (const name of FIELDS_FROM_RIGHT) {
      const tail = takeQuoted(rest, name);
      if (tail.value === null) continue;
      fields[name] = tail.value;
      rest = tail.rest;
    }
    const server = rest.lastIndexOf(', server: ');
    const client = rest.lastIndexOf(', client: ', server < 0 ? rest.length : server);
    if (server > client) {
      fields.server = rest.slice(server + 10);
      rest = rest.slice(0, server);
    }
    if (client >= 0) {
      fields.client = rest.slice(client + 10);
      rest = rest.slice(0, client);
    }
  }
  if (fields.client !== undefined) entry.clientAddress = fields.client === 'unix:' ? null : fields.client || null;
  if (fields.request !== undefined) setRequestLine(entry, fields.request);
  if (fields.host !== undefined) entry.urlDomain = domainOf(fields.host);
  if (fields.server !== undefined) {
    addAttribute(entry, 'server', fields.server);
    if (entry.urlDomain === null && looksLikeHost(fields.server)) entry.urlDomain = domainOf(fields.server);
  }
  if (fields.request_id !== undefined) addId(entry, fields.request_id);
  if (fields.referrer !== undefined) entry.httpRequestReferrer = fields.referrer || null;
  if (fields.subrequest !== undefined) addAttribute(entry, 'subrequest', fields.subrequest);
  if (fields.upstream !== undefined) {
    addAttribute(entry, 'upstream', fields.upstream);
    entry.upstreamAddress = upstreamOf(fields.upstream);
  }
  entry.message = rest;
  setDetails(entry, rest);
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
  const errno = / \((\d{1,3}): [A-Za-z][^()]{2,60}\)/.exec(message);
  if (errno !== null) entry.errorCode = errno[1]!;
  if (message.startsWith('user "')) {
    const end = message.indexOf('"', 6);
    if (end > 6) entry.userName = message.slice(6, end);
  } else if (message.startsWith('FastCGI sent in stderr: ')) {
    entry.logLogger = 'fastcgi';
    const script = /(?:script '|in )(\/[^'\s:]+)/.exec(message.slice(0, 2000));
    if (script !== null) entry.filePath = script[1]!;
  } else {
    const path = /^(?:[a-z0-9_]+\(\) |directory index of |cannot [a-z ]+)"(\/[^"]*)"/.exec(message);
    if (path !== null) entry.filePath = path[1]!;
  }
  const zone = / by zone "([^"]*)"/.exec(message);
  if (zone !== null) addAttribute(entry, 'zone', zone[1]!);
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
