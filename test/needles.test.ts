/**
 * The filter in front of the expressions never hides one that matches: held against all expressions of the tables and
 * of the lexicon with the sentences of the tests, the lines of the formats and texts mixed from both.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SIGNALS } from '../server/attribute/match.ts';
import { Needles, wordsOf } from '../server/attribute/needles.ts';
import { ROWS } from '../server/attribute/signals/lexicon/lexicon.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

describe('words of an expression', () => {
  test.each<[RegExp, readonly string[] | null]>([
    [/token expired/i, ['token expi']],
    [/\b(?:csrf|xsrf)[ _]token\b/, ['csrf token', 'csrf_token', 'xsrf token', 'xsrf_token']],
    [/a(?:b|c)+hello/, ['hello']],
    [/(?<n>\d+) foo(?!bar) baz/, [' foo baz']],
    [/den(?:y|ied)/, ['deny', 'denied']],
    [/colou?r/, ['colour', 'color']],
    [/x{2}yabc|de{1}fg/, ['yabc', 'defg']],
    [/\w+|error/, null],
    [/.*/, null],
    [/ab|cd/, null],
  ])('%s', (expression, words) => {
    expect(wordsOf(expression)).toEqual(words);
  });
});

/** Repeats itself from run to run. */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return x / 0x1_0000_0000;
  };
}

const SENTENCES = ['signals.test.ts', 'signals.reasons.test.ts']
  .flatMap((file) => [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/['"`]([^'"`\n]{8,})['"`]/g)])
  .map((match) => match[1]!);
const LINES = readdirSync(join(FIXTURES, 'lines')).flatMap((file) =>
  readFileSync(join(FIXTURES, 'lines', file), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#!')),
);

describe('what may match', () => {
  const expressions = [
    ...ROWS.map((row) => row.pattern),
    ...SIGNALS.flatMap((s) => (s.message instanceof RegExp ? [s.message] : [])),
  ];
  const needles = new Needles(expressions);

  function check(text: string): number {
    needles.look(text);
    let matching = 0;
    for (const [i, expression] of expressions.entries()) {
      if (!expression.test(text)) continue;
      matching++;
      expect(needles.mayMatch(i), `${expression} on ${text}`).toBe(true);
    }
    return matching;
  }

  test('holds for sentences and lines', () => {
    expect(SENTENCES.length).toBeGreaterThan(300);
    let matching = 0;
    for (const text of [...SENTENCES, ...LINES]) matching += check(text.slice(0, 600));
    expect(matching).toBeGreaterThan(500);
  });

  test('holds for mixed words in any case', () => {
    const next = random(403);
    const words = SENTENCES.flatMap((sentence) => sentence.split(/\s+/));
    for (let i = 0; i < 1500; i++) {
      const text = Array.from({ length: 2 + Math.floor(next() * 10) }, () => words[Math.floor(next() * words.length)]!);
      const joined = text.join(next() < 0.8 ? ' ' : '_');
      check(next() < 0.2 ? joined.toUpperCase() : joined);
    }
  });

  test('most are left out of a line that says nothing', () => {
    needles.look('order 8841 stored in 12 ms for customer 41');
    expect(expressions.filter((_, i) => needles.mayMatch(i)).length).toBeLessThan(expressions.length / 20);
  });
});
