/** Google Cloud audit log: who called which method of the API, and whether the permission was granted (status code 7 = denied). */
import { addAttribute } from '../fields.ts';
import { dig, isObject, textOf } from '../json.ts';
import { jsonFormat, names, set } from '../record.ts';

export const format = jsonFormat({
  dataset: 'gcp.audit',
  title: 'Google Cloud audit log',
  usualLayer: 'app',
  kind: 'audit',
  timePoint: 'decision',
  marks: [['"protoPayload"'], ['google.cloud.audit.AuditLog"']],
  names: names({
    insertId: set.id,
    timestamp: set.time,
    severity: set.level,
    protoPayload: {
      '@type': set.drop,
      serviceName: set.logger,
      methodName: set.keep,
      status: { code: set.code, message: set.message },
      authenticationInfo: { principalEmail: set.user },
      requestMetadata: { callerIp: set.client, callerSuppliedUserAgent: set.agent },
      authorizationInfo: set.drop,
      request: set.drop,
      response: set.drop,
    },
  }),
  timeField: 'timestamp',
  needs: { protoPayload: { authorizationInfo: true } },
  finish(entry, json) {
    const list = dig(json, 'protoPayload', 'authorizationInfo');
    const refused = Array.isArray(list) ? list.find((item) => isObject(item) && item.granted !== true) : undefined;
    if (refused !== undefined) {
      entry.eventOutcome = 'denied';
      addAttribute(entry, 'permission', textOf(dig(refused, 'permission')));
    } else if (Array.isArray(list) && list.length > 0) entry.eventOutcome = 'granted';
    return undefined;
  },
});
