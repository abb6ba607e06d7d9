/**
 * HOT. HAProxy: httplog (also clf), httpslog, tcplog and handshake errors, also with a custom tail (`key=value`, a bare unique
 * id) and HAProxy's own messages about servers. Times are the start, without zone; the wrapper gives the zone.
 * Capture groups vanish when they are empty, so braces are found by the brace, not by position.
 */
import { EXTRAS_MAX, parseClf, setNamed } from '../clf.ts';
import { type Entry, emptyEntry, type Failure, isFailure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainAt,
  domainOf,
  isDigits,
  isUniqueId,
  isUuidAt,
  Kept,
  lastAt,
  looksLikeHost,
  looksLikeHostAt,
  numberOf,
  setClientPeerAt,
  setRequestAt,
  setRequestLine,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { compileHaproxy, unhash } from '../pattern.haproxy.ts';
import { skimHaproxy } from '../skim.haproxy.ts';
import { read, readClf } from '../time.ts';

const DATASET = 'haproxy.http';

/**
 * What every line of `option httplog` has, made in one step: one hidden class for all, where members that are added one
 * by one cost as much as the rest of the line. Without inherited names, as all attributes.
 */
const HttpAttributes = function HttpAttributes(
  this: Record<string, string>,
  frontend: string,
  backend: string,
  timers: string,
  connections: string,
  queues: string,
) {
  this.frontend = frontend;
  this.backend = backend;
  this.timers = timers;
  this.connections = connections;
  this.queues = queues;
} as unknown as new (
  frontend: string,
  backend: string,
  timers: string,
  connections: string,
  queues: string,
) => Record<string, string>;
HttpAttributes.prototype = Object.create(null);

const frontends = new Kept();
const servers = new Kept();
const states = new Kept();
const queueTexts = new Kept();

/** The part of a server's name in front of the slash, for the same reason. */
let lastServer = '';
let lastBackend = '';

function backendOf(server: string, slash: number): string {
  if (server !== lastServer) {
    lastServer = server;
    lastBackend = server.slice(0, slash);
  }
  return lastBackend;
}

function parse(record: string): Entry | Failure {
  const line = record.charCodeAt(record.length - 1) <= 32 ? record.trimEnd() : record;
  if (line === '') return { failure: 'empty' };
  // `198.51.100.7:51234 [22/Nov/2025:09:57:01.123] `
  const bracket = line.indexOf(' [');
  const space = line.indexOf(' ');
  const timeMs = bracket > 0 && bracket === space ? readClf(line, bracket + 2) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    if (line.indexOf(CLF_MARK) > 0) return clf(line);
    const own = ownMessage(line);
    if (own !== null) return own;
    return bracket === space && bracket > 0 && line.charCodeAt(bracket + 4) === 47
      ? { failure: 'time', field: 'accept_date' }
      : { failure: 'format' };
  }
  if (lastAt(line, 58, bracket) <= 0) return { failure: 'format', field: 'client' };
  if (line.charCodeAt(read.end) !== 93) return { failure: 'torn' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  const at = read.end + 2;
  setClientPeerAt(entry, line, 0, bracket);
  return http(entry, line, at) ?? other(entry, line, at);
}

/** Whatever is not `option httplog`: tcplog, the error log, lines that were cut. */
function other(entry: Entry, line: string, at: number): Entry | Failure {
  // `frontend backend/server timers …`, or `frontend/bind: message` of the error log.
  const words = wordsAt(line, at);
  const [frontend = '', backend = '', timers = ''] = words;
  if (frontend === '') return { failure: 'torn' };
  const slash = frontend.indexOf('/');
  if (slash > 0 && (frontend.endsWith(':') || line.indexOf(': ', at + slash) > 0) && !backend.includes('/')) {
    entry.kind = 'error';
    entry.timePoint = 'decision';
    const end = line.indexOf(': ', at);
    if (end < 0) return { failure: 'torn' };
    addAttribute(entry, 'frontend', line.slice(at, at + slash));
    addAttribute(entry, 'bind', line.slice(at + slash + 1, end));
    entry.message = line.slice(end + 2);
    return entry;
  }
  if (words.length < 7) return { failure: 'torn' };
  const tls = frontend.endsWith('~');
  addAttribute(entry, 'frontend', tls ? frontend.slice(0, -1) : frontend);
  if (tls) addAttribute(entry, 'tls', 'true');
  if (!backend.includes('/')) return { failure: 'format', field: 'backend' };
  setServer(entry, backend);
  const slashes = slashesIn(timers);
  if (slashes === 2) return tcp(entry, line, at, words);
  if (words.length < 10) return { failure: 'torn' };
  if (slashes < 4) return { failure: 'format', field: 'timers' };
  if (!setTimes(entry, timers)) return { failure: 'format', field: 'timers' };
  const status = words[3] === '-1' ? 0 : numberOf(words[3] ?? '');
  return status === null || status > 999
    ? { failure: 'status', field: 'status' }
    : { failure: 'format', field: 'termination_state' };
}

/** `option httplog clf` has no place for referrer and agent, and writes them empty. */
const CLF_MARK = ' "" "" ';

/**
 * `option httplog clf`: Common Log Format, then, text in quotes:
 * `port ms frontend backend server TR Tw Tc Tr Ta state actconn feconn beconn srv_conn retries srv_queue backend_queue cookies headers`.
 */
function clf(line: string): Entry | Failure {
  const mark = line.indexOf(CLF_MARK);
  const entry = parseClf(line.slice(0, mark), DATASET, 'start', false);
  if (isFailure(entry)) return entry;
  const words = line
    .slice(mark + CLF_MARK.length)
    .split(' ', 24)
    .map((word) => (word.charCodeAt(0) === 34 && word.endsWith('"') ? word.slice(1, -1) : word));
  const [port = '', ms = '', frontend = '', backend = '', server = ''] = words;
  const state = words[10] ?? '';
  if (numberOf(port) === null || numberOf(ms) === null) return { failure: 'format', field: 'client_port' };
  if (state.length < 2 || state.length > 4)
    return state === '' ? { failure: 'torn' } : { failure: 'format', field: 'termination_state' };
  if (entry.urlPath?.includes('#')) entry.urlPath = unhash(entry.urlPath);
  if (entry.urlQuery?.includes('#')) entry.urlQuery = unhash(entry.urlQuery);
  entry.clientPort = numberOf(port);
  entry.timeMs += numberOf(ms) ?? 0;
  addAttribute(entry, 'frontend', frontend.endsWith('~') ? frontend.slice(0, -1) : frontend);
  if (frontend.endsWith('~')) addAttribute(entry, 'tls', 'true');
  setServer(entry, `${backend}/${server}`);
  setTimes(entry, words.slice(5, 10).join('/'));
  entry.eventOutcome = state;
  addAttribute(entry, 'connections', words.slice(11, 16).join('/'));
  addAttribute(entry, 'queues', words.slice(16, 18).join('/'));
  return entry;
}

/** The first ten words from `at` on. Faster than `split`, which would copy the rest of the line as well. */
function wordsAt(line: string, at: number): string[] {
  const words: string[] = [];
  let from = at;
  while (words.length < 10 && from < line.length) {
    let end = line.indexOf(' ', from);
    if (end < 0) end = line.length;
    words.push(line.slice(from, end));
    from = end + 1;
  }
  return words;
}

function slashesIn(text: string): number {
  let n = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === 47) n++;
  return n;
}

/** What is said of a server that is none, '' = nothing; null = it is one. */
function nobody(server: string): string | null {
  if (server === '<NOSRV>' || server === '<STATS>') return server;
  return server === '' || server === '-' ? '' : null;
}

/** `be_web/web1`; `<NOSRV>` = no server was asked. */
function setServer(entry: Entry, text: string): void {
  const slash = text.indexOf('/');
  addAttribute(entry, 'backend', text.slice(0, slash));
  const none = nobody(text.slice(slash + 1));
  if (none === null) entry.upstreamAddress = text;
  else {
    entry.upstreamStatusCode = 0;
    addAttribute(entry, 'server', none);
  }
}

/** The last timer is the whole request (`+` with logasap); the others stay together as they are logged. */
function setTimes(entry: Entry, timers: string): boolean {
  addAttribute(entry, 'timers', timers);
  const at = timers.lastIndexOf('/') + 1;
  const first = timers.charCodeAt(at);
  entry.durationMs = numberOf(timers.slice(first === 43 ? at + 1 : at));
  return entry.durationMs !== null || first === 45;
}

function setBytes(entry: Entry, text: string): void {
  entry.httpResponseBodySize = numberOf(text.charCodeAt(0) === 43 ? text.slice(1) : text);
}

/** `option httplog` and httpslog, by positions; null = it is none, and nothing was put into the entry. */
function http(entry: Entry, line: string, at: number): Entry | null {
  const frontendEnd = line.indexOf(' ', at);
  const serverEnd = line.indexOf(' ', frontendEnd + 1);
  // One that is missing begins the search anew: the positions no longer grow.
  if (!(frontendEnd > at && serverEnd > frontendEnd)) return null;
  const server = servers.of(line, frontendEnd + 1, serverEnd);
  const slash = server.indexOf('/');
  if (slash < 0) return null;

  // Timers: five, the last is the whole request (`+` with logasap, -1 = it did not get there).
  let slashes = 0;
  let last = serverEnd;
  let timersEnd = serverEnd + 1;
  for (let c = line.charCodeAt(timersEnd); c !== 32; c = line.charCodeAt(++timersEnd)) {
    if (c === 47) {
      slashes++;
      last = timersEnd;
    } else if (Number.isNaN(c)) return null;
  }
  if (slashes < 4) return null;
  const sign = line.charCodeAt(last + 1);
  const ms = digitsAt(line, sign === 43 ? last + 2 : last + 1, timersEnd);
  if (ms < 0 && sign !== 45) return null;
  const statusEnd = wordEnd(line, timersEnd + 1);
  const isNone = statusEnd - timersEnd === 3 && line.startsWith('-1', timersEnd + 1);
  const status = isNone ? 0 : digitsAt(line, timersEnd + 1, statusEnd);
  if (status < 0 || status > 999) return null;
  const bytesEnd = wordEnd(line, statusEnd + 1);
  const requestCookieEnd = wordEnd(line, bytesEnd + 1);
  const responseCookieEnd = wordEnd(line, requestCookieEnd + 1);
  const stateEnd = wordEnd(line, responseCookieEnd + 1);
  const stateLength = stateEnd - responseCookieEnd - 1;
  if (stateLength < 2 || stateLength > 4) return null;
  const connectionsEnd = line.indexOf(' ', stateEnd + 1);
  if (stateEnd >= line.length || connectionsEnd < 0) return null;
  const queuesEnd = wordEnd(line, connectionsEnd + 1);

  if (ms >= 0) entry.durationMs = ms;
  entry.httpResponseStatusCode = status;
  const bytes = digitsAt(line, line.charCodeAt(statusEnd + 1) === 43 ? statusEnd + 2 : statusEnd + 1, bytesEnd);
  if (bytes >= 0) entry.httpResponseBodySize = bytes;
  entry.eventOutcome = states.of(line, responseCookieEnd + 1, stateEnd);
  // `<NOSRV>` = no server was asked.
  const next = server.charCodeAt(slash + 1);
  const none = next === 60 || next === 45 || slash + 1 === server.length ? nobody(server.slice(slash + 1)) : null;
  if (none === null) entry.upstreamAddress = server;
  else entry.upstreamStatusCode = 0;
  if (!leavesAttributes) {
    const tls = line.charCodeAt(frontendEnd - 1) === 126;
    const attributes = new HttpAttributes(
      frontends.of(line, at, tls ? frontendEnd - 1 : frontendEnd),
      backendOf(server, slash),
      line.slice(serverEnd + 1, timersEnd),
      line.slice(stateEnd + 1, connectionsEnd),
      queueTexts.of(line, connectionsEnd + 1, queuesEnd),
    );
    if (tls) attributes.tls = 'true';
    if (none !== null && none !== '') attributes.server = none;
    entry.attributes = attributes;
    addAttribute(entry, 'captured.cookie.request', line.slice(bytesEnd + 1, requestCookieEnd));
    addAttribute(entry, 'captured.cookie.response', line.slice(requestCookieEnd + 1, responseCookieEnd));
  }

  // Behind the queues: capture groups and the request in quotes, then a custom tail.
  let pos = queuesEnd + 1;
  let captured = 0;
  while (line.charCodeAt(pos) === 123) {
    let end = line.indexOf('} ', pos);
    if (end < 0) end = line.charCodeAt(line.length - 1) === 125 ? line.length - 1 : -1;
    if (end < 0) break;
    captured = setCaptured(entry, line, pos + 1, end, captured);
    pos = end + 2;
  }
  if (line.charCodeAt(pos) !== 34) {
    // httpslog of a connection without request, or a line that was cut.
    setTail(entry, line, pos);
    return entry;
  }
  let end = line.indexOf('"', pos + 1);
  if (end < 0) {
    end = line.length;
    addAttribute(entry, 'truncated', 'true');
  }
  if (line.charCodeAt(pos + 1) === 60 && line.slice(pos + 1, end) === '<BADREQ>')
    addAttribute(entry, 'request', '<BADREQ>');
  else {
    const hash = line.indexOf('#', pos + 1);
    if (hash < 0 || hash > end) setRequestAt(entry, line, pos + 1, end);
    else setRequestLine(entry, unhash(line.slice(pos + 1, end)));
  }
  if (end + 2 < line.length) setTail(entry, line, end + 2);
  return entry;
}

/** The blank behind the short word at `at`, or the end of the line: a search costs more than to look at each character. */
function wordEnd(line: string, at: number): number {
  let i = at;
  while (i < line.length && line.charCodeAt(i) !== 32) i++;
  return i;
}

/** The number `from`…`to`, -1 when it is none. */
function digitsAt(line: string, from: number, to: number): number {
  if (from >= to || to - from > 15) return -1;
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = line.charCodeAt(i) - 48;
    if (!(c >= 0 && c <= 9)) return -1;
    n = n * 10 + c;
  }
  return n;
}

const CAPTURED = Array.from({ length: EXTRAS_MAX }, (_, i) => `captured.${i}`);
/** `shop.example|curl` between braces; gives how many values were captured until now. */
function setCaptured(entry: Entry, line: string, from: number, to: number, before: number): number {
  let n = before;
  let at = from;
  while (at <= to && n - before < EXTRAS_MAX) {
    // Of the others only the name is asked for.
    if (leavesAttributes && entry.urlDomain !== null) return n;
    let end = line.indexOf('|', at);
    if (end < 0 || end > to) end = to;
    if (!leavesAttributes) addAttribute(entry, CAPTURED[n] ?? `captured.${n}`, unhash(line.slice(at, end)));
    n++;
    if (entry.urlDomain === null && end > at) {
      if (looksLikeHostAt(line, at, end)) entry.urlDomain = domainAt(line, at, end);
      else if (line.indexOf('#', at) >= 0) {
        const text = unhash(line.slice(at, end));
        if (looksLikeHost(text)) entry.urlDomain = domainOf(text);
      }
    }
    at = end + 1;
  }
  return n;
}

/** Behind the name (a letter or `_`, then also digits, `.` and `-`) at `at`; `at` itself = there is none. */
function nameEnd(line: string, at: number): number {
  for (let i = at; ; i++) {
    const c = line.charCodeAt(i);
    if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95) continue;
    if (i > at && ((c >= 48 && c <= 57) || c === 46 || c === 45)) continue;
    return i;
  }
}

/** What a custom log-format has behind the request: `key=value`, a unique id, httpslog's TLS fields. */
function setTail(entry: Entry, line: string, from: number): void {
  let at = from;
  let extra = 0;
  for (let fields = 0; at < line.length; ) {
    const first = line.charCodeAt(at);
    let end: number;
    let value: string;
    if (first === 32) {
      at++;
      continue;
    }
    if (fields++ === EXTRAS_MAX) {
      addAttribute(entry, 'extra.rest', line.slice(at));
      return;
    }
    if (isUuidAt(line, at) && (at + 36 === line.length || line.charCodeAt(at + 36) === 32)) {
      addId(entry, line.slice(at, at + 36));
      at += 37;
      continue;
    }
    end = line.indexOf(' ', at);
    if (end < 0) end = line.length;
    const equals = first === 34 ? at : nameEnd(line, at);
    if (equals > at && line.charCodeAt(equals) === 61) {
      const name = line.slice(at, equals);
      if (line.charCodeAt(equals + 1) === 34) {
        const quote = line.indexOf('"', equals + 2);
        value = line.slice(equals + 2, quote < 0 ? line.length : quote);
        end = quote < 0 ? line.length : quote + 1;
      } else value = line.slice(equals + 1, end);
      if (value !== '-' && value !== '') setNamed(entry, name, unhash(value));
      at = end + 1;
      continue;
    }
    if (first === 34 || first === 123) {
      const close = line.indexOf(first === 34 ? '"' : '}', at + 1);
      value = line.slice(at + 1, close < 0 ? line.length : close);
      end = close < 0 ? line.length : close + 1;
    } else value = line.slice(at, end);
    at = end + 1;
    if (value === '' || value === '-') continue;
    const slashed = value.indexOf('/') >= 0;
    if (slashed && isHttpsErrors(value)) addAttribute(entry, 'tls.errors', value);
    else if (slashed && value.includes('/TLSv')) {
      const [sni = '', version = '', cipher = ''] = value.split('/');
      addAttribute(entry, 'tls.sni', sni);
      addAttribute(entry, 'tls.version', version);
      addAttribute(entry, 'tls.cipher', cipher);
      if (entry.urlDomain === null && looksLikeHost(sni)) entry.urlDomain = domainOf(sni);
    } else if (isUniqueId(value) && first !== 123) addId(entry, value);
    else addAttribute(entry, `extra.${extra++}`, unhash(value));
  }
}

/** `0/0000000000000000/0/0/0`, httpslog's five codes. */
function isHttpsErrors(value: string): boolean {
  const parts = value.split('/');
  return parts.length === 5 && parts.every((part) => /^-?[0-9A-Fa-f]*$/.test(part));
}

/** `addr [time] frontend backend/server Tw/Tc/Tt bytes state connections queues` */
function tcp(entry: Entry, line: string, at: number, words: string[]): Entry | Failure {
  const [, , , bytes = '', state = '', connections = '', queues = ''] = words;
  if (!setTimes(entry, words[2] ?? '')) return { failure: 'format', field: 'timers' };
  if (state.length !== 2) return { failure: 'format', field: 'termination_state' };
  setBytes(entry, bytes);
  entry.eventOutcome = state;
  addAttribute(entry, 'connections', connections);
  addAttribute(entry, 'queues', queues);
  addAttribute(entry, 'mode', 'tcp');
  let pos = at;
  for (let i = 0; i < 7; i++) pos += (words[i]?.length ?? 0) + 1;
  setTail(entry, line, pos);
  return entry;
}

/** Lines of the process: servers going up and down, proxies starting. */
function ownMessage(line: string): Entry | null {
  const match =
    /^(?:\[(WARNING|ALERT|NOTICE)\] +(?:\S+ )?\(\d+\) : )?((?:Proxy|Server|Backup Server|Health check for|backend|Backend|Stopping|Pausing|Connect from|SIGHUP|New (?:worker|program)|Loading|Reexecuting|haproxy version|Current worker|All workers|Exiting) \S.*)$/.exec(
      line,
    );
  if (match === null) return null;
  const entry = emptyEntry(DATASET, 'error', 'decision');
  entry.message = match[2]!;
  if (match[1] !== undefined) entry.logLevel = match[1] === 'WARNING' ? 'warn' : match[1].toLowerCase();
  const server = /^(?:Backup )?Server (\S+\/\S+) /.exec(entry.message);
  if (server !== null) entry.upstreamAddress = server[1]!;
  const from = /^Connect from (\S+?):(\d+) to /.exec(entry.message);
  if (from !== null) {
    entry.clientAddress = from[1]!;
    if (isDigits(from[2]!)) entry.clientPort = numberOf(from[2]!);
  }
  return entry;
}

export const format: Format = {
  dataset: DATASET,
  title: 'HAProxy log',
  usualLayer: 'loadbalancer',
  skim: skimHaproxy,
  late: true,
  compile: (pattern) => compileHaproxy(pattern, format),
  parse,
};
