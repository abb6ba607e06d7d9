/** Step 0: one server that writes its requests to two access logs. */

import type { Lines } from './lines.ts';
import { push } from './words.ts';

/** Two logs of one server: so many of the lines of the smaller are in the other. */
const TWIN_SHARE = 0.9;
const TWIN_LINES_MIN = 3;

/** Logs of one layer that lie together or are one product's, and hold the same lines: the second tells nothing new. */
export function joinTwins(l: Lines): void {
  const bySource = [...l.access].map(([id, lines]) => ({ source: l.sources.get(id)!, lines }));
  for (let x = 0; x < bySource.length; x++) {
    for (let y = x + 1; y < bySource.length; y++) {
      const a = bySource[x]!;
      const b = bySource[y]!;
      if (a.source.order !== b.source.order || a.source.directory !== b.source.directory) continue;
      const [few, many] = a.lines.length <= b.lines.length ? [a.lines, b.lines] : [b.lines, a.lines];
      if (few.length < TWIN_LINES_MIN) continue;
      const waiting = new Map<string, number[]>();
      for (const i of many) push(waiting, identityOf(l, i), i);
      const pairs: [number, number][] = [];
      for (const i of few) {
        const other = waiting.get(identityOf(l, i))?.shift();
        if (other !== undefined) pairs.push([other, i]);
      }
      if (pairs.length < few.length * TWIN_SHARE) continue;
      for (const [first, second] of pairs) {
        l.hasOuter[second] = 1;
        l.join(first, second, second, {
          kind: 'attributes',
          confidence: 0.95,
          says: 'the same request in another log of this server',
        });
      }
    }
  }
}

/** What two lines about one request that one server wrote cannot but share. */
function identityOf(l: Lines, i: number): string {
  const e = l.entry(i);
  return `${Math.floor(e.timeMs / 1000)} ${e.httpRequestMethod} ${e.urlPath} ${e.urlQuery} ${e.clientAddress} ${e.httpResponseStatusCode}`;
}
