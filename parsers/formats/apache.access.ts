/**
 * HOT. Apache httpd access logs: common, combined, vhost_combined, combinedio. Other formats are compiled from
 * their `LogFormat` (pattern.ts). Time is the start of the request.
 */
import { parseClf } from '../clf.ts';
import { isFailure } from '../entry.ts';
import { isDigits } from '../fields.ts';
import type { Format } from '../parser.ts';

export const format: Format = {
  dataset: 'apache.access',
  title: 'Apache access log',
  usualLayer: 'web',
  parse(record) {
    const entry = parseClf(record, 'apache.access', 'start', false);
    if (!isFailure(entry) && entry.attributes !== null) {
      // combinedio: `%I %O` behind the user agent.
      const { 'extra.0': received, 'extra.1': sent, 'extra.2': more } = entry.attributes;
      if (received !== undefined && sent !== undefined && more === undefined && isDigits(received) && isDigits(sent)) {
        delete entry.attributes['extra.0'];
        delete entry.attributes['extra.1'];
        entry.attributes.bytes_received = received;
        entry.attributes.bytes_sent = sent;
      }
    }
    return entry;
  },
};
