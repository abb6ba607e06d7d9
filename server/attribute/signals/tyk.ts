/** Tyk: what its middlewares log, and the flag of its access log. The text it sends is in `answers.ts`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const MIDDLEWARE = 'TykTechnologies/tyk gateway/mw_*.go @31e219b';
const CLASSES = 'TykTechnologies/tyk internal/errors/classification.go @31e219b';
const base = { product: 'Tyk', datasets: ['tyk'], layer: 'gateway', source: MIDDLEWARE } as const;

const LINES: readonly (readonly [
  id: string,
  message: string | RegExp,
  cause: Cause,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  [
    'key-unknown',
    /Attempted access with non-existent (?:key|cert)/,
    'credential.invalid',
    0.95,
    'The key or certificate is unknown',
  ],
  [
    'version',
    'Attempted access to unauthorised API version',
    'gateway.tenant',
    0.93,
    'The key has no access to this version of the API',
  ],
  ['api', /Attempted access to unauthorised API\.?$/, 'gateway.tenant', 0.95, 'The key has no access to this API'],
  [
    'granular',
    'Attempted access to unauthorised endpoint',
    'permission.role',
    0.93,
    'The key’s access rights leave this endpoint out',
  ],
  ['inactive', 'Attempted access from inactive key', 'limit.suspended', 0.95, 'The key is inactive'],
  ['expired', 'Attempted access from expired key', 'credential.expired', 0.96, 'The key has expired'],
  ['quota', 'Key quota limit exceeded', 'limit.quota', 0.96, 'The quota of the key is used up'],
  [
    'rate',
    /Key rate limit exceeded|rate limit exceeded/i,
    'limit.rate',
    0.95,
    'The rate limit of the key was exceeded',
  ],
  [
    'malformed',
    'Attempted access with malformed header',
    'credential.missing',
    0.9,
    'No usable authorization header came with the request',
    'credential.invalid',
  ],
];

const FLAGS: readonly (readonly [flag: string, cause: Cause, confidence: number, says: string])[] = [
  ['QEX', 'limit.quota', 0.93, 'The quota is used up'],
  ['AKI', 'credential.invalid', 0.9, 'The key is not known'],
  ['TKE', 'credential.expired', 0.93, 'The token has expired'],
  ['TKI', 'credential.invalid', 0.93, 'The token is not valid'],
  ['EAD', 'gateway.policy', 0.85, 'The external authorizer said no'],
];

const signals: Signal[] = [
  ...LINES.map(
    ([id, message, cause, confidence, says, ...others]): Signal => ({
      ...base,
      id: `tyk-${id}`,
      message,
      when: (e) => e.kind !== 'access',
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [401, 403, 429],
      says: `${says}[ ({mw})]`,
    }),
  ),
  ...FLAGS.map(
    ([flag, cause, confidence, says]): Signal => ({
      ...base,
      id: `tyk-flag-${flag.toLowerCase()}`,
      outcome: flag,
      when: (e: Entry) => (e.httpResponseStatusCode ?? 0) >= 400,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence,
      status: [401, 403, 429],
      says: `${says} (response flag {eventOutcome}[, {eventCode}])`,
      source: CLASSES,
    }),
  ),
  {
    ...base,
    id: 'tyk-relay',
    when: (e) =>
      e.kind === 'access' &&
      (e.httpResponseStatusCode ?? 0) >= 400 &&
      e.eventOutcome === null &&
      e.upstreamStatusCode !== 0,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.9,
    says: 'The service answered {httpResponseStatusCode}, passed on',
    source: 'TykTechnologies/tyk gateway/handler_error.go @31e219b',
  },
];

export default signals;
