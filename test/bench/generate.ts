/**
 * HOT. Writes made-up traffic as logs, to files in a cache folder that is kept between runs: `combined` is one
 * access log, `layers` is HAProxy → nginx with ModSecurity → application, each with its own log, all with the
 * request's id, every refusal with a reason line at the layer that decided. A line of `combined` costs 1 µs.
 *
 *     node test/bench/generate.ts combined 2M [seed]      prints the folder
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Decider, type Random, type Request, Traffic, uuid } from './traffic.ts';

export type Kind = 'combined' | 'layers';

export interface Generated {
  /** What why403 is pointed at. */
  directory: string;
  files: string[];
  lines: number;
  bytes: number;
  requests: number;
  refused: number;
  decided: Record<Decider, number>;
}

export interface Wanted {
  kind: Kind;
  lines: number;
  seed?: number;
  /** 10 a second: two million lines are two days and a half. */
  requestsPerSecond?: number;
  /** Of the first request; a fixed day by default, so that every run reads the same bytes. */
  startMs?: number;
}

const START_MS = Date.UTC(2026, 8, 7);
const DECIDERS: Record<Kind, readonly Decider[]> = {
  combined: ['web'],
  layers: ['loadbalancer', 'web', 'waf', 'app'],
};

/** Text handed to the file at once. */
const WRITE_CHARS = 1 << 20;

export class LogFile {
  readonly path: string;
  lines = 0;
  bytes = 0;
  readonly #fd: number;
  #text = '';

  constructor(directory: string, name: string) {
    this.path = join(directory, name);
    mkdirSync(join(this.path, '..'), { recursive: true });
    this.#fd = openSync(this.path, 'w');
  }

  /** `text` is ASCII and ends with its line break. */
  write(text: string): void {
    this.#text += text;
    this.lines++;
    if (this.#text.length >= WRITE_CHARS) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.#text, 'latin1');
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.bytes += bytes.length;
    this.#text = '';
  }

  close(): void {
    this.flush();
    closeSync(this.#fd);
  }
}

/** A log in which requests stand by their end, while they are made by their beginning. */
export class LateLog {
  readonly file: LogFile;
  #waiting: { at: number; text: string }[] = [];

  constructor(file: LogFile) {
    this.file = file;
  }

  write(at: number, text: string): void {
    let i = this.#waiting.length;
    while (i > 0 && this.#waiting[i - 1]!.at > at) i--;
    this.#waiting.splice(i, 0, { at, text });
  }

  /** Nothing that ends before `now` comes any more. */
  upTo(now: number): void {
    let n = 0;
    while (n < this.#waiting.length && this.#waiting[n]!.at <= now) this.file.write(this.#waiting[n++]!.text);
    if (n > 0) this.#waiting = this.#waiting.slice(n);
  }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const TWO = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));

/** One second, written in every way that is needed; made once a second of the log. */
class Stamp {
  #second = Number.NaN;
  /** "22/Nov/2026:11:34:38" */
  clf = '';
  /** "2026-11-22T11:34:38" */
  iso = '';
  /** "2026/11/22 11:34:38" */
  nginx = '';
  /** "Sun Nov 22 11:34:38 2026", "Mon Sep  7 11:34:38 2026" */
  c = '';

  at(ms: number): this {
    const second = Math.floor(ms / 1000);
    if (second === this.#second) return this;
    this.#second = second;
    const d = new Date(second * 1000);
    const clock = `${TWO[d.getUTCHours()]}:${TWO[d.getUTCMinutes()]}:${TWO[d.getUTCSeconds()]}`;
    const year = d.getUTCFullYear();
    const month = TWO[d.getUTCMonth() + 1]!;
    const day = TWO[d.getUTCDate()]!;
    const name = MONTHS[d.getUTCMonth()]!;
    this.clf = `${day}/${name}/${year}:${clock}`;
    this.iso = `${year}-${month}-${day}T${clock}`;
    this.nginx = `${year}/${month}/${day} ${clock}`;
    this.c = `${DAYS[d.getUTCDay()]} ${name} ${String(d.getUTCDate()).padStart(2)} ${clock} ${year}`;
    return this;
  }
}

/** "2M", "200k", "500" → lines. */
export function parseSize(text: string): number {
  const m = /^(\d+(?:\.\d+)?)([kKmM]?)$/.exec(text);
  if (!m) throw new Error(`${text} is no number of lines; write 200k or 2M`);
  return Math.round(Number(m[1]) * (m[2] === '' ? 1 : /k/i.test(m[2]!) ? 1e3 : 1e6));
}

export function sizeName(lines: number): string {
  return lines >= 1e6 && lines % 1e5 === 0 ? `${lines / 1e6}M` : lines % 1e3 === 0 ? `${lines / 1e3}k` : String(lines);
}

/** The logs wanted, made now or found from an earlier run with the same generator. */
export function generate(wanted: Wanted): Generated {
  const { kind, lines, seed = 403, requestsPerSecond = 10, startMs = START_MS } = wanted;
  const source = ['generate.ts', 'traffic.ts'].map((name) => readFileSync(join(import.meta.dirname, name)));
  const version = createHash('sha256').update(Buffer.concat(source)).digest('hex').slice(0, 8);
  const parent = join(tmpdir(), 'why403-bench');
  const home = join(parent, `${kind}-${sizeName(lines)}-${seed}-${requestsPerSecond}-${startMs / 1000}-${version}`);
  const about = join(home, 'about.json');
  if (existsSync(about)) return JSON.parse(readFileSync(about, 'utf8')) as Generated;
  mkdirSync(parent, { recursive: true });
  const unfinished = `${home}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  const decided: Record<Decider, number> = { loadbalancer: 0, web: 0, waf: 0, app: 0 };
  const logs = join(unfinished, 'logs');
  const write = kind === 'combined' ? writeCombined : writeLayers;
  const made = write(logs, lines, new Traffic(seed, startMs, requestsPerSecond, DECIDERS[kind]), decided);
  for (const f of made.files) f.close();
  const out: Generated = {
    directory: join(home, 'logs'),
    files: made.files.map((f) => f.path.replace(unfinished, home)),
    lines: made.files.reduce((n, f) => n + f.lines, 0),
    bytes: made.files.reduce((n, f) => n + f.bytes, 0),
    requests: made.requests,
    refused: Object.values(decided).reduce((a, b) => a + b, 0),
    decided,
  };
  writeFileSync(join(unfinished, 'about.json'), JSON.stringify(out, null, 1));
  rmSync(home, { recursive: true, force: true });
  renameSync(unfinished, home);
  return out;
}

interface Made {
  files: LogFile[];
  requests: number;
}

function writeCombined(directory: string, lines: number, traffic: Traffic, decided: Record<Decider, number>): Made {
  const log = new Combined(directory);
  for (let i = 0; i < lines; i++) {
    const q = traffic.next();
    if (q.decider !== null) decided[q.decider]++;
    log.write(q);
  }
  return { files: log.files, requests: lines };
}

/** What grows as requests come. */
export interface Logs {
  readonly files: LogFile[];
  write(q: Request): void;
  /** No request that ends before `now` comes any more. */
  upTo(now: number): void;
}

/** One access log, and nothing that says why. */
export class Combined implements Logs {
  readonly #file: LogFile;
  readonly #stamp = new Stamp();

  constructor(directory: string) {
    this.#file = new LogFile(directory, 'nginx/access.log');
  }

  get files(): LogFile[] {
    return [this.#file];
  }

  upTo(): void {}

  write(q: Request): void {
    this.#file.write(
      `${q.client} - - [${this.#stamp.at(q.timeMs).clf} +0000] "${q.method} ${q.path}${q.query} HTTP/1.1" ${q.status} ${q.bytes} "${q.referrer}" "${q.agent}"\n`,
    );
  }
}

function writeLayers(directory: string, lines: number, traffic: Traffic, decided: Record<Decider, number>): Made {
  const layers = new Layers(directory, traffic.random);
  let requests = 0;
  while (layers.written < lines) {
    const q = traffic.next();
    requests++;
    if (q.decider !== null) decided[q.decider]++;
    layers.upTo(Math.floor(q.timeMs));
    layers.write(q);
  }
  layers.upTo(Number.POSITIVE_INFINITY);
  return { files: layers.files, requests };
}

/** The logs of four layers, and what each of them says about a request. */
export class Layers implements Logs {
  readonly #random: Random;
  readonly #balancer: LateLog;
  readonly #access: LateLog;
  readonly #errors: LateLog;
  readonly #audit: LateLog;
  readonly #app: LateLog;
  readonly #logs: LateLog[];
  readonly #begun = new Stamp();
  readonly #ended = new Stamp();
  #connection = 1;
  /** Lines, those that wait for their moment among them. */
  written = 0;

  constructor(directory: string, random: Random) {
    const log = (name: string): LateLog => new LateLog(new LogFile(directory, name));
    this.#random = random;
    this.#balancer = log('loadbalancer/haproxy.log');
    this.#access = log('web/access.log');
    this.#errors = log('web/error.log');
    this.#audit = log('waf/modsec_audit.log');
    this.#app = log('app/shop-api.json.log');
    this.#logs = [this.#balancer, this.#access, this.#errors, this.#audit, this.#app];
  }

  get files(): LogFile[] {
    return this.#logs.map((log) => log.file);
  }

  upTo(now: number): void {
    for (const log of this.#logs) log.upTo(now);
  }

  write(q: Request): void {
    const r = this.#random;
    const start = Math.floor(q.timeMs);
    const end = start + q.durationMs + 2;
    const id = uuid(r);
    const target = q.path + q.query;
    const from = this.#begun.at(start);
    const to = this.#ended.at(end);
    const micros = `${THREE[end % 1000]}${THREE[r.below(1000)]}`;
    const busy = 1 + r.below(12);
    const atFront = q.decider === 'loadbalancer';
    const country = q.client.charCodeAt(q.client.length - 1) % 2 === 0 ? 'DE' : 'US';
    this.#balancer.write(
      end,
      atFront
        ? `${to.iso}.${micros}+00:00 edge-01 haproxy[37]: ${q.client}:${q.clientPort} [${from.clf}.${THREE[start % 1000]}] fe_public~ fe_public/<NOSRV> 0/-1/-1/-1/0 403 192 - - PR-- ${busy}/${busy}/0/0/0 0/0 {${q.host}|${country}} "${q.method} ${target} HTTP/1.1" ${id}\n`
        : `${to.iso}.${micros}+00:00 edge-01 haproxy[37]: ${q.client}:${q.clientPort} [${from.clf}.${THREE[start % 1000]}] fe_public~ be_web/web1 0/0/1/${q.durationMs + 1}/${q.durationMs + 2} ${q.status} ${q.bytes + 187} - - ---- ${busy}/${busy}/${busy - 1}/${busy - 1}/0 0/0 {${q.host}|${country}} "${q.method} ${target} HTTP/1.1" ${id}\n`,
    );
    this.written++;
    if (atFront) return;

    const atWeb = end - 1;
    const web = to.at(atWeb);
    const seconds = `${Math.floor(q.durationMs / 1000)}.${THREE[q.durationMs % 1000]}`;
    const reachesApp = q.kind !== 'static' && (q.decider === null || q.decider === 'app');
    this.#access.write(
      atWeb,
      `${q.client} - - [${web.clf} +0000] "${q.method} ${target} HTTP/1.1" ${q.status} ${q.bytes} "${q.referrer}" "${q.agent}" "${q.client}" rid=${id} rt=${seconds} urt=${reachesApp ? seconds : '-'}\n`,
    );
    this.written++;
    this.#connection += 1 + r.below(3);
    const tail = `client: ${q.client}, server: ${q.host}, request: "${q.method} ${target} HTTP/1.1", host: "${q.host}"\n`;
    if (q.decider === 'web') {
      this.#errors.write(atWeb, `${web.nginx} [error] 36#36: *${this.#connection} access forbidden by rule, ${tail}`);
      this.written++;
    } else if (q.decider === 'waf') {
      const unique = `${start * 100 + r.below(100)}.${String(r.below(1_000_000)).padStart(6, '0')}`;
      const score = r.pick([5, 5, 8, 10, 15]);
      this.#errors.write(
        atWeb,
        `${web.nginx} [error] 36#36: *${this.#connection} [client ${q.client}] ModSecurity: Access denied with code 403 (phase 2). Matched "Operator \`Ge' with parameter \`5' against variable \`TX:ANOMALY_SCORE' (Value: \`${score}' ) [file "/usr/share/modsecurity-crs/rules/REQUEST-949-BLOCKING-EVALUATION.conf"] [line "81"] [id "949110"] [rev ""] [msg "Inbound Anomaly Score Exceeded (Total Score: ${score})"] [data ""] [severity "2"] [ver "OWASP_CRS/3.3.4"] [maturity "0"] [accuracy "0"] [tag "application-multi"] [tag "attack-generic"] [hostname "10.30.1.21"] [uri "${q.path}"] [unique_id "${unique}"] [ref ""], ${tail}`,
      );
      this.#audit.write(atWeb, auditRecord(q, target, web.c, id, unique, score, r.pick(RULES)));
      this.written += 2;
    }
    if (!reachesApp) return;

    const atApp = end - 1;
    const stamp = `${web.iso}.${THREE[atApp % 1000]}Z`;
    const who = `"requestId":"${id}"`;
    if (q.decider === 'app') {
      this.#app.write(
        atApp,
        `{"level":"warn","message":"access denied: user ${q.user} lacks permission ${q.method === 'GET' ? 'read' : 'write'} on ${q.path.split('/')[3] ?? 'page'}",${who},"userId":"${q.user}","timestamp":"${stamp}"}\n`,
      );
      this.written++;
    }
    this.#app.write(
      atApp,
      `{"level":"info","message":"request completed",${who},"method":"${q.method}","path":"${q.path}","status":${q.status},"durationMs":${q.durationMs},"remoteAddress":"${q.client}","pid":30,"timestamp":"${stamp}"}\n`,
    );
    this.written++;
  }
}

const RULES = [
  {
    id: '942100',
    msg: 'SQL Injection Attack Detected via libinjection',
    file: 'REQUEST-942-APPLICATION-ATTACK-SQLI',
    tag: 'attack-sqli',
    at: 'ARGS:q',
  },
  {
    id: '941100',
    msg: 'XSS Attack Detected via libinjection',
    file: 'REQUEST-941-APPLICATION-ATTACK-XSS',
    tag: 'attack-xss',
    at: 'ARGS:comment',
  },
  {
    id: '930100',
    msg: 'Path Traversal Attack (/../)',
    file: 'REQUEST-930-APPLICATION-ATTACK-LFI',
    tag: 'attack-lfi',
    at: 'ARGS:file',
  },
] as const;

function auditRecord(
  q: Request,
  target: string,
  time: string,
  id: string,
  unique: string,
  score: number,
  rule: (typeof RULES)[number],
): string {
  const at = '/usr/share/modsecurity-crs/rules';
  return `${JSON.stringify({
    transaction: {
      client_ip: q.client,
      time_stamp: time,
      server_id: 'c0ebd57b3a33e3a5a5a4aa897ffac807ac7271c5',
      client_port: q.clientPort,
      host_ip: '10.30.1.21',
      host_port: 8080,
      unique_id: unique,
      request: {
        method: q.method,
        http_version: 1.1,
        uri: target,
        headers: {
          host: q.host,
          'user-agent': q.agent,
          accept: '*/*',
          'x-request-id': id,
          'x-forwarded-for': q.client,
        },
      },
      response: {
        body: '<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n',
        http_code: 403,
        headers: { Server: 'nginx', 'Content-Type': 'text/html', 'Content-Length': '153' },
      },
      producer: {
        modsecurity: 'ModSecurity v3.0.12 (Linux)',
        connector: 'ModSecurity-nginx v1.0.3',
        secrules_engine: 'Enabled',
        components: ['OWASP_CRS/3.3.4"'],
      },
      messages: [
        {
          message: rule.msg,
          details: {
            match: `detected at ${rule.at}.`,
            reference: 'v21,9',
            ruleId: rule.id,
            file: `${at}/${rule.file}.conf`,
            lineNumber: '45',
            data: `Matched Data: 1' or 1 found within ${rule.at}`,
            severity: '2',
            ver: 'OWASP_CRS/3.3.4',
            rev: '',
            tags: ['application-multi', rule.tag],
            maturity: '0',
            accuracy: '0',
          },
        },
        {
          message: `Inbound Anomaly Score Exceeded (Total Score: ${score})`,
          details: {
            match: `Matched "Operator \`Ge' with parameter \`5' against variable \`TX:ANOMALY_SCORE' (Value: \`${score}' )`,
            reference: '',
            ruleId: '949110',
            file: `${at}/REQUEST-949-BLOCKING-EVALUATION.conf`,
            lineNumber: '81',
            data: '',
            severity: '2',
            ver: 'OWASP_CRS/3.3.4',
            rev: '',
            tags: ['attack-generic'],
            maturity: '0',
            accuracy: '0',
          },
        },
      ],
    },
  })}\n`;
}

if (import.meta.main) {
  const [kind, size, seed] = process.argv.slice(2);
  if ((kind !== 'combined' && kind !== 'layers') || size === undefined) {
    console.error('usage: node test/bench/generate.ts combined|layers LINES [SEED]');
    process.exit(2);
  }
  console.log(generate({ kind, lines: parseSize(size), seed: seed === undefined ? 403 : Number(seed) }).directory);
}
