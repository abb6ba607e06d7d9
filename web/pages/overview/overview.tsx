/** The first page: how many requests were refused, since when, for which causes, and where to look next. */
import { Link } from 'wouter';
import type { FilterField, Overview, Status } from '../../../server/api/contract.ts';
import { Banners } from '../../components/banners.tsx';
import { BarList } from '../../components/bars.tsx';
import { AudienceSwitch } from '../../components/filters/audience.tsx';
import { Chips } from '../../components/filters/chips.tsx';
import { Range } from '../../components/filters/range.tsx';
import { Views } from '../../components/filters/views.tsx';
import { Failed, Old, Waiting } from '../../components/states.tsx';
import { type Filters, listValues, toSearch, useFilters } from '../../data/filters.ts';
import { count } from '../../data/format.ts';
import { useNow, useTitle } from '../../data/hooks.ts';
import { useOverview } from '../../data/questions.ts';
import { NothingRead, NothingRefused } from '../nothing.tsx';
import { Causes } from './causes.tsx';
import { Figures } from './figures.tsx';
import { Fresh } from './fresh.tsx';
import { Trend } from './trend.tsx';

const DAY_MS = 86_400_000;

/** The range that fits what is stored: three hours of logs in a day-wide chart are a mostly empty chart. */
function fittingRange(stored: Overview['stored'] | undefined): string {
  if (!stored) return '24h';
  const now = Date.now();
  return now - Date.parse(stored.to) > DAY_MS || now - Date.parse(stored.from) <= DAY_MS ? 'all' : '24h';
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

const TOPS: { field: FilterField & keyof Overview['top']; title: string }[] = [
  { field: 'route', title: 'Routes' },
  { field: 'client', title: 'Clients' },
  { field: 'layer', title: 'Deciding layers' },
  { field: 'host', title: 'Hosts' },
  { field: 'rule', title: 'Rules' },
  { field: 'user', title: 'Users' },
  { field: 'source', title: 'Deciding logs' },
];
/** Ranked over the newest refusals only, in very large stores. */
const OVER_NEWEST = new Set(['client', 'user']);

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
        <Figures data={data} ranged={ranged} />
        <Trend data={data} filters={filters} onChange={setFilters} />
        <div className="split split-even">
          <Causes data={data} filters={filters} ranged={ranged} now={now} onChange={setFilters} />
          <Fresh data={data} filters={filters} now={now} />
        </div>
        <div className="tops">
          {TOPS.filter((t) => data.top[t.field].length > 0).map((t) => (
            <BarList
              key={t.field}
              title={t.title}
              field={t.field}
              rows={data.top[t.field]}
              total={OVER_NEWEST.has(t.field) ? data.topOf : data.totals.refused}
              filters={filters}
              linkTo={ranged}
              onChange={setFilters}
              note={
                OVER_NEWEST.has(t.field) && data.topOf < data.totals.refused
                  ? `of the newest ${count(data.topOf)}`
                  : undefined
              }
            />
          ))}
        </div>
      </>
    );

  return (
    <div className="page" aria-busy={query.isPlaceholderData || undefined}>
      <div className="page-head">
        <h1>Overview</h1>
        {data?.stored && (
          <div className="page-acts">
            <Range filters={filters} current={range} onChange={setFilters} />
            <Views page="overview" />
          </div>
        )}
      </div>
      <Banners status={status} />
      <Old query={query} />
      {data?.stored && (
        <div className="filter-bar">
          <AudienceSwitch filters={filters} ranged={ranged} onChange={setFilters} />
          {filtered && data.totals.refused > 0 && (
            <Link className="filter-rows" href={`/refusals?${toSearch(ranged)}`}>
              See these {count(data.totals.refused)} refusals
            </Link>
          )}
        </div>
      )}
      <Chips filters={filters} onChange={setFilters} now={now} />
      <div className={query.isPlaceholderData ? 'stale' : undefined}>{body}</div>
    </div>
  );
}
