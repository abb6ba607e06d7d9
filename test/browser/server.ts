/**
 * The server the browser tests talk to. Today the stub, with the page built first if it is missing or old; set
 * WHY403_TEST_URL to point the tests that need no special mode at a running why403.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Mode, type Stub, startStub } from './stub-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

const built = `${root}dist/web/index.html`;
function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => statSync(join(f.parentPath, f.name)).mtimeMs),
  );
}
/** Builds the page unless what is in dist/web is newer than everything it is made from. */
export function buildWeb() {
  const made = Math.max(newest(`${root}web`), statSync(`${root}vite.config.ts`).mtimeMs);
  if (existsSync(built) && statSync(built).mtimeMs > made) return;
  execFileSync(process.execPath, [`${root}node_modules/vite/bin/vite.js`, 'build'], { cwd: root, stdio: 'pipe' });
}

export async function startServer(mode: Mode = 'full'): Promise<Stub> {
  const url = process.env.WHY403_TEST_URL;
  if (url && mode === 'full') return { url: url.replace(/\/$/, ''), close: async () => {}, addRefusal: () => {} };
  buildWeb();
  return startStub(mode);
}
/** The real server has other data: tests about the stub's own rows are left out then. */
export const onStub = !process.env.WHY403_TEST_URL;
