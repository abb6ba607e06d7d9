/**
 * How stored or fresh bytes become entries: one reader per (dataset, envelope, pattern), shared by ingest, by
 * whoever reads a block again, and by `parse`. Holds no state between records.
 */
import { makeReader, type Reader, restoreDetection } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { type RawRecord, split } from '../../parsers/split.ts';
import { READERS_KEPT, RECORD_BYTES_MAX } from '../limits.ts';
import type { Block, Line, Placed, ReaderSpec } from '../model/line.ts';

export const SPLIT_LIMITS = { lineBytesMax: RECORD_BYTES_MAX, recordBytesMax: RECORD_BYTES_MAX };

const readers = new Map<string, Reader>();

export function recordReader(spec: ReaderSpec): Reader {
  const key = JSON.stringify(spec);
  let reader = readers.get(key);
  if (!reader) {
    const detected = restoreDetection(spec);
    if (!detected) throw new Error(`no format ${spec.dataset} with wrapper ${spec.envelope}`);
    reader = makeReader(detected);
    if (readers.size >= READERS_KEPT) readers.clear();
    readers.set(key, reader);
  }
  return reader;
}

/** Raw records of a block, in file order. */
export function recordsOf(block: Block): RawRecord[] {
  const raw = Buffer.from(block.raw.buffer, block.raw.byteOffset, block.raw.byteLength);
  const at = { offset: block.offset, lineNumber: block.firstLine, skipping: false };
  return split(raw, at, recordReader(block.reader), SPLIT_LIMITS, true).records;
}

/** Where a record stands in its source. */
export const lineOf = (sourceId: number, r: RawRecord): Line => ({
  sourceId,
  offset: r.offset,
  bytes: r.length,
  line: r.lineNumber,
  lines: r.lineCount,
});

/** Entries of a block with their positions; times are the records' own. Unreadable records are left out. */
export function entriesOf(block: Block): Placed[] {
  const reader = recordReader(block.reader);
  const out: Placed[] = [];
  for (const r of recordsOf(block)) {
    const line = lineOf(block.sourceId, r);
    if (reader.readAll === undefined) {
      const entry = reader.read(r.text, block.referenceMs);
      if (!isFailure(entry)) out.push({ line, entry, timeMs: entry.timeMs });
      continue;
    }
    reader.readAll(r.text, block.referenceMs).forEach((entry, part) => {
      if (!isFailure(entry))
        out.push({ line: part === 0 ? line : { ...line, part: part + 1 }, entry, timeMs: entry.timeMs });
    });
  }
  return out;
}
