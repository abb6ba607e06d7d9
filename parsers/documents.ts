/**
 * Documents that hold many records: JSON arrays, `{"Records":[…]}` of AWS, `{"records":[…]}` of Azure, CloudWatch's
 * `logEvents`, Loki's streams, the lists that the Kubernetes API server sends, objects written one behind the other (Kinesis), any of them on one line or spread over
 * many, and journald's export format. `unpack` gives each record as it would stand alone on a line; wrappers around
 * those are `envelope.ts`. Nothing is parsed to find the records, so a document that was cut gives those it has whole.
 */
import { ENVELOPES, type Envelope, nest } from './envelope.ts';
import { isObject, parseObject } from './json.ts';

/** Members that hold the records of a document. */
const LISTS = new Set([
  'records',
  'Records',
  'logEvents',
  'events',
  'streams',
  'result',
  'entries',
  'results',
  'value',
  'items',
]);
/** Only documents begin so; an application's record may have a list of events as well. */
const BEGINS_DOCUMENT =
  /^\{\s*"(?:records|Records|events|streams|entries|results|value|messageType|status"\s*:\s*"success|kind"\s*:\s*"EventList)"/;

/** The objects at the depth of `from`: of an array behind its `[`, or one behind the other. */
function objectsFrom(text: string, from: number): string[] {
  const out: string[] = [];
  let depth = 0;
  let start = -1;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = closing(text, i + 1);
      if (i < 0) break;
    } else if (c === 123 || c === 91) {
      if (depth++ === 0) start = i;
    } else if (c === 125 || c === 93) {
      if (--depth < 0) break;
      if (depth === 0 && text.charCodeAt(start) === 123) out.push(text.slice(start, i + 1));
    }
  }
  return out;
}

/** The quote that ends the string whose first character is at `from`; -1 = none. */
function closing(text: string, from: number): number {
  for (let i = text.indexOf('"', from); i >= 0; i = text.indexOf('"', i + 1)) {
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return i;
    if (i - slashes < from) return i;
  }
  return -1;
}

/** Where the list of records begins in a document's object: behind its `[`; -1 = there is none. */
function listIn(text: string): number {
  if (!BEGINS_DOCUMENT.test(text)) return -1;
  let depth = 0;
  let name = '';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      const end = closing(text, i + 1);
      if (end < 0) return -1;
      if (depth <= 2) name = text.slice(i + 1, end);
      i = end;
    } else if (c === 91) {
      if (LISTS.has(name) && /^\s*\{/.test(text.slice(i + 1, i + 200))) return i + 1;
      depth++;
    } else if (c === 123) depth++;
    else if (c === 125 || c === 93) depth--;
  }
  return -1;
}

/** Loki: `{"stream":{…},"values":[["1763805421123456789","line"]]}`. */
function lokiLines(text: string): string[] | null {
  if (text.indexOf('"values"') < 0) return null;
  const json = parseObject(text);
  if (json === null || !Array.isArray(json.values) || !isObject(json.stream)) return null;
  return json.values.flatMap((value: unknown) =>
    Array.isArray(value) && typeof value[1] === 'string'
      ? [JSON.stringify({ timestamp: String(value[0]), line: value[1], labels: json.stream })]
      : [],
  );
}

/** Line breaks in JSON stand between members only. */
function onOneLine(text: string): string {
  return text.indexOf('\n') < 0 ? text : text.replace(/\r?\n\s*/g, ' ');
}

function unpackJson(record: string): string[] | null {
  const text = record.trim();
  const c = text.charCodeAt(0);
  if (c !== 123 && c !== 91) return null;
  const objects = objectsFrom(text, c === 91 ? 1 : 0);
  // Cut before its end: the objects inside are whole.
  if (objects.length === 0 && c === 123) objects.push(text);
  const out: string[] = [];
  for (const object of objects) {
    const list = listIn(object);
    const inner = list < 0 ? [object] : objectsFrom(object, list);
    for (const one of inner) out.push(...(lokiLines(one) ?? [onOneLine(one)]));
  }
  return out.length === 0 ? null : out;
}

/** A line that is only an opening brace: an object spread over lines begins. */
function opens(line: string): boolean {
  return line.endsWith('{') && line.trim() === '{';
}

const documents: Envelope = {
  name: 'documents',
  isSyslog: false,
  peel: (line) => line,
  starts: opens,
  ends(line, first) {
    const indent = first.indexOf('{');
    const text = line.trimEnd();
    return text.length <= indent + 2 && text.charCodeAt(indent) === 125 && text.slice(0, indent).trim() === '';
  },
  unpack: unpackJson,
};

/** Some fields may hold binary data: name alone, then 8 bytes of length and the data. NULs are gone when it comes here. */
function unpackExport(record: string): string[] | null {
  const json: Record<string, string> = Object.create(null);
  const lines = record.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const equals = line.indexOf('=');
    if (equals > 0 && /^[A-Z_0-9]+$/.test(line.slice(0, equals))) json[line.slice(0, equals)] = line.slice(equals + 1);
    else if (/^[A-Z_0-9]+$/.test(line)) {
      let value = lines[++i] ?? '';
      while (i + 1 < lines.length && !/^[A-Z_0-9]+(?:=|$)/.test(lines[i + 1]!)) value += `\n${lines[++i]}`;
      json[line] = value.slice(lengthBytes(value));
    }
  }
  return json.MESSAGE === undefined || json.__REALTIME_TIMESTAMP === undefined ? null : [JSON.stringify(json)];
}

/** How many characters of the length are left in front of the data, without its NULs. */
function lengthBytes(value: string): number {
  const low = value.charCodeAt(0);
  for (let bytes = 1; bytes <= 3 && bytes < value.length; bytes++) {
    const size = Buffer.byteLength(value.slice(bytes));
    // A byte of 128 or more is no UTF-8 and was replaced.
    if ((size & 255) === low || (low === 0xfffd && (size & 255) >= 128)) {
      if ((bytes === 1 && size < 256) || (bytes === 2 && size >= 256) || (bytes === 3 && size >= 65_536)) return bytes;
    }
  }
  return 1;
}

const journaldExport: Envelope = {
  name: 'journald-export',
  isSyslog: false,
  peel: (line) => line,
  starts: (line) => line.startsWith('__CURSOR='),
  unpack: unpackExport,
};

export const DOCUMENTS: Envelope[] = [documents, journaldExport];

/** The lines of a sample as records of the document, taken apart. */
function unpackAll(lines: string[], document: Envelope): string[] {
  const out: string[] = [];
  for (let i = 0; i < lines.length; ) {
    const first = i++;
    if (document.starts?.(lines[first]!)) {
      while (i < lines.length) {
        if (document.ends === undefined ? document.starts(lines[i]!) : document.ends(lines[i]!, lines[first]!)) break;
        i++;
      }
      if (document.ends !== undefined) i++;
    }
    out.push(...(document.unpack?.(lines.slice(first, i).join('\n')) ?? []));
  }
  return out;
}

/** The document that these lines are, with its records; null = a line is a record. */
export function findDocument(lines: string[]): { document: Envelope; records: string[] } | null {
  const first = lines[0]?.trimStart() ?? '';
  if (first.startsWith('__CURSOR=')) return found(journaldExport, lines);
  const c = first.charCodeAt(0);
  if (c !== 123 && c !== 91) return null;
  // Spread over lines.
  if (first === '{' || first === '[' || (first.endsWith('[') && BEGINS_DOCUMENT.test(first)) || first === '[{')
    return found(documents, lines);
  let packed = 0;
  for (const line of lines) {
    const head = line.slice(0, 300);
    if (/^\s*\[\s*\{/.test(head) || BEGINS_DOCUMENT.test(head)) packed++;
    else if (line.indexOf('}{"') > 0 && objectsFrom(line, 0).length > 1) packed++;
  }
  return packed >= lines.length / 2 ? found(documents, lines) : null;
}

function found(document: Envelope, lines: string[]): { document: Envelope; records: string[] } | null {
  const records = unpackAll(lines, document);
  return records.length === 0 ? null : { document, records };
}

/** The wrapper that `nest` or the lists gave this name; null = a newer or older version knows it. */
export function envelopeNamed(name: string): Envelope | null {
  const parts = name.split('>').map((part) => [...DOCUMENTS, ...ENVELOPES].find((x) => x.name === part));
  let envelope: Envelope | null = null;
  for (const part of parts.reverse()) {
    if (part === undefined) return null;
    envelope = envelope === null ? part : nest(part, envelope);
  }
  return envelope;
}
