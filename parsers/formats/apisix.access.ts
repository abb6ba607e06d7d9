/** APISIX' access log in its default layout, of releases with the id of the request at the end and before it. */
import { type Entry, type Failure, isFailure } from '../entry.ts';
import { lastAt } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { compileNginx } from '../pattern.nginx.ts';

const BEFORE =
  '$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$upstream_url"';
const read = (pattern: string): Format => compileNginx(pattern, 'default', 'apisix.access', 'apisix_request_id');
const WITH_ID = read(`${BEFORE} "$apisix_request_id"`);
const WITHOUT = read(BEFORE);

function parse(record: string, context: Context): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  // `… +0000] api.example.com "GET …` and the upstream's URL at the end.
  const close = line.indexOf('] ');
  if (close < 0 || line.charCodeAt(close + 2) === 34 || !line.endsWith('"') || line.indexOf('://', close) < 0)
    return { failure: 'format' };
  // `… "url" "id"`; of the two mostly only one fits, and one that does not costs more than one that does.
  const open = lastAt(line, 34, line.length - 2);
  const hasId = line.charCodeAt(open - 1) === 32 && line.charCodeAt(open - 2) === 34;
  const first = hasId ? WITH_ID.parse(line, context) : WITHOUT.parse(line, context);
  if (!isFailure(first)) return first;
  const second = hasId ? WITHOUT.parse(line, context) : WITH_ID.parse(line, context);
  return !isFailure(second) || hasId ? second : first;
}

export const format: Format = {
  dataset: 'apisix.access',
  title: 'Apache APISIX access log',
  usualLayer: 'gateway',
  late: true,
  parse,
};
