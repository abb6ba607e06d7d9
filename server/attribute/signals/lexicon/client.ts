/** Words about the file, about forgery, about where a browser came from and about the address of the client. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

// --- The operating system refused a file --------------------------------------------------------------------------
row('file-permission', 'config.permissions', 0.85, [
  s`\b(?:EACCES|EPERM)\b`,
  s`(?:failed to open stream|open_?dir|fopen|mkdir|unlink|rename|include|require|file_[a-z_]+|stat)\b.{0,160}permission denied`,
  s`\[errno 1?3\] (?:permission denied|operation not permitted)`,
  s`\bopen /\S+: permission denied`,
  s`\b(?:nio\.file\.)accessdeniedexception\b`,
  s`\(13: permission denied\)`,
  s`\bno (?:search|read|write|execute) permission (?:on|for|in) /`,
  s`\bfile mode 0?[0-7]{3}\b.{0,30}\b(?:prevents|forbids|does not allow)`,
  s`\bsearch permissions are missing\b`,
]);

// --- Forgery protection -----------------------------------------------------------------------------------------
const CSRF =
  '(?:csrf|xsrf|anti-?forgery|forgery[ -]protection|cross-?site request(?: forgery)?(?: protection)?|request verification|authenticity|form)';
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
  s`\b(?:csrf|xsrf|forgery)\b.{0,40}\borigin\b.{0,80}\b(?:is not|isn't|doesn't|does not|did not|differs|without any)\b`,
  s`\b(?:csrf|xsrf|forgery)\b.{0,60}\b(?:without|no|missing)\b.{0,8}\breferr?er\b`,
  s`\breferr?er\b.{0,80}\b(?:csrf|xsrf|forgery)\b`,
  s`\bcross-?site (?:post|form|request|submission)\b.{0,20}\b(?:submissions?|requests?|posts?)\b.{0,60}(?:forbidden|denied|refused|rejected|blocked|not allowed)`,
]);
row('csrf-missing', 'csrf.missing', 0.93, [
  s`\b(?:missing|no|absent|without|empty|lacks?|lacking)\b.{0,25}\b${CSRF}[ _-]?(?:token|cookie|secret|header|field|key|nonce|protection)`,
  s`\b(?:missing|no|absent|without|empty)\b (?:a |an |the )?(?:csrf|xsrf)\b`,
  s`\b${CSRF}[ _-]?(?:session[ _-]?)?(?:token|cookie|secret|header|field|nonce)s?\b.{0,30}(?:missing(?! or (?:incorrect|invalid))|not (?:set|found|present|provided|sent|supplied|included|in)|absent|is required|required|was not|empty|undefined)`,
  s`\b(?:csrf|xsrf)[ _-]?(?:missing|required)\b`,
  s`\bform[ _-]?key\b.{0,20}(?:missing|not present)`,
  s`\b(?:csrf|xsrf)\b.{0,60}\b(?:no token(?: was found)?|token (?:is )?(?:missing|absent|empty))\b`,
  s`\bcould not verify the provided csrf token because\b.{0,40}\b(?:not found|no token|null)`,
  s`\b${CSRF}\b.{0,60}\b(?:delivered|sent|brought|carried|got|received|had) no token\b`,
  s`\b(?:csrf|xsrf)[ _-]?(?:token|param(?:eter)?|header|cookie|field)\b.{0,12}\b(?:nil|null|blank|undefined)\b`,
  s`\banti-?forgery (?:cookie|token|field)\b.{0,60}\b(?:is )?not (?:present|found|sent|set)\b`,
  s`\b(?:csrf|xsrf)\b.{0,14}\b(?:parameter|header|field)?.{0,3}\b(?:absent|missing)\b`,
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
    s`\bebadcsrf\b`,
    s`\b${CSRF}[ _-]?(?:token|nonce)s?\b.{0,60}\b(?:used before|reused|different user|another (?:user|session)|not belong|too old|open for)\b`,
    s`\bstale \S{0,20}(?:forgery|csrf|xsrf)\S{0,20} token\b`,
    s`\b(?:csrf|xsrf)\b.{0,30}\b(?:pair|values?)\b.{0,20}\b(?:differ|different|unequal|not equal)`,
    s`\bvalue of the (?:csrf|xsrf)\b.{0,20}\bdiffer`,
    s`\binvalid csrf nonce\b`,
    s`\bxsrf-?token\b.{0,80}\bnot equal\b|\bdouble-submit\b.{0,60}\b(?:not equal|differ|mismatch)`,
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
    s`\borigins?\b.{0,90}(?:not (?:allowed|permitted|whitelisted|(?:in|on) (?:the |our )?(?:cors )?(?:allow|white|safe)[ _-]?list|an allowed|trusted|accepted)|(?:is|was) (?:blocked|denied|rejected|refused|forbidden|disallowed)|disallowed)`,
    s`\borigins?\b.{0,90}\bnot (?:in|on|among|one of)\b.{0,14}\b(?:allowed|permitted|trusted|configured|whitelisted)\b`,
    s`\b(?:origin_not_allowed|cors_origin|cors_denied|disallowed_origin|invalid_origin|forbidden_origin)\b`,
    s`\b(?:disallowed|untrusted|unknown|unlisted|forbidden|blocked|foreign) origin\b`,
    s`\brequest origin\b.{0,120}does not have permission`,
    s`\bcors\b.{0,60}\b(?:turned down|not approved|filter)\b|\brejected by cors`,
    s`\bpreflight\b.{0,60}(?:denied|refus|reject|turned down|isn't in|not (?:in|allowed|permitted))|\b(?:denied|refus\w{2,3}|reject\w{2,3}) (?:the )?(?:cors )?preflight\b`,
    s`\b(?:not (?:allowed|permitted)|refused|rejected|denied|blocked)\b.{0,12}\bby (?:the )?cross-?origin\b`,
  ],
  ['csrf.origin'],
);
row('referer', 'origin.referer', 0.92, [
  s`\bhot-?link`,
  s`\breferr?er\b.{0,90}(?:not (?:allowed|permitted|whitelisted|trusted|in|on|accepted|valid)|denied|reject|block|disallow|forbid|refus|invalid|missing|mismatch|foreign)`,
  s`\b(?:bad|invalid|foreign|disallowed|untrusted|unknown|missing|forbidden|external|empty) referr?er\b`,
  s`\bembedded on\b.{0,40}\b(?:non-?approved|not approved|unapproved|foreign|unknown) (?:site|page|domain)`,
  s`\brestricted by (?:http )?referr?er\b`,
  s`\breferr?er\b.{0,90}\b(?:isn't|is not|not) among\b`,
  s`\bembed(?:ding|ded)? (?:page|site|domain)\b.{0,30}\bnot\b`,
]);

// --- Client address ---------------------------------------------------------------------------------------------
row('geo', 'address.geo', 0.92, [
  s`\bgeo[ _-]?(?:ip|location|fence|fenced|block|blocked|blocking|restrict|restricted|restriction|denied|filter|policy)\b`,
  s`\b(?:country|countries|region|jurisdiction|territory)\b.{0,50}(?:not (?:allowed|permitted|supported|served|available|in|on)|blocked|denied|reject|restrict|refused|forbidden|embargo|sanction|banned|disallowed|excluded)`,
  s`\b(?:blocked|denied|restricted|sanctioned|embargoed|unsupported|disallowed|forbidden|banned) (?:country|region|jurisdiction|territory)\b`,
  s`\bnot available in your (?:country|region|location|area)\b`,
  s`\basn?[ _-]?\d{0,10}\b (?:is |was )?(?:blocked|denied|not allowed|banned)\b`,
  s`\b(?:visitors?|users?|clients?|traffic|requests?) from [A-Z]{2}\b.{0,14}\b(?:blocked|denied|refused|not (?:allowed|served))`,
  s`\bregion[ -]?lock(?:ed)?\b|\bclosed to (?:region|country|visitors from)\b`,
  s`\bgeo-?located to\b`,
  s`\boutside (?:of )?(?:the )?(?:state|country|territory|province|region|union)\b.{0,30}(?:refus|den|reject|block|not (?:allowed|possible))`,
  s`\bcovers [A-Z]{2}(?:[/, ]{1,3}[A-Z]{2})* only\b`,
  s`\bfrom outside (?:of )?the (?:EEA|EU|UK|USA?|country|union)\b`,
  s`\basn?[ _-]?\d{1,10}\b.{0,40}\b(?:barred|blocked|refused|banned)\b`,
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
    s`\bthreat score\b.{0,50}\b(?:exceeds?|above|over|too high|beyond)\b`,
    s`\bjail \W?[\w-]{2,40}\W? (?:caught|banned)\b`,
    s`\b(?:temporary )?ban (?:is )?active\b|\b(?:owing|due) to (?:repeated )?(?:probing|scanning|abuse)\b`,
  ],
  ['address.denied'],
);
row('consumer-list', 'gateway.acl', 0.9, [s`\bconsumers?\b.{0,40}\bnot (?:white|allow)-?listed\b`]);
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
    s`\b(?:ip|address|addr)\b.{0,40}\b(?:isn't|is not|not|never)\b.{0,10}\b(?:registered for|approved|on file|known to us)\b`,
    s`\bmust be (?:on|in|connected (?:to|through|via)|using) (?:the |our )?(?:vpn|intranet|office network|corporate network)\b`,
    s`\b(?:called|used|reached|accessed|opened|invoked) (?:just|only) from\b.{0,30}\b(?:subnets?|networks?|ips?|address(?:es)?|branch(?:es)?|offices?|lan|vpn)\b`,
    s`\ballowed_(?:cidrs?|ips?|networks?)\b.{0,60}\b(?:no_?match|false|denied)\b`,
    s`\bnot in \S*(?:allow|white)[_-]?list\b`,
    s`\b(?:vpn|campus network|office network|intranet) only\b|\bonly\b.{0,20}\bfrom the\b.{0,14}\b(?:vpn|intranet|office)\b`,
    s`\bnot one of\b.{0,40}\b(?:ranges|networks|addresses|ips)\b`,
    s`\b(?:white|allow)[ -]?list\w{0,12}\b.{0,20}\bno match\b`,
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
    s`\bmatch(?:es|ed)? (?:a |the )?(?:deny|block|ban) (?:rule|entry|range)\b|\b(?:falls in(?:to)?|within|in) a (?:denied|blocked|banned|forbidden) (?:range|network|subnet|block)\b`,
    s`\blisted in \S*(?:block|deny|black|banned)\S*`,
    s`\bblocked address exception\b`,
  ],
  ['address.reputation'],
);
