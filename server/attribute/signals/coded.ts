/** One row of Apache's tables: a message that its code identifies. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

export const log = ['apache.error'] as const;
export const at = (file: string): string => `apache/httpd ${file}@f45abec (2.4.63-dev)`;
/** The file system is the reason, not a rule: `(13)Permission denied` in front. */
export const eacces = (e: Entry): boolean => e.errorCode === '13' || e.errorCode === '1';

interface More {
  others?: readonly Cause[];
  confidence?: number;
  certainty?: 'stated' | 'implied';
  status?: readonly number[];
  message?: string | RegExp;
  when?: (e: Entry) => boolean;
  kind?: Signal['kind'];
  layer?: Signal['layer'];
}

/** A message that its code identifies. */
export function coded(
  id: string,
  eventCode: string | readonly string[],
  cause: Cause | null,
  says: string,
  source: string,
  more: More = {},
): Signal {
  return {
    id,
    product: 'Apache httpd',
    datasets: log,
    eventCode,
    message: more.message,
    when: more.when,
    status: more.status,
    kind: more.kind ?? 'decision',
    cause,
    alternatives: more.others,
    certainty: more.certainty ?? 'stated',
    confidence: more.confidence ?? 0.93,
    layer: more.layer,
    says,
    source: at(source),
  };
}
