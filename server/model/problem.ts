/**
 * What makes refusals one problem, and when a problem is quiet. Pure; the store keeps what follows from it up to date
 * in the transaction that changes a refusal, so that counts and rows cannot part.
 */
import { createHash } from 'node:crypto';
import type { AudienceReason } from './audience.ts';
import type { Refusal } from './request.ts';

/** What makes refusals one problem. Example: {cause: "waf.sqli", layer: "waf", source: "waf/audit.log", route: "/search", rule: "942100"} */
export interface Fingerprint {
  cause: string;
  layer: string;
  /** Path of the deciding log; null = nobody knows who decided. */
  source: string | null;
  /** '' = many: scanners try thousands of paths, and are one problem. */
  route: string;
  rule: string | null;
}

/** Refusals of these kinds share a problem whatever they asked for. */
const ANYWHERE: readonly AudienceReason[] = ['probe-path', 'burst-of-paths', 'scanner-agent'];

export function fingerprintOf(r: Pick<Refusal, 'verdict' | 'route' | 'audience'>): Fingerprint {
  const anywhere = r.audience.is === 'noise' && r.audience.reasons.some((x) => ANYWHERE.includes(x));
  return {
    cause: r.verdict.cause,
    layer: r.verdict.decidingLayer,
    source: r.verdict.decidingPath,
    route: anywhere ? '' : r.route,
    rule: r.verdict.rule,
  };
}

/** "p" and 60 bits of the fingerprint's hash: the same for ever, on every machine. Example: "p9f86d081884c7d6" */
export function problemId(f: Fingerprint): string {
  const text = JSON.stringify([f.cause, f.layer, f.source, f.route, f.rule]);
  return `p${createHash('sha256').update(text).digest('hex').slice(0, 15)}`;
}

const HOUR_MS = 3_600_000;
const QUIET_MIN_MS = 2 * HOUR_MS;
const QUIET_MAX_MS = 14 * 24 * HOUR_MS;
/** One that was seen once has no rhythm. */
const QUIET_ONCE_MS = 24 * HOUR_MS;
/** So many times its usual distance: nine in ten quiet stretches of a steady problem are shorter by far. */
const QUIET_DISTANCES = 10;

/** For how long a problem has to be silent to be over: ten times its usual distance, between two hours and two weeks. */
export function quietMs(firstMs: number, lastMs: number, refusals: number): number {
  if (refusals < 2) return QUIET_ONCE_MS;
  const usual = (lastMs - firstMs) / (refusals - 1);
  return Math.min(QUIET_MAX_MS, Math.max(QUIET_MIN_MS, Math.round(usual * QUIET_DISTANCES)));
}

/** A return is spoken of for this long. */
export const RETURN_MS = 7 * 24 * HOUR_MS;
