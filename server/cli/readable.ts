/** May this user read a file, and if not, what makes it so? The exact command, for the file or directory that is in the way. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { errnoOf } from '../errors.ts';

export interface Obstacle {
  path: string;
  directory: boolean;
  /** Permission bits. 0o640 */
  mode: number;
  /** Name of its group, '' = unknown. */
  group: string;
}

/** null = it can be read; 'missing' = there is no such file. */
export function obstacleTo(path: string): Obstacle | 'missing' | null {
  const whole = resolve(path);
  const ways = [whole];
  for (let up = dirname(whole); up !== ways[ways.length - 1]; up = dirname(up)) ways.push(up);
  // From the root: the first that is closed is the one to open.
  for (const at of ways.reverse()) {
    const directory = at !== whole;
    try {
      accessSync(at, directory ? constants.X_OK : constants.R_OK);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return 'missing';
      try {
        const info = statSync(at);
        return { path: at, directory, mode: info.mode & 0o777, group: groupName(info.gid) };
      } catch {
        return { path: at, directory, mode: 0, group: '' };
      }
    }
  }
  return null;
}

function groupName(gid: number): string {
  try {
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((l) => l.split(':')[2] === String(gid));
    return line?.split(':')[0] ?? '';
  } catch {
    return '';
  }
}

export function remedyFor(obstacle: Obstacle, user = nameOfUser()): string {
  const { path, directory, mode, group } = obstacle;
  const open = directory ? (mode & 0o010) !== 0 : (mode & 0o040) !== 0;
  const what = directory ? `the directory ${path} may not be entered` : `${path} may not be read`;
  if (open && group !== '' && group !== 'root')
    return `${what} by ${user}: \`sudo usermod -aG ${group} ${user}\`, then log in again (or restart the service)`;
  return `${what} by ${user}: \`sudo setfacl -m u:${user}:${directory ? 'rx' : 'r'} ${path}\`${
    directory ? '' : `, and for the files of tomorrow \`sudo setfacl -d -m u:${user}:r ${dirname(path)}\``
  }`;
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'USER';
  }
}
