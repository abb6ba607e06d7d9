/**
 * HOT. W3C extended log lines of Microsoft's servers: a `#Fields:` line names the columns of the lines after it, until
 * the next one. Columns are separated by one blank and hold none (`+` stands for it), `-` is absent, times are UTC.
 */
import { type Entry, emptyEntry, type Failure, leavesAttributes, type TimePoint } from './entry.ts';
import { addAttribute, addId, decimalOf, domainOf, isUniqueId, numberOf, setTarget } from './fields.ts';
import type { Format } from './parser.ts';
import { read, readIso } from './time.ts';

const FIELDS_MARK = '#Fields: ';

/** The columns that a `#Fields:` line names, null for any other line. */
export function fieldsOf(line: string): string | null {
  return line.startsWith(FIELDS_MARK) ? line.slice(FIELDS_MARK.length).trim() : null;
}

/** Puts the value of a column into its entry; false = it cannot be one of this column. */
export type Setter = (entry: Entry, value: string) => boolean;

const COLUMNS: Record<string, Setter> = {
  'c-ip': (entry, value) => {
    entry.clientAddress = value;
    return true;
  },
  'c-port': (entry, value) => {
    entry.clientPort = numberOf(value);
    return entry.clientPort !== null;
  },
  's-ip': (entry, value) => {
    entry.serverAddress = value;
    return true;
  },
  's-port': (entry, value) => {
    entry.serverPort = numberOf(value);
    return entry.serverPort !== null;
  },
  'cs-method': (entry, value) => {
    entry.httpRequestMethod = value;
    return true;
  },
  'cs-uri-stem': (entry, value) => {
    entry.urlPath = value;
    return true;
  },
  'cs-uri-query': (entry, value) => {
    entry.urlQuery = value;
    return true;
  },
  'cs-uri': (entry, value) => {
    setTarget(entry, value);
    return true;
  },
  'cs-username': (entry, value) => {
    entry.userName = value;
    return true;
  },
  'cs-version': (entry, value) => {
    entry.networkProtocol = value;
    return true;
  },
  'cs-host': (entry, value) => {
    entry.urlDomain = domainOf(value);
    return true;
  },
  'cs(User-Agent)': (entry, value) => {
    entry.userAgentOriginal = blanks(value);
    return true;
  },
  'cs(Referer)': (entry, value) => {
    entry.httpRequestReferrer = value;
    return true;
  },
  'cs(Content-Type)': (entry, value) => {
    entry.httpRequestContentType = blanks(value);
    return true;
  },
  // A cookie is a secret; that there was one is evidence.
  'cs(Cookie)': (entry) => {
    addAttribute(entry, 'cs(Cookie)', '***');
    return true;
  },
  'sc-status': (entry, value) => {
    entry.httpResponseStatusCode = numberOf(value);
    return entry.httpResponseStatusCode !== null && entry.httpResponseStatusCode < 1000;
  },
  'sc-bytes': (entry, value) => {
    entry.httpResponseBodySize = numberOf(value);
    return entry.httpResponseBodySize !== null;
  },
  'time-taken': (entry, value) => {
    entry.durationMs = decimalOf(value);
    return entry.durationMs !== null;
  },
  's-reason': (entry, value) => {
    entry.eventOutcome = value;
    return true;
  },
};

/** IIS writes `+` for a blank; a real plus is `+` too, which cannot be told apart. */
function blanks(value: string): string {
  return value.indexOf('+') < 0 ? value : value.replaceAll('+', ' ');
}

function headerOf(name: string): string | undefined {
  return /^(?:cs\()?(?:request-)?(x-forwarded-for|x-request-id|x-correlation-id|request-id|traceparent)\)?$/i
    .exec(name)?.[1]
    ?.toLowerCase();
}

/** The column makes an attribute and nothing else, whatever its value is. */
export function isAttribute(name: string): boolean {
  return name === 'cs(Cookie)' || (!Object.hasOwn(COLUMNS, name) && headerOf(name) === undefined);
}

export function setterOf(name: string): Setter {
  const known = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
  if (known !== undefined) return known;
  const header = headerOf(name);
  if (header === 'x-forwarded-for') {
    return (entry, value) => {
      entry.forwardedFor = blanks(value);
      return true;
    };
  }
  return (entry, value) => {
    if (header !== undefined && isUniqueId(value)) addId(entry, value);
    else addAttribute(entry, name, value);
    return true;
  };
}

interface Layout {
  dataset: string;
  title: string;
  usualLayer: string;
  timePoint: TimePoint;
}

const FORMAT: Failure = { failure: 'format' };

/** The format of lines with these columns, in the order of `#Fields:`. */
export function compileW3c(pattern: string, layout: Layout): Format {
  const names = pattern.split(/\s+/).filter((name) => name !== '');
  const setters = names.map((name) => (name === 'date' || name === 'time' ? null : setterOf(name)));
  const kept = names.map((name) => name !== 'date' && name !== 'time' && isAttribute(name));
  const date = names.indexOf('date');
  const time = names.indexOf('time');
  const leading = date === 0 && time === 1;
  return {
    ...layout,
    late: true,
    parse(line) {
      if (line.charCodeAt(0) === 35 || line.trim() === '') return { failure: 'empty' };
      let at = 0;
      let timeMs = Number.NaN;
      if (leading) {
        timeMs = readIso(line, 0);
        if (Number.isNaN(timeMs)) return line.charCodeAt(4) === 45 ? { failure: 'time', field: 'date' } : FORMAT;
        // `date time`: nothing but a blank may follow, or it is another product's line.
        if (line.charCodeAt(19) !== 32) return line.length <= 19 ? { failure: 'torn' } : FORMAT;
        at = 20;
      }
      const entry = emptyEntry(layout.dataset, 'access', layout.timePoint);
      let day = '';
      let clock = '';
      for (let i = leading ? 2 : 0; i < setters.length; i++) {
        if (at > line.length) return { failure: 'torn', field: names[i]! };
        let end = line.indexOf(' ', at);
        if (end < 0) end = line.length;
        const setter = setters[i];
        if (leavesAttributes && kept[i]) {
          at = end + 1;
          continue;
        }
        if (setter === null) {
          if (i === date) day = line.slice(at, end);
          else clock = line.slice(at, end);
        } else if (end - at !== 1 || line.charCodeAt(at) !== 45) {
          if (!setter!(entry, line.slice(at, end)))
            return { failure: names[i] === 'sc-status' ? 'status' : 'format', field: names[i]! };
        }
        at = end + 1;
      }
      if (at <= line.length && line.trimEnd().length >= at) return { failure: 'format', field: 'columns' };
      if (!leading && date >= 0 && time >= 0) timeMs = readIso(`${day} ${clock}`, 0);
      if (Number.isNaN(timeMs)) return { failure: 'time', field: date < 0 ? '#Fields' : 'date' };
      entry.timeMs = timeMs;
      entry.timeZoneless = false;
      read.zoneless = false;
      return entry;
    },
  };
}
