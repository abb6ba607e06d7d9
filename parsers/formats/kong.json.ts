/**
 * Kong Gateway: the JSON of its file, http, tcp, udp and syslog log plugins, one object for each request. `source` kong
 * and an empty `upstream_status` say that Kong answered itself. Its access log is a combined log, its error log nginx's.
 */
import type { Entry, Failure } from '../entry.ts';
import { addAttribute } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { onlyAttributes, scanned } from '../members.ts';
import { answerHeaders, jsonFormat, names, set, type Take } from '../record.ts';

/** Of a route or service only what names it: the rest is configuration. */
const named = onlyAttributes((entry, value, name) => {
  if (!isObject(value)) return false;
  addAttribute(entry, `${name}.id`, textOf(value.id));
  addAttribute(entry, `${name}.name`, textOf(value.name));
  return true;
});

const answer = onlyAttributes((entry, value, name) => {
  if (isObject(value) && value.server !== undefined)
    addAttribute(entry, 'response.header.server', textOf(value.server));
  return answerHeaders(entry, value, name);
});

/** `[…,{"balancer_latency":0,"port":8080,"ip":"10.40.2.31"}]`: address and port of the last. */
function scanTries(entry: Entry, text: string): boolean {
  if (text.indexOf('\\') >= 0) return false;
  const open = text.lastIndexOf('{');
  if (text.indexOf('}', open) !== text.length - 2 || text.indexOf('[', open) >= 0) return false;
  const ip = text.lastIndexOf('"ip":"');
  const port = /"port":(\d{1,5})[,}]/.exec(text.slice(open));
  if (
    ip < open ||
    open < 0 ||
    port === null ||
    text.indexOf('"ip"', open) !== ip ||
    text.lastIndexOf('"port"') !== open + port.index
  )
    return false;
  entry.upstreamAddress = `${text.slice(ip + 6, text.indexOf('"', ip + 6))}:${port[1]}`;
  return true;
}

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
  response: { status: set.status, size: set.size, headers: answer },
  latencies: { request: set.millis },
  upstream_status: ((entry, value) => {
    const text = textOf(value);
    const last = Number(text.slice(text.lastIndexOf(',') + 1));
    if (last >= 100 && last <= 599) entry.upstreamStatusCode = last;
    return !text.includes(',');
  }) as Take,
  tries: scanned((entry, value) => {
    const last = Array.isArray(value) ? value.at(-1) : undefined;
    if (!isObject(last)) return true;
    entry.upstreamAddress = `${textOf(last.ip)}:${textOf(last.port)}`;
    if ((value as unknown[]).length > 1) addAttribute(entry, 'tries', String((value as unknown[]).length));
    return true;
  }, scanTries),
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
  needs: { request: {}, response: {} },
  finish,
});
