/**
 * HOT. Envoy's access log in its default text format and in Istio's, and as JSON under the names of Envoy Gateway and
 * Istio. Time is the start. `response_flags` say how Envoy ended the request, `response_code_details` why.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalAt,
  decimalOf,
  domainOf,
  isUniqueId,
  Kept,
  known,
  lastAt,
  numberAt,
  numberOf,
  peerAddress,
  setClientPeer,
  setClientPeerAt,
  setRequestAt,
  setTarget,
} from '../fields.ts';
import { flatten, parseObject } from '../json.ts';
import type { Format } from '../parser.ts';
import { compileEnvoy } from '../pattern.envoy.ts';
import { read, readIso } from '../time.ts';

const DATASET = 'envoy.access';
const NO_FORMAT: Failure = { failure: 'format' };
const TORN: Failure = { failure: 'torn' };

/** Envoy escapes nothing by default: a quote closes a field only where a blank, or the end, follows. */
function closing(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote >= 0 && quote + 1 < line.length && line.charCodeAt(quote + 1) !== 32)
    quote = line.indexOf('"', quote + 1);
  return quote;
}

/** ` HTTP/1.1" ` ends the request whatever a client put into the path. */
function requestEnd(line: string, from: number): number {
  const protocol = line.indexOf(' HTTP/', from);
  const dash = line.charCodeAt(from) === 45 && (line.startsWith('- - -"', from) || line.startsWith('-"', from));
  const end = line.indexOf('" ', protocol > 0 && !dash ? protocol : from);
  return end < 0 && line.endsWith('"') ? line.length - 1 : end;
}

/** Combinations of flags that were seen: a proxy writes few. */
const FLAGS = new Set<string>(['-']);
const FLAGS_MAX = 500;

function isFlags(text: string): boolean {
  if (FLAGS.has(text)) return true;
  if (!/^[A-Z]{1,7}(?:,[A-Z]{1,7})*$/.test(text)) return false;
  if (FLAGS.size < FLAGS_MAX && text.length < 13) FLAGS.add(text);
  return true;
}

/** Where the word stands that was read last, without its quotes. */
let from = 0;
let to = 0;

/** The word at `at`; gives the position behind it. */
function nextWord(line: string, at: number): number {
  if (line.charCodeAt(at) === 34) {
    from = at + 1;
    to = closing(line, from);
    if (to < 0) to = line.length;
    return to + 2;
  }
  from = at;
  to = line.indexOf(' ', at);
  if (to < 0) to = line.length;
  return to + 1;
}

/** It says something. */
const isSaid = (line: string): boolean => to > from && (to - from > 1 || line.charCodeAt(from) !== 45);

/** Behind the number at `at` and a blank, -1 = there is none. */
function behindNumber(line: string, at: number): number {
  let i = at;
  let c = line.charCodeAt(i);
  while (c >= 48 && c <= 57) c = line.charCodeAt(++i);
  return c === 32 && i > at && i - at <= 20 ? i + 1 : -1;
}

/**
 * ` 10 "forwarded" "agent" "id" "authority" "host"`; gives the position behind. The client writes the agent, and nothing
 * in it is escaped: it ends where the three fields begin that are counted from the right.
 */
function setQuoted(entry: Entry, line: string, at: number): number {
  const blank = line.indexOf(' ', at);
  if (blank < 0) return line.length;
  if (!leavesAttributes) addAttribute(entry, 'upstream_service_time', line.slice(at, blank));
  if (line.charCodeAt(blank + 1) !== 34) return blank + 1;
  const last = lastAt(line, 34, line.length - 1);
  let end = last;
  for (let back = 0; back < 3; back++) {
    const open = lastAt(line, 34, end - 1);
    if (open <= blank + 1 || line.charCodeAt(open - 1) !== 32 || line.charCodeAt(open - 2) !== 34) {
      addAttribute(entry, 'extra', line.slice(blank + 1));
      return line.length;
    }
    const value = known(line.slice(open + 1, end));
    if (value !== null) {
      if (back === 0) entry.upstreamAddress = value;
      else if (back === 1) entry.urlDomain = domainOf(value);
      else if (isUniqueId(value)) addId(entry, value);
      else addAttribute(entry, 'request_id', value);
    }
    end = open - 2;
  }
  const forwarded = line.indexOf('" "', blank + 2);
  let agent = blank + 2;
  if (forwarded >= 0 && forwarded <= end) {
    if (forwarded - agent !== 1 || line.charCodeAt(agent) !== 45)
      entry.forwardedFor = line.slice(agent, forwarded) || null;
    agent = forwarded + 3;
  }
  if (end - agent !== 1 || line.charCodeAt(agent) !== 45) entry.userAgentOriginal = line.slice(agent, end) || null;
  return last + 2;
}

/** Emissary puts a word in front of each line. */
const EMISSARY = 'ACCESS ';

const DETAILS = [
  'response_code_details',
  'connection_termination_details',
  'upstream_transport_failure_reason',
] as const;

function text(record: string): Entry | Failure {
  const line = record.startsWith(EMISSARY) ? record.slice(EMISSARY.length) : record;
  if (line.charCodeAt(0) !== 91 || line.charCodeAt(11) !== 84) return NO_FORMAT;
  const timeMs = readIso(line, 1);
  const bracket = line.indexOf('] "', 12);
  if (bracket < 0 || bracket > 40) return NO_FORMAT;
  if (Number.isNaN(timeMs) || read.end !== bracket) return { failure: 'time', field: 'start_time' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  const request = bracket + 3;
  const end = requestEnd(line, request);
  if (end < 0) return TORN;
  // `- - HTTP/1.1` or `- - -`: no request came.
  if (line.charCodeAt(request) !== 45) setRequestAt(entry, line, request, end);

  // ` 403 RBAC… ` then either bytes, or details, connection details and transport failure first.
  let at = nextWord(line, end + 2);
  const code = numberAt(line, from, to);
  if (code === null || code > 999) {
    if (from >= to) return TORN;
    return entry.networkProtocol === null ? NO_FORMAT : { failure: 'status', field: 'response_code' };
  }
  entry.httpResponseStatusCode = code;
  at = nextWord(line, at);
  const flags = line.slice(from, to);
  if (!isFlags(flags)) return { failure: 'format', field: 'response_flags' };
  if (flags !== '-') entry.eventOutcome = flags;
  // Bytes received, or what newer versions and Istio put in front of them.
  for (let i = 0; i < DETAILS.length && behindNumber(line, at) < 0; i++) {
    at = nextWord(line, at);
    if (!leavesAttributes && isSaid(line)) addAttribute(entry, DETAILS[i]!, line.slice(from, to));
  }
  at = nextWord(line, at);
  const received = numberAt(line, from, to);
  if (!leavesAttributes) addAttribute(entry, 'bytes_received', line.slice(from, to));
  at = nextWord(line, at);
  const sent = numberAt(line, from, to);
  at = nextWord(line, at);
  if (received === null || sent === null) return at > line.length ? TORN : { failure: 'format', field: 'bytes' };
  entry.httpResponseBodySize = sent;
  entry.durationMs = decimalAt(line, from, to);
  at = setQuoted(entry, line, at);
  if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
  if (at >= line.length) return entry;
  // Istio: cluster, local address upstream, local and remote address downstream, server name, route.
  at = nextWord(line, at);
  if (!leavesAttributes) addAttribute(entry, 'upstream_cluster', line.slice(from, to));
  at = nextWord(line, at);
  if (!leavesAttributes) addAttribute(entry, 'upstream_local_address', line.slice(from, to));
  at = nextWord(line, at);
  if (isSaid(line)) setServer(entry, locals.of(line, from, to));
  at = nextWord(line, at);
  if (isSaid(line)) setClientPeerAt(entry, line, from, to);
  if (leavesAttributes) return entry;
  at = nextWord(line, at);
  addAttribute(entry, 'requested_server_name', line.slice(from, to));
  if (at < line.length) {
    at = nextWord(line, at);
    addAttribute(entry, 'route_name', line.slice(from, to));
  }
  if (at < line.length) addAttribute(entry, 'extra', line.slice(at));
  return entry;
}

/** A proxy listens on few addresses. */
const locals = new Kept();
let lastLocal = '';
let lastAddress = '';
let lastPort: number | null = null;

function setServer(entry: Entry, local: string): void {
  if (local !== lastLocal) {
    lastLocal = local;
    lastAddress = peerAddress(local);
    const colon = local.lastIndexOf(':');
    lastPort = colon > 0 ? numberOf(local.slice(colon + 1)) : null;
  }
  entry.serverAddress = lastAddress;
  entry.serverPort = lastPort;
}

/** What the members of its JSON mean, under the names that Envoy Gateway, Istio, Contour and Envoy's documentation give them. */
const MEANINGS = {
  time: 'start_time timestamp @timestamp time',
  status: 'response_code status response-code',
  flags: 'response_flags flags',
  method: 'method request_method',
  path: 'x-envoy-origin-path path request_path uri_path',
  protocol: 'protocol',
  host: ':authority authority host request_authority',
  sent: 'bytes_sent',
  duration: 'duration',
  agent: 'user-agent user_agent useragent',
  id: 'x-request-id request_id x_request_id',
  forwarded: 'x-forwarded-for x_forwarded_for',
  upstream: 'upstream_host',
  peer: 'downstream_remote_address',
  direct: 'downstream_direct_remote_address',
  local: 'downstream_local_address',
  referer: 'referer',
};
type Meaning = keyof typeof MEANINGS;
type Given = Record<Meaning, string | undefined>;

const MEMBERS = new Map<string, Meaning | null>();
for (const [meaning, names] of Object.entries(MEANINGS))
  for (const name of names.split(' ')) MEMBERS.set(name, meaning as Meaning);
/** Other members of this installation are looked up once, in whatever case they are written. */
const MEMBERS_MAX = 1000;

function meaningOf(key: string): Meaning | null {
  let meaning = MEMBERS.get(key);
  if (meaning === undefined) {
    meaning = MEMBERS.get(key.toLowerCase()) ?? null;
    if (MEMBERS.size < MEMBERS_MAX && key.length <= 100) MEMBERS.set(key, meaning);
  }
  return meaning;
}

const nothingGiven = (): Given => ({
  time: undefined,
  status: undefined,
  flags: undefined,
  method: undefined,
  path: undefined,
  protocol: undefined,
  host: undefined,
  sent: undefined,
  duration: undefined,
  agent: undefined,
  id: undefined,
  forwarded: undefined,
  upstream: undefined,
  peer: undefined,
  direct: undefined,
  local: undefined,
  referer: undefined,
});

function json(line: string): Entry | Failure {
  // Two of Envoy's own words, before the line is parsed.
  // Tyk has details as well, and says `status`.
  if (
    line.indexOf('"response_flags"') < 0 &&
    !(line.indexOf('"response_code_details"') >= 0 && line.indexOf('"response_code"') >= 0)
  )
    return NO_FORMAT;
  const object = parseObject(line);
  if (object === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  const given = nothingGiven();
  for (const key in object) {
    const value = object[key];
    if (value === null || value === '' || value === '-') continue;
    if (typeof value === 'object') {
      if (leavesAttributes) continue;
      for (const [name, text] of flatten({ [key]: value })) addAttribute(entry, name, String(text));
      continue;
    }
    const meaning = meaningOf(key);
    if (meaning === null && leavesAttributes) continue;
    const text = typeof value === 'string' ? value : String(value);
    if (meaning === null) addAttribute(entry, key, text);
    else if (given[meaning] === undefined) given[meaning] = text;
    else if (text !== given[meaning]) addAttribute(entry, key, text);
  }
  addAttribute(entry, 'layout', 'json');
  const { time, status, duration, method, path, host } = given;
  if (time === undefined) return { failure: 'time', field: 'start_time' };
  entry.timeMs = readIso(time, 0);
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'start_time' };
  entry.timeZoneless = read.zoneless;
  const code = numberOf(status ?? '0');
  if (code === null || code > 999) return { failure: 'status', field: 'response_code' };
  entry.httpResponseStatusCode = code;
  entry.eventOutcome = given.flags ?? null;
  entry.httpRequestMethod = method ?? null;
  if (path !== undefined) setTarget(entry, path);
  if (host !== undefined) entry.urlDomain = domainOf(host);
  entry.networkProtocol = given.protocol ?? null;
  entry.httpResponseBodySize = numberOf(given.sent ?? '');
  entry.durationMs = decimalOf(duration ?? '');
  entry.userAgentOriginal = given.agent ?? null;
  entry.httpRequestReferrer = given.referer ?? null;
  entry.forwardedFor = given.forwarded ?? null;
  if (given.id !== undefined && isUniqueId(given.id)) addId(entry, given.id);
  else if (given.id !== undefined) addAttribute(entry, 'x-request-id', given.id);
  entry.upstreamAddress = given.upstream ?? null;
  if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
  if (given.peer !== undefined) setClientPeer(entry, given.peer);
  else if (given.direct !== undefined) setClientPeer(entry, given.direct);
  if (given.peer !== undefined && given.direct !== undefined && given.direct !== given.peer)
    addAttribute(entry, 'downstream_direct_remote_address', given.direct);
  if (given.local !== undefined) setServer(entry, given.local);
  entry.clientAddress = known(entry.clientAddress ?? '');
  return entry;
}

export const format: Format = {
  dataset: DATASET,
  title: 'Envoy access log',
  usualLayer: 'gateway',
  compile: compileEnvoy,
  late: true,
  parse(record) {
    const line = record.trim();
    if (line === '') return { failure: 'empty' };
    return line.charCodeAt(0) === 123 ? json(line) : text(line);
  },
};
