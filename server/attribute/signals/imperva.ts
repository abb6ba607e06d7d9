/** Imperva Cloud WAF: the action is the verdict, the name of the event the attack. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause, Layer } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { attackOf, attackSignals } from './attacks.ts';

const SOURCE = 'Imperva Cloud WAF: log file structure, CEF, list of actions (partly unverified)';

const security = (e: Entry): boolean => e.eventOutcome === 'REQ_BLOCKED_SECURITY';
const words = (e: Entry): string => e.message ?? '';
const base = { product: 'Imperva', datasets: ['imperva.cef'], namesClass: true, source: SOURCE } as const;

const ACTIONS: readonly (readonly [
  id: string,
  act: RegExp,
  cause: Cause,
  confidence: number,
  layer: Layer,
  says: string,
  ...others: Cause[],
])[] = [
  [
    'session-blocked',
    /^REQ_BLOCKED_(?:COOKIELESS_)?SESSION$/,
    'waf.bot',
    0.9,
    'waf',
    'the session is blocked, as bots’ are',
  ],
  ['ddos', /^REQ_BLOCKED_DDOS$/, 'limit.rate', 0.93, 'waf', 'protection against floods'],
  ['captcha', /^REQ_CHALLENGED_/, 'waf.challenge', 0.93, 'waf', 'a challenge was shown instead of an answer'],
  ['parse', /^REQ_BAD_/, 'waf.protocol', 0.9, 'waf', 'the request could not be read'],
  ['domain', /^REQ_DOMAIN_BLACKLISTED$/, 'config.host', 0.9, 'cdn', 'the domain is on a deny list'],
  [
    'locked-ip',
    /^REQ_LOCKED_IP_VIOLATION$/,
    'address.not-allowed',
    0.7,
    'waf',
    'the site is open to listed addresses only',
  ],
  ['client-cert', /^REQ_CLIENT_CERT_REQUIRED$/, 'config.tls', 0.93, 'cdn', 'a client certificate is required'],
  ['sni', /^REQ_NON_SNI_FORBIDDEN$/, 'config.tls', 0.93, 'cdn', 'TLS came without a server name'],
];
/** What an access control list was about stands in the name of the event. */
const LISTS: readonly (readonly [id: string, name: RegExp, cause: Cause, says: string, ...others: Cause[]])[] = [
  ['country', /countr|geo/i, 'address.geo', 'the country is blocked', 'address.denied'],
  ['url', /url|path|resource/i, 'config.access', 'the address asked for is blocked', 'address.denied'],
  ['address', /^/, 'address.denied', 'the address of the client is blocked', 'address.geo', 'config.access'],
];
const listOf = (e: Entry): string =>
  /^REQ_BLOCKED_(?:ACL|VISITOR)$/.test(e.eventOutcome ?? '') ? LISTS.find(([, name]) => name.test(words(e)))![0] : '';

const signals: Signal[] = [
  ...attackSignals(base, 'imperva', security, words, 0.95),
  {
    ...base,
    id: 'imperva-security',
    when: (e) => security(e) && attackOf(words(e)) === null,
    kind: 'decision',
    cause: 'waf.custom',
    certainty: 'stated',
    confidence: 0.8,
    layer: 'waf',
    says: 'A security rule of Imperva refused it[: {message}]',
  },
  ...LISTS.map(
    ([id, , cause, says, ...others]): Signal => ({
      ...base,
      id: `imperva-list-${id}`,
      when: (e) => listOf(e) === id,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence: 0.85,
      layer: 'waf',
      says: `Imperva: ${says} ({eventOutcome}[, {message}])`,
    }),
  ),
  ...ACTIONS.map(
    ([id, outcome, cause, confidence, layer, says, ...others]): Signal => ({
      ...base,
      id: `imperva-${id}`,
      outcome,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: id === 'locked-ip' ? 'implied' : 'stated',
      confidence,
      layer,
      says: `Imperva: ${says} ({eventOutcome})`,
    }),
  ),
  {
    ...base,
    id: 'imperva-passed',
    outcome: /^REQ_(?:PASSED|CACHED)/,
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.95,
    says: 'The origin answered {httpResponseStatusCode}, passed on',
  },
];

export default signals;
