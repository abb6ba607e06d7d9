/** Every log that is followed: what it is, how well it reads, how far behind it is, and what to do if it is not well. */
import { Fragment, useState } from 'react';
import { Link } from 'wouter';
import type { SourceState, Status } from '../../server/api/contract.ts';
import { ChevronIcon, LAYER_ICONS } from '../components/icons.tsx';
import { Failed, Old, Waiting } from '../components/states.tsx';
import { Ago, LogText } from '../components/text.tsx';
import { layerTitle } from '../data/causes.ts';
import { href, NO_FILTERS, withValue } from '../data/filters.ts';
import { bytes, count, duration, hint, inert, middle, percent } from '../data/format.ts';
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

/** The file is what a reader looks for; the folder tells files of one name apart, by its end. */
function Path({ path }: { path: string }) {
  const at = path.lastIndexOf('/');
  const folder = path.slice(0, at + 1);
  return (
    <span className="source-name-two" title={hint(path)}>
      <span className="source-file mono">
        <LogText text={middle(path.slice(at + 1), 44)} />
      </span>
      {folder && (
        <span className="source-folder muted mono">
          <LogText text={folder.length > 46 ? `…${folder.slice(-45)}` : folder} />
        </span>
      )}
    </span>
  );
}

function Progress({ s }: { s: SourceState }) {
  const p = s.progress;
  const left = Math.max(0, p.bytesTotal - p.bytesRead);
  if (left === 0)
    return (
      <span className="muted num">
        {bytes(p.bytesTotal)}
        {s.gapBytes > 0 && <span className="lost"> {bytes(s.gapBytes)} lost</span>}
      </span>
    );
  const share = p.bytesTotal > 0 ? p.bytesRead / p.bytesTotal : 0;
  return (
    <span className="reading">
      <progress max={1} value={share} aria-label={`Read of ${inert(s.path)}`} />
      <span className="num">
        {percent(Math.floor(share * 1000) / 1000)} <span className="muted">of {bytes(p.bytesTotal)}</span>
      </span>
      <span className="muted num">
        {p.bytesPerSecond ? `${bytes(p.bytesPerSecond)}/s` : `${bytes(left)} to read`}
        {p.secondsLeft !== null && `, ${duration(p.secondsLeft * 1000)} left`}
      </span>
    </span>
  );
}

function Samples({ s, id }: { s: SourceState; id: string }) {
  return (
    <div id={id} className="samples">
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
  );
}

function Source({ s, now }: { s: SourceState; now: number }) {
  const [open, setOpen] = useState(false);
  const state = STATES[s.state];
  const read = s.parsed + s.unparsed;
  const samples = `samples-${s.id}`;
  const Icon = LAYER_ICONS[s.layer];
  const skewed = Math.abs(s.clockOffsetMs) >= 1;
  return (
    <Fragment>
      <tr data-tone={state.tone} className={s.advice || open ? 'has-more' : undefined}>
        <th scope="row" className="source-path">
          <Link href={href('/refusals', withValue(NO_FILTERS, 'source', s.path))} aria-label={inert(s.path)}>
            <Path path={s.path} />
          </Link>
        </th>
        <td data-name="Layer" className="nowrap">
          <span className="with-icon">
            <Icon /> {layerTitle(s.layer)}
          </span>
        </td>
        <td data-name="Format">
          {s.dataset ? <code className="code">{s.dataset}</code> : <span className="muted">–</span>}
        </td>
        <td data-name="State" className="nowrap">
          <span className={`badge badge-${state.tone}`}>{state.title}</span>
        </td>
        <td data-name="Read">
          <Progress s={s} />
        </td>
        <td data-name="Lines" className="right num nowrap">
          {count(s.lines)}
        </td>
        <td data-name="Not understood" className="right num nowrap">
          {s.unparsed === 0 ? (
            <span className="muted">0</span>
          ) : s.unparsedSamples.length === 0 ? (
            count(s.unparsed)
          ) : (
            <button
              type="button"
              className="text-button"
              aria-expanded={open}
              aria-controls={open ? samples : undefined}
              aria-label={`${count(s.unparsed)} lines of ${inert(s.path)} could not be read: samples`}
              onClick={() => setOpen(!open)}
            >
              <span className="turn" data-open={open || undefined}>
                <ChevronIcon size={12} />
              </span>
              {count(s.unparsed)} <span className="muted">({percent(s.unparsed / Math.max(1, read))})</span>
            </button>
          )}
        </td>
        <td data-name="Newest event" className="right nowrap">
          <span>
            {s.newestEvent ? <Ago iso={s.newestEvent} now={now} /> : <span className="muted">–</span>}
            {(skewed || s.timeZone) && (
              <span className="muted zone">
                {skewed && `clock ${s.clockOffsetMs > 0 ? '+' : '−'}${duration(Math.abs(s.clockOffsetMs))}`}
                {skewed && s.timeZone && ', '}
                {s.timeZone}
              </span>
            )}
          </span>
        </td>
      </tr>
      {(s.advice || open) && (
        <tr className="more" data-tone={state.tone}>
          <td colSpan={8}>
            {s.advice && (
              <p className={`advice advice-${state.tone}`}>
                <LogText text={s.advice} />
              </p>
            )}
            {open && <Samples s={s} id={samples} />}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

/** How far all logs together are, while there is something to catch up with. */
function Whole({ ingest }: { ingest: Status['ingest'] }) {
  if (ingest.state !== 'history' || ingest.bytesTotal === 0) return null;
  const share = Math.min(1, ingest.bytesRead / ingest.bytesTotal);
  return (
    <section className="card whole" aria-label="Reading history">
      <h2 className="card-title">
        Reading history <span className="num">{percent(share)}</span>
      </h2>
      <progress max={1} value={share} aria-label="All history read" />
      <p className="num muted">
        {bytes(ingest.bytesRead)} of {bytes(ingest.bytesTotal)}
        {ingest.bytesPerSecond ? ` at ${bytes(ingest.bytesPerSecond)}/s` : ''} ·{' '}
        {count(Math.round(ingest.linesPerSecond))} lines/s
        {ingest.secondsLeft !== null && ` · about ${duration(ingest.secondsLeft * 1000)} left`}
      </p>
    </section>
  );
}

export function SourcesPage({ status }: { status: Status | undefined }) {
  useTitle('Sources');
  const query = useSources();
  const now = useNow();
  const sources =
    query.data && [...query.data.sources].sort((a, b) => rank(a) - rank(b) || a.path.localeCompare(b.path));
  const sum = (f: (s: SourceState) => number) => (sources ?? []).reduce((n, s) => n + f(s), 0);
  const understood =
    sum((s) => s.parsed) /
    Math.max(
      1,
      sum((s) => s.parsed + s.unparsed),
    );
  return (
    <div className="page page-wide">
      <div className="page-head">
        <h1>
          Sources {sources && sources.length > 0 && <span className="page-count num">{count(sources.length)}</span>}
        </h1>
        {sources && sources.length > 0 && (
          <p className="muted num">
            {count(sum((s) => s.lines))} lines · {bytes(sum((s) => s.bytes))} · {percent(understood)} understood
          </p>
        )}
      </div>
      <Old query={query} />
      {status && <Whole ingest={status.ingest} />}
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
                <th scope="col">Read</th>
                <th scope="col" className="right">
                  Lines
                </th>
                <th scope="col" className="right">
                  Not understood
                </th>
                <th scope="col" className="right">
                  Newest event
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
