/**
 * Cause and facts → playbook: what happened, how to be sure, what to change, what to leave alone. Pure. The texts lie
 * in one file per category; `BOOK` does not compile while a cause is missing.
 */
import type { Playbook } from '../../api/contract.ts';
import { CAUSES, type Cause } from '../../model/taxonomy.ts';
import { address } from './address.ts';
import { app, unknown } from './app.ts';
import { config } from './config.ts';
import { credential } from './credential.ts';
import { csrf } from './csrf.ts';
import { gateway } from './gateway.ts';
import { limit } from './limit.ts';
import { origin } from './origin.ts';
import { permission } from './permission.ts';
import { fits } from './products.ts';
import type { Fix, Template } from './template.ts';
import { type PlaybookFacts, Values } from './values.ts';
import { waf } from './waf.ts';

export type { PlaybookFacts } from './values.ts';

const BOOK: Record<Cause, (v: Values) => Template> = {
  ...permission,
  ...credential,
  ...csrf,
  ...origin,
  ...address,
  ...waf,
  ...limit,
  ...config,
  ...gateway,
  ...app,
  unknown,
};

export function playbookFor(cause: Cause, facts: PlaybookFacts): Playbook {
  const t = BOOK[cause](new Values(facts));
  return {
    cause,
    title: CAUSES[cause],
    meaning: t.meaning,
    confirm: t.confirm,
    fix: relevant(t.fix, facts).map((f) => ({ product: f.product, text: f.text, snippet: f.snippet ?? null })),
    prevent: t.prevent,
    doNot: t.doNot,
  };
}

/** The product of the facts first, then what runs inside it, then what holds everywhere; all of them when none fits. */
function relevant(fixes: Fix[], facts: PlaybookFacts): Fix[] {
  const ranked = fixes.map((fix) => ({ fix, rank: rankOf(fix, facts) })).sort((a, b) => b.rank - a.rank);
  if ((ranked[0]?.rank ?? 0) <= GENERAL) return fixes;
  return ranked.filter((r) => r.rank > 0).map((r) => r.fix);
}

const GENERAL = 1;
/** Above every "inside": 2 and at most a key's length in hundredths. */
const EXACT = 4;

function rankOf(fix: Fix, facts: PlaybookFacts): number {
  if (fix.product === null) return GENERAL;
  const exact = fits(fix.product, facts);
  if (exact > 0) return EXACT + exact / 100;
  const outer = Math.max(0, ...(fix.inside ?? []).map((p) => fits(p, facts)));
  return outer > 0 ? 2 + outer / 100 : 0;
}
