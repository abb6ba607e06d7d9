/** Text from logs into HTML: always text. What would turn, hide or end a line is shown as what it is. */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]/g;
const BREAKS = /\r?\n/;

/** A longer one tells nothing more and makes the file slow. */
const SHOWN = 1200;

/** "<b>" → "&#60;b&#62;", U+202E → "\u{202e}"; at most `shown` characters. */
export function esc(text: string, shown = SHOWN): string {
  const cut = text.length > shown ? `${text.slice(0, shown)} … (${text.length - shown} more characters)` : text;
  return cut
    .replace(HIDDEN, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`)
    .replace(/[&<>"'`]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** A record of several lines keeps them. */
export const escLines = (text: string, shown?: number): string =>
  text
    .split(BREAKS)
    .map((l) => esc(l, shown))
    .join('\n');

/** The raw record with the part that says it marked. */
export function escMarked(raw: string, match: string | null): string {
  const at = match === null || match === '' ? -1 : raw.indexOf(match);
  if (at < 0) return escLines(raw);
  // A long record is shown around the mark.
  const from = Math.max(0, at - 400);
  const lead = from > 0 ? '… ' : '';
  const end = at + match!.length;
  return `${lead}${escLines(raw.slice(from, at))}<mark>${escLines(match!, 400)}</mark>${escLines(raw.slice(end), 600)}`;
}

/** A value whose direction must not leak into its surroundings. */
export const bdi = (text: string | null, shown?: number): string =>
  text === null || text === '' ? '<span class="none">–</span>' : `<bdi>${esc(text, shown)}</bdi>`;

export const whole = (n: number): string => n.toLocaleString('en-GB').replaceAll(',', '\u202f');
export const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.001 ? 2 : 1)}\u202f%`;
