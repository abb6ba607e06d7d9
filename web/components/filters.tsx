/** The filter in the address, as something to see and to press: range, chips, and the menu on a value. */
import { Menu } from '@mantine/core';
import type { ReactNode } from 'react';
import type { FilterField } from '../../server/api/contract.ts';
import { FIELD_TITLES, valueTitle } from '../data/causes.ts';
import { type Filters, hasValue, listValues, NO_FILTERS, RANGES, withoutValue, withValue } from '../data/filters.ts';
import { inert, moment, shorten } from '../data/format.ts';
import { CloseIcon, MinusIcon, PlusIcon } from './icons.tsx';
import { LogText } from './text.tsx';

/** `current` is the range in effect, which may be a default that the address does not name. */
export function Range({
  filters,
  current,
  onChange,
}: {
  filters: Filters;
  current: string | undefined;
  onChange: (f: Filters) => void;
}) {
  return (
    <fieldset className="range">
      <legend className="sr-only">Time range</legend>
      {RANGES.map((r) => (
        <label key={r.since} title={r.says}>
          <input
            type="radio"
            name="range"
            value={r.since}
            checked={!filters.until && current === r.since}
            onChange={() => onChange({ ...filters, since: r.since, until: undefined })}
          />
          <span>{r.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

const instant = (s: string, now: number) => (Number.isNaN(Date.parse(s)) ? s : moment(s, now));

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
  const values = listValues(filters);
  const own =
    filters.until !== undefined || (filters.since !== undefined && !RANGES.some((r) => r.since === filters.since));
  if (values.length === 0 && !own && !children) return null;
  return (
    <ul className="chips" aria-label="Filters in effect">
      {own && (
        <li className="chip">
          <span className="chip-field">Time</span>
          <span className="num">
            {filters.since ? instant(filters.since, now) : 'start'} –{' '}
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
      {values.map(({ field, raw }) => {
        const not = raw.startsWith('!');
        const value = not ? raw.slice(1) : raw;
        return (
          <li className="chip" key={`${field} ${raw}`} data-not={not || undefined}>
            <span className="chip-field">
              {FIELD_TITLES[field]}
              {not && ' is not'}
            </span>
            <LogText text={valueTitle(field, value)} clip />
            <button
              type="button"
              aria-label={`Remove filter ${FIELD_TITLES[field]} ${not ? 'is not ' : ''}${inert(valueTitle(field, value))}`}
              onClick={() => onChange(withoutValue(filters, field, raw))}
            >
              <CloseIcon size={12} />
            </button>
          </li>
        );
      })}
      {values.length + (own ? 1 : 0) > 1 && (
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

export type Value = { field: FilterField; value: string };

/** Entries "only this" and "not this" for one or several values. */
export function ValueMenuItems({
  values,
  filters,
  onChange,
}: {
  values: Value[];
  filters: Filters;
  onChange: (f: Filters) => void;
}) {
  return values.map(({ field, value }) => {
    const said = shorten(inert(valueTitle(field, value)), 48);
    const on = hasValue(filters, field, value);
    return (
      <div key={field} className="menu-value">
        <Menu.Label>
          {FIELD_TITLES[field]}: <bdi>{said}</bdi>
        </Menu.Label>
        <Menu.Item
          leftSection={<PlusIcon size={14} />}
          disabled={on}
          onClick={() => onChange(withValue(filters, field, value))}
          aria-label={`Only ${FIELD_TITLES[field]} ${said}`}
        >
          Only this
        </Menu.Item>
        <Menu.Item
          leftSection={<MinusIcon size={14} />}
          onClick={() => onChange(withValue(filters, field, value, true))}
          aria-label={`Without ${FIELD_TITLES[field]} ${said}`}
        >
          Not this
        </Menu.Item>
      </div>
    );
  });
}

/** A value in a row: pressing it offers to filter in or out. Kept out of the tab order; the row's own menu is in it. */
export function FilterValue({
  field,
  value,
  filters,
  onChange,
  children,
}: Value & { filters: Filters; onChange: (f: Filters) => void; children: ReactNode }) {
  return (
    <Menu position="bottom-start" withinPortal shadow="md" returnFocus>
      <Menu.Target>
        <button type="button" className="value" tabIndex={-1} title={`${inert(value)} – filter by this`}>
          {children}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <ValueMenuItems values={[{ field, value }]} filters={filters} onChange={onChange} />
      </Menu.Dropdown>
    </Menu>
  );
}
