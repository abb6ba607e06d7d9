/**
 * One thread of the pool: does a piece of work and answers. It holds no state that matters; what it reads of the
 * store, it reads on a connection that cannot write.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Counters } from './ingest/counters.ts';
import type { Digest } from './ingest/digest.ts';
import { type PieceTask, readPiece } from './ingest/piece.ts';

export interface ThreadData {
  refusedStatus: number[];
  /** Where the store lies. */
  directory: string;
}

/** What may be asked of a thread. */
export interface ThreadTasks {
  piece: { task: PieceTask; answer: Digest | null };
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

const work: { [K in keyof ThreadTasks]: (task: ThreadTasks[K]['task']) => ThreadTasks[K]['answer'] } = {
  piece: (task) => readPiece(task, refusedStatus, counters),
};

parentPort!.on('message', (m: ThreadTask) => {
  const answer: ThreadAnswer = { id: m.id, value: null, error: null };
  try {
    answer.value = work[m.kind](m.task);
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    answer.error = { message: error instanceof Error ? (error.stack ?? error.message) : String(error), code };
  }
  parentPort!.postMessage(answer);
});
