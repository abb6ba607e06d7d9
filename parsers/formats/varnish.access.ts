/**
 * HOT. varnishncsa: combined, with the URL of the request in full (`GET http://host/path HTTP/1.1`), often with
 * `%{Varnish:handling}x` behind. Time is the start.
 */
import { shareOf } from '../claims.ts';
import { parseClf } from '../clf.ts';
import type { Format } from '../parser.ts';
import { compileApache } from '../pattern.apache.ts';

export const format: Format = {
  dataset: 'varnish.access',
  title: 'Varnish access log (varnishncsa)',
  usualLayer: 'cdn',
  family: 'clf',
  claim({ entries, lines, fileName }) {
    if (fileName.includes('varnish')) return 0.94;
    if (shareOf(entries, (entry) => entry.eventOutcome !== null) > 0.5) return 0.93;
    // It writes the URL in full; others only for clients that take them for a proxy.
    const full = lines.filter((line) => line.includes(' http://') || line.includes(' https://')).length;
    return lines.length >= 3 && full > lines.length * 0.9 && shareOf(entries, (entry) => entry.urlDomain !== null) > 0.9
      ? 0.63
      : 0;
  },
  compile: (pattern) => compileApache(pattern, 'varnish.access', 'start'),
  parse: (record) => parseClf(record, 'varnish.access', 'start', false),
};
