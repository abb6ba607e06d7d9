/**
 * Coraza's sentence about one rule as a line of its own, with or without a time in front, as its connectors write it
 * (in Caddy's JSON it stands in `msg`).
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isAddress, isBlank, levelOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { datedOr } from '../record.ts';
import { read, readAny } from '../time.ts';
import { parseWafLine, sentence, setWafLine } from '../waf.ts';

const LEVEL = /\b(emerg\w*|alert|crit\w*|error|warn\w*|notice|info|debug)\b/i;

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const at = record.indexOf('[client "');
  if (at < 0 || at > 120) return { failure: 'format' };
  const close = record.indexOf('"] Coraza: ', at);
  if (close < 0 || close - at > 80) return { failure: 'format' };
  const line = parseWafLine(record, close + 11, record.trimEnd().length);
  if (line === null) return { failure: 'torn' };
  const entry = emptyEntry('coraza.error', 'error', 'decision');
  if (at > 0) {
    const head = record.slice(0, at);
    const ms = readAny(head.trimStart());
    if (!Number.isNaN(ms)) {
      entry.timeMs = ms;
      entry.timeZoneless = read.zoneless;
    }
    const level = LEVEL.exec(head);
    if (level !== null) entry.logLevel = levelOf(level[1]!);
  }
  const client = record.slice(at + 9, close);
  if (isAddress(client)) entry.clientAddress = client;
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
