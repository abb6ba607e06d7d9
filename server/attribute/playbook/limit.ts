/** Playbooks for `limit.*`: too much, too often, or switched off. */
import { apachePath, haproxy, json, jsonPath, nginx, shell, single } from './quote.ts';
import type { Category } from './template.ts';

export const limit: Category<'limit'> = {
  'limit.rate': (v) => ({
    meaning: 'Too many requests came in too short a time from one client, key or address.',
    confirm: [
      'Count the requests of this client in the minute before, and compare with the limit.',
      `See whether ${v.who} stands for many people: a proxy, an office, a mobile network.`,
      'Look for a client that repeats without waiting, or a page that sends many calls at once.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Allow a burst on this path, and answer 429. Count by a key that names one client, not one network.',
        snippet: `location = ${v.path(nginx)} {\n  limit_req zone=${v.ruleOr('<zone>')} burst=20 nodelay;\n  limit_req_status 429;\n  # repeat proxy_pass and the other lines of the surrounding location\n}`,
      },
      {
        product: 'Apache',
        text: 'mod_ratelimit limits bandwidth only; a refusal comes from mod_evasive, mod_qos or a WAF.',
        snippet: `apachectl -M | grep -E 'evasive|qos|security'`,
      },
      {
        product: 'mod_evasive',
        inside: ['Apache'],
        text: 'Raise the page count so that one page with its images stays below it, and exempt your own proxy or monitor.',
        snippet: `DOSPageCount 10\nDOSSiteCount 100\nDOSWhitelist ${v.address}`,
      },
      {
        product: 'mod_qos',
        inside: ['Apache'],
        text: 'Raise the limit of this location. QS_ErrorResponseCode 429 says it better than 500.',
        snippet: `QS_LocRequestLimit ${v.path(apachePath)} 100\nQS_ErrorResponseCode 429`,
      },
      {
        product: 'HAProxy',
        text: 'Exempt this path or raise its number, and answer 429.',
        snippet: `acl this_path path -m str ${v.pathSent(haproxy)}\nhttp-request deny deny_status 429 if { sc_http_req_rate(0) gt 100 } !this_path`,
      },
      {
        product: 'Kong',
        text: 'Give this consumer or route its own number.',
        snippet: `curl -sS -X POST 'http://localhost:8001/consumers/<consumer>/plugins' \\\n  --json '{"name":"rate-limiting","config":{"minute":600,"policy":"local"}}'`,
      },
      {
        product: 'APISIX',
        text: 'Raise the number for this route, count per consumer, answer 429 (the default is 503).',
        snippet: `"limit-count": { "count": 600, "time_window": 60, "key": "consumer_name", "rejected_code": 429 }`,
      },
      {
        product: 'APIPark / Apinto',
        text: 'Raise the number in the rate_limiting plugin of this API. It answers 403, though its body speaks of 429.',
      },
      {
        product: 'Traefik',
        text: 'Raise average and burst of the middleware of this router.',
        snippet: `http:\n  middlewares:\n    limit:\n      rateLimit: { average: 100, burst: 200 }`,
      },
      {
        product: 'Envoy / Istio',
        text: 'Raise the bucket of this route. Local limits hold per instance.',
        snippet: `token_bucket: { max_tokens: 200, tokens_per_fill: 100, fill_interval: 1s }`,
      },
      {
        product: 'AWS WAF',
        text: 'Raise the limit of the rate rule, or narrow it to the path that needs it.',
        snippet: `"RateBasedStatement": { "Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP" }`,
      },
      {
        product: 'Cloudflare',
        text: 'Except this path from the rate rule by its expression.',
        snippet: `not (http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)})`,
      },
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache'],
        text: 'CRS 3 limits in its DoS rules (912xxx). Exempt a known good address.',
        snippet: `SecRule REMOTE_ADDR "@ipMatch ${v.address}" "id:10001,phase:1,pass,nolog,ctl:ruleRemoveByTag=attack-dos"`,
      },
      {
        product: 'Django',
        text: 'Give this view its own rate (Django REST framework).',
        snippet: `class View(APIView):\n    throttle_scope = "<scope>"\n# settings: DEFAULT_THROTTLE_RATES = {"<scope>": "600/min"}`,
      },
      {
        product: 'Laravel',
        text: 'Define a limiter for this route, keyed by user.',
        snippet: `RateLimiter::for('<name>', fn (Request $r) => Limit::perMinute(600)->by($r->user()?->id ?: $r->ip()));`,
      },
      {
        product: 'Rails',
        text: 'Rack::Attack: safelist the known client.',
        snippet: `Rack::Attack.safelist_ip("${v.address}")`,
      },
      {
        product: 'Express / Node.js',
        text: 'Raise the number for this route. Behind a proxy set trust proxy, else all clients share one count.',
        snippet: `app.set('trust proxy', 1);\napp.use(${v.path(jsonPath)}, rateLimit({ windowMs: 60_000, limit: 600 }));`,
      },
      {
        product: null,
        text: 'Let the client slow down, wait for Retry-After and spread its calls. Raise the limit only for this client or route.',
      },
    ],
    prevent: [
      'Answer 429 with Retry-After; a 403 makes clients try again at once.',
      'Count per user or key before per address.',
      'Alert at four fifths of the limit for known clients.',
    ],
    doNot: ['Do not remove the limit.', 'Do not raise it for everybody because of one client.'],
  }),

  'limit.quota': (v) => ({
    meaning: 'A longer-term allowance of this key, user or plan is used up.',
    confirm: [
      'Read the use and the allowance in the gateway, and when it starts anew.',
      'Compare with earlier periods: growth, or a client that loops.',
      `Find what used it up: the routes and hours of ${v.facts.user === null ? 'this key' : v.user(shell)}.`,
    ],
    fix: [
      {
        product: 'AWS API Gateway',
        text: 'Extend the use of this key for the present period, or move it to a larger plan.',
        snippet: `aws apigateway get-usage --usage-plan-id '<plan>' --start-date '<date>' --end-date '<date>'\naws apigateway update-usage --usage-plan-id '<plan>' --key-id '<key id>' \\\n  --patch-operations op=replace,path=/remaining,value=10000`,
      },
      {
        product: 'Tyk',
        text: 'Raise quota_max of the key or its policy. Quota refusals are 403, rate refusals 429.',
        snippet: `{ "quota_max": 100000, "quota_renewal_rate": 86400 }`,
      },
      {
        product: 'Kong',
        text: 'Give this consumer a larger allowance.',
        snippet: `curl -sS -X POST 'http://localhost:8001/consumers/<consumer>/plugins' \\\n  --json '{"name":"rate-limiting","config":{"day":100000,"policy":"redis"}}'`,
      },
      {
        product: 'Azure API Management',
        text: 'Raise the quota policy of this product.',
        snippet: `<quota calls="100000" renewal-period="86400" />`,
      },
      {
        product: 'Kubernetes',
        text: 'The namespace has used its quota.',
        snippet: `kubectl describe resourcequota -n '<namespace>'`,
      },
      {
        product: null,
        text: 'Extend the allowance of this one key, or stop the loop that used it up. Tell its owner the date of renewal.',
      },
    ],
    prevent: ['Tell the owner at 80 % and 95 %.', 'Send the rest of the allowance in response headers.'],
    doNot: ['Do not reset the count for everybody.', 'Do not hand out a second key to double the allowance.'],
  }),

  'limit.lockout': (v) => ({
    meaning: 'The account is locked for a while, after several failed logins.',
    confirm: [
      'Look at the failed logins before the lock: from where, and how many accounts.',
      'One account from one address: a stored old password. Many accounts: somebody is guessing.',
      'Ask the user whether the password changed lately, and which devices still have the old one.',
    ],
    fix: [
      {
        product: 'Keycloak',
        text: 'Unlock the one user.',
        snippet: `kcadm.sh delete 'attack-detection/brute-force/users/<user id>' -r '<realm>'`,
      },
      {
        product: 'Django',
        text: 'django-axes: unlock the one user.',
        snippet: `python manage.py axes_reset_username ${v.user(shell)}`,
      },
      {
        product: 'Rails',
        text: 'Devise: unlock the one user.',
        snippet: `User.find_by(email: ${v.user(single)}).unlock_access!`,
      },
      {
        product: 'Laravel',
        text: 'Clear the counter of this login key.',
        snippet: `php artisan tinker --execute="RateLimiter::clear('<login key>');"`,
      },
      {
        product: 'ASP.NET Core',
        text: 'End the lock of the one user.',
        snippet: `await userManager.SetLockoutEndDateAsync(user, null);\nawait userManager.ResetAccessFailedCountAsync(user);`,
      },
      {
        product: null,
        text: 'Unlock after the person has proved who they are, and remove the old password from the device that keeps sending it.',
      },
    ],
    prevent: [
      'Count by account and address together, so that a stranger cannot lock people out.',
      'Ask for a second factor instead of ever longer locks.',
    ],
    doNot: ['Do not switch the lockout off.', 'Do not unlock all accounts while guessing goes on.'],
  }),

  'limit.suspended': (v) => ({
    meaning: 'The account, subscription or key is suspended or disabled.',
    confirm: [
      'Look up its state, and who changed it when.',
      'Ask billing and security whether there is a reason.',
      `See what still calls with it${v.facts.userAgent === null ? '' : `: ${v.agent(shell)}`}.`,
    ],
    fix: [
      {
        product: 'AWS API Gateway',
        text: 'Enable the key again.',
        snippet: `aws apigateway update-api-key --api-key '<key id>' --patch-operations op=replace,path=/enabled,value=true`,
      },
      {
        product: 'Tyk',
        text: 'Make the key active again.',
        snippet: `{ "is_inactive": false }`,
      },
      {
        product: 'Azure API Management',
        text: 'Activate the subscription.',
        snippet: `az rest --method patch --headers 'If-Match=*' \\\n  --url '<subscription address>?api-version=2022-08-01' --body '{"properties":{"state":"active"}}'`,
      },
      {
        product: 'Keycloak',
        text: 'Enable the user again.',
        snippet: `kcadm.sh update 'users/<user id>' -r '<realm>' -s enabled=true`,
      },
      {
        product: 'Django',
        text: 'Activate the user again.',
        snippet: `from django.contrib.auth import get_user_model\nget_user_model().objects.filter(username=${v.user(json)}).update(is_active=True)`,
      },
      {
        product: null,
        text: 'Settle the reason first (payment, abuse, end of contract), then enable it again in the product that holds it.',
      },
    ],
    prevent: [
      'Tell the owner before and after a suspension.',
      'Say in the answer that the account is suspended, and whom to ask.',
    ],
    doNot: ['Do not enable it without asking who suspended it.', 'Do not lend the client the key of another account.'],
  }),
};
