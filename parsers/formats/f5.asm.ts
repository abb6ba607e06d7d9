/**
 * F5 BIG-IP ASM / Advanced WAF, CEF. `cn1` is the response code (0 = none was sent by a server), `act` the verdict, cs4
 * the attack types, `externalId` the support id of the blocking page. Times are the device's, without a zone.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, domainOf, known, numberOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { addRule, datedOr, setRequestHeader } from '../record.ts';
import { fillCef, readCef } from './cef.ts';

function parse(record: string, context: Context): Entry | Failure {
  if (record.trim() === '') return { failure: 'empty' };
  if (record.indexOf('|F5|') < 0) return { failure: 'format' };
  const cef = readCef(record);
  if (cef === null || (cef !== 'torn' && cef.vendor !== 'F5')) return { failure: 'format' };
  if (cef === 'torn') return { failure: 'torn' };
  const { fields } = cef;
  const status = numberOf(fields.get('cn1') ?? '');
  const forwarded = fields.get('cs5') ?? '';
  const request = fields.get('cs3') ?? '';
  for (const key of ['cn1', 'cs5', 'cs3']) fields.delete(key);
  const entry = emptyEntry('f5.asm', 'audit', 'decision');
  fillCef(entry, cef);
  entry.upstreamStatusCode = status;
  if (status !== null && status > 0) entry.httpResponseStatusCode = status;
  if (forwarded !== 'N/A') entry.forwardedFor = known(forwarded);
  setHeaders(entry, request);
  const action = entry.eventOutcome ?? '';
  entry.wafIntercepted = action === '' ? null : action === 'blocked';
  const attack = fields.get('cs4') ?? '';
  for (const violation of cef.name.split(',').slice(0, 30)) {
    addRule(entry, {
      id: violation.trim(),
      message: violation.trim(),
      tags: attack === '' || attack === 'N/A' ? [] : attack.split(',').map((tag) => tag.trim()),
      file: fields.get('cs1') ?? '',
      denied: entry.wafIntercepted === true,
    });
  }
  addAttribute(entry, 'version', cef.version);
  return datedOr(entry, context, { timeField: 'rt', timeOptional: true });
}

/** The whole request, its line breaks as `\r\n`. */
function setHeaders(entry: Entry, request: string): void {
  const lines = request.split('\\r\\n');
  const protocol = / (HTTP\/[\d.]+)$/.exec((lines[0] ?? '').slice(-12));
  if (protocol !== null) entry.networkProtocol = protocol[1]!;
  for (const line of lines.slice(1, 100)) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon > 0 && colon < 64) setRequestHeader(entry, line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (entry.urlDomain !== null) entry.urlDomain = domainOf(entry.urlDomain);
}

export const format: Format = {
  dataset: 'f5.asm',
  title: 'F5 BIG-IP ASM (CEF)',
  usualLayer: 'waf',
  parse,
};
