/** The request as it was, and what is like it. */
import { Link } from 'wouter';
import type { RefusalDetail } from '../../../server/api/contract.ts';
import { Long } from '../../components/long.tsx';
import { CauseLabel, LogText } from '../../components/text.tsx';
import { href, NO_FILTERS, withValue } from '../../data/filters.ts';
import { count } from '../../data/format.ts';

export function Facts({ r }: { r: RefusalDetail }) {
  const fact = (name: string, value: string | null) =>
    value === null || value === '' ? null : (
      <div key={name}>
        <dt>{name}</dt>
        <dd>
          <Long text={value} mono />
        </dd>
      </div>
    );
  return (
    <section className="card" aria-label="Request">
      <h2 className="card-title">Request</h2>
      <dl className="facts">
        {fact('Client', r.client)}
        {fact('User', r.user)}
        {fact('Method', r.method)}
        {fact('Host', r.host)}
        {fact('Path', r.path)}
        {fact('Query', r.query)}
        {fact('Route', r.route)}
        {fact('Protocol', r.protocol)}
        {fact('User agent', r.userAgent)}
        {fact('Referrer', r.referrer)}
        {r.requestIds.map((id, i) => (
          <div key={id}>
            <dt>{i === 0 ? 'Request ids' : ''}</dt>
            <dd>
              <LogText text={id} mono />
            </dd>
          </div>
        ))}
        {fact('Decided in', r.decidingSource)}
        {fact('Refusal', r.id)}
      </dl>
    </section>
  );
}

export function Similar({ r }: { r: RefusalDetail }) {
  let same = withValue(NO_FILTERS, 'cause', r.cause);
  if (r.route) same = withValue(same, 'route', r.route);
  return (
    <section className="card" aria-label="Similar refusals">
      <h2 className="card-title">Similar</h2>
      <ul className="similar">
        <li>
          <Link href={href('/refusals', same)}>
            <b className="num">{count(r.similar.sameCauseAndRoute)}</b> with this cause on this route
          </Link>
        </li>
        {r.client && (
          <li>
            <Link href={href('/refusals', withValue(NO_FILTERS, 'client', r.client))}>
              <b className="num">{count(r.similar.sameClient)}</b> of this client
            </Link>
          </li>
        )}
      </ul>
      {r.alternatives.length > 0 && (
        <>
          <h3>Other readings of the evidence</h3>
          <ul className="alternatives">
            {r.alternatives.map((a) => (
              <li key={a.cause}>
                <CauseLabel cause={a.cause} />
                <span className="num muted">{Math.round(a.confidence * 100)} %</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
