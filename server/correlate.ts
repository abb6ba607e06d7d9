/**
 * The fold from stored blocks to refusals: takes the event-time buckets in which something new stands, reads
 * the lines around them back from the archive, links and attributes them, and replaces what was said about
 * those buckets before. The dirty marks are its durable cursor: they are cleared in the transaction that
 * writes the answer, so a kill anywhere leaves either the old answer with its mark or the new one.
 */
import { dirname } from 'node:path';
import type { Entry } from '../parsers/entry.ts';
import { Bans } from './attribute/bans.ts';
import { explains } from './attribute/explains.ts';
import { factOfLine, Interest, Population } from './attribute/population.ts';
import { assess, conclude, fromCache, isCached, needsContrast } from './attribute/verdict.ts';
import { BUCKET_MS, DECODED_RECORDS_KEPT, SEGMENT_RECORDS, SLACK_MS } from './limits.ts';
import { learnClocks } from './link/clocks.ts';
import { isStrongId } from './link/keys.ts';
import { link } from './link/link.ts';
import { type LinkSource, orderOf } from './link/source.ts';
import type { Block, Placed, Source } from './model/line.ts';
import { maskQuery, maskText } from './model/mask.ts';
import { type LinkedRequest, type Refusal, refusalId, type StoredHop, type Verdict } from './model/request.ts';
import { routeOf } from './model/route.ts';
import type { Archive } from './store/archive.ts';
import type { Ledger } from './store/ledger.ts';
import { entriesOf } from './store/reader.ts';

/** Buckets looked at in one go; the rest waits for the next call. */
const BUCKETS_MAX = 5000;
/** Two dirty buckets closer than this are one stretch: each stretch looks at its past anyway (PAST_MS). */
const GAP_BUCKETS = 60;
/** Bytes of each source's end that its clock is learned from. */
const CLOCK_SAMPLE_BYTES = 4 * 1024 * 1024;
/** And of all of them together, so that a thousand logs do not hold up reading. */
const CLOCK_SAMPLES_BYTES = 64 * 1024 * 1024;
const CLOCK_SAMPLE_BYTES_MIN = 64 * 1024;
/** Contrast wants company: a quiet stretch is looked at with this much of its past. */
const PAST_MS = 10 * 60_000;
const PAST_RECORDS = 20_000;

export interface CorrelateOptions {
  refusedStatus: ReadonlySet<number>;
}

export class Correlator {
  readonly #archive: Archive;
  readonly #ledger: Ledger;
  readonly #options: CorrelateOptions;
  readonly #decoded = new Map<string, Placed[]>();
  #decodedRecords = 0;

  constructor(archive: Archive, ledger: Ledger, options: CorrelateOptions) {
    this.#archive = archive;
    this.#ledger = ledger;
    this.#options = options;
  }

  /**
   * Learns clocks and zones from the newest lines of every source. Returns the sources whose offset changed;
   * their owner saves them.
   */
  learn(sources: Source[]): Source[] {
    const readable = sources.filter((s) => s.reader !== null && s.parsed > 0);
    // Rotations of one stream come from one clock: its newest file speaks for all of them.
    const newest = new Map<string, Source>();
    for (const s of readable) {
      const known = newest.get(s.stream);
      if (!known || (s.newestEventMs ?? 0) > (known.newestEventMs ?? 0)) newest.set(s.stream, s);
    }
    const bytes = Math.max(
      CLOCK_SAMPLE_BYTES_MIN,
      Math.min(CLOCK_SAMPLE_BYTES, CLOCK_SAMPLES_BYTES / Math.max(1, newest.size)),
    );
    const samples = [...newest.values()].map((s) => ({
      source: linkSource(s),
      records: this.#archive
        .lastBlocks(s.id, bytes)
        .reverse()
        .flatMap((b) => this.#entries(b)),
    }));
    const changed: Source[] = [];
    const findings = learnClocks(samples).flatMap((finding) => {
      const { stream } = readable.find((s) => s.id === finding.sourceId)!;
      return readable.filter((s) => s.stream === stream).map((source) => ({ finding, source }));
    });
    for (const { finding, source } of findings) {
      const isGiven = source.clockFrom.endsWith('(given)');
      if (isGiven || Math.abs(source.clockOffsetMs - finding.offsetMs) < 500) continue;
      source.clockOffsetMs = finding.offsetMs;
      source.clockFrom =
        finding.offsetMs === 0
          ? 'as logged, confirmed'
          : `learned from ${finding.support} requests shared with ${finding.againstPath}`;
      changed.push(source);
    }
    return changed;
  }

  /**
   * Links what is dirty, the newest first, until `budgetMs` are spent (at least one stretch). Returns the number of
   * stretches done; 0 = all is clean.
   */
  step(sources: Source[], budgetMs: number): number {
    const end = performance.now() + budgetMs;
    const dirty = this.#ledger.dirty(BUCKETS_MAX);
    if (dirty.length === 0) return 0;
    const readable = sources.filter((s) => s.reader !== null);
    let at = dirty.length - 1;
    let done = 0;
    while (at >= 0) {
      // From the newest back, as far as one stretch may go.
      const group = [dirty[at]!];
      let lines = this.#linesIn(readable, group[0]!.bucket, group[0]!.bucket + BUCKET_MS);
      at--;
      while (at >= 0) {
        const next = dirty[at]!;
        const first = group[group.length - 1]!;
        if (first.bucket - next.bucket > GAP_BUCKETS * BUCKET_MS) break;
        lines += this.#linesIn(readable, next.bucket, first.bucket);
        if (lines > SEGMENT_RECORDS) break;
        group.push(next);
        at--;
      }
      this.#segment(readable, group.reverse());
      done++;
      if (performance.now() >= end) break;
    }
    return done;
  }

  /** Lines of all sources in a stretch of time, by their blocks' share of it. */
  #linesIn(sources: Source[], fromMs: number, toMs: number): number {
    let lines = 0;
    for (const s of sources) {
      for (const b of this.#archive.extents({
        sourceId: s.id,
        fromMs: fromMs - s.clockOffsetMs,
        toMs: toMs - s.clockOffsetMs,
      })) {
        const span = Math.max(1, b.timeMaxMs - b.timeMinMs);
        const overlap = Math.min(b.timeMaxMs, toMs - s.clockOffsetMs) - Math.max(b.timeMinMs, fromMs - s.clockOffsetMs);
        lines += Math.ceil(b.lines * Math.min(1, Math.max(0, overlap) / span));
      }
    }
    return lines;
  }

  #segment(sources: Source[], group: { bucket: number; mark: number }[]): void {
    // Where lines are no longer kept, what was said about them stands.
    const horizon = this.#ledger.rawHorizonMs();
    const lost = group.filter((g) => g.bucket <= horizon);
    if (lost.length > 0) {
      this.#ledger.forget(lost);
      group = group.slice(lost.length);
      if (group.length === 0) return;
    }
    const fromMs = group[0]!.bucket;
    const toMs = group[group.length - 1]!.bucket + BUCKET_MS;
    let before = SLACK_MS;
    if (this.#linesIn(sources, fromMs - PAST_MS, toMs) < PAST_RECORDS) before = PAST_MS;
    const records: Placed[] = [];
    const bans: Placed[] = [];
    for (const s of sources) {
      const low = fromMs - before - s.clockOffsetMs;
      const high = toMs + SLACK_MS - s.clockOffsetMs;
      for (const block of this.#archive.blocks({ sourceId: s.id, fromMs: low, toMs: high })) {
        for (const p of this.#entries(block)) {
          if (!(p.timeMs >= low && p.timeMs < high)) continue;
          records.push({ line: p.line, entry: p.entry, timeMs: p.timeMs + s.clockOffsetMs });
        }
      }
    }
    // A ban outlasts any stretch: all lines of ban tools that are still kept.
    for (const s of sources) {
      if (s.reader!.dataset !== 'fail2ban' && s.reader!.dataset !== 'syslog') continue;
      for (const block of this.#archive.lastBlocks(s.id, CLOCK_SAMPLE_BYTES).reverse()) {
        for (const p of this.#entries(block)) bans.push({ ...p, timeMs: p.timeMs + s.clockOffsetMs });
      }
    }
    const byId = new Map(sources.map((s) => [s.id, s]));
    const linkSources = new Map(sources.map((s) => [s.id, linkSource(s)]));
    const linked = link(records, linkSources, {
      refusedStatus: this.#options.refusedStatus,
      explains,
      hasAccessLogs: sources.some((s) => s.requests > 0),
    });

    const assessments = linked.requests.map((r) => assess(r, this.#options.refusedStatus));
    const interest = new Interest();
    for (const a of assessments) if (needsContrast(a)) interest.add(a.fact);
    const population = new Population(interest);
    // In order of time: histories of clients are searched by it.
    for (const p of linked.passed) population.add(factOfLine(p.entry, p.timeMs));
    for (const a of assessments) population.add(a.fact);
    const around = {
      population,
      bans: new Bans(bans, (id) => byId.get(id)?.path ?? ''),
      hasErrorLog: (path: string, product: string) =>
        sources.some(
          (s) => s.reader!.dataset === `${product}.error` && s.parsed > 0 && dirname(s.path) === dirname(path),
        ),
    };
    const refusals: Refusal[] = [];
    // What a cache may go on answering with: the latest refusal of each address that came from further in.
    const cacheable = new Map<string, { verdict: Verdict; timeMs: number }>();
    for (const a of assessments) {
      const t = a.request.timeMs;
      const address = `${a.fact.method} ${a.fact.host ?? ''} ${a.fact.path}?${a.fact.query ?? ''}`;
      let verdict: Verdict;
      if (isCached(a)) verdict = fromCache(a, cacheable.get(address) ?? null);
      else {
        if (!(t >= fromMs && t < toMs) && a.request.hops.length === 1) continue;
        verdict = conclude(a, around);
        if (a.request.hops.length > 1) cacheable.set(address, { verdict, timeMs: t });
      }
      if (t >= fromMs && t < toMs) refusals.push(refusal(a.request, verdict));
    }
    this.#ledger.revise({ fromMs, toMs, refusals, done: group });
    this.#ledger.saveShares(
      linked.shares
        .filter((s) => s.lines >= 20)
        .map((s) => ({ sourceId: s.sourceId, share: 1 - s.withOuter / s.lines })),
    );
  }

  #entries(block: Block): Placed[] {
    const key = `${block.sourceId}:${block.offset}`;
    let entries = this.#decoded.get(key);
    if (entries) this.#decoded.delete(key);
    else {
      entries = entriesOf(block);
      this.#decodedRecords += entries.length;
    }
    this.#decoded.set(key, entries);
    while (this.#decodedRecords > DECODED_RECORDS_KEPT && this.#decoded.size > 1) {
      const oldest = this.#decoded.keys().next().value!;
      this.#decodedRecords -= this.#decoded.get(oldest)!.length;
      this.#decoded.delete(oldest);
    }
    return entries;
  }
}

function linkSource(s: Source): LinkSource {
  return {
    id: s.id,
    path: s.path,
    directory: dirname(s.path),
    dataset: s.reader!.dataset,
    layer: s.layer,
    order: orderOf(s.layer),
  };
}

function refusal(request: LinkedRequest, verdict: Verdict): Refusal {
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
  return {
    id: refusalId(outer.line),
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
    requestIds: [...ids].slice(0, 8),
    sourceId: outer.line.sourceId,
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
