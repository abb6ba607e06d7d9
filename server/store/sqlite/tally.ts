/**
 * Refusals counted by time and kind, as small as they can be: what charts, totals and rankings are answered from. A
 * family is a few fields that are told apart together, and the steps in which it is counted. The writer's half changes
 * with the rows, in their transaction; the reader's half knows the kinds and picks those that a filter asks for.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../archive.ts';
import type { Filter, RefusalField } from '../questions.ts';
import type { Db } from './database.ts';

/** Steps of all families. Minutes only where charts of a few hours are stacked by. */
const FINE = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS] as const;
const COARSE = [HOUR_MS, 6 * HOUR_MS, DAY_MS] as const;
const STEPS: readonly number[] = [...FINE, ...COARSE];

type Told = 'cause' | 'layer' | 'source' | 'host' | 'method' | 'status' | 'certainty' | 'audience';
export interface Family {
  /** Stands in the store: never changes its meaning. */
  no: number;
  tells: readonly Told[];
  steps: readonly number[];
}
/** The smallest first. */
export const FAMILIES = [
  { no: 1, tells: ['host', 'audience'], steps: COARSE },
  { no: 2, tells: ['cause', 'audience'], steps: STEPS },
  { no: 3, tells: ['cause', 'layer', 'source', 'audience'], steps: COARSE },
  { no: 4, tells: ['cause', 'host', 'audience'], steps: COARSE },
  {
    no: 5,
    tells: ['cause', 'method', 'status', 'certainty', 'audience'],
    steps: [5 * MINUTE_MS, 15 * MINUTE_MS, ...COARSE],
  },
] as const satisfies readonly Family[];

const series = (family: Family, step: number): number => family.no * 10 + STEPS.indexOf(step);
const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS);

export type Kind = { [field in Told]?: string | null };

/** The value of a field; the category is the first part of the cause. */
export function told(kind: Kind, field: RefusalField): string | null {
  if (field === 'category') return kind.cause!.split('.', 1)[0]!;
  return kind[field as Told] ?? null;
}

/** The smallest family that tells all of these apart; null = none does. */
export function familyOf(fields: readonly RefusalField[]): Family | null {
  const needed = fields.map((f) => (f === 'category' ? 'cause' : f));
  return FAMILIES.find((family) => needed.every((f) => (family.tells as readonly string[]).includes(f))) ?? null;
}

/** Does a value fit what a filter says of its field? */
export const isAsked = (value: string | null, of: Filter['where'][number]): boolean =>
  value === null ? of.in.length === 0 : (of.in.length === 0 || of.in.includes(value)) && !of.not.includes(value);

/** The map under a key, made where there is none. */
export function made<K, A, B>(
  of: { get(key: K): Map<A, B> | undefined; set(key: K, to: Map<A, B>): unknown },
  key: K,
): Map<A, B> {
  let map = of.get(key);
  if (map === undefined) {
    map = new Map();
    of.set(key, map);
  }
  return map;
}

/** What is noted of a refusal, by its fields. */
export type Tallied = Record<Exclude<Told, 'status'>, string | null> & { status: number };

export class TallyWriter {
  readonly #statements;
  /** Family → name → minute → change. */
  readonly #changes = new Map<Family, Map<string, Map<number, number>>>();
  /** The same by all that is told of a refusal: its place in each family. */
  readonly #alike = new Map<string, Map<number, number>[]>();

  constructor(db: Db) {
    this.#statements = {
      kind: db.prepare('SELECT id FROM kind WHERE family = ? AND name = ?').pluck(),
      add: db.prepare('INSERT INTO kind (family, name, refusals) VALUES (?, ?, 0)'),
      change: db.prepare('UPDATE kind SET refusals = refusals + ? WHERE id = ?'),
      forget: db.prepare('DELETE FROM kind WHERE id = ? AND refusals = 0'),
      count: db.prepare(
        'INSERT INTO tally (series, minute, kind, refusals) VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET refusals = refusals + excluded.refusals',
      ),
      emptied: db.prepare('DELETE FROM tally WHERE series = ? AND minute = ? AND kind = ? AND refusals = 0'),
    };
  }

  note(timeMs: number, of: Tallied, by: 1 | -1): void {
    // Most of what is noted is alike: its names are made once.
    const alike = `${of.cause}\n${of.layer}\n${of.source}\n${of.host}\n${of.method}\n${of.status}\n${of.certainty}\n${of.audience}`;
    let all = this.#alike.get(alike);
    if (all === undefined) {
      all = FAMILIES.map((family) =>
        made(
          made(this.#changes, family),
          JSON.stringify(family.tells.map((f) => (f === 'status' ? String(of.status) : of[f]))),
        ),
      );
      this.#alike.set(alike, all);
    }
    for (let i = 0; i < FAMILIES.length; i++) {
      const times = all[i]!;
      const finest = Math.floor(timeMs / FAMILIES[i]!.steps[0]);
      times.set(finest, (times.get(finest) ?? 0) + by);
    }
  }

  /** Writes down what was noted. Whoever calls has the transaction. */
  settle(): void {
    const s = this.#statements;
    for (const [family, names] of this.#changes) {
      for (const [name, times] of names) {
        const kind = this.#kindOf(family, name);
        let sum = 0;
        for (const change of times.values()) sum += change;
        const [finest] = family.steps as [number];
        for (const step of family.steps) {
          const here = series(family, step);
          const changes = new Map<number, number>();
          for (const [at, change] of times) {
            const minute = minuteOf(Math.floor((at * finest) / step) * step);
            changes.set(minute, (changes.get(minute) ?? 0) + change);
          }
          for (const [minute, change] of changes) {
            if (change === 0) continue;
            s.count.run(here, minute, kind, change);
            if (change < 0) s.emptied.run(here, minute, kind);
          }
        }
        if (sum !== 0) s.change.run(sum, kind);
        if (sum < 0) s.forget.run(kind);
      }
    }
    this.#changes.clear();
    this.#alike.clear();
  }

  #kindOf(family: Family, name: string): number {
    const s = this.#statements;
    const kind = s.kind.get(family.no, name) as number | undefined;
    return kind ?? Number(s.add.run(family.no, name).lastInsertRowid);
  }

  forget(): void {
    this.#changes.clear();
    this.#alike.clear();
  }
}

/** With more kinds than this a reader begins anew when one is added: hosts are what clients say. 200 bytes each. */
const KINDS_KEPT = 50_000;

export interface TallySum {
  key: string | null;
  bucket: number;
  count: number;
}

export class TallyReader {
  readonly #statements;
  /** All that are known, those that were forgotten meanwhile among them: they are counted nowhere. */
  readonly #kinds = new Map<number, Kind>();
  readonly #families = new Map<number, number[]>();
  #newest = 0;
  /** The kinds that a filter asks for, as long as it is in use and no new ones come. */
  readonly #asked = new WeakMap<Filter['where'], Map<Family, { newest: number; kinds: string }>>();

  constructor(db: Db) {
    this.#statements = {
      newest: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'kind'").pluck(),
      since: db.prepare('SELECT id, family, name FROM kind WHERE id > ?').raw(),
      all: db.prepare('SELECT kind, minute, refusals FROM tally WHERE series = ? AND minute >= ? AND minute < ?').raw(),
      sums: db
        .prepare(
          'SELECT kind, 0, sum(refusals) FROM tally WHERE series = ? AND minute >= ? AND minute < ? GROUP BY kind',
        )
        .raw(),
      times: db
        .prepare(
          'SELECT minute, sum(refusals) FROM tally WHERE series = ? AND minute >= ? AND minute < ? GROUP BY minute',
        )
        .raw(),
      some: db
        .prepare(
          'SELECT kind, minute, refusals FROM tally WHERE series = ? AND minute >= ? AND minute < ? AND kind IN (SELECT value FROM json_each(?))',
        )
        .raw(),
    };
  }

  /** Refusals of a stretch of whole steps by the values of several fields at once, each with its own sums. */
  sums(
    family: Family,
    filter: Filter,
    step: number,
    sinceMs: number,
    untilMs: number,
    by: readonly (RefusalField | null)[],
    bucketMs: number | null,
  ): Map<string | null, Map<number, number>>[] {
    const out = by.map(() => new Map<string | null, Map<number, number>>());
    const keys = by.map(() => new Map<number, Map<number, number>>());
    for (const [kind, minute, count] of this.#rows(family, filter, step, sinceMs, untilMs, bucketMs === null)) {
      const bucket = bucketMs === null ? 0 : Math.floor((minute * MINUTE_MS) / bucketMs) * bucketMs;
      for (let i = 0; i < by.length; i++) {
        let buckets = keys[i]!.get(kind);
        if (buckets === undefined) {
          const field = by[i]!;
          const key = field === null ? '' : told(this.#kind(kind), field);
          buckets = made(out[i]!, key);
          keys[i]!.set(kind, buckets);
        }
        buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
      }
    }
    return out;
  }

  /** Refusals by step, oldest first. */
  times(
    family: Family,
    filter: Filter,
    step: number,
    sinceMs: number,
    untilMs: number,
  ): { timeMs: number; count: number }[] {
    const wanted = this.#wanted(family, filter);
    const range = [series(family, step), minuteOf(sinceMs), minuteOf(untilMs)] as const;
    const out = new Map<number, number>();
    if (wanted === null)
      for (const [minute, count] of this.#statements.times.all(...range) as [number, number][]) out.set(minute, count);
    else
      for (const [, minute, count] of this.#statements.some.all(...range, wanted) as [number, number, number][])
        out.set(minute, (out.get(minute) ?? 0) + count);
    return [...out].map(([minute, count]) => ({ timeMs: minute * MINUTE_MS, count }));
  }

  #rows(
    family: Family,
    filter: Filter,
    step: number,
    sinceMs: number,
    untilMs: number,
    isSum: boolean,
  ): [number, number, number][] {
    const s = this.#statements;
    const wanted = this.#wanted(family, filter);
    const range = [series(family, step), minuteOf(sinceMs), minuteOf(untilMs)] as const;
    const list =
      wanted === null ? (isSum ? s.sums : s.all).all(...range) : wanted === '[]' ? [] : s.some.all(...range, wanted);
    return list as [number, number, number][];
  }

  /** The kinds that a filter asks for as a JSON list; null = all of them. */
  #wanted(family: Family, filter: Filter): string | null {
    if (filter.where.length === 0) return null;
    this.#learn();
    const asked = made(this.#asked, filter.where);
    let of = asked.get(family);
    if (of?.newest !== this.#newest) {
      const kinds = (this.#families.get(family.no) ?? []).filter((id) =>
        filter.where.every((f) => isAsked(told(this.#kinds.get(id)!, f.field), f)),
      );
      of = { newest: this.#newest, kinds: JSON.stringify(kinds) };
      asked.set(family, of);
    }
    return of.kinds;
  }

  #kind(id: number): Kind {
    if (!this.#kinds.has(id)) this.#learn();
    return this.#kinds.get(id)!;
  }

  #learn(): void {
    const newest = (this.#statements.newest.get() as number | undefined) ?? 0;
    if (newest === this.#newest) return;
    if (this.#kinds.size >= KINDS_KEPT) {
      this.#kinds.clear();
      this.#families.clear();
      this.#newest = 0;
    }
    for (const [id, no, name] of this.#statements.since.all(this.#newest) as [number, number, string][]) {
      const values = JSON.parse(name) as (string | null)[];
      const family = FAMILIES.find((f) => f.no === no)!;
      this.#kinds.set(id, Object.fromEntries(family.tells.map((f, i) => [f, values[i]])));
      const ids = this.#families.get(no);
      if (ids === undefined) this.#families.set(no, [id]);
      else ids.push(id);
    }
    this.#newest = newest;
  }
}
