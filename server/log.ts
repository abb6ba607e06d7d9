/** The service's own log: JSON lines on standard error when it is piped, one plain sentence a line on a terminal. */
import pino from 'pino';

export type Log = pino.Logger;

export function makeLog(level: string): Log {
  if (process.stderr.isTTY) {
    return pino(
      { level, base: null },
      {
        write(line: string) {
          const { level: n, msg, time: _t, hint, ...rest } = JSON.parse(line) as Record<string, unknown>;
          const mark = Number(n) >= 50 ? 'error: ' : Number(n) >= 40 ? 'warning: ' : '';
          const more = Object.entries(rest)
            .filter(([, v]) => typeof v === 'string' || typeof v === 'number')
            .map(([k, v]) => `${k}=${v}`)
            .join(' ');
          process.stderr.write(`\r\u001b[K${mark}${msg}${hint ? ` — ${hint}` : ''}${more ? `  (${more})` : ''}\n`);
        },
      },
    );
  }
  return pino({ level, base: { name: 'why403' } }, pino.destination({ dest: 2, sync: true }));
}
