/**
 * HOT. A program lays its JSON records out alike: the same members in the same order, some of them now and then. The
 * shape is learned from the records that were parsed and held as one regular expression, whose machine code takes a
 * record apart in a third of the time of `JSON.parse`, which makes an object of every record. What a shape does not
 * match exactly (another order, a member twice, an escaped name, `1e5`) is parsed, so the answer is the same in every
 * case: `test/parsers.shape.test.ts` holds both to each other. What a member means is `members.ts`.
 */
import { type Entry, leavesAttributes } from './entry.ts';
import { isObject, type JsonObject } from './json.ts';
import {
  calledAt,
  callIt,
  DEPTH_MAX,
  dotted,
  drop,
  interned,
  keep,
  keepText,
  left,
  type Names,
  type Scan,
  start,
  type Take,
  walk,
} from './members.ts';

/**
 * The members of a record that a product's `finish` looks at: `{properties: {host: true}}`. 'attributes': it makes
 * nothing but attributes of it. A function reads the text of a list or an object, which is known to be JSON, as
 * `JSON.parse` would, or leaves out what `finish` does not look at.
 */
export interface Needs {
  [member: string]: Need;
}
export type Need = Wanted | true | 'attributes' | ((text: string) => unknown);
/** A Map says what is wanted of members whose names are not known before. */
export type Wanted = Needs | Map<string, Need>;

/** For tests: nothing is learned or read by its shape. */
export const shapes = { on: true };

/** A member, as it was seen so far. */
interface Member {
  key: string;
  /** It was missing in some record. */
  optional: boolean;
  quoted: boolean;
  /** It was this text every time, and a mark of the product: then the shape says it, and nobody looks for it. */
  fixed: string | null;
  /** Number, true, false or null. */
  bare: boolean;
  /** An array, or an object that somebody wants whole; null = it was none yet. */
  whole: Kind | null;
  /** An object whose members are looked at one by one; null = it was none yet. */
  inside: Member[] | null;
}

/**
 * What a list or an object that nobody looks into may hold beside texts and scalars. Only what was seen: allowing for
 * lists in objects in lists everywhere made an expression of 60,000 characters and every match half as fast again.
 */
interface Kind {
  list: Kind | null;
  object: Kind | null;
}

/** What is to be done with a member of a match. */
interface Step {
  key: string;
  name: string;
  secret: boolean;
  depth: number;
  take: Take | null;
  table: Names | null;
  /** Groups: text between quotes; number or literal; array or object. 0 = the member is never that. */
  text: number;
  bare: number;
  whole: number;
  /** Instead of parsing a list or an object. */
  scan: Scan | null;
  parse: ((text: string) => unknown) | null;
  /** An empty group: the object is there. */
  there: number;
  /** Index of the object for `finish` in which it is put; -1 = it does not look at it. */
  home: number;
  /** Index of the object for `finish` that this member's object becomes; -1 = none. */
  inner: number;
}

/** A shape is bounded, and so is learning: hostile records invent members without end. */
const MEMBERS_SHAPED_MAX = 120;
const LESSONS_MAX = 24;
/** A first member that differs, or another order, is a shape of its own. */
const SHAPES_MAX = 6;
/** Longer lines are parsed: an expression remembers where it might go back to, for every character. */
const LINE_MAX = 65_536;
const KEY = /^[^\d"\\][^"\\]{0,99}$/;

const STRING = '[^"\\\\]*(?:\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4})[^"\\\\]*)*';
const BARE = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?|true|false|null';
/** Lists in lists in objects …; what is deeper is parsed. */
const BRACKETS_DEPTH = 4;

/**
 * A list or an object that nobody looks into, exactly as JSON has it. Every choice is made by one character, so that a
 * mismatch costs the length once. `gap` is what may stand between two signs.
 */
function whole({ list, object }: Kind, gap: string): string {
  const ways: string[] = [];
  if (list !== null) ways.push(`\\[${gap}(?:${value(list, gap)}${gap}(?:,${gap}(?=[^ \\]])|(?=\\])))*\\]`);
  if (object !== null)
    ways.push(`\\{${gap}(?:"${STRING}":${gap}${value(object, gap)}${gap}(?:,${gap}(?=")|(?=\\})))*\\}`);
  return ways.join('|');
}

function value(kind: Kind, gap: string): string {
  const deeper = whole(kind, gap);
  return `(?:"${STRING}"|${BARE}${deeper === '' ? '' : `|${deeper}`})`;
}

/** The kind of a list or object, and of each item whatever it is; null = it is too deep. */
function kindOf(value: object, depth = 0): Kind | null {
  if (depth > BRACKETS_DEPTH) return null;
  let inside: Kind | null = { list: null, object: null };
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof item !== 'object' || item === null) continue;
    const kind = kindOf(item, depth + 1);
    if (kind === null) return null;
    inside = either(inside, kind);
  }
  return Array.isArray(value) ? { list: inside, object: null } : { list: null, object: inside };
}

function either(a: Kind | null, b: Kind | null): Kind | null {
  if (a === null || b === null) return a ?? b;
  return { list: either(a.list, b.list), object: either(a.object, b.object) };
}

/** How a record is taken apart. */
interface Way {
  regexp: RegExp;
  steps: Step[];
}

class One {
  members: Member[];
  /** Between two signs stands nothing, ever. */
  tight: boolean;
  /** With all attributes. */
  full: Way = { regexp: /^$/, steps: [] };
  /** Attributes are read later: only what becomes a field, or is looked at by `finish`, is taken out. */
  quick: Way = { regexp: /^$/, steps: [] };
  hits = 0;
  marked = false;
  constructor(members: Member[], tight: boolean) {
    this.members = members;
    this.tight = tight;
  }
}

export class Shape {
  /** There is something to try. */
  learned = false;
  /** What matched last has all marks of the product in names of members that are always there. */
  marked = false;
  readonly #table: Names;
  readonly #needs: Wanted | null;
  readonly #order: ((member: string) => number) | null;
  readonly #marks: readonly (readonly string[])[];
  #shapes: One[] = [];
  #lessons = 0;
  #missed = 0;
  /** The objects for `finish` of the record that is read. */
  readonly #homes: (JsonObject | null)[] = [];

  /** `order`: members of the record in an order of their own, the lowest first. */
  constructor(
    table: Names,
    needs: Wanted | null,
    marks: readonly (readonly string[])[],
    order: ((member: string) => number) | null = null,
  ) {
    this.#order = order;
    this.#table = table;
    this.#needs = needs;
    this.#marks = marks;
  }

  /**
   * Fills `entry` from the text of one record. The answer holds what `needs` names; null = no shape matches, or
   * something in it is not what JSON allows: `entry` is spoilt then.
   */
  read(entry: Entry, line: string): JsonObject | null {
    if (!shapes.on || line.length > LINE_MAX) return null;
    for (let i = 0; i < this.#shapes.length; i++) {
      const one = this.#shapes[i]!;
      const { regexp, steps } = leavesAttributes ? one.quick : one.full;
      const match = regexp.exec(line);
      if (match === null) continue;
      one.hits++;
      this.marked = one.marked;
      // The usual ones are tried first.
      if (i > 0 && one.hits > this.#shapes[i - 1]!.hits) {
        this.#shapes[i] = this.#shapes[i - 1]!;
        this.#shapes[i - 1] = one;
      }
      return this.#fill(entry, match, steps, line.indexOf('\\') >= 0);
    }
    this.#missed++;
    return null;
  }

  #fill(entry: Entry, match: RegExpExecArray, steps: Step[], escaped: boolean): JsonObject | null {
    start();
    const homes = this.#homes;
    const needed: JsonObject = {};
    homes[0] = needed;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      let value: unknown;
      const text = step.text === 0 ? undefined : match[step.text];
      if (text !== undefined) {
        value = text;
        if (escaped && text.indexOf('\\') >= 0) {
          value = parsed(`"${text}"`);
          if (value === undefined) return null;
        }
        if (step.home >= 0) homes[step.home]![step.key] = value;
        if (value === '') continue;
        if (step.take === null || !step.take(entry, value, step.key))
          keepText(entry, step.name, step.secret, value as string);
        continue;
      }
      const bare = step.bare === 0 ? undefined : match[step.bare];
      if (bare !== undefined) {
        if (step.take === null && step.home < 0 && isCanonical(bare)) {
          keepText(entry, step.name, step.secret, bare);
          continue;
        }
        const scalar = scalarOf(bare);
        if (step.home >= 0) homes[step.home]![step.key] = scalar;
        if (scalar === null) continue;
        if (step.take === null || !step.take(entry, scalar, step.key))
          keepText(entry, step.name, step.secret, String(scalar));
        continue;
      }
      if (step.there !== 0 && match[step.there] !== undefined) {
        const inner: JsonObject = {};
        homes[step.inner] = inner;
        homes[step.home]![step.key] = inner;
        continue;
      }
      const whole = step.whole === 0 ? undefined : match[step.whole];
      if (whole === undefined) continue;
      if (step.scan?.(entry, whole)) continue;
      value = parsed(whole, step.parse ?? JSON.parse);
      if (value === undefined) return null;
      if (step.home >= 0) homes[step.home]![step.key] = value;
      if (step.take?.(entry, value, step.key)) continue;
      if (step.table !== null && isObject(value)) walk(entry, value, step.table, dotted(step.name), step.depth + 1);
      else keep(entry, step.name, step.secret, value, step.depth);
    }
    // Objects count as attributes when they are walked, and not here: near the limit `walk` decides.
    return left() < MEMBERS_SHAPED_MAX ? null : needed;
  }

  /** From a record that was parsed because no shape matched it. */
  learn(line: string, json: JsonObject): void {
    if (!shapes.on || this.#lessons >= LESSONS_MAX) {
      // Records that are never alike are not worth a look.
      if (this.#missed > 1000 && this.#shapes.every((one) => one.hits < this.#missed)) this.learned = false;
      return;
    }
    if (line.length > LINE_MAX) return;
    this.#lessons++;
    const seen = this.#see(json, this.#table, this.#needs, 0);
    if (seen === null || seen.length === 0) return;
    for (const one of this.#shapes) {
      const merged = merge(one.members, seen);
      if (merged === null || sizeOf(merged) > MEMBERS_SHAPED_MAX) continue;
      const better = this.#compile(merged, line, one.tight);
      if (better === null) continue;
      one.members = merged;
      one.tight = better.tight;
      one.full = better.full;
      one.quick = better.quick;
      one.marked = better.marked;
      return;
    }
    if (this.#shapes.length >= SHAPES_MAX || sizeOf(seen) > MEMBERS_SHAPED_MAX) return;
    const made = this.#compile(seen, line, true);
    if (made === null) return;
    this.#shapes.push(made);
    this.learned = true;
  }

  #isMark(key: string, value: string): boolean {
    if (value.length > 200 || /["\\]/.test(value)) return false;
    const text = `"${key}":"${value}"`;
    return this.#marks.some((group) => group.some((mark) => text.includes(mark) && !`"${key}"`.includes(mark)));
  }

  /** null = it has names that cannot be read by a shape. */
  #see(json: JsonObject, table: Names | null, needs: Wanted | null, depth: number): Member[] | null {
    const members: Member[] = [];
    for (const key of Object.keys(json)) {
      if (!KEY.test(key) || key === '__proto__') return null;
      const value = json[key];
      const member: Member = {
        key,
        optional: false,
        quoted: false,
        fixed: null,
        bare: false,
        whole: null,
        inside: null,
      };
      const how = table?.get(key);
      const need = needOf(needs, key, false);
      if (Array.isArray(value)) {
        member.whole = kindOf(value);
        if (member.whole === null) return null;
      } else if (isObject(value)) {
        const { secret } = callIt(calledAt(''), '', key);
        // What is dropped is looked through as well: it may be no JSON.
        const opened =
          how instanceof Map || (how === drop && need === null) || (how === undefined && !secret && depth < DEPTH_MAX);
        if (opened && !isWhole(need) && Object.keys(value).length > 0) {
          member.inside = this.#see(value, how instanceof Map ? how : null, need, how === drop ? 0 : depth + 1);
          if (member.inside === null) return null;
        } else {
          member.whole = kindOf(value);
          if (member.whole === null) return null;
        }
      } else if (typeof value === 'string') {
        member.quoted = true;
        if (this.#isMark(key, value)) member.fixed = value;
      } else member.bare = true;
      members.push(member);
    }
    return members;
  }

  /** null = the line is not read by it: a name that came twice, an order that objects do not keep, other white space. */
  #compile(members: Member[], line: string, tight: boolean): One | null {
    const one = new One(members, tight);
    one.full = this.#wayThrough(members, false, tight ? '' : ' ?');
    if (!one.full.regexp.test(line)) return tight ? this.#compile(members, line, false) : null;
    one.quick = this.#wayThrough(members, true, tight ? '' : ' ?');
    const sure = sureOf(members, one.tight);
    one.marked = this.#marks.every((group) => group.some((mark) => sure.some((text) => text.includes(mark))));
    return one;
  }

  #wayThrough(members: Member[], quick: boolean, gap: string): Way {
    const state = { groups: 0, homes: 1 };
    const steps: Step[] = [];
    const inside = (
      list: Member[],
      table: Names | null,
      needs: Wanted | null,
      prefix: string,
      depth: number,
      home: number,
      dropped: boolean,
    ): string => {
      let source = `\\{${gap}`;
      list.forEach((member, i) => {
        const how = table?.get(member.key);
        const need = needOf(needs, member.key, quick);
        const { name, secret } = callIt(calledAt(prefix), prefix, member.key);
        const silent = how === drop || (quick && (how === undefined || (how instanceof Function && how.only === true)));
        const unasked = dropped || (silent && need === null);
        const step: Step = {
          key: interned(member.key),
          name,
          secret,
          depth,
          take: unasked ? drop : typeof how === 'function' ? how : null,
          table: how instanceof Map ? how : null,
          text: 0,
          bare: 0,
          whole: 0,
          scan: quick && need === null && typeof how === 'function' ? (how.scan ?? null) : null,
          parse: typeof need === 'function' ? need : null,
          there: 0,
          home: need === null ? -1 : home,
          inner: -1,
        };
        const ways: string[] = [];
        // What nobody asks for makes no text.
        if (!unasked) steps.push(step);
        if (member.quoted) {
          if (!unasked) step.text = ++state.groups;
          const text = member.fixed === null ? STRING : escaped(member.fixed);
          ways.push(unasked ? `"${text}"` : `"(${text})"`);
        }
        if (member.bare) {
          if (!unasked) step.bare = ++state.groups;
          ways.push(unasked ? BARE : `(${BARE})`);
        }
        if (member.inside !== null) {
          let there = '';
          if (need !== null && !isWhole(need)) {
            step.there = ++state.groups;
            step.inner = state.homes++;
            there = '()';
          }
          const deeper = isWhole(need) ? null : need;
          ways.push(there + inside(member.inside, step.table, deeper, dotted(name), depth + 1, step.inner, unasked));
        }
        if (member.whole !== null) {
          if (!unasked) step.whole = ++state.groups;
          ways.push(unasked ? whole(member.whole, gap) : `(${whole(member.whole, gap)})`);
        }
        const text = `${i === 0 ? '' : `${gap},${gap}`}"${escaped(member.key)}":${gap}(?:${ways.join('|')})`;
        source += member.optional ? `(?:${text})?` : text;
      });
      return `${source}${gap}\\}`;
    };
    const regexp = new RegExp(`^${inside(members, this.#table, this.#needs, '', 0, 0, false)}$`);
    const order = this.#order;
    if (order !== null) steps.sort((a, b) => order(a.key) - order(b.key));
    return { regexp, steps };
  }
}

function needOf(needs: Wanted | null, key: string, quick: boolean): Need | null {
  let need: Need | null = null;
  if (needs instanceof Map) need = needs.get(key) ?? null;
  else if (needs !== null && Object.hasOwn(needs, key)) need = needs[key]!;
  return quick && need === 'attributes' ? null : need;
}

function isWhole(need: Need | null): need is true | 'attributes' | ((text: string) => unknown) {
  return need !== null && typeof need !== 'object';
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** `"name"` of the members that every record has, and `"name":"value"` of those that are always the same. */
function sureOf(members: Member[], tight: boolean, texts: string[] = []): string[] {
  for (const { key, optional, quoted, fixed, bare, whole, inside } of members) {
    if (optional) continue;
    const others = bare || whole !== null;
    texts.push(`"${key}"`);
    if (fixed !== null && !others && inside === null) texts.push(tight ? `"${key}":"${fixed}"` : `"${fixed}"`);
    if (inside !== null && !others && !quoted) sureOf(inside, tight, texts);
  }
  return texts;
}

function sizeOf(members: Member[]): number {
  return members.reduce((n, member) => n + 1 + (member.inside === null ? 0 : sizeOf(member.inside)), 0);
}

/** One order for both, members that only one has made optional; null = they contradict each other. */
function merge(a: Member[], b: Member[]): Member[] | null {
  // The first has no comma before it, so it must always be there.
  if (a[0]!.key !== b[0]!.key) return null;
  const inB = new Map(b.map((member, i) => [member.key, i]));
  const merged: Member[] = [];
  let next = 0;
  for (const member of a) {
    const at = inB.get(member.key);
    if (at === undefined) {
      merged.push({ ...member, optional: true });
      continue;
    }
    if (at < next) return null;
    for (; next < at; next++) merged.push({ ...b[next]!, optional: true });
    next = at + 1;
    const other = b[at]!;
    const inside =
      member.inside === null || other.inside === null
        ? (member.inside ?? other.inside)
        : merge(member.inside, other.inside);
    if (inside === null && member.inside !== null) return null;
    merged.push({
      key: member.key,
      optional: member.optional,
      quoted: member.quoted || other.quoted,
      fixed:
        !member.quoted || !other.quoted
          ? (member.fixed ?? other.fixed)
          : member.fixed === other.fixed
            ? member.fixed
            : null,
      bare: member.bare || other.bare,
      whole: either(member.whole, other.whole),
      inside,
    });
  }
  for (; next < b.length; next++) merged.push({ ...b[next]!, optional: true });
  const names = new Set(merged.map((member) => member.key));
  return names.size === merged.length ? merged : null;
}

/** Never written to. */
const NOTHING: readonly unknown[] = Object.freeze([]);

function parsed(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  if (text === '[]') return NOTHING;
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** true, false, null or a number, of which the shape has seen to it that it is one. */
function scalarOf(text: string): boolean | number | null {
  const c = text.charCodeAt(0);
  if (c === 116) return true;
  if (c === 102) return false;
  if (c === 110) return null;
  const { length } = text;
  if (length > 15) return Number(text);
  let n = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0) return Number(text);
    n = n * 10 + digit;
  }
  return n;
}

/** String(Number(text)) would be the same text: 15 digits come through a double unchanged, if none is spare. */
function isCanonical(text: string): boolean {
  const { length } = text;
  const c = text.charCodeAt(0);
  if (c < 48 || c > 57 || length > 15) return false;
  return text.indexOf('.') < 0 || (text.charCodeAt(length - 1) !== 48 && (c !== 48 || text.charCodeAt(2) !== 48));
}
