/**
 * Whom a refusal hits: a scanner that is rightly refused, a person or partner, or nobody can tell. The closed lists
 * of both; how it is decided stands in attribute/audience.
 */
export const AUDIENCES = ['harmed', 'noise', 'undecided'] as const;
export type AudienceName = (typeof AUDIENCES)[number];

/** Why, each with the sentence for people. */
export const AUDIENCE_SAYS = {
  'probe-path': 'asks for something that only scanners ask for',
  'waf-attack': 'a rule of the WAF recognised an attack in the request',
  'scanner-agent': 'calls itself a scanner',
  'burst-of-paths': 'this client was refused or not found on many different paths in a short time',
  banned: 'this client was banned for its behaviour',
  'let-through-before': 'this client was let through shortly before',
  'let-through-after': 'this client was let through shortly afterwards',
  'has-user': 'the request carries a user',
  'has-credential': 'the request carries a key, token or session',
  'own-referrer': 'a browser came from a page of the same host',
} as const satisfies Record<string, string>;
export type AudienceReason = keyof typeof AUDIENCE_SAYS;
export const AUDIENCE_REASONS = Object.keys(AUDIENCE_SAYS) as [AudienceReason, ...AudienceReason[]];

/** Example: {is: 'harmed', reasons: ['let-through-before', 'has-user']} */
export interface Audience {
  is: AudienceName;
  reasons: AudienceReason[];
}
