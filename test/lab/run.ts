/**
 * `npm run lab -- DIR… [only=clocks,ids,…] [seed=N] [show]`: says why for DIR/logs and for variants of it (see `variants.ts`)
 * in a temporary folder, holds each against DIR/truth.jsonl and prints one table. Verdicts that can be known have to
 * stay what they are; a wrong cause is worse than `unknown`. Not part of `npm test`.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { Engine } from '../../server/engine.ts';
import type { Refusal } from '../../server/model/request.ts';
import type { PageKey } from '../../server/store/questions.ts';
import { type Said, saidOf, type Tally, tally, truthOf } from './truth.ts';
import { filesOf, moveClocks, removeIds, shuffled, withoutFile } from './variants.ts';

process.env.TZ = 'UTC';

const settings = process.argv.slice(2);
const option = (name: string): string | null =>
  settings.find((a) => a.startsWith(`${name}=`))?.slice(name.length + 1) ?? null;
const folders = settings.filter((a) => !a.includes('=') && a !== 'show');
const only = option('only')?.split(',') ?? ['asis', 'clocks', 'ids', 'missing', 'late', 'order', 'again'];
const seed = Number(option('seed') ?? 403);
if (folders.length === 0) {
  console.error('usage: npm run lab -- DIR… [only=asis,clocks,ids,missing,late,order,again] [seed=N] [show]');
  process.exit(2);
}

const scratch = mkdtempSync(join(tmpdir(), 'why403-lab-'));
let made = 0;
const fresh = (): string => {
  const path = join(scratch, String(++made));
  mkdirSync(path);
  return path;
};

function engineOn(paths: string[], directory: string, final: boolean): Engine {
  return new Engine({
    directory,
    scratch: final,
    final,
    paths,
    refusedStatus: [403],
    layers: [],
    timezone: null,
  });
}

const PAGE = 1000;

function* refusalsOf(engine: Engine): Iterable<Refusal> {
  const everything = { sinceMs: null, untilMs: null, where: [] };
  for (let after: PageKey | null = null; ; ) {
    const page: Refusal[] = engine.questions.refusals(everything, { after, limit: PAGE, order: 'oldest' });
    yield* page;
    const last = page[page.length - 1];
    if (page.length < PAGE || last === undefined) return;
    after = { timeMs: last.timeMs, id: last.id };
  }
}

async function report(logs: string, paths: string[] = [logs], data = fresh()): Promise<Map<string, Said>> {
  const engine = engineOn(paths, data, true);
  try {
    await engine.runToEnd(() => {});
    return saidOf(refusalsOf(engine), logs);
  } finally {
    await engine.close();
  }
}

/** The ids by which entries could be joined. */
async function idsOf(logs: string): Promise<Set<string>> {
  const { entriesOf } = await import('../../server/store/reader.ts');
  const engine = engineOn([logs], fresh(), true);
  const ids = new Set<string>();
  try {
    await engine.runToEnd(() => {});
    for (const s of engine.ingest.sources())
      for (const block of engine.archive.lastBlocks(s.id, Number.MAX_SAFE_INTEGER))
        for (const { entry } of entriesOf(block)) for (const id of entry.requestIds) if (id.length >= 12) ids.add(id);
    return ids;
  } finally {
    await engine.close();
  }
}

/** Everything is read, linked and its clocks are learned, as often as it takes. */
async function settle(engine: Engine): Promise<void> {
  for (let idle = 0; idle < 2; ) {
    engine.scan(false);
    while (await engine.tick(Date.now())) idle = 0;
    idle++;
    if (idle === 1) await engine.learnClocks();
  }
}

/** The service runs and has explained everything else when `file` appears. */
async function late(logs: string, file: string): Promise<Map<string, Said>> {
  const to = fresh();
  withoutFile(logs, to, file);
  const engine = engineOn([to], fresh(), false);
  try {
    await settle(engine);
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(logs, file), join(to, file));
    engine.scan(false);
    // As the service does: clocks are not learned anew at will.
    for (let idle = 0; idle < 3; idle++) {
      engine.scan(false);
      while (await engine.tick(Date.now())) idle = 0;
    }
    return saidOf(refusalsOf(engine), to);
  } finally {
    await engine.close();
  }
}

async function again(logs: string): Promise<Map<string, Said>> {
  const data = fresh();
  for (const _time of [1, 2]) {
    const engine = engineOn([logs], data, false);
    try {
      await settle(engine);
      if (_time === 2) return saidOf(refusalsOf(engine), logs);
    } finally {
      await engine.close();
    }
  }
  throw new Error('unreachable');
}

const percent = (a: number, b: number): string => (b === 0 ? '–' : `${((100 * a) / b).toFixed(1)} %`);

function row(folder: string, variant: string, t: Tally): void {
  console.log(
    `| ${[
      folder,
      variant,
      percent(t.found, t.requests),
      percent(t.wrong, t.found),
      percent(t.unknown, t.found),
      percent(t.less, t.found),
      t.knowable,
      t.nowWrong,
      t.nowUnknown,
    ].join(' | ')} |`,
  );
  if (settings.includes('show') && t.wrongScenarios.size > 0)
    console.error(
      `      ${[...t.wrongScenarios]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 12)
        .map(([k, n]) => `${n} ${k}`)
        .join(', ')}`,
    );
}

console.log('| logs | variant | found | wrong | unknown | says less | known before | now wrong | now unknown |');
console.log('|---|---|---|---|---|---|---|---|---|');
try {
  for (const given of folders) {
    const folder = resolve(given);
    const name = basename(folder);
    const logs = join(folder, 'logs');
    const truth = truthOf(folder);
    const files = filesOf(logs);
    const asIs = await report(logs);
    const show = (variant: string, said: Map<string, Said>, missing: string | null = null): void =>
      row(name, variant, tally(truth, said, asIs, missing));
    if (only.includes('asis')) show('as it is', asIs);
    if (only.includes('clocks')) {
      for (const s of [seed, seed + 1]) {
        const to = fresh();
        moveClocks(logs, to, s);
        show(`every clock off by up to 30 s (seed ${s})`, await report(to));
      }
    }
    if (only.includes('ids')) {
      const to = fresh();
      removeIds(logs, to, await idsOf(logs));
      show('no ids', await report(to));
    }
    if (only.includes('missing')) {
      for (const file of files) {
        const to = fresh();
        withoutFile(logs, to, file);
        show(`without ${file}`, await report(to), file);
      }
    }
    if (only.includes('late')) for (const file of files) show(`${file} late`, await late(logs, file));
    if (only.includes('order')) {
      for (const s of [seed, seed + 1]) {
        const paths = shuffled(files, s).map((f) => join(logs, f));
        show(`files given in another order (seed ${s})`, await report(logs, paths));
      }
    }
    if (only.includes('again')) show('read again into the same data', await again(logs));
    for (let n = 1; n <= made; n++) rmSync(join(scratch, String(n)), { recursive: true, force: true });
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
