/**
 * What reading one format costs: bytes → records → entries on one thread, beside what nothing that reads every member
 * can fall below on the same lines in the same run. Processor time of this thread, best of several short rounds,
 * because a wall clock shows what else the machine does. Prints one JSON object. Can be profiled:
 * `node --cpu-prof test/bench/parsers.ts nginx.error FILE`.
 */
import { readFileSync } from 'node:fs';
import { detect, makeReader, restoreDetection } from '../../parsers/detect.ts';
import { isFailure } from '../../parsers/entry.ts';
import { type RawRecord, START, split } from '../../parsers/split.ts';
import { SPLIT_LIMITS } from '../../server/store/reader.ts';

export interface ParserRun {
  lines: number;
  records: number;
  bytes: number;
  /** Processor time for them. */
  seconds: number;
  /** JSON: cutting and `JSON.parse`, nothing done with it. Text: cutting and finding every space. */
  floorSeconds: number;
  json: boolean;
}

/** Bytes parsed in one pass, at least. */
const PASS_BYTES = 1 << 20;
const SAMPLE_BYTES = 2 << 20;
const ROUND_SECONDS = 0.1;
const ROUNDS = 9;

const REFERENCE_MS = Date.UTC(2026, 10, 22);

const cpuSeconds = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
};

/** Seconds of one pass, of the round that went best. */
function best(pass: () => number): number {
  pass();
  pass();
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let passes = 0;
    let seconds = 0;
    const began = cpuSeconds();
    do {
      pass();
      passes++;
      seconds = cpuSeconds() - began;
    } while (seconds < ROUND_SECONDS);
    least = Math.min(least, seconds / passes);
  }
  return least;
}

/** Keeps the engine from leaving out what nobody looks at. */
let seen = 0;

function touch({ text }: RawRecord): void {
  const c = text.charCodeAt(0);
  if (c === 123) {
    try {
      if (JSON.parse(text) !== null) seen++;
    } catch {
      seen--;
    }
    return;
  }
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) seen++;
}

/** `sample` holds whole records of the format, bare or in a wrapper. */
function measure(dataset: string, sample: string): ParserRun {
  const whole = readFileSync(sample);
  const text = whole.length > SAMPLE_BYTES ? whole.subarray(0, whole.lastIndexOf(10, SAMPLE_BYTES) + 1) : whole;
  const bare = restoreDetection({ dataset, envelope: null, alternates: [], tags: [] });
  const found = detect(text.toString('latin1').split('\n', 400), { fileName: sample, referenceMs: REFERENCE_MS });
  const detected = found?.dataset === dataset ? found : bare;
  if (!detected) throw new Error(`no format ${dataset}`);
  const reader = makeReader(detected);
  const cut = (bytes: Buffer): RawRecord[] => split(bytes, START, reader, SPLIT_LIMITS, true).records;
  // Odd records and other programs' lines stand in fixtures too; the speed is that of what the format itself reads.
  const good = cut(text).filter((r) => {
    const entry = reader.read(r.text, REFERENCE_MS);
    return !isFailure(entry) && entry.dataset === dataset;
  });
  const one = Buffer.concat(good.map((r) => text.subarray(r.offset, r.offset + r.length)));
  if (one.length === 0) throw new Error(`${sample} has no record of ${dataset}`);
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(PASS_BYTES / one.length) }, () => one));
  let records = 0;
  const read = (): number => {
    records = 0;
    for (const r of cut(chunk)) if (!isFailure(reader.read(r.text, REFERENCE_MS))) records++;
    return records;
  };
  const floor = (): number => {
    for (const r of cut(chunk)) touch(r);
    return seen;
  };
  const seconds = best(read);
  return {
    lines: chunk.reduce((n, c) => n + (c === 10 ? 1 : 0), 0),
    records,
    bytes: chunk.length,
    seconds,
    floorSeconds: best(floor),
    json: good.filter((r) => r.text.charCodeAt(0) === 123).length * 2 > good.length,
  };
}

const [dataset, sample] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(measure(dataset!, sample!))}\n`);
