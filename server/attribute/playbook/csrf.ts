/** Playbooks for `csrf.*`: proof that a form or script of the site itself sent the request. */
import { json, single } from './quote.ts';
import type { Category, Fix } from './template.ts';
import type { Values } from './values.ts';

const exempt = (v: Values): Fix => ({
  product: 'Laravel',
  text: 'For webhooks only, which carry a signature of their own: except this one path. People who see 419 need a fresh page, not an exception.',
  snippet: `// bootstrap/app.php\n->withMiddleware(function (Middleware $middleware) {\n    $middleware->validateCsrfTokens(except: [\n        ${v.path((p) => (p.includes('*') ? null : single(p.replace(/^\/+/, ''))))},\n    ]);\n})`,
});

const tokens = (v: Values): Fix[] => [
  {
    product: 'Django',
    text: 'Put the tag into the form. Scripts send the cookie csrftoken back as the header X-CSRFToken.',
    snippet: `<form method="post">{% csrf_token %} … </form>\n\nfetch(${v.path(json)}, { method: 'POST', headers: { 'X-CSRFToken': getCookie('csrftoken') } })`,
  },
  {
    product: 'Rails',
    text: 'Use form_with, which adds the token, and csrf_meta_tags for scripts.',
    snippet: `<%= csrf_meta_tags %>\n\nfetch(${v.path(json)}, { method: 'POST', headers: { 'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content } })`,
  },
  {
    product: 'Spring',
    text: 'For pages driven by scripts keep the token in a cookie that the script can read. Resolve it early, so that the cookie is set on the first page.',
    snippet: `http.csrf(c -> c\n    .csrfTokenRepository(CookieCsrfTokenRepository.withHttpOnlyFalse())\n    .csrfTokenRequestHandler(new CsrfTokenRequestAttributeHandler()));`,
  },
  exempt(v),
  {
    product: 'Express / Node.js',
    text: 'Session and cookie parser must run before the protection. Send the token in the header.',
    snippet: `app.use(cookieParser(), session(options), csrfProtection);\nfetch(${v.path(json)}, { method: 'POST', headers: { 'x-csrf-token': token } })`,
  },
  {
    product: 'ASP.NET Core',
    text: 'Form tag helpers add the token. With more than one server, keep the data protection keys in one shared place.',
    snippet: `builder.Services.AddAntiforgery(o => o.HeaderName = "X-XSRF-TOKEN");\nbuilder.Services.AddDataProtection().PersistKeysToFileSystem(new DirectoryInfo("<shared directory>"));`,
  },
  {
    product: 'Flask / FastAPI',
    text: 'Put the token into the form and the header. All workers need the same SECRET_KEY.',
    snippet: `<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">`,
  },
  {
    product: 'WordPress',
    text: 'Do not cache pages that hold a nonce, or cache them for less than 12 hours.',
    snippet: `fetch(${v.path(json)}, { headers: { 'X-WP-Nonce': wpApiSettings.nonce } })`,
  },
  {
    product: 'APISIX',
    text: 'The csrf plugin wants the cookie and the header of the same name.',
    snippet: `"csrf": { "key": "<secret>", "name": "apisix-csrf-token", "expires": 7200 }`,
  },
];

export const csrf: Category<'csrf'> = {
  'csrf.missing': (v) => ({
    meaning:
      'A request that changes something came without a CSRF token or cookie. The framework cannot tell that the site itself sent it.',
    confirm: [
      'Open the page in a fresh browser and send the form. Look at the cookie and the token in the network panel.',
      'See whether the Set-Cookie of the first page arrives. A cache or a proxy may strip it.',
      'See who calls: a browser of a person, or a program that never had a page.',
    ],
    fix: [
      ...tokens(v),
      {
        product: null,
        text: 'Pages: send the token. Programs: let them log in by a token in the Authorization header, on routes that ignore cookies; those need no CSRF check.',
      },
    ],
    prevent: [
      'Test each form through the proxy and the cache, not only beside the application.',
      'Keep pages with forms out of shared caches.',
    ],
    doNot: [
      'Do not switch CSRF protection off for the site.',
      'Do not exempt a route that accepts a session cookie.',
      'Do not answer GET where something is changed.',
    ],
  }),

  'csrf.invalid': (v) => ({
    meaning: 'A CSRF token arrived, but it is wrong, stale or belongs to another session.',
    confirm: [
      'Reload the page and send again. If that passes, the page was old: a tab left open, a login in another tab, a cached page.',
      'See whether all users fail since a deployment: then the secret key or the session store changed.',
      'See whether about one in N requests passes: then N servers have different keys.',
      'Look for two cookies of the same name, on the domain and on the host.',
    ],
    fix: [
      ...tokens(v),
      {
        product: null,
        text: 'Give all servers the same secret and session store. Take pages with forms out of the cache. After a refusal, show the form again with a fresh token and the old input.',
      },
    ],
    prevent: [
      'Roll secrets with an overlap (Django: SECRET_KEY_FALLBACKS).',
      'Send Cache-Control: no-store with pages that hold a token.',
      'Renew the token in scripts after login.',
    ],
    doNot: ['Do not switch CSRF protection off.', 'Do not lengthen token life to days because of one stale tab.'],
  }),

  'csrf.origin': (v) => ({
    meaning:
      'The Origin or Referer of the request does not match the site that the framework believes it is. Mostly a proxy hides the real scheme or host.',
    confirm: [
      'Compare the Origin header of the request with the host and scheme that the application sees.',
      `Look at what the proxy sends on: X-Forwarded-Proto must be https, Host must be ${v.host === '<host>' ? 'the public name' : v.host}.`,
      'See whether it began with TLS or a new domain in front of the application.',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Name the origin with its scheme, and trust the header of your own proxy for the scheme.',
        snippet: `CSRF_TRUSTED_ORIGINS = ["${v.origin}"]\nSECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")  # only behind a proxy that sets it`,
      },
      {
        product: 'Rails',
        text: 'Let the proxy send the scheme; Rails compares Origin with request.base_url.',
        snippet: `config.assume_ssl = true   # Rails 7.1 and later, behind a proxy that ends TLS`,
      },
      {
        product: 'nginx',
        text: 'Pass the real host and scheme.',
        snippet: `proxy_set_header Host $host;\nproxy_set_header X-Forwarded-Proto $scheme;`,
      },
      {
        product: 'Apache',
        text: 'Pass the real host and scheme.',
        snippet: `ProxyPreserveHost On\nRequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}`,
      },
      {
        product: 'HAProxy',
        text: 'Pass the real scheme.',
        snippet: `http-request set-header X-Forwarded-Proto https if { ssl_fc }`,
      },
      {
        product: 'Express / Node.js',
        text: 'Trust the one proxy in front, so that the scheme is right. SvelteKit takes the origin from the environment.',
        snippet: `app.set('trust proxy', 1);\n// SvelteKit: ORIGIN=${v.origin}`,
      },
      {
        product: 'Spring',
        text: 'Take host and scheme from the forwarded headers.',
        snippet: `server.forward-headers-strategy=framework`,
      },
      {
        product: null,
        text: 'Make the proxy pass Host and scheme, and let the application trust exactly that proxy. Add further origins of your own by name.',
      },
    ],
    prevent: [
      'Test a POST through the public address after each change of proxy or domain.',
      'Keep the list of trusted origins beside the list of host names.',
    ],
    doNot: [
      'Do not trust every origin, nor the opaque one that sandboxed pages send.',
      'Do not let clients set X-Forwarded-Proto themselves: the proxy must overwrite it.',
    ],
  }),
};
