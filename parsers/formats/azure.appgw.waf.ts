/**
 * Azure Application Gateway firewall log: one JSON object for each rule that matched a request; several share a
 * transaction. `Blocked` is what stopped it, `Matched` and `Detected` did not.
 */
import { azureFormat } from '../azure.ts';
import type { Entry } from '../entry.ts';
import { domainOf } from '../fields.ts';
import { dig, textOf } from '../json.ts';
import { addRule, names, set, type Take } from '../record.ts';
import { variableOf } from '../waf.ts';

/** Did this action stop the request? Of both of Azure's firewalls. */
export function intercepted(action: string): boolean | null {
  const word = action.toLowerCase();
  if (word === '') return null;
  return (
    word === 'block' ||
    word === 'blocked' ||
    word === 'redirect' ||
    word === 'jschallengeissued' ||
    word === 'jschallengeblock' ||
    word === 'captchachallengeissued'
  );
}

export const site: Take = (entry: Entry, value) => {
  entry.urlDomain = domainOf(textOf(value));
  return true;
};

export const format = azureFormat({
  dataset: 'azure.appgw.waf',
  title: 'Azure Application Gateway firewall log',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"ApplicationGatewayFirewallLog"'], ['"properties"']],
  names: names({
    time: set.time,
    timeStamp: set.time,
    timestamp: set.time,
    category: set.drop,
    properties: {
      clientIp: set.client,
      clientIP: set.client,
      clientPort: set.clientPort,
      requestUri: set.target,
      hostname: site,
      transactionId: set.id,
      message: set.message,
      action: set.outcome,
      ruleId: set.drop,
      engine: set.keep,
      details: { message: set.drop, data: set.drop, file: set.drop },
    },
  }),
  timeField: 'time',
  needs: { properties: { ruleId: true, details: { message: true, data: true, file: true } } },
  finish(entry, json) {
    entry.wafIntercepted = intercepted(entry.eventOutcome ?? '');
    const details = dig(json, 'properties', 'details');
    const match = textOf(dig(details, 'message'));
    addRule(entry, {
      id: textOf(dig(json, 'properties', 'ruleId')),
      message: entry.message ?? '',
      data: textOf(dig(details, 'data')),
      file: textOf(dig(details, 'file')),
      match,
      variable: variableOf(match),
      denied: entry.wafIntercepted === true,
    });
    return undefined;
  },
});
