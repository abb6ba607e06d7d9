/** APISIX' access log in its default layout, of releases with the id of the request at the end and before it. */
import { type Entry, type Failure, isFailure } from '../entry.ts';
import type { Context, Format } from '../parser.ts';
import { compileNginx } from '../pattern.nginx.ts';
import { moveId } from './kong.access.ts';

const BEFORE =
  '$remote_addr - $remote_user [$time_local] $http_host "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent" $upstream_addr $upstream_status $upstream_response_time "$upstream_url"';
const LINES = [compileNginx(`${BEFORE} "$apisix_request_id"`), compileNginx(BEFORE)];

let usual = 0;

function parse(record: string, context: Context): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  // `… +0000] api.example.com "GET …` and the upstream's URL at the end.
  const close = line.indexOf('] ');
  if (close < 0 || line.charCodeAt(close + 2) === 34 || !line.endsWith('"') || line.indexOf('://', close) < 0)
    return { failure: 'format' };
  // Read first as the line before was: of the two only one fits.
  let entry = LINES[usual]!.parse(line, context);
  if (isFailure(entry)) {
    const other = LINES[1 - usual]!.parse(line, context);
    if (isFailure(other)) return usual === 0 ? other : entry;
    usual = 1 - usual;
    entry = other;
  }
  entry.dataset = 'apisix.access';
  return moveId(entry, 'apisix_request_id');
}

export const format: Format = {
  dataset: 'apisix.access',
  title: 'Apache APISIX access log',
  usualLayer: 'gateway',
  parse,
};
