/**
 * Rows of refusals and what hangs on them: the parts that are filtered and sorted by stand in columns, the rest of
 * those that were revised together in one compressed body. Deleting takes hops, ids and bodies that nobody needs.
 */
import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BODIES_KEPT, BODY_REFUSALS_MAX } from '../../limits.ts';
import type { Refusal } from '../../model/request.ts';
import { categoryOf } from '../../model/taxonomy.ts';
import type { Db } from './database.ts';

type Rest = Pick<Refusal, 'protocol' | 'userAgent' | 'referrer' | 'requestIds' | 'sourceId' | 'verdict' | 'chain'>;

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
  body_id: number;
  body_at: number;
}

const ZSTD = { params: { [zlib.ZSTD_c_compressionLevel]: 3 } };

/** Reads rows; the bodies used last are kept unpacked, since a page of rows mostly shares a few. */
export class RefusalReader {
  readonly #body;
  readonly #unpacked = new Map<number, Rest[]>();
  constructor(db: Db) {
    this.#body = db.prepare('SELECT packed FROM body WHERE id = ?').pluck();
  }

  read(row: RefusalRow): Refusal {
    let bodies = this.#unpacked.get(row.body_id);
    if (bodies === undefined) {
      bodies = JSON.parse(zstdDecompressSync(this.#body.get(row.body_id) as Buffer).toString()) as Rest[];
      if (this.#unpacked.size >= BODIES_KEPT) this.#unpacked.delete(this.#unpacked.keys().next().value!);
      this.#unpacked.set(row.body_id, bodies);
    }
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
      ...bodies[row.body_at]!,
    };
  }
}

/** Writes and deletes; whoever calls has the transaction. */
export class RefusalWriter {
  readonly #statements;
  constructor(db: Db) {
    this.#statements = {
      inRange: db.prepare('SELECT seq, body_id body FROM refusal WHERE time >= ? AND time < ?'),
      byId: db.prepare('SELECT seq, body_id body FROM refusal WHERE id = ?'),
      drop: db.prepare('DELETE FROM refusal WHERE seq = ?'),
      dropHops: db.prepare('DELETE FROM hop WHERE seq = ?'),
      dropIds: db.prepare('DELETE FROM request_id WHERE seq = ?'),
      bodyIsUsed: db.prepare('SELECT 1 FROM refusal WHERE body_id = ? LIMIT 1').pluck(),
      dropBody: db.prepare('DELETE FROM body WHERE id = ?'),
      body: db.prepare('INSERT INTO body (packed) VALUES (?)'),
      insert: db.prepare(
        'INSERT INTO refusal (id, time, client, method, host, path, query, route, status, user, layer, source, cause, category, certainty, confidence, rule, body_id, body_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
      ),
      hop: db.prepare('INSERT OR IGNORE INTO hop (source_id, line, seq) VALUES (?,?,?)'),
      requestId: db.prepare('INSERT OR IGNORE INTO request_id (request_id, seq) VALUES (?,?)'),
    };
  }

  dropRange(fromMs: number, toMs: number): void {
    this.drop(this.#statements.inRange.all(fromMs, toMs) as { seq: number; body: number }[]);
  }

  drop(rows: { seq: number; body: number }[]): void {
    const s = this.#statements;
    const bodies = new Set<number>();
    for (const { seq, body } of rows) {
      s.dropHops.run(seq);
      s.dropIds.run(seq);
      s.drop.run(seq);
      bodies.add(body);
    }
    for (const body of bodies) if (s.bodyIsUsed.get(body) === undefined) s.dropBody.run(body);
  }

  insert(refusals: readonly Refusal[]): void {
    for (let from = 0; from < refusals.length; from += BODY_REFUSALS_MAX)
      this.#insert(refusals.slice(from, from + BODY_REFUSALS_MAX));
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
        verdict: r.verdict,
        chain: r.chain,
      }),
    );
    const body = Number(s.body.run(zstdCompressSync(JSON.stringify(rests), ZSTD)).lastInsertRowid);
    refusals.forEach((r, at) => {
      // Moved here from another time: a clock was learned.
      const before = s.byId.get(r.id) as { seq: number; body: number } | undefined;
      if (before !== undefined) this.drop([before]);
      const v = r.verdict;
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
          v.decidingPath,
          v.cause,
          categoryOf(v.cause),
          v.certainty,
          v.confidence,
          v.rule,
          body,
          at,
        ).lastInsertRowid,
      );
      for (const h of r.chain) for (let i = 0; i < h.lines; i++) s.hop.run(h.sourceId, h.line + i, seq);
      for (const id of r.requestIds) s.requestId.run(id, seq);
    });
  }
}
