/**
 * IIS access log as events of Windows (ETW provider Microsoft-Windows-IIS-Logging, event 6200), as XML: the columns
 * of the W3C log are the event's data, by the same names.
 */
import { isFailure } from '../entry.ts';
import type { Format } from '../parser.ts';
import { compileW3c } from '../w3c.ts';

const LAYOUT = {
  dataset: 'iis.xml',
  title: 'IIS access log (Windows event)',
  usualLayer: 'web',
  timePoint: 'end',
} as const;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** All events of a server have the same data. */
let last = { pattern: '', format: compileW3c('', LAYOUT) };

export const format: Format = {
  ...LAYOUT,
  parse(record, context) {
    if (record.trim() === '') return { failure: 'empty' };
    if (!record.startsWith('<Event ') || !record.includes('Microsoft-Windows-IIS-Logging'))
      return { failure: 'format' };
    if (!record.trimEnd().endsWith('</Event>')) return { failure: 'torn' };
    const names: string[] = [];
    const values: string[] = [];
    for (const match of record.matchAll(/<Data Name=["']([^"'<>]{1,60})["']\s*(?:\/>|>([^<]*)<\/Data>)/g)) {
      const text = (match[2] ?? '').replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
      names.push(match[1]!);
      // No column of the W3C log holds a blank.
      values.push(text.trim() === '' ? '-' : text.trim().replaceAll(/\s/g, '+'));
    }
    // Our own columns, so that the same reader may read them.
    const pattern = names.map((name) => XML_NAMES[name] ?? name).join(' ');
    if (pattern !== last.pattern) last = { pattern, format: compileW3c(pattern, LAYOUT) };
    const entry = last.format.parse(values.join(' '), context);
    if (!isFailure(entry) && entry.attributes !== null) delete entry.attributes.EnabledFieldsFlags;
    return entry;
  },
};

/** The event calls headers by words. */
const XML_NAMES: Record<string, string> = {
  'csUser-Agent': 'cs(User-Agent)',
  csCookie: 'cs(Cookie)',
  csReferer: 'cs(Referer)',
};
