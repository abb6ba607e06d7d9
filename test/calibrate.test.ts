/** What is shown as confidence: in the order of the weights, and what is inferred below whatever a line states. */
import { expect, test } from 'vitest';
import { calibrated, isAlike } from '../server/attribute/calibrate.ts';

const weights = Array.from({ length: 101 }, (_, i) => i / 100);

test.each(['stated', 'implied', 'inferred', 'unknown'] as const)('%s: more weight is never less sure', (certainty) => {
  const shown = weights.map((w) => calibrated(certainty, w));
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
  for (const c of shown) expect(c >= 0 && c < 1.0001).toBe(true);
});

test('the surest inference stays below what any line states', () => {
  expect(calibrated('inferred', 1)).toBeLessThan(calibrated('stated', 0.3));
});

test('where several causes are borne out alike, what is said is certain and said to be one of several', () => {
  expect(isAlike('implied', 0.55)).toBe(true);
  expect(isAlike('inferred', 0.45)).toBe(true);
  expect(isAlike('implied', 0.7)).toBe(false);
  expect(isAlike('stated', 0.5)).toBe(false);
  expect(calibrated('implied', 0.55)).toBeGreaterThanOrEqual(0.9);
  expect(calibrated('inferred', 0.45)).toBeGreaterThanOrEqual(0.9);
});
