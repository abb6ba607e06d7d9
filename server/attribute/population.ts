/**
 * What else happened on the same routes at that time: the requests that were let through and the refusals of
 * the same kind, folded into counts so that one contrast costs a few lookups however busy the stretch was.
 * Built per linked stretch of time. HOT (add): runs once per outermost line.
 */
import type { Entry } from '../../parsers/entry.ts';
import { routeOf } from '../model/route.ts';
import { areaOf, hashOf } from '../store/look.ts';

/** One request, reduced to what contrasts are drawn on. */
export interface Fact {
  timeMs: number;
  client: string | null;
  /** Somebody who is logged in, as far as any line says. */
  user: string | null;
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

/** What is asked of a request that was let through; texts only where they matter. */
export interface Passed {
  timeMs: number;
  host: string | null;
  method: string | null;
  /** `hashOf` the client, 0 = none, and of the first part of the path. */
  clientHash: number;
  areaHash: number;
  client(): string | null;
  path(): string | null;
  agent(): string | null;
  referrer(): string | null;
}

const NO_CLIENTS = new Map<number, string>();

/** Different clients. Those that are met again cost the look-up of a number. */
export class Clients {
  /** Made with the first: in a storm there are as many places as refusals. */
  #byHash: Map<number, string> | null = null;
  get size(): number {
    return this.#byHash === null ? 0 : this.#byHash.size;
  }
  add(client: string): void {
    this.#byHash ??= new Map();
    this.#byHash.set(hashOf(client), client);
  }
  /** `name` is asked for who is new. */
  meet(hash: number, name: Passed): void {
    if (hash === 0) return;
    this.#byHash ??= new Map();
    if (!this.#byHash.has(hash)) this.#byHash.set(hash, name.client() ?? '');
  }
  has(client: string): boolean {
    return this.#byHash?.get(hashOf(client)) === client;
  }
  keys(): IterableIterator<string> {
    return (this.#byHash ?? NO_CLIENTS).values();
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

/** Counts over the refusals of one class, or over what was let through. */
export class Tally {
  n = 0;
  readonly clients = new Clients();
  #methods: Map<string, number> | null = null;
  #referers: Map<string, number> | null = null;

  get methods(): ReadonlyMap<string, number> {
    return this.#methods ?? NONE;
  }
  get referers(): ReadonlyMap<string, number> {
    return this.#referers ?? NONE;
  }

  /** A refusal. */
  add(f: Fact): void {
    if (f.client !== null) this.clients.add(f.client);
    this.#count(f.method, f.refererHost);
  }

  /** A request that was let through. */
  pass(p: Passed, refererHost: string | null): void {
    this.clients.meet(p.clientHash, p);
    this.#count(p.method ?? 'GET', refererHost);
  }

  metMethod(method: string): void {
    this.#methods ??= new Map();
    bump(this.#methods, method);
  }

  /** Where one that was let through came from, as a log further in tells of it. */
  cameFrom(refererHost: string): void {
    this.#referers ??= new Map();
    bump(this.#referers, refererHost);
  }

  #count(method: string, refererHost: string | null): void {
    this.n++;
    this.#methods ??= new Map();
    bump(this.#methods, method);
    if (refererHost === null) return;
    this.#referers ??= new Map();
    bump(this.#referers, refererHost);
  }

  /** Requests of which it is known whether they named a page. */
  get refererTold(): number {
    let n = 0;
    for (const count of this.referers.values()) n += count;
    return n;
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
  #refused: Map<string, Tally> | null = null;

  /** A refusal. */
  add(f: Fact): void {
    this.#refused ??= new Map();
    let tally = this.#refused.get(f.class);
    if (!tally) {
      tally = new Tally();
      this.#refused.set(f.class, tally);
    }
    tally.add(f);
  }

  refused(ofClass: string): Tally {
    return this.#refused?.get(ofClass) ?? NOTHING;
  }
}

const NOTHING = new Tally();
const NOWHERE = new Scope();

/** What one client did. */
export interface ClientHistory {
  client: string;
  /** In order of time. */
  passed: { timeMs: number; method: string; route: string; area: string; path: string }[];
  /** By class. */
  refused: Map<string, RefusedHistory>;
}

/** Refusals of one client and class, counted: a storm of them must not be walked through for each of them. */
export interface RefusedHistory {
  n: number;
  firstMs: number;
  lastMs: number;
  readonly paths: Set<string>;
  readonly routes: Map<string, number>;
  /** Of areas that are not the whole path. */
  readonly areas: Map<string, number>;
}
const NO_HISTORY: ClientHistory = { client: '', passed: [], refused: new Map() };
/** Paths of one client that are told apart: more is everything. */
const PATHS_MAX = 50;

/** Values of an attribute that are kept apart; one with more is an id. */
const ATTRIBUTE_VALUES_MAX = 500;

const COUNTRY = /^[A-Z]{2}$/;
const HOST = /^(([a-z0-9-]+\.)+[a-z][a-z0-9-]{1,23}|\d{1,3}(\.\d{1,3}){3})(:\d+)?$/i;
const ORIGIN_KEY = /(^|[._])origin$/i;
const HOST_KEY = /host|captured/i;
const AGENT = /^[A-Za-z][\w.+-]{1,40}\/v?\d[\w.+-]*(?:$|[ #(;,])/;
const AGENT_KEY = /^captured\.\d/;

/** Is this attribute a country that a request came from? */
export const isCountry = (value: string): boolean => COUNTRY.test(value);
/** Is it a host that was asked for, by its name and value? */
export const isHostAttribute = (key: string, value: string): boolean => HOST_KEY.test(key) && HOST.test(value);
export const isHost = (value: string): boolean => HOST.test(value);
/** Is it a user agent that a load balancer was told to log (HAProxy's captures have no names)? */
export const isAgentAttribute = (key: string, value: string): boolean => AGENT_KEY.test(key) && AGENT.test(value);
export const isOriginKey = (key: string): boolean => ORIGIN_KEY.test(key);

/** What the refusals that need a contrast have in common with what was let through: all else is only counted. */
export class Interest {
  readonly paths = new Set<string>();
  readonly routes = new Set<string>();
  readonly areas = new Set<string>();
  readonly clients = new Set<string>();
  readonly agents = new Set<string>();
  readonly hosts = new Set<string>();
  /** Hosts of other sites that refused requests came from. */
  readonly referers = new Set<string>();
  /** Attributes that may tell who is refused, and their values on refusals: all others are counted on refusals alone. */
  readonly attributes = new Map<string, Set<string>>();

  add(f: Fact): void {
    this.paths.add(f.path);
    this.routes.add(f.route);
    this.areas.add(f.area);
    for (const key in f.attributes) {
      const value = f.attributes[key]!;
      if (!isCountry(value) && !isHostAttribute(key, value) && !isOriginKey(key) && !isAgentAttribute(key, value))
        continue;
      const values = this.attributes.get(key);
      if (values === undefined) this.attributes.set(key, new Set([value]));
      else values.add(value);
    }
    if (f.client !== null) this.clients.add(f.client);
    if (f.agent !== null) this.agents.add(f.agent);
    if (f.host !== null) this.hosts.add(f.host);
    if (f.refererHost !== null && f.refererHost !== '' && f.refererHost !== f.host) this.referers.add(f.refererHost);
  }
}

/** What the refusals of one class have in common. */
interface OfClass {
  /** client → refusals */
  clients: Map<string, number>;
  /** By network; made when it is asked for. */
  networks: Map<string, { clients: number; n: number }> | null;
  /** agent → client → refusals */
  agents: Map<string, Map<string, number>>;
  /** attribute=value → refusals */
  attributes: Map<string, number>;
}
const NO_NETWORK = { clients: 0, n: 0 };
const NOBODY: ReadonlyMap<string, number> = new Map();

export class Population {
  /** Of what was let through only the number, the clients, and methods other than GET. */
  readonly all = new Scope();
  readonly #interest: Interest;
  /** Hosts of which something was let through. */
  readonly #hostsPassed = new Set<string>();
  readonly #paths = new Map<string, Scope>();
  readonly #routes = new Map<string, Scope>();
  readonly #areas = new Map<string, Scope>();
  readonly #areasByHash = new Map<number, { area: string; below: string; scope: Scope; hasRoutes: boolean }>();
  readonly #hosts = new Map<string, Scope>();
  readonly #clients = new Map<string, ClientHistory>();
  readonly #clientsByHash = new Map<number, ClientHistory>();
  /** Agents of refused requests that were not let through until now. */
  readonly #agentsUnseen: Set<string>;
  /** Requests that were let through and name an agent, while some agent was still to be met. */
  #agentsTold = 0;
  #agentsAsked = 0;
  /** The same of logs further in. */
  #agentsToldInside = 0;
  #agentsAskedInside = 0;
  readonly #classes = new Map<string, OfClass>();
  /** network → clients let through; made when it is asked for. */
  #networksPassed: Set<string> | null = null;
  /** attribute → value → let through; null = too many values */
  readonly #attributesPassed = new Map<string, Map<string, number> | null>();

  constructor(interest: Interest) {
    this.#interest = interest;
    this.#agentsUnseen = new Set(interest.agents);
    for (const path of interest.paths) this.#paths.set(path, new Scope());
    for (const route of interest.routes) this.#routes.set(route, new Scope());
    for (const area of interest.areas) {
      const scope = new Scope();
      this.#areas.set(area, scope);
      this.#areasByHash.set(hashOf(area), { area, below: `${area}/`, scope, hasRoutes: false });
    }
    for (const route of interest.routes) {
      const area = this.#areasByHash.get(hashOf(areaOf(route)));
      if (area !== undefined && !interest.paths.has(route)) area.hasRoutes = true;
      // `/{id}` is in the area of its path.
      if (route.startsWith('/{')) for (const a of this.#areasByHash.values()) a.hasRoutes = true;
    }
    for (const host of interest.hosts) this.#hosts.set(host, new Scope());
    for (const client of interest.clients) {
      const history = { client, passed: [], refused: new Map() };
      this.#clients.set(client, history);
      this.#clientsByHash.set(hashOf(client), history);
    }
  }

  /** A refusal. */
  addRefused(f: Fact): void {
    this.all.add(f);
    this.#paths.get(f.path)?.add(f);
    this.#routes.get(f.route)?.add(f);
    this.#areas.get(f.area)?.add(f);
    if (f.host !== null) this.#hosts.get(f.host)?.add(f);
    const ofClass = this.#ofClass(f.class);
    if (f.client !== null) {
      const history = this.#clients.get(f.client);
      if (history !== undefined) remember(history.refused, f);
      bump(ofClass.clients, f.client);
      ofClass.networks = null;
    }
    if (f.agent !== null && this.#interest.agents.has(f.agent)) {
      let clients = ofClass.agents.get(f.agent);
      if (clients === undefined) {
        clients = new Map();
        ofClass.agents.set(f.agent, clients);
      }
      bump(clients, f.client ?? '');
    }
    if (f.attributes === null) return;
    for (const key of this.#interest.attributes.keys()) {
      const value = f.attributes[key];
      if (value !== undefined) bump(ofClass.attributes, `${key}=${value}`);
    }
  }

  #ofClass(name: string): OfClass {
    let found = this.#classes.get(name);
    if (found === undefined) {
      found = { clients: new Map(), networks: null, agents: new Map(), attributes: new Map() };
      this.#classes.set(name, found);
    }
    return found;
  }

  /** A request that was let through. HOT: runs once per outermost line; one of no interest costs four look-ups. */
  addPassed(p: Passed): void {
    const { host } = p;
    const { passed } = this.all;
    passed.n++;
    if (p.method !== 'GET' && p.method !== null) passed.metMethod(p.method);
    passed.clients.meet(p.clientHash, p);
    if (host !== null) {
      const scope = this.#hosts.get(host);
      if (scope === undefined) this.#hostsPassed.add(host);
      else if (scope.passed.n++ === 0) this.#hostsPassed.add(host);
    }
    if (this.#agentsUnseen.size > 0) {
      const agent = p.agent();
      this.#agentsAsked++;
      if (agent !== null) {
        this.#agentsTold++;
        this.#agentsUnseen.delete(agent);
      }
    }
    const area = this.#areasByHash.get(p.areaHash);
    const history = this.#clientsByHash.get(p.clientHash);
    if (area === undefined && history === undefined) return;
    const path = p.path() ?? '/';
    // Without ids in the paths that matter here, a path is its own route.
    const route = history !== undefined || area!.hasRoutes ? routeOf(path) : path;
    if (history !== undefined && p.client() === history.client)
      history.passed.push({ timeMs: p.timeMs, method: p.method ?? 'GET', route, area: areaOf(path), path });
    if (area === undefined || (path !== area.area && !path.startsWith(area.below))) return;
    const referer = this.#interest.referers.size === 0 ? null : refererHost(p.referrer(), false);
    area.scope.passed.pass(p, referer);
    if (route !== path) this.#routes.get(route)?.passed.pass(p, referer);
    this.#paths.get(path)?.passed.pass(p, referer);
  }

  /** Do agents or Referers matter, and the logs in which requests enter do not have them (HAProxy's, Squid's)? */
  get asksInside(): boolean {
    return (this.#agentsUnseen.size > 0 || this.#interest.referers.size > 0) && !this.isAgentTold;
  }

  /** A request that was let through, as a log further in tells of it: it was counted already. HOT. */
  addInside(p: Passed): void {
    if (this.#agentsUnseen.size > 0) {
      const agent = p.agent();
      this.#agentsAskedInside++;
      if (agent !== null) {
        this.#agentsToldInside++;
        this.#agentsUnseen.delete(agent);
      }
    }
    if (this.#interest.referers.size === 0) return;
    const area = this.#areasByHash.get(p.areaHash);
    if (area === undefined) return;
    const referer = refererHost(p.referrer(), false);
    const path = p.path() ?? '/';
    if (referer === null || (path !== area.area && !path.startsWith(area.below))) return;
    area.scope.passed.cameFrom(referer);
    const route = area.hasRoutes ? routeOf(path) : path;
    if (route !== path) this.#routes.get(route)?.passed.cameFrom(referer);
    this.#paths.get(path)?.passed.cameFrom(referer);
  }

  /** Attributes of a request that was let through. */
  addAttributes(attributes: Record<string, string> | null): void {
    if (attributes === null) return;
    for (const key of this.#interest.attributes.keys()) {
      const value = attributes[key];
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

  /** Values of attributes of refused requests that nobody was let through with until now. */
  attributesUnseen(): string[] {
    const unseen = new Set<string>();
    for (const [key, values] of this.#interest.attributes) {
      const passed = this.#attributesPassed.get(key);
      if (passed === null) continue;
      for (const value of values) if (passed === undefined || !passed.has(value)) unseen.add(value);
    }
    return [...unseen];
  }

  /** When all was added: histories of clients are searched by time. */
  settle(): void {
    for (const { passed } of this.#clients.values()) passed.sort((a, b) => a.timeMs - b.timeMs);
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
  /** Was anybody of this network let through? */
  isNetworkPassed(network: string): boolean {
    if (this.#networksPassed === null) {
      this.#networksPassed = new Set();
      for (const client of this.all.passed.clients.keys()) this.#networksPassed.add(subnetOf(client));
    }
    return this.#networksPassed.has(network);
  }
  networkRefused(ofClass: string, network: string): { clients: number; n: number } {
    const found = this.#classes.get(ofClass);
    if (found === undefined) return NO_NETWORK;
    if (found.networks === null) {
      found.networks = new Map();
      for (const [client, n] of found.clients) {
        const name = subnetOf(client);
        const known = found.networks.get(name);
        if (known === undefined) found.networks.set(name, { clients: 1, n });
        else {
          known.clients++;
          known.n += n;
        }
      }
    }
    return found.networks.get(network) ?? NO_NETWORK;
  }
  /** Was anybody with this agent, which a refused request has, let through? */
  isAgentPassed(agent: string): boolean {
    return this.#interest.agents.has(agent) && !this.#agentsUnseen.has(agent);
  }
  /** Do the logs in which requests enter name agents, or those that were asked instead? */
  get isAgentTold(): boolean {
    return (
      (this.#agentsTold >= 3 && this.#agentsTold * 2 >= this.#agentsAsked) ||
      (this.#agentsToldInside >= 3 && this.#agentsToldInside * 2 >= this.#agentsAskedInside)
    );
  }
  /** client → refusals of this class with this agent */
  agentRefused(ofClass: string, agent: string): ReadonlyMap<string, number> {
    return this.#classes.get(ofClass)?.agents.get(agent) ?? NOBODY;
  }
  attributePassed(key: string): Map<string, number> | null {
    return this.#attributesPassed.get(key) ?? null;
  }
  attributeRefused(ofClass: string, key: string, value: string): number {
    return this.#classes.get(ofClass)?.attributes.get(`${key}=${value}`) ?? 0;
  }
}

function remember(refused: Map<string, RefusedHistory>, f: Fact): void {
  let of = refused.get(f.class);
  if (of === undefined) {
    of = { n: 0, firstMs: f.timeMs, lastMs: f.timeMs, paths: new Set(), routes: new Map(), areas: new Map() };
    refused.set(f.class, of);
  }
  of.n++;
  of.firstMs = Math.min(of.firstMs, f.timeMs);
  of.lastMs = Math.max(of.lastMs, f.timeMs);
  if (of.paths.size < PATHS_MAX) of.paths.add(f.path);
  bump(of.routes, f.route);
  if (f.area.length > 1 && f.area !== f.path) bump(of.areas, f.area);
}

function bump(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Lines of a log that were read whole. */
export class PassedEntry implements Passed {
  timeMs = 0;
  host: string | null = null;
  method: string | null = null;
  clientHash = 0;
  areaHash = 0;
  #entry!: Entry;

  of(entry: Entry, timeMs: number): this {
    this.timeMs = timeMs;
    this.host = entry.urlDomain;
    this.method = entry.httpRequestMethod;
    this.clientHash = entry.clientAddress === null ? 0 : hashOf(entry.clientAddress);
    this.areaHash = hashOf(areaOf(entry.urlPath ?? '/'));
    this.#entry = entry;
    return this;
  }
  client(): string | null {
    return this.#entry.clientAddress;
  }
  path(): string | null {
    return this.#entry.urlPath;
  }
  agent(): string | null {
    return this.#entry.userAgentOriginal;
  }
  referrer(): string | null {
    return this.#entry.httpRequestReferrer;
  }
}

/** `entries`: all lines of the request, the counted one first; the first that states a field wins. */
export function factOf(entries: Entry[], timeMs: number, refused: boolean, refusalClass: string): Fact {
  const first = <K extends keyof Entry>(key: K): Entry[K] | null => {
    for (const e of entries) if (e[key] !== null) return e[key];
    return null;
  };
  const path = first('urlPath') ?? '/';
  let attributes: Record<string, string> | null = null;
  for (const e of entries) {
    if (e.kind !== 'access' || e.attributes === null) continue;
    attributes = attributes === null ? e.attributes : { ...e.attributes, ...(attributes as Record<string, string>) };
  }
  return {
    timeMs,
    client: first('clientAddress'),
    user: first('userName'),
    method: first('httpRequestMethod') ?? 'GET',
    host: first('urlDomain'),
    path,
    query: first('urlQuery'),
    route: routeOf(path),
    area: areaOf(path),
    agent: first('userAgentOriginal'),
    refererHost: refererHost(
      first('httpRequestReferrer'),
      entries.some((e) => e.userAgentOriginal !== null),
    ),
    attributes,
    refused,
    class: refusalClass,
  };
}

/** '' = none was sent, where the log would have it (`isLogged`: it has the user agent). */
function refererHost(referrer: string | null, isLogged: boolean): string | null {
  if (referrer === null) return isLogged ? '' : null;
  const scheme = referrer.indexOf('://');
  if (scheme < 1 || scheme > 10) return referrer;
  let end = scheme + 3;
  while (end < referrer.length && !'/:?#'.includes(referrer[end]!)) end++;
  return referrer.slice(scheme + 3, end).toLowerCase();
}
