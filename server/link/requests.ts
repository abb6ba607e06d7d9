/** Step 6: what was joined, as requests: which are refusals, and how sure each of their lines is. */
import type { Placed } from '../model/line.ts';
import type { Hop, Link, LinkedRequest } from '../model/request.ts';
import { apart, surenessOf, type Trace } from './doubt.ts';
import { address, isPrivate } from './keys.ts';
import { type Lines, NEAR_MS, type Open } from './lines.ts';
import { phraseOf, rank } from './words.ts';

const TOSSED = 'but another request looks the same and was made at once';
const ANCHOR: Link = { kind: 'anchor', confidence: 1, says: 'the line by which the request is counted' };

export interface SourceShare {
  sourceId: number;
  /** Access lines seen, and those that an outer access log has too. */
  lines: number;
  withOuter: number;
}

export interface LinkResult {
  /** Refused requests only. */
  requests: LinkedRequest[];
  shares: SourceShare[];
  /** Access lines that no outer log has and that were let through: what refusals are contrasted with. */
  passed: Placed[];
}

export function requestsOf(l: Lines): LinkResult {
  const requests: LinkedRequest[] = [];
  const passed: Placed[] = [];
  const shares: SourceShare[] = [];
  for (const [sourceId, list] of l.access) {
    let withOuter = 0;
    for (const i of list) if (l.hasOuter[i]) withOuter++;
    shares.push({ sourceId, lines: list.length, withOuter });
  }
  const linkedShare = new Map(shares.map((s) => [s.sourceId, s.lines === 0 ? 0 : s.withOuter / s.lines]));
  for (const [sourceId, share] of l.options.withOuter ?? []) linkedShare.set(sourceId, share);
  const done = new Set<number>();
  for (let i = 0; i < l.records.length; i++) {
    const root = l.root(i);
    if (done.has(root)) continue;
    done.add(root);
    const members = [...l.membersOf(root)].sort(
      (a, b) => placeOf(l, a) - placeOf(l, b) || rank(l.entry(a)) - rank(l.entry(b)) || a - b,
    );
    const access = members.filter((m) => l.entry(m).kind === 'access');
    const outermost = access[0];
    if (outermost === undefined) {
      const alone = unseenRefusal(l, members);
      if (alone !== null) requests.push(requestOf(l, members, alone));
      continue;
    }
    if (l.asked.has(l.records[outermost]!.line.sourceId)) continue;
    const status = l.entry(outermost).httpResponseStatusCode ?? 0;
    if (!l.options.refusedStatus.has(status)) {
      passed.push(l.records[outermost]!);
      continue;
    }
    // An inner line whose like nearly always has an outer one, but that found none: its request is counted there —
    // if that log went on at all.
    if (
      !l.hasOuter[outermost] &&
      outerWentOn(l, outermost) &&
      (linkedShare.get(l.records[outermost]!.line.sourceId) ?? 0) > 0.97
    ) {
      const own = address(l.entry(outermost).clientAddress);
      const proxies = l.proxies.get(l.records[outermost]!.line.sourceId);
      // A client of its own, or one of our proxies: it came through the outer layer either way.
      if (own === null || proxies?.has(own) || !isPrivate(own)) continue;
    }
    if (!l.hasOuter[outermost] && l.elsewhere.has(outermost)) continue;
    requests.push(requestOf(l, members, outermost));
  }
  return { requests, shares, passed };
}

/** Some log further out has a line of this moment or later. */
function outerWentOn(l: Lines, i: number): boolean {
  const { order } = l.source(i);
  for (const [id, last] of l.latest)
    if (l.sources.get(id)!.order < order && last >= l.records[i]!.timeMs - NEAR_MS) return true;
  return false;
}

function placeOf(l: Lines, i: number): number {
  return l.source(i).order + (l.asked.has(l.records[i]!.line.sourceId) ? 0.5 : 0);
}

/** A refusal told by a log that has no access log around it: a WAF audit or application log given alone. */
function unseenRefusal(l: Lines, members: number[]): number | null {
  const first = members.find((m) => {
    const e = l.entry(m);
    return e.httpResponseStatusCode !== null && l.options.refusedStatus.has(e.httpResponseStatusCode);
  });
  const teller = first ?? members.find((m) => l.entry(m).kind !== 'ban' && l.explains(m));
  if (teller === undefined) return null;
  return l.options.hasAccessLogs ? null : teller;
}

function requestOf(l: Lines, members: number[], anchor: number): LinkedRequest {
  const ordered = [anchor, ...members.filter((m) => m !== anchor)];
  const paths = pathsFrom(l, anchor);
  const hops: Hop[] = ordered.map((m) => {
    const record = l.records[m]!;
    const source = l.source(m);
    const why = l.links[m] ?? { kind: 'attributes', confidence: 0.8, says: 'same request' };
    const path = paths.get(m);
    const link =
      m === anchor
        ? ANCHOR
        : path === undefined || path.sureness === 1
          ? why
          : { ...why, confidence: Math.min(why.confidence, path.sureness), says: `${why.says}, ${TOSSED}` };
    return {
      line: record.line,
      entry: record.entry,
      timeMs: record.timeMs,
      layer: source.layer,
      order: source.order,
      path: source.path,
      link,
      speaks: m === anchor ? 1 : path === undefined || path.sameWords ? why.confidence : link.confidence,
    };
  });
  return {
    hops,
    status: l.entry(anchor).httpResponseStatusCode ?? 403,
    timeMs: Math.floor(l.records[anchor]!.timeMs),
    perhaps: perhapsOf(l, members),
  };
}

const PERHAPS_MAX = 2;

function perhapsOf(l: Lines, members: number[]): LinkedRequest['perhaps'] {
  const reasons = new Set(members.flatMap((m) => l.perhaps.get(m) ?? []));
  return [...reasons].slice(0, PERHAPS_MAX).map((r) => {
    const { line, entry } = l.records[r]!;
    return { line, entry, path: l.source(r).path };
  });
}

/** How sure each line of a request is to belong to its first one: as sure as the least sure step on the way there. */
function pathsFrom(l: Lines, anchor: number): Map<number, { sureness: number; sameWords: boolean }> {
  const paths = new Map([[anchor, { sureness: 1, sameWords: true }]]);
  const known = new Map<Open, { sureness: number; sameWords: boolean }>();
  const waiting = [anchor];
  for (let x = waiting.pop(); x !== undefined; x = waiting.pop()) {
    const here = paths.get(x)!;
    for (const { a, b, open } of l.joins.get(x) ?? []) {
      const next = a === x ? b : a;
      let step = { sureness: 1, sameWords: true };
      if (open !== null) {
        step = known.get(open) ?? judge(l, open);
        known.set(open, step);
      }
      const sureness = Math.min(here.sureness, step.sureness);
      const before = paths.get(next);
      if (before !== undefined && before.sureness >= sureness) continue;
      paths.set(next, { sureness, sameWords: here.sameWords && (step.sureness === 1 || step.sameWords) });
      waiting.push(next);
    }
  }
  return paths;
}

/** Was this pairing a toss-up, and if so: would it have said anything else the other way? */
function judge(l: Lines, { edge, assignment, between }: Open): { sureness: number; sameWords: boolean } {
  const rivals = assignment.rivalsOf(edge);
  if (rivals.length === 0) return { sureness: 1, sameWords: true };
  const own = l.root(edge.outer);
  const mine = tracesOf(l, new Set([own]));
  const words = wordsOf(l, own);
  let sameWords = true;
  const looks = rivals.map(([outer, inner]) => {
    const others = new Set([l.root(outer), l.root(inner)]);
    others.delete(own);
    for (const o of others) if (wordsOf(l, o) !== words) sameWords = false;
    return apart(mine, tracesOf(l, others));
  });
  // The order further out is known where some log there has fractions of a second.
  const depth = l.source(edge.inner).order;
  const isCoarse = !l.accessIn(own).some((m) => l.source(m).order < depth && l.isFine(m));
  return { sureness: surenessOf(looks, between, isCoarse), sameWords };
}

function tracesOf(l: Lines, roots: ReadonlySet<number>): Trace[] {
  return [...roots].flatMap((root) =>
    l.membersOf(root).map((m): Trace => {
      const { line, timeMs, entry } = l.records[m]!;
      const isWorker = entry.kind === 'error' && entry.processId !== null;
      return {
        sourceId: line.sourceId,
        kind: entry.kind,
        timeMs,
        isFine: l.isFine(m),
        line: line.line,
        lines: line.lines,
        worker: isWorker ? `${entry.processId} ${entry.attributes?.tid ?? ''}` : null,
      };
    }),
  );
}

/** What the lines of a request say, but for their values. */
function wordsOf(l: Lines, root: number): string {
  const words = l.membersOf(root).map((m) => {
    const { kind, httpResponseStatusCode, eventCode, rules } = l.entry(m);
    const ids = rules?.map((r) => r.id).join(' ') ?? '';
    return `${l.records[m]!.line.sourceId} ${kind} ${httpResponseStatusCode} ${eventCode} ${ids} ${phraseOf(l.entry(m))}`;
  });
  return [...new Set(words)].sort().join('\n');
}
