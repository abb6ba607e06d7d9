/**
 * Web frameworks: the sentences that their own code writes. Same text in plain and in JSON logs, and under PHP also
 * in the error log of the web server. What a site writes in its own words is read by `reasons.ts`.
 */
import type { Entry } from '../../../parsers/entry.ts';
import type { Cause } from '../../model/taxonomy.ts';
import type { Signal } from '../signal.ts';

const app = ['text.app', 'json', 'syslog', 'rails.app', 'aspnetcore.app', 'node.error'] as const;
const php = ['text.app', 'json', 'syslog', 'nginx.error', 'apache.error'] as const;

interface More {
  others?: readonly Cause[];
  confidence?: number;
  certainty?: 'stated' | 'implied';
  status?: readonly number[];
  logger?: string | RegExp;
  when?: (e: Entry) => boolean;
  kind?: Signal['kind'];
}

/** One table row; the product's datasets and source are given once per block. */
function block(product: string, datasets: readonly string[], source: string) {
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
    cause,
    alternatives: more.others,
    certainty: more.certainty ?? 'stated',
    confidence: more.confidence ?? 0.93,
    layer: datasets.includes('nginx.error') ? 'app' : undefined,
    says,
    source,
  });
}

const wide: readonly number[] = [400, 401, 403, 419, 422];

const wtf = block('Flask-WTF', app, 'pallets-eco/flask-wtf@1c9d776 src/flask_wtf/csrf.py');
const werkzeug = block('Flask / Werkzeug', app, 'werkzeug exceptions.py');
const starlette = block(
  'Starlette / FastAPI',
  app,
  'encode/starlette@cb8f84f starlette/middleware; fastapi/fastapi@c3f316b fastapi/security',
);
const rails = block(
  'Ruby on Rails',
  app,
  'rails/rails@2a2db1e actionpack/lib/action_controller/metal/request_forgery_protection.rb',
);
const railsLog = block('Ruby on Rails', app, 'rails/rails@2a2db1e actionpack/lib/action_controller/log_subscriber.rb');
const gems = block(
  'Pundit / CanCanCan',
  app,
  'varvet/pundit@0631868 lib/pundit/error.rb; CanCanCommunity/cancancan@178d2c5 lib/cancan/exceptions.rb',
);
const rack = block('rack-protection', app, 'sinatra/sinatra@cb22afd rack-protection/lib/rack/protection/base.rb');
const laravel = block('Laravel', php, 'laravel/framework@bd71b45 src/Illuminate/Foundation/Exceptions/Handler.php');
const symfony = block(
  'Symfony',
  php,
  'symfony/symfony@5feb749 src/Symfony/Component/Security/Http, HttpKernel/EventListener/ErrorListener.php',
);
const cms = block('PHP applications', php, 'texts of CodeIgniter, CakePHP, Yii, Joomla, Magento (from memory)');
const drupal = block('Drupal', php, 'Drupal watchdog, syslog module (from memory)');
const wordpress = block('WordPress', php, 'WordPress wp-includes/rest-api.php, wp-nonce texts');
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
const node = block(
  'Express / Node.js',
  app,
  'expressjs/csurf index.js; Psifi-Solutions/csrf-csrf@30ac986 src/index.ts',
);
const fastify = block(
  'Fastify',
  app,
  'fastify/csrf-protection@0319c3d index.js; fastify/fastify@83e6976 docs/Reference/Logging.md',
);
const nest = block('NestJS', app, 'nestjs/nest packages/core');
const vite = block('SvelteKit / Vite', app, 'texts of SvelteKit and Vite (from memory)');
const gorilla = block('gorilla/csrf', app, 'gorilla/csrf@9dd6af1 csrf.go');
const golang = block('Go net/http', app, 'net/http CrossOriginProtection (Go 1.25)');
const casbin = block('Casbin', app, 'casbin/casbin@12ac0c9');
const grpc = block('gRPC', app, 'grpc-ecosystem/grpc-gateway@9648db4 runtime/errors.go');
const phoenix = block('Phoenix / Plug', app, 'elixir-plug/plug@a898c45 lib/plug/csrf_protection.ex');
const hasura = block('Hasura', ['json'], 'Hasura http-log (layout as in public samples)');
const oauth = block(
  'OAuth resource server',
  app,
  'RFC 6750 3.1; spring-security BearerTokenAccessDeniedHandler.java@d449950',
);
const aws = block('AWS SDK', app, 'AWS error text (documented for IAM)');

/** ASP.NET lists requirements after the colon, or in the lines behind it. */
const requirements = (e: Entry): string =>
  `${e.message ?? ''} ${e.attributes?.['error.stack_trace'] ?? ''} ${e.attributes?.reason ?? ''}`;

const RAILS_FILTER = /Filter chain halted as :?(?<filter>[\w!?]{1,80}) rendered or redirected/;
const filterOf = (e: Entry): string => RAILS_FILTER.exec(e.message ?? '')?.[1] ?? '';

const signals: Signal[] = [
  // --- Flask, FastAPI ----------------------------------------------------------------------------------------------
  wtf(
    'flask-wtf-missing',
    /The CSRF (?:session )?token is missing/,
    'csrf.missing',
    'CSRF: no token in the request or the session',
    { status: wide, confidence: 0.96 },
  ),
  wtf(
    'flask-wtf-invalid',
    /The CSRF token (?:has expired|is invalid)|The CSRF tokens do not match/,
    'csrf.invalid',
    'CSRF: the token is wrong or too old',
    { status: wide, confidence: 0.96 },
  ),
  wtf(
    'flask-wtf-referrer',
    /The referrer (?:header is missing|does not match the host)/,
    'csrf.origin',
    'CSRF: the Referer is missing or foreign',
    { status: wide },
  ),
  werkzeug(
    'flask-abort-403',
    /You don't have the permission to access the requested resource/,
    'app.unexplained',
    'abort(403) without a reason',
    { certainty: 'implied', confidence: 0.5, others: ['permission.role'] },
  ),
  starlette(
    'fastapi-not-authenticated',
    /^Not authenticated$|"detail": ?"Not authenticated"/,
    'credential.missing',
    'No credentials were sent',
    { status: [401, 403], confidence: 0.9 },
  ),
  starlette(
    'starlette-cors',
    /Disallowed CORS (?:origin|method|headers)/,
    'origin.cors',
    'CORS: the preflight asked for what is not allowed',
    { status: [400, 403] },
  ),
  starlette('starlette-trusted-host', /^Invalid host header/, 'config.host', 'The host is not in allowed_hosts', {
    status: [400, 403],
  }),

  // --- Rails, Rack ---------------------------------------------------------------------------------------------------
  rails(
    'rails-csrf-token',
    /Can't verify CSRF token authenticity/,
    'csrf.invalid',
    'CSRF: the token is missing or wrong; Rails has one text for both',
    { status: wide, others: ['csrf.missing'], confidence: 0.75 },
  ),
  rails(
    'rails-csrf-origin',
    /Origin header \((?<origin>[^)]{0,200})\) didn't match request\.base_url \((?<base>[^)]{0,200})\)/,
    'csrf.origin',
    'CSRF: origin {origin} is not {base}',
    { status: wide, confidence: 0.96 },
  ),
  rails(
    'rails-csrf-sec-fetch',
    /Sec-Fetch-Site header (?:\(|is missing or invalid)/,
    'csrf.origin',
    'CSRF: another site sent the request',
    { status: wide },
  ),
  rails(
    'rails-csrf-cross-js',
    /an embedded <script> tag on another site requested protected JavaScript/,
    'csrf.origin',
    'CSRF: another site embeds this JavaScript',
    { status: wide },
  ),
  rails(
    'rails-invalid-authenticity',
    /ActionController::InvalidAuthenticityToken/,
    'csrf.invalid',
    'CSRF: the token is missing or wrong',
    { status: wide, others: ['csrf.missing', 'csrf.origin'], confidence: 0.75 },
  ),
  rails(
    'rails-blocked-host',
    /Blocked hosts?: (?<host>\S{1,200})/,
    'config.host',
    'Host {host} is not in config.hosts',
    { confidence: 0.96 },
  ),
  railsLog('rails-filter-login', RAILS_FILTER, 'credential.missing', 'before_action {filter} stopped the request', {
    certainty: 'implied',
    when: (e) => /(?:authenticat|login|log_in|signed_in|require_user$|session)/i.test(filterOf(e)),
    confidence: 0.75,
    others: ['permission.role'],
  }),
  railsLog('rails-filter-owner', RAILS_FILTER, 'permission.ownership', 'before_action {filter} stopped the request', {
    certainty: 'implied',
    when: (e) => /(?:owner|own_|correct_user|same_user|belongs)/i.test(filterOf(e)),
    confidence: 0.8,
    others: ['permission.role'],
  }),
  railsLog('rails-filter-role', RAILS_FILTER, 'permission.role', 'before_action {filter} stopped the request', {
    certainty: 'implied',
    when: (e) => /(?:admin|role|permi|authori[sz]e|staff|can_)/i.test(filterOf(e)) && !/owner/i.test(filterOf(e)),
    confidence: 0.75,
    others: ['permission.ownership'],
  }),
  railsLog('rails-filter-csrf', RAILS_FILTER, 'csrf.invalid', 'before_action {filter} stopped the request', {
    certainty: 'implied',
    when: (e) => /verify_authenticity|csrf|forgery/i.test(filterOf(e)),
    confidence: 0.75,
    others: ['csrf.missing'],
  }),
  railsLog(
    'rails-completed-403',
    /^Completed 403 Forbidden in /,
    'app.unexplained',
    'The controller answered 403; this line has no reason',
    { certainty: 'implied', confidence: 0.4, others: ['permission.role', 'permission.ownership'] },
  ),
  gems(
    'pundit-not-authorized',
    /Pundit::NotAuthorizedError|not allowed to \w{1,60}\?? this #?<?\w|not allowed to \w{1,60}Policy#\w{1,60}\?/,
    'permission.role',
    'A Pundit policy said no',
    { confidence: 0.75, others: ['permission.ownership'] },
  ),
  gems(
    'cancan-access-denied',
    /CanCan::AccessDenied/,
    'permission.role',
    'CanCanCan: the ability is not defined for this user',
    { confidence: 0.75, others: ['permission.ownership'] },
  ),
  ...(
    [
      ['origin', '(?:HttpOrigin|RemoteReferrer|JsonCsrf)', 'csrf.origin'],
      ['token', '(?:AuthenticityToken|RemoteToken|FormToken)', 'csrf.invalid'],
      ['session', 'SessionHijacking', 'waf.session'],
      ['spoofing', 'IPSpoofing', 'waf.protocol'],
      ['host', 'HostAuthorization', 'config.host'],
    ] as const
  ).map(([name, classes, cause]) =>
    rack(
      `rack-protection-${name}`,
      new RegExp(`(?:attack prevented|session dropped) by Rack::Protection::${classes}`),
      cause,
      'rack-protection stopped the request',
    ),
  ),

  // --- Laravel, Symfony, other PHP -------------------------------------------------------------------------------------
  laravel(
    'laravel-unauthorized',
    /This action is unauthorized\./,
    'permission.role',
    'A gate, policy or form request said no',
    { confidence: 0.75, others: ['permission.ownership'] },
  ),
  laravel(
    'laravel-signature',
    /\bInvalid signature\./,
    'credential.invalid',
    'The signed URL is wrong or has expired; Laravel has one text for both',
    { when: (e) => !expiredLink(e), confidence: 0.55, others: ['credential.expired'] },
  ),
  laravel('laravel-signature-expired', /\bInvalid signature\./, 'credential.expired', 'The signed URL has expired', {
    when: expiredLink,
    confidence: 0.88,
    others: ['credential.invalid'],
  }),
  laravel(
    'laravel-csrf',
    /CSRF token mismatch\./,
    'csrf.invalid',
    'CSRF: the token is missing or stale; Laravel has one text for both',
    { status: [403, 419], confidence: 0.8, others: ['csrf.missing'] },
  ),
  laravel(
    'laravel-origin',
    /Illuminate\\+Http\\+Exceptions\\+OriginMismatchException|^Origin mismatch\./,
    'csrf.origin',
    'CSRF: another site sent the request',
  ),
  laravel(
    'laravel-verified',
    /Your email address is not verified\./,
    'permission.role',
    'The e-mail address of the user is not verified',
  ),
  laravel(
    'laravel-abilities',
    /Invalid abilit(?:y|ies) provided|MissingAbilityException|Invalid scope\(s\) provided/,
    'credential.scope',
    'The token lacks the ability',
  ),
  laravel('laravel-throttle', /Too Many Attempts\./, 'limit.rate', 'The throttle middleware refused the request', {
    status: [403, 429],
  }),
  laravel(
    'laravel-permission-roles',
    /User does not have (?:the right (?:roles|permissions)|any of the necessary access rights)/,
    'permission.role',
    'The user lacks the role or permission',
    { confidence: 0.95 },
  ),
  laravel('laravel-permission-login', /User is not logged in\./, 'credential.missing', 'Nobody is logged in', {
    status: [401, 403],
  }),
  symfony(
    'symfony-access-denied-anonymous',
    /Access denied, the user is not fully authenticated/,
    'credential.missing',
    'Nobody is logged in',
    { status: [302, 401, 403], confidence: 0.88 },
  ),
  symfony(
    'symfony-csrf',
    /Invalid CSRF token\.|The CSRF token is invalid\. Please try to resubmit/,
    'csrf.invalid',
    'CSRF: the token is wrong',
    { status: wide, others: ['csrf.missing'], confidence: 0.88 },
  ),
  symfony(
    'symfony-access-denied',
    /Access denied, the user is neither anonymous, nor remember-me|Access Denied by (?:controller annotation )?[#@]?\[?"?@?(?:IsGranted|Security)/i,
    'permission.role',
    'A voter or access_control said no',
    { confidence: 0.82, others: ['permission.ownership'] },
  ),
  symfony(
    'symfony-uncaught-403',
    /AccessDenied(?:Http)?Exception: "(?<said>[^"]{0,200})"/,
    'permission.role',
    'Access denied: {said}',
    { when: (e) => !/csrf/i.test(e.message ?? ''), confidence: 0.65, others: ['permission.ownership', 'csrf.invalid'] },
  ),
  cms(
    'codeigniter-csrf',
    /The action you requested is not allowed\./,
    'csrf.invalid',
    'CSRF: the token is missing or wrong',
    { others: ['csrf.missing'], confidence: 0.8 },
  ),
  cms(
    'cakephp-csrf-missing',
    /Missing or incorrect CSRF cookie type|Missing or invalid CSRF cookie/,
    'csrf.missing',
    'CSRF: the cookie is missing or broken',
    { others: ['csrf.invalid'], confidence: 0.8 },
  ),
  cms(
    'cakephp-csrf',
    /CSRF token from either the request body or request headers did not match or is missing/,
    'csrf.invalid',
    'CSRF: the token is missing or wrong',
    { others: ['csrf.missing'], confidence: 0.8 },
  ),
  cms('yii-csrf', /Unable to verify your data submission/, 'csrf.invalid', 'CSRF: the token is missing or wrong', {
    status: [400, 403],
    others: ['csrf.missing'],
    confidence: 0.85,
  }),
  cms('yii-forbidden', /You are not allowed to perform this action\./, 'permission.role', 'An access rule said no', {
    others: ['permission.ownership'],
    confidence: 0.82,
  }),
  cms(
    'joomla-token',
    /denied because it (?:had|contained) an invalid security token/,
    'csrf.invalid',
    'CSRF: the token is wrong',
  ),
  cms('magento-formkey', /Invalid Form Key\. Please refresh the page/, 'csrf.invalid', 'CSRF: the form key is wrong', {
    status: [200, 302, 403],
  }),
  drupal('drupal-access-denied', /\|access denied\|/, 'permission.role', 'Drupal: the user may not open the page', {
    confidence: 0.8,
    others: ['credential.missing'],
  }),
  wordpress(
    'wordpress-nonce',
    /rest_cookie_invalid_nonce|The link you followed has expired\.|Cookie check failed/,
    'csrf.invalid',
    'The WordPress nonce is wrong or stale',
  ),
  wordpress(
    'wordpress-not-allowed',
    /Sorry, you are not allowed to (?:access this page|do that|[a-z ]{3,60})\./,
    'permission.role',
    'WordPress: the user lacks the capability',
    { confidence: 0.88, others: ['credential.missing'] },
  ),
  wordpress(
    'wordpress-wordfence',
    /Your access to this site has been limited by the site owner/,
    'address.reputation',
    'Wordfence blocks this address',
    { status: [403, 503], others: ['limit.rate', 'waf.custom'], confidence: 0.75 },
  ),
  wordpress(
    'wordpress-wordfence-waf',
    /A potentially unsafe operation has been detected in your request to this site/,
    'waf.custom',
    "Wordfence's firewall matched the request",
    { confidence: 0.88 },
  ),
  wordpress(
    'wordpress-xmlrpc',
    /XML-RPC services are disabled on this site/,
    'config.access',
    'XML-RPC is switched off',
    { status: [200, 403, 405] },
  ),

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

  // --- Node.js -------------------------------------------------------------------------------------------------------
  node(
    'express-csurf',
    /\binvalid csrf token\b/i,
    'csrf.invalid',
    'CSRF: the token is missing or wrong; csurf has one text for both',
    { confidence: 0.8, others: ['csrf.missing'] },
  ),
  node('express-csurf-code', undefined, 'csrf.invalid', 'CSRF: the token is missing or wrong (EBADCSRFTOKEN)', {
    when: (e) => [e.eventCode, e.errorCode, e.attributes?.['err.code']].includes('EBADCSRFTOKEN'),
    confidence: 0.81,
    others: ['csrf.missing'],
  }),
  node(
    'node-casl',
    /Cannot execute "(?<action>[^"]{1,60})" on "(?<subject>[^"]{1,60})"/,
    'permission.role',
    'CASL: no ability to {action} {subject}',
    { confidence: 0.85, others: ['permission.ownership'] },
  ),
  node(
    'express-rate-limit',
    /Too many requests, please try again later\./,
    'limit.rate',
    'express-rate-limit refused the request',
    { status: [403, 429], confidence: 0.96 },
  ),
  fastify('fastify-csrf-missing', /^Missing csrf secret/, 'csrf.missing', 'CSRF: the session has no secret', {
    confidence: 0.95,
  }),
  fastify('fastify-csrf-invalid', /^Invalid csrf token/, 'csrf.invalid', 'CSRF: the token is wrong', {
    confidence: 0.85,
    others: ['csrf.missing'],
  }),
  nest('nestjs-forbidden-resource', /\bForbidden resource\b/, 'permission.role', 'A guard said no', {
    confidence: 0.65,
    others: ['permission.ownership', 'credential.missing'],
  }),
  vite(
    'sveltekit-csrf',
    /Cross-site (?:POST|PUT|PATCH|DELETE) form submissions are forbidden/,
    'csrf.origin',
    'CSRF: the form was sent from another origin than the server believes to have',
  ),
  vite(
    'vite-blocked-host',
    /Blocked request\. This host \("(?<host>[^"]{1,200})"\) is not allowed/,
    'config.host',
    'Host {host} is not in allowedHosts',
  ),

  // --- Go, Elixir, others ----------------------------------------------------------------------------------------------
  gorilla(
    'gorilla-csrf-origin',
    /(?:Forbidden - )?(?:referer not supplied|origin invalid|referer invalid)\b/,
    'csrf.origin',
    'CSRF: Origin or Referer is missing or foreign',
    { confidence: 0.92 },
  ),
  gorilla('gorilla-csrf-missing', /CSRF token not found in request/, 'csrf.missing', 'CSRF: no token was sent'),
  gorilla('gorilla-csrf-invalid', /CSRF token invalid\b/, 'csrf.invalid', 'CSRF: the token is wrong'),
  golang('go-cross-origin', /cross-origin request detected/, 'csrf.origin', 'Another site sent the request'),
  casbin('casbin-deny', /Request: .{1,300} ---> false/, 'permission.role', 'Casbin: no policy allows it', {
    confidence: 0.85,
  }),
  grpc(
    'grpc-permission-denied',
    /\bcode ?= ?PermissionDenied desc ?= ?(?<said>.{0,160})|\bwith code PermissionDenied\b/,
    'permission.role',
    'gRPC: PermissionDenied[, {said}]',
    { confidence: 0.7, others: ['permission.ownership'] },
  ),
  grpc('grpc-permission-denied-code', undefined, 'permission.role', 'gRPC: PermissionDenied', {
    when: (e) => e.attributes?.['grpc.code'] === 'PermissionDenied' || e.attributes?.['rpc.grpc.status_code'] === '7',
    confidence: 0.65,
    others: ['permission.ownership'],
  }),
  phoenix(
    'plug-csrf',
    /InvalidCSRFTokenError|invalid CSRF \(Cross Site Request Forgery\) token/,
    'csrf.invalid',
    'CSRF: the token is missing or wrong; Plug has one text for both',
    { confidence: 0.8, others: ['csrf.missing'] },
  ),
  phoenix(
    'plug-cross-origin-js',
    /InvalidCrossOriginRequestError/,
    'csrf.origin',
    'CSRF: another site embeds this JavaScript',
  ),
  phoenix(
    'phoenix-sent-403',
    /^Sent 403 in /,
    'app.unexplained',
    'The application answered 403; this line has no reason',
    { certainty: 'implied', confidence: 0.4 },
  ),
  hasura(
    'hasura-no-secret',
    undefined,
    'credential.missing',
    'Hasura: no admin secret, token or webhook answer was given',
    {
      when: (e) => hasuraDenied(e) && /required,? but not found/i.test(hasuraError(e)),
      confidence: 0.93,
      status: [200, 401, 403],
    },
  ),
  hasura('hasura-access-denied', undefined, 'permission.role', 'Hasura: the role may not do this', {
    when: (e) => hasuraDenied(e) && !/required,? but not found/i.test(hasuraError(e)),
    confidence: 0.8,
    others: ['credential.missing'],
  }),
  oauth('oauth-insufficient-scope', /insufficient_scope/, 'credential.scope', 'The token lacks the scope', {
    confidence: 0.96,
  }),
  aws(
    'aws-not-authorized',
    /is not authorized to perform: (?<action>[\w:*]{1,80})/,
    'permission.role',
    'IAM does not allow {action}',
    { confidence: 0.85, others: ['gateway.policy'] },
  ),
];

function hasuraDenied(e: Entry): boolean {
  const a = e.attributes;
  return [e.eventCode, e.errorCode, a?.['detail.operation.error.code'], a?.['error.code']].includes('access-denied');
}

const hasuraError = (e: Entry): string =>
  `${e.attributes?.['detail.operation.error.error'] ?? ''} ${e.attributes?.error ?? ''}`;

/** `expires=` of a signed link lies before the request. */
function expiredLink(e: Entry): boolean {
  const expires = /(?:^|&)(?:expires|exp|e)=(\d{10})(?:&|$)/i.exec(e.urlQuery ?? '');
  return expires !== null && Number.isFinite(e.timeMs) && Number(expires[1]) * 1000 < e.timeMs;
}

export default signals;
