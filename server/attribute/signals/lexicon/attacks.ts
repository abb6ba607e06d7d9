/** Words about attacks that an application or its firewall saw. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

// --- Firewalls inside applications ----------------------------------------------------------------------------------
const HIT = s`(?:detected|attempt|attack|blocked|found|pattern|payload|probe|suspected|rule|signature|rejected|refused|denied|match)`;
row(
  'challenge',
  'waf.challenge',
  0.88,
  s`\b(?:re)?captcha\b.{0,40}(?:required|fail|invalid|missing|not|wrong|score|challenge|expired|needed|served|reject)|\b(?:invalid|missing|failed|wrong) (?:re)?captcha\b|\bhcaptcha\b.{0,20}(?:fail|invalid)|\bturnstile\b.{0,30}(?:fail|invalid|missing)|\b(?:javascript|js|browser|proof[ -]of[ -]work) challenge\b`,
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
