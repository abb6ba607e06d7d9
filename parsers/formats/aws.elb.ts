/** Access log of the classic AWS Elastic Load Balancer. The time is that of the response. */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, isBlank, known, peerAddress, setClientPeer, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';
import { setOutcome } from './aws.alb.ts';

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const timeMs = readIso(record, 0);
  if (Number.isNaN(timeMs) || read.zoneless || record.charCodeAt(10) !== 84 || record.charCodeAt(read.end) !== 32)
    return { failure: 'format' };
  const columns = columnsOf(record, 20);
  if (columns === null || columns.length < 12) return { failure: columns === null ? 'torn' : 'format' };
  // Many logs begin with a time: the third column must be a peer and the fourth one or nothing.
  const target = columns[3]!;
  if (target !== '-' && !isAddress(peerAddress(target))) return { failure: 'format' };
  const entry = emptyEntry('aws.elb', 'access', 'end');
  entry.timeMs = timeMs;
  setClientPeer(entry, columns[2]!);
  if (entry.clientAddress === null || !isAddress(entry.clientAddress)) return { failure: 'format' };
  addAttribute(entry, 'elb', columns[1]!);
  if (!setOutcome(entry, columns, 7)) return { failure: 'status', field: 'elb_status_code' };
  const request = columns[11]!;
  // TCP listeners have "- - - ".
  if (!request.startsWith('- ')) setRequestLine(entry, request);
  entry.userAgentOriginal = known(columns[12] ?? '');
  addAttribute(entry, 'ssl_cipher', columns[13] ?? '');
  addAttribute(entry, 'ssl_protocol', columns[14] ?? '');
  return entry;
}

export const format: Format = {
  dataset: 'aws.elb',
  title: 'AWS Classic Load Balancer access log',
  usualLayer: 'loadbalancer',
  parse,
};
