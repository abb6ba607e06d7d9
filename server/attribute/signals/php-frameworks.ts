/** Laravel, Symfony, WordPress and other PHP applications: the sentences that their own code writes. What a site writes in its own words is read by `reasons.ts`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { block, php, wide } from './block.ts';

const laravel = block('Laravel', php, 'laravel/framework@bd71b45 src/Illuminate/Foundation/Exceptions/Handler.php');
const symfony = block(
  'Symfony',
  php,
  'symfony/symfony@5feb749 src/Symfony/Component/Security/Http, HttpKernel/EventListener/ErrorListener.php',
);
const cms = block('PHP applications', php, 'texts of CodeIgniter, CakePHP, Yii, Joomla, Magento (from memory)');
const drupal = block('Drupal', php, 'Drupal watchdog, syslog module (from memory)');
const wordpress = block('WordPress', php, 'WordPress wp-includes/rest-api.php, wp-nonce texts');

const signals: Signal[] = [
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
];

/** `expires=` of a signed link lies before the request. */
function expiredLink(e: Entry): boolean {
  const expires = /(?:^|&)(?:expires|exp|e)=(\d{10})(?:&|$)/i.exec(e.urlQuery ?? '');
  return expires !== null && Number.isFinite(e.timeMs) && Number(expires[1]) * 1000 < e.timeMs;
}

export default signals;
