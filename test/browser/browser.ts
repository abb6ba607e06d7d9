/**
 * A Chromium that comes from the npm registry. Brings its own system libraries where the machine has none. Its
 * recommended arguments are for Lambda and switch off web security; only what a container needs is used here.
 */
import { execFileSync } from 'node:child_process';
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core';

async function executable(): Promise<string> {
  const { default: chromium } = await import('@sparticuz/chromium');
  const path = await chromium.executablePath();
  let missing = false;
  try {
    missing = execFileSync('ldd', [path], { encoding: 'utf8' }).includes('not found');
  } catch {
    missing = true;
  }
  if (missing) {
    const { inflate, setupLambdaEnvironment } = await helpers();
    const dir = new URL('../bin/', import.meta.resolve('@sparticuz/chromium'));
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const { fileURLToPath } = await import('node:url');
    await inflate(fileURLToPath(new URL('al2023.tar.br', dir)));
    setupLambdaEnvironment(join(tmpdir(), 'al2023', 'lib'));
  }
  return path;
}
/** Not exported by the package's front door; it unpacks the libraries only where it believes to be on Lambda. */
async function helpers() {
  const at = (file: string) => new URL(file, import.meta.resolve('@sparticuz/chromium')).href;
  const { inflate } = (await import(at('lambdafs.js'))) as { inflate(path: string): Promise<string> };
  const { setupLambdaEnvironment } = (await import(at('helper.js'))) as { setupLambdaEnvironment(lib: string): void };
  return { inflate, setupLambdaEnvironment };
}

export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await executable(),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-setuid-sandbox',
      '--no-zygote',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
    ],
  });
}

export type Watched = { page: Page; problems: string[]; outside: string[]; close(): Promise<void> };

/** A page that notes what must not happen: errors, CSP violations, dialogs, requests to anywhere else. */
export async function openPage(browser: Browser, base: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const outside: string[] = [];
  page.on('console', (m) => {
    // A failed API call is noted by the browser itself; tests that provoke one expect it.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) problems.push(m.text());
  });
  page.on('pageerror', (e) => problems.push(String(e)));
  page.on('dialog', (d) => {
    problems.push(`dialog: ${d.message()}`);
    void d.dismiss();
  });
  page.on('request', (r) => {
    if (!r.url().startsWith(base) && !r.url().startsWith('data:')) outside.push(r.url());
  });
  return { page, problems, outside, close: () => context.close() };
}
