// biome-ignore-all lint/a11y/useSemanticElements: rows are drawn on demand, which table elements do not allow
/**
 * Every refusal behind the filter, newest first. The filter is the address. Rows are drawn as they come into view
 * and never shift while being read: new ones wait behind a pill.
 */
import { Menu } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { RefusalRow, Status } from '../../server/api/contract.ts';
import { Chips, FilterValue, Range, type Value, ValueMenuItems } from '../components/filters.tsx';
import { ArrowUpIcon, MoreIcon } from '../components/icons.tsx';
import { Failed, Waiting } from '../components/states.tsx';
import { CauseLabel, LogText, Moment, Sureness } from '../components/text.tsx';
import { causeTitle, layerTitle } from '../data/causes.ts';
import { type Filters, href, useFilters } from '../data/filters.ts';
import { count, inert, plural, shorten, timeOfDay } from '../data/format.ts';
import { going, useNow, useTitle } from '../data/hooks.ts';
import { useRefusalCount, useRefusals } from '../data/questions.ts';
import { NothingRead, NothingRefused } from './nothing.tsx';

const WIDE_ROW = 60;
const NARROW_ROW = 124;
/** Where the reader stood in each list, to stand there again after going back. */
const stood = new Map<string, number>();

function valuesOf(r: RefusalRow): Value[] {
  const v: (Value | null)[] = [
    { field: 'cause', value: r.cause },
    r.client ? { field: 'client', value: r.client } : null,
    r.route ? { field: 'route', value: r.route } : r.path ? { field: 'path', value: r.path } : null,
    r.host ? { field: 'host', value: r.host } : null,
    { field: 'layer', value: r.decidingLayer },
    r.rule ? { field: 'rule', value: r.rule } : null,
    r.user ? { field: 'user', value: r.user } : null,
  ];
  return v.filter((x) => x !== null);
}

const Row = memo(function Row({
  row,
  index,
  filters,
  onChange,
  now,
  top,
  height,
}: {
  row: RefusalRow;
  index: number;
  filters: Filters;
  onChange: (f: Filters) => void;
  now: number;
  top: number;
  height: number;
}) {
  const [, navigate] = useLocation();
  const to = `/refusals/${encodeURIComponent(row.id)}`;
  const value = (field: Value['field'], v: string | null, children: React.ReactNode) =>
    v === null ? (
      <span className="muted">–</span>
    ) : (
      <FilterValue field={field} value={v} filters={filters} onChange={onChange}>
        {children}
      </FilterValue>
    );
  const said = `${timeOfDay(row.time)}, ${row.method ?? ''} ${shorten(inert(`${row.host ?? ''}${row.path ?? ''}`), 120)}, ${causeTitle(row.cause)}`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link in the row is the keyboard's way
    <div
      role="row"
      tabIndex={undefined}
      aria-rowindex={index + 2}
      className="rrow"
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={(e) => {
        // Values and links act for themselves; a selection is not a click.
        if (
          (e.target as HTMLElement).closest('button,a,[role=menu]') ||
          !e.currentTarget.contains(e.target as Node) ||
          getSelection()?.toString()
        )
          return;
        navigate(to);
      }}
    >
      <span role="cell" className="c-time">
        <Link href={to} className="rrow-link" aria-label={`Open refusal: ${said}`} data-row={index}>
          <Moment iso={row.time} now={now} />
        </Link>
      </span>
      <span role="cell" className="c-client">
        {value('client', row.client, <LogText text={row.client ?? ''} mono clip />)}
      </span>
      <span role="cell" className="c-request">
        <span className="line">
          {row.method && value('method', row.method, <span className="method">{shorten(inert(row.method), 12)}</span>)}
          {value('path', row.path, <LogText text={row.path ?? ''} mono clip />)}
        </span>
        {row.host && <span className="line muted">{value('host', row.host, <LogText text={row.host} clip />)}</span>}
      </span>
      <span role="cell" className="c-cause">
        {value('cause', row.cause, <CauseLabel cause={row.cause} />)}
      </span>
      <span role="cell" className="c-layer">
        {value('layer', row.decidingLayer, layerTitle(row.decidingLayer))}
      </span>
      <span role="cell" className="c-sure">
        <Sureness certainty={row.certainty} confidence={row.confidence} />
      </span>
      <span role="cell" className="c-detail" title={inert(row.detail)}>
        <LogText text={row.detail} />
      </span>
      <span role="cell" className="c-menu">
        <Menu position="bottom-end" withinPortal shadow="md" returnFocus>
          <Menu.Target>
            <button type="button" className="icon-button" aria-label={`Filter by a value of this row: ${said}`}>
              <MoreIcon />
            </button>
          </Menu.Target>
          <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
            <ValueMenuItems values={valuesOf(row)} filters={filters} onChange={onChange} />
          </Menu.Dropdown>
        </Menu>
      </span>
    </div>
  );
});

function List({
  rows,
  total,
  more,
  loadMore,
  filters,
  onChange,
}: {
  rows: RefusalRow[];
  total: number;
  more: boolean;
  loadMore: () => void;
  filters: Filters;
  onChange: (f: Filters) => void;
}) {
  const narrow = useMediaQuery('(max-width: 900px)', undefined, { getInitialValueInEffect: false }) ?? false;
  const now = useNow();
  const box = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const search = useSearch();
  const height = narrow ? NARROW_ROW : WIDE_ROW;
  useLayoutEffect(() => setMargin(box.current ? box.current.getBoundingClientRect().top + window.scrollY : 0), []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: margin,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: measures again when the row height changes
  useEffect(() => virtual.measure(), [height]);

  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - 30) loadMore();
  }, [more, last, rows.length, loadMore]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the list appears
  useLayoutEffect(() => {
    const y = stood.get(search);
    if (going.back && y) window.scrollTo(0, y);
  }, []);
  useEffect(() => {
    const keep = () => stood.set(search, window.scrollY);
    window.addEventListener('scroll', keep, { passive: true });
    return () => window.removeEventListener('scroll', keep);
  }, [search]);

  function onKeyDown(e: React.KeyboardEvent) {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    const at = (e.target as HTMLElement).closest<HTMLElement>('[data-row]')?.dataset.row;
    if (at === undefined) return;
    e.preventDefault();
    const next = Number(at) + (e.key === 'ArrowDown' ? 1 : -1);
    if (next < 0 || next >= rows.length) return;
    const link = box.current?.querySelector<HTMLElement>(`[data-row="${next}"]`);
    link?.focus({ preventScroll: true });
    link?.closest('.rrow')?.scrollIntoView({ block: 'nearest' });
  }

  return (
    <div role="table" aria-label="Refusals" aria-rowcount={total + 1} className="rtable" onKeyDown={onKeyDown}>
      <div role="rowgroup" className="rhead-group">
        {/* biome-ignore lint/a11y/useFocusableInteractive: a heading row is not operated */}
        <div role="row" className="rhead" aria-rowindex={1}>
          {[
            ['c-time', 'Time'],
            ['c-client', 'Client'],
            ['c-request', 'Request'],
            ['c-cause', 'Cause'],
            ['c-layer', 'Decided by'],
            ['c-sure', 'Certainty'],
            ['c-detail', 'Detail'],
          ].map(([c, title]) => (
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <span role="columnheader" className={c} key={c}>
              {title}
            </span>
          ))}
          {/* biome-ignore lint/a11y/useFocusableInteractive: as above */}
          <span role="columnheader" className="c-menu">
            <span className="sr-only">Filter</span>
          </span>
        </div>
      </div>
      <div role="rowgroup" ref={box} className="rbody" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <Row
            key={rows[item.index]!.id}
            row={rows[item.index]!}
            index={item.index}
            filters={filters}
            onChange={onChange}
            now={now}
            top={item.start - margin}
            height={height}
          />
        ))}
      </div>
    </div>
  );
}

export function RefusalsPage({ status }: { status: Status | undefined }) {
  useTitle('Refusals');
  const [filters, setFilters] = useFilters();
  const now = useNow();
  const client = useQueryClient();
  useEffect(() => {
    going.list = href('/refusals', filters);
  }, [filters]);
  const query = useRefusals(filters);
  const counted = useRefusalCount(filters);
  const rows = useMemo(() => query.data?.pages.flatMap((p) => p.rows) ?? [], [query.data]);
  const total = query.data?.pages[0]?.total;
  const fresh =
    counted.data !== undefined && total !== undefined && !query.isPlaceholderData && !counted.isFetching
      ? counted.data - total
      : 0;

  function showFresh() {
    window.scrollTo(0, 0);
    void client.resetQueries({ queryKey: ['refusals'] });
  }

  let body: React.ReactNode;
  if (!query.data)
    body = query.error ? (
      <Failed error={query.error} again={() => void query.refetch()} />
    ) : (
      <Waiting heights={[40, 60, 60, 60, 60, 60, 60, 60]} />
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
        <List
          // A new filter is a new list.
          key={href('', filters)}
          rows={rows}
          total={total ?? rows.length}
          more={query.hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError}
          loadMore={query.fetchNextPage}
          filters={filters}
          onChange={setFilters}
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
          {(total ?? 0) > 0 && (
            <Link href={href('/', { ...filters, since: filters.since ?? (filters.until ? undefined : 'all') })}>
              Overview of these
            </Link>
          )}
          <Range
            filters={filters}
            current={filters.since ?? (filters.until ? undefined : 'all')}
            onChange={setFilters}
          />
        </div>
      </div>
      <Chips filters={filters} onChange={setFilters} now={now} />
      <div className="pill-space" role="status">
        {fresh !== 0 && rows.length > 0 && (
          <button type="button" className="pill" onClick={showFresh}>
            <ArrowUpIcon size={14} />
            {fresh > 0 ? `${count(fresh)} new` : 'List has changed'}
          </button>
        )}
      </div>
      <div className={query.isPlaceholderData ? 'stale' : undefined}>{body}</div>
    </div>
  );
}
