/** `npm run soak [-- kills]`: the crash oracle and the rotation model in their long forms. */
import { spawnSync } from 'node:child_process';
import { oracle } from './oracle.ts';

const kills = Number(process.argv[2] ?? 200);
const seed = Number(process.env.WHY403_SEED ?? Date.now() % 1_000_000);
const r = await oracle({ kills, seed });
const well = r.twice.length === 0 && r.missing.length === 0;
console.log(
  `oracle, seed ${seed}: ${r.kills} kills, ${r.rotations} rotations, ${r.written} lines written, ${r.stored} stored, ${r.twice.length} twice, ${r.missing.length} missing`,
);
const model = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/rotation.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, WHY403_RUNS: process.env.WHY403_RUNS ?? '5000' },
});
console.log(
  `${Number(well) + Number(model.status === 0)} passed, ${Number(!well) + Number(model.status !== 0)} failed`,
);
process.exit(well && model.status === 0 ? 0 : 1);
