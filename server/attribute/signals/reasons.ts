/**
 * Reads a reason out of what an application, an authorizer or a custom log field says in English or in a machine
 * code: `readReason` for one text, `matchReason` for an entry. The phrases are general: what libraries and people
 * write, nothing of any one site. Order is meaning: the first row that matches wins, so the special stands before
 * the general ("csrf token missing" before "token missing"). A text that is not sure to refuse gives nothing.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal, SignalMatch } from '../signal.ts';
import { clean } from './words.ts';

/** Text that is read: a reason stands at the front, and the expressions below look back and forth by 40 characters. */
const TEXT_CHARS = 600;

interface Row {
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
    '(?:permissions?|privileges?|roles?|rights?|authorit(?:y|ies)|authori[sz]ation|capabilit(?:y|ies)|access level|access rights?|clearance|entitlements?|grants?)',
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

const ROWS: Row[] = [];
function row(
  slug: string,
  cause: Cause,
  confidence: number,
  sources: string | readonly string[],
  others: readonly Cause[] = [],
): void {
  for (const source of typeof sources === 'string' ? [sources] : sources) {
    ROWS.push({ slug, cause, confidence, pattern: pattern(source), others });
  }
}
const s = String.raw;

// --- The operating system refused a file --------------------------------------------------------------------------
row('file-permission', 'config.permissions', 0.85, [
  s`\b(?:EACCES|EPERM)\b`,
  s`(?:failed to open stream|open_?dir|fopen|mkdir|unlink|rename|include|require|file_[a-z_]+|stat)\b.{0,160}permission denied`,
  s`\[errno 1?3\] (?:permission denied|operation not permitted)`,
  s`\bopen /\S+: permission denied`,
]);

// --- Forgery protection -----------------------------------------------------------------------------------------
const CSRF = '(?:csrf|xsrf|anti-?forgery|request verification|authenticity|form)';
row('csrf-origin', 'csrf.origin', 0.93, [
  s`\borigin checking failed\b`,
  s`\breferr?er checking failed\b`,
  s`\b(?:csrf|xsrf|forgery)\b.{0,60}\b(?:origin|referr?er|sec-fetch-site)\b.{0,60}(?:mismatch|match|fail|missing|invalid|trusted|not allowed|denied|reject|unexpected|bad)`,
  s`\b(?:origin|referr?er)\b.{0,60}(?:mismatch|match|fail|invalid|untrusted|not trusted).{0,40}\b(?:csrf|xsrf|forgery)\b`,
  s`\bcross-?site (?:post|form|request|submission)s?\b.{0,40}(?:forbidden|denied|refused|rejected|blocked|not allowed|detected|prohibited)`,
  s`\bcross-?origin request detected\b`,
  s`\bhttp origin header\b.{0,160}(?:didn't|did not|does not|doesn't) match`,
  s`\bsec-fetch-site\b.{0,60}(?:cross-site|indicates|missing|invalid)`,
  s`\borigin mismatch\b`,
  s`\bembedded <script> tag on another site\b`,
  s`\breferr?er (?:does not match the host|header is missing|not supplied|invalid)\b`,
]);
row('csrf-missing', 'csrf.missing', 0.93, [
  s`\b(?:missing|no|absent|without|empty|lacks?|lacking)\b.{0,25}\b${CSRF}[ _-]?(?:token|cookie|secret|header|field|key|nonce|protection)`,
  s`\b(?:missing|no|absent|without|empty)\b (?:a |an |the )?(?:csrf|xsrf)\b`,
  s`\b${CSRF}[ _-]?(?:session[ _-]?)?(?:token|cookie|secret|header|field|nonce)s?\b.{0,30}(?:missing(?! or (?:incorrect|invalid))|not (?:set|found|present|provided|sent|supplied|included|in)|absent|is required|required|was not|empty|undefined)`,
  s`\b(?:csrf|xsrf)[ _-]?(?:missing|required)\b`,
  s`\bform[ _-]?key\b.{0,20}(?:missing|not present)`,
  s`\b(?:csrf|xsrf)\b.{0,60}\b(?:no token(?: was found)?|token (?:is )?(?:missing|absent|empty))\b`,
  s`\bcould not verify the provided csrf token because\b.{0,40}\b(?:not found|no token|null)`,
]);
row(
  'csrf-invalid',
  'csrf.invalid',
  0.93,
  [
    s`\bEBADCSRFTOKEN\b`,
    s`\bbad ?csrf ?token\b`,
    s`\b(?:invalid|bad|wrong|incorrect|stale|expired|mismatch(?:ed|ing)?|malformed|unverified|reused|outdated)\b.{0,25}\b${CSRF}[ _-]?(?:session[ _-]?)?(?:token|cookie|secret|header|nonce|key)`,
    s`\b${CSRF}[ _-]?(?:session[ _-]?)?(?:token|cookie|secret|nonce)s?\b.{0,60}(?:invalid|incorrect|mismatch|(?:do|does|did)(?: not|n't) match|expired|wrong|stale|bad|verification failed|validation failed|not valid|could not be (?:decrypted|verified|validated)|already used|differs?|meant for a different)`,
    s`can(?:'|no)t verify csrf token`,
    s`\b(?:csrf|xsrf|anti-?forgery)\b.{0,40}(?:failed|failure|error|violation|rejected|denied|mismatch|invalid|check|verification)`,
    s`\binvalidauthenticitytoken\b`,
    s`\binvalid form key\b`,
    s`\binvalid security token\b`,
    s`\b(?:invalid|expired|bad|stale) (?:wp[ _-]?)?nonce\b`,
    s`\bnonce (?:verification|check|validation) failed\b`,
    s`\bcookie check failed\b|\brest_cookie_invalid_nonce\b`,
    s`\bthe link you followed has expired\b`,
  ],
  ['csrf.missing'],
);

// --- Browser origin and referer -----------------------------------------------------------------------------------
row(
  'cors',
  'origin.cors',
  0.94,
  [
    s`\b(?:not allowed|blocked|denied|rejected|disallowed|refused|forbidden)\b.{0,20}\bby\b.{0,12}\bcors\b`,
    s`\bcors\b.{0,80}(?:not (?:allowed|permitted|whitelisted|in)|denied|reject|block|disallow|forbid|refus|violation|fail|mismatch|unknown origin|invalid)`,
    s`\b(?:disallowed|invalid|rejected|blocked|forbidden|bad) cors\b`,
    s`\borigins?\b.{0,90}(?:not (?:allowed|permitted|whitelisted|in (?:the )?(?:allow|white|safe)[ -]?list|an allowed|on (?:the )?(?:allow|white)[ -]?list|trusted|accepted)|(?:is|was) (?:blocked|denied|rejected|refused|forbidden|disallowed)|disallowed)`,
    s`\borigins?\b.{0,90}\bnot (?:in|on|among|one of)\b.{0,14}\b(?:allowed|permitted|trusted|configured|whitelisted)\b`,
    s`\b(?:origin_not_allowed|cors_origin|cors_denied|disallowed_origin|invalid_origin|forbidden_origin)\b`,
    s`\b(?:disallowed|untrusted|unknown|unlisted|forbidden|blocked|foreign) origin\b`,
    s`\brequest origin\b.{0,120}does not have permission`,
  ],
  ['csrf.origin'],
);
row('referer', 'origin.referer', 0.92, [
  s`\bhot-?link`,
  s`\breferr?er\b.{0,90}(?:not (?:allowed|permitted|whitelisted|trusted|in|on|accepted|valid)|denied|reject|block|disallow|forbid|refus|invalid|missing|mismatch|foreign)`,
  s`\b(?:bad|invalid|foreign|disallowed|untrusted|unknown|missing|forbidden|external|empty) referr?er\b`,
]);

// --- Client address ---------------------------------------------------------------------------------------------
row('geo', 'address.geo', 0.92, [
  s`\bgeo[ _-]?(?:ip|location|fence|fenced|block|blocked|blocking|restrict|restricted|restriction|denied|filter|policy)\b`,
  s`\b(?:country|countries|region|jurisdiction|territory)\b.{0,50}(?:not (?:allowed|permitted|supported|served|available|in|on)|blocked|denied|reject|restrict|refused|forbidden|embargo|sanction|banned|disallowed|excluded)`,
  s`\b(?:blocked|denied|restricted|sanctioned|embargoed|unsupported|disallowed|forbidden|banned) (?:country|region|jurisdiction|territory)\b`,
  s`\bnot available in your (?:country|region|location|area)\b`,
  s`\basn?[ _-]?\d{0,10}\b (?:is |was )?(?:blocked|denied|not allowed|banned)\b`,
]);
row(
  'address-reputation',
  'address.reputation',
  0.9,
  [
    s`\bIPWORD\b.{0,40}\b(?:banned|ban list|banlist|reputation|known (?:attacker|bad|abuser|malicious)|abus(?:e|ive)|malicious|spammer|jail(?:ed)?)\b`,
    s`\b(?:banned|abusive|malicious|bad|suspicious) (?:client |source )?(?:ip|address)\b`,
    s`\b(?:ip|address) reputation\b|\breputation (?:score|list|feed|too low|check)`,
    s`\bthreat (?:feed|intel(?:ligence)?|list)\b`,
    s`\btor exit|\btor (?:node|network|user)s?\b.{0,20}(?:block|den|refus|reject|not allowed)|\b(?:vpn|anonymi[sz]er|anonymous proxy|proxy|hosting provider|datacenter)s?\b.{0,30}\b(?:ip|address|not allowed|blocked|denied|refused|rejected)`,
    s`\bcrowdsec\b|\bfail2ban\b|\bspamhaus\b|\bhoneypot list\b|\brbl\b`,
  ],
  ['address.denied'],
);
row(
  'address-not-allowed',
  'address.not-allowed',
  0.93,
  [
    s`\bnot (?:in|on|part of|within|found (?:in|on)|covered by|a member of|listed (?:in|on)|among)\b.{0,25}\b(?:allow(?:ed)?|white|safe|permit(?:ted)?|trusted|approved)[ _-]?(?:ips?|ip[ _-]?addresses|ip[ _-]?)?[ _-]?(?:lists?|ranges?|networks?|subnets?|cidrs?|addresses)\b`,
    s`\b(?:ip|address|addr|client|host|subnet|network)\b.{0,50}\bnot\b.{0,12}\b(?:allow[ -]?listed|white[ -]?listed|trusted|in (?:the )?(?:allow|white)[ -]?list|an (?:allowed|approved) (?:ip|address|network))\b`,
    s`\bIPWORD (?:BE )?(?:\S{2,45} )?(?:BE )?not (?:allowed|permitted|authori[sz]ed|accepted|approved)\b`,
    s`\b(?:not from|outside(?: of)?|not within|not in|not inside)\b.{0,20}\b(?:allowed|permitted|trusted|internal|corporate|company|office|private|vpn|approved|local)\b.{0,12}\b(?:ips?|address(?:es)?|networks?|ranges?|subnets?|vpn|lan|cidrs?|perimeter)\b`,
    s`\b(?:internal|office|corporate|company|vpn|intranet|private|local) (?:network|ip|address|access|range|users?|connections?)s? only\b|\b(?:only|restricted to|limited to|reachable only)\b.{0,30}\b(?:internal|office|corporate|vpn|intranet|private|local) (?:networks?|ips?|ranges?|address(?:es)?|clients?)\b`,
    s`\b(?:ip|address|addr)[ _-](?:not[ _-](?:allowed|permitted|whitelisted|allow[ _-]?listed|in[ _-]list|authori[sz]ed)|restricted|restriction|restrictions)\b`,
    s`\b(?:unlisted|untrusted|unapproved|unauthori[sz]ed|disallowed|external|non-?whitelisted|unknown) (?:client |source |remote )?(?:ip|address|network|subnet)\b`,
    s`\bnot_(?:allow|white)_?listed\b|\b(?:allow|white)[ _-]?list[ _-]?(?:miss|violation|check failed|rejected|denied|only)\b`,
    s`\bnot (?:allow|white)[ -]?listed\b`,
  ],
  ['address.denied'],
);
row(
  'address-denied',
  'address.denied',
  0.93,
  [
    s`\bIPWORD\b.{0,50}\b(?:on|in|by|matches|matched|found in|listed in)\b.{0,15}\b(?:deny|black|block|drop|reject)[ _-]?list`,
    s`\b(?:black|block|deny)[ _-]?listed\b.{0,20}\b(?:ip|address|addr|client|network|subnet|range|cidr|host)\b`,
    s`\bIPWORD (?:BE )?(?:\S{2,45} )?(?:BE )?(?:explicitly |currently )?(?:blocked|black[ -]?listed|block[ -]?listed|deny[ -]?listed|denied|refused|rejected|forbidden)\b`,
    s`\b(?:blocked|denied|refused|rejected|forbidden) (?:client |source |remote )?(?:ip|address|network|subnet)\b`,
    s`\b(?:ip|address|addr)[ _-]?(?:blocked|denied|black[ _-]?list(?:ed)?|block[ _-]?list(?:ed)?|deny[ _-]?list(?:ed)?|blocklist|denylist)\b`,
  ],
  ['address.reputation'],
);

// --- Limits -----------------------------------------------------------------------------------------------------
row('lockout', 'limit.lockout', 0.93, [
  s`\b(?:accounts?|users?|logins?|profile|credentials?)\b[^.;]{0,40}\block(?:ed|ed[ -]?out|out)\b`,
  s`\block(?:ed|out)[ _-](?:account|user|login)\b|\baccount[ _-]?lock(?:ed|out)?\b`,
  s`\blocked out\b`,
  s`\btoo many (?:failed|invalid|incorrect|unsuccessful|bad|wrong)\b.{0,25}(?:attempts?|logins?|log-?ins?|sign-?ins?|passwords?|tries|authentications?)`,
  s`\btoo many (?:log-?in|sign-?in|password|authentication|auth|otp|pin|2fa|mfa) (?:attempts|failures|tries|errors)\b`,
  s`\b(?:max(?:imum)?|exceeded)\b.{0,30}\b(?:log-?in|sign-?in|password|failed|authentication) (?:attempts|failures|tries)\b`,
  s`\b(?:log-?in|sign-?in|password|failed)[ _-]attempts?\b.{0,20}(?:exceeded|exhausted|limit)`,
]);
row(
  'suspended',
  'limit.suspended',
  0.93,
  [
    s`\bACCOUNT\b(?![^.;]{0,60}\b(?:feature|flag|mode|cache|logging|module|plugin|integration|option|setting|widget)\b)[^.;]{0,45}\b(?:suspended|disabled|deactivated|de-?activated|inactive|frozen|terminated|on hold|cancell?ed|delinquent|past due|in arrears|archived|banned|not active|not enabled|closed)\b`,
    s`\bACCOUNT\b[^.;]{0,35}\bblocked\b(?! by (?:the |a |an )?(?:policy|waf|firewall|cors|rule|acl|opa|rate|geo|csp|csrf|bot|quota|ip))`,
    s`\b(?:suspended|disabled|deactivated|inactive|frozen|terminated|blocked|banned|closed) (?:[\w-]{1,20} )?ACCOUNT\b(?!\.\w)`,
    s`\b(?:account|user|tenant|subscription|key|customer|org|organi[sz]ation|app|client|merchant|project|partner|workspace)[ _-](?:is[ _-])?(?:suspended|disabled|deactivated|inactive|blocked|frozen|terminated|banned)\b`,
    s`\b(?:payment|invoice|bill|subscription fee)s?\b.{0,25}(?:overdue|past due|unpaid|not received|failed|outstanding)|\b(?:unpaid|overdue|outstanding) (?:invoice|bill|balance|payment)s?\b`,
    s`\b(?:trial|subscription|licen[cs]e|membership)\b.{0,25}\b(?:expired|ended|lapsed|has ended|over)\b`,
    s`\buser inactive or deleted\b`,
  ],
  ['gateway.tenant'],
);
row(
  'quota',
  'limit.quota',
  0.94,
  [
    s`\bquotas?\b.{0,60}(?:exceeded|exceeds|exhausted|reached|used up|depleted|over|spent|consumed|violation|violated|limit)`,
    s`\b(?:exceed(?:ed|s|ing)?|over|out of|no|insufficient|exhausted|used up|beyond|reached|depleted|above)\b.{0,35}\b(?:quotas?|allowance|credits?|data cap|usage limit|plan limit)\b`,
    s`\b(?:daily|monthly|weekly|annual|yearly|per-?day|per-?month|usage|plan|free tier|tier|storage|package|billing|subscription|contract|call volume|request volume|seat|transaction)\b.{0,25}\b(?:limit|allowance|cap|allotment|maximum|budget)s?\b.{0,40}(?:exceeded|exceeds|exhausted|reached|used up|hit|depleted|over|spent|consumed|passed)`,
    s`\b(?:exceed(?:ed|s|ing)?|over|above|beyond|reached|hit|exhausted|used up|passed)\b.{0,25}\b(?:daily|monthly|weekly|annual|yearly|per-?day|per-?month|usage|plan|free tier|tier|storage|package|contract(?:ed)?|transaction) (?:\S{1,12} )?(?:limit|allowance|cap|allotment|maximum|budget|volume|calls|requests)\b`,
    s`\b(?:allowance|credits?|data cap|call volume)\b.{0,30}(?:exceeded|exhausted|used up|depleted|spent|consumed|gone|ran out|insufficient)`,
    s`\b(?:quota|allowance|credits?)[ _-]?(?:exceeded|exhausted|reached|depleted|limit)\b`,
    s`\b\d[\d,.]* (?:calls|requests|messages|downloads|exports) (?:per|a|each) (?:day|month|week|year)\b.{0,30}(?:exceeded|reached|used|exhausted|hit)`,
  ],
  ['limit.rate'],
);
row('rate', 'limit.rate', 0.94, [
  s`\brate[ _-]?limit(?:er|ing|s)?\b.{0,60}(?:exceeded|exceeds|reached|hit|tripped|triggered|block|den(?:y|ied)|reject|refus|violat|exhaust|over|breach|enforced)`,
  s`\b(?:exceed(?:ed|s|ing)?|over|hit|reached|above|beyond|tripped|violat(?:ed|es|ion)|breach(?:ed|es)?|blocked by|denied by|rejected by|refused by)\b.{0,30}\b(?:rate[ _-]?limit|request rate|call rate|burst|throttl)`,
  s`\brate[ _-]?limited\b|\bratelimited\b`,
  s`\btoo[ _]many[ _](?:\w{1,20} )?(?:requests?|connections?|calls?|attempts|hits|queries|messages|uploads|submissions|orders|retries)\b`,
  s`\b(?:request|client|call|caller|consumer|traffic|user|key)s?\b.{0,40}\bthrottled\b|\bthrottl(?:ed|ing)[ _-]?(?:error|exception|request|client|limit)\b|\bthrottle(?:d)? (?:limit )?(?:exceeded|reached|hit|triggered)|\bthrottlingexception\b|\brequest was throttled\b`,
  s`\b(?:requests?|api|calls?|messages?|connections?)[ _-]rate\b.{0,20}(?:exceeded|too high|over|above|limit)`,
  s`\b(?:slow down|retry (?:later|after|in))\b.{0,30}(?:too|rate|limit|requests|second)`,
  s`\b(?:burst|concurrency|concurrent (?:requests?|connections?|sessions?)|request|requests|connection|velocity|frequency|flood|per-?(?:second|minute|hour)|hourly) (?:\S{1,14} )?(?:limit|threshold|cap|ceiling|control|protection)s?\b.{0,40}(?:exceeded|reached|hit|tripped|triggered|over|breach|violat|block|deni|reject)`,
  s`\b(?:more than|over|exceeded|above|limit of|max(?:imum)?(?: of)?) \d{1,9} (?:requests?|calls?|hits|attempts|req)\b.{0,14}(?:per|in|within|a|an|every|/) ?(?:\d{1,6} ?)?(?:ms|s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\b`,
  s`\b\d{1,9} (?:requests?|calls?|hits|req) (?:in|within) (?:the last |\d{1,6} ?)(?:\d{1,6} ?)?(?:ms|s|sec|seconds?|m|min|minutes?|h|hours?)\b`,
  s`\b(?:dos|ddos|flood(?:ing)?)\b.{0,30}(?:detected|protection|block|limit|attack)`,
]);

// --- What a gateway depends on ------------------------------------------------------------------------------------
row('upstream', 'gateway.upstream', 0.88, [
  s`\bfail(?:ing|ed|s)?[ -]closed\b`,
  s`\b(?:authori[sz](?:er|ation)|authn?z?|authentication|opa|policy|idp|identity|token|introspection|jwks|oidc|oauth2?|ldap|keycloak|permissions?|entitlements?|pdp|auth[ _-]?server)[ _-]?(?:service|server|engine|provider|endpoint|backend|agent|api|sidecar|decision point|store)?\b.{0,50}(?:unavailable|unreachable|timed? ?out|timeout|not reachable|is down|not responding|no response|connection refused|econnrefused|etimedout|enotfound|connect(?:ion)? (?:error|failed|reset)|could not be reached|cannot be reached|returned (?:5\d\d|status 5\d\d|http 5\d\d)|responded (?:with )?5\d\d|error 5\d\d|context deadline exceeded)`,
  s`\b(?:could not|cannot|can't|unable to|failed to) (?:reach|contact|connect to|call|query)\b.{0,40}\b(?:authori[sz]er|auth|opa|policy|idp|identity|introspection|jwks|oidc|ldap|keycloak|permission|entitlement|pdp|upstream|backend)`,
  s`\b(?:upstream|backend|dependency)\b.{0,40}(?:unavailable|unreachable|timed? ?out|timeout|connection refused|failed|failure|returned 5\d\d|is down)\b.{0,60}(?:den(?:y|ied|ying)|refus|reject|forbid|block|403)`,
  s`\b(?:den(?:y|ied|ying)|refus\w{0,4}|reject\w{0,4}|forbid\w{0,4}|block\w{0,4}|403)\b.{0,60}\b(?:upstream|backend|dependency|redis|database|cache|store)\b.{0,30}(?:unavailable|unreachable|timed? ?out|timeout|connection refused|failed|is down)`,
  s`\b(?:jwks|introspection|discovery document|public keys?)\b.{0,40}(?:fetch|retriev|download|request|lookup)\w{0,4}\b.{0,20}(?:failed|error|timeout)|\bfailed to (?:fetch|retrieve|load|download|get) (?:the )?(?:jwks|public keys?|signing keys?|discovery)`,
  s`\bauthorizer(?:configuration|_configuration|_failure|failure| error| failed)\b|\bauth request unexpected status\b`,
]);
row('retired', 'gateway.retired', 0.9, [
  s`\b(?:api(?![ _-]?keys?)|version|v\d{1,3}|endpoint|route|resource|operation|method|service|product|release)\b.{0,50}(?:retired|sunset(?:ted)?|discontinued|decommissioned|switched off|turned off|shut down|end[ -]of[ -]life|no longer (?:supported|available|served|offered|active|exists)|withdrawn|has been removed|was removed|obsolete)`,
  s`\b(?:retired|sunset|discontinued|decommissioned|obsolete|end-of-life) (?:api|version|endpoint|route|resource|operation|service)\b`,
  s`\b(?:api|version|v\d{1,3}|endpoint|route)\b.{0,40}\bdeprecated\b.{0,60}(?:den(?:y|ied)|refus|reject|forbid|block|403|no longer|removed)`,
  s`\b(?:den(?:y|ied)|refus\w{0,4}|reject\w{0,4}|forbidden|blocked|403)\b.{0,60}\bdeprecated (?:api|version|endpoint|route)\b`,
  s`\b(?:api|version|endpoint|route)[ _-](?:retired|sunset|disabled|expired|gone|decommissioned)\b`,
]);
row('route', 'gateway.route', 0.85, [
  s`\bno (?:matching )?(?:route|stage|api|operation)s? (?:was |were )?(?:matched|found|configured|exists?)\b`,
  s`\b(?:route|stage)[ _]not[ _](?:found|matched|defined)\b`,
]);

// --- Credentials --------------------------------------------------------------------------------------------------
row('revoked', 'credential.revoked', 0.93, [
  s`\bTOKEN\b[^.;]{0,60}\b(?:revoked|black[ -]?listed|block[ -]?listed|deny[ -]?listed|withdrawn|invalidated|rescinded)\b`,
  s`\b(?:revoked|black[ -]?listed|block[ -]?listed|deny[ -]?listed|withdrawn|invalidated|rescinded) (?:\S{1,16} )?(?:TOKEN|certificates?|certs?|keys?)\b`,
  s`\bTOKEN\b[^.;]{0,40}\b(?:on|in|found in|matches)\b.{0,12}\b(?:revocation|deny|black|block|revoked)[ -]?(?:token )?list`,
  s`\b(?:on|in|found in) (?:the |a )?(?:revocation list|crl|revoked tokens?)\b`,
  s`\b(?:token|key|session|jwt|cert(?:ificate)?|credential|grant|consent)[ _-]?revoked\b`,
  s`\bcert(?:ificate)?s?\b.{0,40}\brevoked\b`,
  s`\bkeys?\b.{0,30}\brevoked\b`,
]);
row(
  'expired',
  'credential.expired',
  0.94,
  [
    s`\b(?:token|jwt|session|signature|key|link|url|cookie|cert(?:ificate)?|credential|password|otp|code|ticket|nonce|request|policy)[ _-]?(?:has[ _-]|is[ _-])?expired(?: error)?\b`,
    s`\bTOKEN\b[^.;]{0,60}\b(?:expired|timed out|too old|past (?:its|their) expir\w{1,6}|outside (?:its|their) validity)`,
    s`\bexpired\b.{0,20}\b(?:TOKEN|certificates?|certs?|keys?|passwords?|urls?|links?|polic(?:y|ies))\b`,
    s`\bexp(?:iry|iration|ires)?["' ]{0,2}\b.{0,20}(?:claim|time|date|timestamp)\b.{0,40}(?:past|passed|check failed|failed|exceeded|elapsed|before now|not satisfied)`,
    s`\b(?:urls?|links?|certificates?|certs?|passwords?|keys?|grant|consent|authori[sz]ation|login|approval|embargo key|share)\b[^.;]{0,40}\b(?:has |have |is |was |had )?expired\b`,
    s`\bsession (?:has )?(?:timed out|timeout|ended)\b`,
    s`\b(?:lifetime validation failed|idx10223)\b`,
    s`\bexpired (?:at|on|since|\d{1,9} ?(?:s|sec|seconds?|m|min|minutes?|h|hours?|days?) ago)\b`,
    s`\b(?:request|timestamp|date|clock)\b.{0,30}\b(?:too old|too (?:far )?skewed|skew too (?:large|great)|stale|outside (?:the )?(?:allowed |permitted )?(?:window|tolerance))\b|\brequesttimetooskewed\b`,
  ],
  ['credential.invalid'],
);
row(
  'scope',
  'credential.scope',
  0.94,
  [
    s`\binsufficient[ _-]?scopes?\b|\binvalid[ _-]scopes?\b|\bscope[ _-](?:missing|insufficient|denied|not[ _-]granted|required|mismatch)\b`,
    s`\b(?:missing|lacks?|lacking|requires?|required|without|needs?|not have|no|not (?:include|contain|carry|cover|grant(?:ed)?|present|hold)|doesn't (?:include|contain|carry|have))\b.{0,45}\b(?:scopes?|audience|aud\b|token abilit(?:y|ies)|claims?)\b`,
    s`\bscopes?\b.{0,70}(?:missing|required|not (?:granted|present|included|allowed|sufficient|satisfied|in|enough)|insufficient|absent|lacking|denied|does(?: not|n't) (?:allow|permit|cover|include)|too narrow|exceeded)`,
    s`\b(?:invalid|wrong|unexpected|bad|mismatched|incorrect|unknown) (?:token )?(?:audience|aud)\b`,
    s`\baud(?:ience)?\b.{0,60}(?:mismatch|invalid|not (?:allowed|accepted|match|valid)|does(?: not|n't) match|validation failed|unexpected|wrong)`,
    s`\bclaims?\b.{0,60}(?:missing|required|not (?:present|satisfied|met)|mismatch|absent)`,
    s`\b(?:missing|required|unsatisfied) claims?\b`,
    s`\b(?:missing abilit(?:y|ies)|invalid abilit(?:y|ies) provided|missingabilityexception|idx10214)\b`,
    s`\bhigher privileges than provided by the access token\b`,
    s`\btoken\b.{0,30}\b(?:read[ -]only|not authori[sz]ed for this (?:api|resource|operation|audience|scope)|has insufficient|insufficient)`,
  ],
  ['permission.role'],
);
row(
  'client-certificate',
  'config.tls',
  0.88,
  [
    s`\bclient[ _-]cert(?:ificate)?s?\b.{0,50}(?:missing|required|not (?:provided|presented|sent|supplied)|absent|none)`,
    s`\b(?:missing|no|without|requires?|required)\b.{0,20}\b(?:client|mtls|tls client|x\.?509) cert(?:ificate)?`,
    s`\b(?:https?|ssl|tls|secure connection) (?:is )?(?:required|only|connection required)\b|\brequires? (?:https|ssl|tls|a secure connection)\b|\bmutual tls (?:is )?required\b`,
  ],
  ['credential.missing'],
);
row(
  'certificate-invalid',
  'credential.invalid',
  0.85,
  s`\b(?:client )?cert(?:ificate)?s?\b.{0,50}(?:untrusted|not trusted|verification failed|verify error|self-?signed|unknown (?:ca|issuer)|invalid|mismatch)`,
  ['config.tls'],
);
row('missing', 'credential.missing', 0.93, [
  s`\b(?:no|missing|without|absent|empty|lacks?|lacking|lack of|omitted|blank|null)\b(?: (?:a|an|any|the|valid|required))?(?: \S{1,20})?(?: \S{1,20})? TOKEN\b(?!.{0,20}\b(?:scope|audience|claim|role|permission|owner))`,
  s`\bno (?:valid |active |current )?(?:authentication|auth|login|credentials?|identity|principal)\b`,
  s`\bTOKEN\b[^.;]{0,30}(?:missing|not (?:provided|present|set|supplied|sent|given|included|specified|found in (?:the )?(?:request|header|query|cookie))|absent|is required|was required|are required|(?:was|were|is|are) not provided|must be provided|must be (?:set|sent|present|supplied)|required|undefined|is empty|was empty|is null)`,
  s`\b(?:token|jwt|key|api[ _-]?key|session|credentials?|auth(?:orization)?|signature|cookie)[ _-](?:missing|required|absent|not[ _-]provided|not[ _-]present)\b|\b(?:missing|no)[ _-](?:token|jwt|api[ _-]?key|key|session|credentials?|auth(?:orization)?(?:[ _-](?:header|token))?|signature|cookie|bearer)\b`,
  s`\b(?:authentication|log-?in|sign-?in|authorization header|credentials?) (?:is |are |was )?(?:required|needed|mandatory)\b|\b(?:login|auth|authentication)_required\b`,
  s`\b(?:no|missing|without|absent)\b (?:a |an |the |any )?(?:x-)?(?:api-?key|authorization|auth(?:-token)?|token|signature|access-token|jwt|apikey|client-id|session)(?:[ -]\w{1,16})? (?:header|param(?:eter)?|cookie|field)\b`,
  s`\b(?:requires?|needs?) (?:a |an )?(?:valid )?(?:authentication|log-?in|logged[ -]in user|authenticated user|authenticated session)\b`,
  s`\bnot (?:logged|signed)[ -]?in\b|\bunauthenticated\b|\bnot authenticated\b|\bisn't (?:logged in|authenticated)\b|\bmust (?:be (?:logged|signed) in|log ?in|sign ?in|authenticate|be authenticated)\b`,
  s`\banonymous\b.{0,50}(?:not allowed|denied|refused|forbidden|rejected|may not|cannot|can't|blocked|disabled|not permitted)|\b(?:denied|refused|rejected|forbidden|blocked|disallow\w{0,3})\b.{0,30}\banonymous\b`,
  s`\bfull authentication is required\b|\bpre-authenticated entry point called\b|\bjwt must be provided\b`,
]);
row('invalid', 'credential.invalid', 0.92, [
  s`\b(?:invalid|bad|wrong|incorrect|malformed|unknown|unrecogni[sz]ed|corrupt(?:ed)?|tampered(?: with)?|forged|unverifiable|undecodable|unparsable|garbled|bogus|mismatched|mismatching|untrusted|unregistered|unsupported|illegal|fake|replayed|reused|unsigned)\b.{0,30}\bTOKEN\b`,
  s`\bTOKEN\b[^.;]{0,60}(?:invalid|malformed|not (?:valid|recogni[sz]ed|known|accepted|registered|active|verified|exist|found|match)|unknown|unrecogni[sz]ed|does(?: not|n't) (?:exist|match|verify)|do not match|could not be (?:verified|decoded|parsed|validated|decrypted|authenticated)|verif\w{1,8} (?:failed|error)|validation (?:failed|error)|decod\w{1,4} (?:failed|error)|pars\w{1,4} (?:failed|error)|check failed|mismatch|corrupt|tampered|forged|replayed|already used|reused|incorrect|wrong|no longer valid|rejected)`,
  s`\bnot enough segments\b|\bjwt malformed\b|\bjsonwebtokenerror\b|\binvalid[ _]signature\b|\bsignature[ _]?(?:verification[ _]?failed|mismatch|does[ _]?not[ _]?match|invalid)\b|\bsignaturedoesnotmatch\b|\binvalidaccesskeyid\b|\bincorrectsignature\b`,
  s`\b(?:invalid|unexpected|unknown|untrusted|wrong|bad) (?:token )?(?:issuer|iss|algorithm|alg|kid|key id|nonce|consumer|client[ _-]?id|username|password|user name|subject)\b|\b(?:issuer|iss|kid|alg(?:orithm)?)\b.{0,40}(?:mismatch|invalid|not (?:allowed|trusted|accepted|supported|found|match)|unknown|unexpected)`,
  s`\bkey[ _-]?id\b.{0,30}\b(?:unknown|not (?:known|found|registered|recogni[sz]ed)|invalid)\b|\b(?:no matching (?:key|jwk)|unable to find a (?:signing|matching) key|unknown key|key not (?:known|recogni[sz]ed|registered))\b`,
  s`\bfailed to (?:verify|decode|parse|validate|authenticate|decrypt)\b.{0,25}\bTOKEN\b|\b(?:could not|cannot|can't|unable to) (?:verify|decode|parse|validate|authenticate|decrypt)\b.{0,25}\bTOKEN\b`,
  s`\b(?:token|jwt|key|api[ _-]?key|session|credentials?|signature|password|auth)[ _-](?:invalid|malformed|unknown|mismatch|unrecogni[sz]ed|bad|not[ _-]valid)\b|\b(?:invalid|bad|malformed|unknown|wrong)[ _-](?:token|jwt|api[ _-]?key|key|session|credentials?|signature|grant|client|auth)\b`,
  s`\b(?:password|passphrase|pin) (?:mismatch|incorrect|is wrong|did not match|does not match)\b|\bbad credentials\b|\binvalid (?:username|user|login)\b.{0,14}password`,
  s`\breplay(?:ed)?\b.{0,20}(?:attack|detected|request|nonce|token)|\b(?:nonce|jti)\b.{0,30}(?:already|reused|used before|seen)`,
  s`\bnot yet valid\b|\bnotbeforeerror\b|\bjwt not active\b|\bnbf\b.{0,30}(?:future|failed|not)`,
  s`\bidx10(?:503|511|205|222|500|501)\b`,
  s`\b(?:unknown|unregistered|unrecogni[sz]ed|no such) (?:api |oauth2? )?(?:client|consumer|app|application|device|integration)\b`,
]);

// --- Tenants, owners, groups, roles ---------------------------------------------------------------------------------
row('ownership', 'permission.ownership', 0.93, [
  s`\b(?:not|isn't|is not|aren't|never) (?:the |an? |its |their )?(?:\S{1,20} )?(?:owner|author|creator|originator|assignee|account holder|data subject|uploader)\b`,
  s`\bnot owned by\b|\bdoes(?: not|n't) own\b|\bdo not own\b|\bdon't own\b`,
  s`\bbelong(?:s|ing)? to (?:another|a different|someone|somebody|an other|other|user|customer|account|tenant|client|org|organi[sz]ation|team|member|merchant|patient|company|partner|workspace|the wrong|different|[\w.@+:-]{1,60})`,
  s`\b(?:does|do|did)(?: not|n't) belong to\b|\bnot belonging to\b`,
  s`\bowned by (?:another|a different|someone|somebody|other|user|customer|account|tenant|[\w.@+:-]{1,60})`,
  s`\b(?:another|other|different|someone else|somebody else|foreign)(?:'s)? PERSON\b`,
  s`\bnot (?:your|their|his|her|own) (?:own )?\w{2,20}\b`,
  s`\b(?:owner|ownership)\b.{0,40}(?:mismatch|check failed|does(?: not|n't) match|do not match|only|violation|required|differs?|verification failed|not (?:met|satisfied)|denied|failed)`,
  s`\b(?:only|restricted to|limited to|reserved for)\b.{0,14}\b(?:owner|author|creator)s?\b|\b(?:owner|author|creator)s? only\b`,
  s`\bnot[ _-]?owner\b|\bowner[ _-]?mismatch\b|\bnot[ _-]?resource[ _-]?owner\b|\bnot[ _-]yours\b`,
  s`\b(?:user|customer|account|owner|member|subject)[ _-]?(?:id)? (?:mismatch|does(?: not|n't) match|do not match|differs?)\b`,
  s`\b(?:cross|wrong|other)[ _-](?:tenant|account|customer|user|org)\b|\b(?:tenant|account|org(?:ani[sz]ation)?|customer|workspace)[ _-]?(?:id)? ?mismatch\b`,
  s`\b(?:tried|attempt(?:ed|s|ing)?|trying|wants?) (?:to )?(?:access|read|open|view|edit|update|delete|modify|change|cancel|download|fetch|see)\b.{0,60}\bof (?:user|customer|account|tenant|client|another|a different|someone|somebody|member|other)`,
  s`\b(?:account|user|customer|tenant|owner|member|org|client)[ _-]?ids?\b.{0,50}(?:(?:do|does|did)(?: not|n't) match|mismatch|!=|<>|differs?|is not equal)`,
  s`\b(?:only|just)\b.{0,40}\b(?:your|their|his|her) own\b`,
  s`\b(?:created|submitted|uploaded|written|opened|placed|booked) by (?:someone|somebody|another|a different|other)\b`,
  s`\b(?:requester|caller|requestor|user|actor|subject|viewer|principal)\b.{0,24}(?:!=|<>|!==|≠|is not|isn't) (?:the )?(?:owner|author|creator)\b`,
  s`\bidor\b|\bobject[ -]level (?:permission|authori[sz]ation)\b`,
]);
row(
  'tenant',
  'gateway.tenant',
  0.9,
  [
    s`\b(?:tenants?|applications?|apps?|subscriptions?|organi[sz]ations?|orgs?|customers?|clients?|consumers?|partners?|accounts?|workspaces?|plans?|developers?|products?)\b.{0,60}\b(?:not subscribed|not entitled|no subscription|no (?:active |valid )?subscription|not (?:enabled|onboarded|provisioned|activated|registered) for|no access to (?:this |the )?(?:api|product|service|resource)|has no access|does(?: not|n't) (?:have access to|include) (?:this |the )?(?:api|product|service)|not allowed to (?:use|call|access|invoke) (?:this |the )?(?:api|product|service))`,
    s`\b(?:not subscribed|no (?:active |valid )?subscriptions?|subscription (?:not found|missing|required|does not exist)|not[ _]subscribed|subscription[ _]not[ _]found|unsubscribed)\b`,
    s`\b(?:api|product|service|feature)\b.{0,30}\bnot (?:enabled|available|included|activated|licensed|provisioned)\b.{0,20}\b(?:for|in|on|by|with)\b.{0,14}\b(?:tenant|plan|subscription|account|customer|organi[sz]ation|org|partner|app|application|tier|package|licen[cs]e)\b`,
    s`\b(?:plan|tier|package|licen[cs]e|edition|subscription)\b.{0,30}(?:does(?: not|n't) (?:include|cover|allow|permit)|not include|excludes)`,
    s`\b(?:invalid|unknown) (?:api )?product\b|\bapiproduct|\binvalid_api_product\b`,
    s`\btenant\b.{0,40}(?:not (?:allowed|authori[sz]ed|permitted|found|known|active)|unknown|denied|forbidden|rejected|refused|blocked)|\b(?:unknown|invalid|missing|no such) tenant\b|\btenant[ _](?:not[ _]\w{3,14}|unknown|forbidden|denied)\b`,
  ],
  ['permission.role'],
);
row(
  'acl',
  'gateway.acl',
  0.9,
  [
    s`\b(?:consumer|client|caller|app|application|service|service account|subject|api key|peer)\b.{0,60}\b(?:not|isn't|no|nor)\b.{0,30}\b(?:acl|access control list|access list|allowed (?:group|consumer|client|caller)s?|(?:required |allowed )?groups?)\b`,
    s`\b(?:consumer|client id|caller)\b.{0,50}\bnot (?:allowed|permitted|authori[sz]ed|whitelisted|on the)\b`,
    s`\bnot (?:in|on|listed in|part of)\b.{0,20}\b(?:acl|access control list)\b`,
    s`\bacl\b.{0,40}(?:denied|deny|denies|reject|refus|forbid|block|no match|not (?:matched|allowed)|check failed|violation|group)`,
    s`\b(?:denied|blocked|rejected|refused|forbidden)\b.{0,14}\bby\b.{0,10}\b(?:acl|access control list)\b`,
    s`\bacl[ _-](?:denied|violation|forbidden|reject(?:ed)?)\b`,
    s`\bconsumer group\b.{0,40}(?:not|denied|missing|forbidden)`,
  ],
  ['permission.role', 'config.access'],
);
row(
  'role',
  'permission.role',
  0.92,
  [
    s`\b(?:missing|lacks?|lacking|without|needs?|requires?|required|insufficient|inadequate|not enough|not sufficient|no|(?:does|do|did)(?: not|n't) (?:have|hold|possess|include|grant)|has no|have no|have not|not have|not granted|not been granted|not hold|hasn't|haven't)\b.{0,45}\b(?:RIGHT|group membership|security group|user group|ad group)\b`,
    s`\bRIGHT\b.{0,60}(?:required|missing|insufficient|not (?:granted|sufficient|allowed|permitted|assigned|held|enough|satisfied|include|have|match)|cannot|can't|may not|does(?: not|n't) (?:allow|permit|include|have|grant)|too low|lacking|absent|mismatch|check failed|denies|forbids)`,
    s`\b(?:required|needed|expected|allowed) (?:RIGHT|groups?)\b\W{1,3}`,
    s`\b(?:requires?|needs?|lacks?|missing|not have) (?:the |an? |any )?(?:[\w-]{1,20} )?groups?\b`,
    s`\b(?:only|just|restricted to|limited to|reserved for|exclusive to|available to|requires?|must be|needs to be|needs)\b.{0,24}\bADMIN\b`,
    s`\bADMIN[ _-]only\b|\b(?:admin|staff|superuser|manager|administrator)[ _-](?:required|access required|rights|privileges|role)\b.{0,30}|\b(?:not|isn't|is not|no) an? (?:\S{1,14} )?ADMIN\b|\bnot ADMIN\b`,
    s`\b(?:users?|members?|accounts?|principals?|actors?|identit(?:y|ies)|caller|employee|operator)\b.{0,40}\bnot (?:a member of|in|part of|assigned to|a participant (?:of|in))\b.{0,24}\b(?:groups?|roles?|teams?|departments?|organi[sz]ation|org|project|workspace|unit|admins?)\b`,
    s`\bnot (?:a |an )?(?:member of|participant (?:of|in)|collaborator (?:of|on|in))\b|\b(?:not|isn't) (?:a )?(?:team|project|org|organi[sz]ation|workspace|group) member\b`,
    s`\b(?:users?|principals?|subjects?|actors?|accounts?|caller|identity|you|he|she|they|role \S{1,40}|\S{1,40})\b (?:is |are |was |were |am |'re |isn't |aren't )?(?:not |n't )?(?:not )?(?<=not )(?:authori[sz]ed|permitted|allowed|entitled|privileged|cleared) (?:to|for)\b`,
    s`\bnot (?:authori[sz]ed|permitted|allowed|entitled|privileged) (?:to|for) (?:do|perform|access|read|view|see|edit|update|delete|remove|create|write|modify|change|approve|cancel|export|use|call|invoke|manage|execute|list|download|publish|this (?:action|operation|resource|page|function)|\w{3,20}\??)`,
    s`\b(?:users?|principals?|subjects?|accounts?|role|members?|viewers?|guests?|editors?|you|caller|identity)\b.{0,50}\b(?:may not|cannot|can't|can not|mustn't|must not|isn't able to|is unable to)\b.{0,4}\b(?:access|read|view|see|edit|update|delete|remove|create|write|modify|change|approve|cancel|export|use|call|invoke|manage|execute|list|download|publish|perform|do|open|enter|post)\b`,
    s`\b(?:does(?: not|n't)|do(?: not|n't)|did not) have (?:\S{1,20} )?(?:access|the right)|\bhas no access\b|\bno access (?:to|for)\b`,
    s`\b(?:access|action|operation) (?:is |was )?(?:restricted|limited|reserved) (?:to|for)\b`,
    s`\b(?:insufficient|not enough|missing|inadequate|low)[ _-](?:permissions?|privileges?|rights?|role|authority|access(?: rights?| level)?)\b|\b(?:role|permission|privilege|group|right)[ _-](?:required|missing|insufficient|not[ _-]granted|mismatch)\b|\bmissing[ _-](?:role|permission|privilege|group)\b`,
    s`\brbac\b.{0,50}(?:den|reject|refus|forbid|block|no |not )|\b(?:denied|rejected|refused|forbidden|blocked)\b.{0,14}\bby\b.{0,6}\brbac\b`,
    s`\b(?:e-?mail|phone|identity|account)\b.{0,24}(?:not (?:been )?(?:verified|confirmed)|unverified|unconfirmed)|\b(?:unverified|unconfirmed) (?:e-?mail|account|phone|user)\b|\bemail[ _]not[ _]verified\b`,
    s`\bconsent\b.{0,24}(?:missing|required|not given|declined|withdrawn|not granted|denied)|\bterms\b.{0,20}not (?:been )?accepted`,
    s`\b(?:this action is unauthorized|cannot execute "[^"]{1,60}" on "|authorizationdeniedexception|forbidden resource|notauthorizederror|canc?an::accessdenied)`,
    s`\bdo not have permission\b|\bdoesn't have permission\b|\bno permission\b|\bpermission[ _]required\b`,
    s`\bauthorization failed\b.{0,30}requirements? (?:were|was) not met`,
  ],
  ['permission.ownership'],
);
row(
  'visibility',
  'permission.ownership',
  0.7,
  s`\b(?:not|isn't|aren't|never) (?:\w{1,12} )?(?:visible|accessible|viewable|readable|shared) (?:to|for|by|with)\b`,
  ['permission.role'],
);
row(
  'group',
  'permission.role',
  0.8,
  s`\bnot[ _-](?:a[ _-])?(?:in|member[ _-]of)[ _-](?:\w{1,12}[ _-])?groups?\b|\bwrong[ _-]group\b`,
  ['gateway.acl'],
);
row(
  'mfa',
  'credential.scope',
  0.6,
  s`\b(?:mfa|2fa|two[ -]factor|second factor|multi-?factor|step-?up)\b.{0,40}(?:required|missing|not (?:completed|satisfied|verified|enrolled|done)|needed)`,
  ['permission.role'],
);

// --- Firewalls inside applications ----------------------------------------------------------------------------------
const HIT = s`(?:detected|attempt|attack|blocked|found|pattern|payload|probe|suspected|rule|signature|rejected|refused|denied|match)`;
row(
  'challenge',
  'waf.challenge',
  0.88,
  s`\b(?:re)?captcha\b.{0,40}(?:required|fail|invalid|missing|not|wrong|score|challenge|expired|needed|served|reject)|\b(?:invalid|missing|failed|wrong) (?:re)?captcha\b|\bhcaptcha\b.{0,20}(?:fail|invalid)|\bturnstile\b.{0,30}(?:fail|invalid|missing)|\b(?:javascript|js|browser|proof[ -]of[ -]work) challenge\b`,
);
row(
  'waf-error',
  'waf.error',
  0.8,
  s`\bwaf\b.{0,40}(?:unavailable|timed? ?out|timeout|error|internal error|crashed|unreachable|misconfigur)`,
  ['waf.custom'],
);
row(
  'sqli',
  'waf.sqli',
  0.88,
  s`\b(?:sql|nosql|mongo(?:db)?)[ _-]?i(?:njection)?\b.{0,40}${HIT}|\b(?:possible|suspected|potential|blocked|detected) (?:sql|nosql)[ _-]?injection\b|\bsql[ _-]?injection\b`,
);
row('xss', 'waf.xss', 0.88, s`\bxss\b|\bcross[ -]site[ -]scripting\b|\bscript injection\b`);
row(
  'traversal',
  'waf.traversal',
  0.88,
  s`\b(?:path|directory|dir)[ _-]?traversal\b|\bpath (?:escapes?|outside) (?:the )?(?:root|base|document|allowed)|\bfile name contains (?:\.\.|path)|\boutside (?:of )?(?:the )?(?:web|document|base|upload) ?root\b|\blocal file inclusion\b`,
);
row('rfi', 'waf.rfi', 0.85, s`\bssrf\b|\bserver[ -]side request forgery\b|\bremote file inclusion\b`);
row('rce', 'waf.rce', 0.86, s`\b(?:command|code|shell|os|template) injection\b|\bremote code execution\b|\bssti\b`);
row(
  'java',
  'waf.java',
  0.8,
  s`\b(?:log4shell|jndi|ognl injection|java deseriali[sz]ation|unsafe deseriali[sz]ation)\b`,
);
row('nodejs', 'waf.nodejs', 0.8, s`\bprototype pollution\b`);
row('session', 'waf.session', 0.85, s`\bsession[ _-](?:fixation|hijack\w{0,5})\b`);
row(
  'scanner',
  'waf.scanner',
  0.86,
  s`\b(?:vulnerability |security |port )?scanners?\b.{0,30}(?:detected|block|den|refus|reject|signature|not allowed)|\b(?:nikto|sqlmap|nessus|acunetix|masscan|nuclei|wpscan|dirbuster)\b.{0,30}(?:detected|block|den|refus|reject)|\bscanner[ _-](?:blocked|detected|ua)\b`,
);
row('bot', 'waf.bot', 0.88, [
  s`\b(?:bots?|crawlers?|scrapers?|spiders?|headless(?: browser| chrome)?|automated (?:client|traffic|request|access)s?|automation|non-?browser client)\b.{0,40}(?:detected|block|den(?:y|ied)|refus|reject|not allowed|forbidden|suspected|score|challenge|traffic|prohibit|banned)`,
  s`\b(?:blocked|denied|refused|rejected|forbidden|banned|bad|suspected|known)\b.{0,14}\b(?:bots?|crawlers?|scrapers?|spiders?|user[ -]?agents?)\b`,
  s`\buser[ _-]?agent\b.{0,60}(?:block|den(?:y|ied)|refus|reject|not allowed|forbidden|banned|missing|empty|disallow|blacklist|blocklist|not permitted)`,
  s`\bhoney-?pot\b|\bbot[ _-](?:detected|blocked|score|protection|management)\b`,
]);
row(
  'upload',
  'waf.upload',
  0.88,
  [
    s`\b(?:file|upload|attachment|image|document|media|mime|content)s?[ _-]?(?:type|extension|format|name)?s?\b.{0,50}(?:not (?:allowed|permitted|supported|accepted)|disallowed|forbidden|blocked|denied|refused|rejected).{0,40}\b(?:upload|extension|type|file)?`,
    s`\b(?:upload|attachment)s?\b.{0,50}(?:too large|refused|rejected|denied|blocked|exceeds|not allowed|infected)|\b(?:virus|malware|infected file|eicar)\b.{0,20}(?:found|detected|blocked|reject)?`,
    s`\b(?:disallowed|forbidden|dangerous|executable|unsupported) (?:file|upload|extension|file type|mime type|attachment)s?\b`,
  ],
  ['waf.protocol'],
);
row(
  'protocol',
  'waf.protocol',
  0.82,
  s`\b(?:rejecting request due to|malformed (?:request|header|url|uri)|illegal (?:character|header)|header injection|request smuggling|null byte|double[ -]encod\w{0,4}|non-?normalized url|potentially malicious string)\b`,
);
row(
  'waf',
  'waf.custom',
  0.82,
  [
    s`\b(?:blocked|denied|refused|rejected|stopped|intercepted|forbidden)\b.{0,20}\bby\b.{0,14}\b(?:waf|firewall|web application firewall|security (?:rule|filter|module|plugin)|modsecurity|shield)\b`,
    s`\b(?:waf|web application firewall|firewall|security filter)\b.{0,50}(?:block|den(?:y|ied)|reject|refus|triggered|rule|violation|match)`,
    s`\b(?:suspicious|malicious|dangerous|hostile|unsafe|attack) (?:request|payload|input|content|pattern|parameter|query|operation|string|activity)\b`,
    s`\bpotentially unsafe operation\b`,
  ],
  ['waf.anomaly'],
);

// --- Server rules that applications repeat ---------------------------------------------------------------------------
row(
  'method',
  'config.method',
  0.88,
  s`\b(?:http )?(?:method|verb)\b.{0,40}(?:not (?:allowed|permitted|supported|accepted)|disallowed|forbidden|blocked|denied|refused|rejected)|\b(?:method_not_allowed|methodnotallowed)\b|\b(?:disallowed|forbidden|unsupported) (?:http )?(?:method|verb)\b`,
  ['config.access'],
);
row(
  'host',
  'config.host',
  0.88,
  s`\b(?:blocked|invalid|disallowed|unknown|unrecogni[sz]ed|untrusted|forbidden|bad) (?:request )?(?:http_)?host(?:s|name)?\b|\bhosts?\b.{0,50}(?:not (?:allowed|permitted|served|configured|recogni[sz]ed|in allowed|whitelisted|trusted)|disallowed)|\bdisallowedhost\b|\ballowed_hosts\b`,
);
row(
  'server-rule',
  'config.access',
  0.78,
  s`\b(?:hidden|dot|protected|restricted|internal|private|system|sensitive|forbidden|reserved) (?:file|files|path|paths|directory|folder|location|area|url|uri|endpoint)s?\b.{0,40}|\b(?:path|url|uri|directory|location)\b.{0,40}(?:is |was )?(?:not allowed|forbidden|blocked|denied|restricted|protected|off limits)|\bdenied by (?:server |site )?configuration\b`,
  ['config.rewrite'],
);
row(
  'maintenance',
  'config.rewrite',
  0.5,
  s`\b(?:maintenance|read-only) mode\b.{0,40}(?:den|reject|refus|forbid|block|403|not allowed)`,
  ['config.access'],
);

// --- Policies that give no finer reason -------------------------------------------------------------------------------
row(
  'policy',
  'gateway.policy',
  0.8,
  [
    s`\b(?:decision|verdict|effect|authz|ext_?authz|opa|rego|cedar|casbin|authori[sz]er|policy|policies|policy engine|forward[ -]?auth|auth_request)\b.{0,50}\b(?:den(?:y|ied|ies)|reject(?:ed|s)?|refus(?:ed|es|al)|forbid(?:s|den)?|block(?:ed|s)?|not (?:allowed|permitted|authori[sz]ed)|disallow(?:ed|s)?|returned false|explicit deny|violation|violated)\b`,
    s`\b(?:den(?:ied|y)|rejected|refused|forbidden|blocked|disallowed|prohibited)\b.{0,20}\bby\b.{0,30}\b(?:polic(?:y|ies)|opa|ext_?authz|authori[sz](?:er|ation)|pdp|rule engine|rego|cedar|lambda)\b`,
    s`\bexplicit deny\b|\bimplicit deny\b|\bpolicy[ _-](?:denied|violation|reject(?:ed)?|forbidden|deny)\b|\bauthori[sz]er[ _-]den(?:ied|y)\b|\bext_authz_denied\b`,
  ],
  ['permission.role'],
);

// --- Words that say little: kept low so that anything better wins ----------------------------------------------------
row(
  'lifetime',
  'credential.expired',
  0.7,
  s`\b(?:has|have|had|is|was|already) expired\b|\bexpired\b.{0,20}(?:den|reject|refus|forbid|block)`,
  ['limit.suspended'],
);
row(
  'permission-denied',
  'permission.role',
  0.6,
  s`\bpermission[ _-]?denied\b|\baccess ?denied ?exception\b|\baccessdenied(?:http)?exception\b|\bforbidden ?exception\b.{0,4}$|\bnot (?:authori[sz]ed|permitted)\b|\bunauthori[sz]edexception\b|\bauthorization (?:failed|denied|error)\b`,
  ['permission.ownership', 'credential.missing'],
);
row(
  'authentication-failed',
  'credential.invalid',
  0.6,
  s`\b(?:authentication|auth|login|log-?in|sign-?in) (?:failed|failure|error|rejected|denied|unsuccessful)\b`,
  ['credential.missing', 'credential.expired'],
);

/** One-word values of fields that exist to name a reason (`deny=geo`, `block_reason=ratelimit`). */
const CODES: Record<string, readonly [Cause, number, ...Cause[]]> = {
  geo: ['address.geo', 0.9],
  geoip: ['address.geo', 0.9],
  country: ['address.geo', 0.9],
  asn: ['address.geo', 0.75],
  rate: ['limit.rate', 0.9],
  ratelimit: ['limit.rate', 0.92],
  'rate limit': ['limit.rate', 0.92],
  'rate limiting': ['limit.rate', 0.92],
  throttle: ['limit.rate', 0.9],
  throttled: ['limit.rate', 0.92],
  throttling: ['limit.rate', 0.9],
  flood: ['limit.rate', 0.85],
  burst: ['limit.rate', 0.85],
  abuse: ['address.reputation', 0.6, 'limit.rate'],
  quota: ['limit.quota', 0.92],
  lockout: ['limit.lockout', 0.9],
  locked: ['limit.lockout', 0.8, 'limit.suspended'],
  suspended: ['limit.suspended', 0.9],
  disabled: ['limit.suspended', 0.75, 'gateway.retired'],
  inactive: ['limit.suspended', 0.8],
  ip: ['address.denied', 0.65, 'address.not-allowed'],
  'ip block': ['address.denied', 0.85],
  'src ip': ['address.denied', 0.65, 'address.not-allowed'],
  address: ['address.denied', 0.65, 'address.not-allowed'],
  denylist: ['address.denied', 0.85],
  blocklist: ['address.denied', 0.85],
  blacklist: ['address.denied', 0.85],
  blacklisted: ['address.denied', 0.85],
  allowlist: ['address.not-allowed', 0.85],
  whitelist: ['address.not-allowed', 0.85],
  banned: ['address.reputation', 0.75, 'limit.suspended'],
  ban: ['address.reputation', 0.8],
  reputation: ['address.reputation', 0.9],
  tor: ['address.reputation', 0.85],
  bot: ['waf.bot', 0.9],
  bots: ['waf.bot', 0.9],
  crawler: ['waf.bot', 0.85],
  ua: ['waf.bot', 0.85],
  'user agent': ['waf.bot', 0.85],
  'bad ua': ['waf.bot', 0.88],
  'bad bot': ['waf.bot', 0.92],
  badbot: ['waf.bot', 0.92],
  scanner: ['waf.scanner', 0.9],
  sqli: ['waf.sqli', 0.92],
  xss: ['waf.xss', 0.92],
  lfi: ['waf.traversal', 0.9],
  traversal: ['waf.traversal', 0.9],
  rfi: ['waf.rfi', 0.9],
  ssrf: ['waf.rfi', 0.85],
  rce: ['waf.rce', 0.9],
  captcha: ['waf.challenge', 0.85],
  challenge: ['waf.challenge', 0.85],
  waf: ['waf.custom', 0.7],
  method: ['config.method', 0.9],
  host: ['config.host', 0.85],
  vhost: ['config.host', 0.85],
  sni: ['config.tls', 0.7, 'config.host'],
  tls: ['config.tls', 0.85],
  ssl: ['config.tls', 0.85],
  https: ['config.tls', 0.8],
  mtls: ['config.tls', 0.85],
  'client cert': ['config.tls', 0.85],
  'no cert': ['config.tls', 0.85],
  path: ['config.access', 0.75],
  'hidden file': ['config.access', 0.85],
  dotfile: ['config.access', 0.9],
  dotfiles: ['config.access', 0.9],
  'admin path': ['config.access', 0.7, 'address.not-allowed'],
  referer: ['origin.referer', 0.9],
  referrer: ['origin.referer', 0.9],
  hotlink: ['origin.referer', 0.92],
  hotlinking: ['origin.referer', 0.92],
  cors: ['origin.cors', 0.92],
  origin: ['origin.cors', 0.7, 'csrf.origin'],
  csrf: ['csrf.invalid', 0.7, 'csrf.missing'],
  xsrf: ['csrf.invalid', 0.7, 'csrf.missing'],
  jwt: ['credential.invalid', 0.6, 'credential.missing', 'credential.expired'],
  'bad jwt': ['credential.invalid', 0.85],
  'bad key': ['credential.invalid', 0.85],
  token: ['credential.invalid', 0.55, 'credential.missing', 'credential.expired'],
  apikey: ['credential.invalid', 0.55, 'credential.missing'],
  'api key': ['credential.invalid', 0.55, 'credential.missing'],
  signature: ['credential.invalid', 0.8],
  hmac: ['credential.invalid', 0.8],
  unauthenticated: ['credential.missing', 0.85],
  anonymous: ['credential.missing', 0.85],
  noauth: ['credential.missing', 0.8],
  expired: ['credential.expired', 0.85],
  revoked: ['credential.revoked', 0.9],
  scope: ['credential.scope', 0.88],
  audience: ['credential.scope', 0.88],
  role: ['permission.role', 0.88],
  roles: ['permission.role', 0.88],
  rbac: ['permission.role', 0.88],
  permission: ['permission.role', 0.8, 'permission.ownership'],
  permissions: ['permission.role', 0.8, 'permission.ownership'],
  privileges: ['permission.role', 0.85],
  owner: ['permission.ownership', 0.88],
  ownership: ['permission.ownership', 0.9],
  'not owner': ['permission.ownership', 0.92],
  tenant: ['gateway.tenant', 0.8],
  acl: ['gateway.acl', 0.6, 'config.access', 'address.denied'],
  policy: ['gateway.policy', 0.75],
  opa: ['gateway.policy', 0.8],
  retired: ['gateway.retired', 0.9],
  sunset: ['gateway.retired', 0.88],
};

// ---------------------------------------------------------------------------------------------------------------
// One text

/** Says that something was refused. */
const REFUSED =
  /\b(?:den(?:y|ied|ies|ying)|refus(?:e|ed|es|al|ing)|forbid(?:s|den|ding)?|reject(?:ed|s|ing|ion)?|block(?:ed|ing|s)?|unauthori[sz]ed|disallow(?:ed|s)?|prohibit(?:ed|s)?|declin(?:ed|es|ing)|not (?:allowed|permitted|authori[sz]ed|granted|entitled)|403|401|429|access ?denied|permission ?denied)\b/i;

/** Says that nothing was refused, whatever words stand around it. */
const NEGATED =
  /\b(?:not|never|no longer|wasn't|isn't|weren't|hasn't been|won't be) (?:been )?(?:denied|blocked|rejected|refused|forbidden|banned|throttled|rate[ -]limited|suspended|locked|revoked|expired|exceeded|reached|blacklisted|blocklisted|required|needed)\b|\bno (?:\w{1,20} )?(?:were |was )?(?:violations?|denials?|threats?|blocked|denied|rejected|expired)\b|\b0 (?:\w{1,20} )?(?:denied|blocked|rejected|expired|refused|violations?)\b|\b(?:unlocked|unblocked|unbanned|unsuspended|reinstated|reactivated|re-?enabled|lifted)\b|\b(?:decision|verdict|effect|result)[" ]{0,2}[:=] ?"?(?:allow|allowed|permit|granted|ok|pass)\b/i;

/** Says that something went well; overruled by a word of refusal or of failure. */
const GOOD =
  /(?<!not )(?<!n't )(?<!n't been )(?<!not been )\b(?:granted|approved|succeeded|successful|successfully|refreshed|renewed|rotated|reissued|re-issued|issued|minted|regenerated|restored|remaining|scheduled|started|starting|initiali[sz](?:ed|ing)|loaded|loading|configured|configuring|registered|registering|listening|migrat(?:ed|ing)|imported|synced|synchroni[sz]ed|enabled|verified|accepted|validated|reloaded|cached|warmed|completed|added|updated|created|assigned|removed|deleted|saved|changed to|will expire|expires? (?:in|at|on)|expiring|passed|ok|healthy|allowed|permitted)\b|\b(?:counters?|limits?|windows?|quotas?|buckets?) (?:was |were |been |is |are )?reset\b/i;

/** "no scope", "not updated", "only … allowed": the good word is the bad news. */
const BAD =
  /\bonly\b.{0,80}\b(?:allowed|permitted|accepted)\b|\b(?:are|is) (?:allowed|permitted) only\b|\bis required\b|\bmust be (?:verified|enabled|accepted)\b|\b(?:verification|validation) failed\b|\b(?:missing|insufficient|lacks?|untrusted|not trusted|mismatch|inactive|tried to|invalid|malformed|does not|doesn't|violat\w{1,4}|exceeded|another|unknown|outside|too high|reached|someone|not (?:in|on|among)|expired (?:at|on|\d))\b/i;

/** Housekeeping; overruled only by a word of refusal. */
const HOUSEKEEPING =
  /\b(?:clean-?up|cleaned|cleaning|purg(?:ed|ing)|prun(?:ed|ing)|swept|sweep(?:er|ing)?|evict(?:ed|ing)|cleared|clearing|flush(?:ed|ing)|garbage)\b|\b(?:revoking|expiring|suspending|disabling|deactivating|blocking|banning) \d|\b(?:revoked|expired|suspended|disabled|deactivated|removed|deleted) \d{1,9} (?!s\b|sec|m\b|min|h\b|hour|d\b|day|ms\b)|^(?:revoked|suspended|disabled|deactivated|locked|banned|blocked) (?!(?:account|user|token|key|session|api|client|ip|jwt|country|host|origin|by|request|bot|tenant|customer|subscription|credential|cert|organi[sz]ation|address)\b)/i;

/** A word for something good stands there, and none that overrules it. */
function isHarmless(text: string): boolean {
  if (REFUSED.test(text)) return false;
  return HOUSEKEEPING.test(text) || (GOOD.test(text) && !BAD.test(text));
}

/** Most lines of an application say none of this and stop here. */
const WORTH =
  /need|someone|absent|withdraw|rate exceed|too high|\bcap\b|reached|shut down|returned 5|sqli|internal|!=|<>|match|den(?:y|i)|forbid|refus|reject|block|\bnot\b|n't|\bno\b|without|missing|lack|requir|invalid|malform|expire|revo[kc]|scope|quota|limit|throttl|suspend|disab|activ|lock|\bban|csrf|xsrf|forgery|cors|origin|refer+er|hotlink|own(?:er|ed|s)|belong|mismatch|unauth|insufficient|permission|privilege|only|another|other|too many|exceed|unknown|fail|bad|wrong|unverif|must|inject|travers|xss|bot|captcha|scan|malicious|suspicious|virus|malware|upload|retired|sunset|deprecat|discontinu|unavailable|timeout|timed out|unreachable|EACCES|EPERM|waf|firewall|maintenance|tor\b|geo|countr|region|segments|replay|nonce|cross|different|cannot|can't|may not|mfa|2fa|factor|consent|overdue|unpaid|frozen|nikto|sqlmap|crawler|rbac|acl|polic|opa|honey|idor|idx10|ssrf|jndi|session|challenge|tried|attempt|out of|outside|cancel|terminat|trial|credit|too old|requests in|restricted|reserved|illegal|host|method|tampered|forged|anonymous|reputation|crowdsec|fail2ban|threat|virus/i;

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
  if (!WORTH.test(line)) return null;
  if (NEGATED.test(line)) return null;
  if (isHarmless(line)) return null;
  for (const r of ROWS) {
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

// ---------------------------------------------------------------------------------------------------------------
// An entry

/** Fields whose value is a reason; the last part of the name decides. In order of trust. */
const REASON_FIELD =
  /(?:^|[._-])(?:(?:deny|denied|denial|block|blocked|reject|rejected|rejection|refusal|refuse|refused|forbid|forbidden|failure|fail|auth|authz|decision|status|policy|waf|access|violation|ban)[._-]?(?:reason|reasons|cause|code|type|by|msg|message|rule|detail)|reason|reasons|deny|denied|blocked|block|refused|rejected|why|cause|violation|violations)$/i;
const ERROR_FIELD =
  /(?:^|[._-])(?:err(?:or)?|error[._-]?(?:code|description|message|msg|type|name|reason|detail|key|id)|err[._-](?:code|message|msg|name|type|reason)|exception|exception[._-](?:message|type|class|name|code)|code|detail|details|failure|problem|title|errorcode|errormessage|hint|note|explanation)$/i;
const DECISION_FIELD =
  /(?:^|[._-])(?:decision|allowed|allow|permitted|granted|authorized|authorised|verdict|effect|outcome|result|access|action|auth_result|authz_result)$/i;
const DENYING =
  /^(?:deny|denied|den|false|no|reject|rejected|refuse|refused|block|blocked|forbid|forbidden|unauthorized|disallow|disallowed|fail|failed|failure|not[ _]allowed|implicit[ _]?deny|explicit[ _]?deny)$/i;
const ALLOWING =
  /^(?:allow|allowed|true|yes|permit|permitted|grant|granted|accept|accepted|ok|success|succeeded|pass|passed|authorized)$/i;
/** Attributes that the client writes, or that only look like reasons. */
const FOREIGN =
  /^(?:req(?:uest)?|response|resp_headers|captured\.cookie|headers?|query|body|params|tls|time|url|http)[._]|(?:^|[._-])(?:status[._-]?code|zip|postal|country|currency|lang|source|stack_trace|stack)[._-]?(?:code)?$/i;

/**
 * Logs whose own words are in the product tables: a reason may only come from what programs wrote into them, or from a
 * field that exists to name one. A prefix ends in a dot.
 */
const SERVER_LOGS = [
  'akamai.',
  'apache.',
  'aws.',
  'azure.',
  'cef',
  'clf',
  'cloudflare.',
  'coraza.error',
  'envoy.access',
  'f5.asm',
  'fail2ban',
  'fastly.',
  'gcp.lb',
  'gin.access',
  'haproxy.http',
  'iis.',
  'imperva.cef',
  'iptables',
  'jetty.access',
  'kernel.audit',
  'kong.access',
  'lighttpd.',
  'litespeed.access',
  'modsecurity.',
  'morgan.access',
  'nginx.',
  'npm.access',
  'npmplus.access',
  'phpfpm.access',
  'phpfpm.slow',
  'squid.access',
  'tomcat.access',
  'traefik.access',
  'uvicorn.access',
  'varnish.access',
  'werkzeug.access',
  'django.server',
] as const;
const serverLogs = new Map<string, boolean>();

function isServerLog(dataset: string): boolean {
  let server = serverLogs.get(dataset);
  if (server === undefined) {
    server = SERVER_LOGS.some((name) => (name.endsWith('.') ? dataset.startsWith(name) : dataset === name));
    serverLogs.set(dataset, server);
  }
  return server;
}

/** Programs whose syslog lines are about other things than HTTP. */
const OTHER_PROGRAMS =
  /^(?:kernel|sshd(?:-session)?|sudo|su|cron|crond|anacron|systemd(?:-\w+)?|postfix\/?.*|dovecot|named|dhclient|chronyd|ntpd|polkitd|dbus(?:-daemon)?|snapd|rsyslogd|auditd|NetworkManager|smbd|login|containerd|dockerd)$/i;

/** The reason that an entry states in words, as a signal of the lowest rank; null = none. */
export function matchReason(entry: Entry): SignalMatch | null {
  const { dataset, httpResponseStatusCode: status } = entry;
  // An answer that refused nothing has no reason for a refusal.
  if (status !== null && status !== 0 && status < 400) return null;
  if (status === 404) return null;
  // Of audits only a policy's decision has a reason in words.
  if (entry.kind === 'ban' || (entry.kind === 'audit' && dataset !== 'opa.decision')) return null;
  const server = isServerLog(dataset);
  if (dataset === 'syslog' && entry.logLogger !== null && OTHER_PROGRAMS.test(entry.logLogger)) return null;

  let best: Reason | null = null;
  let named = false;
  let denies = false;
  let policy = false;
  const take = (reason: Reason | null, factor: number, byField: boolean): void => {
    if (reason === null) return;
    const weighed =
      factor === 1 ? reason : { ...reason, confidence: Math.round(reason.confidence * factor * 100) / 100 };
    if (best === null || weighed.confidence > best.confidence + 0.05) {
      best = weighed;
      named = byField;
    }
  };

  const fields = entry.attributes;
  if (fields !== null && entry.kind !== 'error') {
    for (const name in fields) {
      const value = fields[name]!;
      if (value === '' || value === '-' || FOREIGN.test(name)) continue;
      if (DECISION_FIELD.test(name)) {
        if (ALLOWING.test(value) && !server) return null;
        if (DENYING.test(value)) {
          denies = true;
          policy ||= /decision|verdict|effect/i.test(name);
          continue;
        }
      }
      if (REASON_FIELD.test(name)) take(readCode(value), 1, true);
      else if (ERROR_FIELD.test(name)) take(readCode(value), 1, true);
      else if (server && /^(?:extra|captured)\.\d+$/.test(name)) take(fromExtra(value), 0.85, false);
    }
  } else if (fields !== null && !server) {
    for (const name in fields)
      if (!FOREIGN.test(name) && (REASON_FIELD.test(name) || ERROR_FIELD.test(name)))
        take(readCode(fields[name]!), 1, true);
  }
  if (!server) {
    // A code is trusted with the message beside it; numbers and OS errors are not codes of this kind.
    if (entry.eventCode !== null && /[A-Za-z]{3}/.test(entry.eventCode)) take(readCode(entry.eventCode), 1, true);
    if (entry.errorCode !== null && /[A-Za-z]{3}/.test(entry.errorCode)) take(readCode(entry.errorCode), 1, true);
  }
  const text = textOf(entry, server);
  if (text !== null) {
    if (best !== null && NEGATED.test(text)) return null;
    if (best !== null && !denies && isHarmless(text)) return null;
    take(readReason(text), 1, false);
  }
  const raised = fields?.['error.type'];
  if (best === null && raised !== undefined) take(readCode(raised), 0.95, true);

  let reason = best as Reason | null;
  if (!server && entry.kind === 'app') reason = withIdentity(entry, reason, text);
  // A gateway that names the consumer and its group speaks of its access control list.
  if (
    reason !== null &&
    reason.slug === 'group' &&
    fields !== null &&
    Object.keys(fields).some((k) => /consumer|api[_-]?key/i.test(k))
  ) {
    reason = { ...reason, cause: 'gateway.acl', others: ['permission.role'] };
  }
  if (reason === null && denies && policy && !server) {
    reason = { cause: 'gateway.policy', confidence: 0.55, text: 'deny', slug: 'decision', others: ['permission.role'] };
    named = true;
  }
  if (reason === null) return null;
  const quiet = entry.logLevel === 'info' || entry.logLevel === 'debug';
  const refuses = !quiet || denies || named || status !== null || REFUSED.test(text ?? '');
  return signalOf(reason, refuses, phpOrApp(entry), fields, text);
}

const OWNER_FIELD = /^(?:\w+[._])?(?:owner|owned_?by|belongs_?to)(?:_?id)?$/i;
const GENERIC_DENIAL =
  /\b(?:access|permission|operation|action|request|entry) (?:is |was |has been )?(?:denied|refused|forbidden|rejected)\b|\bforbidden\b|\bnot allowed\b/i;

/** What the named user adds: a resource that names another owner, or a denial of somebody who is known. */
function withIdentity(entry: Entry, reason: Reason | null, text: string | null): Reason | null {
  const quiet = entry.logLevel === null || entry.logLevel === 'info' || entry.logLevel === 'debug';
  if (entry.userName === null || quiet) return reason;
  for (const [name, value] of Object.entries(entry.attributes ?? {})) {
    if (!OWNER_FIELD.test(name) || value === '' || value === entry.userName) continue;
    if (reason === null || reason.confidence < 0.85) {
      return {
        cause: 'permission.ownership',
        confidence: 0.88,
        text: text ?? value,
        slug: 'owner-field',
        others: ['permission.role'],
      };
    }
  }
  if (reason !== null || text === null) return reason;
  const denial = GENERIC_DENIAL.exec(text);
  return denial === null
    ? null
    : {
        cause: 'permission.role',
        confidence: 0.7,
        text: denial[0],
        slug: 'known-user-denied',
        others: ['permission.ownership'],
      };
}

/** What a program wrote: the message, or the part of a server's error line that is not the server's own. */
function textOf(entry: Entry, server: boolean): string | null {
  const message = entry.message;
  if (message === null) return null;
  if (!server) {
    // The exception behind a message that says only that something was refused stands on the first line of its trace.
    const trace = entry.attributes?.['error.stack_trace'];
    return trace === undefined ? message : `${message}\n${trace.split('\n', 1)[0]!.slice(0, 500)}`;
  }
  switch (entry.dataset) {
    case 'nginx.error': {
      if (message.startsWith('FastCGI sent in stderr: ')) return stderr(message.slice(24));
      const uwsgi = /^(?:uwsgi|SCGI)? ?sent in stderr: /i.exec(message);
      if (uwsgi !== null) return stderr(message.slice(uwsgi[0].length));
      const lua = /^(?:\[lua\] [^ ]{1,200}:\d{1,6}: (?:[\w.:<>/-]{0,60}\(?\)?: )?|js: )/.exec(message);
      return lua === null ? null : message.slice(lua[0].length);
    }
    case 'apache.error': {
      if (message.startsWith("Got error '")) return stderr(message.slice(11));
      const program = /^(?:php\d?|wsgi|cgid?|lua|perl|python|proxy_fcgi|proxy_uwsgi|fcgid)$/.test(
        entry.logLogger ?? '',
      );
      if (!program) return null;
      return message.replace(/^stderr from [^:]{1,200}: /, '');
    }
    case 'haproxy.http':
      return null;
    default:
      return null;
  }
}

function stderr(text: string): string {
  return text
    .replace(/^["']/, '')
    .replace(/["'] while reading .{0,120}$/, '')
    .replace(/["']$/, '');
}

/** A field without a name in an access line: read only when it is a sentence, and not a header that the client wrote. */
function fromExtra(value: string): Reason | null {
  if (value.length < 8 || value.length > 200 || !value.includes(' ')) return null;
  if (/\w\/\d|:\/\/|^[\w.-]+=|;/.test(value) || !REFUSED.test(value)) return null;
  return readReason(value);
}

function phpOrApp(entry: Entry): 'app' | undefined {
  return entry.dataset === 'nginx.error' &&
    entry.message !== null &&
    /sent in stderr: /.test(entry.message.slice(0, 40))
    ? 'app'
    : entry.dataset === 'apache.error'
      ? 'app'
      : undefined;
}

function signalOf(
  reason: Reason,
  refuses: boolean,
  layer: 'app' | undefined,
  fields: Entry['attributes'],
  text: string | null,
): SignalMatch {
  const whole =
    reason.slug.startsWith('code-') || text === null || !text.includes(reason.text)
      ? valueWith(fields, reason.text)
      : text;
  const signal: Signal = {
    id: `reason-${reason.slug}`,
    product: 'application',
    datasets: ['*'],
    kind: refuses ? 'decision' : 'context',
    cause: reason.cause,
    alternatives: reason.others,
    certainty: 'stated',
    confidence: reason.confidence,
    layer,
    says: 'The log says: “{text}”',
    source: 'the words of the record itself',
  };
  return { signal, says: `The log says: “${clean(whole, 160)}”`, text: reason.text.slice(0, 200) };
}

function valueWith(fields: Entry['attributes'], text: string): string {
  for (const name in fields ?? {}) if (fields![name]!.includes(text)) return `${name}: ${fields![name]}`;
  return text;
}
