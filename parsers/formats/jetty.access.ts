/**
 * HOT. Jetty's request log in NCSA format, with referrer and agent (extended) or without. Time is the start, in GMT
 * unless told otherwise.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';

export const format: Format = {
  dataset: 'jetty.access',
  title: 'Jetty request log (NCSA)',
  usualLayer: 'app',
  family: 'clf',
  claim: ({ fileName }) => (/jetty|\d{4}_\d\d_\d\d\.request\.log/.test(fileName) ? 0.93 : 0),
  parse: (record) => parseClf(record, 'jetty.access', 'start', false),
};
