/** One problem: what it is, since when, whom it hits, what was said of it, and what to do about it. */
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { ProblemDetail } from '../../../server/api/contract.ts';
import { BarList } from '../../components/bars.tsx';
import { Range } from '../../components/filters/range.tsx';
import { ArrowLeftIcon } from '../../components/icons.tsx';
import { Long } from '../../components/long.tsx';
import { Playbook } from '../../components/playbook.tsx';
import { problemTitle, StateBadge, WordBadge } from '../../components/problem-bits.tsx';
import { RefusalList } from '../../components/refusal-list.tsx';
import { Failed, Old, Waiting } from '../../components/states.tsx';
import { Ago, AudienceLabel, CauseLabel, LogText, Moment, SourceName } from '../../components/text.tsx';
import { TrendCard } from '../../components/trend-card.tsx';
import {
  AUDIENCE_TITLES,
  AUDIENCES,
  audienceColour,
  causeTitle,
  FIELD_TITLES,
  LAYER_TITLES,
  STATE_TITLES,
} from '../../data/causes.ts';
import { ApiError } from '../../data/client.ts';
import { type Filters, href, useFilters } from '../../data/filters.ts';
import { count, middle, percent, plural } from '../../data/format.ts';
import { useNow, useTitle } from '../../data/hooks.ts';
import { useProblem } from '../../data/questions.ts';
import { ProblemActs } from './acts.tsx';

const HAPPENED: Record<ProblemDetail['history'][number]['what'], string> = {
  began: 'First seen',
  'came-back': 'Came back',
  acknowledged: 'Acknowledged',
  expected: 'Muted as expected',
  fixed: 'Marked as fixed',
  'word-withdrawn': 'Word withdrawn',
  note: 'Note',
};

function Head({ p, now }: { p: ProblemDetail; now: number }) {
  return (
    <section className="card verdict problem-head" aria-label="Problem">
      <div className="verdict-meta">
        <CauseLabel cause={p.cause} code />
        <StateBadge state={p.state} />
        <WordBadge word={p.word} />
        {p.byAudience.harmed > 0 && <AudienceLabel audience="harmed" n={p.byAudience.harmed} />}
      </div>
      <p className="verdict-words">
        <strong>{causeTitle(p.cause)}</strong>
        {p.route !== null && (
          <>
            {' on '}
            <strong className="mono">
              <LogText text={middle(p.route, 160)} />
            </strong>
          </>
        )}
        {p.layer === 'unknown' ? (
          ', by a layer that these logs do not show'
        ) : (
          <>
            , refused by the <strong>{LAYER_TITLES[p.layer].replace(/^[A-Z](?=[a-z])/, (c) => c.toLowerCase())}</strong>
          </>
        )}
        {p.rule && (
          <>
            {' with rule '}
            <strong className="mono">
              <LogText text={middle(p.rule, 80)} />
            </strong>
          </>
        )}
        .
      </p>
      <p className="verdict-detail">
        {STATE_TITLES[p.state].says}.{' '}
        {p.routeShare !== null && p.routeShare > 0 && (
          <>It refuses {percent(Math.min(1, p.routeShare))} of the requests to this route. </>
        )}
        {p.source && (
          <>
            Decided in <SourceName path={p.source} />.
          </>
        )}
      </p>
      <dl className="numbers">
        <div>
          <dt>Refusals</dt>
          <dd className="num">
            <Link href={href('/refusals', { fields: { problem: [p.id] } })}>{count(p.refusals)}</Link>
          </dd>
        </div>
        <div>
          <dt>Clients</dt>
          <dd className="num">{count(p.clients)}</dd>
        </div>
        <div>
          <dt>First seen</dt>
          <dd>
            <Ago iso={p.firstSeen} now={now} />
          </dd>
        </div>
        {p.cameBack && (
          <div>
            <dt>Back since</dt>
            <dd>
              <Ago iso={p.cameBack} now={now} />
            </dd>
          </div>
        )}
        <div>
          <dt>Last seen</dt>
          <dd>
            <Ago iso={p.lastSeen} now={now} />
          </dd>
        </div>
      </dl>
      <ProblemActs p={p} />
    </section>
  );
}

function History({ p, now }: { p: ProblemDetail; now: number }) {
  return (
    <section className="card" aria-label="History">
      <h2 className="card-title">What happened to it</h2>
      <ol className="history">
        {[...p.history].reverse().map((h) => (
          <li key={`${h.at} ${h.what}`} data-what={h.what}>
            <p>
              <b>{HAPPENED[h.what]}</b>
              {h.by && (
                <>
                  {' by '}
                  <LogText text={h.by} />
                </>
              )}{' '}
              <span className="muted">
                <Moment iso={h.at} now={now} />
              </span>
            </p>
            {h.note && (
              <p className="history-note">
                <LogText text={h.note} />
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

const TOPS = [
  { field: 'client', title: 'Clients' },
  { field: 'user', title: 'Users' },
  { field: 'path', title: 'Paths' },
  { field: 'host', title: 'Hosts' },
  { field: 'method', title: 'Methods' },
] as const;

/** What all of its refusals share is a fact, not a list of one. */
const isShared = (p: ProblemDetail, field: (typeof TOPS)[number]['field']) =>
  p.top[field].length === 1 && p.top[field][0]!.count === p.refusals;

function Shared({ p }: { p: ProblemDetail }) {
  const shared = TOPS.filter((t) => isShared(p, t.field));
  if (shared.length === 0) return null;
  return (
    <section className="card" aria-label="What all of them share">
      <h2 className="card-title">What all of them share</h2>
      <dl className="facts">
        {shared.map((t) => (
          <div key={t.field}>
            <dt>{FIELD_TITLES[t.field]}</dt>
            <dd>
              <Long text={p.top[t.field][0]!.key} mono />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Trend({ p, filters, onChange }: { p: ProblemDetail; filters: Filters; onChange: (f: Filters) => void }) {
  const points = useMemo(
    () =>
      p.series.map((s) => ({
        time: s.time,
        refused: s.refused,
        requests: s.routeRequests,
        previous: null,
        values: { ...s.byAudience },
      })),
    [p],
  );
  const shown = AUDIENCES.filter((a) => p.series.some((s) => s.byAudience[a] > 0));
  return (
    <TrendCard
      title="Its course"
      points={points}
      bucketMs={p.bucketMs}
      spanMs={points.length * p.bucketMs}
      series={shown.map((a) => ({ key: a, title: AUDIENCE_TITLES[a].title, colour: audienceColour(a) }))}
      acts={
        filters.until ? (
          <button
            type="button"
            className="text-button"
            onClick={() => onChange({ ...filters, since: undefined, until: undefined })}
          >
            Zoom out
          </button>
        ) : null
      }
      onZoom={(since, until) => onChange({ ...filters, since, until })}
    />
  );
}

export function ProblemPage({ id }: { id: string }) {
  const [filters, setFilters] = useFilters();
  const query = useProblem(id, filters);
  const now = useNow();
  const p = query.data;
  useTitle(p ? problemTitle(p) : 'Problem');
  const own: Filters = { fields: { problem: [id] } };
  return (
    <div className="page">
      <div className="page-head">
        <h1 className="crumbs">
          <Link href="/problems">
            <ArrowLeftIcon size={14} /> Problems
          </Link>
          <span className="sr-only">: one problem</span>
        </h1>
        {p && (
          <Range
            filters={filters}
            current={filters.since ?? (filters.until ? undefined : 'all')}
            onChange={setFilters}
          />
        )}
      </div>
      <Old query={query} />
      {!p ? (
        query.error ? (
          query.error instanceof ApiError && query.error.status === 404 ? (
            <Failed
              error={
                new ApiError(
                  404,
                  'There is no problem with this id',
                  'Its refusals may be older than what is kept, or were explained anew. Look for its cause under Problems.',
                )
              }
            />
          ) : (
            <Failed error={query.error} again={() => void query.refetch()} />
          )
        ) : (
          <Waiting heights={[220, 360, 300]} />
        )
      ) : (
        <>
          <Head p={p} now={now} />
          <div className="split">
            <div className="split-main">
              <Trend p={p} filters={filters} onChange={setFilters} />
              <div className="tops tops-two">
                {TOPS.filter((t) => p.top[t.field].length > 0 && !isShared(p, t.field)).map((t) => (
                  <BarList
                    key={t.field}
                    title={t.title}
                    field={t.field}
                    rows={p.top[t.field]}
                    total={p.refusals}
                    filters={own}
                    linkTo={own}
                  />
                ))}
              </div>
              <Shared p={p} />
              <section className="card" aria-label="Newest refusals">
                <div className="card-head">
                  <h2 className="card-title">Newest refusals</h2>
                  <Link href={href('/refusals', own)}>All {count(p.refusals)}</Link>
                </div>
                <RefusalList rows={p.newest} now={now} label={`The newest of ${plural(p.refusals, 'refusal')}`} />
              </section>
            </div>
            <div className="split-side">
              <section className="card" aria-label="What to do">
                <h2 className="card-title">What to do</h2>
                <Playbook book={p.playbook} about={`${p.product ?? ''} ${p.source ?? ''}`.toLowerCase()} />
              </section>
              <History p={p} now={now} />
            </div>
          </div>
        </>
      )}
    </div>
  );
}
