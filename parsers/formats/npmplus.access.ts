/**
 * NPMplus' access log: `[time] host client duration "request" status bodyBytes bytes referer agent`, the last two
 * without quotes. Time is the end.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import {
  addAttribute,
  closingQuote,
  domainOf,
  isAddress,
  known,
  numberOf,
  secondsToMs,
  setRequestLine,
  unescapeText,
} from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readClf } from '../time.ts';

const DATASET = 'npmplus.access';
const NO_FORMAT: Failure = { failure: 'format' };
const TORN: Failure = { failure: 'torn' };

export const format: Format = {
  dataset: DATASET,
  title: 'NPMplus access log',
  usualLayer: 'loadbalancer',
  parse(record): Entry | Failure {
    const line = record.trimEnd();
    if (line === '') return { failure: 'empty' };
    if (line.charCodeAt(0) !== 91 || line.charCodeAt(3) !== 47) return NO_FORMAT;
    const timeMs = readClf(line, 1);
    if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time_local' };
    if (line.charCodeAt(read.end) !== 93) return NO_FORMAT;
    const zoneless = read.zoneless;
    const host = read.end + 2;
    const client = line.indexOf(' ', host) + 1;
    const duration = line.indexOf(' ', client) + 1;
    const quote = line.indexOf(' "', duration) + 1;
    if (client === 0 || duration === 0) return TORN;
    const address = line.slice(client, duration - 1);
    if (quote === 0) return isAddress(address) ? TORN : NO_FORMAT;
    const ms = secondsToMs(line.slice(duration, quote - 1));
    if (ms === null || (!isAddress(address) && address !== 'unix:')) return NO_FORMAT;
    const end = closingQuote(line, quote + 1);
    if (end < 0) return TORN;
    const [status = '', body = '', sent = '', referer = ''] = line.slice(end + 2, end + 4096).split(' ', 4);
    const code = numberOf(status);
    if (code === null || status.length !== 3) return status === '' ? TORN : { failure: 'status', field: 'status' };
    const entry = emptyEntry(DATASET, 'access', 'end');
    entry.timeMs = timeMs;
    entry.timeZoneless = zoneless;
    entry.urlDomain = domainOf(line.slice(host, client - 1));
    if (address !== 'unix:') entry.clientAddress = address;
    entry.durationMs = ms;
    setRequestLine(entry, unescapeText(line.slice(quote + 1, end)));
    entry.httpResponseStatusCode = code;
    entry.httpResponseBodySize = numberOf(body);
    addAttribute(entry, 'bytes_sent', sent);
    entry.httpRequestReferrer = known(unescapeText(referer));
    const agent = end + 2 + status.length + body.length + sent.length + referer.length + 4;
    entry.userAgentOriginal = known(unescapeText(line.slice(agent)));
    return entry;
  },
};
