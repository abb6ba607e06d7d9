/**
 * Who stands in front of whom, where the logs say otherwise than the names of the layers: a cache that only ever hears
 * from one private address stands behind the server that hears from everybody (HAProxy or nginx → Varnish). Pure.
 */
import { isPrivate } from './keys.ts';
import type { LinkSource } from './source.ts';

/** So much busier the one in front is: what it refuses itself never arrives behind it. Less may be a log's end. */
const BUSIER = 1.005;
const BUSIER_LINES = 5;
const FRONTS: ReadonlySet<string> = new Set(['loadbalancer', 'gateway', 'web']);

/** `requests`: access lines of each source in all; `proxies`: addresses that much of it comes from. */
export function settleOrder(
  sources: Map<number, LinkSource>,
  requests: ReadonlyMap<number, number>,
  proxies: ReadonlyMap<number, ReadonlySet<string>>,
): void {
  const talking = [...sources.values()].filter((s) => (requests.get(s.id) ?? 0) > 0 && proxies.has(s.id));
  const hearsProxies = (s: LinkSource): boolean => [...proxies.get(s.id)!].some(isPrivate);
  const facing = talking.filter((s) => !hearsProxies(s));
  const order = Math.min(...facing.map((s) => s.order));
  const [front, another] = facing.filter((s) => s.order === order);
  if (front === undefined || another !== undefined || !FRONTS.has(front.layer)) return;
  if (talking.some((s) => s !== front && s.order === order)) return;
  for (const s of talking) {
    if (s.layer !== 'cdn' || s.order >= order || !hearsProxies(s)) continue;
    if (requests.get(front.id)! > requests.get(s.id)! * BUSIER + BUSIER_LINES)
      sources.set(s.id, { ...s, order: order + 0.5 });
  }
}
