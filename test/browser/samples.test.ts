// biome-ignore-all lint/performance/useDomNodeTextContent: innerText of Playwright is what a reader sees
/** The page on samples: hostile text in every field, trouble with logs, nothing read, everything failing, long lists. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openBrowser } from './browser.ts';
import { clean, pathOf, visit } from './kit.ts';
import { startServer } from './server.ts';
import type { Mode, Stub } from './stub-server.ts';

let browser: Browser;
let server: Stub;
const go = (path: string, options = {}, base = server.url) => visit(browser, base, path, options);
beforeAll(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer('full')]);
});
afterEach(clean);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});
async function withMode<T>(mode: Mode, run: (url: string) => Promise<T>): Promise<T> {
  const own = await startServer(mode);
  try {
    return await run(own.url);
  } finally {
    await own.close();
  }
}

test('hostile text is text in every field, on every page', async () => {
  const { problem } = (await (await fetch(`${server.url}/api/v1/refusals/hostile1`)).json()) as { problem: string };
  for (const [path, ready] of [
    ['/', '.bar-row'],
    ['/problems', '.problem'],
    [`/problems/${problem}`, '.short-list'],
    ['/refusals?columns=client,method,host,path,query,route,user,cause,source,rule,detail', '.rrow'],
    ['/refusals/hostile1', '.ordinary'],
    ['/sources', '.sources tbody tr'],
  ] as const) {
    const page = await go(path);
    await page.locator(ready).first().waitFor();
    while (await page.locator('.sources [aria-expanded="false"], .ordinary [aria-expanded="false"]').count())
      await page.locator('.sources [aria-expanded="false"], .ordinary [aria-expanded="false"]').first().click();
    const made = '#root script, #root img, #root b[onmouseover], #root svg[onload], #root i:has-text("eve")';
    expect(await page.locator(made).count(), path).toBe(0);
    expect(await page.locator('a[href^="javascript:"]').count(), path).toBe(0);
    const text = await page.locator('#root').evaluate((e) => e.textContent ?? '');
    expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069]/.test(text), path).toBe(false);
    const titles = await page.locator('[title]').evaluateAll((all) => all.map((e) => (e as HTMLElement).title));
    expect(Math.max(...titles.map((t) => t.length)), path).toBeLessThan(2_000);
  }
  const page = await go('/refusals/hostile1');
  await page.locator('.verdict-words').waitFor();
  expect(await page.locator('.verdict-words').innerText()).toContain('<script>alert(document.cookie)</script>');
});

test('rows come as they are scrolled to, and the list stands where it stood after going back', async () => {
  const page = await go('/refusals');
  await page.locator('.rrow').nth(10).waitFor();
  await page.mouse.move(600, 500);
  // Pages of rows arrive while scrolling.
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 2_500);
        return page.evaluate(() => scrollY);
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBeGreaterThan(9_000);
  expect(await page.locator('.rrow').count()).toBeLessThan(80);
  // The list stands still before a row is taken hold of: rows that scroll out leave the document.
  await expect
    .poll(
      async () => {
        const before = await page.evaluate(() => scrollY);
        await page.waitForTimeout(200);
        return (await page.evaluate(() => scrollY)) - before;
      },
      { timeout: 20_000 },
    )
    .toBe(0);
  const y = await page.evaluate(() => scrollY);
  await page.locator('.rrow').nth(20).locator('.detail').click();
  await page.locator('.verdict').waitFor();
  await page.locator('.crumbs a').click();
  await page.locator('.rrow').first().waitFor();
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(y - 400);
});

test('an alert leads to what it counted', async () => {
  const page = await go('/');
  await page.getByRole('link', { name: 'See alerts' }).click();
  await page.getByRole('link', { name: 'See what it counted' }).click();
  await page.locator('.rrow, .state').first().waitFor();
  expect(pathOf(page)).toBe('/refusals');
  expect(await page.locator('.chip').first().innerText()).toContain('Time');
});

test('sources in trouble say what to do, show what they could not read, and how far reading is', async () => {
  const page = await go('/sources');
  await page.getByText('Permission denied. Add the user').waitFor();
  expect(await page.locator('.source-file').allInnerTexts()).toContain('haproxy.log');
  await page.locator('.sources [aria-expanded]').first().click();
  await page.locator('.samples .tag').first().waitFor();
  expect(await page.locator('.reading').first().innerText()).toMatch(/96\.\d %.*42 MB\/s, 1 s left/s);
});

test('an empty store says what to do, on every page', async () => {
  await withMode('empty', async (url) => {
    for (const path of ['/', '/problems', '/refusals', '/sources']) {
      const page = await go(path, {}, url);
      await page.getByRole('heading', { name: 'Nothing has been read yet' }).waitFor();
      expect(await page.locator('.state').innerText()).toContain('/var/log/nginx');
    }
    const page = await go('/alerts', {}, url);
    await page.getByRole('heading', { name: 'No rules yet' }).waitFor();
    await clean();
  });
});

test('an error says what happened and what to do, on every page', async () => {
  await withMode('error', async (url) => {
    for (const path of [
      '/',
      '/problems',
      '/problems/x',
      '/refusals',
      '/refusals/x',
      '/alerts',
      '/sources',
      '/settings',
    ]) {
      const page = await go(path, {}, url);
      await page.getByRole('heading', { name: 'The store is not ready' }).waitFor();
      expect(await page.getByRole('alert').innerText()).toContain('Free some space');
    }
    await clean();
  });
});

test('reading history and the demo are announced', async () => {
  await withMode('history', async (url) => {
    const page = await go('/', {}, url);
    await page.getByText('Reading history').waitFor();
    await page.getByText('These are bundled demo logs').waitFor();
    await page.getByRole('link', { name: 'Sources' }).click();
    await page.getByRole('progressbar', { name: 'All history read' }).waitFor();
    await clean();
  });
});

test('secrets are said to be set and not shown', async () => {
  const page = await go('/settings');
  await page.locator('.settings').first().waitFor();
  const text = await page.locator('main').innerText();
  expect(text).toContain('set, kept secret');
  expect(text).not.toContain('a-secret-of-the-tests');
});
