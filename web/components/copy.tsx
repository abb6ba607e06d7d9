/** Copies text and says that it did. Works without a secure context too (an address on the local network). */
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { CheckIcon, CopyIcon } from './icons.tsx';

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.style.position = 'fixed';
    area.style.opacity = '0';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function Copy({ text, label = 'Copy', what }: { text: string; label?: string; what: string }) {
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const t = window.setTimeout(() => setState('idle'), 2_000);
    return () => window.clearTimeout(t);
  }, [state]);
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={state === 'done' ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
      aria-label={`Copy ${what}`}
      onClick={async () => setState((await toClipboard(text)) ? 'done' : 'failed')}
    >
      <span aria-live="polite">{state === 'done' ? 'Copied' : state === 'failed' ? 'Select it by hand' : label}</span>
    </Button>
  );
}
