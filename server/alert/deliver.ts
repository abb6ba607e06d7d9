/**
 * Sends what is due, one attempt each, and writes down how it went: sent, or pending again later, or given up.
 * What is pending survives a restart because it is a row, not a timer.
 */
import { DELIVERY_ATTEMPTS_MAX } from '../limits.ts';
import type { Ledger } from '../store/ledger.ts';
import type { Questions } from '../store/questions.ts';
import { type Message, message } from './notify/message.ts';

export type Channel = (m: Message, deliveryId: string, now: number) => Promise<void>;

export async function deliver(
  ledger: Ledger,
  questions: Questions,
  channels: Record<string, Channel>,
  publicUrl: string | null,
  now: () => number,
): Promise<number> {
  const due = ledger.dueDeliveries(now());
  for (const { delivery, alert } of due) {
    const send = channels[delivery.channel];
    const attempts = delivery.attempts + 1;
    if (!send) {
      ledger.saveDelivery({ ...delivery, state: 'failed', attempts, error: 'this channel is no longer configured' });
      continue;
    }
    const evidence = questions
      .refusals(
        {
          sinceMs: alert.firedAtMs - 3_600_000,
          untilMs: alert.firedAtMs + 120_000,
          where: alert.causes[0] ? [{ field: 'cause', in: [alert.causes[0].cause], not: [] }] : [],
        },
        { after: null, limit: 3, order: 'newest' },
      )
      .flatMap((r) =>
        r.verdict.evidence
          .slice(0, 1)
          .map((e) => ({ file: e.path, line: e.line, says: e.says, cause: r.verdict.cause })),
      );
    try {
      await send(message(alert, delivery, evidence, publicUrl), `${alert.id}-${delivery.event}`, now());
      ledger.saveDelivery({ ...delivery, state: 'sent', attempts, atMs: now(), error: null });
    } catch (error) {
      const why =
        error instanceof Error
          ? error.cause instanceof Error
            ? `${error.message}: ${error.cause.message}`
            : error.message
          : String(error);
      const given = attempts >= DELIVERY_ATTEMPTS_MAX;
      ledger.saveDelivery({
        ...delivery,
        state: given ? 'failed' : 'pending',
        attempts,
        nextAtMs: now() + Math.min(300_000, 1000 * 2 ** (attempts - 1)),
        atMs: now(),
        error: why.slice(0, 300),
      });
    }
  }
  return due.length;
}
