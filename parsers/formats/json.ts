/**
 * Any JSON log, one object a line: access logs and application logs of pino, pino-http, bunyan, winston, zap,
 * zerolog, logrus, logback/ECS, Serilog, structlog, and nginx with escape=json. Mapped by the names of its members.
 */
import { VARNISH_HANDLINGS } from '../clf.ts';
import { type Entry, emptyEntry, type Failure, isFailure } from '../entry.ts';
import { emptyContext } from '../envelope.ts';
import { isMethod, known, SYSLOG_LEVELS, setRequestLine } from '../fields.ts';
import { isObject, type JsonObject, mapJson, parseObject, textOf } from '../json.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { jsonSkimmer } from '../skim.json.ts';
import type { Skim } from '../skim.ts';

function parse(record: string, context: Context): Entry | Failure {
  let line = record.trim();
  if (line === '') return { failure: 'empty' };
  // An element of an array that stands one a line.
  if (line.charCodeAt(line.length - 1) === 44) line = line.slice(0, -1);
  if (line.charCodeAt(0) !== 123) return { failure: 'format' };
  const json = parseObject(line);
  if (json === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  const entry = emptyEntry('json', 'app', 'end');
  const mapped = mapJson(entry, json);
  if (Number.isNaN(entry.timeMs)) {
    if (mapped.badTime) return { failure: 'time' };
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  }
  if (json['@t'] !== undefined || json.MessageTemplate !== undefined) setTemplate(entry, json);
  // GELF counts levels as syslog does, lograge durations in milliseconds.
  if (json.short_message !== undefined && typeof json.level === 'number')
    entry.logLevel ??= SYSLOG_LEVELS[json.level] ?? null;
  if (typeof json.duration === 'number' && json.controller !== undefined && json.action !== undefined)
    entry.durationMs ??= json.duration;
  if (entry.httpRequestMethod === null && entry.urlPath === null && entry.message !== null)
    setRequestOfMessage(entry, entry.message);
  if (entry.httpRequestMethod !== null && entry.urlPath !== null && entry.httpResponseStatusCode !== null) {
    entry.kind = 'access';
    if (entry.eventOutcome !== null) {
      if (VARNISH_HANDLINGS.has(entry.eventOutcome)) {
        entry.dataset = 'varnish.access';
        entry.timePoint = 'start';
      } else setHaproxy(entry, json);
    }
  } else {
    entry.timePoint = 'decision';
    if (entry.message !== null) setFromMessage(entry, entry.message);
    // Nothing of a log record in it: some other JSON.
    if (
      Number.isNaN(entry.timeMs) &&
      entry.logLevel === null &&
      entry.message === null &&
      entry.httpResponseStatusCode === null
    )
      return { failure: 'format' };
  }
  return entry;
}

const SERVERS = ['server', 'srv', 'server_name', 'backend_server', 'srv_name', 'svr'];
const BACKENDS = ['backend', 'be', 'backend_name', 'be_name'];
const TIMERS = ['Ta', 'Tt', 'ta', 'tt', 'time_total', 'total_time', 'time_active', 'time_duration'];

/** HAProxy told to write JSON names its members as somebody liked, but nobody else has a termination state. */
function setHaproxy(entry: Entry, json: JsonObject): void {
  const first = (names: readonly string[]): unknown => {
    for (const name of names) if (json[name] !== undefined) return json[name];
    return undefined;
  };
  entry.dataset = 'haproxy.http';
  // All of its own dates are those of the beginning.
  entry.timePoint = 'start';
  const server = first(SERVERS);
  if (server === '<NOSRV>' || (server === undefined && /^[PL]/.test(entry.eventOutcome!))) entry.upstreamAddress = null;
  else if (typeof server === 'string' && server !== '') {
    const backend = first(BACKENDS);
    entry.upstreamAddress = typeof backend === 'string' && backend !== '' ? `${backend}/${server}` : server;
  }
  const timers = isObject(json.timers) ? json.timers : json;
  for (const name of TIMERS) {
    const ms = Number(timers[name]);
    if (timers[name] !== '' && ms >= 0) entry.durationMs ??= ms;
  }
}

/** Serilog: the message is a template, "Denied {User}"; a level that is left out is Information. */
function setTemplate(entry: Entry, json: JsonObject): void {
  if (json['@t'] !== undefined) entry.logLevel ??= 'info';
  const properties = isObject(json.Properties) ? json.Properties : json;
  const template = json['@mt'] ?? json.MessageTemplate;
  if (entry.message === null || entry.message !== template || template.indexOf('{') < 0) return;
  entry.message = template.replace(/\{([@$]?)([\w.]{1,60})(?:,-?\d+)?(?::[^{}]{0,40})?\}/g, (whole, _, name: string) =>
    Object.hasOwn(properties, name) ? textOf(properties[name]) : whole,
  );
}

/** "GET /orders/731" or "GET /orders/731 403 …" as the whole message. */
function setRequestOfMessage(entry: Entry, message: string): void {
  const space = message.indexOf(' ');
  if (space < 3 || message.charCodeAt(space + 1) !== 47 || !isMethod(message.slice(0, space))) return;
  const end = message.indexOf(' ', space + 1);
  setRequestLine(entry, end < 0 ? message : message.slice(0, end));
}

function agrees(line: string, skimmed: Skim): boolean {
  const entry = parse(line, emptyContext());
  const said = (from: number, to: number): string | null => (from < 0 ? null : known(line.slice(from, to)));
  return (
    !isFailure(entry) &&
    entry.kind === 'access' &&
    entry.timeMs === skimmed.timeMs &&
    entry.timeZoneless === skimmed.zoneless &&
    entry.httpRequestMethod === skimmed.method &&
    entry.urlPath === line.slice(skimmed.pathFrom, skimmed.pathTo) &&
    entry.urlDomain === skimmed.host &&
    entry.httpResponseStatusCode === skimmed.status &&
    entry.clientAddress === said(skimmed.clientFrom, skimmed.clientTo) &&
    entry.userAgentOriginal === said(skimmed.agentFrom, skimmed.agentTo) &&
    entry.httpRequestReferrer === said(skimmed.referrerFrom, skimmed.referrerTo)
  );
}

export const format: Format = {
  dataset: 'json',
  title: 'JSON log',
  usualLayer: null,
  rank: RANK.carrier,
  late: true,
  skim: jsonSkimmer(agrees),
  parse,
};
