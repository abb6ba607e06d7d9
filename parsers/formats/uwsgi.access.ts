/**
 * uWSGI's own request lines: `[pid: 411|app: 0|req: 7/19] 203.0.113.9 (jo) {42 vars in 712 bytes} [Sat Nov 22 09:57:01
 * 2025] GET /x => generated 9 bytes in 13 msecs (HTTP/1.1 403) 2 headers in 79 bytes (1 switches on core 0)`. The time
 * is the request's beginning, in local time. What the application prints lies between them.
 */
import { type Entry, emptyEntry, type Failure } from '../entry.ts';
import { isAddress, isBlank, isMethod, setTarget } from '../fields.ts';
import type { Format } from '../parser.ts';
import { read, readCtime } from '../time.ts';

const HEAD = '[pid: ';
const CLIENT = /^\[pid: (\d+)\|app: -?\d*\|req: [-\d]+\/[-\d]+\] ([^()]*) \((.*?)\) \{\d+ vars in \d+ bytes\} \[/;
/** Between method and target a blank, and in front of the arrow: a target with an arrow of its own ends at the last. */
const REQUEST =
  /^\] ([A-Z-]{1,20}) (.*) => generated (\d+) bytes in (\d+) (msecs|micros)\b(?: via \S+)? \((\S+) (\d{3})\)/;

function parse(record: string): Entry | Failure {
  if (isBlank(record)) return { failure: 'empty' };
  if (!record.startsWith(HEAD)) return { failure: 'format' };
  const head = CLIENT.exec(record);
  if (head === null) return { failure: record.includes(' bytes} [') ? 'format' : 'torn' };
  const [opening, pid = '', client = '', user = ''] = head;
  const timeMs = readCtime(record, opening.length);
  if (Number.isNaN(timeMs)) return { failure: 'time', field: 'time' };
  const request = REQUEST.exec(record.slice(read.end));
  if (request === null) return { failure: / core \d+\)\s*$/.test(record) ? 'format' : 'torn' };
  const [, method = '', target = '', size, took, unit, protocol = '', status] = request;
  if (!isMethod(method)) return { failure: 'format', field: 'method' };
  const entry = emptyEntry('uwsgi.access', 'access', 'start');
  entry.timeMs = timeMs;
  entry.timeZoneless = read.zoneless;
  entry.processId = pid;
  // Empty where the server in front passes no address; with `log-x-forwarded-for` it is that header, whole.
  const comma = client.indexOf(',');
  const first = comma < 0 ? client : client.slice(0, comma);
  if (isAddress(first)) entry.clientAddress = first;
  if (comma >= 0) entry.forwardedFor = client;
  if (user !== '' && user !== '-') entry.userName = user;
  entry.httpRequestMethod = method;
  setTarget(entry, target);
  entry.networkProtocol = protocol;
  entry.httpResponseStatusCode = Number(status);
  entry.httpResponseBodySize = Number(size);
  entry.durationMs = unit === 'micros' ? Number(took) / 1000 : Number(took);
  return entry;
}

export const format: Format = {
  dataset: 'uwsgi.access',
  title: 'uWSGI request log',
  usualLayer: 'app',
  parse,
};
