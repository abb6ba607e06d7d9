/**
 * The lines of one stretch, sorted, and what was joined of them so far: sets that grow, who is whose proxy, how fine each
 * clock is, in what order lines were written. Every step of linking works on this; none of them knows of the others.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Placed } from '../model/line.ts';
import type { Link } from '../model/request.ts';
import type { Assignment, Edge } from './assign.ts';
import type { Between } from './doubt.ts';
import { addressesOf } from './keys.ts';
import type { Survey } from './relevant.ts';
import type { LinkSource } from './source.ts';

/** Rounding and clocks that are not learned to the last millisecond: two lines of one request may lie this far apart. */
export const NEAR_MS = 1200;
const GRAIN_MS = 999;
/** A slow answer, logged at its start in one place and at its end in the other. */
export const FAR_MS = 20_000;
/** Candidates looked at on each side of the nearest line. */
export const CANDIDATES = 40;
export const REASON_FINE_MS = 50;
/** Clocks are learned to a few milliseconds. */
const PAD_MS = 5;

export interface LinkOptions {
  refusedStatus: ReadonlySet<number>;
  explains: (entry: Entry) => boolean;
  /** Some log tells of requests, in this stretch of time or another: then a reason without a request is no refusal. */
  hasAccessLogs: boolean;
  /** Share of a source's access lines that an outer log has, where it was learned from all lines before. */
  withOuter?: ReadonlyMap<number, number>;
}

/** Two lines that were joined; `open` where it was a choice. */
interface Join {
  a: number;
  b: number;
  confidence: number;
  open: Open | null;
}

export interface Open {
  edge: Edge;
  assignment: Assignment;
  between: Between;
}

export class Lines {
  readonly records: Placed[];

  readonly sources: Map<number, LinkSource>;

  readonly options: LinkOptions;

  readonly parent: Int32Array;

  readonly members: (number[] | null)[];

  readonly links: (Link | null)[];

  readonly hasOuter: Uint8Array;

  /** What was joined to a line, and how sure that is. */
  readonly joins = new Map<number, Join[]>();

  /** Indices of access lines per source, in time order. */
  readonly access = new Map<number, number[]>();

  readonly other: number[] = [];

  readonly start: Float64Array;

  readonly end: Float64Array;

  /** Per source: client addresses that are proxies of ours, not clients. */
  readonly proxies: Map<number, Set<string>>;

  /** Access lines per source in the whole stretch. */
  readonly counted: Map<number, number>;

  readonly latest: Map<number, number>;

  /** Sources whose times have fractions of a second. */
  readonly fine: ReadonlySet<number>;
  readonly fineOthers: ReadonlySet<number>;

  /** Inner lines of a request that another server answered in the end: the outer layer tried again. */
  readonly elsewhere = new Set<number>();

  /** By access line: reasons that may be about its request, and were not joined to it. */
  readonly perhaps = new Map<number, number[]>();

  /** Sources that are asked by another layer before it answers; their lines are never requests of their own. */
  readonly asked = new Set<number>();

  constructor(records: Placed[], sources: Map<number, LinkSource>, options: LinkOptions, around: Survey) {
    this.records = records.filter((r) => sources.has(r.line.sourceId));
    this.records.sort(
      (a, b) =>
        (Number.isNaN(a.timeMs) ? Infinity : a.timeMs) - (Number.isNaN(b.timeMs) ? Infinity : b.timeMs) ||
        a.line.sourceId - b.line.sourceId ||
        a.line.offset - b.line.offset,
    );
    this.sources = sources;
    this.options = options;
    const n = this.records.length;
    this.parent = new Int32Array(n);
    this.#explaining = new Int8Array(n);
    this.members = new Array(n).fill(null);
    this.links = new Array(n).fill(null);
    this.hasOuter = new Uint8Array(n);
    this.start = new Float64Array(n);
    this.end = new Float64Array(n);
    const { fine, fineOthers } = around;
    this.fine = fine;
    this.fineOthers = fineOthers;
    this.proxies = around.proxies;
    this.counted = around.access;
    this.latest = around.latest;
    for (let i = 0; i < n; i++) {
      this.parent[i] = i;
      const { entry, timeMs, line } = this.records[i]!;
      const duration = entry.durationMs ?? 0;
      // A log of whole seconds cuts the fraction off: the moment lies anywhere in that second.
      const grain = (entry.kind === 'access' ? fine : fineOthers).has(line.sourceId) ? 0 : GRAIN_MS;
      this.start[i] = entry.timePoint === 'end' ? timeMs - duration : timeMs;
      this.end[i] = (entry.timePoint === 'start' ? timeMs + duration : timeMs) + grain;
      if (entry.kind === 'access') {
        const list = this.access.get(line.sourceId);
        if (list) list.push(i);
        else this.access.set(line.sourceId, [i]);
      } else if (entry.kind !== 'ban') this.other.push(i);
    }
  }

  root(i: number): number {
    let r = i;
    while (this.parent[r] !== r) r = this.parent[r]!;
    while (this.parent[i] !== r) {
      const next = this.parent[i]!;
      this.parent[i] = r;
      i = next;
    }
    return r;
  }

  membersOf(root: number): number[] {
    return this.members[root] ?? [root];
  }

  /** `joined` is the line that this link explains. */
  join(a: number, b: number, joined: number, why: Link, open: Open | null = null): void {
    const ra = this.root(a);
    const rb = this.root(b);
    this.links[joined] ??= why;
    const join: Join = { a, b, confidence: why.confidence, open };
    for (const x of [a, b]) {
      const joins = this.joins.get(x);
      if (joins) joins.push(join);
      else this.joins.set(x, [join]);
    }
    if (ra === rb) return;
    const ma = this.membersOf(ra);
    const mb = this.membersOf(rb);
    const [big, small, mBig, mSmall] = ma.length >= mb.length ? [ra, rb, ma, mb] : [rb, ra, mb, ma];
    if (this.members[big] === null) this.members[big] = mBig;
    for (const m of mSmall) mBig.push(m);
    this.members[small] = null;
    this.parent[small] = big;
  }

  entry(i: number): Entry {
    return this.records[i]!.entry;
  }

  source(i: number): LinkSource {
    return this.sources.get(this.records[i]!.line.sourceId)!;
  }

  /** Does the set of `root` hold an access line of a source of this order (or of this source)? */
  hasAccessAt(root: number, order: number): boolean {
    for (const m of this.membersOf(root)) {
      if (this.entry(m).kind === 'access' && this.source(m).order === order) return true;
    }
    return false;
  }

  hasSource(root: number, sourceId: number): boolean {
    for (const m of this.membersOf(root)) if (this.records[m]!.line.sourceId === sourceId) return true;
    return false;
  }

  accessIn(root: number): number[] {
    return this.membersOf(root).filter((m) => this.entry(m).kind === 'access');
  }

  linesAt(order: number): number[] {
    const out: number[] = [];
    for (const [id, list] of this.access) if (this.sources.get(id)!.order === order) for (const i of list) out.push(i);
    return out.sort((a, b) => a - b);
  }

  joinAccess(open: Open, says: string): void {
    const { edge } = open;
    const confidence = edge.score >= 8 ? 0.97 : edge.score >= 5 ? 0.92 : edge.score >= 3 ? 0.8 : 0.6;
    this.hasOuter[edge.inner] = 1;
    this.join(edge.outer, edge.inner, edge.inner, { kind: 'attributes', confidence, says }, open);
  }

  /** Candidates (sorted by time) around line i. */
  near(candidates: number[], i: number, most = CANDIDATES): number[] {
    const t = this.records[i]!.timeMs;
    let low = 0;
    let high = candidates.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.records[candidates[mid]!]!.timeMs < t) low = mid + 1;
      else high = mid;
    }
    const out: number[] = [];
    for (let k = low - 1; k >= 0 && out.length < most; k--) {
      if (t - this.records[candidates[k]!]!.timeMs > FAR_MS) break;
      out.push(candidates[k]!);
    }
    for (let k = low, n = 0; k < candidates.length && n < most; k++, n++) {
      if (this.records[candidates[k]!]!.timeMs - t > FAR_MS) break;
      out.push(candidates[k]!);
    }
    return out;
  }

  /**
   * Lines that look alike keep the order in which they were written, whatever moment they name: a log that gives the
   * start of a request writes it when it has ended, as all others do.
   */
  readonly written = (a: number, b: number): number => {
    const x = this.records[a]!.line;
    const y = this.records[b]!.line;
    return x.sourceId === y.sourceId ? x.offset - y.offset : 0;
  };

  /**
   * The same for whole sets of lines, told by the log that says it best: access lines and audit records are written at
   * once, when all is done; of other lines the last counts. Of two such logs the one further in.
   */
  readonly setsWritten = (a: number, b: number): number => {
    let best = -1;
    let difference = 0;
    const theirs = this.lastOf(b);
    for (const [key, mine] of this.lastOf(a)) {
      const other = theirs.get(key);
      if (other === undefined || mine.weight <= best) continue;
      best = mine.weight;
      difference = mine.offset - other.offset;
    }
    return difference;
  };

  /** Where each log's last line of each kind stands in the set of line `i`. */
  lastOf(i: number): Map<string, { offset: number; weight: number }> {
    const last = new Map<string, { offset: number; weight: number }>();
    for (const m of this.membersOf(this.root(i))) {
      const { sourceId, offset } = this.records[m]!.line;
      const { kind } = this.entry(m);
      const key = `${sourceId} ${kind}`;
      const known = last.get(key);
      const weight = (kind === 'access' ? 200 : kind === 'audit' ? 100 : 0) + this.source(m).order;
      if (known === undefined) last.set(key, { offset, weight });
      else if (offset > known.offset) known.offset = offset;
    }
    return last;
  }

  /** How far two lines are from having been the same moment: 0 when their intervals touch. */
  distance(a: number, b: number): number {
    const gap = Math.max(this.start[a]! - this.end[b]!, this.start[b]! - this.end[a]!);
    return Math.max(0, gap);
  }

  /** Has anybody with this address made a request in the stretch? Our own proxies do not count. */
  isClient(a: string): boolean {
    if (this.clients === null) {
      this.clients = new Set();
      for (const [sourceId, list] of this.access) {
        const proxies = this.proxies.get(sourceId);
        for (const i of list) for (const x of addressesOf(this.entry(i))) if (!proxies?.has(x)) this.clients.add(x);
      }
    }
    return this.clients.has(a);
  }

  clients: Set<string> | null = null;

  /** When the request of an access line was answered: a log of whole seconds is helped by the finer logs around it. */
  moment(a: number): { from: number; to: number; isFine: boolean } {
    let from = this.start[a]!;
    let to = this.end[a]!;
    let isFine = this.isFine(a);
    for (const m of this.accessIn(this.root(a))) {
      if (!this.isFine(m)) continue;
      const start = this.start[m]! - PAD_MS;
      const end = this.end[m]! + PAD_MS;
      if (end - start < to - from || !isFine) {
        from = start;
        to = end;
      }
      isFine = true;
    }
    return { from, to, isFine };
  }

  /** Is the moment of this line known to the millisecond, from its beginning to its end? */
  isFine(i: number): boolean {
    const { entry, line } = this.records[i]!;
    return (entry.kind === 'access' ? this.fine : this.fineOthers).has(line.sourceId);
  }

  /** Does the line give a reason? Asked for again and again, and not cheap to say. */
  explains(i: number): boolean {
    const known = this.#explaining[i]!;
    if (known !== 0) return known > 0;
    const explains = this.options.explains(this.entry(i));
    this.#explaining[i] = explains ? 1 : -1;
    return explains;
  }

  /** 0 = not asked yet. */
  readonly #explaining: Int8Array;

  isRefused(a: number): boolean {
    return this.options.refusedStatus.has(this.entry(a).httpResponseStatusCode ?? 0);
  }
}
