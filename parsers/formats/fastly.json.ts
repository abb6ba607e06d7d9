/**
 * Fastly's JSON log, a template of the customer's that follows Fastly's own example: recognised by its members about
 * Fastly itself. A syslog-like `time address` may stand in front. Other templates are read as `json` or `clf`.
 */
import type { Entry, Failure } from '../entry.ts';
import { isBlank } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { names, readerOf, set } from '../record.ts';

const PRODUCT = {
  dataset: 'fastly.json',
  title: '',
  usualLayer: null,
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"fastly_server"', '"fastly_is_edge"', '"fastly_info"', '"fastly_info_state"', '"fastly_info.state"'],
    ['"response_status"', '"status"', '"resp_status"'],
  ],
  names: names({
    timestamp: set.time,
    time: set.time,
    time_start: set.time,
    client_ip: set.client,
    client_port: set.clientPort,
    host: set.host,
    url: set.target,
    request_method: set.method,
    method: set.method,
    request_protocol: set.protocol,
    protocol: set.protocol,
    request_referer: set.referer,
    referer: set.referer,
    request_user_agent: set.agent,
    user_agent: set.agent,
    response_state: set.outcome,
    fastly_info_state: set.outcome,
    'fastly_info.state': set.outcome,
    response_status: set.status,
    resp_status: set.status,
    status: set.status,
    response_body_size: set.size,
    resp_bytes: set.size,
    time_elapsed: set.micros,
    xff: set.forwarded,
    x_forwarded_for: set.forwarded,
    request_id: set.uniqueId,
    x_sigsci_requestid: set.id,
  }),
  timeField: 'timestamp',
} as const;
const readJson = readerOf(PRODUCT);

function parse(record: string, context: Context): Entry | Failure {
  if (record.charCodeAt(0) === 123) return readJson(record, context);
  const open = record.indexOf('{');
  // `2026-09-01T10:30:00.613304+00:00 192.0.2.1  {`
  if (open > 0 && open < 100 && record.charCodeAt(10) === 84) return readJson(record.slice(open), context);
  return { failure: isBlank(record) ? 'empty' : 'format' };
}

export const format: Format = {
  dataset: 'fastly.json',
  title: 'Fastly JSON log',
  usualLayer: 'cdn',
  late: true,
  parse,
};
