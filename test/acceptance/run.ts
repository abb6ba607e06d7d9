/** Runs the real command line in its own process, as a user does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';

export interface Result {
  code: number | null;
  out: string;
  err: string;
}

export function cli(
  args: string[],
  options: { input?: string; env?: Record<string, string>; cwd?: string; uid?: number } = {},
): Promise<Result> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../server/bin.mjs'), ...args], {
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
      uid: options.uid,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => {
      out += d;
    });
    child.stderr.on('data', (d) => {
      err += d;
    });
    child.stdin.end(options.input ?? '');
    child.on('close', (code) => done({ code, out, err }));
  });
}

const made: string[] = [];
const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await new Promise((done) => child.once('close', done));
    }
  }
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

/** A directory with these files (path → text), gone after the test. */
export function directory(files: Record<string, string | Uint8Array> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'why403-test-'));
  made.push(path);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

export interface Served {
  url: string;
  child: ChildProcess;
  stderr(): string;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  get<T>(path: string): Promise<T>;
}

/** `why403 serve` on a free port; resolves when it listens. */
export function serve(args: string[], env: Record<string, string> = {}): Promise<Served> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../server/bin.mjs'), ...args, '--port', '0'], {
    env: { ...process.env, ...env },
  });
  running.push(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (d) => {
    err += d;
  });
  return new Promise((done, failed) => {
    child.once('close', (code) => failed(new Error(`serve ended with ${code}: ${err}`)));
    child.stdout.on('data', (d) => {
      out += d;
      const url = /http:\/\/[\d.]+:\d+/.exec(out)?.[0];
      if (!url) return;
      done({
        url,
        child,
        stderr: () => err,
        stop: () =>
          new Promise((ended) => {
            if (child.exitCode !== null) ended(child.exitCode);
            child.removeAllListeners('close');
            child.once('close', (code) => ended(code));
            child.kill('SIGTERM');
          }),
        get: async <T>(path: string) => {
          const answer = await fetch(url + path);
          if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
          return (await answer.json()) as T;
        },
      });
    });
  });
}

/** Asks until it holds; the last thing seen is in the error. */
export async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, timeoutMs = 20_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: T | undefined;
  while (Date.now() < end) {
    last = await ask();
    if (holds(last)) return last;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`did not come about in ${timeoutMs} ms; last: ${JSON.stringify(last).slice(0, 500)}`);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number): string => String(n).padStart(2, '0');

/** One combined line. */
export function combined(o: {
  at?: number;
  client?: string;
  method?: string;
  path?: string;
  status?: number;
  agent?: string;
}): string {
  const d = new Date(o.at ?? Date.now());
  const stamp = `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`;
  return `${o.client ?? '203.0.113.9'} - - [${stamp}] "${o.method ?? 'GET'} ${o.path ?? '/'} HTTP/1.1" ${o.status ?? 200} 512 "-" "${o.agent ?? 'Mozilla/5.0'}"\n`;
}
