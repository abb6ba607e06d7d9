/** Step 0: one server that writes its requests to two access logs. */

import type { Lines } from './lines.ts';
import { push } from './words.ts';

/** Two logs of one server: so many of the lines of the smaller are in the other. */
const TWIN_SHARE = 0.9;
const TWIN_LINES_MIN = 3;

/**
 * Logs of one layer that lie together or are one product's, and hold the same lines: the second tells nothing new.
 * A directory may hold hundreds of logs: every line is looked at once, and only logs that share lines are compared.
 */
export function joinTwins(l: Lines): void {
  const places = new Map<string, number[]>();
  for (const [id, lines] of l.access) {
    if (lines.length < TWIN_LINES_MIN) continue;
    const { order, directory } = l.sources.get(id)!;
    push(places, `${order} ${directory}`, id);
  }
  for (const ids of places.values()) if (ids.length > 1) joinTwinsOf(l, ids);
}

function joinTwinsOf(l: Lines, ids: number[]): void {
  /** What a line tells of → the log, its place among `ids` → its lines of that kind. */
  const told = new Map<string, Map<number, number[]>>();
  for (const [place, id] of ids.entries()) {
    for (const i of l.access.get(id)!) {
      const identity = identityOf(l, i);
      let logs = told.get(identity);
      if (logs === undefined) {
        logs = new Map();
        told.set(identity, logs);
      }
      push(logs, place, i);
    }
  }
  /** x * ids.length + y, x before y → pairs of lines. */
  const shared = new Map<number, [number, number][]>();
  for (const logs of told.values()) {
    if (logs.size < 2) continue;
    const places = [...logs.keys()].sort((a, b) => a - b);
    for (const [k, x] of places.entries()) {
      for (const y of places.slice(k + 1)) {
        const a = logs.get(x)!;
        const b = logs.get(y)!;
        const key = x * ids.length + y;
        let pairs = shared.get(key);
        if (pairs === undefined) {
          pairs = [];
          shared.set(key, pairs);
        }
        for (let n = 0; n < a.length && n < b.length; n++) pairs.push([a[n]!, b[n]!]);
      }
    }
  }
  for (const [key, pairs] of [...shared].sort((a, b) => a[0] - b[0])) {
    const a = l.access.get(ids[Math.floor(key / ids.length)]!)!;
    const b = l.access.get(ids[key % ids.length]!)!;
    if (pairs.length < Math.min(a.length, b.length) * TWIN_SHARE) continue;
    const aIsFew = a.length <= b.length;
    pairs.sort((p, q) => (aIsFew ? p[0] - q[0] : p[1] - q[1]));
    for (const [x, y] of pairs) {
      const [first, second] = aIsFew ? [y, x] : [x, y];
      l.hasOuter[second] = 1;
      l.join(first, second, second, {
        kind: 'attributes',
        confidence: 0.95,
        says: 'the same request in another log of this server',
      });
    }
  }
}

/** What two lines about one request that one server wrote cannot but share. */
function identityOf(l: Lines, i: number): string {
  const e = l.entry(i);
  return `${Math.floor(e.timeMs / 1000)} ${e.httpRequestMethod} ${e.urlPath} ${e.urlQuery} ${e.clientAddress} ${e.httpResponseStatusCode}`;
}
