/**
 * WAF resolution: invented records for every clause of how a rule set decides. A wrong class is worse than none, so
 * what is no denial is tested as much as what is one.
 */
import { describe, expect, test } from 'vitest';
import { type Entry, emptyEntry, entryWith, type RuleMatch } from '../parsers/entry.ts';
import { emptyRule } from '../parsers/waf.ts';
import { resolveWaf } from '../server/attribute/waf.ts';

function rule(id: number | string, severity = 'critical', more: Partial<RuleMatch> = {}): RuleMatch {
  return { ...emptyRule(), id: String(id), severity, variable: 'ARGS:q', message: `rule ${id}`, ...more };
}
const denied = (id: number | string, more: Partial<RuleMatch> = {}) =>
  rule(id, '', { denied: true, variable: '', ...more });
const inbound = (score: number) =>
  denied(949110, {
    message: `Inbound Anomaly Score Exceeded (Total Score: ${score})`,
    match: 'Operator GE matched 5 at TX:blocking_inbound_anomaly_score.',
    tags: ['anomaly-evaluation'],
  });
const outbound = (score: number) =>
  denied(959100, { message: `Outbound Anomaly Score Exceeded (Total Score: ${score})` });

function audit(rules: RuleMatch[], more: Partial<Entry> = {}): Entry {
  return entryWith(emptyEntry('modsecurity.audit', 'audit', 'decision'), {
    rules,
    wafIntercepted: rules.some((r) => r.denied),
    wafMode: 'enabled',
    httpResponseStatusCode: 403,
    ...more,
  });
}
const json = (rules: RuleMatch[] | null, more: Partial<Entry> = {}): Entry =>
  entryWith(emptyEntry('modsecurity.json', 'audit', 'start'), {
    rules,
    wafMode: 'enabled',
    httpResponseStatusCode: 403,
    ...more,
  });
const line = (r: RuleMatch, dataset = 'apache.error'): Entry =>
  entryWith(emptyEntry(dataset, 'error', 'decision'), { rules: [r], wafIntercepted: r.denied ? true : null });

describe('what is no denial', () => {
  test.each<[string, Entry[]]>([
    ['nothing', []],
    ['warnings of the error log only', [line(rule(942100)), line(rule(941100))]],
    ['an evaluation rule that only warned', [line(rule(942100)), line(rule(949110))]],
    ['an audit record without messages', [json(null)]],
    ['an audit record of a request that the application refused', [json([rule(920350, 'warning')])]],
    ['v2 audit without interception', [audit([rule(942100)])]],
    ['v2 audit in detection-only mode', [audit([rule(942100), rule(949110)], { wafMode: 'detection_only' })]],
    [
      'v3 audit in detection-only mode',
      [json([rule(942100), rule(949110)], { wafMode: 'detection_only', wafIntercepted: false })],
    ],
    ['v3 audit that answered 200', [json([rule(942100), rule(949110)], { httpResponseStatusCode: 200 })]],
    ['the score report alone', [line(rule(980170, ''))]],
    ['two local rules that may only have logged', [json([rule(100001, ''), rule(100002, '')])]],
    ['Coraza that did not interrupt', [json([rule(942100), rule(949110)], { wafIntercepted: false })]],
  ])('%s', (_, entries) => {
    expect(resolveWaf(entries)).toBeNull();
  });
});

describe('anomaly scoring', () => {
  test.each<[string, RuleMatch[], string]>([
    ['SQL injection', [rule(942100), rule(942190), inbound(10)], 'waf.sqli'],
    ['cross-site scripting', [rule(941100), rule(941110), rule(941160), inbound(15)], 'waf.xss'],
    ['traversal', [rule(930100), rule(930110), inbound(10)], 'waf.traversal'],
    ['remote file', [rule(931100), inbound(5)], 'waf.rfi'],
    ['commands', [rule(932160), inbound(5)], 'waf.rce'],
    ['restricted upload inside the command file', [rule(932180), inbound(5)], 'waf.upload'],
    ['PHP', [rule(933150), inbound(5)], 'waf.php'],
    ['Node.js', [rule(934100), inbound(5)], 'waf.nodejs'],
    ['server-side request forgery', [rule(934110), inbound(5)], 'waf.rfi'],
    ['templates', [rule(934180), inbound(5)], 'waf.rce'],
    ['ORM operators', [rule(934210), inbound(5)], 'waf.sqli'],
    ['session fixation', [rule(943120), inbound(5)], 'waf.session'],
    ['Java beats its tag', [rule(944120, 'critical', { tags: ['attack-rce'] }), inbound(5)], 'waf.java'],
    ['scanner', [rule(913100), inbound(5)], 'waf.scanner'],
    ['scripting client of CRS 3', [rule(913101), inbound(5)], 'waf.bot'],
    ['method', [rule(911100), inbound(5)], 'config.method'],
    ['protocol', [rule(920270), inbound(5)], 'waf.protocol'],
    ['upload size', [rule(920410), inbound(5)], 'waf.upload'],
    ['multipart', [rule(922110), inbound(5)], 'waf.upload'],
    ['fake bot plugin', [rule(9504110), inbound(5)], 'waf.bot'],
    ['incubator plugin', [rule(9942100), inbound(5)], 'waf.sqli'],
    ['local rule with a tag', [rule(150010, 'critical', { tags: ['attack-xss'] }), inbound(5)], 'waf.xss'],
    ['the class with most points', [rule(942100), rule(942190), rule(941100), inbound(15)], 'waf.sqli'],
    ['specific before general', [rule(942100), rule(920270), inbound(10)], 'waf.sqli'],
    ['a weak counter does not win a tie', [rule(942430, 'critical'), rule(932160), inbound(10)], 'waf.rce'],
    ['two attack classes alike', [rule(942100), rule(941100), inbound(10)], 'waf.anomaly'],
    [
      'many small ones, none critical',
      [rule(920280, 'warning'), rule(913110, 'notice'), rule(932190, 'notice'), inbound(7)],
      'waf.anomaly',
    ],
    [
      'severity decides where the points are even',
      [rule(942100), rule(920280, 'warning'), rule(920300, 'notice'), inbound(10)],
      'waf.sqli',
    ],
    ['auxiliary rules do not count', [rule(942013), rule(941100), inbound(5)], 'waf.xss'],
    ['exclusion packages do not count', [rule(9002100), rule(941100), inbound(5)], 'waf.xss'],
    ['setup rules do not count', [rule(900990), rule(905100), rule(941100), inbound(5)], 'waf.xss'],
  ])('%s', (_, rules, cause) => {
    const verdict = resolveWaf([audit(rules)]);
    expect(verdict?.cause).toBe(cause);
    expect(verdict?.direction).toBe('request');
    expect(verdict?.ruleId).not.toMatch(/^949/);
  });

  test('one class is sure, several share', () => {
    expect(resolveWaf([audit([rule(942100), inbound(5)])])?.confidence).toBeGreaterThan(0.9);
    const mixed = resolveWaf([audit([rule(942100), rule(942190), rule(941100), inbound(15)])]);
    expect(mixed?.confidence).toBeCloseTo(0.67, 2);
    expect(mixed?.alternatives[0]).toEqual({ cause: 'waf.xss', confidence: 0.33 });
    expect(mixed?.scores).toEqual({ 'waf.sqli': 10, 'waf.xss': 5 });
  });

  test('the same match in error log and audit log counts once', () => {
    const verdict = resolveWaf([audit([rule(942100), inbound(5)]), line(rule(942100)), line(inbound(5))]);
    expect(verdict?.scores).toEqual({ 'waf.sqli': 5 });
  });

  test('the strongest rule is named, with what it matched', () => {
    const verdict = resolveWaf([
      audit([
        rule(942430, 'warning'),
        rule(942100, 'critical', {
          message: 'SQL Injection',
          data: 'Matched Data: 1&1 found within ARGS:q',
          variable: 'ARGS:q',
        }),
        inbound(8),
      ]),
    ]);
    expect(verdict).toMatchObject({
      ruleId: '942100',
      ruleMessage: 'SQL Injection',
      variable: 'ARGS:q',
      dataExcerpt: 'Matched Data: 1&1 found within ARGS:q',
    });
    expect(verdict?.says).toContain('942100');
    expect(verdict?.says).toContain('8 (threshold 5)');
  });

  test('rules above the blocking paranoia level do not count once the report tells it', () => {
    const report = line(
      rule(980170, '', {
        message:
          'Anomaly Scores: (Inbound Scores: blocking=5, detection=15, per_pl=5-10-0-0, threshold=5) - (Outbound Scores: blocking=0, detection=0, per_pl=0-0-0-0, threshold=4) - (SQLI=10, XSS=5, RFI=0, LFI=0, RCE=0, PHPI=0, HTTP=0, SESS=0, COMBINED_SCORE=15)',
      }),
    );
    const high = { tags: ['paranoia-level/2'] };
    const verdict = resolveWaf([
      audit([
        rule(942200, 'critical', high),
        rule(942260, 'critical', high),
        rule(941100, 'critical', { tags: ['paranoia-level/1'] }),
        inbound(5),
      ]),
      report,
    ]);
    expect(verdict?.cause).toBe('waf.xss');
  });
});

describe('answers', () => {
  test('outbound: leakage, whatever the request looked like', () => {
    const verdict = resolveWaf([audit([rule(920350, 'warning'), rule(951120, 'error'), outbound(4)])]);
    expect(verdict).toMatchObject({ cause: 'waf.leakage', direction: 'response', ruleId: '951120' });
  });
  test('outbound without its rules is still leakage', () => {
    expect(resolveWaf([line(outbound(4), 'nginx.error')])).toMatchObject({
      cause: 'waf.leakage',
      direction: 'response',
    });
  });
  test('a hidden 5xx of the backend is said as an alternative', () => {
    const verdict = resolveWaf([audit([rule(950100, 'error'), outbound(4)])]);
    expect(verdict?.cause).toBe('waf.leakage');
    expect(verdict?.alternatives.map((a) => a.cause)).toContain('gateway.upstream');
  });
});

describe('rules that deny by themselves', () => {
  test.each<[string, RuleMatch, string]>([
    ['self-contained CRS', denied(942100), 'waf.sqli'],
    ['antivirus plugin', denied(9502110), 'waf.upload'],
    ['denial of service plugin', denied(9514120), 'limit.rate'],
    ['CRS 3 denial of service', denied(912120), 'limit.rate'],
    ['country of CRS 3', denied(910100), 'address.geo'],
    ['request body that cannot be parsed', denied(200002, { variable: 'REQBODY_ERROR' }), 'waf.protocol'],
    ['multipart', denied(200003, { variable: 'MULTIPART_STRICT_ERROR' }), 'waf.upload'],
    ['the WAF without configuration', denied(901001), 'waf.error'],
    [
      'v2 address list',
      denied(100010, { match: 'IPmatchFromFile: "192.0.2.1" matched at REMOTE_ADDR.', variable: 'REMOTE_ADDR' }),
      'address.denied',
    ],
    [
      'v2 address list, negated',
      denied(100011, { match: 'Match of "ipMatch 10.0.0.0/8" against "REMOTE_ADDR" required.', variable: '' }),
      'address.not-allowed',
    ],
    [
      'v3 address list',
      denied(100012, {
        match:
          "Matched \"Operator `IpMatch' with parameter `192.0.2.0/24' against variable `REMOTE_ADDR' (Value: `192.0.2.1' )",
        variable: 'REMOTE_ADDR',
      }),
      'address.denied',
    ],
    [
      'country',
      denied(100013, { match: 'Operator within matched at GEO:COUNTRY_CODE.', variable: 'GEO:COUNTRY_CODE' }),
      'address.geo',
    ],
    [
      'block list of names',
      denied(100014, {
        match: 'RBL lookup of 1.2.0.192.zen.example succeeded at REMOTE_ADDR.',
        variable: 'REMOTE_ADDR',
      }),
      'address.reputation',
    ],
    [
      'method',
      denied(100015, { match: 'Pattern match "^TRACE$" at REQUEST_METHOD.', variable: 'REQUEST_METHOD' }),
      'config.method',
    ],
    ['referer', denied(100016, { variable: 'REQUEST_HEADERS:Referer' }), 'origin.referer'],
    ['user agent', denied(100017, { variable: 'REQUEST_HEADERS:User-Agent', message: 'Unwanted client' }), 'waf.bot'],
    [
      'user agent of a scanner',
      denied(100018, { variable: 'REQUEST_HEADERS:User-Agent', message: 'Scanner in user agent' }),
      'waf.scanner',
    ],
    ['host', denied(100019, { variable: 'REQUEST_HEADERS:Host' }), 'config.host'],
    ['persistent counter', denied(100020, { variable: 'IP:REQUESTS' }), 'limit.rate'],
    [
      'persistent flag',
      denied(100021, { variable: 'IP:BLOCK_FLAG', message: 'Address is banned' }),
      'address.reputation',
    ],
    ['words of the message', denied(100022, { variable: 'TX:N', message: 'Login brute force' }), 'limit.rate'],
    ['tag', denied(100023, { tags: ['attack-lfi'] }), 'waf.traversal'],
    [
      'file name where tags are cut',
      denied(0, { id: '', file: '/etc/crs/rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf' }),
      'waf.sqli',
    ],
    ['anything else', denied(100024, { variable: 'ARGS:coupon' }), 'waf.custom'],
  ])('%s', (_, r, cause) => {
    expect(resolveWaf([line(r)])?.cause).toBe(cause);
  });

  test('beats whatever scored beside it', () => {
    expect(
      resolveWaf([audit([rule(942100), rule(942190), denied(100019, { variable: 'REQUEST_HEADERS:Host' })])])?.cause,
    ).toBe('config.host');
  });
  test('reputation block of CRS 3 names the list that matched', () => {
    expect(resolveWaf([audit([rule(910100), denied(949100)])])?.cause).toBe('address.geo');
    expect(resolveWaf([audit([denied(949100)])])?.cause).toBe('address.reputation');
    // Flagged by this very request.
    expect(resolveWaf([audit([rule(913120), denied(949100)])])?.cause).toBe('waf.scanner');
  });
  test('an answer rule denies the answer', () => {
    expect(resolveWaf([line(denied(953100))])).toMatchObject({ cause: 'waf.leakage', direction: 'response' });
  });
});

describe('JSON of v3, which does not say whether it denied', () => {
  test('an evaluation rule in an enabled engine is a denial', () => {
    expect(resolveWaf([json([rule(942100), rule(949110, '')])])).toMatchObject({
      cause: 'waf.sqli',
      certainty: 'stated',
    });
  });
  test('without the engine’s mode it is only likely', () => {
    const verdict = resolveWaf([json([rule(942100), rule(949110, '')], { wafMode: null })]);
    expect(verdict).toMatchObject({ cause: 'waf.sqli', certainty: 'implied' });
    expect(verdict!.confidence).toBeLessThan(0.85);
  });
  test('one local rule and a 403: likely, not sure', () => {
    const verdict = resolveWaf([json([rule(100030, '', { variable: 'REQUEST_HEADERS:Host' })])]);
    expect(verdict).toMatchObject({ cause: 'config.host', certainty: 'implied' });
    expect(verdict!.confidence).toBeLessThan(0.6);
  });
  test('the line of the error log makes it sure', () => {
    const local = rule(100030, '', { variable: 'REQUEST_HEADERS:Host' });
    expect(resolveWaf([json([local]), line({ ...local, denied: true }, 'nginx.error')])).toMatchObject({
      cause: 'config.host',
      certainty: 'stated',
    });
  });
});

describe('when the rule lines are lost', () => {
  const alone = (text: string, id = 980130) => resolveWaf([line(inbound(15)), line(rule(id, '', { message: text }))]);
  test('CRS 3 report', () => {
    const verdict = alone(
      'Inbound Anomaly Score Exceeded (Total Inbound Score: 15 - SQLI=10,XSS=5,RFI=0,LFI=0,RCE=0,PHPI=0,HTTP=0,SESS=0): individual paranoia level scores: 15, 0, 0, 0',
    );
    expect(verdict?.cause).toBe('waf.sqli');
    expect(verdict!.confidence).toBeLessThan(0.67);
    expect(verdict?.alternatives[0]?.cause).toBe('waf.xss');
  });
  test('CRS 4 report', () => {
    const verdict = alone(
      'Anomaly Scores: (Inbound Scores: blocking=5, detection=5, per_pl=5-0-0-0, threshold=5) - (Outbound Scores: blocking=0, detection=0, per_pl=0-0-0-0, threshold=4) - (SQLI=0, XSS=0, RFI=0, LFI=5, RCE=0, PHPI=0, HTTP=0, SESS=0, COMBINED_SCORE=5)',
      980170,
    );
    expect(verdict?.cause).toBe('waf.traversal');
  });
  test('points without a class are said', () => {
    expect(
      alone(
        'Inbound Anomaly Score Exceeded (Total Inbound Score: 15 - SQLI=10,XSS=0,RFI=0,LFI=0,RCE=0,PHPI=0,HTTP=0,SESS=0): individual paranoia level scores: 15, 0, 0, 0',
      )?.says,
    ).toContain('5 more points');
  });
  test('two classes alike', () => {
    expect(
      alone(
        'Inbound Anomaly Score Exceeded (Total Inbound Score: 10 - SQLI=5,XSS=5,RFI=0,LFI=0,RCE=0,PHPI=0,HTTP=0,SESS=0): individual paranoia level scores: 10, 0, 0, 0',
      )?.cause,
    ).toBe('waf.anomaly');
  });
  test('nothing at all: anomaly, low, and which log would tell', () => {
    const verdict = resolveWaf([line(inbound(5), 'nginx.error')]);
    expect(verdict?.cause).toBe('waf.anomaly');
    expect(verdict!.confidence).toBeLessThan(0.5);
    expect(verdict?.says).toContain('audit log');
  });
});

describe('NAXSI', () => {
  const naxsi = (scores: Record<string, string>, intercepted: boolean | null, id = '1000'): Entry =>
    entryWith(emptyEntry('nginx.error', 'error', 'decision'), {
      logLogger: 'naxsi',
      wafIntercepted: intercepted,
      rules: [rule(id, '', { denied: intercepted === true })],
      attributes: Object.fromEntries(
        Object.entries(scores).flatMap(([name, n], i) => [
          [`naxsi.cscore${i}`, name],
          [`naxsi.score${i}`, n],
        ]),
      ),
    });
  test.each<[Record<string, string>, string, string]>([
    [{ $SQL: '12' }, '1000', 'waf.sqli'],
    [{ $SQL: '4', $XSS: '8' }, '1302', 'waf.xss'],
    [{ $UWA: '8' }, '42000', 'waf.custom'],
    [{}, '1205', 'waf.traversal'],
    [{}, '11', 'waf.protocol'],
    [{}, '17', 'waf.sqli'],
  ])('%o with rule %s → %s', (scores, id, cause) => {
    expect(resolveWaf([naxsi(scores, true, id)])?.cause).toBe(cause);
  });
  test('learning is no denial', () => {
    expect(resolveWaf([naxsi({ $SQL: '12' }, false)])).toBeNull();
  });
});

describe('hostile text', () => {
  test('is cut, masked and on one line', () => {
    const verdict = resolveWaf([
      audit([
        rule(942100, 'critical', {
          data: `Matched Data: \u001b[31m?token=abcdef123456&x=${'A'.repeat(400)}\n`,
          message: `m\u0007${'b'.repeat(500)}`,
        }),
        inbound(5),
      ]),
    ]);
    expect(verdict?.dataExcerpt?.length).toBeLessThanOrEqual(120);
    expect(verdict?.dataExcerpt).not.toContain('abcdef123456');
    expect(verdict?.dataExcerpt).not.toMatch(/[\u0000-\u001f]/);
    expect(verdict?.says).not.toMatch(/[\u0000-\u001f]/);
    expect(verdict?.says.length).toBeLessThan(400);
  });
  test.each(['ARGS:password', 'REQUEST_COOKIES:sid', 'REQUEST_HEADERS:Authorization'])(
    '%s is never repeated',
    (variable) => {
      expect(
        resolveWaf([audit([rule(942100, 'critical', { variable, data: 'Matched Data: hunter2' }), inbound(5)])])
          ?.dataExcerpt,
      ).toBe('***');
    },
  );
});
