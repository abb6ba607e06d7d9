/**
 * The questions in SQLite, on a connection that only reads. What can be counted by the hour is: whole hours and days
 * come from the counts that change with the rows, only the edges of a period from the rows themselves, so that an
 * answer costs the same however many refusals are stored. What only rows can tell is bounded, and says so.
 */
import { PATHS_SORTED_MAX, TOP_ROWS_MAX } from '../../limits.ts';
import type { AudienceName } from '../../model/audience.ts';
import type { Refusal } from '../../model/request.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../archive.ts';
import type { ProblemRecord, ViewRecord } from '../problems.ts';
import type { ByAudience, Filter, ListedRefusal, Page, Questions, RefusalField, Term } from '../questions.ts';
import type { Db } from './database.ts';
import {
  type Answerer,
  answererOf,
  audiencesOf,
  both,
  type Clause,
  clause,
  during,
  fields,
  inProblems,
  namesProblems,
  narrowIndex,
  ofPart,
  ofProblems,
  PROBLEM_COLUMNS,
  pieces,
  REQUEST_COLUMNS,
  ROW_COLUMNS,
  rows,
  SORT_INDEX,
} from './filter.ts';
import { PROBLEM_STEPS, type ProblemRow, readProblem } from './problems.ts';
import { LISTED, type ListedRow, RefusalReader, type RefusalRow, readListed } from './refusals.ts';
import { made, TallyReader } from './tally.ts';

const where = (c: Clause): string => (c.sql === '' ? '' : `WHERE ${c.sql}`);

/** Does the filter tell operations apart? Then only the counters by route answer. */
const byOperation = (filter: Filter): boolean => filter.where.some((f) => f.field === 'route' || f.field === 'method');

/** Step by step straight to the logs in which requests enter (only they tell how many there were), and to what is asked of them. */
const everyStep = (sinceMs: number, untilMs: number, step: number): Clause =>
  clause(
    'WITH RECURSIVE step(time) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT time + CAST(? AS INTEGER) FROM step WHERE time + CAST(? AS INTEGER) < ?)',
    sinceMs,
    step,
    step,
    untilMs,
  );
const STEPS_OF_ENTRIES =
  'step CROSS JOIN (SELECT id source_id FROM source WHERE coalesce(entry_share, 1) >= 0.5) entry';
const COUNTER_KEY = 'c.step = ? AND c.time = step.time AND c.source_id = entry.source_id';

/** Fewer are looked up one by one; of more, an hour's rows are read through. */
const FEW_OPERATIONS = 40;

/** Problems through which rows are looked for; of more, the time is gone through, whose index says whose a row is. */
const FEW_PROBLEMS = 1000;
/** Problems kept known by number; 200 bytes each. */
const PROBLEMS_KEPT = 50_000;

interface Sum {
  key: string | null;
  bucket: number;
  count: number;
}

/** better-sqlite3 binds numbers as REAL: without the casts the division would not round down. */
const bucketOf = (bucketMs: number | null): Clause =>
  bucketMs === null ? clause('0') : clause('time / CAST(? AS INTEGER) * CAST(? AS INTEGER)', bucketMs, bucketMs);

/** Problems that began, came back after a long silence or after they were said to be fixed, without what is expected. */
function begun(filter: Filter, sinceMs: number, untilMs: number): Clause {
  const asked = audiencesOf(filter);
  return both(
    fields(filter, { ...PROBLEM_COLUMNS, route: 'route' }),
    ofPart(filter),
    clause(asked.length === 0 ? '0' : `${asked.join(' + ')} > 0`),
    clause("word IS NOT 'expected'"),
    clause(
      "((first >= ? AND first < ?) OR (came_back >= ? AND came_back < ?) OR (word = 'fixed' AND said_at >= ? AND said_at < ? AND last > said_at))",
      sinceMs,
      untilMs,
      sinceMs,
      untilMs,
      sinceMs,
      untilMs,
    ),
  );
}

export class SqliteQuestions implements Questions {
  readonly #db: Db;
  readonly #rows: RefusalReader;
  readonly #tally: TallyReader;
  /** What a problem's number means never changes. */
  readonly #problems = new Map<number, Partial<Record<RefusalField, string | null>>>();
  readonly #newestProblem;
  /** What was found out about the state of the store that is being read; null = none is held. */
  #known: Map<string, unknown> | null = null;
  constructor(db: Db) {
    this.#db = db;
    this.#newestProblem = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'problem'").pluck();
    this.#rows = new RefusalReader(db);
    this.#tally = new TallyReader(db);
  }

  snapshot<T>(read: () => T): T {
    if (this.#known !== null) return read();
    this.#known = new Map();
    try {
      return this.#db.transaction(read).deferred();
    } finally {
      this.#known = null;
    }
  }

  /** Asked once of one state of the store. */
  #once<T>(key: string, ask: () => T): T {
    if (this.#known?.has(key)) return this.#known.get(key) as T;
    const answer = ask();
    this.#known?.set(key, answer);
    return answer;
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
    const c = both(rows(narrowed), after);
    const order = down ? 'time DESC, id DESC' : 'time, id';
    return this.#db
      .prepare(`SELECT ${columns} FROM ${this.#from(narrowed)} ${where(c)} ORDER BY ${order} LIMIT ?`)
      .all(...c.values, page.limit);
  }

  /** The table with the index that it is to be read by: SQLite knows nothing of how rows are spread. */
  #from(filter: Filter): string {
    const { term } = filter;
    if (term?.kind === 'ids' || term?.kind === 'requestId') return 'refusal';
    let index = narrowIndex(filter);
    if (index === null && term?.kind === 'pathFrom') index = this.#isRare(filter) ? 'refusal_path' : 'refusal_time';
    if (index === null && this.#isOfFewProblems(filter)) index = 'refusal_problem';
    if (index === null && filter.where.some((f) => f.field === 'host' && f.in.length > 0)) index = 'refusal_host';
    return `refusal INDEXED BY ${index ?? 'refusal_time'}`;
  }

  #isOfFewProblems(filter: Filter): boolean {
    if (!namesProblems(filter)) return false;
    const c = ofProblems(filter);
    const sql = `SELECT count(*) FROM (SELECT 1 FROM problem ${where(c)} LIMIT ${FEW_PROBLEMS})`;
    const few = (): number =>
      this.#db
        .prepare(sql)
        .pluck()
        .get(...c.values) as number;
    return this.#once(`${sql} ${c.values}`, few) < FEW_PROBLEMS;
  }

  #isRare(filter: Filter): boolean {
    const c = rows({ sinceMs: null, untilMs: null, where: [], term: filter.term });
    const sql = `SELECT count(*) FROM (SELECT 1 FROM refusal INDEXED BY refusal_path ${where(c)} LIMIT ${PATHS_SORTED_MAX})`;
    const count = (): number =>
      this.#db
        .prepare(sql)
        .pluck()
        .get(...c.values) as number;
    return this.#once(`${sql} ${c.values}`, count) < PATHS_SORTED_MAX;
  }

  /** The days and hours in which the page certainly is full: what is sparse is not looked for row by row. */
  #narrowed(filter: Filter, page: Pick<Page, 'after' | 'limit' | 'order'>): Filter {
    if (filter.where.length === 0 && filter.term === undefined) return filter;
    return this.#once(`narrowed ${JSON.stringify([filter, page.after, page.limit, page.order])}`, () =>
      this.#narrow(filter, page),
    );
  }

  #narrow(filter: Filter, page: Pick<Page, 'after' | 'limit' | 'order'>): Filter {
    if (filter.term?.kind === 'pathFrom') return this.#narrowedByPath(filter, page);
    if (answererOf(filter) === 'rows') return filter;
    const range = this.refusalRange();
    if (range === null) return filter;
    const down = page.order === 'newest';
    // The hour in which the page begins is read in any case.
    const from = Math.max(page.after?.timeMs ?? filter.sinceMs ?? range.fromMs, range.fromMs);
    const to = Math.min(page.after?.timeMs ?? filter.untilMs ?? range.toMs, range.toMs);
    const [first, end] = down
      ? [Math.floor(range.fromMs / DAY_MS) * DAY_MS, Math.floor(to / HOUR_MS) * HOUR_MS]
      : [Math.ceil((from + 1) / HOUR_MS) * HOUR_MS, Math.ceil((range.toMs + 1) / DAY_MS) * DAY_MS];
    let n = 0;
    /** The hour in which the page is full, asked of coarse steps first, of few of them and then of ever more. */
    const full = (sinceMs: number, untilMs: number, step: number): number | null => {
      for (let done = 0, width = step, all = untilMs - sinceMs; done < all; done += width, width *= 2) {
        const near = Math.min(all, done + width);
        const steps = down
          ? this.#perStep(filter, step, untilMs - near, untilMs - done).reverse()
          : this.#perStep(filter, step, sinceMs + done, sinceMs + near);
        for (const { timeMs, count } of steps) {
          if (n + count < page.limit) n += count;
          else return step === HOUR_MS ? timeMs : full(timeMs, timeMs + DAY_MS, HOUR_MS);
        }
      }
      return null;
    };
    const parts = pieces(first, end, PROBLEM_STEPS);
    if (down) parts.reverse();
    for (const p of parts) {
      const hour = full(p.sinceMs, p.untilMs, p.step);
      if (hour === null) continue;
      return down
        ? { ...filter, sinceMs: Math.max(hour, filter.sinceMs ?? hour) }
        : { ...filter, untilMs: Math.min(hour + HOUR_MS, filter.untilMs ?? hour + HOUR_MS) };
    }
    return filter;
  }

  /** By its index alone: the time of the last row of the page, so that only its rows are read. */
  #narrowedByPath(filter: Filter, page: Pick<Page, 'after' | 'limit' | 'order'>): Filter {
    if (!this.#isRare(filter) || narrowIndex(filter) !== null) return filter;
    const down = page.order === 'newest';
    const at = page.after?.timeMs;
    const rest = at === undefined ? filter : down ? { ...filter, untilMs: at } : { ...filter, sinceMs: at + 1 };
    const c = rows(rest);
    const last = this.#db
      .prepare(
        `SELECT time FROM refusal INDEXED BY refusal_path ${where(c)} ORDER BY time ${down ? 'DESC' : ''} LIMIT 1 OFFSET ?`,
      )
      .pluck()
      .get(...c.values, page.limit - 1) as number | undefined;
    if (last === undefined) return filter;
    return down ? { ...filter, sinceMs: last } : { ...filter, untilMs: last + 1 };
  }

  /** Refusals by whole hours or days, oldest first. */
  #perStep(filter: Filter, step: number, sinceMs: number, untilMs: number): { timeMs: number; count: number }[] {
    const answerer = answererOf(filter);
    if (answerer === 'rows') throw new Error('rows are not counted by the hour');
    if (answerer !== 'problems') return this.#tally.times(answerer, filter, step, sinceMs, untilMs);
    const c = both(clause('step = ?', step), during(sinceMs, untilMs), inProblems(filter));
    const sql = `SELECT time timeMs, sum(${this.#audience(filter)}) count FROM ${this.#problemCount(filter)} ${where(c)} GROUP BY time ORDER BY time`;
    return this.#db.prepare(sql).all(...c.values) as { timeMs: number; count: number }[];
  }

  /** By a column: those without a value come last going down, first going up. Two statements, so that both use an index. */
  #sorted(filter: Filter, page: Page, sort: Exclude<Page['sort'], 'time' | undefined>, columns: string): unknown[] {
    if (sort === 'cause') return this.#byCause(filter, page, columns);
    const down = page.order === 'newest';
    const column = ROW_COLUMNS[sort]!;
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

  /** Cause after cause, each in order of time. */
  #byCause(filter: Filter, page: Page, columns: string): unknown[] {
    const down = page.order === 'newest';
    const { after } = page;
    const counts = new Map(this.#sum(filter, 'cause', null).map((s) => [s.key!, s.count]));
    const out: unknown[] = [];
    for (const cause of [...counts.keys()].sort((a, b) => (a < b ? -1 : 1) * (down ? -1 : 1))) {
      if (out.length >= page.limit) break;
      const past = after?.value ?? null;
      if (past !== null && cause !== past && cause > past === down) continue;
      const of = { ...filter, where: [...filter.where, { field: 'cause' as const, in: [cause], not: [] }] };
      const begun = cause === past ? after : null;
      out.push(...this.#page(of, { after: begun, limit: page.limit - out.length, order: page.order }, columns));
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
    const [sums] = this.#sums(filter, [by], bucketMs);
    const out: Sum[] = [];
    for (const [key, buckets] of sums!)
      for (const [bucket, count] of buckets) if (count !== 0) out.push({ key, bucket, count });
    return out;
  }

  /** By several columns at once, each alone; whoever asks knows that one answerer knows them all. */
  #sums(
    filter: Filter,
    by: readonly (RefusalField | null)[],
    bucketMs: number | null,
  ): Map<string | null, Map<number, number>>[] {
    const out = by.map(() => new Map<string | null, Map<number, number>>());
    const range = this.refusalRange();
    if (range === null) return out;
    const answerer = answererOf(filter, ...by);
    const steps = (answerer === 'rows' ? [] : answerer === 'problems' ? PROBLEM_STEPS : answerer.steps).filter(
      (s) => bucketMs === null || bucketMs % s === 0,
    );
    const coarsest = Math.max(1, ...steps);
    const firstMs = Math.floor(range.fromMs / coarsest) * coarsest;
    const endMs = Math.ceil((range.toMs + 1) / coarsest) * coarsest;
    const sinceMs = Math.max(filter.sinceMs ?? firstMs, firstMs);
    const untilMs = Math.min(filter.untilMs ?? endMs, endMs);
    const add = (i: number, key: string | null, bucket: number, count: number): void => {
      const buckets = made(out[i]!, key);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
    };
    for (const p of pieces(sinceMs, untilMs, steps)) {
      if (p.step === 0 || answerer === 'rows') {
        const within = { ...filter, sinceMs: p.sinceMs, untilMs: p.untilMs };
        this.#sumRows(within, by, bucketMs).forEach((sums, i) => {
          for (const s of sums) add(i, s.key, s.bucket, s.count);
        });
      } else if (answerer === 'problems') {
        const time = both(clause('step = ?', p.step), during(p.sinceMs, p.untilMs));
        by.forEach((field, i) => {
          for (const s of this.#sumProblems(filter, time, field, bucketMs)) add(i, s.key, s.bucket, s.count);
        });
      } else {
        const sums = this.#tally.sums(answerer, filter, p.step, p.sinceMs, p.untilMs, by, bucketMs);
        sums.forEach((keys, i) => {
          for (const [key, buckets] of keys) for (const [bucket, count] of buckets) add(i, key, bucket, count);
        });
      }
    }
    return out;
  }

  /** What the problem tells is counted in one pass over an index, for all fields together. */
  #sumRows(filter: Filter, by: readonly (RefusalField | null)[], bucketMs: number | null): Sum[][] {
    const c = rows(filter);
    // Counted in the order of the index, whatever it is: nothing is sorted by time.
    const table = filter.term?.kind === 'pathFrom' ? 'refusal INDEXED BY refusal_path' : this.#from(filter);
    const isOfProblem = (field: RefusalField | null): boolean => field !== null && PROBLEM_COLUMNS[field] !== undefined;
    const told = by.filter(isOfProblem) as RefusalField[];
    const counted = told.length === 0 ? [] : this.#marks(table, c, told, filter.sinceMs ?? 0, bucketMs);
    return by.map((field) => {
      if (field === null || !isOfProblem(field)) return this.#sumColumn(table, c, field, bucketMs);
      return [...counted[told.indexOf(field)]!].flatMap(([key, buckets]) =>
        [...buckets].map(([bucket, count]) => ({ key, bucket, count })),
      );
    });
  }

  #sumColumn(table: string, c: Clause, field: RefusalField | null, bucketMs: number | null): Sum[] {
    if (field === null && bucketMs === null) {
      const count = this.#db
        .prepare(`SELECT count(*) FROM ${table} ${where(c)}`)
        .pluck()
        .get(...c.values) as number;
      return [{ key: '', bucket: 0, count }];
    }
    const bucket = bucketOf(bucketMs);
    const key = field === null ? "''" : `CAST(${ROW_COLUMNS[field]!} AS TEXT)`;
    const sql = `SELECT ${key} key, ${bucket.sql} bucket, count(*) count FROM ${table} ${where(c)} GROUP BY 1, 2`;
    return this.#db.prepare(sql).all(...bucket.values, ...c.values) as Sum[];
  }

  /** Of each field: value → bucket → rows. One small number a row, counted here: a third of what SQLite takes to sort them into groups. */
  #marks(
    table: string,
    c: Clause,
    told: readonly RefusalField[],
    sinceMs: number,
    bucketMs: number | null,
  ): Map<string | null, Map<number, number>>[] {
    const width = bucketMs ?? Number.MAX_SAFE_INTEGER;
    const base = bucketMs === null ? 0 : Math.floor(sinceMs / bucketMs);
    const problems = 1 + ((this.#newestProblem.get() as number | undefined) ?? 0);
    const marks = this.#db
      .prepare(
        `SELECT (time / CAST(? AS INTEGER) - CAST(? AS INTEGER)) * CAST(? AS INTEGER) + problem FROM ${table} ${where(c)}`,
      )
      .pluck()
      .all(width, base, problems, ...c.values) as number[];
    const out = told.map(() => new Map<string | null, Map<number, number>>());
    const ofProblem: (Map<number, number>[] | undefined)[] = [];
    for (const m of marks) {
      const problem = m % problems;
      let each = ofProblem[problem];
      if (each === undefined) {
        each = told.map((field, i) => made(out[i]!, this.#ofProblem(problem, field)));
        ofProblem[problem] = each;
      }
      const bucket = bucketMs === null ? 0 : (base + (m - problem) / problems) * bucketMs;
      for (const buckets of each) buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    return out;
  }

  /** What a problem says of its refusals. */
  #ofProblem(no: number, field: RefusalField): string | null {
    let known = this.#problems.get(no);
    if (known === undefined) {
      known = this.#db
        .prepare('SELECT id problem, cause, category, layer, source, rule FROM problem WHERE no = ?')
        .get(no) as Partial<Record<RefusalField, string | null>>;
      if (this.#problems.size >= PROBLEMS_KEPT) this.#problems.clear();
      this.#problems.set(no, known);
    }
    return known[field] ?? null;
  }

  #sumProblems(filter: Filter, time: Clause, by: RefusalField | null, bucketMs: number | null): Sum[] {
    const c = both(time, inProblems(filter));
    const bucket = bucketOf(bucketMs);
    if (by === 'audience') {
      const sql = `SELECT ${bucket.sql} bucket, sum(harmed) harmed, sum(noise) noise, sum(undecided) undecided FROM ${this.#problemCount(filter)} ${where(c)} GROUP BY 1`;
      const asked = audiencesOf(filter);
      return (this.#db.prepare(sql).all(...bucket.values, ...c.values) as ({ bucket: number } & ByAudience)[]).flatMap(
        (r) => asked.map((a) => ({ key: a, bucket: r.bucket, count: r[a] ?? 0 })),
      );
    }
    // Summed by number first: problems are few, their hours many.
    const sql = `SELECT problem no, ${bucket.sql} bucket, sum(${this.#audience(filter)}) count FROM ${this.#problemCount(filter)} ${where(c)} GROUP BY 1, 2`;
    const sums = this.#db.prepare(sql).all(...bucket.values, ...c.values) as {
      no: number;
      bucket: number;
      count: number;
    }[];
    return sums.map((s) => ({ key: by === null ? '' : this.#ofProblem(s.no, by), bucket: s.bucket, count: s.count }));
  }

  /** Few problems are looked up, of many the time is gone through. */
  #problemCount(filter: Filter): string {
    return `problem_count ${this.#isOfFewProblems(filter) ? 'INDEXED BY problem_count_problem' : 'NOT INDEXED'}`;
  }

  /** The columns of `problem_count` that the filter asks for. */
  #audience(filter: Filter): string {
    return audiencesOf(filter).join(' + ') || '0';
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
    const steps = everyStep(sinceMs, untilMs, step);
    const operations = `SELECT id FROM operation ${where(asked)}`;
    const isFew =
      table === 'counter_route' &&
      this.#db.prepare(`${operations} LIMIT ${FEW_OPERATIONS}`).all(...asked.values).length < FEW_OPERATIONS;
    const [from, values] =
      table === 'counter_route'
        ? isFew
          ? [
              `${STEPS_OF_ENTRIES} CROSS JOIN (${operations}) o CROSS JOIN counter_route c ON ${COUNTER_KEY} AND c.operation_id = o.id`,
              [...asked.values, step],
            ]
          : [
              `${STEPS_OF_ENTRIES} CROSS JOIN counter_route c ON ${COUNTER_KEY} AND c.operation_id IN (${operations})`,
              [step, ...asked.values],
            ]
        : [
            `${STEPS_OF_ENTRIES} CROSS JOIN counter_total c ON ${COUNTER_KEY} ${asked.sql === '' ? '' : `AND ${asked.sql}`}`,
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
    const byAnswerer = new Map<Answerer, F[]>();
    const answerer = answererOf(filter);
    for (const field of asked) {
      const by = answererOf(filter, field);
      // A rule is told by the problems alone; of all of them that is more work than the newest rows.
      if (by === 'rows' || (by === 'problems' && answerer !== 'problems' && field === 'rule')) fromRows.push(field);
      else byAnswerer.set(by, [...(byAnswerer.get(by) ?? []), field]);
    }
    for (const together of byAnswerer.values())
      this.#sums(filter, together, null).forEach((sums, i) => {
        const of = new Map<string, number>();
        for (const [key, buckets] of sums) if (key !== null && buckets.get(0)! > 0) of.set(key, buckets.get(0)!);
        counts.set(together[i]!, of);
      });
    if (fromRows.length > 0) {
      // One pass over the newest for all of them.
      const narrowed = this.#narrowed(filter, { after: null, limit: TOP_ROWS_MAX, order: 'newest' });
      const c = rows(narrowed);
      const columns = fromRows.map((f) => ROW_COLUMNS[f] ?? 'problem');
      const tallies = fromRows.map(() => new Map<string, number>());
      const list = this.#db
        .prepare(
          // Chosen by the index alone where it tells enough, then read in the order in which they lie.
          `SELECT ${columns.join(', ')} FROM refusal WHERE seq IN (SELECT seq FROM ${this.#from(narrowed)} ${where(c)} ORDER BY time DESC LIMIT ${TOP_ROWS_MAX})`,
        )
        .raw()
        .all(...c.values) as (string | number | null)[][];
      for (const row of list) {
        for (let i = 0; i < tallies.length; i++) {
          const f = fromRows[i]!;
          const value = ROW_COLUMNS[f] === undefined ? this.#ofProblem(row[i] as number, f) : row[i];
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

  topOf(filter: Filter): number {
    return Math.min(TOP_ROWS_MAX, this.countRefusals(filter));
  }

  lastOfCauses(filter: Filter, causes: readonly string[]): Map<string, number> {
    const out = new Map<string, number>();
    const missing = new Set(causes);
    // The newest tell most of them at once, without a row.
    const narrowed = this.#narrowed(filter, { after: null, limit: TOP_ROWS_MAX, order: 'newest' });
    const c = rows(narrowed);
    const newest = this.#db
      .prepare(`SELECT time, problem FROM ${this.#from(narrowed)} ${where(c)} ORDER BY time DESC LIMIT ${TOP_ROWS_MAX}`)
      .raw()
      .all(...c.values) as [number, number][];
    for (const [time, problem] of newest) {
      const cause = this.#ofProblem(problem, 'cause')!;
      if (missing.delete(cause)) out.set(cause, time);
      if (missing.size === 0) break;
    }
    for (const cause of missing) {
      const of: Filter = { ...filter, where: [...filter.where, { field: 'cause', in: [cause], not: [] }] };
      const [last] = this.#page(of, { after: null, limit: 1, order: 'newest' }, 'time') as { time: number }[];
      if (last !== undefined) out.set(cause, last.time);
    }
    return out;
  }

  problems(): ProblemRecord[] {
    return (this.#db.prepare('SELECT * FROM problem WHERE refusals > 0').all() as ProblemRow[]).map(readProblem);
  }

  problemsBegun(filter: Filter, sinceMs: number, untilMs: number, limit: number): ProblemRecord[] {
    const c = begun(filter, sinceMs, untilMs);
    const sql = `SELECT * FROM problem ${where(c)} ORDER BY harmed DESC, refusals DESC, id LIMIT ?`;
    return (this.#db.prepare(sql).all(...c.values, limit) as ProblemRow[]).map(readProblem);
  }

  countBegun(filter: Filter, sinceMs: number, untilMs: number): number {
    const c = begun(filter, sinceMs, untilMs);
    return this.#db
      .prepare(`SELECT count(*) FROM problem ${where(c)}`)
      .pluck()
      .get(...c.values) as number;
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
    const bucket = bucketOf(bucketMs);
    if (bucketMs % HOUR_MS !== 0) {
      const time = during(sinceMs, untilMs);
      const sql = `SELECT p.id, ${bucket.sql} bucket, sum(audience = 'harmed') harmed, sum(audience = 'noise') noise, sum(audience = 'undecided') undecided FROM problem p CROSS JOIN refusal r INDEXED BY refusal_problem ON r.problem = p.no WHERE ${time.sql} AND p.id IN (${ids.map(() => '?').join(',')}) GROUP BY 1, 2 ORDER BY 2`;
      return this.#db.prepare(sql).all(...bucket.values, ...time.values, ...ids) as ({
        id: string;
        bucket: number;
      } & ByAudience)[];
    }
    const step = bucketMs % PROBLEM_STEPS[1] === 0 ? PROBLEM_STEPS[1] : HOUR_MS;
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
    const steps = everyStep(Math.floor(sinceMs / HOUR_MS) * HOUR_MS, untilMs, HOUR_MS);
    const operations = `SELECT id, route FROM operation WHERE route IN (${routes.map(() => '?').join(',')})`;
    const list = this.#db
      .prepare(
        `${steps.sql} SELECT o.route, sum(c.requests) requests FROM ${STEPS_OF_ENTRIES} CROSS JOIN (${operations}) o CROSS JOIN counter_route c ON ${COUNTER_KEY} AND c.operation_id = o.id GROUP BY 1`,
      )
      .all(...steps.values, ...routes, HOUR_MS) as { route: string; requests: number }[];
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
