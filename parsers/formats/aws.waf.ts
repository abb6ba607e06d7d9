/**
 * AWS WAF log: one JSON object for each inspected request. The terminating rule comes first in `rules`, for a rule
 * group the rule inside it; rules that only counted follow. A verdict is the action, not a status: `responseCodeSent`
 * is null for the default.
 */
import { type Entry, type Failure, leavesAttributes } from '../entry.ts';
import { addAttribute } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { onlyAttributes, remembering } from '../members.ts';
import { addRule, jsonFormat, listText, names, set } from '../record.ts';

const NAMES = names({
  timestamp: set.time,
  action: set.outcome,
  responseCodeSent: set.status,
  httpRequest: {
    clientIp: set.client,
    headers: set.headers,
    uri: set.target,
    args: set.query,
    httpVersion: set.protocol,
    httpMethod: set.method,
    requestId: set.id,
    host: set.keep,
  },
  // Taken apart into `rules` below.
  terminatingRuleMatchDetails: set.drop,
  ruleGroupList: set.drop,
  nonTerminatingMatchingRules: set.drop,
  rateBasedRuleList: set.drop,
  labels: onlyAttributes((entry, value) => {
    if (!Array.isArray(value)) return false;
    addAttribute(entry, 'labels', labelsOf(value).join(', '));
    return true;
  }),
});

/** Shared, and never written to. */
const NONE: never[] = [];

function labelsOf(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) return NONE;
  return value.map((label) => (isObject(label) ? textOf(label.name) : textOf(label))).filter((name) => name !== '');
}

/** Nearly all lists of nearly all requests are empty: `[]`. */
const listOf = (text: string): unknown => (text.length === 2 && text.charCodeAt(0) === 91 ? NONE : JSON.parse(text));

const repeated = remembering(listOf);

/** Which rules matched comes again and again, unless it says what they matched. */
function rulesOf(text: string): unknown {
  return text.length === 2 || text.indexOf('matchedData') >= 0 ? listOf(text) : repeated(text);
}

/** Nearly every group of nearly every request matched nothing, and then says nothing. */
function groupsOf(text: string): unknown {
  return text.length > 2 && /Rule":\{|Rules":\[\{|[ \\]/.test(text) ? rulesOf(text) : NONE;
}

/** `[{"name":"awswaf:managed:aws:sql-database:SQLi_Body"}]`: "awswaf:managed:aws:sql-database:SQLi_Body" */
function labelNames(text: string): unknown {
  if (text.startsWith('[{"name":"') && text.endsWith('"}]') && text.indexOf('\\') < 0) {
    const labels = text.slice(10, -3).split('"},{"name":"');
    if (labels.every((label) => label.indexOf('"') < 0)) return labels;
  }
  return listOf(text);
}

interface Details {
  match: string;
  variable: string;
  data: string;
}
const NO_DETAILS: Details = { match: '', variable: '', data: '' };

/** What `terminatingRuleMatchDetails` or `ruleMatchDetails` says: condition, place, matched text. */
function details(value: unknown): Details {
  const first = Array.isArray(value) && value.length > 0 ? value.find(isObject) : undefined;
  if (first === undefined) return NO_DETAILS;
  const place = textOf(first.location);
  const field = textOf(first.matchedFieldName);
  return {
    match: textOf(first.conditionType),
    variable: field === '' ? place : `${place}:${field}`,
    data: listText(first.matchedData),
  };
}

function blocks(action: string): boolean {
  return action === 'BLOCK' || action === 'CAPTCHA' || action === 'CHALLENGE';
}

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const action = entry.eventOutcome ?? '';
  entry.wafIntercepted = blocks(action);
  const { ruleGroupList } = json;
  const groups = Array.isArray(ruleGroupList) && ruleGroupList.length > 0 ? ruleGroupList.filter(isObject) : NONE;
  const tags = labelsOf(json.labels);
  const inner = groups.find((group) => isObject(group.terminatingRule));
  if (inner !== undefined && isObject(inner.terminatingRule)) {
    const rule = inner.terminatingRule;
    addAttribute(entry, 'ruleGroupId', textOf(inner.ruleGroupId));
    addAttribute(entry, 'terminatingRule.ruleId', textOf(rule.ruleId));
    addAttribute(entry, 'terminatingRule.action', textOf(rule.action));
    addAttribute(entry, 'terminatingRule.overriddenAction', textOf(rule.overriddenAction));
  }
  // Name by name: spreading them in costs more than all else of the rule.
  const { match, variable, data } = details(json.terminatingRuleMatchDetails);
  addRule(entry, {
    id: textOf(json.terminatingRuleId),
    file: textOf(inner?.ruleGroupId),
    message: isObject(inner?.terminatingRule) ? textOf(inner.terminatingRule.ruleId) : '',
    tags,
    denied: entry.wafIntercepted,
    match,
    variable,
    data,
  });
  for (const group of groups) {
    counted(entry, group.nonTerminatingMatchingRules, group.ruleGroupId);
    counted(entry, group.excludedRules, group.ruleGroupId);
  }
  counted(entry, json.nonTerminatingMatchingRules, '');
  const rates =
    Array.isArray(json.rateBasedRuleList) && !leavesAttributes ? json.rateBasedRuleList.filter(isObject) : [];
  const rate = rates.find((x) => x.rateBasedRuleName === json.terminatingRuleId) ?? rates[0];
  if (rate !== undefined) {
    addAttribute(entry, 'rateBasedRuleName', textOf(rate.rateBasedRuleName));
    addAttribute(entry, 'limitKey', textOf(rate.limitKey));
    addAttribute(entry, 'maxRateAllowed', textOf(rate.maxRateAllowed));
    addAttribute(entry, 'evaluationWindowSec', textOf(rate.evaluationWindowSec));
  }
  return undefined;
}

function counted(entry: Entry, list: unknown, group: unknown): void {
  if (!Array.isArray(list) || list.length === 0) return;
  for (const rule of list.slice(0, 50)) {
    if (!isObject(rule)) continue;
    const { match, variable, data } = details(rule.ruleMatchDetails);
    addRule(entry, { id: textOf(rule.ruleId), file: textOf(group), match, variable, data });
  }
}

export const format = jsonFormat({
  dataset: 'aws.waf',
  title: 'AWS WAF log',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"webaclId"'], ['"terminatingRuleId"']],
  names: NAMES,
  timeField: 'timestamp',
  needs: {
    terminatingRuleId: true,
    terminatingRuleMatchDetails: listOf,
    ruleGroupList: groupsOf,
    nonTerminatingMatchingRules: rulesOf,
    rateBasedRuleList: 'attributes',
    labels: labelNames,
  },
  finish,
});
