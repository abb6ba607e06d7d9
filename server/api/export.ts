/**
 * Refusals as a file: CSV for spreadsheets, JSON for programs. Written page by page as fast as the other side reads,
 * so that two million rows cost as much memory as a hundred. Secrets were masked before the rows were stored.
 */
import { once } from 'node:events';
import type { Response } from 'express';
import { csvLine } from '../report/csv.ts';
import type { Filter, PageKey, RefusalSort } from '../store/questions.ts';
import type { RefusalRow } from './contract.ts';
import { BadRequest } from './problem.ts';
import { refusalRow, type Store, sortValue } from './rows.ts';

const COLUMNS = [
  'id',
  'time',
  'client',
  'method',
  'host',
  'path',
  'query',
  'route',
  'status',
  'decidingLayer',
  'decidingSource',
  'cause',
  'certainty',
  'confidence',
  'rule',
  'user',
  'audience',
  'problem',
  'detail',
] as const satisfies readonly (keyof RefusalRow)[];

const PAGE_ROWS = 500;

type Columns = readonly (keyof RefusalRow)[];
/** "client,cause": what is asked for, in this order. */
function columnsOf(asked: string | undefined): Columns {
  if (asked === undefined || asked === '') return COLUMNS;
  const wanted = [...new Set(asked.split(','))];
  for (const c of wanted)
    if (!(COLUMNS as readonly string[]).includes(c))
      throw new BadRequest(`columns: there is no "${c.slice(0, 40)}"; there are ${COLUMNS.join(', ')}`);
  return wanted as (keyof RefusalRow)[];
}

interface Format {
  type: string;
  head(columns: Columns): string;
  row(r: Partial<RefusalRow>, columns: Columns, isFirst: boolean): string;
  tail: string;
}

const FORMATS: Record<'csv' | 'ndjson' | 'json', Format> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: (columns) => csvLine(columns),
    row: (r, columns) => csvLine(columns.map((c) => r[c] ?? null)),
    tail: '',
  },
  ndjson: { type: 'application/x-ndjson', head: () => '', row: (r) => `${JSON.stringify(r)}\n`, tail: '' },
  json: {
    type: 'application/json',
    head: () => '[',
    row: (r, _columns, isFirst) => `${isFirst ? '\n' : ',\n'}${JSON.stringify(r)}`,
    tail: '\n]\n',
  },
};

export async function sendExport(
  res: Response,
  store: Store,
  filter: Filter,
  options: { format: keyof typeof FORMATS; order: 'newest' | 'oldest'; sort: RefusalSort; columns?: string },
): Promise<void> {
  const format = FORMATS[options.format];
  const columns = columnsOf(options.columns);
  const { order, sort } = options;
  res.setHeader('content-type', format.type);
  res.setHeader('content-disposition', `attachment; filename="why403-refusals.${options.format}"`);
  res.setHeader('cache-control', 'no-store');
  let isOpen = true;
  res.on('close', () => {
    isOpen = false;
  });
  res.write(format.head(columns));
  let after: PageKey | null = null;
  let isFirst = true;
  while (isOpen) {
    const rows = store.questions.listed(filter, { after, limit: PAGE_ROWS, order, sort });
    let text = '';
    for (const r of rows) {
      const row = refusalRow(r);
      text += format.row(Object.fromEntries(columns.map((c) => [c, row[c]])), columns, isFirst);
      isFirst = false;
    }
    const last = rows[rows.length - 1];
    if (last === undefined) break;
    after = { timeMs: last.timeMs, id: last.id, value: sortValue(last, sort) };
    // Others are answered in between; a reader that is slow is waited for.
    if (!res.write(text)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
    else await new Promise((done) => setImmediate(done));
    if (rows.length < PAGE_ROWS) break;
  }
  res.end(format.tail);
}
