/**
 * HOT. Lines of columns between blanks, as clouds write them: `a - [22/Nov/2025:09:57:01 +0000] "GET /x HTTP/1.1" 403`.
 * Quoted and bracketed columns hold blanks. Positions only; a quote ends its column where a blank or the end follows.
 */

/** The columns of `line`, at most `max`; null when a quote or bracket is not closed. */
export function columnsOf(line: string, max: number): string[] | null {
  const out: string[] = [];
  const { length } = line;
  let at = 0;
  while (at < length && out.length < max) {
    const c = line.charCodeAt(at);
    if (c === 32) {
      at++;
      continue;
    }
    if (c === 34) {
      const end = endOfQuoted(line, at + 1);
      if (end < 0) return null;
      out.push(line.slice(at + 1, end));
      at = end + 2;
    } else if (c === 91) {
      let end = line.indexOf(']', at);
      if (end < 0) return null;
      // `[2001:db8::7]:443` is one word.
      const word = end + 1 < length && line.charCodeAt(end + 1) !== 32;
      if (word) {
        end = line.indexOf(' ', end);
        if (end < 0) end = length;
      }
      out.push(word ? line.slice(at, end) : line.slice(at + 1, end));
      at = word ? end + 1 : end + 2;
    } else {
      // What is absent needs no text of its own.
      if (c === 45 && line.charCodeAt(at + 1) === 32) {
        out.push('-');
        at += 2;
        continue;
      }
      let end = line.indexOf(' ', at);
      if (end < 0) end = length;
      out.push(line.slice(at, end));
      at = end + 1;
    }
  }
  return out;
}

function endOfQuoted(line: string, from: number): number {
  let q = line.indexOf('"', from);
  while (q >= 0) {
    if (q + 1 === line.length || line.charCodeAt(q + 1) === 32) {
      let slashes = 0;
      while (line.charCodeAt(q - 1 - slashes) === 92 && q - 1 - slashes >= from) slashes++;
      if (slashes % 2 === 0) return q;
    }
    q = line.indexOf('"', q + 1);
  }
  return -1;
}
