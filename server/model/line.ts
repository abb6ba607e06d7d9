/**
 * Where a record stands (a Line), what a source is, and what a stored block is. A Line is (source, byte offset)
 * for ever: line numbers are for people and derived.
 */
import type { SavedDetection } from '../../parsers/detect.ts';
import type { Entry } from '../../parsers/entry.ts';
import type { Layer } from './taxonomy.ts';

/** Position of one record. Example: {sourceId: 3, offset: 18211, bytes: 212, line: 96, lines: 1} */
export interface Line {
  sourceId: number;
  /** First byte in the file. */
  offset: number;
  /** Bytes, without the last line break. */
  bytes: number;
  /** 1-based number of the first line. */
  line: number;
  lines: number;
  /** Which entry of a record that holds several (a JSON array), from 1; absent for the first and only. */
  part?: number;
}

/** How the records of a source are read: enough to make the same reader again. */
export interface ReaderSpec extends SavedDetection {
  /** The user's or the server's format string, for datasets that are compiled from one. */
  pattern: string | null;
}

/**
 * The newest part of a large file, read before what lies in front of it. Its lines are counted from its beginning
 * until `Source.position` has reached `offset`: then they get their numbers in the file.
 */
export interface Tail {
  /** A record begins here. */
  offset: number;
  /** Everything from `offset` to here is stored. */
  position: number;
  skipping: boolean;
  lines: number;
}

/** One followed file. */
export interface Source {
  id: number;
  /** As found: the argument's own spelling, with what lies below it. "logs/web/nginx/access.log" */
  path: string;
  /** The path without rotation suffix: files of one stream share it. "logs/web/nginx/access.log" for access.log.1 */
  stream: string;
  device: string;
  inode: string;
  /** SHA-256 of the first `fingerprintBytes` bytes; grows with what is read until FINGERPRINT_BYTES_MAX. */
  fingerprint: string;
  fingerprintBytes: number;
  reader: ReaderSpec | null;
  layer: Layer;
  /** "given" by the user, "path" by a folder's name, "product" by what usually stands there. */
  layerFrom: 'given' | 'path' | 'product' | 'none';
  /** Added to a record's own time. Learned from linked requests, or the zone of a log that names none. */
  clockOffsetMs: number;
  /** How `clockOffsetMs` came about. "as logged", "zone Europe/Berlin (given)", "learned from 120 shared requests" */
  clockFrom: string;
  /** The log names no zone in its times. */
  timeZoneless: boolean;
  /** Everything before this byte is stored. */
  position: number;
  /** The line at `position` was longer than is kept; its rest is skipped. */
  skipping: boolean;
  /** Lines before `position`, and those of `tail`. */
  lines: number;
  /** The end of a large file, read first; null = there is none, or it was reached. */
  tail: Tail | null;
  parsed: number;
  unparsed: number;
  /** Access records among the parsed ones: this log tells of requests. */
  requests: number;
  samples: { line: number; text: string; reason: string }[];
  newestEventMs: number | null;
  lastReadMs: number | null;
  /** Usual pause between two writes while it was followed, ms; null = not known. */
  usualGapMs: number | null;
  sizeBytes: number;
  /** Rotated away, replaced or deleted, and read to its end: never read again. */
  ended: boolean;
  /** Bytes that were destroyed before they could be read, as far as the last known size tells. */
  gapBytes: number;
  /** How often the file was cut or replaced while bytes may have been unread. */
  gaps: number;
  state: 'reading' | 'following' | 'unreadable' | 'unrecognised' | 'silent' | 'empty' | 'gone';
  advice: string | null;
}

/** Raw lines as they were read, compressed, never across a UTC day. Unique by (sourceId, offset). */
export interface Block {
  sourceId: number;
  offset: number;
  bytes: number;
  firstLine: number;
  lines: number;
  /** Times as the records say them (before `clockOffsetMs`); NaN = no record has one. */
  timeMinMs: number;
  timeMaxMs: number;
  reader: ReaderSpec;
  /** Year-less times were read near this. */
  referenceMs: number;
  raw: Uint8Array;
  /** The same with one character a byte, where that can be had without the bytes. */
  latin1?: () => string;
}

/** An entry with its position and its corrected time. */
export interface Placed {
  line: Line;
  entry: Entry;
  /** `entry.timeMs` + the source's clock offset; NaN = unknown. */
  timeMs: number;
}

/** The last byte that was read; a file that is shorter was cut. */
export const furthest = (s: Pick<Source, 'position' | 'tail'>): number => s.tail?.position ?? s.position;

/** Bytes of the file that are stored. */
export const storedBytes = (s: Pick<Source, 'position' | 'tail'>): number =>
  s.tail === null ? s.position : s.position + s.tail.position - s.tail.offset;

/** Bytes of the file, as far as its size is known, that are not stored. */
export const unreadBytes = (s: Pick<Source, 'position' | 'tail' | 'sizeBytes'>): number =>
  Math.max(0, s.sizeBytes - storedBytes(s));

/** A source that is in trouble: said in the log, marked on the page, counted in /metrics. */
export function isTroubled(s: Source): boolean {
  if (s.ended) return s.gapBytes > 0;
  return (
    s.state === 'unreadable' ||
    s.state === 'unrecognised' ||
    s.state === 'gone' ||
    s.state === 'silent' ||
    (s.unparsed > 20 && s.unparsed > s.parsed)
  );
}
