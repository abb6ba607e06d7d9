/** Traefik: whether the service was asked (`OriginStatus`), and what its middlewares write at level debug. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';

const ACCESS = 'traefik/traefik pkg/middlewares/accesslog @fd5a576';
const log = ['json', 'text.app', 'logfmt', 'syslog'] as const;
const base = { product: 'Traefik', datasets: ['traefik.access'], source: ACCESS } as const;
const own = (e: Entry): boolean => (e.upstreamStatusCode ?? 0) === 0;

const signals: Signal[] = [
  {
    ...base,
    id: 'traefik-rate-limit',
    when: (e) => e.httpResponseStatusCode === 429 && own(e),
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'stated',
    confidence: 0.93,
    status: [429],
    says: 'A rate limit of Traefik was exceeded; the service was not asked',
    source: 'traefik/traefik pkg/middlewares/ratelimiter/rate_limiter.go @fd5a576',
  },
  {
    ...base,
    id: 'traefik-own-403',
    when: (e) => e.httpResponseStatusCode === 403 && own(e),
    kind: 'context',
    cause: 'unknown',
    alternatives: ['address.not-allowed', 'gateway.policy'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'A middleware of Traefik answered 403, the service was not asked: an address list or an authorizer',
  },
  {
    ...base,
    id: 'traefik-relay',
    when: (e) =>
      (e.httpResponseStatusCode ?? 0) >= 400 &&
      (e.upstreamStatusCode === e.httpResponseStatusCode ||
        (e.upstreamStatusCode === null && e.upstreamAddress !== null)),
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.95,
    says: 'The service answered {httpResponseStatusCode}, passed on',
  },
  {
    ...base,
    id: 'traefik-ip-allow-list',
    datasets: log,
    message: /Rejecting IP (?<address>[0-9a-fA-F.:]{2,45}): .{0,120}matched none of the trusted IPs/,
    kind: 'decision',
    cause: 'address.not-allowed',
    certainty: 'stated',
    confidence: 0.96,
    layer: 'gateway',
    says: '{address} is not on the list of the middleware[ {middlewareName}]',
    source: 'traefik/traefik pkg/middlewares/ipallowlist/ip_allowlist.go @fd5a576',
  },
  {
    ...base,
    id: 'traefik-forward-auth-denied',
    datasets: log,
    message: /Remote error (?<authorizer>\S{1,200})\. StatusCode: (?<status>40[13])/,
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'credential.missing'],
    certainty: 'stated',
    confidence: 0.9,
    layer: 'gateway',
    status: [401, 403],
    says: 'The authorizer answered {status}',
    source: 'traefik/traefik pkg/middlewares/auth/forward.go @fd5a576',
  },
  {
    ...base,
    id: 'traefik-forward-auth-error',
    datasets: log,
    message: /^Error calling (?<authorizer>https?:\/\/\S{1,200})/,
    kind: 'decision',
    cause: 'gateway.upstream',
    certainty: 'stated',
    confidence: 0.93,
    layer: 'gateway',
    status: [403, 500],
    says: 'The authorizer could not be asked',
    source: 'traefik/traefik pkg/middlewares/auth/forward.go @fd5a576',
  },
  {
    ...base,
    id: 'traefik-basic-auth',
    datasets: ['json', 'logfmt'],
    message: 'Authentication failed',
    when: (e) => /^(?:Basic|Digest)Auth$/.test(e.attributes?.middlewareType ?? ''),
    kind: 'decision',
    cause: 'credential.invalid',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'gateway',
    status: [401],
    says: 'The password was not accepted by {middlewareName}',
    source: 'traefik/traefik pkg/middlewares/auth (unverified)',
  },
  {
    ...base,
    id: 'traefik-sni',
    datasets: log,
    message: /TLS options difference: SNI:\S{0,200}, Header:/,
    kind: 'decision',
    cause: 'config.tls',
    certainty: 'stated',
    confidence: 0.93,
    layer: 'gateway',
    status: [421],
    says: 'Host name and TLS name have different TLS options',
    source: 'traefik/traefik pkg/middlewares/snicheck/snicheck.go @fd5a576',
  },
];

export default signals;
