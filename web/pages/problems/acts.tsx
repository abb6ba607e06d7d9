/** What a person can say of a problem: somebody looks into it, it is meant to be, it is fixed; with a note. */
import { Button, Menu } from '@mantine/core';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import type { ProblemRow } from '../../../server/api/contract.ts';
import { CheckIcon, MoreIcon } from '../../components/icons.tsx';
import { type ProblemWord, WORD_TITLES, WORDS } from '../../data/causes.ts';
import { useChangeProblem } from '../../data/questions.ts';

const NAME = 'why403.name';
const savedName = () => {
  try {
    return localStorage.getItem(NAME) ?? '';
  } catch {
    return '';
  }
};

type Saying = ProblemWord | 'note' | null;
/** Buttons, and the form that opens under the one pressed. */
export function ProblemActs({ p }: { p: ProblemRow }) {
  const [saying, setSaying] = useState<Saying>(null);
  const [note, setNote] = useState('');
  const [by, setBy] = useState(savedName);
  const change = useChangeProblem(p.id);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const said = p.word?.word ?? null;
  useEffect(() => {
    if (saying !== null) field.current?.focus();
  }, [saying]);

  function submit(e: FormEvent) {
    e.preventDefault();
    const name = by.trim();
    try {
      localStorage.setItem(NAME, name);
    } catch {}
    change.mutate(
      {
        ...(saying === 'note' ? {} : { word: saying }),
        ...(note.trim() ? { note: note.trim() } : {}),
        ...(name ? { by: name } : {}),
      },
      {
        onSuccess: () => {
          setSaying(null);
          setNote('');
        },
      },
    );
  }
  return (
    <div className="acts">
      <fieldset className="acts-line">
        <legend className="sr-only">Say something about this problem</legend>
        {WORDS.map((w) => (
          <Button
            key={w}
            size="compact-md"
            variant={said === w ? 'light' : 'default'}
            leftSection={said === w ? <CheckIcon size={14} /> : undefined}
            aria-expanded={saying === w}
            title={WORD_TITLES[w].says}
            onClick={() => setSaying(saying === w ? null : w)}
          >
            {said === w ? WORD_TITLES[w].title : WORD_TITLES[w].act}
          </Button>
        ))}
        <Button
          size="compact-md"
          variant="default"
          aria-expanded={saying === 'note'}
          onClick={() => setSaying(saying === 'note' ? null : 'note')}
        >
          Add a note
        </Button>
        {said && (
          <Button
            size="compact-md"
            variant="subtle"
            disabled={change.isPending}
            onClick={() => change.mutate({ word: null })}
          >
            Withdraw “{WORD_TITLES[said].title.toLowerCase()}”
          </Button>
        )}
      </fieldset>
      {saying !== null && (
        <form className="acts-form" onSubmit={submit} onKeyDown={(e) => e.key === 'Escape' && setSaying(null)}>
          <p className="muted">
            {saying === 'note' ? 'Kept with the problem for whoever looks next.' : `${WORD_TITLES[saying].says}.`}
          </p>
          <label htmlFor={`${id}-note`}>Note{saying !== 'note' && <span className="muted"> (optional)</span>}</label>
          <textarea
            ref={field}
            id={`${id}-note`}
            className="field"
            rows={3}
            maxLength={2000}
            value={note}
            onChange={(e) => setNote(e.target.value)}
          />
          <label htmlFor={`${id}-by`}>
            Your name <span className="muted">(optional)</span>
          </label>
          <input
            id={`${id}-by`}
            className="field"
            maxLength={100}
            autoComplete="name"
            value={by}
            onChange={(e) => setBy(e.target.value)}
          />
          {change.error && (
            <p className="field-error" role="alert">
              {change.error.message}. Nothing was changed.
            </p>
          )}
          <div className="acts-line">
            <Button type="submit" size="compact-md" disabled={change.isPending || (saying === 'note' && !note.trim())}>
              {saying === 'note' ? 'Save the note' : WORD_TITLES[saying].act}
            </Button>
            <Button size="compact-md" variant="subtle" onClick={() => setSaying(null)}>
              Cancel
            </Button>
          </div>
        </form>
      )}
    </div>
  );
}

/** The same in a row of the list, without a note. */
export function ProblemMenu({ p, label }: { p: ProblemRow; label: string }) {
  const change = useChangeProblem(p.id);
  const by = savedName().trim();
  const say = (word: ProblemWord | null) => change.mutate({ word, ...(by ? { by } : {}) });
  return (
    <>
      <Menu position="bottom-end" withinPortal shadow="md" returnFocus>
        <Menu.Target>
          <button type="button" className="icon-button" aria-label={`Say something about: ${label}`}>
            <MoreIcon />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {WORDS.map((w) => (
            <Menu.Item
              key={w}
              disabled={p.word?.word === w}
              leftSection={<span className="check-space">{p.word?.word === w && <CheckIcon size={14} />}</span>}
              onClick={() => say(w)}
            >
              {WORD_TITLES[w].act}
            </Menu.Item>
          ))}
          {p.word?.word && (
            <>
              <Menu.Divider />
              <Menu.Item onClick={() => say(null)}>Withdraw what was said</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {change.error && (
        <p className="field-error problem-error" role="alert">
          {change.error.message}. Nothing was changed.
        </p>
      )}
    </>
  );
}
