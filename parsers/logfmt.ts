/**
 * HOT. Lines of `key=value key="quoted value"`, as logrus writes them to files. Go's quoting is undone. Which program wrote
 * a line is for the formats to say.
 */
import { chars, inChars, same } from './bytes.ts';
import { closingQuote, newRecord } from './fields.ts';
import { interned } from './members.ts';

/** Pairs that are looked at: a line, not a document. */
const PAIRS_MAX = 100;

/**
 * A key, and the one that followed it the last time: a program writes them in one order, and making a property's name
 * of a slice costs more than all else.
 */
interface Key {
  readonly name: string;
  /** `name=` */
  readonly literal: Uint8Array;
  next: Key | null;
}

const keyed = (name: string): Key => ({ name, literal: Buffer.from(`${name}=`), next: null });

/** In front of a line's first key. */
const FIRST = keyed('');
const KEYS = new Map<string, Key>();
/** Hostile lines invent more; those are made anew each time. */
const KEYS_MAX = 2000;

function keyOf(text: string): Key {
  const known = KEYS.get(text);
  if (known !== undefined) return known;
  const made = keyed(interned(text));
  if (KEYS.size < KEYS_MAX) KEYS.set(made.name, made);
  return made;
}

/** The pairs in their order, without inherited names; null when the line does not begin with one. */
export function logfmt(line: string): Record<string, string> | null {
  const pairs = newRecord();
  let count = 0;
  let at = 0;
  let key = FIRST;
  const ascii = inChars(line);
  while (at < line.length && count < PAIRS_MAX) {
    let equals: number;
    if (ascii && key.next !== null && same(chars, at, key.next.literal)) {
      key = key.next;
      equals = at + key.literal.length - 1;
    } else {
      equals = line.indexOf('=', at);
      if (equals < 0) break;
      const length = equals - at;
      const blank = length === 0 || length > 64 ? at : line.indexOf(' ', at);
      if (length === 0 || length > 64 || (blank >= 0 && blank < equals)) return count === 0 ? null : pairs;
      const found = keyOf(line.slice(at, equals));
      key.next = found;
      key = found;
    }
    const { name } = key;
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
    if (pairs[name] === undefined) count++;
    pairs[name] = value;
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
