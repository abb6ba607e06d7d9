/** What is true of the requests of a lab folder, and how far what was said of them agrees. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Refusal } from '../../server/model/request.ts';

interface TrueLine {
  file: string;
  line: number;
}
interface TrueRequest {
  refused?: boolean;
  cause?: string;
  accept?: string[];
  deciding_layer: string;
  scenario_failed?: unknown;
  scenario: string;
  chain?: TrueLine[];
}

/** A refused request: named by its outermost line, "web/access.log:12". */
export interface Truth {
  lines: string[];
  causes: Set<string>;
  /** What is true as well, but says less: that the application refused, that a score was too high. */
  less: string | null;
  scenario: string;
}

export function truthOf(folder: string): Truth[] {
  const out: Truth[] = [];
  for (const text of readFileSync(join(folder, 'truth.jsonl'), 'utf8').split('\n')) {
    if (text.trim() === '') continue;
    const r = JSON.parse(text) as TrueRequest;
    if (!r.refused || !r.cause || !r.chain || r.chain.length === 0) continue;
    out.push({
      lines: r.chain.map((l) => `${l.file}:${l.line}`),
      causes: new Set([r.cause, ...(r.accept ?? [])]),
      less: r.cause.startsWith('waf.') ? 'waf.anomaly' : r.deciding_layer === 'app' ? 'app.unexplained' : null,
      scenario: r.scenario,
    });
  }
  return out;
}

/** What was said of one request. */
export interface Said {
  cause: string;
  detail: string;
  /** Files that its evidence stands in. */
  evidence: string[];
}

/** By the line that the request is counted by. */
export function saidOf(refusals: Iterable<Refusal>, logs: string): Map<string, Said> {
  const said = new Map<string, Said>();
  for (const r of refusals) {
    const outer = r.chain[0]!;
    said.set(`${relative(logs, outer.path)}:${outer.line}`, {
      cause: r.verdict.cause,
      detail: r.verdict.detail,
      evidence: [...new Set(r.verdict.evidence.map((e) => relative(logs, e.path)))],
    });
  }
  return said;
}

export interface Tally {
  /** Requests whose outermost line is still there. */
  requests: number;
  found: number;
  wrong: number;
  unknown: number;
  /** True, but less than the logs told when they were all there. */
  less: number;
  /** Verdicts that were right with all logs as they are, and whose evidence is still there. */
  knowable: number;
  /** Of these: those that are wrong now, and those that are `unknown`. */
  nowWrong: number;
  nowUnknown: number;
  /** The scenarios of what is wrong, with their numbers. */
  wrongScenarios: Map<string, number>;
}

/** `missing`: a file that the variant does not have. */
export function tally(
  truth: readonly Truth[],
  said: ReadonlyMap<string, Said>,
  asIs: ReadonlyMap<string, Said>,
  missing: string | null,
): Tally {
  const out: Tally = {
    requests: 0,
    found: 0,
    wrong: 0,
    unknown: 0,
    less: 0,
    knowable: 0,
    nowWrong: 0,
    nowUnknown: 0,
    wrongScenarios: new Map(),
  };
  for (const { lines, causes, less, scenario } of truth) {
    const outer = lines.find((l) => missing === null || !l.startsWith(`${missing}:`));
    if (outer === undefined) continue;
    out.requests++;
    const now = said.get(outer);
    if (now === undefined) continue;
    out.found++;
    const isRight = causes.has(now.cause);
    if (now.cause === 'unknown') out.unknown++;
    else if (!isRight && now.cause === less) out.less++;
    else if (!isRight) {
      out.wrong++;
      out.wrongScenarios.set(`${scenario}→${now.cause}`, (out.wrongScenarios.get(`${scenario}→${now.cause}`) ?? 0) + 1);
    }
    const before = asIs.get(lines[0]!);
    if (before === undefined || before.cause === 'unknown' || !causes.has(before.cause)) continue;
    if (missing !== null && before.evidence.includes(missing)) continue;
    out.knowable++;
    if (isRight) continue;
    if (now.cause === 'unknown' || now.cause === less) out.nowUnknown++;
    else out.nowWrong++;
  }
  return out;
}
