/** Refusals grouped by what they have in common, so that a list of thousands is a list of a few to decide about. */
import { Button, Menu } from '@mantine/core';
import { Link, useSearch } from 'wouter';
import type { ProblemRow, Status } from '../../../server/api/contract.ts';
import { Chips } from '../../components/filters/chips.tsx';
import { Range } from '../../components/filters/range.tsx';
import { Views } from '../../components/filters/views.tsx';
import { CheckIcon } from '../../components/icons.tsx';
import { Course, problemHref, problemTitle, StateBadge, Where, WordBadge } from '../../components/problem-bits.tsx';
import { Segments } from '../../components/segments.tsx';
import { Empty, Failed, Old, Waiting } from '../../components/states.tsx';
import { Ago, AudienceLabel, CauseLabel } from '../../components/text.tsx';
import { STATE_TITLES, STATES } from '../../data/causes.ts';
import { type Filters, href, NO_FILTERS, toParams, useFilters, useParam } from '../../data/filters.ts';
import { count, percent, plural } from '../../data/format.ts';
import { useNow, useTitle } from '../../data/hooks.ts';
import { useProblems } from '../../data/questions.ts';
import { NothingRead } from '../nothing.tsx';
import { ProblemMenu } from './acts.tsx';

const SORTS = [
  { key: 'harm', title: 'Most people kept out' },
  { key: 'recent', title: 'Last seen' },
  { key: 'age', title: 'Newest first' },
  { key: 'size', title: 'Most refusals' },
  { key: 'clients', title: 'Most clients' },
] as const;
const KEEP = ['state', 'sort', 'muted', 'fresh'] as const;

function Row({ p, now }: { p: ProblemRow; now: number }) {
  const rows = { ...NO_FILTERS, fields: { problem: [p.id] } };
  return (
    <li className="problem" data-muted={p.word?.word === 'expected' || undefined}>
      <div className="problem-what">
        <div className="problem-line">
          <Link className="row-link problem-link" href={problemHref(p.id)}>
            <CauseLabel cause={p.cause} />
          </Link>
          <StateBadge state={p.state} />
          <WordBadge word={p.word} />
        </div>
        <Where p={p} />
      </div>
      <div className="problem-course">
        <Course p={p} />
        <span className="muted problem-share">
          {p.routeShare !== null && p.routeShare > 0 ? `${percent(Math.min(1, p.routeShare))} of the route` : ''}
        </span>
      </div>
      <div className="problem-count">
        <Link className="count-link num" href={href('/refusals', rows)} aria-label={plural(p.refusals, 'refusal')}>
          {count(p.refusals)}
        </Link>
        <span className="muted num">{plural(p.clients, 'client')}</span>
      </div>
      <div className="problem-whom">
        {p.byAudience.harmed > 0 ? (
          <AudienceLabel audience="harmed" n={p.byAudience.harmed} />
        ) : p.byAudience.noise > 0 ? (
          <AudienceLabel audience="noise" n={p.byAudience.noise} />
        ) : (
          <AudienceLabel audience="undecided" />
        )}
        {p.byAudience.harmed > 0 && p.byAudience.noise > 0 && (
          <span className="muted num">{count(p.byAudience.noise)} noise</span>
        )}
      </div>
      <div className="problem-seen">
        <span>
          <span className="sr-only">Last seen </span>
          <Ago iso={p.lastSeen} now={now} />
        </span>
        <span className="muted">
          {p.cameBack ? 'back ' : 'since '}
          <Ago iso={p.cameBack ?? p.firstSeen} now={now} />
        </span>
      </div>
      <ProblemMenu p={p} label={problemTitle(p)} />
    </li>
  );
}

function SortMenu({ value, onChange }: { value: string; onChange: (key: string) => void }) {
  const now = SORTS.find((s) => s.key === value) ?? SORTS[0];
  return (
    <Menu position="bottom-end" withinPortal shadow="md" returnFocus>
      <Menu.Target>
        <Button variant="default" size="compact-md">
          <span className="muted sort-by">Sort:&nbsp;</span>
          {now.title}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {SORTS.map((s) => (
          <Menu.Item
            key={s.key}
            leftSection={<span className="check-space">{s.key === now.key && <CheckIcon size={14} />}</span>}
            onClick={() => onChange(s.key)}
          >
            {s.title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The question for the API: fields that a problem has, its states, and without what is muted unless wanted. */
function askFor(
  filters: Filters,
  states: string[],
  sort: string,
  withMuted: boolean,
  isFresh: boolean,
): URLSearchParams {
  const params = toParams(filters, true);
  for (const f of ['client', 'host', 'path', 'method', 'status', 'certainty', 'user', 'problem']) params.delete(f);
  for (const s of states) params.append('state', s);
  if (!withMuted) params.append('word', '!expected');
  if (isFresh) params.set('fresh', '1');
  params.set('sort', sort);
  return params;
}

export function ProblemsPage({ status }: { status: Status | undefined }) {
  useTitle('Problems');
  const now = useNow();
  const [filters, setFilters] = useFilters(KEEP);
  const [, setState] = useParam('state');
  const [sortParam, setSort] = useParam('sort');
  const [mutedParam, setMuted] = useParam('muted');
  const states = new URLSearchParams(useSearch()).getAll('state').filter((s) => s in STATE_TITLES);
  const sort = SORTS.find((s) => s.key === sortParam)?.key ?? 'harm';
  const withMuted = mutedParam === 'shown';
  const [freshParam, setFresh] = useParam('fresh');
  const isFresh = freshParam === '1';
  const query = useProblems(askFor(filters, states, sort, withMuted, isFresh));
  const muted = useProblems(new URLSearchParams('word=expected&limit=1'));
  const first = query.data?.pages[0];
  const rows = query.data?.pages.flatMap((p) => p.rows) ?? [];
  const everything = first ? STATES.reduce((n, s) => n + (first.byState[s] ?? 0), 0) : undefined;
  const nMuted = muted.data?.pages[0]?.total ?? 0;

  let body: React.ReactNode;
  if (!first)
    body = query.error ? (
      <Failed error={query.error} again={() => void query.refetch()} />
    ) : (
      <Waiting heights={[72, 72, 72, 72, 72]} />
    );
  else if (rows.length === 0)
    body =
      status && status.ingest.linesRead === 0 ? (
        <NothingRead status={status} />
      ) : (
        <Empty
          title={everything === 0 ? 'No problems' : 'No problem is in this state'}
          action={
            <Button variant="default" component={Link} href="/problems?since=all">
              Look at all problems
            </Button>
          }
        >
          <p>
            {everything === 0
              ? 'Nothing was refused that fits. Look at a longer time, or take filters away.'
              : `${plural(everything ?? 0, 'problem is', 'problems are')} in another state.`}
          </p>
        </Empty>
      );
  else
    body = (
      <>
        <div className="problem problem-names" aria-hidden="true">
          <span>Problem</span>
          <span className="problem-course">Course</span>
          <span className="problem-count">Refusals</span>
          <span className="problem-whom">Whom</span>
          <span className="problem-seen">Last seen</span>
        </div>
        <ol className="card card-flush problems" aria-label="Problems">
          {rows.map((p) => (
            <Row key={p.id} p={p} now={now} />
          ))}
        </ol>
        {query.hasNextPage && (
          <p className="list-end">
            <Button variant="default" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              Show more
            </Button>
          </p>
        )}
      </>
    );

  return (
    <div className="page" aria-busy={query.isPlaceholderData || undefined}>
      <div className="page-head">
        <h1>Problems {first && <span className="page-count num">{count(first.total)}</span>}</h1>
        <div className="page-acts">
          <Range
            filters={filters}
            current={filters.since ?? (filters.until ? undefined : 'all')}
            onChange={setFilters}
          />
          <Views page="problems" />
        </div>
      </div>
      <Old query={query} />
      <div className="filter-bar">
        <Segments
          name="State"
          value={states.length === 0 ? 'all' : states.length === 1 ? states[0]! : ''}
          onChange={(key) => setState(key === 'all' ? undefined : key)}
          choices={[
            { key: 'all', title: 'All', n: everything === undefined ? undefined : count(everything) },
            ...STATES.map((s) => ({
              key: s as string,
              title: STATE_TITLES[s].title,
              says: STATE_TITLES[s].says,
              n: first ? count(first.byState[s] ?? 0) : undefined,
            })),
          ]}
        />
        <div className="filter-end">
          <button
            type="button"
            className="text-button"
            aria-pressed={isFresh}
            onClick={() => setFresh(isFresh ? undefined : '1')}
          >
            {isFresh ? 'Not only since yesterday' : 'New since yesterday'}
          </button>
          {!isFresh && (nMuted > 0 || withMuted) && (
            <button
              type="button"
              className="text-button"
              aria-pressed={withMuted}
              onClick={() => setMuted(withMuted ? undefined : 'shown')}
            >
              {withMuted ? 'Hide what is expected' : `Show ${count(nMuted)} expected`}
            </button>
          )}
          <SortMenu value={sort} onChange={(key) => setSort(key === 'harm' ? undefined : key)} />
        </div>
      </div>
      <Chips filters={filters} onChange={setFilters} now={now} />
      <div className={query.isPlaceholderData ? 'stale' : undefined}>{body}</div>
    </div>
  );
}
