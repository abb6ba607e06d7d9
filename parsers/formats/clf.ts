/**
 * HOT. Any access log that begins like common or combined, whoever wrote it: varnishncsa, gunicorn, morgan,
 * Tomcat, Jetty … What stands behind the known fields is kept and named.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';

export const format: Format = {
  dataset: 'clf',
  title: 'access log like Common Log Format',
  usualLayer: null,
  parse: (record) => parseClf(record, 'clf', 'end', false),
};
