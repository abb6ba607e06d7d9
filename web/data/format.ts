/** Numbers, sizes and log text as people read them. Pure: takes values, returns strings. Times are in time.ts. */
const whole = new Intl.NumberFormat();
export const count = (n: number) => whole.format(n);
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** 0.01234 → "1.23 %". Small but not nothing never reads as 0. */
export function percent(share: number): string {
  const p = share * 100;
  if (p === 0) return '0 %';
  if (p < 0.01) return '< 0.01 %';
  if (p > 99.9 && p < 100) return '> 99.9 %';
  return `${p.toLocaleString(undefined, { maximumFractionDigits: p < 1 ? 2 : p < 10 ? 2 : 1 })} %`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
export function bytes(n: number): string {
  let i = 0;
  let v = n;
  while (v >= 1000 && i < UNITS.length - 1) {
    v /= 1000;
    i++;
  }
  return `${v.toLocaleString(undefined, { maximumFractionDigits: v < 10 && i > 0 ? 1 : 0 })} ${UNITS[i]}`;
}

export function duration(ms: number): string {
  const a = Math.abs(ms);
  if (a < 1000) return `${Math.round(ms)} ms`;
  if (a < 60_000) return `${(ms / 1000).toLocaleString(undefined, { maximumFractionDigits: a < 10_000 ? 1 : 0 })} s`;
  if (a < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (a < 86_400_000 * 2)
    return `${(ms / 3_600_000).toLocaleString(undefined, { maximumFractionDigits: a < 36_000_000 ? 1 : 0 })} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

export type Change = { text: string; direction: 'up' | 'down' | 'same' | 'new' };
export function change(now: number, before: number): Change {
  if (before === 0) return now === 0 ? { text: '–', direction: 'same' } : { text: 'new', direction: 'new' };
  const r = now / before - 1;
  if (Math.abs(r) < 0.005) return { text: '0 %', direction: 'same' };
  const text =
    r > 9.99
      ? `× ${(r + 1).toLocaleString(undefined, { maximumFractionDigits: 0 })}`
      : `${r > 0 ? '+' : '−'}${Math.abs(r * 100).toLocaleString(undefined, { maximumFractionDigits: Math.abs(r) < 0.1 ? 1 : 0 })} %`;
  return { text, direction: r > 0 ? 'up' : 'down' };
}

/** Characters that would act on the reader's screen instead of being read: controls, bidi overrides, invisible ones. */
const ACTING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/;
const ONE_LINE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/;

function name(c: string): string {
  const n = c.charCodeAt(0);
  if (n === 0x0a) return '\\n';
  if (n === 0x0d) return '\\r';
  if (n === 0x09) return '\\t';
  if (n < 0x20 || n === 0x7f) return `\\x${n.toString(16).padStart(2, '0')}`;
  return `U+${n.toString(16).toUpperCase().padStart(4, '0')}`;
}
export type Piece = { text: string; acting: boolean };
/** Splits text into what may be shown as it is and what is shown by name. "a<ESC>[2J" → "a", "\x1b", "[2J" */
export function pieces(text: string, multiline = false): Piece[] {
  const pattern = multiline ? ACTING : ONE_LINE;
  if (!pattern.test(text)) return [{ text, acting: false }];
  const out: Piece[] = [];
  let plain = '';
  for (const c of text) {
    if (pattern.test(c)) {
      if (plain) out.push({ text: plain, acting: false });
      plain = '';
      out.push({ text: name(c), acting: true });
    } else plain += c;
  }
  if (plain) out.push({ text: plain, acting: false });
  return out;
}
/** The same as one plain string, for titles, labels and the clipboard. */
export const inert = (text: string) =>
  pieces(text)
    .map((p) => p.text)
    .join('');
export const shorten = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** A whole value as a hint on what shows only a part of it; eight kilobytes would cover the screen. */
export const hint = (text: string) => shorten(inert(text), 500);

/**
 * A log's name as it can stand in a column: its folder and file, long names cut in the middle, where they differ
 * least. "/var/log/nginx/shop/access.log" → "shop/access.log"
 */
export function sourceName(path: string, max = 40): string {
  const parts = path.split('/').filter(Boolean);
  const name = parts.slice(-2).join('/') || path;
  return middle(name, max);
}
/** Cuts in the middle: beginnings and ends of names tell them apart. */
export function middle(text: string, max: number): string {
  if (text.length <= max) return text;
  const tail = Math.ceil((max - 1) * 0.6);
  return `${text.slice(0, max - 1 - tail)}…${text.slice(-tail)}`;
}
/** Compact for axes and small bars. 12345 → "12.3k" */
export function compact(n: number): string {
  if (n < 10_000) return count(n);
  const [v, unit] = n < 1e6 ? [n / 1e3, 'k'] : [n / 1e6, 'M'];
  return `${v.toLocaleString(undefined, { maximumFractionDigits: v < 100 ? 1 : 0 })}${unit}`;
}
