/**
 * Wrappers as shippers write them: found by content, taken off, nested in any sensible order; lines that a runtime cut
 * are put together; documents that hold many records give them all. Everything goes through bytes → split → reader.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detect, makeReader, restoreDetection, saveDetection } from '../parsers/detect.ts';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { START, split } from '../parsers/split.ts';

const REFERENCE = Date.parse('2025-11-22T12:00:00Z');
const LIMITS = { lineBytesMax: 262_144, recordBytesMax: 262_144 };
const nginx = (path: string, status = 403) =>
  `203.0.113.9 - - [22/Nov/2025:09:57:01 +0000] "GET ${path} HTTP/1.1" ${status} 153 "-" "curl/8.5.0"`;
const AT = '2025-11-22T09:57:01.123456789Z';

/** What a file of this text gives: the wrapper's name and the entries, read as after a restart. */
function readFile(text: string, fileName = ''): { wrapper: string | null; entries: Entry[]; failures: number } {
  const found = detect(text.split('\n'), { fileName, referenceMs: REFERENCE });
  if (found === null) return { wrapper: null, entries: [], failures: 0 };
  const reader = makeReader(restoreDetection(saveDetection(found))!);
  const { records } = split(Buffer.from(text), START, reader, LIMITS, true);
  const all = records.flatMap((r) => reader.readAll?.(r.text, REFERENCE) ?? [reader.read(r.text, REFERENCE)]);
  const entries = all.filter((x): x is Entry => !isFailure(x));
  const failures = all.filter((x) => isFailure(x) && x.failure !== 'empty').length;
  return { wrapper: found.envelope?.name ?? null, entries, failures };
}
const paths = (text: string) => readFile(text).entries.map((entry) => entry.urlPath);

describe('one wrapper', () => {
  const line = nginx('/a');
  const json = JSON.stringify;
  test.each([
    ['syslog-3164', `Nov 22 2025 09:57:01 edge-1 nginx: ${line}`],
    ['syslog-3164', `<190>Nov 22 09:57:01 edge-1 nginx[7]: ${line}`],
    ['syslog-3164', `Nov 22 09:57:01.123456 edge-1 nginx[7]: ${line}`],
    ['syslog-iso', `2025-11-22T09:57:01+0100 edge-1 nginx[7]: ${line}`],
    ['syslog-iso', `<190>2025-11-22T09:57:01.123456+01:00 edge-1 nginx[7]: ${line}`],
    ['syslog-iso', `Sat 2025-11-22 09:57:01 UTC edge-1 nginx[7]: ${line}`],
    ['syslog-iso', `1763805421.123456 edge-1 nginx[7]: ${line}`],
    ['syslog-5424', `<190>1 2025-11-22T09:57:01.123Z edge-1 nginx 7 - [x@32473 a="]\\"b"][y@1 c="d"] ${line}`],
    ['syslog-5424', `263 <190>1 2025-11-22T09:57:01Z edge-1 nginx 7 - - \ufeff${line}`],
    ['kubectl-prefix', `[pod/web-5d9c/nginx] ${line}`],
    ['kubectl-prefix', `[pod/web-5d9c/nginx] ${AT} ${line}`],
    ['compose', `\u001b[36mweb-1  | \u001b[0m${line}`],
    ['compose', `\u001b[33mweb-1  |\u001b[0m ${line}`],
    ['aws-tail', `2025-11-22T09:57:01.123000+00:00 web/nginx/0a1b2c3d ${line}`],
    ['timestamps', `${AT} ${line}`],
    [
      'journald',
      json({ __REALTIME_TIMESTAMP: '1763805421123456', _HOSTNAME: 'w', SYSLOG_IDENTIFIER: 'nginx', MESSAGE: line }),
    ],
    [
      'journald',
      json({ MESSAGE: [...Buffer.from(line)], _PID: '7', __REALTIME_TIMESTAMP: '1763805421123456', _COMM: 'nginx' }),
    ],
    [
      'shipper',
      json({
        '@timestamp': '2025-11-22T09:57:01.123Z',
        agent: { type: 'filebeat', version: '8.15.0' },
        log: { file: { path: '/var/log/nginx/access.log' }, offset: 12 },
        message: line,
      }),
    ],
    [
      'shipper',
      json({
        date: 1763805421.123456,
        log: line,
        stream: 'stdout',
        kubernetes: { container_name: 'nginx', host: 'n1' },
      }),
    ],
    ['shipper', json({ date: 1763805421.123456, log: line })],
    ['shipper', json({ file: '/var/log/a', host: 'w', message: line, source_type: 'file', timestamp: AT })],
    ['shipper', json({ insertId: 'a1', logName: 'projects/p/logs/x', textPayload: line, timestamp: AT })],
    ['shipper', json({ labels: { app: 'web' }, line, timestamp: AT })],
    ['shipper', json({ time: 1763805421.1, host: 'w', source: '/a', sourcetype: 'access', event: line })],
  ])('%s: %s', (name, wrapped) => {
    const { wrapper, entries } = readFile(`${wrapped}\n${wrapped}\n`);
    expect(wrapper).toBe(name);
    expect(entries).toHaveLength(2);
    expect(entries[0]).toMatchObject({ urlPath: '/a', httpResponseStatusCode: 403, clientAddress: '203.0.113.9' });
  });
});

test('an application behind a wrapper without time of its own gets the wrapper’s', () => {
  const wrapped = `${AT} stdout F ForbiddenThing: INFO: nothing\n${AT} stdout F WARNING:shop.auth:denied for user bob\n`;
  const { entries } = readFile(wrapped);
  expect(entries.at(-1)).toMatchObject({
    logLevel: 'warn',
    userName: 'bob',
    timeMs: Date.parse('2025-11-22T09:57:01.123Z'),
  });
});

describe('wrappers in wrappers', () => {
  test.each([
    ['cri>syslog-3164', `${AT} stdout F <190>Nov 22 09:57:01 edge-1 nginx: ${nginx('/a')}`],
    ['compose>syslog-5424', `web-1  | <190>1 ${AT} edge-1 nginx 7 - - ${nginx('/a')}`],
    [
      'docker>syslog-iso',
      JSON.stringify({ log: `2025-11-22T09:57:01.1+00:00 edge-1 nginx: ${nginx('/a')}\n`, stream: 'stdout', time: AT }),
    ],
    [
      'shipper>cri',
      JSON.stringify({ '@timestamp': AT, agent: { type: 'filebeat' }, message: `${AT} stdout F ${nginx('/a')}` }),
    ],
    [
      'syslog-iso>docker',
      `${AT} node-1 containerd[9]: ${JSON.stringify({ log: `${nginx('/a')}\n`, stream: 'stdout', time: AT })}`,
    ],
  ])('%s', (name, wrapped) => {
    const { wrapper, entries } = readFile(`${wrapped}\n${wrapped}\n`);
    expect(wrapper).toBe(name);
    expect(entries[1]).toMatchObject({ dataset: 'nginx.access', urlPath: '/a', httpResponseStatusCode: 403 });
  });

  test('a JSON logger in Docker', () => {
    const log = `${JSON.stringify({ level: 40, time: 1763805421123, pid: 1, hostname: 'a', msg: 'token expired', req: { method: 'GET', url: '/x' } })}\n`;
    const { entries } = readFile(`${JSON.stringify({ log, stream: 'stdout', time: AT })}\n`);
    expect(entries[0]).toMatchObject({ dataset: 'json', logLevel: 'warn', urlPath: '/x', message: 'token expired' });
  });

  test('a stack trace, line by line, is one record', () => {
    const lines = [
      '2025-11-22 09:57:01,123 ERROR shop.views: refused',
      'Traceback (most recent call last):',
      '  File "/srv/a.py", line 3, in view',
      'shop.errors.AccessDenied: not yours',
      '2025-11-22 09:57:02,000 INFO shop.views: fine',
    ];
    const { entries } = readFile(lines.map((text) => `${AT} stderr F ${text}`).join('\n'));
    expect(entries.map((e) => [e.message, e.attributes?.['error.type']])).toEqual([
      ['refused', 'shop.errors.AccessDenied'],
      ['fine', undefined],
    ]);
  });
});

describe('cut lines', () => {
  const long = `/${'a'.repeat(20_000)}`;
  const whole = nginx(long);
  test('CRI: P goes on in the next line of its stream, also when the other stream speaks in between', () => {
    const text = [
      `${AT} stdout F ${nginx('/before')}`,
      `${AT} stdout P ${whole.slice(0, 8000)}`,
      `${AT} stderr F 2025/11/22 09:57:01 [error] 7#7: *1 access forbidden by rule, client: 203.0.113.9, server: x, request: "GET /e HTTP/1.1"`,
      `${AT} stdout P ${whole.slice(8000, 16_000)}`,
      `${AT} stdout F ${whole.slice(16_000)}`,
      `${AT} stdout F ${nginx('/after')}`,
    ].join('\n');
    const { entries, failures } = readFile(text);
    expect(failures).toBe(0);
    expect(entries.map((e) => e.urlPath)).toEqual(['/before', long, '/e', '/after']);
  });
  test('Docker: no line break at the end of a piece', () => {
    const piece = (log: string) => JSON.stringify({ log, stream: 'stdout', time: AT });
    const text = [
      piece(`${nginx('/before')}\n`),
      piece(whole.slice(0, 16_384)),
      piece(`${whole.slice(16_384)}\n`),
      piece(`${nginx('/after')}\n`),
    ].join('\n');
    expect(paths(text)).toEqual(['/before', long, '/after']);
  });
  test('a piece whose end never comes does not take the rest of the file with it', () => {
    const text = [`${AT} stdout P torn`, ...Array.from({ length: 5 }, (_, i) => `${AT} stdout F ${nginx(`/${i}`)}`)];
    expect(paths(text.join('\n')).slice(-4)).toEqual(['/1', '/2', '/3', '/4']);
  });
  test('cut lines of a format with records of several lines', () => {
    const message = 'x'.repeat(20_000);
    const first = `2025-11-22 09:57:01,123 ERROR shop.views: ${message}`;
    const text = [
      `${AT} stdout P ${first.slice(0, 16_000)}`,
      `${AT} stdout F ${first.slice(16_000)}`,
      `${AT} stdout F   File "/srv/a.py", line 3, in view`,
      `${AT} stdout F 2025-11-22 09:57:02,000 INFO shop.views: fine`,
    ].join('\n');
    const { entries } = readFile(text);
    expect(entries.map((e) => e.message)).toEqual([message, 'fine']);
  });
});

describe('documents of many records', () => {
  const event = (path: string, at = 1763805421123) => ({ id: '3', timestamp: at, message: nginx(path) });
  const delivery = (...names: string[]) => ({
    messageType: 'DATA_MESSAGE',
    owner: '111122223333',
    logGroup: '/web',
    logStream: 'nginx/0a',
    subscriptionFilters: ['all'],
    logEvents: names.map((name) => ({ ...event(name), id: `${'1'.repeat(56)}` })),
  });
  const app = (path: string) => ({ time: AT, level: 'warn', msg: 'denied', method: 'GET', path, status: 403 });

  test('CloudWatch to Kinesis: objects one behind the other', () => {
    const text = JSON.stringify(delivery('/a', '/b')) + JSON.stringify(delivery('/c'));
    expect(readFile(text)).toMatchObject({ wrapper: 'documents>shipper', failures: 0 });
    expect(paths(text)).toEqual(['/a', '/b', '/c']);
  });
  test('aws logs get-log-events, indented', () => {
    const text = JSON.stringify(
      {
        events: [event('/a'), event('/b')].map(({ id: _, ...e }) => ({ ...e, ingestionTime: 1 })),
        nextForwardToken: 'f/1',
      },
      null,
      4,
    );
    expect(paths(text)).toEqual(['/a', '/b']);
  });
  test.each([
    ['an array', JSON.stringify([app('/a'), app('/b')])],
    ['an indented array', JSON.stringify([app('/a'), app('/b')], null, 2)],
    ['Records', JSON.stringify({ Records: [app('/a'), app('/b')] })],
    ['records, indented', JSON.stringify({ records: [app('/a'), app('/b')] }, null, 2)],
    ['indented objects', `${JSON.stringify(app('/a'), null, 2)}\n${JSON.stringify(app('/b'), null, 2)}\n`],
    ['an array with an element a line', `[\n${JSON.stringify(app('/a'))},\n${JSON.stringify(app('/b'))}\n]\n`],
    ['no line breaks at all', JSON.stringify(app('/a')) + JSON.stringify(app('/b'))],
  ])('%s', (_, text) => {
    const { entries, failures } = readFile(text);
    expect(failures).toBe(0);
    expect(entries.map((e) => [e.urlPath, e.httpResponseStatusCode])).toEqual([
      ['/a', 403],
      ['/b', 403],
    ]);
  });
  test('a document that was cut gives the records that are whole', () => {
    const text = JSON.stringify({ records: [app('/a'), app('/b'), app('/c')] });
    expect(paths(text.slice(0, -30))).toEqual(['/a', '/b']);
  });
  test('Loki', () => {
    const streams = [
      {
        stream: { app: 'web' },
        values: [
          ['1763805421123456789', nginx('/a')],
          ['1763805421123456790', nginx('/b')],
        ],
      },
    ];
    expect(paths(JSON.stringify({ streams }))).toEqual(['/a', '/b']);
    expect(paths(JSON.stringify({ status: 'success', data: { resultType: 'streams', result: streams } }))).toEqual([
      '/a',
      '/b',
    ]);
  });
  test('a stack trace as elements', () => {
    const messages = [
      '2025-11-22 09:57:01 ERROR a.b: refused',
      '    at x (y.js:1:2)',
      '2025-11-22 09:57:02 INFO a.b: fine',
    ];
    const text = JSON.stringify({
      ...delivery(),
      logEvents: messages.map((message) => ({ id: '1'.repeat(56), timestamp: 1763805421123, message })),
    });
    expect(readFile(text).entries.map((e) => e.message)).toEqual(['refused', 'fine']);
  });
  test('journald, export format, with binary data', () => {
    const fields = (message: string) =>
      `__CURSOR=s=1\n__REALTIME_TIMESTAMP=1763805421123456\n_HOSTNAME=w\nSYSLOG_IDENTIFIER=nginx\n_PID=7\n${message}\n\n`;
    const binary = `${nginx('/b')} é`;
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(binary)));
    const bytes = Buffer.concat([
      Buffer.from(fields(`MESSAGE=${nginx('/a')}`)),
      Buffer.from(fields('MESSAGE\n@').split('@')[0]!),
      length,
      Buffer.from(`${binary}${fields('@').split('@')[1]}`),
      Buffer.from(fields(`MESSAGE=${nginx('/c')}`)),
    ]);
    const found = detect(bytes.toString('utf8').split('\n'), { fileName: '', referenceMs: REFERENCE })!;
    expect(found.envelope?.name).toBe('journald-export>journald');
    const reader = makeReader(found);
    const { records } = split(bytes, START, reader, LIMITS, true);
    const entries = records.flatMap((r) => reader.readAll!(r.text, REFERENCE)) as Entry[];
    expect(entries.map((e) => e.urlPath)).toEqual(['/a', '/b', '/c']);
  });
});

test('other programs of a journal are read as syslog, those of a shipper as its JSON', () => {
  const journal = (id: string, message: string) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: '1763805421123456',
      _HOSTNAME: 'w',
      _PID: '9',
      SYSLOG_IDENTIFIER: id,
      MESSAGE: message,
    });
  const lines = [
    ...Array.from({ length: 9 }, (_, i) => journal('nginx', nginx(`/${i}`))),
    journal('sshd', 'Failed password for root from 203.0.113.10 port 5 ssh2'),
  ];
  expect(readFile(lines.join('\n')).entries.at(-1)).toMatchObject({
    dataset: 'syslog',
    logLogger: 'sshd',
    clientAddress: '203.0.113.10',
  });
  const shipped = (message: string) => JSON.stringify({ '@timestamp': AT, agent: { type: 'filebeat' }, message });
  const others = [...Array.from({ length: 9 }, (_, i) => shipped(nginx(`/${i}`))), shipped('something else')];
  expect(readFile(others.join('\n')).entries.at(-1)).toMatchObject({ dataset: 'json', message: 'something else' });
});

test('an application’s own JSON is no wrapper', () => {
  const own = JSON.stringify({
    timestamp: AT,
    level: 'warn',
    message: nginx('/x'),
    service: 'shop',
    labels: { a: 'b' },
  });
  expect(readFile(`${own}\n`)).toMatchObject({ wrapper: null });
});

test('any bytes: nothing throws, and the time stays bounded', () => {
  const seeds = [
    `${AT} stdout P ${nginx('/a')}`,
    `${AT} stderr F x`,
    JSON.stringify({ log: 'x', stream: 'stdout', time: AT }),
    '{"Records":[{"time":"2025-11-22T09:57:01Z","message":"x"},{"a":[{"b":"}{"}',
    '{',
    '  {',
    '  },',
    '[{"a":"\\\\"},{"b":1}]{"c":2}',
    '__CURSOR=s=1\n__REALTIME_TIMESTAMP=1763805421123456\nMESSAGE\n\u0007\0\0\0\0\0\0\0x',
    '{"__REALTIME_TIMESTAMP":"1763805421123456","MESSAGE":[1,2,"x"]}',
    '{"streams":[{"stream":{},"values":[["1","x"],[2]]}]}',
    '\u001b[36mweb-1  | \u001b[0m',
    '[pod/a/b] x',
    'Started GET "/" for ::1 at 2025-11-22 09:57:01 +0000',
    'info: A.B[0]\n      x',
    '12:00:00 1|app  | x=1 y=2',
    'a'.repeat(5000),
    '"'.repeat(2000),
    '\\'.repeat(2000),
    '{'.repeat(2000),
  ];
  const line = fc.tuple(
    fc.constantFrom(...seeds),
    fc.nat(120),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.nat(120),
  );
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (parts) => {
      const text = parts.map(([seed, to, noise, from]) => seed.slice(0, to) + noise + seed.slice(from)).join('\n');
      const began = performance.now();
      readFile(text);
      expect(performance.now() - began).toBeLessThan(2000);
    }),
    { numRuns: 300 },
  );
}, 60_000);
