/** Problems on a real store: whatever is revised, pruned or said, what is counted equals the rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AudienceName } from '../../server/model/audience.ts';
import { fingerprintOf, problemId } from '../../server/model/problem.ts';
import type { Refusal } from '../../server/model/request.ts';
import { lifeOf } from '../../server/problem/state.ts';
import type { Filter, RefusalField } from '../../server/store/questions.ts';
import { type Db, openDatabase } from '../../server/store/sqlite/database.ts';
import { SqliteLedger } from '../../server/store/sqlite/ledger.ts';
import { SqliteWords } from '../../server/store/sqlite/problems.ts';
import { SqliteQuestions } from '../../server/store/sqlite/questions.ts';
import { prune, RETENTION_DEFAULT } from '../../server/store/sqlite/retention.ts';
import { type Made, refusalOf } from './refusals.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 9, 1);
let directory: string;
let db: Db;
let ledger: SqliteLedger;
let questions: SqliteQuestions;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'why403-problems-'));
  db = openDatabase(directory, { scratch: true });
  ledger = new SqliteLedger(db);
  questions = new SqliteQuestions(db);
});
afterEach(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

const revise = (fromMs: number, toMs: number, made: Made[]): void =>
  ledger.revise({ fromMs, toMs, refusals: made.map(refusalOf), done: [] });
const everything: Filter = { sinceMs: null, untilMs: null, where: [] };
const one = () => questions.problems()[0]!;
const life = (now: number) => lifeOf(one(), now);

describe('counts equal rows', () => {
  const made = fc.record({
    at: fc.integer({ min: 0, max: 4 * DAY }),
    cause: fc.constantFrom('csrf.missing', 'waf.sqli', 'limit.rate') as fc.Arbitrary<Made['cause']>,
    layer: fc.constantFrom('app', 'waf', 'unknown') as fc.Arbitrary<Made['layer']>,
    source: fc.constantFrom('a.log', 'b.log', null),
    route: fc.constantFrom('/a', '/b/{id}', ''),
    rule: fc.constantFrom(null, '942100'),
    client: fc.constantFrom(null, '203.0.113.1', '203.0.113.2', '203.0.113.3'),
    host: fc.constantFrom(null, 'one.example', 'two.example'),
    user: fc.constantFrom(null, 'eve'),
    audience: fc.constantFrom('harmed', 'noise', 'undecided') as fc.Arbitrary<AudienceName>,
  });
  type Drawn = typeof made extends fc.Arbitrary<infer T> ? T : never;
  const revision = fc.record({
    from: fc.integer({ min: 0, max: 4 * DAY }),
    span: fc.integer({ min: 1, max: 30 * HOUR }),
    rows: fc.array(made, { maxLength: 25 }),
    prunedBefore: fc.option(fc.integer({ min: 0, max: 4 * DAY }), { freq: 6 }),
  });
  const condition = fc.record({
    field: fc.constantFrom(
      ...(['cause', 'category', 'layer', 'source', 'host', 'rule', 'audience', 'client', 'user', 'route'] as const),
    ),
    value: fc.nat({ max: 2 }),
    isNot: fc.boolean(),
  });
  const VALUES: Partial<Record<RefusalField, string[]>> = {
    cause: ['csrf.missing', 'waf.sqli', 'limit.rate'],
    category: ['csrf', 'waf', 'limit'],
    layer: ['app', 'waf', 'unknown'],
    source: ['a.log', 'b.log', 'c.log'],
    host: ['one.example', 'two.example', 'three.example'],
    rule: ['942100', '1', '2'],
    audience: ['harmed', 'noise', 'undecided'],
    client: ['203.0.113.1', '203.0.113.2', '203.0.113.3'],
    user: ['eve', 'adam', 'x'],
    route: ['/a', '/b/{id}', '/c'],
  };
  const told = (r: Refusal, field: RefusalField): string | null => {
    const v = r.verdict;
    switch (field) {
      case 'cause':
        return v.cause;
      case 'category':
        return v.cause.split('.')[0]!;
      case 'layer':
        return v.decidingLayer;
      case 'source':
        return v.decidingPath;
      case 'rule':
        return v.rule;
      case 'audience':
        return r.audience.is;
      case 'problem':
        return problemId(fingerprintOf(r));
      case 'host':
      case 'client':
      case 'user':
      case 'route':
        return r[field];
      default:
        throw new Error(field);
    }
  };
  const fits = (r: Refusal, f: Filter): boolean =>
    (f.sinceMs === null || r.timeMs >= f.sinceMs) &&
    (f.untilMs === null || r.timeMs < f.untilMs) &&
    f.where.every((w) => {
      const v = told(r, w.field);
      return (w.in.length === 0 || (v !== null && w.in.includes(v))) && (v === null || !w.not.includes(v));
    });

  test('for any revisions, retention and filters', () => {
    fc.assert(
      fc.property(
        fc.array(revision, { minLength: 1, maxLength: 6 }),
        fc.array(condition, { maxLength: 3 }),
        fc.option(fc.integer({ min: 0, max: 4 * DAY })),
        fc.option(fc.integer({ min: 1, max: 2 * DAY })),
        (revisions, conditions, since, span) => {
          db.exec(
            'DELETE FROM refusal; DELETE FROM problem; DELETE FROM problem_count; DELETE FROM tally; DELETE FROM kind; DELETE FROM body;',
          );
          const truth = new Map<string, Refusal>();
          let n = 0;
          for (const v of revisions) {
            const rows = v.rows.map((d: Drawn, i) =>
              refusalOf({
                ...d,
                // Some come again with the same id at another time.
                n: i % 3 === 0 ? i : ++n + 100,
                timeMs: START + v.from + (d.at % v.span),
                audience: { is: d.audience, reasons: d.audience === 'noise' ? ['probe-path'] : [] },
              }),
            );
            for (const [id, r] of truth)
              if (r.timeMs >= START + v.from && r.timeMs < START + v.from + v.span) truth.delete(id);
            for (const r of rows) truth.set(r.id, r);
            ledger.revise({ fromMs: START + v.from, toMs: START + v.from + v.span, refusals: rows, done: [] });
            if (v.prunedBefore !== null) {
              const before = START + v.prunedBefore;
              prune(db, { ...RETENTION_DEFAULT, refusalsMs: DAY }, before + DAY);
              for (const [id, r] of truth) if (r.timeMs < before) truth.delete(id);
            }
          }
          const filter: Filter = {
            sinceMs: since === null ? null : START + since,
            untilMs: span === null ? null : START + (since ?? 0) + span,
            where: conditions.map((c) => {
              const value = VALUES[c.field]![c.value]!;
              return { field: c.field, in: c.isNot ? [] : [value], not: c.isNot ? [value] : [] };
            }),
          };
          const expected = [...truth.values()].filter((r) => fits(r, filter));
          expect(questions.countRefusals(filter)).toBe(expected.length);
          const by = (of: (r: Refusal) => string | null): Record<string, number> => {
            const out: Record<string, number> = {};
            for (const r of expected) {
              const key = of(r);
              if (key !== null) out[key] = (out[key] ?? 0) + 1;
            }
            return out;
          };
          const got = questions.countByAudience(filter);
          for (const a of ['harmed', 'noise', 'undecided'] as const)
            expect(got[a]).toBe(by((r) => r.audience.is)[a] ?? 0);
          for (const field of ['cause', 'layer', 'source', 'host', 'rule', 'client', 'route', 'problem'] as const)
            expect(Object.fromEntries(questions.top(filter, field, 100).map((t) => [t.key, t.count]))).toEqual(
              by((r) => told(r, field)),
            );
          const ofManner = (field: 'method' | 'status' | 'certainty') =>
            Object.fromEntries(questions.top(filter, field, 100).map((t) => [t.key, t.count]));
          expect(ofManner('method')).toEqual(by((r) => r.method));
          expect(ofManner('status')).toEqual(by((r) => String(r.status)));
          expect(ofManner('certainty')).toEqual(by((r) => r.verdict.certainty));
          const last: Record<string, number> = {};
          for (const r of expected) last[r.verdict.cause] = Math.max(last[r.verdict.cause] ?? 0, r.timeMs);
          expect(Object.fromEntries(questions.lastOfCauses(filter, [...Object.keys(last), 'limit.rate']))).toEqual(
            last,
          );
          for (const bucket of [60_000, 300_000, 600_000, 900_000, HOUR, 6 * HOUR, DAY]) {
            const series = questions.refusedSeries(filter, bucket);
            expect(series.reduce((sum, s) => sum + s.count, 0)).toBe(expected.length);
            expect(Object.fromEntries(series.map((s) => [`${s.bucket} ${s.cause}`, s.count]))).toEqual(
              by((r) => `${Math.floor(r.timeMs / bucket) * bucket} ${r.verdict.cause}`),
            );
          }
          // Pages: every row once, in order, whatever is sorted by.
          for (const sort of ['time', 'client', 'user', 'cause'] as const) {
            for (const order of ['newest', 'oldest'] as const) {
              const seen: string[] = [];
              const causes: string[] = [];
              let after = null as Parameters<SqliteQuestions['refusals']>[1]['after'];
              for (;;) {
                const page = questions.refusals(filter, { after, limit: 7, order, sort });
                seen.push(...page.map((r) => r.id));
                causes.push(...page.map((r) => r.verdict.cause));
                const last = page[page.length - 1];
                if (page.length < 7 || !last) break;
                after = {
                  timeMs: last.timeMs,
                  id: last.id,
                  value: sort === 'time' ? null : sort === 'cause' ? last.verdict.cause : last[sort],
                };
              }
              expect(new Set(seen).size).toBe(seen.length);
              expect(seen.length).toBe(expected.length);
              if (sort !== 'cause') continue;
              const sorted = [...causes].sort();
              expect(causes).toEqual(order === 'oldest' ? sorted : sorted.reverse());
            }
          }
          // Problems: all of them, each as its rows are.
          const all = [...truth.values()];
          const groups = Map.groupBy(all, (r) => problemId(fingerprintOf(r)));
          const problems = questions.problems();
          expect(new Set(problems.map((p) => p.id))).toEqual(new Set(groups.keys()));
          for (const p of problems) {
            const rows = groups.get(p.id)!;
            expect(p.refusals).toBe(rows.length);
            expect(p.clients).toBe(new Set(rows.map((r) => r.client).filter((c) => c !== null)).size);
            expect(p.lastMs).toBe(Math.max(...rows.map((r) => r.timeMs)));
            expect(p.firstMs).toBeLessThanOrEqual(Math.min(...rows.map((r) => r.timeMs)));
            expect(p.byAudience.harmed).toBe(rows.filter((r) => r.audience.is === 'harmed').length);
            const hours = questions.problemSeries([p.id], START - DAY, START + 10 * DAY, HOUR);
            expect(hours.reduce((sum, h) => sum + h.harmed + h.noise + h.undecided, 0)).toBe(rows.length);
            const minutes = questions.problemSeries([p.id], START - DAY, START + 10 * DAY, 60_000);
            expect(minutes.reduce((sum, h) => sum + h.harmed, 0)).toBe(p.byAudience.harmed);
            expect(minutes.every((m) => m.bucket % 60_000 === 0)).toBe(true);
          }
          // What nobody refuses any more is counted nowhere, and its kinds are forgotten.
          ledger.revise({ fromMs: START - DAY, toMs: START + 40 * DAY, refusals: [], done: [] });
          for (const table of ['tally', 'kind', 'problem_count'])
            expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the life of a problem', () => {
  const every = (from: number, count: number, gap: number, n = 0): Made[] =>
    Array.from({ length: count }, (_, i) => ({ n: n + i, timeMs: from + i * gap }));

  test('is new for a day, goes on, and is over when it is quiet for ten times its usual distance', () => {
    revise(START, START + 3 * DAY, every(START, 48, HOUR));
    expect(life(START + 20 * HOUR).state).toBe('new');
    expect(life(START + 47 * HOUR).state).toBe('ongoing');
    expect(life(START + 47 * HOUR + 9 * HOUR).state).toBe('ongoing');
    expect(life(START + 47 * HOUR + 11 * HOUR).state).toBe('resolved');
  });

  test('comes back by itself after it was over', () => {
    revise(START, START + DAY, every(START, 20, 600_000));
    expect(one().cameBackMs).toBeNull();
    const back = START + 3 * DAY + 90_000;
    revise(back, back + HOUR, every(back, 3, 60_000, 50));
    expect(one()).toMatchObject({ refusals: 23, firstMs: START, cameBackMs: back });
    expect(life(back + HOUR).state).toBe('regressed');
  });

  test('a revision that takes the return away takes its mark away', () => {
    revise(START, START + DAY, every(START, 20, 600_000));
    const back = START + 3 * DAY;
    revise(back, back + HOUR, every(back, 3, 60_000, 50));
    revise(back, back + HOUR, []);
    expect(one()).toMatchObject({ refusals: 20, cameBackMs: null });
    expect(life(back + HOUR).state).toBe('resolved');
  });

  test('lines that come late fill the silence: it never left', () => {
    revise(START, START + HOUR, every(START, 6, 600_000));
    const later = START + DAY;
    revise(later, later + HOUR, every(later, 6, 600_000, 20));
    expect(one().cameBackMs).toBe(later);
    revise(START + HOUR, later, every(START + HOUR, 23 * 6, 600_000, 100));
    expect(one().cameBackMs).toBeNull();
  });

  test('fixed: over at once, back with the next refusal; acknowledged: goes on', () => {
    const words = new SqliteWords(db);
    revise(START, START + HOUR, every(START, 6, 60_000));
    const { id } = one();
    words.say(id, { word: 'fixed', note: 'deployed 1.2', by: 'ada', atMs: START + HOUR });
    expect(life(START + HOUR).state).toBe('resolved');
    revise(START + 2 * HOUR, START + 3 * HOUR, every(START + 2 * HOUR, 1, 1, 50));
    expect(life(START + 2 * HOUR).state).toBe('regressed');
    expect(one().saying).toEqual({ word: 'fixed', note: 'deployed 1.2', by: 'ada', atMs: START + HOUR });
    words.say(id, { word: 'acknowledged', atMs: START + 3 * HOUR });
    expect(life(START + 3 * HOUR).state).toBe('new');
    expect(questions.sayings(id).map((s) => s.what)).toEqual(['fixed', 'acknowledged']);
    words.say(id, { word: null, atMs: START + 4 * HOUR });
    expect(one().saying).toMatchObject({ word: null, note: 'deployed 1.2' });
    expect(words.say('p000000000000000', { word: 'fixed', atMs: 1 })).toBeNull();
  });

  test('a word outlives the refusals, and when it was first seen outlives retention', () => {
    const words = new SqliteWords(db);
    revise(START, START + HOUR, every(START, 6, 60_000));
    const { id } = one();
    prune(db, { ...RETENTION_DEFAULT, refusalsMs: DAY }, START + 1.5 * DAY);
    expect(questions.problems()).toEqual([]);
    words.say(id, { word: 'expected', atMs: START + DAY });
    const back = START + 20 * DAY;
    revise(back, back + HOUR, every(back, 2, 60_000, 50));
    expect(one()).toMatchObject({ id, refusals: 2, firstMs: START, cameBackMs: back });
    expect(one().saying?.word).toBe('expected');
  });

  test('a verdict that changes moves its refusals to another problem', () => {
    revise(START, START + HOUR, every(START, 4, 60_000));
    const before = one().id;
    revise(
      START,
      START + HOUR,
      every(START, 4, 60_000).map((m) => ({ ...m, cause: 'waf.sqli', layer: 'waf', rule: '942100' })),
    );
    expect(questions.problems()).toHaveLength(1);
    expect(one()).toMatchObject({ cause: 'waf.sqli', refusals: 4 });
    expect(one().id).not.toBe(before);
    expect(questions.problem(before)).toBeNull();
  });

  test('scanners on many paths are one problem, people on the same paths are not part of it', () => {
    const noise = { is: 'noise' as const, reasons: ['probe-path' as const] };
    revise(START, START + HOUR, [
      ...every(START, 5, 60_000).map((m) => ({ ...m, route: `/.env${m.n}`, audience: noise })),
      { n: 90, timeMs: START + 1, route: '/.env1', audience: { is: 'harmed', reasons: ['has-user'] } },
    ]);
    expect(questions.problems().map((p) => [p.route, p.refusals])).toEqual([
      ['', 5],
      ['/.env1', 1],
    ]);
    expect(questions.countRefusals({ ...everything, where: [{ field: 'route', in: ['/.env1'], not: [] }] })).toBe(2);
  });

  test('a transaction that fails leaves nothing behind', () => {
    revise(START, START + HOUR, every(START, 3, 60_000));
    const broken = refusalOf({ n: 9, timeMs: START + 10 });
    expect(() =>
      ledger.revise({
        fromMs: START + 2 * HOUR,
        toMs: START + 3 * HOUR,
        refusals: [broken, { ...broken, id: 'r1-x', route: null as never }],
        done: [],
      }),
    ).toThrow();
    expect(one().refusals).toBe(3);
    revise(START + 2 * HOUR, START + 3 * HOUR, every(START + 2 * HOUR, 2, 60_000, 40));
    expect(one().refusals).toBe(5);
  });
});
