/**
 * Joins the lines of one stretch of time into requests: by ids, then access log to access log from the outside
 * in, then error, audit and application lines to the access line they belong to. Pure: entries in, requests
 * out. It knows no causes; `explains` tells whether a line without any request data gives a reason.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Placed } from '../model/line.ts';
import type { Hop, Link, LinkedRequest } from '../model/request.ts';
import { routeOf } from '../model/route.ts';
import { type Assignment, assign, type Edge, type Written } from './assign.ts';
import { type Guess, weigh } from './custom.ts';
import { apart, type Between, surenessOf, type Trace } from './doubt.ts';
import { address, addressesOf, comparablePath, isPrivate, isStrongId, localIdOf, pathAffinity } from './keys.ts';
import { type Survey, survey } from './relevant.ts';
import { settle } from './settle.ts';
import { type LinkSource, productOf } from './source.ts';

export interface LinkOptions {
  refusedStatus: ReadonlySet<number>;
  explains: (entry: Entry) => boolean;
  /** Some log tells of requests, in this stretch of time or another: then a reason without a request is no refusal. */
  hasAccessLogs: boolean;
  /** Share of a source's access lines that an outer log has, where it was learned from all lines before. */
  withOuter?: ReadonlyMap<number, number>;
}

export interface SourceShare {
  sourceId: number;
  /** Access lines seen, and those that an outer access log has too. */
  lines: number;
  withOuter: number;
}

export interface LinkResult {
  /** Refused requests only. */
  requests: LinkedRequest[];
  shares: SourceShare[];
  /** Access lines that no outer log has and that were let through: what refusals are contrasted with. */
  passed: Placed[];
}

/** Rounding and clocks that are not learned to the last millisecond: two lines of one request may lie this far apart. */
const NEAR_MS = 1200;
const GRAIN_MS = 999;
/** A slow answer, logged at its start in one place and at its end in the other. */
const FAR_MS = 20_000;
/** Candidates looked at on each side of the nearest line. */
const CANDIDATES = 40;
/** Where only the client is known, and that may be a proxy: all that a busy server writes in a second. */
const CANDIDATES_OF_CLIENT = 300;
/** A reason line is written while its request is answered; clocks that are learned from whole seconds are off by this. */
const REASON_MS = 400;
const REASON_FINE_MS = 50;
/** By this where the log's clock was settled by all of its reasons. */
const REASON_SETTLED_MS = 8;
/** Requests that take longer are looked for further back. */
const LONG_MS = 2000;
/** Requests looked at for one line that names none. */
const OPEN_MAX = 400;
/** So many lines that give a reason are written just before the answer, however long the request took until then. */
const AT_ANSWER = 0.7;
const ANSWER_MS = 20;
/** A line that names the client or the user of a request is so much likelier about it than about another. */
const NAMED_ODDS = 100;
/** A request whose moment is known to less than a second. */
const FINE_MS = 900;
/** Clocks are learned to a few milliseconds. */
const PAD_MS = 5;

/** Two logs of one server: so many of the lines of the smaller are in the other. */
const TWIN_SHARE = 0.9;
const TWIN_LINES_MIN = 3;

const TOSSED = 'but another request looks the same and was made at once';

const ANCHOR: Link = { kind: 'anchor', confidence: 1, says: 'the line by which the request is counted' };

/** `around`: what was counted over all lines of the stretch; absent: these are all. */
export function link(
  records: Placed[],
  sources: Map<number, LinkSource>,
  options: LinkOptions,
  around: Survey = survey(records),
): LinkResult {
  return new Linker(records, sources, options, around).run();
}

/** Two lines that were joined; `open` where it was a choice. */
interface Join {
  a: number;
  b: number;
  confidence: number;
  open: Open | null;
}

interface Open {
  edge: Edge;
  assignment: Assignment;
  between: Between;
}

class Linker {
  readonly #records: Placed[];
  readonly #sources: Map<number, LinkSource>;
  readonly #options: LinkOptions;
  readonly #parent: Int32Array;
  readonly #members: (number[] | null)[];
  readonly #links: (Link | null)[];
  readonly #hasOuter: Uint8Array;
  /** What was joined to a line, and how sure that is. */
  readonly #joins = new Map<number, Join[]>();
  /** Indices of access lines per source, in time order. */
  readonly #access = new Map<number, number[]>();
  readonly #other: number[] = [];
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  /** Per source: client addresses that are proxies of ours, not clients. */
  readonly #proxies: Map<number, Set<string>>;
  /** Access lines per source in the whole stretch. */
  readonly #counted: Map<number, number>;
  readonly #latest: Map<number, number>;
  /** Sources whose times have fractions of a second. */
  readonly #fine: ReadonlySet<number>;
  /** Inner lines of a request that another server answered in the end: the outer layer tried again. */
  readonly #elsewhere = new Set<number>();
  /** Sources that are asked by another layer before it answers; their lines are never requests of their own. */
  readonly #asked = new Set<number>();

  constructor(records: Placed[], sources: Map<number, LinkSource>, options: LinkOptions, around: Survey) {
    this.#records = records.filter((r) => sources.has(r.line.sourceId));
    this.#records.sort(
      (a, b) =>
        (Number.isNaN(a.timeMs) ? Infinity : a.timeMs) - (Number.isNaN(b.timeMs) ? Infinity : b.timeMs) ||
        a.line.sourceId - b.line.sourceId ||
        a.line.offset - b.line.offset,
    );
    this.#sources = sources;
    this.#options = options;
    const n = this.#records.length;
    this.#parent = new Int32Array(n);
    this.#members = new Array(n).fill(null);
    this.#links = new Array(n).fill(null);
    this.#hasOuter = new Uint8Array(n);
    this.#start = new Float64Array(n);
    this.#end = new Float64Array(n);
    const { fine } = around;
    this.#fine = fine;
    this.#proxies = around.proxies;
    this.#counted = around.access;
    this.#latest = around.latest;
    for (let i = 0; i < n; i++) {
      this.#parent[i] = i;
      const { entry, timeMs, line } = this.#records[i]!;
      const duration = entry.durationMs ?? 0;
      // A log of whole seconds cuts the fraction off: the moment lies anywhere in that second.
      const grain = fine.has(line.sourceId) ? 0 : GRAIN_MS;
      this.#start[i] = entry.timePoint === 'end' ? timeMs - duration : timeMs;
      this.#end[i] = (entry.timePoint === 'start' ? timeMs + duration : timeMs) + grain;
      if (entry.kind === 'access') {
        const list = this.#access.get(line.sourceId);
        if (list) list.push(i);
        else this.#access.set(line.sourceId, [i]);
      } else if (entry.kind !== 'ban') this.#other.push(i);
    }
  }

  run(): LinkResult {
    this.#twins();
    this.#byIds();
    this.#withinSource();
    this.#accessToAccess();
    this.#attach();
    this.#reasons();
    return this.#result();
  }

  // ---- sets

  #root(i: number): number {
    let r = i;
    while (this.#parent[r] !== r) r = this.#parent[r]!;
    while (this.#parent[i] !== r) {
      const next = this.#parent[i]!;
      this.#parent[i] = r;
      i = next;
    }
    return r;
  }

  #membersOf(root: number): number[] {
    return this.#members[root] ?? [root];
  }

  /** `joined` is the line that this link explains. */
  #join(a: number, b: number, joined: number, why: Link, open: Open | null = null): void {
    const ra = this.#root(a);
    const rb = this.#root(b);
    this.#links[joined] ??= why;
    const join: Join = { a, b, confidence: why.confidence, open };
    for (const x of [a, b]) {
      const joins = this.#joins.get(x);
      if (joins) joins.push(join);
      else this.#joins.set(x, [join]);
    }
    if (ra === rb) return;
    const ma = this.#membersOf(ra);
    const mb = this.#membersOf(rb);
    const [big, small, mBig, mSmall] = ma.length >= mb.length ? [ra, rb, ma, mb] : [rb, ra, mb, ma];
    if (this.#members[big] === null) this.#members[big] = mBig;
    for (const m of mSmall) mBig.push(m);
    this.#members[small] = null;
    this.#parent[small] = big;
  }

  #entry(i: number): Entry {
    return this.#records[i]!.entry;
  }
  #source(i: number): LinkSource {
    return this.#sources.get(this.#records[i]!.line.sourceId)!;
  }

  /** Does the set of `root` hold an access line of a source of this order (or of this source)? */
  #hasAccessAt(root: number, order: number): boolean {
    for (const m of this.#membersOf(root)) {
      if (this.#entry(m).kind === 'access' && this.#source(m).order === order) return true;
    }
    return false;
  }
  #hasSource(root: number, sourceId: number): boolean {
    for (const m of this.#membersOf(root)) if (this.#records[m]!.line.sourceId === sourceId) return true;
    return false;
  }
  #accessIn(root: number): number[] {
    return this.#membersOf(root).filter((m) => this.#entry(m).kind === 'access');
  }

  // ---- 0: one server that writes its requests to two access logs

  /** Logs of one layer that lie together or are one product's, and hold the same lines: the second tells nothing new. */
  #twins(): void {
    const bySource = [...this.#access].map(([id, lines]) => ({ source: this.#sources.get(id)!, lines }));
    for (let x = 0; x < bySource.length; x++) {
      for (let y = x + 1; y < bySource.length; y++) {
        const a = bySource[x]!;
        const b = bySource[y]!;
        if (a.source.order !== b.source.order || a.source.directory !== b.source.directory) continue;
        const [few, many] = a.lines.length <= b.lines.length ? [a.lines, b.lines] : [b.lines, a.lines];
        if (few.length < TWIN_LINES_MIN) continue;
        const waiting = new Map<string, number[]>();
        for (const i of many) push(waiting, this.#identity(i), i);
        const pairs: [number, number][] = [];
        for (const i of few) {
          const other = waiting.get(this.#identity(i))?.shift();
          if (other !== undefined) pairs.push([other, i]);
        }
        if (pairs.length < few.length * TWIN_SHARE) continue;
        for (const [first, second] of pairs) {
          this.#hasOuter[second] = 1;
          this.#join(first, second, second, {
            kind: 'attributes',
            confidence: 0.95,
            says: 'the same request in another log of this server',
          });
        }
      }
    }
  }

  /** What two lines about one request that one server wrote cannot but share. */
  #identity(i: number): string {
    const e = this.#entry(i);
    return `${Math.floor(e.timeMs / 1000)} ${e.httpRequestMethod} ${e.urlPath} ${e.urlQuery} ${e.clientAddress} ${e.httpResponseStatusCode}`;
  }

  // ---- 1: shared ids

  #byIds(): void {
    const byId = new Map<string, number[]>();
    for (let i = 0; i < this.#records.length; i++) {
      for (const id of this.#entry(i).requestIds) {
        if (!isStrongId(id)) continue;
        const list = byId.get(id);
        if (list) list.push(i);
        else byId.set(id, [i]);
      }
    }
    for (const [id, list] of byId) {
      if (list.length < 2 || !this.#idIsUnique(list)) continue;
      const first = list[0]!;
      for (let k = 1; k < list.length; k++) {
        this.#join(first, list[k]!, list[k]!, { kind: 'id', confidence: 0.99, says: `same id ${id}` });
      }
      this.#links[first] ??= { kind: 'id', confidence: 0.99, says: `same id ${id}` };
      const access = list.filter((i) => this.#entry(i).kind === 'access');
      const outermost = Math.min(...access.map((i) => this.#source(i).order));
      for (const i of access) if (this.#source(i).order > outermost) this.#hasOuter[i] = 1;
    }
  }

  /** An id that clients choose, or that stands for a session, is in several requests of the outermost log. */
  #idIsUnique(list: number[]): boolean {
    const access = list.filter((i) => this.#entry(i).kind === 'access');
    if (access.length < 2) return list.length <= 200;
    const outermost = Math.min(...access.map((i) => this.#source(i).order));
    const outer = access.filter((i) => this.#source(i).order === outermost);
    if (outer.length === 1) return list.length <= 200;
    // Two services of one layer (a gateway and the one it asks) share the id; two lines of one log are two requests.
    return list.length <= 200 && new Set(outer.map((i) => this.#records[i]!.line.sourceId)).size === outer.length;
  }

  // ---- 2: lines of one source that belong together whatever the access log says

  #withinSource(): void {
    // Access lines join others here only through their process's own request number: without other lines, nothing can.
    if (this.#other.length === 0) return;
    const last = new Map<string, number>();
    for (const i of this.#allInOrder()) {
      const entry = this.#entry(i);
      const sourceId = this.#records[i]!.line.sourceId;
      let key: string | null = null;
      let reach = 2000;
      let says = '';
      const local = localIdOf(entry);
      if (local !== null) {
        key = `l ${sourceId} ${local}`;
        reach = 30_000;
        says = `same request number ${local.slice(local.indexOf('/') + 1)} of the process`;
      } else if (entry.kind === 'error' && entry.connectionId !== null && entry.urlPath !== null) {
        key = `c ${sourceId} ${entry.processId} ${entry.connectionId} ${entry.httpRequestMethod} ${entry.urlPath} ${entry.urlQuery}`;
        says = `same connection ${entry.connectionId} and request line`;
      } else if (entry.kind === 'error' && entry.clientPort) {
        key = `p ${sourceId} ${entry.processId} ${entry.clientAddress} ${entry.clientPort}`;
        reach = 150;
        says = `same client port ${entry.clientPort}`;
      }
      if (key === null) continue;
      const before = last.get(key);
      last.set(key, i);
      if (before === undefined || this.#records[i]!.timeMs - this.#records[before]!.timeMs > reach) continue;
      if (entry.kind === 'access' && this.#entry(before).kind === 'access') continue;
      if (entry.kind === 'error' && sameTemplate(this.#entry(before), entry)) continue;
      // A connection may carry the next request: two lines that name different paths are two requests.
      const other = this.#entry(before);
      if (entry.urlPath !== null && other.urlPath !== null && entry.urlPath !== other.urlPath) continue;
      this.#join(before, i, i, { kind: 'connection', confidence: 0.95, says });
      this.#links[before] ??= { kind: 'connection', confidence: 0.95, says };
    }
  }

  #allInOrder(): number[] {
    return Array.from({ length: this.#records.length }, (_, i) => i);
  }

  // ---- 3: access log to access log, from the outside in

  #accessToAccess(): void {
    const orders = [...new Set([...this.#access.keys()].map((id) => this.#sources.get(id)!.order))].sort(
      (a, b) => a - b,
    );
    for (let k = 1; k < orders.length; k++) {
      const inner = this.#linesAt(orders[k]!);
      for (let o = k - 1; o >= 0; o--) {
        const outer = this.#linesAt(orders[o]!);
        this.#match(outer, inner, orders[o]!, orders[k]!, 'path');
      }
      for (let o = k - 1; o >= 0; o--)
        this.#match(this.#linesAt(orders[o]!), inner, orders[o]!, orders[k]!, 'rewritten');
    }
    this.#subrequests();
  }

  #linesAt(order: number): number[] {
    const out: number[] = [];
    for (const [id, list] of this.#access)
      if (this.#sources.get(id)!.order === order) for (const i of list) out.push(i);
    return out.sort((a, b) => a - b);
  }

  #match(outer: number[], inner: number[], outerOrder: number, innerOrder: number, how: 'path' | 'rewritten'): void {
    const freeInner = inner.filter((i) => !this.#hasOuter[i]);
    if (freeInner.length === 0) return;
    const keyOf = (i: number): string | null => {
      const e = this.#entry(i);
      if (e.urlPath === null) return null;
      if (how === 'path') return `${e.httpRequestMethod} ${comparablePath(e.urlPath)}`;
      const tail = e.urlPath.slice(e.urlPath.lastIndexOf('/') + 1);
      return tail === '' ? null : `${e.httpRequestMethod} ${tail}`;
    };
    const byKey = new Map<string, number[]>();
    for (const o of outer) {
      if (answeredHere(this.#entry(o)) || this.#hasAccessAt(this.#root(o), innerOrder)) continue;
      const key = keyOf(o);
      if (key === null) continue;
      const list = byKey.get(key);
      if (list) list.push(o);
      else byKey.set(key, [o]);
    }
    const edges: Edge[] = [];
    for (const i of freeInner) {
      const key = keyOf(i);
      const candidates = key === null ? undefined : byKey.get(key);
      if (!candidates) continue;
      for (const o of this.#near(candidates, i)) {
        const edge = this.#edge(o, i, how);
        if (edge) edges.push(edge);
      }
    }
    const plausible = this.#plausible(edges);
    const assignment = assign(plausible, this.#written);
    const taken = new Map(assignment.taken.map((e) => [e.outer, e.inner]));
    for (const { outer, inner } of plausible) {
      const other = taken.get(outer);
      if (other !== undefined && this.#records[other]!.line.sourceId !== this.#records[inner]!.line.sourceId)
        this.#elsewhere.add(inner);
    }
    for (const edge of assignment.taken) {
      if (this.#hasAccessAt(this.#root(edge.inner), outerOrder)) continue;
      this.#elsewhere.delete(edge.inner);
      this.#joinAccess(
        { edge, assignment, between: 'servers' },
        how === 'path' ? 'same method, path, client and time' : 'path ends alike, same client and time',
      );
    }
  }

  /**
   * A proxy's address in an inner log belongs to one outer log. Where lines with a single candidate show which,
   * candidates of the other outer logs are dropped.
   */
  #plausible(edges: Edge[]): Edge[] {
    const perInner = new Map<number, number>();
    for (const e of edges) perInner.set(e.inner, (perInner.get(e.inner) ?? 0) + 1);
    const votes = new Map<string, Map<number, number>>();
    const proxyOf = (i: number): string | null => {
      const a = address(this.#entry(i).clientAddress);
      const id = this.#records[i]!.line.sourceId;
      return a !== null && this.#proxies.get(id)?.has(a) ? `${id} ${a}` : null;
    };
    for (const e of edges) {
      const proxy = proxyOf(e.inner);
      if (proxy === null || perInner.get(e.inner) !== 1) continue;
      const counts = votes.get(proxy) ?? new Map<number, number>();
      const outer = this.#records[e.outer]!.line.sourceId;
      counts.set(outer, (counts.get(outer) ?? 0) + 1);
      votes.set(proxy, counts);
    }
    const owner = new Map<string, number>();
    for (const [proxy, counts] of votes) {
      let total = 0;
      let best = -1;
      for (const [outer, n] of counts) {
        total += n;
        if (best < 0 || n > counts.get(best)!) best = outer;
      }
      if (counts.get(best)! >= 8 && counts.get(best)! >= total * 0.9) owner.set(proxy, best);
    }
    if (owner.size === 0) return edges;
    return edges.filter((e) => {
      const proxy = proxyOf(e.inner);
      const only = proxy === null ? undefined : owner.get(proxy);
      return only === undefined || this.#records[e.outer]!.line.sourceId === only;
    });
  }

  #joinAccess(open: Open, says: string): void {
    const { edge } = open;
    const confidence = edge.score >= 8 ? 0.97 : edge.score >= 5 ? 0.92 : edge.score >= 3 ? 0.8 : 0.6;
    this.#hasOuter[edge.inner] = 1;
    this.#join(edge.outer, edge.inner, edge.inner, { kind: 'attributes', confidence, says }, open);
  }

  /** Candidates (sorted by time) around line i. */
  #near(candidates: number[], i: number, most = CANDIDATES): number[] {
    const t = this.#records[i]!.timeMs;
    let low = 0;
    let high = candidates.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#records[candidates[mid]!]!.timeMs < t) low = mid + 1;
      else high = mid;
    }
    const out: number[] = [];
    for (let k = low - 1; k >= 0 && out.length < most; k--) {
      if (t - this.#records[candidates[k]!]!.timeMs > FAR_MS) break;
      out.push(candidates[k]!);
    }
    for (let k = low, n = 0; k < candidates.length && n < most; k++, n++) {
      if (this.#records[candidates[k]!]!.timeMs - t > FAR_MS) break;
      out.push(candidates[k]!);
    }
    return out;
  }

  /**
   * Lines that look alike keep the order in which they were written, whatever moment they name: a log that gives the
   * start of a request writes it when it has ended, as all others do.
   */
  readonly #written = (a: number, b: number): number => {
    const x = this.#records[a]!.line;
    const y = this.#records[b]!.line;
    return x.sourceId === y.sourceId ? x.offset - y.offset : 0;
  };

  /**
   * The same for whole sets of lines, told by the log that says it best: access lines and audit records are written at
   * once, when all is done; of other lines the last counts. Of two such logs the one further in.
   */
  readonly #setsWritten = (a: number, b: number): number => {
    let best = -1;
    let difference = 0;
    const theirs = this.#lastOf(b);
    for (const [key, mine] of this.#lastOf(a)) {
      const other = theirs.get(key);
      if (other === undefined || mine.weight <= best) continue;
      best = mine.weight;
      difference = mine.offset - other.offset;
    }
    return difference;
  };

  /** Where each log's last line of each kind stands in the set of line `i`. */
  #lastOf(i: number): Map<string, { offset: number; weight: number }> {
    const last = new Map<string, { offset: number; weight: number }>();
    for (const m of this.#membersOf(this.#root(i))) {
      const { sourceId, offset } = this.#records[m]!.line;
      const { kind } = this.#entry(m);
      const key = `${sourceId} ${kind}`;
      const known = last.get(key);
      const weight = (kind === 'access' ? 200 : kind === 'audit' ? 100 : 0) + this.#source(m).order;
      if (known === undefined) last.set(key, { offset, weight });
      else if (offset > known.offset) known.offset = offset;
    }
    return last;
  }

  /** How far two lines are from having been the same moment: 0 when their intervals touch. */
  #distance(a: number, b: number): number {
    const gap = Math.max(this.#start[a]! - this.#end[b]!, this.#start[b]! - this.#end[a]!);
    return Math.max(0, gap);
  }

  #edge(o: number, i: number, how: 'path' | 'rewritten' | 'subrequest'): Edge | null {
    const a = this.#entry(o);
    const b = this.#entry(i);
    const distance = this.#distance(o, i);
    const slow = (a.timePoint !== b.timePoint && (a.durationMs === null || b.durationMs === null)) || false;
    if (distance > (slow ? FAR_MS : NEAR_MS)) return null;
    let score = 0;
    if (how !== 'subrequest') {
      if (a.httpRequestMethod !== b.httpRequestMethod) return null;
      if (a.urlQuery !== b.urlQuery) {
        if (a.urlQuery !== null && b.urlQuery !== null) return null;
        score -= 2;
      } else if (a.urlQuery !== null) score += 1;
      if (how === 'rewritten') {
        const x = a.urlPath!;
        const y = b.urlPath!;
        if (x.length >= y.length ? !x.endsWith(y) : !y.endsWith(x)) {
          // Only the tail is shared: the rest has to say it.
          score -= 2;
        }
        score -= 1;
      } else score += 2;
    }
    if (a.userAgentOriginal !== null && b.userAgentOriginal !== null) {
      if (!sameText(a.userAgentOriginal, b.userAgentOriginal)) return null;
      score += 3;
    }
    const client = this.#clientScore(o, i);
    if (client < 0) return null;
    score += client;
    if (how === 'rewritten' && score < 2) return null;
    if (how === 'subrequest' && client < 3) return null;
    if (a.urlDomain !== null && b.urlDomain !== null) score += a.urlDomain === b.urlDomain ? 1 : -1;
    if (a.httpRequestReferrer !== null && b.httpRequestReferrer !== null) {
      score += sameText(a.httpRequestReferrer, b.httpRequestReferrer) ? 1 : -2;
    }
    const sa = a.httpResponseStatusCode ?? 0;
    const sb = b.httpResponseStatusCode ?? 0;
    if (sa === sb) score += 2;
    else if (a.upstreamStatusCode !== null && a.upstreamStatusCode === sb) score += 2;
    else if (sa > 0 && sb > 0) score -= 1;
    if (a.httpResponseBodySize !== null && a.httpResponseBodySize === b.httpResponseBodySize && sa === sb) score += 1;
    if (distance > NEAR_MS) score -= 1 + distance / 4000;
    score -= Math.min(distance, NEAR_MS) / 4000;
    return {
      outer: o,
      inner: i,
      score,
      distance: Math.abs(this.#start[o]! + this.#end[o]! - this.#start[i]! - this.#end[i]!),
    };
  }

  /** -1 another client, 0 not told, 3 the same. */
  #clientScore(o: number, i: number): number {
    const a = addressesOf(this.#entry(o));
    const b = addressesOf(this.#entry(i));
    if (a.length === 0 || b.length === 0) return 0;
    const proxies = this.#proxies.get(this.#records[i]!.line.sourceId);
    const outerProxies = this.#proxies.get(this.#records[o]!.line.sourceId);
    for (const x of a) if (!outerProxies?.has(x) && b.includes(x)) return 3;
    const real = b.filter((x) => !proxies?.has(x) && !isPrivate(x));
    if (real.length === 0) return 0;
    const known = a.filter((x) => !outerProxies?.has(x));
    return known.length === 0 ? 0 : -1;
  }

  /**
   * A service that a gateway asks before it answers sees a path of its own. Sources whose lines find nobody by
   * path, but nearly always somebody by client and agent at that moment, are such services.
   */
  #subrequests(): void {
    if (this.#access.size < 2) return;
    for (const [id, list] of this.#access) {
      const source = this.#sources.get(id)!;
      if (this.#isAsked(id, list)) {
        this.#asked.add(id);
        continue;
      }
      const free = list.filter((i) => !this.#hasOuter[i]);
      if (free.length < Math.max(5, list.length * 0.5)) continue;
      if (new Set(free.map((i) => this.#entry(i).urlPath)).size > 5) continue;
      const outers: number[] = [];
      for (const [other, lines] of this.#access) {
        if (other === id) continue;
        const s = this.#sources.get(other)!;
        if (s.order < source.order || (s.order === source.order && s.directory !== source.directory)) {
          for (const o of lines) if (!this.#hasSource(this.#root(o), id)) outers.push(o);
        }
      }
      outers.sort((a, b) => a - b);
      const byClient = new Map<string, number[]>();
      for (const o of outers) for (const a of addressesOf(this.#entry(o))) push(byClient, a, o);
      const edges: Edge[] = [];
      for (const i of free) {
        for (const o of addressesOf(this.#entry(i)).flatMap((a) => this.#near(byClient.get(a) ?? [], i))) {
          if (this.#entry(o).urlPath === this.#entry(i).urlPath) continue;
          const edge = this.#edge(o, i, 'subrequest');
          if (!edge) continue;
          // Refused here and refused there, or allowed and anything.
          const refusedInner = (this.#entry(i).httpResponseStatusCode ?? 0) >= 400;
          const refusedOuter = (this.#entry(o).httpResponseStatusCode ?? 0) >= 400;
          if (refusedInner && !refusedOuter) continue;
          edges.push(edge);
        }
        // It does not say who asked: then only the moment can, within a request that was on its way.
        if (addressesOf(this.#entry(i)).length === 0)
          for (const o of this.#near(outers, i)) edges.push(...this.#asking(o, i));
      }
      const assignment = assign(edges, this.#written);
      if (assignment.taken.length < free.length * 0.6) continue;
      this.#asked.add(id);
      for (const edge of assignment.taken)
        this.#joinAccess(
          { edge, assignment, between: 'servers' },
          'asked by the outer layer: same client, agent and moment',
        );
    }
  }

  /** An outer request that was on its way at the moment of a line that names no client, and ended alike. */
  #asking(o: number, i: number): Edge[] {
    const from = this.#start[o]! - REASON_FINE_MS;
    const to = this.#end[o]! + REASON_FINE_MS;
    const t = this.#records[i]!.timeMs;
    if (t < from || t > to || this.#entry(o).urlPath === this.#entry(i).urlPath) return [];
    const refusedInner = (this.#entry(i).httpResponseStatusCode ?? 0) >= 400;
    const refusedOuter = (this.#entry(o).httpResponseStatusCode ?? 0) >= 400;
    if (refusedInner !== refusedOuter) return [];
    return [
      {
        outer: o,
        inner: i,
        score: 1 - (to - from) / 10_000,
        distance: Math.abs(this.#end[o]! - t),
      },
    ];
  }

  /** By ids: nearly every line shares its request with a line of another path in a log of the same layer or further out. */
  #isAsked(id: number, list: number[]): boolean {
    if (list.length < 5 || new Set(list.map((i) => this.#entry(i).urlPath)).size > 5) return false;
    const order = this.#sources.get(id)!.order;
    let asked = 0;
    for (const i of list) {
      const others = this.#accessIn(this.#root(i)).filter(
        (m) => this.#records[m]!.line.sourceId !== id && this.#source(m).order <= order,
      );
      if (others.some((m) => this.#entry(m).urlPath !== this.#entry(i).urlPath)) asked++;
    }
    return asked >= list.length * 0.8;
  }

  // ---- 4: error, audit and application lines to their access line

  #attach(): void {
    if (this.#other.length === 0) return;
    const byPath = new Map<string, number[]>();
    const byClient = new Map<string, number[]>();
    for (const list of this.#access.values()) {
      for (const i of list) {
        const e = this.#entry(i);
        if (e.urlPath !== null) push(byPath, comparablePath(e.urlPath), i);
        for (const a of addressesOf(e)) push(byClient, a, i);
      }
    }
    for (const lists of [byPath, byClient]) for (const l of lists.values()) l.sort((a, b) => a - b);
    const bySource = new Map<number, number[]>();
    const seen = new Set<number>();
    for (const i of this.#other) {
      const root = this.#root(i);
      if (seen.has(root)) continue;
      seen.add(root);
      if (this.#accessIn(root).length > 0) continue;
      push(bySource, this.#records[i]!.line.sourceId, root);
    }
    for (const roots of bySource.values()) {
      const edges: Edge[] = [];
      for (const root of roots) {
        const facts = this.#factsOf(root);
        if (facts.client === null && facts.path === null) continue;
        let candidates: number[] | undefined;
        if (facts.path !== null) candidates = byPath.get(comparablePath(facts.path));
        if (candidates === undefined && facts.filePath === null && facts.path !== null) continue;
        let most = CANDIDATES;
        if (candidates === undefined && facts.client !== null) {
          candidates = byClient.get(facts.client);
          most = CANDIDATES_OF_CLIENT;
        }
        if (candidates === undefined) continue;
        // A request has several access lines: the one that fits best stands for all of them.
        const best = new Map<number, Edge>();
        for (const a of this.#near(candidates, facts.index, most)) {
          const edge = this.#attachEdge(root, facts, a);
          if (edge === null) continue;
          const request = this.#root(a);
          if ((best.get(request)?.score ?? Number.NEGATIVE_INFINITY) < edge.score)
            best.set(request, { ...edge, outer: request, via: a });
        }
        edges.push(...best.values());
      }
      // One line of a source explains one request: an access set takes one cluster of each source.
      const assignment = assign(edges, this.#setsWritten);
      for (const edge of assignment.taken) {
        if (this.#accessIn(this.#root(edge.inner)).length > 0) continue;
        const confidence = edge.score >= 7 ? 0.95 : edge.score >= 5 ? 0.88 : 0.7;
        const why: Link = {
          kind: 'attributes',
          confidence,
          says: 'same client, path and time as the access line',
        };
        this.#join(edge.via!, edge.inner, edge.inner, why, { edge, assignment, between: 'logs' });
      }
    }
  }

  #factsOf(root: number) {
    const facts = {
      index: root,
      client: null as string | null,
      addresses: [] as string[],
      path: null as string | null,
      query: null as string | null,
      method: null as string | null,
      host: null as string | null,
      agent: null as string | null,
      status: null as number | null,
      filePath: null as string | null,
      first: Infinity,
      last: -Infinity,
      slow: false,
    };
    for (const m of this.#membersOf(root)) {
      const e = this.#entry(m);
      facts.client ??= address(e.clientAddress);
      for (const a of addressesOf(e)) if (!facts.addresses.includes(a)) facts.addresses.push(a);
      facts.path ??= e.urlPath;
      facts.query ??= e.urlQuery;
      facts.method ??= e.httpRequestMethod;
      facts.host ??= e.urlDomain;
      facts.agent ??= e.userAgentOriginal;
      facts.status ??= e.httpResponseStatusCode;
      facts.filePath ??= e.filePath ?? e.attributes?.['proxy.url'] ?? null;
      facts.first = Math.min(facts.first, this.#start[m]!);
      facts.last = Math.max(facts.last, this.#end[m]!);
      if (this.#records[m]!.timeMs < this.#records[facts.index]!.timeMs) facts.index = m;
    }
    return facts;
  }

  #attachEdge(root: number, facts: ReturnType<Linker['factsType']>, a: number): Edge | null {
    const e = this.#entry(a);
    const source = this.#source(root);
    const target = this.#source(a);
    // A layer that answered by itself asked nobody further in.
    if (source.order > target.order && source.layer !== 'waf' && answeredHere(e)) return null;
    const gap = Math.max(0, facts.first - this.#end[a]!, this.#start[a]! - facts.last);
    const slow = e.durationMs === null && (e.timePoint === 'start' || this.#isApaches(target));
    if (gap > (slow ? FAR_MS : NEAR_MS)) return null;
    let score = 0;
    if (facts.method !== null && e.httpRequestMethod !== null && facts.method !== e.httpRequestMethod) return null;
    if (facts.path !== null && e.urlPath !== null) {
      if (comparablePath(facts.path) === comparablePath(e.urlPath)) score += 3;
      else if (facts.filePath === null) return null;
    }
    if (facts.query !== null && e.urlQuery !== null) {
      if (facts.query !== e.urlQuery) return null;
      score += 1;
    }
    if (facts.filePath !== null && facts.path === null) {
      const affinity = e.urlPath === null ? 0 : pathAffinity(facts.filePath, e.urlPath);
      if (affinity === 0) return null;
      score += affinity - 1;
    }
    const known = addressesOf(e);
    if (facts.client !== null && known.length > 0) {
      if (known.some((x) => facts.addresses.includes(x))) score += 2;
      else {
        const proxies = this.#proxies.get(target.id);
        const foreign =
          !proxies?.has(facts.client) &&
          !isPrivate(facts.client) &&
          known.some((x) => !proxies?.has(x) && !isPrivate(x));
        if (foreign) return null;
        score -= 1;
      }
    }
    if (facts.agent !== null && e.userAgentOriginal !== null) {
      if (!sameText(facts.agent, e.userAgentOriginal)) return null;
      score += 2;
    }
    if (facts.host !== null && e.urlDomain !== null) score += facts.host === e.urlDomain ? 1 : -1;
    const status = e.httpResponseStatusCode ?? 0;
    if (facts.status !== null) score += facts.status === status ? 2 : -1;
    else if (this.#options.refusedStatus.has(status)) score += 1;
    if (target.directory === source.directory) score += 2;
    if (target.layer === source.layer) score += 1;
    if (productOf(target.dataset) === productOf(source.dataset)) score += 1;
    if (gap > NEAR_MS) score -= 1 + gap / 5000;
    score -= Math.min(gap, NEAR_MS) / 4000;
    // One cluster of this source is there already.
    if (this.#hasSource(this.#root(a), source.id) && source.id !== target.id) return null;
    if (score < 2) return null;
    const position = Math.abs((facts.first + facts.last) / 2 - (this.#start[a]! + this.#end[a]!) / 2);
    return {
      outer: a,
      inner: facts.index,
      score,
      distance: position,
    };
  }

  /** A common log that lies beside an error log of Apache, and of nobody else, is Apache's: it names the beginning. */
  #isApaches(source: LinkSource): boolean {
    if (productOf(source.dataset) !== 'clf' && productOf(source.dataset) !== 'nginx') return false;
    let beside = false;
    for (const s of this.#sources.values()) {
      if (s.directory !== source.directory || !s.dataset.endsWith('.error')) continue;
      if (s.dataset !== 'apache.error') return false;
      beside = true;
    }
    return beside;
  }

  /** For the type of `#factsOf` only. */
  factsType() {
    return this.#factsOf(0);
  }

  // ---- 5: reasons that name no request: the next refused access line of the same program

  #reasons(): void {
    const groups = new Map<number, number[]>();
    for (const i of this.#other) {
      const root = this.#root(i);
      if (this.#membersOf(root).length > 1 || !this.#options.explains(this.#entry(i))) continue;
      if (this.#entry(i).urlPath !== null && this.#entry(i).kind !== 'app') continue;
      push(groups, this.#records[i]!.line.sourceId, i);
    }
    for (const [sourceId, reasons] of groups) {
      const source = this.#sources.get(sourceId)!;
      const homes = this.#homesOf(source);
      const targets: number[] = [];
      for (const home of homes) {
        for (const a of this.#access.get(home) ?? []) {
          targets.push(a);
        }
      }
      const open = new Moments(targets.map((a) => ({ target: a, ...this.#moment(a) })));
      const settled = settle(
        reasons.map((r) => this.#records[r]!.timeMs),
        open.all
          .filter((m) => m.to - m.from < FINE_MS && this.#isRefused(m.target))
          .map(({ from, to }): [number, number] => [from, to]),
      );
      const shiftMs = settled?.shiftMs ?? 0;
      const fineMs = settled === null ? REASON_FINE_MS : REASON_SETTLED_MS;
      const guesses: Guess[] = [];
      const edges: Edge[] = [];
      for (const r of reasons) {
        const e = this.#entry(r);
        const said = phraseOf(e);
        const t = this.#records[r]!.timeMs + shiftMs;
        for (const { target: a, from, to, isFine } of open.around(t, REASON_MS)) {
          const reach = isFine ? fineMs : REASON_MS;
          const outside = Math.max(0, from - t, t - to);
          if (outside > reach) continue;
          const target = this.#entry(a);
          const sameLog = this.#records[a]!.line.sourceId === sourceId;
          if (sameLog && this.#records[a]!.line.offset < this.#records[r]!.line.offset) continue;
          if (this.#reasonsIn(this.#root(a))) continue;
          // A layer that answered by itself asked nobody further in: what is said there is about others.
          if (this.#accessIn(this.#root(a)).some((m) => answeredHere(this.#entry(m)))) continue;
          const named = this.#namesClient(e, a);
          if (named < 0) continue;
          if (e.userName !== null && target.userName !== null && e.userName !== target.userName) continue;
          const isUser = e.userName !== null && e.userName === target.userName;
          guesses.push({
            reason: r,
            target: a,
            said,
            about: `${target.httpRequestMethod} ${routeOf(target.urlPath ?? '/')} ${target.httpResponseStatusCode}`,
            prior:
              (named > 0 || isUser ? NAMED_ODDS : 1) *
              Math.exp((-2 * outside) / reach) *
              ((1 - AT_ANSWER) / (to - from + 2 * reach) +
                (isFine && to - t < ANSWER_MS + reach ? AT_ANSWER / (ANSWER_MS + 2 * reach) : 0)),
            usual: this.#isRefused(a) ? 0.8 : 0.2,
          });
          edges.push({ outer: a, inner: r, score: 0, distance: Math.abs(to - t) });
        }
      }
      const shares = weigh(guesses);
      for (const [k, edge] of edges.entries()) edge.score = Math.log(shares[k]!);
      const ends = new Map(open.all.map((m) => [m.target, m.to]));
      const moments: Written = (x, y) =>
        (ends.get(x) ?? this.#records[x]!.timeMs) - (ends.get(y) ?? this.#records[y]!.timeMs) || this.#written(x, y);
      const shareOf = new Map(edges.map((e, k) => [`${e.outer} ${e.inner}`, shares[k]!]));
      const assignment = assign(edges, moments);
      for (const edge of assignment.taken) {
        // Between pairs that could be the other way round the order in which they were written decides.
        let share = Math.exp(edge.score);
        for (const [outer, inner] of assignment.rivalsOf(edge))
          if (outer !== edge.outer && inner !== edge.inner) share += shareOf.get(`${outer} ${edge.inner}`) ?? 0;
        share = Math.min(1, share);
        if (!this.#isRefused(edge.outer)) continue;
        if (share < 0.1) continue;
        this.#join(edge.outer, edge.inner, edge.inner, {
          kind: 'neighbour',
          confidence: 0.95 * share,
          says: 'written by the same program just before its answer',
        });
      }
    }
  }

  /** A reason that names an address: 2 it is this request's client, -1 another client's of that time, 0 it names none. */
  #namesClient(reason: Entry, target: number): number {
    const named = new Set(addressesOf(reason));
    for (const [text] of (reason.message ?? '').slice(0, 500).matchAll(ADDRESS)) named.add(text);
    if (named.size === 0) return 0;
    let foreign = false;
    for (const m of this.#accessIn(this.#root(target)))
      for (const a of addressesOf(this.#entry(m))) if (named.has(a)) return 2;
    for (const a of named) if (this.#isClient(a)) foreign = true;
    return foreign ? -1 : 0;
  }

  /** Has anybody with this address made a request in the stretch? Our own proxies do not count. */
  #isClient(a: string): boolean {
    if (this.#clients === null) {
      this.#clients = new Set();
      for (const [sourceId, list] of this.#access) {
        const proxies = this.#proxies.get(sourceId);
        for (const i of list) for (const x of addressesOf(this.#entry(i))) if (!proxies?.has(x)) this.#clients.add(x);
      }
    }
    return this.#clients.has(a);
  }
  #clients: Set<string> | null = null;

  /** When the request of an access line was answered: a log of whole seconds is helped by the finer logs around it. */
  #moment(a: number): { from: number; to: number; isFine: boolean } {
    let from = this.#start[a]!;
    let to = this.#end[a]!;
    let isFine = this.#isFine(a);
    for (const m of this.#accessIn(this.#root(a))) {
      if (!this.#isFine(m)) continue;
      const start = this.#start[m]! - PAD_MS;
      const end = this.#end[m]! + PAD_MS;
      if (end - start < to - from || !isFine) {
        from = start;
        to = end;
      }
      isFine = true;
    }
    return { from, to, isFine };
  }

  /** Is the moment of this line known to the millisecond, from its beginning to its end? */
  #isFine(i: number): boolean {
    return this.#fine.has(this.#records[i]!.line.sourceId);
  }

  #isRefused(a: number): boolean {
    return this.#options.refusedStatus.has(this.#entry(a).httpResponseStatusCode ?? 0);
  }

  #reasonsIn(root: number): boolean {
    for (const m of this.#membersOf(root)) {
      if (this.#entry(m).kind === 'app' && this.#options.explains(this.#entry(m))) return true;
    }
    return false;
  }

  /** Where the requests of an application log are counted: its own access lines, else those beside it, else of its layer. */
  #homesOf(source: LinkSource): number[] {
    if (this.#counted.has(source.id)) return [source.id];
    const ids = [...this.#counted.keys()];
    const beside = ids.filter((id) => this.#sources.get(id)!.directory === source.directory);
    if (beside.length > 0) return beside;
    const layer = ids.filter((id) => this.#sources.get(id)!.layer === source.layer);
    if (layer.length > 0) return layer;
    const order = Math.max(...ids.map((id) => this.#sources.get(id)!.order).filter((o) => o <= source.order));
    return ids.filter((id) => this.#sources.get(id)!.order === order);
  }

  // ---- 6: requests

  #result(): LinkResult {
    const requests: LinkedRequest[] = [];
    const passed: Placed[] = [];
    const shares: SourceShare[] = [];
    for (const [sourceId, list] of this.#access) {
      let withOuter = 0;
      for (const i of list) if (this.#hasOuter[i]) withOuter++;
      shares.push({ sourceId, lines: list.length, withOuter });
    }
    const linkedShare = new Map(shares.map((s) => [s.sourceId, s.lines === 0 ? 0 : s.withOuter / s.lines]));
    for (const [sourceId, share] of this.#options.withOuter ?? []) linkedShare.set(sourceId, share);
    const done = new Set<number>();
    for (let i = 0; i < this.#records.length; i++) {
      const root = this.#root(i);
      if (done.has(root)) continue;
      done.add(root);
      const members = [...this.#membersOf(root)].sort(
        (a, b) => this.#orderOf(a) - this.#orderOf(b) || rank(this.#entry(a)) - rank(this.#entry(b)) || a - b,
      );
      const access = members.filter((m) => this.#entry(m).kind === 'access');
      const outermost = access[0];
      if (outermost === undefined) {
        const alone = this.#unseenRefusal(members);
        if (alone !== null) requests.push(this.#request(members, alone));
        continue;
      }
      if (this.#asked.has(this.#records[outermost]!.line.sourceId)) continue;
      const status = this.#entry(outermost).httpResponseStatusCode ?? 0;
      if (!this.#options.refusedStatus.has(status)) {
        passed.push(this.#records[outermost]!);
        continue;
      }
      // An inner line whose like nearly always has an outer one, but that found none: its request is counted there —
      // if that log went on at all.
      if (
        !this.#hasOuter[outermost] &&
        this.#outerWentOn(outermost) &&
        (linkedShare.get(this.#records[outermost]!.line.sourceId) ?? 0) > 0.97
      ) {
        const own = address(this.#entry(outermost).clientAddress);
        const proxies = this.#proxies.get(this.#records[outermost]!.line.sourceId);
        // A client of its own, or one of our proxies: it came through the outer layer either way.
        if (own === null || proxies?.has(own) || !isPrivate(own)) continue;
      }
      if (!this.#hasOuter[outermost] && this.#elsewhere.has(outermost)) continue;
      requests.push(this.#request(members, outermost));
    }
    return { requests, shares, passed };
  }

  /** Some log further out has a line of this moment or later. */
  #outerWentOn(i: number): boolean {
    const { order } = this.#source(i);
    for (const [id, last] of this.#latest)
      if (this.#sources.get(id)!.order < order && last >= this.#records[i]!.timeMs - NEAR_MS) return true;
    return false;
  }

  #orderOf(i: number): number {
    return this.#source(i).order + (this.#asked.has(this.#records[i]!.line.sourceId) ? 0.5 : 0);
  }

  /** A refusal told by a log that has no access log around it: a WAF audit or application log given alone. */
  #unseenRefusal(members: number[]): number | null {
    const first = members.find((m) => {
      const e = this.#entry(m);
      return e.httpResponseStatusCode !== null && this.#options.refusedStatus.has(e.httpResponseStatusCode);
    });
    const teller =
      first ?? members.find((m) => this.#entry(m).kind !== 'ban' && this.#options.explains(this.#entry(m)));
    if (teller === undefined) return null;
    return this.#options.hasAccessLogs ? null : teller;
  }

  #request(members: number[], anchor: number): LinkedRequest {
    const ordered = [anchor, ...members.filter((m) => m !== anchor)];
    const paths = this.#paths(anchor);
    const hops: Hop[] = ordered.map((m) => {
      const record = this.#records[m]!;
      const source = this.#source(m);
      const why = this.#links[m] ?? { kind: 'attributes', confidence: 0.8, says: 'same request' };
      const path = paths.get(m);
      const link =
        m === anchor
          ? ANCHOR
          : path === undefined || path.sureness === 1
            ? why
            : { ...why, confidence: Math.min(why.confidence, path.sureness), says: `${why.says}, ${TOSSED}` };
      return {
        line: record.line,
        entry: record.entry,
        timeMs: record.timeMs,
        layer: source.layer,
        path: source.path,
        link,
        speaks: m === anchor ? 1 : path === undefined || path.sameWords ? why.confidence : link.confidence,
      };
    });
    return {
      hops,
      status: this.#entry(anchor).httpResponseStatusCode ?? 403,
      timeMs: this.#records[anchor]!.timeMs,
      absent: [],
    };
  }

  /** How sure each line of a request is to belong to its first one: as sure as the least sure step on the way there. */
  #paths(anchor: number): Map<number, { sureness: number; sameWords: boolean }> {
    const paths = new Map([[anchor, { sureness: 1, sameWords: true }]]);
    const known = new Map<Open, { sureness: number; sameWords: boolean }>();
    const waiting = [anchor];
    for (let x = waiting.pop(); x !== undefined; x = waiting.pop()) {
      const here = paths.get(x)!;
      for (const { a, b, open } of this.#joins.get(x) ?? []) {
        const next = a === x ? b : a;
        let step = { sureness: 1, sameWords: true };
        if (open !== null) {
          step = known.get(open) ?? this.#judge(open);
          known.set(open, step);
        }
        const sureness = Math.min(here.sureness, step.sureness);
        const before = paths.get(next);
        if (before !== undefined && before.sureness >= sureness) continue;
        paths.set(next, { sureness, sameWords: here.sameWords && (step.sureness === 1 || step.sameWords) });
        waiting.push(next);
      }
    }
    return paths;
  }

  /** Was this pairing a toss-up, and if so: would it have said anything else the other way? */
  #judge({ edge, assignment, between }: Open): { sureness: number; sameWords: boolean } {
    const rivals = assignment.rivalsOf(edge);
    if (rivals.length === 0) return { sureness: 1, sameWords: true };
    const own = this.#root(edge.outer);
    const mine = this.#traces(new Set([own]));
    const words = this.#wordsOf(own);
    let sameWords = true;
    const looks = rivals.map(([outer, inner]) => {
      const others = new Set([this.#root(outer), this.#root(inner)]);
      others.delete(own);
      for (const o of others) if (this.#wordsOf(o) !== words) sameWords = false;
      return apart(mine, this.#traces(others));
    });
    // The order further out is known where some log there has fractions of a second.
    const depth = this.#source(edge.inner).order;
    const isCoarse = !this.#accessIn(own).some((m) => this.#source(m).order < depth && this.#isFine(m));
    return { sureness: surenessOf(looks, between, isCoarse), sameWords };
  }

  #traces(roots: ReadonlySet<number>): Trace[] {
    return [...roots].flatMap((root) =>
      this.#membersOf(root).map((m): Trace => {
        const { line, timeMs, entry } = this.#records[m]!;
        const isWorker = entry.kind === 'error' && entry.processId !== null;
        return {
          sourceId: line.sourceId,
          kind: entry.kind,
          timeMs,
          isFine: this.#isFine(m),
          line: line.line,
          lines: line.lines,
          worker: isWorker ? `${entry.processId} ${entry.attributes?.tid ?? ''}` : null,
        };
      }),
    );
  }

  /** What the lines of a request say, but for their values. */
  #wordsOf(root: number): string {
    const words = this.#membersOf(root).map((m) => {
      const { kind, httpResponseStatusCode, eventCode, rules } = this.#entry(m);
      const ids = rules?.map((r) => r.id).join(' ') ?? '';
      return `${this.#records[m]!.line.sourceId} ${kind} ${httpResponseStatusCode} ${eventCode} ${ids} ${phraseOf(this.#entry(m))}`;
    });
    return [...new Set(words)].sort().join('\n');
  }
}

interface Moment {
  target: number;
  from: number;
  to: number;
  isFine: boolean;
}

/** When requests were answered, found by a moment within them. */
class Moments {
  /** By their beginning. */
  readonly all: readonly Moment[];
  readonly #long: readonly Moment[];
  constructor(moments: Moment[]) {
    this.all = moments.sort((a, b) => a.from - b.from);
    this.#long = this.all.filter((m) => m.to - m.from > LONG_MS);
  }

  /** Those that `t` may lie in, or not further than `reachMs` from; the nearest, should there be very many. */
  around(t: number, reachMs: number): Moment[] {
    const out: Moment[] = [];
    for (const [list, longest] of [
      [this.all, LONG_MS],
      [this.#long, FAR_MS],
    ] as const) {
      let low = 0;
      let high = list.length;
      while (low < high) {
        const mid = (low + high) >> 1;
        if (list[mid]!.from <= t + reachMs) low = mid + 1;
        else high = mid;
      }
      for (let k = low - 1; k >= 0 && low - k <= OPEN_MAX; k--) {
        const m = list[k]!;
        if (m.from < t - reachMs - longest) break;
        if (list === this.all && m.to - m.from > LONG_MS) continue;
        if (m.to >= t - reachMs) out.push(m);
      }
    }
    return out;
  }
}

/** The beginning of what is said, without its values, and the name of the error behind it. "contract # bel OwnershipError" */
function phraseOf(entry: Entry): string {
  const message = entry.message ?? '';
  const line = message.indexOf('\n');
  const error = line < 0 ? '' : (/^\s*([A-Za-z_.]+)/.exec(message.slice(line + 1, line + 80))?.[1] ?? '');
  return `${message.slice(0, 24).replace(/\d+/g, '#').slice(0, 14)} ${error}`;
}

const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;

/** The product says that it answered by itself: no inner layer was asked. */
function answeredHere(entry: Entry): boolean {
  const outcome = entry.eventOutcome;
  if (outcome === null) return false;
  if (outcome === 'synth' || outcome === 'hit') return true;
  return entry.dataset === 'haproxy.http' && (outcome.startsWith('P') || outcome.startsWith('L'));
}

function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Access line first, then what explains it. */
function rank(entry: Entry): number {
  return entry.kind === 'access' ? 0 : entry.kind === 'error' ? 1 : entry.kind === 'audit' ? 2 : 3;
}

/** Equal, or one is the other cut short. */
function sameText(a: string, b: string): boolean {
  if (a === b) return true;
  const n = Math.min(a.length, b.length);
  return n >= 40 && a.slice(0, n) === b.slice(0, n);
}

/** Two lines of one kind: the second is another request's, not another reason of the same. */
function sameTemplate(a: Entry, b: Entry): boolean {
  const strip = (t: string | null): string => (t ?? '').replace(/[\d.]+/g, '#').slice(0, 80);
  if (a.rules !== null || b.rules !== null) return a.rules?.[0]?.id === b.rules?.[0]?.id;
  return strip(a.message) === strip(b.message);
}
