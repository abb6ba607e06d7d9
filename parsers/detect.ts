/**
 * Chooses wrapper and format of a source from its first lines, and makes the function that reads its records.
 * Content decides; the file's name only says which of two products wrote lines that look the same. A few lines of
 * junk do not matter, and a source may hold lines of more than one format (containers write access and error logs
 * to one stream): then `alternates` are tried after the main one.
 */

import { envelopeNamed, findDocument } from './documents.ts';
import { type Entry, type Failure, isFailure, readLate } from './entry.ts';
import { ENVELOPES, type Envelope, emptyContext, nest } from './envelope.ts';
import { readSyslogText } from './formats/syslog.ts';
import { FORMATS } from './formats.ts';
import { compilePatterns } from './layout.ts';
import { type Context, type Format, RANK } from './parser.ts';
import { header, skimHaproxy, skimSyslog } from './skim.haproxy.ts';
import type { Skimmer } from './skim.ts';

export interface Hint {
  /** Path or name of the file; '' = unknown. */
  fileName: string;
  /** Near which time the lines were written (modification time), for times without a year. */
  referenceMs?: number;
}

export interface Tried {
  dataset: string;
  parsed: number;
  of: number;
}

export interface Detected {
  dataset: string;
  envelope: Envelope | null;
  /** Compiled, where there is a pattern. */
  format: Format;
  /** What the format was compiled from: the first directive of the sample, what was learned from it; null = it needs none. */
  pattern: string | null;
  /** Formats of lines that the main one does not read. */
  alternates: Format[];
  /** Syslog: the programs whose lines are of this format; lines of others are read as `syslog`. */
  tags: string[];
  /** Share of the lines that were read, lower when another format reads them as well. */
  confidence: number;
  tried: Tried[];
}

/** What to keep of a Detected to make it again after a restart. */
export interface SavedDetection {
  dataset: string;
  envelope: string | null;
  /** Of a directive, the user's or server's format string, or what was learned from the lines. */
  pattern?: string | null;
  /** Names; of a format that was learned with its pattern behind a blank. */
  alternates: string[];
  tags: string[];
}

export interface Reader {
  readonly dataset: string;
  /** For `split`: lines as they lie in the file, with their wrapper. */
  readonly starts?: (line: string) => boolean;
  readonly ends?: (line: string, firstLine: string) => boolean;
  /**
   * The pattern by which the records after this one are to be read, null = as before. Whoever reads goes on with
   * `makeReader(restoreDetection({…saved, pattern}))`: a reader remembers nothing from one record to the next.
   */
  directive(record: string): string | null;
  /** See Format.skim; absent where lines stand in a wrapper. */
  readonly skim?: Skimmer | undefined;
  /** One record as `split` gives it. `referenceMs`: modification time of the file or the time of the read. */
  read(record: string, referenceMs: number): Entry | Failure;
  /**
   * Only where one record of the file may hold several (a JSON array, a delivery of CloudWatch, lines of two streams
   * between the pieces of a cut one): all of them, in their order. `read` gives the first.
   */
  readAll?(record: string, referenceMs: number): (Entry | Failure)[];
}

const LINES_MAX = 400;
/** Below this share of readable lines a format is not the source's. */
const SHARE_MIN = 0.5;
/** From this share on a wrapper is the source's; below, lines with and without it stand in one file. */
const WRAPPED_MIN = 0.9;
const PARTLY_WRAPPED_MIN = 0.1;
/** Formats of a stream besides the main one. Example: access, error and application lines of one container. */
const ALTERNATES_MAX = 3;

/** How much a share counts, by rank: a specific format that reads nine of ten lines is right, though another reads all. */
const CREDIT: Record<number, number> = {
  [RANK.carrier]: 0.85,
  [RANK.learned]: 0.82,
  [RANK.syslog]: 0.8,
  [RANK.text]: 0.8,
};

const rankOf = (format: Format): number => format.rank ?? RANK.own;
/** Reads nearly anything: says little about where the lines come from. */
const isGeneric = (format: Format): boolean => rankOf(format) >= RANK.syslog;

/** The formats that are tried, the most specific first; those of a family are decided between afterwards. */
function candidates(): Format[] {
  return [...FORMATS.values()]
    .filter((format) => format.family === undefined)
    .sort((a, b) => rankOf(a) - rankOf(b) || (a.dataset < b.dataset ? -1 : 1));
}

/** The format of a dataset, compiled where a pattern is known. */
function formatOf(dataset: string, pattern: string | null): Format | undefined {
  const format = FORMATS.get(dataset);
  return pattern === null || format === undefined ? format : (compilePatterns(format, pattern) ?? format);
}

/** Control bytes where text belongs: compressed, encrypted or columnar data. */
function isBinary(lines: string[]): boolean {
  let bad = 0;
  let all = 0;
  for (const line of lines) {
    all += line.length;
    for (let i = 0; i < line.length && i < 2000; i++) {
      const c = line.charCodeAt(i);
      if (c < 9 || (c > 13 && c < 27) || c === 0xfffd) bad++;
    }
  }
  return bad > 0 && bad > all * 0.05;
}

interface Score {
  format: Format;
  parsed: number;
  of: number;
  /** Lines that belong to records that were read. */
  lines: number;
  entries: Entry[];
  /** The first directive among the lines. */
  pattern: string | null;
}

/** `learned`: the pattern of a format that learns; null = there is none. */
function score(
  format: Format,
  lines: string[],
  contexts: Context[],
  claimed: boolean[] | null,
  learned: string | null = null,
): Score {
  const result: Score = { format, parsed: 0, of: 0, lines: 0, entries: [], pattern: learned };
  if (format.learn !== undefined && learned === null) return result;
  const { starts, ends } = format;
  let reads = (learned === null ? undefined : format.compile?.(learned)) ?? format;
  let i = 0;
  while (i < lines.length) {
    const first = i++;
    if (lines[first]!.trim() === '') continue;
    const pattern = format.directive?.(lines[first]!) ?? null;
    if (pattern !== null) {
      result.pattern ??= pattern;
      reads = format.compile?.(pattern) ?? format;
      continue;
    }
    let count = 1;
    if (starts?.(lines[first]!)) {
      let closed = ends === undefined;
      while (i < lines.length) {
        const line = lines[i]!;
        if (ends === undefined) {
          if (starts(line)) break;
        } else if (ends(line, lines[first]!)) closed = true;
        // A line that a format of single lines reads is no continuation.
        if (claimed?.[i] !== true) count++;
        i++;
        if (ends !== undefined && closed) break;
      }
      // The sample ends within the record.
      if (!closed && result.parsed > 0) break;
    }
    const entry = reads.parse(lines.slice(first, i).join('\n'), contexts[first]!);
    if (isFailure(entry) && entry.failure === 'empty') continue;
    result.of += i - first - count + 1;
    if (!isFailure(entry)) {
      result.parsed++;
      result.lines += count;
      result.entries.push(entry);
    }
  }
  // A file that has only its head yet.
  if (result.of === 0 && result.pattern !== null) {
    result.of = 1;
    result.parsed = 1;
  }
  return result;
}

/** The formats that read these inner lines, best first. */
function rank(lines: string[], contexts: Context[], hint: Hint): Score[] {
  const all = candidates();
  const of = (format: Format, claimed: boolean[] | null, learned: string | null): Score => {
    const result = score(format, lines, contexts, claimed, learned);
    if (result.entries.length > 0 && format.claim !== undefined && !isHead(format)) {
      if (format.claim({ entries: result.entries, lines, fileName: hint.fileName.toLowerCase() }) <= 0)
        result.parsed = 0;
    }
    return result;
  };
  const scored = new Map<Format, Score>();
  for (const format of all)
    if (format.starts === undefined && rankOf(format) < RANK.learned) scored.set(format, of(format, null, null));
  const claimedBy = (line: string, i: number, some: (x: Score) => boolean): boolean => {
    // Only what looks like a record from its first byte: cheap for the many lines of a stack trace.
    const c = line.charCodeAt(0);
    if (c === 32 || c === 9 || Number.isNaN(c)) return false;
    for (const x of scored.values()) if (some(x) && !isFailure(x.format.parse(line, contexts[i]!))) return true;
    return false;
  };
  const claimed = lines.map((line, i) => claimedBy(line, i, (x) => x.format.learn === undefined));
  for (const format of all) {
    if (format.learn === undefined) continue;
    // Nothing to learn from what others wrote, but for those that have withdrawn.
    const pattern = format.learn(lines.filter((line, i) => !claimed[i] || !claimedBy(line, i, (x) => x.parsed > 0)));
    scored.set(format, of(format, null, pattern));
    if (pattern === null) continue;
    const learned = format.compile!(pattern);
    for (let i = 0; i < lines.length; i++)
      if (!claimed[i]) claimed[i] = !isFailure(learned.parse(lines[i]!, contexts[i]!));
  }
  const scores = all.map((format) => {
    const ofLines = format.starts !== undefined && format.ends === undefined ? claimed : null;
    return scored.get(format) ?? of(format, ofLines, null);
  });
  const shareOf = (x: Score) => {
    const share = x.of === 0 ? 0 : x.parsed / x.of;
    // From nine tenths on, being specific counts for more than the last lines. What reads anything reads junk as well.
    return (share >= 0.9 ? 1 : share) * (CREDIT[rankOf(x.format)] ?? 1);
  };
  return scores
    .map((x, order) => ({ x, order }))
    .sort((a, b) => shareOf(b.x) - shareOf(a.x) || a.order - b.order)
    .map(({ x }) => x);
}

const HEADS = new Set([...FORMATS.values()].flatMap((format) => format.family ?? []));
const isHead = (format: Format): boolean => HEADS.has(format.dataset);

/** The member of the head's family whose claim on the lines is greatest, or the head itself. */
function nameInFamily(head: Format, entries: Entry[], lines: string[], hint: Hint): Format {
  if (!isHead(head)) return head;
  const sample = { entries, lines, fileName: hint.fileName.toLowerCase() };
  let best = head;
  let most = head.claim?.(sample) ?? 0;
  for (const format of FORMATS.values()) {
    if (format.family !== head.dataset) continue;
    const claim = format.claim?.(sample) ?? 0;
    if (claim > most) {
      best = format;
      most = claim;
    }
  }
  return best;
}

/** Wrapper and format of these first lines; null = binary, empty, or nothing reads half of them. */
export function detect(lines: string[], hint: Hint): Detected | null {
  const sample = lines.slice(0, LINES_MAX).filter((line) => line.trim() !== '');
  if (sample.length === 0 || isBinary(sample)) return null;
  const packed = findDocument(sample);
  if (packed !== null) {
    const { document, records } = packed;
    const inside = detectLines(records.slice(0, LINES_MAX), hint);
    if (inside !== null) {
      const envelope = inside.envelope === null ? document : nest(document, inside.envelope);
      return { ...inside, envelope };
    }
  }
  return detectLines(sample, hint);
}

/**
 * The format is settled by somebody's word; only the wrapper is found out, and what else stands between its lines.
 * null = no such dataset.
 */
export function detectGiven(lines: string[], hint: Hint, dataset: string, given: string | null): Detected | null {
  const sample = lines.slice(0, LINES_MAX).filter((line) => line.trim() !== '');
  let pattern = given;
  if (given === null && FORMATS.get(dataset)?.learn !== undefined) {
    const found = detect(lines, hint);
    if (found?.dataset === dataset) return found;
    pattern = FORMATS.get(dataset)!.learn!(sample);
  }
  const format = formatOf(dataset, pattern);
  if (format === undefined) return null;
  const referenceMs = hint.referenceMs ?? Number.NaN;
  const wrappers: (Envelope | null)[] = [null];
  const packed = findDocument(sample);
  if (packed !== null) {
    const inner = bestEnvelope(packed.records, referenceMs).envelope;
    wrappers.push(packed.document, ...(inner === null ? [] : [nest(packed.document, inner)]));
  }
  const outer = sample.length === 0 ? null : bestEnvelope(sample, referenceMs).envelope;
  if (outer !== null) wrappers.push(...wrappersOf(sample, outer, referenceMs));
  let best: { envelope: Envelope | null; read: number; rest: string[]; tags: Set<string> } | null = null;
  for (const envelope of wrappers) {
    const rest: string[] = [];
    const tags = new Set<string>();
    const lines = envelope?.unpack === undefined ? sample : (packed?.records ?? sample);
    const inner = envelope?.unpack === undefined ? envelope : (envelope.inner ?? null);
    let read = 0;
    for (const line of lines) {
      const context = emptyContext(referenceMs);
      const text = inner === null ? line : inner.peel(line, context);
      const entry = text === null ? null : format.parse(text, context);
      if (entry === null || (isFailure(entry) && entry.failure !== 'empty')) rest.push(text ?? line);
      else {
        read += 1 / lines.length;
        if (envelope?.isSyslog === true && context.envelopeTag !== null) tags.add(context.envelopeTag);
      }
    }
    // The wrapper takes nothing away where the lines are read without it.
    if (best === null || read > best.read + 0.01) best = { envelope, read, rest, tags };
  }
  const { envelope, read, rest, tags } = best!;
  const several = format.starts === undefined && rest.length > 0 && read > 0;
  const other = several ? detectLines(rest, hint) : null;
  // Also the product's own layout, where the string came later than the file.
  const same = other?.dataset === dataset && pattern === null;
  const alternates = other === null || isGeneric(other.format) || same ? [] : [other.format];
  return {
    dataset,
    envelope,
    format,
    pattern,
    alternates,
    tags: [...tags],
    confidence: Math.round(read * 1000) / 1000,
    tried: [],
  };
}

function detectLines(sample: string[], hint: Hint): Detected | null {
  const referenceMs = hint.referenceMs ?? Number.NaN;
  const { envelope, share } = bestEnvelope(sample, referenceMs);
  if (envelope !== null && share >= WRAPPED_MIN) {
    const whole = envelope.join?.(sample.join('\n')).split('\n') ?? sample;
    for (const nested of wrappersOf(whole, envelope, referenceMs)) {
      const inside = detectInside(whole, nested, false, hint, referenceMs);
      if (inside !== null) return inside;
    }
    const syslog = envelope.isSyslog ? detectSyslog(sample, referenceMs) : null;
    if (syslog !== null) return syslog;
  }
  const contexts = sample.map(() => emptyContext(referenceMs));
  const plain = choose(sample, contexts, null, hint);
  if (envelope !== null && share < WRAPPED_MIN && (plain === null || isGeneric(plain.format) || plain.confidence < 1)) {
    // The same product, once through a shipper and once not: a pasted log, a file whose wrapper was changed.
    const inside = detectInside(sample, envelope, true, hint, referenceMs);
    if (inside !== null && !isGeneric(inside.format) && inside.confidence > (plain?.confidence ?? 0) - 0.1)
      return inside;
  }
  return plain;
}

/** How many wrappers may stand in each other. Example: CRI around syslog around Docker. */
const NESTED_MAX = 3;

/** The wrapper with those that stand inside of it, the deepest first. */
function wrappersOf(lines: string[], outer: Envelope, referenceMs: number): Envelope[] {
  const all = [outer];
  const context = emptyContext(referenceMs);
  let inner = lines;
  let last = outer;
  while (all.length < NESTED_MAX) {
    inner = inner.flatMap((line) => last.peel(line, context) ?? []).filter((line) => line.trim() !== '');
    const found = inner.length === 0 ? null : bestEnvelope(inner, referenceMs);
    if (found === null || found.envelope === null || found.share < WRAPPED_MIN || found.envelope === last) break;
    last = found.envelope;
    all.unshift(nest(outer, last));
    outer = all[0]!;
  }
  return all;
}

/** The wrapper that fits most lines. */
function bestEnvelope(lines: string[], referenceMs: number): { envelope: Envelope | null; share: number } {
  const context = emptyContext(referenceMs);
  let best: Envelope | null = null;
  let most = 0;
  for (const envelope of ENVELOPES) {
    let fits = 0;
    for (const line of lines) if (envelope.peel(line, context) !== null) fits++;
    if (fits >= lines.length * WRAPPED_MIN) return { envelope, share: fits / lines.length };
    if (fits > most) {
      best = envelope;
      most = fits;
    }
  }
  const share = most / lines.length;
  return share < PARTLY_WRAPPED_MIN ? { envelope: null, share: 0 } : { envelope: best, share };
}

function detectSyslog(lines: string[], referenceMs: number): Detected | null {
  const format = FORMATS.get('syslog');
  if (format === undefined) return null;
  const contexts = lines.map(() => emptyContext(referenceMs));
  const { parsed, of } = score(format, lines, contexts, null);
  if (parsed < of * SHARE_MIN) return null;
  return {
    dataset: format.dataset,
    envelope: null,
    format,
    pattern: null,
    alternates: [],
    tags: [],
    confidence: Math.round((parsed / of) * 900) / 1000,
    tried: [{ dataset: format.dataset, parsed, of }],
  };
}

/** `partly`: lines without the wrapper count as they are. */
function detectInside(
  lines: string[],
  envelope: Envelope,
  partly: boolean,
  hint: Hint,
  referenceMs: number,
): Detected | null {
  const inner: string[] = [];
  const contexts: Context[] = [];
  for (const line of lines) {
    const context = emptyContext(referenceMs);
    const text = envelope.peel(line, context) ?? (partly ? line : null);
    if (text === null) continue;
    inner.push(text);
    contexts.push(context);
  }
  const found = choose(inner, contexts, envelope, hint);
  if (found === null || found.dataset === 'syslog') return null;
  // A time in front of an application's own line is the application's.
  if (envelope.name.endsWith('timestamps') && rankOf(found.format) >= RANK.text) return null;
  return found;
}

/** A product's share of a stream of JSON from which on the stream is read as the product's. */
const OWN_SHARE_MIN = 0.05;

/** A layout was learned for a reason: from this share on it comes before what reads any text. */
const LEARNED_SHARE_MIN = 0.3;

/**
 * A carrier reads every line of a stream in which products of the same carrier are mixed (Azure's categories, whatever a
 * log sink of a cloud collects): the product that reads most comes first, and the others after it. So does a layout that
 * was learned, where an application's lines stand between.
 */
function ownFirst(scores: Score[], best = scores[0]): Score | undefined {
  if (best !== undefined && rankOf(best.format) === RANK.text) {
    const learned = scores.find((x) => x.format.learn !== undefined);
    if (learned !== undefined && learned.parsed >= best.of * LEARNED_SHARE_MIN) return learned;
  }
  if (best === undefined || rankOf(best.format) !== RANK.carrier) return best;
  let own: Score | undefined;
  for (const x of scores) {
    if (rankOf(x.format) !== RANK.own || x.format.starts !== undefined || x.parsed < x.of * OWN_SHARE_MIN) continue;
    // A format that has to claim its lines reads those of others as well.
    if (x.format.claim !== undefined) continue;
    // One line among many that looks like the product's is an accident.
    if (x.parsed < 2 && x.parsed < x.of * 0.3) continue;
    if (x.parsed > (own?.parsed ?? 0)) own = x;
  }
  return own ?? best;
}

function choose(lines: string[], contexts: Context[], envelope: Envelope | null, hint: Hint): Detected | null {
  const scores = rank(lines, contexts, hint);
  const tried = scores.filter((x) => x.of > 0).map((x) => ({ dataset: x.format.dataset, parsed: x.parsed, of: x.of }));
  const best = ownFirst(scores);
  if (best === undefined || best.parsed === 0 || best.of === 0) return null;
  const format = nameInFamily(best.format, best.entries, lines, hint);
  const main = best.pattern === null ? format : (format.compile?.(best.pattern) ?? format);
  const reads = (x: Format, i: number) => !isFailure(x.parse(lines[i]!, contexts[i]!));
  let share = best.parsed / best.of;
  const alternates: Format[] = [];
  let rest = share < 0.98 ? lines.map((_, i) => i).filter((i) => !reads(main, i) && !isComment(main, lines[i]!)) : [];
  while (share < 0.98 && alternates.length < ALTERNATES_MAX && best.format.ends === undefined) {
    if (isGeneric(best.format) || rest.length === 0) break;
    const restLines = rest.map((i) => lines[i]!);
    const others = rank(
      restLines,
      rest.map((i) => contexts[i]!),
      hint,
    ).filter((x) => x.parsed > 0 && x.format !== best.format && rankOf(x.format) !== RANK.syslog);
    const second = nextFormat(others, best.format.starts === undefined);
    if (second === null) break;
    const named = nameInFamily(second.format, second.entries, restLines, hint);
    const other = named.learn === undefined || second.pattern === null ? named : named.compile!(second.pattern);
    alternates.push(other);
    share = Math.min(1, share + second.parsed / lines.length);
    rest = rest.filter((i) => !reads(other, i));
  }
  if (share < SHARE_MIN) return null;
  const tags = new Set<string>();
  if (envelope?.isSyslog === true) {
    lines.forEach((_, i) => {
      const tag = contexts[i]!.envelopeTag;
      if (tag !== null && !tags.has(tag) && reads(main, i)) tags.add(tag);
    });
  }
  return {
    dataset: format.dataset,
    envelope,
    format: main,
    pattern: best.pattern,
    alternates,
    tags: [...tags],
    confidence: Math.round(share * (isGeneric(format) ? 0.9 : 1) * 1000) / 1000,
    tried,
  };
}

/**
 * The format of most of the lines that are left over: a specific one before one that reads anything. `anything`: that
 * may be taken too; where the main format has records of several lines, its stack traces would go to it.
 */
function nextFormat(scores: Score[], anything: boolean): Score | null {
  const specific = scores.filter((x) => !isGeneric(x.format) && (!anything || x.parsed >= 2 || x.parsed >= x.of * 0.6));
  if (specific.length > 0) {
    const most = Math.max(...specific.map((x) => x.parsed));
    const many = specific.filter((x) => x.parsed >= most * 0.9);
    const first = many.reduce((a, b) => (rankOf(b.format) < rankOf(a.format) ? b : a));
    return ownFirst(specific, first) ?? first;
  }
  // One stray line of text is junk, not a second format.
  // Many lines with a time of their own are one, whatever else stands there (a server's start, traces).
  const isSecond = ({ format, parsed, of }: Score): boolean =>
    isGeneric(format) && parsed >= 3 && (parsed >= of * 0.6 || parsed >= TEXTS_MIN);
  return (anything && scores.find(isSecond)) || null;
}

const TEXTS_MIN = 8;

/** Nothing to read for this format: a directive or another comment. */
function isComment(format: Format, line: string): boolean {
  const entry = format.parse(line, emptyContext());
  return isFailure(entry) && entry.failure === 'empty';
}

export function saveDetection(detected: Detected): SavedDetection {
  return {
    dataset: detected.dataset,
    envelope: detected.envelope?.name ?? null,
    pattern: detected.pattern,
    alternates: detected.alternates.map(({ dataset, pattern }) =>
      FORMATS.get(dataset)?.learn === undefined || pattern === undefined ? dataset : `${dataset} ${pattern}`,
    ),
    tags: detected.tags,
  };
}

/** Null when a name is no longer known: detect again. */
export function restoreDetection(saved: SavedDetection): Detected | null {
  const pattern = saved.pattern ?? null;
  const format = formatOf(saved.dataset, pattern);
  const envelope = saved.envelope === null ? null : envelopeNamed(saved.envelope);
  if (format === undefined || (saved.envelope !== null && envelope === null)) return null;
  const alternates = saved.alternates.flatMap((name) => {
    const blank = name.indexOf(' ');
    return (blank < 0 ? FORMATS.get(name) : formatOf(name.slice(0, blank), name.slice(blank + 1))) ?? [];
  });
  return { dataset: saved.dataset, envelope, format, pattern, alternates, tags: saved.tags, confidence: 1, tried: [] };
}

const QUARTER_MS = 15 * 60_000;
/** Difference to a full quarter of an hour that delays and clocks explain. */
const ZONE_SLACK_MS = 4 * 60_000;

/**
 * A record without zone inside a wrapper with one: the zone is the difference, rounded to a quarter of an hour.
 * Mutates the entry. Times that do not fit any zone stay as they are.
 */
export function settleZone(entry: Entry, context: Context): void {
  if (Number.isNaN(context.envelopeMs)) return;
  if (Number.isNaN(entry.timeMs)) {
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = context.envelopeZoneless;
    return;
  }
  if (!entry.timeZoneless || context.envelopeZoneless) return;
  // What is stamped at the start is written a duration later.
  const written = entry.timePoint === 'start' ? entry.timeMs + (entry.durationMs ?? 0) : entry.timeMs;
  const zoneMs = zoneBetween(written, context.envelopeMs);
  if (Number.isNaN(zoneMs)) return;
  entry.timeMs -= zoneMs;
  entry.timeZoneless = false;
}

/** The zone of a wall clock that was written at `atMs`, NaN = no zone explains the difference. */
function zoneBetween(writtenMs: number, atMs: number): number {
  const difference = writtenMs - atMs;
  const zoneMs = Math.round(difference / QUARTER_MS) * QUARTER_MS;
  return Math.abs(zoneMs) > 14 * 3_600_000 || Math.abs(difference - zoneMs) > ZONE_SLACK_MS ? Number.NaN : zoneMs;
}

/** Skims what stands behind a syslog header, as `read` of the wrapped reader would read it. */
function skimBehind(envelope: Envelope, skim: Skimmer): Skimmer | undefined {
  const iso = envelope.name === 'syslog-iso';
  if (!iso && envelope.name !== 'syslog-3164') return undefined;
  return (text, bytes, from, to, out) => {
    const at = skimSyslog(text, bytes, from, to, iso);
    if (at < 0 || !skim(text, bytes, at, to, out)) return false;
    if (!out.zoneless || Number.isNaN(header.ms)) return true;
    // The time is that of the start.
    const zoneMs = zoneBetween(out.timeMs + out.durationMs, header.ms);
    if (Number.isNaN(zoneMs)) return true;
    out.timeMs -= zoneMs;
    out.zoneless = false;
    return true;
  };
}

/** A line of a stack trace, its beginning or its end: `  File "…"`, `\tat …`, `Caused by: …`, `app.errors.Denied: no such role`. */
const TRACE =
  /^(?:\s|Traceback \(|Caused by: |(?:[A-Za-z_$][\w$]*\.)+[A-Z][\w$]*(?:: |$)|[A-Z][\w$]*(?:Error|Exception|Denied|Forbidden|Exit|Interrupt)(?:: |$))/;

function readBy(format: Format, text: string, context: Context): Entry | Failure {
  return format.late === true ? readLate(format.parse, text, context) : format.parse(text, context);
}

/** One function from the text of a record, as it lies in the file, to its Entry. Not for use by two threads: it holds a Context. */
export function makeReader(detected: Detected): Reader {
  const { format, envelope, alternates } = detected;
  const context = emptyContext();
  const json = FORMATS.get('json');
  const tags = new Set(detected.tags);
  // A compiled format need not know of directives itself.
  const base = FORMATS.get(detected.dataset) ?? format;
  const directive = (line: string): string | null => {
    const pattern = base.directive?.(line) ?? null;
    return pattern === detected.pattern ? null : pattern;
  };

  // Where the main format has records of several lines, a line of an alternate is no continuation of them.
  const { ends } = format;
  const mainStarts = format.starts;
  const alternateStarts = (line: string): boolean =>
    alternates.some((x) => (x.starts === undefined ? !isFailure(x.parse(line, context)) : x.starts(line)));
  let { starts } = format;
  if (mainStarts !== undefined && alternates.length > 0) starts = (line) => mainStarts(line) || alternateStarts(line);
  // Where it has not, but a program writes between its lines, what looks like a trace belongs to the program's line.
  else if (
    ends === undefined &&
    envelope?.join === undefined &&
    alternates.some((x) => x.starts !== undefined && x.ends === undefined)
  )
    starts = (line) => !TRACE.test(line) || !isFailure(format.parse(line, context)) || alternateStarts(line);

  const parseInner = (text: string): Entry | Failure => {
    const newline = mainStarts === undefined && starts !== undefined ? text.indexOf('\n') : -1;
    const entry = readBy(format, newline < 0 ? text : text.slice(0, newline), context);
    if (!isFailure(entry)) return entry;
    for (const alternate of alternates) {
      const other = readBy(alternate, text, context);
      if (!isFailure(other)) return other;
    }
    return entry;
  };

  if (envelope === null) {
    return {
      dataset: detected.dataset,
      starts,
      ends,
      directive,
      skim: starts === undefined ? format.skim : undefined,
      read(record, referenceMs) {
        context.referenceMs = referenceMs;
        return parseInner(record);
      },
    };
  }

  if (envelope.unpack !== undefined) return makeUnpacker(detected, envelope);

  const scratch = emptyContext();
  const peelLine = (line: string) => envelope.peel(line, scratch);
  const read = (raw: string, referenceMs: number): Entry | Failure => {
    context.referenceMs = referenceMs;
    scratch.referenceMs = referenceMs;
    const record = envelope.join !== undefined && raw.indexOf('\n') >= 0 ? envelope.join(raw) : raw;
    const newline = record.indexOf('\n');
    let text = envelope.peel(newline < 0 ? record : record.slice(0, newline), context);
    if (text === null) {
      // A line without the wrapper may still be readable (the shipper's own line, a pasted one).
      const entry = parseInner(record);
      return isFailure(entry) ? { failure: record.trim() === '' ? 'empty' : 'format', field: 'envelope' } : entry;
    }
    if (newline >= 0) {
      for (const line of record.slice(newline + 1).split('\n')) text += `\n${peelLine(line) ?? line}`;
    }
    const entry = parseInner(text);
    if (!isFailure(entry)) {
      settleZone(entry, context);
      if (entry.processId === null && envelope.isSyslog) entry.processId = context.envelopePid;
      return entry;
    }
    // Other programs write to the same syslog file.
    if (envelope.isSyslog && context.envelopeTag !== null && !tags.has(context.envelopeTag))
      return readSyslogText(text, context);
    if (envelope.isJson === true && json !== undefined && record.charCodeAt(0) === 123) {
      const whole = json.parse(record, emptyContext(referenceMs));
      if (!isFailure(whole)) return whole;
    }
    return entry;
  };
  const plain = starts === undefined && envelope.starts === undefined && envelope.join === undefined;
  const reader: Reader = {
    dataset: detected.dataset,
    // A format that skims behind a header stamps the start and reads its duration.
    skim: plain && format.skim === skimHaproxy ? skimBehind(envelope, format.skim) : undefined,
    directive: base.directive === undefined ? directive : (line) => directive(peelLine(line) ?? line),
    // Pieces of a cut line are put together by the wrapper; where the format has records of several lines, the
    // later pieces do not look like its beginnings.
    starts: starts === undefined ? envelope.starts : (line) => starts(peelLine(line) ?? line),
    ends:
      starts === undefined
        ? envelope.ends
        : ends && ((line, first) => ends(peelLine(line) ?? line, peelLine(first) ?? first)),
    read,
  };
  if (starts !== undefined || envelope.join === undefined) return reader;
  return {
    ...reader,
    readAll(raw, referenceMs) {
      if (raw.indexOf('\n') < 0) return [read(raw, referenceMs)];
      return envelope.join!(raw)
        .split('\n')
        .map((line) => read(line, referenceMs));
    },
  };
}

/** Reads documents that hold many records; inside, records may again have several lines, each an element. */
function makeUnpacker(detected: Detected, envelope: Envelope): Reader {
  const inner = makeReader({ ...detected, envelope: envelope.inner ?? null });
  const { starts } = inner;
  const readAll = (record: string, referenceMs: number): (Entry | Failure)[] => {
    const texts = envelope.unpack?.(record) ?? null;
    if (texts === null) {
      // What stands around the elements: `[`, `]`, `"Records": [`.
      const punctuation = /^[\s\]{}[,]*(?:"[\w.]{1,40}"\s*:\s*(?:\[|"[^"]*",?|\d+,?)?)?[\s\]{}[,]*$/.test(
        record.slice(0, 200),
      );
      return [{ failure: punctuation ? 'empty' : 'format', field: 'envelope' }];
    }
    const out: (Entry | Failure)[] = [];
    for (let i = 0; i < texts.length; ) {
      let text = texts[i++]!;
      if (starts !== undefined && inner.ends === undefined && starts(text))
        while (i < texts.length && !starts(texts[i]!)) text += `\n${texts[i++]}`;
      out.push(inner.read(text, referenceMs));
    }
    return out;
  };
  return {
    dataset: detected.dataset,
    directive: () => null,
    starts: envelope.starts,
    ends: envelope.ends,
    read: (record, referenceMs) => readAll(record, referenceMs)[0]!,
    readAll,
  };
}
