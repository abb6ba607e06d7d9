/**
 * Tyk Gateway: its log (logrus, as text or JSON) and the access log that it writes into it with the prefix access-log.
 * A `response_flag` says that Tyk answered itself, and why.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, isBlank, setTarget } from '../fields.ts';
import { type JsonObject, textOf } from '../json.ts';
import { logfmt } from '../logfmt.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr, fill, names, readerOf, set, type Take } from '../record.ts';
import { read, readSyslog } from '../time.ts';

const client: Take = (entry, value, name) => {
  const text = textOf(value);
  if (!isAddress(text)) return set.peer(entry, text, name);
  entry.clientAddress = text;
  return true;
};

const NAMES = names({
  time: set.time,
  level: set.level,
  msg: set.message,
  prefix: set.logger,
  client_ip: client,
  origin: client,
  remote_addr: ((entry, value, name) => entry.clientAddress !== null || set.peer(entry, value, name)) as Take,
  host: set.host,
  method: set.method,
  path: set.target,
  protocol: set.protocol,
  status: set.status,
  user_agent: set.agent,
  trace_id: set.uniqueId,
  upstream_status: set.upstreamStatus,
  upstream_addr: set.upstream,
  latency_total: set.millis,
  response_flag: set.outcome,
  response_code_details: set.code,
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  if (entry.logLogger === 'access-log') {
    entry.kind = 'access';
    entry.timePoint = 'end';
    // The path before it was rewritten is what the client asked for.
    const original = textOf(json.original_path);
    if (original.startsWith('/') && original !== entry.urlPath) {
      addAttribute(entry, 'path', entry.urlPath ?? '');
      setTarget(entry, original);
    }
    if (entry.upstreamStatusCode === null && entry.eventOutcome !== null) entry.upstreamStatusCode = 0;
  } else if (entry.logLogger === null) {
    const mw = textOf(json.mw);
    if (mw !== '') entry.logLogger = mw;
  }
  return undefined;
}

const PRODUCT = {
  dataset: 'tyk',
  title: '',
  usualLayer: null,
  kind: 'error',
  timePoint: 'decision',
  marks: [
    ['"level"'],
    ['"msg"'],
    ['"api_id"', '"prefix":"access-log"', '"prefix":"main"', '"prefix":"gateway"', '"mw"', '"prefix":"pub-sub"'],
  ],
  names: NAMES,
  timeField: 'time',
  needs: { original_path: true, mw: true },
  finish,
} as const;
const readJson = readerOf(PRODUCT);

/** `time="…" level=info msg="…" api_id=…`, whose time was `Sep 01 10:30:00` once. */
function parseText(record: string, context: Context): Entry | Failure {
  const json = logfmt(record.trim());
  if (json === null || json.level === undefined || json.msg === undefined) return { failure: 'format' };
  const entry = emptyEntry('tyk', 'error', 'decision');
  const time = json.time ?? '';
  // Whether it is one must not depend on the reference.
  if (time.charCodeAt(0) > 64 && !Number.isNaN(readSyslog(time, 0, 0))) {
    entry.timeMs = readSyslog(time, 0, context.referenceMs);
    entry.timeZoneless = read.zoneless;
    json.time = '';
  }
  fill(entry, json, NAMES);
  finish(entry, json);
  return datedOr(entry, context, { timeField: 'time' });
}

function parse(record: string, context: Context): Entry | Failure {
  if (record.charCodeAt(0) === 123) return readJson(record, context);
  if (isBlank(record)) return { failure: 'empty' };
  return record.startsWith('time="') ? parseText(record, context) : { failure: 'format' };
}

export const format: Format = {
  dataset: 'tyk',
  title: 'Tyk Gateway log',
  usualLayer: 'gateway',
  late: true,
  // Many programs log with logrus.
  claim: ({ entries, fileName }) =>
    /(?:^|[/\\._-])tyk/.test(fileName) ||
    entries.some((e) => e.kind === 'access' || e.attributes?.api_id !== undefined || e.attributes?.mw !== undefined)
      ? 1
      : 0,
  parse,
};
