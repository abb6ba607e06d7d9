/**
 * The HTTP contract: one schema per question, used to validate what comes in, to type what goes out and to
 * make the OpenAPI document. `web` imports types from here and nothing else from the server. Times are ISO
 * 8601 in UTC, counts are whole numbers, rates are 0..1.
 */
import { z } from 'zod';
import { CAUSES, CERTAINTIES, LAYERS, ROLES } from '../model/taxonomy.ts';
import { REFUSAL_FIELDS, type RefusalField } from '../store/questions.ts';

const causeCodes = Object.keys(CAUSES) as [keyof typeof CAUSES, ...(keyof typeof CAUSES)[]];
export const Cause = z.enum(causeCodes);
export const Layer = z.enum(LAYERS);
export const LayerOrUnknown = z.enum([...LAYERS, 'unknown']);
export const Certainty = z.enum(CERTAINTIES);
export const Role = z.enum(ROLES);
const Instant = z.iso.datetime({ offset: true }).describe('ISO 8601');
const Count = z.number().int().nonnegative();

/** Which refusals are asked for. A field may be given several times ("or"); fields are joined by "and". A value that begins with "!" is left out. */
const many = z
  .union([z.string(), z.array(z.string())])
  .transform((v) => (Array.isArray(v) ? v : [v]))
  .optional();
/** What can be filtered by is what the store can be asked for. */
export const FILTER_FIELDS = REFUSAL_FIELDS;
export type FilterField = RefusalField;
const filterShape = Object.fromEntries(FILTER_FIELDS.map((f) => [f, many])) as Record<FilterField, typeof many>;

export const RefusalFilter = z.object({
  /** ISO 8601, or a distance back from now: 15m, 6h, 7d. Default: everything stored. */
  since: z.string().optional(),
  until: z.string().optional(),
  ...filterShape,
});
export type RefusalFilter = z.infer<typeof RefusalFilter>;

export const RefusalsQuery = RefusalFilter.extend({
  cursor: z.string().optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  order: z.enum(['newest', 'oldest']).default('newest'),
});

export const RefusalRow = z.object({
  id: z.string(),
  time: Instant,
  client: z.string().nullable(),
  method: z.string().nullable(),
  host: z.string().nullable(),
  path: z.string().nullable(),
  query: z.string().nullable(),
  route: z.string().nullable(),
  status: z.number().int(),
  decidingLayer: LayerOrUnknown,
  decidingSource: z.string().nullable(),
  cause: Cause,
  certainty: Certainty,
  confidence: z.number().min(0).max(1),
  rule: z.string().nullable(),
  user: z.string().nullable(),
  detail: z.string().describe('one sentence for people'),
});
export type RefusalRow = z.infer<typeof RefusalRow>;

export const RefusalsPage = z.object({
  rows: z.array(RefusalRow),
  next: z.string().nullable(),
  total: Count.describe('rows behind this filter'),
});
export type RefusalsPage = z.infer<typeof RefusalsPage>;

export const Hop = z.object({
  file: z.string(),
  line: z.number().int().positive(),
  lines: z.number().int().positive().describe('a record may have several lines'),
  layer: Layer,
  dataset: z.string(),
  role: Role,
  time: Instant.nullable(),
  status: z.number().int().nullable(),
  durationMs: z.number().nullable(),
  /** What joined this line to the request. "same request id 97819505-…" */
  linkedBy: z.string().nullable(),
  linkConfidence: z.number().min(0).max(1),
  raw: z.string().describe('the record as logged, cut at 8 kB, secrets masked'),
});
export type Hop = z.infer<typeof Hop>;

export const Evidence = z.object({
  file: z.string(),
  line: z.number().int().positive(),
  says: z.string(),
  /** The part of the raw record that says it, to be marked. */
  match: z.string().nullable(),
  documentation: z.string().nullable().describe('address or source reference of the product’s documentation'),
});

export const Playbook = z.object({
  cause: Cause,
  title: z.string(),
  meaning: z.string(),
  confirm: z.array(z.string()),
  /** For one product each; `snippet` is filled in from the evidence where it can be. */
  fix: z.array(z.object({ product: z.string().nullable(), text: z.string(), snippet: z.string().nullable() })),
  prevent: z.array(z.string()),
  doNot: z.array(z.string()),
});
export type Playbook = z.infer<typeof Playbook>;

export const RefusalDetail = RefusalRow.extend({
  protocol: z.string().nullable(),
  userAgent: z.string().nullable(),
  referrer: z.string().nullable(),
  requestIds: z.array(z.string()),
  chain: z.array(Hop).describe('outermost first'),
  evidence: z.array(Evidence),
  alternatives: z.array(z.object({ cause: Cause, confidence: z.number() })),
  /** For `unknown`: which log would settle it. */
  wouldSettle: z.string().nullable(),
  contrast: z.array(
    z.object({
      field: z.string(),
      value: z.string(),
      refused: Count,
      refusedOf: Count,
      passed: Count,
      passedOf: Count,
    }),
  ),
  playbook: Playbook,
  similar: z.object({ sameCauseAndRoute: Count, sameClient: Count }),
});
export type RefusalDetail = z.infer<typeof RefusalDetail>;

const Top = z.array(z.object({ key: z.string(), count: Count }));
export const Overview = z.object({
  since: Instant,
  until: Instant,
  bucketMs: z.number().int().positive(),
  totals: z.object({
    requests: Count,
    refused: Count,
    rate: z.number(),
    previousRefused: Count,
    previousRequests: Count,
  }),
  /** One per bucket, without gaps. `byCause` sums to `refused`. `requests` counts the outermost layer. */
  series: z.array(z.object({ time: Instant, requests: Count, refused: Count, byCause: z.record(z.string(), Count) })),
  /** The period of the same length before, moved onto this one. */
  previous: z.array(z.object({ time: Instant, requests: Count, refused: Count })),
  causes: z.array(z.object({ cause: Cause, count: Count, previous: Count, lastSeen: Instant })),
  top: z.object({ route: Top, client: Top, layer: Top, host: Top, source: Top, rule: Top, user: Top }),
  /** first and last event time in the store, for range controls; null = nothing read yet */
  stored: z.object({ from: Instant, to: Instant }).nullable(),
});
export type Overview = z.infer<typeof Overview>;

export const SourceState = z.object({
  id: z.number().int(),
  path: z.string(),
  layer: Layer,
  dataset: z.string().nullable(),
  state: z.enum(['reading', 'following', 'unreadable', 'unrecognised', 'silent', 'empty', 'gone']),
  /** What to do, when the state is not well. */
  advice: z.string().nullable(),
  lines: Count,
  parsed: Count,
  unparsed: Count,
  unparsedSamples: z.array(z.object({ line: z.number().int(), text: z.string(), reason: z.string() })),
  bytes: Count,
  bytesBehind: Count,
  /** Bytes that were destroyed before they could be read, as far as the last known size tells. */
  gapBytes: Count,
  newestEvent: Instant.nullable(),
  lastRead: Instant.nullable(),
  /** Milliseconds that were added to this source's clock, learned from linked requests. */
  clockOffsetMs: z.number(),
  timeZone: z.string().nullable(),
});
export type SourceState = z.infer<typeof SourceState>;
export const Sources = z.object({ sources: z.array(SourceState) });
export type Sources = z.infer<typeof Sources>;

export const AlertRule = z.object({
  name: z.string(),
  kind: z.enum(['rate', 'count']),
  threshold: z.number().describe('rate: 0..1; count: refusals'),
  windowMs: z.number().int().positive(),
  minimumRequests: Count,
});
export const AlertState = z.object({
  id: z.number().int(),
  rule: z.string(),
  state: z.enum(['firing', 'resolved']),
  firedAt: Instant,
  resolvedAt: Instant.nullable(),
  value: z.number(),
  peak: z.number(),
  summary: z.string(),
  causes: z.array(z.object({ cause: Cause, count: Count })),
  deliveries: z.array(
    z.object({
      channel: z.string(),
      state: z.enum(['sent', 'failed', 'pending']),
      at: Instant.nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export type AlertState = z.infer<typeof AlertState>;
export const Alerts = z.object({
  rules: z.array(AlertRule.extend({ current: z.number().nullable(), firing: z.boolean() })),
  firing: z.array(AlertState),
  history: z.array(AlertState),
});
export type Alerts = z.infer<typeof Alerts>;

export const Status = z.object({
  version: z.string(),
  demo: z.boolean(),
  /** What was given on the command line, for the empty state. */
  paths: z.array(z.string()),
  startedAt: Instant,
  refusedStatus: z.array(z.number().int()),
  ingest: z.object({
    state: z.enum(['starting', 'history', 'following', 'failed']),
    bytesRead: Count,
    bytesTotal: Count,
    linesRead: Count,
    linesPerSecond: z.number(),
    secondsLeft: z.number().nullable(),
    error: z.string().nullable(),
  }),
  sources: z.object({ total: Count, troubled: Count }),
  alertsFiring: Count,
});
export type Status = z.infer<typeof Status>;

export const SearchQuery = z.object({ q: z.string().min(1).max(8192) });
/** Where the search box should go: one refusal, or a filter with its number of rows. */
export const SearchResult = z.object({
  matches: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('refusal'), id: z.string(), label: z.string(), why: z.string() }),
      z.object({ kind: z.literal('filter'), field: z.enum(FILTER_FIELDS), value: z.string(), count: Count }),
    ]),
  ),
});
export type SearchResult = z.infer<typeof SearchResult>;

/** RFC 9457. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;

/**
 * Server-sent events at /api/v1/events: `event: change`, `data:` one of these as JSON.
 * A client asks again for what it shows; nothing is in the event that an API question would not say.
 */
export const LiveEvent = z.object({
  kind: z.enum(['refusals', 'sources', 'alerts', 'status']),
  revision: z.number().int(),
});
export type LiveEvent = z.infer<typeof LiveEvent>;

/** Every question: method is GET, path as Express writes it. */
export const QUESTIONS = {
  status: {
    path: '/api/v1/status',
    query: z.object({}),
    answer: Status,
    says: 'Version, progress of reading, what is troubled',
  },
  overview: {
    path: '/api/v1/overview',
    query: RefusalFilter,
    answer: Overview,
    says: 'Rate and refusals over time, and what they consist of',
  },
  refusals: {
    path: '/api/v1/refusals',
    query: RefusalsQuery,
    answer: RefusalsPage,
    says: 'Refused requests, one page',
  },
  refusal: {
    path: '/api/v1/refusals/:id',
    query: z.object({}),
    answer: RefusalDetail,
    says: 'One refused request with its way, verdict and playbook',
  },
  sources: {
    path: '/api/v1/sources',
    query: z.object({}),
    answer: Sources,
    says: 'Every log that is followed and how it is doing',
  },
  alerts: { path: '/api/v1/alerts', query: z.object({}), answer: Alerts, says: 'Rules, what fires, what fired' },
  playbook: {
    path: '/api/v1/causes/:cause',
    query: z.object({}),
    answer: Playbook,
    says: 'How to confirm, fix and prevent one cause',
  },
  search: {
    path: '/api/v1/search',
    query: SearchQuery,
    answer: SearchResult,
    says: 'Finds a request id, an address, a path, a user or a pasted log line',
  },
} as const;
export type QuestionName = keyof typeof QUESTIONS;
