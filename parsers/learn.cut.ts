/**
 * Cuts an access line into values and the text between them, before anybody knows what the values mean: by one
 * separator, or by blanks, where quotes, brackets, `key=`, a time and a request line hold their own blanks. What does
 * not come out even (a quote that closes nowhere, a quote inside of a word) is not cut at all.
 */
import { closingQuote, isAddress } from './fields.ts';
import { isTry } from './pattern.learned.ts';
import { read, readTime } from './time.ts';

/** `time` and `request` hold blanks between blanks; `word` is anything else that stands bare. */
export type How = 'word' | 'quoted' | 'bracketed' | 'time' | 'request';

/** One value of a line. Example: {before: ' rid="', how: 'quoted', text: 'abc'} */
export interface Piece {
  /** Literal text in front: the end of the value before, separators, a key, an opening quote. */
  before: string;
  how: How;
  text: string;
}

export interface Cut {
  pieces: Piece[];
  /** Literal text behind the last value. */
  after: string;
}

/** What may part the values of a line, the more telling first; a blank is between anything. */
export const SEPARATORS = ['\t', ' | ', '|', ';', ', ', ',', ' '] as const;

/** More values than any format string has: another thing, or hostile. */
const PIECES_MAX = 64;

const KEY = /[A-Za-z_@][\w.@-]{0,39}=/y;
/** Labels of tab-separated values (LTSV). */
const LABEL = /^[A-Za-z_][\w.-]{0,39}:/;
export const REQUEST_LINE = /^[A-Z]{3,20} \S.* HTTP\/\d(?:\.\d)?$/s;
/** What most requests of a log have; others are read by the layout that these tell. */
export const METHOD =
  '(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|SEARCH|PURGE)';
/** `CONNECT` names a host and a port, all others a path or a URL. */
const BARE_REQUEST = new RegExp(
  `(?:CONNECT [^\\s"]|${METHOD} (?:[/*]|https?:))\\S* HTTP/\\d(?:\\.\\d)?(?=[ ,;]|$)`,
  'y',
);

const QUOTE = 34;
const BLANK = 32;

/** The line cut at `separator`; null = it does not come out even. */
export function cut(line: string, separator: string): Cut | null {
  if (line.length === 0 || line.charCodeAt(0) === 123) return null;
  return separator === ' ' ? cutAtBlanks(line) : cutAt(line, separator);
}

// -------------------------------------------------------------------------------------------------- one separator

function cutAt(line: string, separator: string): Cut | null {
  if (line.indexOf(separator) < 0) return null;
  const pieces: Piece[] = [];
  let before = '';
  let at = 0;
  for (;;) {
    if (pieces.length === PIECES_MAX) return null;
    let end = line.indexOf(separator, at);
    // The comma of a list has a blank behind it.
    while (separator === ',' && line.charCodeAt(end + 1) === BLANK && end >= 0) end = line.indexOf(separator, end + 1);
    if (end < 0) end = line.length;
    // A quoted field holds separators.
    KEY.lastIndex = at;
    const open = KEY.test(line) ? KEY.lastIndex : at;
    if (line.charCodeAt(open) === QUOTE) {
      const close = closingQuote(line, open + 1);
      if (close < 0) return null;
      end = close + 1;
      if (end < line.length && !line.startsWith(separator, end)) return null;
    }
    const last = end >= line.length;
    before = push(pieces, before, line.slice(at, end));
    if (last) break;
    before += separator;
    at = end + separator.length;
  }
  return separator === '\t' ? withLabels(pieces, before) : { pieces, after: before };
}

/** Adds a field; what stands behind its value is the answer. */
function push(pieces: Piece[], before: string, field: string): string {
  KEY.lastIndex = 0;
  const key = KEY.test(field) ? field.slice(0, KEY.lastIndex) : '';
  const value = field.slice(key.length);
  const first = value.charCodeAt(0);
  const last = value.length > 1 ? value.charCodeAt(value.length - 1) : 0;
  if (first === QUOTE && last === QUOTE) {
    pieces.push({ before: `${before}${key}"`, how: 'quoted', text: value.slice(1, -1) });
    return '"';
  }
  if (first === 91 && last === 93 && value.indexOf(']') === value.length - 1) {
    pieces.push({ before: `${before}${key}[`, how: 'bracketed', text: value.slice(1, -1) });
    return ']';
  }
  pieces.push({ before: before + key, how: 'word', text: value });
  return '';
}

/** `label:value` counts as such where every field of the line has one. */
function withLabels(pieces: Piece[], after: string): Cut {
  if (!pieces.every(({ how, text }) => how === 'word' && LABEL.test(text) && !isAddress(text)))
    return { pieces, after };
  const labelled: Piece[] = [];
  let before = '';
  for (const piece of pieces) {
    const colon = piece.text.indexOf(':') + 1;
    before = push(labelled, before + piece.before + piece.text.slice(0, colon), piece.text.slice(colon));
  }
  return { pieces: labelled, after: before + after };
}

// --------------------------------------------------------------------------------------------------------- blanks

function cutAtBlanks(line: string): Cut | null {
  const pieces: Piece[] = [];
  const { length } = line;
  let before = '';
  let at = 0;
  while (at < length) {
    const c = line.charCodeAt(at);
    if (c === BLANK) {
      before += ' ';
      at++;
      continue;
    }
    if (c < BLANK || pieces.length === PIECES_MAX) return null;
    KEY.lastIndex = at;
    if (KEY.test(line)) {
      before += line.slice(at, KEY.lastIndex);
      at = KEY.lastIndex;
    }
    const end = takeValue(pieces, before, line, at);
    if (end < 0) return null;
    at = end;
    before = pieces[pieces.length - 1]!.how === 'quoted' ? '"' : closes(pieces) ? ']' : '';
    // `"…", `: what parts lists of pairs.
    const mark = line.charCodeAt(at);
    if ((mark === 44 || mark === 59) && (at + 1 === length || line.charCodeAt(at + 1) === BLANK)) {
      before += line[at];
      at++;
    }
    if (at < length && line.charCodeAt(at) !== BLANK) return null;
  }
  return { pieces, after: before };
}

const closes = (pieces: Piece[]): boolean => {
  const { before, how } = pieces[pieces.length - 1]!;
  return how === 'bracketed' || (how === 'time' && before.endsWith('['));
};

/** Reads the value at `at`; where it ends (behind its quote or bracket), -1 = it does not. */
function takeValue(pieces: Piece[], before: string, line: string, at: number): number {
  const c = line.charCodeAt(at);
  if (c === QUOTE) {
    const close = closingQuote(line, at + 1);
    if (close < 0) return -1;
    pieces.push({ before: `${before}"`, how: 'quoted', text: line.slice(at + 1, close) });
    return close + 1;
  }
  if (c === 91) {
    const close = line.indexOf(']', at);
    if (close < 0) return -1;
    const behind = line.charCodeAt(close + 1);
    // `[2001:db8::7]:443` is a word.
    if (Number.isNaN(behind) || behind === BLANK || behind === 44 || behind === 59) {
      const text = line.slice(at + 1, close);
      pieces.push({ before: `${before}[`, how: isTime(text) ? 'time' : 'bracketed', text });
      return close + 1;
    }
  }
  const timeEnd = timeAt(line, at);
  if (timeEnd > 0) {
    pieces.push({ before, how: 'time', text: line.slice(at, timeEnd) });
    return timeEnd;
  }
  BARE_REQUEST.lastIndex = at;
  if (BARE_REQUEST.test(line)) {
    const end = BARE_REQUEST.lastIndex;
    pieces.push({ before, how: 'request', text: line.slice(at, end) });
    return end;
  }
  let end = wordEnd(line, at);
  // `10.0.0.1:80, 10.0.0.2:80` and `0.001 : 0.002`: one value, of each try.
  for (let one = at; ; ) {
    const comma = line.charCodeAt(end - 1) === 44 && line.charCodeAt(end) === BLANK;
    const from = comma ? end + 1 : line.startsWith(' : ', end) ? end + 3 : -1;
    if (from < 0 || !isTry(line.slice(one, comma ? end - 1 : end))) break;
    const next = wordEnd(line, from);
    if (!isTry(line.slice(from, line.charCodeAt(next - 1) === 44 ? next - 1 : next))) break;
    one = from;
    end = next;
  }
  // The rest of a word may not hold what would open or close a value.
  const last = line.charCodeAt(end - 1);
  if (end - at > 1 && (last === 44 || last === 59)) end--;
  const text = line.slice(at, end);
  if (text.indexOf('"') >= 0) return -1;
  pieces.push({ before, how: 'word', text });
  return end;
}

function wordEnd(line: string, at: number): number {
  const end = line.indexOf(' ', at);
  return end < 0 ? line.length : end;
}

// ---------------------------------------------------------------------------------------------------------- times

/** Behind the time with its date that stands at `at`, with its zone; -1 = none does. */
function timeAt(line: string, at: number): number {
  const c = line.charCodeAt(at);
  // A clock alone, and a day without its year, are no time of a line.
  if (!((c >= 48 && c <= 57) || (c >= 65 && c <= 90)) || line.charCodeAt(at + 2) === 58) return -1;
  if (Number.isNaN(readTime(line, at, Number.NaN))) return -1;
  const behind = line.charCodeAt(read.end);
  return Number.isNaN(behind) || behind === BLANK || behind === 44 || behind === 59 ? read.end : -1;
}

/** The whole text is a time with its date. */
export function isTime(text: string): boolean {
  return text.charCodeAt(2) !== 58 && !Number.isNaN(readTime(text, 0, Number.NaN)) && read.end === text.length;
}
