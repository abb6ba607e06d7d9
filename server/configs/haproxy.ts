/**
 * HAProxy's configuration: sections, what frontends inherit from `defaults`, format strings and `option httplog`. It
 * writes no files itself, so the file is looked for in rsyslog's configuration beside it.
 */
import { dirname, join } from 'node:path';
import { type ConfiguredLog, newServerConfig, type ServerConfig } from './configured.ts';
import { ConfigFiles, isDirectory } from './files.ts';

const PATTERNS: Record<string, string> = {
  httplog: '%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r',
  tcplog: '%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq',
};

/** Words of a line: double quotes with escapes, single quotes without, `\ ` outside. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let begun = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (c === '\\' && i + 1 < line.length) {
      const next = line[++i]!;
      word += { n: '\n', t: '\t', r: '\r' }[next] ?? next;
      begun = true;
    } else if (c === '"' || c === "'") {
      begun = true;
      for (i++; i < line.length && line[i] !== c; i++) {
        if (c === '"' && line[i] === '\\' && /["\\$]/.test(line[i + 1] ?? '')) i++;
        word += line[i];
      }
    } else if (/\s/.test(c)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else if (c === '#') break;
    else {
      word += c;
      begun = true;
    }
  }
  if (begun) words.push(word);
  return words;
}

interface Proxy {
  kind: string;
  name: string;
  file: string;
  line: number;
  mode: string;
  targets: { words: string[]; file: string; line: number }[];
  global: boolean;
  /** Name of the option, or `log-format`. */
  format: string | null;
  pattern: string | null;
  at: { file: string; line: number } | null;
}

const newProxy = (kind: string, name: string, file: string, line: number): Proxy => ({
  kind,
  name,
  file,
  line,
  mode: 'tcp',
  targets: [],
  global: false,
  format: null,
  pattern: null,
  at: null,
});

export function readHaproxy(entry: string, more: string[] = []): ServerConfig {
  const config = newServerConfig('haproxy', entry);
  const files = new ConfigFiles(config);
  const proxies: Proxy[] = [];
  const named = new Map<string, Proxy>();
  const globalTargets: Proxy['targets'] = [];
  let defaults = newProxy('defaults', '', entry, 0);
  let section: Proxy | null = null;
  let inGlobal = false;

  const readFile = (file: string) => {
    files.read(file, (text) => {
      text.split('\n').forEach((raw, i) => {
        const line = i + 1;
        const words = wordsOf(raw.replace(/\r$/, ''));
        const [first = '', second = '', third = ''] = words;
        if (first === '') return;
        const no = first === 'no';
        const name = no ? second : first;
        if (
          /^(?:global|defaults|frontend|listen|backend|peers|userlist|resolvers|mailers|program|cache|ring|http-errors|fcgi-app|log-forward|log-profile|crt-store|traces|acme)$/.test(
            first,
          )
        ) {
          inGlobal = first === 'global';
          section = null;
          if (!/^(?:defaults|frontend|listen|backend)$/.test(first)) return;
          const from = words[words.indexOf('from') + 1];
          const parent = words.includes('from') && from !== undefined ? (named.get(from) ?? defaults) : defaults;
          section =
            first === 'defaults' && !words.includes('from')
              ? newProxy(first, second, file, line)
              : { ...structuredClone(parent), kind: first, name: second, file, line };
          if (first === 'defaults') {
            defaults = section;
            if (second !== '' && second !== 'from') named.set(second, section);
          } else if (first !== 'backend') proxies.push(section);
          return;
        }
        if (inGlobal) {
          if (first === 'log' && second !== '') globalTargets.push({ words: words.slice(1), file, line });
          return;
        }
        if (section === null) return;
        switch (name) {
          case 'mode':
            section.mode = second;
            break;
          case 'log':
            if (no) {
              section.global = false;
              section.targets = [];
            } else if (second === 'global') section.global = true;
            else section.targets.push({ words: words.slice(1), file, line });
            break;
          case 'log-format':
            section.format = 'log-format';
            section.pattern = words[1] ?? '';
            section.at = { file, line };
            break;
          case 'option':
            option(section, no, no ? third : second, words, file, line);
            break;
          default:
        }
      });
    });
  };

  const option = (proxy: Proxy, no: boolean, name: string, words: string[], file: string, line: number) => {
    if (/^(?:httplog|httpslog|tcplog)$/.test(name) && !no) {
      const clf = words.includes('clf');
      proxy.format = clf ? 'httplog clf' : name;
      proxy.pattern = clf ? null : (PATTERNS[name] ?? null);
      proxy.at = { file, line };
    } else if (name === 'dontlog-normal' && !no)
      config.advice.push({
        file,
        line,
        text: 'option dontlog-normal: requests that went well are not logged, so shares cannot be counted nor refusals compared with them',
      });
  };

  for (const file of [entry, ...more]) readFile(file);

  // As packaged, before there is a site.
  if (proxies.length === 0 && (defaults.global || defaults.targets.length > 0)) proxies.push(defaults);
  const logs = new Map<string, ConfiguredLog>();
  for (const proxy of proxies) {
    const targets = [...proxy.targets, ...(proxy.global ? globalTargets : [])];
    if (targets.length === 0) {
      config.advice.push({
        file: proxy.file,
        line: proxy.line,
        text: `${proxy.kind} ${proxy.name} logs nothing: add \`log global\`, and a \`log\` line to the section global`,
      });
      continue;
    }
    if (proxy.format === null)
      config.advice.push({
        file: proxy.file,
        line: proxy.line,
        text: `${proxy.kind} ${proxy.name} logs connections only: \`option ${proxy.mode === 'http' ? 'httplog' : 'tcplog'}\` logs status and who refused`,
      });
    for (const target of targets) {
      const text = target.words.join(' ');
      // Requests are logged at info: a target that begins at notice gets none.
      if (target.words.slice(2).some((w) => /^(?:emerg|alert|crit|err|warning|notice)$/.test(w))) continue;
      const key = `${target.file}:${target.line} ${proxy.pattern ?? proxy.format}`;
      if (logs.has(key)) continue;
      const log: ConfiguredLog = {
        kind: 'access',
        target: text,
        path: null,
        formatName: proxy.format,
        pattern: proxy.pattern,
        builtIn: proxy.format !== 'log-format',
        dataset: 'haproxy.http',
        file: (proxy.at ?? target).file,
        line: (proxy.at ?? target).line,
        notes: [],
      };
      logs.set(key, log);
      locate(log, target.words, entry);
      config.logs.push(log);
    }
  }
  return config;
}

/** HAProxy sends to syslog: which file does that write? */
function locate(log: ConfiguredLog, words: string[], entry: string): void {
  const [target = ''] = words;
  if (/^(?:stdout|stderr|fd@)/.test(target)) {
    log.notes.push('goes to the container’s or the service’s output: read it from Docker’s json-file or the journal');
    return;
  }
  if (/^ring@/.test(target)) {
    log.notes.push('goes to a ring in memory');
    return;
  }
  const facility = words.find((w) => /^(?:local[0-7]|daemon|user|syslog|kern|auth|cron|mail)$/.test(w)) ?? 'local0';
  const etc = /^(.*\/etc)\/haproxy\/[^/]+$/.exec(entry)?.[1];
  const remote = !target.startsWith('/') && !/^(?:127\.|localhost|\[?::1)/.test(target);
  if (remote) {
    log.notes.push(`goes to ${target}: name the file that is written there under logs:`);
    return;
  }
  const found = etc === undefined ? null : fileOfRsyslog(etc, facility);
  if (found !== null) {
    log.path = found.path;
    log.notes.push(`sent to syslog (${facility}), which writes this file: ${found.rule}`);
    return;
  }
  log.path = etc === undefined ? '/var/log/haproxy.log' : join(dirname(etc), 'var/log/haproxy.log');
  log.notes.push(
    `sent to syslog (${facility}): no rule of rsyslog writes it to a file of its own, this is the usual one; to make one: \`${facility}.* /var/log/haproxy.log\` in /etc/rsyslog.d/49-haproxy.conf, then restart rsyslog`,
  );
}

/** The first rule of rsyslog that takes HAProxy's lines by name or facility. */
function fileOfRsyslog(etc: string, facility: string): { path: string; rule: string } | null {
  const config = newServerConfig('rsyslog', etc);
  const files = new ConfigFiles(config);
  const rules = [
    ...(isDirectory(join(etc, 'rsyslog.d')) ? files.expand(join(etc, 'rsyslog.d/*.conf'), false) : []),
    ...files.expand(join(etc, 'rsyslog.conf'), false),
  ];
  let found: { path: string; rule: string } | null = null;
  for (const file of rules) {
    files.read(file, (text) => {
      const lines = text.split('\n');
      for (let i = 0; found === null && i < lines.length; i++) {
        const line = lines[i]!.trim();
        if (line === '' || line.startsWith('#') || /AddUnixListenSocket|imuxsock/i.test(line)) continue;
        const selector = new RegExp(`(?:^|[;,\\s])${facility}(?:,\\w+)*\\.(?!none)|['"]${facility}['"]`);
        if (!/haproxy/.test(line) && !selector.test(line)) continue;
        // The file stands in the rule, or in its block.
        for (let j = i; j < Math.min(i + 6, lines.length) && found === null; j++) {
          const m = /(?:^|[\s"'=-])(\/[\w./-]*\/[\w.-]+)(?=["'\s)]|$)/.exec(lines[j]!.replace(/#.*/, ''));
          if (m !== null && !m[1]!.startsWith('/dev/')) found = { path: m[1]!, rule: `${file}:${j + 1}` };
          if (j > i && /\}/.test(lines[j]!)) break;
          if (j === i && !/[{]\s*$|then\s*$/.test(line)) break;
        }
      }
    });
    if (found !== null) break;
  }
  return found;
}
