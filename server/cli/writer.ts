/** The API's way to the one thread that writes: a message there, an answer back. */
import type { Worker } from 'node:worker_threads';
import type { Writer } from '../api/app.ts';
import { Why403Error } from '../errors.ts';
import type { Saying, WorkerMessage } from '../worker.ts';

/** A writer that answers nothing for so long is busy with more than a round. */
const PATIENCE_MS = 10_000;

export class RemoteWriter implements Writer {
  readonly #waiting = new Map<number, { done(answer: never): void; failed(error: Error): void }>();
  #worker: Worker | null = null;
  #n = 0;

  start(worker: Worker): void {
    this.#worker = worker;
    worker.on('message', (m: WorkerMessage) => {
      if (m.kind !== 'said') return;
      const waiting = this.#waiting.get(m.n);
      this.#waiting.delete(m.n);
      if (m.error === null) waiting?.done(m.answer as never);
      else waiting?.failed(new Why403Error('DATA_DIR', m.error, ''));
    });
  }

  say: Writer['say'] = (...args) => this.#ask('say', args);
  saveView: Writer['saveView'] = (...args) => this.#ask('saveView', args);
  dropView: Writer['dropView'] = (...args) => this.#ask('dropView', args);

  #ask<T>(kind: Saying['kind'], args: Saying['args']): Promise<T> {
    const n = ++this.#n;
    return new Promise<T>((done, failed) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(n);
        failed(new Why403Error('DATA_DIR', 'the store is busy', 'try again'));
      }, PATIENCE_MS);
      this.#waiting.set(n, {
        done: (answer) => {
          clearTimeout(timer);
          done(answer as T);
        },
        failed: (error) => {
          clearTimeout(timer);
          failed(error);
        },
      });
      this.#worker?.postMessage({ kind, n, args });
    });
  }
}
