/** Words about tokens, keys, signatures and logins. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

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
