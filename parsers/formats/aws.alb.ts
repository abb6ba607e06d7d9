/**
 * AWS Application Load Balancer access log. The time is that of the response; `-` as target status says that the
 * load balancer answered itself, and the executed actions say what it did.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalOf,
  domainOf,
  isBlank,
  known,
  numberOf,
  setClientPeer,
  setRequestLine,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

const TYPES = new Set(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']);

/** Names of the columns that have no field, '' = it has one; new ones are added at the end. */
const FIRST = 14;
const NAMES = [
  'ssl_cipher',
  'ssl_protocol',
  'target_group_arn',
  '',
  '',
  'chosen_cert_arn',
  'matched_rule_priority',
  'request_creation_time',
  '',
  'redirect_url',
  'error_reason',
  'target_port_list',
  'target_status_code_list',
  'classification',
  'classification_reason',
  'conn_trace_id',
  'transformed_host',
  'transformed_uri',
  'request_transform_status',
];

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
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
  const last = Math.min(columns.length, FIRST + NAMES.length);
  for (let i = FIRST; i < last; i++) {
    const name = NAMES[i - FIRST]!;
    if (name !== '') addAttribute(entry, name, columns[i]!);
  }
  return entry;
}

/** Target, the three times, both statuses and sizes: the same in classic ELB, where they begin at another column. */
export function setOutcome(entry: Entry, columns: string[], status: number): boolean {
  const target = columns[status - 4]!;
  entry.upstreamAddress = known(target);
  const request = decimalOf(columns[status - 3]!) ?? -1;
  const server = decimalOf(columns[status - 2]!) ?? -1;
  const response = decimalOf(columns[status - 1]!) ?? -1;
  // -1: not dispatched.
  if (request >= 0 && server >= 0 && response >= 0)
    entry.durationMs = Math.round((request + server + response) * 1e6) / 1000;
  else {
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
