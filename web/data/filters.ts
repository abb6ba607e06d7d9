/**
 * Which refusals the reader looks at. The address bar is the only place this is kept: names are those of the API
 * query, so a link is a question. `since=all` is the page's own word for "everything stored" and is not sent.
 */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { FilterField } from '../../server/api/contract.ts';
import { FIELDS } from './causes.ts';

export type Filters = {
  since?: string;
  until?: string;
  /** Free text, as the API's `q`. */
  q?: string;
  fields: Partial<Record<FilterField, string[]>>;
};
export const NO_FILTERS: Filters = { fields: {} };

export function parseFilters(search: string): Filters {
  const params = new URLSearchParams(search);
  const fields: Filters['fields'] = {};
  for (const f of FIELDS) {
    const values = [...new Set(params.getAll(f))].filter((v) => v !== '');
    if (values.length > 0) fields[f] = values;
  }
  return {
    since: params.get('since') ?? undefined,
    until: params.get('until') ?? undefined,
    q: params.get('q') || undefined,
    fields,
  };
}

export function toParams(filters: Filters, forApi = false): URLSearchParams {
  const params = new URLSearchParams();
  if (filters.since && !(forApi && filters.since === 'all')) params.set('since', filters.since);
  if (filters.until) params.set('until', filters.until);
  if (filters.q) params.set('q', filters.q);
  for (const f of FIELDS) for (const v of filters.fields[f] ?? []) params.append(f, v);
  return params;
}
export const toSearch = (filters: Filters, forApi = false) => toParams(filters, forApi).toString();

export const href = (path: string, filters: Filters) => {
  const search = toSearch(filters);
  return search ? `${path}?${search}` : path;
};

/** Adds a value; "only this" and "not this" of one value exclude each other. */
export function withValue(filters: Filters, field: FilterField, value: string, not = false): Filters {
  const other = not ? value : `!${value}`;
  const own = not ? `!${value}` : value;
  const values = (filters.fields[field] ?? []).filter((v) => v !== other && v !== own);
  return { ...filters, fields: { ...filters.fields, [field]: [...values, own] } };
}
/** `raw` as it stands in the address, with its "!". */
export function withoutValue(filters: Filters, field: FilterField, raw: string): Filters {
  const values = (filters.fields[field] ?? []).filter((v) => v !== raw);
  const fields = { ...filters.fields };
  if (values.length > 0) fields[field] = values;
  else delete fields[field];
  return { ...filters, fields };
}
export const hasValue = (filters: Filters, field: FilterField, raw: string) =>
  filters.fields[field]?.includes(raw) ?? false;
export const listValues = (filters: Filters) =>
  FIELDS.flatMap((field) => (filters.fields[field] ?? []).map((raw) => ({ field, raw })));

export const RANGES = [
  { since: '15m', label: '15m', says: 'Last 15 minutes' },
  { since: '1h', label: '1h', says: 'Last hour' },
  { since: '6h', label: '6h', says: 'Last 6 hours' },
  { since: '24h', label: '24h', says: 'Last 24 hours' },
  { since: '7d', label: '7d', says: 'Last 7 days' },
  { since: '30d', label: '30d', says: 'Last 30 days' },
  { since: 'all', label: 'All', says: 'Everything stored' },
] as const;

/** The filter, and a way to change it that leaves the page's own parameters (`keep`) as they are. */
export function useFilters(keep: readonly string[] = []): [Filters, (next: Filters) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const filters = useMemo(() => parseFilters(search), [search]);
  const kept = keep.join();
  const set = useCallback(
    (next: Filters) => {
      const params = toParams(next);
      const now = new URLSearchParams(location.search);
      for (const k of kept ? kept.split(',') : []) for (const v of now.getAll(k)) params.append(k, v);
      const text = params.toString();
      navigate(text ? `${path}?${text}` : path);
    },
    [navigate, path, kept],
  );
  return [filters, set];
}

/** One of the page's own parameters; changing it is no new step in the history. */
export function useParam(name: string): [string | undefined, (next: string | undefined) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const value = new URLSearchParams(search).get(name) ?? undefined;
  const set = useCallback(
    (next: string | undefined) => {
      const params = new URLSearchParams(location.search);
      if (next === undefined) params.delete(name);
      else params.set(name, next);
      const text = params.toString();
      navigate(text ? `${path}?${text}` : path, { replace: true });
    },
    [name, navigate, path],
  );
  return [value, set];
}
