/** What is shown as confidence: in the order of the weights, and what is inferred below whatever a line states. */
import { expect, test } from 'vitest';
import { calibrated } from '../server/attribute/calibrate.ts';

const weights = Array.from({ length: 101 }, (_, i) => i / 100);

test.each(['stated', 'implied', 'inferred', 'unknown'] as const)('%s: more weight is never less sure', (certainty) => {
  const shown = weights.map((w) => calibrated(certainty, w));
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
  for (const c of shown) expect(c >= 0 && c < 1.0001).toBe(true);
});

test('the surest inference stays below what any line states', () => {
  expect(calibrated('inferred', 1)).toBeLessThan(calibrated('stated', 0.3));
});

test('where several causes are borne out alike, the weight is shown as it is', () => {
  expect(calibrated('implied', 0.55)).toBe(0.55);
  expect(calibrated('inferred', 0.45)).toBe(0.45);
});
