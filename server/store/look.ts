/**
 * HOT. A block that is looked at again: ordinary access lines are only skimmed, and one is read whole when somebody asks
 * for its entry. At two refusals in a hundred nine lines of ten are never asked for; skimming costs a sixth of reading
 * and a fifth of the memory. What cannot be skimmed is read at once.
 */

import type { Reader } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { known } from '../../parsers/fields.ts';
import { Skim } from '../../parsers/skim.ts';
import { split } from '../../parsers/split.ts';
import type { Block, Placed } from '../model/line.ts';
import { entriesOf, lineOf, recordReader, SPLIT_LIMITS } from './reader.ts';

/** One for all lines. */
const skimmed = new Skim();

/** Positions kept of a skimmed line. */
const FROM = 0;
const TO = 1;
const PATH = 2;
const PATH_TO = 3;
const REFERRER = 4;
const REFERRER_TO = 5;
const AGENT = 6;
const AGENT_TO = 7;
const EXTRAS = 8;
const CLIENT = 9;
const CLIENT_TO = 10;
const STRIDE = 11;

/** What lines are compared by, of a skimmed line. */
const CLIENT_HASH = 0;
const AREA_HASH = 1;
const TAIL_HASH = 2;
const HASHES = 3;
/** The last part of a path that is escaped: only its entry tells. */
const ESCAPED = -1;

/** A number for a text: equal for equal texts, hardly ever for others. Never negative. */
export function hashOf(text: string, from = 0, to = text.length): number {
  let h = 0;
  for (let i = from; i < to; i++) h = (Math.imul(h, 31) + text.charCodeAt(i)) | 0;
  return h & 0x3fffffff;
}

/** The same for a part of the bytes of a text. */
function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let h = 0;
  for (let i = from; i < to; i++) h = (Math.imul(h, 31) + bytes[i]!) | 0;
  return h & 0x3fffffff;
}

/** Positions, hashes and the like of a line that was skimmed; and one that was read. */
const LINE_BYTES = 90;
const ENTRY_BYTES = 1000;

const NO_TEXT = '';
const NO_BLOCK: Omit<Block, 'raw' | 'latin1'> = {
  sourceId: 0,
  offset: 0,
  bytes: 0,
  firstLine: 1,
  lines: 0,
  timeMinMs: Number.NaN,
  timeMaxMs: Number.NaN,
  reader: { dataset: '', envelope: null, alternates: [], tags: [], pattern: null },
  referenceMs: 0,
};

export class Look {
  readonly sourceId: number;
  /** Records in it. */
  readonly size: number;
  /** As the records say it; NaN = not. */
  readonly timeMs: Float64Array;
  #readLines: number;
  readonly #block: Omit<Block, 'raw' | 'latin1'>;
  readonly #reader: Reader | null;
  /** Entries of the lines that were read. */
  readonly #read: (Placed | null)[];
  /** One character a byte. */
  #text = NO_TEXT;
  /** STRIDE positions a line; those of a line that was not skimmed are -1. null = nothing was. */
  #at: Int32Array | null = null;
  #lineNumber: Int32Array | null = null;
  #status: Uint16Array | null = null;
  #hashes: Int32Array | null = null;
  #methods: string[] = [];
  #hosts: (string | null)[] = [];

  private constructor(
    block: Omit<Block, 'raw' | 'latin1'>,
    read: (Placed | null)[],
    timeMs: Float64Array,
    reader: Reader | null = null,
  ) {
    this.sourceId = block.sourceId;
    this.#block = block;
    this.#reader = reader;
    this.#read = read;
    this.#readLines = read.length;
    this.timeMs = timeMs;
    this.size = read.length;
  }

  static at(block: Block): Look {
    return Look.#skim(block) ?? Look.of(block, entriesOf(block));
  }

  /** Of entries that are at hand. */
  static of(block: Omit<Block, 'raw' | 'latin1'>, read: Placed[]): Look {
    const timeMs = new Float64Array(read.length);
    for (let i = 0; i < read.length; i++) timeMs[i] = read[i]!.entry.timeMs;
    return new Look(block, read, timeMs);
  }

  /** Of lines of one source, whatever blocks they are from. */
  static ofPlaced(read: Placed[]): Look {
    return Look.of({ ...NO_BLOCK, sourceId: read[0]?.line.sourceId ?? 0 }, read);
  }

  /** null = it has to be read whole. */
  static #skim(block: Block): Look | null {
    const reader = recordReader(block.reader);
    const { skim } = reader;
    if (skim === undefined || reader.readAll !== undefined) return null;
    const text = block.latin1?.() ?? Buffer.from(block.raw).toString('latin1');
    if (text.indexOf('\0') >= 0) return null;
    const bytes = bytesOf(text);
    const room = block.lines + 1;
    const timeMs = new Float64Array(room);
    const at = new Int32Array(room * STRIDE);
    const status = new Uint16Array(room);
    const lineNumbers = new Int32Array(room);
    const hashes = new Int32Array(room * HASHES);
    const read: (Placed | null)[] = [];
    const methods: string[] = [];
    const hosts: (string | null)[] = [];
    let from = block.offset === 0 && text.startsWith('\u00ef\u00bb\u00bf') ? 3 : 0;
    let lineNumber = block.firstLine;
    const readWhole = (end: number, final: boolean): void => {
      if (end === wholeFrom) return;
      const start = wholeFrom;
      const position = { offset: block.offset + start, lineNumber: wholeLine, skipping: false };
      for (const r of split(Buffer.from(text.slice(start, end), 'latin1'), position, reader, SPLIT_LIMITS, final)
        .records) {
        const entry = reader.read(r.text, block.referenceMs);
        if (isFailure(entry)) continue;
        const line = lineOf(block.sourceId, r);
        const n = read.length;
        timeMs[n] = entry.timeMs;
        at[n * STRIDE] = -1;
        lineNumbers[n] = r.lineNumber;
        read.push({ line, entry, timeMs: entry.timeMs });
        methods.push('');
        hosts.push(null);
      }
    };
    // Lines that were not skimmed, from here on: read together.
    let wholeFrom = from;
    let wholeLine = lineNumber;
    skimmed.begin();
    for (;;) {
      const lf = text.indexOf('\n', from);
      if (lf < 0) break;
      // More than was counted, or longer than is read: rare enough to begin anew.
      if (lf - from > SPLIT_LIMITS.lineBytesMax || lineNumber - block.firstLine >= room - 1) return null;
      const to = bytes[lf - 1] === 13 ? lf - 1 : lf;
      if (skim(text, bytes, from, to, skimmed)) {
        readWhole(from, false);
        wholeFrom = lf + 1;
        wholeLine = lineNumber + 1;
        const n = read.length;
        const k = n * STRIDE;
        timeMs[n] = skimmed.timeMs;
        status[n] = skimmed.status;
        lineNumbers[n] = lineNumber;
        at[k + FROM] = from;
        at[k + TO] = lf + 1;
        at[k + PATH] = skimmed.pathFrom;
        at[k + PATH_TO] = skimmed.pathTo;
        at[k + REFERRER] = skimmed.referrerFrom;
        at[k + REFERRER_TO] = skimmed.referrerTo;
        at[k + AGENT] = skimmed.agentFrom;
        at[k + AGENT_TO] = skimmed.agentTo;
        at[k + EXTRAS] = skimmed.extrasFrom;
        at[k + CLIENT] = skimmed.clientFrom;
        at[k + CLIENT_TO] = skimmed.clientTo;
        hashPath(bytes, skimmed.pathFrom, skimmed.pathTo, hashes, n * HASHES);
        hashes[n * HASHES + CLIENT_HASH] = hashOfBytes(bytes, skimmed.clientFrom, skimmed.clientTo);
        read.push(null);
        methods.push(skimmed.method);
        hosts.push(skimmed.host);
      }
      from = lf + 1;
      lineNumber++;
    }
    readWhole(text.length, true);
    const look = new Look(block, read, timeMs.subarray(0, read.length), reader);
    look.#text = text;
    look.#readLines = 0;
    for (const one of read) if (one !== null) look.#readLines++;
    look.#at = at;
    look.#status = status;
    look.#lineNumber = lineNumbers;
    look.#hashes = hashes;
    look.#methods = methods;
    look.#hosts = hosts;
    return look;
  }

  /** Bytes that it takes, about. */
  get weight(): number {
    return this.#text.length + this.size * LINE_BYTES + this.#readLines * ENTRY_BYTES;
  }

  /** It was an ordinary line of a request: what is not asked for is not known of it yet. */
  isSkimmed(i: number): boolean {
    return this.#at !== null && this.#at[i * STRIDE]! >= 0;
  }

  isAccess(i: number): boolean {
    return this.isSkimmed(i) || this.#read[i]!.entry.kind === 'access';
  }

  /** The line read whole. `timeMs` is the record's own. */
  placed(i: number): Placed {
    const read = this.#read[i]!;
    if (read !== null) return read;
    const at = this.#at!;
    const from = at[i * STRIDE + FROM]!;
    const next = at[i * STRIDE + TO]!;
    // What is skimmed is one line of one record, with its line break.
    const end = this.#text.charCodeAt(next - 2) === 13 ? next - 2 : next - 1;
    const entry = this.#reader!.read(decoded(this.#text.slice(from, end)), this.#block.referenceMs);
    if (isFailure(entry)) throw new Error(`a line of ${this.#block.reader.dataset} was skimmed and cannot be read`);
    const placed: Placed = {
      line: {
        sourceId: this.sourceId,
        offset: this.#block.offset + from,
        bytes: next - from,
        line: this.#lineNumber![i]!,
        lines: 1,
      },
      entry,
      timeMs: entry.timeMs,
    };
    this.#read[i] = placed;
    this.#readLines++;
    return placed;
  }

  /** 0 = none is said. */
  status(i: number): number {
    return this.isSkimmed(i) ? this.#status![i]! : (this.#read[i]!.entry.httpResponseStatusCode ?? 0);
  }

  client(i: number): string | null {
    return this.isSkimmed(i) ? this.#said(i * STRIDE + CLIENT) : this.#read[i]!.entry.clientAddress;
  }

  /** `hashOf` its client; 0 = none. */
  clientHash(i: number): number {
    if (this.isSkimmed(i)) return this.#hashes![i * HASHES + CLIENT_HASH]!;
    const client = this.#read[i]!.entry.clientAddress;
    return client === null ? 0 : hashOf(client);
  }

  /** `hashOf` the first part of its path. */
  areaHash(i: number): number {
    if (this.isSkimmed(i)) return this.#hashes![i * HASHES + AREA_HASH]!;
    return hashOf(areaOf(this.#read[i]!.entry.urlPath ?? '/'));
  }

  /** Of a skimmed line: `hashOf` the last part of its path; -1 = it is escaped. */
  tailHash(i: number): number {
    return this.#hashes![i * HASHES + TAIL_HASH]!;
  }

  method(i: number): string | null {
    return this.isSkimmed(i) ? this.#methods[i]! : this.#read[i]!.entry.httpRequestMethod;
  }

  host(i: number): string | null {
    return this.isSkimmed(i) ? this.#hosts[i]! : this.#read[i]!.entry.urlDomain;
  }

  /** Without query. */
  path(i: number): string | null {
    if (!this.isSkimmed(i)) return this.#read[i]!.entry.urlPath;
    const k = i * STRIDE;
    return this.#text.slice(this.#at![k + PATH]!, this.#at![k + PATH_TO]!);
  }

  agent(i: number): string | null {
    return this.isSkimmed(i) ? this.#said(i * STRIDE + AGENT) : this.#read[i]!.entry.userAgentOriginal;
  }

  referrer(i: number): string | null {
    return this.isSkimmed(i) ? this.#said(i * STRIDE + REFERRER) : this.#read[i]!.entry.httpRequestReferrer;
  }

  /** Does the skimmed line hold this text? Where `behind`, only behind its known fields. */
  holds(i: number, what: string, behind = false): boolean {
    const k = i * STRIDE;
    const from = this.#at![k + (behind ? EXTRAS : FROM)]!;
    if (from < 0) return false;
    return this.#text.slice(from, this.#at![k + TO]!).includes(what);
  }

  #said(k: number): string | null {
    const from = this.#at![k]!;
    if (from < 0) return null;
    const text = known(this.#text.slice(from, this.#at![k + 1]!));
    return text === null ? null : decoded(text);
  }

  /** Calls for each skimmed line that holds one of the ids. */
  holding(ids: Needles, found: (i: number) => void): void {
    if (this.#at === null || ids.size === 0) return;
    ids.find(this.#text, (position) => {
      const i = this.#lineAt(position);
      if (i >= 0 && this.isSkimmed(i)) found(i);
    });
  }

  /** The line in whose bytes a position lies; -1 = none that was skimmed. */
  #lineAt(position: number): number {
    const at = this.#at!;
    const start = (i: number): number =>
      at[i * STRIDE]! >= 0 ? at[i * STRIDE]! : this.#read[i]!.line.offset - this.#block.offset;
    let low = 0;
    let high = this.size - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (start(mid) <= position) low = mid;
      else high = mid - 1;
    }
    return this.size > 0 && start(low) <= position ? low : -1;
  }
}

/** "/orders" of "/orders/731". */
export function areaOf(path: string): string {
  const second = path.indexOf('/', 1);
  return second > 0 ? path.slice(0, second) : path;
}

/** The hashes of the first and the last part of a path, in one go. */
function hashPath(bytes: Uint8Array, from: number, to: number, hashes: Int32Array, at: number): void {
  let area = 47;
  let h = 0;
  let isFirst = true;
  let escaped = false;
  for (let i = from + 1; i < to; i++) {
    const c = bytes[i]!;
    if (c === 47) {
      isFirst = false;
      escaped = false;
      h = 0;
      continue;
    }
    if (c === 37) escaped = true;
    h = (Math.imul(h, 31) + c) | 0;
    if (isFirst) area = (Math.imul(area, 31) + c) | 0;
  }
  hashes[at + AREA_HASH] = area & 0x3fffffff;
  hashes[at + TAIL_HASH] = escaped ? ESCAPED : h & 0x3fffffff;
}

/** One character a byte is its own text only in ASCII. */
function decoded(text: string): string {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'latin1').toString('utf8');
  return text;
}

/** The lines of one block that lie in a stretch of time. */
export interface Seen {
  look: Look;
  /** Added to the records' own times, ms. */
  offsetMs: number;
  /** Which of its lines; null = all. */
  lines: Int32Array | null;
}

/** The lines of `look` whose corrected time lies in `fromMs`…`toMs`. */
export function seenBetween(look: Look, offsetMs: number, fromMs: number, toMs: number): Seen {
  const { timeMs } = look;
  const low = fromMs - offsetMs;
  const high = toMs - offsetMs;
  const lines = new Int32Array(look.size);
  let n = 0;
  for (let i = 0; i < look.size; i++) {
    const t = timeMs[i]!;
    if (t >= low && t < high) lines[n++] = i;
  }
  return { look, offsetMs, lines: n === look.size ? null : lines.slice(0, n) };
}

/** All of it read whole, with corrected times. */
export function placedOf(seen: readonly Seen[]): Placed[] {
  const out: Placed[] = [];
  for (const s of seen) {
    const n = s.lines === null ? s.look.size : s.lines.length;
    for (let k = 0; k < n; k++) out.push(placedIn(s, s.lines === null ? k : s.lines[k]!));
  }
  return out;
}

export function placedIn({ look, offsetMs }: Seen, i: number): Placed {
  const placed = look.placed(i);
  return offsetMs === 0 ? placed : { ...placed, timeMs: placed.timeMs + offsetMs };
}

/** Shortest text that is found: wherever it stands, four bytes of it lie on a border of four. */
const NEEDLE_MIN = 7;
/** Marks of what four bytes may be; few fall on one by chance. */
const MARKS_SHIFT = 14;
const MARKS = 1 << (32 - MARKS_SHIFT);
const K = 0x9e3779b1 | 0;

/** The text that is gone through, as bytes. One for all. */
let shared = Buffer.alloc(0);

/** Until the next call. `text` has one character a byte. */
function bytesOf(text: string): Buffer {
  if (shared.length < text.length) shared = Buffer.alloc((text.length + 4095) & ~4095);
  shared.write(text, 'latin1');
  return shared;
}

/**
 * Many ids looked for at once in a text: of each, four aligned bytes near its end are remembered for all four
 * alignments; the text is gone through four bytes at a time against a table of marks. A tenth of a microsecond a line,
 * however many there are (the idea: Wu and Manber, "A fast algorithm for multi-pattern searching", 1994).
 */
export class Needles {
  readonly #marks = new Uint8Array(MARKS);
  readonly #known = new Map<number, { text: string; before: number }[]>();
  readonly size: number;

  /** Only ids of at least seven ASCII characters, as strong ids are. */
  constructor(ids: Iterable<string>) {
    let size = 0;
    for (const id of ids) {
      if (id.length < NEEDLE_MIN) continue;
      size++;
      const buffer = Buffer.from(id, 'latin1');
      // The end of an id changes more than its beginning.
      const base = buffer.length - NEEDLE_MIN;
      for (let shift = 0; shift < 4; shift++) {
        const word = buffer.readInt32LE(base + shift);
        this.#marks[Math.imul(word, K) >>> MARKS_SHIFT] = 1;
        const list = this.#known.get(word);
        const entry = { text: id, before: base + shift };
        if (list === undefined) this.#known.set(word, [entry]);
        else list.push(entry);
      }
    }
    this.size = size;
  }

  /** `text` has one character a byte. */
  find(text: string, found: (position: number) => void): void {
    const bytes = bytesOf(text);
    const n = text.length >> 2;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, n);
    for (let w = nextMarked(words, 0, n, this.#marks); w < n; w = nextMarked(words, w + 1, n, this.#marks)) {
      for (const { text: id, before } of this.#known.get(words[w]!) ?? NO_IDS) {
        const position = w * 4 - before;
        if (position >= 0 && text.startsWith(id, position)) found(position);
      }
    }
  }
}

const NO_IDS: { text: string; before: number }[] = [];

/** The next word from `from` on that may be part of an id. A function of its own: it is compiled as such. */
function nextMarked(words: Int32Array, from: number, to: number, marks: Uint8Array): number {
  let w = from;
  while (w < to && marks[Math.imul(words[w]!, K) >>> MARKS_SHIFT] === 0) w++;
  return w;
}
