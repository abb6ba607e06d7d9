/**
 * HOT. Imperva Cloud WAF (Incapsula), CEF: one event for a request; its name lists the attacks. `act` is the verdict
 * (REQ_PASSED, REQ_BLOCKED_…, REQ_CHALLENGE_…), `cn1` the status, `deviceExternalId` the request's id.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, addId, isBlank, known } from '../fields.ts';
import { remembering } from '../members.ts';
import type { Context, Format } from '../parser.ts';
import { addRule, datedOr, set } from '../record.ts';
import { cefTime, fillCef, keyOf, partsOf, readCef } from './cef.ts';

const STATUS = keyOf('cn1');
const FORWARDED = keyOf('xff');
const QUERY = keyOf('qstr');
const SITE = keyOf('sourceServiceName');
const ID = keyOf('deviceExternalId');
const PORT = keyOf('cpt');
const HEADERS = keyOf('additionalReqHeaders');
const END = keyOf('end');
const RULES = keyOf('cs9');

/** Names of headers that become fields. */
const FIELD_HEADER =
  /"(?:host|:authority|user-agent|referer|content-type|x-forwarded-for|x-request-id|x-correlation-id|x-amzn-trace-id|traceparent|cf-ray|x-varnish)"/i;

const isRefusal = remembering((action) => /^REQ_(?:BLOCKED|CHALLENGE|BAD|DOMAIN)/.test(action));

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.indexOf('|Incapsula|') < 0 && record.indexOf('|Imperva') < 0) return { failure: 'format' };
  const cef = readCef(record);
  if (cef === null || (cef !== 'torn' && cef.vendor !== 'Incapsula' && !cef.vendor.startsWith('Imperva')))
    return { failure: 'format' };
  if (cef === 'torn') return { failure: 'torn' };
  const { fields } = cef;
  const status = fields.takeNumber(STATUS);
  const forwarded = fields.take(FORWARDED);
  const query = fields.take(QUERY);
  const site = fields.take(SITE);
  const id = fields.take(ID);
  const port = fields.takeNumber(PORT);
  const headers = fields.take(HEADERS);
  const end = fields.take(END);
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
  if (action !== '') entry.wafIntercepted = isRefusal(action);
  const attacks = partsOf(cef.name);
  const rules = partsOf(fields.of(RULES));
  const denied = entry.wafIntercepted === true;
  for (let i = 0; i < attacks.length && i < 30; i++) {
    const attack = attacks[i]!;
    addRule(entry, { id: rules[i] || attack, message: attack, denied });
  }
  return datedOr(entry, context, { timeField: 'start', timeOptional: true });
}

/** `[{"Accept":"text/html"},{"X-Forwarded-For":"198.51.100.4"}]`, or one object. */
function setHeaders(entry: Entry, text: string): void {
  if (!(text.startsWith('[') && text.endsWith(']')) && !(text.startsWith('{') && text.endsWith('}'))) return;
  if (leavesAttributes && text.indexOf('\\') < 0 && !FIELD_HEADER.test(text)) return;
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
