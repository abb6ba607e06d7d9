/**
 * HOT. lighttpd access log: like combined, with the virtual host in the second column. Time is the end.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';

export const format: Format = {
  dataset: 'lighttpd.access',
  title: 'lighttpd access log',
  usualLayer: 'web',
  parse: (record) => parseClf(record, 'lighttpd.access', 'end', true),
};
