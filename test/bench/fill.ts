/**
 * Fills a store by its own way of writing: counters of requests as ingest appends them, refusals as the correlator
 * revises them, a month of both with days and nights, bursts and a long tail of problems. Kept for the next time.
 * Alone: `node test/bench/fill.ts [scale=1]` says where; scale 1 is 100 M requests and 2 M refusals of 10,000 problems.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AudienceReason } from '../../server/model/audience.ts';
import type { Refusal, StoredHop } from '../../server/model/request.ts';
import { CAUSES, type Cause, type Layer } from '../../server/model/taxonomy.ts';
import type { RouteRow, TotalRow } from '../../server/store/archive.ts';
import { SqliteArchive } from '../../server/store/sqlite/archive.ts';
import { openDatabase } from '../../server/store/sqlite/database.ts';
import { SqliteLedger } from '../../server/store/sqlite/ledger.ts';

export interface FillOptions {
  requests: number;
  refusals: number;
  problems: number;
  days: number;
  /** End of the month, ms. */
  now: number;
  seed: number;
  onDay?: (day: number) => void;
}

export const FULL: Omit<FillOptions, 'now'> = {
  requests: 100_000_000,
  refusals: 2_000_000,
  problems: 10_000,
  days: 30,
  seed: 403,
};

const HOUR_MS = 3_600_000;
const STEP_MS = 600_000;
const LAYERS: Layer[] = ['cdn', 'loadbalancer', 'waf', 'gateway', 'web', 'app'];
const HOSTS = ['www', 'api', 'shop', 'admin', 'files', 'partner', 'old', 'm'].map((h) => `${h}.example.com`);
const ROUTES = 3000;
const CLIENTS = 50_000;

function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

/** Picks 0..n-1, the first ones far more often: as routes, clients and problems are. */
function zipf(n: number): (u: number) => number {
  const sums = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += 1 / (i + 1);
    sums[i] = sum;
  }
  return (u) => {
    const wanted = u * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const routeName = (i: number): string => `/${['api', 'shop', 'account', 'files', 'v2'][i % 5]}/area-${i % 60}/op-${i}`;
const clientName = (i: number): string => `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
const sourceName = (layer: Layer): string => `/var/log/${layer}/access.log`;

interface Kind {
  cause: Cause;
  layer: Layer;
  route: string;
  rule: string | null;
  host: string;
  method: string;
  isNoise: boolean;
  isHarmed: boolean;
  /** Shares of the month at which it begins and ends. */
  from: number;
  to: number;
}

function kinds(o: FillOptions): Kind[] {
  const rnd = random(o.seed);
  const causes = Object.keys(CAUSES) as Cause[];
  return Array.from({ length: o.problems }, (_, i) => {
    const cause = causes[Math.floor(rnd() * causes.length)]!;
    const isWaf = cause.startsWith('waf.');
    const from = rnd() < 0.5 ? 0 : rnd() * 0.98;
    return {
      cause,
      layer: isWaf ? 'waf' : LAYERS[Math.floor(rnd() * LAYERS.length)]!,
      route: routeName(Math.floor(rnd() * ROUTES)),
      rule: isWaf ? String(900_000 + (i % 400)) : null,
      host: HOSTS[Math.floor(rnd() ** 2 * HOSTS.length)]!,
      method: rnd() < 0.7 ? 'GET' : 'POST',
      isNoise: isWaf || rnd() < 0.3,
      isHarmed: rnd() < 0.6,
      from,
      to: rnd() < 0.6 ? 1 : from + rnd() * (1 - from),
    };
  });
}

function hop(layer: Layer, line: number, timeMs: number, role: StoredHop['role'], id: string): StoredHop {
  return {
    sourceId: LAYERS.indexOf(layer) + 1,
    offset: line * 231,
    bytes: 230,
    line,
    lines: 1,
    path: sourceName(layer),
    layer,
    dataset: layer === 'loadbalancer' ? 'haproxy.http' : 'nginx.access',
    role,
    timeMs,
    status: 403,
    durationMs: 12,
    link: { kind: role === 'received' ? 'anchor' : 'id', confidence: 0.99, says: `same request id ${id}` },
  };
}

function refusal(n: number, timeMs: number, k: Kind, rnd: () => number, client: string): Refusal {
  const id = `${(0x10000000 + n).toString(16)}-${Math.floor(rnd() * 2 ** 32).toString(16)}${Math.floor(rnd() * 2 ** 32).toString(16)}`;
  const isHarmed = !k.isNoise && k.isHarmed;
  const reasons: AudienceReason[] = k.isNoise ? ['waf-attack'] : isHarmed ? ['let-through-before'] : [];
  const chain = [hop('loadbalancer', n + 1, timeMs, 'received', id)];
  if (k.layer !== 'loadbalancer') chain.push(hop(k.layer, n + 1, timeMs + 3, 'decided', id));
  return {
    id: `r2-${n.toString(36)}`,
    timeMs,
    client,
    method: k.method,
    host: k.host,
    path: `${k.route}${rnd() < 0.3 ? `/${n % 997}` : ''}`,
    query: rnd() < 0.3 ? `page=${n % 50}` : null,
    route: k.route,
    protocol: 'HTTP/1.1',
    status: 403,
    user: rnd() < 0.1 ? `user-${Math.floor(rnd() ** 2 * 2000)}` : null,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
    referrer: null,
    requestIds: [id],
    sourceId: 2,
    verdict: {
      cause: k.cause,
      certainty: 'stated',
      confidence: 0.95,
      decidingLayer: k.layer,
      decidingPath: sourceName(k.layer),
      rule: k.rule,
      detail: `${k.layer} refused ${k.method} ${k.route}: ${CAUSES[k.cause]}`,
      evidence: [
        {
          path: sourceName(k.layer),
          line: n + 1,
          says: CAUSES[k.cause],
          match: '403',
          documentation: 'https://example.com/doc',
        },
      ],
      alternatives: [],
      contrast: [],
      wouldSettle: null,
      roles: chain.map((h) => h.role),
      parameter: null,
    },
    audience: { is: k.isNoise ? 'noise' : isHarmed ? 'harmed' : 'undecided', reasons },
    chain,
  };
}

/** More by day than by night, around 1. */
const daily = (timeMs: number): number => 1 + 0.7 * Math.sin(((timeMs % 86_400_000) / 86_400_000) * 2 * Math.PI - 1.8);

export function fill(directory: string, o: FillOptions): { bytes: number } {
  const db = openDatabase(directory, { scratch: true });
  const archive = new SqliteArchive(db);
  const ledger = new SqliteLedger(db);
  for (const layer of LAYERS) archive.addSource(source(layer));
  ledger.saveShares(LAYERS.map((layer, i) => ({ sourceId: i + 1, share: layer === 'loadbalancer' ? 1 : 0 })));
  const rnd = random(o.seed + 1);
  const all = kinds(o);
  const pickKind = zipf(all.length);
  const pickRoute = zipf(ROUTES);
  const pickClient = zipf(CLIENTS);
  const firstMs = Math.floor((o.now - o.days * 86_400_000) / HOUR_MS) * HOUR_MS;
  const steps = Math.floor((o.now - firstMs) / STEP_MS);
  let n = 0;
  for (let i = 0; i < steps; i++) {
    const at = firstMs + i * STEP_MS;
    const share = i / steps;
    if (at % HOUR_MS === 0) requests(archive, at, (o.requests / o.days / 24) * daily(at), o.now, pickRoute, rnd);
    // A burst now and then, as attacks and bad releases come.
    const wanted = (o.refusals / steps) * daily(at) * (i % 97 === 0 ? 8 : 0.93);
    const refusals: Refusal[] = [];
    for (let k = 0; k < wanted; k++) {
      let kind = all[pickKind(rnd())]!;
      while (share < kind.from || share > kind.to) kind = all[pickKind(rnd())]!;
      refusals.push(refusal(n++, at + Math.floor(rnd() * STEP_MS), kind, rnd, clientName(pickClient(rnd()))));
    }
    ledger.revise({ fromMs: at, toMs: at + STEP_MS, refusals, done: [] });
    if (at % 86_400_000 === 0) o.onDay?.(Math.round((at - firstMs) / 86_400_000));
  }
  const bytes =
    (db.pragma('page_count', { simple: true }) as number) * (db.pragma('page_size', { simple: true }) as number);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  return { bytes };
}

/** A store of this size, filled when it was first asked for: that takes minutes. Another schema is another store. */
export function filled(
  scale: number,
  onDay: (day: number) => void,
): { directory: string; bytes: number; made: FillOptions } {
  const made: FillOptions = {
    ...FULL,
    requests: FULL.requests * scale,
    refusals: FULL.refusals * scale,
    problems: Math.ceil(FULL.problems * Math.sqrt(scale)),
    now: Date.now(),
    onDay,
  };
  const hash = createHash('sha256');
  for (const file of ['./fill.ts', '../../server/store/sqlite/database.ts', '../../server/store/sqlite/tally.ts'])
    hash.update(readFileSync(new URL(file, import.meta.url)));
  const directory = join(tmpdir(), 'why403-bench', `api-${scale}-${hash.digest('hex').slice(0, 8)}`);
  const done = join(directory, 'filled');
  if (!existsSync(done)) {
    rmSync(directory, { recursive: true, force: true });
    fill(directory, made);
    writeFileSync(done, '');
  }
  return { directory, bytes: statSync(join(directory, 'why403.db')).size, made };
}

/** An hour of requests at every layer: by minute, by hour, and by operation. */
function requests(
  archive: SqliteArchive,
  at: number,
  count: number,
  now: number,
  pickRoute: (u: number) => number,
  rnd: () => number,
): void {
  const totals: TotalRow[] = [];
  const routes: RouteRow[] = [];
  for (let layer = 0; layer < LAYERS.length; layer++) {
    for (const host of HOSTS) {
      const hour = Math.round(count / HOSTS.length / LAYERS.length);
      totals.push({ stepMs: HOUR_MS, timeMs: at, sourceId: layer + 1, host, requests: hour });
      for (let m = 0; m < 60; m++)
        totals.push({
          stepMs: 60_000,
          timeMs: at + m * 60_000,
          sourceId: layer + 1,
          host,
          requests: Math.round(hour / 60),
        });
    }
    const counted = new Map<number, number>();
    for (let i = 0; i < 1200; i++) {
      const r = pickRoute(rnd());
      counted.set(r, (counted.get(r) ?? 0) + 1);
    }
    const steps = at > now - 26 * HOUR_MS ? [HOUR_MS, 60_000] : [HOUR_MS];
    for (const [r, k] of counted)
      for (const stepMs of steps)
        routes.push({
          stepMs,
          timeMs: at,
          sourceId: layer + 1,
          host: HOSTS[r % HOSTS.length]!,
          route: routeName(r),
          method: r % 3 === 0 ? 'POST' : 'GET',
          requests: Math.round((k / 1200) * (count / LAYERS.length)),
        });
  }
  archive.append({ blocks: [], counters: { totals, routes }, dirtyBuckets: [], sources: [], reached: [] });
}

function source(layer: Layer): Parameters<SqliteArchive['addSource']>[0] {
  return {
    path: sourceName(layer),
    stream: sourceName(layer),
    device: '1',
    inode: layer,
    fingerprint: layer,
    fingerprintBytes: 0,
    reader: { dataset: 'nginx.access', envelope: null, alternates: [], tags: [], pattern: null },
    layer,
    layerFrom: 'path',
    clockOffsetMs: 0,
    clockFrom: 'as logged',
    timeZoneless: false,
    position: 0,
    skipping: false,
    lines: 0,
    tail: null,
    parsed: 0,
    unparsed: 0,
    requests: 0,
    samples: [],
    newestEventMs: null,
    lastReadMs: null,
    sizeBytes: 0,
    ended: false,
    gapBytes: 0,
    gaps: 0,
    state: 'following',
    advice: null,
  } as unknown as Parameters<SqliteArchive['addSource']>[0];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const scale = Number(/^scale=(.+)$/.exec(process.argv[2] ?? 'scale=1')?.[1]);
  if (!(scale > 0)) {
    console.error('usage: node test/bench/fill.ts [scale=1]');
    process.exit(2);
  }
  const began = performance.now();
  const { directory, bytes } = filled(scale, (day) => process.stderr.write(`\rday ${day}`));
  const seconds = (performance.now() - began) / 1000;
  console.log(`\n${directory}: ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(0)} s`);
}
