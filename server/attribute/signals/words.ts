/** Text of log lines inside sentences for people. Hostile until it went through here. */
import { maskText } from '../../model/mask.ts';

/** Longest text of a log line that a sentence repeats. */
export const VALUE_CHARS = 200;

/** One line, no terminal escapes or direction marks, no secrets, cut. */
export function clean(text: string, chars = VALUE_CHARS): string {
  const cut = text.length > chars * 4 ? text.slice(0, chars * 4) : text;
  const line = maskText(cut)
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim();
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}
