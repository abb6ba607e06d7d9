/**
 * Amazon S3 server access log. Delivered late and out of order; the time is the arrival of the request. The path is that
 * of the request line, which in path style begins with the bucket.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isAddress, isBlank, isDigits, known, numberOf, setRequestLine } from '../fields.ts';
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
  const columns = columnsOf(record, 40);
  if (columns === null || columns.length < 11) return { failure: 'torn' };
  // The owner can be absent, as in a line of Common Log Format: then the operation tells.
  if (!columns[6]!.includes('.') || columns[2]!.length < 20) return { failure: 'format' };
  const entry = emptyEntry('aws.s3', 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  addAttribute(entry, 'bucket_owner', columns[0]!);
  if (isAddress(columns[3]!)) entry.clientAddress = columns[3]!;
  entry.userName = known(columns[4]!);
  addId(entry, columns[5]!);
  // Operations of S3 itself (life cycle, batch) have no request.
  if (columns[8] !== '-') setRequestLine(entry, columns[8]!);
  const status = columns[9]!;
  if (status !== '-' && !isDigits(status)) return { failure: 'status', field: 'status' };
  entry.httpResponseStatusCode = numberOf(status);
  entry.eventCode = known(columns[10]!);
  entry.httpResponseBodySize = numberOf(columns[11] ?? '');
  entry.durationMs = numberOf(columns[13] ?? '');
  entry.httpRequestReferrer = known(columns[15] ?? '');
  entry.userAgentOriginal = known(columns[16] ?? '');
  addId(entry, columns[18] ?? '');
  for (let i = 0; i < NAMES.length && i < columns.length; i++)
    if (NAMES[i] !== '') addAttribute(entry, NAMES[i]!, columns[i]!);
  const host = columns[22] ?? '-';
  if (host !== '-') entry.urlDomain = host.toLowerCase();
  return entry;
}

export const format: Format = {
  dataset: 'aws.s3',
  title: 'Amazon S3 server access log',
  usualLayer: 'app',
  parse,
};
