/**
 * Google Cloud external load balancer, with Cloud Armor in it. The time is the arrival of the request. `statusDetails`
 * says who answered; the enforced policy decided, a preview policy only would have.
 */
import type { Entry, Failure } from '../entry.ts';
import { addId } from '../fields.ts';
import { isObject, type JsonObject, textOf } from '../json.ts';
import { remembering } from '../members.ts';
import { addRule, jsonFormat, listText, names, set, type Take } from '../record.ts';

const latency: Take = (entry, value, name) => {
  const text = textOf(value);
  return text.endsWith('s') && set.seconds(entry, text.slice(0, -1), name);
};

/** `projects/p/traces/0123…`: the trace, as X-Cloud-Trace-Context hands it on. */
const trace: Take = (entry, value) => {
  const text = textOf(value);
  const slash = text.lastIndexOf('/');
  addId(entry, text.slice(slash + 1));
  return true;
};

const NAMES = names({
  insertId: set.keep,
  timestamp: set.time,
  severity: set.level,
  trace,
  httpRequest: {
    requestMethod: set.method,
    requestUrl: set.target,
    status: set.status,
    responseSize: set.size,
    userAgent: set.agent,
    remoteIp: ((entry, value, name) => set.peer(entry, value, name)) as Take,
    serverIp: set.upstream,
    referer: set.referer,
    latency,
    protocol: set.protocol,
  },
  jsonPayload: {
    '@type': set.drop,
    statusDetails: set.outcome,
  },
});

/** Of a policy. */
const POLICY = {
  outcome: true,
  preconfiguredExprIds: remembering((text): unknown => JSON.parse(text)),
  matchedFieldName: true,
  matchedFieldType: true,
  matchedFieldValue: true,
  name: true,
  priority: true,
  configuredAction: true,
} as const;

const POLICIES = [
  ['enforcedSecurityPolicy', true],
  ['enforcedEdgeSecurityPolicy', true],
  ['previewSecurityPolicy', false],
  ['previewEdgeSecurityPolicy', false],
] as const;

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const payload = json.jsonPayload;
  if (!isObject(payload)) return undefined;
  const level = textOf(json.severity).toUpperCase();
  if (level === 'WARNING') entry.logLevel = 'warn';
  for (const [name, enforced] of POLICIES) {
    const policy = payload[name];
    if (!isObject(policy)) continue;
    const denied = enforced && textOf(policy.outcome) === 'DENY';
    if (enforced) entry.wafIntercepted = entry.wafIntercepted === true || denied;
    const ids = Array.isArray(policy.preconfiguredExprIds) ? policy.preconfiguredExprIds.map(textOf) : [];
    const place = textOf(policy.matchedFieldName);
    const rule = {
      message: textOf(policy.name),
      file: `${textOf(policy.name)}/${textOf(policy.priority)}`,
      match: textOf(policy.configuredAction),
      variable: place === '' ? textOf(policy.matchedFieldType) : `${textOf(policy.matchedFieldType)}:${place}`,
      data: listText(policy.matchedFieldValue),
      denied,
    };
    // A rule of one's own has a priority and no id.
    if (ids.length === 0) addRule(entry, { ...rule, id: textOf(policy.priority) });
    for (const id of ids.slice(0, 20)) addRule(entry, { ...rule, id });
  }
  return undefined;
}

export const format = jsonFormat({
  dataset: 'gcp.lb',
  title: 'Google Cloud load balancer log',
  usualLayer: 'loadbalancer',
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"httpRequest"'],
    ['"requestMethod"', '"requestUrl"'],
    ['"http_load_balancer"', 'LoadBalancerLogEntry"', '"statusDetails"'],
  ],
  names: NAMES,
  timeField: 'timestamp',
  needs: {
    severity: true,
    jsonPayload: {
      enforcedSecurityPolicy: POLICY,
      enforcedEdgeSecurityPolicy: POLICY,
      previewSecurityPolicy: POLICY,
      previewEdgeSecurityPolicy: POLICY,
    },
  },
  finish,
});
