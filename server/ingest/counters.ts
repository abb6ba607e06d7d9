/**
 * HOT. Requests counted per source while a piece of log is read: totals by minute, routes by hour, and routes by
 * minute for what happened lately. Routes, hosts and methods become small numbers once, so that a line costs one
 * hash of its route and two lookups by number (a row per minute and route took four fifths of the time of reading:
 * at ten requests a second nearly every line made one). The route and host dimensions are bounded per source.
 */
import { HOSTS_PER_SOURCE, OTHER, ROUTES_PER_SOURCE } from '../limits.ts';
import { hashRoute, routeHashB, routeOf } from '../model/route.ts';
import { type CounterRows, HOUR_MS, MINUTE_MS, type RouteRow, type TotalRow } from '../store/archive.ts';

const METHODS_MAX = 30;

/** Texts numbered in the order of their appearance; beyond the bound they share the last number. */
class Numbered {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();
  /** The text before: mostly the same again. */
  #last: string | null = null;
  #lastNumber = 0;
  readonly #max: number;
  constructor(max: number) {
    this.#max = max;
  }
  of(text: string): number {
    if (text === this.#last) return this.#lastNumber;
    const known = this.#numbers.get(text);
    if (known !== undefined) {
      this.#last = this.texts[known]!;
      this.#lastNumber = known;
      return known;
    }
    if (this.texts.length >= this.#max) {
      this.texts[this.#max] = OTHER;
      return this.#max;
    }
    // A slice would keep its whole block of text alive.
    const copy = Buffer.from(text).toString();
    const number = this.texts.length;
    this.texts.push(copy);
    this.#numbers.set(copy, number);
    return number;
  }
}

/** Requests of one combination. */
interface Count {
  requests: number;
}

/** step → combination → count; the step that was used last is at hand. */
class Steps {
  readonly #stepMs: number;
  #steps = new Map<number, Map<number, Count>>();
  #lastStart = Number.NaN;
  #lastEnd = Number.NaN;
  #last: Map<number, Count> = new Map();
  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }
  add(timeMs: number, key: number): void {
    if (!(timeMs >= this.#lastStart && timeMs < this.#lastEnd)) {
      const start = timeMs - (timeMs % this.#stepMs);
      let counts = this.#steps.get(start);
      if (counts === undefined) {
        counts = new Map();
        this.#steps.set(start, counts);
      }
      this.#last = counts;
      this.#lastStart = start;
      this.#lastEnd = start + this.#stepMs;
    }
    const count = this.#last.get(key);
    if (count !== undefined) count.requests++;
    else this.#last.set(key, { requests: 1 });
  }
  take(row: (start: number, key: number, count: Count) => void): void {
    for (const [start, counts] of this.#steps) for (const [key, count] of counts) row(start, key, count);
    this.#steps = new Map();
    this.#lastStart = Number.NaN;
  }
}

/** Slots for routes that were met; a power of two. */
const SLOTS = 8192;
/** How far from its own slot a route may lie. */
const PROBES = 8;

/** Numbers of routes by their hash, so that a path is neither sliced nor put together. */
class RouteNumbers {
  readonly #routes: Numbered;
  readonly #a = new Int32Array(SLOTS);
  readonly #b = new Int32Array(SLOTS);
  /** 0 = free, else the number plus one. */
  readonly #numbers = new Int32Array(SLOTS);

  constructor(routes: Numbered) {
    this.#routes = routes;
  }

  of(text: string, from: number, to: number): number {
    const a = hashRoute(text, from, to);
    const b = routeHashB;
    let slot = (a ^ (b >>> 7)) & (SLOTS - 1);
    for (let probe = 0; probe < PROBES; probe++) {
      const number = this.#numbers[slot]!;
      if (number !== 0 && this.#a[slot] === a && this.#b[slot] === b) return number - 1;
      if (number === 0) {
        this.#a[slot] = a;
        this.#b[slot] = b;
        const found = this.#routes.of(routeOf(text.slice(from, to)));
        this.#numbers[slot] = found + 1;
        return found;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    return this.#routes.of(routeOf(text.slice(from, to)));
  }
}

interface OfSource {
  routes: Numbered;
  routeNumbers: RouteNumbers;
  hosts: Numbered;
  methods: Numbered;
  minutes: Steps;
  hours: Steps;
  lately: Steps;
}

/** Rows of several pieces, each combination once. */
export function merged(all: CounterRows[]): CounterRows {
  if (all.length === 1) return all[0]!;
  const totals = new Map<string, TotalRow>();
  const routes = new Map<string, RouteRow>();
  for (const rows of all) {
    for (const r of rows.totals) addTo(totals, `${r.stepMs} ${r.timeMs} ${r.sourceId} ${r.host}`, r);
    for (const r of rows.routes)
      addTo(routes, `${r.stepMs} ${r.timeMs} ${r.sourceId} ${r.method} ${r.host} ${r.route}`, r);
  }
  return { totals: [...totals.values()], routes: [...routes.values()] };
}

function addTo<R extends TotalRow>(map: Map<string, R>, key: string, row: R): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, row);
  else known.requests += row.requests;
}

export class Counters {
  readonly #sources = new Map<number, OfSource>();
  /** Routes are counted by the minute from here on. */
  latelyFromMs = Number.POSITIVE_INFINITY;

  add(sourceId: number, timeMs: number, host: string | null, path: string | null, method: string | null): void {
    this.addAt(sourceId, timeMs, host, path ?? '', 0, path?.length ?? -1, method);
  }

  /** The path is `from`…`to` of a text; `to` < `from`: none is said. */
  addAt(
    sourceId: number,
    timeMs: number,
    host: string | null,
    text: string,
    from: number,
    to: number,
    method: string | null,
  ): void {
    let s = this.#sources.get(sourceId);
    if (s === undefined) {
      const routes = new Numbered(ROUTES_PER_SOURCE);
      s = {
        routes,
        routeNumbers: new RouteNumbers(routes),
        hosts: new Numbered(HOSTS_PER_SOURCE),
        methods: new Numbered(METHODS_MAX),
        minutes: new Steps(MINUTE_MS),
        hours: new Steps(HOUR_MS),
        lately: new Steps(MINUTE_MS),
      };
      this.#sources.set(sourceId, s);
    }
    const route = to < from ? s.routes.of('') : s.routeNumbers.of(text, from, to);
    const hostNumber = s.hosts.of(host ?? '');
    const methodNumber = s.methods.of(method !== null && method.length <= 16 ? method : '');
    s.minutes.add(timeMs, hostNumber);
    // 1001 routes × 31 methods × 201 hosts: a small number.
    const key = (route * 32 + methodNumber) * 256 + hostNumber;
    s.hours.add(timeMs, key);
    if (timeMs >= this.latelyFromMs) s.lately.add(timeMs, key);
  }

  /** The rows since the last call. */
  take(): CounterRows {
    const totals: TotalRow[] = [];
    const routes: RouteRow[] = [];
    for (const [sourceId, s] of this.#sources) {
      const total = (stepMs: number, timeMs: number, key: number, count: Count): void => {
        totals.push({
          stepMs,
          timeMs,
          sourceId,
          host: s.hosts.texts[key]!,
          requests: count.requests,
        });
      };
      const route = (stepMs: number, timeMs: number, key: number, count: Count): void => {
        const operation = key >> 8;
        routes.push({
          stepMs,
          timeMs,
          sourceId,
          host: s.hosts.texts[key & 255]!,
          route: s.routes.texts[operation >> 5]!,
          method: s.methods.texts[operation & 31]!,
          requests: count.requests,
        });
      };
      const sums = new Map<string, Count & { timeMs: number; key: number }>();
      s.minutes.take((start, key, count) => {
        total(MINUTE_MS, start, key, count);
        const hour = start - (start % HOUR_MS);
        const sum = sums.get(`${hour} ${key}`);
        if (sum) sum.requests += count.requests;
        else sums.set(`${hour} ${key}`, { ...count, timeMs: hour, key });
      });
      for (const sum of sums.values()) total(HOUR_MS, sum.timeMs, sum.key, sum);
      s.hours.take((start, key, count) => route(HOUR_MS, start, key, count));
      s.lately.take((start, key, count) => route(MINUTE_MS, start, key, count));
    }
    return { totals, routes };
  }
}
