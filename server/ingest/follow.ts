/**
 * One followed file: knows how far it is stored, reads the next bytes and turns them into a block with what
 * counts in it. The position is the end of the last stored block; bytes that were read and not stored are read
 * again. It stores nothing itself: `next` gives a Batch, the caller commits it and then calls `stored`.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { detect, saveDetection } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { split } from '../../parsers/split.ts';
import { errnoOf } from '../errors.ts';
import {
  BLOCK_BYTES_MAX,
  BUCKET_MS,
  DETECT_BYTES,
  DETECT_LINES,
  FINGERPRINT_BYTES_MAX,
  READ_BYTES,
  SAMPLE_CHARS,
  UNPARSED_SAMPLES,
} from '../limits.ts';
import type { Block, Source } from '../model/line.ts';
import { recordReader, SPLIT_LIMITS } from '../store/reader.ts';
import type { Counters } from './counters.ts';

export interface FollowOptions {
  refusedStatus: ReadonlySet<number>;
  /** The file will not grow while it is read (report): what stands at its end is complete. */
  final: boolean;
  /** The format was found; what depends on it (the layer) is settled before the first line is read. */
  detected: (source: Source) => void;
  /** Where the plain content of a compressed file was put; null = the file itself is read. */
  plainPath: string | null;
}

export interface Batch {
  blocks: Block[];
  dirtyBuckets: Set<number>;
  /** The source as it is when the blocks are stored. */
  source: Source;
  bytes: number;
  lines: number;
}

/** An unfinished record at the end of a quiet file is taken as complete after this. */
const QUIET_MS = 1000;
const DAY_MS = 86_400_000;
const MARKS_REFUSAL = /den(y|ied)|refus|forbid|reject|block|unauthori|not allowed|403/i;

export class Follower {
  source: Source;
  readonly #options: FollowOptions;
  #fd: number | null = null;
  /** Position and size at which reading stopped for want of a complete record. */
  #stuckAt = -1;
  #stuckSince = 0;

  constructor(source: Source, options: FollowOptions) {
    this.source = source;
    this.#options = options;
  }

  /** When its name was first missing; null = it is in place. */
  leftAtMs: number | null = null;

  get plain(): string | null {
    return this.#options.plainPath;
  }

  /** The name is gone: is everything stored that the open handle can give? Without a handle nothing more can come. */
  drain(): boolean {
    if (this.#fd === null) return true;
    this.source.sizeBytes = fstatSync(this.#fd).size;
    return this.source.position >= this.source.sizeBytes;
  }

  /** Bytes in the file that are not stored. */
  get behind(): number {
    return Math.max(0, this.source.sizeBytes - this.source.position);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** Reads on; null = nothing new. `now` dates the reading. */
  next(counters: Counters, now: number): Batch | null {
    let size: number;
    try {
      if (this.#fd === null) {
        if (this.leftAtMs !== null) return null;
        this.#fd = openSync(this.plain ?? this.source.path, 'r');
        // Between the look and the opening the name may have got another file: the scan will tell.
        const opened = fstatSync(this.#fd);
        if (
          this.plain === null &&
          (String(opened.ino) !== this.source.inode || String(opened.dev) !== this.source.device)
        ) {
          this.close();
          return null;
        }
      }
      const info = fstatSync(this.#fd);
      size = info.size;
      // Cut while it was followed: the scan sees it, counts the gap and makes a new source of what comes.
      if (size < this.source.position) return null;
      this.source.sizeBytes = size;
      if (!this.source.reader && !this.#detect(size, info.mtimeMs)) return null;
      if (size <= this.source.position) {
        if (this.source.state === 'reading') this.source.state = 'following';
        return null;
      }
      if (!this.#isSameFile()) return null;
      return this.#read(size, info.mtimeMs, counters, now);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === '') throw error;
      this.close();
      this.source.state = errno === 'ENOENT' ? 'gone' : 'unreadable';
      this.source.advice = adviceFor(errno, this.source.path);
      return null;
    }
  }

  /** After the batch was committed. */
  stored(batch: Batch): void {
    this.source = batch.source;
  }

  #detect(size: number, modifiedMs: number): boolean {
    if (size === 0) {
      this.source.state = 'empty';
      this.source.advice = 'nothing has been written to it yet';
      return false;
    }
    const head = Buffer.allocUnsafe(Math.min(size, DETECT_BYTES));
    const n = readSync(this.#fd!, head, 0, head.length, 0);
    const text = head.toString('utf8', 0, n);
    const lines = text.split('\n');
    // The last line may be torn, unless it is all there is.
    if (lines.length > 1 && n === DETECT_BYTES) lines.pop();
    const found = detect(lines.slice(0, DETECT_LINES * 20), { fileName: this.source.path, referenceMs: modifiedMs });
    if (!found) {
      this.source.state = 'unrecognised';
      this.source.advice = /\0/.test(text.slice(0, 4096))
        ? 'this is no text file'
        : 'no known format fits; try `why403 parse --dataset NAME` on it';
      return false;
    }
    this.source.reader = { ...saveDetection(found), pattern: null };
    this.source.state = 'reading';
    this.source.advice = null;
    this.#options.detected(this.source);
    return true;
  }

  /** Written anew since (cut and grown past the position again)? One small read per turn tells. */
  #isSameFile(): boolean {
    const n = this.source.fingerprintBytes;
    if (n === 0) return true;
    const head = Buffer.allocUnsafe(n);
    return (
      readSync(this.#fd!, head, 0, n, 0) === n &&
      createHash('sha256').update(head).digest('hex') === this.source.fingerprint
    );
  }

  #read(size: number, modifiedMs: number, counters: Counters, now: number): Batch | null {
    const source = this.source;
    const spec = source.reader!;
    const reader = recordReader(spec);
    const wanted = Math.min(READ_BYTES, size - source.position);
    const buffer = Buffer.allocUnsafe(wanted);
    const n = readSync(this.#fd!, buffer, 0, wanted, source.position);
    const chunk = n === wanted ? buffer : buffer.subarray(0, n);
    const atEnd = source.position + n >= size;
    const quiet = this.#stuckAt === size && now - this.#stuckSince >= QUIET_MS;
    const endsLine = chunk[n - 1] === 10;
    // A file whose name is gone ends where it ends.
    const final = atEnd && (this.#options.final || (quiet && (endsLine || this.leftAtMs !== null)));
    const position = { offset: source.position, lineNumber: source.lines + 1, skipping: source.skipping };
    const result = split(chunk, position, reader, SPLIT_LIMITS, final);
    if (result.consumed === 0) {
      if (this.#stuckAt !== size) {
        this.#stuckAt = size;
        this.#stuckSince = now;
      }
      return null;
    }
    this.#stuckAt = -1;

    const after: Source = { ...source, samples: source.samples };
    const dirty = new Set<number>();
    const blocks: Block[] = [];
    let from = 0; // first byte of the block in the chunk
    let firstLine = position.lineNumber;
    let day = -1;
    let min = Number.NaN;
    let max = Number.NaN;
    const close = (to: number, nextLine: number): void => {
      if (to <= from) return;
      blocks.push({
        sourceId: source.id,
        offset: source.position + from,
        bytes: to - from,
        firstLine,
        lines: nextLine - firstLine,
        timeMinMs: min,
        timeMaxMs: max,
        reader: spec,
        referenceMs: modifiedMs,
        raw: chunk.subarray(from, to),
      });
      from = to;
      firstLine = nextLine;
      min = Number.NaN;
      max = Number.NaN;
    };
    for (const record of result.records) {
      const entry = reader.read(record.text, modifiedMs);
      const start = record.offset - source.position;
      if (isFailure(entry)) {
        if (entry.failure !== 'empty') {
          after.unparsed++;
          if (after.samples.length < UNPARSED_SAMPLES) {
            after.samples = [
              ...after.samples,
              {
                line: record.lineNumber,
                text: record.text.slice(0, SAMPLE_CHARS),
                reason: entry.field ? `${entry.failure}: ${entry.field}` : entry.failure,
              },
            ];
          }
        }
        continue;
      }
      after.parsed++;
      const t = entry.timeMs;
      if (Number.isNaN(t)) continue;
      if (entry.timeZoneless) after.timeZoneless = true;
      const today = Math.floor(t / DAY_MS);
      if ((day !== -1 && today !== day) || start - from >= BLOCK_BYTES_MAX) close(start, record.lineNumber);
      day = today;
      if (!(min <= t)) min = t;
      if (!(max >= t)) max = t;
      if (after.newestEventMs === null || t > after.newestEventMs) after.newestEventMs = t;
      const corrected = t + source.clockOffsetMs;
      if (entry.kind === 'access') {
        after.requests++;
        const status = entry.httpResponseStatusCode ?? 0;
        counters.add(
          source.id,
          corrected,
          entry.urlDomain,
          entry.urlPath,
          entry.httpRequestMethod,
          status,
          entry.httpResponseBodySize ?? 0,
        );
        if (this.#options.refusedStatus.has(status)) mark(dirty, corrected, 0);
      } else if (entry.kind !== 'app' || matters(entry.logLevel, entry.message)) mark(dirty, corrected, 2000);
    }
    close(result.consumed, result.next.lineNumber);
    after.lines = result.next.lineNumber - 1;
    after.position = source.position + result.consumed;
    after.skipping = result.next.skipping;
    after.lastReadMs = now;
    after.state = after.position >= size ? 'following' : 'reading';
    after.advice =
      after.parsed === 0 && after.unparsed > 20 ? 'none of its lines can be read in the format that was found' : null;
    if (after.fingerprintBytes < FINGERPRINT_BYTES_MAX && after.position > after.fingerprintBytes)
      this.#fingerprint(after);
    return { blocks, dirtyBuckets: dirty, source: after, bytes: result.consumed, lines: after.lines - source.lines };
  }

  #fingerprint(source: Source): void {
    const bytes = Math.min(FINGERPRINT_BYTES_MAX, source.position);
    const head = Buffer.alloc(bytes);
    readSync(this.#fd!, head, 0, bytes, 0);
    source.fingerprint = createHash('sha256').update(head).digest('hex');
    source.fingerprintBytes = bytes;
  }
}

/** Could this application line be the reason of a refusal? Cheap; the signals decide later. */
function matters(level: string | null, message: string | null): boolean {
  if (level !== null && level !== 'info' && level !== 'debug' && level !== 'notice') return true;
  return message !== null && MARKS_REFUSAL.test(message);
}

function mark(dirty: Set<number>, timeMs: number, reach: number): void {
  dirty.add(Math.floor(timeMs / BUCKET_MS) * BUCKET_MS);
  if (reach > 0) {
    dirty.add(Math.floor((timeMs - reach) / BUCKET_MS) * BUCKET_MS);
    dirty.add(Math.floor((timeMs + reach) / BUCKET_MS) * BUCKET_MS);
  }
}

export function adviceFor(errno: string, path: string): string {
  if (errno === 'EACCES' || errno === 'EPERM') {
    return `may not be read: add this user to the group that may (often \`usermod -aG adm USER\`), or \`setfacl -m u:USER:r ${path}\``;
  }
  if (errno === 'ENOENT') return 'is no longer there';
  return `cannot be read (${errno})`;
}
