// biome-ignore-all lint/performance/useDomNodeTextContent: innerText of Playwright is what a reader sees
/** What every browser test does: open a page, and look at the end whether anything happened that must not. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { openPage, type Watched } from './browser.ts';

const open: Watched[] = [];
export async function visit(
  browser: Browser,
  base: string,
  path: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const w = await openPage(browser, base, options);
  open.push(w);
  await w.page.goto(path);
  return w.page;
}
/** Nothing went wrong and nothing left the machine, on any page of this test. */
export async function clean() {
  for (const w of open.splice(0)) {
    expect(w.problems).toEqual([]);
    expect(w.outside).toEqual([]);
    await w.close();
  }
}

export const params = (page: Page) => new URL(page.url()).searchParams;
export const pathOf = (page: Page) => new URL(page.url()).pathname;
export const number = (text: string) => Number(text.replace(/\D/g, ''));
/** How many rows the heading says there are. */
export const counted = async (page: Page) => number(await page.locator('.page-count').innerText());
export const api = async <T>(base: string, path: string): Promise<T> =>
  (await (await fetch(`${base}/api/v1/${path}`)).json()) as T;

/** Presses a key until the focus is on what is looked for. */
export async function press(page: Page, key: string, selector: string, most = 120) {
  for (let i = 0; i < most; i++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${selector} is not reached by ${key}`);
}

/** Serious and critical findings, in words. With `colours` only what a theme can change is looked at. */
export async function axe(page: Page, name: string, colours = false): Promise<string[]> {
  // Without frames there is nothing to add up in a page of its own, which legacy mode would otherwise open each time.
  const all = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const found = await (colours ? all.withRules(['color-contrast', 'link-in-text-block']) : all).analyze();
  return found.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => {
      const nodes = v.nodes.slice(0, 3).map((n) => `${n.target} ${n.any[0]?.message ?? ''}`);
      return `${name}: ${v.id}: ${nodes.join(' | ')}`;
    });
}

export type Known = { name: string; path: string; heading: string; ready: string };
/** Every page, with one refusal and one problem of the store behind it. */
export async function pagesOf(base: string): Promise<Known[]> {
  const { rows } = await api<{ rows: { id: string; problem: string; evidence?: unknown }[] }>(
    base,
    'refusals?limit=20',
  );
  const row = rows.find((r) => r.id !== 'hostile1') ?? rows[0]!;
  return [
    { name: 'overview', path: '/', heading: 'Overview', ready: '.chart .recharts-bar-rectangle' },
    { name: 'problems', path: '/problems', heading: 'Problems', ready: '.problem-link' },
    { name: 'problem', path: `/problems/${row.problem}`, heading: 'Problems', ready: '.chart .recharts-bar-rectangle' },
    { name: 'refusals', path: '/refusals', heading: 'Refusals', ready: '.rrow' },
    { name: 'refusal', path: `/refusals/${row.id}`, heading: 'Refusals', ready: '.playbook' },
    { name: 'alerts', path: '/alerts', heading: 'Alerts', ready: '.rule, .state' },
    { name: 'sources', path: '/sources', heading: 'Sources', ready: '.sources tbody tr' },
    { name: 'settings', path: '/settings', heading: 'Settings', ready: '.settings tbody tr' },
    { name: 'not found', path: '/nothing/here', heading: 'Not found', ready: '.state' },
  ];
}
