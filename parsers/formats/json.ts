/**
 * Any JSON log, one object a line: access logs and application logs of pino, pino-http, bunyan, winston, zap,
 * zerolog, logrus, logback/ECS, Serilog, structlog, and nginx with escape=json. Mapped by the names of its members.
 */
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
  if (entry.httpRequestMethod !== null && entry.urlPath !== null && entry.httpResponseStatusCode !== null)
    entry.kind = 'access';
  else {
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
