/** Playbooks for `gateway.*`: an API gateway or the authorizer that it asks decided. */
import { json, nginx, shell, yaml } from './quote.ts';
import type { Category } from './template.ts';

const KONG = 'http://localhost:8001';
const APISIX = 'http://127.0.0.1:9180/apisix/admin';

export const gateway: Category<'gateway'> = {
  'gateway.acl': () => ({
    meaning: 'The gateway knows the consumer. The access control list of this route does not name it or its group.',
    confirm: [
      'Read the consumer and its groups in the gateway.',
      'Read the list of the route. An allow list and a deny list give the same answer.',
      'See whether another login method named another consumer, or an anonymous one.',
    ],
    fix: [
      {
        product: 'Kong',
        text: 'Put the consumer into a group that the route allows.',
        snippet: `curl -sS '${KONG}/consumers/<consumer>/acls'\ncurl -sS -X POST '${KONG}/consumers/<consumer>/acls' --json '{"group":"<group>"}'`,
      },
      {
        product: 'APISIX',
        text: 'Add the consumer to consumer-restriction of this route.',
        snippet: `"consumer-restriction": { "whitelist": ["<consumer>"] }`,
      },
      {
        product: 'APIPark / Apinto',
        text: 'Add the application of this consumer to the list of the acl plugin on this API.',
      },
      {
        product: 'Tyk',
        text: 'Add the API to the access rights of the key, by its policy.',
        snippet: `"access_rights": { "<api id>": { "api_id": "<api id>", "versions": ["Default"] } }`,
      },
      {
        product: 'Envoy / Istio',
        text: 'Add the principal to the policy of this workload.',
        snippet: `rules:\n  - from: [{ source: { principals: ["cluster.local/ns/<namespace>/sa/<account>"] } }]`,
      },
      { product: null, text: 'Add the consumer to the group of the route, after its owner agreed.' },
    ],
    prevent: [
      'Give rights by group, and keep groups under version control.',
      'Test a new consumer against its routes before it is handed out.',
    ],
    doNot: ['Do not remove the list from the route.', 'Do not put the consumer into an administrator group.'],
  }),

  'gateway.tenant': () => ({
    meaning: 'The credential is good. Its tenant, application or subscription has no access to this API.',
    confirm: [
      'Read which application the key belongs to, and what it is subscribed to.',
      'See whether it is the right environment: a sandbox key on production is the usual mix-up.',
      'See whether a new version of the API needs a subscription of its own.',
    ],
    fix: [
      {
        product: 'APIPark / Apinto',
        text: 'APIPark: subscribe the consumer to the service, and let the owner approve. A bare "Forbidden" without strategy and backend comes from the relation of consumer and service.',
      },
      {
        product: 'Tyk',
        text: 'Add the API and its version to the policy of the key.',
        snippet: `"access_rights": { "<api id>": { "api_id": "<api id>", "versions": ["<version>"] } }`,
      },
      {
        product: 'WSO2',
        text: '900908: subscribe the application to this API and version in the developer portal, then get a new token.',
      },
      {
        product: 'Gravitee',
        text: 'Subscribe the application to a plan of this API, and accept the subscription.',
      },
      {
        product: 'Apigee',
        text: 'Add the product with this path to the app of the key, and approve it.',
        snippet: `curl -sS -H "Authorization: Bearer $TOKEN" \\\n  'https://apigee.googleapis.com/v1/organizations/<org>/developers/<developer>/apps/<app>'`,
      },
      {
        product: 'Azure API Management',
        text: 'Add the API to the product of this subscription.',
        snippet: `az apim product api add -g '<group>' --service-name '<service>' --product-id '<product>' --api-id '<api>'`,
      },
      {
        product: 'AWS API Gateway',
        text: 'Add the stage to the usage plan of the key.',
        snippet: `aws apigateway update-usage-plan --usage-plan-id '<plan>' \\\n  --patch-operations 'op=add,path=/apiStages,value=<api>:<stage>'`,
      },
      { product: null, text: 'Subscribe the application to this API and version, and let its owner approve.' },
    ],
    prevent: [
      'Tell subscribers before a new version asks for a new subscription.',
      'Give keys a name that tells the environment.',
    ],
    doNot: ['Do not lend the key of another tenant.', 'Do not make the API open to all subscribers for one of them.'],
  }),

  'gateway.policy': (v) => ({
    meaning:
      'An external authorizer or policy engine said no. The gateway passed its answer on and knows no finer reason.',
    confirm: [
      'Read the log of the authorizer for the same second and path: it holds the reason.',
      'Send the same input to the policy by hand.',
      'See whether the gateway passes on what the authorizer needs: Authorization, cookies, path, method.',
    ],
    fix: [
      {
        product: 'Envoy / Istio',
        text: 'matched_policy[none] means that ALLOW policies exist and none fits: add a rule for this path. A named policy is a DENY: narrow it.',
        snippet: `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: allow-one-path, namespace: <namespace> }\nspec:\n  selector: { matchLabels: { app: <app> } }\n  action: ALLOW\n  rules:\n    - from: [{ source: { requestPrincipals: ["<issuer>/*"] } }]\n      to: [{ operation: { hosts: ["${v.host}"], paths: [${v.path(istioPath)}], methods: ["${v.method}"] } }]`,
      },
      {
        product: 'Open Policy Agent',
        text: 'Evaluate the policy with the input of the decision log, then add the rule that is missing.',
        snippet: `opa eval -d policy.rego -i input.json --explain notes 'data.<package>.allow'`,
      },
      {
        product: 'nginx',
        text: 'auth_request takes over the 403 of the auth service without a line in the error log. See that it gets what it needs, and ask it directly.',
        snippet: `location = /_auth {\n  internal;\n  proxy_pass <auth service>;\n  proxy_pass_request_body off;\n  proxy_set_header Content-Length "";\n  proxy_set_header X-Original-URI $request_uri;\n  proxy_set_header X-Original-Method $request_method;\n}`,
      },
      {
        product: 'NGINX Ingress',
        text: 'Read the annotations, then ask the auth service from within the cluster.',
        snippet: `kubectl get ingress -A -o yaml | grep -n 'auth-url\\|auth-snippet'`,
      },
      {
        product: 'Traefik',
        text: 'ForwardAuth passes all request headers unless authRequestHeaders limits them. Add what the service needs.',
        snippet: `http:\n  middlewares:\n    auth:\n      forwardAuth:\n        address: "<auth service>"\n        authRequestHeaders: ["Authorization", "Cookie"]`,
      },
      {
        product: 'APISIX',
        text: 'forward-auth passes only the headers listed.',
        snippet: `"forward-auth": { "uri": "<auth service>", "request_headers": ["Authorization", "Cookie"] }`,
      },
      {
        product: 'Kong',
        text: 'The policy may set status and text. Look at the plugin of this route, then at its decision log.',
        snippet: `curl -sS '${KONG}/routes/<route>/plugins'`,
      },
      {
        product: 'AWS API Gateway',
        text: '"User is not authorized to access this resource": the authorizer returned Deny, or an Allow for another path that was cached. Allow all methods of this caller in one policy, or set the cache to 0.',
        snippet: `aws apigateway update-authorizer --rest-api-id '<api>' --authorizer-id '<authorizer>' \\\n  --patch-operations op=replace,path=/authorizerResultTtlInSeconds,value=0`,
      },
      {
        product: 'oauth2-proxy',
        text: 'Check the e-mail domain, the groups and the roles that are allowed.',
        snippet: `allowed_groups = ["<group>"]\nemail_domains = ["<domain>"]`,
      },
      {
        product: 'Kubernetes',
        text: 'An admission webhook refused. Its message names the policy.',
        snippet: `kubectl get validatingwebhookconfigurations`,
      },
      {
        product: null,
        text: `Change the policy at the authorizer for this path and caller${v.facts.user === null ? '' : ` (${v.user(json)})`}, not at the gateway.`,
      },
    ],
    prevent: [
      'Let the authorizer return a reason, and log it at the gateway.',
      'Test policies with recorded requests before they go live.',
    ],
    doNot: ['Do not set fail-open to get past a refusal.', 'Do not allow the path for all callers.'],
  }),

  'gateway.route': (v) => ({
    meaning: 'No route, stage or method of the gateway matches, and the gateway says so with a 403.',
    confirm: [
      `Compare host, path, method and stage with the routes: ${v.method} ${v.url}.`,
      'Look for a missing stage in the path, a slash at the end, a wrong version.',
      'See whether the last deployment of the gateway took place.',
    ],
    fix: [
      {
        product: 'AWS API Gateway',
        text: '"Missing Authentication Token" mostly means that path, stage or method does not exist. Create it, or correct the client, and deploy the stage.',
        snippet: `aws apigateway get-resources --rest-api-id '<api>' --query 'items[].path'\naws apigateway create-deployment --rest-api-id '<api>' --stage-name '<stage>'`,
      },
      {
        product: 'Tyk',
        text: '"Requested endpoint is forbidden": add the path to the white list of this version, or take it off the black list.',
        snippet: `"white_list": [{ "path": ${v.pathSent(json)}, "method_actions": { "${v.method}": { "action": "no_action", "code": 200 } } }]`,
      },
      {
        product: 'Kong',
        text: 'Add host, path and method to the route.',
        snippet: `curl -sS -X PATCH '${KONG}/routes/<route>' --json ${v.pathSent((p) => shell(JSON.stringify({ paths: [p] })))}`,
      },
      {
        product: 'APISIX',
        text: 'List the routes and add the one that is missing.',
        snippet: `curl -sS -H "X-API-KEY: $ADMIN_KEY" ${APISIX}/routes`,
      },
      {
        product: 'Envoy / Istio',
        text: 'Add the route before the catch-all.',
        snippet: `- match: { path: ${v.pathSent(yaml)} }\n  route: { cluster: <cluster> }`,
      },
      {
        product: 'nginx',
        text: 'Add the location that is missing.',
        snippet: `location = ${v.path(nginx)} { proxy_pass <backend>; }`,
      },
      {
        product: 'Azure API Management',
        text: 'OperationNotFound: add the operation, or import the API description again.',
      },
      { product: 'WSO2', text: '900906: add the resource to the API, then deploy a revision.' },
      { product: null, text: 'Add the route, or correct the path in the client. Answer 404 for what does not exist.' },
    ],
    prevent: [
      'Make the routes from the same API description as the application.',
      'Ask for each route once after a deployment.',
    ],
    doNot: [
      'Do not add a catch-all route to the backend.',
      'Do not look for a lost credential before path and stage are checked.',
    ],
  }),

  'gateway.retired': (v) => ({
    meaning: 'The API, version or route is retired, expired or switched off.',
    confirm: [
      'Look up the state of the API and its end date in the gateway.',
      `See who still calls it${v.facts.userAgent === null ? '' : `: ${v.agent(shell)}`}.`,
      'Ask whether it was switched off on purpose, or by a date that came unseen.',
    ],
    fix: [
      {
        product: 'Tyk',
        text: 'Set a later end of this version, until callers have moved.',
        snippet: `"expires": "<yyyy-mm-dd hh:mm>"`,
      },
      { product: 'APIPark / Apinto', text: 'Enable the API or router again, or publish the service.' },
      { product: 'APISIX', text: 'Enable the route.', snippet: `{ "status": 1 }` },
      {
        product: 'Kong',
        text: 'Look for a request-termination plugin on the route.',
        snippet: `curl -sS '${KONG}/routes/<route>/plugins'\ncurl -sS -X PATCH '${KONG}/plugins/<plugin id>' --json '{"enabled":false}'`,
      },
      { product: 'WSO2', text: 'Move the API from Retired or Blocked to Published in the publisher.' },
      {
        product: null,
        text: 'Move the callers to the new version. If that needs time, switch the old one on again with an announced end.',
      },
    ],
    prevent: [
      'Announce the end by Deprecation and Sunset headers, and list the callers that remain.',
      'Answer 410 with the address of the new version.',
    ],
    doNot: [
      'Do not bring a version back that was closed for a security fault.',
      'Do not redirect callers to a version with another contract.',
    ],
  }),

  'gateway.upstream': (v) => ({
    meaning:
      'The backend, the authorizer or another service of the gateway could not be reached or failed. The gateway refused to be on the safe side. The caller did nothing wrong.',
    confirm: [
      'See whether all callers are refused since one moment.',
      'Ask the service from the host of the gateway: `curl -sS -o /dev/null -D - "<authorizer>"`.',
      'Look for timeouts, certificate errors and name resolution in the error log of the gateway.',
    ],
    fix: [
      {
        product: 'Envoy / Istio',
        text: 'ext_authz_error: restore the authorizer, or give it more time. Answer 503 for its failures, so that they look like what they are.',
        snippet: `http_filters:\n  - name: envoy.filters.http.ext_authz\n    typed_config:\n      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n      failure_mode_allow: false\n      status_on_error: { code: 503 }\n      grpc_service: { envoy_grpc: { cluster_name: <authorizer> }, timeout: 1s }`,
      },
      {
        product: 'APISIX',
        text: 'forward-auth answers 403 when its service is gone. Answer 503 instead, and lengthen the timeout (3000 ms by default).',
        snippet: `"forward-auth": { "uri": "<auth service>", "timeout": 5000, "status_on_error": 503 }`,
      },
      {
        product: 'APIPark / Apinto',
        text: '"encrypt body error" and "sign body error" concern the answer: the backend worked. Check key and algorithm of that plugin.',
      },
      {
        product: 'Kong',
        text: 'Look at the health of the targets, and at the plugin that asks another service.',
        snippet: `curl -sS '${KONG}/upstreams/<upstream>/health'`,
      },
      {
        product: 'Traefik',
        text: 'Restore the service of ForwardAuth.',
        snippet: `curl -sS -o /dev/null -D - '<auth service>'`,
      },
      {
        product: 'AWS ALB',
        text: 'waf-failed: the WAF did not answer in time. Look at the health page of the region.',
        snippet: `aws elbv2 describe-load-balancer-attributes --load-balancer-arn '<arn>'`,
      },
      {
        product: 'Open Policy Agent',
        text: 'A rule without a result counts as no, and so does an error. Load the bundle, and give the rule a default.',
        snippet: `curl -sS 'http://localhost:8181/health?bundles=true'`,
      },
      {
        product: null,
        text: `Restore the service, then test with \`${v.curl}\`. Raise its timeout or its number if it is slow.`,
      },
    ],
    prevent: [
      'Watch the authorizer like the site itself.',
      'Answer 503 for failures: a 403 sends everybody looking in the wrong place.',
    ],
    doNot: ['Do not fail open on routes with private data.', 'Do not tell callers to renew their keys.'],
  }),
};

/** In Istio a star is a wildcard. */
const istioPath = (p: string): string | null => (/[*{}]/.test(p) ? null : yaml(p));
