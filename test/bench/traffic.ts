/**
 * HOT. A made-up web shop's requests, one after the other, the same for the same seed: clients and routes by
 * Zipf's law, ids that change in paths, query strings, hours of rush and of sleep, refusals in bursts. Only
 * what happened; how a server writes it down is in `generate.ts`. One request costs about 0.4 µs: tables instead
 * of arithmetic, and one object that is filled again and again.
 */

/** xorshift128: four words of state, no allocation. */
export class Random {
  #a: number;
  #b = 362436069;
  #c = 521288629;
  #d = 88675123;

  constructor(seed: number) {
    this.#a = (seed ^ 0x9e3779b9) | 0 || 1;
    for (let i = 0; i < 32; i++) this.next();
  }

  /** 0 … 2³² − 1 */
  next(): number {
    const t = this.#a ^ (this.#a << 11);
    this.#a = this.#b;
    this.#b = this.#c;
    this.#c = this.#d;
    this.#d = this.#d ^ (this.#d >>> 19) ^ t ^ (t >>> 8);
    return this.#d >>> 0;
  }

  /** 0 ≤ x < 1 */
  unit(): number {
    return this.next() * 2.3283064365386963e-10;
  }

  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** Ranks 0 … n − 1 by Zipf's law, from a table of its inverse: one look-up a draw. */
export class Zipf {
  readonly #table: Uint32Array;

  constructor(n: number, exponent: number) {
    const size = 1 << 18;
    this.#table = new Uint32Array(size);
    let sum = 0;
    for (let i = 1; i <= n; i++) sum += i ** -exponent;
    let rank = 0;
    let upTo = 1 / sum;
    for (let i = 0; i < size; i++) {
      while (upTo < (i + 0.5) / size && rank < n - 1) upTo += (++rank + 1) ** -exponent / sum;
      this.#table[i] = rank;
    }
  }

  draw(random: Random): number {
    return this.#table[random.next() >>> 14]!;
  }
}

const HEX4 = Array.from({ length: 65536 }, (_, i) => i.toString(16).padStart(4, '0'));

export function hex32(random: Random): string {
  const a = random.next();
  return HEX4[a >>> 16]! + HEX4[a & 0xffff]!;
}

/** Version 4: "5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11". */
export function uuid(random: Random): string {
  const b = random.next();
  const c = random.next();
  return `${hex32(random)}-${HEX4[b >>> 16]}-${HEX4[(b & 0x0fff) | 0x4000]}-${HEX4[((c >>> 16) & 0x3fff) | 0x8000]}-${HEX4[c & 0xffff]}${hex32(random)}`;
}

export const AGENTS: readonly string[] = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0',
  'okhttp/4.12.0',
  'Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1',
  'axios/1.7.7',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'StoreApp/3.9 CFNetwork/1498.700.2 Darwin/23.6.0',
  'python-requests/2.32.3',
  'curl/8.5.0',
  'Go-http-client/2.0',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
  'Prometheus/2.54.1',
  'Mozilla/5.0 zgrab/0.x',
];

const HOSTS = ['www.example.com', 'api.example.com', 'shop.example.com', 'static.example.com'] as const;
const WORDS =
  'wool blanket desk lamp garden hose copper kettle rain jacket linen shirt trail shoe walnut table oak chair stone bowl paper kite glass jar'.split(
    ' ',
  );
const THINGS = 'orders users carts invoices items reviews sessions tickets payments addresses returns wishes'.split(
  ' ',
);

export type Kind = 'page' | 'api' | 'static';
interface Route {
  kind: Kind;
  method: string;
  host: string;
  /** Before and after what changes. */
  head: string;
  tail: string;
  id: 'none' | 'number' | 'uuid' | 'word';
  query: 'none' | 'search' | 'paging';
  size: number;
}

/** Which layer said no. */
export type Decider = 'loadbalancer' | 'web' | 'waf' | 'app';

export interface Request {
  timeMs: number;
  client: string;
  clientPort: number;
  agent: string;
  referrer: string;
  method: string;
  host: string;
  path: string;
  /** With its question mark; '' = none. */
  query: string;
  kind: Kind;
  status: number;
  bytes: number;
  durationMs: number;
  user: number;
  /** null = let through. */
  decider: Decider | null;
}

const CLIENTS = 50_000;
const ROUTES = 400;

/** Shares of the requests. In a burst, 5 % of all, every third request is refused: 2 % together. */
const BURST_SHARE = 0.05;
const BURST_REQUESTS = 300;
const REFUSED_IN_BURST = 0.34;
const REFUSED_ELSE = 0.0032;

export class Traffic {
  readonly random: Random;
  readonly request: Request;
  readonly #perMs: number;
  readonly #clients: string[];
  readonly #routes: Route[];
  readonly #pages: string[];
  readonly #clientRank = new Zipf(CLIENTS, 1);
  readonly #routeRank = new Zipf(ROUTES, 1);
  readonly #idRank = new Zipf(1_000_000, 0.8);
  readonly #deciders: readonly Decider[];
  #burstLeft = 0;
  #burstClient = '';
  #burstRoute: Route;
  #burstDecider: Decider = 'web';

  constructor(seed: number, startMs: number, requestsPerSecond: number, deciders: readonly Decider[]) {
    this.random = new Random(seed);
    this.#perMs = requestsPerSecond / 1000;
    this.#deciders = deciders;
    const r = this.random;
    this.#clients = Array.from({ length: CLIENTS }, () =>
      r.unit() < 0.06
        ? `2001:db8:${HEX4[r.below(65536)]!.replace(/^0+(?=.)/, '')}:${HEX4[4096 + r.below(61440)]}::${HEX4[4096 + r.below(61440)]}`
        : `${20 + r.below(100)}.${r.below(256)}.${r.below(256)}.${1 + r.below(254)}`,
    );
    this.#routes = Array.from({ length: ROUTES }, (_, i) => makeRoute(i, r));
    this.#pages = Array.from(
      { length: 300 },
      () => `https://www.example.com/${r.pick(WORDS)}-${r.pick(WORDS)}${r.unit() < 0.3 ? `?page=${r.below(30)}` : ''}`,
    );
    this.#burstRoute = this.#routes[0]!;
    this.request = {
      timeMs: startMs,
      client: '',
      clientPort: 0,
      agent: '',
      referrer: '',
      method: '',
      host: '',
      path: '',
      query: '',
      kind: 'page',
      status: 0,
      bytes: 0,
      durationMs: 0,
      user: 0,
      decider: null,
    };
  }

  /** The next request, in the one object there is. */
  next(): Request {
    const r = this.random;
    const q = this.request;
    // Fewer at night than at noon: between 0.3 and 1.7 of the mean.
    const hour = (q.timeMs / 3_600_000) % 24;
    q.timeMs += -Math.log(1 - r.unit()) / (this.#perMs * (1 - 0.7 * Math.cos((hour / 12) * Math.PI)));
    let refused = false;
    let clientRank = this.#clientRank.draw(r);
    let route = this.#routes[this.#routeRank.draw(r)]!;
    if (this.#burstLeft > 0) {
      this.#burstLeft--;
      refused = r.unit() < REFUSED_IN_BURST;
    } else if (r.unit() < BURST_SHARE / BURST_REQUESTS / (1 - BURST_SHARE)) {
      this.#burstLeft = BURST_REQUESTS;
      clientRank = r.below(CLIENTS);
      this.#burstClient = this.#clients[clientRank]!;
      this.#burstRoute = this.#routes[r.below(ROUTES)]!;
      this.#burstDecider = r.pick(this.#deciders);
      refused = true;
    } else refused = r.unit() < REFUSED_ELSE;
    q.client = this.#clients[clientRank]!;
    q.decider = null;
    if (refused) {
      q.decider = this.#burstLeft > 0 ? this.#burstDecider : r.pick(this.#deciders);
      if (this.#burstLeft > 0) {
        q.client = this.#burstClient;
        route = this.#burstRoute;
      }
      // Static files never reach the application.
      while (q.decider === 'app' && route.kind === 'static') route = this.#routes[this.#routeRank.draw(r)]!;
    }
    q.clientPort = (1024 + (r.next() >>> 16) * 0.98) | 0;
    // A client keeps its agent; the few busiest stand for networks of many.
    q.agent = AGENTS[clientRank < 50 ? r.below(12) : ((clientRank * 7919) % 97) % AGENTS.length]!;
    q.kind = route.kind;
    q.method = route.method;
    q.host = route.host;
    switch (route.id) {
      case 'number':
        q.path = `${route.head}${100_000 + this.#idRank.draw(r)}${route.tail}`;
        break;
      case 'uuid':
        q.path = route.head + uuid(r) + route.tail;
        break;
      case 'word':
        q.path = `${route.head}${WORDS[r.below(WORDS.length)]}-${WORDS[r.below(WORDS.length)]}${route.tail}`;
        break;
      default:
        q.path = route.head;
    }
    q.query = '';
    if (route.query === 'search')
      q.query = `?q=${WORDS[r.below(WORDS.length)]}+${WORDS[r.below(WORDS.length)]}&sort=price`;
    else if (route.query === 'paging' && r.unit() < 0.6)
      q.query = `?page=${r.below(40)}&per_page=${r.unit() < 0.8 ? 50 : 100}`;
    q.user = 1000 + (clientRank % 20_000);
    const chance = r.unit();
    if (refused) {
      q.status = 403;
      q.bytes = 153;
      q.durationMs = 1 + r.below(20);
      q.referrer = '-';
      return q;
    }
    q.status = statusOf(route, chance);
    q.bytes =
      q.status === 304 || q.status === 204 ? 0 : q.status >= 400 ? 548 : Math.floor(route.size * (0.5 + r.unit()));
    q.durationMs = route.kind === 'static' ? r.below(3) : Math.floor(4 + 60 * r.unit() ** 4 * 12);
    q.referrer = route.kind === 'api' || chance < 0.3 ? '-' : this.#pages[r.below(this.#pages.length)]!;
    return q;
  }
}

function makeRoute(i: number, r: Random): Route {
  const kind: Kind = i % 10 < 4 ? 'static' : i % 10 < 7 ? 'api' : 'page';
  const size = Math.floor(300 * 2 ** (r.unit() * 9));
  const none = { query: 'none', tail: '', size } as const;
  if (kind === 'static') {
    const name = `${r.pick(WORDS)}.${hex32(r)}`;
    return {
      ...none,
      kind,
      method: 'GET',
      host: r.unit() < 0.5 ? HOSTS[3] : HOSTS[0],
      head: `/assets/${r.pick(['js', 'css', 'img', 'fonts'])}/${name}.${r.pick(['js', 'css', 'webp', 'woff2'])}`,
      id: 'none',
    };
  }
  if (kind === 'api') {
    const thing = THINGS[i % THINGS.length]!;
    const one = r.unit() < 0.65;
    return {
      kind,
      size,
      method: r.unit() < 0.7 ? 'GET' : r.pick(['POST', 'PUT', 'PATCH', 'DELETE']),
      host: HOSTS[1],
      head: `/api/v${1 + (i % 2)}/${thing}${one ? '/' : ''}`,
      id: one ? (r.unit() < 0.75 ? 'number' : 'uuid') : 'none',
      tail: one && r.unit() < 0.4 ? `/${r.pick(THINGS)}` : '',
      query: one ? 'none' : 'paging',
    };
  }
  const search = i % 50 === 7;
  return {
    kind,
    size,
    method: r.unit() < 0.93 ? 'GET' : 'POST',
    host: r.pick([HOSTS[0], HOSTS[2]]),
    head: search
      ? '/search'
      : i === 8
        ? '/'
        : `/${r.pick(['products', 'c', 'help', 'account', 'blog'])}/${i % 3 === 0 ? '' : `${r.pick(WORDS)}-${r.pick(WORDS)}`}`,
    id: !search && i !== 8 && i % 3 === 0 ? 'word' : 'none',
    tail: '',
    query: search ? 'search' : i % 4 === 0 ? 'paging' : 'none',
  };
}

function statusOf(route: Route, chance: number): number {
  if (chance > 0.975) return chance > 0.995 ? 500 : 404;
  if (route.kind === 'static') return chance > 0.7 ? 304 : 200;
  if (route.method === 'POST') return chance > 0.5 ? 302 : 200;
  if (route.method === 'DELETE') return 204;
  return chance > 0.94 ? 301 : 200;
}
