/** What is skimmed off an access line is what its format reads of it: on every fixture line, and on lines made of odd parts. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import { Skim } from '../parsers/skim.ts';

const skimming = [...FORMATS.values()].filter((f) => f.skim !== undefined);
const folder = new URL('../fixtures/lines/', import.meta.url);
const fixtureLines = readdirSync(folder).flatMap((name) => readFileSync(new URL(name, folder), 'latin1').split('\n'));

/** Skims every line of `lines` out of one text; the number that was. */
function agree(lines: string[]): number {
  let skimmed = 0;
  const text = `${lines.join('\n')}\n`;
  for (const format of skimming) {
    const out = new Skim();
    out.begin();
    let from = 0;
    for (const line of lines) {
      const to = from + line.length;
      if (format.skim!(text, from, to, out)) {
        skimmed++;
        const entry = format.parse(line, emptyContext());
        if (isFailure(entry)) throw new Error(`skimmed, but ${entry.failure}: ${line}`);
        expect(
          {
            kind: 'access',
            timeMs: out.timeMs,
            zoneless: out.zoneless,
            method: out.method,
            host: null,
            path: text.slice(out.pathFrom, out.pathTo),
            status: out.status,
            bytes: out.bytes,
          },
          line,
        ).toEqual({
          kind: entry.kind,
          timeMs: entry.timeMs,
          zoneless: entry.timeZoneless,
          method: entry.httpRequestMethod,
          host: entry.urlDomain,
          path: entry.urlPath,
          status: entry.httpResponseStatusCode,
          bytes: entry.httpResponseBodySize ?? 0,
        });
      }
      from = to + 1;
    }
  }
  return skimmed;
}

test('fixture lines', () => {
  expect(skimming.length).toBeGreaterThan(0);
  expect(agree(fixtureLines)).toBeGreaterThan(20);
});

const one = (...parts: string[]): fc.Arbitrary<string> => fc.constantFrom(...parts);
const line = fc
  .tuple(
    one('203.0.113.7', '2001:db8::1', '-', 'shop.example', '203.0.113.7,', ''),
    one('-', 'ident', 'shop.example', ''),
    one('-', 'alice', 'a b', '', '[x]'),
    one(
      '[22/Nov/2025:09:57:01 +0100]',
      '[22/Nov/2025:09:57:59 +0100]',
      '[22/Nov/2025:09:57:60 +0100]',
      '[22/Nov/2025:09:57:01.123 +0100]',
      '[22/Nov/2025:09:57:01]',
      '[22/Nov/2025:09:58:01 -0930]',
      '[22/Nov/2025:09:57:0x +0100]',
      '[-]',
    ),
    one('GET', 'POST', 'get', 'PROPFIND', 'G', '\\x16\\x03', ''),
    one('/', '/a?b=c', '/a b', '*', 'http://other.example/x?y', '/é', '/a"b', '/\\x22', '?', '//'),
    one(' HTTP/1.1', ' HTTP/2.0', ' HTTP/2', '', ' RTSP/1.0'),
    one('200', '403', '-', '4033', '40', '999'),
    one('0', '-', '153', '12.5', '', '99999999999999999999'),
    one(
      '',
      ' "-" "agent"',
      ' "-" "a \\"b\\""',
      ' "https://a.example/?host=1" "curl"',
      ' "-"',
      ' "-" "x" extra',
      ' x "y"',
    ),
    one('', ' host=b.example', ' "203.0.113.9"', ' rt=0.001 vhost="c.example"', ' server_name=d.example', ' "', '\r'),
  )
  .map(([a, b, c, t, m, p, v, s, n, q, x]) => `${a} ${b} ${c} ${t} "${m} ${p}${v}" ${s} ${n}${q}${x}`);

test('lines made of odd parts, and such lines damaged', () => {
  const damaged = fc
    .tuple(line, fc.nat(200), fc.string({ unit: 'binary-ascii', maxLength: 2 }))
    .map(([l, at, what]) => (l.slice(0, at) + what + l.slice(at + 1)).replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(fc.oneof(line, damaged), { minLength: 1, maxLength: 20 }), (lines) => {
      agree(lines);
    }),
    { numRuns: 3000 },
  );
});
