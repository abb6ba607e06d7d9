/** What goes to standard error while something takes its time: one line that is drawn over, and only on a terminal. */
import type { Progress } from '../engine.ts';

export function progressLine(): { show(p: Progress): void; clear(): void } {
  const live = process.stderr.isTTY === true;
  let last = 0;
  return {
    show(p) {
      const now = Date.now();
      if (!live || now - last < 100) return;
      last = now;
      const share = p.bytesTotal > 0 ? Math.floor((100 * p.bytesRead) / p.bytesTotal) : 100;
      const left = p.secondsLeft === null ? '' : `, ${p.secondsLeft} s left`;
      process.stderr.write(
        `\r\u001b[Kreading ${share} %  ${megabytes(p.bytesRead)} of ${megabytes(p.bytesTotal)}, ${p.linesPerSecond.toLocaleString('en')} lines/s${left}`,
      );
    },
    clear() {
      if (live) process.stderr.write('\r\u001b[K');
    },
  };
}

export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
