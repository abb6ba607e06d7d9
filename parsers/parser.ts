/**
 * The contract between a format and the rest of the house. A format turns the text of one record into an
 * Entry or a Failure; it never throws, never guesses, does no I/O and reads no clock. Splitting a file into
 * lines and records is `split.ts`, taking wrappers off is `envelope.ts`, choosing the format is `detect.ts`.
 */
import type { Entry, Failure } from './entry.ts';

/** What a wrapper (syslog, Docker …) knew about the record inside it. */
export interface Context {
  /** Time of the wrapper, milliseconds since 1970; NaN = there was none. Dates records that have no year, zone or time of their own. */
  envelopeMs: number;
  /** The wrapper's time named no zone (RFC 3164): it is a wall clock read as UTC. */
  envelopeZoneless: boolean;
  /** `tag` or container name. "haproxy" */
  envelopeTag: string | null;
  envelopeHost: string | null;
  /** `tag[pid]`: the number. "121" */
  envelopePid: string | null;
  /** Milliseconds since 1970 near which a time without a year must lie (modification time of the file, or the envelope). */
  referenceMs: number;
}

export interface Format {
  /** Same as the file name: "nginx.error". */
  readonly dataset: string;
  /** For people. "nginx error log" */
  readonly title: string;
  /** The layer where this product usually stands, used only when nothing else says it. One of the taxonomy's layers, or null. */
  readonly usualLayer: string | null;
  /**
   * For records of several lines. `starts`: a line that satisfies it begins a record, all others continue the
   * one before. `ends`: the record is complete with this line (audit logs with an end mark). Absent: a line is a record.
   */
  readonly starts?: (line: string) => boolean;
  readonly ends?: (line: string, firstLine: string) => boolean;
  /** Lines inside a record that are no record of their own but also no continuation (blank lines between audit entries). */
  /**
   * Reads one record (lines joined by \n, without the last line break).
   * HOT for access logs: positions and indexOf, no backtracking.
   */
  parse(record: string, context: Context): Entry | Failure;
}

/** A format that needs something from outside (a log_format string, a #Fields line) is made by a factory. */
export type FormatFactory = (pattern: string) => Format;
