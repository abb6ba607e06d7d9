/**
 * Linux audit log (auditd): `type=AVC msg=audit(epoch.ms:serial): avc: denied { … } for …`, what SELinux or AppArmor
 * refused a program. Nothing in it names a request: the file does.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, decimalOf, isAddress } from '../fields.ts';
import type { Format } from '../parser.ts';
import { epochMs } from '../time.ts';

function parse(record: string): Entry | Failure {
  const line = record.trimEnd();
  if (line === '') return { failure: 'empty' };
  // `node=web1 type=AVC msg=audit(1763805421.123:4242): …`
  const type = line.startsWith('type=') ? 0 : line.startsWith('node=') ? line.indexOf(' type=') + 1 : -1;
  const mark = type < 0 ? -1 : line.indexOf(' msg=audit(', type);
  if (mark < 0 || mark > 200) return { failure: type === 0 && line.length < 40 ? 'torn' : 'format' };
  const colon = line.indexOf(':', mark);
  const close = line.indexOf('): ', mark);
  const timeMs = colon < 0 ? Number.NaN : epochMs(decimalOf(line.slice(mark + 11, colon)) ?? Number.NaN);
  if (close < 0 && line.indexOf('):', mark) < 0) return { failure: 'torn' };
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'audit' };
  const entry = emptyEntry('kernel.audit', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.eventCode = line.slice(type + 5, mark);
  const serial = line.slice(colon + 1, line.indexOf(')', colon));
  addAttribute(entry, 'serial', serial);
  const text = close < 0 ? '' : line.slice(close + 3).trimStart();
  entry.message = text;
  // A program's own message is quoted whole: `msg='op=login … res=failed'`.
  const head =
    text.indexOf("'") < 0 ? text.slice(0, 4000) : text.slice(0, 4000).replace(" msg='", ' ').replace(/'$/, '');
  entry.eventOutcome = outcomeOf(head);
  setPairs(entry, head);
  return entry;
}

/** Looked for one after the other: half as long as one expression of all of them. */
function outcomeOf(text: string): string | null {
  const avc = text.startsWith('avc: ');
  if (
    (avc && /^avc: +denied/.test(text)) ||
    text.indexOf('apparmor="DENIED"') >= 0 ||
    text.indexOf('res=failed') >= 0 ||
    text.indexOf('success=no') >= 0
  )
    return 'denied';
  if (
    (avc && /^avc: +granted/.test(text)) ||
    text.indexOf('apparmor="ALLOWED"') >= 0 ||
    text.indexOf('res=success') >= 0 ||
    text.indexOf('success=yes') >= 0
  )
    return 'granted';
  return null;
}

/** Long values are cut, and so many pairs are looked at. */
const VALUE_MAX = 1000;
const PAIRS_MAX = 50;

/** `name=value` and `name="value"` behind a blank. A name is small letters and `_`, at most 24. */
function setPairs(entry: Entry, text: string): void {
  let count = 0;
  /** Behind the last pair. */
  let free = 0;
  for (let equals = text.indexOf('='); equals >= 0 && count < PAIRS_MAX; equals = text.indexOf('=', equals + 1)) {
    if (equals < free) continue;
    let from = equals;
    let c = text.charCodeAt(from - 1);
    while (from > free && equals - from < 25 && ((c >= 97 && c <= 122) || c === 95)) c = text.charCodeAt(--from - 1);
    if (from === equals || equals - from > 24 || (from > 0 && (text.charCodeAt(from - 1) !== 32 || from - 1 < free)))
      continue;
    let start = equals + 1;
    let end = -1;
    if (text.charCodeAt(start) === 34) {
      const quote = text.indexOf('"', start + 1);
      if (quote >= 0 && quote - start - 1 <= VALUE_MAX) {
        start++;
        end = quote;
        free = quote + 1;
      }
    }
    if (end < 0) {
      end = text.indexOf(' ', start);
      if (end < 0) end = text.length;
      end = Math.min(blankIn(text, start, end), start + VALUE_MAX);
      if (end === start) continue;
      free = end;
    }
    count++;
    setPair(entry, text.slice(from, equals), text.slice(start, end));
  }
}

/** White space of other kinds, which is rare, also ends a value. */
function blankIn(text: string, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    if ((c < 33 && c > 8) || c > 127) {
      const rest = /\s/.exec(text.slice(i, to));
      return rest === null ? to : i + rest.index;
    }
  }
  return to;
}

function setPair(entry: Entry, name: string, value: string): void {
  switch (name) {
    case 'pid':
      entry.processId = value;
      return;
    case 'path':
      entry.filePath = value;
      return;
    case 'comm':
      entry.logLogger = value;
      return;
    case 'name':
      if (entry.filePath === null && value.charCodeAt(0) === 47) {
        entry.filePath = value;
        return;
      }
      break;
    case 'addr':
      if (isAddress(value)) {
        entry.clientAddress = value;
        return;
      }
      break;
    default:
  }
  addAttribute(entry, name, value);
}

export const format: Format = {
  dataset: 'kernel.audit',
  title: 'Linux audit log (SELinux, AppArmor)',
  usualLayer: null,
  late: true,
  parse,
};
