/** What formats of one family look at to know their own lines: shares of the sample, and the columns of a line. */
import type { Entry } from './entry.ts';

/** The share of the entries for which `test` holds. */
export function shareOf(entries: Entry[], test: (entry: Entry) => boolean): number {
  return entries.filter(test).length / Math.max(1, entries.length);
}

/** Is the second column of most lines a name with a dot? lighttpd writes the host there. */
export function secondColumnIsHost(lines: string[]): boolean {
  let hosts = 0;
  let all = 0;
  for (const line of lines) {
    const [, second = ''] = line.split(' ', 2);
    if (second === '') continue;
    all++;
    if (second.includes('.')) hosts++;
  }
  return hosts > all * 0.5;
}

/** Something stands behind the fields of combined that is no forwarded address. */
export function hasExtras(entries: Entry[]): boolean {
  const named = (entry: Entry) => Object.keys(entry.attributes ?? {}).some((name) => name !== 'request');
  return shareOf(entries, named) > 0.3 || shareOf(entries, (entry) => entry.requestIds.length > 0) > 0.3;
}
