/**
 * KrakenD: its access lines (those of Gin) and its own, in the layout of both of its loggers. Local time without a zone.
 * Gin without KrakenD is an application.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, decimalAt, isAddress, isMethod, levelOf, numberOf, setTarget } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readSlashed } from '../time.ts';

const UNITS: Record<string, number> = { ns: 1e-6, µs: 1e-3, us: 1e-3, ms: 1, s: 1000 };

/** A number of up to 15 digits and one unit, which nearly all durations are; null = it is read in general. */
function usualDuration(text: string): number | null {
  let to = text.length - 1;
  if (text.charCodeAt(to) !== 115) return null;
  const c = text.charCodeAt(to - 1);
  let unit = 1000;
  if (c === 0xb5 || c === 117) unit = 1e-3;
  else if (c === 109) unit = 1;
  else if (c === 110) unit = 1e-6;
  if (unit !== 1000) to--;
  const last = text.charCodeAt(to - 1);
  const first = text.charCodeAt(0);
  if (to < 1 || to > 13 || !(last >= 48 && last <= 57 && first >= 48 && first <= 57)) return null;
  const n = decimalAt(text, 0, to);
  return n === null || n < 0 ? null : Math.round(n * unit * 1000) / 1000;
}

/** Go's way of writing a duration: `412.3µs`, `1m2.5s`. */
function goDuration(text: string): number | null {
  const usual = usualDuration(text);
  if (usual !== null) return usual;
  const match = /^(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,12}(?:\.\d{1,12})?)(ns|µs|us|ms|s))?$/.exec(
    text.replace('\u03bc', 'µ'),
  );
  if (match === null || text === '') return null;
  const ms =
    Number(match[1] ?? 0) * 3_600_000 +
    Number(match[2] ?? 0) * 60_000 +
    Number(match[3] ?? 0) * (UNITS[match[4] ?? 's'] ?? 0);
  return Math.round(ms * 1000) / 1000;
}

/** `2026/09/01 - 10:30:00` */
function ginTime(text: string, at: number): number {
  if (text.charCodeAt(at + 11) !== 45) return Number.NaN;
  const plain = text.charCodeAt(at + 10) === 32 && text.charCodeAt(at + 12) === 32;
  // Nothing behind the seconds that could be a fraction.
  if (plain && text.charCodeAt(at + 21) === 32) return readSlashed(text, at);
  const ms = readSlashed(`${text.slice(at, at + 10)} ${text.slice(at + 13, at + 25)}`, 0);
  read.end = at + 2 + read.end;
  return ms;
}

function parse(record: string): Entry | Failure {
  const line = (record.indexOf('\x1b') >= 0 ? record.replace(/\x1b\[[0-9;]*m/g, '') : record).trim();
  if (line === '') return { failure: 'empty' };
  if (line.startsWith('[GIN] ')) return access(line);
  if (line.startsWith('[KRAKEND] ')) return own(line, ginTime(line, 10), 10);
  const ms = readSlashed(line, 0);
  if (!Number.isNaN(ms) && line.startsWith(' KRAKEND ', read.end)) return own(line, ms, 0);
  return { failure: 'format' };
}

/** `[GIN] 2026/09/01 - 10:30:00 | 403 |  412.3µs |  203.0.113.7 | GET  "/path"` */
function access(line: string): Entry | Failure {
  const timeMs = ginTime(line, 6);
  if (Number.isNaN(timeMs)) return { failure: line.length < 30 ? 'torn' : 'time', field: 'time' };
  const b0 = line.indexOf('|');
  const b1 = line.indexOf('|', b0 + 1);
  const b2 = line.indexOf('|', b1 + 1);
  const b3 = line.indexOf('|', b2 + 1);
  if (!(b0 >= 0 && b1 > b0 && b2 > b1 && b3 > b2)) return { failure: 'torn' };
  const entry = emptyEntry('krakend', 'access', 'end');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  entry.httpResponseStatusCode = numberOf(line.slice(b0 + 1, b1).trim());
  if (entry.httpResponseStatusCode === null) return { failure: 'status', field: 'status' };
  entry.durationMs = goDuration(line.slice(b1 + 1, b2).trim());
  const client = line.slice(b2 + 1, b3).trim();
  if (isAddress(client)) entry.clientAddress = client;
  const request = line.slice(b3 + 1).trim();
  const blank = request.indexOf(' ');
  const method = blank < 0 ? request : request.slice(0, blank);
  if (!isMethod(method)) return { failure: 'format', field: 'method' };
  entry.httpRequestMethod = method;
  const path = request.slice(method.length).trim();
  if (path !== '') setTarget(entry, path.startsWith('"') && path.endsWith('"') ? path.slice(1, -1) : path);
  return entry;
}

/** `… KRAKEND ERROR: [ENDPOINT: /orders/:id][JWTValidator] text`, `[KRAKEND] … ▶ ERROR [ENDPOINT: …] text` */
function own(line: string, timeMs: number, from: number): Entry | Failure {
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const start = from === 0 ? read.end + 9 : line.indexOf('▶', from) + 1;
  const match = /^ ?([A-Z]{3,9}):? /.exec(line.slice(start, start + 14));
  if (match === null || start === 0) return { failure: 'torn', field: 'level' };
  const entry = emptyEntry('krakend', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  const word = match[1]!;
  // One logger cuts levels to six letters.
  entry.logLevel = levelOf(word) ?? (word === 'WARNIN' ? 'warn' : word === 'CRITIC' ? 'crit' : null);
  const text = line.slice(start + match[0].length).trim();
  entry.message = text;
  const endpoint = /^\[ENDPOINT: ([^\]]{1,300})\]/.exec(text.slice(0, 320));
  if (endpoint !== null) addAttribute(entry, 'endpoint', endpoint[1]!);
  const component = /^(?:\[ENDPOINT: [^\]]{1,300}\])?\[([A-Za-z][\w: /-]{0,60})\]/.exec(text.slice(0, 400));
  if (component !== null && !component[1]!.startsWith('ENDPOINT')) entry.logLogger = component[1]!;
  return entry;
}

export const format: Format = {
  dataset: 'krakend',
  title: 'KrakenD log',
  usualLayer: 'gateway',
  claim: ({ entries, fileName }) =>
    fileName.includes('krakend') || entries.some((entry) => entry.kind === 'error') ? 1 : 0,
  late: true,
  parse,
};
