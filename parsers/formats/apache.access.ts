/**
 * HOT. Apache httpd access logs: common, combined, vhost_combined, combinedio. Other formats are compiled from
 * their `LogFormat` (pattern.ts). Time is the start of the request.
 */
import { shareOf } from '../claims.ts';
import { parseClf } from '../clf.ts';
import { type Entry, isFailure } from '../entry.ts';
import { isDigits } from '../fields.ts';
import type { Format } from '../parser.ts';
import { compileApache } from '../pattern.apache.ts';
import { skimClf } from '../skim.ts';

/** combinedio: `%I %O` behind the user agent, and nothing else. */
function isCombinedIo({ attributes }: Entry): boolean {
  if (attributes === null) return false;
  const { 'extra.0': received, 'extra.1': sent, 'extra.2': more } = attributes;
  return received !== undefined && sent !== undefined && more === undefined && isDigits(received) && isDigits(sent);
}

export const format: Format = {
  dataset: 'apache.access',
  title: 'Apache access log',
  usualLayer: 'web',
  skim: skimClf,
  family: 'clf',
  claim({ entries, lines, fileName }) {
    // `%v:%p` in front.
    if (shareOf(entries, (entry) => entry.serverPort !== null) > 0.5) return 0.98;
    if (/apache|httpd/.test(fileName)) return 0.91;
    if (shareOf(entries, isCombinedIo) > 0.9) return 0.61;
    // common without referrer and agent is no default of nginx.
    const bare = entries.every((entry) => entry.userAgentOriginal === null && entry.httpRequestReferrer === null);
    return bare && lines.every((line) => !line.endsWith('"')) ? 0.5 : 0.3;
  },
  compile: (pattern) => compileApache(pattern),
  parse(record) {
    const entry = parseClf(record, 'apache.access', 'start', false);
    if (!isFailure(entry) && entry.attributes !== null && isCombinedIo(entry)) {
      entry.attributes.bytes_received = entry.attributes['extra.0']!;
      entry.attributes.bytes_sent = entry.attributes['extra.1']!;
      delete entry.attributes['extra.0'];
      delete entry.attributes['extra.1'];
    }
    return entry;
  },
};
