/**
 * Access lines of Werkzeug (Flask's server) and of Python's http.server, alone or behind the head of a logger: like
 * Common Log Format, with local time and without size.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, isDigits, known, numberOf, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

const MARK = ' - - [';

function parse(record: string): Entry | Failure {
  // It colours the request by its status.
  const line = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trimEnd();
  if (line === '') return { failure: 'empty' };
  const mark = line.indexOf(MARK);
  const at = mark + MARK.length;
  // `22/Nov/2025 09:57:01]`: the blank is what tells it from Common Log Format.
  if (mark < 0 || line.charCodeAt(at + 11) !== 32) return { failure: 'format' };
  const space = line.lastIndexOf(' ', mark - 1);
  // Python's default layout touches it: `INFO:werkzeug:203.0.113.9`.
  const client = line.slice(space + 1, mark).replace(/^[A-Z]{4,8}:[\w.]{1,60}:/, '');
  if (!isAddress(client)) return { failure: 'format', field: 'client' };
  const timeMs = readClf(line, at);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  if (!line.startsWith('] "', read.end)) return { failure: line.length - read.end < 4 ? 'torn' : 'format' };
  const entry = emptyEntry('werkzeug.access', 'access', 'end');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  entry.clientAddress = client;
  const open = read.end + 3;
  // The request may hold quotes; the status cannot.
  const close = line.lastIndexOf('" ');
  if (close < open) return { failure: 'torn' };
  const [status = '', size = ''] = line.slice(close + 2).split(' ');
  if (status.length !== 3 || !isDigits(status)) return { failure: 'status', field: 'status' };
  setRequestAt(entry, line, open, close);
  entry.httpResponseStatusCode = Number(status);
  entry.httpResponseBodySize = numberOf(known(size) ?? '');
  const head = line.slice(0, mark - client.length).trim();
  if (head !== '') addAttribute(entry, 'head', head);
  return entry;
}

export const format: Format = {
  dataset: 'werkzeug.access',
  title: 'Werkzeug or Python http.server access log',
  usualLayer: 'app',
  parse,
};
