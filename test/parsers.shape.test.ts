/**
 * A record read by its shape must be what the parsed one is, in every field and every failure. Shapes are learned from
 * the fixtures; then records are changed at random places, so that they match nearly, or in ways that JSON knows and
 * the shape does not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { type Entry, type Failure, readLate } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import type { Format } from '../parsers/parser.ts';
import { names, readerOf, set } from '../parsers/record.ts';
import { shapes } from '../parsers/shape.ts';
import { plain } from './plain.ts';

const context = emptyContext(Date.parse('2026-11-22T12:00:00Z'));
const cases: { format: Format; line: string }[] = [];
for (const file of readdirSync('fixtures/lines')) {
  const format = FORMATS.get(file.slice(0, -4));
  if (format === undefined) continue;
  for (const line of readFileSync(`fixtures/lines/${file}`, 'utf8').split('\n')) {
    const at = line.indexOf('{');
    if (line.startsWith('#!') || at < 0 || at > 100) continue;
    cases.push({ format, line }, ...(at > 0 ? [{ format, line: line.slice(at) }] : []));
  }
}

function both(format: Format, line: string): { shaped: Entry | Failure; parsed: Entry | Failure } {
  const shaped = format.parse(line, context);
  shapes.on = false;
  try {
    return { shaped, parsed: format.parse(line, context) };
  } finally {
    shapes.on = true;
  }
}

beforeAll(() => {
  for (let round = 0; round < 3; round++) for (const { format, line } of cases) format.parse(line, context);
});

test('every fixture is read alike', () => {
  expect(cases.length).toBeGreaterThan(150);
  for (const { format, line } of cases) {
    const { shaped, parsed } = both(format, line);
    expect(plain(shaped), line).toEqual(plain(parsed));
  }
});

/** What is put in the place of a piece of a record. */
const PIECES = [
  ...['"', '\\', '\\"', '\\u0041', '\\u12', '\\x41', '\\q', '{', '}', '[', ']', ',', ':', ' ', '\t', '\n', '\u0001'],
  ...['null', 'true', '-', '0', '-0', '007', '1e5', '1.50', '1.5', '12345678901234567890', '0.0000001', '""', '{}'],
  ...['[]', '[1,2]', '[{"a":1}]', '{"a":{"b":[1,null]}}', ',"a":1', '"status":403,', '"__proto__":{"a":1},', 'é', '😀'],
];

test('a record changed anywhere is read alike', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          length: fc.nat(12),
          piece: fc.constantFrom('', ...PIECES),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      ({ format, line }, changes) => {
        let text = line;
        for (const { at, length, piece } of changes) {
          const from = Math.floor(at * text.length);
          text = text.slice(0, from) + piece + text.slice(from + length);
        }
        const { shaped, parsed } = both(format, text);
        expect(plain(shaped)).toEqual(plain(parsed));
      },
    ),
    { numRuns: 8000 },
  );
});

test('an escape that JSON does not know, in any value', () => {
  for (const { format, line } of cases) {
    for (let at = line.indexOf('":"'); at >= 0; at = line.indexOf('":"', at + 1)) {
      for (const piece of ['\\q', '\\u12', '\\u0041', '\u0001', '\\n\u0001']) {
        const { shaped, parsed } = both(format, line.slice(0, at + 3) + piece + line.slice(at + 3));
        expect(plain(shaped)).toEqual(plain(parsed));
      }
    }
  }
});

test('a value changed for another is read alike', () => {
  fc.assert(
    fc.property(fc.constantFrom(...cases), fc.nat(60), fc.json({ maxDepth: 3 }), ({ format, line }, nth, value) => {
      // The nth value of the record, whatever it was.
      let n = 0;
      const text = line.replace(/":( ?)("(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)/g, (whole, blank: string) =>
        n++ === nth ? `":${blank}${value}` : whole,
      );
      const { shaped, parsed } = both(format, text);
      expect(plain(shaped)).toEqual(plain(parsed));
    }),
    { numRuns: 1500 },
  );
});

test('a record of any length is read', () => {
  const { format, line } = cases.find((one) => one.format.dataset === 'cloudflare.http')!;
  for (const length of [60_000, 70_000, 4_000_000]) {
    const { shaped, parsed } = both(format, line.replace('":"', `":"${'x\\"[{'.repeat(length / 4)}`));
    expect(plain(shaped)).toEqual(plain(parsed));
  }
});

test('objects of any members, in any order', () => {
  const read = readerOf({
    dataset: 'json',
    title: '',
    usualLayer: null,
    kind: 'access',
    timePoint: 'end',
    marks: [['"a"', '"b"']],
    names: names({ a: set.status, b: { a: set.user, c: set.agent, e: set.headers }, c: set.drop, d: set.headers }),
    timeField: 'a',
    timeOptional: true,
    needs: { b: { a: true, d: {} }, d: true, e: { a: {}, b: 'attributes', d: (text) => JSON.parse(text) } },
    finish(entry, json) {
      entry.message = JSON.stringify([
        (json.b as { a?: unknown; d?: unknown } | undefined)?.a,
        typeof (json.b as { d?: unknown } | undefined)?.d,
        json.d,
        typeof (json.e as { a?: unknown } | undefined)?.a,
        (json.e as { d?: unknown } | undefined)?.d,
      ]);
      return undefined;
    },
  });
  const format = { parse: read } as unknown as Format;
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'cookie', 'a.b');
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(0, 1, 200, 1.5, -3, true, null, '', '-', 'x', 'a "quoted" \\ word', '203.0.113.9'),
      fc.array(tie('any'), { maxLength: 3 }),
      tie('object'),
    ),
    object: fc
      .uniqueArray(fc.tuple(key, tie('any')), { selector: ([name]) => name, maxLength: 6 })
      .map(Object.fromEntries),
  }));
  fc.assert(
    fc.property(value.object, fc.constantFrom(0, 1), (object, blanks) => {
      const line = blanks === 0 ? JSON.stringify(object) : JSON.stringify(object).replaceAll('":', '": ');
      const { shaped, parsed } = both(format, line);
      expect(plain(shaped)).toEqual(plain(parsed));
      // And where only fields are taken out.
      expect(plain(readLate(read, line, context))).toEqual(plain(parsed));
    }),
    { numRuns: 3000 },
  );
});
