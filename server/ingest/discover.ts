/**
 * Which files are meant: the paths of the command line (files, directories, globs) expanded to regular files.
 * Keeps the user's own spelling, because reports name files the way they were given. Reads nothing but names.
 */
import { type Dirent, globSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, Why403Error } from '../errors.ts';
import { SOURCES_MAX } from '../limits.ts';

export interface Found {
  path: string;
  device: string;
  inode: string;
  size: number;
  modifiedMs: number;
}

export interface Discovery {
  files: Found[];
  /** Paths that exist and cannot be listed. */
  problems: { path: string; errno: string }[];
}

/** Names that are never logs; everything else is looked into. */
const NOT_A_LOG =
  /\.(db|db-wal|db-shm|sqlite|lock|pid|sock|conf|cnf|ya?ml|pem|key|crt|png|jpe?g|gif|svg|ico|css|html?|js|mjs|ts|map|woff2?|so|exe|zip|tar|tgz|tar\.gz|tar\.zst|tmp|swp)$/i;
/** Compressed rotations are history: gzip and zstd are read, the others are not. */
const COMPRESSED = /\.(gz|zst)$/i;
const NOT_READ = /\.(bz2|xz|lz4|br)$/i;

/**
 * `strict`: a given path that does not exist is an error (first look), later it has just gone. `besides`: files and
 * globs that a configuration names, which need not exist yet.
 */
export function discover(paths: readonly string[], strict: boolean, besides: readonly string[] = []): Discovery {
  const files = new Map<string, Found>();
  const problems: Discovery['problems'] = [];
  for (const given of paths) {
    if (/[*?[\]{}]/.test(given) && !exists(given)) {
      const matches = globSync(given).sort();
      if (matches.length === 0 && strict) {
        throw new Why403Error(
          'NO_SUCH_PATH',
          `nothing matches ${given}`,
          'check the pattern, and quote it so that the shell leaves it alone',
        );
      }
      for (const m of matches) walk(m, files, problems, true);
      continue;
    }
    if (!exists(given)) {
      if (strict)
        throw new Why403Error(
          'NO_SUCH_PATH',
          `there is no ${given}`,
          'check the spelling; give log files, directories or quoted globs',
        );
      continue;
    }
    walk(given, files, problems, true);
  }
  for (const given of besides) {
    const errno = whyAbsent(given);
    if (errno === null) walk(given, files, problems, true);
    else if (/[*?[\]{}]/.test(given)) {
      const matches = globSync(given).sort();
      for (const m of matches) walk(m, files, problems, true);
      if (matches.length === 0 && errno !== 'ENOENT') problems.push({ path: given.replace(/\*$/, ''), errno });
    } else if (errno !== 'ENOENT') problems.push({ path: given, errno });
  }
  if (files.size > SOURCES_MAX) {
    throw new Why403Error(
      'USAGE',
      `${files.size} files are more than the ${SOURCES_MAX} that can be followed`,
      'give fewer directories or a narrower glob',
    );
  }
  return { files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), problems };
}

function whyAbsent(path: string): string | null {
  try {
    statSync(path);
    return null;
  } catch (error) {
    return errnoOf(error);
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}

function walk(path: string, files: Map<string, Found>, problems: Discovery['problems'], named: boolean): void {
  let info: ReturnType<typeof statSync>;
  try {
    info = statSync(path, { bigint: false });
  } catch (error) {
    problems.push({ path, errno: errnoOf(error) });
    return;
  }
  if (info.isFile()) {
    if (!named && (NOT_A_LOG.test(path) || NOT_READ.test(path))) return;
    files.set(path, {
      path,
      device: String(info.dev),
      inode: String(info.ino),
      size: info.size,
      modifiedMs: info.mtimeMs,
    });
    return;
  }
  if (!info.isDirectory()) return;
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    problems.push({ path, errno: errnoOf(error) });
    return;
  }
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    walk(join(path, entry.name), files, problems, false);
  }
}

/** "access.log.1", "access.log-20251122", "access-2025-11-22.log" → "access.log": the stream a rotated file belongs to. */
export function streamOf(path: string): string {
  return path
    .replace(COMPRESSED, '')
    .replace(/\.\d{1,4}$/, '')
    .replace(/[-._]\d{4}-?\d\d-?\d\d([-._T]?\d{2,6})?(?=(\.[a-z]+)?$)/i, '');
}
