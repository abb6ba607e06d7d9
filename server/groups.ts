/**
 * What makes a crowded slice of time bearable, where most of what was asked for is refused. Of the lines around the
 * slice only those are kept that can be in one request with a line inside; and lines of different clients are linked
 * apart, since they are never in one request. Both only where every line says whose it is: by a strong id, or by the
 * address of a client. Otherwise the slice is linked as any other.
 */
import type { Entry } from '../parsers/entry.ts';
import { address, addressesOf, isPrivate, isStrongId } from './link/keys.ts';
import type { Survey } from './link/relevant.ts';
import type { LinkSource } from './link/source.ts';
import type { Placed } from './model/line.ts';
import { hashOf, placedIn, type Seen } from './store/look.ts';

/** With a smaller share of lines that are refused or explain, it is quicker to look for what touches them. */
const REFUSED_SHARE_MIN = 0.25;
/** So much of what a log tells by ids alone has to be found again in an access log, or its ids are its own. */
const FOUND_SHARE_MIN = 0.9;
/** Lines linked together at least: fewer are not worth a call. */
const GROUP_LINES = 400;

/** Lines to be linked, in groups that share no request; null = not to be told apart. */
export function groupsOf(
  seen: readonly Seen[],
  fromMs: number,
  toMs: number,
  sources: ReadonlyMap<number, LinkSource>,
  around: Survey,
  refusedStatus: ReadonlySet<number>,
): Placed[][] | null {
  const isClient = clientsOf(sources, around);
  const lines = insideOf(seen, fromMs, toMs, sources, refusedStatus);
  if (lines === null) return null;
  const sets = new Sets();
  for (const p of lines) if (!sets.add(p, isClient)) return null;
  const pairs = new Set<number>();
  const tails = new Set<number>();
  for (const { entry, line } of lines) {
    if (entry.urlPath === null) continue;
    const tail = tailHash(entry.urlPath);
    tails.add(tail);
    for (const a of addressesOf(entry)) if (isClient(line.sourceId, a)) pairs.add(pairOf(hashOf(a), tail));
  }
  for (const s of seen) {
    const { look, offsetMs } = s;
    if (!sources.has(look.sourceId)) continue;
    const hasProxies = (around.proxies.get(look.sourceId)?.size ?? 0) > 0;
    const n = s.lines === null ? look.size : s.lines.length;
    for (let k = 0; k < n; k++) {
      const i = s.lines === null ? k : s.lines[k]!;
      const t = look.timeMs[i]! + offsetMs;
      if (t >= fromMs && t < toMs) continue;
      if (look.isSkimmed(i)) {
        const tail = look.tailHash(i);
        const client = look.clientHash(i);
        // An escaped end of a path may be any.
        if (tail >= 0 && (hasProxies || client === 0 ? !tails.has(tail) : !pairs.has(pairOf(client, tail)))) continue;
      } else {
        const { entry } = look.placed(i);
        if (!sets.knows(entry)) {
          const client = address(entry.clientAddress);
          if (client === null || entry.urlPath === null) {
            if (entry.requestIds.some(isStrongId)) continue;
          } else if (!hasProxies && !pairs.has(pairOf(hashOf(client), tailHash(entry.urlPath)))) continue;
        }
      }
      const placed = placedIn(s, i);
      lines.push(placed);
      if (!sets.add(placed, isClient)) return null;
    }
  }
  return sets.groups(lines);
}

/** Who stands for itself: addresses that are no proxy's, and whoever is as busy in the log that requests enter by. */
function clientsOf(sources: ReadonlyMap<number, LinkSource>, around: Survey): (sourceId: number, a: string) => boolean {
  let outermost = Number.POSITIVE_INFINITY;
  for (const id of around.access.keys()) outermost = Math.min(outermost, sources.get(id)?.order ?? outermost);
  const busy = new Set<string>();
  for (const [id, proxies] of around.proxies)
    if (sources.get(id)?.order === outermost) for (const a of proxies) if (!isPrivate(a)) busy.add(a);
  return (sourceId, a) => around.proxies.get(sourceId)?.has(a) !== true || busy.has(a);
}

/** The lines inside, read whole; null = most of them are neither refused nor explain anything. */
function insideOf(
  seen: readonly Seen[],
  fromMs: number,
  toMs: number,
  sources: ReadonlyMap<number, LinkSource>,
  refusedStatus: ReadonlySet<number>,
): Placed[] | null {
  const inside: { s: Seen; i: number }[] = [];
  let refused = 0;
  for (const s of seen) {
    const { look, offsetMs } = s;
    if (!sources.has(look.sourceId)) continue;
    const n = s.lines === null ? look.size : s.lines.length;
    for (let k = 0; k < n; k++) {
      const i = s.lines === null ? k : s.lines[k]!;
      const t = look.timeMs[i]! + offsetMs;
      if (t < fromMs || t >= toMs) continue;
      inside.push({ s, i });
      if (!look.isAccess(i) || refusedStatus.has(look.status(i))) refused++;
    }
  }
  if (refused < inside.length * REFUSED_SHARE_MIN) return null;
  return inside.map(({ s, i }) => placedIn(s, i));
}

function tailHash(path: string): number {
  const tail = path.slice(path.lastIndexOf('/') + 1);
  return hashOf(tail);
}

const pairOf = (client: number, tail: number): number => client * 0x400000 + (tail & 0x3fffff);

/** Sets of lines that share a client or a strong id; they grow together. */
class Sets {
  readonly #parent: number[] = [];
  readonly #byKey = new Map<string, number>();
  /** Set of each line, in the order they were added. */
  readonly #of: number[] = [];

  /** false = the line does not say whose it is. */
  add({ entry, line }: Placed, isClient: (sourceId: number, a: string) => boolean): boolean {
    let own = -1;
    const join = (key: string): void => {
      const known = this.#byKey.get(key);
      if (known === undefined) {
        if (own < 0) {
          own = this.#parent.length;
          this.#parent.push(own);
        }
        this.#byKey.set(key, own);
      } else if (own < 0) own = this.#root(known);
      else this.#parent[this.#root(known)] = own = this.#root(own);
    };
    for (const id of entry.requestIds) if (isStrongId(id)) join(id);
    // What the logs take for one another's are addresses inside: all of them are one client.
    if (entry.forwardedFor === null) {
      const a = address(entry.clientAddress);
      if (a !== null && a !== '' && isClient(line.sourceId, a)) join(isPrivate(a) ? 'private' : a);
    } else for (const a of addressesOf(entry)) if (isClient(line.sourceId, a)) join(isPrivate(a) ? 'private' : a);
    if (own < 0) return false;
    this.#of.push(own);
    return true;
  }

  knows(entry: Entry): boolean {
    for (const id of entry.requestIds) if (this.#byKey.has(id)) return true;
    return false;
  }

  #root(x: number): number {
    const parent = this.#parent;
    let r = x;
    while (parent[r] !== r) r = parent[r]!;
    while (parent[x] !== r) {
      const next = parent[x]!;
      parent[x] = r;
      x = next;
    }
    return r;
  }

  /** Groups of whole sets; null = some log's ids are not those of the access logs. */
  groups(lines: readonly Placed[]): Placed[][] | null {
    const sets = new Map<number, Placed[]>();
    for (const [i, p] of lines.entries()) {
      const root = this.#root(this.#of[i]!);
      const set = sets.get(root);
      if (set === undefined) sets.set(root, [p]);
      else set.push(p);
    }
    const told = new Map<number, { found: number; of: number }>();
    const groups: Placed[][] = [];
    let group: Placed[] = [];
    for (const set of sets.values()) {
      const isFound = set.some((p) => p.entry.kind === 'access');
      for (const { entry, line } of set) {
        if (entry.clientAddress !== null) continue;
        const n = told.get(line.sourceId) ?? { found: 0, of: 0 };
        n.of++;
        if (isFound) n.found++;
        told.set(line.sourceId, n);
      }
      // Its request is counted where its access line is.
      if (!isFound) continue;
      for (const p of set) group.push(p);
      if (group.length < GROUP_LINES) continue;
      groups.push(group);
      group = [];
    }
    if (group.length > 0) groups.push(group);
    for (const { found, of } of told.values()) if (found < of * FOUND_SHARE_MIN) return null;
    return groups;
  }
}
