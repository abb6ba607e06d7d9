/**
 * Learns how an access log is laid out from its own lines, where nobody says it: lines are cut (`learn.cut.ts`), those
 * that are cut alike are a layout, its values are named by what stands in them (`learn.name.ts`), and the outcome is a
 * pattern as `pattern.learned.ts` compiles it. Pure: the same lines give the same pattern. What it cannot tell for
 * certain it does not say.
 */
import { isFailure } from './entry.ts';
import { emptyContext } from './envelope.ts';
import { joinPatterns } from './joined.ts';
import { type Cut, cut, type How, isPeer, isTime, type Piece, REQUEST_LINE, SEPARATORS } from './learn.cut.ts';
import { type Column, isAgent, nameColumns } from './learn.name.ts';
import { compileLearned, type Kind, keyOf, literal, placed } from './pattern.learned.ts';

/** Lines that are longer say nothing about the layout that shorter ones do not. */
const LINE_MAX = 16_384;
const LAYOUTS_MAX = 4;
/** Of the lines that look like requests a further layout has to have so many. */
const SHARE_MIN = 0.05;
/** So many lines of one shape are the layout; below, they may be one that ends in free text. */
const ALIKE_MIN = 0.6;
/** A layout has to read the lines that it was learned from. */
const READS_MIN = 0.9;

/** How lines of one shape are cut; several literals where a word that never changes belongs to them. */
interface Layout {
  pieces: { before: string; how: How }[];
  after: string;
  /** What stands behind the last piece is text without a form. */
  open: boolean;
  lines: Cut[];
}

/** The pattern of these lines; several, joined, where a log has several layouts; null = they tell none. */
export function learn(lines: readonly string[]): string | null {
  const short = lines.filter((line) => line.length <= LINE_MAX);
  let best: Cut[] = [];
  let requests = 0;
  for (const separator of SEPARATORS) {
    const cuts = short.flatMap((line) => cut(line, separator) ?? []);
    const looking = cuts.filter(isRequestLike).length;
    if (looking > requests) {
      requests = looking;
      best = cuts;
    }
  }
  if (requests === 0) return null;
  const found: { pattern: string; layout: Layout }[] = [];
  for (let left = best; found.length < LAYOUTS_MAX; ) {
    const layout = layoutOf(left);
    if (layout === null || layout.lines.length < Math.max(1, requests * SHARE_MIN)) break;
    const taken = new Set(layout.lines);
    left = left.filter((one) => !taken.has(one));
    if (found.some((main) => isShifted(layout, main.layout))) continue;
    const pattern = patternOf(layout);
    if (pattern !== null) found.push({ pattern, layout });
  }
  return found.length === 0 ? null : joinPatterns(found.map((x) => x.pattern));
}

/** A time, an address, a request and an answer: what a line of an access log has. */
function isRequestLike({ pieces }: Cut): boolean {
  return (
    pieces.length >= 4 &&
    pieces.some(asksFor) &&
    pieces.some(({ how, text }) => how === 'time' || isTime(text) || /^1\d{9,15}$/.test(text)) &&
    pieces.some(({ text }) => isPeer(text)) &&
    pieces.some(({ text }) => /^\d{3}$/.test(text))
  );
}

const asksFor = ({ how, text }: Piece, _: number, all: Piece[]): boolean =>
  how === 'request' ||
  REQUEST_LINE.test(text) ||
  (/^[A-Z]{3,20} \/\S*$/.test(text) && how !== 'word') ||
  (/^[A-Z]{3,20}$/.test(text) && all.some((other) => /^(?:\/|https?:\/\/)/.test(other.text)));

// --------------------------------------------------------------------------------------------------------- shapes

const shapeOf = (pieces: readonly { before: string; how: How }[]): string =>
  pieces.map(({ before, how }) => `${before}\u0000${how}`).join('\u0001');

/** The shape that most lines with a request have. */
function layoutOf(cuts: Cut[]): Layout | null {
  const whole = largest(cuts, ({ pieces, after }) => `${shapeOf(pieces)}\u0001${after}`);
  if (whole === null) return null;
  const all = cuts.filter(isRequestLike).length;
  const [first] = whole;
  const closed: Layout = { pieces: first!.pieces, after: first!.after, open: false, lines: whole };
  if (whole.filter(isRequestLike).length >= all * ALIKE_MIN) return closed;
  return openLayout(cuts) ?? closed;
}

/** The largest group with requests by this key. */
function largest(cuts: Cut[], keyOfLine: (one: Cut) => string): Cut[] | null {
  const groups = new Map<string, Cut[]>();
  for (const one of cuts) {
    const key = keyOfLine(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  let best: Cut[] | null = null;
  let most = 0;
  for (const group of groups.values()) {
    const looking = group.filter(isRequestLike).length;
    // Hostile requests are cut like others; a group in which they are many is something else.
    if (looking > most && looking >= group.length * 0.5) {
      best = group;
      most = looking;
    }
  }
  return best;
}

/** Lines that begin alike and end in text of any length (an agent without quotes): the values that all of them have, and the rest. */
function openLayout(cuts: Cut[]): Layout | null {
  const headOf = ({ pieces }: Cut): number => {
    const time = pieces.findIndex(({ how, text }) => how === 'time' || isTime(text));
    const asked = pieces.findIndex(asksFor);
    const client = pieces.findIndex(({ text }) => isPeer(text));
    // And the answer.
    return Math.max(time, client, asked) + 1;
  };
  const lines = largest(cuts.filter(isRequestLike), (one) => shapeOf(one.pieces.slice(0, headOf(one) + 1)));
  if (lines === null || lines.length < 2) return null;
  const least = Math.min(...lines.map(({ pieces }) => pieces.length));
  let length = Math.min(headOf(lines[0]!) + 1, least);
  const [first] = lines;
  while (
    length < least &&
    lines.every(
      ({ pieces }) => shapeOf(pieces.slice(length, length + 1)) === shapeOf(first!.pieces.slice(length, length + 1)),
    )
  )
    length++;
  // The last one that all have may be the first word of the text.
  if (length === least && lines.some(({ pieces }) => pieces.length > least)) length--;
  if (length < 4) return null;
  return { pieces: first!.pieces.slice(0, length), after: '', open: true, lines };
}

/**
 * The request of the main layout with something in it, by a server that does not escape quotes: up to the request both
 * are cut alike, and the end of the line is that of the main layout. To learn it would be to believe the client.
 */
function isShifted(layout: Layout, main: Layout): boolean {
  if (layout.pieces.length <= main.pieces.length || layout.open) return layout.open && main.open;
  const asked = main.lines[0]!.pieces.findIndex(asksFor);
  const head = main.pieces.slice(0, asked + 1);
  const tail = main.pieces.slice(asked + 1);
  return (
    shapeOf(layout.pieces.slice(0, asked + 1)) === shapeOf(head) &&
    shapeOf(layout.pieces.slice(layout.pieces.length - tail.length)) === shapeOf(tail) &&
    layout.after === main.after
  );
}

// -------------------------------------------------------------------------------------------------------- pattern

function patternOf(layout: Layout): string | null {
  const { literals, columns } = columnsOf(layout);
  const kinds = nameColumns(columns);
  if (kinds === null) return null;
  if (layout.open) {
    const rest = restOf(layout);
    const last = literals.pop()!;
    // The blank or separator in front of the text.
    literals.push(last + rest.before, '');
    kinds.push(rest.kind);
  }
  let pattern = literal(literals[0]!);
  kinds.forEach((kind, i) => {
    const behind = literal(literals[i + 1]!);
    pattern += placed(kind, behind) + behind;
  });
  const format = compileLearned(pattern);
  const context = emptyContext();
  const read = layout.lines.filter((one) => !isFailure(format.parse(textOf(one), context))).length;
  return read >= layout.lines.length * READS_MIN ? pattern : null;
}

const textOf = ({ pieces, after }: Cut): string => pieces.map(({ before, text }) => before + text).join('') + after;

/** The literals and the values between them; `client:` and `|` that stand in every line are literal. */
function columnsOf({ pieces, after, lines }: Layout): { literals: string[]; columns: Column[] } {
  const literals = [''];
  const columns: Column[] = [];
  pieces.forEach(({ before, how }, i) => {
    literals[literals.length - 1] += before;
    const texts = lines.map((one) => one.pieces[i]!.text);
    const [first = ''] = texts;
    if (
      how === 'word' &&
      first !== '-' &&
      /^[^\w"-]+$|^[A-Za-z][\w-]*:$/.test(first) &&
      texts.every((x) => x === first)
    ) {
      literals[literals.length - 1] += first;
      return;
    }
    columns.push({ key: keyOf(literals[literals.length - 1]!), how, texts });
    literals.push('');
  });
  literals[literals.length - 1] += after;
  return { literals, columns };
}

/** What stands behind the values: the agent, where some line shows that nothing else does. */
function restOf({ pieces, lines }: Layout): { before: string; kind: Kind } {
  const [first] = lines;
  const { before = '' } = first!.pieces[pieces.length] ?? {};
  const texts = lines.map((one) => {
    const rest = one.pieces.slice(pieces.length);
    return textOf({ pieces: rest, after: one.after }).slice(before.length);
  });
  const single = lines.some(({ pieces: all }) => all.length === pieces.length + 1 && all.at(-1)!.text !== '-');
  const agent = single && isAgent({ key: '', how: 'word', texts });
  return { before, kind: agent ? 'rest_agent' : 'rest' };
}
