/**
 * Threads that read pieces of logs and link stretches of time. The engine's thread gives out work and commits what
 * comes back; it is the only one that writes. Threads start with the first work and end after a quiet while, so
 * that a follower of quiet files costs no memory for them.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { POOL_THREADS_MAX } from './limits.ts';
import type { ThreadAnswer, ThreadData, ThreadTask, ThreadTasks } from './thread.ts';

/** What the engine asks of it; a test may do the work at once. */
export interface Workers {
  readonly size: number;
  readonly hasRoom: boolean;
  piece(task: ThreadTasks['piece']['task']): Promise<ThreadTasks['piece']['answer']>;
  /** Stretches of one lane go to one thread, which has looked at what lies beside them. */
  stretch(task: ThreadTasks['stretch']['task'], lane?: number): Promise<ThreadTasks['stretch']['answer']>;
  clocks(task: ThreadTasks['clocks']['task']): Promise<ThreadTasks['clocks']['answer']>;
  /** Resolves when any work is done, at once when there is none. */
  next(): Promise<void>;
  close(): Promise<void>;
}

/** A thread without work ends after this. */
const IDLE_MS = 10_000;
/** Work that waits in a thread beside what it does: it never waits for the engine. */
const AHEAD = 1;

interface Waiting {
  done: (value: never) => void;
  failed: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  waiting: Map<number, Waiting>;
  idleSinceMs: number;
}

/** What the page, the engine and the store take, and each thread. As measured; see ARCHITECTURE.md. */
const BASE_BYTES = 250 * 1024 ** 2;
const THREAD_BYTES = 120 * 1024 ** 2;

/** Threads that fit into so much memory; 0 = by the number of processors. */
export function threadsFor(memoryMax: number | null): number {
  if (memoryMax === null) return 0;
  return Math.max(1, Math.min(POOL_THREADS_MAX, Math.floor((memoryMax - BASE_BYTES) / THREAD_BYTES)));
}

export class Pool implements Workers {
  readonly #data: ThreadData;
  readonly #threads: Thread[] = [];
  readonly #size: number;
  #id = 0;
  #wake: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `threads` 0 = one for each processor, bounded. */
  constructor(data: ThreadData, threads = 0) {
    this.#data = data;
    this.#size = threads > 0 ? threads : Math.max(1, Math.min(POOL_THREADS_MAX, availableParallelism()));
  }

  get size(): number {
    return this.#size;
  }

  get busy(): number {
    let n = 0;
    for (const t of this.#threads) n += t.waiting.size;
    return n;
  }

  /** More work is worth giving out. */
  get hasRoom(): boolean {
    return this.busy < this.#size * (1 + AHEAD);
  }

  piece(task: ThreadTasks['piece']['task']): Promise<ThreadTasks['piece']['answer']> {
    return this.#run('piece', task);
  }

  stretch(task: ThreadTasks['stretch']['task'], lane?: number): Promise<ThreadTasks['stretch']['answer']> {
    return this.#run('stretch', task, lane);
  }

  clocks(task: ThreadTasks['clocks']['task']): Promise<ThreadTasks['clocks']['answer']> {
    return this.#run('clocks', task);
  }

  #run<K extends keyof ThreadTasks>(
    kind: K,
    task: ThreadTasks[K]['task'],
    lane?: number,
  ): Promise<ThreadTasks[K]['answer']> {
    const thread = (lane === undefined ? undefined : this.#threads[lane % this.#size]) ?? this.#least();
    const id = ++this.#id;
    return new Promise((done, failed) => {
      // Only while it works does a thread keep the process alive.
      thread.worker.ref();
      thread.waiting.set(id, { done: done as (value: never) => void, failed });
      thread.worker.postMessage({ id, kind, task } satisfies ThreadTask);
    });
  }

  /** Resolves when any work is done, at once when there is none. */
  async next(): Promise<void> {
    if (this.busy === 0) return;
    await new Promise<void>((done) => this.#wake.push(done));
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await Promise.all(this.#threads.splice(0).map((t) => t.worker.terminate()));
  }

  #least(): Thread {
    let best: Thread | null = null;
    for (const t of this.#threads) if (best === null || t.waiting.size < best.waiting.size) best = t;
    if (best !== null && (best.waiting.size === 0 || this.#threads.length >= this.#size)) return best;
    return this.#start();
  }

  #start(): Thread {
    const here = import.meta.url;
    const start = new URL(here.endsWith('.ts') ? './thread.ts' : './thread.js', here).href;
    const worker = new Worker(new URL('./start.mjs', here), {
      workerData: { ...this.#data, start },
      // What is made for a stretch is dead after it: a small young generation gives it back at once.
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 },
    });
    const thread: Thread = { worker, waiting: new Map(), idleSinceMs: 0 };
    worker.on('message', (answer: ThreadAnswer) => {
      const waiting = thread.waiting.get(answer.id);
      thread.waiting.delete(answer.id);
      thread.idleSinceMs = performance.now();
      if (thread.waiting.size === 0) worker.unref();
      if (answer.error) {
        waiting?.failed(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
      } else waiting?.done(answer.value as never);
      this.#woken();
    });
    worker.on('error', (error: Error) => this.#lost(thread, error));
    worker.on('exit', () => this.#lost(thread, new Error('a thread of the engine ended by itself')));
    worker.unref();
    this.#threads.push(thread);
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#retire(), IDLE_MS / 2);
      this.#timer.unref();
    }
    return thread;
  }

  #lost(thread: Thread, error: Error): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    for (const w of thread.waiting.values()) w.failed(error);
    thread.waiting.clear();
    this.#woken();
  }

  #retire(): void {
    for (const t of [...this.#threads]) {
      if (t.waiting.size > 0 || performance.now() - t.idleSinceMs < IDLE_MS) continue;
      this.#threads.splice(this.#threads.indexOf(t), 1);
      void t.worker.terminate();
    }
    if (this.#threads.length === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #woken(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const w of wake) w();
  }
}
