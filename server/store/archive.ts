/**
 * The archive: sources, raw blocks and counters. What a storage engine has to give for the stages; `append` is
 * idempotent by (source, first byte), and everything it is given lands in one transaction or not at all.
 */
import type { Block, Source } from '../model/line.ts';

/** Requests counted for one minute and one combination; the fold happens in memory before it comes here. */
export interface CounterRow {
  minuteMs: number;
  sourceId: number;
  host: string;
  route: string;
  method: string;
  status: number;
  requests: number;
  bytes: number;
}

export interface Append {
  blocks: Block[];
  counters: CounterRow[];
  /** Event-time buckets (start, ms) in which something refuses or explains: to be linked (again). */
  dirtyBuckets: number[];
  /** The sources as they are after these blocks. */
  sources: Source[];
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
  /** The same without their bytes. */
  extents(range: BlockRange): { lines: number; timeMinMs: number; timeMaxMs: number }[];
  /** Block that holds a byte of a source. */
  blockAt(sourceId: number, offset: number): Block | null;
  blockAtLine(sourceId: number, line: number): Block | null;
  /** The last blocks of a source, newest first, until `bytes` are reached. */
  lastBlocks(sourceId: number, bytes: number): Block[];
  storedRange(): { fromMs: number; toMs: number } | null;
}
