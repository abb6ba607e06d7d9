/** Node.js, Go, Elixir and what many languages share: the sentences that their own code writes. What a site writes in its own words is read by `reasons.ts`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { app, block } from './block.ts';

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

const signals: Signal[] = [
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

export default signals;
