/** Caddy. It refuses by `respond 403` without a word; errors of its handlers are logged at debug unless they are 5xx. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { isHiddenPath } from './paths.ts';

const logs = ['caddy.access'] as const;
const HTTP = 'caddyserver/caddy modules/caddyhttp/server.go, staticresp.go@0cf03d3 (2.11.4+)';
const OTHERS: readonly Cause[] = [
  'config.access',
  'address.not-allowed',
  'address.denied',
  'origin.referer',
  'config.method',
];

/** A backend answered: it signs with its own headers beside Caddy's. */
const viaBackend = (e: Entry): boolean =>
  e.attributes?.['response.header.via'] !== undefined ||
  (e.attributes?.['response.header.server'] ?? '').includes(', ') ||
  (e.attributes?.['response.header.x-powered-by'] ?? '') !== '';
/** What a handler answers out of the configuration takes microseconds; this long, somebody was asked. */
const ASKED_MS = 1;
/** Caddy made the answer: the only Server header is its own, and it asked nobody (forward_auth hands on as its own what it was told). */
const own = (e: Entry): boolean =>
  !viaBackend(e) && e.attributes?.['response.header.server'] === 'Caddy' && (e.durationMs ?? 0) < ASKED_MS;
const handled = (e: Entry): boolean => e.kind === 'access' && e.httpResponseStatusCode === 403;

const signals: Signal[] = [
  {
    id: 'caddy-relay',
    product: 'Caddy',
    datasets: logs,
    when: (e) => e.kind === 'access' && (e.httpResponseStatusCode ?? 0) >= 400 && viaBackend(e),
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.9,
    says: 'The backend answered {httpResponseStatusCode}, passed on',
    source: HTTP,
  },
  {
    id: 'caddy-respond-hidden',
    product: 'Caddy',
    datasets: logs,
    when: (e) => handled(e) && own(e) && isHiddenPath(e.urlPath),
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['config.rewrite'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'Caddy refuses {urlPath}, a name that is kept hidden',
    source: HTTP,
  },
  {
    id: 'caddy-respond',
    product: 'Caddy',
    datasets: logs,
    when: (e) => handled(e) && own(e) && !isHiddenPath(e.urlPath),
    kind: 'decision',
    cause: 'config.rewrite',
    alternatives: OTHERS,
    certainty: 'implied',
    confidence: 0.45,
    says: 'Caddy made the 403 itself (respond or error); the log does not say by which matcher',
    source: HTTP,
  },
  {
    id: 'caddy-file-permission',
    product: 'Caddy',
    datasets: logs,
    message: /^(?:open|stat|read(?:dir)?|lstat) (?<file>\S{1,300}): permission denied/,
    kind: 'decision',
    cause: 'config.permissions',
    certainty: 'stated',
    confidence: 0.95,
    says: 'Caddy may not read {file}',
    source: 'caddyserver/caddy modules/caddyhttp/fileserver/staticfiles.go@0cf03d3',
  },
  {
    id: 'caddy-strict-sni',
    product: 'Caddy',
    datasets: logs,
    message:
      /^strict host matching: TLS ServerName \((?<sni>[^)]{0,200})\) and HTTP Host \((?<host>[^)]{0,200})\) values differ/,
    kind: 'decision',
    cause: 'config.tls',
    alternatives: ['config.host'],
    certainty: 'stated',
    confidence: 0.93,
    status: [403, 421],
    says: 'TLS server name {sni} and Host {host} differ',
    source: HTTP,
  },
  {
    id: 'caddy-not-authenticated',
    product: 'Caddy',
    datasets: logs,
    message: /^not authenticated$/,
    kind: 'decision',
    cause: 'credential.missing',
    alternatives: ['credential.invalid'],
    certainty: 'stated',
    confidence: 0.75,
    status: [401],
    says: 'basic_auth: no or wrong user name and password',
    source: 'caddyserver/caddy modules/caddyhttp/caddyauth/caddyauth.go@0cf03d3',
  },
  ...(
    [
      ['host', /^host not allowed: /, 'config.host', 'The host name is not allowed for the admin API'],
      [
        'origin',
        /^client is not allowed to access from origin /,
        'origin.cors',
        'The origin is not allowed for the admin API',
      ],
      [
        'path',
        /^(?:not authorized to access this path|client identity not authorized|not authorized to use)/,
        'permission.role',
        'The identity may not use this part of the admin API',
      ],
    ] as const
  ).map(
    ([name, text, cause, says]): Signal => ({
      id: `caddy-admin-${name}`,
      product: 'Caddy admin API',
      datasets: logs,
      logger: /^admin/,
      when: (e) => text.test(e.attributes?.error ?? e.message ?? ''),
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.93,
      says,
      source: 'caddyserver/caddy admin.go@0cf03d3',
    }),
  ),
];

export default signals;
