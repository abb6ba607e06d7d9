/**
 * Error log of LiteSpeed and OpenLiteSpeed: `2025-11-22 09:57:01.123456 [LEVEL] [pid] [T0] [client:port-n#vhost] text`.
 * No zone; the client stands there only where a request is meant.
 */
import { type Entry, emptyEntry, type Failure, isFailure } from '../entry.ts';
import { addAttribute, domainOf, isBlank, isDigits, levelOf, looksLikeHost, setClientPeer } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

const DATASET = 'openlitespeed.error';
const NO_FORMAT: Failure = { failure: 'format' };

function starts(line: string): boolean {
  return line.charCodeAt(10) === 32 && line.charCodeAt(19) === 46 && line.startsWith(' [', 26);
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!starts(record)) return NO_FORMAT;
  const timeMs = readIso(record, 0);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  if (read.end !== 26) return NO_FORMAT;
  const entry = emptyEntry(DATASET, 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = true;
  let at = 27;
  const item = (): string | null => {
    if (record.charCodeAt(at) !== 91) return null;
    const end = record.indexOf(']', at);
    // An IPv6 address has brackets of its own.
    const stop = record.charCodeAt(at + 1) === 91 ? record.indexOf(']', end + 1) : end;
    if (stop < 0) return null;
    const text = record.slice(at + 1, stop);
    at = stop + 1;
    while (record.charCodeAt(at) === 32) at++;
    return text;
  };
  const level = levelOf(item() ?? '');
  const pid = item();
  if (level === null || pid === null) return at >= record.length ? { failure: 'torn' } : NO_FORMAT;
  if (!isDigits(pid)) return { failure: 'format', field: 'pid' };
  entry.logLevel = level;
  entry.processId = pid;
  for (;;) {
    const before = at;
    const text = item();
    if (text === null) break;
    const peer = /^(\[?[0-9a-fA-F.:]+\]?:\d+)(?::HTTP\d|:QUIC)?(?:-\d+)?(?:#(.+))?$/.exec(text);
    if (/^T\d+$/.test(text)) addAttribute(entry, 'thread', text);
    else if (peer !== null) {
      setClientPeer(entry, peer[1]!);
      if (peer[2] !== undefined) {
        addAttribute(entry, 'vhost', peer[2]);
        if (looksLikeHost(peer[2])) entry.urlDomain = domainOf(peer[2]);
      }
    } else {
      at = before;
      break;
    }
  }
  entry.message = record.slice(at).trimEnd();
  return entry;
}

export const format: Format = {
  dataset: DATASET,
  title: 'LiteSpeed error log',
  usualLayer: 'web',
  starts,
  // Others log time, level and a number in brackets too; a thread or a client behind them is LiteSpeed's.
  claim: ({ entries, fileName }) =>
    /litespeed|lsws/.test(fileName) ||
    entries.some((entry) => !isFailure(entry) && (entry.attributes?.thread !== undefined || entry.clientPort !== null))
      ? 1
      : 0,
  parse,
};
