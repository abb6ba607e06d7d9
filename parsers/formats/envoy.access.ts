/**
 * HOT. Envoy's access log in its default text format and in Istio's, and as JSON under the names of Envoy Gateway and
 * Istio. Time is the start. `response_flags` say how Envoy ended the request, `response_code_details` why.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isUniqueId,
  known,
  numberOf,
  peerAddress,
  setClientPeer,
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
  const dash = line.startsWith('- - -"', from) || line.startsWith('-"', from);
  const end = line.indexOf('" ', protocol > 0 && !dash ? protocol : from);
  return end < 0 && line.endsWith('"') ? line.length - 1 : end;
}

function isFlags(text: string): boolean {
  return text === '-' || /^[A-Z]{1,7}(?:,[A-Z]{1,7})*$/.test(text);
}

/** Names of what stands behind the duration, for lines of Istio. */
const BACK = [
  'upstream_service_time',
  'forwarded_for',
  'user_agent',
  'request_id',
  'authority',
  'upstream_host',
] as const;

function setBack(entry: Entry, name: (typeof BACK)[number], value: string): void {
  if (value === '-' || value === '') return;
  if (name === 'forwarded_for') entry.forwardedFor = value;
  else if (name === 'user_agent') entry.userAgentOriginal = value;
  else if (name === 'authority') entry.urlDomain = domainOf(value);
  else if (name === 'upstream_host') entry.upstreamAddress = value;
  else if (name === 'request_id' && isUniqueId(value)) addId(entry, value);
  else addAttribute(entry, name, value);
}

/**
 * ` 10 "forwarded" "agent" "id" "authority" "host"`; gives the position behind. The client writes the agent, and nothing
 * in it is escaped: it ends where the three fields begin that are counted from the right.
 */
function setQuoted(entry: Entry, line: string, from: number): number {
  const blank = line.indexOf(' ', from);
  if (blank < 0) return line.length;
  setBack(entry, 'upstream_service_time', line.slice(from, blank));
  if (line.charCodeAt(blank + 1) !== 34) return blank + 1;
  const last = line.lastIndexOf('"');
  let end = last;
  for (const name of ['upstream_host', 'authority', 'request_id'] as const) {
    const open = line.lastIndexOf('"', end - 1);
    if (open <= blank + 1 || line.charCodeAt(open - 1) !== 32 || line.charCodeAt(open - 2) !== 34) {
      addAttribute(entry, 'extra', line.slice(blank + 1));
      return line.length;
    }
    setBack(entry, name, line.slice(open + 1, end));
    end = open - 2;
  }
  const forwarded = line.indexOf('" "', blank + 2);
  if (forwarded < 0 || forwarded > end) setBack(entry, 'user_agent', line.slice(blank + 2, end));
  else {
    setBack(entry, 'forwarded_for', line.slice(blank + 2, forwarded));
    setBack(entry, 'user_agent', line.slice(forwarded + 3, end));
  }
  return last + 2;
}

/** Emissary puts a word in front of each line. */
const EMISSARY = 'ACCESS ';

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
  let at = end + 2;
  const word = (): string => {
    let stop: number;
    if (line.charCodeAt(at) === 34) {
      stop = closing(line, at + 1);
      if (stop < 0) stop = line.length;
      const value = line.slice(at + 1, stop);
      at = stop + 2;
      return value;
    }
    stop = line.indexOf(' ', at);
    if (stop < 0) stop = line.length;
    const value = line.slice(at, stop);
    at = stop + 1;
    return value;
  };
  const status = word();
  const code = numberOf(status);
  if (code === null || code > 999) {
    if (status === '') return TORN;
    return entry.networkProtocol === null ? NO_FORMAT : { failure: 'status', field: 'response_code' };
  }
  entry.httpResponseStatusCode = code;
  const flags = word();
  if (!isFlags(flags)) return { failure: 'format', field: 'response_flags' };
  if (flags !== '-') entry.eventOutcome = flags;
  // Bytes received, or what newer versions and Istio put in front of them.
  for (const name of ['response_code_details', 'connection_termination_details', 'upstream_transport_failure_reason']) {
    const c = line.charCodeAt(at);
    const stop = line.indexOf(' ', at);
    if (c >= 48 && c <= 57 && stop > 0 && numberOf(line.slice(at, stop)) !== null) break;
    const value = word();
    if (value !== '-' && value !== '') addAttribute(entry, name, value);
  }
  const received = word();
  const sent = word();
  const duration = word();
  if (numberOf(received) === null || numberOf(sent) === null)
    return at > line.length ? TORN : { failure: 'format', field: 'bytes' };
  addAttribute(entry, 'bytes_received', received);
  entry.httpResponseBodySize = numberOf(sent);
  entry.durationMs = decimalOf(duration);
  at = setQuoted(entry, line, at);
  if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
  if (at >= line.length) return entry;
  // Istio: cluster, local address upstream, local and remote address downstream, server name, route.
  addAttribute(entry, 'upstream_cluster', word());
  addAttribute(entry, 'upstream_local_address', word());
  const local = word();
  const peer = word();
  setServer(entry, local);
  if (peer !== '-' && peer !== '') setClientPeer(entry, peer);
  addAttribute(entry, 'requested_server_name', word());
  if (at < line.length) addAttribute(entry, 'route_name', word());
  if (at < line.length) addAttribute(entry, 'extra', line.slice(at));
  return entry;
}

function setServer(entry: Entry, local: string): void {
  if (local === '-' || local === '') return;
  entry.serverAddress = peerAddress(local);
  const colon = local.lastIndexOf(':');
  entry.serverPort = colon > 0 ? numberOf(local.slice(colon + 1)) : null;
}

/** Names that Envoy Gateway, Istio, Contour and the examples of Envoy's documentation give to the members. */
const MEMBERS = new Map<string, string>();
for (const [meaning, names] of Object.entries({
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
}))
  for (const name of names.split(' ')) MEMBERS.set(name, meaning);

function json(line: string): Entry | Failure {
  // Two of Envoy's own words, before the line is parsed.
  // Tyk has details as well, and says `status`.
  const details = line.indexOf('"response_code_details"') >= 0 && line.indexOf('"response_code"') >= 0;
  if (!details && line.indexOf('"response_flags"') < 0) return NO_FORMAT;
  const object = parseObject(line);
  if (object === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  const given: Record<string, string> = {};
  for (const key in object) {
    const value = object[key];
    if (value === null || value === '' || value === '-') continue;
    if (typeof value === 'object') {
      for (const [name, text] of flatten({ [key]: value })) addAttribute(entry, name, String(text));
      continue;
    }
    const text = typeof value === 'string' ? value : String(value);
    const meaning = MEMBERS.get(key) ?? MEMBERS.get(key.toLowerCase());
    if (meaning === undefined) addAttribute(entry, key, text);
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
  parse(record) {
    const line = record.trim();
    if (line === '') return { failure: 'empty' };
    return line.charCodeAt(0) === 123 ? json(line) : text(line);
  },
};
