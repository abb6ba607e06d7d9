/**
 * What else happened on the same routes at that time: the requests that were let through and the refusals of
 * the same kind, folded into counts so that one contrast costs a few lookups however busy the stretch was.
 * Built per linked stretch of time. HOT (add): runs once per outermost line.
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

/** The wider network of an address: /16, or the first two groups. */
export function networkOf(client: string): string {
  const parts = client.split(client.includes(':') ? ':' : '.');
  return `${parts[0]}.${parts[1]}`;
}

/** The network an address is given out in: "198.51.100.0/24", "2001:db8:7::/48". */
export function subnetOf(client: string): string {
  if (!client.includes(':')) {
    const last = client.lastIndexOf('.');
    return last < 0 ? client : `${client.slice(0, last)}.0/24`;
  }
  return `${client.split(':').slice(0, 3).join(':')}::/48`;
}

/** Counts over the refusals of one class, or over what was let through. */
export class Tally {
  n = 0;
  readonly clients = new Map<string, number>();
  readonly methods = new Map<string, number>();
  readonly referers = new Map<string, number>();

  add(f: Fact): void {
    this.n++;
    if (f.client !== null) bump(this.clients, f.client);
    bump(this.methods, f.method);
    if (f.refererHost !== null) bump(this.referers, f.refererHost);
  }

  /** Requests that named a page they came from. */
  get withReferer(): number {
    let n = 0;
    for (const [host, count] of this.referers) if (host !== '') n += count;
    return n;
  }
}

/** One path, route, area, host or everything. */
export class Scope {
  readonly passed = new Tally();
  readonly #refused = new Map<string, Tally>();

  add(f: Fact): void {
    if (!f.refused) {
      this.passed.add(f);
      return;
    }
    let tally = this.#refused.get(f.class);
    if (!tally) {
      tally = new Tally();
      this.#refused.set(f.class, tally);
    }
    tally.add(f);
  }

  refused(ofClass: string): Tally {
    return this.#refused.get(ofClass) ?? NOTHING;
  }
}

const NOTHING = new Tally();
const NOWHERE = new Scope();

/** What one client did. */
export interface ClientHistory {
  /** In order of time. */
  passed: { timeMs: number; method: string; route: string; area: string; path: string }[];
  /** By class. */
  refused: Map<string, RefusedHistory>;
}

/** Refusals of one client and class, counted: a storm of them must not be walked through for each of them. */
export interface RefusedHistory {
  n: number;
  firstMs: number;
  readonly paths: Set<string>;
  readonly routes: Map<string, number>;
  /** Of areas that are not the whole path. */
  readonly areas: Map<string, number>;
}
const NO_HISTORY: ClientHistory = { passed: [], refused: new Map() };
/** Paths of one client that are told apart: more is everything. */
const PATHS_MAX = 50;

/** Values of an attribute that are kept apart; one with more is an id. */
const ATTRIBUTE_VALUES_MAX = 500;

/** What the refusals that need a contrast have in common with what was let through: all else is only counted. */
export class Interest {
  readonly areas = new Set<string>();
  readonly clients = new Set<string>();
  readonly agents = new Set<string>();
  readonly hosts = new Set<string>();
  readonly networks = new Set<string>();
  /** Attributes whose values may tell who is refused: all others are only ever counted on refusals. */
  readonly attributes = new Set<string>();

  add(f: Fact): void {
    this.areas.add(f.area);
    for (const key in f.attributes) this.attributes.add(key);
    if (f.client !== null) {
      this.clients.add(f.client);
      this.networks.add(subnetOf(f.client));
    }
    if (f.agent !== null) this.agents.add(f.agent);
    if (f.host !== null) this.hosts.add(f.host);
  }
}

export class Population {
  readonly all = new Scope();
  readonly #interest: Interest;
  /** Hosts of which something was let through. */
  readonly #hostsPassed = new Set<string>();
  readonly #paths = new Map<string, Scope>();
  readonly #routes = new Map<string, Scope>();
  readonly #areas = new Map<string, Scope>();
  readonly #hosts = new Map<string, Scope>();
  readonly #clients = new Map<string, ClientHistory>();
  /** agent → let through */
  readonly #agentsPassed = new Map<string, number>();
  /** class + agent → clients refused */
  readonly #agentsRefused = new Map<string, Map<string, number>>();
  /** network → let through */
  readonly #networksPassed = new Map<string, number>();
  /** class + network → refused */
  readonly #networksRefused = new Map<string, { clients: Set<string>; n: number }>();
  /** attribute → value → let through; null = too many values */
  readonly #attributesPassed = new Map<string, Map<string, number> | null>();
  /** class + attribute=value → refused */
  readonly #attributesRefused = new Map<string, number>();

  constructor(interest: Interest) {
    this.#interest = interest;
  }

  /** HOT for what was let through: a request of no interest costs four lookups. */
  add(f: Fact): void {
    this.all.add(f);
    const { areas, clients, agents, hosts } = this.#interest;
    if (areas.has(f.area)) {
      of(this.#paths, f.path).add(f);
      if (f.route !== f.path) of(this.#routes, f.route).add(f);
      of(this.#areas, f.area).add(f);
    }
    if (f.host !== null) {
      if (!f.refused) this.#hostsPassed.add(f.host);
      if (hosts.has(f.host)) of(this.#hosts, f.host).add(f);
    }
    if (f.client !== null && clients.has(f.client)) {
      let history = this.#clients.get(f.client);
      if (!history) {
        history = { passed: [], refused: new Map() };
        this.#clients.set(f.client, history);
      }
      if (f.refused) remember(history.refused, f);
      else history.passed.push({ timeMs: f.timeMs, method: f.method, route: f.route, area: f.area, path: f.path });
    }
    if (f.client !== null) {
      const network = subnetOf(f.client);
      if (!f.refused) {
        if (this.#interest.networks.has(network)) bump(this.#networksPassed, network);
      } else {
        const key = `${f.class}\n${network}`;
        const refused = this.#networksRefused.get(key) ?? { clients: new Set(), n: 0 };
        refused.clients.add(f.client);
        refused.n++;
        this.#networksRefused.set(key, refused);
      }
    }
    if (f.agent !== null && agents.has(f.agent)) {
      if (f.refused) {
        const key = `${f.class}\n${f.agent}`;
        let clients = this.#agentsRefused.get(key);
        if (!clients) {
          clients = new Map();
          this.#agentsRefused.set(key, clients);
        }
        bump(clients, f.client ?? '');
      } else bump(this.#agentsPassed, f.agent);
    }
    if (f.attributes === null) return;
    if (f.refused) {
      for (const key in f.attributes) bump(this.#attributesRefused, `${f.class}\n${key}=${f.attributes[key]!}`);
      return;
    }
    for (const key of this.#interest.attributes) {
      const value = f.attributes[key];
      if (value === undefined) continue;
      let values = this.#attributesPassed.get(key);
      if (values === null) continue;
      if (values === undefined) {
        values = new Map();
        this.#attributesPassed.set(key, values);
      }
      bump(values, value);
      if (values.size > ATTRIBUTE_VALUES_MAX) this.#attributesPassed.set(key, null);
    }
  }

  /** A line of what was let through. HOT: one of no interest costs three lookups. */
  addPassed(e: Entry, timeMs: number): void {
    const { areas, clients, agents, hosts, networks, attributes } = this.#interest;
    const path = e.urlPath ?? '/';
    const second = path.indexOf('/', 1);
    const client = e.clientAddress;
    const host = e.urlDomain;
    const interesting =
      areas.has(second > 0 ? path.slice(0, second) : path) ||
      (client !== null && (clients.has(client) || networks.has(subnetOf(client)))) ||
      (host !== null && hosts.has(host)) ||
      (e.userAgentOriginal !== null && agents.has(e.userAgentOriginal));
    if (interesting || (attributes.size > 0 && e.attributes !== null)) {
      this.add(factOfLine(e, timeMs));
      return;
    }
    this.all.passed.n++;
    if (client !== null) bump(this.all.passed.clients, client);
    if (host !== null) this.#hostsPassed.add(host);
  }

  path(f: Fact): Scope {
    return this.#paths.get(f.path) ?? NOWHERE;
  }
  route(f: Fact): Scope {
    return f.route === f.path ? this.path(f) : (this.#routes.get(f.route) ?? NOWHERE);
  }
  area(f: Fact): Scope {
    return this.#areas.get(f.area) ?? NOWHERE;
  }
  host(f: Fact): Scope {
    return f.host === null ? NOWHERE : (this.#hosts.get(f.host) ?? NOWHERE);
  }
  get hostsPassed(): number {
    return this.#hostsPassed.size;
  }
  client(client: string | null): ClientHistory {
    return client === null ? NO_HISTORY : (this.#clients.get(client) ?? NO_HISTORY);
  }
  networkPassed(network: string): number {
    return this.#networksPassed.get(network) ?? 0;
  }
  networkRefused(ofClass: string, network: string): { clients: number; n: number } {
    const refused = this.#networksRefused.get(`${ofClass}\n${network}`);
    return { clients: refused?.clients.size ?? 0, n: refused?.n ?? 0 };
  }
  agentPassed(agent: string): number {
    return this.#agentsPassed.get(agent) ?? 0;
  }
  /** client → refusals of this class with this agent */
  agentRefused(ofClass: string, agent: string): Map<string, number> {
    return this.#agentsRefused.get(`${ofClass}\n${agent}`) ?? new Map();
  }
  attributePassed(key: string): Map<string, number> | null {
    return this.#attributesPassed.get(key) ?? null;
  }
  attributeRefused(ofClass: string, key: string, value: string): number {
    return this.#attributesRefused.get(`${ofClass}\n${key}=${value}`) ?? 0;
  }
}

function remember(refused: Map<string, RefusedHistory>, f: Fact): void {
  let of = refused.get(f.class);
  if (of === undefined) {
    of = { n: 0, firstMs: f.timeMs, paths: new Set(), routes: new Map(), areas: new Map() };
    refused.set(f.class, of);
  }
  of.n++;
  of.firstMs = Math.min(of.firstMs, f.timeMs);
  if (of.paths.size < PATHS_MAX) of.paths.add(f.path);
  bump(of.routes, f.route);
  if (f.area.length > 1 && f.area !== f.path) bump(of.areas, f.area);
}

function bump(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function of(map: Map<string, Scope>, key: string): Scope {
  let scope = map.get(key);
  if (!scope) {
    scope = new Scope();
    map.set(key, scope);
  }
  return scope;
}

/** The same for one line alone, as what was let through is. HOT. */
function factOfLine(e: Entry, timeMs: number): Fact {
  const path = e.urlPath ?? '/';
  const second = path.indexOf('/', 1);
  return {
    timeMs,
    client: e.clientAddress,
    method: e.httpRequestMethod ?? 'GET',
    host: e.urlDomain,
    path,
    query: e.urlQuery,
    route: routeOf(path),
    area: second > 0 ? path.slice(0, second) : path,
    agent: e.userAgentOriginal,
    refererHost:
      e.httpRequestReferrer === null
        ? e.userAgentOriginal === null
          ? null
          : ''
        : refererHost(e.httpRequestReferrer, NO_ENTRIES),
    attributes: e.attributes,
    refused: false,
    class: '',
  };
}
const NO_ENTRIES: Entry[] = [];

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
    if (e.kind !== 'access' || e.attributes === null) continue;
    attributes = attributes === null ? e.attributes : { ...e.attributes, ...(attributes as Record<string, string>) };
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
  const scheme = referrer.indexOf('://');
  if (scheme < 1 || scheme > 10) return referrer;
  let end = scheme + 3;
  while (end < referrer.length && !'/:?#'.includes(referrer[end]!)) end++;
  return referrer.slice(scheme + 3, end).toLowerCase();
}
