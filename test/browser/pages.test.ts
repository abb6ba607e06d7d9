// biome-ignore-all lint/performance/useDomNodeTextContent: innerText of Playwright is what a reader sees
/** The page in a real browser: what a reader does with it, and what must never happen while they do. */
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, openPage, type Watched } from './browser.ts';
import { onStub, startServer } from './server.ts';
import type { Mode, Stub } from './stub-server.ts';

let browser: Browser;
let server: Stub;
const open: Watched[] = [];

beforeAll(async () => {
  [browser, server] = await Promise.all([openBrowser(), startServer('full')]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function visit(path: string, options: Parameters<typeof openPage>[2] = {}, base = server.url) {
  const w = await openPage(browser, base, options);
  open.push(w);
  await w.page.goto(path);
  return w;
}
/** Nothing went wrong and nothing left the machine, on any page of this test. */
async function clean() {
  for (const w of open.splice(0)) {
    expect(w.problems).toEqual([]);
    expect(w.outside).toEqual([]);
    await w.close();
  }
}
async function withMode<T>(mode: Mode, run: (url: string) => Promise<T>): Promise<T> {
  const own = await startServer(mode);
  try {
    return await run(own.url);
  } finally {
    await own.close();
  }
}
async function firstRefusal(): Promise<string> {
  const page = (await (await fetch(`${server.url}/api/v1/refusals?limit=50`)).json()) as { rows: { id: string }[] };
  return (page.rows.find((r) => r.id !== 'hostile1') ?? page.rows[0]!).id;
}
const pages = async (): Promise<{ name: string; path: string; heading: string; ready: string }[]> => [
  { name: 'overview', path: '/', heading: 'Overview', ready: '.chart svg .recharts-bar-rectangle' },
  { name: 'refusals', path: '/refusals', heading: 'Refusals', ready: '.rrow' },
  { name: 'refusal', path: `/refusals/${await firstRefusal()}`, heading: 'Refusals', ready: '.verdict' },
  { name: 'alerts', path: '/alerts', heading: 'Alerts', ready: '.rule, .state' },
  { name: 'sources', path: '/sources', heading: 'Sources', ready: '.sources tbody tr' },
  { name: 'not found', path: '/nothing/here', heading: 'Not found', ready: '.state' },
];
const T = 60_000;

test('every page renders under its heading, without errors, CSP violations or requests elsewhere', {
  timeout: T,
}, async () => {
  for (const p of await pages()) {
    const { page } = await visit(p.path);
    await page.locator(p.ready).first().waitFor();
    expect(await page.locator('h1').innerText(), p.name).toContain(p.heading);
    expect(await page.title()).toContain('why403');
  }
  await clean();
});

test('a cause on the overview leads to its refusals; the filter is in the address; back leads back', {
  timeout: T,
}, async () => {
  const { page } = await visit('/');
  const link = page.locator('.causes .row-link').first();
  const title = await link.locator('.cause-title').innerText();
  const shown = await page.locator('.causes tbody td').first().innerText();
  await link.click();
  await page.locator('.rrow').first().waitFor();
  expect(new URL(page.url()).pathname).toBe('/refusals');
  expect(new URL(page.url()).searchParams.get('cause')).toMatch(/^[a-z.-]+$/);
  expect(await page.locator('.chip').first().innerText()).toContain(title);
  // The count on the overview is the number of rows behind the link.
  const total = Number((await page.locator('.page-count').innerText()).replace(/\D/g, ''));
  expect(Math.abs(total - Number(shown.replace(/\D/g, '')))).toBeLessThanOrEqual(2);
  await page.goBack();
  await page.locator('.causes').waitFor();
  expect(new URL(page.url()).pathname).toBe('/');
  await clean();
});

test('a filter narrows the overview in place and is taken away again by its chip', { timeout: T }, async () => {
  const { page } = await visit('/');
  await page.locator('.legend-item').first().click();
  await page.locator('.chip').waitFor();
  expect(new URL(page.url()).searchParams.getAll('category')).toHaveLength(1);
  await page.locator('.chip button').click();
  await page.locator('.chip').waitFor({ state: 'detached' });
  expect(new URL(page.url()).searchParams.getAll('category')).toHaveLength(0);
  await clean();
});

test('a value in a row filters in and out', { timeout: T }, async () => {
  const { page } = await visit('/refusals');
  await page.locator('.rrow').first().waitFor();
  const before = await page.locator('.page-count').innerText();
  await page.locator('.rrow').nth(1).locator('.c-client .value').click();
  await page.getByRole('menuitem', { name: /^Without Client/ }).click();
  await page.locator('.chip[data-not]').waitFor();
  expect(new URL(page.url()).searchParams.get('client')).toMatch(/^!/);
  await expect.poll(() => page.locator('.page-count').innerText()).not.toBe(before);
  await clean();
});

test('rows come as they are scrolled to, and the list stands where it stood after going back', {
  timeout: T,
}, async () => {
  const { page } = await visit('/refusals');
  await page.locator('.rrow').first().waitFor();
  await page.mouse.move(600, 500);
  for (let i = 0; i < 12; i++) {
    await page.mouse.wheel(0, 1500);
    await page.waitForTimeout(120);
  }
  const y = await page.evaluate(() => scrollY);
  if (onStub) expect(y).toBeGreaterThan(9_000);
  expect(await page.locator('.rrow').count()).toBeLessThan(80);
  await page.locator('.rrow .c-detail').nth(20).click();
  await page.locator('.verdict').waitFor();
  await page.getByRole('link', { name: 'Refusals : one refusal' }).or(page.locator('.crumbs a')).first().click();
  await page.locator('.rrow').first().waitFor();
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(y - 400);
  await clean();
});

test('a refusal shows verdict, way, raw lines with the mark, evidence, facts and playbook', {
  timeout: T,
}, async () => {
  const { page } = await visit(`/refusals/${await firstRefusal()}`);
  await page.locator('.verdict').waitFor();
  expect(await page.locator('.verdict-words').innerText()).toMatch(/was refused with 4\d\d/);
  expect(await page.locator('.way .station').count()).toBeGreaterThanOrEqual(7);
  expect(await page.locator('.hop .raw').count()).toBeGreaterThan(0);
  for (const name of ['Evidence', 'Log lines', 'What to do', 'Request', 'Similar refusals'])
    expect(await page.getByRole('region', { name, exact: true }).count(), name).toBe(1);
  expect(await page.locator('.playbook').innerText()).toContain('Make sure');
  if (onStub) expect(await page.locator('.hop mark').count()).toBeGreaterThan(0);
  await clean();
});

test('the dark theme is chosen in the header and kept', { timeout: T }, async () => {
  const { page } = await visit('/', { colorScheme: 'light' });
  await page.getByRole('button', { name: /^Theme/ }).click();
  await page.getByRole('menuitem', { name: 'Dark' }).click();
  await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
  await page.reload();
  expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
  await page.locator('h1').waitFor();
  const light = await page.evaluate(
    () => getComputedStyle(document.body).backgroundColor.match(/\d+/g)!.map(Number)[0]!,
  );
  expect(light).toBeLessThan(60);
  await clean();
});

test('at 360 px no page scrolls sideways', { timeout: T }, async () => {
  const all = await pages();
  if (onStub) all.push({ name: 'hostile', path: '/refusals/hostile1', heading: '', ready: '.verdict' });
  for (const p of all) {
    const { page } = await visit(p.path, { viewport: { width: 360, height: 740 } });
    await page.locator(p.ready).first().waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide, p.name).toBeLessThanOrEqual(360);
  }
  await clean();
});

test('with the keyboard alone from the overview to a refusal', { timeout: T }, async () => {
  const { page } = await visit('/');
  await page.locator('.causes .row-link').first().waitFor();
  const until = async (selector: string, key = 'Tab', most = 80) => {
    for (let i = 0; i < most; i++) {
      if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${selector} is not reached by ${key}`);
  };
  await until('.causes .row-link');
  await page.keyboard.press('Enter');
  await page.locator('.rrow').first().waitFor();
  await until('.rrow-link');
  await page.keyboard.press('ArrowDown');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-row'))).toBe('1');
  await page.keyboard.press('Enter');
  await page.locator('.verdict').waitFor();
  await page.keyboard.press('/');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('combobox');
  await clean();
});

test('search goes to the only match and offers a choice otherwise', { timeout: T }, async () => {
  const id = await firstRefusal();
  const { page } = await visit('/');
  const box = page.getByRole('combobox');
  await box.fill(id);
  await box.press('Enter');
  await page.locator('.verdict').waitFor();
  expect(page.url()).toContain(encodeURIComponent(id));
  await box.fill('zzz-nothing-has-this');
  await page.locator('.search-none').waitFor();
  await clean();
});

test('a wrong id and a wrong address say what to do', { timeout: T }, async () => {
  const { page } = await visit('/refusals/does-not-exist');
  await page.getByRole('heading', { name: 'There is no refusal with this id' }).waitFor();
  await clean();
});

test('the page keeps its budget: 230 KB of script before the first view, charts 116 KB after it', {
  timeout: T,
}, async () => {
  const { page } = await visit('/');
  const sizes = async (scripts: string[]) => {
    let sum = 0;
    for (const s of scripts) sum += gzipSync(await (await fetch(s)).text()).length;
    return sum / 1000;
  };
  const first = await page
    .locator('script[src], link[rel=modulepreload]')
    .evaluateAll((all) =>
      all
        .map((e) => (e as HTMLScriptElement).src || (e as HTMLLinkElement).href)
        .filter((s) => new URL(s).pathname.startsWith('/assets/index')),
    );
  expect(first.length).toBeGreaterThan(0);
  expect(await sizes(first)).toBeLessThanOrEqual(230);
  await page.locator('.chart svg').first().waitFor();
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((e) => e.name)
      .filter((n) => n.endsWith('.js') && n.includes('/assets/')),
  );
  const later = loaded.filter((s) => !first.includes(s));
  expect(later.length).toBeGreaterThan(0);
  expect(await sizes(later)).toBeLessThanOrEqual(116);
  await clean();
});

describe.each(['light', 'dark'] as const)('axe, %s', (colorScheme) => {
  test('no serious or critical violation on any page', { timeout: 2 * T }, async () => {
    for (const p of await pages()) {
      const { page } = await visit(p.path, { colorScheme });
      await page.locator(p.ready).first().waitFor();
      await page.waitForTimeout(300);
      const found = await new AxeBuilder({ page }).analyze();
      const bad = found.violations
        .filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map(
          (v) =>
            `${p.name}: ${v.id}: ${v.nodes
              .slice(0, 3)
              .map((n) => `${n.target} ${n.any[0]?.message ?? ''}`)
              .join(' | ')}`,
        );
      expect(bad).toEqual([]);
    }
    await clean();
  });
});

describe.runIf(onStub)('with the stub’s own data', () => {
  test('hostile text is inert', { timeout: T }, async () => {
    for (const path of ['/', '/refusals', '/refusals/hostile1', '/sources']) {
      const { page } = await visit(path);
      await page.locator('h1').waitFor();
      await page.waitForTimeout(600);
      while (await page.locator('.sources [aria-expanded="false"]').count())
        await page.locator('.sources [aria-expanded="false"]').first().click();
      expect(
        await page
          .locator(
            '#root script, #root img, #root b[onmouseover], #root svg[onload], #root i:not([data-on]):has-text("eve")',
          )
          .count(),
        path,
      ).toBe(0);
      expect(await page.locator('a[href^="javascript:"]').count(), path).toBe(0);
      const text = await page.locator('#root').evaluate((e) => e.textContent ?? '');
      expect(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069]/.test(text), path).toBe(false);
    }
    const { page } = await visit('/refusals/hostile1');
    expect(await page.locator('.verdict-words').innerText()).toContain('<script>alert(document.cookie)</script>');
    await clean();
  });

  test('new refusals are announced, and rows do not move until asked', { timeout: T }, async () => {
    const { page } = await visit('/refusals');
    await page.locator('.rrow').nth(1).waitFor();
    await page.locator('.live-live').waitFor();
    const first = await page.locator('.rrow-link').first().getAttribute('href');
    server.addRefusal();
    await page.getByRole('button', { name: '1 new' }).waitFor();
    expect(await page.locator('.rrow-link').first().getAttribute('href')).toBe(first);
    await page.getByRole('button', { name: '1 new' }).click();
    await page.locator('.rrow-link[href="/refusals/fresh1"]').waitFor();
    await page.getByRole('button', { name: '1 new' }).waitFor({ state: 'detached' });
    await clean();
  });

  test('an empty store says what to do, on every page', { timeout: T }, async () => {
    await withMode('empty', async (url) => {
      for (const path of ['/', '/refusals', '/sources']) {
        const { page } = await visit(path, {}, url);
        await page.getByRole('heading', { name: 'Nothing has been read yet' }).waitFor();
        expect(await page.locator('.state').innerText()).toContain('/var/log/nginx');
      }
      const { page } = await visit('/alerts', {}, url);
      await page.getByRole('heading', { name: 'No rules yet' }).waitFor();
      await clean();
    });
  });

  test('an error says what happened and what to do, on every page', { timeout: T }, async () => {
    await withMode('error', async (url) => {
      for (const path of ['/', '/refusals', '/refusals/x', '/alerts', '/sources']) {
        const { page } = await visit(path, {}, url);
        await page.getByRole('heading', { name: 'The store is not ready' }).waitFor();
        expect(await page.getByRole('alert').innerText()).toContain('Free some space');
      }
      await clean();
    });
  });

  test('reading history and the demo are announced', { timeout: T }, async () => {
    await withMode('history', async (url) => {
      const { page } = await visit('/', {}, url);
      await page.getByText('Reading history').waitFor();
      await page.getByText('These are bundled demo logs').waitFor();
      await clean();
    });
  });
});
