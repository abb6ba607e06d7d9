/** open-appsec: the name of the incident that its practice prevented. In detect mode it refuses nothing. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { attackOf, attackSignals } from './attacks.ts';

const SOURCE = 'openappsec/openappsec: log events of the HTTP transaction handler';
const prevented = (e: Entry): boolean => e.wafIntercepted === true;
const words = (e: Entry): string =>
  (e.rules ?? []).flatMap((r) => (r.denied ? [`${r.message} ${r.id}`] : [])).join(', ');
const base = { product: 'open-appsec', datasets: ['openappsec'], namesClass: true, source: SOURCE } as const;

const signals: Signal[] = [
  ...attackSignals(base, 'openappsec', prevented, words, 0.93),
  {
    ...base,
    id: 'openappsec-other',
    when: (e) => prevented(e) && attackOf(words(e)) === null,
    kind: 'decision',
    cause: 'waf.custom',
    certainty: 'stated',
    confidence: 0.75,
    layer: 'waf',
    says: 'open-appsec prevented it',
  },
  {
    ...base,
    id: 'openappsec-detected',
    when: (e) => e.wafIntercepted === false,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 0.97,
    says: 'open-appsec only detected it',
  },
];

export default signals;
