/**
 * HOT. Which lines of a stretch can be in one request with a refused line, or compete with one that is. Linking
 * looks at these alone, since at two refusals in a hundred nineteen lines of twenty touch none. `survey` counts over
 * all lines first what single lines do not show: our own proxies, how fine the clocks are, where requests are logged.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Placed } from '../model/line.ts';
import { hashOf, Look, Needles, placedIn, type Seen } from '../store/look.ts';
import { address, addressesOf, isPrivate, isStrongId, localIdOf } from './keys.ts';
import type { LinkSource } from './source.ts';

export interface Survey {
  /** Sources whose access lines have fractions of a second in their times. */
  fine: Set<number>;
  /** And those whose other lines have: a program's own lines between a server's of whole seconds. */
  fineOthers: Set<number>;
  /** Per source: client addresses that are proxies of ours, not clients. */
  proxies: Map<number, Set<string>>;
  /** Access lines per source. */
  access: Map<number, number>;
  /** Time of the last of them. */
  latest: Map<number, number>;
  /** Some source may be asked by another layer before it answers (forward-auth): told only by all of its lines. */
  mayBeAsked: boolean;
}

/** A service that is asked knows few paths of its own. */
const ASKED_PATHS_MAX = 5;
const ASKED_LINES_MIN = 5;

export function survey(records: readonly Placed[]): Survey {
  const bySource = new Map<number, Placed[]>();
  for (const p of records) {
    const list = bySource.get(p.line.sourceId);
    if (list === undefined) bySource.set(p.line.sourceId, [p]);
    else list.push(p);
  }
  return surveySeen([...bySource.values()].map(seenOf));
}

/** Lines of one source that are at hand. */
function seenOf(placed: Placed[]): Seen {
  const first = placed[0]!;
  // One clock, unless a test says otherwise: the correction is the same for every line.
  return { look: Look.ofPlaced(placed), offsetMs: first.timeMs - first.entry.timeMs || 0, lines: null };
}

/** The same over lines of which most are only skimmed. HOT */
export function surveySeen(seen: readonly Seen[]): Survey {
  const fine = new Set<number>();
  const fineOthers = new Set<number>();
  const access = new Map<number, number>();
  const latest = new Map<number, number>();
  const clients = new Map<number, Int32Array>();
  const paths = new Map<number, Set<string | null>>();
  let others = 0;
  for (const { look, offsetMs, lines } of seen) {
    const { sourceId, timeMs } = look;
    const n = lines === null ? look.size : lines.length;
    if (n === 0) continue;
    let counts = clients.get(sourceId);
    let known = paths.get(sourceId);
    let isFine = fine.has(sourceId);
    let areOthersFine = fineOthers.has(sourceId);
    let requests = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      const t = timeMs[i]!;
      if (!look.isAccess(i)) {
        others++;
        if (!areOthersFine && t % 1000 !== 0) areOthersFine = true;
        continue;
      }
      if (!isFine && t % 1000 !== 0) isFine = true;
      if (counts === undefined || known === undefined) {
        counts = new Int32Array(CLIENT_SLOTS);
        known = new Set();
        clients.set(sourceId, counts);
        paths.set(sourceId, known);
      }
      requests++;
      if (t > last) last = t;
      if (known.size <= ASKED_PATHS_MAX) known.add(look.path(i));
      counts[look.clientHash(i) % CLIENT_SLOTS]!++;
    }
    if (isFine) fine.add(sourceId);
    if (areOthersFine) fineOthers.add(sourceId);
    if (requests === 0) continue;
    access.set(sourceId, (access.get(sourceId) ?? 0) + requests);
    if (!(latest.get(sourceId)! >= last + offsetMs)) latest.set(sourceId, last + offsetMs);
  }
  const proxies = new Map<number, Set<string>>();
  let mayBeAsked = false;
  for (const [sourceId, lines] of access) {
    if (access.size >= 2 && lines >= ASKED_LINES_MIN && paths.get(sourceId)!.size <= ASKED_PATHS_MAX) mayBeAsked = true;
    if (access.size < 2 && others === 0) continue;
    proxies.set(sourceId, proxiesOf(sourceId, lines, clients.get(sourceId)!, seen));
  }
  return { fine, fineOthers, proxies, access, latest, mayBeAsked };
}

/** Clients are counted by so many numbers first; only those that come often enough are told apart. */
const CLIENT_SLOTS = 1021;
const PROXY_LINES_MIN = 5;
const PROXY_SHARE_MIN = 0.1;

/** Addresses that too many lines of a source come from to be a client. */
function proxiesOf(sourceId: number, lines: number, counts: Int32Array, seen: readonly Seen[]): Set<string> {
  const own = new Set<string>();
  const often = (slot: number): boolean => counts[slot]! >= PROXY_LINES_MIN && counts[slot]! >= lines * PROXY_SHARE_MIN;
  if (!counts.some((_, slot) => often(slot))) return own;
  const folded = new Map<string, number>();
  for (const { look, lines: some } of seen) {
    if (look.sourceId !== sourceId) continue;
    const n = some === null ? look.size : some.length;
    for (let k = 0; k < n; k++) {
      const i = some === null ? k : some[k]!;
      if (!look.isAccess(i) || !often(look.clientHash(i) % CLIENT_SLOTS)) continue;
      const a = address(look.client(i));
      if (a !== null) folded.set(a, (folded.get(a) ?? 0) + 1);
    }
  }
  for (const [a, n] of folded) {
    if (n >= 20 && n >= lines * 0.25) own.add(a);
    else if (n >= PROXY_LINES_MIN && n >= lines * PROXY_SHARE_MIN && isPrivate(a)) own.add(a);
  }
  return own;
}

/** Two lines of one request lie at most this far apart: two neighbouring buckets of it. */
const REACH_MS = 20_000;

/** key → buckets of time in which it occurs on a line that matters. */
class Keys<K> {
  readonly #buckets = new Map<K, number[]>();
  add(key: K, bucket: number): void {
    const list = this.#buckets.get(key);
    if (list === undefined) this.#buckets.set(key, [bucket]);
    else if (list[list.length - 1] !== bucket) list.push(bucket);
  }
  has(key: K, bucket: number): boolean {
    const list = this.#buckets.get(key);
    if (list === undefined) return false;
    for (const b of list) if (b - bucket <= 1 && bucket - b <= 1) return true;
    return false;
  }
  get size(): number {
    return this.#buckets.size;
  }
  keys(): IterableIterator<K> {
    return this.#buckets.keys();
  }
}

/** What stays of a path whatever prefix a layer adds or takes away. */
function tailOf(path: string): string {
  const tail = path.slice(path.lastIndexOf('/') + 1);
  if (tail.indexOf('%') < 0) return tail;
  try {
    return decodeURIComponent(tail);
  } catch {
    return tail;
  }
}

export interface RelevantOptions {
  refusedStatus: ReadonlySet<number>;
  /** Could this line by its level or words be a reason? Cheap. */
  matters: (entry: Entry) => boolean;
}

export function relevant(
  seen: readonly Seen[],
  sources: ReadonlyMap<number, LinkSource>,
  { refusedStatus, matters }: RelevantOptions,
): Placed[] {
  const ids = new Set<string>();
  const tails = new Keys<string>();
  const tailHashes = new Keys<number>();
  const clients = new Keys<string>();
  /** Of lines that name no path: any request of that client may be theirs. */
  const pathless = new Keys<string>();
  const local = new Set<string>();
  /** Sources in which a request number joins lines. */
  const numbered = new Set<number>();
  const mixed = mixedSources(seen);
  const chosen = seen.map(({ look }) => new Uint8Array(look.size));
  for (const [part, s] of seen.entries()) {
    const { look, lines } = s;
    const n = lines === null ? look.size : lines.length;
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      const isAccess = look.isAccess(i);
      if (isAccess ? !refusedStatus.has(look.status(i)) : !matters(look.placed(i).entry)) continue;
      chosen[part]![i] = CHOSEN;
      const { entry, timeMs, line } = placedIn(s, i);
      for (const id of entry.requestIds) ids.add(id);
      const bucket = Math.floor(timeMs / REACH_MS);
      if (entry.urlPath !== null) {
        const tail = tailOf(entry.urlPath);
        tails.add(tail, bucket);
        tailHashes.add(hashOf(tail), bucket);
      }
      for (const a of addressesOf(entry)) {
        clients.add(a, bucket);
        if (!isAccess && entry.urlPath === null) pathless.add(a, bucket);
      }
      if (isAccess && !mixed.has(line.sourceId)) continue;
      for (const key of connectionKeys(entry, line.sourceId)) local.add(key);
      if (localIdOf(entry) !== null) numbered.add(line.sourceId);
    }
  }
  const needles = new Needles([...ids].filter(isStrongId));
  const isWanted = ({ entry, timeMs, line }: Placed): boolean => {
    for (const id of entry.requestIds) if (ids.has(id) && isStrongId(id)) return true;
    const bucket = Math.floor(timeMs / REACH_MS);
    if (entry.urlPath !== null && tails.has(tailOf(entry.urlPath), bucket)) return true;
    const keys = entry.kind === 'access' ? pathless : clients;
    if (keys.size > 0) {
      if (entry.forwardedFor === null) {
        const a = address(entry.clientAddress);
        if (a !== null && keys.has(a, bucket)) return true;
      } else for (const a of addressesOf(entry)) if (keys.has(a, bucket)) return true;
    }
    if (local.size > 0 && (entry.kind === 'error' || numbered.has(line.sourceId)))
      for (const key of connectionKeys(entry, line.sourceId)) if (local.has(key)) return true;
    return false;
  };
  const out: Placed[] = [];
  for (const [part, s] of seen.entries()) {
    const { look, offsetMs, lines } = s;
    if (!sources.has(look.sourceId)) continue;
    const marks = chosen[part]!;
    look.holding(needles, (i) => {
      if (marks[i] === 0) marks[i] = HOLDS_ID;
    });
    const n = lines === null ? look.size : lines.length;
    const addressesHere = forwardedTexts(pathless, look.sourceId, numbered);
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      if (marks[i] === CHOSEN) {
        out.push(placedIn(s, i));
        continue;
      }
      if (look.isSkimmed(i) && marks[i] !== HOLDS_ID) {
        // What may be wanted is read; whether it is, its entry tells.
        const bucket = Math.floor((look.timeMs[i]! + offsetMs) / REACH_MS);
        const tail = look.tailHash(i);
        let may = addressesHere === null || tail < 0 || tailHashes.has(tail, bucket);
        if (!may && pathless.size > 0) {
          may = pathless.has(address(look.client(i))!, bucket);
          for (const a of addressesHere ?? []) if (!may && look.holds(i, a, true)) may = true;
        }
        if (!may) continue;
      }
      const placed = placedIn(s, i);
      if (isWanted(placed)) out.push(placed);
    }
  }
  return out;
}

/** Logs that hold other lines than those of requests: only there a process's own number joins any. */
function mixedSources(seen: readonly Seen[]): Set<number> {
  const mixed = new Set<number>();
  for (const { look, lines } of seen) {
    const n = lines === null ? look.size : lines.length;
    for (let k = 0; k < n && !mixed.has(look.sourceId); k++)
      if (!look.isAccess(lines === null ? k : lines[k]!)) mixed.add(look.sourceId);
  }
  return mixed;
}

const CHOSEN = 1;
const HOLDS_ID = 2;
/** More addresses than this are not looked for one by one. */
const FORWARDED_MAX = 16;

/** Addresses to be looked for behind the known fields of a line; null = too many, or numbers besides: every line is read. */
function forwardedTexts(pathless: Keys<string>, sourceId: number, numbered: ReadonlySet<number>): string[] | null {
  if (numbered.has(sourceId) || pathless.size > FORWARDED_MAX) return null;
  return [...pathless.keys()];
}

const NO_KEYS: string[] = [];

/** What joins lines of one source: the process's own request number, a connection, a port. */
function connectionKeys(entry: Entry, sourceId: number): string[] {
  const own = localIdOf(entry);
  if (own !== null) return [`l ${sourceId} ${own}`];
  if (entry.kind !== 'error') return NO_KEYS;
  if (entry.connectionId !== null) return [`c ${sourceId} ${entry.processId} ${entry.connectionId}`];
  return entry.clientPort ? [`p ${sourceId} ${entry.processId} ${entry.clientAddress} ${entry.clientPort}`] : NO_KEYS;
}
