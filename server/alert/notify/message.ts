/** What a message says, the same for every channel; each channel escapes it in its own way. */
import { iso } from '../../clock.ts';
import { plain } from '../../model/mask.ts';
import { CAUSES, type Cause } from '../../model/taxonomy.ts';
import type { AlertRow, DeliveryRow } from '../../store/ledger.ts';

export interface Message {
  event: 'firing' | 'resolved';
  alert: {
    id: number;
    rule: string;
    value: number;
    peak: number;
    firedAt: string;
    resolvedAt: string | null;
    summary: string;
  };
  title: string;
  causes: { cause: string; title: string; count: number }[];
  evidence: { file: string; line: number; says: string; cause: string }[];
  link: string | null;
}

export function message(
  alert: AlertRow,
  delivery: DeliveryRow,
  evidence: Message['evidence'],
  publicUrl: string | null,
): Message {
  const main = alert.causes[0];
  return {
    event: delivery.event,
    alert: {
      id: alert.id,
      rule: alert.rule,
      value: alert.value,
      peak: alert.peak,
      firedAt: iso(alert.firedAtMs),
      resolvedAt: alert.resolvedAtMs === null ? null : iso(alert.resolvedAtMs),
      summary: alert.summary,
    },
    title:
      delivery.event === 'firing'
        ? `Refused requests are up: ${alert.summary}${main ? `, mostly ${CAUSES[main.cause as Cause]?.toLowerCase() ?? main.cause}` : ''}`
        : `Refused requests are back to normal (${alert.rule})`,
    causes: alert.causes.map((c) => ({ cause: c.cause, title: CAUSES[c.cause as Cause] ?? c.cause, count: c.count })),
    evidence: evidence.slice(0, 3).map((e) => ({ ...e, says: plain(e.says) })),
    link: publicUrl === null ? null : `${publicUrl}/alerts`,
  };
}
