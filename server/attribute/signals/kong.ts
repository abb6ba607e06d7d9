/**
 * Kong: who answered (`source`), the consumer it knew and the rate headers it sent stand in the file log; addresses it
 * refused stand in its nginx error log. The text that a plugin sends is in `answers.ts`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';

const LOG = 'Kong/kong kong/pdk/log.lua @22246ef';
const base = { product: 'Kong', datasets: ['kong.json'], source: LOG } as const;

const byKong = (e: Entry): boolean => e.eventOutcome === 'kong' && (e.httpResponseStatusCode ?? 0) >= 400;
const forbids = (e: Entry): boolean => byKong(e) && e.httpResponseStatusCode === 403;
const known = (e: Entry): boolean =>
  e.userName !== null ||
  Object.keys(e.attributes ?? {}).some((k) => k.startsWith('consumer.') || k.startsWith('authenticated_entity.'));
/** Header of the answer, as the file log names it. */
const header = (e: Entry, name: string): string | null =>
  e.attributes?.[`response.header.${name}`] ?? e.attributes?.[`response.headers.${name}`] ?? null;
const spentFor = (e: Entry, periods: readonly string[]): boolean =>
  periods.some((p) => header(e, `x-ratelimit-remaining-${p}`) === '0');
const longSpent = (e: Entry): boolean => spentFor(e, ['day', 'month', 'year']);
/** Per quantity and period, of the plugin that counts what answers say they cost. */
const quantitySpent = (e: Entry): boolean =>
  Object.entries(e.attributes ?? {}).some(
    ([name, value]) =>
      value === '0' && /x-ratelimit-remaining-[\w]{1,40}-(?:second|minute|hour|day|month|year)$/.test(name),
  );
const limited = (e: Entry): boolean =>
  byKong(e) &&
  (header(e, 'ratelimit-remaining') === '0' ||
    header(e, 'retry-after') !== null ||
    spentFor(e, ['second', 'minute', 'hour']) ||
    Object.entries(e.attributes ?? {}).some(
      ([name, value]) => value === '0' && /x-ratelimit-remaining-\d/.test(name),
    ) ||
    e.httpResponseStatusCode === 429);
const automated = (e: Entry): boolean =>
  /bot|crawl|spider|scan|curl|wget|python|scrapy|go-http|java\/|libwww|httpclient/i.test(e.userAgentOriginal ?? '');

const signals: Signal[] = [
  {
    ...base,
    id: 'kong-quota',
    when: (e) => byKong(e) && longSpent(e),
    kind: 'decision',
    cause: 'limit.quota',
    certainty: 'stated',
    confidence: 0.95,
    status: [403, 429],
    says: 'The allowance of the day, month or year is used up',
    source: 'Kong/kong kong/plugins/rate-limiting/handler.lua @22246ef',
  },
  {
    ...base,
    id: 'kong-response-ratelimiting',
    when: (e) => byKong(e) && !longSpent(e) && quantitySpent(e),
    kind: 'decision',
    cause: 'limit.quota',
    alternatives: ['limit.rate'],
    certainty: 'implied',
    confidence: 0.8,
    status: [403, 429],
    says: 'The allowance of a quantity that answers are counted by is used up',
    source: 'Kong/kong kong/plugins/response-ratelimiting @22246ef',
  },
  {
    ...base,
    id: 'kong-rate-limiting',
    when: (e) => limited(e) && !longSpent(e) && !quantitySpent(e),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['limit.quota'],
    certainty: 'stated',
    confidence: 0.93,
    status: [403, 429],
    says: 'Kong’s rate limit was exceeded',
    source: 'Kong/kong kong/plugins/rate-limiting/handler.lua @22246ef; rate-limiting-advanced unverified',
  },
  {
    ...base,
    id: 'kong-consumer-forbidden',
    when: (e) => forbids(e) && !limited(e) && known(e),
    kind: 'decision',
    cause: 'gateway.acl',
    alternatives: ['gateway.policy', 'config.access', 'limit.suspended'],
    certainty: 'implied',
    confidence: 0.7,
    says: 'Kong knew the consumer[ {userName}] and refused it before the service was asked, as its access control list does',
    source: 'Kong/kong kong/plugins/acl/handler.lua, kong/pdk/log.lua @22246ef',
  },
  {
    ...base,
    id: 'kong-bot',
    when: (e) => forbids(e) && !limited(e) && !known(e) && automated(e),
    kind: 'decision',
    cause: 'waf.bot',
    alternatives: ['config.access', 'address.not-allowed', 'gateway.policy'],
    certainty: 'implied',
    confidence: 0.45,
    says: 'Kong refused it before the service was asked; the user agent is that of a program, as bot-detection refuses',
    source: 'Kong/kong kong/plugins/bot-detection/handler.lua @22246ef',
  },
  {
    ...base,
    id: 'kong-termination',
    when: (e) => forbids(e) && !limited(e) && !known(e) && !automated(e),
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['address.not-allowed', 'gateway.policy', 'limit.suspended'],
    certainty: 'implied',
    confidence: 0.45,
    says: 'Kong refused it before the service was asked, as request-termination does; the log does not name the plugin',
    source: 'Kong/kong kong/plugins/request-termination @22246ef',
  },
  {
    ...base,
    id: 'kong-relay',
    outcome: 'upstream',
    when: (e) => (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'implied',
    confidence: 0.95,
    says: 'The service behind Kong refused it, passed on',
  },
  {
    ...base,
    id: 'kong-ip-restriction',
    datasets: ['nginx.error'],
    message: '[ip-restriction] IP address not allowed',
    kind: 'decision',
    cause: 'address.not-allowed',
    alternatives: ['address.denied'],
    certainty: 'implied',
    confidence: 0.75,
    layer: 'gateway',
    says: 'Kong’s ip-restriction does not let {clientAddress} through: it is not on the allow list, or on the deny list',
    source: 'Kong/kong kong/plugins/ip-restriction/handler.lua @22246ef',
  },
  {
    ...base,
    id: 'kong-ip-restriction-socket',
    datasets: ['nginx.error'],
    message: 'Cannot identify the client IP address, unix domain sockets are not supported',
    kind: 'decision',
    cause: 'config.access',
    certainty: 'stated',
    confidence: 0.93,
    layer: 'gateway',
    says: 'Kong’s ip-restriction sees no address: the request came over a unix socket',
    source: 'Kong/kong kong/plugins/ip-restriction/handler.lua @22246ef',
  },
  {
    ...base,
    id: 'kong-access-403',
    datasets: ['kong.access'],
    when: (e) => e.httpResponseStatusCode === 403,
    kind: 'context',
    cause: 'unknown',
    certainty: 'implied',
    confidence: 0.2,
    says: 'Kong answered 403; this log does not say whether a plugin or the service refused',
    source: 'Kong/kong kong/templates/nginx_kong.lua @22246ef',
  },
];

export default signals;
