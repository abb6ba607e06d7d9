/**
 * Learns by how much each source's clock is off, and the zone of logs that name none, from lines that can only
 * be the same request: a shared id, or a request key that occurs once in both. The outermost source is the
 * measure of time. Pure: samples in, offsets out.
 */
import type { Entry } from '../../parsers/entry.ts';
import { CLOCK_OFFSET_MAX_MS } from '../limits.ts';
import type { Placed } from '../model/line.ts';
import { matters } from '../model/matters.ts';
import { addressesOf, comparablePath, isStrongId, requestKey } from './keys.ts';
import { type Beat, rhythm } from './rhythm.ts';
import type { LinkSource } from './source.ts';

export interface ClockFinding {
  sourceId: number;
  /** To be added to the record's own time, on top of nothing. */
  offsetMs: number;
  /** Shared requests that it rests on. */
  support: number;
  /** Source it was measured against. */
  againstPath: string;
  /** The offset is that of the machine's clock alone: the zone of the log comes on top. */
  addsToZone?: boolean;
}

interface Sample {
  source: LinkSource;
  zoneless: boolean;
  /** Whole seconds only: the fraction is cut off. */
  coarse: boolean;
  /** key → own time, NaN when the key occurs more than once. */
  keys: Map<string, number>;
  /** key → all its times, for logs in which the same request is made again and again. */
  times: Map<string, number[]>;
  /** What happened when, for logs that share no key with anybody. */
  beats: Beat[];
  /** From the first of its lines to the last. */
  spanMs: number;
}

/** A log whose clock is known as well as it will be. */
interface Known {
  sample: Sample;
  offsetMs: number;
  /** Its zone is known: it names it, or it was measured. */
  isZoned: boolean;
}

/** Fewer agreeing pairs prove nothing. */
const SUPPORT_MIN = 5;
/** The share of pairs that must agree within one second. */
const AGREEMENT_MIN = 0.6;
/**
 * Between moments of a second or two every two like requests differ alike, be they the same or not: in a storm the
 * newest lines of a log are a second, and those of the log beside it, which is read less far, the second before. Where
 * no id is shared one of the logs has to reach so far that chance would agree on less than a third.
 */
const PROVING_MS = 7000;
/** A difference below this is granularity of the logs, not of the clocks. */
const NOISE_MS = 1200;
/** The same between logs whose moments met to a few milliseconds. */
const FINE_NOISE_MS = 50;
const QUARTER_MS = 900_000;

/** `records`: own times, not corrected. */
export function learnClocks(samples: { source: LinkSource; records: Placed[] }[]): ClockFinding[] {
  const all: Sample[] = samples.map(({ source, records }) => ({
    source,
    zoneless: records.some((r) => r.entry.timeZoneless),
    ...keysOf(records),
    beats: beatsOf(records),
    spanMs: spanMsOf(records),
    coarse: !records.some((r) => r.entry.timeMs % 1000 !== 0),
  }));
  // The measure: zoned logs before zoneless ones, then the outermost, then the one with most keys.
  all.sort(
    (a, b) => Number(a.zoneless) - Number(b.zoneless) || a.source.order - b.source.order || b.keys.size - a.keys.size,
  );
  const findings: ClockFinding[] = [];
  const left = new Set(all);
  const best = new Map<Sample, ClockFinding>();
  const settle = (sample: Sample, finding: ClockFinding | null): void => {
    left.delete(sample);
    if (finding) findings.push(finding);
    const known = { sample, offsetMs: finding?.offsetMs ?? 0, isZoned: !sample.zoneless || finding !== null };
    settled.push(known);
    for (const other of left) {
      const found = compare(sample, known.offsetMs, other);
      if (found && found.support > (best.get(other)?.support ?? 0)) best.set(other, found);
    }
  };
  const settled: Known[] = [];
  while (left.size > 0) {
    // Whoever shares most requests with a log whose clock is known comes next: an outer log may share none.
    let next: Sample | null = null;
    for (const sample of left) {
      const support = best.get(sample)?.support ?? 0;
      if (support > (next === null ? 0 : best.get(next)!.support)) next = sample;
    }
    if (next !== null) {
      settle(next, best.get(next)!);
      continue;
    }
    const [first] = left;
    const zone = first!.zoneless ? (zoneOf(first!, settled) ?? zoneByRhythm(first!, settled)) : null;
    settle(first!, zone ?? (settled.length === 0 ? null : byRhythm(first!, settled)));
  }
  return [...findings, ...inherited(all, findings)];
}

/**
 * By nothing but moments: those of one client, or of whatever was refused and complained about. Not where the clock is
 * right already as far as can be told: then nothing is to be learned.
 */
function byRhythm(sample: Sample, settled: { sample: Sample; offsetMs: number }[]): ClockFinding | null {
  const candidates = nearest(
    sample,
    settled.filter((k) => k.sample.zoneless === sample.zoneless),
  );
  let best: ClockFinding | null = null;
  for (const known of candidates) {
    const beats = known.sample.beats.map((b) => ({ key: b.key, timeMs: b.timeMs + known.offsetMs }));
    const isCoarse = sample.coarse || known.sample.coarse;
    const found = rhythm(beats, sample.beats, isCoarse);
    if (found === null || (best !== null && found.support <= best.support)) continue;
    const offsetMs = edgeOf(found.differences, known.sample, sample);
    best = {
      sourceId: sample.source.id,
      offsetMs: Math.abs(offsetMs) < (isCoarse ? NOISE_MS : FINE_NOISE_MS) ? 0 : Math.round(offsetMs),
      support: found.support,
      againstPath: known.sample.source.path,
    };
  }
  return best;
}

/** Zones: the quarters of an hour that are in use, and how far a clock may be off besides. */
const ZONES_MS = Array.from({ length: 105 }, (_, k) => (k - 48) * QUARTER_MS);
const ZONE_REACH_MS = 10_000;
/** So many times as many moments meet in the right zone as in any other. */
const ZONE_CLEARLY = 1.5;

/**
 * The zone of a log that names none and shares no request with anybody (what a Java application writes): the one in
 * which its moments meet those of a log that names its zone, and far fewer in any other.
 */
function zoneByRhythm(sample: Sample, settled: Known[]): ClockFinding | null {
  const span = spanOf(sample.beats);
  if (span === null) return null;
  const meets: { finding: ClockFinding; zoneMs: number }[] = [];
  for (const known of nearest(
    sample,
    settled.filter((k) => k.isZoned),
  )) {
    const other = spanOf(known.sample.beats);
    if (other === null) continue;
    const isCoarse = sample.coarse || known.sample.coarse;
    for (const zoneMs of ZONES_MS) {
      const movedMs = known.offsetMs - zoneMs;
      const fromMs = Math.max(span[0], other[0] + movedMs) - ZONE_REACH_MS;
      const toMs = Math.min(span[1], other[1] + movedMs) + ZONE_REACH_MS;
      if (fromMs >= toMs) continue;
      const isIn = (b: Beat): boolean => b.timeMs >= fromMs && b.timeMs <= toMs;
      const beats = known.sample.beats.map((b) => ({ key: b.key, timeMs: b.timeMs + movedMs })).filter(isIn);
      const found = rhythm(beats, sample.beats.filter(isIn), isCoarse, ZONE_REACH_MS);
      if (found === null) continue;
      const edge = edgeOf(found.differences, known.sample, sample);
      const offsetMs = zoneMs + (Math.abs(edge) < (isCoarse ? NOISE_MS : FINE_NOISE_MS) ? 0 : Math.round(edge));
      const { id: sourceId } = sample.source;
      const finding = { sourceId, offsetMs, support: found.support, againstPath: known.sample.source.path };
      meets.push({ finding, zoneMs });
    }
  }
  meets.sort((a, b) => b.finding.support - a.finding.support);
  const best = meets[0];
  const second = meets.find((m) => m.zoneMs !== best?.zoneMs);
  if (best === undefined || best.finding.support < (second?.finding.support ?? 0) * ZONE_CLEARLY) return null;
  return best.finding;
}

function spanOf(beats: readonly Beat[]): [number, number] | null {
  if (beats.length === 0) return null;
  let [from, to] = [Infinity, -Infinity];
  for (const { timeMs } of beats) {
    if (timeMs < from) from = timeMs;
    if (timeMs > to) to = timeMs;
  }
  return [from, to];
}

/** Logs that one without shared requests is held against: those beside it and the busiest. */
const RHYTHM_AGAINST_MAX = 6;

function nearest<K extends { sample: Sample }>(sample: Sample, among: K[]): K[] {
  const { directory, order } = sample.source;
  const near = (s: Sample): number => Number(s.source.directory === directory) * 2 + Number(s.source.order === order);
  return among
    .sort((a, b) => near(b.sample) - near(a.sample) || b.sample.beats.length - a.sample.beats.length)
    .slice(0, RHYTHM_AGAINST_MAX);
}

/**
 * The offset among differences that agree, sorted. A log of whole seconds says up to a second too little, evenly spread:
 * against a finer log the offset lies at the edge of the differences, which is told best a little inside (the outermost
 * few were logged late).
 */
function edgeOf(differences: readonly number[], known: Sample, sample: Sample): number {
  const inside = sample.coarse === known.coarse ? 0.5 : sample.coarse ? 0.05 : 0.95;
  const edge = sample.coarse === known.coarse ? 0 : sample.coarse ? -50 : 50;
  const n = differences.length;
  return differences[Math.min(n - 1, Math.floor(n * inside))]! + edge;
}

/** Moments of one client that are told apart: a client with more is a proxy, or too busy to tell. */
const CLIENT_BEATS_MAX = 40;

function beatsOf(records: Placed[]): Beat[] {
  const out: Beat[] = [];
  const perClient = new Map<string, number>();
  for (const { entry } of records) {
    if (Number.isNaN(entry.timeMs) || entry.kind === 'ban') continue;
    const timeMs = decisionTime(entry);
    const status = entry.httpResponseStatusCode ?? 0;
    if (entry.kind === 'access' ? status >= 400 : matters(entry)) out.push({ key: '', timeMs });
    for (const client of addressesOf(entry)) {
      const key = `${client} ${entry.userAgentOriginal ?? ''}`;
      perClient.set(key, (perClient.get(key) ?? 0) + 1);
      out.push({ key, timeMs });
    }
  }
  return out.filter((b) => (perClient.get(b.key) ?? 0) <= CLIENT_BEATS_MAX);
}

/** Two lines that fit to the second under one zone and under no other: enough for a log that lies beside the other. */
const ZONE_VOTES_MIN = 2;
const ZONE_FIT_MS = 2500;

/** The zone of a log that names none, voted for by all pairs of like lines of a log in the same directory. */
function zoneOf(sample: Sample, settled: { sample: Sample; offsetMs: number }[]): ClockFinding | null {
  const isBeside = (s: Sample): boolean => s.source.directory === sample.source.directory;
  const zoned = settled.filter((k) => !k.sample.zoneless);
  return (
    votedZone(
      sample,
      zoned.filter((k) => isBeside(k.sample)),
      ZONE_VOTES_MIN,
    ) ??
    // A log in another place may be another machine's: that takes more of them.
    votedZone(
      sample,
      zoned.filter((k) => !isBeside(k.sample)),
      SUPPORT_MIN,
    )
  );
}

function votedZone(sample: Sample, among: { sample: Sample; offsetMs: number }[], least: number): ClockFinding | null {
  const votes = new Map<number, number>();
  let against = '';
  for (const known of among) {
    for (const [key, mine] of sample.times) {
      const theirs = known.sample.times.get(key);
      if (!theirs) continue;
      for (const t of mine) {
        const zones = new Set<number>();
        for (const u of theirs) {
          const difference = u + known.offsetMs - t;
          const zone = Math.round(difference / QUARTER_MS) * QUARTER_MS;
          if (Math.abs(difference - zone) <= ZONE_FIT_MS && Math.abs(zone) <= 14 * 3_600_000) zones.add(zone);
        }
        for (const z of zones) votes.set(z, (votes.get(z) ?? 0) + 1);
        if (zones.size > 0) against = known.sample.source.path;
      }
    }
  }
  const order = [...votes].sort((a, b) => b[1] - a[1]);
  const [first, second] = order;
  if (first === undefined || first[1] < least || first[1] <= (second?.[1] ?? 0) * 1.5) return null;
  return { sourceId: sample.source.id, offsetMs: first[0], support: first[1], againstPath: against };
}

/** Logs that lie in one directory are written by one machine: what shares no request with anybody has its neighbour's clock. */
function inherited(all: Sample[], findings: ClockFinding[]): ClockFinding[] {
  const found = new Map(findings.map((f) => [f.sourceId, f]));
  const out: ClockFinding[] = [];
  // What others were measured against shares requests with somebody: its clock is the measure, whoever lies beside it.
  const measures = new Set(findings.map((f) => f.againstPath));
  for (const sample of all) {
    if (found.has(sample.source.id) || measures.has(sample.source.path)) continue;
    const neighbours = all.filter(
      (x) => x !== sample && x.source.directory === sample.source.directory && found.has(x.source.id),
    );
    // A neighbour that names no zone either tells zone and clock; one with a zone tells the clock alone.
    const alike = neighbours.find((x) => x.zoneless === sample.zoneless);
    if (alike === undefined) continue;
    const finding = found.get(alike.source.id)!;
    if (finding.offsetMs === 0) continue;
    out.push({
      sourceId: sample.source.id,
      offsetMs: finding.offsetMs,
      support: finding.support,
      againstPath: alike.source.path,
    });
  }
  for (const sample of all) {
    if (found.has(sample.source.id) || out.some((f) => f.sourceId === sample.source.id) || !sample.zoneless) continue;
    const zoned = all.find(
      (x) =>
        !x.zoneless && x.source.directory === sample.source.directory && (found.get(x.source.id)?.offsetMs ?? 0) !== 0,
    );
    if (zoned === undefined) continue;
    const finding = found.get(zoned.source.id)!;
    out.push({
      sourceId: sample.source.id,
      offsetMs: finding.offsetMs,
      support: finding.support,
      againstPath: zoned.source.path,
      addsToZone: true,
    });
  }
  return out;
}

function compare(known: Sample, knownOffset: number, sample: Sample): ClockFinding | null {
  const [small, large] = known.keys.size < sample.keys.size ? [known.keys, sample.keys] : [sample.keys, known.keys];
  const byAny: number[] = [];
  const byId: number[] = [];
  for (const key of small.keys()) {
    if (!large.has(key)) continue;
    const a = known.keys.get(key)!;
    const b = sample.keys.get(key)!;
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    byAny.push(a + knownOffset - b);
    if (key.startsWith(ID_KEY)) byId.push(a + knownOffset - b);
  }
  const isById = byId.length >= SUPPORT_MIN;
  const differences = isById ? byId : byAny;
  if (differences.length < SUPPORT_MIN) return null;
  differences.sort((x, y) => x - y);
  // The densest stretch of two seconds.
  let from = 0;
  let bestFrom = 0;
  let bestCount = 0;
  for (let to = 0; to < differences.length; to++) {
    while (differences[to]! - differences[from]! > 2000) from++;
    if (to - from + 1 > bestCount) {
      bestCount = to - from + 1;
      bestFrom = from;
    }
  }
  if (bestCount < SUPPORT_MIN || bestCount < AGREEMENT_MIN * differences.length) return null;
  const middle = edgeOf(differences.slice(bestFrom, bestFrom + bestCount), known, sample);
  const isProven = isById || Math.max(known.spanMs, sample.spanMs) >= PROVING_MS;
  if (!isProven && !(sample.zoneless && Math.abs(middle) > QUARTER_MS / 2)) return null;
  let offsetMs = middle;
  if (sample.zoneless) {
    const zone = Math.round(middle / QUARTER_MS) * QUARTER_MS;
    offsetMs = Math.abs(middle - zone) < NOISE_MS ? zone : middle;
    if (Math.abs(middle - zone) > CLOCK_OFFSET_MAX_MS) return null;
  } else if (Math.abs(middle) < NOISE_MS) offsetMs = 0;
  else if (Math.abs(middle) > CLOCK_OFFSET_MAX_MS) return null;
  return {
    sourceId: sample.source.id,
    offsetMs: Math.round(offsetMs),
    support: bestCount,
    againstPath: known.source.path,
  };
}

function spanMsOf(records: Placed[]): number {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { entry } of records) {
    if (Number.isNaN(entry.timeMs)) continue;
    from = Math.min(from, entry.timeMs);
    to = Math.max(to, entry.timeMs);
  }
  return Math.max(0, to - from);
}

/** Several kinds of key for one record; a prefix keeps them apart. */
const ID_KEY = 'i ';
/** Times kept of one key: enough to vote for a zone. */
const TIMES_MAX = 20;

function keysOf(records: Placed[]): { keys: Map<string, number>; times: Map<string, number[]> } {
  const keys = new Map<string, number>();
  const times = new Map<string, number[]>();
  const add = (key: string, ms: number): void => {
    const all = times.get(key);
    if (!all) times.set(key, [ms]);
    else if (all.length < TIMES_MAX) all.push(ms);
    if (keys.has(key)) {
      // The same request may be in one log twice (two error lines): close together is still one moment.
      if (Math.abs(keys.get(key)! - ms) > 1500) keys.set(key, Number.NaN);
    } else keys.set(key, ms);
  };
  for (const { entry } of records) {
    if (Number.isNaN(entry.timeMs)) continue;
    const ms = decisionTime(entry);
    for (const id of entry.requestIds) if (isStrongId(id)) add(`${ID_KEY}${id}`, ms);
    const key = requestKey(entry);
    if (key !== null && entry.urlPath !== '/') {
      const client = addressesOf(entry);
      if (entry.userAgentOriginal) add(`u ${key} ${entry.urlQuery ?? ''} ${entry.userAgentOriginal}`, ms);
      for (const c of client) add(`c ${key} ${c}`, ms);
      add(`p ${comparablePath(entry.urlPath!)}`, ms);
    } else if (entry.filePath !== null && entry.clientAddress !== null) {
      const name = entry.filePath.slice(entry.filePath.lastIndexOf('/') + 1);
      if (name !== '') add(`f ${name} ${entry.clientAddress}`, ms);
    }
    if (entry.kind === 'access' && entry.urlPath !== null && entry.clientAddress !== null) {
      const name = entry.urlPath.slice(entry.urlPath.lastIndexOf('/') + 1);
      if (name !== '') add(`f ${name} ${entry.clientAddress}`, ms);
    }
    // A ban tool tells of an address that failed (401, 403) somewhere at that moment.
    if (entry.kind === 'ban' && entry.clientAddress !== null) add(`b ${entry.clientAddress}`, ms);
    else if (entry.clientAddress !== null && (entry.kind === 'error' || entry.httpResponseStatusCode === 401)) {
      add(`b ${entry.clientAddress}`, ms);
    }
  }
  return { keys, times };
}

/** The moment that all layers share best: the end where it is known. */
function decisionTime(entry: Entry): number {
  return entry.timePoint === 'start' && entry.durationMs !== null ? entry.timeMs + entry.durationMs : entry.timeMs;
}
