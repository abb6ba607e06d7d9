/**
 * Any JSON log, one object a line: access logs and application logs of pino, pino-http, bunyan, winston, zap,
 * zerolog, logrus, logback/ECS, Serilog, structlog, and nginx with escape=json. Mapped by the names of its members.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isMethod, setRequestLine } from '../fields.ts';
import { mapJson, parseObject } from '../json.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';

function parse(record: string, context: Context): Entry | Failure {
  const line = record.trim();
  if (line === '') return { failure: 'empty' };
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

/** "GET /orders/731" or "GET /orders/731 403 …" as the whole message. */
function setRequestOfMessage(entry: Entry, message: string): void {
  const space = message.indexOf(' ');
  if (space < 3 || message.charCodeAt(space + 1) !== 47 || !isMethod(message.slice(0, space))) return;
  const end = message.indexOf(' ', space + 1);
  setRequestLine(entry, end < 0 ? message : message.slice(0, end));
}

export const format: Format = {
  dataset: 'json',
  title: 'JSON log',
  usualLayer: null,
  rank: RANK.carrier,
  parse,
};
