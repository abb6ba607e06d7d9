/**
 * Which problems are asked for, in which order. Pure: all problems that have refusals (some ten thousand at most) go
 * in, one page comes out; the key of a page is a value and an id, so that a page does not shift under the reader.
 */
import { AUDIENCES, type AudienceName } from '../model/audience.ts';
import { categoryOf } from '../model/taxonomy.ts';
import type { ProblemRecord, ProblemSort, ProblemState } from '../store/problems.ts';
import { type Life, lifeOf } from './state.ts';

export type Problem = ProblemRecord & { life: Life };

/** Values are joined by "or"; one that begins with "!" is left out. */
export type Wanted = Partial<
  Record<'cause' | 'category' | 'layer' | 'source' | 'route' | 'rule' | 'audience' | 'state' | 'word', string[]>
>;

export interface ProblemQuestion {
  /** Seen within; null = ever. */
  sinceMs: number | null;
  untilMs: number | null;
  wanted: Wanted;
  /** Part of route, rule, source or cause. */
  part: string | null;
  /** Only what began or came back within, and is not expected. */
  fresh: { sinceMs: number; untilMs: number } | null;
  sort: ProblemSort;
  after: { value: number; id: string } | null;
  limit: number;
}

export interface ProblemAnswer {
  rows: Problem[];
  next: { value: number; id: string } | null;
  total: number;
  /** Of all that fit but for the state. */
  byState: Record<ProblemState, number>;
}

const VALUE: Record<ProblemSort, (p: Problem) => number> = {
  recent: (p) => p.lastMs,
  harm: (p) => p.byAudience.harmed,
  size: (p) => p.refusals,
  age: (p) => p.firstMs,
  clients: (p) => p.clients,
};

const OF: Record<Exclude<keyof Wanted, 'audience' | 'state'>, (p: ProblemRecord) => string | null> = {
  cause: (p) => p.cause,
  category: (p) => categoryOf(p.cause),
  layer: (p) => p.layer,
  source: (p) => p.source,
  route: (p) => p.route,
  rule: (p) => p.rule,
  word: (p) => p.saying?.word ?? 'none',
};

export function listProblems(all: readonly ProblemRecord[], q: ProblemQuestion, now: number): ProblemAnswer {
  const byState: Record<ProblemState, number> = { new: 0, ongoing: 0, regressed: 0, resolved: 0 };
  const fitting: Problem[] = [];
  const part = q.part?.toLowerCase() ?? null;
  for (const p of all) {
    if ((q.sinceMs !== null && p.lastMs < q.sinceMs) || (q.untilMs !== null && p.firstMs >= q.untilMs)) continue;
    if (!isWanted(p, q.wanted) || (part !== null && !hasPart(p, part))) continue;
    if (q.fresh !== null && !isFresh(p, q.fresh)) continue;
    const life = lifeOf(p, now);
    byState[life.state]++;
    if (fits(life.state, q.wanted.state)) fitting.push({ ...p, life });
  }
  const value = VALUE[q.sort];
  fitting.sort((a, b) => value(b) - value(a) || (a.id < b.id ? -1 : 1));
  const { after } = q;
  const from =
    after === null
      ? 0
      : fitting.findIndex((p) => value(p) < after.value || (value(p) === after.value && p.id > after.id));
  const rows = from < 0 ? [] : fitting.slice(from, from + q.limit);
  const last = rows[rows.length - 1];
  const isMore = last !== undefined && from + rows.length < fitting.length;
  return { rows, next: isMore ? { value: value(last), id: last.id } : null, total: fitting.length, byState };
}

function isWanted(p: ProblemRecord, wanted: Wanted): boolean {
  for (const key in OF) {
    const of = key as keyof typeof OF;
    const values = wanted[of];
    if (values !== undefined && !fits(OF[of](p), values)) return false;
  }
  const audience = wanted.audience;
  return audience === undefined || AUDIENCES.some((a: AudienceName) => p.byAudience[a] > 0 && fits(a, audience));
}

function fits(value: string | null, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined || wanted.length === 0) return true;
  let isAsked = true;
  for (const w of wanted) {
    if (w.startsWith('!')) {
      if (w.slice(1) === value) return false;
    } else {
      if (w === value) return true;
      isAsked = false;
    }
  }
  return isAsked;
}

/** Began, came back after a long silence, or after it was said to be fixed. */
function isFresh(p: ProblemRecord, { sinceMs, untilMs }: { sinceMs: number; untilMs: number }): boolean {
  const { saying } = p;
  if (saying?.word === 'expected') return false;
  const isWithin = (ms: number | null): boolean => ms !== null && ms >= sinceMs && ms < untilMs;
  const isBack = saying?.word === 'fixed' && isWithin(saying.atMs) && p.lastMs > saying.atMs;
  return isWithin(p.firstMs) || isWithin(p.cameBackMs) || isBack;
}

const hasPart = (p: ProblemRecord, part: string): boolean =>
  [p.route, p.rule, p.source, p.cause].some((x) => x?.toLowerCase().includes(part));
