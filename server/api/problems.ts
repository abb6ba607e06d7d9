/** The answers about problems: the store's rows, their life by `problem/`, their course by the hour. */
import { playbookFor } from '../attribute/playbook/index.ts';
import { iso } from '../clock.ts';
import { COURSE_ROWS_MAX, PROBLEMS_MARKED_MAX } from '../limits.ts';
import { productOf } from '../link/source.ts';
import type { Refusal } from '../model/request.ts';
import { type Cause, isCause, isLayer } from '../model/taxonomy.ts';
import { listProblems, type Problem, type Wanted } from '../problem/list.ts';
import { eventNow, lifeOf, NEW_MS } from '../problem/state.ts';
import { playbookFacts } from '../report/facts.ts';
import type { ProblemRecord } from '../store/problems.ts';
import type { Filter } from '../store/questions.ts';
import type { Overview, ProblemDetail, ProblemRow, ProblemsPage, ProblemsQuery } from './contract.ts';
import { BadRequest, NotFound } from './problem.ts';
import { refusalRow, type Store } from './rows.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Bars of a sparkline, and of the chart of one problem. */
const SPARK_BARS = 48;
const CHART_BARS = 120;
const STEPS_MS = [1, 2, 3, 6, 12, 24, 48, 168].map((h) => h * HOUR_MS);
const MINUTE_MS = 60_000;
const FINE_STEPS_MS = [1, 2, 5, 10, 15, 30].map((m) => m * MINUTE_MS);
const FRESH = 20;
const MARKS = 12;
const NEWEST = 5;
const TOP = 8;

interface Period {
  sinceMs: number;
  untilMs: number;
}

/** The time that a problem's chart shows where none is asked for: all of it; of a young one with a little before. */
function courseOf(p: ProblemRecord): Period {
  const age = p.lastMs - p.firstMs;
  const before = age >= DAY_MS ? 0 : Math.max(age / 10, HOUR_MS - age, 10 * MINUTE_MS);
  return { sinceMs: p.firstMs - before, untilMs: p.lastMs + 1 };
}

/** Minutes, where hours would be a bar or two and the refusals are few enough to be counted; null = hours. */
function fineStep(store: Store, id: string, within: Period): number | null {
  const step = FINE_STEPS_MS.find((s) => (within.untilMs - within.sinceMs) / s <= CHART_BARS);
  if (step === undefined) return null;
  const of = {
    sinceMs: within.sinceMs,
    untilMs: within.untilMs,
    where: [{ field: 'problem' as const, in: [id], not: [] }],
  };
  return store.questions.countRefusals(of) <= COURSE_ROWS_MAX ? step : null;
}

/** The newest moment that anything was read of. */
function newest(store: Store, now: number): number {
  const counted = store.questions.counterRange();
  const refused = store.questions.refusalRange();
  if (counted === null && refused === null) return now;
  return eventNow(Math.max(counted?.toMs ?? 0, refused?.toMs ?? 0), now);
}

function period(store: Store, sinceMs: number | null, untilMs: number | null, now: number): Period {
  const range = store.questions.refusalRange();
  const until = untilMs ?? (sinceMs === null ? (range?.toMs ?? now) + 1 : now);
  // All that is stored, or the day before where nothing is.
  const since = sinceMs ?? (range !== null && range.fromMs < until ? range.fromMs : until - DAY_MS);
  if (until <= since) throw new BadRequest('until lies before since');
  return { sinceMs: since, untilMs: until };
}

/** The finest step with which a time takes no more than so many bars; many weeks where somebody asks for centuries. */
export function fittingStep(steps: readonly number[], spanMs: number, bars: number): number {
  const widest = steps[steps.length - 1]!;
  return steps.find((s) => spanMs / s <= bars) ?? Math.ceil(spanMs / bars / widest) * widest;
}
const stepFor = ({ sinceMs, untilMs }: Period, bars: number): number => fittingStep(STEPS_MS, untilMs - sinceMs, bars);

function rowsOf(store: Store, problems: readonly Problem[], asked: Period, now: number): ProblemRow[] {
  if (problems.length === 0) return [];
  const ids = problems.map((p) => p.id);
  const within = { sinceMs: Math.min(asked.sinceMs, asked.untilMs - DAY_MS), untilMs: asked.untilMs };
  const bucketMs = stepFor(within, SPARK_BARS);
  const from = Math.floor(within.sinceMs / bucketMs) * bucketMs;
  const bars = Math.max(1, Math.ceil((within.untilMs - from) / bucketMs));
  const counts = new Map(ids.map((id) => [id, new Array<number>(bars).fill(0)]));
  for (const s of store.questions.problemSeries(ids, from, within.untilMs, bucketMs)) {
    const i = Math.floor((s.bucket - from) / bucketMs);
    const list = counts.get(s.id)!;
    if (i >= 0 && i < bars) list[i]! += s.harmed + s.noise + s.undecided;
  }
  // A share of the day's requests: both are counted by whole hours.
  const dayFrom = Math.floor((now - DAY_MS) / HOUR_MS) * HOUR_MS;
  const today = new Map<string, number>();
  for (const s of store.questions.problemSeries(ids, dayFrom, now + 1, HOUR_MS))
    today.set(s.id, (today.get(s.id) ?? 0) + s.harmed + s.noise + s.undecided);
  const routes = [...new Set(problems.filter((p) => today.has(p.id) && p.route !== '').map((p) => p.route))];
  const requests =
    routes.length === 0 ? new Map<string, number>() : store.questions.routeRequests(routes, dayFrom, now + 1);
  return problems.map((p) => {
    const all = requests.get(p.route) ?? 0;
    return {
      id: p.id,
      cause: causeOf(p),
      layer: isLayer(p.layer) ? p.layer : 'unknown',
      source: p.source,
      route: p.route === '' ? null : p.route,
      rule: p.rule,
      firstSeen: iso(p.firstMs),
      lastSeen: iso(p.lastMs),
      cameBack: p.life.cameBackMs === null ? null : iso(p.life.cameBackMs),
      refusals: p.refusals,
      clients: p.clients,
      byAudience: p.byAudience,
      sparkline: { from: iso(from), bucketMs, counts: counts.get(p.id)! },
      routeShare: all === 0 ? null : Math.min(1, (today.get(p.id) ?? 0) / all),
      state: p.life.state,
      word:
        p.saying === null || p.saying.word === null
          ? null
          : { word: p.saying.word, note: p.saying.note, by: p.saying.by, at: iso(p.saying.atMs) },
    };
  });
}

/** The product whose log decided. */
export function deciderOf(r: Refusal): string | null {
  const decided = r.chain.find((h) => h.path === r.verdict.decidingPath);
  return decided === undefined ? null : productOf(decided.dataset);
}

const causeOf = (p: ProblemRecord): Cause => (isCause(p.cause) ? p.cause : 'unknown');

export function problems(
  store: Store,
  q: ProblemsQuery,
  asked: Pick<Filter, 'sinceMs' | 'untilMs'>,
  now: number,
): ProblemsPage {
  const at = newest(store, now);
  const { cause, category, layer, source, route, rule, audience, state, word } = q;
  const wanted: Wanted = { cause, category, layer, source, route, rule, audience, state, word };
  const answer = listProblems(
    store.questions.problems(),
    {
      ...asked,
      wanted,
      part: q.q ?? null,
      fresh: q.fresh === undefined ? null : freshAt(asked.untilMs ?? Number.MAX_SAFE_INTEGER, at),
      sort: q.sort,
      after: q.cursor === undefined ? null : readCursor(q.cursor),
      limit: q.limit,
    },
    at,
  );
  return {
    rows: rowsOf(store, answer.rows, period(store, asked.sinceMs, asked.untilMs, now), at),
    next: answer.next === null ? null : `${answer.next.value.toString(36)}.${answer.next.id}`,
    total: answer.total,
    byState: answer.byState,
  };
}

function readCursor(cursor: string): { value: number; id: string } {
  const m = /^(-?[0-9a-z]{1,12})\.(p[0-9a-f]{15})$/.exec(cursor);
  if (!m) throw new BadRequest('cursor: is none that this API gave');
  return { value: Number.parseInt(m[1]!, 36), id: m[2]! };
}

export function problemRow(store: Store, p: ProblemRecord, now: number): ProblemRow {
  const at = newest(store, now);
  return rowsOf(store, [{ ...p, life: lifeOf(p, at) }], period(store, null, null, now), at)[0]!;
}

export function problem(
  store: Store,
  id: string,
  asked: Pick<Filter, 'sinceMs' | 'untilMs'>,
  now: number,
): ProblemDetail {
  const q = store.questions;
  const p = q.problem(id);
  if (p === null || p.refusals === 0)
    throw new NotFound(
      `there is no problem ${id.slice(0, 60)}; its refusals may have been revised away or be no longer kept`,
    );
  const at = newest(store, now);
  const life = lifeOf(p, at);
  const given = asked.sinceMs !== null || asked.untilMs !== null;
  const within = given ? period(store, asked.sinceMs, asked.untilMs, now) : courseOf(p);
  const bucketMs = fineStep(store, id, within) ?? stepFor(within, CHART_BARS);
  const from = Math.floor(within.sinceMs / bucketMs) * bucketMs;
  const all: Filter = { sinceMs: null, untilMs: null, where: [{ field: 'problem', in: [id], not: [] }] };
  const series: ProblemDetail['series'] = [];
  const bars = new Map<number, ProblemDetail['series'][number]>();
  for (let t = from; t < within.untilMs; t += bucketMs) {
    const bar = {
      time: iso(t),
      refused: 0,
      byAudience: { harmed: 0, noise: 0, undecided: 0 },
      routeRequests: p.route === '' ? null : 0,
    };
    series.push(bar);
    bars.set(t, bar);
  }
  for (const s of q.problemSeries([id], from, within.untilMs, bucketMs)) {
    const bar = bars.get(s.bucket);
    if (!bar) continue;
    bar.refused = s.harmed + s.noise + s.undecided;
    bar.byAudience = { harmed: s.harmed, noise: s.noise, undecided: s.undecided };
  }
  if (
    p.route !== '' &&
    bucketMs >= q.requestStepMs({ ...within, where: [{ field: 'route', in: [p.route], not: [] }] })
  ) {
    const ofRoute: Filter = { ...within, sinceMs: from, where: [{ field: 'route', in: [p.route], not: [] }] };
    for (const r of q.requestSeries(ofRoute, bucketMs)) {
      const bar = bars.get(r.bucket);
      if (bar) bar.routeRequests = r.requests;
    }
  } else for (const bar of series) bar.routeRequests = null;
  const latest = q.listed(all, { after: null, limit: NEWEST, order: 'newest' });
  const sample = latest[0] === undefined ? null : q.refusal(latest[0].id);
  const said = q.sayings(id).map((s) => ({
    at: iso(s.atMs),
    what: s.what as ProblemDetail['history'][number]['what'],
    by: s.by,
    note: s.note,
  }));
  const events: ProblemDetail['history'] = [
    { at: iso(p.firstMs), what: 'began' as const, by: null, note: null },
    ...said,
  ];
  if (life.cameBackMs !== null) events.push({ at: iso(life.cameBackMs), what: 'came-back', by: null, note: null });
  return {
    ...rowsOf(store, [{ ...p, life }], period(store, asked.sinceMs, asked.untilMs, now), at)[0]!,
    product: sample === null ? null : deciderOf(sample),
    series,
    bucketMs,
    top: q.tops(all, ['client', 'user', 'host', 'path', 'method'], TOP),
    newest: latest.map(refusalRow),
    history: events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    playbook: playbookFor(causeOf(p), sample === null ? NO_FACTS : playbookFacts(sample)),
  };
}

const NO_FACTS = {
  dataset: null,
  product: null,
  ruleId: null,
  host: null,
  path: null,
  parameter: null,
  clientAddress: null,
  filePath: null,
  userAgent: null,
  method: null,
  user: null,
};

/** The day in which what begins is new. */
const freshAt = (untilMs: number, at: number): Period => {
  const end = Math.min(untilMs, at + 1);
  return { sinceMs: end - NEW_MS, untilMs: end };
};

/** For the overview: what is new since yesterday, and where in the chart problems began. */
export function begun(
  store: Store,
  filter: Filter,
  within: Period,
  now: number,
): Pick<Overview, 'fresh' | 'freshTotal' | 'marks'> {
  const at = newest(store, now);
  const living = (p: ProblemRecord): Problem => ({ ...p, life: lifeOf(p, at) });
  const day = freshAt(within.untilMs, at);
  const fresh = store.questions.problemsBegun(filter, day.sinceMs, day.untilMs, FRESH).map(living);
  const freshTotal = fresh.length < FRESH ? fresh.length : store.questions.countBegun(filter, day.sinceMs, day.untilMs);
  const marks = store.questions
    .problemsBegun(filter, within.sinceMs, within.untilMs, PROBLEMS_MARKED_MAX)
    .map(living)
    .map((p) => {
      const back = p.life.cameBackMs;
      const isBack = back !== null && back >= within.sinceMs && back < within.untilMs;
      return { p, time: isBack ? back : p.firstMs, what: isBack ? ('came-back' as const) : ('began' as const) };
    })
    .filter((m) => m.time >= within.sinceMs && m.time < within.untilMs)
    .slice(0, MARKS)
    .sort((a, b) => a.time - b.time)
    .map(({ p, time, what }) => ({
      time: iso(time),
      problem: p.id,
      cause: causeOf(p),
      route: p.route === '' ? null : p.route,
      refusals: p.refusals,
      what,
    }));
  return { fresh: rowsOf(store, fresh, within, at), freshTotal, marks };
}
