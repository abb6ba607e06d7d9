/**
 * HOT. The route of a path: segments that are ids become `{id}`, so that charts and counters group requests
 * that are the same operation. Pure guess from the path alone; bounded by whoever counts. A path without a digit
 * is its own route (one scan, nothing allocated); the others are put together segment by segment. A cache in
 * front cost more than it saved: hashing a fresh string is as dear as scanning it.
 */
const SEGMENTS_MAX = 8;
const SEGMENT_CHARS_MAX = 48;

/** "/orders/731/items/6f1c2a9e-…" → "/orders/{id}/items/{id}" */
export function routeOf(path: string): string {
  const n = path.length;
  let digit = false;
  let segments = 0;
  let longest = 0;
  let start = 0;
  for (let i = 0; i < n; i++) {
    const c = path.charCodeAt(i);
    if (c === 47) {
      segments++;
      if (i - start > longest) longest = i - start;
      start = i + 1;
    } else if (c >= 48 && c <= 57) digit = true;
  }
  if (n - start > longest) longest = n - start;
  if (!digit && segments <= SEGMENTS_MAX && longest <= SEGMENT_CHARS_MAX) return path === '' ? '/' : path;
  return compute(path);
}

function compute(path: string): string {
  let out = '';
  let at = path.charCodeAt(0) === 47 ? 1 : 0;
  for (let count = 0; at <= path.length; count++) {
    if (count === SEGMENTS_MAX) return `${out}/…`;
    let end = path.indexOf('/', at);
    if (end < 0) end = path.length;
    if (isId(path, at, end)) out += '/{id}';
    else if (end - at > SEGMENT_CHARS_MAX) out += '/{long}';
    else out += `/${path.slice(at, end)}`;
    at = end + 1;
  }
  return out;
}

/** The second half of what `hashRoute` found last. */
export let routeHashB = 0;

/** Of this process, so that nobody can make up routes that are taken for each other. */
const SEED_A = (Math.random() * 0x7fffffff) | 0;
const SEED_B = (Math.random() * 0x7fffffff) | 0;
const ID = 1;
const LONG = 2;
const MORE = 3;

/**
 * HOT. 64 bits that are equal for paths of one route and, but for a chance of one in 10¹⁹, for no others: the route is
 * not put together, and nothing is sliced. The first half is returned, the second is `routeHashB`.
 */
export function hashRoute(path: string, from: number, to: number): number {
  let a = SEED_A;
  let b = SEED_B;
  let at = from;
  if (path.charCodeAt(at) === 47 && at < to) at++;
  else a = ~a;
  for (let count = 0; at <= to; count++) {
    const beforeA = a;
    const beforeB = b;
    let digits = 0;
    let i = at;
    for (; i < to; i++) {
      const c = path.charCodeAt(i);
      if (c === 47) break;
      if (c <= 57 && c >= 48) digits++;
      a = Math.imul(a ^ c, 0x01000193);
      b = (Math.imul(b, 0x2c1b3c6d) + c) | 0;
    }
    let token = 0;
    if (count === SEGMENTS_MAX) token = MORE;
    else if (digits > 0 && isId(path, at, i)) token = ID;
    else if (i - at > SEGMENT_CHARS_MAX) token = LONG;
    if (token !== 0) {
      a = beforeA;
      b = beforeB;
    }
    a = Math.imul(a ^ (47 + (token << 8)), 0x01000193);
    b = (Math.imul(b ^ (b >>> 15), 0x2c1b3c6d) + 47 + (token << 8)) | 0;
    if (token === MORE) break;
    at = i + 1;
  }
  routeHashB = b;
  return a;
}

/** Digits alone, a UUID, long hex, or a mixture with at least three digits, half of the word and more. */
function isId(path: string, from: number, to: number): boolean {
  const length = to - from;
  if (length === 0) return false;
  let digits = 0;
  let hex = 0;
  for (let i = from; i < to; i++) {
    const c = path.charCodeAt(i);
    if (c >= 48 && c <= 57) {
      digits++;
      hex++;
    } else if ((c >= 97 && c <= 102) || (c >= 65 && c <= 70) || c === 45) hex++;
    else if (c === 37 || c === 46) return false;
  }
  if (digits === length) return true;
  if (digits > 0 && hex === length && length >= 12) return true;
  return digits >= 3 && digits * 2 >= length && length >= 4;
}
