/** Step 4: error, audit and application lines to their access line. */
import type { Link } from '../model/request.ts';
import { assign, type Edge } from './assign.ts';
import { address, addressesOf, comparablePath, isPrivate, pathAffinity } from './keys.ts';
import { CANDIDATES, FAR_MS, type Lines, NEAR_MS } from './lines.ts';
import { type LinkSource, productOf } from './source.ts';
import { answeredHere, push, sameText } from './words.ts';

/** Where only the client is known, and that may be a proxy: all that a busy server writes in a second. */
const CANDIDATES_OF_CLIENT = 300;

export function joinOthers(l: Lines): void {
  if (l.other.length === 0) return;
  const byPath = new Map<string, number[]>();
  const byClient = new Map<string, number[]>();
  const byName = new Map<string, number[]>();
  for (const list of l.access.values()) {
    for (const i of list) {
      const e = l.entry(i);
      if (e.urlPath !== null) {
        push(byPath, comparablePath(e.urlPath), i);
        push(byName, nameOf(e.urlPath), i);
      }
      for (const a of addressesOf(e)) push(byClient, a, i);
    }
  }
  for (const lists of [byPath, byClient, byName]) for (const l of lists.values()) l.sort((a, b) => a - b);
  const bySource = bySharedSource(l);
  // From the outside in: what a WAF stopped has no line of an application.
  const order = (id: number): number => l.sources.get(id)!.order;
  for (const [, roots] of [...bySource].sort(([a], [b]) => order(a) - order(b))) {
    const edges: Edge[] = [];
    for (const root of roots) {
      const facts = factsOf(l, root);
      if (facts.client === null && facts.path === null) continue;
      let candidates: number[] | undefined;
      if (facts.path !== null) candidates = byPath.get(comparablePath(facts.path));
      if (candidates === undefined && facts.filePath === null && facts.path !== null) continue;
      let most = CANDIDATES;
      if (candidates === undefined && facts.client !== null) {
        candidates = byClient.get(facts.client);
        most = CANDIDATES_OF_CLIENT;
      }
      // The client may be a proxy that access logs look through: the file says which request it is.
      if (facts.filePath !== null && facts.path === null && (facts.client === null || isPrivate(facts.client))) {
        const named = byName.get(nameOf(facts.filePath)) ?? [];
        candidates = candidates === undefined ? named : [...new Set([...candidates, ...named])].sort((a, b) => a - b);
        most = CANDIDATES_OF_CLIENT;
      }
      if (candidates === undefined) continue;
      // A request has several access lines: the one that fits best stands for all of them.
      const best = new Map<number, Edge>();
      for (const a of l.near(candidates, facts.index, most)) {
        const edge = attachEdge(l, root, facts, a);
        if (edge === null) continue;
        const request = l.root(a);
        if ((best.get(request)?.score ?? Number.NEGATIVE_INFINITY) < edge.score)
          best.set(request, { ...edge, outer: request, via: a });
      }
      edges.push(...best.values());
    }
    // One line of a source explains one request: an access set takes one cluster of each source.
    const assignment = assign(edges, l.setsWritten);
    for (const edge of assignment.taken) {
      if (l.accessIn(l.root(edge.inner)).length > 0) continue;
      const confidence = edge.score >= 7 ? 0.95 : edge.score >= 5 ? 0.88 : 0.7;
      const why: Link = {
        kind: 'attributes',
        confidence,
        says: 'same client, path and time as the access line',
      };
      l.join(edge.via!, edge.inner, edge.inner, why, { edge, assignment, between: 'logs' });
    }
  }
}

/**
 * What belongs to no access line yet, by the log that it shares with most others of its kind: a WAF that writes each
 * request into a file of its own, and a line into one log, has to be told apart by that log.
 */
function bySharedSource(l: Lines): Map<number, number[]> {
  const sourcesOf = new Map<number, Set<number>>();
  for (const i of l.other) {
    const root = l.root(i);
    const known = sourcesOf.get(root);
    if (known !== undefined) known.add(l.records[i]!.line.sourceId);
    else if (l.accessIn(root).length === 0) sourcesOf.set(root, new Set([l.records[i]!.line.sourceId]));
  }
  const shared = new Map<number, number>();
  for (const ids of sourcesOf.values()) for (const id of ids) shared.set(id, (shared.get(id) ?? 0) + 1);
  const bySource = new Map<number, number[]>();
  for (const [root, ids] of sourcesOf) {
    let most = -1;
    for (const id of ids) if (most < 0 || shared.get(id)! > shared.get(most)!) most = id;
    push(bySource, most, root);
  }
  return bySource;
}

/** What a path and the file that it stands for have in common, however it was mapped. */
function nameOf(path: string): string {
  const plain = comparablePath(path);
  return plain.slice(plain.lastIndexOf('/') + 1);
}

function factsOf(l: Lines, root: number) {
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
    /** Something in it may be about a refusal: what only tells of a request is as likely about any other. */
    tells: false,
  };
  for (const m of l.membersOf(root)) {
    const e = l.entry(m);
    facts.client ??= address(e.clientAddress);
    for (const a of addressesOf(e)) if (!facts.addresses.includes(a)) facts.addresses.push(a);
    facts.path ??= e.urlPath;
    facts.query ??= e.urlQuery;
    facts.method ??= e.httpRequestMethod;
    facts.host ??= e.urlDomain;
    facts.agent ??= e.userAgentOriginal;
    facts.status ??= e.httpResponseStatusCode;
    facts.filePath ??= e.filePath ?? e.attributes?.['proxy.url'] ?? null;
    facts.tells ||= e.kind !== 'app' || isLoud(e.logLevel) || l.explains(m);
    facts.first = Math.min(facts.first, l.start[m]!);
    facts.last = Math.max(facts.last, l.end[m]!);
    if (l.records[m]!.timeMs < l.records[facts.index]!.timeMs) facts.index = m;
  }
  return facts;
}

function attachEdge(l: Lines, root: number, facts: ReturnType<typeof factsOf>, a: number): Edge | null {
  const e = l.entry(a);
  const source = l.source(root);
  const target = l.source(a);
  // A layer that answered by itself asked nobody further in.
  if (source.order > target.order && source.layer !== 'waf' && answeredHere(e)) return null;
  if (source.layer === 'app' && l.isRefused(a) && isStopped(l, l.root(a))) return null;
  const gap = Math.max(0, facts.first - l.end[a]!, l.start[a]! - facts.last);
  const slow = e.durationMs === null && (e.timePoint === 'start' || isApaches(l, target));
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
      const proxies = l.proxies.get(target.id);
      const foreign =
        !proxies?.has(facts.client) && !isPrivate(facts.client) && known.some((x) => !proxies?.has(x) && !isPrivate(x));
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
  else if (facts.tells && l.options.refusedStatus.has(status)) score += 1;
  if (target.directory === source.directory) score += 2;
  if (target.layer === source.layer) score += 1;
  if (productOf(target.dataset) === productOf(source.dataset)) score += 1;
  if (gap > NEAR_MS) score -= 1 + gap / 5000;
  score -= Math.min(gap, NEAR_MS) / 4000;
  // One cluster of one of its sources is there already.
  for (const m of l.membersOf(root)) {
    const { sourceId } = l.records[m]!.line;
    if (sourceId !== target.id && l.hasSource(l.root(a), sourceId)) return null;
  }
  if (score < 2) return null;
  const position = Math.abs((facts.first + facts.last) / 2 - (l.start[a]! + l.end[a]!) / 2);
  return {
    outer: a,
    inner: facts.index,
    score,
    distance: position,
  };
}

/** A WAF says that it denied the request before anybody was asked: not by what came out again (CRS 95x, 98x). */
function isStopped(l: Lines, root: number): boolean {
  return l
    .membersOf(root)
    .some((m) => l.entry(m).kind === 'error' && l.entry(m).rules?.some((r) => r.denied && !/^9[58]\d{4}$/.test(r.id)));
}

const isLoud = (level: string | null): boolean => level !== null && level !== 'info' && level !== 'debug';

/** A common log that lies beside an error log of Apache, and of nobody else, is Apache's: it names the beginning. */
function isApaches(l: Lines, source: LinkSource): boolean {
  if (productOf(source.dataset) !== 'clf' && productOf(source.dataset) !== 'nginx') return false;
  let beside = false;
  for (const s of l.sources.values()) {
    if (s.directory !== source.directory || !s.dataset.endsWith('.error')) continue;
    if (s.dataset !== 'apache.error') return false;
    beside = true;
  }
  return beside;
}
