/**
 * What the values of a layout are, from what stands in them over a sample of lines. A wrong field is worse than none:
 * each rule asks for what nothing else looks like, or for a key that says so and values that bear it out; what several
 * values may be alike is none of them, and stays a value under its key or number.
 */
import { HOSTED_TARGET, isAddress, isDigits, isUniqueId, looksLikeHost, peerAddress } from './fields.ts';
import { type How, isTime, METHOD, REQUEST_LINE } from './learn.cut.ts';
import { isPeer, isTry, type Kind, tookMs } from './pattern.learned.ts';
import { readTime } from './time.ts';

/** One value of the layout, with what it was in each line of the sample. */
export interface Column {
  /** "" where it has none. */
  key: string;
  how: How;
  texts: string[];
}

/** From so many lines on, values without a key are told by what they hold. */
const LINES_MIN = 3;
/** From so many on, what could be an answer every time is one. */
const ANSWERS_MIN = 5;
/** From so many on, seconds that are never missing are those of the request, not of a server behind. */
const SECONDS_MIN = 20;

/** Answers that servers give. A count of bytes is seldom one of them, and not on every line. */
const STATUS =
  /^(?:10[0-3]|20[0-8]|226|30[0-8]|40\d|41[0-8]|42[1-689]|431|44[0149]|45[01]|46[03]|49[4-9]|50[0-8]|51[01]|52\d|530|561|59[89]|000)$/;
const METHODS = new RegExp(`^${METHOD}$`);
const PROTOCOL = /^HTTP\/\d(?:\.\d)?$/;
const AGENT = /^(?:Mozilla\/\d|Opera\/\d|[A-Za-z][\w.+-]{0,40}(?: [A-Za-z][\w.+-]{0,40}){0,3}\/v?\d)/;
const LEVEL =
  /^(?:debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|emerg(?:ency)?|fatal|trace|verbose|severe|panic|dbg|inf|wrn)$/i;

// ---------------------------------------------------------------------------------------------------------- words

/** Keys that say what a value is; of each group the first that is there. Compared in lower case with `_`. */
const KEYS: [Kind, RegExp][] = [
  ['status', /^(?:status|status_code|code|http_status|response_code|response_status|sc_status|resp_status|st)$/],
  [
    'client',
    /^(?:client|client_?(?:ip|addr|address)|remote|remote_?(?:addr|address|ip|host)|ip|src|src_?ip|source_?ip|peer|host|c_ip|addr)$/,
  ],
  ['time', /^(?:time|ts|timestamp|@timestamp|date|datetime|time_?(?:local|iso8601)|start|msec)$/],
  ['request', /^(?:request|req|request_line|http_request|line|r)$/],
  ['method', /^(?:method|request_method|http_method|verb|m|cs_method)$/],
  ['target', /^(?:uri|request_uri|url|path|target|uri_path|cs_uri)$/],
  ['query', /^(?:query|args|query_string|qs)$/],
  ['protocol', /^(?:protocol|proto|server_protocol|http_version|ver)$/],
  ['bytes', /^(?:size|bytes|body_bytes_sent|bytes_sent|sent|bytes_out|resp_size|response_size)$/],
  ['agent', /^(?:ua|user_?agent|http_user_agent|agent)$/],
  ['referrer', /^(?:referr?er|ref|http_referr?er)$/],
  ['host', /^(?:host|http_host|vhost|virtual_host|server_name|domain|authority)$/],
  [
    'id',
    /^(?:rid|request_?id|req_?id|x_request_id|http_x_request_id|x?_?correlation_id|trace_?id|unique_id|id|vxid|ray|cf_ray|amzn_trace_id|traceparent)$/,
  ],
  ['upstream', /^(?:upstream|upstream_addr|upstream_address|uaddr|backend|backend_addr)$/],
  ['upstream_status', /^(?:us|upstream_status|ustatus|backend_status)$/],
  ['forwarded', /^(?:xff|x_forwarded_for|http_x_forwarded_for|forwarded_?for)$/],
  ['user', /^(?:user|remote_user|username|user_name)$/],
  ['connection', /^(?:conn|connection)$/],
  ['seconds', /^(?:rt|request_time|req_?time|reqtime|duration_s|resp(?:onse)?_time_s)$/],
  ['millis', /^(?:ms|duration_ms|response_time_ms|request_time_ms|elapsed_ms|took_ms|latency_ms)$/],
  ['micros', /^(?:us_total|duration_us|reqtime_microsec|request_time_us|elapsed_us)$/],
  ['took', /^(?:duration|elapsed|took|latency|request_time|rt|reqtime|response_time|time_taken)$/],
];

/** Keys of programs that write about requests, not of servers that log them. */
const APPLICATION_KEY = /^(?:level|lvl|severity|loglevel|msg|message|logger|caller|thread|event)$/;
/** Words of sentences. */
const SENTENCE =
  /^(?:denied|refused|forbidden|blocked|rejected|request|response|access|from|for|to|by|with|error|failed|status|completed|handled|returned|took|sent|got|served|user|processing|started|finished|incoming|outgoing|handling|received|ip)$/i;
const VALUES =
  /^(?:https?|wss?|on|off|none|hit|miss|pass|pipe|synth|bypass|expired|stale|updating|revalidated|keepalive|close|true|false|yes|no|localhost|unix)$/i;
/** Who speaks in a program: `aiohttp.access`, `server.go:12`. */
const LOGGER =
  /^[A-Za-z_][\w$]*(?:[.:/][\w$]+)*[.:](?:access|server|requests?|http|web|apps?|handlers?|middlewares?|logs?|logger|serving|wsgi|asgi|router|\w*controller|filters?|auth\w*|security)$|\.(?:go|py|[jt]s|rb|java|php|cs|rs|ex):\d+$/i;

const absent = (text: string): boolean => text === '-' || text === '';
const known = (c: Column): string[] => c.texts.filter((text) => !absent(text));
/** Of every line that says it, and some do. */
const all = (c: Column, test: (text: string) => boolean): boolean => {
  const texts = known(c);
  return texts.length > 0 && texts.every(test);
};
const share = (c: Column, test: (text: string) => boolean): number => c.texts.filter(test).length / c.texts.length;
const always = (c: Column): boolean => !c.texts.some(absent);
const distinct = (texts: readonly string[]): number => new Set(texts).size;
const plainKey = (key: string): string => key.toLowerCase().replaceAll(/[.-]/g, '_');

function keyed(c: Column, kind: Kind): boolean {
  const key = plainKey(c.key);
  return key !== '' && KEYS.some(([k, names]) => k === kind && names.test(key));
}

const only = (columns: Column[]): Column | null => (columns.length === 1 ? columns[0]! : null);

// --------------------------------------------------------------------------------------------------------- naming

/** The kind of each value; null = these are no lines of an access log, or do not say enough. */
export function nameColumns(columns: Column[]): Kind[] | null {
  if (columns.some(isTorn) || isPartlyKeyed(columns)) return null;
  const kinds = new Map<Column, Kind>();
  const free = (): Column[] => columns.filter((c) => !kinds.has(c));

  const asked = nameRequest(columns, kinds);
  if (asked === null) return null;
  const time = timeOf(free());
  if (time === null) return null;
  kinds.set(time, isTime(known(time)[0]!) ? 'time' : 'epoch');
  const status = statusOf(free(), columns[columns.indexOf(asked) + 1]);
  if (status === null) return null;
  kinds.set(status, 'status');
  const clients = addressesOf(free());
  if (clients.length === 0) return null;
  const client = clientOf(clients.filter((c) => share(c, absent) <= 0.1));
  if (client !== null) kinds.set(client, all(client, isAddress) ? 'client' : 'peer');

  nameByKey(columns, kinds);
  if (columns[0]!.texts.length >= LINES_MIN) nameByContent(columns, kinds, asked, status, clients);
  return columns.map((c) => kinds.get(c) ?? 'text');
}

/** The separator stands in what a client sent as well: `Mozilla/5.0 (X11` is half of an agent, and what follows is anything. */
function isTorn(c: Column): boolean {
  return c.how === 'word' && c.texts.some((text) => /^Mozilla\/\d/.test(text) && count(text, '(') !== count(text, ')'));
}

/** Where the others have keys, a value without one behind another is the rest of that: a list, or a client's text. */
function isPartlyKeyed(columns: Column[]): boolean {
  const isBare = (c: Column | undefined): boolean =>
    c !== undefined && c.key === '' && c.how === 'word' && known(c).length > 0;
  return (
    columns.filter((c) => c.key !== '').length > columns.length / 2 &&
    columns.some((c, i) => c.key !== '' && c.how === 'word' && isBare(columns[i + 1]))
  );
}

const count = (text: string, char: string): number => text.split(char).length - 1;

/** A level, a logger or a sentence: an application's own words about a request. */
export function isApplications(columns: Column[]): boolean {
  let words = 0;
  for (const c of columns) {
    if (APPLICATION_KEY.test(plainKey(c.key))) return true;
    const [first = ''] = c.texts;
    if (c.how === 'quoted') continue;
    if (all(c, (text) => LEVEL.test(text))) return true;
    if (c.key !== '' || c.texts.some((text) => text !== first)) continue;
    if (LOGGER.test(first)) return true;
    if (!/^[A-Za-z][a-z]+[:.]?$/.test(first) || VALUES.test(first)) continue;
    if (SENTENCE.test(first.replace(/[:.]$/, ''))) return true;
    words++;
  }
  return words > 1;
}

const isRequest = (text: string): boolean => REQUEST_LINE.test(text);
const isPath = (text: string): boolean => text.charCodeAt(0) === 47;
const isTarget = (text: string): boolean => isPath(text) || text === '*' || /^https?:\/\/[^/]/.test(text);

const isHosted = (text: string): boolean => HOSTED_TARGET.test(text);

/** Names the request line, or method and target in columns of their own. The column that is the last of them. */
function nameRequest(columns: Column[], kinds: Map<Column, Kind>): Column | null {
  const lines = columns.filter((c) => share(c, isRequest) >= 0.5);
  if (lines.length > 0) {
    // An answer of two requests: which of them was refused is not known.
    const line = only(lines) ?? only(lines.filter((c) => keyed(c, 'request')));
    if (line !== null) kinds.set(line, 'request');
    return line;
  }
  const bare = columns.filter(
    (c) => c.how !== 'word' && c.texts.length >= LINES_MIN && share(c, (t) => /^[A-Z]{3,20} \/\S*$/.test(t)) >= 0.9,
  );
  if (bare.length > 0) {
    const line = only(bare);
    if (line !== null) kinds.set(line, 'request');
    return line;
  }
  const method = only(
    columns.filter((c) => share(c, (t) => METHODS.test(t)) >= 0.5 && all(c, (t) => /^[A-Za-z_-]{1,20}$/.test(t))),
  );
  if (method === null) return null;
  const targets = columns.filter(
    (c) =>
      (share(c, isHosted) >= 0.9 || (share(c, isTarget) >= 0.9 && share(c, isPath) >= 0.5)) &&
      !/referr?er|^ref$/.test(plainKey(c.key)),
  );
  const behind = columns[columns.indexOf(method) + 1];
  // `$request_uri` tells more than `$uri`; behind the method stands what was asked for.
  const target =
    only(targets.filter((c) => keyed(c, 'target'))) ??
    targets.find((c) => c === behind && c.key === '') ??
    only(targets);
  if (target === null) return null;
  kinds.set(method, 'method');
  kinds.set(target, 'target');
  const protocol = only(columns.filter((c) => all(c, (t) => PROTOCOL.test(t))));
  if (protocol !== null) kinds.set(protocol, 'protocol');
  const last = [method, target, protocol].map((c) => (c === null ? -1 : columns.indexOf(c)));
  // A protocol that stands elsewhere is not what the answer follows.
  const at = Math.max(last[0]!, last[1]!);
  return columns[last[2] === at + 1 ? at + 1 : at]!;
}

/** Lines are written one after the other. */
function isSorted(times: number[]): boolean {
  let up = 0;
  for (let i = 1; i < times.length; i++) if (times[i]! >= times[i - 1]! - 1000) up++;
  return up >= (times.length - 1) * 0.8;
}

const isEpoch = (text: string): boolean => /^1\d{9}(?:\d{3}|\d{6})?$/.test(text);

function timeOf(columns: Column[]): Column | null {
  const times = columns.filter((c) => all(c, isTime) && share(c, absent) < 0.1);
  const named = times.filter((c) => keyed(c, 'time'));
  if (named.length === 1) return named[0]!;
  const msOf = (c: Column) => known(c).map((text) => readTime(text, 0, Number.NaN));
  if (times.length > 0) return only(times) ?? times.find((c) => isSorted(msOf(c))) ?? null;
  // Seconds or milliseconds since 1970: a number like others, unless it is called a time or is none that stands still.
  const epochs = columns.filter((c) => always(c) && c.texts.every(isEpoch) && isSorted(c.texts.map(Number)));
  return (
    only(epochs.filter((c) => keyed(c, 'time'))) ??
    (columns.length > 0 && columns[0]!.texts.length >= ANSWERS_MIN ? only(epochs.filter((c) => c.key === '')) : null)
  );
}

/** `behind`: the column that follows the request, where nearly every format string has the answer. */
function statusOf(columns: Column[], behind: Column | undefined): Column | null {
  const answers = columns.filter(
    (c) => all(c, (text) => STATUS.test(text)) && share(c, absent) <= 0.1 && !keyed(c, 'upstream_status'),
  );
  const named = answers.filter((c) => keyed(c, 'status'));
  if (named.length > 0) return only(named);
  let bare = answers.filter((c) => c.key === '');
  // A server behind this one was not always asked.
  if (bare.some(always)) bare = bare.filter(always);
  const lines = columns[0]!.texts.length;
  if (behind !== undefined && bare.includes(behind)) return behind;
  // Elsewhere it may be chance, or what stands in its place is an answer that nobody knows.
  const isCode = behind !== undefined && behind.key === '' && all(behind, (text) => /^\d{3}$/.test(text));
  return lines >= ANSWERS_MIN && !isCode ? only(bare) : null;
}

/** Who may be the client: an address on every line that names one. */
function addressesOf(columns: Column[]): Column[] {
  return columns.filter((c) => {
    if (!all(c, (text) => isPeer(text) || text === 'unix:')) return false;
    if (c.key !== '') return keyed(c, 'client');
    const texts = known(c);
    if (texts.every((text) => isAddress(text) || text === 'unix:')) return true;
    // With its port: few ports are a server's, a client's are of the upper half and seldom the same.
    const ports = texts.map((text) => Number(/:(\d+)$/.exec(text)?.[1] ?? 0));
    const many = texts.length < LINES_MIN || distinct(ports.map(String)) > texts.length / 2;
    return many && ports.every((port) => port >= (texts.length < LINES_MIN ? 32_768 : 1024));
  });
}

function clientOf(columns: Column[]): Column | null {
  // `remote` is nobody else; `host` may be the one that was asked for.
  const named = columns.filter((c) => c.key !== '' && plainKey(c.key) !== 'host');
  if (named.length > 0) return only(named);
  let left = columns.filter((c) => c.key === '');
  if (left.length === 0) return only(columns);
  const narrow = (test: (c: Column) => boolean): void => {
    const some = left.filter(test);
    if (some.length > 0) left = some;
  };
  // What others forwarded is not always there; the server's own address is always the same.
  narrow(always);
  if (left.length > 1 && columns[0]!.texts.length >= ANSWERS_MIN) narrow((c) => distinct(c.texts) > 1);
  if (left.length < 2) return left[0] ?? null;
  const [first] = left;
  return left.every((c) => c.texts.every((text, i) => text === first!.texts[i])) ? first! : null;
}

// -------------------------------------------------------------------------------------------------- values by key

const INTERNAL = /\.(?:local|internal|lan|svc|corp|intra|localdomain)(?::\d+)?$/;
const isName = (text: string): boolean => looksLikeHost(text) || isPeer(text);
const isUpstream = (text: string): boolean =>
  text
    .split(/, ?| : /)
    .every((one) => one === '-' || isPeer(one) || one.startsWith('unix:') || /^[\w.-]+:\d+$/.test(one));

/** What the values must look like for a key to be believed; `-` says nothing against it. */
const BORNE_OUT: Partial<Record<Kind, (text: string) => boolean>> = {
  query: (text) => !isTarget(text),
  protocol: (text) => PROTOCOL.test(text),
  bytes: (text) => isDigits(text),
  agent: (text) => !isUpstream(text),
  referrer: () => true,
  host: isName,
  id: () => true,
  upstream: isUpstream,
  upstream_status: (text) => text.split(/, ?| : /).every((one) => one === '-' || STATUS.test(one)),
  forwarded: () => true,
  user: () => true,
  connection: (text) => isDigits(text),
  seconds: (text) => /^\d+\.\d{3,6}$/.test(text),
  millis: (text) => /^\d+(?:\.\d+)?$/.test(text),
  micros: (text) => isDigits(text),
  took: (text) => tookMs(text) !== null,
};

/** `host=` and `id=` are also who wrote the line, and of what. */
function isOfMachine(c: Column): boolean {
  const key = plainKey(c.key);
  if (key === 'host') return known(c).some((text) => INTERNAL.test(text) || /^[\w-]*\d(?:\.|$)/.test(text));
  return key === 'id' && distinct(known(c)) < known(c).length;
}

const KEY_IS_ENOUGH = new Set<Kind>(['referrer', 'forwarded', 'user', 'id', 'host', 'upstream_status']);

/** One field has one value. */
const SAME_FIELD: Partial<Record<Kind, Kind>> = { millis: 'seconds', micros: 'seconds', took: 'seconds' };
const fieldOf = (kind: Kind): Kind => SAME_FIELD[kind] ?? kind;

function nameByKey(columns: Column[], kinds: Map<Column, Kind>): void {
  const taken = new Set([...kinds.values()].map(fieldOf));
  if (taken.has('request')) for (const kind of ['query', 'protocol'] as const) taken.add(kind);
  for (const [kind, names] of KEYS) {
    const fits = BORNE_OUT[kind];
    if (fits === undefined || taken.has(fieldOf(kind))) continue;
    // Where the line says nothing yet, the key is enough for what is kept as it is, or under its key when it is another thing.
    const named = columns.filter(
      (c) =>
        !kinds.has(c) &&
        names.test(plainKey(c.key)) &&
        !isOfMachine(c) &&
        known(c).every(fits) &&
        (KEY_IS_ENOUGH.has(kind) || all(c, fits)),
    );
    // The id of the request may be told twice.
    for (const c of kind === 'id' ? named : named.slice(0, 1)) {
      kinds.set(c, kind);
      taken.add(fieldOf(kind));
    }
  }
}

// ---------------------------------------------------------------------------------------------- values by content

function nameByContent(
  columns: Column[],
  kinds: Map<Column, Kind>,
  asked: Column,
  status: Column,
  clients: Column[],
): void {
  const has = (kind: Kind): boolean => [...kinds.values()].some((k) => fieldOf(k) === fieldOf(kind));
  const bare = (): Column[] => columns.filter((c) => !kinds.has(c) && c.key === '');
  const set = (kind: Kind, c: Column | null | undefined): void => {
    if (c !== null && c !== undefined && !has(kind)) kinds.set(c, kind);
  };
  const request = columns.find((c) => kinds.get(c) === 'request' || kinds.get(c) === 'target')!;

  if (!has('bytes')) set('bytes', bytesOf(columns, status, request, kinds));
  set('took', only(bare().filter((c) => always(c) && all(c, (text) => tookMs(text) !== null))));

  const agents = bare().filter(isAgent);
  set('agent', only(agents));
  const agent = columns.find((c) => kinds.get(c) === 'agent');
  if (agent !== undefined && !has('referrer')) {
    // Beside the agent, as every server has them.
    const at = columns.indexOf(agent);
    const left = bare();
    const beside = [columns[at - 1], columns[at + 1]].filter((c) => c !== undefined && left.includes(c));
    set('referrer', only(beside.filter((c): c is Column => c !== undefined && isReferrer(c, request))));
  }
  const referrer = columns.find((c) => kinds.get(c) === 'referrer');
  set('host', hostOf(bare(), referrer));
  for (const c of bare()) if (isIds(c)) kinds.set(c, 'id');

  const behind = columns.slice(Math.max(columns.indexOf(asked), columns.indexOf(status)) + 1);
  const addresses = behind.filter((c) => !kinds.has(c) && c.key === '' && !clients.includes(c));
  set('upstream', only(addresses.filter(isUpstreams)));
  set('forwarded', only(addresses.filter(isForwarded)));
  const isBehind = (c: Column): boolean =>
    !clients.includes(c) && (all(c, isUpstream) || /^(?:upstream|backend)/.test(plainKey(c.key)));
  set('seconds', secondsOf(bare(), columns.some(isBehind)));
  for (const c of bare()) if (c.how === 'word' && isTries(c)) kinds.set(c, 'tries');
}

/** With ports, few of them, and not always the same: that would be this server's own. */
function isUpstreams(c: Column): boolean {
  if (!all(c, isUpstream) || (always(c) && distinct(c.texts) < 2)) return false;
  const tries = known(c).flatMap((text) => text.split(/, ?| : /));
  const ports = tries.filter((one) => one !== '-').map((one) => /^unix:|:\d+$/.exec(one)?.[0] ?? '');
  return ports.every((port) => port !== '') && (ports.length < LINES_MIN || distinct(ports) <= ports.length / 2);
}

/** A list of addresses that some say and some do not. */
function isForwarded(c: Column): boolean {
  return (
    c.how === 'quoted' &&
    all(c, (text) => text.split(', ').every((one) => isAddress(one))) &&
    c.texts.some((text) => text.includes(',')) &&
    !known(c).every((text) => text.split(', ').every(isPrivate))
  );
}

/** Seconds, addresses with ports, answers: what servers tell of each try, and clients do not. */
function isTries(c: Column): boolean {
  const isOne = (text: string): boolean =>
    text === '-' || STATUS.test(text) || /^\d+\.\d+$/.test(text) || (isTry(text) && !isAddress(text) && /:/.test(text));
  return all(c, (text) => text.split(/, | : /).every(isOne));
}

const isPrivate = (text: string): boolean =>
  /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd][\da-f]{2}:|fe80:)/i.test(
    peerAddress(text),
  );

/** The whole number behind the answer, if nothing in the sample is said against it. */
function bytesOf(columns: Column[], status: Column, request: Column, kinds: Map<Column, Kind>): Column | null {
  const at = columns.indexOf(status);
  const numbers = [columns[at + 1], columns[at + 2]].filter((c): c is Column => {
    return c !== undefined && !kinds.has(c) && c.key === '' && all(c, (text) => isDigits(text));
  });
  const next = columns[at + 1];
  // Two of them: one may be what was received.
  if (next === undefined || numbers.length !== 1 || numbers[0] !== next) return null;
  const sizes = new Map<string, string[]>();
  for (let i = 0; i < next.texts.length; i++) {
    const [code, size] = [status.texts[i]!, next.texts[i]!];
    if (absent(size)) continue;
    // An answer without a body has its head at most.
    if ((code === '304' || code === '204') && Number(size) > 1500) return null;
    const same = `${code} ${request.texts[i]}`;
    const seen = sizes.get(same);
    if (seen === undefined) sizes.set(same, [size]);
    else seen.push(size);
  }
  // The same request got as much again, and another one got another: no duration, port or number of the line does.
  const again = [...sizes.values()].filter((x) => x.length > 1 && distinct(x) === 1 && Number(x[0]) >= 100);
  return distinct(again.map((x) => x[0]!)) > 1 && !all(next, (text) => STATUS.test(text)) ? next : null;
}

/** nginx writes its seconds with three decimals; of several the whole request's is the longest, one may be a server's `behind`. */
function secondsOf(columns: Column[], behind: boolean): Column | null {
  const times = columns.filter((c) => {
    const texts = known(c).flatMap((text) => text.split(/, ?| : /));
    return texts.length > 0 && texts.every((text) => text === '-' || /^\d{1,6}\.\d{3}$/.test(text));
  });
  const whole = times.filter((c) => c.texts.every((text) => /^\d+\.\d{3}$/.test(text)));
  if (times.length === 1) return behind || times[0]!.texts.length < SECONDS_MIN ? null : only(whole);
  const longest = whole.filter((c) =>
    times.every((other) => c === other || isLonger(c.texts.map(Number), other.texts.map(Number))),
  );
  return only(longest);
}

function isLonger(a: number[], b: number[]): boolean {
  const both = a.map((x, i) => [x, b[i]!] as const).filter(([, y]) => !Number.isNaN(y));
  return both.every(([x, y]) => x >= y) && both.some(([x, y]) => x > y);
}

export function isAgent(c: Column): boolean {
  const texts = known(c);
  return (
    texts.length > 1 &&
    texts.filter((text) => AGENT.test(text) && !PROTOCOL.test(text)).length >= texts.length * 0.7 &&
    texts.some((text) =>
      /^(?:Mozilla|curl|Wget|python-requests|Go-http-client|okhttp|kube-probe|axios|PostmanRuntime)\//.test(text),
    )
  );
}

function isReferrer(c: Column, request: Column): boolean {
  const urls = known(c).filter((text) => /^(?:https?|android-app):\/\//i.test(text));
  if (urls.length < 2 || urls.length < known(c).length * 0.8) return false;
  // The address of the request itself, as `$scheme://$host$request_uri` gives it.
  const own = c.texts.filter((text, i) => {
    const path = /^https?:\/\/[^/]+(\/\S*)$/.exec(text)?.[1];
    return path !== undefined && path.length > 1 && request.texts[i]!.includes(` ${path} `);
  });
  return own.length <= urls.length * 0.5;
}

/** A name that referrers bear out. */
function hostOf(columns: Column[], referrer: Column | undefined): Column | null {
  return only(
    columns.filter((c) => {
      if (!all(c, isName)) return false;
      const borneOut = c.texts.filter((text, i) => {
        const from = /^https?:\/\/([^/:?#]+)/i.exec(referrer?.texts[i] ?? '')?.[1];
        return from !== undefined && from.toLowerCase() === text.toLowerCase().replace(/:\d+$/, '');
      });
      return borneOut.length > 1;
    }),
  );
}

/** No two lines have the same: an id of the request, not of a session or a trace. */
function isIds(c: Column): boolean {
  const texts = known(c);
  return texts.length >= LINES_MIN && texts.every(isUniqueId) && distinct(texts) === texts.length;
}
