/** Could this line, which is no access line, be the reason of a refusal? Cheap; the signals decide later. HOT */
import type { Entry } from '../../parsers/entry.ts';

const MARKS_REFUSAL = /den(y|ied)|refus|forbid|reject|block|unauthori|not allowed|403/i;

export function matters(entry: Entry): boolean {
  if (entry.kind !== 'app') return true;
  const level = entry.logLevel;
  if (level !== null && level !== 'info' && level !== 'debug' && level !== 'notice') return true;
  return entry.message !== null && MARKS_REFUSAL.test(entry.message);
}
