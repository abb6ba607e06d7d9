/** Writes a picture of every page, light, dark and narrow, into screenshots/. node test/screenshots/run.ts [pattern] */
import { mkdirSync } from 'node:fs';
import { openBrowser, openPage } from '../browser/browser.ts';
import { startServer } from '../browser/server.ts';

const only = new RegExp(process.argv[2] ?? '');
mkdirSync('screenshots', { recursive: true });
const browser = await openBrowser();
const full = await startServer('full');
const list = (await (await fetch(`${full.url}/api/v1/refusals?limit=500`)).json()) as {
  rows: { id: string; cause: string }[];
};
const of = (cause: string) => list.rows.find((r) => r.cause === cause)?.id ?? list.rows[0]!.id;

const shots: {
  name: string;
  path: string;
  mode?: 'empty' | 'error' | 'history';
  act?: (page: import('playwright-core').Page) => Promise<unknown>;
}[] = [
  { name: 'overview', path: '/' },
  { name: 'overview-filtered', path: '/?since=6h&category=csrf&host=!admin.example.com' },
  { name: 'overview-hint', path: '/', act: (p) => p.locator('.chart').hover({ position: { x: 240, y: 120 } }) },
  { name: 'overview-table', path: '/', act: (p) => p.getByRole('button', { name: 'Show as table' }).click() },
  { name: 'overview-all', path: '/?since=all' },
  { name: 'overview-history', path: '/', mode: 'history' },
  { name: 'overview-empty', path: '/', mode: 'empty' },
  { name: 'overview-none', path: '/?since=1h&host=nowhere' },
  { name: 'overview-error', path: '/', mode: 'error' },
  { name: 'search', path: '/', act: (p) => p.getByRole('combobox').pressSequentially('203.0') },
  { name: 'refusals', path: '/refusals' },
  {
    name: 'refusals-menu',
    path: '/refusals?cause=csrf.missing&client=!203.0.113.7',
    act: (p) => p.locator('.rrow .icon-button').nth(1).click(),
  },
  { name: 'refusal-app', path: `/refusals/${of('csrf.missing')}` },
  { name: 'refusal-waf', path: `/refusals/${of('waf.sqli')}` },
  { name: 'refusal-unknown', path: `/refusals/${of('unknown')}` },
  { name: 'refusal-hostile', path: '/refusals/hostile1' },
  { name: 'refusal-missing', path: '/refusals/nope' },
  { name: 'alerts', path: '/alerts' },
  { name: 'alerts-empty', path: '/alerts', mode: 'empty' },
  {
    name: 'sources',
    path: '/sources',
    act: (p) =>
      p
        .locator('.sources .text-button')
        .nth(1)
        .click({ timeout: 500 })
        .catch(() => {}),
  },
  { name: 'not-found', path: '/nothing/here' },
];
for (const s of shots.filter((x) => only.test(x.name))) {
  const server = s.mode ? await startServer(s.mode) : full;
  for (const look of ['light', 'dark', 'narrow'] as const) {
    const { page, close, problems } = await openPage(browser, server.url, {
      colorScheme: look === 'dark' ? 'dark' : 'light',
      viewport: look === 'narrow' ? { width: 360, height: 740 } : { width: 1280, height: 900 },
    });
    await page.goto(s.path);
    await page.waitForTimeout(900);
    await s.act?.(page);
    await page.waitForTimeout(400);
    const endless = s.name.startsWith('refusals');
    await page.screenshot({ path: `screenshots/${s.name}-${look}.png`, fullPage: !endless && s.name !== 'search' });
    if (problems.length > 0) console.log(s.name, look, problems);
    await close();
  }
  if (s.mode) await server.close();
}
await browser.close();
await full.close();
