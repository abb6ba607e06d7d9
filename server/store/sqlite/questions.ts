/**
 * The questions in SQLite, on a connection that only reads. What can be counted by the hour is: whole hours and days
 * come from the counts that change with the rows, only the edges of a period from the rows themselves, so that an
 * answer costs the same however many refusals are stored. What only rows can tell is bounded, and says so.
 */
import { PATHS_SORTED_MAX, TOP_ROWS_MAX } from '../../limits.ts';
import { AUDIENCES, type AudienceName } from '../../model/audience.ts';
import type { Refusal } from '../../model/request.ts';
import { HOUR_MS, MINUTE_MS } from '../archive.ts';
import type { ProblemRecord, ViewRecord } from '../problems.ts';
import type { ByAudience, Filter, ListedRefusal, Page, Questions, RefusalField, Term } from '../questions.ts';
import type { Db } from './database.ts';
import {
  type Answerer,
  answererOf,
  BY_PROBLEM,
  both,
  type Clause,
  COUNT_COLUMNS,
  clause,
  during,
  fields,
  HOST_COLUMNS,
  MANNER_COLUMNS,
  narrowIndex,
  ofProblems,
  PROBLEM_COLUMNS,
  pieces,
  REQUEST_COLUMNS,
  ROW_COLUMNS,
  rows,
  SORT_INDEX,
} from './filter.ts';
import { PROBLEM_STEPS, type ProblemRow, REFUSAL_STEPS, readProblem } from './problems.ts';
import { LISTED, type ListedRow, RefusalReader, type RefusalRow, readListed } from './refusals.ts';

const where = (c: Clause): string => (c.sql === '' ? '' : `WHERE ${c.sql}`);

/** Does the filter tell operations apart? Then only the counters by route answer. */
const byOperation = (filter: Filter): boolean => filter.where.some((f) => f.field === 'route' || f.field === 'method');

/** Only sources in which requests enter tell how many there were. */
const ENTRIES = 'source_id IN (SELECT id FROM source WHERE coalesce(entry_share, 1) >= 0.5)';

/** Fewer are looked up one by one; of more, an hour's rows are read through. */
const FEW_OPERATIONS = 40;

interface Sum {
  key: string | null;
  bucket: number;
  count: number;
}

/** Counts that change with the rows, and what of a filter they know. */
const TALLIES = {
  counts: ['refusal_count', COUNT_COLUMNS],
  hosts: ['host_count', HOST_COLUMNS],
  manners: ['manner_count', MANNER_COLUMNS],
} as const;

/** better-sqlite3 binds numbers as REAL: without the casts the division would not round down. */
const bucketOf = (bucketMs: number | null): Clause =>
  bucketMs === null ? clause('0') : clause('time / CAST(? AS INTEGER) * CAST(? AS INTEGER)', bucketMs, bucketMs);

export class SqliteQuestions implements Questions {
  readonly #db: Db;
  readonly #rows: RefusalReader;
  constructor(db: Db) {
    this.#db = db;
    this.#rows = new RefusalReader(db);
  }

  snapshot<T>(read: () => T): T {
    return this.#db.transaction(read).deferred();
  }

  refusals(filter: Filter, page: Page): Refusal[] {
    return this.snapshot(() => this.#page(filter, page, '*').map((row) => this.#rows.read(row as RefusalRow)));
  }

  listed(filter: Filter, page: Page): ListedRefusal[] {
    return (this.#page(filter, page, LISTED) as ListedRow[]).map(readListed);
  }

  #page(filter: Filter, page: Page, columns: string): unknown[] {
    const down = page.order === 'newest';
    const sort = page.sort ?? 'time';
    if (sort !== 'time') return this.#sorted(filter, page, sort, columns);
    const after = page.after
      ? clause(`(time, id) ${down ? '<' : '>'} (?, ?)`, page.after.timeMs, page.after.id)
      : clause('');
    const narrowed = this.#narrowed(filter, page);
    const isNarrow = narrowed !== filter;
    const c = both(rows(narrowed, isNarrow), after);
    const order = down ? 'time DESC, id DESC' : 'time, id';
    return this.#db
      .prepare(`SELECT ${columns} FROM ${this.#from(narrowed, isNarrow)} ${where(c)} ORDER BY ${order} LIMIT ?`)
      .all(...c.values, page.limit);
  }

  /** The table with the index that it is to be read by. `isNarrow`: only hours in which the page is full are asked for. */
  #from(filter: Filter, isNarrow: boolean): string {
    let index = narrowIndex(filter);
    if (index === null && filter.term?.kind === 'pathFrom')
      index = this.#isRare(filter) ? 'refusal_path' : 'refusal_time';
    if (index === null && isNarrow && this.#isOfProblems(filter)) index = 'refusal_problem';
    return index === null ? 'refusal' : `refusal INDEXED BY ${index}`;
  }

  #isRare(filter: Filter): boolean {
    const c = rows({ sinceMs: null, untilMs: null, where: [], term: filter.term });
    const sql = `SELECT count(*) FROM (SELECT 1 FROM refusal INDEXED BY refusal_path ${where(c)} LIMIT ${PATHS_SORTED_MAX})`;
    return (
      (this.#db
        .prepare(sql)
        .pluck()
        .get(...c.values) as number) < PATHS_SORTED_MAX
    );
  }

  #isOfProblems(filter: Filter): boolean {
    return filter.term?.kind === 'part' || filter.where.some((f) => BY_PROBLEM.includes(f.field) && f.in.length > 0);
  }

  /** The hours in which the page certainly is full: what is sparse is not looked for row by row. */
  #narrowed(filter: Filter, page: Pick<Page, 'after' | 'limit' | 'order'>): Filter {
    const answerer = answererOf(filter);
    if (answerer === 'rows' || (filter.where.length === 0 && filter.term === undefined)) return filter;
    const down = page.order === 'newest';
    const from = page.after?.timeMs ?? (down ? filter.untilMs : filter.sinceMs);
    const edge = from === null ? null : Math.floor(from / HOUR_MS) * HOUR_MS;
    const time = edge === null ? clause('') : down ? clause('time < ?', edge) : clause('time > ?', edge);
    const sum = this.#perHour(filter, answerer, time, down);
    let n = 0;
    for (const { time: hour, count } of sum) {
      n += count;
      if (n < page.limit) continue;
      return down
        ? { ...filter, sinceMs: Math.max(hour, filter.sinceMs ?? hour) }
        : { ...filter, untilMs: Math.min(hour + HOUR_MS, filter.untilMs ?? hour + HOUR_MS) };
    }
    return filter;
  }

  #perHour(
    filter: Filter,
    answerer: Exclude<Answerer, 'rows'>,
    time: Clause,
    down: boolean,
  ): IterableIterator<{ time: number; count: number }> {
    const order = `GROUP BY time ORDER BY time ${down ? 'DESC' : ''}`;
    if (answerer !== 'problems') {
      const [table, columns] = TALLIES[answerer];
      const c = both(clause('step = ?', HOUR_MS), time, fields(filter, columns));
      return this.#db
        .prepare(`SELECT time, sum(refusals) count FROM ${table} ${where(c)} ${order}`)
        .iterate(...c.values) as IterableIterator<{ time: number; count: number }>;
    }
    const c = both(clause('step = ?', HOUR_MS), time, this.#inProblems(filter));
    return this.#db
      .prepare(`SELECT time, sum(${this.#audience(filter)}) count FROM problem_count ${where(c)} ${order}`)
      .iterate(...c.values) as IterableIterator<{ time: number; count: number }>;
  }

  /** By a column: those without a value come last going down, first going up. Two statements, so that both use an index. */
  #sorted(filter: Filter, page: Page, sort: Exclude<Page['sort'], 'time' | undefined>, columns: string): unknown[] {
    const down = page.order === 'newest';
    const column = ROW_COLUMNS[sort];
    const way = down ? 'DESC' : '';
    const beyond = down ? '<' : '>';
    const { after } = page;
    const out: unknown[] = [];
    for (const isNull of down ? [false, true] : [true, false]) {
      if (out.length >= page.limit) break;
      const startedBefore = after !== null && ((after.value ?? null) === null) === isNull;
      // The other part was read through before, or has not begun.
      if (after !== null && !startedBefore && isNull !== down) continue;
      const past = !startedBefore
        ? clause('')
        : isNull
          ? clause(`(time, id) ${beyond} (?, ?)`, after.timeMs, after.id)
          : clause(`(${column}, time, id) ${beyond} (?, ?, ?)`, after.value!, after.timeMs, after.id);
      const c = both(rows(filter), clause(`${column} IS ${isNull ? '' : 'NOT '}NULL`), past);
      const index = narrowIndex(filter) ?? (isNull ? null : SORT_INDEX[sort]!);
      const from = index === null ? 'refusal' : `refusal INDEXED BY ${index}`;
      const order = isNull ? `time ${way}, id ${way}` : `${column} ${way}, time ${way}, id ${way}`;
      out.push(
        ...this.#db
          .prepare(`SELECT ${columns} FROM ${from} ${where(c)} ORDER BY ${order} LIMIT ?`)
          .all(...c.values, page.limit - out.length),
      );
    }
    return out;
  }

  countRefusals(filter: Filter): number {
    return this.#sum(filter, null, null).reduce((n, s) => n + s.count, 0);
  }

  countByAudience(filter: Filter): ByAudience {
    const out: ByAudience = { harmed: 0, noise: 0, undecided: 0 };
    for (const s of this.#sum(filter, 'audience', null)) out[s.key as AudienceName] += s.count;
    return out;
  }

  /** Refusals by a column and bucket; the column null = all of them. */
  #sum(filter: Filter, by: RefusalField | null, bucketMs: number | null): Sum[] {
    const answerer = answererOf(filter, by);
    const range = this.refusalRange();
    if (range === null) return [];
    const steps = (answerer === 'rows' ? [] : answerer === 'problems' ? PROBLEM_STEPS : REFUSAL_STEPS).filter(
      (s) => bucketMs === null || bucketMs % s === 0,
    );
    const coarsest = Math.max(1, ...steps);
    const sinceMs = filter.sinceMs ?? Math.floor(range.fromMs / coarsest) * coarsest;
    const untilMs = filter.untilMs ?? Math.ceil((range.toMs + 1) / coarsest) * coarsest;
    const found = new Map<string, Sum>();
    const add = (s: Sum): void => {
      const key = `${s.bucket} ${s.key}`;
      const known = found.get(key);
      if (known) known.count += s.count;
      else found.set(key, s);
    };
    for (const p of pieces(sinceMs, untilMs, steps)) {
      const time = both(p.step === 0 ? clause('') : clause('step = ?', p.step), during(p.sinceMs, p.untilMs));
      if (p.step === 0) this.#sumRows({ ...filter, sinceMs: p.sinceMs, untilMs: p.untilMs }, by, bucketMs).forEach(add);
      else if (answerer === 'problems') this.#sumProblems(filter, time, by, bucketMs).forEach(add);
      else if (answerer !== 'rows') this.#sumTallies(answerer, filter, time, by, bucketMs).forEach(add);
    }
    return [...found.values()];
  }

  #sumRows(filter: Filter, by: RefusalField | null, bucketMs: number | null): Sum[] {
    const c = rows(filter);
    // Counted in the order of the index, whatever it is: nothing is sorted by time.
    const table = filter.term?.kind === 'pathFrom' ? 'refusal INDEXED BY refusal_path' : this.#from(filter, false);
    if (by === null && bucketMs === null) {
      const count = this.#db
        .prepare(`SELECT count(*) FROM ${table} ${where(c)}`)
        .pluck()
        .get(...c.values) as number;
      return [{ key: '', bucket: 0, count }];
    }
    const bucket = bucketOf(bucketMs);
    const key = by === null ? "''" : by === 'problem' ? '(SELECT id FROM problem WHERE no = problem)' : ROW_COLUMNS[by];
    const sql = `SELECT ${key} key, ${bucket.sql} bucket, count(*) count FROM ${table} ${where(c)} GROUP BY 1, 2`;
    return this.#db.prepare(sql).all(...bucket.values, ...c.values) as Sum[];
  }

  /** In the order of the key as far as it goes: time and cause are summed without sorting, buckets made of them here. */
  #sumTallies(
    answerer: keyof typeof TALLIES,
    filter: Filter,
    time: Clause,
    by: RefusalField | null,
    bucketMs: number | null,
  ): Sum[] {
    const [table, columns] = TALLIES[answerer];
    const c = both(time, fields(filter, columns));
    const key =
      by === null ? "''" : by === 'source' || by === 'host' || by === 'method' ? `nullif(${by}, '')` : columns[by];
    if (bucketMs === null) {
      const sql = `SELECT ${key} key, 0 bucket, sum(refusals) count FROM ${table} ${where(c)} ${by === null ? '' : 'GROUP BY 1'}`;
      return (this.#db.prepare(sql).all(...c.values) as Sum[]).filter((s) => s.count > 0);
    }
    const sql = `SELECT ${key} key, time bucket, sum(refusals) count FROM ${table} ${where(c)} GROUP BY time${by === null ? '' : `, ${key}`}`;
    const sums = this.#db.prepare(sql).all(...c.values) as Sum[];
    for (const s of sums) s.bucket = Math.floor(s.bucket / bucketMs) * bucketMs;
    return sums;
  }

  #sumProblems(filter: Filter, time: Clause, by: RefusalField | null, bucketMs: number | null): Sum[] {
    const c = both(time, this.#inProblems(filter));
    const bucket = bucketOf(bucketMs);
    if (by === 'audience') {
      const sql = `SELECT ${bucket.sql} bucket, sum(harmed) harmed, sum(noise) noise, sum(undecided) undecided FROM problem_count ${where(c)} GROUP BY 1`;
      const asked = this.#audiences(filter);
      return (this.#db.prepare(sql).all(...bucket.values, ...c.values) as ({ bucket: number } & ByAudience)[]).flatMap(
        (r) => asked.map((a) => ({ key: a, bucket: r.bucket, count: r[a] ?? 0 })).filter((s) => s.count > 0),
      );
    }
    // Summed by number first: problems are few, their hours many.
    const sql = `SELECT problem no, ${bucket.sql} bucket, sum(${this.#audience(filter)}) count FROM problem_count ${where(c)} GROUP BY 1, 2`;
    const sums = this.#db.prepare(sql).all(...bucket.values, ...c.values) as {
      no: number;
      bucket: number;
      count: number;
    }[];
    if (by === null) return sums.map((s) => ({ key: '', bucket: s.bucket, count: s.count }));
    const keys = new Map(
      (
        this.#db.prepare(`SELECT no, ${PROBLEM_COLUMNS[by]!} key FROM problem`).raw().all() as [number, string | null][]
      ).map(([no, key]) => [no, key]),
    );
    const out = new Map<string, Sum>();
    for (const s of sums) {
      if (s.count === 0) continue;
      const key = keys.get(s.no) ?? null;
      const at = `${s.bucket} ${key}`;
      const known = out.get(at);
      if (known) known.count += s.count;
      else out.set(at, { key, bucket: s.bucket, count: s.count });
    }
    return [...out.values()];
  }

  #inProblems(filter: Filter): Clause {
    const of = ofProblems(filter);
    return of.sql === '' ? of : { sql: `problem IN (SELECT no FROM problem WHERE ${of.sql})`, values: of.values };
  }

  #audiences(filter: Filter): AudienceName[] {
    return AUDIENCES.filter((a) =>
      filter.where.every(
        (f) => f.field !== 'audience' || ((f.in.length === 0 || f.in.includes(a)) && !f.not.includes(a)),
      ),
    );
  }

  /** The columns of `problem_count` that the filter asks for. */
  #audience(filter: Filter): string {
    const asked = this.#audiences(filter);
    return asked.length === 0 ? '0' : asked.join(' + ');
  }

  refusal(id: string): Refusal | null {
    return this.#read('SELECT * FROM refusal WHERE id = ?', [id])[0] ?? null;
  }

  refusalOfLine(sourceId: number, line: number): Refusal | null {
    const sql = 'SELECT r.* FROM hop h JOIN refusal r ON r.seq = h.seq WHERE h.source_id = ? AND h.line = ?';
    return this.#read(sql, [sourceId, line])[0] ?? null;
  }

  refusalsByRequestId(id: string, limit: number): Refusal[] {
    const sql = 'SELECT r.* FROM request_id q JOIN refusal r ON r.seq = q.seq WHERE q.request_id = ? LIMIT ?';
    return this.#read(sql, [id, limit]);
  }

  nearest(problemId: string, timeMs: number, limit: number): ListedRefusal[] {
    return this.#around(clause('problem = (SELECT no FROM problem WHERE id = ?)', problemId), timeMs, null, limit);
  }

  near(
    of: { client: string | null; path: string | null },
    timeMs: number,
    withinMs: number,
    limit: number,
  ): ListedRefusal[] {
    const c = both(
      of.client === null ? clause('') : clause('client = ?', of.client),
      of.path === null ? clause('') : clause('path = ?', of.path),
    );
    return this.#around(c, timeMs, withinMs, limit);
  }

  #around(c: Clause, timeMs: number, withinMs: number | null, limit: number): ListedRefusal[] {
    const half = (way: 'before' | 'after'): ListedRefusal[] => {
      const edge = way === 'before' ? clause('time <= ?', timeMs) : clause('time > ?', timeMs);
      const far =
        withinMs === null
          ? clause('')
          : way === 'before'
            ? clause('time >= ?', timeMs - withinMs)
            : clause('time <= ?', timeMs + withinMs);
      const all = both(c, edge, far);
      const sql = `SELECT ${LISTED} FROM refusal ${where(all)} ORDER BY time ${way === 'before' ? 'DESC' : ''} LIMIT ?`;
      return (this.#db.prepare(sql).all(...all.values, limit) as ListedRow[]).map(readListed);
    };
    return [...half('before'), ...half('after')]
      .sort((a, b) => Math.abs(a.timeMs - timeMs) - Math.abs(b.timeMs - timeMs))
      .slice(0, limit);
  }

  meaning(text: string): Term {
    const is = (sql: string, ...values: string[]): boolean => this.#db.prepare(sql).get(...values) !== undefined;
    if (is('SELECT 1 FROM refusal WHERE id = ?', text)) return { kind: 'ids', ids: [text] };
    if (is('SELECT 1 FROM request_id WHERE request_id = ? LIMIT 1', text)) return { kind: 'requestId', text };
    if (is('SELECT 1 FROM refusal WHERE client = ? LIMIT 1', text)) return { kind: 'client', text };
    if (text.startsWith('/')) return { kind: 'pathFrom', text };
    if (is('SELECT 1 FROM refusal WHERE user = ? LIMIT 1', text)) return { kind: 'user', text };
    if (is('SELECT 1 FROM refusal WHERE host = ? LIMIT 1', text.toLowerCase()))
      return { kind: 'host', text: text.toLowerCase() };
    return { kind: 'part', text };
  }

  /** Rows and their bodies from one state of the store: a revision in between would take the bodies away. */
  #read(sql: string, values: (string | number)[]): Refusal[] {
    return this.snapshot(() =>
      (this.#db.prepare(sql).all(...values) as RefusalRow[]).map((row) => this.#rows.read(row)),
    );
  }

  refusedSeries(filter: Filter, bucketMs: number): { bucket: number; cause: string; count: number }[] {
    return this.#sum(filter, 'cause', bucketMs)
      .map((s) => ({ bucket: s.bucket, cause: s.key!, count: s.count }))
      .sort((a, b) => a.bucket - b.bucket || (a.cause < b.cause ? -1 : 1));
  }

  requestStepMs(filter: Filter): number {
    if (!byOperation(filter)) return MINUTE_MS;
    const row = this.#db.prepare('SELECT min(time) t FROM counter_route WHERE step = ?').get(MINUTE_MS) as {
      t: number | null;
    };
    return row.t !== null && filter.sinceMs !== null && filter.sinceMs >= row.t ? MINUTE_MS : HOUR_MS;
  }

  requestSeries(filter: Filter, bucketMs: number): { bucket: number; requests: number }[] {
    // Whole hours are counted already: a chart of a month reads sixty times fewer rows.
    const step = bucketMs % HOUR_MS === 0 ? HOUR_MS : this.requestStepMs(filter);
    const table = byOperation(filter) ? 'counter_route' : 'counter_total';
    const stored = this.#db
      .prepare(
        `SELECT (SELECT min(time) FROM ${table} WHERE step = ?) a, (SELECT max(time) FROM ${table} WHERE step = ?) b`,
      )
      .get(step, step) as { a: number | null; b: number };
    if (stored.a === null) return [];
    const sinceMs = Math.max(stored.a, Math.floor((filter.sinceMs ?? stored.a) / step) * step);
    const untilMs = Math.min(filter.untilMs ?? stored.b + 1, stored.b + 1);
    if (untilMs <= sinceMs) return [];
    const asked = fields(filter, REQUEST_COLUMNS);
    // Step by step straight to the logs in which requests enter, and to the operations that are asked for.
    const steps = clause(
      'WITH RECURSIVE step(time) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT time + CAST(? AS INTEGER) FROM step WHERE time + CAST(? AS INTEGER) < ?)',
      sinceMs,
      step,
      step,
      untilMs,
    );
    const entries = `step CROSS JOIN (SELECT id source_id FROM source WHERE coalesce(entry_share, 1) >= 0.5) entry`;
    const key = 'c.step = ? AND c.time = step.time AND c.source_id = entry.source_id';
    const operations = `SELECT id FROM operation ${where(asked)}`;
    const isFew =
      table === 'counter_route' &&
      this.#db.prepare(`${operations} LIMIT ${FEW_OPERATIONS}`).all(...asked.values).length < FEW_OPERATIONS;
    const [from, values] =
      table === 'counter_route'
        ? isFew
          ? [
              `${entries} CROSS JOIN (${operations}) o CROSS JOIN counter_route c ON ${key} AND c.operation_id = o.id`,
              [...asked.values, step],
            ]
          : [
              `${entries} CROSS JOIN counter_route c ON ${key} AND c.operation_id IN (${operations})`,
              [step, ...asked.values],
            ]
        : [
            `${entries} CROSS JOIN counter_total c ON ${key} ${asked.sql === '' ? '' : `AND ${asked.sql}`}`,
            [step, ...asked.values],
          ];
    const sums = this.#db
      .prepare(`${steps.sql} SELECT step.time bucket, sum(c.requests) requests FROM ${from} GROUP BY step.time`)
      .all(...steps.values, ...values) as { bucket: number; requests: number }[];
    const width = Math.max(bucketMs, step);
    const out = new Map<number, number>();
    for (const s of sums) {
      const bucket = Math.floor(s.bucket / width) * width;
      out.set(bucket, (out.get(bucket) ?? 0) + s.requests);
    }
    return [...out].map(([bucket, requests]) => ({ bucket, requests })).sort((a, b) => a.bucket - b.bucket);
  }

  top(filter: Filter, field: RefusalField, limit: number): { key: string; count: number }[] {
    return this.tops(filter, [field], limit)[field]!;
  }

  tops<F extends RefusalField>(
    filter: Filter,
    asked: readonly F[],
    limit: number,
  ): Record<F, { key: string; count: number }[]> {
    const counts = new Map<F, Map<string, number>>();
    const fromRows: F[] = [];
    const together: F[] = [];
    const answerer = answererOf(filter);
    for (const field of asked) {
      const by = answererOf(filter, field);
      // A rule is told by the problems alone; of all of them that is more work than the newest rows.
      if (by === 'rows' || (by === 'problems' && answerer !== 'problems' && field === 'rule')) fromRows.push(field);
      else if (answerer === 'counts' && by === 'counts') together.push(field);
      else {
        const sums = new Map<string, number>();
        for (const s of this.#sum(filter, field, null)) if (s.key !== null) sums.set(s.key, s.count);
        counts.set(field, sums);
      }
    }
    if (together.length > 0) for (const [field, sums] of this.#sumTogether(filter, together)) counts.set(field, sums);
    if (fromRows.length > 0) {
      // One pass over the newest for all of them.
      const narrowed = this.#narrowed(filter, { after: null, limit: TOP_ROWS_MAX, order: 'newest' });
      const isNarrow = narrowed !== filter && this.#isOfProblems(filter);
      const c = rows(narrowed, isNarrow);
      const columns = fromRows.map((f) =>
        f === 'problem' ? '(SELECT id FROM problem WHERE no = problem)' : ROW_COLUMNS[f],
      );
      const tallies = fromRows.map(() => new Map<string, number>());
      const list = this.#db
        .prepare(
          `SELECT ${columns.join(', ')} FROM ${this.#from(narrowed, isNarrow)} ${where(c)} ORDER BY time DESC LIMIT ${TOP_ROWS_MAX}`,
        )
        .raw()
        .iterate(...c.values) as IterableIterator<(string | number | null)[]>;
      for (const row of list) {
        for (let i = 0; i < tallies.length; i++) {
          const value = row[i];
          if (value === null || value === undefined) continue;
          const key = String(value);
          tallies[i]!.set(key, (tallies[i]!.get(key) ?? 0) + 1);
        }
      }
      fromRows.forEach((f, i) => {
        counts.set(f, tallies[i]!);
      });
    }
    return Object.fromEntries(
      asked.map((f) => [
        f,
        [...counts.get(f)!]
          .map(([key, count]) => ({ key, count }))
          .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
          .slice(0, limit),
      ]),
    ) as Record<F, { key: string; count: number }[]>;
  }

  /** Several fields of `refusal_count` in one pass. */
  #sumTogether<F extends RefusalField>(filter: Filter, asked: F[]): Map<F, Map<string, number>> {
    const out = new Map(asked.map((f) => [f, new Map<string, number>()]));
    const range = this.refusalRange();
    if (range === null) return out;
    const day = REFUSAL_STEPS[2];
    const sinceMs = filter.sinceMs ?? Math.floor(range.fromMs / day) * day;
    const untilMs = filter.untilMs ?? Math.ceil((range.toMs + 1) / day) * day;
    for (const p of pieces(sinceMs, untilMs, REFUSAL_STEPS)) {
      const within = { ...filter, sinceMs: p.sinceMs, untilMs: p.untilMs };
      const c =
        p.step === 0
          ? rows(within)
          : both(clause('step = ?', p.step), during(p.sinceMs, p.untilMs), fields(filter, COUNT_COLUMNS));
      const columns = asked.map((f) =>
        p.step !== 0 && f === 'source' ? "nullif(source, '')" : p.step === 0 ? ROW_COLUMNS[f] : COUNT_COLUMNS[f]!,
      );
      const [table, count] = p.step === 0 ? ['refusal', 'count(*)'] : ['refusal_count', 'sum(refusals)'];
      const sql = `SELECT ${columns.join(', ')}, ${count} FROM ${table} ${where(c)} GROUP BY ${columns.map((_, i) => i + 1).join(', ')}`;
      for (const row of this.#db
        .prepare(sql)
        .raw()
        .all(...c.values) as (string | number | null)[][]) {
        const n = row[asked.length] as number;
        asked.forEach((f, i) => {
          const key = row[i] as string | null;
          if (key !== null) out.get(f)!.set(key, (out.get(f)!.get(key) ?? 0) + n);
        });
      }
    }
    return out;
  }

  topOf(filter: Filter): number {
    return Math.min(TOP_ROWS_MAX, this.countRefusals(filter));
  }

  lastMs(filter: Filter): number | null {
    const c = rows(filter);
    const row = this.#db.prepare(`SELECT max(time) t FROM refusal ${where(c)}`).get(...c.values) as {
      t: number | null;
    };
    return row.t;
  }

  problems(): ProblemRecord[] {
    return (this.#db.prepare('SELECT * FROM problem WHERE refusals > 0').all() as ProblemRow[]).map(readProblem);
  }

  problemsBegun(filter: Filter, sinceMs: number, untilMs: number, limit: number): ProblemRecord[] {
    const asked = this.#audiences(filter);
    const c = both(
      fields(filter, { ...PROBLEM_COLUMNS, route: 'route' }),
      clause(asked.length === 0 ? '0' : `${asked.join(' + ')} > 0`),
      clause(
        '((first >= ? AND first < ?) OR (came_back >= ? AND came_back < ?) OR (said_at >= ? AND said_at < ? AND last > said_at))',
        sinceMs,
        untilMs,
        sinceMs,
        untilMs,
        sinceMs,
        untilMs,
      ),
    );
    const sql = `SELECT * FROM problem ${where(c)} ORDER BY harmed DESC, refusals DESC, id LIMIT ?`;
    return (this.#db.prepare(sql).all(...c.values, limit) as ProblemRow[]).map(readProblem);
  }

  problem(id: string): ProblemRecord | null {
    const row = this.#db.prepare('SELECT * FROM problem WHERE id = ?').get(id) as ProblemRow | undefined;
    return row ? readProblem(row) : null;
  }

  problemSeries(
    ids: string[],
    sinceMs: number,
    untilMs: number,
    bucketMs: number,
  ): ({ id: string; bucket: number } & ByAudience)[] {
    const step = bucketMs % PROBLEM_STEPS[1] === 0 ? PROBLEM_STEPS[1] : HOUR_MS;
    const bucket = bucketOf(bucketMs);
    const time = during(Math.floor(sinceMs / step) * step, untilMs);
    return this.#db
      .prepare(
        `SELECT p.id, ${bucket.sql} bucket, sum(c.harmed) harmed, sum(c.noise) noise, sum(c.undecided) undecided FROM problem p CROSS JOIN problem_count c ON c.problem = p.no AND c.step = ? WHERE ${time.sql} AND p.id IN (${ids.map(() => '?').join(',')}) GROUP BY 1, 2 ORDER BY 2`,
      )
      .all(...bucket.values, step, ...time.values, ...ids) as ({ id: string; bucket: number } & ByAudience)[];
  }

  sayings(id: string): { atMs: number; what: string; by: string | null; note: string | null }[] {
    return this.#db
      .prepare(
        'SELECT s.at atMs, s.what, s.said_by "by", s.note FROM problem p JOIN problem_said s ON s.problem = p.no WHERE p.id = ? ORDER BY s.at LIMIT 200',
      )
      .all(id) as { atMs: number; what: string; by: string | null; note: string | null }[];
  }

  routeRequests(routes: string[], sinceMs: number, untilMs: number): Map<string, number> {
    const time = during(Math.floor(sinceMs / HOUR_MS) * HOUR_MS, untilMs);
    const list = this.#db
      .prepare(
        `SELECT o.route, sum(c.requests) requests FROM counter_route c JOIN operation o ON o.id = c.operation_id WHERE c.step = ? AND ${time.sql} AND ${ENTRIES} AND operation_id IN (SELECT id FROM operation WHERE route IN (${routes.map(() => '?').join(',')})) GROUP BY 1`,
      )
      .all(HOUR_MS, ...time.values, ...routes) as { route: string; requests: number }[];
    return new Map(list.map((r) => [r.route, r.requests]));
  }

  views(): ViewRecord[] {
    return this.#db
      .prepare('SELECT id, name, page, search, at atMs FROM view ORDER BY name COLLATE NOCASE, id')
      .all() as ViewRecord[];
  }

  stamp(): string {
    // Grows with every commit of another connection: the one that writes.
    return String(this.#db.pragma('data_version', { simple: true }));
  }

  refusalRange(): { fromMs: number; toMs: number } | null {
    const row = this.#db
      .prepare('SELECT (SELECT min(time) FROM refusal) a, (SELECT max(time) FROM refusal) b')
      .get() as { a: number | null; b: number };
    return row.a === null ? null : { fromMs: row.a, toMs: row.b };
  }

  counterRange(): { fromMs: number; toMs: number } | null {
    const row = this.#db
      .prepare(
        'SELECT (SELECT min(time) FROM counter_total WHERE step = ?) a, (SELECT max(time) FROM counter_total WHERE step = ?) b',
      )
      .get(MINUTE_MS, MINUTE_MS) as { a: number | null; b: number };
    return row.a === null ? null : { fromMs: row.a, toMs: row.b + MINUTE_MS };
  }
}
