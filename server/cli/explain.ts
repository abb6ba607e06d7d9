/** `why403 explain`: one refused request, found by its id, by one of its lines, or by a line pasted to standard input. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { playbookFor } from '../attribute/playbook/index.ts';
import { iso } from '../clock.ts';
import { type Config, defaultDataDirectory } from '../config.ts';
import { Why403Error } from '../errors.ts';
import { maskText, plain } from '../model/mask.ts';
import type { Refusal } from '../model/request.ts';
import { CAUSES } from '../model/taxonomy.ts';
import { playbookFacts } from '../report/facts.ts';
import { rawOf } from '../report/raw.ts';
import type { Archive } from '../store/archive.ts';
import type { Questions } from '../store/questions.ts';
import { SqliteArchive } from '../store/sqlite/archive.ts';
import { openReader } from '../store/sqlite/database.ts';
import { SqliteQuestions } from '../store/sqlite/questions.ts';
import { complain, withScratch } from './scratch.ts';

interface Store {
  archive: Archive;
  questions: Questions;
}

export async function explain(config: Config): Promise<void> {
  const [what, ...given] = config.paths;
  if (what === undefined)
    throw new Why403Error(
      'USAGE',
      'explain needs a request id, FILE:LINE or -',
      'for instance: why403 explain access.log:812 /var/log',
    );
  const at = /^(.+):(\d+)$/.exec(what);
  const stored = config.data ?? defaultDataDirectory(process.env);
  const paths = given.length > 0 ? given : at ? [dirname(at[1]!)] : null;
  const line = what === '-' ? readFileSync(0, 'utf8').trimEnd() : null;
  if (paths === null) {
    // What a running or earlier `serve` has stored.
    if (!existsSync(join(stored, 'why403.db'))) {
      throw new Why403Error(
        'NOT_FOUND',
        `nothing is stored in ${stored}`,
        'give the logs as well: why403 explain ID /var/log/nginx',
      );
    }
    const db = openReader(stored);
    try {
      tell({ archive: new SqliteArchive(db), questions: new SqliteQuestions(db) }, what, null, line);
    } finally {
      db.close();
    }
    return;
  }
  await withScratch(config, paths, (engine) => {
    complain(engine, paths);
    tell(engine, what, at ? { file: at[1]!, line: Number(at[2]) } : null, line);
  });
}

function tell(store: Store, what: string, at: { file: string; line: number } | null, pasted: string | null): void {
  const found = find(store, what, at, pasted);
  if (found.length === 0) {
    throw new Why403Error(
      'NOT_FOUND',
      at
        ? `line ${at.line} of ${at.file} belongs to no refused request`
        : pasted !== null
          ? 'that line belongs to no refused request in these logs'
          : `there is no refused request ${what}`,
      'see what there is with `why403 report`',
    );
  }
  process.stdout.write(found.map((r) => page(store, r)).join('\n\n'));
}

function find(store: Store, what: string, at: { file: string; line: number } | null, pasted: string | null): Refusal[] {
  const { questions, archive } = store;
  if (at) {
    const source = archive.sources().find((s) => s.path === at.file || s.path.endsWith(`/${at.file}`));
    const r = source ? questions.refusalOfLine(source.id, at.line) : null;
    return r ? [r] : [];
  }
  if (pasted !== null) {
    const wanted = pasted.split('\n')[0]!.trim();
    if (wanted === '') throw new Why403Error('USAGE', 'nothing came on standard input', 'paste a log line');
    for (const source of archive.sources()) {
      for (const block of archive.lastBlocks(source.id, Number.MAX_SAFE_INTEGER)) {
        const raw = Buffer.from(block.raw);
        const position = raw.indexOf(wanted);
        if (position < 0) continue;
        let line = block.firstLine;
        for (let i = raw.indexOf(10); i >= 0 && i < position; i = raw.indexOf(10, i + 1)) line++;
        const r = questions.refusalOfLine(source.id, line);
        if (r) return [r];
      }
    }
    return [];
  }
  const byId = questions.refusal(what);
  return byId ? [byId] : questions.refusalsByRequestId(what, 5);
}

function page(store: Store, r: Refusal): string {
  const v = r.verdict;
  const out = [
    `${r.method ?? ''} ${plain(`${r.host ?? ''}${r.path ?? ''}${r.query ? `?${r.query}` : ''}`)}`,
    `${r.status} at ${iso(r.timeMs)} for ${r.client ?? 'an unknown client'}${r.user ? `, user ${plain(r.user)}` : ''}  [${r.id}]`,
    '',
    `Why      ${CAUSES[v.cause]} (${v.cause}), decided by ${v.decidingLayer}`,
    `         ${plain(v.detail)}`,
    `Sure     ${v.certainty}, ${Math.round(v.confidence * 100)} %${v.alternatives.length > 0 ? `; else ${v.alternatives.map((a) => a.cause).join(', ')}` : ''}`,
  ];
  if (v.wouldSettle) out.push(`Settle   ${v.wouldSettle}`);
  out.push('', 'Way');
  for (const h of r.chain) {
    out.push(`  ${h.layer.padEnd(13)}${h.role.padEnd(9)} ${h.status ?? '   '}  ${plain(h.path)}:${h.line}`);
    out.push(`      ${plain(maskText(rawOf(store.archive, h).split('\n')[0]!)).slice(0, 220)}`);
  }
  out.push('', 'Evidence');
  for (const e of v.evidence) out.push(`  ${plain(e.path)}:${e.line}  ${plain(e.says)}`);
  for (const c of v.contrast)
    out.push(
      `  ${c.field} ${plain(c.value)}: ${c.refused} of ${c.refusedOf} refused, ${c.passed} of ${c.passedOf} let through`,
    );
  const book = playbookFor(v.cause, playbookFacts(r));
  out.push('', 'Confirm', ...book.confirm.map((t) => `  · ${t}`), '', 'Fix');
  for (const f of book.fix) {
    out.push(`  · ${f.product ? `${f.product}: ` : ''}${f.text}`);
    if (f.snippet)
      out.push(
        ...plain(f.snippet.replaceAll('\n', '\u2028'))
          .split('\u2028')
          .map((l) => `      ${l}`),
      );
  }
  out.push('', 'Do not', ...book.doNot.map((t) => `  · ${t}`), '');
  return out.join('\n');
}
