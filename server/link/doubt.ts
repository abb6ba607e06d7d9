/**
 * How sure a pairing is that had rivals: requests that look the same to the logs (one client asks the same thing
 * several times at once) are paired in the order in which their lines were written, and that order means something
 * only as far as the requests are known to have been apart. Pure.
 */

/** What is known of one line when two requests are held against each other. */
export interface Trace {
  sourceId: number;
  kind: string;
  timeMs: number;
  /** Its time has a fraction of a second. */
  isFine: boolean;
  /** First line and number of lines of the record. */
  line: number;
  lines: number;
  /** Process and thread that wrote it; null = not told. */
  worker: string | null;
}

/** How far two requests are known to have been apart. */
export interface Apart {
  /** By a log with fractions of a second; null = none tells. */
  ms: number | null;
  /** That log knows microseconds. */
  isExact: boolean;
  /** Records that another request wrote between theirs, in some log. */
  between: number;
  /** Served by one worker (which writes in the order in which it works) or by two at once. */
  worker: 'same' | 'other' | 'unknown';
}

export function apart(mine: readonly Trace[], theirs: readonly Trace[]): Apart {
  const out: Apart = { ms: null, isExact: false, between: 0, worker: 'unknown' };
  for (const source of new Set(mine.map((t) => t.sourceId))) {
    const a = mine.filter((t) => t.sourceId === source);
    const b = theirs.filter((t) => t.sourceId === source);
    if (b.length === 0) continue;
    out.between = Math.max(out.between, between(a, b));
    for (const x of a) {
      for (const y of b) {
        if (x.kind !== y.kind) continue;
        if (x.isFine) out.ms = Math.max(out.ms ?? 0, Math.abs(x.timeMs - y.timeMs));
        if (x.timeMs % 1 !== 0 || y.timeMs % 1 !== 0) out.isExact = true;
        if (x.worker !== null && y.worker !== null && out.worker !== 'other')
          out.worker = x.worker === y.worker ? 'same' : 'other';
      }
    }
  }
  return out;
}

/** Lines of one log between those of two requests, as far as theirs do not lie among each other. */
function between(a: readonly Trace[], b: readonly Trace[]): number {
  const first = (list: readonly Trace[]): number => Math.min(...list.map((t) => t.line));
  const last = (list: readonly Trace[]): number => Math.max(...list.map((t) => t.line + t.lines));
  return Math.max(0, first(b) - last(a), first(a) - last(b));
}

/** Between two logs of different servers, or from one log of a server to another of its own? */
export type Between = 'servers' | 'logs';

/** Two requests that several workers serve within so little time overtake each other on the way between servers. */
const OVERTAKES_MS = 3;
/** And within so little between one log of a server and another. */
const WRITES_MS = 0.1;
/** A blank line or the like may stand between two records. */
const ADJACENT = 1;
/** Of look-alikes whose order is not known no pairing is likelier than the other. */
const TOSS_UP = 0.4;

/**
 * How sure a pairing is: 1 where every rival is known to have been apart, `TOSS_UP` where some was not. Measured on
 * pairings whose truth is known: whoever works alone writes in order, always; lines of one server that two workers
 * wrote within a tenth of a millisecond are in order as often as not; between servers order is lost where nothing but the order of
 * lines tells (whole seconds, or the same millisecond), and where three or more are served at once by several workers.
 */
export function surenessOf(rivals: readonly Apart[], between: Between, isCoarse: boolean): number {
  const near = rivals.filter((r) => r.worker !== 'same' && r.between <= ADJACENT);
  const atOnce = near.filter((r) => (r.ms === null ? r.worker === 'other' : r.ms < 1));
  if (between === 'logs') {
    return near.some((r) => r.isExact && r.ms! < WRITES_MS && r.worker === 'other') ? TOSS_UP : 1;
  }
  const crowd = near.filter((r) => r.worker === 'other' && (r.ms ?? 0) <= OVERTAKES_MS);
  return (isCoarse && atOnce.length > 0) || crowd.length >= 2 ? TOSS_UP : 1;
}
