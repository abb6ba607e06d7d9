/** Step 3: access log to access log, from the outside in. */

import { joinAsked } from './asked.ts';
import { assign, type Edge } from './assign.ts';
import { address, addressesOf, comparablePath, isPrivate } from './keys.ts';
import { FAR_MS, type Lines, NEAR_MS } from './lines.ts';
import { answeredHere, sameText } from './words.ts';

export function joinAccessLogs(l: Lines): void {
  const orders = [...new Set([...l.access.keys()].map((id) => l.sources.get(id)!.order))].sort((a, b) => a - b);
  for (let k = 1; k < orders.length; k++) {
    const inner = l.linesAt(orders[k]!);
    for (let o = k - 1; o >= 0; o--) {
      const outer = l.linesAt(orders[o]!);
      matchAccess(l, outer, inner, orders[o]!, orders[k]!, 'path');
    }
    for (let o = k - 1; o >= 0; o--) matchAccess(l, l.linesAt(orders[o]!), inner, orders[o]!, orders[k]!, 'rewritten');
  }
  joinAsked(l);
}

function matchAccess(
  l: Lines,
  outer: number[],
  inner: number[],
  outerOrder: number,
  innerOrder: number,
  how: 'path' | 'rewritten',
): void {
  const freeInner = inner.filter((i) => !l.hasOuter[i]);
  if (freeInner.length === 0) return;
  const keyOf = (i: number): string | null => {
    const e = l.entry(i);
    if (e.urlPath === null) return null;
    if (how === 'path') return `${e.httpRequestMethod} ${comparablePath(e.urlPath)}`;
    const tail = e.urlPath.slice(e.urlPath.lastIndexOf('/') + 1);
    return tail === '' ? null : `${e.httpRequestMethod} ${tail}`;
  };
  const byKey = new Map<string, number[]>();
  for (const o of outer) {
    if (answeredHere(l.entry(o)) || l.hasAccessAt(l.root(o), innerOrder)) continue;
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
    for (const o of l.near(candidates, i)) {
      const edge = edgeBetween(l, o, i, how);
      if (edge) edges.push(edge);
    }
  }
  const plausible = plausibleOf(l, edges);
  const assignment = assign(plausible, l.written);
  const taken = new Map(assignment.taken.map((e) => [e.outer, e.inner]));
  for (const { outer, inner } of plausible) {
    const other = taken.get(outer);
    // Only one that names no client, beside a request that was let through: else it may well be another request.
    if (other === undefined || l.isRefused(outer) || l.entry(inner).clientAddress !== null) continue;
    if (l.records[other]!.line.sourceId !== l.records[inner]!.line.sourceId) l.elsewhere.add(inner);
  }
  for (const edge of assignment.taken) {
    if (l.hasAccessAt(l.root(edge.inner), outerOrder)) continue;
    l.elsewhere.delete(edge.inner);
    l.joinAccess(
      { edge, assignment, between: 'servers' },
      how === 'path' ? 'same method, path, client and time' : 'path ends alike, same client and time',
    );
  }
}

/**
 * A proxy's address in an inner log belongs to one outer log. Where lines with a single candidate show which,
 * candidates of the other outer logs are dropped.
 */
function plausibleOf(l: Lines, edges: Edge[]): Edge[] {
  const perInner = new Map<number, number>();
  for (const e of edges) perInner.set(e.inner, (perInner.get(e.inner) ?? 0) + 1);
  const votes = new Map<string, Map<number, number>>();
  const proxyOf = (i: number): string | null => {
    const a = address(l.entry(i).clientAddress);
    const id = l.records[i]!.line.sourceId;
    return a !== null && l.proxies.get(id)?.has(a) ? `${id} ${a}` : null;
  };
  for (const e of edges) {
    const proxy = proxyOf(e.inner);
    if (proxy === null || perInner.get(e.inner) !== 1) continue;
    const counts = votes.get(proxy) ?? new Map<number, number>();
    const outer = l.records[e.outer]!.line.sourceId;
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
    return only === undefined || l.records[e.outer]!.line.sourceId === only;
  });
}

export function edgeBetween(l: Lines, o: number, i: number, how: 'path' | 'rewritten' | 'subrequest'): Edge | null {
  const a = l.entry(o);
  const b = l.entry(i);
  const distance = l.distance(o, i);
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
  const client = clientScore(l, o, i);
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
    distance: Math.abs(l.start[o]! + l.end[o]! - l.start[i]! - l.end[i]!),
  };
}

/** -1 another client, 0 not told, 3 the same. */
function clientScore(l: Lines, o: number, i: number): number {
  const a = addressesOf(l.entry(o));
  const b = addressesOf(l.entry(i));
  if (a.length === 0 || b.length === 0) return 0;
  const proxies = l.proxies.get(l.records[i]!.line.sourceId);
  const outerProxies = l.proxies.get(l.records[o]!.line.sourceId);
  for (const x of a) if (!outerProxies?.has(x) && b.includes(x)) return 3;
  const real = b.filter((x) => !proxies?.has(x) && !isPrivate(x));
  if (real.length === 0) return 0;
  const known = a.filter((x) => !outerProxies?.has(x));
  return known.length === 0 ? 0 : -1;
}
