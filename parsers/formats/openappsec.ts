/**
 * open-appsec (Check Point): the log of its HTTP transaction handler, one JSON object for each event. `securityAction`
 * Prevent refused the request, Detect did not. The time names no zone.
 */
import type { Entry, Failure } from '../entry.ts';
import { dig, type JsonObject, textOf } from '../json.ts';
import { addRule, jsonFormat, names, set, type Take } from '../record.ts';

const decoded: Take = (entry, value, name) => set.target(entry, value, name);

const NAMES = names({
  eventTime: set.time,
  eventName: set.message,
  eventSeverity: set.drop,
  eventLogLevel: set.level,
  eventSource: { serviceName: set.logger, agentId: set.keep },
  eventData: {
    eventReferenceId: set.id,
    sourceIP: set.client,
    httpSourceId: set.keep,
    sourcePort: set.clientPort,
    httpHostName: set.host,
    httpMethod: set.method,
    httpUriPath: decoded,
    httpUriQuery: set.query,
    httpResponseCode: set.status,
    securityAction: set.outcome,
  },
});

const SEVERITIES: Record<string, string> = {
  Critical: 'critical',
  High: 'error',
  Medium: 'warning',
  Low: 'notice',
  Info: 'info',
};

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const data = json.eventData;
  const action = textOf(dig(data, 'securityAction'));
  if (action === 'Prevent') {
    entry.wafMode = 'enabled';
    entry.wafIntercepted = true;
  } else if (action !== '') {
    entry.wafMode = action === 'Detect' ? 'detection_only' : null;
    entry.wafIntercepted = false;
  }
  const id = textOf(dig(data, 'signatureVersion')) || textOf(dig(data, 'protectionId'));
  const incident = textOf(dig(data, 'waapIncidentType')) || textOf(dig(data, 'matchedSignatureName'));
  const location = textOf(dig(data, 'matchedLocation'));
  const parameter = textOf(dig(data, 'matchedParameter'));
  if (incident !== '' || id !== '')
    addRule(entry, {
      id,
      message: incident,
      data: textOf(dig(data, 'matchedSample')),
      variable: parameter === '' ? location : `${location}:${parameter}`,
      match: textOf(dig(data, 'matchedIndicators')),
      severity: SEVERITIES[textOf(json.eventSeverity)] ?? '',
      denied: entry.wafIntercepted === true,
    });
  return undefined;
}

export const format = jsonFormat({
  dataset: 'openappsec',
  title: 'open-appsec event log',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"eventTime"'], ['"eventData"'], ['"eventSource"']],
  names: NAMES,
  timeField: 'eventTime',
  needs: {
    eventSeverity: true,
    eventData: {
      securityAction: true,
      signatureVersion: true,
      protectionId: true,
      waapIncidentType: true,
      matchedSignatureName: true,
      matchedLocation: true,
      matchedParameter: true,
      matchedSample: true,
      matchedIndicators: true,
    },
  },
  finish,
});
