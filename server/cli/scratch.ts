/** Runs the engine over paths in a throw-away store, for the commands that answer once and go. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { Engine } from '../engine.ts';
import { Why403Error } from '../errors.ts';
import { threadsFor } from '../pool.ts';
import { meant } from './meant.ts';
import { progressLine } from './terminal.ts';

/** `use` gets the engine after everything was read; the store is gone afterwards. */
export async function withScratch<T>(config: Config, paths: string[], use: (engine: Engine) => T): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'why403-'));
  const clean = (): void => rmSync(directory, { recursive: true, force: true });
  const stop = (): never => {
    clean();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  let engine: Engine | null = null;
  const what = meant(config, paths);
  try {
    engine = new Engine({
      directory: config.data ?? directory,
      scratch: config.data === null,
      final: true,
      paths: what.paths,
      logs: what.logs,
      follows: what.follows,
      refusedStatus: config.refusedStatus,
      layers: config.layers,
      timezone: config.timezone,
      bytesPerSecondMax: config.readRateMax,
      threads: threadsFor(config.memoryMax),
    });
    const line = progressLine();
    await engine.runToEnd((p) => line.show(p));
    line.clear();
    return use(engine);
  } finally {
    await engine?.close();
    clean();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** What is wrong with what was read, in one sentence each; throws when nothing at all could be read. */
export function complain(engine: Engine, paths: string[]): string[] {
  const sources = engine.ingest.sources();
  const warnings: string[] = [];
  for (const p of engine.ingest.problems) warnings.push(`${p.path}: ${p.advice}`);
  for (const s of sources) {
    // A rotation that was read to its end is gone without a word.
    if (s.state === 'unreadable' || s.state === 'gone') {
      if (s.advice !== null) warnings.push(`${s.path}: ${s.advice}`);
    } else if (s.state === 'unrecognised') warnings.push(`${s.path}: not read, ${s.advice}`);
    else if (s.parsed === 0 && s.unparsed > 0)
      warnings.push(`${s.path}: none of its ${s.unparsed} records can be read as ${s.reader?.dataset}`);
  }
  const good = sources.filter((s) => s.parsed > 0);
  if (good.length > 0) return warnings;
  const where = paths.join(' ') || 'what the configuration names';
  if (sources.length === 0 && warnings.length === 0)
    throw new Why403Error(
      'NOTHING_TO_READ',
      `there is no log file in ${where}`,
      'give the directory that holds access.log, error.log or the like',
    );
  if (sources.length === 0)
    throw new Why403Error(
      'UNREADABLE',
      warnings[0]!,
      warnings.length > 1 ? `and ${warnings.length - 1} more like it` : '',
    );
  if (sources.length === 1 && warnings.length === 1)
    throw new Why403Error(sources[0]!.state === 'unrecognised' ? 'NOTHING_KNOWN' : 'UNREADABLE', warnings[0]!, '');
  if (sources.every((s) => s.state === 'empty'))
    throw new Why403Error(
      'NOTHING_TO_READ',
      `${sources.length === 1 ? sources[0]!.path : `every file in ${where}`} is empty`,
      'nothing has been logged yet',
    );
  throw new Why403Error(
    'NOTHING_KNOWN',
    `none of the ${sources.length || warnings.length} files in ${where} can be read as a log`,
    'see what was tried with `why403 check`',
  );
}
