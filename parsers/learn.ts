/**
 * Learns how an access log is laid out from its own lines, where nobody says it: lines are cut (`learn.cut.ts`), those
 * that are cut alike are a layout, its values are named by what stands in them (`learn.name.ts`), and the outcome is a
 * pattern as `pattern.learned.ts` compiles it. Pure: the same lines give the same pattern. What it cannot tell for
 * certain it does not say.
 */
import { isFailure } from './entry.ts';
import { emptyContext } from './envelope.ts';
import { HOSTED_TARGET } from './fields.ts';
import { joinPatterns } from './joined.ts';
import { type Cut, cut, type How, isTime, type Piece, REQUEST_LINE, SEPARATORS } from './learn.cut.ts';
import { type Column, isAgent, isApplications, nameColumns } from './learn.name.ts';
import { compileLearned, isPeer, type Kind, keyOf, literal, OF_SERVER, placed } from './pattern.learned.ts';

/** Lines that are longer say nothing about the layout that shorter ones do not. */
const LINE_MAX = 16_384;
const LAYOUTS_MAX = 4;
/** Of the lines that look like requests a shape has to have so many to be one. */
const SHARE_MIN = 0.05;
/** And so many to be the layout of those that are left. */
const CLOSED_MIN = 0.3;
/** Fewer lines than these are no further layout. */
const FURTHER_MIN = 5;
/** So many lines that end in text of any length tell what they begin with. */
const OPEN_MIN = 5;
/** So many lines of one shape are the layout; below, they may be one that ends in free text. */
const ALIKE_MIN = 0.6;
/** A layout has to read the lines that it was learned from. */
const READS_MIN = 0.8;

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
    const cuts = short.flatMap((line) => cut(line, separator) ?? []).filter(isRequestLike);
    if (cuts.length > requests) {
      requests = cuts.length;
      best = cuts;
    }
  }
  const found: Learned[] = [];
  let left = best;
  // What is not at home in one layout may be in the next, but not once there is one that nobody understands.
  for (let tries = 0; tries < LAYOUTS_MAX && left.length > 0; tries++) {
    const layout = layoutOf(left);
    if (layout.lines.length < left.length * CLOSED_MIN || (tries > 0 && layout.lines.length < FURTHER_MIN)) break;
    const taken = new Set(layout.lines);
    left = left.filter((one) => !taken.has(one));
    if (found.some((other) => isAlike(layout, other))) continue;
    const laid = columnsOf(layout);
    if (isApplications(laid.columns)) continue;
    const learned = learnedOf(layout, laid);
    if (learned === null) break;
    found.push(learned);
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
  (/^[A-Z]{3,20}$/.test(text) &&
    all.some((other) => /^(?:\/|https?:\/\/)/.test(other.text) || HOSTED_TARGET.test(other.text)));

// --------------------------------------------------------------------------------------------------------- shapes

const shapeOf = (pieces: readonly { before: string; how: How }[]): string =>
  pieces.map(({ before, how }) => `${before}\u0000${how}`).join('\u0001');

/** Lines by a key of theirs, the largest group first. */
function grouped(cuts: Cut[], keyOfLine: (one: Cut) => string): Cut[][] {
  const groups = new Map<string, Cut[]>();
  for (const one of cuts) {
    const key = keyOfLine(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/** The shape that most lines have. */
function layoutOf(cuts: Cut[]): Layout {
  const groups = grouped(cuts, ({ pieces, after }) => `${shapeOf(pieces)}\u0001${after}`);
  // The same with less between is the layout: the longer ones have that in what a client sent.
  const isSeen = (group: Cut[]): boolean => group.length > 1 && group.length >= cuts.length * SHARE_MIN;
  let lines = groups[0]!;
  for (const group of groups) if (isSeen(group) && isShifted(lines[0]!, group[0]!)) lines = group;
  const [first] = lines;
  const closed: Layout = { pieces: first!.pieces, after: first!.after, open: false, lines };
  return lines.length >= cuts.length * ALIKE_MIN ? closed : (openLayout(cuts) ?? closed);
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
  const lines = grouped(cuts, (one) => shapeOf(one.pieces.slice(0, headOf(one) + 1)))[0]!;
  if (lines.length < OPEN_MIN) return null;
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
 * `long` is `short` with something in its request, by a server that does not escape: up to the request both are cut
 * alike, and so they end. To learn it would be to believe the client.
 */
function isShifted(long: Cut, short: Cut): boolean {
  if (long.pieces.length <= short.pieces.length || long.after !== short.after) return false;
  const asked = short.pieces.findIndex(asksFor);
  const tail = short.pieces.slice(asked + 1);
  return (
    shapeOf(long.pieces.slice(0, asked)) === shapeOf(short.pieces.slice(0, asked)) &&
    shapeOf(long.pieces.slice(long.pieces.length - tail.length)) === shapeOf(tail)
  );
}

/** A layout that was learned, and its values up to the first that a client can write into. */
interface Learned {
  pattern: string;
  head: string;
  headLength: number;
}

/** A further layout begins otherwise where no client can have a say: else it may be a client's text in the first one. */
const isAlike = (layout: Layout, { head, headLength }: Learned): boolean =>
  shapeOf(layout.pieces.slice(0, headLength)) === head;

// -------------------------------------------------------------------------------------------------------- pattern

function learnedOf(layout: Layout, { literals, columns, places }: Laid): Learned | null {
  const kinds = nameColumns(columns);
  if (kinds === null) return null;
  const headLength = places[kinds.findIndex((kind) => !OF_SERVER.has(kind))] ?? 0;
  if (layout.open) {
    const before = behindOf(layout, columns, kinds);
    if (before === null) return null;
    const last = literals.pop()!;
    literals.push(last + before, '');
    kinds.push('rest_agent');
  }
  let pattern = literal(literals[0]!);
  kinds.forEach((kind, i) => {
    const behind = literal(literals[i + 1]!);
    pattern += placed(kind, behind) + behind;
  });
  const format = compileLearned(pattern);
  const context = emptyContext();
  const read = layout.lines.filter((one) => !isFailure(format.parse(textOf(one), context))).length;
  if (read < layout.lines.length * READS_MIN) return null;
  return { pattern, head: shapeOf(layout.pieces.slice(0, headLength)), headLength };
}

const textOf = ({ pieces, after }: Cut): string => pieces.map(({ before, text }) => before + text).join('') + after;

interface Laid {
  literals: string[];
  columns: Column[];
  /** Which of the pieces each column is. */
  places: number[];
}

/** The literals and the values between them; `client:` and `|` that stand in every line are literal. */
function columnsOf({ pieces, after, lines }: Layout): Laid {
  const literals = [''];
  const columns: Column[] = [];
  const places: number[] = [];
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
    places.push(i);
    literals.push('');
  });
  literals[literals.length - 1] += after;
  return { literals, columns, places };
}

/**
 * What stands in front of the text behind all values, where that is an agent; null = it may be anything. Between it and
 * the request stands nothing that a client could stretch into it.
 */
function behindOf({ pieces, lines }: Layout, columns: Column[], kinds: Kind[]): string | null {
  const [first] = lines;
  const { before = '' } = first!.pieces[pieces.length] ?? {};
  const texts = lines.map((one) => {
    const rest = one.pieces.slice(pieces.length);
    return textOf({ pieces: rest, after: one.after }).slice(before.length);
  });
  // Some line shows that nothing else stands there.
  const single = lines.some(({ pieces: all }) => all.length === pieces.length + 1 && /\/\d/.test(all.at(-1)!.text));
  const firm = columns.every(
    (c, i) => kinds[i] === 'request' || OF_SERVER.has(kinds[i]!) || c.texts.every((x) => /^(?:-|[\d.]+)$/.test(x)),
  );
  return single && firm && isAgent({ key: '', how: 'word', texts }) ? before : null;
}
