/** Tomcat, Undertow, Jetty and OpenLiteSpeed: what they write in text, and what their access lines imply. */
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const text = ['text.app', 'json', 'tomcat*', 'wildfly*'] as const;
const ols = ['text.app', 'openlitespeed*'] as const;
const tomcatAccess = ['tomcat.access'] as const;
const TOMCAT = 'apache/tomcat java/org/apache/catalina';
const OLS = 'litespeedtech/openlitespeed src/http/httpreq.cpp, httpsession.cpp, staticfilehandler.cpp@3d16d47';

function said(
  id: string,
  product: string,
  datasets: readonly string[],
  message: RegExp,
  cause: Cause,
  alternatives: readonly Cause[],
  confidence: number,
  says: string,
  source: string,
): Signal {
  return {
    id,
    product,
    datasets,
    message,
    ownWords: true,
    kind: 'decision',
    cause,
    alternatives,
    certainty: 'stated',
    confidence,
    says,
    source,
  };
}

const signals: Signal[] = [
  said(
    'tomcat-remoteaddr',
    'Tomcat',
    text,
    /^Denied request for \[(?<path>[^\]]{0,300})\] based on property \[(?<address>[^\]]{1,60})\]/,
    'address.not-allowed',
    ['address.denied'],
    0.75,
    'A remote address valve does not allow {address}',
    `${TOMCAT}/valves/RequestFilterValve.java@84ac9af`,
  ),
  said(
    'tomcat-cors',
    'Tomcat',
    text,
    /^Invalid CORS request; Origin \[(?<origin>[^\]]{0,200})\]/,
    'origin.cors',
    [],
    0.95,
    'The CORS filter does not allow origin {origin}',
    `${TOMCAT}/filters/CorsFilter.java@84ac9af`,
  ),
  said(
    'tomcat-csrf-missing',
    'Tomcat',
    text,
    /^Rejecting request for \[.{0,300}because no CSRF nonce was found/,
    'csrf.missing',
    [],
    0.95,
    'CSRF: the request had no nonce',
    `${TOMCAT}/filters/CsrfPreventionFilter.java@84ac9af`,
  ),
  said(
    'tomcat-csrf-invalid',
    'Tomcat',
    text,
    /^Rejecting request for \[.{0,300}due to (?:invalid nonce|empty or missing nonce cache)|CSRF nonce validation failed/,
    'csrf.invalid',
    [],
    0.94,
    'CSRF: the nonce is wrong, or the session is gone',
    `${TOMCAT}/filters/CsrfPreventionFilter.java@84ac9af`,
  ),
  {
    id: 'tomcat-readonly',
    product: 'Tomcat',
    datasets: tomcatAccess,
    when: (e) => e.httpResponseStatusCode === 403 && /^(?:PUT|DELETE|MKCOL|COPY|MOVE)$/.test(e.httpRequestMethod ?? ''),
    kind: 'decision',
    cause: 'config.method',
    alternatives: ['permission.role', 'app.unexplained'],
    certainty: 'implied',
    confidence: 0.45,
    says: '{httpRequestMethod} is refused by a read-only default servlet, or by the application',
    source: `${TOMCAT}/servlets/DefaultServlet.java@84ac9af`,
  },
  {
    id: 'tomcat-manager',
    product: 'Tomcat',
    datasets: tomcatAccess,
    when: (e) => e.httpResponseStatusCode === 403 && /^\/(?:host-)?manager\b/.test(e.urlPath ?? ''),
    kind: 'decision',
    cause: 'address.not-allowed',
    alternatives: ['permission.role'],
    certainty: 'implied',
    confidence: 0.65,
    says: 'The manager is open to loopback addresses only, as shipped',
    source: `${TOMCAT}/filters/RemoteCIDRFilter.java@84ac9af`,
  },
  {
    id: 'tomcat-realm',
    product: 'Tomcat',
    datasets: tomcatAccess,
    when: (e) =>
      e.httpResponseStatusCode === 403 && e.userName !== null && !/^\/(?:host-)?manager\b/.test(e.urlPath ?? ''),
    kind: 'decision',
    cause: 'permission.role',
    alternatives: ['app.unexplained', 'permission.ownership'],
    certainty: 'implied',
    confidence: 0.5,
    says: 'User {userName} is logged in and was refused',
    source: `${TOMCAT}/realm/RealmBase.java@84ac9af`,
  },
  said(
    'undertow-ip',
    'Undertow / WildFly',
    text,
    /^Access to \[?.{0,300}\]? blocked from (?<address>\S{3,60})/,
    'address.not-allowed',
    ['address.denied'],
    0.75,
    'An address handler does not allow {address}',
    'undertow-io/undertow core IPAddressAccessControlHandler.java@c8299de',
  ),
  // --- OpenLiteSpeed -------------------------------------------------------------------------------------------------
  said(
    'ols-acl-context',
    'OpenLiteSpeed',
    ols,
    /(?:^|\] )Access to (?:context|virtual host) \[(?<place>[^\]]{1,200})\] is denied/,
    'address.not-allowed',
    ['address.denied', 'config.access'],
    0.6,
    'The access control list of {place} refused it',
    OLS,
  ),
  said(
    'ols-context-closed',
    'OpenLiteSpeed',
    ols,
    /Context \[(?<place>[^\]]{1,200})\] is not accessible: access denied/,
    'config.access',
    [],
    0.95,
    'Context {place} is closed',
    OLS,
  ),
  said(
    'ols-hotlink',
    'OpenLiteSpeed',
    ols,
    /(?:Direct access detected|Reference from other website|Disallowed referrer), access denied/,
    'origin.referer',
    [],
    0.95,
    'Hotlink protection',
    OLS,
  ),
  said(
    'ols-symlink',
    'OpenLiteSpeed',
    ols,
    /Found symbolic link, or owner of symbolic link and link target does not match for path \[(?<file>[^\]]{1,300})\]/,
    'config.symlink',
    ['config.access'],
    0.94,
    '{file} leads through a symbolic link',
    OLS,
  ),
  said(
    'ols-denied-path',
    'OpenLiteSpeed',
    ols,
    /Path \[(?<file>[^\]]{1,300})\] is in access denied list/,
    'config.access',
    [],
    0.95,
    '{file} is in the list of denied directories',
    OLS,
  ),
  said(
    'ols-handler',
    'OpenLiteSpeed',
    ols,
    /Missing handler for suffix \[|Scripting is disabled for VHost \[|does not allow serving as static file, access denied/,
    'config.handler',
    [],
    0.94,
    'No handler may serve this file',
    OLS,
  ),
  said(
    'ols-permission',
    'OpenLiteSpeed',
    ols,
    /Permission of file \[(?<file>[^\]]{1,300})\] does not meet|Failed to open file \[(?<file2>[^\]]{1,300})\], error: Permission denied|owner of file does not match owner of vhost/,
    'config.permissions',
    [],
    0.95,
    'The permissions or the owner of the file are not accepted',
    OLS,
  ),
  said(
    'ols-vhost-disabled',
    'OpenLiteSpeed',
    ols,
    /VHost disabled \[(?<place>[^\]]{1,200})\], access denied/,
    'limit.suspended',
    ['config.host'],
    0.85,
    'Virtual host {place} is disabled',
    OLS,
  ),
  said(
    'ols-overlimit',
    'OpenLiteSpeed',
    ols,
    /overlimit: ?\d+s?, access denied/,
    'limit.rate',
    ['address.denied'],
    0.94,
    'Per-client throttling',
    OLS,
  ),
  said(
    'ols-recaptcha',
    'OpenLiteSpeed',
    ols,
    /^(?:\[RECAPTCHA\] )?(?:tries: )?\d{1,9}, concurrent conns: \d/,
    'waf.challenge',
    [],
    0.85,
    'A reCAPTCHA was served',
    OLS,
  ),
  // --- Kubernetes API server -------------------------------------------------------------------------------------------
  ...(
    [
      ['quota', 'limit.quota', 0.9, 'A resource quota is used up'],
      ['admission', 'gateway.policy', 0.9, 'Admission control refused the object'],
      ['anonymous', 'credential.missing', 0.93, 'The request had no client certificate and no token'],
      ['rbac', 'permission.role', 0.93, 'No role allows it'],
    ] as const
  ).map(
    ([name, cause, confidence, says]): Signal => ({
      id: `k8s-audit-${name}`,
      product: 'Kubernetes API server',
      datasets: ['json', 'k8s*'],
      when: (e) => {
        const a = e.attributes;
        if (a === null || a['responseStatus.code'] !== '403') return false;
        const message = a['responseStatus.message'] ?? '';
        const kind = message.includes('exceeded quota:')
          ? 'quota'
          : /admission webhook .{0,120}denied|violates PodSecurity/.test(message)
            ? 'admission'
            : e.userName === 'system:anonymous' || a['user.username'] === 'system:anonymous'
              ? 'anonymous'
              : a['annotations.authorization.k8s.io/decision'] === 'forbid'
                ? 'rbac'
                : '';
        return kind === name;
      },
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence,
      says,
      source: 'public samples of the Kubernetes audit log',
    }),
  ),
];

export default signals;
