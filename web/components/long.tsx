/** A value that may be thousands of characters: its beginning, and all of it on request. */
import { useState } from 'react';
import { count } from '../data/format.ts';
import { LogText } from './text.tsx';

const LONG_CHARS = 400;

export function Long({ text, mono }: { text: string; mono?: boolean }) {
  const [all, setAll] = useState(false);
  if (text.length <= LONG_CHARS) return <LogText text={text} mono={mono} />;
  return (
    <>
      <LogText text={all ? text : `${text.slice(0, LONG_CHARS)}…`} mono={mono} />{' '}
      <button type="button" className="text-button" aria-expanded={all} onClick={() => setAll(!all)}>
        {all ? 'Show less' : `Show all ${count(text.length)} characters`}
      </button>
    </>
  );
}
