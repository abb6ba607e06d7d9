/**
 * What a row of the lexicon is: words that say why something was refused, and the cause they stand for. The files
 * beside this one hold the rows; which wins is their order (`lexicon.ts`).
 */
import type { Cause } from '../../../model/taxonomy.ts';

export interface Row {
  slug: string;
  cause: Cause;
  confidence: number;
  pattern: RegExp;
  others: readonly Cause[];
}

// Nouns that many rows share. Plain alternations: nothing here is repeated inside something repeated.
const NOUNS: Record<string, string> = {
  TOKEN:
    '(?:tokens?|jwts?|credentials?|sessions?|cookies?|tickets?|assertions?|api[ _-]?keys?|(?:access|subscription|auth|consumer|client|partner|service|licen[cs]e|secret|hmac|signing|app|application|account|developer|integration|ssh)[ _-]?keys?|bearer|signatures?|hmacs?|signed (?:urls?|links?|requests?|cookies?)|pre-?signed urls?|(?:download|share|shared|invite|invitation|reset|magic|activation|verification) links?|otps?|passcodes?|basic auth|auth(?:orization|entication)? (?:headers?|info(?:rmation)?|data))',
  ACCOUNT:
    '(?:accounts?|users?|tenants?|subscriptions?|organi[sz]ations?|orgs?|workspaces?|teams?|customers?|merchants?|partners?|clients?|consumers?|members?|memberships?|subscribers?|projects?|stores?|shops?|company|companies|profiles?|principals?|identit(?:y|ies)|logins?|api[ _-]?keys?|apps?|applications?|licen[cs]es?|service accounts?|vendors?|sellers?|billing)',
  PERSON:
    '(?:users?|customers?|accounts?|tenants?|members?|persons?|people|owners?|merchants?|clients?|patients?|organi[sz]ations?|orgs?|teams?|compan(?:y|ies)|partners?|workspaces?|students?|employees?|tenants?|subscribers?|sellers?|vendors?|drivers?|projects?|principals?|identit(?:y|ies)|party|parties|profile)',
  RIGHT:
    '(?:permissions?|privileges?|roles?|rights?|authorit(?:y|ies)|authori[sz]ation|capabilit(?:y|ies)|access level|access rights?|clearance|entitlements?|grants?|role_[a-z][a-z0-9_]{1,40})',
  ADMIN:
    '(?:admins?|administrators?|managers?|staff|superusers?|super-?admins?|moderators?|editors?|supervisors?|operators?|root|maintainers?|support agents?|auditors?|approvers?|employees|internal users?)',
  IPWORD: String.raw`(?:(?:client |source |remote |peer |caller |origin |your )?(?:ip|ips|ip[ -]address|address|addr|addresses|cidr|subnet)|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})`,
  BE: '(?:is|are|was|were|has been|have been|had been|be|been|being|=|:)',
};

function pattern(source: string): RegExp {
  return new RegExp(
    source.replace(/(?<![A-Z])(?:TOKEN|ACCOUNT|PERSON|RIGHT|ADMIN|IPWORD|BE)(?![A-Z])/g, (word) => NOUNS[word] ?? word),
    'i',
  );
}

export type AddRow = (
  slug: string,
  cause: Cause,
  confidence: number,
  sources: string | readonly string[],
  others?: readonly Cause[],
) => void;

/** A list, and the function that adds to it: one row for each of the expressions. */
export function rowList(): { rows: Row[]; row: AddRow } {
  const rows: Row[] = [];
  return {
    rows,
    row: (slug, cause, confidence, sources, others = []) => {
      for (const source of typeof sources === 'string' ? [sources] : sources) {
        rows.push({ slug, cause, confidence, pattern: pattern(source), others });
      }
    },
  };
}
