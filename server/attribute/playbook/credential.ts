/** Playbooks for `credential.*`: what the client showed to prove who it is. */
import { apachePath, jsonPath, nginx, regexLiteral, shell } from './quote.ts';
import type { Category } from './template.ts';

/** oauth2-proxy: method and expression in one string. */
const getOnly = (p: string): string | null => {
  const literal = regexLiteral(p);
  return literal === null ? null : JSON.stringify(`GET=^${literal}$`);
};

export const credential: Category<'credential'> = {
  'credential.missing': (v) => ({
    meaning: 'The request came without the key, token, session or signature that this route asks for.',
    confirm: [
      `Ask without a credential: \`${v.curl}\`. The same answer means that nothing arrived.`,
      'Ask the same with a good credential. If that passes, the client is at fault.',
      'If the client says it sends one, look for a proxy that strips Authorization or Cookie, or a redirect to another host.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Pass the header on to the backend. nginx passes Authorization by default; a proxy_set_header or proxy_pass_request_headers of your own may have removed it.',
        snippet: `location = ${v.path(nginx)} {\n  proxy_set_header Authorization $http_authorization;\n  # repeat proxy_pass and the other lines of the surrounding location\n}`,
      },
      {
        product: 'Apache',
        text: 'CGI and FastCGI do not see Authorization unless it is passed.',
        snippet: `<Location ${v.path(apachePath)}>\n  CGIPassAuth On\n</Location>`,
      },
      {
        product: 'Spring',
        text: 'Without a login mechanism every anonymous call is a 403. Add one, or answer 401 so that clients know.',
        snippet: `http.exceptionHandling(e -> e.authenticationEntryPoint(\n    new HttpStatusEntryPoint(HttpStatus.UNAUTHORIZED)));`,
      },
      {
        product: 'Django',
        text: 'Django REST framework answers 403 instead of 401 when SessionAuthentication comes first. Put the token class first.',
        snippet: `REST_FRAMEWORK = {\n    "DEFAULT_AUTHENTICATION_CLASSES": [\n        "rest_framework.authentication.TokenAuthentication",\n        "rest_framework.authentication.SessionAuthentication",\n    ],\n}`,
      },
      {
        product: 'Kong',
        text: 'Send the key under a name that the plugin reads (key_names), or give the consumer a key.',
        snippet: `curl -sS -X POST 'http://localhost:8001/consumers/<consumer>/key-auth'\n# then: curl -H 'apikey: <key>' ${v.url}`,
      },
      {
        product: 'APISIX',
        text: 'Send the key in the header that the plugin reads, "apikey" by default.',
        snippet: `curl -sS -D - -o /dev/null -H 'apikey: <key>' ${v.url}`,
      },
      {
        product: 'APIPark / Apinto',
        text: 'Send the token of the application in the place that its authorization names. The gateway uses one text for a missing and an unknown token.',
        snippet: `curl -sS -D - -o /dev/null -H 'Authorization: <token>' ${v.url}`,
      },
      {
        product: 'oauth2-proxy',
        text: 'A sign-in page is sent with status 403. For a public path add it to the routes without login.',
        snippet: `skip_auth_routes = [\n  ${v.path(getOnly)},\n]`,
      },
      {
        product: 'CloudFront and S3',
        text: 'The object is private. Sign the URL, or let the distribution read the bucket by origin access control.',
        snippet: `aws cloudfront sign --url ${v.url} \\\n  --key-pair-id '<key id>' --private-key file://private_key.pem --date-less-than '<date>'`,
      },
      {
        product: 'AWS API Gateway',
        text: 'Sign the request, or send x-api-key. "Missing Authentication Token" is often no credential at all: check path, stage and method first.',
        snippet: `curl -sS -D - -o /dev/null -H 'x-api-key: <key>' ${v.url}`,
      },
      {
        product: null,
        text: 'Let the client send its credential, at the right host and under the header name that is expected. Answer 401 with WWW-Authenticate for a missing one.',
      },
    ],
    prevent: [
      'Answer 401 for missing and 403 for insufficient; clients react to the difference.',
      'Test the way through every proxy with a credential.',
    ],
    doNot: [
      'Do not make the route public to silence the refusals.',
      'Do not move the credential into the query string; it ends up in logs.',
    ],
  }),

  'credential.invalid': (v) => ({
    meaning: 'A credential arrived, but it is malformed, unknown or wrongly signed.',
    confirm: [
      'Find out whether one client fails or all. All at once: the signing key or the issuer changed.',
      'For a JWT, compare its kid, iss and alg with the key set of the issuer. Decode it locally, never on a web page.',
      'For signed requests, compare the clocks: `timedatectl` on both sides.',
      'Look for cut or doubled headers, blanks and line ends in the stored secret.',
    ],
    fix: [
      {
        product: 'Kong',
        text: 'Compare the key with those of the consumer. For JWT the claim named by key_claim_name must equal the key of a JWT credential.',
        snippet: `curl -sS 'http://localhost:8001/consumers/<consumer>/key-auth'\ncurl -sS 'http://localhost:8001/consumers/<consumer>/jwt'`,
      },
      {
        product: 'APISIX',
        text: 'error.log holds the finer reason. Compare the key with that of the consumer.',
        snippet: `curl -sS -H "X-API-KEY: $ADMIN_KEY" 'http://127.0.0.1:9180/apisix/admin/consumers/<consumer>'`,
      },
      {
        product: 'Tyk',
        text: 'Ask the gateway for the key. An unknown key and a key without access get the same body.',
        snippet: `curl -sS -H "x-tyk-authorization: $TYK_SECRET" 'http://localhost:8080/tyk/keys/<key>'`,
      },
      {
        product: 'Envoy / Istio',
        text: 'The response code details name the fault of the token. Correct issuer or key set of the request authentication.',
        snippet: `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: jwt, namespace: <namespace> }\nspec:\n  jwtRules:\n    - issuer: "<issuer>"\n      jwksUri: "<issuer>/.well-known/jwks.json"`,
      },
      {
        product: 'AWS API Gateway',
        text: 'Missing, unknown and disabled keys share one text. The key must belong to a usage plan of this stage.',
        snippet: `aws apigateway get-api-key --api-key '<key id>' --query enabled\naws apigateway get-usage-plans --key-id '<key id>'`,
      },
      {
        product: 'CloudFront and S3',
        text: 'SignatureDoesNotMatch: sign exactly the host, path and headers that are sent. A proxy that changes the Host header breaks it.',
        snippet: `aws sts get-caller-identity\naws s3 presign 's3://<bucket>/<key>' --expires-in 900`,
      },
      {
        product: 'Apache',
        text: 'Check the user in the password file.',
        snippet: `htpasswd -v '<password file>' ${v.user(shell)}`,
      },
      {
        product: 'nginx',
        text: 'Check the user in the file of auth_basic_user_file.',
        snippet: `htpasswd -v '<password file>' ${v.user(shell)}`,
      },
      {
        product: 'Spring',
        text: 'The WWW-Authenticate header says what is wrong with the token. Issuer and key set come from one setting.',
        snippet: `spring.security.oauth2.resourceserver.jwt.issuer-uri=<issuer>`,
      },
      {
        product: null,
        text: 'Issue the client a new credential. If all clients fail, restore or publish the signing key, and reload the key set.',
      },
    ],
    prevent: [
      'Roll keys with an overlap: publish the new one before it signs.',
      'Alert on a jump of invalid credentials; it is a broken rollout or somebody guessing.',
      `Keep clocks in step (NTP) wherever signatures carry a time.`,
    ],
    doNot: [
      'Do not switch signature checks off, and never accept alg "none".',
      'Do not write the credential into a log to compare it; compare a hash.',
      'Do not paste a live token into a ticket or a web page.',
    ],
  }),

  'credential.expired': () => ({
    meaning: 'The credential was good once. Its time has passed.',
    confirm: [
      'Compare the expiry of the token, key or URL with the time of the request.',
      'Compare clocks: `timedatectl` on the issuer, the client and the server.',
      'See whether the client renews at all: refusals that start exactly one lifetime after login say that it does not.',
    ],
    fix: [
      {
        product: 'CloudFront and S3',
        text: 'Sign a new URL. A URL signed with temporary keys ends with those keys, whatever its own date says.',
        snippet: `aws s3 presign 's3://<bucket>/<key>' --expires-in 3600`,
      },
      {
        product: 'nginx',
        text: 'secure_link gives 410 or your own 403 after the time in the link. Make the link anew when the page is shown.',
        snippet: `secure_link $arg_md5,$arg_expires;\nsecure_link_md5 "$secure_link_expires$uri <secret>";`,
      },
      {
        product: 'APISIX',
        text: 'Allow for a small difference of clocks in the plugin, and let the client renew.',
        snippet: `"hmac-auth": { "clock_skew": 300 }`,
      },
      {
        product: 'Spring',
        text: 'The default allows 60 s of clock difference. Let the client renew the token before it ends.',
        snippet: `decoder.setJwtValidator(new DelegatingOAuth2TokenValidator<>(\n    new JwtTimestampValidator(Duration.ofSeconds(60)), issuerValidator));`,
      },
      {
        product: 'Keycloak',
        text: 'Set the lifetime for this one client, not for the realm.',
        snippet: `kcadm.sh update 'clients/<id>' -r '<realm>' -s 'attributes."access.token.lifespan"=900'`,
      },
      {
        product: null,
        text: 'Let the client renew shortly before the end, and once more after a refusal. Renew what is expired now.',
      },
    ],
    prevent: [
      'Renew at two thirds of the lifetime.',
      'List the end dates of keys and certificates, and alert two weeks ahead.',
      'Keep clocks in step (NTP).',
    ],
    doNot: ['Do not issue tokens that never end.', 'Do not switch the expiry check off.'],
  }),

  'credential.revoked': () => ({
    meaning: 'The credential was withdrawn. Somebody, or a rule, took it back before its time.',
    confirm: [
      'Find who revoked it and why, in the audit log of the issuer.',
      'If nobody did, check the revocation list: one that is out of date refuses everybody.',
      'For certificates: `openssl crl -in <crl file> -noout -nextupdate -text`.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Replace an outdated list of ssl_crl, then reload.',
        snippet: `openssl crl -in '<crl file>' -noout -lastupdate -nextupdate\nnginx -t && nginx -s reload`,
      },
      {
        product: 'Apache',
        text: 'Replace an outdated SSLCARevocationFile, then reload.',
        snippet: `openssl crl -in '<crl file>' -noout -lastupdate -nextupdate\napachectl configtest && apachectl graceful`,
      },
      {
        product: 'IIS',
        text: '403.13 also comes when the revocation list cannot be fetched. Test the fetch on the server.',
        snippet: `certutil -verify -urlfetch client.cer`,
      },
      {
        product: 'Kong',
        text: 'The consumer or its credential was deleted. Issue a new one.',
        snippet: `curl -sS -X POST 'http://localhost:8001/consumers/<consumer>/jwt'`,
      },
      {
        product: 'Keycloak',
        text: 'A not-before policy refuses all older tokens. Look at it, then let users log in again.',
        snippet: `kcadm.sh get 'realms/<realm>' --fields notBefore`,
      },
      {
        product: null,
        text: 'Issue a new credential to the rightful owner. If it was withdrawn for a leak, look for use of the old one since then.',
      },
    ],
    prevent: ['Tell the owner when a credential is withdrawn.', 'Watch the age of revocation lists.'],
    doNot: ['Do not bring a revoked credential back to life.', 'Do not turn revocation checks off.'],
  }),

  'credential.scope': (v) => ({
    meaning: 'The credential is valid. It lacks the scope, audience or claim that this operation asks for.',
    confirm: [
      'Decode the token locally and compare scope and aud with what the evidence names.',
      'Compare with a token that passes.',
      `Read the answer's WWW-Authenticate header: insufficient_scope names the scope that is missing.`,
    ],
    fix: [
      {
        product: 'Spring',
        text: 'Scopes appear as authorities with the prefix SCOPE_. Ask for the one that the client has by right.',
        snippet: `http.authorizeHttpRequests(a -> a\n    .requestMatchers(${v.path(jsonPath)}).hasAuthority("SCOPE_<scope>"));`,
      },
      {
        product: 'Envoy / Istio',
        text: '"Audiences in Jwt are not allowed" is the only token fault that Envoy answers with 403. Add the audience of this service.',
        snippet: `spec:\n  jwtRules:\n    - issuer: "<issuer>"\n      audiences: ["<audience>"]`,
      },
      {
        product: 'APISIX',
        text: 'required_scopes of openid-connect names the scopes. Grant them to the client, or correct the list of this route.',
        snippet: `"openid-connect": { "required_scopes": ["<scope>"] }`,
      },
      {
        product: 'AWS API Gateway',
        text: 'Correct the scopes of this one route.',
        snippet: `aws apigatewayv2 update-route --api-id '<api>' --route-id '<route>' --authorization-scopes '<scope>'`,
      },
      {
        product: 'Keycloak',
        text: 'Give the client the scope, optional if not every token needs it.',
        snippet: `kcadm.sh update 'clients/<id>/optional-client-scopes/<scope id>' -r '<realm>'`,
      },
      {
        product: 'Tyk',
        text: 'Add the scope to the client, or map the scope to a policy that covers this API.',
        snippet: `"scopes": { "jwt": { "scope_claim_name": "scope", "scope_to_policy": { "<scope>": "<policy>" } } }`,
      },
      {
        product: 'Laravel',
        text: 'Create the Sanctum token with the ability that the route asks for.',
        snippet: `$token = $user->createToken('<name>', ['<ability>']);`,
      },
      {
        product: null,
        text: 'Let the client ask for the scope, and let the issuer grant it to this client. Old tokens keep their old scopes: get a new one.',
      },
    ],
    prevent: [
      'Keep the scope of each route in its documentation.',
      'Test each client with exactly the scopes that it has in production.',
    ],
    doNot: [
      'Do not grant every scope, or a wildcard.',
      'Do not switch the audience check off: a token made for another service would pass.',
    ],
  }),
};
