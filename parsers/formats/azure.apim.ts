/** Azure API Management gateway log. `lastError.reason` says why a request was refused; no backend status = own answer. */
import { azureFormat } from '../azure.ts';
import { dig, isObject, textOf } from '../json.ts';
import { names, set } from '../record.ts';

export const format = azureFormat({
  dataset: 'azure.apim',
  title: 'Azure API Management gateway log',
  usualLayer: 'gateway',
  kind: 'access',
  timePoint: 'start',
  marks: [['"GatewayLogs"'], ['"category"'], ['"properties"']],
  names: names({
    time: set.time,
    category: set.drop,
    correlationId: set.id,
    callerIpAddress: set.client,
    durationMs: set.millis,
    properties: {
      method: set.method,
      url: set.target,
      responseCode: set.status,
      responseSize: set.size,
      backendResponseCode: set.upstreamStatus,
      backendUrl: set.keep,
      callerIpAddress: set.client,
      userId: set.user,
      lastError: { reason: set.code, message: set.message },
    },
  }),
  timeField: 'time',
  needs: { properties: { lastError: { source: true } } },
  finish(entry, json) {
    if (!isObject(json.properties)) return { failure: 'format', field: 'properties' };
    entry.upstreamStatusCode ??= 0;
    const source = textOf(dig(json, 'properties', 'lastError', 'source'));
    if (source !== '') entry.logLogger = source;
    return undefined;
  },
});
