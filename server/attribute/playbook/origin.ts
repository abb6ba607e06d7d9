/** Playbooks for `origin.*`: policies about the page that a request comes from. */
import { apachePath, json, jsonPath, lighttpd, nginx } from './quote.ts';
import type { Category } from './template.ts';

export const origin: Category<'origin'> = {
  'origin.cors': (v) => ({
    meaning: 'A page of another origin called, and the CORS policy here does not list that origin, method or header.',
    confirm: [
      `Ask as the browser does: \`curl -sS -D - -o /dev/null -X OPTIONS -H 'Origin: https://<origin>' -H 'Access-Control-Request-Method: ${v.method}' ${v.url}\`.`,
      'Compare scheme, host and port letter by letter: http and https, www and bare are different origins.',
      'Ask whether the calling page is yours or a known partner. If neither, the refusal is right.',
    ],
    fix: [
      {
        product: 'Spring',
        text: 'List the origin, and the method and headers that the preflight asks for. Spring Security needs cors() as well.',
        snippet: `http.cors(Customizer.withDefaults());\nregistry.addMapping(${v.path(jsonPath)})\n    .allowedOrigins("https://<origin>").allowedMethods("GET", "${v.method}");`,
      },
      {
        product: 'Express / Node.js',
        text: 'List the origins by name.',
        snippet: `app.use(cors({ origin: ['https://<origin>'], methods: ['GET', '${v.method}'] }));`,
      },
      {
        product: 'Django',
        text: 'List the origin (django-cors-headers).',
        snippet: `CORS_ALLOWED_ORIGINS = ["https://<origin>"]`,
      },
      {
        product: 'Tomcat',
        text: 'Extend the CORS filter of this application.',
        snippet: `<init-param>\n  <param-name>cors.allowed.origins</param-name>\n  <param-value>https://&lt;origin></param-value>\n</init-param>`,
      },
      {
        product: 'ASP.NET Core',
        text: 'Name the origin in the policy. UseCors must come before UseAuthorization.',
        snippet: `builder.Services.AddCors(o => o.AddPolicy("partners", p =>\n    p.WithOrigins("https://<origin>").WithMethods("GET", "${v.method}")));`,
      },
      {
        product: 'Flask / FastAPI',
        text: 'Name the origin.',
        snippet: `app.add_middleware(CORSMiddleware, allow_origins=["https://<origin>"], allow_methods=["GET", "${v.method}"])`,
      },
      {
        product: 'Kong',
        text: 'Extend the cors plugin of this route.',
        snippet: `curl -sS -X PATCH 'http://localhost:8001/plugins/<plugin id>' \\\n  --json '{"config":{"origins":["https://<origin>"],"methods":["GET","${v.method}"]}}'`,
      },
      {
        product: 'APISIX',
        text: 'Extend the cors plugin of this route.',
        snippet: `"cors": { "allow_origins": "https://<origin>", "allow_methods": "GET,${v.method}" }`,
      },
      {
        product: 'APIPark / Apinto',
        text: 'Extend the CORS plugin of this API. Its method list holds for every request, also those without an Origin header.',
      },
      {
        product: 'nginx',
        text: 'Answer the preflight for known origins only. If the application has a CORS policy, change that one instead: two headers are an error.',
        snippet: `map $http_origin $cors { default ""; "https://<origin>" $http_origin; }\nlocation = ${v.path(nginx)} {\n  add_header Access-Control-Allow-Origin $cors always;\n  add_header Vary Origin always;\n  # the preflight: if ($request_method = OPTIONS) { return 204; } with the same headers and Access-Control-Allow-Methods\n  # repeat proxy_pass and the other lines of the surrounding location\n}`,
      },
      {
        product: null,
        text: 'Add the origin with scheme and port, and the method and headers that the preflight names.',
      },
    ],
    prevent: [
      'Keep the list of origins in one place, per environment.',
      'Test the preflight of each partner after a deployment.',
    ],
    doNot: [
      'Do not allow * together with credentials.',
      'Do not echo any Origin back.',
      'Do not require a login on OPTIONS; browsers send none.',
    ],
  }),

  'origin.referer': (v) => ({
    meaning:
      'A rule on the Referer header refused it: mostly hotlink protection that did not know the linking page, or a client that sends none.',
    confirm: [
      'Look at the Referer in the access line. Empty is common: privacy settings, apps, links from mails.',
      `Ask with and without: \`curl -sS -o /dev/null -D - -H 'Referer: ${v.origin}/' ${v.url}\`.`,
      'Find the rule: `nginx -T | grep -n referer`, or `grep -rn -i referer /etc/apache2 /etc/httpd`.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Add the linking site to the list. "none" lets requests without a Referer pass, "blocked" those with a stripped one.',
        snippet: `location = ${v.path(nginx)} {\n  valid_referers none blocked server_names *.<partner>;\n  if ($invalid_referer) { return 403; }\n}`,
      },
      {
        product: 'Apache',
        text: 'Add the linking site to the condition.',
        snippet: `<Location ${v.path(apachePath)}>\n  SetEnvIf Referer "^$" ok_referer\n  SetEnvIfNoCase Referer "^https://([^/]+\\.)?<partner>/" ok_referer\n  Require env ok_referer\n</Location>`,
      },
      {
        product: 'lighttpd',
        text: 'Add the linking site to the condition.',
        snippet: `$HTTP["url"] == ${v.path(lighttpd)} {\n  $HTTP["referer"] !~ "^($|https://([^/]+\\.)?<partner>/)" { url.access-deny = ( "" ) }\n}`,
      },
      {
        product: 'APISIX',
        text: 'Extend the white list of referer-restriction, and let an absent Referer pass.',
        snippet: `"referer-restriction": { "whitelist": ["${v.host}", "*.<partner>"], "bypass_missing": true }`,
      },
      {
        product: 'Cloudflare',
        text: 'Hotlink Protection: exempt this path by a configuration rule.',
        snippet: `(http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)})`,
      },
      {
        product: null,
        text: 'Name the partner in the rule, and let requests without a Referer pass where nothing is at stake.',
      },
    ],
    prevent: [
      'Use signed links for what must be protected; a Referer is easily faked.',
      'Watch Referer-Policy of your own pages: no-referrer breaks such rules.',
    ],
    doNot: [
      'Do not rely on Referer as access control.',
      'Do not match a bare name anywhere in the header: evil.example/?your.site would pass.',
    ],
  }),
};
