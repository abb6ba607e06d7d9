/**
 * A filter as conditions on one of the tables that can answer it: the rows, or the counts by hour that change with
 * them. What a client sends is only ever bound, never part of a statement.
 */
import type { Filter, RefusalField } from '../questions.ts';

export interface Clause {
  /** "" or "a AND b" */
  sql: string;
  values: (string | number)[];
}

type Columns = Partial<Record<RefusalField, string>>;

const CATEGORY = "substr(cause, 1, instr(cause || '.', '.') - 1)";

/** The closed lists of columns a filter may name. */
export const ROW_COLUMNS: Record<RefusalField, string> = {
  cause: 'cause',
  category: 'category',
  layer: 'layer',
  source: '(SELECT p.source FROM problem p WHERE p.no = refusal.problem)',
  client: 'client',
  host: 'host',
  route: 'route',
  path: 'path',
  method: 'method',
  status: 'status',
  certainty: 'certainty',
  rule: 'rule',
  user: 'user',
  audience: 'audience',
  problem: 'problem',
};
/** `refusal_count` */
export const COUNT_COLUMNS: Columns = {
  cause: 'cause',
  category: CATEGORY,
  layer: 'layer',
  source: 'source',
  audience: 'audience',
};
/** `host_count` */
export const HOST_COLUMNS: Columns = { cause: 'cause', category: CATEGORY, host: 'host', audience: 'audience' };
/** `manner_count` */
export const MANNER_COLUMNS: Columns = {
  cause: 'cause',
  category: CATEGORY,
  method: 'method',
  status: 'status',
  certainty: 'certainty',
  audience: 'audience',
};
/** `problem`; the audience stands in the columns of `problem_count`. */
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

/** Who can answer: counts by cause and log, by cause and host, by cause and manner, by problem, or only the rows. */
export type Answerer = 'counts' | 'hosts' | 'manners' | 'problems' | 'rows';

/** For a filter, and where something is to be counted by a field, for that too. */
export function answererOf(filter: Filter, by: RefusalField | null = null): Answerer {
  const isPart = filter.term?.kind === 'part';
  if (filter.term !== undefined && !isPart) return 'rows';
  const asked = [...filter.where.map((f) => f.field), ...(by === null ? [] : [by])];
  if (!isPart && asked.every((f) => COUNT_COLUMNS[f] !== undefined)) return 'counts';
  if (!isPart && asked.every((f) => HOST_COLUMNS[f] !== undefined)) return 'hosts';
  if (!isPart && asked.every((f) => MANNER_COLUMNS[f] !== undefined)) return 'manners';
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
    const isLooked = f.field === 'problem' && column === 'problem';
    if (isLooked && f.in.length === 1 && f.not.length === 0) {
      // One value, not a list of one: its rows come in order of time.
      parts.push(clause('problem = (SELECT no FROM problem WHERE id = ?)', f.in[0]!));
      continue;
    }
    const list = (values: string[]): string =>
      isLooked ? `(SELECT no FROM problem WHERE id IN (${marks(values)}))` : `(${marks(values)})`;
    if (f.in.length === 1) parts.push(clause(`${column} = ${isLooked ? list(f.in) : '?'}`, of(f.in[0]!)));
    else if (f.in.length > 1) parts.push(clause(`${column} IN ${list(f.in)}`, ...f.in.map(of)));
    if (f.not.length > 0)
      parts.push(clause(`(${column} IS NULL OR ${column} NOT IN ${list(f.not)})`, ...f.not.map(of)));
  }
  return both(...parts);
}

/** Fields of a refusal that no index of rows leads to, but one of its problem. */
export const BY_PROBLEM: readonly RefusalField[] = ['category', 'layer', 'source', 'rule'];

/** The whole filter on rows. `viaProblems`: few problems first, then their rows. */
export function rows(filter: Filter, viaProblems = false): Clause {
  return both(
    during(filter.sinceMs, filter.untilMs),
    fields(filter, ROW_COLUMNS),
    viaProblems ? byProblem(filter) : clause(''),
    term(filter),
  );
}

/** What is said of the rows, said of their problem. */
function byProblem(filter: Filter): Clause {
  const where = filter.where.filter((f) => BY_PROBLEM.includes(f.field) && f.in.length > 0);
  if (where.length === 0) return clause('');
  const of = fields({ ...filter, where }, PROBLEM_COLUMNS);
  return clause(`problem IN (SELECT no FROM problem WHERE ${of.sql})`, ...of.values);
}

function term({ term: t }: Filter): Clause {
  if (t === undefined) return clause('');
  switch (t.kind) {
    case 'ids':
      return clause(`id IN (${marks(t.ids)})`, ...t.ids);
    case 'requestId':
      return clause('seq IN (SELECT seq FROM request_id WHERE request_id = ?)', t.text);
    case 'pathFrom':
      return clause('path >= ? AND path < ?', t.text, `${t.text}\u{10ffff}`);
    case 'part':
      return clause(`problem IN (SELECT no FROM problem WHERE ${PART_OF_PROBLEM})`, ...partValues(t.text));
    default:
      return clause(`${t.kind} = ?`, t.text);
  }
}

/** The conditions on `problem` alone. */
export function ofProblems(filter: Filter): Clause {
  const t = filter.term;
  return both(
    fields(filter, PROBLEM_COLUMNS),
    t?.kind === 'part' ? clause(PART_OF_PROBLEM, ...partValues(t.text)) : clause(''),
  );
}

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
  cause: 'refusal_cause',
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
