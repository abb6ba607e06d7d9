/**
 * HOT. Reads what ModSecurity (v2 and v3), Coraza and NAXSI write about one rule, wherever it stands: inside an error
 * log, an audit log's part H or a JSON message. It names rules; which of them was the reason is not decided here.
 */
import { charsOf } from './bytes.ts';
import type { Entry, RuleMatch } from './entry.ts';
import { addAttribute, addId, domainOf, isAddress, Kept, numberOf, unescapeText } from './fields.ts';

export const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];

/** Severity as name, whether it is logged as name or as number. */
export function severityOf(text: string): string {
  if (SEVERITIES.includes(text)) return text;
  const value = text.toLowerCase();
  if (value.length === 1) return SEVERITIES[value.charCodeAt(0) - 48] ?? '';
  return SEVERITIES.includes(value) ? value : value === 'warn' ? 'warning' : '';
}

export function emptyRule(): RuleMatch {
  return { id: '', message: '', data: '', file: '', severity: '', tags: [], variable: '', match: '', denied: false };
}

/** What one `ModSecurity: …` sentence said. */
export interface WafLine {
  rule: RuleMatch;
  /** "Access denied with code 403 (phase 2)." or "Warning." */
  action: string;
  status: number | null;
  phase: string;
  hostname: string;
  uri: string;
  uniqueId: string;
  client: string;
  /** Of the rule set. "OWASP_CRS/4.7.0" */
  ver: string;
}

const FIRST_ITEMS = [' [line "', ' [id "', ' [rev "', ' [msg "', ' [data "', ' [severity "', ' [hostname "', ' [uri "'];

/** Where the value of ` [name "` begins that stands at `open`, -1 = none does. */
function valueAt(codes: Uint8Array, open: number): number {
  for (let i = open + 2; i < open + 27; i++) {
    const c = codes[i]!;
    if ((c >= 97 && c <= 122) || c === 95 || (c >= 48 && c <= 57)) continue;
    return c === 32 && i > open + 2 && codes[i + 1] === 34 ? i + 2 : -1;
  }
  return -1;
}

/** Where the bracketed items of `from`…`to` begin, -1 = there are none. */
function firstItem(text: string, from: number, to: number): number {
  // Where there is a file it stands first.
  let first = text.indexOf(' [file "', from);
  if (first >= 0 && first < to) return first;
  first = -1;
  for (const item of FIRST_ITEMS) {
    const i = text.indexOf(item, from);
    if (i >= 0 && i < to && (first < 0 || i < first)) first = i;
  }
  return first;
}

/**
 * HOT. `Access denied with code 403 (phase 2). Pattern match "…" at ARGS:q. [file "…"] [line "…"] …` without the
 * `ModSecurity: ` in front, `from`…`to` of a text. Null when there are no bracketed items (messages about the engine
 * itself).
 */
export function parseWafLine(text: string, from = 0, to = text.length): WafLine | null {
  const first = firstItem(text, from, to);
  if (first < 0) return null;
  const line: WafLine = {
    rule: emptyRule(),
    action: '',
    status: null,
    phase: '',
    hostname: '',
    uri: '',
    uniqueId: '',
    client: '',
    ver: '',
  };
  splitAction(line, text, from, first);
  line.rule.variable = variableOf(line.rule.match);
  setItems(line, text, first, to);
  return line;
}

/** ` [` */
const isItem = (codes: Uint8Array, at: number): boolean => codes[at] === 32 && codes[at + 1] === 91;

function setItems(line: WafLine, text: string, first: number, to: number): void {
  const escapes = text.indexOf('\\', first) >= 0;
  const codes = charsOf(text);
  let at = first;
  while (at < to) {
    // One item mostly stands behind the other.
    const open = isItem(codes, at) ? at : text.indexOf(' [', at);
    if (open < 0 || open >= to) break;
    const from = valueAt(codes, open);
    if (from < 0 || from > to) {
      at = open + 2;
      continue;
    }
    // `[rev ""]` says nothing.
    if (codes[from] === 34 && codes[from + 1] === 93 && isItem(codes, from + 2)) {
      at = from + 2;
      continue;
    }
    const end = endOfItem(text, codes, from, to);
    if (end > from) {
      const item = itemAt(codes, open + 2, from - 2);
      if (item !== '') {
        const value = text.slice(from, end);
        setItem(line, item, escapes ? unescapeText(value) : value);
      }
    }
    at = end + 2;
  }
}

/** Position of the `"]` that closes an item: one that is followed by the next item or the end of the items. */
function endOfItem(text: string, codes: Uint8Array, from: number, to: number): number {
  let end = text.indexOf('"', from);
  while (end >= 0 && end + 2 <= to) {
    if (codes[end + 1] === 93) {
      const next = codes[end + 2];
      if (end + 2 === to || next === 32 || next === 44 || next === 10) return end;
    }
    end = text.indexOf('"', end + 1);
  }
  return to;
}

/** Mostly the one of the line before. */
const actions = new Kept();

/** `Access denied with code 403 (phase 2). `, Coraza's without a code, at `from`; -1 = it is something else, which is read in general. */
function usualAction(line: WafLine, text: string, from: number): number {
  let at: number;
  let status: number | null = null;
  if (text.startsWith('Access denied with code ', from)) {
    status = threeDigits(text, from + 24);
    if (status < 0 || !text.startsWith(' (phase ', from + 27)) return -1;
    at = from + 35;
  } else if (text.startsWith('Access denied (phase ', from)) at = from + 21;
  else if (text.startsWith('Access dropped (phase ', from)) at = from + 22;
  else return -1;
  const phase = text.charCodeAt(at);
  if (!(phase >= 48 && phase <= 57) || !text.startsWith('). ', at + 1)) return -1;
  line.status = status;
  line.action = actions.of(text, from, at + 3);
  line.phase = line.action.charAt(at - from);
  return at + 4;
}

function threeDigits(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  const c = text.charCodeAt(at + 2) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9 ? a * 100 + b * 10 + c : -1;
}

function splitAction(line: WafLine, whole: string, from: number, to: number): void {
  const behind = usualAction(line, whole, from);
  if (behind >= 0 && behind <= to) {
    line.rule.denied = true;
    line.rule.match = trimmed(whole, behind, to);
    return;
  }
  if (whole.startsWith('Warning. ', from) && from + 9 <= to) {
    line.action = 'Warning.';
    line.rule.match = trimmed(whole, from + 9, to);
    return;
  }
  let text = whole.slice(from, to).trim();
  const denied = text.startsWith('Access ') && /^Access (?:denied|dropped|redirected|to )/.test(text);
  line.rule.denied = denied;
  if (text.startsWith('Warning.')) {
    line.action = 'Warning.';
    text = text.slice(8).trim();
  } else if (denied) {
    const phase = text.indexOf('(phase ');
    const end = phase < 0 ? text.indexOf('. ') : text.indexOf(').', phase);
    const stop = end < 0 ? text.length : end + (phase < 0 ? 1 : 2);
    line.action = text.slice(0, stop);
    text = text.slice(stop).trim();
    if (phase >= 0)
      line.phase = numberOf(line.action.slice(phase + 7, phase + 8)) === null ? '' : line.action.charAt(phase + 7);
    const code = line.action.indexOf('with code ');
    const status = line.action.indexOf('using status ');
    if (code >= 0) line.status = numberOf(line.action.slice(code + 10, code + 13));
    else if (status >= 0) line.status = numberOf(line.action.slice(status + 13, status + 16));
  }
  line.rule.match = text;
}

/** `from`…`to` without blanks around. */
function trimmed(text: string, from: number, to: number): string {
  const slice = text.slice(from, to);
  const first = slice.charCodeAt(0);
  const last = slice.charCodeAt(slice.length - 1);
  return first > 32 && first < 127 && last > 32 && last < 127 ? slice : slice.trim();
}

/** The variable that a match names: v3 "against variable `ARGS:q'", v2 " at ARGS:q." */
export function variableOf(match: string): string {
  const v3 = match.indexOf('`') < 0 ? -1 : lastOf(match, 'against variable `');
  if (v3 >= 0) {
    const end = match.indexOf("'", v3 + 18);
    return end < 0 ? match.slice(v3 + 18) : match.slice(v3 + 18, end);
  }
  const at = lastOf(match, ' at ');
  if (at < 0) return '';
  let name = match.slice(at + 4);
  if (name.endsWith('.')) name = name.slice(0, -1);
  return /^[A-Z_0-9]+(?::\S.*)?$/.test(name) ? name : '';
}

/** What stands there once, if at all, is found forwards five times as fast as backwards. */
function lastOf(text: string, mark: string): number {
  let last = text.indexOf(mark);
  for (let at = last; at >= 0; at = text.indexOf(mark, at + 1)) last = at;
  return last;
}

const ITEMS = [
  'id',
  'msg',
  'data',
  'file',
  'severity',
  'tag',
  'hostname',
  'uri',
  'unique_id',
  'client',
  'ver',
] as const;
type Name = (typeof ITEMS)[number];

/** The items that are kept, by length and first letter: no two are alike. */
const BY_SHAPE: (Name | undefined)[] = [];
for (const name of ITEMS) BY_SHAPE[name.length * 128 + name.charCodeAt(0)] = name;

/** Its shared name, '' = `[line]`, `[rev]`, `[maturity]`, `[ref]` …: nothing of them is kept. */
function itemAt(codes: Uint8Array, from: number, to: number): Name | '' {
  const name = BY_SHAPE[(to - from) * 128 + (codes[from]! & 127)];
  if (name === undefined) return '';
  for (let i = 0; i < name.length; i++) if (codes[from + i] !== name.charCodeAt(i)) return '';
  return name;
}

function setItem(line: WafLine, name: Name, value: string): void {
  const { rule } = line;
  switch (name) {
    case 'id':
      rule.id = value;
      break;
    case 'msg':
      rule.message = value;
      break;
    case 'data':
      rule.data = value;
      break;
    case 'file':
      rule.file = value;
      break;
    case 'severity':
      rule.severity = severityOf(value);
      break;
    case 'tag':
      if (value !== '') rule.tags.push(value);
      break;
    case 'hostname':
      line.hostname = value;
      break;
    case 'uri':
      line.uri = value;
      break;
    case 'unique_id':
      line.uniqueId = value;
      break;
    case 'client':
      line.client = value;
      break;
    case 'ver':
      if (value !== '0') line.ver = value;
      break;
  }
}

/** The message of an entry: `ModSecurity: Access denied with code 403 (phase 2). Matched …`. */
export function sentence(engine: string, { action, rule: { match } }: WafLine): string {
  return match === '' ? `${engine}: ${action}`.trimEnd() : `${engine}: ${action} ${match}`;
}

/** Puts a WAF line of an error log into its entry: rule, ids, host, path, whether it was blocked. */
export function setWafLine(entry: Entry, line: WafLine): void {
  const { rule } = line;
  if (rule.id !== '' || rule.message !== '' || rule.match !== '')
    entry.rules = entry.rules === null ? [rule] : [...entry.rules, rule];
  if (rule.denied) {
    entry.wafIntercepted = true;
    if (line.status !== null) entry.httpResponseStatusCode = line.status;
  }
  if (line.phase !== '') addAttribute(entry, 'waf.phase', line.phase);
  if (line.uniqueId !== '') addId(entry, line.uniqueId);
  if (isAddress(line.hostname)) entry.serverAddress = line.hostname;
  else if (/^[\w.-]+(?::\d+)?$/.test(line.hostname)) entry.urlDomain = domainOf(line.hostname);
  if (line.uri !== '' && entry.urlPath === null) {
    const q = line.uri.indexOf('?');
    entry.urlPath = q < 0 ? line.uri : line.uri.slice(0, q);
    if (q >= 0 && q + 1 < line.uri.length && entry.urlQuery === null) entry.urlQuery = line.uri.slice(q + 1);
  }
  if (line.ver !== '') addAttribute(entry, 'waf.ver', line.ver);
}

/** `NAXSI_FMT: …`, `NAXSI_EXLOG: …`, or the same as a JSON object (`naxsi_json_log`). */
export function isNaxsi(text: string): boolean {
  return (
    text.startsWith('NAXSI_FMT: ') ||
    text.startsWith('NAXSI_EXLOG: ') ||
    (text.startsWith('{"ip":"') && text.includes('"config":"') && text.includes('"uri":"'))
  );
}

function naxsiFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  if (text.charCodeAt(0) === 123) {
    try {
      const json: unknown = JSON.parse(text);
      if (typeof json === 'object' && json !== null)
        for (const [name, value] of Object.entries(json)) fields.set(name, String(value));
    } catch {
      // A line that was cut: what it says is its message.
    }
    return fields;
  }
  for (const pair of text.slice(text.indexOf(': ') + 2).split('&')) {
    const equals = pair.indexOf('=');
    if (equals > 0) fields.set(pair.slice(0, equals).trim(), pair.slice(equals + 1));
  }
  return fields;
}

/** `NAXSI_FMT: ip=…&server=…&uri=…&config=block&zone0=ARGS&id0=1000&var_name0=q` and `NAXSI_EXLOG`. */
export function setNaxsi(entry: Entry, text: string): void {
  const fields = naxsiFields(text);
  const rules: RuleMatch[] = [];
  for (let n = 0; n < 50; n++) {
    const id = fields.get(`id${n}`) ?? (n === 0 ? fields.get('id') : undefined);
    if (id === undefined) break;
    const zone = fields.get(`zone${n}`) ?? (n === 0 ? fields.get('zone') : undefined) ?? '';
    const name = fields.get(`var_name${n}`) ?? (n === 0 ? fields.get('var_name') : undefined) ?? '';
    const rule = emptyRule();
    rule.id = id;
    rule.variable = name === '' ? zone : `${zone}:${name}`;
    rule.data = n === 0 ? (fields.get('content') ?? '') : '';
    rules.push(rule);
  }
  const config = fields.get('config') ?? '';
  const learning = config.startsWith('learning') || fields.get('learning') === '1';
  const blocked = config === 'block' || config === 'drop' || (fields.get('block') === '1' && !learning);
  if (learning) {
    entry.wafMode = 'detection_only';
    entry.wafIntercepted = config === 'learning-drop';
  } else if (blocked) {
    entry.wafMode = 'enabled';
    entry.wafIntercepted = true;
  }
  for (const rule of rules) rule.denied = entry.wafIntercepted === true;
  if (rules.length > 0) entry.rules = rules;
  const server = fields.get('server');
  if (server !== undefined && entry.urlDomain === null) entry.urlDomain = domainOf(server);
  const uri = fields.get('uri');
  if (uri !== undefined && entry.urlPath === null) entry.urlPath = uri;
  const rid = fields.get('rid');
  if (rid !== undefined) addId(entry, rid);
  for (const [name, value] of fields) {
    if (/^c?score\d+$/.test(name)) addAttribute(entry, `naxsi.${name}`, value);
  }
}
