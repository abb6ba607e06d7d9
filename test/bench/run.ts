/**
 * `npm run bench [-- sizes=200k,2M only=combined,layers,parsers,latency repeat=2 seed=403 rate=10]`: what reading,
 * storing, linking and explaining cost, beside `wc -l`, GoAccess and lnav on the same files in the same run.
 * Prints Markdown. Every run is a process of its own; of `repeat` runs the fastest counts. Times are shown,
 * never asserted; a wrong number of refusals is an error. `only=api scale=1` fills a store with a month of 100 M
 * requests and 2 M refusals first (ten minutes) and asks it every question of the API. `only=storm rate=20000
 * seconds=60 quiet=60` has `serve` follow logs that grow by so many refusals a second.
 */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { FORMATS } from '../../parsers/formats.ts';
import { apiTable, measureApi } from './api.ts';
import type { EngineRun } from './child.ts';
import { FULL, filled } from './fill.ts';
import { type Generated, generate, parseSize, sizeName } from './generate.ts';
import type { ParserRun } from './parsers.ts';
import { listening, runStorm } from './storm.ts';

const PARTS = ['combined', 'layers', 'parsers', 'latency', 'api', 'storm'] as const;
type Part = (typeof PARTS)[number];

const options = new Map(process.argv.slice(2).map((a) => a.split('=', 2) as [string, string]));
for (const [key, value] of options) {
  if (
    !['sizes', 'only', 'repeat', 'seed', 'rate', 'scale', 'seconds', 'quiet', 'layers'].includes(key) ||
    value === undefined
  ) {
    console.error(
      `usage: npm run bench -- [sizes=200k,2M,20M] [only=${PARTS.join(',')}] [repeat=2] [seed=403] [rate=10] [scale=1] [seconds=60] [quiet=60] [layers=4]`,
    );
    process.exit(2);
  }
}
const sizes = (options.get('sizes') ?? '200k,2M').split(',').map(parseSize);
const parts = (options.get('only') ?? 'combined,layers,parsers,latency').split(',') as Part[];
const repeat = Number(options.get('repeat') ?? 2);
const seed = Number(options.get('seed') ?? 403);
const requestsPerSecond = Number(options.get('rate') ?? 10);

const scratch = mkdtempSync(join(tmpdir(), 'why403-bench-run-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
/** What came out wrong, said after its table. */
let wrong: string[] = [];

const say = (text: string): void => console.log(text);
const note = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

/** One measured process. */
interface Run {
  seconds: number;
  peakBytes: number | null;
}

/** Runs a peer, null = not installed. Memory is asked of /proc while it runs; it only grows, so the last answer is the peak. */
async function measure(command: string, args: string[]): Promise<(Run & { out: string }) | null> {
  let best: (Run & { out: string }) | null = null;
  for (let i = 0; i < repeat; i++) {
    note(`${command} ${i + 1}/${repeat}`);
    const one = await new Promise<(Run & { out: string }) | null>((done, failed) => {
      const began = performance.now();
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      let peakBytes: number | null = null;
      const look = setInterval(() => {
        try {
          const m = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
          if (m) peakBytes = Number(m[1]) * 1024;
        } catch {
          // It has ended, or there is no /proc.
        }
      }, 20);
      child.stdout.on('data', (d) => {
        out += d;
      });
      child.stderr.on('data', (d) => {
        err += d;
      });
      child.once('error', (error: NodeJS.ErrnoException) => {
        clearInterval(look);
        if (error.code === 'ENOENT') done(null);
        else failed(error);
      });
      child.once('close', (code) => {
        clearInterval(look);
        if (code === 0) done({ seconds: (performance.now() - began) / 1000, peakBytes, out });
        else failed(new Error(`${command} ended with ${code}: ${err.slice(-500)}`));
      });
    });
    if (one === null) return null;
    if (best === null || one.seconds < best.seconds) best = one;
  }
  return best;
}

function child<T>(script: string, args: string[]): T {
  const run = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`${args.join(' ')} ended with ${run.status ?? run.signal}`);
  return JSON.parse(run.stdout) as T;
}

function engine(logs: Generated): EngineRun {
  let best: EngineRun | null = null;
  for (let i = 0; i < repeat; i++) {
    note(`why403 ${i + 1}/${repeat}`);
    const data = join(scratch, 'data');
    const run = child<EngineRun>('child.ts', [data, logs.directory]);
    rmSync(data, { recursive: true, force: true });
    // The ingest and the whole may be at their best in different runs.
    if (best === null) best = run;
    else {
      const ingestSeconds = Math.min(best.ingestSeconds, run.ingestSeconds);
      best = { ...(run.seconds < best.seconds ? run : best), ingestSeconds };
    }
  }
  return best!;
}

const number = (n: number): string => Math.round(n).toLocaleString('en-GB').replaceAll(',', ' ');
const megabytes = (n: number | null): string => (n === null ? '–' : `${number(n / 1e6)} MB`);
const ratio = (n: number | null): string =>
  n === null ? '–' : `${n >= 10 ? n.toFixed(0) : n.toFixed(n < 1 ? 2 : 1)} ×`;

interface Row {
  tool: string;
  run: Run;
  lines: number;
  bytes: number;
  stored?: number;
}

/** A table; the first two columns repeat on every row so that a row can be quoted alone. */
function table(logs: string, rows: Row[], goaccess: Row | null, lnav: Row | null): void {
  const speed = (r: Row): number => r.lines / r.run.seconds;
  for (const r of rows) {
    const cells = [
      logs,
      r.tool,
      r.run.seconds.toFixed(2),
      number(speed(r)),
      (r.bytes / r.run.seconds / 1e6).toFixed(1),
      megabytes(r.run.peakBytes),
      r.stored === undefined ? '–' : `${((100 * r.stored) / r.bytes).toFixed(1)} %`,
      ratio(goaccess === null ? null : speed(r) / speed(goaccess)),
      ratio(lnav === null ? null : speed(r) / speed(lnav)),
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}

function head(): void {
  say('| logs | tool | seconds | lines/s | MB/s | peak RSS | stored ÷ raw | GoAccess | lnav |');
  say('|---|---|---:|---:|---:|---:|---:|---:|---:|');
}

/** Two figures of the product: ingest is what GoAccess does and storing; to the end is what nobody else does. */
function own(logs: Generated, run: EngineRun): Row[] {
  const { lines, bytes } = logs;
  if (run.lines !== lines || run.refusals !== logs.refused) {
    wrong.push(`${run.lines} lines read of ${lines}, ${run.refusals} refusals found of ${logs.refused}`);
  }
  return [
    {
      tool: 'why403: stored and counted',
      run: { seconds: run.ingestSeconds, peakBytes: run.ingestPeakBytes },
      lines,
      bytes,
    },
    { tool: 'why403: linked and explained', run, lines, bytes, stored: run.storedBytes },
  ];
}

async function peers(
  logs: Generated,
  name: string,
  format: string[],
): Promise<{ rows: Row[]; goaccess: Row | null; lnav: Row | null }> {
  const { lines, bytes } = logs;
  const rows: Row[] = [];
  const add = (tool: string, run: Run | null): Row | null => {
    if (run === null) {
      missing.add(tool);
      return null;
    }
    const row = { tool, run, lines, bytes };
    rows.push(row);
    return row;
  };
  add('wc -l', await measure('wc', ['-l', ...logs.files]));
  const goaccess = add(
    'GoAccess',
    await measure('goaccess', [...logs.files, ...format, '--no-progress', '-o', join(scratch, `${name}.json`)]),
  );
  const count = (sql: string) => measure('lnav', ['-n', '-c', sql, ...logs.files]);
  const lnav = add('lnav: indexed', await count(';SELECT count(*) FROM access_log'));
  add('lnav: by status', await count(';SELECT sc_status, count(*), sum(sc_bytes) FROM access_log GROUP BY sc_status'));
  return { rows, goaccess, lnav };
}
const missing = new Set<string>();

async function combined(): Promise<void> {
  say('\n## One access log\n');
  head();
  for (const lines of sizes) {
    note(`making ${sizeName(lines)} lines`);
    const logs = generate({ kind: 'combined', lines, seed, requestsPerSecond });
    const beside = await peers(logs, 'combined', ['--log-format=COMBINED']);
    const run = engine(logs);
    note('');
    table(sizeName(lines), [...beside.rows, ...own(logs, run)], beside.goaccess, beside.lnav);
  }
}

/** GoAccess can read one of the four layers and joins nothing; its row is there to compare lines with lines. */
async function layers(): Promise<void> {
  say('\n## Four layers: HAProxy → nginx → ModSecurity → application\n');
  head();
  for (const lines of sizes) {
    note(`making ${sizeName(lines)} lines in four layers`);
    const logs = generate({ kind: 'layers', lines, seed, requestsPerSecond });
    const web = logs.files.find((f) => basename(f) === 'access.log')!;
    const text = readFileSync(web);
    const access: Generated = { ...logs, files: [web], bytes: text.length, lines: 0 };
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) access.lines++;
    const goaccess = await measure('goaccess', [
      web,
      '--log-format=%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %^',
      '--date-format=%d/%b/%Y',
      '--time-format=%T',
      '--no-progress',
      '-o',
      join(scratch, 'layers.json'),
    ]);
    const beside: Row | null =
      goaccess === null
        ? null
        : { tool: 'GoAccess: nginx access log alone', run: goaccess, lines: access.lines, bytes: access.bytes };
    if (beside === null) missing.add('GoAccess');
    const run = engine(logs);
    note('');
    table(sizeName(lines), [...(beside === null ? [] : [beside]), ...own(logs, run)], beside, null);
    const decided = Object.entries(logs.decided).filter(([layer, n]) => (run.layers[layer] ?? 0) !== n);
    if (decided.length > 0)
      wrong.push(`decided by ${JSON.stringify(run.layers)}, in truth by ${JSON.stringify(logs.decided)}`);
  }
}

/**
 * Made lines where there are some, the fixtures' otherwise; their annotations begin with `#!`. Processor time, unlike
 * the other tables. `floor`: nothing but cutting and `JSON.parse`, or finding every space, on the same lines.
 */
function parsers(): void {
  say('\n## Parsers: bytes → records → entries, one thread\n');
  say('| format | lines from | bytes a line | lines/s | MB/s | floor, lines/s | of |');
  say('|---|---|---:|---:|---:|---:|---|');
  const lines = 200_000;
  const one = generate({ kind: 'combined', lines, seed, requestsPerSecond });
  const four = generate({ kind: 'layers', lines, seed, requestsPerSecond });
  const layer = (name: string): string => four.files.find((f) => f.endsWith(name))!;
  const made: Record<string, string> = {
    'nginx.access': one.files[0]!,
    'apache.access': one.files[0]!,
    clf: layer('web/access.log'),
    'haproxy.http': layer('haproxy.log'),
    'nginx.error': layer('error.log'),
    'modsecurity.json': layer('modsec_audit.log'),
    json: layer('shop-api.json.log'),
  };
  for (const dataset of [...FORMATS.keys()].sort()) {
    note(`parser ${dataset}`);
    let sample = made[dataset];
    if (sample === undefined) {
      sample = join(scratch, `${dataset}.log`);
      const fixture = readFileSync(`fixtures/lines/${dataset}.log`, 'utf8');
      writeFileSync(sample, fixture.replace(/^#!.*\n/gm, ''));
    }
    const run = child<ParserRun>('parsers.ts', [dataset, sample]);
    note('');
    const cells = [
      dataset,
      made[dataset] === undefined ? 'fixtures' : 'generator',
      number(run.bytes / run.lines),
      number(run.lines / run.seconds),
      (run.bytes / run.seconds / 1e6).toFixed(1),
      number(run.lines / run.floorSeconds),
      run.json ? 'JSON.parse' : 'text',
    ];
    say(`| ${cells.join(' | ')} |`);
  }
}

const TRIALS = 50;
const HISTORY = 200_000;
const DAY_MS = 86_400_000;

/** A line is written to a followed file; until when does the API not know it? */
async function latency(): Promise<void> {
  say(`\n## Line written → answered by /api/v1/refusals, ${TRIALS} trials, ${sizeName(HISTORY)} lines stored before\n`);
  say('| file | p50 | p95 | slowest |');
  say('|---|---:|---:|---:|');
  // Of yesterday: what is older than the retention would be pruned.
  const startMs = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS;
  const history = generate({ kind: 'combined', lines: HISTORY, seed, requestsPerSecond, startMs });
  const log = join(scratch, 'nginx-access.log');
  copyFileSync(history.files[0]!, log);
  const data = join(scratch, 'served');
  const served = spawn(process.execPath, ['server/bin.mjs', 'serve', log, '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await listening(served);
    const total = async (path: string): Promise<number> => {
      const answer = await fetch(
        `${url}/api/v1/refusals?limit=1${path === '' ? '' : `&path=${encodeURIComponent(path)}`}`,
      );
      if (!answer.ok) throw new Error(`the API answered ${answer.status}: ${await answer.text()}`);
      return ((await answer.json()) as { total: number }).total;
    };
    const until = async (path: string, n: number, everyMs: number): Promise<void> => {
      const end = performance.now() + 300_000;
      while ((await total(path)) < n) {
        if (performance.now() > end) throw new Error(`${path || 'the history'} is not there after five minutes`);
        await sleep(everyMs);
      }
    };
    note('reading the history');
    await until('', history.refused, 250);
    for (const [name, perSecond] of [
      ['quiet', 0],
      ['500 other lines/s', 500],
    ] as const) {
      const other = setInterval(() => {
        if (perSecond > 0)
          appendFileSync(log, Array.from({ length: perSecond / 20 }, (_, i) => line(`/other/${i}`, 200)).join(''));
      }, 50);
      const times: number[] = [];
      for (let i = 0; i < TRIALS; i++) {
        note(`latency, ${name}: ${i + 1}/${TRIALS}`);
        // Not in step with anybody's timer.
        await sleep(100 + ((i * 379) % 700));
        const path = `/trial/${name.length}/${i}`;
        const began = performance.now();
        appendFileSync(log, line(path, 403));
        await until(path, 1, 5);
        times.push(performance.now() - began);
      }
      clearInterval(other);
      times.sort((a, b) => a - b);
      note('');
      const at = (q: number): string => `${number(times[Math.ceil(q * times.length) - 1]!)} ms`;
      say(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`);
    }
  } finally {
    served.kill('SIGTERM');
    await new Promise((done) => (served.exitCode === null ? served.once('close', done) : done(null)));
  }
}

/** Every question of the API on a full store. */
async function api(): Promise<void> {
  const scale = Number(options.get('scale') ?? 1);
  const { directory, bytes, made } = filled(scale, (day) => note(`filling a store: day ${day} of ${FULL.days}`));
  note('');
  say(
    `\n## The API on ${sizeName(made.requests)} requests, ${sizeName(made.refusals)} refusals of ${number(made.problems)} problems in ${made.days} days (${number(bytes / 1e6)} MB)\n`,
  );
  say(apiTable(await measureApi(directory, 30)));
}

/** Logs that grow by far more refusals than anybody can look at. */
async function storm(): Promise<void> {
  const rate = Number(options.get('rate') ?? 20_000);
  const seconds = Number(options.get('seconds') ?? 60);
  const quietSeconds = Number(options.get('quiet') ?? 60);
  const layers = options.get('layers') === '1' ? 1 : 4;
  say(
    `\n## A storm of ${number(rate)} refusals a second for ${seconds} s, ${layers === 1 ? 'one access log' : 'four layers'}\n`,
  );
  const report = await runStorm({ layers, rate, seconds, quietSeconds, scratch: join(scratch, 'storm'), note });
  note('');
  say(report.markdown);
  for (const w of report.wrong) say(`\n**WRONG**: ${w}`);
  if (report.wrong.length > 0) process.exitCode = 1;
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
function line(path: string, status: number): string {
  const iso = new Date().toISOString();
  const stamp = `${iso.slice(8, 10)}/${MONTHS[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)}`;
  return `203.0.113.9 - - [${stamp} +0000] "GET ${path} HTTP/1.1" ${status} 153 "-" "curl/8.5.0"\n`;
}

function version(command: string, args: string[]): string {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return run.error ? 'not installed' : (run.stdout + run.stderr).split('\n')[0]!.replace(/\.$/, '').trim();
}

const db = new Database(':memory:');
const sqlite = db.prepare('SELECT sqlite_version() v').pluck().get();
db.close();
const commit = spawnSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).stdout?.trim() || 'no git';
say(`\`npm run bench${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}\` at ${commit}\n`);
say(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${number(totalmem() / 1e9)} GB, ${process.platform} ${process.arch}, Node ${process.versions.node}, SQLite ${sqlite}, ${version('goaccess', ['--version'])}, ${version('lnav', ['-V'])}. Best of ${repeat}; seed ${seed}, ${requestsPerSecond} requests/s.`,
);
for (const part of [combined, layers]) {
  if (!parts.includes(part.name as Part)) continue;
  await part();
  for (const w of wrong) say(`\n**WRONG**: ${w}`);
  if (wrong.length > 0) process.exitCode = 1;
  wrong = [];
}
if (parts.includes('parsers')) parsers();
if (parts.includes('latency')) await latency();
if (parts.includes('api')) await api();
if (parts.includes('storm')) await storm();
if (missing.size > 0) say(`\nNot installed, so not compared: ${[...missing].join(', ')}.`);
