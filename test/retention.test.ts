/** What is kept and for how long, on a real store whose file has to shrink. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { SqliteArchive } from '../server/store/sqlite/archive.ts';
import { type Db, openDatabase } from '../server/store/sqlite/database.ts';
import { prune, RETENTION_DEFAULT } from '../server/store/sqlite/retention.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 10, 24);
let directory = '';
let db: Db;

function filled(): SqliteArchive {
  directory = mkdtempSync(join(tmpdir(), 'why403-retention-'));
  db = openDatabase(directory);
  const archive = new SqliteArchive(db);
  const source = archive.addSource({ path: 'a.log', device: '1', inode: '2' } as never);
  let seed = 1;
  const noise = (): number => {
    seed = (seed * 48271) % 2147483647;
    return seed & 0xff;
  };
  for (let day = 0; day < 20; day++) {
    // Noise, so that it does not compress.
    const raw = Buffer.from(Uint8Array.from({ length: 100_000 }, noise));
    const at = now - day * DAY;
    archive.append({
      blocks: [
        {
          sourceId: source.id,
          offset: day * 100_000,
          bytes: raw.length,
          firstLine: day + 1,
          lines: 1,
          timeMinMs: at,
          timeMaxMs: at,
          reader: { dataset: 'clf', envelope: null, alternates: [], tags: [], pattern: null },
          referenceMs: at,
          packed: zstdCompressSync(raw),
        },
      ],
      counters: {
        totals: [{ stepMs: 60_000, timeMs: at, sourceId: source.id, host: '', requests: 1 }],
        routes: [60_000, 3_600_000].map((stepMs) => ({
          stepMs,
          timeMs: at,
          sourceId: source.id,
          host: '',
          route: '/',
          method: 'GET',
          status: 200,
          requests: 1,
          bytes: 1,
        })),
      },
      dirtyBuckets: [],
      sources: [],
      reached: [],
    });
  }
  return archive;
}

function pruneAll(keep = RETENTION_DEFAULT): void {
  for (let p = prune(db, keep, now); p.blocks + p.refusals + p.counters + p.pages > 0; p = prune(db, keep, now));
  db.pragma('wal_checkpoint(TRUNCATE)');
}

afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

test('raw lines go by age, counters stay, and the file shrinks', () => {
  const archive = filled();
  db.pragma('wal_checkpoint(TRUNCATE)');
  const before = statSync(join(directory, 'why403.db')).size;
  pruneAll();
  expect(archive.lastBlocks(1, Number.MAX_SAFE_INTEGER)).toHaveLength(8);
  expect((db.prepare('SELECT count(*) n FROM counter_total').get() as { n: number }).n).toBe(20);
  // Minutes of a route are for the last day, hours for as long as the rest.
  const routes = db.prepare('SELECT count(*) n FROM counter_route WHERE step = ?');
  expect(routes.get(60_000)).toEqual({ n: 2 });
  expect(routes.get(3_600_000)).toEqual({ n: 20 });
  expect(statSync(join(directory, 'why403.db')).size).toBeLessThan(before * 0.6);
});

test('raw lines go by size, the oldest first', () => {
  const archive = filled();
  pruneAll({ ...RETENTION_DEFAULT, rawMs: 1000 * DAY, rawBytes: 550_000 });
  const left = archive.lastBlocks(1, Number.MAX_SAFE_INTEGER).map((b) => b.offset / 100_000);
  expect(left.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
});

test('counters go by age', () => {
  filled();
  pruneAll({ ...RETENTION_DEFAULT, countersMs: 5 * DAY });
  expect((db.prepare('SELECT count(*) n FROM counter_total').get() as { n: number }).n).toBe(6);
});

test('raw lines that are still to be linked are kept, however old they are', () => {
  const archive = filled();
  db.prepare('INSERT INTO dirty (bucket, mark) VALUES (?, 1)').run(now - 12 * DAY);
  pruneAll();
  expect(archive.lastBlocks(1, Number.MAX_SAFE_INTEGER)).toHaveLength(13);
});
