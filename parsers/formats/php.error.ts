/**
 * PHP's error_log: `[22-Nov-2025 09:57:01 UTC] PHP Warning:  text in /file.php on line 7`, and what scripts write there
 * with error_log(). Stack traces go on in the next lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isBlank } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import type { Format } from '../parser.ts';
import { read, readDashed } from '../time.ts';

const DATASET = 'php.error';

function starts(line: string): boolean {
  // Always a zone behind the time: php-fpm's own log has none.
  return (
    line.charCodeAt(0) === 91 && line.charCodeAt(3) === 45 && line.charCodeAt(7) === 45 && line.charCodeAt(21) === 32
  );
}

const LEVELS: Record<string, string> = {
  'Fatal error': 'crit',
  'Recoverable fatal error': 'error',
  'Parse error': 'crit',
  Warning: 'warn',
  Notice: 'notice',
  Deprecated: 'notice',
  'Strict Standards': 'notice',
};

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!starts(record)) return { failure: 'format' };
  const close = record.indexOf('] ', 21);
  if (close < 0) return record.length < 60 ? { failure: 'torn' } : { failure: 'format' };
  const timeMs = readDashed(record, 1);
  const zone = record.slice(22, close);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  if (!/^[A-Za-z][\w+/-]{1,40}$/.test(zone)) return { failure: 'format', field: 'zone' };
  const entry = emptyEntry(DATASET, 'app', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  if (read.zoneless) addAttribute(entry, 'zone', zone);
  let text = record.slice(close + 2).trimEnd();
  const level = /^PHP ([A-Z][A-Za-z]+(?: [A-Za-z]+)*): {1,2}/.exec(text.slice(0, 60));
  if (level !== null) {
    entry.logLevel = LEVELS[level[1]!] ?? 'error';
    entry.logLogger = 'php';
    text = text.slice(level[0].length);
  }
  const place = / in (\/[^\n]{1,500}?)(?: on line |:)(\d+)$/m.exec(text.slice(0, 4000));
  if (place !== null) {
    entry.filePath = place[1]!;
    addAttribute(entry, 'line', place[2]!);
  }
  entry.message = text;
  setFromMessage(entry, entry.message);
  return entry;
}

export const format: Format = { dataset: DATASET, title: 'PHP error log', usualLayer: 'app', starts, parse };
