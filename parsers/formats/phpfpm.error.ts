/**
 * PHP-FPM's own log: `[22-Nov-2025 09:57:01] LEVEL: [pool www] child 12, script '/x.php' (request: "GET /x.php") text`.
 * Local time without zone. What a script wrote to stderr stands in quotes.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, levelOf, setRequestLine } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import type { Format } from '../parser.ts';
import { read, readDashed } from '../time.ts';

const DATASET = 'phpfpm.error';
const NO_FORMAT: Failure = { failure: 'format' };

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  if (line.charCodeAt(0) !== 91 || line.charCodeAt(3) !== 45 || line.charCodeAt(7) !== 45) return NO_FORMAT;
  const timeMs = readDashed(line, 1);
  const close = line.indexOf('] ', 12);
  const colon = line.indexOf(': ', close);
  if (close < 0 || colon < 0) return close < 0 && line.length < 30 ? { failure: 'torn' } : NO_FORMAT;
  const word = line.slice(close + 2, colon);
  const level = /^[A-Z]+$/.test(word) ? levelOf(word) : null;
  if (level === null) return NO_FORMAT;
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  if (read.end !== close) return NO_FORMAT;
  const entry = emptyEntry(DATASET, 'app', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  entry.logLevel = level;
  let text = line.slice(colon + 2);
  // At level debug: `pid 12, fpm_children_make(), line 421: `.
  const debug = /^pid (\d+), (\w+)\(\), line \d+: /.exec(text.slice(0, 120));
  if (debug !== null) {
    entry.processId = debug[1]!;
    entry.logLogger = debug[2]!;
    text = text.slice(debug[0].length);
  }
  const pool = /^\[pool ([^\]]{1,100})\] /.exec(text.slice(0, 120));
  if (pool !== null) {
    entry.logLogger ??= 'pool';
    addAttribute(entry, 'pool', pool[1]!);
    text = text.slice(pool[0].length);
  }
  const child = /^child (\d+)/.exec(text);
  if (child !== null) entry.processId = child[1]!;
  const script = /\bscript '([^']{1,500})'/.exec(text.slice(0, 700));
  if (script !== null) entry.filePath = script[1]!;
  const request = /\(request: "([A-Z]{3,12} [^"]{1,2000})"\)/.exec(text.slice(0, 3000));
  if (request !== null) setRequestLine(entry, request[1]!);
  entry.message = text;
  setFromMessage(entry, entry.message);
  return entry;
}

export const format: Format = { dataset: DATASET, title: 'PHP-FPM log', usualLayer: 'app', late: true, parse };
