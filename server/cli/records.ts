/**
 * From bytes to entries, as `why403 parse` reads them: the head of the input decides wrapper and format, lines that say
 * how the following ones are laid out are followed. Bytes go in by chunk, records come out; nothing is kept but the
 * unfinished record.
 */
import {
  type Detected,
  detect,
  makeReader,
  type Reader,
  restoreDetection,
  saveDetection,
} from '../../parsers/detect.ts';
import type { Entry, Failure } from '../../parsers/entry.ts';
import { START, split } from '../../parsers/split.ts';
import { DETECT_LINES } from '../limits.ts';
import { SPLIT_LIMITS } from '../store/reader.ts';

/** So much of a stream is waited for before its format is decided. */
const HEAD_BYTES = 64 * 1024;

export interface ReadRecord {
  text: string;
  lineNumber: number;
  result: Entry | Failure;
}

export class Records {
  /** What the head was found to be; null = not decided yet, or nothing known. */
  detected: Detected | null = null;
  private reader: Reader | null = null;
  private pending: Buffer = Buffer.alloc(0);
  private position = START;
  private readonly fileName: string;
  private readonly dataset: string | null;
  private readonly pattern: string | null;
  private readonly referenceMs: number;

  /**
   * `dataset`: the user names the format, only the wrapper is detected; `pattern`: and how its lines are laid out.
   * `referenceMs`: near which time the lines were written.
   */
  constructor(fileName: string, dataset: string | null, referenceMs: number, pattern: string | null = null) {
    this.fileName = fileName;
    this.dataset = dataset;
    this.pattern = pattern;
    this.referenceMs = referenceMs;
  }

  /** The records that `chunk` completes; null = no format is known that reads this. `end`: nothing follows. */
  push(chunk: Buffer, end: boolean): ReadRecord[] | null {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    if (this.reader === null) {
      if (!end && this.pending.length < HEAD_BYTES) return [];
      this.detected = this.choose();
      if (this.detected === null) return null;
      this.reader = makeReader(this.detected);
    }
    const out: ReadRecord[] = [];
    for (;;) {
      const reader = this.reader;
      const { records, next, consumed } = split(this.pending, this.position, reader, SPLIT_LIMITS, end);
      let pattern: string | null = null;
      for (const { text, lineNumber, offset, length, lineCount } of records) {
        for (const result of reader.readAll?.(text, this.referenceMs) ?? [reader.read(text, this.referenceMs)])
          out.push({ text, lineNumber, result });
        pattern = reader.directive(text);
        if (pattern === null) continue;
        // What follows is laid out otherwise: cut the rest anew.
        this.pending = this.pending.subarray(offset + length - this.position.offset);
        this.position = { offset: offset + length, lineNumber: lineNumber + lineCount, skipping: false };
        this.detected = restoreDetection({ ...saveDetection(this.detected!), pattern })!;
        this.reader = makeReader(this.detected);
        break;
      }
      if (pattern !== null) continue;
      this.position = next;
      this.pending = this.pending.subarray(consumed);
      return out;
    }
  }

  /** Lines of the head, for saying why no format was found. */
  head(count: number): string[] {
    const lines = this.pending.toString('utf8').split('\n');
    return lines.filter((line) => line.trim() !== '').slice(0, count);
  }

  private choose(): Detected | null {
    const lines = this.pending.toString('utf8').split('\n', DETECT_LINES * 20);
    const found = detect(lines, { fileName: this.fileName, referenceMs: this.referenceMs });
    if (this.dataset === null) return found;
    const pattern = this.pattern ?? (found?.dataset === this.dataset ? found.pattern : null);
    const envelope = found?.envelope?.name ?? null;
    return restoreDetection({ dataset: this.dataset, envelope, pattern, alternates: [], tags: [] });
  }
}
