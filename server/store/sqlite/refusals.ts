/**
 * Rows of refusals and what hangs on them: the parts that are filtered and sorted by stand in columns, the rest of
 * those that were revised together in one compressed body. Deleting takes hops, ids and bodies that nobody needs.
 */
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BODIES_KEPT, BODY_REFUSALS_MAX } from '../../limits.ts';
import type { AudienceName } from '../../model/audience.ts';
import { fingerprintOf } from '../../model/problem.ts';
import type { Refusal } from '../../model/request.ts';
import { categoryOf } from '../../model/taxonomy.ts';
import type { ListedRefusal } from '../questions.ts';
import type { Db } from './database.ts';
import { type Counted, ProblemFold } from './problems.ts';

/** What no list shows. The sentence of the verdict stands in the row. */
type Rest = Pick<Refusal, 'protocol' | 'userAgent' | 'referrer' | 'requestIds' | 'sourceId' | 'audience' | 'chain'> & {
  verdict: Omit<Refusal['verdict'], 'detail'>;
};

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

/** Shorter ones are not worth a number of their own. */
const SENTENCE_CHARS_MIN = 12;
const SENTENCES_KEPT = 5000;

const ZSTD = { params: { [zlib.ZSTD_c_compressionLevel]: 3 } };

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

function withoutDetail({ detail: _, ...verdict }: Refusal['verdict']): Rest['verdict'] {
  return verdict;
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
  replace(fromMs: number, toMs: number, refusals: readonly Refusal[]): void {
    this.#settled(() => {
      this.#drop(this.#statements.inRange.all(fromMs, toMs) as Going[], false);
      for (let from = 0; from < refusals.length; from += BODY_REFUSALS_MAX)
        this.#insert(refusals.slice(from, from + BODY_REFUSALS_MAX));
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

  /** The beginning of what a verdict says, where others say the same: it names nothing of this refusal. */
  #sentence(detail: string): number | null {
    const end = detail.indexOf('; ');
    const text = end < 0 ? detail : detail.slice(0, end);
    if (text.length < SENTENCE_CHARS_MIN || /\d{2}/.test(text)) return null;
    let id = this.#sentences.get(text);
    if (id === undefined) {
      id = this.#statements.sentence.get(text) as number | undefined;
      id ??= Number(this.#statements.addSentence.run(text).lastInsertRowid);
      if (this.#sentences.size >= SENTENCES_KEPT) this.#sentences.clear();
      this.#sentences.set(text, id);
    }
    return id;
  }

  #insert(refusals: readonly Refusal[]): void {
    const s = this.#statements;
    const rests = refusals.map(
      (r): Rest => ({
        protocol: r.protocol,
        userAgent: r.userAgent,
        referrer: r.referrer,
        requestIds: r.requestIds,
        sourceId: r.sourceId,
        verdict: withoutDetail(r.verdict),
        audience: r.audience,
        chain: r.chain,
      }),
    );
    const body = Number(s.body.run(refusals.length, zstdCompressSync(JSON.stringify(rests), ZSTD)).lastInsertRowid);
    refusals.forEach((r, at) => {
      // Moved here from another time: a clock was learned.
      const before = s.byId.get(r.id) as Going | undefined;
      if (before !== undefined) this.#drop([before], false);
      const v = r.verdict;
      const problem = this.#problems.numberOf(fingerprintOf(r));
      this.#problems.add({
        time: r.timeMs,
        problem,
        client: r.client,
        cause: v.cause,
        layer: v.decidingLayer,
        source: v.decidingPath,
        host: r.host,
        method: r.method,
        status: r.status,
        certainty: v.certainty,
        audience: r.audience.is,
      });
      const sentence = this.#sentence(v.detail);
      const end = v.detail.indexOf('; ');
      const seq = Number(
        s.insert.run(
          r.id,
          r.timeMs,
          r.client,
          r.method,
          r.host,
          r.path,
          r.query,
          r.route,
          r.status,
          r.user,
          v.decidingLayer,
          v.cause,
          categoryOf(v.cause),
          v.certainty,
          v.confidence,
          v.rule,
          r.audience.is,
          problem,
          sentence,
          sentence === null ? v.detail : end < 0 ? '' : v.detail.slice(end),
          body,
          at,
        ).lastInsertRowid,
      );
      for (const h of r.chain) for (let i = 0; i < h.lines; i++) s.hop.run(h.sourceId, h.line + i, seq);
      for (const id of r.requestIds) s.requestId.run(id, seq);
    });
  }
}
