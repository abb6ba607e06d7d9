/**
 * Is a path a server's configuration, or does it hold some? Known by the names that packages give to their first
 * files, or, for a file that is named outright, by what stands in it.
 */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CONFIG_SNIFF_BYTES } from '../limits.ts';
import { readApache } from './apache.ts';
import type { ServerConfig } from './configured.ts';
import { isDirectory, isFile } from './files.ts';
import { readHaproxy } from './haproxy.ts';
import { readNginx } from './nginx.ts';
import { readCaddy, readEnvoy, readIis, readTraefik } from './others.ts';

type Read = (entry: string) => ServerConfig;

/** HAProxy is often started with a directory besides its file. */
const haproxy: Read = (entry) => {
  const directory = join(dirname(entry), 'conf.d');
  const more = isDirectory(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith('.cfg'))
        .sort()
        .map((name) => join(directory, name))
    : [];
  return readHaproxy(entry, more);
};

const ENTRIES: [name: string, read: Read][] = [
  ['nginx.conf', readNginx],
  ['conf/nginx.conf', readNginx],
  ['apache2.conf', readApache],
  ['httpd.conf', readApache],
  ['conf/httpd.conf', readApache],
  ['haproxy.cfg', haproxy],
  ['envoy.yaml', readEnvoy],
  ['envoy.yml', readEnvoy],
  ['envoy.json', readEnvoy],
  ['traefik.yml', readTraefik],
  ['traefik.yaml', readTraefik],
  ['traefik.toml', readTraefik],
  ['Caddyfile', readCaddy],
  ['applicationHost.config', readIis],
];

export interface FoundConfigs {
  configs: ServerConfig[];
  /** Directories that are configuration, and not to be looked through for logs. */
  directories: string[];
  /** The path itself is one, or a file of one. */
  whole: boolean;
}

export function findConfigs(path: string): FoundConfigs {
  if (isFile(path)) {
    const read = readerOf(path);
    return { configs: read === null ? [] : [read(path)], directories: [], whole: read !== null };
  }
  const own = configsIn(path);
  if (own.length > 0) return { configs: own, directories: [path], whole: true };
  const configs: ServerConfig[] = [];
  const directories: string[] = [];
  for (const directory of [...childrenOf(path), ...childrenOf(join(path, 'etc'))]) {
    const found = configsIn(directory);
    if (found.length === 0) continue;
    configs.push(...found);
    directories.push(directory);
  }
  return { configs, directories, whole: basename(path) === 'etc' && configs.length > 0 };
}

function configsIn(directory: string): ServerConfig[] {
  const configs: ServerConfig[] = [];
  for (const [name, read] of ENTRIES) {
    const entry = join(directory, name);
    if (isFile(entry)) configs.push(read(entry));
  }
  return configs;
}

/** Only where a configuration may be: the names of packages. */
function childrenOf(path: string): string[] {
  try {
    return readdirSync(path)
      .filter((name) => /^(?:nginx|openresty|apache2?|httpd|haproxy|envoy|traefik|caddy|iis)[\w.-]*$/i.test(name))
      .map((name) => join(path, name))
      .filter(isDirectory);
  } catch {
    return [];
  }
}

function readerOf(file: string): Read | null {
  const name = basename(file);
  const entry = ENTRIES.find(([known]) => basename(known) === name);
  if (entry !== undefined) return entry[1];
  if (!/\.(?:conf|cfg|ya?ml|toml|config)$|^Caddyfile/i.test(name)) return null;
  const head = headOf(file);
  if (/^\s*(?:<VirtualHost\b|(?:ServerRoot|LogFormat|CustomLog|ErrorLog)\s)/im.test(head)) return readApache;
  if (/^\s*(?:http|events|server|upstream\s+\S+)\s*\{/m.test(head)) return readNginx;
  if (/^(?:frontend|listen|defaults|backend|global)\b/m.test(head) && !head.includes('{\n')) return haproxy;
  if (/\b(?:static_resources|typed_config)\b/.test(head)) return readEnvoy;
  if (/^\s*(?:accessLog\b|\[accessLog\]|entryPoints\b|\[entryPoints)/m.test(head)) return readTraefik;
  return name.startsWith('Caddyfile') ? readCaddy : null;
}

function headOf(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(CONFIG_SNIFF_BYTES);
      return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return '';
  }
}
