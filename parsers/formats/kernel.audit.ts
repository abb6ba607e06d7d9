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
  const head = text.slice(0, 4000).replace(" msg='", ' ').replace(/'$/, '');
  if (/^avc: +denied|apparmor="DENIED"|res=failed|success=no/.test(head)) entry.eventOutcome = 'denied';
  else if (/^avc: +granted|apparmor="ALLOWED"|res=success|success=yes/.test(head)) entry.eventOutcome = 'granted';
  for (const [name, quoted, plain] of pairs(head)) {
    const value = quoted ?? plain;
    if (name === 'pid') entry.processId = value;
    else if (name === 'path' || (name === 'name' && entry.filePath === null && value.startsWith('/')))
      entry.filePath = value;
    else if (name === 'addr' && isAddress(value)) entry.clientAddress = value;
    else if (name === 'comm') entry.logLogger = value;
    else addAttribute(entry, name, value);
  }
  return entry;
}

const PAIR = /(?:^| )([a-z_]{1,24})=(?:"([^"]{0,1000})"|(\S{1,1000}))/g;

/** `name=value` and `name="value"`, the first fifty. */
function pairs(text: string): [string, string | undefined, string][] {
  const out: [string, string | undefined, string][] = [];
  for (const match of text.matchAll(PAIR)) {
    if (out.length >= 50) break;
    out.push([match[1]!, match[2], match[3] ?? '']);
  }
  return out;
}

export const format: Format = {
  dataset: 'kernel.audit',
  title: 'Linux audit log (SELinux, AppArmor)',
  usualLayer: null,
  parse,
};
