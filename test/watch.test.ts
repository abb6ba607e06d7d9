/** What a rule measures at a moment. */
import { expect, test } from 'vitest';
import type { AlertRule } from '../server/alert/rule.ts';
import { measure } from '../server/alert/watch.ts';
import type { Questions } from '../server/store/questions.ts';

const MINUTE = 60_000;
const AT = Date.parse('2026-11-22T10:00:00Z');

/** Requests by the minute, as counters hold them, and refusals by the moment. */
function store(requests: { minute: number; requests: number }[], refusals: number[]): Questions {
  return {
    requestSeries: ({ sinceMs = 0, untilMs = 0 }) =>
      requests
        .filter((r) => r.minute >= Math.floor(sinceMs / MINUTE) * MINUTE && r.minute < untilMs)
        .map((r) => ({ timeMs: r.minute, requests: r.requests })),
    countRefusals: ({ sinceMs = 0, untilMs = 0 }) => refusals.filter((t) => t >= sinceMs && t < untilMs).length,
  } as unknown as Questions;
}
const rule = (kind: 'rate' | 'count'): AlertRule => ({
  name: 'r',
  kind,
  threshold: 0.05,
  windowMs: MINUTE,
  minimumRequests: 20,
});

test('a share does not end with its minute', () => {
  const questions = store([{ minute: AT, requests: 120 }], Array(30).fill(AT + 59_500));
  const at = (ms: number) => measure(rule('rate'), questions, AT + ms).measure;
  expect(at(59_900)).toEqual({ requests: 120, refused: 30 });
  expect(at(MINUTE + 800)).toEqual({ requests: 120, refused: 30 });
  expect(at(2 * MINUTE)).toEqual({ requests: 0, refused: 0 });
});

test('a number of refusals is counted to the moment', () => {
  const questions = store([{ minute: AT, requests: 120 }], [AT + 10_000, AT + 59_500]);
  const at = (ms: number) => measure(rule('count'), questions, AT + ms).measure.refused;
  expect(at(59_900)).toBe(2);
  expect(at(MINUTE + 20_000)).toBe(1);
  expect(at(2 * MINUTE)).toBe(0);
});
