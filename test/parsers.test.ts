/**
 * Every format against its fixture: all fields of every line, and what detection makes of the file. A format
 * without a fixture, or a fixture without a format, fails.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { detect, makeReader, restoreDetection, saveDetection } from '../parsers/detect.ts';
import { type Entry, entryToJson, isFailure } from '../parsers/entry.ts';
import { detectEnvelope, emptyContext } from '../parsers/envelope.ts';
import { attempts, mappedKeys } from '../parsers/explain.ts';
import { isUniqueId } from '../parsers/fields.ts';
import { FORMATS } from '../parsers/formats.ts';
import { compileApache } from '../parsers/pattern.apache.ts';
import { compileNginx } from '../parsers/pattern.nginx.ts';
import { START, split } from '../parsers/split.ts';
import { epochMs, read, readClf, readCtime, readDashed, readIso, readSlashed, readSyslog } from '../parsers/time.ts';

const FOLDER = new URL('../fixtures/lines/', import.meta.url);

interface Sample {
  record: string;
  expect?: Record<string, unknown>;
  failure?: string;
  field?: string;
  referenceTime?: string;
}

/** `#! {annotation}` and the lines of the record under it. */
function samplesOf(dataset: string): Sample[] {
  const text = readFileSync(new URL(`${dataset}.log`, FOLDER), 'utf8');
  return text
    .split(/^#! /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { ...JSON.parse(part.slice(0, end)), record: part.slice(end + 1).replace(/\n$/, '') } as Sample;
    });
}

const fixtures = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.log'))
  .map((name) => name.slice(0, -4));

test('every format has a fixture and every fixture a format', () => {
  expect(fixtures.sort()).toEqual([...FORMATS.keys()].sort());
});

/** What names the product when several write the same lines. */
const FILE_NAMES: Record<string, string> = {
  'nginx.access': 'nginx/access.log',
  'apache.access': 'apache2/access.log',
  'jetty.access': 'jetty/logs/2025_11_22.request.log',
  'litespeed.access': 'lsws/logs/access.log',
  'tomcat.access': 'logs/localhost_access_log.2025-11-22.txt',
};

for (const dataset of fixtures) {
  describe(dataset, () => {
    const format = FORMATS.get(dataset)!;
    const samples = samplesOf(dataset);

    test('has five lines or more, one of them unreadable', () => {
      expect(samples.filter((sample) => sample.expect !== undefined).length).toBeGreaterThanOrEqual(4);
      expect(samples.some((sample) => sample.failure !== undefined)).toBe(true);
    });

    test.each(samples.map((sample) => [sample.record, sample] as const))('%s', (record, sample) => {
      const context = emptyContext(sample.referenceTime === undefined ? Number.NaN : Date.parse(sample.referenceTime));
      const entry = format.parse(record, context);
      if (sample.failure !== undefined) {
        const { failure, field } = sample;
        expect(entry).toEqual(field === undefined ? { failure } : { failure, field });
      } else {
        expect(isFailure(entry) ? entry : JSON.parse(JSON.stringify(entryToJson(entry)))).toEqual(sample.expect);
      }
    });

    test('is detected as itself, from its own lines', () => {
      const lines = samples.filter((sample) => sample.expect).flatMap((sample) => sample.record.split('\n'));
      expect(detect(lines, { fileName: FILE_NAMES[dataset] ?? '' })?.dataset).toBe(dataset);
    });
  });
}

describe('what stands around the lines does not change what they are', () => {
  const JUNK = ['### rotated', 'x', '-- MARK --', 'Starting up ...', 'WARNING: something', '}'];
  const WRAPPERS: Record<string, (line: string) => string> = {
    docker: (line) => JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2025-11-22T09:57:01.123456789Z' }),
    cri: (line) => `2025-11-22T09:57:01.123456789+00:00 stdout F ${line}`,
    syslog: (line) => `2025-11-22T09:57:01.123456+00:00 edge-1 prog[12]: ${line}`,
  };
  const referenceMs = Date.parse('2025-11-22T12:00:00Z');
  // Lines of syslog inside another wrapper are that wrapper's program's.
  test.each(fixtures.filter((dataset) => dataset !== 'syslog'))('%s', (dataset) => {
    const records = samplesOf(dataset).filter((sample) => sample.expect);
    const lines = [...records, ...records, ...records].flatMap((sample) => sample.record.split('\n'));
    const fileName = FILE_NAMES[dataset] ?? '';
    const withJunk = lines.flatMap((line, i) => (i % 8 === 2 ? [JUNK[i % JUNK.length]!, line] : [line]));
    expect(detect(withJunk, { fileName, referenceMs })?.dataset).toBe(dataset);
    for (const [name, wrap] of Object.entries(WRAPPERS))
      expect([name, detect(lines.map(wrap), { fileName, referenceMs })?.dataset]).toEqual([name, dataset]);
  });
});

describe('time', () => {
  const utc = (text: string) => Date.parse(text);
  test('apache and nginx', () => {
    expect(readClf('22/Nov/2025:09:57:01 +0100', 0)).toBe(utc('2025-11-22T09:57:01+01:00'));
    expect(read).toEqual({ end: 26, zoneless: false });
    expect(readClf('[29/feb/2024:00:00:00.250', 1)).toBe(utc('2024-02-29T00:00:00.250Z'));
    expect(read).toEqual({ end: 25, zoneless: true });
    expect(readClf('29/Feb/2025:00:00:00 +0000', 0)).toBeNaN();
    expect(readClf('22/Nov/2025:24:00:00 +0000', 0)).toBeNaN();
  });
  test('ISO 8601', () => {
    for (const [text, expected, zoneless] of [
      ['2025-11-22T09:57:01Z', '2025-11-22T09:57:01Z', false],
      ['2025-11-22 09:57:01,123', '2025-11-22T09:57:01.123Z', true],
      ['2025-11-22T09:57:01.123456789+05:30', '2025-11-22T04:27:01.123Z', false],
      ['2025-11-22 09:57:01 -0500', '2025-11-22T14:57:01Z', false],
      ['2025-11-22 09:57:01 - message', '2025-11-22T09:57:01Z', true],
      ['2025-11-22 09:57:01 UTC', '2025-11-22T09:57:01Z', false],
    ] as const) {
      expect([text, readIso(text, 0), read.zoneless]).toEqual([text, utc(expected), zoneless]);
    }
  });
  test('error logs', () => {
    expect(readSlashed('2025/11/22 09:57:01 [error]', 0)).toBe(utc('2025-11-22T09:57:01Z'));
    expect(readCtime('Sat Nov 22 09:57:01.123456 2025', 0)).toBeCloseTo(utc('2025-11-22T09:57:01.123Z') + 0.456, 3);
    expect(readCtime('Sat Nov  1 09:57:01 2025', 0)).toBe(utc('2025-11-01T09:57:01Z'));
    expect(readDashed('22-Nov-2025 09:57:01]', 0)).toBe(utc('2025-11-22T09:57:01Z'));
  });
  test('syslog has no year: the nearest one, also across New Year', () => {
    const january = utc('2026-01-01T00:10:00Z');
    expect(readSyslog('Dec 31 23:59:59 host', 0, january)).toBe(utc('2025-12-31T23:59:59Z'));
    expect(readSyslog('Jan  1 00:00:01 host', 0, utc('2025-12-31T23:50:00Z'))).toBe(utc('2026-01-01T00:00:01Z'));
    expect(readSyslog('Feb 29 00:00:01 host', 0, utc('2025-01-10T00:00:00Z'))).toBe(utc('2024-02-29T00:00:01Z'));
    expect(readSyslog('Dec 31 23:59:59 host', 0, Number.NaN)).toBeNaN();
  });
  test('numbers', () => {
    const ms = 1_763_805_421_123;
    for (const n of [ms / 1000, ms, ms * 1000, ms * 1e6]) expect(epochMs(n)).toBe(ms);
    expect(epochMs(12)).toBeNaN();
  });
});

describe('split', () => {
  const limits = { lineBytesMax: 50, recordBytesMax: 300 };
  const cut = (text: string | Buffer, rules = {}, final = true) =>
    split(Buffer.from(text), START, rules, limits, final);

  test('byte offsets, line numbers, CRLF, blank lines, BOM, NUL, UTF-8', () => {
    const { records, consumed } = cut('\ufeffa\r\n\nä€ b\n\0\0\0c\nlast');
    expect(records.map((r) => [r.text, r.offset, r.length, r.lineNumber, r.nul])).toEqual([
      ['a', 3, 3, 1, false],
      ['ä€ b', 7, 8, 3, false],
      ['c', 15, 5, 4, true],
      ['last', 20, 4, 5, false],
    ]);
    expect(consumed).toBe(24);
  });
  test('the last line without line break is left until the end', () => {
    const first = cut('one\ntwo', {}, false);
    expect(first.records.map((r) => r.text)).toEqual(['one']);
    expect(first.next).toEqual({ offset: 4, lineNumber: 2, skipping: false });
    const second = split(Buffer.from('two!\n'), first.next, {}, limits, false);
    expect(second.records).toMatchObject([{ text: 'two!', offset: 4, lineNumber: 2, length: 5 }]);
  });
  test('a line over the limit is cut, and its rest skipped also in the next block', () => {
    const first = cut('x'.repeat(60), {}, false);
    expect(first.records).toMatchObject([{ text: 'x'.repeat(50), cut: true, lineNumber: 1 }]);
    const second = split(Buffer.from('xxx\nnext\n'), first.next, {}, limits, false);
    expect(second.records).toMatchObject([{ text: 'next', offset: 64, lineNumber: 2 }]);
  });
  test('records of several lines', () => {
    const rules = { starts: (line: string) => line.startsWith('>') };
    const { records, next } = cut('junk\n>a\n 1\n\n>b\n 2\n', rules, false);
    expect(records.map((r) => [r.text, r.lineNumber, r.lineCount])).toEqual([
      ['junk', 1, 1],
      ['>a\n 1', 2, 3],
    ]);
    expect(next).toEqual({ offset: 12, lineNumber: 5, skipping: false });
  });
  test('an end mark: what looks like a start inside is body, unless the record is torn', () => {
    const rules = {
      starts: (line: string) => /^-.-A$/.test(line),
      ends: (line: string, first: string) => line === first.replace('A', 'Z'),
    };
    expect(cut('-1-A\n-2-A\nbody\n-1-Z\n\n-3-A\n-3-Z\n', rules).records.map((r) => r.text)).toEqual([
      '-1-A\n-2-A\nbody\n-1-Z',
      '-3-A\n-3-Z',
    ]);
    expect(cut('-1-A\ntorn\n-2-A\nbody\n-2-Z\n', rules).records.map((r) => r.text)).toEqual([
      '-1-A\ntorn',
      '-2-A\nbody\n-2-Z',
    ]);
  });
});

describe('envelopes', () => {
  const line = '203.0.113.9 - - [22/Nov/2025:09:57:01 +0000] "GET /a HTTP/1.1" 403 153 "-" "curl/8.5.0"';
  const reference = Date.parse('2025-11-22T12:00:00Z');
  test.each([
    ['docker', JSON.stringify({ log: `${line}\n`, stream: 'stdout', time: '2025-11-22T09:57:01.123456789Z' })],
    ['cri', `2025-11-22T09:57:01.123456789+00:00 stdout F ${line}`],
    ['syslog-5424', `<190>1 2025-11-22T09:57:01.123Z edge-1 nginx 12 - - ${line}`],
    ['syslog-iso', `2025-11-22T09:57:01.123456+00:00 edge-1 nginx[12]: ${line}`],
    ['syslog-3164', `Nov 22 09:57:01 edge-1 nginx: ${line}`],
    ['syslog-3164', `<190>Nov 22 09:57:01 edge-1 nginx: ${line}`],
    ['syslog-3164', `<190>Nov 22 09:57:01 nginx: ${line}`],
    ['compose', `web-1  | ${line}`],
    ['timestamps', `2025-11-22T09:57:01.123456789Z ${line}`],
  ])('%s', (name, wrapped) => {
    const found = detect([wrapped, wrapped], { fileName: 'nginx/access.log', referenceMs: reference });
    expect(found?.envelope?.name).toBe(name);
    const entry = makeReader(found!).read(wrapped, reference) as Entry;
    expect(entry).toMatchObject({ dataset: 'nginx.access', urlPath: '/a', httpResponseStatusCode: 403 });
  });

  test('the wrapper tells the zone of what has none', () => {
    const wrapped =
      '2025-11-22T08:57:01.130+00:00 lb haproxy[7]: 203.0.113.9:1 [22/Nov/2025:09:57:01.120] fe be/s 0/0/0/5/5 403 1 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"';
    const found = detect([wrapped], { fileName: '' })!;
    const entry = makeReader(found).read(wrapped, reference) as Entry;
    expect(new Date(entry.timeMs).toISOString()).toBe('2025-11-22T08:57:01.120Z');
    expect(entry).toMatchObject({ timeZoneless: false, processId: '7' });
  });

  test('other programs in the same syslog file are read as syslog', () => {
    const wrapped = Array.from({ length: 9 }, (_, i) => `Nov 22 09:57:0${i} web nginx: ${line}`);
    const other = 'Nov 22 09:57:09 web sshd[3]: Failed password for root from 203.0.113.10 port 5 ssh2';
    const found = detect([...wrapped, other], { fileName: '', referenceMs: reference })!;
    const reader = makeReader(restoreDetection(saveDetection(found))!);
    expect(reader.read(other, reference)).toMatchObject({ dataset: 'syslog', clientAddress: '203.0.113.10' });
    expect(reader.read(wrapped[0]!, reference)).toMatchObject({ dataset: 'nginx.access' });
  });

  test('access and error lines of one container', () => {
    const error =
      '2025/11/22 09:57:01 [error] 7#7: *1 access forbidden by rule, client: 203.0.113.9, server: x, request: "GET /a HTTP/1.1"';
    const wrap = (log: string) => JSON.stringify({ log: `${log}\n`, stream: 'stdout', time: '2025-11-22T09:57:01.1Z' });
    const lines = [line, line, error, line, line, line, error].map(wrap);
    const found = detect(lines, { fileName: 'c1-json.log' })!;
    const reader = makeReader(found);
    const datasets = lines.map((text) => (reader.read(text, reference) as Entry).dataset);
    expect(new Set(datasets)).toEqual(new Set(['nginx.access', 'nginx.error']));
    expect(found.confidence).toBeGreaterThan(0.9);
    // Also where errors prevail, whose records have several lines.
    const mostly = [error, error, 'stack', error, line, error, error].map(wrap);
    const second = makeReader(detect(mostly, { fileName: 'c1-json.log' })!);
    const { records } = split(
      Buffer.from(`${mostly.join('\n')}\n`),
      START,
      second,
      { lineBytesMax: 9999, recordBytesMax: 99999 },
      true,
    );
    expect(records.map((r) => (second.read(r.text, reference) as Entry).dataset)).toEqual([
      'nginx.error',
      'nginx.error',
      'nginx.error',
      'nginx.access',
      'nginx.error',
      'nginx.error',
    ]);
  });

  test('no wrapper', () => {
    expect(detectEnvelope([line])).toBeNull();
  });
});

describe('detect', () => {
  test('junk lines do not matter; binary data and nothing are no format', () => {
    const line = '203.0.113.9 - - [22/Nov/2025:09:57:01 +0000] "GET /a HTTP/1.1" 200 1 "-" "-"';
    expect(detect(['### rotated', line, line, line, '', 'x', line], { fileName: '' })).toMatchObject({
      dataset: 'nginx.access',
    });
    expect(detect(['\u001f\ufffd\u0008\0\0\0\u0003\ufffd'], { fileName: 'access.log.gz' })).toBeNull();
    expect(detect(['', '  '], { fileName: '' })).toBeNull();
    expect(detect(['lorem ipsum', 'dolor sit amet'], { fileName: '' })).toBeNull();
  });
});

describe('formats say what is theirs', () => {
  const at = '[22/Nov/2025:09:57:01 +0000]';
  const combined = `203.0.113.9 - - ${at} "GET /a HTTP/1.1" 403 153 "-" "curl/8.5.0"`;
  test.each([
    ['nginx.access', '', combined],
    ['nginx.access', '', `${combined} "198.51.100.4"`],
    ['nginx.access', '', `${combined} 0 0.000 [] [] - - - - 0b1c2d3e4f5061728394a5b6c7d8e9f0`],
    ['apache.access', 'httpd/access_log', combined],
    ['apache.access', '', `www.shop.example:443 ${combined}`],
    ['apache.access', '', `203.0.113.9 - - ${at} "GET /a HTTP/1.1" 403 153`],
    ['apache.access', '', `${combined} 412 560`],
    ['apache.access', '', combined.replace(' 153 ', ' - ')],
    ['apache.access', '', combined.replace('curl', 'say \\"hi\\"')],
    ['lighttpd.access', '', `203.0.113.9 shop.example - ${at} "GET /a HTTP/1.1" 403 153 "-" "curl/8.5.0"`],
    ['varnish.access', '', combined.replace(' /a', ' http://shop.example/a')],
    ['varnish.access', 'varnishncsa.log', combined],
    ['clf', 'gunicorn/access.log', combined],
    ['clf', '', `${combined} rid=0b1c2d3e4f5061728394a5b6c7d8e9f0 rt=0.2`],
    ['traefik.access', '', `${combined} 7 "shop@docker" "http://10.0.0.3:80" 3ms`],
    ['squid.access', '', `${combined} TCP_DENIED:HIER_NONE`],
    [
      'haproxy.http',
      '',
      `${combined.slice(0, combined.indexOf('"-"'))}"" "" 5 6 "a" "b" "c" 0 0 0 1 1 "----" 1 1 0 0 0 0 0`,
    ],
    ['phpfpm.error', '', '[22-Nov-2025 09:57:01] WARNING: [pool www] child 7 exited with code 70'],
    ['php.error', '', '[22-Nov-2025 09:57:01 UTC] PHP Warning:  x in /a.php on line 7'],
    ['tomcat.juli', '', '22-Nov-2025 09:57:01.123 SEVERE [main] org.apache.catalina.core.X.y text'],
    ['caddy.access', '', '2025/11/22 09:57:06.000\tWARN\ttls\tstapling OCSP\t{"error": "none"}'],
  ])('%s %s', (dataset, fileName, line) => {
    expect(detect([line, line, line], { fileName })?.dataset).toBe(dataset);
  });

  test('Go programs log as Caddy does, without its loggers', () => {
    const zap = '{"level":"info","ts":1763801821.5,"logger":"worker","msg":"started"}';
    expect(detect([zap, zap], { fileName: '' })?.dataset).toBe('json');
    expect(detect([zap, zap], { fileName: '/var/log/caddy/caddy.log' })?.dataset).toBe('caddy.access');
  });

  test('three kinds of lines in one stream', () => {
    const error = '2025/11/22 09:57:01 [error] 7#7: *1 access forbidden by rule, client: 203.0.113.9, server: x';
    const php = '[22-Nov-2025 09:57:01] WARNING: [pool www] child 7 said into stderr: "x"';
    const lines = [combined, combined, error, combined, php, php, combined, combined, php, error, error, combined];
    const found = detect(lines, { fileName: '' })!;
    const reader = makeReader(found);
    expect(lines.map((line) => (reader.read(line, 0) as Entry).dataset)).toEqual(
      lines.map((line) => (line === error ? 'nginx.error' : line === php ? 'phpfpm.error' : 'nginx.access')),
    );
  });

  test('with and without the wrapper in one file', () => {
    const bare =
      '203.0.113.9:1 [22/Nov/2025:09:57:01.120] fe be/s 0/0/0/5/5 403 1 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1"';
    const lines = [bare, `Nov 22 09:57:01 lb haproxy[7]: ${bare}`, `Nov 22 09:57:01 lb haproxy[7]: ${bare}`];
    const found = detect(lines, { fileName: '', referenceMs: Date.parse('2025-11-22T12:00:00Z') })!;
    expect(found).toMatchObject({ dataset: 'haproxy.http', envelope: { name: 'syslog-3164' } });
    for (const line of lines)
      expect(makeReader(found).read(line, Date.parse('2025-11-22T12:00:00Z'))).toMatchObject({
        dataset: 'haproxy.http',
      });
  });
});

describe('lines that lay out the lines after them', () => {
  const lines = [
    '#Software: Microsoft Internet Information Services 10.0',
    '#Fields: date time cs-method cs-uri-stem c-ip sc-status sc-substatus cs(X-Forwarded-For)',
    '2025-11-22 09:57:01 GET /a 203.0.113.9 403 14 198.51.100.4,+198.51.100.5',
    '#Fields: time date c-ip sc-status',
    '09:57:02 2025-11-22 203.0.113.9 404',
  ];
  test('detection takes the first, the reader reports every other one, and what is saved remembers it', () => {
    const found = detect(lines, { fileName: '' })!;
    expect(found).toMatchObject({ dataset: 'iis.w3c', pattern: lines[1]!.slice(9), confidence: 1 });
    const reader = makeReader(found);
    expect(reader.read(lines[0]!, 0)).toEqual({ failure: 'empty' });
    expect(reader.read(lines[1]!, 0)).toEqual({ failure: 'empty' });
    expect(reader.directive(lines[1]!)).toBeNull();
    expect(reader.directive(lines[2]!)).toBeNull();
    expect(reader.read(lines[2]!, 0)).toMatchObject({
      timeMs: Date.parse('2025-11-22T09:57:01Z'),
      timeZoneless: false,
      forwardedFor: '198.51.100.4, 198.51.100.5',
      attributes: { 'sc-substatus': '14' },
    });
    const pattern = reader.directive(lines[3]!);
    expect(pattern).toBe('time date c-ip sc-status');
    const next = makeReader(restoreDetection({ ...saveDetection(found), pattern })!);
    expect(next.read(lines[4]!, 0)).toMatchObject({
      timeMs: Date.parse('2025-11-22T09:57:02Z'),
      httpResponseStatusCode: 404,
    });
    expect(next.read(lines[2]!, 0)).toMatchObject({ failure: 'status', field: 'sc-status' });
  });
  test('a file that has only its head yet', () => {
    expect(detect(lines.slice(0, 2), { fileName: '' })).toMatchObject({
      dataset: 'iis.w3c',
      pattern: lines[1]!.slice(9),
    });
  });
  test('inside a wrapper', () => {
    const wrap = (log: string) => JSON.stringify({ log: `${log}\n`, stream: 'stdout', time: '2025-11-22T09:57:01.1Z' });
    const reader = makeReader(detect(lines.slice(0, 3).map(wrap), { fileName: '' })!);
    expect(reader.directive(wrap(lines[3]!))).toBe('time date c-ip sc-status');
    expect(reader.read(wrap(lines[2]!), 0)).toMatchObject({ dataset: 'iis.w3c', httpResponseStatusCode: 403 });
  });
  test("another server's #Fields is not IIS'", () => {
    expect(FORMATS.get('iis.w3c')!.directive!('#Fields: date time c-ip s-reason s-queuename sc-status')).toBeNull();
    expect(FORMATS.get('iis.httperr')!.directive!(lines[1]!)).toBeNull();
  });
});

describe('explain', () => {
  const context = emptyContext();
  test('the nearest format first, with the field at which it gave up', () => {
    const line = '203.0.113.9 - - [22/Nov/2025:09:57:01 +0000] "GET /a HTTP/1.1" x 1 "-" "-"';
    const [first, second] = attempts(line, context, FORMATS.get('nginx.access')!);
    expect(first).toEqual({ dataset: 'nginx.access', failure: 'status', field: 'status' });
    expect(second).toMatchObject({ dataset: 'clf', failure: 'status' });
  });
  test('which JSON key became which field', () => {
    const record =
      '{"ts":1763801821,"verb":"GET","uri":"/a?b=c","http":{"status_code":403},"tenant":"t1","msg":"denied"}';
    const mapped = new Map(mappedKeys(record, context, FORMATS.get('json')!)!.map((x) => [x.key, x.fields]));
    expect(mapped.get('ts')).toEqual(['@timestamp']);
    expect(mapped.get('uri')).toEqual(['url.path', 'url.query']);
    expect(mapped.get('http.status_code')).toEqual(['http.response.status_code']);
    expect(mapped.get('tenant')).toEqual(['attributes.tenant']);
    expect(mappedKeys('no json', context, FORMATS.get('json')!)).toBeNull();
  });
});

test('products mixed in one stream of JSON are each read as themselves, the rest as JSON', () => {
  const good = (dataset: string) => samplesOf(dataset).filter((sample) => sample.expect !== undefined);
  const lines = [
    ...good('azure.appgw').slice(0, 2),
    ...good('azure.appgw.waf').slice(0, 3),
    ...good('gcp.lb').slice(0, 2),
  ].map((sample) => sample.record);
  lines.push('{"time":"2026-09-01T10:30:00Z","level":"warn","msg":"something else"}');
  const found = detect(lines, { fileName: '' })!;
  const reader = makeReader(restoreDetection(saveDetection(found))!);
  expect(lines.map((line) => (reader.read(line, 0) as Entry).dataset)).toEqual([
    'azure.appgw',
    'azure.appgw',
    'azure.appgw.waf',
    'azure.appgw.waf',
    'azure.appgw.waf',
    'gcp.lb',
    'gcp.lb',
    'json',
  ]);
});

describe('patterns', () => {
  const context = emptyContext();
  test('nginx: lists, ids, adjacent variables, unknown variables', () => {
    const format = compileNginx(
      '$remote_addr [$time_iso8601] $host "$request_method $uri$is_args$args" $status $upstream_addr us=$upstream_status $request_time $request_id "$http_x_tenant" $geoip2_country',
    );
    expect(
      format.parse(
        '203.0.113.9 [2025-11-22T09:57:01+01:00] Shop.example.com:443 "GET /a?b=c" 403 10.0.0.1:80, 10.0.0.2:80 us=502, 403 0.203 0b1c2d3e4f5061728394a5b6c7d8e9f0 "t\\x22x" DE',
        context,
      ),
    ).toMatchObject({
      clientAddress: '203.0.113.9',
      timeMs: Date.parse('2025-11-22T08:57:01Z'),
      urlDomain: 'shop.example.com',
      httpRequestMethod: 'GET',
      urlPath: '/a',
      urlQuery: 'b=c',
      httpResponseStatusCode: 403,
      upstreamAddress: '10.0.0.2:80',
      upstreamStatusCode: 403,
      durationMs: 203,
      requestIds: ['0b1c2d3e4f5061728394a5b6c7d8e9f0'],
      attributes: { http_x_tenant: 't"x', geoip2_country: 'DE' },
    });
  });
  test('nginx: escape=json and escape=none', () => {
    const pattern =
      '{"time":"$time_iso8601","uri":"$request_uri","ua":"$http_user_agent","s":$status,"us":"$upstream_status"}';
    const line = '{"time":"2025-11-22T09:57:01+00:00","uri":"/a","ua":"say \\"hi\\"","s":403,"us":""}';
    expect(compileNginx(pattern, 'json').parse(line, context)).toMatchObject({
      urlPath: '/a',
      userAgentOriginal: 'say "hi"',
      upstreamStatusCode: 0,
    });
    expect(compileNginx('"$http_user_agent" $status', 'none').parse('"a "quoted"! \\x" 403', context)).toMatchObject({
      userAgentOriginal: 'a "quoted"! \\x',
      httpResponseStatusCode: 403,
    });
  });
  test('apache: headers, environment, split times, both statuses', () => {
    const format = compileApache(
      '%v:%p %h %{c}a %l %u [%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t %{%z}t] \\"%r\\" %s %>s %b %D \\"%{X-Request-ID}i\\" %{UNIQUE_ID}e %P \\"%{Foo}n\\"',
    );
    expect(
      format.parse(
        'shop.example.com:443 203.0.113.9 10.0.0.1 - - [2025-11-22T09:57:01.250 +0100] "GET /a?q=\\"x\\" HTTP/1.1" 200 403 17 1500 "5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11" aAbBcC0123456789dDeEfFAAAAE 77 "-"',
        context,
      ),
    ).toMatchObject({
      urlDomain: 'shop.example.com',
      serverPort: 443,
      timeMs: Date.parse('2025-11-22T08:57:01.250Z'),
      timeZoneless: false,
      urlQuery: 'q="x"',
      httpResponseStatusCode: 403,
      durationMs: 1.5,
      requestIds: ['5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11', 'aAbBcC0123456789dDeEfFAAAAE'],
      processId: '77',
      attributes: { 'status.first': '200', peer: '10.0.0.1' },
    });
  });
  test('a line of another shape is a failure that names the field', () => {
    const format = compileNginx('$remote_addr [$time_local] $status');
    expect(format.parse('203.0.113.9 [22/Nov/2025:09:57:01 +0000] abc', context)).toEqual({
      failure: 'status',
      field: 'status',
    });
    expect(format.parse('203.0.113.9', context)).toMatchObject({ failure: 'format' });
  });
});

test('unique ids are told from words', () => {
  for (const id of [
    '5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11',
    '0b1c2d3e4f506172',
    'aAbBcC0123456789dDeEfFAAAAE',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'CB007109:C8A3_0A000001:01BB_69216C1D_0001:04D2',
    'Root=1-67891233-abcd9f12ab34ef5678901234',
  ])
    expect([id, isUniqueId(id)]).toEqual([id, true]);
  for (const word of [
    '117',
    'http-nio-8080-exec-12',
    'worker-thread-pool-12345',
    'www.example.com',
    '/srv/www/a1b2c3d4e5f6a7b8c9d0',
    '203.0.113.9, 198.51.100.4',
    '2025-11-22T09:57:01+00:00',
    'AbstractHandlerMethodAdapter2',
    '12345678901234567890',
  ])
    expect([word, isUniqueId(word)]).toEqual([word, false]);
});

test('a list of events that the Kubernetes API server sent is taken apart', () => {
  const event = (path: string) => ({
    level: 'Metadata',
    auditID: '3c9a7b10-5e21-4f6d-90b8-1d2e3f4a5b6c',
    stage: 'ResponseComplete',
    requestURI: path,
    verb: 'get',
    responseStatus: { metadata: {}, code: 403 },
    requestReceivedTimestamp: '2026-10-03T07:12:58.100000Z',
    stageTimestamp: '2026-10-03T07:12:58.104000Z',
  });
  const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [event('/a'), event('/b')] };
  const line = JSON.stringify(list);
  const found = detect([line], { fileName: 'audit.log' });
  expect(found?.dataset).toBe('k8s.audit');
  const entries = makeReader(found!).readAll!(line, 0) as Entry[];
  expect(entries.map((entry) => [entry.urlPath, entry.httpResponseStatusCode])).toEqual([
    ['/a', 403],
    ['/b', 403],
  ]);
});
