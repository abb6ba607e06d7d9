/** What is skimmed off an access line is what its format reads of it: on every fixture line, and on lines made of odd parts. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeReader, restoreDetection } from '../parsers/detect.ts';
import { isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { known } from '../parsers/fields.ts';
import { FORMATS } from '../parsers/formats.ts';
import { forgetJson } from '../parsers/skim.json.ts';
import { Skim } from '../parsers/skim.ts';

const skimming = [...FORMATS.values()].filter((f) => f.skim !== undefined);
const folder = new URL('../fixtures/lines/', import.meta.url);
const fixtureLines = readdirSync(folder).flatMap((name) => readFileSync(new URL(name, folder), 'latin1').split('\n'));

/** HAProxy's lines also behind a syslog header. */
const wrapped = ['syslog-iso', 'syslog-3164'].map((envelope) => {
  const detected = restoreDetection({ dataset: 'haproxy.http', envelope, alternates: [], tags: [] });
  const reader = makeReader(detected!);
  return { skim: reader.skim, parse: (line: string) => reader.read(line, Date.parse('2026-01-01T00:00:00Z')) };
});
const readers = [
  ...skimming.map((f) => ({ skim: f.skim, parse: (line: string) => f.parse(line, emptyContext()) })),
  ...wrapped,
];

const said = (text: string, from: number, to: number): string | null => (from < 0 ? null : known(text.slice(from, to)));

/** Skims every line of `lines` out of one text; the number that was. */
function agree(lines: string[]): number {
  let skimmed = 0;
  const text = `${lines.join('\n')}\n`;
  const bytes = Buffer.from(text, 'latin1');
  for (const format of readers) {
    const out = new Skim();
    out.begin();
    let from = 0;
    for (const line of lines) {
      const to = from + line.length;
      if (format.skim!(text, bytes, from, to, out)) {
        skimmed++;
        const entry = format.parse(line);
        if (isFailure(entry)) throw new Error(`skimmed, but ${entry.failure}: ${line}`);
        expect(
          {
            kind: 'access',
            timeMs: out.timeMs,
            zoneless: out.zoneless,
            method: out.method,
            host: out.host,
            path: text.slice(out.pathFrom, out.pathTo),
            status: out.status,
            client: out.clientFrom < 0 ? null : text.slice(out.clientFrom, out.clientTo),
            referrer: said(text, out.referrerFrom, out.referrerTo),
            agent: said(text, out.agentFrom, out.agentTo),
            // Forwarded addresses stand nowhere else.
            forwarded: out.extrasFrom >= 0 && entry.forwardedFor !== null ? entry.forwardedFor : null,
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
          client: entry.clientAddress,
          referrer: entry.httpRequestReferrer,
          agent: entry.userAgentOriginal,
          forwarded: entry.forwardedFor,
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
    one(
      '',
      ' host=b.example',
      ' Http-Host=b.example',
      ' "203.0.113.9"',
      ' rt=0.001 vhost="c.example"',
      ' server_name=d.example',
      ' SERVER-NAME=d.example',
      ' "',
      '\r',
    ),
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

/** The first is ordinary. */
const mostly = (first: string, ...odd: string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constant(first), weight: 12 }, { arbitrary: fc.constantFrom(first, ...odd), weight: 3 });
const haproxyLine = fc
  .tuple(
    mostly(
      '',
      '',
      'Nov 22 09:57:01 lb1 haproxy[121]: ',
      'Nov  2 23:57:01 lb1 haproxy: ',
      'Nov 31 09:57:01 lb1 haproxy[121]: ',
      'nov 22 09:57:01 lb1 haproxy[121]: ',
      'Nov 22 24:57:01 lb1 haproxy[121]: ',
      'Nov 22 09:57:01 haproxy[121]: ',
      'Nov 22 2025 09:57:01 lb1 haproxy[121]: ',
      '2025-11-22T09:57:01.123456+01:00 lb1 haproxy[121]: ',
      '2025-11-22T08:57:01+00:00 lb1 haproxy[121]: ',
      '2025-11-22T08:20:01Z ERROR haproxy[121]: ',
      '2025-11-22T09:57:01 lb1 error: ',
      '<134>2025-11-22T09:57:01Z lb1 haproxy[1]: ',
    ),
    mostly('203.0.113.7:4711', '2001:db8::7:4711', 'unix:1', '203.0.113.7', ':1', '203.0.113.7:'),
    mostly(
      '[22/Nov/2025:09:57:01.123]',
      '[22/Nov/2025:09:57:59.000]',
      '[22/Nov/2025:09:57:60.000]',
      '[22/Nov/2025:09:57:01]',
      '[22/Nov/2025:09:57:01.12]',
      '[22/Nov/2025:09:57:01 +0000]',
      '[22/Nov/2025:09:5x:01.123]',
    ),
    mostly('fe', 'fe~', 'fe/bind:', ''),
    mostly('be/s1', 'fe/<NOSRV>', 'be', 'be/-', '/'),
    mostly('0/0/1/2/3', '0/0/1/2/+3', '0/0/1/2/-1', '1/2/3', '0/0/0/1/2/3', '0/0/1/2/x', '0/0/1/2/999999'),
    mostly('200', '403', '-1', '99', '1000', 'x'),
    mostly('153', '+153', '0', '-', '99999999999999999999'),
    mostly('- -', 'a=b -', '-'),
    mostly('----', 'PR--', 'PR', 'P', 'PR---'),
    mostly('1/1/0/0/0 0/0', '1/1/0/0/0'),
    mostly(
      '',
      '{shop.example|curl}',
      '{|shop.example:443} {a}',
      '{a/b.example}',
      '{x#2ey.example}',
      '{shop.example',
      '{}',
      '{10.0.0.1|é.example}',
    ),
    mostly(
      '"GET /a?b=c HTTP/1.1"',
      '"POST /#22a HTTP/2.0"',
      '"<BADREQ>"',
      '"GET http://o.example/ HTTP/1.1"',
      '"GET / HTTP/1.1',
      '"get /a HTTP/1.1"',
      '"GET /a?x=#22 HTTP/1.1"',
      '',
    ),
    mostly(
      '',
      '0b1c2d3e4f5061728394a5b6c7d8e9f0',
      'host=b.example',
      '0/0000/0/0/0 shop.example/TLSv1.3/x',
      '"x"',
      '{y}',
      '\r',
    ),
  )
  .map(
    ([h, c, t, f, b, tm, s, n, ck, st, cn, cap, rq, x]) =>
      `${h}${[c, t, f, b, tm, s, n, ck, st, cn, cap, rq, x].filter((p) => p !== '').join(' ')}`,
  );

test('lines of HAProxy made of odd parts, behind syslog headers, and such lines damaged', () => {
  const damaged = fc
    .tuple(haproxyLine, fc.nat(250), fc.string({ unit: 'binary-ascii', maxLength: 2 }))
    .map(([l, at, what]) => (l.slice(0, at) + what + l.slice(at + 1)).replaceAll('\n', ' '));
  let skimmed = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(haproxyLine, damaged), { minLength: 1, maxLength: 20 }), (lines) => {
      skimmed += agree(lines);
    }),
    { numRuns: 3000 },
  );
  expect(skimmed).toBeGreaterThan(1000);
});

test('ordinary lines of HAProxy are skimmed, in every dress', () => {
  const line =
    '203.0.113.7:4711 [22/Nov/2025:09:57:01.123] fe~ be/s1 0/0/1/2/3 403 153 - - PR-- 1/1/0/0/0 0/0 {shop.example|curl} "GET /a?b=c HTTP/1.1" 0b1c2d3e4f5061728394a5b6c7d8e9f0';
  expect(agree([line])).toBe(1);
  expect(
    agree([`Nov 22 09:57:01 lb1 haproxy[121]: ${line}`, `2025-11-22T08:57:01.126+00:00 lb1 haproxy[121]: ${line}`]),
  ).toBe(2);
});

const jsonLine = fc
  .tuple(
    mostly('{"level":"info",', '{', '{ "level": 30, ', ' {"level":"info",', '{"level":"info","time":1763805421123,'),
    mostly(
      '"time":"2025-11-22T09:57:01.123Z",',
      '"time":"2025-11-22T09:57:01+01:00",',
      '"time":"2025-11-22 09:57:01",',
      '"time":"22/Nov/2025:09:57:01 +0100",',
      '"time":1763805421123,',
      '"ts":1763805421.123,',
      '"time":"1763805421",',
      '"time":null,',
      '',
    ),
    mostly(
      '"msg":"request completed",',
      '"msg":"a \\"b\\"",',
      '"msg":"ünï",',
      '"msg":"a\tb",',
      '"msg":5,',
      '"msg":[1],',
    ),
    mostly(
      '"method":"GET",',
      '"method":"POST",',
      '"method":"get",',
      '"method":"PROPFIND",',
      '"method":"",',
      '"method":7,',
    ),
    mostly(
      '"path":"/a/b",',
      '"path":"/a?b=c",',
      '"url":"/a?b=c",',
      '"url":"http://o.example/a",',
      '"path":"a",',
      '"path":"/a b",',
      '"path":"/é",',
      '"path":"/a","url":"/b",',
      '"path":"/a","url":"/a",',
      '"path":"/a","path":"/b",',
      '"req":{"url":"/x","id":7},',
    ),
    mostly('"status":403,', '"status":"403",', '"status":40,', '"status":4033,', '"status":"-",', '"status":403.0,'),
    mostly('', '"bytes":153,', '"bytes":"153",', '"bytes":-1,', '"bytes":1.5,', '"bytes":01,', '"bytes":1e3,'),
    mostly(
      '"remote_addr":"203.0.113.7",',
      '"remote_addr":"2001:db8::7",',
      '"remote_addr":"::ffff:203.0.113.7",',
      '"remote_addr":"203.0.113.7:4711",',
      '"remote_addr":"203.0.113.300",',
      '"remote_addr":"203.0.0113.7",',
      '"remote_addr":"203.0.113.7.9",',
      '"remote_addr":"203.0.113.",',
      '"client_ip":"203.0.113.7","remote_addr":"203.0.113.7",',
      '"remote_addr":"-",',
      '"remoteAddress":"203.0.113.7",',
      '"client_ip":"10.0.0.1","remote_addr":"203.0.113.7",',
      '"remote_addr":"shop.example",',
      '"context":{"ip":"203.0.113.9"},',
    ),
    mostly(
      '"host":"shop.example",',
      '"host":"web1",',
      '"host":"web1:80",',
      '"host":"Shop.Example:443",',
      '"host":"-",',
      '"http_host":"web1",',
      '"host":"a/b",',
      '"host":"é.example",',
      '"req":{"headers":{"host":"b.example","user-agent":"x"}},',
    ),
    mostly('"user_agent":"curl/8.5",', '"user_agent":"-",', '"user_agent":"",', '"user_agent":"ü",', '"agent":3,'),
    mostly('"referer":"https://shop.example/",', '', '"referer":"-",', '"http_referer":"",'),
    mostly(
      '"took":5}',
      '"took":5,"ok":true}',
      '"took":null}',
      '"took":-0.5}',
      '"took":{}}',
      '"took":[]}',
      '"took":5},',
      '"a":{"b":{"c":1}}}',
      '"took":5',
    ),
  )
  .map((parts) => parts.join(''));

test('lines in JSON made of odd members, in the order of others or not, and such lines damaged', () => {
  const damaged = fc
    .tuple(jsonLine, fc.nat(300), fc.string({ unit: 'binary-ascii', maxLength: 2 }))
    .map(([l, at, what]) => (l.slice(0, at) + what + l.slice(at + 1)).replaceAll('\n', ' '));
  let skimmed = 0;
  fc.assert(
    fc.property(fc.array(fc.oneof(jsonLine, damaged), { minLength: 2, maxLength: 20 }), (lines) => {
      forgetJson();
      skimmed += agree(lines.map((line) => Buffer.from(line, 'utf8').toString('latin1')));
    }),
    { numRuns: 3000 },
  );
  expect(skimmed).toBeGreaterThan(1000);
});

test('ordinary lines in JSON are skimmed once a line like them was read', () => {
  forgetJson();
  const flat = (path: string) =>
    `{"level":"info","message":"request completed","requestId":"a9764bc7-3201-4a20-9b56-dda3394dffb2","method":"GET","path":"${path}","status":200,"durationMs":6,"remoteAddress":"203.0.113.7","timestamp":"2025-11-22T09:57:01.902Z"}`;
  const nested = (path: string) =>
    `{"level":30,"time":1763805421123,"req":{"id":7,"method":"GET","url":"${path}","headers":{"host":"shop.example"},"remoteAddress":"203.0.113.7"},"res":{"statusCode":200},"responseTime":5,"msg":"ok"}`;
  expect(agree([flat('/a'), nested('/b'), flat('/c?x=y'), nested('/d')])).toBe(4);
});
