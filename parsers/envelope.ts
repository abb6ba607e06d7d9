/**
 * HOT. Takes off what a log shipper wrapped around a line: syslog in three dialects, Docker, CRI, kubectl and
 * compose. A wrapper is found once per source (`detectEnvelope`), then applied to every line. It gives the inner
 * text and fills a Context; a line that does not have the wrapper gives null. To add a wrapper, add an entry.
 */
import { levelOf } from './fields.ts';
import type { Context } from './parser.ts';
import { read, readIso, readSyslog } from './time.ts';

export interface Envelope {
  /** "docker" */
  readonly name: string;
  /** For wrappers that name the program: other programs may write to the same file. */
  readonly isSyslog: boolean;
  /** The inner line, or null. Writes `envelope…` of the context; reads `referenceMs`. */
  peel(line: string, context: Context): string | null;
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

/** `tag[pid]: text` or `tag: text` at `at`. */
function peelTag(line: string, at: number, context: Context): string | null {
  const colon = line.indexOf(': ', at);
  const end = colon < 0 && line.endsWith(':') ? line.length - 1 : colon;
  if (end < 0 || end - at > 100) return null;
  const space = line.indexOf(' ', at);
  if (space >= 0 && space < end) return null;
  const bracket = line.indexOf('[', at);
  if (bracket > at && bracket < end && line.charCodeAt(end - 1) === 93) {
    context.envelopeTag = line.slice(at, bracket);
    context.envelopePid = line.slice(bracket + 1, end - 1) || null;
  } else context.envelopeTag = line.slice(at, end);
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
    const at = skipPriority(line, 0);
    if (line.charCodeAt(at + 10) !== 84) return null;
    const ms = readIso(line, at);
    if (Number.isNaN(ms) || line.charCodeAt(read.end) !== 32) return null;
    context.envelopeMs = ms;
    context.envelopeZoneless = read.zoneless;
    const host = read.end + 1;
    const space = line.indexOf(' ', host);
    if (space <= host) return null;
    // `2025-11-22T09:57:01Z WARN com.example.Foo: …` is an application's own line, not syslog of the host WARN.
    if (space - host < 9 && levelOf(line.slice(host, space)) !== null) return null;
    const text = peelTag(line, space + 1, context);
    const tag = context.envelopeTag;
    if (tag !== null && tag.length < 9 && levelOf(tag) !== null) return null;
    context.envelopeHost = line.slice(host, space);
    return text;
  },
};

const rfc3164: Envelope = {
  name: 'syslog-3164',
  isSyslog: true,
  peel(line, context) {
    clear(context);
    const at = skipPriority(line, 0);
    const ms = readSyslog(line, at, Number.isNaN(context.referenceMs) ? 0 : context.referenceMs);
    if (Number.isNaN(ms) || line.charCodeAt(read.end) !== 32) return null;
    context.envelopeMs = Number.isNaN(context.referenceMs) ? Number.NaN : ms;
    context.envelopeZoneless = true;
    const host = read.end + 1;
    const space = line.indexOf(' ', host);
    if (space <= host) return null;
    // nginx with nohostname: the word after the time is the tag already.
    if (line.charCodeAt(space - 1) === 58) return peelTag(line, host, context);
    const text = peelTag(line, space + 1, context);
    context.envelopeHost = line.slice(host, space);
    return text;
  },
};

const rfc5424: Envelope = {
  name: 'syslog-5424',
  isSyslog: true,
  peel(line, context) {
    clear(context);
    const at = skipPriority(line, 0);
    if (at === 0 || !line.startsWith('1 ', at)) return null;
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

const docker: Envelope = {
  name: 'docker',
  isSyslog: false,
  peel(line, context) {
    clear(context);
    if (!line.startsWith('{"log":"')) return null;
    let parsed: { log?: unknown; time?: unknown; attrs?: Record<string, unknown> };
    try {
      parsed = JSON.parse(line);
    } catch {
      return null;
    }
    if (typeof parsed.log !== 'string' || typeof parsed.time !== 'string') return null;
    context.envelopeMs = readIso(parsed.time, 0);
    const tag = parsed.attrs?.tag;
    if (typeof tag === 'string') context.envelopeTag = tag;
    const text = parsed.log;
    return text.endsWith('\r\n') ? text.slice(0, -2) : text.endsWith('\n') ? text.slice(0, -1) : text;
  },
};

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

/** The most specific first. */
export const ENVELOPES: Envelope[] = [docker, cri, rfc5424, rsyslogIso, rfc3164, compose, timestamped];

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
