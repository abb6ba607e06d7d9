/**
 * Traefik's access log, as text (combined, then request count, router, URL of the service and duration with its unit)
 * and as JSON. In text the time is the start; JSON has both, and is dated by its start.
 */
import { parseClf } from '../clf.ts';
import { type Entry, emptyEntry, type Failure, isFailure } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isUniqueId,
  known,
  levelOf,
  numberOf,
  peerAddress,
  setTarget,
} from '../fields.ts';
import { flatten, type JsonObject, parseObject, textOf } from '../json.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

const DATASET = 'traefik.access';
const NO_FORMAT: Failure = { failure: 'format' };

/** ` 12ms` at the end of every line. */
function text(line: string): Entry | Failure {
  const blank = line.lastIndexOf(' ');
  const ms = numberOf(line.slice(blank + 1, -2));
  if (ms === null || line.indexOf(' [') < 0) return NO_FORMAT;
  // … "referer" "agent" 500 "router@docker" "http://10.0.0.3:80": from the right, each in quotes or `-`.
  const url = before(line, blank);
  const router = url === null ? null : before(line, url.from);
  if (url === null || router === null) return NO_FORMAT;
  const count = line.lastIndexOf(' ', router.from - 1);
  const requests = line.slice(count + 1, router.from);
  if (numberOf(requests) === null) return NO_FORMAT;
  const entry = parseClf(line.slice(0, count), DATASET, 'start', false);
  if (isFailure(entry)) return entry;
  entry.durationMs = ms;
  addAttribute(entry, 'requestCount', requests);
  addAttribute(entry, 'routerName', router.value);
  if (url.value.indexOf('://') > 0) entry.upstreamAddress = hostOf(url.value);
  else addAttribute(entry, 'serviceURL', url.value);
  // No service was asked: Traefik answered itself.
  if (url.value === '-' || url.value === '') entry.upstreamStatusCode = 0;
  return entry;
}

interface Field {
  value: string;
  /** Of the blank in front of it. */
  from: number;
}

/** The field that ends at the blank `end`. */
function before(line: string, end: number): Field | null {
  const last = line.charCodeAt(end - 1);
  if (last === 45 && line.charCodeAt(end - 2) === 32) return { value: '-', from: end - 2 };
  // Old documents turned the last quote into a typographic one.
  if (last !== 34 && last !== 0x201c && last !== 0x201d) return null;
  const open = line.lastIndexOf('"', end - 2);
  return open > 0 && line.charCodeAt(open - 1) === 32 ? { value: line.slice(open + 1, end - 1), from: open - 1 } : null;
}

function hostOf(url: string): string {
  const start = url.indexOf('://') + 3;
  const slash = url.indexOf('/', start);
  return slash < 0 ? url.slice(start) : url.slice(start, slash);
}

const KNOWN = new Set(
  'ClientAddr ClientHost ClientPort ClientUsername DownstreamContentSize DownstreamStatus Duration OriginStatus RequestHost RequestMethod RequestPath RequestProtocol ServiceAddr StartUTC StartLocal time level msg RequestAddr RequestLine BackendAddr ServiceURL BackendURL'.split(
    ' ',
  ),
);

function json(line: string): Entry | Failure {
  // Without a look at the text first, every other JSON log would be parsed for nothing.
  if (line.indexOf('"DownstreamStatus"') < 0 || line.indexOf('"RequestMethod"') < 0) return NO_FORMAT;
  const object = parseObject(line);
  if (object === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  const entry = emptyEntry(DATASET, 'access', 'start');
  const start = textOf(object.StartUTC) || textOf(object.time) || textOf(object.StartLocal);
  if (start !== '') {
    entry.timeMs = readIso(start, 0);
    if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'StartUTC' };
    entry.timeZoneless = read.zoneless;
    if (object.StartUTC === undefined && object.time !== undefined) entry.timePoint = 'end';
  }
  const status = object.DownstreamStatus;
  if (typeof status !== 'number') return { failure: 'status', field: 'DownstreamStatus' };
  entry.httpResponseStatusCode = status;
  if (typeof object.OriginStatus === 'number') entry.upstreamStatusCode = object.OriginStatus;
  if (typeof object.DownstreamContentSize === 'number') entry.httpResponseBodySize = object.DownstreamContentSize;
  // Nanoseconds; some shippers print them as "1.5ms".
  if (typeof object.Duration === 'number') entry.durationMs = Math.round(object.Duration / 1000) / 1000;
  setClient(entry, textOf(object.ClientHost), textOf(object.ClientAddr));
  entry.clientPort = numberOf(textOf(object.ClientPort));
  entry.userName = known(textOf(object.ClientUsername));
  entry.httpRequestMethod = known(textOf(object.RequestMethod));
  entry.networkProtocol = known(textOf(object.RequestProtocol));
  const path = textOf(object.RequestPath);
  if (path !== '') setTarget(entry, path);
  const host = textOf(object.RequestHost) || textOf(object.RequestAddr);
  entry.urlDomain = domainOf(host.indexOf('://') < 0 ? host : hostOf(host)) ?? entry.urlDomain;
  entry.upstreamAddress = known(textOf(object.ServiceAddr)) ?? known(textOf(object.BackendAddr));
  entry.logLevel = levelOf(textOf(object.level));
  entry.message = known(textOf(object.msg));
  setOthers(entry, object);
  return entry;
}

/** `ClientHost` is X-Forwarded-For where there is one: the last address is the one that the nearest proxy saw. */
function setClient(entry: Entry, host: string, peer: string): void {
  const comma = host.lastIndexOf(',');
  if (comma > 0) entry.forwardedFor = host;
  entry.clientAddress = known(host.slice(comma + 1).trim()) ?? known(peerAddress(peer));
}

function setOthers(entry: Entry, object: JsonObject): void {
  for (const key in object) {
    if (KNOWN.has(key)) continue;
    const value = object[key];
    if (value === null || value === '') continue;
    if (typeof value === 'object') {
      for (const [name, text] of flatten({ [key]: value })) addAttribute(entry, name, String(text));
      continue;
    }
    const text = typeof value === 'string' ? value : String(value);
    if (!key.startsWith('request_')) {
      addAttribute(entry, key, text);
      continue;
    }
    switch (key.slice(8).toLowerCase()) {
      case 'user-agent':
        entry.userAgentOriginal = known(text);
        break;
      case 'referer':
        entry.httpRequestReferrer = known(text);
        break;
      case 'x-forwarded-for':
        entry.forwardedFor = known(text);
        break;
      case 'content-type':
        entry.httpRequestContentType = known(text);
        break;
      case 'x-request-id':
      case 'traceparent':
        if (isUniqueId(text)) addId(entry, text);
        else addAttribute(entry, key, text);
        break;
      case 'authorization':
      case 'cookie':
      case 'x-api-key':
        addAttribute(entry, key, '***');
        break;
      default:
        addAttribute(entry, key, text);
    }
  }
}

export const format: Format = {
  dataset: DATASET,
  title: 'Traefik access log',
  usualLayer: 'gateway',
  late: true,
  parse(record) {
    const line = record.trim();
    if (line === '') return { failure: 'empty' };
    if (line.charCodeAt(0) === 123) return json(line);
    return line.endsWith('ms') ? text(line) : NO_FORMAT;
  },
};
