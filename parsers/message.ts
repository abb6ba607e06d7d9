/**
 * What the sentence of an application names: the request, its status, the client's address, the user. Only where
 * the wording leaves no doubt; a field that is set already stays.
 */
import type { Entry } from './entry.ts';
import { isAddress, isMethod, peerAddress, setClientPeer, setTarget } from './fields.ts';

/** Longer messages are dumps; their beginning says what happened. */
const LENGTH_MAX = 2000;

const METHODS = new Set(
  'GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT PROPFIND REPORT MKCOL COPY MOVE LOCK PURGE'.split(' '),
);

/** Words that follow "user" in sentences and are no names. */
const NOT_USERS = new Set(
  'is has does not lacks was agent with tried must cannot could without or and in id name group role account session token for from to of the a may did no null none undefined logged denied access input info data by on at pool password credentials authentication login that who which'.split(
    ' ',
  ),
);

const DJANGO =
  /^(?:Forbidden|Unauthorized|Not Found|Bad Request|Method Not Allowed(?: \(([A-Z]+)\))?|Internal Server Error|Service Unavailable|Gone|Too Many Requests|Conflict)(?: \(.*\))?: (\/\S*)$/;
const REQUEST = /(?:^|[\s"'[(])([A-Z]{3,8}) ["']?(\/[^\s"'\])]*)/;
const STATUS = /^["']?(?: HTTP\/[\d.]+"?)? (?:-> |=> |status[=:]? ?)?([1-5]\d\d)\b/;
const ADDRESS =
  /\b(?:from|client|ip(?:_?address)?|ip address|remote(?:_addr)?|addr(?:ess)?|rhost|src|for)[ =:]{1,2}["'`([]{0,2}([0-9A-Fa-f.:]{3,45})/gi;
const USER = /\b(?:user(?:_?name)?|account)[ =:]{1,2}(["'`]?)([A-Za-z0-9][\w.@+-]{0,60})\1/gi;

/** Fills method, path, status, client and user from `text`. */
export function setFromMessage(entry: Entry, text: string): void {
  const message = text.length > LENGTH_MAX ? text.slice(0, LENGTH_MAX) : text;
  if (entry.urlPath === null) setRequest(entry, message);
  if (entry.clientAddress === null) {
    for (const match of message.matchAll(ADDRESS)) {
      const found = match[1]!.replace(/[.:]$/, '');
      if (!isAddress(found) && !isAddress(peerAddress(found))) continue;
      if (isAddress(found)) entry.clientAddress = found;
      else setClientPeer(entry, found);
      break;
    }
  }
  if (entry.userName === null) {
    for (const match of message.matchAll(USER)) {
      const name = match[2]!.replace(/\.$/, '');
      if (match[1] === '' && NOT_USERS.has(name.toLowerCase())) continue;
      entry.userName = name;
      break;
    }
  }
}

function setRequest(entry: Entry, message: string): void {
  const django = DJANGO.exec(message);
  if (django !== null) {
    if (django[1] !== undefined) entry.httpRequestMethod ??= django[1];
    setTarget(entry, django[2]!);
    return;
  }
  const request = REQUEST.exec(message);
  if (request === null || !isMethod(request[1]!) || !METHODS.has(request[1]!)) return;
  entry.httpRequestMethod ??= request[1]!;
  setTarget(entry, request[2]!);
  const status = STATUS.exec(message.slice(request.index + request[0].length));
  if (status !== null) entry.httpResponseStatusCode ??= Number(status[1]);
}
