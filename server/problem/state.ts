/**
 * How a problem is doing: new, ongoing, over, or back. Pure: its counts as the store keeps them, a person's word, and
 * `now` in event time (the newest that was read, where that lies before the clock: old logs do not make a problem end).
 */
import { quietMs, RETURN_MS } from '../model/problem.ts';
import type { ProblemRecord, ProblemState } from '../store/problems.ts';

/** A problem is news for a day. */
export const NEW_MS = 24 * 3_600_000;

export interface Life {
  state: ProblemState;
  /** When it last came back: after a long silence, or after it was said to be fixed; null = it never left. */
  cameBackMs: number | null;
}

type Known = Pick<ProblemRecord, 'firstMs' | 'lastMs' | 'cameBackMs' | 'refusals' | 'saying'>;

export function lifeOf(p: Known, now: number): Life {
  const { saying } = p;
  const fixedMs = saying?.word === 'fixed' ? saying.atMs : null;
  if (fixedMs !== null && p.lastMs <= fixedMs) return { state: 'resolved', cameBackMs: p.cameBackMs };
  // What came after somebody said that it is fixed is a return, however short the silence was.
  const cameBackMs = fixedMs === null ? p.cameBackMs : Math.max(p.cameBackMs ?? 0, fixedMs);
  if (now - p.lastMs >= quietMs(p.firstMs, p.lastMs, p.refusals)) return { state: 'resolved', cameBackMs };
  if (fixedMs !== null) return { state: 'regressed', cameBackMs };
  // Somebody knows of the return: it goes on.
  const isKnown = saying?.word === 'acknowledged' && cameBackMs !== null && saying.atMs >= cameBackMs;
  if (cameBackMs !== null && !isKnown && now - cameBackMs < RETURN_MS) return { state: 'regressed', cameBackMs };
  if (now - p.firstMs < NEW_MS) return { state: 'new', cameBackMs };
  return { state: 'ongoing', cameBackMs };
}

/** Is it over, by event time: where the newest line read lies in the past, that is now. */
export const eventNow = (newestMs: number | null, now: number): number =>
  newestMs === null ? now : Math.min(now, newestMs);
