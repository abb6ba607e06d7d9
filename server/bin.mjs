#!/usr/bin/env node
// The first thing that runs, in plain JavaScript: an old Node gets a sentence instead of a crash
// (better-sqlite3's binary aborts on Node 20 before any of our code could speak).
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 22)) {
  process.stderr.write(
    `why403: this is Node ${process.versions.node}, why403 needs 22.22 or newer — install a newer Node, or in a checkout use \`npm run -s why403 -- …\`, which brings its own\n`,
  );
  process.exit(1);
}
await import('./start.mjs');
const { existsSync } = await import('node:fs');
const source = new URL('./main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source.href : new URL('./main.js', import.meta.url).href);
await main(process.argv.slice(2));
