/** The answers of the API: store rows into the contract's shapes. One function per question; no HTTP here. */

import { type AlertRule, measuredValue } from '../alert/rule.ts';
import { measure } from '../alert/watch.ts';
import { playbookFor } from '../attribute/playbook/index.ts';
import { iso } from '../clock.ts';
import { CHART_BUCKETS_MAX, TOP_ROWS_MAX } from '../limits.ts';
import { AUDIENCE_SAYS } from '../model/audience.ts';
import { type Source, storedBytes, unreadBytes } from '../model/line.ts';
import { maskText } from '../model/mask.ts';
import { fingerprintOf, problemId } from '../model/problem.ts';
import { type Cause, isCause } from '../model/taxonomy.ts';
import { playbookFacts } from '../report/facts.ts';
import { ordinary } from '../report/ordinary.ts';
import { rawOf } from '../report/raw.ts';
import type { AlertRow, DeliveryRow } from '../store/ledger.ts';
import type { Filter, ListedRefusal, PageKey, RefusalSort } from '../store/questions.ts';
import { VERSION } from '../version.ts';
import type {
  AlertState,
  Alerts,
  Overview,
  Playbook,
  RefusalDetail,
  RefusalsCount,
  RefusalsPage,
  Settings,
  SourceState,
  Sources,
  Status,
  Views,
} from './contract.ts';
import { BadRequest, NotFound } from './problem.ts';
import { begun, deciderOf, fittingStep } from './problems.ts';
import { refusalRow, type Store, sortValue } from './rows.ts';

const STEPS_MS = [
  60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
  86_400_000, 604_800_000,
];
const TOP = 8;
/** More than there are. */
const CAUSES_MAX = 100;
const TOPS = ['cause', 'audience', 'route', 'client', 'layer', 'host', 'source', 'rule', 'user'] as const;

export function overview(store: Store, filter: Filter, now: number): Overview {
  const q = store.questions;
  const refused = q.refusalRange();
  const counted = q.counterRange();
  const stored =
    refused === null && counted === null
      ? null
      : {
          fromMs: Math.min(refused?.fromMs ?? Infinity, counted?.fromMs ?? Infinity),
          toMs: Math.max(refused?.toMs ?? -Infinity, counted?.toMs ?? -Infinity),
        };
  const untilMs = filter.untilMs ?? (filter.sinceMs === null ? (stored?.toMs ?? now) + 1 : now);
  const firstMs = stored?.fromMs ?? now - 3_600_000;
  const sinceMs = filter.sinceMs ?? (firstMs < untilMs ? firstMs : untilMs - 3_600_000);
  if (untilMs <= sinceMs) throw new BadRequest('until lies before since');
  const range = { ...filter, sinceMs, untilMs };
  const fitting = fittingStep(STEPS_MS, untilMs - sinceMs, CHART_BUCKETS_MAX);
  const bucketMs = Math.max(fitting, q.requestStepMs(range));
  const shift = Math.ceil((untilMs - sinceMs) / bucketMs) * bucketMs;
  const before = { ...filter, sinceMs: sinceMs - shift, untilMs: sinceMs };

  const start = Math.floor(sinceMs / bucketMs) * bucketMs;
  const series: Overview['series'] = [];
  const at = new Map<number, Overview['series'][number]>();
  for (let t = start; t < untilMs; t += bucketMs) {
    const point = { time: iso(t), requests: 0, refused: 0, byCause: {} as Record<string, number> };
    series.push(point);
    at.set(t, point);
  }
  for (const r of q.refusedSeries(range, bucketMs)) {
    const point = at.get(r.bucket);
    if (!point) continue;
    point.refused += r.count;
    point.byCause[r.cause] = (point.byCause[r.cause] ?? 0) + r.count;
  }
  for (const r of q.requestSeries({ ...range, sinceMs: start }, bucketMs)) {
    const point = at.get(r.bucket);
    if (point) point.requests += r.requests;
  }
  const previous = new Map<number, { refused: number; requests: number }>();
  for (const r of q.refusedSeries(before, bucketMs)) {
    const p = previous.get(r.bucket + shift) ?? { refused: 0, requests: 0 };
    p.refused += r.count;
    previous.set(r.bucket + shift, p);
  }
  for (const r of q.requestSeries(before, bucketMs)) {
    const p = previous.get(r.bucket + shift) ?? { refused: 0, requests: 0 };
    p.requests += r.requests;
    previous.set(r.bucket + shift, p);
  }
  const causesBefore = new Map(q.top(before, 'cause', CAUSES_MAX).map((c) => [c.key, c.count]));
  const { cause: causes, audience, ...top } = q.tops(range, TOPS, CAUSES_MAX);
  const lastSeen = q.lastOfCauses(
    range,
    causes.map((c) => c.key),
  );
  const total = series.reduce((n, p) => n + p.refused, 0);
  const requests = series.reduce((n, p) => n + p.requests, 0);
  return {
    since: iso(sinceMs),
    until: iso(untilMs),
    bucketMs,
    totals: {
      requests,
      refused: total,
      rate: requests === 0 ? 0 : Math.min(1, total / requests),
      previousRefused: [...previous.values()].reduce((n, p) => n + p.refused, 0),
      previousRequests: [...previous.values()].reduce((n, p) => n + p.requests, 0),
      byAudience: { harmed: 0, noise: 0, undecided: 0, ...Object.fromEntries(audience.map((a) => [a.key, a.count])) },
    },
    series,
    previous: [...previous.entries()].sort((a, b) => a[0] - b[0]).map(([t, p]) => ({ time: iso(t), ...p })),
    causes: causes.map((c) => ({
      cause: c.key as Cause,
      count: c.count,
      previous: causesBefore.get(c.key) ?? 0,
      lastSeen: iso(lastSeen.get(c.key) ?? untilMs),
    })),
    top: {
      route: top.route.slice(0, TOP),
      client: top.client.slice(0, TOP),
      layer: top.layer.slice(0, TOP),
      host: top.host.slice(0, TOP),
      source: top.source.slice(0, TOP),
      rule: top.rule.slice(0, TOP),
      user: top.user.slice(0, TOP),
    },
    topOf: Math.min(TOP_ROWS_MAX, total),
    ...begun(store, range, { sinceMs, untilMs }, now),
    stored: stored === null ? null : { from: iso(stored.fromMs), to: iso(stored.toMs) },
  };
}

export function refusals(
  store: Store,
  filter: Filter,
  page: { cursor: string | undefined; limit: number; order: 'newest' | 'oldest'; sort: RefusalSort },
): RefusalsPage {
  const rows = store.questions.listed(filter, {
    after: page.cursor === undefined ? null : readCursor(page.cursor),
    limit: page.limit,
    order: page.order,
    sort: page.sort,
  });
  const last = rows[rows.length - 1];
  return {
    rows: rows.map(refusalRow),
    next: last && rows.length === page.limit ? cursorOf(last, page.sort) : null,
    total: store.questions.countRefusals(filter),
  };
}

/** "m3x8k2.r3-e2f", and the value that is sorted by, where it is not the time. */
function cursorOf(last: ListedRefusal, sort: RefusalSort): string {
  const key = `${last.timeMs.toString(36)}.${last.id}`;
  if (sort === 'time') return key;
  const value = sortValue(last, sort);
  return value === null ? `${key}~` : `${key}~${Buffer.from(value).toString('base64url')}.`;
}

function readCursor(cursor: string): PageKey {
  const m = /^(-?[0-9a-z]{1,12})\.([0-9a-z.-]{1,60})(?:~(?:([A-Za-z0-9_-]*)\.)?)?$/.exec(cursor);
  if (!m) throw new BadRequest('cursor: is none that this API gave');
  return {
    timeMs: Number.parseInt(m[1]!, 36),
    id: m[2]!,
    value: m[3] === undefined ? null : Buffer.from(m[3], 'base64url').toString(),
  };
}

export function count(store: Store, filter: Filter): RefusalsCount {
  const byAudience = store.questions.countByAudience(filter);
  return { count: byAudience.harmed + byAudience.noise + byAudience.undecided, byAudience };
}

/** Look-alikes shown beside a refusal, and requests that were let through. */
const LOOK_ALIKES = 8;

export function refusal(store: Store, id: string): RefusalDetail {
  const r = store.questions.refusal(id);
  if (!r)
    throw new NotFound(`there is no refusal ${id.slice(0, 60)}; it may have been revised away or be no longer kept`);
  const v = r.verdict;
  const problem = problemId(fingerprintOf(r));
  const count = (where: Filter['where']) => store.questions.countRefusals({ sinceMs: null, untilMs: null, where });
  return {
    ...refusalRow({ ...r, problem }),
    protocol: r.protocol,
    userAgent: r.userAgent,
    referrer: r.referrer === null ? null : maskText(r.referrer),
    requestIds: r.requestIds,
    chain: r.chain.map((h) => ({
      file: h.path,
      line: h.line,
      lines: h.lines,
      layer: h.layer,
      dataset: h.dataset,
      role: h.role,
      time: h.timeMs === null ? null : iso(h.timeMs),
      status: h.status,
      durationMs: h.durationMs,
      linkedBy: h.link.kind === 'anchor' ? null : h.link.says,
      linkConfidence: h.link.confidence,
      raw: maskText(rawOf(store.archive, h)),
    })),
    evidence: v.evidence.map((e) => ({
      file: e.path,
      line: e.line,
      says: e.says,
      match: e.match,
      documentation: e.documentation,
    })),
    alternatives: v.alternatives,
    wouldSettle: v.wouldSettle,
    contrast: v.contrast.map((c) => ({
      ...c,
      refusedShare: c.refusedOf === 0 ? 0 : c.refused / c.refusedOf,
      passedShare: c.passedOf === 0 ? 0 : c.passed / c.passedOf,
    })),
    playbook: playbookFor(v.cause, playbookFacts(r)),
    similar: {
      sameCauseAndRoute: count([
        { field: 'cause', in: [v.cause], not: [] },
        { field: 'route', in: [r.route], not: [] },
      ]),
      sameClient: r.client === null ? 0 : count([{ field: 'client', in: [r.client], not: [] }]),
      sameProblem: store.questions.problem(problem)?.refusals ?? 0,
    },
    product: deciderOf(r),
    audienceReasons: r.audience.reasons.map((reason) => ({ reason, says: AUDIENCE_SAYS[reason] })),
    lookAlikes: store.questions
      .nearest(problem, r.timeMs, LOOK_ALIKES + 1)
      .filter((x) => x.id !== r.id)
      .slice(0, LOOK_ALIKES)
      .sort((x, y) => x.timeMs - y.timeMs)
      .map(refusalRow),
    ordinary: ordinary(store.archive, r),
  };
}

export function sources(store: Store, ingest: Status['ingest']): Sources {
  const bytesPerSecond = ingest.bytesPerSecond ?? null;
  // A rotated file that was read to its end is history; one that lost bytes stays in sight.
  return {
    sources: store.archive
      .sources()
      .filter((s) => !s.ended || s.gapBytes > 0)
      .map((s) => sourceState(s, bytesPerSecond)),
  };
}

function sourceState(s: Source, bytesPerSecond: number | null): SourceState {
  const behind = s.ended ? 0 : unreadBytes(s);
  const rate = behind > 0 && bytesPerSecond !== null && bytesPerSecond > 0 ? bytesPerSecond : null;
  const zone = /^zone (\S+)/.exec(s.clockFrom);
  return {
    id: s.id,
    path: s.path,
    layer: s.layer,
    dataset: s.reader?.dataset ?? null,
    state: s.state,
    advice: s.advice,
    lines: s.lines,
    parsed: s.parsed,
    unparsed: s.unparsed,
    unparsedSamples: s.samples.map((x) => ({ ...x, text: maskText(x.text) })),
    bytes: storedBytes(s),
    bytesBehind: behind,
    gapBytes: s.gapBytes,
    newestEvent: s.newestEventMs === null ? null : iso(s.newestEventMs + s.clockOffsetMs),
    lastRead: s.lastReadMs === null ? null : iso(s.lastReadMs),
    clockOffsetMs: s.clockOffsetMs,
    timeZone: zone ? zone[1]! : s.timeZoneless ? s.clockFrom : null,
    progress: {
      bytesRead: storedBytes(s),
      bytesTotal: storedBytes(s) + behind,
      bytesPerSecond: rate,
      secondsLeft: rate === null ? null : Math.ceil(behind / rate),
    },
  };
}

export function alerts(store: Store, rules: readonly AlertRule[], now: number): Alerts {
  const rows = store.ledger.alerts(100);
  const states = rows.map(({ alert, deliveries }) =>
    alertState(
      alert,
      deliveries,
      now,
      rules.find((r) => r.name === alert.rule),
    ),
  );
  const firing = states.filter((a) => a.state === 'firing');
  return {
    rules: rules.map((r) => ({
      name: r.name,
      kind: r.kind,
      threshold: r.threshold,
      windowMs: r.windowMs,
      minimumRequests: r.minimumRequests,
      current: measuredValue(r, measure(r, store.questions, now).measure),
      firing: firing.some((a) => a.rule === r.name),
    })),
    firing,
    history: states.filter((a) => a.state === 'resolved'),
  };
}

/** Of a rule that is no longer there. */
const ALERT_WINDOW_MS = 300_000;

function alertState(a: AlertRow, deliveries: DeliveryRow[], now: number, rule: AlertRule | undefined): AlertState {
  return {
    id: a.id,
    rule: a.rule,
    state: a.state,
    firedAt: iso(a.firedAtMs),
    resolvedAt: a.resolvedAtMs === null ? null : iso(a.resolvedAtMs),
    value: a.value,
    peak: a.peak,
    summary: a.summary,
    causes: a.causes.map((c) => ({ cause: isCause(c.cause) ? c.cause : 'unknown', count: c.count })),
    filter: new URLSearchParams({
      since: iso(a.firedAtMs - (rule?.windowMs ?? ALERT_WINDOW_MS)),
      until: iso(a.resolvedAtMs ?? Math.max(now, a.firedAtMs)),
    }).toString(),
    deliveries: deliveries.map((d) => ({
      channel: d.channel,
      state: d.state,
      at: d.atMs === null ? null : iso(d.atMs),
      error: d.error,
    })),
  };
}

export function playbook(cause: string): Playbook {
  if (!isCause(cause)) throw new NotFound(`there is no cause ${cause.slice(0, 60)}`);
  return playbookFor(cause, {
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
  });
}

export function views(store: Store): Views {
  return {
    views: store.questions.views().map((v) => ({
      id: v.id,
      name: v.name,
      page: v.page as Views['views'][number]['page'],
      search: v.search,
      created: iso(v.atMs),
    })),
  };
}

export function settings(rows: Settings['settings']): Settings {
  return { version: VERSION, settings: rows };
}
