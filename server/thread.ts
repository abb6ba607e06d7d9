/**
 * One thread of the pool: does a piece of work and answers. It holds no state that matters; what it reads of the
 * store, it reads on a connection that cannot write.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Counters } from './ingest/counters.ts';
import type { Digest } from './ingest/digest.ts';
import { type PieceTask, readPiece } from './ingest/piece.ts';
import type { ClockFinding } from './link/clocks.ts';
import { SqliteArchive } from './store/sqlite/archive.ts';
import { openReader } from './store/sqlite/database.ts';
import { type ClockTask, compareClocks, explainStretch, Looks, type Stretch, type StretchAnswer } from './stretch.ts';

export interface ThreadData {
  refusedStatus: number[];
  /** Where the store lies. */
  directory: string;
}

/** What may be asked of a thread. */
export interface ThreadTasks {
  piece: { task: PieceTask; answer: Digest | null };
  stretch: { task: Stretch; answer: StretchAnswer };
  clocks: { task: ClockTask; answer: ClockFinding[] };
}

export interface ThreadTask {
  id: number;
  kind: keyof ThreadTasks;
  task: ThreadTasks[keyof ThreadTasks]['task'];
}

export interface ThreadAnswer {
  id: number;
  value: ThreadTasks[keyof ThreadTasks]['answer'];
  error: { message: string; code: string } | null;
}

const data = workerData as ThreadData;
const refusedStatus = new Set(data.refusedStatus);
const counters = new Counters();

/** Opened with the first stretch: whoever only reads pieces needs no store. */
let archive: SqliteArchive | null = null;
let looks = new Looks();
let looksUsedMs = 0;
/** Blocks looked at are for stretches that follow at once. */
const LOOKS_MS = 2000;
setInterval(() => {
  if (performance.now() - looksUsedMs > LOOKS_MS) looks = new Looks();
}, LOOKS_MS).unref();

function stored(): SqliteArchive {
  archive ??= new SqliteArchive(openReader(data.directory, 4096));
  looksUsedMs = performance.now();
  return archive;
}

const work: { [K in keyof ThreadTasks]: (task: ThreadTasks[K]['task']) => ThreadTasks[K]['answer'] } = {
  piece: (task) => readPiece(task, refusedStatus, counters),
  stretch: (task) => explainStretch(task, stored(), looks, refusedStatus),
  clocks: (task) => compareClocks(task, stored()),
};

parentPort!.on('message', (m: ThreadTask) => {
  const answer: ThreadAnswer = { id: m.id, value: null, error: null };
  try {
    answer.value = (work[m.kind] as (task: unknown) => ThreadAnswer['value'])(m.task);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    answer.error = { message: error instanceof Error ? (error.stack ?? error.message) : String(error), code };
  }
  parentPort!.postMessage(answer);
});
