/** Every layout of a time that text logs use, with what it means and where it ends. */
import { expect, test } from 'vitest';
import { read, readTime } from '../parsers/time.ts';

const REFERENCE = Date.parse('2025-11-23T02:00:00Z');

test.each([
  // Text, the instant, without zone, what follows.
  ['2025-11-22 09:57:01.123 +01:00 [WRN]', '2025-11-22T08:57:01.123Z', false, ' [WRN]'],
  ['2025-11-22 09:57:01 CET x', '2025-11-22T08:57:01.000Z', false, ' x'],
  ['2025-11-22 09:57:01 ERROR x', '2025-11-22T09:57:01.000Z', true, ' ERROR x'],
  ['2025-11-22 09:57:01 - x', '2025-11-22T09:57:01.000Z', true, ' - x'],
  ['2025-11-22 09:57:01.123456789 +0100 CET', '2025-11-22T08:57:01.123Z', false, ' CET'],
  ['01/Sep/2026 10:30:00] x', '2026-09-01T10:30:00.000Z', true, '] x'],
  ['06/10/2021:11:19:31 -0000] x', '2021-06-10T11:19:31.000Z', false, '] x'],
  ['01/25/22 16:08:02.393003 x', '2022-01-25T16:08:02.393Z', true, ' x'],
  ['25/01/2022 16:08:02', '2022-01-25T16:08:02.000Z', true, ''],
  ['8/2/2023, 7:32:47 PM    WARN', '2023-08-02T19:32:47.000Z', true, '    WARN'],
  ['08/02/2023, 12:02:47 AM', '2023-08-02T00:02:47.000Z', true, ''],
  ['22.11.2025 09:57:01', '2025-11-22T09:57:01.000Z', true, ''],
  ['22-Nov-2025 09:57:01 UTC]', '2025-11-22T09:57:01.000Z', false, ']'],
  ['22-Nov-2025 09:57:01 Europe/Berlin]', '2025-11-22T08:57:01.000Z', false, ']'],
  ['22-Jul-2025 09:57:01 America/New_York]', '2025-07-22T13:57:01.000Z', false, ']'],
  ['22-Nov-2025 09:57:01 Nowhere/Land]', '2025-11-22T09:57:01.000Z', true, ' Nowhere/Land]'],
  // The hour that comes twice is the first, the one that is left out lies behind the change.
  ['26-Oct-2025 02:30:00 Europe/Berlin', '2025-10-26T00:30:00.000Z', false, ''],
  ['30-Mar-2025 02:30:00 Europe/Berlin', '2025-03-30T01:30:00.000Z', false, ''],
  ['Sat Nov 22 09:57:01 CEST 2025|', '2025-11-22T07:57:01.000Z', false, '|'],
  ['Sat, 22 Nov 2025 09:57:01 GMT', '2025-11-22T09:57:01.000Z', false, ''],
  ['Nov 22, 2025 9:57:01 PM x', '2025-11-22T21:57:01.000Z', true, ' x'],
  ['Nov 22 2025 09:57:01: x', '2025-11-22T09:57:01.000Z', true, ': x'],
  ['Nov  2 09:57:01.5 x', '2025-11-02T09:57:01.500Z', true, ' x'],
  ['2025/11/22 - 09:57:01 | x', '2025-11-22T09:57:01.000Z', true, ' | x'],
  ['22 Nov 2025 09:57:01.123', '2025-11-22T09:57:01.123Z', true, ''],
  ['20251122T095701Z', '2025-11-22T09:57:01.000Z', false, ''],
  ['20251122 09:57:01 x', '2025-11-22T09:57:01.000Z', true, ' x'],
  ['1763805421.123456 x', '2025-11-22T09:57:01.123Z', false, ' x'],
  // A clock alone lies on the day that puts it nearest before the reference; zones east of it run ahead.
  ['10:30:00.123 x', '2025-11-23T10:30:00.123Z', true, ' x'],
  ['23:30:00.123 x', '2025-11-22T23:30:00.123Z', true, ' x'],
  ['29-Feb-2024 02:30:00 UTC', '2024-02-29T02:30:00.000Z', false, ''],
] as const)('%s', (text, instant, zoneless, rest) => {
  const ms = readTime(text, 0, REFERENCE);
  expect([new Date(ms).toISOString(), read.zoneless, text.slice(read.end)]).toEqual([instant, zoneless, rest]);
});

test.each([
  '29-Feb-2025 02:30:00',
  '2025-13-01 00:00:00',
  '2025-11-22 24:00:00',
  '13/13/2025 10:00:00',
  '8/2/2023, 13:32:47 PM',
  '1763805421',
  '10:30',
  'Monday',
  'May I ask',
])('%s is no time', (text) => {
  expect(readTime(text, 0, REFERENCE)).toBeNaN();
});

test('a clock or a day without year needs a reference', () => {
  for (const text of ['10:30:00', 'Nov 22 09:57:01']) expect(readTime(text, 0, Number.NaN)).toBeNaN();
});
