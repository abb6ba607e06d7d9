/** What a whole report says first: how many, since when, why, where. Asked of the store, shown by every format. */
import { CAUSES, type Cause } from '../model/taxonomy.ts';
import type { Filter, Questions } from '../store/questions.ts';

export interface Summary {
  fromMs: number | null;
  toMs: number | null;
  requests: number;
  refused: number;
  causes: { cause: Cause; title: string; count: number; routes: { key: string; count: number }[]; layers: string[] }[];
  clients: { key: string; count: number }[];
  routes: { key: string; count: number }[];
  layers: { key: string; count: number }[];
  series: { time: number; requests: number; refused: number; byCause: Record<string, number> }[];
  bucketMs: number;
}

const BUCKETS = 60;
const STEPS = [
  1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 86_400_000,
];

export function summarize(questions: Questions, filter: Filter): Summary {
  const range = questions.refusalRange();
  const counted = questions.counterRange();
  const fromMs = filter.sinceMs ?? Math.min(range?.fromMs ?? Infinity, counted?.fromMs ?? Infinity);
  const toMs = filter.untilMs ?? Math.max(range?.toMs ?? -Infinity, counted?.toMs ?? -Infinity);
  const known = Number.isFinite(fromMs) && Number.isFinite(toMs);
  const bucketMs = known ? (STEPS.find((s) => (toMs - fromMs) / s <= BUCKETS) ?? STEPS[STEPS.length - 1]!) : 60_000;
  // Counters are per minute: a finer chart shows refusals only.
  const requests = questions.requestSeries(filter, Math.max(60_000, bucketMs));
  const refused = questions.refusedSeries(filter, bucketMs);
  const byBucket = new Map<number, Summary['series'][number]>();
  for (const r of refused) {
    const row = byBucket.get(r.bucket) ?? { time: r.bucket, requests: 0, refused: 0, byCause: {} };
    row.refused += r.count;
    row.byCause[r.cause] = (row.byCause[r.cause] ?? 0) + r.count;
    byBucket.set(r.bucket, row);
  }
  const of = (cause: string): Filter => ({
    ...filter,
    where: [...filter.where, { field: 'cause', in: [cause], not: [] }],
  });
  return {
    fromMs: known ? fromMs : null,
    toMs: known ? toMs : null,
    requests: requests.reduce((n, r) => n + r.requests, 0),
    refused: questions.countRefusals(filter),
    causes: questions.top(filter, 'cause', 60).map((c) => ({
      cause: c.key as Cause,
      title: CAUSES[c.key as Cause] ?? c.key,
      count: c.count,
      routes: questions.top(of(c.key), 'route', 3),
      layers: questions.top(of(c.key), 'layer', 3).map((l) => l.key),
    })),
    clients: questions.top(filter, 'client', 8),
    routes: questions.top(filter, 'route', 8),
    layers: questions.top(filter, 'layer', 8),
    series: [...byBucket.values()].sort((a, b) => a.time - b.time),
    bucketMs,
  };
}
