/** What every answer is made from, and the row that most of them hold. */
import { iso } from '../clock.ts';
import type { Archive } from '../store/archive.ts';
import type { Ledger } from '../store/ledger.ts';
import type { ListedRefusal, Questions, RefusalSort } from '../store/questions.ts';
import type { RefusalRow } from './contract.ts';

export interface Store {
  archive: Archive;
  ledger: Ledger;
  questions: Questions;
}

/** What a list is sorted by, of its last row: where the next page begins. */
export const sortValue = (r: ListedRefusal, sort: RefusalSort): string | null =>
  sort === 'time' ? null : sort === 'cause' ? r.verdict.cause : r[sort];

export function refusalRow(r: ListedRefusal): RefusalRow {
  const v = r.verdict;
  return {
    id: r.id,
    time: iso(r.timeMs),
    client: r.client,
    method: r.method,
    host: r.host,
    path: r.path,
    query: r.query,
    route: r.route === '' ? null : r.route,
    status: r.status,
    decidingLayer: v.decidingLayer,
    decidingSource: v.decidingPath,
    cause: v.cause,
    certainty: v.certainty,
    confidence: v.confidence,
    rule: v.rule,
    user: r.user,
    detail: v.detail,
    audience: r.audience.is,
    problem: r.problem,
  };
}
