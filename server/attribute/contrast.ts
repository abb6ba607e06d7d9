/**
 * Where no line says why: what do the refused requests have in common that the ones let through on the same
 * route do not? Each rule names the contrast it rests on and stays silent when the sample is small. Pure.
 */
import type { Contrast } from '../model/request.ts';
import type { Cause } from '../model/taxonomy.ts';
import type { Fact, Population } from './population.ts';

export interface Inference {
  cause: Cause;
  confidence: number;
  says: string;
  contrast: Contrast[];
}

/** Fewer let-through requests than this are no contrast. */
const PASSED_MIN = 3;
const CLIENTS_MIN = 3;

const distinct = (facts: Fact[], of: (f: Fact) => string | null): Set<string> => {
  const out = new Set<string>();
  for (const f of facts) {
    const v = of(f);
    if (v !== null) out.add(v);
  }
  return out;
};

/** All inferences that hold, best first. `allowed` limits them to the causes a line left open; null = any. */
export function contrast(fact: Fact, population: Population, allowed: readonly Cause[] | null): Inference[] {
  const found = [
    byMethod(fact, population),
    byAddress(fact, population),
    byAllowList(fact, population),
    byReferer(fact, population),
    byAttribute(fact, population),
    byRate(fact, population),
    byAgent(fact, population),
    byHost(fact, population),
    bySignedLink(fact, population),
  ].filter((x): x is Inference => x !== null && (allowed === null || allowed.includes(x.cause)));
  return found.sort((a, b) => b.confidence - a.confidence);
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

function byMethod(f: Fact, p: Population): Inference | null {
  if (READS.has(f.method)) return null;
  let scope = p.route(f);
  let passed = scope.passed.filter((x) => READS.has(x.method));
  if (passed.length < 2) {
    scope = p.area(f);
    passed = scope.passed.filter((x) => READS.has(x.method));
  }
  const sameMethodPassed = scope.passed.filter((x) => x.method === f.method).length;
  const refused = scope.refused.filter((x) => x.class === f.class);
  if (passed.length < 2 || sameMethodPassed > 0) return null;
  if (refused.some((x) => READS.has(x.method))) return null;
  return {
    cause: 'config.method',
    confidence: passed.length >= 5 ? 0.82 : 0.7,
    says: `${f.method} is refused on ${f.area}, reads are let through`,
    contrast: [
      {
        field: 'method',
        value: f.method,
        refused: refused.filter((x) => x.method === f.method).length,
        refusedOf: refused.length,
        passed: 0,
        passedOf: scope.passed.length,
      },
    ],
  };
}

/** Others get through on this very path, this client nowhere. */
function byAddress(f: Fact, p: Population): Inference | null {
  if (f.client === null) return null;
  const own = p.client(f);
  const refusedHere = own.refused.filter((x) => x.class === f.class);
  const firstRefusal = Math.min(...refusedHere.map((x) => x.timeMs), f.timeMs);
  const passedSince = own.passed.filter((x) => x.timeMs > firstRefusal);
  if (passedSince.length > 0) return null;
  let scope = p.path(f);
  if (distinct(scope.passed, (x) => x.client).size < CLIENTS_MIN) scope = p.route(f);
  const others = distinct(scope.passed, (x) => x.client);
  if (others.size < CLIENTS_MIN) return null;
  const routes = distinct(refusedHere, (x) => x.path).size;
  const refusedClients = distinct(
    scope.refused.filter((x) => x.class === f.class),
    (x) => x.client,
  );
  if (refusedClients.size > others.size) return null;
  // One refusal of a client that asked once says nothing about its address.
  if (refusedHere.length < 2) return null;
  return {
    cause: 'address.denied',
    confidence: routes >= 3 ? 0.8 : routes >= 2 ? 0.72 : 0.6,
    says: `${f.client} is refused on ${routes} path${routes === 1 ? '' : 's'} and let through on none, ${others.size} other addresses are let through`,
    contrast: [
      {
        field: 'client',
        value: f.client,
        refused: refusedHere.length,
        refusedOf: p.all.refused.filter((x) => x.class === f.class).length,
        passed: 0,
        passedOf: scope.passed.length,
      },
    ],
  };
}

/** Hardly anybody gets through here; the same clients get through elsewhere. */
function byAllowList(f: Fact, p: Population): Inference | null {
  let scope = p.route(f);
  let refused = scope.refused.filter((x) => x.class === f.class);
  if (distinct(refused, (x) => x.client).size < CLIENTS_MIN) {
    scope = p.area(f);
    refused = scope.refused.filter((x) => x.class === f.class);
  }
  const refusedClients = distinct(refused, (x) => x.client);
  if (refusedClients.size < CLIENTS_MIN) return null;
  const elsewhere = [...refusedClients].filter((c) => p.client({ ...f, client: c }).passed.length > 0).length;
  const passedClients = distinct(scope.passed, (x) => x.client);
  for (const c of refusedClients) passedClients.delete(c);
  const networks = distinct(
    [...passedClients].map((client) => ({ ...f, client })),
    (x) => networkOf(x.client),
  );
  const strangers = ![...refusedClients].some((c) => networks.has(networkOf(c) ?? ''));
  const concentrated =
    passedClients.size >= 2 && networks.size <= 3 && networks.size * 3 <= passedClients.size && strangers;
  const overlap = distinct(scope.passed, (x) => x.client).size - passedClients.size;
  if (overlap > refusedClients.size * 0.1) return null;
  if (concentrated || (passedClients.size >= 1 && passedClients.size <= refusedClients.size * 0.6)) {
    return {
      cause: 'address.not-allowed',
      confidence: scope.passed.length >= 5 ? 0.8 : 0.68,
      says: `${refusedClients.size} addresses are refused on ${f.area}, only ${passedClients.size} get through`,
      contrast: [
        {
          field: 'client',
          value: 'not on the list',
          refused: refused.length,
          refusedOf: refused.length,
          passed: 0,
          passedOf: scope.passed.length,
        },
      ],
    };
  }
  if (passedClients.size === 0 && scope.passed.length === 0 && elsewhere >= CLIENTS_MIN) {
    return {
      cause: 'config.access',
      confidence: 0.55,
      says: `nobody gets through on ${f.area}: ${refusedClients.size} addresses are refused there`,
      contrast: [],
    };
  }
  return null;
}

/** "10.20" of 10.20.3.4, "2001:db8" of 2001:db8::1: what a list of networks would hold. */
function networkOf(client: string | null): string | null {
  if (client === null) return null;
  const parts = client.split(client.includes(':') ? ':' : '.');
  return parts.slice(0, 2).join('.');
}

function byReferer(f: Fact, p: Population): Inference | null {
  if (f.refererHost === null || f.refererHost === '' || f.refererHost === f.host) return null;
  let scope = p.route(f);
  if (scope.passed.length < PASSED_MIN) scope = p.area(f);
  if (scope.passed.length < PASSED_MIN) return null;
  const refused = scope.refused.filter((x) => x.class === f.class);
  const foreignPassed = scope.passed.filter((x) => x.refererHost === f.refererHost).length;
  const withReferer = refused.filter((x) => x.refererHost !== null && x.refererHost !== '').length;
  if (foreignPassed > 0 || withReferer < refused.length * 0.9) return null;
  return {
    cause: 'origin.referer',
    confidence: refused.length >= 3 ? 0.82 : 0.7,
    says: `requests that come from ${f.refererHost} are refused, those with another or no Referer are let through`,
    contrast: [
      {
        field: 'referer',
        value: f.refererHost,
        refused: withReferer,
        refusedOf: refused.length,
        passed: 0,
        passedOf: scope.passed.length,
      },
    ],
  };
}

const COUNTRY = /^[A-Z]{2}$/;
const NO_VALUE = /^(-{0,3}|XX|ZZ|T1|unknown)$/i;
const HOST = /^([a-z0-9-]+\.)+[a-z0-9-]{1,24}(:\d+)?$/i;

/** A logged attribute (captured header, country, host) with a value that is always refused while its other values pass. */
function byAttribute(f: Fact, p: Population): Inference | null {
  if (f.attributes === null) return null;
  let best: Inference | null = null;
  for (const [key, value] of Object.entries(f.attributes)) {
    const country = COUNTRY.test(value);
    if (!country && !HOST.test(value)) continue;
    const others = new Map<string, number>();
    let passedSame = 0;
    let passedOther = 0;
    for (const x of p.all.passed) {
      const v = x.attributes?.[key];
      if (v === undefined || NO_VALUE.test(v)) continue;
      if (v === value) passedSame++;
      else {
        passedOther++;
        others.set(v, (others.get(v) ?? 0) + 1);
      }
    }
    // An attribute that is nearly always different is an id, not a kind.
    if (passedSame > 0 || passedOther < 10 || others.size * 3 > passedOther) continue;
    if (![...others.keys()].every((v) => (country ? COUNTRY : HOST).test(v))) continue;
    const ofClass = p.all.refused.filter((x) => x.class === f.class);
    const refused = ofClass.filter((x) => x.attributes?.[key] === value).length;
    if (refused < 2) continue;
    const confidence = refused >= 4 ? 0.88 : 0.82;
    if (best !== null && best.confidence >= confidence) continue;
    best = {
      cause: country ? 'address.geo' : 'config.host',
      confidence,
      says: country
        ? `all ${refused} requests from ${value} are refused, ${passedOther} from elsewhere are let through`
        : `all ${refused} requests for the host ${value} are refused, ${passedOther} for ${others.size} other hosts are let through`,
      contrast: [
        {
          field: country ? 'country' : 'host',
          value,
          refused,
          refusedOf: ofClass.length,
          passed: 0,
          passedOf: passedOther,
        },
      ],
    };
  }
  return best;
}

/** The client got through several times on this route just before, and gets through again later or did so fast. */
function byRate(f: Fact, p: Population): Inference | null {
  const own = p.client(f);
  const window = 60_000;
  const before = own.passed.filter(
    (x) => x.timeMs <= f.timeMs + 1000 && x.timeMs > f.timeMs - window && x.method === f.method && sameRoute(x, f),
  );
  if (before.length < 4) return null;
  const latest = Math.max(...before.map((x) => x.timeMs));
  if (f.timeMs - latest > 30_000) return null;
  const refused = own.refused.filter((x) => x.class === f.class && sameRoute(x, f));
  const span = latest - Math.min(...before.map((x) => x.timeMs));
  const perSecond = before.length / Math.max(1, span / 1000);
  if (perSecond < 0.3) return null;
  return {
    cause: 'limit.rate',
    confidence: before.length >= 8 ? 0.85 : before.length >= 6 ? 0.78 : 0.66,
    says: `${before.length} requests of ${f.client} to this route were let through in ${Math.max(1, Math.round(span / 1000))} s, then ${refused.length} refused`,
    contrast: [
      {
        field: 'client',
        value: f.client ?? '',
        refused: refused.length,
        refusedOf: refused.length,
        passed: before.length,
        passedOf: own.passed.length,
      },
    ],
  };
}

function sameRoute(a: Fact, b: Fact): boolean {
  return a.route === b.route || (a.area === b.area && a.area.length > 1 && a.area !== a.path);
}

function byAgent(f: Fact, p: Population): Inference | null {
  if (f.agent === null || f.agent === '') return null;
  const refused = p.all.refused.filter((x) => x.class === f.class && x.agent === f.agent);
  const passedAgent = p.all.passed.filter((x) => x.agent === f.agent).length;
  let scope = p.path(f);
  if (scope.passed.length < PASSED_MIN) scope = p.route(f);
  if (passedAgent > 0 || refused.length < 2 || scope.passed.length < PASSED_MIN) return null;
  const clients = distinct(refused, (x) => x.client);
  const sameClientPassed = [...clients].some((c) => p.client({ ...f, client: c }).passed.length > 0);
  if (clients.size < 2 && !sameClientPassed) return null;
  return {
    cause: 'config.rewrite',
    confidence: clients.size >= 3 || sameClientPassed ? 0.72 : 0.6,
    says: `the user agent ${f.agent.slice(0, 80)} is refused everywhere, others are let through`,
    contrast: [
      {
        field: 'user agent',
        value: f.agent.slice(0, 120),
        refused: refused.length,
        refusedOf: p.all.refused.filter((x) => x.class === f.class).length,
        passed: 0,
        passedOf: scope.passed.length,
      },
    ],
  };
}

function byHost(f: Fact, p: Population): Inference | null {
  if (f.host === null) return null;
  const scope = p.host(f);
  const refused = scope.refused.filter((x) => x.class === f.class);
  if (scope.passed.length > 0 || refused.length < 2) return null;
  const others = distinct(p.all.passed, (x) => x.host);
  if (others.size === 0) return null;
  const paths = distinct(refused, (x) => x.path).size;
  const bare = /^[\d.:[\]]+$/.test(f.host);
  if (paths < 3 && !bare) return null;
  return {
    cause: 'config.host',
    confidence: bare ? 0.86 : 0.65,
    says: `every request for the host ${f.host} is refused, ${others.size} other hosts are served`,
    contrast: [
      {
        field: 'host',
        value: f.host,
        refused: refused.length,
        refusedOf: refused.length,
        passed: 0,
        passedOf: p.all.passed.length,
      },
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
  const passed = p.area(f).passed.length;
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
