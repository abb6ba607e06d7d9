/**
 * Apache httpd's configuration: directives a line each, sections, includes relative to ServerRoot, `Define` and the
 * variables of Debian's envvars. Sections that depend on modules or definitions are read as if they held: a log too
 * many is seen at once, one too few is not. Finds CustomLog, TransferLog, GlobalLog, ErrorLog, and ModSecurity's logs.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { type ConfiguredLog, newServerConfig, type ServerConfig } from './configured.ts';
import { ConfigFiles, isDirectory, isFile } from './files.ts';
import { ModSecurity } from './modsecurity.ts';

const COMMON = '%h %l %u %t "%r" %>s %b';
/** What `apache.access` reads by itself. */
const BUILT_IN = new Set([
  COMMON,
  `${COMMON} "%{Referer}i" "%{User-Agent}i"`,
  `${COMMON} "%{Referer}i" "%{User-Agent}i" %I %O`,
  '%h %l %u %t "%r" %>s %O',
  '%h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
  '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
]);

/** Words of a line; quotes are taken off as Apache does. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let i = 0;
  while (i < line.length) {
    if (/\s/.test(line[i]!)) {
      i++;
      continue;
    }
    const c = line[i]!;
    let word = '';
    if (c === '"' || c === "'") {
      i++;
      while (i < line.length && line[i] !== c) {
        if (line[i] === '\\' && (line[i + 1] === c || line[i + 1] === '\\')) i++;
        word += line[i++] ?? '';
      }
      i++;
    } else while (i < line.length && !/\s/.test(line[i]!)) word += line[i++];
    words.push(word);
  }
  return words;
}

interface Custom {
  target: string;
  format: string | null;
  condition: string | null;
  file: string;
  line: number;
}

const QUIET = new Set(['crit', 'alert', 'emerg']);

export function readApache(entry: string): ServerConfig {
  const config = newServerConfig('apache', entry);
  const files = new ConfigFiles(config);
  const variables = new Map<string, string>();
  const formats = new Map<string, string>();
  const customs: Custom[] = [];
  const modsecurity = new ModSecurity();
  let root = dirname(entry).replace(/\/conf$/, '');
  let unnamed = COMMON;
  const errorFormats = new Set<string>();

  // Debian sets its variables for the init script.
  const envvars = join(dirname(entry), 'envvars');
  if (isFile(envvars))
    files.read(envvars, (text) => {
      // What is indented stands under a condition that only the shell could decide.
      for (const m of text.matchAll(/^(?:export\s+)?([A-Z_][A-Z0-9_]*)=(?:"([^"]*)"|'([^']*)'|([^\s#;]*))/gm)) {
        const value = m[2] ?? m[3] ?? m[4] ?? '';
        const plain = value.replace(/\$\{?(\w+)\}?/g, (_, name: string) => variables.get(name) ?? '');
        variables.set(m[1]!, plain);
      }
    });
  const fill = (text: string) => text.replace(/\$\{([\w.]+)\}/g, (all, name: string) => variables.get(name) ?? all);
  const inRoot = (path: string) => (isAbsolute(path) ? path : join(root, path));

  const readFile = (file: string) => {
    files.read(file, (text) => {
      const lines = text.split('\n');
      for (let i = 0; i < lines.length; i++) {
        const at = i + 1;
        let raw = lines[i]!.replace(/\r$/, '');
        while (raw.endsWith('\\') && i + 1 < lines.length) raw = raw.slice(0, -1) + lines[++i]!.replace(/\r$/, '');
        const trimmed = raw.trim();
        if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('<')) continue;
        const words = wordsOf(fill(trimmed));
        directive(words[0]!.toLowerCase(), words.slice(1), file, at);
      }
    });
  };

  const directive = (name: string, words: string[], file: string, line: number) => {
    const [first = '', second] = words;
    switch (name) {
      case 'serverroot':
        // A copy of a configuration names the root of the server that it was taken from.
        if (isDirectory(first)) root = first;
        break;
      case 'define':
        variables.set(first, second ?? '');
        break;
      case 'undefine':
        variables.delete(first);
        break;
      case 'include':
      case 'includeoptional':
        for (const inner of files.expand(inRoot(first), true)) readFile(inner);
        break;
      case 'logformat':
        if (second === undefined) unnamed = formats.get(first) ?? first;
        else formats.set(second, first);
        break;
      case 'customlog':
      case 'globallog':
        customs.push({ target: first, format: second ?? null, condition: words[2] ?? null, file, line });
        break;
      case 'transferlog':
        customs.push({ target: first, format: null, condition: null, file, line });
        break;
      case 'errorlog':
        config.logs.push(logOf('error', first, file, line, 'apache.error'));
        break;
      case 'errorlogformat':
        // `connection` and `request` lay out lines that are written besides.
        if (second === undefined) errorFormats.add(first);
        break;
      case 'loglevel': {
        const level = words.find((w) => !w.includes(':'))?.toLowerCase() ?? '';
        if (QUIET.has(level))
          config.advice.push({
            file,
            line,
            text: `LogLevel ${level} hides why requests were refused: \`LogLevel warn\` shows it`,
          });
        break;
      }
      default:
        if (name.startsWith('sec')) modsecurity.directive(name, first, { file, line });
    }
  };

  const logOf = (
    kind: ConfiguredLog['kind'],
    target: string,
    file: string,
    line: number,
    dataset: string,
  ): ConfiguredLog => {
    const log: ConfiguredLog = {
      kind,
      target,
      path: null,
      formatName: null,
      pattern: null,
      builtIn: true,
      dataset,
      file,
      line,
      notes: [],
    };
    if (target.startsWith('|')) {
      const piped = pathOfPipe(target);
      if (piped === null) log.notes.push('goes to a program, whose file is not known: name it under logs:');
      else {
        log.path = inRoot(piped);
        log.notes.push('written by a program that rotates it');
      }
    } else if (/^(?:syslog|journald)(?::|$)/.test(target))
      log.notes.push(`goes to ${target.split(':')[0]}: name the file that it is written to under logs:`);
    else if (/^\/dev\/(?:stdout|stderr)|^\/proc\//.test(target))
      log.notes.push('goes to the container’s or the service’s output: read it from Docker’s json-file or the journal');
    else if (target !== '/dev/null') log.path = inRoot(target).replace(/\$\{[\w.]+\}/g, '*');
    // `${` alone is text, as Apache takes it.
    const undefinedName = /\$\{[\w.]+\}/.exec(target);
    if (undefinedName !== null) log.notes.push(`${undefinedName[0]} is defined nowhere that was read`);
    return log;
  };

  readFile(entry);

  for (const custom of customs) {
    const log = logOf('access', custom.target, custom.file, custom.line, 'apache.access');
    if (custom.format === null) {
      log.formatName = 'default';
      log.pattern = unnamed;
    } else if (custom.format.includes('%')) {
      log.formatName = 'inline';
      log.pattern = custom.format;
    } else {
      log.formatName = custom.format;
      log.pattern = formats.get(custom.format) ?? null;
      if (log.pattern === null) log.notes.push(`there is no LogFormat ${custom.format}`);
    }
    log.builtIn = log.pattern === null || BUILT_IN.has(log.pattern);
    if (custom.condition !== null) log.notes.push(`only requests for which ${custom.condition} holds`);
    config.logs.push(log);
  }
  if (!config.logs.some((log) => log.kind === 'error')) {
    const log = logOf('error', 'logs/error_log', entry, 0, 'apache.error');
    log.notes.push('no ErrorLog is configured: this is where Apache writes then');
    config.logs.push(log);
  }
  // Which virtual host has which is not followed: a line that is laid out otherwise is read as usual.
  if (errorFormats.size > 0)
    for (const log of config.logs) {
      if (log.kind !== 'error' || log.path === null) continue;
      if (errorFormats.size > 1) log.notes.push('there are several ErrorLogFormats; usual items are read');
      else {
        log.formatName = 'ErrorLogFormat';
        log.pattern = [...errorFormats][0]!;
        log.builtIn = false;
      }
    }
  modsecurity.finish(config, inRoot);
  return config;
}

/** `|/usr/bin/rotatelogs -l /var/log/apache2/access.%Y-%m-%d.log 86400` → what it writes, as a glob. */
function pathOfPipe(target: string): string | null {
  const words = wordsOf(target.replace(/^\|[|$]?/, ''));
  const program = words[0] ?? '';
  const file = words.slice(1).find((w) => !w.startsWith('-') && w.includes('/'));
  if (file === undefined || !/(?:rotatelogs|cronolog|httplog|multilog|tee)\d*$/.test(program)) return null;
  // rotatelogs appends the time where the name has none.
  const named = file.replace(/%[-_0]?[A-Za-z]/g, '*').replace(/\*[*:._-]*\*/g, '*');
  return named === file && /rotatelogs\d*$/.test(program) ? `${file}*` : named;
}
