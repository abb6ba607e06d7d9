/**
 * Amazon CloudFront: standard log (columns by TAB, named by `#Fields`, else the 33 that have always been), the same as
 * JSON (delivery of version 2), and the real-time log, which begins with an epoch. Times are the end of the response.
 * No origin status is logged: result types say where an answer came from.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, domainOf, isAddress, isBlank, known, percentDecoded } from '../fields.ts';
import type { JsonObject } from '../json.ts';
import type { Context, Format } from '../parser.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';
import { epochMs, readIso } from '../time.ts';

// Values are URL-encoded.
const agent: Take = (entry, value) => {
  entry.userAgentOriginal = known(percentDecoded(String(value)));
  return true;
};
const referer: Take = (entry, value) => {
  entry.httpRequestReferrer = known(percentDecoded(String(value)));
  return true;
};
/** The name that the client asked for, where `cs(Host)` is the distribution's. */
const site: Take = (entry, value) => {
  entry.urlDomain = domainOf(String(value)) ?? entry.urlDomain;
  return true;
};
const path: Take = (entry, value) => {
  entry.urlPath = known(String(value));
  return true;
};

const TABLE = {
  timestamp: set.time,
  'timestamp(ms)': set.time,
  'x-edge-location': set.keep,
  'sc-bytes': set.size,
  'c-ip': set.client,
  'cs-method': set.method,
  'cs(Host)': set.host,
  'cs-host': set.host,
  'x-host-header': site,
  'cs-uri-stem': path,
  'sc-status': set.status,
  'cs(Referer)': referer,
  'cs-referer': referer,
  'cs(User-Agent)': agent,
  'cs-user-agent': agent,
  'cs-uri-query': set.query,
  'cs(Cookie)': ((entry, value) => {
    if (value !== '-') addAttribute(entry, 'request.header.cookie', '***');
    return true;
  }) as Take,
  'cs-cookie': ((entry, value) => {
    if (value !== '-') addAttribute(entry, 'request.header.cookie', '***');
    return true;
  }) as Take,
  'x-edge-request-id': set.id,
  'x-edge-detailed-result-type': set.outcome,
  'time-taken': set.seconds,
  'x-forwarded-for': set.forwarded,
  'cs-protocol-version': set.protocol,
  'c-port': set.clientPort,
};
const NAMES = names(TABLE);

const STANDARD =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end';
const REALTIME =
  'timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country';

type Column = { name: string; take: Take | null };

function columns(fields: string): Column[] {
  return fields
    .trim()
    .split(/\s+/)
    .map((name) => {
      const how = NAMES.get(name);
      return { name, take: typeof how === 'function' ? how : null };
    });
}

const json = jsonFormat({
  dataset: 'aws.cloudfront',
  title: '',
  usualLayer: null,
  kind: 'access',
  timePoint: 'end',
  marks: [['"x-edge-request-id"', '"x-edge-location"', '"x-edge-result-type"'], ['"sc-status"']],
  names: names({ ...TABLE, date: set.drop, time: set.drop }),
  timeField: 'time',
  needs: { date: true, time: true },
  finish(entry: Entry, json: JsonObject): Failure | undefined {
    if (typeof json.date === 'string' && typeof json.time === 'string') {
      const ms = readIso(`${json.date}T${json.time}Z`, 0);
      if (!Number.isNaN(ms)) entry.timeMs = ms;
    }
    return undefined;
  },
});

/** `client`: the column that must hold an address, -1 = the fields are known to be these. */
function parseColumns(record: string, names: Column[], client: number): Entry | Failure {
  const line = record.trimEnd();
  if (line === '' || line.charCodeAt(0) === 35) return { failure: 'empty' };
  // Real-time logs hold as many fields as their owner chose; all are always there.
  const entry = emptyEntry('aws.cloudfront', 'access', 'end');
  let date = '';
  let time = '';
  let count = 0;
  let from = 0;
  for (; from <= line.length; count++) {
    let tab = line.indexOf('\t', from);
    if (tab < 0) tab = line.length;
    const start = from;
    from = tab + 1;
    // Nothing is said.
    if (tab - start === 1 && line.charCodeAt(start) === 45) {
      if (count === client) return { failure: 'format' };
      continue;
    }
    if (count >= names.length) continue;
    const { name, take } = names[count]!;
    const value = line.slice(start, tab);
    if (count === client && !isAddress(value)) return { failure: 'format' };
    if (name === 'date') date = value;
    else if (name === 'time') time = value;
    else if (take === null || !take(entry, value, name)) addAttribute(entry, name, value);
  }
  if (count < 3 || count <= client) return { failure: 'format' };
  if (count < names.length && count < 19) return { failure: 'torn' };
  if (date !== '') entry.timeMs = readIso(`${date}T${time === '' ? '00:00:00' : time}Z`, 0);
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'time' };
  entry.timeZoneless = false;
  return entry;
}

function make(fields: string | null): Format {
  const own = fields === null ? null : columns(fields);
  const standard = columns(STANDARD);
  const realtime = columns(REALTIME);
  return {
    dataset: 'aws.cloudfront',
    title: 'Amazon CloudFront access log',
    usualLayer: 'cdn',
    directive: (line) =>
      line.startsWith('#Fields:') && / x-edge-|\sx-edge-/.test(line.slice(0, 4000)) ? line.slice(8).trim() : null,
    compile: (pattern) => make(pattern),
    parse(record: string, context: Context): Entry | Failure {
      const first = record.charCodeAt(0);
      if (first === 123) return json.parse(record, context);
      if (own !== null) return parseColumns(record, own, -1);
      const tab = record.indexOf('\t');
      if (tab === 10 && record.charCodeAt(4) === 45 && record.charCodeAt(19) === 9)
        return parseColumns(record, standard, 4);
      if (tab >= 10 && tab < 18 && !Number.isNaN(epochMs(Number(record.slice(0, tab)))))
        return parseColumns(record, realtime, 1);
      return first === 35 && /^#(?:Version|Fields)/.test(record) && record.includes('x-edge-')
        ? { failure: 'empty' }
        : { failure: isBlank(record) ? 'empty' : 'format' };
    },
  };
}

export const format: Format = make(null);
