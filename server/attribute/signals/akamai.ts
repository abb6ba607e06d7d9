/** Akamai: the tag of the rule that denied, in a security event; the error code of a delivered request. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const SIEM = 'Akamai SIEM integration: data of a security event (tags but for CMD_INJECTION are unverified)';

/** Tag and words of the rules that denied; rules with `alert` only added to it. */
const deniedBy = (e: Entry): string =>
  (e.rules ?? []).flatMap((r) => (r.denied ? [`${r.id} ${r.tags.join(' ')} ${r.message}`] : [])).join(' ');

/** The special before the general: `CUSTOM` says least. */
const TAGS: readonly (readonly [id: string, tag: RegExp, cause: Cause, says: string])[] = [
  ['sqli', /SQL[_-]INJECTION/, 'waf.sqli', 'SQL injection'],
  ['xss', /XSS[_-]ANOMALY|CROSS_SITE_SCRIPTING/, 'waf.xss', 'cross-site scripting'],
  ['cmd', /CMD[_-]INJECTION/, 'waf.rce', 'command injection'],
  ['lfi', /LFI[_-]ANOMALY/, 'waf.traversal', 'inclusion of local files'],
  ['rfi', /RFI[_-]ANOMALY/, 'waf.rfi', 'inclusion of remote files'],
  ['php', /PHP[_-]INJECTION/, 'waf.php', 'PHP injection'],
  ['protocol', /PROTOCOL[_-]ANOMALY/, 'waf.protocol', 'a breach of the protocol'],
  ['tool', /WEB_ATTACK_TOOL/, 'waf.scanner', 'an attack tool'],
  ['geo-block', /NETWORK_CONTROL.*\bgeo|\bGEO(?:BLOCK|[_-])/i, 'address.geo', 'its country or region'],
  ['ip-block', /NETWORK_CONTROL|\bIPBLOCK/, 'address.denied', 'its address'],
  ['rate', /RATECONTROL/, 'limit.rate', 'too many requests'],
  ['slow', /SLOW_POST/, 'limit.rate', 'a request that is sent too slowly'],
  ['bot', /AKAMAI\/BOT\b|\bBOT-/, 'waf.bot', 'a bot'],
  ['reputation', /AKAMAI\/REPUTATION/, 'address.reputation', 'the reputation of its address'],
  ['api', /AKAMAI\/API/, 'config.method', 'a method or path that the API does not define'],
];
const firstOf = (e: Entry): string => {
  const by = deniedBy(e);
  return by === '' ? '' : (TAGS.find(([, tag]) => tag.test(by))?.[0] ?? 'custom');
};

const base = { product: 'Akamai', datasets: ['akamai.siem'], layer: 'waf', namesClass: true, source: SIEM } as const;

const signals: Signal[] = [
  ...TAGS.map(
    ([id, , cause, says]): Signal => ({
      ...base,
      id: `akamai-${id}`,
      when: (e) => e.wafIntercepted === true && firstOf(e) === id,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: id === 'cmd' ? 0.95 : 0.9,
      says: `Akamai’s rules refused ${says}`,
    }),
  ),
  {
    ...base,
    id: 'akamai-custom',
    when: (e) => e.wafIntercepted === true && firstOf(e) === 'custom',
    kind: 'decision',
    cause: 'waf.custom',
    certainty: 'stated',
    confidence: 0.8,
    says: 'A custom rule at Akamai refused it',
  },
  {
    ...base,
    id: 'akamai-alert',
    when: (e) => e.wafIntercepted === false,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'The rules only raised an alert',
  },
  {
    product: 'Akamai',
    id: 'akamai-datastream-403',
    datasets: ['akamai.datastream'],
    when: (e) => e.httpResponseStatusCode === 403 && e.eventCode !== null,
    kind: 'context',
    cause: 'unknown',
    alternatives: ['address.denied', 'address.geo', 'credential.invalid', 'credential.expired', 'waf.custom'],
    certainty: 'implied',
    confidence: 0.3,
    says: 'The edge denied the access ({eventCode}); the log does not say by what',
    source: 'Akamai DataStream 2: data set parameters (unverified)',
  },
];

export default signals;
