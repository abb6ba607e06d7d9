/**
 * AWS API Gateway access log, whose format is the customer's: JSON with the names that the console suggests (or any
 * name of a `$context` variable), or the suggested Common Log Format. `resourcePath` and `routeKey` are templates.
 */
import { columnsOf } from '../columns.ts';
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, isAddress, isBlank, isDigits, known, numberOf, setRequestLine } from '../fields.ts';
import type { Context, Format } from '../parser.ts';
import { jsonFormat, names, set, type Take } from '../record.ts';
import { read, readClf } from '../time.ts';

/** `/pets/{petId}` names a resource, not a request. */
const template: Take = (entry, value, name) => !String(value).includes('{') && set.target(entry, value, name) && false;

/** `GET /orders/{id}` of HTTP APIs. */
const route: Take = (entry, value, name) => {
  const text = String(value);
  const blank = text.indexOf(' ');
  if (blank > 0 && entry.httpRequestMethod === null) entry.httpRequestMethod = text.slice(0, blank);
  return template(entry, text.slice(blank + 1), name);
};

const NAMES = names({
  requestTime: set.time,
  requestTimeEpoch: set.time,
  time: set.time,
  httpMethod: set.method,
  method: set.method,
  path: set.target,
  resourcePath: template,
  routeKey: route,
  protocol: set.protocol,
  status: set.status,
  responseLength: set.size,
  domainName: set.host,
  ip: set.client,
  sourceIp: set.client,
  identity: { sourceIp: set.client, userAgent: set.agent, user: set.user, caller: set.keep },
  'identity.sourceIp': set.client,
  userAgent: set.agent,
  user: set.user,
  requestId: set.id,
  extendedRequestId: set.id,
  xrayTraceId: set.uniqueId,
  responseLatency: set.millis,
  integrationStatus: set.upstreamStatus,
  integration: { status: set.upstreamStatus },
  integrationRequestId: set.uniqueId,
  errorMessage: set.message,
  'error.message': set.message,
  error: { message: set.message, responseType: set.code },
  errorResponseType: set.code,
  'error.responseType': set.code,
});

const json = jsonFormat({
  dataset: 'aws.apigateway',
  title: '',
  usualLayer: null,
  kind: 'access',
  timePoint: 'start',
  marks: [
    ['"requestId"', '"extendedRequestId"'],
    ['"status"'],
    [
      '"resourcePath"',
      '"routeKey"',
      '"extendedRequestId"',
      '"requestTimeEpoch"',
      '"errorResponseType"',
      '"integrationStatus"',
      '"integrationErrorMessage"',
      '"apiId"',
    ],
  ],
  names: NAMES,
  timeField: 'requestTime',
  timeOptional: true,
});

/** `ip caller user [requestTime] "method resourcePath protocol" status length requestId extendedRequestId`. */
function parseClf(record: string): Entry | Failure {
  // The request id, a UUID, is what tells it from any other line of this kind: found from the right before columns are cut.
  const line = record.trimEnd();
  let end = line.length;
  if (line.endsWith('=')) end = line.lastIndexOf(' ');
  if (line.charCodeAt(end - 13) !== 45 || line.charCodeAt(end - 28) !== 45 || line.charCodeAt(end - 37) !== 32)
    return { failure: 'format' };
  const columns = columnsOf(line, 12);
  if (columns === null || columns.length < 8 || columns.length > 9) return { failure: 'format' };
  const open = line.indexOf('[');
  const timeMs = readClf(line, open + 1);
  if (open < 0 || Number.isNaN(timeMs)) return { failure: 'format' };
  if (!isAddress(columns[0]!) || !isDigits(columns[5]!)) return { failure: 'format' };
  const entry = emptyEntry('aws.apigateway', 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  entry.clientAddress = columns[0]!;
  entry.userName = known(columns[2]!);
  const request = columns[4]!;
  if (request.includes('{')) {
    const [method = '', path = '', protocol = ''] = request.split(' ');
    entry.httpRequestMethod = known(method);
    entry.networkProtocol = known(protocol);
    addAttribute(entry, 'resourcePath', path);
  } else setRequestLine(entry, request);
  entry.httpResponseStatusCode = numberOf(columns[5]!);
  entry.httpResponseBodySize = numberOf(columns[6]!);
  addId(entry, columns[7]!);
  addId(entry, columns[8] ?? '');
  return entry;
}

function parse(record: string, context: Context): Entry | Failure {
  if (record.charCodeAt(0) === 123) return json.parse(record, context);
  return isBlank(record) ? { failure: 'empty' } : parseClf(record);
}

export const format: Format = {
  dataset: 'aws.apigateway',
  title: 'AWS API Gateway access log',
  usualLayer: 'gateway',
  late: true,
  parse,
};
