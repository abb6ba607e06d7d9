/** mod_evasive and mod_qos, which write into Apache's error log. */
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const log = ['apache.error'] as const;
const EVASIVE = 'jzdziarski/mod_evasive mod_evasive20.c@ad6e89f; jvdmr/mod_evasive mod_evasive24.c@a9c7bc8';
const QOS = 'studersi/mod_qos httpd_src/modules/qos/mod_qos.c@0132802 (11.70)';

function qos(
  id: string,
  codes: string,
  cause: Cause,
  others: readonly Cause[],
  says: string,
  status: readonly number[],
  confidence = 0.93,
): Signal {
  return {
    id,
    product: 'mod_qos',
    datasets: log,
    message: new RegExp(`^mod_qos\\((?:${codes})\\): access denied(?! \\(log only\\))(?!.{0,400}action=log only)`),
    kind: 'decision',
    cause,
    alternatives: others,
    certainty: 'stated',
    confidence,
    status,
    says,
    source: QOS,
  };
}

const signals: Signal[] = [
  {
    id: 'mod-evasive-classic',
    product: 'mod_evasive',
    datasets: log,
    message: /^client denied by server configuration: (?<file>\S{1,300})/,
    logger: /^evasive/,
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['address.reputation'],
    certainty: 'stated',
    confidence: 0.93,
    status: [403, 429],
    says: 'mod_evasive: too many requests from {clientAddress}',
    source: EVASIVE,
  },
  {
    id: 'mod-evasive-2x-list',
    product: 'mod_evasive',
    datasets: log,
    message: /\[reason "URI blocklist"\]/,
    kind: 'decision',
    cause: 'config.access',
    certainty: 'stated',
    confidence: 0.93,
    status: [403, 429],
    says: "The path is on mod_evasive's block list",
    source: EVASIVE,
  },
  {
    id: 'mod-evasive-2x',
    product: 'mod_evasive',
    datasets: log,
    message: /\[reason "(?<reason>URI DOS|site DOS)"\]/,
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['address.reputation'],
    certainty: 'stated',
    confidence: 0.95,
    status: [403, 429],
    says: 'mod_evasive: too many requests ({reason})',
    source: EVASIVE,
  },
  {
    id: 'mod-evasive-blacklist',
    product: 'mod_evasive',
    datasets: ['apache.error', 'syslog'],
    message: /^Black ?listing address (?<address>[0-9A-Fa-f.:]{3,45}?):? possible (?:DoS|attack)/i,
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['address.reputation'],
    certainty: 'stated',
    confidence: 0.92,
    says: 'mod_evasive blocks {address} for its request rate',
    source: EVASIVE,
  },
  {
    id: 'mod-evasive-no-code',
    product: 'mod_evasive',
    datasets: log,
    message: /^client denied by server configuration: (?<file>\S{1,300})/,
    // The core's lines have a code since 2.4; the module name tells that it is 2.4.
    when: (e) =>
      e.eventCode === null &&
      e.logLogger !== null &&
      !/^evasive/.test(e.logLogger) &&
      !/^(?:authz_|access_compat)/.test(e.logLogger),
    kind: 'decision',
    cause: 'limit.rate',
    alternatives: ['config.access', 'address.reputation'],
    certainty: 'implied',
    confidence: 0.75,
    says: 'Denied without a code, as mod_evasive logs it: too many requests',
    source: EVASIVE,
  },
  {
    id: 'mod-qos-log-only',
    product: 'mod_qos',
    datasets: log,
    message: /^mod_qos\(\d+\): access denied.{0,400}(?:\(log only|action=log only)/,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 1,
    says: 'mod_qos only logged it',
    source: QOS,
  },
  qos(
    'mod-qos-010',
    '01[0-3]|030|031|065|066|067',
    'limit.rate',
    [],
    'mod_qos: a request or connection limit is reached',
    [403, 429, 500, 503],
  ),
  qos(
    'mod-qos-060',
    '060',
    'address.reputation',
    ['limit.rate'],
    'mod_qos blocks {clientAddress} for earlier bad events',
    [403, 500, 503],
    0.9,
  ),
  qos(
    'mod-qos-101',
    '101',
    'address.geo',
    ['limit.rate'],
    'mod_qos: the country of {clientAddress} has no priority',
    [403, 500],
    0.85,
  ),
  qos(
    'mod-qos-040',
    '040|041|042',
    'waf.custom',
    ['config.access', 'waf.protocol'],
    'A deny filter of mod_qos matched',
    [403],
    0.85,
  ),
  qos(
    'mod-qos-protocol',
    '043|045|046|048',
    'waf.protocol',
    ['waf.custom'],
    'A protocol filter of mod_qos matched',
    [403],
    0.9,
  ),
  qos('mod-qos-047', '047', 'waf.session', ['waf.custom'], 'mod_qos: a page was asked for out of order', [403], 0.85),
  qos('mod-qos-044', '044', 'waf.upload', [], 'mod_qos: the request body is too large', [403, 413], 0.9),
];

export default signals;
