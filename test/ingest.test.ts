/** Reading under trouble: a full disk, a foreign lock, a second engine, odd bytes, a silent log, a limited rate. Real files, real SQLite. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { complain } from '../server/cli/scratch.ts';
import { Engine, type EngineOptions } from '../server/engine.ts';
import { Counters } from '../server/ingest/counters.ts';
import { readPiece } from '../server/ingest/piece.ts';
import type { Source } from '../server/model/line.ts';
import type { Workers } from '../server/pool.ts';

let directory = '';
let log = '';
let engine: Engine | null = null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'why403-ingest-'));
  mkdirSync(join(directory, 'logs'));
  log = join(directory, 'logs', 'access.log');
});
afterEach(async () => {
  await engine?.close();
  engine = null;
  rmSync(directory, { recursive: true, force: true });
});

const open = (more: Partial<EngineOptions> = {}): Engine => {
  engine = new Engine({
    directory: join(directory, 'data'),
    scratch: false,
    final: false,
    paths: [join(directory, 'logs')],
    refusedStatus: [403],
    layers: [],
    timezone: 'UTC',
    ...more,
  });
  return engine;
};
const line = (n: number, agent = 'test'): string =>
  `203.0.113.${n % 250} - - [22/Nov/2026:10:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} +0000] "GET /n/${n}?${'x'.repeat(n % 40)} HTTP/1.1" ${n % 9 === 0 ? 403 : 200} ${n} "-" "${agent}"\n`;
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i)).join('');

async function readAll(e: Engine, now = Date.now()): Promise<Source> {
  e.scan(false);
  while (await e.read(now));
  return e.ingest.sources()[0]!;
}

/** Numbers of the stored lines. */
function stored(e: Engine): number[] {
  return e.archive
    .sources()
    .flatMap((s) => e.archive.lastBlocks(s.id, Number.MAX_SAFE_INTEGER).reverse())
    .flatMap((b) =>
      [
        ...Buffer.from(b.raw)
          .toString('latin1')
          .matchAll(/"GET \/n\/(\d+)/g),
      ].map((m) => Number(m[1])),
    );
}

test.each([
  ['at once', {}],
  ['in pieces by threads', { bulkBytes: 400_000, pieceBytes: 100_000 }],
])(
  'a full disk stops reading %s with an error, and nothing is lost or doubled when there is room again',
  async (_how, options) => {
    writeFileSync(log, lines(0, 20_000));
    const e = open(options);
    const pages = e.db.pragma('page_count', { simple: true }) as number;
    e.db.pragma(`max_page_count = ${pages + 12}`);
    e.scan(false);
    await expect(
      (async () => {
        while (await e.read(Date.now()));
      })(),
    ).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    expect(stored(e).length).toBeLessThan(20_000);
    e.db.pragma('max_page_count = 1000000');
    await readAll(e);
    expect(stored(e)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
    expect(e.questions.requestSeries({ sinceMs: null, untilMs: null, where: [] }, 3_600_000)).toMatchObject([
      { requests: 20_000 },
    ]);
  },
);

test('a store that another program has locked is waited for', async () => {
  writeFileSync(log, lines(0, 500));
  const e = open();
  e.db.pragma('busy_timeout = 50');
  const other = new Database(join(directory, 'data', 'why403.db'));
  other.exec('BEGIN IMMEDIATE');
  expect(() => e.scan(false)).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));
  other.exec('ROLLBACK');
  other.close();
  expect((await readAll(e)).lines).toBe(500);
  expect(stored(e)).toHaveLength(500);
});

test('a second engine on the same store is refused in words', () => {
  open();
  expect(
    () =>
      new Engine({
        directory: join(directory, 'data'),
        scratch: false,
        final: false,
        paths: [],
        refusedStatus: [403],
        layers: [],
        timezone: null,
      }),
  ).toThrow(/already|another|in use/i);
});

test('CRLF, a byte order mark, NUL bytes, invalid UTF-8 and a torn end are counted and kept', async () => {
  const odd = Buffer.concat([
    Buffer.from('\ufeff'),
    Buffer.from(lines(0, 10).replaceAll('\n', '\r\n')),
    Buffer.alloc(5000), // the hole that copytruncate leaves
    Buffer.from(`\n${line(10)}`),
    Buffer.from(line(11, 'Z\u00fcrich')),
    Buffer.from(line(12, '\u00ff\u00fe broken'), 'latin1'),
    Buffer.from('this is no access line\n'),
    Buffer.from(line(13).slice(0, 40)),
  ]);
  writeFileSync(log, odd);
  const e = open();
  const source = await readAll(e, 1_000_000);
  expect(source).toMatchObject({ parsed: 13, unparsed: 1 });
  expect(source.samples).toMatchObject([{ text: 'this is no access line' }]);
  expect(stored(e)).toEqual(Array.from({ length: 13 }, (_, i) => i));
  // The end of a line that was torn makes it whole.
  appendFileSync(log, line(13).slice(40));
  expect(await readAll(e, 1_000_100)).toMatchObject({ parsed: 14, unparsed: 1 });
});

test('a log that falls silent is said to be, until it is written again', async () => {
  writeFileSync(log, lines(0, 300));
  const e = open();
  let now = 1_000_000_000;
  await readAll(e, now);
  for (let i = 0; i < 5; i++) {
    now += 2000;
    appendFileSync(log, line(300 + i));
    await readAll(e, now);
  }
  e.ingest.findSilent(now + 60_000);
  expect(e.ingest.sources()[0]!.state).toBe('following');
  e.ingest.findSilent(now + 15 * 60_000);
  expect(e.ingest.sources()[0]).toMatchObject({ state: 'silent' });
  expect(e.ingest.sources()[0]!.advice).toContain('15 minutes');
  appendFileSync(log, line(305));
  expect(await readAll(e, now + 16 * 60_000)).toMatchObject({ state: 'following', advice: null });
});

test('the rate of reading is kept', async () => {
  const text = lines(0, 30_000);
  writeFileSync(log, text);
  const e = open({ bytesPerSecondMax: 1_500_000 });
  e.scan(false);
  let now = 5_000_000;
  const began = now;
  while (e.ingest.sources()[0]!.position < text.length) {
    e.ingest.step(now);
    now += 100;
    const allowed = ((now - began) / 1000 + 1) * 1_500_000 + 1024 * 1024;
    expect(e.ingest.sources()[0]!.position).toBeLessThanOrEqual(allowed);
  }
  expect(now - began).toBeGreaterThan((text.length / 1_500_000 - 2) * 1000);
  expect(stored(e)).toHaveLength(30_000);
});

test('lines in the end of a large file get their numbers when what lies before it is read', async () => {
  writeFileSync(log, lines(0, 3000));
  const e = open({ tailFromBytes: 100_000, bulkBytes: 1e12 });
  e.scan(false);
  await e.read(Date.now());
  const first = e.ingest.sources()[0]!;
  expect(first.tail).not.toBeNull();
  // The newest line is stored although most of the file is not.
  expect(stored(e)).toContain(2999);
  expect(stored(e)).not.toContain(0);
  const source = await readAll(e);
  expect(source).toMatchObject({ tail: null, lines: 3000, position: source.sizeBytes, parsed: 3000 });
  expect(e.archive.blockAtLine(source.id, 2990)).toMatchObject({ sourceId: source.id });
  expect([...stored(e)].sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
});

/** A pool whose one thread reads pieces by `piece`, and does nothing else. */
const readingBy = (piece: Workers['piece']): Workers => ({
  size: 1,
  hasRoom: true,
  next: async () => {},
  close: async () => {},
  stretch: () => Promise.reject(new Error('not asked')),
  clocks: () => Promise.reject(new Error('not asked')),
  piece,
});

test('a file that is written over while it is read in pieces: pieces that do not fit together are read again', async () => {
  const text = lines(0, 3000);
  writeFileSync(log, text);
  const pieceBytes = 50_000;
  // The line that crosses the border of the second piece; its rest is to become a line of its own.
  const end = text.indexOf('\n', pieceBytes);
  const early = pieceBytes + 5;
  expect(early).toBeLessThan(end - 5);
  let pieces = 0;
  const pool = readingBy(async (task) => {
    if (pieces++ === 1) {
      const fd = openSync(log, 'r+');
      writeSync(fd, '\n', early);
      closeSync(fd);
    }
    return readPiece(task, new Set([403]), new Counters());
  });
  const e = open({ pool, bulkBytes: 2 * pieceBytes, pieceBytes, tailFromBytes: 1e9 });
  const s = await readAll(e);
  expect(pieces).toBeGreaterThan(2);
  // Every byte is stored once, whichever of its two meanings it was read in.
  let at = 0;
  for (const b of e.archive.lastBlocks(s.id, Number.MAX_SAFE_INTEGER).reverse()) {
    expect(b.offset).toBe(at);
    at += b.bytes;
  }
  expect(at).toBe(text.length);
  expect(s.position).toBe(text.length);
  expect(s.lines).toBe(3000);
});

test('a file that is copied and cut before its beginning was kept in mind: its copy holds nothing that was read', async () => {
  writeFileSync(log, lines(0, 3000));
  let pieces = 0;
  const pool = readingBy(async (task) => {
    const d = readPiece(task, new Set([403]), new Counters());
    if (pieces++ === 0) {
      copyFileSync(log, `${log}.1`);
      truncateSync(log, 0);
    }
    return d;
  });
  const e = open({ pool, bulkBytes: 100_000, pieceBytes: 50_000, tailFromBytes: 1e9 });
  await readAll(e);
  appendFileSync(log, lines(3000, 3100));
  await readAll(e);
  await readAll(e);
  expect(stored(e).sort((a, b) => a - b)).toEqual(Array.from({ length: 3100 }, (_, i) => i));
});

test('of compressed rotations only the damaged one is complained of', async () => {
  writeFileSync(`${log}.1.gz`, gzipSync(lines(0, 300)));
  const whole = gzipSync(lines(300, 600));
  writeFileSync(`${log}.2.gz`, whole.subarray(0, whole.length - 400));
  const e = open({ scratch: true, final: true });
  await e.runToEnd(() => {});
  expect(complain(e, [log])).toEqual([`${log}.2.gz: its compressed data is damaged; what could be unpacked was read`]);
});
