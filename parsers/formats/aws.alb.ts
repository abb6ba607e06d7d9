/**
 * HOT. AWS Application Load Balancer access log. The time is that of the response; `-` as target status says that the
 * load balancer answered itself, and the executed actions say what it did.
 */
import { column, findColumns, from, isAbsent, to } from '../columns.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalAt,
  domainOf,
  isBlank,
  Kept,
  known,
  numberAt,
  setClientPeerAt,
  setRequestAt,
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
  const count = findColumns(record, 40);
  if (count < 14) return { failure: 'torn' };
  const entry = emptyEntry('aws.alb', 'access', 'end');
  entry.timeMs = timeMs;
  if (!leavesAttributes) {
    addAttribute(entry, 'type', column(record, 0, count));
    addAttribute(entry, 'elb', column(record, 2, count));
  }
  if (!isAbsent(record, 3)) setClientPeerAt(entry, record, from[3]!, to[3]!);
  if (!setOutcome(entry, record, 8)) return { failure: 'status', field: 'elb_status_code' };
  setRequestAt(entry, record, from[12]!, to[12]!);
  if (!isAbsent(record, 13)) entry.userAgentOriginal = known(column(record, 13, count));
  if (count > 17) addId(entry, column(record, 17, count));
  if (count > 18 && !isAbsent(record, 18)) entry.urlDomain = domainOf(column(record, 18, count));
  // authenticate, fixed-response, forward, redirect, waf, waf-failed: in order, the last is final.
  if (count > 22) entry.eventOutcome = known(actions.of(record, from[22]!, to[22]!));
  if (leavesAttributes) return entry;
  const last = Math.min(count, FIRST + NAMES.length);
  for (let i = FIRST; i < last; i++) {
    const name = NAMES[i - FIRST]!;
    if (name !== '') addAttribute(entry, name, column(record, i, count));
  }
  return entry;
}

/** The targets of a group and what is done with requests come again and again. */
const actions = new Kept();
const targets = new Kept();

/** Target, the three times, both statuses and sizes: the same in classic ELB, where they begin at another column. */
export function setOutcome(entry: Entry, line: string, status: number): boolean {
  const text = (i: number): string => line.slice(from[i], to[i]);
  entry.upstreamAddress = known(targets.of(line, from[status - 4]!, to[status - 4]!));
  const request = decimalAt(line, from[status - 3]!, to[status - 3]!) ?? -1;
  const server = decimalAt(line, from[status - 2]!, to[status - 2]!) ?? -1;
  const response = decimalAt(line, from[status - 1]!, to[status - 1]!) ?? -1;
  // -1: not dispatched.
  if (request >= 0 && server >= 0 && response >= 0)
    entry.durationMs = Math.round((request + server + response) * 1e6) / 1000;
  else if (!leavesAttributes) {
    addAttribute(entry, 'request_processing_time', text(status - 3));
    addAttribute(entry, 'target_processing_time', text(status - 2));
    addAttribute(entry, 'response_processing_time', text(status - 1));
  }
  entry.httpResponseStatusCode = numberAt(line, from[status]!, to[status]!);
  if (entry.httpResponseStatusCode === null && !isAbsent(line, status)) return false;
  entry.upstreamStatusCode = numberAt(line, from[status + 1]!, to[status + 1]!) ?? 0;
  entry.httpResponseBodySize = numberAt(line, from[status + 3]!, to[status + 3]!);
  if (!leavesAttributes) addAttribute(entry, 'received_bytes', text(status + 2));
  return true;
}

export const format: Format = {
  dataset: 'aws.alb',
  title: 'AWS Application Load Balancer access log',
  usualLayer: 'loadbalancer',
  late: true,
  parse,
};
