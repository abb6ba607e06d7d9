/**
 * Chooses wrapper and format of a source from its first lines, and makes the function that reads its records.
 * Content decides; the file's name only says which of two products wrote lines that look the same. A few lines of
 * junk do not matter, and a source may hold lines of more than one format (containers write access and error logs
 * to one stream): then `alternates` are tried after the main one.
 */
import { type Entry, type Failure, isFailure } from './entry.ts';
import { detectEnvelope, ENVELOPES, type Envelope, emptyContext } from './envelope.ts';
import { FORMATS } from './formats.ts';
import type { Context, Format } from './parser.ts';

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
  format: Format;
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
  alternates: string[];
  tags: string[];
}

export interface Reader {
  readonly dataset: string;
  /** For `split`: lines as they lie in the file, with their wrapper. */
  readonly starts?: (line: string) => boolean;
  readonly ends?: (line: string, firstLine: string) => boolean;
  /** One record as `split` gives it. `referenceMs`: modification time of the file or the time of the read. */
  read(record: string, referenceMs: number): Entry | Failure;
}

/** The most specific first. The formats like Common Log Format are one candidate, named afterwards. */
const ORDER = [
  'modsecurity.audit',
  'modsecurity.json',
  'caddy.access',
  'haproxy.http',
  'nginx.error',
  'apache.error',
  'lighttpd.error',
  'fail2ban',
  'clf',
  'json',
  'syslog',
  'text.app',
];
const CLF_FAMILY = new Set(['nginx.access', 'apache.access', 'lighttpd.access']);

const LINES_MAX = 400;
/** Below this share of readable lines a format is not the source's. */
const SHARE_MIN = 0.5;

function candidates(): Format[] {
  const others = [...FORMATS.keys()].filter((name) => !ORDER.includes(name) && !CLF_FAMILY.has(name));
  // A format that nobody ranked stands before the generic ones.
  const generic = ORDER.indexOf('clf');
  return [...ORDER.slice(0, generic), ...others, ...ORDER.slice(generic)].flatMap((name) => FORMATS.get(name) ?? []);
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
}

function score(format: Format, lines: string[], contexts: Context[], claimed: boolean[] | null): Score {
  const result: Score = { format, parsed: 0, of: 0, lines: 0, entries: [] };
  const { starts, ends } = format;
  let i = 0;
  while (i < lines.length) {
    const first = i++;
    if (lines[first]!.trim() === '') continue;
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
    const entry = format.parse(lines.slice(first, i).join('\n'), contexts[first]!);
    result.of += i - first - count + 1;
    if (!isFailure(entry)) {
      result.parsed++;
      result.lines += count;
      if (result.entries.length < LINES_MAX) result.entries.push(entry);
    }
  }
  return result;
}

/** The formats that read these inner lines, best first. */
function rank(lines: string[], contexts: Context[], hint: Hint): Score[] {
  const all = candidates();
  const single = all.filter((format) => format.starts === undefined && format.dataset !== 'syslog');
  const claimed = lines.map((line, i) => {
    // Only what looks like a record from its first byte: cheap for the many lines of a stack trace.
    const c = line.charCodeAt(0);
    if (c === 32 || c === 9 || Number.isNaN(c)) return false;
    return single.some((format) => !isFailure(format.parse(line, contexts[i]!)));
  });
  const scores: Score[] = [];
  for (const format of all) {
    const result = score(
      format,
      lines,
      contexts,
      format.starts !== undefined && format.ends === undefined ? claimed : null,
    );
    if (format.dataset === 'caddy.access' && result.parsed > 0 && !isCaddy(result.entries, hint.fileName))
      result.parsed = 0;
    scores.push(result);
  }
  const rankOf = (x: Score) => {
    const share = x.of === 0 ? 0 : x.parsed / x.of;
    // From nine tenths on, being specific counts for more than the last lines.
    return share >= 0.9 ? 1 : share;
  };
  return scores
    .map((x, order) => ({ x, order }))
    .sort((a, b) => rankOf(b.x) - rankOf(a.x) || a.order - b.order)
    .map(({ x }) => x);
}

/** Many Go programs log with zap; Caddy has its own logger names. */
function isCaddy(entries: Entry[], fileName: string): boolean {
  if (/caddy/i.test(fileName)) return true;
  return entries.some(
    (entry) => entry.kind === 'access' || /^(?:http|tls|admin|pki)(?:\.|$)/.test(entry.logLogger ?? ''),
  );
}

const OTHER_PRODUCTS =
  /(?:^|[/\\._-])(?:app|apps|gunicorn|uvicorn|hypercorn|puma|node|express|tomcat|catalina|jetty|varnish\w*|traefik|wildfly|undertow|envoy|squid)(?:[/\\._-]|$)/i;

/** Which product wrote lines like Common Log Format: by what stands in them, then by the path, then by what is usual. */
function nameClf(entries: Entry[], lines: string[], fileName: string): string {
  const path = fileName.toLowerCase();
  const share = (test: (entry: Entry) => boolean) => entries.filter(test).length / Math.max(1, entries.length);
  const vhost = share((entry) => entry.serverPort !== null) > 0.5;
  if (vhost) return 'apache.access';
  if (path.includes('lighttpd')) return 'lighttpd.access';
  if (/varnish/.test(path) || share((entry) => entry.eventOutcome !== null) > 0.5) return 'clf';
  if (path.includes('nginx') || path.includes('openresty')) return 'nginx.access';
  if (path.includes('apache') || path.includes('httpd')) return 'apache.access';
  // The second column is the host.
  if (
    share((entry) => entry.urlDomain !== null && entry.attributes?.ident === undefined) > 0.5 &&
    secondColumnIsHost(lines)
  )
    return 'lighttpd.access';
  if (OTHER_PRODUCTS.test(path)) return 'clf';
  const ingress =
    share(
      (entry) =>
        entry.attributes?.proxy_upstream_name !== undefined || entry.attributes?.upstream_response_time !== undefined,
    ) > 0.5;
  if (ingress) return 'nginx.access';
  const extra =
    share((entry) => entry.attributes !== null && Object.keys(entry.attributes).some((name) => name !== 'request')) >
      0.3 || share((entry) => entry.requestIds.length > 0) > 0.3;
  const quotedOnly = share((entry) => entry.forwardedFor !== null) > 0 && !extra;
  if (extra && !quotedOnly) {
    // combinedio ends in two numbers.
    const io = share(
      (entry) =>
        /^\d+$/.test(entry.attributes?.['extra.0'] ?? '') &&
        /^\d+$/.test(entry.attributes?.['extra.1'] ?? '') &&
        entry.attributes?.['extra.2'] === undefined,
    );
    return io > 0.9 ? 'apache.access' : 'clf';
  }
  // common without referrer and agent is no nginx default.
  if (
    entries.every((entry) => entry.userAgentOriginal === null && entry.httpRequestReferrer === null) &&
    lines.every((line) => !line.endsWith('"'))
  )
    return 'apache.access';
  return 'nginx.access';
}

function secondColumnIsHost(lines: string[]): boolean {
  let hosts = 0;
  let all = 0;
  for (const line of lines) {
    const [, second = ''] = line.split(' ', 2);
    if (second === '') continue;
    all++;
    if (second.includes('.')) hosts++;
  }
  return hosts > all * 0.5;
}

/** Wrapper and format of these first lines; null = binary, empty, or nothing reads half of them. */
export function detect(lines: string[], hint: Hint): Detected | null {
  const sample = lines.slice(0, LINES_MAX);
  if (sample.every((line) => line.trim() === '') || isBinary(sample)) return null;
  const referenceMs = hint.referenceMs ?? Number.NaN;
  const envelope = detectEnvelope(
    sample.filter((line) => line.trim() !== ''),
    referenceMs,
  );
  if (envelope !== null) {
    const inside = detectInside(sample, envelope, hint, referenceMs);
    if (inside !== null) return inside;
    const syslog = FORMATS.get('syslog');
    if (envelope.isSyslog && syslog !== undefined) {
      const lines = sample.filter((line) => line.trim() !== '');
      const { parsed, of } = score(
        syslog,
        lines,
        lines.map(() => emptyContext(referenceMs)),
        null,
      );
      if (parsed >= of * SHARE_MIN) {
        return {
          dataset: 'syslog',
          envelope: null,
          format: syslog,
          alternates: [],
          tags: [],
          confidence: Math.round((parsed / of) * 900) / 1000,
          tried: [{ dataset: 'syslog', parsed, of }],
        };
      }
    }
  }
  return detectPlain(sample, hint, referenceMs);
}

function detectPlain(lines: string[], hint: Hint, referenceMs: number): Detected | null {
  const contexts = lines.map(() => emptyContext(referenceMs));
  return choose(lines, contexts, null, hint);
}

function detectInside(lines: string[], envelope: Envelope, hint: Hint, referenceMs: number): Detected | null {
  const inner: string[] = [];
  const contexts: Context[] = [];
  for (const line of lines) {
    const context = emptyContext(referenceMs);
    const text = envelope.peel(line, context);
    if (text === null) continue;
    inner.push(text);
    contexts.push(context);
  }
  const found = choose(inner, contexts, envelope, hint);
  if (found === null || found.dataset === 'syslog') return null;
  // A time in front of an application's own line is the application's.
  if (envelope.name === 'timestamps' && found.dataset === 'text.app') return null;
  return found;
}

function choose(lines: string[], contexts: Context[], envelope: Envelope | null, hint: Hint): Detected | null {
  const scores = rank(lines, contexts, hint);
  const tried = scores.filter((x) => x.of > 0).map((x) => ({ dataset: x.format.dataset, parsed: x.parsed, of: x.of }));
  const best = scores[0];
  if (best === undefined || best.parsed === 0 || best.of === 0) return null;
  const unread = (format: Format) =>
    lines.map((line, i) => (isFailure(format.parse(line, contexts[i]!)) ? i : -1)).filter((i) => i >= 0);
  let share = best.parsed / best.of;
  const alternates: Format[] = [];
  if (share < 0.98 && best.format.ends === undefined && !GENERIC.has(best.format.dataset)) {
    const rest = unread(best.format);
    const second = rank(
      rest.map((i) => lines[i]!),
      rest.map((i) => contexts[i]!),
      hint,
    ).find(
      (x) =>
        x.parsed > 0 &&
        (best.format.starts === undefined ? x.parsed >= x.of * 0.6 : !GENERIC.has(x.format.dataset)) &&
        x.format.dataset !== 'syslog',
    );
    // One stray line of text is junk, not a second format.
    if (second !== undefined && (second.parsed >= 3 || second.format.dataset !== 'text.app')) {
      const entries = second.entries;
      const name =
        second.format.dataset === 'clf'
          ? nameClf(
              entries,
              rest.map((i) => lines[i]!),
              hint.fileName,
            )
          : second.format.dataset;
      alternates.push(FORMATS.get(name) ?? second.format);
      share = Math.min(1, share + second.parsed / lines.length);
    }
  }
  if (share < SHARE_MIN) return null;
  let format = best.format;
  if (format.dataset === 'clf') format = FORMATS.get(nameClf(best.entries, lines, hint.fileName)) ?? format;
  const tags = new Set<string>();
  if (envelope?.isSyslog === true) {
    lines.forEach((line, i) => {
      const tag = contexts[i]!.envelopeTag;
      if (tag !== null && !tags.has(tag) && !isFailure(format.parse(line, contexts[i]!))) tags.add(tag);
    });
  }
  const generic = GENERIC.has(format.dataset) ? 0.9 : 1;
  return {
    dataset: format.dataset,
    envelope,
    format,
    alternates,
    tags: [...tags],
    confidence: Math.round(share * generic * 1000) / 1000,
    tried,
  };
}

const GENERIC = new Set(['text.app', 'syslog']);

export function saveDetection(detected: Detected): SavedDetection {
  return {
    dataset: detected.dataset,
    envelope: detected.envelope?.name ?? null,
    alternates: detected.alternates.map((format) => format.dataset),
    tags: detected.tags,
  };
}

/** Null when a name is no longer known: detect again. `format` overrides (a compiled pattern). */
export function restoreDetection(saved: SavedDetection, format?: Format): Detected | null {
  const main = format ?? FORMATS.get(saved.dataset);
  const envelope = ENVELOPES.find((x) => x.name === saved.envelope) ?? null;
  if (main === undefined || (saved.envelope !== null && envelope === null)) return null;
  const alternates = saved.alternates.flatMap((name) => FORMATS.get(name) ?? []);
  return { dataset: main.dataset, envelope, format: main, alternates, tags: saved.tags, confidence: 1, tried: [] };
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
  const difference = written - context.envelopeMs;
  const zoneMs = Math.round(difference / QUARTER_MS) * QUARTER_MS;
  if (Math.abs(zoneMs) > 14 * 3_600_000 || Math.abs(difference - zoneMs) > ZONE_SLACK_MS) return;
  entry.timeMs -= zoneMs;
  entry.timeZoneless = false;
}

/** One function from the text of a record, as it lies in the file, to its Entry. Not for use by two threads: it holds a Context. */
export function makeReader(detected: Detected): Reader {
  const { format, envelope, alternates } = detected;
  const context = emptyContext();
  const syslog = FORMATS.get('syslog');
  const tags = new Set(detected.tags);

  // Where the main format has records of several lines, a line of an alternate is no continuation of them.
  const { ends } = format;
  const mainStarts = format.starts;
  const starts =
    mainStarts === undefined || alternates.length === 0
      ? mainStarts
      : (line: string) =>
          mainStarts(line) ||
          alternates.some((x) => (x.starts === undefined ? !isFailure(x.parse(line, context)) : x.starts(line)));

  const parseInner = (text: string): Entry | Failure => {
    const entry = format.parse(text, context);
    if (!isFailure(entry)) return entry;
    for (const alternate of alternates) {
      const other = alternate.parse(text, context);
      if (!isFailure(other)) return other;
    }
    return entry;
  };

  if (envelope === null) {
    return {
      dataset: format.dataset,
      starts,
      ends,
      read(record, referenceMs) {
        context.referenceMs = referenceMs;
        return parseInner(record);
      },
    };
  }

  const scratch = emptyContext();
  const peelLine = (line: string) => envelope.peel(line, scratch);
  const read = (record: string, referenceMs: number): Entry | Failure => {
    context.referenceMs = referenceMs;
    scratch.referenceMs = referenceMs;
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
    if (envelope.isSyslog && syslog !== undefined && context.envelopeTag !== null && !tags.has(context.envelopeTag))
      return syslog.parse(record, context);
    return entry;
  };
  return {
    dataset: format.dataset,
    starts: starts && ((line) => starts(peelLine(line) ?? line)),
    ends: ends && ((line, first) => ends(peelLine(line) ?? line, peelLine(first) ?? first)),
    read,
  };
}
