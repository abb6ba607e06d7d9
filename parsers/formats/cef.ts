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
  known,
  numberOf,
  setTarget,
} from '../fields.ts';
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

/** Vendor, product, version, signature, name, severity of the line that is read. */
const head: string[] = ['', '', '', '', '', ''];

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
  let from = at + 2;
  for (let i = 0; i < 6; i++) {
    const bar = barAt(line, from);
    if (bar < 0) return 'torn';
    const text = line.slice(from, bar);
    head[i] = text.indexOf('\\') < 0 ? text : text.replace(/\\([|\\])/g, '$1');
    from = bar + 1;
  }
  const [vendor = '', product = '', version = '', signature = '', name = '', severity = ''] = head;
  return { vendor, product, version, signature, name, severity, fields: extension(line, from) };
}

/** The members that `take` knows. */
const TAKEN = new Set(
  'rt start deviceReceiptTime src spt dst dpt dhost request requestMethod requestClientApplication suser act externalId'.split(
    ' ',
  ),
);

/** A key, and where its value stands in the record in which it was seen last. */
interface Key {
  readonly key: string;
  readonly label: boolean;
  /** Of cs1, cn1, flexString1 …: the key of its label. */
  readonly labelled: string | null;
  /** It may become a field: `take` knows it. */
  readonly field: boolean;
  /** ` key=` */
  readonly literal: string;
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
  const made = { key, label, labelled, field: TAKEN.has(key), literal: ` ${key}=`, next: null, record: 0, at: 0 };
  if (KEYS.size < KEYS_MAX) KEYS.set(key, made);
  return made;
}

/** The key that every record's members of this name have. */
export const keyOf = (name: string): Key => KEYS.get(name) ?? makeKey(name);

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
  #escaped = false;
  #record = 0;

  begin(text: string, escaped: boolean): void {
    this.#record++;
    this.size = 0;
    this.#text = text;
    this.#escaped = escaped;
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
    return value(this.#text, this.#starts[i]!, this.#ends[i]!, this.#escaped);
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

  /** The value, which is nobody else's business from then on. */
  take(key: Key): string {
    const value = this.of(key);
    if (value !== '') this.set(key, 0, 0);
    return value;
  }
}

const fields = new Fields();

/** `key=value key=value` from `from` on: a value runs until the blank in front of the next key. */
function extension(text: string, from: number): Fields {
  const escaped = text.indexOf('\\', from) >= 0;
  fields.begin(text, escaped);
  let key: Key | null = null;
  let start = from;
  for (let equals = text.indexOf('=', from); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    if (escaped && text.charCodeAt(equals - 1) === 92) continue;
    // Senders keep an order: mostly it is the key that came next the last time.
    let found: Key | null = key === null ? null : key.next;
    let k = found === null ? 0 : equals - found.literal.length + 2;
    if (found === null || k <= start || !text.startsWith(found.literal, k - 1)) {
      // Back to the blank in front of the key: keys are short.
      k = equals;
      while (k > start && equals - k < 64 && isKey(text.charCodeAt(k - 1))) k--;
      if (k === equals || (k > from && text.charCodeAt(k - 1) !== 32)) continue;
      found = fields.key(text.slice(k, equals));
      if (key !== null) key.next = found;
    }
    if (key !== null) fields.set(key, start, k - 1);
    if (fields.size >= FIELDS_MAX) return fields;
    key = found;
    start = equals + 1;
  }
  if (key !== null) fields.set(key, start, text.length);
  return fields;
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

function plain(text: string): string {
  return text.indexOf('\\') < 0 ? text : text.replace(/\\([=|\\])/g, '$1');
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
    if (leavesAttributes && !field) continue;
    const value = fields.value(i);
    if (label || value === '' || value === 'N/A') continue;
    if (labelled !== null) addAttribute(entry, fields.get(labelled) || key, value);
    else if (!take(entry, key, value)) addAttribute(entry, key, value);
  }
}

function take(entry: Entry, key: string, value: string): boolean {
  switch (key) {
    case 'rt':
    case 'start':
    case 'deviceReceiptTime': {
      const ms = cefTime(value);
      if (Number.isNaN(ms)) return false;
      if (Number.isNaN(entry.timeMs)) {
        entry.timeMs = ms;
        entry.timeZoneless = read.zoneless;
      }
      return true;
    }
    case 'src':
      if (!isAddress(value)) return false;
      entry.clientAddress = value;
      return true;
    case 'spt':
      entry.clientPort = numberOf(value) || null;
      return true;
    case 'dst':
      if (!isAddress(value)) return false;
      entry.serverAddress = value;
      return true;
    case 'dpt':
      entry.serverPort = numberOf(value) || null;
      return true;
    case 'dhost':
      entry.urlDomain = domainOf(value);
      return true;
    case 'request': {
      const slash = value.indexOf('/');
      if (slash > 0 && value.indexOf('://') < 0) {
        entry.urlDomain = domainOf(value.slice(0, slash));
        setTarget(entry, value.slice(slash));
      } else setTarget(entry, value);
      return true;
    }
    case 'requestMethod':
      if (!isMethod(value)) return false;
      entry.httpRequestMethod = value;
      return true;
    case 'requestClientApplication':
      entry.userAgentOriginal = value;
      return true;
    case 'suser':
      entry.userName = value;
      return true;
    case 'act':
      entry.eventOutcome = value;
      return true;
    case 'externalId':
      addId(entry, value);
      return true;
    default:
      return false;
  }
}

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
