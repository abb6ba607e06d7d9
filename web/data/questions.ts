/** One hook per question of the API. Answers stay on screen while newer ones are fetched. */
import { keepPreviousData, QueryClient, useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import type {
  Alerts,
  NewView,
  Overview,
  ProblemDetail,
  ProblemPatch,
  ProblemRow,
  ProblemsPage,
  RefusalDetail,
  RefusalsCount,
  RefusalsPage,
  SearchResult,
  Settings,
  Sources,
  Status,
  View,
  Views,
} from '../../server/api/contract.ts';
import { ApiError, ask } from './client.ts';
import { type Filters, toParams, toSearch } from './filters.ts';

export const PAGE_ROWS = 100;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      // What the server understood and refused will be refused again.
      retry: (failures, error) => (error instanceof ApiError && error.status >= 400 ? false : failures < 1),
      retryDelay: 800,
    },
  },
});

/** A page that could not be reached asks again by itself. */
const whenDown = (error: Error | null, otherwise: number | false) => (error ? 5_000 : otherwise);

export function useStatus() {
  return useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => ask<Status>('status', signal),
    refetchInterval: (q) => {
      const state = q.state.data?.ingest.state;
      return whenDown(q.state.error, state === 'history' || state === 'starting' ? 2_000 : 30_000);
    },
  });
}

export function useOverview(filters: Filters, enabled = true) {
  const search = toSearch(filters, true);
  return useQuery({
    queryKey: ['overview', search],
    queryFn: ({ signal }) => ask<Overview>(`overview?${search}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: (q) => whenDown(q.state.error, 60_000),
    enabled,
  });
}

export type Order = { sort: string; order: 'newest' | 'oldest' };
export const refusalsKey = (filters: Filters, order: Order) => [
  'refusals',
  toSearch(filters, true),
  order.sort,
  order.order,
];
export function askRefusals(filters: Filters, order: Order, cursor: string, signal?: AbortSignal) {
  const params = toParams(filters, true);
  params.set('limit', String(PAGE_ROWS));
  if (order.sort !== 'time') params.set('sort', order.sort);
  if (order.order !== 'newest') params.set('order', order.order);
  if (cursor) params.set('cursor', cursor);
  return ask<RefusalsPage>(`refusals?${params}`, signal);
}
export function useRefusals(filters: Filters, order: Order) {
  return useInfiniteQuery({
    queryKey: refusalsKey(filters, order),
    queryFn: ({ signal, pageParam }) => askRefusals(filters, order, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    // Rows never shift under the reader: new ones are counted by useCount and fetched when it suits.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** How many rows the filter has by now, and whom they hit. */
export function useCount(filters: Filters, enabled = true) {
  const search = toSearch(filters, true);
  return useQuery({
    queryKey: ['count', search],
    queryFn: ({ signal }) => ask<RefusalsCount>(`refusals/count?${search}`, signal),
    placeholderData: keepPreviousData,
    staleTime: 0,
    enabled,
  });
}

export function useRefusal(id: string, enabled = true) {
  return useQuery({
    enabled,
    queryKey: ['refusal', id],
    queryFn: ({ signal }) => ask<RefusalDetail>(`refusals/${encodeURIComponent(id)}`, signal),
    refetchInterval: (q) => (q.state.error && (q.state.error as ApiError).status === 0 ? 5_000 : false),
  });
}

export function useProblems(params: URLSearchParams, enabled = true) {
  const search = params.toString();
  return useInfiniteQuery({
    queryKey: ['problems', search],
    queryFn: ({ signal, pageParam }) => {
      const own = new URLSearchParams(search);
      if (pageParam) own.set('cursor', pageParam);
      return ask<ProblemsPage>(`problems?${own}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    refetchInterval: (q) => whenDown(q.state.error, 60_000),
    enabled,
  });
}

export function useProblem(id: string, range: Filters) {
  const search = toSearch({ since: range.since, until: range.until, fields: {} }, true);
  return useQuery({
    queryKey: ['problem', id, search],
    queryFn: ({ signal }) => ask<ProblemDetail>(`problems/${encodeURIComponent(id)}?${search}`, signal),
    placeholderData: keepPreviousData,
    refetchInterval: (q) => (q.state.error && (q.state.error as ApiError).status === 0 ? 5_000 : false),
  });
}

/** Says something of a problem; what is shown of it follows at once. */
export function useChangeProblem(id: string) {
  return useMutation({
    mutationFn: (patch: ProblemPatch) =>
      ask<ProblemRow>(`problems/${encodeURIComponent(id)}`, undefined, { method: 'patch', body: patch }),
    onSuccess: async () => {
      await Promise.all(
        ['problem', 'problems', 'overview'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
      );
    },
  });
}

export function useSettings() {
  return useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => ask<Settings>('settings', signal),
    refetchInterval: (q) => whenDown(q.state.error, false),
  });
}

export function useViews(enabled = true) {
  return useQuery({ queryKey: ['views'], queryFn: ({ signal }) => ask<Views>('views', signal), enabled });
}
const refreshViews = () => queryClient.invalidateQueries({ queryKey: ['views'] });
export const useSaveView = () =>
  useMutation({
    mutationFn: (view: NewView) => ask<View>('views', undefined, { method: 'post', body: view }),
    onSuccess: refreshViews,
  });
export const useDropView = () =>
  useMutation({
    mutationFn: (id: number) => ask<Views>(`views/${id}`, undefined, { method: 'delete', body: {} }),
    onSuccess: refreshViews,
  });

export function useAlerts(enabled = true) {
  return useQuery({
    queryKey: ['alerts'],
    queryFn: ({ signal }) => ask<Alerts>('alerts', signal),
    refetchInterval: (q) => whenDown(q.state.error, 30_000),
    enabled,
  });
}

export function useSources() {
  return useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => ask<Sources>('sources', signal),
    refetchInterval: (q) => whenDown(q.state.error, 30_000),
  });
}

export const search = (q: string, signal?: AbortSignal) =>
  ask<SearchResult>(`search?${new URLSearchParams({ q })}`, signal);
