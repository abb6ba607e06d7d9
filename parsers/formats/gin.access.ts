/**
 * Access lines of Gin, Go's web framework: `[GIN] 2025/11/22 - 09:57:01 | 403 | 412.3µs | 203.0.113.9 | GET "/x"`.
 * KrakenD writes the same lines among its own and reads them in `krakend.ts`, where they come from it.
 */
import { type Entry, type Failure, isFailure } from '../entry.ts';
import { isBlank } from '../fields.ts';
import { type Context, type Format, RANK } from '../parser.ts';
import { format as krakend } from './krakend.ts';

function parse(record: string, context: Context): Entry | Failure {
  const at = record.indexOf('[GIN] ');
  if (isBlank(record)) return { failure: 'empty' };
  if (at < 0 || at > 12) return { failure: 'format' };
  const entry = krakend.parse(record, context);
  if (!isFailure(entry)) entry.dataset = 'gin.access';
  return entry;
}

export const format: Format = {
  dataset: 'gin.access',
  title: 'Gin access log',
  usualLayer: 'app',
  rank: RANK.shared,
  late: true,
  parse,
};
