/**
 * HOT. Makes a Format from the string with which a server was told how to log, once the product's own file
 * (`pattern.nginx.ts` …) has taken it apart. A pattern is literals with values between them; a value ends where the
 * next literal begins, or at the closing quote. Values are unescaped as that server escapes. What has no field keeps
 * its own name as attribute.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes, type TimePoint } from './entry.ts';
import { addAttribute } from './fields.ts';
import { flatten, parseObject } from './json.ts';
import type { Format } from './parser.ts';
import { type Item, item, type Scratch } from './pattern.items.ts';
import { clockMs } from './strftime.ts';
import { read, readClf, readIso } from './time.ts';

/** Literal and items in turn: literals[0] item[0] literals[1] item[1] … literals[n]. */
export interface Parts {
  literals: string[];
  items: Item[];
}

export interface Compiled {
  dataset: string;
  title: string;
  usualLayer: string;
  timePoint: TimePoint;
  parts: Parts;
  /** Position of the quote that closes the text beginning at `from`, -1 = none; null = quotes are not escaped. */
  closing: ((text: string, from: number) => number) | null;
  unescapeValue: (text: string) => string;
  /** The server cuts long lines: a last value without its closing quote is taken as it is. */
  cuts?: boolean;
  /** `finish` looks at no attribute. */
  late?: boolean;
  finish: (entry: Entry, scratch: Scratch) => void;
}

interface Segment extends Item {
  before: string;
  /** The literal behind the value; '' = the value goes to the end of the line. */
  after: string;
  quoted: boolean;
  /** Number of the last value between the same quotes, where it is found from their end; -1 = it is not. */
  until: number;
  /** `address:port`: ends at the last colon in front of this literal; null = it is no such pair. */
  pair: string | null;
  /** What follows knows itself where it begins: a name in front of it may hold blanks. */
  probe: Item['scan'];
}

/** Two values without anything between: only where the second one's beginning is known. */
function mergeAdjacent(parts: Parts): Parts {
  const literals = [parts.literals[0]!];
  const items: Item[] = [];
  for (let i = 0; i < parts.items.length; i++) {
    const next = parts.items[i]!;
    const previous = items[items.length - 1];
    const between = parts.literals[i]!;
    if (previous !== undefined && between === '' && i > 0 && previous.scan === null && next.scan === null) {
      items[items.length - 1] = joined(previous, next);
      literals[literals.length - 1] = parts.literals[i + 1]!;
      continue;
    }
    items.push(next);
    literals.push(parts.literals[i + 1]!);
  }
  return { literals, items };
}

const QUERIES = new Set(['is_args', 'args', 'query_string', '%q', '%HQ']);
const PATHS = new Set(['request_uri', 'uri', '%U', '%HU', '%HP']);

function joined(a: Item, b: Item): Item {
  const mark = QUERIES.has(b.name) ? '?' : PATHS.has(b.name) ? '/' : null;
  const set: Item['set'] = (entry, value, scratch) => {
    let cut = mark === null ? -1 : value.indexOf(mark);
    if (cut < 0) cut = value.length;
    const first = value.slice(0, cut);
    const second = value.slice(cut);
    const wrong = first === '' || first === '-' ? null : a.set(entry, first, scratch);
    return wrong ?? (second === '' || second === '-' ? null : b.set(entry, second, scratch));
  };
  return item(`${a.name}+${b.name}`, set, { greedy: a.greedy || b.greedy, list: a.list || b.list });
}

function segmentsOf(parts: Parts, quotes: boolean): Segment[] {
  const segments = parts.items.map((entry, i): Segment => {
    const before = parts.literals[i]!;
    const after = parts.literals[i + 1]!;
    return {
      ...entry,
      before,
      after,
      quoted: quotes && before.endsWith('"') && after.startsWith('"'),
      until: -1,
      pair: null,
      probe: null,
    };
  });
  for (let i = 0; i + 1 < segments.length; i++) {
    const next = segments[i + 1]!;
    const isWord = !next.greedy && !next.list && !next.time && next.scan === null && !next.after.startsWith(':');
    // An address may hold colons itself, a port does not.
    if (segments[i]!.greedy && segments[i]!.scan === null && !next.vanishes) segments[i]!.probe = next.scan;
    if (segments[i]!.after === ':' && segments[i]!.scan === null && isWord) segments[i]!.pair = next.after;
  }
  // `"$request_method $uri $server_protocol"`: a path may hold blanks, method and protocol do not.
  for (let i = 0; quotes && i < segments.length; i++) {
    if (!segments[i]!.before.endsWith('"') || segments[i]!.quoted) continue;
    let last = i;
    while (last < segments.length && !segments[last]!.after.includes('"')) last++;
    if (last >= segments.length || !segments[last]!.after.startsWith('"')) continue;
    let greedy = i;
    while (greedy < last && !segments[greedy]!.greedy) greedy++;
    if (greedy < last && segments.slice(greedy + 1, last + 1).every((x) => !x.greedy && !x.list && x.scan === null))
      segments[greedy]!.until = last;
  }
  return segments;
}

/** End of a value that is a list: the separator must not be the one inside the list. */
function endOfList(line: string, from: number, after: string): number {
  let end = line.indexOf(after, from);
  while (end > from && after.charCodeAt(0) === 32) {
    if (line.charCodeAt(end - 1) === 44) end = line.indexOf(after, end + 1);
    else if (line.startsWith(' : ', end)) end = line.indexOf(after, end + 3);
    else break;
  }
  return end;
}

/** A time holds blanks itself. */
function endOfTime(record: string, at: number, after: string): number {
  const start = record.charCodeAt(at) === 91 ? at + 1 : at;
  const ms = Number.isNaN(readClf(record, start)) ? readIso(record, start) : 0;
  if (Number.isNaN(ms)) return record.indexOf(after, at);
  return record.charCodeAt(read.end) === 93 && start > at ? read.end + 1 : read.end;
}

export const newScratch = (): Scratch => ({ clock: null, fractionMs: 0, zoneMs: Number.NaN, named: null });

/** What the pieces of a time say together. */
export function settleTime(entry: Entry, scratch: Scratch): void {
  const { clock } = scratch;
  if (clock !== null) {
    if (scratch.fractionMs !== 0) clock.fractionMs = scratch.fractionMs;
    const ms = clockMs(clock);
    if (!Number.isNaN(ms)) {
      entry.timeMs = ms;
      entry.timeZoneless = Number.isNaN(clock.epochMs) && Number.isNaN(clock.zoneMs);
    } else if (!Number.isNaN(clock.zoneMs) && Number.isNaN(scratch.zoneMs)) scratch.zoneMs = clock.zoneMs;
  }
  if (scratch.fractionMs !== 0 && entry.timeMs % 1000 === 0) entry.timeMs += scratch.fractionMs;
  if (!Number.isNaN(scratch.zoneMs) && entry.timeZoneless) {
    entry.timeMs -= scratch.zoneMs;
    entry.timeZoneless = false;
  }
}

/** `at` and `more`: the value of this number ends so many literals later than it seems. */
type Fill = (record: string, entry: Entry, scratch: Scratch, at?: number, more?: number) => Failure | null;

interface Filler {
  fill: Fill;
  /** Values that may hold what ends them. */
  loose: number[];
}

/** So many literals inside of a value that is not quoted are stepped over before a line is given up. */
const INSIDE_MAX = 4;

/** Reads a text by its pattern into an entry. */
function fillerOf(compiled: Omit<Compiled, 'dataset' | 'title' | 'usualLayer' | 'timePoint' | 'finish'>): Filler {
  const { unescapeValue, closing, cuts } = compiled;
  const parts = mergeAdjacent(compiled.parts);
  const head = parts.literals[0]!;
  const segments = segmentsOf(parts, closing !== null);
  const formatFailure: Failure = { failure: 'format' };
  const last = segments[segments.length - 1];
  const padded = last?.vanishes === true && last.before.endsWith(' ') && last.after === '';
  const fill: Fill = (text, entry, scratch, stretched = -1, more = 0) => {
    // The blank in front of what vanished at the end is often trimmed off.
    const record = padded && text.charCodeAt(text.length - 1) !== 125 ? `${text.trimEnd()} ` : text;
    if (!record.startsWith(head)) return formatFailure;
    let at = head.length;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const { after } = segment;
      let end: number;
      let behind = 0;
      let from = at;
      if (segment.vanishes && record.charCodeAt(at) !== 123) {
        // Neither the value nor the blank behind it were written.
        const rest =
          after.charCodeAt(0) === 32 && (at === 0 || record.charCodeAt(at - 1) === 32) ? after.slice(1) : after;
        if (record.startsWith(rest, at)) {
          at += rest.length;
          continue;
        }
        if (at >= record.length) break;
        return { failure: 'format', field: segment.name };
      }
      if (segment.quoted) end = closing!(record, at);
      else if (segment.mayQuote && record.charCodeAt(at) === 34) {
        from = at + 1;
        // Samples are written as they are, quotes and all.
        end = after === '' ? record.lastIndexOf('"') : record.indexOf(`"${after}`, from);
        if (end < from) end = -1;
        behind = 1;
      } else if (segment.scan !== null) end = segment.scan(record, at, scratch);
      else if (after === '') end = record.length;
      else if (segment.time) end = endOfTime(record, at, after);
      else if (segment.pair !== null) end = endOfPair(record, at, segment.pair);
      else if (segment.probe !== null) end = endBefore(record, at, after, segment.probe);
      else if (segment.until >= 0) end = endFromQuote(record, at, segments, i, closing!);
      else if (segment.list) end = endOfList(record, at, after);
      else end = record.indexOf(after, at);
      if (i === stretched) for (let n = 0; n < more && end >= 0; n++) end = record.indexOf(after, end + 1);
      if (end < 0) {
        if (cuts === true && i === segments.length - 1 && (behind === 1 || segment.quoted)) {
          addAttribute(entry, 'truncated', 'true');
          end = record.length;
          behind = 0;
        } else {
          // The last literal may have been trimmed off; anything else is missing.
          return i > 0 && at >= record.length
            ? { failure: 'torn', field: segment.name }
            : { failure: 'format', field: segment.name };
        }
      }
      const whole = end + behind;
      if (whole < record.length || cuts !== true) {
        if (!record.startsWith(after, whole)) return { failure: 'format', field: segment.name };
      }
      if (!(segment.only && leavesAttributes)) {
        const raw = record.slice(from, end);
        if (segment.always || (raw !== '-' && raw !== '')) {
          const wrong = segment.set(entry, unescapeValue(raw), scratch);
          if (wrong !== null) return { failure: wrong, field: segment.name };
        }
      }
      at = whole + after.length;
    }
    return at < record.trimEnd().length ? { failure: 'format', field: 'end' } : null;
  };
  const loose = segments.flatMap((s, i) =>
    s.greedy && !s.quoted && !s.mayQuote && s.scan === null && s.after !== '' ? [i] : [],
  );
  return { fill, loose };
}

type Begun = { entry: Entry; scratch: Scratch };

/** A value that nobody quotes may hold what ends it: then the line is read as it fits. */
function fillLoosely({ fill, loose }: Filler, record: string, begin: () => Begun): Begun | Failure {
  const first = begin();
  const failure = fill(record, first.entry, first.scratch);
  if (failure === null) return first;
  for (const at of loose) {
    for (let more = 1; more <= INSIDE_MAX; more++) {
      const again = begin();
      if (fill(record, again.entry, again.scratch, at, more) === null) return again;
    }
  }
  return failure;
}

function endBefore(record: string, at: number, after: string, probe: NonNullable<Item['scan']>): number {
  const first = record.indexOf(after, at);
  for (let end = first; end >= 0 && after !== ''; end = record.indexOf(after, end + 1))
    if (probe(record, end + after.length, newScratch()) >= 0) return end;
  return first;
}

function endOfPair(record: string, at: number, behind: string): number {
  const stop = behind === '' ? record.length : record.indexOf(behind, at);
  const end = stop < 0 ? -1 : record.lastIndexOf(':', stop - 1);
  return end >= at ? end : -1;
}

/** The values between a greedy one and the closing quote, taken off from the right. */
function endFromQuote(
  record: string,
  at: number,
  segments: Segment[],
  index: number,
  closing: (text: string, from: number) => number,
): number {
  let end = closing(record, at);
  for (let k = segments[index]!.until; k > index && end >= 0; k--) {
    const between = segments[k - 1]!.after;
    end = record.lastIndexOf(between, end - between.length);
  }
  return end >= at ? end : record.indexOf(segments[index]!.after, at);
}

export function formatOf(compiled: Compiled): Format {
  const { dataset, title, usualLayer, timePoint, finish, late = false } = compiled;
  const filler = fillerOf(compiled);
  const begin = (): Begun => ({ entry: emptyEntry(dataset, 'access', timePoint), scratch: newScratch() });
  return {
    dataset,
    title,
    usualLayer,
    late,
    parse(record) {
      const read = fillLoosely(filler, record, begin);
      if ('failure' in read) return read.failure === 'format' && record.trim() === '' ? { failure: 'empty' } : read;
      const { entry, scratch } = read;
      settleTime(entry, scratch);
      finish(entry, scratch);
      return entry;
    },
  };
}

/** A member of a JSON log: its dotted name, and the pattern of its value. */
export interface Member {
  key: string;
  parts: Parts;
}

/**
 * Logs that are JSON objects by a template of members: in any order, with any blanks. What the template does not name
 * keeps its own name.
 */
export function jsonFormatOf(compiled: Omit<Compiled, 'parts' | 'closing'>, members: Member[]): Format {
  const { dataset, title, usualLayer, timePoint, finish, unescapeValue } = compiled;
  const fills = new Map<string, { item: Item | null; fill: Fill }>();
  for (const { key, parts } of members) {
    const single = parts.items.length === 1 && parts.literals.every((x) => x === '') ? parts.items[0]! : null;
    fills.set(key, { item: single, fill: fillerOf({ parts, closing: null, unescapeValue }).fill });
  }
  return {
    dataset,
    title,
    usualLayer,
    parse(record) {
      const line = record.trim();
      if (line === '') return { failure: 'empty' };
      if (line.charCodeAt(0) !== 123) return { failure: 'format' };
      const object = parseObject(line);
      if (object === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
      const entry = emptyEntry(dataset, 'access', timePoint);
      const scratch = newScratch();
      let known = 0;
      for (const [key, value] of flatten(object)) {
        const text = String(value);
        const fill = fills.get(key);
        if (fill === undefined) {
          if (fills.size === 0 || text !== 'null') addAttribute(entry, key, text);
          continue;
        }
        known++;
        if (fill.item !== null) {
          if (text === '' || text === '-') {
            if (fill.item.always) fill.item.set(entry, text, scratch);
            continue;
          }
          const wrong = fill.item.set(entry, text, scratch);
          if (wrong !== null) return { failure: wrong, field: key };
        } else if (fill.fill(text, entry, scratch) !== null && text !== '' && text !== '-')
          addAttribute(entry, key, text);
      }
      // Another program's object: half of what the template names, at least.
      if (known === 0 || known * 3 < fills.size) return { failure: 'format' };
      settleTime(entry, scratch);
      finish(entry, scratch);
      return entry;
    },
  };
}

/** The members of a template that is JSON, its values still to be taken apart; null = it is none. */
export function jsonTemplate(text: string): [string, string][] | null {
  const object = parseObject(text.trim());
  if (object === null) return null;
  return flatten(object).map(([key, value]) => [key, String(value)]);
}
