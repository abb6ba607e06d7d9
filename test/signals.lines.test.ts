/**
 * The signal tables against every line of `fixtures/lines`: what was let through, what was only watched and what an
 * inner layer answered is nobody's decision, whatever the product; and what a product that is in front of others
 * refuses by itself is found by its table.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Entry, isFailure } from '../parsers/entry.ts';
import { emptyContext } from '../parsers/envelope.ts';
import { FORMATS } from '../parsers/formats.ts';
import { matchSignals } from '../server/attribute/match.ts';
import { resolveWaf } from '../server/attribute/waf.ts';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'lines');

interface Line {
  name: string;
  entry: Entry;
}

function linesOf(file: string): Line[] {
  const format = FORMATS.get(file.replace(/\.log$/, ''));
  if (format === undefined) return [];
  const lines: Line[] = [];
  const records = readFileSync(join(FOLDER, file), 'utf8').split(/^#! .*\n/m);
  for (const [i, record] of records.entries()) {
    const entry = format.parse(record.trimEnd(), emptyContext(Date.parse('2026-03-01T12:00:00Z')));
    if (!isFailure(entry)) lines.push({ name: `${file} record ${i}`, entry });
  }
  return lines;
}

const LINES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.log'))
  .sort()
  .flatMap(linesOf);

const decisions = (entry: Entry): string[] =>
  matchSignals(entry).flatMap(({ signal }) => (signal.kind === 'decision' ? [signal.id] : []));

describe('lines of the formats', () => {
  test('are there', () => {
    expect(LINES.length).toBeGreaterThan(400);
  });

  test('answered well, they are no refusal', () => {
    for (const { name, entry } of LINES) {
      const status = entry.httpResponseStatusCode ?? 0;
      if (entry.kind !== 'access' || status < 100 || status >= 400) continue;
      expect(decisions(entry), name).toEqual([]);
    }
  });

  test('a WAF that let the request through refused nothing', () => {
    for (const { name, entry } of LINES) {
      if (entry.wafIntercepted !== false && entry.wafMode !== 'detection_only') continue;
      // Imperva's other actions are refusals without being the WAF's.
      if (entry.dataset === 'imperva.cef' && !entry.eventOutcome?.startsWith('REQ_PASSED')) continue;
      expect(decisions(entry), name).toEqual([]);
      expect(resolveWaf([entry]), name).toBeNull();
    }
  });

  test('what the backend answered is not the decision of who passed it on', () => {
    for (const { name, entry } of LINES) {
      const status = entry.httpResponseStatusCode ?? 0;
      if (entry.kind !== 'access' || entry.upstreamStatusCode !== status || status === 0) continue;
      expect(decisions(entry), name).toEqual([]);
    }
  });

  test('no sentence is left with a gap where the line says the name', () => {
    for (const { name, entry } of LINES)
      for (const { signal, says } of matchSignals(entry))
        expect(says, `${name}: ${signal.id}`).not.toMatch(/undefined|\[object|^$/);
  });
});
