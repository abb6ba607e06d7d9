/** One hook per question of the API. Answers stay on screen while newer ones are fetched. */
import { keepPreviousData, QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type {
  Alerts,
  Overview,
  RefusalDetail,
  RefusalsPage,
  SearchResult,
  Sources,
  Status,
} from '../../server/api/contract.ts';
import { ApiError, ask } from './client.ts';
import { type Filters, toSearch } from './filters.ts';

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

export function useRefusals(filters: Filters) {
  const search = toSearch(filters, true);
  return useInfiniteQuery({
    queryKey: ['refusals', search],
    queryFn: ({ signal, pageParam }) => {
      const params = new URLSearchParams(search);
      params.set('limit', String(PAGE_ROWS));
      if (pageParam) params.set('cursor', pageParam);
      return ask<RefusalsPage>(`refusals?${params}`, signal);
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    // Rows never shift under the reader: new ones are announced by useRefusalCount and fetched on request.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

/** How many rows the filter has by now. */
export function useRefusalCount(filters: Filters) {
  const search = toSearch(filters, true);
  return useQuery({
    queryKey: ['refusal-count', search],
    queryFn: async ({ signal }) => {
      const params = new URLSearchParams(search);
      params.set('limit', '1');
      return (await ask<RefusalsPage>(`refusals?${params}`, signal)).total;
    },
    staleTime: 0,
  });
}

export function useRefusal(id: string) {
  return useQuery({
    queryKey: ['refusal', id],
    queryFn: ({ signal }) => ask<RefusalDetail>(`refusals/${encodeURIComponent(id)}`, signal),
    refetchInterval: (q) => (q.state.error && (q.state.error as ApiError).status === 0 ? 5_000 : false),
  });
}

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
