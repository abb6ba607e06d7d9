/**
 * What else happened on the same routes at that time: the requests that were let through and the refusals of
 * the same kind, indexed for contrast. Built per linked stretch of time; bounded by its records.
 */
import type { Entry } from '../../parsers/entry.ts';
import { routeOf } from '../model/route.ts';

/** One request, reduced to what contrasts are drawn on. */
export interface Fact {
  timeMs: number;
  client: string | null;
  method: string;
  host: string | null;
  path: string;
  query: string | null;
  route: string;
  /** First segment: "/partners" */
  area: string;
  agent: string | null;
  /** Host of the Referer, '' = none sent, null = not logged. */
  refererHost: string | null;
  attributes: Record<string, string> | null;
  refused: boolean;
  /** Refusals of one class were refused by one log in one manner. '' for what was let through. */
  class: string;
}

export interface Scope {
  passed: Fact[];
  refused: Fact[];
}

export class Population {
  readonly #byPath = new Map<string, Scope>();
  readonly #byRoute = new Map<string, Scope>();
  readonly #byArea = new Map<string, Scope>();
  readonly #byClient = new Map<string, Scope>();
  readonly #byHost = new Map<string, Scope>();
  readonly all: Scope = { passed: [], refused: [] };

  add(fact: Fact): void {
    put(this.all, fact);
    putIn(this.#byPath, fact.path, fact);
    putIn(this.#byRoute, fact.route, fact);
    putIn(this.#byArea, fact.area, fact);
    if (fact.client !== null) putIn(this.#byClient, fact.client, fact);
    if (fact.host !== null) putIn(this.#byHost, fact.host, fact);
  }

  path(f: Fact): Scope {
    return this.#byPath.get(f.path) ?? EMPTY;
  }
  route(f: Fact): Scope {
    return this.#byRoute.get(f.route) ?? EMPTY;
  }
  area(f: Fact): Scope {
    return this.#byArea.get(f.area) ?? EMPTY;
  }
  client(f: Fact): Scope {
    return f.client === null ? EMPTY : (this.#byClient.get(f.client) ?? EMPTY);
  }
  host(f: Fact): Scope {
    return f.host === null ? EMPTY : (this.#byHost.get(f.host) ?? EMPTY);
  }
}

const EMPTY: Scope = { passed: [], refused: [] };

function put(scope: Scope, fact: Fact): void {
  if (fact.refused) scope.refused.push(fact);
  else scope.passed.push(fact);
}

function putIn(map: Map<string, Scope>, key: string, fact: Fact): void {
  let scope = map.get(key);
  if (!scope) {
    scope = { passed: [], refused: [] };
    map.set(key, scope);
  }
  put(scope, fact);
}

/** `entries`: all lines of the request, the counted one first; the first that states a field wins. */
export function factOf(entries: Entry[], timeMs: number, refused: boolean, refusalClass: string): Fact {
  const first = <K extends keyof Entry>(key: K): Entry[K] | null => {
    for (const e of entries) if (e[key] !== null) return e[key];
    return null;
  };
  const path = first('urlPath') ?? '/';
  const second = path.indexOf('/', 1);
  let attributes: Record<string, string> | null = null;
  for (const e of entries) {
    if (e.kind === 'access' && e.attributes !== null) attributes = { ...e.attributes, ...(attributes ?? {}) };
  }
  return {
    timeMs,
    client: first('clientAddress'),
    method: first('httpRequestMethod') ?? 'GET',
    host: first('urlDomain'),
    path,
    query: first('urlQuery'),
    route: routeOf(path),
    area: second > 0 ? path.slice(0, second) : path,
    agent: first('userAgentOriginal'),
    refererHost: refererHost(first('httpRequestReferrer'), entries),
    attributes,
    refused,
    class: refusalClass,
  };
}

function refererHost(referrer: string | null, entries: Entry[]): string | null {
  if (referrer === null) return entries.some((e) => e.userAgentOriginal !== null) ? '' : null;
  const m = /^[a-z]+:\/\/([^/:?#]+)/i.exec(referrer);
  return m ? m[1]!.toLowerCase() : referrer;
}
