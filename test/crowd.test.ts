/**
 * Crowded time is explained cell by cell, in threads, while its logs grow: what comes out has to be what one look at
 * all of it says, each refusal once, and no mark may stay. Where a line leaves causes open, a comparison chooses among
 * them, and that is with what happened around: the same cause only where a line states it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Engine } from '../server/engine.ts';
import { Layers } from './bench/generate.ts';
import { type Decider, Traffic } from './bench/traffic.ts';

const home = mkdtempSync(join(tmpdir(), 'why403-crowd-'));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const START = Date.UTC(2026, 8, 7, 12, 0, 0);
const PER_SECOND = 250;

const engineOf = (name: string, final: boolean): Engine =>
  new Engine({
    directory: join(home, name),
    scratch: true,
    final,
    paths: [join(home, 'logs')],
    refusedStatus: [403],
    layers: [],
    timezone: 'UTC',
  });

const said = (e: Engine): unknown[] =>
  e.db
    .prepare(
      `SELECT id, time, layer, client, path, CASE certainty WHEN 'stated' THEN cause END cause,
        (SELECT count(*) FROM hop WHERE hop.seq = refusal.seq) lines FROM refusal ORDER BY id`,
    )
    .all();

test('a crowd that grows while it is explained says what one look at all of it says', {
  timeout: 120_000,
}, async () => {
  const deciders: Decider[] = ['loadbalancer', 'web', 'waf', 'app'];
  const traffic = new Traffic(403, START, 10, deciders);
  const layers = new Layers(join(home, 'logs'), traffic.random);
  const decided: Record<string, number> = {};
  const write = (fromSecond: number, toSecond: number): void => {
    for (let i = fromSecond * PER_SECOND; i < toSecond * PER_SECOND; i++) {
      const q = traffic.next();
      q.timeMs = START + (i * 1000) / PER_SECOND;
      if (i % 10 > 0) {
        q.decider = deciders[q.kind === 'static' ? i % 3 : i % 4]!;
        q.status = 403;
        q.bytes = 153;
      } else if (q.decider === null) q.status = 200;
      q.durationMs = 1 + (i % 20);
      if (q.decider !== null) decided[q.decider] = (decided[q.decider] ?? 0) + 1;
      layers.write(q);
    }
    layers.upTo(START + toSecond * 1000);
    for (const f of layers.files) f.flush();
  };
  const follower = engineOf('followed', false);
  try {
    const settle = async (): Promise<void> => {
      follower.scan(false);
      for (let quiet = 0; quiet < 3; ) {
        const busy = await follower.tick(Date.now());
        quiet = busy || follower.ledger.dirty(1).length > 0 ? 0 : quiet + 1;
        if (!busy) await new Promise((done) => setTimeout(done, 20));
      }
    };
    write(0, 4);
    await settle();
    for (let second = 4; second < 14; second += 2) {
      write(second, second + 2);
      follower.scan(false);
      for (let i = 0; i < 20; i++) await follower.tick(Date.now());
    }
    layers.upTo(Number.POSITIVE_INFINITY);
    for (const f of layers.files) f.close();
    await settle();
    const once = engineOf('once', true);
    try {
      await once.runToEnd(() => {});
      expect(said(follower)).toEqual(said(once));
      const layersSaid = follower.db.prepare('SELECT layer, count(*) n FROM refusal GROUP BY layer').all();
      expect(Object.fromEntries((layersSaid as { layer: string; n: number }[]).map((x) => [x.layer, x.n]))).toEqual(
        decided,
      );
    } finally {
      await once.close();
    }
  } finally {
    await follower.close();
  }
});
