/**
 * HOT. F5 BIG-IP ASM / Advanced WAF and F5 WAF for NGINX (App Protect): CEF, or `name="value"` joined by commas, whose names
 * the log profile chooses. The response code is 0 when no server answered; the support id is that of the blocking page.
 * Times are the device's, without a zone.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, domainOf, isBlank, known } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { addRule, datedOr, isFieldHeader, set, setRequestHeader } from '../record.ts';
import { fillCef, keyOf, partsOf, readCef } from './cef.ts';

const STATUS = keyOf('cn1');
const FORWARDED = keyOf('cs5');
const REQUEST = keyOf('cs3');
const ATTACK = keyOf('cs4');
const POLICY = keyOf('cs1');

/** Shared, and never written to. */
const NO_TAGS: string[] = [];

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (record.indexOf('|F5|') < 0) return pairsOf(record, context);
  const cef = readCef(record);
  if (cef === null || (cef !== 'torn' && cef.vendor !== 'F5')) return { failure: 'format' };
  if (cef === 'torn') return { failure: 'torn' };
  const { fields } = cef;
  const status = fields.takeNumber(STATUS);
  const forwarded = fields.take(FORWARDED);
  const request = fields.take(REQUEST);
  const entry = emptyEntry('f5.asm', 'audit', 'decision');
  fillCef(entry, cef);
  entry.upstreamStatusCode = status;
  if (status !== null && status > 0) entry.httpResponseStatusCode = status;
  if (forwarded !== 'N/A') entry.forwardedFor = known(forwarded);
  setHeaders(entry, request);
  const action = entry.eventOutcome ?? '';
  entry.wafIntercepted = action === '' ? null : action === 'blocked';
  const attack = fields.of(ATTACK);
  const policy = fields.of(POLICY);
  const denied = entry.wafIntercepted === true;
  const tags = attack === '' || attack === 'N/A' ? NO_TAGS : partsOf(attack);
  const violations = partsOf(cef.name);
  for (let i = 0; i < violations.length && i < 30; i++) {
    const violation = violations[i]!;
    addRule(entry, { id: violation, message: violation, tags, file: policy, denied });
  }
  addAttribute(entry, 'version', cef.version);
  return datedOr(entry, context, { timeField: 'rt', timeOptional: true });
}

/** Lines of a request that are looked at. */
const LINES_MAX = 100;

/** The whole request, its line breaks as `\\r\\n`. */
function setHeaders(entry: Entry, request: string): void {
  let end = request.indexOf('\\r\\n');
  const protocol = / (HTTP\/[\d.]+)$/.exec(request.slice(Math.max(0, end - 12), end < 0 ? undefined : end).slice(-12));
  if (protocol !== null) entry.networkProtocol = protocol[1]!;
  for (let line = 1; end >= 0 && line < LINES_MAX; line++) {
    const from = end + 4;
    end = request.indexOf('\\r\\n', from);
    const to = end < 0 ? request.length : end;
    if (to === from) break;
    const colon = request.indexOf(':', from);
    if (colon <= from || colon >= to || colon - from >= 64) continue;
    const name = request.slice(from, colon);
    if (!leavesAttributes || isFieldHeader(name)) setRequestHeader(entry, name, request.slice(colon + 1, to).trim());
  }
  if (entry.urlDomain !== null) entry.urlDomain = domainOf(entry.urlDomain);
}

/** Names are short, and a record has some dozens of them. */
const PAIRS_MAX = 200;

/** `attack_type="SQL-Injection",ip_client="203.0.113.7",support_id="18"`: a value ends at a quote in front of a comma or the end. */
function pairsOf(record: string, context: Context): Entry | Failure {
  if (record.indexOf('support_id="') < 0 || (record.indexOf('request_status="') < 0 && record.indexOf('outcome="') < 0))
    return { failure: 'format' };
  const line = record.trimEnd();
  const pairs = new Map<string, string>();
  for (let mark = line.indexOf('="'); mark >= 0 && pairs.size < PAIRS_MAX; ) {
    let key = mark;
    while (key > 0 && mark - key < 64 && isName(line.charCodeAt(key - 1))) key--;
    let end = line.indexOf('"', mark + 2);
    while (end >= 0 && end + 1 < line.length && line.charCodeAt(end + 1) !== 44) end = line.indexOf('"', end + 1);
    if (end < 0) return { failure: 'torn' };
    if (key < mark) pairs.set(line.slice(key, mark), line.slice(mark + 2, end));
    mark = line.indexOf('="', end);
  }
  const entry = emptyEntry('f5.asm', 'audit', 'decision');
  for (const [name, value] of pairs) {
    if (value !== '' && value !== 'N/A' && !takePair(entry, name, value)) addAttribute(entry, name, value);
  }
  const status = pairs.get('request_status') ?? '';
  const outcome = pairs.get('outcome') ?? '';
  entry.eventOutcome = known(status === '' ? outcome : status);
  entry.wafIntercepted = status === 'blocked' || outcome === 'REJECTED';
  const tags = (pairs.get('attack_type') ?? '').split(',').flatMap((tag) => known(tag.trim()) ?? []);
  for (const violation of (pairs.get('violations') ?? '').split(',').slice(0, 30)) {
    if (violation.trim() === 'N/A') continue;
    addRule(entry, {
      id: violation.trim(),
      message: violation.trim(),
      data: pairs.get('sig_names') ?? '',
      tags,
      file: pairs.get('policy_name') ?? '',
      denied: entry.wafIntercepted,
    });
  }
  return datedOr(entry, context, { timeField: 'date_time', timeOptional: true });
}

function isName(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
}

function takePair(entry: Entry, name: string, value: string): boolean {
  switch (name) {
    case 'date_time':
      return set.time(entry, value, name);
    case 'ip_client':
      return set.client(entry, value, name);
    case 'src_port':
      return set.clientPort(entry, value, name);
    case 'dest_ip':
      return set.server(entry, value, name);
    case 'dest_port':
      return set.serverPort(entry, value, name);
    case 'method':
      return set.method(entry, value, name);
    case 'uri':
      return set.target(entry, value, name);
    case 'query_string':
      return set.query(entry, value, name);
    case 'x_forwarded_for_header_value':
      return set.forwarded(entry, value, name);
    case 'username':
      return set.user(entry, value, name);
    case 'support_id':
      return set.id(entry, value, name);
    case 'response_code':
      set.upstreamStatus(entry, value, name);
      return value === '0' || set.status(entry, value, name);
    case 'request':
      setHeaders(entry, value);
      return true;
    case 'request_status':
    case 'outcome':
      return true;
    default:
      return false;
  }
}

export const format: Format = {
  dataset: 'f5.asm',
  title: 'F5 ASM and App Protect',
  usualLayer: 'waf',
  late: true,
  parse,
};
