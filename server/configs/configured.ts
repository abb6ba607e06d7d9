/**
 * What the configuration of a server says about its logs: the common answer of the readers in this folder, one a
 * product. They read files and nothing else: nothing is executed, nothing is written.
 */

export interface ConfiguredLog {
  kind: 'access' | 'error' | 'audit';
  /** As it is configured. "logs/$host.log", "syslog:server=…", "|/usr/bin/rotatelogs …" */
  target: string;
  /** File or glob, absolute where the configuration tells; null = it goes elsewhere. */
  path: string | null;
  /** Name of its format. "main", "combined" */
  formatName: string | null;
  /** The format string; null = there is none. */
  pattern: string | null;
  /** The dataset reads lines of this string without being told. */
  builtIn: boolean;
  dataset: string;
  /** Where it is configured. */
  file: string;
  line: number;
  /** What the user should know about this log. */
  notes: string[];
  /** To be listed, not to be read. Example: a directory with a file for every transaction. */
  listedOnly?: boolean;
}

export interface Advice {
  file: string;
  line: number;
  text: string;
}

export interface ServerConfig {
  /** "nginx" */
  product: string;
  /** The file that reading began with. */
  entry: string;
  /** All files that were read. */
  files: string[];
  logs: ConfiguredLog[];
  /** What keeps reasons from being logged. */
  advice: Advice[];
  /** Files that are named and cannot be read. */
  problems: { path: string; errno: string }[];
}

export const newServerConfig = (product: string, entry: string): ServerConfig => ({
  product,
  entry,
  files: [],
  logs: [],
  advice: [],
  problems: [],
});
