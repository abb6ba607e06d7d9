/**
 * Apinto, the gateway of APIPark. Its access log keeps the body of the answer, which names the plugin that refused;
 * the strategy that blocked, where one did; and `proxy_status`, empty when nobody further in was asked.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const PLUGINS = 'eolinker/apinto drivers/plugins @b5972ba';

const logs = ['apinto.access'] as const;
const base = { product: 'Apinto', datasets: logs, ownWords: true, source: PLUGINS } as const;
const own = (e: Entry): boolean => (e.httpResponseStatusCode ?? 0) >= 400 && (e.upstreamStatusCode ?? 0) === 0;
const body = (e: Entry): string => e.attributes?.response_body ?? '';
const strategy = (e: Entry): string => e.attributes?.strategy ?? '';

/** Beginning of the body, or what it contains; cause; how sure; what it means. */
const BODIES: readonly (readonly [
  id: string,
  text: string | RegExp,
  cause: Cause,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  [
    'ip-restriction-config',
    '[ip_restriction] Illegal ip:',
    'config.access',
    0.85,
    'the address list of ip_restriction has an entry that cannot be read',
  ],
  [
    'ip-restriction',
    '[ip_restriction] Illegal IP',
    'address.not-allowed',
    0.75,
    'ip_restriction: the address is not on the allow list, or on the deny list',
    'address.denied',
  ],
  [
    'rate-limiting',
    '[rate_limiting] API rate limit of',
    'limit.rate',
    0.93,
    'rate_limiting: too many calls',
    'limit.quota',
  ],
  ['cors', '[CORS] ', 'origin.cors', 0.95, 'the CORS plugin does not allow this origin, method or header'],
  ['replay-sign', /^invalid sign\b/, 'credential.invalid', 0.9, 'replay defence: the signature is wrong'],
  ['replay', 'replay attack detected', 'credential.invalid', 0.93, 'replay defence: the nonce was used before'],
  [
    'rsa-response',
    /^(?:encrypt|sign) body error/,
    'gateway.upstream',
    0.7,
    'rsa_filter could not encrypt or sign the answer of the backend',
  ],
  [
    'rsa',
    /^(?:decrypt body|base64 decode|verify signature) error/,
    'credential.invalid',
    0.9,
    'rsa_filter: body or signature cannot be verified',
  ],
  [
    'auth-missing',
    'missing or invalid token',
    'credential.missing',
    0.75,
    'no credential that an application of the gateway is known by',
    'credential.invalid',
  ],
  ['auth-expired', 'error: token is expired', 'credential.expired', 0.95, 'the token has expired'],
  ['auth-disabled', /^the app\(.{0,100}\) is disabled/, 'limit.suspended', 0.95, 'the application is disabled'],
  ['auth-user', /^(?:invalid user|no app to auth)/, 'credential.invalid', 0.85, 'no application has this credential'],
  [
    'introspection-inactive',
    'introspection error: token is not active',
    'credential.revoked',
    0.8,
    'the token is no longer active',
    'credential.invalid',
  ],
  [
    'introspection-expired',
    'introspection error: token is expired',
    'credential.expired',
    0.95,
    'the token has expired',
  ],
  ['introspection-scope', 'introspection error: invalid scope', 'credential.scope', 0.95, 'the token lacks the scope'],
  [
    'introspection-early',
    'introspection error: token is not yet active',
    'credential.invalid',
    0.9,
    'the token is not valid yet',
  ],
  [
    'introspection-consumer',
    /^set app label error: consumer\(/,
    'gateway.tenant',
    0.9,
    'the token’s consumer is no application of this gateway',
  ],
  [
    'params',
    /^Can not find the (?:header|query|body) param /,
    'config.access',
    0.85,
    'params_check: a parameter is missing or has a wrong value',
    'credential.missing',
  ],
  ['counter', /^out of calls/, 'limit.quota', 0.95, 'the counter of calls is used up'],
  [
    'ai-key',
    'no key resource for provider',
    'limit.suspended',
    0.7,
    'no usable key is left for this provider',
    'gateway.upstream',
  ],
];
const bodyOf = (e: Entry): string => {
  const text = body(e);
  if (text === '') return '';
  return (BODIES.find(([, words]) => (typeof words === 'string' ? text.includes(words) : words.test(text))) ?? [''])[0];
};

const signals: Signal[] = [
  ...BODIES.map(
    ([id, , cause, confidence, says, ...others]): Signal => ({
      ...base,
      id: `apinto-${id}`,
      // rsa_filter turns a good answer of the backend into a refusal.
      when: (e) => (own(e) || id === 'rsa-response') && bodyOf(e) === id,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: others.length > 0 && confidence < 0.9 ? 'implied' : 'stated',
      confidence,
      status: [401, 402, 403, 416, 429],
      says: `Apinto answers “{response_body}”: ${says}`,
    }),
  ),
  {
    ...base,
    id: 'apinto-visit-strategy',
    when: (e) => e.httpResponseStatusCode === 403 && own(e) && strategy(e) !== '' && /^not allowed/i.test(body(e)),
    kind: 'decision',
    cause: 'gateway.acl',
    alternatives: ['address.denied', 'config.access'],
    certainty: 'stated',
    confidence: 0.85,
    says: 'The visit strategy {strategy} does not let this caller through',
    source: 'eolinker/apinto drivers/strategy/visit-strategy @b5972ba',
  },
  {
    ...base,
    id: 'apinto-limiting-strategy',
    when: (e) => own(e) && strategy(e) !== '' && !/^not allowed/i.test(body(e)),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['limit.quota'],
    certainty: 'stated',
    confidence: 0.85,
    status: [403, 429],
    says: 'The traffic strategy {strategy} limited it',
    source: 'eolinker/apinto drivers/strategy/limiting-strategy @b5972ba',
  },
  {
    ...base,
    id: 'apinto-no-subscription',
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      own(e) &&
      strategy(e) === '' &&
      body(e) === 'Forbidden' &&
      (e.attributes?.application ?? '') !== '',
    kind: 'decision',
    cause: 'gateway.tenant',
    alternatives: ['credential.expired'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'Application {application} has no live subscription to a service that this API belongs to',
    source: 'eolinker/apinto drivers/plugins/access-relational @b5972ba; APIParkLab/APIPark gateway plugins @9192b39',
  },
  {
    ...base,
    id: 'apinto-request-interception',
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      own(e) &&
      strategy(e) === '' &&
      bodyOf(e) === '' &&
      !(body(e) === 'Forbidden' && (e.attributes?.application ?? '') !== ''),
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['gateway.tenant'],
    certainty: 'implied',
    confidence: 0.5,
    says: 'The gateway answered 403 itself with a body of the site’s own, as request_interception and a mocked answer do',
  },
  {
    ...base,
    id: 'apinto-no-route',
    when: (e) => e.httpResponseStatusCode === 404 && own(e) && (e.attributes?.api ?? '') === '',
    kind: 'decision',
    cause: 'gateway.route',
    certainty: 'stated',
    confidence: 0.9,
    status: [404],
    says: 'No API of the gateway fits the request',
    source: 'eolinker/apinto drivers/router/http-router @b5972ba',
  },
  {
    ...base,
    id: 'apinto-relay',
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400 && e.upstreamStatusCode === e.httpResponseStatusCode,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.96,
    says: 'The backend answered {upstreamStatusCode}, passed on',
    source: 'eolinker/apinto entries/http-entry @b5972ba',
  },
  ...(
    [
      [
        'jwt-expired',
        /\[jwt_auth\] token (?:expired|not valid yet)/,
        'credential.expired',
        'the token has expired or is not valid yet',
      ],
      [
        'jwt-invalid',
        /\[jwt_auth\] Invalid |invalid key\/secret|no mandatory \S{1,60} in claims/,
        'credential.invalid',
        'the token cannot be verified',
      ],
      [
        'acl',
        /acl deny, group is|groups is not allow, groups is/,
        'gateway.acl',
        'no group of the caller is on the list of the route',
      ],
    ] as const
  ).map(
    ([id, message, cause, says]): Signal => ({
      ...base,
      id: `apinto-log-${id}`,
      datasets: ['apinto.error'],
      message,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.93,
      status: [401, 403],
      says: `Apinto: ${says}`,
    }),
  ),
];

export default signals;
