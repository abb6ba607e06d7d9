/**
 * The server the browser tests talk to. Today the stub, with the page built first if it is missing or old; set
 * WHY403_TEST_URL to point the tests that need no special mode at a running why403.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Mode, type Stub, startStub } from './stub-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Builds the page if it is missing or older than what it is made from. */
export function buildWeb() {
  execFileSync(process.execPath, [`${root}web/build.mjs`], { cwd: root, stdio: 'pipe' });
}

export async function startServer(mode: Mode = 'full'): Promise<Stub> {
  const url = process.env.WHY403_TEST_URL;
  if (url && mode === 'full') return { url: url.replace(/\/$/, ''), close: async () => {}, addRefusal: () => {} };
  buildWeb();
  return startStub(mode);
}
/** The real server has other data: tests about the stub's own rows are left out then. */
export const onStub = !process.env.WHY403_TEST_URL;
