/**
 * A record whose attributes are left for later must be what it is when it is read whole at once: in every field, every
 * failure and, once asked for, every attribute. Held for every fixture, and for fixtures changed at random places.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeReader, restoreDetection } from '../parsers/detect.ts';
import { type Entry, emptyEntry, type Failure, readLate } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import type { Format } from '../parsers/parser.ts';
import { scanHeaders, set } from '../parsers/record.ts';
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

/** Shapes are learned from records that came before, of some formats only while attributes are left. */
for (let round = 0; round < 3; round++) for (const { format, record } of cases) both(format, record);

test('every fixture', () => {
  expect(cases.length).toBeGreaterThan(100);
  for (const { format, record } of cases) {
    const { late, whole } = both(format, record);
    expect(plain(late), record).toEqual(plain(whole));
  }
});

test('a 29th of February without a year', () => {
  const format = FORMATS.get('text.app')!;
  for (const record of ['Feb 29 10:30:00 [main] [7a] WARN shop.auth denied', 'WARN Feb 29 10:30:00 [main] denied']) {
    for (const now of ['2024-03-01', '2026-03-01']) {
      const around = emptyContext(Date.parse(now));
      expect(plain(readLate(format.parse, record, around))).toEqual(plain(format.parse(record, around)));
    }
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

test('a value changed for another', () => {
  const json = cases.filter(({ record }) => record.charCodeAt(0) === 123);
  fc.assert(
    fc.property(fc.constantFrom(...json), fc.nat(60), fc.json({ maxDepth: 3 }), ({ format, record }, nth, value) => {
      let n = 0;
      const text = record.replace(/":( ?)("(?:[^"\\]|\\.)*"|-?\d[\d.]*|true|false|null)/g, (whole, blank: string) =>
        n++ === nth ? `":${blank}${value}` : whole,
      );
      const { late, whole } = both(format, text);
      expect(plain(late)).toEqual(plain(whole));
    }),
    { numRuns: 1500 },
  );
});

test('text put in front of any value', () => {
  for (const { format, record } of cases) {
    for (let at = record.indexOf('":"'); at >= 0; at = record.indexOf('":"', at + 1)) {
      for (const piece of ['\\q', '\\u0041', '\u0001', '\\n\u0001', '\\\\', '%3a%0a%41', 'é']) {
        const { late, whole } = both(format, record.slice(0, at + 3) + piece + record.slice(at + 3));
        expect(plain(late)).toEqual(plain(whole));
      }
    }
  }
});

test('headers, however they are written', () => {
  const name = fc.constantFrom(
    ...['Host', 'host', ':authority', 'User-Agent', 'user-agent', 'Referer', 'content-type', 'X-Forwarded-For'],
    ...['x-request-id', 'traceparent', 'cookie', 'authorization', 'x-odd', '', 'ho"st', 'h\\ost', 'name', 'value', '7'],
  );
  const text = fc.constantFrom(
    ...[
      'shop.example.com',
      '',
      '-',
      'curl/8.5.0',
      'a "b" \\',
      '\\',
      '203.0.113.7, 198.51.100.4',
      'é',
      '\n',
      '{"',
      '"],',
    ],
    '2a7c1f0d9b3e4c55a1d2e3f405162738',
  );
  const value = fc.oneof(
    { weight: 6, arbitrary: text },
    fc.array(text, { maxLength: 3 }),
    fc.constantFrom<unknown>(7, null, true, {}),
  );
  const headers = fc.oneof(
    fc
      .array(fc.tuple(name, value), { maxLength: 5 })
      .map((pairs) => `{${pairs.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`),
    fc.array(fc.record({ name, value }, { requiredKeys: [] }), { maxLength: 5 }).map((list) => JSON.stringify(list)),
    fc.array(fc.record({ value, name }), { maxLength: 3 }).map((list) => JSON.stringify(list)),
    fc.json({ maxDepth: 2 }).filter((json) => /^[[{]/.test(json)),
  );
  fc.assert(
    fc.property(headers, fc.boolean(), (json, blanks) => {
      const written = blanks ? json.replaceAll('":', '": ') : json;
      const scanned = emptyEntry('json', 'access', 'end');
      const parsed = emptyEntry('json', 'access', 'end');
      set.headers(parsed, JSON.parse(written), '');
      if (!scanHeaders(scanned, written)) set.headers(scanned, JSON.parse(written), '');
      expect({ ...plain(scanned), attributes: null }).toEqual({ ...plain(parsed), attributes: null });
    }),
    { numRuns: 20_000 },
  );
});
