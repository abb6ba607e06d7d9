/**
 * ModSecurity and Coraza, with or without the Core Rule Set. One line names one rule; which rules were the reason
 * of a whole transaction is `waf.ts`. Here only the line itself speaks: a rule that denied names its class, a rule
 * that adds up says no more than "score", and `Warning.` never refused anything.
 */
import type { Entry, RuleMatch } from '../../../parsers/entry.ts';
import { parseWafLine } from '../../../parsers/waf.ts';
import { CAUSES, type Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { classOfRule } from '../waf.ts';

const logs = ['nginx.error', 'apache.error', 'modsecurity.audit', 'modsecurity.json'] as const;
const V2 =
  'owasp-modsecurity/ModSecurity apache2/mod_security2.c@dfcf31a (v2.9.8+), src/rule_message.cc@29a86b1 (v3.0.13+)';
const CORAZA = 'corazawaf/coraza internal/corazarules/rule_match.go@877524f (v3.7.0+)';

const sums = (rule: RuleMatch): boolean => /^(?:949(?!100)|959|980)\d{3}$/.test(rule.id);
const naxsi = (e: Entry): boolean => e.logLogger === 'naxsi';

/** The rule of this record that denied by itself. */
function denier(e: Entry): RuleMatch | null {
  if (naxsi(e)) return null;
  return e.rules?.find((r) => r.denied && !sums(r)) ?? null;
}

/** Coraza: the rule that a parser has taken apart, else the sentence with its bracketed items. */
function corazaLine(e: Entry): { rule: RuleMatch; denied: boolean } | null {
  const message = e.message ?? '';
  const at = message.indexOf('Coraza: ');
  if (at < 0) return null;
  const rule = e.rules?.[0];
  if (rule !== undefined) return { rule, denied: rule.denied };
  const line = parseWafLine(message.slice(at + 8, at + 4000));
  return line === null ? null : { rule: line.rule, denied: line.rule.denied };
}

function corazaDenier(e: Entry): RuleMatch | null {
  const line = corazaLine(e);
  return line?.denied && !sums(line.rule) ? line.rule : null;
}

/** Causes that a rule can stand for. */
const CLASSES = (Object.keys(CAUSES) as Cause[]).filter(
  (c) =>
    c.startsWith('waf.') ||
    c.startsWith('address.') ||
    ['config.method', 'config.host', 'origin.referer', 'limit.rate'].includes(c),
);

const slug = (cause: Cause): string => cause.replace(/^waf\./, '').replace('.', '-');

const signals: Signal[] = [
  ...CLASSES.filter((c) => c !== 'waf.anomaly').flatMap((cause): Signal[] => [
    {
      id: `modsecurity-denied-${slug(cause)}`,
      product: 'ModSecurity',
      datasets: logs,
      when: (e) => {
        const rule = denier(e);
        return rule !== null && classOfRule(rule).cause === cause;
      },
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: cause === 'waf.custom' ? 0.8 : 0.93,
      layer: 'waf',
      says: `A WAF rule denied it: ${CAUSES[cause].replace(/^WAF: /, '')}`,
      source: V2,
    },
    {
      id: `coraza-denied-${slug(cause)}`,
      product: 'Coraza',
      datasets: ['coraza.error', 'json', 'caddy.access', 'text.app', 'syslog'],
      message: /\bCoraza: Access (?:denied|dropped|redirected)/,
      when: (e) => {
        const rule = corazaDenier(e);
        return rule !== null && classOfRule(rule).cause === cause;
      },
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: cause === 'waf.custom' ? 0.8 : 0.93,
      layer: 'waf',
      says: `A Coraza rule denied it: ${CAUSES[cause].replace(/^WAF: /, '')}`,
      source: CORAZA,
    },
  ]),
  {
    id: 'modsecurity-denied-score',
    product: 'ModSecurity with CRS',
    datasets: logs,
    when: (e) => !naxsi(e) && denier(e) === null && (e.rules?.some((r) => r.denied && /^949/.test(r.id)) ?? false),
    kind: 'decision',
    cause: 'waf.anomaly',
    certainty: 'stated',
    confidence: 0.4,
    layer: 'waf',
    says: "The WAF's score passed its threshold; the rules that scored say why",
    source: 'coreruleset/coreruleset rules/@2cbd1d0 (4.29.0-dev) and tag v3.3.10',
  },
  {
    id: 'modsecurity-denied-outbound',
    product: 'ModSecurity with CRS',
    datasets: logs,
    when: (e) => !naxsi(e) && denier(e) === null && (e.rules?.some((r) => r.denied && /^959/.test(r.id)) ?? false),
    kind: 'decision',
    cause: 'waf.leakage',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'waf',
    says: "The WAF withheld the backend's answer",
    source: 'coreruleset/coreruleset rules/@2cbd1d0 (4.29.0-dev) and tag v3.3.10',
  },
  {
    id: 'modsecurity-conn-limit',
    product: 'ModSecurity',
    datasets: ['apache.error'],
    message: /Access denied with code 400\. Too many threads/,
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'stated',
    confidence: 0.92,
    layer: 'waf',
    status: [400],
    says: 'Too many connections of {clientAddress} are in one state',
    source: V2,
  },
  {
    id: 'modsecurity-warning',
    product: 'ModSecurity',
    datasets: ['nginx.error', 'apache.error'],
    when: (e) => !naxsi(e) && e.rules !== null && !e.rules.some((r) => r.denied || r.id.startsWith('980')),
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    layer: 'waf',
    says: 'A WAF rule matched and did not block by itself',
    source: V2,
  },
  {
    id: 'modsecurity-score-summary',
    product: 'ModSecurity with CRS',
    datasets: ['nginx.error', 'apache.error'],
    when: (e) => e.rules?.some((r) => r.id.startsWith('980')) ?? false,
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    layer: 'waf',
    says: "The WAF's score report",
    source: 'coreruleset/coreruleset rules/@2cbd1d0 (4.29.0-dev) and tag v3.3.10',
  },
  {
    id: 'coraza-denied-score',
    product: 'Coraza with CRS',
    datasets: ['coraza.error', 'json', 'caddy.access', 'text.app', 'syslog'],
    message: /\bCoraza: Access (?:denied|dropped|redirected)/,
    when: (e) => {
      const line = corazaLine(e);
      return line?.denied === true && /^949/.test(line.rule.id) && sums(line.rule);
    },
    kind: 'decision',
    cause: 'waf.anomaly',
    certainty: 'stated',
    confidence: 0.4,
    layer: 'waf',
    says: "Coraza's score passed its threshold; the rules that scored say why",
    source: CORAZA,
  },
  {
    id: 'coraza-denied-outbound',
    product: 'Coraza with CRS',
    datasets: ['coraza.error', 'json', 'caddy.access', 'text.app', 'syslog'],
    message: /\bCoraza: Access (?:denied|dropped|redirected)/,
    when: (e) => {
      const line = corazaLine(e);
      return line?.denied === true && /^959/.test(line.rule.id);
    },
    kind: 'decision',
    cause: 'waf.leakage',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'waf',
    says: "Coraza withheld the backend's answer",
    source: CORAZA,
  },
  {
    id: 'coraza-warning',
    product: 'Coraza',
    datasets: ['coraza.error', 'json', 'caddy.access', 'text.app', 'syslog'],
    message: /\bCoraza: Warning\./,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 1,
    says: 'A Coraza rule matched and did not block by itself',
    source: CORAZA,
  },
  {
    id: 'coraza-caddy-violation',
    product: 'Coraza (Caddy)',
    datasets: ['caddy.access', 'json'],
    message: /^(?:WAF rule violation detected|interruption triggered)/,
    kind: 'decision',
    cause: 'waf.anomaly',
    alternatives: ['waf.custom'],
    certainty: 'stated',
    confidence: 0.4,
    ownWords: true,
    layer: 'waf',
    says: 'Coraza interrupted the request; its own line names the rule',
    source: 'corazawaf/coraza-caddy coraza.go@4e89cd1',
  },
  // --- NAXSI -------------------------------------------------------------------------------------------------------
  {
    id: 'naxsi-learning',
    product: 'NAXSI',
    datasets: ['nginx.error'],
    message: /^NAXSI_FMT: .{0,2000}[?&](?:config=(?:learning&|learning$|ignore)|learning=1&)/,
    when: (e) => e.wafIntercepted !== true,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 1,
    says: 'NAXSI is learning: not refused',
    source: 'wargio/naxsi naxsi_src/naxsi_log.c@69ed59a',
  },
  {
    id: 'naxsi-block',
    product: 'NAXSI',
    datasets: ['nginx.error'],
    logger: 'naxsi',
    when: (e) => e.wafIntercepted === true,
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['waf.sqli', 'waf.xss', 'waf.traversal', 'waf.rfi', 'waf.protocol'],
    certainty: 'stated',
    confidence: 0.4,
    layer: 'waf',
    says: 'NAXSI blocked it; its scores name the class',
    source: 'wargio/naxsi naxsi_src/naxsi_log.c@69ed59a',
  },
  {
    id: 'naxsi-exlog',
    product: 'NAXSI',
    datasets: ['nginx.error'],
    message: /^NAXSI_EXLOG: /,
    kind: 'context',
    cause: null,
    certainty: 'stated',
    confidence: 0.1,
    layer: 'waf',
    says: 'Detail of a NAXSI match',
    source: 'wargio/naxsi naxsi_src/naxsi_log.c@69ed59a',
  },
  ...(
    [
      ['sqli', '17|10\\d\\d', 'waf.sqli'],
      ['xss', '18|13\\d\\d', 'waf.xss'],
      ['rfi', '11\\d\\d', 'waf.rfi'],
      ['traversal', '12\\d\\d', 'waf.traversal'],
      ['protocol', '[1-9]|1[0-6]|2[01]|14\\d\\d', 'waf.protocol'],
      ['upload', '15\\d\\d', 'waf.upload'],
    ] as const
  ).map(
    ([name, ids, cause]): Signal => ({
      id: `naxsi-json-${name}`,
      product: 'NAXSI',
      datasets: ['nginx.error'],
      message: new RegExp(`^\\{"ip":.{0,2000}"config":"(?:block|drop|learning-drop)".{0,2000}"id0":(?:${ids})\\b`),
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.85,
      layer: 'waf',
      says: 'NAXSI blocked it',
      source: 'wargio/naxsi naxsi_src/naxsi_log.c, naxsi_rules/naxsi_core.rules@69ed59a',
    }),
  ),
];

export default signals;
