/**
 * Caddy's log, as JSON and as its console encoder writes it: access lines ("handled request") and lines of the process
 * itself. Time is the end of the request.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute, addId, domainOf, isUniqueId, known, levelOf, setClientPeer, setTarget } from '../fields.ts';
import { flatten, isObject, type JsonObject, parseObject, textOf } from '../json.ts';
import type { Format } from '../parser.ts';
import { compileCaddy } from '../pattern.caddy.ts';
import { HeaderScan } from '../record.ts';
import { type Needs, Shape } from '../shape.ts';
import { epochMs, read, readAny } from '../time.ts';
import { parseWafLine, setWafLine } from '../waf.ts';

const KNOWN = new Set([
  'level',
  'ts',
  'logger',
  'msg',
  'request',
  'user_id',
  'duration',
  'size',
  'status',
  'resp_headers',
  'bytes_read',
]);

const HEADERS = new HeaderScan(
  'user-agent referer content-type x-forwarded-for x-request-id x-correlation-id traceparent',
);

/** The headers that become fields. */
function headersOf(text: string): unknown {
  const found = HEADERS.find(text);
  if (found === null) return JSON.parse(text);
  const headers: JsonObject = {};
  for (let i = 0; i < found.length; i += 2) headers[found[i]!] = found[i + 1];
  return headers;
}

/** What is looked at below but for attributes. */
const WANTED: Needs = {
  level: true,
  ts: true,
  logger: true,
  msg: true,
  request: {
    remote_ip: true,
    remote_addr: true,
    client_ip: true,
    remote_port: true,
    method: true,
    proto: true,
    uri: true,
    host: true,
    headers: headersOf,
  },
  user_id: true,
  duration: true,
  size: true,
  status: true,
  resp_headers: headersOf,
  err_id: true,
  // Of coraza-caddy.
  uri: true,
  client_ip: true,
  hostname: true,
  unique_id: true,
};
const lines = new Shape(new Map(), WANTED, []);
/** What stands behind a line of the console encoder. */
const tails = new Shape(new Map(), WANTED, []);
/** A shape fills an entry too; here it has nothing to fill. */
const NO_ENTRY = emptyEntry('caddy.access', 'access', 'end');

/** The object of the text, or while attributes are left for later what fields are made of. */
function objectOf(text: string, shape: Shape): JsonObject | null {
  if (!leavesAttributes) return parseObject(text);
  const wanted = shape.learned ? shape.read(NO_ENTRY, text) : null;
  if (wanted !== null) return wanted;
  const json = parseObject(text);
  if (json !== null) shape.learn(text, json);
  return json;
}

function parse(record: string): Entry | Failure {
  const line = record.charCodeAt(0) > 32 && record.charCodeAt(record.length - 1) === 125 ? record : record.trim();
  if (line === '') return { failure: 'empty' };
  const json = line.charCodeAt(0) === 123 ? objectOf(line, lines) : ofConsole(line);
  if (json === null && line.charCodeAt(0) !== 123) return { failure: 'format' };
  if (json === null) return { failure: line.endsWith('}') ? 'json' : 'torn' };
  // zap's own members in Caddy's spelling; with `request` it is surely Caddy.
  if (typeof json.level !== 'string' || json.ts === undefined || typeof json.msg !== 'string')
    return { failure: 'format' };
  const request = json.request;
  // `http.log.error` repeats request and status of a line that the access log has as well.
  const isAccess =
    isObject(request) && typeof json.status === 'number' && !String(json.logger ?? '').startsWith('http.log.error');
  const entry = emptyEntry('caddy.access', isAccess ? 'access' : 'error', isAccess ? 'end' : 'decision');
  entry.timeMs = typeof json.ts === 'number' ? epochMs(json.ts) : readAny(textOf(json.ts));
  if (Number.isNaN(entry.timeMs)) return { failure: 'time', field: 'ts' };
  entry.timeZoneless = typeof json.ts === 'number' ? false : read.zoneless;
  entry.logLevel = levelOf(json.level);
  if (typeof json.logger === 'string') entry.logLogger = json.logger;
  if (!isAccess || json.msg !== 'handled request') entry.message = json.msg;
  const coraza = json.msg.indexOf('Coraza: ');
  if (coraza === 0 || (coraza > 0 && coraza < 80 && json.msg.startsWith('[client "'))) {
    const waf = parseWafLine(json.msg.slice(coraza + 8));
    if (waf !== null) {
      entry.clientAddress = coraza > 0 ? known(json.msg.slice(9, json.msg.indexOf('"', 9))) : null;
      setWafLine(entry, waf);
      entry.message = `Coraza: ${waf.action} ${waf.rule.match}`.trimEnd();
    }
  }
  if (isObject(request)) setRequest(entry, request);
  else if (entry.logLogger === 'http.handlers.waf') setViolation(entry, json);
  if (typeof json.status === 'number') entry.httpResponseStatusCode = json.status;
  if (typeof json.size === 'number') entry.httpResponseBodySize = json.size;
  if (typeof json.duration === 'number') entry.durationMs = Math.round(json.duration * 1e6) / 1000;
  else if (typeof json.duration === 'string') addAttribute(entry, 'duration', json.duration);
  entry.userName = known(textOf(json.user_id));
  if (typeof json.bytes_read === 'number' && json.bytes_read > 0)
    addAttribute(entry, 'bytes_read', String(json.bytes_read));
  if (isObject(json.resp_headers)) {
    for (const [name, value] of Object.entries(json.resp_headers)) {
      const key = name.toLowerCase();
      if (key === 'x-request-id' && isUniqueId(headerText(value))) addId(entry, headerText(value));
      else if (
        key === 'server' ||
        key === 'location' ||
        key === 'www-authenticate' ||
        key === 'via' ||
        key.startsWith('x-')
      )
        addAttribute(entry, `response.header.${key}`, headerText(value));
    }
  }
  if (!leavesAttributes) setOthers(entry, json);
  const errorId = textOf(json.err_id);
  if (isUniqueId(errorId)) addId(entry, errorId);
  return entry;
}

function setOthers(entry: Entry, json: JsonObject): void {
  for (const [key, value] of Object.entries(json)) {
    if (KNOWN.has(key)) continue;
    if (isObject(value)) for (const [name, text] of flatten({ [key]: value })) addAttribute(entry, name, String(text));
    else if (Array.isArray(value)) addAttribute(entry, key, value.map(textOf).join(', '));
    else addAttribute(entry, key, textOf(value));
  }
}

/** Caddy's console encoder: time, level, logger and message parted by tabs, then the other members as JSON. */
function ofConsole(line: string): JsonObject | null {
  const tab = line.indexOf('\t');
  if (tab < 10 || tab > 40) return null;
  const [ts = '', level = '', ...rest] = line.split('\t', 5);
  const fields = line.endsWith('}') ? objectOf(line.slice(line.lastIndexOf('\t') + 1), tails) : {};
  const [logger, msg] = rest[0]?.includes(' ') || rest.length === 1 ? ['', rest[0]] : rest;
  if (fields === null || msg === undefined || msg.charCodeAt(0) === 123) return null;
  // Colours of a terminal.
  fields.level = level.indexOf('\u001b') < 0 ? level : level.replaceAll(/\u001b\[[\d;]*m/g, '');
  fields.ts = ts;
  fields.msg = msg;
  if (logger !== '') fields.logger = logger;
  return fields;
}

/** coraza-caddy's "WAF rule violation detected" names the request beside the message. */
function setViolation(entry: Entry, json: JsonObject): void {
  const uri = textOf(json.uri);
  if (uri !== '' && entry.urlPath === null) setTarget(entry, uri);
  const client = textOf(json.client_ip);
  if (client !== '' && entry.clientAddress === null) setClientPeer(entry, client);
  const host = textOf(json.hostname);
  if (host !== '' && entry.urlDomain === null) entry.urlDomain = domainOf(host);
  addId(entry, textOf(json.unique_id));
}

function headerText(value: unknown): string {
  return Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value);
}

function setRequest(entry: Entry, request: JsonObject): void {
  const peer = textOf(request.remote_ip) || textOf(request.remote_addr);
  const client = textOf(request.client_ip);
  entry.clientAddress = known(client !== '' ? client : peer);
  // The port belongs to the peer, not to a client that a proxy speaks for.
  if (client === '' || client === peer) {
    const port = Number(textOf(request.remote_port));
    if (port > 0) entry.clientPort = port;
  } else addAttribute(entry, 'remote_ip', peer);
  entry.httpRequestMethod = known(textOf(request.method));
  entry.networkProtocol = known(textOf(request.proto));
  const uri = textOf(request.uri);
  if (uri !== '') setTarget(entry, uri);
  entry.urlDomain = domainOf(textOf(request.host));
  if (isObject(request.tls)) {
    addAttribute(entry, 'tls.server_name', textOf(request.tls.server_name));
    addAttribute(
      entry,
      'tls.client_subject',
      textOf(request.tls.client_common_name) || textOf(request.tls.client_serial),
    );
  }
  if (!isObject(request.headers)) return;
  for (const [name, value] of Object.entries(request.headers)) {
    const key = name.toLowerCase();
    const text = headerText(value);
    if (key === 'user-agent') entry.userAgentOriginal = known(text);
    else if (key === 'referer') entry.httpRequestReferrer = known(text);
    else if (key === 'content-type') entry.httpRequestContentType = known(text);
    else if (key === 'x-forwarded-for') entry.forwardedFor = known(text);
    else if ((key === 'x-request-id' || key === 'x-correlation-id' || key === 'traceparent') && isUniqueId(text))
      addId(entry, text);
    else if (key === 'authorization' || key === 'cookie' || key === 'x-api-key') {
      // Caddy itself redacts; where it was told not to, we do. An empty list still says that the header was there.
      addAttribute(entry, `request.header.${key}`, '***');
    } else addAttribute(entry, `request.header.${key}`, text);
  }
}

export const format: Format = {
  dataset: 'caddy.access',
  title: 'Caddy JSON log',
  usualLayer: 'gateway',
  // Many Go programs log with zap; Caddy has its own logger names.
  claim: ({ entries, fileName }) =>
    fileName.includes('caddy') ||
    entries.some((entry) => entry.kind === 'access' || /^(?:http|tls|admin|pki)(?:\.|$)/.test(entry.logLogger ?? ''))
      ? 1
      : 0,
  compile: compileCaddy,
  late: true,
  parse,
};
