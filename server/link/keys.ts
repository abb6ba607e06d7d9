/**
 * What two lines of one request have in common: strong ids, the request key, the client. Pure functions on one
 * entry each.
 */
import type { Entry } from '../../parsers/entry.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * An id joins lines only when it can hardly repeat: 12 characters and more with letters and digits mixed, or a
 * UUID, or a long number with a fraction (ModSecurity 3). A Unix second (ModSecurity 3.0.5 to 3.0.7) or a
 * counter is no id.
 */
export function isStrongId(id: string): boolean {
  const n = id.length;
  if (n < 12 || n > 200) return false;
  // A UUID as nearly all are: no need to count its characters. Zeros alone are none.
  if (n === 36 && id.charCodeAt(8) === 45 && id.charCodeAt(13) === 45 && id.charCodeAt(0) !== 48 && UUID.test(id))
    return true;
  let digits = 0;
  let letters = 0;
  let other = 0;
  for (let i = 0; i < n; i++) {
    const c = id.charCodeAt(i);
    if (c >= 48 && c <= 57) digits++;
    else if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90)) letters++;
    else if (c === 45 || c === 95 || c === 46 || c === 64 || c === 43 || c === 47 || c === 61 || c === 58) other++;
    else return false;
  }
  if (/^0+$|^[0-]+$/.test(id)) return false;
  if (letters > 0 && digits > 0) return n >= 16 || digits + letters >= 12;
  if (letters === 0) return other >= 1 ? digits >= 16 : digits >= 17;
  // Letters alone: sixteen of both cases at random (Coraza), or twenty.
  const mixed = /[a-z]/.test(id) && /[A-Z]/.test(id);
  return (n >= 20 || (n >= 16 && mixed)) && distinct(id) >= 9;
}

function distinct(text: string): number {
  return new Set(text).size;
}

/** Names under which applications keep an id of their own that is unique only within the process. */
const LOCAL_ID_KEYS = ['req.id', 'reqId', 'request_id', 'requestId', 'req_id', 'request.id', 'rid'];

/** An id that holds within one process and a short time: "30/53". null = none. */
export function localIdOf(entry: Entry): string | null {
  const a = entry.attributes;
  if (!a) return null;
  for (const key of LOCAL_ID_KEYS) {
    const value = a[key];
    if (value !== undefined && value !== '') return `${entry.processId ?? ''}/${value}`;
  }
  return null;
}

/** Path as it is compared between layers: percent-encoding made uniform, doubled and trailing slashes kept. */
export function comparablePath(path: string): string {
  if (path.indexOf('%') < 0) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replace(/%[0-9a-fA-F]{2}/g, (x) => x.toUpperCase());
  }
}

/** "GET /orders/731" — what all layers agree upon unless one rewrites the path. */
export function requestKey(entry: Entry): string | null {
  return entry.urlPath === null ? null : `${entry.httpRequestMethod ?? ''} ${comparablePath(entry.urlPath)}`;
}

/** IPv4-mapped and bracketed spellings folded. */
export function address(text: string | null): string | null {
  if (text === null) return null;
  let t = text;
  if (t.startsWith('[') && t.endsWith(']')) t = t.slice(1, -1);
  if (t.startsWith('::ffff:') && t.includes('.')) t = t.slice(7);
  return t;
}

/** Every address the layer knows for the client: its own view first, then X-Forwarded-For from left to right. */
export function addressesOf(entry: Entry): string[] {
  const out: string[] = [];
  const own = address(entry.clientAddress);
  if (own) out.push(own);
  if (entry.forwardedFor) {
    for (const part of entry.forwardedFor.split(',')) {
      const a = address(part.trim());
      if (a && a !== '-' && !out.includes(a)) out.push(a);
    }
  }
  return out;
}

/** 10/8, 172.16/12, 192.168/16, 127/8, fc00::/7, ::1, unix: */
export function isPrivate(a: string): boolean {
  return (
    a.startsWith('10.') ||
    a.startsWith('192.168.') ||
    a.startsWith('127.') ||
    /^172\.(1[6-9]|2\d|3[01])\./.test(a) ||
    /^f[cd]/i.test(a) ||
    a === '::1' ||
    a.startsWith('unix:')
  );
}

/** How well a file system path (or proxy: address) of an error line fits the path of a request: 0 no … 4 ends with it. */
export function pathAffinity(filePath: string, urlPath: string): number {
  let file = filePath;
  const scheme = file.indexOf('://');
  if (scheme >= 0) {
    const slash = file.indexOf('/', scheme + 3);
    file = slash < 0 ? '/' : file.slice(slash);
    const q = file.indexOf('?');
    if (q >= 0) file = file.slice(0, q);
    return comparablePath(file) === comparablePath(urlPath) ? 4 : 0;
  }
  const url = comparablePath(urlPath);
  if (url !== '/' && file.endsWith(url)) return 4;
  const trimmed = url.endsWith('/') ? url.slice(0, -1) : url;
  if (trimmed !== '' && file.endsWith(trimmed)) return 4;
  if (url === '/' && file.endsWith('/')) return 2;
  // The path names a folder on the way (search permission missing) or has an index file or path info added.
  const segments = trimmed.split('/').filter((s) => s !== '');
  const last = file.split('/').filter((s) => s !== '');
  const tail = last[last.length - 1];
  if (tail !== undefined && segments.includes(tail)) return 3;
  if (segments.length > 0 && last.includes(segments[segments.length - 1]!)) return 3;
  if (segments.length > 0 && last.includes(segments[0]!)) return 2;
  return 0;
}
