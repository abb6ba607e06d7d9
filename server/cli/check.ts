/**
 * `why403 check`: which logs are there, can they be read, in which format, how well, how new, and what to do. Of the
 * configuration of a server: every log that it names, what keeps reasons out of them, and the `why403.yaml` to use.
 */
import { globSync } from 'node:fs';
import { stringify } from 'yaml';
import { splitPatterns } from '../../parsers/layout.ts';
import { iso } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ConfiguredLog, ServerConfig } from '../configs/configured.ts';
import { Why403Error } from '../errors.ts';
import { isMeant } from '../ingest/given.ts';
import { guessLayer } from '../ingest/layer.ts';
import { type Source, storedBytes } from '../model/line.ts';
import { plain } from '../model/mask.ts';
import { meant, settingsOf } from './meant.ts';
import { obstacleTo, remedyFor } from './readable.ts';
import { withScratch } from './scratch.ts';
import { megabytes } from './terminal.ts';

export async function check(config: Config): Promise<number> {
  if (config.paths.length === 0 && config.follows.length === 0)
    throw new Why403Error('USAGE', 'check needs a path', 'for instance: why403 check /var/log');
  const { configs } = meant(config, config.paths);
  return await withScratch(config, config.paths, (engine) => {
    const sources = engine.ingest.sources();
    const out: string[] = [];
    let failed = engine.ingest.problems.length > 0;
    for (const server of configs) {
      const { lines, closed } = describeConfig(server, config);
      out.push(...lines, '');
      failed ||= closed;
    }
    for (const s of sources) {
      const bad = s.state === 'unreadable' || s.state === 'unrecognised' || (s.parsed === 0 && s.unparsed > 0);
      failed ||= bad;
      out.push(`${bad ? '✗' : s.state === 'empty' ? '·' : '✓'} ${plain(s.path)}`);
      out.push(...describe(s).map((l) => `    ${l}`));
    }
    const told = new Set(configs.flatMap((c) => c.logs.map((log) => log.path)));
    for (const p of engine.ingest.problems) if (!told.has(p.path)) out.push(`✗ ${plain(p.path)}`, `    ${p.advice}`);
    if (sources.length === 0 && !failed && configs.length === 0)
      throw new Why403Error(
        'NOTHING_TO_READ',
        `there is no log file in ${config.paths.join(' ')}`,
        'give the directory that holds access.log, error.log or the like',
      );
    const refused = engine.questions.countRefusals({ sinceMs: null, untilMs: null, where: [] });
    out.push(
      '',
      `${sources.length} log${sources.length === 1 ? '' : 's'}, ${refused} refused request${refused === 1 ? '' : 's'}.`,
      '',
    );
    if (configs.length > 0) out.push(...yamlOf(configs, config));
    process.stdout.write(out.join('\n'));
    return failed ? 1 : 0;
  });
}

const STATES = { open: '✓', closed: '✗', missing: '·', elsewhere: '·' } as const;

/** A server's configuration: its logs, and what it keeps from being logged. `closed`: one of them may not be read. */
function describeConfig(server: ServerConfig, config: Config): { lines: string[]; closed: boolean } {
  const more = server.files.length - 1;
  const lines = [
    `${server.product}: ${plain(server.entry)}${more > 0 ? ` and ${more} file${more === 1 ? '' : 's'} more` : ''}`,
  ];
  let closed = false;
  for (const log of server.logs) {
    const { state, says } = stateOf(log);
    closed ||= state === 'closed';
    const layer = guessLayer(log.path ?? log.target, log.dataset, layersOf(config)).layer;
    lines.push(`${STATES[state]} ${plain(log.path ?? log.target)}`);
    const format = log.formatName === null ? '' : `, format ${log.formatName}${log.builtIn ? '' : ' (compiled)'}`;
    const where = log.line === 0 ? log.file : `${log.file}:${log.line}`;
    lines.push(`    ${log.kind}${format}: ${log.dataset}, layer ${layer}, from ${plain(where)}`);
    for (const note of [...(says === null ? [] : [says]), ...log.notes]) lines.push(`    ${plain(note)}`);
  }
  if (server.logs.length === 0) lines.push('· it names no log');
  for (const a of server.advice) lines.push(`! ${plain(a.text)}`, `    ${plain(a.file)}:${a.line}`);
  for (const p of server.problems) lines.push(`! ${plain(p.path)} was not read: ${p.errno}`);
  return { lines, closed };
}

function stateOf(log: ConfiguredLog): { state: keyof typeof STATES; says: string | null } {
  if (log.path === null) return { state: 'elsewhere', says: null };
  const found = /[*?[\]{}]/.test(log.path) ? globSync(log.path).slice(0, 1) : [log.path];
  if (found[0] === undefined) return { state: 'missing', says: 'no such file yet' };
  const obstacle = obstacleTo(found[0]);
  if (obstacle === null) return { state: 'open', says: null };
  return obstacle === 'missing'
    ? {
        state: 'missing',
        says: 'no such file yet: nothing was logged, or it is written in a container or on another host',
      }
    : { state: 'closed', says: remedyFor(obstacle) };
}

const layersOf = (config: Config) =>
  config.layers.map((l) => ({ layer: l.layer, matches: (p: string) => isMeant(p, l.pattern) }));

/** The file that says all this once and for all. */
function yamlOf(configs: readonly ServerConfig[], config: Config): string[] {
  const logs = settingsOf(configs).map((log) => {
    const formats = log.format === null ? [] : splitPatterns(log.format);
    const plainPath = log.path.replace(/\*$/, '');
    return {
      path: log.path,
      layer: guessLayer(plainPath, log.dataset, layersOf(config)).layer,
      ...(log.dataset === null ? {} : { dataset: log.dataset }),
      ...(formats.length === 0 ? {} : { format: formats.length === 1 ? formats[0] : formats }),
    };
  });
  if (logs.length === 0) return [];
  return [
    '# why403.yaml — keep it and say: why403 serve -c why403.yaml',
    stringify({ logs }, { lineWidth: 0, singleQuote: true }),
  ];
}

function describe(s: Source): string[] {
  if (s.reader === null) return [s.advice ?? s.state];
  const total = s.parsed + s.unparsed;
  const share = total === 0 ? 0 : (100 * s.parsed) / total;
  const from = {
    given: 'as given',
    path: 'by its folder or name',
    product: 'where this product usually stands',
    none: 'a guess',
  }[s.layerFrom];
  const lines = [
    `${s.reader.dataset}${s.reader.envelope ? ` in ${s.reader.envelope}` : ''}, ${s.lines.toLocaleString('en')} lines (${megabytes(storedBytes(s))}), ${share === 100 ? 'all' : `${share.toFixed(1)} %`} read`,
    `layer ${s.layer} (${from}), newest ${s.newestEventMs === null ? 'unknown' : `${iso(s.newestEventMs + s.clockOffsetMs).slice(0, 19)}Z`}`,
  ];
  if (s.reader.dataset === 'generic.access' && s.reader.pattern !== null)
    for (const layout of splitPatterns(s.reader.pattern))
      lines.push(`layout ${plain(layout)} (learned from its lines; --log with format= says it for certain)`);
  if (s.clockOffsetMs !== 0 || s.timeZoneless)
    lines.push(`clock ${s.clockOffsetMs === 0 ? 'as logged' : `moved by ${s.clockOffsetMs / 1000} s`}: ${s.clockFrom}`);
  for (const sample of s.samples.slice(0, 2))
    lines.push(`line ${sample.line} cannot be read (${sample.reason}): ${plain(sample.text).slice(0, 120)}`);
  if (s.advice) lines.push(s.advice);
  return lines;
}
