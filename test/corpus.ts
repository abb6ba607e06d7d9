/**
 * `npm run check:corpus -- FOLDER [--format NAME] [--show N] [--json]`: how well the parsers agree with a corpus of
 * records whose field values others have stated. FOLDER holds `<source>/<format>.jsonl` (one {"format","raw"} a line)
 * and `check.py`, which judges. Every record is a source of its own: detection is on and nothing is told. Then every
 * file as one source: is its product recognised? The corpus stays outside of this repository.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { Records } from '../server/cli/records.ts';

/** Our dataset → the corpus' name of the format; where it is not the same with a dash for the dot. */
const NAMES: Record<string, string | ((entry: Entry) => string)> = {
  clf: 'combined',
  'nginx.access': (entry) => (entry.attributes?.request_length === undefined ? 'nginx-access' : 'k8s-nginx-ingress'),
  'caddy.access': 'caddy-json',
  'envoy.access': (entry) => (entry.attributes?.layout === 'json' ? 'envoy-json' : 'envoy-text'),
  // The framework's access lines are the application's.
  'gin.access': 'app-gin',
  'npm.access': 'nginx-proxy-manager',
  'npmplus.access': 'npmplus',
  'squid.access': 'squid',
  // Its text has no host, its JSON always.
  'traefik.access': (entry) => (entry.attributes?.requestCount === undefined ? 'traefik-json' : 'traefik-clf'),
  'modsecurity.audit': 'modsecurity-v2-audit',
  'modsecurity.json': (entry) =>
    /v2|\/2\./i.test(entry.attributes?.producer ?? '') ? 'modsecurity-v2-json' : 'modsecurity-v3-json',
};

function nameOf(entry: Entry): string {
  const name = NAMES[entry.dataset];
  if (typeof name === 'string') return name;
  if (name !== undefined) return name(entry);
  const own = entry.dataset.replaceAll('.', '-');
  return entry.dataset === 'json' || entry.kind === 'app' ? `app-${own}` : own;
}

/** An Entry under the keys that check.py compares. */
function judged(entry: Entry): Record<string, unknown> {
  const rule = entry.rules?.find((x) => x.denied) ?? entry.rules?.[0];
  const out: Record<string, unknown> = {
    format: nameOf(entry),
    time: Number.isNaN(entry.timeMs) ? null : new Date(entry.timeMs).toISOString(),
    client: entry.clientAddress,
    method: entry.httpRequestMethod,
    path: entry.urlPath,
    query: entry.urlQuery,
    host: entry.urlDomain,
    status: entry.httpResponseStatusCode,
    bytes: entry.httpResponseBodySize,
    userAgent: entry.userAgentOriginal,
    referer: entry.httpRequestReferrer,
    user: entry.userName,
    requestId: entry.requestIds[0] ?? null,
    upstreamStatus: entry.upstreamStatusCode,
    durationMs: entry.durationMs,
    level: entry.logLevel,
    // Of a WAF's record, the message is the rule's.
    message: rule?.message || entry.message,
    ruleId: rule?.id ?? null,
    action: entry.wafIntercepted === true ? 'block' : (entry.eventOutcome ?? (rule === undefined ? null : 'log')),
  };
  for (const key of Object.keys(out)) if (out[key] === null) delete out[key];
  return out;
}

interface Source {
  /** "fluentd/nginx-access" */
  name: string;
  format: string;
  raws: string[];
}

function sourcesOf(folder: string, only: string): Source[] {
  const sources: Source[] = [];
  for (const source of readdirSync(folder, { withFileTypes: true })) {
    if (!source.isDirectory()) continue;
    for (const file of readdirSync(join(folder, source.name)).sort()) {
      if (!file.endsWith('.jsonl') || !file.startsWith(only)) continue;
      const raws = readFileSync(join(folder, source.name, file), 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => (JSON.parse(line) as { raw: string }).raw);
      const format = file.slice(0, -'.jsonl'.length);
      sources.push({ name: `${source.name}/${format}`, format, raws });
    }
  }
  // check.py sorts paths by their bytes.
  return sources.sort((a, b) => (`${a.name}.jsonl` < `${b.name}.jsonl` ? -1 : 1));
}

function readAll(text: string): { dataset: string | null; entries: Entry[] } {
  const records = new Records('', null, Date.now());
  const read = records.push(Buffer.from(text), true) ?? [];
  return {
    dataset: records.detected?.dataset ?? null,
    entries: read.flatMap(({ result }) => (isFailure(result) ? [] : [result])),
  };
}

function python(args: string[], input = ''): string {
  const { stdout, stderr, error, status } = spawnSync('python3', args, { encoding: 'utf8', input });
  if (error !== undefined || (status ?? 0) > 1) throw new Error(`python3 ${args[0]}: ${error?.message ?? stderr}`);
  return stdout + stderr;
}

const folder = process.argv[2];
const rest = process.argv.slice(3);
if (folder === undefined || folder.startsWith('-')) {
  console.error('usage: npm run check:corpus -- FOLDER [--format NAME] [--show N] [--json]');
  process.exit(2);
}
const at = rest.indexOf('--format');
const only = at < 0 ? '' : (rest[at + 1] ?? '');
const check = join(folder, 'check.py');
const sources = sourcesOf(folder, only);

const scratch = mkdtempSync(join(tmpdir(), 'why403-corpus-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const output = join(scratch, 'output.jsonl');
const lines = sources.flatMap(({ raws }) =>
  raws.map((raw) => {
    const [entry] = readAll(raw).entries;
    return entry === undefined ? 'null' : JSON.stringify(judged(entry));
  }),
);
writeFileSync(output, `${lines.join('\n')}\n`);
console.log(python([check, output, folder, ...rest]));

// The families of formats that look alike are check.py's own.
const groups = sources.map((source) => {
  const { dataset, entries } = readAll(source.raws.join('\n'));
  const main = entries.find((entry) => entry.dataset === dataset);
  return { source, dataset, named: main === undefined ? '' : nameOf(main) };
});
const script =
  'import json,sys; sys.path.insert(0,sys.argv[1]); import check; print(json.dumps([check.family(a)==check.family(b) for a,b in json.load(sys.stdin)]))';
const same = JSON.parse(
  python(['-B', '-c', script, folder], JSON.stringify(groups.map((g) => [g.named, g.source.format]))),
) as boolean[];
const failing = groups.filter((_, i) => !same[i]);
const right = groups.length - failing.length;
console.log(
  `detection by group: ${right} of ${groups.length} (${((100 * right) / Math.max(1, groups.length)).toFixed(1)}%)`,
);
for (const { source, dataset } of failing) {
  console.log(
    `  ${source.name.padEnd(45)} ${String(source.raws.length).padStart(4)} records, taken for ${dataset ?? 'nothing known'}`,
  );
}
