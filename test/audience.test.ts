/** Noise against harm: what a refusal shows and what its client did besides, in a table. */
import { expect, test } from 'vitest';
import type { Entry } from '../parsers/entry.ts';
import { type AudienceFacts, audienceOf } from '../server/attribute/audience.ts';
import { Companies } from '../server/attribute/company.ts';
import type { Audience } from '../server/model/audience.ts';

const AT = Date.UTC(2026, 10, 24, 12);
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0';
const CLIENT = '203.0.113.7';

interface Line {
  /** seconds from the refusal */
  at: number;
  path: string;
  status: number;
  client?: string;
}

function company(lines: Line[], path: string) {
  const all = new Companies([{ client: CLIENT, path }], new Set([403]));
  for (const l of lines)
    all.add(
      {
        kind: 'access',
        httpResponseStatusCode: l.status,
        urlPath: l.path,
        urlDomain: 'shop.example.com',
        clientAddress: l.client ?? CLIENT,
      } as Entry,
      AT + l.at * 1000,
    );
  return all.of(CLIENT);
}

interface Case {
  name: string;
  request?: Partial<AudienceFacts['refusal']>;
  cause?: string;
  attributes?: Record<string, string>;
  lines?: Line[];
  is: Audience['is'];
  reasons: Audience['reasons'];
}

const walk = (n: number, status: number, from = -60): Line[] =>
  Array.from({ length: n }, (_, i) => ({
    at: from + i,
    path: `/x/${'abcdefghijklmnopqrstuvwxyz'[i % 26]}${i}`,
    status,
  }));

const CASES: Case[] = [
  { name: 'nothing is known', is: 'undecided', reasons: [] },
  {
    name: 'a hidden file',
    request: { path: '/.env' },
    is: 'noise',
    reasons: ['probe-path'],
  },
  {
    name: 'a well-known address is no hidden file',
    request: { path: '/.well-known/acme-challenge/x' },
    is: 'undecided',
    reasons: [],
  },
  {
    name: 'a CMS that this host does not serve',
    request: { path: '/wp-login.php' },
    is: 'noise',
    reasons: ['probe-path'],
  },
  {
    name: 'the same on a host that serves it',
    request: { path: '/wp-admin/options.php' },
    lines: [{ at: -5, path: '/wp-admin/index.php', status: 200, client: '198.51.100.1' }],
    is: 'undecided',
    reasons: [],
  },
  {
    name: 'a scanner that goes by its name, after the start page let it in',
    request: { userAgent: 'sqlmap/1.8', path: '/search', route: '/search' },
    cause: 'waf.sqli',
    lines: [
      { at: -3, path: '/search', status: 200 },
      { at: -2, path: '/search', status: 200 },
      { at: -1, path: '/search', status: 200 },
    ],
    is: 'noise',
    reasons: ['waf-attack', 'scanner-agent', 'let-through-before'],
  },
  {
    name: 'the WAF alone',
    cause: 'waf.xss',
    is: 'noise',
    reasons: ['waf-attack'],
  },
  {
    name: 'the WAF refuses a person in the midst of a visit: a false alarm',
    cause: 'waf.sqli',
    request: { userAgent: BROWSER, referrer: 'https://shop.example.com/cart' },
    lines: walk(6, 200, -3),
    is: 'harmed',
    reasons: ['waf-attack', 'own-referrer', 'let-through-before', 'let-through-after'],
  },
  {
    name: 'another site as referrer proves nothing',
    request: { userAgent: BROWSER, referrer: 'https://elsewhere.example/' },
    is: 'undecided',
    reasons: [],
  },
  {
    name: 'a user that the log names',
    request: { user: 'maria' },
    is: 'harmed',
    reasons: ['has-user'],
  },
  { name: 'a dash is no user', request: { user: '-' }, is: 'undecided', reasons: [] },
  {
    name: 'a consumer of the gateway',
    attributes: { 'consumer.username': 'partner-x', 'req.headers.accept': '*/*' },
    is: 'harmed',
    reasons: ['has-credential'],
  },
  {
    name: 'a credential that has expired was a good one',
    cause: 'credential.expired',
    is: 'harmed',
    reasons: ['has-credential'],
  },
  { name: 'one that never was', cause: 'credential.invalid', is: 'undecided', reasons: [] },
  {
    name: 'let through on this route afterwards',
    request: { route: '/orders/{id}', path: '/orders/7' },
    lines: [{ at: 20, path: '/orders/9123', status: 200 }],
    is: 'harmed',
    reasons: ['let-through-after'],
  },
  {
    name: 'the start page alone is no being let through',
    lines: [{ at: -20, path: '/', status: 200 }],
    is: 'undecided',
    reasons: [],
  },
  {
    name: 'many paths, refused or not found, in a minute',
    lines: [...walk(16, 404), ...walk(6, 403, -30)],
    is: 'noise',
    reasons: ['burst-of-paths'],
  },
  {
    name: 'many people behind one address have their failures too',
    request: { route: '/x', path: '/x' },
    lines: [...walk(14, 404), ...walk(60, 200)],
    is: 'harmed',
    reasons: ['let-through-before'],
  },
  { name: 'banned', cause: 'address.reputation', is: 'noise', reasons: ['banned'] },
];
test.each(CASES)('$name', (c) => {
  const refusal = {
    timeMs: AT,
    method: 'GET',
    host: 'shop.example.com',
    path: '/orders',
    query: null,
    route: '/orders',
    user: null,
    userAgent: 'curl/8.5.0',
    referrer: null,
    ...c.request,
  };
  const answer = audienceOf({
    refusal,
    cause: c.cause ?? 'config.access',
    attributes: c.attributes ?? null,
    company: company(c.lines ?? [], refusal.path ?? ''),
  });
  expect(answer).toEqual({ is: c.is, reasons: c.reasons });
});
