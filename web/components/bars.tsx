/** Lists of what occurs most, as bars; small bars over time; the change against before. */
import { Link } from 'wouter';
import type { FilterField } from '../../server/api/contract.ts';
import { valueTitle } from '../data/causes.ts';
import { type Filters, hasValue, href, withoutValue, withValue } from '../data/filters.ts';
import { change, count, inert, percent } from '../data/format.ts';
import { FunnelIcon } from './icons.tsx';
import { LogText } from './text.tsx';

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
      {bars.map((v, i) => {
        const h = v === 0 ? 0 : Math.max(1.5, (v / max) * 20);
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its position
        return <rect key={i} x={i * 3} y={20 - h} width="2" height={h} fill={colour} />;
      })}
    </svg>
  );
}

/** Length of the folder all paths begin with; the end of a path tells them apart. */
function sharedFolder(paths: string[]): number {
  if (paths.length < 2) return 0;
  let n = 0;
  while (n < paths[0]!.length && paths.every((p) => p[n] === paths[0]![n])) n++;
  return paths[0]!.lastIndexOf('/', n - 1) + 1;
}

export function BarList({
  title,
  field,
  rows,
  total,
  filters,
  linkFilters,
  onChange,
}: {
  title: string;
  field: FilterField;
  rows: { key: string; count: number }[];
  total: number;
  filters: Filters;
  linkFilters: Filters;
  onChange: (f: Filters) => void;
}) {
  const max = Math.max(1, ...rows.map((r) => r.count));
  const shared = field === 'source' ? sharedFolder(rows.map((r) => r.key)) : 0;
  return (
    <section className="card bar-card" aria-label={title}>
      <h2 className="card-title">{title}</h2>
      <ol className="bar-list">
        {rows.slice(0, 8).map((r) => {
          const on = hasValue(filters, field, r.key);
          const said = valueTitle(field, r.key);
          return (
            <li key={r.key} className="bar-row">
              <span className="bar" style={{ width: `${(r.count / max) * 100}%` }} aria-hidden="true" />
              <Link className="bar-link" href={href('/refusals', withValue(linkFilters, field, r.key))}>
                <LogText text={said.slice(shared)} clip mono={field !== 'layer'} />
                <span className="bar-count num">{count(r.count)}</span>
                <span className="bar-share num muted">{percent(total ? r.count / total : 0)}</span>
              </Link>
              <button
                type="button"
                className="icon-button bar-filter"
                aria-pressed={on}
                aria-label={`Filter this page by ${inert(said)}`}
                title="Filter this page by it"
                onClick={() => onChange(on ? withoutValue(filters, field, r.key) : withValue(filters, field, r.key))}
              >
                <FunnelIcon size={14} />
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
