/**
 * What ordinary requests to the route of a refusal look like: let through shortly before or after, from the log in
 * which requests enter. Where that one names no user agent, it is taken from the log of a layer further in.
 */
import type { Entry } from '../../parsers/entry.ts';
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
  const agents = agentsFurtherIn(archive, r);
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
      userAgent: entry.userAgentOriginal ?? agents(entry, timeMs + source.clockOffsetMs),
      raw: maskText(rawOf(archive, line)),
    }));
}

/** Lines of two logs are one request only if they are as near as this; a doubt is no answer. */
const SAME_MS = 1500;

/** Who asked, by the next log in the chain that names agents: of the only agent that made such a request at that time. */
function agentsFurtherIn(archive: Archive, r: Refusal): (of: Entry, timeMs: number) => string | null {
  const seen: { entry: Entry; timeMs: number }[] = [];
  for (const hop of r.chain.slice(1)) {
    const source = archive.source(hop.sourceId);
    const own = source === null ? null : archive.blockAt(hop.sourceId, hop.offset);
    if (source === null || own === null) continue;
    const beside = own.offset > 0 ? archive.blockAt(hop.sourceId, own.offset - 1) : null;
    for (const block of [own, beside, archive.blockAt(hop.sourceId, own.offset + own.bytes)])
      for (const { entry, timeMs } of block === null ? [] : entriesOf(block))
        if (entry.kind === 'access' && entry.userAgentOriginal !== null && entry.urlPath !== null)
          seen.push({ entry, timeMs: timeMs + source.clockOffsetMs });
    if (seen.length > 0) break;
  }
  return (of, timeMs) => {
    const agents = new Set(
      seen
        .filter(
          (s) =>
            Math.abs(s.timeMs - timeMs) <= SAME_MS &&
            s.entry.urlPath === of.urlPath &&
            s.entry.httpRequestMethod === of.httpRequestMethod &&
            s.entry.httpResponseStatusCode === of.httpResponseStatusCode &&
            (of.clientAddress === null || [of.clientAddress, null].includes(s.entry.clientAddress)),
        )
        .map((s) => s.entry.userAgentOriginal),
    );
    return agents.size === 1 ? [...agents][0]! : null;
  };
}
