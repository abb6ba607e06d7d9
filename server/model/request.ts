/**
 * A Request is the set of entries that are the same HTTP request; its hops stand outermost first. A Refusal is
 * a request that got a refused status, with its Verdict.
 */
import type { Entry } from '../../parsers/entry.ts';
import type { Audience } from './audience.ts';
import type { Line } from './line.ts';
import type { Cause, Certainty, Layer, Role } from './taxonomy.ts';

/** What joined a line to its request. `id` a shared id, `connection` same server and connection or port, `attributes` path, client, agent and time, `neighbour` only nearness in time within one program. */
export type LinkKind = 'anchor' | 'id' | 'connection' | 'attributes' | 'neighbour';

export interface Link {
  kind: LinkKind;
  /** 0..1, that the line belongs to the request; below a half it is not claimed (`isClaimed`). */
  confidence: number;
  /** For people. "same request id 97819505-78a5-…" */
  says: string;
}

/** A line that is surer than this to belong to its request is claimed to; others are only looked at. */
const CLAIMED_FROM = 0.5;

export const isClaimed = (link: Link): boolean => link.confidence >= CLAIMED_FROM;

/** One line of a request, still with its entry. */
export interface Hop {
  line: Line;
  entry: Entry;
  timeMs: number;
  layer: Layer;
  /** How far from the client: the place of its layer, or where the logs show it to stand. */
  order: number;
  path: string;
  link: Link;
  /** How sure it is that what the line says holds for this request. Look-alikes that all say the same need not be told apart. */
  speaks: number;
}

/** What linking makes: hops outermost first, `hops[0]` is the line by which the request is counted. */
export interface LinkedRequest {
  hops: Hop[];
  /** Status that the client got. */
  status: number;
  timeMs: number;
  /** Reasons that are as likely about this request as about another: no part of it, but its log is not silent. */
  perhaps: { line: Line; entry: Entry; path: string }[];
}

export interface Evidence {
  path: string;
  line: number;
  says: string;
  /** Part of the raw record to be marked; null = no single part. */
  match: string | null;
  documentation: string | null;
}

/** Refused against let through, for one value of one attribute on one route. */
export interface Contrast {
  field: string;
  value: string;
  refused: number;
  refusedOf: number;
  passed: number;
  passedOf: number;
}

export interface Verdict {
  cause: Cause;
  certainty: Certainty;
  /** 0..1, meant to be the share of such verdicts that are right. */
  confidence: number;
  decidingLayer: Layer | 'unknown';
  /** Path of the log whose layer decided. */
  decidingPath: string | null;
  /** WAF rule id, zone, jail, consumer group … whatever the product calls the rule. */
  rule: string | null;
  /** One sentence. */
  detail: string;
  evidence: Evidence[];
  alternatives: { cause: Cause; confidence: number }[];
  contrast: Contrast[];
  /** For `unknown` and what is only inferred: the log that would tell. */
  wouldSettle: string | null;
  /** Parallel to the request's hops. */
  roles: Role[];
  parameter: string | null;
}

/** A row of the store. `id` is stable across revisions: it is made of the counted line's position. */
export interface Refusal {
  id: string;
  timeMs: number;
  client: string | null;
  method: string | null;
  host: string | null;
  path: string | null;
  query: string | null;
  route: string;
  protocol: string | null;
  status: number;
  user: string | null;
  userAgent: string | null;
  referrer: string | null;
  requestIds: string[];
  sourceId: number;
  verdict: Verdict;
  audience: Audience;
  chain: StoredHop[];
}

/** A hop as it is stored: position and what a face shows without reading the raw line. */
export interface StoredHop extends Line {
  path: string;
  layer: Layer;
  dataset: string;
  role: Role;
  timeMs: number | null;
  status: number | null;
  durationMs: number | null;
  link: Link;
}

/** "r3-e2f" from source 3, offset 18231 (base 36): stable as long as the counted line is the same. */
export function refusalId(line: Line): string {
  const part = line.part === undefined ? '' : `.${line.part.toString(36)}`;
  return `r${line.sourceId.toString(36)}-${line.offset.toString(36)}${part}`;
}
