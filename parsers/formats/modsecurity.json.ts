/**
 * Audit log as JSON, one transaction a line, of ModSecurity v3 (everything under `transaction`), v2 (`transaction`,
 * `request`, `response`, `audit_data` side by side) and Coraza (`transaction`, `messages`). v3 has no field for
 * "intercepted".
 */
import { type Entry, emptyEntry, type Failure, type RuleMatch } from '../entry.ts';
import { addAttribute, addId, known, setRequestLine, setTarget } from '../fields.ts';
import { dig, isObject, parseObject, textOf } from '../json.ts';
import type { Format } from '../parser.ts';
import { setRequestHeader, setStart } from '../record.ts';
import { epochMs, read, readAny } from '../time.ts';
import { emptyRule, parseWafLine, severityOf, variableOf } from '../waf.ts';

type Json = Record<string, unknown>;

function parse(record: string): Entry | Failure {
  const line = record.trim();
  if (line === '') return { failure: 'empty' };
  if (!line.startsWith('{')) return { failure: 'format' };
  const json = parseObject(line);
  if (json === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  const transaction = json.transaction;
  if (!isObject(transaction)) return { failure: 'format', field: 'transaction' };
  const entry = emptyEntry('modsecurity.json', 'audit', 'start');
  return isObject(json.audit_data) || isObject(json.request)
    ? version2(entry, transaction, json)
    : version3(entry, transaction, json);
}

function setTime(entry: Entry, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const timeMs = readAny(value.startsWith('[') ? value.slice(1) : value);
  if (Number.isNaN(timeMs)) return false;
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  return true;
}

function setHeaders(entry: Entry, headers: unknown): void {
  if (!isObject(headers)) return;
  for (const [name, value] of Object.entries(headers)) {
    setRequestHeader(entry, name, Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value));
  }
}

function version3(entry: Entry, transaction: Json, json: Json): Entry | Failure {
  // Coraza's nanoseconds are the only time of it that names a zone.
  const unix = transaction.unix_timestamp;
  if (typeof unix === 'number' && !Number.isNaN(epochMs(unix))) entry.timeMs = epochMs(unix);
  else if (!setTime(entry, transaction.time_stamp) && !setTime(entry, transaction.timestamp))
    return { failure: 'time', field: 'time_stamp' };
  addId(entry, textOf(transaction.unique_id ?? transaction.id));
  entry.clientAddress = known(textOf(transaction.client_ip));
  entry.clientPort = portOf(transaction.client_port);
  entry.serverAddress = known(textOf(transaction.host_ip));
  entry.serverPort = portOf(transaction.host_port);
  const request = transaction.request;
  if (isObject(request)) {
    entry.httpRequestMethod = known(textOf(request.method));
    const uri = textOf(request.uri);
    if (uri !== '') setTarget(entry, uri);
    const version = textOf(request.http_version) || textOf(request.protocol);
    if (version !== '')
      entry.networkProtocol = version.startsWith('HTTP/') ? version : `HTTP/${version === '2' ? '2.0' : version}`;
    setHeaders(entry, request.headers);
  }
  setResponse(entry, transaction.response, 'http_code');
  if (isObject(transaction.response) && transaction.response.http_code === undefined) {
    setResponse(entry, transaction.response, 'status');
    // Coraza interrupts before there is a response.
    if (entry.httpResponseStatusCode === 0) entry.httpResponseStatusCode = null;
  }
  const producer = transaction.producer;
  if (isObject(producer)) {
    setMode(entry, textOf(producer.secrules_engine ?? producer.rule_engine));
    addAttribute(entry, 'producer', textOf(producer.modsecurity) || textOf(producer.connector));
    addAttribute(entry, 'rulesets', Array.isArray(producer.rulesets) ? producer.rulesets.map(textOf).join(', ') : '');
  }
  if (typeof transaction.is_interrupted === 'boolean') entry.wafIntercepted = transaction.is_interrupted;
  const rules: RuleMatch[] = [];
  for (const list of [transaction.messages, json.messages]) {
    for (const message of Array.isArray(list) ? list : []) if (isObject(message)) rules.push(ruleOf(message));
  }
  if (rules.length > 0) entry.rules = rules;
  if (entry.wafIntercepted === true && !rules.some((rule) => rule.denied)) {
    // What was interrupted was so by the blocking evaluation, or by the last rule.
    const deciding = rules.filter((rule) => rule.id.startsWith('949') || rule.id.startsWith('959'));
    for (const rule of deciding.length > 0 ? deciding : rules.slice(-1)) rule.denied = true;
  }
  // Blocking evaluation matched, the engine may block, and the answer is a refusal: nothing else leaves all three.
  const status = entry.httpResponseStatusCode ?? 0;
  if (entry.wafIntercepted === null && entry.wafMode === 'enabled' && status >= 400) {
    const deciding = rules.filter((rule) => rule.id.startsWith('949') || rule.id.startsWith('959'));
    if (deciding.length > 0) {
      entry.wafIntercepted = true;
      for (const rule of deciding) rule.denied = true;
    }
  } else if (entry.wafMode === 'detection_only' && entry.wafIntercepted === null) entry.wafIntercepted = false;
  return entry;
}

function ruleOf(message: Json): RuleMatch {
  const details = isObject(message.details) ? message.details : isObject(message.data) ? message.data : {};
  // Without its part K, Coraza gives the sentence only.
  const sentence = textOf(message.error_message);
  if (sentence !== '' && details.id === undefined) {
    const line = parseWafLine(sentence.slice(sentence.indexOf('Coraza: ') + 8));
    if (line !== null) return line.rule;
  }
  const rule = emptyRule();
  rule.message = textOf(message.message) || textOf(details.msg);
  rule.id = textOf(details.ruleId ?? details.id);
  rule.data = textOf(details.data);
  rule.file = textOf(details.file);
  rule.severity = severityOf(textOf(details.severity));
  rule.match = textOf(details.match);
  rule.variable = variableOf(rule.match);
  if (Array.isArray(details.tags)) rule.tags = details.tags.map(textOf).filter((tag) => tag !== '');
  return rule;
}

function setMode(entry: Entry, mode: string): void {
  const word = mode.toLowerCase();
  if (word.includes('detection')) entry.wafMode = 'detection_only';
  else if (word === 'enabled' || word === 'on') entry.wafMode = 'enabled';
}

function setResponse(entry: Entry, response: unknown, statusKey: string): void {
  if (!isObject(response)) return;
  const status = Number(textOf(response[statusKey]));
  if (status >= 0 && status <= 999 && textOf(response[statusKey]) !== '') entry.httpResponseStatusCode = status;
  if (!isObject(response.headers)) return;
  for (const [name, value] of Object.entries(response.headers)) {
    const key = name.toLowerCase();
    const text = Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value);
    if (key === 'content-length' && text !== '' && Number(text) >= 0) entry.httpResponseBodySize = Number(text);
    else if (key === 'server' || key === 'content-type' || key === 'location')
      addAttribute(entry, `response.header.${key}`, text);
  }
}

function portOf(value: unknown): number | null {
  const port = Number(textOf(value));
  return port > 0 && port < 65536 ? port : null;
}

function version2(entry: Entry, transaction: Json, json: Json): Entry | Failure {
  if (!setTime(entry, transaction.time)) return { failure: 'time', field: 'time' };
  entry.timePoint = 'decision';
  addId(entry, textOf(transaction.transaction_id));
  entry.clientAddress = known(textOf(transaction.remote_address));
  entry.clientPort = portOf(transaction.remote_port);
  entry.serverAddress = known(textOf(transaction.local_address));
  entry.serverPort = portOf(transaction.local_port);
  if (isObject(json.request)) {
    const requestLine = textOf(json.request.request_line);
    if (requestLine !== '') setRequestLine(entry, requestLine);
    setHeaders(entry, json.request.headers);
  }
  setResponse(entry, json.response, 'status');
  const audit = isObject(json.audit_data) ? json.audit_data : {};
  const rules: RuleMatch[] = [];
  for (const message of Array.isArray(audit.messages) ? audit.messages : []) {
    const waf = parseWafLine(textOf(message));
    if (waf !== null) rules.push(waf.rule);
    else addAttribute(entry, 'waf.message', textOf(message));
  }
  if (rules.length > 0) entry.rules = rules;
  const errors = Array.isArray(audit.error_messages) ? audit.error_messages : [];
  errors
    .map(textOf)
    .filter((text) => !text.includes('ModSecurity:'))
    .forEach((text, i) => {
      addAttribute(entry, `apache-error.${i}`, text);
    });
  const intercepted = dig(audit, 'action', 'intercepted');
  if (typeof intercepted === 'boolean') entry.wafIntercepted = intercepted;
  else if (rules.some((rule) => rule.denied)) entry.wafIntercepted = true;
  const phase = textOf(dig(audit, 'action', 'phase'));
  if (phase !== '') addAttribute(entry, 'waf.phase', phase);
  setMode(entry, textOf(audit.engine_mode));
  if (entry.wafIntercepted === null && entry.wafMode !== null) entry.wafIntercepted = false;
  const stopwatch = audit.stopwatch;
  setStart(entry, Number(textOf(isObject(stopwatch) ? (stopwatch.start ?? stopwatch.p0) : undefined)));
  const producers = Array.isArray(audit.producer) ? audit.producer.map(textOf).join(', ') : textOf(audit.producer);
  addAttribute(entry, 'producer', producers);
  const handler = textOf(audit.handler);
  if (handler !== '') addAttribute(entry, 'apache-handler', handler);
  return entry;
}

export const format: Format = {
  dataset: 'modsecurity.json',
  title: 'ModSecurity and Coraza audit log (JSON)',
  usualLayer: 'waf',
  parse,
};
