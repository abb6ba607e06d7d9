/** The filter in the address as something to see and to take away. */
import type { ReactNode } from 'react';
import { FIELD_TITLES, valueShort, valueTitle } from '../../data/causes.ts';
import { type Filters, listValues, NO_FILTERS, RANGES, withoutValue } from '../../data/filters.ts';
import { hint, inert, shorten } from '../../data/format.ts';
import { shortMoment } from '../../data/time.ts';
import { CloseIcon } from '../icons.tsx';
import { LogText } from '../text.tsx';

const instant = (s: string, now: number) => (Number.isNaN(Date.parse(s)) ? s : shortMoment(s, now));

export function Chips({
  filters,
  onChange,
  now,
  children,
}: {
  filters: Filters;
  onChange: (f: Filters) => void;
  now: number;
  children?: ReactNode;
}) {
  // One audience is the switch's to show; "not" and several are chips.
  const values = listValues(filters).filter(
    (v) => v.field !== 'audience' || v.raw.startsWith('!') || filters.fields.audience!.length > 1,
  );
  const own =
    filters.until !== undefined || (filters.since !== undefined && !RANGES.some((r) => r.since === filters.since));
  const n = values.length + (own ? 1 : 0) + (filters.q ? 1 : 0);
  if (n === 0 && !children) return null;
  return (
    <ul className="chips" aria-label="Filters in effect">
      {own && (
        <li className="chip">
          <span className="chip-field">Time</span>
          <span className="num">
            {filters.since && filters.since !== 'all' ? instant(filters.since, now) : 'start'} –{' '}
            {filters.until ? instant(filters.until, now) : 'now'}
          </span>
          <button
            type="button"
            aria-label="Remove filter on time"
            onClick={() => onChange({ ...filters, since: undefined, until: undefined })}
          >
            <CloseIcon size={12} />
          </button>
        </li>
      )}
      {filters.q && (
        <li className="chip">
          <span className="chip-field">Matches</span>
          <LogText text={filters.q} clip />
          <button type="button" aria-label="Remove search" onClick={() => onChange({ ...filters, q: undefined })}>
            <CloseIcon size={12} />
          </button>
        </li>
      )}
      {values.map(({ field, raw }) => {
        const not = raw.startsWith('!');
        const value = not ? raw.slice(1) : raw;
        return (
          <li className="chip" key={`${field} ${raw}`} data-not={not || undefined}>
            <span className="chip-field">
              {FIELD_TITLES[field]}
              {not && ' is not'}
            </span>
            <span className="chip-value" title={hint(value)}>
              <LogText text={valueShort(field, value)} clip />
            </span>
            <button
              type="button"
              aria-label={`Remove filter ${FIELD_TITLES[field]} ${not ? 'is not ' : ''}${shorten(inert(valueTitle(field, value)), 120)}`}
              onClick={() => onChange(withoutValue(filters, field, raw))}
            >
              <CloseIcon size={12} />
            </button>
          </li>
        );
      })}
      {n > 1 && (
        <li>
          <button
            type="button"
            className="text-button"
            onClick={() => onChange({ ...NO_FILTERS, since: own ? undefined : filters.since })}
          >
            Remove all
          </button>
        </li>
      )}
      {children && <li className="chips-rest">{children}</li>}
    </ul>
  );
}
