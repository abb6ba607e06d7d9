/** Server-sent events: tells pages that something changed, never what; they ask again. Slow readers are dropped, not buffered. */
import type { Request, Response } from 'express';
import { LIVE_STREAMS_MAX } from '../limits.ts';
import type { LiveEvent } from './contract.ts';
import { sendProblem } from './problem.ts';

const BEAT_MS = 20_000;
const BUFFERED_MAX = 64 * 1024;

export class Live {
  readonly #streams = new Set<Response>();
  readonly #beat = setInterval(() => this.#write(': still here\n\n'), BEAT_MS).unref();

  connect(req: Request, res: Response): void {
    if (this.#streams.size >= LIVE_STREAMS_MAX) {
      sendProblem(res, 503, 'Too many streams', `${LIVE_STREAMS_MAX} pages follow already; reload later`);
      return;
    }
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'x-accel-buffering': 'no',
    });
    res.write('retry: 2000\n\n');
    this.#streams.add(res);
    req.on('close', () => this.#streams.delete(res));
  }

  send(event: LiveEvent): void {
    this.#write(`event: change\ndata: ${JSON.stringify(event)}\n\n`);
  }

  close(): void {
    clearInterval(this.#beat);
    for (const s of this.#streams) s.end();
  }

  #write(text: string): void {
    for (const s of this.#streams) {
      if (s.writableLength > BUFFERED_MAX) {
        s.destroy();
        this.#streams.delete(s);
      } else s.write(text);
    }
  }
}
