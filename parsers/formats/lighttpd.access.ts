/**
 * HOT. lighttpd access log: like combined, with the virtual host in the second column. Time is the end.
 */
import { secondColumnIsHost, shareOf } from '../claims.ts';
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';
import { compileApache } from '../pattern.apache.ts';

export const format: Format = {
  dataset: 'lighttpd.access',
  title: 'lighttpd access log',
  usualLayer: 'web',
  family: 'clf',
  claim({ entries, lines, fileName }) {
    if (fileName.includes('lighttpd')) return 0.95;
    const host = shareOf(entries, (entry) => entry.urlDomain !== null && entry.attributes?.ident === undefined);
    return host > 0.5 && secondColumnIsHost(lines) ? 0.8 : 0;
  },
  compile: (pattern) => compileApache(pattern, 'lighttpd.access', 'end'),
  parse: (record) => parseClf(record, 'lighttpd.access', 'end', true),
};
