/**
 * HTTPERR: what HTTP.sys of Windows refused or dropped before IIS saw it. `s-reason` is its word for why; a line
 * without a request (an idle connection that was closed) is no access line.
 */
import { isFailure } from '../entry.ts';
import type { Format } from '../parser.ts';
import { compileW3c, fieldsOf } from '../w3c.ts';

const LAYOUT = {
  dataset: 'iis.httperr',
  title: 'HTTP.sys error log (HTTPERR)',
  usualLayer: 'web',
  timePoint: 'decision',
} as const;

function compile(pattern: string): Format {
  const w3c = compileW3c(pattern, LAYOUT);
  return {
    ...w3c,
    parse(line, context) {
      const entry = w3c.parse(line, context);
      if (!isFailure(entry) && entry.httpRequestMethod === null) entry.kind = 'error';
      return entry;
    },
  };
}

const FRONT = 'date time c-ip c-port s-ip s-port cs-version cs-method cs-uri';
const BACK = 'sc-status s-siteid s-reason s-queuename';
/** With `streamid` since HTTP/2 came to Windows, and `transport` since HTTP/3. */
const DEFAULTS = [`${FRONT} ${BACK}`, `${FRONT} streamid ${BACK}`, `${FRONT} streamid ${BACK} transport`].map(
  (pattern) => ({
    columns: pattern.split(' ').length,
    format: compile(pattern),
  }),
);

export const format: Format = {
  ...LAYOUT,
  directive(line) {
    const fields = fieldsOf(line);
    return fields !== null && / s-reason(?: |$)/.test(fields) ? fields : null;
  },
  compile,
  parse(line, context) {
    if (line.charCodeAt(0) === 35 || line.trim() === '') return { failure: 'empty' };
    if (line.charCodeAt(4) !== 45 || line.charCodeAt(10) !== 32 || line.charCodeAt(19) !== 32)
      return { failure: 'format' };
    const words = line.trimEnd().split(' ');
    const layout = DEFAULTS.find((x) => x.columns === words.length);
    // `HTTP/1.1` or `-` in the seventh column, and a reason of letters.
    const [, , , port = '', , , version = ''] = words;
    if (layout === undefined || !/^(?:HTTP\/[\d.]+|-)$/.test(version) || !/^\d+$/.test(port))
      return { failure: 'format' };
    return layout.format.parse(line, context);
  },
};
