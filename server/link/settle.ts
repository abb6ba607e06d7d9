/**
 * By how many milliseconds a log's moments have to be moved so that most of them fall into requests of which only
 * the time is known. Clocks are learned before this to a few hundredths of a second; requests are often shorter.
 * Pure: moments and intervals in, one number out.
 */

export interface Settled {
  /** To be added to each moment. */
  shiftMs: number;
  /** Share of the moments that then lie in some interval. */
  share: number;
}

/** How far a clock that was learned may still be off, and the steps in which it is tried. */
const REACH_MS = 120;
const STEP_MS = 2;
/** Fewer moments prove nothing. */
const MOMENTS_MIN = 8;

/**
 * `intervals` sorted by their start. Null where too few moments fit anywhere, or every shift fits as well as the
 * next (then the requests are too dense or too long to tell).
 */
export function settle(moments: readonly number[], intervals: readonly (readonly [number, number])[]): Settled | null {
  if (moments.length < MOMENTS_MIN || intervals.length === 0) return null;
  const longest = intervals.reduce((n, [a, b]) => Math.max(n, b - a), 0);
  const counts: { shiftMs: number; n: number }[] = [];
  let best = 0;
  let least = moments.length;
  for (let shiftMs = -REACH_MS; shiftMs <= REACH_MS; shiftMs += STEP_MS) {
    let n = 0;
    for (const t of moments) if (isInside(t + shiftMs, intervals, longest)) n++;
    counts.push({ shiftMs, n });
    best = Math.max(best, n);
    least = Math.min(least, n);
  }
  if (best < MOMENTS_MIN || best < moments.length * 0.5 || least > best * 0.8) return null;
  // The middle of the shifts that fit best: on either side of it is as much room.
  const fitting = counts.filter((c) => c.n >= best - Math.max(0, Math.floor(best * 0.02)));
  const middle = fitting[Math.floor(fitting.length / 2)]!;
  return { shiftMs: middle.shiftMs, share: best / moments.length };
}

function isInside(t: number, intervals: readonly (readonly [number, number])[], longest: number): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (intervals[mid]![0] <= t) low = mid + 1;
    else high = mid;
  }
  for (let i = low - 1; i >= 0 && intervals[i]![0] >= t - longest; i--) if (intervals[i]![1] >= t) return true;
  return false;
}
