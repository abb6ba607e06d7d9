/**
 * HOT. Fills an Entry from a JSON record whose product is known: a table says, member by member, which field takes it.
 * What the table does not name becomes an attribute under its own dotted name, secrets masked. Guessing by names that
 * loggers use is `json.ts`; which products there are is `formats/`.
 */
import { type Entry, type EntryKind, emptyEntry, type Failure, type RuleMatch, type TimePoint } from './entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isAddress,
  isUniqueId,
  known,
  levelOf,
  numberOf,
  peerAddress,
  setClientPeer,
  setRequestLine,
  setTarget,
} from './fields.ts';
import { isObject, type JsonObject, parseObject, textOf } from './json.ts';
import {
  CALLED_MAX,
  drop,
  fill,
  interned,
  listText,
  MEMBERS_MAX,
  type Names,
  onlyAttributes,
  remembering,
  scanned,
  type Take,
} from './members.ts';
import type { Context, Format } from './parser.ts';
import { type Needs, Shape } from './shape.ts';
import { epochMs, read, readAny } from './time.ts';

export { fill, listText, type Names, names, type Table, type Take } from './members.ts';

function textField(
  field:
    | 'networkProtocol'
    | 'message'
    | 'logLogger'
    | 'userName'
    | 'userAgentOriginal'
    | 'httpRequestReferrer'
    | 'httpRequestContentType'
    | 'upstreamAddress'
    | 'eventOutcome'
    | 'eventCode'
    | 'forwardedFor'
    | 'processId',
): Take {
  return (entry, value) => {
    const text = textOf(value);
    if (entry[field] !== null) return entry[field] === text;
    entry[field] = known(text);
    return true;
  };
}

function numberField(
  field: 'httpResponseStatusCode' | 'httpResponseBodySize' | 'upstreamStatusCode' | 'clientPort' | 'serverPort',
): Take {
  const port = field.endsWith('Port');
  const max = field.endsWith('Code') ? 999 : port ? 65_535 : Number.MAX_SAFE_INTEGER;
  return (entry, value) => {
    const number = typeof value === 'number' ? value : numberOf(textOf(value));
    if (number === null || !(number >= 0) || !Number.isInteger(number)) return textOf(value) === '-';
    if (number > max) return false;
    if (port && number === 0) return true;
    entry[field] = number;
    return true;
  };
}

function durationField(factor: number): Take {
  return (entry, value) => {
    const number = typeof value === 'number' ? value : decimalOf(textOf(value));
    if (number === null || number < 0 || entry.durationMs !== null) return false;
    entry.durationMs = Math.round(number * factor * 1000) / 1000;
    return true;
  };
}

/** The fields of an Entry, as a table names them. */
export const set = {
  /** Says nothing: not kept. */
  drop,
  keep: onlyAttributes(() => false),
  time: ((entry, value) => {
    const ms = typeof value === 'number' ? epochMs(value) : readAny(textOf(value));
    if (Number.isNaN(ms) || !Number.isNaN(entry.timeMs)) return false;
    entry.timeMs = ms;
    entry.timeZoneless = typeof value === 'number' ? false : read.zoneless;
    return true;
  }) as Take,
  method: ((entry, value) => {
    entry.httpRequestMethod = known(textOf(value));
    return true;
  }) as Take,
  requestLine: ((entry, value) => {
    setRequestLine(entry, textOf(value));
    return true;
  }) as Take,
  /** `/path?query` or an absolute URL; a host that is known already stays. */
  target: ((entry, value) => {
    const text = textOf(value);
    if (text === '-' || entry.urlPath !== null) return text === '-' || text === entry.urlPath;
    const { urlDomain, urlQuery } = entry;
    setTarget(entry, text);
    if (urlDomain !== null) entry.urlDomain = urlDomain;
    if (urlQuery !== null) entry.urlQuery = urlQuery;
    return true;
  }) as Take,
  query: ((entry, value) => {
    const text = textOf(value);
    if (entry.urlQuery === null) entry.urlQuery = known(text.charCodeAt(0) === 63 ? text.slice(1) : text);
    return true;
  }) as Take,
  host: ((entry, value) => {
    entry.urlDomain ??= domainOf(textOf(value));
    return true;
  }) as Take,
  protocol: ((entry, value) => {
    const text = textOf(value);
    if (text.startsWith('HTTP/')) entry.networkProtocol = text;
    else if (/^[0-9](?:\.[0-9])?$/.test(text)) entry.networkProtocol = `HTTP/${text}`;
    else return false;
    return true;
  }) as Take,
  status: numberField('httpResponseStatusCode'),
  upstreamStatus: numberField('upstreamStatusCode'),
  size: numberField('httpResponseBodySize'),
  client: ((entry, value) => {
    const text = textOf(value);
    if (!isAddress(text)) return known(text) === null;
    entry.clientAddress = text;
    return true;
  }) as Take,
  /** With a port. */
  peer: ((entry, value) => {
    const text = textOf(value);
    if (!isAddress(peerAddress(text)) && !isAddress(text)) return known(text) === null;
    if (entry.clientAddress === null) setClientPeer(entry, text);
    return true;
  }) as Take,
  clientPort: numberField('clientPort'),
  forwarded: textField('forwardedFor'),
  server: ((entry, value) => {
    const text = textOf(value);
    if (!isAddress(text)) return false;
    entry.serverAddress = text;
    return true;
  }) as Take,
  serverPort: numberField('serverPort'),
  upstream: textField('upstreamAddress'),
  user: textField('userName'),
  agent: textField('userAgentOriginal'),
  referer: textField('httpRequestReferrer'),
  contentType: textField('httpRequestContentType'),
  id: ((entry, value) => {
    addId(entry, textOf(value));
    return true;
  }) as Take,
  /** Only when it cannot be a counter or a word. */
  uniqueId: ((entry, value) => {
    const text = textOf(value);
    if (!isUniqueId(text)) return false;
    addId(entry, text);
    return true;
  }) as Take,
  level: ((entry, value) => {
    entry.logLevel = levelOf(textOf(value));
    return entry.logLevel !== null;
  }) as Take,
  logger: textField('logLogger'),
  message: textField('message'),
  outcome: textField('eventOutcome'),
  code: textField('eventCode'),
  seconds: durationField(1000),
  millis: durationField(1),
  micros: durationField(1e-3),
  nanos: durationField(1e-6),
  /** Request headers: an object, or a list of `{name, value}` or of `[name, value]`. */
  headers: scanned((entry, value) => {
    if (Array.isArray(value)) {
      for (const item of value.slice(0, MEMBERS_MAX)) {
        if (isObject(item)) setRequestHeader(entry, textOf(item.name), textOf(item.value));
        else if (Array.isArray(item)) setRequestHeader(entry, textOf(item[0]), textOf(item[1]));
      }
    } else if (isObject(value)) {
      let n = 0;
      for (const name of Object.keys(value))
        if (n++ < MEMBERS_MAX) setRequestHeader(entry, name, listText(value[name]));
    } else return false;
    return true;
  }, scanHeaders),
};

/** Headers of the answer that say why it was refused, or that more would be: the others are not kept. */
const TELLING =
  /^(?:www-authenticate|retry-after|(?:x-)?ratelimit-[\w-]{1,60}|x-amzn-errortype|cf-mitigated|strategy)$/;

/** Names of headers as they came → as attribute, null = not kept; bounded like `HEADERS`. */
const ANSWERS = new Map<string, string | null>();

function answerAttribute(name: string): string | null {
  let attribute = ANSWERS.get(name);
  if (attribute === undefined) {
    const key = name.toLowerCase();
    attribute = TELLING.test(key) ? interned(`response.header.${key}`) : null;
    if (ANSWERS.size < CALLED_MAX && name.length <= 100) ANSWERS.set(name, attribute);
  }
  return attribute;
}

/** `response.headers` of a transaction log. */
export const answerHeaders = onlyAttributes((entry, value) => {
  if (!isObject(value)) return false;
  let n = 0;
  for (const name of Object.keys(value)) {
    if (n++ >= MEMBERS_MAX) break;
    const attribute = answerAttribute(name);
    if (attribute !== null) addAttribute(entry, attribute, listText(value[name]));
  }
  return true;
});

/** Names of headers as they came → in lower case and as attribute, for the same reason as `CALLED`. */
const HEADERS = new Map<string, { key: string; attribute: string }>();

/** Request headers that say who asked and name the request. Authorization and cookies are not kept: only that they were there. */
export function setRequestHeader(entry: Entry, name: string, value: string): void {
  let header = HEADERS.get(name);
  if (header === undefined) {
    const key = name.toLowerCase();
    header = { key: interned(key), attribute: interned(`request.header.${key}`) };
    // Of its own: a slice would keep its record.
    if (HEADERS.size < CALLED_MAX && name.length <= 100) HEADERS.set(interned(name), header);
  }
  const { key, attribute } = header;
  switch (key) {
    case '':
      return;
    case 'host':
    case ':authority':
      entry.urlDomain ??= domainOf(value);
      return;
    case 'user-agent':
      entry.userAgentOriginal = known(value);
      return;
    case 'referer':
      entry.httpRequestReferrer = known(value);
      return;
    case 'content-type':
      entry.httpRequestContentType = known(value);
      return;
    case 'x-forwarded-for':
      entry.forwardedFor = entry.forwardedFor === null ? value : `${entry.forwardedFor}, ${value}`;
      return;
    case 'x-request-id':
    case 'x-correlation-id':
    case 'x-amzn-trace-id':
    case 'traceparent':
    case 'cf-ray':
    case 'x-varnish':
      if (isUniqueId(value)) addId(entry, value);
      else addAttribute(entry, attribute, value);
      return;
    case 'authorization': {
      // The scheme tells what was tried; the secret is nobody's business.
      const space = value.indexOf(' ');
      addAttribute(entry, attribute, space >= 0 ? `${value.slice(0, space)} ***` : '***');
      return;
    }
    case 'proxy-authorization':
    case 'cookie':
    case 'x-api-key':
      addAttribute(entry, attribute, '***');
      return;
    default:
      addAttribute(entry, attribute, value);
  }
}

/** How far a start and a time of writing may lie apart: a slow request, a step of the clock. */
const STOPWATCH_MS = 600_000;

/** ModSecurity's Stopwatch: microseconds since 1970. Only where it is near the time of writing that the record begins with. */
export function setStart(entry: Entry, startUs: number): void {
  const ms = Math.floor(startUs / 1000);
  if (!(startUs > 1e14) || (!entry.timeZoneless && Math.abs(entry.timeMs - ms) > STOPWATCH_MS)) return;
  entry.timeMs = ms;
  entry.timeZoneless = false;
  entry.timePoint = 'start';
}

/** A longer list is parsed: an expression remembers where it might go back to, for every character. */
const HEADERS_LENGTH_MAX = 65_536;
const TEXT = '[^"\\\\]*(?:\\\\.[^"\\\\]*)*';
const found: string[] = [];

/**
 * HOT. Takes the few headers that become fields out of `[{"name":"Host","value":"…"}, …]` or `{"host":"…", "via":["…"]}`,
 * one match a header: four headers take 0.35 µs, `JSON.parse` alone 0.7, and going from quote to quote by hand 0.6.
 */
export class HeaderScan {
  readonly #names: Set<string>;
  readonly #row: RegExp;
  readonly #member: RegExp;

  /** `names`, in lower case, parted by spaces. */
  constructor(names: string) {
    this.#names = new Set(names.split(' '));
    const any = [...this.#names].map((name) => name.replace(/[a-z]/g, (c) => `[${c}${c.toUpperCase()}]`)).join('|');
    const name = `"(?:(${any})|[^"\\\\]*)"`;
    this.#row = new RegExp(`\\{"name":${name},"value":"(${TEXT})"\\}(?:,(?=\\{)|(?=\\]$))`, 'y');
    this.#member = new RegExp(`${name}:(?:"(${TEXT})"|\\["(${TEXT})"\\])(?:,(?=")|(?=\\}$))`, 'y');
  }

  /** Name, value, name … in the order of the text, which is known to be JSON; null = it is to be parsed. Good until the next call. */
  find(text: string): readonly string[] | null {
    found.length = 0;
    const last = text.length - 1;
    if (last > HEADERS_LENGTH_MAX) return null;
    const rows = text.charCodeAt(0) === 91;
    const regexp = rows ? this.#row : this.#member;
    let at = 1;
    for (let n = 0; at < last; n++) {
      if (n >= MEMBERS_MAX) return null;
      regexp.lastIndex = at;
      const match = regexp.exec(text);
      if (match === null) return null;
      at = regexp.lastIndex;
      const name = match[1];
      if (name === undefined) continue;
      // Of a member that comes twice the last counts.
      if (!rows && found.includes(name)) return null;
      const value = match[2] ?? match[3]!;
      // A control character is no JSON, and is repaired by who parses it.
      const plain = value.indexOf('\\') >= 0 ? unescaped(value) : value;
      if (plain === null) return null;
      found.push(name, plain);
    }
    return found;
  }

  readonly has = remembering((name): boolean => this.#names.has(name.toLowerCase()));
}

function unescaped(text: string): string | null {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return null;
  }
}

/** Those that `setRequestHeader` has fields for. */
const FIELD_NAMES =
  'host :authority user-agent referer content-type x-forwarded-for x-request-id x-correlation-id x-amzn-trace-id traceparent cf-ray x-varnish';
const FIELD_HEADERS = new HeaderScan(FIELD_NAMES);

/** While attributes are left for later: the fields from the text of a list or an object of headers, which is known to be JSON. */
export function scanHeaders(entry: Entry, text: string): boolean {
  const headers = FIELD_HEADERS.find(text);
  if (headers === null) return false;
  for (let i = 0; i < headers.length; i += 2) setRequestHeader(entry, headers[i]!, headers[i + 1]!);
  return true;
}

/** Does `setRequestHeader` make a field of the name that stands in `from`…`to`? */
export function isFieldHeader(line: string, from: number, to: number): boolean {
  // Its length and first letter leave few others: looking a slice up takes four times as long.
  return FIELD_SHAPES[shapeOf(line, from, to)] === 1 && FIELD_HEADERS.has(line.slice(from, to));
}

const shapeOf = (line: string, from: number, to: number): number =>
  (Math.min(to - from, 31) << 5) | (line.charCodeAt(from) & 31);

const FIELD_SHAPES = new Uint8Array(1024);
for (const name of FIELD_NAMES.split(' ')) FIELD_SHAPES[shapeOf(name, 0, name.length)] = 1;

/** A rule of a WAF that names little: `{id: "942100", denied: true}`. */
export function addRule(entry: Entry, rule: Partial<RuleMatch>): void {
  if (!rule.id && !rule.message) return;
  // Name by name: spreading one object into another costs more than the rule's texts.
  const made: RuleMatch = {
    id: rule.id ?? '',
    message: rule.message ?? '',
    data: rule.data ?? '',
    file: rule.file ?? '',
    severity: rule.severity ?? '',
    tags: rule.tags ?? [],
    variable: rule.variable ?? '',
    match: rule.match ?? '',
    denied: rule.denied ?? false,
  };
  if (entry.rules === null) entry.rules = [made];
  else entry.rules.push(made);
}

export interface JsonProduct {
  dataset: string;
  title: string;
  usualLayer: string | null;
  kind: EntryKind;
  timePoint: TimePoint;
  /** Each group must have a member in the line: `[['"RayID"'], ['"Action"', '"Actions"']]`. Looked for before JSON is parsed. */
  marks: readonly (readonly string[])[];
  names: Names;
  /** The member that holds the time, for the failure. */
  timeField: string;
  /** Records without a time are records too (their format is the customer's). */
  timeOptional?: boolean;
  /**
   * The members of `json` that `finish` looks at: `{properties: {host: true}}`. Only these are handed to it where the
   * text was read by its shape. Absent with a `finish`: every record is parsed.
   */
  needs?: Needs;
  finish?(entry: Entry, json: JsonObject, context: Context): Failure | undefined;
}

/** `null` = the line has all marks and is worth parsing. */
export function unlike(line: string, marks: JsonProduct['marks']): Failure | null {
  if (line === '') return { failure: 'empty' };
  if (line.charCodeAt(0) !== 123) return { failure: 'format' };
  for (const group of marks) if (!group.some((mark) => line.includes(mark))) return { failure: 'format' };
  return null;
}

/** The Format of a product that writes JSON. */
export function jsonFormat(product: JsonProduct): Format {
  const read = readerOf(product);
  return { dataset: product.dataset, title: product.title, usualLayer: product.usualLayer, late: true, parse: read };
}

/** Reads records of a product: those laid out like earlier ones straight from the text, others from the parsed object. */
export function readerOf(product: JsonProduct): (record: string, context: Context) => Entry | Failure {
  const shape =
    product.finish !== undefined && product.needs === undefined
      ? null
      : new Shape(product.names, product.needs ?? null, product.marks);
  return (record, context) => {
    const line = record.charCodeAt(0) === 123 ? record : record.trim();
    if (shape?.learned) {
      const entry = emptyEntry(product.dataset, product.kind, product.timePoint);
      const needed = shape.read(entry, line);
      if (needed !== null && (shape.marked || unlike(line, product.marks) === null))
        return finished(product, entry, needed, context);
    }
    const no = unlike(line, product.marks);
    if (no !== null) return no;
    // Before it is parsed: an exception costs more than ten lines.
    if (!line.endsWith('}') && !line.trimEnd().endsWith('}')) return { failure: 'torn' };
    const json = parseObject(line);
    if (json === null) return { failure: 'json' };
    shape?.learn(line, json);
    return readObject(product, json, context);
  };
}

export function readObject(product: JsonProduct, json: JsonObject, context: Context): Entry | Failure {
  const entry = emptyEntry(product.dataset, product.kind, product.timePoint);
  fill(entry, json, product.names);
  return finished(product, entry, json, context);
}

/** What the product makes of an entry whose members are in their fields. */
export function finished(product: JsonProduct, entry: Entry, json: JsonObject, context: Context): Entry | Failure {
  const failure = product.finish?.(entry, json, context);
  if (failure !== undefined) return failure;
  return datedOr(entry, context, product);
}

/** Without a time of its own an entry has its wrapper's. */
export function datedOr(
  entry: Entry,
  context: Context,
  product: { timeField: string; timeOptional?: boolean },
): Entry | Failure {
  if (Number.isNaN(entry.timeMs)) {
    if (!Number.isNaN(context.envelopeMs)) {
      entry.timeMs = context.envelopeMs;
      entry.timeZoneless = context.envelopeZoneless;
    } else if (product.timeOptional !== true) return { failure: 'time', field: product.timeField };
  }
  return entry;
}
