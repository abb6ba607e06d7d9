/**
 * HOT. Lines whose layout was learned from themselves (`learn.ts`): literals and values as in any other format string,
 * `$client [$time] "$request" $status $bytes rid=$id`. Nobody vouches for the layout, so it is kept to the letter: a
 * bare value holds nothing that parts values, each must look like what it was learned to be, and a line that has
 * one separator too many is not read. Whoever can write into a value can add separators, never take one away: what a
 * hostile request shifts does not fit any more.
 */
import { lastOf } from './clf.ts';
import type { Entry } from './entry.ts';
import {
  addAttribute,
  addId,
  closingQuote,
  decimalOf,
  domainOf,
  isAddress,
  isDigits,
  isUniqueId,
  looksLikeHost,
  numberOf,
  secondsToMs,
  setClientPeer,
  setRequestLine,
  setTarget,
  unescapeText,
} from './fields.ts';
import type { Format } from './parser.ts';
import { type Item, item, type Setter } from './pattern.items.ts';
import { formatOf, type Parts } from './pattern.ts';
import { epochMs, read, readClf, readIso, readTime } from './time.ts';

/** What a value may be. `text`: nobody knows; it keeps its key, or its number in the line, as name of an attribute. */
export type Kind =
  | 'time'
  | 'epoch'
  | 'client'
  | 'peer'
  | 'request'
  | 'method'
  | 'target'
  | 'query'
  | 'protocol'
  | 'status'
  | 'bytes'
  | 'seconds'
  | 'millis'
  | 'micros'
  | 'took'
  | 'agent'
  | 'referrer'
  | 'host'
  | 'id'
  | 'upstream'
  | 'upstream_status'
  | 'forwarded'
  | 'user'
  | 'connection'
  | 'text'
  | 'rest'
  | 'rest_agent';

/** The key in front of a value: `rid=`, `client: `, `ua="`; '' = it has none. */
export function keyOf(before: string): string {
  return /(?:^|[^\w.@-])([A-Za-z_@][\w.@-]{0,40})(?:=|: ?)["[(']?$/.exec(before)?.[1] ?? '';
}

/** Literal text as a pattern has it. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$');

/** `$kind`, in braces where a letter follows. */
export function placed(kind: Kind, behind: string): string {
  return /^\w/.test(behind) ? `\${${kind}}` : `$${kind}`;
}

interface Learned {
  literals: string[];
  kinds: string[];
}

/** A pattern taken apart; what is no kind is text of its own. */
export function takeApart(pattern: string): Learned {
  const literals = [''];
  const kinds: string[] = [];
  for (const [all, braced, bare] of pattern.matchAll(/\$\$|\$\{([a-z_]{1,20})\}|\$([a-z_]{1,20})|[^$]+|\$/g)) {
    const kind = braced ?? bare;
    if (kind !== undefined && Object.hasOwn(FIELD_OF, kind)) {
      kinds.push(kind);
      literals.push('');
    } else literals[literals.length - 1] += all === '$$' ? '$' : all;
  }
  return { literals, kinds };
}

/** Where each kind goes, for people; '' = into an attribute. */
export const FIELD_OF: Record<Kind, string> = {
  time: '@timestamp',
  epoch: '@timestamp',
  client: 'client.address',
  peer: 'client.address, client.port',
  request: 'http.request.method, url.path, url.query, network.protocol',
  method: 'http.request.method',
  target: 'url.path, url.query',
  query: 'url.query',
  protocol: 'network.protocol',
  status: 'http.response.status_code',
  bytes: 'http.response.body.size',
  seconds: 'http.server.request.duration_ms',
  millis: 'http.server.request.duration_ms',
  micros: 'http.server.request.duration_ms',
  took: 'http.server.request.duration_ms',
  agent: 'user_agent.original',
  referrer: 'http.request.referrer',
  host: 'url.domain',
  id: 'http.request.id',
  upstream: 'upstream.address',
  upstream_status: 'upstream.response.status_code',
  forwarded: 'http.request.header.x-forwarded-for',
  user: 'user.name',
  connection: 'network.connection.id',
  text: '',
  rest: '',
  rest_agent: 'user_agent.original',
};

/** The attribute of a value: its key, else its number in the line. */
export const nameOf = (before: string, index: number): string => keyOf(before) || `field.${index + 1}`;

// -------------------------------------------------------------------------------------------------- ends of values

type Scan = NonNullable<Item['scan']>;

/** The text that ends a bare value which is followed by this literal; '' = the end of the line. */
function stopOf(after: string): string {
  const wide = /^(?: [^\w\s"'[\]()-]+ |[,;] )/.exec(after);
  return wide?.[0] ?? after.charAt(0);
}

/** What parts most values: no bare value holds it, the last one included. */
function separatorOf(literals: string[]): string {
  const counts = new Map<string, number>();
  for (const between of literals.slice(1, -1)) {
    const stop = stopOf(between.replace(/^["'\])]/, ''));
    if (stop !== '') counts.set(stop, (counts.get(stop) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? ' ';
}

/** Between blanks: a value is one word, but for the blanks of a list (`10.0.0.1:80, 10.0.0.2:80`, `0.1 : 0.2`). */
const scanWord: Scan = (record, at) => {
  const { length } = record;
  let end = at;
  for (;;) {
    for (; end < length; end++) {
      const c = record.charCodeAt(end);
      if (c === 32) break;
      if (c === 34) return -1;
    }
    if (end >= length || end === at) return end;
    if (record.charCodeAt(end - 1) === 44) end++;
    else if (record.charCodeAt(end + 1) === 58 && record.charCodeAt(end + 2) === 32) end += 3;
    else return end;
  }
};

/** To the `stop`, or the end of the line; `never` does not stand inside. */
function scanTo(stop: string, never: string): Scan {
  if (stop === '') return (record, at) => (never !== '' && record.indexOf(never, at) >= 0 ? -1 : record.length);
  if (never === '' || never === stop) return (record, at) => record.indexOf(stop, at);
  return (record, at) => {
    const end = record.indexOf(stop, at);
    const inside = record.indexOf(never, at);
    return inside >= 0 && inside < end ? -1 : end;
  };
}

/**
 * A request line without quotes ends behind its protocol, whatever stands in its path. Where there is none (`-`, nothing,
 * bytes of TLS) it is a value like any other.
 */
function scanRequest(after: string, otherwise: Scan): Scan {
  return (record, at, scratch) => {
    const c = record.charCodeAt(at);
    if (c >= 65 && c <= 90) {
      for (let p = record.indexOf(' HTTP/', at); p >= 0; p = record.indexOf(' HTTP/', p + 6)) {
        let end = p + 7;
        if (record.charCodeAt(end) === 46) end += 2;
        if (after === '' ? end === record.length : record.startsWith(after, end)) return end;
      }
    }
    return otherwise(record, at, scratch);
  };
}

/** What stands behind all known values: only where it cannot be part of a request that was shifted. */
const scanRest: Scan = (record, at) =>
  record.indexOf('"', at) >= 0 || record.indexOf(' HTTP/', at) >= 0 ? -1 : record.length;

// ---------------------------------------------------------------------------------------------------------- values

const setStatus: Setter = (entry, value) => {
  const status = numberOf(value);
  if (status === null || status > 999 || (value.length !== 3 && status !== 0)) return 'status';
  entry.httpResponseStatusCode = status;
  return null;
};

const setClient: Setter = (entry, value) => {
  if (isAddress(value)) entry.clientAddress = value;
  else if (value.charCodeAt(0) === 91 && value.endsWith(']') && isAddress(value.slice(1, -1)))
    entry.clientAddress = value.slice(1, -1);
  else if (value !== 'unix:') return 'format';
  return null;
};

const setPeer: Setter = (entry, value) => {
  if (value === 'unix:') return null;
  setClientPeer(entry, value);
  if (entry.clientAddress !== null && isAddress(entry.clientAddress)) return null;
  entry.clientAddress = null;
  return 'format';
};

const setRequest: Setter = (entry, value) => {
  const domain = entry.urlDomain;
  setRequestLine(entry, value);
  if (domain !== null) entry.urlDomain = domain;
  return null;
};

const setMethod: Setter = (entry, value) => {
  if (!/^[A-Za-z_-]{1,20}$/.test(value)) return 'format';
  entry.httpRequestMethod = value;
  return null;
};

const setTargetOf: Setter = (entry, value) => {
  const c = value.charCodeAt(0);
  if (c !== 47 && value !== '*' && entry.httpRequestMethod !== 'CONNECT' && !/^https?:\/\//i.test(value))
    return 'format';
  const domain = entry.urlDomain;
  setTarget(entry, value);
  if (domain !== null) entry.urlDomain = domain;
  return null;
};

const setProtocol: Setter = (entry, value) => {
  if (!/^HTTP\/\d(?:\.\d)?$/.test(value)) return 'format';
  entry.networkProtocol ??= value;
  return null;
};

const setBytes: Setter = (entry, value) => {
  const bytes = numberOf(value);
  if (bytes === null) return 'format';
  entry.httpResponseBodySize = bytes;
  return null;
};

function setDuration(toMs: (value: string) => number | null): Setter {
  return (entry, value) => {
    const ms = toMs(value);
    if (ms === null || ms < 0) return 'format';
    entry.durationMs = ms;
    return null;
  };
}

const UNITS: Record<string, number> = { s: 1000, ms: 1, us: 1 / 1000, µs: 1 / 1000, μs: 1 / 1000, ns: 1e-6 };

/** `12ms`, `1.2s`, `350µs`; null = it names no unit. */
export function tookMs(value: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,9})?)(m?s|[uµμn]s)$/.exec(value);
  return match === null ? null : Math.round(Number(match[1]) * UNITS[match[2]!]! * 1e6) / 1e6;
}

const scaled = (factor: number) => (value: string) => {
  const n = decimalOf(value);
  return n === null ? null : Math.round(n * factor * 1e6) / 1e6;
};

/** A value that may turn out to be something else: then it is kept under its name. */
function orAttribute(name: string, take: (entry: Entry, value: string) => boolean): Setter {
  return (entry, value) => {
    if (!take(entry, value)) addAttribute(entry, name, value);
    return null;
  };
}

function takeHost(entry: Entry, value: string): boolean {
  if (!looksLikeHost(value) && !isAddress(domainOf(value) ?? '')) return false;
  entry.urlDomain = domainOf(value);
  return true;
}

function takeId(entry: Entry, value: string): boolean {
  if (!isUniqueId(value)) return false;
  addId(entry, value);
  return true;
}

function setUpstream(name: string): Setter {
  return (entry, value) => {
    entry.upstreamAddress = lastOf(value);
    if (entry.upstreamAddress !== value) addAttribute(entry, name, value);
    return null;
  };
}

/** `-` says that nobody was asked. */
function setUpstreamStatus(name: string): Setter {
  return (entry, value) => {
    const last = lastOf(value);
    const status = last === '-' || last === '' ? 0 : numberOf(last);
    if (status !== null && status < 1000) entry.upstreamStatusCode = status;
    if (status === null || (last !== value && value !== '')) addAttribute(entry, name, value);
    return null;
  };
}

function text(field: 'userAgentOriginal' | 'httpRequestReferrer' | 'forwardedFor' | 'userName' | 'urlQuery'): Setter {
  return (entry, value) => {
    entry[field] = value;
    return null;
  };
}

function setterOf(kind: Kind, name: string): Setter {
  switch (kind) {
    case 'epoch':
      return (entry, value) => {
        const ms = isDigits(value) ? epochMs(Number(value)) : Number.NaN;
        if (Number.isNaN(ms)) return 'time';
        entry.timeMs = ms;
        return null;
      };
    case 'client':
      return setClient;
    case 'peer':
      return setPeer;
    case 'request':
      return setRequest;
    case 'method':
      return setMethod;
    case 'target':
      return setTargetOf;
    case 'query':
      return (entry, value) => {
        const query = value.charCodeAt(0) === 63 ? value.slice(1) : value;
        if (query !== '') entry.urlQuery ??= query;
        return null;
      };
    case 'protocol':
      return setProtocol;
    case 'status':
      return setStatus;
    case 'bytes':
      return setBytes;
    case 'seconds':
      return setDuration(secondsToMs);
    case 'millis':
      return setDuration(scaled(1));
    case 'micros':
      return setDuration(scaled(1 / 1000));
    case 'took':
      return setDuration(tookMs);
    case 'agent':
    case 'rest_agent':
      return text('userAgentOriginal');
    case 'referrer':
      return text('httpRequestReferrer');
    case 'forwarded':
      return text('forwardedFor');
    case 'user':
      return text('userName');
    case 'host':
      return orAttribute(name, takeHost);
    case 'id':
      return orAttribute(name, takeId);
    case 'connection':
      return orAttribute(name, (entry, value) => {
        if (!isDigits(value)) return false;
        entry.connectionId = value;
        return true;
      });
    case 'upstream':
      return setUpstream(name);
    case 'upstream_status':
      return setUpstreamStatus(name);
    default:
      return (entry, value) => {
        addAttribute(entry, name, value);
        return null;
      };
  }
}

/** A bare time is read where its end is looked for. */
function timeItem(quoted: boolean, otherwise: Scan): Item {
  let ms = Number.NaN;
  let zoneless = false;
  const readAt = (record: string, at: number): void => {
    ms = record.charCodeAt(at + 2) === 47 ? readClf(record, at) : readIso(record, at);
    if (Number.isNaN(ms)) ms = readTime(record, at, Number.NaN);
    zoneless = read.zoneless;
  };
  const scan: Scan = (record, at, scratch) => {
    readAt(record, at);
    return Number.isNaN(ms) ? otherwise(record, at, scratch) : read.end;
  };
  const set: Setter = (entry, value) => {
    if (quoted) {
      readAt(value, 0);
      if (read.end !== value.length) return 'time';
    }
    if (Number.isNaN(ms)) return 'time';
    entry.timeMs = ms;
    entry.timeZoneless = zoneless;
    return null;
  };
  return item('time', set, { always: true, scan: quoted ? null : scan });
}

function partsOf(pattern: string): Parts {
  const { literals, kinds } = takeApart(pattern);
  const separator = separatorOf(literals);
  const items = kinds.map((name, i): Item => {
    const kind = name as Kind;
    const before = literals[i]!;
    const after = literals[i + 1]!;
    const called = nameOf(before, i);
    const stop = stopOf(after);
    const bare: Scan =
      separator === ' ' && (stop === ' ' || stop === '') ? scanWord : scanTo(stop, stop === ']' ? '' : separator);
    const quoted = before.endsWith('"') && after.startsWith('"');
    if (kind === 'time') return timeItem(quoted, bare);
    const set = setterOf(kind, called);
    if (kind === 'rest' || kind === 'rest_agent')
      return item(kind, kind === 'rest' ? setterOf('text', 'rest') : set, { scan: scanRest, only: kind === 'rest' });
    if (quoted) return item(kind, set, { only: kind === 'text', always: kind === 'upstream_status' });
    const scan = kind === 'request' ? scanRequest(after, bare) : bare;
    return item(kind, set, { scan, only: kind === 'text', always: kind === 'upstream_status' });
  });
  return { literals, items };
}

/** Makes a Format from one layout. */
export function compileLearned(pattern: string): Format {
  return formatOf({
    dataset: 'generic.access',
    title: 'access log of a layout of its own',
    usualLayer: 'web',
    timePoint: 'end',
    parts: partsOf(pattern),
    closing: closingQuote,
    unescapeValue: unescapeText,
    late: true,
    finish() {},
  });
}
