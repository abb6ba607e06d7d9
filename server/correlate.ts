/**
 * The fold from stored blocks to refusals: takes the event-time buckets in which something new stands, has the
 * stretches around them explained (`stretch.ts`), and replaces what was said about those buckets before. The dirty
 * marks are its durable cursor: they are cleared in the transaction that writes the answer, so a kill anywhere
 * leaves either the old answer with its mark or the new one.
 */
import { type Cells, CROWD_REFUSALS, Crowds } from './crowds.ts';
import { BUCKET_MS, SEGMENT_RECORDS, SLACK_MS } from './limits.ts';
import type { ClockFinding } from './link/clocks.ts';
import { type Source, storedBytes } from './model/line.ts';
import type { Archive } from './store/archive.ts';
import type { Bundle } from './store/bundle.ts';
import type { Ledger } from './store/ledger.ts';
import {
  type ClockTask,
  compareClocks,
  explainStretch,
  isBanLog,
  Looks,
  type Stretch,
  type StretchAnswer,
} from './stretch.ts';

/** Buckets looked at in one go; the rest waits for the next call. */
const BUCKETS_MAX = 5000;
/** Two dirty buckets closer than this are one stretch: each stretch looks at its past anyway (PAST_MS). */
const GAP_BUCKETS = 60;
/** Bytes of each source's end that its clock is learned from. */
const CLOCK_SAMPLE_BYTES = 1024 * 1024;
/** And of all of them together, so that a thousand logs do not hold up reading. */
const CLOCK_SAMPLES_BYTES = 16 * 1024 * 1024;
const CLOCK_SAMPLE_BYTES_MIN = 64 * 1024;
/** Contrast wants company: a quiet stretch is looked at with this much of its past, and of what came after it. */
const PAST_MS = 10 * 60_000;
const PAST_RECORDS = 20_000;
/** In the first and in every so many stretches all lines are linked, to learn who stands behind whom. */
const WHOLE_FIRST = 2;
const WHOLE_EVERY = 64;
/** A bucket with more lines is explained cell by cell (`crowds.ts`), looking about less far. */
const DENSE_RECORDS = 60_000;
/** One that is being written and will have as many by the last second of it: not before it has so many. */
const CROWD_RECORDS_MIN = 4000;
/** And the next of a crowd, if it begins with so many. */
const CROWD_NEXT_RECORDS = 500;
/** A cell with more lines is explained in slices, or it would not fit into memory. */
const CELL_RECORDS = 60_000;
/** Lines that are explained by the pool at one time, in slices of crowded time. About 5 kB each. */
const OUT_RECORDS = 60_000;
/** Lines on each side of a stretch that are looked at: of a crowd that lies there only the nearest. */
const AROUND_RECORDS = 60_000;
const AROUND_CROWD_RECORDS = 6000;
const AROUND_MS_MIN = 50;
/** Of what lies around a crowded cell at least this: a clock of whole seconds says it up to a second before or after. */
const CELL_AROUND_MS_MIN = 1000;
/** Buckets that are remembered to be full of refusals; without it one is explained whole once more. */
const REFUSING_KEPT = 10_000;
/** Fewer marked buckets than this are worth no second thread. */
const PARTS_BUCKETS_MIN = 20;

export interface CorrelateOptions {
  refusedStatus: ReadonlySet<number>;
}

/** Samples up to this are compared in the engine's own thread. */
const CLOCKS_HERE_BYTES = 1024 * 1024;

/** Who explains stretches and compares clocks in threads of their own. */
export interface Explainer {
  readonly size: number;
  stretch(task: Stretch, lane?: number): Promise<StretchAnswer>;
  clocks(task: ClockTask): Promise<ClockFinding[]>;
}

type Mark = { bucket: number; mark: number };

interface Planned {
  stretch: Stretch;
  done: Mark[];
}

/** A slice of a crowded cell. */
interface Slice {
  stretch: Stretch;
  cells: Cells;
  isLast: boolean;
  lines: number;
}

export class Correlator {
  readonly #archive: Archive;
  readonly #ledger: Ledger;
  readonly #options: CorrelateOptions;
  readonly #looks = new Looks();
  /** source → share of its access lines that an outer log has. */
  readonly #withOuter = new Map<number, number>();
  #stretches = 0;
  readonly #crowds: Crowds;
  /** Buckets in which so much was refused that they are crowded when something new stands there. */
  readonly #refusing = new Set<number>();
  /** Of crowded cells: to be given out, answered, and how many lines are out. */
  readonly #slices: Slice[] = [];
  readonly #answered: { slice: Slice; answer: StretchAnswer | Error }[] = [];
  #slicesOut = 0;
  #linesOut = 0;

  constructor(archive: Archive, ledger: Ledger, options: CorrelateOptions) {
    this.#archive = archive;
    this.#ledger = ledger;
    this.#options = options;
    this.#crowds = new Crowds(archive);
  }

  /**
   * Learns clocks and zones from the newest lines of every source. Returns the sources whose offset changed;
   * their owner saves them.
   */
  async learn(sources: Source[], pool: Pick<Explainer, 'clocks'>): Promise<Source[]> {
    const readable = sources.filter((s) => s.reader !== null && s.parsed > 0);
    // Rotations of one stream come from one clock: its newest file speaks for all of them.
    const newest = new Map<string, Source>();
    for (const s of readable) {
      const known = newest.get(s.stream);
      if (!known || (s.newestEventMs ?? 0) > (known.newestEventMs ?? 0)) newest.set(s.stream, s);
    }
    // Nobody to compare with.
    if (newest.size < 2) return [];
    const bytesEach = Math.max(
      CLOCK_SAMPLE_BYTES_MIN,
      Math.min(CLOCK_SAMPLE_BYTES, CLOCK_SAMPLES_BYTES / Math.max(1, newest.size)),
    );
    const task: ClockTask = {
      bytesEach,
      sources: [...newest.values()].map((s) => ({
        id: s.id,
        path: s.path,
        dataset: s.reader!.dataset,
        layer: s.layer,
      })),
    };
    let stored = 0;
    for (const s of newest.values()) stored += Math.min(bytesEach, storedBytes(s));
    // A thread's heap is given back; the engine's would stay as large as its largest sample.
    const found = stored < CLOCKS_HERE_BYTES ? compareClocks(task, this.#archive) : await pool.clocks(task);
    const changed: Source[] = [];
    const findings = found.flatMap((finding) => {
      const { stream } = readable.find((s) => s.id === finding.sourceId)!;
      return readable.filter((s) => s.stream === stream).map((source) => ({ finding, source }));
    });
    for (const { finding, source } of findings) {
      const isGiven = source.clockFrom.endsWith('(given)');
      if (isGiven || Math.abs(source.clockOffsetMs - finding.offsetMs) < 500) continue;
      source.clockOffsetMs = finding.offsetMs;
      source.clockFrom =
        finding.offsetMs === 0
          ? 'as logged, confirmed'
          : `learned from ${finding.support} requests shared with ${finding.againstPath}`;
      changed.push(source);
    }
    return changed;
  }

  /**
   * Links what is dirty, the newest first, in this thread, until `budgetMs` are spent (at least one stretch).
   * Returns the number of stretches done; 0 = all is clean.
   */
  step(sources: Source[], budgetMs: number): number {
    const end = performance.now() + budgetMs;
    const readable = sources.filter((s) => s.reader !== null);
    const { dirty, density } = this.#ordinary(readable);
    let done = 0;
    while (dirty.length > 0) {
      const next = this.#next(dirty, readable, density);
      this.#commit(next, explainStretch(next.stretch, this.#archive, this.#looks, this.#options.refusedStatus));
      done++;
      if (performance.now() >= end) break;
    }
    return done;
  }

  /**
   * Crowded time: writes what the pool has answered and gives out as many slices as may be in work, the newest
   * complete ones first. `isFinal`: nothing more is written to the logs. Returns what was written and is out.
   */
  crowd(sources: Source[], pool: Explainer, isFinal: boolean): { written: number; out: number } {
    if (this.#crowds.size === 0) return { written: 0, out: 0 };
    const now = Date.now();
    const readable = sources.filter((s) => s.reader !== null);
    const dirty = this.#dirty();
    this.#crowds.follow(dirty, sources, now);
    let written = 0;
    for (let next = this.#answered.shift(); next !== undefined; next = this.#answered.shift()) {
      const { slice, answer } = next;
      const last = slice.isLast ? this.#crowds.lastOf(slice.cells) : null;
      try {
        if (answer instanceof Error) throw answer;
        this.#commit({ stretch: slice.stretch, done: last === null ? [] : [last] }, answer);
        this.#crowds.written(slice.cells, answer.refusals.refusals);
      } catch (error) {
        // Some slices of its cell may be written: they are written again.
        this.#crowds.back(slice.cells);
        throw error;
      }
      if (slice.isLast) this.#crowds.done(slice.cells);
      written++;
    }
    const idle = this.#crowds.idle(dirty);
    if (idle.length > 0) this.#ledger.forget(idle);
    let densities: Map<number, Density> | null = null;
    while (this.#slicesOut === 0 || this.#linesOut < OUT_RECORDS) {
      if (this.#slices.length === 0) {
        const cells = this.#crowds.next(sources, now, isFinal, (bucket, fromMs, toMs) => {
          densities ??= new Map();
          let density = densities.get(bucket);
          if (density === undefined) {
            density = new Density(this.#archive, readable, bucket, bucket + BUCKET_MS);
            densities.set(bucket, density);
          }
          return density.between(fromMs, toMs) <= SEGMENT_RECORDS;
        });
        if (cells === null) break;
        this.#slices.push(...this.#slicesOf(cells, readable));
      }
      const { lines } = this.#slices[0]!;
      if (this.#slicesOut > 0 && this.#linesOut + lines > OUT_RECORDS) break;
      this.#giveOut(this.#slices.shift()!, pool);
    }
    return { written, out: this.#slicesOut };
  }

  get hasCrowds(): boolean {
    return this.#crowds.size > 0;
  }

  /** What was said is said anew: clocks were learned. */
  again(): void {
    this.#crowds.clear();
    this.#refusing.clear();
  }

  #giveOut(slice: Slice, pool: Explainer): void {
    this.#slicesOut++;
    this.#linesOut += slice.lines;
    // Cells of one bucket share what was looked at.
    const lane = Math.floor(slice.cells.bucket / BUCKET_MS) % pool.size;
    const answered = (answer: StretchAnswer | Error): void => {
      this.#slicesOut--;
      this.#linesOut -= slice.lines;
      this.#answered.push({ slice, answer });
    };
    this.#explained(pool, slice.stretch, lane).then(answered, answered);
  }

  #slicesOf(cells: Cells, readable: Source[]): Slice[] {
    const density = new Density(this.#archive, readable, cells.fromMs - SLACK_MS, cells.toMs + SLACK_MS);
    const lines = density.between(cells.fromMs, cells.toMs);
    const n = Math.max(1, Math.ceil(lines / CELL_RECORDS));
    const step = Math.ceil((cells.toMs - cells.fromMs) / n);
    const slices: Slice[] = [];
    for (let from = cells.fromMs; from < cells.toMs; from += step) {
      const to = Math.min(cells.toMs, from + step);
      let around = aroundOf(density, from, to, AROUND_CROWD_RECORDS, CELL_AROUND_MS_MIN);
      // One log alone has nothing to be linked with beyond the slice.
      if (readable.length === 1) around = { beforeMs: 0, afterMs: 0 };
      const stretch = {
        ...this.#stretch(readable, from, to, around.beforeMs, around.afterMs, false),
        isCrowded: true,
      };
      slices.push({ stretch, cells, isLast: to === cells.toMs, lines: Math.ceil(lines / n) });
    }
    return slices;
  }

  /** Is there enough to link for several threads? */
  get isBulk(): boolean {
    return this.#ledger.dirty(PARTS_BUCKETS_MIN + 1).length > PARTS_BUCKETS_MIN;
  }

  /**
   * The same with the pool: every thread goes back through a part of the time of its own, so that stretches side by
   * side share what was looked at. Ends when all that was dirty is done, or at `untilMs` (performance.now).
   */
  async stepBulk(sources: Source[], pool: Explainer, untilMs: number, onStretch: () => void): Promise<number> {
    const readable = sources.filter((s) => s.reader !== null);
    let done = 0;
    // What stands behind whom is learned once before several threads rely on it.
    const { dirty, density } = this.#ordinary(readable);
    if (this.#withOuter.size === 0 && dirty.length > 0) {
      const first = this.#next(dirty, readable, density);
      this.#commit(first, await this.#explained(pool, first.stretch));
      done++;
    }
    const parts: Mark[][] = [];
    const each = Math.ceil(dirty.length / pool.size);
    while (dirty.length > 0) parts.push(dirty.splice(0, each));
    await Promise.all(
      parts.map(async (part, lane) => {
        // The thread has its next stretch while the answer to the last one is written.
        const out: { plan: Planned; answer: Promise<StretchAnswer> }[] = [];
        for (;;) {
          const plan = part.length > 0 && performance.now() < untilMs ? this.#next(part, readable, density) : null;
          if (plan !== null) {
            const answer = this.#explained(pool, plan.stretch, lane);
            // Asked for below; not if what came before it could not be written.
            answer.catch(() => {});
            out.push({ plan, answer });
          }
          if (out.length === 0) break;
          if (plan !== null && out.length < 2) continue;
          const first = out.shift()!;
          this.#commit(first.plan, await first.answer);
          done++;
          onStretch();
        }
      }),
    );
    return done;
  }

  /** A thread that ended (out of memory) is no reason to stop: what it had to do is done here. */
  async #explained(pool: Explainer, stretch: Stretch, lane?: number): Promise<StretchAnswer> {
    return await pool
      .stretch(stretch, lane)
      .catch(() => explainStretch(stretch, this.#archive, new Looks(), this.#options.refusedStatus));
  }

  /** Marked buckets whose lines are still kept; where they are not, what was said about them stands. */
  #dirty(): Mark[] {
    const dirty = this.#ledger.dirty(BUCKETS_MAX);
    const horizon = this.#ledger.rawHorizonMs();
    const lost = dirty.filter((d) => d.bucket <= horizon);
    if (lost.length === 0) return dirty;
    this.#ledger.forget(lost);
    return dirty.filter((d) => d.bucket > horizon);
  }

  /** What is marked and not crowded. */
  #ordinary(readable: Source[]): { dirty: Mark[]; density: Density } {
    const dirty = this.#dirty().filter((d) => !this.#crowds.has(d.bucket));
    const from = (dirty[0]?.bucket ?? 0) - PAST_MS;
    const to = (dirty[dirty.length - 1]?.bucket ?? 0) + BUCKET_MS;
    const density = new Density(this.#archive, dirty.length === 0 ? [] : readable, from, to + 2 * PAST_MS);
    const newest = readable.reduce((n, s) => Math.max(n, (s.newestEventMs ?? 0) + s.clockOffsetMs), 0);
    const ordinary = dirty.filter((d) => {
      const lines = density.between(d.bucket, d.bucket + BUCKET_MS);
      const isNext = lines > CROWD_NEXT_RECORDS && this.#crowds.isNext(d.bucket);
      if (lines <= DENSE_RECORDS && !isNext && !this.#refusing.has(d.bucket)) {
        if (lines < CROWD_RECORDS_MIN || newest < d.bucket || newest >= d.bucket + BUCKET_MS) return true;
        const second = density.between(Math.max(d.bucket, newest - 1000), newest);
        if (second * (BUCKET_MS / 1000) <= DENSE_RECORDS) return true;
      }
      this.#crowds.add(d, Date.now());
      return false;
    });
    return { dirty: ordinary, density };
  }

  /** Takes the newest stretch off `dirty`: as far back as one may go. */
  #next(dirty: Mark[], readable: Source[], density: Density): Planned {
    const done = [dirty.pop()!];
    let lines = density.between(done[0]!.bucket, done[0]!.bucket + BUCKET_MS);
    while (dirty.length > 0) {
      const next = dirty[dirty.length - 1]!;
      const first = done[done.length - 1]!;
      if (first.bucket - next.bucket > GAP_BUCKETS * BUCKET_MS) break;
      lines += density.between(next.bucket, first.bucket);
      if (lines > SEGMENT_RECORDS) break;
      done.push(dirty.pop()!);
    }
    const toMs = done[0]!.bucket + BUCKET_MS;
    const fromMs = done[done.length - 1]!.bucket;
    const most = this.#crowds.isNear(fromMs - SLACK_MS, toMs + SLACK_MS) ? AROUND_CROWD_RECORDS : AROUND_RECORDS;
    let { beforeMs, afterMs } = aroundOf(density, fromMs, toMs, most, AROUND_MS_MIN);
    if (density.between(fromMs - PAST_MS, toMs) < PAST_RECORDS) {
      beforeMs = PAST_MS;
      // The oldest of a log has no past: what came after it is as good.
      while (afterMs < PAST_MS && density.between(fromMs - PAST_MS, toMs + 2 * afterMs) < PAST_RECORDS) afterMs *= 2;
    }
    const n = this.#stretches++;
    const whole = n < WHOLE_FIRST || n % WHOLE_EVERY === 0;
    return { stretch: this.#stretch(readable, fromMs, toMs, beforeMs, afterMs, whole), done };
  }

  #stretch(
    readable: Source[],
    fromMs: number,
    toMs: number,
    beforeMs: number,
    afterMs: number,
    whole: boolean,
  ): Stretch {
    const isIn = (s: Source): boolean =>
      this.#archive.hasBlocks({
        sourceId: s.id,
        fromMs: fromMs - beforeMs - s.clockOffsetMs,
        toMs: toMs + afterMs - s.clockOffsetMs,
      });
    return {
      fromMs,
      toMs,
      beforeMs,
      afterMs,
      hasAccessLogs: readable.some((s) => s.requests > 0),
      whole,
      isCrowded: false,
      sources: readable
        .filter((s) => isIn(s) || isBanLog(s.reader!) || s.reader!.dataset.endsWith('.error'))
        .map((s) => ({
          id: s.id,
          path: s.path,
          dataset: s.reader!.dataset,
          layer: s.layer,
          clockOffsetMs: s.clockOffsetMs,
          parsed: s.parsed,
          requests: s.requests,
          withOuter: this.#withOuter.get(s.id) ?? null,
        })),
    };
  }

  /** Buckets that are not explained whole again. */
  #noteRefusing({ parts }: Bundle): void {
    const counts = new Map<number, number>();
    for (const { rows } of parts)
      for (const [, timeMs] of rows) {
        const bucket = Math.floor(timeMs / BUCKET_MS) * BUCKET_MS;
        counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      }
    if (this.#refusing.size > REFUSING_KEPT) this.#refusing.clear();
    for (const [bucket, n] of counts) if (n >= CROWD_REFUSALS) this.#refusing.add(bucket);
  }

  #commit({ stretch, done }: Planned, { refusals, shares }: StretchAnswer): void {
    if (refusals.refusals >= CROWD_REFUSALS && !stretch.isCrowded) this.#noteRefusing(refusals);
    this.#ledger.revise({ fromMs: stretch.fromMs, toMs: stretch.toMs, refusals, done });
    const enough = shares.filter((s) => s.lines >= 20).map((s) => ({ ...s, share: s.withOuter / s.lines }));
    for (const s of enough) this.#withOuter.set(s.sourceId, s.share);
    if (enough.length > 0) this.#ledger.saveShares(enough.map((s) => ({ sourceId: s.sourceId, share: 1 - s.share })));
  }
}

/** How far lines are looked at around a stretch: less where there are many. */
function aroundOf(
  density: Density,
  fromMs: number,
  toMs: number,
  most: number,
  leastMs: number,
): { beforeMs: number; afterMs: number } {
  let beforeMs = SLACK_MS;
  let afterMs = SLACK_MS;
  while (beforeMs > leastMs && density.between(fromMs - beforeMs, fromMs) > most)
    beforeMs = Math.max(leastMs, Math.floor(beforeMs / 2));
  while (afterMs > leastMs && density.between(toMs, toMs + afterMs) > most)
    afterMs = Math.max(leastMs, Math.floor(afterMs / 2));
  return { beforeMs, afterMs };
}

/** How many lines of all sources lie in a stretch of time: each block's share of it. Asked for every bucket, so it is held in memory. */
class Density {
  /** Per source, in order of their ends. */
  readonly #sources: { ends: Float64Array; starts: Float64Array; lines: Float64Array; before: Float64Array }[] = [];

  constructor(archive: Archive, sources: Source[], fromMs: number, toMs: number) {
    for (const s of sources) {
      const at = { sourceId: s.id, fromMs: fromMs - s.clockOffsetMs, toMs: toMs - s.clockOffsetMs };
      const blocks = archive.extents(at);
      const n = blocks.length;
      if (n === 0) continue;
      const d = {
        ends: new Float64Array(n),
        starts: new Float64Array(n),
        lines: new Float64Array(n),
        before: new Float64Array(n + 1),
      };
      for (const [i, b] of blocks.entries()) {
        d.ends[i] = b.timeMaxMs + s.clockOffsetMs;
        d.starts[i] = b.timeMinMs + s.clockOffsetMs;
        d.lines[i] = b.lines;
        d.before[i + 1] = d.before[i]! + b.lines;
      }
      this.#sources.push(d);
    }
  }

  between(fromMs: number, toMs: number): number {
    let lines = 0;
    for (const { ends, starts, lines: of, before } of this.#sources) {
      const n = ends.length;
      let i = firstFrom(ends, fromMs);
      const end = firstFrom(ends, toMs);
      // Those that end within are taken whole, but for the first; what reaches beyond, by its share.
      if (i < end) lines += before[end]! - before[i]!;
      const share = (k: number): number => {
        const span = Math.max(1, ends[k]! - starts[k]!);
        return of[k]! * Math.min(1, Math.max(0, Math.min(ends[k]!, toMs) - Math.max(starts[k]!, fromMs)) / span);
      };
      for (; i < end && i < n && starts[i]! < fromMs; i++) lines += share(i) - of[i]!;
      for (let k = end; k < n && starts[k]! < toMs; k++) lines += share(k);
    }
    return Math.ceil(lines);
  }
}

/** The first position whose value is `from` or more. */
function firstFrom(sorted: Float64Array, from: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (sorted[mid]! < from) low = mid + 1;
    else high = mid;
  }
  return low;
}
