/**
 * The real API over a store of fixed sample refusals, hostile strings among them, for building and testing the page.
 * Only what a store of samples cannot have is made up: sources in trouble, an alert that fires, the raw lines of a
 * refusal; and modes for what a real server shows rarely (nothing read, everything fails, a demo, history being
 * read). Run it alone: node test/browser/stub-server.ts [mode] [port]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express from 'express';
import * as answers from '../../server/api/answers.ts';
import { makeApp } from '../../server/api/app.ts';
import type {
  Alerts,
  Playbook,
  RefusalDetail,
  RefusalRow,
  SearchResult,
  Sources,
  Status,
} from '../../server/api/contract.ts';
import { Live } from '../../server/api/live.ts';
import { settingRows } from '../../server/cli/settings.ts';
import { DEFAULTS } from '../../server/config.ts';
import { makeLog } from '../../server/log.ts';
import type { Refusal } from '../../server/model/request.ts';
import { SqliteArchive } from '../../server/store/sqlite/archive.ts';
import { type Db, openDatabase, openReader } from '../../server/store/sqlite/database.ts';
import { SqliteLedger } from '../../server/store/sqlite/ledger.ts';
import { SqliteWords } from '../../server/store/sqlite/problems.ts';
import { SqliteQuestions } from '../../server/store/sqlite/questions.ts';

export type Mode = 'full' | 'empty' | 'error' | 'history';
type Cause = RefusalRow['cause'];
type Layer = RefusalRow['decidingLayer'];

export const HOSTILE = {
  path: '/search/<img src=x onerror=alert(1)>/"><script>alert(document.cookie)</script>/\u202egnp.exe\u202c/\u001b[2J\u0007',
  agent: `Mozilla/5.0 ${'A'.repeat(1500)} <svg onload=alert(2)> \u0000\u001b]0;owned\u0007 ${'very-long-unbroken-token-'.repeat(40)}`,
  client: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
  host: 'xn--very-long-host-name-that-goes-on-and-on.tenant-with-a-long-name.eu-central-1.internal.example.com',
};

const DAY = 86_400_000;
function random(seed: number) {
  let s = seed;
  return () => {
    s = (s * 1664525 + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

type Kind = {
  cause: Cause;
  layer: Layer;
  source: string;
  weight: number;
  certainty: RefusalRow['certainty'];
  confidence: number;
  rule: string | null;
  detail: string;
  method: string;
  host: string;
  paths: string[];
};
const KINDS: Kind[] = [
  {
    cause: 'csrf.missing',
    layer: 'app',
    source: 'app/django.log',
    weight: 30,
    certainty: 'stated',
    confidence: 0.98,
    rule: null,
    detail: 'Django refused the POST because the CSRF cookie was not set.',
    method: 'POST',
    host: 'shop.example.com',
    paths: ['/checkout/confirm', '/account/settings'],
  },
  {
    cause: 'waf.sqli',
    layer: 'waf',
    source: 'waf/modsec_audit.log',
    weight: 22,
    certainty: 'stated',
    confidence: 0.99,
    rule: '942100',
    detail: 'ModSecurity rule 942100 (SQL injection via libinjection) matched ARGS:q and the anomaly score reached 5.',
    method: 'GET',
    host: 'shop.example.com',
    paths: ['/search', '/catalog/items'],
  },
  {
    cause: 'limit.rate',
    layer: 'gateway',
    source: 'gateway/kong.log',
    weight: 18,
    certainty: 'implied',
    confidence: 0.88,
    rule: 'rate-limiting',
    detail: 'Kong answered 403 within 1 ms, without an upstream, after 120 requests of this consumer in the minute.',
    method: 'GET',
    host: 'api.example.com',
    paths: ['/v2/orders', '/v2/orders/{id}', '/v2/stock'],
  },
  {
    cause: 'credential.expired',
    layer: 'gateway',
    source: 'gateway/kong.log',
    weight: 14,
    certainty: 'stated',
    confidence: 0.97,
    rule: null,
    detail: 'The bearer token expired at 13:58:20, 43 s before the request.',
    method: 'GET',
    host: 'api.example.com',
    paths: ['/v2/orders', '/v2/customers'],
  },
  {
    cause: 'permission.role',
    layer: 'app',
    source: 'app/spring.log',
    weight: 12,
    certainty: 'stated',
    confidence: 0.96,
    rule: 'hasRole(ADMIN)',
    detail: 'Spring Security denied access: the user has ROLE_USER, the route needs ROLE_ADMIN.',
    method: 'DELETE',
    host: 'admin.example.com',
    paths: ['/admin/users/{id}', '/admin/reports'],
  },
  {
    cause: 'address.not-allowed',
    layer: 'web',
    source: 'web/nginx-error.log',
    weight: 10,
    certainty: 'stated',
    confidence: 0.99,
    rule: null,
    detail: 'nginx: access forbidden by rule, the address is not in the allow list of this location.',
    method: 'GET',
    host: 'admin.example.com',
    paths: ['/admin/', '/metrics'],
  },
  {
    cause: 'config.index',
    layer: 'web',
    source: 'web/nginx-error.log',
    weight: 7,
    certainty: 'stated',
    confidence: 0.99,
    rule: null,
    detail: 'nginx: directory index of "/srv/www/static/" is forbidden.',
    method: 'GET',
    host: 'static.example.com',
    paths: ['/assets/', '/downloads/'],
  },
  {
    cause: 'origin.cors',
    layer: 'app',
    source: 'app/spring.log',
    weight: 6,
    certainty: 'implied',
    confidence: 0.84,
    rule: null,
    detail: 'Spring rejected the preflight: origin https://partner.example.net is not allowed.',
    method: 'OPTIONS',
    host: 'api.example.com',
    paths: ['/v2/orders', '/v2/basket'],
  },
  {
    cause: 'address.geo',
    layer: 'cdn',
    source: 'cdn/cloudfront.log',
    weight: 5,
    certainty: 'implied',
    confidence: 0.8,
    rule: null,
    detail: 'CloudFront refused at the edge by geographic restriction; no inner layer saw the request.',
    method: 'GET',
    host: 'shop.example.com',
    paths: ['/', '/catalog/items'],
  },
  {
    cause: 'app.unexplained',
    layer: 'app',
    source: 'app/node.jsonl',
    weight: 4,
    certainty: 'inferred',
    confidence: 0.62,
    rule: null,
    detail: 'The application answered 403 and logged no reason.',
    method: 'PUT',
    host: 'api.example.com',
    paths: ['/v2/orders/{id}'],
  },
  {
    cause: 'gateway.upstream',
    layer: 'gateway',
    source: 'gateway/kong.log',
    weight: 3,
    certainty: 'inferred',
    confidence: 0.58,
    rule: null,
    detail: 'All refusals of this route began at 14:02 for all clients, together with authorizer time-outs.',
    method: 'GET',
    host: 'api.example.com',
    paths: ['/v2/invoices'],
  },
  {
    cause: 'unknown',
    layer: 'unknown',
    source: 'lb/haproxy.log',
    weight: 3,
    certainty: 'unknown',
    confidence: 0.2,
    rule: null,
    detail: 'The load balancer logged 403 and nothing behind it has a line for this request.',
    method: 'GET',
    host: 'legacy.example.com',
    paths: ['/export.php'],
  },
];
const CLIENTS = [
  '203.0.113.7',
  '198.51.100.23',
  '192.0.2.44',
  '203.0.113.99',
  '198.51.100.180',
  '2001:db8::42',
  '192.0.2.201',
  '203.0.113.150',
  '198.51.100.9',
];
const USERS = [null, null, null, 'maria', 'partner-x', 'svc-billing', 'tom'];

type Stored = Omit<RefusalRow, 'audience' | 'problem'> & { at: number };
function makeRows(now: number): Stored[] {
  const rnd = random(403);
  const total = KINDS.reduce((n, k) => n + k.weight, 0);
  const rows: Stored[] = [];
  for (let i = 0; i < 4200; i++) {
    let pick = rnd() * total;
    const kind =
      KINDS.find((k) => {
        pick -= k.weight;
        return pick < 0;
      }) ?? KINDS[0]!;
    // Two days; the second is busier, and the CSRF refusals come from a release five hours ago.
    let age = rnd() < 0.68 ? rnd() * DAY : DAY + rnd() * DAY;
    if (kind.cause === 'csrf.missing') age = rnd() ** 1.6 * DAY * 0.22;
    if (kind.cause === 'limit.rate') age = DAY * 0.42 + (rnd() - 0.5) * DAY * 0.08 + (rnd() < 0.3 ? rnd() * DAY : 0);
    const at = Math.round(now - age - 2_000);
    const path = kind.paths[Math.floor(rnd() * kind.paths.length)]!;
    const real = path.replace('{id}', String(1000 + Math.floor(rnd() * 9000)));
    rows.push({
      at,
      id: (0x10000000 + i * 7919).toString(16),
      time: new Date(at).toISOString(),
      client: CLIENTS[Math.floor(rnd() ** 2 * CLIENTS.length)]!,
      method: kind.method,
      host: kind.host,
      path: real,
      query: rnd() < 0.4 ? `page=${Math.floor(rnd() * 20)}&token=****` : null,
      route: path,
      status: 403,
      decidingLayer: kind.layer,
      decidingSource: kind.source,
      cause: kind.cause,
      certainty: kind.certainty,
      confidence: Math.min(0.99, Math.max(0.05, kind.confidence + (rnd() - 0.5) * 0.06)),
      rule: kind.rule,
      user: USERS[Math.floor(rnd() * USERS.length)]!,
      detail: kind.detail,
    });
  }
  const hostile: Partial<Stored> = {
    client: HOSTILE.client,
    host: HOSTILE.host,
    path: HOSTILE.path,
    route: HOSTILE.path,
    query: 'q=<script>alert(3)</script>',
    rule: '<b onmouseover=alert(4)>941100</b>',
    user: '\u202e<i>eve</i>\u0000',
    detail: 'ModSecurity matched <script>alert(5)</script> in ARGS:\u001b[31mq\u001b[0m and javascript:alert(6).',
    cause: 'waf.xss',
    decidingLayer: 'waf',
    decidingSource: 'waf/modsec_audit.log',
    certainty: 'stated',
    confidence: 0.99,
  };
  const at = now - 1_000;
  rows.push({ ...rows[0]!, ...hostile, at, time: new Date(at).toISOString(), id: 'hostile1' } as Stored);
  return rows.sort((a, b) => b.at - a.at);
}

/** As the correlator would have stored it. */
function refusalOf(r: Stored): Refusal {
  const isNoise = r.cause.startsWith('waf.') && r.user === null;
  const isHarmed = r.cause.startsWith('csrf.') || r.user !== null;
  return {
    id: r.id,
    timeMs: r.at,
    client: r.client,
    method: r.method,
    host: r.host,
    path: r.path,
    query: r.query,
    route: r.route ?? '',
    protocol: 'HTTP/1.1',
    status: r.status,
    user: r.user,
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0',
    referrer: null,
    requestIds: [`97819505-${r.id}`],
    sourceId: 1,
    verdict: {
      cause: r.cause,
      certainty: r.certainty,
      confidence: r.confidence,
      decidingLayer: r.decidingLayer,
      decidingPath: r.decidingSource,
      rule: r.rule,
      detail: r.detail,
      evidence: [],
      alternatives: [],
      contrast: [],
      wouldSettle: null,
      roles: [],
      parameter: null,
    },
    audience: {
      is: isNoise ? 'noise' : isHarmed ? 'harmed' : 'undecided',
      reasons: isNoise
        ? ['waf-attack']
        : isHarmed
          ? r.user === null
            ? ['own-referrer', 'let-through-before']
            : ['has-user', 'let-through-before']
          : [],
    },
    chain: [],
  };
}

/** Requests of two days, by minute, hour and route: more by day than by night. */
function counters(now: number): Parameters<SqliteArchive['append']>[0]['counters'] {
  const totals = [];
  const routes = [];
  const load = (t: number) => Math.round(55 + 40 * Math.sin(((t % DAY) / DAY) * 2 * Math.PI - 1.8));
  const first = Math.floor((now - 2 * DAY) / 3_600_000) * 3_600_000;
  for (let hour = first; hour < now; hour += 3_600_000) {
    let requests = 0;
    for (let t = hour; t < hour + 3_600_000 && t < now; t += 60_000) {
      requests += load(t);
      totals.push({ stepMs: 60_000, timeMs: t, sourceId: 1, host: '', requests: load(t) });
    }
    totals.push({ stepMs: 3_600_000, timeMs: hour, sourceId: 1, host: '', requests });
    for (const k of KINDS)
      for (const route of k.paths)
        routes.push({
          stepMs: 3_600_000,
          timeMs: hour,
          sourceId: 1,
          host: k.host,
          route,
          method: k.method,
          requests: Math.round(requests / 20),
        });
  }
  return { totals, routes };
}

const SAMPLE_SOURCE = {
  path: 'lb/haproxy.log',
  stream: 'lb/haproxy.log',
  device: '1',
  inode: '2',
  reader: null,
  layer: 'loadbalancer',
} as never;

/** A store of samples in a directory of its own. */
function fill(directory: string, rows: Stored[], now: number): Db {
  const db = openDatabase(directory, { scratch: true });
  if (rows.length === 0) return db;
  const archive = new SqliteArchive(db);
  archive.addSource(SAMPLE_SOURCE);
  archive.append({ blocks: [], counters: counters(now), dirtyBuckets: [], sources: [], reached: [] });
  new SqliteLedger(db).revise({ fromMs: 0, toMs: now + DAY, refusals: rows.map(refusalOf), done: [] });
  return db;
}

function playbook(cause: Cause): Playbook {
  return {
    cause,
    title: cause,
    meaning:
      'The application expects a token in every form post that proves the form came from itself. The request had none, so the framework refused it before any view ran.',
    confirm: [
      'Open the form in a private window and look at the response: is the csrftoken cookie set?',
      'Compare with a request that went through: does it carry X-CSRFToken or the form field csrfmiddlewaretoken?',
      'Check whether the CDN caches the page with the form (an Age header above 0).',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Set the cookie on the page that holds the form, and send it back from the script.',
        snippet: `@ensure_csrf_cookie\ndef checkout(request):\n    ...\n\n# settings.py\nCSRF_TRUSTED_ORIGINS = ["https://shop.example.com"]`,
      },
      {
        product: 'nginx',
        text: 'Do not let the cache swallow Set-Cookie for this location.',
        snippet: `location /checkout/ {\n    proxy_no_cache 1;\n    proxy_cache_bypass 1;\n    proxy_pass http://app;\n}`,
      },
      {
        product: 'Spring Security',
        text: 'Render the token into the form with the taglib or read it from the XSRF-TOKEN cookie.',
        snippet: 'http.csrf(c -> c.csrfTokenRepository(CookieCsrfTokenRepository.withHttpOnlyFalse()));',
      },
    ],
    prevent: [
      'Add an end-to-end test that posts the form from a fresh session.',
      'Alert on csrf.missing above 1 % of the posts to this route.',
    ],
    doNot: [
      'Do not exempt the view from CSRF protection (@csrf_exempt).',
      'Do not set CSRF_COOKIE_SAMESITE to None to make it work.',
    ],
  };
}

type MadeUp = Omit<RefusalDetail, 'audience' | 'problem' | 'audienceReasons' | 'lookAlikes' | 'ordinary' | 'product'>;

/** What the samples have no logs for. */
function detail(r: Stored): MadeUp {
  const id = `97819505-${r.id}-4a7e-b7f1-0c0ffee${r.id.slice(0, 5)}`;
  const hostile = r.id === 'hostile1';
  const t = (ms: number) => new Date(r.at + ms).toISOString();
  const agent = hostile ? HOSTILE.agent : 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0';
  const hop = (over: Partial<RefusalDetail['chain'][number]>): RefusalDetail['chain'][number] => ({
    file: 'lb/haproxy.log',
    line: 812,
    lines: 1,
    layer: 'loadbalancer',
    dataset: 'haproxy.http',
    role: 'relayed',
    time: t(0),
    status: 403,
    durationMs: 14,
    linkedBy: null,
    linkConfidence: 1,
    raw: '',
    ...over,
  });
  const lb = hop({
    raw: `Nov 24 14:02:33 lb1 haproxy[2411]: ${r.client}:51432 [24/Nov/2026:14:02:33.123] https~ shop/web1 0/0/1/12/14 403 1532 - - ---- 41/40/3/1/0 0/0 {${r.host}|${id}} "${r.method} ${r.path} HTTP/1.1"`,
  });
  const web = hop({
    file: 'web/nginx-access.log',
    line: 90211,
    layer: 'web',
    dataset: 'nginx.access',
    role: 'relayed',
    time: t(3),
    durationMs: 11,
    linkedBy: `same request id ${id}`,
    linkConfidence: 0.99,
    raw: `${r.client} - - [24/Nov/2026:14:02:33 +0000] "${r.method} ${r.path} HTTP/1.1" 403 1532 "https://${r.host}/checkout" "${agent}" rt=0.011 uct=0.000 uht=0.011 id=${id}`,
  });
  const app = hop({
    file: 'app/django.log',
    line: 40,
    layer: 'app',
    dataset: 'django.server',
    role: 'decided',
    time: t(9),
    durationMs: 8,
    linkedBy: `same request id ${id}`,
    linkConfidence: 0.98,
    raw: `WARNING 2026-11-24 14:02:33,132 django.security.csrf log 2411 Forbidden (CSRF cookie not set.): ${r.path} request_id=${id}`,
  });
  const audit = hop({
    file: 'waf/modsec_audit.log',
    line: 2201,
    lines: 12,
    layer: 'waf',
    dataset: 'modsecurity.audit',
    role: 'decided',
    time: t(2),
    durationMs: 1,
    linkedBy: 'same unique id and client port',
    linkConfidence: 0.97,
    raw: `--a1b2c3d4-A--\n[24/Nov/2026:14:02:33 +0000] ${id} ${r.client} 51432 10.0.0.4 443\n--a1b2c3d4-B--\n${r.method} ${r.path} HTTP/1.1\nHost: ${r.host}\nUser-Agent: ${agent}\n--a1b2c3d4-H--\nMessage: Access denied with code 403 (phase 2). detected SQLi using libinjection with fingerprint 's&1c' [file "REQUEST-942-APPLICATION-ATTACK-SQLI.conf"] [line "45"] [id "${r.rule ?? '949110'}"]\n--a1b2c3d4-Z--`,
  });
  const edge = hop({
    file: 'cdn/cloudfront.log',
    line: 5120,
    layer: 'cdn',
    dataset: 'aws.cloudfront',
    role: 'relayed',
    time: t(-4),
    durationMs: 22,
    raw: `2026-11-24\t14:02:33\tFRA56-P4\t1532\t${r.client}\t${r.method}\td1.cloudfront.net\t${r.path}\t403\t-\t${agent.slice(0, 80)}\tError\t${id}`,
  });
  const gate = hop({
    file: 'gateway/kong.log',
    line: 771,
    layer: 'gateway',
    dataset: 'kong.http',
    role: 'decided',
    time: t(5),
    durationMs: 1,
    linkedBy: `same request id ${id}`,
    linkConfidence: 0.99,
    raw: JSON.stringify({
      started_at: r.at,
      request: { method: r.method, uri: r.path, id },
      response: { status: 403 },
      latencies: { kong: 1, proxy: -1 },
      consumer: { username: r.user },
    }),
  });
  const error = hop({
    file: 'web/nginx-error.log',
    line: 311,
    layer: 'web',
    dataset: 'nginx.error',
    role: 'evidence',
    status: null,
    durationMs: null,
    time: t(3),
    linkedBy: 'same process and connection (*88123)',
    linkConfidence: 0.99,
    raw: `2026/11/24 14:02:33 [error] 2411#2411: *88123 access forbidden by rule, client: ${r.client}, server: ${r.host}, request: "${r.method} ${r.path} HTTP/1.1", host: "${r.host}"`,
  });
  const chains: Record<string, RefusalDetail['chain']> = {
    app: [
      edge,
      { ...lb, linkedBy: 'client, path and time' },
      { ...gate, role: 'received', status: 403, durationMs: 12 },
      web,
      app,
    ],
    waf: [edge, { ...lb, linkedBy: 'client, path and time', linkConfidence: 0.93 }, audit],
    gateway: [lb, gate],
    web: [lb, { ...web, role: 'decided' }, error],
    cdn: [{ ...edge, role: 'decided', linkedBy: null }],
    unknown: [lb],
  };
  const chain = chains[r.decidingLayer] ?? [lb];
  const match: Record<string, string> = {
    app: 'Forbidden (CSRF cookie not set.)',
    waf: 'Access denied with code 403 (phase 2). detected SQLi using libinjection',
    gateway: '"proxy":-1',
    web: 'access forbidden by rule',
    cdn: 'Error',
    unknown: '403',
  };
  const at = chain.at(-1)!;
  return {
    ...r,
    protocol: 'HTTP/1.1',
    userAgent: agent,
    referrer: hostile ? 'javascript:alert(7)//https://evil.example/<script>' : `https://${r.host}/checkout`,
    requestIds: [id, 'Root=1-6744-3f9a1c0ffee'],
    chain,
    evidence: [
      {
        file: at.file,
        line: at.line,
        says: r.detail,
        match: match[r.decidingLayer] ?? null,
        documentation: hostile ? 'javascript:alert(8)' : 'https://docs.djangoproject.com/en/5.2/ref/csrf/',
      },
      ...(chain.length > 1
        ? [
            {
              file: chain[0]!.file,
              line: chain[0]!.line,
              says: 'The outer layers passed the answer on unchanged: same status, same size.',
              match: '403',
              documentation: null,
            },
          ]
        : []),
    ],
    alternatives:
      r.cause === 'csrf.missing'
        ? [{ cause: 'csrf.invalid', confidence: 0.02 }]
        : r.certainty === 'inferred' || r.certainty === 'unknown'
          ? [
              { cause: 'limit.rate', confidence: 0.22 },
              { cause: 'permission.role', confidence: 0.14 },
            ]
          : [],
    wouldSettle:
      r.cause === 'unknown'
        ? 'Enable the error log of the server behind the load balancer ("LogLevel info" in Apache), or add %[var(txn.denied_by)] to the HAProxy log format.'
        : null,
    contrast:
      r.certainty === 'stated' && r.cause !== 'csrf.missing'
        ? []
        : [
            {
              field: 'user agent',
              value: 'ShopApp/4.2.0 (Android 15)',
              refused: 411,
              refusedOf: 423,
              passed: 3,
              passedOf: 5120,
              refusedShare: 411 / 423,
              passedShare: 3 / 5120,
            },
            {
              field: 'content type',
              value: 'application/json',
              refused: 423,
              refusedOf: 423,
              passed: 1820,
              passedOf: 5120,
              refusedShare: 1,
              passedShare: 1820 / 5120,
            },
          ],
    playbook: playbook(r.cause),
    similar: { sameCauseAndRoute: 423, sameClient: 97, sameProblem: 423 },
  };
}

function sources(now: number): Sources {
  const base = {
    advice: null,
    unparsed: 0,
    unparsedSamples: [],
    bytesBehind: 0,
    gapBytes: 0,
    clockOffsetMs: 0,
    timeZone: null,
    lastRead: new Date(now - 900).toISOString(),
    newestEvent: new Date(now - 2_000).toISOString(),
    state: 'following' as const,
  };
  const list: Omit<Sources['sources'][number], 'id' | 'parsed' | 'progress'>[] = [
    {
      ...base,
      path: '/var/log/cdn/cloudfront.log',
      layer: 'cdn',
      dataset: 'aws.cloudfront',
      lines: 1_204_331,
      bytes: 412_000_000,
      newestEvent: new Date(now - 312_000).toISOString(),
    },
    {
      ...base,
      path: '/var/log/haproxy/haproxy.log',
      layer: 'loadbalancer',
      dataset: 'haproxy.http',
      lines: 2_118_002,
      bytes: 640_120_000,
      clockOffsetMs: -1_240,
    },
    {
      ...base,
      path: '/var/log/modsecurity/modsec_audit.log',
      layer: 'waf',
      dataset: 'modsecurity.audit',
      lines: 88_120,
      bytes: 190_400_000,
    },
    {
      ...base,
      path: '/var/log/kong/access.jsonl',
      layer: 'gateway',
      dataset: 'kong.http',
      lines: 988_114,
      bytes: 812_400_000,
      state: 'reading',
      bytesBehind: 32_400_000,
    },
    {
      ...base,
      path: '/var/log/nginx/access.log',
      layer: 'web',
      dataset: 'nginx.access',
      lines: 2_090_114,
      bytes: 590_000_000,
      unparsed: 3,
      timeZone: 'Europe/Berlin',
      unparsedSamples: [
        {
          line: 8812,
          text: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003<script>alert(9)</script>',
          reason: 'not HTTP',
        },
        {
          line: 90_001,
          text: `203.0.113.7 - - [24/Nov/2026:14:02:33 +0000] "GET /${'x'.repeat(900)}`,
          reason: 'torn line',
        },
      ],
    },
    { ...base, path: '/var/log/nginx/error.log', layer: 'web', dataset: 'nginx.error', lines: 4_120, bytes: 900_400 },
    {
      ...base,
      path: '/srv/app/log/django.log',
      layer: 'app',
      dataset: 'django.server',
      lines: 510_220,
      bytes: 88_000_000,
    },
    {
      ...base,
      path: '/srv/app/log/audit-trail-with-a-very-long-name-of-the-tenant-and-of-the-day.custom.log',
      layer: 'app',
      dataset: null,
      lines: 12_004,
      bytes: 1_900_000,
      state: 'unrecognised',
      unparsed: 12_004,
      unparsedSamples: [{ line: 1, text: '24.11.2026 14|02|33 ## user=maria ## act=DENY', reason: 'no known format' }],
      advice:
        'No known format fits. Give its format string in the configuration (sources → format), or name the fields of the JSON.',
    },
    {
      ...base,
      path: '/var/log/apache2/error.log',
      layer: 'web',
      dataset: 'apache.error',
      lines: 0,
      bytes: 0,
      state: 'unreadable',
      newestEvent: null,
      advice: 'Permission denied. Add the user of why403 to the group adm: usermod -aG adm why403',
    },
    {
      ...base,
      path: '/var/log/envoy/rbac.log',
      layer: 'gateway',
      dataset: 'envoy.access',
      lines: 40_112,
      bytes: 9_000_000,
      state: 'silent',
      newestEvent: new Date(now - 5 * 3_600_000).toISOString(),
      advice:
        'No line for 5 h, while the layer in front of it handled 41 220 requests. Was it rotated to another name?',
    },
  ];
  return {
    sources: list.map((s, i) => ({
      ...s,
      id: i + 1,
      parsed: s.lines - s.unparsed,
      progress: {
        bytesRead: s.bytes,
        bytesTotal: s.bytes + s.bytesBehind,
        bytesPerSecond: s.bytesBehind > 0 ? 42_000_000 : null,
        secondsLeft: s.bytesBehind > 0 ? Math.ceil(s.bytesBehind / 42_000_000) : null,
      },
    })),
  };
}

function alerts(now: number, firing: boolean): Alerts {
  const ago = (m: number) => new Date(now - m * 60_000).toISOString();
  const first: Alerts['firing'][number] = {
    id: 3,
    rule: 'Refusal rate above 2 %',
    state: 'firing',
    firedAt: ago(52),
    resolvedAt: null,
    value: 0.061,
    peak: 0.083,
    summary:
      '6.1 % of requests refused in the last 5 min (threshold 2 %), mostly CSRF token missing on POST /checkout/confirm.',
    causes: [
      { cause: 'csrf.missing', count: 211 },
      { cause: 'waf.sqli', count: 32 },
      { cause: 'limit.rate', count: 9 },
    ],
    filter: `since=${encodeURIComponent(ago(57))}&until=${encodeURIComponent(ago(0))}`,
    deliveries: [
      { channel: 'slack #ops', state: 'sent', at: ago(52), error: null },
      {
        channel: 'webhook pager',
        state: 'failed',
        at: ago(51),
        error: 'connect ECONNREFUSED 10.0.0.9:443; next try in 4 min',
      },
    ],
  };
  return {
    rules: [
      {
        name: 'Refusal rate above 2 %',
        kind: 'rate',
        threshold: 0.02,
        windowMs: 300_000,
        minimumRequests: 200,
        current: firing ? 0.061 : 0.004,
        firing,
      },
      {
        name: 'Refusals of people',
        kind: 'count',
        threshold: 100,
        windowMs: 600_000,
        minimumRequests: 0,
        current: 41,
        firing: false,
      },
      {
        name: 'Partner API',
        kind: 'rate',
        threshold: 0.005,
        windowMs: 900_000,
        minimumRequests: 50,
        current: null,
        firing: false,
      },
    ],
    firing: firing ? [first] : [],
    history: [
      ...(firing ? [first] : []),
      {
        ...first,
        id: 2,
        state: 'resolved',
        firedAt: ago(1_540),
        resolvedAt: ago(1_502),
        value: 0.004,
        peak: 0.034,
        summary: '3.4 % refused, mostly rate limit of partner-x on /v2/orders.',
        causes: [{ cause: 'limit.rate', count: 402 }],
        deliveries: [{ channel: 'slack #ops', state: 'sent', at: ago(1_540), error: null }],
      },
      {
        ...first,
        id: 1,
        rule: 'Refusals of people',
        state: 'resolved',
        firedAt: ago(4_400),
        resolvedAt: ago(4_391),
        value: 12,
        peak: 180,
        summary: '180 refusals in 10 min: directory index of /assets/ after the release.',
        causes: [{ cause: 'config.index', count: 180 }],
        deliveries: [],
      },
    ],
  };
}

export type Stub = { url: string; close(): Promise<void>; addRefusal(): void };

export async function startStub(mode: Mode = 'full', port = 0): Promise<Stub> {
  const dist = fileURLToPath(new URL('../../dist/web/', import.meta.url));
  const begun = Date.now();
  const rows = mode === 'empty' ? [] : makeRows(begun);
  const directory = mkdtempSync(join(tmpdir(), 'why403-stub-'));
  const db = fill(directory, rows, begun);
  const ledger = new SqliteLedger(db);
  const words = new SqliteWords(db);
  const reader = openReader(directory);
  const store = {
    archive: new SqliteArchive(reader),
    ledger: new SqliteLedger(reader),
    questions: new SqliteQuestions(reader),
  };
  const live = new Live();
  const status = (): Status => ({
    version: '0.1.0',
    demo: mode === 'history',
    paths: mode === 'empty' ? ['/var/log/nginx', '/srv/app/log'] : ['/var/log', '/srv/app/log'],
    startedAt: new Date(begun - 3_600_000).toISOString(),
    refusedStatus: [403],
    ingest:
      mode === 'history'
        ? {
            state: 'history',
            bytesRead: 1_840_000_000,
            bytesTotal: 4_200_000_000,
            linesRead: 7_100_000,
            linesPerSecond: 412_331,
            secondsLeft: 22,
            error: null,
          }
        : {
            state: 'following',
            bytesRead: 2_700_000_000,
            bytesTotal: 2_700_000_000,
            linesRead: mode === 'empty' ? 0 : 7_100_000,
            linesPerSecond: 812,
            secondsLeft: null,
            error: null,
          },
    sources: mode === 'empty' ? { total: 0, troubled: 0 } : { total: 10, troubled: 3 },
    alertsFiring: mode === 'full' ? 1 : 0,
  });
  const app = express();
  if (mode === 'error')
    app.use('/api/v1', (_req, res) => {
      res.status(503).type('application/problem+json').json({
        type: 'about:blank',
        title: 'The store is not ready',
        status: 503,
        detail:
          'The disk of the data directory is full (0 B left on /var/lib/why403). Free some space; reading goes on by itself.',
      });
    });
  app.get('/api/v1/refusals/:id', (req, res, next) => {
    const row = rows.find((r) => r.id === req.params.id);
    if (!row) {
      next();
      return;
    }
    const real = answers.refusal(store, row.id);
    const { at, ...made } = { at: row.at, ...detail(row) };
    const raw = made.chain[0]?.raw ?? '';
    const ordinary = [-41_000, -12_500, 20_300].map((ms, i) => ({
      file: 'lb/haproxy.log',
      line: 780 + i * 9,
      time: new Date(at + ms).toISOString(),
      client: CLIENTS[i]!,
      method: row.method,
      path: row.path,
      status: 200,
      userAgent: real.userAgent,
      raw: raw.replace(' 403 ', ' 200 '),
    }));
    res.json({ ...real, ...made, similar: real.similar, product: made.chain.at(-1)?.dataset.split('.')[0], ordinary });
  });
  app.get('/api/v1/sources', (_req, res) => {
    res.json(mode === 'empty' ? { sources: [] } : sources(Date.now()));
  });
  app.get('/api/v1/alerts', (_req, res) => {
    res.json(mode === 'empty' ? { rules: [], firing: [], history: [] } : alerts(Date.now(), mode === 'full'));
  });
  // Also finds parts of a value, so that a test may offer a choice.
  app.get('/api/v1/search', (req, res, next) => {
    const q = String(req.query.q ?? '');
    if (q === '' || rows.some((r) => q.includes(r.id))) {
      next();
      return;
    }
    const matches: SearchResult['matches'] = [];
    for (const f of ['client', 'route', 'host', 'user', 'rule'] as const) {
      const counts = new Map<string, number>();
      for (const r of rows) {
        const v = r[f];
        if (v?.includes(q)) counts.set(v, (counts.get(v) ?? 0) + 1);
      }
      for (const [value, count] of [...counts].slice(0, 4)) matches.push({ kind: 'filter', field: f, value, count });
    }
    if (matches.length > 0) res.json({ matches });
    else next();
  });
  app.use(
    makeApp({
      store,
      writer: {
        say: async (...args) => words.say(...args),
        saveView: async (...args) => words.saveView(...args),
        dropView: async (...args) => words.dropView(...args),
      },
      settings: settingRows({ ...DEFAULTS, paths: ['/var/log', '/srv/app/log'], token: 'a-secret-of-the-tests' }),
      status,
      rules: [],
      live,
      log: makeLog('error'),
      host: '127.0.0.1',
      token: null,
      names: [],
      web: dist,
      now: Date.now,
    }),
  );
  const server = await new Promise<import('node:http').Server>((done) => {
    const s = app.listen(port, '127.0.0.1', () => done(s));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let fresh = 0;
  return {
    url,
    addRefusal() {
      const at = Date.now();
      const row: Stored = { ...rows[1]!, id: `fresh${++fresh}`, at, time: new Date(at).toISOString() };
      rows.unshift(row);
      ledger.revise({ fromMs: at, toMs: at, refusals: [refusalOf(row)], done: [] });
      live.send({ kind: 'refusals', revision: ledger.revision() });
    },
    close: () =>
      new Promise((done) => {
        live.close();
        server.close(() => {
          reader.close();
          db.close();
          rmSync(directory, { recursive: true, force: true });
          done();
        });
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stub = await startStub((process.argv[2] as Mode) ?? 'full', Number(process.argv[3] ?? 4403));
  console.log(stub.url);
}
