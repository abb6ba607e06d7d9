/**
 * Any syslog line whose program has no format of its own: time, host, tag, message. What the message of a ban tool
 * or an authentication program says about an address is taken out.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { ENVELOPES, emptyContext } from '../envelope.ts';
import { addAttribute, isAddress } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';

const SYSLOG = ENVELOPES.filter((envelope) => envelope.isSyslog);

function parse(record: string, context: Context): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  const inner = emptyContext(context.referenceMs);
  for (const envelope of SYSLOG) {
    const text = envelope.peel(line, inner);
    if (text === null) continue;
    return readSyslogText(text, inner);
  }
  return { failure: /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d|\d{4}-\d\d-\d\d)/.test(line) ? 'torn' : 'format' };
}

/** What a program said, when its wrapper has been taken off. */
export function readSyslogText(text: string, wrapper: Context): Entry {
  const entry = emptyEntry('syslog', 'app', 'decision');
  entry.timeMs = wrapper.envelopeMs;
  entry.timeZoneless = wrapper.envelopeZoneless && !Number.isNaN(wrapper.envelopeMs);
  entry.logLogger = wrapper.envelopeTag;
  entry.processId = wrapper.envelopePid;
  if (wrapper.envelopeHost !== null) addAttribute(entry, 'host.name', wrapper.envelopeHost);
  entry.message = text;
  setDetails(entry, text);
  return entry;
}

function setDetails(entry: Entry, text: string): void {
  // mod_evasive: "Blacklisting address 203.0.113.5: possible DoS attack."
  const banned = /^Black ?listing address ([0-9A-Fa-f.:]+?):? possible/.exec(text);
  if (banned !== null && isAddress(banned[1]!)) {
    entry.clientAddress = banned[1]!;
    entry.eventOutcome = 'Blacklisting';
    return;
  }
  const packet = /\bSRC=([0-9A-Fa-f.:]{2,45}) .{0,400}\bDPT=(\d{1,5})/.exec(text);
  if (packet !== null && isAddress(packet[1]!)) {
    entry.clientAddress = packet[1]!;
    entry.serverPort = Number(packet[2]);
    return;
  }
  setFromMessage(entry, text);
}

export const format: Format = {
  dataset: 'syslog',
  title: 'syslog',
  usualLayer: null,
  rank: RANK.syslog,
  parse,
};
