/** Every log that is followed: what it is, how well it reads, how far behind it is, and what to do if it is not well. */
import { Fragment, useState } from 'react';
import { Link } from 'wouter';
import type { SourceState, Status } from '../../server/api/contract.ts';
import { ChevronIcon } from '../components/icons.tsx';
import { Failed, Waiting } from '../components/states.tsx';
import { Ago, LogText } from '../components/text.tsx';
import { layerTitle } from '../data/causes.ts';
import { href, NO_FILTERS, withValue } from '../data/filters.ts';
import { bytes, count, duration, percent } from '../data/format.ts';
import { useNow, useTitle } from '../data/hooks.ts';
import { useSources } from '../data/questions.ts';
import { NothingRead } from './nothing.tsx';

const STATES: Record<SourceState['state'], { title: string; tone: 'good' | 'bad' | 'warn' | 'info' }> = {
  following: { title: 'Following', tone: 'good' },
  reading: { title: 'Reading', tone: 'info' },
  unreadable: { title: 'Unreadable', tone: 'bad' },
  unrecognised: { title: 'Format unknown', tone: 'bad' },
  silent: { title: 'Silent', tone: 'warn' },
  empty: { title: 'Empty', tone: 'info' },
  gone: { title: 'Gone', tone: 'warn' },
};
const rank = (s: SourceState) => ({ bad: 0, warn: 1, info: 2, good: 3 })[STATES[s.state].tone];

function Source({ s, now }: { s: SourceState; now: number }) {
  const [open, setOpen] = useState(false);
  const state = STATES[s.state];
  const read = s.parsed + s.unparsed;
  const samples = `samples-${s.id}`;
  return (
    <Fragment>
      <tr data-tone={state.tone} className={s.advice || open ? 'has-more' : undefined}>
        <th scope="row" className="source-path">
          <Link href={href('/refusals', withValue(NO_FILTERS, 'source', s.path))}>
            <LogText text={s.path} mono />
          </Link>
        </th>
        <td data-name="Layer" className="nowrap">
          {layerTitle(s.layer)}
        </td>
        <td data-name="Format">
          {s.dataset ? <code className="code">{s.dataset}</code> : <span className="muted">–</span>}
        </td>
        <td data-name="State" className="nowrap">
          <span className={`badge badge-${state.tone}`}>{state.title}</span>
        </td>
        <td data-name="Lines" className="right num nowrap">
          {count(s.lines)}
        </td>
        <td data-name="Unparsed" className="right num nowrap">
          {s.unparsed === 0 ? (
            <span className="muted">0</span>
          ) : (
            <button
              type="button"
              className="text-button"
              aria-expanded={open}
              aria-controls={samples}
              onClick={() => setOpen(!open)}
            >
              <span className="turn" data-open={open || undefined}>
                <ChevronIcon size={12} />
              </span>
              {count(s.unparsed)} <span className="muted">({percent(s.unparsed / Math.max(1, read))})</span>
            </button>
          )}
        </td>
        <td data-name="Behind" className="right num nowrap">
          {s.bytesBehind === 0 ? <span className="muted">0</span> : bytes(s.bytesBehind)}
          {s.gapBytes > 0 && <span className="muted"> ({bytes(s.gapBytes)} lost)</span>}
        </td>
        <td data-name="Newest event" className="right nowrap">
          {s.newestEvent ? <Ago iso={s.newestEvent} now={now} /> : <span className="muted">–</span>}
        </td>
        <td data-name="Clock" className="right num nowrap">
          <span>
            {Math.abs(s.clockOffsetMs) < 1 ? (
              <span className="muted">in step</span>
            ) : (
              `${s.clockOffsetMs > 0 ? '+' : '−'}${duration(Math.abs(s.clockOffsetMs))}`
            )}
            {s.timeZone && <span className="muted zone">{s.timeZone}</span>}
          </span>{' '}
        </td>
      </tr>
      {(s.advice || open) && (
        <tr className="more" data-tone={state.tone}>
          <td colSpan={9}>
            {s.advice && (
              <p className={`advice advice-${state.tone}`}>
                <LogText text={s.advice} />
              </p>
            )}
            {open && (
              <div id={samples} className="samples">
                <p className="muted">Lines that could not be read as {s.dataset ?? 'any known format'}:</p>
                <ol>
                  {s.unparsedSamples.map((x) => (
                    <li key={x.line}>
                      <span className="muted num">line {count(x.line)}</span> <span className="tag">{x.reason}</span>
                      <pre className="raw">
                        <LogText text={x.text} />
                      </pre>
                    </li>
                  ))}
                </ol>
              </div>
            )}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

export function SourcesPage({ status }: { status: Status | undefined }) {
  useTitle('Sources');
  const query = useSources();
  const now = useNow();
  const sources =
    query.data && [...query.data.sources].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  const sum = (f: (s: SourceState) => number) => (sources ?? []).reduce((n, s) => n + f(s), 0);
  return (
    <div className="page page-wide">
      <div className="page-head">
        <h1>
          Sources {sources && sources.length > 0 && <span className="page-count num">{count(sources.length)}</span>}
        </h1>
        {sources && sources.length > 0 && (
          <p className="muted num">
            {count(sum((s) => s.lines))} lines · {bytes(sum((s) => s.bytes))} ·{' '}
            {percent(
              sum((s) => s.parsed) /
                Math.max(
                  1,
                  sum((s) => s.parsed + s.unparsed),
                ),
            )}{' '}
            understood
          </p>
        )}
      </div>
      {!sources ? (
        query.error ? (
          <Failed error={query.error} again={() => void query.refetch()} />
        ) : (
          <Waiting heights={[40, 56, 56, 56, 56]} />
        )
      ) : sources.length === 0 ? (
        <NothingRead status={status} />
      ) : (
        <div className="card card-flush">
          <table className="table stack sources">
            <thead>
              <tr>
                <th scope="col">Log</th>
                <th scope="col">Layer</th>
                <th scope="col">Format</th>
                <th scope="col">State</th>
                <th scope="col" className="right">
                  Lines
                </th>
                <th scope="col" className="right">
                  Unparsed
                </th>
                <th scope="col" className="right">
                  Behind
                </th>
                <th scope="col" className="right">
                  Newest event
                </th>
                <th scope="col" className="right">
                  Clock
                </th>
              </tr>
            </thead>
            <tbody>
              {sources.map((s) => (
                <Source key={s.id} s={s} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
