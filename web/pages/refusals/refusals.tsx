/**
 * Every refusal behind the filter. Filter, range, sort and columns are the address. New rows come in by themselves
 * while the reader is at the top with the hand off the table; otherwise they wait behind a pill.
 */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { Link } from 'wouter';
import type { Status } from '../../../server/api/contract.ts';
import { AudienceSwitch } from '../../components/filters/audience.tsx';
import { Chips } from '../../components/filters/chips.tsx';
import { Range } from '../../components/filters/range.tsx';
import { useMenuOpen, ValueMenuHost } from '../../components/filters/value-menu.tsx';
import { Views } from '../../components/filters/views.tsx';
import { ArrowUpIcon } from '../../components/icons.tsx';
import { Failed, Old, Waiting } from '../../components/states.tsx';
import { type Filters, href, useFilters, useParam } from '../../data/filters.ts';
import { count, plural } from '../../data/format.ts';
import { going, useNow, useTitle } from '../../data/hooks.ts';
import { useLive } from '../../data/live.ts';
import { askRefusals, type Order, refusalsKey, useCount, useRefusals } from '../../data/questions.ts';
import { NothingRead, NothingRefused } from '../nothing.tsx';
import { ColumnsMenu, ExportMenu } from './acts.tsx';
import { chosenColumns } from './columns.tsx';
import { Table } from './table.tsx';

/** Above this the reader has begun to read downwards. */
const TOP_PX = 40;
const KEEP = ['sort', 'order', 'columns'] as const;

/** Nobody reads or points at a row, so the rows may move. */
function handsOff(): boolean {
  const table = document.querySelector('.rtable');
  return window.scrollY <= TOP_PX && !table?.matches(':hover') && !table?.contains(document.activeElement);
}

/** Brings the newest rows in, by themselves or when asked. */
function useFresh(filters: Filters, order: Order, shown: number | undefined, counted: number | undefined) {
  const client = useQueryClient();
  const live = useLive();
  const menuOpen = useMenuOpen();
  const busy = useRef(false);
  const load = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    try {
      const page = await askRefusals(filters, order, '');
      client.setQueryData(refusalsKey(filters, order), { pages: [page], pageParams: [''] });
    } catch {
      // The pill stays; the next change or press tries again.
    } finally {
      busy.current = false;
    }
  }, [client, filters, order]);
  const more = shown !== undefined && counted !== undefined ? counted - shown : 0;
  // In "the last hour" rows also grow out of the range; only an unmoving range can have changed by that.
  const fresh = more < 0 && /^\d/.test(filters.since ?? '') && Number.isNaN(Date.parse(filters.since ?? '')) ? 0 : more;
  const byItself = fresh !== 0 && live === 'live' && order.sort === 'time' && order.order === 'newest' && !menuOpen;
  useEffect(() => {
    if (byItself && handsOff()) void load();
  }, [byItself, load]);
  return { fresh, load };
}

export function RefusalsPage({ status }: { status: Status | undefined }) {
  const [filters, setFilters] = useFilters(KEEP);
  return (
    <ValueMenuHost filters={filters} onChange={setFilters}>
      <Refusals status={status} filters={filters} setFilters={setFilters} />
    </ValueMenuHost>
  );
}

function Refusals({
  status,
  filters,
  setFilters,
}: {
  status: Status | undefined;
  filters: Filters;
  setFilters: (f: Filters) => void;
}) {
  useTitle('Refusals');
  const now = useNow();
  const [sortBy, setSort] = useParam('sort');
  const [direction, setDirection] = useParam('order');
  const [columnsParam, setColumns] = useParam('columns');
  const columns = useMemo(() => chosenColumns(columnsParam), [columnsParam]);
  const order: Order = useMemo(
    () => ({ sort: sortBy ?? 'time', order: direction === 'oldest' ? 'oldest' : 'newest' }),
    [sortBy, direction],
  );
  useEffect(() => {
    going.list = `/refusals${location.search}`;
  });
  const query = useRefusals(filters, order);
  const counted = useCount(filters);
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.rows) ?? [], [query.data]);
  const total = query.data?.pages[0]?.total;
  const settled = !query.isPlaceholderData && !counted.isPlaceholderData && !counted.isFetching;
  const { fresh, load } = useFresh(filters, order, total, settled ? counted.data?.count : undefined);
  const ranged: Filters = { ...filters, since: filters.since ?? (filters.until ? undefined : 'all') };

  let body: React.ReactNode;
  if (!query.data)
    body = query.error ? (
      <Failed error={query.error} again={() => void query.refetch()} />
    ) : (
      <Waiting heights={[36, 56, 56, 56, 56, 56, 56, 56]} />
    );
  else if (rows.length === 0)
    body =
      status && status.ingest.linesRead === 0 ? (
        <NothingRead status={status} />
      ) : (
        <NothingRefused data={null} filters={filters} onChange={setFilters} />
      );
  else
    body = (
      <>
        <Table
          // A new filter or order is a new list.
          key={`${href('', filters)} ${order.sort} ${order.order}`}
          rows={rows}
          total={total ?? rows.length}
          columns={columns}
          order={order}
          onOrder={(o) => {
            setSort(o.sort === 'time' ? undefined : o.sort);
            setDirection(o.order === 'newest' ? undefined : o.order);
          }}
          more={query.hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError}
          loadMore={query.fetchNextPage}
        />
        <p className="list-end" role="status">
          {query.isFetchNextPageError ? (
            <button type="button" className="text-button" onClick={() => void query.fetchNextPage()}>
              {query.error?.message ?? 'The next rows did not come'}. Try again
            </button>
          ) : query.hasNextPage ? (
            'Loading more'
          ) : (
            `All ${plural(rows.length, 'refusal')} shown`
          )}
        </p>
      </>
    );

  return (
    <div className="page page-wide" aria-busy={query.isPlaceholderData || undefined}>
      <div className="page-head">
        <h1>
          Refusals{' '}
          {total !== undefined && (
            <span className="page-count num" role="status" aria-label={`${count(total)} refusals match`}>
              {count(total)}
            </span>
          )}
        </h1>
        <div className="page-acts">
          <Range filters={filters} current={ranged.since} onChange={setFilters} />
          <ColumnsMenu chosen={columns} onChange={setColumns} />
          {(total ?? 0) > 0 && <ExportMenu filters={filters} order={order} columns={columns} />}
          <Views page="refusals" />
        </div>
      </div>
      <Old query={query} />
      <div className="filter-bar">
        <AudienceSwitch filters={filters} ranged={filters} onChange={setFilters} />
        {(total ?? 0) > 0 && (
          <Link className="filter-rows" href={href('/', ranged)}>
            Overview of these
          </Link>
        )}
      </div>
      <Chips filters={filters} onChange={setFilters} now={now} />
      <div className="pill-space" role="status">
        {fresh !== 0 && rows.length > 0 && (
          <button
            type="button"
            className="pill"
            onClick={() => {
              window.scrollTo(0, 0);
              void load();
            }}
          >
            <ArrowUpIcon size={14} />
            {fresh > 0 ? `${count(fresh)} new` : 'List has changed'}
          </button>
        )}
      </div>
      <div className={query.isPlaceholderData ? 'stale' : undefined}>{body}</div>
    </div>
  );
}
