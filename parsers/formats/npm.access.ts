/**
 * Nginx Proxy Manager's access logs, `proxy` and `standard`:
 * `[time] cache upstreamStatus status - METHOD scheme host "path" [Client a] [Length n] [Gzip r] [Sent-to server] "agent" "referer"`,
 * in `standard` without cache, upstream and server. Time is the end.
 */
import { lastOf } from '../clf.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, closingQuote, domainOf, isMethod, known, numberOf, setTarget, unescapeText } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

const DATASET = 'npm.access';
const NO_FORMAT: Failure = { failure: 'format' };
const TORN: Failure = { failure: 'torn' };

/** The value of `[Name value]` at `at`, and the position behind it. */
function bracketed(line: string, at: number, name: string): { value: string; end: number } | null {
  if (!line.startsWith(`[${name} `, at)) return null;
  const end = line.indexOf(']', at);
  return end < 0 ? null : { value: line.slice(at + name.length + 2, end), end: end + 2 };
}

export const format: Format = {
  dataset: DATASET,
  title: 'Nginx Proxy Manager access log',
  usualLayer: 'loadbalancer',
  late: true,
  parse(record): Entry | Failure {
    const line = record.trimEnd();
    if (line === '') return { failure: 'empty' };
    if (line.charCodeAt(0) !== 91) return NO_FORMAT;
    const client = line.indexOf('" [Client ');
    const timeMs = readClf(line, 1);
    if (Number.isNaN(timeMs))
      return client > 0 && line.charCodeAt(3) === 47 ? { failure: 'time', field: 'time_local' } : NO_FORMAT;
    if (line.charCodeAt(read.end) !== 93) return NO_FORMAT;
    const entry = emptyEntry(DATASET, 'access', 'end');
    entry.timeMs = timeMs;
    entry.timeZoneless = read.zoneless;
    const start = read.end + 2;
    const quote = line.indexOf(' "', start);
    if (quote < 0) return line.indexOf(' - ', start) > 0 ? TORN : NO_FORMAT;
    // `MISS 404 404 - GET https host`, from the right: several tries make the front longer.
    const host = line.lastIndexOf(' ', quote - 1);
    const scheme = line.lastIndexOf(' ', host - 1);
    const method = line.lastIndexOf(' ', scheme - 1);
    const dash = method - 2;
    if (!line.startsWith(' - ', dash) || !line.startsWith('http', scheme + 1) || host - scheme > 6) return NO_FORMAT;
    const status = line.lastIndexOf(' ', dash - 1);
    if (status < start - 1) return NO_FORMAT;
    const code = numberOf(line.slice(status + 1, dash));
    if (code === null || dash - status !== 4) return { failure: 'status', field: 'status' };
    entry.httpResponseStatusCode = code;
    if (status > start) {
      // `MISS 502, 200`
      const cache = line.indexOf(' ', start);
      if (cache >= status) return NO_FORMAT;
      addAttribute(entry, 'upstream_cache_status', line.slice(start, cache));
      entry.upstreamStatusCode = numberOf(lastOf(line.slice(cache + 1, status))) ?? 0;
    }
    const verb = line.slice(method + 1, scheme);
    if (isMethod(verb)) entry.httpRequestMethod = verb;
    addAttribute(entry, 'scheme', line.slice(scheme + 1, host));
    entry.urlDomain = domainOf(line.slice(host + 1, quote));

    const pathEnd = closingQuote(line, quote + 2);
    if (pathEnd < 0) return TORN;
    const path = unescapeText(line.slice(quote + 2, pathEnd));
    if (path !== '' && path !== '-') setTarget(entry, path);
    const address = bracketed(line, pathEnd + 2, 'Client');
    if (address === null) return pathEnd + 2 >= line.length ? TORN : NO_FORMAT;
    entry.clientAddress = known(address.value);
    const length = bracketed(line, address.end, 'Length');
    if (length === null) return TORN;
    entry.httpResponseBodySize = numberOf(length.value);
    const gzip = bracketed(line, length.end, 'Gzip');
    if (gzip === null) return TORN;
    let at = gzip.end;
    const server = bracketed(line, at, 'Sent-to');
    if (server !== null) {
      entry.upstreamAddress = known(server.value);
      at = server.end;
    }
    const agentEnd = closingQuote(line, at + 1);
    if (line.charCodeAt(at) !== 34 || agentEnd < 0) return TORN;
    entry.userAgentOriginal = known(unescapeText(line.slice(at + 1, agentEnd)));
    if (line.charCodeAt(agentEnd + 2) === 34) {
      const end = closingQuote(line, agentEnd + 3);
      entry.httpRequestReferrer = known(unescapeText(line.slice(agentEnd + 3, end < 0 ? line.length : end)));
    }
    return entry;
  },
};
