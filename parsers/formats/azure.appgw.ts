/**
 * Azure Application Gateway access log (diagnostic settings). `timeTaken` is seconds in v2 and milliseconds in v1,
 * which counts whole numbers only; `serverStatus` empty says that the gateway answered itself.
 */
import { azureFormat } from '../azure.ts';
import type { Entry, Failure } from '../entry.ts';
import { addAttribute, addId, domainOf, known } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { names, set, type Take } from '../record.ts';

/** `X-AzureApplicationGateway-LOG-ID=…&SERVER-STATUS=404&…` in v1 stands where v2 has the query. */
const query: Take = (entry, value) => {
  const text = textOf(value);
  if (!text.includes('X-AzureApplicationGateway-') && !text.includes('SERVER-ROUTED=')) {
    if (entry.urlQuery === null) entry.urlQuery = known(text);
    return true;
  }
  const own: string[] = [];
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const item = pair.slice(equals + 1);
    if (name === 'SERVER-STATUS') entry.upstreamStatusCode ??= /^\d{3}$/.test(item) ? Number(item) : null;
    else if (name === 'SERVER-ROUTED') entry.upstreamAddress ??= known(item);
    else if (name === 'X-AzureApplicationGateway-LOG-ID') addId(entry, item);
    else if (name.startsWith('X-AzureApplicationGateway-')) addAttribute(entry, name, item);
    else own.push(pair);
  }
  if (entry.urlQuery === null && own.length > 0) entry.urlQuery = own.join('&');
  return true;
};

const NAMES = names({
  time: set.time,
  timeStamp: set.time,
  timestamp: set.time,
  TimeGenerated: set.time,
  resourceId: set.keep,
  category: set.drop,
  properties: {
    clientIP: set.client,
    clientIp: set.client,
    clientPort: set.clientPort,
    httpMethod: set.method,
    requestUri: set.target,
    originalRequestUriWithArgs: set.keep,
    requestQuery: query,
    userAgent: set.agent,
    httpStatus: set.status,
    httpVersion: set.protocol,
    sentBytes: set.size,
    transactionId: set.id,
    serverRouted: set.upstream,
    serverStatus: ((entry, value, name) => {
      // Several tries are joined by a comma.
      const text = textOf(value);
      const comma = text.lastIndexOf(',');
      return set.upstreamStatus(entry, comma < 0 ? text : text.slice(comma + 1).trim(), name);
    }) as Take,
    WAFMode: ((entry, value) => {
      const mode = textOf(value).toLowerCase();
      if (mode === 'detection') entry.wafMode = 'detection_only';
      else if (mode === 'prevention') entry.wafMode = 'enabled';
      return false;
    }) as Take,
    timeTaken: set.drop,
    host: set.drop,
    originalHost: set.drop,
  },
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const properties = json.properties;
  if (!isObject(properties)) return { failure: 'format', field: 'properties' };
  // `host` is the name after a rewrite for the backend.
  const host = textOf(properties.host);
  const original = textOf(properties.originalHost);
  entry.urlDomain = domainOf(original === '' ? host : original);
  if (original !== '' && host !== original) addAttribute(entry, 'host', host);
  const target = textOf(properties.originalRequestUriWithArgs);
  if (entry.urlQuery === null && target.includes('?')) entry.urlQuery = known(target.slice(target.indexOf('?') + 1));
  const taken = textOf(properties.timeTaken);
  const seconds = Number(taken);
  if (taken !== '' && seconds >= 0) {
    const isV1 = /^\d+$/.test(taken) && properties.serverResponseLatency === undefined;
    entry.durationMs = Math.round(seconds * (isV1 ? 1 : 1000) * 1000) / 1000;
  }
  if (entry.upstreamStatusCode === null && properties.serverRouted !== undefined) entry.upstreamStatusCode = 0;
  const error = textOf(properties.error_info);
  if (error !== '') entry.eventCode = error;
  return undefined;
}

export const format = azureFormat({
  dataset: 'azure.appgw',
  title: 'Azure Application Gateway access log',
  usualLayer: 'loadbalancer',
  kind: 'access',
  timePoint: 'end',
  marks: [['"ApplicationGatewayAccessLog"'], ['"properties"']],
  names: NAMES,
  timeField: 'time',
  needs: {
    properties: {
      host: true,
      originalHost: true,
      originalRequestUriWithArgs: true,
      timeTaken: true,
      serverResponseLatency: true,
      serverRouted: true,
      error_info: true,
    },
  },
  finish,
});
