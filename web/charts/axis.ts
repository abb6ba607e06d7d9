/** Where an axis has its labels. Pure. */
import { wallMs } from '../data/time.ts';

/** Round heights up to just above the highest. 52 → 0, 20, 40, 60; 0.031 → 0, 0.01, 0.02, 0.03, 0.04 */
export function roundHeights(highest: number, whole: boolean): number[] {
  const rough = Math.max(whole ? 1 : 1e-6, highest / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  const fits = (s: number) => s >= rough * 0.9999 && (!whole || Number.isInteger(s));
  const step = [1, 2, 2.5, 3, 4, 5, 6, 8, 10].map((m) => m * power).find(fits) ?? 10 * power;
  const heights = [0];
  while (heights.at(-1)! < highest * 0.9999 || heights.length < 2)
    heights.push(Number((heights.length * step).toPrecision(6)));
  return heights;
}

const MINUTE = 60_000;
const STEPS = [1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200].map((m) => m * MINUTE);
/** Buckets that begin a round hour or day of the reader's clock, few enough to label. */
export function roundTimes(times: string[], spanMs: number, most: number): string[] {
  const step = STEPS.find((s) => spanMs / s <= most) ?? STEPS.at(-1)!;
  const slots = times.map((t) => Math.floor(wallMs(Date.parse(t)) / step));
  return times.filter((_, i) => i > 0 && slots[i] !== slots[i - 1]);
}
