/** What the refusals of the period are made of. A cause filters the page; its number leads to its rows. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { Overview } from '../../../server/api/contract.ts';
import { Delta, Spark } from '../../components/bars.tsx';
import { Ago, CauseLabel } from '../../components/text.tsx';
import { categoryColour, categoryOf, causeTitle } from '../../data/causes.ts';
import { type Filters, hasValue, href, withoutValue, withValue } from '../../data/filters.ts';
import { count, percent, plural } from '../../data/format.ts';

const CAUSES_FIRST = 10;

export function Causes({
  data,
  filters,
  ranged,
  now,
  onChange,
}: {
  data: Overview;
  filters: Filters;
  ranged: Filters;
  now: number;
  onChange: (f: Filters) => void;
}) {
  const [all, setAll] = useState(false);
  const total = Math.max(1, data.totals.refused);
  const compared = data.totals.previousRequests > 0;
  // Two or three bars are no trend.
  const withTrend = data.series.length >= 6;
  return (
    <section className="card" aria-label="Causes">
      <h2 className="card-title">Causes</h2>
      <table className="table causes">
        <thead>
          <tr>
            <th scope="col">Cause</th>
            <th scope="col" className="col-share">
              Share
            </th>
            {withTrend && (
              <th scope="col" className="col-trend">
                Trend
              </th>
            )}
            {compared && (
              <th scope="col" className="right col-delta">
                Change
              </th>
            )}
            <th scope="col" className="right col-seen">
              Last seen
            </th>
            <th scope="col" className="right">
              Refusals
            </th>
          </tr>
        </thead>
        <tbody>
          {(all ? data.causes : data.causes.slice(0, CAUSES_FIRST)).map((c) => {
            const on = hasValue(filters, 'cause', c.cause);
            const colour = categoryColour(categoryOf(c.cause));
            return (
              <tr key={c.cause} data-on={on || undefined}>
                <th scope="row">
                  <button
                    type="button"
                    className="row-pick"
                    aria-pressed={on}
                    title={`${c.cause} – ${on ? 'take the filter away' : 'filter the page by it'}`}
                    onClick={() =>
                      onChange(on ? withoutValue(filters, 'cause', c.cause) : withValue(filters, 'cause', c.cause))
                    }
                  >
                    <CauseLabel cause={c.cause} />
                  </button>
                </th>
                <td className="col-share">
                  <span className="share">
                    <span className="share-bar" aria-hidden="true">
                      <i style={{ width: `${(c.count / total) * 100}%`, background: colour }} />
                    </span>
                    <span className="num">{percent(c.count / total)}</span>
                  </span>
                </td>
                {withTrend && (
                  <td className="col-trend">
                    <Spark values={data.series.map((s) => s.byCause[c.cause] ?? 0)} colour={colour} />
                  </td>
                )}
                {compared && (
                  <td className="right col-delta">
                    <Delta now={c.count} before={c.previous} />
                  </td>
                )}
                <td className="right muted col-seen nowrap">
                  <Ago iso={c.lastSeen} now={now} />
                </td>
                <td className="right num">
                  <Link
                    className="count-link"
                    href={href('/refusals', withValue(ranged, 'cause', c.cause))}
                    aria-label={`${plural(c.count, 'refusal')}: ${causeTitle(c.cause)}`}
                    title="See these refusals"
                  >
                    {count(c.count)}
                  </Link>
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
