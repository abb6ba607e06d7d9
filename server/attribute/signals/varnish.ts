/** Varnish in varnishncsa's format, where `%{Varnish:handling}x` is logged. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';

const logs = ['clf', 'json', 'varnish*'] as const;
const SOURCE = 'varnishcache/varnish-cache doc varnishncsa.rst, include/tbl/vsl_tags.h@27d2ce1';

const refused = (e: Entry): boolean => e.kind === 'access' && e.httpResponseStatusCode === 403;

const signals: Signal[] = [
  {
    id: 'varnish-synth-purge',
    product: 'Varnish',
    datasets: logs,
    outcome: /^synth$/,
    when: (e) => refused(e) && /^(?:PURGE|BAN|XKEY|REFRESH)$/.test(e.httpRequestMethod ?? ''),
    kind: 'decision',
    cause: 'address.not-allowed',
    alternatives: ['config.method', 'config.rewrite'],
    certainty: 'implied',
    confidence: 0.72,
    says: 'VCL answered {httpRequestMethod} itself; purging is open to an ACL only',
    source: SOURCE,
  },
  {
    id: 'varnish-synth',
    product: 'Varnish',
    datasets: logs,
    outcome: /^synth$/,
    when: (e) => refused(e) && !/^(?:PURGE|BAN|XKEY|REFRESH)$/.test(e.httpRequestMethod ?? ''),
    kind: 'decision',
    cause: 'config.rewrite',
    alternatives: [
      'address.denied',
      'address.not-allowed',
      'config.access',
      'waf.bot',
      'config.method',
      'origin.referer',
    ],
    certainty: 'implied',
    confidence: 0.4,
    says: 'VCL made the 403 itself (synth); the log does not say why',
    source: SOURCE,
  },
  {
    id: 'varnish-relay',
    product: 'Varnish',
    datasets: logs,
    outcome: /^(?:miss|pass|pipe|hitmiss|hitpass)$/,
    when: (e) => e.kind === 'access' && (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'stated',
    confidence: 0.97,
    says: 'The backend answered {httpResponseStatusCode}, passed on ({eventOutcome})',
    source: SOURCE,
  },
  {
    id: 'varnish-cached-403',
    product: 'Varnish',
    datasets: logs,
    outcome: /^hit$/,
    when: (e) => e.kind === 'access' && (e.httpResponseStatusCode ?? 0) >= 400,
    kind: 'relay',
    cause: null,
    certainty: 'stated',
    confidence: 0.97,
    says: 'A cached {httpResponseStatusCode}; the reason is that of the request that filled the cache',
    source: SOURCE,
  },
];

export default signals;
