// biome-ignore-all lint/a11y/useSemanticElements: a scrolling box is a region by role; <section> would need it too
/** A chart over time in its frame: legend that filters, count or rate, zoom, and the table behind it. */
import { useMediaQuery } from '@mantine/hooks';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useLocation } from 'wouter';
import type { Mark } from '../charts/parts.tsx';
import type { Mode, Point, Series } from '../charts/stacked.tsx';
import { count, percent } from '../data/format.ts';
import { useNow } from '../data/hooks.ts';
import { fullMoment } from '../data/time.ts';
import { Segments } from './segments.tsx';
import { Moment } from './text.tsx';

const Stacked = lazy(() => import('../charts/stacked.tsx'));

/** Neighbours added up, so that bars stay wide enough to see. */
export function joined(points: Point[], most: number): { points: Point[]; join: number } {
  const join = Math.max(1, Math.ceil(points.length / most));
  if (join === 1) return { points, join };
  const out: Point[] = [];
  for (let i = 0; i < points.length; i += join) {
    const part = points.slice(i, i + join);
    const values: Record<string, number> = {};
    for (const p of part) for (const [k, n] of Object.entries(p.values)) values[k] = (values[k] ?? 0) + n;
    const sum = (f: (p: Point) => number | null) => part.reduce((n, p) => n + (f(p) ?? 0), 0);
    out.push({
      time: part[0]!.time,
      refused: sum((p) => p.refused),
      requests: part.some((p) => p.requests !== null) ? sum((p) => p.requests) : null,
      previous: part.some((p) => p.previous)
        ? { refused: sum((p) => p.previous?.refused ?? 0), requests: sum((p) => p.previous?.requests ?? 0) }
        : null,
      values,
    });
  }
  return { points: out, join };
}

function TrendTable({ points, series, title }: { points: Point[]; series: Series[]; title: string }) {
  const now = useNow();
  const withRequests = points.some((p) => p.requests !== null);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className="trend-table" tabIndex={0} role="region" aria-label={`${title}, table`}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">From</th>
            {withRequests && (
              <th scope="col" className="right">
                Requests
              </th>
            )}
            <th scope="col" className="right">
              Refused
            </th>
            {withRequests && (
              <th scope="col" className="right">
                Rate
              </th>
            )}
            {series.map((s) => (
              <th scope="col" className="right" key={s.key}>
                {s.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((p) => (
            <tr key={p.time}>
              <th scope="row">
                <Moment iso={p.time} now={now} />
              </th>
              {withRequests && <td className="right num">{p.requests === null ? '–' : count(p.requests)}</td>}
              <td className="right num">{count(p.refused)}</td>
              {withRequests && (
                <td className="right num">{p.requests ? percent(Math.min(1, p.refused / p.requests)) : '–'}</td>
              )}
              {series.map((s) => (
                <td className="right num" key={s.key}>
                  {p.values[s.key] ? count(p.values[s.key]!) : <span className="muted">–</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function TrendCard({
  title,
  points: all,
  series,
  bucketMs,
  spanMs,
  marks = [],
  acts,
  pressed,
  onPress,
  onZoom,
}: {
  title: string;
  points: Point[];
  series: Series[];
  bucketMs: number;
  spanMs: number;
  marks?: Mark[];
  acts?: ReactNode;
  /** Which entry of the legend is the filter in effect. */
  pressed?: (key: string) => boolean;
  onPress?: (key: string) => void;
  onZoom: (since: string, until: string) => void;
}) {
  const [view, setView] = useState<Mode | 'table'>('count');
  const [, navigate] = useLocation();
  const narrow = useMediaQuery('(max-width: 620px)', undefined, { getInitialValueInEffect: false }) ?? false;
  const { points, join } = joined(all, narrow ? 40 : 110);
  const sum = (key: string) => points.reduce((n, p) => n + (p.values[key] ?? 0), 0);
  const total = points.reduce((n, p) => n + p.refused, 0);
  const peak = points.reduce<Point | undefined>((a, p) => (!a || p.refused > a.refused ? p : a), undefined);
  const label = `${title}. ${count(total)} in all${peak && total > 0 ? `, most at ${fullMoment(peak.time)}: ${count(peak.refused)}` : ''}. The table says the same.`;
  const views = [
    { key: 'count', title: 'Count' },
    ...(points.some((p) => p.requests) ? [{ key: 'rate', title: 'Rate' }] : []),
    { key: 'table', title: 'Table' },
  ];
  return (
    <section className="card" aria-label={title} data-view={view}>
      <div className="card-head">
        <h2 className="card-title">{title}</h2>
        <div className="card-acts">
          {acts}
          <Segments
            name={`view of ${title}`}
            choices={views}
            value={view}
            onChange={(v) => setView(v as Mode | 'table')}
            small
          />
        </div>
      </div>
      <ul
        className="legend"
        aria-label={onPress ? 'What the bars consist of; press to filter' : 'What the bars consist of'}
      >
        {series.map((s) => {
          const words = (
            <>
              <span className="dot" style={{ background: s.colour }} />
              {s.title} <span className="num muted">{count(sum(s.key))}</span>
            </>
          );
          return (
            <li key={s.key}>
              {onPress ? (
                <button
                  type="button"
                  className="legend-item"
                  aria-pressed={pressed?.(s.key)}
                  onClick={() => onPress(s.key)}
                >
                  {words}
                </button>
              ) : (
                <span className="legend-item">{words}</span>
              )}
            </li>
          );
        })}
        {points.some((p) => p.previous?.refused) && (
          <li className="legend-line">
            <svg width="20" height="8" aria-hidden="true">
              <path d="M0 4h20" stroke="var(--ink)" strokeWidth="1.5" strokeDasharray="3 3" strokeOpacity=".75" />
            </svg>
            Period before
          </li>
        )}
        {marks.length > 0 && (
          <li className="legend-line">
            <svg width="12" height="12" aria-hidden="true">
              <path d="M6 0l6 6l-6 6l-6-6Z" fill="var(--muted)" />
            </svg>
            A problem begins or comes back
          </li>
        )}
      </ul>
      {view === 'table' ? (
        <TrendTable points={points} series={series} title={title} />
      ) : (
        <figure className="chart" aria-label={label}>
          <Suspense fallback={<div className="chart-space" />}>
            <Stacked
              points={points}
              series={series}
              mode={view}
              spanMs={spanMs}
              bucketMs={bucketMs * join}
              marks={narrow ? marks.slice(-4) : marks}
              narrow={narrow}
              label={label}
              onZoom={onZoom}
              onOpen={navigate}
            />
          </Suspense>
        </figure>
      )}
    </section>
  );
}
