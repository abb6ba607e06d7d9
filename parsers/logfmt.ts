/**
 * Lines of `key=value key="quoted value"`, as logrus writes them to files. Go's quoting is undone. Which program wrote
 * a line is for the formats to say.
 */
import { closingQuote, newRecord } from './fields.ts';

/** Pairs that are looked at: a line, not a document. */
const PAIRS_MAX = 100;

/** The pairs in their order, without inherited names; null when the line does not begin with one. */
export function logfmt(line: string): Record<string, string> | null {
  const pairs = newRecord();
  let count = 0;
  let at = 0;
  while (at < line.length && count < PAIRS_MAX) {
    const equals = line.indexOf('=', at);
    if (equals < 0) break;
    const length = equals - at;
    const blank = length === 0 || length > 64 ? at : line.indexOf(' ', at);
    if (length === 0 || length > 64 || (blank >= 0 && blank < equals)) return count === 0 ? null : pairs;
    const key = line.slice(at, equals);
    let end: number;
    let value: string;
    if (line.charCodeAt(equals + 1) === 34) {
      end = closingQuote(line, equals + 2);
      value = unquoted(line.slice(equals + 2, end < 0 ? line.length : end));
      end = end < 0 ? line.length : end + 1;
    } else {
      end = line.indexOf(' ', equals);
      if (end < 0) end = line.length;
      value = line.slice(equals + 1, end);
    }
    if (pairs[key] === undefined) count++;
    pairs[key] = value;
    at = end + 1;
  }
  return count === 0 ? null : pairs;
}

function unquoted(text: string): string {
  if (text.indexOf('\\') < 0) return text;
  try {
    return JSON.parse(`"${text.replaceAll('\t', '\\t')}"`) as string;
  } catch {
    return text.replaceAll('\\"', '"');
  }
}
