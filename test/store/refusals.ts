/** Refusals out of nothing, for tests of the store and of what is asked of it. */
import type { Audience } from '../../server/model/audience.ts';
import type { Refusal } from '../../server/model/request.ts';
import type { Cause, Layer } from '../../server/model/taxonomy.ts';

export interface Made {
  n: number;
  timeMs: number;
  cause?: Cause;
  layer?: Layer | 'unknown';
  source?: string | null;
  route?: string;
  path?: string;
  rule?: string | null;
  client?: string | null;
  host?: string | null;
  user?: string | null;
  method?: string;
  audience?: Audience;
  requestIds?: string[];
  detail?: string;
  userAgent?: string;
}

export function refusalOf(m: Made): Refusal {
  const path = m.path ?? m.route ?? '/orders';
  return {
    id: `r1-${m.n.toString(36)}`,
    timeMs: m.timeMs,
    client: m.client === undefined ? '203.0.113.7' : m.client,
    method: m.method ?? 'GET',
    host: m.host === undefined ? 'shop.example.com' : m.host,
    path,
    query: null,
    route: m.route ?? path,
    protocol: 'HTTP/1.1',
    status: 403,
    user: m.user ?? null,
    userAgent: m.userAgent ?? 'curl/8.5.0',
    referrer: null,
    requestIds: m.requestIds ?? [],
    sourceId: 1,
    verdict: {
      cause: m.cause ?? 'csrf.missing',
      certainty: 'stated',
      confidence: 0.95,
      decidingLayer: m.layer ?? 'app',
      decidingPath: m.source === undefined ? 'app/django.log' : m.source,
      rule: m.rule ?? null,
      detail: m.detail ?? 'Forbidden (CSRF cookie not set.)',
      evidence: [],
      alternatives: [],
      contrast: [],
      wouldSettle: null,
      roles: ['decided'],
      parameter: null,
    },
    audience: m.audience ?? { is: 'undecided', reasons: [] },
    chain: [
      {
        sourceId: 1,
        offset: m.n * 100,
        bytes: 99,
        line: m.n + 1,
        lines: 1,
        path: 'web/access.log',
        layer: 'web',
        dataset: 'nginx.access',
        role: 'decided',
        timeMs: m.timeMs,
        status: 403,
        durationMs: 3,
        link: { kind: 'anchor', confidence: 1, says: '' },
      },
    ],
  };
}
