/**
 * What a parser makes of one record: a flat object of fixed shape. Field names are OpenTelemetry's, else
 * ECS's, in camelCase; `FIELDS` is the one table that says how each is called in JSON (with dots) and in
 * columns (with underscores). An Entry knows neither its layer nor any cause.
 */

import type { Context } from './parser.ts';

/** What kind of log the record stands in: the line of a request, of an error, of a WAF transaction, of an application, of a ban tool. */
export type EntryKind = 'access' | 'error' | 'audit' | 'app' | 'ban';

/** Which moment of the request `timeMs` names: `start` (Apache %t), `end` (nginx), `decision` (error logs). */
export type TimePoint = 'start' | 'end' | 'decision';

/** One rule that a WAF says it matched. Example: {id:"942100", message:"SQL Injection Attack Detected via libinjection", ...} */
export interface RuleMatch {
  id: string;
  /** `[msg]` of the rule. */
  message: string;
  /** `[data]`: what was matched, as logged; hostile text. */
  data: string;
  /** `[file]` of the rule, as logged. */
  file: string;
  /** Lower-case name: emergency alert critical error warning notice info debug; '' = none. */
  severity: string;
  tags: string[];
  /** The matched variable. Example: "ARGS:q" */
  variable: string;
  /** The text before the bracketed items ("Pattern match ... at ARGS:q.", "Operator GE matched 5 at TX:anomaly_score."). */
  match: string;
  /** This record of the rule says that the request was denied (`Access denied`), not only that it matched (`Warning.`). */
  denied: boolean;
}

/** One parsed record. `null` means that the record does not say. Example values stand behind each field. */
export interface Entry {
  /** "nginx.access": the name of the file in `parsers/formats/` that read it. */
  dataset: string;
  kind: EntryKind;
  /** Milliseconds since 1970, with a fraction where the record tells one (Apache's error log). Where `timeZoneless`, the record's wall clock read as if it were UTC. NaN = no time in the record. */
  timeMs: number;
  /** The record names no time zone: whoever knows the zone of the source has to move `timeMs`. */
  timeZoneless: boolean;
  timePoint: TimePoint;
  /** The whole request's duration in milliseconds. 203 */
  durationMs: number | null;

  /** "GET" */
  httpRequestMethod: string | null;
  /** As logged, not decoded, without query. "/orders/731" */
  urlPath: string | null;
  /** As logged, without "?". "q=wool" */
  urlQuery: string | null;
  /** The Host header or virtual host, without port, lower case. "shop.example.com" */
  urlDomain: string | null;
  /** "HTTP/1.1" */
  networkProtocol: string | null;
  /** What this layer answered. 403. 0 = closed without an answer. */
  httpResponseStatusCode: number | null;
  /** Bytes sent to the client, as this format counts them. */
  httpResponseBodySize: number | null;
  /** Last status that the next layer inward gave (`$upstream_status`, OriginStatus). null = not logged, 0 = logged as absent. */
  upstreamStatusCode: number | null;
  /** Next layer inward. "10.40.2.31:3000", "be_web/web1" */
  upstreamAddress: string | null;

  /** The client as this layer sees it (after its own real-ip handling), without port. "203.0.113.7" */
  clientAddress: string | null;
  clientPort: number | null;
  /** X-Forwarded-For as logged. "198.18.44.197, 10.40.0.10" */
  forwardedFor: string | null;
  /** Address of the server that wrote the record, where it says. */
  serverAddress: string | null;
  serverPort: number | null;
  userName: string | null;
  userAgentOriginal: string | null;
  httpRequestReferrer: string | null;
  /** Content type of the request, where logged. */
  httpRequestContentType: string | null;

  /** The id by which this layer names the request (request id, unique id, ray id …), the most specific first; low-entropy values are dropped by the linker, not here. */
  requestIds: string[];
  /** Connection serial (nginx *N) or another name of the connection within `processId`. */
  connectionId: string | null;
  processId: string | null;

  /** Lower case: emerg alert crit error warn notice info debug. */
  logLevel: string | null;
  /** Who in the program speaks: logger, module, jail. "django.security.csrf", "authz_core", "nginx-http-auth" */
  logLogger: string | null;
  /** The sentence of an error or application record, without the prefix that became fields. "access forbidden by rule" */
  message: string | null;
  /** The product's own code of the event. "AH01630", "13" (errno is `errorCode`) */
  eventCode: string | null;
  /** OS error number or name where the record has one. "13" */
  errorCode: string | null;
  /** File system path that the record names. "/var/www/uploads/" */
  filePath: string | null;

  /** How the layer ended the request, in the product's own words (HAProxy termination state "PR--", Varnish handling "synth", Squid "TCP_DENIED"). */
  eventOutcome: string | null;
  /** WAF: the engine says that it intercepted this transaction. null = it does not say. */
  wafIntercepted: boolean | null;
  /** WAF: "enabled" or "detection_only" where stated. */
  wafMode: string | null;
  /** WAF: matched rules, in the order of the log. */
  rules: RuleMatch[] | null;

  /** Everything else the record states, by its own name (JSON keys dotted: "req.headers.origin"), kept as text. */
  attributes: Record<string, string> | null;
}

/** Why a record could not be read. Closed list; the text is for people. */
export type FailureReason =
  | 'empty' // nothing but white space, or a comment of the format (W3C `#Version: 1.0`)
  | 'format' // does not have the shape of this dataset
  | 'time' // the shape fits, the time cannot be read
  | 'status' // the shape fits, the status is no number
  | 'json' // not valid JSON, also after repair
  | 'torn' // begins like a record and ends too early
  | 'binary'; // NUL or control bytes where text belongs

export interface Failure {
  failure: FailureReason;
  /** Which field could not be read. "time_local" */
  field?: string;
}

/** Shared by every entry without ids; never written to. */
export const NO_IDS: string[] = [];

/** Reads the record as `Format.parse` does. */
type Parse = (record: string, context: Context) => Entry | Failure;

/**
 * HOT. What every Entry is made of: one hidden class for all. `attributes` may still lie in the text of the record:
 * nine entries of ten are never asked for them, and a record has more of them than of all else together.
 */
class Fields implements Entry {
  dataset: string;
  kind: EntryKind;
  timeMs = Number.NaN;
  timeZoneless = false;
  timePoint: TimePoint;
  durationMs: number | null = null;
  httpRequestMethod: string | null = null;
  urlPath: string | null = null;
  urlQuery: string | null = null;
  urlDomain: string | null = null;
  networkProtocol: string | null = null;
  httpResponseStatusCode: number | null = null;
  httpResponseBodySize: number | null = null;
  upstreamStatusCode: number | null = null;
  upstreamAddress: string | null = null;
  clientAddress: string | null = null;
  clientPort: number | null = null;
  forwardedFor: string | null = null;
  serverAddress: string | null = null;
  serverPort: number | null = null;
  userName: string | null = null;
  userAgentOriginal: string | null = null;
  httpRequestReferrer: string | null = null;
  httpRequestContentType: string | null = null;
  requestIds: string[] = NO_IDS;
  connectionId: string | null = null;
  processId: string | null = null;
  logLevel: string | null = null;
  logLogger: string | null = null;
  message: string | null = null;
  eventCode: string | null = null;
  errorCode: string | null = null;
  filePath: string | null = null;
  eventOutcome: string | null = null;
  wafIntercepted: boolean | null = null;
  wafMode: string | null = null;
  rules: RuleMatch[] | null = null;
  #attributes: Record<string, string> | null = null;
  /** Who reads the attributes of `#record`; null = they are here. */
  #parse: Parse | null = null;
  #record = '';
  /** What a time without a year was dated by: whether there is a 29th of February, and with it a time, depends on it. */
  #referenceMs = 0;

  constructor(dataset: string, kind: EntryKind, timePoint: TimePoint) {
    this.dataset = dataset;
    this.kind = kind;
    this.timePoint = timePoint;
  }

  get attributes(): Record<string, string> | null {
    if (this.#parse !== null) this.#fetch(this.#parse);
    return this.#attributes;
  }

  set attributes(attributes: Record<string, string> | null) {
    this.#parse = null;
    this.#attributes = attributes;
  }

  #fetch(parse: Parse): void {
    this.#parse = null;
    const whole = wholly(parse, this.#record, this.#referenceMs);
    this.#record = '';
    this.#attributes = isFailure(whole) ? null : whole.attributes;
  }

  leave(parse: Parse, record: string, { envelopeMs, referenceMs }: Context): void {
    this.#parse = parse;
    this.#record = record;
    this.#referenceMs = Number.isNaN(envelopeMs) ? referenceMs : envelopeMs;
  }

  /** A copy that shares everything but `changes`. */
  with(changes: Partial<Entry>): Entry {
    const copy = new Fields(this.dataset, this.kind, this.timePoint);
    Object.assign(copy, this, changes);
    if (changes.attributes === undefined) {
      copy.#attributes = this.#attributes;
      copy.#parse = this.#parse;
      copy.#record = this.#record;
      copy.#referenceMs = this.#referenceMs;
    }
    return copy;
  }
}

/** An entry in which nothing is known yet. HOT */
export function emptyEntry(dataset: string, kind: EntryKind, timePoint: TimePoint): Entry {
  return new Fields(dataset, kind, timePoint);
}

/** The entry with other values in some fields. An entry is not to be spread: its attributes may not be read yet. */
export function entryWith(entry: Entry, changes: Partial<Entry>): Entry {
  return entry instanceof Fields ? entry.with(changes) : { ...entry, ...changes };
}

/**
 * The record that is being read keeps its attributes for later: who would only make an attribute need not. A format
 * whose fields depend on its attributes does not take part (`Format.late`).
 */
export let leavesAttributes = false;

/** Reads the record but for its attributes, which are read when somebody asks for them. HOT */
export function readLate(parse: Parse, record: string, context: Context): Entry | Failure {
  if (leavesAttributes) return parse(record, context);
  leavesAttributes = true;
  try {
    const entry = parse(record, context);
    if (entry instanceof Fields) entry.leave(parse, record, context);
    return entry;
  } finally {
    leavesAttributes = false;
  }
}

/** Attributes do not depend on what a wrapper knows; whether a record has a time may, so there is one. */
const ANY_CONTEXT: Context = {
  envelopeMs: 0,
  envelopeZoneless: false,
  envelopeTag: null,
  envelopeHost: null,
  envelopePid: null,
  referenceMs: 0,
};

function wholly(parse: Parse, record: string, referenceMs: number): Entry | Failure {
  const before = leavesAttributes;
  leavesAttributes = false;
  try {
    const envelopeMs = Number.isNaN(referenceMs) ? ANY_CONTEXT.envelopeMs : referenceMs;
    return parse(record, { ...ANY_CONTEXT, envelopeMs, referenceMs: envelopeMs });
  } finally {
    leavesAttributes = before;
  }
}

export function isFailure(x: Entry | Failure): x is Failure {
  return 'failure' in x;
}

/** JSON name of each field of an Entry (OpenTelemetry semantic conventions 1.38, else ECS 9); columns have underscores for dots. */
export const FIELDS: Record<Exclude<keyof Entry, 'timeMs'>, string> = {
  dataset: 'event.dataset',
  kind: 'event.kind',
  timeZoneless: 'time.zoneless',
  timePoint: 'time.point',
  durationMs: 'http.server.request.duration_ms',
  httpRequestMethod: 'http.request.method',
  urlPath: 'url.path',
  urlQuery: 'url.query',
  urlDomain: 'url.domain',
  networkProtocol: 'network.protocol',
  httpResponseStatusCode: 'http.response.status_code',
  httpResponseBodySize: 'http.response.body.size',
  upstreamStatusCode: 'upstream.response.status_code',
  upstreamAddress: 'upstream.address',
  clientAddress: 'client.address',
  clientPort: 'client.port',
  forwardedFor: 'http.request.header.x-forwarded-for',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  userName: 'user.name',
  userAgentOriginal: 'user_agent.original',
  httpRequestReferrer: 'http.request.referrer',
  httpRequestContentType: 'http.request.content_type',
  requestIds: 'http.request.id',
  connectionId: 'network.connection.id',
  processId: 'process.pid',
  logLevel: 'log.level',
  logLogger: 'log.logger',
  message: 'message',
  eventCode: 'event.code',
  errorCode: 'error.code',
  filePath: 'file.path',
  eventOutcome: 'event.outcome',
  wafIntercepted: 'waf.intercepted',
  wafMode: 'waf.mode',
  rules: 'rules',
  attributes: 'attributes',
};

/** The entry as the `parse` command prints it: JSON names, absent fields left out, time as ISO 8601. */
export function entryToJson(entry: Entry): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (!Number.isNaN(entry.timeMs)) out['@timestamp'] = new Date(entry.timeMs).toISOString();
  for (const [key, name] of Object.entries(FIELDS)) {
    const value = entry[key as keyof typeof FIELDS];
    // Only `false` of a flag is absent: wafIntercepted false says that the request was let through.
    if (value === null || (key === 'timeZoneless' && value === false)) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    out[name] = value;
  }
  return out;
}
