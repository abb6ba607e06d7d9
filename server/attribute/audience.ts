/**
 * Whether a refusal hits a person or partner, or a scanner that is rightly refused (design: noise against harm).
 * Pure: what the request shows, what the verdict says, and what the same client did in the stretch of time around it.
 * Reasons are named and weighed; where the two sides are even, nobody can tell.
 */
import type { Audience, AudienceReason } from '../model/audience.ts';
import type { Refusal } from '../model/request.ts';
import { type ClientRecord, type Company, isProbed } from './company.ts';

/** What a refusal shows, and its company. */
export interface AudienceFacts {
  refusal: Pick<Refusal, 'timeMs' | 'method' | 'host' | 'path' | 'query' | 'route' | 'user' | 'userAgent' | 'referrer'>;
  cause: string;
  /** Header-like fields that the logs state of it. */
  attributes: Record<string, string> | null;
  company: Company;
}

const SCANNER =
  /sqlmap|nikto|nmap|masscan|zgrab|nuclei|wpscan|dirbuster|gobuster|acunetix|nessus|openvas|netsparker|arachni|\bzap\b|ffuf|feroxbuster|wfuzz|censys|shodan|l9explore|l9tcpid|expanse|internet-?measurement|leakix|projectdiscovery|dirsearch|whatweb|jorgee|morfeus|zmeu|hydra\b/i;

/** Nobody serves these on purpose: files that begin with a dot, copies of databases, keys. */
const NEVER_SERVED =
  /\/\.(?!well-known(?:\/|$))[a-z][\w.-]*|\/(?:id_rsa|wp-config\.php|web\.config|config\.(?:ya?ml|json|php)\.?(?:bak|old|save)?|(?:dump|backup|db|database)\.(?:sql|zip|tar|tar\.gz|bak))(?:$|[/?])|\.(?:sql|bak|old|swp|env)$|(?:\.\.|%2e%2e|%252e)(?:\/|%2f|%5c|\\)|\/etc\/passwd|\/proc\/self/i;

/** A browser says so, and whoever only pretends rarely sends a referrer of the same host. */
const BROWSER = /^Mozilla\/5\.0 .*(?:Gecko|AppleWebKit)/;

/** What a WAF takes for an attack; bots, protocol, uploads and rules of one's own are as often anybody's. */
const ATTACKS = new Set(
  ['sqli', 'xss', 'traversal', 'rfi', 'rce', 'php', 'java', 'nodejs', 'session', 'scanner', 'anomaly'].map(
    (x) => `waf.${x}`,
  ),
);

/** These causes are told only of requests that presented a real credential. */
const WITH_CREDENTIAL = new Set([
  'credential.expired',
  'credential.revoked',
  'credential.scope',
  'permission.role',
  'permission.ownership',
  'limit.quota',
  'limit.suspended',
  'gateway.acl',
  'gateway.tenant',
]);
const CREDENTIAL_FIELD =
  /(?:^|[._-])(?:consumer|consumer[._]?(?:id|name|username|custom_id)|api_?key(?:_?id)?|client_?id|user_?id|session(?:_?id)?|sub|subject|principal|identity|credential)$/i;
const NO_VALUE = /^(?:|-|none|null|anonymous|unauthenticated|undefined|0|""|\(null\))$/i;

/** So many different paths refused or not found within `BURST_MS` are no person's way through a site. */
const BURST_PATHS = 12;
const BURST_MS = 120_000;
/** A page of one's own besides, and a scanner's luck on `/`, do not count as being let through. */
const LET_THROUGH_MIN = 3;

/** The weights were chosen on lab and public logs: a certain sign of a scanner outweighs all that a scanner can fake. */
const WEIGHTS: Record<AudienceReason, number> = {
  'scanner-agent': -4,
  'probe-path': -3,
  'burst-of-paths': -3,
  banned: -2,
  // Whoever attacks is let through with all else: before and after do not outweigh it.
  'waf-attack': -2,
  'let-through-before': 1,
  'let-through-after': 1,
  'has-credential': 2,
  'has-user': 2,
  'own-referrer': 2,
};

export function audienceOf(f: AudienceFacts): Audience {
  const reasons = [...reasonsOf(f)];
  const sum = reasons.reduce((n, r) => n + WEIGHTS[r], 0);
  return { is: sum > 0 ? 'harmed' : sum < 0 ? 'noise' : 'undecided', reasons };
}

function* reasonsOf({ refusal: r, cause, attributes, company }: AudienceFacts): Generator<AudienceReason> {
  const path = r.path ?? '';
  if (NEVER_SERVED.test(path) || (isProbed(path) && !company.serves(r.host, path))) yield 'probe-path';
  if (ATTACKS.has(cause)) yield 'waf-attack';
  if (r.userAgent !== null && SCANNER.test(r.userAgent)) yield 'scanner-agent';
  if (cause === 'address.reputation') yield 'banned';
  if (r.user !== null && !NO_VALUE.test(r.user)) yield 'has-user';
  if (WITH_CREDENTIAL.has(cause) || hasCredential(attributes)) yield 'has-credential';
  if (r.userAgent !== null && BROWSER.test(r.userAgent) && isOwn(r.referrer, r.host)) yield 'own-referrer';
  const client = company.client;
  if (client === null) return;
  if (
    client.troubledPaths(r.timeMs - BURST_MS, r.timeMs + BURST_MS, BURST_PATHS) >= BURST_PATHS &&
    isMostlyTrouble(client)
  )
    yield 'burst-of-paths';
  const enough = client.passed >= LET_THROUGH_MIN || client.routes.has(r.route);
  if (enough && client.firstPassedMs < r.timeMs) yield 'let-through-before';
  if (enough && client.lastPassedMs > r.timeMs) yield 'let-through-after';
}

/** Many people behind one address are refused on many paths too, but let through far more often. */
const isMostlyTrouble = (c: ClientRecord): boolean => c.troubled > c.passed;

function hasCredential(attributes: Record<string, string> | null): boolean {
  if (attributes === null) return false;
  for (const name in attributes) if (CREDENTIAL_FIELD.test(name) && !NO_VALUE.test(attributes[name]!)) return true;
  return false;
}

function isOwn(referrer: string | null, host: string | null): boolean {
  if (referrer === null || host === null) return false;
  const m = /^https?:\/\/([^/:?#]+)/i.exec(referrer);
  return m !== null && m[1]!.toLowerCase() === host;
}
