/**
 * Which WAF rule refused the request, and what kind of attack it saw. Takes the WAF records of one request and
 * follows the OWASP Core Rule Set: rules that only add up are never the reason, `Warning.` is never a denial, and
 * an audit record of a request that something else refused gives no verdict. Pure; whether an inner layer had
 * refused already is for `verdict.ts` to know.
 */
import type { Entry, RuleMatch } from '../../parsers/entry.ts';
import { maskText } from '../model/mask.ts';
import { type Cause, isCause } from '../model/taxonomy.ts';

export interface WafVerdict {
  cause: Cause;
  alternatives: { cause: Cause; confidence: number }[];
  confidence: number;
  certainty: 'stated' | 'implied';
  /** The rule that did the matching, not the one that adds up. "942100" */
  ruleId: string | null;
  ruleMessage: string | null;
  /** "ARGS:q" */
  variable: string | null;
  /** What was matched: masked, without control characters, cut. Hostile text. */
  dataExcerpt: string | null;
  /** `response`: the backend had answered and the WAF withheld the answer. */
  direction: 'request' | 'response';
  /** Points per class. {"waf.sqli": 10, "waf.protocol": 3} */
  scores: Record<string, number>;
  says: string;
}

const EXCERPT_CHARS = 120;
const MESSAGE_CHARS = 160;
/** CRS default; the denial names the one in force. */
const THRESHOLD = 5;

// ---------------------------------------------------------------------------------------------------------------
// Rule → class

export interface RuleClass {
  cause: Cause;
  second: readonly Cause[];
}

const of = (cause: Cause, ...second: Cause[]): RuleClass => ({ cause, second });

/** id ÷ 1000 → class. */
const RANGES: Record<number, RuleClass> = {
  901: of('waf.error', 'waf.custom'),
  910: of('address.reputation', 'address.denied'),
  911: of('config.method', 'waf.protocol'),
  912: of('limit.rate'),
  913: of('waf.scanner', 'waf.bot'),
  920: of('waf.protocol'),
  921: of('waf.protocol'),
  922: of('waf.upload', 'waf.protocol'),
  930: of('waf.traversal'),
  931: of('waf.rfi'),
  932: of('waf.rce'),
  933: of('waf.php'),
  934: of('waf.nodejs'),
  941: of('waf.xss'),
  942: of('waf.sqli'),
  943: of('waf.session'),
  944: of('waf.java', 'waf.rce'),
  950: of('waf.leakage'),
  951: of('waf.leakage'),
  952: of('waf.leakage'),
  953: of('waf.leakage'),
  954: of('waf.leakage'),
  955: of('waf.leakage', 'waf.rce'),
  956: of('waf.leakage'),
};

/** Rules whose class differs from their file's. */
const RULES: Record<number, RuleClass> = {
  910100: of('address.geo', 'address.reputation'),
  913101: of('waf.bot', 'waf.scanner'),
  913102: of('waf.bot', 'waf.scanner'),
  920120: of('waf.upload', 'waf.protocol'),
  920121: of('waf.upload', 'waf.protocol'),
  920400: of('waf.upload', 'waf.protocol'),
  920410: of('waf.upload', 'waf.protocol'),
  920440: of('waf.protocol', 'config.access'),
  920500: of('waf.protocol', 'config.access'),
  920650: of('waf.protocol', 'config.method'),
  920280: of('waf.protocol', 'config.host'),
  920290: of('waf.protocol', 'config.host'),
  920350: of('waf.protocol', 'config.host'),
  921200: of('waf.custom', 'waf.protocol'),
  930130: of('waf.traversal', 'config.access'),
  930140: of('waf.traversal', 'config.access'),
  932180: of('waf.upload', 'waf.rce'),
  933110: of('waf.php', 'waf.upload'),
  933111: of('waf.php', 'waf.upload'),
  933220: of('waf.php', 'waf.upload'),
  934110: of('waf.rfi'),
  934120: of('waf.rfi'),
  934190: of('waf.rfi'),
  934140: of('waf.rce'),
  934150: of('waf.rce'),
  934180: of('waf.rce'),
  934200: of('waf.rce'),
  934170: of('waf.php'),
  934210: of('waf.sqli'),
  934220: of('waf.sqli'),
  949100: of('address.reputation', 'address.denied'),
  950100: of('waf.leakage', 'gateway.upstream'),
  // The engine's own recommended configuration.
  200002: of('waf.protocol'),
  200003: of('waf.upload', 'waf.protocol'),
  200004: of('waf.upload', 'waf.protocol'),
  200005: of('waf.protocol', 'waf.error'),
};

/** Tag → class, in the order in which they are asked; only where the id says nothing. */
const TAGS: readonly (readonly [string, Cause])[] = [
  ['attack-sqli', 'waf.sqli'],
  ['attack-xss', 'waf.xss'],
  ['attack-lfi', 'waf.traversal'],
  ['attack-rfi', 'waf.rfi'],
  ['attack-ssrf', 'waf.rfi'],
  ['attack-injection-php', 'waf.php'],
  ['attack-injection-java', 'waf.java'],
  ['attack-injection-nodejs', 'waf.nodejs'],
  ['attack-ssti', 'waf.rce'],
  ['attack-rce', 'waf.rce'],
  ['attack-injection-generic', 'waf.custom'],
  ['attack-fixation', 'waf.session'],
  ['attack-disclosure', 'waf.leakage'],
  ['attack-multipart-header', 'waf.protocol'],
  ['attack-deprecated-header', 'waf.protocol'],
  ['attack-protocol', 'waf.protocol'],
  ['attack-reputation-scanner', 'waf.scanner'],
  ['attack-reputation-scripting', 'waf.bot'],
  ['attack-reputation-crawler', 'waf.bot'],
  ['attack-bot', 'waf.bot'],
  ['attack-reputation-ip', 'address.reputation'],
  ['attack-dos', 'limit.rate'],
];

/** Words of CRS file names, for rules whose tags were cut away. */
const FILES: readonly (readonly [string, Cause])[] = [
  ['ATTACK-SQLI', 'waf.sqli'],
  ['ATTACK-XSS', 'waf.xss'],
  ['ATTACK-LFI', 'waf.traversal'],
  ['ATTACK-RFI', 'waf.rfi'],
  ['ATTACK-RCE', 'waf.rce'],
  ['ATTACK-PHP', 'waf.php'],
  ['ATTACK-JAVA', 'waf.java'],
  ['ATTACK-NODEJS', 'waf.nodejs'],
  ['SESSION-FIXATION', 'waf.session'],
  ['SCANNER-DETECTION', 'waf.scanner'],
  ['DATA-LEAKAGES', 'waf.leakage'],
  ['MULTIPART-ATTACK', 'waf.upload'],
  ['PROTOCOL-', 'waf.protocol'],
  ['METHOD-ENFORCEMENT', 'config.method'],
  ['IP-REPUTATION', 'address.reputation'],
];

const idOf = (rule: RuleMatch): number => (/^\d{1,9}$/.test(rule.id) ? Number(rule.id) : 0);

/** 949xxx and 959xxx add up, 980xxx reports: named by a denial, never its reason. 949100 judges an address, by what was caught before. */
function isSummary(id: number): boolean {
  if (id === 949100) return false;
  const range = Math.trunc(id / 1000);
  return range === 949 || range === 959 || range === 980;
}

/** Setup, exclusions, paranoia skips, score sums, reports: in no log a reason. */
function isAuxiliary(id: number): boolean {
  if (id < 900_000) return false;
  if (id >= 9_001_000 && id < 9_007_000) return true;
  if (id > 999_999) return false;
  if (isSummary(id)) return true;
  const range = Math.trunc(id / 1000);
  if (range < 910 || range >= 980) return true;
  return id % 1000 < 100 && id !== 910_000;
}

/** The class of one rule, or null where neither id nor tags nor file tell (local rules: `localClass`). */
export function classOfRule(rule: RuleMatch): RuleClass {
  let id = idOf(rule);
  const plugin = Math.trunc(id / 1000);
  if (plugin === 9502) return of('waf.upload');
  if (plugin === 9504) return of('waf.bot');
  if (plugin === 9514) return of('limit.rate');
  if (plugin === 9524) return of('waf.protocol');
  if (id >= 9_900_000 && id <= 9_999_999) id -= 9_000_000;
  const own = RULES[id];
  if (own !== undefined) return own;
  const range = id >= 901_000 && id <= 979_999 ? RANGES[Math.trunc(id / 1000)] : undefined;
  if (range !== undefined) return range;
  const tagged = TAGS.find(([tag]) => rule.tags.includes(tag));
  if (tagged !== undefined) return of(tagged[1]);
  const filed = FILES.find(([word]) => rule.file.includes(word));
  if (filed !== undefined && /(?:REQUEST|RESPONSE)-\d{3}/.test(rule.file)) return of(filed[1]);
  return localClass(rule);
}

/** Rules of the site's own: what they look at tells what they guard. */
function localClass(rule: RuleMatch): RuleClass {
  const { match, variable } = rule;
  const text = `${match} ${variable}`;
  const message = rule.message.toLowerCase();
  if (/\bGEO:|geo ?lookup/i.test(text) || /\b(?:geo(?:ip)?|country)\b/.test(message))
    return of('address.geo', 'address.denied');
  if (/\bRBL lookup of |Operator `Rbl/i.test(text)) return of('address.reputation', 'address.denied');
  if (/\b(?:rate|brute|flood|dos|throttl\w*|too many)\b/.test(message)) return of('limit.rate', 'address.reputation');
  if (/IP ?match|\bREMOTE_ADDR\b/i.test(text)) {
    return /\brequired\.|Operator `!|!@?ip/i.test(match)
      ? of('address.not-allowed', 'address.denied')
      : of('address.denied', 'address.not-allowed');
  }
  if (/\bREQUEST_METHOD\b/.test(text)) return of('config.method');
  if (/\bREQUEST_HEADERS:Referer\b/i.test(text)) return of('origin.referer');
  if (/\bREQUEST_HEADERS:User-Agent\b/i.test(text))
    return /scan/.test(message) ? of('waf.scanner', 'waf.bot') : of('waf.bot', 'waf.scanner');
  if (/\bREQUEST_HEADERS:Host\b|\bSERVER_NAME\b/i.test(text)) return of('config.host');
  if (/^(?:IP|USER|SESSION|GLOBAL|RESOURCE)(?::|$)/i.test(variable)) {
    return /\bban|block(?:ed|list)|blacklist/.test(message)
      ? of('address.reputation', 'limit.rate')
      : of('limit.rate', 'address.reputation');
  }
  if (/\bMULTIPART_(?:STRICT_ERROR|UNMATCHED_BOUNDARY)\b/.test(text)) return of('waf.upload', 'waf.protocol');
  if (/\bREQBODY_ERROR\b/.test(text)) return of('waf.protocol');
  return of('waf.custom');
}

const POINTS: Record<string, number> = { emergency: 5, alert: 5, critical: 5, error: 4, warning: 3, notice: 2 };
const points = (rule: RuleMatch): number => POINTS[rule.severity] ?? 0;

/** Rules that count special characters: right by accident as often as not. */
function isWeak(rule: RuleMatch): boolean {
  const id = idOf(rule);
  return (id >= 942_420 && id <= 942_432) || id === 942_460;
}

function paranoiaOf(rule: RuleMatch): number {
  for (const tag of rule.tags) {
    const level = /^paranoia-level\/([1-4])$/.exec(tag);
    if (level !== null) return Number(level[1]);
  }
  return 0;
}

/** 950–956 look at the answer. */
function isResponseRule(rule: RuleMatch): boolean {
  const id = idOf(rule);
  const base = id >= 9_900_000 && id <= 9_999_999 ? id - 9_000_000 : id;
  return base >= 950_000 && base < 960_000;
}

// ---------------------------------------------------------------------------------------------------------------
// The records of one request → verdict

export function resolveWaf(entries: readonly Entry[]): WafVerdict | null {
  const naxsi = entries.find((e) => e.logLogger === 'naxsi' || e.attributes?.['naxsi.cscore0'] !== undefined);
  if (naxsi !== undefined) {
    const verdict = resolveNaxsi(naxsi);
    if (verdict !== null) return verdict;
  }
  const rules: RuleMatch[] = [];
  for (const entry of entries) if (entry !== naxsi) for (const rule of entry.rules ?? []) rules.push(rule);
  const denial = denialOf(entries, rules);
  if (denial === null) return null;

  // A rule that denies by itself is the reason, whatever else matched.
  const self = rules.find((r) => r.denied && !isAuxiliary(idOf(r)) && idOf(r) !== 949_100);
  const misconfigured = rules.find((r) => r.denied && (idOf(r) === 901_001 || idOf(r) === 901_500));
  const alone = misconfigured ?? self ?? denial.rule;
  if (alone !== null && alone !== undefined) return fromRule(alone, denial, rules);

  const judge =
    rules.find((r) => r.denied && isAuxiliary(idOf(r))) ??
    rules.find((r) => r.denied) ??
    rules.find((r) => isEvaluation(idOf(r)));
  const judgeId = judge === undefined ? 0 : idOf(judge);
  const direction = Math.trunc(judgeId / 1000) === 959 ? 'response' : 'request';
  if (judgeId === 949_100) {
    const address = rules.find((r) => Math.trunc(idOf(r) / 1000) === 910 && !isAuxiliary(idOf(r)));
    if (address !== undefined) return fromRule(address, denial, rules);
    // CRS 3 flags an address by the rule that catches it and denies in the same request: that rule is the reason.
    const caught = rules.some((r) => idOf(r) >= 911_000 && !isAuxiliary(idOf(r)) && idOf(r) !== 949_100);
    if (!caught) return fromRule(judge!, denial, rules);
  }
  return fromScores(rules, direction, denial, judge ?? null);
}

interface Denial {
  /** Factor for every confidence: below 1 where the denial itself is only likely. */
  surety: number;
  certainty: 'stated' | 'implied';
  /** The rule, where the denial could only be told from it. */
  rule: RuleMatch | null;
}

const isEvaluation = (id: number): boolean => id === 949_110 || id === 949_111 || id === 959_100 || id === 959_101;

/** Was it refused by the WAF at all? */
function denialOf(entries: readonly Entry[], rules: readonly RuleMatch[]): Denial | null {
  const said = { surety: 1, certainty: 'stated', rule: null } as const;
  if (rules.some((r) => r.denied)) return said;
  if (entries.some((e) => e.wafIntercepted === true)) return said;
  for (const entry of entries) {
    // The JSON of v3 has no word for "intercepted"; everything else says so, or says that it did not.
    if (entry.dataset !== 'modsecurity.json' || entry.wafIntercepted === false || entry.wafMode === 'detection_only')
      continue;
    const own = entry.rules ?? [];
    const status = entry.httpResponseStatusCode ?? 0;
    if (status !== 0 && status < 400) continue;
    if (own.some((r) => isEvaluation(idOf(r)) || idOf(r) === 949_100)) {
      if (entry.wafMode === 'enabled') return said;
      if (status === 403) return { surety: 0.8, certainty: 'implied', rule: null };
      continue;
    }
    // A rule of the site's own next to nothing else and a 403: it may have denied, it may only have logged.
    if (entry.wafMode !== 'enabled' || status !== 403) continue;
    const local = own.filter((r) => idOf(r) > 0 && idOf(r) < 900_000);
    if (local.length === 1 && own.every((r) => idOf(r) < 900_000 || isAuxiliary(idOf(r)))) {
      return { surety: 0.5, certainty: 'implied', rule: local[0]! };
    }
  }
  return null;
}

function fromRule(rule: RuleMatch, denial: Denial, rules: readonly RuleMatch[]): WafVerdict {
  const { cause, second } = classOfRule(rule);
  const named = cause === 'waf.custom' ? 0.85 : 0.96;
  const confidence = round(named * denial.surety);
  return {
    cause,
    alternatives: second.map((c) => ({ cause: c, confidence: round((1 - confidence) / second.length) })),
    confidence,
    certainty: denial.certainty,
    ...describe(rule),
    direction: isResponseRule(rule) ? 'response' : 'request',
    scores: points(rule) > 0 ? { [cause]: points(rule) } : {},
    says: `WAF rule ${sentence(rule)} refused it${others(rule, rules)}`,
  };
}

interface Tally {
  cause: Cause;
  points: number;
  rules: RuleMatch[];
  top: RuleMatch;
}

function fromScores(
  all: readonly RuleMatch[],
  direction: 'request' | 'response',
  denial: Denial,
  judge: RuleMatch | null,
): WafVerdict {
  const report = reportOf(all);
  const seen = new Set<string>();
  const counted = all.filter((rule) => {
    const id = idOf(rule);
    if (id === 0 || isAuxiliary(id) || id === 949_100) return false;
    if (isResponseRule(rule) !== (direction === 'response')) return false;
    // A local rule that only logged adds points when it is written like a CRS rule.
    if (id < 900_000 && !rule.tags.some((t) => t.startsWith('attack-'))) return false;
    if (report?.blockingLevel && paranoiaOf(rule) > report.blockingLevel) return false;
    // The error log and the audit log say the same match twice.
    const key = `${rule.id} ${rule.variable}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  if (counted.length === 0) return fromReport(report, direction, denial, judge);

  const tallies = new Map<Cause, Tally>();
  for (const rule of counted) {
    const { cause } = classOfRule(rule);
    const tally = tallies.get(cause);
    if (tally === undefined) tallies.set(cause, { cause, points: points(rule), rules: [rule], top: rule });
    else {
      tally.points += points(rule);
      tally.rules.push(rule);
      if (strength(rule) > strength(tally.top)) tally.top = rule;
    }
  }
  const ranked = [...tallies.values()].sort(
    (a, b) => b.points - a.points || points(b.top) - points(a.top) || Number(isGeneral(a)) - Number(isGeneral(b)),
  );
  const total = ranked.reduce((sum, t) => sum + t.points, 0);
  const scores: Record<string, number> = {};
  for (const tally of ranked) scores[tally.cause] = tally.points;
  const [first, next] = ranked as [Tally, Tally | undefined];
  const tied =
    next !== undefined &&
    next.points === first.points &&
    points(next.top) === points(first.top) &&
    isGeneral(next) === isGeneral(first);
  const scattered = total > 0 && first.points * 2 < total && !counted.some((r) => r.severity === 'critical');
  const share = total > 0 ? first.points / total : 1 / ranked.length;
  const score = scoreOf(judge);
  const summed = `${score === null ? '' : `, score ${score}`}`;

  if (tied || scattered) {
    const confidence = round(0.7 * denial.surety);
    return {
      cause: 'waf.anomaly',
      alternatives: ranked
        .slice(0, 4)
        .map((t) => ({ cause: t.cause, confidence: round((1 - confidence) * (total > 0 ? t.points / total : 0)) })),
      confidence,
      certainty: denial.certainty,
      ...describe(first.top),
      direction,
      scores,
      says: `The WAF's score passed its threshold and no class stands out${summed}: ${ranked
        .slice(0, 4)
        .map((t) => `rule ${t.top.id} ${t.cause.slice(4)} ${t.points}`)
        .join(', ')}`,
    };
  }
  const only = ranked.length === 1;
  const confidence = round((only ? 0.97 : Math.min(0.95, share)) * denial.surety);
  const { second } = classOfRule(first.top);
  const alternatives = ranked
    .slice(1, 5)
    .map((t) => ({ cause: t.cause, confidence: round(total > 0 ? t.points / total : 0.1) }));
  for (const cause of second) {
    if (!alternatives.some((a) => a.cause === cause))
      alternatives.push({ cause, confidence: round((1 - confidence) / 2) });
  }
  return {
    cause: first.cause,
    alternatives,
    confidence,
    certainty: denial.certainty,
    ...describe(first.top),
    direction,
    scores,
    says:
      direction === 'response'
        ? `The WAF withheld the backend's answer: rule ${sentence(first.top)} matched${summed}${others(first.top, counted)}`
        : `WAF rule ${sentence(first.top)} matched${summed}${others(first.top, counted)}`,
  };
}

/** Severity, then rules that mean something, then the lowest paranoia level. */
function strength(rule: RuleMatch): number {
  return points(rule) * 10 - (isWeak(rule) ? 5 : 0) - paranoiaOf(rule);
}

function isGeneral(tally: Tally): boolean {
  return tally.cause === 'waf.protocol' || tally.cause === 'waf.custom' || tally.rules.every(isWeak);
}

// ---------------------------------------------------------------------------------------------------------------
// Reports of the score (980130, 980170): what is left when the rule lines are lost

interface Report {
  scores: Partial<Record<Cause, number>>;
  total: number;
  /** Highest paranoia level whose rules count for blocking; 0 = not told. */
  blockingLevel: number;
  text: string;
}

const REPORTED: Record<string, Cause> = {
  SQLI: 'waf.sqli',
  XSS: 'waf.xss',
  RFI: 'waf.rfi',
  LFI: 'waf.traversal',
  RCE: 'waf.rce',
  PHPI: 'waf.php',
  HTTP: 'waf.protocol',
  SESS: 'waf.session',
};

function reportOf(rules: readonly RuleMatch[]): Report | null {
  for (const rule of rules) {
    if (Math.trunc(idOf(rule) / 1000) !== 980) continue;
    const text = rule.message.includes('Score') ? rule.message : rule.match;
    const scores: Partial<Record<Cause, number>> = {};
    for (const [, name, value] of text.matchAll(/\b(SQLI|XSS|RFI|LFI|RCE|PHPI|HTTP|SESS)=(\d{1,5})/g)) {
      const cause = REPORTED[name!]!;
      if (Number(value) > 0) scores[cause] = Number(value);
    }
    const v3 = /Total Inbound Score: (\d{1,5})/.exec(text);
    const v4 =
      /Inbound Scores: blocking=(\d{1,5}), detection=\d{1,5}, per_pl=(\d{1,5})-(\d{1,5})-(\d{1,5})-(\d{1,5})/.exec(
        text,
      );
    let blockingLevel = 0;
    if (v4 !== null) {
      let sum = 0;
      for (let level = 1; level <= 4; level++) {
        sum += Number(v4[level + 1]);
        if (sum === Number(v4[1]) && sum > 0) {
          blockingLevel = level;
          break;
        }
      }
    }
    if (v3 === null && v4 === null) continue;
    return { scores, total: Number((v3 ?? v4)![1]), blockingLevel, text };
  }
  return null;
}

function fromReport(
  report: Report | null,
  direction: 'request' | 'response',
  denial: Denial,
  judge: RuleMatch | null,
): WafVerdict {
  const ranked = Object.entries(report?.scores ?? {}).sort((a, b) => b[1] - a[1]);
  const bare = {
    ruleId: judge === null || judge.id === '' ? null : judge.id,
    ruleMessage: judge === null || judge.message === '' ? null : clean(judge.message, MESSAGE_CHARS),
    variable: null,
    dataExcerpt: null,
    direction,
  };
  if (direction === 'response') {
    return {
      ...bare,
      cause: 'waf.leakage',
      alternatives: [{ cause: 'waf.anomaly', confidence: 0.15 }],
      confidence: round(0.8 * denial.surety),
      certainty: denial.certainty,
      scores: {},
      says: "The WAF withheld the backend's answer; the rules that scored are not in these logs, the WAF's audit log names them",
    };
  }
  const total = ranked.reduce((sum, [, n]) => sum + n, 0);
  const best = ranked[0];
  const tied = best !== undefined && ranked[1]?.[1] === best[1];
  if (best !== undefined && isCause(best[0]) && !tied) {
    const missing =
      report!.total > total ? `; ${report!.total - total} more points come from rules without a class there` : '';
    const share = best[1] / Math.max(total, report!.total);
    return {
      ...bare,
      cause: best[0],
      alternatives: ranked
        .slice(1, 5)
        .flatMap(([c, n]) => (isCause(c) ? [{ cause: c, confidence: round((0.8 * n) / Math.max(total, 1)) }] : [])),
      confidence: round(0.85 * share * denial.surety),
      certainty: denial.certainty,
      scores: report!.scores as Record<string, number>,
      says: `The WAF's score report names ${best[0].slice(4)} with ${best[1]} of ${Math.max(total, report!.total)} points${missing}`,
    };
  }
  const confidence = round((tied ? 0.6 : 0.4) * denial.surety);
  const score = scoreOf(judge);
  return {
    ...bare,
    cause: 'waf.anomaly',
    alternatives: ranked
      .slice(0, 3)
      .flatMap(([c, n]) =>
        isCause(c) ? [{ cause: c, confidence: round(((1 - confidence) * n) / Math.max(total, 1)) }] : [],
      ),
    confidence,
    certainty: denial.certainty,
    scores: (report?.scores ?? {}) as Record<string, number>,
    says: tied
      ? "The WAF's score report has two classes with equal points"
      : `The WAF refused it by score${score === null ? '' : ` ${score}`}; the rules that scored are not in these logs, the WAF's audit log names them`,
  };
}

/** "15 of at least 5" from the denial's own words. */
function scoreOf(judge: RuleMatch | null): string | null {
  if (judge === null) return null;
  const total =
    /Total(?: Inbound| Outbound)? Score: (\d{1,5})/.exec(judge.message) ?? /\(Value: `(\d{1,5})'/.exec(judge.match);
  const threshold = /matched (\d{1,4}) at TX:/.exec(judge.match) ?? /with parameter `(\d{1,4})'/.exec(judge.match);
  if (total === null) return null;
  return `${total[1]} (threshold ${threshold === null ? THRESHOLD : threshold[1]})`;
}

// ---------------------------------------------------------------------------------------------------------------
// NAXSI

const NAXSI_SCORES: Record<string, Cause> = {
  $SQL: 'waf.sqli',
  $XSS: 'waf.xss',
  $RFI: 'waf.rfi',
  $TRAVERSAL: 'waf.traversal',
  $EVADE: 'waf.protocol',
  $UPLOAD: 'waf.upload',
  $LIBINJECTION_SQL: 'waf.sqli',
  $LIBINJECTION_XSS: 'waf.xss',
};

function naxsiClass(id: number): Cause {
  if (id === 17) return 'waf.sqli';
  if (id === 18) return 'waf.xss';
  if (id >= 1 && id <= 21) return 'waf.protocol';
  if (id < 1000 || id > 1599) return 'waf.custom';
  return (['waf.sqli', 'waf.rfi', 'waf.traversal', 'waf.xss', 'waf.protocol', 'waf.upload'] as const)[
    Math.trunc(id / 100) - 10
  ]!;
}

function resolveNaxsi(entry: Entry): WafVerdict | null {
  if (entry.wafIntercepted !== true) return null;
  const scores: Record<string, number> = {};
  for (let n = 0; n < 20; n++) {
    const name = entry.attributes?.[`naxsi.cscore${n}`];
    if (name === undefined) break;
    const cause = NAXSI_SCORES[name] ?? 'waf.custom';
    const value = Number(entry.attributes?.[`naxsi.score${n}`] ?? 0);
    scores[cause] = Math.max(scores[cause] ?? 0, Number.isFinite(value) ? value : 0);
  }
  const rule = entry.rules?.[0] ?? null;
  if (Object.keys(scores).length === 0 && rule !== null) scores[naxsiClass(idOf(rule))] = 1;
  const ranked = Object.entries(scores).sort((a, b) => b[1] - a[1]);
  const best = ranked[0];
  const cause: Cause = best !== undefined && isCause(best[0]) ? best[0] : 'waf.custom';
  const tied = best !== undefined && ranked[1]?.[1] === best[1];
  const total = ranked.reduce((sum, [, n]) => sum + n, 0);
  const confidence = best === undefined ? 0.4 : tied ? 0.55 : round(Math.min(0.95, total > 0 ? best[1] / total : 0.6));
  return {
    cause,
    alternatives: ranked
      .slice(1, 4)
      .flatMap(([c, n]) => (isCause(c) ? [{ cause: c, confidence: round(total > 0 ? n / total : 0.1) }] : [])),
    confidence,
    certainty: 'stated',
    ruleId: rule?.id || null,
    ruleMessage: null,
    variable: rule?.variable || null,
    dataExcerpt: null,
    direction: 'request',
    scores,
    says: `NAXSI blocked it${rule === null ? '' : `: rule ${clean(rule.id, 20)} matched ${clean(rule.variable, 80)}`}`,
  };
}

// ---------------------------------------------------------------------------------------------------------------
// Words

/** CRS names the variable in its data where the match does not (libinjection): "… found within ARGS:id: …". */
function withinOf(data: string): string | null {
  const found = /\bfound within ([A-Z_]{3,40}(?::[\w.[\]-]{1,60})?)/.exec(data);
  return found ? found[1]! : null;
}

function describe(rule: RuleMatch): Pick<WafVerdict, 'ruleId' | 'ruleMessage' | 'variable' | 'dataExcerpt'> {
  return {
    ruleId: rule.id === '' ? null : clean(rule.id, 20),
    ruleMessage: rule.message === '' ? null : clean(rule.message, MESSAGE_CHARS),
    variable: rule.variable === '' ? withinOf(rule.data) : clean(rule.variable, 100),
    dataExcerpt: excerpt(rule),
  };
}

/** Variables that carry secrets whatever their value looks like. */
const SECRET_VARIABLE =
  /^(?:REQUEST_COOKIES|REQUEST_HEADERS:(?:Cookie|Authorization|Proxy-Authorization|X-Api-Key))|[:._-](?:pass(?:word|wd)?|pwd|secret|token|api_?key|authorization|session_?id|code|signature|sig)$/i;

function excerpt(rule: RuleMatch): string | null {
  if (rule.data === '') return null;
  if (SECRET_VARIABLE.test(rule.variable)) return '***';
  return clean(maskText(rule.data), EXCERPT_CHARS);
}

function clean(text: string, chars: number): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ').trim();
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}

function sentence(rule: RuleMatch): string {
  const message = rule.message === '' ? '' : ` “${clean(rule.message, 80)}”`;
  const variable = rule.variable === '' ? '' : ` at ${clean(rule.variable, 60)}`;
  return `${rule.id === '' ? 'without id' : clean(rule.id, 20)}${message}${variable}`;
}

function others(top: RuleMatch, rules: readonly RuleMatch[]): string {
  const ids = [
    ...new Set(
      rules
        .filter((r) => r !== top && r.id !== top.id && !isAuxiliary(idOf(r)) && r.id !== '')
        .map((r) => clean(r.id, 20)),
    ),
  ];
  return ids.length === 0 ? '' : `; also ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ' …' : ''}`;
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}
