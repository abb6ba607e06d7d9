/**
 * ArcSight Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value key=value`. Custom
 * members (cs1 with cs1Label) become attributes under their labels. What F5 ASM and Imperva mean by the members is in
 * their own formats; this reads everybody else's.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isAddress,
  isMethod,
  known,
  numberOf,
  setTarget,
} from '../fields.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { datedOr } from '../record.ts';
import { epochMs, read, readAny, readClf } from '../time.ts';

export interface Cef {
  vendor: string;
  product: string;
  version: string;
  signature: string;
  name: string;
  severity: string;
  fields: Map<string, string>;
}

/** Members that are looked at. */
const FIELDS_MAX = 200;

/** The event in `line`, behind a syslog header or none; null = there is none; 'torn' = its header is not complete. */
export function readCef(line: string): Cef | 'torn' | null {
  let at = line.indexOf('CEF:');
  if (at < 0 || at > 200) return null;
  // `CEF:CEF:0|` of some senders.
  while (line.startsWith('CEF:', at)) at += 4;
  const head: string[] = [];
  let from = at;
  for (let bar = line.indexOf('|', at); bar >= 0 && head.length < 7; bar = line.indexOf('|', bar + 1)) {
    if (line.charCodeAt(bar - 1) === 92 && line.charCodeAt(bar - 2) !== 92) continue;
    const text = line.slice(from, bar);
    head.push(text.indexOf('\\') < 0 ? text : text.replace(/\\([|\\])/g, '$1'));
    from = bar + 1;
  }
  if (head.length === 0 || head[0]!.length !== 1 || numberOf(head[0]!) === null) return null;
  if (head.length < 7) return 'torn';
  const [, vendor = '', product = '', version = '', signature = '', name = '', severity = ''] = head;
  return { vendor, product, version, signature, name, severity, fields: extension(line.slice(from)) };
}

/** `key=value key=value`: a value runs until the blank in front of the next key. */
function extension(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let key = '';
  let start = 0;
  for (let equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    if (text.charCodeAt(equals - 1) === 92) continue;
    // Back to the blank in front of the key: keys are short.
    let k = equals;
    while (k > start && equals - k < 64 && isKey(text.charCodeAt(k - 1))) k--;
    if (k === equals || (k > 0 && text.charCodeAt(k - 1) !== 32)) continue;
    if (key !== '') fields.set(key, plain(text.slice(start, k).trimEnd()));
    if (fields.size >= FIELDS_MAX) return fields;
    key = text.slice(k, equals);
    start = equals + 1;
  }
  if (key !== '') fields.set(key, plain(text.slice(start).trimEnd()));
  return fields;
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
  if (text.charCodeAt(3) === 32 && text.charCodeAt(6) === 32)
    return readClf(
      `${text.slice(4, 6)}/${text.slice(0, 3)}/${text.slice(7, 11)}:${text.slice(12)}`.replace(
        / (?:UTC|GMT)$/,
        ' +0000',
      ),
      0,
    );
  return readAny(text);
}

/** What most senders mean by the members of CEF's dictionary. `request` may be a path, a URL, or host and path. */
export function fillCef(entry: Entry, cef: Cef): void {
  const { fields } = cef;
  entry.eventCode = known(cef.signature);
  entry.message = known(cef.name);
  entry.logLogger = `${cef.vendor} ${cef.product}`.trim();
  addAttribute(entry, 'severity', cef.severity);
  for (const [key, value] of fields) {
    if (value === '' || value === 'N/A' || key.endsWith('Label')) continue;
    if (!take(entry, key, value)) addAttribute(entry, (isCustom(key) && fields.get(`${key}Label`)) || key, value);
  }
}

/** cs1, cn1, cfp1, c6a1, flexString1, deviceCustomDate1: members whose name is their label. */
function isCustom(key: string): boolean {
  const last = key.charCodeAt(key.length - 1);
  return last >= 49 && last <= 57;
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
  const word = action.toLowerCase();
  if (word === '') return null;
  return /block|den(?:y|ied)|drop|reject|prevent|reset|quarantine/.test(word) && !/unblock|not.?block/.test(word);
}

function parse(record: string, context: Context): Entry | Failure {
  if (record.trim() === '') return { failure: 'empty' };
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
  parse,
};
