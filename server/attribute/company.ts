/**
 * What the clients of a stretch's refusals did besides: how often they were let through, on which routes, and on how
 * many paths they were refused or not found. HOT (add): runs once per access line of the stretch; a line of a client
 * that was refused nothing costs one look-up.
 */
import type { Entry } from '../../parsers/entry.ts';
import { routeOf } from '../model/route.ts';
import { hashOf, type Seen } from '../store/look.ts';

/** Moments of trouble kept for a client: enough to see a burst, however long it lasts. */
const TROUBLE_KEPT = 2000;
const ROUTES_KEPT = 200;

export class ClientRecord {
  passed = 0;
  troubled = 0;
  firstPassedMs = Number.POSITIVE_INFINITY;
  lastPassedMs = Number.NEGATIVE_INFINITY;
  /** Routes on which it was let through. */
  readonly routes = new Set<string>();
  readonly #trouble: { timeMs: number; path: string }[] = [];

  add(status: number, path: string, timeMs: number, isRefused: boolean): void {
    if (status < 400 && !isRefused) {
      this.passed++;
      if (timeMs < this.firstPassedMs) this.firstPassedMs = timeMs;
      if (timeMs > this.lastPassedMs) this.lastPassedMs = timeMs;
      if (this.routes.size < ROUTES_KEPT) this.routes.add(routeOf(path));
    } else if (isRefused || (status < 500 && status >= 400)) {
      this.troubled++;
      if (this.#trouble.length < TROUBLE_KEPT) this.#trouble.push({ timeMs, path });
    }
  }

  /** Different paths of trouble within a time, counted to `enough`. */
  troubledPaths(fromMs: number, toMs: number, enough: number): number {
    if (this.#trouble.length < enough) return this.#trouble.length;
    const paths = new Set<string>();
    for (const t of this.#trouble) {
      if (t.timeMs < fromMs || t.timeMs > toMs) continue;
      paths.add(t.path);
      if (paths.size >= enough) break;
    }
    return paths.size;
  }
}

/** Parts of products that are probed everywhere: a probe where the host serves nothing of the kind. */
const PROBED =
  /^\/(?:wp-(?:login|admin|content|includes|json)|wordpress|xmlrpc\.php|phpmyadmin|pma|myadmin|adminer|cgi-bin|vendor\/phpunit|boaform|hnap1|solr|manager\/html|jenkins|_ignition|actuator|owa|ecp|autodiscover|telescope|druid|console|geoserver|struts|invoker|jmx-console|setup\.cgi|shell|phpinfo\.php|info\.php|admin\.php|eval-stdin|login\.action|remote\/(?:login|fgt_lang)|dana-na|\+cscoe\+|sdk|evox|nmaplowercheck)/i;
export const isProbed = (path: string): boolean => PROBED.test(path);

/** The company of one refusal. */
export interface Company {
  /** null = no address, or no line of it. */
  client: ClientRecord | null;
  /** Did the host let anybody through to something of this kind? */
  serves(host: string | null, path: string): boolean;
}

const area = (path: string): string => {
  const end = path.indexOf('/', 1);
  return (end < 0 ? path : path.slice(0, end)).toLowerCase();
};

export class Companies {
  readonly #clients = new Map<string, ClientRecord>();
  readonly #hashes = new Set<number>();
  /** Areas that are probed: only of these it matters whether they are served. */
  readonly #areas = new Set<string>();
  readonly #served = new Set<string>();
  readonly #refused: ReadonlySet<number>;

  /** `refusals`: those of which it will be asked. */
  constructor(refusals: Iterable<{ client: string | null; path: string }>, refusedStatus: ReadonlySet<number>) {
    this.#refused = refusedStatus;
    for (const { client, path } of refusals) {
      if (client !== null && !this.#clients.has(client)) {
        this.#clients.set(client, new ClientRecord());
        this.#hashes.add(hashOf(client));
      }
      if (isProbed(path)) this.#areas.add(area(path));
    }
  }

  add(e: Entry, timeMs: number): void {
    if (e.kind !== 'access') return;
    this.#add(e.clientAddress, e.httpResponseStatusCode ?? 0, e.urlDomain, e.urlPath, timeMs);
  }

  /** The same of lines that are only skimmed. */
  addSeen({ look, offsetMs, lines }: Seen): void {
    const n = lines === null ? look.size : lines.length;
    for (let k = 0; k < n; k++) {
      const i = lines === null ? k : lines[k]!;
      if (!look.isAccess(i)) continue;
      if (this.#areas.size === 0 && !this.#hashes.has(look.clientHash(i))) continue;
      const client = look.client(i);
      this.#add(client, look.status(i), look.host(i), look.path(i), look.timeMs[i]! + offsetMs);
    }
  }

  #add(client: string | null, status: number, host: string | null, path: string | null, timeMs: number): void {
    if (path === null || status === 0) return;
    const isRefused = this.#refused.has(status);
    if (this.#areas.size > 0 && !isRefused && status < 300) {
      const a = area(path);
      if (this.#areas.has(a)) this.#served.add(`${host ?? ''} ${a}`);
    }
    if (client === null) return;
    this.#clients.get(client)?.add(status, path, timeMs, isRefused);
  }

  of(client: string | null): Company {
    return {
      client: client === null ? null : (this.#clients.get(client) ?? null),
      serves: (host, path) => this.#served.has(`${host ?? ''} ${area(path)}`),
    };
  }
}
