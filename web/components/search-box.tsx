/** Takes a request id, an address, a path, a user or a pasted log line; goes to the only match or offers a choice. */
import { useEffect, useId, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { SearchResult } from '../../server/api/contract.ts';
import { FIELD_TITLES, valueShort } from '../data/causes.ts';
import { href, NO_FILTERS, withValue } from '../data/filters.ts';
import { plural } from '../data/format.ts';
import { search } from '../data/questions.ts';
import { SearchIcon } from './icons.tsx';
import { LogText } from './text.tsx';

type Match = SearchResult['matches'][number] | { kind: 'text'; value: string };
const QUERY_CHARS_MAX = 8192;
function target(m: Match): string {
  if (m.kind === 'refusal') return `/refusals/${encodeURIComponent(m.id)}`;
  if (m.kind === 'text') return href('/refusals', { ...NO_FILTERS, q: m.value });
  return href('/refusals', withValue(NO_FILTERS, m.field, m.value));
}

export function SearchBox() {
  const [text, setText] = useState('');
  const [matches, setMatches] = useState<Match[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const [open, setOpen] = useState(false);
  const [, navigate] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const asked = useRef<AbortController | null>(null);
  const id = useId();

  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const at = e.target as HTMLElement;
      const typing = at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName);
      if (
        e.key === '/' &&
        !e.ctrlKey &&
        !e.metaKey &&
        !e.altKey &&
        !(typing && (at as HTMLInputElement).type !== 'radio')
      ) {
        e.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);

  async function find(q: string): Promise<Match[] | null> {
    asked.current?.abort();
    const own = new AbortController();
    asked.current = own;
    try {
      const value = q.slice(0, QUERY_CHARS_MAX);
      const found: Match[] = (await search(value, own.signal)).matches;
      if (found.length > 1) found.push({ kind: 'text', value });
      if (own.signal.aborted) return null;
      setMatches(found);
      setError(null);
      setActive(0);
      return found;
    } catch (e) {
      if (own.signal.aborted) return null;
      setMatches(null);
      setError(e instanceof Error ? e.message : String(e));
      return null;
    }
  }

  // Offers choices while typing; a pause of 250 ms is a question.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks when the text changes, not when `find` is made anew
  useEffect(() => {
    const q = text.trim();
    if (q.length < 2) {
      setMatches(null);
      setError(null);
      return;
    }
    const t = window.setTimeout(() => void find(q), 250);
    return () => window.clearTimeout(t);
  }, [text]);

  function go(m: Match) {
    setOpen(false);
    setText('');
    setMatches(null);
    input.current?.blur();
    navigate(target(m));
  }

  const shown = open && text.trim().length >= 2 && (matches !== null || error !== null);
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is not yet in every supported browser
    <form
      className="search"
      role="search"
      onSubmit={async (e) => {
        e.preventDefault();
        const q = text.trim();
        if (!q) return;
        const picked = shown && matches?.[active];
        if (picked) return go(picked);
        setOpen(true);
        const found = await find(q);
        if (found?.length === 1) go(found[0]!);
      }}
      onBlur={(e) => {
        if (!e.currentTarget.contains(e.relatedTarget)) setOpen(false);
      }}
    >
      <SearchIcon />
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Search: request id, address, path, user, or a pasted log line"
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && matches?.length ? `${id}-${active}` : undefined}
        placeholder="Request id, address, path, user, log line"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onFocus={() => setOpen(true)}
        onChange={(e) => {
          setText(e.target.value);
          setOpen(true);
        }}
        onKeyDown={(e) => {
          if (e.key === 'Escape') {
            if (shown) setOpen(false);
            else {
              setText('');
              input.current?.blur();
            }
          }
          const n = matches?.length ?? 0;
          if (n > 0 && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
            e.preventDefault();
            setOpen(true);
            setActive((a) => (a + (e.key === 'ArrowDown' ? 1 : n - 1)) % n);
          }
        }}
      />
      <kbd>/</kbd>
      <div className="search-list" id={`${id}-list`} role="listbox" aria-label="Matches" hidden={!shown}>
        {matches?.map((m, i) => (
          <div
            key={target(m)}
            id={`${id}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === active}
            className="search-match"
            onMouseDown={(e) => e.preventDefault()}
            onClick={() => go(m)}
            onKeyDown={(e) => e.key === 'Enter' && go(m)}
            onMouseEnter={() => setActive(i)}
          >
            {m.kind === 'refusal' ? (
              <>
                <LogText text={m.label} mono clip />
                <span className="muted">
                  <LogText text={m.why} />
                </span>
              </>
            ) : m.kind === 'text' ? (
              <span className="clip">
                <span className="muted">All refusals that match</span> <LogText text={m.value} mono />
              </span>
            ) : (
              <>
                <span className="clip">
                  <span className="muted">{FIELD_TITLES[m.field]}</span>{' '}
                  <LogText text={valueShort(m.field, m.value)} mono />
                </span>
                <span className="muted num">{plural(m.count, 'refusal')}</span>
              </>
            )}
          </div>
        ))}
        {matches?.length === 0 && (
          <p className="search-none">
            Nothing refused matches this. Try a shorter piece: the request id or the client’s address alone.
          </p>
        )}
        {error && <p className="search-none">{error}</p>}
      </div>
    </form>
  );
}
