/** The answers of the API: store rows into the contract's shapes. One function per question; no HTTP here. */

import { type AlertRule, measuredValue } from '../alert/rule.ts';
import { measure } from '../alert/watch.ts';
import { playbookFor } from '../attribute/playbook/index.ts';
import { iso } from '../clock.ts';
import { CHART_BUCKETS_MAX } from '../limits.ts';
import { type Source, storedBytes, unreadBytes } from '../model/line.ts';
import { maskText } from '../model/mask.ts';
import type { Refusal } from '../model/request.ts';
import { type Cause, isCause } from '../model/taxonomy.ts';
import { playbookFacts } from '../report/facts.ts';
import { rawOf } from '../report/raw.ts';
import type { Archive } from '../store/archive.ts';
import type { AlertRow, DeliveryRow, Ledger } from '../store/ledger.ts';
import type { Filter, PageKey, Questions, RefusalField } from '../store/questions.ts';
import type {
  AlertState,
  Alerts,
  Overview,
  Playbook,
  RefusalDetail,
  RefusalRow,
  RefusalsPage,
  SearchResult,
  SourceState,
  Sources,
} from './contract.ts';
import { BadRequest, NotFound } from './problem.ts';

export interface Store {
  archive: Archive;
  ledger: Ledger;
  questions: Questions;
}

const STEPS_MS = [
  60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000,
  86_400_000, 604_800_000,
];
const TOP = 8;

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
  const sinceMs = filter.sinceMs ?? stored?.fromMs ?? now - 3_600_000;
  if (untilMs <= sinceMs) throw new BadRequest('until lies before since');
  const range = { ...filter, sinceMs, untilMs };
  const fitting = STEPS_MS.find((s) => (untilMs - sinceMs) / s <= CHART_BUCKETS_MAX) ?? STEPS_MS[STEPS_MS.length - 1]!;
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
  const causesBefore = new Map(q.top(before, 'cause', 100).map((c) => [c.key, c.count]));
  const causes = q.top(range, 'cause', 100);
  const total = series.reduce((n, p) => n + p.refused, 0);
  const requests = series.reduce((n, p) => n + p.requests, 0);
  const top = (field: RefusalField) => q.top(range, field, TOP).map(({ key, count }) => ({ key: String(key), count }));
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
    },
    series,
    previous: [...previous.entries()].sort((a, b) => a[0] - b[0]).map(([t, p]) => ({ time: iso(t), ...p })),
    causes: causes.map((c) => ({
      cause: c.key as Cause,
      count: c.count,
      previous: causesBefore.get(c.key) ?? 0,
      lastSeen: iso(c.lastMs),
    })),
    top: {
      route: top('route'),
      client: top('client'),
      layer: top('layer'),
      host: top('host'),
      source: top('source'),
      rule: top('rule'),
      user: top('user'),
    },
    stored: stored === null ? null : { from: iso(stored.fromMs), to: iso(stored.toMs) },
  };
}

export function refusalRow(r: Refusal): RefusalRow {
  const v = r.verdict;
  return {
    id: r.id,
    time: iso(r.timeMs),
    client: r.client,
    method: r.method,
    host: r.host,
    path: r.path,
    query: r.query,
    route: r.route === '' ? null : r.route,
    status: r.status,
    decidingLayer: v.decidingLayer,
    decidingSource: v.decidingPath,
    cause: v.cause,
    certainty: v.certainty,
    confidence: v.confidence,
    rule: v.rule,
    user: r.user,
    detail: v.detail,
  };
}

export function refusals(
  store: Store,
  filter: Filter,
  page: { cursor: string | undefined; limit: number; order: 'newest' | 'oldest' },
): RefusalsPage {
  const rows = store.questions.refusals(filter, {
    after: page.cursor === undefined ? null : readCursor(page.cursor),
    limit: page.limit,
    order: page.order,
  });
  const last = rows[rows.length - 1];
  return {
    rows: rows.map(refusalRow),
    next: last && rows.length === page.limit ? `${last.timeMs.toString(36)}.${last.id}` : null,
    total: store.questions.countRefusals(filter),
  };
}

function readCursor(cursor: string): PageKey {
  const m = /^(-?[0-9a-z]{1,12})\.(r[0-9a-z]+-[0-9a-z]+(?:\.[0-9a-z]+)?)$/.exec(cursor);
  if (!m) throw new BadRequest('cursor: is none that this API gave');
  return { timeMs: Number.parseInt(m[1]!, 36), id: m[2]! };
}

export function refusal(store: Store, id: string): RefusalDetail {
  const r = store.questions.refusal(id);
  if (!r)
    throw new NotFound(`there is no refusal ${id.slice(0, 60)}; it may have been revised away or be no longer kept`);
  const v = r.verdict;
  const count = (where: Filter['where']) => store.questions.countRefusals({ sinceMs: null, untilMs: null, where });
  return {
    ...refusalRow(r),
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
    contrast: v.contrast,
    playbook: playbookFor(v.cause, playbookFacts(r)),
    similar: {
      sameCauseAndRoute: count([
        { field: 'cause', in: [v.cause], not: [] },
        { field: 'route', in: [r.route], not: [] },
      ]),
      sameClient: r.client === null ? 0 : count([{ field: 'client', in: [r.client], not: [] }]),
    },
  };
}

export function sources(store: Store): Sources {
  // A rotated file that was read to its end is history; one that lost bytes stays in sight.
  return {
    sources: store.archive
      .sources()
      .filter((s) => !s.ended || s.gapBytes > 0)
      .map(sourceState),
  };
}

function sourceState(s: Source): SourceState {
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
    bytesBehind: s.ended ? 0 : unreadBytes(s),
    gapBytes: s.gapBytes,
    newestEvent: s.newestEventMs === null ? null : iso(s.newestEventMs + s.clockOffsetMs),
    lastRead: s.lastReadMs === null ? null : iso(s.lastReadMs),
    clockOffsetMs: s.clockOffsetMs,
    timeZone: zone ? zone[1]! : s.timeZoneless ? s.clockFrom : null,
  };
}

export function alerts(store: Store, rules: readonly AlertRule[], now: number): Alerts {
  const rows = store.ledger.alerts(100);
  const states = rows.map(({ alert, deliveries }) => alertState(alert, deliveries));
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

function alertState(a: AlertRow, deliveries: DeliveryRow[]): AlertState {
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

/** A request id, a refusal's id, an address, a path, a user, a host, a rule, or a whole log line. */
export function search(store: Store, text: string): SearchResult {
  const q = text.trim();
  const matches: SearchResult['matches'] = [];
  const seen = new Set<string>();
  const found = (r: Refusal, why: string): void => {
    if (seen.has(r.id)) return;
    seen.add(r.id);
    matches.push({ kind: 'refusal', id: r.id, label: `${r.method ?? ''} ${r.path ?? ''} ${iso(r.timeMs)}`, why });
  };
  const direct = store.questions.refusal(q);
  if (direct) found(direct, 'id of the refusal');
  for (const word of q.length > 200
    ? q
        .split(/[\s"'=,[\](){}]+/)
        .filter((w) => w.length >= 12)
        .slice(0, 60)
    : [q]) {
    for (const r of store.questions.refusalsByRequestId(word, 5)) found(r, `request id ${word}`);
  }
  if (matches.length === 0 && q.length > 40) {
    const line = q.split('\n')[0]!;
    for (const source of store.archive.sources()) {
      for (const block of store.archive.lastBlocks(source.id, 16 * 1024 * 1024)) {
        const raw = Buffer.from(block.raw);
        const position = raw.indexOf(line);
        if (position < 0) continue;
        let n = block.firstLine;
        for (let i = raw.indexOf(10); i >= 0 && i < position; i = raw.indexOf(10, i + 1)) n++;
        const r = store.questions.refusalOfLine(source.id, n);
        if (r) found(r, `line ${n} of ${source.path}`);
      }
    }
  }
  const field = (name: RefusalField, value: string): void => {
    const count = store.questions.countRefusals({
      sinceMs: null,
      untilMs: null,
      where: [{ field: name, in: [value], not: [] }],
    });
    if (count > 0) matches.push({ kind: 'filter', field: name, value, count });
  };
  if (q.length <= 200)
    for (const name of ['client', 'path', 'route', 'user', 'host', 'rule', 'cause'] as const) field(name, q);
  return { matches: matches.slice(0, 20) };
}
