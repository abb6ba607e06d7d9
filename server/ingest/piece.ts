/**
 * A piece of a file that is digested on its own, beside others of the same file: the lines whose first byte lies
 * in it. Its first line may begin in the piece before and its last line may end in the piece behind; each line
 * belongs to exactly one. What does not fit this (a line of megabytes, a file that was cut meanwhile) shows as a
 * digest that does not begin where the one before ended, and is read again in order.
 */
import { readSync } from 'node:fs';
import { RECORD_BYTES_MAX } from '../limits.ts';
import type { Counters } from './counters.ts';
import { type Digest, type DigestTask, digest } from './digest.ts';

export interface PieceTask extends DigestTask {
  /** Open in this process: threads share descriptors. Whoever gave it keeps it open until the answer is there. */
  fd: number;
  /** Bytes from `offset`. */
  bytes: number;
  /** A record begins at `offset`; else the first begins behind the first line break. */
  begins: boolean;
  /** Take the line that goes over the end along; else leave it (records of several lines). */
  whole: boolean;
  latelyFromMs: number;
}

const MORE_BYTES = 64 * 1024;
let buffer = Buffer.alloc(0);

function room(bytes: number): Buffer {
  if (buffer.length < bytes) {
    const grown = Buffer.allocUnsafeSlow(Math.ceil(bytes / MORE_BYTES) * MORE_BYTES);
    buffer.copy(grown);
    buffer = grown;
  }
  return buffer;
}

/** Null when the piece cannot be read by itself. */
export function readPiece(task: PieceTask, refusedStatus: ReadonlySet<number>, counters: Counters): Digest | null {
  const at = task.begins ? task.offset : task.offset - 1;
  const wanted = task.offset + task.bytes - at;
  let n = readSync(task.fd, room(wanted + MORE_BYTES), 0, wanted, at);
  if (n < wanted) return null;
  if (task.whole && buffer[n - 1] !== 10) {
    const limit = wanted + RECORD_BYTES_MAX;
    for (let end = -1; end < 0; ) {
      if (n >= limit) return null;
      const more = readSync(task.fd, room(n + MORE_BYTES), n, MORE_BYTES, at + n);
      if (more === 0) return null;
      end = buffer.subarray(n, n + more).indexOf(10);
      n += end < 0 ? more : end + 1;
    }
  }
  let from = 0;
  if (!task.begins) {
    from = buffer.subarray(0, wanted).indexOf(10) + 1;
    if (from === 0 || from === wanted) return null;
  }
  counters.latelyFromMs = task.latelyFromMs;
  const d = digest(buffer.subarray(from, n), { ...task, offset: at + from }, refusedStatus, counters);
  return task.whole && d.consumed !== n - from ? null : d;
}
