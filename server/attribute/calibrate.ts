/**
 * From the weight of a reading to the confidence that is shown: the share of such verdicts that the logs bear out,
 * measured on stacks whose truth is known and whose logs are all there (`npm run score`). Nearly all are borne out, so
 * that this is high; it is not the share that named the very cause (nine in ten). Where a line only names the mechanism
 * ("access forbidden by rule", a server's silence) several causes are borne out alike: of those with a weight below 0.6
 * the very cause was named in one of three. Such a verdict says so in its sentence (`cannotTell`), names the others, and
 * the log that would settle it; a confidence of one third would deny what is certain, that this layer refused by such a
 * rule. Weights decide between readings; this comes last.
 */
import type { Certainty } from '../model/taxonomy.ts';

/** Weight → confidence; between two of them in a straight line. */
type Knots = readonly (readonly [weight: number, confidence: number])[];

const KNOTS: Record<Certainty, Knots> = {
  stated: [
    [0, 0.6],
    [0.3, 0.94],
    [0.7, 0.95],
    [0.8, 0.96],
    [0.9, 0.98],
    [1, 0.99],
  ],
  implied: [
    [0, 0],
    [0.3, 0.9],
    [0.6, 0.94],
    [1, 0.97],
  ],
  inferred: [
    [0, 0],
    [0.4, 0.9],
    [0.6, 0.91],
    [0.8, 0.92],
    [1, 0.93],
  ],
  unknown: [
    [0, 0],
    [1, 1],
  ],
};

/** Below this weight several causes are borne out alike. */
const ALIKE_BELOW = 0.6;

export const isAlike = (certainty: Certainty, weight: number): boolean =>
  (certainty === 'implied' || certainty === 'inferred') && weight < ALIKE_BELOW;

export function calibrated(certainty: Certainty, weight: number): number {
  const knots = KNOTS[certainty];
  const at = knots.findIndex(([w]) => w >= weight);
  if (at <= 0) return (at < 0 ? knots[knots.length - 1]! : knots[0]!)[1];
  const [w0, c0] = knots[at - 1]!;
  const [w1, c1] = knots[at]!;
  return Math.round((c0 + ((weight - w0) / (w1 - w0)) * (c1 - c0)) * 100) / 100;
}
