/**
 * Rows of refusals and what hangs on them: the parts that are filtered and sorted by stand in columns, the rest of
 * those that were revised together in one compressed body. Deleting takes hops, ids and bodies that nobody needs.
 */
import { zstdDecompressSync } from 'node:zlib';
import { BODIES_KEPT } from '../../limits.ts';
import type { AudienceName } from '../../model/audience.ts';
import type { Refusal } from '../../model/request.ts';
import type { Bundle, Bundled, Rest } from '../bundle.ts';
import type { ListedRefusal } from '../questions.ts';
import type { Db } from './database.ts';
import { type Counted, ProblemFold } from './problems.ts';

export interface RefusalRow {
  id: string;
  time: number;
  client: string | null;
  method: string | null;
  host: string | null;
  path: string | null;
  query: string | null;
  route: string;
  status: number;
  user: string | null;
  sentence: number | null;
  detail: string;
  body_id: number;
  body_at: number;
}

export interface ListedRow extends Omit<RefusalRow, 'sentence' | 'body_id' | 'body_at'> {
  layer: string;
  source: string | null;
  cause: string;
  certainty: string;
  confidence: number;
  rule: string | null;
  audience: string;
  problem_id: string;
}
/** All that a list shows, without a body. */
export const LISTED = `id, time, client, method, host, path, query, route, status, user, layer,
  (SELECT p.source FROM problem p WHERE p.no = refusal.problem) source, cause, certainty, confidence, rule, audience,
  coalesce((SELECT s.text FROM sentence s WHERE s.id = refusal.sentence), '') || detail detail,
  (SELECT p.id FROM problem p WHERE p.no = refusal.problem) problem_id`;

export const readListed = (r: ListedRow): ListedRefusal => ({
  id: r.id,
  timeMs: r.time,
  client: r.client,
  method: r.method,
  host: r.host,
  path: r.path,
  query: r.query,
  route: r.route,
  status: r.status,
  user: r.user,
  verdict: {
    cause: r.cause as Refusal['verdict']['cause'],
    certainty: r.certainty as Refusal['verdict']['certainty'],
    confidence: r.confidence,
    decidingLayer: r.layer as Refusal['verdict']['decidingLayer'],
    decidingPath: r.source,
    rule: r.rule,
    detail: r.detail,
  },
  audience: { is: r.audience as AudienceName },
  problem: r.problem_id,
});

const SENTENCES_KEPT = 5000;

/** Reads rows; the bodies used last are kept unpacked, since a page of rows mostly shares a few. */
export class RefusalReader {
  readonly #body;
  readonly #sentence;
  readonly #unpacked = new Map<number, Rest[]>();
  constructor(db: Db) {
    this.#body = db.prepare('SELECT packed FROM body WHERE id = ?').pluck();
    this.#sentence = db.prepare('SELECT text FROM sentence WHERE id = ?').pluck();
  }

  /** What the row itself does not hold. */
  rest(row: Pick<RefusalRow, 'body_id' | 'body_at'>): Rest {
    let bodies = this.#unpacked.get(row.body_id);
    if (bodies === undefined) {
      bodies = JSON.parse(zstdDecompressSync(this.#body.get(row.body_id) as Buffer).toString()) as Rest[];
      if (this.#unpacked.size >= BODIES_KEPT) this.#unpacked.delete(this.#unpacked.keys().next().value!);
      this.#unpacked.set(row.body_id, bodies);
    }
    return bodies[row.body_at]!;
  }

  read(row: RefusalRow): Refusal {
    const rest = this.rest(row);
    const sentence = row.sentence === null ? '' : (this.#sentence.get(row.sentence) as string);
    return {
      id: row.id,
      timeMs: row.time,
      client: row.client,
      method: row.method,
      host: row.host,
      path: row.path,
      query: row.query,
      route: row.route,
      status: row.status,
      user: row.user,
      ...rest,
      verdict: { ...rest.verdict, detail: sentence + row.detail },
    };
  }
}

/** What is asked of a row that goes. */
type Going = Counted & { seq: number; body_id: number; body_at: number };
const GOING =
  'seq, body_id, body_at, time, problem, client, cause, layer, (SELECT p.source FROM problem p WHERE p.no = refusal.problem) source, host, method, status, certainty, audience';

/** Writes and deletes, each call with what follows from it for the problems; whoever calls has the transaction. */
export class RefusalWriter {
  readonly #problems: ProblemFold;
  readonly #reader: RefusalReader;
  readonly #sentences = new Map<string, number>();
  readonly #statements;
  constructor(db: Db) {
    this.#problems = new ProblemFold(db);
    this.#reader = new RefusalReader(db);
    this.#statements = {
      inRange: db.prepare(`SELECT ${GOING} FROM refusal WHERE time >= ? AND time < ?`),
      byId: db.prepare(`SELECT ${GOING} FROM refusal WHERE id = ?`),
      bySeq: db.prepare(`SELECT ${GOING} FROM refusal WHERE seq = ?`),
      drop: db.prepare('DELETE FROM refusal WHERE seq = ?'),
      dropHop: db.prepare('DELETE FROM hop WHERE source_id = ? AND line = ? AND seq = ?'),
      dropId: db.prepare('DELETE FROM request_id WHERE request_id = ? AND seq = ?'),
      leaveBody: db.prepare('UPDATE body SET refusals = refusals - ? WHERE id = ? RETURNING refusals').pluck(),
      dropBody: db.prepare('DELETE FROM body WHERE id = ?'),
      body: db.prepare('INSERT INTO body (refusals, packed) VALUES (?, ?)'),
      sentence: db.prepare('SELECT id FROM sentence WHERE text = ?').pluck(),
      addSentence: db.prepare('INSERT INTO sentence (text) VALUES (?)'),
      insert: db.prepare(
        'INSERT INTO refusal (id, time, client, method, host, path, query, route, status, user, layer, cause, category, certainty, confidence, rule, audience, problem, sentence, detail, body_id, body_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
      ),
      hop: db.prepare('INSERT OR IGNORE INTO hop (source_id, line, seq) VALUES (?,?,?)'),
      requestId: db.prepare('INSERT OR IGNORE INTO request_id (request_id, seq) VALUES (?,?)'),
    };
  }

  /** The refusals of a stretch of time are these and no others. */
  replace(fromMs: number, toMs: number, refusals: Bundle): void {
    this.#settled(() => {
      this.#drop(this.#statements.inRange.all(fromMs, toMs) as Going[], false);
      for (const part of refusals.parts) this.#insert(part);
    });
  }

  /** Takes away what is too old; when a problem was first seen is not forgotten with it. */
  prune(rows: readonly { seq: number }[]): void {
    this.#settled(() => {
      for (const { seq } of rows) this.#drop([this.#statements.bySeq.get(seq) as Going], true);
    });
  }

  #settled(change: () => void): void {
    // Of the transaction before, which may have been taken back.
    this.#sentences.clear();
    try {
      change();
      this.#problems.settle();
    } catch (error) {
      // The transaction is taken back: what was noted did not happen.
      this.#problems.forget();
      throw error;
    }
  }

  #drop(rows: Going[], pruned: boolean): void {
    const s = this.#statements;
    const left = new Map<number, number>();
    for (const row of rows) {
      const { chain, requestIds } = this.#reader.rest(row);
      for (const h of chain) for (let i = 0; i < h.lines; i++) s.dropHop.run(h.sourceId, h.line + i, row.seq);
      for (const id of requestIds) s.dropId.run(id, row.seq);
      s.drop.run(row.seq);
      this.#problems.remove(row, pruned);
      left.set(row.body_id, (left.get(row.body_id) ?? 0) + 1);
    }
    for (const [body, n] of left) if ((s.leaveBody.get(n, body) as number) <= 0) s.dropBody.run(body);
  }

  #sentence(text: string): number {
    let id = this.#sentences.get(text);
    if (id === undefined) {
      id = this.#statements.sentence.get(text) as number | undefined;
      id ??= Number(this.#statements.addSentence.run(text).lastInsertRowid);
      if (this.#sentences.size >= SENTENCES_KEPT) this.#sentences.clear();
      this.#sentences.set(text, id);
    }
    return id;
  }

  #insert({ rows, hops, requestIds, packed }: Bundled): void {
    const s = this.#statements;
    const body = Number(s.body.run(rows.length, packed).lastInsertRowid);
    for (const [at, row] of rows.entries()) {
      const [id, time, client, method, host, path, query, route, status, user, ...more] = row;
      const [layer, cause, category, certainty, confidence, rule, audience, says, detail, source, problemRoute] = more;
      // Moved here from another time: a clock was learned.
      const before = s.byId.get(id) as Going | undefined;
      if (before !== undefined) this.#drop([before], false);
      const problem = this.#problems.numberOf({ cause, layer, source, route: problemRoute, rule });
      this.#problems.add({ time, problem, client, cause, layer, source, host, method, status, certainty, audience });
      const seq = Number(
        s.insert.run(
          id,
          time,
          client,
          method,
          host,
          path,
          query,
          route,
          status,
          user,
          layer,
          cause,
          category,
          certainty,
          confidence,
          rule,
          audience,
          problem,
          says === null ? null : this.#sentence(says),
          detail,
          body,
          at,
        ).lastInsertRowid,
      );
      const chain = hops[at]!;
      for (let k = 0; k < chain.length; k += 3)
        for (let i = 0; i < chain[k + 2]!; i++) s.hop.run(chain[k]!, chain[k + 1]! + i, seq);
      for (const id of requestIds[at]!) s.requestId.run(id, seq);
    }
  }
}
