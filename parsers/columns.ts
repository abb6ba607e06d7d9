/**
 * HOT. Lines of columns between blanks, as clouds write them: `a - [22/Nov/2025:09:57:01 +0000] "GET /x HTTP/1.1" 403`.
 * Quoted and bracketed columns hold blanks. Positions only; a quote ends its column where a blank or the end follows.
 * Most columns become attributes, which nine lines of ten are not asked for: a text of its own has only what is.
 */

const COLUMNS_MAX = 64;
/** Characters of a word that are looked at one by one. */
const SHORT = 4;

/** Where each column of the line that was looked at last stands, without its quotes or brackets. Overwritten by every line. */
export const from = new Int32Array(COLUMNS_MAX);
export const to = new Int32Array(COLUMNS_MAX);

/** Finds the columns of `line`, at most `max`, and gives how many there are; -1 when a quote or bracket is not closed. */
export function findColumns(line: string, max: number): number {
  const { length } = line;
  let count = 0;
  let at = 0;
  while (at < length && count < max) {
    const c = line.charCodeAt(at);
    if (c === 32) {
      at++;
      continue;
    }
    let end: number;
    if (c === 34) {
      // `"-"` needs no search.
      const absent = line.charCodeAt(at + 1) === 45 && line.charCodeAt(at + 2) === 34 && line.charCodeAt(at + 3) === 32;
      end = absent ? at + 2 : endOfQuoted(line, at + 1);
      if (end < 0) return -1;
      at++;
    } else if (c === 91) {
      end = line.indexOf(']', at);
      if (end < 0) return -1;
      // `[2001:db8::7]:443` is one word.
      if (end + 1 < length && line.charCodeAt(end + 1) !== 32) {
        end = line.indexOf(' ', end);
        if (end < 0) end = length;
      } else at++;
    } else {
      // A few characters are looked at quicker than searched, more are not.
      end = at + 1;
      const stop = Math.min(end + SHORT, length);
      while (end < stop && line.charCodeAt(end) !== 32) end++;
      if (end === stop && end < length) {
        end = line.indexOf(' ', end);
        if (end < 0) end = length;
      }
    }
    from[count] = at;
    to[count++] = end;
    // Behind the quote or bracket, or on the blank.
    at = end + 1;
  }
  return count;
}

/** The text of column `i`; '' where there is none. */
export function column(line: string, i: number, count: number): string {
  return i < count ? line.slice(from[i], to[i]) : '';
}

/** It is `-`: the record does not say. */
export function isAbsent(line: string, i: number): boolean {
  return to[i]! - from[i]! === 1 && line.charCodeAt(from[i]!) === 45;
}

/** The columns of `line`, at most `max`; null when a quote or bracket is not closed. */
export function columnsOf(line: string, max: number): string[] | null {
  const count = findColumns(line, max);
  if (count < 0) return null;
  const out: string[] = [];
  for (let i = 0; i < count; i++) out.push(line.slice(from[i], to[i]));
  return out;
}

function endOfQuoted(line: string, start: number): number {
  let q = line.indexOf('"', start);
  while (q >= 0) {
    if (q + 1 === line.length || line.charCodeAt(q + 1) === 32) {
      let slashes = 0;
      while (line.charCodeAt(q - 1 - slashes) === 92 && q - 1 - slashes >= start) slashes++;
      if (slashes % 2 === 0) return q;
    }
    q = line.indexOf('"', q + 1);
  }
  return -1;
}
