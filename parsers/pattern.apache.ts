/**
 * Apache `LogFormat`, and what is laid out by the same letters (varnishncsa `-F`, lighttpd, Tomcat). The string is as
 * it stands between the quotes of the configuration (`\"` allowed), or the whole directive. Time is the start of the
 * request unless the string asks for the end.
 */
import type { Entry, TimePoint } from './entry.ts';
import { addAttribute, closingQuote, domainOf, numberOf, peerAddress, secondsToMs, unescapeText } from './fields.ts';
import type { Format } from './parser.ts';
import {
  attribute,
  count,
  duration,
  type Item,
  idSetter,
  item,
  micros,
  millis,
  requestHeader,
  responseHeader,
  type Setter,
  secret,
  setClient,
  setDomain,
  setEpoch,
  setPath,
  setQuery,
  setRequest,
  setStatus,
  setTime,
  setUniqueId,
  text,
} from './pattern.items.ts';
import { formatOf, type Parts } from './pattern.ts';
import { compileStrftime, newClock } from './strftime.ts';

function timeItem(argument: string): Item {
  let spec = argument;
  const colon = /^(begin|end):?/.exec(spec);
  const atEnd = colon?.[1] === 'end';
  if (colon !== null) spec = spec.slice(colon[0].length);
  const name = argument === '' ? '%t' : `%{${argument}}t`;
  const noteEnd = (entry: Entry) => {
    if (atEnd) entry.timePoint = 'end';
    return null;
  };
  const mark = (set: Setter): Setter =>
    atEnd
      ? (entry, value, scratch) => {
          entry.timePoint = 'end';
          return set(entry, value, scratch);
        }
      : set;
  const fraction = (divisor: number): Item =>
    item(
      name,
      (_entry, value, scratch) => {
        scratch.fractionMs = Math.floor((numberOf(value) ?? 0) / divisor);
        return null;
      },
      {
        scan(record, at) {
          let end = at;
          while (record.charCodeAt(end) >= 48 && record.charCodeAt(end) <= 57) end++;
          return end === at ? -1 : end;
        },
      },
    );
  switch (spec) {
    case '':
      return item(name, mark(setTime), { time: true });
    case 'sec':
    case 'msec':
    case 'usec':
      return item(name, mark(setEpoch));
    case 'msec_frac':
      return fraction(1);
    case 'usec_frac':
      return fraction(1000);
    default: {
      const layout = compileStrftime(spec);
      if (layout === null) return item(name, mark(setTime), { time: true });
      return item(name, noteEnd, {
        scan(record, at, scratch) {
          scratch.clock ??= newClock();
          return layout(record, at, scratch.clock);
        },
      });
    }
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
  u: item(
    '%u',
    (entry, value) => {
      if (value !== '""') entry.userName = value;
      return null;
    },
    { greedy: true },
  ),
  r: item('%r', setRequest, { greedy: true }),
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
  U: item('%U', setPath('url_path'), { greedy: true }),
  q: item('%q', setQuery, { greedy: true }),
  H: item('%H', text('networkProtocol')),
  L: item('%L', idSetter('log_id')),
  X: attribute('connection_status'),
  k: attribute('keepalive_requests'),
  f: { ...item('%f', text('filePath')), greedy: true },
  R: attribute('handler'),
  '^FB': attribute('time_to_first_byte'),
};

const setUpstream: Setter = (entry, value) => {
  entry.upstreamAddress = value.replace(/^[a-z]+:\/\//, '');
  return null;
};

function apacheItem(letter: string, argument: string | undefined): Item {
  if (letter === 't') return timeItem(argument ?? '');
  if (argument === undefined) return Object.hasOwn(APACHE, letter) ? APACHE[letter]! : attribute(`%${letter}`);
  switch (letter) {
    case 'i':
    case '^ti':
      return requestHeader(argument);
    case 'o':
    case '^to':
      return responseHeader(argument);
    case 'e':
    case 'n':
      if (argument === 'UNIQUE_ID') return item(argument, setUniqueId);
      if (/REQUEST_ID$/i.test(argument)) return item(argument, idSetter(argument));
      if (argument === 'BALANCER_WORKER_NAME') return item(argument, setUpstream);
      return { ...attribute(argument), greedy: true };
    case 'x':
      if (argument === 'Varnish:handling') return item(argument, text('eventOutcome'));
      if (argument === 'Varnish:vxid') return attribute('vxid');
      return { ...attribute(argument.replace(/^VCL_Log:/, '')), greedy: true };
    case 'C':
    case 'c':
      return secret(`cookie.${argument}`);
    case 'a':
    case 'h':
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
    case 'L':
      return argument === 'c' ? item('%{c}L', text('connectionId')) : APACHE.L!;
    case 'P':
      return argument === 'pid' ? APACHE.P! : attribute(argument);
    default:
      return attribute(argument);
  }
}

function partsOf(pattern: string): Parts {
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
    const match = /^%(?:!?\d{3}(?:,\d{3})*)?([<>])?(?:\{([^}]*)\})?([<>])?(\^(?:FB|t[io])|[A-Za-z])/.exec(
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
    const value = isFirstStatus || (first && letter === 's') ? attribute('status.first') : apacheItem(letter, match[2]);
    // `%t` brings its own brackets: as literals they end the value in front of them, too.
    const bare = letter === 't' && (match[2] === undefined || match[2] === '');
    if (bare) add('[');
    items.push(value);
    literals.push(bare ? ']' : '');
    i += match[0].length;
  }
  return { literals, items };
}

/** `LogFormat "…" name`, `CustomLog path "…"`: what stands between the quotes. */
function fromDirective(text: string): string {
  const m = /^\s*(?:LogFormat|(?:Custom|Global)Log\s+(?:"[^"]*"|\S+))\s+"((?:\\.|[^"\\])*)"/i.exec(text);
  return m === null ? text : m[1]!;
}

/**
 * Makes a Format from the text of an Apache `LogFormat`. Varnish, lighttpd and Tomcat use the same letters: `dataset`
 * and `timePoint` say whose lines they are.
 */
export function compileApache(
  pattern: string,
  dataset = 'apache.access',
  timePoint: TimePoint = 'start',
  usualLayer = 'web',
): Format {
  return formatOf({
    dataset,
    title: `${dataset} of the pattern given`,
    usualLayer,
    timePoint,
    parts: partsOf(fromDirective(pattern)),
    closing: closingQuote,
    unescapeValue: unescapeText,
    finish() {},
  });
}
