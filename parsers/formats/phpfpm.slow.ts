/**
 * PHP-FPM's slow log: `[22-Nov-2025 09:57:01]  [pool www] pid 1234`, the script, and the stack it stood in. One record
 * has several lines; blank lines part them.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isBlank } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readDashed } from '../time.ts';

const DATASET = 'phpfpm.slow';
const STACK_LINES_MAX = 20;

function starts(line: string): boolean {
  return line.charCodeAt(0) === 91 && line.charCodeAt(3) === 45 && line.indexOf(']  [pool ') > 0;
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!starts(record)) return { failure: 'format' };
  const timeMs = readDashed(record, 1);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const { zoneless } = read;
  const [first = '', ...rest] = record.split('\n');
  const head = /\] {2}\[pool ([^\]]+)\] pid (\d+)$/.exec(first.trimEnd());
  if (head === null) return { failure: 'torn' };
  const entry = emptyEntry(DATASET, 'app', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  entry.logLevel = 'warn';
  addAttribute(entry, 'pool', head[1]!);
  entry.processId = head[2]!;
  const script = rest.find((line) => line.startsWith('script_filename = '))?.slice(18);
  entry.filePath = script ?? null;
  const stack = rest.filter((line) => line.startsWith('[0x')).map((line) => line.slice(line.indexOf('] ') + 2));
  entry.message = ['slow request', ...stack.slice(0, STACK_LINES_MAX)].join('\n');
  return entry;
}

export const format: Format = { dataset: DATASET, title: 'PHP-FPM slow log', usualLayer: 'app', starts, parse };
