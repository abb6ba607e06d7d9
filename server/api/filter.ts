/** A filter as it stands in a URL turned into what the store understands. */
import { parseInstant } from '../clock.ts';
import type { Filter } from '../store/questions.ts';
import { FILTER_FIELDS, type RefusalFilter } from './contract.ts';
import { BadRequest } from './problem.ts';
import type { Store } from './rows.ts';
import { termOf } from './search.ts';

export function periodOf(query: { since?: string; until?: string }, now: number): Pick<Filter, 'sinceMs' | 'untilMs'> {
  const instant = (text: string | undefined, name: string): number | null => {
    if (text === undefined || text === '' || text === 'all') return null;
    const ms = parseInstant(text, now);
    if (ms === null)
      throw new BadRequest(`${name}: "${text.slice(0, 40)}" is no time; give ISO 8601 or a distance like 6h`);
    return ms;
  };
  return { sinceMs: instant(query.since, 'since'), untilMs: instant(query.until, 'until') };
}

export function filterOf(query: RefusalFilter, store: Store, now: number): Filter {
  const where: Filter['where'] = [];
  for (const field of FILTER_FIELDS) {
    const values = query[field];
    if (!values || values.length === 0) continue;
    where.push({
      field,
      in: values.filter((v) => !v.startsWith('!')),
      not: values.filter((v) => v.startsWith('!')).map((v) => v.slice(1)),
    });
  }
  const filter: Filter = { ...periodOf(query, now), where };
  return query.q === undefined || query.q.trim() === '' ? filter : { ...filter, term: termOf(store, query.q, now) };
}
