/** What can be done with the list as a whole: choose its columns, take it away as a file. */
import { Button, Menu } from '@mantine/core';
import { ColumnsIcon, DownloadIcon } from '../../components/icons.tsx';
import { type Filters, toParams } from '../../data/filters.ts';
import type { Order } from '../../data/questions.ts';
import { COLUMNS, type Column, USUAL } from './columns.tsx';

export function ColumnsMenu({ chosen, onChange }: { chosen: Column[]; onChange: (param: string | undefined) => void }) {
  const ids = chosen.map((c) => c.id);
  function toggle(id: string) {
    const next = COLUMNS.map((c) => c.id).filter((c) => (c === id ? !ids.includes(c) : ids.includes(c)));
    if (next.length > 0) onChange(next.join() === USUAL.join() ? undefined : next.join());
  }
  return (
    <Menu position="bottom-end" withinPortal shadow="md" closeOnItemClick={false} returnFocus>
      <Menu.Target>
        <Button variant="default" size="compact-md" className="wide-only" leftSection={<ColumnsIcon size={14} />}>
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        {COLUMNS.map((c) => (
          <Menu.CheckboxItem key={c.id} checked={ids.includes(c.id)} onChange={() => toggle(c.id)}>
            {c.title}
          </Menu.CheckboxItem>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => onChange(undefined)}>The usual columns</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const FORMATS = [
  { format: 'csv', title: 'CSV', says: 'for spreadsheets' },
  { format: 'json', title: 'JSON', says: 'one list' },
  { format: 'ndjson', title: 'NDJSON', says: 'one object per line' },
] as const;

export function ExportMenu({ filters, order, columns }: { filters: Filters; order: Order; columns: Column[] }) {
  const address = (format: string, whole = false) => {
    const params = toParams(filters, true);
    params.set('format', format);
    if (order.order !== 'newest') params.set('order', order.order);
    if (order.sort !== 'time') params.set('sort', order.sort);
    if (!whole) params.set('columns', [...new Set(['time', ...columns.flatMap((c) => c.fields), 'id'])].join());
    return `/api/v1/refusals/export?${params}`;
  };
  return (
    <Menu position="bottom-end" withinPortal shadow="md" returnFocus>
      <Menu.Target>
        <Button variant="default" size="compact-md" leftSection={<DownloadIcon size={14} />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>All rows behind the filter, in the columns shown</Menu.Label>
        {FORMATS.map((f) => (
          <Menu.Item
            key={f.format}
            component="a"
            href={address(f.format)}
            download={`refusals.${f.format}`}
            rightSection={<span className="muted">{f.says}</span>}
          >
            {f.title}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component="a" href={address('csv', true)} download="refusals.csv">
          Every column, as CSV
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
