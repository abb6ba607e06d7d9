// Last step of `npm run build`: what the published package runs is JavaScript in dist/, this copies what the
// compiler does not touch.
import { copyFileSync } from 'node:fs';

copyFileSync('server/bin.mjs', 'dist/server/bin.mjs');
copyFileSync('server/start.mjs', 'dist/server/start.mjs');
