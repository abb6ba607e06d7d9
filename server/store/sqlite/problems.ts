/**
 * Problems in SQLite. `ProblemFold` is told of every refusal that is written or deleted, in the transaction that does
 * it, and settles once at its end: counts by problem and hour, and those of tally.ts, change by exactly what the rows
 * change by. First and last are asked of the rows, so they follow a revision. What a person said stands.
 */
import type { AudienceName } from '../../model/audience.ts';
import { type Fingerprint, problemId, quietMs, RETURN_MS } from '../../model/problem.ts';
import { categoryOf } from '../../model/taxonomy.ts';
import { DAY_MS, HOUR_MS } from '../archive.ts';
import type { ProblemRecord, ViewRecord, Word, Words } from '../problems.ts';
import type { Db } from './database.ts';
import { TallyWriter } from './tally.ts';

/** Steps of `problem_count`. */
export const PROBLEM_STEPS = [HOUR_MS, DAY_MS] as const;

/** What a fold has to know of a refusal. */
export interface Counted {
  time: number;
  problem: number;
  client: string | null;
  cause: string;
  layer: string;
  source: string | null;
  host: string | null;
  method: string | null;
  status: number;
  certainty: string;
  audience: AudienceName;
}

interface Change {
  harmed: number;
  noise: number;
  undecided: number;
}
/** What changes about a problem: by hour, and of its clients, of whom those that were written have a row. */
interface Noted {
  hours: Map<number, Change>;
  clients: { change: number; known: Set<string> };
  pruned: boolean;
}
const nothing = (): Change => ({ harmed: 0, noise: 0, undecided: 0 });
const start = (time: number, step: number): number => Math.floor(time / step) * step;

export class ProblemFold {
  readonly #statements;
  readonly #numbers = new Map<string, number>();
  readonly #problems = new Map<number, Noted>();
  readonly #tally: TallyWriter;

  constructor(db: Db) {
    this.#tally = new TallyWriter(db);
    this.#statements = {
      number: db.prepare('SELECT no FROM problem WHERE id = ?').pluck(),
      add: db.prepare(
        'INSERT INTO problem (id, cause, category, layer, source, route, rule, first, last, refusals, clients, harmed, noise, undecided) VALUES (?,?,?,?,?,?,?,0,0,0,0,0,0,0)',
      ),
      hasClient: db.prepare('SELECT 1 FROM refusal WHERE problem = ? AND client = ? LIMIT 1').pluck(),
      count: db.prepare(
        'INSERT INTO problem_count (step, time, problem, harmed, noise, undecided) VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET harmed = harmed + excluded.harmed, noise = noise + excluded.noise, undecided = undecided + excluded.undecided',
      ),
      emptied: db.prepare(
        'DELETE FROM problem_count WHERE step = ? AND time = ? AND problem = ? AND harmed + noise + undecided = 0',
      ),
      bounds: db.prepare(
        'SELECT (SELECT min(time) FROM refusal WHERE problem = ?) first, (SELECT max(time) FROM refusal WHERE problem = ?) last',
      ),
      from: db.prepare('SELECT min(time) FROM refusal WHERE problem = ? AND time >= ?').pluck(),
      row: db.prepare('SELECT first, last, refusals, kept_first, came_back, said_at FROM problem WHERE no = ?'),
      change: db.prepare(
        'UPDATE problem SET refusals = refusals + ?, harmed = harmed + ?, noise = noise + ?, undecided = undecided + ?, clients = clients + ? WHERE no = ?',
      ),
      seen: db.prepare('UPDATE problem SET first = ?, last = ?, kept_first = ?, came_back = ? WHERE no = ?'),
      hours: db
        .prepare('SELECT time FROM problem_count WHERE problem = ? AND step = 3600000 AND time >= ? ORDER BY time DESC')
        .pluck(),
      forget: db.prepare('DELETE FROM problem WHERE no = ?'),
    };
  }

  numberOf(f: Fingerprint): number {
    const alike = `${f.cause}\n${f.layer}\n${f.source}\n${f.rule}\n${f.route}`;
    let no = this.#numbers.get(alike);
    if (no === undefined) {
      const s = this.#statements;
      const id = problemId(f);
      no = s.number.get(id) as number | undefined;
      no ??= Number(s.add.run(id, f.cause, categoryOf(f.cause), f.layer, f.source, f.route, f.rule).lastInsertRowid);
      this.#numbers.set(alike, no);
    }
    return no;
  }

  /** Before the row is written: whether its client is new is asked of the rows. */
  add(r: Counted): void {
    const { clients } = this.#note(r, 1, false);
    if (r.client === null || clients.known.has(r.client)) return;
    clients.known.add(r.client);
    if (this.#statements.hasClient.get(r.problem, r.client) === undefined) clients.change++;
  }

  /** After the row was deleted. `pruned`: it only became too old; when it was first seen is kept in mind. */
  remove(r: Counted, pruned: boolean): void {
    const { clients } = this.#note(r, -1, pruned);
    if (r.client === null) return;
    clients.known.delete(r.client);
    if (this.#statements.hasClient.get(r.problem, r.client) === undefined) clients.change--;
  }

  #note(r: Counted, by: 1 | -1, pruned: boolean): Noted {
    let p = this.#problems.get(r.problem);
    if (p === undefined) {
      p = { hours: new Map(), clients: { change: 0, known: new Set() }, pruned: false };
      this.#problems.set(r.problem, p);
    }
    p.pruned ||= pruned;
    const hour = start(r.time, HOUR_MS);
    let change = p.hours.get(hour);
    if (change === undefined) {
      change = nothing();
      p.hours.set(hour, change);
    }
    change[r.audience] += by;
    this.#tally.note(r.time, r, by);
    return p;
  }

  /** Writes down what was noted. Whoever calls has the transaction; after one that failed, `forget` has to be called. */
  settle(): void {
    const s = this.#statements;
    this.#tally.settle();
    for (const [no, p] of this.#problems) {
      const sum = nothing();
      for (const [hour, c] of p.hours) {
        if (c.harmed === 0 && c.noise === 0 && c.undecided === 0) continue;
        for (const step of PROBLEM_STEPS) {
          const time = start(hour, step);
          s.count.run(step, time, no, c.harmed, c.noise, c.undecided);
          if (c.harmed + c.noise + c.undecided < 0) s.emptied.run(step, time, no);
        }
        sum.harmed += c.harmed;
        sum.noise += c.noise;
        sum.undecided += c.undecided;
      }
      s.change.run(sum.harmed + sum.noise + sum.undecided, sum.harmed, sum.noise, sum.undecided, p.clients.change, no);
      this.#see(no, p.pruned);
    }
    this.#problems.clear();
    // Others may delete a problem before the next one.
    this.#numbers.clear();
  }

  /** First, last and last return, from the rows as they now are. */
  #see(no: number, pruned: boolean): void {
    const s = this.#statements;
    const row = s.row.get(no) as {
      first: number;
      last: number;
      refusals: number;
      kept_first: number | null;
      came_back: number | null;
      said_at: number | null;
    };
    const kept = pruned ? (row.kept_first ?? row.first) : row.kept_first;
    if (row.refusals === 0) {
      if (kept !== null || row.said_at !== null) s.seen.run(kept ?? row.first, row.last, kept, row.came_back, no);
      else s.forget.run(no);
      return;
    }
    const { first, last } = s.bounds.get(no, no) as { first: number; last: number };
    const began = kept === null ? first : Math.min(kept, first);
    const quiet = quietMs(first, last, row.refusals);
    // In less time than the silence lasts there was none.
    const hour = last - began < quiet ? null : this.#cameBack(no, began, first, last, quiet);
    s.seen.run(began, last, kept, hour === null ? null : s.from.get(no, hour), no);
  }

  /** Hour of the newest stretch that a silence lies before; null = none within the time that a return is spoken of. */
  #cameBack(no: number, began: number, first: number, last: number, quiet: number): number | null {
    let later: number | null = null;
    for (const hour of this.#statements.hours.iterate(no, last - RETURN_MS - quiet) as IterableIterator<number>) {
      // Nothing in the hours between: an hour less is certain, the edges may lie anywhere in theirs.
      if (later !== null && later - hour - HOUR_MS >= quiet) return later;
      later = hour;
    }
    if (later === null) return null;
    // The stretch began earlier than was looked at, or is the first of all.
    const isWhole = later <= start(first, HOUR_MS);
    if (!isWhole) return later > last - RETURN_MS ? later : null;
    return began < first && first - began >= quiet ? later : null;
  }

  forget(): void {
    this.#problems.clear();
    this.#tally.forget();
    this.#numbers.clear();
  }
}

export interface ProblemRow {
  no: number;
  id: string;
  cause: string;
  category: string;
  layer: string;
  source: string | null;
  route: string;
  rule: string | null;
  first: number;
  last: number;
  came_back: number | null;
  refusals: number;
  clients: number;
  harmed: number;
  noise: number;
  undecided: number;
  word: Word | null;
  note: string | null;
  said_by: string | null;
  said_at: number | null;
}

export const readProblem = (r: ProblemRow): ProblemRecord => ({
  id: r.id,
  cause: r.cause,
  layer: r.layer,
  source: r.source,
  route: r.route,
  rule: r.rule,
  firstMs: r.first,
  lastMs: r.last,
  cameBackMs: r.came_back,
  refusals: r.refusals,
  clients: r.clients,
  byAudience: { harmed: r.harmed, noise: r.noise, undecided: r.undecided },
  saying: r.said_at === null ? null : { word: r.word, note: r.note ?? '', by: r.said_by, atMs: r.said_at },
});

/** What people say. Only the writer's thread has one. */
export class SqliteWords implements Words {
  readonly #db: Db;
  constructor(db: Db) {
    this.#db = db;
  }

  say(
    id: string,
    saying: { word?: Word | null; note?: string; by?: string | null; atMs: number },
  ): ProblemRecord | null {
    return this.#db.transaction(() => {
      const row = this.#db.prepare('SELECT * FROM problem WHERE id = ?').get(id) as ProblemRow | undefined;
      if (row === undefined) return null;
      const word = saying.word === undefined ? row.word : saying.word;
      const note = saying.note ?? row.note ?? '';
      const by = saying.by === undefined ? row.said_by : saying.by;
      this.#db
        .prepare('UPDATE problem SET word = ?, note = ?, said_by = ?, said_at = ? WHERE no = ?')
        .run(word, note, by, saying.atMs, row.no);
      const what = saying.word === undefined ? 'note' : (saying.word ?? 'word-withdrawn');
      this.#db
        .prepare('INSERT INTO problem_said (problem, at, what, said_by, note) VALUES (?,?,?,?,?)')
        .run(row.no, saying.atMs, what, by, saying.note ?? null);
      this.#bump();
      return readProblem(this.#db.prepare('SELECT * FROM problem WHERE no = ?').get(row.no) as ProblemRow);
    })();
  }

  saveView(view: Omit<ViewRecord, 'id'>): ViewRecord {
    return this.#db.transaction(() => {
      const id = this.#db
        .prepare('INSERT INTO view (name, page, search, at) VALUES (?,?,?,?)')
        .run(view.name, view.page, view.search, view.atMs).lastInsertRowid;
      this.#bump();
      return { id: Number(id), ...view };
    })();
  }

  dropView(id: number): boolean {
    return this.#db.transaction(() => {
      const dropped = this.#db.prepare('DELETE FROM view WHERE id = ?').run(id).changes > 0;
      if (dropped) this.#bump();
      return dropped;
    })();
  }

  /** What was answered before is no longer true. */
  #bump(): void {
    this.#db
      .prepare(
        "INSERT INTO meta (key, value) VALUES ('words', '1') ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1",
      )
      .run();
  }
}
