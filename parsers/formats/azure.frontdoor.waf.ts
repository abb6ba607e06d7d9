/** Azure Front Door WAF log: one JSON object for each rule that matched; several share a tracking reference. */
import { azureFormat } from '../azure.ts';
import { addAttribute } from '../fields.ts';
import { dig, isObject, textOf } from '../json.ts';
import { addRule, names, set, type Take } from '../record.ts';
import { intercepted, site } from './azure.appgw.waf.ts';

export const format = azureFormat({
  dataset: 'azure.frontdoor.waf',
  title: 'Azure Front Door WAF log',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'decision',
  marks: [
    ['"FrontDoorWebApplicationFirewallLog"', '"FrontdoorWebApplicationFirewallLog"', '"WebApplicationFirewallLogs"'],
    ['"properties"'],
  ],
  names: names({
    time: set.time,
    category: set.drop,
    properties: {
      clientIP: set.client,
      clientIp: set.client,
      clientPort: set.clientPort,
      requestUri: set.target,
      host: site,
      trackingReference: set.id,
      action: set.outcome,
      policyMode: ((entry, value) => {
        const mode = textOf(value).toLowerCase();
        if (mode === 'detection') entry.wafMode = 'detection_only';
        else if (mode === 'prevention') entry.wafMode = 'enabled';
        return true;
      }) as Take,
      details: { msg: set.message, matches: set.drop, data: set.drop },
    },
  }),
  timeField: 'time',
  needs: { properties: { ruleName: true, details: { matches: true, data: true } } },
  finish(entry, json) {
    // In detection mode the action is what would have been done.
    entry.wafIntercepted = intercepted(entry.eventOutcome ?? '');
    if (entry.wafMode === 'detection_only') entry.wafIntercepted = false;
    const rule = textOf(dig(json, 'properties', 'ruleName'));
    const matches = dig(json, 'properties', 'details', 'matches');
    const first = Array.isArray(matches) ? matches.find(isObject) : undefined;
    // "Microsoft_DefaultRuleSet-2.1-SQLI-942100": the last part is the rule of the Core Rule Set.
    const id = /-(\d{6,})$/.exec(rule);
    if (id !== null) addAttribute(entry, 'ruleId', id[1]!);
    addRule(entry, {
      id: rule,
      message: entry.message ?? '',
      data: textOf(dig(json, 'properties', 'details', 'data')) || textOf(first?.matchVariableValue),
      variable: textOf(first?.matchVariableName),
      denied: entry.wafIntercepted === true,
    });
    return undefined;
  },
});
