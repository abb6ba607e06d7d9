/**
 * HOT. Imperva Cloud WAF (Incapsula), CEF: one event for a request; its name lists the attacks. `act` is the verdict
 * (REQ_PASSED, REQ_BLOCKED_…, REQ_CHALLENGE_…), `cn1` the status, `deviceExternalId` the request's id.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isBlank, known, numberOf } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { addRule, datedOr, set } from '../record.ts';
import { cefTime, fillCef, readCef } from './cef.ts';

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.indexOf('|Incapsula|') < 0 && record.indexOf('|Imperva') < 0) return { failure: 'format' };
  const cef = readCef(record);
  if (cef === null || (cef !== 'torn' && cef.vendor !== 'Incapsula' && !cef.vendor.startsWith('Imperva')))
    return { failure: 'format' };
  if (cef === 'torn') return { failure: 'torn' };
  const { fields } = cef;
  const status = numberOf(fields.take('cn1'));
  const forwarded = fields.take('xff');
  const query = fields.take('qstr');
  const site = fields.take('sourceServiceName');
  const id = fields.take('deviceExternalId');
  const port = numberOf(fields.take('cpt'));
  const headers = fields.take('additionalReqHeaders');
  const end = fields.take('end');
  const entry = emptyEntry('imperva.cef', 'audit', 'start');
  fillCef(entry, cef);
  entry.httpResponseStatusCode = status;
  entry.forwardedFor = known(forwarded);
  if (query !== '') entry.urlQuery = query;
  addId(entry, id);
  entry.clientPort ??= port || null;
  if (entry.urlDomain === null && site !== '') entry.urlDomain = site.toLowerCase();
  addAttribute(entry, 'sourceServiceName', site);
  setHeaders(entry, headers);
  const endMs = cefTime(end);
  if (endMs > entry.timeMs) entry.durationMs = endMs - entry.timeMs;
  const action = entry.eventOutcome ?? '';
  if (action !== '') entry.wafIntercepted = /^REQ_(?:BLOCKED|CHALLENGE|BAD|DOMAIN)/.test(action);
  const rules = fields.get('cs9').split(',');
  cef.name
    .split(',')
    .slice(0, 30)
    .forEach((attack, i) => {
      const name = (rules[i] ?? '').trim();
      addRule(entry, { id: name || attack.trim(), message: attack.trim(), denied: entry.wafIntercepted === true });
    });
  return datedOr(entry, context, { timeField: 'start', timeOptional: true });
}

/** `[{"Accept":"text/html"},{"X-Forwarded-For":"198.51.100.4"}]`, or one object. */
function setHeaders(entry: Entry, text: string): void {
  if (!(text.startsWith('[') && text.endsWith(']')) && !(text.startsWith('{') && text.endsWith('}'))) return;
  try {
    const json: unknown = JSON.parse(text);
    for (const item of Array.isArray(json) ? json.slice(0, 100) : [json]) set.headers(entry, item, '');
  } catch {
    addAttribute(entry, 'additionalReqHeaders', text);
  }
}

export const format: Format = {
  dataset: 'imperva.cef',
  title: 'Imperva Cloud WAF (CEF)',
  usualLayer: 'waf',
  late: true,
  parse,
};
