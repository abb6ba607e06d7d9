/**
 * By how much two logs' clocks differ when no line of one names a request of the other: their moments are held against
 * each other at every difference, and at the true one many of them meet. Pure: moments in, one number out.
 */

/** One thing that happened; only those of one key can be the same. '' = whatever was refused or complained about. */
export interface Beat {
  key: string;
  timeMs: number;
}

export interface Meeting {
  /** Differences `known - other` of the moments that meet, from small to large. */
  differences: number[];
  /** Moments of the second log that meet one of the first. */
  support: number;
}

/** What is one moment to logs with fractions of a second, and to a log of whole seconds. */
const FINE_MS = 12;
const COARSE_MS = 1200;
/** Clocks that are looked after are seldom further off than this; zones are found by other means. */
const REACH_MS = 120_000;
/** Moments of one key and log that are looked at, the latest. */
const BEATS_MAX = 1000;
/** Fewer meetings prove nothing. */
const SUPPORT_MIN = 8;
/**
 * Of the moments of the second log so many have to meet one of the first, and so many times as many as at the best
 * difference elsewhere. Within a second much meets by chance: there nearly all have to.
 */
const ENOUGH = { fine: { share: 0.4, clearly: 2 }, coarse: { share: 0.8, clearly: 1.4 } };
/** In a shorter time all meet all by chance, and two logs may tell of different stretches of a storm. */
const SPAN_MS_MIN = { fine: 1000, coarse: 7000 };
/** Two logs of whole seconds agree within two. */
const NEAR_MS = 2000;

/** Where most moments meet; null where no difference stands out. */
export function rhythm(
  known: readonly Beat[],
  other: readonly Beat[],
  isCoarse: boolean,
  reachMs = REACH_MS,
): Meeting | null {
  const byKey = new Map<string, number[]>();
  for (const b of known) {
    const list = byKey.get(b.key);
    if (list) list.push(b.timeMs);
    else byKey.set(b.key, [b.timeMs]);
  }
  for (const [key, list] of byKey) byKey.set(key, list.sort((a, b) => a - b).slice(-BEATS_MAX));
  const beats = other.filter((b) => byKey.has(b.key)).slice(-BEATS_MAX);
  if (beats.length < SUPPORT_MIN) return null;
  if (spanMs(beats.map((b) => b.timeMs)) < SPAN_MS_MIN[isCoarse ? 'coarse' : 'fine']) return null;
  // Bins on two grids, so that no edge cuts what belongs together; each moment counts once in each.
  const width = isCoarse ? COARSE_MS : FINE_MS;
  const bins = new Map<number, number>();
  for (const { key, timeMs } of beats) {
    const seen = new Set<number>();
    for (const d of differences(byKey.get(key)!, timeMs, reachMs)) {
      const bin = Math.floor((2 * d) / width);
      seen.add(bin);
      seen.add(bin - 1);
    }
    for (const bin of seen) bins.set(bin, (bins.get(bin) ?? 0) + 1);
  }
  const counts = [...bins].map(([bin, n]) => ({ fromMs: (bin * width) / 2, n }));
  counts.sort((a, b) => b.n - a.n || Math.abs(a.fromMs) - Math.abs(b.fromMs));
  const best = counts[0];
  if (best === undefined) return null;
  const elsewhere = counts.find((c) => Math.abs(c.fromMs - best.fromMs) > NEAR_MS);
  const { share, clearly } = isCoarse ? ENOUGH.coarse : ENOUGH.fine;
  if (best.n < SUPPORT_MIN || best.n < beats.length * share || best.n < (elsewhere?.n ?? 0) * clearly) return null;
  const there: number[] = [];
  for (const { key, timeMs } of beats)
    for (const d of differences(byKey.get(key)!, timeMs, reachMs))
      if (d >= best.fromMs && d < best.fromMs + width) there.push(d);
  there.sort((a, b) => a - b);
  return { differences: there, support: best.n };
}

/** By how much each of the known moments within reach is later. */
function* differences(known: readonly number[], timeMs: number, reachMs: number): Iterable<number> {
  for (let k = firstFrom(known, timeMs - reachMs); k < known.length && known[k]! <= timeMs + reachMs; k++)
    yield known[k]! - timeMs;
}

function firstFrom(list: readonly number[], t: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (list[mid]! < t) low = mid + 1;
    else high = mid;
  }
  return low;
}

function spanMs(moments: readonly number[]): number {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const t of moments) {
    from = Math.min(from, t);
    to = Math.max(to, t);
  }
  return to - from;
}
