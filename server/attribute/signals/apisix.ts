/**
 * APISIX: whether anybody further in was asked, the consumer and the rate headers of its file log, and what plugins
 * write into its nginx error log. The text that a plugin sends is in `answers.ts`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const LOG = 'apache/apisix apisix/utils/log-util.lua @f519a0f';
const base = { product: 'APISIX', datasets: ['apisix.json'], source: LOG } as const;

const own = (e: Entry): boolean => (e.httpResponseStatusCode ?? 0) >= 400 && (e.upstreamStatusCode ?? 0) === 0;
const spent = (e: Entry): boolean =>
  (e.attributes?.['response.header.x-ratelimit-remaining'] ??
    e.attributes?.['response.headers.x-ratelimit-remaining']) === '0';

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
    'oidc-scope',
    'introspection failed: required scopes not present',
    'credential.scope',
    0.96,
    'The token lacks a scope that the route asks for',
    'openid-connect',
  ],
  [
    'oidc-audience',
    /introspection failed: (?:required audience|audience )/,
    'credential.scope',
    0.96,
    'The token is meant for another audience',
    'openid-connect',
  ],
  [
    'oidc-missing',
    'introspection failed: No bearer token found',
    'credential.missing',
    0.96,
    'No bearer token came with the request',
    'openid-connect',
  ],
  [
    'oidc-invalid',
    /introspection failed: (?!required |audience |No bearer)/,
    'credential.invalid',
    0.8,
    'The token was not accepted',
    'openid-connect',
    'credential.expired',
    'credential.revoked',
  ],
  [
    'keycloak-missing',
    'failed to fetch JWT token: authorization header not available',
    'credential.missing',
    0.93,
    'No token came with the request',
    'authz-keycloak',
  ],
  [
    'opa-failed',
    'failed to process OPA decision',
    'gateway.upstream',
    0.93,
    'OPA could not be asked, and the plugin refuses then',
    'opa',
  ],
  [
    'forward-auth-failed',
    'failed to process forward auth',
    'gateway.upstream',
    0.93,
    'The authorizer could not be asked, and the plugin refuses then',
    'forward-auth',
  ],
  [
    'wolf-rbac',
    /check_url_permission\(.{1,300}\) failed, res status: (?:401|403)/,
    'permission.role',
    0.9,
    'wolf-rbac: the user lacks the permission',
    'wolf-rbac',
  ],
  [
    'chaitin-waf',
    'request rejected by chaitin-waf',
    'waf.custom',
    0.75,
    'The WAF rejected it; its own log names the attack',
    'chaitin-waf',
    'waf.sqli',
    'waf.xss',
    'waf.rce',
    'waf.traversal',
  ],
  [
    'sni',
    'sni in client hello mismatch hostname of ssl session',
    'config.tls',
    0.93,
    'The TLS session was made for another host name',
    'init',
  ],
];

const signals: Signal[] = [
  ...LINES.map(
    ([id, message, cause, confidence, says, plugin, ...others]): Signal => ({
      ...base,
      id: `apisix-${id}`,
      datasets: ['nginx.error'],
      message,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      layer: cause === 'waf.custom' ? 'waf' : 'gateway',
      status: [400, 401, 403],
      says,
      source: `apache/apisix ${plugin === 'init' ? 'apisix/init.lua' : `apisix/plugins/${plugin}.lua`} @f519a0f`,
    }),
  ),
  {
    ...base,
    id: 'apisix-limit-headers',
    when: (e) => own(e) && spent(e),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['limit.quota'],
    certainty: 'stated',
    confidence: 0.93,
    status: [403, 429, 503],
    says: 'A limit of the route is used up',
    source: 'apache/apisix apisix/plugins/limit-count/init.lua @f519a0f',
  },
  {
    ...base,
    id: 'apisix-consumer-forbidden',
    when: (e) => e.httpResponseStatusCode === 403 && own(e) && !spent(e) && e.userName !== null,
    kind: 'decision',
    cause: 'gateway.acl',
    alternatives: ['permission.role', 'gateway.policy'],
    certainty: 'implied',
    confidence: 0.7,
    says: 'APISIX knew the consumer {userName} and refused it before the service was asked',
  },
  {
    ...base,
    id: 'apisix-forbidden',
    when: (e) => e.httpResponseStatusCode === 403 && own(e) && !spent(e) && e.userName === null,
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['config.access', 'address.not-allowed', 'permission.role', 'credential.invalid'],
    certainty: 'implied',
    confidence: 0.4,
    says: 'A plugin of APISIX refused it before the service was asked; the log does not name it',
    source: 'apache/apisix apisix/plugins/opa.lua, forward-auth.lua @f519a0f',
  },
  {
    ...base,
    id: 'apisix-limit-status',
    datasets: ['apisix.access'],
    when: (e) => own(e) && (e.httpResponseStatusCode === 429 || e.httpResponseStatusCode === 503),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['limit.quota', 'gateway.upstream'],
    certainty: 'implied',
    confidence: 0.65,
    status: [429, 503],
    says: 'Refused with {httpResponseStatusCode} before any service was asked, as the limit plugins do',
    source: 'apache/apisix apisix/plugins/limit-count/init.lua, limit-req.lua @f519a0f',
  },
  {
    ...base,
    id: 'apisix-access-403',
    datasets: ['apisix.access'],
    when: (e) => e.httpResponseStatusCode === 403 && own(e),
    kind: 'context',
    cause: 'unknown',
    alternatives: ['config.access', 'gateway.policy', 'address.not-allowed'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'A plugin of APISIX refused it before the service was asked; the log does not name it',
    source: 'apache/apisix apisix/cli/config.lua @f519a0f',
  },
  {
    ...base,
    id: 'apisix-relay',
    datasets: ['apisix.access', 'apisix.json'],
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400 && e.upstreamStatusCode === e.httpResponseStatusCode,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.96,
    says: 'The service answered {upstreamStatusCode}, passed on',
    source: 'apache/apisix apisix/cli/config.lua @f519a0f',
  },
];

export default signals;
