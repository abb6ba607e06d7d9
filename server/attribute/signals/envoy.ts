/**
 * Envoy and what is built on it (Istio, Emissary, Contour): the details of the response code name the filter that
 * answered; the response flags say it shorter, where the format has no details.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const DETAILS =
  'envoyproxy/envoy docs, response code details (those of rate limits, faults and basic authentication unverified)';
const FLAGS = 'envoyproxy/envoy docs, access log: response flags';
const base = { product: 'Envoy', datasets: ['envoy.access'], source: DETAILS } as const;

const details = (e: Entry): string => e.attributes?.response_code_details ?? '';
const flags = (e: Entry): readonly string[] => (e.eventOutcome ?? '').split(',');
const own = (e: Entry): boolean => (e.httpResponseStatusCode ?? 0) >= 400 && (e.upstreamStatusCode ?? 0) === 0;

/** The first that fits: the special before the general. */
const FILTERS: readonly (readonly [
  id: string,
  details: RegExp,
  cause: Cause,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  [
    'rbac-none',
    /^rbac_access_denied_matched_policy\[none\]/,
    'gateway.policy',
    0.85,
    'No RBAC policy allows it',
    'credential.missing',
    'permission.role',
    'address.not-allowed',
  ],
  [
    'rbac-policy',
    /^rbac_access_denied_matched_policy\[/,
    'gateway.policy',
    0.9,
    'An RBAC policy denies it',
    'permission.role',
    'address.denied',
  ],
  [
    'rbac',
    /^rbac_access_denied/,
    'gateway.policy',
    0.85,
    'The RBAC filter denies it',
    'permission.role',
    'credential.missing',
  ],
  [
    'ext-authz-error',
    /^ext_authz_error/,
    'gateway.upstream',
    0.95,
    'The external authorizer could not be asked or failed',
  ],
  [
    'ext-authz',
    /^ext_authz_denied/,
    'gateway.policy',
    0.9,
    'The external authorizer said no',
    'permission.role',
    'credential.missing',
    'credential.invalid',
  ],
  [
    'jwt-audience',
    /^jwt_authn_access_denied\{Audiences_in_Jwt/,
    'credential.scope',
    0.96,
    'The token is meant for another audience',
  ],
  [
    'jwt-missing',
    /^jwt_authn_access_denied\{Jwt_is_missing/,
    'credential.missing',
    0.96,
    'No token came with the request',
  ],
  ['jwt-expired', /^jwt_authn_access_denied\{Jwt_is_expired/, 'credential.expired', 0.97, 'The token has expired'],
  [
    'jwt-jwks',
    /^jwt_authn_access_denied\{Jwks_remote_fetch/,
    'gateway.upstream',
    0.93,
    'The keys for checking tokens could not be fetched',
  ],
  [
    'jwt-route',
    /^jwt_authn_access_denied\{Wrong_requirement/,
    'gateway.policy',
    0.85,
    'The route names a token requirement that does not exist',
  ],
  ['jwt-invalid', /^jwt_authn_access_denied\{/, 'credential.invalid', 0.93, 'The token was not accepted'],
  ['csrf', /^csrf_origin_mismatch/, 'csrf.origin', 0.96, 'Origin and host of the request differ'],
  ['api-key-forbidden', /^client_not_allowed/, 'gateway.acl', 0.95, 'The client of this API key may not use the route'],
  ['api-key-missing', /^missing_api_key/, 'credential.missing', 0.95, 'No API key came with the request'],
  // The misspelling is Envoy's.
  ['api-key-unknown', /^(?:unkonwn|unknown)_api_key/, 'credential.invalid', 0.95, 'The API key is unknown'],
  [
    'basic-auth',
    /(?:invalid_credential|no_credential|invalid_format|invalid_scheme)_for_basic_auth/,
    'credential.invalid',
    0.85,
    'Basic authentication failed',
    'credential.missing',
  ],
  ['rate-error', /^rate_limiter_error/, 'gateway.upstream', 0.9, 'The rate limit service could not be asked'],
  [
    'rate',
    /^(?:local_rate_limited|request_rate_limited)/,
    'limit.rate',
    0.95,
    'The rate limit was exceeded',
    'limit.quota',
  ],
  [
    'direct-response',
    /^direct_response/,
    'config.rewrite',
    0.9,
    'The route answers {httpResponseStatusCode} by itself',
  ],
  ['fault', /^fault_filter_abort/, 'config.access', 0.9, 'The fault filter aborted it on purpose'],
  ['route', /^route_not_found/, 'gateway.route', 0.95, 'No route fits the request'],
];
const filterOf = (e: Entry): string => {
  const text = details(e);
  return text === '' ? '' : (FILTERS.find(([, words]) => words.test(text))?.[0] ?? '');
};

/** Where there are no details. */
const SHORT: readonly (readonly [flag: string, cause: Cause, confidence: number, says: string, ...others: Cause[]])[] =
  [
    ['UAEX', 'gateway.policy', 0.85, 'The external authorizer said no', 'gateway.upstream', 'credential.missing'],
    ['RL', 'limit.rate', 0.93, 'The rate limit was exceeded', 'limit.quota'],
    ['RLSE', 'gateway.upstream', 0.9, 'The rate limit service could not be asked'],
    ['FI', 'config.access', 0.85, 'The fault filter aborted it on purpose'],
    ['NR', 'gateway.route', 0.93, 'No route fits the request'],
  ];

const signals: Signal[] = [
  ...FILTERS.map(
    ([id, , cause, confidence, says, ...others]): Signal => ({
      ...base,
      id: `envoy-${id}`,
      when: (e) => own(e) && filterOf(e) === id,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [401, 403, 404, 429, 500],
      says: `${says} ({response_code_details})`,
    }),
  ),
  ...SHORT.map(
    ([flag, cause, confidence, says, ...others]): Signal => ({
      ...base,
      id: `envoy-flag-${flag.toLowerCase()}`,
      when: (e) => own(e) && filterOf(e) === '' && flags(e).includes(flag),
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      status: [403, 404, 429, 500],
      says: `${says} (response flag {eventOutcome})`,
      source: FLAGS,
    }),
  ),
  {
    ...base,
    id: 'envoy-silent-403',
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      own(e) &&
      filterOf(e) === '' &&
      !details(e).startsWith('via_upstream') &&
      !SHORT.some(([flag]) => flags(e).includes(flag)),
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['csrf.origin', 'gateway.upstream', 'permission.role'],
    certainty: 'implied',
    confidence: 0.55,
    says: 'Envoy answered 403 without asking a backend, as its RBAC filter and authorizers do',
    source: FLAGS,
  },
  {
    ...base,
    id: 'envoy-relay',
    when: (e) =>
      (e.httpResponseStatusCode ?? 0) >= 400 &&
      (details(e).startsWith('via_upstream') || e.upstreamStatusCode === e.httpResponseStatusCode),
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.96,
    says: 'The backend answered {httpResponseStatusCode}, passed on',
  },
  {
    ...base,
    id: 'envoy-rbac-debug',
    datasets: ['text.app', 'syslog', 'json'],
    message: /enforced denied, matched policy (?<policy>\S{1,200})/,
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role'],
    certainty: 'stated',
    confidence: 0.93,
    layer: 'gateway',
    says: 'Envoy’s RBAC policy {policy} denies it',
    source: 'envoyproxy/envoy source/extensions/filters/http/rbac/rbac_filter.cc (prefix of the log unverified)',
  },
];

export default signals;
