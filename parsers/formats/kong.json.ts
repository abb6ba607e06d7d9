/**
 * Kong Gateway: the JSON of its file, http, tcp, udp and syslog log plugins, one object for each request. `source` kong
 * and an empty `upstream_status` say that Kong answered itself. Its access log is a combined log, its error log nginx's.
 */
import type { Entry, Failure } from '../entry.ts';
import { addAttribute } from '../fields.ts';
import { dig, isObject, type JsonObject, textOf } from '../json.ts';
import { answerHeaders, jsonFormat, names, set, type Take } from '../record.ts';

/** Of a route or service only what names it: the rest is configuration. */
const named: Take = (entry, value, name) => {
  if (!isObject(value)) return false;
  addAttribute(entry, `${name}.id`, textOf(value.id));
  addAttribute(entry, `${name}.name`, textOf(value.name));
  return true;
};

const NAMES = names({
  started_at: set.time,
  client_ip: set.client,
  request: {
    id: set.id,
    method: set.method,
    uri: set.target,
    url: set.drop,
    querystring: set.drop,
    headers: set.headers,
    size: set.keep,
  },
  response: { status: set.status, size: set.size, headers: answerHeaders },
  latencies: { request: set.millis },
  upstream_status: ((entry, value) => {
    const text = textOf(value);
    const last = Number(text.slice(text.lastIndexOf(',') + 1));
    if (last >= 100 && last <= 599) entry.upstreamStatusCode = last;
    return !text.includes(',');
  }) as Take,
  tries: set.drop,
  source: set.outcome,
  route: named,
  service: named,
  consumer: {
    username: ((entry, value) => {
      entry.userName = textOf(value);
      return false;
    }) as Take,
  },
  correlation_id: set.id,
  trace_id: ((entry, value) => {
    // {"w3c":"…"}, by the header that it came in.
    for (const id of isObject(value) ? Object.values(value) : [value]) set.uniqueId(entry, id, '');
    return true;
  }) as Take,
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  if (!isObject(json.request) || !isObject(json.response)) return { failure: 'format', field: 'request' };
  // No upstream was asked.
  entry.upstreamStatusCode ??= 0;
  const tries = json.tries;
  const last = Array.isArray(tries) ? tries.at(-1) : undefined;
  if (isObject(last)) {
    entry.upstreamAddress = `${textOf(last.ip)}:${textOf(last.port)}`;
    if ((tries as unknown[]).length > 1) addAttribute(entry, 'tries', String((tries as unknown[]).length));
  }
  const server = dig(json, 'response', 'headers', 'server');
  if (server !== undefined) addAttribute(entry, 'response.header.server', textOf(server));
  return undefined;
}

export const format = jsonFormat({
  dataset: 'kong.json',
  title: 'Kong request log (JSON)',
  usualLayer: 'gateway',
  kind: 'access',
  timePoint: 'start',
  marks: [['"latencies"'], ['"request"'], ['"response"'], ['"started_at"', '"upstream_uri"']],
  names: NAMES,
  timeField: 'started_at',
  needs: { request: {}, response: { headers: true }, tries: true },
  finish,
});
