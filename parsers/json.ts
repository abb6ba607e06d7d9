/**
 * JSON in log lines: read with the repairs that real logs need, flattened to dotted names, and mapped to an Entry by
 * the names that loggers use. Names are compared without case; what has no field becomes an attribute.
 */

import { lastOf } from './clf.ts';
import type { Entry } from './entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isAddress,
  isMethod,
  isUniqueId,
  known,
  levelOf,
  levelOfNumber,
  numberOf,
  peerAddress,
  setClientPeer,
  setRequestLine,
  setTarget,
} from './fields.ts';
import { epochMs, read, readAny } from './time.ts';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `dig(x, 'a', 'b')` is x.a.b where that exists. */
export function dig(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

/** Scalars as text, null and missing as '', anything else as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * The object in `text`, or null. nginx's escape=json leaves unquoted numbers empty (`"us":,`) and escapes of the
 * default mode (`\x22`) are no JSON: both are repaired.
 */
export function parseObject(text: string): JsonObject | null {
  const value = tryParse(text);
  if (value !== undefined) return isObject(value) ? value : null;
  if (!text.endsWith('}')) return null;
  const second = tryParse(repair(text));
  return isObject(second) ? second : null;
}

/**
 * One pass, because a hostile line must not cost more than its length: `\xHH` becomes `\u00HH` inside strings; outside,
 * a member without value or with `-` becomes null and leading zeros go.
 */
function repair(text: string): string {
  let out = '';
  let from = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === 34) quoted = false;
      else if (c === 92) {
        if (text.charCodeAt(i + 1) === 120) {
          out += `${text.slice(from, i)}\\u00`;
          from = i + 2;
        }
        i++;
      }
      continue;
    }
    if (c === 34) quoted = true;
    else if (c === 58) {
      let at = i + 1;
      while (text.charCodeAt(at) === 32) at++;
      let end = at;
      if (text.charCodeAt(end) === 45 && !(text.charCodeAt(end + 1) >= 48)) end++;
      const next = text.charCodeAt(end);
      if (next === 44 || next === 125) {
        out += `${text.slice(from, i + 1)}null`;
        from = end;
      } else if (next === 48) {
        while (text.charCodeAt(end) === 48 && text.charCodeAt(end + 1) >= 48 && text.charCodeAt(end + 1) <= 57) end++;
        if (end > at) {
          out += text.slice(from, i + 1);
          from = end;
        }
      }
      i = Math.max(i, from - 1);
    }
  }
  return out + text.slice(from);
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Depth and number of members that are looked at: a record is a line, not a document. */
const DEPTH_MAX = 6;
const MEMBERS_MAX = 400;

/** [dotted name, value] of every scalar; arrays become one text joined by ", " when they hold scalars, else JSON. */
export function flatten(json: JsonObject): [string, string | number | boolean][] {
  const out: [string, string | number | boolean][] = [];
  const visit = (prefix: string, object: JsonObject, depth: number) => {
    for (const [key, value] of Object.entries(object)) {
      if (out.length >= MEMBERS_MAX) return;
      const name = prefix === '' ? key : `${prefix}.${key}`;
      if (value === null || value === undefined) continue;
      if (Array.isArray(value)) {
        if (value.length === 0) continue;
        out.push([
          name,
          value.every((item) => typeof item !== 'object' || item === null)
            ? value.map(textOf).join(', ')
            : JSON.stringify(value),
        ]);
      } else if (typeof value === 'object') {
        if (depth >= DEPTH_MAX) out.push([name, JSON.stringify(value)]);
        else visit(name, value as JsonObject, depth + 1);
      } else out.push([name, value as string | number | boolean]);
    }
  };
  visit('', json, 0);
  return out;
}

/** What a JSON name stands for. */
type Meaning =
  | 'time'
  | 'level'
  | 'message'
  | 'template'
  | 'logger'
  | 'method'
  | 'target'
  | 'path'
  | 'query'
  | 'host'
  | 'status'
  | 'size'
  | 'upstreamStatus'
  | 'upstream'
  | 'client'
  | 'peer'
  | 'clientPort'
  | 'forwarded'
  | 'user'
  | 'agent'
  | 'referer'
  | 'contentType'
  | 'id'
  | 'seconds'
  | 'millis'
  | 'nanos'
  | 'duration'
  | 'protocol'
  | 'request'
  | 'pid'
  | 'server'
  | 'serverPort'
  | 'errorCode'
  | 'eventCode'
  | 'file'
  | 'connection'
  | 'secret';

const NAMES: Record<Meaning, string> = {
  time: '@timestamp timestamp time ts @t datetime date time_local time_iso8601 time_iso msec eventtime logtime asctime requesttime starttime start_time instant.epochsecond',
  level: 'level severity lvl loglevel log.level levelname @l level_name severitytext priority',
  message: 'message msg @m short_message event text log.message error_description',
  template: '@mt',
  logger:
    'logger name logger_name log.logger loggername channel category sourcecontext properties.sourcecontext component module',
  method:
    'method req.method request.method http.method http.request.method request_method requestmethod http_method httpmethod verb cs-method httprequest.requestmethod',
  target:
    'url uri req.url request.url request.uri request_uri requesturi http.url url.original requesturl requestpath req.uri httprequest.requesturl original_url originalurl url.full http.target request.originalurl target http_uri',
  path: 'path url.path request_path req.path request.path uripath http.route.path urlpath http.path',
  query: 'query query_string querystring url.query args request.querystring req.query_string',
  host: 'host req.headers.host request.host http_host req.host request.headers.host http.host url.domain vhost domain server_name headers.host requesthost http.request.header.host hostname_requested authority req.hostname :authority',
  status:
    'status statuscode status_code res.statuscode response.status http.status_code http.response.status_code response.statuscode res.status response_code responsecode http_status httpstatus code_http httprequest.status response_status downstreamstatus http.response.status response.status_code http_status_code statuscodehttp',
  size: 'bytes body_bytes_sent bytes_sent size http.response.body.bytes http.response.body.size response_size responsesize length content_length contentlength bytes_written res.contentlength res.headers.content-length httprequest.responsesize',
  upstreamStatus: 'upstream_status us upstreamstatus originstatus upstream.status upstream_status_code',
  upstream: 'upstream_addr upstream upstreamaddr upstream_host upstream.address serviceaddr backend',
  client:
    'remote_addr client_ip clientip remote_ip ip client.address client.ip remoteip source.ip clientaddr client_address remoteaddr remote_host clienthost realip real_ip req.ip request.client_ip cip clientipaddress http.client_ip request.ip src_ip sourceip httprequest.remoteip',
  peer: 'req.remoteaddress remoteaddress remote_address client req.remote_addr peer.address downstream_remote_address socket.remoteaddress',
  clientPort: 'req.remoteport remote_port remoteport client.port client_port source.port clientport',
  forwarded:
    'x_forwarded_for x-forwarded-for xff http_x_forwarded_for req.headers.x-forwarded-for request.headers.x-forwarded-for headers.x-forwarded-for forwarded_for forwardedfor request.headers.x_forwarded_for',
  user: 'user username user_name remote_user user.name userid user_id user.id uid_name usr usr.id usr.name req.user req.user.id account subject sub principal',
  agent:
    'http_user_agent user_agent useragent req.headers.user-agent request.headers.user-agent user_agent.original agent http.user_agent headers.user-agent request.user_agent user-agent httprequest.useragent browser_agent',
  referer:
    'http_referer http_referrer referer referrer req.headers.referer request.headers.referer headers.referer http.request.referrer httprequest.referer',
  contentType:
    'req.headers.content-type request.headers.content-type headers.content-type content_type http.request.mime_type',
  id: 'request_id requestid req_id reqid req.id x_request_id x-request-id http_x_request_id req.headers.x-request-id request.headers.x-request-id headers.x-request-id request.id http.request.id correlation_id correlationid req.headers.x-correlation-id trace_id traceid trace.id @tr dd.trace_id transaction.id transactionid req.headers.traceparent trace traceparent ray_id rayid unique_id uuid rid x_correlation_id contextid context.requestid mdc.requestid mdc.traceid properties.requestid contextmap.requestid contextmap.traceid extra.request_id',
  seconds: 'request_time rt duration_s elapsed_s durationsec requesttime_s',
  millis:
    'responsetime response_time ms duration_ms elapsed_ms durationms elapsedms elapsed responsetimems response_time_ms latency_ms latencyms request_time_ms took_ms took',
  nanos: 'event.duration duration_ns elapsed_ns',
  duration: 'duration latency elapsedtime time_taken timetaken httprequest.latency',
  protocol:
    'protocol server_protocol proto http_version req.protocol request.proto requestprotocol http.version network.protocol',
  request: 'request request_line requestline http_request',
  pid: 'pid process.pid process_id processid',
  server: 'server_addr server.address server_ip',
  serverPort: 'server_port server.port',
  errorCode: 'err.code error.code errno',
  eventCode: 'eventid event_id event.code errorcode error_code code',
  file: 'file.path',
  connection: 'connection conn connection_id',
  secret:
    'req.headers.authorization request.headers.authorization headers.authorization authorization http_authorization req.headers.cookie request.headers.cookie headers.cookie cookie http_cookie req.headers.x-api-key request.headers.x-api-key headers.x-api-key x-api-key api_key apikey token access_token password',
};

const MEANINGS = new Map<string, Meaning>();
for (const [meaning, names] of Object.entries(NAMES)) {
  for (const name of names.split(' ')) if (!MEANINGS.has(name)) MEANINGS.set(name, meaning as Meaning);
}

/** What the mapping learned that an Entry cannot hold. */
export interface Mapped {
  /** A time was there, and could not be read. */
  badTime: boolean;
  badStatus: boolean;
}

/** Headers logged with `_`, or one-element lists: the text. */
function plain(value: string | number | boolean): string {
  return typeof value === 'string' ? value : String(value);
}

/** Fills `entry` from the members of `json`. Fields that are already set stay as they are. */
export function mapJson(entry: Entry, json: JsonObject): Mapped {
  const mapped: Mapped = { badTime: false, badStatus: false };
  let path = '';
  let query = '';
  let client = '';
  let template = '';
  for (const [name, value] of flatten(json)) {
    const text = plain(value);
    const meaning = MEANINGS.get(name.toLowerCase());
    if (meaning === undefined || !take(entry, meaning, name, value, text, mapped)) {
      if (meaning === 'path') path = text;
      else if (meaning === 'query') query = text;
      else if (meaning === 'peer') client = text;
      else if (meaning === 'template') template = text;
      else if (meaning === 'secret') addAttribute(entry, name, maskSecret(text));
      else addAttribute(entry, name, text);
    }
  }
  if (entry.urlPath === null && path !== '' && path.charCodeAt(0) === 47) setTarget(entry, path);
  else if (path !== '' && path !== entry.urlPath) addAttribute(entry, 'path', path);
  if (query !== '' && query !== '{}') {
    const text = query.charCodeAt(0) === 63 ? query.slice(1) : query;
    if (entry.urlQuery === null && entry.urlPath !== null) entry.urlQuery = text;
    else if (entry.urlQuery !== text) addAttribute(entry, 'query', text);
  }
  if (client !== '') {
    const address = peerAddress(client).replace(/^::ffff:(?=\d)/, '');
    if (entry.clientAddress === null && isAddress(address)) {
      if (client !== address && isAddress(peerAddress(client))) setClientPeer(entry, client);
      entry.clientAddress = address;
    } else if (entry.clientAddress !== address) addAttribute(entry, 'remoteAddress', client);
  }
  if (entry.message === null && template !== '') entry.message = template;
  return mapped;
}

/** A secret is never kept; its scheme and presence are evidence. */
function maskSecret(text: string): string {
  const space = text.indexOf(' ');
  return space > 0 && space < 12 ? `${text.slice(0, space)} ***` : '***';
}

/** Puts one member into its field; false = it does not fit there, or the field is taken. */
function take(
  entry: Entry,
  meaning: Meaning,
  name: string,
  value: string | number | boolean,
  text: string,
  mapped: Mapped,
): boolean {
  // nginx and Apache write - or nothing for what is absent.
  if (text === '' || text === '-') return true;
  switch (meaning) {
    case 'time': {
      if (!Number.isNaN(entry.timeMs)) return false;
      const ms = typeof value === 'number' ? epochMs(value) : readAny(text);
      if (Number.isNaN(ms)) {
        mapped.badTime = true;
        return false;
      }
      entry.timeMs = ms;
      entry.timeZoneless = typeof value === 'number' ? false : read.zoneless;
      return true;
    }
    case 'level': {
      const level =
        typeof value === 'number'
          ? levelOfNumber(value)
          : (levelOf(text) ?? (/^\d+$/.test(text) ? levelOfNumber(Number(text)) : null));
      if (level === null || entry.logLevel !== null) return false;
      entry.logLevel = level;
      return true;
    }
    case 'message':
      if (typeof value !== 'string' || entry.message !== null) return false;
      entry.message = text;
      return true;
    case 'logger':
      if (typeof value !== 'string' || entry.logLogger !== null) return false;
      entry.logLogger = text;
      return true;
    case 'method': {
      const method = text.toUpperCase();
      if (!isMethod(method) || entry.httpRequestMethod !== null) return false;
      entry.httpRequestMethod = method;
      return true;
    }
    case 'target': {
      if (entry.urlPath !== null || (text.charCodeAt(0) !== 47 && !/^https?:\/\//.test(text))) return false;
      const domain = entry.urlDomain;
      setTarget(entry, text);
      if (domain !== null) entry.urlDomain = domain;
      return true;
    }
    case 'request': {
      const before = entry.attributes?.request;
      if (entry.httpRequestMethod !== null && entry.urlPath !== null) return false;
      const domain = entry.urlDomain;
      setRequestLine(entry, text);
      if (domain !== null) entry.urlDomain = domain;
      return entry.attributes?.request === before || entry.attributes?.request === text;
    }
    case 'host': {
      const domain = domainOf(text);
      if (domain === null || /[\s/]/.test(domain)) return false;
      if (entry.urlDomain === domain) return true;
      // `host` of a bunyan-like logger is the machine; a name with a dot from a header wins.
      if (entry.urlDomain !== null) return false;
      entry.urlDomain = domain;
      return true;
    }
    case 'status': {
      const status = numberOf(text);
      if (status === null || text.length > 3) {
        if (typeof value === 'string' && entry.httpRequestMethod !== null) mapped.badStatus = true;
        return false;
      }
      if (entry.httpResponseStatusCode !== null) return entry.httpResponseStatusCode === status;
      entry.httpResponseStatusCode = status;
      return true;
    }
    case 'size':
      return setNumber(entry, 'httpResponseBodySize', numberOf(text));
    case 'upstreamStatus': {
      const status = numberOf(lastOf(text));
      if (status === null || status > 999) return false;
      entry.upstreamStatusCode = status;
      return lastOf(text) === text;
    }
    case 'upstream':
      if (entry.upstreamAddress !== null) return false;
      entry.upstreamAddress = lastOf(text);
      return entry.upstreamAddress === text;
    case 'client': {
      const address = peerAddress(text).replace(/^::ffff:(?=\d)/, '');
      if (!isAddress(address) || entry.clientAddress !== null) return entry.clientAddress === address;
      entry.clientAddress = address;
      return true;
    }
    case 'clientPort':
      return setNumber(entry, 'clientPort', numberOf(text) || null);
    case 'forwarded':
      if (entry.forwardedFor !== null) return entry.forwardedFor === text;
      entry.forwardedFor = text;
      return true;
    case 'user':
      if (entry.userName !== null) return entry.userName === text;
      entry.userName = text;
      return true;
    case 'agent':
      if (entry.userAgentOriginal !== null) return false;
      entry.userAgentOriginal = known(text);
      return true;
    case 'referer':
      if (entry.httpRequestReferrer !== null) return false;
      entry.httpRequestReferrer = known(text);
      return true;
    case 'contentType':
      if (entry.httpRequestContentType !== null) return false;
      entry.httpRequestContentType = text;
      return true;
    case 'id':
      // A counter (pino-http's req.id 1, 2, 3 …) names nothing outside its process.
      if (!isUniqueId(text)) return false;
      addId(entry, text);
      return true;
    case 'seconds':
      return setNumber(entry, 'durationMs', scaled(text, 1000));
    case 'millis':
      return setNumber(entry, 'durationMs', scaled(text, 1));
    case 'nanos':
      return setNumber(entry, 'durationMs', scaled(text, 1e-6));
    case 'duration': {
      const unit = /^([\d.]+)\s*(ns|us|µs|ms|s)$/.exec(text);
      if (unit !== null) return setNumber(entry, 'durationMs', scaled(unit[1]!, UNITS[unit[2]!]!));
      // A bare number has no unit: kept, not guessed.
      return false;
    }
    case 'protocol':
      if (entry.networkProtocol !== null) return false;
      if (/^HTTP\//.test(text)) entry.networkProtocol = text;
      else if (/^[123](?:\.\d)?$/.test(text) && name.toLowerCase().includes('version'))
        entry.networkProtocol = `HTTP/${text}`;
      else return false;
      return true;
    case 'pid':
      if (entry.processId !== null) return false;
      entry.processId = text;
      return true;
    case 'server':
      if (!isAddress(text)) return false;
      entry.serverAddress = text;
      return true;
    case 'serverPort':
      return setNumber(entry, 'serverPort', numberOf(text) || null);
    case 'errorCode':
      if (entry.errorCode !== null) return false;
      entry.errorCode = text;
      return true;
    case 'eventCode':
      if (entry.eventCode !== null) return false;
      entry.eventCode = text;
      return true;
    case 'file':
      entry.filePath = text;
      return true;
    case 'connection':
      if (!/^\d+$/.test(text)) return false;
      entry.connectionId = text;
      return true;
    default:
      return false;
  }
}

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000 };

function scaled(text: string, factor: number): number | null {
  const n = decimalOf(lastOf(text));
  return n === null || n < 0 ? null : Math.round(n * factor * 1000) / 1000;
}

function setNumber(
  entry: Entry,
  field: 'httpResponseBodySize' | 'clientPort' | 'durationMs' | 'serverPort',
  value: number | null,
): boolean {
  if (value === null || entry[field] !== null) return false;
  entry[field] = value;
  return true;
}
