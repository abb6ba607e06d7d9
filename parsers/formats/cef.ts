/**
 * HOT. ArcSight Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value key=value`. Custom
 * members (cs1 with cs1Label) become attributes under their labels. What F5 ASM and Imperva mean by the members is in
 * their own formats; this reads everybody else's.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isAddress,
  isBlank,
  isMethod,
  Kept,
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

/** Vendor, product, version, signature, name, severity: mostly what they were in the line before. */
const head = Array.from({ length: 6 }, () => new Kept());

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
  while (line.startsWith('CEF:', at)) at += 4;
  if (line.charCodeAt(at + 1) !== 124 || line.charCodeAt(at) < 48 || line.charCodeAt(at) > 57) return null;
  const cef: Cef = { vendor: '', product: '', version: '', signature: '', name: '', severity: '', fields };
  const slash = line.indexOf('\\', at);
  const slashAt = slash < 0 ? line.length : slash;
  let from = at + 2;
  for (let i = 0; i < 6; i++) {
    const bar = barAt(line, from);
    if (bar < 0) return 'torn';
    const kept = head[i]!.of(line, from, bar);
    const text = bar <= slashAt ? kept : kept.replace(/\\([|\\])/g, '$1');
    switch (i) {
      case 0:
        cef.vendor = text;
        break;
      case 1:
        cef.product = text;
        break;
      case 2:
        cef.version = text;
        break;
      case 3:
        cef.signature = text;
        break;
      case 4:
        cef.name = text;
        break;
      default:
        cef.severity = text;
    }
    from = bar + 1;
  }
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
  /** ` key` */
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
    bytes: Buffer.from(` ${key}`),
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
  #record = 0;

  begin(text: string, slashAt: number): void {
    this.#record++;
    this.size = 0;
    this.#text = text;
    this.#slash = slashAt;
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

/** In fewer characters there are few members that nobody asks for. */
const SHORT = 250;

/** The record's characters: looked at one by one in a text each costs three times as much as in a list of numbers. */
const chars = Buffer.allocUnsafeSlow(16_384);

/**
 * HOT. Only the members that somebody asks for, of 40 a dozen: what other keys are called does not matter, only that
 * they end the value in front of them. False: the record is short, not ASCII or very long, or there are so many members that
 * `FIELDS_MAX` may count.
 */
function findAsked(text: string, from: number): boolean {
  if (text.length - from < SHORT || chars.write(text, 0, 'utf8') !== text.length) return false;
  let key: Key | null = null;
  let start = from;
  let signs = 0;
  for (let equals = text.indexOf('=', from); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    const last = chars[equals - 1]!;
    if (last === 92) continue;
    if (++signs >= FIELDS_MAX) {
      fields.clear();
      return false;
    }
    let found: Key | null = null;
    if (key === null) {
      const asked = ASKED[askedIndex(last, chars[equals - 2]!)]!;
      for (let i = 0; i < asked.length; i++) {
        const one = asked[i]!;
        if (endsAt(equals, one.bytes) || (equals - one.key.length === from && text.startsWith(one.key, from))) {
          found = one;
          break;
        }
      }
      if (found === null) continue;
    } else {
      const next: Key | null = key.next;
      found = next !== null && endsAt(equals, next.bytes) ? next : nextOf(key, text, equals, start, from);
      if (found === null) continue;
      fields.set(key, start, equals - found.bytes.length);
    }
    key = found.asked ? found : null;
    start = equals + 1;
  }
  if (key !== null) fields.set(key, start, text.length);
  return true;
}

/** ` key` stands in front of `equals`. */
function endsAt(equals: number, key: Uint8Array): boolean {
  let at = equals - key.length;
  for (let i = 0; i < key.length; i++) if (chars[at++] !== key[i]) return false;
  return true;
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
  const number = decimalOf(text);
  if (number !== null) {
    read.zoneless = false;
    return epochMs(number);
  }
  // `Sep 01 2026 10:30:00[.123][ UTC]`
  if (text.charCodeAt(3) === 32 && text.charCodeAt(6) === 32) {
    if (text.length === 20) return readMonthFirst(text, 0);
    return readClf(
      `${text.slice(4, 6)}/${text.slice(0, 3)}/${text.slice(7, 11)}:${text.slice(12)}`.replace(
        / (?:UTC|GMT)$/,
        ' +0000',
      ),
      0,
    );
  }
  return readAny(text);
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
    if (leavesAttributes && field === 0) continue;
    const value = fields.value(i);
    if (label || value === '' || value === 'N/A') continue;
    if (labelled !== null) addAttribute(entry, fields.get(labelled) || key, value);
    else if (!take(entry, field, value)) addAttribute(entry, key, value);
  }
}

function take(entry: Entry, field: number, value: string): boolean {
  switch (field) {
    case RT:
    case START:
    case RECEIPT: {
      const ms = cefTime(value);
      if (Number.isNaN(ms)) return false;
      if (Number.isNaN(entry.timeMs)) {
        entry.timeMs = ms;
        entry.timeZoneless = read.zoneless;
      }
      return true;
    }
    case SRC:
      if (!isAddress(value)) return false;
      entry.clientAddress = value;
      return true;
    case SPT:
      entry.clientPort = numberOf(value) || null;
      return true;
    case DST:
      if (!isAddress(value)) return false;
      entry.serverAddress = value;
      return true;
    case DPT:
      entry.serverPort = numberOf(value) || null;
      return true;
    case DHOST:
      entry.urlDomain = domainOf(value);
      return true;
    case TARGET: {
      const slash = value.indexOf('/');
      if (slash > 0 && value.indexOf('://') < 0) {
        entry.urlDomain = domainOf(value.slice(0, slash));
        setTarget(entry, value.slice(slash));
      } else setTarget(entry, value);
      return true;
    }
    case METHOD:
      if (!isMethod(value)) return false;
      entry.httpRequestMethod = value;
      return true;
    case AGENT:
      entry.userAgentOriginal = value;
      return true;
    case SUSER:
      entry.userName = value;
      return true;
    case ACT:
      entry.eventOutcome = value;
      return true;
    case EXTERNAL_ID:
      addId(entry, value);
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
