/** The import rule of the house (ARCHITECTURE.md): a file imports from its own folder and from folders further left. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** What each place may import, besides itself and packages. `base` files are those that know nothing of the product. */
const BASE = ['server/limits.ts', 'server/clock.ts', 'server/errors.ts', 'server/version.ts', 'server/log.ts'];
const LEFT = ['parsers/', 'server/model/', ...BASE];
const STORE = [...LEFT, 'server/store/'];
const STAGES = ['server/ingest/', 'server/link/', 'server/attribute/', 'server/problem/', 'server/alert/'];
const RULES: [place: string, may: string[]][] = [
  ['parsers/', []],
  ['server/model/', ['parsers/']],
  ['server/store/', LEFT],
  ['server/configs/', LEFT],
  ...STAGES.map((s): [string, string[]] => [s, STORE]),
  ['server/attribute/playbook/', [...STORE, 'server/api/contract.ts', 'server/attribute/']],
  ['server/groups.ts', [...STORE, ...STAGES]],
  ['server/stretch.ts', [...STORE, ...STAGES, 'server/groups.ts']],
  ['server/crowds.ts', STORE],
  ['server/correlate.ts', [...STORE, ...STAGES, 'server/crowds.ts', 'server/stretch.ts']],
  ['server/thread.ts', [...STORE, ...STAGES, 'server/stretch.ts']],
  ['server/pool.ts', [...BASE, 'server/thread.ts']],
  ['server/engine.ts', [...STORE, ...STAGES, 'server/correlate.ts', 'server/pool.ts', 'server/config.ts']],
  ['server/worker.ts', [...STORE, ...STAGES, 'server/engine.ts', 'server/config.ts']],
  ['server/report/', [...STORE, ...STAGES]],
  ['server/api/', [...STORE, ...STAGES, 'server/report/']],
  ['web/', ['server/api/contract.ts']],
];

function* sources(directory: string): Generator<string> {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (/\.(ts|tsx|mjs)$/.test(name)) yield path;
  }
}

function importsOf(file: string): { path: string; typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8');
  const out: { path: string; typeOnly: boolean }[] = [];
  for (const m of text.matchAll(
    /(?:^|\n)\s*(import|export)\s+(type\s+)?[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  )) {
    const target = m[3] ?? m[4]!;
    if (target.startsWith('.'))
      out.push({ path: normalize(join(dirname(file), target)), typeOnly: m[2] !== undefined });
  }
  return out;
}

test('imports only point to the left', () => {
  const wrong: string[] = [];
  for (const file of ['parsers', 'server', 'web'].flatMap((d) => [...sources(d)])) {
    const rule = RULES.filter(([place]) => file.startsWith(place)).sort((a, b) => b[0].length - a[0].length)[0];
    if (!rule) continue; // main.ts, cli/, config.ts: the right-most, may import all
    const [place, may] = rule;
    for (const i of importsOf(file)) {
      if (i.path.startsWith(place) || may.some((m) => i.path.startsWith(m))) continue;
      if (place === 'web/' && i.path.startsWith('web/')) continue;
      wrong.push(`${file} imports ${i.path}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('the page takes only types from the contract', () => {
  const wrong = [...sources('web')].flatMap((file) =>
    importsOf(file)
      .filter((i) => i.path.startsWith('server/') && !i.typeOnly)
      .map((i) => `${file} imports a value from ${i.path}`),
  );
  expect(wrong).toEqual([]);
});

test('SQL is written in store/<engine> only', () => {
  const wrong = [...sources('server')].filter(
    (f) => !f.startsWith('server/store/sqlite/') && /\.prepare\(|\bSELECT\s.+\bFROM\b/.test(readFileSync(f, 'utf8')),
  );
  expect(wrong).toEqual([]);
});
