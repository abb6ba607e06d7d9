/**
 * Coraza's concurrent audit log: its index. A record is spread over lines: client, server and time; the request, if
 * there was one; the status, if there was an answer; the id with the file that has the rest. The time names no zone.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addId, isAddress, isBlank, isDigits, numberOf, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readSlashed } from '../time.ts';

/** `203.0.113.7 10.0.0.5 - - [2026/09/01 10:30:00]`; the server's address may be missing. */
function starts(line: string): boolean {
  const mark = line.indexOf(' - - [');
  return mark > 0 && mark < 200 && line.charCodeAt(line.length - 1) === 93 && line.charCodeAt(mark + 10) === 47;
}

/** `jTqHcKZpXvLmNoRs - /var/log/coraza/20260901/20260901-1030/20260901-103000-jTqHcKZpXvLmNoRs` */
function ends(line: string): boolean {
  const dash = line.indexOf(' - ');
  return dash > 0 && dash === line.indexOf(' ') && line.length > dash + 3;
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const lines = record.trimEnd().split('\n', 6);
  const head = lines[0]!.trimEnd();
  if (!starts(head)) return { failure: 'format' };
  const last = lines.length - 1;
  if (last === 0 || !ends(lines[last]!)) return { failure: 'torn' };
  const mark = head.indexOf(' - - [');
  const timeMs = readSlashed(head, mark + 6);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const entry = emptyEntry('coraza.index', 'audit', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  const [client = '', server = ''] = head.slice(0, mark).split(' ');
  if (isAddress(client)) entry.clientAddress = client;
  if (isAddress(server)) entry.serverAddress = server;
  for (let i = 1; i < last; i++) {
    const text = lines[i]!.trim();
    if (text.startsWith('"') && text.endsWith('"')) setRequestLine(entry, text.slice(1, -1).trimEnd());
    else if (isDigits(text) && text.length <= 3) {
      // Interrupted before there was an answer: 0.
      entry.httpResponseStatusCode = numberOf(text) || null;
    } else return { failure: 'format' };
  }
  const end = lines[last]!;
  const dash = end.indexOf(' - ');
  addId(entry, end.slice(0, dash));
  entry.filePath = end.slice(dash + 3).trimEnd();
  return entry;
}

export const format: Format = {
  dataset: 'coraza.index',
  title: 'Coraza audit log index',
  usualLayer: 'waf',
  starts,
  ends,
  parse,
};
