/**
 * Lines of `key=value key="quoted value"`, as logrus writes them to files. Go's quoting is undone. Which program wrote
 * a line is for the formats to say.
 */
import { closingQuote } from './fields.ts';

/** Pairs that are looked at: a line, not a document. */
const PAIRS_MAX = 100;

/** The pairs in their order; null when the line does not begin with one. */
export function logfmt(line: string): Map<string, string> | null {
  const pairs = new Map<string, string>();
  let at = 0;
  while (at < line.length && pairs.size < PAIRS_MAX) {
    const equals = line.indexOf('=', at);
    if (equals < 0) break;
    const key = line.slice(at, equals);
    if (key === '' || key.length > 64 || key.includes(' ')) return pairs.size === 0 ? null : pairs;
    let end: number;
    if (line.charCodeAt(equals + 1) === 34) {
      end = closingQuote(line, equals + 2);
      if (end < 0) {
        pairs.set(key, unquoted(line.slice(equals + 2)));
        break;
      }
      pairs.set(key, unquoted(line.slice(equals + 2, end)));
      end++;
    } else {
      end = line.indexOf(' ', equals);
      if (end < 0) end = line.length;
      pairs.set(key, line.slice(equals + 1, end));
    }
    at = end + 1;
  }
  return pairs.size === 0 ? null : pairs;
}

function unquoted(text: string): string {
  if (text.indexOf('\\') < 0) return text;
  try {
    return JSON.parse(`"${text.replaceAll('\t', '\\t')}"`) as string;
  } catch {
    return text.replaceAll('\\"', '"');
  }
}
