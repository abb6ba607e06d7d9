/**
 * CrowdSec: the log of the agent and of its bouncers, text of logrus. A decision bans an address and a scenario
 * performed is why; other lines are the process' own. Bouncers inside nginx write into its error log.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, levelOf } from '../fields.ts';
import { logfmt } from '../logfmt.ts';
import type { Format } from '../parser.ts';
import { read, readAny } from '../time.ts';

/** `(localhost/crowdsec) crowdsecurity/http-probing by ip 203.0.113.7 (NL/64500) : 4h ban on Ip 203.0.113.7` */
const DECISION =
  /^\(([^)]{1,120})\) (\S{1,160}) by (\w{1,12}) (\S{1,64})(?: \([^)]{0,120}\))? : (\S{1,24}) (\w{1,20}) on (\w{1,12}) (\S{1,64})/;
/** `Ip 203.0.113.7 performed 'crowdsecurity/http-probing' (11 events over 3.2s) at …` */
const OVERFLOW = /^(\w{1,12}) (\S{1,64}) performed '([^']{1,160})' \((\d{1,9}) events over (\S{1,24})\)/;

/** `22-11-2025 09:57:01` of older releases. */
function timeOf(text: string): number {
  const ms = readAny(text);
  if (!Number.isNaN(ms) || text.charCodeAt(2) !== 45 || text.charCodeAt(5) !== 45) return ms;
  return readAny(`${text.slice(6, 10)}-${text.slice(3, 5)}-${text.slice(0, 2)}T${text.slice(11)}`);
}

function parse(record: string): Entry | Failure {
  const line = record.trim();
  if (line === '') return { failure: 'empty' };
  if (!line.startsWith('time="')) return { failure: 'format' };
  const pairs = logfmt(line);
  const message = pairs?.msg;
  const level = pairs?.level;
  if (pairs === null || message === undefined || level === undefined) return { failure: 'format' };
  // Tyk and other programs of logrus have fields of their own.
  if (pairs.api_id !== undefined || pairs.mw !== undefined || pairs.prefix !== undefined) return { failure: 'format' };
  const entry = emptyEntry('crowdsec', 'app', 'decision');
  entry.timeMs = timeOf(pairs.time ?? '');
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'time' };
  entry.timeZoneless = read.zoneless;
  entry.logLevel = levelOf(level);
  entry.message = message;
  for (const name in pairs)
    if (name !== 'time' && name !== 'level' && name !== 'msg') addAttribute(entry, name, pairs[name]!);
  const decision = DECISION.exec(message);
  if (decision !== null) {
    entry.kind = 'ban';
    entry.eventOutcome = decision[6]!;
    entry.logLogger = decision[2]!;
    addAttribute(entry, 'origin', decision[1]!);
    addAttribute(entry, 'duration', decision[5]!);
    addAttribute(entry, 'scope', decision[7]!);
    // A simulated decision does nothing.
    if (message.includes('(simulated decision)')) entry.eventOutcome = `simulated ${decision[6]}`;
    if (isAddress(decision[8]!)) entry.clientAddress = decision[8]!;
    else addAttribute(entry, 'ban.id', decision[8]!);
    return entry;
  }
  const overflow = OVERFLOW.exec(message);
  if (overflow !== null) {
    entry.kind = 'ban';
    entry.eventOutcome = 'performed';
    entry.logLogger = overflow[3]!;
    addAttribute(entry, 'events', overflow[4]!);
    addAttribute(entry, 'over', overflow[5]!);
    if (isAddress(overflow[2]!)) entry.clientAddress = overflow[2]!;
    else addAttribute(entry, 'ban.id', overflow[2]!);
  }
  return entry;
}

export const format: Format = {
  dataset: 'crowdsec',
  title: 'CrowdSec log',
  usualLayer: 'network',
  // Many programs log with logrus.
  claim: ({ entries, fileName }) =>
    fileName.includes('crowdsec') || entries.some((e) => e.kind === 'ban' || /crowdsec/i.test(e.message ?? '')) ? 1 : 0,
  late: true,
  parse,
};
