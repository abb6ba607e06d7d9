/**
 * HOT. Which lines of a stretch can be in one request with a refused line, or compete with one that is. Linking
 * looks at these alone, since at two refusals in a hundred nineteen lines of twenty touch none. `survey` counts over
 * all lines first what single lines do not show: our own proxies, how fine the clocks are, where requests are logged.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Placed } from '../model/line.ts';
import { address, addressesOf, isPrivate, isStrongId, localIdOf } from './keys.ts';
import type { LinkSource } from './source.ts';

export interface Survey {
  /** Sources whose times have fractions of a second. */
  fine: Set<number>;
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
  const fine = new Set<number>();
  const access = new Map<number, number>();
  const latest = new Map<number, number>();
  const clients = new Map<number, Map<string, number>>();
  const paths = new Map<number, Set<string | null>>();
  let others = 0;
  let last = -1;
  let counts = new Map<string, number>();
  let known = new Set<string | null>();
  for (const { line, entry, timeMs } of records) {
    const { sourceId } = line;
    if (entry.timeMs % 1000 !== 0) fine.add(sourceId);
    if (entry.kind !== 'access') {
      others++;
      continue;
    }
    if (sourceId !== last) {
      last = sourceId;
      counts = clients.get(sourceId) ?? new Map();
      clients.set(sourceId, counts);
      known = paths.get(sourceId) ?? new Set();
      paths.set(sourceId, known);
    }
    access.set(sourceId, (access.get(sourceId) ?? 0) + 1);
    if (!(latest.get(sourceId)! >= timeMs)) latest.set(sourceId, timeMs);
    if (known.size <= ASKED_PATHS_MAX) known.add(entry.urlPath);
    const a = entry.clientAddress;
    if (a !== null) counts.set(a, (counts.get(a) ?? 0) + 1);
  }
  const proxies = new Map<number, Set<string>>();
  let mayBeAsked = false;
  for (const [sourceId, lines] of access) {
    if (access.size >= 2 && lines >= ASKED_LINES_MIN && paths.get(sourceId)!.size <= ASKED_PATHS_MAX) mayBeAsked = true;
    if (access.size < 2 && others === 0) continue;
    const own = new Set<string>();
    const folded = new Map<string, number>();
    for (const [text, n] of clients.get(sourceId)!) {
      // Below this no spelling of an address makes a proxy of it.
      const a = address(text)!;
      folded.set(a, (folded.get(a) ?? 0) + n);
    }
    for (const [a, n] of folded) {
      if (n >= 20 && n >= lines * 0.25) own.add(a);
      else if (n >= 5 && n >= lines * 0.1 && isPrivate(a)) own.add(a);
    }
    proxies.set(sourceId, own);
  }
  return { fine, proxies, access, latest, mayBeAsked };
}

/** Two lines of one request lie at most this far apart: two neighbouring buckets of it. */
const REACH_MS = 20_000;

/** key → buckets of time in which it occurs on a line that matters. */
class Keys {
  readonly #buckets = new Map<string, number[]>();
  add(key: string, bucket: number): void {
    const list = this.#buckets.get(key);
    if (list === undefined) this.#buckets.set(key, [bucket]);
    else if (list[list.length - 1] !== bucket) list.push(bucket);
  }
  has(key: string, bucket: number): boolean {
    const list = this.#buckets.get(key);
    if (list === undefined) return false;
    for (const b of list) if (b - bucket <= 1 && bucket - b <= 1) return true;
    return false;
  }
  get size(): number {
    return this.#buckets.size;
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
  records: readonly Placed[],
  sources: ReadonlyMap<number, LinkSource>,
  { refusedStatus, matters }: RelevantOptions,
): Placed[] {
  const ids = new Set<string>();
  const tails = new Keys();
  const clients = new Keys();
  /** Of lines that name no path: any request of that client may be theirs. */
  const pathless = new Keys();
  const local = new Set<string>();
  const chosen = new Uint8Array(records.length);
  for (let i = 0; i < records.length; i++) {
    const { entry, timeMs, line } = records[i]!;
    const isAccess = entry.kind === 'access';
    if (isAccess ? !refusedStatus.has(entry.httpResponseStatusCode ?? 0) : !matters(entry)) continue;
    chosen[i] = 1;
    for (const id of entry.requestIds) ids.add(id);
    const bucket = Math.floor(timeMs / REACH_MS);
    if (entry.urlPath !== null) tails.add(tailOf(entry.urlPath), bucket);
    for (const a of addressesOf(entry)) {
      clients.add(a, bucket);
      if (!isAccess && entry.urlPath === null) pathless.add(a, bucket);
    }
    for (const key of connectionKeys(entry, line.sourceId)) local.add(key);
  }
  const out: Placed[] = [];
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    if (chosen[i] === 1) {
      if (sources.has(record.line.sourceId)) out.push(record);
      continue;
    }
    const { entry, timeMs, line } = record;
    let wanted = false;
    for (const id of entry.requestIds) if (ids.has(id) && isStrongId(id)) wanted = true;
    if (!wanted) {
      const bucket = Math.floor(timeMs / REACH_MS);
      wanted = entry.urlPath !== null && tails.has(tailOf(entry.urlPath), bucket);
      if (!wanted) {
        const keys = entry.kind === 'access' ? pathless : clients;
        if (keys.size > 0) {
          if (entry.forwardedFor === null) {
            const a = address(entry.clientAddress);
            wanted = a !== null && keys.has(a, bucket);
          } else for (const a of addressesOf(entry)) if (keys.has(a, bucket)) wanted = true;
        }
      }
      if (!wanted && local.size > 0)
        for (const key of connectionKeys(entry, line.sourceId)) if (local.has(key)) wanted = true;
    }
    if (wanted && sources.has(line.sourceId)) out.push(record);
  }
  return out;
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
