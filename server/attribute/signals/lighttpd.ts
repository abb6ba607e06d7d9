/** lighttpd. Most refusals are silent; the texts below need debug.log-request-handling or are at its default level. */
import type { Signal } from '../signal.ts';
import { isHiddenPath } from './paths.ts';

const log = ['lighttpd.error'] as const;
const access = ['lighttpd.access'] as const;
const at = (file: string): string => `lighttpd/lighttpd1.4 src/${file}@2ddc513 (1.4.85+)`;

const WEBDAV = /^(?:PUT|DELETE|MKCOL|COPY|MOVE|LOCK|UNLOCK|PROPFIND|PROPPATCH)$/;

const signals: Signal[] = [
  {
    id: 'lighttpd-access-deny',
    product: 'lighttpd',
    datasets: log,
    message: /url denied as (?:we match access_deny|failed to match any from access_allow) ?(?<path>\S{0,200})/,
    kind: 'decision',
    cause: 'config.access',
    certainty: 'stated',
    confidence: 0.96,
    says: 'url.access-deny or url.access-allow covers {path}',
    source: at('mod_access.c'),
  },
  {
    id: 'lighttpd-symlink',
    product: 'lighttpd',
    datasets: log,
    message: /access denied due to symlink restriction/,
    kind: 'decision',
    cause: 'config.symlink',
    certainty: 'stated',
    confidence: 0.96,
    says: 'server.follow-symlink is off and the path leads through a symbolic link',
    source: at('http-header-glue.c'),
  },
  {
    id: 'lighttpd-eacces',
    product: 'lighttpd',
    datasets: log,
    message: /^-- : Permission denied|(?:file )?open(?:dir)? failed: ?(?<file>\S{0,200}):? ?Permission denied/,
    kind: 'decision',
    cause: 'config.permissions',
    certainty: 'stated',
    confidence: 0.94,
    says: 'lighttpd may not read the file[ {file}]',
    source: at('response.c'),
  },
  {
    id: 'lighttpd-not-regular',
    product: 'lighttpd',
    datasets: log,
    message: /^not a regular file: (?<path>\S{1,200})/,
    kind: 'decision',
    cause: 'config.access',
    alternatives: ['config.permissions'],
    certainty: 'stated',
    confidence: 0.85,
    says: '{path} is not a regular file',
    source: at('http-header-glue.c'),
  },
  {
    id: 'lighttpd-xsendfile',
    product: 'lighttpd',
    datasets: log,
    message: /X-Sendfile: file not under configured x-sendfile-docroot\(s\): (?<file>\S{1,200})/,
    kind: 'decision',
    cause: 'config.access',
    certainty: 'stated',
    confidence: 0.94,
    says: 'The application asked to send {file}, which is outside of x-sendfile-docroot',
    source: at('http-header-glue.c'),
  },
  {
    id: 'lighttpd-evasive',
    product: 'lighttpd up to 1.4.67',
    datasets: log,
    message: /(?<address>[0-9A-Fa-f.:]{3,45}) turned away\. Too many connections/,
    kind: 'decision',
    cause: 'limit.rate',
    certainty: 'stated',
    confidence: 0.96,
    status: [302, 403],
    says: 'mod_evasive: {address} has too many connections',
    source: 'lighttpd/lighttpd1.4 src/mod_evasive.c tag lighttpd-1.4.55',
  },
  {
    id: 'lighttpd-auth',
    product: 'lighttpd',
    datasets: log,
    message:
      /password doesn't match for \S{1,200} username: (?<user>\S{1,80})|digest: auth failed for (?<user2>\S{1,80}):/,
    kind: 'decision',
    cause: 'credential.invalid',
    certainty: 'stated',
    confidence: 0.93,
    status: [401],
    says: 'The password was not accepted',
    source: at('mod_auth.c'),
  },
  {
    id: 'lighttpd-hidden',
    product: 'lighttpd',
    datasets: access,
    when: (e) => e.httpResponseStatusCode === 403 && isHiddenPath(e.urlPath),
    kind: 'decision',
    cause: 'config.access',
    certainty: 'implied',
    confidence: 0.8,
    says: 'lighttpd refuses {urlPath}, a name that is kept hidden (url.access-deny)',
    source: at('mod_access.c'),
  },
  {
    id: 'lighttpd-unhandled',
    product: 'lighttpd',
    datasets: access,
    when: (e) =>
      e.httpResponseStatusCode === 403 &&
      (e.urlPath?.endsWith('/') ?? false) &&
      !isHiddenPath(e.urlPath) &&
      /^(?:GET|HEAD)$/.test(e.httpRequestMethod ?? ''),
    kind: 'decision',
    cause: 'config.index',
    alternatives: ['config.access', 'address.not-allowed', 'address.denied', 'app.unexplained'],
    certainty: 'implied',
    confidence: 0.4,
    says: 'A directory was asked for; without an index file and dir-listing lighttpd answers 403',
    source: at('response.c'),
  },
  {
    id: 'lighttpd-webdav',
    product: 'lighttpd',
    datasets: access,
    when: (e) => e.httpResponseStatusCode === 403 && WEBDAV.test(e.httpRequestMethod ?? ''),
    kind: 'decision',
    cause: 'config.method',
    alternatives: ['config.permissions', 'config.access', 'app.unexplained'],
    certainty: 'implied',
    confidence: 0.5,
    says: '{httpRequestMethod} is not served here, or WebDAV is read-only',
    source: at('mod_webdav.c'),
  },
];

export default signals;
