/** Apinto's error log: `[2026-09-01 10:30:00] [ERRO] sentence key=value`, local time, no request id. */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isBlank } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readIso } from '../time.ts';

/** Names of levels, cut to four letters. */
const LEVELS: Record<string, string> = {
  PANI: 'emerg',
  FATA: 'crit',
  ERRO: 'error',
  WARN: 'warn',
  INFO: 'info',
  DEBU: 'debug',
  TRAC: 'debug',
};
const CUT = new Set(['PANI', 'FATA', 'ERRO', 'DEBU', 'TRAC']);

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.charCodeAt(0) !== 91) return { failure: 'format' };
  const timeMs = readIso(record, 1);
  if (Number.isNaN(timeMs) || !record.startsWith('] [', read.end)) return { failure: 'format' };
  const { end, zoneless } = read;
  const word = record.slice(end + 3, end + 7);
  const level = LEVELS[word];
  if (level === undefined || record.charCodeAt(end + 7) !== 93) return { failure: 'format' };
  const entry = emptyEntry('apinto.error', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  entry.logLevel = level;
  if (CUT.has(word)) addAttribute(entry, 'level', word);
  const text = record.slice(end + 9).trim();
  entry.message = text;
  // "auth error: [jwt_auth] Invalid signature": the plugin that speaks.
  const plugin = /^[a-z ]{0,40}: \[([a-z0-9_-]{1,40})\] /.exec(text.slice(0, 100));
  if (plugin !== null) entry.logLogger = plugin[1]!;
  return entry;
}

export const format: Format = {
  dataset: 'apinto.error',
  title: 'Apinto / APIPark error log',
  usualLayer: 'gateway',
  // Many programs write a time and a level in brackets; only Apinto cuts the level to four letters.
  claim: ({ entries, fileName }) =>
    entries.some((entry) => entry.attributes?.level !== undefined) || /apinto|apipark/.test(fileName) ? 1 : 0,
  parse,
};
