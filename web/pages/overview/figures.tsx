/** The four numbers at the top: how many, of how many, whom, and how much of it is explained. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Overview } from '../../../server/api/contract.ts';
import { Delta } from '../../components/bars.tsx';
import { type Filters, href } from '../../data/filters.ts';
import { count, percent, plural } from '../../data/format.ts';

function Figure({ title, value, to, children }: { title: string; value: string; to?: string; children?: ReactNode }) {
  return (
    <div className="figure">
      <dt>{title}</dt>
      <dd>
        <span className="figure-value num">{to ? <Link href={to}>{value}</Link> : value}</span>
        <span className="figure-note">{children}</span>
      </dd>
    </div>
  );
}

export function Figures({ data, ranged }: { data: Overview; ranged: Filters }) {
  const { totals: t } = data;
  const before = t.previousRequests > 0 ? t.previousRefused / t.previousRequests : null;
  const told = data.causes
    .filter((c) => c.cause !== 'unknown' && c.cause !== 'app.unexplained')
    .reduce((n, c) => n + c.count, 0);
  const points = before === null ? 0 : (t.rate - before) * 100;
  const people: Filters = { ...ranged, fields: { ...ranged.fields, audience: ['harmed'] } };
  return (
    <dl className="figures">
      <Figure title="Refused" value={count(t.refused)} to={href('/refusals', ranged)}>
        {t.previousRefused > 0 || before !== null ? (
          <>
            <Delta now={t.refused} before={t.previousRefused} /> <span className="muted">on the period before</span>
          </>
        ) : (
          <span className="muted">nothing to compare with</span>
        )}
      </Figure>
      <Figure title="Rate" value={percent(t.rate)}>
        {before !== null && (
          <span className={`delta delta-${points > 0.005 ? 'up' : points < -0.005 ? 'down' : 'same'}`}>
            {points > 0 ? '+' : points < 0 ? '−' : ''}
            {Math.abs(points).toLocaleString(undefined, { maximumFractionDigits: 2 })} points{' '}
          </span>
        )}
        <span className="muted">of {plural(t.requests, 'request')}</span>
      </Figure>
      <Figure title="People kept out" value={count(t.byAudience.harmed)} to={href('/refusals', people)}>
        <span className="muted">
          {count(t.byAudience.noise)} noise, {count(t.byAudience.undecided)} undecided
        </span>
      </Figure>
      <Figure title="Explained" value={percent(t.refused ? told / t.refused : 1)}>
        <span className="muted">have their reason in the logs</span>
      </Figure>
    </dl>
  );
}
