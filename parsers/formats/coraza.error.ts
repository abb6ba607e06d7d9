/**
 * Coraza's sentence about one rule as a line of its own, with or without a time in front, as its connectors write it
 * (in Caddy's JSON it stands in `msg`).
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isAddressAt, isBlank, levelOf } from '../fields.ts';
import { remembering } from '../members.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readAny } from '../time.ts';
import { parseWafLine, sentence, setWafLine } from '../waf.ts';

const LEVEL = /\b(emerg\w*|alert|crit\w*|error|warn\w*|notice|info|debug)\b/i;
const levelIn = remembering((head): string | null => levelOf(LEVEL.exec(head)?.[1] ?? ''));

function endOf(record: string): number {
  const last = record.charCodeAt(record.length - 1);
  return last > 32 && last < 127 ? record.length : record.trimEnd().length;
}

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const at = record.indexOf('[client "');
  if (at < 0 || at > 120) return { failure: 'format' };
  const close = record.indexOf('"] Coraza: ', at);
  if (close < 0 || close - at > 80) return { failure: 'format' };
  const line = parseWafLine(record, close + 11, endOf(record));
  if (line === null) return { failure: 'torn' };
  const entry = emptyEntry('coraza.error', 'error', 'decision');
  if (at > 0) {
    const head = record.slice(0, at);
    const ms = readAny(head.trimStart());
    // Behind the time it is nearly always the same.
    let behind = 0;
    if (!Number.isNaN(ms)) {
      entry.timeMs = ms;
      entry.timeZoneless = read.zoneless;
      if (head.charCodeAt(0) > 32) behind = read.end - 1;
    }
    entry.logLevel = levelIn(head.slice(behind));
  }
  if (isAddressAt(record, at + 9, close)) entry.clientAddress = record.slice(at + 9, close);
  entry.logLogger = 'coraza';
  setWafLine(entry, line);
  entry.message = sentence('Coraza', line);
  return datedOr(entry, context, { timeField: 'time', timeOptional: true });
}

export const format: Format = {
  dataset: 'coraza.error',
  title: 'Coraza error log',
  usualLayer: 'waf',
  late: true,
  parse,
};
