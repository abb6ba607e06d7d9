/**
 * Cloudflare: the `Source` of a firewall event is the product that acted; a request's own record names it as well. The
 * pages of the 1xxx errors say in their body why they were shown.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause, Layer } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';
import { attackOf, attackSignals } from './attacks.ts';

const EVENTS = 'Cloudflare Logs reference: firewall events dataset';
const REQUESTS = 'Cloudflare Logs reference: HTTP requests dataset';
const PAGES = 'Cloudflare documentation: 1xxx errors (texts partly unverified)';

const logs = ['cloudflare.firewall', 'cloudflare.http'] as const;
const refusing = (e: Entry): boolean => /^(?:block|connection_?close|drop)$/i.test(e.eventOutcome ?? '');
const challenging = (e: Entry): boolean =>
  /^(?:js_?challenge|managed_?challenge|challenge)$/i.test(e.eventOutcome ?? '');
/** Of an event its source, of a request that of the rule that ended it, where it is named. */
const sourceOf = (e: Entry): string =>
  (e.attributes?.Source ?? e.attributes?.SecuritySources ?? e.attributes?.FirewallMatchesSources ?? '').toLowerCase();
const ruleWords = (e: Entry): string => e.rules?.find((r) => r.denied)?.message ?? '';
const RULESETS = new Set(['firewallmanaged', 'waf', 'firewallcustom', 'firewallrules', '']);
const byRule = (e: Entry): boolean => refusing(e) && RULESETS.has(sourceOf(e));

const SOURCES: readonly (readonly [
  id: string,
  cause: Cause,
  layer: Layer,
  confidence: number,
  says: string,
  ...others: Cause[],
])[] = [
  ['ratelimit', 'limit.rate', 'waf', 0.96, 'a rate limiting rule'],
  ['ip', 'address.denied', 'cdn', 0.96, 'an access rule for the address'],
  ['iprange', 'address.denied', 'cdn', 0.96, 'an access rule for the range of addresses'],
  ['asn', 'address.geo', 'cdn', 0.96, 'an access rule for the network (ASN)'],
  ['country', 'address.geo', 'cdn', 0.96, 'an access rule for the country'],
  ['uablock', 'waf.bot', 'cdn', 0.95, 'a rule for the user agent'],
  ['bic', 'waf.bot', 'cdn', 0.93, 'the browser integrity check'],
  ['hot', 'origin.referer', 'cdn', 0.95, 'hotlink protection'],
  ['zonelockdown', 'address.not-allowed', 'cdn', 0.96, 'zone lockdown: only listed addresses may ask for this'],
  ['securitylevel', 'address.reputation', 'cdn', 0.93, 'the security level: the address has a bad reputation'],
  ['l7ddos', 'limit.rate', 'waf', 0.9, 'protection against HTTP floods'],
  ['validation', 'waf.protocol', 'cdn', 0.9, 'validation: the request is malformed'],
  ['botfight', 'waf.bot', 'waf', 0.93, 'bot fight mode'],
  ['botmanagement', 'waf.bot', 'waf', 0.93, 'bot management'],
  ['apishield', 'gateway.policy', 'waf', 0.75, 'API Shield', 'credential.missing', 'config.tls'],
  ['apishieldschemavalidation', 'waf.protocol', 'waf', 0.93, 'schema validation of API Shield'],
  [
    'apishieldtokenvalidation',
    'credential.invalid',
    'waf',
    0.8,
    'token validation of API Shield',
    'credential.missing',
    'credential.expired',
  ],
  ['apishieldsequencemitigation', 'gateway.policy', 'waf', 0.85, 'a sequence rule of API Shield'],
  ['dlp', 'waf.leakage', 'waf', 0.93, 'data loss prevention'],
];

const ERRORS: readonly (readonly [code: string, cause: Cause, confidence: number, says: string, ...others: Cause[]])[] =
  [
    ['1003', 'config.host', 0.85, 'asked for by address instead of by name'],
    ['1005', 'address.geo', 0.9, 'the network (ASN) is banned'],
    ['1006', 'address.denied', 0.95, 'the address is banned'],
    ['1009', 'address.geo', 0.9, 'the country is banned'],
    ['1010', 'waf.bot', 0.95, 'the signature of the browser is banned'],
    ['1011', 'origin.referer', 0.9, 'hotlinking is denied'],
    ['1012', 'address.reputation', 0.85, 'the client acted like malware'],
    ['1013', 'config.host', 0.85, 'host name and TLS name differ'],
    ['1014', 'config.host', 0.85, 'a CNAME points across accounts'],
    ['1015', 'limit.rate', 0.88, 'too many requests'],
    ['1020', 'waf.custom', 0.85, 'a firewall rule refused it', 'address.geo', 'address.denied'],
    ['1023', 'config.host', 0.8, 'the host is not known'],
    ['1034', 'config.host', 0.8, 'the edge address is restricted'],
  ];

const base = { product: 'Cloudflare', datasets: logs, namesClass: true, source: EVENTS } as const;

const signals: Signal[] = [
  ...SOURCES.map(
    ([id, cause, layer, confidence, says, ...others]): Signal => ({
      ...base,
      id: `cloudflare-${id}`,
      when: (e) => refusing(e) && sourceOf(e) === id,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      layer,
      status: [403, 429],
      says: `Cloudflare refused it by ${says}`,
    }),
  ),
  ...attackSignals(base, 'cloudflare-rule', byRule, ruleWords, 0.85),
  {
    ...base,
    id: 'cloudflare-rule',
    when: (e) => byRule(e) && sourceOf(e) !== '' && attackOf(ruleWords(e)) === null,
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['address.geo', 'address.denied', 'waf.anomaly'],
    certainty: 'stated',
    confidence: 0.75,
    layer: 'waf',
    says: 'A rule of Cloudflare refused it[: {message}]',
  },
  {
    ...base,
    id: 'cloudflare-challenge',
    when: challenging,
    kind: 'decision',
    cause: 'waf.challenge',
    alternatives: ['address.reputation'],
    certainty: 'stated',
    confidence: 0.95,
    layer: 'waf',
    says: 'Cloudflare answered with a challenge ({eventOutcome})',
    source: `${EVENTS} (status and header of a challenge are unverified)`,
  },
  {
    ...base,
    id: 'cloudflare-let-through',
    outcome: /^(?:log|allow|skip|bypass|.*challenge_?(?:solved|bypassed))$/i,
    when: (e) => e.dataset === 'cloudflare.firewall',
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.95,
    says: 'The event let the request through ({eventOutcome})',
  },
  {
    ...base,
    id: 'cloudflare-http-blocked',
    datasets: ['cloudflare.http'],
    when: (e) =>
      refusing(e) &&
      sourceOf(e) === '' &&
      attackOf(ruleWords(e)) === null &&
      e.attributes?.ClientMTLSAuthStatus === undefined,
    kind: 'decision',
    cause: 'waf.custom',
    alternatives: ['waf.sqli', 'waf.xss', 'address.denied', 'address.geo', 'limit.rate'],
    certainty: 'stated',
    confidence: 0.7,
    layer: 'waf',
    says: 'Cloudflare refused it by a security rule[ ({SecurityRuleDescription})]',
    source: REQUESTS,
  },
  {
    ...base,
    id: 'cloudflare-mtls',
    datasets: ['cloudflare.http'],
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      /^(?:absent|untrusted|expired|notyetvalid)$/i.test(e.attributes?.ClientMTLSAuthStatus ?? ''),
    kind: 'decision',
    cause: 'config.tls',
    alternatives: ['credential.missing', 'credential.expired', 'credential.invalid'],
    certainty: 'stated',
    confidence: 0.93,
    layer: 'cdn',
    says: 'The client certificate is {ClientMTLSAuthStatus}',
    source: REQUESTS,
  },
  {
    ...base,
    id: 'cloudflare-worker',
    datasets: ['cloudflare.http'],
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      (e.upstreamStatusCode ?? 0) === 0 &&
      e.attributes?.WorkerStatus === 'ok' &&
      !refusing(e) &&
      !challenging(e),
    kind: 'decision',
    cause: 'gateway.policy',
    alternatives: ['permission.role', 'app.unexplained'],
    certainty: 'implied',
    confidence: 0.6,
    layer: 'cdn',
    says: 'A Worker[ ({WorkerScriptName})] answered 403; the origin was not asked',
    source: REQUESTS,
  },
  {
    ...base,
    id: 'cloudflare-relay',
    datasets: ['cloudflare.http'],
    when: (e) =>
      (e.httpResponseStatusCode ?? 0) >= 400 && e.upstreamStatusCode === e.httpResponseStatusCode && !refusing(e),
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.96,
    says: 'The origin answered {upstreamStatusCode}, passed on',
    source: REQUESTS,
  },
  {
    ...base,
    id: 'cloudflare-access-denied',
    datasets: ['cloudflare.access'],
    outcome: 'denied',
    kind: 'decision',
    cause: 'permission.role',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'cdn',
    says: 'No policy of Cloudflare Access lets {userName} in',
    source: 'Cloudflare Logs reference: Access requests dataset (unverified)',
  },
  ...ERRORS.map(
    ([code, cause, confidence, says, ...others]): Signal => ({
      product: 'Cloudflare',
      datasets: ['*'],
      id: `cloudflare-error-${code}`,
      answer: new RegExp(`error(?: code:?)? ${code}\\b`, 'i'),
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence,
      layer: 'cdn',
      status: [403, 429],
      says: `Cloudflare’s error ${code}: ${says}`,
      source: PAGES,
    }),
  ),
];

export default signals;
