/**
 * AWS WAF: the rule that ended the evaluation is the reason. Of a managed group the web ACL's rule only names the
 * group; which of its rules matched stands in the group's own `terminatingRule`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const FIELDS = 'AWS WAF developer guide: log fields';
const MANAGED = 'AWS WAF developer guide: AWS Managed Rules rule groups list';

const blocked = (e: Entry): boolean => e.eventOutcome === 'BLOCK';
const type = (e: Entry): string => e.attributes?.terminatingRuleType ?? '';
/** "AWS#AWSManagedRulesCommonRuleSet" → "Common"; null = a rule or group of the site's own. */
function groupOf(e: Entry): string | null {
  const id = e.attributes?.ruleGroupId ?? '';
  const at = id.indexOf('AWSManagedRules');
  return at < 0 ? null : id.slice(at + 15).replace(/RuleSet\b.*|#.*/, '');
}
const ruleOf = (e: Entry): string => e.attributes?.['terminatingRule.ruleId'] ?? '';

/** Group, beginning of the rule's name, cause. A name is a family: the place it looked at follows (_BODY, _URIPATH). */
const RULES: readonly (readonly [id: string, group: string, rule: RegExp, cause: Cause, says: string])[] = [
  ['core-xss', 'Common', /^CrossSiteScripting_/, 'waf.xss', 'cross-site scripting'],
  ['core-lfi', 'Common', /^GenericLFI_/, 'waf.traversal', 'a local path'],
  ['core-rfi', 'Common', /^GenericRFI_/, 'waf.rfi', 'the address of a remote file'],
  ['core-ssrf', 'Common', /^EC2MetaDataSSRF_/, 'waf.rfi', 'a way to the instance metadata'],
  ['core-size', 'Common', /^SizeRestrictions_/, 'waf.protocol', 'a request that is too large'],
  ['core-ext', 'Common', /^RestrictedExtensions_/, 'waf.upload', 'a file extension that is not let through'],
  ['core-no-ua', 'Common', /^NoUserAgent_/, 'waf.bot', 'a request without a user agent'],
  ['core-bad-bots', 'Common', /^UserAgent_BadBots_/, 'waf.scanner', 'the user agent of a known bad bot'],
  ['admin', 'AdminProtection', /^AdminProtection_/, 'waf.custom', 'a path of administration pages'],
  [
    'bad-inputs-java',
    'KnownBadInputs',
    /^(?:Log4JRCE|JavaDeserializationRCE)/,
    'waf.java',
    'code for a Java application',
  ],
  ['bad-inputs-path', 'KnownBadInputs', /^ExploitablePaths_/, 'waf.scanner', 'a path that scanners ask for'],
  [
    'bad-inputs-protocol',
    'KnownBadInputs',
    /^(?:Host_localhost_|PROPFIND_)/,
    'waf.protocol',
    'a request that no visitor makes',
  ],
  ['managed-sqli', 'SQLi', /^SQLi/, 'waf.sqli', 'SQL injection'],
  ['linux-lfi', 'Linux', /^LFI_/, 'waf.traversal', 'a path of Linux system files'],
  ['unix-shell', 'Unix', /^UNIXShellCommandsVariables_/, 'waf.rce', 'a shell command'],
  ['windows-shell', 'Windows', /^(?:PowerShell|WindowsShell)Commands_/, 'waf.rce', 'a Windows command'],
  ['php', 'PHP', /^PHPHighRiskMethods/, 'waf.php', 'PHP code'],
  ['wordpress', 'WordPress', /^WordPressExploit/, 'waf.php', 'an attack on WordPress'],
  [
    'ip-reputation',
    'AmazonIpReputationList',
    /^AWSManaged(?:IPReputation|Reconnaissance|IPDDoS)/,
    'address.reputation',
    'an address with a bad reputation',
  ],
  ['anonymous-ip', 'AnonymousIpList', /^AnonymousIPList/, 'address.reputation', 'an address that hides the visitor'],
  ['hosting-ip', 'AnonymousIpList', /^HostingProviderIPList/, 'address.geo', 'an address of a hosting provider'],
  ['bot-control', 'BotControl', /^(?:Category|Signal|TGT_)/, 'waf.bot', 'a bot'],
  ['atp-volumetric', 'ATP', /^Volumetric/, 'limit.rate', 'too many logins'],
  ['atp-attribute', 'ATP', /^(?:Attribute|TokenRejected|Missing)/, 'waf.bot', 'a login as bots make them'],
];

const base = { product: 'AWS WAF', datasets: ['aws.waf'], layer: 'waf', namesClass: true } as const;

const signals: Signal[] = [
  ...RULES.map(
    ([id, group, rule, cause, says]): Signal => ({
      ...base,
      id: `aws-waf-${id}`,
      when: (e) => blocked(e) && groupOf(e) === group && rule.test(ruleOf(e)),
      kind: 'decision',
      cause,
      certainty: 'stated',
      // How rules about bots and logins are spelled is unverified.
      confidence: group === 'BotControl' || group === 'ATP' ? 0.88 : 0.95,
      status: [403, 429],
      says: `Rule {terminatingRule.ruleId} of AWS WAF refused ${says}`,
      source: MANAGED,
    }),
  ),
  ...(
    [
      ['sqli', 'SQL_INJECTION', 'waf.sqli', 'SQL injection'],
      ['xss', 'XSS', 'waf.xss', 'cross-site scripting'],
    ] as const
  ).map(
    ([id, condition, cause, says]): Signal => ({
      ...base,
      id: `aws-waf-${id}`,
      when: (e) =>
        blocked(e) && groupOf(e) === null && (e.rules?.some((r) => r.denied && r.match === condition) ?? false),
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.95,
      status: [403, 429],
      says: `Rule {terminatingRuleId} of AWS WAF found ${says}`,
      source: FIELDS,
    }),
  ),
  {
    ...base,
    id: 'aws-waf-rate',
    when: (e) => blocked(e) && type(e) === 'RATE_BASED',
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'stated',
    confidence: 0.96,
    status: [403, 429],
    says: 'The rate rule {terminatingRuleId} of AWS WAF was exceeded[, at most {maxRateAllowed}]',
    source: FIELDS,
  },
  {
    ...base,
    id: 'aws-waf-default-block',
    when: (e) => blocked(e) && e.attributes?.terminatingRuleId === 'Default_Action',
    kind: 'decision',
    cause: 'address.not-allowed',
    alternatives: ['waf.custom'],
    certainty: 'implied',
    confidence: 0.55,
    says: 'No rule of AWS WAF let it through, and its default is to refuse',
    source: FIELDS,
  },
  {
    ...base,
    id: 'aws-waf-challenge',
    outcome: /^(?:CAPTCHA|CHALLENGE)$/,
    kind: 'decision',
    cause: 'waf.challenge',
    certainty: 'stated',
    confidence: 0.95,
    status: [202, 403, 405],
    says: 'AWS WAF asked for a proof instead of answering ({eventOutcome}, rule {terminatingRuleId})',
    source: `${FIELDS} (the status of a challenge is unverified)`,
  },
  {
    ...base,
    id: 'aws-waf-custom',
    when: (e) =>
      blocked(e) &&
      type(e) !== 'RATE_BASED' &&
      e.attributes?.terminatingRuleId !== 'Default_Action' &&
      !(e.rules?.some((r) => r.denied && (r.match === 'SQL_INJECTION' || r.match === 'XSS')) ?? false) &&
      !(groupOf(e) !== null && RULES.some(([, group, rule]) => groupOf(e) === group && rule.test(ruleOf(e)))),
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['address.denied', 'address.geo', 'limit.rate'],
    certainty: 'implied',
    confidence: 0.7,
    status: [403, 429],
    says: 'Rule {terminatingRuleId} of AWS WAF refused it; the record does not say what it looks at',
    source: FIELDS,
  },
  {
    ...base,
    id: 'aws-waf-let-through',
    outcome: /^(?:ALLOW|COUNT)$/,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.98,
    says: 'AWS WAF let it through; rules in count mode refuse nothing',
    source: FIELDS,
  },
];

export default signals;
