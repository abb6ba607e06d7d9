/**
 * Apache APISIX: the default JSON of its file, http and kafka loggers, one object for each request. Without `upstream`
 * APISIX answered itself. A log format of one's own is read as `json`; the error log is nginx's.
 */
import type { Entry, Failure } from '../entry.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { answerHeaders, jsonFormat, names, set, type Take } from '../record.ts';

const NAMES = names({
  start_time: set.time,
  client_ip: set.client,
  request: {
    method: set.method,
    // The same as the end of `url`, whichever comes first.
    uri: ((entry, value, name) => entry.urlPath !== null || set.target(entry, value, name)) as Take,
    url: ((entry, value, name) => entry.urlPath !== null || set.target(entry, value, name)) as Take,
    querystring: set.drop,
    headers: set.headers,
    size: set.keep,
  },
  response: { status: set.status, size: set.size, headers: answerHeaders },
  upstream: set.upstream,
  consumer: {
    username: ((entry, value) => {
      entry.userName = textOf(value);
      return false;
    }) as Take,
  },
  latency: set.millis,
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  if (!isObject(json.request) || !isObject(json.response)) return { failure: 'format', field: 'request' };
  // It has no status of the upstream; that none was asked it says.
  if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
  return undefined;
}

export const format = jsonFormat({
  dataset: 'apisix.json',
  title: 'Apache APISIX request log (JSON)',
  usualLayer: 'gateway',
  kind: 'access',
  timePoint: 'start',
  marks: [['"request"'], ['"response"'], ['"apisix_latency"', '"route_id"'], ['"start_time"']],
  names: NAMES,
  timeField: 'start_time',
  needs: { request: {}, response: {} },
  finish,
});
