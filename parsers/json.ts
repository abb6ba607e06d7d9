/**
 * JSON in log lines: read with the repairs that real logs need, flattened to dotted names, and mapped to an Entry by
 * the names that loggers use. Names are compared without case; what has no field becomes an attribute.
 */

import { lastOf, VARNISH_HANDLINGS } from './clf.ts';
import { type Entry, leavesAttributes } from './entry.ts';
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
  // A line break within a string (Laravel's traces) is certain to fail, and failing costs more than the repair.
  const value = text.indexOf('\n') < 0 ? tryParse(text) : tryParse(repair(text));
  if (value !== undefined) return isObject(value) ? value : null;
  if (!text.endsWith('}')) return null;
  const second = tryParse(repair(text));
  return isObject(second) ? second : null;
}

/**
 * One pass, because a hostile line must not cost more than its length. Inside strings `\xHH` becomes `\u00HH`, raw
 * control bytes are escaped and a backslash that escapes nothing stands for itself; outside, a member without value or
 * with `-` becomes null and leading zeros go.
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
        const next = text.charCodeAt(i + 1);
        if (next === 120) {
          out += `${text.slice(from, i)}\\u00`;
          from = i + 2;
        } else if (!ESCAPABLE.has(next)) {
          out += `${text.slice(from, i)}\\\\`;
          from = i + 1;
          continue;
        }
        i++;
      } else if (c < 32) {
        out += `${text.slice(from, i)}\\u${c.toString(16).padStart(4, '0')}`;
        from = i + 1;
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

/** `"` `/` `\` b f n r t u */
const ESCAPABLE = new Set([34, 47, 92, 98, 102, 110, 114, 116, 117]);

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
export type Meaning =
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
  | 'fraction'
  | 'termination'
  | 'handling'
  | 'secret';

const NAMES: Record<Meaning, string> = {
  time: '@timestamp t timemillis timeunixnano timestamputc utctime datetimeutc eventtimestamp log.timestamp timestamp time ts @t datetime date time_local time_iso8601 time_iso msec eventtime logtime asctime requesttime starttime start_time instant.epochsecond',
  level:
    'level_name levelname severity_text level severity lvl loglevel log.level levelname @l severitytext priority log_level',
  message:
    'message msg @m renderedmessage short_message event text log.message body body.stringvalue @message error_description',
  template: '@mt messagetemplate',
  logger:
    'logger logger.name name logger_name log.logger loggername channel category sourcecontext properties.sourcecontext component module',
  method:
    'method req.method request.method http.method http.request.method request_method requestmethod http_method httpmethod verb cs-method httprequest.requestmethod cs_method request.http_method',
  target:
    'url uri req.url request.url request.uri request_uri requesturi http.url url.original requesturl requestpath req.uri httprequest.requesturl original_url originalurl url.full http.target request.originalurl target http_uri',
  path: 'path http_path cs_uri_stem url.path request_path req.path request.path uripath http.route.path urlpath http.path',
  query: 'query query_string querystring url.query args request.querystring req.query_string',
  host: 'host req.headers.host request.host http_host req.host request.headers.host http.host url.domain vhost domain server_name headers.host requesthost http.request.header.host hostname_requested authority req.hostname :authority',
  status:
    'status statuscode status_code res.statuscode response.status http.status_code http.response.status_code response.statuscode res.status response_code responsecode http_status httpstatus code_http httprequest.status response_status downstreamstatus http.response.status response.status_code http_status_code statuscodehttp httpstatuscode sc_status response_status_code',
  size: 'bytes body_bytes_sent bytes_sent size http.response.body.bytes http.response.body.size response_size responsesize length content_length contentlength bytes_written res.contentlength res.headers.content-length httprequest.responsesize',
  upstreamStatus: 'upstream_status us upstreamstatus originstatus upstream.status upstream_status_code',
  upstream: 'upstream_addr upstream upstreamaddr upstream_host upstream.address serviceaddr backend',
  client:
    'remote_addr client_ip clientip remote_ip ip client.address client.ip remoteip source.ip clientaddr client_address remoteaddr remote_host clienthost realip real_ip req.ip request.client_ip cip clientipaddress http.client_ip request.ip src_ip sourceip httprequest.remoteip visitor_ip addr.remote user_ip userip ip_address ipaddress c_ip remote.ip network.client.ip peer_ip client_ip_address',
  peer: 'remote remote.address req.remoteaddress remoteaddress remote_address client req.remote_addr peer.address downstream_remote_address socket.remoteaddress',
  clientPort: 'req.remoteport remote_port remoteport client.port client_port source.port clientport',
  forwarded:
    'x_forwarded_for x-forwarded-for xff http_x_forwarded_for req.headers.x-forwarded-for request.headers.x-forwarded-for headers.x-forwarded-for forwarded_for forwardedfor request.headers.x_forwarded_for fwd',
  user: 'user username user_name remote_user user.name userid user_id user.id uid_name usr usr.id usr.name req.user req.user.id account subject sub principal user.username user.email user.login user_login login',
  agent:
    'http_user_agent user_agent useragent req.headers.user-agent request.headers.user-agent user_agent.original agent http.user_agent headers.user-agent request.user_agent user-agent httprequest.useragent browser_agent ua',
  referer:
    'http_referer http_referrer referer referrer req.headers.referer request.headers.referer headers.referer http.request.referrer httprequest.referer',
  contentType:
    'req.headers.content-type request.headers.content-type headers.content-type content_type http.request.mime_type',
  id: 'request_id requestid req_id reqid req.id x_request_id x-request-id http_x_request_id req.headers.x-request-id request.headers.x-request-id headers.x-request-id request.id http.request.id correlation_id correlationid req.headers.x-correlation-id trace_id traceid trace.id @tr dd.trace_id transaction.id transactionid req.headers.traceparent trace traceparent ray_id rayid unique_id uuid rid x_correlation_id contextid context.requestid mdc.requestid mdc.traceid properties.requestid contextmap.requestid contextmap.traceid extra.request_id request-id operation_id operationid activityid logging.googleapis.com/trace amzn_trace_id x_amzn_trace_id',
  seconds: 'request_time rt duration_s elapsed_s durationsec requesttime_s',
  millis:
    'responsetime response_time ms duration_ms elapsed_ms durationms elapsedms elapsed responsetimems response_time_ms latency_ms latencyms request_time_ms took_ms took',
  nanos: 'event.duration duration_ns elapsed_ns',
  duration: 'duration latency elapsedtime time_taken timetaken httprequest.latency service',
  protocol:
    'protocol server_protocol proto http_version req.protocol request.proto requestprotocol http.version network.protocol',
  request: 'request request_line requestline http_request',
  pid: 'pid process.pid process_id processid',
  server: 'server_addr server.address server_ip',
  serverPort: 'server_port server.port',
  errorCode: 'err.code error.code errno',
  eventCode: 'eventid event_id event.code errorcode error_code code eventid.id',
  file: 'file.path',
  connection: 'connection conn connection_id',
  fraction: 'instant.nanoofsecond',
  termination:
    'termination_state term_state termstate terminationstate termination_status session_state haproxy.termination_state tsc',
  handling: 'handling varnish_handling varnish.handling varnish:handling vcl_handling cache_handling',
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

/** Objects that loggers put the program's own members into: `{"context":{"user":"bob"}}` names the user as `{"user":"bob"}` does. */
const NESTS =
  /^(?:jsonpayload|properties|state|scopes|fields|attributes|context|ctx|extra|mdc|contextmap|data|meta|metadata|params|payload|named_tags|httprequest|http_request|labels|tags|request|req|http|details|event_data|message|msg|log|@fields|connection|client)\./;

/** What is known of a member's name, so that names are put together and looked up once, not per record. */
interface Name {
  text: string;
  meaning: Meaning | undefined;
  /** What it means when nothing outside of the nest means that. */
  nested: Meaning | undefined;
  members: Map<string, Name>;
}

const ROOT: Name = { text: '', meaning: undefined, nested: undefined, members: new Map() };
/** Logs with ids as keys must not fill the memory; names beyond these are looked up each time. */
const NAMES_MAX = 10_000;
let namesKept = 0;

function nameIn(parent: Name, key: string): Name {
  let name = parent.members.get(key);
  if (name !== undefined) return name;
  const text = parent === ROOT ? key : `${parent.text}.${key}`;
  const lower = text.toLowerCase();
  const meaning = MEANINGS.get(lower);
  let nested: Meaning | undefined;
  if (meaning === undefined) {
    // GELF's additional members begin with `_`.
    let inner = lower.charCodeAt(0) === 95 ? lower.slice(1) : lower;
    if (inner !== lower) nested = MEANINGS.get(inner);
    for (let depth = 0; depth < 3 && nested === undefined; depth++) {
      const shorter = inner.replace(NESTS, '');
      if (shorter === inner) break;
      inner = shorter;
      nested = MEANINGS.get(inner);
    }
    // A number of a form or a nested "name" is anything.
    if (nested === 'logger' || nested === 'eventCode' || nested === 'errorCode' || nested === 'time')
      nested = undefined;
  }
  name = { text, meaning, nested, members: new Map() };
  if (namesKept < NAMES_MAX && key.length <= 200) {
    namesKept++;
    parent.members.set(key, name);
  }
  return name;
}

/** What a dotted name means, for those that take lines apart without parsing them. */
export function meaningOf(name: string): { meaning: Meaning | undefined; nested: Meaning | undefined } {
  let at = ROOT;
  for (const key of name.split('.')) at = nameIn(at, key);
  return at;
}

/** One object for all records: `mapJson` is not re-entered. */
const state = {
  entry: null as unknown as Entry,
  mapped: null as unknown as Mapped,
  count: 0,
  path: '',
  query: '',
  client: '',
  template: '',
  nested: [] as [Name, string | number | boolean][],
};

/** Fills `entry` from the members of `json`. Fields that are already set stay as they are. HOT */
export function mapJson(entry: Entry, json: JsonObject): Mapped {
  const mapped: Mapped = { badTime: false, badStatus: false };
  state.entry = entry;
  state.mapped = mapped;
  state.count = 0;
  state.path = '';
  state.query = '';
  state.client = '';
  state.template = '';
  if (state.nested.length > 0) state.nested = [];
  visit(ROOT, json, 0);
  for (const [name, value] of state.nested) {
    const text = typeof value === 'string' ? value : String(value);
    if (!isTaken(entry, name.nested!) && take(entry, name.nested!, name.text, value, text, mapped)) continue;
    if (name.nested === 'path' && state.path === '') state.path = text;
    else if (name.nested === 'query' && state.query === '') state.query = text;
    else addAttribute(entry, name.text, name.nested === 'secret' ? maskSecret(text) : text);
  }
  const { path, query, client, template } = state;
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

/** A nested member must not stand beside what the record says itself. */
function isTaken(entry: Entry, meaning: Meaning): boolean {
  switch (meaning) {
    case 'message':
    case 'template':
      return entry.message !== null;
    case 'level':
      return entry.logLevel !== null;
    case 'host':
      return entry.urlDomain !== null;
    case 'client':
    case 'peer':
      return entry.clientAddress !== null;
    case 'user':
      return entry.userName !== null;
    default:
      return false;
  }
}

function visit(parent: Name, object: JsonObject, depth: number): void {
  for (const key in object) {
    const value = object[key];
    if (value === null || value === undefined) continue;
    if (state.count >= MEMBERS_MAX) return;
    if (typeof value === 'object') {
      if (Array.isArray(value)) visitArray(nameIn(parent, key), value, depth);
      else if (depth >= DEPTH_MAX) visitDeep(nameIn(parent, key), value);
      else visit(nameIn(parent, key), value as JsonObject, depth + 1);
    } else put(nameIn(parent, key), value as string | number | boolean);
  }
}

function visitDeep(name: Name, value: object): void {
  put(name, isLeft(name) ? '' : JSON.stringify(value));
}

function visitArray(name: Name, list: unknown[], depth: number): void {
  if (list.length === 0) return;
  if (list.every((item) => typeof item !== 'object' || item === null)) {
    put(name, isLeft(name) ? '' : list.map(textOf).join(', '));
    return;
  }
  // `[{"key":"user","value":"bob"}]` of OpenTelemetry and GitLab is an object; so are the scopes of .NET.
  const pairs = list.every((item) => isObject(item) && typeof item.key === 'string' && 'value' in item);
  if (depth < DEPTH_MAX && (pairs || name.text === 'Scopes')) {
    for (const item of list) {
      if (!isObject(item)) continue;
      if (!pairs) visit(name, item, depth + 1);
      else visit(name, { [item.key as string]: plainValue(item.value) }, depth + 1);
    }
    return;
  }
  put(name, isLeft(name) ? '' : JSON.stringify(list));
}

/** It makes nothing but an attribute, and those are read later. */
function isLeft(name: Name): boolean {
  return leavesAttributes && name.meaning === undefined && name.nested === undefined;
}

/** `{"stringValue":"bob"}` of OpenTelemetry is "bob". */
function plainValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  return value.stringValue ?? value.intValue ?? value.doubleValue ?? value.boolValue ?? value;
}

function put(name: Name, value: string | number | boolean): void {
  state.count++;
  const { entry, mapped } = state;
  const { meaning } = name;
  if (isLeft(name)) return;
  if (meaning === undefined) {
    if (name.nested !== undefined) state.nested.push([name, value]);
    else addAttribute(entry, name.text, typeof value === 'string' ? value : String(value));
    return;
  }
  // Numbers that have a field need no text.
  if (typeof value === 'number' && takeNumber(entry, meaning, value)) return;
  const text = typeof value === 'string' ? value : String(value);
  if (take(entry, meaning, name.text, value, text, mapped)) return;
  if (meaning === 'path') state.path = text;
  else if (meaning === 'query') state.query = text;
  else if (meaning === 'peer') state.client = text;
  else if (meaning === 'template') state.template = text;
  else if (meaning === 'secret') addAttribute(entry, name.text, maskSecret(text));
  else addAttribute(entry, name.text, text);
}

/** The usual numbers; false = `take` decides. */
function takeNumber(entry: Entry, meaning: Meaning, value: number): boolean {
  switch (meaning) {
    case 'time':
      if (!Number.isNaN(entry.timeMs)) return false;
      entry.timeMs = epochMs(value);
      return !Number.isNaN(entry.timeMs);
    case 'level':
      if (entry.logLevel !== null) return false;
      entry.logLevel = levelOfNumber(value);
      return entry.logLevel !== null;
    case 'status':
      if (entry.httpResponseStatusCode !== null || !(value >= 0 && value <= 999) || value % 1 !== 0) return false;
      entry.httpResponseStatusCode = value;
      return true;
    case 'size':
      if (entry.httpResponseBodySize !== null || !(value >= 0 && value % 1 === 0)) return false;
      entry.httpResponseBodySize = value;
      return true;
    case 'seconds':
    case 'millis':
      if (entry.durationMs !== null || !(value >= 0)) return false;
      entry.durationMs = Math.round(value * (meaning === 'seconds' ? 1e6 : 1000)) / 1000;
      return true;
    case 'fraction':
      if (!Number.isNaN(entry.timeMs) && value >= 0 && value < 1e9) entry.timeMs += Math.floor(value / 1e6);
      return true;
    default:
      return false;
  }
}

/** A secret is never kept; its scheme and presence are evidence. */
function maskSecret(text: string): string {
  const space = text.indexOf(' ');
  return space > 0 && space < 12 ? `${text.slice(0, space)} ***` : '***';
}

/** What frameworks call a client that has not signed in. */
const NOBODY = new Set([
  'AnonymousUser',
  'anonymousUser',
  'anonymous',
  'Anonymous',
  '--',
  'null',
  'none',
  'None',
  'guest',
]);

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
      if (level === null || entry.logLevel !== null) return level !== null && entry.logLevel === level;
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
      const domain = hostMeant(name, text);
      if (domain === null) return entry.urlDomain !== null && entry.urlDomain === domainOf(text);
      if (entry.urlDomain === null) entry.urlDomain = domain;
      return entry.urlDomain === domain;
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
      if (address !== text && address.length < text.length && !text.startsWith('::ffff:')) setClientPeer(entry, text);
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
      if (NOBODY.has(text)) return false;
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
      // Google: `projects/p/traces/0b1c…`.
      if (text.startsWith('projects/')) {
        const id = text.slice(text.lastIndexOf('/') + 1);
        if (!isUniqueId(id)) return false;
        addId(entry, id);
        return true;
      }
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
    case 'termination':
      if (entry.eventOutcome !== null || !/^[A-Za-z-]{2}(?:[A-Z-]{2})?$/.test(text)) return false;
      entry.eventOutcome = text;
      return true;
    case 'handling':
      if (entry.eventOutcome !== null || !VARNISH_HANDLINGS.has(text)) return false;
      entry.eventOutcome = text;
      return true;
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

/** The domain that the member `name` means by `text`; null = none. */
export function hostMeant(name: string, text: string): string | null {
  // nginx and Apache write - or nothing for what is absent.
  if (text === '' || text === '-') return null;
  const domain = domainOf(text);
  if (domain === null || /[\s/]/.test(domain)) return null;
  // `host` of a logger may be the machine: only a name as websites have, or with a port, is taken from it.
  if (name.length === 4 && domain.indexOf('.') < 0 && domain !== 'localhost' && text.indexOf(':') < 0) return null;
  return domain;
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
