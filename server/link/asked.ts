/** Step 3, end: services that another layer asks before it answers (forward-auth), which see a path of their own. */

import { edgeBetween } from './access.ts';
import { assign, type Edge } from './assign.ts';
import { type Asking, Covered } from './covered.ts';
import { addressesOf } from './keys.ts';
import { type Lines, REASON_FINE_MS } from './lines.ts';
import { push } from './words.ts';

/** So many of a service's lines have to find somebody. */
const FOUND_MIN = 0.6;
/** A place is asked about from this share of its requests on; by chance a tenth of them find a partner, seldom a third. */
const COVERED_MIN = 0.5;
/** A pair in a place that is asked about fits better by so much. */
const COVERED_SCORE = 2;

/**
 * A service that a gateway asks before it answers sees a path of its own. Sources whose lines find nobody by path, but
 * nearly always somebody by client and agent at that moment, are such services — of a log whose other requests of the
 * same places find somebody there as well. Where they do not, the log of the server that really asks is not here.
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
    const edges = edgesOf(l, free, outers);
    const first = assign(edges, l.written);
    if (first.taken.length < free.length * FOUND_MIN) continue;
    const plausible = whoAsks(l, id, outers, first.taken, edges);
    // Who names nobody's address is no entrance: its requests came in elsewhere, wherever that is.
    if (plausible !== null || free.every((i) => isNameless(l, i))) l.asked.add(id);
    if (plausible === null) continue;
    const assignment = assign(plausible, l.written);
    for (const edge of assignment.taken)
      l.joinAccess({ edge, assignment, between: 'servers' }, 'asked by the outer layer: same client, agent and moment');
  }
}

const isNameless = (l: Lines, i: number): boolean => addressesOf(l.entry(i)).length === 0;

/** Requests that may have been on their way when a line of the service was written, refused where it refused. */
function edgesOf(l: Lines, free: readonly number[], outers: number[]): Edge[] {
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
    if (isNameless(l, i)) for (const o of l.near(outers, i)) edges.push(...asking(l, o, i));
  }
  return edges;
}

/** null: the pairs that were `taken` are chance. Else the edges to requests of places that are always asked about. */
function whoAsks(
  l: Lines,
  id: number,
  outers: readonly number[],
  taken: readonly Edge[],
  edges: readonly Edge[],
): Edge[] | null {
  const request = (o: number): Asking => ({
    sourceId: l.records[o]!.line.sourceId,
    path: l.entry(o).urlPath ?? '/',
  });
  const found = new Set(taken.map((e) => e.outer));
  const covered = new Covered();
  for (const o of outers) covered.add(request(o), found.has(o));
  // Those that shared an id with it.
  for (const lines of l.access.values())
    for (const o of lines)
      if (l.records[o]!.line.sourceId !== id && l.hasSource(l.root(o), id) && !found.has(o))
        covered.add(request(o), true);
  const around = (o: number): number | null => covered.around(request(o), found.has(o));
  const told = taken.map((e) => around(e.outer)).filter((share) => share !== null);
  // Too few requests to tell: then a name has to.
  if (told.length === 0) return edges.filter((e) => !isNameless(l, e.inner));
  if (told.reduce((a, b) => a + b) < told.length * COVERED_MIN) return null;
  return edges.flatMap((e) => {
    const share = around(e.outer) ?? 0;
    if (isNameless(l, e.inner) && share < COVERED_MIN) return [];
    return [{ ...e, score: e.score + COVERED_SCORE * share }];
  });
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
