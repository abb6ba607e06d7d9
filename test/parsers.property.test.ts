/**
 * What must hold for any input: no format ever throws, and what a server would write of a request is read back as
 * that request.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { detect, makeReader } from '../parsers/detect.ts';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { ENVELOPES, emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import { compileApache } from '../parsers/pattern.apache.ts';
import { compileNginx } from '../parsers/pattern.nginx.ts';
import { START, split } from '../parsers/split.ts';

const context = emptyContext(Date.parse('2025-11-22T12:00:00Z'));

/** Beginnings that lead deep into the parsers, cut and mixed with anything. */
const SEEDS = [
  '203.0.113.9 - - [22/Nov/2025:09:57:01 +0000] "GET /a HTTP/1.1" 403 1 "-" "x" rt=0.1 [a] {',
  '2025/11/22 09:57:01 [error] 1#1: *1 ModSecurity: Access denied (phase 2). x [id "1"] [msg "a"], client: 1, server: ',
  '[Sat Nov 22 09:57:01.123456 2025] [core:error] [pid 1:tid 2] (13)x: [client a:1] AH00035: access to /a denied ',
  '--a1b2c3d4-A--\n[22/Nov/2025:09:57:01 +0000] a b c d e\n--a1b2c3d4-H--\nMessage: Warning. [id "',
  '203.0.113.9:1 [22/Nov/2025:09:57:01.1] fe be/s 0/0/0/0/0 403 1 - - ---- 1/1/1/1/0 0/0 {a|b} "GET /#',
  '{"level":"info","ts":1763801821.1,"msg":"x","request":{"headers":{"a":[1]}},"status":403}',
  '{"transaction":{"time_stamp":"Sat Nov 22 09:57:01 2025","request":{},"messages":[{"details":{}}]}}',
  '2025-11-22 09:57:01,123 fail2ban.actions [1]: NOTICE  [a] Ban ',
  'WARNING  [2025-11-22 09:57:01,280] [a] django.request: Forbidden: /x {"a":',
  '<34>1 2025-11-22T09:57:01Z a b c d [x a="] ',
];
const anyRecord = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.json(),
  fc
    .tuple(fc.constantFrom(...SEEDS), fc.nat(140), fc.string({ maxLength: 40 }), fc.nat(140))
    .map(([seed, cut, noise, from]) => seed.slice(0, cut) + noise + seed.slice(from)),
);

test('no format throws, for any text', () => {
  const compiled = [compileNginx('$remote_addr "$request" $status$host$uri'), compileApache('%h %t \\"%r\\" %>s')];
  fc.assert(
    fc.property(anyRecord, (record) => {
      for (const format of [...FORMATS.values(), ...compiled]) {
        format.parse(record, context);
        format.starts?.(record);
        format.ends?.(record, record);
      }
      for (const envelope of ENVELOPES) envelope.peel(record, emptyContext());
    }),
    { numRuns: 2000 },
  );
});

test('detection and pattern compilation do not throw either', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 8 }), fc.string(), (lines, pattern) => {
      const found = detect(lines, { fileName: pattern });
      if (found !== null) for (const line of lines) makeReader(found).read(line, 0);
      compileNginx(pattern).parse(lines[0] ?? '', context);
      compileApache(pattern).parse(lines[0] ?? '', context);
    }),
    { numRuns: 300 },
  );
});

test('splitting block by block gives the same records as splitting at once', () => {
  const limits = { lineBytesMax: 64, recordBytesMax: 4096 };
  const rules = { starts: (line: string) => line.startsWith('>') };
  const line = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ maxLength: 20 }).map((text) => `>${text}`),
  );
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      fc.boolean(),
      (lines, sizes, grouped) => {
        const bytes = Buffer.from(lines.join('\n'));
        const use = grouped ? rules : {};
        const whole = split(bytes, START, use, limits, true).records;
        const parts = [];
        let position = START;
        let end = 0;
        for (let i = 0; end < bytes.length; i++) {
          end = Math.min(bytes.length, end + sizes[i % sizes.length]!);
          const result = split(bytes.subarray(position.offset, end), position, use, limits, end === bytes.length);
          parts.push(...result.records);
          position = result.next;
        }
        expect(parts).toEqual(whole);
      },
    ),
  );
});

// ------------------------------------------------------------------------------------- written and read back

const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcXYZ019-._~%') });
const request = fc.record({
  client: fc.oneof(fc.ipV4(), fc.ipV6()),
  user: fc.option(fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'abcxyz019') })),
  second: fc.integer({ min: 1_000_000_000, max: 2_000_000_000 }),
  method: fc.constantFrom('GET', 'POST', 'DELETE', 'PROPFIND'),
  path: fc.array(word, { maxLength: 4 }).map((words) => `/${words.join('/')}`),
  query: fc.option(word.map((text) => `q=${text}`)),
  status: fc.integer({ min: 100, max: 599 }),
  bytes: fc.nat(),
  // Anything a client may send, except what stands for "absent" and unpaired surrogates, which are not UTF-8.
  referer: fc.option(fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text !== '-' && text.isWellFormed())),
  agent: fc.option(fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text !== '-' && text.isWellFormed())),
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

function escapeNginx(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      byte < 32 || byte > 126 || byte === 34 || byte === 92
        ? `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');
}

function escapeApache(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      if (byte === 34 || byte === 92) return `\\${String.fromCharCode(byte)}`;
      if (byte === 10) return '\\n';
      if (byte === 9) return '\\t';
      return byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
    })
    .join('');
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function combined(r: Request, escapeText: (text: string) => string): string {
  const iso = new Date(r.second * 1000).toISOString();
  const time = `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  const target = r.query === null ? r.path : `${r.path}?${r.query}`;
  const field = (text: string | null) => (text === null ? '-' : escapeText(text));
  return `${r.client} - ${r.user ?? '-'} [${time}] "${r.method} ${target} HTTP/1.1" ${r.status} ${r.bytes} "${field(r.referer)}" "${field(r.agent)}"`;
}

function expectRequest(entry: ReturnType<typeof readBack>, r: Request): void {
  expect(isFailure(entry)).toBe(false);
  expect(entry).toMatchObject({
    timeMs: r.second * 1000,
    timeZoneless: false,
    clientAddress: r.client,
    userName: r.user,
    httpRequestMethod: r.method,
    urlPath: r.path,
    urlQuery: r.query,
    networkProtocol: 'HTTP/1.1',
    httpResponseStatusCode: r.status,
    httpResponseBodySize: r.bytes,
    httpRequestReferrer: r.referer,
    userAgentOriginal: r.agent,
    attributes: null,
  } satisfies Partial<Entry>);
}

function readBack(dataset: string, line: string) {
  return FORMATS.get(dataset)!.parse(line, context);
}

test('combined lines are read back, with nginx and with Apache escapes', () => {
  const nginx = compileNginx(
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"',
  );
  const apache = compileApache('%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"');
  fc.assert(
    fc.property(request, (r) => {
      expectRequest(readBack('nginx.access', combined(r, escapeNginx)), r);
      expectRequest(nginx.parse(combined(r, escapeNginx), context), r);
      expectRequest(readBack('apache.access', combined(r, escapeApache)), r);
      expectRequest(apache.parse(combined(r, escapeApache), context), r);
    }),
    { numRuns: 500 },
  );
});
