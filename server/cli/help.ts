/** `--help`, made from the table of options so that it cannot be out of date. */
import { envName, OPTIONS, type OptionKey } from '../config.ts';

export function help(): string {
  const lines = [
    'why403 says why a request was refused: by which layer, for which reason, on what evidence, and what to change.',
    '',
    'Usage',
    '  why403 [serve] [PATH…]         follow logs and show them on a page (http://127.0.0.1:4403)',
    '  why403 report [PATH…]          read logs once and say why requests were refused',
    '  why403 explain WHAT [PATH…]    one refused request: its id, FILE:LINE, or - for a log line on standard input',
    '  why403 parse [PATH…|-]         log lines as JSON, one object per record, null where one cannot be read',
    '  why403 check [PATH…]           which logs are there, in which format, and what is wrong with them',
    '  why403 demo                    the page on bundled logs',
    '  why403 version',
    '',
    'A PATH is a log file, a directory (read with all below it), a quoted glob, or the configuration of a server',
    '(/etc/nginx, haproxy.cfg …), which stands for the logs that it names.',
    '',
    'Options',
  ];
  const rows: [string, string][] = [['-c, --config FILE', 'YAML file with the same keys (underscores for dashes)']];
  for (const key of Object.keys(OPTIONS) as OptionKey[]) {
    const o = OPTIONS[key];
    rows.push([`    --${o.flag} ${o.value}`.trimEnd(), o.help]);
  }
  rows.push(['-h, --help', 'this text']);
  const width = Math.max(...rows.map(([a]) => a.length)) + 2;
  for (const [a, b] of rows) lines.push(`  ${a.padEnd(width)}${wrap(b, 110 - width, width + 2)}`);
  lines.push(
    '',
    `Every option can be set in the environment, for instance ${envName('refusedStatus')}=403,429. Flags come first, then the`,
    'environment, then the file.',
    '',
    'Exit codes: 0 fine, 1 failed, 2 wrong use.',
    '',
  );
  return lines.join('\n');
}

function wrap(text: string, width: number, indent: number): string {
  const out: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      out.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  out.push(line);
  return out.join(`\n${' '.repeat(indent)}`);
}
