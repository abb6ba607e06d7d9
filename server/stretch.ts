/**
 * What is to be said about one stretch of event time: reads the lines around it back from the archive, links and
 * attributes them. A function of what is stored; it writes nothing. Runs in the pool's threads, each with a
 * connection that only reads, and in the engine's own for what just happened.
 */
import { dirname } from 'node:path';
import type { Entry } from '../parsers/entry.ts';
import { audienceOf } from './attribute/audience.ts';
import { Bans } from './attribute/bans.ts';
import { Companies, type Company } from './attribute/company.ts';
import { explains } from './attribute/explains.ts';
import { Interest, Population } from './attribute/population.ts';
import { type Assessment, assess, conclude, fromCache, isCached, needsContrast, ownSize } from './attribute/verdict.ts';
import { DECODED_RECORDS_KEPT } from './limits.ts';
import { type ClockFinding, learnClocks } from './link/clocks.ts';
import { isStrongId } from './link/keys.ts';
import { type LinkResult, link } from './link/link.ts';
import { relevant, survey } from './link/relevant.ts';
import { type LinkSource, orderOf } from './link/source.ts';
import type { Block, Placed } from './model/line.ts';
import { maskQuery, maskText } from './model/mask.ts';
import { matters } from './model/matters.ts';
import { type Refusal, refusalId, type StoredHop, type Verdict } from './model/request.ts';
import { routeOf } from './model/route.ts';
import type { Layer } from './model/taxonomy.ts';
import type { Archive } from './store/archive.ts';
import { entriesOf } from './store/reader.ts';

/** What a stretch has to know of a source. */
export interface StretchSource {
  id: number;
  path: string;
  dataset: string;
  layer: Layer;
  clockOffsetMs: number;
  parsed: number;
  requests: number;
  /** Share of its access lines that an outer log has; null = not learned. */
  withOuter: number | null;
}

export interface Stretch {
  /** Buckets that the answer speaks for, ms. */
  fromMs: number;
  toMs: number;
  /** How far before it lines are looked at: a quiet stretch wants the company of its past. */
  beforeMs: number;
  /** And how far behind it. */
  afterMs: number;
  /** Sources that have lines in it, or tell of bans. */
  sources: StretchSource[];
  /** Some log tells of requests, here or elsewhere. */
  hasAccessLogs: boolean;
  /** Link every line, to learn again who stands behind whom. */
  whole: boolean;
}

export interface StretchAnswer {
  refusals: Refusal[];
  /** Empty where not every line was looked at. */
  shares: { sourceId: number; lines: number; withOuter: number }[];
}

/** Bytes of the end of a ban tool's log: a ban outlasts any stretch. */
const BAN_BYTES = 4 * 1024 * 1024;

/** Decoded blocks of one thread: stretches that lie side by side share them. */
export class Entries {
  readonly #decoded = new Map<string, Placed[]>();
  #records = 0;

  of(block: Block): Placed[] {
    const key = `${block.sourceId}:${block.offset}`;
    let entries = this.#decoded.get(key);
    if (entries) this.#decoded.delete(key);
    else {
      entries = entriesOf(block);
      this.#records += entries.length;
    }
    this.#decoded.set(key, entries);
    while (this.#records > DECODED_RECORDS_KEPT && this.#decoded.size > 1) {
      const oldest = this.#decoded.keys().next().value!;
      this.#records -= this.#decoded.get(oldest)!.length;
      this.#decoded.delete(oldest);
    }
    return entries;
  }
}

export function explainStretch(
  stretch: Stretch,
  archive: Archive,
  entries: Entries,
  refusedStatus: ReadonlySet<number>,
): StretchAnswer {
  const { fromMs, toMs, sources } = stretch;
  const records: Placed[] = [];
  const bans: Placed[] = [];
  for (const s of sources) {
    const low = fromMs - stretch.beforeMs - s.clockOffsetMs;
    const high = toMs + stretch.afterMs - s.clockOffsetMs;
    for (const block of archive.blocks({ sourceId: s.id, fromMs: low, toMs: high })) {
      for (const p of entries.of(block)) {
        if (!(p.timeMs >= low && p.timeMs < high)) continue;
        records.push(s.clockOffsetMs === 0 ? p : { ...p, timeMs: p.timeMs + s.clockOffsetMs });
      }
    }
    if (!isBanLog(s)) continue;
    for (const block of archive.lastBlocks(s.id, BAN_BYTES).reverse()) {
      for (const p of entries.of(block)) bans.push({ ...p, timeMs: p.timeMs + s.clockOffsetMs });
    }
  }
  const byId = new Map(sources.map((s) => [s.id, s]));
  const linkSources = new Map(sources.map((s) => [s.id, linkSource(s)]));
  const counted = survey(records);
  const shares = knownShares(sources);
  const linkThese = (some: Placed[], isAll: boolean): LinkResult =>
    link(
      some,
      linkSources,
      {
        refusedStatus,
        explains,
        hasAccessLogs: stretch.hasAccessLogs,
        ...(isAll ? {} : { withOuter: shares }),
      },
      counted,
    );
  const isKnown = [...counted.access.keys()].every((id) => shares.has(id));
  const whole = stretch.whole || counted.mayBeAsked || !isKnown;
  const linked = whole
    ? linkThese(records, true)
    : linkThese(relevant(records, linkSources, { refusedStatus, matters }), false);
  const assessments = linked.requests.map((r) => assess(r, refusedStatus));

  const interest = new Interest();
  let compared = false;
  for (const a of assessments) {
    if (!needsContrast(a)) continue;
    interest.add(a.fact);
    compared = true;
  }
  const population = new Population(interest);
  if (compared) {
    // In order of time: histories of clients are searched by it.
    if (whole) for (const p of linked.passed) population.addPassed(p.entry, p.timeMs);
    else for (const p of passedAt(records, shares, refusedStatus)) population.addPassed(p.entry, p.timeMs);
    for (const a of assessments) population.add(a.fact);
  }
  const ownSizes = new Map<string, Set<number>>();
  for (const a of assessments) {
    const own = ownSize(a);
    if (own === null) continue;
    const sizes = ownSizes.get(own.path) ?? new Set();
    sizes.add(own.size);
    ownSizes.set(own.path, sizes);
  }
  const around = {
    population,
    hasInner: (layer: Layer) => sources.some((s) => s.requests > 0 && orderOf(s.layer) > orderOf(layer)),
    ownSizes: (path: string) => ownSizes.get(path) ?? NO_SIZES,
    bans: new Bans(bans, (id) => byId.get(id)?.path ?? ''),
    hasErrorLog: (path: string, product: string) =>
      sources.some((s) => s.dataset === `${product}.error` && s.parsed > 0 && dirname(s.path) === dirname(path)),
  };
  const clients = new Companies(
    assessments.map((a) => a.fact),
    refusedStatus,
  );
  for (const p of records) clients.add(p.entry, p.timeMs);
  const refusals: Refusal[] = [];
  // What a cache may go on answering with: the latest refusal of each address that came from further in.
  const cacheable = new Map<string, { verdict: Verdict; timeMs: number }>();
  for (const a of assessments) {
    const t = a.request.timeMs;
    const inside = t >= fromMs && t < toMs;
    let verdict: Verdict;
    if (isCached(a)) verdict = fromCache(a, cacheable.get(addressOf(a)) ?? null);
    else {
      if (!inside && a.request.hops.length === 1) continue;
      verdict = conclude(a, around);
      if (a.request.hops.length > 1) cacheable.set(addressOf(a), { verdict, timeMs: t });
    }
    if (inside) refusals.push(refusal(a, verdict, clients.of(a.fact.client)));
  }
  return { refusals, shares: whole ? linked.shares : [] };
}

/** What was let through, by the logs in which requests enter: most of their lines have none further out. */
function passedAt(
  records: Placed[],
  shares: ReadonlyMap<number, number>,
  refusedStatus: ReadonlySet<number>,
): Placed[] {
  return records
    .filter(
      ({ entry, line }) =>
        entry.kind === 'access' &&
        (shares.get(line.sourceId) ?? 0) < 0.5 &&
        !refusedStatus.has(entry.httpResponseStatusCode ?? 0),
    )
    .sort((a, b) => a.timeMs - b.timeMs);
}

/** Whose clocks are to be compared, and how much of the end of each log. */
export interface ClockTask {
  sources: Pick<StretchSource, 'id' | 'path' | 'dataset' | 'layer'>[];
  bytesEach: number;
}

export function compareClocks(task: ClockTask, archive: Archive, entries: Entries): ClockFinding[] {
  return learnClocks(
    task.sources.map((s) => ({
      source: linkSource(s),
      records: archive
        .lastBlocks(s.id, task.bytesEach)
        .reverse()
        .flatMap((b) => entries.of(b)),
    })),
  );
}

const NO_SIZES: ReadonlySet<number> = new Set();

const addressOf = ({ fact }: Assessment): string =>
  `${fact.method} ${fact.host ?? ''} ${fact.path}?${fact.query ?? ''}`;

export const isBanLog = (s: { dataset: string }): boolean => s.dataset === 'fail2ban' || s.dataset === 'syslog';

function knownShares(sources: StretchSource[]): Map<number, number> {
  const known = new Map<number, number>();
  for (const s of sources) if (s.withOuter !== null) known.set(s.id, s.withOuter);
  return known;
}

export function linkSource(s: Pick<StretchSource, 'id' | 'path' | 'dataset' | 'layer'>): LinkSource {
  return {
    id: s.id,
    path: s.path,
    directory: dirname(s.path),
    dataset: s.dataset,
    layer: s.layer,
    order: orderOf(s.layer),
  };
}

function refusal({ request, fact }: Assessment, verdict: Verdict, company: Company): Refusal {
  const { hops } = request;
  const outer = hops[0]!;
  const first = <K extends keyof Entry>(key: K): Entry[K] | null => {
    for (const h of hops) if (h.entry[key] !== null) return h.entry[key];
    return null;
  };
  const path = first('urlPath');
  const ids = new Set<string>();
  for (const h of hops) for (const id of h.entry.requestIds) if (isStrongId(id)) ids.add(id);
  const chain: StoredHop[] = hops.map((h, i) => ({
    ...h.line,
    path: h.path,
    layer: h.layer,
    dataset: h.entry.dataset,
    role: verdict.roles[i]!,
    timeMs: Number.isNaN(h.timeMs) ? null : h.timeMs,
    status: h.entry.httpResponseStatusCode,
    durationMs: h.entry.durationMs,
    link: h.link,
  }));
  const told = {
    timeMs: request.timeMs,
    client: outer.entry.clientAddress ?? first('clientAddress'),
    method: first('httpRequestMethod'),
    host: first('urlDomain'),
    path,
    query: maskQuery(outer.entry.urlQuery),
    route: path === null ? '' : routeOf(path),
    protocol: first('networkProtocol'),
    status: request.status,
    user: first('userName'),
    userAgent: first('userAgentOriginal'),
    referrer: maskNull(first('httpRequestReferrer')),
  };
  return {
    id: refusalId(outer.line),
    ...told,
    requestIds: [...ids].slice(0, 8),
    sourceId: outer.line.sourceId,
    audience: audienceOf({ refusal: told, cause: verdict.cause, attributes: fact.attributes, company }),
    verdict: {
      ...verdict,
      detail: maskText(verdict.detail),
      evidence: verdict.evidence.map((e) => ({
        ...e,
        says: maskText(e.says),
        match: e.match === null ? null : maskText(e.match),
      })),
    },
    chain,
  };
}

const maskNull = (text: string | null): string | null => (text === null ? null : maskText(text));
