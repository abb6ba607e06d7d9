/**
 * HOT. nginx access logs: combined (built in), main (the packaged nginx.conf), ingress-nginx, and either of them
 * with more fields behind. Other formats are compiled from their `log_format` (pattern.ts). Time is the end.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';

export const format: Format = {
  dataset: 'nginx.access',
  title: 'nginx access log',
  usualLayer: 'web',
  parse: (record) => parseClf(record, 'nginx.access', 'end', false),
};
