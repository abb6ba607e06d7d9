/**
 * One-to-one assignment between two kinds of lines by score, best first, then untangled so that lines that
 * cannot be told apart keep their order: the first retry outside is the first retry inside.
 */

export interface Edge {
  outer: number;
  inner: number;
  score: number;
  /** Distance in time, ms. */
  distance: number;
  /** Edges with the same signature join lines that look the same on both sides. */
  signature: string;
}

/** `position` orders lines that look the same (time, then place in the file). */
export function assign(edges: Edge[], position: (index: number) => number): Edge[] {
  edges.sort((a, b) => b.score - a.score || a.distance - b.distance || position(a.outer) - position(b.outer));
  const outers = new Set<number>();
  const inners = new Set<number>();
  const taken: Edge[] = [];
  for (const edge of edges) {
    if (outers.has(edge.outer) || inners.has(edge.inner)) continue;
    outers.add(edge.outer);
    inners.add(edge.inner);
    taken.push(edge);
  }
  return untangle(taken, position);
}

function untangle(taken: Edge[], position: (index: number) => number): Edge[] {
  const groups = new Map<string, Edge[]>();
  for (const edge of taken) {
    const group = groups.get(edge.signature);
    if (group) group.push(edge);
    else groups.set(edge.signature, [edge]);
  }
  const out: Edge[] = [];
  for (const group of groups.values()) {
    if (group.length === 1) {
      out.push(group[0]!);
      continue;
    }
    const outers = group.map((e) => e.outer).sort((a, b) => position(a) - position(b));
    const inners = group.map((e) => e.inner).sort((a, b) => position(a) - position(b));
    for (let i = 0; i < group.length; i++) out.push({ ...group[i]!, outer: outers[i]!, inner: inners[i]! });
  }
  return out;
}
