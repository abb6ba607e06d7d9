/**
 * Holds one entry against every signal table. The tables are the files of `signals/`; which exist is asked once,
 * when this module loads. HOT for lines without a match: error logs are asked line by line, so signals stand in
 * lists per dataset, those with a code in a map, and an entry that fits nothing costs a few string searches.
 */
import { readdirSync } from 'node:fs';
import { type Entry, entryWith } from '../../parsers/entry.ts';
import { Needles } from './needles.ts';
import type { Signal, SignalMatch } from './signal.ts';
import { answerOf } from './signals/answer.ts';
import { matchReason, programOf } from './signals/reasons.ts';
import { clean, VALUE_CHARS } from './signals/words.ts';

/** Longest part of a message that is held against expressions: reasons stand in front, and hostile lines are long. */
const MESSAGE_CHARS = 4000;

/** A layer that answers one of these for such a reason is evidence; any other status means that nothing was refused. */
const REFUSING = new Set([
  0, 400, 401, 403, 405, 407, 410, 418, 419, 421, 422, 423, 426, 428, 429, 444, 451, 495, 496, 500, 502, 503, 504,
]);

/** A table's decision below this leaves room for what the text says in words. */
const SURE = 0.8;

interface Shelf {
  byCode: Map<string, Signal[]>;
  /** Of what was answered: not asked of the many lines that do not keep it. */
  answers: Signal[];
  others: Signal[];
  /** Of the messages of `others`: which of them are worth trying. */
  needles: Needles;
}

/** Every signal of every table. Ids are unique. */
export const SIGNALS: readonly Signal[] = await load();

async function load(): Promise<Signal[]> {
  const folder = new URL('./signals/', import.meta.url);
  const files = readdirSync(folder).filter((f) => /^[a-z0-9-]+\.[jt]s$/.test(f));
  const tables = await Promise.all(files.sort().map((f) => import(new URL(f, folder).href)));
  const signals: Signal[] = [];
  for (const table of tables) if (Array.isArray(table.default)) signals.push(...table.default);
  return signals;
}

const NO_NEEDLES = new Needles([]);
const shelves = new Map<string, Shelf>();

function shelfOf(dataset: string): Shelf {
  let shelf = shelves.get(dataset);
  if (shelf !== undefined) return shelf;
  shelf = { byCode: new Map(), answers: [], others: [], needles: NO_NEEDLES };
  for (const signal of SIGNALS) {
    if (!signal.datasets.some((d) => (d.endsWith('*') ? dataset.startsWith(d.slice(0, -1)) : d === dataset))) continue;
    if (signal.answer !== undefined) shelf.answers.push(signal);
    else if (signal.eventCode === undefined) shelf.others.push(signal);
    else {
      for (const code of typeof signal.eventCode === 'string' ? [signal.eventCode] : signal.eventCode) {
        const list = shelf.byCode.get(code);
        if (list === undefined) shelf.byCode.set(code, [signal]);
        else list.push(signal);
      }
    }
  }
  shelf.needles = new Needles(shelf.others.map((signal) => signal.message ?? null));
  shelves.set(dataset, shelf);
  return shelf;
}

/**
 * All signals that hold for the entry: decisions first, the surest first; what plain words say comes last. One
 * `ignore` that holds is the only answer.
 */
export function matchSignals(entry: Entry): SignalMatch[] {
  const found: SignalMatch[] = [];
  const shelf = shelfOf(entry.dataset);
  if (lookThrough(shelf, entry, found)) return [found[found.length - 1]!];
  const program = programOf(entry);
  if (program !== null) {
    const view = entryWith(entry, { dataset: 'text.app', kind: 'app', ...program });
    const own = found.length;
    if (lookThrough(shelfOf('text.app'), view, found)) return [found[found.length - 1]!];
    for (let i = own; i < found.length; i++) found[i] = { ...found[i]!, signal: ofApplication(found[i]!.signal) };
  }
  const answer = shelf.answers.length === 0 ? null : answerOf(entry);
  if (answer !== null) {
    for (const signal of shelf.answers) holds(signal, entry, answer, found);
  }
  if (found.length > 1) found.sort(byWeight);
  const best = found[0]?.signal;
  const said = best?.ownWords === true || (best?.kind === 'decision' && best.confidence >= SURE);
  if (!said) {
    const reason = matchReason(entry);
    if (reason !== null) {
      found.push(reason);
      found.sort(byWeight);
    }
  }
  return found;
}

/** Adds what holds of one shelf; true = the last of it is an `ignore`. */
function lookThrough(shelf: Shelf, entry: Entry, found: SignalMatch[]): boolean {
  const message =
    entry.message !== null && entry.message.length > MESSAGE_CHARS
      ? entry.message.slice(0, MESSAGE_CHARS)
      : entry.message;
  const coded = entry.eventCode === null ? undefined : shelf.byCode.get(entry.eventCode);
  if (coded !== undefined) {
    for (const signal of coded) if (holds(signal, entry, message, found)) return true;
  }
  const { others, needles } = shelf;
  if (message !== null) needles.look(message);
  for (let i = 0; i < others.length; i++) {
    if (message !== null && !needles.mayMatch(i)) continue;
    if (holds(others[i]!, entry, message, found)) return true;
  }
  return false;
}

const applications = new Map<Signal, Signal>();

/** The signal as it stands in a server's log: whose decision it was does not change with the file. */
function ofApplication(signal: Signal): Signal {
  let own = applications.get(signal);
  if (own === undefined) {
    own = signal.layer === undefined ? { ...signal, layer: 'app' } : signal;
    applications.set(signal, own);
  }
  return own;
}

const KINDS = { decision: 0, relay: 1, context: 2, ignore: 3 };

function byWeight(a: SignalMatch, b: SignalMatch): number {
  return KINDS[a.signal.kind] - KINDS[b.signal.kind] || b.signal.confidence - a.signal.confidence;
}

/** Adds the match when it holds; true = it is an `ignore`. */
function holds(signal: Signal, entry: Entry, message: string | null, found: SignalMatch[]): boolean {
  let text: string | null = null;
  let groups: Record<string, string> | undefined;
  // Signals of an answer are held against the answer.
  const words = signal.answer ?? signal.message;
  if (words !== undefined) {
    if (message === null) return false;
    if (typeof words === 'string') {
      if (!message.includes(words)) return false;
      text = words;
    } else {
      const match = words.exec(message);
      if (match === null) return false;
      text = match[0];
      groups = match.groups;
    }
  }
  if (signal.logger !== undefined && !test(signal.logger, entry.logLogger)) return false;
  if (signal.outcome !== undefined && !test(signal.outcome, entry.eventOutcome)) return false;
  if (signal.kind === 'decision' && !mayRefuse(signal, entry)) return false;
  if (signal.when !== undefined && !signal.when(entry)) return false;
  found.push({
    signal,
    says: fill(signal.says, entry, text === null ? groups : { text, ...groups }),
    text: text === null ? null : text.slice(0, VALUE_CHARS),
  });
  return signal.kind === 'ignore';
}

function test(condition: string | RegExp, value: string | null): boolean {
  if (value === null) return false;
  return typeof condition === 'string' ? value.includes(condition) : condition.test(value);
}

/** The entry's own status, where it has one, has to be that of a refusal. */
function mayRefuse(signal: Signal, entry: Entry): boolean {
  const status = entry.httpResponseStatusCode;
  return status === null || REFUSING.has(status) || (signal.status?.includes(status) ?? false);
}

/**
 * `{name}` becomes a named group, a field of the Entry, or one of its attributes. `[…]` around a part leaves it
 * out when a name in it is not known. "User {user} failed[ for {urlPath}]"
 */
export function fill(says: string, entry: Entry, groups?: Record<string, string | undefined>): string {
  const value = (name: string): string | null => {
    const raw =
      groups?.[name] ??
      (Object.hasOwn(entry, name) ? (entry as unknown as Record<string, unknown>)[name] : undefined) ??
      (entry.attributes !== null && Object.hasOwn(entry.attributes, name) ? entry.attributes[name] : undefined);
    return raw === undefined || raw === null || raw === '' || typeof raw === 'object' ? null : clean(String(raw));
  };
  const put = (part: string) => part.replace(/\{([\w.-]+)\}/g, (_, name: string) => value(name) ?? '…');
  return says
    .split(/(\[[^\]]*\])/)
    .map((part) => {
      if (!part.startsWith('[') || !part.endsWith(']')) return put(part);
      const inner = part.slice(1, -1);
      const names = [...inner.matchAll(/\{([\w.-]+)\}/g)].map((m) => m[1]!);
      return names.every((n) => value(n) !== null) ? put(inner) : '';
    })
    .join('');
}
