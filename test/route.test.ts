/** Routes are counted by a hash of the path: equal where, and only where, the routes are. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashRoute, routeHashB, routeOf } from '../server/model/route.ts';

const segment = fc.oneof(
  { arbitrary: fc.constantFrom('orders', 'a', '', '731', '12', '1a', 'v2', 'garden.9f95fdb9.js', '%20'), weight: 6 },
  { arbitrary: fc.uuid(), weight: 1 },
  { arbitrary: fc.string({ unit: fc.constantFrom('a', '1', 'f', 'g', '-'), maxLength: 60 }), weight: 2 },
  { arbitrary: fc.string({ maxLength: 6 }), weight: 1 },
);
const path = fc
  .tuple(fc.constantFrom('/', '/', ''), fc.array(segment, { maxLength: 11 }), fc.constantFrom('', '/'))
  .map(([before, segments, after]) => `${before}${segments.join('/')}${after}`);

const hashOf = (text: string, at: number): string => {
  const a = hashRoute(`${'x/'.repeat(at)}${text}/y`, at * 2, at * 2 + text.length);
  return `${a} ${routeHashB}`;
};

test('one hash, one route', () => {
  const routes = new Map<string, string>();

  fc.assert(
    fc.property(path, fc.nat(3), (p, at) => {
      const hash = hashOf(p, at);
      const route = routeOf(p);
      expect(routes.get(hash) ?? route).toBe(route);
      routes.set(hash, route);
    }),
    { numRuns: 20_000 },
  );
  expect(routes.size).toBeGreaterThan(1000);
});

test('ids in a path do not change the hash', () => {
  const a = hashOf('/orders/731/items/5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11', 0);
  expect(hashOf('/orders/99/items/0f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d12', 3)).toBe(a);
  expect(hashOf('/orders/new/items/5f0c1b5e-3c52-4a39-9b7e-0c0f6a1f8d11', 0)).not.toBe(a);
});
