/**
 * Packets that the kernel's filter logged: iptables, nftables, ufw, firewalld, csf, the CrowdSec firewall bouncer, and
 * Proxmox' own file. A packet is no request, and logging is rate limited. Other lines of the kernel are read as words.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, numberOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readClf } from '../time.ts';

/** What the rule's prefix says was done. */
const VERDICT =
  /(?:^|[^A-Z])(BLOCK(?:ED)?|DROP(?:PED)?|REJECT(?:ED)?|DENY|DENIED|ACCEPT(?:ED)?|ALLOW(?:ED)?|AUDIT|LIMIT)(?![A-Z])/i;

const KEPT = new Set(['IN', 'OUT', 'PHYSIN', 'PHYSOUT', 'PROTO', 'UID', 'MARK', 'LEN', 'TTL', 'TYPE', 'CODE']);

function parse(record: string, context: Context): Entry | Failure {
  if (record.trim() === '') return { failure: 'empty' };
  const source = record.indexOf(' SRC=');
  const first = record.indexOf('IN=');
  if (source < 0 || first < 0 || first > source || record.indexOf(' DST=', source) < 0) {
    // Every other line of the kernel in a source of packets.
    if (context.envelopeTag !== 'kernel') return { failure: 'format' };
    const entry = emptyEntry('iptables', 'app', 'decision');
    entry.message = record.trimEnd();
    entry.logLogger = 'kernel';
    return datedOr(entry, context, { timeField: 'time', timeOptional: true });
  }
  const entry = emptyEntry('iptables', 'error', 'decision');
  entry.logLogger = 'kernel';
  // Proxmox: `101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 REJECT: IN=…`.
  const slash = record.indexOf('/');
  let head = 0;
  if (slash > 2 && slash < first) {
    const ms = readClf(record, slash - 2);
    if (!Number.isNaN(ms)) {
      entry.timeMs = ms;
      entry.timeZoneless = read.zoneless;
      const words = record.slice(0, slash - 2).split(' ');
      addAttribute(entry, 'vmid', words[0] ?? '');
      addAttribute(entry, 'chain', words[2] ?? '');
      head = read.end;
    }
  }
  let prefix = record.slice(head, first);
  // `[12345.678901] `: seconds since the machine started.
  const uptime = /^\s*\[\s*\d+\.\d+\]\s*/.exec(prefix.slice(0, 40));
  if (uptime !== null) prefix = prefix.slice(uptime[0].length);
  prefix = prefix.trim();
  addAttribute(entry, 'prefix', prefix);
  const verdict = VERDICT.exec(prefix.slice(0, 200));
  if (verdict !== null) entry.eventOutcome = verdict[1]!.toUpperCase();
  entry.message = record.slice(head).trim();
  setPacket(entry, record, first);
  return datedOr(entry, context, { timeField: 'time', timeOptional: true });
}

/** `KEY=value` and flags, up to the packet that an ICMP error quotes in brackets. */
function setPacket(entry: Entry, record: string, from: number): void {
  const flags: string[] = [];
  let at = from;
  for (let n = 0; n < 60 && at < record.length; n++) {
    let end = record.indexOf(' ', at);
    if (end < 0) end = record.length;
    if (record.charCodeAt(at) === 91) break;
    const word = record.slice(at, end);
    const equals = word.indexOf('=');
    if (equals > 0) setField(entry, word.slice(0, equals), word.slice(equals + 1));
    else if (word === 'SYN' || word === 'ACK' || word === 'RST' || word === 'FIN' || word === 'DF') flags.push(word);
    at = end + 1;
  }
  addAttribute(entry, 'flags', flags.join(' '));
}

function setField(entry: Entry, name: string, value: string): void {
  if (name === 'SRC') entry.clientAddress = isAddress(value) ? value : null;
  else if (name === 'DST') entry.serverAddress = isAddress(value) ? value : null;
  else if (name === 'SPT') entry.clientPort = numberOf(value) || null;
  else if (name === 'DPT') entry.serverPort = numberOf(value) || null;
  else if (KEPT.has(name)) addAttribute(entry, name, value);
}

export const format: Format = {
  dataset: 'iptables',
  title: 'Packet filter log (iptables, nftables, ufw, firewalld)',
  usualLayer: 'network',
  // A kernel log without packets is syslog.
  claim: ({ entries }) => (entries.some((entry) => entry.kind === 'error') ? 1 : 0),
  parse,
};
