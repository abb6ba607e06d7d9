/**
 * ModSecurity's concurrent audit log: its index, one line for each transaction that names the file with the rest. v2
 * writes `HOST CLIENT USER LOCAL [TIME] "REQUEST" STATUS …`, v3 has no LOCAL and gives referrer and agent.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, domainOf, isAddress, known, numberOf, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  const digest = line.lastIndexOf(' md5:');
  if (digest < 0 || line.length - digest > 48) return { failure: 'format' };
  const columns = columnsOf(line, 24);
  if (columns === null) return { failure: 'torn' };
  const open = line.indexOf('[');
  const timeMs = open < 0 ? Number.NaN : readClf(line, open + 1);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const { zoneless } = read;
  // The time is the fifth column of v2 and the fourth of v3.
  const time = columns.findIndex((column) => column.charCodeAt(2) === 47 && column.charCodeAt(6) === 47);
  if ((time !== 3 && time !== 4) || columns.length < time + 10) return { failure: 'format' };
  const entry = emptyEntry('modsecurity.index', 'audit', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  entry.urlDomain = domainOf(columns[0]!);
  if (isAddress(columns[1]!)) entry.clientAddress = columns[1]!;
  entry.userName = known(columns[2]!);
  setRequestLine(entry, columns[time + 1]!);
  entry.httpResponseStatusCode = numberOf(columns[time + 2]!);
  entry.httpResponseBodySize = numberOf(columns[time + 3]!);
  entry.httpRequestReferrer = known(columns[time + 4]!);
  entry.userAgentOriginal = known(columns[time + 5]!);
  addId(entry, columns[time + 6]!);
  entry.filePath = columns[time + 8]!;
  addAttribute(entry, 'md5', line.slice(digest + 5).split(' ')[0]!);
  return entry;
}

export const format: Format = {
  dataset: 'modsecurity.index',
  title: 'ModSecurity audit log index',
  usualLayer: 'waf',
  parse,
};
