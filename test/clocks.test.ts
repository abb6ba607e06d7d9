/** What shared requests tell about the clocks of two logs, and when they tell nothing. */
import { expect, test } from 'vitest';
import { emptyEntry, entryWith } from '../parsers/entry.ts';
import { type ClockFinding, learnClocks } from '../server/link/clocks.ts';
import { type LinkSource, orderOf } from '../server/link/source.ts';
import type { Placed } from '../server/model/line.ts';

const START = Date.UTC(2026, 10, 25, 10);
const source = (id: number, layer: 'loadbalancer' | 'web'): LinkSource => {
  return {
    id,
    path: `/var/log/${layer}.log`,
    directory: '/var/log',
    dataset: 'generic.log',
    layer,
    order: orderOf(layer),
  };
};

/** A storm: eleven requests a second, each second the same, from `second` for `seconds`. `ids`: the request's own. */
function storm(second: number, seconds: number, offsetMs: number, ids: boolean): Placed[] {
  const placed: Placed[] = [];
  for (let n = 0; n < seconds * 11; n++) {
    const timeMs = START + second * 1000 + Math.floor((n * 1000) / 11) + offsetMs;
    const entry = entryWith(emptyEntry('generic.log', 'access', 'end'), {
      timeMs,
      clientAddress: `203.0.113.${n % 11}`,
      httpRequestMethod: 'GET',
      urlPath: `/wp-login-${n % 11}.php`,
      httpResponseStatusCode: 403,
      requestIds: ids ? [`4f1c${second * 11 + n}-aaaa-bbbb-cccc-0123456789ab`] : [],
    });
    placed.push({ entry, timeMs, line: { sourceId: 0, offset: n * 100, bytes: 100, line: n + 1, lines: 1 } });
  }
  return placed;
}

function between(outer: Placed[], inner: Placed[]): ClockFinding | undefined {
  const found = learnClocks([
    { source: source(1, 'loadbalancer'), records: outer },
    { source: source(2, 'web'), records: inner },
  ]);
  return found.find((f) => f.sourceId === 2);
}

test('two logs of a storm of which one is read less far: their clocks are not known to differ', () => {
  expect(between(storm(10, 1, 0, false), storm(7, 1, 0, false))).toBeUndefined();
  expect(between(storm(10, 1, 0, true), storm(7, 1, 0, true))).toBeUndefined();
});

test('what ids say counts, however many others look alike', () => {
  // Of three seconds one is in both logs.
  expect(between(storm(10, 2, 0, true), storm(9, 2, 0, true))?.offsetMs).toBe(0);
  expect(between(storm(10, 2, 0, true), storm(10, 2, -5000, true))?.offsetMs).toBe(5000);
});
