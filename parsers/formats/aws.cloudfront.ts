/**
 * HOT. Amazon CloudFront: standard log (columns by TAB, named by `#Fields`, else the 33 that have always been), the same as
 * JSON (delivery of version 2), and the real-time log, which begins with an epoch. Times are the end of the response.
 * No origin status is logged: result types say where an answer came from.
 */
import { charsOf } from '../bytes.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  decimalAt,
  domainAt,
  domainOf,
  isAddressAt,
  isBlank,
  Kept,
  known,
  numberAt,
  percentDecoded,
} from '../fields.ts';
import type { JsonObject } from '../json.ts';
import { onlyAttributes } from '../members.ts';
import type { Context, Format } from '../parser.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';
import { epochMs, readDayAndClock, readIso } from '../time.ts';

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

// That there was one is kept, not what it was.
const cookie = onlyAttributes((entry, value) => {
  if (value !== '-') addAttribute(entry, 'request.header.cookie', '***');
  return true;
});

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
  'cs(Cookie)': cookie,
  'cs-cookie': cookie,
  'x-edge-request-id': set.id,
  'x-edge-detailed-result-type': set.outcome,
  'time-taken': set.seconds,
  'x-forwarded-for': set.forwarded,
  'cs-protocol-version': set.protocol,
  'c-port': set.clientPort,
};
const NAMES = names(TABLE);

/**
 * The plain value of a column straight from the line, as the table's `Take` would put it; false = it is not plain, and
 * is for the table.
 */
type TakeAt = (entry: Entry, line: string, from: number, to: number) => boolean;

const methods = new Kept();
const protocols = new Kept();

const hostAt: TakeAt = (entry, line, from, to) => {
  entry.urlDomain ??= domainAt(line, from, to);
  return true;
};
const PLAIN = new Map<string, TakeAt>(
  Object.entries({
    'sc-bytes': (entry, line, from, to) => {
      const size = to - from > 15 ? null : numberAt(line, from, to);
      if (size === null) return false;
      entry.httpResponseBodySize = size;
      return true;
    },
    'sc-status': (entry, line, from, to) => {
      const status = to - from > 3 ? null : numberAt(line, from, to);
      if (status === null) return false;
      entry.httpResponseStatusCode = status;
      return true;
    },
    'c-port': (entry, line, from, to) => {
      const port = to - from > 4 ? null : numberAt(line, from, to);
      if (port === null || port === 0) return false;
      entry.clientPort = port;
      return true;
    },
    'cs-method': (entry, line, from, to) => {
      if (from >= to) return false;
      entry.httpRequestMethod = methods.of(line, from, to);
      return true;
    },
    'cs(Host)': hostAt,
    'cs-host': hostAt,
    'x-host-header': (entry, line, from, to) => {
      entry.urlDomain = domainAt(line, from, to) ?? entry.urlDomain;
      return true;
    },
    'cs-uri-stem': (entry, line, from, to) => {
      if (from >= to) return false;
      entry.urlPath = line.slice(from, to);
      return true;
    },
    'x-edge-request-id': (entry, line, from, to) => {
      addId(entry, line.slice(from, to));
      return true;
    },
    'x-edge-detailed-result-type': (entry, line, from, to) => {
      if (entry.eventOutcome !== null || from >= to) return false;
      entry.eventOutcome = line.slice(from, to);
      return true;
    },
    'time-taken': (entry, line, from, to) => {
      const seconds = decimalAt(line, from, to);
      if (seconds === null || seconds < 0 || entry.durationMs !== null) return false;
      entry.durationMs = Math.round(seconds * 1000 * 1000) / 1000;
      return true;
    },
    'cs-protocol-version': (entry, line, from, to) => {
      if (!line.startsWith('HTTP/', from) || from + 5 > to) return false;
      entry.networkProtocol = protocols.of(line, from, to);
      return true;
    },
  } satisfies Record<string, TakeAt>),
);

const STANDARD =
  'date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end';
const REALTIME =
  'timestamp c-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port x-edge-detailed-result-type c-country';

/** `kept`: it becomes an attribute, whatever it holds. */
type Column = { name: string; take: Take | null; plain: TakeAt | null; kept: boolean };

function columns(fields: string): Column[] {
  return fields
    .trim()
    .split(/\s+/)
    .map((name) => {
      const how = NAMES.get(name);
      const take = typeof how === 'function' ? how : null;
      return {
        name,
        take,
        plain: PLAIN.get(name) ?? null,
        kept: name !== 'date' && name !== 'time' && (take === null || take.only === true),
      };
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

/** The tab behind the column at `from`, or the end. Few characters are looked at quicker than searched, more are not. */
function tabAt(line: string, codes: Uint8Array, from: number): number {
  const stop = Math.min(from + 12, line.length);
  let i = from;
  while (i < stop && codes[i] !== 9) i++;
  if (i < stop || i === line.length) return i;
  const tab = line.indexOf('\t', i);
  return tab < 0 ? line.length : tab;
}

/** `client`: the column that must hold an address, -1 = the fields are known to be these. */
function parseColumns(record: string, names: Column[], client: number): Entry | Failure {
  const last = record.charCodeAt(record.length - 1);
  const line = last > 32 && last < 127 ? record : record.trimEnd();
  if (line === '' || line.charCodeAt(0) === 35) return { failure: 'empty' };
  // Real-time logs hold as many fields as their owner chose; all are always there.
  const entry = emptyEntry('aws.cloudfront', 'access', 'end');
  // Where they stand, 0…0 = they do not.
  let date = 0;
  let dateEnd = 0;
  let time = 0;
  let timeEnd = 0;
  let count = 0;
  let from = 0;
  const codes = charsOf(line);
  for (; from <= line.length; count++) {
    const start = from;
    const tab = tabAt(line, codes, from);
    from = tab + 1;
    // Nothing is said.
    if (tab - start === 1 && codes[start] === 45) {
      if (count === client) return { failure: 'format' };
      continue;
    }
    if (count >= names.length) continue;
    const { name, take, plain, kept } = names[count]!;
    if (leavesAttributes && kept && count !== client) continue;
    if (plain !== null && count !== client && plain(entry, line, start, tab)) continue;
    if (count === client) {
      if (!isAddressAt(line, start, tab)) return { failure: 'format' };
      entry.clientAddress = line.slice(start, tab);
      continue;
    }
    const value = line.slice(start, tab);
    if (name === 'date') {
      date = start;
      dateEnd = tab;
    } else if (name === 'time') {
      time = start;
      timeEnd = tab;
    } else if (take === null || !take(entry, value, name)) addAttribute(entry, name, value);
  }
  if (count < 3 || count <= client) return { failure: 'format' };
  if (count < names.length && count < 19) return { failure: 'torn' };
  if (dateEnd > date) {
    if (dateEnd - date === 10 && timeEnd - time === 8) entry.timeMs = readDayAndClock(line, date, time);
    else entry.timeMs = readIso(`${line.slice(date, dateEnd)}T${line.slice(time, timeEnd) || '00:00:00'}Z`, 0);
  }
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
    late: true,
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
