/**
 * Caddy's `format transform "…"` (transform-encoder): placeholders that are ways into the JSON record,
 * `{request>headers>User-Agent>[0]}`, several of them with `:` where the first may be absent. Time is the end.
 */
import { secondsToMs, unescapeText } from './fields.ts';
import type { Format } from './parser.ts';
import {
  attribute,
  count,
  duration,
  type Item,
  item,
  requestHeader,
  responseHeader,
  setClient,
  setDomain,
  setStatus,
  setTime,
  setUri,
  text,
} from './pattern.items.ts';
import { formatOf, type Parts } from './pattern.ts';

const COMMON =
  '{request>client_ip} - {user_id} [{ts}] "{request>method} {request>uri} {request>proto}" {status} {size}';

const WAYS: Record<string, Item> = {
  'request>remote_ip': item('request>remote_ip', (entry, value, scratch) =>
    entry.clientAddress === null ? setClient(entry, value, scratch) : null,
  ),
  'request>client_ip': item('request>client_ip', setClient),
  'request>remote_port': item('request>remote_port', count('request>remote_port', 'clientPort')),
  'request>method': item('request>method', text('httpRequestMethod')),
  'request>uri': item('request>uri', setUri, { greedy: true }),
  'request>host': item('request>host', setDomain),
  'request>proto': item('request>proto', text('networkProtocol')),
  user_id: item('user_id', text('userName'), { greedy: true }),
  ts: item('ts', setTime, { time: true }),
  status: item('status', setStatus, { always: true }),
  size: item('size', count('size', 'httpResponseBodySize')),
  duration: item('duration', duration('duration', secondsToMs)),
  logger: item('logger', (entry, value) => {
    entry.logLogger = value;
    return null;
  }),
};

function wayItem(placeholder: string): Item {
  const way = placeholder.split(':', 1)[0]!;
  if (Object.hasOwn(WAYS, way)) return WAYS[way]!;
  const header = /^(request>headers|resp_headers)>([\w-]+)/.exec(way);
  if (header === null) return attribute(way);
  const found = header[1] === 'resp_headers' ? responseHeader(header[2]!) : requestHeader(header[2]!);
  if (way.endsWith('>[0]')) return { ...found, greedy: true };
  // The list itself: `["curl/8.5"]`.
  return {
    ...found,
    greedy: true,
    scan: (record, at) =>
      record.charCodeAt(at) === 91 ? record.indexOf(']', at) + 1 || -1 : record.startsWith('-', at) ? at + 1 : at,
    set: (entry, value, scratch) => found.set(entry, value.replace(/^\["|"\]$/g, ''), scratch),
  };
}

function partsOf(pattern: string): Parts {
  const literals = [''];
  const items: Item[] = [];
  let at = 0;
  for (const m of pattern.matchAll(/\{([\w>[\]:.-]+)\}/g)) {
    literals[literals.length - 1] += pattern.slice(at, m.index);
    items.push(wayItem(m[1]!));
    literals.push('');
    at = m.index + m[0].length;
  }
  literals[literals.length - 1] += pattern.slice(at);
  return { literals, items };
}

export function compileCaddy(given: string): Format {
  return formatOf({
    dataset: 'caddy.access',
    title: 'Caddy access log (transform)',
    usualLayer: 'gateway',
    timePoint: 'end',
    parts: partsOf(given.replaceAll('{common_log}', COMMON)),
    closing: null,
    unescapeValue: unescapeText,
    finish() {},
  });
}
