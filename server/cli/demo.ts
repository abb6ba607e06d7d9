/**
 * Replays the bundled logs of a small stack (HAProxy, nginx with ModSecurity, Django) as if they were written
 * now: a few hours of history at once, then a few requests a second. Writes real files into a directory of its
 * own, so that everything behind it is the ordinary product. Only time stamps and ids are changed.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Piece {
  file: string;
  text: string;
  /** Time of the record, ms since 1970. */
  atMs: number;
}
interface Replayed {
  refused: boolean;
  pieces: Piece[];
  startMs: number;
}

const HISTORY_MS = 3 * 3_600_000;
const LIVE_EVERY_MS = 700;
/** Mean requests a minute in the history, and the share of them that are refused on an ordinary day. */
const PER_MINUTE = 26;
const REFUSED_SHARE = 0.035;
/** The incident that a visitor finds: refusals rise for a while, an hour before now. */
const INCIDENT_FROM_MS = 55 * 60_000;
const INCIDENT_TO_MS = 30 * 60_000;
const INCIDENT_SHARE = 0.2;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (n: number): string => String(n).padStart(2, '0');

/** Every layout in the bundled logs, all in UTC; each replacement keeps the layout. */
const STAMPS: { find: RegExp; read: (m: string[]) => number; write: (d: Date, m: string[]) => string }[] = [
  {
    find: /(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d):(\d\d)([.,])(\d{3})(\d*)/g,
    read: (m) => Date.UTC(+m[1]!, +m[2]! - 1, +m[3]!, +m[5]!, +m[6]!, +m[7]!, +m[9]!),
    write: (d, m) =>
      `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}${m[4]}${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}${m[8]}${String(d.getUTCMilliseconds()).padStart(3, '0')}${m[10]}`,
  },
  {
    find: /(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(\.\d{3})?/g,
    read: (m) => Date.UTC(+m[3]!, MONTHS.indexOf(m[2]!), +m[1]!, +m[4]!, +m[5]!, +m[6]!, m[7] ? +m[7].slice(1) : 0),
    write: (d, m) =>
      `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}${m[7] ? `.${String(d.getUTCMilliseconds()).padStart(3, '0')}` : ''}`,
  },
  {
    find: /(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)/g,
    read: (m) => Date.UTC(+m[1]!, +m[2]! - 1, +m[3]!, +m[4]!, +m[5]!, +m[6]!),
    write: (d) =>
      `${d.getUTCFullYear()}/${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`,
  },
  {
    find: /[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})/g,
    read: (m) => Date.UTC(+m[6]!, MONTHS.indexOf(m[1]!), +m[2]!, +m[3]!, +m[4]!, +m[5]!),
    write: (d) =>
      `${DAYS[d.getUTCDay()]} ${MONTHS[d.getUTCMonth()]} ${two(d.getUTCDate())} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} ${d.getUTCFullYear()}`,
  },
];

function timeOf(text: string): number {
  for (const s of STAMPS) {
    s.find.lastIndex = 0;
    const m = s.find.exec(text);
    if (m) return s.read(m as unknown as string[]);
  }
  return Number.NaN;
}

function restamp(text: string, shiftMs: number): string {
  let out = text;
  for (const s of STAMPS) {
    out = out.replace(s.find, (...args) => {
      const m = args.slice(0, -2) as string[];
      return s.write(new Date(s.read(m) + shiftMs), m);
    });
  }
  return out;
}

/** Fresh ids, the same for all lines of one replayed request. */
function freshIds(pieces: string[]): string[] {
  const known = new Map<string, string>();
  return pieces.map((p) =>
    p
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) => {
        let fresh = known.get(id);
        if (!fresh) {
          const h = randomBytes(16).toString('hex');
          fresh = `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
          known.set(id, fresh);
        }
        return fresh;
      })
      .replace(/\b\d{12}\.\d{6}\b/g, (id) => {
        let fresh = known.get(id);
        if (!fresh) {
          fresh = `${id.slice(0, 8)}${String(randomBytes(3).readUIntBE(0, 3) % 10_000).padStart(4, '0')}.${String(randomBytes(4).readUInt32BE(0) % 1_000_000).padStart(6, '0')}`;
          known.set(id, fresh);
        }
        return fresh;
      }),
  );
}

function bundled(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  for (const up of ['../../fixtures/demo', '../../../fixtures/demo']) {
    const path = join(here, up);
    if (existsSync(path)) return path;
  }
  throw new Error('the bundled demo logs are missing from this installation');
}

function load(): Replayed[] {
  const from = bundled();
  const lines = new Map<string, string[]>();
  const linesOf = (file: string): string[] => {
    let l = lines.get(file);
    if (!l) {
      l = readFileSync(join(from, file), 'utf8').split('\n');
      lines.set(file, l);
    }
    return l;
  };
  return readFileSync(`${from}-requests.jsonl`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => {
      const r = JSON.parse(row) as { refused: boolean; lines: [string, number, number][] };
      const pieces = r.lines.map(([file, line, count]) => {
        const text = linesOf(file)
          .slice(line - 1, line - 1 + count)
          .join('\n');
        return { file, text, atMs: timeOf(text) };
      });
      return { refused: r.refused, pieces, startMs: Math.min(...pieces.map((p) => p.atMs)) };
    });
}

export interface Demo {
  directory: string;
  stop(): void;
}

/** Makes the directory with its history and goes on writing until stopped. */
export function startDemo(now: () => number): Demo {
  const all = load();
  const refused = all.filter((r) => r.refused);
  const passed = all.filter((r) => !r.refused);
  const directory = mkdtempSync(join(tmpdir(), 'why403-demo-'));
  const logs = join(directory, 'logs');
  const pick = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;
  // A real day has one cause in front, not forty that are equally frequent.
  const weighted = (): Replayed => refused[Math.floor(Math.random() ** 1.8 * refused.length)]!;
  const incident = refused.slice(0, 1).concat(pick(refused));

  const pending = new Map<string, { atMs: number; text: string }[]>();
  const put = (r: Replayed, atMs: number): void => {
    const texts = freshIds(r.pieces.map((p) => p.text));
    r.pieces.forEach((p, i) => {
      const list = pending.get(p.file) ?? [];
      list.push({ atMs: p.atMs - r.startMs + atMs, text: restamp(texts[i]!, atMs - r.startMs) });
      pending.set(p.file, list);
    });
  };
  const flush = (): void => {
    for (const [file, list] of pending) {
      list.sort((a, b) => a.atMs - b.atMs);
      const path = join(logs, file);
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, `${list.map((l) => l.text).join('\n')}\n`);
    }
    pending.clear();
  };

  const end = now();
  for (let t = end - HISTORY_MS; t < end - 1500; ) {
    const age = end - t;
    const inIncident = age <= INCIDENT_FROM_MS && age > INCIDENT_TO_MS;
    // Traffic swells and ebbs; nobody's day is flat.
    const rate = PER_MINUTE * (0.75 + 0.25 * Math.sin((t / 3_600_000) * 2.1));
    t += (-Math.log(1 - Math.random()) * 60_000) / rate;
    if (t >= end - 1500) break;
    const roll = Math.random();
    if (inIncident && roll < INCIDENT_SHARE) put(pick(incident), t);
    else put(roll < REFUSED_SHARE ? weighted() : pick(passed), t);
  }
  flush();

  const timer = setInterval(() => {
    const n = Math.random() < 0.3 ? 2 : 1;
    for (let i = 0; i < n; i++) put(Math.random() < REFUSED_SHARE * 2 ? weighted() : pick(passed), now() - 30);
    flush();
  }, LIVE_EVERY_MS);
  timer.unref();
  return {
    directory,
    stop() {
      clearInterval(timer);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
