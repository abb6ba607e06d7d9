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

/** The same to the microsecond, as a fraction of milliseconds: 251.123. */
function fineFractionMs(text: string): number {
  const from = read.end + 1;
  const ms = fractionMs(text);
  let micros = 0;
  let scale = 100;
  for (let i = from + 3; i < read.end && scale >= 1; i++) {
    micros += (text.charCodeAt(i) - 48) * scale;
    scale /= 10;
  }
  return ms + micros / 1000;
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

/**
 * `22/Nov/2025:09:57:01 +0100`, also with `.123` and without zone (HAProxy), with a space before the clock (Django's
 * server, Webmin), and with the month as a number in front of the day (`11/22/2025:09:57:01`, cPanel).
 */
export function readClf(text: string, at: number): number {
  const day = two(text, at);
  if (text.charCodeAt(at + 2) !== 47) return Number.NaN;
  let ms: number;
  if (text.charCodeAt(at + 6) === 47) {
    const mark = text.charCodeAt(at + 11);
    if (mark !== 58 && mark !== 32) return Number.NaN;
    ms = dayMs(four(text, at + 7), monthAt(text, at + 3), day) + clockMs(text, at + 12);
    read.end = at + 20;
  } else {
    if (text.charCodeAt(at + 5) !== 47 || text.charCodeAt(at + 10) !== 58) return Number.NaN;
    ms = dayMs(four(text, at + 6), day, two(text, at + 3)) + clockMs(text, at + 11);
    read.end = at + 19;
  }
  if (Number.isNaN(ms)) return Number.NaN;
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
    // " -" is more often a separator than an offset: `hhmm` or `hh:mm` must follow.
    if ((sign === 43 || sign === 45) && isOffset(text, end + 2)) read.end = end + 1;
    else return named(text, ms + fraction);
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

/** `Sep 01 2026 10:30:00` at `at`, the month first and no zone (CEF). */
export function readMonthFirst(text: string, at: number): number {
  const ms = dayMs(four(text, at + 7), monthAt(text, at), two(text, at + 4)) + clockMs(text, at + 12);
  if (Number.isNaN(ms)) return ms;
  read.end = at + 20;
  read.zoneless = true;
  return ms;
}

/** `2025-11-22` at `day` and `09:57:01` at `clock`, with anything between them: UTC, whatever follows. */
export function readDayAndClock(text: string, day: number, clock: number): number {
  if (text.charCodeAt(day + 4) !== 45 || text.charCodeAt(day + 7) !== 45) return Number.NaN;
  return dayMs(four(text, day), two(text, day + 5), two(text, day + 8)) + clockMs(text, clock);
}

/** nginx error log and Go's log package: `2025/11/22 09:57:01`, also with a fraction, and Gin's `2025/11/22 - 09:57:01`. */
export function readSlashed(text: string, at: number): number {
  if (text.charCodeAt(at + 4) !== 47 || text.charCodeAt(at + 7) !== 47 || text.charCodeAt(at + 10) !== 32)
    return Number.NaN;
  const clock = text.charCodeAt(at + 11) === 45 && text.charCodeAt(at + 12) === 32 ? at + 13 : at + 11;
  const ms = dayMs(four(text, at), two(text, at + 5), two(text, at + 8)) + clockMs(text, clock);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = clock + 8;
  read.zoneless = true;
  return ms + fractionMs(text);
}

/**
 * Apache error log and ctime: `Sat Nov 22 09:57:01.123456 2025`, also without fraction, day padded with a space. To the
 * microsecond: of look-alikes that Apache's threads answer in the same millisecond nothing else tells whose line it is.
 */
export function readCtime(text: string, at: number): number {
  const month = monthAt(text, at + 4);
  if (month === 0 || text.charCodeAt(at + 3) !== 32) return Number.NaN;
  const day = text.charCodeAt(at + 8) === 32 ? text.charCodeAt(at + 9) - 48 : two(text, at + 8);
  const clock = clockMs(text, at + 11);
  if (Number.isNaN(clock)) return Number.NaN;
  read.end = at + 19;
  const fraction = fineFractionMs(text);
  let year = text.charCodeAt(read.end) === 32 ? four(text, read.end + 1) : Number.NaN;
  let zone = 0;
  let zoneless = true;
  if (Number.isNaN(year) && text.charCodeAt(read.end) === 32) {
    // `date` and Java put the zone in front of the year.
    const end = wordEnd(text, read.end + 1);
    const minutes = ZONES.get(text.slice(read.end + 1, end));
    year = four(text, end + 1);
    if (end - read.end > 6 || text.charCodeAt(end) !== 32) return Number.NaN;
    if (minutes !== undefined) {
      zone = minutes * 60_000;
      zoneless = false;
    }
    read.end = end;
  }
  const ms = dayMs(year, month, day) + clock + fraction - zone;
  if (Number.isNaN(ms)) return Number.NaN;
  read.end += 5;
  read.zoneless = zoneless;
  return ms;
}

/** PHP: `22-Nov-2025 09:57:01`, also with `.123`, and with the name of a zone: `UTC`, `Europe/Berlin`. */
export function readDashed(text: string, at: number): number {
  const month = monthAt(text, at + 3);
  if (month === 0 || text.charCodeAt(at + 2) !== 45 || text.charCodeAt(at + 6) !== 45) return Number.NaN;
  const ms = dayMs(four(text, at + 7), month, two(text, at)) + clockMs(text, at + 12);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = at + 20;
  return named(text, ms + fractionMs(text));
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
export function readAny(text: string, referenceMs = Number.NaN): number {
  const ms = readTime(text, 0, referenceMs);
  if (!Number.isNaN(ms) || !isDigit(text.charCodeAt(0))) return ms;
  read.zoneless = false;
  read.end = text.length;
  return epochMs(Number(text));
}

/**
 * A time in any notation that text logs use, at `at`. `referenceMs` dates what has no year or no day. Numbers that may
 * be anything (epochs of ten digits without fraction) are not taken.
 */
export function readTime(text: string, at: number, referenceMs: number): number {
  if (!isDigit(text.charCodeAt(at))) return readWords(text, at, referenceMs);
  if (text.charCodeAt(at + 4) === 45) return readIso(text, at);
  switch (text.charCodeAt(at + 2)) {
    case 47: {
      const ms = readClf(text, at);
      return Number.isNaN(ms) ? readNumeric(text, at) : ms;
    }
    case 45: {
      const ms = readDashed(text, at);
      return Number.isNaN(ms) ? readNumeric(text, at) : ms;
    }
    case 46:
      return readNumeric(text, at);
    case 58:
      return readClock(text, at, referenceMs);
    case 32:
      return readDayFirst(text, at);
  }
  const second = text.charCodeAt(at + 1);
  if (second === 47 || second === 46) return readNumeric(text, at);
  if (second === 32) return readDayFirst(text, at);
  if (text.charCodeAt(at + 4) === 47) return readSlashed(text, at);
  if (text.charCodeAt(at + 10) === 46) return readEpoch(text, at);
  if (isDigit(text.charCodeAt(at + 7))) return readBasic(text, at);
  return Number.NaN;
}

/** `1763805421.123`: seconds with a fraction, which no number of another kind has at the start of a line. */
function readEpoch(text: string, at: number): number {
  let end = at + 11;
  while (isDigit(text.charCodeAt(end))) end++;
  const after = text.charCodeAt(end);
  if (end < at + 14 || !(after === 32 || after === 9 || after === 93 || Number.isNaN(after))) return Number.NaN;
  for (let i = at; i < at + 10; i++) if (!isDigit(text.charCodeAt(i))) return Number.NaN;
  const ms = epochMs(Number(text.slice(at, end)));
  read.end = end;
  read.zoneless = false;
  return ms;
}

/** `20251122T095701Z`, `20251122 09:57:01`. */
function readBasic(text: string, at: number): number {
  const mark = text.charCodeAt(at + 8);
  if (mark !== 84 && mark !== 32 && mark !== 45) return Number.NaN;
  const day = dayMs(four(text, at), two(text, at + 4), two(text, at + 6));
  let clock = clockMs(text, at + 9);
  read.end = at + 17;
  if (Number.isNaN(clock) && mark === 84) {
    const h = two(text, at + 9);
    const m = two(text, at + 11);
    const s = two(text, at + 13);
    clock = h <= 23 && m <= 59 && s <= 60 ? h * 3_600_000 + m * 60_000 + s * 1000 : Number.NaN;
    read.end = at + 15;
  }
  if (Number.isNaN(day + clock)) return Number.NaN;
  const fraction = fractionMs(text);
  const end = read.end;
  const offset = offsetMs(text);
  read.zoneless = Number.isNaN(offset);
  if (read.zoneless) read.end = end;
  return day + clock + fraction - (read.zoneless ? 0 : offset);
}

/**
 * `11/22/2025, 9:57:01 AM` (JavaScript's default), `11/22/25 09:57:01.123456`, `22.11.2025 09:57:01`,
 * `22-11-2025 09:57:01`. With slashes the month comes first, unless that number is no month.
 */
function readNumeric(text: string, at: number): number {
  let i = at;
  const number = (): number => {
    const from = i;
    let n = 0;
    while (i < from + 4 && isDigit(text.charCodeAt(i))) n = n * 10 + text.charCodeAt(i++) - 48;
    return i === from ? Number.NaN : n;
  };
  const first = number();
  const mark = text.charCodeAt(i++);
  const second = number();
  if (text.charCodeAt(i++) !== mark) return Number.NaN;
  const from = i;
  let year = number();
  if (i - from === 2) year += year < 70 ? 2000 : 1900;
  else if (i - from !== 4) return Number.NaN;
  if (text.charCodeAt(i) === 44) i++;
  if (text.charCodeAt(i++) !== 32) return Number.NaN;
  const monthFirst = mark === 47 && first <= 12;
  const day = monthFirst ? dayMs(year, first, second) : dayMs(year, second, first);
  const ms = day + clock12(text, i);
  read.zoneless = true;
  return Number.isNaN(ms) ? ms : named(text, ms);
}

/** `9:57:01 AM`, `09:57:01.123`: sets `read.end`. */
function clock12(text: string, at: number): number {
  const short = text.charCodeAt(at + 1) === 58;
  const h = short ? text.charCodeAt(at) - 48 : two(text, at);
  const i = short ? at + 2 : at + 3;
  const m = two(text, i);
  const s = two(text, i + 3);
  if (text.charCodeAt(i - 1) !== 58 || text.charCodeAt(i + 2) !== 58) return Number.NaN;
  if (!(h >= 0 && h <= 23 && m <= 59 && s <= 60)) return Number.NaN;
  read.end = i + 5;
  const fraction = fractionMs(text);
  let hour = h;
  const gap = text.charCodeAt(read.end);
  // JavaScript puts a narrow no-break space in front of AM.
  const half = gap === 32 || gap === 0x202f || gap === 0xa0 ? text.charCodeAt(read.end + 1) | 32 : 0;
  if ((half === 97 || half === 112) && (text.charCodeAt(read.end + 2) | 32) === 109) {
    if (h < 1 || h > 12) return Number.NaN;
    hour = (h % 12) + (half === 112 ? 12 : 0);
    read.end += 3;
  }
  return hour * 3_600_000 + m * 60_000 + s * 1000 + fraction;
}

/** How far a clock without date may run ahead of the reference: zones east of it. */
const CLOCK_AHEAD_MS = 10 * 3_600_000;

/** `09:57:01.123` alone: on the day that puts it closest before the reference; without a reference there is no time. */
function readClock(text: string, at: number, referenceMs: number): number {
  const clock = clockMs(text, at);
  if (Number.isNaN(clock) || !Number.isFinite(referenceMs)) return Number.NaN;
  read.end = at + 8;
  read.zoneless = true;
  const latest = referenceMs + CLOCK_AHEAD_MS;
  const ms = Math.floor(latest / DAY_MS) * DAY_MS + clock + fractionMs(text);
  return ms > latest ? ms - DAY_MS : ms;
}

/** `22 Nov 2025 09:57:01`, `22 Nov 2025 09:57:01.123 +0000`. */
function readDayFirst(text: string, at: number): number {
  const gap = text.charCodeAt(at + 1) === 32 ? at + 1 : at + 2;
  const month = monthAt(text, gap + 1);
  if (month === 0 || text.charCodeAt(gap + 4) !== 32 || text.charCodeAt(gap + 9) !== 32) return Number.NaN;
  const day = gap === at + 1 ? text.charCodeAt(at) - 48 : two(text, at);
  const ms = dayMs(four(text, gap + 5), month, day) + clockMs(text, gap + 10);
  if (Number.isNaN(ms)) return Number.NaN;
  read.end = gap + 18;
  return named(text, ms + fractionMs(text));
}

/** Times that begin with a name: `Sat Nov 22 09:57:01 2025`, `Sat, 22 Nov 2025 09:57:01 GMT`, `Nov 22, 2025 9:57:01 AM`, `Nov 22 09:57:01`. */
function readWords(text: string, at: number, referenceMs: number): number {
  const c = text.charCodeAt(at);
  if (!(c >= 65 && c <= 90)) return Number.NaN;
  const fourth = text.charCodeAt(at + 3);
  if (fourth === 44) return text.charCodeAt(at + 4) === 32 ? readDayFirst(text, at + 5) : Number.NaN;
  if (fourth !== 32) return Number.NaN;
  const month = monthAt(text, at);
  if (month === 0) return readCtime(text, at);
  const day = isDigit(text.charCodeAt(at + 5))
    ? two(text.charCodeAt(at + 4) === 32 ? `0${text[at + 5]}` : text.slice(at + 4, at + 6), 0)
    : text.charCodeAt(at + 4) - 48;
  let i = isDigit(text.charCodeAt(at + 5)) ? at + 6 : at + 5;
  if (text.charCodeAt(i) === 44) i++;
  // A year between day and clock (Cisco, java.util.logging).
  const year = four(text, i + 1);
  if (text.charCodeAt(i) === 32 && year > 1969 && text.charCodeAt(i + 5) === 32) {
    const ms = dayMs(year, month, day) + clock12(text, i + 6);
    read.zoneless = true;
    return Number.isNaN(ms) ? ms : named(text, ms);
  }
  return readSyslog(text, at, referenceMs);
}

// ------------------------------------------------------------------------------------------------ names of zones

/** Minutes east of UTC. Names that two parts of the world use (CST, IST, BST) are not here: they name no zone. */
const ZONES = new Map(
  Object.entries({
    UTC: 0,
    GMT: 0,
    Z: 0,
    WET: 0,
    WEST: 60,
    CET: 60,
    MET: 60,
    CEST: 120,
    MEST: 120,
    EET: 120,
    EEST: 180,
    MSK: 180,
    SAST: 120,
    EST: -300,
    EDT: -240,
    CDT: -300,
    MST: -420,
    MDT: -360,
    PST: -480,
    PDT: -420,
    JST: 540,
    KST: 540,
    HKT: 480,
    AEST: 600,
    AEDT: 660,
    NZST: 720,
    NZDT: 780,
  }),
);

/** Behind the letters, digits, `/`, `_`, `+` and `-` at `at`; at most 40 of them. */
function wordEnd(text: string, at: number): number {
  let i = at;
  for (; i < at + 40; i++) {
    const c = text.charCodeAt(i);
    if (!((c >= 65 && c <= 90) || (c >= 97 && c <= 122) || isDigit(c) || c === 47 || c === 95 || c === 43 || c === 45))
      break;
  }
  return i;
}

/** `hhmm` or `hh:mm`, and no digit behind it. */
function isOffset(text: string, at: number): boolean {
  if (Number.isNaN(two(text, at))) return false;
  const m = text.charCodeAt(at + 2) === 58 ? at + 3 : at + 2;
  return !Number.isNaN(two(text, m)) && !isDigit(text.charCodeAt(m + 2)) && text.charCodeAt(m + 2) !== 58;
}

/** `ms` moved by the zone that a word or offset at `read.end` names; sets `read.zoneless` and moves `read.end` over it. */
function named(text: string, ms: number): number {
  read.zoneless = true;
  if (text.charCodeAt(read.end) !== 32) return ms;
  const at = read.end + 1;
  const c = text.charCodeAt(at);
  if ((c === 43 || c === 45) && isOffset(text, at + 1)) {
    read.end = at;
    const offset = offsetMs(text);
    read.zoneless = false;
    return ms - offset;
  }
  if (!(c >= 65 && c <= 90)) return ms;
  const end = wordEnd(text, at);
  if (end - at > 32) return ms;
  const word = text.slice(at, end);
  let minutes = ZONES.get(word);
  if (minutes === undefined && end - at > 5 && word.indexOf('/') > 0) minutes = zoneMinutes(word, ms);
  if (minutes === undefined) return ms;
  read.end = end;
  read.zoneless = false;
  return ms - minutes * 60_000;
}

/** Formatters cost more than a record; a log names one or two zones. */
const ZONE_NAMES_MAX = 32;
const formatters = new Map<string, Intl.DateTimeFormat | null>();

/** Offset of `Europe/Berlin` at a wall clock; of an hour that comes twice, the first. undefined = there is no such zone. */
function zoneMinutes(name: string, wallMs: number): number | undefined {
  let formatter = formatters.get(name);
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      formatter = null;
    }
    if (formatters.size >= ZONE_NAMES_MAX) formatters.clear();
    formatters.set(name, formatter);
  }
  if (formatter === null) return undefined;
  const offsetAt = (utcMs: number): number => {
    const parts: Record<string, number> = {};
    for (const part of formatter.formatToParts(utcMs)) parts[part.type] = Number(part.value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - utcMs) / 60_000);
  };
  // The offset before a change makes the earlier of two instants, and is tried first.
  const before = offsetAt(wallMs - DAY_MS);
  if (offsetAt(wallMs - before * 60_000) === before) return before;
  return offsetAt(wallMs - offsetAt(wallMs) * 60_000);
}
