/** The record that `report --format jsonl` writes, and what the other formats are made of: design §7, field by field. */
import { iso } from '../clock.ts';
import { isClaimed, type Refusal } from '../model/request.ts';

export interface ReportRecord {
  time: string;
  client: string | null;
  method: string | null;
  host: string | null;
  path: string | null;
  query: string | null;
  status: number;
  decidingLayer: string;
  decidingSource: string | null;
  cause: string;
  certainty: string;
  confidence: number;
  rule: string | null;
  detail: string;
  /** harmed, noise or undecided */
  audience: string;
  chain: { file: string; line: number; layer: string; dataset: string; role: string }[];
  evidence: { file: string; line: number; says: string }[];
}

export function reportRecord(r: Refusal): ReportRecord {
  const v = r.verdict;
  return {
    time: iso(r.timeMs),
    client: r.client,
    method: r.method,
    host: r.host,
    path: r.path,
    query: r.query,
    status: r.status,
    decidingLayer: v.decidingLayer,
    decidingSource: v.decidingPath,
    cause: v.cause,
    certainty: v.certainty,
    confidence: v.confidence,
    rule: v.rule,
    detail: v.detail,
    audience: r.audience.is,
    chain: r.chain
      .filter((h) => isClaimed(h.link))
      .map((h) => ({ file: h.path, line: h.line, layer: h.layer, dataset: h.dataset, role: h.role })),
    evidence: v.evidence.map((e) => ({ file: e.path, line: e.line, says: e.says })),
  };
}
