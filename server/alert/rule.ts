/**
 * When an alert fires and when it resolves. Pure: numbers and `now` in, a named decision out. The level to
 * resolve lies below the level to fire, so that a share that wavers around the threshold sends one message.
 */

export interface AlertRule {
  name: string;
  kind: 'rate' | 'count';
  /** rate: 0..1, count: refusals in the window. */
  threshold: number;
  windowMs: number;
  /** Fewer requests in the window prove nothing. */
  minimumRequests: number;
}

export interface Measure {
  requests: number;
  refused: number;
}

export type Decision =
  | 'fire' // crosses the threshold and is not firing
  | 'keep-firing'
  | 'resolve' // fell below the lower level, or nobody asks any more
  | 'too-few-requests'
  | 'quiet';

/** Resolves at this part of the threshold. */
export const RESOLVE_FACTOR = 0.8;

export function measuredValue(rule: AlertRule, m: Measure): number {
  if (rule.kind === 'count') return m.refused;
  return m.requests === 0 ? 0 : Math.min(1, m.refused / m.requests);
}

export function decide(rule: AlertRule, m: Measure, firing: boolean): Decision {
  const value = measuredValue(rule, m);
  if (firing) {
    if (m.requests === 0 && m.refused === 0) return 'resolve';
    if (m.requests < rule.minimumRequests) return value < rule.threshold * RESOLVE_FACTOR ? 'resolve' : 'keep-firing';
    return value < rule.threshold * RESOLVE_FACTOR ? 'resolve' : 'keep-firing';
  }
  if (value < rule.threshold) return 'quiet';
  return m.requests < rule.minimumRequests ? 'too-few-requests' : 'fire';
}

/** "7.2 % of requests refused in 5 min (threshold 5 %)" */
export function sentence(rule: AlertRule, m: Measure, spellWindow: string): string {
  const value = measuredValue(rule, m);
  return rule.kind === 'rate'
    ? `${(value * 100).toFixed(1)} % of ${m.requests} requests refused in ${spellWindow} (threshold ${+(rule.threshold * 100).toFixed(2)} %)`
    : `${m.refused} refused in ${spellWindow} (threshold ${rule.threshold})`;
}
