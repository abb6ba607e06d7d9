/**
 * Akamai security events (SIEM): what App & API Protector said about a request. Rules come as objects, or as lists of
 * base64 joined by `;` and URL-encoded. `deny…` refused; `alert` and `monitor` did not.
 */
import { type Entry, type Failure, leavesAttributes } from '../entry.ts';
import { percentDecoded } from '../fields.ts';
import { dig, isObject, type JsonObject, textOf } from '../json.ts';
import { remembering } from '../members.ts';
import { addRule, isFieldHeader, jsonFormat, names, set, setRequestHeader, type Take } from '../record.ts';

/** `OTUwMDAy%3bOTUwMDA2`: "950002", "950006". */
function unpacked(field: string): readonly string[] {
  const text = percentDecoded(field);
  if (text === '') return [];
  return text
    .split(';')
    .slice(0, 100)
    .map((item) => Buffer.from(item, 'base64').toString('utf8'));
}

/** Which rules matched, and what they are called, comes again and again; what they matched does not. */
const known = remembering(unpacked);

const repeated = remembering((text): unknown => JSON.parse(text));

/** As objects, too. */
function rulesOf(text: string): unknown {
  return /"ruleData": ?"[^"]/.test(text) ? JSON.parse(text) : repeated(text);
}

/** `Name%3a%20value%0d%0a…` */
const headers: Take = (entry, value) => {
  const text = textOf(value);
  if (leavesAttributes && text.indexOf('\n') < 0 && text.indexOf(':') < 0) {
    scanLines(entry, text);
    return true;
  }
  for (const line of percentDecoded(text).split(/\r?\n/).slice(0, LINES_MAX)) {
    const colon = line.indexOf(':');
    if (colon > 0) setRequestHeader(entry, line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return true;
};

const LINES_MAX = 200;
/** Only the headers that become fields are decoded. `text` has neither a colon nor a line break of its own. */
function scanLines(entry: Entry, text: string): void {
  let from = 0;
  let colon = -1;
  let lines = 0;
  for (let at = text.indexOf('%'); lines < LINES_MAX; at = text.indexOf('%', at + 1)) {
    const isA = at >= 0 && (text.charCodeAt(at + 2) | 32) === 97;
    if (isA && colon < 0 && text.charCodeAt(at + 1) === 51) colon = at;
    if (at >= 0 && !(isA && text.charCodeAt(at + 1) === 48)) continue;
    // %0a, or the end.
    if (colon >= 0) {
      const name = percentDecoded(text.slice(from, colon));
      if (isFieldHeader(name, 0, name.length))
        setRequestHeader(entry, name, percentDecoded(text.slice(colon + 3, at < 0 ? text.length : at)).trim());
    }
    if (at < 0) return;
    lines++;
    from = at + 3;
    colon = -1;
  }
}

const NAMES = names({
  type: set.drop,
  attackData: {
    clientIP: set.client,
    rules: set.drop,
    ruleActions: set.drop,
    ruleMessages: set.drop,
    ruleTags: set.drop,
    ruleData: set.drop,
    ruleSelectors: set.drop,
    ruleVersions: set.drop,
    appliedAction: set.outcome,
  },
  httpMessage: {
    requestId: set.id,
    start: set.time,
    protocol: set.protocol,
    method: set.method,
    host: set.host,
    path: set.target,
    query: set.query,
    requestHeaders: headers,
    responseHeaders: set.drop,
    status: set.status,
    bytes: set.size,
  },
});

function finish(entry: Entry, json: JsonObject): Failure | undefined {
  const attack = json.attackData;
  if (!isObject(attack)) return { failure: 'format', field: 'attackData' };
  let denied = false;
  const add = (id: string, action: string, message: string, tag: string, data: string, selector: string): void => {
    const stops = /^(?:deny|tarpit|slow|abort|challenge)/i.test(action);
    denied = denied || stops;
    addRule(entry, {
      id,
      message,
      data,
      variable: selector,
      match: action,
      tags: tag === '' ? [] : [tag],
      denied: stops,
    });
  };
  if (Array.isArray(attack.rules)) {
    for (const rule of attack.rules.slice(0, 100)) {
      if (!isObject(rule)) continue;
      add(
        textOf(rule.rule),
        textOf(rule.ruleAction),
        textOf(rule.ruleMessage),
        textOf(rule.ruleTag),
        textOf(rule.ruleData),
        textOf(rule.ruleSelector),
      );
    }
  } else {
    const actions = known(textOf(attack.ruleActions));
    const messages = known(textOf(attack.ruleMessages));
    const tags = known(textOf(attack.ruleTags));
    const data = unpacked(textOf(attack.ruleData));
    const selectors = known(textOf(attack.ruleSelectors));
    known(textOf(attack.rules)).forEach((id, i) => {
      add(id, actions[i] ?? '', messages[i] ?? '', tags[i] ?? '', data[i] ?? '', selectors[i] ?? '');
    });
  }
  const applied = entry.eventOutcome;
  entry.wafIntercepted = applied === null ? denied : /^(?:deny|tarpit|slow|abort|challenge)/i.test(applied);
  if (applied === null && dig(attack, 'rules') !== undefined) entry.eventOutcome = denied ? 'deny' : 'alert';
  return undefined;
}

export const format = jsonFormat({
  dataset: 'akamai.siem',
  title: 'Akamai security events',
  usualLayer: 'waf',
  kind: 'audit',
  timePoint: 'start',
  marks: [['"attackData"'], ['"httpMessage"']],
  names: NAMES,
  timeField: 'start',
  needs: {
    attackData: {
      rules: rulesOf,
      ruleActions: true,
      ruleMessages: true,
      ruleTags: true,
      ruleData: true,
      ruleSelectors: true,
    },
  },
  finish,
});
