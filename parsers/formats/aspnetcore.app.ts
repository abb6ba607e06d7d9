/**
 * The console logger of .NET: `warn: Category[7]`, then the message indented by six blanks, with the scopes (`=> …`)
 * first; on one line with SingleLine; `<4>Category[7] message` with systemd. The site may put a time in front.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isUniqueId, levelOf, SYSLOG_LEVELS } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { read, readTime } from '../time.ts';

const LEVELS: Record<string, string> = {
  trce: 'debug',
  dbug: 'debug',
  info: 'info',
  warn: 'warn',
  fail: 'error',
  crit: 'crit',
};
const HEAD = /^(?:(trce|dbug|info|warn|fail|crit): |<([2-7])>)([A-Za-z_][\w.+`<>,-]{0,200})\[(-?\d{1,10})\](?: (.*))?$/;
const INDENT = '      ';
const STACK = /^ {3}at |^ ---> |^\w[\w.]*(?:Exception|Error): /;

/** Where the level stands: behind a time, if there is one; -1 = nowhere. */
function headAt(line: string, referenceMs: number): number {
  const c = line.charCodeAt(0);
  if (c === 60 || (c >= 97 && c <= 122)) return 0;
  const open = c === 91 ? 1 : 0;
  if (Number.isNaN(readTime(line, open, referenceMs))) return -1;
  let at = read.end;
  if (open === 1 && line.charCodeAt(at) === 93) at++;
  while (line.charCodeAt(at) === 32) at++;
  return at;
}

function starts(text: string): boolean {
  const line = text.charCodeAt(0) === 27 ? text.replace(/\u001b\[[0-9;]*m/g, '') : text;
  const at = headAt(line, 1e12);
  return at >= 0 && HEAD.test(line.slice(at, at + 400));
}

function parse(record: string, context: Context): Entry | Failure {
  const text = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trimEnd();
  if (text.trim() === '') return { failure: 'empty' };
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end);
  const at = headAt(line, Number.isNaN(context.envelopeMs) ? context.referenceMs : context.envelopeMs);
  const timeMs = at > 0 ? readTime(line, line.charCodeAt(0) === 91 ? 1 : 0, context.referenceMs) : Number.NaN;
  const { zoneless } = read;
  const match = at < 0 ? null : HEAD.exec(line.slice(at));
  if (match === null) return { failure: 'format' };
  const entry = emptyEntry('aspnetcore.app', 'app', 'decision');
  entry.timeMs = Number.isNaN(timeMs) ? context.envelopeMs : timeMs;
  if (!Number.isNaN(entry.timeMs)) entry.timeZoneless = Number.isNaN(timeMs) ? context.envelopeZoneless : zoneless;
  entry.logLevel = match[1] === undefined ? (levelOf(SYSLOG_LEVELS[Number(match[2])]!) ?? null) : LEVELS[match[1]]!;
  entry.logLogger = match[3]!;
  if (match[4] !== '0') entry.eventCode = match[4]!;
  const message: string[] = match[5] === undefined ? [] : [match[5]];
  const trace: string[] = [];
  for (const raw of end < 0 ? [] : text.slice(end + 1).split('\n')) {
    const inner = raw.startsWith(INDENT) ? raw.slice(INDENT.length) : raw;
    if (inner.startsWith('=> ') && message.length === 0) setScopes(entry, inner);
    else if (trace.length > 0 || (STACK.test(inner) && message.length > 0)) trace.push(inner);
    else message.push(inner);
  }
  entry.message = message.join('\n');
  if (trace.length > 0) {
    addAttribute(entry, 'error.stack_trace', trace.join('\n'));
    const error = /^([\w.]+): (.*)$/.exec(trace[0]!);
    if (error !== null) {
      addAttribute(entry, 'error.type', error[1]!);
      addAttribute(entry, 'error.message', error[2]!);
    }
  }
  setFromMessage(entry, entry.message);
  // The server's line of a request, with its answer.
  const finished = entry.message.startsWith('Request finished ')
    ? / (\d{1,9}(?:\.\d{1,6})?)ms$/.exec(entry.message)
    : null;
  if (finished !== null && entry.httpResponseStatusCode !== null) {
    entry.kind = 'access';
    entry.timePoint = 'end';
    entry.durationMs = Number(finished[1]);
  }
  return entry;
}

/** `=> SpanId:…, TraceId:…, ParentId:… => ConnectionId:… => RequestPath:/x RequestId:…` */
function setScopes(entry: Entry, line: string): void {
  for (const [, name = '', value = ''] of line.matchAll(/(\w+):(\S+?)(?=,? |$)/g)) {
    if (name === 'TraceId' && isUniqueId(value)) addId(entry, value);
    else if (name === 'RequestPath') entry.urlPath ??= value;
    else addAttribute(entry, name, value);
  }
}

export const format: Format = {
  dataset: 'aspnetcore.app',
  title: 'ASP.NET Core console',
  usualLayer: 'app',
  rank: RANK.own,
  starts,
  parse,
};
