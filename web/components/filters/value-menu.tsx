/**
 * "Only this" and "not this" for a value. One menu serves a whole table: a menu per cell would cost more than the
 * rows themselves. The host keeps it; cells ask for it with what they hold.
 */
import { Menu } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useState } from 'react';
import type { FilterField } from '../../../server/api/contract.ts';
import { FIELD_TITLES, valueTitle } from '../../data/causes.ts';
import { type Filters, hasValue, withValue } from '../../data/filters.ts';
import { inert, shorten } from '../../data/format.ts';
import { MinusIcon, PlusIcon } from '../icons.tsx';

export type Value = { field: FilterField; value: string };
type Asked = { at: DOMRect; values: Value[] };
const Ask = createContext<(at: Element, values: Value[]) => void>(() => {});
const IsOpen = createContext(false);
/** True while a menu is open: then nothing should move. */
export const useMenuOpen = () => useContext(IsOpen);

/** One line a value: what it is, and the two things to do with it. */
function Items({ values, filters, onChange }: { values: Value[]; filters: Filters; onChange: (f: Filters) => void }) {
  return values.map(({ field, value }) => {
    const said = shorten(inert(valueTitle(field, value)), 48);
    return (
      // biome-ignore lint/a11y/useSemanticElements: a group of entries within a menu
      <div key={field} className="menu-value" role="group" aria-label={`${FIELD_TITLES[field]} ${said}`}>
        <span className="menu-what" aria-hidden="true">
          <span className="muted">{FIELD_TITLES[field]}</span> <bdi>{said}</bdi>
        </span>
        <Menu.Item
          leftSection={<PlusIcon size={12} />}
          disabled={hasValue(filters, field, value)}
          onClick={() => onChange(withValue(filters, field, value))}
          aria-label={`Only ${FIELD_TITLES[field]} ${said}`}
        >
          Only
        </Menu.Item>
        <Menu.Item
          leftSection={<MinusIcon size={12} />}
          onClick={() => onChange(withValue(filters, field, value, true))}
          aria-label={`Without ${FIELD_TITLES[field]} ${said}`}
        >
          Not
        </Menu.Item>
      </div>
    );
  });
}

export function ValueMenuHost({
  filters,
  onChange,
  children,
}: {
  filters: Filters;
  onChange: (f: Filters) => void;
  children: ReactNode;
}) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const ask = useCallback((at: Element, values: Value[]) => setAsked({ at: at.getBoundingClientRect(), values }), []);
  return (
    <Ask value={ask}>
      <IsOpen value={asked !== null}>
        {children}
        {asked && (
          <Menu
            opened
            onChange={(open) => !open && setAsked(null)}
            position="bottom-start"
            withinPortal
            shadow="md"
            returnFocus
          >
            <Menu.Target>
              <button
                type="button"
                tabIndex={-1}
                aria-hidden="true"
                className="menu-anchor"
                style={{ left: asked.at.left, top: asked.at.top, width: asked.at.width, height: asked.at.height }}
              />
            </Menu.Target>
            <Menu.Dropdown className="value-menu">
              <Items values={asked.values} filters={filters} onChange={onChange} />
            </Menu.Dropdown>
          </Menu>
        )}
      </IsOpen>
    </Ask>
  );
}

/** A value in a row. Kept out of the tab order; the row's own menu is in it. */
export function FilterValue({ field, value, children }: Value & { children: ReactNode }) {
  const ask = useContext(Ask);
  return (
    <button
      type="button"
      className="value"
      tabIndex={-1}
      title={`${shorten(inert(value), 300)} – filter by this`}
      onClick={(e) => ask(e.currentTarget, [{ field, value }])}
    >
      {children}
    </button>
  );
}

export function ValuesButton({ values, label, children }: { values: Value[]; label: string; children: ReactNode }) {
  const ask = useContext(Ask);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-haspopup="menu"
      onClick={(e) => ask(e.currentTarget, values)}
    >
      {children}
    </button>
  );
}
