/**
 * Refusals as a file: CSV for spreadsheets, JSON for programs. Written page by page as fast as the other side reads,
 * so that two million rows cost as much memory as a hundred. Secrets were masked before the rows were stored.
 */
import { once } from 'node:events';
import type { Response } from 'express';
import { csvLine } from '../report/csv.ts';
import type { Filter, PageKey } from '../store/questions.ts';
import type { RefusalRow } from './contract.ts';
import { refusalRow, type Store } from './rows.ts';

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

interface Format {
  type: string;
  head: string;
  row(r: RefusalRow, isFirst: boolean): string;
  tail: string;
}

const FORMATS: Record<'csv' | 'ndjson' | 'json', Format> = {
  csv: {
    type: 'text/csv; charset=utf-8; header=present',
    head: csvLine(COLUMNS),
    row: (r) => csvLine(COLUMNS.map((c) => r[c])),
    tail: '',
  },
  ndjson: { type: 'application/x-ndjson', head: '', row: (r) => `${JSON.stringify(r)}\n`, tail: '' },
  json: {
    type: 'application/json',
    head: '[',
    row: (r, isFirst) => `${isFirst ? '\n' : ',\n'}${JSON.stringify(r)}`,
    tail: '\n]\n',
  },
};

export async function sendExport(
  res: Response,
  store: Store,
  filter: Filter,
  options: { format: keyof typeof FORMATS; order: 'newest' | 'oldest' },
): Promise<void> {
  const format = FORMATS[options.format];
  res.setHeader('content-type', format.type);
  res.setHeader('content-disposition', `attachment; filename="why403-refusals.${options.format}"`);
  res.setHeader('cache-control', 'no-store');
  let isOpen = true;
  res.on('close', () => {
    isOpen = false;
  });
  res.write(format.head);
  let after: PageKey | null = null;
  let isFirst = true;
  while (isOpen) {
    const rows = store.questions.listed(filter, { after, limit: PAGE_ROWS, order: options.order });
    let text = '';
    for (const r of rows) {
      text += format.row(refusalRow(r), isFirst);
      isFirst = false;
    }
    const last = rows[rows.length - 1];
    if (last === undefined) break;
    after = { timeMs: last.timeMs, id: last.id };
    // Others are answered in between; a reader that is slow is waited for.
    if (!res.write(text)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
    else await new Promise((done) => setImmediate(done));
    if (rows.length < PAGE_ROWS) break;
  }
  res.end(format.tail);
}
