/**
 * What a user relies on, case by case: the logs of `fixtures/causes/<code>/<case>/logs/` go through the real engine, and
 * what it says has to be what `expected.json` says, no request more and none less. A case that the product gets
 * wrong today keeps the right expectation and says why in `failsToday`; it turns red on the day it passes.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Engine } from '../server/engine.ts';
import { CERTAINTIES, isCause, isLayer } from '../server/model/taxonomy.ts';
import { type ReportRecord, reportRecord } from '../server/report/record.ts';

/** Zones of logs that name none fall back to the machine's; the cases are written for a machine in UTC. */
process.env.TZ = 'UTC';

const ROOT = join(import.meta.dirname, '..', 'fixtures', 'causes');
/** Logs in which nothing was refused. */
const NONE = 'none';

/** One refused request. `evidence` and `chain` name first lines of records: "web/access.log:3", below `logs/`. */
interface Expected {
  match: { path: string; client?: string };
  decidingLayer: string;
  cause: string;
  certainty: string;
  confidenceAtLeast?: number;
  /** All of these have to be named; what is named besides has to be a line of the chain. */
  evidence: string[];
  /** Exactly these, in any order. */
  chain: string[];
  /** What some lines of the chain did. */
  roles?: Record<string, string>;
  failsToday?: string;
}
/** An empty list cannot carry a reason: then `{ "failsToday": …, "refused": [] }`. */
type ExpectedFile = Expected[] | { failsToday: string; refused: Expected[] };

/**
 * Reads a copy, because names of folders are hints to the product and a case must not give its answer away by its
 * own. Throws when a file of a case cannot be read: a case that nobody reads proves nothing.
 */
async function report(fixture: string): Promise<ReportRecord[]> {
  const directory = mkdtempSync(join(tmpdir(), 'why403-causes-'));
  const logs = join(directory, 'logs');
  cpSync(fixture, logs, { recursive: true });
  const engine = new Engine({
    directory,
    scratch: true,
    final: true,
    paths: [logs],
    refusedStatus: [403],
    layers: [],
    timezone: null,
  });
  try {
    await engine.runToEnd(() => {});
    for (const s of engine.ingest.sources())
      if (s.parsed === 0) throw new Error(`${relative(logs, s.path)} cannot be read: ${s.advice}`);
    const everything = { sinceMs: null, untilMs: null, where: [] };
    const where = (file: string, line: number): string => `${relative(logs, file)}:${line}`;
    const page = { after: null, limit: 1000, order: 'oldest' } as const;
    return engine.questions.refusals(everything, page).map((refusal) => {
      const record = reportRecord(refusal);
      return {
        ...record,
        chain: record.chain.map((h) => ({ ...h, file: where(h.file, h.line) })),
        evidence: record.evidence.map((e) => ({ ...e, file: where(e.file, e.line) })),
      };
    });
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function describeRecord(r: ReportRecord): string {
  const chain = r.chain.map((h) => `${h.file} (${h.role})`).join(', ');
  return `${r.client} ${r.method} ${r.path}: ${r.decidingLayer} ${r.cause} ${r.certainty} ${r.confidence}, “${r.detail}”, chain ${chain}`;
}

/** The record that an expectation means: the request with the line that it is counted by, else the same path and client. */
function claim(left: ReportRecord[], wanted: Expected): ReportRecord | null {
  const same = left.filter(
    (r) => r.path === wanted.match.path && (wanted.match.client === undefined || r.client === wanted.match.client),
  );
  const shared = (r: ReportRecord): number => r.chain.filter((h) => wanted.chain.includes(h.file)).length;
  return same.sort((a, b) => shared(b) - shared(a))[0] ?? null;
}

/** Everything that differs, in words; an empty list is a pass. */
function differences(found: ReportRecord[], expected: Expected[]): string[] {
  const out: string[] = [];
  const left = [...found];
  for (const wanted of expected) {
    const name = `${wanted.match.client ?? ''} ${wanted.match.path}`.trim();
    const record = claim(left, wanted);
    if (record === null) {
      out.push(`${name}: not found`);
      continue;
    }
    left.splice(left.indexOf(record), 1);
    const says = (what: string, is: unknown, should: unknown): void => {
      if (is !== should) out.push(`${name}: ${what} is ${is}, should be ${should}`);
    };
    const before = out.length;
    says('deciding layer', record.decidingLayer, wanted.decidingLayer);
    says('cause', record.cause, wanted.cause);
    says('certainty', record.certainty, wanted.certainty);
    if (record.confidence < (wanted.confidenceAtLeast ?? 0))
      out.push(`${name}: confidence is ${record.confidence}, should be at least ${wanted.confidenceAtLeast}`);
    const chain = record.chain.map((h) => h.file);
    says('chain', [...chain].sort().join(' '), [...wanted.chain].sort().join(' '));
    for (const [at, role] of Object.entries(wanted.roles ?? {}))
      says(`role of ${at}`, record.chain.find((h) => h.file === at)?.role, role);
    const evidence = record.evidence.map((e) => e.file);
    for (const e of wanted.evidence) if (!evidence.includes(e)) out.push(`${name}: evidence ${e} is missing`);
    for (const e of evidence)
      if (!wanted.evidence.includes(e) && !wanted.chain.includes(e)) out.push(`${name}: evidence ${e} is wrong`);
    if (out.length > before) out.push(`  it said: ${describeRecord(record)}`);
  }
  for (const r of left) out.push(`not expected: ${describeRecord(r)}`);
  return out;
}

/** Files below a folder, named from it, each with its number of lines. */
function linesOf(folder: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, entry);
    if (statSync(path).isFile()) lines.set(entry, readFileSync(path, 'utf8').split('\n').length - 1);
  }
  return lines;
}

for (const code of readdirSync(ROOT).sort()) {
  describe(code, () => {
    test('is a cause code', () => {
      expect(code === NONE || isCause(code)).toBe(true);
    });
    for (const name of readdirSync(join(ROOT, code)).sort()) {
      const folder = join(ROOT, code, name);
      const file = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as ExpectedFile;
      const expected = Array.isArray(file) ? file : file.refused;
      const failsToday = Array.isArray(file) ? file.find((e) => e.failsToday)?.failsToday : file.failsToday;

      test(`${name} is well formed`, () => {
        expect(existsSync(join(folder, 'logs'))).toBe(true);
        expect(readdirSync(folder).sort()).toEqual(['expected.json', 'logs']);
        for (const layer of readdirSync(join(folder, 'logs'))) expect(isLayer(layer), layer).toBe(true);
        expect(expected.length > 0).toBe(code !== NONE);
        if (code !== NONE) expect(expected.map((e) => e.cause)).toContain(code);
        const lines = linesOf(join(folder, 'logs'));
        for (const e of expected) {
          expect(isCause(e.cause)).toBe(true);
          expect(isLayer(e.decidingLayer) || e.decidingLayer === 'unknown').toBe(true);
          expect(CERTAINTIES).toContain(e.certainty);
          expect(e.chain.length * e.evidence.length).toBeGreaterThan(0);
          for (const at of [...e.chain, ...e.evidence]) {
            const colon = at.lastIndexOf(':');
            const line = Number(at.slice(colon + 1));
            expect(line >= 1 && line <= (lines.get(at.slice(0, colon)) ?? 0), at).toBe(true);
          }
        }
      });
      const run = failsToday === undefined ? test : test.fails;
      run(failsToday === undefined ? name : `${name} (fails today: ${failsToday})`, async () => {
        expect(differences(await report(join(folder, 'logs')), expected)).toEqual([]);
      });
    }
  });
}
