/** The oldest lines of a log have no past to be compared with: what came after them has to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Engine } from '../server/engine.ts';

const home = mkdtempSync(join(tmpdir(), 'why403-oldest-'));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const START = Date.UTC(2026, 8, 7, 12, 0, 0);
/** More than is explained in one go: the rest, at the log’s beginning, is explained alone. */
const LINES = 20_000;
const PER_SECOND = 100;

test('a robot that is refused everywhere is seen at the beginning of a log as well', async () => {
  const lines: string[] = [];
  for (let i = 0; i < LINES; i++) {
    const time = new Date(START + Math.floor(i / PER_SECOND) * 1000).toISOString().slice(11, 19);
    const [status, agent] = i % 9000 === 300 ? [403, 'harvester/2.1'] : [200, 'Mozilla/5.0 Firefox/128.0'];
    lines.push(
      `198.18.${i % 7}.${i % 50} - - [07/Sep/2026:${time} +0000] "GET /a${i % 40}/x HTTP/1.1" ${status} 153 "-" "${agent}"`,
    );
  }
  writeFileSync(join(home, 'access.log'), `${lines.join('\n')}\n`);
  const engine = new Engine({
    directory: join(home, 'data'),
    scratch: true,
    final: true,
    paths: [join(home, 'access.log')],
    refusedStatus: [403],
    layers: [],
    timezone: 'UTC',
  });
  await engine.runToEnd(() => {});
  const everything = { sinceMs: null, untilMs: null, where: [] };
  const found = engine.questions.refusals(everything, { after: null, limit: 100, order: 'oldest' });
  await engine.close();
  expect(found.map((r) => r.verdict.cause)).toEqual(Array(3).fill('config.rewrite'));
});
