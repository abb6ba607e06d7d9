/**
 * HOT. Access log of LiteSpeed and OpenLiteSpeed: combined, also with the virtual host in front. Time is the start.
 */
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';
import { compileApache } from '../pattern.apache.ts';

export const format: Format = {
  dataset: 'litespeed.access',
  title: 'LiteSpeed access log',
  usualLayer: 'web',
  family: 'clf',
  claim: ({ fileName }) => (/litespeed|\blsws\b/.test(fileName) ? 0.95 : 0),
  compile: (pattern) => compileApache(pattern, 'litespeed.access', 'start'),
  parse: (record) => parseClf(record, 'litespeed.access', 'start', false),
};
