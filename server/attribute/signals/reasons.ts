/**
 * Reads a reason out of what an application, an authorizer or a custom log field says in English or in a machine
 * code: which texts of an entry are asked, and what the rest of it adds. What the words mean is `lexicon/`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal, SignalMatch } from '../signal.ts';
import { answerOf } from './answer.ts';
import { isHarmless, NEGATED, REFUSED, type Reason, readCode, readReason } from './lexicon/lexicon.ts';
import { clean } from './words.ts';

/** A longer answer than this is a document, not the reason of a refusal. */
const ANSWER_CHARS = 600;

/** Fields whose value is a reason; the last part of the name decides. In order of trust. */
const REASON_FIELD =
  /(?:^|[._-])(?:(?:deny|denied|denial|block|blocked|reject|rejected|rejection|refusal|refuse|refused|forbid|forbidden|failure|fail|auth|authz|decision|status|policy|waf|access|violation|ban)[._-]?(?:reason|reasons|cause|code|type|by|msg|message|rule|detail)|reason|reasons|deny|denied|blocked|block|refused|rejected|why|cause|violation|violations)$/i;
const ERROR_FIELD =
  /(?:^|[._-])(?:err(?:or)?|error[._-]?(?:code|description|message|msg|type|name|reason|detail|key|id)|err[._-](?:code|message|msg|name|type|reason)|exception|exception[._-](?:message|type|class|name|code)|code|detail|details|failure|problem|title|errorcode|errormessage|hint|note|explanation)$/i;
const DECISION_FIELD =
  /(?:^|[._-])(?:decision|allowed|allow|permitted|granted|authorized|authorised|verdict|effect|outcome|result|access|action|auth_result|authz_result)$/i;
const DENYING =
  /^(?:deny|denied|den|false|no|reject|rejected|refuse|refused|block|blocked|forbid|forbidden|unauthorized|disallow|disallowed|fail|failed|failure|not[ _]allowed|implicit[ _]?deny|explicit[ _]?deny)$/i;
const ALLOWING =
  /^(?:allow|allowed|true|yes|permit|permitted|grant|granted|accept|accepted|ok|success|succeeded|pass|passed|authorized)$/i;
/** Attributes that the client writes, or that only look like reasons. */
const FOREIGN =
  /^(?:req(?:uest)?|response|resp_headers|captured\.cookie|headers?|query|body|params|tls|time|url|http)[._]|(?:^|[._-])(?:status[._-]?code|zip|postal|country|currency|lang|source|stack_trace|stack)[._-]?(?:code)?$/i;

/**
 * Logs whose own words are in the product tables: a reason may only come from what programs wrote into them, or from a
 * field that exists to name one. A prefix ends in a dot.
 */
const SERVER_LOGS = [
  'akamai.',
  'apache.',
  'aws.',
  'azure.',
  'cef',
  'clf',
  'cloudflare.',
  'coraza.error',
  'envoy.access',
  'f5.asm',
  'fail2ban',
  'fastly.',
  'gcp.lb',
  'gin.access',
  'haproxy.http',
  'iis.',
  'imperva.cef',
  'iptables',
  'jetty.access',
  'kernel.audit',
  'kong.access',
  'lighttpd.',
  'litespeed.access',
  'modsecurity.',
  'morgan.access',
  'nginx.',
  'npm.access',
  'npmplus.access',
  'phpfpm.access',
  'phpfpm.slow',
  'squid.access',
  'tomcat.access',
  'traefik.access',
  'uvicorn.access',
  'uwsgi.access',
  'varnish.access',
  'werkzeug.access',
  'django.server',
] as const;
const serverLogs = new Map<string, boolean>();

function isServerLog(dataset: string): boolean {
  let server = serverLogs.get(dataset);
  if (server === undefined) {
    server = SERVER_LOGS.some((name) => (name.endsWith('.') ? dataset.startsWith(name) : dataset === name));
    serverLogs.set(dataset, server);
  }
  return server;
}

/** Programs whose syslog lines are about other things than HTTP. */
const OTHER_PROGRAMS =
  /^(?:kernel|sshd(?:-session)?|sudo|su|cron|crond|anacron|systemd(?:-\w+)?|postfix\/?.*|dovecot|named|dhclient|chronyd|ntpd|polkitd|dbus(?:-daemon)?|snapd|rsyslogd|auditd|NetworkManager|smbd|login|containerd|dockerd)$/i;

/** The reason that an entry states in words, as a signal of the lowest rank; null = none. */
export function matchReason(entry: Entry): SignalMatch | null {
  const { dataset, httpResponseStatusCode: status } = entry;
  // An answer that refused nothing has no reason for a refusal.
  if (status !== null && status !== 0 && status < 400) return null;
  if (status === 404) return null;
  // Of audits only a policy's decision has a reason in words.
  if (entry.kind === 'ban' || (entry.kind === 'audit' && dataset !== 'opa.decision')) return null;
  const server = isServerLog(dataset);
  if (dataset === 'syslog' && entry.logLogger !== null && OTHER_PROGRAMS.test(entry.logLogger)) return null;

  let best: Reason | null = null;
  let named = false;
  let denies = false;
  let policy = false;
  const take = (reason: Reason | null, factor: number, byField: boolean): void => {
    if (reason === null) return;
    const weighed =
      factor === 1 ? reason : { ...reason, confidence: Math.round(reason.confidence * factor * 100) / 100 };
    if (best === null || weighed.confidence > best.confidence + 0.05) {
      best = weighed;
      named = byField;
    }
  };

  const fields = entry.attributes;
  if (fields !== null && entry.kind !== 'error') {
    for (const name in fields) {
      const value = fields[name]!;
      if (value === '' || value === '-' || FOREIGN.test(name)) continue;
      if (DECISION_FIELD.test(name)) {
        if (ALLOWING.test(value) && !server) return null;
        if (DENYING.test(value)) {
          denies = true;
          policy ||= /decision|verdict|effect/i.test(name);
          continue;
        }
      }
      if (REASON_FIELD.test(name)) take(readCode(value), 1, true);
      else if (ERROR_FIELD.test(name)) take(readCode(codeIn(name, value)), 1, true);
      else if (server && /^(?:extra|captured)\.\d+$/.test(name)) take(fromExtra(value), 0.85, false);
    }
  } else if (fields !== null && !server) {
    for (const name in fields)
      if (!FOREIGN.test(name) && (REASON_FIELD.test(name) || ERROR_FIELD.test(name)))
        take(readCode(codeIn(name, fields[name]!)), 1, true);
  }
  if (!server) {
    // A code is trusted with the message beside it; numbers and OS errors are not codes of this kind.
    if (entry.eventCode !== null && /[A-Za-z]{3}/.test(entry.eventCode)) take(readCode(entry.eventCode), 1, true);
    if (entry.errorCode !== null && /[A-Za-z]{3}/.test(entry.errorCode)) take(readCode(entry.errorCode), 1, true);
  }
  const text = textOf(entry, server);
  if (text !== null) {
    if (best !== null && NEGATED.test(text)) return null;
    if (best !== null && !denies && isHarmless(text)) return null;
    take(readReason(text), 1, false);
  }
  // Pages are made of fixed sentences that say nothing ("You don't have permission to access this resource").
  const answer = status !== null && best === null ? answerOf(entry) : null;
  if (answer !== null && answer.length < ANSWER_CHARS && !answer.includes('<')) take(readReason(answer), 0.95, true);
  const raised = fields?.['error.type'];
  if (best === null && raised !== undefined) take(readCode(className(raised)), 0.95, true);

  let reason = best as Reason | null;
  if (!server && entry.kind === 'app') reason = withIdentity(entry, reason, text);
  // A gateway that names the consumer and its group speaks of its access control list.
  if (
    reason !== null &&
    (reason.slug === 'group' || (reason.slug === 'role' && /groups?\b/i.test(reason.text))) &&
    (/\bconsumers?\b/i.test(text ?? '') ||
      (fields !== null && Object.keys(fields).some((k) => /consumer|api[_-]?key/i.test(k))))
  ) {
    reason = { ...reason, cause: 'gateway.acl', others: ['permission.role'] };
  }
  if (reason === null && denies && policy && !server) {
    reason = { cause: 'gateway.policy', confidence: 0.55, text: 'deny', slug: 'decision', others: ['permission.role'] };
    named = true;
  }
  if (reason === null) return null;
  const quiet = entry.logLevel === 'info' || entry.logLevel === 'debug';
  const refuses = !quiet || denies || named || status !== null || REFUSED.test(text ?? '');
  return signalOf(reason, refuses, phpOrApp(entry), fields, text);
}

/** Of a class only its own name says why: modules are called after anything. "app.files.AccessDenied" */
const className = (value: string): string => (/\s/.test(value) ? value : (value.split(/[.:\\$/]+/).at(-1) ?? value));
const codeIn = (name: string, value: string): string => (/(?:type|class)$/i.test(name) ? className(value) : value);

/** A signal of `matchReason`. */
export const isReason = ({ signal }: SignalMatch): boolean => signal.id.startsWith('reason-');

const REFUSES =
  /\b(?:refus(?:ed|ing|al)|reject(?:ed|ing|ion)|denied|denying|withheld|declined|not (?:allowed|permitted))\b/i;
/** Words that say that something was refused, and of what, and nothing else. */
const EMPTY_WORDS =
  /\b(?:access|request|permission|operation|forbidden|refus(?:ed|ing|al)|reject(?:ed|ing|ion)|denied|denying|withheld|declined|not|allowed|permitted|the|was|is|been|has|for|to|by|of|on|user|client|from|http|status|error|warning|get|post|put|delete|head|patch)\b/gi;

/** Does an application say that it refused, and more than that: who, what or why? */
export function statesRefusal(entry: Entry): boolean {
  const { kind, message } = entry;
  if (kind !== 'app' || message === null || isServerLog(entry.dataset)) return false;
  const line = message.slice(0, 300).split('\n', 1)[0]!;
  if (!REFUSES.test(line) || NEGATED.test(line)) return false;
  const rest = line.replaceAll(/[/\w.-]*\/[^\s"']*|\d+/g, ' ').replaceAll(EMPTY_WORDS, ' ');
  return (rest.match(/[a-z]{3,}/gi) ?? []).length >= 2;
}

const OWNER_FIELD = /^(?:\w+[._])?(?:owner|owned_?by|belongs_?to)(?:_?id)?$/i;
const GENERIC_DENIAL =
  /\b(?:access|permission|operation|action|request|entry) (?:is |was |has been )?(?:denied|refused|forbidden|rejected)\b|\bforbidden\b|\bnot allowed\b/i;

/** What the named user adds: a resource that names another owner, or a denial of somebody who is known. */
function withIdentity(entry: Entry, reason: Reason | null, text: string | null): Reason | null {
  const quiet = entry.logLevel === null || entry.logLevel === 'info' || entry.logLevel === 'debug';
  if (entry.userName === null || quiet) return reason;
  for (const [name, value] of Object.entries(entry.attributes ?? {})) {
    if (!OWNER_FIELD.test(name) || value === '' || value === entry.userName) continue;
    if (reason === null || reason.confidence < 0.85) {
      return {
        cause: 'permission.ownership',
        confidence: 0.88,
        text: text ?? value,
        slug: 'owner-field',
        others: ['permission.role'],
      };
    }
  }
  if (reason !== null || text === null) return reason;
  const denial = GENERIC_DENIAL.exec(text);
  return denial === null
    ? null
    : {
        cause: 'permission.role',
        confidence: 0.7,
        text: denial[0],
        slug: 'known-user-denied',
        others: ['permission.ownership'],
      };
}

/** A line of a trace that shows the program's code, one record a line in a server's log: what it would say is no reason. */
const CODE =
  /^\s*(?:File "|(?:if|elif|raise|return|throw|await|with|def|for|while|assert) .*[(:;{]|[\w.]+ = .*\(|[\^~]+$)/;

/** Python's layout when nobody chose one, as logging.basicConfig and mod_wsgi leave it: "WARNING:django.request:Forbidden: /x". */
const PYTHON_DEFAULT = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.]{1,80}):(?=\S)/;

/** What a program wrote into the error log of the server that runs it, as its own log would hold it; null = nothing. */
export function programOf(entry: Entry): Pick<Entry, 'message' | 'logLevel' | 'logLogger' | 'eventCode'> | null {
  if (entry.dataset !== 'apache.error' && entry.dataset !== 'nginx.error') return null;
  const message = textOf(entry, true);
  if (message === null) return null;
  const python = PYTHON_DEFAULT.exec(message);
  if (python === null) return { message, logLevel: null, logLogger: null, eventCode: null };
  const [layout, level = '', logLogger = null] = python;
  return { message: message.slice(layout.length), logLevel: level.toLowerCase(), logLogger, eventCode: null };
}

/** What a program wrote: the message, or the part of a server's error line that is not the server's own. */
function textOf(entry: Entry, server: boolean): string | null {
  const message = entry.message;
  if (message === null) return null;
  if (!server) {
    // The exception behind a message that says only that something was refused stands on the first line of its trace.
    const trace = entry.attributes?.['error.stack_trace'];
    return trace === undefined ? message : `${message}\n${trace.split('\n', 1)[0]!.slice(0, 500)}`;
  }
  switch (entry.dataset) {
    case 'nginx.error': {
      if (message.startsWith('FastCGI sent in stderr: ')) return stderr(message.slice(24));
      const uwsgi = /^(?:uwsgi|SCGI)? ?sent in stderr: /i.exec(message);
      if (uwsgi !== null) return stderr(message.slice(uwsgi[0].length));
      const lua = /^(?:\[lua\] [^ ]{1,200}:\d{1,6}: (?:[\w.:<>/-]{0,60}\(?\)?: )?|js: )/.exec(message);
      return lua === null ? null : message.slice(lua[0].length);
    }
    case 'apache.error': {
      if (message.startsWith("Got error '")) return stderr(message.slice(11));
      const program = /^(?:php\d?|wsgi|cgid?|lua|perl|python|proxy_fcgi|proxy_uwsgi|fcgid)$/.test(
        entry.logLogger ?? '',
      );
      if (!program || CODE.test(message)) return null;
      return message.replace(/^stderr from [^:]{1,200}: /, '');
    }
    case 'haproxy.http':
      return null;
    default:
      return null;
  }
}

function stderr(text: string): string {
  return text
    .replace(/^["']/, '')
    .replace(/["'] while reading .{0,120}$/, '')
    .replace(/["']$/, '');
}

/** A field without a name in an access line: read only when it is a sentence, and not a header that the client wrote. */
function fromExtra(value: string): Reason | null {
  if (value.length < 8 || value.length > 200 || !value.includes(' ')) return null;
  if (/\w\/\d|:\/\/|^[\w.-]+=|;/.test(value) || !REFUSED.test(value)) return null;
  return readReason(value);
}

function phpOrApp(entry: Entry): 'app' | undefined {
  return entry.dataset === 'nginx.error' &&
    entry.message !== null &&
    /sent in stderr: /.test(entry.message.slice(0, 40))
    ? 'app'
    : entry.dataset === 'apache.error'
      ? 'app'
      : undefined;
}

function signalOf(
  reason: Reason,
  refuses: boolean,
  layer: 'app' | undefined,
  fields: Entry['attributes'],
  text: string | null,
): SignalMatch {
  const whole =
    reason.slug.startsWith('code-') || text === null || !text.includes(reason.text)
      ? valueWith(fields, reason.text)
      : text;
  const signal: Signal = {
    id: `reason-${reason.slug}`,
    product: 'application',
    datasets: ['*'],
    kind: refuses ? 'decision' : 'context',
    cause: reason.cause,
    alternatives: reason.others,
    certainty: 'stated',
    confidence: reason.confidence,
    layer,
    says: 'The log says: “{text}”',
    source: 'the words of the record itself',
  };
  return { signal, says: `The log says: “${clean(whole, 160)}”`, text: reason.text.slice(0, 200) };
}

function valueWith(fields: Entry['attributes'], text: string): string {
  for (const name in fields ?? {}) if (fields![name]!.includes(text)) return `${name}: ${fields![name]}`;
  return text;
}
