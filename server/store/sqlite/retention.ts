/**
 * What is kept, and for how long: raw blocks by age and size, refusals and counters by age. Prunes a little at a
 * time so that ingest hardly waits, and gives the pages back so that the file shrinks. A source's position is
 * stored with the source, so old blocks can go without anything being read again.
 */
import { ROUTE_MINUTES_MS } from '../../limits.ts';
import { HOUR_MS, MINUTE_MS } from '../archive.ts';
import type { Db } from './database.ts';
import { RefusalWriter } from './refusals.ts';

export interface Retention {
  rawMs: number;
  rawBytes: number;
  refusalsMs: number;
  countersMs: number;
}

const DAY_MS = 86_400_000;
export const RETENTION_DEFAULT: Retention = {
  rawMs: 7 * DAY_MS,
  rawBytes: 2 * 1024 ** 3,
  refusalsMs: 90 * DAY_MS,
  countersMs: 400 * DAY_MS,
};

/** Rows of each kind deleted in one call: some milliseconds of the writer's time. */
const BLOCKS_MAX = 200;
const ROWS_MAX = 5000;
/** Pages given back in one call (4 kB each). */
const PAGES_MAX = 2000;

export interface Pruned {
  blocks: number;
  refusals: number;
  counters: number;
  pages: number;
}

/** Lines this far before a marked bucket may be needed to link it. */
const LINKED_AROUND_MS = 15 * 60_000;

/** Raw lines before this time are gone: nothing before it can be linked again. */
export const RAW_HORIZON = 'raw_horizon';

function rememberHorizon(db: Db, ms: number): void {
  db.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))',
  ).run(RAW_HORIZON, String(Math.floor(ms)));
}

/** One small step; call again while anything was pruned. `now` in ms. */
export function prune(db: Db, keep: Retention, now: number): Pruned {
  return db.transaction(() => {
    // What is still to be linked is kept, however old it is.
    const marked = (db.prepare('SELECT min(bucket) b FROM dirty').get() as { b: number | null }).b;
    const linked = marked === null ? Number.MAX_SAFE_INTEGER : marked - LINKED_AROUND_MS;
    const horizon = Math.min(now - keep.rawMs, linked);
    let blocks = db
      .prepare(
        'DELETE FROM block WHERE rowid IN (SELECT rowid FROM block WHERE time_max < ? ORDER BY time_max LIMIT ?)',
      )
      .run(horizon, BLOCKS_MAX).changes;
    if (blocks > 0) rememberHorizon(db, horizon);
    const size = (db.prepare('SELECT coalesce(sum(packed), 0) n FROM block').get() as { n: number }).n;
    if (size > keep.rawBytes) {
      let over = size - keep.rawBytes;
      const oldest = db
        .prepare('SELECT rowid id, packed, time_max till FROM block WHERE time_max < ? ORDER BY time_max LIMIT ?')
        .all(linked, BLOCKS_MAX) as { id: number; packed: number; till: number }[];
      const drop = db.prepare('DELETE FROM block WHERE rowid = ?');
      for (const block of oldest) {
        if (over <= 0) break;
        blocks += drop.run(block.id).changes;
        rememberHorizon(db, block.till);
        over -= block.packed;
      }
    }
    const old = db
      .prepare('SELECT seq, body_id body FROM refusal WHERE time < ? ORDER BY time LIMIT ?')
      .all(now - keep.refusalsMs, ROWS_MAX) as { seq: number; body: number }[];
    if (old.length > 0) new RefusalWriter(db).prune(old);
    // A problem that is long over and of which nobody said anything is forgotten.
    db.prepare(
      'DELETE FROM problem WHERE no IN (SELECT no FROM problem WHERE last < ? AND refusals = 0 AND said_at IS NULL LIMIT ?)',
    ).run(now - 2 * keep.refusalsMs, ROWS_MAX);
    const dropTotals = db.prepare(
      'DELETE FROM counter_total WHERE (step, time, source_id, host) IN (SELECT step, time, source_id, host FROM counter_total WHERE step = ? AND time < ? LIMIT ?)',
    );
    const dropRoutes = db.prepare(
      'DELETE FROM counter_route WHERE (step, time, source_id, operation_id) IN (SELECT step, time, source_id, operation_id FROM counter_route WHERE step = ? AND time < ? LIMIT ?)',
    );
    let counters = 0;
    for (const step of [MINUTE_MS, HOUR_MS]) {
      counters += dropTotals.run(step, now - keep.countersMs, ROWS_MAX).changes;
      const routesMs = step === MINUTE_MS ? Math.min(keep.countersMs, ROUTE_MINUTES_MS) : keep.countersMs;
      counters += dropRoutes.run(step, now - routesMs, ROWS_MAX).changes;
    }
    const free = db.pragma('freelist_count', { simple: true }) as number;
    const pages = Math.min(free, PAGES_MAX);
    if (pages > 0) db.pragma(`incremental_vacuum(${pages})`);
    return { blocks, refusals: old.length, counters, pages };
  })();
}
