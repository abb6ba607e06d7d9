/** What of a refusal fills in a playbook's snippets. */
import type { PlaybookFacts } from '../attribute/playbook/index.ts';
import { productOf } from '../link/source.ts';
import type { Refusal } from '../model/request.ts';

export function playbookFacts(r: Refusal): PlaybookFacts {
  const v = r.verdict;
  const decided = r.chain.find((h) => h.path === v.decidingPath) ?? r.chain[0];
  const file = /"(\/[^"]{1,300})"|(?:: )(\/[^\s,]{1,300})/.exec(v.detail);
  return {
    dataset: decided?.dataset ?? null,
    product: decided ? productOf(decided.dataset) : null,
    ruleId: v.rule,
    host: r.host,
    path: r.path,
    parameter: v.parameter,
    clientAddress: r.client,
    filePath: file ? (file[1] ?? file[2] ?? null) : null,
    userAgent: r.userAgent,
    method: r.method,
    user: r.user,
  };
}
