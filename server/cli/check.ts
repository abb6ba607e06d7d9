/** `why403 check`: which logs are there, can they be read, in which format, how well, how new, and what to do. */
import { iso } from '../clock.ts';
import type { Config } from '../config.ts';
import { Why403Error } from '../errors.ts';
import { type Source, storedBytes } from '../model/line.ts';
import { plain } from '../model/mask.ts';
import { withScratch } from './scratch.ts';
import { megabytes } from './terminal.ts';

export async function check(config: Config): Promise<number> {
  if (config.paths.length === 0)
    throw new Why403Error('USAGE', 'check needs a path', 'for instance: why403 check /var/log');
  return await withScratch(config, config.paths, (engine) => {
    const sources = engine.ingest.sources();
    const out: string[] = [];
    let failed = engine.ingest.problems.length > 0;
    for (const s of sources) {
      const bad = s.state === 'unreadable' || s.state === 'unrecognised' || (s.parsed === 0 && s.unparsed > 0);
      failed ||= bad;
      out.push(`${bad ? '✗' : s.state === 'empty' ? '·' : '✓'} ${plain(s.path)}`);
      out.push(...describe(s).map((l) => `    ${l}`));
    }
    for (const p of engine.ingest.problems) out.push(`✗ ${plain(p.path)}`, `    ${p.advice}`);
    if (sources.length === 0 && !failed)
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
    process.stdout.write(out.join('\n'));
    return failed ? 1 : 0;
  });
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
  if (s.clockOffsetMs !== 0 || s.timeZoneless)
    lines.push(`clock ${s.clockOffsetMs === 0 ? 'as logged' : `moved by ${s.clockOffsetMs / 1000} s`}: ${s.clockFrom}`);
  for (const sample of s.samples.slice(0, 2))
    lines.push(`line ${sample.line} cannot be read (${sample.reason}): ${plain(sample.text).slice(0, 120)}`);
  if (s.advice) lines.push(s.advice);
  return lines;
}
