/** IIS: the substatus behind 403 is the reason. The parser gives it as attribute `sc-substatus`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const SOURCE = 'Microsoft Learn: HTTP status codes in IIS (KB 943891), MicrosoftDocs/SupportArticles-docs @287e52b';

const substatus = (e: Entry): string => e.attributes?.['sc-substatus'] ?? e.attributes?.sc_substatus ?? '';

const FORBIDDEN: readonly (readonly [string, Cause, string, ...Cause[]])[] = [
  ['1', 'config.handler', 'Execute access is off'],
  ['2', 'config.permissions', 'Read access is off', 'config.index'],
  ['3', 'config.permissions', 'Write access is off', 'config.method'],
  ['4', 'config.tls', 'TLS is required'],
  ['5', 'config.tls', 'A stronger cipher is required'],
  ['6', 'address.denied', 'The address is rejected', 'address.not-allowed'],
  ['7', 'config.tls', 'A client certificate is required', 'credential.missing'],
  ['8', 'address.denied', 'The name of the client is rejected', 'address.not-allowed'],
  ['9', 'limit.rate', 'Too many clients are connected'],
  ['10', 'config.handler', 'The server is configured to deny execution'],
  ['11', 'credential.expired', 'The password has been changed'],
  ['12', 'permission.role', 'The account mapped to the client certificate may not do this', 'credential.invalid'],
  ['13', 'credential.revoked', 'The client certificate is revoked, or the revocation list cannot be read'],
  ['14', 'config.index', 'No default document, and directory browsing is off'],
  ['15', 'limit.quota', 'Client access licences are used up'],
  ['16', 'config.tls', 'The client certificate is not trusted', 'credential.invalid'],
  ['17', 'credential.expired', 'The client certificate has expired or is not yet valid'],
  ['18', 'config.handler', 'The URL cannot run in this application pool'],
  ['19', 'config.handler', 'CGI cannot run in this application pool'],
  ['20', 'credential.invalid', 'Passport logon failed'],
  ['21', 'config.access', 'Source access is denied', 'config.method'],
  ['22', 'config.method', 'Depth: infinity is denied'],
  ['501', 'limit.rate', 'Too many requests at once (dynamic IP restriction)'],
  ['502', 'limit.rate', 'Too many requests in a time (dynamic IP restriction)'],
  ['503', 'address.denied', 'The address is on the deny list', 'address.not-allowed'],
  ['504', 'address.denied', 'The name of the client is on the deny list'],
];

const FILTERED: readonly (readonly [RegExp, string, Cause, string])[] = [
  [/^6$/, 'verb', 'config.method', 'Request filtering denies the verb'],
  [/^(?:11|12)$/, 'encoding', 'waf.protocol', 'Request filtering denies the encoding of the URL'],
  [/^(?:10|13|14|15)$/, 'size', 'waf.protocol', 'Request filtering: a header, the URL, query or body is too long'],
  [/^(?:5|7|8|9|18|19|20)$/, 'name', 'config.access', 'Request filtering denies the name, extension or sequence'],
];

const logs = ['iis.w3c', 'iis.xml'] as const;

const signals: Signal[] = [
  {
    id: 'iis-httperr-forbidden',
    product: 'HTTP.sys',
    datasets: ['iis.httperr'],
    outcome: /^Forbidden$/,
    kind: 'decision',
    cause: 'waf.protocol',
    certainty: 'stated',
    confidence: 0.85,
    layer: 'web',
    says: 'HTTP.sys refused an element or sequence of the request before any site was chosen',
    source: 'Microsoft Learn: error logging in HTTP APIs, MicrosoftDocs/SupportArticles-docs @287e52b',
  },
  {
    id: 'iis-403-0',
    product: 'IIS',
    datasets: logs,
    when: (e) => e.httpResponseStatusCode === 403 && substatus(e) === '0',
    kind: 'decision',
    cause: 'app.unexplained',
    alternatives: ['config.rewrite'],
    certainty: 'implied',
    confidence: 0.6,
    layer: 'app',
    says: 'The application or a backend set the 403; IIS itself did not',
    source: SOURCE,
  },
  ...FORBIDDEN.map(
    ([code, cause, says, ...others]): Signal => ({
      id: `iis-403-${code}`,
      product: 'IIS',
      datasets: logs,
      when: (e) =>
        (e.httpResponseStatusCode === 403 || (code.length === 3 && e.httpResponseStatusCode === 401)) &&
        substatus(e) === code,
      kind: 'decision',
      cause,
      alternatives: others,
      certainty: 'stated',
      confidence: others.length === 0 ? 0.96 : 0.85,
      status: [401, 403],
      says: `403.${code}: ${says}`,
      source: SOURCE,
    }),
  ),
  ...FILTERED.map(
    ([codes, name, cause, says]): Signal => ({
      id: `iis-404-filtering-${name}`,
      product: 'IIS',
      datasets: logs,
      when: (e) => e.httpResponseStatusCode === 404 && codes.test(substatus(e)),
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.93,
      status: [404],
      says,
      source: SOURCE,
    }),
  ),
  ...(
    [
      ['1', 'credential.invalid', 'The credentials are wrong'],
      ['2', 'credential.missing', 'No accepted way of authentication was used'],
      ['3', 'config.permissions', 'The file permissions (NTFS) do not admit the user'],
      ['4', 'gateway.policy', 'An ISAPI filter refused it'],
      ['5', 'app.unexplained', 'An ISAPI or CGI application refused it'],
    ] as const
  ).map(
    ([code, cause, says]): Signal => ({
      id: `iis-401-${code}`,
      product: 'IIS',
      datasets: logs,
      when: (e) => e.httpResponseStatusCode === 401 && substatus(e) === code,
      kind: 'decision',
      cause,
      certainty: 'stated',
      confidence: 0.85,
      status: [401],
      says: `401.${code}: ${says}`,
      source: SOURCE,
    }),
  ),
];

export default signals;
