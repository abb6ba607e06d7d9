/**
 * What is to be said about one stretch of event time: reads the lines around it back from the archive, links and
 * attributes them. A function of what is stored; it writes nothing. Runs in the pool's threads, each with a
 * connection that only reads, and in the engine's own for what just happened.
 */
import { basename, dirname } from 'node:path';
import type { Entry } from '../parsers/entry.ts';
import { audienceOf } from './attribute/audience.ts';
import { Bans } from './attribute/bans.ts';
import { Companies, type Company } from './attribute/company.ts';
import { explains } from './attribute/explains.ts';
import { Interest, type Passed, PassedEntry, Population } from './attribute/population.ts';
import {
  type Assessment,
  assess,
  conclude,
  fromCache,
  isCached,
  needsContrast,
  ownSize,
  placeOf,
} from './attribute/verdict.ts';
import { groupsOf } from './groups.ts';
import { LOOKS_KEPT_BYTES } from './limits.ts';
import { type ClockFinding, learnClocks } from './link/clocks.ts';
import { isPrivate, isStrongId } from './link/keys.ts';
import { type LinkResult, link, type SourceShare } from './link/link.ts';
import { relevant, surveySeen } from './link/relevant.ts';
import { type LinkSource, orderOf } from './link/source.ts';
import { settleOrder } from './link/topology.ts';
import type { Block, Placed } from './model/line.ts';
import { maskQuery, maskText } from './model/mask.ts';
import { matters } from './model/matters.ts';
import { type Refusal, refusalId, type StoredHop, type Verdict } from './model/request.ts';
import { routeOf } from './model/route.ts';
import type { Layer } from './model/taxonomy.ts';
import type { Archive } from './store/archive.ts';
import { type Bundle, Bundler } from './store/bundle.ts';
import { Look, placedOf, type Seen, seenBetween } from './store/look.ts';
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
  /** A slice of time with more lines than are linked at once. */
  isCrowded: boolean;
}

export interface StretchAnswer {
  refusals: Bundle;
  /** Empty where not every line was looked at. */
  shares: { sourceId: number; lines: number; withOuter: number }[];
}

/** Bytes of the end of a ban tool's log: a ban outlasts any stretch. */
const BAN_BYTES = 4 * 1024 * 1024;

/** Blocks that one thread has looked at: stretches that lie side by side share them. */
export class Looks {
  readonly #looks = new Map<string, Look>();

  at(block: Block): Look {
    const key = `${block.sourceId}:${block.offset}`;
    let look = this.#looks.get(key);
    if (look) this.#looks.delete(key);
    else {
      look = Look.at(block);
      this.#spare(look.weight);
    }
    this.#looks.set(key, look);
    return look;
  }

  /** Drops the oldest until there is room. What a look weighs grows with what is read of it. */
  #spare(weight: number): void {
    let sum = weight;
    for (const look of this.#looks.values()) sum += look.weight;
    for (const [key, look] of this.#looks) {
      if (sum <= LOOKS_KEPT_BYTES) break;
      sum -= look.weight;
      this.#looks.delete(key);
    }
  }
}

export function explainStretch(
  stretch: Stretch,
  archive: Archive,
  looks: Looks,
  refusedStatus: ReadonlySet<number>,
): StretchAnswer {
  const { fromMs, toMs, sources } = stretch;
  const seen: Seen[] = [];
  const bans: Placed[] = [];
  for (const s of sources) {
    const low = fromMs - stretch.beforeMs;
    const high = toMs + stretch.afterMs;
    const at = { sourceId: s.id, fromMs: low - s.clockOffsetMs, toMs: high - s.clockOffsetMs };
    for (const block of archive.blocks(at)) seen.push(seenBetween(looks.at(block), s.clockOffsetMs, low, high));
    if (!isBanLog(s)) continue;
    for (const block of archive.lastBlocks(s.id, BAN_BYTES).reverse())
      bans.push(...placedOf([{ look: looks.at(block), offsetMs: s.clockOffsetMs, lines: null }]));
  }
  const byId = new Map(sources.map((s) => [s.id, s]));
  const linkSources = new Map(sources.map((s) => [s.id, linkSource(s)]));
  const counted = surveySeen(seen);
  settleOrder(linkSources, new Map(sources.map((s) => [s.id, s.requests])), counted.proxies);
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
  const groups = stretch.isCrowded ? groupsOf(seen, fromMs, toMs, linkSources, counted, refusedStatus) : null;
  const whole = groups === null && (stretch.whole || counted.mayBeAsked || !isKnown);
  const linked = whole
    ? linkThese(placedOf(seen), true)
    : groups !== null
      ? together(groups.map((group) => linkThese(group, !isKnown)))
      : linkThese(relevant(seen, linkSources, { refusedStatus, matters }), false);
  if (!isKnown) for (const s of linked.shares) if (s.lines > 0) shares.set(s.sourceId, s.withOuter / s.lines);
  // On a private address that so much comes from sits a proxy of ours; a public one may be a busy client.
  const isProxy = (id: number, a: string): boolean => isPrivate(a) && counted.proxies.get(id)?.has(a) === true;
  const assessments = linked.requests.map((r) => assess(r, refusedStatus, isProxy));

  const interest = new Interest();
  let compared = false;
  for (const a of assessments) {
    if (!needsContrast(a)) continue;
    interest.add(a.fact);
    compared = true;
  }
  const population = new Population(interest);
  if (compared) {
    if (whole) {
      const passed = new PassedEntry();
      for (const p of linked.passed) {
        population.addPassed(passed.of(p.entry, p.timeMs));
        population.addAttributes(p.entry.attributes);
      }
    } else compare(seen, population, shares, refusedStatus);
    if (population.asksInside) compareInside(seen, population, shares, refusedStatus);
    population.settle();
    for (const a of assessments) population.addRefused(a.fact);
  }
  const ownSizes = new Map<string, Set<number>>();
  for (const a of assessments) {
    const own = ownSize(a);
    if (own === null) continue;
    const sizes = ownSizes.get(own.path) ?? new Set();
    sizes.add(own.size);
    ownSizes.set(own.path, sizes);
  }
  const inside = new Set<string>();
  for (const a of assessments) {
    const { place, goesInside } = placeOf(a);
    if (goesInside) inside.add(place);
  }
  const around = {
    population,
    goesInside: (a: Assessment) => inside.has(placeOf(a).place),
    hasInner: (layer: Layer) => sources.some((s) => s.requests > 0 && orderOf(s.layer) > orderOf(layer)),
    ownSizes: (path: string) => ownSizes.get(path) ?? NO_SIZES,
    bans: new Bans(bans, (id) => byId.get(id)?.path ?? ''),
    hasErrorLog: (path: string, product: string) =>
      sources.some((s) => s.dataset === `${product}.error` && s.parsed > 0 && isBeside(path, s.path, sources)),
  };
  const clients = new Companies(
    assessments.map((a) => a.fact),
    refusedStatus,
  );
  for (const s of seen) clients.addSeen(s);
  const refusals = new Bundler();
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
    if (inside) refusals.add(refusal(a, verdict, clients.of(a.fact.client)));
  }
  return { refusals: refusals.done(), shares: whole || !isKnown ? linked.shares : [] };
}

/**
 * Adds what was let through, by the logs in which requests enter: most of their lines have none further out. HOT.
 * Attributes stand only in lines that are read whole: of the skimmed ones a sample is, and whatever may hold a value
 * that the sample does not.
 */
function compare(
  seen: readonly Seen[],
  population: Population,
  shares: ReadonlyMap<number, number>,
  refusedStatus: ReadonlySet<number>,
): void {
  const outer = seen.filter((s) => (shares.get(s.look.sourceId) ?? 0) < 0.5);
  let size = 0;
  for (const s of outer) size += s.lines === null ? s.look.size : s.lines.length;
  const step = Math.max(1, Math.floor(size / ATTRIBUTES_SAMPLED));
  const wantsAttributes = population.attributesUnseen().length > 0;
  const passed = new PassedLine();
  const left: { look: Look; i: number }[] = [];
  let skimmed = 0;
  for (const { look, offsetMs, lines } of outer) {
    const n = lines === null ? look.size : lines.length;
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      if (!look.isAccess(i) || refusedStatus.has(look.status(i))) continue;
      population.addPassed(passed.of(look, i, look.timeMs[i]! + offsetMs));
      if (!wantsAttributes) continue;
      if (!look.isSkimmed(i) || skimmed++ % step === 0) population.addAttributes(look.placed(i).entry.attributes);
      else left.push({ look, i });
    }
  }
  if (left.length === 0) return;
  for (const value of population.attributesUnseen())
    for (const { look, i } of left) if (look.holds(i, value)) population.addAttributes(look.placed(i).entry.attributes);
}

/** Adds what the logs in which requests enter do not say of them: agents and Referers, by the logs further in. HOT. */
function compareInside(
  seen: readonly Seen[],
  population: Population,
  shares: ReadonlyMap<number, number>,
  refusedStatus: ReadonlySet<number>,
): void {
  const passed = new PassedLine();
  for (const { look, offsetMs, lines } of seen) {
    if ((shares.get(look.sourceId) ?? 0) < 0.5) continue;
    const n = lines === null ? look.size : lines.length;
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      if (look.isAccess(i) && !refusedStatus.has(look.status(i)))
        population.addInside(passed.of(look, i, look.timeMs[i]! + offsetMs));
    }
  }
}

/** Skimmed lines whose attributes are read for comparison; enough to see what is usual. */
const ATTRIBUTES_SAMPLED = 250;

/** A line as far as it was looked at. */
class PassedLine implements Passed {
  timeMs = 0;
  host: string | null = null;
  method: string | null = null;
  clientHash = 0;
  areaHash = 0;
  #look!: Look;
  #i = 0;

  of(look: Look, i: number, timeMs: number): this {
    this.timeMs = timeMs;
    this.host = look.host(i);
    this.method = look.method(i);
    this.clientHash = look.clientHash(i);
    this.areaHash = look.areaHash(i);
    this.#look = look;
    this.#i = i;
    return this;
  }
  client(): string | null {
    return this.#look.client(this.#i);
  }
  path(): string | null {
    return this.#look.path(this.#i);
  }
  agent(): string | null {
    return this.#look.agent(this.#i);
  }
  referrer(): string | null {
    return this.#look.referrer(this.#i);
  }
}

/** Whose clocks are to be compared, and how much of the end of each log. */
export interface ClockTask {
  sources: Pick<StretchSource, 'id' | 'path' | 'dataset' | 'layer'>[];
  bytesEach: number;
}

export function compareClocks(task: ClockTask, archive: Archive): ClockFinding[] {
  return learnClocks(
    task.sources.map((s) => ({
      source: linkSource(s),
      records: archive.lastBlocks(s.id, task.bytesEach).reverse().flatMap(entriesOf),
    })),
  );
}

/** Is this the error log of that access log? "api-error.log" is not that of "access.log" where an "api-access.log" is. */
function isBeside(access: string, error: string, sources: StretchSource[]): boolean {
  if (dirname(access) !== dirname(error)) return false;
  const stem = (path: string, word: string): string => basename(path).split(word)[0]!;
  const own = stem(error, 'error');
  if (own === '' || !basename(error).includes('error') || stem(access, 'access') === own) return true;
  return !sources.some((s) => dirname(s.path) === dirname(error) && basename(s.path).startsWith(`${own}access`));
}

/** Of groups that share no request; in order of time, as of one. */
function together(results: LinkResult[]): LinkResult {
  const requests = results.flatMap((r) => r.requests);
  requests.sort((a, b) => a.timeMs - b.timeMs || a.hops[0]!.line.offset - b.hops[0]!.line.offset);
  const shares = new Map<number, SourceShare>();
  for (const r of results)
    for (const s of r.shares) {
      const sum = shares.get(s.sourceId);
      if (sum === undefined) shares.set(s.sourceId, { ...s });
      else {
        sum.lines += s.lines;
        sum.withOuter += s.withOuter;
      }
    }
  return { requests, shares: [...shares.values()], passed: [] };
}

const NO_SIZES: ReadonlySet<number> = new Set();

const addressOf = ({ fact }: Assessment): string =>
  `${fact.method} ${fact.host ?? ''} ${fact.path}?${fact.query ?? ''}`;

export const isBanLog = (s: { dataset: string }): boolean => BAN_LOGS.has(s.dataset);
const BAN_LOGS: ReadonlySet<string> = new Set(['fail2ban', 'crowdsec', 'syslog']);

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
    timeMs: Number.isNaN(h.timeMs) ? null : Math.floor(h.timeMs),
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
