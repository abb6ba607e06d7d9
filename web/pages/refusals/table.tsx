// biome-ignore-all lint/a11y/useSemanticElements: rows are drawn on demand, which table elements do not allow
/** Rows drawn as they come into view, by columns that can be chosen; on a phone each row is a small card. */
import { useMediaQuery } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import type { RefusalRow } from '../../../server/api/contract.ts';
import { ValuesButton } from '../../components/filters/value-menu.tsx';
import { ArrowDownIcon, ArrowUpIcon, MoreIcon } from '../../components/icons.tsx';
import { AudienceLabel, CauseLabel, LogText, Moment } from '../../components/text.tsx';
import { causeTitle, layerTitle } from '../../data/causes.ts';
import { inert, shorten } from '../../data/format.ts';
import { going, useNow } from '../../data/hooks.ts';
import type { Order } from '../../data/questions.ts';
import { timeOfDay } from '../../data/time.ts';
import { type Column, valuesOf } from './columns.tsx';

const WIDE_ROW = 56;
const NARROW_ROW = 116;
/** Where the reader stood in each list, to stand there again after going back. */
const stood = new Map<string, number>();

const Row = memo(function Row({
  row,
  index,
  columns,
  narrow,
  now,
  top,
  grid,
}: {
  row: RefusalRow;
  index: number;
  columns: Column[];
  narrow: boolean;
  now: number;
  top: number;
  grid: string | undefined;
}) {
  const [, navigate] = useLocation();
  const to = `/refusals/${encodeURIComponent(row.id)}`;
  const said = `${timeOfDay(row.time)}, ${row.method ?? ''} ${shorten(inert(`${row.host ?? ''}${row.path ?? ''}`), 120)}, ${causeTitle(row.cause)}`;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link in the row is the keyboard's way
    <div
      role="row"
      tabIndex={undefined}
      aria-rowindex={index + 2}
      className="rrow"
      style={{ transform: `translateY(${top}px)`, height: narrow ? NARROW_ROW : WIDE_ROW, gridTemplateColumns: grid }}
      onClick={(e) => {
        // Values and links act for themselves; a selection is not a click.
        if ((e.target as HTMLElement).closest('button,a') || getSelection()?.toString()) return;
        navigate(to);
      }}
    >
      <span role="cell" className="c-time">
        <Link href={to} className="rrow-link" aria-label={`Open refusal: ${said}`} data-row={index}>
          <Moment iso={row.time} now={now} />
        </Link>
      </span>
      {narrow ? (
        <>
          <span role="cell" className="c-client">
            {row.client && <LogText text={row.client} mono clip />}
          </span>
          <span role="cell" className="c-request line">
            {row.method && <span className="method">{shorten(inert(row.method), 12)}</span>}
            <LogText text={row.path ?? ''} mono clip />
          </span>
          <span role="cell" className="c-cause">
            <CauseLabel cause={row.cause} />
          </span>
          <span role="cell" className="c-layer muted">
            {layerTitle(row.decidingLayer)}
          </span>
          <span role="cell" className="c-audience">
            <AudienceLabel audience={row.audience} />
          </span>
        </>
      ) : (
        columns.map((c) => (
          <span role="cell" key={c.id} className={`c-${c.id}`}>
            {c.cell(row)}
          </span>
        ))
      )}
      <span role="cell" className="c-menu">
        <ValuesButton values={valuesOf(row)} label={`Filter by a value of this row: ${said}`}>
          <MoreIcon />
        </ValuesButton>
      </span>
    </div>
  );
});

function Head({ columns, order, onOrder }: { columns: Column[]; order: Order; onOrder: (o: Order) => void }) {
  const title = (id: string, name: string, sort?: string) => {
    const on = sort !== undefined && order.sort === sort;
    const up = order.order === 'oldest';
    return (
      // biome-ignore lint/a11y/useFocusableInteractive: the button in it is operated
      <span
        role="columnheader"
        className={`c-${id}`}
        key={id}
        aria-sort={on ? (up ? 'ascending' : 'descending') : undefined}
      >
        {sort ? (
          <button
            type="button"
            className="rhead-sort"
            data-on={on || undefined}
            // Times begin with the newest, words with A.
            onClick={() => onOrder({ sort, order: (on ? up : sort === 'time') ? 'newest' : 'oldest' })}
          >
            {name}
            {on && (up ? <ArrowUpIcon size={12} /> : <ArrowDownIcon size={12} />)}
          </button>
        ) : (
          name
        )}
      </span>
    );
  };
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: a heading row is not operated
    <div role="row" className="rhead" aria-rowindex={1} style={{ gridTemplateColumns: gridOf(columns) }}>
      {title('time', 'Time', 'time')}
      {columns.map((c) => title(c.id, c.title, c.sort))}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as above */}
      <span role="columnheader" className="c-menu">
        <span className="sr-only">Filter</span>
      </span>
    </div>
  );
}
const GAP = 12;
const widthOf = (columns: Column[]) =>
  columns.reduce((sum, c) => sum + Number(/\d+/.exec(c.width)?.[0] ?? 0) + GAP, 124 + 32 + GAP + 24);
const gridOf = (columns: Column[]) => ['124px', ...columns.map((c) => c.width), '32px'].join(' ');

export function Table({
  rows,
  total,
  columns,
  order,
  onOrder,
  more,
  loadMore,
}: {
  rows: RefusalRow[];
  total: number;
  columns: Column[];
  order: Order;
  onOrder: (o: Order) => void;
  more: boolean;
  loadMore: () => void;
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

  function onKeyDown(e: KeyboardEvent) {
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
    <div
      role="table"
      aria-label="Refusals"
      aria-rowcount={total + 1}
      className="rtable"
      // Where many columns are chosen the page scrolls sideways, so that the heading stays in sight above the rows.
      style={narrow ? undefined : { minWidth: widthOf(columns) }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="rhead-group">
        <Head columns={columns} order={order} onOrder={onOrder} />
      </div>
      <div role="rowgroup" ref={box} className="rbody" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <Row
            key={rows[item.index]!.id}
            row={rows[item.index]!}
            index={item.index}
            columns={columns}
            narrow={narrow}
            now={now}
            top={item.start - margin}
            grid={narrow ? undefined : gridOf(columns)}
          />
        ))}
      </div>
    </div>
  );
}
