/**
 * HOT. HAProxy: httplog (also clf), httpslog, tcplog and handshake errors, also with a custom tail (`key=value`, a bare unique
 * id) and HAProxy's own messages about servers. Times are the start, without zone; the wrapper gives the zone.
 * Capture groups vanish when they are empty, so braces are found by the brace, not by position.
 */
import { EXTRAS_MAX, parseClf, setNamed } from '../clf.ts';
import { type Entry, emptyEntry, type Failure, isFailure } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isDigits,
  isUniqueId,
  looksLikeHost,
  numberOf,
  setClientPeer,
  setRequestLine,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { compileHaproxy, unhash } from '../pattern.haproxy.ts';
import { read, readClf } from '../time.ts';

const DATASET = 'haproxy.http';

/**
 * What every line has, made in one step: one hidden class for all, where members that are added one by one cost as much
 * as the rest of the line. Without inherited names, as all attributes.
 */
const Attributes = function Attributes(this: Record<string, string>, frontend: string) {
  this.frontend = frontend;
} as unknown as new (
  frontend: string,
) => object;
Attributes.prototype = Object.create(null);

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
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
  const peer = line.slice(0, bracket);
  if (peer.lastIndexOf(':') <= 0 && peer !== 'unix:1') return { failure: 'format', field: 'client' };
  if (line.charCodeAt(read.end) !== 93) return { failure: 'torn' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  setClientPeer(entry, peer);
  const at = read.end + 2;
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
  entry.attributes = new Attributes(tls ? frontend.slice(0, -1) : frontend) as unknown as Record<string, string>;
  if (tls) addAttribute(entry, 'tls', 'true');
  if (!backend.includes('/')) return { failure: 'format', field: 'backend' };
  setServer(entry, backend);
  const slashes = slashesIn(timers);
  if (slashes === 2) return tcp(entry, line, at, words);
  if (words.length < 10) return { failure: 'torn' };
  if (slashes < 4) return { failure: 'format', field: 'timers' };
  return http(entry, line, at, words);
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

/** `be_web/web1`; `<NOSRV>` = no server was asked. */
function setServer(entry: Entry, text: string): void {
  const slash = text.indexOf('/');
  const server = text.slice(slash + 1);
  addAttribute(entry, 'backend', text.slice(0, slash));
  if (server === '<NOSRV>' || server === '' || server === '<STATS>' || server === '-') {
    entry.upstreamStatusCode = 0;
    if (server !== '' && server !== '-') addAttribute(entry, 'server', server);
  } else entry.upstreamAddress = text;
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

function http(entry: Entry, line: string, at: number, words: string[]): Entry | Failure {
  const [
    ,
    ,
    ,
    status = '',
    bytes = '',
    requestCookie = '',
    responseCookie = '',
    state = '',
    connections = '',
    queues = '',
  ] = words;
  if (!setTimes(entry, words[2] ?? '')) return { failure: 'format', field: 'timers' };
  const code = status === '-1' ? 0 : numberOf(status);
  if (code === null || code > 999) return { failure: 'status', field: 'status' };
  entry.httpResponseStatusCode = code;
  setBytes(entry, bytes);
  addAttribute(entry, 'captured.cookie.request', requestCookie);
  addAttribute(entry, 'captured.cookie.response', responseCookie);
  if (state.length < 2 || state.length > 4) return { failure: 'format', field: 'termination_state' };
  entry.eventOutcome = state;
  addAttribute(entry, 'connections', connections);
  addAttribute(entry, 'queues', queues);

  // Behind the queues: capture groups and the request in quotes, then a custom tail.
  let pos = at;
  for (let i = 0; i < 10; i++) pos += (words[i]?.length ?? 0) + 1;
  let captured = 0;
  while (line.charCodeAt(pos) === 123) {
    let end = line.indexOf('} ', pos);
    if (end < 0) end = line.endsWith('}') ? line.length - 1 : -1;
    if (end < 0) break;
    for (const value of line.slice(pos + 1, end).split('|', EXTRAS_MAX)) {
      const text = unhash(value);
      addAttribute(entry, `captured.${captured++}`, text);
      if (entry.urlDomain === null && looksLikeHost(text) && !text.includes('/')) entry.urlDomain = domainOf(text);
    }
    pos = end + 2;
  }
  if (line.charCodeAt(pos) !== 34) {
    // httpslog of a connection without request, or a line that was cut.
    setTail(entry, line, pos);
    return pos >= line.length && entry.httpResponseStatusCode !== 0 ? entry : entry;
  }
  let end = line.indexOf('"', pos + 1);
  if (end < 0) {
    end = line.length;
    addAttribute(entry, 'truncated', 'true');
  }
  const request = line.slice(pos + 1, end);
  if (request === '<BADREQ>') addAttribute(entry, 'request', request);
  else setRequestLine(entry, request.indexOf('#') < 0 ? request : unhash(request));
  setTail(entry, line, end + 2);
  return entry;
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
    const equals = line.indexOf('=', at);
    end = line.indexOf(' ', at);
    if (end < 0) end = line.length;
    if (first !== 34 && equals > at && equals < end && /^[A-Za-z_][\w.-]*$/.test(line.slice(at, equals))) {
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
    if (isHttpsErrors(value)) addAttribute(entry, 'tls.errors', value);
    else if (value.includes('/TLSv')) {
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
  compile: (pattern) => compileHaproxy(pattern, format),
  parse,
};
