// Builds the page into dist/web when its sources are newer than what is there. Plain JavaScript without
// dependencies of its own, so that `npm start` on a fresh checkout needs no step in between.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist/web/index.html');

function newest(path) {
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const sources = [
  'web',
  'server/api/contract.ts',
  'server/model/taxonomy.ts',
  'vite.config.ts',
  'package-lock.json',
].map((p) => join(root, p));
const stale = !existsSync(built) || Math.max(...sources.map(newest)) > statSync(built).mtimeMs;
if (stale || process.argv.includes('--always')) {
  process.stderr.write('building the page …\n');
  // A test runner says NODE_ENV=test, which would build React for development, half as large again.
  process.env.NODE_ENV = 'production';
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' });
}
