/**
 * HOT. Takes off what a log shipper wrapped around a line: syslog in its dialects, journald, Docker, CRI, kubectl,
 * compose, AWS, and the JSON of Filebeat, Fluent Bit, Vector and others. A wrapper is found once per source, then
 * applied to every line. It gives the inner text and fills a Context; a line that does not have the wrapper gives null.
 * Wrappers may stand in wrappers (`nest`). Documents that hold many records are taken apart in `documents.ts`.
 * To add a wrapper, add an entry.
 */
import { Kept, levelOf } from './fields.ts';
import { dig, isObject, type JsonObject, textOf } from './json.ts';
import type { Context } from './parser.ts';
import { epochMs, read, readAny, readIso, readSyslog, readTime } from './time.ts';

export interface Envelope {
  /** "docker", "cri>syslog-3164" */
  readonly name: string;
  /** For wrappers that name the program: other programs may write to the same file. */
  readonly isSyslog: boolean;
  /** A JSON object around a text: what cannot be read inside may be read as the JSON that it is. */
  readonly isJson?: boolean;
  /** The inner line, or null. Writes `envelope…` of the context; reads `referenceMs`. */
  peel(line: string, context: Context): string | null;
  /**
   * Wrappers that cut long lines, and documents over several lines: for `split`, like those of a format. They hold
   * where the format inside has records of one line.
   */
  readonly starts?: (line: string) => boolean;
  readonly ends?: (line: string, firstLine: string) => boolean;
  /** The record's lines with the pieces of one line put together: fewer lines, each with its wrapper. */
  join?(record: string): string;
  /** The records in one document, each as it would stand alone on a line; null = it is no such document. */
  unpack?(record: string): string[] | null;
  /** Of a nested wrapper. */
  readonly inner?: Envelope;
}

/** A context in which nothing is known. `referenceMs`: the time near which the record must have been written. */
export function emptyContext(referenceMs = Number.NaN): Context {
  return {
    envelopeMs: Number.NaN,
    envelopeZoneless: false,
    envelopeTag: null,
    envelopeHost: null,
    envelopePid: null,
    referenceMs,
  };
}

function clear(context: Context): void {
  context.envelopeMs = Number.NaN;
  context.envelopeZoneless = false;
  context.envelopeTag = null;
  context.envelopeHost = null;
  context.envelopePid = null;
}

/** A file mostly comes from one program of one host. */
const tags = new Kept();
const pids = new Kept();
const hosts = new Kept();

/** Of the words that stand where a host and a tag do, the last two that are no levels. */
let notLevel = '';
let notLevelBefore = '';

function isLevel(word: string): boolean {
  if (word === notLevel || word === notLevelBefore) return false;
  if (levelOf(word) !== null) return true;
  notLevelBefore = notLevel;
  notLevel = word;
  return false;
}

/** `tag[pid]: text` or `tag: text` at `at`. */
function peelTag(line: string, at: number, context: Context): string | null {
  const colon = line.indexOf(': ', at);
  const end = colon < 0 && line.endsWith(':') ? line.length - 1 : colon;
  if (end < 0 || end - at > 100) return null;
  const space = line.indexOf(' ', at);
  if (space >= 0 && space < end) return null;
  let bracket = at;
  while (bracket < end && line.charCodeAt(bracket) !== 91) bracket++;
  if (bracket > at && bracket < end && line.charCodeAt(end - 1) === 93) {
    context.envelopeTag = tags.of(line, at, bracket);
    context.envelopePid = pids.of(line, bracket + 1, end - 1) || null;
  } else context.envelopeTag = tags.of(line, at, end);
  return context.envelopeTag === '' ? null : line.slice(end + 2);
}

/** Position behind `<190>`, or `at` itself. */
function skipPriority(line: string, at: number): number {
  if (line.charCodeAt(at) !== 60) return at;
  const end = line.indexOf('>', at);
  return end > at + 1 && end < at + 5 ? end + 1 : at;
}

const rsyslogIso: Envelope = {
  name: 'syslog-iso',
  isSyslog: true,
  peel(line, context) {
    clear(context);
    let at = skipPriority(line, 0);
    // journalctl's short-full: `Sat 2025-11-22 09:57:01 CET host …`; short-unix: `1763805421.123456 host …`.
    let ms: number;
    if (line.charCodeAt(at + 3) === 32 && line.charCodeAt(at + 8) === 45) {
      at += 4;
      ms = readIso(line, at);
    } else if (line.charCodeAt(at + 10) === 84) ms = readIso(line, at);
    else
      ms =
        line.charCodeAt(at + 10) === 46 && line.charCodeAt(at + 17) === 32
          ? readTime(line, at, Number.NaN)
          : Number.NaN;
    if (Number.isNaN(ms) || line.charCodeAt(read.end) !== 32) return null;
    context.envelopeMs = ms;
    context.envelopeZoneless = read.zoneless;
    const host = read.end + 1;
    const space = line.indexOf(' ', host);
    if (space <= host) return null;
    // `2025-11-22T09:57:01Z WARN com.example.Foo: …` is an application's own line, not syslog of the host WARN.
    const name = hosts.of(line, host, space);
    if (name.length < 9 && isLevel(name)) return null;
    const text = peelTag(line, space + 1, context);
    const tag = context.envelopeTag;
    if (tag !== null && tag.length < 9 && isLevel(tag)) return null;
    context.envelopeHost = name;
    return text;
  },
};

const rfc3164: Envelope = {
  name: 'syslog-3164',
  isSyslog: true,
  peel(line, context) {
    clear(context);
    const at = skipPriority(line, 0);
    let ms = readSyslog(line, at, Number.isNaN(context.referenceMs) ? 0 : context.referenceMs);
    let hasYear = false;
    if (Number.isNaN(ms) && line.charCodeAt(at + 3) === 32 && line.charCodeAt(at + 11) === 32) {
      // `Nov 22 2025 09:57:01`
      ms = readTime(line, at, Number.NaN);
      hasYear = true;
    }
    const mark = line.charCodeAt(read.end);
    if (Number.isNaN(ms) || (mark !== 32 && !(hasYear && mark === 58))) return null;
    context.envelopeMs = Number.isNaN(context.referenceMs) && !hasYear ? Number.NaN : ms;
    context.envelopeZoneless = read.zoneless;
    const host = mark === 58 ? read.end + 2 : read.end + 1;
    const space = line.indexOf(' ', host);
    if (space <= host) return null;
    // nginx with nohostname: the word after the time is the tag already.
    if (line.charCodeAt(space - 1) === 58) return peelTag(line, host, context);
    const text = peelTag(line, space + 1, context);
    context.envelopeHost = hosts.of(line, host, space);
    return text;
  },
};

const rfc5424: Envelope = {
  name: 'syslog-5424',
  isSyslog: true,
  peel(line, context) {
    clear(context);
    // Over TCP each message may have its length in front.
    const counted = line.charCodeAt(0) === 60 ? 0 : (/^\d{1,6} (?=<)/.exec(line)?.[0].length ?? 0);
    const at = skipPriority(line, counted);
    if (at === counted || !line.startsWith('1 ', at)) return null;
    // VERSION TIMESTAMP HOST APP PID MSGID SD [MSG]
    const words: string[] = [];
    let i = at + 2;
    while (words.length < 5) {
      const space = line.indexOf(' ', i);
      if (space < 0) return null;
      words.push(line.slice(i, space));
      i = space + 1;
    }
    const [time, host, app, pid] = words as [string, string, string, string, string];
    if (time !== '-') {
      const ms = readIso(time, 0);
      if (Number.isNaN(ms)) return null;
      context.envelopeMs = ms;
      context.envelopeZoneless = read.zoneless;
    }
    context.envelopeHost = host === '-' ? null : host;
    context.envelopeTag = app === '-' ? null : app;
    context.envelopePid = pid === '-' ? null : pid;
    if (line.charCodeAt(i) === 45) i += 1;
    else {
      while (line.charCodeAt(i) === 91) {
        i = endOfStructuredData(line, i);
        if (i < 0) return null;
      }
    }
    let text = line.charCodeAt(i) === 32 ? line.slice(i + 1) : line.slice(i);
    if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    return text;
  },
};

/** Behind the `]` of `[id name="va\"lue"]`, -1 = it does not end. */
function endOfStructuredData(line: string, at: number): number {
  let quoted = false;
  for (let i = at + 1; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c === 92) i++;
    else if (c === 34) quoted = !quoted;
    else if (c === 93 && !quoted) return i + 1;
  }
  return -1;
}

/** The line goes on in the next record: Docker cuts at 16 KiB, the piece has no line break at its end. */
function isDockerPart(line: string): boolean {
  const end = line.indexOf('","stream":"');
  return end > 0 && !line.startsWith('\\n', end - 2);
}

function dockerStream(line: string): string {
  const at = line.indexOf('","stream":"') + 12;
  return line.slice(at, at + 6);
}

const docker: Envelope = {
  name: 'docker',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (!line.startsWith('{"log":"')) return null;
    const parsed = parseLine(line);
    if (parsed === null || typeof parsed.log !== 'string' || typeof parsed.time !== 'string') return null;
    context.envelopeMs = readIso(parsed.time, 0);
    const tag = dig(parsed, 'attrs', 'tag');
    if (typeof tag === 'string') context.envelopeTag = tag;
    return withoutBreak(parsed.log);
  },
  starts: isDockerPart,
  ends: (line, first) => !isDockerPart(line) && dockerStream(line) === dockerStream(first),
  join(record) {
    return joinParts(record, isDockerPart, dockerStream, (first, last) => {
      const a = parseLine(first);
      const b = parseLine(last);
      if (a === null || b === null || typeof a.log !== 'string' || typeof b.log !== 'string')
        return `${first}\n${last}`;
      return JSON.stringify({ ...b, log: a.log + b.log });
    });
  },
};

/** Puts the pieces of a line together, apart from lines of another stream that came between. */
function joinParts(
  record: string,
  isPart: (line: string) => boolean,
  streamOf: (line: string) => string,
  put: (first: string, last: string) => string,
): string {
  const lines = record.split('\n');
  if (!lines.some(isPart)) return record;
  const out: string[] = [];
  const open = new Map<string, number>();
  for (const line of lines) {
    const stream = streamOf(line);
    const at = open.get(stream);
    if (at === undefined) out.push(line);
    else out[at] = put(out[at]!, line);
    if (!isPart(line)) open.delete(stream);
    else if (at === undefined) open.set(stream, out.length - 1);
  }
  return out.join('\n');
}

function parseLine(line: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function withoutBreak(text: string): string {
  return text.endsWith('\r\n') ? text.slice(0, -2) : text.endsWith('\n') ? text.slice(0, -1) : text;
}

/** Where ` stdout F ` begins. */
function criStream(line: string): number {
  const space = line.indexOf(' ');
  return space > 0 && space < 48 ? space : -1;
}

function isCriPart(line: string): boolean {
  const at = criStream(line);
  return at > 0 && line.charCodeAt(at + 8) === 80 && line.charCodeAt(at + 9) === 32 && line.startsWith(' std', at);
}

function criStreamName(line: string): string {
  const at = criStream(line);
  return at < 0 ? '' : line.slice(at + 1, at + 7);
}

const cri: Envelope = {
  name: 'cri',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (line.charCodeAt(10) !== 84) return null;
    const ms = readIso(line, 0);
    if (Number.isNaN(ms)) return null;
    const at = line.startsWith(' stdout ', read.end) || line.startsWith(' stderr ', read.end) ? read.end + 8 : -1;
    const tag = line.charCodeAt(at);
    if (at < 0 || (tag !== 70 && tag !== 80) || (line.length > at + 1 && line.charCodeAt(at + 1) !== 32)) return null;
    context.envelopeMs = ms;
    context.envelopeZoneless = read.zoneless;
    return line.slice(at + 2);
  },
  starts: isCriPart,
  ends: (line, first) => !isCriPart(line) && criStreamName(line) === criStreamName(first),
  join(record) {
    return joinParts(record, isCriPart, criStreamName, (first, last) => first + last.slice(criStream(last) + 10));
  },
};

const timestamped: Envelope = {
  name: 'timestamps',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (line.charCodeAt(10) !== 84) return null;
    const ms = readIso(line, 0);
    // Docker and kubectl write nine digits and a zone; fewer are an application's own time.
    if (Number.isNaN(ms) || read.zoneless || line.charCodeAt(read.end) !== 32 || read.end < 24) return null;
    context.envelopeMs = ms;
    return line.slice(read.end + 1);
  },
};

const compose: Envelope = {
  name: 'compose',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    // Its colours stand around the name and the bar.
    if (line.charCodeAt(0) === 27) {
      const bar = line.indexOf('|');
      const plain = bar < 0 || bar > 120 ? '' : `${line.slice(0, bar + 12).replace(ANSI, '')}${line.slice(bar + 12)}`;
      return plain === '' || plain.charCodeAt(0) === 27
        ? null
        : this.peel(plain.replace(/\| {2}(?=\S)/, '| '), context);
    }
    const bar = line.indexOf(' | ');
    const end = bar < 0 && line.endsWith(' |') ? line.length - 2 : bar;
    if (end <= 0 || end > 64) return null;
    let nameEnd = end;
    while (nameEnd > 0 && line.charCodeAt(nameEnd - 1) === 32) nameEnd--;
    const name = line.slice(0, nameEnd);
    if (name === '' || !/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name)) return null;
    context.envelopeTag = name;
    const text = line.slice(end + 3);
    const ms = readIso(text, 0);
    if (!Number.isNaN(ms) && !read.zoneless && read.end >= 24 && text.charCodeAt(read.end) === 32) {
      context.envelopeMs = ms;
      return text.slice(read.end + 1);
    }
    return text;
  },
};

/** `kubectl logs --prefix`: `[pod/web-5d/nginx] line`. */
const prefixed: Envelope = {
  name: 'kubectl-prefix',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (!line.startsWith('[pod/')) return null;
    const end = line.indexOf('] ');
    if (end < 0 || end > 320) return null;
    context.envelopeTag = line.slice(line.lastIndexOf('/', end) + 1, end);
    const text = line.slice(end + 2);
    const ms = readIso(text, 0);
    if (Number.isNaN(ms) || read.zoneless || read.end < 24 || text.charCodeAt(read.end) !== 32) return text;
    context.envelopeMs = ms;
    return text.slice(read.end + 1);
  },
};

/** `aws logs tail`: `2025-11-22T09:57:01.123000+00:00 stream line`; the time is milliseconds with three zeros. */
const awsTail: Envelope = {
  name: 'aws-tail',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (line.charCodeAt(19) !== 46 || !line.startsWith('000+00:00 ', 23)) return null;
    const ms = readIso(line, 0);
    const space = line.indexOf(' ', 33);
    if (Number.isNaN(ms) || space < 34 || space > 600) return null;
    context.envelopeMs = ms;
    context.envelopeTag = line.slice(33, space);
    return line.slice(space + 1);
  },
};

/** `journalctl -o json`; also what `documents.ts` makes of its export format. */
const journald: Envelope = {
  name: 'journald',
  isSyslog: true,
  isJson: true,
  peel(line, context) {
    clear(context);
    if (line.charCodeAt(0) !== 123 || line.indexOf('"MESSAGE"') < 0 || line.indexOf('_TIMESTAMP"') < 0) return null;
    const json = parseLine(line);
    if (json === null) return null;
    const time = json._SOURCE_REALTIME_TIMESTAMP ?? json.__REALTIME_TIMESTAMP;
    const ms = epochMs(Number(time));
    const text = messageOf(json.MESSAGE);
    if (Number.isNaN(ms) || text === null) return null;
    context.envelopeMs = ms;
    context.envelopeTag = textOf(json.SYSLOG_IDENTIFIER ?? json._COMM ?? json._SYSTEMD_UNIT) || null;
    context.envelopeHost = textOf(json._HOSTNAME) || null;
    context.envelopePid = textOf(json._PID ?? json.SYSLOG_PID) || null;
    return withoutBreak(text);
  },
};

/** Bytes that are not UTF-8 come as numbers; of a field that is there twice, both. */
function messageOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || value.length === 0) return null;
  if (typeof value[0] === 'string') return value.join('\n');
  return value.every((byte) => typeof byte === 'number') ? Buffer.from(value as number[]).toString('utf8') : null;
}

/** Members that hold the line, the most specific first. */
const TEXT_MEMBERS = [
  'textPayload',
  'log',
  'message',
  'msg',
  '_raw',
  'line',
  'LogMessage',
  'LogEntry',
  'event',
  'MESSAGE',
];
/** A shipper's own members: without one of them a JSON object with a message is an application's record. */
const SHIPPER_MEMBERS =
  /"(?:kubernetes|container_name|container_id|container|docker|source_type|insertId|logName|agent|beat|input|log\.file\.path|ingestionTime|eventId|logStreamName|logGroup|logStream|sourcetype|labels|syslogtag|programname|facility|PodName|ContainerName|ContainerID|_id|fluentd?_\w+|stream|tailed_path|filename|file)"\s*:/;

const shipper: Envelope = {
  name: 'shipper',
  isSyslog: false,
  isJson: true,
  peel(line, context) {
    clear(context);
    if (line.charCodeAt(0) !== 123) return null;
    if (!SHIPPER_MEMBERS.test(line) && !isBareEvent(line)) return null;
    const json = parseLine(line);
    if (json === null) return null;
    let text: string | null = null;
    for (const name of TEXT_MEMBERS) {
      const value = json[name];
      if (typeof value !== 'string' || value === '') continue;
      text = value;
      break;
    }
    if (text === null || isRecordItself(json)) return null;
    const time = json['@timestamp'] ?? json.timestamp ?? json.time ?? json.date ?? json.ts ?? json.TimeGenerated;
    const ms = typeof time === 'number' ? epochMs(time) : typeof time === 'string' ? readAny(time) : Number.NaN;
    if (!Number.isNaN(ms)) {
      context.envelopeMs = ms;
      context.envelopeZoneless = typeof time === 'string' && read.zoneless;
    }
    const tag =
      json.container_name ??
      dig(json, 'kubernetes', 'container_name') ??
      dig(json, 'container', 'name') ??
      json.programname;
    if (typeof tag === 'string') context.envelopeTag = tag;
    const host = dig(json, 'host', 'name') ?? json.host ?? json.hostname;
    if (typeof host === 'string') context.envelopeHost = host;
    return withoutBreak(text);
  },
};

/** CloudWatch: `{"timestamp":1763805421123,"message":"…"}` and nothing else. */
function isBareEvent(line: string): boolean {
  return /^\{"(?:timestamp":\d{13},"message"|id":"\d{40,70}","timestamp":\d{13},"message"|date":\d+\.\d+,"log")/.test(
    line,
  );
}

/** The shipper took the line apart already: what it found stands beside it. */
function isRecordItself(json: JsonObject): boolean {
  return (
    json.level !== undefined ||
    json['log.level'] !== undefined ||
    json.status !== undefined ||
    dig(json, 'http', 'response') !== undefined ||
    dig(json, 'log', 'level') !== undefined ||
    isObject(json.httpRequest)
  );
}

const ANSI = /\u001b\[[0-9;]*m/g;

/** The most specific first. */
export const ENVELOPES: Envelope[] = [
  docker,
  cri,
  rfc5424,
  awsTail,
  rsyslogIso,
  rfc3164,
  compose,
  prefixed,
  timestamped,
  journald,
  shipper,
];

/** `inner` within `outer`. Lines that have only the outer one are given as they are inside of it. */
export function nest(outer: Envelope, inner: Envelope): Envelope {
  return {
    name: `${outer.name}>${inner.name}`,
    isSyslog: outer.isSyslog || inner.isSyslog,
    isJson: outer.isJson === true || inner.isJson === true,
    peel(line, context) {
      const text = outer.peel(line, context);
      if (text === null) return null;
      const { envelopeMs, envelopeZoneless, envelopeTag, envelopeHost, envelopePid } = context;
      const innermost = inner.peel(text, context);
      // The inner time is closer to the event, unless it does not say which zone it is in.
      if (
        innermost === null ||
        Number.isNaN(context.envelopeMs) ||
        (context.envelopeZoneless && !envelopeZoneless && !Number.isNaN(envelopeMs))
      ) {
        context.envelopeMs = envelopeMs;
        context.envelopeZoneless = envelopeZoneless;
      }
      context.envelopeTag ??= envelopeTag;
      context.envelopeHost ??= envelopeHost;
      context.envelopePid ??= envelopePid;
      return innermost ?? text;
    },
    starts: outer.starts,
    ends: outer.ends,
    join: outer.join?.bind(outer),
    unpack: outer.unpack?.bind(outer),
    inner,
  };
}

/** The wrapper that fits at least nine of ten lines, or null. */
export function detectEnvelope(lines: string[], referenceMs = Number.NaN): Envelope | null {
  const context = emptyContext(referenceMs);
  let used = 0;
  for (const line of lines) if (line !== '') used++;
  if (used === 0) return null;
  for (const envelope of ENVELOPES) {
    let fits = 0;
    for (const line of lines) if (line !== '' && envelope.peel(line, context) !== null) fits++;
    if (fits > 0 && fits >= used * 0.9) return envelope;
  }
  return null;
}
