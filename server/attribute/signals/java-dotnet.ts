/** Spring and ASP.NET Core: the sentences that their own code writes. What a site writes in its own words is read by `reasons.ts`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { app, block } from './block.ts';

const csrfFilter = block(
  'Spring Security',
  app,
  'spring-projects/spring-security@d449950 web/src/main/java/org/springframework/security/web/csrf/CsrfFilter.java',
);
const spring = block(
  'Spring Security',
  app,
  'spring-projects/spring-security@d449950 web/src/main/java/org/springframework/security/web',
);
const cors = block('Spring', app, 'spring-projects/spring-framework@91eb426 spring-web DefaultCorsProcessor.java');
const aspnet = block(
  'ASP.NET Core',
  app,
  'dotnet/aspnetcore src/Security/Authorization/Core/src/LoggingExtensions.cs@0b1cf03, Authentication@0bb20cc',
);

/** ASP.NET lists requirements after the colon, or in the lines behind it. */
const requirements = (e: Entry): string =>
  `${e.message ?? ''} ${e.attributes?.['error.stack_trace'] ?? ''} ${e.attributes?.reason ?? ''}`;

const signals: Signal[] = [
  // --- Spring --------------------------------------------------------------------------------------------------------
  csrfFilter('spring-csrf-null', /Invalid CSRF Token 'null' was found/, 'csrf.missing', 'CSRF: no token was sent', {
    confidence: 0.96,
  }),
  csrfFilter(
    'spring-csrf-missing',
    /MissingCsrfTokenException|Could not verify the provided CSRF token because no token was found to compare/,
    'csrf.missing',
    'CSRF: the server has no token to compare with, the session is gone',
    { confidence: 0.9, others: ['csrf.invalid'] },
  ),
  csrfFilter(
    'spring-csrf-invalid',
    /Invalid CSRF Token '(?!null')|Invalid CSRF token found for/,
    'csrf.invalid',
    'CSRF: the token is wrong or missing',
    {
      when: (e) => !/Token 'null'/.test(`${e.message ?? ''}${e.attributes?.['error.stack_trace'] ?? ''}`),
      confidence: 0.82,
      others: ['csrf.missing'],
    },
  ),
  spring(
    'spring-http403-entry',
    /Pre-authenticated entry point called\. Rejecting access/,
    'credential.missing',
    'No login is configured here, so every call without credentials is refused',
  ),
  spring(
    'spring-entry-point',
    /Sending AnonymousAuthenticationToken .{0,400}to authentication entry point|Full authentication is required to access this resource/,
    'credential.missing',
    'Nobody is logged in',
    { status: [401, 403] },
  ),
  spring(
    'spring-access-denied',
    /Sending \w{1,60}AuthenticationToken .{0,2000}to access denied handler/,
    'permission.role',
    'The logged-in user may not do this',
    { confidence: 0.75, others: ['permission.ownership', 'credential.scope'] },
  ),
  spring(
    'spring-authorization-denied',
    /(?:AuthorizationDeniedException|AccessDeniedException): Access (?:is )?[Dd]enied/,
    'permission.role',
    'Spring Security denied access',
    { confidence: 0.65, others: ['permission.ownership', 'credential.scope', 'credential.missing'] },
  ),
  spring(
    'spring-responding-403',
    /Responding with 403 status code/,
    'app.unexplained',
    'The access-denied handler answered; the lines before it say why',
    { certainty: 'implied', confidence: 0.4, others: ['permission.role', 'csrf.invalid', 'csrf.missing'] },
  ),
  spring(
    'spring-firewall-traversal',
    /Rejecting request due to: .{0,40}(?:URL was not normalized|not normalized)/,
    'waf.traversal',
    'The HTTP firewall found a path that is not normalised',
    { status: [400, 403, 500], confidence: 0.85 },
  ),
  spring(
    'spring-firewall-method',
    /Rejecting request due to: .{0,40}HTTP method "(?<method>\w{1,20})" was not included/,
    'config.method',
    'The HTTP firewall does not allow {method}',
    { status: [400, 403, 500] },
  ),
  spring(
    'spring-firewall-host',
    /Rejecting request due to: .{0,60}(?:domain|host ?name)\b.{0,100}(?:untrusted|not allowed|rejected)/,
    'config.host',
    'The HTTP firewall does not know this host',
    { status: [400, 403, 500] },
  ),
  spring(
    'spring-firewall',
    /Rejecting request due to: (?<said>.{1,160})/,
    'waf.protocol',
    'The HTTP firewall: {said}',
    {
      status: [400, 403, 500],
      when: (e) => !/not normalized|HTTP method|domain|host ?name/i.test(e.message ?? ''),
      confidence: 0.85,
    },
  ),
  cors(
    'spring-cors',
    /^Reject: (?:'[^']{0,200}' origin is not allowed|HTTP '\w{1,20}' is not allowed|headers '.{0,200}' are not allowed|origin is malformed)/,
    'origin.cors',
    'CORS: {message}',
    { confidence: 0.96 },
  ),

  // --- ASP.NET Core --------------------------------------------------------------------------------------------------
  aspnet('aspnet-anonymous', /Authorization failed/, 'credential.missing', 'Nobody is logged in', {
    status: [401, 403],
    when: (e) => /DenyAnonymousAuthorizationRequirement/.test(requirements(e)),
    confidence: 0.9,
  }),
  aspnet(
    'aspnet-scope',
    /Authorization failed/,
    'credential.scope',
    'The token lacks the claim that the policy asks for',
    {
      when: (e) =>
        /Claim\.Type=(?:scope|scp|http:\/\/schemas\.microsoft\.com\/identity\/claims\/scope)\b/.test(requirements(e)),
    },
  ),
  aspnet(
    'aspnet-authorization-failed',
    /Authorization failed\. (?:These requirements were not met|Fail\(\) was explicitly called)/,
    'permission.role',
    'An authorization policy is not met',
    {
      when: (e) => !/DenyAnonymous|Claim\.Type=(?:scope|scp)\b/.test(requirements(e)),
      confidence: 0.8,
      others: ['credential.scope', 'permission.ownership'],
    },
  ),
  aspnet(
    'aspnet-forbidden',
    /AuthenticationScheme: (?<scheme>\S{1,60}) was forbidden\./,
    'permission.role',
    'The logged-in user may not do this',
    { certainty: 'implied', confidence: 0.6, others: ['credential.scope', 'permission.ownership'] },
  ),
  aspnet(
    'aspnet-token-expired',
    /was not authenticated\. Failure message: .{0,40}(?:IDX10223|[Ll]ifetime validation failed|expired)/,
    'credential.expired',
    'The token has expired',
    { status: [401, 403] },
  ),
  aspnet(
    'aspnet-token-audience',
    /was not authenticated\. Failure message: .{0,40}(?:IDX10214|[Aa]udience validation failed)/,
    'credential.scope',
    'The token is for another audience',
    { status: [401, 403], confidence: 0.88 },
  ),
  aspnet(
    'aspnet-token-invalid',
    /was not authenticated\. Failure message: .{0,40}(?:IDX10503|IDX10511|IDX10205|IDX10222|IDX10500|IDX10501|IDX10517|[Ss]ignature|[Ii]ssuer)/,
    'credential.invalid',
    'The token is not accepted',
    { status: [401, 403], confidence: 0.9 },
  ),
  aspnet(
    'aspnet-antiforgery-missing',
    /(?:[Aa]ntiforgery token validation failed|required antiforgery).{0,200}(?:is not present|was not (?:supplied|provided))/,
    'csrf.missing',
    'Antiforgery: the token was not sent',
    { status: [400, 403] },
  ),
  aspnet(
    'aspnet-antiforgery',
    /[Aa]ntiforgery token (?:validation failed|could not be decrypted|was meant for)(?!.{0,200}(?:is not present|was not (?:supplied|provided)))/,
    'csrf.invalid',
    'Antiforgery: the token is wrong',
    { status: [400, 403], confidence: 0.9 },
  ),
  aspnet(
    'aspnet-cors',
    /^CORS policy execution failed|^Request origin (?<origin>\S{1,200}) does not have permission to access the resource/,
    'origin.cors',
    'CORS: the origin is not in the policy',
    { kind: 'context', confidence: 0.6 },
  ),
];

export default signals;
