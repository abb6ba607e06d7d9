/**
 * HOT. Amazon S3 server access log. Delivered late and out of order; the time is the arrival of the request. The path is that
 * of the request line, which in path style begins with the bucket.
 */
import { column, findColumns, from, isAbsent, to } from '../columns.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, addId, isAddress, isBlank, isDigits, known, numberAt, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

/** By column; '' = it has a field. */
const NAMES = [
  '',
  'bucket',
  '',
  '',
  '',
  '',
  'operation',
  'key',
  '',
  '',
  '',
  '',
  'object_size',
  '',
  'turn_around_time',
  '',
  '',
  'version_id',
  '',
  'signature_version',
  'cipher_suite',
  'authentication_type',
  'host_header',
  'tls_version',
  'access_point_arn',
  'acl_required',
];

function isOwner(line: string): boolean {
  if (line.charCodeAt(64) !== 32) return line.startsWith('- ');
  for (let i = 0; i < 64; i++) {
    const c = line.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102))) return false;
  }
  return true;
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!isOwner(record)) return { failure: 'format' };
  const open = record.indexOf(' [');
  const timeMs = open < 0 ? Number.NaN : readClf(record, open + 2);
  if (Number.isNaN(timeMs)) return { failure: open < 0 ? 'format' : 'time', field: 'time' };
  const { zoneless } = read;
  const count = findColumns(record, 40);
  if (count < 11) return { failure: 'torn' };
  // The owner can be absent, as in a line of Common Log Format: then the operation tells.
  if (to[2]! - from[2]! < 20 || !column(record, 6, count).includes('.')) return { failure: 'format' };
  const entry = emptyEntry('aws.s3', 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  if (!leavesAttributes) addAttribute(entry, 'bucket_owner', column(record, 0, count));
  const client = column(record, 3, count);
  if (isAddress(client)) entry.clientAddress = client;
  entry.userName = known(column(record, 4, count));
  addId(entry, column(record, 5, count));
  // Operations of S3 itself (life cycle, batch) have no request.
  if (!isAbsent(record, 8)) setRequestAt(entry, record, from[8]!, to[8]!);
  if (!isAbsent(record, 9) && !isDigits(record, from[9], to[9])) return { failure: 'status', field: 'status' };
  entry.httpResponseStatusCode = numberAt(record, from[9]!, to[9]!);
  entry.eventCode = known(column(record, 10, count));
  if (count > 11) entry.httpResponseBodySize = numberAt(record, from[11]!, to[11]!);
  if (count > 13) entry.durationMs = numberAt(record, from[13]!, to[13]!);
  entry.httpRequestReferrer = known(column(record, 15, count));
  entry.userAgentOriginal = known(column(record, 16, count));
  addId(entry, column(record, 18, count));
  for (let i = 0; !leavesAttributes && i < NAMES.length && i < count; i++)
    if (NAMES[i] !== '') addAttribute(entry, NAMES[i]!, column(record, i, count));
  if (count > 22 && !isAbsent(record, 22)) entry.urlDomain = column(record, 22, count).toLowerCase();
  return entry;
}

export const format: Format = {
  dataset: 'aws.s3',
  title: 'Amazon S3 server access log',
  usualLayer: 'app',
  late: true,
  parse,
};
