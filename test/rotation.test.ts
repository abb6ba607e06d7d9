/**
 * The tailer against a small model: random programs of writing, rotating, cutting, deleting, compressing and
 * restarting, on real files and a real store. Whatever was written and not destroyed is stored exactly once;
 * nothing is ever stored twice. WHY403_RUNS and WHY403_SEED make it longer or repeat
 * a run, WHY403_PROGRAM (JSON, as a failure prints it) runs one program alone.
 */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Engine } from '../server/engine.ts';
import { Counters } from '../server/ingest/counters.ts';
import type { Digest } from '../server/ingest/digest.ts';
import { type PieceTask, readPiece } from '../server/ingest/piece.ts';
import type { Workers } from '../server/pool.ts';

type Operation =
  | { kind: 'write'; lines: number }
  | { kind: 'tear' } // half a line now, the rest with the next write
  | { kind: 'look' } // scan and read
  | { kind: 'glance' } // scan and one transaction, as before a kill
  | { kind: 'rename' } // access.log → .1 → .2 …, new file
  | { kind: 'rename-only' } // the new file appears late
  | { kind: 'copytruncate' }
  | { kind: 'cut' } // truncate without a copy: unread bytes are destroyed
  | { kind: 'replace' } // delete and create: inodes are reused
  | { kind: 'gzip' }
  | { kind: 'zstd' }
  | { kind: 'dated' } // renamed to a dated name
  | { kind: 'restart' };

/** More than a program can make: nothing falls off the end. */
const ROTATIONS = 40;

/** Does the work of the pool's threads in this one, a moment later, the last first. */
class AtOnce implements Workers {
  readonly size = 1;
  readonly #counters = new Counters();
  #waiting: (() => void)[] = [];
  get hasRoom(): boolean {
    return this.#waiting.length < 6;
  }
  async piece(task: PieceTask): Promise<Digest | null> {
    await new Promise<void>((done) => this.#waiting.push(done));
    return readPiece(task, new Set([403]), this.#counters);
  }
  async stretch(): Promise<never> {
    throw new Error('nothing is linked here');
  }
  clocks = this.stretch;
  async next(): Promise<void> {
    this.#waiting.pop()?.();
    await new Promise((done) => setImmediate(done));
  }
  async close(): Promise<void> {
    for (const done of this.#waiting.splice(0)) done();
    await new Promise((done) => setImmediate(done));
  }
}

class World {
  readonly directory = mkdtempSync(join(tmpdir(), 'why403-rotation-'));
  readonly logs = join(this.directory, 'logs');
  readonly log = join(this.logs, 'access.log');
  engine: Engine | null = null;
  /** Every line number ever written completely. */
  written = 0;
  /** Lines that were destroyed while they may not have been read. */
  readonly destroyed = new Set<number>();
  /** Lines in the live file that no look has seen since. */
  unseen: number[] = [];
  torn = '';
  dated = 0;
  // Near the times of modification: the end of a file counts as new only while it is.
  clock = Date.now();

  /** Read in small pieces, several ahead, as a file of gigabytes is. */
  readonly inPieces: boolean;

  constructor(inPieces: boolean) {
    this.inPieces = inPieces;
    rmSync(this.logs, { recursive: true, force: true });
    this.#mk();
    writeFileSync(this.log, '');
    this.open();
  }
  #mk(): void {
    rmSync(this.logs, { recursive: true, force: true });

    mkdirSync(this.logs);
  }
  open(): void {
    this.engine = new Engine({
      directory: join(this.directory, 'data'),
      scratch: true,
      final: false,
      paths: [this.logs],
      refusedStatus: [403],
      layers: [],
      timezone: 'UTC',
      ...(this.inPieces ? { bulkBytes: 1200, pieceBytes: 500, tailFromBytes: 1500, pool: new AtOnce() } : {}),
    });
  }
  line(n: number): string {
    const d = new Date(this.clock + n * 1000).toISOString();
    return `203.0.113.${n % 250} - - [${d.slice(8, 10)}/Jan/2027:${d.slice(11, 19)} +0000] "GET /n/${n} HTTP/1.1" ${n % 7 === 0 ? 403 : 200} ${n} "-" "model"\n`;
  }
  async look(): Promise<void> {
    // A second look later: an unfinished end of a quiet file, handles of files whose name is gone.
    for (let round = 0; round < 3; round++) {
      this.clock += 40_000;
      this.engine!.scan(false);
      do {
        while (await this.engine!.read(this.clock + round));
      } while (await this.engine!.unpack());
    }
    this.unseen = [];
  }
  shift(): void {
    for (let i = ROTATIONS - 1; i >= 1; i--) {
      for (const end of ['', '.gz', '.zst']) {
        const from = join(this.logs, `access.log.${i}${end}`);
        const to = join(this.logs, `access.log.${i + 1}${end}`);
        if (existsSync(from)) renameSync(from, to);
      }
    }
    for (const end of ['', '.gz', '.zst']) {
      const last = join(this.logs, `access.log.${ROTATIONS}${end}`);
      // Kept here, outside of what is looked at: a model has no deletion by age.
      if (existsSync(last)) renameSync(last, join(this.directory, `old-${this.dated++}`));
    }
  }
  finishTorn(): void {
    if (this.torn === '') return;
    appendFileSync(this.log, this.torn);
    this.torn = '';
    this.unseen.push(++this.written);
  }
  async apply(o: Operation): Promise<void> {
    switch (o.kind) {
      case 'write': {
        this.finishTorn();
        let text = '';
        for (let i = 0; i < o.lines; i++) {
          this.unseen.push(++this.written);
          text += this.line(this.written);
        }
        appendFileSync(this.log, text);
        return;
      }
      case 'tear': {
        this.finishTorn();
        const text = this.line(this.written + 1);
        appendFileSync(this.log, text.slice(0, 30));
        this.torn = text.slice(30);
        return;
      }
      case 'look':
        return this.look();
      case 'glance':
        this.clock += 500;
        this.engine!.scan(false);
        this.engine!.ingest.step(this.clock);
        return;
      case 'rename':
      case 'rename-only':
      case 'dated':
        this.finishTorn();
        if (!existsSync(this.log)) return;
        if (o.kind === 'dated') renameSync(this.log, join(this.logs, `access.log-2027${String(1000 + this.dated++)}`));
        else {
          this.shift();
          renameSync(this.log, join(this.logs, 'access.log.1'));
        }
        if (o.kind !== 'rename-only') writeFileSync(this.log, '');
        return;
      case 'copytruncate':
        this.finishTorn();
        if (!existsSync(this.log)) return;
        this.shift();
        copyFileSync(this.log, join(this.logs, 'access.log.1'));
        truncateSync(this.log, 0);
        return;
      case 'cut':
        this.finishTorn();
        if (!existsSync(this.log)) return;
        for (const n of this.unseen) this.destroyed.add(n);
        this.unseen = [];
        truncateSync(this.log, 0);
        return;
      case 'replace':
        this.finishTorn();
        if (!existsSync(this.log)) return;
        for (const n of this.unseen) this.destroyed.add(n);
        this.unseen = [];
        unlinkSync(this.log);
        writeFileSync(this.log, '');
        return;
      case 'gzip':
      case 'zstd': {
        const plain = join(this.logs, 'access.log.1');
        if (!existsSync(plain)) return;
        const bytes = readFileSync(plain);
        writeFileSync(
          `${plain}.${o.kind === 'gzip' ? 'gz' : 'zst'}`,
          o.kind === 'gzip' ? gzipSync(bytes) : zstdCompressSync(bytes),
        );
        unlinkSync(plain);
        return;
      }
      case 'restart':
        await this.engine!.close();
        this.open();
    }
  }
  stored(): number[] {
    const out: number[] = [];
    for (const source of this.engine!.archive.sources()) {
      for (const block of this.engine!.archive.lastBlocks(source.id, Number.MAX_SAFE_INTEGER)) {
        for (const m of Buffer.from(block.raw)
          .toString()
          .matchAll(/"GET \/n\/(\d+) HTTP\/1\.1" \d+ \d+ "-" "model"\n/g))
          out.push(Number(m[1]));
      }
    }
    return out;
  }
  async close(): Promise<void> {
    await this.engine?.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), lines: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 5, arbitrary: fc.constant<Operation>({ kind: 'look' }) },
  { weight: 3, arbitrary: fc.constant<Operation>({ kind: 'glance' }) },
  ...(
    [
      'tear',
      'rename',
      'rename',
      'rename-only',
      'copytruncate',
      'copytruncate',
      'cut',
      'replace',
      'gzip',
      'zstd',
      'dated',
      'restart',
      'restart',
    ] as const
  ).map((kind) => ({
    weight: 1,
    arbitrary: fc.constant<Operation>({ kind } as Operation),
  })),
);

const given = process.env.WHY403_PROGRAM;
const programs: fc.Arbitrary<Operation[]> = given
  ? fc.constant(JSON.parse(given) as Operation[])
  : fc.array(operation, { minLength: 3, maxLength: 30 });
const runs = Number(process.env.WHY403_RUNS ?? 150);

test.each([
  ['at once', false],
  ['in pieces', true],
])(
  `random programs of rotation, read %s: every line once (${runs} programs)`,
  { timeout: 3_600_000 },
  async (_how, inPieces) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const world = new World(inPieces);
        try {
          for (const o of program) await world.apply(o);
          if (!existsSync(world.log)) writeFileSync(world.log, '');
          world.finishTorn();
          await world.look();
          const stored = world.stored();
          expect(new Set(stored).size, 'a line is stored twice').toBe(stored.length);
          const have = new Set(stored);
          const missing: number[] = [];
          for (let n = 1; n <= world.written; n++) if (!have.has(n) && !world.destroyed.has(n)) missing.push(n);
          expect(missing, 'lines are missing').toEqual([]);
          for (const source of world.engine!.archive.sources()) {
            let line = 1;
            for (const block of world.engine!.archive.lastBlocks(source.id, Number.MAX_SAFE_INTEGER).reverse()) {
              if (source.tail === null) expect(block.firstLine, `line numbers of ${source.path}`).toBe(line);
              line += block.lines;
            }
          }
        } finally {
          await world.close();
        }
      }),
      { numRuns: runs, ...(process.env.WHY403_SEED ? { seed: Number(process.env.WHY403_SEED) } : {}) },
    );
  },
);
