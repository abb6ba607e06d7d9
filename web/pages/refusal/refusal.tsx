/** One refused request: who refused it and why, how that is known, and what to change. */
import { Link } from 'wouter';
import type { RefusalDetail } from '../../../server/api/contract.ts';
import { ArrowLeftIcon } from '../../components/icons.tsx';
import { aboutDecider, Playbook } from '../../components/playbook.tsx';
import { RefusalList } from '../../components/refusal-list.tsx';
import { Failed, Waiting } from '../../components/states.tsx';
import { stations, Way } from '../../components/way.tsx';
import { causeTitle, LAYER_TITLES } from '../../data/causes.ts';
import { ApiError } from '../../data/client.ts';
import { href, NO_FILTERS, withValue } from '../../data/filters.ts';
import { count, inert, plural, shorten } from '../../data/format.ts';
import { going, useNow, useTitle } from '../../data/hooks.ts';
import { useRefusal } from '../../data/questions.ts';
import { Contrast } from './contrast.tsx';
import { Facts, Similar } from './facts.tsx';
import { EvidenceList, Lines } from './lines.tsx';
import { Ordinary } from './ordinary.tsx';
import { Verdict } from './verdict.tsx';

/** What the picture cannot say: how many lines, over what time, and which layers in between said nothing. */
function WayNote({ r }: { r: RefusalDetail }) {
  const all = stations(r);
  const last = all.reduce((n, s, i) => (s.hops.length > 0 ? i : n), -1);
  const missing = all.filter((s, i) => i < last && s.hops.length === 0).map((s) => LAYER_TITLES[s.layer]);
  return (
    <p className="way-note muted">
      {r.chain.length === 0
        ? 'No line of this request is kept.'
        : `${plural(r.chain.length, 'log line')} in ${plural(new Set(r.chain.map((h) => h.file)).size, 'file')} tell of this request.`}
      {missing.length > 0 &&
        ` No line from ${missing.join(' and ')}: either it is not in the way or its log is not followed.`}
    </p>
  );
}

export function RefusalPage({ id }: { id: string }) {
  const query = useRefusal(id);
  const r = query.data;
  const now = useNow();
  useTitle(
    r ? `${r.method ?? ''} ${shorten(inert(r.path ?? ''), 80)} refused: ${causeTitle(r.cause)}`.trim() : 'Refusal',
  );
  return (
    <div className="page">
      <div className="page-head">
        <h1 className="crumbs">
          <Link
            href={going.list}
            onClick={(e) => {
              // Back to the very place in the list the reader came from.
              if (going.cameFrom === '/refusals' && !e.metaKey && !e.ctrlKey) {
                e.preventDefault();
                history.back();
              }
            }}
          >
            <ArrowLeftIcon size={14} /> Refusals
          </Link>
          <span className="sr-only">: one refusal</span>
        </h1>
      </div>
      {!r ? (
        query.error ? (
          query.error instanceof ApiError && query.error.status === 404 ? (
            <Failed
              error={
                new ApiError(
                  404,
                  'There is no refusal with this id',
                  'It may be older than what is kept, or from another why403. The search box finds it by request id if it is here.',
                )
              }
            />
          ) : (
            <Failed error={query.error} again={() => void query.refetch()} />
          )
        ) : (
          <Waiting heights={[180, 150, 420]} />
        )
      ) : (
        <>
          <Verdict r={r} />
          <section className="card" aria-label="Way through the layers">
            <h2 className="card-title">The request’s way</h2>
            <Way refusal={r} />
            <WayNote r={r} />
          </section>
          <div className="split">
            <div className="split-main">
              <EvidenceList r={r} />
              <Contrast r={r} />
              <Lines r={r} />
              <Ordinary r={r} />
              <Facts r={r} />
            </div>
            <div className="split-side">
              <section className="card" id="what-to-do" tabIndex={-1} aria-label="What to do">
                <h2 className="card-title">What to do</h2>
                <Playbook book={r.playbook} about={aboutDecider(r)} />
              </section>
              <Similar r={r} />
              {r.lookAlikes.length > 0 && (
                <section className="card" aria-label="Look-alikes">
                  <div className="card-head">
                    <h2 className="card-title">Look-alikes</h2>
                    <Link href={href('/refusals', withValue(NO_FILTERS, 'problem', r.problem))}>
                      All {count(r.similar.sameProblem)}
                    </Link>
                  </div>
                  <RefusalList rows={r.lookAlikes} now={now} label="Refusals of the same problem nearest in time" />
                </section>
              )}
            </div>
          </div>
        </>
      )}
    </div>
  );
}
