/**
 * Apache `ErrorLogFormat`. Fields stand between blanks; one whose item says nothing is left out with everything in it,
 * so each is optional that does not hold something that is always there. `\ ` is a blank inside a field, `% ` parts two
 * fields without writing one. The string becomes one regular expression: items are told from each other by how they look.
 */
import { type Entry, emptyEntry, type Failure } from './entry.ts';
import { addAttribute, addId, domainOf, isBlank, known, numberOf, setClientPeer, unescapeText } from './fields.ts';
import type { Context, Format } from './parser.ts';
import { requestHeader, type Setter } from './pattern.items.ts';
import { newScratch } from './pattern.ts';
import { read, readCtime, readIso } from './time.ts';

/** What a module says: read as in the usual layout. */
export type SetMessage = (entry: Entry, text: string) => void;
/** `authz_core:error` and alike: the level's name and who spoke. */
export type ReadLevel = (word: string) => string | null;

interface Item {
  /** How it looks, one group. */
  source: string;
  /** It is in every line, or `-` stands for it. */
  always: boolean;
  set(entry: Entry, value: string): void;
}

interface Field {
  source: string;
  items: Item[];
  always: boolean;
  /** A blank is written in front of it. */
  blank: boolean;
  message: boolean;
}

const TIME = '([A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d [\\d:.]+ \\d{4}|\\d{4}-\\d\\d-\\d\\d[ T][\\d:.]+)';
const LEVEL = '(emerg|alert|crit|error|warn|notice|info|debug|trace\\d|-)';

function setTime(entry: Entry, value: string): void {
  const ms = readCtime(value, 0);
  entry.timeMs = Number.isNaN(ms) ? readIso(value, 0) : ms;
  entry.timeZoneless = read.zoneless;
}

const named =
  (name: string) =>
  (entry: Entry, value: string): void =>
    addAttribute(entry, name, value);

const scratch = newScratch();
const throughSetter =
  (set: Setter) =>
  (entry: Entry, value: string): void => {
    set(entry, value, scratch);
  };

/** `until`: the text behind the item, '' = its field ends there. */
function itemOf(letter: string, argument: string, until: string, last: boolean, readLevel: ReadLevel): Item {
  const word = (set: Item['set'], source = '([^\\s\\]]+)', always = false): Item => ({ source, always, set });
  switch (letter) {
    case 't':
      return word(setTime, TIME, true);
    case 'l':
      return word(
        (entry, value) => {
          entry.logLevel = readLevel(value);
        },
        LEVEL,
        true,
      );
    case 'm':
      return word((entry, value) => {
        entry.logLogger = known(value);
      }, '([a-z0-9_]+|-)');
    case 'P':
      return word(
        (entry, value) => {
          entry.processId = known(value);
        },
        '(\\d+|-)',
        true,
      );
    case 'T':
      return word(named('tid'), '(\\d+|-)');
    case 'a':
      return argument === 'c'
        ? word(named('peer'), '([\\da-fA-F.:]+|-)')
        : word((entry, value) => {
            if (value !== '-') setClientPeer(entry, value);
          }, '([\\da-fA-F.:]+|-)');
    case 'A':
      return word((entry, value) => {
        const colon = value.lastIndexOf(':');
        entry.serverAddress = known(colon > 0 ? value.slice(0, colon) : value);
        entry.serverPort = colon > 0 ? numberOf(value.slice(colon + 1)) : null;
      }, '([\\da-fA-F.:]+|-)');
    case 'E':
      return word((entry, value) => {
        const close = value.indexOf(')');
        entry.errorCode = known(value.slice(1, close < 0 ? 1 : close));
        if (close > 0) addAttribute(entry, 'error.message', value.slice(close + 1));
      }, '(\\(\\d{1,6}\\)[^:\\]]{1,120}|-)');
    case 'F':
      return word(named('source'), '([\\w./-]{1,120}\\(\\d+\\)|-)');
    case 'L':
      return argument.toLowerCase() === 'c'
        ? word((entry, value) => {
            entry.connectionId = known(value);
          })
        : word((entry, value) => addId(entry, value));
    case 'k':
      return word(named('keepalive'), '(\\d+|-)');
    case 'v':
    case 'V':
      return word(
        (entry, value) => {
          entry.urlDomain = domainOf(value);
        },
        '([\\w.:-]+)',
        letter === 'v',
      );
    default: {
      const set =
        letter === 'i'
          ? throughSetter(requestHeader(argument).set)
          : argument === 'UNIQUE_ID'
            ? (entry: Entry, value: string) => addId(entry, value)
            : named(argument === '' ? `%${letter}` : argument);
      // Headers hold blanks; the module that writes them escapes nothing that could end them here but line breaks.
      const stop = until.charAt(0);
      const source = stop !== '' && stop !== ' ' ? `([^${escaped(stop)}\\n]*)` : last ? '([^\\n]*)' : '(\\S+)';
      return word((entry, value) => {
        if (value !== '' && value !== '-') set(entry, unescapeText(value));
      }, source);
    }
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

const ITEM = /^%([-+]?)(\d{0,2})(?:\{([^}]*)\})?([A-Za-z])/;

/** Fields, split at blanks that are not escaped. */
function fieldsOf(pattern: string, readLevel: ReadLevel): Field[] {
  const fields: Field[] = [];
  const begin = (blank: boolean): Field => ({ source: '', items: [], always: true, blank, message: false });
  let field = begin(false);
  const end = (blank: boolean): void => {
    if (field.source !== '') fields.push(field);
    field = begin(blank);
  };
  for (let i = 0; i < pattern.length; ) {
    const c = pattern.charAt(i);
    if (c === ' ') {
      end(true);
      i++;
    } else if (c === '\\' && i + 1 < pattern.length) {
      const next = pattern.charAt(i + 1);
      field.source += escaped(next === 't' ? '\t' : next === 'n' ? '\n' : next);
      i += 2;
    } else if (c === '%' && pattern.charAt(i + 1) === ' ') {
      end(false);
      i += 2;
    } else if (c === '%' && pattern.charAt(i + 1) === '%') {
      field.source += '%';
      i += 2;
    } else {
      const match = c === '%' ? ITEM.exec(pattern.slice(i, i + 200)) : null;
      if (match === null) {
        field.source += escaped(c);
        i++;
        continue;
      }
      i += match[0].length;
      const letter = match[4]!;
      if (letter === 'M') {
        field.message = true;
        field.source += '([^]*)';
        field.items.push({ source: '', always: true, set() {} });
        continue;
      }
      const rest = /^(?:\\.|[^%\s\\])*/.exec(pattern.slice(i))![0].replace(/\\(.)/g, '$1');
      const item = itemOf(letter, match[3] ?? '', rest, pattern.slice(i).indexOf('%') < 0, readLevel);
      field.source += item.source;
      field.items.push(item);
      if (!item.always && match[1] === '') field.always = false;
    }
  }
  end(false);
  return fields;
}

/** So many fields behind the message may be missing; more are taken for always there. */
const BEHIND_MAX = 4;

interface Way {
  regexp: RegExp;
  items: Item[];
}

/** What stands behind the message is looked for from the last way to the first: all of it, some of it, none. */
function waysOf(fields: Field[], setMessage: SetMessage): Way[] {
  const at = fields.findIndex((field) => field.message);
  const behind = at < 0 ? [] : fields.slice(at + 1);
  const optional = behind.filter((field) => !field.always).slice(0, BEHIND_MAX);
  const ways: Way[] = [];
  for (let missing = 0; missing < 1 << optional.length; missing++) {
    const kept = fields.filter((field) => {
      const index = optional.indexOf(field);
      return index < 0 || (missing & (1 << index)) === 0;
    });
    let source = '^';
    const items: Item[] = [];
    kept.forEach((field, i) => {
      const text = `${field.blank && i > 0 ? ' ?' : ''}${field.source}`;
      source += field.always || behind.includes(field) ? text : `(?:${text})?`;
      for (const one of field.items) items.push(field.message && one.source === '' ? { ...one, set: setMessage } : one);
    });
    ways.push({ regexp: new RegExp(`${source}\\s*$`), items });
  }
  return ways;
}

/** The format of lines that this `ErrorLogFormat` lays out; the whole directive, or what stands between its quotes. */
export function compileApacheError(pattern: string, setMessage: SetMessage, readLevel: ReadLevel): Format {
  const directive = /^\s*ErrorLogFormat\s+(?:(?:connection|request)\s+)?"((?:\\.|[^"\\])*)"/i.exec(pattern);
  const fields = fieldsOf(directive === null ? pattern : directive[1]!.replaceAll('\\"', '"'), readLevel);
  const ways = waysOf(fields, setMessage);
  // The beginning of a record is all that stands in front of the message, if anything there is always there.
  const front = fields.slice(
    0,
    Math.max(
      0,
      fields.findIndex((field) => field.message),
    ),
  );
  const begins = front.some((field) => field.always && field.items.length > 0)
    ? new RegExp(
        `^${front
          .map((field, i) => {
            const text = `${field.blank && i > 0 ? ' ?' : ''}${field.source}`;
            return field.always ? text : `(?:${text})?`;
          })
          .join('')}`,
      )
    : null;
  return {
    dataset: 'apache.error',
    title: 'Apache error log of the pattern given',
    usualLayer: 'web',
    ...(begins === null ? {} : { starts: (line: string) => begins.test(line) }),
    parse(record: string, context: Context): Entry | Failure {
      if (isBlank(record)) return { failure: 'empty' };
      for (const { regexp, items } of ways) {
        const match = regexp.exec(record);
        if (match === null) continue;
        const entry = emptyEntry('apache.error', 'error', 'decision');
        // The message last: it fills only what is not known.
        for (let i = 0; i < items.length; i++) {
          const value = match[i + 1];
          if (value !== undefined && items[i]!.set !== setMessage) items[i]!.set(entry, value);
        }
        const message = items.findIndex((one) => one.set === setMessage);
        if (message >= 0) setMessage(entry, (match[message + 1] ?? '').trimEnd());
        if (Number.isNaN(entry.timeMs)) {
          entry.timeMs = context.envelopeMs;
          entry.timeZoneless = !Number.isNaN(entry.timeMs) && context.envelopeZoneless;
        }
        return entry;
      }
      return { failure: 'format' };
    },
  };
}
