/** Words about limits, accounts that are closed, and what a gateway depends on. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

// --- Limits -----------------------------------------------------------------------------------------------------
row('lockout', 'limit.lockout', 0.93, [
  s`\b(?:accounts?|users?|logins?|profile|credentials?)\b[^.;]{0,40}\block(?:ed|ed[ -]?out|out)\b`,
  s`\block(?:ed|out)[ _-](?:account|user|login)\b|\baccount[ _-]?lock(?:ed|out)?\b`,
  s`\block(?:ed|ing) (?:\w{1,12} )?out\b`,
  s`\btoo many (?:failed|invalid|incorrect|unsuccessful|bad|wrong)\b.{0,25}(?:attempts?|logins?|log-?ins?|sign-?ins?|passwords?|tries|authentications?)`,
  s`\btoo many (?:log-?in|sign-?in|password|authentication|auth|otp|pin|2fa|mfa) (?:attempts|failures|tries|errors)\b`,
  s`\b(?:max(?:imum)?|exceeded)\b.{0,30}\b(?:log-?in|sign-?in|password|failed|authentication) (?:attempts|failures|tries)\b`,
  s`\b(?:log-?in|sign-?in|password|failed)[ _-]attempts?\b.{0,20}(?:exceeded|exhausted|limit)`,
  s`\blocked\b.{0,14}\bafter \d{1,3}\b`,
  s`\block-?out\b.{0,30}\b(?:ends|until|active|expires|in force)\b`,
  s`\bbrute-?force (?:cool-?down|lock|protection)\b`,
  s`\b(?:barred|blocked|suspended|locked|refused)\b.{0,30}\b\d{1,3} (?:consecutive |successive |repeated )?(?:wrong|bad|failed|invalid|incorrect) (?:passwords?|otps?|pins?|codes?|logins?|attempts?)`,
  s`\blocked for \d{1,4}\b`,
  s`\b(?:pin|password|login|otp) tries exceeded\b`,
]);
row(
  'suspended',
  'limit.suspended',
  0.93,
  [
    s`\bACCOUNT\b(?![^.;]{0,60}\b(?:feature|flag|mode|cache|logging|module|plugin|integration|option|setting|widget)\b)[^.;]{0,45}\b(?:suspended|disabled|deactivated|de-?activated|inactive|frozen|terminated|on (?:\w{1,12} )?hold|cancell?ed|delinquent|past due|in arrears|archived|banned|not active|not enabled|closed)\b`,
    s`\bACCOUNT\b[^.;]{0,35}\bblocked\b(?! by (?:the |a |an )?(?:policy|waf|firewall|cors|rule|acl|opa|rate|geo|csp|csrf|bot|quota|ip))`,
    s`\b(?:suspended|disabled|deactivated|inactive|frozen|terminated|blocked|banned|closed) (?:[\w-]{1,20} )?ACCOUNT\b(?!\.\w)`,
    s`\b(?:account|user|tenant|subscription|key|customer|org|organi[sz]ation|app|client|merchant|project|partner|workspace)[ _-](?:is[ _-])?(?:suspended|disabled|deactivated|inactive|blocked|frozen|terminated|banned)\b`,
    s`\b(?:payment|invoice|bill|subscription fee)s?\b.{0,25}(?:overdue|past due|unpaid|not received|failed|outstanding)|\b(?:unpaid|overdue|outstanding) (?:invoice|bill|balance|payment)s?\b`,
    s`\b(?:trial|subscription|licen[cs]e|membership)\b.{0,25}\b(?:expired|ended|lapsed|has ended|over)\b`,
    s`\buser inactive or deleted\b`,
    s`\b(?:subscription|account|membership|plan|contract) ?(?:is |was |has been )?paused\b`,
    s`\bbanned for \w{3,20}(?: until\b|\b.{0,20}\buntil\b)`,
    s`\b(?:api[ _-]?)?(?:key|account|user|client|tenant|customer)\b.{0,24}\b(?:is|was|has been|been) (?:switched|turned) off\b`,
    s`\b(?:was|is|has been|been) barred from\b`,
    s`\b(?:acct|account|user|cust(?:omer)?)?-?status\W{1,3}(?:frozen|suspended|blocked|inactive|closed|disabled)\b`,
    s`\b(?:employee|person|staff|student|login|user)\b.{0,24}\bdeactivated\b|\bis[ _]active ?[=:] ?false\b`,
  ],
  ['gateway.tenant'],
);
row('rate-each', 'limit.rate', 0.93, [
  s`\b(?:over|above|beyond|exceed\w{0,3})\b.{0,20}\bper-?(?:second|minute|hour)\b`,
  s`\b(?:too (?:quickly|fast|often|frequently)|more often than once)\b`,
  s`\bspike arrest\b|\bsecondary rate limit\b|\bbucket \W?[\w-]{1,30}\W? (?:is |was )?(?:empty|drained)\b`,
  s`\b(?:please )?wait \d{1,5} (?:s|sec|seconds?|minutes?|min)\b.{0,14}\bbefore\b`,
  s`\bbucket (?:is )?empty\b`,
]);
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
    s`\b(\d[\d,.]{0,12}) ?(?:of|out of|/) ?\1 (?:\w{2,24} ){1,2}(?:used|consumed|spent|redeemed|taken|exhausted)\b`,
    s`\b(?:quota|allowance|credits?)[ _-]?(?:exceeded|exhausted|reached|depleted|limit)\b`,
    s`\b\d[\d,.]* (?:calls|requests|messages|downloads|exports) (?:per|a|each) (?:day|month|week|year)\b.{0,30}(?:exceeded|reached|used|exhausted|hit)`,
    s`\b(?:has |have )?(?:0|no|zero) (?:\w{2,14} ){0,2}(?:credits?|lookups?|calls?|requests?|tokens?|units?|messages?|exports?) left\b|\bno \w{3,20}(?: \w{3,20})? left until\b`,
    s`\b(\d[\d,.]{0,12}) ?(?:of|out of|/) ?\1\b`,
    s`\bconsumed all of (?:its|their|his|her|the)\b`,
    s`\b(?:number|amount|count) of\b.{0,50}\b(?:attained|reached|exhausted|used up)\b`,
    s`\bout of credits exception\b`,
    s`\bcredits? (?:are|is|balance is) (?:0|zero)\b`,
    s`\ballows (\d{1,6}) \w{3,20} and you have \1\b`,
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
// A firewall that failed is no authorizer that failed.
row(
  'waf-error',
  'waf.error',
  0.8,
  s`\bwaf\b.{0,40}(?:unavailable|timed? ?out|timeout|error|internal error|crashed|unreachable|misconfigur)`,
  ['waf.custom'],
);
row('upstream', 'gateway.upstream', 0.88, [
  s`\bfail(?:ing|ed|s)?[ -]closed\b`,
  s`\b(?:authori[sz](?:er|ation)|authn?z?|authentication|opa|policy|idp|identity|token|introspection|jwks|oidc|oauth2?|ldap|keycloak|permissions?|entitlements?|pdp|auth[ _-]?server)[ _-]?(?:service|server|engine|provider|endpoint|backend|agent|api|sidecar|decision point|store)?\b.{0,50}(?:unavailable|unreachable|timed? ?out|timeout|not reachable|is down|not responding|no response|connection refused|econnrefused|etimedout|enotfound|connect(?:ion)? (?:error|failed|reset)|could not be reached|cannot be reached|returned (?:5\d\d|status 5\d\d|http 5\d\d)|responded (?:with )?5\d\d|error 5\d\d|context deadline exceeded)`,
  s`\b(?:could not|cannot|can't|unable to|failed to) (?:reach|contact|connect to|call|query)\b.{0,40}\b(?:authori[sz]er|auth|opa|policy|idp|identity|introspection|jwks|oidc|ldap|keycloak|permission|entitlement|pdp|upstream|backend)`,
  s`\b(?:upstream|backend|dependency)\b.{0,40}(?:unavailable|unreachable|timed? ?out|timeout|connection refused|failed|failure|returned 5\d\d|is down)\b.{0,60}(?:den(?:y|ied|ying)|refus|reject|forbid|block|403)`,
  s`\b(?:den(?:y|ied|ying)|refus\w{0,4}|reject\w{0,4}|forbid\w{0,4}|block\w{0,4}|403)\b.{0,60}\b(?:upstream|backend|dependency|redis|database|cache|store)\b.{0,30}(?:unavailable|unreachable|timed? ?out|timeout|connection refused|failed|is down)`,
  s`\b(?:jwks|introspection|discovery document|public keys?)\b.{0,40}(?:fetch|retriev|download|request|lookup)\w{0,4}\b.{0,20}(?:failed|error|timeout)|\bfailed to (?:fetch|retrieve|load|download|get) (?:the )?(?:jwks|public keys?|signing keys?|discovery)`,
  s`\bauthorizer(?:configuration|_configuration|_failure|failure| error| failed)\b|\bauth request unexpected status\b`,
  s`\b(?:ldap|idp|sso|redis|session store|user directory)\b.{0,20}\b(?:down|unavailable|unreachable|offline)\b`,
]);
row('retired', 'gateway.retired', 0.9, [
  s`\b(?:api(?![ _-]?keys?)|version|v\d{1,3}|endpoint|route|resource|operation|method|service|product|release)\b.{0,50}(?:retired|sunset(?:ted)?|discontinued|decommissioned|switched off|turned off|shut down|end[ -]of[ -]life|no longer (?:supported|available|served|offered|active|exists)|withdrawn|has been removed|was removed|obsolete)`,
  s`\b(?:retired|sunset|discontinued|decommissioned|obsolete|end-of-life) (?:api|version|endpoint|route|resource|operation|service)\b`,
  s`\b(?:api|version|v\d{1,3}|endpoint|route)\b.{0,40}\bdeprecated\b.{0,60}(?:den(?:y|ied)|refus|reject|forbid|block|403|no longer|removed)`,
  s`\b(?:den(?:y|ied)|refus\w{0,4}|reject\w{0,4}|forbidden|blocked|403)\b.{0,60}\bdeprecated (?:api|version|endpoint|route)\b`,
  s`\b(?:api|version|endpoint|route)[ _-](?:retired|sunset|disabled|expired|gone|decommissioned)\b`,
  s`\b(?:switched|turned) off on \d|\btaken out of (?:use|service)\b`,
  s`\b(?:api )?version has expired\b`,
]);
row('route', 'gateway.route', 0.85, [
  s`\bno (?:matching )?(?:route|stage|api|operation)s? (?:was |were )?(?:matched|found|configured|exists?)\b`,
  s`\b(?:route|stage)[ _]not[ _](?:found|matched|defined)\b`,
  s`\bno api definition\b|\bstage \S{1,30} unknown\b|\bno resource matches\b`,
]);
