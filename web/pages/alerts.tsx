/** Rules with their value now, what fires, and what fired before and who was told. */
import { Link } from 'wouter';
import type { AlertState, Alerts } from '../../server/api/contract.ts';
import { Copy } from '../components/copy.tsx';
import { BellIcon } from '../components/icons.tsx';
import { Empty, Failed, Waiting } from '../components/states.tsx';
import { Ago, CauseLabel, LogText, Moment } from '../components/text.tsx';
import { count, duration, percent, plural } from '../data/format.ts';
import { useNow, useTitle } from '../data/hooks.ts';
import { useAlerts } from '../data/questions.ts';

const RULE = 'npm start -- --alert-rate 5% /var/log/nginx /var/log/apache2';

/** The rows that an alert counted, of one cause. */
function withCause(filter: string, cause: string): string {
  const params = new URLSearchParams(filter);
  params.append('cause', cause);
  return params.toString();
}

type Rule = Alerts['rules'][number];
const amount = (rule: Pick<Rule, 'kind'> | undefined, v: number) =>
  rule?.kind === 'count' || v > 1 ? count(Math.round(v)) : percent(v);

function RuleCard({ rule }: { rule: Rule }) {
  // The threshold stands at two thirds, so that there is room to see how far beyond it a value is.
  const share = rule.current === null ? 0 : Math.min(1, (rule.current / rule.threshold) * (2 / 3));
  return (
    <li className="card rule" data-firing={rule.firing || undefined}>
      <div className="rule-head">
        <h3>
          <LogText text={rule.name} />
        </h3>
        <span className={`badge ${rule.firing ? 'badge-bad' : 'badge-good'}`}>{rule.firing ? 'Firing' : 'Quiet'}</span>
      </div>
      <p className="rule-value">
        <span className="figure-value num">{rule.current === null ? '–' : amount(rule, rule.current)}</span>{' '}
        <span className="muted">
          now, fires at <span className="num">{amount(rule, rule.threshold)}</span>
        </span>
      </p>
      <div className="meter" aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} data-over={rule.firing || undefined} />
        <b />
      </div>
      <p className="muted rule-says">
        {rule.kind === 'rate' ? 'Refused ÷ requests' : 'Refusals'} over {duration(rule.windowMs)}
        {rule.minimumRequests > 0 && `, with at least ${plural(rule.minimumRequests, 'request')}`}
        {rule.current === null && '. Too few requests now to tell.'}
      </p>
    </li>
  );
}

function Deliveries({ of }: { of: AlertState['deliveries'] }) {
  if (of.length === 0) return <span className="muted">nobody</span>;
  return (
    <ul className="deliveries">
      {of.map((d) => (
        <li key={`${d.channel} ${d.at}`}>
          <span className={`badge ${d.state === 'sent' ? 'badge-good' : d.state === 'failed' ? 'badge-bad' : ''}`}>
            {d.state}
          </span>{' '}
          <LogText text={d.channel} />
          {d.error && (
            <span className="delivery-error">
              <LogText text={d.error} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Firing({ alert, rule, now }: { alert: AlertState; rule: Rule | undefined; now: number }) {
  return (
    <li className="card firing">
      <div className="firing-head">
        <BellIcon />
        <h3>
          <LogText text={alert.rule} />
        </h3>
        <span className="muted">
          fired <Ago iso={alert.firedAt} now={now} />
        </span>
      </div>
      <p>
        <LogText text={alert.summary} />
      </p>
      <p className="firing-link">
        <Link href={`/refusals?${alert.filter}`}>See what it counted</Link>
      </p>
      <dl className="firing-facts">
        <div>
          <dt>Now</dt>
          <dd className="num">{amount(rule, alert.value)}</dd>
        </div>
        <div>
          <dt>Peak</dt>
          <dd className="num">{amount(rule, alert.peak)}</dd>
        </div>
        <div>
          <dt>Causes</dt>
          <dd>
            <ul className="cause-mix">
              {alert.causes.map((c) => (
                <li key={c.cause}>
                  <Link className="row-link" href={`/refusals?${withCause(alert.filter, c.cause)}`}>
                    <CauseLabel cause={c.cause} />
                  </Link>{' '}
                  <span className="num muted">{count(c.count)}</span>
                </li>
              ))}
            </ul>
          </dd>
        </div>
        <div>
          <dt>Told</dt>
          <dd>
            <Deliveries of={alert.deliveries} />
          </dd>
        </div>
      </dl>
    </li>
  );
}

export function AlertsPage() {
  useTitle('Alerts');
  const query = useAlerts();
  const now = useNow();
  const data = query.data;
  const ruleOf = (name: string) => data?.rules.find((r) => r.name === name);
  return (
    <div className="page">
      <div className="page-head">
        <h1>Alerts</h1>
      </div>
      {!data ? (
        query.error ? (
          <Failed error={query.error} again={() => void query.refetch()} />
        ) : (
          <Waiting heights={[120, 160, 240]} />
        )
      ) : (
        <>
          {data.firing.length > 0 && (
            <section aria-label="Firing">
              <h2 className="section-title">Firing</h2>
              <ul className="plain-list">
                {data.firing.map((a) => (
                  <Firing key={a.id} alert={a} rule={ruleOf(a.rule)} now={now} />
                ))}
              </ul>
            </section>
          )}
          <section aria-label="Rules">
            <h2 className="section-title">Rules</h2>
            {data.rules.length === 0 ? (
              <div className="card">
                <Empty title="No rules yet">
                  <p>Nothing tells you when refusals rise. Start why403 with a rate that is too much for you:</p>
                  <div className="snippet">
                    <pre>{RULE}</pre>
                    <Copy text={RULE} what="the command" />
                  </div>
                </Empty>
              </div>
            ) : (
              <ul className="rules">
                {data.rules.map((r) => (
                  <RuleCard key={r.name} rule={r} />
                ))}
              </ul>
            )}
          </section>
          <section aria-label="History">
            <h2 className="section-title">History</h2>
            {data.history.length === 0 ? (
              <p className="muted">{data.firing.length > 0 ? 'Nothing fired before.' : 'Nothing has fired so far.'}</p>
            ) : (
              <div className="card card-flush">
                <table className="table stack">
                  <thead>
                    <tr>
                      <th scope="col">Rule</th>
                      <th scope="col">Fired</th>
                      <th scope="col" className="right">
                        Lasted
                      </th>
                      <th scope="col" className="right">
                        Peak
                      </th>
                      <th scope="col">What happened</th>
                      <th scope="col">Told</th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.history.map((a) => (
                      <tr key={a.id}>
                        <th scope="row">
                          <LogText text={a.rule} />
                        </th>
                        <td data-name="Fired" className="nowrap">
                          <Moment iso={a.firedAt} now={now} />
                        </td>
                        <td data-name="Lasted" className="right num nowrap">
                          {a.resolvedAt ? (
                            duration(Date.parse(a.resolvedAt) - Date.parse(a.firedAt))
                          ) : (
                            <span className="badge badge-bad">still firing</span>
                          )}
                        </td>
                        <td data-name="Peak" className="right num nowrap">
                          {amount(ruleOf(a.rule), a.peak)}
                        </td>
                        <td data-name="What happened" className="wide">
                          <span>
                            <LogText text={a.summary} />{' '}
                            <Link
                              className="inline-link"
                              href={`/refusals?${a.filter}`}
                              aria-label={`Refusals counted by ${a.rule}`}
                            >
                              Refusals
                            </Link>
                          </span>
                        </td>
                        <td data-name="Told">
                          <Deliveries of={a.deliveries} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </section>
        </>
      )}
    </div>
  );
}
