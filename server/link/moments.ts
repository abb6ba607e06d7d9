/** When requests were on their way, found by a moment within them. */
import { FAR_MS } from './lines.ts';

/** Requests that take longer are looked for further back. */
const LONG_MS = 2000;
/** Requests looked at for one line that names none. */
const OPEN_MAX = 400;

interface Moment {
  target: number;
  from: number;
  to: number;
  isFine: boolean;
}

/** When requests were answered, found by a moment within them. */
export class Moments {
  /** By their beginning. */
  readonly all: readonly Moment[];
  readonly #long: readonly Moment[];
  constructor(moments: Moment[]) {
    this.all = moments.sort((a, b) => a.from - b.from);
    this.#long = this.all.filter((m) => m.to - m.from > LONG_MS);
  }

  /** Those that `t` may lie in, or not further than `reachMs` from; the nearest, should there be very many. */
  around(t: number, reachMs: number): Moment[] {
    const out: Moment[] = [];
    for (const [list, longest] of [
      [this.all, LONG_MS],
      [this.#long, FAR_MS],
    ] as const) {
      let low = 0;
      let high = list.length;
      while (low < high) {
        const mid = (low + high) >> 1;
        if (list[mid]!.from <= t + reachMs) low = mid + 1;
        else high = mid;
      }
      for (let k = low - 1; k >= 0 && low - k <= OPEN_MAX; k--) {
        const m = list[k]!;
        if (m.from < t - reachMs - longest) break;
        if (list === this.all && m.to - m.from > LONG_MS) continue;
        if (m.to >= t - reachMs) out.push(m);
      }
    }
    return out;
  }
}
