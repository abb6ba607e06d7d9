/** Steps 1 and 2: what shares an id, and lines of one source that belong together whatever an access log says. */
import type { Entry } from '../../parsers/entry.ts';
import { isStrongId, localIdOf } from './keys.ts';
import type { Lines } from './lines.ts';
import { sameTemplate } from './words.ts';

export function joinByIds(l: Lines): void {
  const byId = new Map<string, number[]>();
  for (let i = 0; i < l.records.length; i++) {
    for (const id of l.entry(i).requestIds) {
      if (!isStrongId(id)) continue;
      const list = byId.get(id);
      if (list) list.push(i);
      else byId.set(id, [i]);
    }
  }
  for (const [id, list] of byId) {
    if (list.length < 2 || !idIsUnique(l, list)) continue;
    const first = list[0]!;
    for (let k = 1; k < list.length; k++) {
      l.join(first, list[k]!, list[k]!, { kind: 'id', confidence: 0.99, says: `same id ${id}` });
    }
    l.links[first] ??= { kind: 'id', confidence: 0.99, says: `same id ${id}` };
    const access = list.filter((i) => l.entry(i).kind === 'access');
    const outermost = Math.min(...access.map((i) => l.source(i).order));
    for (const i of access) if (l.source(i).order > outermost) l.hasOuter[i] = 1;
  }
}

/** An id that clients choose, or that stands for a session, is in several requests of the outermost log. */
function idIsUnique(l: Lines, list: number[]): boolean {
  const access = list.filter((i) => l.entry(i).kind === 'access');
  if (access.length < 2) return list.length <= 200;
  const outermost = Math.min(...access.map((i) => l.source(i).order));
  const outer = access.filter((i) => l.source(i).order === outermost);
  if (outer.length === 1) return list.length <= 200;
  // Two services of one layer (a gateway and the one it asks) share the id; two lines of one log are two requests.
  return list.length <= 200 && new Set(outer.map((i) => l.records[i]!.line.sourceId)).size === outer.length;
}

export function joinWithinSource(l: Lines): void {
  // Access lines join others here only through their process's own request number: without other lines, nothing can.
  if (l.other.length === 0) return;
  const mixed = new Set(l.other.map((i) => l.records[i]!.line.sourceId));
  const last = new Map<string, number>();
  for (const i of allInOrder(l)) {
    const entry = l.entry(i);
    const sourceId = l.records[i]!.line.sourceId;
    let key: string | null = null;
    let reach = 2000;
    let says = '';
    if (entry.kind === 'access' && !mixed.has(sourceId)) continue;
    const local = localIdOf(entry);
    if (local !== null) {
      key = `l ${sourceId} ${local}`;
      reach = 30_000;
      says = `same request number ${local.slice(local.indexOf('/') + 1)} of the process`;
    } else if (entry.kind === 'error' && entry.connectionId !== null && entry.urlPath !== null) {
      // A proxy in front sends requests of different clients over one connection.
      key = `c ${sourceId} ${entry.processId} ${entry.connectionId} ${entry.clientAddress} ${entry.httpRequestMethod} ${entry.urlPath} ${entry.urlQuery}`;
      says = `same connection ${entry.connectionId} and request line`;
    } else if (entry.kind === 'error' && entry.clientPort) {
      key = `p ${sourceId} ${entry.processId} ${entry.clientAddress} ${entry.clientPort}`;
      reach = 150;
      says = `same client port ${entry.clientPort}`;
    } else if (isThreads(entry)) {
      // Behind a proxy Apache knows the client but not its port; a thread has one request at a time, soon the next.
      key = `t ${sourceId} ${entry.processId} ${entry.attributes!.tid} ${entry.clientAddress}`;
      reach = 10;
      says = `same thread ${entry.attributes!.tid} and client`;
    }
    if (key === null) continue;
    const before = last.get(key);
    last.set(key, i);
    if (before === undefined || l.records[i]!.timeMs - l.records[before]!.timeMs > reach) continue;
    if (entry.kind === 'access' && l.entry(before).kind === 'access') continue;
    if (entry.kind === 'error' && sameTemplate(l.entry(before), entry)) continue;
    // A connection may carry the next request: two lines that name different paths are two requests.
    const other = l.entry(before);
    if (entry.urlPath !== null && other.urlPath !== null && entry.urlPath !== other.urlPath) continue;
    l.join(before, i, i, { kind: 'connection', confidence: 0.95, says });
    l.links[before] ??= { kind: 'connection', confidence: 0.95, says };
  }
}

/** What a WAF writes names its request in better ways. */
function isThreads({ kind, clientAddress, rules, attributes }: Entry): boolean {
  return kind === 'error' && clientAddress !== null && rules === null && attributes?.tid !== undefined;
}

function allInOrder(l: Lines): number[] {
  return Array.from({ length: l.records.length }, (_, i) => i);
}
