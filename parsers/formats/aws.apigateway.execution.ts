/**
 * AWS API Gateway execution log (CloudWatch): `(request id) sentence`, with the time of CloudWatch in front where it was
 * exported so. Links to the access log by the request id.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isBlank } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readIso } from '../time.ts';

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  let at = 0;
  let timeMs = Number.NaN;
  let zoneless = false;
  if (record.charCodeAt(0) !== 40) {
    timeMs = readIso(record, 0);
    if (Number.isNaN(timeMs)) return { failure: 'format' };
    zoneless = read.zoneless;
    at = read.end + 1;
  }
  // `(c6af9ac6-7b61-11e6-9a41-93e8deadbeef) `
  if (
    record.charCodeAt(at) !== 40 ||
    record.charCodeAt(at + 37) !== 41 ||
    record.charCodeAt(at + 9) !== 45 ||
    record.charCodeAt(at + 24) !== 45
  )
    return { failure: 'format' };
  const entry = emptyEntry('aws.apigateway.execution', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  addId(entry, record.slice(at + 1, at + 37));
  const text = record.slice(at + 39).trimEnd();
  entry.message = text;
  const status = /(?:with status|with status code|status code): (\d{3})\b/.exec(text.slice(0, 300));
  if (status !== null) {
    // "Endpoint response …" and "Received response. Status: 403" speak of the integration.
    entry.httpResponseStatusCode = Number(status[1]);
  }
  const type = /^Gateway response type: ([A-Z_0-9]+) /.exec(text.slice(0, 120));
  if (type !== null) entry.eventCode = type[1]!;
  const received = /^Received response\. Status: (\d{3})\b/.exec(text.slice(0, 80));
  if (received !== null) entry.upstreamStatusCode = Number(received[1]);
  const extended = /^Extended Request Id: (\S+)/.exec(text.slice(0, 120));
  if (extended !== null) addId(entry, extended[1]!);
  const request = /^HTTP Method: ([A-Z]+), Resource Path: (\S+)/.exec(text.slice(0, 2000));
  if (request !== null) {
    entry.httpRequestMethod = request[1]!;
    if (request[2]!.includes('{')) addAttribute(entry, 'resourcePath', request[2]!);
    else entry.urlPath = request[2]!;
  }
  return datedOr(entry, context, { timeField: 'time', timeOptional: true });
}

export const format: Format = {
  dataset: 'aws.apigateway.execution',
  title: 'AWS API Gateway execution log',
  usualLayer: 'gateway',
  parse,
};
