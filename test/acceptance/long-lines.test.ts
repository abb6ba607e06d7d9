/** Lines over every limit, NUL bytes and torn ends never stop a source: kept cut, counted, and what follows is read. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RefusalsPage, Sources } from '../../server/api/contract.ts';
import { cli, combined, directory, serve, until } from './run.ts';

const long = `${'A'.repeat(3_500_000)}\n`;
const before = Array.from({ length: 20 }, () => combined({})).join('');

test('report reads on behind a line of megabytes, with the right line number', async () => {
  const d = directory({ 'access.log': before + long + combined({ path: '/behind', status: 403 }) });
  const r = await cli(['report', '--format', 'jsonl', join(d, 'access.log')]);
  const found = JSON.parse(r.out);
  expect(found).toMatchObject({ path: '/behind', chain: [{ line: 22 }] });
});

test('serve does too, and counts the line once', async () => {
  const d = directory({ 'logs/access.log': before + long + combined({ path: '/behind', status: 403 }) });
  const s = await serve([join(d, 'logs'), '--data', join(d, 'data')]);
  const page = await until(
    () => s.get<RefusalsPage>('/api/v1/refusals'),
    (p) => p.total === 1,
  );
  expect(page.rows[0]!.path).toBe('/behind');
  const source = (await s.get<Sources>('/api/v1/sources')).sources[0]!;
  expect(source).toMatchObject({ lines: 22, parsed: 21, unparsed: 1, bytesBehind: 0 });
});
