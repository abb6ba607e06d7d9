/**
 * What `run.ts` measures in a process of its own, so that memory and compiled code are those of one task:
 * `engine` reads logs to their end and says why, `parser` cuts and reads lines of one format. Prints one JSON
 * object. Can be profiled: `node --cpu-prof test/bench/child.ts engine DATA_DIR LOG_DIR`.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { detect, makeReader, restoreDetection } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { START, split } from '../../parsers/split.ts';
import { Engine } from '../../server/engine.ts';
import { SPLIT_LIMITS } from '../../server/store/reader.ts';

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

export interface ParserRun {
  lines: number;
  records: number;
  bytes: number;
  seconds: number;
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

/** Bytes parsed in one round, at least. */
const ROUND_BYTES = 1 << 20;
const SAMPLE_BYTES = 2 << 20;
const PARSER_MS = 1500;

/** `sample` holds whole records of the format, bare or in a wrapper. */
function parser(dataset: string, sample: string): ParserRun {
  const referenceMs = Date.UTC(2026, 10, 22);
  const whole = readFileSync(sample);
  const text = whole.length > SAMPLE_BYTES ? whole.subarray(0, whole.lastIndexOf(10, SAMPLE_BYTES) + 1) : whole;
  const bare = restoreDetection({ dataset, envelope: null, alternates: [], tags: [] });
  const found = detect(text.toString('latin1').split('\n', 400), { fileName: sample, referenceMs });
  const detected = found?.dataset === dataset ? found : bare;
  if (!detected) throw new Error(`no format ${dataset}`);
  const reader = makeReader(detected);
  const records = split(text, START, reader, SPLIT_LIMITS, true).records;
  // Odd records stand in fixtures too; the speed is that of those that are read.
  const good = records.filter((r) => !isFailure(reader.read(r.text, referenceMs)));
  const one = Buffer.concat(good.map((r) => text.subarray(r.offset, r.offset + r.length)));
  if (one.length === 0) throw new Error(`${sample} has no record of ${dataset}`);
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(ROUND_BYTES / one.length) }, () => one));
  const lines = chunk.reduce((n, c) => n + (c === 10 ? 1 : 0), 0);
  const round = (): number => {
    let read = 0;
    for (const r of split(chunk, START, reader, SPLIT_LIMITS, true).records)
      if (!isFailure(reader.read(r.text, referenceMs))) read++;
    return read;
  };
  round();
  round();
  let rounds = 0;
  let read = 0;
  const began = performance.now();
  while (performance.now() - began < PARSER_MS) {
    read += round();
    rounds++;
  }
  return {
    lines: lines * rounds,
    records: read,
    bytes: chunk.length * rounds,
    seconds: (performance.now() - began) / 1000,
  };
}

const [task, first, ...rest] = process.argv.slice(2);
const result = task === 'engine' ? await engine(first!, rest) : parser(first!, rest[0]!);
process.stdout.write(`${JSON.stringify(result)}\n`);
