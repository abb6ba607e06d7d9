/**
 * HOT. What the sentence of an application names: the request, its status, the client's address, the user. Only where
 * the wording leaves no doubt; a field that is set already stays. Expressions run only over messages that a look at
 * their characters has found worth it.
 */
import type { Entry } from './entry.ts';
import { addId, domainOf, isAddress, isMethod, isUniqueId, setTarget } from './fields.ts';

/** Longer messages are dumps; their beginning says what happened. */
const LENGTH_MAX = 2000;

const METHODS = new Set(
  'GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT PROPFIND REPORT MKCOL COPY MOVE LOCK PURGE'.split(' '),
);

/** Words that follow "user" in sentences and are no names. */
const NOT_USERS = new Set(
  'is has does not lacks was agent with tried must cannot could without or and in id name group role account session token for from to of the a may did no null none undefined logged denied access input info data by on at pool password credentials authentication login that who which invalid user attempt request failed service this an anonymous'.split(
    ' ',
  ),
);

/** Words in front of an address that say it is the client's. */
const CLIENT_WORDS = new Set(
  'from client ip ipaddress ip_address ip-address address remote remote_addr remoteaddr remote_address remoteaddress remote_ip remoteip addr rhost src source for client_ip clientip client_addr clientaddr client-ip peer visitor ipaddr source_ip sourceip'.split(
    ' ',
  ),
);

/** A message about signing in or being refused: the one address in it is the client's. */
const ABOUT_ACCESS =
  /log-?in|logon|auth|passw|credential|denied|deny|forbidden|invalid|incorrect|banned|blocked|brute|refused access|not allowed|permission|session|token|csrf|user/i;
/** … unless it is about another machine that the program talks to. */
const ABOUT_SERVERS = /connect|listen|bind|dial|upstream|redis|database|postgres|mysql|resolver|proxy_pass|\btcp\b/i;

const DJANGO =
  /^(?:Forbidden|Unauthorized|Not Found|Bad Request|Method Not Allowed(?: \(([A-Z]+)\))?|Internal Server Error|Service Unavailable|Gone|Too Many Requests|Conflict)(?: \(.*\))?: (\/\S*)$/;
const REQUEST = /(?:^|[\s"'[(])([A-Z]{3,8})(?: {1,10}["']?|:)((?:https?:\/\/[^\s"'\])/]+)?\/[^\s"'\])]*)/;
const STATUS =
  /^["':]?(?: HTTP\/[\d.]+"?)? (?:-+> |=> |- |\(|status[=:]? ?|responded |returned |failed with )?([1-5]\d\d)(?![\w.-])/;
/** Rails, Phoenix: the end of a request that an earlier line named. */
const ANSWERED = /^(?:Completed|Sent) ([1-5]\d\d) .*?in (\d+(?:\.\d+)?)(ms|µs)/;
/** File Browser: `/api/login: 403 203.0.113.9 <nil>`. */
const PATH_STATUS = /^(\/\S*): ([1-5]\d\d) /;
const SIZE = /(?:^|[\s(])(\d{1,15}) ?(?:B|bytes)\b/;
const LEADING_STATUS = /(?:^|[\s:])([1-5]\d\d): $/;

const NAME = '[A-Za-z0-9][\\w.@+\\\\-]{0,60}';
const USER = new RegExp(
  `\\b(?:(?:user(?:[_ ]?name|[_ ]?id)?|account)(?:[ =:]|: )|(?:login|principal|logname|ruser)[=:] ?|using )(?:(["'\`])([^"'\`\\n]{1,60})\\1|(${NAME}))`,
  'gi',
);
const USER_FOR = new RegExp(
  `(?:attempt|log-?in|logon|authentication|password|credentials|request) for (?:invalid user |user )?(?:(["'\`])([^"'\`\\n]{1,60})\\1|(${NAME}))(?= from| has| was| failed| via| at |[.,;]?$)`,
  'i',
);
/** `203.0.113.9 - bob "POST /login HTTP/1.1"`: cPanel, Werkzeug behind a formatter, morgan. */
const PEER_USER = /^\S+ - (\S+) (?:\[[^\]]*\] )?"/;
/** `(203.0.113.9 (bob@shop.example) -> POST:https://…`. */
const ARROW_USER = / \(([^\s()]{1,60})\) -> [A-Z]+:/;
/** Apereo CAS, audit trail: `time|app|what|action|principal|client|server`. */
const PIPED = /\|([^|\s]{1,80})\|([0-9A-Fa-f.:]{3,45})\|[0-9A-Fa-f.:]{3,45}$/;

interface Found {
  address: string;
  port: number;
  from: number;
  to: number;
}
const FOUND_MAX = 6;
const found: Found[] = Array.from({ length: FOUND_MAX }, () => ({ address: '', port: 0, from: 0, to: 0 }));
let foundCount = 0;

/** Fills method, path, status, client and user from `text`. */
export function setFromMessage(entry: Entry, text: string): void {
  const message = text.length > LENGTH_MAX ? text.slice(0, LENGTH_MAX) : text;
  const slash = message.indexOf('/');
  if (entry.urlPath === null) {
    if (slash >= 0) setRequest(entry, message);
    else if (entry.httpResponseStatusCode === null) setAnswer(entry, message);
  }
  if (entry.clientAddress === null) setClient(entry, message);
  if (entry.userName === null) setUser(entry, message);
  if (entry.requestIds.length === 0) setId(entry, message);
}

const ID = /\b(?:x-)?(?:request|req|trace|correlation)[-_ ]?id["']?(?:[=:]|: | )["'[]?([A-Za-z0-9][\w:@.+/=-]{15,99})/i;

/** `request_id=5f0c…`, `(Request ID: …)`. */
function setId(entry: Entry, message: string): void {
  let at = message.indexOf('id=');
  if (at < 0) at = message.indexOf('ID');
  if (at < 0) at = message.indexOf('Id');
  if (at < 0) at = message.indexOf('id:');
  if (at < 3) return;
  const match = ID.exec(message);
  if (match !== null && isUniqueId(match[1]!)) addId(entry, match[1]!);
}

function setAnswer(entry: Entry, message: string): void {
  const c = message.charCodeAt(0);
  if (c !== 67 && c !== 83) return;
  const match = ANSWERED.exec(message);
  if (match === null) return;
  entry.httpResponseStatusCode = Number(match[1]);
  entry.durationMs ??= Math.round(Number(match[2]) * (match[3] === 'ms' ? 1000 : 1)) / 1000;
}

// ------------------------------------------------------------------------------------------------------ the client

const DIGIT = 1;
const HEX = 2;
const WORD = 3;
/** What each ASCII character can be part of; 0 = none of it. */
const KIND = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  if (c >= 48 && c <= 57) KIND[c] = DIGIT;
  else if (((c | 32) >= 97 && (c | 32) <= 102) || c === 46 || c === 58) KIND[c] = HEX;
  else if (((c | 32) >= 97 && (c | 32) <= 122) || c === 95 || c === 45 || c === 64 || c === 47 || c === 37)
    KIND[c] = WORD;
}

/** Two dots, or two colons, or one of each: without them there is no address, and searches take a tenth of the walk. */
function hasSeparators(message: string): boolean {
  const dot = message.indexOf('.');
  if (dot >= 0 && message.indexOf('.', dot + 1) >= 0) return true;
  const colon = message.indexOf(':');
  return colon >= 0 && (dot >= 0 || message.indexOf(':', colon + 1) >= 0);
}

/** Finds the addresses that stand alone in the message: not in URLs, host names, versions or clocks. */
function findAddresses(message: string): void {
  foundCount = 0;
  if (!hasSeparators(message)) return;
  const length = message.length;
  let i = 0;
  while (i < length) {
    let kind = KIND[message.charCodeAt(i) & 127]!;
    if (kind === 0) {
      i++;
      continue;
    }
    // A run of word characters; an address only if it has nothing but digits, hex letters, dots and colons.
    const from = i;
    let separators = 0;
    let pure = true;
    let lastName = -1;
    while (i < length) {
      const c = message.charCodeAt(i);
      kind = c < 128 ? KIND[c]! : WORD;
      if (kind === 0) break;
      if (kind === WORD) {
        pure = false;
        lastName = i;
      } else if (c === 46 || c === 58) separators++;
      i++;
    }
    if (separators < 2) continue;
    if (pure) take(message, from, i);
    // Java: `from /203.0.113.9:51234`
    else if (lastName === from && message.charCodeAt(from) === 47) {
      if (CLIENT_WORDS.has(wordBefore(message, from))) take(message, from + 1, i);
    }
    // `ip:203.0.113.9`, `rhost:2001:db8::9`
    else {
      const colon = message.indexOf(':', lastName);
      if (colon >= 0 && colon < i && message.charCodeAt(lastName) !== 47) {
        const word = message.slice(from, colon);
        if (CLIENT_WORDS.has(word.toLowerCase())) take(message, colon + 1, i);
      }
    }
    if (foundCount === FOUND_MAX) return;
  }
}

function take(message: string, from: number, end: number): void {
  let to = end;
  while (to > from && (message.charCodeAt(to - 1) === 46 || message.charCodeAt(to - 1) === 58)) {
    // `2001:db8::` ends in a colon of its own.
    if (message.charCodeAt(to - 1) === 58 && message.charCodeAt(to - 2) === 58) break;
    to--;
  }
  let address = message.slice(from, to);
  let port = 0;
  if (!isAddress(address)) {
    const colon = address.indexOf(':');
    if (colon < 7 || colon !== address.lastIndexOf(':')) return;
    port = Number(address.slice(colon + 1));
    address = address.slice(0, colon);
    if (!isAddress(address) || !(port >= 0 && port <= 65_535)) return;
  } else {
    // `[2001:db8::9]:51234`, `203.0.113.9 port 51234`
    const behind = message.startsWith(']:', end) ? end + 2 : message.startsWith(' port ', end) ? end + 6 : 0;
    const match = behind > 0 ? /^\d{1,5}/.exec(message.slice(behind, behind + 5)) : null;
    if (match !== null) port = Number(match[0]);
  }
  if (address === '0.0.0.0' || address === '::') return;
  const one = found[foundCount++]!;
  one.address = address;
  one.port = port;
  one.from = from;
  one.to = to;
}

/** The word in front of position `at`, over quotes, brackets, `=`, `:` and a host name before a bracket; lower case. */
function wordBefore(message: string, at: number): string {
  let i = at - 1;
  while (i >= 0 && at - i < 6) {
    const c = message.charCodeAt(i);
    if (
      !(
        c === 32 ||
        c === 34 ||
        c === 39 ||
        c === 96 ||
        c === 40 ||
        c === 91 ||
        c === 61 ||
        c === 58 ||
        c === 92 ||
        c === 47
      )
    )
      break;
    i--;
  }
  const end = i + 1;
  while (i >= 0 && end - i < 24) {
    const c = message.charCodeAt(i) | 32;
    if (!((c >= 97 && c <= 122) || message.charCodeAt(i) === 95 || message.charCodeAt(i) === 45)) break;
    i--;
  }
  return message.slice(i + 1, end).toLowerCase();
}

function setClient(entry: Entry, message: string): void {
  findAddresses(message);
  if (foundCount === 0) return;
  // `203.0.113.9 - bob "POST /…`
  let choice = found[0]!.from === 0 && message.startsWith(' - ', found[0]!.to) ? 0 : -1;
  for (let i = 0; i < foundCount && choice < 0; i++) {
    const { from } = found[i]!;
    if (from > 0 && CLIENT_WORDS.has(wordBefore(message, from))) choice = i;
    // `from localhost (203.0.113.9)`
    else if (message.charCodeAt(from - 1) === 40 && /\bfrom \S+ \($/.test(message.slice(Math.max(0, from - 80), from)))
      choice = i;
  }
  if (choice < 0) choice = withoutWord(message);
  if (choice < 0) return;
  const one = found[choice]!;
  entry.clientAddress = one.address;
  if (one.port > 0) entry.clientPort ??= one.port;
}

/** Index of the address that is the client's by its place or by what the message is about; -1 = none is for certain. */
function withoutWord(message: string): number {
  const first = found[0]!;
  // `(203.0.113.9 -> POST:…`
  if (message.startsWith(' -> ', first.to) || ARROW_USER.test(message.slice(first.to, first.to + 90))) return 0;
  if (foundCount >= 2 && PIPED.test(message)) return foundCount - 2;
  for (let i = 1; i < foundCount; i++) if (found[i]!.address !== first.address) return -1;
  if (ABOUT_SERVERS.test(message)) return -1;
  // `… (203.0.113.9)` at the end.
  const inBrackets = message.charCodeAt(first.from - 1) === 40 && message.charCodeAt(first.to) === 41;
  if (inBrackets && /^\)[.!]?$/.test(message.slice(first.to))) return 0;
  if (first.port > 0) return -1;
  const request = REQUEST.exec(message);
  if (request !== null && METHODS.has(request[1]!)) return 0;
  return PATH_STATUS.test(message) || ABOUT_ACCESS.test(message) ? 0 : -1;
}

// -------------------------------------------------------------------------------------------------------- the user

function setUser(entry: Entry, message: string): void {
  // Nearly all messages name nobody: a look for the four words costs a tenth of the expression.
  if (
    message.indexOf('ser') >= 0 ||
    message.indexOf('SER') >= 0 ||
    message.indexOf('ccount') >= 0 ||
    message.indexOf('ogin') >= 0 ||
    message.indexOf('rincipal') >= 0
  ) {
    USER.lastIndex = 0;
    for (let match = USER.exec(message); match !== null; match = USER.exec(message)) {
      const quoted = match[2];
      const name = quoted ?? match[3]!.replace(/\.$/, '');
      // "using" names a user only in quotes; a number behind "user" in brackets is one.
      if (quoted === undefined && (NOT_USERS.has(name.toLowerCase()) || match[0].startsWith('using'))) continue;
      // A name says more than a number or UUID.
      entry.userName ??= name;
      if (!/^user[_ ]?id/i.test(match[0])) {
        entry.userName = name;
        return;
      }
    }
    if (entry.userName !== null) return;
  }
  if (message.indexOf(' for ') >= 0) {
    const match = USER_FOR.exec(message);
    if (match !== null) {
      const name = match[2] ?? match[3]!;
      if (match[2] !== undefined || (!NOT_USERS.has(name.toLowerCase()) && !isAddress(name))) {
        entry.userName = name;
        return;
      }
    }
  }
  if (foundCount === 0 || entry.clientAddress === null) return;
  const peer = found[0]!.from === 0 ? PEER_USER.exec(message) : null;
  const named = peer ?? ARROW_USER.exec(message) ?? (foundCount >= 2 ? PIPED.exec(message) : null);
  if (named !== null && named[1] !== '-') entry.userName = named[1]!;
}

// ----------------------------------------------------------------------------------------------------- the request

function setRequest(entry: Entry, message: string): void {
  const c = message.charCodeAt(0);
  if (c === 47) {
    const match = PATH_STATUS.exec(message);
    if (match !== null) {
      setTarget(entry, match[1]!);
      entry.httpResponseStatusCode ??= Number(match[2]);
      return;
    }
  }
  const colon = c >= 65 && c <= 90 ? message.lastIndexOf(': /') : -1;
  const django = colon > 0 ? DJANGO.exec(message) : null;
  if (django !== null) {
    if (django[1] !== undefined) entry.httpRequestMethod ??= django[1];
    setTarget(entry, django[2]!);
    return;
  }
  const request = REQUEST.exec(message);
  if (request === null || !isMethod(request[1]!) || !METHODS.has(request[1]!)) return;
  entry.httpRequestMethod ??= request[1]!;
  let target = request[2]!;
  if (target.endsWith(':') || target.endsWith(',')) target = target.slice(0, -1);
  const scheme = target.charCodeAt(0) === 47 ? -1 : target.indexOf('://');
  if (scheme > 0) {
    const end = target.indexOf('/', scheme + 3);
    entry.urlDomain ??= domainOf(target.slice(scheme + 3, end));
    target = target.slice(end);
  }
  setTarget(entry, target);
  if (entry.httpResponseStatusCode !== null) return;
  const at = request.index + request[0].length;
  const status =
    STATUS.exec(message.slice(at, at + 60)) ?? LEADING_STATUS.exec(message.slice(0, request.index + 1).slice(-8));
  if (status === null) return;
  entry.httpResponseStatusCode = Number(status[1]);
  const size = SIZE.exec(message);
  if (size !== null) entry.httpResponseBodySize ??= Number(size[1]);
}
