/** KrakenD: what its token validator and bot detector log; its access line is Gin’s. */
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const JOSE = 'krakend/krakend-jose gin/jose.go @aa23909';
const base = { product: 'KrakenD', datasets: ['krakend'], layer: 'gateway', source: JOSE } as const;

const LINES: readonly (readonly [
  id: string,
  message: string | RegExp,
  cause: Cause,
  confidence: number,
  says: string,
  source: string,
  ...others: Cause[],
])[] = [
  [
    'roles',
    'does not have sufficient roles',
    'permission.role',
    0.95,
    'The token has none of the roles that the endpoint asks for',
    JOSE,
  ],
  [
    'scopes',
    'does not have the required scopes',
    'credential.scope',
    0.96,
    'The token lacks the scopes that the endpoint asks for',
    JOSE,
  ],
  [
    'jwt-expired',
    /(?:Unable to validate the token|sent by client is invalid): .{0,80}\bexp/,
    'credential.invalid',
    0.9,
    'The token was not accepted, it has expired or its times are wrong',
    JOSE,
    'credential.expired',
    'credential.missing',
  ],
  [
    'jwt-unreadable',
    /Unable to validate the token: (?!.{0,80}\bexp)/,
    'credential.invalid',
    0.85,
    'The token could not be validated',
    JOSE,
    'credential.missing',
  ],
  [
    'jwt-claims',
    /sent by client is invalid: (?!.{0,80}\bexp)/,
    'credential.invalid',
    0.93,
    'The claims of the token were not accepted',
    JOSE,
  ],
  [
    'jwt-rejected',
    'Token sent by client rejected',
    'credential.revoked',
    0.93,
    'The token is on the list of revoked tokens',
    JOSE,
  ],
  [
    'bot',
    'bot rejected',
    'waf.bot',
    0.93,
    'The bot detector rejected the client',
    'krakend/krakend-botdetector gin/detector.go @4031820',
  ],
];

const signals: Signal[] = [
  ...LINES.map(
    ([id, message, cause, confidence, says, source, ...others]): Signal => ({
      ...base,
      id: `krakend-${id}`,
      message,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [401, 403],
      says: `${says}[ ({endpoint})]`,
      source,
    }),
  ),
  {
    ...base,
    id: 'krakend-backend-status',
    message: /invalid status code (?<status>\d{3})/i,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.9,
    says: 'A backend answered {status}',
    source: 'luraproject/lura transport/http/client/status.go @caa4317',
  },
  {
    ...base,
    id: 'gin-403',
    product: 'KrakenD / Gin',
    datasets: ['gin.access'],
    layer: undefined,
    when: (e) => e.httpResponseStatusCode === 403,
    kind: 'context',
    cause: 'unknown',
    alternatives: ['waf.bot', 'permission.role', 'credential.scope'],
    certainty: 'implied',
    confidence: 0.2,
    says: 'Answered 403; the line does not say why',
    source: 'gin-gonic/gin logger.go',
  },
  {
    ...base,
    id: 'gin-429',
    product: 'KrakenD / Gin',
    datasets: ['gin.access'],
    layer: undefined,
    when: (e) => e.httpResponseStatusCode === 429,
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'implied',
    confidence: 0.85,
    status: [429],
    says: 'Answered 429: too many requests',
    source: 'krakend/krakend-ratelimit router/gin/gin.go @9870727',
  },
];

export default signals;
