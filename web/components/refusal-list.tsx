/** A few refusals in passing: newest of a problem, look-alikes of a refusal. Each leads to its own page. */
import { Link } from 'wouter';
import type { RefusalRow } from '../../server/api/contract.ts';
import { causeTitle } from '../data/causes.ts';
import { inert, shorten } from '../data/format.ts';
import { AudienceLabel, LogText, Moment } from './text.tsx';

export function RefusalList({ rows, now, label }: { rows: RefusalRow[]; now: number; label: string }) {
  return (
    <ol className="short-list" aria-label={label}>
      {rows.map((r) => (
        <li key={r.id}>
          <Link
            href={`/refusals/${encodeURIComponent(r.id)}`}
            aria-label={`${r.method ?? ''} ${shorten(inert(r.path ?? ''), 120)}, ${causeTitle(r.cause)}`}
          >
            <span className="short-time muted">
              <Moment iso={r.time} now={now} />
            </span>
            <span className="short-request">
              {r.method && <span className="method">{shorten(inert(r.method), 12)}</span>}{' '}
              <LogText text={r.path ?? ''} mono clip />
            </span>
            <span className="short-client muted">
              <LogText text={r.user ?? r.client ?? ''} mono clip />
            </span>
            <AudienceLabel audience={r.audience} />
          </Link>
        </li>
      ))}
    </ol>
  );
}
