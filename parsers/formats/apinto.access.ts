/**
 * Apinto, the gateway behind APIPark: its access log, whose members are chosen by a formatter. JSON with any of its
 * variables, also grouped; of the text type the layout that it ships with. `proxy_status` empty = its own answer.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addId, domainOf, isBlank, known, numberOf, percentDecoded } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { scanned } from '../members.ts';
import type { Context, Format } from '../parser.ts';
import { names, readerOf, scanHeaders, set, setRequestHeader, type Take } from '../record.ts';
import { read, readAny } from '../time.ts';

/** `Accept=%2A%2F%2A&User-Agent=curl%2F8.5.0`: all request headers as a query string. */
const header = scanned(
  (entry, value) => {
    if (isObject(value)) return set.headers(entry, value, '');
    for (const pair of textOf(value).split('&').slice(0, 200)) {
      const equals = pair.indexOf('=');
      if (equals > 0) setRequestHeader(entry, decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1)));
    }
    return true;
  },
  (entry, text) => text.charCodeAt(0) === 123 && scanHeaders(entry, text),
);

function decoded(text: string): string {
  return percentDecoded(text.indexOf('+') < 0 ? text : text.replaceAll('+', ' '));
}

const FLAT = {
  msec: set.time,
  timestamp: set.time,
  time_iso8601: set.time,
  time_local: set.time,
  request_id: set.id,
  http_x_request_id: set.uniqueId,
  src_ip: set.client,
  remote_port: set.clientPort,
  request_method: set.method,
  method: set.method,
  request_uri: set.target,
  url: set.target,
  uri: set.target,
  query: set.query,
  host: set.host,
  request_host: set.host,
  header,
  request_header: header,
  headers: header,
  status: set.status,
  proxy_status: ((entry, value) => {
    entry.upstreamStatusCode = numberOf(textOf(value));
    return true;
  }) as Take,
  proxy_addr: set.upstream,
  request_time: set.millis,
  response_length: set.size,
  response_header: set.drop,
  response_headers: set.drop,
  proxy_header: set.drop,
  request_body: set.drop,
  proxy_body: set.drop,
};

const PRODUCT = {
  dataset: 'apinto.access',
  title: '',
  usualLayer: null,
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"request_id"', '"api"', '"api_id"'],
    ['"proxy_status"', '"proxy_addr"', '"proxy_uri"'],
    ['"status"'],
    ['"msec"', '"time_iso8601"', '"time_local"', '"timestamp"'],
  ],
  names: names({ ...FLAT, request: FLAT, proxy: FLAT, response: FLAT, status_code: FLAT, time: FLAT }),
  timeField: 'msec',
  needs: { remote_addr: true, request: { remote_addr: true } },
  finish(entry: Entry, json: JsonObject): Failure | undefined {
    // The socket's peer, where the address of the client is not given.
    const peer = textOf(json.remote_addr ?? (isObject(json.request) ? json.request.remote_addr : ''));
    if (entry.clientAddress === null) set.peer(entry, peer, '');
    entry.upstreamStatusCode ??= 0;
    return undefined;
  },
} as const;
const readJson = readerOf(PRODUCT);

/** `time \t id \t "method scheme uri host header peer" \t "proxy …" \t "response …" \t "status proxy_status" \t "request_time response_time"` */
function parseLine(record: string): Entry | Failure {
  const columns = record.trimEnd().split('\t');
  if (columns.length !== 7 || !columns.slice(2).every((x) => x.startsWith('"') && x.endsWith('"')))
    return { failure: 'format' };
  const entry = emptyEntry('apinto.access', 'access', 'start');
  entry.timeMs = readAny(columns[0]!);
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'time_iso8601' };
  entry.timeZoneless = read.zoneless;
  addId(entry, columns[1]!);
  const words = (i: number): string[] => columns[i]!.slice(1, -1).split(' ');
  const [method = '', , uri = '', host = '', headers = '', peer = ''] = words(2);
  entry.httpRequestMethod = known(method);
  set.target(entry, uri, '');
  entry.urlDomain ??= domainOf(host);
  header(entry, headers, '');
  set.peer(entry, peer, '');
  const [, , , , , upstream = ''] = words(3);
  entry.upstreamAddress = known(upstream);
  const [status = '', proxyStatus = ''] = words(5);
  entry.httpResponseStatusCode = numberOf(status);
  if (entry.httpResponseStatusCode === null) return { failure: 'status', field: 'status' };
  entry.upstreamStatusCode = numberOf(proxyStatus) ?? 0;
  entry.durationMs = numberOf(words(6)[0] ?? '');
  return entry;
}

function parse(record: string, context: Context): Entry | Failure {
  if (record.charCodeAt(0) === 123) return readJson(record, context);
  if (isBlank(record)) return { failure: 'empty' };
  return record.indexOf('\t"') < 0 ? { failure: 'format' } : parseLine(record);
}

export const format: Format = {
  dataset: 'apinto.access',
  title: 'Apinto / APIPark access log',
  usualLayer: 'gateway',
  late: true,
  parse,
};
