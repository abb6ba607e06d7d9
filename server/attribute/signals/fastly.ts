/** Fastly: signals of the Next-Gen WAF, and answers that VCL makes itself. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { attackOf, attackSignals } from './attacks.ts';

const NGWAF = 'Fastly Next-Gen WAF: API reference, requests and events (list of signals unverified)';

const blocked = (e: Entry): boolean => e.kind === 'audit' && e.wafIntercepted === true;
const words = (e: Entry): string =>
  (e.rules ?? [])
    .filter((r) => r.id !== 'BLOCKED')
    .map((r) => r.id.replace('CMDEXE', 'COMMAND').replace('TRAVERSAL', 'traversal').replaceAll('-', ' '))
    .join(', ');

const base = {
  product: 'Fastly Next-Gen WAF',
  datasets: ['fastly.ngwaf'],
  status: [403, 406],
  namesClass: true,
  source: NGWAF,
} as const;

const signals: Signal[] = [
  ...attackSignals(base, 'fastly-ngwaf', blocked, words, 0.9),
  {
    ...base,
    id: 'fastly-ngwaf-rate',
    when: (e) => blocked(e) && attackOf(words(e)) === null && /rate.?limit/i.test(words(e)),
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'stated',
    confidence: 0.9,
    layer: 'waf',
    says: 'A rate rule of the WAF refused it',
  },
  {
    ...base,
    id: 'fastly-ngwaf-other',
    when: (e) => blocked(e) && attackOf(words(e)) === null && !/rate.?limit/i.test(words(e)),
    kind: 'decision',
    cause: 'waf.custom',
    certainty: 'stated',
    confidence: 0.7,
    layer: 'waf',
    says: 'The WAF blocked it',
  },
  {
    ...base,
    id: 'fastly-ngwaf-event',
    when: (e) => e.kind === 'ban' && /^(?:flagged|blocked)$/.test(e.eventOutcome ?? ''),
    kind: 'decision',
    cause: 'address.reputation',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'waf',
    says: 'The address was {eventOutcome} for its earlier requests[ until {expires}]',
  },
  {
    product: 'Fastly',
    id: 'fastly-vcl-403',
    datasets: ['fastly.json'],
    outcome: /^ERROR/,
    when: (e) => e.httpResponseStatusCode === 403,
    kind: 'decision',
    cause: 'config.rewrite',
    alternatives: ['address.denied', 'address.geo', 'config.access'],
    certainty: 'implied',
    confidence: 0.55,
    says: 'VCL made the 403 itself (error); the log does not say why',
    source: 'Fastly documentation: fastly_info.state (unverified)',
  },
];

export default signals;
