/** Gravitee: the error key of its metrics names the policy that ended the request. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const SOURCE = 'gravitee-io/gravitee-api-management v4 metrics @2b94b4c (keys of policy plugins unverified)';
const base = { product: 'Gravitee', datasets: ['gravitee.metrics'], source: SOURCE } as const;

const KEYS: readonly (readonly [
  keys: readonly string[],
  cause: Cause,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  [
    ['API_KEY_MISSING', 'JWT_MISSING_TOKEN', 'OAUTH2_MISSING_HEADER'],
    'credential.missing',
    0.93,
    'No credential came with the request',
  ],
  [
    ['API_KEY_INVALID', 'JWT_INVALID_TOKEN', 'OAUTH2_INVALID_ACCESS_TOKEN'],
    'credential.invalid',
    0.93,
    'The credential was not accepted',
  ],
  [['OAUTH2_INSUFFICIENT_SCOPE'], 'credential.scope', 0.95, 'The token lacks a scope'],
  [
    ['GATEWAY_OAUTH2_ACCESS_DENIED', 'GATEWAY_PLAN_UNRESOLVABLE'],
    'gateway.tenant',
    0.9,
    'No subscription of the application fits',
  ],
  [
    ['RATE_LIMIT_TOO_MANY_REQUESTS', 'SPIKE_ARREST_TOO_MANY_REQUESTS'],
    'limit.rate',
    0.95,
    'The rate limit was exceeded',
  ],
  [['QUOTA_TOO_MANY_REQUESTS'], 'limit.quota', 0.95, 'The quota is used up'],
  [
    ['IP_FILTERING_FORBIDDEN'],
    'address.not-allowed',
    0.85,
    'The IP filter does not let the address through',
    'address.denied',
  ],
  [
    ['RESOURCE_FILTERING_FORBIDDEN'],
    'gateway.acl',
    0.9,
    'The resource filter of the plan leaves this path or method out',
  ],
];
const NAMED = new Set(KEYS.flatMap(([keys]) => keys));
const own = (e: Entry): boolean => (e.upstreamStatusCode ?? 0) === 0 && e.upstreamAddress === null;

const signals: Signal[] = [
  ...KEYS.map(
    ([keys, cause, confidence, says, ...others]): Signal => ({
      ...base,
      id: `gravitee-${keys[0]!.toLowerCase().replaceAll('_', '-')}`,
      eventCode: keys,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [401, 403, 429],
      says: `${says} ({eventCode})`,
    }),
  ),
  {
    ...base,
    id: 'gravitee-policy',
    when: (e) => e.httpResponseStatusCode === 403 && e.eventCode !== null && own(e) && !NAMED.has(e.eventCode),
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'gateway.tenant', 'address.not-allowed'],
    certainty: 'stated',
    confidence: 0.8,
    says: 'A policy ended the request with {eventCode}',
  },
];

export default signals;
