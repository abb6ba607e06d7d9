/** Requests to the same route that were let through about the same time: what an ordinary one looks like. */
import { useState } from 'react';
import type { RefusalDetail } from '../../../server/api/contract.ts';
import { ChevronIcon } from '../../components/icons.tsx';
import { LogText, Moment, RawRecord } from '../../components/text.tsx';
import { inert, shorten } from '../../data/format.ts';
import { useNow } from '../../data/hooks.ts';

type One = RefusalDetail['ordinary'][number];

function Item({ o, now }: { o: One; now: number }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button
        type="button"
        className="ordinary-line"
        aria-expanded={open}
        aria-label={`${o.method ?? ''} ${shorten(inert(o.path ?? ''), 120)} from ${inert(o.client ?? 'unknown')}, answered ${o.status ?? 'unknown'}: raw line`}
        onClick={() => setOpen(!open)}
      >
        <span className="turn" data-open={open || undefined}>
          <ChevronIcon size={12} />
        </span>
        <b className="num status-ok">{o.status ?? '–'}</b>
        <span className="muted">
          <Moment iso={o.time} now={now} />
        </span>
        <LogText text={o.client ?? '–'} mono clip />
        <span className="ordinary-request">
          {o.method && <span className="method">{shorten(inert(o.method), 12)}</span>}{' '}
          <LogText text={o.path ?? ''} mono />
        </span>
        <span className="ordinary-agent muted">
          <LogText text={o.userAgent ?? ''} clip />
        </span>
      </button>
      {open && (
        <>
          <RawRecord raw={o.raw} matches={[]} />
          <p className="muted ordinary-at">
            <LogText text={`${o.file}:${o.line}`} mono />
          </p>
        </>
      )}
    </li>
  );
}

export function Ordinary({ r }: { r: RefusalDetail }) {
  const now = useNow();
  return (
    <section className="card" aria-label="Ordinary requests to this route">
      <h2 className="card-title">Ordinary requests to this route</h2>
      {r.ordinary.length === 0 ? (
        <p className="muted">
          None was let through shortly before or after. Everything on this route may be refused, or nothing else asked
          for it.
        </p>
      ) : (
        <ol className="ordinary">
          {r.ordinary.map((o) => (
            <Item key={`${o.file}:${o.line}`} o={o} now={now} />
          ))}
        </ol>
      )}
    </section>
  );
}
