/**
 * What the values of an access log mean, whichever server's format string names them: each puts a text into its field
 * of the entry. Used by the compilers of format strings (`pattern.<product>.ts`).
 */
import { lastOf } from './clf.ts';
import type { Entry } from './entry.ts';
import { addAttribute, addId, decimalOf, domainOf, isUniqueId, numberOf, setRequestLine, setTarget } from './fields.ts';
import type { Clock } from './strftime.ts';
import { epochMs, read, readAny, readClf, readIso } from './time.ts';

/** What several values of one line say together: a time in pieces, a server and the group it belongs to. */
export interface Scratch {
  /** null until a piece of a time came. */
  clock: Clock | null;
  fractionMs: number;
  zoneMs: number;
  named: Record<string, string> | null;
}

/** Puts a value into its entry; the name of what is wrong when it cannot. */
export type Setter = (entry: Entry, value: string, scratch: Scratch) => 'time' | 'status' | 'format' | null;

export interface Item {
  name: string;
  set: Setter;
  /** Makes an attribute and nothing else: not asked where these are left for later. */
  only: boolean;
  /** Called for `-` and '' too. */
  always: boolean;
  /** Several values, joined by ", " or " : ". */
  list: boolean;
  time: boolean;
  /** May hold the blanks that part it from the next value: found from the closing quote. */
  greedy: boolean;
  /** May be written in quotes of its own (HAProxy's `+Q`). */
  mayQuote: boolean;
  /** Written only where it has something to say, and then in braces; else the blank behind it goes too. */
  vanishes: boolean;
  /** Finds its own end; -1 = it does not stand here. */
  scan: ((record: string, at: number, scratch: Scratch) => number) | null;
}

export const item = (name: string, set: Setter, more: Partial<Item> = {}): Item => ({
  name,
  set,
  only: false,
  always: false,
  list: false,
  time: false,
  greedy: false,
  mayQuote: false,
  vanishes: false,
  scan: null,
  ...more,
});

export const attribute = (name: string): Item =>
  item(
    name,
    (entry, value) => {
      addAttribute(entry, name, value);
      return null;
    },
    { only: true },
  );

export function text(
  field:
    | 'userName'
    | 'httpRequestReferrer'
    | 'userAgentOriginal'
    | 'httpRequestContentType'
    | 'networkProtocol'
    | 'forwardedFor'
    | 'serverAddress'
    | 'connectionId'
    | 'processId'
    | 'httpRequestMethod'
    | 'eventOutcome'
    | 'filePath',
): Setter {
  return (entry, value) => {
    entry[field] = value;
    return null;
  };
}

export function count(name: string, field: 'httpResponseBodySize' | 'clientPort' | 'serverPort'): Setter {
  return (entry, value) => {
    const n = numberOf(value);
    if (n === null || entry[field] !== null) addAttribute(entry, name, value);
    else entry[field] = n;
    return null;
  };
}

export function duration(name: string, toMs: (value: string) => number | null): Setter {
  return (entry, value) => {
    const ms = toMs(value);
    if (ms === null || ms < 0) addAttribute(entry, name, value);
    else entry.durationMs ??= ms;
    return null;
  };
}

export function idSetter(name: string): Setter {
  return (entry, value) => {
    if (isUniqueId(value)) addId(entry, value);
    else addAttribute(entry, name, value);
    return null;
  };
}

export const setStatus: Setter = (entry, value) => {
  const status = numberOf(value);
  if (status === null || value.length > 3) return value === '-' || value === '' ? null : 'status';
  entry.httpResponseStatusCode = status;
  return null;
};

export const setDomain: Setter = (entry, value) => {
  entry.urlDomain = domainOf(value);
  return null;
};

export const setClient: Setter = (entry, value) => {
  if (value !== 'unix:') entry.clientAddress = value;
  return null;
};

export const setRequest: Setter = (entry, value) => {
  const before = { path: entry.urlPath, domain: entry.urlDomain };
  setRequestLine(entry, value);
  if (before.domain !== null) entry.urlDomain = before.domain;
  return null;
};

export const setUri: Setter = (entry, value) => {
  const domain = entry.urlDomain;
  setTarget(entry, value);
  if (domain !== null) entry.urlDomain = domain;
  return null;
};

export function setPath(name: string): Setter {
  return (entry, value) => {
    if (entry.urlPath === null) entry.urlPath = value;
    else if (entry.urlPath !== value) addAttribute(entry, name, value);
    return null;
  };
}

export const setQuery: Setter = (entry, value) => {
  const query = value.charCodeAt(0) === 63 ? value.slice(1) : value;
  if (query !== '') entry.urlQuery ??= query;
  return null;
};

export const secret = (name: string): Item =>
  item(
    name,
    (entry, value) => {
      const space = value.indexOf(' ');
      addAttribute(entry, name, space > 0 && space < 12 ? `${value.slice(0, space)} ***` : '***');
      return null;
    },
    { only: true },
  );

/** `[22/Nov/2025:09:57:01 +0100]` or any other time as one value. */
export const setTime: Setter = (entry, value) => {
  const start = value.charCodeAt(0) === 91 ? 1 : 0;
  let ms = readClf(value, start);
  if (Number.isNaN(ms)) ms = readIso(value, start);
  if (Number.isNaN(ms)) ms = readAny(value.slice(start));
  if (Number.isNaN(ms)) return 'time';
  entry.timeMs = ms;
  entry.timeZoneless = read.zoneless;
  return null;
};

export const setEpoch: Setter = (entry, value) => {
  const n = decimalOf(value);
  const ms = n === null ? Number.NaN : epochMs(n);
  if (Number.isNaN(ms)) return 'time';
  entry.timeMs = ms;
  entry.timeZoneless = false;
  return null;
};

export function setUpstreamStatus(entry: Entry, value: string): null {
  const last = lastOf(value);
  const status = last === '-' || last === '' ? 0 : numberOf(last);
  if (status !== null && status < 1000) entry.upstreamStatusCode = status;
  if (last !== value) addAttribute(entry, 'upstream_status', value);
  return null;
}

export function setUpstreamAddress(entry: Entry, value: string): null {
  entry.upstreamAddress = lastOf(value);
  if (entry.upstreamAddress !== value) addAttribute(entry, 'upstream_addr', value);
  return null;
}

export const micros = (value: string): number | null => {
  const n = decimalOf(value);
  return n === null ? null : n / 1000;
};
export const millis = (value: string): number | null => decimalOf(value);

/** Request headers that have a field, by lower-case name. */
export function requestHeader(header: string): Item {
  const name = header.toLowerCase();
  switch (name) {
    case 'referer':
      return item(name, text('httpRequestReferrer'), { greedy: true });
    case 'user-agent':
      return item(name, text('userAgentOriginal'), { greedy: true });
    case 'host':
    case ':authority':
      return item(name, setDomain);
    case 'content-type':
      return item(name, text('httpRequestContentType'), { greedy: true });
    case 'x-forwarded-for':
      return item(name, text('forwardedFor'), { list: true });
    case 'x-request-id':
    case 'x-correlation-id':
    case 'traceparent':
    case 'x-amzn-trace-id':
    case 'cf-ray':
      return item(name, idSetter(`request.header.${name}`));
    case 'authorization':
    case 'cookie':
    case 'x-api-key':
      return secret(`request.header.${name}`);
    default:
      return { ...attribute(`request.header.${name}`), greedy: true };
  }
}

export function responseHeader(header: string): Item {
  const name = header.toLowerCase();
  if (name === 'set-cookie') return secret(`response.header.${name}`);
  return name === 'x-request-id'
    ? item(header, idSetter(`response.header.${name}`))
    : { ...attribute(`response.header.${name}`), greedy: true };
}

export const setUniqueId: Setter = (entry, value) => {
  addId(entry, value);
  return null;
};

/** Kept for `finish`, where several values become one field. */
export const part = (name: string): Item =>
  item(name, (_entry, value, scratch) => {
    scratch.named ??= {};
    scratch.named[name] = value;
    return null;
  });
