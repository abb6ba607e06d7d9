/**
 * Envoy's access log by its format string (`%REQ(X?Y):Z%`, `%START_TIME(…)%` …), as text and as a JSON object of such
 * strings. In text nothing is escaped: a value ends where the next literal begins. Time is the start of the request.
 */
import type { Entry } from './entry.ts';
import { addAttribute, decimalOf, numberOf, peerAddress, setClientPeer } from './fields.ts';
import type { Format } from './parser.ts';
import {
  attribute,
  count,
  duration,
  type Item,
  idSetter,
  item,
  millis,
  requestHeader,
  responseHeader,
  setDomain,
  setStatus,
  setTime,
  setUri,
  text,
} from './pattern.items.ts';
import { type Compiled, formatOf, jsonFormatOf, jsonTemplate, type Parts } from './pattern.ts';
import { compileStrftime, newClock } from './strftime.ts';

const setPeer: Item['set'] = (entry, value) => {
  const before = entry.clientAddress;
  setClientPeer(entry, value);
  if (before !== null && before !== entry.clientAddress) {
    // The direct peer is not the client that a proxy speaks for.
    addAttribute(entry, 'peer', entry.clientAddress ?? '');
    entry.clientAddress = before;
  }
  return null;
};

const setLocal: Item['set'] = (entry, value) => {
  entry.serverAddress = peerAddress(value);
  const colon = value.lastIndexOf(':');
  if (colon > 0) entry.serverPort = numberOf(value.slice(colon + 1));
  return null;
};

const setFlags: Item['set'] = (entry, value) => {
  entry.eventOutcome = value;
  return null;
};

const setAddress: Item['set'] = (entry, value) => {
  if (entry.clientAddress === null) entry.clientAddress = value;
  else if (entry.clientAddress !== value) addAttribute(entry, 'peer', value);
  return null;
};

/** Counts that may be absent, as text of a number. */
const setStatusOrNone: Item['set'] = (entry, value, scratch) =>
  value === 'null' ? null : setStatus(entry, value, scratch);

const OPERATORS: Record<string, Item> = {
  RESPONSE_CODE: item('RESPONSE_CODE', setStatusOrNone, { always: true }),
  RESPONSE_FLAGS: item('RESPONSE_FLAGS', setFlags),
  RESPONSE_FLAGS_LONG: attribute('response_flags_long'),
  PROTOCOL: item('PROTOCOL', text('networkProtocol')),
  BYTES_SENT: item('BYTES_SENT', count('bytes_sent', 'httpResponseBodySize')),
  DURATION: item('DURATION', duration('duration', millis)),
  UPSTREAM_HOST: item('UPSTREAM_HOST', text2('upstreamAddress'), { always: true }),
  UPSTREAM_REMOTE_ADDRESS: attribute('upstream_remote_address'),
  DOWNSTREAM_REMOTE_ADDRESS: item('DOWNSTREAM_REMOTE_ADDRESS', setPeer),
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT: item('DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT', setAddress),
  DOWNSTREAM_REMOTE_PORT: item('DOWNSTREAM_REMOTE_PORT', count('downstream_remote_port', 'clientPort')),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS: item('DOWNSTREAM_DIRECT_REMOTE_ADDRESS', setPeer),
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT: item('DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT', setAddress),
  DOWNSTREAM_LOCAL_ADDRESS: item('DOWNSTREAM_LOCAL_ADDRESS', setLocal),
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT: item('DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT', text('serverAddress')),
  DOWNSTREAM_LOCAL_PORT: item('DOWNSTREAM_LOCAL_PORT', count('downstream_local_port', 'serverPort')),
  CONNECTION_ID: item('CONNECTION_ID', text('connectionId')),
  STREAM_ID: item('STREAM_ID', idSetter('stream_id')),
  TRACE_ID: item('TRACE_ID', idSetter('trace_id')),
};

function text2(field: 'upstreamAddress'): Item['set'] {
  return (entry, value) => {
    if (value === '' || value === '-' || value === 'null') entry.upstreamStatusCode = 0;
    else entry[field] = value;
    return null;
  };
}

/** `%REQ(:PATH)%`, the first header or, where it is absent, the second. */
function requestItem(first: string, second: string | undefined): Item {
  const name = (second ?? first).toLowerCase();
  switch (name) {
    case ':path':
      return item(':path', setUri, { greedy: true });
    case ':method':
      return item(':method', text('httpRequestMethod'));
    case ':scheme':
      return attribute('scheme');
    case ':authority':
      return item(':authority', setDomain);
    default:
      return { ...requestHeader(second === undefined ? first : first), greedy: true };
  }
}

function operatorItem(name: string, argument: string | undefined): Item {
  if (name === 'START_TIME' || name === 'START_TIME_LOCAL') {
    const layout = argument === undefined || argument === '' ? null : compileStrftime(argument);
    if (layout === null) return item('START_TIME', setTime, { time: true });
    return item('START_TIME', (entry, value, scratch) => {
      scratch.clock ??= newClock();
      const end = layout(value, 0, scratch.clock);
      if (end < 0) return setTime(entry, value, scratch);
      // Envoy writes UTC unless it is asked for the local time.
      if (name === 'START_TIME' && Number.isNaN(scratch.clock.zoneMs)) scratch.clock.zoneMs = 0;
      return null;
    });
  }
  if (argument !== undefined && /^(?:REQ|REQ_WITHOUT_QUERY)$/.test(name)) {
    const [first = '', second] = argument.split('?');
    return requestItem(first, second === '' ? undefined : second);
  }
  if (argument !== undefined && /^(?:RESP|TRAILER)$/.test(name)) {
    const header = argument.split('?')[0]!;
    return header.toUpperCase() === 'X-ENVOY-UPSTREAM-SERVICE-TIME'
      ? attribute('upstream_service_time')
      : { ...responseHeader(header), greedy: true };
  }
  if (argument === undefined || argument === '') {
    const known = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (known !== undefined) return known;
    return { ...attribute(name.toLowerCase()), greedy: true };
  }
  if (name === 'PATH' || name === 'QUERY_PARAM') return item(':path', setUri, { greedy: true });
  return { ...attribute(`${name.toLowerCase()}.${argument}`), greedy: true };
}

function partsOf(pattern: string): Parts {
  const literals = [''];
  const items: Item[] = [];
  let i = 0;
  while (i < pattern.length) {
    if (pattern.charCodeAt(i) === 37) {
      if (pattern.charCodeAt(i + 1) === 37) {
        literals[literals.length - 1] += '%';
        i += 2;
        continue;
      }
      const m = /^%([A-Z][A-Z0-9_]*)(?:\(([^)]*)\))?(?::\d+)?%/.exec(pattern.slice(i, i + 400));
      if (m !== null) {
        items.push(operatorItem(m[1]!, m[2]));
        literals.push('');
        i += m[0].length;
        continue;
      }
    }
    literals[literals.length - 1] += pattern.charAt(i++);
  }
  return { literals, items };
}

const how: Omit<Compiled, 'parts' | 'closing'> = {
  dataset: 'envoy.access',
  title: 'Envoy access log (format string)',
  usualLayer: 'gateway',
  timePoint: 'start',
  unescapeValue: (value) => value,
  finish(entry: Entry) {
    if (entry.durationMs === null && entry.attributes?.duration !== undefined)
      entry.durationMs = decimalOf(entry.attributes.duration);
  },
};

/** The text of a `text_format`, or of a `json_format` as JSON. */
export function compileEnvoy(given: string): Format {
  const members = given.trim().startsWith('{') ? jsonTemplate(given) : null;
  if (members !== null)
    return jsonFormatOf(
      how,
      members.map(([key, value]) => ({ key, parts: partsOf(value) })),
    );
  return formatOf({ ...how, parts: partsOf(given.replace(/\n$/, '')), closing: null });
}
