/** Playbooks for what no log explains: the application's silence, and the unknown. */
import { json } from './quote.ts';
import type { Category, Template } from './template.ts';
import type { Values } from './values.ts';

export const app: Category<'app'> = {
  'app.unexplained': (v) => ({
    meaning: 'The application refused it, and its log does not say why.',
    confirm: [
      'Read the log of the application around that time, by request id or path.',
      `Ask the same with and without login: \`${v.curl}\`.`,
      'Raise the log level of the security part for a few minutes, as below, and repeat the request.',
      'Read the body of the answer in the browser; it often names the reason.',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Let refusals be logged. PermissionDenied without a text says nothing: give it one.',
        snippet: `LOGGING["loggers"]["django.security"] = {"level": "DEBUG", "handlers": ["console"]}\nLOGGING["loggers"]["django.request"] = {"level": "WARNING", "handlers": ["console"]}`,
      },
      {
        product: 'Spring',
        text: 'Shows the rule, the authorities and the CSRF check of each refusal.',
        snippet: `logging.level.org.springframework.security=DEBUG`,
      },
      {
        product: 'Laravel',
        text: 'Laravel does not report these exceptions by default. Report them.',
        snippet: `->withExceptions(function (Exceptions $e) {\n    $e->stopIgnoring([AuthorizationException::class, TokenMismatchException::class, HttpException::class]);\n})`,
      },
      {
        product: 'Rails',
        text: 'Log what was refused where the exception is turned into a 403.',
        snippet: `rescue_from Pundit::NotAuthorizedError do |e|\n  Rails.logger.warn("403 #{e.policy.class}##{e.query}")\n  head :forbidden\nend`,
      },
      {
        product: 'ASP.NET Core',
        text: 'Shows the requirement that was not met.',
        snippet: `"Logging": { "LogLevel": { "Microsoft.AspNetCore.Authorization": "Debug", "Microsoft.AspNetCore.Antiforgery": "Debug" } }`,
      },
      {
        product: 'Express / Node.js',
        text: 'Log in the error handler. A bare res.sendStatus(403) leaves no trace.',
        snippet: `app.use((err, req, res, next) => {\n  if (err.status === 403) req.log.warn({ path: req.path, code: err.code, reason: err.message }, 'refused');\n  next(err);\n});`,
      },
      {
        product: 'Flask / FastAPI',
        text: 'Log in the handler of the 403.',
        snippet: `@app.errorhandler(403)\ndef refused(e):\n    app.logger.warning("403 %s %s", request.path, e.description)\n    return e`,
      },
      {
        product: 'Symfony',
        text: 'Shows the votes of each refusal.',
        snippet: `monolog:\n  handlers:\n    security: { type: stream, path: "php://stderr", level: debug, channels: ["security"] }`,
      },
      {
        product: 'WordPress',
        text: 'WordPress logs nothing of the kind. Look for a security plugin, and for the body of the answer: -1, 0 or "link has expired" are nonces.',
        snippet: `wp plugin list --status=active`,
      },
      {
        product: 'PHP-FPM',
        text: 'A PHP script answered 403 itself. Find where.',
        snippet: `grep -rnE "http_response_code\\(403\\)|403 Forbidden" '<application>'`,
      },
      {
        product: null,
        text: `Log one line for each refusal: route, user, right or check that failed, request id. Then repeat the request for ${v.path(json)}.`,
      },
    ],
    prevent: [
      'Log the reason of each 403 where it is made, with the request id.',
      'Pass the request id of the proxy to the application.',
    ],
    doNot: ['Do not guess and loosen rules one after the other.', 'Do not leave debug logging on: it may hold tokens.'],
  }),
};

export const unknown = (v: Values): Template => ({
  meaning: 'These logs do not tell which layer refused it, or why.',
  confirm: [
    'See what the refusal says would settle it, and add that log.',
    `Repeat the request: \`${v.curl}\`. Server, Via and X-headers of the answer name the layer.`,
    'Ask each layer directly, from the inside outward, with the same Host header. The first that refuses decided.',
    ...(v.facts.clientAddress === null ? [] : [`Look for ${v.who} in the logs of ban tools and packet filters.`]),
  ],
  fix: [
    {
      product: 'nginx',
      text: 'Log who answered: upstream_status is "-" when nginx itself refused.',
      snippet: `log_format why403 '$remote_addr [$time_iso8601] "$request" $status $host up=$upstream_status id=$request_id';`,
    },
    {
      product: 'Apache',
      text: 'Log the id that error and access log share, and the reason of access checks for a while.',
      snippet: `LogFormat "%h %t \\"%r\\" %>s %V %L" why403\nLogLevel authz_core:debug rewrite:trace2`,
    },
    {
      product: 'HAProxy',
      text: 'Log the rule that decided, and an id.',
      snippet: `unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt\nunique-id-header X-Request-ID\nlog-format "\${HAPROXY_HTTP_LOG_FMT} %ID %[last_rule_file]:%[last_rule_line]"`,
    },
    {
      product: 'Envoy / Istio',
      text: 'Log the details: they name the filter that refused.',
      snippet: `text_format_source: { inline_string: "[%START_TIME%] %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %REQ(X-REQUEST-ID)%\\n" }`,
    },
    {
      product: null,
      text: `Carry one request id through all layers, and log it in each. Then ask again: ${v.url}.`,
    },
  ],
  prevent: [
    'Read the logs of every layer here, the error and audit logs too.',
    'Log a request id and the status of the next layer everywhere.',
  ],
  doNot: [
    'Do not switch layers off in turn on a live site.',
    'Do not take the outermost layer for the one that decided: it may only relay.',
  ],
});
