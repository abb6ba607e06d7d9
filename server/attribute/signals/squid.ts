/** Squid: its result code is the outcome ("TCP_DENIED"), `HIER_NONE` means that nobody else was asked. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';

const log = ['squid.access'] as const;
const SOURCE = 'squid-cache/squid src/client_side_request.cc, src/LogTags.cc@7c20a8a';

const refused = (e: Entry): boolean => e.httpResponseStatusCode === 403;

const signals: Signal[] = [
  {
    id: 'squid-denied-reply',
    product: 'Squid',
    datasets: log,
    outcome: /^TCP_DENIED_REPLY/,
    when: refused,
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['waf.upload'],
    certainty: 'stated',
    confidence: 0.75,
    says: 'http_reply_access or reply_body_max_size withheld the answer',
    source: SOURCE,
  },
  {
    id: 'squid-denied',
    product: 'Squid',
    datasets: log,
    outcome: /^TCP_DENIED(?!_REPLY)/,
    when: refused,
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['address.not-allowed', 'address.denied', 'config.host', 'config.method'],
    certainty: 'implied',
    confidence: 0.5,
    says: 'http_access denied it; the log does not say by which ACL',
    source: SOURCE,
  },
  {
    id: 'squid-auth-invalid',
    product: 'Squid',
    datasets: log,
    outcome: /^TCP_DENIED/,
    when: (e) => (e.httpResponseStatusCode === 407 || e.httpResponseStatusCode === 401) && e.userName !== null,
    kind: 'decision',
    cause: 'credential.invalid',
    certainty: 'implied',
    confidence: 0.8,
    status: [401, 407],
    says: 'The password of {userName} was not accepted',
    source: SOURCE,
  },
  {
    id: 'squid-auth',
    product: 'Squid',
    datasets: log,
    outcome: /^TCP_DENIED/,
    when: (e) => (e.httpResponseStatusCode === 407 || e.httpResponseStatusCode === 401) && e.userName === null,
    kind: 'decision',
    cause: 'credential.missing',
    certainty: 'implied',
    confidence: 0.8,
    status: [401, 407],
    says: 'No credentials were sent to the proxy',
    source: SOURCE,
  },
  {
    id: 'squid-relay',
    product: 'Squid',
    datasets: log,
    outcome: /^(?:TCP|UDP|NONE)_(?!DENIED)/,
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400 && e.attributes?.hierarchy !== 'HIER_NONE',
    kind: 'relay',
    cause: null,
    certainty: 'stated',
    confidence: 0.9,
    says: 'The origin answered {httpResponseStatusCode}, passed on ({eventOutcome})',
    source: SOURCE,
  },
  {
    id: 'squid-acl-debug',
    product: 'Squid',
    datasets: ['squid*', 'text.app'],
    message: /The request (?<method>[A-Z]{3,12}) (?<url>\S{1,300}) is DENIED; last ACL checked: (?<acl>\S{1,80})/,
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['address.not-allowed', 'config.host', 'address.denied'],
    certainty: 'stated',
    confidence: 0.6,
    ownWords: true,
    says: 'http_access denied it; the last ACL was {acl}',
    source: SOURCE,
  },
];

export default signals;
