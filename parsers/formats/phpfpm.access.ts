/**
 * PHP-FPM's access log: `client - user time "METHOD /script" status`, and what is usually added behind (script, time
 * taken, memory, CPU). The time has no brackets; it is the start of the request.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, decimalOf, known, numberOf, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

const DATASET = 'phpfpm.access';
const NO_FORMAT: Failure = { failure: 'format' };

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  const dash = line.indexOf(' - ');
  if (dash < 1 || line.indexOf(' ') !== dash) return NO_FORMAT;
  // ` - user 22/Nov/2025:…`, the user may be empty.
  const user = dash + 3;
  const time = line.indexOf(' ', user) + 1;
  const timeMs = time > 0 ? readClf(line, time) : Number.NaN;
  if (Number.isNaN(timeMs))
    return line.charCodeAt(time + 2) === 47 && line.charCodeAt(time + 6) === 47
      ? { failure: 'time', field: '%t' }
      : NO_FORMAT;
  const quote = read.end + 1;
  if (line.charCodeAt(quote) !== 34) return quote >= line.length ? { failure: 'torn' } : NO_FORMAT;
  const entry = emptyEntry(DATASET, 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  // Nothing is escaped: the quote in front of a status is the last one.
  const end = line.lastIndexOf('" ');
  if (end <= quote) return { failure: 'torn' };
  const [status = '', file, taken, memory, cpu] = line.slice(end + 2).split(' ', 5);
  const code = numberOf(status);
  if (code === null || code > 999) return { failure: 'status', field: '%s' };
  entry.clientAddress = known(line.slice(0, dash));
  entry.userName = known(line.slice(user, time - 1));
  setRequestAt(entry, line, quote + 1, end);
  entry.httpResponseStatusCode = code;
  // `%s %f %{mili}d %{kilo}M %C%%`, as the shipped pool file suggests.
  if (file?.startsWith('/')) entry.filePath = file;
  else if (file !== undefined) addAttribute(entry, 'extra', line.slice(end + 3 + status.length));
  if (entry.filePath !== null && taken !== undefined) {
    entry.durationMs = decimalOf(taken);
    addAttribute(entry, 'memory_kb', memory ?? '');
    addAttribute(entry, 'cpu', cpu ?? '');
  }
  return entry;
}

export const format: Format = { dataset: DATASET, title: 'PHP-FPM access log', usualLayer: 'app', parse };
