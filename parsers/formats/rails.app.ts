/**
 * Rails without a line formatter (development, and production with plain output): the lines of a request, from
 * `Started GET "/x" for 203.0.113.9 at …` to `Completed 403 Forbidden in 12ms`, are one record. With log tags each line
 * begins with them, and lines of other requests in between are left out. Lines with Ruby's own head (`I, [… #7]  INFO
 * -- : …`) are `text.app`.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isAddress, isMethod, isUniqueId, setTarget } from '../fields.ts';
import { setFromMessage } from '../message.ts';
import type { Context, Format } from '../parser.ts';
import { read, readTime } from '../time.ts';

const STARTED = /^((?:\[[^\]]{0,80}\] ?)*)Started ([A-Z]{3,10}) "([^"]*)" for (\S+) at (\d{4}-.*)$/;
const COMPLETED = /^Completed ([1-5]\d\d) .*?in (\d+)ms/;
const PROCESSING = /^Processing by ([\w:]+)#(\w+) as/;
/** Lines that tell what was done, not why something was refused. */
const ROUTINE =
  /^(?:Parameters: |Rendered |Rendering |Redirected to |Sent |CACHE |Read fragment|Write fragment|\w+ (?:Load|Update|Create|Exists|Count|Pluck|Destroy)\b|TRANSACTION|↳|\()/;
const EXCEPTION = /^([A-Z][\w]*(?:::[A-Z]\w*)*) \((.*)\):?$/;

const starts = (line: string): boolean => line.indexOf('Started ') >= 0 && STARTED.test(line);

function parse(record: string, context: Context): Entry | Failure {
  const text = (record.indexOf('\u001b') < 0 ? record : record.replace(/\u001b\[[0-9;]*m/g, '')).trimEnd();
  if (text.trim() === '') return { failure: 'empty' };
  const lines = text.split('\n');
  const match = STARTED.exec(lines[0]!);
  if (match === null) return { failure: /^(?:\[[^\]]{0,80}\] ?)*Started [A-Z]+ "/.test(lines[0]!) ? 'torn' : 'format' };
  const [, tags = '', method = '', target = '', client = '', time = ''] = match;
  const entry = emptyEntry('rails.app', 'app', 'start');
  entry.timeMs = readTime(time, 0, context.referenceMs);
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'time' };
  entry.timeZoneless = read.zoneless;
  if (isMethod(method)) entry.httpRequestMethod = method;
  setTarget(entry, target);
  if (isAddress(client)) entry.clientAddress = client;
  for (const [, tag = ''] of tags.matchAll(/\[([^\]]*)\]/g)) {
    if (isUniqueId(tag)) addId(entry, tag);
    else addAttribute(entry, 'tag', tag);
  }
  const said: string[] = [];
  const trace: string[] = [];
  for (const raw of lines.slice(1)) {
    if (tags !== '' && !raw.startsWith(tags.trimEnd())) continue;
    const line = raw.slice(tags === '' ? 0 : tags.trimEnd().length).trim();
    if (line === '') continue;
    const processing = PROCESSING.exec(line);
    const completed = processing === null ? COMPLETED.exec(line) : null;
    if (processing !== null) entry.logLogger = `${processing[1]}#${processing[2]}`;
    else if (completed !== null) {
      entry.httpResponseStatusCode = Number(completed[1]);
      entry.durationMs = Number(completed[2]);
    } else if (/^[\w./-]+\.rb:\d+:in /.test(line)) trace.push(line);
    else if (!ROUTINE.test(line)) said.push(line);
  }
  for (const line of said) {
    const exception = EXCEPTION.exec(line);
    if (exception === null) continue;
    addAttribute(entry, 'error.type', exception[1]!);
    addAttribute(entry, 'error.message', exception[2]!);
    break;
  }
  if (trace.length > 0) addAttribute(entry, 'error.stack_trace', trace.join('\n'));
  if (said.length > 0) {
    entry.message = said.join('\n');
    setFromMessage(entry, entry.message);
  }
  if (entry.httpResponseStatusCode !== null) entry.kind = 'access';
  return entry;
}

export const format: Format = {
  dataset: 'rails.app',
  title: 'Rails log, the lines of a request as one record',
  usualLayer: 'app',
  starts,
  parse,
};
