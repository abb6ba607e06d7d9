/**
 * Open Policy Agent: its decision log, one JSON object for each question. `input` is the caller's: Envoy's and APISIX'
 * shape are read into the request's fields, everything else stays an attribute.
 */
import type { Entry, Failure } from '../entry.ts';
import { dig, isObject, type JsonObject, textOf } from '../json.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';

const path: Take = (entry, value, name) => {
  if (Array.isArray(value)) return set.target(entry, `/${value.map(textOf).join('/')}`, name);
  const text = textOf(value);
  return text.charCodeAt(0) === 47 && set.target(entry, text, name);
};

const REQUEST = {
  method: set.method,
  path,
  host: set.host,
  headers: set.headers,
  query: set.keep,
  scheme: set.keep,
  protocol: set.protocol,
};

const NAMES = names({
  timestamp: set.time,
  time: set.drop,
  level: set.level,
  msg: set.drop,
  type: set.drop,
  decision_id: set.id,
  trace_id: set.uniqueId,
  path: set.logger,
  metrics: set.drop,
  bundles: set.drop,
  requested_by: set.keep,
  error: { message: set.message, code: set.code },
  input: {
    attributes: {
      request: { http: REQUEST },
      source: { principal: set.user, address: { socketAddress: { address: set.client, portValue: set.clientPort } } },
      metadataContext: set.drop,
    },
    parsed_path: set.drop,
    parsed_query: set.drop,
    request: REQUEST,
    method: set.method,
    path,
    user: set.user,
    var: { remote_addr: set.client, server_addr: set.server },
    consumer: { username: set.user },
  },
});

/** true, false, {"allow": …} and {"allowed": …}; anything else says nothing. */
function allowed(result: unknown): boolean | null {
  if (typeof result === 'boolean') return result;
  for (const name of ['allow', 'allowed']) {
    const value = dig(result, name);
    if (typeof value === 'boolean') return value;
  }
  return null;
}

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const verdict = allowed(json.result);
  if (verdict !== null) entry.eventOutcome = verdict ? 'allow' : 'deny';
  else if (json.error !== undefined) entry.eventOutcome = 'error';
  else if (json.result === undefined) entry.eventOutcome = 'undefined';
  const status = dig(json.result, 'http_status') ?? dig(json.result, 'status_code');
  if (typeof status === 'number') set.status(entry, status, '');
  const reason = dig(json.result, 'reason');
  if (entry.message === null && reason !== undefined && !isObject(reason)) entry.message = textOf(reason);
  return undefined;
}

export const format = jsonFormat({
  dataset: 'opa.decision',
  title: 'Open Policy Agent decision log',
  usualLayer: 'gateway',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"decision_id"'], ['openpolicyagent.org/decision_logs', '"input"', '"Decision Log"']],
  names: NAMES,
  timeField: 'timestamp',
  needs: { result: true, error: true },
  finish,
});
