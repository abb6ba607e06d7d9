/**
 * HOT. nginx access logs: combined (built in), main (the packaged nginx.conf), ingress-nginx, and either of them
 * with more fields behind. Other formats are compiled from their `log_format` (pattern.ts). Time is the end.
 */
import { hasExtras, shareOf } from '../claims.ts';
import { parseClf } from '../clf.ts';
import type { Entry } from '../entry.ts';
import type { Format } from '../parser.ts';
import { compileNginx } from '../pattern.nginx.ts';
import { skimClf } from '../skim.ts';

const saysNoSize = (entry: Entry): boolean =>
  entry.httpResponseStatusCode !== null && entry.httpResponseBodySize === null;

export const format: Format = {
  dataset: 'nginx.access',
  title: 'nginx access log',
  usualLayer: 'web',
  skim: skimClf,
  family: 'clf',
  claim({ entries, lines, fileName }) {
    if (/nginx|openresty|ingress/.test(fileName)) return 0.92;
    // Its own fields behind the agent, also of a request that no upstream was asked for.
    const ingress = shareOf(entries, ({ attributes }) => attributes?.request_length !== undefined);
    if (ingress > 0.5) return 0.97;
    const upstream = shareOf(entries, ({ attributes }) => attributes?.upstream_response_time !== undefined);
    if (upstream > 0.5) return 0.65;
    // `main` of the packaged nginx.conf ends in X-Forwarded-For.
    if (shareOf(entries, (entry) => entry.forwardedFor !== null) > 0 && !hasExtras(entries)) return 0.62;
    // It writes 0 where nothing was sent, and `\x22` for a quote; others `-` and `\"`.
    const foreign = lines.some((line) => line.includes('\\"')) || entries.some(saysNoSize);
    // Of all who write plain combined lines it is the most usual.
    return foreign ? 0.2 : 0.4;
  },
  compile: (pattern) => compileNginx(pattern),
  parse: (record) => parseClf(record, 'nginx.access', 'end', false),
};
