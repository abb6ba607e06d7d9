/**
 * Reads one text: a sentence of a log (`readReason`) or the value of a field that names a reason (`readCode`). The
 * phrases are general: what libraries and people write, nothing of any one site. Order is meaning: the first row that
 * matches wins, so the special stands before the general ("csrf token missing" before "token missing"). A text that is
 * not sure to refuse gives nothing. HOT: application logs are asked line by line.
 */
import type { Cause } from '../../../model/taxonomy.ts';
import { Needles } from '../../needles.ts';
import attacks from './attacks.ts';
import client from './client.ts';
import { CODES } from './codes.ts';
import credentials from './credentials.ts';
import limits from './limits.ts';
import permissions from './permissions.ts';
import type { Row } from './row.ts';
import rules from './rules.ts';

export const ROWS: readonly Row[] = [...client, ...limits, ...credentials, ...permissions, ...attacks, ...rules];
/** Made at the first question: half a tenth of a second that a command which reads no logs need not wait. */
let needles: Needles | null = null;

/** Text that is read: a reason stands at the front, and the expressions look back and forth by 40 characters. */
const TEXT_CHARS = 600;

/** Says that something was refused. */
export const REFUSED =
  /\b(?:den(?:y|ied|ies|ying)|refus(?:e|ed|es|al|ing)|forbid(?:s|den|ding)?|reject(?:ed|s|ing|ion)?|block(?:ed|ing|s)?|unauthori[sz]ed|disallow(?:ed|s)?|prohibit(?:ed|s)?|declin(?:ed|es|ing)|not (?:allowed|permitted|authori[sz]ed|granted|entitled)|403|401|429|access ?denied|permission ?denied)\b/i;

/** Says that nothing was refused, whatever words stand around it. */
export const NEGATED =
  /\b(?:not|never|no longer|wasn't|isn't|weren't|hasn't been|won't be) (?:been )?(?:denied|blocked|rejected|refused|forbidden|banned|throttled|rate[ -]limited|suspended|locked|revoked|expired|exceeded|reached|blacklisted|blocklisted|required|needed)\b|\bno (?:\w{1,20} )?(?:were |was )?(?:violations?|denials?|threats?|blocked|denied|rejected|expired)\b|(?<![\w-])0 (?:\w{1,20} )?(?:denied|blocked|rejected|expired|refused|violations?)\b|\b(?:unlocked|unblocked|unbanned|unsuspended|reinstated|reactivated|re-?enabled|lifted)\b|\b(?:decision|verdict|effect|result)[" ]{0,2}[:=] ?"?(?:allow|allowed|permit|granted|ok|pass)\b/i;

/** Says that something went well; overruled by a word of refusal or of failure. */
const GOOD =
  /(?<!not )(?<!n't )(?<!n't been )(?<!not been )\b(?:granted|approved|succeeded|successful|successfully|refreshed|renewed|rotated|reissued|re-issued|issued|minted|regenerated|restored|remaining|scheduled|started|starting|initiali[sz](?:ed|ing)|loaded|loading|configured|configuring|registered|registering|listening|migrat(?:ed|ing)|imported|synced|synchroni[sz]ed|enabled|verified|accepted|validated|reloaded|cached|warmed|completed|added|updated|created|assigned|removed|deleted|saved|changed to|will expire|expires? (?:in|at|on)|expiring|passed|ok|healthy|allowed|permitted)\b|\b(?:counters?|limits?|windows?|quotas?|buckets?) (?:was |were |been |is |are )?reset\b/i;

/** "no scope", "not updated", "only … allowed": the good word is the bad news. */
const BAD =
  /\bonly\b.{0,80}\b(?:allowed|permitted|accepted)\b|\b(?:are|is) (?:allowed|permitted) only\b|\bis required\b|\bmust be (?:verified|enabled|accepted)\b|\b(?:verification|validation) failed\b|\b(?:missing|insufficient|lacks?|untrusted|not trusted|mismatch|inactive|tried to|invalid|malformed|does not|doesn't|violat\w{1,4}|exceeded|another|unknown|outside|too high|reached|someone|not (?:in|on|among)|(?:in|on|of|has) none of|expired (?:at|on|\d))\b/i;

/** Housekeeping; overruled only by a word of refusal. */
const HOUSEKEEPING =
  /\b(?:clean-?up|cleaned|cleaning|purg(?:ed|ing)|prun(?:ed|ing)|swept|sweep(?:er|ing)?|evict(?:ed|ing)|cleared|clearing|flush(?:ed|ing)|garbage)\b|\b(?:revoking|expiring|suspending|disabling|deactivating|blocking|banning) \d|\b(?:revoked|expired|suspended|disabled|deactivated|removed|deleted) \d{1,9} (?!s\b|sec|m\b|min|h\b|hour|d\b|day|ms\b)|^(?:revoked|suspended|disabled|deactivated|locked|banned|blocked) (?!(?:account|user|token|key|session|api|client|ip|jwt|country|host|origin|by|request|bot|tenant|customer|subscription|credential|cert|organi[sz]ation|address)\b)/i;

/** Business of other kinds, and work on the rules themselves. */
const OTHER_BUSINESS =
  /\b(?:vouchers?|coupons?|dunning|discounts?|backups?|csv|acquirer|chargeback|tokeni[sz]er|archived|reminder mails?|translation missing|customer's wish|geo ?ip database)\b|\b(?:rules?|polic(?:y|ies)|lists?)\b.{0,40}\b(?:compiled|loaded|reloaded|enabled|disabled|deployed|imported|updated|created|synced)\b/i;
const SURELY_REFUSED = /\b(?:denied|refused|rejected|forbidden|withheld|403)\b/i;

/** A word for something good stands there, and none that overrules it. */
export function isHarmless(text: string): boolean {
  if (OTHER_BUSINESS.test(text) && !SURELY_REFUSED.test(text)) return true;
  if (REFUSED.test(text)) return false;
  return HOUSEKEEPING.test(text) || (GOOD.test(text) && !BAD.test(text));
}

export interface Reason {
  cause: Cause;
  confidence: number;
  /** The words that say it. */
  text: string;
  slug: string;
  others: readonly Cause[];
}

/** What a sentence or a machine code says about why something was refused; null = nothing, or nothing was refused. */
export function readReason(text: string): Reason | null {
  let line = text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text;
  if (line.length < 3) return null;
  if (!/\s/.test(line)) line = wordsOf(line);
  if (NEGATED.test(line)) return null;
  if (isHarmless(line)) return null;
  const found = firstRow(line);
  if (found !== null || !IDENTIFIER.test(line)) return found;
  // Names run together say it as well: "ERR_NO_CREDENTIALS route=…", "NotAccountHolderException: client 5 …".
  return firstRow(line.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll(/([A-Za-z])_(?=[A-Za-z])/g, '$1 '));
}

const IDENTIFIER = /[A-Za-z]_[A-Za-z]|[a-z][A-Z]/;

function firstRow(line: string): Reason | null {
  needles ??= new Needles(ROWS.map((row) => row.pattern));
  needles.look(line);
  for (let i = 0; i < ROWS.length; i++) {
    if (!needles.mayMatch(i)) continue;
    const r = ROWS[i]!;
    const match = r.pattern.exec(line);
    if (match === null) continue;
    return { cause: r.cause, confidence: r.confidence, text: match[0], slug: r.slug, others: r.others };
  }
  return null;
}

/** "TOKEN_EXPIRED", "tokenExpired", "auth.token-expired" → "token expired" */
function wordsOf(code: string): string {
  return code
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[_\-./:]+/g, ' ')
    .toLowerCase()
    .trim();
}

/** The value of a field that exists to name a reason. */
export function readCode(value: string): Reason | null {
  const words = wordsOf(value.length > 80 ? value.slice(0, 80) : value).replace(
    /^(?:err|error|e|deny|denied|block|blocked|reject|rejected|auth|waf|rule|acl|by) (?=\S)/,
    '',
  );
  const code = Object.hasOwn(CODES, words) ? CODES[words] : undefined;
  if (code !== undefined) {
    const [cause, confidence, ...others] = code;
    return { cause, confidence, text: value, slug: `code-${words.replace(/ /g, '-')}`, others };
  }
  const reason = readReason(value) ?? (/\s/.test(value) ? null : readReason(`${wordsOf(value)} `));
  // Names of classes and codes are words run together.
  return reason;
}
