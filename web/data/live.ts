/**
 * Listens for changes and asks again for what is shown, at most once a second. The list of refusals is left
 * alone (its rows must not move under the reader); only its count is asked again.
 */
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { LiveEvent } from '../../server/api/contract.ts';

export type LiveState = 'connecting' | 'live' | 'paused' | 'lost';
const GAP_MS = 1_000;

const TOUCHES: Record<LiveEvent['kind'], string[]> = {
  refusals: ['overview', 'count', 'refusal', 'problems', 'problem', 'status'],
  problems: ['problems', 'problem', 'overview'],
  sources: ['sources', 'status'],
  alerts: ['alerts', 'status'],
  status: ['status'],
  views: ['views'],
};

let state: LiveState = 'connecting';
let source: EventSource | null = null;
let client: QueryClient | null = null;
let timer: number | null = null;
let lastFlush = 0;
const waiting = new Set<string>();
const listeners = new Set<() => void>();

function become(next: LiveState) {
  if (state === next) return;
  state = next;
  for (const l of listeners) l();
}

function flush() {
  timer = null;
  lastFlush = Date.now();
  for (const key of waiting) void client?.invalidateQueries({ queryKey: [key] });
  waiting.clear();
}

function heard(event: MessageEvent<string>) {
  try {
    const { kind } = JSON.parse(event.data) as LiveEvent;
    for (const key of TOUCHES[kind] ?? []) waiting.add(key);
  } catch {
    return; // not ours; the next poll brings the same news
  }
  timer ??= window.setTimeout(flush, Math.max(0, lastFlush + GAP_MS - Date.now()));
}

function open() {
  become('connecting');
  source = new EventSource('/api/v1/events');
  source.addEventListener('change', heard);
  source.onopen = () => {
    const regained = state === 'lost';
    become('live');
    if (regained) for (const keys of Object.values(TOUCHES)) for (const key of keys) waiting.add(key);
    if (regained) flush();
  };
  source.onerror = () => {
    become('lost');
    // The browser retries by itself unless the server refused the stream; then we do, slowly.
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      window.setTimeout(() => state === 'lost' && source === null && open(), 5_000);
    }
  };
}

export function startLive(queryClient: QueryClient) {
  client = queryClient;
  open();
}

export function toggleLive() {
  if (state === 'paused') {
    for (const keys of Object.values(TOUCHES)) for (const key of keys) waiting.add(key);
    flush();
    open();
  } else {
    source?.close();
    source = null;
    if (timer !== null) window.clearTimeout(timer);
    timer = null;
    waiting.clear();
    become('paused');
  }
}

const subscribe = (l: () => void) => {
  listeners.add(l);
  return () => listeners.delete(l);
};
export const useLive = () => useSyncExternalStore(subscribe, () => state);
