/**
 * What the browser tests talk to: the real program on real logs (`startReal`), and the real API over samples for
 * what a real log shows rarely (`startServer`). The page is built first if it is missing or old.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../server/api/contract.ts';
import { type Mode, type Stub, startStub } from './stub-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const READY_MS_MAX = 60_000;

/** Builds the page if it is missing or older than what it is made from. */
export function buildWeb() {
  execFileSync(process.execPath, [`${root}web/build.mjs`], { cwd: root, stdio: 'pipe' });
}

export async function startServer(mode: Mode = 'full'): Promise<Stub> {
  buildWeb();
  return startStub(mode);
}

export type Real = {
  url: string;
  /** Adds text to one of the logs, as its product would. "web/access.log" */
  append(file: string, text: string): void;
  close(): Promise<void>;
};

async function json<T>(url: string): Promise<T | null> {
  try {
    const r = await fetch(url);
    return r.ok ? ((await r.json()) as T) : null;
  } catch {
    return null;
  }
}

async function started(args: string[], directory: string): Promise<{ url: string; child: ChildProcess }> {
  buildWeb();
  const child = spawn(process.execPath, [`${root}server/bin.mjs`, ...args, '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const url = await new Promise<string>((done, failed) => {
    child.stdout!.on('data', (d: Buffer) => {
      said += d;
      const found = /at (http:\/\/[^\s,]+)/.exec(said);
      if (found) done(found[1]!);
    });
    child.stderr!.on('data', (d: Buffer) => {
      said += d;
    });
    child.once('exit', () => failed(new Error(`why403 stopped: ${said}`)));
  });
  // Ready when all history is read and no refusal is still being explained.
  const until = Date.now() + READY_MS_MAX;
  let before = -1;
  for (;;) {
    const status = await json<Status>(`${url}/api/v1/status`);
    const count = await json<{ count: number }>(`${url}/api/v1/refusals/count`);
    if (status?.ingest.state === 'following' && count && count.count > 0 && count.count === before) break;
    before = count?.count ?? -1;
    if (Date.now() > until) throw new Error(`why403 is not ready: ${said}`);
    await new Promise((done) => setTimeout(done, 400));
  }
  return { url, child };
}

const stop = (child: ChildProcess) =>
  new Promise<void>((done) => {
    if (child.exitCode !== null) return done();
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });

/** The program as a user starts it, on a copy of the bundled logs. */
export async function startReal(): Promise<Real> {
  const directory = mkdtempSync(join(tmpdir(), 'why403-page-'));
  const logs = join(directory, 'logs');
  cpSync(`${root}fixtures/demo`, logs, { recursive: true });
  const { url, child } = await started(['serve', 'logs', '--data', join(directory, 'data')], directory);
  return {
    url,
    append: (file, text) => appendFileSync(join(logs, file), text),
    async close() {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** `why403 demo`: the bundled logs moved to now, and going on. */
export async function startDemo(): Promise<{ url: string; close(): Promise<void> }> {
  const { url, child } = await started(['demo'], root);
  return { url, close: () => stop(child) };
}
