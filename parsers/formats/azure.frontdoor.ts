/**
 * Azure Front Door access log (Standard, Premium and classic). `N/A` and `NoError` say that there is nothing to say.
 * No origin status of its own: `httpStatusDetails` and `errorInfo` tell who answered.
 */
import { azureFormat } from '../azure.ts';
import type { Entry, Failure } from '../entry.ts';
import { domainOf, known } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { names, set, type Take } from '../record.ts';

/** Keeps nothing of "N/A". */
const given: Take = (_entry, value) => textOf(value) === 'N/A';

const NAMES = names({
  time: set.time,
  category: set.drop,
  properties: {
    trackingReference: set.id,
    httpMethod: set.method,
    httpVersion: ((entry, value) => {
      const text = textOf(value);
      if (text === '2.0.0.0') entry.networkProtocol = 'HTTP/2.0';
      else if (text === '1.1.0.0') entry.networkProtocol = 'HTTP/1.1';
      else {
        const parts = text.split('.');
        entry.networkProtocol = `HTTP/${parts[0]}.${parts[1] ?? '0'}`;
      }
      return true;
    }) as Take,
    requestUri: set.target,
    responseBytes: set.size,
    userAgent: set.agent,
    referer: set.referer,
    clientIp: set.client,
    clientIP: set.client,
    clientPort: set.clientPort,
    timeTaken: set.seconds,
    httpStatusCode: set.status,
    hostName: set.drop,
    originIp: ((entry, value) => {
      if (textOf(value) !== 'N/A') entry.upstreamAddress = known(textOf(value));
      return true;
    }) as Take,
    originName: given,
    originUrl: given,
    result: given,
    errorInfo: set.drop,
    ErrorInfo: set.drop,
  },
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const properties = json.properties;
  if (!isObject(properties)) return { failure: 'format', field: 'properties' };
  const host = textOf(properties.hostName);
  if (host !== '' && host !== 'N/A') entry.urlDomain = domainOf(host);
  const error = textOf(properties.errorInfo) || textOf(properties.ErrorInfo);
  if (error !== '' && error !== 'NoError') entry.eventCode = error;
  return undefined;
}

export const format = azureFormat({
  dataset: 'azure.frontdoor',
  title: 'Azure Front Door access log',
  usualLayer: 'cdn',
  kind: 'access',
  timePoint: 'start',
  marks: [['"FrontDoorAccessLog"', '"FrontdoorAccessLog"', '"AzureCdnAccessLog"'], ['"properties"']],
  names: NAMES,
  timeField: 'time',
  needs: { properties: { hostName: true, errorInfo: true, ErrorInfo: true } },
  finish,
});
