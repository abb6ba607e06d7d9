/**
 * HOT. Of an ordinary `option httplog` line what is counted, straight from the text of its piece, also behind a syslog
 * header. Whatever is unusual (an escape, a header, cookie or variable behind the request with a name, a request that is
 * none) is refused and read whole by `haproxy.http`; `test/parsers.skim.test.ts` holds both to the same.
 */
import { find, isGet, isHttp, isPost, Recalled, same } from './bytes.ts';
import { EXTRAS_MAX } from './clf.ts';
import { domainOf, isMethod, levelOf, looksLikeHost } from './fields.ts';
import { IsoTimes } from './skim.time.ts';
import type { Skim, Skimmer } from './skim.ts';
import { read, readClf } from './time.ts';

const digit = (bytes: Uint8Array, at: number): number => bytes[at]! - 48;
const isTwo = (bytes: Uint8Array, at: number): boolean =>
  digit(bytes, at) >= 0 && digit(bytes, at) <= 9 && digit(bytes, at + 1) >= 0 && digit(bytes, at + 1) <= 9;

// Neighbouring lines mostly share the minute.
let minute = Buffer.alloc(0);
let minuteMs = 0;

/** `22/Nov/2025:09:57:01.123]` at `at`; the position of the bracket, -1 = it is none. */
function skimTime(text: string, bytes: Uint8Array, at: number, out: Skim): number {
  if (minute.length > 0 && bytes[at + 24]! === 93 && bytes[at + 20]! === 46 && same(bytes, at, minute)) {
    const s = digit(bytes, at + 18) * 10 + digit(bytes, at + 19);
    const ms = digit(bytes, at + 21) * 100 + digit(bytes, at + 22) * 10 + digit(bytes, at + 23);
    if (isTwo(bytes, at + 18) && s < 60 && isTwo(bytes, at + 21) && isTwo(bytes, at + 22)) {
      out.timeMs = minuteMs + s * 1000 + ms;
      return at + 24;
    }
  }
  const ms = readClf(text, at);
  // With a zone it is another format's line.
  if (Number.isNaN(ms) || !read.zoneless || bytes[read.end]! !== 93) return -1;
  out.timeMs = ms;
  const end = read.end;
  const seconds = digit(bytes, at + 18) * 10 + digit(bytes, at + 19);
  if (end === at + 24 && seconds < 60) {
    minute = Buffer.from(bytes.subarray(at, at + 18));
    minuteMs = ms - (ms % 60_000);
  }
  return end;
}

/** The domain that a first value between braces is: a site has few. */
const hosts = new Recalled<string>();

/** The domain among captured values, as `haproxy.http` finds it; undefined = something is escaped. */
function hostIn(text: string, bytes: Uint8Array, from: number, to: number): string | null | undefined {
  const bar = find(bytes, 124, from, to);
  const known = hosts.of(bytes, from, bar < 0 ? to : bar);
  if (known !== undefined) return known;
  const inner = text.slice(from, to);
  if (!/^[ !"$-~]*$/.test(inner)) return undefined;
  const values = inner.split('|', EXTRAS_MAX);
  for (const value of values) {
    if (!looksLikeHost(value) || value.includes('/')) continue;
    // A copy: a slice would keep its whole text alive.
    const domain = domainOf(Buffer.from(value).toString());
    if (domain !== null && value === values[0]) hosts.keep(bytes, from, from + value.length, domain);
    return domain;
  }
  return null;
}

/** Of one line. */
const blank = new Int32Array(10);

export const skimHaproxy: Skimmer = (text, bytes, from, to, out) => {
  const space = find(bytes, 32, from, to);
  if (space < 0 || bytes[space + 1]! !== 91 || bytes[to - 1]! <= 32) return false;
  let colon = space - 1;
  while (colon > from && digit(bytes, colon) >= 0 && digit(bytes, colon) <= 9) colon--;
  const first = digit(bytes, from);
  if (bytes[colon]! !== 58 || colon === space - 1 || colon - from < 7 || !(first >= 0 && first <= 9)) return false;
  if (bytes[colon - 1]! === 58) return false;
  out.clientFrom = from;
  out.clientTo = colon;
  out.referrerFrom = -1;
  out.agentFrom = -1;
  const bracket = skimTime(text, bytes, space + 2, out);
  if (bracket < 0 || bracket >= to || bytes[bracket + 1]! !== 32) return false;

  // The ten blanks between the fields, in one walk.
  const at = bracket + 2;
  let blanks = 0;
  let before = bracket + 1;
  let slash = -1;
  for (let i = at; blanks < 10; i++) {
    if (i >= to) return false;
    const c = bytes[i]!;
    if (c === 32) {
      if (i === before + 1) return false;
      blank[blanks++] = i;
      before = i;
    } else if (c === 47 && slash < 0 && blanks === 1) slash = i;
  }
  if (slash < 0) return false;
  const serverEnd = blank[1]!;
  const timersEnd = blank[2]!;
  const statusEnd = blank[3]!;
  const bytesEnd = blank[4]!;
  const responseCookieEnd = blank[6]!;
  const stateEnd = blank[7]!;
  const queuesEnd = blank[9]!;
  const stateLength = stateEnd - responseCookieEnd - 1;
  if (stateLength !== 4) return false;
  let slashes = 0;
  let last = serverEnd;
  for (let i = serverEnd + 1; i < timersEnd; i++) {
    if (bytes[i]! === 47) {
      slashes++;
      last = i;
    }
  }
  if (slashes !== 4) return false;
  let n = 0;
  for (let i = last + 1; i < timersEnd; i++) {
    const c = digit(bytes, i);
    if (!(c >= 0 && c <= 9)) return false;
    n = n * 10 + c;
  }
  if (timersEnd - last < 2 || timersEnd - last > 12) return false;
  out.durationMs = n;
  if (statusEnd - timersEnd !== 4 || !isTwo(bytes, timersEnd + 1) || !isTwo(bytes, timersEnd + 2)) return false;
  out.status = digit(bytes, timersEnd + 1) * 100 + digit(bytes, timersEnd + 2) * 10 + digit(bytes, timersEnd + 3);
  for (let i = statusEnd + 1; i < bytesEnd; i++) {
    const c = digit(bytes, i);
    if (!(c >= 0 && c <= 9)) return false;
  }
  if (bytesEnd - statusEnd < 2 || bytesEnd - statusEnd > 15) return false;

  out.host = null;
  let pos = queuesEnd + 1;
  while (bytes[pos]! === 123) {
    const end = bracesEnd(bytes, pos, to);
    if (end < 0) return false;
    if (out.host === null) {
      const host = hostIn(text, bytes, pos + 1, end);
      if (host === undefined) return false;
      out.host = host;
    }
    pos = end + 2;
  }
  if (bytes[pos]! !== 34) return false;
  const request = pos + 1;
  const requestEnd = find(bytes, 34, request, to);
  if (requestEnd < 0) return false;
  const protocol = requestEnd - 9;
  if (bytes[protocol]! !== 32 || !isHttp(bytes, protocol + 1)) return false;
  let path: number;
  if (isGet(bytes, request)) {
    out.method = 'GET';
    path = request + 4;
  } else if (isPost(bytes, request)) {
    out.method = 'POST';
    path = request + 5;
  } else {
    const blank = text.indexOf(' ', request);
    if (blank >= protocol) return false;
    out.method = text.slice(request, blank);
    if (!isMethod(out.method)) return false;
    path = blank + 1;
  }
  if (bytes[path]! !== 47 || path >= protocol) return false;
  let end = path;
  for (; end < protocol; end++) {
    const c = bytes[end]!;
    if (c === 63) break;
    if (c <= 32 || c >= 127 || c === 35) return false;
  }
  out.pathFrom = path;
  out.pathTo = end;
  // Behind the request: ids and numbers change nothing that is counted, names and TLS may.
  for (let i = requestEnd + 1; i < to; i++) {
    const c = bytes[i]!;
    if (c === 61 || c === 47 || c === 34 || c === 123 || c >= 127) return false;
  }
  out.extrasFrom = requestEnd + 1 < to ? requestEnd + 1 : -1;
  out.zoneless = true;
  return true;
};

/** Position of `} `; -1 = it is not there. */
function bracesEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) if (bytes[i] === 125 && bytes[i + 1] === 32) return i;
  return -1;
}

/** The time of the last header, NaN = its zone is not known. */
export const header = { ms: Number.NaN };
/** `host tag[pid]: ` of the line before. */
let lastHead = Buffer.alloc(0);

/** `2025-11-22T09:57:01.123456+01:00 ` */
const iso = new IsoTimes(32);

/** Position behind `2025-11-22T09:57:01.123+01:00 host tag[pid]: ` or `Nov 22 09:57:01 host tag[pid]: `; -1 = another. */
export function skimSyslog(text: string, bytes: Uint8Array, from: number, to: number, isIso: boolean): number {
  let at: number;
  if (isIso) {
    if (bytes[from + 10]! !== 84) return -1;
    at = iso.read(text, bytes, from);
    if (at < 0) return -1;
    header.ms = iso.zoneless ? Number.NaN : iso.ms;
  } else {
    const month = 'JanFebMarAprMayJunJulAugSepOctNovDec'.indexOf(text.slice(from, from + 3));
    // A day that every month has, so that every year has this time.
    const tens = bytes[from + 4]! === 32 ? 0 : digit(bytes, from + 4);
    const ones = digit(bytes, from + 5);
    const hour = digit(bytes, from + 7) * 10 + digit(bytes, from + 8);
    if (
      month < 0 ||
      month % 3 !== 0 ||
      !(tens >= 0 && tens <= 2 && ones >= 0 && ones <= (tens === 2 ? 8 : 9) && tens + ones > 0) ||
      bytes[from + 3]! !== 32 ||
      bytes[from + 6]! !== 32
    )
      return -1;
    if (!isTwo(bytes, from + 7) || !isTwo(bytes, from + 10) || !isTwo(bytes, from + 13)) return -1;
    if (bytes[from + 9]! !== 58 || bytes[from + 12]! !== 58 || bytes[from + 15]! !== 32) return -1;
    if (hour > 23 || digit(bytes, from + 10) > 5 || digit(bytes, from + 13) > 5) return -1;
    header.ms = Number.NaN;
    at = from + 16;
  }
  if (lastHead.length > 0 && same(bytes, at, lastHead)) return at + lastHead.length;
  const space = text.indexOf(' ', at);
  const end = text.indexOf(' ', space + 1);
  if (space <= at || end < 0 || end >= to || bytes[space - 1]! === 58) return -1;
  if (bytes[end - 1]! !== 58 || end - space < 3 || end - space > 100) return -1;
  const host = text.slice(at, space);
  const tag = text.slice(space + 1, end - 1);
  if (levelOf(host) !== null || levelOf(tag) !== null || !/^[\w.-]+(?:\[\d+\])?$/.test(tag) || /^\d/.test(host))
    return -1;
  lastHead = Buffer.from(bytes.subarray(at, end + 1));
  return end + 1;
}
