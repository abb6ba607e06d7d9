/**
 * Morgan, the access logger of Express, in the layouts that are its own: `dev` (coloured, `GET /x 403 2.9 ms - 52`),
 * `tiny` (`GET /x 403 52 - 2.9 ms`) and `short`. They have no time; `common` and `combined` are Common Log Format.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isAddress, isMethod, setTarget } from '../fields.ts';
import type { Context, Format } from '../parser.ts';

const LINE =
  /^(?:(\S+) (\S+) )?([A-Z]{3,20}) (\S+) (?:(HTTP\/[\d.]+) )?(\d{3}|-)(?: (\d+|-) - ([\d.]+|-) ms| ([\d.]+|-) ms - (\d+|-))$/;

function parse(record: string, context: Context): Entry | Failure {
  const line = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trim();
  if (line === '') return { failure: 'empty' };
  const match = LINE.exec(line);
  if (match === null) return { failure: /^[A-Z]{3,7} \/\S* (?:\d{3}|-)(?: |$)/.test(line) ? 'torn' : 'format' };
  const [, client, user, method = '', target = '', protocol, status = '', sizeA, msA, msB, sizeB] = match;
  if (!isMethod(method) || (client !== undefined && !isAddress(client))) return { failure: 'format' };
  const entry = emptyEntry('morgan.access', 'access', 'end');
  entry.timeMs = context.envelopeMs;
  entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  entry.httpRequestMethod = method;
  setTarget(entry, target);
  entry.networkProtocol = protocol ?? null;
  // `-`: the connection ended before an answer.
  entry.httpResponseStatusCode = status === '-' ? 0 : Number(status);
  const size = sizeA ?? sizeB ?? '-';
  const ms = msA ?? msB ?? '-';
  if (size !== '-') entry.httpResponseBodySize = Number(size);
  if (ms !== '-') entry.durationMs = Number(ms);
  if (client !== undefined) entry.clientAddress = client.replace(/^::ffff:(?=\d)/, '');
  if (user !== undefined && user !== '-') entry.userName = user;
  return entry;
}

export const format: Format = {
  dataset: 'morgan.access',
  title: 'Express access log (morgan dev, tiny, short)',
  usualLayer: 'app',
  parse,
};
