/**
 * Real configuration trees, as they lie under /etc, made in a temporary directory: `check` finds every log that they
 * name and writes the YAML to use, and `report -c` with that YAML reads the logs with the right fields.
 */
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { remedyFor } from '../../server/cli/readable.ts';
import { readApache } from '../../server/configs/apache.ts';
import type { ServerConfig } from '../../server/configs/configured.ts';
import { readHaproxy } from '../../server/configs/haproxy.ts';
import { readNginx } from '../../server/configs/nginx.ts';
import { readCaddy, readEnvoy, readIis, readTraefik } from '../../server/configs/others.ts';
import { CONFIG_DEPTH_MAX } from '../../server/limits.ts';
import { cli, directory } from './run.ts';

/** The tree with the directory's own name in place of ROOT. */
function tree(files: Record<string, string>): string {
  const root = directory(files);
  for (const name of Object.keys(files)) {
    const path = join(root, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('ROOT', root));
  }
  return root;
}

/** Everything below, with what would change if it were written to. */
function snapshot(root: string): string[] {
  return readdirSync(root, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const info = statSync(join(root, name), { throwIfNoEntry: false });
      return `${name} ${info?.mtimeMs} ${info?.size}`;
    });
}

const yamlOf = (out: string): string => out.slice(out.indexOf('\nlogs:\n') + 1);
const paths = (config: ServerConfig): (string | null)[] => config.logs.map((log) => log.path);

async function checked(root: string, path: string): Promise<{ out: string; refusals: Record<string, unknown>[] }> {
  const before = snapshot(root);
  const { out, err, code } = await cli(['check', path]);
  expect([code, err]).toEqual([0, '']);
  const yaml = join(directory({ 'why403.yaml': yamlOf(out) }), 'why403.yaml');
  const report = await cli(['report', '-c', yaml, '--format', 'jsonl']);
  expect([report.code, report.err]).toEqual([0, '']);
  // The directory itself says the same without the YAML.
  const direct = await cli(['report', path, '--format', 'jsonl']);
  expect(direct.out).toBe(report.out);
  expect(snapshot(root)).toEqual(before);
  return {
    out,
    refusals: report.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

describe('nginx', () => {
  const files = {
    'etc/nginx/nginx.conf': `
user www-data; # { not a block
error_log ROOT/var/log/nginx/error.log crit;
events { worker_connections 768; }
http {
  log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                  '$status $body_bytes_sent rt=$request_time'; # continued
  log_format shop escape=json '{"t":"$time_iso8601",'
    "\\"uri\\":\\"$request_uri\\","
    '"s":$status,"m":"$request_method","ip":"$remote_addr","host":"$host"}';
  map $status $loggable { ~^[23] 0; default 1; }
  access_log ROOT/var/log/nginx/access.log main buffer=32k flush=5s;
  init_by_lua_block { local x = "}" -- } ;
    if x then y = { a = "{" } end
  }
  include conf.d/*.conf;
  include sites-enabled/*;
  include nginx.conf;
}
stream { access_log ROOT/var/log/nginx/stream.log basic; }
`,
    'etc/nginx/conf.d/status.conf': 'server { location = /health { access_log off; return 200 "ok;}"; } }',
    'etc/nginx/sites-available/shop': `
server {
  server_name shop.example;
  location ~ ^/a(b|c)$ { access_log "ROOT/var/log/nginx/$host.json" shop if=$loggable; }
  access_log syslog:server=127.0.0.1:514,tag=nginx main;
  modsecurity_rules_file ROOT/etc/nginx/modsec.conf;
}`,
    'etc/nginx/modsec.conf':
      'SecRuleEngine On\nSecAuditEngine RelevantOnly\nSecAuditLogRelevantStatus "^(?:5|4(?!03))"\nSecAuditLogType Concurrent\nSecAuditLog ROOT/var/log/modsec_audit.log\nSecAuditLogStorageDir ROOT/var/log/modsec/\n',
    'var/log/nginx/access.log':
      '203.0.113.9 - - [22/Nov/2025:09:57:01 +0100] "GET /a HTTP/1.1" 403 12 rt=0.203\n203.0.113.9 - - [22/Nov/2025:09:57:02 +0100] "GET /b HTTP/1.1" 200 12 rt=0.001\n',
    'var/log/nginx/access.log.1': '203.0.113.8 - - [21/Nov/2025:09:57:01 +0100] "GET /old HTTP/1.1" 403 12 rt=0.203\n',
    'var/log/nginx/shop.example.json':
      '{"t":"2025-11-22T10:00:00+01:00","uri":"/orders/7?x=1","s":403,"m":"POST","ip":"203.0.113.10","host":"shop.example"}\n',
  };

  test('every log, its format, its neighbours', async () => {
    const root = tree(files);
    const sites = join(root, 'etc/nginx/sites-enabled');
    const at = join(root, 'etc/nginx/sites-available/shop');
    chmodSync(root, 0o755);
    const { mkdirSync } = await import('node:fs');
    mkdirSync(sites);
    symlinkSync(at, join(sites, 'shop'));
    const { out, refusals } = await checked(root, join(root, 'etc/nginx'));
    expect(refusals.map((r) => [r.time, r.client, r.method, r.host, r.path, r.query])).toEqual([
      ['2025-11-21T08:57:01.000Z', '203.0.113.8', 'GET', null, '/old', null],
      ['2025-11-22T08:57:01.000Z', '203.0.113.9', 'GET', null, '/a', null],
      ['2025-11-22T09:00:00.000Z', '203.0.113.10', 'POST', 'shop.example', '/orders/7', 'x=1'],
    ]);
    expect(out).toContain('format shop (compiled): nginx.access, layer web');
    expect(out).toContain('error_log is at crit');
    expect(out).toContain('access_log off');
    expect(out).toContain('goes to syslog');
    expect(out).toContain('leaves out 403');
    expect(out).toContain('modsecurity.index, layer waf');
    expect(out).toContain('only its index is followed');
    expect(out).toContain('it includes itself');
    expect(out).not.toContain('stream.log');
    // The directory that holds it, and the file itself.
    const above = await cli(['report', join(root, 'etc'), '--format', 'jsonl']);
    expect(above.out.split('\n')).toHaveLength(4);
    const file = await cli(['report', join(root, 'etc/nginx/nginx.conf'), '--format', 'jsonl']);
    expect(file.out.split('\n')).toHaveLength(4);
  });

  test('without access_log, nginx has its own place; installed in one directory', () => {
    const root = tree({ 'etc/nginx/nginx.conf': 'http { server { listen 80; } }' });
    expect(paths(readNginx(join(root, 'etc/nginx/nginx.conf')))).toEqual([join(root, 'var/log/nginx/access.log')]);
    const own = tree({ 'conf/nginx.conf': 'http { access_log logs/access.log; }', 'logs/x': '' });
    expect(paths(readNginx(join(own, 'conf/nginx.conf')))).toEqual([join(own, 'logs/access.log')]);
  });

  test('any text ends, includes have an end', () => {
    for (const text of [
      '',
      '}',
      '{',
      '"',
      "log_format a '",
      'include;',
      'a_by_lua_block {',
      'access_log',
      '\\',
      '$',
      'a ${',
    ])
      expect(() => readNginx(join(directory({ 'nginx.conf': text }), 'nginx.conf'))).not.toThrow();
    const chain: Record<string, string> = {};
    for (let i = 0; i < 30; i++) chain[`${i}.conf`] = `include ${i + 1}.conf; access_log /x${i}.log;`;
    const root = directory({ ...chain, 'nginx.conf': 'include 0.conf;' });
    const config = readNginx(join(root, 'nginx.conf'));
    expect(config.files).toHaveLength(CONFIG_DEPTH_MAX);
    expect(config.problems[0]?.errno).toContain('deep');
  });
});

describe('Apache', () => {
  test('Debian’s tree: envvars, links, virtual hosts, inline formats, pipes', async () => {
    const root = tree({
      'etc/apache2/apache2.conf': `
ServerRoot "ROOT/etc/apache2"
ErrorLog \${APACHE_LOG_DIR}/error.log
LogLevel crit core:info
IncludeOptional mods-enabled/*.load
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
LogFormat "%v:%p %a %{%Y-%m-%d %H:%M:%S}t.%{msec_frac}t %{%z}t \\"%m %U%q %H\\" %>s \\
%D \\"%{User-Agent}i\\" %{UNIQUE_ID}e" detailed
Define shop_log "\${APACHE_LOG_DIR}/shop"
IncludeOptional sites-enabled/*.conf
`,
      'etc/apache2/envvars':
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
        'if [ "${A##x}" != y ]; then\n\tSUFFIX="-${A}"\nfi\nexport APACHE_LOG_DIR=ROOT/var/log/apache2$SUFFIX\nexport LANG=C\n',
      'etc/apache2/sites-available/shop.conf': `
<VirtualHost *:443>
  ServerName shop.example
  ErrorLog "|/usr/bin/rotatelogs -l \${APACHE_LOG_DIR}/shop-error.%Y-%m-%d.log 86400"
  ErrorLogFormat "[%{cu}t] [%-m:%l] [pid %P:tid %T] [client\\ %a] %M"
  CustomLog \${shop_log}.log detailed env=!quiet
  customlog "|$/usr/sbin/rotatelogs \${APACHE_LOG_DIR}/inline_log 86400" "%h [%{sec}t] %>s \\"%r\\""
  CustomLog "|/usr/bin/logger -t httpd" combined
  <IfModule security2_module>
    SecAuditEngine Off
    SecAuditLog \${APACHE_LOG_DIR}/modsec_audit.log
    SecAuditLogFormat JSON
  </IfModule>
</VirtualHost>
`,
      'etc/apache2/sites-enabled/.keep': '',
      'var/log/apache2/shop.log':
        'shop.example:443 203.0.113.9 2025-11-22 09:57:01.250 +0100 "GET /a b?c=d HTTP/1.1" 403 1500 "say \\"hi\\"" aAbBcC0123456789dDeEfFAAAAE\n',
      'var/log/apache2/inline_log.1763769600': '203.0.113.10 [1763805421] 403 "POST /x HTTP/1.1"\n',
      'var/log/apache2/shop-error.2025-11-22.log':
        '[2025-11-22 09:57:01.251000] [authz_core:error] [pid 7:tid 8] [client 203.0.113.9:4711] AH01630: client denied by server configuration: /srv/a\n',
    });
    symlinkSync('../sites-available/shop.conf', join(root, 'etc/apache2/sites-enabled/shop.conf'));
    const { out, refusals } = await checked(root, join(root, 'etc/apache2'));
    expect(refusals.map((r) => [r.time, r.client, r.method, r.host, r.path, r.query])).toEqual([
      ['2025-11-22T08:57:01.250Z', '203.0.113.9', 'GET', 'shop.example', '/a b', 'c=d'],
      ['2025-11-22T09:57:01.000Z', '203.0.113.10', 'POST', null, '/x', null],
    ]);
    expect(out).toContain(`${root}/var/log/apache2/shop-error.*.log`);
    expect(yamlOf(out)).toContain('[%{cu}t] [%-m:%l] [pid %P:tid %T] [client');
    expect(out).toContain('LogLevel crit hides why');
    expect(out).toContain('goes to a program, whose file is not known');
    expect(out).toContain('only requests for which env=!quiet holds');
    expect(out).toContain('SecAuditEngine is off');
    expect(out).toContain('modsecurity.json, layer waf');
    expect(yamlOf(out)).toContain(`path: ${root}/var/log/apache2/inline_log*`);
  });

  test('Red Hat’s layout, a format that is not defined, TransferLog', () => {
    const root = tree({
      'etc/httpd/conf/httpd.conf':
        'ServerRoot "ROOT/etc/httpd"\nInclude conf.d/*.conf\nErrorLog "logs/error_log"\nLogFormat "%h %>s %t"\nTransferLog logs/transfer\nCustomLog logs/a nosuch\n',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Apache's
      'etc/httpd/conf.d/x.conf': 'CustomLog ${NOWHERE}/b.log "%h %t %>s"\n',
    });
    const config = readApache(join(root, 'etc/httpd/conf/httpd.conf'));
    expect(config.logs.map((log) => [log.path, log.formatName, log.pattern])).toEqual([
      [join(root, 'etc/httpd/logs/error_log'), null, null],
      [join(root, 'etc/httpd/*/b.log'), 'inline', '%h %t %>s'],
      [join(root, 'etc/httpd/logs/transfer'), 'default', '%h %>s %t'],
      [join(root, 'etc/httpd/logs/a'), 'nosuch', null],
    ]);
    expect(config.logs[1]!.notes.join()).toContain('{NOWHERE}');
    expect(config.logs[3]!.notes.join()).toContain('no LogFormat nosuch');
  });
});

describe('HAProxy', () => {
  test('frontends with formats of their own in one file that rsyslog writes', async () => {
    const root = tree({
      'etc/haproxy/haproxy.cfg': `
global
  log /dev/log local0
  log /dev/log local1 notice
defaults web
  mode http
  log global
  option httplog
frontend plain
  bind :80
  default_backend be
frontend custom from web
  bind :81
  option dontlog-normal
  log-format "%ci:%cp [%tr] %ft %b/%s %Ta %ST %tsc %hr %{+Q}r %[var(txn.reason)]"
frontend js
  bind :82
  log-format '{"t":"%T","c":"%ci","m":"%HM","u":"%HU","s":%ST,"why":"%[var(txn.reason)]"}'
listen quiet
  bind :83
  no log
  log stdout format raw local0
backend be
  server s1 10.0.0.1:80
`,
      'etc/rsyslog.d/49-haproxy.conf':
        '$AddUnixListenSocket /var/lib/haproxy/dev/log\n:programname, startswith, "haproxy" {\n  ROOT/var/log/haproxy.log\n  stop\n}\n',
      'var/log/haproxy.log': [
        'Nov 22 09:57:01 lb1 haproxy[121]: 203.0.113.9:4711 [22/Nov/2025:09:57:01.100] plain plain/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- 1/1/0/0/0 0/0 "GET /a HTTP/1.1"',
        'Nov 22 09:57:02 lb1 haproxy[121]: 203.0.113.9:4712 [22/Nov/2025:09:57:02.100] custom~ be/s1 12 403 PR-- "GET /b?c HTTP/1.1" acl deny',
        'Nov 22 09:57:03 lb1 haproxy[121]: {"t":"22/Nov/2025:09:57:03 +0000","c":"203.0.113.10","m":"POST","u":"/c","s":403,"why":"x"}',
        'Nov 22 09:57:04 lb1 haproxy[121]: Server be/s1 is DOWN, reason: Layer4 connection problem.',
        '',
      ].join('\n'),
    });
    const { out, refusals } = await checked(root, join(root, 'etc/haproxy'));
    expect(refusals.map((r) => [r.client, r.method, r.path, r.query, r.decidingLayer])).toEqual([
      ['203.0.113.9', 'GET', '/a', null, 'loadbalancer'],
      ['203.0.113.9', 'GET', '/b', 'c', 'loadbalancer'],
      ['203.0.113.10', 'POST', '/c', null, 'loadbalancer'],
    ]);
    expect(out).toContain('4 lines');
    expect(out).toContain('all read');
    expect(out).toContain(`which writes this file: ${root}/etc/rsyslog.d/49-haproxy.conf:3`);
    expect(out).toContain('dontlog-normal');
    expect(out).toContain('read it from Docker’s json-file');
  });

  test('a frontend that logs nothing, one without httplog, no rule of rsyslog', () => {
    const root = tree({
      'etc/haproxy/haproxy.cfg':
        'global\n log 127.0.0.1:514 local2\nfrontend a\n mode http\n bind :80\nfrontend b\n log global\n mode http\n bind :81\n',
      'etc/rsyslog.conf': '*.info;local2.none /var/log/messages\n',
    });
    const config = readHaproxy(join(root, 'etc/haproxy/haproxy.cfg'));
    expect(config.advice.map((a) => [a.line, a.text.split(':')[0]])).toEqual([
      [3, 'frontend a logs nothing'],
      [6, 'frontend b logs connections only'],
    ]);
    expect(config.logs[0]!.notes.join()).toContain('local2.* /var/log/haproxy.log');
  });
});

describe('others', () => {
  test('Envoy', () => {
    const root = directory({
      'envoy.yaml': `
static_resources:
  listeners:
  - filter_chains:
    - filters:
      - typed_config:
          access_log:
          - name: envoy.access_loggers.file
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog
              path: /var/log/envoy/access.log
              log_format: {text_format_source: {inline_string: "[%START_TIME%] %RESPONSE_CODE%\\n"}}
          - name: stdout
            typed_config: {"@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog}
          - typed_config: {path: /var/log/envoy/x.json, log_format: {json_format: {code: "%RESPONSE_CODE%"}}}
`,
    });
    const config = readEnvoy(join(root, 'envoy.yaml'));
    expect(config.logs.map((log) => [log.path, log.formatName, log.pattern])).toEqual([
      ['/var/log/envoy/access.log', 'text', '[%START_TIME%] %RESPONSE_CODE%'],
      [null, 'default', null],
      ['/var/log/envoy/x.json', 'json', '{"code":"%RESPONSE_CODE%"}'],
    ]);
  });

  test('Traefik, as YAML and as TOML, and switched off', () => {
    const root = directory({
      'traefik.yml':
        'accessLog:\n  filePath: /var/log/traefik/access.log\n  format: json\n  fields: {defaultMode: drop}\n',
      'traefik.toml': '[log]\n level = "INFO"\n[accessLog]\n filePath = "/var/log/t.log"\n[accessLog.fields]\n',
      'off.yml': 'entryPoints: {web: {address: ":80"}}\n',
    });
    const yaml = readTraefik(join(root, 'traefik.yml'));
    expect(yaml.logs.map((log) => [log.path, log.formatName])).toEqual([['/var/log/traefik/access.log', 'json']]);
    expect(yaml.advice).toHaveLength(1);
    expect(paths(readTraefik(join(root, 'traefik.toml')))).toEqual(['/var/log/t.log']);
    expect(readTraefik(join(root, 'off.yml')).advice[0]?.text).toContain('accessLog is off');
  });

  test('Caddyfile', () => {
    const root = directory({
      Caddyfile: `
{
	log default {
		output discard
	}
}
shop.example {
	log {
		output file /var/log/caddy/shop.log {
			roll_size 10mb
		}
		format transform "{request>client_ip} [{ts}] {status}" {
			time_format iso8601
		}
	}
	log access2
	import sites/*
}
`,
      'sites/a': 'a.example {\n\tlog {\n\t\toutput file relative.log\n\t\tformat json\n\t}\n}\n',
    });
    const config = readCaddy(join(root, 'Caddyfile'));
    expect(config.logs.map((log) => [log.path, log.formatName, log.pattern])).toEqual([
      [null, 'json', null],
      ['/var/log/caddy/shop.log', 'transform', '{request>client_ip} [{ts}] {status}'],
      [null, 'json', null],
      [join(root, 'relative.log'), 'json', null],
    ]);
  });

  test('IIS', () => {
    const root = directory({
      'applicationHost.config':
        '<configuration><system.applicationHost><sites><siteDefaults>\n<logFile logFormat="W3C" directory="%SystemDrive%\\inetpub\\logs\\LogFiles" logExtFileFlags="Date, Time" /></siteDefaults></sites></system.applicationHost></configuration>',
    });
    const config = readIis(join(root, 'applicationHost.config'));
    expect(paths(config)).toEqual(['C:/inetpub/logs/LogFiles/W3SVC*/*.log']);
    expect(config.advice[0]?.text).toContain('HttpSubStatus');
  });
});

test('no text makes a reader of configurations throw or run on', () => {
  const root = directory({ x: '' });
  const file = join(root, 'nginx.conf');
  const word = fc.constantFrom(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: nginx' and Apache's
    ...'http { } ; " \' \\ # \n include nginx.conf log_format access_log error_log ${ $host *_by_lua_block x_by_lua_block <VirtualHost </VirtualHost> CustomLog LogFormat ErrorLog Define ${X} | %h frontend defaults log global log-format option httplog from accessLog: filePath: - [accessLog] access_log: typed_config: log output file format transform <logFile directory= /> & * ! : SecAuditLog'.split(
      ' ',
    ),
    '\n',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 6 })), { maxLength: 60 }), (words) => {
      writeFileSync(file, words.join(words.length % 2 === 0 ? ' ' : ''));
      for (const read of [readNginx, readApache, readHaproxy, readEnvoy, readTraefik, readCaddy, readIis]) read(file);
    }),
    // A brace that is opened and never closed.
    { numRuns: 500, examples: [[['ErrorLog', '', '${', '']]] },
  );
});

test('a log that may not be read has its remedy', () => {
  const file = { path: '/var/log/x.log', directory: false, mode: 0o640, group: 'adm' };
  expect(remedyFor(file, 'why')).toContain('sudo usermod -aG adm why');
  expect(remedyFor({ ...file, mode: 0o600 }, 'why')).toContain('sudo setfacl -m u:why:r /var/log/x.log');
  expect(remedyFor({ ...file, group: 'root' }, 'why')).toContain('setfacl');
  expect(remedyFor({ ...file, directory: true, mode: 0o700 }, 'why')).toContain('setfacl -m u:why:rx');
});

describe('logs: and --log', () => {
  const line = '203.0.113.9|2025-11-22 09:57:01|GET /a|b HTTP/1.1|403\n';
  const format = '$remote_addr|$time_local|$request|$status';

  test('say format, layer and zone of one log', async () => {
    const root = directory({
      'logs/x.txt': line,
      'why403.yaml': `paths: [logs]\nlogs:\n  - path: logs/*.txt\n    format: ${format}\n    layer: gateway\n    timezone: Europe/Berlin\n`,
    });
    for (const args of [
      ['-c', 'why403.yaml'],
      ['logs', '--log', `logs/*.txt,layer=gateway,timezone=Europe/Berlin,format=${format}`],
    ]) {
      const { out, err } = await cli(['report', ...args, '--format', 'jsonl'], { cwd: root });
      expect(err).toBe('');
      expect(JSON.parse(out)).toMatchObject({
        time: '2025-11-22T08:57:01.000Z',
        path: '/a|b',
        status: 403,
        decidingLayer: 'gateway',
      });
    }
  });

  test.each([
    ['logs: 7\n', ':1: logs: is no list of logs'],
    ['port: 1\nlogs:\n  - path: a\n    layer: webb\n', ':4: logs: layer: "webb" is no layer'],
    ['logs:\n  - path: a\n    fromat: x\n', ':3: logs: there is no key "fromat"'],
    ['logs:\n  - layer: web\n', ':2: logs: an entry has no path'],
    ['logs:\n  - path: a\n    format: hello\n', ':3: logs: format: does not show whose format string it is'],
    [
      'logs:\n  - path: a\n    dataset: json\n    format: $status\n',
      ':4: logs: format: lines of json are not laid out',
    ],
    ['logs:\n  - path: a\n    dataset: nginx\n', ':3: logs: dataset: there is no dataset "nginx"'],
    ['logs:\n  - path: a\n    timezone: Mars\n', ':3: logs: timezone: "Mars" is no time zone'],
    ['logs:\n  - a.log\n  - 7\n', ':3: logs: an entry is neither a path'],
  ])('a mistake is named with its line: %j', async (yaml, says) => {
    const root = directory({ 'why403.yaml': yaml });
    const { code, err } = await cli(['report', '-c', 'why403.yaml'], { cwd: root });
    expect(code).toBe(2);
    expect(err).toContain(`why403.yaml${says}`);
  });
});

test('a zone moves a log by hours, and every refusal with it', async () => {
  const root = directory({ 'x.log': '203.0.113.9 - - [22/Nov/2025:09:57:01] "GET /a HTTP/1.1" 403 12\n' });
  const { out } = await cli(['report', 'x.log', '--timezone', 'Europe/Berlin', '--format', 'jsonl'], { cwd: root });
  expect(JSON.parse(out)).toMatchObject({ time: '2025-11-22T08:57:01.000Z', path: '/a' });
});
