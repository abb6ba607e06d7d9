/**
 * What somebody who pastes something means: an id, an address, a path, a user, or a whole log line. A line is found
 * where it is stored (its time says in which blocks), else by what it says: its ids, or its client and path at its time.
 */
import { detect, makeReader } from '../../parsers/detect.ts';
import { type Entry, isFailure } from '../../parsers/entry.ts';
import { iso } from '../clock.ts';
import { maskText } from '../model/mask.ts';
import type { Refusal } from '../model/request.ts';
import type { RefusalField, Term } from '../store/questions.ts';
import type { SearchResult } from './contract.ts';
import type { Store } from './rows.ts';

/** A text that is longer, or has this many blanks, is a log line. */
const LINE_CHARS = 40;
const LINE_BLANKS = 3;
/** Where a line's time cannot be read: the newest of every log, and of all of them together. */
const NEWEST_BYTES = 2 * 1024 * 1024;
const NEWEST_BYTES_ALL = 16 * 1024 * 1024;
/** A line of another clock or another layer of the same request. */
const NEAR_MS = 5_000;
/** A line that names no zone may be half a day off, in quarters of an hour. */
const ZONES_MS = 14 * 3_600_000;
const QUARTER_MS = 15 * 60_000;
const FOUND = 10;

export const isLine = (text: string): boolean =>
  text.length > LINE_CHARS && text.split(/\s+/, LINE_BLANKS + 1).length > LINE_BLANKS;

interface Found {
  refusal: Pick<Refusal, 'id' | 'timeMs' | 'method' | 'path'>;
  why: string;
}

/** For `q` of a filter. */
export function termOf(store: Store, text: string, now: number): Term {
  const q = text.trim();
  if (!isLine(q)) return store.questions.meaning(q);
  return { kind: 'ids', ids: ofLine(store, q, now).map((f) => f.refusal.id) };
}

export function search(store: Store, text: string, now: number): SearchResult {
  const q = text.trim();
  const matches: SearchResult['matches'] = [];
  const add = ({ refusal: r, why }: Found): void => {
    if (!matches.some((m) => m.kind === 'refusal' && m.id === r.id))
      matches.push({ kind: 'refusal', id: r.id, label: `${r.method ?? ''} ${r.path ?? ''} ${iso(r.timeMs)}`, why });
  };
  if (isLine(q)) {
    for (const f of ofLine(store, q, now)) add(f);
    return { matches };
  }
  const direct = store.questions.refusal(q);
  if (direct) add({ refusal: direct, why: 'id of the refusal' });
  for (const r of store.questions.refusalsByRequestId(q, FOUND)) add({ refusal: r, why: `request id ${q}` });
  if (q.length <= 200) {
    for (const field of ['client', 'path', 'route', 'user', 'host', 'rule', 'cause', 'problem'] as const) {
      const count = countOf(store, field, q);
      if (count > 0) matches.push({ kind: 'filter', field, value: q, count });
    }
  }
  return { matches: matches.slice(0, 20) };
}

function countOf(store: Store, field: RefusalField, value: string): number {
  return store.questions.countRefusals({ sinceMs: null, untilMs: null, where: [{ field, in: [value], not: [] }] });
}

function ofLine(store: Store, text: string, now: number): Found[] {
  const line = text.split('\n')[0]!.trimEnd();
  const entry = readLine(line, now);
  const stored = whereStored(store, line, entry);
  if (stored !== null) return [stored];
  if (entry === null) return byWords(store, line);
  for (const id of entry.requestIds) {
    const found = store.questions.refusalsByRequestId(id, FOUND);
    if (found.length > 0) return found.map((refusal) => ({ refusal, why: `request id ${id}` }));
  }
  return nearby(store, entry);
}

function readLine(line: string, now: number): Entry | null {
  const detected = detect([line], { fileName: '', referenceMs: now });
  if (detected === null) return null;
  const entry = makeReader(detected).read(line, now);
  return isFailure(entry) ? null : entry;
}

/** The very line, in a block of its time. */
function whereStored(store: Store, line: string, entry: Entry | null): Found | null {
  const wanted = Buffer.from(line);
  const timeMs = entry === null || Number.isNaN(entry.timeMs) ? null : entry.timeMs;
  let left = NEWEST_BYTES_ALL;
  for (const source of store.archive.sources()) {
    const blocks =
      timeMs === null
        ? store.archive.lastBlocks(source.id, Math.min(NEWEST_BYTES, left))
        : store.archive.blocks({ sourceId: source.id, fromMs: timeMs, toMs: timeMs });
    for (const block of blocks) {
      left -= block.bytes;
      if (left < 0) return null;
      const raw = Buffer.from(block.raw.buffer, block.raw.byteOffset, block.raw.byteLength);
      for (let at = raw.indexOf(wanted); at >= 0; at = raw.indexOf(wanted, at + wanted.length)) {
        let n = block.firstLine;
        for (let i = raw.indexOf(10); i >= 0 && i < at; i = raw.indexOf(10, i + 1)) n++;
        const refusal = store.questions.refusalOfLine(source.id, n);
        if (refusal) return { refusal, why: `line ${n} of ${source.path}` };
      }
    }
  }
  return null;
}

/** Not known as a log: one of its words may be an id. */
function byWords(store: Store, line: string): Found[] {
  const words = line.split(/[\s"'=,[\](){}]+/).filter((w) => w.length >= 12);
  for (const word of words.slice(0, 60)) {
    const found = store.questions.refusalsByRequestId(word, FOUND);
    if (found.length > 0) return found.map((refusal) => ({ refusal, why: `request id ${maskText(word)}` }));
  }
  return [];
}

/** The same client and path at the same time; where the line names no zone, at the same minute of some zone. */
function nearby(store: Store, e: Entry): Found[] {
  const of = { client: e.clientAddress, path: e.urlPath };
  if (Number.isNaN(e.timeMs) || (of.client === null && of.path === null)) return [];
  const said = [of.client, of.path].filter((x) => x !== null).join(' asking for ');
  const found = store.questions.near(of, e.timeMs, NEAR_MS, FOUND);
  if (found.length > 0) return found.map((refusal) => ({ refusal, why: `${said} at that time` }));
  if (!e.timeZoneless) return [];
  return store.questions
    .near(of, e.timeMs, ZONES_MS, 200)
    .filter((r) => {
      const apart = Math.abs(r.timeMs - e.timeMs) % QUARTER_MS;
      return Math.min(apart, QUARTER_MS - apart) <= NEAR_MS;
    })
    .slice(0, FOUND)
    .map((refusal) => ({ refusal, why: `${said} at that time in another zone` }));
}
