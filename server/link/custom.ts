/**
 * What a program says about which of its requests: learned from the lines of one stretch, whose request is not known,
 * by taking turns (expectation and maximisation): whom each line may belong to tells what is said about which route,
 * and what is said about which route tells whom each line belongs to. Pure.
 */

/** A line that may be about a request. */
export interface Guess {
  reason: number;
  target: number;
  /** What is said, without its values. "token invalid" */
  said: string;
  /** What kind of request it is. "GET /orders/{id} 403" */
  about: string;
  /** Before anything is known of them: how likely a line of this request lies at that moment. */
  prior: number;
  /** Does a request of this kind usually have such a line? Before anything is known. */
  usual: number;
}

const ROUNDS = 12;
/** A kind that was seen so often is known as well as what is assumed about it. */
const ASSUMED = 1;
/** How likely a line is about none of these requests. */
const STRAY = 1 / 60_000;
const LEAST = 1e-9;

export interface Weighed {
  /** Share of each guess, 0..1: that the line belongs to this request. Parallel to the guesses. */
  shares: Float64Array;
  /** By line: how likely its moment is, were it about one of these requests. */
  sums: Map<number, number>;
  /** How well all of it fits together: the logarithm of how likely the lines are, those without a guess left out. */
  fit: number;
}

/** HOT: asked again and again to see what is chance; numbers in the rounds, no texts. */
export function weigh(guesses: readonly Guess[]): Weighed {
  const n = guesses.length;
  const shares = new Float64Array(n);
  const byReason = groupBy(guesses, (g) => g.reason);
  const byTarget = groupBy(guesses, (g) => g.target);
  const kinds = numbersOf(guesses, (g) => g.about);
  const phrases = numbersOf(guesses, (g) => g.said);
  const pairs = numbersOf(guesses, (g) => `${g.about}\n${g.said}`);
  /** Of each kind: how many requests there are, and how many of them have a line. */
  const requests = new Float64Array(kinds.size);
  const spoken = new Float64Array(kinds.size);
  for (const [first] of byTarget) requests[kinds.of[first!]!]!++;
  /** Of each phrase: its share of all that is said. */
  const said = new Float64Array(phrases.size);
  for (const [first] of byReason) said[phrases.of[first!]!]! += 1 / byReason.length;
  const together = new Float64Array(pairs.size);
  const sums = new Map<number, number>();
  let fit = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < n; k++) {
      const { prior, usual } = guesses[k]!;
      const kind = kinds.of[k]!;
      const heard = spoken[kind]!;
      const often = (heard + ASSUMED * usual) / (requests[kind]! + ASSUMED);
      const here = (together[pairs.of[k]!]! + ASSUMED * said[phrases.of[k]!]!) / (heard + ASSUMED);
      shares[k] = prior * often * here;
    }
    fit = 0;
    for (const list of byReason) {
      const stray = STRAY * said[phrases.of[list[0]!]!]!;
      let sum = stray;
      for (const k of list) sum += shares[k]!;
      fit += Math.log(sum / stray);
      sums.set(guesses[list[0]!]!.reason, sum - stray);
      for (const k of list) shares[k] = shares[k]! / sum;
    }
    // A request has one such line: what several lines claim of it together is no more than one.
    for (const list of byTarget) {
      let sum = 0;
      for (const k of list) sum += shares[k]!;
      if (sum > 1) for (const k of list) shares[k] = shares[k]! / sum;
    }
    together.fill(0);
    spoken.fill(0);
    for (let k = 0; k < n; k++) {
      together[pairs.of[k]!]! += shares[k]!;
      spoken[kinds.of[k]!]! += shares[k]!;
    }
  }
  for (let k = 0; k < n; k++) shares[k] = Math.max(LEAST, shares[k]!);
  return { shares, sums, fit };
}

const MIXED_ROUNDS = 30;

/**
 * Lines of which only some are about these requests at all: of each, how sure it is one of them. `byChance`: what the
 * sum of a line comes to at moments that have nothing to do with it. `lines`: also those without any guess.
 */
export function mixed(sums: ReadonlyMap<number, number>, byChance: number, lines: number): Map<number, number> {
  const sure = new Map<number, number>();
  let part = 0.5;
  for (let round = 0; round < MIXED_ROUNDS; round++) {
    let all = 0;
    for (const [line, sum] of sums) {
      const one = (part * sum) / (part * sum + (1 - part) * byChance || 1);
      sure.set(line, one);
      all += one;
    }
    part = Math.min(0.999, all / lines);
  }
  return sure;
}

/** A number for each different text, in the order of the guesses. */
function numbersOf(guesses: readonly Guess[], text: (g: Guess) => string): { of: Int32Array; size: number } {
  const numbers = new Map<string, number>();
  const of = Int32Array.from(guesses, (g) => {
    const t = text(g);
    let number = numbers.get(t);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(t, number);
    }
    return number;
  });
  return { of, size: numbers.size };
}

function groupBy(guesses: readonly Guess[], key: (g: Guess) => number): number[][] {
  const groups = new Map<number, number[]>();
  for (let k = 0; k < guesses.length; k++) {
    const list = groups.get(key(guesses[k]!));
    if (list) list.push(k);
    else groups.set(key(guesses[k]!), [k]);
  }
  return [...groups.values()];
}
