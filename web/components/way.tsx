/**
 * A request's way through the layers, as a picture: who received it, who passed it on, who decided. Layers
 * without a log line are greyed; behind the one that decided they read "not reached".
 */
import type { Hop, RefusalDetail } from '../../server/api/contract.ts';
import { LAYER_ORDER, LAYER_TITLES, type Layer, type Role } from '../data/causes.ts';
import { duration } from '../data/format.ts';
import { timeOfDay, utc } from '../data/time.ts';
import { ClientIcon, CloseIcon, LAYER_ICONS } from './icons.tsx';
import { LogText } from './text.tsx';

type Station = { layer: Layer; hops: Hop[]; role: Role | null; decided: boolean };

/** Layers in the order this request met them; those it did not meet keep their usual place. */
export function stations(refusal: Pick<RefusalDetail, 'chain' | 'decidingLayer'>): Station[] {
  const met = [...new Set(refusal.chain.map((h) => h.layer))];
  const order = LAYER_ORDER.filter(
    (l) => l !== 'network' || met.includes('network') || refusal.decidingLayer === 'network',
  );
  let i = 0;
  const placed = order.map((l) => (met.includes(l) ? met[i++]! : l));
  return placed.map((layer) => {
    const hops = refusal.chain.filter((h) => h.layer === layer);
    const decided = layer === refusal.decidingLayer;
    const roles = new Set(hops.map((h) => h.role));
    const role: Role | null = decided
      ? 'decided'
      : roles.has('decided')
        ? 'decided'
        : roles.has('relayed')
          ? 'relayed'
          : roles.has('received')
            ? 'received'
            : roles.has('evidence')
              ? 'evidence'
              : null;
    return { layer, hops, role, decided };
  });
}

const SAYS: Record<Role, string> = {
  received: 'passed it on',
  relayed: 'relayed the refusal',
  decided: 'refused',
  evidence: 'explains',
};

export function Way({ refusal }: { refusal: RefusalDetail }) {
  const all = stations(refusal);
  const decider = all.findIndex((s) => s.decided);
  const lastMet = all.reduce((last, s, i) => (s.hops.length > 0 ? i : last), -1);
  return (
    <ol className="way" aria-label="The request’s way through the layers">
      <li className="station station-client" data-met>
        <span className="station-icon">
          <ClientIcon size={20} />
        </span>
        <span className="station-words">
          <span className="station-name">Client</span>
          <span className="station-role">
            {refusal.client ? <LogText text={refusal.client} mono clip /> : 'address not logged'}
          </span>
        </span>
      </li>
      {all.map((s, i) => {
        const Icon = LAYER_ICONS[s.layer];
        const status = s.hops.find((h) => h.status !== null)?.status ?? (s.decided ? refusal.status : null);
        const time = s.hops.find((h) => h.time !== null)?.time ?? null;
        const took = s.hops.find((h) => h.durationMs !== null)?.durationMs ?? null;
        const beyond = decider >= 0 && i > decider && i > lastMet;
        const met = s.hops.length > 0;
        return (
          <li
            key={s.layer}
            className="station"
            data-met={met || undefined}
            data-decided={s.decided || undefined}
            data-through={i <= lastMet || undefined}
          >
            <span className="station-icon">
              <Icon size={20} />
              {s.decided && (
                <span className="station-stop">
                  <CloseIcon size={10} />
                </span>
              )}
            </span>
            <span className="station-words">
              <span className="station-name">{LAYER_TITLES[s.layer]}</span>
              <span className="station-role">
                {s.role === 'decided' && !s.decided && decider >= 0
                  ? 'sent the refusal'
                  : s.role
                    ? SAYS[s.role]
                    : beyond
                      ? 'not reached'
                      : 'no log line'}
              </span>
              {(status !== null || time) && (
                <span className="station-facts num">
                  {status !== null && <b className={status >= 400 ? 'status-bad' : 'status-ok'}>{status}</b>}
                  {time && (
                    <time dateTime={time} title={utc(time)}>
                      {timeOfDay(time)}
                    </time>
                  )}
                  {took !== null && <span>{duration(took)}</span>}
                </span>
              )}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
