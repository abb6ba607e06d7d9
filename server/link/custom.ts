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
  /** How well all of it fits together: the logarithm of how likely the lines are, those without a guess left out. */
  fit: number;
}

export function weigh(guesses: readonly Guess[]): Weighed {
  const n = guesses.length;
  let fit = 0;
  const share = new Float64Array(n);
  const byReason = groupBy(guesses, (g) => g.reason);
  const byTarget = groupBy(guesses, (g) => g.target);
  const kinds = new Map<string, { usual: number; requests: number }>();
  for (const [, list] of byTarget) {
    const { about, usual } = guesses[list[0]!]!;
    const kind = kinds.get(about);
    if (kind) kind.requests++;
    else kinds.set(about, { usual, requests: 1 });
  }
  const phrases = new Map<string, number>();
  for (const [, list] of byReason) {
    const { said } = guesses[list[0]!]!;
    phrases.set(said, (phrases.get(said) ?? 0) + 1 / byReason.size);
  }
  let together = new Map<string, number>();
  let spoken = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (let k = 0; k < n; k++) {
      const { said, about, prior } = guesses[k]!;
      const kind = kinds.get(about)!;
      const heard = spoken.get(about) ?? 0;
      const often = (heard + ASSUMED * kind.usual) / (kind.requests + ASSUMED);
      const here = ((together.get(`${about}\n${said}`) ?? 0) + ASSUMED * phrases.get(said)!) / (heard + ASSUMED);
      share[k] = prior * often * here;
    }
    fit = 0;
    for (const [, list] of byReason) {
      const stray = STRAY * phrases.get(guesses[list[0]!]!.said)!;
      let sum = stray;
      for (const k of list) sum += share[k]!;
      fit += Math.log(sum / stray);
      for (const k of list) share[k] = share[k]! / sum;
    }
    // A request has one such line: what several lines claim of it together is no more than one.
    for (const [, list] of byTarget) {
      let sum = 0;
      for (const k of list) sum += share[k]!;
      if (sum > 1) for (const k of list) share[k] = share[k]! / sum;
    }
    together = new Map();
    spoken = new Map();
    for (let k = 0; k < n; k++) {
      const { said, about } = guesses[k]!;
      together.set(`${about}\n${said}`, (together.get(`${about}\n${said}`) ?? 0) + share[k]!);
      spoken.set(about, (spoken.get(about) ?? 0) + share[k]!);
    }
  }
  for (let k = 0; k < n; k++) share[k] = Math.max(LEAST, share[k]!);
  return { shares: share, fit };
}

function groupBy(guesses: readonly Guess[], key: (g: Guess) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (let k = 0; k < guesses.length; k++) {
    const list = groups.get(key(guesses[k]!));
    if (list) list.push(k);
    else groups.set(key(guesses[k]!), [k]);
  }
  return groups;
}
