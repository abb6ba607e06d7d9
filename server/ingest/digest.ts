/**
 * HOT. What a piece of a log comes to: its records cut and read, compressed blocks, counters, the buckets in which
 * something refuses or explains, and what changes about its source. Pure but for the counters it is given. Runs in
 * the engine's thread for what is appended now and in the pool's threads for what lies there in bulk.
 */
import { type Entry, type Failure, isFailure } from '../../parsers/entry.ts';
import { Skim } from '../../parsers/skim.ts';
import { type Position, type RawRecord, split } from '../../parsers/split.ts';
import { BLOCK_BYTES_MAX, BUCKET_MS, SAMPLE_CHARS, UNPARSED_SAMPLES } from '../limits.ts';
import type { ReaderSpec, Source } from '../model/line.ts';
import { matters } from '../model/matters.ts';
import type { CounterRows, PackedBlock } from '../store/archive.ts';
import { pack } from '../store/packed.ts';
import { recordReader, SPLIT_LIMITS } from '../store/reader.ts';
import type { Counters } from './counters.ts';

/** Where the piece stands, and how it is read. */
export interface DigestTask {
  sourceId: number;
  /** Of the first byte in the file. */
  offset: number;
  /** The first bytes belong to a line that was cut at the limit: skip to its end. */
  skipping: boolean;
  reader: ReaderSpec;
  /** Year-less times are read near this, ms. */
  referenceMs: number;
  /** Added to the records' own times for counters and buckets. */
  clockOffsetMs: number;
  /** What is left at the end is a record too. */
  final: boolean;
}

export interface Digest {
  /** Of the first byte that was digested; behind the task's where a line began before it. */
  offset: number;
  /** Bytes done with. 0 = no complete record. */
  consumed: number;
  skipping: boolean;
  /** `firstLine` counts from 0: whoever stores them knows how many lines lie before. */
  blocks: PackedBlock[];
  counters: CounterRows;
  dirtyBuckets: number[];
  lines: number;
  parsed: number;
  unparsed: number;
  requests: number;
  samples: Source['samples'];
  newestEventMs: number | null;
  timeZoneless: boolean;
  /** By which the next piece is to be read. */
  reader: ReaderSpec;
}

const DAY_MS = 86_400_000;
/** A line that explains is written near its request, not at the same moment. */
const REASON_REACH_MS = 2000;
/** One for all lines. */
const skimmed = new Skim();

export function digest(
  chunk: Buffer,
  task: DigestTask,
  refusedStatus: ReadonlySet<number>,
  counters: Counters,
): Digest {
  let spec = task.reader;
  let reader = recordReader(spec);
  const { sourceId, offset, referenceMs, clockOffsetMs } = task;
  const blocks: PackedBlock[] = [];
  const dirty = new Set<number>();
  const samples: Source['samples'] = [];
  let parsed = 0;
  let unparsed = 0;
  let requests = 0;
  let newest = Number.NEGATIVE_INFINITY;
  let timeZoneless = false;

  let from = 0; // first byte of the open block in the chunk
  let firstLine = 0;
  let day = -1;
  let min = Number.NaN;
  let max = Number.NaN;
  const close = (to: number, nextLine: number): void => {
    if (to <= from) return;
    blocks.push({
      sourceId,
      offset: offset + from,
      bytes: to - from,
      firstLine,
      lines: nextLine - firstLine,
      timeMinMs: min,
      timeMaxMs: max,
      reader: spec,
      referenceMs,
      packed: pack(chunk.subarray(from, to)),
    });
    from = to;
    firstLine = nextLine;
    min = Number.NaN;
    max = Number.NaN;
  };

  const dated = (t: number, zoneless: boolean, start: number, lineNumber: number): number => {
    if (zoneless) timeZoneless = true;
    const today = Math.floor(t / DAY_MS);
    if ((day !== -1 && today !== day) || start - from >= BLOCK_BYTES_MAX) close(start, lineNumber);
    day = today;
    // Some times have a fraction of milliseconds.
    if (!(min <= t)) min = Math.floor(t);
    if (!(max >= t)) max = Math.ceil(t);
    if (t > newest) newest = Math.floor(t);
    return t + clockOffsetMs;
  };

  const take = (record: RawRecord): void => {
    const start = record.offset - offset;
    const pattern = reader.directive(record.text);
    if (pattern !== null) {
      // A block is read by one pattern from its first line on.
      if (pattern !== spec.pattern) {
        close(start, record.lineNumber);
        spec = { ...spec, pattern };
        reader = recordReader(spec);
      }
      return;
    }
    if (reader.readAll === undefined) count(reader.read(record.text, referenceMs), record);
    else for (const entry of reader.readAll(record.text, referenceMs)) count(entry, record);
  };

  const count = (entry: Entry | Failure, record: RawRecord): void => {
    const start = record.offset - offset;
    if (isFailure(entry)) {
      if (entry.failure === 'empty') return;
      unparsed++;
      if (samples.length < UNPARSED_SAMPLES) {
        const reason = entry.field ? `${entry.failure}: ${entry.field}` : entry.failure;
        samples.push({ line: record.lineNumber, text: record.text.slice(0, SAMPLE_CHARS), reason });
      }
      return;
    }
    parsed++;
    if (Number.isNaN(entry.timeMs)) return;
    const corrected = dated(entry.timeMs, entry.timeZoneless, start, record.lineNumber);
    if (entry.kind === 'access') {
      requests++;
      const status = entry.httpResponseStatusCode ?? 0;
      counters.add(sourceId, corrected, entry.urlDomain, entry.urlPath, entry.httpRequestMethod);
      if (refusedStatus.has(status)) mark(dirty, corrected, 0);
    } else if (matters(entry)) mark(dirty, corrected, REASON_REACH_MS);
  };

  let position: Position = { offset, lineNumber: 0, skipping: task.skipping };
  const { skim } = reader;
  if (skim !== undefined && !task.skipping && chunk.indexOf(0) < 0) {
    // latin1: positions of characters are positions of bytes.
    const text = chunk.toString('latin1');
    let at = offset === 0 && text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
    let lineNumber = 0;
    // Lines that were not skimmed, from here on: read together.
    let wholeFrom = at;
    let wholeLine = 0;
    const readWhole = (to: number): void => {
      if (to === wholeFrom) return;
      const here = { offset: offset + wholeFrom, lineNumber: wholeLine, skipping: false };
      for (const record of split(chunk.subarray(wholeFrom, to), here, reader, SPLIT_LIMITS, false).records)
        take(record);
    };
    skimmed.begin();
    for (;;) {
      const lf = text.indexOf('\n', at);
      if (lf < 0 || lf - at > SPLIT_LIMITS.lineBytesMax) break;
      const end = chunk[lf - 1] === 13 ? lf - 1 : lf;
      if (skim(text, chunk, at, end, skimmed)) {
        readWhole(at);
        wholeFrom = lf + 1;
        wholeLine = lineNumber + 1;
        parsed++;
        requests++;
        const { status } = skimmed;
        const corrected = dated(skimmed.timeMs, skimmed.zoneless, at, lineNumber);
        counters.addAt(sourceId, corrected, skimmed.host, text, skimmed.pathFrom, skimmed.pathTo, skimmed.method);
        if (refusedStatus.has(status)) mark(dirty, corrected, 0);
      }
      at = lf + 1;
      lineNumber++;
    }
    readWhole(at);
    position = { offset: offset + at, lineNumber, skipping: false };
  }
  const rest = position.offset === offset ? chunk : chunk.subarray(position.offset - offset);
  const result = split(rest, position, reader, SPLIT_LIMITS, task.final);
  for (const record of result.records) take(record);
  const consumed = result.next.offset - offset;
  close(consumed, result.next.lineNumber);
  return {
    offset,
    consumed,
    skipping: result.next.skipping,
    blocks,
    counters: counters.take(),
    dirtyBuckets: [...dirty],
    lines: result.next.lineNumber,
    parsed,
    unparsed,
    requests,
    samples,
    newestEventMs: newest === Number.NEGATIVE_INFINITY ? null : newest,
    timeZoneless,
    reader: spec,
  };
}

/** Does the digest belong to the tail that is read before what lies in front of it? */
const isOfTail = (source: Source, d: Digest): boolean => source.tail !== null && d.offset >= source.tail.offset;

/** Lines of the file, or of its tail, before the digest's first. */
const linesBefore = (source: Source, d: Digest): number =>
  isOfTail(source, d) ? source.tail!.lines : source.lines - (source.tail?.lines ?? 0);

/** The source as it is when this digest is stored. Pure. */
export function advance(source: Source, d: Digest): Source {
  const newest = d.newestEventMs;
  const after: Source = {
    ...source,
    lines: source.lines + d.lines,
    parsed: source.parsed + d.parsed,
    unparsed: source.unparsed + d.unparsed,
    requests: source.requests + d.requests,
    samples:
      d.samples.length === 0 || source.samples.length >= UNPARSED_SAMPLES
        ? source.samples
        : [...source.samples, ...d.samples.map((s) => ({ ...s, line: s.line + linesBefore(source, d) + 1 }))].slice(
            0,
            UNPARSED_SAMPLES,
          ),
    newestEventMs: newest !== null && newest > (source.newestEventMs ?? newest - 1) ? newest : source.newestEventMs,
    timeZoneless: source.timeZoneless || d.timeZoneless,
    reader: d.reader,
  };
  const position = d.offset + d.consumed;
  if (isOfTail(source, d)) {
    const tail = source.tail!;
    after.tail = { ...tail, position, skipping: d.skipping, lines: tail.lines + d.lines };
    return after;
  }
  after.position = position;
  after.skipping = d.skipping;
  if (source.tail !== null && position >= source.tail.offset) {
    after.position = source.tail.position;
    after.skipping = source.tail.skipping;
    after.tail = null;
  }
  return after;
}

/** The digest's blocks with their line numbers in the file, or in its tail. */
export function placed(source: Source, d: Digest): PackedBlock[] {
  const before = linesBefore(source, d);
  return d.blocks.map((b) => ({ ...b, firstLine: b.firstLine + before + 1 }));
}

function mark(dirty: Set<number>, timeMs: number, reach: number): void {
  dirty.add(Math.floor(timeMs / BUCKET_MS) * BUCKET_MS);
  if (reach > 0) {
    dirty.add(Math.floor((timeMs - reach) / BUCKET_MS) * BUCKET_MS);
    dirty.add(Math.floor((timeMs + reach) / BUCKET_MS) * BUCKET_MS);
  }
}
