/**
 * Who was banned when: ban tools' lines turned into stretches of time per address. A ban explains refusals of
 * its address while it lasts; its lines are context, not part of a request.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Placed } from '../model/line.ts';

export interface Ban {
  address: string;
  fromMs: number;
  toMs: number;
  /** jail, module or list */
  by: string;
  /** Path of the log that tells of it. */
  path: string;
  record: Placed;
}

const BEGIN = /^(re)?ban$|^restore ban$|^increase ban$|blacklist|^blocked?$/i;
const END = /^unban$/i;

export class Bans {
  readonly #byAddress = new Map<string, Ban[]>();

  constructor(records: Placed[], pathOf: (sourceId: number) => string) {
    const sorted = records
      .filter((r) => isBanLine(r.entry) && !Number.isNaN(r.timeMs))
      .sort((a, b) => a.timeMs - b.timeMs);
    for (const record of sorted) {
      const e = record.entry;
      const address = e.clientAddress!;
      const list = this.#byAddress.get(address) ?? [];
      const verb = e.eventOutcome ?? e.message ?? '';
      if (END.test(verb)) {
        // A tool that was started anew tells of the same ban again: its end is the end of all of them.
        for (const b of list) if (b.by === (e.logLogger ?? e.dataset) && b.toMs > record.timeMs) b.toMs = record.timeMs;
      } else if (BEGIN.test(verb)) {
        list.push({
          address,
          fromMs: record.timeMs,
          toMs: record.timeMs + durationOf(e),
          by: e.logLogger ?? e.dataset,
          path: pathOf(record.line.sourceId),
          record,
        });
      }
      this.#byAddress.set(address, list);
    }
  }

  /** The ban in force for an address, the latest of several; a log of whole seconds leaves open when in that second. */
  at(address: string | null, timeMs: number): Ban | null {
    if (address === null) return null;
    const bans = this.#byAddress.get(address) ?? [];
    const latestMs = timeMs + (timeMs % 1000 === 0 ? 999 : CLOCKS_MS);
    return bans.findLast((b) => b.fromMs <= latestMs && timeMs <= b.toMs + 3000) ?? null;
  }
}

/** Clocks of one machine agree; what they are off by is learned in larger steps. */
const CLOCKS_MS = 200;

const UNIT_MS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** What a tool says of how long it bans ("4h", "3h59m56s", "600"); for ever where it says nothing. */
function durationOf(e: Entry): number {
  const text = e.attributes?.duration ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  let ms = 0;
  for (const [, n, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)) ms += Number(n) * UNIT_MS[unit!]!;
  return ms > 0 ? ms : Number.POSITIVE_INFINITY;
}

function isBanLine(e: Entry): boolean {
  return (
    e.clientAddress !== null && (e.kind === 'ban' || (e.dataset === 'syslog' && /blacklist/i.test(e.message ?? '')))
  );
}
