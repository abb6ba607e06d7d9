/** What lines say and how they are compared; small and pure. */
import type { Entry } from '../../parsers/entry.ts';

/** The beginning of what is said, without its values, and the name of the error behind it. "contract # bel OwnershipError" */
export function phraseOf(entry: Entry): string {
  const message = entry.message ?? '';
  const line = message.indexOf('\n');
  const error = line < 0 ? '' : (/^\s*([A-Za-z_.]+)/.exec(message.slice(line + 1, line + 80))?.[1] ?? '');
  return `${message.slice(0, 24).replace(/\d+/g, '#').slice(0, 14)} ${error}`;
}

/** The product says that it answered by itself: no inner layer was asked. */
export function answeredHere(entry: Entry): boolean {
  const outcome = entry.eventOutcome;
  if (outcome === null) return false;
  if (outcome === 'synth' || outcome === 'hit') return true;
  return entry.dataset === 'haproxy.http' && (outcome.startsWith('P') || outcome.startsWith('L'));
}

export function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Access line first, then what explains it. */
export function rank(entry: Entry): number {
  return entry.kind === 'access' ? 0 : entry.kind === 'error' ? 1 : entry.kind === 'audit' ? 2 : 3;
}

/** Equal, or one is the other cut short. */
export function sameText(a: string, b: string): boolean {
  if (a === b) return true;
  const n = Math.min(a.length, b.length);
  return n >= 40 && a.slice(0, n) === b.slice(0, n);
}

/** Two lines of one kind: the second is another request's, not another reason of the same. */
export function sameTemplate(a: Entry, b: Entry): boolean {
  const strip = (t: string | null): string => (t ?? '').replace(/[\d.]+/g, '#').slice(0, 80);
  if (a.rules !== null || b.rules !== null) return a.rules?.[0]?.id === b.rules?.[0]?.id;
  return strip(a.message) === strip(b.message);
}
