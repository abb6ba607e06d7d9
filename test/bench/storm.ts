/**
 * A storm: the real log of one server, or those of four layers, grow by `rate` refused requests a second while `serve` follows them, with a
 * quiet stretch of ordinary traffic before and after. Every second it is asked how many refusals it knows and how old
 * the newest of them is, and what memory its process has. What was written has to be counted exactly, each refusal at
 * the layer that decided. Bounded: after twelve minutes it is given up.
 *
 *     node test/bench/storm.ts write DIR RATE SECONDS QUIET LAYERS   the writer alone, one JSON object a second
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteArchive } from '../../server/store/sqlite/archive.ts';
import { openReader } from '../../server/store/sqlite/database.ts';
import { Combined, Layers, type Logs } from './generate.ts';
import { type Decider, Random, type Request, Traffic } from './traffic.ts';

export interface StormOptions {
  /** Refused requests a second. */
  rate: number;
  seconds: number;
  /** 1 = one access log, 4 = HAProxy, nginx, ModSecurity and an application. */
  layers: 1 | 4;
  /** Ordinary traffic before the storm, and after it was caught up with. */
  quietSeconds: number;
  /** For logs and store; emptied by the caller. */
  scratch: string;
  note: (text: string) => void;
}

const GIVEN_UP_MS = 12 * 60_000;
/** Requests a second that are let through: when it is quiet, and beside the storm. */
const ORDINARY = 50;
const ORDINARY_IN_STORM = 1000;
const WRITE_MS = 20;
/** An answer of the API that takes longer is an error. */
const ANSWER_MS = 20_000;
/** So long after the last line all may take to be right. */
const RIGHT_MS = 180_000;
/** So long a server may take to end. */
const END_MS = 30_000;

interface Written {
  phase: 'before' | 'storm' | 'after';
  lines: number;
  bytes: number;
  decided: Record<Decider, number>;
  refusals: number;
}

/** Who is refused where: a few addresses are most of it, others come once or twice, the rest are the shop's own clients. */
class Storm {
  readonly #random = new Random(20_000);
  readonly #traffic: Traffic;
  readonly #few = ['203.0.113.7', '203.0.113.9', '198.51.100.4', '198.51.100.23', '2001:db8:bad:1::7'];
  #paths = 0;

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  next(timeMs: number): Request {
    const r = this.#random;
    const q = this.#traffic.next();
    q.timeMs = timeMs;
    const who = r.unit();
    if (who < 0.4) q.client = r.pick(this.#few);
    else if (who < 0.7) q.client = `${130 + r.below(4)}.${r.below(256)}.${r.below(64)}.${1 + r.below(254)}`;
    const where = r.unit();
    if (where < 0.2) {
      q.path = r.pick(['/wp-login.php', '/xmlrpc.php', '/.env', '/admin/config.php', '/phpmyadmin/index.php']);
      q.query = '';
      q.kind = 'page';
    } else if (where < 0.4) {
      q.path = `/search/${(this.#paths++).toString(36)}`;
      q.kind = 'page';
    }
    const share = r.unit();
    q.decider = share < 0.4 ? 'loadbalancer' : share < 0.7 ? 'web' : share < 0.9 ? 'waf' : 'app';
    if (q.decider === 'app' && q.kind === 'static') q.decider = 'web';
    q.status = 403;
    q.bytes = 153;
    q.durationMs = 1 + r.below(20);
    q.referrer = '-';
    return q;
  }
}

/** Writes in real time until it is told to stop by the end of its input; what is late is made up for. */
async function write(
  directory: string,
  rate: number,
  seconds: number,
  quietSeconds: number,
  of: number,
): Promise<void> {
  const traffic = new Traffic(403, Date.now(), 10, of === 1 ? ['web'] : ['loadbalancer', 'web', 'waf', 'app']);
  const layers: Logs = of === 1 ? new Combined(directory) : new Layers(directory, traffic.random);
  const storm = new Storm(traffic);
  const decided: Record<Decider, number> = { loadbalancer: 0, web: 0, waf: 0, app: 0 };
  const began = Date.now();
  const stormAt = began + quietSeconds * 1000;
  const stormEnd = stormAt + seconds * 1000;
  let done = began;
  let stopped = false;
  process.stdin.on('end', () => {
    stopped = true;
  });
  process.stdin.resume();
  /** Those of `perSecond` that fall into the time up to `to`, at their moments. */
  const make = (from: number, to: number, since: number, perSecond: number, next: (at: number) => Request): void => {
    const first = Math.ceil(((from - since) * perSecond) / 1000);
    const end = Math.ceil(((to - since) * perSecond) / 1000);
    for (let i = first; i < end; i++) {
      const q = next(since + (i * 1000) / perSecond);
      if (of === 1 && q.decider !== null) q.decider = 'web';
      if (q.decider !== null) decided[q.decider]++;
      layers.write(q);
    }
  };
  const ordinary = (at: number): Request => {
    const q = traffic.next();
    q.timeMs = at;
    return q;
  };
  let said = 0;
  while (!stopped) {
    const now = Date.now();
    // A stretch never lies across the edge of the storm.
    while (done < now) {
      const to = Math.min(now, done < stormAt ? stormAt : done < stormEnd ? stormEnd : now);
      const inStorm = done >= stormAt && to <= stormEnd;
      make(done, to, began, inStorm ? ORDINARY_IN_STORM : ORDINARY, ordinary);
      if (inStorm) make(done, to, stormAt, rate, (at) => storm.next(at));
      done = to;
    }
    layers.upTo(now);
    for (const file of layers.files) file.flush();
    if (now - said >= 1000) {
      said = now;
      say();
    }
    await sleep(WRITE_MS);
  }
  layers.upTo(Number.POSITIVE_INFINITY);
  for (const file of layers.files) file.close();
  done = Number.POSITIVE_INFINITY;
  say();

  function say(): void {
    const written: Written = {
      phase: done <= stormAt ? 'before' : done < stormEnd ? 'storm' : 'after',
      lines: layers.files.reduce((n, f) => n + f.lines, 0),
      bytes: layers.files.reduce((n, f) => n + f.bytes, 0),
      decided,
      refusals: Object.values(decided).reduce((a, b) => a + b, 0),
    };
    process.stdout.write(`${JSON.stringify(written)}\n`);
  }
}

interface Sample {
  /** Since the storm began. */
  second: number;
  written: Written;
  known: number;
  /** Age of the newest refusal that is explained, ms. */
  delayMs: number;
  rss: number;
  peak: number;
  /** Of all threads of the server, s. */
  processor: number;
}

export interface StormReport {
  markdown: string;
  wrong: string[];
}

export async function runStorm(o: StormOptions): Promise<StormReport> {
  const logs = join(o.scratch, 'logs');
  mkdirSync(logs, { recursive: true });
  const givenUpAt = Date.now() + GIVEN_UP_MS;
  const writer = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'storm.ts'),
      'write',
      logs,
      `${o.rate}`,
      `${o.seconds}`,
      `${o.quietSeconds}`,
      `${o.layers}`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const told: { latest: Written | null } = { latest: null };
  let text = '';
  writer.stdout.on('data', (d) => {
    text += d;
    const lines = text.split('\n');
    text = lines.pop()!;
    for (const line of lines) told.latest = JSON.parse(line) as Written;
  });
  const ended = new Promise<void>((done) => writer.once('close', () => done()));
  while (told.latest === null) await sleep(20);
  const latest = (): Written => told.latest!;
  const began = Date.now();
  const served = spawn(
    process.execPath,
    // As a user would set it: most is let through, so that a fifth refused is no ordinary day.
    `server/bin.mjs serve ${logs} --data ${join(o.scratch, 'store')} --port 0 --alert-rate 20% --alert-window 1m`.split(
      ' ',
    ),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const wrong: string[] = [];
  const samples: Sample[] = [];
  let stormAt = 0;
  let alertAt = 0;
  let caughtUpAt = 0;
  let rightAt = 0;
  let stoppedAt = 0;
  let slowest = 0;
  try {
    const url = await listening(served);
    const ask = async <T>(path: string): Promise<T> => {
      const from = performance.now();
      const answer = await fetch(`${url}/api/v1/${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
      if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
      const body = (await answer.json()) as T;
      slowest = Math.max(slowest, performance.now() - from);
      return body;
    };
    for (let at = Date.now(); ; at += 1000) {
      await sleep(Math.max(0, at - Date.now()));
      const then = latest();
      const page = await ask<{ total: number; rows: { time: string }[] }>('refusals?limit=1');
      const now = Date.now();
      if (stormAt === 0 && then.phase !== 'before') stormAt = now;
      if (alertAt === 0 && stormAt > 0) {
        const alerts = await ask<{ firing: unknown[] }>('alerts');
        if (alerts.firing.length > 0) alertAt = now;
      }
      const memory = memoryOf(served.pid!);
      samples.push({
        second: stormAt === 0 ? (now - began) / 1000 - o.quietSeconds : (now - stormAt) / 1000,
        written: then,
        known: page.total,
        delayMs: page.rows.length === 0 ? Number.NaN : now - Date.parse(page.rows[0]!.time),
        ...memory,
        processor: processorOf(served.pid!),
      });
      const last = samples.at(-1)!;
      o.note(
        `storm ${last.second.toFixed(0)} s: ${last.known} of ${last.written.refusals} known, ${(last.delayMs / 1000).toFixed(1)} s old, ${(last.rss / 1e6).toFixed(0)} MB`,
      );
      // What is written in a quiet second may be unknown for a moment.
      if (caughtUpAt === 0 && then.phase === 'after' && page.total >= then.refusals) caughtUpAt = now;
      if (caughtUpAt > 0 && stoppedAt === 0 && now - caughtUpAt > o.quietSeconds * 1000) {
        stoppedAt = now;
        writer.stdin.end();
        await ended;
      }
      if (stoppedAt > 0 && latest().refusals <= page.total && now - stoppedAt > 3000) break;
      if (stoppedAt > 0 && now - stoppedAt > 30_000) break;
      if (now > givenUpAt) {
        break;
      }
    }
    const end = latest();
    // What was explained before all logs were read is explained again: all are counted before the last is right.
    const until = Math.min(givenUpAt, Date.now() + RIGHT_MS);
    for (;;) {
      wrong.length = 0;
      const { total } = await ask<{ total: number }>('refusals?limit=1');
      if (total !== end.refusals) wrong.push(`${total} refusals are known of ${end.refusals} that were written`);
      // One log alone does not always tell whether somebody behind it refused.
      for (const [layer, n] of o.layers === 1 ? [] : Object.entries(end.decided)) {
        const { total: of } = await ask<{ total: number }>(`refusals?limit=1&layer=${layer}`);
        if (of !== n) wrong.push(`${of} are said to be refused by ${layer}, in truth ${n} were`);
      }
      if (wrong.length === 0) rightAt = Date.now();
      if (wrong.length === 0 || Date.now() >= until) break;
      await sleep(1000);
    }
  } finally {
    writer.stdin.end();
    await ended;
    if (served.exitCode === null) {
      const closed = new Promise((done) => served.once('close', done));
      served.kill('SIGTERM');
      const force = setTimeout(() => served.kill('SIGKILL'), END_MS);
      await closed;
      clearTimeout(force);
    }
  }
  const damaged = damagedBlocks(join(o.scratch, 'store'));
  if (damaged > 0) wrong.push(`${damaged} stored blocks are not what the logs hold`);
  return { markdown: table(o, samples, { stormAt, alertAt, caughtUpAt, rightAt, slowest }), wrong };
}

/** Of each log so many blocks are compared, evenly chosen: a block that was unpacked stays in memory. */
const COMPARED_MAX = 300;

/** Blocks whose bytes are not those of the log at their place. */
function damagedBlocks(data: string): number {
  const archive = new SqliteArchive(openReader(data, 4096));
  let damaged = 0;
  for (const source of archive.sources()) {
    const file = readFileSync(source.path);
    const blocks = archive.lastBlocks(source.id, Number.MAX_SAFE_INTEGER);
    const step = Math.max(1, Math.floor(blocks.length / COMPARED_MAX));
    for (let i = 0; i < blocks.length; i += step) {
      const { offset, bytes, raw } = blocks[i]!;
      if (!file.subarray(offset, offset + bytes).equals(raw)) damaged++;
    }
  }
  return damaged;
}

function table(
  o: StormOptions,
  samples: Sample[],
  at: { stormAt: number; alertAt: number; caughtUpAt: number; rightAt: number; slowest: number },
): string {
  const before = samples.filter((s) => s.written.phase === 'before');
  const caughtUp = at.caughtUpAt === 0 ? Number.POSITIVE_INFINITY : (at.caughtUpAt - at.stormAt) / 1000;
  const start = before.at(-1)!;
  const rows: Sample[] = [start];
  const worst = (list: Sample[]): number => Math.max(...list.map((s) => s.delayMs));
  const out = [
    '| second | lines written | refusals written | refusals known | newest known is old, at worst | RSS | peak | processor |',
    '|---:|---:|---:|---:|---:|---:|---:|---:|',
  ];
  for (let t = 10; t <= caughtUp + 10; t += 10) {
    const s = samples.find((x) => x.second >= t - 0.5);
    if (s !== undefined && s !== rows.at(-1)) rows.push(s);
  }
  for (const [i, s] of rows.entries()) {
    const since = i === 0 ? before : samples.filter((x) => x.second > rows[i - 1]!.second && x.second <= s.second);
    const written = s.written.refusals - start.written.refusals;
    const cells = [
      i === 0 ? 'before' : s.second.toFixed(0),
      number(s.written.lines - start.written.lines),
      number(written),
      number(s.known - start.known),
      i === 0 ? '–' : `${(worst(since) / 1000).toFixed(1)} s`,
      megabytes(s.rss),
      megabytes(s.peak),
      i === 0 ? '–' : `${(s.processor - rows[i - 1]!.processor).toFixed(1)} s`,
    ];
    out.push(`| ${cells.join(' | ')} |`);
  }
  const end = samples.at(-1)!;
  const mean = (list: Sample[]): number => list.reduce((n, s) => n + s.rss, 0) / list.length;
  const after = samples.filter((s) => s.second > caughtUp + 15);
  const done = samples.find((s) => s.second >= caughtUp) ?? end;
  const refusals = done.written.refusals - start.written.refusals;
  out.push(
    '',
    `Caught up ${caughtUp === Number.POSITIVE_INFINITY ? 'never' : `${Math.max(0, caughtUp - o.seconds).toFixed(0)} s after the last line of the storm`}${at.rightAt === 0 ? '' : `, all right ${((at.rightAt - at.stormAt) / 1000 - o.seconds).toFixed(0)} s after it at the latest`}; ${(((done.processor - start.processor) * 1e6) / refusals).toFixed(0)} µs of processor time a refusal, reading and the API included. Peak ${megabytes(end.peak)}; ${megabytes(mean(before.slice(-10)))} in the quiet before, ${after.length === 0 ? '–' : megabytes(mean(after))} after (from 15 s on). ${number(end.written.refusals)} refusals written, ${number(end.known)} known. Alert ${at.alertAt === 0 ? 'not fired' : `fired after ${((at.alertAt - at.stormAt) / 1000).toFixed(0)} s`}. Slowest answer of the API ${number(at.slowest)} ms.`,
  );
  return out.join('\n');
}

const number = (n: number): string => Math.round(n).toLocaleString('en-GB').replaceAll(',', ' ');
const megabytes = (n: number): string => `${number(n / 1e6)} MB`;
const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function memoryOf(pid: number): { rss: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)![1]) * 1024;
  return { rss: of('VmRSS'), peak: of('VmHWM') };
}

/** User and system time of all threads, in hundredths of a second. */
function processorOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function listening(served: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let out = '';
    served.once('close', (code) => failed(new Error(`serve ended with ${code}`)));
    served.stdout!.on('data', (d) => {
      out += d;
      const url = /http:\/\/[\d.]+:\d+/.exec(out)?.[0];
      if (url) done(url);
    });
  });
}

if (import.meta.main) {
  const [what, directory, rate, seconds, quiet, layers] = process.argv.slice(2);
  if (what !== 'write' || directory === undefined) {
    console.error('usage: node test/bench/storm.ts write DIR RATE SECONDS QUIET LAYERS');
    process.exit(2);
  }
  await write(directory, Number(rate), Number(seconds), Number(quiet), Number(layers));
}
