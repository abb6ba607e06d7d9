/**
 * HOT. Small pure steps that several formats share: a request line into method, path, query and host; an
 * address with its port; escapes undone; what is an id and what is an address. They only fill what is known.
 */
import { type Entry, leavesAttributes, NO_IDS } from './entry.ts';

/** Nothing but white space. */
export function isBlank(text: string): boolean {
  const c = text.charCodeAt(0);
  return !(c > 32 && c < 128) && text.trim() === '';
}

/** `-` and the empty text mean that the record does not say. */
export function known(value: string): string | null {
  return value === '-' || value === '' ? null : value;
}

/**
 * An object without inherited names, so that hostile keys (`__proto__`, `toString`) are keys like others. Made by a
 * constructor: `Object.create(null)` is a dictionary in V8 and three times as slow to fill.
 */
const Attributes = function Attributes() {} as unknown as new () => Record<string, string>;
Attributes.prototype = Object.create(null);

/** Texts by hostile names. */
export function newRecord(): Record<string, string> {
  return new Attributes();
}

/** A text that most lines share, kept from the line before: no slice of its own, and equal at once. HOT */
export class Kept {
  private text = '';
  /** `from`…`to` of the line. */
  of(line: string, from: number, to: number): string {
    if (to - from === this.text.length && line.startsWith(this.text, from)) return this.text;
    this.text = line.slice(from, to);
    return this.text;
  }
}

export function addAttribute(entry: Entry, name: string, value: string): void {
  if (leavesAttributes || value === '' || value === '-') return;
  let { attributes } = entry;
  if (attributes === null) {
    attributes = new Attributes();
    entry.attributes = attributes;
  }
  // A name that comes twice keeps both values, as header fields do.
  const before = attributes[name];
  attributes[name] = before === undefined || before === value ? value : `${before}, ${value}`;
}

export function addId(entry: Entry, id: string): void {
  if (id === '' || id === '-') return;
  if (entry.requestIds === NO_IDS) entry.requestIds = [id];
  else if (!entry.requestIds.includes(id)) entry.requestIds.push(id);
}

/** Methods are letters, at least three, at most 20: anything else in that place is not a request line. */
export function isMethod(text: string): boolean {
  if (text.length < 3 || text.length > 20) return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!((c >= 65 && c <= 90) || c === 45 || c === 95)) return false;
  }
  return true;
}

/** `GET /a?b=c HTTP/1.1` into its fields; text that is no request line (TLS bytes, `-`) goes to the attribute `request`. */
export function setRequestLine(entry: Entry, line: string): void {
  setRequestAt(entry, line, 0, line.length);
}

/** The same for the part `from`…`to` of a line, without copying it first. */
export function setRequestAt(entry: Entry, line: string, from: number, to: number): void {
  let a: number;
  // Shared texts for what nearly every line has: a slice of its own for method and protocol costs a tenth of the line.
  if (
    line.charCodeAt(from) === 71 &&
    line.charCodeAt(from + 3) === 32 &&
    from + 3 < to &&
    line.startsWith('GET', from)
  ) {
    a = from + 3;
    entry.httpRequestMethod = 'GET';
  } else {
    a = line.indexOf(' ', from);
    if (a < 0 || a >= to) a = to;
    const method = line.slice(from, a);
    // In front of a target and a protocol any word was meant as a method, also `get` and `PATCHp`.
    const meant = a < to && /^[A-Za-z_-]{1,20}$/.test(method) && / HTTP\/\d/.test(line.slice(Math.max(a, to - 10), to));
    if (!meant && !isMethod(method)) {
      addAttribute(entry, 'request', line.slice(from, to));
      return;
    }
    entry.httpRequestMethod = method;
    if (a === to) return;
  }
  // The protocol is the last word: ` HTTP/1.1` has nine characters, `HTTP/2` fewer.
  let b = to - 9;
  if (b < a || line.charCodeAt(b) !== 32 || !isProtocol(line, b + 1)) {
    b = line.lastIndexOf(' ', to - 1);
    if (b < a || !isProtocol(line, b + 1)) b = to;
  }
  if (b < to) {
    const minor = to - b === 9 ? line.charCodeAt(b + 8) : 0;
    const major = line.charCodeAt(b + 6);
    if (minor === 49 && major === 49 && line.charCodeAt(b + 1) === 72) entry.networkProtocol = 'HTTP/1.1';
    else if (minor === 48 && major === 50 && line.charCodeAt(b + 1) === 72) entry.networkProtocol = 'HTTP/2.0';
    else entry.networkProtocol = line.slice(b + 1, to);
    if (b === a) return;
  }
  if (line.charCodeAt(a + 1) !== 47) {
    setTarget(entry, line.slice(a + 1, b));
    return;
  }
  const q = line.indexOf('?', a + 1);
  if (q < 0 || q >= b) entry.urlPath = line.slice(a + 1, b);
  else {
    entry.urlPath = line.slice(a + 1, q);
    if (q + 1 < b) entry.urlQuery = line.slice(q + 1, b);
  }
}

function isProtocol(line: string, at: number): boolean {
  return line.charCodeAt(at + 4) === 47 && (line.startsWith('HTTP', at) || line.startsWith('RTSP', at));
}

/** A request target: `/path?query`, or `http://host/path` as Varnish and proxies write it, or `host:port` of CONNECT. */
export function setTarget(entry: Entry, target: string): void {
  let path = target;
  if (target.charCodeAt(0) !== 47) {
    const scheme = target.indexOf('://');
    if (scheme > 0 && scheme < 10) {
      const slash = target.indexOf('/', scheme + 3);
      const question = target.indexOf('?', scheme + 3);
      const end = slash < 0 || (question >= 0 && question < slash) ? (question < 0 ? target.length : question) : slash;
      entry.urlDomain = domainOf(target.slice(scheme + 3, end)) ?? entry.urlDomain;
      path = target.slice(end);
      if (path.charCodeAt(0) !== 47) path = `/${path}`;
    }
  }
  const q = path.indexOf('?');
  if (q < 0) entry.urlPath = path === '' ? null : path;
  else {
    entry.urlPath = path.slice(0, q) || '/';
    entry.urlQuery = q + 1 < path.length ? path.slice(q + 1) : null;
  }
}

/** `$host$request_uri`: a name with a dot or an address, perhaps a port, and the path. */
export const HOSTED_TARGET =
  /^(?:(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*|(?:\d{1,3}\.){3}\d{1,3}|\[[\da-f:.]+\])(?::\d{1,5})?\//i;

/** A Host header without user, port and brackets, in lower case; null when there is none. */
export function domainOf(host: string): string | null {
  if (isPlainDomain(host, 0, host.length)) return host;
  if (host !== lastOdd) {
    lastDomain = oddDomain(host);
    lastOdd = host;
  }
  return lastDomain;
}

/** With a port, mostly: a site has few of them. */
let lastOdd = '';
let lastDomain: string | null = null;

/** The same for the part `from`…`to` of a line: a slice is slower to look at than the line. */
export function domainAt(line: string, from: number, to: number): string | null {
  const host = line.slice(from, to);
  return isPlainDomain(line, from, to) ? host : domainOf(host);
}

/** Nothing to take off and nothing to make small: nearly every one. */
function isPlainDomain(line: string, from: number, to: number): boolean {
  if (to - from < 2) return false;
  let c = 0;
  for (let i = from; i < to; i++) {
    c = line.charCodeAt(i);
    if (!((c >= 97 && c <= 122) || (c >= 45 && c <= 57 && c !== 47))) return false;
  }
  return c !== 46;
}

function oddDomain(host: string): string | null {
  let text = host;
  const at = text.lastIndexOf('@');
  if (at >= 0) text = text.slice(at + 1);
  if (text.charCodeAt(0) === 91) {
    const end = text.indexOf(']');
    text = end > 0 ? text.slice(1, end) : text;
  } else {
    const colon = text.lastIndexOf(':');
    if (colon >= 0 && text.indexOf(':') === colon) text = text.slice(0, colon);
  }
  if (text.endsWith('.')) text = text.slice(0, -1);
  return text === '' || text === '-' || text === '_' ? null : text.toLowerCase();
}

/** A name with a dot and a top level of letters, as only host names look: `shop.example.com`, not `index.html.bak`'s digits or an address. */
export function looksLikeHost(text: string): boolean {
  return looksLikeHostAt(text, 0, text.length);
}

export function looksLikeHostAt(line: string, from: number, end: number): boolean {
  let to = from;
  while (to < end && line.charCodeAt(to) !== 58) to++;
  if (to < end && !isDigits(line, to + 1, end)) return false;
  if (to - from < 4 || to - from > 253) return isLocalhost(line, from, to);
  let dots = 0;
  let lastDot = from - 1;
  for (let i = from; i < to; i++) {
    const c = line.charCodeAt(i);
    if (c === 46) {
      if (i === lastDot + 1) return false;
      dots++;
      lastDot = i;
    } else if (!(((c | 32) >= 97 && (c | 32) <= 122) || (c >= 48 && c <= 57) || c === 45)) return false;
  }
  if (dots === 0) return isLocalhost(line, from, to);
  const last = line.charCodeAt(to - 1) | 32;
  return to - lastDot > 2 && last >= 97 && last <= 122;
}

function isLocalhost(line: string, from: number, to: number): boolean {
  return to - from === 9 && line.startsWith('localhost', from);
}

/** Position of the last character `code` at or before `from`, -1 = there is none. `lastIndexOf` leaves compiled code for it. */
export function lastAt(text: string, code: number, from: number): number {
  let i = from;
  while (i >= 0 && text.charCodeAt(i) !== code) i--;
  return i;
}

/**
 * Position of the characters `first` and `second` behind each other: a search for one character stays in compiled code,
 * one for two leaves it and costs twice as much.
 */
export function pairAt(text: string, first: string, second: number, from: number): number {
  let at = text.indexOf(first, from);
  while (at >= 0 && text.charCodeAt(at + 1) !== second) at = text.indexOf(first, at + 1);
  return at;
}

export function isDigits(text: string, from = 0, to = text.length): boolean {
  if (from >= to) return false;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return true;
}

/** An unsigned decimal number, or null. */
export function numberOf(text: string): number | null {
  return numberAt(text, 0, text.length);
}

/** The same for the part `from`…`to` of a line, without copying it first. */
export function numberAt(line: string, from: number, to: number): number | null {
  if (from >= to || to - from > 20) return null;
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = line.charCodeAt(i) - 48;
    if (!(c >= 0 && c <= 9)) return null;
    n = n * 10 + c;
  }
  return n;
}

/** `decimalOf` for the part `from`…`to` of a line. */
export function decimalAt(line: string, from: number, to: number): number | null {
  const first = line.charCodeAt(from);
  if (from < to && first >= 48 && first <= 57) {
    const short = shortDecimal(line, from, to);
    if (short >= 0) return short;
  }
  // What was not measured, mostly.
  if (first === 45 && to - from === 2 && line.charCodeAt(from + 1) === 49) return -1;
  return decimalOf(line.slice(from, to));
}

/** A decimal number with optional sign and fraction, or null. */
export function decimalOf(text: string): number | null {
  if (text === '' || text.length > 24) return null;
  const c = text.charCodeAt(0);
  if (!((c >= 48 && c <= 57) || c === 45 || c === 46)) return null;
  const short = shortDecimal(text, 0, text.length);
  if (short >= 0) return short;
  const n = Number(text);
  return Number.isFinite(n) ? n : null;
}

const POWERS = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** Up to 15 digits with a point or none, as nearly all are: both parts are exact, so the quotient is what Number gives. -1 = another. */
function shortDecimal(text: string, from: number, to: number): number {
  const length = to - from;
  if (length > 16) return -1;
  let n = 0;
  let point = -1;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) n = n * 10 + c - 48;
    else if (c === 46 && point < 0) point = i;
    else return -1;
  }
  if (point < 0) return length <= 15 ? n : -1;
  return length > 1 ? n / POWERS[to - point - 1]! : -1;
}

/** Seconds as text into milliseconds, to the microsecond: binary fractions would print as 203.00000000000003. */
export function secondsToMs(text: string): number | null {
  const n = decimalOf(text);
  return n === null || n < 0 ? null : Math.round(n * 1e6) / 1000;
}

/** `203.0.113.7` or `2001:db8::7`; no names, no ports. */
export function isAddress(text: string): boolean {
  return isAddressAt(text, 0, text.length);
}

/** The same for the part `from`…`to` of a line: a slice is slower to look at than the line. */
export function isAddressAt(text: string, from: number, to: number): boolean {
  const length = to - from;
  if (length < 2 || length > 45) return false;
  let dots = 0;
  let colons = 0;
  let hex = false;
  let c = 0;
  for (let i = from; i < to; i++) {
    c = text.charCodeAt(i);
    if (c === 46) dots++;
    else if (c >= 48 && c <= 57) continue;
    else if (c === 58) colons++;
    else if ((c >= 97 && c <= 102) || (c >= 65 && c <= 70)) hex = true;
    else if (c === 37 && colons >= 2) return true;
    else return false;
  }
  // Eight groups, or some left out: `09:57:01` and a MAC address have neither.
  if (colons >= 2) {
    if (colons === (dots === 0 ? 7 : 6)) return dots === 0 || dots === 3;
    return (dots === 0 || dots === 3) && text.slice(from, to).includes('::');
  }
  return colons === 0 && dots === 3 && !hex && length >= 7 && length <= 15 && c >= 48 && c <= 57;
}

/** `203.0.113.7, 198.51.100.9`: one or more addresses, as X-Forwarded-For holds them (`unknown` allowed between). */
export function isAddressList(text: string): boolean {
  if (text.indexOf(',') < 0) return isAddress(text) || isAddress(peerAddress(text));
  for (const part of text.split(',')) {
    const item = part.trim();
    if (item !== 'unknown' && !isAddress(item) && !isAddress(peerAddress(item))) return false;
  }
  return true;
}

/** The address of `203.0.113.7:5512`, `[2001:db8::7]:443`, `2001:db8::7`. */
export function peerAddress(peer: string): string {
  if (peer.charCodeAt(0) === 91) {
    const end = peer.indexOf(']');
    return end > 0 ? peer.slice(1, end) : peer;
  }
  const colon = peer.indexOf(':');
  return colon > 0 && peer.indexOf(':', colon + 1) < 0 ? peer.slice(0, colon) : peer;
}

/** `address:port`, split at the last colon because Apache and HAProxy write IPv6 without brackets. */
export function setClientPeer(entry: Entry, peer: string): void {
  const colon = lastAt(peer, 58, peer.length - 1);
  const port = colon > 0 ? numberAt(peer, colon + 1, peer.length) : null;
  if (port === null || (peer.indexOf(':') !== colon && peer.charCodeAt(colon - 1) === 58)) {
    entry.clientAddress = known(peerAddress(peer));
    return;
  }
  let address = peer.slice(0, colon);
  if (address.charCodeAt(0) === 91) address = peerAddress(address);
  entry.clientAddress = known(address);
  if (port > 0) entry.clientPort = port;
}

/** `setClientPeer` for the part `from`…`to` of a line: an ordinary address and its port in one step. */
export function setClientPeerAt(entry: Entry, line: string, from: number, to: number): void {
  let port = 0;
  let scale = 1;
  let i = to - 1;
  for (; i > from; i--) {
    const c = line.charCodeAt(i) - 48;
    if (!(c >= 0 && c <= 9)) break;
    port += c * scale;
    scale *= 10;
  }
  const first = line.charCodeAt(from);
  // Anything else goes the general way.
  if (
    line.charCodeAt(i) !== 58 ||
    i <= from ||
    scale === 1 ||
    scale > 1e5 ||
    !(first >= 48 && first <= 57) ||
    line.charCodeAt(i - 1) === 58
  ) {
    setClientPeer(entry, line.slice(from, to));
    return;
  }
  entry.clientAddress = line.slice(from, i);
  if (port > 0) entry.clientPort = port;
}

/**
 * Could only have been made to be unique: a UUID, 16 or more hex digits, or 20 or more letters and digits that
 * change places often, as random text does. Words, numbers, host, thread and file names are not.
 */
export function isUniqueId(text: string): boolean {
  const length = text.length;
  if (length < 16 || length > 200 || text.charCodeAt(0) === 47) return false;
  // The usual one first: eight times as fast as the general way.
  if (length === 36 && isUuidAt(text, 0)) return true;
  let digits = 0;
  let letters = 0;
  let others = 0;
  let hex = true;
  // Changes between digit, small and capital letter, within a run without separators; a capital that begins a word
  // is one change, not two.
  let changes = 0;
  let last = 0;
  let run = 0;
  let longest = 0;
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i);
    let kind = 0;
    if (c >= 48 && c <= 57) {
      digits++;
      kind = 1;
    } else if (c >= 97 && c <= 122) {
      letters++;
      kind = 2;
      if (c > 102) hex = false;
    } else if (c >= 65 && c <= 90) {
      letters++;
      kind = 3;
      if (c > 70) hex = false;
    } else if (c === 45 || c === 95 || c === 64 || c === 43 || c === 61 || c === 58 || c === 47) others++;
    else return false;
    if (kind !== 0 && last !== 0 && kind !== last && !(last === 3 && kind === 2)) changes++;
    // A long run of hex digits inside (Amazon's Root=1-…-…) is as good as one alone.
    run = kind === 1 || (kind !== 0 && (c | 32) <= 102) ? run + 1 : 0;
    if (run > longest) longest = run;
    last = kind;
  }
  if (hex && letters > 0 && digits > 0 && others === 0) return true;
  if (hex && length === 36 && others === 4 && text[8] === '-' && text[13] === '-') return true;
  if (longest >= 20 && letters > 0 && changes >= 2) return true;
  return length >= 20 && digits >= 1 && letters >= 3 && others * 4 <= length && changes >= (digits >= 3 ? 4 : 5);
}

const HEX = new Uint8Array(128);
for (const c of '0123456789abcdefABCDEF') HEX[c.charCodeAt(0)] = 1;

/** 36 characters from `at`, with `-` at 8, 13, 18 and 23 and hex digits elsewhere. */
export function isUuidAt(line: string, at: number): boolean {
  if (line.charCodeAt(at + 8) !== 45 || line.charCodeAt(at + 13) !== 45 || at + 36 > line.length) return false;
  for (let i = 0; i < 36; i++) {
    const c = line.charCodeAt(at + i);
    if (c > 127) return false;
    if (HEX[c] !== 1 && !(c === 45 && (i === 8 || i === 13 || i === 18 || i === 23))) return false;
  }
  return true;
}

/** Levels of every product, in the eight words of an Entry. */
const LEVELS: Record<string, string> = {
  emerg: 'emerg',
  emergency: 'emerg',
  panic: 'emerg',
  alert: 'alert',
  crit: 'crit',
  critical: 'crit',
  fatal: 'crit',
  severe: 'error',
  dpanic: 'crit',
  error: 'error',
  err: 'error',
  e: 'error',
  eror: 'error',
  warn: 'warn',
  warning: 'warn',
  wrn: 'warn',
  w: 'warn',
  notice: 'notice',
  note: 'notice',
  info: 'info',
  information: 'info',
  informational: 'info',
  inf: 'info',
  http: 'info',
  log: 'info',
  i: 'info',
  config: 'debug',
  debug: 'debug',
  dbg: 'debug',
  d: 'debug',
  verbose: 'debug',
  silly: 'debug',
  fine: 'debug',
  finer: 'debug',
  finest: 'debug',
  trace: 'debug',
  trc: 'debug',
  trce: 'debug',
  dbug: 'debug',
  vrb: 'debug',
  ftl: 'crit',
  pnc: 'emerg',
  fat: 'crit',
  war: 'warn',
  f: 'crit',
  c: 'crit',
};

/** Words as they came: lower case for each line cost more than the look-up. */
const LEVEL_WORDS = new Map<string, string | null>();
const LEVEL_WORDS_KEPT = 500;

/** The level's name in an Entry, null for a word that is none. */
export function levelOf(word: string): string | null {
  let level = LEVEL_WORDS.get(word);
  if (level === undefined) {
    const name = word.toLowerCase();
    level = Object.hasOwn(LEVELS, name) ? (LEVELS[name] ?? null) : null;
    if (LEVEL_WORDS.size < LEVEL_WORDS_KEPT && word.length < 13) LEVEL_WORDS.set(word, level);
  }
  return level;
}

/** pino and bunyan number their levels 10 to 60, Monolog 100 to 600. */
export function levelOfNumber(n: number): string | null {
  if (n >= 100) {
    if (n > 600) return null;
    return n >= 600
      ? 'emerg'
      : n >= 550
        ? 'alert'
        : n >= 500
          ? 'crit'
          : n >= 400
            ? 'error'
            : n >= 300
              ? 'warn'
              : n >= 250
                ? 'notice'
                : n >= 200
                  ? 'info'
                  : 'debug';
  }
  if (n >= 60) return 'crit';
  if (n >= 50) return 'error';
  if (n >= 40) return 'warn';
  if (n >= 30) return 'info';
  return n >= 10 ? 'debug' : null;
}

/** Severity numbers of syslog and ModSecurity, 0 to 7. */
export const SYSLOG_LEVELS = ['emerg', 'alert', 'crit', 'error', 'warn', 'notice', 'info', 'debug'];

/**
 * Undoes the escapes of nginx (`\xHH`) and Apache (`\"`, `\\`, `\n`, `\t`, `\xhh` …). Bytes that form UTF-8 become
 * characters again. Called only for text that contains a backslash.
 */
export function unescapeText(text: string): string {
  let slash = text.indexOf('\\');
  if (slash < 0) return text;
  let out = '';
  let from = 0;
  while (slash >= 0) {
    if (slash > from) out += text.slice(from, slash);
    const c = text.charCodeAt(slash + 1);
    if (c === 120) {
      from = slash;
      const bytes: number[] = [];
      for (let byte = hexByte(text, from + 2); byte >= 0; ) {
        bytes.push(byte);
        from += 4;
        const more = text.charCodeAt(from) === 92 && text.charCodeAt(from + 1) === 120;
        byte = more ? hexByte(text, from + 2) : -1;
      }
      if (from > slash) out += bytesText(bytes);
      else {
        out += '\\x';
        from = slash + 2;
      }
    } else {
      const plain = plainOf(c);
      out += plain === '' ? '\\' : plain;
      from = plain === '' ? slash + 1 : slash + 2;
    }
    slash = text.indexOf('\\', from);
  }
  return out + text.slice(from);
}

function bytesText(bytes: number[]): string {
  const [first = 0] = bytes;
  return bytes.length === 1 && first < 128 ? String.fromCharCode(first) : Buffer.from(bytes).toString('utf8');
}

/** What a backslash in front of this character means, '' = nothing. */
function plainOf(c: number): string {
  switch (c) {
    case 34:
      return '"';
    case 92:
      return '\\';
    case 110:
      return '\n';
    case 114:
      return '\r';
    case 116:
      return '\t';
    case 98:
      return '\b';
    case 102:
      return '\f';
    case 118:
      return '\v';
    default:
      return '';
  }
}

/** Undoes `%HH`; what is no valid escape, or would be no text, stays as it is. Never throws: exceptions cost more than the line. */
export function percentDecoded(text: string): string {
  let at = text.indexOf('%');
  if (at < 0) return text;
  let out = '';
  let from = 0;
  while (at >= 0) {
    const byte = hexByte(text, at + 1);
    if (byte < 0) {
      at = text.indexOf('%', at + 1);
      continue;
    }
    out += text.slice(from, at);
    if (byte < 0x80) {
      out += byte === 32 ? ' ' : String.fromCharCode(byte);
      from = at + 3;
    } else {
      // A character of several bytes.
      const bytes = [byte];
      from = at + 3;
      while (text.charCodeAt(from) === 37 && hexByte(text, from + 1) >= 0x80) {
        bytes.push(hexByte(text, from + 1));
        from += 3;
      }
      const decoded = Buffer.from(bytes).toString('utf8');
      out += decoded.includes('\ufffd') ? text.slice(at, from) : decoded;
    }
    at = text.indexOf('%', from);
  }
  return out + text.slice(from);
}

/** Two hex digits at `i`, -1 when they are none. */
export function hexByte(text: string, i: number): number {
  const a = hexDigit(text.charCodeAt(i));
  const b = hexDigit(text.charCodeAt(i + 1));
  return a < 0 || b < 0 ? -1 : a * 16 + b;
}

function hexDigit(c: number): number {
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 97 && c <= 102) return c - 87;
  return c >= 65 && c <= 70 ? c - 55 : -1;
}

/** Position of the quote that closes the text beginning at `from`: the first `"` with an even number of backslashes before it; -1 = none. */
export function closingQuote(text: string, from: number): number {
  let q = text.indexOf('"', from);
  while (q > from && text.charCodeAt(q - 1) === 92) {
    let slashes = 1;
    while (q - 1 - slashes >= from && text.charCodeAt(q - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return q;
    q = text.indexOf('"', q + 1);
  }
  return q;
}
