/** How the page looks and weighs, on the real program: both themes for every eye, a phone, the budget. */
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openBrowser } from './browser.ts';
import { axe, clean, type Known, pagesOf, visit } from './kit.ts';
import { type Real, startReal, startServer } from './server.ts';
import type { Stub } from './stub-server.ts';

let browser: Browser;
let server: Real;
let samples: Stub;
let pages: { base: string; page: Known }[];
beforeAll(async () => {
  [browser, server, samples] = await Promise.all([openBrowser(), startReal(), startServer('full')]);
  const hostile = { name: 'hostile', path: '/refusals/hostile1', heading: '', ready: '.ordinary' };
  const trouble = { name: 'trouble', path: '/sources', heading: '', ready: '.advice' };
  const firing = { name: 'firing', path: '/alerts', heading: '', ready: '.firing' };
  pages = [
    ...(await pagesOf(server.url)).map((page) => ({ base: server.url, page })),
    ...[hostile, trouble, firing].map((page) => ({ base: samples.url, page })),
  ];
});
afterEach(clean);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await samples?.close();
});

test('axe finds nothing serious on any page, in light and dark', async () => {
  const bad: string[] = [];
  for (const { base, page: p } of pages) {
    const page = await visit(browser, base, p.path, { colorScheme: 'light', reducedMotion: 'reduce' });
    const look = async (name: string) => {
      bad.push(...(await axe(page, `${name}, light`)));
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
      bad.push(...(await axe(page, `${name}, dark`, true)));
      await page.emulateMedia({ colorScheme: 'light' });
      await page.locator('html[data-mantine-color-scheme="light"]').waitFor();
    };
    await page.locator(p.ready).first().waitFor();
    // The form and the menu are looked at together with the page they open on.
    if (p.name === 'problem') await page.getByRole('button', { name: 'Mark as fixed' }).click();
    if (p.name === 'refusals') await page.locator('.rrow .icon-button').first().click();
    if (p.name === 'problem') await page.locator('.acts-form').waitFor();
    if (p.name === 'refusals') await page.getByRole('menu').waitFor();
    await look(p.name);
    await clean();
  }
  expect(bad).toEqual([]);
}, 120_000);

test('at 360 px no page scrolls sideways, and nothing is wider than it', async () => {
  for (const { base, page: p } of pages) {
    const page = await visit(browser, base, p.path, { viewport: { width: 360, height: 740 } });
    await page.locator(p.ready).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), p.name).toBeLessThanOrEqual(360);
    await clean();
  }
});

test('the dark theme is chosen in the header and kept', async () => {
  const page = await visit(browser, server.url, '/', { colorScheme: 'light' });
  await page.getByRole('button', { name: /^Theme/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
  await expect.poll(scheme).toBe('dark');
  await page.reload();
  expect(await scheme()).toBe('dark');
  await page.locator('h1').waitFor();
  const red = await page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)![0]));
  expect(red).toBeLessThan(60);
});

test('the budget: 230 KB of script before the first view, charts 116 KB after it, to be used within a second', async () => {
  const page = await visit(browser, server.url, '/');
  await page.locator('.chart .recharts-bar-rectangle').first().waitFor();
  const sizes = async (scripts: string[]) => {
    let sum = 0;
    for (const s of scripts) sum += gzipSync(await (await fetch(s)).text()).length;
    return sum / 1000;
  };
  const html = await (await fetch(server.url)).text();
  const first = [...html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)].map((m) => server.url + m[1]);
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((e) => e.name)
      .filter((n) => n.endsWith('.js')),
  );
  const later = loaded.filter((s) => !first.includes(s));
  const [before, after] = [await sizes(first), await sizes(later)];
  console.log(`script before the first view ${before.toFixed(1)} KB, after it ${after.toFixed(1)} KB gzipped`);
  expect(before).toBeLessThanOrEqual(230);
  expect(later.length).toBeGreaterThan(0);
  expect(after).toBeLessThanOrEqual(116);
  // A second visit, as the first one also starts the browser's caches: until the figures can be used.
  await page.reload({ waitUntil: 'commit' });
  await page.locator('.figure-value').first().waitFor();
  const ms = await page.evaluate(() => performance.now());
  console.log(`figures on the page after ${Math.round(ms)} ms`);
  expect(ms).toBeLessThan(1_000);
});
