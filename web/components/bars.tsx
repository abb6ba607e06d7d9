/** Lists of what occurs most, as bars; small bars over time; the change against before. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { FilterField } from '../../server/api/contract.ts';
import { valueShort, valueTitle } from '../data/causes.ts';
import { type Filters, hasValue, href, withoutValue, withValue } from '../data/filters.ts';
import { change, count, inert, percent, plural, shorten } from '../data/format.ts';
import { LogText } from './text.tsx';

const ROWS_FIRST = 6;
/** Fields whose values are words of this page, not of a log. */
const WORDS = new Set<FilterField>(['layer', 'cause', 'category', 'certainty', 'audience']);

export function Delta({
  now,
  before,
  what = 'than in the period before',
}: {
  now: number;
  before: number;
  what?: string;
}) {
  const c = change(now, before);
  const words = { up: 'more', down: 'fewer', same: 'no change', new: 'none before' }[c.direction];
  return (
    <span className={`delta delta-${c.direction}`} title={`${count(before)} before`}>
      {c.direction === 'up' && <span aria-hidden="true">▲ </span>}
      {c.direction === 'down' && <span aria-hidden="true">▼ </span>}
      {c.text}
      <span className="sr-only">
        {' '}
        {words} {what}
      </span>
    </span>
  );
}

/** A trend in the height of a text line. Decorative: the numbers stand beside it. */
export function Spark({ values, colour }: { values: number[]; colour: string }) {
  // At most 32 bars, so that each stays visible.
  const step = Math.max(1, Math.ceil(values.length / 32));
  const bars: number[] = [];
  for (let i = 0; i < values.length; i += step) bars.push(values.slice(i, i + step).reduce((a, b) => a + b, 0));
  const max = Math.max(1, ...bars);
  return (
    <svg className="spark" viewBox={`0 0 ${bars.length * 3} 20`} preserveAspectRatio="none" aria-hidden="true">
      <rect x="0" y="19.25" width={bars.length * 3} height="0.75" fill="var(--line-strong)" />
      {bars.map((v, i) => {
        const h = v === 0 ? 0 : Math.max(1.5, (v / max) * 20);
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its position
        return <rect key={i} x={i * 3} y={20 - h} width="2" height={h} fill={colour} />;
      })}
    </svg>
  );
}

/**
 * What occurs most. A row filters the page when pressed; its number leads to the rows it counts. `of`: what the
 * shares are shares of.
 */
export function BarList({
  title,
  field,
  rows,
  total,
  filters,
  linkTo,
  onChange,
  note,
  colour,
}: {
  title: string;
  field: FilterField;
  rows: { key: string; count: number }[];
  total: number;
  filters: Filters;
  /** The filter that the rows are counted under; the numbers lead to it plus the row. */
  linkTo: Filters;
  /** Without it rows only lead to what they count. */
  onChange?: (f: Filters) => void;
  note?: string;
  colour?: (key: string) => string;
}) {
  const [all, setAll] = useState(false);
  const max = Math.max(1, ...rows.map((r) => r.count));
  const shown = all ? rows : rows.slice(0, ROWS_FIRST);
  return (
    <section className="card bar-card" aria-label={title}>
      <h2 className="card-title">
        {title} {note && <span className="card-note muted">{note}</span>}
      </h2>
      <ol className="bar-list">
        {shown.map((r) => {
          const on = hasValue(filters, field, r.key);
          const to = href('/refusals', withValue(linkTo, field, r.key));
          const words = (
            <>
              {colour && <span className="dot" style={{ background: colour(r.key) }} aria-hidden="true" />}
              <LogText text={valueShort(field, r.key)} clip mono={!WORDS.has(field)} />
              <span className="bar-share num muted">{percent(total ? r.count / total : 0)}</span>
            </>
          );
          return (
            <li key={r.key} className="bar-row" data-on={on || undefined}>
              <span className="bar" style={{ width: `${(r.count / max) * 100}%` }} aria-hidden="true" />
              {onChange ? (
                <button
                  type="button"
                  className="bar-pick"
                  aria-pressed={on}
                  title={`${shorten(inert(r.key), 300)} – ${on ? 'take the filter away' : 'filter the page by it'}`}
                  onClick={() => onChange(on ? withoutValue(filters, field, r.key) : withValue(filters, field, r.key))}
                >
                  {words}
                </button>
              ) : (
                <Link className="bar-pick" href={to}>
                  {words}
                </Link>
              )}
              <Link
                className="bar-count num"
                href={to}
                tabIndex={onChange ? undefined : -1}
                aria-label={`${plural(r.count, 'refusal')} with ${title} ${shorten(inert(valueTitle(field, r.key)), 80)}`}
                title="See these refusals"
              >
                {count(r.count)}
              </Link>
            </li>
          );
        })}
      </ol>
      {rows.length > ROWS_FIRST && (
        <button type="button" className="text-button bar-more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `${rows.length - ROWS_FIRST} more`}
        </button>
      )}
    </section>
  );
}
