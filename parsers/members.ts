/**
 * HOT. The members of a parsed JSON object into an Entry, by a table that says which field takes which member; what the
 * table does not name becomes an attribute under its dotted name, secrets masked. `shape.ts` does the same without
 * parsing, for records laid out like earlier ones; which field takes what is `record.ts`.
 */
import { type Entry, leavesAttributes } from './entry.ts';
import { addAttribute } from './fields.ts';
import { isObject, type JsonObject, textOf } from './json.ts';

/** Puts a member into its field; false = it does not fit there and stays an attribute. */
export interface Take {
  (entry: Entry, value: unknown, name: string): boolean;
  /** It makes attributes and nothing else. */
  only?: true;
  /**
   * While attributes are left for later: the fields from the text of a list or an object, which is known to be JSON.
   * false = it is to be parsed, and the entry is untouched.
   */
  scan?: Scan;
}
export type Scan = (entry: Entry, text: string) => boolean;

/** The take under another name than the member's. */
export function renamed(take: Take, name: string): Take {
  if (take === drop) return drop;
  const as: Take = (entry, value) => take(entry, value, name);
  if (take.only) as.only = true;
  if (take.scan) as.scan = take.scan;
  return as;
}

/** A Take that need not parse a list or an object to find the few fields in it. */
export function scanned(take: Take, scan: Scan): Take {
  // A function of its own: the same take may stand elsewhere without.
  return Object.assign(((entry, value, name) => take(entry, value, name)) as Take, { scan });
}

/** A Take that makes attributes and nothing else: where these are left for later, it is not asked. */
export function onlyAttributes(take: Take): Take {
  take.only = true;
  return take;
}
export interface Table {
  [member: string]: Take | Table;
}
export type Names = Map<string, Take | Names>;

export function names(table: Table): Names {
  return new Map(Object.entries(table).map(([key, how]) => [key, typeof how === 'function' ? how : names(how)]));
}

/** Says nothing: not kept. */
export const drop: Take = () => true;

/** Depth and number of attributes that are kept: a record is a line, not a document. */
export const DEPTH_MAX = 6;
export const MEMBERS_MAX = 400;

const SECRETS = new Set(
  'authorization proxy-authorization cookie cookies set-cookie x-api-key api_key apikey password access_token'.split(
    ' ',
  ),
);
/** What a member is called as an attribute, and whether its value is nobody's business. */
interface Called {
  name: string;
  secret: boolean;
}

/**
 * Prefix → member → its name. The same few members come with every line: putting dotted names together, and looking for
 * secrets among them, each time cost a fifth of the line (openappsec 104 k → 136 k lines/s).
 */
const CALLED = new Map<string, Map<string, Called>>();
/** Hostile records invent members without end: from here on names are made, not remembered. */
export const CALLED_MAX = 20_000;
let called = 0;

export function calledAt(prefix: string): Map<string, Called> {
  let names = CALLED.get(prefix);
  if (names === undefined) {
    names = new Map();
    if (called < CALLED_MAX) {
      called++;
      CALLED.set(prefix, names);
    }
  }
  return names;
}

export function callIt(names: Map<string, Called>, prefix: string, key: string): Called {
  const known = names.get(key);
  if (known !== undefined) return known;
  const made = { name: interned(prefix + key), secret: SECRETS.has(key.toLowerCase()) };
  if (called < CALLED_MAX && key.length <= 100) {
    called++;
    names.set(key, made);
  }
  return made;
}

/** The text as property names are held: looked up without being hashed again. */
export function interned(text: string): string {
  return Object.keys({ [text]: 0 })[0]!;
}

/** Of the texts that are remembered. */
const REMEMBERED_MAX = 1000;
const REMEMBERED_LENGTH_MAX = 500;

/** `make`, asked once for each of the few texts that come again and again; bounded, because hostile records never repeat. */
export function remembering<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  // Mostly that of the line before, which is compared sooner than a new slice is hashed.
  let last: string | null = null;
  let lastMade: T;
  return (text) => {
    if (text === last) return lastMade;
    if (text.length > REMEMBERED_LENGTH_MAX) return make(text);
    let made = known.get(text);
    if (made === undefined) {
      made = make(text);
      if (known.size >= REMEMBERED_MAX) known.clear();
      // Of its own: a slice would keep its record.
      known.set(interned(text), made);
    }
    last = text;
    lastMade = made;
    return made;
  };
}

let budget = MEMBERS_MAX;

export function walk(entry: Entry, json: JsonObject, table: Names | null, prefix: string, depth: number): void {
  let names: Map<string, Called> | null = null;
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (value === null || value === undefined || value === '') continue;
    const how = table === null ? undefined : table.get(key);
    if (typeof how === 'function') {
      if (leavesAttributes && how.only === true) continue;
      if (how(entry, value, key)) continue;
    }
    // Only an object with a table may hold fields.
    if (leavesAttributes && !(how instanceof Map)) continue;
    names ??= calledAt(prefix);
    const { name, secret } = callIt(names, prefix, key);
    if (how instanceof Map && isObject(value)) walk(entry, value, how, dotted(name), depth + 1);
    else keep(entry, name, secret, value, depth);
  }
}

const DOTTED = new Map<string, string>();

export function dotted(name: string): string {
  let prefix = DOTTED.get(name);
  if (prefix === undefined) {
    prefix = interned(`${name}.`);
    if (DOTTED.size < CALLED_MAX) DOTTED.set(name, prefix);
  }
  return prefix;
}

export function keep(entry: Entry, name: string, secret: boolean, value: unknown, depth: number): void {
  if (leavesAttributes) return;
  if (!secret && isObject(value) && depth < DEPTH_MAX) {
    if (budget-- > 0) walk(entry, value, null, dotted(name), depth + 1);
  } else keepText(entry, name, secret, Array.isArray(value) && !secret ? listText(value) : textOf(value));
}

export function keepText(entry: Entry, name: string, secret: boolean, text: string): void {
  if (leavesAttributes) return;
  if (budget-- <= 0) return;
  if (secret) {
    const space = text.indexOf(' ');
    addAttribute(entry, name, space > 0 && space < 12 ? `${text.slice(0, space)} ***` : '***');
  } else addAttribute(entry, name, text);
}

/** Scalars joined by ", ", anything else as JSON. */
export function listText(value: unknown): string {
  if (!Array.isArray(value)) return textOf(value);
  return value.every((item) => typeof item !== 'object' || item === null)
    ? value.map(textOf).join(', ')
    : JSON.stringify(value);
}

/** A record begins. */
export function start(): void {
  budget = MEMBERS_MAX;
}

/** How many more attributes this record may have. */
export function left(): number {
  return budget;
}

/** Fills `entry` from `json`. */
export function fill(entry: Entry, json: JsonObject, table: Names): void {
  start();
  walk(entry, json, table, '', 0);
}
