/**
 * Writes a picture of every page, light, dark and narrow, into screenshots/: the demo for what real logs say, the
 * samples for what they say rarely. node test/screenshots/run.ts [pattern] [light|dark|narrow …]
 */
import { mkdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { RefusalRow } from '../../server/api/contract.ts';
import { openBrowser, openPage } from '../browser/browser.ts';
import { startDemo, startServer } from '../browser/server.ts';

const LOOKS = ['light', 'dark', 'narrow'] as const;
type From = 'demo' | 'full' | 'empty' | 'error' | 'history';
type Shot = { name: string; path: string; from?: From; act?: (page: Page) => Promise<unknown>; whole?: boolean };

const only = new RegExp(process.argv[2] ?? '');
const looks = LOOKS.filter((l) => process.argv.length < 4 || process.argv.slice(3).includes(l));
mkdirSync('screenshots', { recursive: true });
const browser = await openBrowser();
const servers = new Map<From, { url: string; close(): Promise<void> }>();
async function serverOf(from: From) {
  if (!servers.has(from)) servers.set(from, from === 'demo' ? await startDemo() : await startServer(from));
  return servers.get(from)!;
}
const demo = await serverOf('demo');
const rowsOf = async (url: string) =>
  ((await (await fetch(`${url}/api/v1/refusals?limit=500`)).json()) as { rows: RefusalRow[] }).rows;
const real = await rowsOf(demo.url);
const of = (start: string) => (real.find((r) => r.cause.startsWith(start)) ?? real[0]!).id;
const sample = await rowsOf((await serverOf('full')).url);
const problemOf = (rows: RefusalRow[], start: string) =>
  (rows.find((r) => r.cause.startsWith(start)) ?? rows[0]!).problem;

const press = (name: string | RegExp) => (p: Page) => p.getByRole('button', { name }).first().click();
const shots: Shot[] = [
  { name: 'overview', path: '/' },
  { name: 'overview-busy', path: '/', from: 'full' },
  {
    name: 'overview-filtered',
    path: '/?since=24h&category=csrf&host=!admin.example.com&audience=harmed',
    from: 'full',
  },
  { name: 'overview-hint', path: '/', act: (p) => p.locator('.chart').hover({ position: { x: 250, y: 160 } }) },
  { name: 'overview-rate', path: '/', from: 'full', act: (p) => p.getByRole('radio', { name: 'Rate' }).check() },
  { name: 'overview-table', path: '/', from: 'full', act: (p) => p.getByRole('radio', { name: 'Table' }).check() },
  { name: 'overview-range', path: '/', act: press('Choose from and to'), whole: false },
  { name: 'overview-views', path: '/?since=6h', from: 'full', act: press('Views'), whole: false },
  { name: 'overview-history', path: '/', from: 'history' },
  { name: 'overview-empty', path: '/', from: 'empty' },
  { name: 'overview-none', path: '/?since=1h&host=nowhere' },
  { name: 'overview-error', path: '/', from: 'error' },
  {
    name: 'search',
    path: '/',
    from: 'full',
    whole: false,
    act: (p) => p.getByRole('combobox').pressSequentially('203.0'),
  },
  { name: 'problems', path: '/problems' },
  { name: 'problems-busy', path: '/problems', from: 'full' },
  { name: 'problem', path: `/problems/${problemOf(real, 'csrf')}` },
  {
    name: 'problem-form',
    path: `/problems/${problemOf(sample, 'csrf')}`,
    from: 'full',
    act: press('Mark as fixed'),
  },
  { name: 'problem-missing', path: '/problems/nope' },
  { name: 'refusals', path: '/refusals', whole: false },
  { name: 'refusals-busy', path: '/refusals', from: 'full', whole: false },
  {
    name: 'refusals-menu',
    path: '/refusals?cause=csrf.missing&client=!203.0.113.7&sort=client',
    from: 'full',
    whole: false,
    act: (p) => p.locator('.rrow .icon-button').nth(1).click(),
  },
  {
    name: 'refusals-columns',
    path: '/refusals?columns=method,host,path,route,user,rule,source,status,problem',
    from: 'full',
    whole: false,
    act: (p) => press('Columns')(p).catch(() => {}),
  },
  { name: 'refusal-app', path: `/refusals/${of('csrf')}` },
  { name: 'refusal-waf', path: `/refusals/${of('waf')}` },
  { name: 'refusal-unknown', path: `/refusals/${of('unknown')}` },
  { name: 'refusal-sample', path: `/refusals/${sample.find((r) => r.cause === 'csrf.missing')!.id}`, from: 'full' },
  { name: 'refusal-hostile', path: '/refusals/hostile1', from: 'full' },
  { name: 'refusal-missing', path: '/refusals/nope' },
  { name: 'alerts', path: '/alerts', from: 'full' },
  { name: 'alerts-empty', path: '/alerts', from: 'empty' },
  { name: 'sources', path: '/sources' },
  {
    name: 'sources-trouble',
    path: '/sources',
    from: 'full',
    act: (p) => p.locator('.sources [aria-expanded]').last().click(),
  },
  { name: 'sources-history', path: '/sources', from: 'history' },
  { name: 'settings', path: '/settings' },
  { name: 'not-found', path: '/nothing/here' },
];

for (const s of shots.filter((x) => only.test(x.name))) {
  const server = await serverOf(s.from ?? 'demo');
  for (const look of looks) {
    const { page, close, problems } = await openPage(browser, server.url, {
      colorScheme: look === 'dark' ? 'dark' : 'light',
      viewport: look === 'narrow' ? { width: 360, height: 740 } : { width: 1280, height: 900 },
    });
    await page.goto(s.path);
    await page.locator('h1').first().waitFor();
    await page.waitForTimeout(700);
    try {
      await s.act?.(page);
    } catch (e) {
      console.log(s.name, look, String(e).split('\n')[0]);
    }
    await page.waitForTimeout(300);
    await page.screenshot({ path: `screenshots/${s.name}-${look}.png`, fullPage: s.whole ?? true });
    if (problems.length > 0) console.log(s.name, look, problems);
    await close();
  }
}
await browser.close();
for (const s of servers.values()) await s.close();
