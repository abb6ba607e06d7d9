/** A block that is only skimmed says the same as one that is read whole, and the same lines of it are linked. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relevant, surveySeen } from '../server/link/relevant.ts';
import type { Block, ReaderSpec } from '../server/model/line.ts';
import { matters } from '../server/model/matters.ts';
import { Look, Needles, type Seen, seenBetween } from '../server/store/look.ts';
import { entriesOf } from '../server/store/reader.ts';

const spec = (dataset: string, envelope: string | null = null): ReaderSpec => ({
  dataset,
  envelope,
  alternates: [],
  tags: [],
  pattern: null,
});

function block(text: string, reader: ReaderSpec, sourceId = 1): Block {
  const raw = Buffer.from(text, 'latin1');
  const lines = text.split('\n').length;
  const referenceMs = Date.parse('2026-01-01T00:00:00Z');
  const times = { timeMinMs: Number.NaN, timeMaxMs: Number.NaN };
  return { sourceId, offset: 0, bytes: raw.length, firstLine: 1, lines, ...times, reader, referenceMs, raw };
}

const folder = new URL('../fixtures/lines/', import.meta.url);
const fixtures = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'latin1'));

test('what is said of a skimmed line is what its entry says', () => {
  let skimmed = 0;
  for (const reader of [spec('nginx.access'), spec('apache.access'), spec('haproxy.http', 'syslog-iso')])
    for (const text of fixtures) {
      const whole = Look.of(block(text, reader), entriesOf(block(text, reader)));
      const look = Look.at(block(text, reader));
      expect(look.size).toBe(whole.size);
      for (let i = 0; i < look.size; i++) {
        if (look.isSkimmed(i)) skimmed++;
        const said = (l: Look) => ({
          timeMs: l.timeMs[i],
          isAccess: l.isAccess(i),
          status: l.status(i),
          client: l.client(i),
          method: l.method(i),
          host: l.host(i),
          path: l.path(i),
          agent: l.agent(i),
          referrer: l.referrer(i),
        });
        expect(said(look)).toEqual(said(whole));
        expect(look.placed(i)).toEqual(whole.placed(i));
      }
    }
  expect(skimmed).toBeGreaterThan(20);
});

const ID = fc.constantFrom(
  '0b1c2d3e4f5061728394a5b6c7d8e9f0',
  'd37758a3-af7a-4507-a530-d8199e6892fe',
  'a1b2c3d4e5f6',
  'Root=1-67891233-abcdef012345678912345678',
);

test('ids are found wherever they stand', () => {
  fc.assert(
    fc.property(
      fc.array(ID, { maxLength: 3 }),
      fc.array(fc.oneof(ID, fc.string({ unit: 'binary-ascii' }))),
      (ids, parts) => {
        const text = parts.join(' ');
        const found = new Set<number>();
        new Needles(ids).find(text, (at) => found.add(at));
        const expected = new Set<number>();
        for (const id of ids) for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) expected.add(at);
        expect([...found].sort()).toEqual([...expected].sort());
      },
    ),
    { numRuns: 500 },
  );
});

const second = fc.integer({ min: 0, max: 59 }).map((s) => String(s).padStart(2, '0'));
const path = fc.constantFrom('/', '/a', '/a/b', '/v1/a/b', '/a%20b', '/x/a b', '/c?d=/e', '/index.php');
const client = fc.constantFrom('203.0.113.7', '203.0.113.8', '2001:db8::1');
const status = fc.constantFrom(200, 200, 200, 404, 403);
const nginxLine = fc
  .tuple(client, second, path, status, fc.constantFrom('', ' "203.0.113.7"', ' "203.0.113.8, 10.0.0.1"'), fc.option(ID))
  .map(
    ([c, s, p, st, xff, id]) =>
      `${c} - - [22/Nov/2025:09:57:${s} +0000] "GET ${p} HTTP/1.1" ${st} 10 "-" "curl/8"${xff}${id === null ? '' : ` rid=${id}`}`,
  );
const errorLine = fc
  .tuple(second, client, fc.option(path))
  .map(
    ([s, c, p]) =>
      `2025/11/22 09:57:${s} [error] 7#7: *1 access forbidden by rule, client: ${c}, server: _${p === null ? '' : `, request: "GET ${p} HTTP/1.1"`}`,
  );

test('the same lines are linked, and the same is counted', () => {
  const lines = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 25 });
  let chosen = 0;
  fc.assert(
    fc.property(lines(nginxLine), lines(nginxLine), fc.array(errorLine, { maxLength: 2 }), (inner, outer, errors) => {
      const blocks = [
        block(outer.map((l) => `${l}\n`).join(''), spec('nginx.access'), 1),
        block(inner.map((l) => `${l}\n`).join(''), spec('nginx.access'), 2),
        block(errors.map((l) => `${l}\n`).join(''), spec('nginx.error'), 3),
      ];
      const source = { path: '', directory: '', dataset: 'nginx.access', layer: 'web' as const, order: 3 };
      const sources = new Map([1, 2, 3].map((id) => [id, { ...source, id }]));
      const range = [Date.parse('2025-11-22T09:57:03Z'), Date.parse('2025-11-22T09:57:50Z')] as const;
      const of = (look: (b: Block) => Look): Seen[] =>
        blocks.map((b) => seenBetween(look(b), b.sourceId * 500, ...range));
      const skimmed = of((b) => Look.at(b));
      const whole = of((b) => Look.of(b, entriesOf(b)));
      expect(surveySeen(skimmed)).toEqual(surveySeen(whole));
      const options = { refusedStatus: new Set([403]), matters };
      const expected = relevant(whole, sources, options);
      chosen += expected.length;
      expect(relevant(skimmed, sources, options)).toEqual(expected);
    }),
    { numRuns: 400 },
  );
  expect(chosen).toBeGreaterThan(1000);
});
