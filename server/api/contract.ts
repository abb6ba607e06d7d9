/**
 * The HTTP contract: one schema per question, used to validate what comes in, to type what goes out and to
 * make the OpenAPI document. Files come from /api/v1/refusals/export (ExportQuery). `web` imports types from here and nothing else from the server. Times are ISO
 * 8601 in UTC, counts are whole numbers, rates are 0..1.
 */
import { z } from 'zod';
import { AUDIENCE_REASONS, AUDIENCES } from '../model/audience.ts';
import { CAUSES, CERTAINTIES, LAYERS, ROLES } from '../model/taxonomy.ts';
import { PROBLEM_SORTS, PROBLEM_STATES, WORDS } from '../store/problems.ts';
import { REFUSAL_FIELDS, REFUSAL_SORTS, type RefusalField } from '../store/questions.ts';

const causeCodes = Object.keys(CAUSES) as [keyof typeof CAUSES, ...(keyof typeof CAUSES)[]];
export const Cause = z.enum(causeCodes);
export const Layer = z.enum(LAYERS);
export const LayerOrUnknown = z.enum([...LAYERS, 'unknown']);
export const Certainty = z.enum(CERTAINTIES);
export const Role = z.enum(ROLES);
/** Rightly refused, a person or partner, or not told by what was logged. */
export const AudienceName = z.enum(AUDIENCES);
export const AudienceReason = z.enum(AUDIENCE_REASONS);
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
  /** Free search: a request id, an address, the beginning of a path, a part of a route, a user, or a whole log line. */
  q: z.string().min(1).max(8192).optional(),
  ...filterShape,
});
export type RefusalFilter = z.infer<typeof RefusalFilter>;

export const RefusalsQuery = RefusalFilter.extend({
  cursor: z.string().optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  order: z.enum(['newest', 'oldest']).default('newest'),
  sort: z.enum(REFUSAL_SORTS).default('time').describe('column; within equal values by time'),
});

export const ByAudience = z.object({ harmed: Count, noise: Count, undecided: Count });
export type ByAudience = z.infer<typeof ByAudience>;

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
  audience: AudienceName,
  problem: z.string().describe('id of the problem that it belongs to'),
});
export type RefusalRow = z.infer<typeof RefusalRow>;

export const RefusalsPage = z.object({
  rows: z.array(RefusalRow),
  next: z.string().nullable(),
  total: Count.describe('rows behind this filter'),
});
export type RefusalsPage = z.infer<typeof RefusalsPage>;

export const RefusalsCount = z.object({ count: Count, byAudience: ByAudience });
export type RefusalsCount = z.infer<typeof RefusalsCount>;

/** The answer is a file: CSV (RFC 4180, formulas defused), one JSON object per line, or a JSON list. Columns are those of RefusalRow. */
export const ExportQuery = RefusalFilter.extend({
  format: z.enum(['csv', 'ndjson', 'json']).default('csv'),
  order: z.enum(['newest', 'oldest']).default('newest'),
  sort: z.enum(REFUSAL_SORTS).default('time'),
  columns: z
    .string()
    .max(1000)
    .optional()
    .describe('names of RefusalRow, separated by commas, in this order; default: all of them'),
});

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
      /** refused ÷ refusedOf and passed ÷ passedOf, 0..1: two bars beside each other. */
      refusedShare: z.number(),
      passedShare: z.number(),
    }),
  ),
  playbook: Playbook,
  similar: z.object({ sameCauseAndRoute: Count, sameClient: Count, sameProblem: Count }),
  /** Of the deciding log: "nginx", "modsecurity". */
  product: z.string().nullable(),
  audienceReasons: z.array(z.object({ reason: AudienceReason, says: z.string() })),
  /** Refusals of the same problem nearest in time, without this one; in order of time. */
  lookAlikes: z.array(RefusalRow),
  /** Requests to this route that were let through shortly before or after, from the log in which requests enter. */
  ordinary: z.array(
    z.object({
      file: z.string(),
      line: z.number().int().positive(),
      time: Instant,
      client: z.string().nullable(),
      method: z.string().nullable(),
      path: z.string().nullable(),
      status: z.number().int().nullable(),
      userAgent: z.string().nullable(),
      raw: z.string().describe('the record as logged, cut at 8 kB, secrets masked'),
    }),
  ),
});
export type RefusalDetail = z.infer<typeof RefusalDetail>;

const Top = z.array(z.object({ key: z.string(), count: Count }));

export const ProblemState = z.enum(PROBLEM_STATES);
export const ProblemWord = z.enum(WORDS);
/** Refusals with one fingerprint: cause × layer × deciding source × route × rule. Counts always equal the rows of `refusals?problem=<id>`. */
export const ProblemRow = z.object({
  id: z.string(),
  cause: Cause,
  layer: LayerOrUnknown,
  source: z.string().nullable(),
  route: z.string().nullable(),
  rule: z.string().nullable(),
  firstSeen: Instant,
  lastSeen: Instant,
  /** Since when it is back, after it had been resolved or fixed; null = it never left. */
  cameBack: Instant.nullable(),
  refusals: Count,
  clients: Count.describe('different client addresses'),
  byAudience: ByAudience,
  /** The asked period, a day at least, in equal buckets of whole hours; all that is stored without `since`. */
  sparkline: z.object({ from: Instant, bucketMs: z.number().int().positive(), counts: z.array(Count) }),
  /** Of the requests to its route in the last 24 h (of what was read), the share that it refused, 0..1; null = not counted. */
  routeShare: z.number().nullable(),
  state: ProblemState.describe(
    'new: first seen less than a day ago; resolved: quiet for long enough; regressed: came back after that, or after it was said to be fixed',
  ),
  /** What a person said: acknowledged, expected (muted), fixed. */
  word: z.object({ word: ProblemWord, note: z.string(), by: z.string().nullable(), at: Instant }).nullable(),
});
export type ProblemRow = z.infer<typeof ProblemRow>;

/** `since`/`until` and every field of a refusal that is one of a problem: cause, category, layer, source, route, rule; audience = hit at least once. */
export const ProblemsQuery = z.object({
  since: z.string().optional(),
  until: z.string().optional(),
  cause: many,
  category: many,
  layer: many,
  source: many,
  route: many,
  rule: many,
  audience: many,
  state: many.describe('one of the states; "!" leaves out'),
  word: many.describe('acknowledged, expected, fixed or none; "!" leaves out'),
  q: z.string().min(1).max(200).optional().describe('a part of route, rule, source or cause'),
  fresh: z
    .literal('1')
    .optional()
    .describe(
      'only those that began or came back in the 24 h before `until`, without what is expected: `fresh` of the overview',
    ),
  sort: z.enum(PROBLEM_SORTS).default('recent'),
  cursor: z.string().optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ProblemsQuery = z.infer<typeof ProblemsQuery>;
export const ProblemsPage = z.object({
  rows: z.array(ProblemRow),
  next: z.string().nullable(),
  total: Count,
  /** Of all that fit the filter but for `state`. */
  byState: z.record(ProblemState, Count),
});
export type ProblemsPage = z.infer<typeof ProblemsPage>;

export const ProblemDetail = ProblemRow.extend({
  /** Of the deciding log, by the newest refusal: "nginx", "modsecurity"; null = nobody knows who decided. */
  product: z.string().nullable(),
  /** Without gaps. `routeRequests`: requests of the route in the same bucket; null = not counted. */
  series: z.array(z.object({ time: Instant, refused: Count, byAudience: ByAudience, routeRequests: Count.nullable() })),
  bucketMs: z.number().int().positive(),
  top: z.object({ client: Top, user: Top, host: Top, path: Top, method: Top }),
  /** The newest refusals of it. */
  newest: z.array(RefusalRow),
  /** What happened to it, oldest first. */
  history: z.array(
    z.object({
      at: Instant,
      what: z.enum(['began', 'came-back', 'acknowledged', 'expected', 'fixed', 'word-withdrawn', 'note']),
      by: z.string().nullable(),
      note: z.string().nullable(),
    }),
  ),
  playbook: Playbook,
});
export type ProblemDetail = z.infer<typeof ProblemDetail>;
/** `word: null` withdraws what was said. What is left away stays. */
export const ProblemPatch = z.strictObject({
  word: ProblemWord.nullable().optional(),
  note: z.string().max(2000).optional(),
  by: z.string().trim().min(1).max(100).optional(),
});
export type ProblemPatch = z.infer<typeof ProblemPatch>;
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
    byAudience: ByAudience,
  }),
  /** One per bucket, without gaps. `byCause` sums to `refused`. `requests` counts the outermost layer. */
  series: z.array(z.object({ time: Instant, requests: Count, refused: Count, byCause: z.record(z.string(), Count) })),
  /** The period of the same length before, moved onto this one. */
  previous: z.array(z.object({ time: Instant, requests: Count, refused: Count })),
  causes: z.array(z.object({ cause: Cause, count: Count, previous: Count, lastSeen: Instant })),
  top: z.object({ route: Top, client: Top, layer: Top, host: Top, source: Top, rule: Top, user: Top }),
  /** Clients, users, routes and rules are counted over this many of the newest refusals of the period; less than `refused` only in very large stores. */
  topOf: Count,
  /** Problems first seen, or back, in the 24 h before `until`, those that harm people first. */
  fresh: z.array(ProblemRow),
  /** How many those are in all; the same as `total` of `problems?fresh=1`. */
  freshTotal: Count,
  /** Where in the chart a problem began or came back: the largest of them, in order of time. */
  marks: z.array(
    z.object({
      time: Instant,
      problem: z.string(),
      cause: Cause,
      route: z.string().nullable(),
      refusals: Count,
      what: z.enum(['began', 'came-back']),
    }),
  ),
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
  /** `bytesPerSecond` and `secondsLeft`: of reading now; null = nothing is being caught up with. */
  progress: z.object({
    bytesRead: Count,
    bytesTotal: Count,
    bytesPerSecond: z.number().nullable(),
    secondsLeft: z.number().nullable(),
  }),
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
  /** Query of /refusals for what it counted. "since=2026-11-24T10:00:00.000Z&until=…" */
  filter: z.string(),
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
    bytesPerSecond: z.number().optional(),
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

/** The settings that are in force. Secrets say only that they are set. */
export const Settings = z.object({
  version: z.string(),
  settings: z.array(
    z.object({
      key: z.string().describe('as in the YAML file'),
      flag: z.string(),
      environment: z.string(),
      says: z.string(),
      /** As it would be written in the file: "7d", "2GB"; null = not set */
      value: z.string().nullable(),
      isSecret: z.boolean(),
    }),
  ),
});
export type Settings = z.infer<typeof Settings>;

/** A named address within the page. */
export const View = z.object({
  id: z.number().int(),
  name: z.string(),
  page: z.enum(['overview', 'problems', 'refusals']),
  /** Query part of the address, without "?". "since=24h&audience=harmed" */
  search: z.string(),
  created: Instant,
});
export type View = z.infer<typeof View>;
export const Views = z.object({ views: z.array(View) });
export type Views = z.infer<typeof Views>;
export const NewView = z.strictObject({
  name: z.string().trim().min(1).max(80),
  page: View.shape.page,
  search: z.string().max(4000),
});
export type NewView = z.infer<typeof NewView>;

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
  kind: z.enum(['refusals', 'sources', 'alerts', 'status', 'problems', 'views']),
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
  count: {
    path: '/api/v1/refusals/count',
    query: RefusalFilter,
    answer: RefusalsCount,
    says: 'How many refused requests there are',
  },
  refusal: {
    path: '/api/v1/refusals/:id',
    query: z.object({}),
    answer: RefusalDetail,
    says: 'One refused request with its way, verdict and playbook',
  },
  problems: {
    path: '/api/v1/problems',
    query: ProblemsQuery,
    answer: ProblemsPage,
    says: 'Groups of refusals with one fingerprint, one page',
  },
  problem: {
    path: '/api/v1/problems/:id',
    query: z.object({ since: z.string().optional(), until: z.string().optional() }),
    answer: ProblemDetail,
    says: 'One problem with its course, whom it hits and what to do',
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
  settings: {
    path: '/api/v1/settings',
    query: z.object({}),
    answer: Settings,
    says: 'What is set, without secrets',
  },
  views: { path: '/api/v1/views', query: z.object({}), answer: Views, says: 'Saved views' },
} as const;
export type QuestionName = keyof typeof QUESTIONS;

/** What changes something: JSON in (content-type application/json), the changed thing out. */
export const COMMANDS = {
  changeProblem: {
    method: 'patch',
    path: '/api/v1/problems/:id',
    body: ProblemPatch,
    answer: ProblemRow,
    says: 'Says of a problem that it is acknowledged, expected or fixed, or notes something',
  },
  saveView: { method: 'post', path: '/api/v1/views', body: NewView, answer: View, says: 'Saves a view' },
  dropView: {
    method: 'delete',
    path: '/api/v1/views/:id',
    body: z.strictObject({}),
    answer: Views,
    says: 'Drops a saved view; the others come back',
  },
} as const;
export type CommandName = keyof typeof COMMANDS;
