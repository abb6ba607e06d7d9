/** Problems that began, or came back, in the last day: where "403s are up" usually ends. */
import { Link } from 'wouter';
import type { Overview } from '../../../server/api/contract.ts';
import { Course, problemHref, StateBadge, Where, WordBadge } from '../../components/problem-bits.tsx';
import { Ago, AudienceLabel, CauseLabel } from '../../components/text.tsx';
import { type Filters, toParams } from '../../data/filters.ts';
import { count, plural } from '../../data/format.ts';

const FIRST = 5;

export function Fresh({ data, filters, now }: { data: Overview; filters: Filters; now: number }) {
  const shown = data.fresh.slice(0, FIRST);
  // The same day: what began before the shown range begins is new as well.
  const params = toParams({ ...filters, since: undefined });
  params.set('fresh', '1');
  return (
    <section className="card fresh" aria-label="New since yesterday">
      <div className="card-head">
        <h2 className="card-title">New since yesterday</h2>
        {data.freshTotal > 0 ? (
          <Link href={`/problems?${params}`}>
            {data.freshTotal > FIRST ? `All ${count(data.freshTotal)}` : 'As a list'}
          </Link>
        ) : (
          <Link href="/problems">All problems</Link>
        )}
      </div>
      {shown.length === 0 ? (
        <p className="muted">No problem began or came back in the last 24 hours.</p>
      ) : (
        <ol className="fresh-list">
          {shown.map((p) => (
            <li key={p.id} className="fresh-item">
              <div className="fresh-line">
                <Link className="row-link" href={problemHref(p.id)}>
                  <CauseLabel cause={p.cause} />
                </Link>
                <span className="fresh-badges">
                  <WordBadge word={p.word} />
                  <StateBadge state={p.state} />
                </span>
              </div>
              <Where p={p} />
              <div className="fresh-facts">
                <Course p={p} />
                {p.byAudience.harmed < p.refusals && (
                  <span className="num strong">{plural(p.refusals, 'refusal')}</span>
                )}
                {p.byAudience.harmed > 0 && <AudienceLabel audience="harmed" n={p.byAudience.harmed} />}
                <span className="muted fresh-ago">
                  <Ago iso={p.cameBack ?? p.firstSeen} now={now} />
                </span>
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
