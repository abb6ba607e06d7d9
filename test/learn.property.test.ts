/**
 * A layout that nobody gave is learned from its lines: what a server writes in any order, between any separators, with
 * keys or without, is read as it was or not at all, also where a client puts quotes and separators into its request.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';

const FORMAT = FORMATS.get('generic.access')!;

interface Request {
  client: string;
  gapMs: number;
  method: string;
  target: string;
  status: number;
  bytes: number;
  ms: number;
  agent: string;
  id: string;
}

const request: fc.Arbitrary<Request> = fc.record({
  client: fc.constantFrom('203.0.113.7', '198.51.100.200', '2001:db8::7', '192.0.2.44'),
  gapMs: fc.integer({ min: 1, max: 90_000 }),
  method: fc.constantFrom('GET', 'GET', 'POST', 'DELETE'),
  target: fc.constantFrom('/', '/orders/7?x=1', '/caf%C3%A9', '/static/app.js', '/login', '/a/b/c.html'),
  status: fc.constantFrom(200, 200, 302, 404, 403, 500),
  bytes: fc.integer({ min: 0, max: 9_000_000 }),
  ms: fc.integer({ min: 0, max: 60_000 }),
  agent: fc.constantFrom(
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'curl/8.14.1',
    'python-requests/2.32.0',
    '-',
  ),
  id: fc.uuid().map((x) => x.replaceAll('-', '')),
});

const two = (n: number): string => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
function clf(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${d.toISOString().slice(11, 19)} +0000`;
}

type Field = 'time' | 'client' | 'request' | 'status' | 'bytes' | 'seconds' | 'agent' | 'id';
const KEYS: Record<Field, string> = {
  time: 'ts',
  client: 'client_ip',
  request: 'req',
  status: 'status',
  bytes: 'size',
  seconds: 'rt',
  agent: 'ua',
  id: 'rid',
};

interface Layout {
  fields: Field[];
  separator: string;
  keyed: boolean;
  quotesRequest: boolean;
  timeInClf: boolean;
}

const layout: fc.Arbitrary<Layout> = fc
  .record({
    more: fc.subarray<Field>(['bytes', 'seconds', 'agent', 'id']),
    order: fc.infiniteStream(fc.integer()).map((s) => [...s.take(8)]),
    separator: fc.constantFrom(' ', ' ', '|', ' | ', '\t', ';'),
    keyed: fc.boolean(),
    quotesRequest: fc.boolean(),
    timeInClf: fc.boolean(),
  })
  .map(({ more, order, separator, ...rest }) => {
    const fields = (['time', 'client', 'request', 'status', ...more] as Field[])
      .map((field, i) => ({ field, at: order[i]! }))
      .sort((a, b) => a.at - b.at)
      .map(({ field }) => field);
    return { fields, separator, ...rest };
  });

/** Nothing is escaped, as `escape=none` and home-made servers do. */
function print(l: Layout, r: Request, timeMs: number): string {
  const isBlank = l.separator === ' ';
  const values: Record<Field, string> = {
    time: l.timeInClf ? (isBlank ? `[${clf(timeMs)}]` : clf(timeMs)) : new Date(timeMs).toISOString(),
    client: r.client,
    request: `${r.method} ${r.target} HTTP/1.1`,
    status: String(r.status),
    bytes: String(r.bytes),
    seconds: (r.ms / 1000).toFixed(3),
    agent: r.agent,
    id: r.id,
  };
  return l.fields
    .map((field) => {
      const quoted = (field === 'request' && l.quotesRequest) || (field === 'agent' && isBlank);
      return `${l.keyed ? `${KEYS[field]}=` : ''}${quoted ? `"${values[field]}"` : values[field]}`;
    })
    .join(l.separator);
}

const START = Date.parse('2026-05-12T13:00:00Z');
function timesOf(requests: Request[], inClf: boolean): number[] {
  let t = START;
  return requests.map((r) => {
    t += r.gapMs;
    return inClf ? Math.floor(t / 1000) * 1000 : t;
  });
}

test('what is read of a layout that was learned is what was written', () => {
  let learned = 0;
  let of = 0;
  fc.assert(
    fc.property(layout, fc.array(request, { minLength: 12, maxLength: 30 }), (l, requests) => {
      const times = timesOf(requests, l.timeInClf);
      const lines = requests.map((r, i) => print(l, r, times[i]!));
      of++;
      const pattern = FORMAT.learn!(lines);
      if (pattern === null) return;
      learned++;
      const format = FORMAT.compile!(pattern);
      for (const [i, r] of requests.entries()) {
        const entry = format.parse(lines[i]!, emptyContext());
        if (isFailure(entry)) continue;
        const [path, query = null] = r.target.split('?');
        expect(entry).toMatchObject({
          timeMs: times[i],
          clientAddress: r.client,
          httpRequestMethod: r.method,
          urlPath: path,
          urlQuery: query,
          httpResponseStatusCode: r.status,
        });
        for (const [field, value] of [
          ['httpResponseBodySize', r.bytes],
          ['durationMs', r.ms],
          ['userAgentOriginal', r.agent],
        ] as const)
          if (entry[field] !== null) expect(entry[field]).toBe(value);
      }
    }),
    { numRuns: 400, seed: 403 },
  );
  expect(learned / of).toBeGreaterThan(0.9);
});

/** What a client may put into its request to look like another one. */
const hostile = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.constantFrom(
    '" 200 17 "-" "x',
    ' HTTP/1.1" 200',
    '|200|',
    ' | 200 | ',
    '\t200\t',
    ';200;',
    ' status=200 ',
    '" status=200 client_ip=192.0.2.99 "',
    'x HTTP/1.1|200|0',
  ),
);

test('a hostile request moves no value into another field', () => {
  fc.assert(
    fc.property(
      layout,
      fc.array(request, { minLength: 12, maxLength: 20 }),
      hostile.map((x) => x.replaceAll(/[\r\n]/g, '')),
      hostile.map((x) => x.replaceAll(/[\r\n]/g, '')),
      (l, requests, target, agent) => {
        const times = timesOf(requests, l.timeInClf);
        const pattern = FORMAT.learn!(requests.map((r, i) => print(l, r, times[i]!)));
        if (pattern === null) return;
        const r = { ...requests[0]!, target: `/${target}`, agent };
        const entry = FORMAT.compile!(pattern).parse(print(l, r, times[0]!), emptyContext());
        if (isFailure(entry)) return;
        expect(entry).toMatchObject({
          timeMs: times[0],
          clientAddress: r.client,
          httpResponseStatusCode: r.status,
        });
      },
    ),
    { numRuns: 600, seed: 403 },
  );
});

test('any lines: nothing is thrown, and the same lines give the same layout', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 20 }), (lines) => {
      expect(FORMAT.learn!(lines)).toBe(FORMAT.learn!([...lines]));
    }),
    { numRuns: 300, seed: 403 },
  );
});

test('method and target between quotes of their own', () => {
  const lines = Array.from(
    { length: 9 },
    (_, i) =>
      `2026-05-12 13:00:0${i}.250 203.0.113.${i} - GET "/a/${i}?b=1" HTTP/1.1 ${i === 4 ? 403 : 200} 239 0 "-" "curl/8.14.1" +`,
  );
  const entry = FORMAT.compile!(FORMAT.learn!(lines)!).parse(lines[4]!, emptyContext());
  expect(entry).toMatchObject({
    urlPath: '/a/4',
    urlQuery: 'b=1',
    httpRequestMethod: 'GET',
    httpResponseStatusCode: 403,
  });
});
