/** Flask, FastAPI, Rails and Rack: the sentences that their own code writes. What a site writes in its own words is read by `reasons.ts`. */
import type { Entry } from '../../../parsers/entry.ts';
import type { Signal } from '../signal.ts';
import { app, block, wide } from './block.ts';

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
const rack = block('rack-protection', app, 'sinatra/sinatra@cb22afd rack-protection/lib/rack/protection/base.rb');
const gems = block(
  'Pundit / CanCanCan',
  app,
  'varvet/pundit@0631868 lib/pundit/error.rb; CanCanCommunity/cancancan@178d2c5 lib/cancan/exceptions.rb',
);

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
    ownWords: true,
    certainty: 'implied',
    when: (e) => /(?:authenticat|login|log_in|signed_in|require_user$|session)/i.test(filterOf(e)),
    confidence: 0.75,
    others: ['permission.role'],
  }),
  railsLog('rails-filter-owner', RAILS_FILTER, 'permission.ownership', 'before_action {filter} stopped the request', {
    ownWords: true,
    certainty: 'implied',
    when: (e) => /(?:owner|own_|correct_user|same_user|belongs)/i.test(filterOf(e)),
    confidence: 0.8,
    others: ['permission.role'],
  }),
  railsLog('rails-filter-role', RAILS_FILTER, 'permission.role', 'before_action {filter} stopped the request', {
    ownWords: true,
    certainty: 'implied',
    when: (e) => /(?:admin|role|permi|authori[sz]e|staff|can_)/i.test(filterOf(e)) && !/owner/i.test(filterOf(e)),
    confidence: 0.75,
    others: ['permission.ownership'],
  }),
  railsLog('rails-filter-csrf', RAILS_FILTER, 'csrf.invalid', 'before_action {filter} stopped the request', {
    ownWords: true,
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
];

export default signals;
