/**
 * AWS Application Load Balancer access log. The time is that of the response; `-` as target status says that the
 * load balancer answered itself, and the executed actions say what it did.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, decimalOf, domainOf, known, numberOf, setClientPeer, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

const TYPES = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']);

/** Names of the columns that have no field; new ones are added at the end. */
const NAMES = [
  ['ssl_cipher', 14],
  ['ssl_protocol', 15],
  ['target_group_arn', 16],
  ['chosen_cert_arn', 19],
  ['matched_rule_priority', 20],
  ['request_creation_time', 21],
  ['redirect_url', 23],
  ['error_reason', 24],
  ['target_port_list', 25],
  ['target_status_code_list', 26],
  ['classification', 27],
  ['classification_reason', 28],
  ['conn_trace_id', 29],
  ['transformed_host', 30],
  ['transformed_uri', 31],
  ['request_transform_status', 32],
] as const;

function parse(record: string): Entry | Failure {
  if (record.trim() === '') return { failure: 'empty' };
  const blank = record.indexOf(' ');
  if (blank < 2 || blank > 5 || !TYPES.has(record.slice(0, blank))) return { failure: 'format' };
  const timeMs = readIso(record, blank + 1);
  const after = read.end;
  if (Number.isNaN(timeMs))
    return /^ \d{4}-/.test(record.slice(blank, blank + 6)) ? { failure: 'time', field: 'time' } : { failure: 'format' };
  if (read.zoneless || record.charCodeAt(after) !== 32) return { failure: 'format' };
  const columns = columnsOf(record, 40);
  if (columns === null || columns.length < 14) return { failure: 'torn' };
  const entry = emptyEntry('aws.alb', 'access', 'end');
  entry.timeMs = timeMs;
  addAttribute(entry, 'type', columns[0]!);
  addAttribute(entry, 'elb', columns[2]!);
  if (columns[3] !== '-') setClientPeer(entry, columns[3]!);
  if (!setOutcome(entry, columns, 8)) return { failure: 'status', field: 'elb_status_code' };
  setRequestLine(entry, columns[12]!);
  entry.userAgentOriginal = known(columns[13]!);
  addId(entry, columns[17] ?? '');
  const domain = columns[18] ?? '-';
  if (domain !== '-') entry.urlDomain = domainOf(domain);
  // authenticate, fixed-response, forward, redirect, waf, waf-failed: in order, the last is final.
  entry.eventOutcome = known(columns[22] ?? '');
  for (const [name, column] of NAMES) if (column < columns.length) addAttribute(entry, name, columns[column]!);
  return entry;
}

/** Target, the three times, both statuses and sizes: the same in classic ELB, where they begin at another column. */
export function setOutcome(entry: Entry, columns: string[], status: number): boolean {
  const target = columns[status - 4]!;
  entry.upstreamAddress = known(target);
  const parts = [columns[status - 3]!, columns[status - 2]!, columns[status - 1]!].map(decimalOf);
  // -1: not dispatched.
  if (parts.every((part) => part !== null && part >= 0)) {
    entry.durationMs = Math.round(((parts[0] ?? 0) + (parts[1] ?? 0) + (parts[2] ?? 0)) * 1e6) / 1000;
  } else {
    addAttribute(entry, 'request_processing_time', columns[status - 3]!);
    addAttribute(entry, 'target_processing_time', columns[status - 2]!);
    addAttribute(entry, 'response_processing_time', columns[status - 1]!);
  }
  const code = columns[status]!;
  entry.httpResponseStatusCode = numberOf(code);
  if (entry.httpResponseStatusCode === null && code !== '-') return false;
  entry.upstreamStatusCode = numberOf(columns[status + 1]!) ?? 0;
  entry.httpResponseBodySize = numberOf(columns[status + 3]!);
  addAttribute(entry, 'received_bytes', columns[status + 2]!);
  return true;
}

export const format: Format = {
  dataset: 'aws.alb',
  title: 'AWS Application Load Balancer access log',
  usualLayer: 'loadbalancer',
  parse,
};
