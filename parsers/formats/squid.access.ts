/**
 * HOT. Squid's native access log: `time elapsed client result/status bytes method URL user hierarchy/peer type`, columns
 * padded with blanks. Time is the end. Its `combined` logformat is like Common Log Format and ends in `RESULT:HIERARCHY`.
 */
import { parseClf } from '../clf.ts';
import { type Entry, emptyEntry, type Failure, isFailure } from '../entry.ts';
import { addAttribute, decimalOf, domainOf, known, numberOf, setTarget } from '../fields.ts';
import type { Format } from '../parser.ts';

const DATASET = 'squid.access';
const NO_FORMAT: Failure = { failure: 'format' };

/** `TCP_DENIED`, `NONE_NONE`, `UDP_HIT`, `TAG_NONE`: the words Squid's result codes begin with. */
function isResult(text: string): boolean {
  return /^(?:TCP|UDP|ICP|NONE|TAG|ERR)(?:_[A-Z_]+)?$/.test(text);
}

function setUrl(entry: Entry, method: string, url: string): void {
  if (method === 'CONNECT' || (url.indexOf('://') < 0 && url.charCodeAt(0) !== 47)) {
    // `host:port`, or `error:invalid-request`.
    if (url.startsWith('error:')) addAttribute(entry, 'request', url);
    else entry.urlDomain = domainOf(url.endsWith('/') ? url.slice(0, -1) : url);
  } else setTarget(entry, url);
}

function native(line: string): Entry | Failure {
  // `1763801821.123    203 `: ten digits, a point, three digits, elapsed.
  if (line.charCodeAt(10) !== 46 || line.charCodeAt(14) !== 32) return NO_FORMAT;
  const seconds = decimalOf(line.slice(0, 14));
  if (seconds === null) return NO_FORMAT;
  let at = 15;
  const word = (): string => {
    while (line.charCodeAt(at) === 32) at++;
    let end = line.indexOf(' ', at);
    if (end < 0) end = line.length;
    const text = line.slice(at, end);
    at = end + 1;
    return text;
  };
  const elapsed = word();
  if (numberOf(elapsed) === null && elapsed !== '-') return elapsed === '' ? { failure: 'torn' } : NO_FORMAT;
  const client = word();
  const outcome = word();
  const slash = outcome.indexOf('/');
  if (slash < 0 || !isResult(outcome.slice(0, slash)))
    return at > line.length ? { failure: 'torn' } : { failure: 'format', field: 'result' };
  const bytes = word();
  const method = word();
  const url = word();
  const user = word();
  const hierarchy = word();
  if (hierarchy === '') return { failure: 'torn' };
  const status = numberOf(outcome.slice(slash + 1));
  if (status === null || status > 999) return { failure: 'status', field: 'status' };
  const entry = emptyEntry(DATASET, 'access', 'end');
  entry.timeMs = Math.round(seconds * 1000);
  const ms = numberOf(elapsed);
  if (ms !== null) entry.durationMs = ms;
  entry.clientAddress = known(client);
  entry.eventOutcome = outcome.slice(0, slash);
  entry.httpResponseStatusCode = status;
  entry.httpResponseBodySize = numberOf(bytes);
  entry.httpRequestMethod = known(method);
  setUrl(entry, method, url);
  entry.userName = known(user);
  setHierarchy(entry, hierarchy);
  const type = word();
  if (type !== '-') addAttribute(entry, 'content_type', type);
  if (at <= line.length) addAttribute(entry, 'extra', line.slice(at).trim());
  return entry;
}

/** `HIER_DIRECT/198.51.100.20`; `HIER_NONE/-` = nobody was asked. */
function setHierarchy(entry: Entry, text: string): void {
  const slash = text.indexOf('/');
  addAttribute(entry, 'hierarchy', slash < 0 ? text : text.slice(0, slash));
  const peer = slash < 0 ? '-' : text.slice(slash + 1);
  if (peer !== '-' && peer !== '') entry.upstreamAddress = peer;
  else if (text.startsWith('HIER_NONE') || text.startsWith('NONE')) entry.upstreamStatusCode = 0;
}

/** `logformat combined`: the last word is `TCP_MISS:HIER_DIRECT`. */
function combined(line: string): Entry | Failure {
  const blank = line.lastIndexOf(' ');
  const colon = line.indexOf(':', blank);
  const result = line.slice(blank + 1, colon);
  const entry = parseClf(line.slice(0, blank), DATASET, 'end', false);
  if (isFailure(entry)) return entry;
  entry.eventOutcome = result;
  setHierarchy(entry, line.slice(colon + 1));
  return entry;
}

export const format: Format = {
  dataset: DATASET,
  title: 'Squid access log',
  usualLayer: 'gateway',
  parse(record) {
    const line = record.trimEnd();
    if (line === '') return { failure: 'empty' };
    const first = line.charCodeAt(0);
    if (first >= 48 && first <= 57 && line.charCodeAt(10) === 46) return native(line);
    const blank = line.lastIndexOf(' ');
    const colon = line.indexOf(':', blank);
    return blank > 0 && colon > 0 && isResult(line.slice(blank + 1, colon)) && line.indexOf(' [') > 0
      ? combined(line)
      : NO_FORMAT;
  },
};
