/**
 * HOT. Requests per minute and combination, folded in memory until the transaction that stores their block.
 * One Map lookup with a joined key per line costs 0.25 µs; the route dimension is bounded per source.
 */
import { HOSTS_PER_SOURCE, OTHER, ROUTES_PER_SOURCE } from '../limits.ts';
import { routeOf } from '../model/route.ts';
import type { CounterRow } from '../store/archive.ts';

/** Routes and hosts that a source may count by itself; grows until the bound, then the rest is OTHER. */
class Bounded {
  readonly #seen = new Set<string>();
  readonly #max: number;
  constructor(max: number) {
    this.#max = max;
  }
  fold(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= this.#max) return OTHER;
    this.#seen.add(value);
    return value;
  }
}

export class Counters {
  readonly #routes = new Map<number, Bounded>();
  readonly #hosts = new Map<number, Bounded>();
  #rows = new Map<string, CounterRow>();

  add(
    sourceId: number,
    timeMs: number,
    host: string | null,
    path: string | null,
    method: string | null,
    status: number,
    bytes: number,
  ): void {
    const minuteMs = timeMs - (timeMs % 60_000);
    const route = this.#bounded(this.#routes, sourceId, ROUTES_PER_SOURCE).fold(path === null ? '' : routeOf(path));
    const folded = host === null ? '' : this.#bounded(this.#hosts, sourceId, HOSTS_PER_SOURCE).fold(host);
    const verb = method !== null && method.length <= 16 ? method : '';
    const key = `${minuteMs} ${sourceId} ${status} ${verb} ${folded} ${route}`;
    const row = this.#rows.get(key);
    if (row !== undefined) {
      row.requests++;
      row.bytes += bytes;
    } else this.#rows.set(key, { minuteMs, sourceId, host: folded, route, method: verb, status, requests: 1, bytes });
  }

  /** The rows since the last call. */
  take(): CounterRow[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows;
  }

  #bounded(map: Map<number, Bounded>, sourceId: number, max: number): Bounded {
    let b = map.get(sourceId);
    if (!b) {
      b = new Bounded(max);
      map.set(sourceId, b);
    }
    return b;
  }
}
