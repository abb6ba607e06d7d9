/**
 * HAProxy `log-format` and `log-format-sd`: variables (`%ci`, `%{+Q}r`, `%(name)ST`) and samples (`%[fetch,converter]`),
 * also as JSON (`%{+json}o`). Runs of blanks are written as one, captures that hold nothing are not written at all, what
 * does not print is `#HH`. Time is the start of the request.
 */

import type { Entry, Failure } from './entry.ts';
import { addAttribute, addId, domainOf, hexByte, isUniqueId, looksLikeHost, numberOf } from './fields.ts';
import type { Format } from './parser.ts';
import {
  attribute,
  count,
  type Item,
  item,
  part,
  requestHeader,
  responseHeader,
  type Scratch,
  secret,
  setClient,
  setEpoch,
  setPath,
  setQuery,
  setRequest,
  setTime,
  setUniqueId,
  setUri,
  text,
} from './pattern.items.ts';
import { type Compiled, formatOf, jsonFormatOf, type Member, type Parts } from './pattern.ts';

/** HAProxy writes bytes that do not print, `#`, and in places quotes and braces, as `#HH`. */
export function unhash(value: string): string {
  let hash = value.indexOf('#');
  if (hash < 0) return value;
  const parts: Buffer[] = [];
  let from = 0;
  for (; hash >= 0; hash = value.indexOf('#', hash + 1)) {
    const byte = hexByte(value, hash + 1);
    if (byte < 0) continue;
    parts.push(Buffer.from(value.slice(from, hash)), Buffer.of(byte));
    from = hash + 3;
  }
  parts.push(Buffer.from(value.slice(from)));
  return Buffer.concat(parts).toString();
}

const setFrontend: Item['set'] = (entry, value) => {
  const tls = value.endsWith('~');
  addAttribute(entry, 'frontend', tls ? value.slice(0, -1) : value);
  if (tls) addAttribute(entry, 'tls', 'true');
  return null;
};

const setStatus: Item['set'] = (entry, value) => {
  const status = value === '-1' ? 0 : numberOf(value);
  if (status === null || status > 999) return value === '-' || value === '' ? null : 'status';
  entry.httpResponseStatusCode = status;
  return null;
};

/** Parts of a request whose time has a name; `+` in front with logasap, `-1` = it did not get there. */
const whole = (name: string): Item =>
  item(name, (entry, value, scratch) => {
    scratch.named ??= {};
    scratch.named[name] = value;
    const ms = numberOf(value.charCodeAt(0) === 43 ? value.slice(1) : value);
    if (ms !== null) entry.durationMs ??= ms;
    return null;
  });

const setBytes: Item['set'] = (entry, value) => {
  entry.httpResponseBodySize = numberOf(value.charCodeAt(0) === 43 ? value.slice(1) : value);
  return null;
};

/** `{a|b}`: what `capture` took of headers. */
function captured(name: string, prefix: string): Item {
  return item(
    name,
    (entry, value) => {
      const inner = value.startsWith('{') && value.endsWith('}') ? value.slice(1, -1) : value;
      let i = 0;
      for (const one of inner.split('|', 30)) {
        const plain = unhash(one);
        addAttribute(entry, `${prefix}.${i++}`, plain);
        if (prefix === 'captured' && entry.urlDomain === null && looksLikeHost(plain) && !plain.includes('/'))
          entry.urlDomain = domainOf(plain);
      }
      return null;
    },
    {
      vanishes: true,
      scan: (record, at) => {
        const end = record.indexOf('}', at);
        return end < 0 ? -1 : end + 1;
      },
    },
  );
}

/** `"a" - "c"`: the same for `option httplog clf`, each in quotes. */
function capturedList(name: string, prefix: string): Item {
  return item(
    name,
    (entry, value) => {
      let i = 0;
      for (const m of value.matchAll(/"([^"]*)"|(\S+)/g))
        addAttribute(entry, `${prefix}.${i++}`, unhash(m[1] ?? m[2]!));
      return null;
    },
    {
      scan: (record, at) => {
        const m = /^(?:"[^"]*"|-)(?: (?:"[^"]*"|-)(?= |$))*/.exec(record.slice(at));
        return m === null ? at : at + m[0].length;
      },
    },
  );
}

const setRequestText: Item['set'] = (entry, value, scratch) => {
  if (value === '<BADREQ>') addAttribute(entry, 'request', value);
  else return setRequest(entry, value, scratch);
  return null;
};

const setPathUnlessBad: Item['set'] = (entry, value, scratch) =>
  value === '<BADREQ>' ? setRequestText(entry, value, scratch) : setUri(entry, value, scratch);

const setMethod: Item['set'] = (entry, value) => {
  if (value !== '<BADREQ>') entry.httpRequestMethod = value;
  return null;
};

const HAPROXY: Record<string, Item> = Object.fromEntries(
  [
    item('%ci', setClient),
    item('%cp', count('client_port', 'clientPort')),
    item('%t', setTime, { time: true }),
    item('%tr', setTime, { time: true }),
    item('%T', setTime, { time: true }),
    item('%trg', setTime, { time: true }),
    item('%Tl', setTime, { time: true }),
    item('%trl', setTime, { time: true }),
    item('%Ts', setEpoch),
    item('%ms', (_entry, value, scratch) => {
      scratch.fractionMs = numberOf(value) ?? 0;
      return null;
    }),
    item('%f', setFrontend),
    item('%ft', setFrontend),
    part('%b'),
    part('%s'),
    part('%TR'),
    part('%Tw'),
    part('%Tc'),
    part('%Tr'),
    whole('%Ta'),
    whole('%Tt'),
    attribute('%Th'),
    attribute('%Ti'),
    attribute('%Tq'),
    attribute('%Td'),
    attribute('%Tu'),
    item('%ST', setStatus, { always: true }),
    item('%B', setBytes),
    attribute('%U'),
    secret('%CC'),
    secret('%CS'),
    item('%ts', text('eventOutcome')),
    item('%tsc', text('eventOutcome')),
    part('%ac'),
    part('%fc'),
    part('%bc'),
    part('%sc'),
    part('%rc'),
    part('%sq'),
    part('%bq'),
    captured('%hr', 'captured'),
    captured('%hs', 'captured.response'),
    capturedList('%hrl', 'captured'),
    capturedList('%hsl', 'captured.response'),
    item('%r', setRequestText, { greedy: true }),
    item('%HM', setMethod),
    item('%HU', setPathUnlessBad, { greedy: true }),
    item('%HP', setPath('path'), { greedy: true }),
    item('%HPO', setPath('path'), { greedy: true }),
    item('%HQ', setQuery, { greedy: true }),
    item('%HV', text('networkProtocol')),
    item('%ID', (entry, value) => {
      if (isUniqueId(value)) addId(entry, value);
      else addAttribute(entry, 'unique-id', value);
      return null;
    }),
    item('%pid', text('processId')),
    item('%fi', text('serverAddress')),
    item('%fp', count('frontend_port', 'serverPort')),
    item('%si', attribute('server_ip').set),
    item('%sp', attribute('server_port').set),
    item('%bi', attribute('backend_source_ip').set),
    item('%bp', attribute('backend_source_port').set),
    item('%H', attribute('hostname').set),
    item('%sslv', attribute('tls.version').set),
    item('%sslc', attribute('tls.cipher').set),
    item('%rt', attribute('request_counter').set),
    item('%lc', attribute('log_counter').set),
    { ...item('%E', attribute('error').set), greedy: true },
  ].map((x) => [x.name.slice(1), x]),
);
// What a captured cookie is called where `option httplog` writes it.
for (const [name, field] of [
  ['CC', 'captured.cookie.request'],
  ['CS', 'captured.cookie.response'],
] as const)
  HAPROXY[name] = item(`%${name}`, (entry, value) => {
    addAttribute(entry, field, value);
    return null;
  });

const NAMES = Object.keys(HAPROXY).sort((a, b) => b.length - a.length);

/** Samples that are fields. The name of a header is the sample's argument. */
function sampleItem(expression: string): Item {
  const name = expression.trim();
  const fetch = name.split(',', 1)[0]!;
  const header = /^(?:capture\.)?(?:req\.(?:f?hdr|hdr_ip)|hdr)\(([\w-]*[A-Za-z][\w-]*)/.exec(name)?.[1];
  if (header !== undefined) return { ...requestHeader(header), greedy: true };
  const answer = /^(?:res\.f?hdr|shdr)\(([\w-]+)/.exec(name)?.[1];
  if (answer !== undefined) return { ...responseHeader(answer), greedy: true };
  if (/^(?:req\.)?(?:cook|capture\.cookie)/.test(fetch)) return secret(name);
  switch (fetch) {
    case 'src':
      return item(name, setClient);
    case 'src_port':
      return item(name, count(name, 'clientPort'));
    case 'dst':
      return item(name, text('serverAddress'));
    case 'dst_port':
      return item(name, count(name, 'serverPort'));
    case 'status':
    case 'txn.status':
      return item(name, setStatus, { always: true });
    case 'method':
    case 'capture.req.method':
      return item(name, setMethod);
    case 'path':
    case 'baseq':
      return { ...item(name, setPath(name)), greedy: true };
    case 'pathq':
    case 'url':
    case 'capture.req.uri':
      return { ...item(name, setUri), greedy: true };
    case 'query':
      return { ...item(name, setQuery), greedy: true };
    case 'req.ver':
    case 'capture.req.ver':
      return item(name, (entry, value) => {
        entry.networkProtocol = value.startsWith('HTTP') ? value : `HTTP/${value}`;
        return null;
      });
    case 'ssl_fc_sni':
      return item(name, (entry, value) => {
        addAttribute(entry, 'tls.sni', value);
        if (entry.urlDomain === null && looksLikeHost(value)) entry.urlDomain = domainOf(value);
        return null;
      });
    case 'unique-id':
    case 'uuid()':
      return item(name, setUniqueId);
    default:
      if (/^date(?:\(|$)/.test(fetch)) return item(name, setTime, { time: true });
      return { ...attribute(name), greedy: true };
  }
}

interface Found {
  item: Item;
  /** `%(name)ST`: what it is called in JSON. */
  alias: string | null;
}

interface Pieces {
  parts: Parts;
  aliases: (string | null)[];
  json: boolean;
}

/** `%{flags}(name:type)variable`, `%[sample]`. */
function piecesOf(pattern: string): Pieces {
  const literals = [''];
  const items: Item[] = [];
  const aliases: (string | null)[] = [];
  let json = false;
  let quoteAll = false;
  const add = (literal: string) => {
    // A run of blanks is written as one.
    const last = literals[literals.length - 1]!;
    if (literal === ' ' && last.endsWith(' ')) return;
    literals[literals.length - 1] = last + literal;
  };
  const push = ({ item: found, alias }: Found, flags: string) => {
    const quoted = /\+Q/.test(flags) || (quoteAll && !/-Q/.test(flags));
    items.push({ ...found, mayQuote: quoted });
    aliases.push(alias);
    literals.push('');
  };
  let i = 0;
  while (i < pattern.length) {
    const c = pattern.charAt(i);
    if (c === '\\' && i + 1 < pattern.length && /[\s"'\\#]/.test(pattern.charAt(i + 1))) {
      add(pattern.charAt(i + 1));
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
    const head = /^%(\{[^}]*\})?(?:\(([^)]*)\))?(\{[^}]*\})?/.exec(pattern.slice(i, i + 200))!;
    const flags = (head[1] ?? '') + (head[3] ?? '');
    const alias = head[2] === undefined ? null : head[2].split(':', 1)[0]!;
    const at = i + head[0].length;
    if (pattern.charAt(at) === '[') {
      const end = closingBracket(pattern, at);
      if (end < 0) {
        add(c);
        i++;
        continue;
      }
      push({ item: sampleItem(pattern.slice(at + 1, end)), alias }, flags);
      i = end + 1;
      continue;
    }
    if (pattern.charAt(at) === 'o' && head[0].length > 1) {
      // No variable: the flags hold for all that follow.
      if (/\+Q/.test(flags)) quoteAll = true;
      if (/-Q/.test(flags)) quoteAll = false;
      if (/\+(?:json|cbor)/i.test(flags)) json = true;
      i = at + 1;
      // The blank behind it is not written either, at the beginning.
      if (literals[literals.length - 1] === '') i += /^\\? */.exec(pattern.slice(i))![0].length;
      continue;
    }
    const name = NAMES.find((x) => pattern.startsWith(x, at));
    if (name === undefined) {
      add(c);
      i++;
      continue;
    }
    push({ item: HAPROXY[name]!, alias }, flags);
    i = at + name.length;
  }
  return { parts: { literals, items }, aliases, json };
}

/** Of a sample: brackets may be nested, in quotes they are text. */
function closingBracket(pattern: string, from: number): number {
  let depth = 0;
  let quote = '';
  for (let i = from; i < pattern.length; i++) {
    const c = pattern.charAt(i);
    if (quote !== '') {
      if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '[') depth++;
    else if (c === ']' && --depth === 0) return i;
  }
  return -1;
}

/** Values that `option httplog` writes together go where its reader puts them. */
function finish(entry: Entry, { named }: Scratch): void {
  if (named === null) return;
  const backend = named['%b'];
  const server = named['%s'];
  if (backend !== undefined) addAttribute(entry, 'backend', backend);
  if (server !== undefined) {
    if (server === '<NOSRV>' || server === '<STATS>') {
      entry.upstreamStatusCode = 0;
      addAttribute(entry, 'server', server);
    } else entry.upstreamAddress = backend === undefined ? server : `${backend}/${server}`;
  }
  const together = (name: string, keys: string[]) => {
    const values = keys.map((key) => named[key]);
    if (values.every((x) => x !== undefined)) addAttribute(entry, name, values.join('/'));
    else for (const key of keys) addAttribute(entry, key.slice(1), named[key] ?? '');
  };
  together('timers', named['%TR'] === undefined ? ['%Tw', '%Tc', '%Tt'] : ['%TR', '%Tw', '%Tc', '%Tr', '%Ta']);
  together('connections', ['%ac', '%fc', '%bc', '%sc', '%rc']);
  together('queues', ['%sq', '%bq']);
}

/** `log-format "…"` as it stands in haproxy.cfg, without its quotes. */
function fromDirective(given: string): string {
  const m = /^\s*(?:error-)?log-format(?:-sd)?\s+([\s\S]*)$/.exec(given);
  const value = (m === null ? given : m[1]!).trim();
  if (m === null) return value;
  const quote = value.charAt(0);
  if (quote === "'" && value.endsWith("'")) return value.slice(1, -1);
  return quote === '"' && value.endsWith('"') ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value;
}

/** `fallback`: what HAProxy writes besides, in its own layout. */
export function compileHaproxy(given: string, fallback: Format): Format {
  const { parts, aliases, json } = piecesOf(fromDirective(given));
  const how: Omit<Compiled, 'parts' | 'closing'> = {
    dataset: 'haproxy.http',
    title: 'HAProxy log (log-format)',
    usualLayer: 'loadbalancer',
    timePoint: 'start',
    unescapeValue: unhash,
    cuts: true,
    finish,
  };
  const template = json && aliases.some((x) => x !== null);
  const members = (): Member[] =>
    parts.items.flatMap((x, i) => (aliases[i] ? [{ key: aliases[i], parts: { literals: ['', ''], items: [x] } }] : []));
  const main = template
    ? jsonFormatOf(how, members())
    : formatOf({ ...how, parts, closing: json ? closingJson : closingPlain });
  return {
    ...main,
    parse(record, context) {
      const entry = main.parse(record, context);
      if (!('failure' in entry) || entry.failure === 'empty') return entry;
      const other: Entry | Failure = fallback.parse(record, context);
      return 'failure' in other ? entry : other;
    },
  };
}

/** A quote in a value is `#22`. */
const closingPlain = (line: string, from: number): number => line.indexOf('"', from);

const closingJson = (line: string, from: number): number => {
  let quote = line.indexOf('"', from);
  while (quote > from && line.charCodeAt(quote - 1) === 92) quote = line.indexOf('"', quote + 1);
  return quote;
};
