/**
 * Reads configuration files within bounds: how many, how large, how deep includes go. A file that includes itself, by
 * whatever way, is read once on each way. What cannot be read is noted and passed over, as it is not ours to mend.
 */
import { globSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../errors.ts';
import { CONFIG_BYTES_MAX, CONFIG_DEPTH_MAX, CONFIG_FILE_BYTES_MAX, CONFIG_FILES_MAX } from '../limits.ts';
import type { ServerConfig } from './configured.ts';

export class ConfigFiles {
  readonly #config: ServerConfig;
  #bytes = 0;
  /** Real paths of the files that are being read, the outermost first. */
  readonly #open: string[] = [];

  constructor(config: ServerConfig) {
    this.#config = config;
  }

  /** Gives the text to `use` while the file counts as open; false = it was not read. */
  read(path: string, use: (text: string) => void): boolean {
    const { files, problems } = this.#config;
    const problem = (errno: string): false => {
      if (!problems.some((p) => p.path === path)) problems.push({ path, errno });
      return false;
    };
    let text: string;
    let real: string;
    try {
      real = realpathSync(path);
      if (this.#open.includes(real)) return problem('it includes itself');
      const info = statSync(real);
      // A fifo or device would never end.
      if (!info.isFile()) return problem('it is no file');
      if (info.size > CONFIG_FILE_BYTES_MAX) return problem(`larger than ${CONFIG_FILE_BYTES_MAX} bytes`);
      if (files.length >= CONFIG_FILES_MAX) return problem(`more than ${CONFIG_FILES_MAX} files`);
      if (this.#open.length >= CONFIG_DEPTH_MAX) return problem(`included more than ${CONFIG_DEPTH_MAX} deep`);
      if (this.#bytes + info.size > CONFIG_BYTES_MAX) return problem(`more than ${CONFIG_BYTES_MAX} bytes in all`);
      text = readFileSync(real, 'utf8');
      this.#bytes += info.size;
    } catch (error) {
      if (errnoOf(error) === '') throw error;
      return problem(errnoOf(error));
    }
    if (!files.includes(path)) files.push(path);
    this.#open.push(real);
    try {
      use(text);
    } finally {
      this.#open.pop();
    }
    return true;
  }

  /** The files of an include: a file, a glob, or (`whole`) a directory with all below it; in the order of names. */
  expand(path: string, whole: boolean): string[] {
    if (/[*?[\]{}]/.test(path)) {
      return globSync(path)
        .sort()
        .flatMap((match) => (whole ? this.expand(match, true) : [match]))
        .slice(0, CONFIG_FILES_MAX);
    }
    try {
      if (whole && statSync(path).isDirectory()) {
        return readdirSync(path)
          .sort()
          .slice(0, CONFIG_FILES_MAX)
          .map((name) => join(path, name))
          .filter((inner) => isFile(inner));
      }
    } catch {
      // Named and not there: reading it says so.
    }
    return [path];
  }
}

export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
