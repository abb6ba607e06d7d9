/**
 * Refusals as they go into the store, made where they are explained: what is filtered and sorted by as rows, the rest
 * of some hundred of them compressed together. So the thread that writes neither copies nor compresses verdicts, and
 * whoever explains a storm holds one refusal at a time.
 */
import { constants as zlib, zstdCompressSync } from 'node:zlib';
import { BODY_REFUSALS_MAX } from '../limits.ts';
import type { AudienceName } from '../model/audience.ts';
import { fingerprintOf } from '../model/problem.ts';
import type { Refusal } from '../model/request.ts';
import { categoryOf } from '../model/taxonomy.ts';

/** What no list shows. The sentence of the verdict stands in the row. */
export type Rest = Pick<
  Refusal,
  'protocol' | 'userAgent' | 'referrer' | 'requestIds' | 'sourceId' | 'audience' | 'chain'
> & { verdict: Omit<Refusal['verdict'], 'detail'> };

/** In the order in which it is stored; the last ones are no columns of a refusal. */
export type BundledRow = [
  id: string,
  timeMs: number,
  client: string | null,
  method: string | null,
  host: string | null,
  path: string | null,
  query: string | null,
  route: string,
  status: number,
  user: string | null,
  layer: string,
  cause: string,
  category: string,
  certainty: string,
  confidence: number,
  rule: string | null,
  audience: AudienceName,
  /** What a verdict says: the beginning that others share, and what follows. */
  sentence: string | null,
  detail: string,
  source: string | null,
  /** Of its problem. */
  problemRoute: string,
];

/** Refusals whose rest is compressed together. */
export interface Bundled {
  rows: BundledRow[];
  /** Of each: source, first line and number of lines, one after the other. */
  hops: number[][];
  requestIds: string[][];
  /** zstd of a JSON list of Rest */
  packed: Uint8Array;
}

export interface Bundle {
  refusals: number;
  parts: Bundled[];
}

/** Shorter ones are not worth a number of their own. */
const SENTENCE_CHARS_MIN = 12;
const ZSTD = { params: { [zlib.ZSTD_c_compressionLevel]: 3 } };

export class Bundler {
  readonly #parts: Bundled[] = [];
  #refusals = 0;
  #rows: BundledRow[] = [];
  #hops: number[][] = [];
  #requestIds: string[][] = [];
  #rest = '';

  add(r: Refusal): void {
    const { verdict: v } = r;
    const [sentence, detail] = parted(v.detail);
    const problem = fingerprintOf(r);
    this.#rows.push([
      r.id,
      r.timeMs,
      r.client,
      r.method,
      r.host,
      r.path,
      r.query,
      r.route,
      r.status,
      r.user,
      v.decidingLayer,
      v.cause,
      categoryOf(v.cause),
      v.certainty,
      v.confidence,
      v.rule,
      r.audience.is,
      sentence,
      detail,
      v.decidingPath,
      problem.route,
    ]);
    const hops: number[] = [];
    for (const h of r.chain) hops.push(h.sourceId, h.line, h.lines);
    this.#hops.push(hops);
    this.#requestIds.push(r.requestIds);
    const rest: Rest = {
      protocol: r.protocol,
      userAgent: r.userAgent,
      referrer: r.referrer,
      requestIds: r.requestIds,
      sourceId: r.sourceId,
      verdict: withoutDetail(v),
      audience: r.audience,
      chain: r.chain,
    };
    this.#rest += `${this.#rest === '' ? '[' : ','}${JSON.stringify(rest)}`;
    this.#refusals++;
    if (this.#rows.length === BODY_REFUSALS_MAX) this.#close();
  }

  #close(): void {
    if (this.#rows.length === 0) return;
    this.#parts.push({
      rows: this.#rows,
      hops: this.#hops,
      requestIds: this.#requestIds,
      packed: zstdCompressSync(`${this.#rest}]`, ZSTD),
    });
    this.#rows = [];
    this.#hops = [];
    this.#requestIds = [];
    this.#rest = '';
  }

  done(): Bundle {
    this.#close();
    return { refusals: this.#refusals, parts: this.#parts };
  }
}

export function bundle(refusals: Iterable<Refusal>): Bundle {
  const bundler = new Bundler();
  for (const r of refusals) bundler.add(r);
  return bundler.done();
}

function withoutDetail({ detail: _, ...verdict }: Refusal['verdict']): Rest['verdict'] {
  return verdict;
}

/** The beginning of what a verdict says, where others say the same: it names nothing of this refusal. */
function parted(text: string): [sentence: string | null, detail: string] {
  const end = text.indexOf('; ');
  const sentence = end < 0 ? text : text.slice(0, end);
  if (sentence.length < SENTENCE_CHARS_MIN || /\d{2}/.test(sentence)) return [null, text];
  return [sentence, end < 0 ? '' : text.slice(end)];
}
