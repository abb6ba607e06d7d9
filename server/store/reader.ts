/**
 * How stored or fresh bytes become entries: one reader per (dataset, envelope, pattern), shared by ingest, by
 * whoever reads a block again, and by `parse`. Holds no state between records.
 */
import { makeReader, type Reader, restoreDetection } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { addAttribute } from '../../parsers/fields.ts';
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

/**
 * Entries of a block with their positions; times are the records' own, or of the line beside one that says something
 * and has none. Unreadable records are left out.
 */
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
  // What is skimmed is an access log: its lines have times, and what else stands in it is no reason of its requests.
  if (reader.skim === undefined) dateByNeighbours(out);
  return out;
}

/** The attribute of an entry whose time is that of the line beside it. */
export const TIMED_BY = 'time.of';

/**
 * A reason that names no time is written just before the line of its request: it has the time of the line after it,
 * else of the one before. Only within a block; a request without a time was never counted, and stays without.
 */
function dateByNeighbours(read: Placed[]): void {
  for (let i = 0; i < read.length; i++) {
    if (!isUndated(read[i]!)) continue;
    let end = i + 1;
    while (end < read.length && isUndated(read[end]!) && follows(read[end - 1]!, read[end]!)) end++;
    const next = end < read.length && follows(read[end - 1]!, read[end]!) ? read[end]! : undefined;
    const beside = [next, read[i - 1]].find((p) => p !== undefined && !Number.isNaN(p.timeMs));
    for (; i < end; i++) {
      if (beside === undefined) continue;
      const { entry } = read[i]!;
      entry.timeMs = beside.timeMs;
      entry.timeZoneless = beside.entry.timeZoneless;
      addAttribute(entry, TIMED_BY, beside === next ? 'the line after it' : 'the line before it');
      read[i]!.timeMs = beside.timeMs;
    }
    i--;
  }
}

const isUndated = ({ entry }: Placed): boolean => Number.isNaN(entry.timeMs) && entry.kind !== 'access';

const follows = (a: Placed, b: Placed): boolean => a.line.line + a.line.lines === b.line.line;
