/**
 * A record whose attributes are left for later must be what it is when it is read whole at once: in every field, every
 * failure and, once asked for, every attribute. Held for every fixture, and for fixtures changed at random places.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeReader, restoreDetection } from '../parsers/detect.ts';
import { type Entry, type Failure, readLate } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import type { Format } from '../parsers/parser.ts';
import { START, split } from '../parsers/split.ts';
import { SPLIT_LIMITS } from '../server/store/reader.ts';
import { plain } from './plain.ts';

const context = emptyContext(Date.parse('2026-11-22T12:00:00Z'));

const cases: { format: Format; record: string }[] = [];
for (const file of readdirSync('fixtures/lines')) {
  const format = FORMATS.get(file.slice(0, -4));
  if (format?.late !== true) continue;
  const reader = makeReader(
    restoreDetection({ dataset: format.dataset, envelope: null, alternates: [], tags: [], pattern: null })!,
  );
  const text = readFileSync(`fixtures/lines/${file}`, 'utf8').replace(/^#!.*\n/gm, '');
  for (const { text: record } of split(Buffer.from(text), START, reader, SPLIT_LIMITS, true).records) {
    cases.push({ format, record });
    // What stands before a JSON record is a wrapper's.
    const at = record.indexOf('{');
    if (at > 0 && at < 100) cases.push({ format, record: record.slice(at) });
  }
}

function both({ parse }: Format, record: string): { late: Entry | Failure; whole: Entry | Failure } {
  return { late: readLate(parse, record, context), whole: parse(record, context) };
}

/** Shapes are learned from records that came before. */
for (let round = 0; round < 3; round++) for (const { format, record } of cases) format.parse(record, context);

test('every fixture', () => {
  expect(cases.length).toBeGreaterThan(100);
  for (const { format, record } of cases) {
    const { late, whole } = both(format, record);
    expect(plain(late), record).toEqual(plain(whole));
  }
});

const PIECES = [
  '"',
  '\\',
  '\\"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '\t',
  '-',
  '0',
  '403',
  'null',
  'a=b',
  '|',
  "'",
  'é',
];

test('a record changed anywhere', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(8), fc.constantFrom('', ...PIECES)), {
        minLength: 1,
        maxLength: 3,
      }),
      ({ format, record }, changes) => {
        let text = record;
        for (const [where, length, piece] of changes) {
          const at = Math.floor(where * text.length);
          text = text.slice(0, at) + piece + text.slice(at + length);
        }
        const { late, whole } = both(format, text);
        expect(plain(late)).toEqual(plain(whole));
      },
    ),
    { numRuns: 3000 },
  );
});
