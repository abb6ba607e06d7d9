/**
 * What the user may set: one table of options, from which flags, environment, the YAML file, --help and the
 * documentation are made. Flags over environment over file; what is unknown is refused by name and line.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { FORMATS } from '../parsers/formats.ts';
import { datasetOfPattern, joinPatterns, problemOfPattern, splitPatterns } from '../parsers/layout.ts';
import { parseDuration, parseInstant } from './clock.ts';
import { Why403Error } from './errors.ts';
import type { LogSetting } from './ingest/given.ts';
import { LAYERS, type Layer } from './model/taxonomy.ts';

export interface Config {
  paths: string[];
  data: string | null;
  host: string;
  port: number;
  token: string | null;
  sinceMs: number | null;
  untilMs: number | null;
  refusedStatus: number[];
  layers: { layer: Layer; pattern: string }[];
  /** What is said about single logs: `logs:` of the file, `--log`, and what a server's configuration says. */
  logs: LogSetting[];
  /** Logs that are followed besides `paths`, once they exist. */
  follows: string[];
  timezone: string | null;
  format: string;
  out: string | null;
  dataset: string | null;
  /** parse: the format string by which the lines are laid out. */
  pattern: string | null;
  /** parse: say how each record was read instead of what it says. */
  explain: boolean;
  alertRate: number | null;
  alertWindowMs: number;
  alertMinimumRequests: number;
  webhook: string | null;
  webhookSecret: string | null;
  publicUrl: string | null;
  logLevel: string;
  keepRawMs: number;
  keepRawBytes: number;
  /** Bytes a second; null = no limit. */
  readRateMax: number | null;
  /** Bytes; null = by the number of processors. */
  memoryMax: number | null;
  keepRefusalsMs: number;
  keepCountersMs: number;
}

interface Option {
  flag: string;
  short?: string;
  /** What stands for the value in --help; '' = a switch without one. */
  value: string;
  many?: boolean;
  /** What stands between several values in the environment. */
  between?: string;
  help: string;
  /** Not in --help of every command, but accepted everywhere it makes sense. */
  for: readonly string[];
  read: (text: string, now: number) => unknown;
}

/** "500MB", "2GB" → bytes. */
function parseSize(text: string): number | null {
  const m = /^(\d+(?:\.\d+)?)\s*([KMGT])i?B?$/i.exec(text);
  return m ? Math.round(Number(m[1]) * 1024 ** ('KMGT'.indexOf(m[2]!.toUpperCase()) + 1)) : null;
}

const fail = (what: string): never => {
  throw new Error(what);
};

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with one entry of `logs:`, by the key at which it is; null = nothing. Settles the dataset of a format string. */
function problemOfLog(log: LogSetting): { key: string; problem: string } | null {
  if (log.dataset === null && log.format !== null) {
    log.dataset = datasetOfPattern(splitPatterns(log.format)[0]!);
    if (log.dataset === null)
      return { key: 'format', problem: 'does not show whose format string it is: say so with dataset' };
  }
  if (log.dataset !== null && !FORMATS.has(log.dataset))
    return {
      key: 'dataset',
      problem: `there is no dataset "${log.dataset}"; known: ${[...FORMATS.keys()].sort().join(', ')}`,
    };
  if (log.format !== null) {
    const problem = problemOfPattern(log.dataset!, log.format);
    if (problem !== null) return { key: 'format', problem };
  }
  if (log.layer !== null && !(LAYERS as readonly string[]).includes(log.layer))
    return { key: 'layer', problem: `"${log.layer}" is no layer: use one of ${LAYERS.join(', ')}` };
  if (log.timezone !== null && !isZone(log.timezone))
    return { key: 'timezone', problem: `"${log.timezone}" is no time zone: use a name like Europe/Berlin or UTC` };
  return null;
}

const LOG_KEYS = ['path', 'layer', 'dataset', 'timezone', 'format'] as const;

/** `GLOB,layer=web,format=…`: the format goes to the end. */
function readLog(text: string): LogSetting {
  const log: LogSetting = { path: '', dataset: null, format: null, layer: null, timezone: null };
  let rest = text;
  while (rest !== '') {
    const m = /,(layer|dataset|timezone|format)=/.exec(rest);
    const end = m === null ? rest.length : m.index;
    if (log.path === '') log.path = rest.slice(0, end);
    if (m === null) break;
    rest = rest.slice(end + m[0].length);
    const key = m[1] as 'layer' | 'dataset' | 'timezone' | 'format';
    const next = key === 'format' ? -1 : rest.search(/,(?:layer|dataset|timezone|format)=/);
    const value = next < 0 ? rest : rest.slice(0, next);
    if (key === 'layer') log.layer = value as Layer;
    else log[key] = value;
    rest = next < 0 ? '' : rest.slice(next);
  }
  if (log.path === '') return fail('names no log: give GLOB, then ,layer= ,dataset= ,timezone= or ,format=');
  const wrong = problemOfLog(log);
  return wrong === null ? log : fail(`${wrong.key}: ${wrong.problem}`);
}

const READING = ['serve', 'report', 'explain'] as const;

/** Key (as in YAML) → option. The environment's name is WHY403_ and the flag in capitals. */
export const OPTIONS = {
  data: {
    flag: 'data',
    value: 'DIR',
    help: 'where the store is kept (default: the user’s state directory)',
    for: ['serve', 'demo', 'report', 'explain'],
    read: (t) => t,
  },
  host: {
    flag: 'host',
    value: 'ADDR',
    help: 'address to listen on (default 127.0.0.1; any other needs --token)',
    for: ['serve', 'demo'],
    read: (t) => t,
  },
  port: {
    flag: 'port',
    value: 'N',
    help: 'port to listen on (default 4403; 0 takes a free one)',
    for: ['serve', 'demo'],
    read: (t) => (/^\d{1,5}$/.test(t) && Number(t) < 65536 ? Number(t) : fail('is no port (0 to 65535)')),
  },
  token: {
    flag: 'token',
    value: 'SECRET',
    help: 'what a browser or script must present, when not on loopback',
    for: ['serve', 'demo'],
    read: (t) => (t.length >= 16 ? t : fail('is too short: 16 characters at least')),
  },
  sinceMs: {
    flag: 'since',
    value: 'TIME',
    help: 'only refusals from then on: 2026-11-22T10:00Z, or back from now: 6h',
    for: ['report'],
    read: (t, now) => parseInstant(t, now) ?? fail('is no time: give 2026-11-22T10:00:00Z, or a distance like 6h'),
  },
  untilMs: {
    flag: 'until',
    value: 'TIME',
    help: 'only refusals before then',
    for: ['report'],
    read: (t, now) => parseInstant(t, now) ?? fail('is no time: give 2026-11-22T10:00:00Z, or a distance like 6h'),
  },
  refusedStatus: {
    flag: 'refused-status',
    value: 'N,…',
    help: 'statuses that count as refused (default 403)',
    for: READING,
    read: (t) => {
      const list = t.split(',').map((x) => x.trim());
      return list.every((x) => /^[1-5]\d\d$/.test(x))
        ? list.map(Number)
        : fail('is no list of HTTP statuses: give 403 or 403,429');
    },
  },
  layers: {
    flag: 'layer',
    value: 'LAYER=GLOB',
    many: true,
    help: `which layer logs belong to: ${LAYERS.join(' ')}`,
    for: ['serve', 'report', 'explain', 'check'],
    read: (t) => {
      const eq = t.indexOf('=');
      const layer = t.slice(0, eq);
      if (eq < 1 || eq === t.length - 1) return fail('is not LAYER=GLOB, for instance gateway=/var/log/kong/*');
      return (LAYERS as readonly string[]).includes(layer)
        ? { layer, pattern: t.slice(eq + 1) }
        : fail(`names no layer: use one of ${LAYERS.join(', ')}`);
    },
  },
  logs: {
    flag: 'log',
    value: 'GLOB,…',
    many: true,
    between: '\n',
    help: 'what a log is: GLOB[,layer=L][,dataset=D][,timezone=Z][,format=STRING], the log_format, LogFormat, log-format … as the server has it, last',
    for: ['serve', 'report', 'explain', 'check'],
    read: (t) => readLog(t),
  },
  timezone: {
    flag: 'timezone',
    value: 'ZONE',
    help: 'zone of logs that name none, for instance Europe/Berlin (default: learned, else this machine’s)',
    for: ['serve', 'report', 'explain', 'check'],
    read: (t) => (isZone(t) ? t : fail('is no time zone: use a name like Europe/Berlin or UTC')),
  },
  format: {
    flag: 'format',
    value: 'F',
    help: 'text (default), json, jsonl, csv or html',
    for: ['report'],
    read: (t) =>
      ['text', 'json', 'jsonl', 'csv', 'html'].includes(t) ? t : fail('is none of text, json, jsonl, csv, html'),
  },
  out: {
    flag: 'out',
    value: 'FILE',
    help: 'write there instead of to standard output',
    for: ['report'],
    read: (t) => t,
  },
  dataset: {
    flag: 'dataset',
    value: 'D',
    help: 'read as this dataset instead of finding it out',
    for: ['parse'],
    read: (t) => t,
  },
  pattern: {
    flag: 'pattern',
    value: 'P',
    help: 'the log_format, LogFormat or #Fields by which the lines of --dataset are laid out',
    for: ['parse'],
    read: (t) => t,
  },
  explain: {
    flag: 'explain',
    value: '',
    help: 'parse: which formats were tried on each record and where they gave up, and which JSON key became which field',
    for: ['parse'],
    read: (t) =>
      /^(?:true|1|yes)$/i.test(t) ? true : /^(?:false|0|no)$/i.test(t) ? false : fail('is neither true nor false'),
  },
  alertRate: {
    flag: 'alert-rate',
    value: 'P%',
    help: 'alert when this share of requests is refused, for instance 5%',
    for: ['serve', 'demo'],
    read: (t) => {
      const m = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(t);
      const n = m ? Number(m[1]) / (m[2] ? 100 : 1) : Number.NaN;
      return n > 0 && n <= 1 ? n : fail('is no share: give 5% or 0.05');
    },
  },
  alertWindowMs: {
    flag: 'alert-window',
    value: 'D',
    help: 'over this time (default 5m)',
    for: ['serve', 'demo'],
    read: (t) => {
      const d = parseDuration(t);
      return d !== null && d >= 60_000 && d <= 86_400_000 ? d : fail('is no window between 1m and 24h');
    },
  },
  alertMinimumRequests: {
    flag: 'alert-minimum',
    value: 'N',
    help: 'and only with this many requests in it (default 20)',
    for: ['serve', 'demo'],
    read: (t) => (/^\d{1,9}$/.test(t) ? Number(t) : fail('is no number')),
  },
  webhook: {
    flag: 'webhook',
    value: 'URL',
    help: 'where the alert is posted as JSON',
    for: ['serve', 'demo'],
    read: (t) => (/^https?:\/\/\S+$/.test(t) ? t : fail('is no http(s) address')),
  },
  webhookSecret: {
    flag: 'webhook-secret',
    value: 'SECRET',
    help: 'signs what is posted (header X-Why403-Signature, HMAC-SHA256)',
    for: ['serve', 'demo'],
    read: (t) => t,
  },
  publicUrl: {
    flag: 'public-url',
    value: 'URL',
    help: 'address of this page in alert messages',
    for: ['serve', 'demo'],
    read: (t) => (/^https?:\/\/\S+$/.test(t) ? t.replace(/\/$/, '') : fail('is no http(s) address')),
  },
  keepRawMs: {
    flag: 'keep-raw',
    value: 'D',
    help: 'raw lines are kept for this long (default 7d)',
    for: ['serve'],
    read: (t) => parseDuration(t) ?? fail('is no duration: give one like 12h or 90d'),
  },
  keepRawBytes: {
    flag: 'keep-raw-size',
    value: 'SIZE',
    help: 'and not more of them than this, compressed (default 2GB)',
    for: ['serve'],
    read: (t) => parseSize(t) ?? fail('is no size: give one like 500MB or 20GB'),
  },
  keepRefusalsMs: {
    flag: 'keep-refusals',
    value: 'D',
    help: 'refusals and their verdicts (default 90d)',
    for: ['serve'],
    read: (t) => parseDuration(t) ?? fail('is no duration: give one like 12h or 90d'),
  },
  keepCountersMs: {
    flag: 'keep-counters',
    value: 'D',
    help: 'counts of requests, for the charts (default 400d)',
    for: ['serve'],
    read: (t) => parseDuration(t) ?? fail('is no duration: give one like 12h or 90d'),
  },
  readRateMax: {
    flag: 'read-rate',
    value: 'SIZE',
    help: 'read at most so much a second, for instance 20MB (default: as fast as it can)',
    for: ['serve', 'report'],
    read: (t) => {
      const bytes = parseSize(t);
      return bytes !== null && bytes >= 1024 * 1024 ? bytes : fail('is no rate: give 1MB or more, like 20MB');
    },
  },
  memoryMax: {
    flag: 'memory',
    value: 'SIZE',
    help: 'memory to make do with, by fewer threads (default: a thread for each processor, 4 at most)',
    for: ['serve', 'report'],
    read: (t) => {
      const bytes = parseSize(t);
      return bytes !== null && bytes >= 256 * 1024 ** 2 ? bytes : fail('is too little: give 256MB or more');
    },
  },
  logLevel: {
    flag: 'log-level',
    value: 'L',
    help: 'error, warn, info (default) or debug',
    for: ['serve', 'demo'],
    read: (t) => (['error', 'warn', 'info', 'debug'].includes(t) ? t : fail('is none of error, warn, info, debug')),
  },
} as const satisfies Record<string, Option>;
export type OptionKey = keyof typeof OPTIONS;

/** "alertWindowMs" → "alert_window" for YAML: the flag with underscores. */
export const yamlName = (key: OptionKey): string => OPTIONS[key].flag.replaceAll('-', '_');
export const envName = (key: OptionKey): string => `WHY403_${yamlName(key).toUpperCase()}`;

export const DEFAULTS: Config = {
  paths: [],
  data: null,
  host: '127.0.0.1',
  port: 4403,
  token: null,
  sinceMs: null,
  untilMs: null,
  refusedStatus: [403],
  layers: [],
  logs: [],
  follows: [],
  timezone: null,
  format: 'text',
  out: null,
  dataset: null,
  pattern: null,
  explain: false,
  alertRate: null,
  alertWindowMs: 300_000,
  alertMinimumRequests: 20,
  webhook: null,
  webhookSecret: null,
  publicUrl: null,
  logLevel: 'info',
  keepRawMs: 7 * 86_400_000,
  keepRawBytes: 2 * 1024 ** 3,
  readRateMax: null,
  memoryMax: null,
  keepRefusalsMs: 90 * 86_400_000,
  keepCountersMs: 400 * 86_400_000,
};

export interface Arguments {
  command: string;
  positionals: string[];
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
}

export const COMMANDS = ['serve', 'report', 'explain', 'parse', 'check', 'demo', 'version', 'help'] as const;

/** Splits the command line; the first word is the command if it is one, else `serve`. */
export function readArguments(argv: readonly string[]): Arguments {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }> = {
    config: { type: 'string', short: 'c' },
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean' },
  };
  for (const o of Object.values(OPTIONS) as Option[])
    options[o.flag] = { type: o.value === '' ? 'boolean' : 'string', multiple: o.many ?? false };
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const unknown = /Unknown option '([^']+)'/.exec(text);
    const lacking = /Option '([^']+)' argument missing/.exec(text) ?? /Option '([^' ]+)[^']*' argument/.exec(text);
    if (unknown) throw new Why403Error('USAGE', `there is no option ${unknown[1]}`, nearestFlag(unknown[1]!));
    if (lacking) throw new Why403Error('USAGE', `${lacking[1]!.split(' ')[0]} needs a value`, 'see why403 --help');
    throw new Why403Error('USAGE', text.split('. ')[0]!, 'see why403 --help');
  }
  const [first, ...rest] = parsed.positionals;
  const command = first !== undefined && (COMMANDS as readonly string[]).includes(first) ? first : 'serve';
  return {
    command: parsed.values.help ? 'help' : parsed.values.version ? 'version' : command,
    positionals: command === first ? rest : parsed.positionals,
    values: parsed.values as Arguments['values'],
  };
}

function nearestFlag(flag: string): string {
  const flags = [...Object.values(OPTIONS).map((o) => `--${o.flag}`), '--config', '--help'];
  let best = '';
  let bestDistance = 4;
  for (const f of flags) {
    const d = distance(f, flag);
    if (d < bestDistance) {
      best = f;
      bestDistance = d;
    }
  }
  return best ? `did you mean ${best}?` : 'see why403 --help';
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

/** Flags over environment over file over defaults. */
export function readConfig(args: Arguments, env: Record<string, string | undefined>, now: number): Config {
  const config: Config = { ...DEFAULTS };
  const file = (args.values.config as string | undefined) ?? env.WHY403_CONFIG;
  if (file !== undefined) applyFile(config, file, now);
  for (const key of Object.keys(OPTIONS) as OptionKey[]) {
    const option: Option = OPTIONS[key];
    const fromEnv = env[envName(key)];
    if (fromEnv !== undefined && fromEnv !== '')
      set(
        config,
        key,
        option.many ? fromEnv.split(option.between ?? ',').filter((x) => x !== '') : [fromEnv],
        envName(key),
        now,
      );
    const flag = args.values[option.flag];
    if (flag !== undefined)
      set(config, key, Array.isArray(flag) ? flag.map(String) : [String(flag)], `--${option.flag}`, now);
  }
  if (args.positionals.length > 0) config.paths = [...args.positionals];
  // PATHs of the command line are all that is read; else every log of `logs:` is.
  const named = args.positionals.length - (args.command === 'explain' ? 1 : 0);
  if (named <= 0) config.follows = config.logs.map((log) => log.path);
  return config;
}

function set(config: Config, key: OptionKey, texts: string[], where: string, now: number): void {
  const option: Option = OPTIONS[key];
  try {
    const values = texts.map((t) => option.read(t, now));
    (config as unknown as Record<string, unknown>)[key] = option.many ? values : values[0];
  } catch (error) {
    throw new Why403Error(
      where.startsWith('--') || where.startsWith('WHY403') ? 'USAGE' : 'CONFIG',
      `${where}: "${texts.join(',')}" ${(error as Error).message}`,
      '',
    );
  }
}

const FileValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

function applyFile(config: Config, file: string, now: number): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new Why403Error('CONFIG', `cannot read the configuration ${file}`, 'check the path given with --config');
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const broken = document.errors[0];
  if (broken)
    throw new Why403Error(
      'CONFIG',
      `${file}:${counter.linePos(broken.pos[0]).line}: ${broken.message.split('\n')[0]}`,
      'mend the YAML',
    );
  if (document.contents === null) return;
  if (!isMap(document.contents))
    throw new Why403Error('CONFIG', `${file}: is not a list of keys and values`, 'see README, "Configuration"');
  const keys = new Map((Object.keys(OPTIONS) as OptionKey[]).filter((k) => k !== 'logs').map((k) => [yamlName(k), k]));
  for (const pair of document.contents.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    const position = isScalar(pair.key) && pair.key.range ? counter.linePos(pair.key.range[0]).line : 0;
    const where = `${file}:${position}: ${name}`;
    const value = (pair.value as { toJSON(): unknown } | null)?.toJSON() ?? null;
    if (name === 'paths') {
      const paths = z.array(z.string()).safeParse(Array.isArray(value) ? value : [value]);
      if (!paths.success) throw new Why403Error('CONFIG', `${where}: is no list of paths`, '');
      config.paths = paths.data;
      continue;
    }
    if (name === 'logs') {
      config.logs = readLogs(pair.value, where, (node) => `${file}:${lineOf(counter, node, position)}`);
      continue;
    }
    const key = keys.get(name);
    if (!key)
      throw new Why403Error(
        'CONFIG',
        `${where}: there is no such key`,
        `known keys: paths, logs, ${[...keys.keys()].join(', ')}`,
      );
    if (value === null) continue;
    const list = z.array(FileValue).safeParse(Array.isArray(value) ? value : [value]);
    if (!list.success) throw new Why403Error('CONFIG', `${where}: is neither a value nor a list of values`, '');
    set(config, key, key === 'refusedStatus' ? [list.data.join(',')] : list.data, where, now);
  }
}

function lineOf(counter: LineCounter, node: unknown, otherwise: number): number {
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range ? counter.linePos(range[0]).line : otherwise;
}

/** The list `logs:`; every mistake is named with its line. */
function readLogs(node: unknown, where: string, at: (node: unknown) => string): LogSetting[] {
  const wrong = (place: string, problem: string): never => {
    throw new Why403Error('CONFIG', `${place}: logs: ${problem}`, 'see README, "Configuration"');
  };
  if (!isSeq(node))
    throw new Why403Error('CONFIG', `${where}: is no list of logs`, 'write `- path: /var/log/…` under it');
  return node.items.map((entry) => {
    const log: LogSetting = { path: '', dataset: null, format: null, layer: null, timezone: null };
    if (isScalar(entry) && typeof entry.value === 'string') return { ...log, path: entry.value };
    if (!isMap(entry)) return wrong(at(entry), 'an entry is neither a path nor keys and values');
    const places: Record<string, string> = {};
    for (const pair of entry.items) {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const place = at(pair.key);
      places[key] = place;
      if (!(LOG_KEYS as readonly string[]).includes(key))
        return wrong(place, `there is no key "${key}"; known: ${LOG_KEYS.join(', ')}`);
      const value = (pair.value as { toJSON(): unknown } | null)?.toJSON() ?? null;
      if (value === null) continue;
      if (key === 'format' && Array.isArray(value) && value.length > 0 && value.every((x) => typeof x === 'string')) {
        log.format = joinPatterns(value);
        continue;
      }
      if (typeof value !== 'string')
        return wrong(place, `${key} is no text${key === 'format' ? ' and no list of texts' : ''}`);
      if (key === 'layer') log.layer = value as Layer;
      else log[key as 'path' | 'dataset' | 'timezone' | 'format'] = value;
    }
    if (log.path === '') return wrong(at(entry), 'an entry has no path');
    const bad = problemOfLog(log);
    return bad === null ? log : wrong(places[bad.key] ?? at(entry), `${bad.key}: ${bad.problem}`);
  });
}

/** Where the store lies when nobody says it: XDG state directory. */
export function defaultDataDirectory(env: Record<string, string | undefined>): string {
  return join(env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'why403');
}

/** Offset of a zone at a moment, ms: local = UTC + offset. null = the machine's. */
export function zoneOffsetMs(zone: string | null, atMs: number): number {
  if (zone === null) return -new Date(atMs).getTimezoneOffset() * 60_000;
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(new Date(atMs));
  const n = (type: string): number => Number(parts.find((p) => p.type === type)!.value);
  return (
    Date.UTC(n('year'), n('month') - 1, n('day'), n('hour'), n('minute'), n('second')) - Math.floor(atMs / 1000) * 1000
  );
}
