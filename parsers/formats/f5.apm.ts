/**
 * F5 BIG-IP APM: what the access policy says in syslog, `CODE:SEVERITY: /partition/profile:partition:session: text`.
 * Rows of one session share its id: who came from where, who signed in, and what the policy decided. No request is named.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, isBlank, known, percentDecoded, SYSLOG_LEVELS } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readSyslog, readTime } from '../time.ts';

/** `01490102:5: /Common/portal:Common:ebe6a22a: `, at the beginning or behind `notice apmd[14173]: `. */
const HEAD = /(?:^|\s)(01[0-9a-f]{6}):([0-7]): (?:([^\s:]{1,200}):([^\s:]{1,100}):([0-9a-f]{8}): )?/;
/** `notice apmd[14173]: ` in front of it. */
const PROCESS = /(?:^|\s)(?:(\w+) )?(\w+)\[(\d+)\]: ?$/;
const DAEMONS = /^(?:apmd|tmm\d*|apd|eam|rewrite|vdi|websso|sessiondump|mdmsyncmgr|localdbmgr)/;

const SESSION = /^New session from client IP (\S+) .* at VIP (\S+)/;
const RESULT = 'Access policy result: ';
const AGENT = 'Received User-Agent header: ';

function setText(entry: Entry, text: string): void {
  entry.message = text;
  if (text.startsWith(RESULT)) entry.eventOutcome = known(text.slice(RESULT.length).trim());
  else if (text.startsWith("Username '")) entry.userName = known(text.slice(10, text.indexOf("'", 10)));
  else if (text.startsWith(AGENT)) entry.userAgentOriginal = known(decoded(text.slice(AGENT.length)));
  else {
    const session = text.startsWith('New session ') ? SESSION.exec(text) : null;
    if (session === null) return;
    if (isAddress(session[1]!)) entry.clientAddress = session[1]!;
    if (isAddress(session[2]!)) entry.serverAddress = session[2]!;
  }
}

/** URL-encoded by APM. */
function decoded(text: string): string {
  return percentDecoded(text.trim());
}

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const line = record.trimEnd();
  const head = HEAD.exec(line.slice(0, 500));
  if (head === null) return { failure: 'format' };
  const before = line.slice(0, head.index + (head[0].charCodeAt(0) === 48 ? 0 : 1));
  const process = PROCESS.exec(before);
  const daemon = process?.[2] ?? context.envelopeTag ?? '';
  // Other programs number their messages as well.
  if (!head[1]!.startsWith('0149') || (daemon !== '' && !DAEMONS.test(daemon) && head[5] === undefined))
    return { failure: 'format' };
  const entry = emptyEntry('f5.apm', 'app', 'decision');
  const timeMs = before === '' ? Number.NaN : timeOf(before, context.referenceMs);
  if (!Number.isNaN(timeMs)) {
    entry.timeMs = timeMs;
    entry.timeZoneless = read.zoneless;
  }
  entry.eventCode = head[1]!;
  entry.logLevel = SYSLOG_LEVELS[Number(head[2])] ?? null;
  entry.logLogger = known(daemon);
  entry.processId = process?.[3] ?? null;
  addAttribute(entry, 'policy', head[3] ?? '');
  addAttribute(entry, 'partition', head[4] ?? '');
  addAttribute(entry, 'session', head[5] ?? '');
  setText(entry, line.slice(head.index + head[0].length));
  return datedOr(entry, context, { timeField: 'time', timeOptional: true });
}

function timeOf(head: string, referenceMs: number): number {
  const ms = readSyslog(head, 0, referenceMs);
  return Number.isNaN(ms) ? readTime(head, 0, referenceMs) : ms;
}

export const format: Format = {
  dataset: 'f5.apm',
  title: 'F5 BIG-IP APM access policy log',
  usualLayer: 'gateway',
  parse,
};
