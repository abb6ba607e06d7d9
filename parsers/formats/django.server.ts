/**
 * Request lines of Django's development server: `[22/Nov/2025 09:57:01] "GET /x HTTP/1.1" 403 1234`, local time, no
 * client. What the application says stands between them and is read by `text.app`.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isDigits, numberOf, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

function parse(record: string): Entry | Failure {
  const line = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trimEnd();
  if (line === '') return { failure: 'empty' };
  if (line.charCodeAt(0) !== 91 || line.charCodeAt(12) !== 32) return { failure: 'format' };
  const timeMs = readClf(line, 1);
  if (Number.isNaN(timeMs)) return { failure: line.charCodeAt(3) === 47 ? 'time' : 'format' };
  if (!line.startsWith('] "', read.end)) return { failure: 'format' };
  const open = read.end + 3;
  const close = line.lastIndexOf('" ');
  if (close < open) return { failure: 'torn' };
  const [status = '', size = ''] = line.slice(close + 2).split(' ');
  if (status.length !== 3 || !isDigits(status)) return { failure: 'status', field: 'status' };
  const entry = emptyEntry('django.server', 'access', 'end');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  setRequestAt(entry, line, open, close);
  entry.httpResponseStatusCode = Number(status);
  entry.httpResponseBodySize = numberOf(size);
  return entry;
}

export const format: Format = {
  dataset: 'django.server',
  title: 'Django development server',
  usualLayer: 'app',
  parse,
};
