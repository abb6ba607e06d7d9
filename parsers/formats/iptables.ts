/**
 * Packets that the kernel's filter logged: iptables, nftables, ufw, firewalld, csf, the CrowdSec firewall bouncer, and
 * Proxmox' own file. A packet is no request, and logging is rate limited. Other lines of the kernel are read as words.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isAddress, isBlank, numberOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readClf } from '../time.ts';

/** What the rule's prefix says was done. */
const VERDICT =
  /(?:^|[^A-Z])(BLOCK(?:ED)?|DROP(?:PED)?|REJECT(?:ED)?|DENY|DENIED|ACCEPT(?:ED)?|ALLOW(?:ED)?|AUDIT|LIMIT)(?![A-Z])/i;

/** Capital letters as one number, so that a key is looked up without a text of its own. */
function codeOf(word: string): number {
  let code = 0;
  for (let i = 0; i < word.length; i++) code = code * 32 + word.charCodeAt(i) - 64;
  return code;
}

const KEPT = new Map(
  ['IN', 'OUT', 'PHYSIN', 'PHYSOUT', 'PROTO', 'UID', 'MARK', 'LEN', 'TTL', 'TYPE', 'CODE'].map((x) => [codeOf(x), x]),
);
const FLAGS = new Map(['SYN', 'ACK', 'RST', 'FIN', 'DF'].map((x) => [codeOf(x), x]));
const SRC = codeOf('SRC');
const DST = codeOf('DST');
const SPT = codeOf('SPT');
const DPT = codeOf('DPT');

/** What a prefix says was done: a firewall has few of them. */
const verdicts = new Map<string, string | null>();
const VERDICTS_KEPT = 1000;

function verdictOf(prefix: string): string | null {
  let verdict = verdicts.get(prefix);
  if (verdict === undefined) {
    const found = VERDICT.exec(prefix.slice(0, 200));
    verdict = found === null ? null : found[1]!.toUpperCase();
    if (verdicts.size < VERDICTS_KEPT && prefix.length < 200) verdicts.set(prefix, verdict);
  }
  return verdict;
}

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
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
  const bracket = prefix.indexOf('[');
  const uptime = bracket < 0 || bracket > 40 ? null : /^\s*\[\s*\d+\.\d+\]\s*/.exec(prefix.slice(0, 40));
  if (uptime !== null) prefix = prefix.slice(uptime[0].length);
  prefix = prefix.trim();
  addAttribute(entry, 'prefix', prefix);
  const verdict = verdictOf(prefix);
  if (verdict !== null) entry.eventOutcome = verdict;
  entry.message = record.slice(head).trim();
  setPacket(entry, record, first);
  return datedOr(entry, context, { timeField: 'time', timeOptional: true });
}

/** `KEY=value` and flags, up to the packet that an ICMP error quotes in brackets. */
function setPacket(entry: Entry, record: string, from: number): void {
  let flags = '';
  let at = from;
  for (let n = 0; n < 60 && at < record.length; n++) {
    let code = 0;
    let i = at;
    let c = record.charCodeAt(i);
    if (c === 91) break;
    while (c >= 65 && c <= 90 && i < at + 10) {
      code = code * 32 + c - 64;
      c = record.charCodeAt(++i);
    }
    let end = c === 32 ? i : record.indexOf(' ', i);
    if (end < 0) end = record.length;
    if (c === 61) setField(entry, code, record, i + 1, end);
    else if (i === end) {
      const flag = FLAGS.get(code);
      if (flag !== undefined) flags = flags === '' ? flag : `${flags} ${flag}`;
    }
    at = end + 1;
  }
  addAttribute(entry, 'flags', flags);
}

function setField(entry: Entry, code: number, record: string, from: number, to: number): void {
  if (code === SRC || code === DST) {
    const value = record.slice(from, to);
    const address = isAddress(value) ? value : null;
    if (code === SRC) entry.clientAddress = address;
    else entry.serverAddress = address;
  } else if (code === SPT) entry.clientPort = numberOf(record.slice(from, to)) || null;
  else if (code === DPT) entry.serverPort = numberOf(record.slice(from, to)) || null;
  else {
    const name = KEPT.get(code);
    if (name !== undefined) addAttribute(entry, name, record.slice(from, to));
  }
}

export const format: Format = {
  dataset: 'iptables',
  title: 'Packet filter log (iptables, nftables, ufw, firewalld)',
  usualLayer: 'network',
  // A kernel log without packets is syslog.
  claim: ({ entries }) => (entries.some((entry) => entry.kind === 'error') ? 1 : 0),
  parse,
};
