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
  decimalOf,
  domainOf,
  HOSTED_TARGET,
  isAddress,
  isDigits,
  isUniqueId,
  looksLikeHost,
  numberOf,
  peerAddress,
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

/**
 * What a value may be. `text`: nobody knows; it keeps its key, or its number in the line, as name of an attribute.
 * `tries`: nobody knows, but there may be one of each try.
 */
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
  | 'tries'
  | 'text'
  | 'rest_agent';

/** One of the values of a list of tries: an address, a time, an answer, or that there was none. */
export function isTry(text: string): boolean {
  return text === '-' || /^\d+(?:\.\d+)?$/.test(text) || text.startsWith('unix:') || isPeer(text);
}

/** An address, perhaps with its port. */
export function isPeer(text: string): boolean {
  if (isAddress(text)) return true;
  const colon = text.lastIndexOf(':');
  return colon > 0 && isDigits(text, colon + 1) && text.length - colon < 7 && isAddress(peerAddress(text));
}

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
  tries: '',
  text: '',
  rest_agent: 'user_agent.original',
};

/** The attribute of a value: its key, else its number in the line. */
export const nameOf = (before: string, index: number): string => keyOf(before) || `field.${index + 1}`;

// -------------------------------------------------------------------------------------------------- ends of values

type Scan = NonNullable<Item['scan']>;

/** Written by the server alone: a client cannot put text of its own choice there. */
export const OF_SERVER = new Set<string>([
  'time',
  'epoch',
  'client',
  'peer',
  'status',
  'bytes',
  'seconds',
  'millis',
  'micros',
  'took',
  'upstream',
  'upstream_status',
  'tries',
  'connection',
]);

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

/** To the `stop`, or the end of the line; nothing of `never` stands inside. */
function scanTo(stop: string, never: string[]): Scan {
  const others = never.filter((x) => x !== stop && x !== '');
  const [first = '', second = ''] = others;
  return (record, at) => {
    const end = stop === '' ? record.length : record.indexOf(stop, at);
    if (first !== '') {
      const inside = record.indexOf(first, at);
      if (inside >= 0 && inside < end) return -1;
    }
    if (second !== '') {
      const inside = record.indexOf(second, at);
      if (inside >= 0 && inside < end) return -1;
    }
    return end;
  };
}

/** An agent that ends the line: in its parentheses are commas, `(KHTML, like Gecko)`. */
const scanAgent: Scan = (record, at) => {
  let depth = 0;
  for (let i = at; i < record.length; i++) {
    const c = record.charCodeAt(i);
    if (c === 40) depth++;
    else if (c === 41) depth--;
    else if (c === 34 || (c === 44 && (depth < 1 || record.charCodeAt(i + 1) !== 32))) return -1;
  }
  return record.length;
};

/** The last word of a line, without quotes. */
const scanLast: Scan = (record, at) =>
  record.indexOf(' ', at) >= 0 || record.indexOf('"', at) >= 0 ? -1 : record.length;

/** One word, without quotes. */
const scanWord: Scan = (record, at) => {
  const { length } = record;
  for (let end = at; end < length; end++) {
    const c = record.charCodeAt(end);
    if (c === 32) return end;
    if (c === 34) return -1;
  }
  return length;
};

/**
 * What a server says of several tries stands in one value: `10.0.0.1:80, 10.0.0.2:80`, `0.1 : 0.2`. The blanks are the
 * list's only between such values.
 */
function scanTries(scan: Scan, stop: string): Scan {
  return (record, at, scratch) => {
    let end = scan(record, at, scratch);
    for (let from = at; end > from; ) {
      const isBlank = stop === ' ' || stop === '';
      const comma = isBlank && record.charCodeAt(end - 1) === 44;
      let next = -1;
      if (comma) next = end + 1;
      else if (isBlank && record.startsWith(' : ', end)) next = end + 3;
      else if (stop === ',' && record.startsWith(', ', end)) next = end + 2;
      if (next < 0 || next >= record.length || !isTry(record.slice(from, comma ? end - 1 : end))) return end;
      const until = scan(record, next, scratch);
      if (until < 0) return -1;
      const more = record.charCodeAt(until - 1) === 44 ? until - 1 : until;
      if (!isTry(record.slice(next, more))) return end;
      from = next;
      end = until;
    }
    return end;
  };
}

/**
 * Between quotes. A server that escapes nothing leaves a client's `\` in front of the quote that closes: where what
 * follows could be the next value, nobody can tell.
 */
function scanQuoted(follows: string): Scan {
  return (record, at) => {
    let end = record.indexOf('"', at);
    while (end > at && record.charCodeAt(end - 1) === 92) {
      let slashes = 1;
      while (end - 1 - slashes >= at && record.charCodeAt(end - 1 - slashes) === 92) slashes++;
      if (slashes % 2 === 0) return end;
      if (end + 1 >= record.length || follows.includes(record.charAt(end + 1))) return -1;
      end = record.indexOf('"', end + 1);
    }
    return end;
  };
}

const BARE_REQUEST = /[A-Z]{3,20} [^\s"]+ HTTP\/\d(?:\.\d)?/y;

/**
 * A request line without quotes ends behind its protocol. Where the server alone wrote what stands in front of it, so it
 * does whatever is in its path; else what the client wrote there may be half of it. Where there is none (`-`, nothing,
 * bytes of TLS) it is a value like any other.
 */
function scanRequest(after: string, isFirst: boolean, never: string, otherwise: Scan): Scan {
  if (!isFirst) {
    if (stopOf(after) !== ' ' && after !== '') return otherwise;
    return (record, at, scratch) => {
      BARE_REQUEST.lastIndex = at;
      return BARE_REQUEST.test(record) ? BARE_REQUEST.lastIndex : otherwise(record, at, scratch);
    };
  }
  return (record, at, scratch) => {
    const c = record.charCodeAt(at);
    if (c >= 65 && c <= 90) {
      for (let p = record.indexOf(' HTTP/', at); p >= 0; p = record.indexOf(' HTTP/', p + 6)) {
        let end = p + 7;
        if (record.charCodeAt(end) === 46) end += 2;
        if (after === '' ? end !== record.length : !record.startsWith(after, end)) continue;
        const inside = never === '' ? -1 : record.indexOf(never, at);
        return inside >= 0 && inside < end ? -1 : end;
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
  const isHosted = c !== 47 && HOSTED_TARGET.test(value);
  if (c !== 47 && !isHosted && value !== '*' && entry.httpRequestMethod !== 'CONNECT' && !/^https?:\/\//i.test(value))
    return 'format';
  const domain = entry.urlDomain;
  setTarget(entry, isHosted ? `http://${value}` : value);
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

/** Values of several tries in one. */
const TRIES = new Set<Kind>(['upstream', 'upstream_status', 'tries']);

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

/** Between blanks a time is read where its end is looked for: it has blanks of its own. */
function timeItem(scan: Scan, inPlace: boolean): Item {
  let ms = Number.NaN;
  let zoneless = false;
  const readAt = (record: string, at: number): void => {
    ms = record.charCodeAt(at + 2) === 47 ? readClf(record, at) : readIso(record, at);
    if (Number.isNaN(ms)) ms = readTime(record, at, Number.NaN);
    zoneless = read.zoneless;
  };
  const scanTime: Scan = (record, at, scratch) => {
    readAt(record, at);
    return Number.isNaN(ms) ? scan(record, at, scratch) : read.end;
  };
  const set: Setter = (entry, value) => {
    if (!inPlace) {
      readAt(value, 0);
      if (read.end !== value.length) return 'time';
    }
    if (Number.isNaN(ms)) return 'time';
    entry.timeMs = ms;
    entry.timeZoneless = zoneless;
    return null;
  };
  return item('time', set, { always: true, scan: inPlace ? scanTime : scan });
}

function partsOf(pattern: string): Parts {
  const { literals, kinds } = takeApart(pattern);
  const separator = separatorOf(literals);
  const isQuoted = (i: number): boolean => literals[i]!.endsWith('"') && literals[i + 1]!.startsWith('"');
  const follows = kinds.map((_, i) => (isQuoted(i) ? literals[i + 1]!.charAt(1) : '')).join('');
  // With quotes around others, a quote in a bare value is half of one.
  const quote = kinds.some((_, i) => isQuoted(i)) || separator === ' ' ? '"' : '';
  const items = kinds.map((name, i): Item => {
    const kind = name as Kind;
    const before = literals[i]!;
    const after = literals[i + 1]!;
    if (kind === 'rest_agent') return item(kind, setterOf(kind, ''), { scan: scanRest });
    const stop = stopOf(after);
    let scan: Scan;
    if (isQuoted(i)) scan = scanQuoted(follows);
    else if (separator === ' ' && (stop === ' ' || stop === '')) scan = scanWord;
    else scan = scanTo(stop, [stop === ']' ? '' : separator, quote]);
    const inPlace = !isQuoted(i) && (stop === ' ' || stop === '');
    if (kind === 'time') return timeItem(scan, inPlace);
    if (!isQuoted(i)) {
      if (kind === 'request')
        scan = scanRequest(
          after,
          kinds.slice(0, i).every((x) => OF_SERVER.has(x)),
          quote,
          scan,
        );
      // A client's value in front of a list could end in a comma and take the list's first.
      else if (TRIES.has(kind) && (i === 0 || OF_SERVER.has(kinds[i - 1]!) || /\w/.test(before)))
        scan = scanTries(scan, stop);
      // And its own list, the first of what follows, but for a key.
      else if (kind === 'forwarded' && (after === '' || /\w/.test(after))) scan = scanTries(scan, stop);
      else if (scan === scanWord && after === '') scan = scanLast;
      else if (kind === 'agent' && separator === ',' && after === '' && OF_SERVER.has(kinds[i - 1] ?? ''))
        scan = scanAgent;
    }
    const only = kind === 'text' || kind === 'tries';
    const always = kind === 'status' || kind === 'upstream_status';
    return item(kind, setterOf(kind, nameOf(before, i)), { scan, only, always });
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
    closing: null,
    unescapeValue: unescapeText,
    late: true,
    finish() {},
  });
}
