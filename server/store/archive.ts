/**
 * The archive: sources, raw blocks and counters. What a storage engine has to give for the stages; `append` is
 * idempotent by (source, first byte), and everything it is given lands in one transaction or not at all.
 */
import type { Block, Source } from '../model/line.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Requests of one source by host, over one step (a minute or an hour) of event time. */
export interface TotalRow {
  stepMs: number;
  /** Start of the step. */
  timeMs: number;
  sourceId: number;
  host: string;
  requests: number;
}

/** The same by operation: by the hour, and by the minute for as long as `ROUTE_MINUTES_MS`. */
export interface RouteRow extends TotalRow {
  route: string;
  method: string;
}

/** Folded in memory before they come here: each combination once. */
export interface CounterRows {
  totals: TotalRow[];
  routes: RouteRow[];
}

/** A block as it is stored: compressed by whoever read it. */
export interface PackedBlock extends Omit<Block, 'raw'> {
  /** zstd */
  packed: Uint8Array;
}

export interface Append {
  blocks: PackedBlock[];
  counters: CounterRows;
  /** Event-time buckets (start, ms) in which something refuses or explains: to be linked (again). */
  dirtyBuckets: number[];
  /** The sources as they are after these blocks. */
  sources: Source[];
  /** Tails that were reached: their blocks get their line numbers in the file, and what was said with them is marked. */
  reached: { sourceId: number; offset: number; linesBefore: number }[];
}

export interface BlockRange {
  sourceId: number;
  /** In the source's own time, inclusive. */
  fromMs: number;
  toMs: number;
}

export interface Archive {
  sources(): Source[];
  source(id: number): Source | null;
  addSource(source: Omit<Source, 'id'>): Source;
  saveSource(source: Source): void;
  /** Returns how many of the blocks were new. */
  append(batch: Append): number;
  /** Blocks of a source that overlap a time range, in file order. */
  blocks(range: BlockRange): Block[];
  hasBlocks(range: BlockRange): boolean;
  /** The same without their bytes. */
  extents(range: BlockRange): { lines: number; timeMinMs: number; timeMaxMs: number }[];
  /** Number of the block that was stored last; those stored later have larger ones. */
  newest(): number;
  /** Which times were stored after a block. */
  extentsSince(block: number): { sourceId: number; timeMinMs: number; timeMaxMs: number }[];
  /** Block that holds a byte of a source. */
  blockAt(sourceId: number, offset: number): Block | null;
  blockAtLine(sourceId: number, line: number): Block | null;
  /** The last blocks of a source, newest first, until `bytes` are reached. */
  lastBlocks(sourceId: number, bytes: number): Block[];
  storedRange(): { fromMs: number; toMs: number } | null;
}
