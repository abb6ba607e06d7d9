/**
 * The only way of a log's text into a snippet. Whoever sends requests chooses paths, parameters and hosts; a value
 * with a character that any configuration language gives a meaning is replaced by a stand-in, not escaped, because
 * one snippet would need the escapes of a shell, a regular expression and a quoted directive at once.
 */
import type { PlaybookFacts } from './index.ts';
import type { Facts } from './sheet.ts';

const VALUE_CHARS = 120;

/** Letters, digits and what paths need; no quotes, blanks, backslashes, dollars, braces, semicolons, hashes. */
const PATH = /^\/[A-Za-z0-9/_.~@+-]*$/;
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,62}\.)*[a-z0-9-]{1,63}$/;
const ADDRESS = /^(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39})$/i;
const RULE = /^\d{1,9}$/;
const TARGET = /^[A-Z_]{2,40}(?::[A-Za-z0-9_.-]{1,64})?$/;
const METHOD = /^[A-Z]{3,12}$/;
const USER = /^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,62}$/;

function safe(value: string | null, pattern: RegExp): string | null {
  return value !== null && value.length <= VALUE_CHARS && pattern.test(value) && !value.includes('..') ? value : null;
}

/** Products as the sheets name them, by dataset. */
const PRODUCTS: Record<string, readonly string[]> = {
  nginx: ['nginx'],
  apache: ['Apache'],
  haproxy: ['HAProxy'],
  caddy: ['Caddy'],
  lighttpd: ['lighttpd'],
  modsecurity: ['ModSecurity'],
  fail2ban: ['fail2ban'],
  clf: ['Varnish'],
  iis: ['IIS'],
  squid: ['Squid'],
  tomcat: ['Tomcat'],
  text: ['Django', 'PHP', 'Express', 'Spring'],
  json: ['Express', 'Django', 'Spring'],
};

export function factsOf(given: PlaybookFacts): Facts {
  const path = safe(given.path, PATH);
  const host = safe(given.host?.toLowerCase() ?? null, HOST);
  const address = safe(given.clientAddress, ADDRESS);
  const rule = safe(given.ruleId, RULE);
  const target = safe(given.parameter, TARGET);
  const file = safe(given.filePath, PATH);
  const method = safe(given.method, METHOD);
  const user = safe(given.user, USER);
  const products = new Set(PRODUCTS[given.dataset?.split('.')[0] ?? ''] ?? []);
  if (rule !== null && target !== null) products.add('ModSecurity');
  return {
    products,
    path: path ?? '/the/path',
    pathPattern: (path ?? '/the/path').replace(/[.+]/g, '\\$&'),
    prefix: prefixOf(path),
    host: host ?? 'the.host.example',
    address: address ?? '192.0.2.10',
    rule: rule ?? '942100',
    target: target ?? 'ARGS:name',
    file: file ?? '/srv/site/file',
    directory: directoryOf(file),
    method: method ?? 'POST',
    user: user ?? 'the-user',
    request: `${method ?? 'the request'} ${path ?? ''}`.trim() + (host === null ? '' : ` on ${host}`),
    has: {
      path: path !== null,
      host: host !== null,
      address: address !== null,
      rule: rule !== null,
      target: target !== null,
      file: file !== null,
      user: user !== null,
      method: method !== null,
    },
  };
}

/** "/orders/731/items" → "/orders/": ids and names of single things are no place for a rule. */
function prefixOf(path: string | null): string {
  if (path === null) return '/the/path';
  const segments = path.split('/').filter((s) => s !== '');
  const kept: string[] = [];
  for (const segment of segments.slice(0, 2)) {
    if (/\d{2,}|[0-9a-f]{8}/i.test(segment) || segment.includes('.')) break;
    kept.push(segment);
  }
  return kept.length === 0 ? '/' : `/${kept.join('/')}${segments.length > kept.length ? '/' : ''}`;
}

function directoryOf(file: string | null): string {
  if (file === null) return '/srv/site';
  if (file.endsWith('/')) return file.length > 1 ? file.slice(0, -1) : '/';
  const slash = file.lastIndexOf('/');
  return slash <= 0 ? '/' : file.slice(0, slash);
}
