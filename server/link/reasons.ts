/** Step 5: reasons that name no request, to the request of the same program whose moment they fall into. */
import type { Entry } from '../../parsers/entry.ts';
import { routeOf } from '../model/route.ts';
import { assign, type Edge, type Written } from './assign.ts';
import { type Guess, mixed, type Weighed, weigh } from './custom.ts';
import { addressesOf, pathAffinity } from './keys.ts';
import { type Lines, REASON_FINE_MS } from './lines.ts';
import { Moments } from './moments.ts';
import { settle } from './settle.ts';
import type { LinkSource } from './source.ts';
import { answeredHere, phraseOf, push } from './words.ts';

/** A reason line is written while its request is answered; clocks that are learned from whole seconds are off by this. */
const REASON_MS = 400;
/** By this where the log's clock was settled by all of its reasons. */
const REASON_SETTLED_MS = 8;
/** So many lines that give a reason are written just before the answer, however long the request took until then. */
const AT_ANSWER = 0.7;
const ANSWER_MS = 20;
/** A line that names the client or the user of a request is so much likelier about it than about another. */
const NAMED_ODDS = 100;
/** What is less likely than this is not joined: of the program's own requests, and of those that may be another's. */
const OWN_MIN = 0.1;
const FOREIGN_MIN = 0.5;
/** From this on a log cannot be said to be silent about a request. */
const PERHAPS_MIN = 0.15;
/** In a storm anything may be anything's reason: not looked for. */
const PERHAPS_PAIRS_MAX = 1_000_000;
/** A log of whole seconds: what it says happened some time within. */
const SECOND_MS = 999;
/** A request whose moment is known to less than a second. */
const FINE_MS = 900;
const ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;

export function joinReasons(l: Lines): void {
  const groups = new Map<number, number[]>();
  for (const i of l.other) {
    const root = l.root(i);
    if (l.membersOf(root).length > 1 || !l.explains(i)) continue;
    if (l.entry(i).urlPath !== null && l.entry(i).kind !== 'app') continue;
    push(groups, l.records[i]!.line.sourceId, i);
  }
  for (const [sourceId, reasons] of groups) {
    const source = l.sources.get(sourceId)!;
    const { homes, isOwn } = homesOf(l, source);
    const targets: number[] = [];
    const roots = new Set<number>();
    const unproven: number[] = [];
    let byChance = 0;
    for (const home of homes) {
      const list = l.access.get(home) ?? [];
      const chance = isOwn ? 0 : chanceOf(l, reasons, list);
      if (chance === null) {
        unproven.push(...list.filter((a) => l.isRefused(a) && l.source(a).layer === source.layer));
        continue;
      }
      // A request that more than one of these logs tells of is one request, and met by chance once.
      const before = targets.length;
      for (const a of list) {
        const root = l.root(a);
        if (roots.has(root)) continue;
        targets.push(a);
        roots.add(root);
      }
      byChance += (chance * (targets.length - before)) / list.length;
    }
    const open = new Moments(targets.map((a) => ({ target: a, ...l.moment(a) })));
    // Of whole seconds there is nothing to settle: their moment is the second.
    const isCoarse = !l.fineOthers.has(sourceId);
    const settled = isCoarse
      ? null
      : settle(
          reasons.map((r) => l.records[r]!.timeMs),
          open.all
            .filter((m) => m.to - m.from < FINE_MS && l.isRefused(m.target))
            .map(({ from, to }): [number, number] => [from, to]),
        );
    const shiftMs = settled?.shiftMs ?? 0;
    const fineMs = settled === null ? REASON_FINE_MS : REASON_SETTLED_MS;
    const { guesses, edges } = guessesOf(l, reasons, open, { move: (t) => t + shiftMs, fineMs });
    const { shares, sums } = weigh(guesses);
    if (!isOwn) {
      const sure = mixed(sums, byChance, reasons.length);
      for (const [k, { reason }] of guesses.entries()) shares[k] = shares[k]! * sure.get(reason)!;
    }
    for (const [k, edge] of edges.entries()) edge.score = Math.log(Math.max(shares[k]!, Number.MIN_VALUE));
    const ends = new Map(open.all.map((m) => [m.target, m.to]));
    const moments: Written = (x, y) =>
      (ends.get(x) ?? l.records[x]!.timeMs) - (ends.get(y) ?? l.records[y]!.timeMs) || l.written(x, y);
    const shareOf = new Map(edges.map((e, k) => [`${e.outer} ${e.inner}`, shares[k]!]));
    const assignment = assign(edges, moments);
    for (const edge of assignment.taken) {
      // Between pairs that could be the other way round the order in which they were written decides.
      let share = Math.exp(edge.score);
      for (const [outer, inner] of assignment.rivalsOf(edge))
        if (outer !== edge.outer && inner !== edge.inner) share += shareOf.get(`${outer} ${edge.inner}`) ?? 0;
      share = Math.min(1, share);
      if (!l.isRefused(edge.outer)) continue;
      if (share < (isOwn ? OWN_MIN : FOREIGN_MIN)) continue;
      l.join(edge.outer, edge.inner, edge.inner, {
        kind: 'neighbour',
        confidence: 0.95 * share,
        says: 'written by the same program just before its answer',
      });
    }
    const near = edges.filter(({ outer }, k) => shares[k]! >= PERHAPS_MIN && l.isRefused(outer));
    if (unproven.length > 0 && unproven.length * reasons.length <= PERHAPS_PAIRS_MAX) {
      const moments = new Moments(unproven.map((a) => ({ target: a, ...l.moment(a) })));
      near.push(...guessesOf(l, reasons, moments, { move: (t) => t, fineMs: REASON_FINE_MS }).edges);
    }
    for (const { outer, inner } of near) {
      if (l.accessIn(l.root(inner)).length === 0 && !reasonsIn(l, l.root(outer), false)) push(l.perhaps, outer, inner);
    }
  }
}

/** What each reason may be about. Parallel. */
function guessesOf(
  l: Lines,
  reasons: readonly number[],
  open: Moments,
  { move, fineMs }: { move: (timeMs: number) => number; fineMs: number },
): { guesses: Guess[]; edges: Edge[] } {
  const guesses: Guess[] = [];
  const edges: Edge[] = [];
  for (const r of reasons) {
    const e = l.entry(r);
    const { sourceId, offset } = l.records[r]!.line;
    const said = phraseOf(e);
    const t = move(l.records[r]!.timeMs);
    const lasts = l.fineOthers.has(sourceId) ? 0 : SECOND_MS;
    for (const { target: a, from, to, isFine } of open.around(t + lasts / 2, REASON_MS + lasts / 2)) {
      const reach = isFine ? fineMs : REASON_MS;
      const outside = Math.max(0, from - t - lasts, t - to);
      if (outside > reach) continue;
      const target = l.entry(a);
      if (l.records[a]!.line.sourceId === sourceId && l.records[a]!.line.offset < offset) continue;
      if (reasonsIn(l, l.root(a), lasts > 0)) continue;
      // A layer that answered by itself asked nobody further in: what is said there is about others.
      if (l.accessIn(l.root(a)).some((m) => answeredHere(l.entry(m)))) continue;
      const named = namesClient(l, e, a);
      if (named < 0) continue;
      if (e.userName !== null && target.userName !== null && e.userName !== target.userName) continue;
      const isUser = e.userName !== null && e.userName === target.userName;
      guesses.push({
        reason: r,
        target: a,
        said,
        about: `${target.httpRequestMethod} ${routeOf(target.urlPath ?? '/')} ${target.httpResponseStatusCode}`,
        prior:
          (named > 0 || isUser ? NAMED_ODDS : isOtherFile(e, target) ? 1 / NAMED_ODDS : 1) *
          Math.exp((-2 * outside) / reach) *
          (lasts > 0
            ? within(t, t + lasts, from - reach, to + reach) / lasts
            : (1 - AT_ANSWER) / (to - from + 2 * reach) +
              (isFine && to - t < ANSWER_MS + reach ? AT_ANSWER / (ANSWER_MS + 2 * reach) : 0)),
        usual: l.isRefused(a) ? 0.8 : lasts > 0 ? 0.02 : 0.2,
      });
      edges.push({ outer: a, inner: r, score: 0, distance: lasts > 0 ? outside : Math.abs(to - t) });
    }
  }
  return { guesses, edges };
}

/** A server's line about a file that the request did not ask for, unless all is mapped to one (`/index.php`): then only the client tells. */
function isOtherFile(reason: Entry, target: Entry): boolean {
  if (reason.kind !== 'error' || reason.filePath === null || target.urlPath === null) return false;
  return pathAffinity(reason.filePath, target.urlPath) === 0;
}

/** Share of the second interval that lies in the first. */
function within(from: number, to: number, otherFrom: number, otherTo: number): number {
  return Math.max(0, Math.min(to, otherTo) - Math.max(from, otherFrom)) / Math.max(1, otherTo - otherFrom);
}

/** By how many seconds reasons are moved to see how well they fit by chance. Unlike numbers: traffic has rhythms. */
const MOVED_S = [-29, -23, -19, -17, -13, -11, -7, -5, 4, 6, 9, 12, 16, 20, 26, 31];
/** As well as so little away: where it fits better there, the clock is off by that and nobody knows. */
const BESIDE_S = [-5, -4, -3, -2, 2, 3, 4, 5];
/** A log that is shorter is silent for the rest. */
const SPAN_MIN_MS = 64_000;
/** So many standard deviations better than by chance: a log with nothing but its rhythm in common came to 2.6. */
const CLEARLY = 4;
/** Fewer reasons cannot say it so clearly: of them it has to be the best of all moments. */
const MANY = 8;
/** Reasons that are tried, evenly chosen: enough to see it, and seventeen times all of a storm would take too long. */
const TRIED_MAX = 200;
/** And requests that they may be about; in a log as busy as that few of them say nothing. */
const GUESSES_MAX = 5000;

/**
 * Does what a program says meet the requests of a log that lies elsewhere better than it would at any other time? Else
 * that log's server is not who asks it, or too busy to tell: null. Else what a line's sum comes to by chance. Moved
 * moments go round at the ends of the log.
 */
function chanceOf(l: Lines, reasons: readonly number[], list: readonly number[]): number | null {
  if (!list.some((a) => l.isRefused(a))) return null;
  const open = new Moments(list.map((a) => ({ target: a, ...l.moment(a) })));
  let tried = evenly(
    reasons.filter((r) => !Number.isNaN(l.records[r]!.timeMs)),
    TRIED_MAX,
  );
  const { guesses } = guessesOf(l, tried, open, { move: (t) => t, fineMs: REASON_FINE_MS });
  if (guesses.length === 0) return null;
  if (guesses.length > GUESSES_MAX) tried = evenly(tried, Math.ceil((tried.length * GUESSES_MAX) / guesses.length));
  const times = tried.map((r) => l.records[r]!.timeMs);
  const first = Math.min(open.all[0]!.from, ...times);
  const last = open.all.reduce((n, m) => Math.max(n, m.to), Math.max(...times));
  const span = Math.max(last - first, SPAN_MIN_MS) + 1;
  const at = (movedMs: number): Weighed =>
    weigh(
      guessesOf(l, tried, open, {
        move: (t) => first + ((((t - first + movedMs) % span) + span) % span),
        fineMs: REASON_FINE_MS,
      }).guesses,
    );
  const moved = MOVED_S.map((s) => at(s * 1000));
  const mean = moved.reduce((n, m) => n + m.fit, 0) / moved.length;
  const deviation = Math.sqrt(moved.reduce((n, m) => n + (m.fit - mean) ** 2, 0) / (moved.length - 1));
  const { fit } = at(0);
  if (fit <= Math.max(...moved.map((m) => m.fit), ...BESIDE_S.map((s) => at(s * 1000).fit))) return null;
  if (tried.length >= MANY && fit <= mean + CLEARLY * deviation) return null;
  const sums = moved.flatMap((m) => [...m.sums.values()]);
  return sums.reduce((a, b) => a + b, 0) / (tried.length * moved.length);
}

function evenly(list: readonly number[], most: number): readonly number[] {
  const step = list.length / most;
  return step <= 1 ? list : list.filter((_, k) => Math.floor(k / step) !== Math.floor((k - 1) / step));
}

/** A reason that names an address: 2 it is this request's client, -1 another client's of that time, 0 it names none. */
function namesClient(l: Lines, reason: Entry, target: number): number {
  const named = new Set(addressesOf(reason));
  for (const [text] of (reason.message ?? '').slice(0, 500).matchAll(ADDRESS)) named.add(text);
  if (named.size === 0) return 0;
  let foreign = false;
  for (const m of l.accessIn(l.root(target))) for (const a of addressesOf(l.entry(m))) if (named.has(a)) return 2;
  for (const a of named) if (l.isClient(a)) foreign = true;
  return foreign ? -1 : 0;
}

/** Has somebody said why already? `isCoarse`: nothing but a second tells, then a server's reason is one as well. */
function reasonsIn(l: Lines, root: number, isCoarse: boolean): boolean {
  for (const m of l.membersOf(root)) {
    const { kind } = l.entry(m);
    if ((kind === 'app' || (isCoarse && kind === 'error')) && l.explains(m)) return true;
  }
  return false;
}

/**
 * Where the requests of an application log are counted: its own access lines, else those beside it; else, and then they
 * may be somebody else's, those of its layer and of the next further out: that another application has an access log
 * does not say that it is this one's.
 */
function homesOf(l: Lines, source: LinkSource): { homes: number[]; isOwn: boolean } {
  if (l.counted.has(source.id)) return { homes: [source.id], isOwn: true };
  const ids = [...l.counted.keys()];
  const beside = ids.filter((id) => l.sources.get(id)!.directory === source.directory);
  if (beside.length > 0) return { homes: beside, isOwn: true };
  const orders = [...new Set(ids.map((id) => l.sources.get(id)!.order))].filter((o) => o < source.order);
  const further = Math.max(...orders);
  const homes = ids.filter((id) => {
    const s = l.sources.get(id)!;
    return s.layer === source.layer || s.order === further;
  });
  homes.sort((a, b) => l.sources.get(b)!.order - l.sources.get(a)!.order);
  return { homes, isOwn: false };
}
