/**
 * The closed lists of the product: layers, cause codes, certainties. Every table, contract and chart takes
 * its words from here.
 */

/** From the client inward. */
export const LAYERS = ['network', 'cdn', 'loadbalancer', 'waf', 'gateway', 'web', 'app'] as const;
export type Layer = (typeof LAYERS)[number];

/** Code → what a person reads: "the request was refused because …" in a few words. */
export const CAUSES = {
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
} as const satisfies Record<string, string>;
export type Cause = keyof typeof CAUSES;

/** Group of a cause: what charts stack by. "waf.sqli" → "waf" */
export function categoryOf(cause: string): string {
  const dot = cause.indexOf('.');
  return dot < 0 ? cause : cause.slice(0, dot);
}

/** `stated` by a line, `implied` by what a product logs and does not log, `inferred` from statistics, `unknown`. */
export const CERTAINTIES = ['stated', 'implied', 'inferred', 'unknown'] as const;
export type Certainty = (typeof CERTAINTIES)[number];

/** What a hop did in the request: received it and passed it on, decided, relayed an inner refusal, explains (error or audit line). */
export const ROLES = ['received', 'decided', 'relayed', 'evidence'] as const;
export type Role = (typeof ROLES)[number];

export function isCause(x: string): x is Cause {
  return Object.hasOwn(CAUSES, x);
}
export function isLayer(x: string): x is Layer {
  return (LAYERS as readonly string[]).includes(x);
}
