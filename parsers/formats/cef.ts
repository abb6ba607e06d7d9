/**
 * HOT. ArcSight Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value key=value`. Custom
 * members (cs1 with cs1Label) become attributes under their labels. What F5 ASM and Imperva mean by the members is in
 * their own formats; this reads everybody else's.
 */
import { chars, inChars, same } from '../bytes.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalAt,
  domainAt,
  domainOf,
  isAddressAt,
  isBlank,
  isMethod,
  known,
  numberAt,
  numberOf,
  setTarget,
} from '../fields.ts';
import { remembering } from '../members.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { datedOr } from '../record.ts';
import { epochMs, read, readAny, readClf, readMonthFirst } from '../time.ts';

export interface Cef {
  vendor: string;
  product: string;
  version: string;
  signature: string;
  name: string;
  severity: string;
  fields: Fields;
}

/** Members that are looked at. */
const FIELDS_MAX = 200;

/** `F5|ASM|16.1.4|`: of a file of one sender, the same in every line. */
let sender = '|||';
let vendor = '';
let product = '';
let version = '';

/** A part of the header, in a line whose first backslash stands at `slash`. */
function part(line: string, from: number, to: number, slash: number): string {
  const text = line.slice(from, to);
  return to <= slash ? text : text.replace(/\\([|\\])/g, '$1');
}

/** The next `|` that is not escaped. */
function barAt(line: string, from: number): number {
  let bar = line.indexOf('|', from);
  while (bar >= 0 && line.charCodeAt(bar - 1) === 92 && line.charCodeAt(bar - 2) !== 92)
    bar = line.indexOf('|', bar + 1);
  return bar;
}

/** The event in `line`, behind a syslog header or none; null = there is none; 'torn' = its header is not complete. */
export function readCef(line: string): Cef | 'torn' | null {
  let at = line.indexOf('CEF:');
  if (at < 0 || at > 200) return null;
  // `CEF:CEF:0|` of some senders.
  do at += 4;
  while (line.charCodeAt(at) === 67 && line.startsWith('CEF:', at));
  if (line.charCodeAt(at + 1) !== 124 || line.charCodeAt(at) < 48 || line.charCodeAt(at) > 57) return null;
  const slash = line.indexOf('\\', at);
  const slashAt = slash < 0 ? line.length : slash;
  let from = at + 2;
  if (line.startsWith(sender, from)) from += sender.length;
  else {
    const first = barAt(line, from);
    const second = first < 0 ? -1 : barAt(line, first + 1);
    const third = second < 0 ? -1 : barAt(line, second + 1);
    if (third < 0) return 'torn';
    sender = line.slice(from, third + 1);
    vendor = part(line, from, first, slashAt);
    product = part(line, first + 1, second, slashAt);
    version = part(line, second + 1, third, slashAt);
    from = third + 1;
  }
  const first = barAt(line, from);
  const second = first < 0 ? -1 : barAt(line, first + 1);
  const third = second < 0 ? -1 : barAt(line, second + 1);
  if (third < 0) return 'torn';
  const cef: Cef = {
    vendor,
    product,
    version,
    signature: part(line, from, first, slashAt),
    name: part(line, first + 1, second, slashAt),
    severity: part(line, second + 1, third, slashAt),
    fields,
  };
  from = third + 1;
  fields.begin(line, slashAt);
  if (!leavesAttributes || !findAsked(line, from)) findAll(line, from);
  return cef;
}

/** A key, and where its value stands in the record in which it was seen last. */
interface Key {
  readonly key: string;
  readonly label: boolean;
  /** Of cs1, cn1, flexString1 …: the key of its label. */
  readonly labelled: string | null;
  /** `take` makes a field of it: one of `FIELD`, 0 = it does not. */
  readonly field: number;
  /** Somebody asks for it in every record. */
  asked: boolean;
  /** ` key=` */
  readonly literal: string;
  readonly bytes: Uint8Array;
  /** The one that followed it in the record before. */
  next: Key | null;
  record: number;
  at: number;
}

/** Keys of all senders; a hostile one invents more, and those are made anew for each record. */
const KEYS = new Map<string, Key>();
const KEYS_MAX = 5000;

function makeKey(key: string): Key {
  const last = key.charCodeAt(key.length - 1);
  const labelled = last >= 49 && last <= 57 ? `${key}Label` : null;
  const label = key.endsWith('Label');
  const field = FIELD.get(key) ?? 0;
  const made = {
    key,
    label,
    labelled,
    field,
    asked: false,
    literal: ` ${key}=`,
    bytes: Buffer.from(key),
    next: null,
    record: 0,
    at: 0,
  };
  if (KEYS.size < KEYS_MAX) KEYS.set(key, made);
  return made;
}

/** Keys that somebody asks for, by their last two characters: all that is looked for while attributes are left for later. */
const ASKED: Key[][] = Array.from({ length: 1024 }, () => []);

const askedIndex = (last: number, before: number): number => ((last & 31) << 5) | (before & 31);

/** The key that every record's members of this name have, of a name that is asked for in every record. */
export function keyOf(name: string): Key {
  const key = KEYS.get(name) ?? makeKey(name);
  const asked = ASKED[askedIndex(name.charCodeAt(name.length - 1), name.charCodeAt(name.length - 2))]!;
  if (!key.asked) asked.push(key);
  key.asked = true;
  return key;
}

/** The members that `take` knows. */
const RT = 1;
const START = 2;
const RECEIPT = 3;
const SRC = 4;
const SPT = 5;
const DST = 6;
const DPT = 7;
const DHOST = 8;
const TARGET = 9;
const METHOD = 10;
const AGENT = 11;
const SUSER = 12;
const ACT = 13;
const EXTERNAL_ID = 14;
const FIELD = new Map([
  ['rt', RT],
  ['start', START],
  ['deviceReceiptTime', RECEIPT],
  ['src', SRC],
  ['spt', SPT],
  ['dst', DST],
  ['dpt', DPT],
  ['dhost', DHOST],
  ['request', TARGET],
  ['requestMethod', METHOD],
  ['requestClientApplication', AGENT],
  ['suser', SUSER],
  ['act', ACT],
  ['externalId', EXTERNAL_ID],
]);
for (const name of FIELD.keys()) keyOf(name);

/**
 * The members of one record: a map of each would cost more than all else. There is one; it is filled again for the next
 * record. A value is where it stands until somebody asks for it.
 */
class Fields {
  readonly keys: Key[] = [];
  size = 0;
  #starts: number[] = [];
  #ends: number[] = [];
  #text = '';
  /** Where the first backslash stands. */
  #slash = 0;
  /** From `since` on the first stands at `next`. */
  #since = 0;
  #next = 0;
  #record = 0;

  begin(text: string, slashAt: number): void {
    this.#record++;
    this.size = 0;
    this.#text = text;
    this.#slash = slashAt;
    this.#since = 0;
    this.#next = slashAt;
  }

  /** Begins the same record again. */
  clear(): void {
    this.#record++;
    this.size = 0;
  }

  key(name: string): Key {
    return KEYS.get(name) ?? this.#strange(name) ?? makeKey(name);
  }

  /** A key that comes twice keeps its place and takes the later value. */
  set(key: Key, from: number, to: number): void {
    if (key.record !== this.#record) {
      key.record = this.#record;
      key.at = this.size++;
      this.keys[key.at] = key;
    }
    this.#starts[key.at] = from;
    this.#ends[key.at] = to;
  }

  value(i: number): string {
    const to = this.#ends[i]!;
    return value(this.#text, this.#starts[i]!, to, to > this.#slash);
  }

  /** Makes a field of the value, where it can be one. */
  give(entry: Entry, field: number, i: number): boolean {
    const text = this.#text;
    const from = this.#starts[i]!;
    const to = this.#ends[i]!;
    const last = text.charCodeAt(to - 1);
    // As it stands, nearly always: then it is read where it stands, because a slice is slower to look at.
    if (last > 32 && last < 128 && (to <= this.#slash || !this.#escaped(from, to)))
      return take(entry, field, text, from, to);
    const plain = this.value(i);
    return take(entry, field, plain, 0, plain.length);
  }

  /** Looked for once, not value by value. */
  #escaped(from: number, to: number): boolean {
    if (from < this.#since || from > this.#next) {
      const slash = this.#text.indexOf('\\', from);
      this.#since = from;
      this.#next = slash < 0 ? this.#text.length : slash;
    }
    return this.#next < to;
  }

  #strange(name: string): Key | undefined {
    if (KEYS.size < KEYS_MAX) return undefined;
    for (let i = 0; i < this.size; i++) if (this.keys[i]!.key === name) return this.keys[i];
    return undefined;
  }

  get(name: string): string {
    const key = KEYS.get(name) ?? this.#strange(name);
    return key === undefined || key.record !== this.#record ? '' : this.value(key.at);
  }

  /** Of a key that is asked for in every record, and need not be looked up (`keyOf`). */
  of(key: Key): string {
    return key.record !== this.#record ? '' : this.value(key.at);
  }

  /** The value as a number, which is nobody else's business from then on; null = it is none. */
  takeNumber(key: Key): number | null {
    if (key.record !== this.#record) return null;
    const from = this.#starts[key.at]!;
    const to = this.#ends[key.at]!;
    const number = numberAt(this.#text, from, to) ?? numberOf(this.value(key.at));
    if (from < to) this.set(key, 0, 0);
    return number;
  }

  /** The value, which is nobody else's business from then on. */
  take(key: Key): string {
    const value = this.of(key);
    if (value !== '') this.set(key, 0, 0);
    return value;
  }
}

const fields = new Fields();

/** `key=value key=value` from `from` on: a value runs until the blank in front of the next key. */
function findAll(text: string, from: number): void {
  let key: Key | null = null;
  let start = from;
  for (let equals = text.indexOf('=', from); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    if (text.charCodeAt(equals - 1) === 92) continue;
    const found: Key | null = key === null ? firstKey(text, equals, from) : nextOf(key, text, equals, start, from);
    if (found === null) continue;
    if (key !== null) fields.set(key, start, equals - found.literal.length + 1);
    if (fields.size >= FIELDS_MAX) return;
    key = found;
    start = equals + 1;
  }
  if (key !== null) fields.set(key, start, text.length);
}

function firstKey(text: string, equals: number, from: number): Key | null {
  const k = keyStart(text, equals, from, from);
  return k < 0 ? null : fields.key(text.slice(k, equals));
}

/** Where the key begins that ends at `equals`, not before `start`; -1 = what stands there is no key. */
function keyStart(text: string, equals: number, start: number, from: number): number {
  // Back to the blank in front of the key: keys are short.
  let k = equals;
  while (k > start && equals - k < 64 && isKey(text.charCodeAt(k - 1))) k--;
  return k === equals || (k > from && text.charCodeAt(k - 1) !== 32) ? -1 : k;
}

/**
 * HOT. Only the members that somebody asks for, of 40 a dozen: what other keys are called does not matter, only that
 * they end the value in front of them. False: the record is not ASCII or very long, or there are so many members that
 * `FIELDS_MAX` may count.
 */
function findAsked(text: string, from: number): boolean {
  if (!inChars(text)) return false;
  let key: Key | null = null;
  let start = from;
  let signs = 0;
  for (let equals = text.indexOf('=', from); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    if (chars[equals - 1] === 92) continue;
    if (++signs >= FIELDS_MAX) {
      fields.clear();
      return false;
    }
    // Senders keep an order: mostly it is the one that came next the last time.
    const next: Key | null = key === null ? null : key.next;
    const found: Key | null = next !== null && endsAt(equals, from, next) ? next : askedBefore(equals, from);
    if (key !== null) {
      if (found !== null) key.next = found;
      const end = found === null ? keyStartInChars(equals, start) : equals - found.key.length;
      if (end < 0) continue;
      fields.set(key, start, end - 1);
    } else if (found === null) continue;
    key = found;
    start = equals + 1;
  }
  if (key !== null) fields.set(key, start, text.length);
  return true;
}

/** The key somebody asks for that stands in front of `equals`, behind a blank or first of all. */
function askedBefore(equals: number, from: number): Key | null {
  const asked = ASKED[askedIndex(chars[equals - 1]!, chars[equals - 2]!)]!;
  for (let i = 0; i < asked.length; i++) {
    const key = asked[i]!;
    if (endsAt(equals, from, key)) return key;
  }
  return null;
}

function endsAt(equals: number, from: number, key: Key): boolean {
  const at = equals - key.bytes.length;
  return at >= from && (at === from || chars[at - 1] === 32) && same(chars, at, key.bytes);
}

/** `keyStart` of a key behind a blank. */
function keyStartInChars(equals: number, start: number): number {
  let k = equals;
  while (k > start && equals - k < 64 && KEY_CHARS[chars[k - 1]!] === 1) k--;
  return k === equals || chars[k - 1] !== 32 ? -1 : k;
}

/** The key that ends at `equals` and follows `key`, whose value begins at `start`. Senders keep an order: mostly it is the one that came next the last time. */
function nextOf(key: Key, text: string, equals: number, start: number, from: number): Key | null {
  const { next } = key;
  if (next !== null) {
    const blank = equals - next.literal.length + 1;
    if (blank >= start && text.startsWith(next.literal, blank)) return next;
  }
  const k = keyStart(text, equals, start, from);
  if (k < 0) return null;
  const found = fields.key(text.slice(k, equals));
  key.next = found;
  return found;
}

/** Without blanks at its end. */
function value(text: string, from: number, to: number, escaped: boolean): string {
  if (from >= to) return '';
  const last = text.charCodeAt(to - 1);
  const slice = text.slice(from, to);
  const trimmed = last > 32 && last < 128 ? slice : slice.trimEnd();
  return escaped ? plain(trimmed) : trimmed;
}

function isKey(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === 46 || c === 45;
}

const KEY_CHARS = Uint8Array.from({ length: 128 }, (_, c) => (isKey(c) ? 1 : 0));

/** Undoes `\\=`, `\\|` and `\\\\`. */
function plain(text: string): string {
  let slash = text.indexOf('\\');
  if (slash < 0) return text;
  let out = '';
  let from = 0;
  while (slash >= 0) {
    const c = text.charCodeAt(slash + 1);
    if (c === 61 || c === 124 || c === 92) {
      out += text.slice(from, slash);
      from = slash + 1;
      slash = text.indexOf('\\', slash + 2);
    } else slash = text.indexOf('\\', slash + 1);
  }
  return from === 0 ? text : out + text.slice(from);
}

/** An epoch in milliseconds, or `Sep 01 2026 10:30:00`, the device's own clock without a zone. */
export function cefTime(text: string): number {
  return cefTimeAt(text, 0, text.length);
}

function cefTimeAt(line: string, from: number, to: number): number {
  const number = line.charCodeAt(from) <= 57 ? decimalAt(line, from, to) : null;
  if (number !== null) {
    read.zoneless = false;
    return epochMs(number);
  }
  // `Sep 01 2026 10:30:00[.123][ UTC]`
  if (to - from > 6 && line.charCodeAt(from + 3) === 32 && line.charCodeAt(from + 6) === 32) {
    if (to - from === 20) return readMonthFirst(line, from);
    const text = line.slice(from, to);
    return readClf(
      `${text.slice(4, 6)}/${text.slice(0, 3)}/${text.slice(7, 11)}:${text.slice(12)}`.replace(
        / (?:UTC|GMT)$/,
        ' +0000',
      ),
      0,
    );
  }
  return readAny(line.slice(from, to));
}

let lastVendor = '';
let lastProduct = '';
let lastLogger = '';

/** A file mostly comes from one sender. */
function loggerOf(vendor: string, product: string): string {
  if (vendor !== lastVendor || product !== lastProduct) {
    lastVendor = vendor;
    lastProduct = product;
    lastLogger = `${vendor} ${product}`.trim();
  }
  return lastLogger;
}

/** What most senders mean by the members of CEF's dictionary. `request` may be a path, a URL, or host and path. */
export function fillCef(entry: Entry, cef: Cef): void {
  const { fields } = cef;
  entry.eventCode = known(cef.signature);
  entry.message = known(cef.name);
  entry.logLogger = loggerOf(cef.vendor, cef.product);
  addAttribute(entry, 'severity', cef.severity);
  for (let i = 0; i < fields.size; i++) {
    const { key, label, labelled, field } = fields.keys[i]!;
    if (leavesAttributes) {
      if (field !== 0) fields.give(entry, field, i);
      continue;
    }
    const value = fields.value(i);
    if (label || value === '' || value === 'N/A') continue;
    if (labelled !== null) addAttribute(entry, fields.get(labelled) || key, value);
    else if (!take(entry, field, value, 0, value.length)) addAttribute(entry, key, value);
  }
}

/** The field from the value in `from`…`to`. */
function take(entry: Entry, field: number, text: string, from: number, to: number): boolean {
  if (field === 0 || from >= to || (to - from === 3 && text.startsWith('N/A', from))) return false;
  switch (field) {
    case RT:
    case START:
    case RECEIPT: {
      const ms = cefTimeAt(text, from, to);
      if (Number.isNaN(ms)) return false;
      if (Number.isNaN(entry.timeMs)) {
        entry.timeMs = ms;
        entry.timeZoneless = read.zoneless;
      }
      return true;
    }
    case SRC:
      if (!isAddressAt(text, from, to)) return false;
      entry.clientAddress = text.slice(from, to);
      return true;
    case SPT:
      entry.clientPort = numberAt(text, from, to) || null;
      return true;
    case DST:
      if (!isAddressAt(text, from, to)) return false;
      entry.serverAddress = text.slice(from, to);
      return true;
    case DPT:
      entry.serverPort = numberAt(text, from, to) || null;
      return true;
    case DHOST:
      entry.urlDomain = domainAt(text, from, to);
      return true;
    case TARGET: {
      const target = text.slice(from, to);
      const slash = target.indexOf('/');
      if (slash > 0 && target.indexOf('://') < 0) {
        entry.urlDomain = domainOf(target.slice(0, slash));
        setTarget(entry, target.slice(slash));
      } else setTarget(entry, target);
      return true;
    }
    case METHOD: {
      const method = text.slice(from, to);
      if (!isMethod(method)) return false;
      entry.httpRequestMethod = method;
      return true;
    }
    case AGENT:
      entry.userAgentOriginal = text.slice(from, to);
      return true;
    case SUSER:
      entry.userName = text.slice(from, to);
      return true;
    case ACT:
      entry.eventOutcome = text.slice(from, to);
      return true;
    case EXTERNAL_ID:
      addId(entry, text.slice(from, to));
      return true;
    default:
      return false;
  }
}

/** Between commas, without blanks around. Shared by all who ask for the same list, and never written to. */
export const partsOf = remembering((list) => list.split(',').map((part) => part.trim()));

/** Words for "stopped" that senders put into `act`. */
export function stoppedBy(action: string): boolean | null {
  if (action === '') return null;
  let stops = STOPS.get(action);
  if (stops === undefined) {
    stops = isStop(action.toLowerCase());
    if (STOPS.size < KEYS_MAX && action.length < 100) STOPS.set(action, stops);
  }
  return stops;
}

const STOPS = new Map<string, boolean>();

function isStop(word: string): boolean {
  return /block|den(?:y|ied)|drop|reject|prevent|reset|quarantine/.test(word) && !/unblock|not.?block/.test(word);
}

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const cef = readCef(record);
  if (cef === null) return { failure: 'format' };
  if (cef === 'torn') return { failure: 'torn' };
  const entry = emptyEntry('cef', 'audit', 'decision');
  fillCef(entry, cef);
  entry.wafIntercepted = stoppedBy(entry.eventOutcome ?? '');
  addAttribute(entry, 'version', cef.version);
  return datedOr(entry, context, { timeField: 'rt', timeOptional: true });
}

export const format: Format = {
  dataset: 'cef',
  title: 'Common Event Format',
  usualLayer: null,
  rank: RANK.shared,
  late: true,
  parse,
};
