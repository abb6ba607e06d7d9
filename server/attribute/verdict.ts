/**
 * Who decided, and why: weighs what the lines of one request say, what the product's silence implies, and the
 * contrast with requests that were let through. Pure. Two steps, because a contrast needs all refusals of the
 * same class: `assess` looks at one request alone, `conclude` at one in the light of all.
 */
import { type Entry, entryWith } from '../../parsers/entry.ts';
import { DETAIL_CHARS } from '../limits.ts';
import type { Evidence, Hop, LinkedRequest, Verdict } from '../model/request.ts';
import { type Cause, LAYERS, type Layer, type Role } from '../model/taxonomy.ts';
import type { Ban, Bans } from './bans.ts';
import { calibrated, isAlike } from './calibrate.ts';
import { contrast, type Inference } from './contrast.ts';
import { matchSignals } from './match.ts';
import { type Fact, factOf, type Population } from './population.ts';
import type { SignalMatch } from './signal.ts';
import { isReason, statesRefusal } from './signals/reasons.ts';
import { clean } from './signals/words.ts';
import { resolveWaf, type WafVerdict } from './waf.ts';

/** One reading of why, with the line that gives it. */
interface Candidate {
  cause: Cause;
  alternatives: readonly Cause[];
  certainty: 'stated' | 'implied';
  confidence: number;
  layer: Layer;
  hop: number;
  match: SignalMatch;
}

export interface Assessment {
  request: LinkedRequest;
  /** Innermost hop that answered with a refused status (or the only one there is). */
  decider: number;
  candidates: Candidate[];
  waf: WafVerdict | null;
  wafHop: number;
  /** Access hops further in than the decider, with another status: the decider withheld or replaced their answer. */
  withheld: number[];
  fact: Fact;
}

/** Causes for which a product at its default level leaves no line in its error log; all others it logs. */
const LEFT_WHEN_SILENT: Record<string, readonly Cause[] | undefined> = {
  nginx: [
    'origin.referer',
    'credential.expired',
    'credential.invalid',
    'config.rewrite',
    'config.host',
    'address.geo',
    'origin.cors',
  ],
  apache: ['origin.referer', 'config.rewrite', 'address.geo', 'origin.cors'],
};
/** Names under which a product is sold whose silence is that of another. */
const BUILT_ON: Record<string, string | undefined> = { npm: 'nginx', npmplus: 'nginx' };

const productOf = (dataset: string): string => {
  const name = dataset.split('.')[0]!;
  return BUILT_ON[name] ?? name;
};

/** Layers whose products refuse by rules of their own without a line that says so. */
const RULE_LAYERS = new Set<Layer>(['cdn', 'loadbalancer', 'gateway', 'web', 'waf', 'network']);
/** Below this a line has only named a mechanism, and contrast may say which use of it. */
const OPEN_BELOW = 0.7;
/** A line that names no request is listened to from this sureness on. */
const LISTENED_FROM = 0.3;
/** A line that only informs is a reason less surely than one that warns. */
const QUIETLY = 0.8;
/** What a comparison alone has to reach. */
const SURE_ENOUGH = 0.6;
/** Below this the likeliest cause is more often wrong than right. */
const GUESS_BELOW = 0.48;

const depth = (layer: Layer): number => LAYERS.indexOf(layer);

/** `isProxy`: an address that in this source's lines stands for one of our own proxies, not for a client. */
export function assess(
  request: LinkedRequest,
  refusedStatus: ReadonlySet<number>,
  isProxy: (sourceId: number, address: string) => boolean = () => false,
): Assessment {
  const { hops } = request;
  const decider = innermostRefusal(hops, refusedStatus);
  const withheld: number[] = [];
  for (let i = 0; i < hops.length; i++) {
    const h = hops[i]!;
    if (i !== decider && h.entry.kind === 'access' && isInner(hops, i, decider)) withheld.push(i);
  }
  const candidates: Candidate[] = [];
  const relays = decider > 0 && hops[decider]!.entry.kind === 'access';
  for (let i = 0; i < hops.length; i++) {
    const hop = hops[i]!;
    // Somebody further in answered with the refusal: a field of an outer access line cannot be its reason.
    if (relays && i < decider && hop.entry.kind === 'access') continue;
    // Rather another request's line: what it says is no reason of this one.
    if (hop.link.kind === 'neighbour' && hop.speaks < LISTENED_FROM) continue;
    for (const match of matchSignals(hop.entry)) {
      const s = match.signal;
      // A backend that failed is no refusal by itself; it is the reason where the answer was one.
      const failed =
        s.kind === 'context' &&
        s.cause === 'gateway.upstream' &&
        !hops.some((h) => h.layer === hop.layer && h.entry.upstreamStatusCode === request.status);
      // What an application says without raising its voice, under the id of the request that it refused.
      const quiet = s.kind === 'context' && isReason(match) && hop.link.kind === 'id' && hop.entry.kind === 'app';
      if ((s.kind !== 'decision' && !failed && !quiet) || s.cause === null) continue;
      const status = hop.entry.httpResponseStatusCode ?? request.status;
      if (!(s.status ?? [403]).includes(status) && !refusedStatus.has(status)) continue;
      candidates.push({
        cause: s.cause,
        alternatives: s.alternatives ?? [],
        certainty: s.certainty,
        confidence: s.confidence * (0.5 + 0.5 * hop.speaks) * (quiet ? QUIETLY : 1),
        layer: s.layer ?? hop.layer,
        hop: i,
        match,
      });
    }
  }
  // Where the product names the class of its rule, that says more than its id.
  const named = new Set(candidates.filter((c) => c.match.signal.namesClass).map((c) => c.hop));
  const wafHops = hops
    .map((h, i) => ({ h, i }))
    .filter(({ h, i }) => !named.has(i) && (h.entry.rules !== null || h.entry.kind === 'audit'));
  const waf = wafHops.length > 0 ? resolveWaf(wafHops.map(({ h }) => h.entry)) : null;
  const wafHop =
    waf === null ? -1 : (wafHops.find(({ h }) => h.entry.rules?.some((r) => r.id === waf.ruleId)) ?? wafHops[0]!).i;
  const best = strongest(candidates, hops, decider);
  const manner = waf ? 'waf' : best ? best.match.signal.id : 'silent';
  return {
    request,
    decider,
    candidates,
    waf,
    wafHop,
    withheld,
    fact: factOf(
      [hops[decider]!.entry, ...hops.map((h) => h.entry)].map(clientSide(clientOf(hops, isProxy))),
      request.timeMs,
      true,
      `${hops[decider]!.path}|${manner}`,
    ),
  };
}

/** Who asked: what the outermost line that tells says, or what a proxy of ours told it; null = only proxies are known. */
function clientOf(hops: Hop[], isProxy: (sourceId: number, address: string) => boolean): string | null {
  for (const { entry, line } of hops) {
    const told = [entry.clientAddress, ...(entry.forwardedFor ?? '').split(',')].map((a) => a?.trim() ?? '');
    const client = told.find((a) => a !== '' && a !== '-' && !isProxy(line.sourceId, a));
    if (client !== undefined) return client;
  }
  return null;
}

/** The client is what the outermost line says; everything else what the decider saw. */
function clientSide(client: string | null): (entry: Entry, index: number) => Entry {
  return (entry) => (entry.clientAddress === client ? entry : entryWith(entry, { clientAddress: client }));
}

function innermostRefusal(hops: Hop[], refusedStatus: ReadonlySet<number>): number {
  let best = 0;
  for (let i = 1; i < hops.length; i++) {
    const e = hops[i]!.entry;
    if (e.kind !== 'access' || !refusedStatus.has(e.httpResponseStatusCode ?? 0)) continue;
    if (hops[best]!.entry.kind !== 'access' || isInner(hops, i, best)) best = i;
  }
  return best;
}

/** Is hop a further in than hop b? Hops stand outermost first, the counted line at 0. */
function isInner(hops: Hop[], a: number, b: number): boolean {
  const da = hops[a]!.order;
  const db = hops[b]!.order;
  return da !== db ? da > db : a > b;
}

/** The line that tells most: stated before implied, then the surest; lines of the deciding layer and further in first. */
function strongest(candidates: Candidate[], hops: Hop[], decider: number): Candidate | null {
  let best: Candidate | null = null;
  let bestWeight = -1;
  for (const c of candidates) {
    let weight = c.confidence + (c.certainty === 'stated' ? 0.15 : 0);
    // An outer layer's own reason cannot stand where an inner layer is known to have refused.
    const outside = hops[c.hop]!.order < hops[decider]!.order;
    if (outside) weight -= 0.5;
    if (weight > bestWeight) {
      best = c;
      bestWeight = weight;
    }
  }
  return best;
}

export interface Surroundings {
  population: Population;
  bans: Bans;
  /** Is the error log of the server that wrote this access log among the sources? Then its silence means something. */
  hasErrorLog: (accessPath: string, product: string) => boolean;
  /** Does any log further in than this layer tell of requests? Without one, what stands behind a server is silent too. */
  hasInner: (layer: Layer) => boolean;
  /** Do the logs further in know other requests of this place? Without one, its inner log may not be here. */
  goesInside: (a: Assessment) => boolean;
  /** Sizes of the refusals of this access log that its server is known to have made itself. */
  ownSizes: (accessPath: string) => ReadonlySet<number>;
}

/** The size of a refusal that the server made itself, as a line of its error log shows; null = not told. */
export function ownSize(a: Assessment): { path: string; size: number } | null {
  const decided = a.request.hops[a.decider]!;
  const product = productOf(decided.entry.dataset);
  if (decided.entry.kind !== 'access' || decided.entry.httpResponseBodySize === null) return null;
  const said = a.candidates.some((c) => {
    const { entry, layer } = a.request.hops[c.hop]!;
    return (
      entry.kind === 'error' && layer === decided.layer && (productOf(entry.dataset) === product || product === 'clf')
    );
  });
  return said ? { path: decided.path, size: decided.entry.httpResponseBodySize } : null;
}

/** The place that a request asked for, as the log that decided names it, and whether a log further in has such a request. */
export function placeOf(a: Assessment): { place: string; goesInside: boolean } {
  const { hops } = a.request;
  const decided = hops[a.decider]!;
  const inside = hops.some((h) => h.entry.kind === 'access' && h.order > hops[0]!.order);
  return { place: `${hops[0]!.path} ${a.fact.area}`, goesInside: inside && decided.entry.kind === 'access' };
}

/** nginx's page for 403, with and without version, with and without padding for old browsers. */
function isNginxPage(size: number | null): boolean {
  return size !== null && ((size >= 146 && size <= 175) || (size >= 548 && size <= 580));
}

/** Is there something that only a comparison with other requests can tell? */
export function needsContrast(a: Assessment): boolean {
  if (a.waf) return isRefusalBelowWaf(a);
  const best = strongest(a.candidates, a.request.hops, a.decider);
  return best === null || (best.confidence < OPEN_BELOW && best.certainty !== 'stated');
}

export function conclude(a: Assessment, around: Surroundings): Verdict {
  const v = decide(a, around);
  const confidence = calibrated(v.certainty, v.confidence);
  // What is left is shared by the other readings.
  const rest = v.alternatives.reduce((n, x) => n + x.confidence, 0);
  const scale = rest > 1 - confidence ? (1 - confidence) / rest : 1;
  return {
    ...v,
    confidence,
    detail: isAlike(v.certainty, v.confidence) ? `${v.detail}${cannotTell(v)}`.slice(0, DETAIL_CHARS) : v.detail,
    alternatives: v.alternatives.map((x) => ({ ...x, confidence: Math.round(x.confidence * scale * 100) / 100 })),
  };
}

/** "; the logs cannot tell it from address.denied or address.not-allowed" */
function cannotTell({ alternatives }: Verdict): string {
  const others = alternatives.map((x) => x.cause).filter((c) => c !== 'unknown');
  return others.length === 0 ? '' : `; the logs cannot tell it from ${others.join(' or ')}`;
}

function decide(a: Assessment, around: Surroundings): Verdict {
  const { hops } = a.request;
  const decided = hops[a.decider]!;
  const innerRefused = isRefusalBelowWaf(a);
  if (a.waf && !(innerRefused && a.waf.direction === 'request')) return fromWaf(a, a.waf);

  const ban = banOf(a, around);
  const best = byExpiry(strongest(a.candidates, hops, a.decider), a, around);

  if (best && (best.confidence >= OPEN_BELOW || best.certainty === 'stated')) {
    if (ban && best.certainty === 'implied' && isAddressLike(best)) return fromBan(a, ban, best);
    return fromCandidate(a, best, around, null);
  }
  if (ban && (best === null || isAddressLike(best)) && decided.layer !== 'app') return fromBan(a, ban, best);

  // An error line leaves open what its text can stand for; a field of an access line only says that the layer refused.
  const open = best === null || hops[best.hop]!.entry.kind === 'access' ? null : [best.cause, ...best.alternatives];
  const inferences = contrast(a.fact, around.population, open);
  const inference = inferences[0];
  if (best && inference) return fromCandidate(a, best, around, inference);
  // That the application gives no reason is no guess: it is what its log shows.
  if (best && (best.confidence >= GUESS_BELOW || best.cause === 'app.unexplained'))
    return fromCandidate(a, best, around, null);
  // A field that only shows that the layer refused is no reason: better no cause than the likeliest of many.
  if (best) return undecided(a, best);
  return silent(a, around, inferences);
}

/** Whoever enforces bans asks for them from time to time. */
const ENFORCED_MS = 60_000;

/** A ban under which its address was let through is not enforced here, or no longer: a mail server's, say. */
function banOf({ fact, request }: Assessment, around: Surroundings): Ban | null {
  const ban = around.bans.at(fact.client, request.timeMs);
  if (ban === null) return null;
  const { passed } = around.population.client(fact.client);
  const isIgnored = passed.some((p) => p.timeMs > ban.fromMs + ENFORCED_MS && p.timeMs < request.timeMs);
  return isIgnored ? null : ban;
}

/** One text for a wrong signature and one that has expired: the link in the access line has its expiry in it. */
function byExpiry(best: Candidate | null, a: Assessment, around: Surroundings): Candidate | null {
  const isBoth = (c: Candidate): boolean => EXPIRY.every((x) => x === c.cause || c.alternatives.includes(x));
  if (best === null || !a.candidates.some((c) => c.hop === best.hop && isBoth(c))) return best;
  const told = contrast(a.fact, around.population, EXPIRY)[0];
  if (told === undefined || told.cause === best.cause) return best;
  const { match } = best;
  return {
    ...best,
    cause: told.cause,
    alternatives: [best.cause],
    confidence: Math.max(best.confidence, told.confidence),
    match: { ...match, says: `${match.says}; ${told.says}` },
  };
}

const EXPIRY: readonly Cause[] = ['credential.expired', 'credential.invalid'];

/** An application that answered 403 itself decided, whatever the WAF only matched. */
function isRefusalBelowWaf(a: Assessment): boolean {
  return depth(a.request.hops[a.decider]!.layer) > depth('web');
}

function isAddressLike(c: Candidate): boolean {
  return [c.cause, ...c.alternatives].some((x) => x.startsWith('address.') || x === 'limit.rate');
}

function fromWaf(a: Assessment, waf: WafVerdict): Verdict {
  const hop = a.request.hops[a.wafHop] ?? a.request.hops[0]!;
  return verdict(a, {
    cause: waf.cause,
    certainty: waf.certainty,
    confidence: waf.confidence,
    layer: 'waf',
    path: hop.path,
    rule: waf.ruleId,
    detail: waf.says,
    evidence: [evidence(hop, waf.says, waf.ruleId, null)],
    alternatives: waf.alternatives,
    parameter: waf.variable,
    decidedHop: a.wafHop,
  });
}

function fromBan(a: Assessment, ban: Ban, best: Candidate | null): Verdict {
  const hop = a.request.hops[a.decider]!;
  const says = `${ban.address} was banned by ${ban.by} at ${new Date(ban.fromMs).toISOString()}`;
  const rate = /evasive|dos/i.test(ban.by) || /dos|flood/i.test(ban.record.entry.message ?? '');
  const proof: Evidence[] = best
    ? [evidence(a.request.hops[best.hop]!, best.match.says, best.match.text, best.match.signal.source)]
    : [];
  return verdict(a, {
    cause: rate ? 'limit.rate' : 'address.reputation',
    certainty: 'stated',
    confidence: 0.9,
    layer: hop.layer,
    path: hop.path,
    rule: ban.by,
    detail: says,
    evidence: [...proof, { path: ban.path, line: ban.record.line.line, says, match: ban.address, documentation: null }],
    alternatives: [{ cause: 'address.denied', confidence: 0.1 }],
    decidedHop: a.decider,
  });
}

function fromCandidate(a: Assessment, best: Candidate, around: Surroundings, inference: Inference | null): Verdict {
  const hop = a.request.hops[best.hop]!;
  const proof = [evidence(hop, best.match.says, best.match.text, best.match.signal.source)];
  for (const c of a.candidates) {
    if (c !== best && c.cause === best.cause && proof.length < 4) {
      proof.push(evidence(a.request.hops[c.hop]!, c.match.says, c.match.text, c.match.signal.source));
    }
  }
  const cause = inference?.cause ?? best.cause;
  const decidedHop = decidedHopOf(a, best.hop);
  const confidence = inference
    ? Math.max(inference.confidence, cause === best.cause ? best.confidence : 0)
    : best.confidence;
  return verdict(a, {
    cause,
    // The contrast confirms what the line implies, chooses among what it leaves open, or is all there is.
    certainty:
      !inference || inference.cause === best.cause
        ? best.certainty
        : hop.entry.kind === 'access'
          ? 'inferred'
          : 'implied',
    confidence,
    layer: best.layer === 'waf' ? 'waf' : layerOf(a, best, around),
    path: a.request.hops[decidedHop]!.path,
    rule: ruleOf(hop.entry),
    detail: inference ? `${best.match.says}; ${inference.says}` : best.match.says,
    evidence: proof,
    alternatives: best.alternatives
      .filter((c) => c !== cause)
      .slice(0, 3)
      .map((c) => ({ cause: c, confidence: (1 - confidence) / 2 })),
    contrast: inference?.contrast ?? [],
    decidedHop,
    wouldSettle: confidence < 0.6 ? settles(a) : null,
  });
}

/** The layer is known, the reason is not: its likeliest readings are named as alternatives only. */
function undecided(a: Assessment, best: Candidate): Verdict {
  const hop = a.request.hops[best.hop]!;
  const share = Math.round((best.confidence / (best.alternatives.length + 1)) * 100) / 100;
  return verdict(a, {
    cause: 'unknown',
    certainty: 'unknown',
    confidence: 0.3,
    layer: best.layer,
    path: hop.path,
    rule: ruleOf(hop.entry),
    detail: best.match.says,
    evidence: [evidence(hop, best.match.says, best.match.text, best.match.signal.source)],
    alternatives: [best.cause, ...best.alternatives].slice(0, 4).map((cause) => ({ cause, confidence: share })),
    decidedHop: decidedHopOf(a, best.hop),
    wouldSettle: settles(a),
  });
}

/** A reason told by an application's or authorizer's log belongs to that layer; one in a server's error log to the server. */
function layerOf(a: Assessment, best: Candidate, _around: Surroundings): Layer {
  // What a program's own log gives as its reason, that program decided (an authorizer that a web server asked).
  const told = a.request.hops[best.hop]!;
  if (told.entry.kind === 'app') return best.layer;
  const decider = a.request.hops[a.decider]!;
  const decided = decider.layer;
  if (best.layer === told.layer) return told.order >= decider.order ? best.layer : decided;
  return depth(best.layer) >= depth(decided) ? best.layer : decided;
}

function decidedHopOf(a: Assessment, hop: number): number {
  const h = a.request.hops[hop]!;
  if (h.entry.kind === 'access') return hop;
  const same = a.request.hops.findIndex((x) => x.entry.kind === 'access' && x.layer === h.layer);
  return same >= 0 ? same : hop;
}

function ruleOf(e: Entry): string | null {
  const zone = /by zone "([^"]{1,80})"/.exec(e.message ?? '');
  return zone ? zone[1]! : e.eventCode;
}

/** No line says anything: what the silence of this layer implies, and what contrast tells. */
function silent(a: Assessment, around: Surroundings, inferences: Inference[]): Verdict {
  const hop = a.request.hops[a.decider]!;
  const e = hop.entry;
  // What it says itself of whom the answer came from: somebody further in, whose log is not here or has no such line.
  const relay = hop.layer === 'app' ? undefined : matchSignals(e).find(({ signal }) => signal.kind === 'relay');
  const upstream =
    hop.layer !== 'app' && (e.upstreamStatusCode ?? 0) > 0 && e.upstreamStatusCode === e.httpResponseStatusCode;
  const layer: Layer = (upstream || relay) && hop.layer === 'web' ? 'app' : hop.layer;
  // That nobody gets through is no reason: permissions, a missing index and a rule look the same from outside.
  const best = inferences.find((x) => x.confidence >= SURE_ENOUGH);
  const proof = [
    evidence(
      hop,
      `${hop.layer} answered ${e.httpResponseStatusCode ?? a.request.status}, and no line further in exists`,
      null,
      null,
    ),
  ];
  if (a.withheld.length > 0) {
    const inner = a.request.hops[a.withheld[a.withheld.length - 1]!]!;
    const status = inner.entry.httpResponseStatusCode ?? 0;
    proof.push(evidence(inner, `${inner.layer} answered ${status}`, null, null));
    const failed = status >= 500 || status === 0;
    return verdict(a, {
      cause: failed ? 'gateway.upstream' : 'unknown',
      certainty: failed ? 'implied' : 'unknown',
      confidence: failed ? 0.7 : 0.3,
      layer: hop.layer,
      path: hop.path,
      detail: failed
        ? `${hop.layer} turned the ${status} of ${inner.layer} into ${a.request.status}`
        : `${inner.layer} answered ${status}, ${hop.layer} replaced it with ${a.request.status} and does not say why`,
      evidence: proof,
      decidedHop: a.decider,
      wouldSettle: settles(a),
    });
  }
  if (layer === 'app') {
    const rate = inferences.find((x) => x.cause === 'limit.rate');
    if (rate) return inferred(a, rate, layer, proof);
    if (a.request.perhaps.length > 0) return perhaps(a, proof);
    const words = a.request.hops.find(({ entry, link }) => link.kind !== 'neighbour' && statesRefusal(entry));
    if (words !== undefined) return unclassed(a, words, proof);
    return verdict(a, {
      cause: 'app.unexplained',
      certainty: 'implied',
      confidence: 0.6,
      layer,
      path: hop.path,
      detail: 'The application answered 403 and its log gives no reason',
      evidence: proof,
      decidedHop: a.decider,
      wouldSettle: settles(a),
    });
  }
  if (relay !== undefined && depth(layer) < depth('web')) {
    return verdict(a, {
      cause: 'unknown',
      certainty: 'unknown',
      confidence: 0.3,
      layer: 'unknown',
      path: hop.path,
      detail: `${relay.says}; no line further in tells who decided`,
      evidence: [evidence(hop, relay.says, relay.text, relay.signal.source)],
      alternatives: [
        { cause: 'app.unexplained', confidence: 0.35 },
        { cause: 'config.access', confidence: 0.2 },
      ],
      decidedHop: -1,
      wouldSettle: `the logs of what stands behind ${hop.layer}`,
    });
  }
  if (hiddenFile(a.fact.path)) {
    return verdict(a, {
      cause: 'config.access',
      certainty: 'implied',
      confidence: 0.75,
      layer,
      path: hop.path,
      detail: `${hop.layer} refuses the hidden file ${a.fact.path.slice(0, 120)}`,
      evidence: proof,
      alternatives: [{ cause: 'config.rewrite', confidence: 0.15 }],
      decidedHop: a.decider,
    });
  }
  const product = productOf(e.dataset);
  const left = LEFT_WHEN_SILENT[product];
  const spoke = a.request.hops.some((h) => h.entry.kind === 'error');
  // A script may have run behind the server in a process that keeps no access log: then the silence is not the server's.
  const script = /\.(php\d?|jspx?|aspx?|ashx|cgi|pl|py|do|action)($|\/)/i.test(a.fact.path);
  if (left !== undefined && script && !spoke) {
    return verdict(a, {
      cause: 'unknown',
      certainty: 'unknown',
      confidence: 0.3,
      layer,
      path: hop.path,
      detail: `${product} answered ${a.request.status} for a script and no line says whether it or the application behind it refused`,
      evidence: proof,
      alternatives: [
        { cause: 'app.unexplained', confidence: 0.4 },
        { cause: 'config.rewrite', confidence: 0.2 },
      ],
      decidedHop: a.decider,
      wouldSettle:
        'the access log of the process behind it (PHP-FPM: access.log), or $upstream_status in the log_format',
    });
  }
  if (left !== undefined && !spoke && around.hasErrorLog(hop.path, product)) {
    // This product writes a line for every refusal by address, method, limit or file: there is none.
    const possible = inferences.find((x) => left.includes(x.cause));
    if (possible) return inferred(a, possible, layer, proof);
    const size = e.httpResponseBodySize;
    const isOwn =
      e.upstreamStatusCode === 0 ||
      (size !== null && around.ownSizes(hop.path).has(size)) ||
      (product === 'nginx' && isNginxPage(size));
    if (!isOwn && !(around.hasInner(hop.layer) && around.goesInside(a))) {
      return verdict(a, {
        cause: 'unknown',
        certainty: 'unknown',
        confidence: 0.3,
        layer: 'unknown',
        path: hop.path,
        detail: `${product} answered ${a.request.status}, its error log has no line for it, and no log of what may stand behind it is here`,
        evidence: proof,
        alternatives: [
          { cause: 'app.unexplained', confidence: 0.35 },
          { cause: 'config.rewrite', confidence: 0.3 },
        ],
        decidedHop: -1,
        wouldSettle: `the log of the application behind ${product}; or what that answered, in the access log of ${product} (nginx: $upstream_status)`,
      });
    }
    const place = around.population.area(a.fact);
    if (place.passed.n >= ASKED_MIN) {
      return verdict(a, {
        cause: 'unknown',
        certainty: 'unknown',
        confidence: 0.3,
        layer,
        path: hop.path,
        detail: `${product} answered ${a.request.status} without a line in its error log, and let ${place.passed.n} requests through to the same place: a rule with a condition, or somebody whom it asks (auth_request and the like)`,
        evidence: proof,
        alternatives: [
          { cause: 'config.rewrite', confidence: 0.35 },
          { cause: 'credential.missing', confidence: 0.15 },
          { cause: 'permission.role', confidence: 0.1 },
        ],
        decidedHop: a.decider,
        wouldSettle: settles(a),
      });
    }
    return verdict(a, {
      cause: 'config.rewrite',
      certainty: 'implied',
      confidence: 0.55,
      layer,
      path: hop.path,
      detail: `${product} answered ${a.request.status} and its error log has no line for it, as it does for a return, map or rewrite rule`,
      evidence: proof,
      alternatives: [
        { cause: 'gateway.policy', confidence: 0.15 },
        { cause: 'credential.missing', confidence: 0.1 },
      ],
      decidedHop: a.decider,
      wouldSettle: settles(a),
    });
  }
  if (best) return inferred(a, best, layer, proof);
  return verdict(a, {
    cause: 'unknown',
    certainty: 'unknown',
    confidence: 0.2,
    layer,
    path: hop.path,
    detail: `${hop.layer} answered ${a.request.status} itself and no line says why`,
    evidence: proof,
    alternatives: RULE_LAYERS.has(layer)
      ? [
          { cause: 'config.rewrite', confidence: 0.3 },
          { cause: 'config.access', confidence: 0.2 },
        ]
      : [],
    decidedHop: a.decider,
    wouldSettle: settles(a),
  });
}

/** The application's own words say that and why it refused, and no cause is known for them: shown as they are. */
function unclassed(a: Assessment, said: Hop, proof: Evidence[]): Verdict {
  const says = `The log says: “${clean(said.entry.message ?? '', 160)}”`;
  return verdict(a, {
    cause: 'unknown',
    certainty: 'unknown',
    confidence: 0.3,
    layer: 'app',
    path: said.path,
    detail: `${says}; no cause is known for these words`,
    evidence: [evidence(said, says, null, null), ...proof],
    alternatives: [{ cause: 'app.unexplained', confidence: 0.3 }],
    decidedHop: a.decider,
    wouldSettle: settles(a),
  });
}

/** The application's log has a reason of this moment, and it cannot be told whether it is this request's. */
function perhaps(a: Assessment, proof: Evidence[]): Verdict {
  const hop = a.request.hops[a.decider]!;
  const lines = a.request.perhaps.map(({ entry, line, path }) => ({ line, path, match: matchSignals(entry)[0] }));
  const causes = [...new Set(lines.flatMap(({ match }) => match?.signal.cause ?? []))];
  return verdict(a, {
    cause: 'unknown',
    certainty: 'unknown',
    confidence: 0.3,
    layer: 'app',
    path: hop.path,
    detail: 'The application answered 403; a reason in its log of that moment may be of this request or of another',
    evidence: [
      ...proof,
      ...lines.map(({ line, path, match }) => ({
        path,
        line: line.line,
        says: match?.says ?? 'a reason of that moment',
        match: match?.text ?? null,
        documentation: match?.signal.source ?? null,
      })),
    ],
    alternatives: [...causes, 'app.unexplained' as const]
      .slice(0, 4)
      .map((cause) => ({ cause, confidence: Math.round(70 / (causes.length + 1)) / 100 })),
    decidedHop: a.decider,
    wouldSettle: 'the request id (or method, path and client) in each line of the application’s log',
  });
}

function inferred(a: Assessment, inference: Inference, layer: Layer, proof: Evidence[]): Verdict {
  return verdict(a, {
    cause: inference.cause,
    certainty: 'inferred',
    confidence: inference.confidence,
    layer,
    path: a.request.hops[a.decider]!.path,
    detail: inference.says,
    evidence: proof,
    contrast: inference.contrast,
    decidedHop: a.decider,
    wouldSettle: inference.confidence < 0.7 ? settles(a) : null,
  });
}

/** Requests let through to a place before it can be said that it is open. */
const ASKED_MIN = 3;

/** Answered out of a cache: the refusal that was cached was decided by somebody else, some time before. */
export function isCached(a: Assessment): boolean {
  const { hops } = a.request;
  return (
    hops.every((h) => h.entry.kind !== 'access' || h === hops[0]) &&
    /^(hit|TCP_\w*HIT\w*)/i.test(hops[0]!.entry.eventOutcome ?? '')
  );
}

/** What an earlier request for the same address was refused for, passed on to one that was answered out of the cache. */
export function fromCache(a: Assessment, earlier: { verdict: Verdict; timeMs: number } | null): Verdict {
  const hop = a.request.hops[0]!;
  if (earlier === null) {
    return verdict(a, {
      cause: 'unknown',
      certainty: 'unknown',
      confidence: 0.3,
      layer: hop.layer,
      path: hop.path,
      detail: `${hop.layer} answered ${a.request.status} out of its cache; the request that was refused first is not among these lines`,
      evidence: [evidence(hop, 'answered out of the cache', hop.entry.eventOutcome, null)],
      decidedHop: 0,
      wouldSettle: 'the logs of the time when this answer was cached',
    });
  }
  const v = earlier.verdict;
  return {
    ...verdict(a, {
      cause: v.cause,
      certainty: 'implied',
      confidence: v.confidence * 0.95,
      layer: v.decidingLayer === 'unknown' ? hop.layer : v.decidingLayer,
      path: v.decidingPath,
      rule: v.rule,
      detail: `cached answer of the refusal at ${new Date(earlier.timeMs).toISOString().slice(11, 19)}Z: ${v.detail}`,
      evidence: [evidence(hop, 'answered out of the cache', hop.entry.eventOutcome, null), ...v.evidence.slice(0, 2)],
      alternatives: v.alternatives,
      decidedHop: -1,
    }),
  };
}

function hiddenFile(path: string): boolean {
  return /\/\.(?!well-known(\/|$)|\.?(\/|$))/.test(path) || /(~|\.(bak|old|orig|swp|sql|inc))$/i.test(path);
}

/** Which log would tell, by the product that decided. */
const SETTLES: Record<string, string> = {
  nginx:
    'log $request_id, $upstream_status and $upstream_addr in nginx’s log_format, and keep error_log at level error (for rewrites: rewrite_log on at level notice)',
  apache: 'set LogLevel authz_core:debug rewrite:trace3 in Apache, and add %L to LogFormat and ErrorLogFormat',
  haproxy: 'add the name of the rule to HAProxy’s log-format, for instance %[last_rule_file]:%[last_rule_line]',
  npm: 'log $upstream_status in the proxy host’s advanced settings, and look at its access list',
  envoy: 'add %RESPONSE_CODE_DETAILS% and %RESPONSE_FLAGS% to Envoy’s access log format',
  traefik:
    'set accessLog.format: json in Traefik (it logs OriginStatus and the router), and log.level: DEBUG for a while',
  kong: 'log the consumer and the body of the answer with one of Kong’s log plugins, at log_level info',
  apisix: 'set error_log_level: info in APISIX, and log the consumer with one of its logger plugins',
  tyk: 'set log_level: info in Tyk: it says why it refused a key',
  caddy: 'name the handler in Caddy: log_append in the block that answers 403',
  lighttpd: 'set debug.log-request-handling = "enable" in lighttpd for a while',
  clf: 'log the reason where the layer decides (for Varnish: std.log() in VCL and %{VCL_Log:key}x in varnishncsa)',
  json: 'log the reason together with the request id where the application answers 403',
  'text.app': 'log the reason together with the request id where the application answers 403',
};

function settles(a: Assessment): string {
  const hop = a.request.hops[a.decider]!;
  const name = hop.entry.dataset.split('.')[0]!;
  if (hop.layer === 'app') return SETTLES.json!;
  return (
    SETTLES[hop.entry.dataset] ??
    SETTLES[name] ??
    SETTLES[productOf(hop.entry.dataset)] ??
    'the error log of the layer that answered, at level info'
  );
}

function evidence(hop: Hop, says: string, match: string | null, documentation: string | null): Evidence {
  return { path: hop.path, line: hop.line.line, says, match, documentation };
}

function verdict(
  a: Assessment,
  v: {
    cause: Cause;
    certainty: Verdict['certainty'];
    confidence: number;
    layer: Layer | 'unknown';
    path: string | null;
    rule?: string | null;
    detail: string;
    evidence: Evidence[];
    alternatives?: Verdict['alternatives'];
    contrast?: Verdict['contrast'];
    wouldSettle?: string | null;
    parameter?: string | null;
    decidedHop: number;
  },
): Verdict {
  // A WAF works inside the server that asks it: where the WAF's own record is there, it is what decided.
  const wafRecord = v.layer === 'waf' ? a.request.hops.findIndex((h) => h.layer === 'waf') : -1;
  const decidedHop = wafRecord >= 0 ? wafRecord : v.layer === 'waf' ? a.decider : v.decidedHop;
  const roles: Role[] = a.request.hops.map((hop, i) => {
    if (i === decidedHop && v.decidedHop >= 0) return 'decided';
    const { kind, wafIntercepted, httpResponseStatusCode } = hop.entry;
    // A WAF that keeps a record of what others refused has let it pass, and says nothing of why.
    const onlyWatched = kind === 'audit' && v.layer !== 'waf' && wafIntercepted !== true;
    if (kind !== 'access' && !onlyWatched) return 'evidence';
    return (httpResponseStatusCode ?? 0) === a.request.status ? 'relayed' : 'received';
  });
  return {
    cause: v.cause,
    certainty: v.cause === 'unknown' ? 'unknown' : v.certainty,
    confidence: Math.round(Math.min(0.99, Math.max(0, v.confidence)) * 100) / 100,
    decidingLayer: v.layer,
    decidingPath: v.path,
    rule: v.rule ?? null,
    detail: v.detail.slice(0, DETAIL_CHARS),
    evidence: v.evidence,
    alternatives: (v.alternatives ?? []).map((x) => ({ ...x, confidence: Math.round(x.confidence * 100) / 100 })),
    contrast: v.contrast ?? [],
    wouldSettle: v.wouldSettle ?? null,
    roles,
    parameter: v.parameter ?? null,
  };
}
