/**
 * HOT. Reads lines that begin like the Common Log Format, whoever wrote them, and names what follows. The access
 * formats of nginx, Apache, lighttpd, Varnish, gunicorn … are this function with another dataset name.
 * Positions and indexOf only: 1.6 M combined lines/s on one thread; slicing method and protocol of every line
 * instead of sharing their texts, and scanning for escapes where there are none, made it 1.1 M.
 */
import { type Entry, emptyEntry, type Failure, type TimePoint } from './entry.ts';
import {
  addAttribute,
  addId,
  closingQuote,
  decimalOf,
  domainOf,
  isAddress,
  isAddressList,
  isDigits,
  isUniqueId,
  known,
  looksLikeHost,
  numberOf,
  peerAddress,
  secondsToMs,
  setRequestAt,
  setRequestLine,
  unescapeText,
} from './fields.ts';
import { read, readClf } from './time.ts';

const NO_FORMAT: Failure = { failure: 'format' };
const NO_TIME: Failure = { failure: 'time', field: 'time' };
const NO_STATUS: Failure = { failure: 'status', field: 'status' };
const TORN: Failure = { failure: 'torn' };
const EMPTY: Failure = { failure: 'empty' };

/** `hostColumn`: the second column is the virtual host (lighttpd). */
export function parseClf(line: string, dataset: string, timePoint: TimePoint, hostColumn: boolean): Entry | Failure {
  const bracket = line.indexOf(' [') + 1;
  if (bracket < 4) return line.trim() === '' ? EMPTY : bracket === 0 && startsLikeClient(line) ? TORN : NO_FORMAT;
  const timeMs = readClf(line, bracket + 1);
  if (Number.isNaN(timeMs)) return line.charCodeAt(bracket + 3) === 47 ? NO_TIME : NO_FORMAT;
  const timeEnd = read.end;
  const hasSlash = line.indexOf('\\') >= 0;
  const zoneless = read.zoneless;
  if (line.charCodeAt(timeEnd) !== 93) return timeEnd >= line.length ? TORN : NO_TIME;

  const entry = emptyEntry(dataset, 'access', timePoint);
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;

  const a = line.indexOf(' ');
  const b = line.indexOf(' ', a + 1);
  const c = line.indexOf(' ', b + 1);
  if (b < bracket && c === bracket - 1 && a > 0) {
    // host ident user [
    entry.clientAddress = line.slice(0, a);
    if (b - a > 2 || line.charCodeAt(a + 1) !== 45) setIdent(entry, line.slice(a + 1, b), hostColumn);
    if (c - b > 2 || line.charCodeAt(b + 1) !== 45) entry.userName = userOf(line.slice(b + 1, c));
    if (a === 1 || line.charCodeAt(a - 1) === 44 || line.charCodeAt(0) === 91) cleanClient(entry);
  } else if (!setPrefix(entry, line.slice(0, bracket - 1), hostColumn)) return NO_FORMAT;

  const quote = timeEnd + 2;
  if (line.charCodeAt(quote) !== 34) return quote >= line.length ? TORN : NO_FORMAT;
  const requestEnd = hasSlash ? closingQuote(line, quote + 1) : line.indexOf('"', quote + 1);
  if (requestEnd < 0) return TORN;
  const slash = hasSlash ? line.indexOf('\\', quote) : -1;
  if (slash < 0 || slash > requestEnd) setRequestAt(entry, line, quote + 1, requestEnd);
  else setRequestLine(entry, unescapeText(line.slice(quote + 1, requestEnd)));

  // ` 403 153`: status and bytes.
  const status = requestEnd + 2;
  if (status >= line.length) return TORN;
  const s0 = line.charCodeAt(status) - 48;
  const s1 = line.charCodeAt(status + 1) - 48;
  const s2 = line.charCodeAt(status + 2) - 48;
  const afterStatus = line.charCodeAt(status + 3);
  if (line.charCodeAt(status) === 45 && line.charCodeAt(status + 1) === 32)
    return setTail(entry, line, status + 2, hasSlash);
  if (
    !(s0 >= 0 && s0 <= 9 && s1 >= 0 && s1 <= 9 && s2 >= 0 && s2 <= 9) ||
    (afterStatus !== 32 && status + 3 < line.length)
  )
    return NO_STATUS;
  entry.httpResponseStatusCode = s0 * 100 + s1 * 10 + s2;
  return setTail(entry, line, status + 4, hasSlash);
}

/** Bytes, referrer, user agent, and whatever follows. */
function setTail(entry: Entry, line: string, from: number, hasSlash: boolean): Entry | Failure {
  let at = from;
  if (at >= line.length) return entry;
  let end = line.indexOf(' ', at);
  if (end < 0) end = line.length;
  const size = line.slice(at, end);
  const bytes = numberOf(size);
  if (bytes !== null) entry.httpResponseBodySize = bytes;
  else if (size !== '-') {
    // No size here: what stands here is already an extra field.
    setExtras(entry, line, at, 0);
    return entry;
  }
  at = end + 1;
  if (at >= line.length) return entry;

  // ` "referer" "user agent"`
  if (line.charCodeAt(at) !== 34) {
    setExtras(entry, line, at, 0);
    return entry;
  }
  const refererEnd = hasSlash ? closingQuote(line, at + 1) : line.indexOf('"', at + 1);
  if (refererEnd < 0) return cutAt(entry, line, at + 1, 'httpRequestReferrer');
  if (line.charCodeAt(refererEnd + 1) !== 32 || line.charCodeAt(refererEnd + 2) !== 34) {
    setExtras(entry, line, at, 0);
    return entry;
  }
  const agent = refererEnd + 3;
  const agentEnd = hasSlash ? closingQuote(line, agent) : line.indexOf('"', agent);
  if (agentEnd < 0) {
    entry.httpRequestReferrer = quoted(line, at + 1, refererEnd);
    return cutAt(entry, line, agent, 'userAgentOriginal');
  }
  if (refererEnd - at > 2 || line.charCodeAt(at + 1) !== 45)
    entry.httpRequestReferrer = quoted(line, at + 1, refererEnd);
  if (agentEnd - agent > 1 || line.charCodeAt(agent) !== 45) entry.userAgentOriginal = quoted(line, agent, agentEnd);
  if (agentEnd + 2 < line.length) setExtras(entry, line, agentEnd + 2, 1);
  return entry;
}

/**
 * The line ends within a quoted field, as syslog cuts it at 1024 bytes: who asked for what and the answer stand in front
 * of it. What is left of the field is kept, and the record says that it was cut.
 */
function cutAt(entry: Entry, line: string, from: number, field: 'httpRequestReferrer' | 'userAgentOriginal'): Entry {
  entry[field] = quoted(line, from, line.length);
  addAttribute(entry, 'truncated', 'true');
  return entry;
}

function startsLikeClient(line: string): boolean {
  const space = line.indexOf(' ');
  return isAddress(space < 0 ? line : line.slice(0, space)) && line.length > 8;
}

function quoted(line: string, from: number, to: number): string | null {
  const text = line.slice(from, to);
  return known(text.indexOf('\\') < 0 ? text : unescapeText(text));
}

function userOf(text: string): string | null {
  return text === '""' ? null : known(text.indexOf('\\') < 0 ? text : unescapeText(text));
}

function setIdent(entry: Entry, ident: string, hostColumn: boolean): void {
  if (hostColumn) entry.urlDomain = domainOf(ident);
  else if (looksLikeHost(ident)) entry.urlDomain = domainOf(ident);
  else addAttribute(entry, 'ident', ident);
}

/** A trailing comma (`$proxy_add_x_forwarded_for` in front), brackets around IPv6, or `-` in the place of the client. */
function cleanClient(entry: Entry): void {
  const text = peerAddress(entry.clientAddress ?? '');
  entry.clientAddress = known(text.endsWith(',') ? text.slice(0, -1) : text);
}

/** Prefixes of another width: `vhost:port client - user`, addresses in a list, users with blanks. */
function setPrefix(entry: Entry, prefix: string, hostColumn: boolean): boolean {
  const words = prefix.split(' ');
  if (words.length < 2) return false;
  let i = 0;
  if (words.length >= 4) {
    const first = words[0]!;
    const second = words[1]!;
    if (first.endsWith(',')) {
      // A forwarded-for list in front: the last address is the nearest, the first is the client as told.
      while (i < words.length && words[i]!.endsWith(',')) i++;
      entry.forwardedFor = words.slice(0, i + 1).join(' ');
      entry.clientAddress = words[0]!.slice(0, -1);
      i++;
    } else if (isAddress(second) || (isVhost(first) && words[2] === '-')) {
      entry.urlDomain = domainOf(first);
      const colon = first.lastIndexOf(':');
      if (colon > 0) entry.serverPort = numberOf(first.slice(colon + 1));
      entry.clientAddress = second;
      i = 2;
    }
  }
  if (i === 0) {
    entry.clientAddress = known(words[0]!);
    i = 1;
  }
  const ident = words[i];
  if (ident === undefined) return false;
  if (ident !== '-') setIdent(entry, ident, hostColumn);
  // An id between them: `vhost client - ID user`.
  const rest = words.slice(i + 1).filter((word) => {
    if (!isUniqueId(word)) return true;
    addId(entry, word);
    return false;
  });
  if (rest.length > 0) entry.userName = userOf(rest.join(' '));
  return true;
}

function isVhost(text: string): boolean {
  const colon = text.lastIndexOf(':');
  return colon > 0 && isDigits(text, colon + 1) && !isAddress(text);
}

/** Where something stands between the bytes and the quoted fields: the first two are referrer and user agent all the same. */
function unnamedQuoted(entry: Entry, value: string, index: number): boolean {
  if (index === 0) {
    if (value !== '-' && value !== '' && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return false;
    entry.httpRequestReferrer = known(value);
  } else if (entry.userAgentOriginal === null) entry.userAgentOriginal = known(value);
  return true;
}

/** Words with which Varnish says how it handled the request. */
export const VARNISH_HANDLINGS = new Set(['hit', 'miss', 'pass', 'pipe', 'synth', 'error', 'hitmiss', 'hitpass']);

/** No log format has more fields; a line that does is hostile or another thing, and its rest is kept as one text. */
export const EXTRAS_MAX = 64;

/**
 * What stands behind the known fields: quoted texts, `key=value`, `[bracketed]` and bare words. Known keys fill
 * fields, the others become attributes: `extra.0`, `extra.1` … for those without a name, counted without what is `-`.
 */
export function setExtras(entry: Entry, line: string, from: number, mainFields: number): void {
  if (mainFields === 1 && setIngress(entry, line, from)) return;
  let at = from;
  let unnamed = 0;
  let quotes = 0;
  for (let fields = 0; at < line.length; ) {
    const first = line.charCodeAt(at);
    if (first === 32) {
      at++;
      continue;
    }
    if (fields++ === EXTRAS_MAX) {
      addAttribute(entry, 'extra.rest', line.slice(at));
      return;
    }
    let value: string;
    let isQuoted = false;
    let key = '';
    if (first === 34) {
      const end = closingQuote(line, at + 1);
      const stop = end < 0 ? line.length : end;
      value = unescapeText(line.slice(at + 1, stop));
      at = stop + 1;
      isQuoted = true;
    } else {
      let end = line.indexOf(' ', at);
      if (end < 0) end = line.length;
      const equals = line.indexOf('=', at);
      if (equals > at && equals < end && isKey(line, at, equals)) {
        key = line.slice(at, equals);
        const q = line.charCodeAt(equals + 1);
        if (q === 34) {
          const stop = closingQuote(line, equals + 2);
          value = unescapeText(line.slice(equals + 2, stop < 0 ? line.length : stop));
          at = (stop < 0 ? line.length : stop) + 1;
        } else {
          // `$upstream_addr` and its like: several values joined by ", " or " : ".
          while (end < line.length && (line.charCodeAt(end - 1) === 44 || line.startsWith(' : ', end))) {
            const from = line.charCodeAt(end - 1) === 44 ? end + 1 : end + 3;
            end = line.indexOf(' ', from);
            if (end < 0) end = line.length;
          }
          value = line.slice(equals + 1, end);
          at = end;
        }
      } else if (first === 91) {
        const close = line.indexOf(']', at);
        const stop = close < 0 ? line.length : close;
        value = line.slice(at + 1, stop);
        at = stop + 1;
      } else {
        value = line.slice(at, end);
        at = end;
        if (value.endsWith(',') && value.length > 1) value = value.slice(0, -1);
      }
    }
    if (key !== '') {
      setNamed(entry, key, value);
      continue;
    }
    if (mainFields === 0 && isQuoted && quotes < 2 && unnamedQuoted(entry, value, quotes++)) continue;
    if (value === '-' || value === '') continue;
    if (!isQuoted && entry.durationMs === null && /^\d+(?:\.\d{3}|ms)$/.test(value)) {
      // nginx's $request_time always has three decimals; Traefik writes the unit.
      entry.durationMs = value.endsWith('ms') ? numberOf(value.slice(0, -2)) : secondsToMs(value);
    } else if (
      isQuoted &&
      entry.upstreamAddress === null &&
      /^https?:\/\/[^/\s]+\/?$/.test(value) &&
      mainFields === 1
    ) {
      entry.upstreamAddress = value.replace(/^https?:\/\//, '').replace(/\/$/, '');
    } else if (isAddressList(value) && isQuoted && entry.forwardedFor === null) entry.forwardedFor = value;
    else if (isUniqueId(value)) addId(entry, value);
    else if (!isQuoted && VARNISH_HANDLINGS.has(value)) {
      entry.eventOutcome = value;
      entry.timePoint = 'start';
    } else addAttribute(entry, `extra.${unnamed++}`, value);
  }
}

function isKey(line: string, from: number, to: number): boolean {
  if (to - from > 40) return false;
  for (let i = from; i < to; i++) {
    const c = line.charCodeAt(i);
    const letter = (c | 32) >= 97 && (c | 32) <= 122;
    if (!(letter || c === 95 || c === 45 || c === 46 || (c >= 48 && c <= 57 && i > from))) return false;
  }
  return true;
}

/** ingress-nginx: `len time [namespace-service] [alternative] upstream bytes time status id`. */
function setIngress(entry: Entry, line: string, from: number): boolean {
  const open = line.indexOf(' [', from);
  if (open < 0) return false;
  const head = line.slice(from, open).split(' ');
  if (head.length !== 2 || decimalOf(head[0]!) === null || decimalOf(head[1]!) === null) return false;
  const close = line.indexOf(']', open);
  if (close < 0 || line.charCodeAt(close + 1) !== 32) return false;
  let at = close + 2;
  let alternative = '';
  if (line.charCodeAt(at) === 91) {
    const end = line.indexOf('] ', at);
    if (end < 0) return false;
    alternative = line.slice(at + 1, end);
    at = end + 2;
  }
  const tail = line.slice(at).replaceAll(', ', ',').replaceAll(' : ', ',').split(' ');
  if (tail.length < 4) return false;
  entry.durationMs = secondsToMs(head[1]!);
  addAttribute(entry, 'request_length', head[0]!);
  addAttribute(entry, 'proxy_upstream_name', line.slice(open + 2, close));
  addAttribute(entry, 'proxy_alternative_upstream_name', alternative);
  setNamed(entry, 'upstream_addr', tail[0]!);
  setNamed(entry, 'upstream_response_length', tail[1]!);
  setNamed(entry, 'upstream_response_time', tail[2]!);
  setNamed(entry, 'upstream_status', tail[3]!);
  if (tail[4] !== undefined) addId(entry, tail[4]);
  return true;
}

/** The last value of `a, b : c`: earlier tries do not count. */
export function lastOf(value: string): string {
  let last = value;
  const colon = last.lastIndexOf(' : ');
  if (colon >= 0) last = last.slice(colon + 3);
  const comma = last.lastIndexOf(',');
  return (comma >= 0 ? last.slice(comma + 1) : last).trim();
}

/** Kinds of values that people log behind the known fields. */
type Named =
  | 'id'
  | 'seconds'
  | 'millis'
  | 'upstreamStatus'
  | 'upstream'
  | 'ua'
  | 'host'
  | 'forwarded'
  | 'connection'
  | 'port'
  | 'user'
  | 'address';

const NAMES: Record<Named, string> = {
  id: 'rid request_id requestid req_id reqid x_request_id http_x_request_id correlation_id x_correlation_id trace_id traceid unique_id uid id vxid ray cf_ray amzn_trace_id traceparent',
  seconds: 'rt request_time req_time duration_s',
  millis: 'ms duration_ms response_time_ms',
  upstreamStatus: 'us upstream_status',
  upstream: 'upstream upstream_addr uaddr backend',
  ua: 'ua',
  host: 'host http_host vhost server_name',
  forwarded: 'xff x_forwarded_for http_x_forwarded_for forwarded_for',
  connection: 'conn connection',
  port: 'client_port remote_port',
  user: 'user remote_user',
  address: 'realip remote_addr',
};
const NAMED = new Map<string, Named>();
for (const [kind, names] of Object.entries(NAMES)) for (const name of names.split(' ')) NAMED.set(name, kind as Named);

/** Puts a named value into its field, else into the attribute of its name. `-` says nothing, except of the upstream's status. */
export function setNamed(entry: Entry, key: string, value: string): void {
  // Nearly all keys are written in lower case with `_`: no copy for them.
  const kind = NAMED.get(key) ?? NAMED.get(key.toLowerCase().replaceAll('-', '_'));
  if (value === '-' || value === '') {
    if (kind === 'upstreamStatus') entry.upstreamStatusCode = 0;
    return;
  }
  switch (kind) {
    case 'id':
      if (isUniqueId(value)) addId(entry, value);
      else addAttribute(entry, key, value);
      return;
    case 'seconds': {
      const ms = secondsToMs(value);
      if (ms === null) addAttribute(entry, key, value);
      else entry.durationMs = ms;
      return;
    }
    case 'millis': {
      const ms = decimalOf(value);
      if (ms === null || ms < 0) addAttribute(entry, key, value);
      else entry.durationMs = ms;
      return;
    }
    case 'upstreamStatus': {
      const status = numberOf(lastOf(value));
      if (status === null || status > 999) addAttribute(entry, key, value);
      else {
        entry.upstreamStatusCode = status;
        if (lastOf(value) !== value) addAttribute(entry, key, value);
      }
      return;
    }
    case 'upstream':
      entry.upstreamAddress = lastOf(value);
      if (entry.upstreamAddress !== value) addAttribute(entry, key, value);
      return;
    case 'host':
      entry.urlDomain = domainOf(value);
      return;
    case 'forwarded':
      entry.forwardedFor = value;
      return;
    case 'connection':
      if (isDigits(value)) entry.connectionId = value;
      else addAttribute(entry, key, value);
      return;
    case 'port':
      entry.clientPort = numberOf(value);
      return;
    case 'user':
      entry.userName = value;
      return;
    case 'ua':
      if (isAddressList(value) || /^\S+:\d+$/.test(lastOf(value))) entry.upstreamAddress = lastOf(value);
      else addAttribute(entry, key, value);
      return;
    case 'address':
      addAttribute(entry, key, peerAddress(value));
      return;
    default:
      addAttribute(entry, key, value);
  }
}
