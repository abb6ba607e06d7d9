/** Akamai DataStream 2, JSON: one object for each request, values mostly text and URL-encoded. The time is the arrival. */
import type { Entry, Failure } from '../entry.ts';
import { addAttribute, known, percentDecoded } from '../fields.ts';
import { type JsonObject, textOf } from '../json.ts';
import { addRule, jsonFormat, names, set, type Take } from '../record.ts';

const NAMES = names({
  reqTimeSec: set.time,
  reqId: set.id,
  cliIP: set.client,
  statusCode: set.status,
  bytes: set.size,
  proto: set.keep,
  reqHost: set.host,
  reqMethod: set.method,
  reqPath: ((entry, value) => {
    const path = textOf(value);
    entry.urlPath = path.charCodeAt(0) === 47 ? path : `/${path === '-' ? '' : path}`;
    return true;
  }) as Take,
  queryStr: set.query,
  UA: ((entry, value) => {
    entry.userAgentOriginal = known(percentDecoded(textOf(value)));
    return true;
  }) as Take,
  referer: ((entry, value) => {
    entry.httpRequestReferrer = known(percentDecoded(textOf(value)));
    return true;
  }) as Take,
  xForwardedFor: set.forwarded,
  errorCode: set.code,
  turnAroundTimeMSec: set.millis,
  cacheStatus: set.keep,
  edgeIP: set.server,
  cookie: ((entry, value) => {
    if (textOf(value) !== '-') addAttribute(entry, 'request.header.cookie', '***');
    return true;
  }) as Take,
});

/** `policy|rules that only alerted|rule that denied`, rules joined by `:`. */
function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const security = textOf(json.securityRules);
  if (security === '' || security === '-') return undefined;
  const [policy = '', alerts = '', denies = ''] = security.split('|');
  if (denies !== '') entry.wafIntercepted = true;
  for (const id of denies.split(':').slice(0, 50)) addRule(entry, { id, file: policy, denied: true });
  for (const id of alerts.split(':').slice(0, 50)) addRule(entry, { id, file: policy });
  return undefined;
}

export const format = jsonFormat({
  dataset: 'akamai.datastream',
  title: 'Akamai DataStream 2',
  usualLayer: 'cdn',
  kind: 'access',
  timePoint: 'start',
  marks: [['"reqTimeSec"'], ['"cliIP"', '"reqHost"', '"statusCode"']],
  names: NAMES,
  timeField: 'reqTimeSec',
  needs: { securityRules: true },
  finish,
});
