/**
 * Errors that Node.js programs print without a logger: `ForbiddenError: invalid csrf token`, the stack, perhaps the
 * members of the error in braces. They have no time of their own. In a log that has records with a head they belong to
 * the record in front, and `text.app` reads them.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import { type Context, type Format, RANK } from '../parser.ts';

const FIRST = /^(?:Uncaught )?([A-Z][\w$]{0,80}(?:Error|Exception))(?: \[(\w{1,60})\])?(?:: |$)/;
const STACK_MAX = 4000;

const starts = (line: string): boolean => FIRST.test(line.slice(0, 200));

function parse(record: string, context: Context): Entry | Failure {
  const text = record.trimEnd();
  if (text === '') return { failure: 'empty' };
  const end = text.indexOf('\n');
  const line = end < 0 ? text : text.slice(0, end);
  const match = FIRST.exec(line.slice(0, 200));
  if (match === null) return { failure: 'format' };
  const entry = emptyEntry('node.error', 'app', 'decision');
  entry.timeMs = context.envelopeMs;
  entry.timeZoneless = !Number.isNaN(context.envelopeMs) && context.envelopeZoneless;
  entry.logLevel = 'error';
  entry.message = line;
  addAttribute(entry, 'error.type', match[1]!);
  const rest = end < 0 ? '' : text.slice(end + 1);
  const code = match[2] ?? /^ {2,4}code: '(\w{1,60})'/m.exec(rest)?.[1];
  if (code !== undefined) entry.eventCode = code;
  const status = /^ {2,4}(?:status|statusCode): ([1-5]\d\d),?$/m.exec(rest);
  if (status !== null) entry.httpResponseStatusCode = Number(status[1]);
  setFromMessage(entry, line.slice(match[0].length));
  if (rest !== '') addAttribute(entry, 'error.stack_trace', rest.slice(0, STACK_MAX));
  return entry;
}

export const format: Format = {
  dataset: 'node.error',
  title: 'errors of Node.js without a logger',
  usualLayer: 'app',
  rank: RANK.syslog,
  starts,
  parse,
};
