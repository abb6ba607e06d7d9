/**
 * What a server writes by a format string is read back as it was: requests made of anything, format strings made of
 * the values in any order and dress, and each server's way of escaping.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';

interface Request {
  client: string;
  port: number;
  timeMs: number;
  method: string;
  path: string;
  query: string;
  protocol: string;
  status: number;
  bytes: number;
  ms: number;
  host: string;
  agent: string;
  referrer: string;
  id: string;
}

const clean = (text: string): string => text.replace(/^[\s-]+|\s+$/g, '').replaceAll('\n', ' ');
/** Text that a client sends, hostile: quotes, backslashes, control characters, anything. */
const hostile = fc
  .oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom('a "b" c', '\\', '\\"', 'x\\x22y', '#22', '%41', '{a|b}', "' or 1=1", '\u0001\t'),
  )
  .map(clean);
/** Of a target: no blanks and no question mark. */
const segment = hostile.map((text) =>
  text.replace(/[\s?#\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/g, ''),
);

const request: fc.Arbitrary<Request> = fc.record({
  client: fc.constantFrom('203.0.113.7', '198.51.100.200', '2001:db8::7', '::ffff:192.0.2.1'),
  port: fc.integer({ min: 1024, max: 65_535 }),
  timeMs: fc.integer({ min: Date.parse('2020-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') }),
  method: fc.constantFrom('GET', 'POST', 'PROPFIND', 'OPTIONS'),
  path: segment.map((s) => `/${s}`),
  query: segment.map((s) => s.replace(/^[?-]+/, '')),
  protocol: fc.constantFrom('HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0'),
  status: fc.integer({ min: 200, max: 599 }),
  bytes: fc.integer({ min: 0, max: 1e9 }),
  ms: fc.integer({ min: 0, max: 600_000 }),
  host: fc.constantFrom('shop.example.com', 'api.example.org', 'localhost'),
  agent: hostile,
  referrer: hostile,
  id: fc.uuid().map((x) => x.replace(/-/g, '')),
});

const uri = (r: Request): string => r.path + (r.query === '' ? '' : `?${r.query}`);
const two = (n: number): string => String(n).padStart(2, '0');
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `22/Nov/2025:09:57:01`, in UTC. */
function clfTime(ms: number): string {
  const d = new Date(ms);
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${d.toISOString().slice(11, 19)}`;
}

const bytesOf = (text: string): number[] => [...Buffer.from(text)];
const hex = (n: number, upper: boolean): string => {
  const h = n.toString(16).padStart(2, '0');
  return upper ? h.toUpperCase() : h;
};

/** nginx, escape=default. */
const escapeNginx = (text: string): string =>
  text === ''
    ? '-'
    : bytesOf(text)
        .map((b) => (b < 32 || b >= 127 || b === 34 || b === 92 ? `\\x${hex(b, true)}` : String.fromCharCode(b)))
        .join('');
const escapeJson = (text: string): string => JSON.stringify(text).slice(1, -1);
/** Apache, ap_escape_logitem. */
const escapeApache = (text: string): string =>
  text === ''
    ? '-'
    : bytesOf(text)
        .map((b) => {
          const plain = { 34: '\\"', 92: '\\\\', 8: '\\b', 10: '\\n', 13: '\\r', 9: '\\t', 11: '\\v' }[b];
          return plain ?? (b < 32 || b >= 127 ? `\\x${hex(b, false)}` : String.fromCharCode(b));
        })
        .join('');
/** HAProxy: what does not print, `#`, and quotes and braces. */
const escapeHaproxy = (text: string): string =>
  bytesOf(text)
    .map((b) =>
      b < 32 || b >= 127 || '#"{|}'.includes(String.fromCharCode(b)) ? `#${hex(b, true)}` : String.fromCharCode(b),
    )
    .join('');

/** A value of the format string, what the server writes for it, and what it must be read as. */
interface Value {
  spec: string;
  write: (r: Request) => string;
  read: (r: Request) => Record<string, unknown>;
  /** May hold blanks: stands in quotes. */
  quoted: boolean;
  /** Reads the same thing as these. */
  group: string;
}

const value = (
  group: string,
  spec: string,
  write: (r: Request) => string,
  read: (r: Request) => Record<string, unknown>,
  quoted = false,
): Value => ({ group, spec, write, read, quoted });

const line = (r: Request): string => `${r.method} ${uri(r)} ${r.protocol}`;
const asLine = (r: Request) => ({
  httpRequestMethod: r.method,
  urlPath: r.path,
  urlQuery: r.query === '' ? null : r.query,
  networkProtocol: r.protocol,
});
const second = (r: Request): number => Math.floor(r.timeMs / 1000) * 1000;
const orNull = (text: string): string | null => (text === '' || text === '-' ? null : text);

function nginx(escaped: (text: string) => string): Value[] {
  return [
    value(
      'client',
      '$remote_addr',
      (r) => r.client,
      (r) => ({ clientAddress: r.client }),
    ),
    value(
      'port',
      '$remote_port',
      (r) => String(r.port),
      (r) => ({ clientPort: r.port }),
    ),
    value(
      'time',
      '[$time_local]',
      (r) => `[${clfTime(r.timeMs)} +0000]`,
      (r) => ({ timeMs: second(r) }),
    ),
    value(
      'time',
      '$time_iso8601',
      (r) => `${new Date(r.timeMs).toISOString().slice(0, 19)}+00:00`,
      (r) => ({ timeMs: second(r) }),
    ),
    value(
      'time',
      '$msec',
      (r) => (r.timeMs / 1000).toFixed(3),
      (r) => ({ timeMs: r.timeMs }),
    ),
    value('request', '$request', (r) => escaped(line(r)), asLine, true),
    value(
      'request',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx writes so
      '$request_method ${request_uri} $server_protocol',
      (r) => `${r.method} ${escaped(uri(r))} ${r.protocol}`,
      asLine,
      true,
    ),
    value(
      'request',
      '$request_method $uri$is_args$args $server_protocol',
      (r) =>
        `${r.method} ${escaped(r.path)}${r.query === '' ? '' : '?'}${r.query === '' ? '' : escaped(r.query)} ${r.protocol}`,
      asLine,
      true,
    ),
    value(
      'status',
      '$status',
      (r) => String(r.status),
      (r) => ({ httpResponseStatusCode: r.status }),
    ),
    value(
      'bytes',
      '$body_bytes_sent',
      (r) => String(r.bytes),
      (r) => ({ httpResponseBodySize: r.bytes }),
    ),
    value(
      'ms',
      '$request_time',
      (r) => (r.ms / 1000).toFixed(3),
      (r) => ({ durationMs: r.ms }),
    ),
    value(
      'host',
      '$host',
      (r) => r.host,
      (r) => ({ urlDomain: r.host }),
    ),
    value(
      'agent',
      '$http_user_agent',
      (r) => escaped(r.agent),
      (r) => ({ userAgentOriginal: orNull(r.agent) }),
      true,
    ),
    value(
      'referrer',
      '$http_referer',
      (r) => escaped(r.referrer),
      (r) => ({ httpRequestReferrer: orNull(r.referrer) }),
      true,
    ),
    value(
      'id',
      '$request_id',
      (r) => r.id,
      (r) => ({ requestIds: /[a-f]/.test(r.id) && /\d/.test(r.id) ? [r.id] : [] }),
    ),
    value(
      'upstream',
      '$upstream_addr',
      (r) => `10.0.0.1:80, 10.0.0.2:${r.port}`,
      (r) => ({ upstreamAddress: `10.0.0.2:${r.port}` }),
    ),
  ];
}

const APACHE: Value[] = [
  value(
    'client',
    '%h',
    (r) => r.client,
    (r) => ({ clientAddress: r.client }),
  ),
  value(
    'client',
    '%a',
    (r) => r.client,
    (r) => ({ clientAddress: r.client }),
  ),
  value(
    'port',
    '%{remote}p',
    (r) => String(r.port),
    (r) => ({ clientPort: r.port }),
  ),
  value(
    'time',
    '%t',
    (r) => `[${clfTime(r.timeMs)} +0000]`,
    (r) => ({ timeMs: second(r) }),
  ),
  value(
    'time',
    '%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t%{%z}t',
    (r) => `${new Date(r.timeMs).toISOString().slice(0, 23)}000+0000`,
    (r) => ({ timeMs: r.timeMs, timeZoneless: false }),
  ),
  value(
    'time',
    '%{%d/%b/%y %T}t.%{msec_frac}t',
    (r) =>
      `${clfTime(r.timeMs).replace(/(\d\d)\/(\w+)\/\d\d(\d\d):/, '$1/$2/$3 ')}.${String(r.timeMs % 1000).padStart(3, '0')}`,
    (r) => ({ timeMs: r.timeMs, timeZoneless: true }),
  ),
  value(
    'time',
    '%{sec}t',
    (r) => String(Math.floor(r.timeMs / 1000)),
    (r) => ({ timeMs: second(r) }),
  ),
  value(
    'time',
    '%{msec}t',
    (r) => String(r.timeMs),
    (r) => ({ timeMs: r.timeMs }),
  ),
  value('request', '%r', (r) => escapeApache(line(r)), asLine, true),
  value(
    'request',
    '%m %U%q %H',
    (r) => `${r.method} ${escapeApache(r.path)}${r.query === '' ? '' : escapeApache(`?${r.query}`)} ${r.protocol}`,
    asLine,
    true,
  ),
  value(
    'status',
    '%>s',
    (r) => String(r.status),
    (r) => ({ httpResponseStatusCode: r.status }),
  ),
  value(
    'bytes',
    '%B',
    (r) => String(r.bytes),
    (r) => ({ httpResponseBodySize: r.bytes }),
  ),
  value(
    'bytes',
    '%b',
    (r) => (r.bytes === 0 ? '-' : String(r.bytes)),
    (r) => ({ httpResponseBodySize: r.bytes === 0 ? null : r.bytes }),
  ),
  value(
    'ms',
    '%D',
    (r) => String(r.ms * 1000),
    (r) => ({ durationMs: r.ms }),
  ),
  value(
    'ms',
    '%{ms}T',
    (r) => String(r.ms),
    (r) => ({ durationMs: r.ms }),
  ),
  value(
    'host',
    '%v',
    (r) => r.host,
    (r) => ({ urlDomain: r.host }),
  ),
  value(
    'host',
    '%{Host}i',
    (r) => r.host,
    (r) => ({ urlDomain: r.host }),
  ),
  value(
    'agent',
    '%{User-Agent}i',
    (r) => escapeApache(r.agent),
    (r) => ({ userAgentOriginal: orNull(r.agent) }),
    true,
  ),
  value(
    'referrer',
    '%!200,304{Referer}i',
    (r) => escapeApache(r.referrer),
    (r) => ({ httpRequestReferrer: orNull(r.referrer) }),
    true,
  ),
  value(
    'id',
    '%{UNIQUE_ID}e',
    (r) => r.id,
    (r) => ({ requestIds: [r.id] }),
  ),
];

const HAPROXY: Value[] = [
  value(
    'client',
    '%ci:%cp',
    (r) => `${r.client}:${r.port}`,
    (r) => ({ clientAddress: r.client, clientPort: r.port }),
  ),
  value(
    'client',
    '%[src]',
    (r) => r.client,
    (r) => ({ clientAddress: r.client }),
  ),
  value(
    'time',
    '[%tr]',
    (r) => `[${clfTime(r.timeMs)}.${String(r.timeMs % 1000).padStart(3, '0')}]`,
    (r) => ({ timeMs: r.timeMs, timeZoneless: true }),
  ),
  value(
    'time',
    '%T',
    (r) => `${clfTime(r.timeMs)} +0000`,
    (r) => ({ timeMs: second(r), timeZoneless: false }),
  ),
  value(
    'time',
    '%Ts.%ms',
    (r) => `${Math.floor(r.timeMs / 1000)}.${r.timeMs % 1000}`,
    (r) => ({ timeMs: r.timeMs }),
  ),
  value('request', '%{+Q}r', (r) => `"${escapeHaproxy(line(r))}"`, asLine),
  value('request', '%HM %HU %HV', (r) => `${r.method} ${escapeHaproxy(uri(r))} ${r.protocol}`, asLine, true),
  value(
    'request',
    '%HM %HP%HQ %HV',
    (r) => `${r.method} ${escapeHaproxy(r.path)}${r.query === '' ? '' : `?${escapeHaproxy(r.query)}`} ${r.protocol}`,
    asLine,
    true,
  ),
  value(
    'status',
    '%ST',
    (r) => String(r.status),
    (r) => ({ httpResponseStatusCode: r.status }),
  ),
  value(
    'bytes',
    '%B',
    (r) => String(r.bytes),
    (r) => ({ httpResponseBodySize: r.bytes }),
  ),
  value(
    'ms',
    '%Ta',
    (r) => String(r.ms),
    (r) => ({ durationMs: r.ms }),
  ),
  value(
    'agent',
    '%{+Q}[req.hdr(user-agent)]',
    (r) => `"${escapeHaproxy(r.agent)}"`,
    (r) => ({ userAgentOriginal: orNull(r.agent) }),
  ),
  value(
    'upstream',
    '%b/%s',
    (r) => `be/s${r.port}`,
    (r) => ({ upstreamAddress: `be/s${r.port}` }),
  ),
  value(
    'state',
    '%tsc',
    (r) => (r.status === 403 ? 'PR--' : '----'),
    (r) => ({ eventOutcome: r.status === 403 ? 'PR--' : '----' }),
  ),
  value(
    'captures',
    '%hr',
    (r) => (r.port % 2 === 0 ? '' : `{${escapeHaproxy(r.agent)}|x}`),
    () => ({}),
  ),
  value(
    'id',
    '%ID',
    (r) => r.id,
    (r) => ({ requestIds: /[a-f]/.test(r.id) && /\d/.test(r.id) ? [r.id] : [] }),
  ),
];

/** Envoy escapes nothing: what is written must not hold what ends it. */
const tame = (text: string): string => text.replace(/["\u0000-\u001f]/g, '');
const ENVOY: Value[] = [
  value(
    'time',
    '[%START_TIME%]',
    (r) => `[${new Date(r.timeMs).toISOString()}]`,
    (r) => ({ timeMs: r.timeMs }),
  ),
  value(
    'time',
    '%START_TIME(%Y/%m/%d %H:%M:%S.%3f)%',
    (r) => new Date(r.timeMs).toISOString().replace('T', ' ').replaceAll('-', '/').slice(0, 23),
    (r) => ({ timeMs: r.timeMs, timeZoneless: false }),
    true,
  ),
  value(
    'request',
    '%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%',
    (r) => tame(line(r)),
    (r) => ({ ...asLine(r), urlPath: tame(r.path), urlQuery: orNull(tame(r.query)) }),
    true,
  ),
  value(
    'status',
    '%RESPONSE_CODE%',
    (r) => String(r.status),
    (r) => ({ httpResponseStatusCode: r.status }),
  ),
  value(
    'bytes',
    '%BYTES_SENT%',
    (r) => String(r.bytes),
    (r) => ({ httpResponseBodySize: r.bytes }),
  ),
  value(
    'ms',
    '%DURATION%',
    (r) => String(r.ms),
    (r) => ({ durationMs: r.ms }),
  ),
  value(
    'client',
    '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%',
    (r) => r.client,
    (r) => ({ clientAddress: r.client }),
  ),
  value(
    'host',
    '%REQ(:AUTHORITY):64%',
    (r) => `${r.host}:443`,
    (r) => ({ urlDomain: r.host }),
  ),
  value(
    'agent',
    '%REQ(USER-AGENT)%',
    (r) => tame(r.agent) || '-',
    (r) => ({ userAgentOriginal: orNull(tame(r.agent)) }),
    true,
  ),
  value(
    'flags',
    '%RESPONSE_FLAGS%',
    (r) => (r.status === 403 ? 'UAEX' : '-'),
    (r) => ({ eventOutcome: r.status === 403 ? 'UAEX' : null }),
  ),
];

/** Some of the values, one of a group at most, in any order; the time and the status always. */
function chosen(values: Value[]): fc.Arbitrary<Value[]> {
  const groups = [...new Set(values.map((v) => v.group))];
  return fc
    .tuple(
      fc.shuffledSubarray(groups, { minLength: 2 }),
      fc.array(fc.nat(9), { minLength: groups.length, maxLength: groups.length }),
    )
    .map(([order, picks]) =>
      [...new Set([...order, 'time', 'status'])].map((group, i) => {
        const of = values.filter((v) => v.group === group);
        return of[picks[i]! % of.length]!;
      }),
    );
}

function roundTrip(dataset: string, values: Value[], wrap: (spec: string) => string, dress: 'text' | 'json'): void {
  fc.assert(
    fc.property(chosen(values), request, (picked, r) => {
      const part = (v: Value, text: string, i: number): string =>
        dress === 'json' ? `"k${i}":"${text}"` : v.quoted ? `"${text}"` : text;
      const join = (parts: string[]): string => (dress === 'json' ? `{${parts.join(',')}}` : parts.join(' '));
      const pattern = join(picked.map((v, i) => part(v, v.spec, i)));
      // What HAProxy does not write takes the blank behind it along.
      const written = join(picked.map((v, i) => part(v, v.write(r), i)).filter((text) => text !== ''));
      const entry = FORMATS.get(dataset)!.compile!(wrap(pattern)).parse(written, emptyContext());
      const about = `${pattern}\n${written}`;
      expect(isFailure(entry), `${JSON.stringify(entry)}\n${about}`).toBe(false);
      expect(entry, about).toMatchObject(Object.assign({}, ...picked.map((v) => v.read(r))));
    }),
    { numRuns: Number(process.env.RUNS ?? 500) },
  );
}

describe('written by a format string, read by it', () => {
  test('nginx, escape=default', () => {
    roundTrip('nginx.access', nginx(escapeNginx), (p) => p, 'text');
  });
  test('nginx, escape=json, a JSON object', () => {
    roundTrip('nginx.access', nginx(escapeJson), (p) => `escape=json ${p}`, 'json');
  });
  test('nginx, a JSON object with escape=default', () => {
    roundTrip('nginx.access', nginx(escapeNginx), (p) => p, 'json');
  });
  test('Apache', () => {
    roundTrip('apache.access', APACHE, (p) => p.replaceAll('"', '\\"'), 'text');
  });
  test('Apache, a JSON object', () => {
    roundTrip('apache.access', APACHE, (p) => p, 'json');
  });
  test('HAProxy', () => {
    roundTrip('haproxy.http', HAPROXY, (p) => p, 'text');
  });
  test('Envoy', () => {
    roundTrip('envoy.access', ENVOY, (p) => p, 'text');
  });
});
