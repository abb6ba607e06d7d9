/**
 * HAProxy. The termination state says that a rule of its own refused, never which: the name has to be in the log
 * format. Codes: P = proxy, L = local; R = request, T = tarpit, H = headers of the response.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { isHiddenPath } from './paths.ts';

const SOURCE = 'haproxy doc/configuration.txt 8.5, src/http_act.c@50872da (3.5-dev5)';
const http = ['haproxy.http'] as const;

const ANY_RULE: readonly Cause[] = [
  'address.denied',
  'address.not-allowed',
  'address.geo',
  'limit.rate',
  'config.host',
  'gateway.acl',
];
const noServer = (e: Entry): boolean => e.upstreamAddress === null;
const refused = (e: Entry): boolean => e.httpResponseStatusCode === 403;
/** `lr=file:42`, `rule=…`: where the configuration names the rule. */
const rule = (e: Entry): string | undefined =>
  e.attributes?.lr ?? e.attributes?.last_rule ?? e.attributes?.rule ?? e.attributes?.last_entity;

const signals: Signal[] = [
  {
    id: 'haproxy-bad-request',
    product: 'HAProxy',
    datasets: http,
    when: (e) => e.attributes?.request === '<BADREQ>',
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 1,
    says: 'The request could not be read: 400, no rule',
    source: SOURCE,
  },
  {
    id: 'haproxy-last-rule',
    product: 'HAProxy',
    datasets: http,
    outcome: /^PR/,
    when: (e) => refused(e) && noServer(e) && rule(e) !== undefined,
    kind: 'decision',
    cause: 'config.access',
    alternatives: ANY_RULE,
    certainty: 'implied',
    confidence: 0.35,
    says: 'HAProxy denied it by a rule[ at {lr}][ {last_rule}][ {rule}]',
    source: 'haproxy doc/configuration.txt last_rule_file@50872da',
  },
  {
    id: 'haproxy-deny-hidden',
    product: 'HAProxy',
    datasets: http,
    outcome: /^PR/,
    when: (e) => refused(e) && noServer(e) && rule(e) === undefined && isHiddenPath(e.urlPath),
    kind: 'decision',
    cause: 'config.access',
    alternatives: ANY_RULE,
    certainty: 'implied',
    confidence: 0.65,
    says: 'HAProxy denied {urlPath}, a name that is kept hidden',
    source: SOURCE,
  },
  {
    id: 'haproxy-deny',
    product: 'HAProxy',
    datasets: http,
    outcome: /^PR/,
    when: (e) => refused(e) && noServer(e) && rule(e) === undefined && !isHiddenPath(e.urlPath),
    kind: 'decision',
    cause: 'config.access',
    alternatives: ANY_RULE,
    certainty: 'implied',
    confidence: 0.3,
    says: 'HAProxy denied it by a rule of its own ({eventOutcome}, no server asked) and does not name the rule',
    source: SOURCE,
  },
  {
    id: 'haproxy-deny-429',
    product: 'HAProxy',
    datasets: http,
    outcome: /^P[RT]/,
    when: (e) => e.httpResponseStatusCode === 429,
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'implied',
    confidence: 0.9,
    status: [429],
    says: 'HAProxy denied it with 429, its answer to a rate over the limit',
    source: SOURCE,
  },
  {
    id: 'haproxy-tarpit',
    product: 'HAProxy',
    datasets: http,
    outcome: /^[PC]T/,
    when: (e) => e.httpResponseStatusCode !== 429 && noServer(e),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['waf.bot', 'address.reputation', 'address.denied', 'config.access'],
    certainty: 'implied',
    confidence: 0.5,
    status: [403, 429, 500],
    says: 'HAProxy held the client in its tarpit before it answered',
    source: SOURCE,
  },
  {
    id: 'haproxy-reject',
    product: 'HAProxy',
    datasets: http,
    outcome: /^PR/,
    when: (e) => e.httpResponseStatusCode === 0 || e.attributes?.mode === 'tcp',
    kind: 'decision',
    cause: 'address.denied',
    alternatives: ['limit.rate', 'config.access', 'config.host', 'config.tls'],
    certainty: 'implied',
    confidence: 0.4,
    status: [0],
    says: 'HAProxy closed the connection without an answer (reject rule)',
    source: SOURCE,
  },
  {
    id: 'haproxy-return',
    product: 'HAProxy',
    datasets: http,
    outcome: /^LR/,
    when: (e) => refused(e) && noServer(e),
    kind: 'decision',
    cause: 'config.rewrite',
    alternatives: [
      'config.access',
      'address.denied',
      'address.not-allowed',
      'address.geo',
      'limit.rate',
      'config.host',
      'gateway.acl',
    ],
    certainty: 'implied',
    confidence: 0.4,
    says: 'HAProxy made the 403 itself (http-request return, applet or Lua)',
    source: SOURCE,
  },
  {
    id: 'haproxy-response-deny',
    product: 'HAProxy',
    datasets: http,
    outcome: /^PH/,
    when: (e) => !noServer(e),
    kind: 'decision',
    cause: 'waf.leakage',
    alternatives: ['config.access', 'gateway.upstream'],
    certainty: 'implied',
    confidence: 0.55,
    status: [403, 502],
    says: 'HAProxy withheld the answer of {upstreamAddress} (http-response deny)',
    source: SOURCE,
  },
  {
    id: 'haproxy-auth',
    product: 'HAProxy',
    datasets: http,
    outcome: /^[PL]R/,
    when: (e) => e.httpResponseStatusCode === 401 || e.httpResponseStatusCode === 407,
    kind: 'decision',
    cause: 'credential.missing',
    alternatives: ['credential.invalid'],
    certainty: 'implied',
    confidence: 0.7,
    status: [401, 407],
    says: 'http-request auth asked for a user name and password',
    source: SOURCE,
  },
  {
    id: 'haproxy-relay',
    product: 'HAProxy',
    datasets: http,
    outcome: /^--/,
    when: (e) => !noServer(e) && (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'stated',
    confidence: 0.97,
    says: '{upstreamAddress} answered {httpResponseStatusCode}, passed on',
    source: SOURCE,
  },
  {
    id: 'haproxy-client-cert-untrusted',
    product: 'HAProxy',
    datasets: http,
    message: /^SSL client (?:certificate not trusted|CA chain cannot be verified)/,
    kind: 'decision',
    cause: 'config.tls',
    alternatives: ['credential.invalid', 'credential.expired'],
    certainty: 'stated',
    confidence: 0.85,
    status: [0, 403],
    says: 'The client certificate is not trusted',
    source: 'haproxy/haproxy src/connection.c@50872da',
  },
  {
    id: 'haproxy-handshake',
    product: 'HAProxy',
    datasets: http,
    message: /^SSL handshake failure/,
    kind: 'context',
    cause: 'config.tls',
    certainty: 'implied',
    confidence: 0.4,
    status: [0],
    says: 'The TLS handshake failed',
    source: 'haproxy/haproxy src/connection.c@50872da',
  },
  {
    id: 'haproxy-client-cert-expired',
    product: 'HAProxy',
    datasets: http,
    when: (e) => refused(e) && noServer(e) && tlsError(e) === 10,
    kind: 'decision',
    cause: 'credential.expired',
    alternatives: ['config.tls'],
    certainty: 'implied',
    confidence: 0.8,
    says: 'The client certificate has expired (ssl_c_err 10)',
    source: SOURCE,
  },
  {
    id: 'haproxy-client-cert-invalid',
    product: 'HAProxy',
    datasets: http,
    when: (e) => refused(e) && noServer(e) && tlsError(e) > 0 && tlsError(e) !== 10,
    kind: 'decision',
    cause: 'config.tls',
    alternatives: ['credential.invalid', 'credential.revoked'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'The client certificate failed verification (tls errors {tls.errors})',
    source: SOURCE,
  },
  {
    id: 'coraza-spoa-hit',
    product: 'Coraza SPOA (HAProxy)',
    datasets: http,
    when: (e) => refused(e) && noServer(e) && spoa(e) !== null,
    kind: 'decision',
    cause: 'waf.anomaly',
    alternatives: ['waf.custom'],
    certainty: 'stated',
    confidence: 0.6,
    layer: 'waf',
    says: 'Coraza behind HAProxy refused it',
    source: 'corazawaf/coraza-spoa example log-format',
  },
];

/** httpslog: fc_err/ssl_fc_err/ssl_c_err/ssl_c_ca_err/ssl_fc_is_resumed; the third is X.509's. */
function tlsError(e: Entry): number {
  const parts = (e.attributes?.['tls.errors'] ?? '').split('/');
  return parts.length < 4 ? 0 : Number.parseInt(parts[2] ?? '0', 10) || Number.parseInt(parts[3] ?? '0', 10) || 0;
}

/** `waf-hit: 1` of the example format stands there as two unnamed words. */
function spoa(e: Entry): string | null {
  for (let i = 0; i < 20; i++) {
    const value = e.attributes?.[`extra.${i}`];
    if (value === undefined) return null;
    if (value === 'waf-hit:') {
      const hit = e.attributes?.[`extra.${i + 1}`] ?? '';
      return /^[1-9]\d*$/.test(hit) ? hit : null;
    }
  }
  return null;
}

export default signals;
