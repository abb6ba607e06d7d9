/**
 * Kubernetes API server: its audit log, one JSON object for each stage of a request. Only the stage in which the answer
 * is complete is the request's line; earlier ones have no status.
 */
import type { Entry, Failure } from '../entry.ts';
import { type JsonObject, textOf } from '../json.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';
import { readAny } from '../time.ts';

/** Verbs of the API, for logs that do not give the method: they do not. */
const METHODS: Record<string, string> = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETE',
  head: 'HEAD',
  post: 'POST',
  put: 'PUT',
  options: 'OPTIONS',
};

/** Fills the field, and stays an attribute: causes name them so. */
function also(take: Take): Take {
  return (entry, value, name) => {
    take(entry, value, name);
    return false;
  };
}

const NAMES = names({
  kind: set.drop,
  apiVersion: set.drop,
  auditID: set.id,
  requestURI: set.target,
  verb: also((entry, value) => {
    entry.httpRequestMethod = METHODS[textOf(value)] ?? null;
    return true;
  }),
  user: { username: also(set.user) },
  sourceIPs: also((entry, value, name) => set.client(entry, Array.isArray(value) ? value[0] : value, name)),
  userAgent: set.agent,
  responseStatus: { code: also(set.status), message: also(set.message), metadata: set.drop },
  requestReceivedTimestamp: set.time,
  requestObject: set.drop,
  responseObject: set.drop,
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const stage = textOf(json.stage);
  if (stage === 'ResponseComplete' || stage === 'Panic') entry.kind = 'access';
  const end = readAny(textOf(json.stageTimestamp));
  if (entry.kind === 'access' && end >= entry.timeMs) entry.durationMs = end - entry.timeMs;
  return undefined;
}

export const format = jsonFormat({
  dataset: 'k8s.audit',
  title: 'Kubernetes audit log',
  usualLayer: 'app',
  kind: 'audit',
  timePoint: 'start',
  // Events of a list do not say whose they are.
  marks: [['"audit.k8s.io/', '"requestReceivedTimestamp"'], ['"auditID"'], ['"stage"']],
  names: NAMES,
  timeField: 'requestReceivedTimestamp',
  needs: { stage: true, stageTimestamp: true },
  finish,
});
