/**
 * Tomcat's own log (JULI: catalina.out, localhost.log): `22-Nov-2025 09:57:01.123 LEVEL [thread] class.method text`,
 * also java.util.logging's two lines. No zone; stack traces go on in the next lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, isBlank, levelOf } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import type { Format } from '../parser.ts';
import { read, readDashed } from '../time.ts';

const DATASET = 'tomcat.juli';
const NO_FORMAT: Failure = { failure: 'format' };

function starts(line: string): boolean {
  return line.charCodeAt(2) === 45 && line.charCodeAt(11) === 32 && line.charCodeAt(14) === 58;
}

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!starts(record)) return NO_FORMAT;
  const timeMs = readDashed(record, 0);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const { zoneless } = read;
  // ` SEVERE [main] org.apache.catalina.Foo.bar text`
  const level = read.end + 1;
  const thread = record.indexOf(' [', level);
  const close = record.indexOf('] ', thread);
  if (thread < 0 || thread - level > 12) return record.length <= level + 12 ? { failure: 'torn' } : NO_FORMAT;
  const name = levelOf(record.slice(level, thread));
  if (name === null) return { failure: 'format', field: 'level' };
  if (close < 0) return { failure: 'torn' };
  const source = close + 2;
  let end = record.indexOf(' ', source);
  if (end < 0) end = record.length;
  const entry = emptyEntry(DATASET, 'app', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = zoneless;
  entry.logLevel = name;
  addAttribute(entry, 'thread', record.slice(thread + 2, close));
  entry.logLogger = record.slice(source, end) || null;
  entry.message = record.slice(end + 1).trimEnd();
  setFromMessage(entry, entry.message);
  const cause = /^\s*([\w.$]+(?:Exception|Error)): /m.exec(entry.message.slice(0, 4000));
  if (cause !== null) addAttribute(entry, 'exception', cause[1]!);
  return entry;
}

export const format: Format = {
  dataset: DATASET,
  title: 'Tomcat log (JULI)',
  usualLayer: 'app',
  starts,
  parse,
};
