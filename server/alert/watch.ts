/**
 * Evaluates the rules against the store and writes what changes: one row per alert, one delivery per channel
 * and state change, in one transaction. Requests are counted by the minute, so the window of a share is its whole
 * minutes and what there is of the current one, for requests and refusals alike; a number of refusals is counted to
 * the moment.
 */
import { spell } from '../clock.ts';
import type { AlertRow, Ledger } from '../store/ledger.ts';
import type { Filter, Questions } from '../store/questions.ts';
import { type AlertRule, decide, type Measure, measuredValue, sentence } from './rule.ts';

const MINUTE = 60_000;
/** Event time may be ahead of this machine's clock by this much and still count as now. */
const AHEAD_MS = 120_000;

export function measure(rule: AlertRule, questions: Questions, now: number): { measure: Measure; filter: Filter } {
  const minutes = Math.max(1, Math.round(rule.windowMs / MINUTE));
  // Without the minute before, the first moments of each would know of nothing, and end what goes on.
  const whole: Filter = {
    sinceMs: Math.floor(now / MINUTE) * MINUTE - minutes * MINUTE,
    untilMs: now + AHEAD_MS,
    where: [],
  };
  const filter = rule.kind === 'count' ? { ...whole, sinceMs: now - rule.windowMs } : whole;
  const requests = questions.requestSeries(whole, MINUTE).reduce((n, r) => n + r.requests, 0);
  return { measure: { requests, refused: questions.countRefusals(filter) }, filter };
}

/** Returns whether anything changed. */
export function watch(
  rules: readonly AlertRule[],
  channels: string[],
  ledger: Ledger,
  questions: Questions,
  now: number,
): boolean {
  const firing = new Map(ledger.firing().map((a) => [a.rule, a]));
  let changed = false;
  for (const rule of rules) {
    const { measure: m, filter } = measure(rule, questions, now);
    const open: AlertRow | undefined = firing.get(rule.name);
    const value = measuredValue(rule, m);
    switch (decide(rule, m, open !== undefined)) {
      case 'fire': {
        const causes = questions.top(filter, 'cause', 5).map((c) => ({ cause: c.key, count: c.count }));
        ledger.openAlert(
          {
            rule: rule.name,
            firedAtMs: now,
            value,
            peak: value,
            summary: sentence(rule, m, spell(rule.windowMs)),
            causes,
          },
          channels,
        );
        changed = true;
        break;
      }
      case 'keep-firing':
        if (value !== open!.value) {
          ledger.updateAlert(open!.id, { value, peak: Math.max(open!.peak, value) });
          changed = true;
        }
        break;
      case 'resolve':
        ledger.resolveAlert(open!.id, now, value, channels);
        changed = true;
        break;
      default:
    }
  }
  return changed;
}
