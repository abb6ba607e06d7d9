/**
 * What may be asked of the store. Each question has parameters and a row type; an engine answers it with one
 * statement of its own.
 */
import type { AudienceName } from '../model/audience.ts';
import type { Refusal } from '../model/request.ts';
import type { ProblemRecord, ViewRecord } from './problems.ts';

export const REFUSAL_FIELDS = [
  'cause',
  'category',
  'layer',
  'source',
  'client',
  'host',
  'route',
  'path',
  'method',
  'status',
  'certainty',
  'rule',
  'user',
  'audience',
  'problem',
] as const;
export type RefusalField = (typeof REFUSAL_FIELDS)[number];

/** Columns by which rows can be had in order, each with an index. */
export const REFUSAL_SORTS = ['time', 'cause', 'client', 'route', 'path', 'user'] as const;
export type RefusalSort = (typeof REFUSAL_SORTS)[number];

/** Values are joined by "or", fields by "and"; `not` leaves out. */
export interface Filter {
  sinceMs: number | null;
  untilMs: number | null;
  where: { field: RefusalField; in: string[]; not: string[] }[];
  /** Free search: certain refusals, or what `Questions.meaning` made of a text. */
  term?: Term;
}

/** What a searched text was found to be; `part` of a problem's route, rule, source or cause. */
export type Term =
  | { kind: 'ids'; ids: string[] }
  | { kind: 'requestId' | 'client' | 'user' | 'host' | 'pathFrom' | 'part'; text: string };

export interface PageKey {
  timeMs: number;
  id: string;
  /** Of the column that is sorted by, where it is not the time. */
  value?: string | null;
}

export interface Page {
  after: PageKey | null;
  limit: number;
  order: 'newest' | 'oldest';
  /** Default: time. */
  sort?: RefusalSort;
}

/** What lists show of a refusal: all of it stands in its row. */
export interface ListedRefusal
  extends Pick<
    Refusal,
    'id' | 'timeMs' | 'client' | 'method' | 'host' | 'path' | 'query' | 'route' | 'status' | 'user'
  > {
  verdict: Pick<
    Refusal['verdict'],
    'cause' | 'certainty' | 'confidence' | 'decidingLayer' | 'decidingPath' | 'rule' | 'detail'
  >;
  audience: { is: AudienceName };
  /** Id of its problem. */
  problem: string;
}

export type ByAudience = Record<AudienceName, number>;

export interface Questions {
  /** Everything that `read` asks is answered from one state of the store: counts equal rows. */
  snapshot<T>(read: () => T): T;
  refusals(filter: Filter, page: Page): Refusal[];
  /** The same page for a list. */
  listed(filter: Filter, page: Page): ListedRefusal[];
  countRefusals(filter: Filter): number;
  countByAudience(filter: Filter): ByAudience;
  /** What a text that somebody searches for most likely is, by what is stored. */
  meaning(text: string): Term;
  refusal(id: string): Refusal | null;
  /** Refusal whose chain holds this line. */
  refusalOfLine(sourceId: number, line: number): Refusal | null;
  refusalsByRequestId(id: string, limit: number): Refusal[];
  /** Refusals of one problem around a time, the nearest first. */
  nearest(problemId: string, timeMs: number, limit: number): ListedRefusal[];
  /** Of one client or path around a time, the nearest first. */
  near(
    of: { client: string | null; path: string | null },
    timeMs: number,
    withinMs: number,
    limit: number,
  ): ListedRefusal[];
  /** Refused per bucket and category. */
  refusedSeries(filter: Filter, bucketMs: number): { bucket: number; cause: string; count: number }[];
  /** Requests at the outermost layer per bucket; only time, host, route, method and source of the filter apply. */
  requestSeries(filter: Filter, bucketMs: number): { bucket: number; requests: number }[];
  /** The finest buckets in which `requestSeries` can answer: a minute, or an hour for routes and methods of days past. */
  requestStepMs(filter: Filter): number;
  /** Clients, users, routes and the like are counted over `topOf` of the newest refusals; the others over all. */
  top(filter: Filter, field: RefusalField, limit: number): { key: string; count: number }[];
  tops<F extends RefusalField>(
    filter: Filter,
    fields: readonly F[],
    limit: number,
  ): Record<F, { key: string; count: number }[]>;
  topOf(filter: Filter): number;
  /** When refusals of causes were last seen. */
  lastOfCauses(filter: Filter, causes: readonly string[]): Map<string, number>;
  /** All problems that have refusals. */
  problems(): ProblemRecord[];
  /** Those that fit and began or came back within a time, without what is expected, the most harmful first. Only fields of problems apply. */
  problemsBegun(filter: Filter, sinceMs: number, untilMs: number, limit: number): ProblemRecord[];
  /** How many those are. */
  countBegun(filter: Filter, sinceMs: number, untilMs: number): number;
  problem(id: string): ProblemRecord | null;
  /** Refusals of problems per bucket: whole hours are counted already, of anything else the rows are read. */
  problemSeries(
    ids: string[],
    sinceMs: number,
    untilMs: number,
    bucketMs: number,
  ): ({ id: string; bucket: number } & ByAudience)[];
  /** What people said of it, oldest first. */
  sayings(id: string): { atMs: number; what: string; by: string | null; note: string | null }[];
  /** Requests of routes at the outermost layer, whole hours. */
  routeRequests(routes: string[], sinceMs: number, untilMs: number): Map<string, number>;
  views(): ViewRecord[];
  /** Changes with everything that could change an answer. */
  stamp(): string;
  refusalRange(): { fromMs: number; toMs: number } | null;
  counterRange(): { fromMs: number; toMs: number } | null;
}
