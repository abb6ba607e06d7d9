/**
 * The questions in SQLite, on a connection that only reads. Filters become bound parameters; nothing that a
 * client sends is ever part of a statement's text.
 */
import type { Refusal } from '../../model/request.ts';
import { HOUR_MS, MINUTE_MS } from '../archive.ts';
import type { Filter, PageKey, Questions, RefusalField } from '../questions.ts';
import type { Db } from './database.ts';
import { RefusalReader, type RefusalRow } from './refusals.ts';

/** The closed list of columns a filter may name. */
const COLUMNS: Record<RefusalField, string> = {
  cause: 'cause',
  category: 'category',
  layer: 'layer',
  source: 'source',
  client: 'client',
  host: 'host',
  route: 'route',
  path: 'path',
  method: 'method',
  status: 'status',
  certainty: 'certainty',
  rule: 'rule',
  user: 'user',
};

/** What of a filter the counters know. */
const COUNTER_COLUMNS: Partial<Record<RefusalField, string>> = { host: 'host', route: 'route', method: 'method' };

interface Clause {
  sql: string;
  values: (string | number)[];
}

function where(filter: Filter, columns: Partial<Record<RefusalField, string>>, time: string): Clause {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  if (filter.sinceMs !== null) {
    parts.push(`${time} >= ?`);
    values.push(filter.sinceMs);
  }
  if (filter.untilMs !== null) {
    parts.push(`${time} < ?`);
    values.push(filter.untilMs);
  }
  for (const f of filter.where) {
    const column = columns[f.field];
    if (!column) continue;
    const of = (v: string): string | number => (f.field === 'status' ? Number(v) : v);
    if (f.in.length > 0) {
      parts.push(`${column} IN (${f.in.map(() => '?').join(',')})`);
      values.push(...f.in.map(of));
    }
    if (f.not.length > 0) {
      parts.push(`(${column} IS NULL OR ${column} NOT IN (${f.not.map(() => '?').join(',')}))`);
      values.push(...f.not.map(of));
    }
  }
  return { sql: parts.length === 0 ? '' : `WHERE ${parts.join(' AND ')}`, values };
}

/** Does the filter tell operations apart? Then only the counters by route answer. */
const byOperation = (filter: Filter): boolean => filter.where.some((f) => f.field === 'route' || f.field === 'method');

const and = (clause: Clause, more: string): string =>
  clause.sql === '' ? `WHERE ${more}` : `${clause.sql} AND ${more}`;

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

  refusals(filter: Filter, page: { after: PageKey | null; limit: number; order: 'newest' | 'oldest' }): Refusal[] {
    const clause = where(filter, COLUMNS, 'time');
    const down = page.order === 'newest';
    const sql = page.after ? and(clause, `(time, id) ${down ? '<' : '>'} (?, ?)`) : clause.sql;
    const values = page.after ? [...clause.values, page.after.timeMs, page.after.id] : clause.values;
    const order = down ? 'time DESC, id DESC' : 'time, id';
    return this.#read(`SELECT * FROM refusal ${sql} ORDER BY ${order} LIMIT ?`, [...values, page.limit]);
  }

  countRefusals(filter: Filter): number {
    const clause = where(filter, COLUMNS, 'time');
    return (this.#db.prepare(`SELECT count(*) n FROM refusal ${clause.sql}`).get(...clause.values) as { n: number }).n;
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

  /** Rows and their bodies from one state of the store: a revision in between would take the bodies away. */
  #read(sql: string, values: (string | number)[]): Refusal[] {
    return this.snapshot(() =>
      (this.#db.prepare(sql).all(...values) as RefusalRow[]).map((row) => this.#rows.read(row)),
    );
  }

  /** better-sqlite3 binds numbers as REAL: without the casts the division would not round down. */
  refusedSeries(filter: Filter, bucketMs: number): { bucket: number; cause: string; count: number }[] {
    const clause = where(filter, COLUMNS, 'time');
    return this.#db
      .prepare(
        `SELECT time / CAST(? AS INTEGER) * CAST(? AS INTEGER) bucket, cause, count(*) count FROM refusal ${clause.sql} GROUP BY 1, 2 ORDER BY 1`,
      )
      .all(bucketMs, bucketMs, ...clause.values) as { bucket: number; cause: string; count: number }[];
  }

  requestStepMs(filter: Filter): number {
    if (!byOperation(filter)) return MINUTE_MS;
    const row = this.#db.prepare('SELECT min(time) t FROM counter_route WHERE step = ?').get(MINUTE_MS) as {
      t: number | null;
    };
    return row.t !== null && filter.sinceMs !== null && filter.sinceMs >= row.t ? MINUTE_MS : HOUR_MS;
  }

  requestSeries(filter: Filter, bucketMs: number): { bucket: number; requests: number }[] {
    const table = byOperation(filter) ? 'counter_route JOIN operation ON operation.id = operation_id' : 'counter_total';
    // Whole hours are counted already: a chart of a month reads sixty times fewer rows.
    const step = bucketMs % HOUR_MS === 0 ? HOUR_MS : this.requestStepMs(filter);
    const align = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / step) * step);
    const aligned = { ...filter, sinceMs: align(filter.sinceMs) };
    const clause = where(aligned, COUNTER_COLUMNS, 'time');
    const width = Math.max(bucketMs, step);
    return this.#db
      .prepare(
        `SELECT time / CAST(? AS INTEGER) * CAST(? AS INTEGER) bucket, sum(requests) requests FROM ${table} ${and(clause, 'step = ? AND source_id IN (SELECT id FROM source WHERE coalesce(entry_share, 1) >= 0.5)')} GROUP BY 1 ORDER BY 1`,
      )
      .all(width, width, ...clause.values, step) as { bucket: number; requests: number }[];
  }

  top(filter: Filter, field: RefusalField, limit: number): { key: string; count: number; lastMs: number }[] {
    const clause = where(filter, COLUMNS, 'time');
    const column = COLUMNS[field];
    return this.#db
      .prepare(
        `SELECT ${column} key, count(*) count, max(time) lastMs FROM refusal ${and(clause, `${column} IS NOT NULL`)} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?`,
      )
      .all(...clause.values, limit) as { key: string; count: number; lastMs: number }[];
  }

  refusalRange(): { fromMs: number; toMs: number } | null {
    const row = this.#db.prepare('SELECT min(time) a, max(time) b FROM refusal').get() as {
      a: number | null;
      b: number;
    };
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
