/** RFC 4180, with cells that a spreadsheet would take for a formula defused by a leading apostrophe. */
import type { ReportRecord } from './record.ts';

const COLUMNS = [
  'time',
  'client',
  'method',
  'host',
  'path',
  'query',
  'status',
  'decidingLayer',
  'decidingSource',
  'cause',
  'certainty',
  'confidence',
  'rule',
  'detail',
] as const;

/** One record, with its line break. */
export const csvLine = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\r\n`;

export const csvHeader = csvLine(COLUMNS);

export function csvRow(r: ReportRecord): string {
  return csvLine(COLUMNS.map((c) => r[c]));
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  let text = String(value);
  if (typeof value === 'string' && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
