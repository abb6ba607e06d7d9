/**
 * HOT. Of an access line in JSON what is counted, straight from the text of its piece. A program writes its members in
 * the same order, so a line is learned as a plan: the text between the values, and which value is what. Lines that
 * follow no plan to the letter (another order, an escape, a list, two members that may both be the path) are read whole
 * by `json`, and so is a first one of each kind, which the plan must agree with. `test/parsers.skim.test.ts` holds both
 * to the same.
 */
import { find, Recalled, same } from './bytes.ts';
import { isAddress, isMethod, peerAddress } from './fields.ts';
import { hostMeant, type Meaning, meaningOf } from './json.ts';
import { IsoTimes } from './skim.time.ts';
import type { Skim, Skimmer } from './skim.ts';
import { epochMs } from './time.ts';

/** What a value is for. */
const TEXT = 0;
const BARE = 1;
const TIME = 2;
const TIME_NUMBER = 3;
const METHOD = 4;
const PATH = 5;
const STATUS = 6;
const STATUS_TEXT = 7;
const CLIENT = 8;
const HOST = 9;
const AGENT = 10;
const REFERRER = 11;

interface Role {
  /** Two members of one group may both be it: which one is, is for the parser to say. */
  group: string;
  quoted: number;
  bare: number;
}

/** -1: only the parser knows what to do with it. */
const NEVER = -1;
const ROLES: Partial<Record<Meaning, Role>> = {
  time: { group: 'time', quoted: TIME, bare: TIME_NUMBER },
  fraction: { group: 'time', quoted: NEVER, bare: NEVER },
  method: { group: 'method', quoted: METHOD, bare: NEVER },
  path: { group: 'path', quoted: PATH, bare: NEVER },
  target: { group: 'path', quoted: PATH, bare: NEVER },
  request: { group: 'path', quoted: NEVER, bare: NEVER },
  status: { group: 'status', quoted: STATUS_TEXT, bare: STATUS },
  client: { group: 'client', quoted: CLIENT, bare: NEVER },
  peer: { group: 'client', quoted: CLIENT, bare: NEVER },
  host: { group: 'host', quoted: HOST, bare: NEVER },
  agent: { group: 'agent', quoted: AGENT, bare: NEVER },
  referer: { group: 'referrer', quoted: REFERRER, bare: NEVER },
};
const NEEDED = ['time', 'method', 'path', 'status'];

interface Plan {
  /** What stands before each value, and behind the last. */
  literals: Uint8Array[];
  kinds: Int8Array;
  /** Names of the members that hold a host. */
  names: string[];
}

/** Bytes of a value that are looked at one by one. */
const NEAR = 40;
const MEMBERS_MAX = 60;
const PLANS_MAX = 16;
/** Lines that are looked at for a plan: some at the start, and some more with every text. */
const LESSONS_FIRST = 32;
const LESSONS_EACH = 2;

const iso = new IsoTimes(34);
const plans: Plan[] = [];
let lessons = LESSONS_FIRST;

/** For tests: nothing was learned. */
export function forgetJson(): void {
  plans.length = 0;
  lessons = LESSONS_FIRST;
}

/** `agrees`: the parser says the same of the line that stands alone in `text`. */
export function jsonSkimmer(agrees: (text: string, skimmed: Skim) => boolean): Skimmer {
  return (text, bytes, from, to, out) => {
    if (bytes[from] !== 123) return false;
    // Nothing of this text was looked at: a few more lines may be learned from.
    if (out.nextSlash === -1 && lessons < LESSONS_EACH) lessons = LESSONS_EACH;
    if (out.nextSlash < from) {
      const at = text.indexOf('\\', from);
      out.nextSlash = at < 0 ? Number.POSITIVE_INFINITY : at;
    }
    if (out.nextSlash < to) return false;
    for (let i = 0; i < plans.length; i++) {
      const plan = plans[i]!;
      if (!follow(plan, text, bytes, from, to, out)) continue;
      // The usual ones are tried first.
      if (i > 0) {
        plans[i] = plans[i - 1]!;
        plans[i - 1] = plan;
      }
      return true;
    }
    if (lessons <= 0 || plans.length >= PLANS_MAX) return false;
    lessons--;
    const line = copy(text.slice(from, to));
    const plan = planOf(line);
    if (plan === null || !follow(plan, line, Buffer.from(line, 'latin1'), 0, line.length, out) || !agrees(line, out))
      return false;
    plans.push(plan);
    return follow(plan, text, bytes, from, to, out);
  };
}

function follow(
  { literals, kinds, names }: Plan,
  text: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Skim,
): boolean {
  let at = from;
  out.host = null;
  out.clientFrom = -1;
  out.clientTo = -1;
  out.referrerFrom = -1;
  out.agentFrom = -1;
  out.extrasFrom = from;
  for (let i = 0; i < kinds.length; i++) {
    const literal = literals[i]!;
    if (!same(bytes, at, literal)) return false;
    at += literal.length;
    const kind = kinds[i]!;
    if (kind === BARE) {
      at = bareEnd(text, bytes, at);
      if (at < 0) return false;
      continue;
    }
    if (kind === STATUS || kind === STATUS_TEXT) {
      const a = bytes[at]! - 48;
      const b = bytes[at + 1]! - 48;
      const c = bytes[at + 2]! - 48;
      if (!(a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9)) return false;
      out.status = a * 100 + b * 10 + c;
      at += 3;
      continue;
    }
    if (kind === TIME_NUMBER) {
      const end = bareEnd(text, bytes, at);
      if (end < 0) return false;
      out.timeMs = epochMs(Number(text.slice(at, end)));
      if (Number.isNaN(out.timeMs)) return false;
      out.zoneless = false;
      at = end;
      continue;
    }
    // Some values are long: an agent, a message.
    let end = find(bytes, 34, at, Math.min(at + NEAR, to));
    if (end < 0) end = text.indexOf('"', at + NEAR);
    if (end < 0 || end >= to) return false;
    switch (kind) {
      case TIME:
        if (iso.read(text, bytes, at) !== end + 1) return false;
        out.timeMs = iso.ms;
        out.zoneless = iso.zoneless;
        break;
      case METHOD:
        if (end - at === 3 && bytes[at] === 71 && bytes[at + 1] === 69 && bytes[at + 2] === 84) out.method = 'GET';
        else if (end - at === 4 && text.startsWith('POST', at)) out.method = 'POST';
        else {
          out.method = text.slice(at, end);
          if (!isMethod(out.method)) return false;
        }
        break;
      case PATH: {
        if (bytes[at]! !== 47) return false;
        let q = at + 1;
        for (; q < end; q++) {
          const c = bytes[q]!;
          if (c === 63) break;
          if (c <= 32 || c >= 127) return false;
        }
        out.pathFrom = at;
        out.pathTo = q;
        break;
      }
      case CLIENT:
        if (!isIpv4(bytes, at, end) && !isClient(text.slice(at, end))) return false;
        out.clientFrom = at;
        out.clientTo = end;
        break;
      case HOST: {
        const host = hostOf(names[i]!, bytes, at, end);
        if (host === undefined) return false;
        out.host = host;
        break;
      }
      case AGENT:
        out.agentFrom = at;
        out.agentTo = end;
        break;
      case REFERRER:
        out.referrerFrom = at;
        out.referrerTo = end;
        break;
    }
    at = end;
  }
  const last = literals[kinds.length]!;
  return at + last.length === to && same(bytes, at, last);
}

/** Behind a number as JSON writes it, `true`, `false` or `null`; -1 = it is none. */
function bareEnd(text: string, bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at]!;
  if (c === 45) c = bytes[++at]!;
  if (c >= 48 && c <= 57) {
    const first = at++;
    while (isDigit(bytes, at)) at++;
    if (c === 48 && at > first + 1) return -1;
    if (bytes[at]! === 46) {
      const dot = at++;
      while (isDigit(bytes, at)) at++;
      if (at === dot + 1) return -1;
    }
    // An exponent is for the parser.
    return (bytes[at]! | 32) === 101 ? -1 : at;
  }
  if (at > from) return -1;
  if (text.startsWith('true', at) || text.startsWith('null', at)) return at + 4;
  return text.startsWith('false', at) ? at + 5 : -1;
}

function isDigit(bytes: Uint8Array, at: number): boolean {
  const c = bytes[at]!;
  return c >= 48 && c <= 57;
}

/** Four numbers under 256, none with a spare zero. */
function isIpv4(bytes: Uint8Array, from: number, to: number): boolean {
  let numbers = 0;
  for (let at = from; at < to; at++) {
    let n = bytes[at]! - 48;
    if (!(n >= 0 && n <= 9)) return false;
    const first = at++;
    while (at < to && bytes[at] !== 46) {
      const d = bytes[at++]! - 48;
      if (!(d >= 0 && d <= 9) || n === 0 || at - first > 3) return false;
      n = n * 10 + d;
    }
    if (n > 255 || ++numbers > 4) return false;
  }
  return numbers === 4 && bytes[to - 1] !== 46;
}

function isClient(text: string): boolean {
  return isAddress(text) && peerAddress(text) === text && !text.startsWith('::ffff:');
}

/** The domain that each value means, by whether the member's name is as short as `host`. */
const hosts = [new Recalled<string | null>(), new Recalled<string | null>()];

/** undefined = only the parser knows. */
function hostOf(name: string, bytes: Uint8Array, from: number, to: number): string | null | undefined {
  const known = hosts[name.length === 4 ? 1 : 0]!;
  let host = known.of(bytes, from, to);
  if (host === undefined) {
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1');
    if (!/^[ -~]*$/.test(text)) return undefined;
    host = hostMeant(name, text);
    known.keep(bytes, from, to, host);
  }
  return host;
}

/** A slice would keep its whole text alive. */
function copy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** null = only the parser can read such a line. `line` has no escapes. */
function planOf(line: string): Plan | null {
  if (!/^[ -~]*$/.test(line)) return null;
  const literals: string[] = [];
  const kinds: number[] = [];
  const names: string[] = [];
  const groups = new Set<string>();
  const seen = new Set<string>();
  // Names of the objects that are open.
  const path: string[] = [];
  const token = /\s*(?:"([^"]*)"\s*:\s*)?(?:(\{)|(")[^"]*"|([-\w.+]+))\s*([},\s]*)/y;
  let from = 0;
  token.lastIndex = line.indexOf('{') + 1;
  for (let depth = 1; depth > 0; ) {
    const at = token.lastIndex;
    const m = token.exec(line);
    if (m === null || m[1] === undefined) return null;
    const [whole, key, object, quote, , after] = m as unknown as [string, string, string, string, string, string];
    const name = [...path, key].join('.');
    if (/^\d/.test(key) || seen.has(name) || kinds.length >= MEMBERS_MAX) return null;
    seen.add(name);
    if (object !== undefined) {
      if (after !== '' && after.trim() !== '') return null;
      depth++;
      path.push(key);
      continue;
    }
    const { meaning, nested } = meaningOf(name);
    // What a nested member means depends on what else the line says.
    if (nested !== undefined && ROLES[nested] !== undefined) return null;
    const role = meaning === undefined ? undefined : ROLES[meaning];
    let kind = quote === undefined ? BARE : TEXT;
    if (role !== undefined) {
      if (groups.has(role.group)) return null;
      groups.add(role.group);
      kind = quote === undefined ? role.bare : role.quoted;
      if (kind === NEVER) return null;
    }
    const valueEnd = at + whole.length - tail(whole, after).length;
    const valueFrom =
      quote === undefined ? line.lastIndexOf(m[4]!, valueEnd - m[4]!.length) : line.lastIndexOf('"', valueEnd - 2) + 1;
    literals.push(line.slice(from, valueFrom));
    kinds.push(kind);
    names.push(name);
    from = quote === undefined ? valueEnd : valueEnd - 1;
    const closing = after.split('}').length - 1;
    depth -= closing;
    path.length = Math.max(0, path.length - closing);
    if (depth > 0 && (after.split(',').length !== 2 || !after.trimEnd().endsWith(','))) return null;
  }
  if (token.lastIndex !== line.length || !NEEDED.every((group) => groups.has(group))) return null;
  literals.push(line.slice(from));
  return { literals: literals.map((text) => Buffer.from(text, 'latin1')), kinds: Int8Array.from(kinds), names };
}

/** What stands behind the value in a token: blanks, then `after`. */
function tail(whole: string, after: string): string {
  const end = whole.length - after.length;
  return whole.slice(whole.slice(0, end).trimEnd().length);
}
