/** Step 3, end: services that another layer asks before it answers (forward-auth), which see a path of their own. */

import { edgeBetween } from './access.ts';
import { assign, type Edge } from './assign.ts';
import { addressesOf } from './keys.ts';
import { type Lines, REASON_FINE_MS } from './lines.ts';
import { push } from './words.ts';

/**
 * A service that a gateway asks before it answers sees a path of its own. Sources whose lines find nobody by
 * path, but nearly always somebody by client and agent at that moment, are such services.
 */
export function joinAsked(l: Lines): void {
  if (l.access.size < 2) return;
  for (const [id, list] of l.access) {
    const source = l.sources.get(id)!;
    if (isAsked(l, id, list)) {
      l.asked.add(id);
      continue;
    }
    const free = list.filter((i) => !l.hasOuter[i]);
    if (free.length < Math.max(5, list.length * 0.5)) continue;
    if (new Set(free.map((i) => l.entry(i).urlPath)).size > 5) continue;
    const outers: number[] = [];
    for (const [other, lines] of l.access) {
      if (other === id) continue;
      const s = l.sources.get(other)!;
      if (s.order < source.order || (s.order === source.order && s.directory !== source.directory)) {
        for (const o of lines) if (!l.hasSource(l.root(o), id)) outers.push(o);
      }
    }
    outers.sort((a, b) => a - b);
    const byClient = new Map<string, number[]>();
    for (const o of outers) for (const a of addressesOf(l.entry(o))) push(byClient, a, o);
    const edges: Edge[] = [];
    for (const i of free) {
      for (const o of addressesOf(l.entry(i)).flatMap((a) => l.near(byClient.get(a) ?? [], i))) {
        if (l.entry(o).urlPath === l.entry(i).urlPath) continue;
        const edge = edgeBetween(l, o, i, 'subrequest');
        if (!edge) continue;
        // Refused here and refused there, or allowed and anything.
        const refusedInner = (l.entry(i).httpResponseStatusCode ?? 0) >= 400;
        const refusedOuter = (l.entry(o).httpResponseStatusCode ?? 0) >= 400;
        if (refusedInner && !refusedOuter) continue;
        edges.push(edge);
      }
      // It does not say who asked: then only the moment can, within a request that was on its way.
      if (addressesOf(l.entry(i)).length === 0) for (const o of l.near(outers, i)) edges.push(...asking(l, o, i));
    }
    const assignment = assign(edges, l.written);
    if (assignment.taken.length < free.length * 0.6) continue;
    l.asked.add(id);
    for (const edge of assignment.taken)
      l.joinAccess({ edge, assignment, between: 'servers' }, 'asked by the outer layer: same client, agent and moment');
  }
}

/** An outer request that was on its way at the moment of a line that names no client, and ended alike. */
function asking(l: Lines, o: number, i: number): Edge[] {
  const from = l.start[o]! - REASON_FINE_MS;
  const to = l.end[o]! + REASON_FINE_MS;
  const t = l.records[i]!.timeMs;
  if (t < from || t > to || l.entry(o).urlPath === l.entry(i).urlPath) return [];
  const refusedInner = (l.entry(i).httpResponseStatusCode ?? 0) >= 400;
  const refusedOuter = (l.entry(o).httpResponseStatusCode ?? 0) >= 400;
  if (refusedInner !== refusedOuter) return [];
  return [
    {
      outer: o,
      inner: i,
      score: 1 - (to - from) / 10_000,
      distance: Math.abs(l.end[o]! - t),
    },
  ];
}

/** By ids: nearly every line shares its request with a line of another path in a log of the same layer or further out. */
function isAsked(l: Lines, id: number, list: number[]): boolean {
  if (list.length < 5 || new Set(list.map((i) => l.entry(i).urlPath)).size > 5) return false;
  const order = l.sources.get(id)!.order;
  let asked = 0;
  for (const i of list) {
    const others = l
      .accessIn(l.root(i))
      .filter((m) => l.records[m]!.line.sourceId !== id && l.source(m).order <= order);
    if (others.some((m) => l.entry(m).urlPath !== l.entry(i).urlPath)) asked++;
  }
  return asked >= list.length * 0.8;
}
