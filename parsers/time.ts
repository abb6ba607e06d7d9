/**
 * HOT. Reads the times that logs write. Every reader takes the text and a position and gives milliseconds
 * since 1970, or NaN when no such time stands there; `read` says where it ended and whether a zone was named.
 * Zoneless times are read as if they were UTC: who knows the zone of the source moves them.
 * No Date.parse and no regular expression: combined log lines spend a tenth of their time here.
 */

/** What the last successful reader found besides the time. One object, overwritten by every call. */
export const read = { end: 0, zoneless: false };

const DAY_MS = 86_400_000;

/** Days since 1970 of a civil date (proleptic Gregorian), by counting from March so that leap days come last. */
function civilDays(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

// Almost every line has the day of the line before: one comparison instead of the arithmetic above.
let cachedKey = -1;
let cachedMs = 0;

/** Start of the day in milliseconds, NaN for a day that no calendar has. */
function dayMs(year: number, month: number, day: number): number {
  const key = year * 10_000 + month * 100 + day;
  if (key === cachedKey) return cachedMs;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  if (day > 28 && day > daysInMonth(year, month)) return Number.NaN;
  cachedKey = key;
  cachedMs = civilDays(year, month, day) * DAY_MS;
  return cachedMs;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Two digits at `i`, or NaN. */
function two(text: string, i: number): number {
  const a = text.charCodeAt(i) - 48;
  const b = text.charCodeAt(i + 1) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : Number.NaN;
}

function four(text: string, i: number): number {
  return two(text, i) * 100 + two(text, i + 2);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** 1–12 for an English month name of three letters in any case, 0 for anything else. */
function monthAt(text: string, i: number): number {
  const a = text.charCodeAt(i) | 32;
  const b = text.charCodeAt(i + 1) | 32;
  const c = text.charCodeAt(i + 2) | 32;
  switch ((a << 16) | (b << 8) | c) {
    case 0x6a616e:
      return 1;
    case 0x666562:
      return 2;
    case 0x6d6172:
      return 3;
    case 0x617072:
      return 4;
    case 0x6d6179:
      return 5;
    case 0x6a756e:
      return 6;
    case 0x6a756c:
      return 7;
    case 0x617567:
      return 8;
    case 0x736570:
      return 9;
    case 0x6f6374:
      return 10;
    case 0x6e6f76:
      return 11;
    case 0x646563:
      return 12;
    default:
      return 0;
  }
}

/** `hh:mm:ss` at `i` in milliseconds, NaN when it is none. Second 60 (leap second) is let through. */
function clockMs(text: string, i: number): number {
  const h = two(text, i);
  const m = two(text, i + 3);
  const s = two(text, i + 6);
  if (text.charCodeAt(i + 2) !== 58 || text.charCodeAt(i + 5) !== 58) return Number.NaN;
  return h <= 23 && m <= 59 && s <= 60 ? h * 3_600_000 + m * 60_000 + s * 1000 : Number.NaN;
}

/** A fraction `.123456` or `,123` at `read.end`: milliseconds, with what is finer cut off; moves `read.end` behind it. */
function fractionMs(text: string): number {
  const mark = text.charCodeAt(read.end);
  if ((mark !== 46 && mark !== 44) || !isDigit(text.charCodeAt(read.end + 1))) return 0;
  let i = read.end + 1;
  let ms = 0;
  let scale = 100;
  for (; isDigit(text.charCodeAt(i)); i++) {
    ms += (text.charCodeAt(i) - 48) * scale;
    scale = scale === 100 ? 10 : scale === 10 ? 1 : 0;
  }
  read.end = i;
  return ms;
}

/** An offset `Z`, `+01:00`, `+0100`, `+01` at `read.end`: milliseconds, moves `read.end`; NaN when there is none. */
function offsetMs(text: string): number {
  const sign = text.charCodeAt(read.end);
  if (sign === 90 || sign === 122) {
    read.end++;
    return 0;
  }
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const h = two(text, read.end + 1);
  if (Number.isNaN(h) || h > 18) return Number.NaN;
  let i = read.end + 3;
  if (text.charCodeAt(i) === 58) i++;
  let m = two(text, i);
  if (m <= 59) i += 2;
  else {
    m = 0;
    i = read.end + 3;
  }
  read.end = i;
  const ms = (h * 60 + m) * 60_000;
  return sign === 45 ? -ms : ms;
}

/** `22/Nov/2025:09:57:01 +0100`, also with `.123` and without zone (HAProxy). */
export function readClf(text: string, at: number): number {
  const day = two(text, at);
  const month = monthAt(text, at + 3);
  const year = four(text, at + 7);
  if (text.charCodeAt(at + 2) !== 47 || text.charCodeAt(at + 6) !== 47 || text.charCodeAt(at + 11) !== 58)
    return Number.NaN;
  const ms = dayMs(year, month, day) + clockMs(text, at + 12);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = at + 20;
  const fraction = fractionMs(text);
  if (text.charCodeAt(read.end) === 32) {
    const end = read.end++;
    const offset = offsetMs(text);
    if (!Number.isNaN(offset)) {
      read.zoneless = false;
      return ms + fraction - offset;
    }
    read.end = end;
  }
  read.zoneless = true;
  return ms + fraction;
}

/** `2025-11-22T09:57:01.123456+01:00`: T or space, dot or comma, `Z`, `±hh:mm`, `±hhmm` with or without a space before, or no zone. */
export function readIso(text: string, at: number): number {
  if (text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45) return Number.NaN;
  const t = text.charCodeAt(at + 10);
  if (t !== 84 && t !== 32 && t !== 116) return Number.NaN;
  const ms = dayMs(four(text, at), two(text, at + 5), two(text, at + 8)) + clockMs(text, at + 11);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = at + 19;
  const fraction = fractionMs(text);
  const end = read.end;
  if (text.charCodeAt(end) === 32) {
    const sign = text.charCodeAt(end + 1);
    // " -" is more often a separator than an offset: four digits must follow.
    if ((sign === 43 || sign === 45) && !Number.isNaN(four(text, end + 2)) && !isDigit(text.charCodeAt(end + 6)))
      read.end = end + 1;
    else if (text.startsWith(' UTC', end) || text.startsWith(' GMT', end)) {
      read.end = end + 4;
      read.zoneless = false;
      return ms + fraction;
    } else {
      read.zoneless = true;
      return ms + fraction;
    }
  }
  const offset = offsetMs(text);
  if (Number.isNaN(offset)) {
    read.end = end;
    read.zoneless = true;
    return ms + fraction;
  }
  read.zoneless = false;
  return ms + fraction - offset;
}

/** nginx error log and Go's log package: `2025/11/22 09:57:01`, also with a fraction. */
export function readSlashed(text: string, at: number): number {
  if (text.charCodeAt(at + 4) !== 47 || text.charCodeAt(at + 7) !== 47 || text.charCodeAt(at + 10) !== 32)
    return Number.NaN;
  const ms = dayMs(four(text, at), two(text, at + 5), two(text, at + 8)) + clockMs(text, at + 11);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = at + 19;
  read.zoneless = true;
  return ms + fractionMs(text);
}

/** Apache error log and ctime: `Sat Nov 22 09:57:01.123456 2025`, also without fraction, day padded with a space. */
export function readCtime(text: string, at: number): number {
  const month = monthAt(text, at + 4);
  if (month === 0 || text.charCodeAt(at + 3) !== 32) return Number.NaN;
  const day = text.charCodeAt(at + 8) === 32 ? text.charCodeAt(at + 9) - 48 : two(text, at + 8);
  const clock = clockMs(text, at + 11);
  if (Number.isNaN(clock)) return Number.NaN;
  read.end = at + 19;
  const fraction = fractionMs(text);
  const year = text.charCodeAt(read.end) === 32 ? four(text, read.end + 1) : Number.NaN;
  const ms = dayMs(year, month, day) + clock + fraction;
  if (Number.isNaN(ms)) return Number.NaN;
  read.end += 5;
  read.zoneless = true;
  return ms;
}

/** PHP: `22-Nov-2025 09:57:01`, also with `.123`, and with a zone name that is `UTC`. */
export function readDashed(text: string, at: number): number {
  const month = monthAt(text, at + 3);
  if (month === 0 || text.charCodeAt(at + 2) !== 45 || text.charCodeAt(at + 6) !== 45) return Number.NaN;
  const ms = dayMs(four(text, at + 7), month, two(text, at)) + clockMs(text, at + 12);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = at + 20;
  const fraction = fractionMs(text);
  read.zoneless = true;
  if (text.startsWith(' UTC', read.end) || text.startsWith(' GMT', read.end)) {
    read.end += 4;
    read.zoneless = false;
  }
  return ms + fraction;
}

/**
 * RFC 3164: `Nov 22 09:57:01`, day padded with a space or zero. The year is the latest that does not put the time
 * after `referenceMs` (a day is allowed for zones and clocks), so that December read in January lies in the old
 * year and May read in November in this one; without a reference there is no time.
 */
export function readSyslog(text: string, at: number, referenceMs: number): number {
  const month = monthAt(text, at);
  if (month === 0 || text.charCodeAt(at + 3) !== 32) return Number.NaN;
  const day = text.charCodeAt(at + 4) === 32 ? text.charCodeAt(at + 5) - 48 : two(text, at + 4);
  const clock = clockMs(text, at + 7);
  if (Number.isNaN(clock) || !(day >= 1 && day <= 31) || !Number.isFinite(referenceMs)) return Number.NaN;
  read.end = at + 15;
  const fraction = fractionMs(text);
  read.zoneless = true;
  const year = new Date(referenceMs).getUTCFullYear();
  for (let y = year + 1; y >= year - 1; y--) {
    const ms = dayMs(y, month, day) + clock + fraction;
    if (ms <= referenceMs + 86_400_000) return ms;
  }
  return Number.NaN;
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size; good for 1973 to 5138. */
export function epochMs(value: number): number {
  if (!(value >= 1e8 && value < 1e20)) return Number.NaN;
  if (value < 1e11) return Math.round(value * 1000);
  if (value < 1e14) return Math.round(value);
  if (value < 1e17) return Math.round(value / 1000);
  return Math.round(value / 1e6);
}

/** Any of the times above, or a number, as the whole of `text`. For values whose format is not known (JSON). */
export function readAny(text: string): number {
  const first = text.charCodeAt(0);
  let ms = Number.NaN;
  if (isDigit(first)) {
    const third = text.charCodeAt(2);
    if (third === 47) ms = readClf(text, 0);
    else if (third === 45) ms = readDashed(text, 0);
    else if (text.charCodeAt(4) === 45) ms = readIso(text, 0);
    else if (text.charCodeAt(4) === 47) ms = readSlashed(text, 0);
    else {
      ms = epochMs(Number(text));
      read.zoneless = false;
      read.end = text.length;
    }
  } else ms = readCtime(text, 0);
  return ms;
}
