/**
 * Envoy, Traefik, Caddy and IIS: what their configuration says about access logs, as far as it is said in one file and
 * without asking the server. Envoy and Traefik are YAML (or JSON, or TOML), Caddy blocks like nginx', IIS XML.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { type ConfiguredLog, newServerConfig, type ServerConfig } from './configured.ts';
import { ConfigFiles } from './files.ts';

const OUTPUT = 'goes to the container’s or the service’s output: read it from Docker’s json-file or the journal';

const newLog = (config: ServerConfig, dataset: string, target: string, line: number): ConfiguredLog => ({
  kind: 'access',
  target,
  path: null,
  formatName: null,
  pattern: null,
  builtIn: true,
  dataset,
  file: config.entry,
  line,
  notes: [],
});

function setPath(log: ConfiguredLog, target: string, entry: string): void {
  if (/^(?:\/dev\/(?:stdout|stderr)|stdout|stderr|\/proc\/)/.test(target)) log.notes.push(OUTPUT);
  else if (target !== '/dev/null' && target !== 'discard')
    log.path = isAbsolute(target) ? target : join(dirname(entry), target);
}

const lineOf = (text: string, what: string): number => {
  const at = text.indexOf(what);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
};

type Json = Record<string, unknown>;
const isObject = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x);

/** Every object of a document, bounded by what was read. */
function* objects(value: unknown): Generator<Json> {
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (Array.isArray(next)) for (let i = next.length - 1; i >= 0; i--) left.push(next[i]);
    else if (isObject(next)) {
      yield next;
      left.push(...Object.values(next).reverse());
    }
  }
}

function document(text: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 100, logLevel: 'error' });
  } catch {
    return null;
  }
}

export function readEnvoy(entry: string): ServerConfig {
  const config = newServerConfig('envoy', entry);
  new ConfigFiles(config).read(entry, (text) => {
    for (const object of objects(document(text))) {
      const logs = object.access_log ?? object.accessLog;
      for (const one of Array.isArray(logs) ? logs : []) {
        if (!isObject(one)) continue;
        const typed = one.typed_config ?? one.config ?? one.typedConfig;
        if (!isObject(typed)) continue;
        const type = String(typed['@type'] ?? one.name ?? '');
        const isOutput = /stdout|stderr/i.test(type);
        const path = typeof typed.path === 'string' ? typed.path : null;
        if (!isOutput && path === null) continue;
        const log = newLog(config, 'envoy.access', path ?? 'stdout', lineOf(text, path ?? type));
        setPath(log, path ?? '/dev/stdout', entry);
        const format = (typed.log_format ?? typed.logFormat) as Json | undefined;
        const source = (format?.text_format_source ?? format?.textFormatSource) as Json | undefined;
        const string = source?.inline_string ?? source?.inlineString ?? format?.text_format ?? typed.format;
        const json = format?.json_format ?? format?.jsonFormat ?? typed.json_format ?? typed.typed_json_format;
        if (typeof string === 'string') {
          log.formatName = 'text';
          log.pattern = string.replace(/\n$/, '');
          log.builtIn = false;
        } else if (isObject(json)) {
          log.formatName = 'json';
          log.pattern = JSON.stringify(json);
          log.builtIn = false;
        } else log.formatName = 'default';
        if (one.filter !== undefined) log.notes.push('only requests that its filter lets through');
        if (!config.logs.some((x) => x.path === log.path && x.pattern === log.pattern)) config.logs.push(log);
      }
    }
  });
  return config;
}

export function readTraefik(entry: string): ServerConfig {
  const config = newServerConfig('traefik', entry);
  new ConfigFiles(config).read(entry, (text) => {
    const root = entry.endsWith('.toml') ? toml(text) : document(text);
    if (!isObject(root)) return;
    const lower = (x: Json): Json => Object.fromEntries(Object.entries(x).map(([k, v]) => [k.toLowerCase(), v]));
    const top = lower(root);
    if (top.accesslog === undefined) {
      config.advice.push({
        file: entry,
        line: 1,
        text: 'accessLog is off: Traefik logs no request; add `accessLog: {filePath: /var/log/traefik/access.log, format: json}`',
      });
      return;
    }
    const access = isObject(top.accesslog) ? lower(top.accesslog) : {};
    const path = typeof access.filepath === 'string' ? access.filepath : '';
    const log = newLog(config, 'traefik.access', path || 'stdout', lineOf(text, path || 'accessLog'));
    setPath(log, path || '/dev/stdout', entry);
    log.formatName = String(access.format ?? 'common');
    if (log.formatName === 'genericCLF') {
      log.dataset = 'clf';
      log.notes.push('genericCLF has no router and no service: `format: json` says who refused');
    }
    if (access.filters !== undefined) log.notes.push('only requests that its filters let through');
    const fields = isObject(access.fields) ? lower(access.fields) : {};
    if (fields.defaultmode === 'drop')
      config.advice.push({
        file: entry,
        line: lineOf(text, 'defaultMode'),
        text: 'accessLog.fields.defaultMode drop: keep at least DownstreamStatus, OriginStatus, RequestMethod, RequestPath, RouterName and StartUTC',
      });
    config.logs.push(log);
  });
  return config;
}

/** As much of TOML as `[accessLog]` needs: tables, texts, numbers and truths. */
function toml(text: string): Json {
  const root: Json = {};
  let table = root;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const head = /^\[([\w.]+)\]/.exec(line);
    if (head !== null) {
      table = root;
      for (const name of head[1]!.split('.')) {
        if (!isObject(table[name])) table[name] = {};
        table = table[name] as Json;
      }
      continue;
    }
    const pair = /^([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^#\s]+))/.exec(line);
    if (pair !== null) table[pair[1]!] = pair[2] ?? pair[3] ?? pair[4] ?? '';
  }
  return root;
}

/** Words and braces of a Caddyfile, a line each. */
export function readCaddy(entry: string): ServerConfig {
  const config = newServerConfig('caddy', entry);
  const files = new ConfigFiles(config);
  const readFile = (file: string) => {
    files.read(file, (text) => {
      let log: ConfiguredLog | null = null;
      /** Braces open inside of `log {`. */
      let depth = 0;
      const done = () => {
        if (log !== null) {
          if (log.path === null && log.notes.length === 0) log.notes.push(OUTPUT);
          config.logs.push(log);
        }
        log = null;
      };
      text.split('\n').forEach((raw, i) => {
        const words = [...raw.trim().matchAll(/"((?:\\.|[^"\\])*)"|`([^`]*)`|(\S+)/g)].map((m) =>
          m[1] !== undefined ? m[1].replace(/\\"/g, '"') : (m[2] ?? m[3]!),
        );
        if (words[0] === undefined || words[0].startsWith('#')) return;
        const opens = words.at(-1) === '{';
        if (log === null) {
          if (words[0] === 'import' && words[1] !== undefined && /[/*.]/.test(words[1]))
            for (const inner of files.expand(join(dirname(entry), words[1]), false)) readFile(inner);
          if (words[0] !== 'log') return;
          log = newLog(config, 'caddy.access', 'stderr', i + 1);
          log.file = file;
          log.formatName = 'json';
          depth = opens ? 1 : 0;
          if (!opens) done();
          return;
        }
        const current: ConfiguredLog = log;
        if (words[0] === 'output') {
          if (words[1] === 'file' && words[2] !== undefined) {
            current.target = words[2];
            setPath(current, words[2], entry);
          } else if (words[1] === 'discard') current.notes.push('is thrown away');
          else if (words[1] === 'net') current.notes.push(`goes to ${words[2] ?? 'the network'}`);
        } else if (words[0] === 'format') {
          current.formatName = words[1] ?? 'json';
          if (words[1] === 'transform' || words[1] === 'formatted') {
            current.pattern = opens && words.length === 3 ? '{common_log}' : (words[2] ?? '{common_log}');
            current.builtIn = false;
          }
        }
        if (opens) depth++;
        if (words[0] === '}' && --depth === 0) done();
      });
      done();
    });
  };
  readFile(entry);
  if (config.logs.length === 0)
    config.advice.push({
      file: entry,
      line: 1,
      text: 'no site has `log`: Caddy logs no request; add `log { output file /var/log/caddy/access.log }` to each',
    });
  return config;
}

/** applicationHost.config: directory and format of the sites' logs. */
export function readIis(entry: string): ServerConfig {
  const config = newServerConfig('iis', entry);
  new ConfigFiles(config).read(entry, (text) => {
    const drive = /^(.*?)[\\/]windows[\\/]/i.exec(entry)?.[1] ?? 'C:';
    for (const m of text.matchAll(/<logFile\b([^>]*)/gi)) {
      const attribute = (name: string) => new RegExp(`\\b${name}\\s*=\\s*"([^"]*)"`, 'i').exec(m[1]!)?.[1];
      const directory = attribute('directory');
      if (directory === undefined) continue;
      const log = newLog(config, 'iis.w3c', directory, text.slice(0, m.index).split('\n').length);
      log.formatName = attribute('logFormat') ?? 'W3C';
      log.path = `${directory.replace(/%SystemDrive%/i, drive).replaceAll('\\', '/')}/W3SVC*/*.log`;
      if (/^(?:IIS|NCSA)$/i.test(log.formatName)) {
        log.dataset = 'clf';
        log.notes.push('only W3C says the substatus, which is IIS’ own reason');
      }
      const fields = attribute('logExtFileFlags');
      if (fields !== undefined && !/HttpSubStatus/i.test(fields))
        config.advice.push({
          file: entry,
          line: log.line,
          text: 'logExtFileFlags lacks HttpSubStatus: 403.x says why IIS refused',
        });
      if (/^false$/i.test(attribute('enabled') ?? '')) log.notes.push('is switched off');
      config.logs.push(log);
    }
  });
  return config;
}
