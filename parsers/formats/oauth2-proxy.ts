/**
 * oauth2-proxy: requests, authentication results and lines of the process, each with its own template. Local time
 * without a zone. An upstream of `-` says that it answered itself.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isAddress,
  isMethod,
  known,
  numberOf,
  peerAddress,
  secondsToMs,
  setClientPeer,
  setTarget,
  unescapeText,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readSlashed } from '../time.ts';

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  // `[2026/09/01 10:30:00] `
  const open = line.charCodeAt(0) === 91 ? 0 : line.indexOf(' [') + 1;
  if ((open === 0 && line.charCodeAt(0) !== 91) || open > 400) return { failure: 'format' };
  const timeMs = readSlashed(line, open + 1);
  if (Number.isNaN(timeMs) || line.charCodeAt(read.end) !== 93) return { failure: 'format' };
  const rest = line.slice(read.end + 2);
  if (open === 0) return standard(timeMs, rest);
  // `client - request id - user`
  const head = line.slice(0, open - 1).split(' - ');
  if (head.length < 3) return { failure: 'format' };
  const result = /^\[(AuthSuccess|AuthFailure|AuthError)\] ?/.exec(rest.slice(0, 20));
  const entry = emptyEntry('oauth2-proxy', result === null ? 'access' : 'error', result === null ? 'end' : 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  setClient(entry, head[0]!);
  addId(entry, head[1]!);
  entry.userName = known(head.slice(2).join(' - '));
  if (result !== null) {
    entry.eventOutcome = result[1]!;
    entry.logLevel = result[1] === 'AuthSuccess' ? 'info' : 'warn';
    entry.message = rest.slice(result[0].length);
    return entry;
  }
  return request(entry, rest);
}

/** `203.0.113.7`, with a port, or `10.0.0.1:5 (203.0.113.7)` where a header names the client. */
function setClient(entry: Entry, text: string): void {
  const real = /\(([^)]{2,45})\)$/.exec(text.slice(-60));
  const client = real !== null ? real[1]! : text;
  if (isAddress(client)) entry.clientAddress = client;
  else if (isAddress(peerAddress(client))) setClientPeer(entry, client);
  if (real !== null) addAttribute(entry, 'peer', text.slice(0, text.indexOf(' ')));
}

/** `host GET upstream "/uri" HTTP/1.1 "agent" 403 10 0.001` */
function request(entry: Entry, rest: string): Entry | Failure {
  const columns = columnsOf(rest, 10);
  if (columns === null) return { failure: 'torn' };
  if (columns.length < 9 || !isMethod(columns[1]!)) return { failure: columns.length < 9 ? 'torn' : 'format' };
  const [
    host = '',
    method = '',
    upstream = '',
    uri = '',
    protocol = '',
    agent = '',
    status = '',
    size = '',
    time = '',
  ] = columns;
  entry.urlDomain = domainOf(host);
  entry.httpRequestMethod = method;
  entry.upstreamAddress = known(upstream);
  setTarget(entry, uri);
  entry.networkProtocol = known(protocol);
  entry.userAgentOriginal = known(unescapeText(agent));
  entry.httpResponseStatusCode = numberOf(status);
  if (entry.httpResponseStatusCode === null) return { failure: 'status', field: 'status' };
  entry.httpResponseBodySize = numberOf(size);
  entry.durationMs = secondsToMs(time);
  if (entry.upstreamAddress === null) entry.upstreamStatusCode = 0;
  return entry;
}

/** `[oauthproxy.go:920] sentence` */
function standard(timeMs: number, rest: string): Entry | Failure {
  const file = /^\[([a-z0-9_./-]{1,80}\.go:\d{1,6})\] /.exec(rest.slice(0, 100));
  if (file === null) return { failure: 'format' };
  const entry = emptyEntry('oauth2-proxy', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  addAttribute(entry, 'source', file[1]!);
  entry.message = rest.slice(file[0].length);
  return entry;
}

export const format: Format = {
  dataset: 'oauth2-proxy',
  title: 'oauth2-proxy log',
  usualLayer: 'gateway',
  parse,
};
