/**
 * The signal tables: what holds for every table, and invented lines of each product, read by the real parsers, with
 * the cause that they have to give. A line that only looks like a refusal must give none.
 */
import { describe, expect, test } from 'vitest';
import { type Entry, emptyEntry, entryWith, isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import { fill, matchSignals, SIGNALS } from '../server/attribute/match.ts';
import { attackOf } from '../server/attribute/signals/attacks.ts';
import { CAUSES, isCause, LAYERS } from '../server/model/taxonomy.ts';

function read(dataset: string, record: string): Entry {
  const entry = FORMATS.get(dataset)!.parse(record, emptyContext(Date.parse('2026-03-01T12:00:00Z')));
  if (isFailure(entry)) throw new Error(`${dataset} cannot read: ${record.slice(0, 120)} (${entry.failure})`);
  return entry;
}
const best = (entry: Entry) => matchSignals(entry)[0] ?? null;
const decision = (entry: Entry) => matchSignals(entry).find((m) => m.signal.kind === 'decision') ?? null;

describe('every signal', () => {
  test('has an id of its own', () => {
    expect(new Set(SIGNALS.map((s) => s.id)).size).toBe(SIGNALS.length);
    expect(SIGNALS.length).toBeGreaterThan(900);
  });
  test.each(SIGNALS.map((s) => [s.id, s] as const))('%s is well formed', (id, s) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(s.datasets.length).toBeGreaterThan(0);
    expect([s.message, s.eventCode, s.logger, s.outcome, s.answer, s.when].some((c) => c !== undefined)).toBe(true);
    if (s.kind === 'decision') expect(s.cause !== null && isCause(s.cause)).toBe(true);
    if (s.kind === 'relay' || s.kind === 'ignore') expect(s.cause).toBeNull();
    for (const c of s.alternatives ?? []) expect(isCause(c)).toBe(true);
    expect(s.alternatives ?? []).not.toContain(s.cause);
    expect(s.confidence).toBeGreaterThan(0);
    expect(s.confidence).toBeLessThanOrEqual(1);
    if (s.layer !== undefined) expect(LAYERS).toContain(s.layer);
    expect(s.says.length).toBeGreaterThan(5);
    expect(s.source.length).toBeGreaterThan(5);
  });
  test('expressions hold no repetition inside a repetition', () => {
    for (const s of SIGNALS) {
      for (const x of [s.message, s.logger, s.outcome, s.answer]) {
        if (x instanceof RegExp)
          expect(x.source, s.id).not.toMatch(/\([^()]*[+*][^()]*\)[+*]|\([^()]*[+*][^()]*\)\{\d+,\}/);
      }
    }
  });
  test('no sentence names a field that does not exist', () => {
    const fields = new Set(Object.keys(emptyEntry('x', 'app', 'end')));
    for (const s of SIGNALS) {
      const groups =
        s.message instanceof RegExp ? [...s.message.source.matchAll(/\(\?<(\w+)>/g)].map((m) => m[1]!) : [];
      for (const [, name] of s.says.replace(/\[[^\]]*\]/g, '').matchAll(/\{([\w.-]+)\}/g)) {
        const own = s.when ?? s.outcome ?? s.eventCode;
        const known = fields.has(name!) || name === 'text' || groups.includes(name!) || own !== undefined;
        expect(known, `${s.id}: {${name}}`).toBe(true);
      }
    }
  });
});

const NGINX = (text: string, request = 'GET /shelf/9 HTTP/1.1') =>
  `2026/02/03 04:05:06 [error] 77#77: *5 ${text}, client: 192.0.2.44, server: books.example, request: "${request}", host: "books.example"`;
const AH = (code: string, text: string, module = 'authz_core') =>
  `[Tue Feb 03 04:05:06.123456 2026] [${module}:error] [pid 77:tid 88] [client 192.0.2.44:5050] ${code === '' ? '' : `${code}: `}${text}`;
const HA = (state: string, status: number, server = '<NOSRV>', tail = '', target = 'GET /shelf HTTP/1.1') =>
  `192.0.2.44:5050 [03/Feb/2026:04:05:06.123] fe_books ${server === '<NOSRV>' ? 'fe_books' : 'be_books'}/${server} 0/0/1/2/3 ${status} 120 - - ${state} 1/1/0/0/0 0/0 "${target}"${tail}`;
const TEXT = (level: string, logger: string, text: string) => `2026-02-03 04:05:06,789 ${level} ${logger} ${text}`;
const JSONL = (o: object) => JSON.stringify({ time: '2026-02-03T04:05:06.789Z', ...o });

const LINES: [string, string, string, string][] = [
  // nginx
  ['nginx.error', 'dot file', NGINX('access forbidden by rule', 'GET /.svn/entries HTTP/1.1'), 'config.access'],
  [
    'nginx.error',
    'index',
    NGINX('directory index of "/srv/books/img/" is forbidden', 'GET /img/ HTTP/1.1'),
    'config.index',
  ],
  [
    'nginx.error',
    'file',
    NGINX('open() "/srv/books/a.pdf" failed (13: Permission denied)', 'GET /a.pdf HTTP/1.1'),
    'config.permissions',
  ],
  [
    'nginx.error',
    'symlink',
    NGINX('openat() "/srv/books/now" failed (40: Too many levels of symbolic links)', 'GET /now HTTP/1.1'),
    'config.symlink',
  ],
  ['nginx.error', 'rate', NGINX('limiting requests, excess: 20.250 by zone "perip"'), 'limit.rate'],
  ['nginx.error', 'connections', NGINX('limiting connections by zone "addr"'), 'limit.rate'],
  [
    'nginx.error',
    'dav',
    NGINX('unlink() "/srv/dav/x" failed (13: Permission denied)', 'DELETE /dav/x HTTP/1.1'),
    'config.permissions',
  ],
  [
    'nginx.error',
    'authorizer failed',
    NGINX('auth request unexpected status: 502 while sending to client'),
    'gateway.upstream',
  ],
  [
    'nginx.error',
    'fpm',
    NGINX(
      `FastCGI sent in stderr: "Access to the script '/srv/x.txt' has been denied (see security.limit_extensions)" while reading response header from upstream`,
    ),
    'config.handler',
  ],
  [
    'nginx.error',
    'php says',
    NGINX(
      'FastCGI sent in stderr: "PHP message: shelf: reader 7 is not the owner of list 12, denied" while reading response header from upstream',
    ),
    'permission.ownership',
  ],
  ['nginx.error', 'lua says', NGINX('[lua] gate.lua:12: check(): rejected: api key revoked'), 'credential.revoked'],
  [
    'nginx.error',
    'crowdsec',
    NGINX("[lua] crowdsec.lua:7: Allow(): [Crowdsec] denied '192.0.2.44' with 'ban' (by bouncer)"),
    'address.reputation',
  ],
  // Apache
  [
    'apache.error',
    'hidden',
    AH('AH01630', 'client denied by server configuration: /srv/books/.htpasswd'),
    'config.access',
  ],
  [
    'apache.error',
    'index',
    AH(
      'AH01276',
      'Cannot serve directory /srv/books/img/: No matching DirectoryIndex (index.html) found, and server-generated directory index forbidden by Options directive',
      'autoindex',
    ),
    'config.index',
  ],
  [
    'apache.error',
    'search',
    `[Tue Feb 03 04:05:06 2026] [core:error] [pid 7] (13)Permission denied: [client 192.0.2.44:5050] AH00035: access to /x/ denied (filesystem path '/srv/x') because search permissions are missing on a component of the path`,
    'config.permissions',
  ],
  [
    'apache.error',
    'symlink',
    AH('AH00037', 'Symbolic link not allowed or link target not accessible: /srv/books/now', 'core'),
    'config.symlink',
  ],
  [
    'apache.error',
    'cgi',
    AH('AH02809', 'Options ExecCGI is off in this directory: /srv/books/t.cgi', 'cgi'),
    'config.handler',
  ],
  ['apache.error', 'user', AH('AH01631', 'user kim: authorization failure for "/staff/": '), 'permission.role'],
  [
    'apache.error',
    'tls',
    AH('AH02219', 'access to /srv/books/pay failed, reason: SSL connection required', 'ssl'),
    'config.tls',
  ],
  [
    'apache.error',
    'evasive by logger',
    AH('', 'client denied by server configuration: /srv/books/', 'evasive20'),
    'limit.rate',
  ],
  [
    'apache.error',
    'qos',
    AH(
      '',
      'mod_qos(010): access denied, QS_LocRequestLimit* rule: /x(3), concurrent requests=4, c=192.0.2.44, id=-',
      'qos',
    ),
    'limit.rate',
  ],
  [
    'apache.error',
    'php says',
    AH('AH01071', "Got error 'PHP message: shop: CSRF token mismatch for form 3'", 'proxy_fcgi'),
    'csrf.invalid',
  ],
  ['apache.error', 'wsgi says', AH('', 'refused: reader lacks role librarian', 'wsgi'), 'permission.role'],
  // HAProxy
  ['haproxy.http', 'rate', HA('PR--', 429), 'limit.rate'],
  ['haproxy.http', 'named reason', HA('PR--', 403, '<NOSRV>', ' deny=geo'), 'address.geo'],
  [
    'haproxy.http',
    'named reason in words',
    HA('PR--', 403, '<NOSRV>', ' block_reason="ip not in allowlist"'),
    'address.not-allowed',
  ],
  ['haproxy.http', 'hidden', HA('PR--', 403, '<NOSRV>', '', 'GET /.env HTTP/1.1'), 'config.access'],
  ['haproxy.http', 'withheld', HA('PH--', 502, 'web1'), 'waf.leakage'],
  // others
  [
    'caddy.access',
    'file',
    JSONL({
      level: 'debug',
      ts: 1770091506.5,
      logger: 'http.log.error',
      msg: 'open /srv/x: permission denied',
      request: { method: 'GET', uri: '/x', host: 'books.example', remote_ip: '192.0.2.44' },
      status: 403,
    }),
    'config.permissions',
  ],
  [
    'lighttpd.error',
    'deny',
    '2026-02-03 04:05:06: (mod_access.c.80) url denied as we match access_deny /x.inc',
    'config.access',
  ],
  [
    'fail2ban',
    'ban',
    '2026-02-03 04:05:06,789 fail2ban.actions        [77]: NOTICE  [nginx-x] Ban 192.0.2.44',
    'address.reputation',
  ],
  [
    'syslog',
    'ufw',
    'Feb  3 04:05:06 gate kernel: [UFW LIMIT BLOCK] IN=eth0 OUT= MAC=x SRC=192.0.2.44 DST=198.51.100.1 LEN=60 PROTO=TCP SPT=5050 DPT=443',
    'limit.rate',
  ],
  // frameworks
  [
    'text.app',
    'Django origin',
    TEXT(
      'WARNING',
      'django.security.csrf',
      'Forbidden (Origin checking failed - https://x.example does not match any trusted origins.): /buy',
    ),
    'csrf.origin',
  ],
  [
    'text.app',
    'Django cookie',
    TEXT('WARNING', 'django.security.csrf', 'Forbidden (CSRF cookie not set.): /buy'),
    'csrf.missing',
  ],
  [
    'text.app',
    'Django token',
    TEXT(
      'WARNING',
      'django.security.csrf',
      "Forbidden (CSRF token from the 'X-Csrftoken' HTTP header incorrect.): /buy",
    ),
    'csrf.invalid',
  ],
  [
    'text.app',
    'Django permission',
    TEXT('WARNING', 'django.request', 'Forbidden (Permission denied): /buy'),
    'permission.role',
  ],
  [
    'text.app',
    'Django says more',
    `${TEXT('WARNING', 'django.request', 'Forbidden (Permission denied): /buy')}\nTraceback (most recent call last):\n  File "x.py", line 1, in y\ndjango.core.exceptions.PermissionDenied: list 4 belongs to another user`,
    'permission.ownership',
  ],
  [
    'text.app',
    'Django host',
    TEXT(
      'ERROR',
      'django.security.DisallowedHost',
      "Invalid HTTP_HOST header: 'x.example'. You may need to add 'x.example' to ALLOWED_HOSTS.",
    ),
    'config.host',
  ],
  [
    'text.app',
    'Laravel',
    '[2026-02-03 04:05:06] production.ERROR: This action is unauthorized. {"userId":4}',
    'permission.role',
  ],
  [
    'text.app',
    'Spring',
    "2026-02-03 04:05:06.789 DEBUG 1 --- [nio-1] o.s.w.c.DefaultCorsProcessor : Reject: 'https://x.example' origin is not allowed",
    'origin.cors',
  ],
  [
    'json',
    'csurf',
    JSONL({ level: 'error', msg: 'ForbiddenError', err: { message: 'invalid csrf token', code: 'EBADCSRFTOKEN' } }),
    'csrf.invalid',
  ],
  // any application
  ['text.app', 'words', TEXT('WARN', 'shelf.guard', 'denied: reader 7 lacks role librarian'), 'permission.role'],
  [
    'json',
    'code at info with a decision',
    JSONL({ level: 'info', msg: 'authz', decision: 'deny', reason: 'token_expired' }),
    'credential.expired',
  ],
  [
    'json',
    'decision without a reason',
    JSONL({ level: 'info', msg: 'authz', decision: 'deny', policy_set: 'eu' }),
    'gateway.policy',
  ],
  [
    'json',
    'access line that names its reason',
    JSONL({ level: 'warn', method: 'GET', url: '/x', status: 403, error: 'ACCOUNT_SUSPENDED' }),
    'limit.suspended',
  ],
  [
    'json',
    'error object',
    JSONL({ level: 50, msg: 'request errored', err: { type: 'TokenExpiredError', message: 'jwt expired' } }),
    'credential.expired',
  ],
  [
    'json',
    'authorizer down',
    JSONL({ level: 'error', msg: 'policy engine unreachable, failing closed' }),
    'gateway.upstream',
  ],
  [
    'json',
    'quota',
    JSONL({ level: 'warn', msg: 'request refused', code: 'quota_exceeded', tenant: 'acme' }),
    'limit.quota',
  ],
  [
    'json',
    'nginx variable',
    JSONL({
      request_method: 'GET',
      request_uri: '/x',
      status: 403,
      remote_addr: '192.0.2.44',
      limit_req_status: 'REJECTED',
    }),
    'limit.rate',
  ],
  [
    'clf',
    'trailing reason',
    '192.0.2.44 - - [03/Feb/2026:04:05:06 +0000] "GET /x HTTP/1.1" 403 12 "-" "curl/8" reason=hotlink',
    'origin.referer',
  ],
];

describe('lines of products', () => {
  test.each(LINES)('%s: %s', (dataset, _, record, cause) => {
    expect(decision(read(dataset, record))?.signal.cause).toBe(cause);
  });
});

/** Nothing was refused, or nothing is said about why. */
const NO_DECISION: [string, string, string][] = [
  ['nginx.error', 'dry run', NGINX('limiting requests, dry run, excess: 2.000 by zone "perip"')],
  ['nginx.error', 'delayed', NGINX('delaying request, excess: 2.000, by zone "perip"')],
  [
    'nginx.error',
    'twin of a file',
    NGINX('open() "/srv/books/a.js.gz" failed (13: Permission denied)', 'GET /a.js HTTP/1.1'),
  ],
  [
    'nginx.error',
    'backend socket',
    NGINX('connect() to unix:/run/x.sock failed (13: Permission denied) while connecting to upstream'),
  ],
  [
    'nginx.error',
    'file missing',
    NGINX('open() "/srv/books/a.pdf" failed (2: No such file or directory)', 'GET /a.pdf HTTP/1.1'),
  ],
  [
    'nginx.error',
    'php warning',
    NGINX(
      'FastCGI sent in stderr: "PHP message: PHP Warning: Undefined variable $a in /srv/x.php on line 3" while reading response header from upstream',
    ),
  ],
  ['apache.error', 'script missing', AH('AH02811', 'script not found or unable to stat: /srv/x.cgi', 'cgi')],
  ['apache.error', 'slow client', AH('AH01382', 'Request header read timeout', 'reqtimeout')],
  [
    'apache.error',
    'qos only logs',
    AH(
      '',
      'mod_qos(010): access denied (log only), QS_LocRequestLimit* rule: /x(3), concurrent requests=4, c=192.0.2.44, id=-',
      'qos',
    ),
  ],
  ['haproxy.http', 'relayed', HA('----', 403, 'web1')],
  ['haproxy.http', 'fine', HA('----', 200, 'web1')],
  [
    'fail2ban',
    'found',
    '2026-02-03 04:05:06,789 fail2ban.filter         [77]: INFO    [nginx-x] Found 192.0.2.44 - 2026-02-03 04:05:06',
  ],
  ['fail2ban', 'unban', '2026-02-03 04:05:06,789 fail2ban.actions        [77]: NOTICE  [nginx-x] Unban 192.0.2.44'],
  ['text.app', 'info without refusal', TEXT('INFO', 'shelf.auth', 'token expired, issuing a new one')],
  ['text.app', 'granted', TEXT('WARN', 'shelf.auth', 'permission granted to reader 7')],
  ['json', 'allowed', JSONL({ level: 'info', msg: 'authz', decision: 'allow', reason: 'role' })],
  ['json', 'refreshed', JSONL({ level: 'info', msg: 'session refreshed', reason: 'token_expired' })],
  [
    'json',
    'fine',
    JSONL({
      level: 'info',
      msg: 'request completed',
      method: 'GET',
      url: '/x',
      status: 200,
      reason: 'rate limit exceeded',
    }),
  ],
  ['json', '404', JSONL({ level: 'warn', method: 'GET', url: '/x', status: 404, error: 'api key not found' })],
  ['json', 'plain 403', JSONL({ level: 'warn', msg: 'request completed', method: 'GET', url: '/x', status: 403 })],
  [
    'json',
    'headers of the client are no reasons',
    JSONL({
      level: 'info',
      method: 'GET',
      url: '/x',
      status: 403,
      req: { headers: { 'x-reason': 'rate limit exceeded', reason: 'quota' } },
    }),
  ],
  [
    'syslog',
    'other programs',
    'Feb  3 04:05:06 gate sshd[7]: Failed password for invalid user kim from 192.0.2.44 port 5050 ssh2',
  ],
  [
    'syslog',
    'ufw lets through',
    'Feb  3 04:05:06 gate kernel: [UFW ALLOW] IN=eth0 OUT= SRC=192.0.2.44 DST=198.51.100.1 LEN=60 PROTO=TCP SPT=5050 DPT=443',
  ],
];

describe('lines that refuse nothing', () => {
  test.each(NO_DECISION)('%s: %s', (dataset, _, record) => {
    expect(decision(read(dataset, record))).toBeNull();
  });
  test('a bare "Forbidden: /path" says that the application did not say', () => {
    const m = decision(read('text.app', TEXT('WARNING', 'django.request', 'Forbidden: /buy')));
    expect(m?.signal.cause).toBe('app.unexplained');
    expect(m?.signal.confidence).toBeLessThan(0.5);
  });
  test('mechanisms without a rule stay open for contrast', () => {
    const open: [string, string][] = [
      ['nginx.error', NGINX('access forbidden by rule')],
      ['apache.error', AH('AH01630', 'client denied by server configuration: /srv/books/staff')],
      ['haproxy.http', HA('PR--', 403)],
      ['haproxy.http', HA('LR--', 403)],
    ];
    for (const [dataset, record] of open) {
      const m = decision(read(dataset, record));
      expect(m?.signal.certainty).toBe('implied');
      expect(m?.signal.confidence).toBeLessThan(0.7);
      expect(m?.signal.alternatives).toContain('address.not-allowed');
    }
  });
});

describe('matching', () => {
  test('ignore stands alone', () => {
    const found = matchSignals(read('nginx.error', NGINX('limiting requests, dry run, excess: 2.000 by zone "perip"')));
    expect(found.map((m) => m.signal.kind)).toEqual(['ignore']);
  });
  test('relay is told', () => {
    expect(best(read('haproxy.http', HA('----', 403, 'web1')))?.signal.kind).toBe('relay');
  });
  test('the sentence is filled, and the matched words are given for marking', () => {
    const m = best(read('nginx.error', NGINX('limiting requests, excess: 20.250 by zone "perip"')))!;
    expect(m.says).toBe('limit_req zone perip: 20.250 requests over the limit');
    expect(m.text).toContain('by zone "perip"');
  });
  test('an info line without a word of refusal is context', () => {
    const found = matchSignals(read('text.app', TEXT('INFO', 'shelf.auth', 'jwt expired')));
    expect(found.map((m) => [m.signal.kind, m.signal.cause])).toEqual([['context', 'credential.expired']]);
  });
  test('PHP in a web server’s log belongs to the application', () => {
    const m = decision(
      read(
        'nginx.error',
        NGINX(
          'FastCGI sent in stderr: "PHP message: access denied: reader lacks role librarian" while reading response header from upstream',
        ),
      ),
    );
    expect(m?.signal.layer).toBe('app');
  });
  test('values are one line, masked and cut', () => {
    const entry = entryWith(emptyEntry('x', 'app', 'end'), {
      userName: `a\u001b[2J\n${'b'.repeat(900)}`,
      urlPath: '/x?token=abcdef123456',
    });
    const says = fill('{userName} at {urlPath}[ not {filePath}] {nothing}', entry);
    expect(says).not.toMatch(/[\u0000-\u001f]/);
    expect(says).not.toContain('abcdef123456');
    expect(says.length).toBeLessThan(300);
    expect(says).not.toContain('not');
  });
  test('every cause that a line can state has a signal or a reason', () => {
    const inTables = new Set(SIGNALS.filter((s) => s.kind === 'decision').map((s) => s.cause));
    const inWordsOnly = [
      'limit.lockout',
      'gateway.acl',
      'gateway.tenant',
      'gateway.retired',
      'gateway.route',
      'unknown',
    ];
    for (const cause of Object.keys(CAUSES)) if (!inWordsOnly.includes(cause)) expect(inTables, cause).toContain(cause);
  });
  test('lines without a match cost little', () => {
    const entries = [
      read('text.app', TEXT('INFO', 'shelf.web', 'served page 7 of list 12 in 14 ms to reader 9')),
      read('nginx.error', NGINX('upstream prematurely closed connection while reading response header from upstream')),
      read('json', JSONL({ level: 'info', msg: 'request completed', method: 'GET', url: '/x', status: 200, ms: 12 })),
    ];
    for (let i = 0; i < 500; i++) for (const e of entries) matchSignals(e);
    const start = performance.now();
    for (let i = 0; i < 3000; i++) for (const e of entries) matchSignals(e);
    const each = ((performance.now() - start) * 1000) / 9000;
    expect(each).toBeLessThan(100);
  });
});

describe('names of attacks', () => {
  test.each([
    ['SQL Injection', 'waf.sqli'],
    ['SQLi_QUERYARGUMENTS', 'waf.sqli'],
    ['Cross Site Scripting (XSS)', 'waf.xss'],
    ['Path Traversal', 'waf.traversal'],
    ['Remote File Inclusion', 'waf.rfi'],
    ['Command Execution', 'waf.rce'],
    ['PHP Injection Attack', 'waf.php'],
    ['Apache Log4j CVE-2021-44228', 'waf.java'],
    ['Session Hijacking', 'waf.session'],
    ['Vulnerability Scan', 'waf.scanner'],
    ['Bad Bots', 'waf.bot'],
    ['HTTP Parser Attack', 'waf.protocol'],
    ['Block partner path', null],
    ['office hours', null],
    ['', null],
  ])('%s', (words, cause) => {
    expect(attackOf(words)).toBe(cause);
  });
});

describe('what was answered', () => {
  const answered = (status: number, body: string) =>
    read('json', JSONL({ method: 'POST', path: '/loans', status, remote_addr: '192.0.2.44', response_body: body }));
  test.each([
    [403, '{"message":"You cannot consume this service","request_id":"5b"}', 'gateway.acl'],
    [403, '{"error":"Api Version has expired, please check documentation"}', 'gateway.retired'],
    [403, 'error code: 1009', 'address.geo'],
    [403, '{"error":"this loan belongs to another reader"}', 'permission.ownership'],
    [403, '<title>403 Forbidden</title><p>You don’t have permission to access this resource.</p>', undefined],
    [200, '{"message":"You cannot consume this service"}', undefined],
  ])('%d %s', (status, body, cause) => {
    expect(decision(answered(status, body))?.signal.cause).toBe(cause);
  });
});
