/**
 * What may be different about the same logs where they are kept: clocks that are off, layers that pass no id on, a log
 * that nobody kept. Each takes a folder of logs and makes another in which every record stands on the line on which it
 * stood, so that what is true of the one is true of the other. Seeded: the same folder gives the same variant.
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export function filesOf(logs: string): string[] {
  return readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((f) => statSync(join(logs, f)).isFile())
    .sort();
}

/** 0 ≤ x < 1, the same sequence for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function rewrite(from: string, to: string, change: (text: string, file: string) => string): void {
  cpSync(from, to, { recursive: true });
  for (const f of filesOf(to)) {
    // One byte a character: logs need not be UTF-8, and what is not touched stays as it is.
    const text = readFileSync(join(to, f), 'latin1');
    writeFileSync(join(to, f), change(text, f), 'latin1');
  }
}

/** Every log's clock is off by a number of its own, between half a minute too early and too late; its rotations with it. */
export function moveClocks(from: string, to: string, seed: number): void {
  const next = random(seed);
  const logOf = (file: string): string => file.replace(/\.\d+$/, '');
  const offsets = new Map<string, number>();
  for (const f of filesOf(from))
    if (!offsets.has(logOf(f))) offsets.set(logOf(f), Math.round((next() * 60 - 30) * 1000));
  rewrite(from, to, (text, f) => moveTimes(text, offsets.get(logOf(f))!));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const pad = (n: number, width = 2): string => String(n).padStart(width, '0');

/** Moves every point in time of a log, in whatever spelling; a spelling without fractions by whole seconds. */
export function moveTimes(text: string, byMs: number): string {
  /** `fraction` as it stood, ".123456" or "". */
  const moved = (y: number, mo: number, d: number, h: number, mi: number, s: number, fraction: string) => {
    const mark = fraction.slice(0, 1);
    const digits = fraction.slice(1);
    const ms = digits === '' ? 0 : Number(digits.slice(0, 3).padEnd(3, '0'));
    const by = digits === '' ? Math.round(byMs / 1000) * 1000 : byMs;
    const t = new Date(Date.UTC(y, mo, d, h, mi, s, ms) + by);
    const rest = digits === '' ? '' : mark + (pad(t.getUTCMilliseconds(), 3) + digits.slice(3)).slice(0, digits.length);
    return { t, clock: `${pad(t.getUTCHours())}:${pad(t.getUTCMinutes())}:${pad(t.getUTCSeconds())}${rest}` };
  };
  const YEAR = 2026;
  return text
    .replace(
      /\b(\d{4})([-/])(\d\d)\2(\d\d)([ T])(\d\d):(\d\d):(\d\d)([.,]\d+)?/g,
      (_all, y, dash, mo, d, gap, h, mi, s, fraction = '') => {
        const { t, clock } = moved(+y, +mo - 1, +d, +h, +mi, +s, fraction);
        return `${t.getUTCFullYear()}${dash}${pad(t.getUTCMonth() + 1)}${dash}${pad(t.getUTCDate())}${gap}${clock}`;
      },
    )
    .replace(
      /\b(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(\.\d+)?/g,
      (_all, d, mo, y, h, mi, s, fraction = '') => {
        const { t, clock } = moved(+y, MONTHS.indexOf(mo), +d, +h, +mi, +s, fraction);
        return `${pad(t.getUTCDate())}/${MONTHS[t.getUTCMonth()]}/${t.getUTCFullYear()}:${clock}`;
      },
    )
    .replace(
      /\b([A-Z][a-z]{2}) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(\.\d+)? (\d{4})\b/g,
      (all, _day, mo, d, h, mi, s, fraction = '', y) => {
        if (!MONTHS.includes(mo)) return all;
        const { t, clock } = moved(+y, MONTHS.indexOf(mo), +d, +h, +mi, +s, fraction);
        return `${DAYS[t.getUTCDay()]} ${MONTHS[t.getUTCMonth()]} ${String(t.getUTCDate()).padStart(d.startsWith(' ') ? 2 : 1)} ${clock} ${t.getUTCFullYear()}`;
      },
    )
    .replace(/^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?= )/gm, (all, mo, d, h, mi, s) => {
      if (!MONTHS.includes(mo)) return all;
      const { t, clock } = moved(YEAR, MONTHS.indexOf(mo), +d, +h, +mi, +s, '');
      return `${MONTHS[t.getUTCMonth()]} ${String(t.getUTCDate()).padStart(2)} ${clock}`;
    })
    .replace(
      /("(?:ts|time|timestamp|start_time)":\s*)(\d{10})(\.\d+)?(?=[,}])/g,
      (_all, key, seconds, fraction = '') => {
        const by = fraction === '' ? Math.round(byMs / 1000) * 1000 : byMs;
        const ms = Number(`${seconds}.${fraction.slice(1) || '0'}`) * 1000 + by;
        return `${key}${(ms / 1000).toFixed(Math.min(6, Math.max(0, fraction.length - 1)))}`;
      },
    )
    .replace(/("(?:ts|time|timestamp|start_time)":\s*)(\d{13})(?=[,}])/g, (_all, key, ms) => `${key}${+ms + byMs}`);
}

/** No id joins two lines any more; `ids` are those that entries have. */
export function removeIds(from: string, to: string, ids: ReadonlySet<string>): void {
  rewrite(from, to, (text) => text.replace(/[A-Za-z0-9_.@+/=:-]{12,}/g, (word) => withoutIds(word, ids)));
}

function withoutIds(word: string, ids: ReadonlySet<string>): string {
  if (ids.has(word)) return '-';
  return word
    .split(/([:=/]+)/)
    .map((part) => (ids.has(part) ? '-' : part))
    .join('');
}

export function withoutFile(from: string, to: string, file: string): void {
  cpSync(from, to, { recursive: true });
  rmSync(join(to, file));
}

export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const next = random(seed);
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}
