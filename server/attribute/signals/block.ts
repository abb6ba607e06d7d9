/** One row of a table of sentences: product, datasets and source are given once for all rows of a block. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

/** Where an application's own lines stand. */
export const app = ['text.app', 'json', 'syslog', 'rails.app', 'aspnetcore.app', 'node.error'] as const;
/** Under PHP they also stand in the error log of the web server. */
export const php = ['text.app', 'json', 'syslog', 'nginx.error', 'apache.error'] as const;

interface More {
  others?: readonly Cause[];
  confidence?: number;
  certainty?: 'stated' | 'implied';
  status?: readonly number[];
  logger?: string | RegExp;
  when?: (e: Entry) => boolean;
  kind?: Signal['kind'];
  ownWords?: true;
}

/** One table row; the product's datasets and source are given once per block. */
export function block(product: string, datasets: readonly string[], source: string) {
  return (
    id: string,
    message: string | RegExp | undefined,
    cause: Cause | null,
    says: string,
    more: More = {},
  ): Signal => ({
    id,
    product,
    datasets,
    message,
    logger: more.logger,
    when: more.when,
    status: more.status,
    kind: more.kind ?? 'decision',
    ownWords: more.ownWords,
    cause,
    alternatives: more.others,
    certainty: more.certainty ?? 'stated',
    confidence: more.confidence ?? 0.93,
    layer: datasets.includes('nginx.error') ? 'app' : undefined,
    says,
    source,
  });
}

/** Statuses that frameworks answer forged and unauthenticated requests with. */
export const wide: readonly number[] = [400, 401, 403, 419, 422];
