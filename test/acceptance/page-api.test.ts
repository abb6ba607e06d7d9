/** What the page asks beyond lists: problems and words, search, files, tags, views. A real service over real logs. */

import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  COMMANDS,
  type Overview,
  type ProblemDetail,
  type ProblemRow,
  type ProblemsPage,
  QUESTIONS,
  type RefusalDetail,
  type RefusalsCount,
  type RefusalsPage,
  type SearchResult,
  type Settings,
  type Sources,
  type Views,
} from '../../server/api/contract.ts';
import { cli, combined, until } from './run.ts';

let d: string;
let child: ChildProcess;
let url: string;
const now = Date.now();
const shop = (i: number, status: number, over: Parameters<typeof combined>[0] = {}): string =>
  combined({
    at: now - 3_600_000 + i * 1000,
    path: '/shop/orders',
    status,
    client: `203.0.113.${1 + (i % 5)}`,
    ...over,
  });

/** Not `serve` of run.ts: it ends its processes after each test. */
async function start(): Promise<void> {
  child = spawn(process.execPath, [
    join(import.meta.dirname, '../../server/bin.mjs'),
    join(d, 'logs'),
    '--data',
    join(d, 'data'),
    '--port',
    '0',
    '--webhook-secret',
    'very-secret-of-the-webhook',
  ]);
  url = await new Promise<string>((done, failed) => {
    let out = '';
    child.once('close', (code) => failed(new Error(`ended with ${code}`)));
    child.stdout!.on('data', (x) => {
      out += x;
      const m = /http:\/\/[\d.]+:\d+/.exec(out);
      if (m) done(m[0]);
    });
  });
}

const ask = async <T>(path: string): Promise<T> => {
  const answer = await fetch(`${url}/api/v1/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
};
const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

let lines: string[];
beforeAll(async () => {
  d = mkdtempSync(join(tmpdir(), 'why403-page-'));
  lines = [
    ...Array.from({ length: 60 }, (_, i) => shop(i, i % 4 === 0 ? 403 : 200)),
    ...Array.from({ length: 20 }, (_, i) =>
      shop(i, 403, { client: '198.51.100.66', path: `/.git/${i}`, agent: 'Mozilla/5.0 zgrab/0.x' }),
    ),
    shop(70, 403, { path: '/=cmd|calc', client: '203.0.113.9', agent: '=HYPERLINK("http://evil.example")' }),
    shop(71, 403, { path: '/pay?token=supersecretvalue&n=1', client: '203.0.113.10' }),
  ];
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(join(d, 'logs/web'), { recursive: true });
  writeFileSync(join(d, 'logs/web/access.log'), lines.join(''));
  await start();
  await until(
    () => ask<RefusalsPage>('refusals'),
    (p) => p.total === 37,
  );
}, 60_000);
afterAll(async () => {
  child.removeAllListeners('close');
  child.kill('SIGTERM');
  await new Promise((done) => child.once('close', done));
  rmSync(d, { recursive: true, force: true });
});

test('every answer fits its schema', async () => {
  const row = (await ask<RefusalsPage>('refusals?limit=1')).rows[0]!;
  const problem = (await ask<ProblemsPage>('problems')).rows[0]!;
  for (const [name, q] of Object.entries(QUESTIONS)) {
    const path = q.path
      .replace('/api/v1/', '')
      .replace('refusals/:id', `refusals/${row.id}`)
      .replace('problems/:id', `problems/${problem.id}`)
      .replace(':cause', row.cause);
    const answer = await ask(name === 'search' ? `${path}?q=203.0.113.1` : path);
    expect(q.answer.safeParse(answer).error, name).toBeUndefined();
  }
  const openapi = await ask<{ paths: Record<string, Record<string, unknown>> }>('openapi.json');
  for (const q of Object.values(QUESTIONS))
    expect(openapi.paths[q.path.replace(/:(\w+)/, '{$1}')]).toHaveProperty('get');
  for (const c of Object.values(COMMANDS))
    expect(openapi.paths[c.path.replace(/:(\w+)/, '{$1}')]).toHaveProperty(c.method);
});

describe('counts equal rows', () => {
  test('of the overview, of counts, of problems', async () => {
    const overview = await ask<Overview>('overview');
    expect(overview.totals.refused).toBe(37);
    expect(Object.values(overview.totals.byAudience).reduce((a, b) => a + b, 0)).toBe(37);
    for (const [field, list] of Object.entries(overview.top))
      for (const { key, count } of list)
        expect((await ask<RefusalsPage>(`refusals?limit=1&${field}=${encodeURIComponent(key)}`)).total, key).toBe(
          count,
        );
    const counted = await ask<RefusalsCount>('refusals/count?audience=noise');
    expect(counted).toEqual({ count: 20, byAudience: { harmed: 0, noise: 20, undecided: 0 } });
    const { rows } = await ask<ProblemsPage>('problems?sort=size');
    expect(rows.reduce((n, p) => n + p.refusals, 0)).toBe(37);
    for (const p of rows) {
      const page = await ask<RefusalsPage>(`refusals?problem=${p.id}&limit=500`);
      expect(page.total).toBe(p.refusals);
      expect(page.rows.length).toBe(p.refusals);
      expect(page.rows.every((r) => r.problem === p.id)).toBe(true);
      expect(p.sparkline.counts.reduce((a, b) => a + b, 0)).toBe(p.refusals);
    }
    expect(overview.fresh.length).toBeGreaterThan(0);
    const fresh = await ask<ProblemsPage>('problems?fresh=1&limit=200');
    expect(fresh.total).toBe(overview.freshTotal);
    expect(fresh.rows.map((p) => p.id)).toEqual(expect.arrayContaining(overview.fresh.map((p) => p.id)));
    expect((await ask<ProblemsPage>('problems?fresh=1&until=2000-01-01')).total).toBe(0);
    expect(overview.marks.length).toBeGreaterThan(0);
  });

  test('scanners are one problem and noise; clients that are let through besides are harmed', async () => {
    const { rows } = await ask<ProblemsPage>('problems?audience=noise');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ refusals: 20, route: null, clients: 1, state: 'new' });
    const harmed = await ask<RefusalsPage>('refusals?audience=harmed&path=/shop/orders');
    expect(harmed.total).toBe(15);
  });

  test('pages by every column', async () => {
    for (const sort of ['time', 'client', 'route', 'path', 'cause', 'user']) {
      const ids: string[] = [];
      let cursor = '';
      do {
        const page: RefusalsPage = await ask(`refusals?limit=7&sort=${sort}${cursor && `&cursor=${cursor}`}`);
        ids.push(...page.rows.map((r) => r.id));
        cursor = page.next ?? '';
      } while (cursor !== '');
      expect(new Set(ids).size, sort).toBe(37);
      expect(ids.length, sort).toBe(37);
    }
    expect((await fetch(`${url}/api/v1/refusals?cursor=%27;drop`)).status).toBe(400);
    expect((await fetch(`${url}/api/v1/problems?cursor=x`)).status).toBe(400);
  });
});

test('a problem that is an hour old is shown by the minute, with its product and playbook', async () => {
  const row = (await ask<RefusalsPage>('refusals?path=/shop/orders&limit=1')).rows[0]!;
  const p = await ask<ProblemDetail>(`problems/${row.problem}`);
  expect(p.bucketMs).toBeLessThan(3_600_000);
  expect(p.series.reduce((n, b) => n + b.refused, 0)).toBe(p.refusals);
  expect(p.series.reduce((n, b) => n + b.byAudience.harmed, 0)).toBe(p.byAudience.harmed);
  expect(p.product).toBe((await ask<RefusalDetail>(`refusals/${row.id}`)).product);
  expect(p.playbook.cause).toBe(p.cause);
});

test('one refusal: audience, product, look-alikes, ordinary requests with raw lines', async () => {
  const row = (await ask<RefusalsPage>('refusals?path=/shop/orders&limit=1')).rows[0]!;
  const detail = await ask<RefusalDetail>(`refusals/${row.id}`);
  expect(detail.product).not.toBeNull();
  expect(detail.audience).toBe('harmed');
  expect(detail.audienceReasons.map((r) => r.reason)).toContain('let-through-before');
  expect(detail.lookAlikes.length).toBe(8);
  expect(detail.lookAlikes.every((x) => x.problem === row.problem && x.id !== row.id)).toBe(true);
  expect(detail.ordinary.length).toBe(5);
  expect(detail.ordinary.every((x) => x.status === 200 && x.raw.includes('/shop/orders'))).toBe(true);
  expect(detail.similar.sameProblem).toBe(15);
});

test('a time of centuries is a chart of as many bars as any other', async () => {
  const row = (await ask<RefusalsPage>('refusals?limit=1')).rows[0]!;
  for (const period of ['until=9999-12-31', 'since=1970-01-01&until=9999-12-31', 'until=1970-01-02']) {
    expect((await ask<Overview>(`overview?${period}`)).series.length).toBeLessThanOrEqual(122);
    expect((await ask<ProblemDetail>(`problems/${row.problem}?${period}`)).series.length).toBeLessThanOrEqual(122);
    const counts = (await ask<ProblemsPage>(`problems?${period}`)).rows.map((p) => p.sparkline.counts.length);
    expect(Math.max(0, ...counts)).toBeLessThanOrEqual(60);
  }
});

describe('search', () => {
  const find = (q: string) => ask<SearchResult>(`search?q=${encodeURIComponent(q)}`);
  test('a pasted line leads to its refusal, also with another end', async () => {
    const line = lines[8]!.trimEnd();
    const { matches } = await find(line);
    expect(matches).toHaveLength(1);
    expect(matches[0]).toMatchObject({ kind: 'refusal', why: expect.stringContaining('line 9 of') });
    // As another layer would have logged it: not stored, but the same client, path and time.
    const other = await find(line.replace(' 512 ', ' 513 ').replace('Mozilla/5.0', 'Mozilla/5.0 (via lb)'));
    expect(other.matches.length).toBeGreaterThan(0);
    const page = await ask<RefusalsPage>(`refusals?q=${encodeURIComponent(line)}`);
    expect(page.total).toBe(1);
    expect(
      (await find('10.0.0.1 - - [24/Nov/1999:10:00:00 +0000] "GET /nothing HTTP/1.1" 403 5 "-" "-"')).matches,
    ).toEqual([]);
  });

  test('an address, a path, the beginning of one, a part of a route', async () => {
    expect((await find('198.51.100.66')).matches).toContainEqual({
      kind: 'filter',
      field: 'client',
      value: '198.51.100.66',
      count: 20,
    });
    const total = async (q: string) => (await ask<RefusalsPage>(`refusals?q=${encodeURIComponent(q)}`)).total;
    expect(await total('198.51.100.66')).toBe(20);
    expect(await total('/.git/')).toBe(20);
    expect(await total('/.git/1')).toBe(11);
    expect(await total('hop/ord')).toBe(15);
    expect(await total('%')).toBe(0);
    expect(await total('no such thing')).toBe(0);
  });
});

describe('files', () => {
  const file = async (format: string, more = ''): Promise<{ text: string; type: string }> => {
    const answer = await fetch(`${url}/api/v1/refusals/export?format=${format}${more}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toContain(`why403-refusals.${format}`);
    return { text: await answer.text(), type: answer.headers.get('content-type')! };
  };
  test('hold every row of the filter, in three formats', async () => {
    const ndjson = await file('ndjson', '&audience=noise');
    const rows = ndjson.text
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(rows).toHaveLength(20);
    expect(JSON.parse((await file('json', '&audience=noise')).text)).toEqual(rows);
    expect(JSON.parse((await file('json', '&client=nobody')).text)).toEqual([]);
    const csv = await file('csv');
    expect(csv.type).toContain('text/csv');
    expect(csv.text.trimEnd().split('\r\n')).toHaveLength(38);
  });
  test('are in the order and the columns that are asked for', async () => {
    const { text } = await file('csv', '&sort=path&order=oldest&columns=path,client');
    const [head, ...rows] = text.trimEnd().split('\r\n');
    expect(head).toBe('path,client');
    expect(rows).toHaveLength(37);
    const list = JSON.parse((await file('json', '&sort=path&order=oldest&columns=path,audience')).text);
    expect(list.map((r: { path: string }) => r.path)).toEqual(list.map((r: { path: string }) => r.path).sort());
    expect(Object.keys(list[0])).toEqual(['path', 'audience']);
    expect((await fetch(`${url}/api/v1/refusals/export?columns=path,nothing`)).status).toBe(400);
  });
  test('mask secrets and defuse formulas', async () => {
    const { text } = await file('csv');
    expect(text).not.toContain('supersecretvalue');
    expect(text).toContain('token=***');
    expect(text).not.toMatch(/(^|,)"?[=+@]/m);
    expect((await fetch(`${url}/api/v1/refusals/export?format=xls`)).status).toBe(400);
  });
});

test('an unchanged answer is not sent again, a changed one is', async () => {
  // Within one minute, or "ago" moves on.
  const tag = async () => (await fetch(`${url}/api/v1/overview`)).headers.get('etag')!;
  let first = await tag();
  if ((await tag()) !== first) first = await tag();
  const again = await fetch(`${url}/api/v1/overview`, { headers: { 'if-none-match': first } });
  expect(again.status).toBe(304);
  expect(again.headers.get('cache-control')).toBe('private, no-cache');
  appendFileSync(join(d, 'logs/web/access.log'), shop(90, 200, { at: Date.now() }));
  await until(
    () => fetch(`${url}/api/v1/overview`, { headers: { 'if-none-match': first } }),
    (r) => r.status === 200,
  );
});

describe('what people say', () => {
  test('a problem is fixed, comes back by itself, and is muted', async () => {
    const [p] = (await ask<ProblemsPage>('problems?route=/pay')).rows;
    expect(p!.state).toBe('new');
    const fixed = await send('PATCH', `problems/${p!.id}`, { word: 'fixed', note: 'deployed', by: 'ada' });
    expect(fixed.status).toBe(200);
    expect(((await fixed.json()) as ProblemRow).word).toMatchObject({ word: 'fixed', note: 'deployed', by: 'ada' });
    expect((await ask<ProblemDetail>(`problems/${p!.id}`)).state).toBe('resolved');
    await new Promise((done) => setTimeout(done, 1100));
    appendFileSync(
      join(d, 'logs/web/access.log'),
      shop(0, 403, { at: Date.now() + 1000, path: '/pay?token=x', client: '203.0.113.10' }),
    );
    const back = await until(
      () => ask<ProblemDetail>(`problems/${p!.id}`),
      (x) => x.state === 'regressed',
    );
    expect(back.refusals).toBe(2);
    expect(back.history.map((h) => h.what)).toEqual(['began', 'fixed', 'came-back']);
    expect((await ask<ProblemsPage>('problems?state=regressed')).rows.map((x) => x.id)).toContain(p!.id);
    await send('PATCH', `problems/${p!.id}`, { word: 'expected' });
    expect((await ask<Overview>('overview')).fresh.map((x) => x.id)).not.toContain(p!.id);
    expect((await ask<ProblemsPage>('problems?word=!expected')).rows.map((x) => x.id)).not.toContain(p!.id);
  });

  test('only from here, as JSON, in the shape of the contract', async () => {
    const { id } = (await ask<ProblemsPage>('problems')).rows[0]!;
    const word = { word: 'acknowledged' };
    expect((await send('PATCH', `problems/${id}`, word, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await send('PATCH', `problems/${id}`, word, { origin: 'null' })).status).toBe(403);
    expect((await send('PATCH', `problems/${id}`, word, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await send('PATCH', `problems/${id}`, word, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await send('PATCH', `problems/${id}`, { word: 'gone' })).status).toBe(400);
    expect((await send('PATCH', `problems/${id}`, { ...word, more: 1 })).status).toBe(400);
    expect((await send('PATCH', 'problems/p000000000000000', word)).status).toBe(404);
    const broken = await fetch(`${url}/api/v1/problems/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"word":',
    });
    expect(broken.status).toBe(400);
    expect(broken.headers.get('content-type')).toContain('application/problem+json');
    expect((await send('POST', 'refusals', {})).status).toBe(405);
    expect((await ask<ProblemDetail>(`problems/${id}`)).word?.word).not.toBe('acknowledged');
  });

  test('views are saved, listed and dropped', async () => {
    const made = await send('POST', 'views', { name: ' People today ', page: 'refusals', search: 'audience=harmed' });
    const view = (await made.json()) as Views['views'][number];
    expect(view).toMatchObject({ name: 'People today', page: 'refusals', search: 'audience=harmed' });
    expect((await ask<Views>('views')).views).toEqual([view]);
    expect(((await (await send('DELETE', `views/${view.id}`, {})).json()) as Views).views).toEqual([]);
    expect((await send('DELETE', `views/${view.id}`, {})).status).toBe(404);
    expect((await send('POST', 'views', { name: '', page: 'refusals', search: '' })).status).toBe(400);
  });
});

test('settings are told without secrets; sources say how far they are', async () => {
  const { settings } = await ask<Settings>('settings');
  expect(JSON.stringify(settings)).not.toContain('very-secret');
  expect(settings.find((s) => s.key === 'webhook_secret')).toMatchObject({ value: '(set)', isSecret: true });
  expect(settings.find((s) => s.key === 'keep_raw')).toMatchObject({ value: '7d' });
  expect(settings.find((s) => s.key === 'keep_raw_size')).toMatchObject({ value: '2GB' });
  expect(settings.find((s) => s.key === 'alert_window')).toMatchObject({ value: '5m' });
  const [source] = (await ask<Sources>('sources')).sources;
  expect(source!.progress.bytesRead).toBe(readFileSync(join(d, 'logs/web/access.log')).length);
  expect(source!.progress).toMatchObject({ bytesTotal: source!.progress.bytesRead, secondsLeft: null });
});

test('the report of the command line says the same', async () => {
  const made = await cli(['report', join(d, 'logs'), '--format', 'csv']);
  const { total } = await ask<RefusalsPage>('refusals');
  expect(made.out.trimEnd().split('\r\n').length - 1).toBe(total);
  const records = (await cli(['report', join(d, 'logs'), '--format', 'jsonl'])).out.trimEnd().split('\n');
  const noise = records.filter((l) => (JSON.parse(l) as { audience: string }).audience === 'noise');
  expect(noise.length).toBe((await ask<RefusalsCount>('refusals/count?audience=noise')).count);
});
