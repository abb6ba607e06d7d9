/**
 * Playbooks for `waf.*`. Most classes differ in what the rule feared and in how an application keeps clear of it;
 * the way to except one parameter of one path is the product's and the same for all.
 */
import { exclusion } from './crs.ts';
import { json, nginxMapKey, shell } from './quote.ts';
import type { Category, Fix, Template } from './template.ts';
import type { Values } from './values.ts';

const crs = (v: Values): Fix => ({
  product: 'ModSecurity / Coraza with CRS',
  inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
  text: v.hasParameter
    ? 'Except this one target from this one rule, on this host and path. Put it into REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf, with an id that is free. A Host with a port needs that port in the first line.'
    : 'Except this one rule on this host and path. The audit log names the target: with it write ruleRemoveTargetById and leave the rule on for the rest. Put it into REQUEST-900-EXCLUSION-RULES-BEFORE-CRS.conf, with an id that is free.',
  snippet: exclusion(
    v,
    v.hasParameter ? `ctl:ruleRemoveTargetById=${v.ruleNumber};${v.target()}` : `ctl:ruleRemoveById=${v.ruleNumber}`,
  ),
});

const naxsi = (v: Values): Fix => ({
  product: 'NAXSI',
  inside: ['nginx'],
  text: 'White-list the rule for this argument on this path only, in the location of the host. Rules below 1000 are internal and speak of broken requests: mend the client first.',
  snippet: `BasicRule wl:${v.ruleNumber} "mz:$URL:${v.path(naxsiPath)}|${v.hasParameter ? `$ARGS_VAR:${v.parameter(naxsiName)}` : 'ARGS'}";`,
});

/** Both run inside nginx: NAXSI counts its rules in thousands, CRS in hundred thousands. */
const inServer = (v: Values): Fix[] => (/^\d{1,4}$/.test(v.rule) ? [naxsi(v), crs(v)] : [crs(v), naxsi(v)]);

const naxsiName = (p: string): string | null => (/^[\w.\-<>]{1,120}$/.test(p) ? p.toLowerCase() : null);
const naxsiPath = (p: string): string | null => (/^[\w./\-<>~@]{1,300}$/.test(p) ? p.toLowerCase() : null);

const aws = (v: Values): Fix => ({
  product: 'AWS WAF',
  text: 'Let the one managed rule count, and block by its label everywhere but here. Place the second rule after the managed group. The label is in labels[] of the log entry.',
  snippet: `"RuleActionOverrides": [{ "Name": "${v.rule}", "ActionToUse": { "Count": {} } }]

{ "Name": "block-except-one-path", "Priority": 100, "Action": { "Block": {} },
  "Statement": { "AndStatement": { "Statements": [
    { "LabelMatchStatement": { "Scope": "LABEL", "Key": "<label>" } },
    { "NotStatement": { "Statement": { "ByteMatchStatement": {
      "FieldToMatch": { "UriPath": {} }, "PositionalConstraint": "EXACTLY", "SearchString": ${v.pathSent(json)},
      "TextTransformations": [{ "Priority": 0, "Type": "NONE" }] } } } } ] } },
  "VisibilityConfig": { "SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "block-except-one-path" } }`,
});

const cloudflare = (v: Values): Fix => ({
  product: 'Cloudflare',
  text: `Add a WAF exception above the managed rules: skip only ${v.whichRule}, for this expression.`,
  snippet: `(http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)})`,
});

const others = (v: Values): Fix[] => [
  {
    product: 'Azure WAF (Application Gateway, Front Door)',
    text: 'Add a per-rule exclusion with the exact argument name to the policy of this site. On Application Gateway use a policy for the path.',
    snippet: `az network application-gateway waf-policy managed-rule exclusion rule-set add \\\n  -g '<group>' --policy-name '<policy>' --type OWASP --version 3.2 --group-name '<rule group>' --rule-ids ${v.shellRuleNumber} \\\n  --match-variable RequestArgNames --match-operator Equals --selector ${v.parameter(shell)}`,
  },
  {
    product: 'Google Cloud Armor',
    text: 'Exclude the one parameter from the one signature.',
    snippet: `gcloud compute security-policies rules add-preconfig-waf-exclusion '<priority>' --security-policy='<policy>' \\\n  --target-rule-set='<rule set>' --target-rule-ids=${v.shellRule('<rule id>')} \\\n  --request-query-param-to-exclude=op=EQUALS,val=${v.parameter(gcloudValue)}`,
  },
  {
    product: 'Akamai',
    text: 'Add an exception to the one rule: this host, path and argument. Activate it on staging first.',
  },
  { product: 'Fastly', text: 'Add a request rule for this path that excludes the one signal.' },
  { product: 'Imperva', text: 'Add an exception to the one rule, for this URL and parameter.' },
  {
    product: 'F5 BIG-IP',
    text: 'Find the request by its support id. Disable the one signature on this parameter of this URL, then apply the policy.',
  },
];
const gcloudValue = (p: string): string | null => {
  if (/[,:=\s]/.test(p) && p !== '<parameter>') return null;
  return shell(p);
};

/** Every rule that matched content: the same way to be sure and to except. */
function matched(v: Values, own: { meaning: string; confirm: string; application: string; doNot: string }): Template {
  return {
    meaning: own.meaning,
    confirm: [
      `Read ${v.whichRule} and the matched data in the evidence.${v.hasParameter ? ` It matched in ${v.target()}.` : ''}`,
      own.confirm,
      'See who was refused: one scanner with many paths, or known users on one form.',
    ],
    fix: [...inServer(v), aws(v), cloudflare(v), ...others(v)],
    prevent: [
      own.application,
      'Run new rules and new forms in detection mode first, and read what they would refuse.',
      'Keep each exclusion with its reason, host and path under version control.',
    ],
    doNot: [
      'Do not switch the WAF off, nor SecRuleEngine to DetectionOnly for the site.',
      'Do not remove the rule for every path and parameter.',
      own.doNot,
    ],
  };
}

export const waf: Category<'waf'> = {
  'waf.sqli': (v) =>
    matched(v, {
      meaning: 'A WAF rule took part of the request for SQL injection.',
      confirm:
        'Ask whether the value is ordinary for this field: a name with an apostrophe, a search text, a query builder.',
      application: 'Use bound parameters, and do not send SQL or filter expressions from the browser.',
      doNot: 'Do not except a field whose value reaches SQL as text.',
    }),
  'waf.xss': (v) =>
    matched(v, {
      meaning: 'A WAF rule took part of the request for cross-site scripting.',
      confirm:
        'Ask whether the field takes HTML or code by design: an editor, a template, a comment with angle brackets.',
      application: 'Escape on output, clean HTML of editors on the server, and send a Content-Security-Policy.',
      doNot: 'Do not except a field whose value is shown without escaping.',
    }),
  'waf.traversal': (v) =>
    matched(v, {
      meaning: 'A WAF rule saw an attempt to leave the directory, or the name of a file that must stay hidden.',
      confirm: 'Look for ../, encoded slashes and names such as .env, .git or etc/passwd in the path and parameters.',
      application: 'Give files ids instead of paths, and keep secrets out of the document root.',
      doNot: 'Do not except a parameter that is used as a file name.',
    }),
  'waf.rfi': (v) =>
    matched(v, {
      meaning: 'A WAF rule saw a URL where the application might load it: remote file inclusion.',
      confirm: 'Ask whether the field takes URLs by design: a redirect, a callback, a link preview.',
      application: 'Check URLs of parameters against a list of hosts.',
      doNot: 'Do not except a parameter that the server fetches or includes.',
    }),
  'waf.rce': (v) =>
    matched(v, {
      meaning: 'A WAF rule took part of the request for a system command.',
      confirm: 'Ask whether the words are ordinary here: a wiki about Unix, a support form with pasted output.',
      application: 'Never build shell commands from input, and patch what the matched attack aims at.',
      doNot: 'Do not except the field before you know that no value of it reaches a shell.',
    }),
  'waf.php': (v) =>
    matched(v, {
      meaning: 'A WAF rule took part of the request for PHP code or a PHP function.',
      confirm: 'Ask whether the field takes code or serialised data by design.',
      application: 'Send JSON instead of serialised PHP, and never unserialize or evaluate input.',
      doNot: 'Do not except a field that reaches unserialize, include or eval.',
    }),
  'waf.java': (v) =>
    matched(v, {
      meaning:
        'A WAF rule took part of the request for Java injection: a class name, a serialised object or a JNDI lookup.',
      confirm: 'Look for ${jndi:, rO0AB and java.lang in the matched data. Scanners send these in headers.',
      application: 'Update logging libraries, and do not deserialise input.',
      doNot: 'Do not except headers from this rule; they reach the log.',
    }),
  'waf.nodejs': (v) =>
    matched(v, {
      meaning: 'A WAF rule took part of the request for JavaScript that runs on the server.',
      confirm: 'Look for require(, process. and __proto__ in the matched data, and ask whether the field takes code.',
      application: 'Do not evaluate input, and refuse __proto__ and constructor as keys.',
      doNot: 'Do not except whole JSON bodies; except the one member.',
    }),
  'waf.session': (v) =>
    matched(v, {
      meaning: 'A WAF rule saw an attempt to plant a session id: session fixation or a changed cookie.',
      confirm: 'Look for a session id in the query, and for a Referer of another site.',
      application: 'Carry sessions in cookies only, and renew the id at login.',
      doNot: 'Do not accept session ids from the query string.',
    }),
  'waf.scanner': (v) => ({
    ...matched(v, {
      meaning: 'The request looks like a security scanner, by its user agent or its probes.',
      confirm: `Ask whether ${v.who} is that of your own scanner or monitor, and whether a test was announced.`,
      application: 'Agree on address, time and user agent before a security test.',
      doNot: 'Do not allow by user agent alone; anybody can send it.',
    }),
    fix: [
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'For your own scanner: except this one rule for its address. For a stranger nothing is to be fixed.',
        snippet: `SecRule REMOTE_ADDR "@ipMatch ${v.address}" "id:10001,phase:1,pass,nolog,ctl:ruleRemoveById=${v.ruleNumber}"`,
      },
      aws(v),
      { ...cloudflare(v), snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}")` },
      ...others(v).filter((f) => f.snippet === undefined),
      { product: null, text: 'Mark it as expected if strangers scan: the refusal is right.' },
    ],
  }),
  'waf.bot': (v) => ({
    ...matched(v, {
      meaning: 'The WAF took the client for a bot or a script.',
      confirm: `Check whether it is a partner, a monitor or a search engine: \`host ${v.shellAddress}\` and back again. The user agent alone proves nothing.`,
      application: 'Give partners a token or a fixed address, and an API route without bot rules.',
      doNot: 'Do not allow a search engine by its user agent alone.',
    }),
    fix: [
      {
        product: 'nginx',
        text: 'If a map of your own refuses it, name this client as known. The value is compared as a whole.',
        snippet: `map $http_user_agent $known_client {\n  default 0;\n  ${v.agent(nginxMapKey)} 1;\n}`,
      },
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'Except this one rule for the address of the known client.',
        snippet: `SecRule REMOTE_ADDR "@ipMatch ${v.address}" "id:10001,phase:1,pass,nolog,ctl:ruleRemoveById=${v.ruleNumber}"`,
      },
      {
        ...aws(v),
        text: 'Let the one bot rule count, and block by its label everywhere but on this path. Better: scope bot control to pages, not to APIs.',
      },
      {
        product: 'Cloudflare',
        text: 'Skip Bot Fight Mode or bot rules for the known client, by address and host.',
        snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}")`,
      },
      ...others(v).filter((f) => f.snippet === undefined),
      { product: null, text: 'Let the partner send a proper User-Agent and a token. Refuse the rest.' },
    ],
  }),
  'waf.protocol': (v) => ({
    ...matched(v, {
      meaning:
        'The request breaks HTTP rules or the limits of the WAF: a header, method, content type, encoding or size.',
      confirm:
        'Send the request again with a plain client. If that passes, the first client or a proxy builds it wrongly.',
      application: 'Mend the client: Host, Accept, Content-Type and Content-Length must be right.',
      doNot: 'Do not allow every method, content type or size.',
    }),
    fix: [
      crs(v),
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'Rule 911100: the method is not on the list. Rule 920420: the content type is not. Extend the list in crs-setup.conf by the one value.',
        snippet: `SecAction "id:900200,phase:1,pass,nolog,t:none,setvar:'tx.allowed_methods=GET HEAD POST OPTIONS${/^(?:GET|HEAD|POST|OPTIONS|<method>)$/.test(v.method) ? '' : ` ${v.method}`}'"`,
      },
      naxsi(v),
      aws(v),
      cloudflare(v),
      ...others(v),
    ],
  }),
  'waf.upload': (v) => ({
    ...matched(v, {
      meaning: 'A WAF rule refused an upload: its name, type, size or multipart form.',
      confirm:
        'Note name, type and size of the file, and compare with the limits: `nginx -T | grep client_max_body_size`, SecRequestBodyLimit.',
      application: 'Check type and size in the application, and tell people before they send.',
      doNot: 'Do not allow script extensions in a directory that the web server runs.',
    }),
    fix: [
      crs(v),
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'Too large: raise the limit for this path only. With nginx set the directive within the location.',
        snippet: exclusion(v, 'ctl:requestBodyLimit=26214400').replace('id:10001', 'id:10002'),
      },
      naxsi(v),
      aws(v),
      cloudflare(v),
      ...others(v),
    ],
  }),
  'waf.leakage': (v) => ({
    ...matched(v, {
      meaning:
        'The WAF withheld the answer: it held an error text, source code or other inner data. The request itself may be fine.',
      confirm:
        'Find the answer in the log of the application at that time: a stack trace, a database error, a directory list.',
      application: 'Show a plain error page, and log the details instead.',
      doNot: 'Do not except the rule before the leak is closed.',
    }),
    fix: [
      {
        product: null,
        text: 'Mend the error in the application, and switch its debug output off. Only then think of an exclusion.',
      },
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'If the text is meant to be there (documentation, a code sample), except the one rule on this path.',
        snippet: exclusion(v, `ctl:ruleRemoveById=${v.ruleNumber}`),
      },
      { product: 'PHP-FPM', text: 'Errors belong into the log.', snippet: 'display_errors = Off\nlog_errors = On' },
      { product: 'Django', text: 'Never run production with debug pages.', snippet: 'DEBUG = False' },
      ...others(v).filter((f) => f.snippet === undefined),
    ],
  }),
  'waf.anomaly': (v) => ({
    meaning: 'Several WAF rules scored, and the sum passed the threshold. No class stands out.',
    confirm: [
      'List the rules that scored, by the id of the transaction in the audit log. 949110 and 980170 only sum up.',
      'See which of them match in ordinary requests too: those are the ones to except.',
      'Check the paranoia level. At 3 and 4 ordinary texts score.',
    ],
    fix: [
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'Except the scoring rules on this path, one by one. The id below stands for a rule that scored, never 949110.',
        snippet: exclusion(v, `ctl:ruleRemoveTargetById=<scoring rule>;${v.target()}`),
      },
      naxsi(v),
      cloudflare(v),
      ...others(v).filter((f) => f.snippet === undefined),
      {
        product: 'Azure WAF (Application Gateway, Front Door)',
        text: 'Join by transactionId: rules that scored are logged as Matched. Exclude those, not the rule that blocked.',
      },
    ],
    prevent: [
      'Log the scoring rules with each refusal.',
      'Lower the threshold step by step, and except what ordinary requests hit at each step.',
    ],
    doNot: [
      'Do not raise the threshold for the site; every attack gains from it.',
      'Do not except 949110 or 959100: that switches blocking off.',
    ],
  }),
  'waf.challenge': (v) => ({
    meaning: 'The client got a CAPTCHA or a JavaScript challenge instead of the answer. Programs cannot solve it.',
    confirm: [
      'See whether the same client passed later: then a person solved it.',
      'See whether it is a program: an app, a monitor, a webhook, a feed reader.',
      `Ask with a plain client: \`${v.curl}\`. Cloudflare marks the answer by the header cf-mitigated: challenge.`,
    ],
    fix: [
      {
        product: 'Cloudflare',
        text: 'Skip the challenge for this path if programs call it, best together with a token or address.',
        snippet: `(http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)} and ip.src eq ${v.address})`,
      },
      {
        product: 'AWS WAF',
        text: 'Narrow the rule to pages. For APIs use a rate rule. Tokens live 300 s by default; lengthen the immunity time if people are asked too often.',
        snippet: `"ChallengeConfig": { "ImmunityTimeProperty": { "ImmunityTime": 900 } }`,
      },
      {
        product: 'CrowdSec',
        inside: ['nginx'],
        text: 'Delete the captcha decision of a known client.',
        snippet: `cscli decisions delete --ip ${v.shellAddress}`,
      },
      ...others(v).filter((f) => f.snippet === undefined),
      {
        product: null,
        text: 'Give programs a route of their own without challenge, protected by a token. Keep the challenge on pages.',
      },
    ],
    prevent: ['Keep pages and APIs on separate hosts or paths.', 'List your own monitors and webhooks as exceptions.'],
    doNot: ['Do not switch challenges off for the site.', 'Do not except by user agent alone.'],
  }),
  'waf.error': (v) => ({
    meaning: 'The WAF failed or is misconfigured, and refused to be on the safe side. The request was not judged.',
    confirm: [
      'See whether all requests are refused since one moment: a reload, an update, a full disk.',
      'Read its error log: a body that could not be parsed, a regex limit, a lost service, a missing file.',
      '`df -h /tmp /var/log`, `nginx -t` or `apachectl configtest`.',
    ],
    fix: [
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache', 'Caddy', 'HAProxy', 'IIS', 'NGINX Ingress', 'Envoy / Istio'],
        text: 'Regex limit (MSC_PCRE_LIMITS_EXCEEDED): raise it. A body that cannot be parsed (200002): mend the Content-Type of the client. Directories must be writable.',
        snippet: `SecPcreMatchLimit 100000\nSecPcreMatchLimitRecursion 100000\n# check: SecTmpDir, SecDataDir and SecAuditLogStorageDir belong to the user of the server`,
      },
      {
        product: 'NAXSI',
        inside: ['nginx'],
        text: 'Check that DeniedUrl exists and that the rules file is included.',
        snippet: `nginx -T | grep -nE 'naxsi|DeniedUrl|SecRules'`,
      },
      {
        product: 'AWS WAF',
        text: 'On a load balancer, waf-failed in the log means that the WAF did not answer. Fail-open is a choice between outage and risk: make it for the route, with security.',
        snippet: `aws elbv2 describe-load-balancer-attributes --load-balancer-arn '<arn>' \\\n  --query "Attributes[?Key=='waf.fail_open.enabled']"`,
      },
      {
        product: null,
        text: `Undo the last change of the WAF, then test with \`${v.curl}\`. Restore its service, disk space or files.`,
      },
    ],
    prevent: ['Test the configuration before each reload.', 'Alert on errors of the WAF apart from its matches.'],
    doNot: [
      'Do not leave the WAF in detection mode once it works again.',
      'Do not delete its rules to get it to start.',
    ],
  }),
  'waf.custom': (v) => ({
    ...matched(v, {
      meaning: 'A WAF rule of your own, or one without a known class, matched.',
      confirm: `Find the rule: \`grep -rnF ${v.shellRule('<rule>')} /etc/modsecurity /etc/nginx /etc/apache2 /etc/httpd\`, and who wrote it for what.`,
      application: 'Give each rule of your own an id, a message, a tag of its class and an owner.',
      doNot: 'Do not delete the rule before you know what it protects.',
    }),
    fix: [
      ...inServer(v),
      {
        product: 'AWS WAF',
        text: 'Narrow the rule: combine it by AND with a NOT for this path.',
        snippet: `{ "NotStatement": { "Statement": { "ByteMatchStatement": {\n  "FieldToMatch": { "UriPath": {} }, "PositionalConstraint": "EXACTLY", "SearchString": ${v.pathSent(json)},\n  "TextTransformations": [{ "Priority": 0, "Type": "NONE" }] } } } }`,
      },
      {
        product: 'Cloudflare',
        text: 'Narrow the expression of the custom rule.',
        snippet: `and not (http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)})`,
      },
      ...others(v),
    ],
  }),
};
