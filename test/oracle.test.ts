/** The crash oracle in its short form; `npm run soak` kills two hundred times. */
import { expect, test } from 'vitest';
import { oracle } from './oracle.ts';

test('killed while it reads rotating logs: every line once', { timeout: 120_000 }, async () => {
  const r = await oracle({ kills: 6, seed: 403 });
  expect(r.twice, 'stored twice').toEqual([]);
  expect(r.missing, 'missing').toEqual([]);
  expect(r.stored).toBe(r.written);
  expect(r.rotations).toBeGreaterThan(2);
});
