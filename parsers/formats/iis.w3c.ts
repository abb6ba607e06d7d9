/**
 * IIS access log in W3C extended format. The `#Fields:` line lays out what follows; without one (the head of the file
 * is gone) the columns that IIS logs by default are tried. `sc-substatus` behind a 403 is IIS' own reason.
 */
import { isFailure } from '../entry.ts';
import type { Format } from '../parser.ts';
import { compileW3c, fieldsOf } from '../w3c.ts';

const LAYOUT = { dataset: 'iis.w3c', title: 'IIS access log (W3C)', usualLayer: 'web', timePoint: 'end' } as const;

const compile = (pattern: string): Format => compileW3c(pattern, LAYOUT);

const FRONT = 'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent)';
const STATUS = 'sc-status sc-substatus sc-win32-status';
/** What IIS 8 and later, 7, and 6 log unless told otherwise. */
const DEFAULTS = [
  `${FRONT} cs(Referer) ${STATUS} time-taken`,
  `${FRONT} ${STATUS} time-taken`,
  `${FRONT} ${STATUS}`,
].map((pattern) => ({ columns: pattern.split(' ').length, format: compile(pattern) }));

function columnsOf(line: string): number {
  let columns = 1;
  for (let at = line.indexOf(' '); at >= 0; at = line.indexOf(' ', at + 1)) columns++;
  return columns;
}

export const format: Format = {
  ...LAYOUT,
  directive(line) {
    const fields = fieldsOf(line);
    if (fields === null || !/(?:^| )(?:cs-method|cs-uri|cs-uri-stem|sc-status)(?: |$)/.test(fields)) return null;
    // HTTP.sys has a log of its own; CloudFront borrowed the head.
    return / s-reason(?: |$)| x-edge-|(?:^|\s)x-host-header/.test(fields) ? null : fields;
  },
  compile,
  late: true,
  parse(line, context) {
    if (line.charCodeAt(0) === 35 || line.trim() === '') return { failure: 'empty' };
    if (line.charCodeAt(4) !== 45 || line.charCodeAt(10) !== 32 || line.charCodeAt(19) !== 32)
      return { failure: 'format' };
    const columns = columnsOf(line.trimEnd());
    const layout = DEFAULTS.find((x) => x.columns === columns);
    if (layout === undefined) return { failure: 'format', field: '#Fields' };
    const entry = layout.format.parse(line, context);
    // Without `#Fields:` the line itself must show that the columns are these.
    return !isFailure(entry) &&
      (entry.httpResponseStatusCode === null || !/^[A-Z_-]+$/.test(entry.httpRequestMethod ?? ''))
      ? { failure: 'format', field: '#Fields' }
      : entry;
  },
};
