/** The service as a user runs it: history, following, restart, alert, safety. Real files, processes and receivers. */

import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Alerts, Overview, RefusalDetail, RefusalsPage, Sources } from '../../server/api/contract.ts';
import { combined, directory, serve, until } from './run.ts';

test('history first, then what is appended; a restart neither loses nor doubles a line', async () => {
  const d = directory({
    'logs/access.log': Array.from({ length: 300 }, (_, i) =>
      combined({ path: `/p/${i}`, status: i % 10 === 0 ? 403 : 200 }),
    ).join(''),
  });
  const args = [join(d, 'logs'), '--data', join(d, 'data')];
  const log = join(d, 'logs/access.log');
  let s = await serve(args);
  await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === 30,
  );
  appendFileSync(log, combined({ path: '/late', status: 403 }));
  const page = await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === 31,
  );
  expect(page.rows.some((r) => r.path === '/late')).toBe(true);
  // A torn line waits for its end.
  const torn = combined({ path: '/torn', status: 403 });
  appendFileSync(log, torn.slice(0, 40));
  await new Promise((done) => setTimeout(done, 1500));
  expect((await s.get<RefusalsPage>('/api/v1/refusals')).total).toBe(31);
  expect(await s.stop()).toBe(0);

  appendFileSync(log, torn.slice(40) + combined({ path: '/while-away', status: 403 }));
  s = await serve(args);
  const after = await until(
    () => s.get<RefusalsPage>('/api/v1/refusals?limit=500'),
    (p) => p.total === 33,
  );
  expect(new Set(after.rows.map((r) => r.id)).size).toBe(33);
  const source = (await s.get<Sources>('/api/v1/sources')).sources[0]!;
  expect(source).toMatchObject({ lines: 303, parsed: 303, unparsed: 0, bytesBehind: 0, state: 'following' });
  const overview = await s.get<Overview>('/api/v1/overview');
  expect(overview.totals).toMatchObject({ refused: 33, requests: 303 });
  expect(overview.series.reduce((n, p) => n + Object.values(p.byCause).reduce((a, b) => a + b, 0), 0)).toBe(33);
});

test('kill -9 while it reads: every line is there once', async () => {
  const d = directory();
  const lines = 60_000;
  const text = Array.from({ length: lines }, (_, i) =>
    combined({ path: `/p/${i}`, status: i % 100 === 0 ? 403 : 200, client: `198.51.100.${i % 250}` }),
  ).join('');
  const logs = directory({ 'access.log': text });
  for (let kill = 0; kill < 3; kill++) {
    const s = await serve([logs, '--data', join(d, 'data')]);
    await new Promise((done) => setTimeout(done, 60 + kill * 120));
    s.child.removeAllListeners('close');
    s.child.kill('SIGKILL');
    await new Promise((done) => s.child.once('close', done));
  }
  const s = await serve([logs, '--data', join(d, 'data')]);
  await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === lines / 100,
    40_000,
  );
  const source = (await s.get<Sources>('/api/v1/sources')).sources[0]!;
  expect(source.lines).toBe(lines);
  const overview = await s.get<Overview>('/api/v1/overview');
  expect(overview.totals.requests).toBe(lines);
});

test('the alert fires once, names the causes, is signed, and resolves', async () => {
  const got: { body: string; headers: Record<string, string | string[] | undefined> }[] = [];
  const receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (c) => {
      body += c;
    });
    req.on('end', () => {
      got.push({ body, headers: req.headers });
      // The first attempt fails: it has to be tried again.
      res.statusCode = got.length === 1 ? 503 : 204;
      res.end();
    });
  });
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/hook`;
  const d = directory({ 'logs/access.log': Array.from({ length: 90 }, () => combined({})).join('') });
  const log = join(d, 'logs/access.log');
  try {
    const s = await serve([
      join(d, 'logs'),
      '--data',
      join(d, 'data'),
      '--alert-rate',
      '5%',
      '--alert-window',
      '1m',
      '--webhook',
      url,
      '--webhook-secret',
      'a-secret-for-tests',
    ]);
    await until(
      () => s.get<Sources>('/api/v1/sources'),
      (x) => x.sources[0]?.lines === 90,
    );
    expect((await s.get<Alerts>('/api/v1/alerts')).firing).toHaveLength(0);
    appendFileSync(
      log,
      Array.from({ length: 30 }, (_, i) => combined({ path: '/.env', status: 403, client: `203.0.113.${i}` })).join(''),
    );
    const alerts = await until(
      () => s.get<Alerts>('/api/v1/alerts'),
      (a) => a.firing[0]?.deliveries[0]?.state === 'sent',
    );
    expect(alerts.firing).toHaveLength(1);
    const fired = got.map((g) => JSON.parse(g.body)).filter((b) => b.event === 'firing');
    expect(fired.length).toBe(2);
    expect(fired[0].alert.value).toBeGreaterThan(0.05);
    expect(fired[0].causes.length).toBeGreaterThan(0);
    expect(fired[0].evidence.length).toBeGreaterThan(0);
    const { headers, body } = got[1]!;
    const expected = createHmac('sha256', 'a-secret-for-tests')
      .update(`${headers['x-why403-timestamp']}.${body}`)
      .digest('hex');
    expect(headers['x-why403-signature']).toBe(`sha256=${expected}`);
    expect(headers['x-why403-delivery']).toBe(got[0]!.headers['x-why403-delivery']);
    // Enough ordinary traffic brings the share down again.
    appendFileSync(log, Array.from({ length: 4000 }, () => combined({})).join(''));
    const after = await until(
      () => s.get<Alerts>('/api/v1/alerts'),
      (a) => a.history[0]?.deliveries.every((x) => x.state === 'sent') === true && a.history.length === 1,
      30_000,
    );
    expect(after.firing).toHaveLength(0);
    expect(got.map((g) => JSON.parse(g.body).event).filter((e) => e === 'resolved')).toHaveLength(1);
  } finally {
    receiver.closeAllConnections();
    receiver.close();
  }
});

test('foreign hosts and origins, wrong tokens and unknown questions are refused in words', async () => {
  const d = directory({ 'logs/access.log': combined({ status: 403 }) });
  const s = await serve([join(d, 'logs'), '--data', join(d, 'data')]);
  const { request } = await import('node:http');
  const ask = (
    path: string,
    headers: Record<string, string>,
    method = 'GET',
  ): Promise<{ status: number; body: string }> =>
    new Promise((done, failed) => {
      const r = request(`${s.url}${path}`, { headers, method }, (res) => {
        let body = '';
        res.on('data', (c) => {
          body += c;
        });
        res.on('end', () => done({ status: res.statusCode!, body }));
      });
      r.on('error', failed);
      r.end();
    });
  expect((await ask('/api/v1/status', { host: 'rebind.example' })).status).toBe(421);
  expect((await ask('/api/v1/status', { origin: 'https://elsewhere.example' })).status).toBe(403);
  const unknown = await ask('/api/v1/nothing', {});
  expect(unknown.status).toBe(404);
  expect(JSON.parse(unknown.body)).toMatchObject({ status: 404, title: 'Not found' });
  expect((await ask('/api/v1/refusals?limit=100000', {})).status).toBe(400);
  expect((await ask('/api/v1/refusals?since=whenever', {})).status).toBe(400);
  expect((await ask('/api/v1/refusals?cursor=zzz', {})).status).toBe(400);
  expect((await ask('/api/v1/refusals/nope', {})).status).toBe(404);
  expect((await ask('/api/v1/status', {}, 'POST')).status).toBe(405);
  expect((await ask('/api/v1/openapi.json', {})).status).toBe(200);
  await until(
    () => ask('/metrics', {}),
    (m) => /^why403_refused_requests 1$/m.test(m.body),
  );
});

test('a query string that holds a token is masked in every face', async () => {
  const secret = 'sk-9f8e7d6c5b4a';
  const d = directory({ 'logs/access.log': combined({ path: `/pay?order=7&access_token=${secret}`, status: 403 }) });
  const s = await serve([join(d, 'logs'), '--data', join(d, 'data')]);
  const page = await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === 1,
  );
  const detail = await s.get<RefusalDetail>(`/api/v1/refusals/${page.rows[0]!.id}`);
  expect(JSON.stringify([page, detail])).not.toContain(secret);
  expect(page.rows[0]!.query).toBe('order=7&access_token=***');
  expect(detail.chain[0]!.raw).toContain('access_token=***');
});

test('history older than the raw retention is explained before its lines go, and its refusals stay', async () => {
  const old = Date.now() - 30 * 86_400_000;
  const d = directory({
    'logs/access.log': Array.from({ length: 2000 }, (_, i) =>
      combined({ at: old + i * 1000, path: `/p/${i}`, status: i % 20 === 0 ? 403 : 200 }),
    ).join(''),
  });
  const s = await serve([join(d, 'logs'), '--data', join(d, 'data')]);
  await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === 100,
  );
  await new Promise((done) => setTimeout(done, 3000));
  expect((await s.get<RefusalsPage>('/api/v1/refusals')).total).toBe(100);
});
