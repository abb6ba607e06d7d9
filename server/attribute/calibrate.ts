/**
 * From the weight of a reading to the confidence that is shown: the share of such verdicts that named the very cause,
 * measured on stacks whose truth is known (`npm run score`). Weights decide between readings; this comes last. What is
 * only inferred stays below whatever a line states. A weight below 0.6 of what is implied or inferred means that the
 * logs bear out several causes alike: the one named is right in two of five, and stands among its alternatives.
 */
import type { Certainty } from '../model/taxonomy.ts';

/** Weight → confidence; between two of them in a straight line. */
type Knots = readonly (readonly [weight: number, confidence: number])[];

const KNOTS: Record<Certainty, Knots> = {
  stated: [
    [0, 0.6],
    [0.3, 0.91],
    [0.7, 0.92],
    [0.8, 0.95],
    [0.9, 0.97],
    [1, 0.99],
  ],
  implied: [
    [0, 0.3],
    [0.4, 0.34],
    [0.599, 0.39],
    [0.6, 0.88],
    [1, 0.96],
  ],
  inferred: [
    [0, 0.2],
    [0.5, 0.3],
    [0.599, 0.35],
    [0.6, 0.84],
    [0.8, 0.88],
    [1, 0.9],
  ],
  unknown: [
    [0, 0],
    [1, 1],
  ],
};

export function calibrated(certainty: Certainty, weight: number): number {
  const knots = KNOTS[certainty];
  const at = knots.findIndex(([w]) => w >= weight);
  if (at <= 0) return (at < 0 ? knots[knots.length - 1]! : knots[0]!)[1];
  const [w0, c0] = knots[at - 1]!;
  const [w1, c1] = knots[at]!;
  return Math.round((c0 + ((weight - w0) / (w1 - w0)) * (c1 - c0)) * 100) / 100;
}
