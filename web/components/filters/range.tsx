/** The time looked at: usual distances back from now, or from–to in the reader's zone. */
import { Button, Popover } from '@mantine/core';
import { useId, useState } from 'react';
import { type Filters, RANGES } from '../../data/filters.ts';
import { fromWallField, wallField, zoneName } from '../../data/time.ts';
import { CalendarIcon } from '../icons.tsx';

/** `since` as an instant. "6h" → six hours before `now` */
export function sinceInstant(since: string | undefined, now: number): number | null {
  if (!since || since === 'all') return null;
  const back = /^(\d+)([mhd])$/.exec(since);
  if (back) return now - Number(back[1]) * { m: 60_000, h: 3_600_000, d: 86_400_000 }[back[2] as 'm' | 'h' | 'd'];
  const at = Date.parse(since);
  return Number.isNaN(at) ? null : at;
}

function Own({ filters, onChange }: { filters: Filters; onChange: (f: Filters) => void }) {
  const [open, setOpen] = useState(false);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const id = useId();
  const own = filters.until !== undefined || Number.isFinite(Date.parse(filters.since ?? ''));
  const since = from ? fromWallField(from) : null;
  const until = to ? fromWallField(to) : null;
  const wrong = since !== null && until !== null && until <= since;
  function toggle() {
    if (!open) {
      const now = Date.now();
      const begin = sinceInstant(filters.since, now);
      setFrom(wallField(new Date(begin ?? now - 86_400_000).toISOString()));
      setTo(filters.until && !Number.isNaN(Date.parse(filters.until)) ? wallField(filters.until) : '');
    }
    setOpen(!open);
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button
          type="button"
          className="range-own"
          aria-label="Choose from and to"
          title="Choose from and to"
          aria-expanded={open}
          data-on={own || undefined}
          onClick={toggle}
        >
          <CalendarIcon />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className="range-form"
          onSubmit={(e) => {
            e.preventDefault();
            if (wrong || (since === null && until === null)) return;
            setOpen(false);
            onChange({ ...filters, since: since ?? 'all', until: until ?? undefined });
          }}
        >
          <label htmlFor={`${id}-from`}>From</label>
          <input id={`${id}-from`} type="datetime-local" value={from} onChange={(e) => setFrom(e.target.value)} />
          <label htmlFor={`${id}-to`}>To</label>
          <input id={`${id}-to`} type="datetime-local" value={to} onChange={(e) => setTo(e.target.value)} />
          <p className="muted range-note" role="status">
            {wrong ? 'The end is before the beginning.' : `Times in ${zoneName()}. An empty end means now.`}
          </p>
          <Button type="submit" size="compact-md" disabled={wrong}>
            Show
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

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
    <div className="range-line">
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
      <Own filters={filters} onChange={onChange} />
    </div>
  );
}
