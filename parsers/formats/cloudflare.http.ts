/**
 * Cloudflare Logpush `http_requests`: one JSON object for each request, all members selectable. The time is the start.
 * `OriginResponseStatus` 0 says that no origin was asked: then Cloudflare answered itself.
 */
import type { Entry, Failure } from '../entry.ts';
import { type JsonObject, textOf } from '../json.ts';
import { remembering } from '../members.ts';
import { addRule, jsonFormat, names, set } from '../record.ts';
import { epochMs, readAny } from '../time.ts';

const NAMES = names({
  EdgeStartTimestamp: set.time,
  Datetime: set.time,
  ClientIP: set.client,
  ClientSrcPort: set.clientPort,
  ClientRequestHost: set.host,
  ClientRequestMethod: set.method,
  ClientRequestURI: set.target,
  ClientRequestPath: set.drop,
  ClientRequestProtocol: set.protocol,
  ClientRequestUserAgent: set.agent,
  ClientRequestReferer: set.referer,
  EdgeResponseStatus: set.status,
  EdgeResponseBytes: set.size,
  OriginResponseStatus: set.upstreamStatus,
  OriginIP: set.upstream,
  RayID: set.id,
  RequestHeaders: set.headers,
  SecurityAction: set.outcome,
});

/** Actions that end the request, or hold it until a challenge is passed. Lower case, without `_`. */
const STOPPED = new Set([
  'block',
  'drop',
  'connectionclose',
  'forceconnectionclose',
  'challenge',
  'jschallenge',
  'managedchallenge',
]);
const FAILED = new Set(['challengefailed', 'jschallengefailed']);

/** Did the action stop the request? null = there was none that says. */
export const stopped = remembering((action): boolean | null => {
  const name = action.toLowerCase().replaceAll('_', '');
  if (name === '' || name === 'unknown') return null;
  return STOPPED.has(name) || FAILED.has(name);
});

/** The same rules match again and again. */
const repeated = remembering((text): unknown => JSON.parse(text));

/** The n-th of a list of ids, or the text itself. */
function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(textOf) : textOf(value) === '' ? [] : [textOf(value)];
}

function timeOf(value: unknown): number {
  return typeof value === 'number' ? epochMs(value) : readAny(textOf(value));
}

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  if (entry.urlPath === null) set.target(entry, textOf(json.ClientRequestPath), '');
  const end = timeOf(json.EdgeEndTimestamp);
  // Whole seconds of both would say 0 or 1000.
  if (end > entry.timeMs && (end % 1000 !== 0 || entry.timeMs % 1000 !== 0)) entry.durationMs = end - entry.timeMs;
  else if (Number.isNaN(entry.timeMs) && !Number.isNaN(end)) {
    entry.timeMs = end;
    entry.timePoint = 'end';
  }
  const terminating = textOf(json.SecurityRuleID);
  const ids = list(json.SecurityRuleIDs);
  const actions = list(json.SecurityActions);
  const old = list(json.FirewallMatchesRuleIDs);
  const oldActions = list(json.FirewallMatchesActions);
  entry.wafIntercepted = stopped(entry.eventOutcome ?? '') ?? stopped(oldActions[0] ?? '');
  if (terminating !== '')
    addRule(entry, {
      id: terminating,
      message: textOf(json.SecurityRuleDescription),
      denied: entry.wafIntercepted === true,
    });
  ids.slice(0, 50).forEach((id, i) => {
    if (id !== terminating) addRule(entry, { id, match: actions[i] ?? '' });
  });
  old.slice(0, 50).forEach((id, i) => {
    addRule(entry, { id, match: oldActions[i] ?? '', denied: stopped(oldActions[i] ?? '') === true });
  });
  const waf = textOf(json.WAFRuleID);
  if (waf !== '')
    addRule(entry, {
      id: waf,
      message: textOf(json.WAFRuleMessage),
      denied: textOf(json.WAFAction).toLowerCase() === 'drop',
    });
  return undefined;
}

export const format = jsonFormat({
  dataset: 'cloudflare.http',
  title: 'Cloudflare HTTP requests (Logpush)',
  usualLayer: 'cdn',
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"RayID"'],
    ['"EdgeResponseStatus"', '"ClientRequestURI"'],
    ['"ClientRequestMethod"', '"EdgeStartTimestamp"', '"EdgeEndTimestamp"'],
  ],
  names: NAMES,
  timeField: 'EdgeStartTimestamp',
  timeOptional: true,
  needs: {
    Action: true,
    Source: true,
    ClientRequestPath: true,
    EdgeEndTimestamp: true,
    SecurityRuleID: true,
    SecurityRuleDescription: true,
    SecurityRuleIDs: repeated,
    SecurityActions: repeated,
    FirewallMatchesRuleIDs: repeated,
    FirewallMatchesActions: repeated,
    WAFRuleID: true,
    WAFRuleMessage: true,
    WAFAction: true,
  },
  finish(entry, json) {
    // Rows of firewall_events carry an Action and a Source.
    if (json.Action !== undefined && json.Source !== undefined) return { failure: 'format' };
    return finish(entry, json);
  },
});
