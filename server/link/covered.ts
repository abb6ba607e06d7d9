/**
 * Where requests of one log are asked about at another service: a server asks for all of a place (a location, a route)
 * or for none of it. Pairs that were only found by client and moment are held against that: where one request in ten
 * of a place has a partner, its partners are somebody else's. Pure.
 */
import { routeOf } from '../model/route.ts';

/** A request that may have been asked about. */
export interface Asking {
  sourceId: number;
  path: string;
}

/** So many other requests of a place have to be known before they say anything. */
const OTHERS_MIN = 3;

export class Covered {
  readonly #all = new Map<string, number>();
  readonly #asked = new Map<string, number>();

  /** `asked`: it was found to have a partner. Once for each request. */
  add(request: Asking, asked: boolean): void {
    for (const place of placesOf(request)) {
      this.#all.set(place, (this.#all.get(place) ?? 0) + 1);
      if (asked) this.#asked.set(place, (this.#asked.get(place) ?? 0) + 1);
    }
  }

  /**
   * Share of the other requests of its place that have a partner, by its route or what its path begins with, whichever
   * says more. null = too few others to tell.
   */
  around(request: Asking, asked: boolean): number | null {
    let best: number | null = null;
    for (const place of placesOf(request)) {
      const others = this.#all.get(place)! - 1;
      if (others < OTHERS_MIN) continue;
      best = Math.max(best ?? 0, ((this.#asked.get(place) ?? 0) - Number(asked)) / others);
    }
    return best;
  }
}

/** Its route, the beginning of its path, and its log as a whole: some servers ask about everything. */
function placesOf({ sourceId, path }: Asking): string[] {
  const end = path.indexOf('/', 1);
  return [`${sourceId}`, `${sourceId} ${end < 0 ? path : path.slice(0, end)}`, `${sourceId} route ${routeOf(path)}`];
}
