/**
 * HOT. Which of hundreds of expressions could match a text? Every match of most of them contains one of a few words
 * ("/(?:csrf|xsrf) token/i" one of "csrf token", "xsrf token"). One pass over the text finds all such words of all
 * expressions at once (Aho and Corasick), and only what is left is tried. An expression whose words cannot be told is
 * always tried, so nothing is ever missed. An application's line that says nothing costs 3 µs instead of 30.
 */

/** Sets of texts stay this small: more words find more than they save. */
const WORDS_MAX = 48;
/** Shorter words stand in nearly every text. */
const WORD_CHARS_MIN = 3;

/** The beginning of a long word is as rare as the whole, and many words begin alike. */
const WORD_CHARS_MAX = 10;

/** Scans are counted in 31 bits, then anew. */
const SCANS_MAX = 0x7fff_fffe;

/** What is known of a part of an expression: all texts that it matches, or words of which each match contains one. */
interface Part {
  exact: readonly string[] | null;
  words: readonly string[] | null;
}

const NOTHING: Part = { exact: [''], words: null };
const ANYTHING: Part = { exact: null, words: null };

const shortest = (words: readonly string[]): number => words.reduce((n, w) => Math.min(n, w.length), 1000);

/** The set that finds less: longer words first, then fewer. */
function better(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (b === null || shortest(b) < WORD_CHARS_MIN) return a;
  if (a === null || shortest(a) < WORD_CHARS_MIN) return b;
  const gain = Math.min(shortest(b), 8) - Math.min(shortest(a), 8);
  return gain > 0 || (gain === 0 && b.length < a.length) ? b : a;
}

/** Reads an expression's source as far as it is needed; what it does not know ends in `null`, "could be anything". */
class Reader {
  private at = 0;
  private readonly source: string;
  constructor(source: string) {
    this.source = source;
  }

  read(): readonly string[] | null {
    const part = this.alternation();
    return this.at < this.source.length ? null : better(part.words, part.exact);
  }

  private alternation(): Part {
    const parts = [this.sequence()];
    while (this.source[this.at] === '|') {
      this.at++;
      parts.push(this.sequence());
    }
    if (parts.length === 1) return parts[0]!;
    const exact = parts.every((p) => p.exact !== null) ? [...new Set(parts.flatMap((p) => p.exact!))] : null;
    const each = parts.map((p) => better(p.words, p.exact));
    const words = each.every((w) => w !== null) ? [...new Set(each.flatMap((w) => w!))] : null;
    return {
      exact: exact !== null && exact.length <= WORDS_MAX ? exact : null,
      words: words !== null && words.length <= WORDS_MAX * 2 ? words : null,
    };
  }

  private sequence(): Part {
    let run: readonly string[] = [''];
    let whole = true;
    let words: readonly string[] | null = null;
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const part = this.quantified();
      words = better(words, part.words);
      const joined: string[] | null =
        part.exact === null || run.length * part.exact.length > WORDS_MAX
          ? null
          : run.flatMap((a) => part.exact!.map((b) => a + b));
      if (joined !== null) {
        run = joined;
        continue;
      }
      words = better(words, run);
      whole = false;
      run = part.exact ?? [''];
    }
    return { exact: whole ? run : null, words: better(words, whole ? null : run) };
  }

  private quantified(): Part {
    const part = this.atom();
    if (!'?*+{'.includes(this.source[this.at] ?? ' ')) return part;
    const rest = /^(?:([?*+])|\{(\d+)(,(\d*))?\})\??/.exec(this.source.slice(this.at, this.at + 20));
    if (rest === null) return part;
    this.at += rest[0].length;
    const least = rest[1] === undefined ? Number(rest[2]) : rest[1] === '+' ? 1 : 0;
    if (rest[1] === '?' || (least === 0 && rest[4] === '1'))
      return part.exact === null ? ANYTHING : { exact: [...new Set([...part.exact, ''])], words: null };
    if (least === 0) return ANYTHING;
    if (least === 1 && rest[2] !== undefined && rest[3] === undefined) return part;
    return { exact: null, words: better(part.words, part.exact) };
  }

  private atom(): Part {
    const c = this.source[this.at++]!;
    if (c === '(') return this.group();
    if (c === '[') return this.class();
    if (c === '^' || c === '$') return NOTHING;
    if (c === '.') return ANYTHING;
    if (c !== '\\') return { exact: [c.toLowerCase()], words: null };
    const escaped = this.source[this.at++]!;
    if (escaped === 'b' || escaped === 'B') return NOTHING;
    // Classes, back references, code points: anything.
    if (/[A-Za-z0-9]/.test(escaped)) {
      if (escaped === 'u') this.at += 4;
      else if (escaped === 'x') this.at += 2;
      else if (escaped === 'k') this.at = this.source.indexOf('>', this.at) + 1;
      return ANYTHING;
    }
    return { exact: [escaped], words: null };
  }

  private group(): Part {
    const open = /^\?(?::|<?[=!]|<[A-Za-z]\w*>)/.exec(this.source.slice(this.at, this.at + 60))?.[0] ?? '';
    this.at += open.length;
    const part = this.alternation();
    this.at++;
    // What only looks ahead or back takes no place.
    return /[=!]$/.test(open) ? NOTHING : part;
  }

  private class(): Part {
    const from = this.at;
    while (this.source[this.at] !== ']') this.at += this.source[this.at] === '\\' ? 2 : 1;
    const inside = this.source.slice(from, this.at++);
    // "[ _-]": a few plain characters.
    if (inside.length > 4 || /[\\^]|\w-\w/.test(inside)) return ANYTHING;
    return { exact: [...inside.toLowerCase()], words: null };
  }
}

/** Words in lower case of which every text that `expression` matches contains one; null = they cannot be told. */
export function wordsOf(expression: RegExp | string): readonly string[] | null {
  const words =
    typeof expression !== 'string'
      ? new Reader(expression.source).read()
      : expression.length < WORD_CHARS_MIN
        ? null
        : [expression.toLowerCase()];
  return words === null ? null : [...new Set(words.map((word) => word.slice(0, WORD_CHARS_MAX)))];
}

/** Letters in lower case, digits and some marks; all others are one character that no word has. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789 -_.,:;/\\\'"()[]{}<>=|@#&*+!?%$`~^';
const SIZE = ALPHABET.length + 1;
const CODES = new Uint8Array(65_536);
for (let i = 0; i < ALPHABET.length; i++) {
  CODES[ALPHABET.charCodeAt(i)] = i + 1;
  CODES[ALPHABET[i]!.toUpperCase().charCodeAt(0)] = i + 1;
}

const isFindable = (word: string): boolean => {
  for (let i = 0; i < word.length; i++) if (CODES[word.charCodeAt(i)] === 0) return false;
  return true;
};

/** A list of expressions, asked which of them are worth trying on a text. */
export class Needles {
  /** State + character → state. */
  private readonly next: Int32Array;
  /** The states from here on are those at which words end. */
  private readonly firstEnd: number;
  /** State from `firstEnd` on → expressions whose word ends there. */
  private readonly ends: Int32Array[];
  /** Expression → the scan that found one of its words last. */
  private readonly found: Int32Array;
  private scan = 0;

  constructor(expressions: readonly (RegExp | string | null)[]) {
    this.found = new Int32Array(expressions.length);
    const trie: Map<number, number>[] = [new Map()];
    const ends: Set<number>[] = [new Set()];
    expressions.forEach((expression, index) => {
      const words = expression === null ? null : wordsOf(expression);
      // Always worth trying; a word with a character that is not in the alphabet would never be found.
      if (words === null || !words.every(isFindable)) {
        this.found[index] = -1;
        return;
      }
      for (const word of words) {
        let state = 0;
        for (const c of word) {
          const code = CODES[c.charCodeAt(0)]!;
          let to = trie[state]!.get(code);
          if (to === undefined) {
            to = trie.length;
            trie.push(new Map());
            ends.push(new Set());
            trie[state]!.set(code, to);
          }
          state = to;
        }
        ends[state]!.add(index);
      }
    });
    // Failure links, breadth first, written out as a complete table.
    const table = new Int32Array(trie.length * SIZE);
    const fail = new Int32Array(trie.length);
    const queue: number[] = [];
    for (const [code, to] of trie[0]!) {
      table[code] = to;
      queue.push(to);
    }
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head]!;
      const back = fail[state]!;
      for (const index of ends[back]!) ends[state]!.add(index);
      for (let code = 0; code < SIZE; code++) {
        const to = trie[state]!.get(code);
        const other = table[back * SIZE + code]!;
        if (to === undefined) table[state * SIZE + code] = other;
        else {
          fail[to] = other;
          table[state * SIZE + code] = to;
          queue.push(to);
        }
      }
    }
    // States at which a word ends come last, so that one comparison tells them; a state is the offset of its row.
    const order = [...ends.keys()].sort((x, y) => Math.sign(ends[x]!.size) - Math.sign(ends[y]!.size) || x - y);
    const place = new Int32Array(trie.length);
    for (const [row, state] of order.entries()) place[state] = row * SIZE;
    this.next = new Int32Array(trie.length * SIZE);
    for (const [row, state] of order.entries()) {
      for (let code = 0; code < SIZE; code++) this.next[row * SIZE + code] = place[table[state * SIZE + code]!]!;
    }
    this.ends = order.filter((state) => ends[state]!.size > 0).map((state) => Int32Array.from(ends[state]!));
    this.firstEnd = (trie.length - this.ends.length) * SIZE;
  }

  /** Looks through a text; `mayMatch` answers for it until the next one. */
  look(text: string): void {
    const { next, ends, found, firstEnd } = this;
    if (this.scan === SCANS_MAX) {
      for (let k = 0; k < found.length; k++) if (found[k]! > 0) found[k] = 0;
      this.scan = 0;
    }
    const scan = ++this.scan;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      state = next[state + CODES[text.charCodeAt(i)]!]!;
      if (state < firstEnd) continue;
      const here = ends[(state - firstEnd) / SIZE]!;
      for (let k = 0; k < here.length; k++) found[here[k]!] = scan;
    }
  }

  mayMatch(index: number): boolean {
    const found = this.found[index];
    return found === -1 || found === this.scan;
  }
}
