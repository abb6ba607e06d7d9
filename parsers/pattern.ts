/**
 * HOT. Compiles the string with which a server was told how to log (nginx `log_format`, Apache `LogFormat`) into a
 * Format. A pattern is literals with values between them; a value ends where the next literal begins, or at the
 * closing quote. Values are unescaped as that server escapes. What has no field keeps its own name as attribute.
 */
import { lastOf } from './clf.ts';
import { type Entry, emptyEntry, type Failure, type TimePoint } from './entry.ts';
import {
  addAttribute,
  addId,
  closingQuote,
  decimalOf,
  domainOf,
  isUniqueId,
  looksLikeHost,
  numberOf,
  peerAddress,
  secondsToMs,
  setRequestLine,
  setTarget,
  unescapeText,
} from './fields.ts';
import type { Format } from './parser.ts';
import { epochMs, read, readAny, readClf, readIso } from './time.ts';

export type NginxEscape = 'default' | 'json' | 'none';

/** What several items of one line say together: Apache splits a time into date, fraction and zone. */
interface Times {
  fractionMs: number;
  zoneMs: number;
}

/** Puts a value into its entry; the name of what is wrong when it cannot. */
type Setter = (entry: Entry, value: string, times: Times) => 'time' | 'status' | null;

interface Item {
  name: string;
  set: Setter;
  /** Called for `-` and '' too. */
  always: boolean;
  /** Several values, joined by ", " or " : ". */
  list: boolean;
  time: boolean;
}

interface Segment extends Item {
  /** The literal behind the value; '' = the value goes to the end of the line. */
  after: string;
  quoted: boolean;
}

type Unescape = (text: string) => string;

const item = (name: string, set: Setter, more: Partial<Item> = {}): Item => ({
  name,
  set,
  always: false,
  list: false,
  time: false,
  ...more,
});

const attribute = (name: string): Item =>
  item(name, (entry, value) => {
    addAttribute(entry, name, value);
    return null;
  });

function text(
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

function count(name: string, field: 'httpResponseBodySize' | 'clientPort' | 'serverPort'): Setter {
  return (entry, value) => {
    const n = numberOf(value);
    if (n === null || entry[field] !== null) addAttribute(entry, name, value);
    else entry[field] = n;
    return null;
  };
}

function duration(name: string, toMs: (value: string) => number | null): Setter {
  return (entry, value) => {
    const ms = toMs(value);
    if (ms === null || ms < 0) addAttribute(entry, name, value);
    else entry.durationMs ??= ms;
    return null;
  };
}

function idSetter(name: string): Setter {
  return (entry, value) => {
    if (isUniqueId(value)) addId(entry, value);
    else addAttribute(entry, name, value);
    return null;
  };
}

const setStatus: Setter = (entry, value) => {
  const status = numberOf(value);
  if (status === null || value.length > 3) return value === '-' || value === '' ? null : 'status';
  entry.httpResponseStatusCode = status;
  return null;
};

const setDomain: Setter = (entry, value) => {
  entry.urlDomain = domainOf(value);
  return null;
};

const setClient: Setter = (entry, value) => {
  if (value !== 'unix:') entry.clientAddress = value;
  return null;
};

const setRequest: Setter = (entry, value) => {
  const before = { path: entry.urlPath, domain: entry.urlDomain };
  setRequestLine(entry, value);
  if (before.domain !== null) entry.urlDomain = before.domain;
  return null;
};

const setUri: Setter = (entry, value) => {
  const domain = entry.urlDomain;
  setTarget(entry, value);
  if (domain !== null) entry.urlDomain = domain;
  return null;
};

function setPath(name: string): Setter {
  return (entry, value) => {
    if (entry.urlPath === null) entry.urlPath = value;
    else if (entry.urlPath !== value) addAttribute(entry, name, value);
    return null;
  };
}

const setQuery: Setter = (entry, value) => {
  const query = value.charCodeAt(0) === 63 ? value.slice(1) : value;
  if (query !== '') entry.urlQuery ??= query;
  return null;
};

const secret = (name: string): Item =>
  item(name, (entry, value) => {
    const space = value.indexOf(' ');
    addAttribute(entry, name, space > 0 && space < 12 ? `${value.slice(0, space)} ***` : '***');
    return null;
  });

/** `[22/Nov/2025:09:57:01 +0100]` or any other time as one value. */
const setTime: Setter = (entry, value) => {
  const start = value.charCodeAt(0) === 91 ? 1 : 0;
  let ms = readClf(value, start);
  if (Number.isNaN(ms)) ms = readIso(value, start);
  if (Number.isNaN(ms)) ms = readAny(value.slice(start));
  if (Number.isNaN(ms)) return 'time';
  entry.timeMs = ms;
  entry.timeZoneless = read.zoneless;
  return null;
};

const setEpoch: Setter = (entry, value) => {
  const n = decimalOf(value);
  const ms = n === null ? Number.NaN : epochMs(n);
  if (Number.isNaN(ms)) return 'time';
  entry.timeMs = ms;
  entry.timeZoneless = false;
  return null;
};

function setUpstreamStatus(entry: Entry, value: string): null {
  const last = lastOf(value);
  const status = last === '-' || last === '' ? 0 : numberOf(last);
  if (status !== null && status < 1000) entry.upstreamStatusCode = status;
  if (last !== value) addAttribute(entry, 'upstream_status', value);
  return null;
}

function setUpstreamAddress(entry: Entry, value: string): null {
  entry.upstreamAddress = lastOf(value);
  if (entry.upstreamAddress !== value) addAttribute(entry, 'upstream_addr', value);
  return null;
}

const NGINX: Record<string, Item> = Object.fromEntries(
  [
    item('remote_addr', setClient),
    item('remote_port', count('remote_port', 'clientPort')),
    item('remote_user', text('userName')),
    item('time_local', setTime, { time: true }),
    item('time_iso8601', setTime, { time: true }),
    item('msec', setEpoch),
    item('request', setRequest),
    item('request_method', text('httpRequestMethod')),
    item('request_uri', setUri),
    item('uri', setPath('uri')),
    item('document_uri', setPath('document_uri')),
    item('args', setQuery),
    item('query_string', setQuery),
    item('is_args', () => null),
    item('status', setStatus, { always: true }),
    item('body_bytes_sent', count('body_bytes_sent', 'httpResponseBodySize')),
    item('bytes_sent', count('bytes_sent', 'httpResponseBodySize')),
    item('server_protocol', text('networkProtocol')),
    item('host', setDomain),
    item('http_host', setDomain),
    item('server_addr', text('serverAddress')),
    item('server_port', count('server_port', 'serverPort')),
    item('http_referer', text('httpRequestReferrer')),
    item('http_user_agent', text('userAgentOriginal')),
    item('http_x_forwarded_for', text('forwardedFor')),
    item('proxy_add_x_forwarded_for', text('forwardedFor'), { list: true }),
    item('content_type', text('httpRequestContentType')),
    item('http_content_type', text('httpRequestContentType')),
    item('request_id', idSetter('request_id')),
    item('req_id', idSetter('req_id')),
    item('http_x_request_id', idSetter('http_x_request_id')),
    item('http_x_correlation_id', idSetter('http_x_correlation_id')),
    item('http_traceparent', idSetter('http_traceparent')),
    item('http_cf_ray', idSetter('http_cf_ray')),
    item('sent_http_x_request_id', idSetter('sent_http_x_request_id')),
    item('connection', text('connectionId')),
    item('pid', text('processId')),
    item('request_time', duration('request_time', secondsToMs)),
    item('upstream_addr', setUpstreamAddress, { list: true }),
    item('upstream_status', setUpstreamStatus, { list: true, always: true }),
    item('request_filename', text('filePath')),
    secret('http_authorization'),
    secret('http_cookie'),
    secret('http_x_api_key'),
  ].map((entry) => [entry.name, entry]),
);

/** Header names in patterns: `http_x_tenant` is x-tenant. */
function nginxItem(name: string): Item {
  const known = Object.hasOwn(NGINX, name) ? NGINX[name] : undefined;
  if (known !== undefined) return known;
  if (name.startsWith('cookie_')) return secret(name);
  if (name.startsWith('upstream_')) return { ...attribute(name), list: true };
  return attribute(name);
}

/** Literal and items in turn: literals[0] item[0] literals[1] item[1] … literals[n]. */
interface Parts {
  literals: string[];
  items: Item[];
}

function nginxParts(pattern: string): Parts {
  const literals = [''];
  const items: Item[] = [];
  let i = 0;
  while (i < pattern.length) {
    const match = pattern.charCodeAt(i) === 36 ? /^\$(?:\{(\w+)\}|(\w+))/.exec(pattern.slice(i, i + 100)) : null;
    if (match === null) {
      literals[literals.length - 1] += pattern.charAt(i++);
      continue;
    }
    items.push(nginxItem(match[1] ?? match[2] ?? ''));
    literals.push('');
    i += match[0].length;
  }
  return { literals, items };
}

/** JSON escapes, as nginx's escape=json and JSON templates of Apache write them. */
function unescapeJson(value: string): string {
  if (value.indexOf('\\') < 0) return value;
  try {
    return JSON.parse(`"${value}"`) as string;
  } catch {
    return unescapeText(value);
  }
}

/** Two values without anything between: only where the second one's beginning is known. */
function mergeAdjacent(parts: Parts): Parts {
  const literals = [parts.literals[0]!];
  const items: Item[] = [];
  for (let i = 0; i < parts.items.length; i++) {
    const next = parts.items[i]!;
    const previous = items[items.length - 1];
    const between = parts.literals[i]!;
    if (previous !== undefined && between === '' && i > 0) {
      items[items.length - 1] = joined(previous, next);
      literals[literals.length - 1] = parts.literals[i + 1]!;
      continue;
    }
    items.push(next);
    literals.push(parts.literals[i + 1]!);
  }
  return { literals, items };
}

function joined(a: Item, b: Item): Item {
  const mark =
    b.name === 'is_args' || b.name === 'args' || b.name === 'query_string' || b.name === '%q'
      ? '?'
      : b.name === 'request_uri' || b.name === 'uri' || b.name === '%U'
        ? '/'
        : null;
  return item(`${a.name}+${b.name}`, (entry, value, times) => {
    let cut = mark === null ? -1 : value.indexOf(mark);
    if (cut < 0) cut = value.length;
    const first = value.slice(0, cut);
    const second = value.slice(cut);
    const wrong = first === '' || first === '-' ? null : a.set(entry, first, times);
    return wrong ?? (second === '' || second === '-' ? null : b.set(entry, second, times));
  });
}

function segmentsOf(parts: Parts, quotes: boolean): Segment[] {
  return parts.items.map((entry, i) => {
    const before = parts.literals[i]!;
    const after = parts.literals[i + 1]!;
    return { ...entry, after, quoted: quotes && before.endsWith('"') && after.startsWith('"') };
  });
}

/** End of a value that is a list: the separator must not be the one inside the list. */
function endOfList(line: string, from: number, after: string): number {
  let end = line.indexOf(after, from);
  while (end > from && after.charCodeAt(0) === 32) {
    if (line.charCodeAt(end - 1) === 44) end = line.indexOf(after, end + 1);
    else if (line.startsWith(' : ', end)) end = line.indexOf(after, end + 3);
    else break;
  }
  return end;
}

interface Compiled {
  dataset: string;
  title: string;
  timePoint: TimePoint;
  parts: Parts;
  quotes: boolean;
  unescapeValue: Unescape;
  finish: (entry: Entry) => void;
}

function formatOf(compiled: Compiled): Format {
  const { dataset, timePoint, unescapeValue, finish, quotes } = compiled;
  const parts = mergeAdjacent(compiled.parts);
  const head = parts.literals[0]!;
  const segments = segmentsOf(parts, quotes);
  const formatFailure: Failure = { failure: 'format' };
  const parse = (record: string): Entry | Failure => {
    if (!record.startsWith(head)) return record.trim() === '' ? { failure: 'empty' } : formatFailure;
    const entry = emptyEntry(dataset, 'access', timePoint);
    const times: Times = { fractionMs: 0, zoneMs: Number.NaN };
    let at = head.length;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const { after } = segment;
      let end: number;
      if (segment.quoted) end = closingQuote(record, at);
      else if (after === '') end = record.length;
      else if (segment.time && after.charCodeAt(0) === 32) {
        // A time holds blanks itself.
        const start = record.charCodeAt(at) === 91 ? at + 1 : at;
        const ms = Number.isNaN(readClf(record, start)) ? readIso(record, start) : 0;
        end = Number.isNaN(ms)
          ? record.indexOf(after, at)
          : record.charCodeAt(read.end) === 93
            ? read.end + 1
            : read.end;
      } else if (segment.list) end = endOfList(record, at, after);
      else end = record.indexOf(after, at);
      if (end < 0) {
        // The last literal may have been trimmed off; anything else is missing.
        return i > 0 && at >= record.length
          ? { failure: 'torn', field: segment.name }
          : { failure: 'format', field: segment.name };
      }
      if (!record.startsWith(after, end)) return { failure: 'format', field: segment.name };
      const raw = record.slice(at, end);
      if (segment.always || (raw !== '-' && raw !== '')) {
        const wrong = segment.set(entry, raw.indexOf('\\') < 0 ? raw : unescapeValue(raw), times);
        if (wrong !== null) return { failure: wrong, field: segment.name };
      }
      at = end + after.length;
    }
    if (at < record.trimEnd().length) return { failure: 'format', field: 'end' };
    if (times.fractionMs !== 0) entry.timeMs += times.fractionMs;
    if (!Number.isNaN(times.zoneMs) && entry.timeZoneless) {
      entry.timeMs -= times.zoneMs;
      entry.timeZoneless = false;
    }
    finish(entry);
    return entry;
  };
  return { dataset, title: compiled.title, usualLayer: 'web', parse };
}

/** Makes a Format from the text of an nginx `log_format`, with the quotes of the configuration taken off. */
export function compileNginx(pattern: string, escaped?: NginxEscape): Format {
  // As in the configuration: `escape=json {"time":"$time_iso8601", …`
  const given = /^escape=(default|json|none)\s+/.exec(pattern);
  const escaping = escaped ?? ((given?.[1] ?? 'default') as NginxEscape);
  return formatOf({
    dataset: 'nginx.access',
    title: 'nginx access log (log_format)',
    timePoint: 'end',
    parts: nginxParts(given === null ? pattern : pattern.slice(given[0].length)),
    quotes: escaping !== 'none',
    unescapeValue: escaping === 'json' ? unescapeJson : escaping === 'none' ? (value) => value : unescapeText,
    finish(entry) {
      const name = entry.attributes?.server_name;
      if (entry.urlDomain === null && name !== undefined && looksLikeHost(name)) entry.urlDomain = domainOf(name);
    },
  });
}

// ---------------------------------------------------------------------------------------------- Apache

const micros = (value: string) => {
  const n = decimalOf(value);
  return n === null ? null : n / 1000;
};
const millis = (value: string) => decimalOf(value);

/** `%{…}i`: request headers that have a field. */
function requestHeader(header: string): Item {
  const name = header.toLowerCase();
  switch (name) {
    case 'referer':
      return item(name, text('httpRequestReferrer'));
    case 'user-agent':
      return item(name, text('userAgentOriginal'));
    case 'host':
      return item(name, setDomain);
    case 'content-type':
      return item(name, text('httpRequestContentType'));
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
      return attribute(`request.header.${name}`);
  }
}

function timeItem(argument: string): Item {
  let spec = argument;
  const colon = /^(begin|end):?/.exec(spec);
  const atEnd = colon?.[1] === 'end';
  if (colon !== null) spec = spec.slice(colon[0].length);
  const mark = (set: Setter): Setter =>
    atEnd
      ? (entry, value, times) => {
          entry.timePoint = 'end';
          return set(entry, value, times);
        }
      : set;
  switch (spec) {
    case '':
      return item('%t', mark(setTime), { time: true });
    case 'sec':
    case 'msec':
    case 'usec':
      return item(`%{${argument}}t`, mark(setEpoch));
    case 'msec_frac':
      return item(`%{${argument}}t`, (_entry, value, times) => {
        times.fractionMs = numberOf(value) ?? 0;
        return null;
      });
    case 'usec_frac':
      return item(`%{${argument}}t`, (_entry, value, times) => {
        times.fractionMs = Math.floor((numberOf(value) ?? 0) / 1000);
        return null;
      });
    case '%z':
      return item(`%{${argument}}t`, (_entry, value, times) => {
        // Borrow the reader: any date will do.
        const at = readIso(`1970-01-01T00:00:00${value}`, 0);
        if (!Number.isNaN(at) && !read.zoneless) times.zoneMs = -at;
        return null;
      });
    default:
      return item(`%{${argument}}t`, mark(setTime), { time: true });
  }
}

const APACHE: Record<string, Item> = {
  h: item('%h', setClient),
  a: item('%a', setClient),
  A: item('%A', text('serverAddress')),
  l: item('ident', (entry, value) => {
    addAttribute(entry, 'ident', value);
    return null;
  }),
  u: item('%u', (entry, value) => {
    if (value !== '""') entry.userName = value;
    return null;
  }),
  r: item('%r', setRequest),
  s: item('%s', setStatus, { always: true }),
  b: item('%b', count('bytes', 'httpResponseBodySize')),
  B: item('%B', count('bytes', 'httpResponseBodySize')),
  O: item('%O', count('bytes_sent', 'httpResponseBodySize')),
  I: attribute('bytes_received'),
  S: attribute('bytes_transferred'),
  D: item('%D', duration('%D', micros)),
  T: item('%T', duration('%T', secondsToMs)),
  v: item('%v', (entry, value) => {
    if (entry.urlDomain === null) entry.urlDomain = domainOf(value);
    else if (entry.urlDomain !== domainOf(value)) addAttribute(entry, 'server_name', value);
    return null;
  }),
  V: item('%V', setDomain),
  p: item('%p', count('server_port', 'serverPort')),
  P: item('%P', text('processId')),
  m: item('%m', text('httpRequestMethod')),
  U: item('%U', setPath('url_path')),
  q: item('%q', setQuery),
  H: item('%H', text('networkProtocol')),
  L: item('%L', idSetter('log_id')),
  X: attribute('connection_status'),
  k: attribute('keepalive_requests'),
  f: item('%f', text('filePath')),
  R: attribute('handler'),
};

function apacheItem(letter: string, argument: string | undefined): Item {
  if (letter === 't') return timeItem(argument ?? '');
  if (argument === undefined) return Object.hasOwn(APACHE, letter) ? APACHE[letter]! : attribute(`%${letter}`);
  switch (letter) {
    case 'i':
      return requestHeader(argument);
    case 'o':
      return argument.toLowerCase() === 'x-request-id'
        ? item(argument, idSetter(`response.header.${argument.toLowerCase()}`))
        : attribute(`response.header.${argument.toLowerCase()}`);
    case 'e':
      if (argument === 'UNIQUE_ID')
        return item(argument, (entry, value) => {
          addId(entry, value);
          return null;
        });
      if (/REQUEST_ID$/i.test(argument)) return item(argument, idSetter(argument));
      if (argument === 'BALANCER_WORKER_NAME')
        return item(argument, (entry, value) => {
          entry.upstreamAddress = value.replace(/^[a-z]+:\/\//, '');
          return null;
        });
      return attribute(argument);
    case 'C':
      return secret(`cookie.${argument}`);
    case 'a':
      return argument === 'c'
        ? item('peer', (entry, value) => {
            addAttribute(entry, 'peer', peerAddress(value));
            return null;
          })
        : APACHE.a!;
    case 'p':
      return argument === 'remote' ? item('%{remote}p', count('remote_port', 'clientPort')) : APACHE.p!;
    case 'T':
      return item(
        `%{${argument}}T`,
        duration(`%{${argument}}T`, argument === 'ms' ? millis : argument === 'us' ? micros : secondsToMs),
      );
    case 'P':
      return argument === 'pid' ? APACHE.P! : attribute(argument);
    default:
      return attribute(argument);
  }
}

function apacheParts(pattern: string): Parts {
  const literals = [''];
  const items: Item[] = [];
  const add = (literal: string) => {
    literals[literals.length - 1] += literal;
  };
  let i = 0;
  while (i < pattern.length) {
    const c = pattern.charAt(i);
    if (c === '\\' && i + 1 < pattern.length) {
      const next = pattern.charAt(i + 1);
      add(next === 't' ? '\t' : next === 'n' ? '\n' : next);
      i += 2;
      continue;
    }
    if (c !== '%') {
      add(c);
      i++;
      continue;
    }
    if (pattern.charAt(i + 1) === '%') {
      add('%');
      i += 2;
      continue;
    }
    // `%!200,304{name}>i`, `%400{…}e`
    const match = /^%(?:!?\d{3}(?:,\d{3})*)?([<>])?(?:\{([^}]*)\})?([<>])?(\^..|[A-Za-z])/.exec(
      pattern.slice(i, i + 200),
    );
    if (match === null) {
      add(c);
      i++;
      continue;
    }
    const letter = match[4]!;
    const first = match[1] === '<' || match[3] === '<';
    // %s alone is the first status, %>s the last one: where both are logged the last one is the answer.
    const isFirstStatus = letter === 's' && match[1] !== '>' && match[3] !== '>' && /%>(?:\{[^}]*\})?s/.test(pattern);
    items.push(isFirstStatus || (first && letter === 's') ? attribute('status.first') : apacheItem(letter, match[2]));
    literals.push('');
    i += match[0].length;
  }
  return { literals, items };
}

/**
 * Makes a Format from the text of an Apache `LogFormat`, as it stands between the quotes of the configuration (`\"`
 * allowed). Varnish, lighttpd and Tomcat use the same letters: `dataset` and `timePoint` say whose lines they are.
 */
export function compileApache(pattern: string, dataset = 'apache.access', timePoint: TimePoint = 'start'): Format {
  return formatOf({
    dataset,
    title: `${dataset} of the pattern given`,
    timePoint,
    parts: apacheParts(pattern),
    quotes: true,
    unescapeValue: unescapeText,
    finish() {},
  });
}
