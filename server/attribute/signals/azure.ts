/**
 * Azure: the WAF of Front Door and of Application Gateway, their access logs, and API Management's `lastError`. Numbers
 * of rules are the Core Rule Set's; the rows of one Application Gateway transaction are added up in `waf.ts`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { classOfRule } from '../waf.ts';

const FRONT = 'Azure Front Door: WAF monitoring and logging (names of rules partly unverified)';
const APP = 'Azure Application Gateway: WAF logs';
const APIM = 'Azure API Management: error handling in policies (the layout of the log is unverified)';

const ruleId = (e: Entry): string => e.rules?.find((r) => r.denied)?.id ?? '';
const refusing = (e: Entry): boolean => e.wafIntercepted === true;

/** "Microsoft_DefaultRuleSet-2.1-SQLI-942100" → the class of 942100, where the name of its group does not tell. */
function frontDoorClass(e: Entry): Cause | null {
  const id = ruleId(e);
  if (!id.startsWith('Microsoft_')) return null;
  if (id.includes('BadBots') || id.includes('UnknownBots') || id.includes('BotManagerRuleSet')) return 'waf.bot';
  if (id.includes('BLOCKING-EVALUATION')) return 'waf.anomaly';
  if (/-(?:General|PROTOCOL-\w+)-\d+$/.test(id)) return 'waf.protocol';
  const number = /-(\d{4,9})$/.exec(id);
  if (number === null) return 'waf.custom';
  const rule = e.rules?.find((r) => r.denied);
  return rule === undefined ? null : classOfRule({ ...rule, id: number[1]! }).cause;
}

const CLASSES: readonly (readonly [Cause, string])[] = [
  ['waf.sqli', 'SQL injection'],
  ['waf.xss', 'cross-site scripting'],
  ['waf.traversal', 'a local path'],
  ['waf.rfi', 'the address of a remote file'],
  ['waf.rce', 'command execution'],
  ['waf.php', 'PHP injection'],
  ['waf.java', 'an attack on Java'],
  ['waf.nodejs', 'an attack on Node.js'],
  ['waf.session', 'session fixation'],
  ['waf.scanner', 'a scanner'],
  ['waf.bot', 'a bot'],
  ['waf.protocol', 'a breach of the protocol'],
  ['waf.upload', 'an upload'],
  ['waf.leakage', 'an answer that gives data away'],
  ['config.method', 'the method'],
  ['address.reputation', 'an address with a bad reputation'],
  ['waf.anomaly', 'it for the sum of its scores'],
];

const frontDoor = {
  product: 'Azure Front Door WAF',
  datasets: ['azure.frontdoor.waf'],
  layer: 'waf',
  namesClass: true,
  source: FRONT,
} as const;
const ownRule = (e: Entry): boolean => refusing(e) && ruleId(e) !== '' && !ruleId(e).startsWith('Microsoft_');
const named = (e: Entry): Cause => (/rate|throttl|limit/i.test(ruleId(e)) ? 'limit.rate' : 'waf.custom');

const FRONT_DOOR: Signal[] = [
  ...CLASSES.map(
    ([cause, says]): Signal => ({
      ...frontDoor,
      id: `azure-frontdoor-${cause.replace('.', '-')}`,
      when: (e) => refusing(e) && frontDoorClass(e) === cause,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: cause === 'waf.anomaly' ? 0.8 : 0.95,
      says: `A rule of Azure’s WAF refused ${says}`,
    }),
  ),
  {
    ...frontDoor,
    id: 'azure-frontdoor-waf-rate',
    when: (e) => ownRule(e) && named(e) === 'limit.rate',
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['waf.custom'],
    certainty: 'implied',
    confidence: 0.75,
    status: [403, 429],
    says: 'A rule of the site’s own refused it; by its name it limits the rate ({properties.ruleName})',
  },
  {
    ...frontDoor,
    id: 'azure-frontdoor-waf-custom',
    when: (e) => ownRule(e) && named(e) === 'waf.custom',
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['address.geo', 'address.denied'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'A rule of the site’s own refused it ({properties.ruleName})',
  },
  {
    ...frontDoor,
    id: 'azure-frontdoor-waf-let-through',
    outcome: /^(?:Log|Allow|AnomalyScoring|logandscore)$/i,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'The rule matched and let the request through ({eventOutcome})',
  },
  {
    product: 'Azure Front Door',
    id: 'azure-frontdoor-access-403',
    datasets: ['azure.frontdoor'],
    when: (e) => e.httpResponseStatusCode === 403 && (e.upstreamStatusCode ?? 0) === 0 && e.upstreamAddress === null,
    kind: 'context',
    cause: 'unknown',
    alternatives: ['waf.custom', 'config.rewrite'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'Front Door answered 403 itself; its WAF log says whether and by which rule',
    source: 'Azure Front Door: access log',
  },
];

const setType = (e: Entry): string => e.attributes?.['properties.ruleSetType'] ?? '';
const appWaf = {
  product: 'Azure Application Gateway WAF',
  datasets: ['azure.appgw.waf'],
  layer: 'waf',
  source: APP,
} as const;
const numbered = (e: Entry): boolean => /^\d{4,9}$/.test(ruleId(e)) && /OWASP|CRS|DefaultRuleSet/i.test(setType(e));
const appClass = (e: Entry): Cause | null => {
  const rule = e.rules?.find((r) => r.denied);
  if (rule === undefined || !numbered(e)) return null;
  return /^(?:949|959|980)/.test(rule.id) ? 'waf.anomaly' : classOfRule(rule).cause;
};
const APPLICATION_GATEWAY: Signal[] = [
  ...CLASSES.map(
    ([cause, says]): Signal => ({
      ...appWaf,
      id: `azure-appgw-${cause.replace('.', '-')}`,
      when: (e) => refusing(e) && appClass(e) === cause,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: cause === 'waf.anomaly' ? 0.6 : 0.93,
      says: `A rule of Azure’s WAF refused ${says}`,
    }),
  ),
  {
    ...appWaf,
    namesClass: true,
    id: 'azure-appgw-waf-reputation',
    message: 'IPReputationTriggered',
    when: refusing,
    kind: 'decision',
    cause: 'address.reputation',
    certainty: 'stated',
    confidence: 0.93,
    says: 'Bot protection: the address has a bad reputation',
    source: 'Azure Application Gateway: WAF bot protection',
  },
  {
    ...appWaf,
    namesClass: true,
    id: 'azure-appgw-waf-custom',
    when: (e) => refusing(e) && setType(e) === 'Custom',
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['address.denied', 'address.geo'],
    certainty: 'stated',
    confidence: 0.75,
    says: 'A rule of the site’s own refused it',
    source: `${APP} (unverified)`,
  },
  {
    ...appWaf,
    id: 'azure-appgw-waf-detected',
    outcome: /^(?:Detected|Allowed|Log)$/,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'The rule matched and let the request through ({eventOutcome})',
  },
  {
    product: 'Azure Application Gateway',
    id: 'azure-appgw-access-403',
    datasets: ['azure.appgw'],
    when: (e) => e.httpResponseStatusCode === 403 && (e.upstreamStatusCode ?? 0) === 0,
    kind: 'context',
    cause: 'unknown',
    alternatives: ['waf.custom'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'The gateway answered 403 itself, no backend was asked; its firewall log says by which rule',
    source: 'Azure Application Gateway: access log (fields of v2 unverified)',
  },
  {
    product: 'Azure',
    id: 'azure-relay',
    datasets: ['azure.appgw', 'azure.frontdoor', 'azure.apim'],
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400 && e.upstreamStatusCode === e.httpResponseStatusCode,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.95,
    says: 'The backend answered {upstreamStatusCode}, passed on',
    source: 'Azure Application Gateway: access log',
  },
];

const REASONS: readonly (readonly [string, Cause, number, string, ...Cause[]])[] = [
  ['CallerIpNotAllowed', 'address.not-allowed', 0.97, 'The address is not on the list of the ip-filter policy'],
  ['CallerIpBlocked', 'address.denied', 0.97, 'The ip-filter policy forbids the address'],
  ['FailedToParseCallerIP', 'config.access', 0.85, 'The ip-filter policy could not read the address'],
  ['QuotaExceeded', 'limit.quota', 0.96, 'The quota is used up'],
  ['RateLimitExceeded', 'limit.rate', 0.96, 'The rate limit was exceeded'],
  ['SubscriptionKeyNotFound', 'credential.missing', 0.95, 'No subscription key came with the request'],
  ['SubscriptionKeyInvalid', 'credential.invalid', 0.9, 'The subscription key is not valid', 'limit.suspended'],
  ['TokenNotPresent', 'credential.missing', 0.93, 'No token came with the request'],
  ['TokenExpired', 'credential.expired', 0.95, 'The token has expired'],
  ['TokenSignatureInvalid', 'credential.invalid', 0.93, 'The signature of the token is wrong'],
  ['TokenAudienceNotAllowed', 'credential.scope', 0.93, 'The token is meant for another audience'],
  ['TokenClaimNotFound', 'credential.scope', 0.9, 'The token lacks a claim'],
  ['TokenClaimValueNotAllowed', 'credential.scope', 0.93, 'A claim of the token has a value that is not accepted'],
  [
    'HeaderNotFound',
    'config.access',
    0.8,
    'A header that the check-header policy asks for is missing',
    'credential.missing',
  ],
  [
    'HeaderValueNotAllowed',
    'config.access',
    0.8,
    'The check-header policy does not accept the value of a header',
    'credential.invalid',
  ],
  ['OperationNotFound', 'gateway.route', 0.95, 'No operation of the API fits the request'],
];
const API_MANAGEMENT: Signal[] = REASONS.map(
  ([code, cause, confidence, says, ...others]): Signal => ({
    product: 'Azure API Management',
    id: `azure-apim-${code.toLowerCase()}`,
    datasets: ['azure.apim'],
    eventCode: code,
    kind: 'decision',
    cause,
    alternatives: others,
    certainty: 'stated',
    confidence,
    status: [401, 403, 404, 429],
    says: `${says} ({eventCode})`,
    source: APIM,
  }),
);

export default [...FRONT_DOOR, ...APPLICATION_GATEWAY, ...API_MANAGEMENT] satisfies Signal[];
