/**
 * The crash oracle: a writer that numbers every line and rotates in every manner, against the real process that
 * is killed with SIGKILL again and again. At the end every line is stored exactly once. Used short by
 * oracle.test.ts and long by `npm run soak`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SqliteArchive } from '../server/store/sqlite/archive.ts';
import { openReader } from '../server/store/sqlite/database.ts';

export interface OracleResult {
  kills: number;
  rotations: number;
  written: number;
  stored: number;
  twice: number[];
  missing: number[];
}

const ROTATIONS_KEPT = 400;

export async function oracle(options: { kills: number; seed: number }): Promise<OracleResult> {
  const directory = mkdtempSync(join(tmpdir(), 'why403-oracle-'));
  const logs = join(directory, 'logs');
  const data = join(directory, 'data');
  const log = join(logs, 'access.log');
  mkdirSync(logs);
  writeFileSync(log, '');
  let state = options.seed >>> 0 || 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  let written = 0;
  let rotations = 0;
  const line = (n: number): string => {
    const d = new Date().toISOString();
    return `203.0.113.${n % 250} - - [${d.slice(8, 10)}/Nov/${d.slice(0, 4)}:${d.slice(11, 19)} +0000] "GET /n/${n} HTTP/1.1" ${n % 50 === 0 ? 403 : 200} ${n} "-" "oracle" ${idOf(n)}\n`;
  };
  const write = (): void => {
    let text = '';
    for (let i = 0, n = 20 + Math.floor(random() * 200); i < n; i++) text += line(++written);
    appendFileSync(log, text);
  };
  const shift = (): void => {
    for (let i = ROTATIONS_KEPT; i >= 1; i--) {
      for (const end of ['', '.gz']) {
        if (existsSync(`${log}.${i}${end}`)) renameSync(`${log}.${i}${end}`, `${log}.${i + 1}${end}`);
      }
    }
  };
  const rotate = (): void => {
    rotations++;
    const how = random();
    shift();
    if (how < 0.5) {
      renameSync(log, `${log}.1`);
      writeFileSync(log, '');
    } else {
      copyFileSync(log, `${log}.1`);
      truncateSync(log, 0);
    }
    const older = `${log}.2`;
    if (random() < 0.6 && existsSync(older)) {
      writeFileSync(`${older}.gz`, gzipSync(readFileSync(older)));
      unlinkSync(older);
    }
  };
  const timer = setInterval(() => {
    write();
    if (random() < 0.04) rotate();
  }, 25);

  const start = (): ChildProcess =>
    spawn(
      process.execPath,
      [join(import.meta.dirname, '../server/bin.mjs'), logs, '--data', data, '--port', '0', '--log-level', 'error'],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  const ended = (child: ChildProcess): Promise<void> => new Promise((done) => child.once('close', () => done()));
  try {
    for (let i = 0; i < options.kills; i++) {
      const child = start();
      // From before the store is open until well into following.
      await new Promise((done) => setTimeout(done, 150 + random() * 1500));
      child.kill('SIGKILL');
      await ended(child);
    }
    clearInterval(timer);
    const last = start();
    const closed = ended(last);
    let before = -1;
    // Long enough for a stretch of correlation in between.
    for (let quiet = 0; quiet < 10; ) {
      await new Promise((done) => setTimeout(done, 1000));
      const now = existsSync(join(data, 'why403.db')) ? count(data).length : 0;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
    last.kill('SIGTERM');
    await closed;
    if (process.env.WHY403_DEBUG) console.log(sourcesOf(data));
    const stored = count(data);
    const seen = new Map<number, number>();
    for (const n of stored) seen.set(n, (seen.get(n) ?? 0) + 1);
    const missing: number[] = [];
    for (let n = 1; n <= written; n++) if (!seen.has(n)) missing.push(n);
    return {
      kills: options.kills,
      rotations,
      written,
      stored: stored.length,
      twice: [...seen].filter(([, c]) => c > 1).map(([n]) => n),
      missing,
    };
  } finally {
    clearInterval(timer);
    if (process.env.WHY403_DEBUG) console.log(directory);
    else rmSync(directory, { recursive: true, force: true });
  }
}

/** The id of a line: ids are stored apart from the text, so a line counts when it has its own. */
function idOf(n: number): string {
  const hex = createHash('md5').update(`${n}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Numbers of the lines that the store holds. */
function count(data: string): number[] {
  const db = openReader(data);
  try {
    const archive = new SqliteArchive(db);
    const out: number[] = [];
    for (const source of archive.sources()) {
      for (const block of archive.lastBlocks(source.id, Number.MAX_SAFE_INTEGER)) {
        for (const m of Buffer.from(block.raw)
          .toString('latin1')
          .matchAll(/"GET \/n\/(\d+) HTTP\/1\.1" \d+ \d+ "-" "oracle" ([\da-f-]{36})\n/g))
          if (m[2] === idOf(Number(m[1]))) out.push(Number(m[1]));
      }
    }
    return out;
  } finally {
    db.close();
  }
}

/** For whoever looks into a failure: what became of each source. */
function sourcesOf(data: string): string {
  const db = openReader(data);
  try {
    return new SqliteArchive(db)
      .sources()
      .map(
        (s) =>
          `${s.id} ${s.path.split('/').pop()} ${s.state} position ${s.position} of ${s.sizeBytes} ${s.ended ? 'ended' : ''} gap ${s.gapBytes} fp ${s.fingerprintBytes} ${s.advice ?? ''}`,
      )
      .join('\n');
  } finally {
    db.close();
  }
}
