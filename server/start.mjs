// First thing in the process and in each thread: compiled code is kept between runs, in a folder of this user's own
// (another's could put code there), so that a start costs a fifth. Where that cannot be, it is done without.
import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, workerData } from 'node:worker_threads';

try {
  const directory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'why403');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  module.enableCompileCache(directory);
} catch {
  // No home that can be written.
}
if (!isMainThread) await import(workerData.start);
