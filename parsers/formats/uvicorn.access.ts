/**
 * Access lines of Uvicorn: `INFO:     203.0.113.9:51234 - "GET /x HTTP/1.1" 403 Forbidden`. They have no time of their
 * own; with a site's formatter one may stand in front.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isAddress, isDigits, levelOf, peerAddress, setClientPeer, setRequestAt } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { read, readTime } from '../time.ts';

function parse(record: string, context: Context): Entry | Failure {
  const line = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trimEnd();
  if (line === '') return { failure: 'empty' };
  const mark = line.indexOf(' - "');
  if (mark < 0) return { failure: /^INFO: {5}[\d.]+:\d+ -/.test(line) ? 'torn' : 'format' };
  const space = line.lastIndexOf(' ', mark - 1);
  const peer = line.slice(space + 1, mark);
  const colon = line.indexOf(':');
  // The level with its colon, padded, is what nobody else writes in front of an address and port.
  const level = /(?:^|\s)([A-Z]{4,8}):? +$/.exec(line.slice(0, space + 1));
  if (level === null || levelOf(level[1]!) === null || colon < 0 || !isAddress(peerAddress(peer)))
    return { failure: 'format' };
  const open = mark + 4;
  const close = line.lastIndexOf('" ');
  if (close < open) return { failure: 'torn' };
  const status = line.slice(close + 2, close + 5);
  const after = line.charCodeAt(close + 5);
  if (!isDigits(status) || !(Number.isNaN(after) || after === 32)) return { failure: 'status', field: 'status' };
  const entry = emptyEntry('uvicorn.access', 'access', 'end');
  entry.timeMs = readTime(line, line.charCodeAt(0) === 91 ? 1 : 0, context.referenceMs);
  if (Number.isNaN(entry.timeMs)) {
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  } else entry.timeZoneless = read.zoneless;
  entry.logLevel = levelOf(level[1]!);
  setClientPeer(entry, peer);
  setRequestAt(entry, line, open, close);
  entry.httpResponseStatusCode = Number(status);
  return entry;
}

export const format: Format = {
  dataset: 'uvicorn.access',
  title: 'Uvicorn access log',
  usualLayer: 'app',
  parse,
};
