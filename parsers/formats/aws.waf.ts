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

function labelsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((label) => (isObject(label) ? textOf(label.name) : textOf(label))).filter((name) => name !== '');
}

const repeated = remembering((text): unknown => JSON.parse(text));

/** Which rules matched comes again and again, unless it says what they matched. */
function rulesOf(text: string): unknown {
  return /matchedData/.test(text) ? JSON.parse(text) : repeated(text);
}

/** Nearly every group of nearly every request matched nothing, and then says nothing. */
function groupsOf(text: string): unknown {
  return /Rule":\{|Rules":\[\{|[ \\]/.test(text) ? rulesOf(text) : [];
}

/** `[{"name":"awswaf:managed:aws:sql-database:SQLi_Body"}]`: "awswaf:managed:aws:sql-database:SQLi_Body" */
function labelNames(text: string): unknown {
  if (text.startsWith('[{"name":"') && text.endsWith('"}]') && text.indexOf('\\') < 0) {
    const labels = text.slice(10, -3).split('"},{"name":"');
    if (labels.every((label) => label.indexOf('"') < 0)) return labels;
  }
  return JSON.parse(text);
}

/** What `terminatingRuleMatchDetails` or `ruleMatchDetails` says: condition, place, matched text. */
function details(value: unknown): { match: string; variable: string; data: string } {
  const first = Array.isArray(value) ? value.find(isObject) : undefined;
  if (first === undefined) return { match: '', variable: '', data: '' };
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
  const groups = Array.isArray(json.ruleGroupList) ? json.ruleGroupList.filter(isObject) : [];
  const tags = labelsOf(json.labels);
  const inner = groups.find((group) => isObject(group.terminatingRule));
  if (inner !== undefined && isObject(inner.terminatingRule)) {
    const rule = inner.terminatingRule;
    addAttribute(entry, 'ruleGroupId', textOf(inner.ruleGroupId));
    addAttribute(entry, 'terminatingRule.ruleId', textOf(rule.ruleId));
    addAttribute(entry, 'terminatingRule.action', textOf(rule.action));
    addAttribute(entry, 'terminatingRule.overriddenAction', textOf(rule.overriddenAction));
  }
  addRule(entry, {
    id: textOf(json.terminatingRuleId),
    file: textOf(inner?.ruleGroupId),
    message: isObject(inner?.terminatingRule) ? textOf(inner.terminatingRule.ruleId) : '',
    tags,
    denied: entry.wafIntercepted,
    ...details(json.terminatingRuleMatchDetails),
  });
  for (const group of groups) {
    for (const list of [group.nonTerminatingMatchingRules, group.excludedRules])
      counted(entry, list, group.ruleGroupId);
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
    addRule(entry, { id: textOf(rule.ruleId), file: textOf(group), ...details(rule.ruleMatchDetails) });
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
    terminatingRuleMatchDetails: true,
    ruleGroupList: groupsOf,
    nonTerminatingMatchingRules: rulesOf,
    rateBasedRuleList: 'attributes',
    labels: labelNames,
  },
  finish,
});
