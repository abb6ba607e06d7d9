// biome-ignore-all lint/a11y/useSemanticElements: a scrolling box is a region by role; <section> would need it too
/** The first page: how many requests were refused, since when, for which causes, and where to look next. */
import { useMediaQuery } from '@mantine/hooks';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { FilterField, Overview, Status } from '../../server/api/contract.ts';
import type { Point } from '../charts/refusals-over-time.tsx';
import { Banners } from '../components/banners.tsx';
import { BarList, Delta, Spark } from '../components/bars.tsx';
import { Chips, Range } from '../components/filters.tsx';
import { FunnelIcon } from '../components/icons.tsx';
import { Failed, Waiting } from '../components/states.tsx';
import { Ago, CauseLabel, Moment } from '../components/text.tsx';
import {
  CATEGORIES,
  CATEGORY_TITLES,
  CAUSE_TITLES,
  type Category,
  categoryColour,
  categoryOf,
  causeTitle,
} from '../data/causes.ts';
import { type Filters, hasValue, href, listValues, useFilters, withoutValue, withValue } from '../data/filters.ts';
import { count, percent } from '../data/format.ts';
import { useNow, useTitle } from '../data/hooks.ts';
import { useOverview } from '../data/questions.ts';
import { NothingRead, NothingRefused } from './nothing.tsx';

const RefusalsOverTime = lazy(() => import('../charts/refusals-over-time.tsx'));
const DAY_MS = 86_400_000;

const HOUR_MS = 3_600_000;

/** The range that fits what is stored: an hour of logs in a day-wide chart is an empty chart. */
function fittingRange(stored: Overview['stored'] | undefined): string {
  if (!stored) return '24h';
  const now = Date.now();
  if (now - Date.parse(stored.to) > DAY_MS) return 'all';
  const span = now - Date.parse(stored.from);
  return span <= HOUR_MS ? '1h' : span <= 6 * HOUR_MS ? '6h' : '24h';
}

/** Without a range in the address: the last day, less where there is less, everything if the last day has nothing. */
function useRangedOverview(filters: Filters) {
  const chosen = filters.since !== undefined || filters.until !== undefined;
  const day = useOverview({ ...filters, since: '24h' }, !chosen);
  const range = chosen ? filters.since : fittingRange(day.data?.stored);
  const other = !chosen && range !== '24h';
  const ranged: Filters = chosen ? filters : { ...filters, since: range };
  const wanted = useOverview(ranged, chosen || other);
  return { query: chosen || other ? wanted : day, range, ranged };
}

function Figure({ title, value, children }: { title: string; value: string; children?: React.ReactNode }) {
  return (
    <div className="figure">
      <dt>{title}</dt>
      <dd>
        <span className="figure-value num">{value}</span>
        <span className="figure-note">{children}</span>
      </dd>
    </div>
  );
}

function Figures({ data }: { data: Overview }) {
  const { totals: t } = data;
  const before = t.previousRequests > 0 ? t.previousRefused / t.previousRequests : null;
  const told = data.causes
    .filter((c) => c.cause !== 'unknown' && c.cause !== 'app.unexplained')
    .reduce((n, c) => n + c.count, 0);
  const points = before === null ? 0 : (t.rate - before) * 100;
  return (
    <dl className="figures">
      <Figure title="Refused" value={count(t.refused)}>
        {before !== null ? (
          <>
            <Delta now={t.refused} before={t.previousRefused} />{' '}
            <span className="muted">against the period before</span>
          </>
        ) : (
          <span className="muted">no period before to compare with</span>
        )}
      </Figure>
      <Figure title="Of requests" value={count(t.requests)}>
        {before !== null && <span className="muted">{count(t.previousRequests)} before</span>}
      </Figure>
      <Figure title="Rate" value={percent(t.rate)}>
        {before !== null && (
          <>
            <span className={`delta delta-${points > 0.005 ? 'up' : points < -0.005 ? 'down' : 'same'}`}>
              {points > 0 ? '+' : points < 0 ? '−' : ''}
              {Math.abs(points).toLocaleString(undefined, { maximumFractionDigits: 2 })} points
            </span>{' '}
            <span className="muted">from {percent(before)}</span>
          </>
        )}
      </Figure>
      <Figure title="Explained" value={percent(t.refused ? told / t.refused : 1)}>
        <span className="muted">of refusals have their reason in the logs</span>
      </Figure>
    </dl>
  );
}

function Trend({ data, filters, onChange }: { data: Overview; filters: Filters; onChange: (f: Filters) => void }) {
  const [asTable, setAsTable] = useState(false);
  const now = useNow();
  const narrow = useMediaQuery('(max-width: 620px)', undefined, { getInitialValueInEffect: false }) ?? false;
  // Fewer, wider bars where there is no room: neighbours are added up.
  const join = narrow ? Math.ceil(data.series.length / 40) : 1;
  const { points, categories, sums } = useMemo(() => {
    const sums = new Map<Category, number>();
    const points: Point[] = [];
    data.series.forEach((s, i) => {
      const before = data.previous[i]?.refused ?? null;
      let p = points.at(-1);
      if (!p || i % join === 0) {
        p = { time: s.time, requests: 0, refused: 0, previous: before === null ? null : 0 };
        points.push(p);
      }
      p.requests += s.requests;
      p.refused += s.refused;
      if (p.previous !== null) p.previous += before ?? 0;
      for (const [cause, n] of Object.entries(s.byCause)) {
        const c = categoryOf(cause);
        p[c] = (p[c] ?? 0) + n;
        sums.set(c, (sums.get(c) ?? 0) + n);
      }
    });
    return { points, sums, categories: CATEGORIES.filter((c) => sums.has(c)) };
  }, [data, join]);
  const peak = points.reduce((a, p) => (p.refused > a.refused ? p : a), points[0]!);
  const label = `Refusals over time, stacked by cause category. ${count(data.totals.refused)} in all${peak ? `, most at ${new Date(peak.time).toLocaleString()}: ${count(peak.refused)}` : ''}.`;
  return (
    <section className="card" aria-label="Refusals over time">
      <div className="card-head">
        <h2 className="card-title">Refusals over time</h2>
        <button type="button" className="text-button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? 'Show as chart' : 'Show as table'}
        </button>
      </div>
      <ul className="legend" aria-label="Cause categories; press to filter">
        {categories.map((c) => {
          const on = hasValue(filters, 'category', c);
          return (
            <li key={c}>
              <button
                type="button"
                className="legend-item"
                aria-pressed={on}
                onClick={() => onChange(on ? withoutValue(filters, 'category', c) : withValue(filters, 'category', c))}
              >
                <span className="dot" style={{ background: categoryColour(c) }} />
                {CATEGORY_TITLES[c]} <span className="num muted">{count(sums.get(c)!)}</span>
              </button>
            </li>
          );
        })}
        {points.some((p) => p.previous) && (
          <li className="legend-line">
            <svg width="20" height="8" aria-hidden="true">
              <path d="M0 4h20" stroke="var(--ink)" strokeWidth="1.5" strokeDasharray="3 3" strokeOpacity=".75" />
            </svg>
            Period before
          </li>
        )}
      </ul>
      {asTable ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <div className="trend-table" tabIndex={0} role="region" aria-label="Refusals over time, table">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col" className="right">
                  Requests
                </th>
                <th scope="col" className="right">
                  Refused
                </th>
                <th scope="col" className="right">
                  Rate
                </th>
                {categories.map((c) => (
                  <th scope="col" className="right" key={c}>
                    {CATEGORY_TITLES[c]}
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
                  <td className="right num">{count(p.requests)}</td>
                  <td className="right num">{count(p.refused)}</td>
                  <td className="right num">{percent(p.requests ? p.refused / p.requests : 0)}</td>
                  {categories.map((c) => (
                    <td className="right num" key={c}>
                      {p[c] ? count(p[c]) : <span className="muted">–</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <figure className="chart" aria-label={label}>
          <Suspense fallback={<div className="chart-space" />}>
            <RefusalsOverTime
              points={points}
              categories={categories}
              overview={data}
              bucketMs={data.bucketMs * join}
              narrow={narrow}
              label={label}
              onZoom={(since, until) => onChange({ ...filters, since, until })}
            />
          </Suspense>
        </figure>
      )}
    </section>
  );
}

const CAUSES_FIRST = 10;

function Causes({
  data,
  filters,
  ranged,
  onChange,
}: {
  data: Overview;
  filters: Filters;
  ranged: Filters;
  onChange: (f: Filters) => void;
}) {
  const [all, setAll] = useState(false);
  const now = useNow();
  const total = data.totals.refused;
  const compared = data.totals.previousRequests > 0;
  // Two or three bars are no trend.
  const byCode =
    data.series.length >= 6 &&
    data.series.some((s) => Object.keys(s.byCause).some((k) => Object.hasOwn(CAUSE_TITLES, k)));
  return (
    <section className="card" aria-label="Causes">
      <h2 className="card-title">Causes</h2>
      <table className="table causes">
        <thead>
          <tr>
            <th scope="col">Cause</th>
            <th scope="col" className="right">
              Refusals
            </th>
            <th scope="col" className="col-share">
              Share
            </th>
            {byCode && (
              <th scope="col" className="col-trend">
                Trend
              </th>
            )}
            {compared && (
              <th scope="col" className="right">
                Change
              </th>
            )}
            <th scope="col" className="right col-seen">
              Last seen
            </th>
            <th scope="col">
              <span className="sr-only">Filter</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {(all ? data.causes : data.causes.slice(0, CAUSES_FIRST)).map((c) => {
            const on = hasValue(filters, 'cause', c.cause);
            const colour = categoryColour(categoryOf(c.cause));
            return (
              <tr key={c.cause}>
                <th scope="row">
                  <Link className="row-link" href={href('/refusals', withValue(ranged, 'cause', c.cause))}>
                    <CauseLabel cause={c.cause} code />
                  </Link>
                </th>
                <td className="right num strong">{count(c.count)}</td>
                <td className="col-share">
                  <span className="share">
                    <span className="share-bar" aria-hidden="true">
                      <i style={{ width: `${(c.count / Math.max(1, total)) * 100}%`, background: colour }} />
                    </span>
                    <span className="num">{percent(c.count / Math.max(1, total))}</span>
                  </span>
                </td>
                {byCode && (
                  <td className="col-trend">
                    <Spark values={data.series.map((s) => s.byCause[c.cause] ?? 0)} colour={colour} />
                  </td>
                )}
                {compared && (
                  <td className="right">
                    <Delta now={c.count} before={c.previous} />
                  </td>
                )}
                <td className="right muted col-seen">
                  <Ago iso={c.lastSeen} now={now} />
                </td>
                <td className="col-act">
                  <button
                    type="button"
                    className="icon-button"
                    aria-pressed={on}
                    aria-label={`Filter this page by ${causeTitle(c.cause)}`}
                    title="Filter this page by it"
                    onClick={() =>
                      onChange(on ? withoutValue(filters, 'cause', c.cause) : withValue(filters, 'cause', c.cause))
                    }
                  >
                    <FunnelIcon size={14} />
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {data.causes.length > CAUSES_FIRST && (
        <p className="table-more">
          <button type="button" className="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `Show the first ${CAUSES_FIRST}` : `Show all ${data.causes.length} causes`}
          </button>
        </p>
      )}
    </section>
  );
}

const TOPS: { field: FilterField & keyof Overview['top']; title: string }[] = [
  { field: 'route', title: 'Routes' },
  { field: 'client', title: 'Clients' },
  { field: 'layer', title: 'Deciding layers' },
  { field: 'host', title: 'Hosts' },
  { field: 'rule', title: 'Rules' },
  { field: 'user', title: 'Users' },
  { field: 'source', title: 'Deciding logs' },
];

export function OverviewPage({ status }: { status: Status | undefined }) {
  useTitle('Overview');
  const [filters, setFilters] = useFilters();
  const { query, range, ranged } = useRangedOverview(filters);
  const now = useNow();
  const data = query.data;
  const filtered = listValues(filters).length > 0;

  let body: React.ReactNode;
  if (!data)
    body = query.error ? (
      <Failed error={query.error} again={() => void query.refetch()} />
    ) : (
      <Waiting heights={[104, 372, 420]} />
    );
  else if (data.stored === null) body = <NothingRead status={status} />;
  else if (data.totals.refused === 0) body = <NothingRefused data={data} filters={ranged} onChange={setFilters} />;
  else
    body = (
      <>
        <Figures data={data} />
        <Trend data={data} filters={filters} onChange={setFilters} />
        <Causes data={data} filters={filters} ranged={ranged} onChange={setFilters} />
        <div className="tops">
          {TOPS.filter((t) => data.top[t.field].length > 0).map((t) => (
            <BarList
              key={t.field}
              title={t.title}
              field={t.field}
              rows={data.top[t.field]}
              total={data.totals.refused}
              filters={filters}
              linkFilters={ranged}
              onChange={setFilters}
            />
          ))}
        </div>
      </>
    );

  return (
    <div className="page" aria-busy={query.isPlaceholderData || undefined}>
      <div className="page-head">
        <h1>Overview</h1>
        {data?.stored && <Range filters={filters} current={range} onChange={setFilters} />}
      </div>
      <Banners status={status} />
      {query.error && data && (
        <div className="banner banner-bad" role="status">
          <p>
            <strong>{query.error.message}.</strong> What you see is from{' '}
            {new Date(query.dataUpdatedAt).toLocaleTimeString()}.
          </p>
        </div>
      )}
      <Chips filters={filters} onChange={setFilters} now={now}>
        {filtered && data && data.totals.refused > 0 && (
          <Link className="text-button" href={href('/refusals', ranged)}>
            Show these {count(data.totals.refused)} refusals
          </Link>
        )}
      </Chips>
      <div className={query.isPlaceholderData ? 'stale' : undefined}>{body}</div>
    </div>
  );
}
