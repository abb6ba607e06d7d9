/** Google Cloud: Cloud Armor's policy in the load balancer's log, Identity-Aware Proxy, and audit logs. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const ARMOR = 'Google Cloud Armor: request logging (ids of preconfigured rules unverified)';

const denies = (e: Entry): boolean => /^(?:body_)?denied_by_security_policy$/.test(e.eventOutcome ?? '');
const POLICY = 'jsonPayload.enforcedSecurityPolicy';
const expressions = (e: Entry): string => e.attributes?.[`${POLICY}.preconfiguredExprIds`] ?? '';
const limits = (e: Entry): boolean =>
  /^(?:THROTTLE|RATE_BASED_BAN)$/.test(e.attributes?.[`${POLICY}.configuredAction`] ?? '') ||
  /_EXCEED$/.test(e.attributes?.[`${POLICY}.rateLimitAction.outcome`] ?? '');
const edge = (e: Entry): boolean =>
  Object.keys(e.attributes ?? {}).some((k) => k.includes('enforcedEdgeSecurityPolicy'));

/** "owasp-crs-v030001-id942251-sqli": the set of rules stands at the end. */
const SETS: readonly (readonly [string, Cause, string])[] = [
  ['sqli', 'waf.sqli', 'SQL injection'],
  ['xss', 'waf.xss', 'cross-site scripting'],
  ['lfi', 'waf.traversal', 'inclusion of local files'],
  ['rfi', 'waf.rfi', 'inclusion of remote files'],
  ['rce', 'waf.rce', 'command execution'],
  ['scannerdetection', 'waf.scanner', 'a scanner'],
  ['protocolattack', 'waf.protocol', 'an attack on the protocol'],
  ['methodenforcement', 'config.method', 'the method'],
  ['php', 'waf.php', 'PHP injection'],
  ['sessionfixation', 'waf.session', 'session fixation'],
  ['java', 'waf.java', 'an attack on Java'],
  ['nodejs', 'waf.nodejs', 'an attack on Node.js'],
  ['cve', 'waf.java', 'a published weakness (CVE), mostly Log4j'],
];
const setOf = (e: Entry): string => /-([a-z]+)(?:,|$)/.exec(expressions(e))?.[1] ?? '';

const base = {
  product: 'Google Cloud Armor',
  datasets: ['gcp.lb'],
  layer: 'waf',
  namesClass: true,
  source: ARMOR,
} as const;

const signals: Signal[] = [
  ...SETS.map(
    ([set, cause, says]): Signal => ({
      ...base,
      id: `gcp-armor-${set}`,
      when: (e) => denies(e) && !limits(e) && setOf(e) === set,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: set === 'cve' ? 0.8 : 0.94,
      says: `Cloud Armor refused ${says} (policy {${POLICY}.name})`,
    }),
  ),
  {
    ...base,
    id: 'gcp-armor-rate',
    when: (e) => denies(e) && limits(e),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['address.reputation'],
    certainty: 'stated',
    confidence: 0.95,
    status: [403, 429],
    says: `Cloud Armor’s rate limit was exceeded (policy {${POLICY}.name})`,
  },
  {
    ...base,
    id: 'gcp-armor-deny',
    when: (e) =>
      denies(e) && !edge(e) && !limits(e) && expressions(e) === '' && !(e.eventOutcome ?? '').startsWith('body'),
    kind: 'decision',
    cause: 'address.denied',
    alternatives: ['address.geo', 'address.not-allowed', 'waf.custom'],
    certainty: 'implied',
    confidence: 0.55,
    says: `A rule of Cloud Armor’s policy {${POLICY}.name} denies it, priority {${POLICY}.priority}; most are about addresses`,
  },
  {
    ...base,
    id: 'gcp-armor-edge',
    when: (e) => denies(e) && edge(e) && expressions(e) === '',
    kind: 'decision',
    cause: 'address.denied',
    alternatives: ['address.geo'],
    certainty: 'implied',
    confidence: 0.6,
    layer: 'cdn',
    says: 'The edge policy in front of the cache denies it; it can be about address and country only',
  },
  {
    ...base,
    id: 'gcp-armor-body',
    outcome: 'body_denied_by_security_policy',
    when: (e) => !limits(e) && !SETS.some(([set]) => set === setOf(e)),
    kind: 'decision',
    cause: 'waf.custom',
    certainty: 'stated',
    confidence: 0.75,
    says: 'A rule of Cloud Armor refused the body of the request',
  },
  {
    ...base,
    id: 'gcp-iap-403',
    product: 'Identity-Aware Proxy',
    layer: 'loadbalancer',
    outcome: 'handled_by_identity_aware_proxy',
    when: (e) => e.httpResponseStatusCode === 403,
    kind: 'decision',
    cause: 'permission.role',
    certainty: 'stated',
    confidence: 0.8,
    says: 'Signed in, but without the role that Identity-Aware Proxy asks for',
    source: 'Google Cloud load balancing: logging (reading of the 403 unverified)',
  },
  {
    ...base,
    id: 'gcp-lb-relay',
    product: 'Google Cloud load balancing',
    outcome: /^response_(?:sent_by_backend|from_cache)/,
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.93,
    says: 'The backend answered {httpResponseStatusCode}, passed on',
    source: 'Google Cloud load balancing: logging, statusDetails (unverified)',
  },
  {
    ...base,
    id: 'gcp-audit-permission-denied',
    product: 'Google Cloud',
    layer: undefined,
    datasets: ['gcp.audit'],
    eventCode: '7',
    kind: 'decision',
    cause: 'permission.role',
    certainty: 'stated',
    confidence: 0.85,
    says: 'The identity lacks the permission[ {permission}]',
    source: 'Google Cloud audit logs: PERMISSION_DENIED (unverified)',
  },
];

export default signals;
