/** Searches, neighbours and rankings on a real store, against the plain reading of all rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOP_ROWS_MAX } from '../../server/limits.ts';
import { fingerprintOf, problemId } from '../../server/model/problem.ts';
import type { Refusal } from '../../server/model/request.ts';
import type { Filter, PageKey, RefusalSort, Term } from '../../server/store/questions.ts';
import { type Db, openDatabase } from '../../server/store/sqlite/database.ts';
import { SqliteLedger } from '../../server/store/sqlite/ledger.ts';
import { SqliteQuestions } from '../../server/store/sqlite/questions.ts';
import { refusalOf } from './refusals.ts';

const START = Date.UTC(2026, 9, 1);
const HOUR = 3_600_000;
let directory: string;
let db: Db;
let q: SqliteQuestions;
let all: Refusal[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'why403-questions-'));
  db = openDatabase(directory, { scratch: true });
  q = new SqliteQuestions(db);
  all = Array.from({ length: 3000 }, (_, n) =>
    refusalOf({
      n,
      timeMs: START + ((n * 7919) % 3000) * 97_000,
      cause: (['csrf.missing', 'waf.sqli', 'limit.rate'] as const)[n % 3],
      rule: n % 3 === 1 ? String(942_000 + (n % 40)) : null,
      route: `/r${n % 50}/{id}`,
      path: `/r${n % 50}/${n % 100 === 0 ? '100%_x' : n}`,
      client: n % 11 === 0 ? null : `203.0.113.${n % 30}`,
      user: n % 7 === 0 ? `user-${n % 13}` : null,
      host: n % 200 === 0 ? 'rare.example.com' : 'shop.example.com',
      requestIds: n % 5 === 0 ? [`id-${n}`] : [],
      audience: { is: n % 4 === 0 ? 'harmed' : 'noise', reasons: [] },
    }),
  );
  new SqliteLedger(db).revise({ fromMs: START, toMs: START + 400 * 24 * HOUR, refusals: all, done: [] });
});
afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true, force: true });
});

const none = { sinceMs: null, untilMs: null, where: [] };
function pages(filter: Filter, order: 'newest' | 'oldest', sort: RefusalSort = 'time'): string[] {
  const ids: string[] = [];
  let after: PageKey | null = null;
  for (;;) {
    const page: Refusal[] = q.refusals(filter, { after, limit: 100, order, sort });
    ids.push(...page.map((r) => r.id));
    const last = page[page.length - 1];
    if (page.length < 100 || last === undefined) return ids;
    const value = sort === 'time' ? null : sort === 'cause' ? last.verdict.cause : last[sort];
    after = { timeMs: last.timeMs, id: last.id, value };
  }
}
const idsOf = (rows: Refusal[]): string[] =>
  [...rows].sort((a, b) => b.timeMs - a.timeMs || (a.id < b.id ? 1 : -1)).map((r) => r.id);

describe('a searched text', () => {
  const cases: [text: string, term: Term['kind'], fits: (r: Refusal) => boolean][] = [
    ['r1-a', 'ids', (r) => r.id === 'r1-a'],
    ['id-1000', 'requestId', (r) => r.requestIds.includes('id-1000')],
    ['203.0.113.7', 'client', (r) => r.client === '203.0.113.7'],
    ['/r1', 'pathFrom', (r) => r.path!.startsWith('/r1')],
    ['/r1/100%', 'pathFrom', (r) => r.path!.startsWith('/r1/100%')],
    ['/', 'pathFrom', () => true],
    ['user-7', 'user', (r) => r.user === 'user-7'],
    ['RARE.example.com', 'host', (r) => r.host === 'rare.example.com'],
    ['r49', 'part', (r) => r.route.includes('r49')],
    ['94200', 'part', (r) => r.verdict.rule?.includes('94200') ?? false],
    ['sqli', 'part', (r) => r.verdict.cause === 'waf.sqli'],
    ['_', 'part', () => false],
    ['nothing of the kind', 'part', () => false],
  ];
  test.each(cases)('%s', (text, kind, fits) => {
    const term = q.meaning(text);
    expect(term.kind).toBe(kind);
    const filter: Filter = { ...none, term };
    const expected = all.filter(fits);
    expect(q.countRefusals(filter)).toBe(expected.length);
    expect(pages(filter, 'newest')).toEqual(idsOf(expected));
    expect(pages(filter, 'oldest')).toEqual(idsOf(expected).reverse());
    const harmed: Filter = { ...filter, where: [{ field: 'audience', in: ['harmed'], not: [] }] };
    expect(pages(harmed, 'newest')).toEqual(idsOf(expected.filter((r) => r.audience.is === 'harmed')));
    expect(q.countByAudience(filter).harmed).toBe(expected.filter((r) => r.audience.is === 'harmed').length);
    expect(pages(filter, 'newest', 'user').length).toBe(expected.length);
  });
});

test('neighbours in time', () => {
  const one = all[1234]!;
  const id = problemId(fingerprintOf(one));
  const same = all
    .filter((r) => problemId(fingerprintOf(r)) === id)
    .sort((a, b) => Math.abs(a.timeMs - one.timeMs) - Math.abs(b.timeMs - one.timeMs));
  const near = q.nearest(id, one.timeMs, 5);
  expect(near[0]!.id).toBe(one.id);
  expect(near.map((r) => Math.abs(r.timeMs - one.timeMs))).toEqual(
    same.slice(0, 5).map((r) => Math.abs(r.timeMs - one.timeMs)),
  );
  expect(q.near({ client: one.client, path: one.path }, one.timeMs + 3000, 5000, 9).map((r) => r.id)).toEqual([one.id]);
  expect(q.near({ client: one.client, path: one.path }, one.timeMs + 6000, 5000, 9)).toEqual([]);
});

test('rankings together are what each is alone', () => {
  const filters: Filter[] = [
    none,
    { sinceMs: START + 5 * HOUR + 7, untilMs: START + 60 * HOUR + 11, where: [] },
    { ...none, where: [{ field: 'host', in: ['rare.example.com'], not: [] }] },
    { ...none, where: [{ field: 'rule', in: ['942001'], not: [] }] },
    { ...none, where: [{ field: 'client', in: ['203.0.113.4'], not: [] }] },
  ];
  const fields = [
    'cause',
    'audience',
    'layer',
    'host',
    'source',
    'rule',
    'route',
    'client',
    'user',
    'problem',
  ] as const;
  expect(all.length).toBeLessThan(TOP_ROWS_MAX);
  for (const filter of filters) {
    const together = q.tops(filter, fields, 100);
    for (const field of fields) expect(together[field], field).toEqual(q.top(filter, field, 100));
    expect(together.cause.reduce((n, t) => n + t.count, 0)).toBe(q.countRefusals(filter));
  }
});

test('a sparse filter finds its rows however far back they lie', () => {
  for (const where of [
    [{ field: 'host' as const, in: ['rare.example.com'], not: [] }],
    [{ field: 'rule' as const, in: ['942001'], not: [] }],
    [
      { field: 'category' as const, in: ['waf'], not: [] },
      { field: 'layer' as const, in: [], not: ['web'] },
      { field: 'audience' as const, in: ['harmed'], not: [] },
    ],
  ]) {
    const filter = { ...none, where };
    const ids = pages(filter, 'newest');
    expect(ids.length).toBe(q.countRefusals(filter));
    expect(pages(filter, 'oldest')).toEqual(ids.toReversed());
  }
});
