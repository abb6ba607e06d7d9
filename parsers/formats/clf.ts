/**
 * HOT. Any access log that begins like common or combined, whoever wrote it: gunicorn, morgan, Undertow … The head of
 * a family: products that write such lines claim them. What stands behind the known fields is kept and named.
 */
import { hasExtras } from '../claims.ts';
import { parseClf } from '../clf.ts';
import { type Format, RANK } from '../parser.ts';
import { skimClf } from '../skim.ts';

/** Folders and names of files whose lines look alike, and whose product has no format of its own. */
const OTHER_PRODUCTS =
  /(?:^|[/\\._-])(?:app|apps|gunicorn|uvicorn|hypercorn|puma|node|express|catalina|traefik|wildfly|undertow|envoy|squid)(?:[/\\._-]|$)/;

export const format: Format = {
  dataset: 'clf',
  title: 'access log like Common Log Format',
  usualLayer: null,
  skim: skimClf,
  rank: RANK.shared,
  claim: ({ entries, fileName }) => (OTHER_PRODUCTS.test(fileName) ? 0.7 : hasExtras(entries) ? 0.6 : 0.1),
  parse: (record) => parseClf(record, 'clf', 'end', false),
};
