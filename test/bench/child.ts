/**
 * What `run.ts` measures in a process of its own, so that memory and compiled code are those of one task: logs are
 * read to their end and explained. Prints one JSON object. Can be profiled:
 * `node --cpu-prof test/bench/child.ts DATA_DIR LOG_DIR`. One format alone is `parsers.ts`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../server/engine.ts';

export interface EngineRun {
  lines: number;
  bytes: number;
  /** From the first scan until every line is stored and counted. */
  ingestSeconds: number;
  /** Until every refusal has its verdict. */
  seconds: number;
  ingestPeakBytes: number;
  peakBytes: number;
  storedBytes: number;
  refusals: number;
  layers: Record<string, number>;
}

/**
 * Peak resident memory of this process. Not `resourceUsage().maxRSS`: on Linux that begins with the peak of the
 * process that started this one.
 */
function peakBytes(): number {
  try {
    const m = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (m) return Number(m[1]) * 1024;
  } catch {
    // No /proc: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((n, name) => n + statSync(join(directory, name)).size, 0);
}

async function engine(data: string, paths: string[]): Promise<EngineRun> {
  const began = performance.now();
  const engine = new Engine({
    directory: data,
    scratch: false,
    final: true,
    paths,
    refusedStatus: [403],
    layers: [],
    timezone: 'UTC',
  });
  let ingested = 0;
  let ingestPeakBytes = 0;
  await engine.runToEnd((p) => {
    if (ingested > 0 || p.bytesTotal === 0 || p.bytesRead < p.bytesTotal) return;
    ingested = performance.now();
    ingestPeakBytes = peakBytes();
  });
  const ended = performance.now();
  const progress = engine.progress(Date.now());
  const rows = engine.db.prepare('SELECT layer, count(*) n FROM refusal GROUP BY layer').all() as {
    layer: string;
    n: number;
  }[];
  await engine.close();
  return {
    lines: progress.linesRead,
    bytes: progress.bytesRead,
    ingestSeconds: ((ingested || ended) - began) / 1000,
    seconds: (ended - began) / 1000,
    ingestPeakBytes: ingestPeakBytes || peakBytes(),
    peakBytes: peakBytes(),
    storedBytes: sizeOf(data),
    refusals: rows.reduce((n, r) => n + r.n, 0),
    layers: Object.fromEntries(rows.map((r) => [r.layer, r.n])),
  };
}

const [data, ...paths] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await engine(data!, paths))}\n`);
