/** Words about rules that servers and applications share, and words that say little. */
import { rowList } from './row.ts';

const { rows, row } = rowList();
export default rows;
const s = String.raw;

// --- Server rules that applications repeat ---------------------------------------------------------------------------
row(
  'method',
  'config.method',
  0.88,
  [
    s`\b(?:http )?(?:method|verb)\b.{0,40}(?:not (?:allowed|permitted|supported|accepted)|disallowed|forbidden|blocked|denied|refused|rejected)|\b(?:method_not_allowed|methodnotallowed)\b|\b(?:disallowed|forbidden|unsupported) (?:http )?(?:method|verb)\b`,
    s`\b(?:TRACE|TRACK|PUT|DELETE|PATCH|OPTIONS) is disabled\b`,
    s`\bonly (?:GET|HEAD|POST)\b.{0,20}\b(?:may be used|allowed|accepted|supported)\b`,
    s`\blimit_except\b`,
  ],
  ['config.access'],
);
row('host', 'config.host', 0.88, [
  s`\b(?:blocked|invalid|disallowed|unknown|unrecogni[sz]ed|untrusted|forbidden|bad) (?:request )?(?:http_)?host(?:s|name)?\b|\bhosts?\b.{0,50}(?:not (?:allowed|permitted|served|configured|recogni[sz]ed|in allowed|whitelisted|trusted)|disallowed)|\bdisallowedhost\b|\ballowed_hosts\b`,
  s`\bhost(?: header)?\b.{0,50}\bnot among\b.{0,14}\bhosts\b|\bunknown[ _]virtual[ _]?host\b`,
  s`\bno (?:configured |known )?domain of this site\b|\bno site is served under\b|\bdisallowed host\b`,
  s`\bhost ?authorization (?:refused|blocked|denied)\b|\bno site is configured under\b`,
]);
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
    s`\b(?:opa|pdp|policy|authz) decision (?:was |is )?false\b`,
    s`\b(?:forward-?auth|ext[ _-]?authz|external (?:pdp|authori[sz]er)|pdp)\b.{0,20}\b(?:responded|returned|answered|refused|replied)\b`,
    s`\bdecision\b.{0,8}\ballow ?[=:] ?false\b`,
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
  s`\bpermission[ _-]?denied\b|\baccess ?denied ?exception\b|\baccessdenied(?:http)?exception\b|\b(?:forbidden|authori[sz]ation) ?exception\b.{0,4}$|\bpermission ?error\b.{0,4}$|\bnot (?:authori[sz]ed|permitted)\b|\bunauthori[sz]edexception\b|\bauthorization (?:failed|denied|error)\b`,
  ['permission.ownership', 'credential.missing'],
);
row(
  'authentication-failed',
  'credential.invalid',
  0.6,
  s`\b(?:authentication|auth|login|log-?in|sign-?in) (?:failed|failure|error|rejected|denied|unsuccessful)\b`,
  ['credential.missing', 'credential.expired'],
);
