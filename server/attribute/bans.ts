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
        const open = list.find((b) => b.toMs === Infinity);
        if (open) open.toMs = record.timeMs;
      } else if (BEGIN.test(verb)) {
        list.push({
          address,
          fromMs: record.timeMs,
          toMs: Infinity,
          by: e.logLogger ?? e.dataset,
          path: pathOf(record.line.sourceId),
          record,
        });
      }
      this.#byAddress.set(address, list);
    }
  }

  /** The ban in force for an address; a second of tolerance, since logs round. */
  at(address: string | null, timeMs: number): Ban | null {
    if (address === null) return null;
    return this.#byAddress.get(address)?.find((b) => b.fromMs - 1500 <= timeMs && timeMs <= b.toMs + 3000) ?? null;
  }
}

function isBanLine(e: Entry): boolean {
  return (
    e.clientAddress !== null && (e.kind === 'ban' || (e.dataset === 'syslog' && /blacklist/i.test(e.message ?? '')))
  );
}
