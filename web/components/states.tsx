/** What a page shows when it has nothing to show: still loading, failed, empty. */
import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../data/client.ts';
import { usePatience } from '../data/hooks.ts';
import { timeOfDay } from '../data/time.ts';
import { WarnIcon } from './icons.tsx';

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      <div className="state-words">{children}</div>
      {action && <div className="state-action">{action}</div>}
    </div>
  );
}

export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const hint =
    error instanceof ApiError ? error.hint : 'Reload the page. If it happens again, it is a defect of why403.';
  return (
    <div className="state state-bad" role="alert">
      <WarnIcon size={24} />
      <h2>{error.message}</h2>
      <div className="state-words">
        <p>{hint}</p>
      </div>
      {again && (
        <div className="state-action">
          <Button variant="default" onClick={again}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}

/** Grey shapes in the place of what comes, after a moment; nothing before. */
export function Waiting({ heights }: { heights: number[] }) {
  const late = usePatience(true);
  return (
    <div className="waiting" role="status" aria-label="Loading">
      {heights.map((h, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: fixed list of placeholders
        <Skeleton key={i} height={h} radius="md" animate={late} visible style={{ opacity: late ? 1 : 0 }} />
      ))}
    </div>
  );
}

/** An answer stays on screen when the next one fails; this says so. */
export function Old({ query }: { query: { error: Error | null; data: unknown; dataUpdatedAt: number } }) {
  if (!query.error || query.data === undefined) return null;
  return (
    <div className="banner banner-bad" role="status">
      <p>
        <strong>{query.error.message}.</strong> What you see is from{' '}
        {timeOfDay(new Date(query.dataUpdatedAt).toISOString())}.
      </p>
    </div>
  );
}
