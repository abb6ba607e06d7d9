/**
 * HOT. Reads times by the layout with which a server was told to write them (Apache's `%{…}t`, Envoy's
 * `%START_TIME(…)%`): strftime letters and what stands between them. A time may come in several pieces, so a piece only
 * notes what it says, and `clockMs` puts the pieces together.
 */

/** What the pieces of a time said; NaN = nothing. */
export interface Clock {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fractionMs: number;
  zoneMs: number;
  epochMs: number;
  /** 0 = no, 1 = a.m., 2 = p.m. */
  half: number;
}

export const newClock = (): Clock => ({
  year: Number.NaN,
  month: Number.NaN,
  day: Number.NaN,
  hour: Number.NaN,
  minute: Number.NaN,
  second: Number.NaN,
  fractionMs: Number.NaN,
  zoneMs: Number.NaN,
  epochMs: Number.NaN,
  half: 0,
});

/** Reads its layout at `at` into the clock; the position behind it, -1 = something else stands there. */
export type TimeLayout = (text: string, at: number, clock: Clock) => number;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const LONG_MONTHS = 'january february march april may june july august september october november december'.split(' ');
const DAYS = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ');

/** Letters that stand for others. */
const COMPOSED: Record<string, string> = {
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  r: '%I:%M:%S %p',
  c: '%a %b %e %H:%M:%S %Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  h: '%b',
};

function digits(most: number, put: (clock: Clock, n: number, length: number) => void, least = most): TimeLayout {
  return (text, from, clock) => {
    let at = from;
    let n = 0;
    while (at - from < most) {
      const c = text.charCodeAt(at) - 48;
      // `%e`, `%k` and `%l` are padded with a blank.
      if (at === from && c === -16 && least < most) {
        from++;
        at++;
        continue;
      }
      if (!(c >= 0 && c <= 9)) break;
      n = n * 10 + c;
      at++;
    }
    if (at === from || (least === most && at - from < most)) return -1;
    put(clock, n, at - from);
    return at;
  };
}

function word(words: string[], put: (clock: Clock, index: number) => void): TimeLayout {
  return (text, at, clock) => {
    for (let i = 0; i < words.length; i++) {
      const name = words[i]!;
      if (text.slice(at, at + name.length).toLowerCase() !== name) continue;
      put(clock, i);
      return at + name.length;
    }
    return -1;
  };
}

const fraction = (most: number): TimeLayout =>
  digits(
    most,
    (clock, n, length) => {
      clock.fractionMs = Math.floor((n / 10 ** length) * 1000 + 1e-6);
    },
    1,
  );

/** `+0100`, `+01:00`, `Z`. */
const zone: TimeLayout = (text, at, clock) => {
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) {
    clock.zoneMs = 0;
    return at + 1;
  }
  const m = /^[+-](\d\d):?(\d\d)/.exec(text.slice(at, at + 6));
  if (m === null) return -1;
  const ms = (Number(m[1]) * 60 + Number(m[2])) * 60_000;
  clock.zoneMs = sign === 45 ? -ms : ms;
  return at + m[0].length;
};

/** `UTC`, `CET`: the name says its offset only where it is none. */
const zoneName: TimeLayout = (text, at, clock) => {
  const m = /^[A-Za-z]{1,6}|^[+-]\d\d(?::?\d\d)?/.exec(text.slice(at, at + 6));
  if (m === null) return -1;
  if (/^(?:UTC|GMT|Z)$/i.test(m[0])) clock.zoneMs = 0;
  else if (/^[+-]/.test(m[0])) zone(`${text.slice(at, at + m[0].length)}00`, 0, clock);
  return at + m[0].length;
};

const LETTERS: Record<string, TimeLayout> = {
  Y: digits(4, (c, n) => {
    c.year = n;
  }),
  y: digits(2, (c, n) => {
    c.year = n < 70 ? 2000 + n : 1900 + n;
  }),
  m: digits(2, (c, n) => {
    c.month = n;
  }),
  d: digits(2, (c, n) => {
    c.day = n;
  }),
  e: digits(
    2,
    (c, n) => {
      c.day = n;
    },
    1,
  ),
  H: digits(2, (c, n) => {
    c.hour = n;
  }),
  k: digits(
    2,
    (c, n) => {
      c.hour = n;
    },
    1,
  ),
  I: digits(2, (c, n) => {
    c.hour = n;
  }),
  l: digits(
    2,
    (c, n) => {
      c.hour = n;
    },
    1,
  ),
  M: digits(2, (c, n) => {
    c.minute = n;
  }),
  S: digits(2, (c, n) => {
    c.second = n;
  }),
  j: digits(3, (c, n) => {
    c.month = 1;
    c.day = n;
  }),
  s: digits(
    19,
    (c, n, length) => {
      c.epochMs = length > 16 ? n / 1e6 : length > 13 ? n / 1000 : length > 10 ? n : n * 1000;
    },
    1,
  ),
  f: fraction(9),
  N: fraction(9),
  L: fraction(3),
  b: word(MONTHS, (c, i) => {
    c.month = i + 1;
  }),
  B: word(LONG_MONTHS, (c, i) => {
    c.month = i + 1;
  }),
  a: word(
    DAYS.map((d) => d.slice(0, 3)),
    () => {},
  ),
  A: word(DAYS, () => {}),
  p: word(['am', 'pm'], (c, i) => {
    c.half = i + 1;
  }),
  z: zone,
  Z: zoneName,
  u: digits(1, () => {}),
  w: digits(1, () => {}),
  U: digits(2, () => {}),
  W: digits(2, () => {}),
  V: digits(2, () => {}),
  G: digits(4, () => {}),
};

function literal(text: string): TimeLayout {
  return (line, at) => (line.startsWith(text, at) ? at + text.length : -1);
}

/** Null when the layout has a letter that is not known. */
export function compileStrftime(layout: string): TimeLayout | null {
  const steps: TimeLayout[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') steps.push(literal(text));
    text = '';
  };
  for (let i = 0; i < layout.length; i++) {
    if (layout[i] !== '%') {
      text += layout[i];
      continue;
    }
    // `%-d`, `%03f`, `%3f`, `%E3S`: flags, and how many digits a fraction has.
    const m = /^%[-_^#]?(?:E(?=[A-Z]))?0?(\d*)([A-Za-z%])/.exec(layout.slice(i, i + 8));
    if (m === null) return null;
    i += m[0].length - 1;
    const letter = m[2]!;
    if (letter === '%' || letter === 'n' || letter === 't') {
      text += letter === '%' ? '%' : letter === 'n' ? '\n' : '\t';
      continue;
    }
    flush();
    if (Object.hasOwn(COMPOSED, letter)) {
      const inner = compileStrftime(COMPOSED[letter]!);
      if (inner === null) return null;
      steps.push(inner);
    } else if ((letter === 'f' || letter === 'N') && m[1] !== '') steps.push(fraction(Number(m[1])));
    else if (Object.hasOwn(LETTERS, letter)) steps.push(LETTERS[letter]!);
    else return null;
  }
  flush();
  return (line, from, clock) => {
    let at = from;
    for (const step of steps) {
      at = step(line, at, clock);
      if (at < 0) return -1;
    }
    return at;
  };
}

/** Milliseconds since 1970, a wall clock read as UTC where no zone was named; NaN when the pieces are no time. */
export function clockMs(clock: Clock): number {
  if (!Number.isNaN(clock.epochMs))
    return Math.floor(clock.epochMs) + (Number.isNaN(clock.fractionMs) ? 0 : clock.fractionMs);
  const { year, month, day, minute, second, half } = clock;
  let { hour } = clock;
  if (half === 1 && hour === 12) hour = 0;
  else if (half === 2 && hour < 12) hour += 12;
  const ms = Date.UTC(
    year,
    month - 1,
    day,
    hour,
    Number.isNaN(minute) ? 0 : minute,
    Number.isNaN(second) ? 0 : second,
    Number.isNaN(clock.fractionMs) ? 0 : clock.fractionMs,
  );
  return Number.isNaN(clock.zoneMs) ? ms : ms - clock.zoneMs;
}
