/**
 * Crowded time: buckets in which more is logged than is linked at once, so that explaining a bucket whole, each time
 * it grew, would never end. Their cells of a second are explained one by one, when nothing more is to be expected of
 * them, and again only where new lines lie. Held in memory alone: the mark of a bucket stays until all of its cells
 * are explained, so whoever starts again begins its bucket anew.
 */
import { BUCKET_MS } from './limits.ts';
import type { Source } from './model/line.ts';
import type { Archive } from './store/archive.ts';

export const CELL_MS = 1000;
/** So far beyond a cell a line may change what is said of it, as with the marks; before they are read it is not complete. */
const REACH_MS = 2000;
/** Lines of one log stand in another order than their times by as much as requests last: what is newer may still come. */
const ORDER_MS = 1000;
/** With as many refusals a bucket is crowded, and the next one is if it begins like this one. */
export const CROWD_REFUSALS = 500;
/** A bucket that did not grow for this long is complete. */
const STILL_MS = 1500;
/** A log that is further behind the others than this, and is not being read, is not waited for. */
const WAIT_MS = 15_000;
const READING_MS = 5000;
/** Buckets that are kept in mind after they are done, so that a late line costs its cells and not the whole. */
const KEPT = 500;

interface Crowd {
  bucket: number;
  mark: number;
  /** Beginnings of cells to be explained. */
  pending: Set<number>;
  inWork: number;
  /** When it grew last, by this machine's clock. */
  grewAtMs: number;
  /** That were written; those that were written anew among them. */
  refusals: number;
}

/** Cells beside each other in one bucket. */
export interface Cells {
  bucket: number;
  fromMs: number;
  toMs: number;
}

type Mark = { bucket: number; mark: number };

export class Crowds {
  readonly #archive: Archive;
  readonly #crowds = new Map<number, Crowd>();
  /** Blocks up to this one are known. */
  #block = 0;
  #tails = 0;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  get size(): number {
    return this.#crowds.size;
  }

  has(bucket: number): boolean {
    return this.#crowds.has(bucket);
  }

  /** Does some crowd reach into this time? */
  isNear(fromMs: number, toMs: number): boolean {
    for (const bucket of this.#crowds.keys()) if (bucket < toMs && bucket + BUCKET_MS > fromMs) return true;
    return false;
  }

  /** From now on it is explained cell by cell; all of it is new. */
  add({ bucket, mark }: Mark, nowMs: number): void {
    if (this.#crowds.size === 0) this.#block = this.#archive.newest();
    this.#crowds.set(bucket, { bucket, mark, pending: cellsOf(bucket), inWork: 0, grewAtMs: nowMs, refusals: 0 });
    for (const [known, crowd] of this.#crowds) {
      if (this.#crowds.size <= KEPT) break;
      if (crowd.pending.size === 0 && crowd.inWork === 0) this.#crowds.delete(known);
    }
  }

  /** Everything is to be explained again: clocks were learned. */
  clear(): void {
    this.#crowds.clear();
  }

  /** What was stored since the last call, and which marks it left. */
  follow(dirty: readonly Mark[], sources: readonly Source[], nowMs: number): void {
    const tails = sources.reduce((n, s) => n + (s.tail === null ? 0 : 1), 0);
    // The lines of what was read first got other numbers.
    if (tails < this.#tails) this.clear();
    this.#tails = tails;
    if (this.#crowds.size === 0) return;
    const touched = new Set<Crowd>();
    const offsets = new Map(sources.map((s) => [s.id, s.clockOffsetMs]));
    const newest = this.#archive.newest();
    if (newest > this.#block) {
      for (const b of this.#archive.extentsSince(this.#block)) {
        const offset = offsets.get(b.sourceId) ?? 0;
        this.#grow(b.timeMinMs + offset - REACH_MS, b.timeMaxMs + offset + REACH_MS, nowMs, touched);
      }
      this.#block = newest;
    }
    for (const { bucket, mark } of dirty) {
      const crowd = this.#crowds.get(bucket);
      if (crowd === undefined || crowd.mark === mark) continue;
      crowd.mark = mark;
      // Marked although nothing new lies there: a new line near by reaches so far, or it is to be looked at again.
      if (!touched.has(crowd) && !this.#isBeside(bucket, touched)) {
        crowd.pending = cellsOf(bucket);
        crowd.grewAtMs = nowMs;
      }
    }
  }

  #isBeside(bucket: number, touched: ReadonlySet<Crowd>): boolean {
    for (const c of touched) if (Math.abs(c.bucket - bucket) <= BUCKET_MS) return true;
    return false;
  }

  #grow(fromMs: number, toMs: number, nowMs: number, touched: Set<Crowd>): void {
    for (let bucket = start(fromMs, BUCKET_MS); bucket <= toMs; bucket += BUCKET_MS) {
      const crowd = this.#crowds.get(bucket);
      if (crowd === undefined) continue;
      touched.add(crowd);
      const end = Math.min(toMs, bucket + BUCKET_MS - 1);
      for (let c = start(Math.max(fromMs, bucket), CELL_MS); c <= end; c += CELL_MS) crowd.pending.add(c);
      crowd.grewAtMs = nowMs;
    }
  }

  /** Takes the newest cell that is complete, and those in front of it as long as there is room; null = there is none. */
  next(
    sources: readonly Source[],
    nowMs: number,
    isFinal: boolean,
    hasRoom: (bucket: number, fromMs: number, toMs: number) => boolean,
  ): Cells | null {
    const complete = isFinal ? Number.POSITIVE_INFINITY : completeMs(sources, nowMs) - REACH_MS - ORDER_MS;
    let best: Crowd | null = null;
    let cell = Number.NEGATIVE_INFINITY;
    for (const crowd of this.#crowds.values()) {
      const isStill = nowMs - crowd.grewAtMs > STILL_MS;
      for (const c of crowd.pending) {
        if (c <= cell || (!isStill && c + CELL_MS > complete)) continue;
        best = crowd;
        cell = c;
      }
    }
    if (best === null) return null;
    const toMs = cell + CELL_MS;
    let fromMs = cell;
    best.pending.delete(cell);
    while (best.pending.has(fromMs - CELL_MS) && hasRoom(best.bucket, fromMs - CELL_MS, toMs)) {
      fromMs -= CELL_MS;
      best.pending.delete(fromMs);
    }
    best.inWork++;
    return { bucket: best.bucket, fromMs, toMs };
  }

  /** The mark that goes when this cell is written; null = more of its bucket is to be done. */
  lastOf({ bucket }: Cells): Mark | null {
    const crowd = this.#crowds.get(bucket);
    return crowd === undefined || crowd.pending.size > 0 || crowd.inWork !== 1 ? null : { bucket, mark: crowd.mark };
  }

  /** Marks of buckets in which nothing is left to do. */
  idle(dirty: readonly Mark[]): Mark[] {
    return dirty.filter(({ bucket }) => {
      const crowd = this.#crowds.get(bucket);
      return crowd !== undefined && crowd.pending.size === 0 && crowd.inWork === 0;
    });
  }

  done({ bucket }: Cells): void {
    const crowd = this.#crowds.get(bucket);
    if (crowd !== undefined && crowd.inWork > 0) crowd.inWork--;
  }

  /** They could not be written. */
  back(cells: Cells): void {
    this.done(cells);
    const pending = this.#crowds.get(cells.bucket)?.pending;
    for (let c = cells.fromMs; c < cells.toMs; c += CELL_MS) pending?.add(c);
  }

  written({ bucket }: Cells, refusals: number): void {
    const crowd = this.#crowds.get(bucket);
    if (crowd !== undefined) crowd.refusals += refusals;
  }

  /** Is a bucket the next of one that was crowded with refusals? */
  isNext(bucket: number): boolean {
    return (this.#crowds.get(bucket - BUCKET_MS)?.refusals ?? 0) >= CROWD_REFUSALS;
  }
}

const start = (t: number, step: number): number => Math.floor(t / step) * step;

function cellsOf(bucket: number): Set<number> {
  const cells = new Set<number>();
  for (let c = bucket; c < bucket + BUCKET_MS; c += CELL_MS) cells.add(c);
  return cells;
}

/** Up to when all logs are read: where one has more to read, as far as it is. What was said without it would be said again. */
function completeMs(sources: readonly Source[], nowMs: number): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const s of sources) if (s.newestEventMs !== null) newest = Math.max(newest, s.newestEventMs + s.clockOffsetMs);
  let complete = newest;
  for (const s of sources) {
    if (s.newestEventMs === null || s.ended || s.sizeBytes <= s.position) continue;
    const at = s.newestEventMs + s.clockOffsetMs;
    const isReading = s.lastReadMs !== null && nowMs - s.lastReadMs < READING_MS;
    complete = Math.min(complete, isReading ? at : Math.max(at, newest - WAIT_MS));
  }
  return complete;
}
