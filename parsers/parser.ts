/**
 * The contract between a format and the rest of the house. A format turns the text of one record into an
 * Entry or a Failure; it never throws, never guesses, does no I/O and reads no clock. Splitting a file into
 * lines and records is `split.ts`, taking wrappers off is `envelope.ts`, choosing the format is `detect.ts`.
 */
import type { Entry, Failure } from './entry.ts';
import type { Skimmer } from './skim.ts';

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

/**
 * How much of a line's shape is the product's own: formats are tried in this order, and of two that read the same
 * lines the lower one is right. Example: a JSON line of Caddy is read by `caddy.access` (own) and `json` (carrier).
 */
export const RANK = {
  /** Nobody else writes such lines. The default. */
  own: 0,
  /** Several products write such lines (Common Log Format). */
  shared: 10,
  /** Any program may (JSON). */
  carrier: 20,
  /** Somebody's own format string, worked out from the lines. */
  learned: 25,
  /** What syslog programs say that have no format of their own. */
  syslog: 30,
  /** A time and words. */
  text: 40,
} as const;

/** Lines that a format, or the head of its family, has read: what it may judge by whether they are its product's. */
export interface Claim {
  entries: Entry[];
  lines: string[];
  /** Path of the file, lower case, '' = unknown. */
  fileName: string;
}

export interface Format {
  /** Same as the file name: "nginx.error". */
  readonly dataset: string;
  /** For people. "nginx error log" */
  readonly title: string;
  /** The layer where this product usually stands, used only when nothing else says it. One of the taxonomy's layers, or null. */
  readonly usualLayer: string | null;
  /** One of RANK; absent: own. */
  readonly rank?: number;
  /**
   * The lines look like those of this dataset (Common Log Format: "clf") and are read by it while the product is not
   * known: formats of a family are not tried, `claim` decides between them and the head.
   */
  readonly family?: string;
  /**
   * How sure it is that these lines are the product's, 0 = they are not, 1 = nobody else's. In a family the greatest
   * claim wins, the head's own among them; outside, 0 withdraws a format that reads more than its own lines.
   */
  claim?(sample: Claim): number;
  /**
   * For records of several lines. `starts`: a line that satisfies it begins a record, all others continue the
   * one before. `ends`: the record is complete with this line (audit logs with an end mark). Absent: a line is a record.
   */
  readonly starts?: (line: string) => boolean;
  readonly ends?: (line: string, firstLine: string) => boolean;
  /**
   * A line that says how the lines after it are laid out (W3C `#Fields: date time …`): the pattern for `compile`,
   * null for any other line. `parse` gives {failure:'empty'} for it, as for every comment of the format.
   */
  directive?(line: string): string | null;
  /** The format for lines of this pattern: from a directive, or given by the user (nginx `log_format`, Apache `LogFormat`). */
  compile?(pattern: string): Format;
  /** What it was compiled from, where it was. */
  readonly pattern?: string;
  /** The pattern for `compile` by which these lines are laid out, as far as they tell; null = they do not. Pure. */
  learn?(lines: readonly string[]): string | null;
  /**
   * Attributes may be read later, from the record's text alone (`readLate`): no field and no failure depends on an
   * attribute, and no attribute on what a wrapper knows. `test/late.test.ts` holds both ways to each other.
   */
  readonly late?: boolean;
  /** What is counted of an ordinary line, without reading it whole. Only for access logs of one line a record. */
  readonly skim?: Skimmer;
  /**
   * Reads one record (lines joined by \n, without the last line break).
   * HOT for access logs: positions and indexOf, no backtracking.
   */
  parse(record: string, context: Context): Entry | Failure;
}
