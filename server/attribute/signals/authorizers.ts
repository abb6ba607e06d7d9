/**
 * Programs that other layers ask whether somebody may pass, and the ones that sign people in: oauth2-proxy, Open Policy
 * Agent, Keycloak. An event of Keycloak is about a login, so it only explains.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const OAUTH2 = 'oauth2-proxy/oauth2-proxy oauthproxy.go @14af295';
const oauth2 = { product: 'oauth2-proxy', datasets: ['oauth2-proxy'], layer: 'gateway', source: OAUTH2 } as const;

const LINES: readonly (readonly [
  id: string,
  message: string | RegExp,
  cause: Cause,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  [
    'unauthorized',
    'Invalid authorization via session (unauthorized)',
    'permission.role',
    0.95,
    'Signed in, but not in an allowed group, domain or list',
  ],
  [
    'email',
    'Invalid authorization via session (invalid email)',
    'permission.role',
    0.95,
    'Signed in with an e-mail address that is not allowed',
  ],
  [
    'login-unauthorized',
    /Invalid authentication via OAuth2: unauthorized/,
    'permission.role',
    0.95,
    'The login was accepted by the provider and is not allowed here',
  ],
  ['csrf-mismatch', 'CSRF token mismatch', 'csrf.invalid', 0.95, 'The state of the login does not fit its cookie'],
  ['csrf-missing', 'unable to obtain CSRF cookie', 'csrf.missing', 0.95, 'The login came back without its cookie'],
  [
    'session',
    /^Session validation failed/,
    'credential.invalid',
    0.9,
    'The session is no longer valid at the provider',
  ],
  [
    'provider',
    'Error while parsing OAuth2 callback',
    'permission.role',
    0.8,
    'The provider ended the login with an error',
    'credential.invalid',
  ],
  ['none', 'No valid authentication in request', 'credential.missing', 0.93, 'No session came with the request'],
  [
    'bearer',
    'Error retrieving session from token in Authorization header',
    'credential.invalid',
    0.9,
    'The bearer token was not accepted',
  ],
];

/** What `result` says of an evaluated query: true, false, or an object with `allow`. */
const denies = (e: Entry): boolean => e.eventOutcome === 'deny';
const failed = (e: Entry): boolean =>
  e.eventOutcome === 'error' || Object.keys(e.attributes ?? {}).some((k) => k === 'error' || k.startsWith('error.'));

const EVENTS: readonly (readonly [errors: readonly string[], cause: Cause, says: string])[] = [
  [['user_temporarily_disabled'], 'limit.lockout', 'the account is locked for a while after failed logins'],
  [
    ['user_disabled', 'client_disabled', 'realm_disabled'],
    'limit.suspended',
    'the account, client or realm is disabled',
  ],
  [
    ['invalid_user_credentials', 'invalid_code', 'invalid_token', 'user_not_found', 'invalid_client_credentials'],
    'credential.invalid',
    'the credential was not accepted',
  ],
  [['expired_code', 'session_expired', 'expired_session'], 'credential.expired', 'session or code has expired'],
  [
    ['rejected_by_user', 'access_denied', 'not_allowed'],
    'permission.role',
    'consent was declined or the right is missing',
  ],
  [['ssl_required'], 'config.tls', 'the realm asks for TLS'],
  [['illegal_origin'], 'origin.cors', 'the origin is not among the client’s web origins'],
];
const ERROR = /\berror="?([a-z_]{3,60})"?/;
const errorOf = (e: Entry): string => {
  const own = e.attributes?.error ?? e.attributes?.['kc.error'];
  if (own !== undefined) return own;
  const message = e.message ?? '';
  return message.includes('_ERROR') ? (ERROR.exec(message)?.[1] ?? '') : '';
};

const signals: Signal[] = [
  ...LINES.map(
    ([id, message, cause, confidence, says, ...others]): Signal => ({
      ...oauth2,
      id: `oauth2-proxy-${id}`,
      message,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [401, 403],
      says,
      source: id === 'bearer' ? 'oauth2-proxy/oauth2-proxy pkg/middleware/jwt_session.go @14af295' : OAUTH2,
    }),
  ),
  {
    ...oauth2,
    id: 'oauth2-proxy-request-403',
    when: (e) => e.kind === 'access' && e.httpResponseStatusCode === 403 && (e.upstreamStatusCode ?? 0) === 0,
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'credential.missing'],
    certainty: 'implied',
    confidence: 0.55,
    says: 'oauth2-proxy answered 403; the reason stands in its authentication log',
    source: 'oauth2-proxy/oauth2-proxy docs, configuration overview @14af295',
  },
  {
    product: 'Open Policy Agent',
    id: 'opa-deny',
    datasets: ['opa.decision'],
    when: (e) => denies(e) && !failed(e),
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'permission.ownership', 'credential.missing'],
    certainty: 'stated',
    // What the policy gives as its reason says more.
    confidence: 0.78,
    says: 'The policy[ {logLogger}] said no',
    source: 'Open Policy Agent documentation: decision logs',
  },
  {
    product: 'Open Policy Agent',
    id: 'opa-error',
    datasets: ['opa.decision'],
    when: failed,
    kind: 'decision',
    cause: 'gateway.upstream',
    certainty: 'stated',
    confidence: 0.85,
    status: [403, 500],
    says: 'The policy could not be evaluated',
    source: 'Open Policy Agent documentation: decision logs (unverified)',
  },
  {
    product: 'Open Policy Agent',
    id: 'opa-allow',
    datasets: ['opa.decision'],
    outcome: 'allow',
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'The policy said yes',
    source: 'Open Policy Agent documentation: decision logs',
  },
  ...EVENTS.map(
    ([errors, cause, says]): Signal => ({
      product: 'Keycloak',
      id: `keycloak-${errors[0]!.replaceAll('_', '-')}`,
      datasets: ['json', 'text.app'],
      logger: /^org\.keycloak\.events$|^events$/,
      when: (e) => errors.includes(errorOf(e)),
      kind: 'context',
      cause,
      certainty: 'stated',
      confidence: 0.85,
      status: [400, 401, 403],
      says: `Keycloak: ${says}`,
      source: 'keycloak/keycloak server-spi-private Errors.java @049a7fa',
    }),
  ),
];

export default signals;
