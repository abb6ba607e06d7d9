/** Which lines are one request: pairing and its doubt, what a program says about which route. Pure functions, small tables. */
import { describe, expect, test } from 'vitest';
import { assign, type Edge } from '../server/link/assign.ts';
import { Covered } from '../server/link/covered.ts';
import { type Guess, mixed, weigh } from '../server/link/custom.ts';
import { apart, surenessOf, type Trace } from '../server/link/doubt.ts';
import { rhythm } from '../server/link/rhythm.ts';

/** Lines are named by the order in which they were written: outer 1, 2, 3 and inner 11, 12, 13. */
const written = (a: number, b: number): number => a - b;
const edge = (outer: number, inner: number, score: number, distance = 0): Edge => ({ outer, inner, score, distance });
const pairs = (edges: Edge[]): string[] => assign(edges, written).taken.map((e) => `${e.outer}-${e.inner}`);

describe('assign', () => {
  test('the better fit wins whatever the order', () => {
    expect(pairs([edge(1, 11, 2), edge(1, 12, 6), edge(2, 11, 6), edge(2, 12, 2)]).sort()).toEqual(['1-12', '2-11']);
  });

  test('look-alikes keep the order in which they were written', () => {
    const all = [1, 2, 3].flatMap((o) => [11, 12, 13].map((i) => edge(o, i, 8, Math.abs(3 - o - (i - 10)))));
    expect(pairs(all).sort()).toEqual(['1-11', '2-12', '3-13']);
  });

  test('lines of different requests that fit both ways keep their order too, though they differ in other fields', () => {
    // An error line names no agent: it fits either request alike.
    expect(pairs([edge(1, 12, 5, 0), edge(1, 11, 5, 3), edge(2, 11, 5, 0), edge(2, 12, 5, 3)]).sort()).toEqual([
      '1-11',
      '2-12',
    ]);
  });

  test('names the pairs that could be the other way round, and no others', () => {
    const assignment = assign(
      [edge(1, 11, 8), edge(1, 12, 8), edge(2, 11, 8), edge(2, 12, 8), edge(3, 13, 8)],
      written,
    );
    const rivals = assignment.taken.map((e) => [e.outer, assignment.rivalsOf(e)]);
    expect(Object.fromEntries(rivals)).toEqual({ 1: [[2, 12]], 2: [[1, 11]], 3: [] });
  });

  test('a line that found nobody is a rival', () => {
    const assignment = assign([edge(1, 11, 8), edge(2, 11, 7.9)], written);
    expect(assignment.rivalsOf(assignment.taken[0]!)).toEqual([[2, 11]]);
  });
});

describe('doubt', () => {
  const trace = (t: Partial<Trace>): Trace => ({
    sourceId: 1,
    kind: 'error',
    timeMs: 0,
    isFine: true,
    line: 1,
    lines: 1,
    worker: null,
    ...t,
  });

  test('how far two requests are known to have been apart', () => {
    const mine = [trace({ line: 4, worker: '7 1' }), trace({ sourceId: 2, kind: 'access', line: 10, isFine: false })];
    const theirs = [
      trace({ line: 5, timeMs: 3, worker: '7 2' }),
      trace({ sourceId: 2, kind: 'access', line: 13, isFine: false, timeMs: 1000 }),
    ];
    expect(apart(mine, theirs)).toEqual({ ms: 3, isExact: false, between: 2, worker: 'other' });
    expect(apart(mine, [])).toEqual({ ms: null, isExact: false, between: 0, worker: 'unknown' });
  });

  const cases = [
    { name: 'nobody else', rivals: [], between: 'servers', isCoarse: true, sure: true },
    {
      name: 'milliseconds apart',
      rivals: [{ ms: 5, isExact: false, between: 0, worker: 'unknown' }],
      between: 'servers',
      isCoarse: true,
      sure: true,
    },
    {
      name: 'one worker',
      rivals: [{ ms: 0, isExact: false, between: 0, worker: 'same' }],
      between: 'logs',
      isCoarse: true,
      sure: true,
    },
    {
      name: 'two workers, one second',
      rivals: [{ ms: null, isExact: false, between: 0, worker: 'other' }],
      between: 'servers',
      isCoarse: true,
      sure: false,
    },
    {
      name: 'others wrote between them',
      rivals: [{ ms: null, isExact: false, between: 9, worker: 'other' }],
      between: 'servers',
      isCoarse: true,
      sure: true,
    },
    {
      name: 'one millisecond, no order further out',
      rivals: [{ ms: 0, isExact: false, between: 0, worker: 'unknown' }],
      between: 'servers',
      isCoarse: true,
      sure: false,
    },
    {
      name: 'one millisecond, order known further out',
      rivals: [{ ms: 0, isExact: false, between: 0, worker: 'unknown' }],
      between: 'servers',
      isCoarse: false,
      sure: true,
    },
    {
      name: 'two threads of one server in one millisecond of a log that knows no finer: hardly ever that near',
      rivals: [{ ms: 0, isExact: false, between: 0, worker: 'other' }],
      between: 'logs',
      isCoarse: true,
      sure: true,
    },
    {
      name: 'two threads of one server, forty microseconds',
      rivals: [{ ms: 0.04, isExact: true, between: 0, worker: 'other' }],
      between: 'logs',
      isCoarse: true,
      sure: false,
    },
    {
      name: 'two threads of one server, four hundred microseconds',
      rivals: [{ ms: 0.4, isExact: true, between: 0, worker: 'other' }],
      between: 'logs',
      isCoarse: true,
      sure: true,
    },
  ] as const;
  for (const { name, rivals, between, isCoarse, sure } of cases) {
    test(name, () => {
      expect(surenessOf(rivals, between, isCoarse) === 1).toBe(sure);
    });
  }
});

describe('what a program says about which route', () => {
  const guess = (reason: number, target: number, said: string, about: string, prior = 0.1): Guess => ({
    reason,
    target,
    said,
    about,
    prior,
    usual: about.endsWith('403') ? 0.8 : 0.2,
  });
  /** Five times each: a token that expired on one route, a role that was missing on another, each alone in its moment. */
  const known = [1, 2, 3, 4, 5].flatMap((n) => [
    guess(n, 100 + n, 'token expired', 'GET /orders 403'),
    guess(10 + n, 110 + n, 'role missing', 'GET /admin 403'),
  ]);

  test('two at one moment are told apart by what was said before', () => {
    const guesses = [
      ...known,
      guess(21, 121, 'token expired', 'GET /orders 403'),
      guess(21, 122, 'token expired', 'GET /admin 403'),
      guess(22, 121, 'role missing', 'GET /orders 403'),
      guess(22, 122, 'role missing', 'GET /admin 403'),
    ];
    const shares = weigh(guesses).shares.slice(known.length);
    expect(shares[0]).toBeGreaterThan(0.8);
    expect(shares[1]).toBeLessThan(0.2);
    expect(shares[2]).toBeLessThan(0.2);
    expect(shares[3]).toBeGreaterThan(0.8);
  });

  test('a warning about a request that was let through is not given to the refused one beside it', () => {
    const hidden = [1, 2, 3, 4, 5].map((n) => guess(30 + n, 130 + n, 'may not export, button hidden', 'GET /list 200'));
    const guesses = [
      ...known,
      ...hidden,
      guess(41, 141, 'may not export, button hidden', 'GET /orders 403'),
      guess(41, 142, 'may not export, button hidden', 'GET /list 200'),
    ];
    const shares = weigh(guesses).shares.slice(-2);
    expect(shares[0]).toBeLessThan(0.2);
    expect(shares[1]).toBeGreaterThan(0.7);
  });

  test('with nothing known, neither of two is', () => {
    const { shares } = weigh([
      guess(1, 101, 'a', 'GET /x 403'),
      guess(1, 102, 'a', 'GET /y 403'),
      guess(2, 101, 'b', 'GET /x 403'),
      guess(2, 102, 'b', 'GET /y 403'),
    ]);
    for (const s of shares) expect(Math.abs(s - 0.5)).toBeLessThan(0.05);
  });
});

describe('lines of which only some are about these requests', () => {
  test('what fits no better than by chance is nobody’s, what fits far better is', () => {
    const sums = new Map([1, 2, 3, 4, 5, 6].map((line) => [line, line <= 3 ? 0.05 : 0.0004]));
    const sure = mixed(sums, 0.001, 10);
    for (const line of [1, 2, 3]) expect(sure.get(line)).toBeGreaterThan(0.9);
    for (const line of [4, 5, 6]) expect(sure.get(line)).toBeLessThan(0.3);
  });

  test('where nothing is met by chance, whatever is met is meant', () => {
    expect(mixed(new Map([[1, 0.0004]]), 0, 1).get(1)).toBe(1);
  });
});

describe('who asks a service', () => {
  const request = (path: string, sourceId = 1) => ({ sourceId, path });
  const covered = (all: [path: string, asked: boolean, times: number][]): Covered => {
    const c = new Covered();
    for (const [path, asked, times] of all) for (let n = 0; n < times; n++) c.add(request(path), asked);
    return c;
  };

  test('of a place that is asked about, all other requests have a partner', () => {
    const c = covered([
      ['/zone/a', true, 6],
      ['/zone/b/731', true, 3],
      ['/shop/a', false, 60],
      ['/shop/b', true, 2],
      ['/shop/b', false, 10],
    ]);
    expect(c.around(request('/zone/a'), true)).toBe(1);
    // One of its kind only: by what its path begins with.
    expect(c.around(request('/zone/b/731'), true)).toBe(1);
    expect(c.around(request('/shop/b'), true)).toBeLessThan(0.2);
  });

  test('a request that found a partner is no witness for itself', () => {
    const c = covered([
      ['/zone/a', true, 1],
      ['/zone/a', false, 3],
    ]);
    expect(c.around(request('/zone/a'), true)).toBe(0);
    expect(c.around(request('/zone/a'), false)).toBe(1 / 3);
  });

  test('a server may ask about everything', () => {
    const c = covered([
      ['/a', true, 1],
      ['/b', true, 1],
      ['/c', true, 1],
      ['/d', true, 1],
    ]);
    expect(c.around(request('/a'), true)).toBe(1);
  });

  test('too few requests say nothing', () => {
    expect(covered([['/zone/a', true, 3]]).around(request('/zone/a'), true)).toBeNull();
  });
});

describe('clocks of logs that share no request', () => {
  /** Refusals at odd moments, and the reasons of three of four of them, written by a clock that is 7 s slow. */
  const moments = Array.from({ length: 40 }, (_, n) => 1_000_000 + n * 977 + ((n * n * 37) % 641));
  const refused = moments.map((timeMs) => ({ key: '', timeMs }));
  const reasons = moments.filter((_, n) => n % 4 !== 0).map((timeMs) => ({ key: '', timeMs: timeMs - 7000 - 2 }));

  test('most moments meet at the true difference', () => {
    const found = rhythm(refused, reasons, false);
    expect(found?.differences[found.differences.length >> 1]).toBe(7002);
    expect(found?.support).toBe(30);
  });

  test('what comes at regular moments meets at many differences: nothing is learned', () => {
    const regular = Array.from({ length: 40 }, (_, n) => ({ key: '', timeMs: n * 5000 }));
    expect(rhythm(regular, regular, false)).toBeNull();
  });

  test('what never meets, and what is too little, teaches nothing', () => {
    const other = Array.from({ length: 30 }, (_, n) => ({
      key: '',
      timeMs: 1_000_000 + n * 1231 + ((n * n * 53) % 887),
    }));
    expect(rhythm(refused, other, false)).toBeNull();
    expect(rhythm(refused, reasons.slice(0, 5), false)).toBeNull();
  });
});
