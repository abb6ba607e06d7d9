/**
 * Where no line says why: what do the refused requests have in common that the ones let through on the same
 * route do not? Each rule names the contrast it rests on and stays silent when the sample is small. Pure.
 */
import type { Contrast } from '../model/request.ts';
import type { Cause } from '../model/taxonomy.ts';
import {
  type Fact,
  isAgentAttribute,
  isCountry,
  isHost,
  isHostAttribute,
  isOriginKey,
  networkOf,
  type Population,
  type Scope,
  subnetOf,
  type Tally,
} from './population.ts';

export interface Inference {
  cause: Cause;
  confidence: number;
  says: string;
  contrast: Contrast[];
  /** Another cause looks the same: it holds only where a line has ruled that out. */
  likeness?: Cause;
}

/** Fewer let-through requests than this are no contrast. */
const PASSED_MIN = 3;
const CLIENTS_MIN = 3;

/** All inferences that hold, best first. `allowed` limits them to the causes a line left open; null = any. */
export function contrast(fact: Fact, population: Population, allowed: readonly Cause[] | null): Inference[] {
  const found = [
    byMethod(fact, population),
    byAddress(fact, population),
    byNetwork(fact, population),
    byAllowList(fact, population),
    byReferer(fact, population),
    byOrigin(fact, population),
    byAttribute(fact, population),
    byRate(fact, population),
    byAgent(fact, population),
    byCapturedAgent(fact, population),
    byHost(fact, population),
    bySignedLink(fact, population),
  ]
    .map((x) => asAccessRule(x, allowed))
    .filter(
      (x): x is Inference =>
        x !== null &&
        (allowed === null ? x.likeness === undefined : allowed.includes(x.cause)) &&
        (x.likeness === undefined || !allowed!.includes(x.likeness)),
    );
  return found.sort((a, b) => b.confidence - a.confidence);
}

/** Where a line says that an access rule refused, a condition on the agent is that rule's and no rewrite's. */
function asAccessRule(x: Inference | null, allowed: readonly Cause[] | null): Inference | null {
  const isRule = x?.cause === 'config.rewrite' && allowed?.includes('config.access') === true;
  return isRule && !allowed.includes('config.rewrite') ? { ...x, cause: 'config.access' } : x;
}

/** One in so many: three refusals in a row are not by chance. */
const RARELY = 8;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

function byMethod(f: Fact, p: Population): Inference | null {
  if (READS.has(f.method)) return null;
  return byMethodHere(f, p) ?? byMethodAnywhere(f, p);
}

/** Few requests with an unusual method, each in another place: all of them refused, where reads hardly ever are. */
function byMethodAnywhere(f: Fact, p: Population): Inference | null {
  const { passed } = p.all;
  const refused = p.all.refused(f.class);
  const n = refused.methods.get(f.method) ?? 0;
  if (f.method === 'POST' || n < 3 || refused.n * RARELY > passed.n) return null;
  if ((passed.methods.get(f.method) ?? 0) > 0 || p.client(f.client).passed.length === 0) return null;
  return {
    cause: 'config.method',
    confidence: 0.7,
    says: `all ${n} ${f.method} requests are refused, others are let through`,
    contrast: [{ field: 'method', value: f.method, refused: n, refusedOf: refused.n, passed: 0, passedOf: passed.n }],
  };
}

function byMethodHere(f: Fact, p: Population): Inference | null {
  const reads = (methods: ReadonlyMap<string, number>): number =>
    [...READS].reduce((n, m) => n + (methods.get(m) ?? 0), 0);
  let scope = p.route(f);
  if (reads(scope.passed.methods) < 2) scope = p.area(f);
  const passed = reads(scope.passed.methods);
  const refused = scope.refused(f.class);
  if (passed < 2 || (scope.passed.methods.get(f.method) ?? 0) > 0) return null;
  // Reads of this very route that are refused as well are another rule's doing: it may have refused this one, too,
  // unless it refuses few of them where all of these are refused.
  if (reads(p.route(f).refused(f.class).methods) > 0) {
    const area = p.area(f);
    const ofArea = area.refused(f.class).methods;
    const isRare = reads(ofArea) * RARELY <= reads(area.passed.methods);
    if (!isRare || (ofArea.get(f.method) ?? 0) < 3 || (area.passed.methods.get(f.method) ?? 0) > 0) return null;
  }
  if (reads(refused.methods) > 0 && (refused.methods.get(f.method) ?? 0) < 3) return null;
  return {
    cause: 'config.method',
    confidence: passed >= 5 ? 0.82 : 0.7,
    says: `${f.method} is refused on ${f.area}, reads are let through`,
    contrast: [
      {
        field: 'method',
        value: f.method,
        refused: refused.methods.get(f.method) ?? 0,
        refusedOf: refused.n,
        passed: 0,
        passedOf: scope.passed.n,
      },
    ],
  };
}

const BURST_MIN = 4;
const BURST_MS_EACH = 1000;

/** Others get through on this very path, this client nowhere. */
function byAddress(f: Fact, p: Population): Inference | null {
  // Who is logged in may be refused for who he is, wherever he comes from.
  if (f.client === null || f.user !== null) return null;
  const own = p.client(f.client);
  const refusedHere = own.refused.get(f.class);
  // One refusal of a client that asked once says nothing about its address.
  if (refusedHere === undefined || refusedHere.n < 2) return null;
  const latest = own.passed[own.passed.length - 1];
  if (latest !== undefined && latest.timeMs > refusedHere.firstMs) return null;
  let scope = p.path(f);
  if (scope.passed.clients.size < CLIENTS_MIN) scope = p.route(f);
  // Refused wherever it went: then all that was let through is the other side.
  const paths = refusedHere.paths.size;
  if (scope.passed.clients.size < CLIENTS_MIN && paths >= 2) scope = p.all;
  const others = scope.passed.clients.size;
  if (others < CLIENTS_MIN || scope.refused(f.class).clients.size > others) return null;
  const routes = paths;
  // All at once and in one place: a limit that counts what it refuses looks the same.
  const span = refusedHere.lastMs - refusedHere.firstMs;
  const isBurst = refusedHere.n >= BURST_MIN && refusedHere.areas.size <= 1 && span < refusedHere.n * BURST_MS_EACH;
  return {
    ...(isBurst ? { likeness: 'limit.rate' as const } : {}),
    cause: 'address.denied',
    confidence: routes >= 3 ? 0.8 : routes >= 2 ? 0.72 : 0.6,
    says: `${f.client} is refused on ${routes} path${routes === 1 ? '' : 's'} and let through on none, ${others} other addresses are let through`,
    contrast: [
      {
        field: 'client',
        value: f.client,
        refused: refusedHere.n,
        refusedOf: p.all.refused(f.class).n,
        passed: 0,
        passedOf: scope.passed.n,
      },
    ],
  };
}

/** Several addresses of one network, each perhaps seen once: all of them refused where others get through. */
function byNetwork(f: Fact, p: Population): Inference | null {
  if (f.client === null) return null;
  const network = subnetOf(f.client);
  const refused = p.networkRefused(f.class, network);
  if (refused.clients < CLIENTS_MIN || refused.n < 5 || p.isNetworkPassed(network)) return null;
  // Here others get through: else it is the place that is closed, not the network.
  let scope = p.path(f);
  if (scope.passed.clients.size < CLIENTS_MIN) scope = p.route(f);
  if (scope.passed.clients.size < CLIENTS_MIN) return null;
  const others = p.all.passed.clients.size;
  if (others < refused.clients * 3) return null;
  return {
    cause: 'address.denied',
    confidence: refused.n >= 10 ? 0.8 : 0.7,
    says: `all ${refused.n} requests of ${refused.clients} addresses in ${network} are refused, others are let through here`,
    contrast: [
      {
        field: 'network',
        value: network,
        refused: refused.n,
        refusedOf: p.all.refused(f.class).n,
        passed: 0,
        passedOf: p.all.passed.n,
      },
    ],
  };
}

interface Company {
  /** Refused here, let through elsewhere; and here as well. */
  elsewhere: number;
  overlap: number;
  /** Networks of those who only get through here. */
  networks: number;
  /** Nobody who is refused comes from one of these. */
  strangers: boolean;
}

/** One answer for all refusals of a class in a scope: in a storm each of them asks. */
const companies = new WeakMap<Scope, Map<string, Company>>();

function companyOf(scope: Scope, ofClass: string, p: Population): Company {
  let known = companies.get(scope);
  if (known === undefined) {
    known = new Map();
    companies.set(scope, known);
  }
  let company = known.get(ofClass);
  if (company === undefined) {
    const refused = scope.refused(ofClass).clients;
    company = { elsewhere: 0, overlap: 0, networks: 0, strangers: true };
    for (const c of refused.keys()) {
      if (p.client(c).passed.length > 0) company.elsewhere++;
      if (scope.passed.clients.has(c)) company.overlap++;
    }
    const networks = new Set<string>();
    if (scope.passed.clients.size - company.overlap < 5000)
      for (const c of scope.passed.clients.keys()) if (!refused.has(c)) networks.add(networkOf(c));
    company.networks = networks.size;
    company.strangers = ![...refused.keys()].some((c) => networks.has(networkOf(c)));
    known.set(ofClass, company);
  }
  return company;
}

/** Hardly anybody gets through here; the same clients get through elsewhere. */
function byAllowList(f: Fact, p: Population): Inference | null {
  let scope = p.route(f);
  if (scope.refused(f.class).clients.size < CLIENTS_MIN) scope = p.area(f);
  const refused = scope.refused(f.class);
  if (refused.clients.size < CLIENTS_MIN) return null;
  const { elsewhere, overlap, networks, strangers } = companyOf(scope, f.class, p);
  if (overlap > refused.clients.size * 0.1) return null;
  if (scope.passed.n > 0 && isOneAgents(f, p, refused)) return null;
  const passedClients = scope.passed.clients.size - overlap;
  const concentrated = passedClients >= 2 && networks <= 3 && networks * 3 <= passedClients && strangers;
  if (concentrated || (passedClients >= 1 && passedClients <= refused.clients.size * 0.6)) {
    return {
      // Without neighbours among those who get through, they may as well have a key.
      ...(concentrated ? {} : { likeness: 'credential.missing' as const }),
      cause: 'address.not-allowed',
      confidence: scope.passed.n >= 5 ? 0.8 : 0.68,
      says: `${refused.clients.size} addresses are refused on ${f.area}, only ${passedClients} get through`,
      contrast: [
        {
          field: 'client',
          value: 'not on the list',
          refused: refused.n,
          refusedOf: refused.n,
          passed: 0,
          passedOf: scope.passed.n,
        },
      ],
    };
  }
  if (scope.passed.n === 0 && elsewhere >= CLIENTS_MIN) {
    return {
      cause: 'config.access',
      confidence: 0.55,
      says: `nobody gets through on ${f.area}: ${refused.clients.size} addresses are refused there`,
      contrast: [],
    };
  }
  return null;
}

/** All that is refused here has one agent, which gets through nowhere: that says as much as the addresses, and is simpler. */
function isOneAgents(f: Fact, p: Population, refused: Tally): boolean {
  if (f.agent === null || f.agent === '' || !p.isAgentTold || p.isAgentPassed(f.agent)) return false;
  let n = 0;
  for (const times of p.agentRefused(f.class, f.agent).values()) n += times;
  return n >= refused.n;
}

/** "10.20" of 10.20.3.4, "2001.db8" of 2001:db8::1: what a list of networks would hold. */

function byReferer(f: Fact, p: Population): Inference | null {
  if (f.refererHost === null || f.refererHost === '' || f.refererHost === f.host) return null;
  let scope = p.route(f);
  if (scope.passed.refererTold < PASSED_MIN) scope = p.area(f);
  if (scope.passed.refererTold < PASSED_MIN) return null;
  const refused = scope.refused(f.class);
  if ((scope.passed.referers.get(f.refererHost) ?? 0) > 0 || refused.withReferer < refused.n * 0.9) return null;
  // Each picture is a place of its own: how often that page was refused is seen around it.
  const often = p.area(f).refused(f.class).referers.get(f.refererHost) ?? 0;
  return {
    cause: 'origin.referer',
    confidence: Math.max(refused.n, often) >= 3 ? 0.82 : 0.7,
    says: `requests that come from ${f.refererHost} are refused, those with another or no Referer are let through`,
    contrast: [
      {
        field: 'referer',
        value: f.refererHost,
        refused: refused.withReferer,
        refusedOf: refused.n,
        passed: 0,
        passedOf: scope.passed.n,
      },
    ],
  };
}

/** The Origin header, where it is logged: this one is always refused, others or none are let through. */
function byOrigin(f: Fact, p: Population): Inference | null {
  if (f.attributes === null) return null;
  const key = Object.keys(f.attributes).find(isOriginKey);
  if (key === undefined) return null;
  const origin = f.attributes[key]!;
  if (!/^[a-z-]+:\/\//i.test(origin)) return null;
  let scope = p.route(f);
  if (scope.passed.n < PASSED_MIN) scope = p.area(f);
  const refused = p.attributeRefused(f.class, key, origin);
  if (scope.passed.n < PASSED_MIN || (p.attributePassed(key)?.get(origin) ?? 0) > 0) return null;
  return {
    cause: 'origin.cors',
    confidence: refused >= 3 ? 0.84 : 0.72,
    says: `requests with the Origin ${origin.slice(0, 80)} are refused, those with another or none are let through`,
    contrast: [
      {
        field: 'origin',
        value: origin.slice(0, 120),
        refused,
        refusedOf: p.all.refused(f.class).n,
        passed: 0,
        passedOf: scope.passed.n,
      },
    ],
  };
}

const NO_VALUE = /^(-{0,3}|XX|ZZ|T1|unknown)$/i;

/** A logged attribute (captured header, country, host) with a value that is always refused while its other values pass. */
function byAttribute(f: Fact, p: Population): Inference | null {
  if (f.attributes === null) return null;
  let best: Inference | null = null;
  for (const [key, value] of Object.entries(f.attributes)) {
    const country = isCountry(value);
    if (!country && !isHostAttribute(key, value)) continue;
    const passed = p.attributePassed(key);
    if (passed === null || passed.has(value)) continue;
    const others: string[] = [];
    let passedOther = 0;
    for (const [v, n] of passed) {
      if (NO_VALUE.test(v)) continue;
      passedOther += n;
      others.push(v);
    }
    // An attribute that is nearly always different is an id, not a kind.
    if (passedOther < 10 || others.length * 3 > passedOther) continue;
    if (!others.every(country ? isCountry : isHost)) continue;
    const refused = p.attributeRefused(f.class, key, value);
    if (refused < 2) continue;
    const confidence = refused >= 4 ? 0.88 : 0.82;
    if (best !== null && best.confidence >= confidence) continue;
    best = {
      cause: country ? 'address.geo' : 'config.host',
      confidence,
      says: country
        ? `all ${refused} requests from ${value} are refused, ${passedOther} from elsewhere are let through`
        : `all ${refused} requests for the host ${value} are refused, ${passedOther} for ${others.length} other hosts are let through`,
      contrast: [
        {
          field: country ? 'country' : 'host',
          value,
          refused,
          refusedOf: p.all.refused(f.class).n,
          passed: 0,
          passedOf: passedOther,
        },
      ],
    };
  }
  return best;
}

const RATE_WINDOW_MS = 60_000;

/** The client got through several times on this route just before. */
function byRate(f: Fact, p: Population): Inference | null {
  const own = p.client(f.client);
  const sameRoute = (x: { route: string; area: string; path: string }): boolean =>
    x.route === f.route || (x.area === f.area && x.area.length > 1 && x.area !== x.path);
  let before = 0;
  let first = Infinity;
  let latest = -Infinity;
  // In order of time: look back from the end of the window only.
  let i = firstAfter(own.passed, f.timeMs + 1000) - 1;
  for (; i >= 0 && own.passed[i]!.timeMs > f.timeMs - RATE_WINDOW_MS; i--) {
    const x = own.passed[i]!;
    if (x.method !== f.method || !sameRoute(x)) continue;
    before++;
    first = Math.min(first, x.timeMs);
    latest = Math.max(latest, x.timeMs);
    if (before >= 500) break;
  }
  if (before < 4 || f.timeMs - latest > RATE_WINDOW_MS / 2) return null;
  // What nobody ever gets is not refused for how often it was asked for.
  if (p.path(f).passed.n === 0 && p.route(f).passed.n === 0) return null;
  const span = latest - first;
  if (before / Math.max(1, span / 1000) < 0.3) return null;
  const ofClass = own.refused.get(f.class);
  const refused = Math.max(ofClass?.routes.get(f.route) ?? 0, ofClass?.areas.get(f.area) ?? 0, 1);
  return {
    cause: 'limit.rate',
    confidence: before >= 8 ? 0.85 : before >= 6 ? 0.78 : 0.66,
    says: `${before} requests of ${f.client} to this route were let through in ${Math.max(1, Math.round(span / 1000))} s, then ${refused} refused`,
    contrast: [
      {
        field: 'client',
        value: f.client ?? '',
        refused,
        refusedOf: refused,
        passed: before,
        passedOf: own.passed.length,
      },
    ],
  };
}

function firstAfter(list: { timeMs: number }[], timeMs: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (list[mid]!.timeMs <= timeMs) low = mid + 1;
    else high = mid;
  }
  return low;
}

function byAgent(f: Fact, p: Population): Inference | null {
  if (f.agent === null || f.agent === '' || p.isAgentPassed(f.agent) || !p.isAgentTold) return null;
  const clients = p.agentRefused(f.class, f.agent);
  let refused = 0;
  for (const n of clients.values()) refused += n;
  let scope = p.path(f);
  if (scope.passed.n < PASSED_MIN) scope = p.route(f);
  if (scope.passed.n < PASSED_MIN && refused >= 3) scope = p.all;
  if (refused < 2 || scope.passed.n < PASSED_MIN) return null;
  const sameClientPassed = [...clients.keys()].slice(0, 50).some((c) => p.client(c).passed.length > 0);
  if (clients.size < 2 && !sameClientPassed) return null;
  return {
    cause: 'config.rewrite',
    confidence: clients.size >= 3 || sameClientPassed ? 0.72 : 0.6,
    says: `the user agent ${f.agent.slice(0, 80)} is refused everywhere, others are let through`,
    contrast: [
      {
        field: 'user agent',
        value: f.agent.slice(0, 120),
        refused,
        refusedOf: p.all.refused(f.class).n,
        passed: 0,
        passedOf: scope.passed.n,
      },
    ],
  };
}

/** The same of an agent that stands among the captured headers of a log without a column for it. */
function byCapturedAgent(f: Fact, p: Population): Inference | null {
  if (f.attributes === null || f.agent !== null) return null;
  const found = Object.entries(f.attributes).find(([key, value]) => isAgentAttribute(key, value));
  if (found === undefined) return null;
  const [key, agent] = found;
  const passed = p.attributePassed(key);
  if (passed === null || passed.has(agent)) return null;
  let passedOther = 0;
  for (const [value, n] of passed) if (isAgentAttribute(key, value)) passedOther += n;
  const refused = p.attributeRefused(f.class, key, agent);
  // Refusals of one address alone are as likely about the address.
  const own = p.client(f.client);
  const ownRefused = own.refused.get(f.class)?.n ?? 1;
  if (passedOther < 10 || refused < 3 || (refused <= ownRefused && own.passed.length === 0)) return null;
  return {
    cause: 'config.rewrite',
    confidence: refused >= 5 && refused >= ownRefused * 2 ? 0.82 : 0.72,
    says: `the user agent ${agent.slice(0, 80)} is refused everywhere, others are let through`,
    contrast: [
      {
        field: 'user agent',
        value: agent.slice(0, 120),
        refused,
        refusedOf: p.all.refused(f.class).n,
        passed: 0,
        passedOf: passedOther,
      },
    ],
  };
}

function byHost(f: Fact, p: Population): Inference | null {
  if (f.host === null) return null;
  const scope = p.host(f);
  const refused = scope.refused(f.class);
  if (scope.passed.n > 0 || refused.n < 2 || p.hostsPassed === 0) return null;
  const bare = /^[\d.:[\]]+$/.test(f.host);
  if (refused.clients.size < 3 && !bare) return null;
  return {
    cause: 'config.host',
    confidence: bare ? 0.86 : 0.65,
    says: `every request for the host ${f.host} is refused, ${p.hostsPassed} other hosts are served`,
    contrast: [
      { field: 'host', value: f.host, refused: refused.n, refusedOf: refused.n, passed: 0, passedOf: p.all.passed.n },
    ],
  };
}

const EXPIRY = /^(e|exp|expires?|expiry|expires_at|valid_?until|x-goog-expires)$/i;
const SIGNATURE = /^(md5|sha1|sig|signature|hash|hmac|st|s|token|x-amz-signature|x-goog-signature|key-pair-id)$/i;

/** A link that carries its own expiry and signature in the query: the expiry has passed, or the signature is wrong. */
function bySignedLink(f: Fact, p: Population): Inference | null {
  if (f.query === null) return null;
  let expiry: number | null = null;
  let signed = false;
  for (const pair of f.query.split('&')) {
    const eq = pair.indexOf('=');
    if (eq < 1) continue;
    const name = pair.slice(0, eq);
    const value = pair.slice(eq + 1);
    if (EXPIRY.test(name) && /^\d{10}(\d{3})?$/.test(value)) expiry = Number(value.slice(0, 10)) * 1000;
    else if (SIGNATURE.test(name) && value.length >= 8) signed = true;
  }
  if (expiry === null || !signed) return null;
  const passed = p.area(f).passed.n;
  if (expiry < f.timeMs) {
    return {
      cause: 'credential.expired',
      confidence: passed > 0 ? 0.88 : 0.8,
      says: `the signed link was valid until ${new Date(expiry).toISOString()}`,
      contrast: [],
    };
  }
  return {
    cause: 'credential.invalid',
    confidence: passed > 0 ? 0.82 : 0.7,
    says: `the signed link has not expired (valid until ${new Date(expiry).toISOString()}), so its signature is wrong`,
    contrast: [],
  };
}
