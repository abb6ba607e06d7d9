/**
 * What to do about a cause: how to be sure, the change per product with its snippet filled in from the refusal,
 * how to keep it from coming back, what not to do. The sheets stand in one file per category.
 */
import { readdirSync } from 'node:fs';
import type { z } from 'zod';
import type { Playbook as PlaybookSchema } from '../../api/contract.ts';
import { CAUSES, type Cause } from '../../model/taxonomy.ts';
import type { Facts, Sheet } from './sheet.ts';
import { factsOf } from './values.ts';

export type Playbook = z.infer<typeof PlaybookSchema>;

/** What is known of the refusal. Everything may come from a hostile log: only `values.ts` puts it into a snippet. */
export interface PlaybookFacts {
  dataset: string | null;
  product: string | null;
  ruleId: string | null;
  host: string | null;
  path: string | null;
  parameter: string | null;
  clientAddress: string | null;
  filePath: string | null;
  userAgent: string | null;
  method: string | null;
  user: string | null;
}

const sheets: Map<string, Sheet> = await load();

async function load(): Promise<Map<string, Sheet>> {
  const folder = new URL('./', import.meta.url);
  const all = new Map<string, Sheet>();
  for (const file of readdirSync(folder).filter((f) => /^[a-z]+\.[jt]s$/.test(f)).sort()) {
    if (/^(?:index|sheet|values)\./.test(file)) continue;
    const module = (await import(new URL(file, folder).href)) as { default: Record<string, Sheet> };
    for (const [cause, sheet] of Object.entries(module.default)) all.set(cause, sheet);
  }
  return all;
}

/** The sheet of a cause, filled in; the product that decided comes first. */
export function playbookFor(cause: Cause, facts: PlaybookFacts): Playbook {
  const sheet = sheets.get(cause) ?? sheets.get('unknown');
  if (sheet === undefined) {
    return { cause, title: CAUSES[cause], meaning: '', confirm: [], fix: [], prevent: [], doNot: [] };
  }
  const known: Facts = factsOf(facts);
  const fix = sheet.fix(known).map((f) => ({ product: f.product, text: f.text, snippet: f.snippet ?? null }));
  const own = known.products;
  const rank = (product: string | null): number => (product === null ? 1 : own.has(product) ? 0 : 2);
  return {
    cause,
    title: CAUSES[cause],
    meaning: sheet.meaning,
    confirm: sheet.confirm(known),
    fix: fix.map((f, i) => ({ f, i })).sort((a, b) => rank(a.f.product) - rank(b.f.product) || a.i - b.i).map(({ f }) => f),
    prevent: [...sheet.prevent],
    doNot: [...sheet.doNot],
  };
}
