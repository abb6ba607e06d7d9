/**
 * `npm run check:knowledge -- FOLDER [--show STATE] [--product NAME]`: holds the signal tables against a folder of
 * collected knowledge, `signals-*.json`: what products log when they refuse, each with an example line, its cause and
 * its kind. Every example is a source of its own: detection is on and nothing is told. For each entry it says whether a
 * parser reads the line, which dataset it gets, and whether the signals (or, for records of a WAF, `waf.ts`) give the
 * cause; an entry without a signal has to stand in `server/attribute/signals/LEFT-OUT.md`. The folder stays outside.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { matchSignals } from '../server/attribute/match.ts';
import { resolveWaf } from '../server/attribute/waf.ts';
import { Records } from '../server/cli/records.ts';

interface Knowledge {
  id: string;
  product: string;
  log: string;
  example: string;
  status: number[];
  cause: string | null;
  kind: 'decision' | 'context' | 'relay' | 'ignore';
}

/**
 * ok: the entry's cause. waf: its cause, from the WAF's rules. left: stands in LEFT-OUT.md and gives no cause or another.
 * other: another cause. silent: no cause. unread: no parser. blamed: a cause for what refuses nothing.
 */
type State = 'ok' | 'waf' | 'left' | 'other' | 'silent' | 'unread' | 'blamed';
const FAILING: readonly State[] = ['other', 'silent', 'unread', 'blamed'];

/** Some products answer for themselves only in the body or a header: then the line is one of a log that keeps these. */
const IN_ACCESS_LINE: Record<string, string> = {
  'http-response-body': 'response_body',
  'http-response-header': 'response_header',
};

/** Examples without the line around them, as the product or its logger would write it. */
const AROUND: Record<string, (example: string) => string> = {
  'rails-log': (example) =>
    [
      'Started POST "/orders/7/pay" for 203.0.113.7 at 2026-09-01 10:30:00 +0000',
      'Processing by OrdersController#pay as HTML',
      example,
      ...(example.includes('Completed ') ? [] : ['Completed 403 Forbidden in 12ms (Allocations: 1024)']),
    ]
      .map((line) =>
        example.startsWith('[') && !line.startsWith('[')
          ? `${example.slice(0, example.indexOf(']') + 1)} ${line}`
          : line,
      )
      .join('\n'),
  'application-log': (example) => `2026-09-01 10:30:00,123 WARN app.http ${example}`,
  'php-fpm-log': (example) => example,
};

function recordsOf(entry: Knowledge): string {
  const field = IN_ACCESS_LINE[entry.log];
  if (field === undefined) return `${AROUND[entry.log]?.(entry.example) ?? entry.example}\n`;
  const value =
    field === 'response_body'
      ? { response_body: entry.example }
      : {
          response_headers: Object.fromEntries(
            entry.example.split('\n').map((line) => {
              const colon = line.indexOf(':');
              return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
            }),
          ),
        };
  const line = {
    time: '2026-09-01T10:30:00.123Z',
    remote_addr: '203.0.113.7',
    method: 'POST',
    path: '/orders/7',
    status: entry.status.find((s) => s >= 400) ?? 403,
    ...value,
  };
  return `${JSON.stringify(line)}\n`;
}

function readAll(text: string): Entry[] {
  const records = new Records('', null, Date.parse('2026-09-01T12:00:00Z'));
  return (records.push(Buffer.from(text), true) ?? []).flatMap(({ result }) => (isFailure(result) ? [] : [result]));
}

/** Ids of the table in LEFT-OUT.md; one that ends in `*` is a prefix. */
function leftOut(): (id: string) => boolean {
  const text = readFileSync(join(import.meta.dirname, '../server/attribute/signals/LEFT-OUT.md'), 'utf8');
  const ids = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) =>
      line
        .split('|')[1]!
        .replace(/\([^)]*\)/g, '')
        .split(','),
    )
    .map((id) => id.trim());
  return (id) => ids.some((x) => (x.endsWith('*') ? id.startsWith(x.slice(0, -1)) : x === id));
}

interface Found {
  entry: Knowledge;
  state: State;
  datasets: string[];
  said: string[];
  overruled: boolean;
}

function judge(entry: Knowledge, isLeftOut: boolean): Found {
  const entries = readAll(recordsOf(entry));
  const found: Found = {
    entry,
    state: 'unread',
    datasets: [...new Set(entries.map((e) => e.dataset))],
    said: [],
    overruled: false,
  };
  if (entries.length === 0) {
    if (isLeftOut) found.state = 'left';
    return found;
  }
  const matches = entries.flatMap((e) => matchSignals(e));
  const records = entries.filter((e) => e.rules !== null || e.kind === 'audit');
  const waf = records.length > 0 ? resolveWaf(records) : null;
  const decisions = matches.filter((m) => m.signal.kind === 'decision');
  const best = decisions.sort((a, b) => b.signal.confidence - a.signal.confidence)[0];
  found.said = matches.map((m) => `${m.signal.kind} ${m.signal.id} ${m.signal.cause} ${m.signal.confidence}`);
  if (waf !== null) found.said.push(`waf.ts ${waf.cause}`);
  const cause = best?.signal.cause ?? waf?.cause ?? null;
  // Where both speak the verdict is the WAF's.
  found.overruled = waf !== null && waf.cause !== entry.cause && best?.signal.cause === entry.cause;
  if (entry.kind === 'decision') {
    if (best !== undefined && cause === entry.cause) found.state = 'ok';
    else if (waf?.cause === entry.cause) found.state = 'waf';
    else if (isLeftOut) found.state = 'left';
    else found.state = cause === null ? 'silent' : 'other';
  } else if (entry.kind === 'context' && entry.cause !== null) {
    if (matches.some((m) => m.signal.kind === 'context' && m.signal.cause === entry.cause)) found.state = 'ok';
    else if (cause === entry.cause) found.state = 'ok';
    else if (isLeftOut) found.state = 'left';
    else found.state = cause === null ? 'silent' : 'blamed';
  } else if (cause !== null) found.state = isLeftOut ? 'left' : 'blamed';
  else if (entry.kind === 'ignore' || matches.length > 0) found.state = 'ok';
  else found.state = isLeftOut ? 'left' : 'silent';
  return found;
}

const folder = process.argv[2];
const rest = process.argv.slice(3);
const option = (name: string): string | null => (rest.includes(name) ? (rest[rest.indexOf(name) + 1] ?? '') : null);
if (folder === undefined || folder.startsWith('-')) {
  console.error('usage: npm run check:knowledge -- FOLDER [--show STATE,…] [--product NAME] [--full]');
  process.exit(2);
}
const show = option('--show')?.split(',') ?? [...FAILING];
const product = option('--product')?.toLowerCase() ?? null;
const full = rest.includes('--full');

const isLeftOut = leftOut();
let overruled = 0;
const totals = new Map<State, number>();
for (const name of readdirSync(folder).sort()) {
  if (!/^signals-.*\.json$/.test(name)) continue;
  const entries = (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Knowledge[]).filter(
    (e) => product === null || `${e.product} ${e.log} ${e.id}`.toLowerCase().includes(product),
  );
  const found = entries.map((e) => judge(e, isLeftOut(e.id)));
  const counts = new Map<State, number>();
  for (const f of found) {
    if (f.overruled) overruled++;
    counts.set(f.state, (counts.get(f.state) ?? 0) + 1);
    totals.set(f.state, (totals.get(f.state) ?? 0) + 1);
  }
  console.log(`${name}: ${entries.length} entries, ${[...counts].map(([s, n]) => `${s} ${n}`).join(', ')}`);
  for (const { entry, state, datasets, said } of found) {
    if (!show.includes(state)) continue;
    console.log(
      `  ${state.padEnd(6)} ${entry.id} (${entry.kind} ${entry.cause ?? 'nothing'}; ${entry.log} → ${datasets.join(' ') || 'no dataset'})${said.length > 0 ? `: ${said.join('; ')}` : ''}`,
    );
    if (full) console.log(`         ${entry.example.slice(0, 400)}`);
  }
}
if (overruled > 0)
  console.log(`${overruled} of them say so by a signal, while waf.ts says otherwise of the same record`);
const all = [...totals.values()].reduce((a, b) => a + b, 0);
console.log(`all: ${all} entries, ${[...totals].map(([s, n]) => `${s} ${n}`).join(', ')}`);
process.exitCode = FAILING.some((s) => (totals.get(s) ?? 0) > 0) ? 1 : 0;
