/** Cloudflare Logpush `firewall_events`: one JSON object for each rule that matched; several share a RayID. */
import { textOf } from '../json.ts';
import { addRule, jsonFormat, names, set } from '../record.ts';
import { stopped } from './cloudflare.http.ts';

export const format = jsonFormat({
  dataset: 'cloudflare.firewall',
  title: 'Cloudflare firewall events (Logpush)',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"RayID"'], ['"Action"'], ['"Source"']],
  names: names({
    Datetime: set.time,
    ClientIP: set.client,
    ClientRequestHost: set.host,
    ClientRequestMethod: set.method,
    ClientRequestPath: set.target,
    ClientRequestQuery: set.query,
    ClientRequestProtocol: set.protocol,
    ClientRequestUserAgent: set.agent,
    ClientRefererHost: set.drop,
    ClientRefererPath: set.drop,
    ClientRefererQuery: set.drop,
    ClientRefererScheme: set.drop,
    EdgeResponseStatus: set.status,
    OriginResponseStatus: set.upstreamStatus,
    RayID: set.id,
    Action: set.outcome,
    Description: set.message,
  }),
  timeField: 'Datetime',
  needs: {
    ClientRefererHost: true,
    ClientRefererScheme: true,
    ClientRefererPath: true,
    ClientRefererQuery: true,
    RuleID: true,
    Source: true,
  },
  finish(entry, json) {
    entry.wafIntercepted = stopped(entry.eventOutcome ?? '');
    const host = textOf(json.ClientRefererHost);
    if (host !== '') {
      entry.httpRequestReferrer = `${textOf(json.ClientRefererScheme) || 'https'}://${host}${textOf(json.ClientRefererPath)}${textOf(json.ClientRefererQuery)}`;
    }
    const id = textOf(json.RuleID);
    if (id !== '')
      addRule(entry, {
        id,
        message: entry.message ?? '',
        match: textOf(json.Source),
        denied: entry.wafIntercepted === true,
      });
    return undefined;
  },
});
