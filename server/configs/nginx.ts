/**
 * nginx' configuration: blocks and directives, includes with globs (relative to the directory of nginx.conf), Lua
 * blocks stepped over. Finds `access_log` with its `log_format`, `error_log`, and ModSecurity's rule files.
 */
import { dirname, isAbsolute, join } from 'node:path';
import type { ConfiguredLog, ServerConfig } from './configured.ts';
import { newServerConfig } from './configured.ts';
import { ConfigFiles, isDirectory } from './files.ts';
import { ModSecurity } from './modsecurity.ts';

interface Word {
  text: string;
  quoted: boolean;
}

/** One directive, or the beginning of a block; `close` = the end of a block. */
interface Step {
  kind: 'directive' | 'open' | 'close';
  words: Word[];
  line: number;
}

const COMBINED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

/** Directives in the order of the text. Never throws; what is not closed ends with the text. */
export function* steps(text: string): Generator<Step> {
  let words: Word[] = [];
  let line = 1;
  let begun = 1;
  let i = 0;
  while (i < text.length) {
    const c = text[i]!;
    if (c === '\n') line++;
    if (/\s/.test(c)) {
      i++;
      continue;
    }
    if (c === '#') {
      while (i < text.length && text[i] !== '\n') i++;
      continue;
    }
    if (c === ';' || c === '{' || c === '}') {
      i++;
      if (c === '}') {
        if (words.length > 0) yield { kind: 'directive', words, line: begun };
        yield { kind: 'close', words: [], line };
      } else if (c === '{' && /_by_lua_block$/.test(words[0]?.text ?? '')) {
        // Lua has braces and quotes of its own.
        const end = endOfLua(text, i);
        line += text.slice(i, end).split('\n').length - 1;
        i = end;
        words = [];
        continue;
      } else yield { kind: c === '{' ? 'open' : 'directive', words, line: begun };
      words = [];
      continue;
    }
    if (words.length === 0) begun = line;
    let word = '';
    const quoted = c === '"' || c === "'";
    if (quoted) i++;
    while (i < text.length) {
      const d = text[i]!;
      if (quoted ? d === c : /[\s;{}]/.test(d) && !(d === '{' && word.endsWith('$'))) break;
      if (d === '\n') line++;
      if (d === '\\' && i + 1 < text.length) {
        const next = text[i + 1]!;
        const plain = { '"': '"', "'": "'", '\\': '\\', t: '\t', n: '\n', r: '\r' }[next];
        word += plain ?? `\\${next}`;
        i += 2;
        continue;
      }
      word += d;
      i++;
      // `${name}` outside of quotes.
      if (!quoted && d === '{') {
        while (i < text.length && text[i] !== '}' && text[i] !== '\n') word += text[i++];
        if (text[i] === '}') word += text[i++];
      }
    }
    if (quoted) i++;
    words.push({ text: word, quoted });
  }
  if (words.length > 0) yield { kind: 'directive', words, line: begun };
}

function endOfLua(text: string, from: number): number {
  let depth = 1;
  let i = from;
  for (; i < text.length && depth > 0; i++) {
    const c = text[i]!;
    if (c === '{') depth++;
    else if (c === '}') depth--;
    else if (c === '"' || c === "'") {
      i++;
      while (i < text.length && text[i] !== c && text[i] !== '\n') i += text[i] === '\\' ? 2 : 1;
    } else if (c === '-' && text[i + 1] === '-') while (i < text.length && text[i] !== '\n') i++;
  }
  return i;
}

const QUIET = new Set(['crit', 'alert', 'emerg']);

interface AccessLog {
  words: string[];
  file: string;
  line: number;
}

export function readNginx(entry: string): ServerConfig {
  const config = newServerConfig('nginx', entry);
  const files = new ConfigFiles(config);
  const prefix = dirname(entry);
  const formats = new Map<string, string>([['combined', COMBINED]]);
  const access: AccessLog[] = [];
  const modsecurity = new ModSecurity();
  let hasModsecurity = false;
  let hasHttp = false;
  const blocks: string[] = [];
  const ofConfig = (path: string) => (isAbsolute(path) ? path : join(prefix, path));

  const readRules = (path: string) => {
    for (const one of files.expand(ofConfig(path), false))
      files.read(one, (text) => {
        hasModsecurity = true;
        readSecLines(text, one, modsecurity, (inner) =>
          readRules(isAbsolute(inner) ? inner : join(dirname(one), inner)),
        );
      });
  };

  const readFile = (file: string) => {
    files.read(file, (text) => {
      for (const step of steps(text)) {
        if (step.kind === 'close') {
          blocks.pop();
          continue;
        }
        const [name = '', ...rest] = step.words.map((w) => w.text);
        if (step.kind === 'open') {
          blocks.push(name);
          if (name === 'http') hasHttp = true;
          continue;
        }
        if (name === 'include' && rest[0] !== undefined)
          for (const inner of files.expand(ofConfig(rest[0]), false)) readFile(inner);
        else if (name === 'log_format' && rest.length > 1) {
          const escaping = /^escape=(?:default|json|none)$/.test(rest[1]!) ? `${rest[1]} ` : '';
          formats.set(rest[0]!, escaping + rest.slice(escaping === '' ? 1 : 2).join(''));
        } else if (name === 'access_log' && rest.length > 0) {
          // Of stream{} lines are no requests.
          if (!blocks.includes('stream')) access.push({ words: rest, file, line: step.line });
        } else if (name === 'error_log' && rest.length > 0) errorLog(rest, file, step.line);
        else if (name === 'modsecurity_rules_file' && rest[0] !== undefined) readRules(rest[0]);
        else if (name === 'modsecurity_rules' && rest[0] !== undefined) {
          hasModsecurity = true;
          readSecLines(rest[0], file, modsecurity, readRules);
        }
      }
    });
  };

  const errorLog = ([target = '', level = 'error']: string[], file: string, line: number) => {
    const log = logOf('error', target, file, line, 'nginx.error');
    if (QUIET.has(level))
      config.advice.push({
        file,
        line,
        text: `error_log is at ${level}: why a request was refused is written at error; \`error_log ${target} error;\` shows it`,
      });
    else if (level !== 'error') log.notes.push(`level ${level}`);
    config.logs.push(log);
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
    if (target.startsWith('syslog:')) log.notes.push('goes to syslog: name the file that the syslog daemon writes');
    else if (/^memory:|^stderr$/.test(target)) log.notes.push('goes to standard error or memory, not to a file');
    else if (/^\/dev\/(?:stdout|stderr|fd\/\d)/.test(target) || target.startsWith('/proc/'))
      log.notes.push('goes to the container’s or the service’s output: read it from Docker’s json-file or the journal');
    else if (target !== '/dev/null') log.path = globOf(inPrefix(target, prefix));
    return log;
  };

  readFile(entry);

  for (const { words, file, line } of access) {
    const [target = '', format = 'combined', ...more] = words;
    if (target === 'off') {
      config.advice.push({
        file,
        line,
        text: 'access_log off: requests of this block leave no line, nor do its refusals',
      });
      continue;
    }
    const log = logOf('access', target, file, line, 'nginx.access');
    const name = /^(?:buffer|flush|gzip|if)(?:=|$)/.test(format) ? 'combined' : format;
    log.formatName = name;
    log.pattern = formats.get(name) ?? null;
    log.builtIn = name === 'combined' || log.pattern === COMBINED;
    if (log.pattern === null) log.notes.push(`there is no log_format ${name}`);
    const options = [format, ...more];
    if (options.some((o) => o.startsWith('if='))) log.notes.push('only requests that its if= lets through');
    if (options.some((o) => o === 'gzip' || o.startsWith('gzip='))) log.notes.push('is written compressed');
    config.logs.push(log);
  }
  if (hasHttp && access.length === 0) {
    const log = logOf('access', defaultLog(prefix, 'access.log'), entry, 0, 'nginx.access');
    log.formatName = 'combined';
    log.pattern = COMBINED;
    log.notes.push('no access_log is configured: this is where nginx writes then');
    config.logs.push(log);
  }
  if (hasModsecurity) modsecurity.finish(config, (path) => (isAbsolute(path) ? path : inPrefix(path, prefix)));
  return config;
}

/** `$host` in a path stands for anything. */
function globOf(path: string): string {
  return path.replace(/\$\{\w+\}|\$\w+/g, '*');
}

/** Relative logs lie below nginx' prefix, which its configuration does not name. */
function inPrefix(path: string, prefix: string): string {
  if (isAbsolute(path)) return path;
  const roots = [dirname(prefix), prefix, '/usr/local/nginx', '/usr/share/nginx', '/usr/local/openresty/nginx'];
  const root = roots.find((r) => isDirectory(dirname(join(r, path)))) ?? dirname(prefix);
  return join(root, path);
}

function defaultLog(prefix: string, name: string): string {
  const m = /^(.*)\/etc\/nginx$/.exec(prefix);
  return m === null ? join('logs', name) : `${m[1]}/var/log/nginx/${name}`;
}

/** The lines of a ModSecurity file: directives, some continued by a backslash, and `Include`. */
export function readSecLines(
  text: string,
  file: string,
  modsecurity: ModSecurity,
  include: (path: string) => void,
): void {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const at = i + 1;
    let line = lines[i]!;
    while (line.endsWith('\\') && i + 1 < lines.length) line = `${line.slice(0, -1)} ${lines[++i]!.trim()}`;
    const m = /^\s*(Sec\w+|Include)\s+(.*)$/i.exec(line);
    if (m === null || m[1]!.toLowerCase() === 'secrule') continue;
    const value = m[2]!.trim().replace(/^"(.*)"$/, '$1');
    if (/^include$/i.test(m[1]!)) include(value);
    else modsecurity.directive(m[1]!, value, { file, line: at });
  }
}
