/**
 * fail2ban: who was found, banned and unbanned, by which jail. No HTTP request stands in it; a banned client leaves
 * no other line.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, levelOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

const VERBS = ['Restore Ban', 'Increase Ban', 'Found', 'Ignore', 'Reban', 'Unban', 'Ban'];

/** Text behind the level: `[jail] Ban 203.0.113.7`, or a sentence of the server. */
function setText(entry: Entry, text: string): void {
  entry.message = text;
  if (text.charCodeAt(0) !== 91) return;
  const end = text.indexOf('] ');
  if (end < 2) return;
  entry.logLogger = text.slice(1, end);
  const rest = text.slice(end + 2);
  entry.message = rest;
  const already = / already banned$/.exec(rest);
  if (already !== null) {
    setTarget(entry, 'already banned', rest.slice(0, already.index));
    return;
  }
  for (const verb of VERBS) {
    if (!rest.startsWith(`${verb} `)) continue;
    const target = rest.slice(verb.length + 1);
    const space = target.indexOf(' ');
    setTarget(entry, verb, space < 0 ? target : target.slice(0, space));
    return;
  }
}

function setTarget(entry: Entry, verb: string, target: string): void {
  entry.eventOutcome = verb;
  // The id of a ban may be a network or a user.
  if (isAddress(target)) entry.clientAddress = target;
  else addAttribute(entry, 'ban.id', target);
}

function parse(record: string, context: Context): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  const entry = emptyEntry('fail2ban', 'ban', 'decision');
  const tag = context.envelopeTag ?? '';
  let at = 0;
  // syslog took the logger for its tag: `fail2ban.actions[110]: NOTICE [jail] Ban 203.0.113.9`
  if (tag.startsWith('fail2ban.') || line.startsWith('fail2ban.')) {
    entry.timeMs = context.envelopeMs;
    entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  } else {
    entry.timeMs = readIso(line, 0);
    if (Number.isNaN(entry.timeMs)) return { failure: line.includes(' fail2ban.') ? 'time' : 'format', field: 'time' };
    entry.timeZoneless = read.zoneless;
    at = read.end + 1;
  }
  let component = tag;
  if (line.startsWith('fail2ban.', at)) {
    const head = /^(fail2ban\.[\w.]{1,60}) *(?:\[(\d{1,10})\])?: /.exec(line.slice(at, at + 120));
    if (head === null) return { failure: 'torn' };
    component = head[1]!;
    if (head[2] !== undefined) entry.processId = head[2];
    at += head[0].length;
  } else if (at > 0) return { failure: 'format' };
  const level = /^([A-Z]{3,9}) +/.exec(line.slice(at, at + 20));
  if (level === null) return { failure: 'torn' };
  entry.logLevel = levelOf(level[1]!);
  entry.logLogger = component;
  addAttribute(entry, 'component', component);
  setText(entry, line.slice(at + level[0].length));
  return entry;
}

export const format: Format = {
  dataset: 'fail2ban',
  title: 'fail2ban log',
  usualLayer: 'network',
  starts: (line) => !Number.isNaN(readIso(line, 0)) || line.startsWith('fail2ban.'),
  parse,
};
