/** Saved views: names for addresses within the page, kept by the server for everybody who opens it. */
import { Button, Popover } from '@mantine/core';
import { useId, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { View } from '../../../server/api/contract.ts';
import { useDropView, useSaveView, useViews } from '../../data/questions.ts';
import { BookmarkIcon, CloseIcon } from '../icons.tsx';
import { LogText } from '../text.tsx';

const same = (a: string, b: string) => {
  const sorted = (s: string) => [...new URLSearchParams(s)].map((p) => p.join('=')).sort();
  return sorted(a).join('&') === sorted(b).join('&');
};
const address = (v: View) => `${v.page === 'overview' ? '/' : `/${v.page}`}${v.search ? `?${v.search}` : ''}`;

function Form({ page, done }: { page: View['page']; done: () => void }) {
  const search = useSearch();
  const [name, setName] = useState('');
  const save = useSaveView();
  const id = useId();
  return (
    <form
      className="view-form"
      onSubmit={(e) => {
        e.preventDefault();
        if (name.trim())
          save.mutate(
            { name: name.trim(), page, search },
            {
              onSuccess: () => {
                setName('');
                done();
              },
            },
          );
      }}
    >
      <label htmlFor={id}>Save what you see as</label>
      <div className="view-line">
        <input id={id} className="field" value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
        <Button type="submit" size="compact-md" disabled={!name.trim() || save.isPending}>
          Save
        </Button>
      </div>
      {save.error && (
        <p className="field-error" role="alert">
          {save.error.message}
        </p>
      )}
    </form>
  );
}

export function Views({ page }: { page: View['page'] }) {
  const [open, setOpen] = useState(false);
  const views = useViews(open);
  const drop = useDropView();
  const search = useSearch();
  const [, navigate] = useLocation();
  const all = views.data?.views ?? [];
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="compact-md"
          leftSection={<BookmarkIcon size={14} />}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className="views">
          {views.error ? (
            <p className="muted">{views.error.message}.</p>
          ) : all.length === 0 ? (
            <p className="muted">{views.data ? 'No saved views yet.' : 'Loading'}</p>
          ) : (
            <ul className="view-list" aria-label="Saved views">
              {all.map((v) => (
                <li key={v.id}>
                  <button
                    type="button"
                    className="view-open"
                    aria-current={v.page === page && same(v.search, search) ? 'true' : undefined}
                    onClick={() => {
                      setOpen(false);
                      navigate(address(v));
                    }}
                  >
                    <LogText text={v.name} clip />
                    <span className="muted">{v.page}</span>
                  </button>
                  <button
                    type="button"
                    className="icon-button"
                    aria-label={`Delete the view ${v.name}`}
                    onClick={() => drop.mutate(v.id)}
                  >
                    <CloseIcon size={12} />
                  </button>
                </li>
              ))}
            </ul>
          )}
          {drop.error && (
            <p className="field-error" role="alert">
              {drop.error.message}
            </p>
          )}
          <Form page={page} done={() => setOpen(false)} />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
