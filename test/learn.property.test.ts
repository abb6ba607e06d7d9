/**
 * A layout that nobody gave is learned from its lines: what a server writes in any order, between any separators, with
 * keys or without, is read as it was or not at all, also where clients write quotes, separators and pieces of the layout
 * itself into what they send, and also where such lines are among those that are learned from.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detect, makeReader, restoreDetection, saveDetection } from '../parsers/detect.ts';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';

const FORMAT = FORMATS.get('generic.access')!;

// ------------------------------------------------------------------------------------------------------- requests

/** What a server knows of one request; `gapMs` behind the one before. */
interface Request {
  gapMs: number;
  client: string;
  method: string;
  target: string;
  status: number;
  bytes: number;
  ms: number;
  agent: string;
  referrer: string;
  host: string;
  user: string;
  forwarded: string;
  id: string;
  /** Asked twice, because the first server failed. */
  again: boolean;
}

const request: fc.Arbitrary<Request> = fc.record({
  gapMs: fc.integer({ min: 1, max: 90_000 }),
  client: fc.constantFrom('203.0.113.7', '198.51.100.200', '2001:db8::7', '192.0.2.44', '203.0.113.99'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'DELETE', 'HEAD'),
  target: fc.constantFrom('/', '/orders/7?x=1', '/caf%C3%A9', '/static/app.js', '/login', '/q?a=1,2', '/m;v=1', '/a|b'),
  status: fc.constantFrom(200, 200, 200, 302, 304, 404, 403, 500, 502),
  bytes: fc.integer({ min: 0, max: 90_000 }),
  ms: fc.integer({ min: 0, max: 3_000 }),
  agent: fc.constantFrom(
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'curl/8.14.1',
    'python-requests/2.32.0',
    '-',
  ),
  referrer: fc.constantFrom('-', '-', 'https://shop.example/', 'https://www.example.org/a?b=c'),
  host: fc.constantFrom('shop.example', 'shop.example', 'api.example'),
  user: fc.constantFrom('-', '-', 'alice'),
  forwarded: fc.constantFrom('-', '192.0.2.99', '192.0.2.98, 10.0.0.1'),
  id: fc.uuid().map((x) => x.replaceAll('-', '')),
  again: fc.boolean(),
});

// -------------------------------------------------------------------------------------------------------- layouts

const FIELDS = {
  time: 'ts',
  client: 'client_ip',
  request: 'request',
  method: 'method',
  target: 'path',
  protocol: 'proto',
  status: 'status',
  bytes: 'size',
  seconds: 'rt',
  agent: 'ua',
  referrer: 'ref',
  host: 'vhost',
  id: 'request_id',
  upstream: 'upstream',
  upstreamStatus: 'upstream_status',
  upstreamSeconds: 'upstream_response_time',
  cache: 'cache',
  user: 'user',
  forwarded: 'xff',
  port: 'port',
};
type Field = keyof typeof FIELDS;
const MORE: Field[] = [
  ...(['bytes', 'seconds', 'agent', 'referrer', 'host', 'id', 'upstream'] as const),
  ...(['upstreamStatus', 'upstreamSeconds', 'cache', 'user', 'forwarded', 'port'] as const),
];
/** Clients have a say in these. */
const SENT = ['target', 'agent', 'referrer', 'host', 'user', 'forwarded', 'id'] as const;

interface Layout {
  fields: Field[];
  separator: string;
  keys: 'none' | '=' | ':';
  quoted: Field[];
  time: 'iso' | 'blank' | 'clf' | '[clf]' | 'epoch' | 'fraction';
  zoneHours: number;
}

const shuffled = fc.array(fc.integer(), { minLength: 24, maxLength: 24 });

const layout: fc.Arbitrary<Layout> = fc
  .record({
    asked: fc.constantFrom<Field[]>(['request'], ['request'], ['method', 'target'], ['method', 'target', 'protocol']),
    more: fc.subarray(MORE, { maxLength: 8 }),
    order: shuffled,
    anyOrder: fc.boolean(),
    separator: fc.constantFrom(' ', ' ', ' ', '|', ' | ', '\t', ';', ',', ', '),
    keys: fc.constantFrom<Layout['keys']>('none', 'none', '=', ':'),
    quotes: fc.subarray<Field>(['request', 'target', 'agent', 'referrer', 'forwarded', 'user']),
    all: fc.integer({ min: 0, max: 7 }),
    time: fc.constantFrom<Layout['time']>('iso', 'iso', 'blank', 'clf', '[clf]', 'epoch', 'fraction'),
    zoneHours: fc.constantFrom(0, 0, 2, -5),
  })
  .map(({ asked, more, order, anyOrder, quotes, all, ...rest }): Layout => {
    const mix = (fields: Field[]) => fields.map((f, i) => [order[i]!, f] as const).sort((a, b) => a[0] - b[0]);
    const first: Field[] = ['time', 'client', ...asked, 'status'];
    // One time in several is a server's behind this one, unless that is named.
    const fits = more.filter((f) => f !== 'upstreamSeconds' || more.includes('seconds') || more.includes('upstream'));
    const fields = anyOrder ? mix([...first, ...fits]).map(([, f]) => f) : [...first, ...mix(fits).map(([, f]) => f)];
    const blank = rest.separator === ' ';
    const always: Field[] = blank ? ['agent', 'referrer', 'forwarded'] : [];
    return {
      ...rest,
      fields,
      // Labels are for fields between tabs.
      keys: rest.keys === ':' && rest.separator !== '\t' ? '=' : rest.keys,
      quoted: all === 0 ? fields : [...quotes, ...always],
    };
  });

const two = (n: number): string => String(n).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeText({ time, zoneHours }: Layout, ms: number): string {
  const zone = time === 'blank' ? 0 : zoneHours;
  const d = new Date(ms + zone * 3_600_000);
  const iso = d.toISOString();
  const sign = zone < 0 ? '-' : '+';
  const hours = two(Math.abs(zone));
  switch (time) {
    case 'iso':
      return iso.slice(0, 23) + (zone === 0 ? 'Z' : `${sign}${hours}:00`);
    case 'blank':
      return iso.slice(0, 23).replace('T', ' ');
    case 'epoch':
      return String(ms / 1000);
    case 'fraction':
      return (ms / 1000).toFixed(3);
    default:
      return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${iso.slice(11, 19)} ${sign}${hours}00`;
  }
}

/** Nothing is escaped, as `escape=none` and home-made servers do. */
function print(l: Layout, r: Request, ms: number): string {
  const local = r.status === 304;
  const twice = r.again && r.status === 502;
  const answered = (r.ms / 1000).toFixed(3);
  const values: Record<Field, string> = {
    time: timeText(l, ms),
    client: r.client,
    request: `${r.method} ${r.target} HTTP/1.1`,
    method: r.method,
    target: r.target,
    protocol: 'HTTP/1.1',
    status: String(r.status),
    bytes: local ? '0' : String(r.bytes),
    seconds: ((r.ms + 10) / 1000).toFixed(3),
    agent: r.agent,
    referrer: r.referrer,
    host: r.host,
    id: r.id,
    upstream: local ? '-' : twice ? '10.0.0.7:8080, 10.0.0.8:8080' : `10.0.0.${7 + (r.ms % 2)}:8080`,
    upstreamStatus: local ? '-' : twice ? '502, 502' : String(r.status),
    upstreamSeconds: local ? '-' : twice ? `${answered}, 0.001` : answered,
    cache: r.ms % 3 === 0 ? 'HIT' : r.ms % 3 === 1 ? 'MISS' : '-',
    user: r.user,
    forwarded: r.forwarded,
    port: '443',
  };
  return l.fields
    .map((field) => {
      const key = l.keys === 'none' ? '' : `${FIELDS[field]}${l.keys}`;
      if (l.quoted.includes(field)) return `${key}"${values[field]}"`;
      return key + (field === 'time' && l.time === '[clf]' ? `[${values[field]}]` : values[field]);
    })
    .join(l.separator);
}

const START = Date.parse('2026-05-12T13:00:00Z');
function timesOf(l: Layout, requests: Request[]): number[] {
  const whole = l.time !== 'iso' && l.time !== 'blank' && l.time !== 'fraction';
  let t = START;
  return requests.map((r) => {
    t += r.gapMs;
    return whole ? Math.floor(t / 1000) * 1000 : t;
  });
}

// ------------------------------------------------------------------------------------------------------- the rest

/** What must be as it was, and what must be so or not said at all. */
function expectRead(entry: Entry, l: Layout, r: Request, ms: number): void {
  expect(entry).toMatchObject({
    timeMs: ms,
    clientAddress: r.client,
    httpRequestMethod: r.method,
    httpResponseStatusCode: r.status,
  });
  const has = (field: Field): boolean => l.fields.includes(field);
  const same = (got: unknown, field: Field, want: unknown): void => {
    if (got !== null) expect([field, got]).toEqual([field, has(field) ? want : null]);
  };
  // A backslash may be a server's escape.
  const plain = (text: string): boolean => !text.includes('\\');
  if (plain(r.target) && !r.target.includes('#')) {
    const mark = r.target.indexOf('?');
    expect(entry.urlPath).toBe(mark < 0 ? r.target : r.target.slice(0, mark));
    expect(entry.urlQuery).toBe(mark < 0 ? null : r.target.slice(mark + 1) || null);
  }
  if (plain(r.agent)) same(entry.userAgentOriginal, 'agent', r.agent);
  if (plain(r.referrer)) same(entry.httpRequestReferrer, 'referrer', r.referrer);
  if (plain(r.forwarded)) same(entry.forwardedFor, 'forwarded', r.forwarded);
  same(entry.httpResponseBodySize, 'bytes', r.status === 304 ? 0 : r.bytes);
  same(entry.durationMs, 'seconds', r.ms + 10);
  const twice = r.again && r.status === 502;
  same(entry.upstreamAddress, 'upstream', twice ? '10.0.0.8:8080' : `10.0.0.${7 + (r.ms % 2)}:8080`);
  same(entry.upstreamStatusCode, 'upstreamStatus', r.status === 304 ? 0 : r.status);
}

/** Learned from these lines; null = nothing was. */
const learned = (lines: string[]) => {
  const pattern = FORMAT.learn!(lines);
  return pattern === null ? null : FORMAT.compile!(pattern);
};

test('what is read of a layout that was learned is what was written', () => {
  let layouts = 0;
  let known = 0;
  let lines = 0;
  let read = 0;
  fc.assert(
    fc.property(layout, fc.array(request, { minLength: 12, maxLength: 40 }), (l, requests) => {
      const times = timesOf(l, requests);
      const printed = requests.map((r, i) => print(l, r, times[i]!));
      layouts++;
      const format = learned(printed);
      if (format === null) return;
      known++;
      for (const [i, r] of requests.entries()) {
        const entry = format.parse(printed[i]!, emptyContext());
        lines++;
        if (isFailure(entry)) continue;
        read++;
        expectRead(entry, l, r, times[i]!);
      }
    }),
    { numRuns: 1500, seed: 403 },
  );
  // Separators in bare values, values in an order that says nothing.
  expect(known / layouts).toBeGreaterThan(0.9);
  expect(read / lines).toBeGreaterThan(0.95);
});

describe('a hostile request moves no value into another field', () => {
  const HOSTILE = [
    ...['" 200 17 "-" "x', ' HTTP/1.1" 200', '|200|', ' | 200 | ', '\t200\t', ';200;', ' status=200 ', ', 200, 7'],
    ...['" status=200 client_ip=192.0.2.99 "', 'x HTTP/1.1|200|0', ' HTTP/1.1 200 5 GET /y', ' 200 5,', 'x,', ',200,7'],
    ...['\\', '\\"', '"', '[', ']', '] 200 [', ' : 200', 'a b', '=', '\u0001', '\u001b[31m', ' GET /x HTTP/1.1 200 '],
    ...['$status', '$' + '{x}', '-', ' - - ', ' 10.0.0.1:80, ', '\u0000', '\ufffd'],
  ];
  const text = (pieces: string[]): fc.Arbitrary<string> =>
    fc
      .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, fc.string({ maxLength: 9 })), {
        minLength: 1,
        maxLength: 6,
      })
      .map((x) => x.join('').replaceAll(/[\r\n]/g, ''));

  const taint = (r: Request, field: (typeof SENT)[number], value: string): Request =>
    field === 'target' ? { ...r, target: r.target + value } : { ...r, [field]: r[field] + value };

  test('among the lines that are learned from', () => {
    const hostile = fc.record({
      at: fc.nat(),
      field: fc.constantFrom(...SENT),
      value: text(HOSTILE),
    });
    fc.assert(
      fc.property(
        layout,
        fc.array(request, { minLength: 12, maxLength: 40 }),
        fc.array(hostile, { minLength: 1, maxLength: 8 }),
        (l, benign, hostiles) => {
          const requests = [...benign];
          for (const { at, field, value } of hostiles) {
            const i = at % requests.length;
            requests[i] = taint(requests[i]!, field, value);
          }
          const times = timesOf(l, requests);
          const printed = requests.map((r, i) => print(l, r, times[i]!));
          const format = learned(printed);
          if (format === null) return;
          for (const [i, r] of requests.entries()) {
            const entry = format.parse(printed[i]!, emptyContext());
            if (!isFailure(entry)) expectRead(entry, l, r, times[i]!);
          }
        },
      ),
      { numRuns: 1000, seed: 403 },
    );
  });

  test('by one who knows the layout', () => {
    fc.assert(
      fc.property(
        layout,
        fc.array(request, { minLength: 12, maxLength: 24 }),
        fc.infiniteStream(fc.nat()),
        (l, requests, numbers) => {
          const times = timesOf(l, requests);
          const pattern = FORMAT.learn!(requests.map((r, i) => print(l, r, times[i]!)));
          if (pattern === null) return;
          const format = FORMAT.compile!(pattern);
          const literals = pattern.split(/\$\{?[a-z_]+\}?|\u001e/);
          const pieces = [
            ...literals.flatMap((x) => [x, x.trimStart(), x.slice(0, 1)]),
            ...['200', '5', '192.0.2.99', '\\', '"', ',', ', ', ' ', ' : ', '-', 'x', '/y', 'GET', l.separator],
            ...['GET /x HTTP/1.1', ' HTTP/1.1', '10.0.0.9:80', '0.001', timeText(l, START)],
          ];
          const next = (n: number): number => numbers.next().value! % n;
          for (let round = 0; round < 40; round++) {
            const i = next(requests.length);
            let r = requests[i]!;
            for (const field of SENT)
              if (next(2) === 0)
                r = taint(r, field, Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]!).join(''));
            const entry = format.parse(print(l, r, times[i]!), emptyContext());
            if (!isFailure(entry)) expectRead(entry, l, r, times[i]!);
          }
        },
      ),
      { numRuns: 1000, seed: 403 },
    );
  });
});

test('any lines: nothing is thrown, nothing takes long, and the same lines give the same layout', () => {
  const began = performance.now();
  const bytes = fc.string({ unit: 'binary', maxLength: 200 });
  const shreds = fc
    .array(
      fc.constantFrom(
        ' ',
        '"',
        '\\',
        '[',
        ']',
        ',',
        ', ',
        ' : ',
        '|',
        '\t',
        '=',
        'a=',
        '-',
        '200',
        '10.0.0.1',
        'GET /',
      ),
      { maxLength: 60 },
    )
    .map((x) => x.join(''));
  fc.assert(
    fc.property(fc.array(fc.oneof(bytes, shreds), { maxLength: 20 }), (lines) => {
      const pattern = FORMAT.learn!(lines);
      expect(FORMAT.learn!([...lines])).toBe(pattern);
      for (const line of lines) FORMAT.parse(line, emptyContext());
      // Any text is a pattern.
      for (const line of lines) FORMAT.compile!(line).parse(line, emptyContext());
    }),
    { numRuns: 500, seed: 403 },
  );
  // What makes a careless search begin anew at every byte.
  for (const piece of ['"', '\\"', '[', '1, ', '- : ', 'GET / HTTP/1', ' HTTP/1.1', 'a=', 'a.', 'A/', '12/May/2026:'])
    FORMAT.learn!(Array.from({ length: 100 }, () => piece.repeat(16_000 / piece.length)));
  expect(performance.now() - began).toBeLessThan(10_000);
});

// ----------------------------------------------------------------------------------------------------- by examples

const nine = (line: (i: number) => string): string[] => Array.from({ length: 9 }, (_, i) => line(i));
const lineAt = (lines: string[], i: number) => learned(lines)?.parse(lines[i]!, emptyContext()) ?? null;

test('method and target between quotes of their own', () => {
  const lines = nine(
    (i) =>
      `2026-05-12 13:00:0${i}.250 203.0.113.${i} - GET "/a/${i}?b=1" HTTP/1.1 ${i === 4 ? 403 : 200} 239 0 "-" "curl/8.14.1" +`,
  );
  expect(lineAt(lines, 4)).toMatchObject({
    urlPath: '/a/4',
    urlQuery: 'b=1',
    httpRequestMethod: 'GET',
    httpResponseStatusCode: 403,
  });
});

test('what is not certain has no field of its own', () => {
  // Which of two addresses, and of what are the numbers?
  const lines = nine(
    (i) =>
      `2026-05-12T13:00:0${i}Z 203.0.113.${i} 198.51.100.${i} "GET /a/${i} HTTP/1.1" ${i === 4 ? 403 : 200} ${i}7 ${i}`,
  );
  expect(lineAt(lines, 4)).toMatchObject({
    clientAddress: null,
    httpResponseStatusCode: 403,
    httpResponseBodySize: null,
    durationMs: null,
    attributes: { 'field.2': '203.0.113.4', 'field.3': '198.51.100.4', 'field.6': '47', 'field.7': '4' },
  });
});

test.each<[string, (i: number) => string, Partial<Entry>]>([
  ['rt', (i) => `0.00${i}`, { durationMs: 4 }],
  ['rt', (i) => `${i}`, { durationMs: null }],
  ['duration_ms', (i) => `${i}`, { durationMs: 4 }],
  ['took', (i) => `${i}ms`, { durationMs: 4 }],
  ['took', (i) => `${i}`, { durationMs: null }],
  ['upstream_status', () => '502', { upstreamStatusCode: 502 }],
  ['upstream_status', () => 'ok', { upstreamStatusCode: null }],
  ['upstream', (i) => `10.0.0.${i}:8080`, { upstreamAddress: '10.0.0.4:8080' }],
  ['upstream', () => 'pool-a', { upstreamAddress: null }],
  ['request_id', (i) => `4f2c9e17a0b84c53a0b84c534f2c9e0${i}`, { requestIds: ['4f2c9e17a0b84c53a0b84c534f2c9e04'] }],
  ['request_id', (i) => `${i}`, { requestIds: [] }],
  ['id', () => '4f2c9e17a0b84c53a0b84c534f2c9e00', { requestIds: [] }],
  ['vhost', () => 'shop.example', { urlDomain: 'shop.example' }],
  ['host', () => 'shop.example', { urlDomain: 'shop.example' }],
  ['host', () => 'web-1.example', { urlDomain: null }],
  ['host', () => 'web', { urlDomain: null }],
  ['ua', () => 'curl/8.14.1', { userAgentOriginal: 'curl/8.14.1' }],
  ['ua', () => '10.0.0.7:8080', { userAgentOriginal: null }],
  ['size', () => '512', { httpResponseBodySize: 512 }],
  ['size', () => '5kB', { httpResponseBodySize: null }],
  ['user', () => 'alice', { userName: 'alice' }],
  ['session', () => '4f2c9e17a0b84c53a0b84c534f2c9e00', { requestIds: [] }],
])('%s= is believed where its values bear it out', (key, valueAt, fields) => {
  const lines = nine(
    (i) => `ts=2026-05-12T13:00:0${i}Z client=203.0.113.${i} method=GET path=/a/${i} status=403 ${key}=${valueAt(i)}`,
  );
  expect(lineAt(lines, 4)).toMatchObject({ urlPath: '/a/4', httpResponseStatusCode: 403, ...fields });
});

test('one line, or two, tell only what they tell for certain', () => {
  const line = '2026-05-12T13:00:01Z 203.0.113.7 "GET /a HTTP/1.1" 0.004 403 200';
  expect(FORMAT.learn!([line])).toBeNull();
  expect(FORMAT.learn!(['2026-05-12T13:00:01Z 203.0.113.7 "GET /a HTTP/1.1" 403 200'])).toBe(
    '$time $client "$request" $status $text',
  );
});

test('an application that says something about a request is none', () => {
  for (const line of [
    (i: number) => `2026-05-12T13:00:0${i}Z INFO 203.0.113.${i} GET /a/${i} HTTP/1.1 403`,
    (i: number) => `level=info time=2026-05-12T13:00:0${i}Z client=203.0.113.${i} method=GET path=/a/${i} status=403`,
    (i: number) => `2026-05-12T13:00:0${i}Z request from 203.0.113.${i} "GET /a/${i} HTTP/1.1" status=403`,
  ])
    expect(FORMAT.learn!(nine(line))).toBeNull();
});

test('a layout that a format reads and gives back is learned', () => {
  const lines = nine((i) => `2026-05-12T13:00:0${i}+00:00\t203.0.113.${i}\tGET /a/${i} HTTP/1.1\t403\tcurl/8.14.1\t-`);
  expect(detect(lines, { fileName: 'access.log' })).toMatchObject({
    dataset: 'generic.access',
    pattern: '$time\t$client\t$request\t$status\t$agent\t$text',
  });
});

test('commas of an agent at the end of the line', () => {
  const AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
  const lines = nine((i) => `2026-05-12T13:00:0${i}Z,203.0.113.${i},GET,/a/${i},${i === 4 ? 403 : 200},${AGENT}`);
  expect(lineAt(lines, 4)).toMatchObject({ urlPath: '/a/4', httpResponseStatusCode: 403, userAgentOriginal: AGENT });
  const hostile = `2026-05-12T13:00:09Z,203.0.113.9,GET,/a,200,403,${AGENT}`;
  expect(learned(lines)!.parse(hostile, emptyContext())).toHaveProperty('failure');
});

test('the layout is kept with the detection, also as one of several formats', () => {
  const access = nine((i) => `13:00 | 2026-05-12T13:00:0${i}Z | 203.0.113.${i} | GET /a/${i} HTTP/1.1 | 403`);
  const other = nine(
    (i) => `2026/05/12 13:00:0${i} [error] 7#7: *${i} access forbidden by rule, client: 203.0.113.${i}`,
  );
  for (const lines of [access, [...other, ...access.slice(0, 4)]]) {
    const found = detect(lines, { fileName: 'x.log' })!;
    const saved = JSON.parse(JSON.stringify(saveDetection(found)));
    const entry = makeReader(restoreDetection(saved)!).read(access[2]!, Number.NaN);
    expect(entry).toMatchObject({
      dataset: 'generic.access',
      clientAddress: '203.0.113.2',
      urlPath: '/a/2',
      httpResponseStatusCode: 403,
    });
  }
});

test('a target that begins with the host it was asked of', () => {
  const lines = Array.from(
    { length: 9 },
    (_, i) =>
      `2026-05-12T13:00:0${i}+00:00|203.0.113.${i}|GET|api.shop.example/v1/items/${i}?b=1|${i === 4 ? 403 : 200}|23${i}|curl/8.14.1`,
  );
  const entry = FORMAT.compile!(FORMAT.learn!(lines)!).parse(lines[4]!, emptyContext());
  expect(entry).toMatchObject({ urlDomain: 'api.shop.example', urlPath: '/v1/items/4', urlQuery: 'b=1' });
});
