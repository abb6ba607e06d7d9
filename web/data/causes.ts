/**
 * What the page calls things: causes, categories, layers, certainties. The keys are checked against the API
 * contract by type, so a new cause cannot be forgotten here; colours live in style.css as --cat-<category>.
 */
import type { FilterField, Hop, ProblemRow, RefusalRow } from '../../server/api/contract.ts';
import { sourceName } from './format.ts';

export type Cause = RefusalRow['cause'];
export type Layer = Hop['layer'];
export type LayerOrUnknown = RefusalRow['decidingLayer'];
export type Certainty = RefusalRow['certainty'];
export type Role = Hop['role'];
export type Audience = RefusalRow['audience'];
export type ProblemState = ProblemRow['state'];
export type ProblemWord = NonNullable<ProblemRow['word']>['word'];

export const CAUSE_TITLES: Record<Cause, string> = {
  'permission.role': 'Role or group lacks the right',
  'permission.ownership': 'Resource belongs to somebody else',
  'credential.missing': 'No credential presented',
  'credential.invalid': 'Credential malformed or unknown',
  'credential.expired': 'Credential expired',
  'credential.revoked': 'Credential revoked',
  'credential.scope': 'Credential lacks scope',
  'csrf.missing': 'CSRF token missing',
  'csrf.invalid': 'CSRF token wrong or stale',
  'csrf.origin': 'CSRF origin check failed',
  'origin.cors': 'CORS policy refused the origin',
  'origin.referer': 'Referer policy refused it',
  'address.denied': 'Address on a deny list',
  'address.not-allowed': 'Address not on the allow list',
  'address.geo': 'Country or network blocked',
  'address.reputation': 'Address banned for behaviour',
  'waf.sqli': 'WAF: SQL injection',
  'waf.xss': 'WAF: cross-site scripting',
  'waf.traversal': 'WAF: path traversal',
  'waf.rfi': 'WAF: remote file inclusion',
  'waf.rce': 'WAF: command execution',
  'waf.php': 'WAF: PHP injection',
  'waf.java': 'WAF: Java injection',
  'waf.nodejs': 'WAF: Node.js injection',
  'waf.session': 'WAF: session fixation',
  'waf.scanner': 'WAF: scanner',
  'waf.bot': 'WAF: bot or scripted client',
  'waf.protocol': 'WAF: protocol violation',
  'waf.upload': 'WAF: upload refused',
  'waf.leakage': 'WAF: response leaked data',
  'waf.anomaly': 'WAF: anomaly score',
  'waf.challenge': 'Challenge served',
  'waf.error': 'WAF failed closed',
  'waf.custom': 'WAF: custom rule',
  'limit.rate': 'Rate limit',
  'limit.quota': 'Quota used up',
  'limit.lockout': 'Account locked out',
  'limit.suspended': 'Account or key suspended',
  'config.permissions': 'File permissions',
  'config.index': 'Directory without index',
  'config.access': 'Access rule of the server',
  'config.rewrite': 'Rewrite rule or return 403',
  'config.method': 'Method not permitted',
  'config.symlink': 'Symbolic link not followed',
  'config.handler': 'Handler refused',
  'config.tls': 'TLS or client certificate required',
  'config.host': 'Host not served here',
  'gateway.acl': 'Consumer not on the access list',
  'gateway.tenant': 'Tenant has no access to the API',
  'gateway.policy': 'External authorizer said no',
  'gateway.route': 'No route matched',
  'gateway.retired': 'API or route retired',
  'gateway.upstream': 'Upstream or authorizer failed',
  'app.unexplained': 'Application refused, reason not logged',
  unknown: 'Not told by these logs',
};

type CategoryOf<C extends string> = C extends `${infer Head}.${string}` ? Head : C;
export type Category = CategoryOf<Cause>;

/** In stacking order: neighbours differ in lightness as well as in hue, so the stack reads without colour vision. */
export const CATEGORIES = [
  'permission',
  'credential',
  'csrf',
  'origin',
  'waf',
  'address',
  'config',
  'limit',
  'app',
  'gateway',
  'unknown',
] as const satisfies readonly Category[];

export const CATEGORY_TITLES: Record<Category, string> = {
  permission: 'Permission',
  credential: 'Credential',
  csrf: 'CSRF',
  origin: 'Origin',
  waf: 'WAF',
  address: 'Address',
  config: 'Server config',
  limit: 'Limit',
  app: 'Application',
  gateway: 'Gateway',
  unknown: 'Unknown',
};

export function categoryOf(cause: string): Category {
  const dot = cause.indexOf('.');
  const head = dot < 0 ? cause : cause.slice(0, dot);
  return Object.hasOwn(CATEGORY_TITLES, head) ? (head as Category) : 'unknown';
}
export const categoryColour = (category: Category) => `var(--cat-${category})`;
export function causeTitle(cause: string): string {
  return Object.hasOwn(CAUSE_TITLES, cause) ? CAUSE_TITLES[cause as Cause] : cause;
}

/** From the client inward. */
export const LAYER_TITLES: Record<LayerOrUnknown, string> = {
  network: 'Network',
  cdn: 'CDN',
  loadbalancer: 'Load balancer',
  waf: 'WAF',
  gateway: 'Gateway',
  web: 'Web server',
  app: 'Application',
  unknown: 'Unknown layer',
};
export const LAYER_ORDER = Object.keys(LAYER_TITLES).filter((l) => l !== 'unknown') as Layer[];
export function layerTitle(layer: string): string {
  return Object.hasOwn(LAYER_TITLES, layer) ? LAYER_TITLES[layer as LayerOrUnknown] : layer;
}

export const CERTAINTY_TITLES: Record<Certainty, { title: string; says: string }> = {
  stated: { title: 'Stated', says: 'A log line says so' },
  implied: { title: 'Implied', says: 'Follows from what this product logs and does not log' },
  inferred: { title: 'Inferred', says: 'Follows from comparison with requests that were let through' },
  unknown: { title: 'Unknown', says: 'These logs do not tell' },
};

export const ROLE_TITLES: Record<Role, string> = {
  received: 'Received',
  decided: 'Decided',
  relayed: 'Relayed',
  evidence: 'Explains',
};

export const FIELD_TITLES: Record<FilterField, string> = {
  cause: 'Cause',
  category: 'Category',
  layer: 'Layer',
  source: 'Source',
  client: 'Client',
  host: 'Host',
  route: 'Route',
  path: 'Path',
  method: 'Method',
  status: 'Status',
  certainty: 'Certainty',
  rule: 'Rule',
  user: 'User',
  audience: 'Audience',
  problem: 'Problem',
};
export const FIELDS = Object.keys(FIELD_TITLES) as FilterField[];

/** Whom a refusal hits. `says` completes "these refusals …". */
export const AUDIENCE_TITLES: Record<Audience, { title: string; one: string; says: string }> = {
  harmed: { title: 'People', one: 'A person was kept out', says: 'keep people or partners out' },
  noise: { title: 'Noise', one: 'Rightly refused', says: 'are scanners and attacks, rightly refused' },
  undecided: { title: 'Undecided', one: 'Could be a person or not', says: 'could be either; the logs do not tell' },
};
export const AUDIENCES = Object.keys(AUDIENCE_TITLES) as Audience[];
export const audienceColour = (a: Audience) => `var(--aud-${a})`;

type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain';
export const STATE_TITLES: Record<ProblemState, { title: string; tone: Tone; says: string }> = {
  new: { title: 'New', tone: 'warn', says: 'First seen less than a day ago' },
  regressed: { title: 'Back again', tone: 'bad', says: 'Came back after it had been quiet or was said to be fixed' },
  ongoing: { title: 'Ongoing', tone: 'info', says: 'Seen for more than a day and not quiet yet' },
  resolved: { title: 'Quiet', tone: 'good', says: 'Not seen for long enough to count as resolved' },
};
export const STATES = Object.keys(STATE_TITLES) as ProblemState[];
export const WORD_TITLES: Record<ProblemWord, { title: string; act: string; says: string }> = {
  acknowledged: { title: 'Acknowledged', act: 'Acknowledge', says: 'Somebody is looking into it' },
  expected: {
    title: 'Expected',
    act: 'Mute as expected',
    says: 'Meant to be refused; out of the list of what is open',
  },
  fixed: { title: 'Fixed', act: 'Mark as fixed', says: 'Comes up again, as back, if it is refused once more' },
};
export const WORDS = Object.keys(WORD_TITLES) as ProblemWord[];

/** A filter value as a reader wants to see it. "waf.sqli" → "WAF: SQL injection" */
export function valueTitle(field: FilterField, value: string): string {
  if (field === 'cause') return causeTitle(value);
  if (field === 'layer') return layerTitle(value);
  if (field === 'category') return Object.hasOwn(CATEGORY_TITLES, value) ? CATEGORY_TITLES[value as Category] : value;
  if (field === 'certainty')
    return Object.hasOwn(CERTAINTY_TITLES, value) ? CERTAINTY_TITLES[value as Certainty].title : value;
  if (field === 'audience')
    return Object.hasOwn(AUDIENCE_TITLES, value) ? AUDIENCE_TITLES[value as Audience].title : value;
  return value;
}
/** The same where room is short: a log by its file. */
export const valueShort = (field: FilterField, value: string) =>
  field === 'source' ? sourceName(value) : valueTitle(field, value);
