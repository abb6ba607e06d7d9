/**
 * HOT. Access logs of a web server or proxy in a layout of their own (nginx `log_format`, Apache `LogFormat` …) whose
 * format string nobody has given: the layout is learned from the lines (`learn.ts`) and kept as a pattern. Without one,
 * each line is read by what it alone tells for certain: who asked for what, when, and the answer.
 */
import type { Entry, Failure } from '../entry.ts';
import { isBlank } from '../fields.ts';
import { inTurn, splitPatterns } from '../joined.ts';
import { learn } from '../learn.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { compileLearned } from '../pattern.learned.ts';

const compile = (pattern: string): Format => inTurn(splitPatterns(pattern).map(compileLearned), pattern);

/** Lines of a log are laid out in few ways: what was compiled is kept. */
const KEPT_MAX = 32;
const kept = new Map<string, Format>();

function formatOf(pattern: string): Format {
  let format = kept.get(pattern);
  if (format === undefined) {
    if (kept.size >= KEPT_MAX) kept.clear();
    format = compile(pattern);
    kept.set(pattern, format);
  }
  return format;
}

function parse(record: string, context: Context): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  const pattern = learn([record]);
  return pattern === null ? { failure: 'format' } : formatOf(pattern).parse(record, context);
}

export const format: Format = {
  dataset: 'generic.access',
  title: 'access log of a layout of its own',
  usualLayer: 'web',
  rank: RANK.learned,
  late: true,
  learn,
  compile,
  parse,
};
