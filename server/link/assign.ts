/**
 * One-to-one assignment between two kinds of lines by score, best first, then untangled: lines that fit either way keep
 * the order in which they were written, the first retry outside is the first retry inside. What could as well have
 * been the other way round is named on request (`rivalsOf`).
 */

export interface Edge {
  outer: number;
  inner: number;
  score: number;
  /** Distance in time, ms. */
  distance: number;
  /** The line that stands for the outer request, where that has several. */
  via?: number;
}

/** Below 0: `a` was written before `b`. 0: not told. Only lines of one log can be compared. */
export type Written = (a: number, b: number) => number;

export interface Assignment {
  taken: Edge[];
  /** The pairs that a taken edge might have been taken for as well. */
  rivalsOf: (edge: Edge) => Pair[];
}

export type Pair = readonly [outer: number, inner: number];

/** Scores that differ by less than this are the same: what makes them differ is when lines were written. */
const EQUAL_WITHIN = 0.5;
/** Two pairs are only turned round for their order where that fits as well, but for the rounding of moments. */
const UNTANGLE_WITHIN = 0.3;
/** Three look-alikes may need three turns; a bound, since each turn brings two pairs into order. */
const ROUNDS_MAX = 6;

export function assign(edges: Edge[], written: Written): Assignment {
  edges.sort((a, b) => b.score - a.score || a.distance - b.distance || written(a.outer, b.outer));
  const outers = new Set<number>();
  const inners = new Set<number>();
  const taken: Edge[] = [];
  for (const edge of edges) {
    if (outers.has(edge.outer) || inners.has(edge.inner)) continue;
    outers.add(edge.outer);
    inners.add(edge.inner);
    taken.push(edge);
  }
  const scores = new Scores(edges);
  const untangled = untangle(taken, scores, written);
  const innerOf = new Map(untangled.map((e) => [e.outer, e.inner]));
  const outerOf = new Map(untangled.map((e) => [e.inner, e.outer]));
  return { taken: untangled, rivalsOf: (edge) => rivalsOf(edge, scores, innerOf, outerOf) };
}

/** Turns round two pairs that cross each other, as long as they fit as well the other way. */
function untangle(taken: Edge[], scores: Scores, written: Written): Edge[] {
  const byOuter = new Map(taken.map((e) => [e.outer, e]));
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let turned = false;
    for (const o of [...byOuter.keys()].sort(written)) {
      for (const p of scores.outersOf(byOuter.get(o)!.inner)) {
        const a = byOuter.get(o)!;
        const b = byOuter.get(p);
        if (b === undefined || p === o) continue;
        if (written(a.outer, b.outer) * written(a.inner, b.inner) >= 0) continue;
        const ab = scores.edge(a.outer, b.inner);
        const ba = scores.edge(b.outer, a.inner);
        if (ab === undefined || ba === undefined) continue;
        const now = scores.edge(a.outer, a.inner)!.score + scores.edge(b.outer, b.inner)!.score;
        if (ab.score + ba.score < now - UNTANGLE_WITHIN) continue;
        byOuter.set(a.outer, ab);
        byOuter.set(b.outer, ba);
        turned = true;
      }
    }
    if (!turned) break;
  }
  return [...byOuter.values()];
}

/**
 * Two pairs are rivals when they could swap their inner lines and fit as well; a line that found nobody is one when it
 * would have fitted as well.
 */
function rivalsOf(
  { outer, inner }: Edge,
  scores: Scores,
  innerOf: ReadonlyMap<number, number>,
  outerOf: ReadonlyMap<number, number>,
): Pair[] {
  const own = scores.of(outer, inner) - EQUAL_WITHIN;
  const rivals: Pair[] = [];
  for (const o of scores.outersOf(inner)) {
    if (o === outer) continue;
    const i = innerOf.get(o);
    if (i === undefined) {
      if (scores.of(o, inner) >= own) rivals.push([o, inner]);
    } else if (scores.of(o, inner) + scores.of(outer, i) >= own + scores.of(o, i)) rivals.push([o, i]);
  }
  for (const i of scores.innersOf(outer)) if (!outerOf.has(i) && scores.of(outer, i) >= own) rivals.push([outer, i]);
  return rivals;
}

class Scores {
  readonly #rows = new Map<number, Map<number, Edge>>();
  readonly #outers = new Map<number, number[]>();
  constructor(edges: readonly Edge[]) {
    for (const e of edges) {
      const row = this.#rows.get(e.outer);
      if (row) row.set(e.inner, e);
      else this.#rows.set(e.outer, new Map([[e.inner, e]]));
      const list = this.#outers.get(e.inner);
      if (list) list.push(e.outer);
      else this.#outers.set(e.inner, [e.outer]);
    }
  }
  edge(outer: number, inner: number): Edge | undefined {
    return this.#rows.get(outer)?.get(inner);
  }
  of(outer: number, inner: number): number {
    return this.edge(outer, inner)?.score ?? Number.NEGATIVE_INFINITY;
  }
  outersOf(inner: number): readonly number[] {
    return this.#outers.get(inner) ?? [];
  }
  innersOf(outer: number): Iterable<number> {
    return this.#rows.get(outer)?.keys() ?? [];
  }
}
