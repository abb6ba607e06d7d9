/** HOT. Access log of the classic AWS Elastic Load Balancer. The time is that of the response. */
import { column, findColumns, from, isAbsent, to } from '../columns.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, isAddress, isBlank, known, peerAddress, setClientPeerAt, setRequestAt } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';
import { setOutcome } from './aws.alb.ts';

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const timeMs = readIso(record, 0);
  if (Number.isNaN(timeMs) || read.zoneless || record.charCodeAt(10) !== 84 || record.charCodeAt(read.end) !== 32)
    return { failure: 'format' };
  const count = findColumns(record, 20);
  if (count < 12) return { failure: count < 0 ? 'torn' : 'format' };
  // Many logs begin with a time: the third column must be a peer and the fourth one or nothing.
  if (!isAbsent(record, 3) && !isAddress(peerAddress(column(record, 3, count)))) return { failure: 'format' };
  const entry = emptyEntry('aws.elb', 'access', 'end');
  entry.timeMs = timeMs;
  setClientPeerAt(entry, record, from[2]!, to[2]!);
  if (entry.clientAddress === null || !isAddress(entry.clientAddress)) return { failure: 'format' };
  if (!leavesAttributes) addAttribute(entry, 'elb', column(record, 1, count));
  if (!setOutcome(entry, record, 7)) return { failure: 'status', field: 'elb_status_code' };
  // TCP listeners have "- - - ".
  if (!column(record, 11, count).startsWith('- ')) setRequestAt(entry, record, from[11]!, to[11]!);
  if (count > 12 && !isAbsent(record, 12)) entry.userAgentOriginal = known(column(record, 12, count));
  if (!leavesAttributes) {
    addAttribute(entry, 'ssl_cipher', column(record, 13, count));
    addAttribute(entry, 'ssl_protocol', column(record, 14, count));
  }
  return entry;
}

export const format: Format = {
  dataset: 'aws.elb',
  title: 'AWS Classic Load Balancer access log',
  usualLayer: 'loadbalancer',
  late: true,
  parse,
};
