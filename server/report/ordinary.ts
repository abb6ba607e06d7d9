/** What ordinary requests to the route of a refusal look like: let through shortly before or after, from the same log. */
import { iso } from '../clock.ts';
import { ORDINARY_MAX } from '../limits.ts';
import type { Block, Placed } from '../model/line.ts';
import { maskText } from '../model/mask.ts';
import type { Refusal } from '../model/request.ts';
import { routeOf } from '../model/route.ts';
import type { Archive } from '../store/archive.ts';
import { entriesOf } from '../store/reader.ts';
import { rawOf } from './raw.ts';

export interface Ordinary {
  file: string;
  line: number;
  time: string;
  client: string | null;
  method: string | null;
  path: string | null;
  status: number | null;
  userAgent: string | null;
  /** As logged, masked, cut. */
  raw: string;
}

/** The nearest in time, at most a few, in order of time. Reads the refusal's own block and at most its two neighbours. */
export function ordinary(archive: Archive, r: Refusal): Ordinary[] {
  const outer = r.chain[0];
  const source = outer === undefined ? null : archive.source(outer.sourceId);
  if (outer === undefined || source === null || r.route === '') return [];
  const found: Placed[] = [];
  const at = outer.timeMs ?? r.timeMs;
  const own = archive.blockAt(outer.sourceId, outer.offset);
  if (own === null) return [];
  const beside: (() => Block | null)[] = [
    () => own,
    () => (own.offset > 0 ? archive.blockAt(outer.sourceId, own.offset - 1) : null),
    () => archive.blockAt(outer.sourceId, own.offset + own.bytes),
  ];
  for (const next of beside) {
    if (found.length >= ORDINARY_MAX) break;
    const block = next();
    if (block === null) continue;
    for (const p of entriesOf(block)) {
      const { entry: e } = p;
      const status = e.httpResponseStatusCode ?? 0;
      if (e.kind !== 'access' || status < 200 || status >= 400 || e.urlPath === null) continue;
      if (routeOf(e.urlPath) === r.route) found.push(p);
    }
  }
  const distance = (p: Placed): number =>
    Math.abs(p.timeMs + source.clockOffsetMs - at) + (p.entry.httpRequestMethod === r.method ? 0 : 3_600_000);
  return found
    .filter((p) => !Number.isNaN(p.timeMs))
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, ORDINARY_MAX)
    .sort((a, b) => a.timeMs - b.timeMs)
    .map(({ line, entry, timeMs }) => ({
      file: outer.path,
      line: line.line,
      time: iso(timeMs + source.clockOffsetMs),
      client: entry.clientAddress,
      method: entry.httpRequestMethod,
      path: entry.urlPath,
      status: entry.httpResponseStatusCode,
      userAgent: entry.userAgentOriginal,
      raw: maskText(rawOf(archive, line)),
    }));
}
