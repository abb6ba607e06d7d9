/**
 * Problems as they are stored: groups of refusals with one fingerprint, with counts that always equal the rows, and
 * the word of a person. What follows from them (new, ongoing, resolved, regressed) is told in problem/state.
 */
import type { AudienceName } from '../model/audience.ts';
import type { Fingerprint } from '../model/problem.ts';

export const PROBLEM_STATES = ['new', 'ongoing', 'regressed', 'resolved'] as const;
export type ProblemState = (typeof PROBLEM_STATES)[number];

export const WORDS = ['acknowledged', 'expected', 'fixed'] as const;
export type Word = (typeof WORDS)[number];

/** recent: last seen; harm: most people hit; size: most refusals; age: first seen, the newest first. */
export const PROBLEM_SORTS = ['recent', 'harm', 'size', 'age', 'clients'] as const;
export type ProblemSort = (typeof PROBLEM_SORTS)[number];

export interface Saying {
  word: Word | null;
  note: string;
  by: string | null;
  atMs: number;
}

/** A row of the store. Example id: "p9f86d081884c7d6" */
export interface ProblemRecord extends Fingerprint {
  id: string;
  firstMs: number;
  lastMs: number;
  /** When it came back after it had been quiet or was said to be fixed; null = it never left. */
  cameBackMs: number | null;
  refusals: number;
  clients: number;
  byAudience: Record<AudienceName, number>;
  saying: Saying | null;
}

/** A saved view: a named address within the page. */
export interface ViewRecord {
  id: number;
  name: string;
  page: string;
  search: string;
  atMs: number;
}

/** What people say; kept beside what the logs say, never lost by a revision. */
export interface Words {
  /** What is undefined stays. Returns null where there is no such problem. */
  say(
    id: string,
    saying: { word?: Word | null; note?: string; by?: string | null; atMs: number },
  ): ProblemRecord | null;
  saveView(view: Omit<ViewRecord, 'id'>): ViewRecord;
  dropView(id: number): boolean;
}
