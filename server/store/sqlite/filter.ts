/**
 * A filter as conditions on one of the tables that can answer it: the rows, or the counts that change with
 * them. What a client sends is only ever bound, never part of a statement.
 */
import { AUDIENCES } from '../../model/audience.ts';
import type { Filter, RefusalField } from '../questions.ts';
import { type Family, familyOf, isAsked } from './tally.ts';

export interface Clause {
  /** "" or "a AND b" */
  sql: string;
  values: (string | number)[];
}

type Columns = Partial<Record<RefusalField, string>>;

/** The closed lists of columns a filter may name: what only the row of a refusal tells, */
export const ROW_COLUMNS: Columns = {
  client: 'client',
  host: 'host',
  route: 'route',
  path: 'path',
  method: 'method',
  status: 'status',
  certainty: 'certainty',
  user: 'user',
  audience: 'audience',
};
/** and what its problem tells. The audience of a problem stands in the columns of `problem_count`. */
export const PROBLEM_COLUMNS: Columns = {
  cause: 'cause',
  category: 'category',
  layer: 'layer',
  source: 'source',
  rule: 'rule',
  problem: 'id',
};
/** Counters of requests. */
export const REQUEST_COLUMNS: Columns = { host: 'host', route: 'route', method: 'method' };

/** Who can answer: counts by kind, counts by problem, or only the rows. */
export type Answerer = Family | 'problems' | 'rows';

/** For a filter, and where something is to be counted by fields, for them too. */
export function answererOf(filter: Filter, ...by: (RefusalField | null)[]): Answerer {
  const isPart = filter.term?.kind === 'part';
  if (filter.term !== undefined && !isPart) return 'rows';
  const asked = [...filter.where.map((f) => f.field), ...by.filter((f) => f !== null)];
  const family = isPart ? null : familyOf(asked);
  if (family !== null) return family;
  return asked.every((f) => f === 'audience' || PROBLEM_COLUMNS[f] !== undefined) ? 'problems' : 'rows';
}

export const both = (...clauses: Clause[]): Clause => ({
  sql: clauses
    .filter((c) => c.sql !== '')
    .map((c) => c.sql)
    .join(' AND '),
  values: clauses.flatMap((c) => (c.sql === '' ? [] : c.values)),
});
export const clause = (sql: string, ...values: (string | number)[]): Clause => ({ sql, values });

export function during(sinceMs: number | null, untilMs: number | null): Clause {
  return both(
    sinceMs === null ? clause('') : clause('time >= ?', sinceMs),
    untilMs === null ? clause('') : clause('time < ?', untilMs),
  );
}

const marks = (list: unknown[]): string => list.map(() => '?').join(',');

/** The fields of a filter that the columns have; the others are left out. */
export function fields(filter: Filter, columns: Columns): Clause {
  const parts: Clause[] = [];
  for (const f of filter.where) {
    const column = columns[f.field];
    if (!column) continue;
    const isNumber = column === 'status';
    const of = (v: string): string | number => (isNumber ? Number(v) : v);
    if (f.in.length === 1) parts.push(clause(`${column} = ?`, of(f.in[0]!)));
    else if (f.in.length > 1) parts.push(clause(`${column} IN (${marks(f.in)})`, ...f.in.map(of)));
    if (f.not.length > 0)
      parts.push(clause(`(${column} IS NULL OR ${column} NOT IN (${marks(f.not)}))`, ...f.not.map(of)));
  }
  return both(...parts);
}

/** Does a filter name problems, so that few of them may lead to its rows? What is left out says little. */
export const namesProblems = (filter: Filter): boolean =>
  filter.term?.kind === 'part' ||
  filter.where.some((f) => f.in.length > 0 && (f.field === 'audience' || PROBLEM_COLUMNS[f.field] !== undefined));

/** The whole filter on rows: their own columns, and their problem, which every index holds. */
export function rows(filter: Filter): Clause {
  return both(during(filter.sinceMs, filter.untilMs), fields(filter, ROW_COLUMNS), inProblems(filter), term(filter));
}

/** The problems that a filter asks for, as a condition on their number. */
export function inProblems(filter: Filter): Clause {
  const of = ofProblems(filter);
  if (of.sql === '') return of;
  // One value, not a list of one: its rows come in order of time.
  const isOne = filter.where.some((f) => f.field === 'problem' && f.in.length === 1);
  return { sql: `problem ${isOne ? '=' : 'IN'} (SELECT no FROM problem WHERE ${of.sql})`, values: of.values };
}

/** The audiences that a filter asks for. */
export const audiencesOf = (filter: Filter): (typeof AUDIENCES)[number][] =>
  AUDIENCES.filter((a) => filter.where.every((f) => f.field !== 'audience' || isAsked(a, f)));

function term({ term: t }: Filter): Clause {
  // A part is one of the problem.
  if (t === undefined || t.kind === 'part') return clause('');
  switch (t.kind) {
    case 'ids':
      return clause(`id IN (${marks(t.ids)})`, ...t.ids);
    case 'requestId':
      return clause('seq IN (SELECT seq FROM request_id WHERE request_id = ?)', t.text);
    case 'pathFrom':
      return clause('path >= ? AND path < ?', t.text, `${t.text}\u{10ffff}`);
    default:
      return clause(`${t.kind} = ?`, t.text);
  }
}

/** The conditions on `problem` alone. */
export function ofProblems(filter: Filter): Clause {
  const isAudience = filter.where.some((f) => f.field === 'audience' && f.in.length > 0);
  return both(
    fields(filter, PROBLEM_COLUMNS),
    isAudience ? clause(`${audiencesOf(filter).join(' + ') || '0'} > 0`) : clause(''),
    ofPart(filter),
  );
}

/** A searched part of what a problem is called by. */
export const ofPart = ({ term: t }: Filter): Clause =>
  t?.kind === 'part' ? clause(PART_OF_PROBLEM, ...partValues(t.text)) : clause('');

const PART_OF_PROBLEM =
  "(route LIKE ? ESCAPE '\\' OR rule LIKE ? ESCAPE '\\' OR source LIKE ? ESCAPE '\\' OR cause LIKE ? ESCAPE '\\')";
function partValues(text: string): string[] {
  const like = `%${text.replace(/[\\%_]/g, (c) => `\\${c}`)}%`;
  return [like, like, like, like];
}

/** A stretch of time in whole steps, as coarse as they fit, and what remains at its edges. step 0: rows. */
export interface Piece {
  step: number;
  sinceMs: number;
  untilMs: number;
}

export function pieces(sinceMs: number, untilMs: number, steps: readonly number[]): Piece[] {
  const [step, ...finer] = [...steps].sort((a, b) => b - a);
  if (untilMs <= sinceMs) return [];
  if (step === undefined) return [{ step: 0, sinceMs, untilMs }];
  const from = Math.ceil(sinceMs / step) * step;
  const to = Math.floor(untilMs / step) * step;
  if (from >= to) return pieces(sinceMs, untilMs, finer);
  return [...pieces(sinceMs, from, finer), { step, sinceMs: from, untilMs: to }, ...pieces(to, untilMs, finer)];
}

/** Indexes that lead to few rows, in order of time; the narrowest first. */
const NARROW: [RefusalField, string][] = [
  ['problem', 'refusal_problem'],
  ['client', 'refusal_client'],
  ['user', 'refusal_user'],
  ['path', 'refusal_path'],
  ['route', 'refusal_route'],
];
export const SORT_INDEX: Partial<Record<RefusalField, string>> = {
  client: 'refusal_client',
  route: 'refusal_route',
  path: 'refusal_path',
  user: 'refusal_user',
};

/** The index that a filter is best read by; null = let SQLite choose. It knows nothing of how rows are spread. */
export function narrowIndex(filter: Filter): string | null {
  const t = filter.term;
  if (t !== undefined) {
    if (t.kind === 'client') return 'refusal_client';
    if (t.kind === 'user') return 'refusal_user';
    if (t.kind === 'host') return 'refusal_host';
    if (t.kind === 'ids' || t.kind === 'requestId') return null;
  }
  for (const [field, index] of NARROW)
    if (filter.where.some((f) => f.field === field && f.in.length > 0 && f.in.length <= 3)) return index;
  return null;
}
