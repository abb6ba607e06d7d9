/** php-fpm and PHP: in its own log, and as stderr inside the logs of nginx and Apache. */
import type { Signal } from '../signal.ts';

const logs = ['nginx.error', 'apache.error', 'text.app', 'syslog', 'lighttpd.error', 'php*'] as const;
const FPM = 'php/php-src sapi/fpm/fpm/fpm_php.c@03f3b84, fpm_main.c@00f55cf';

const signals: Signal[] = [
  {
    id: 'phpfpm-limit-extensions-directory',
    product: 'PHP-FPM',
    datasets: logs,
    message: /Access to the script '(?<file>[^']{0,300}\/)' has been denied \(see security\.limit_extensions\)/,
    kind: 'decision',
    cause: 'config.handler',
    alternatives: ['config.index'],
    certainty: 'stated',
    confidence: 0.9,
    layer: 'app',
    says: 'PHP-FPM was given the directory {file} instead of a script (SCRIPT_FILENAME)',
    source: FPM,
  },
  {
    id: 'phpfpm-limit-extensions',
    product: 'PHP-FPM',
    datasets: logs,
    message: /Access to the script '(?<file>[^']{0,300}[^/'])' has been denied \(see security\.limit_extensions\)/,
    kind: 'decision',
    cause: 'config.handler',
    certainty: 'stated',
    confidence: 0.96,
    layer: 'app',
    says: 'PHP-FPM does not run {file}: its extension is not in security.limit_extensions',
    source: FPM,
  },
  {
    id: 'phpfpm-primary-eacces',
    product: 'PHP-FPM',
    datasets: logs,
    message: /Unable to open primary script: (?<file>[^()]{1,300}) \(Permission denied\)/,
    kind: 'decision',
    cause: 'config.permissions',
    certainty: 'stated',
    confidence: 0.96,
    layer: 'app',
    says: 'PHP-FPM may not read {file}',
    source: FPM,
  },
  {
    id: 'phpfpm-primary-unknown',
    product: 'PHP-FPM',
    datasets: logs,
    message: /Primary script unknown|Unable to open primary script: [^()]{1,300} \(No such file/,
    kind: 'ignore',
    cause: null,
    certainty: 'stated',
    confidence: 1,
    says: 'The script does not exist: 404, not a refusal',
    source: FPM,
  },
];

export default signals;
