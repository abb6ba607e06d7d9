/**
 * HOT. Apache httpd error log, 2.4 and 2.2, with ModSecurity v2 messages in it. Backslash escapes are undone once (by
 * Apache, around what a module had already escaped). The request line is not in these lines.
 */
import { type Entry, emptyEntry, type Failure, isFailure, leavesAttributes } from '../entry.ts';
import {
  addAttribute,
  addId,
  domainOf,
  isBlank,
  isDigits,
  isUniqueId,
  Kept,
  levelOf,
  setClientPeer,
  setClientPeerAt,
  setRequestLine,
  setTarget,
  unescapeText,
} from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { compileApacheError } from '../pattern.apache.error.ts';
import { read, readCtime, readIso } from '../time.ts';
import { parseWafLine, sentence, setWafLine } from '../waf.ts';

function readTime(line: string): number {
  if (line.charCodeAt(0) !== 91) return Number.NaN;
  const ms = readCtime(line, 1);
  if (!Number.isNaN(ms)) return ms;
  // ErrorLogFormat may ask for %{cu}t, ISO 8601; many applications begin so too, but not with [module:level] next.
  const iso = readIso(line, 1);
  if (Number.isNaN(iso)) return iso;
  const end = read.end;
  const zoneless = read.zoneless;
  const item = /^\] \[[a-z0-9_]*:[a-z0-9]+\]/.test(line.slice(end, end + 40));
  read.end = end;
  read.zoneless = zoneless;
  return item ? iso : Number.NaN;
}

/** `[core:error] [pid 12:tid 139] `: with `ErrorLog syslog` Apache leaves the time to syslog. */
const TIMELESS = /^\[[a-z0-9_-]{1,40}:(?:emerg|alert|crit|error|warn|notice|info|debug|trace\d)\] \[pid \d+/;

function isTimeless(line: string): boolean {
  // A small letter behind the bracket: no day of the week.
  return line.charCodeAt(1) >= 97 && line.charCodeAt(0) === 91 && TIMELESS.test(line.slice(0, 80));
}

function starts(line: string): boolean {
  return line.charCodeAt(0) === 91 && (!Number.isNaN(readTime(line)) || isTimeless(line));
}

/** Codes whose message ends in a URL path, where others end in a file. */
const URI_CODES = new Set([
  'AH01618',
  'AH01617',
  'AH01614',
  'AH01788',
  'AH01790',
  'AH01794',
  'AH00127',
  'AH10244',
  'AH00126',
  'AH01631',
]);

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const timeless = isTimeless(record);
  const timeMs = timeless ? context.envelopeMs : readTime(record);
  if (Number.isNaN(timeMs) && !timeless)
    return /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} /.test(record) ? { failure: 'time', field: 'time' } : { failure: 'format' };
  const entry = emptyEntry('apache.error', 'error', 'decision');
  entry.timeMs = timeMs;
  entry.timeZoneless = timeless ? !Number.isNaN(timeMs) && context.envelopeZoneless : read.zoneless;
  let at = 0;
  if (!timeless) {
    at = read.end;
    if (record.charCodeAt(at) !== 93) return { failure: at >= record.length ? 'torn' : 'format' };
    at += 1;
  }

  // Bracketed items, then the OS error and the client in either order, then the message.
  let levelSeen = false;
  let items = 0;
  for (;;) {
    while (record.charCodeAt(at) === 32) at++;
    if (record.charCodeAt(at) === 91) {
      const end = record.indexOf(']', at);
      if (end < 0) {
        if (!levelSeen) return { failure: 'torn' };
        break;
      }
      const kind =
        levelSeen && setUsualItem(entry, record, at + 1, end)
          ? 'item'
          : setItem(entry, record.slice(at + 1, end), levelSeen, items);
      items++;
      if (kind === 'none') break;
      if (kind === 'level') levelSeen = true;
      at = end + 1;
      continue;
    }
    if (record.charCodeAt(at) === 40) {
      const errno = /^\((\d{1,5})\)[^:]{1,120}: /.exec(record.slice(at, at + 140));
      if (errno === null) break;
      entry.errorCode = errno[1]!;
      addAttribute(entry, 'error.message', errno[0].slice(errno[1]!.length + 2, -2));
      at += errno[0].length;
      continue;
    }
    // A message begins with a capital letter or is no file name.
    const first = record.charCodeAt(at);
    const dot = first >= 97 || (first >= 48 && first <= 57) ? record.indexOf('.c(', at) : -1;
    const file = dot < 0 || dot - at > 50 ? null : /^[a-z0-9_]+\.c\(\d+\): /.exec(record.slice(at, at + 60));
    if (file === null) break;
    addAttribute(entry, 'source', file[0].slice(0, -2));
    at += file[0].length;
  }
  if (!levelSeen) return { failure: 'format', field: 'level' };
  setMessage(entry, record.slice(at).trimEnd());
  return entry;
}

interface Level {
  level: string;
  logger: string | null;
}

/** `authz_core:error` and what it says: a server has few of them. */
const levels = new Map<string, Level>();
const LEVELS_KEPT = 500;

function readLevel(item: string): Level | null {
  const colon = item.indexOf(':');
  const level = levelOf(levelWord(item.slice(colon + 1)));
  if (level === null) return null;
  const found = { level, logger: colon > 0 ? item.slice(0, colon) : null };
  if (levels.size < LEVELS_KEPT) levels.set(item, found);
  return found;
}

/** Nearly all lines come from few processes. */
const processIds = new Kept();

/** `pid 12:tid 139` and `client 203.0.113.7:51234`, of nearly every line; false = it is another item. */
function setUsualItem(entry: Entry, record: string, from: number, to: number): boolean {
  const c = record.charCodeAt(from);
  if (c === 112 && record.startsWith('pid ', from)) {
    let colon = from + 4;
    while (colon < to && record.charCodeAt(colon) !== 58) colon++;
    if (colon < to && !record.startsWith(':tid ', colon)) return false;
    entry.processId = processIds.of(record, from + 4, colon);
    if (colon < to && !leavesAttributes) addAttribute(entry, 'tid', record.slice(colon + 5, to));
    return true;
  }
  if (c !== 99 || !record.startsWith('client ', from)) return false;
  setClientPeerAt(entry, record, from + 7, to);
  return true;
}

function setItem(entry: Entry, item: string, levelSeen: boolean, index: number): 'level' | 'item' | 'none' {
  if (!levelSeen) {
    const found = levels.get(item) ?? readLevel(item);
    if (found !== null) {
      entry.logLevel = found.level;
      if (found.logger !== null) entry.logLogger = found.logger;
      return 'level';
    }
  }
  if (item.startsWith('pid ')) {
    const colon = item.indexOf(':tid ');
    entry.processId = colon < 0 ? item.slice(4) : item.slice(4, colon);
    if (colon > 0) addAttribute(entry, 'tid', item.slice(colon + 5));
    return 'item';
  }
  if (item.startsWith('client ')) {
    setClientPeer(entry, item.slice(7));
    return 'item';
  }
  if (item.startsWith('remote ')) {
    entry.upstreamAddress = item.slice(7);
    return 'item';
  }
  // `%L` and `%{C}L`, which the examples of the documentation mark so.
  const mark = item.charCodeAt(1) === 58 ? item.charCodeAt(0) : 0;
  const id = mark === 82 || mark === 67 ? item.slice(2) : item;
  if (isUniqueId(id)) {
    if (mark === 67) entry.connectionId = id;
    else addId(entry, id);
    return 'item';
  }
  const named = levelSeen ? /^(v?host|server|rid|uri|request_id|unique_id) (\S+)$/.exec(item) : null;
  if (named !== null) {
    if (named[1]!.endsWith('host') || named[1] === 'server') entry.urlDomain = domainOf(named[2]!);
    else addAttribute(entry, named[1]!, named[2]!);
    return 'item';
  }
  const pair = /^([A-Za-z_]{1,24})[ :=](\S.*)$/.exec(item);
  if (pair !== null && !levelSeen && index < 6) {
    addAttribute(entry, pair[1]!, pair[2]!);
    return 'item';
  }
  return levelSeen ? 'none' : 'item';
}

/** trace1 … trace8 are one level. */
function levelWord(word: string): string {
  return word.startsWith('trace') && isDigits(word, 5) ? 'trace' : word;
}

function setMessage(entry: Entry, raw: string): void {
  let text = raw;
  const referer = text.indexOf(', referer: ') < 0 ? -1 : text.lastIndexOf(', referer: ');
  if (referer >= 0) {
    entry.httpRequestReferrer = unescapeText(text.slice(referer + 11)) || null;
    text = text.slice(0, referer);
  }
  text = unescapeText(text);
  const first = text.charCodeAt(0);
  const waf = first === 77 || first === 91 ? text.indexOf('ModSecurity: ') : -1;
  if (waf === 0 || (waf > 0 && waf < 80 && text.startsWith('[client '))) {
    const line = parseWafLine(text, waf + 13);
    if (line !== null) {
      if (entry.clientAddress === null && waf > 0) setClientPeer(entry, text.slice(8, text.indexOf(']')));
      entry.logLogger ??= 'security2';
      setWafLine(entry, line);
      entry.message = sentence('ModSecurity', line);
      return;
    }
  }
  if (text.charCodeAt(0) === 65 && text.charCodeAt(7) === 58 && /^AH\d{5}: /.test(text)) {
    entry.eventCode = text.slice(0, 7);
    text = text.slice(9);
  }
  entry.message = text;
  setDetails(entry, text);
}

/** Files, URL paths and users that known messages name. */
function setDetails(entry: Entry, text: string): void {
  // Regular expressions only where what they look for stands: most messages have none of it.
  const user = text.indexOf('user ') < 0 ? null : /^(?:\w+ )?user ['"]?([^\s'":]+)['"]?[: ]/.exec(text);
  if (user !== null) entry.userName = user[1]!;

  const filesystem = text.indexOf("(filesystem path '");
  const accessTo = !text.startsWith('access to /') ? null : /^access to (\/\S*) (?:failed|denied|for)/.exec(text);
  // mod_ssl names the file, not the address.
  if (accessTo !== null && entry.logLogger === 'ssl') entry.filePath = accessTo[1]!;
  else if (accessTo !== null) setTarget(entry, accessTo[1]!);
  const authFailure = text.indexOf('authentication f') < 0 ? null : /authentication failure for "([^"]*)"/.exec(text);
  if (authFailure !== null) setTarget(entry, authFailure[1]!);
  if (filesystem >= 0) {
    const end = text.indexOf("'", filesystem + 18);
    if (end > 0) entry.filePath = text.slice(filesystem + 18, end);
    return;
  }
  const first = text.charCodeAt(0);
  const request = first !== 73 ? null : /^Invalid URI in request ([A-Z]+ \/.*)$/.exec(text);
  if (request !== null) {
    setRequestLine(entry, request[1]!);
    return;
  }
  // C, D, a or s.
  const isDirectory = first === 67 || first === 68 || first === 97 || first === 115;
  const directory = isDirectory ? DIRECTORY.exec(text) : null;
  if (directory !== null) {
    entry.filePath = directory[1]!;
    return;
  }
  const invalid =
    (first | 32) !== 105 ? null : /^(?:invalid URI path|Invalid URI in request) \((\/[^\s]*)\)/.exec(text);
  if (invalid !== null) {
    setTarget(entry, invalid[1]!);
    return;
  }
  const proxied = text.indexOf(': proxy:') < 0 ? null : /: proxy:(?:[a-z]+:\/\/)([^/]+)(\/.*)?$/.exec(text);
  if (proxied !== null) {
    entry.upstreamAddress = domainOf(proxied[1]!) === null ? null : proxied[1]!;
    addAttribute(entry, 'proxy.url', text.slice(text.indexOf(': proxy:') + 8));
    return;
  }
  // `…: /a/path` at the end, without another colon or line behind it.
  const colon = text.lastIndexOf(':');
  if (authFailure !== null || !text.startsWith(' /', colon + 1) || colon < 0 || text.indexOf('\n', colon) >= 0) return;
  const path = text.slice(colon + 2);
  if (entry.eventCode !== null && URI_CODES.has(entry.eventCode)) setTarget(entry, path);
  else if (text.startsWith('client denied by server config') || FILE_MESSAGES.test(text)) entry.filePath = path;
}

const DIRECTORY =
  /^(?:Cannot serve directory|attempt to invoke directory as script:?|script|Directory index forbidden by rule:?|stderr from) '?(\/[^':]*)/;

/** Messages that end in a file; others end in a URL path or in anything. */
const FILE_MESSAGES =
  /denied by server config|permission|symbolic link|unable to stat|does not exist|not found|ExecCGI|not executable|cannot |can't |script|directory|file/i;

/** Lines that another server's or the program's own layout wrote into the same file are read as usual. */
function compiled(pattern: string): Format {
  const given = compileApacheError(pattern, setMessage, (word) => levelOf(levelWord(word)));
  const { starts: begins } = given;
  return {
    ...given,
    ...(begins === undefined ? {} : { starts: (line: string) => begins(line) || starts(line) }),
    parse(record, context) {
      const entry = given.parse(record, context);
      if (!isFailure(entry)) return entry;
      const usual = parse(record, context);
      return isFailure(usual) ? entry : usual;
    },
  };
}

export const format: Format = {
  dataset: 'apache.error',
  title: 'Apache error log',
  usualLayer: 'web',
  starts,
  late: true,
  compile: compiled,
  parse,
};
