/** Small things several pages need: the passing of time, patience before a skeleton, the title of the page. */
import { useEffect, useState, useSyncExternalStore } from 'react';
import { onZone, zoneChoice } from './time.ts';

/** Now, renewed every half minute, so that "3 min ago" does not lie. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const t = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(t);
  }, [everyMs]);
  return now;
}

/** True once `waiting` has lasted: what is quick never flickers. */
export function usePatience(waiting: boolean, ms = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!waiting) {
      setLate(false);
      return;
    }
    const t = window.setTimeout(() => setLate(true), ms);
    return () => window.clearTimeout(t);
  }, [waiting, ms]);
  return waiting && late;
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title ? `${title} · why403` : 'why403';
  }, [title]);
}

/** How the reader moves: back or forward (then a list stands where it stood), from which page, and the last list seen. */
export const going = { back: false, cameFrom: '', list: '/refusals' };
window.addEventListener('popstate', () => {
  going.back = true;
});

/** The zone that times are shown in; a page that shows times is drawn anew when it changes. */
export const useZone = () => useSyncExternalStore(onZone, zoneChoice);
