/**
 * Puts the stages together over one store: ingest, then clocks, then correlation, then alerts. One engine
 * writes; whoever asks has connections of their own. `runToEnd` is for reports, `tick` for following.
 */
import { join } from 'node:path';
import { zoneOffsetMs } from './config.ts';
import { Correlator } from './correlate.ts';
import { isMeant, type LogSetting } from './ingest/given.ts';
import { Ingest } from './ingest/ingest.ts';
import { BULK_BYTES, PIECE_BYTES, TAIL_FROM_BYTES } from './limits.ts';
import type { Layer } from './model/taxonomy.ts';
import { Pool, type Workers } from './pool.ts';
import { SqliteArchive } from './store/sqlite/archive.ts';
import { type Db, openDatabase } from './store/sqlite/database.ts';
import { SqliteLedger } from './store/sqlite/ledger.ts';
import { lockDirectory } from './store/sqlite/lock.ts';
import { SqliteQuestions } from './store/sqlite/questions.ts';

export interface EngineOptions {
  directory: string;
  scratch: boolean;
  final: boolean;
  paths: string[];
  refusedStatus: number[];
  layers: { layer: Layer; pattern: string }[];
  /** What the user or a configuration says about single logs. */
  logs?: LogSetting[];
  /** Files and globs besides `paths` that need not exist yet. */
  follows?: string[];
  timezone: string | null;
  /** Threads that read and link in bulk; 0 = as many as there are processors, bounded. */
  threads?: number;
  /** Not more than this is read; absent or null = as fast as it can. */
  bytesPerSecondMax?: number | null;
  /** For tests: when reading in bulk begins, and in pieces of what size. */
  bulkBytes?: number;
  pieceBytes?: number;
  tailFromBytes?: number;
  /** For tests: instead of threads. */
  pool?: Workers;
}

export interface Progress {
  state: 'starting' | 'history' | 'following' | 'failed';
  bytesRead: number;
  bytesTotal: number;
  linesRead: number;
  linesPerSecond: number;
  bytesPerSecond: number;
  secondsLeft: number | null;
}

/** Clocks are learned again after this many new lines, and then ever more rarely. */
const LEARN_AFTER_LINES = 2000;

/** A log with fewer lines teaches nothing about its clock. */
const COMPARABLE_LINES = 10;

/** A look at whether more may be read, where the rate is limited. */
const THROTTLED_MS = 50;

/** A look at what was written, while the pool explains crowded time. */
const OUT_WAIT_MS = 50;

/** Time for correlation in one round, when there is nothing to read and beside reading. */
const LINK_MS = 250;
const LINK_BESIDE_MS = 20;

export class Engine {
  readonly db: Db;
  readonly archive: SqliteArchive;
  readonly ledger: SqliteLedger;
  readonly questions: SqliteQuestions;
  readonly ingest: Ingest;
  readonly #correlator: Correlator;
  readonly #pool: Workers;
  readonly #final: boolean;
  readonly #unlock: () => void;
  #learnAt = LEARN_AFTER_LINES;
  /** Logs that could be compared when clocks were last learned. */
  #learnedFrom = 0;
  #caughtUp = false;
  #rate = { lines: 0, bytes: 0, sinceMs: 0, linesPerSecond: 0, bytesPerSecond: 0 };

  constructor(options: EngineOptions) {
    this.db = openDatabase(options.directory, { scratch: options.scratch });
    try {
      this.#unlock = lockDirectory(options.directory);
    } catch (error) {
      this.db.close();
      throw error;
    }
    this.archive = new SqliteArchive(this.db);
    this.ledger = new SqliteLedger(this.db);
    this.questions = new SqliteQuestions(this.db);
    this.#final = options.final;
    const refusedStatus = new Set(options.refusedStatus);
    this.ingest = new Ingest(this.archive, {
      paths: options.paths,
      refusedStatus,
      layers: [
        ...options.layers,
        ...(options.logs ?? []).flatMap((l) => (l.layer === null ? [] : [{ layer: l.layer, pattern: l.path }])),
      ].map((l) => ({ layer: l.layer, matches: (p) => isMeant(p, l.pattern) })),
      logs: options.logs ?? [],
      follows: options.follows ?? [],
      zoneOf: zoneOffsetMs,
      zoneOffsetMs: (at) => zoneOffsetMs(options.timezone, at),
      zoneName: options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      zoneGiven: options.timezone !== null,
      final: options.final,
      spoolDirectory: join(options.directory, 'spool'),
      bulkBytes: options.bulkBytes ?? BULK_BYTES,
      pieceBytes: options.pieceBytes ?? PIECE_BYTES,
      tailFromBytes: options.tailFromBytes ?? TAIL_FROM_BYTES,
      bytesPerSecondMax: options.bytesPerSecondMax ?? null,
    });
    this.#pool =
      options.pool ?? new Pool({ refusedStatus: options.refusedStatus, directory: options.directory }, options.threads);
    this.#correlator = new Correlator(this.archive, this.ledger, { refusedStatus });
  }

  /** Reads everything that is there and says why. `onProgress` is called between transactions. */
  async runToEnd(onProgress: (p: Progress) => void): Promise<void> {
    this.ingest.scan(true);
    do {
      while (await this.read(Date.now())) onProgress(this.progress(Date.now()));
    } while (await this.ingest.unpack());
    this.#caughtUp = true;
    // A log that was moved by hours may share more with another now.
    if (await this.#clocks()) await this.#clocks();
    for (;;) {
      const linked = await this.#link(Number.POSITIVE_INFINITY, () => onProgress(this.progress(Date.now())));
      const crowd = this.#correlator.crowd(this.ingest.sources(), this.#pool, true);
      if (!linked && crowd.written === 0 && crowd.out === 0) break;
      if (crowd.out > 0) await this.#pool.next();
      onProgress(this.progress(Date.now()));
    }
  }

  /** One transaction, or what the pool brings next; false = nothing is new. */
  async read(now: number): Promise<boolean> {
    const inWork = this.ingest.dispatch(this.#pool, now);
    if (this.ingest.step(now) > 0) {
      // Answers of the pool arrive between rounds.
      if (inWork) await new Promise((done) => setImmediate(done));
      return true;
    }
    if (inWork) await this.#pool.next();
    else if (this.ingest.isThrottled(now)) {
      await new Promise((done) => setTimeout(done, THROTTLED_MS));
      return true;
    }
    return inWork;
  }

  /** One round of following; returns whether anything was done. */
  async tick(now: number): Promise<boolean> {
    const reading = await this.read(now);
    if (!reading) {
      this.#caughtUp = true;
      // A log that came late: its clock and zone are not known from what was learned before it was there.
      if (this.#learnedFrom > 0 && this.#telling() > this.#learnedFrom) await this.#clocks();
    } else if (this.ingest.linesRead >= this.#learnAt) {
      this.#learnAt = Math.ceil(this.ingest.linesRead * 1.5);
      await this.#clocks();
    }
    // Before crowded time is said to be complete.
    if (this.#correlator.hasCrowds) this.ingest.measure();
    const crowd = this.#correlator.crowd(this.ingest.sources(), this.#pool, false);
    // While history is read, the newest verdicts get a small share of the time, so that the page is not empty.
    const linked = reading
      ? this.#correlator.step(this.ingest.sources(), LINK_BESIDE_MS) > 0
      : await this.#link(LINK_MS, () => {});
    const busy = reading || linked || crowd.written > 0;
    // Nothing else to do: until the pool has an answer, or something may be written.
    if (!busy && crowd.out > 0)
      await Promise.race([this.#pool.next(), new Promise((done) => setTimeout(done, OUT_WAIT_MS))]);
    return busy || crowd.out > 0;
  }

  /** In threads where there is much to do; in this one a first stretch is explained before a thread has started. */
  async #link(budgetMs: number, onStretch: () => void): Promise<boolean> {
    const sources = this.ingest.sources();
    const done = this.#correlator.isBulk
      ? await this.#correlator.stepBulk(sources, this.#pool, performance.now() + budgetMs, onStretch)
      : this.#correlator.step(sources, Math.min(budgetMs, LINK_MS));
    return done > 0;
  }

  /** A compressed rotation is unpacked between rounds; false = there is none. */
  async unpack(): Promise<boolean> {
    return await this.ingest.unpack();
  }

  scan(strict: boolean): void {
    this.ingest.scan(strict);
  }

  /** After the first look at everything: zones, then what shared requests tell. */
  async learnClocks(): Promise<void> {
    await this.#clocks();
  }

  /** Logs that have told enough to be compared. */
  #telling(): number {
    let n = 0;
    for (const s of this.ingest.sources()) if (s.parsed >= COMPARABLE_LINES) n++;
    return n;
  }

  /** Returns whether any was moved. */
  async #clocks(): Promise<boolean> {
    this.#learnedFrom = this.#telling();
    let changed = false;
    const before = new Map(this.ingest.sources().map((s) => [s.id, s.clockOffsetMs]));
    for (const source of this.ingest.sources()) if (this.ingest.applyZone(source)) changed = true;
    for (const source of await this.#correlator.learn(this.ingest.sources(), this.#pool)) {
      this.ingest.save(source);
      changed = true;
    }
    if (!changed) return false;
    this.#correlator.again();
    // Their lines are now that much earlier or later than what was marked for them.
    const moved = this.ingest.sources().map((s) => s.clockOffsetMs - (before.get(s.id) ?? 0));
    this.ledger.markAllDirty([...new Set(moved)].filter((ms) => ms !== 0));
    return true;
  }

  progress(now: number): Progress {
    const rate = this.#rate;
    if (rate.sinceMs === 0) rate.sinceMs = now;
    const elapsed = (now - rate.sinceMs) / 1000;
    if (elapsed >= 1) {
      rate.linesPerSecond = (this.ingest.linesRead - rate.lines) / elapsed;
      rate.bytesPerSecond = (this.ingest.bytesRead - rate.bytes) / elapsed;
      rate.lines = this.ingest.linesRead;
      rate.bytes = this.ingest.bytesRead;
      rate.sinceMs = now;
    }
    const total = this.ingest.bytesTotal;
    const stored = this.ingest.bytesStored;
    return {
      state: this.#caughtUp ? 'following' : 'history',
      bytesRead: stored,
      bytesTotal: total,
      linesRead: this.ingest.linesRead,
      linesPerSecond: Math.round(rate.linesPerSecond),
      bytesPerSecond: Math.round(rate.bytesPerSecond),
      secondsLeft:
        this.#caughtUp || rate.bytesPerSecond <= 0 ? null : Math.ceil((total - stored) / rate.bytesPerSecond),
    };
  }

  get final(): boolean {
    return this.#final;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    this.ingest.close();
    this.db.close();
    this.#unlock();
  }
}
