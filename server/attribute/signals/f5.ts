/** F5 BIG-IP: the violation and the type of attack of a blocked request (ASM), the result of an access policy (APM). */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { attackOf, attackSignals } from './attacks.ts';

const SOURCE = 'F5 BIG-IP ASM: remote logging, event formats (list of violations unverified)';

const blocked = (e: Entry): boolean => e.eventOutcome === 'blocked';
const violation = (e: Entry): string => e.message ?? '';
const attack = (e: Entry): string => e.attributes?.attack_type ?? '';

/** Violations that mean the same whatever the attack is called. */
const VIOLATIONS: readonly (readonly [id: string, violation: RegExp, cause: Cause, says: string])[] = [
  ['csrf', /\bCSRF\b/, 'csrf.invalid', 'the CSRF token is wrong or too old'],
  ['geo', /Geolocation/, 'address.geo', 'the country is not allowed'],
  [
    'address',
    /IP is (?:denylisted|blacklisted|in the)|IP address is blacklisted/,
    'address.denied',
    'the address is on a deny list',
  ],
  ['reputation', /malicious IP address/i, 'address.reputation', 'the address has a bad reputation'],
  ['scraping', /Web scraping|Bot Defense/i, 'waf.bot', 'it looks like a bot'],
  [
    'compliance',
    /HTTP protocol compliance|Illegal meta character|Evasion technique|Malformed/i,
    'waf.protocol',
    'the request breaks the protocol',
  ],
  ['file-type', /Illegal file type|file upload/i, 'waf.upload', 'the type of file is not allowed'],
  [
    'cookie',
    /Modified ASM cookie|ASM Cookie Hijacking|session hijack/i,
    'waf.session',
    'the session cookie was changed',
  ],
  ['method', /Illegal method/, 'config.method', 'the method is not allowed'],
  ['brute', /Brute Force/i, 'limit.rate', 'too many logins'],
  ['leak', /Data Guard|Information leakage/i, 'waf.leakage', 'the answer gave data away'],
];
const violationOf = (e: Entry): string => VIOLATIONS.find(([, words]) => words.test(violation(e)))?.[0] ?? '';
const words = (e: Entry): string => `${attack(e)} ${violation(e) === 'Attack signature detected' ? '' : violation(e)}`;
const bySignature = (e: Entry): boolean => blocked(e) && violationOf(e) === '';

const base = { product: 'F5 ASM', datasets: ['f5.asm'], status: [200, 403], namesClass: true, source: SOURCE } as const;

const signals: Signal[] = [
  ...VIOLATIONS.map(
    ([id, , cause, says]): Signal => ({
      ...base,
      id: `f5-asm-${id}`,
      when: (e) => blocked(e) && violationOf(e) === id,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.92,
      layer: 'waf',
      says: `F5: ${says} ({message})`,
    }),
  ),
  ...attackSignals(base, 'f5-asm-attack', bySignature, words, 0.93),
  {
    ...base,
    id: 'f5-asm-other',
    when: (e) => bySignature(e) && attackOf(words(e)) === null,
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['waf.anomaly'],
    certainty: 'stated',
    confidence: 0.75,
    layer: 'waf',
    says: 'F5 blocked it: {message}',
  },
  {
    ...base,
    id: 'f5-asm-let-through',
    outcome: /^(?:passed|alerted)$/,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'F5 let it through ({eventOutcome})',
  },
  {
    product: 'F5 APM',
    id: 'f5-apm-denied',
    datasets: ['text.app', 'syslog'],
    message: /Access policy result: (?<result>\w{0,40}[Dd]eny\w{0,40})/,
    kind: 'decision',
    cause: 'permission.role',
    certainty: 'stated',
    confidence: 0.8,
    status: [302, 403],
    layer: 'gateway',
    says: 'The access policy ended in {result}',
    source: 'F5 BIG-IP APM: system logs, 01490102',
  },
];

export default signals;
