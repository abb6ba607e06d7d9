/**
 * HOT. F5 BIG-IP ASM / Advanced WAF and F5 WAF for NGINX (App Protect): CEF, or `name="value"` joined by commas, whose names
 * the log profile chooses. The response code is 0 when no server answered; the support id is that of the blocking page.
 * Times are the device's, without a zone.
 */
import { chars, inChars, same } from '../bytes.ts';
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, domainOf, isBlank, known, pairAt } from '../fields.ts';
import { interned, remembering } from '../members.ts';
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

/** Where the next line break stands, which is written `\\r\\n`; a search for one character takes a third of one for four. */
function breakAt(request: string, from: number): number {
  let at = request.indexOf('\\', from);
  while (at >= 0 && !request.startsWith('\\r\\n', at)) at = request.indexOf('\\', at + 1);
  return at;
}

/** The whole request, its line breaks as `\\r\\n`. */
function setHeaders(entry: Entry, request: string): void {
  let end = breakAt(request, 0);
  if (end > 8 && request.startsWith(' HTTP/1.1', end - 9)) entry.networkProtocol = 'HTTP/1.1';
  else {
    const protocol = / (HTTP\/[\d.]+)$/.exec(
      request.slice(Math.max(0, end - 12), end < 0 ? undefined : end).slice(-12),
    );
    if (protocol !== null) entry.networkProtocol = protocol[1]!;
  }
  for (let line = 1; end >= 0 && line < LINES_MAX; line++) {
    const from = end + 4;
    end = breakAt(request, from);
    const to = end < 0 ? request.length : end;
    if (to === from) break;
    const colon = request.indexOf(':', from);
    if (colon <= from || colon >= to || colon - from >= 64) continue;
    if (leavesAttributes && !isFieldHeader(request, from, colon)) continue;
    setRequestHeader(entry, request.slice(from, colon), request.slice(colon + 1, to).trim());
  }
  if (entry.urlDomain !== null) entry.urlDomain = domainOf(entry.urlDomain);
}

/** Names are short, and a record has some dozens of them. */
const PAIRS_MAX = 200;

/** `attack_type="SQL-Injection",ip_client="203.0.113.7",support_id="18"`: a value ends at a quote in front of a comma or the end. */
function pairsOf(record: string, context: Context): Entry | Failure {
  if (record.indexOf('support_id="') < 0 || (record.indexOf('request_status="') < 0 && record.indexOf('outcome="') < 0))
    return { failure: 'format' };
  const last = record.charCodeAt(record.length - 1);
  const line = last > 32 && last < 127 ? record : record.trimEnd();
  const names = findPairs(line);
  if (names === null) return { failure: 'torn' };
  const entry = emptyEntry('f5.asm', 'audit', 'decision');
  for (let i = 0; i < names.length; i++) {
    const { name, value } = names[i]!;
    if (value !== '' && value !== 'N/A' && !takePair(entry, name, value)) addAttribute(entry, name, value);
  }
  const status = pairOf(STATE);
  const outcome = pairOf(OUTCOME);
  entry.eventOutcome = known(status === '' ? outcome : status);
  entry.wafIntercepted = status === 'blocked' || outcome === 'REJECTED';
  const tags = tagsOf(pairOf(ATTACKS));
  const violations = partsOf(pairOf(VIOLATIONS));
  for (let i = 0; i < violations.length && i < 30; i++) {
    const violation = violations[i]!;
    if (violation === 'N/A') continue;
    addRule(entry, {
      id: violation,
      message: violation,
      data: pairOf(SIGNATURES),
      tags,
      file: pairOf(RULE_SET),
      denied: entry.wafIntercepted,
    });
  }
  return datedOr(entry, context, { timeField: 'date_time', timeOptional: true });
}

/** Shared by all with the same list, and never written to. */
const tagsOf = remembering((list) => list.split(',').flatMap((tag) => known(tag.trim()) ?? []));

/** The name of a pair, and its value in the record in which it was seen last. */
interface Name {
  readonly name: string;
  /** `",name="` */
  readonly literal: Uint8Array;
  /** It becomes a field. */
  asked: boolean;
  /** The one that followed it in the record before. */
  next: Name | null;
  record: number;
  value: string;
}

/** Hostile records invent more; those are made anew for each. */
const NAMES = new Map<string, Name>();
const NAMES_MAX = 2000;

function nameOf(text: string, names: Name[]): Name {
  let name = NAMES.get(text);
  if (name !== undefined) return name;
  if (NAMES.size >= NAMES_MAX) name = names.find((one) => one.name === text);
  if (name !== undefined) return name;
  const made = {
    name: interned(text),
    literal: Buffer.from(`",${text}="`),
    asked: false,
    next: null,
    record: 0,
    value: '',
  };
  if (NAMES.size < NAMES_MAX) NAMES.set(made.name, made);
  return made;
}

function askedName(text: string): Name {
  const name = nameOf(text, []);
  name.asked = true;
  return name;
}
const STATE = askedName('request_status');
const OUTCOME = askedName('outcome');
const ATTACKS = askedName('attack_type');
const VIOLATIONS = askedName('violations');
const SIGNATURES = askedName('sig_names');
const RULE_SET = askedName('policy_name');
for (const name of 'date_time ip_client src_port dest_ip dest_port method uri query_string x_forwarded_for_header_value username support_id response_code request'.split(
  ' ',
))
  askedName(name);

let recordNumber = 0;

const pairOf = (name: Name): string => (name.record === recordNumber ? name.value : '');

/** The names in their order, each with its last value; while attributes are left for later, those without a field have none. null = the line is torn. */
function findPairs(line: string): Name[] | null {
  const names: Name[] = [];
  const ascii = inChars(line);
  recordNumber++;
  let size = 0;
  let before: Name | null = null;
  // The quote that ended the value before.
  let end = 0;
  while (size < PAIRS_MAX) {
    let name: Name | null = before === null ? null : before.next;
    let from: number;
    // Profiles keep an order: mostly it is the name that came next the last time.
    if (ascii && name !== null && same(chars, end, name.literal)) from = end + name.literal.length;
    else {
      const mark = pairAt(line, '=', 34, end);
      if (mark < 0) break;
      let key = mark;
      while (key > 0 && mark - key < 64 && isName(line.charCodeAt(key - 1))) key--;
      name = key === mark ? null : nameOf(line.slice(key, mark), names);
      if (before !== null) before.next = name;
      from = mark + 2;
    }
    end = line.indexOf('"', from);
    while (end >= 0 && end + 1 < line.length && line.charCodeAt(end + 1) !== 44) end = line.indexOf('"', end + 1);
    if (end < 0) return null;
    if (name === null) continue;
    const kept = name.asked || !leavesAttributes;
    if (name.record !== recordNumber) {
      name.record = recordNumber;
      size++;
      if (kept || NAMES.size >= NAMES_MAX) names.push(name);
    }
    name.value = kept ? line.slice(from, end) : '';
    before = name;
  }
  return names;
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
