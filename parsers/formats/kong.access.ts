/** Kong's access log: nginx's combined with the id of the request, by which it links to the error and the JSON log. */
import type { Entry, Failure } from '../entry.ts';
import { isBlank } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { compileNginx } from '../pattern.nginx.ts';

const LINE = compileNginx(
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" kong_request_id: "$kong_request_id"',
  'default',
  'kong.access',
  'kong_request_id',
);

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  return record.indexOf(' kong_request_id: "') < 0 ? { failure: 'format' } : LINE.parse(record, context);
}

export const format: Format = {
  dataset: 'kong.access',
  title: 'Kong access log',
  usualLayer: 'gateway',
  late: true,
  parse,
};
