// biome-ignore-all lint/performance/useDomNodeTextContent: innerText of Playwright is what a reader sees
/** The page on the real program and the bundled logs: what a reader does from "403s are up" to "this is why". */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { FILTER_FIELDS, type RefusalRow } from '../../server/api/contract.ts';
import { openBrowser } from './browser.ts';
import { api, clean, counted, number, pagesOf, params, pathOf, press, visit } from './kit.ts';
import { type Real, startReal } from './server.ts';

let browser: Browser;
let server: Real;
const go = (path: string, options = {}) => visit(browser, server.url, path, options);

beforeAll(async () => {
  [browser, server] = await Promise.all([openBrowser(), startReal()]);
});
afterEach(clean);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const until = (page: Page, name: string) => expect.poll(() => params(page).getAll(name).join());

test('every page renders under its heading', async () => {
  for (const p of await pagesOf(server.url)) {
    const page = await go(p.path);
    await page.locator(p.ready).first().waitFor();
    expect(await page.locator('h1').innerText(), p.name).toContain(p.heading);
    expect(await page.title()).toContain('why403');
  }
});

test('three clicks: overview, problem, refusal with its verdict, way, lines and playbook', async () => {
  const page = await go('/');
  await page.locator('.fresh .row-link, .causes .count-link').first().waitFor();
  await page.getByRole('link', { name: 'Problems', exact: true }).click();
  await page.locator('.problem-link').first().click();
  await page.locator('.playbook').waitFor();
  await page.locator('.short-list a').first().click();
  await page.locator('.verdict-words').waitFor();
  expect(await page.locator('.verdict-words').innerText()).toMatch(/was refused with 403/);
  expect(await page.locator('.way .station').count()).toBeGreaterThanOrEqual(7);
  expect(await page.locator('.hop .raw').count()).toBeGreaterThan(0);
  for (const name of ['Evidence', 'Log lines', 'What to do', 'Request', 'Ordinary requests to this route'])
    expect(await page.getByRole('region', { name, exact: true }).count(), name).toBe(1);
});

test('a number on the overview is the number of rows behind it, for causes and every list', async () => {
  const page = await go('/');
  await page.locator('.causes .count-link').first().waitFor();
  const links = await page
    .locator('.causes .count-link, .bar-row:first-child .bar-count')
    .evaluateAll((all) => all.map((a) => [(a as HTMLAnchorElement).href, a.textContent ?? ''] as const));
  expect(links.length).toBeGreaterThan(8);
  for (const [href, text] of links) {
    const query = new URL(href).searchParams;
    if (query.get('since') === 'all') query.delete('since');
    const { count } = await api<{ count: number }>(server.url, `refusals/count?${query}`);
    expect(count, href).toBe(number(text));
  }
  const first = page.locator('.causes .count-link').first();
  const shown = number(await first.innerText());
  await first.click();
  await page.locator('.rrow').first().waitFor();
  expect(await counted(page)).toBe(shown);
  await page.goBack();
  await page.locator('.causes').waitFor();
  expect(pathOf(page)).toBe('/');
});

test('each list, the legend and the causes filter the overview in place; chips take it away again', async () => {
  const page = await go('/');
  await page.locator('.bar-pick').first().waitFor();
  const lists = await page.locator('.bar-card').evaluateAll((all) => all.map((c) => c.getAttribute('aria-label')!));
  expect(lists).toEqual(expect.arrayContaining(['Routes', 'Clients', 'Deciding layers', 'Hosts', 'Deciding logs']));
  const FIELD: Record<string, string> = {
    Routes: 'route',
    Clients: 'client',
    'Deciding layers': 'layer',
    Hosts: 'host',
    Rules: 'rule',
    Users: 'user',
    'Deciding logs': 'source',
  };
  for (const name of lists) {
    const field = FIELD[name]!;
    const row = page.getByRole('region', { name, exact: true }).locator('.bar-row').first();
    const rows = number(await row.locator('.bar-count').innerText());
    await row.locator('.bar-pick').click();
    await until(page, field).not.toBe('');
    await expect.poll(async () => number(await page.locator('.figure-value').first().innerText())).toBe(rows);
    await page.locator('.chip button').first().click();
    await until(page, field).toBe('');
    await page.locator('.chip').waitFor({ state: 'detached' });
  }
  await page.locator('.legend-item').first().click();
  await until(page, 'category').not.toBe('');
  await page.locator('.causes .row-pick').first().click();
  await until(page, 'cause').not.toBe('');
  await page.getByRole('button', { name: 'Remove all' }).click();
  await until(page, 'cause').toBe('');
});

test('people against noise is a switch whose counts are those of the rows', async () => {
  const page = await go('/');
  await page.locator('.causes').waitFor();
  const people = page.getByRole('radio', { name: /^People/ });
  await people.check();
  await until(page, 'audience').toBe('harmed');
  const { count } = await api<{ count: number }>(server.url, 'refusals/count?audience=harmed');
  await expect.poll(async () => number(await page.locator('.figure-value').first().innerText())).toBe(count);
  await page.locator('.figure-value a').first().click();
  await page.locator('.rrow').first().waitFor();
  expect(await counted(page)).toBe(count);
});

test('dragging over the chart zooms in, back zooms out; the table says the same as the chart', async () => {
  const page = await go('/');
  await page.locator('.chart .recharts-bar-rectangle').first().waitFor();
  const box = (await page.locator('.chart').boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + 150);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 150, { steps: 6 });
  await page.mouse.move(box.x + box.width * 0.6, box.y + 150, { steps: 4 });
  await page.mouse.up();
  await until(page, 'until').not.toBe('');
  expect(Date.parse(params(page).get('since')!)).toBeLessThan(Date.parse(params(page).get('until')!));
  await page.getByRole('button', { name: 'Zoom out' }).waitFor();
  await page.goBack();
  await until(page, 'until').toBe('');
  await page.getByRole('radio', { name: 'Table' }).check();
  await page.locator('.trend-table tbody tr').first().waitFor();
  const refused = await page
    .locator('.trend-table tbody tr')
    .evaluateAll((rows) => rows.reduce((n, r) => n + Number(r.children[2]!.textContent!.replace(/\D/g, '')), 0));
  expect(refused).toBe(number(await page.locator('.figure-value').first().innerText()));
});

test('from and to can be chosen without a mouse', async () => {
  const page = await go('/refusals');
  await page.locator('.rrow').first().waitFor();
  await page.getByRole('button', { name: 'Choose from and to' }).click();
  await page.getByLabel('From', { exact: true }).fill('2026-11-22T12:35');
  await page.getByLabel('To', { exact: true }).fill('2026-11-22T12:36');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  // The browser of the tests is in Berlin.
  await until(page, 'since').toBe('2026-11-22T11:35:00.000Z');
  await until(page, 'until').toBe('2026-11-22T11:36:00.000Z');
  await page.locator('.chip').first().waitFor();
});

test('every value filters in and out; sort, columns and filter are in the address; a deep link shows the same', async () => {
  const page = await go('/refusals');
  await page.locator('.rrow').first().waitFor();
  const all = await counted(page);
  await page.locator('.rrow').nth(1).locator('.c-client .value').click();
  await page.getByRole('menuitem', { name: /^Without Client/ }).click();
  await page.locator('.chip[data-not]').waitFor();
  expect(params(page).get('client')).toMatch(/^!/);
  await expect.poll(() => counted(page)).toBeLessThan(all);
  await page.locator('.rrow').first().locator('.c-cause .value').first().click();
  await page.getByRole('menuitem', { name: /^Only Cause/ }).click();
  await until(page, 'cause').not.toBe('');
  await page.getByRole('button', { name: 'Client', exact: true }).click();
  await until(page, 'order').toBe('oldest');
  await page.getByRole('button', { name: 'Client', exact: true }).click();
  await until(page, 'order').toBe('');
  await until(page, 'sort').toBe('client');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Route' }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Detail' }).click();
  await until(page, 'columns').toMatch(/route/);
  await page.keyboard.press('Escape');
  const look = async (p: Page) => {
    await p.locator('.rrow').first().waitFor();
    return [await p.locator('.rhead').innerText(), await counted(p), await p.locator('.rrow').first().innerText()];
  };
  const before = await look(page);
  const other = await go(new URL(page.url()).pathname + new URL(page.url()).search);
  await expect.poll(() => look(other)).toEqual(before);
});

test('the export holds what is shown, in three formats', async () => {
  const page = await go('/refusals?audience=harmed');
  await page.locator('.rrow').first().waitFor();
  const rows = await counted(page);
  await page.getByRole('button', { name: 'Export' }).click();
  for (const [name, read] of [
    ['CSV', (t: string) => t.trimEnd().split('\n').length - 1],
    ['JSON', (t: string) => (JSON.parse(t) as unknown[]).length],
    ['NDJSON', (t: string) => t.trimEnd().split('\n').length],
  ] as const) {
    const href = await page.getByRole('menuitem', { name: new RegExp(`^${name}\\b`) }).getAttribute('href');
    expect(read(await (await fetch(server.url + href)).text()), name).toBe(rows);
  }
});

test('the export is in the order and the columns of the table', async () => {
  const page = await go('/refusals?sort=client&order=oldest&columns=client,cause');
  await page.locator('.rrow').first().waitFor();
  const first = await page.locator('.rrow').first().locator('.c-client').innerText();
  await page.getByRole('button', { name: 'Export' }).click();
  const text = async (name: RegExp) => {
    const href = await page.getByRole('menuitem', { name }).getAttribute('href');
    return (await fetch(server.url + href)).text();
  };
  const lines = (await text(/^CSV/)).split('\r\n');
  expect(lines[0]).toBe('time,client,cause,certainty,confidence,id');
  expect(lines[1]!.split(',')[1] || '–').toBe(first.trim());
  const clients = lines.slice(1, -1).map((l) => l.split(',')[1]!);
  expect(clients).toEqual([...clients].sort());
  expect((await text(/^Every column/)).split('\r\n')[0]).toMatch(/^id,time,client,.*,detail$/);
});

test('every filter holds in the address: as many rows as the API counts, and a chip to take it away', async () => {
  const { rows } = await api<{ rows: RefusalRow[] }>(server.url, 'refusals?limit=100');
  const row = rows.find((r) => r.rule !== null && r.user !== null) ?? rows.find((r) => r.rule !== null)!;
  const user = rows.find((r) => r.user !== null)?.user ?? 'nobody';
  const values: Record<string, string> = {
    cause: row.cause,
    category: row.cause.split('.')[0]!,
    layer: row.decidingLayer,
    source: row.decidingSource!,
    client: row.client!,
    host: row.host!,
    route: row.route!,
    path: row.path!,
    method: row.method!,
    status: String(row.status),
    certainty: row.certainty,
    rule: row.rule!,
    audience: row.audience,
    problem: row.problem,
    user,
    q: row.path!,
    since: row.time,
    until: row.time,
  };
  expect(Object.keys(values).sort()).toEqual([...FILTER_FIELDS, 'q', 'since', 'until'].sort());
  const page = await go('/settings');
  for (const [field, value] of Object.entries(values))
    for (const v of ['q', 'since', 'until'].includes(field) ? [value] : [value, `!${value}`]) {
      const query = new URLSearchParams({ [field]: v });
      const { count } = await api<{ count: number }>(server.url, `refusals/count?${query}`);
      await page.goto(`/refusals?${query}`);
      await page.locator('.rrow, .state').first().waitFor();
      expect(count > 0 ? await counted(page) : 0, String(query)).toBe(count);
      if (['audience', 'since'].includes(field)) continue;
      await page.locator('.chip').getByRole('button').first().click();
      await until(page, field).toBe('');
    }
});

test('what is new since yesterday is as many problems as the list of them', async () => {
  const page = await go('/');
  const link = page.locator('.fresh .card-head a');
  await link.waitFor();
  const { freshTotal } = await api<{ freshTotal: number }>(server.url, 'overview');
  expect(freshTotal).toBeGreaterThan(0);
  await link.click();
  await until(page, 'fresh').toBe('1');
  await page.locator('.problem-link').first().waitFor();
  await expect.poll(() => counted(page)).toBe(freshTotal);
  await page.getByRole('button', { name: 'Not only since yesterday' }).click();
  await until(page, 'fresh').toBe('');
});

test('a finger over the chart zooms in as well', async () => {
  const page = await go('/', { hasTouch: true, viewport: { width: 360, height: 740 } });
  await page.locator('.chart .recharts-bar-rectangle').first().waitFor();
  const chart = page.locator('.chart');
  await chart.scrollIntoViewIfNeeded();
  const box = (await chart.boundingBox())!;
  const touch = await page.context().newCDPSession(page);
  const at = (share: number) => [{ x: box.x + box.width * share, y: box.y + 120 }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0.4) });
  for (const share of [0.45, 0.55, 0.65, 0.7])
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(share) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await until(page, 'until').not.toBe('');
  expect(Date.parse(params(page).get('since')!)).toBeLessThan(Date.parse(params(page).get('until')!));
});

test('a view is saved, opened from another page, and deleted', async () => {
  const page = await go('/refusals?audience=noise&sort=client');
  await page.locator('.rrow').first().waitFor();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Save what you see as').fill('Scanners <b>by</b> client');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.locator('.views').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'Problems', exact: true }).click();
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: /^Scanners <b>by/ }).click();
  await expect.poll(() => pathOf(page) + new URL(page.url()).search).toBe('/refusals?audience=noise&sort=client');
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: /^Delete the view/ }).click();
  await page.getByText('No saved views yet').waitFor();
});

test('problems: states filter, a word with a note stays, what is expected leaves the list', async () => {
  const page = await go('/problems');
  await page.locator('.problem-link').first().waitFor();
  const all = await counted(page);
  const href = (await page.locator('.problem-link').first().getAttribute('href'))!;
  await page.locator('.problem-link').first().click();
  await page.locator('.acts').waitFor();
  await page.getByRole('button', { name: 'Mute as expected' }).click();
  await page.getByLabel(/^Note/).fill('Load test <script>alert(1)</script>');
  await page.getByLabel(/^Your name/).fill('Kim');
  await page.locator('.acts-form').getByRole('button', { name: 'Mute as expected' }).click();
  await page.locator('.history').getByText('Load test <script>').waitFor();
  await page.reload();
  await page.locator('.history').getByText('Kim').waitFor();
  await page.getByRole('link', { name: 'Problems', exact: true }).first().click();
  await expect.poll(() => counted(page)).toBe(all - 1);
  expect(await page.locator(`.problem-link[href="${href}"]`).count()).toBe(0);
  await page.getByRole('button', { name: 'Show 1 expected' }).click();
  await expect.poll(() => counted(page)).toBe(all);
  await page.goto(href);
  await page.getByRole('button', { name: /^Withdraw/ }).click();
  await page.getByRole('button', { name: /^Withdraw/ }).waitFor({ state: 'detached' });
  await page.goto('/problems?state=resolved');
  await page.locator('.problem-link, .state').first().waitFor();
  expect(await page.getByRole('radio', { name: /^Quiet/ }).isChecked()).toBe(true);
});

/** One line as HAProxy would write it now. */
function line(n: number, path = '/internal/queues', id: string = crypto.randomUUID()): string {
  const sample = readFileSync(new URL('../../fixtures/demo/loadbalancer/haproxy.log', import.meta.url), 'utf8')
    .split('\n')
    .find((l) => l.includes('<NOSRV>') && l.includes('/internal/queues'))!;
  const t = new Date();
  const [, mon, day, year, time] = t
    .toUTCString()
    .match(/, (\d+) (\w+) (\d+) (\S+)/)!
    .map((x, i) => (i ? x : ''));
  return `${sample
    .replace(/^\S+/, t.toISOString().replace('Z', '000+00:00'))
    .replace(/\[[^\]]+\] fe/, `[${mon}/${day}/${year}:${time}.${String(t.getMilliseconds()).padStart(3, '0')}] fe`)
    .replace(/[0-9a-f]{8}-[0-9a-f-]+$/, id)
    .replace('198.51.100.123', `203.0.113.${n}`)
    .replace('/internal/queues', () => path)}\n`;
}

test('live: a refusal comes in by itself at the top; scrolled down it waits behind a button; paused nothing moves', async () => {
  const page = await go('/refusals');
  await page.locator('.rrow').nth(20).waitFor();
  await page.locator('.live-live').waitFor();
  const before = await counted(page);
  await page.mouse.move(400, 20);
  server.append('loadbalancer/haproxy.log', line(201));
  await expect.poll(() => counted(page), { timeout: 20_000 }).toBe(before + 1);
  await page.locator('.rrow').first().getByText('203.0.113.201').waitFor();

  await page.mouse.wheel(0, 900);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(300);
  const y = await page.evaluate(() => scrollY);
  server.append('loadbalancer/haproxy.log', line(202));
  const pill = page.getByRole('button', { name: '1 new' });
  await pill.waitFor({ timeout: 20_000 });
  expect(await page.evaluate(() => scrollY)).toBe(y);
  expect(await page.getByText('203.0.113.202').count()).toBe(0);
  await pill.click();
  await page.locator('.rrow').first().getByText('203.0.113.202').waitFor();
  await pill.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: /^Live updates/ }).click();
  await page.locator('.live-paused').waitFor();
});

test('live: the overview follows', async () => {
  const page = await go('/');
  await page.locator('.live-live').waitFor();
  await page.locator('.figure-value').first().waitFor();
  const before = number(await page.locator('.figure-value').first().innerText());
  server.append('loadbalancer/haproxy.log', line(203));
  await expect
    .poll(async () => number(await page.locator('.figure-value').first().innerText()), { timeout: 20_000 })
    .toBe(before + 1);
});

test('with the keyboard alone from the overview to a playbook', async () => {
  const page = await go('/');
  await page.locator('.causes .count-link').first().waitFor();
  await press(page, 'Tab', '.causes .count-link');
  await page.keyboard.press('Enter');
  await page.locator('.rrow').first().waitFor();
  await press(page, 'Tab', '.rrow-link');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('0');
  await page.keyboard.press('Enter');
  await page.locator('.playbook').waitFor();
  await press(page, 'Tab', '.jump');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('what-to-do');
  await press(page, 'Tab', '.playbook *');
  await page.keyboard.press('/');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('combobox');
});

test('search takes a request id, an address and a pasted line, and offers a choice otherwise', async () => {
  const { rows } = await api<{ rows: RefusalRow[] }>(server.url, 'refusals?limit=50');
  const row = rows.find((r) => r.decidingLayer === 'app' || r.decidingLayer === 'waf')!;
  const detail = await api<{ requestIds: string[]; chain: { raw: string }[] }>(server.url, `refusals/${row.id}`);
  const page = await go('/');
  const box = page.getByRole('combobox');
  for (const q of [detail.requestIds[0]!, detail.chain[0]!.raw.split('\n')[0]!]) {
    await box.fill(q);
    await page.locator('.search-match').first().waitFor();
    await box.press('Enter');
    await page.locator('.verdict').waitFor();
    expect(page.url()).toContain(encodeURIComponent(row.id));
  }
  await box.fill(row.client!);
  await page.locator('.search-match').first().waitFor();
  await box.press('Enter');
  await page.locator('.rrow').first().waitFor();
  expect(params(page).get('client')).toBe(row.client);
  await box.fill('zzz-nothing-has-this');
  await page.locator('.search-none').waitFor();
});

test('a wrong id and a wrong address say what to do', async () => {
  let page = await go('/refusals/does-not-exist');
  await page.getByRole('heading', { name: 'There is no refusal with this id' }).waitFor();
  page = await go('/problems/does-not-exist');
  await page.getByRole('heading', { name: 'There is no problem with this id' }).waitFor();
});

test('times are in the zone that was chosen, with UTC on hover', async () => {
  const page = await go('/settings');
  await page.getByLabel('Times in').selectOption('Asia/Tokyo');
  await page.getByRole('link', { name: 'Refusals', exact: true }).click();
  const time = page.locator('.rrow time').last();
  await time.waitFor();
  const iso = (await time.getAttribute('datetime'))!;
  const inTokyo = new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', timeStyle: 'medium' }).format(
    new Date(iso),
  );
  expect(await time.innerText()).toContain(inTokyo);
  expect(await time.getAttribute('title')).toContain('UTC');
});

test('hostile lines of a real log: text everywhere, and no layout gives way', async () => {
  const t = new Date();
  const [, day, mon, year, time] = t.toUTCString().match(/, (\d+) (\w+) (\d+) (\S+)/)!;
  const agents = [
    `${'A'.repeat(4000)} ${'\u{1f600}'.repeat(500)} <svg onload=alert(1)>`,
    '</script><script>alert(2)</script>',
    '\u202eevil \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u200f',
  ];
  const paths = [
    `/<img/src=x/onerror=alert(3)>/${'long-'.repeat(400)}`,
    '/\u{1f600}/\u05e9\u05dc\u05d5\u05dd',
    '/\u202egnp.exe',
  ];
  paths.forEach((path, i) => {
    const id = crypto.randomUUID();
    const client = `203.0.113.24${i}`;
    server.append(
      'web/access.log',
      `${client} - <b>eve</b> [${day}/${mon}/${year}:${time} +0000] "GET ${path} HTTP/1.1" 403 153 "javascript:alert(4)" "${agents[i]}" "${client}" rid=${id} rt=0.000 urt=-\n`,
    );
    server.append('loadbalancer/haproxy.log', line(240 + i, path, id));
  });
  const rows = async () =>
    (await api<{ rows: RefusalRow[] }>(server.url, 'refusals?limit=20')).rows.filter((r) =>
      r.client?.startsWith('203.0.113.24'),
    );
  await expect.poll(async () => (await rows()).length, { timeout: 20_000 }).toBe(3);
  const all = await rows();
  const pages: [string, string][] = [
    ['/?since=1h', '.chart .recharts-bar-rectangle'],
    ['/problems?sort=age', '.problem-link'],
    ['/refusals', '.rrow'],
    ...all.map((r): [string, string] => [`/refusals/${r.id}`, '.hop']),
    ...all.map((r): [string, string] => [`/problems/${r.problem}`, '.short-list']),
  ];
  for (const width of [1280, 360]) {
    const page = await go('/settings', { viewport: { width, height: 740 } });
    for (const [path, ready] of pages) {
      await page.goto(path);
      await page.locator(ready).first().waitFor();
      expect(await page.locator('#root script, #root img, #root b b, #root svg[onload]').count(), path).toBe(0);
      expect(await page.locator('a[href^="javascript:"]').count(), path).toBe(0);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
      const text = await page.locator('#root').evaluate((e) => e.textContent ?? '');
      expect(/[\u0000-\u0008\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text), path).toBe(false);
    }
  }
});
