/**
 * `npm run score -- DIR…`: reports on DIR/logs and lets score.py, beside DIR's truth or one folder up, compare the
 * report with the truth. Prints one line a folder and a table for ARCHITECTURE.md. Needs Python 3.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const directories = process.argv.slice(2);
if (directories.length === 0) {
  console.error(
    'usage: npm run score -- DIR…   each DIR holds logs/ and truth.jsonl, score.py stands in it or one folder up',
  );
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'why403-score-'));
let failed = false;
console.log(
  '| logs | found | twice | false | links across files: precision | recall per request | layer | category (lenient) | code (lenient) | stated | implied | silent wrong | wrong | seconds |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const directory of directories) {
  const scorer = [join(directory, 'score.py'), join(resolve(directory), '..', 'score.py')].find((p) => existsSync(p));
  if (!scorer || !existsSync(join(directory, 'logs'))) {
    console.error(`${directory}: needs logs/, truth.jsonl and a score.py in it or beside it`);
    failed = true;
    continue;
  }
  const out = join(scratch, `${basename(resolve(directory))}.jsonl`);
  const started = performance.now();
  const report = spawnSync(
    process.execPath,
    ['server/bin.mjs', 'report', '--format', 'jsonl', '--out', out, join(directory, 'logs')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const seconds = (performance.now() - started) / 1000;
  if (report.status !== 0) {
    failed = true;
    continue;
  }
  const scored = spawnSync('python3', [scorer, directory, out, '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (scored.status !== 0) {
    console.error(scored.stderr);
    failed = true;
    continue;
  }
  const s = JSON.parse(scored.stdout);
  const evidence = s.by_evidence as Record<string, { code_lenient: number; wrong: number } | undefined>;
  const cells = [
    basename(resolve(directory)),
    `${s.refused.recall} %`,
    s.refused.duplicates + s.refused.fragments,
    s.refused.false,
    `${s.links.cross_file_precision} %`,
    `${s.links.per_request_recall} %`,
    `${s.verdicts.layer} %`,
    `${s.verdicts.category_lenient} %`,
    `${s.verdicts.code_lenient} %`,
    `${evidence.stated?.code_lenient ?? '–'} %`,
    `${evidence.implied?.code_lenient ?? '–'} %`,
    `${evidence.silent?.wrong ?? '–'} %`,
    `${s.verdicts.wrong} %`,
    seconds.toFixed(1),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
rmSync(scratch, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
