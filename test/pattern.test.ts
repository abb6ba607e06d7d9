/** Format strings of every product: lines as their servers write them, with what they must yield. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';

interface Case {
  of: string;
  format: string;
  line: string;
  expect: Partial<Omit<Entry, 'attributes'>> & { attributes?: Record<string, string> };
}

const CASES: Case[] = [
  {
    of: 'nginx.access',
    format: `log_format full escape=json '{'
      '"time":"$time_iso8601",' '"request":"$request_method $request_uri $server_protocol",'
      '"status":$status,"us":"$upstream_status","ua":"$http_user_agent","rt":$request_time,"ut":"$upstream_response_time"}';`,
    line: '{"time":"2025-11-22T09:57:01+01:00","request":"GET /a b?c=\\"d\\" HTTP/1.1","status":403,"us":"502, 403","ua":"x\\u001f\\"y","rt":0.203,"ut":"0.1, 0.2"}',
    expect: {
      timeMs: Date.parse('2025-11-22T08:57:01Z'),
      httpRequestMethod: 'GET',
      urlPath: '/a b',
      urlQuery: 'c="d"',
      networkProtocol: 'HTTP/1.1',
      httpResponseStatusCode: 403,
      upstreamStatusCode: 403,
      userAgentOriginal: 'x\u001f"y',
      durationMs: 203,
    },
  },
  {
    of: 'nginx.access',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx writes so
    format: '${remote_addr}:$remote_port "$request_method $uri $server_protocol" $status $msec',
    line: '2001:db8::7:51234 "GET /a b HTTP/1.1" 200 1763805421.123',
    expect: {
      clientAddress: '2001:db8::7',
      clientPort: 51_234,
      urlPath: '/a b',
      timeMs: 1_763_805_421_123,
      timeZoneless: false,
    },
  },
  {
    of: 'apache.access',
    format:
      '%{c}a %a %l %u %{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t \\"%m %U%q %H\\" %>s %{ms}T %^FB %I %O \\"%!200,304{Referer}i\\" %{SSL_PROTOCOL}x %{X-Trace}o %{c}L',
    line: '10.0.0.1 203.0.113.9 - Jane Doe 22/Nov/2025 09:57:01.250 +0100 "GET /a b?c=d HTTP/2.0" 403 12 - 100 200 "https://a.example/" TLSv1.3 t1 aBcDeFgHiJk12',
    expect: {
      clientAddress: '203.0.113.9',
      userName: 'Jane Doe',
      timeMs: Date.parse('2025-11-22T08:57:01.250Z'),
      timeZoneless: false,
      httpRequestMethod: 'GET',
      urlPath: '/a b',
      urlQuery: 'c=d',
      networkProtocol: 'HTTP/2.0',
      durationMs: 12,
      httpResponseBodySize: 200,
      httpRequestReferrer: 'https://a.example/',
      connectionId: 'aBcDeFgHiJk12',
      attributes: { peer: '10.0.0.1', bytes_received: '100', SSL_PROTOCOL: 'TLSv1.3', 'response.header.x-trace': 't1' },
    },
  },
  {
    of: 'apache.access',
    format: '{\\"t\\":\\"%{%Y-%m-%dT%H:%M:%S}t.%{usec_frac}t%{%z}t\\",\\"r\\":\\"%r\\",\\"s\\":%>s,\\"us\\":%D}',
    line: '{"t":"2025-11-22T09:57:01.250999+0100","r":"GET /\\"x\\" HTTP/1.1","s":403,"us":1500}',
    expect: {
      timeMs: Date.parse('2025-11-22T08:57:01.250Z'),
      urlPath: '/"x"',
      durationMs: 1.5,
      httpResponseStatusCode: 403,
    },
  },
  {
    of: 'apache.access',
    format: '%h %{end:%s}t.%{end:usec_frac}t \\"%r\\" %>s',
    line: '203.0.113.9 1763805421.250000 "GET / HTTP/1.1" 200',
    expect: { timeMs: 1_763_805_421_250, timePoint: 'end' },
  },
  {
    of: 'varnish.access',
    format: '%h %{%Y-%m-%dT%TZ}t "%r" %s %b %{Varnish:handling}x %{Varnish:vxid}x %{VCL_Log:reason}x',
    line: '203.0.113.9 2025-11-22T09:57:01Z "GET http://shop.example/a HTTP/1.1" 403 12 synth 32770 acl-deny',
    expect: { eventOutcome: 'synth', urlDomain: 'shop.example', urlPath: '/a', attributes: { reason: 'acl-deny' } },
  },
  {
    of: 'haproxy.http',
    format:
      'log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"',
    line: '2001:db8::7:51234 [22/Nov/2025:09:57:01.123] fe~ be/srv1 0/0/1/2/3 403 153 - - PR-- 2/1/0/0/0 0/0 {shop.example|curl#2f8} {nginx} "GET /a#22b?c HTTP/1.1"',
    expect: {
      clientAddress: '2001:db8::7',
      clientPort: 51_234,
      timeMs: Date.parse('2025-11-22T09:57:01.123Z'),
      timeZoneless: true,
      upstreamAddress: 'be/srv1',
      durationMs: 3,
      httpResponseStatusCode: 403,
      eventOutcome: 'PR--',
      urlPath: '/a"b',
      urlQuery: 'c',
      urlDomain: 'shop.example',
      attributes: {
        frontend: 'fe',
        tls: 'true',
        timers: '0/0/1/2/3',
        connections: '2/1/0/0/0',
        queues: '0/0',
        'captured.1': 'curl/8',
        'captured.response.0': 'nginx',
      },
    },
  },
  {
    // Captures that hold nothing vanish with their blank.
    of: 'haproxy.http',
    format: '%ci:%cp [%t] %f %b/%s %ST %ts %hr %hs %{+Q}r %[var(txn.reason)]',
    line: '203.0.113.9:51234 [22/Nov/2025:09:57:01.123] fe be/<NOSRV> 403 PR "GET / HTTP/1.1" blocked by acl',
    expect: {
      upstreamStatusCode: 0,
      attributes: { backend: 'be', server: '<NOSRV>', 'var(txn.reason)': 'blocked by acl' },
    },
  },
  {
    of: 'haproxy.http',
    format:
      '{"ts":"%T","client":"%ci","m":"%HM","p":"%HP","q":"%HQ","s":%ST,"ms":%Ta,"id":"%ID","ua":"%[capture.req.hdr(0),json(utf8s)]","host":"%[req.hdr(host)]","uri":"%HU"}',
    line: '{"ts":"22/Nov/2025:09:57:01 +0000","client":"203.0.113.9","m":"GET","p":"/a","q":"?b=c","s":403,"ms":12,"id":"0b1c2d3e4f5061728394a5b6c7d8e9f0","ua":"curl","host":"Shop.example:443","uri":"/a?b=c"}',
    expect: {
      timeMs: Date.parse('2025-11-22T09:57:01Z'),
      timeZoneless: false,
      urlPath: '/a',
      urlQuery: 'b=c',
      urlDomain: 'shop.example',
      requestIds: ['0b1c2d3e4f5061728394a5b6c7d8e9f0'],
    },
  },
  {
    of: 'haproxy.http',
    format: '%{+json}o %(client)ci %(when)T %(status:sint)ST %(line)r %(ua)[req.hdr(user-agent)] %(termination)ts',
    line: '{"client": "203.0.113.9", "when": "22/Nov/2025:09:57:01 +0000", "status": 403, "line": "GET /a HTTP/1.1", "ua": "say \\"hi\\"", "termination": "PR"}',
    expect: { urlPath: '/a', httpResponseStatusCode: 403, userAgentOriginal: 'say "hi"', eventOutcome: 'PR' },
  },
  {
    of: 'haproxy.http',
    format: '%{+Q}o\\ %{-Q}ci\\ %{-Q}T\\ %r\\ %ST\\ %b\\ %s',
    line: '203.0.113.9 22/Nov/2025:09:57:01 +0000 "GET /a b HTTP/1.1" 403 "be" "s1"',
    expect: { urlPath: '/a b', upstreamAddress: 'be/s1' },
  },
  {
    // What the process itself says stays readable.
    of: 'haproxy.http',
    format: '%ci %ST',
    line: 'Server be/s1 is DOWN, reason: Layer4 connection problem',
    expect: { kind: 'error', upstreamAddress: 'be/s1' },
  },
  {
    of: 'envoy.access',
    format:
      '[%START_TIME(%Y-%m-%d %H:%M:%S.%3f)%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH):256% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_SENT% %DURATION% "%REQ(USER-AGENT)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %DOWNSTREAM_REMOTE_ADDRESS% %RESPONSE_CODE_DETAILS% %DYNAMIC_METADATA(envoy.rbac:rule)%\n',
    line: '[2025-11-22 09:57:01.123] "GET /a?b=c HTTP/2" 403 UAEX 0 12 "say "hi"" "shop.example" "-" 203.0.113.9:51234 rbac_access_denied deny-all',
    expect: {
      timeMs: Date.parse('2025-11-22T09:57:01.123Z'),
      timeZoneless: false,
      urlPath: '/a',
      eventOutcome: 'UAEX',
      durationMs: 12,
      userAgentOriginal: 'say "hi"',
      urlDomain: 'shop.example',
      upstreamStatusCode: 0,
      clientAddress: '203.0.113.9',
      clientPort: 51_234,
      attributes: { response_code_details: 'rbac_access_denied', 'dynamic_metadata.envoy.rbac:rule': 'deny-all' },
    },
  },
  {
    of: 'envoy.access',
    format: JSON.stringify({
      t: '%START_TIME(%s)%',
      req: { line: '%REQ(:METHOD)% %REQ(:PATH)%', id: '%REQ(X-REQUEST-ID)%' },
      code: '%RESPONSE_CODE%',
      flags: '%RESPONSE_FLAGS%',
      cluster: '%UPSTREAM_CLUSTER%',
    }),
    line: '{"code":403,"flags":"-","req":{"id":"5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11","line":"GET /a?b"},"t":"1763805421","cluster":null,"new":"x"}',
    expect: {
      timeMs: 1_763_805_421_000,
      httpRequestMethod: 'GET',
      urlPath: '/a',
      requestIds: ['5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11'],
      attributes: { new: 'x' },
    },
  },
  {
    of: 'caddy.access',
    format: '{common_log} "{request>headers>Referer>[0]}" {request>headers>User-Agent}',
    line: '203.0.113.9 - - [22/Nov/2025:09:57:01 +0100] "GET /a?b=c HTTP/2.0" 403 12 "https://a.example/" ["curl/8.5 x"]',
    expect: { urlPath: '/a', httpResponseStatusCode: 403, userAgentOriginal: 'curl/8.5 x' },
  },
  {
    of: 'iis.w3c',
    format: 'date time c-ip cs-method cs-uri-stem sc-status X-Forwarded-For',
    line: '2025-11-22 09:57:01 10.0.0.1 GET /a 403 203.0.113.9,+10.0.0.2',
    expect: { httpResponseStatusCode: 403, forwardedFor: '203.0.113.9, 10.0.0.2' },
  },
  {
    of: 'apache.error',
    format: 'ErrorLogFormat "[%{cu}t] [%-m:%l] [R:%L] [C:%{C}L] %7F: %E: [client\\ %a] %M% ,\\ referer\\ %{Referer}i"',
    line: '[2026-10-03 07:12:58.123456] [authz_core:error] [R:aR9xKq2LmN0pQ4sT] [C:bT1yLr3MnO5qU6vW] (13)Permission denied: [client 198.51.100.9:4711] AH01630: client denied by server configuration: /srv/www/x, referer https://shop.test/',
    expect: {
      timeMs: Date.parse('2026-10-03T07:12:58.123Z'),
      timeZoneless: true,
      logLevel: 'error',
      logLogger: 'authz_core',
      requestIds: ['aR9xKq2LmN0pQ4sT'],
      connectionId: 'bT1yLr3MnO5qU6vW',
      errorCode: '13',
      clientAddress: '198.51.100.9',
      clientPort: 4711,
      eventCode: 'AH01630',
      filePath: '/srv/www/x',
      httpRequestReferrer: 'https://shop.test/',
      attributes: { 'error.message': 'Permission denied' },
    },
  },
  {
    // What says nothing is left out, with everything in its field; `-` where the string asks for it.
    of: 'apache.error',
    format: '[%t] [%l] [pid %P] %F: %E: [client\\ %a] [vhost\\ %v] id=%-{UNIQUE_ID}e [ua\\ %{User-Agent}i] %M',
    line: '[Sat Oct 03 07:12:58 2026] [warn] [pid 77] [vhost shop.test] id=- [ua curl/8 (x)] AH00098: pid file overwritten',
    expect: {
      timeMs: Date.parse('2026-10-03T07:12:58Z'),
      logLevel: 'warn',
      processId: '77',
      urlDomain: 'shop.test',
      userAgentOriginal: 'curl/8 (x)',
      requestIds: [],
      eventCode: 'AH00098',
      message: 'pid file overwritten',
    },
  },
];

describe('lines of format strings', () => {
  for (const [i, c] of CASES.entries())
    test(`${c.of} ${i}`, () => {
      const entry = FORMATS.get(c.of)!.compile!(c.format).parse(c.line, emptyContext());
      expect(isFailure(entry), JSON.stringify(entry)).toBe(false);
      expect(entry).toMatchObject(c.expect);
    });
});

test("Apache's own ErrorLogFormat reads what the usual layout reads", () => {
  const usual = FORMATS.get('apache.error')!;
  const compiled = usual.compile!(
    'ErrorLogFormat "[%{u}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\\ %a] %M% ,\\ referer:\\ %{Referer}i"',
  );
  let read = 0;
  for (const part of readFileSync(new URL('../fixtures/lines/apache.error.log', import.meta.url), 'utf8').split(
    /^#! .*\n/m,
  )) {
    const record = part.replace(/\n$/, '');
    const entry = compiled.parse(record, emptyContext());
    // Other layouts stand in the fixture as well.
    if (!/^\[\w{3} \w{3} [\d ]{2} [\d:.]+ \d{4}\] \[\w+:\w+\] \[pid \d+:tid \d+\] (?!\[(?!client ))/.test(record))
      continue;
    read++;
    expect(entry, record).toEqual(usual.parse(record, emptyContext()));
    expect(compiled.starts!(record)).toBe(true);
  }
  expect(read).toBeGreaterThan(3);
  expect(compiled.starts!('  in /srv/www/x.php on line 3')).toBe(false);
});
