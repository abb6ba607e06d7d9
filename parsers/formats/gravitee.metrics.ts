/**
 * Gravitee APIM: the metrics of its reporters (file, Elasticsearch), one JSON object for each request. `error-key` says
 * which policy refused; without `endpoint` the gateway answered itself.
 */
import { isObject, textOf } from '../json.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';

/** Numbers of methods, as Gravitee reports them. */
const METHODS = ['', 'CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE'];

const method: Take = (entry, value) => {
  const text = textOf(value);
  entry.httpRequestMethod = /^\d$/.test(text) ? (METHODS[Number(text)] ?? '') || null : text || null;
  return true;
};

export const format = jsonFormat({
  dataset: 'gravitee.metrics',
  title: 'Gravitee APIM metrics',
  usualLayer: 'gateway',
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"request-id"', '"transaction-id"'],
    ['"gateway-response-time-ms"', '"error-key"', '"gateway-latency-ms"', '"api-id"'],
    ['"@timestamp"', '"timestamp"'],
  ],
  names: names({
    '@timestamp': set.time,
    timestamp: set.time,
    'transaction-id': set.id,
    'request-id': set.id,
    'http-method': method,
    'remote-address': set.client,
    'local-address': set.server,
    host: set.host,
    uri: set.target,
    status: set.status,
    'gateway-response-time-ms': set.millis,
    'response-content-length': set.size,
    endpoint: set.upstream,
    user: set.user,
    'user-agent': set.agent,
    'error-key': set.code,
    'error-message': set.message,
    'error-component-name': set.logger,
  }),
  timeField: '@timestamp',
  needs: { failure: true },
  finish(entry, json) {
    if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
    if (isObject(json.failure) && entry.eventCode === null) entry.eventCode = textOf(json.failure.key) || null;
    return undefined;
  },
});
