/**
 * HOT. ModSecurity's concurrent audit log: its index, one line for each transaction that names the file with the rest. v2
 * writes `HOST CLIENT USER LOCAL [TIME] "REQUEST" STATUS …`, v3 has no LOCAL and gives referrer and agent.
 */
import { column, findColumns, from, to } from '../columns.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, addId, domainOf, isAddress, known, numberAt, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  const digest = line.lastIndexOf(' md5:');
  if (digest < 0 || line.length - digest > 48) return { failure: 'format' };
  const count = findColumns(line, 24);
  if (count < 0) return { failure: 'torn' };
  const open = line.indexOf('[');
  const timeMs = open < 0 ? Number.NaN : readClf(line, open + 1);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const { zoneless } = read;
  // The time is the fifth column of v2 and the fourth of v3.
  let time = 0;
  while (time < count && !isTime(line, from[time]!, to[time]!)) time++;
  if ((time !== 3 && time !== 4) || count < time + 10) return { failure: 'format' };
  const entry = emptyEntry('modsecurity.index', 'audit', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  entry.urlDomain = domainOf(column(line, 0, count));
  const client = column(line, 1, count);
  if (isAddress(client)) entry.clientAddress = client;
  entry.userName = known(column(line, 2, count));
  setRequestAt(entry, line, from[time + 1]!, to[time + 1]!);
  entry.httpResponseStatusCode = numberAt(line, from[time + 2]!, to[time + 2]!);
  entry.httpResponseBodySize = numberAt(line, from[time + 3]!, to[time + 3]!);
  entry.httpRequestReferrer = known(column(line, time + 4, count));
  entry.userAgentOriginal = known(column(line, time + 5, count));
  addId(entry, column(line, time + 6, count));
  entry.filePath = column(line, time + 8, count);
  if (!leavesAttributes) addAttribute(entry, 'md5', line.slice(digest + 5).split(' ')[0]!);
  return entry;
}

function isTime(line: string, at: number, end: number): boolean {
  return at + 6 < end && line.charCodeAt(at + 2) === 47 && line.charCodeAt(at + 6) === 47;
}

export const format: Format = {
  dataset: 'modsecurity.index',
  title: 'ModSecurity audit log index',
  usualLayer: 'waf',
  late: true,
  parse,
};
