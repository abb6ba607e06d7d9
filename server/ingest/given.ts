/**
 * What the user, or a server's configuration, says about a log: how its lines are laid out, where it stands, what zone
 * its times are in. Their word comes before anything that is found out. Pure.
 */
import { matchesGlob, resolve } from 'node:path';
import type { Layer } from '../model/taxonomy.ts';
import { streamOf } from './discover.ts';

/** One entry of `logs:`. Example: {path: "/var/log/nginx/shop.log*", dataset: "nginx.access", format: "$remote_addr …", …} */
export interface LogSetting {
  /** File or glob; a file's rotations belong to it. */
  path: string;
  dataset: string | null;
  /** Format string or strings (`joinPatterns`). */
  format: string | null;
  layer: Layer | null;
  timezone: string | null;
}

/** Is this file meant by this file name or glob, or a rotation of one that is? */
export function isMeant(path: string, pattern: string): boolean {
  if (path === pattern || matchesGlob(path, pattern)) return true;
  const whole = resolve(path);
  const wanted = resolve(pattern);
  if (whole === wanted || matchesGlob(whole, wanted)) return true;
  const stream = streamOf(whole);
  return stream !== whole && (stream === wanted || matchesGlob(stream, wanted));
}

/** The entry that names this very file (`access.log*` does), else the first that means it. */
export function givenFor(settings: readonly LogSetting[], path: string): LogSetting | null {
  const stream = streamOf(resolve(path));
  const named = settings.find((s) => s.path !== '' && resolve(s.path.replace(/\*$/, '')) === stream);
  return named ?? settings.find((s) => isMeant(path, s.path)) ?? null;
}

/** Where a glob begins: the part that can be watched. */
export function watchable(pattern: string): string {
  const star = pattern.search(/[*?[\]{}]/);
  // `access.log*`: the file itself wakes; its rotations are found by the scan.
  if (star < 0 || star === pattern.length - 1) return star < 0 ? pattern : pattern.slice(0, -1);
  const slash = pattern.lastIndexOf('/', star);
  return slash < 0 ? '.' : pattern.slice(0, slash) || '/';
}
