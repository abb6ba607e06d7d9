/**
 * nginx `log_format`, and what logs by nginx' rules (OpenResty, Kong, APISIX, ingress-nginx). The string is the
 * directive's text with its pieces joined, `escape=` in front where it is given, or the whole directive as it stands in
 * the configuration. Time is the end of the request.
 */
import { addAttribute, closingQuote, domainOf, looksLikeHost, secondsToMs, unescapeText } from './fields.ts';
import type { Format } from './parser.ts';
import {
  attribute,
  count,
  duration,
  type Item,
  idSetter,
  item,
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
  setUpstreamAddress,
  setUpstreamStatus,
  setUri,
  text,
} from './pattern.items.ts';
import { formatOf, type Parts } from './pattern.ts';

export type NginxEscape = 'default' | 'json' | 'none';

const NGINX: Record<string, Item> = Object.fromEntries(
  [
    item('remote_addr', setClient),
    item('remote_port', count('remote_port', 'clientPort')),
    item('remote_user', text('userName'), { greedy: true }),
    item('time_local', setTime, { time: true }),
    item('time_iso8601', setTime, { time: true }),
    item('msec', setEpoch),
    item('request', setRequest, { greedy: true }),
    item('request_method', text('httpRequestMethod')),
    item('request_uri', setUri, { greedy: true }),
    item('uri', setPath('uri'), { greedy: true }),
    item('document_uri', setPath('document_uri'), { greedy: true }),
    item('args', setQuery, { greedy: true }),
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
    item('http_x_forwarded_for', text('forwardedFor'), { list: true }),
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
    // Also the host, where no other value names it.
    item('server_name', (entry, value, scratch) => {
      addAttribute(entry, 'server_name', value);
      scratch.named ??= {};
      scratch.named.server_name = value;
      return null;
    }),
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

/** `id`: the variable that is the id of the request, however it looks; '' = none. */
function partsOf(pattern: string, id: string): Parts {
  const literals = [''];
  const items: Item[] = [];
  let i = 0;
  while (i < pattern.length) {
    const match = pattern.charCodeAt(i) === 36 ? /^\$(?:\{(\w+)\}|(\w+))/.exec(pattern.slice(i, i + 100)) : null;
    if (match === null) {
      literals[literals.length - 1] += pattern.charAt(i++);
      continue;
    }
    const name = match[1] ?? match[2] ?? '';
    items.push(name === id ? item(name, setUniqueId) : nginxItem(name));
    literals.push('');
    i += match[0].length;
  }
  return { literals, items };
}

/** JSON escapes, as escape=json writes them; bytes that are no UTF-8 stand raw. */
function unescapeJson(value: string): string {
  if (value.indexOf('\\') < 0) return value;
  try {
    return JSON.parse(`"${value}"`) as string;
  } catch {
    return unescapeText(value);
  }
}

/** `log_format main escape=json '…' "…";` as it stands in nginx.conf: the pieces joined, `escape=` in front. */
function fromDirective(text: string): string {
  const head = /^\s*log_format\s+(?:"[^"]*"|'[^']*'|\S+)\s+/.exec(text);
  if (head === null) return text;
  let escaping = '';
  let out = '';
  for (const piece of text
    .slice(head[0].length)
    .matchAll(/"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([^\s;'"][^\s;]*)/gs)) {
    const quoted = piece[1] ?? piece[2];
    if (quoted === undefined && piece[3]!.startsWith('escape=') && out === '') escaping = `${piece[3]} `;
    else out += quoted === undefined ? piece[3] : quoted.replace(/\\(["'\\])/g, '$1').replace(/\\t/g, '\t');
  }
  return escaping + out;
}

/** Makes a Format from the text of an nginx `log_format`, with the quotes of the configuration taken off. */
export function compileNginx(given: string, escaped?: NginxEscape, dataset = 'nginx.access', id = ''): Format {
  const pattern = fromDirective(given);
  // As in the configuration: `escape=json {"time":"$time_iso8601", …`
  const head = /^escape=(default|json|none)\s+/.exec(pattern);
  const escaping = escaped ?? ((head?.[1] ?? 'default') as NginxEscape);
  return formatOf({
    dataset,
    title: 'nginx access log (log_format)',
    usualLayer: 'web',
    timePoint: 'end',
    parts: partsOf(head === null ? pattern : pattern.slice(head[0].length), id),
    closing: escaping === 'none' ? null : closingQuote,
    unescapeValue: escaping === 'json' ? unescapeJson : escaping === 'none' ? (value) => value : unescapeText,
    late: true,
    finish(entry, { named }) {
      const name = named?.server_name;
      if (entry.urlDomain === null && name !== undefined && looksLikeHost(name)) entry.urlDomain = domainOf(name);
    },
  });
}
