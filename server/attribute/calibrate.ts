/**
 * From the weight of a reading to the confidence that is shown. From 0.6 on it is the share of such verdicts that named
 * the very cause, measured on stacks whose truth is known (`npm run score`). Below that the logs bear out several
 * causes alike: the weight is shown as it is, and the others stand beside it as alternatives. What is only inferred
 * stays below whatever a line states. Weights decide between readings; this comes last.
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
    [0, 0],
    [0.599, 0.599],
    [0.6, 0.88],
    [1, 0.96],
  ],
  inferred: [
    [0, 0],
    [0.599, 0.599],
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
