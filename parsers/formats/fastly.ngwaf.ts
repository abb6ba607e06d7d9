/**
 * Fastly Next-Gen WAF (Signal Sciences): the feed of requests with their signals, and the events of flagged addresses.
 * The agent's code 406 (or another from 301 to 599) says that the request was blocked, 200 that it was let through.
 */
import type { Entry, Failure } from '../entry.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { addRule, jsonFormat, names, set } from '../record.ts';

const NAMES = names({
  id: set.id,
  timestamp: set.time,
  serverHostname: set.keep,
  serverName: set.host,
  remoteIP: set.client,
  source: set.client,
  method: set.method,
  protocol: set.protocol,
  uri: set.target,
  userAgent: set.agent,
  responseCode: set.status,
  responseSize: set.size,
  responseMillis: set.millis,
  headersIn: set.headers,
  headersOut: set.drop,
  action: set.outcome,
  tags: set.drop,
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  if (entry.urlPath === null) set.target(entry, textOf(json.path), '');
  const code = Number(textOf(json.agentResponseCode));
  if (code > 0) entry.wafIntercepted = code >= 300;
  for (const tag of Array.isArray(json.tags) ? json.tags.slice(0, 100) : []) {
    if (!isObject(tag)) continue;
    addRule(entry, {
      id: textOf(tag.type),
      data: textOf(tag.value),
      variable: textOf(tag.location),
      match: textOf(tag.detector),
      denied: entry.wafIntercepted === true && textOf(tag.type) === 'BLOCKED',
    });
  }
  if (isObject(json.reasons)) {
    entry.kind = 'ban';
    entry.timePoint = 'decision';
    for (const reason of Object.keys(json.reasons).slice(0, 100)) addRule(entry, { id: reason });
  }
  return undefined;
}

export const format = jsonFormat({
  dataset: 'fastly.ngwaf',
  title: 'Fastly Next-Gen WAF feed',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'start',
  marks: [['"agentResponseCode"', '"reasons"'], ['"remoteCountryCode"'], ['"timestamp"']],
  names: NAMES,
  timeField: 'timestamp',
  needs: { path: true, agentResponseCode: true, tags: true, reasons: true },
  finish,
});
