/**
 * mod_log_forensic: `+ID|request line|Header:value|…` when a request begins and `-ID` when it has ended; one without the
 * other is a request that killed its process. No time and no client: the id (UNIQUE_ID) ties it to other lines.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { addAttribute, addId, domainOf, isUniqueId, known, setRequestLine } from '../fields.ts';
import type { Format } from '../parser.ts';

const DATASET = 'apache.forensic';
const HEADERS_MAX = 100;

/** `%3a` for what would part fields. */
function decode(text: string): string {
  return text.indexOf('%') < 0
    ? text
    : text.replace(/%(0[0-9a-f]|1[0-9a-f]|25|3a|7c|7f)/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
}

function setHeader(entry: Entry, name: string, value: string): void {
  switch (name) {
    case 'host':
      entry.urlDomain = domainOf(value);
      return;
    case 'user-agent':
      entry.userAgentOriginal = known(value);
      return;
    case 'referer':
      entry.httpRequestReferrer = known(value);
      return;
    case 'content-type':
      entry.httpRequestContentType = known(value);
      return;
    case 'x-forwarded-for':
      entry.forwardedFor = known(value);
      return;
    case 'authorization':
    case 'cookie':
    case 'x-api-key':
      addAttribute(entry, `request.header.${name}`, '***');
      return;
    case 'x-request-id':
      if (isUniqueId(value)) addId(entry, value);
      else addAttribute(entry, `request.header.${name}`, value);
      return;
    default:
      addAttribute(entry, `request.header.${name}`, value);
  }
}

export const format: Format = {
  dataset: DATASET,
  title: 'Apache forensic log',
  usualLayer: 'web',
  late: true,
  parse(record): Entry | Failure {
    const line = record.trimEnd();
    if (line === '') return { failure: 'empty' };
    const sign = line.charCodeAt(0);
    if (sign !== 43 && sign !== 45) return { failure: 'format' };
    const bar = line.indexOf('|');
    const id = line.slice(1, bar < 0 ? line.length : bar);
    if (!/^[\w@:.-]{8,60}$/.test(id) || (sign === 45 && bar >= 0)) return { failure: 'format' };
    if (sign === 43 && bar < 0) return { failure: 'torn' };
    const entry = emptyEntry(DATASET, 'error', sign === 43 ? 'start' : 'end');
    addId(entry, id);
    entry.eventOutcome = sign === 43 ? 'begin' : 'end';
    if (sign === 45) return entry;
    const [request = '', ...headers] = line.slice(bar + 1).split('|', HEADERS_MAX);
    setRequestLine(entry, decode(request));
    for (const header of headers) {
      const colon = header.indexOf(':');
      if (colon > 0) setHeader(entry, header.slice(0, colon).toLowerCase(), decode(header.slice(colon + 1)));
    }
    return entry;
  },
  claim: ({ entries }) => (entries.some((entry) => entry.httpRequestMethod !== null) ? 1 : 0),
};
