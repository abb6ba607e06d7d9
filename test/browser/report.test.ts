/** The HTML report as somebody opens it who got it by mail: from a file, with nothing else there. Hostile logs stay text. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../acceptance/run.ts';
import { openBrowser } from './browser.ts';

const T = 60_000;
const BIDI = '\u202egnp.exe\u202c\u200f';
const HOSTILE = [
  { path: '/<script>alert(1)</script>', agent: 'curl/8.5.0' },
  { path: `/search/${BIDI}/`, agent: `<svg onload=alert(2)> ${BIDI}` },
  { path: '/long', agent: 'A'.repeat(8000) },
  {
    path: '/\u{1f600}/\u05e9\u05dc\u05d5\u05dd/\u0645\u0631\u062d\u0628\u0627',
    agent: '\'-"`</style><script>alert(3)</script>',
  },
  { path: '/--><img src=x onerror=alert(4)>', agent: 'javascript:alert(5)' },
  { path: '/esc\\x1b[2J', agent: '</pre></details></main><iframe src=//evil.example>' },
];
let browser: Browser;
let file: string;
let d: string;

beforeAll(async () => {
  const lines = HOSTILE.flatMap(({ path, agent }, k) =>
    Array.from({ length: 12 }, (_, i) => {
      const status = i % 3 === 0 ? 200 : 403;
      const time = `24/Nov/2026:1${k}:0${i % 10}:1${i % 10} +0000`;
      return `203.0.113.${k + 1} - - [${time}] "GET ${path} HTTP/1.1" ${status} 153 "https://evil.example/<b>" "${agent.replaceAll('"', '\\"')}"\n`;
    }),
  );
  d = mkdtempSync(join(tmpdir(), 'why403-report-'));
  mkdirSync(join(d, 'logs/web'), { recursive: true });
  writeFileSync(join(d, 'logs/web/access.log'), lines.join(''));
  writeFileSync(
    join(d, 'logs/web/error.log'),
    '2026/11/24 10:01:11 [error] 7#7: *1 access forbidden by rule, client: 203.0.113.1, server: <script>alert(9)</script>, request: "GET /<script>alert(1)</script> HTTP/1.1", host: "shop.example.com"\n',
  );
  file = join(d, 'report.html');
  const made = await cli(['report', join(d, 'logs'), '--format', 'html', '--out', file]);
  expect(made.code).toBe(0);
  const demo = await cli(['report', 'fixtures/demo', '--format', 'html']);
  writeFileSync(join(d, 'demo.html'), demo.out);
  browser = await openBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rmSync(d, { recursive: true, force: true });
});

interface Opened {
  page: Page;
  problems: string[];
  asked: string[];
}

async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  const asked: string[] = [];
  page.on('console', (m) => {
    if (m.type() === 'error') problems.push(m.text());
  });
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('dialog', (d) => {
    problems.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  const url = pathToFileURL(path).href;
  page.on('request', (r) => {
    if (r.url() !== url) asked.push(r.url());
  });
  await page.goto(url);
  return { page, problems, asked };
}

const demoFile = (): string => file.replace('report.html', 'demo.html');
const openAll = (page: Page): Promise<void> =>
  page.locator('details').evaluateAll((list) => {
    for (const d of list) d.setAttribute('open', '');
  });

test('runs nothing, asks nobody, and shows hostile text as text', { timeout: T }, async () => {
  const { page, problems, asked } = await open(file);
  await openAll(page);
  expect(problems).toEqual([]);
  expect(asked).toEqual([]);
  expect(await page.locator('script, iframe, img, object, embed, form, [onload], [onerror]').count()).toBe(0);
  const text = (await page.locator('main').textContent()) ?? '';
  expect(text).toContain('<script>alert(1)</script>');
  expect(text).toContain('\\u{202e}');
  expect(text).toContain('\u{1f600}');
  expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text)).toBe(false);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBe(0);
});

test('says how many, why, with the raw lines and what to change', { timeout: T }, async () => {
  const { page } = await open(file);
  const figures = await page.locator('.figures').textContent();
  expect(figures).toContain('48');
  expect(await page.locator('svg[role=img][aria-label^="Refused requests over time"]').count()).toBe(1);
  const first = page.locator('.problem').first();
  expect(await first.getAttribute('open')).not.toBeNull();
  await openAll(page);
  expect(await page.locator('ol.way pre').first().textContent()).toContain('HTTP/1.1');
  expect(await page.locator('.fix').count()).toBeGreaterThan(0);
  const counts = await page
    .locator('.problem .count')
    .evaluateAll((list) => list.map((c) => Number.parseInt(c.firstChild!.textContent!, 10)));
  expect(counts.reduce((a, b) => a + b, 0)).toBe(48);
});

test('fits 360 px and paper, light and dark', { timeout: T }, async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open(demoFile(), { viewport: { width: 360, height: 740 }, colorScheme });
    await openAll(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(wide, colorScheme).toBe(0);
  }
  const { page } = await open(demoFile());
  expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`no violation of accessibility, ${colorScheme}`, { timeout: T }, async () => {
    for (const path of [file, demoFile()]) {
      const { page } = await open(path, { colorScheme });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes.length} ${v.nodes[0]?.html.slice(0, 200)}`)).toEqual([]);
    }
  });
