/** Cause and facts → playbook. First thin version: the texts per cause follow, the signature stays. */
import type { Playbook } from '../../api/contract.ts';
import { CAUSES, type Cause } from '../../model/taxonomy.ts';

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

export function playbookFor(cause: Cause, _facts: PlaybookFacts): Playbook {
  return {
    cause,
    title: CAUSES[cause],
    meaning: `The request was refused. ${CAUSES[cause]}.`,
    confirm: ['Read the evidence lines of this refusal.'],
    fix: [{ product: null, text: 'Change the rule that the evidence names, for this host and path only.', snippet: null }],
    prevent: ['Alert on this cause, so that the next change that breaks it is seen.'],
    doNot: ['Do not switch off the layer that decided.'],
  };
}
