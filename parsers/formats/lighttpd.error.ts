/**
 * lighttpd error log: `2025-11-22 09:57:01: (server.c.1704) text`. No client, no zone; some messages go on in the
 * next lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isBlank } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

function starts(line: string): boolean {
  return line.charCodeAt(10) === 32 && line.startsWith(': (', 19) && !Number.isNaN(readIso(line, 0));
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.charCodeAt(10) !== 32) return { failure: 'format' };
  const timeMs = readIso(record, 0);
  if (Number.isNaN(timeMs)) return { failure: record.startsWith(': (', 19) ? 'time' : 'format', field: 'time' };
  const at = read.end;
  if (!record.startsWith(': (', at)) return { failure: at >= record.length ? 'torn' : 'format' };
  const end = record.indexOf(') ', at);
  const source = /^[a-z0-9_-]+\.c\.\d+$/.exec(record.slice(at + 3, end < 0 ? record.length : end));
  if (end < 0 || source === null) return { failure: 'format', field: 'source' };
  const entry = emptyEntry('lighttpd.error', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  entry.logLogger = source[0].slice(0, source[0].indexOf('.'));
  addAttribute(entry, 'source', source[0]);
  entry.message = record.slice(end + 2).trimEnd();
  const denied = /(?:url-access-deny|access denied|deny).*?(?: |: )(\/\S*)$/.exec(entry.message.slice(0, 1000));
  if (denied !== null) entry.urlPath = denied[1]!;
  const errno = /: ([A-Z][a-z]+ [a-z ]+)$/.exec(entry.message);
  if (errno !== null) addAttribute(entry, 'error.message', errno[1]!);
  return entry;
}

export const format: Format = {
  dataset: 'lighttpd.error',
  title: 'lighttpd error log',
  usualLayer: 'web',
  starts,
  parse,
};
