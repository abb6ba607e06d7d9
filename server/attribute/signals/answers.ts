/**
 * Gateways and frameworks that say in the answer, and nowhere else, why they refused: for logs that keep what was
 * answered. One text is held against one product's rows only as far as its words are that product's own; what is said in
 * general words is read by `reasons.ts`.
 */
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

type Row = readonly [id: string, answer: string | RegExp, cause: Cause, confidence: number, ...others: Cause[]];

function table(product: string, prefix: string, source: string, rows: readonly Row[]): Signal[] {
  return rows.map(
    ([id, answer, cause, confidence, ...others]): Signal => ({
      product,
      id: `${prefix}-answer-${id}`,
      datasets: ['*'],
      answer,
      ownWords: true,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: confidence < 0.7 ? 'implied' : 'stated',
      confidence,
      status: [400, 401, 402, 403, 404, 405, 419, 422, 429, 503],
      says: `The answer is that of ${product}: “${typeof answer === 'string' ? answer : '{text}'}”`,
      source,
    }),
  );
}

/** The text of a member of a JSON answer, whole: `{"message":"Not allowed"}`. */
const member = (name: string, text: string): string => `"${name}":"${text}"`;

const KONG = table('Kong', 'kong', 'Kong/kong kong/plugins/*/handler.lua @22246ef (mtls and the router unverified)', [
  ['acl', 'You cannot consume this service', 'gateway.acl', 0.97],
  ['key-missing', 'No API key found in request', 'credential.missing', 0.96],
  ['key-duplicate', 'Duplicate API key found', 'credential.invalid', 0.95],
  [
    'unauthorized',
    '{"message":"Unauthorized","request_id":',
    'credential.invalid',
    0.6,
    'credential.missing',
    'credential.revoked',
    'credential.expired',
  ],
  ['hmac-date', 'HMAC signature cannot be verified, a valid date', 'credential.expired', 0.9, 'credential.invalid'],
  ['hmac-unverified', 'HMAC signature cannot be verified"', 'credential.invalid', 0.85, 'credential.missing'],
  ['hmac-mismatch', 'HMAC signature does not match', 'credential.invalid', 0.96],
  ['jwt-multiple', 'Multiple tokens provided', 'credential.invalid', 0.95],
  ['jwt-unrecognizable', 'Unrecognizable token', 'credential.invalid', 0.95],
  ['jwt-bad', /"Bad token; [^"]{1,100}/, 'credential.invalid', 0.95],
  ['jwt-claim', /No mandatory '[^']{1,60}' in claims/, 'credential.invalid', 0.95],
  ['jwt-credential', /No credentials found for given '[^']{1,60}'/, 'credential.invalid', 0.95],
  ['jwt-algorithm', member('message', 'Invalid algorithm'), 'credential.invalid', 0.93],
  ['jwt-signature', member('message', 'Invalid signature'), 'credential.invalid', 0.93],
  ['jwt-consumer', /Could not find consumer for '[^']{1,200}'/, 'credential.revoked', 0.9],
  [
    'jwt-times',
    /"exp":"(?:token expired|exceeds maximum allowed expiration)"|"nbf":"token not valid yet"/,
    'credential.expired',
    0.95,
  ],
  ['oauth-missing', 'The access token is missing', 'credential.missing', 0.96],
  [
    'oauth-invalid',
    'The access token is invalid or has expired',
    'credential.expired',
    0.8,
    'credential.invalid',
    'credential.revoked',
  ],
  ['oauth-global', /The access token is global, but the current plugin/, 'credential.scope', 0.93],
  [
    'mtls',
    /No required TLS certificate was sent|TLS certificate failed verification/,
    'credential.missing',
    0.8,
    'credential.invalid',
    'config.tls',
  ],
  ['route', 'no Route matched with those values', 'gateway.route', 0.88],
]);

const APISIX = table('APISIX', 'apisix', 'apache/apisix apisix/plugins @f519a0f', [
  [
    'consumer',
    /The (?:consumer_name|service_id|route_id|consumer_group_id|consumer) is forbidden/,
    'gateway.acl',
    0.95,
    'permission.role',
  ],
  ['address', 'Your IP address is not allowed', 'address.not-allowed', 0.85, 'address.denied'],
  ['agent', member('message', 'Not allowed'), 'waf.bot', 0.7, 'config.access'],
  ['referer', 'Your referer host is not allowed', 'origin.referer', 0.97],
  [
    'keycloak',
    '"error":"access_denied","error_description":"not_authorized"',
    'permission.role',
    0.9,
    'permission.ownership',
  ],
  ['casbin', member('message', 'Access Denied'), 'permission.role', 0.75],
  ['jwe', 'missing JWE token in request', 'credential.missing', 0.95],
  ['graphql-cost', /Invalid graphql request: query cost \d/, 'limit.rate', 0.8],
  ['csrf-missing', /no csrf token in headers|no csrf cookie/, 'csrf.missing', 0.95],
  ['csrf-invalid', /csrf token mismatch|Failed to verify the csrf token signature/, 'csrf.invalid', 0.95],
  ['missing', /Missing (?:API key|JWT token|authorization) in request/, 'credential.missing', 0.96],
  [
    'invalid',
    /Invalid API key in request|JWT token invalid|Invalid user key in JWT token|missing user key in JWT token|Invalid user authorization/,
    'credential.invalid',
    0.95,
  ],
  ['jwt-verify', 'failed to verify jwt', 'credential.expired', 0.75, 'credential.invalid'],
  ['hmac', "client request can't be validated", 'credential.invalid', 0.85, 'credential.missing', 'credential.expired'],
  ['multi-auth', member('message', 'Authorization Failed'), 'credential.invalid', 0.85],
]);

const TYK = table('Tyk', 'tyk', 'TykTechnologies/tyk gateway/mw_*.go, api_definition.go, handler_error.go @31e219b', [
  ['address', 'access from this IP has been disallowed', 'address.not-allowed', 0.8, 'address.denied'],
  ['endpoint', 'Requested endpoint is forbidden', 'gateway.route', 0.9, 'config.access'],
  ['version', 'Version information not found', 'gateway.route', 0.93],
  ['retired', 'Api Version has expired', 'gateway.retired', 0.97],
  ['org-disabled', 'this organisation access has been disabled', 'limit.suspended', 0.96],
  ['org-quota', 'This organisation quota has been exceeded', 'limit.quota', 0.96],
  ['org-rate', 'This organisation rate limit has been exceeded', 'limit.rate', 0.96],
  ['policy', 'key not authorized: no matching policy', 'gateway.tenant', 0.9, 'credential.scope'],
  ['client-revoked', 'OAuth client access was revoked', 'credential.revoked', 0.96],
  ['cert-expired', member('error', 'Certificate has expired'), 'credential.expired', 0.95],
  ['cert', /Certificate with SHA256 [0-9a-f]{4,64} not allowed/, 'credential.invalid', 0.93],
  ['depth', 'depth limit exceeded', 'limit.quota', 0.85],
  ['scope', member('error', 'insufficient_scope'), 'credential.scope', 0.9],
  ['plugin', member('error', 'Forbidden'), 'gateway.policy', 0.55],
  ['denied', member('error', 'Access denied'), 'gateway.acl', 0.55],
]);

/** Codes stand in the answer and in wso2carbon.log. */
const WSO2_CODES: readonly (readonly [string, Cause, number])[] = [
  ['900901', 'credential.invalid', 0.9],
  ['900902', 'credential.missing', 0.9],
  ['900903', 'credential.expired', 0.9],
  ['900904', 'credential.revoked', 0.85],
  ['900905', 'credential.scope', 0.85],
  ['900906', 'gateway.route', 0.95],
  ['900907', 'limit.suspended', 0.93],
  ['900908', 'gateway.tenant', 0.93],
  ['900909', 'limit.suspended', 0.95],
  ['900910', 'credential.scope', 0.96],
];
const WSO2_SOURCE = 'wso2/carbon-apimgt APISecurityConstants (texts of 900901 to 900905 unverified)';
const WSO2: Signal[] = [
  ...table(
    'WSO2 API Manager',
    'wso2',
    WSO2_SOURCE,
    WSO2_CODES.map(([code, cause, confidence]): Row => [code, new RegExp(`"code": ?"?${code}\\b`), cause, confidence]),
  ),
  ...WSO2_CODES.map(
    ([code, cause, confidence]): Signal => ({
      product: 'WSO2 API Manager',
      id: `wso2-${code}`,
      datasets: ['json'],
      eventCode: code,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence,
      layer: 'gateway',
      status: [401, 403],
      says: `WSO2 API Manager refused it with code ${code}[: {message}]`,
      source: WSO2_SOURCE,
    }),
  ),
];

const APIGEE = table('Apigee', 'apigee', 'Apigee: fault code reference (partly unverified)', [
  ['address', 'accesscontrol.IPDeniedAccess', 'address.denied', 0.85, 'address.not-allowed'],
  ['key-missing', 'oauth.v2.FailedToResolveAPIKey', 'credential.missing', 0.93],
  ['key-product', 'oauth.v2.InvalidApiKeyForGivenResource', 'gateway.tenant', 0.93],
  ['key-invalid', 'oauth.v2.InvalidApiKey"', 'credential.invalid', 0.93],
  ['scope', 'oauth.v2.InsufficientScope', 'credential.scope', 0.93],
  ['product', 'keymanagement.service.consumer_key_missing_api_product_association', 'gateway.tenant', 0.93],
  ['quota', 'policies.ratelimit.QuotaViolation', 'limit.quota', 0.95],
  ['spike', 'policies.ratelimit.SpikeArrestViolation', 'limit.rate', 0.95],
]);

const FRAMEWORKS: Signal[] = [
  ...table('Spring Security', 'oauth', 'RFC 6750: insufficient_scope', [
    ['scope', /^WWW-Authenticate: .{0,200}insufficient_scope/, 'credential.scope', 0.95],
    ['scope-json', '"error":"insufficient_scope"', 'credential.scope', 0.93],
  ]),
  ...table('Flask', 'flask', 'pallets/werkzeug exceptions.py (unverified)', [
    ['abort', 'You don&#39;t have the permission to access the requested resource', 'app.unexplained', 0.55],
  ]),
  ...table('NestJS', 'nestjs', 'nestjs/nest packages/core (unverified)', [
    ['guard', member('message', 'Forbidden resource'), 'permission.role', 0.75, 'permission.ownership'],
  ]),
  ...table('Starlette', 'starlette', 'encode/starlette starlette/middleware @cb8f84f', [
    ['cors', 'Disallowed CORS origin', 'origin.cors', 0.96],
    ['host', /^Invalid host header/, 'config.host', 0.95],
  ]),
  ...table('FastAPI', 'fastapi', 'fastapi/fastapi fastapi/security @c3f316b (403 of older versions unverified)', [
    ['anonymous', member('detail', 'Not authenticated'), 'credential.missing', 0.93],
  ]),
  ...table('SvelteKit', 'sveltekit', 'SvelteKit (unverified)', [
    ['csrf', /Cross-site \w{3,6} form submissions are forbidden/, 'csrf.origin', 0.93],
  ]),
  ...table('Vite', 'vite', 'Vite (unverified)', [
    ['host', /Blocked request\. This host \("[^"]{1,200}"\) is not allowed/, 'config.host', 0.93],
  ]),
  ...table('gorilla/csrf', 'gorilla', 'gorilla/csrf csrf.go @9dd6af1', [
    ['origin', /Forbidden - (?:referer not supplied|referer invalid|origin invalid)/, 'csrf.origin', 0.96],
    ['missing', 'Forbidden - CSRF token not found in request', 'csrf.missing', 0.97],
    ['invalid', 'Forbidden - CSRF token invalid', 'csrf.invalid', 0.97],
  ]),
  ...table('Go net/http', 'go', 'Go net/http CrossOriginProtection (unverified)', [
    ['cross-origin', /cross-origin request detected/, 'csrf.origin', 0.93],
  ]),
  ...table('WordPress', 'wordpress', 'WordPress wp-includes (texts partly unverified)', [
    ['nonce', 'The link you followed has expired', 'csrf.invalid', 0.85, 'waf.upload'],
    ['page', 'Sorry, you are not allowed to access this page', 'permission.role', 0.85, 'credential.missing'],
    ['rest', '"code":"rest_forbidden', 'permission.role', 0.9],
    ['rest-nonce', 'rest_cookie_invalid_nonce', 'csrf.invalid', 0.96],
    [
      'wordfence',
      'Your access to this site has been limited by the site owner',
      'address.reputation',
      0.8,
      'waf.custom',
      'limit.rate',
    ],
    ['xmlrpc', 'XML-RPC services are disabled on this site', 'config.access', 0.9],
  ]),
  ...table('Django REST framework', 'drf', 'encode/django-rest-framework rest_framework/exceptions.py @751a19f', [
    [
      'permission',
      member('detail', 'You do not have permission to perform this action.'),
      'permission.role',
      0.85,
      'permission.ownership',
    ],
    ['anonymous', member('detail', 'Authentication credentials were not provided.'), 'credential.missing', 0.96],
    ['csrf', 'CSRF Failed: CSRF token missing', 'csrf.missing', 0.95],
    ['csrf-invalid', /CSRF Failed: CSRF token .{0,60}incorrect/, 'csrf.invalid', 0.95],
    ['csrf-origin', /CSRF Failed: (?:Origin|Referer) checking failed/, 'csrf.origin', 0.95],
    ['password', member('detail', 'Invalid username/password.'), 'credential.invalid', 0.96],
    ['token', member('detail', 'Invalid token.'), 'credential.invalid', 0.95],
    ['inactive', member('detail', 'User inactive or deleted.'), 'limit.suspended', 0.95],
    ['throttled', member('detail', 'Request was throttled.').slice(0, -1), 'limit.rate', 0.96],
  ]),
  ...table('Symfony', 'symfony', 'symfony/symfony Security/Http/EventListener @5feb749', [
    ['csrf', 'Invalid CSRF token', 'csrf.invalid', 0.9, 'csrf.missing'],
  ]),
  ...table('express-rate-limit', 'express-rate-limit', 'express-rate-limit source/rate-limit.ts @3828a5b', [
    ['limit', 'Too many requests, please try again later', 'limit.rate', 0.95],
  ]),
];

export default [...KONG, ...APISIX, ...TYK, ...WSO2, ...APIGEE, ...FRAMEWORKS] satisfies Signal[];
