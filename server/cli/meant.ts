/**
 * Which logs a command is to read: PATHs that are, or hold, the configuration of a server stand for the logs that it
 * names, with the formats that it gives them; other PATHs stand for themselves.
 */
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { joinPatterns } from '../../parsers/layout.ts';
import type { Config } from '../config.ts';
import type { ConfiguredLog, ServerConfig } from '../configs/configured.ts';
import { findConfigs } from '../configs/find.ts';
import type { LogSetting } from '../ingest/given.ts';

export interface Meant {
  paths: string[];
  /** The user's own first. */
  logs: LogSetting[];
  follows: string[];
  configs: ServerConfig[];
}

export function meant(config: Config, paths: readonly string[]): Meant {
  const out: Meant = { paths: [], logs: [...config.logs], follows: [...config.follows], configs: [] };
  for (const path of paths) {
    const found = findConfigs(path);
    if (found.configs.length === 0) {
      out.paths.push(path);
      continue;
    }
    out.configs.push(...found.configs);
    if (found.whole) {
      for (const directory of found.directories) out.paths.push(...logsIn(directory));
      continue;
    }
    // What lies beside the configuration may be logs.
    for (const entry of entriesOf(path)) {
      const inner = join(path, entry.name);
      if (entry.name.startsWith('.') || found.directories.includes(inner)) continue;
      if (!found.directories.some((d) => d.startsWith(`${inner}/`))) out.paths.push(inner);
    }
    for (const directory of found.directories) out.paths.push(...logsIn(directory));
  }
  const settings = settingsOf(out.configs);
  out.logs.push(...settings);
  out.follows.push(...settings.map((log) => log.path));
  return out;
}

/** A server that is installed in one directory has its logs beside its configuration. */
function logsIn(directory: string): string[] {
  return entriesOf(directory)
    .filter((e) => (e.isDirectory() ? /^logs?$/.test(e.name) : /\.log(?:\.|$)/.test(e.name)))
    .map((e) => join(directory, e.name));
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** One entry for each file, with all the formats that are written to it; rotations belong to it. */
export function settingsOf(configs: readonly ServerConfig[]): LogSetting[] {
  const byPath = new Map<string, ConfiguredLog[]>();
  for (const log of configs.flatMap((c) => c.logs)) {
    if (log.path === null || log.listedOnly === true) continue;
    const pattern = /[*?[\]{}]$/.test(log.path) ? log.path : `${log.path}*`;
    byPath.set(pattern, [...(byPath.get(pattern) ?? []), log]);
  }
  return [...byPath].map(([path, logs]) => {
    const first = logs[0]!;
    const same = logs.every((log) => log.dataset === first.dataset);
    const patterns = [...new Set(logs.flatMap((log) => log.pattern ?? []))];
    const needed = same && patterns.length > 0 && logs.some((log) => !log.builtIn);
    return {
      path,
      // Access and error lines in one file: found out.
      dataset: same ? first.dataset : null,
      format: needed ? joinPatterns(patterns) : null,
      layer: null,
      timezone: null,
    };
  });
}
