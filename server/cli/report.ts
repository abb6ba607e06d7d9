/** `why403 report`: reads everything, says why, and goes. Rows are paged out of the store, so memory does not grow with them. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { now } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Engine } from '../engine.ts';
import { errnoOf, Why403Error } from '../errors.ts';
import type { Refusal } from '../model/request.ts';
import { csvHeader, csvRow } from '../report/csv.ts';
import { htmlReport } from '../report/html/report.ts';
import { reportRecord } from '../report/record.ts';
import { summarize } from '../report/summary.ts';
import { textReport } from '../report/text.ts';
import type { Filter, PageKey } from '../store/questions.ts';
import { VERSION } from '../version.ts';
import { complain, withScratch } from './scratch.ts';

export async function report(config: Config): Promise<void> {
  if (config.paths.length === 0 && config.follows.length === 0)
    throw new Why403Error('USAGE', 'report needs a path', 'for instance: why403 report /var/log/nginx');
  const out = openOut(config.out);
  try {
    await withScratch(config, config.paths, (engine) => {
      for (const warning of complain(engine, config.paths)) process.stderr.write(`why403: ${warning}\n`);
      const filter: Filter = { sinceMs: config.sinceMs, untilMs: config.untilMs, where: [] };
      write(config.format, engine, filter, out.write);
    });
  } finally {
    out.close();
  }
}

function write(format: string, engine: Engine, filter: Filter, put: (text: string) => void): void {
  const { questions } = engine;
  if (format === 'jsonl') {
    for (const r of all(engine, filter)) put(`${JSON.stringify(reportRecord(r))}\n`);
  } else if (format === 'csv') {
    put(csvHeader);
    for (const r of all(engine, filter)) put(csvRow(reportRecord(r)));
  } else if (format === 'json') {
    const s = summarize(questions, filter);
    put(
      `{"summary":${JSON.stringify({ from: s.fromMs === null ? null : new Date(s.fromMs).toISOString(), to: s.toMs === null ? null : new Date(s.toMs).toISOString(), requests: s.requests, refused: s.refused, causes: s.causes })},"refusals":[`,
    );
    let comma = '';
    for (const r of all(engine, filter)) {
      put(`${comma}\n${JSON.stringify(reportRecord(r))}`);
      comma = ',';
    }
    put('\n]}\n');
  } else if (format === 'html') {
    const { archive } = engine;
    const made = { archive, questions, filter, sources: readSources(engine), now: now(), version: VERSION };
    for (const piece of htmlReport(made)) put(piece);
  } else {
    put(textReport(summarize(questions, filter), readSources(engine)));
  }
}

function readSources(engine: Engine): { path: string; dataset: string; lines: number; unparsed: number }[] {
  return engine.ingest
    .sources()
    .filter((s) => s.reader !== null)
    .map((s) => ({ path: s.path, dataset: s.reader!.dataset, lines: s.lines, unparsed: s.unparsed }));
}

/** Every refusal in order of time, a page at a time. */
function* all(engine: Engine, filter: Filter): Generator<Refusal> {
  let after: PageKey | null = null;
  for (;;) {
    const rows = engine.questions.refusals(filter, { after, limit: 1000, order: 'oldest' });
    yield* rows;
    const last = rows[rows.length - 1];
    if (!last || rows.length < 1000) return;
    after = { timeMs: last.timeMs, id: last.id };
  }
}

function openOut(path: string | null): { write(text: string): void; close(): void } {
  let fd: number;
  try {
    fd = path === null ? 1 : openSync(path, 'w');
  } catch (error) {
    throw new Why403Error('UNREADABLE', `cannot write ${path} (${errnoOf(error)})`, 'give another file with --out');
  }
  let pending: string[] = [];
  let size = 0;
  const flush = (): void => {
    const bytes = Buffer.from(pending.join(''));
    let at = 0;
    while (at < bytes.length) {
      try {
        at += writeSync(fd, bytes, at);
      } catch (error) {
        if (errnoOf(error) === 'EAGAIN') continue;
        if (errnoOf(error) === 'EPIPE') process.exit(0);
        throw error;
      }
    }
    pending = [];
    size = 0;
  };
  return {
    write(text) {
      pending.push(text);
      size += text.length;
      if (size > 256 * 1024) flush();
    },
    close() {
      flush();
      if (path !== null) closeSync(fd);
    },
  };
}
