/**
 * What may be asked of the store. Each question has parameters and a row type; an engine answers it with one
 * statement of its own.
 */
import type { Refusal } from '../model/request.ts';

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
}

export interface PageKey {
  timeMs: number;
  id: string;
}

export interface Questions {
  /** Everything that `read` asks is answered from one state of the store: counts equal rows. */
  snapshot<T>(read: () => T): T;
  refusals(filter: Filter, page: { after: PageKey | null; limit: number; order: 'newest' | 'oldest' }): Refusal[];
  countRefusals(filter: Filter): number;
  refusal(id: string): Refusal | null;
  /** Refusal whose chain holds this line. */
  refusalOfLine(sourceId: number, line: number): Refusal | null;
  refusalsByRequestId(id: string, limit: number): Refusal[];
  /** Refused per bucket and category. */
  refusedSeries(filter: Filter, bucketMs: number): { bucket: number; cause: string; count: number }[];
  /** Requests at the outermost layer per bucket; only time, host, route, method and source of the filter apply. */
  requestSeries(filter: Filter, bucketMs: number): { bucket: number; requests: number }[];
  /** The finest buckets in which `requestSeries` can answer: a minute, or an hour for routes and methods of days past. */
  requestStepMs(filter: Filter): number;
  top(filter: Filter, field: RefusalField, limit: number): { key: string; count: number; lastMs: number }[];
  refusalRange(): { fromMs: number; toMs: number } | null;
  counterRange(): { fromMs: number; toMs: number } | null;
}
