/** Playbooks for `address.*`: refused for where the request comes from. */
import { apachePath, caddy, haproxy, json, lighttpd, nginx, vcl, yaml } from './quote.ts';
import type { Category, Fix } from './template.ts';
import type { Values } from './values.ts';

/** First doubt of every address rule: is it the client's address at all? */
const whose = (v: Values): string =>
  `Make sure that ${v.who} is not one of your own proxies. An address with very many users mostly is.`;

const realAddress: Fix = {
  product: null,
  text: 'If the address is your own proxy, let the server take the client address from that proxy only. nginx: set_real_ip_from. Apache: mod_remoteip. HAProxy and Traefik: trusted proxies.',
  snippet: `# nginx\nset_real_ip_from <address of the proxy>;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;`,
};

const allow = (v: Values): Fix[] => [
  {
    product: 'nginx',
    text: 'Allow this one address on this one path. Repeat proxy_pass or root of the surrounding location: an exact location takes nothing over from its neighbour.',
    snippet: `location = ${v.path(nginx)} {\n  allow ${v.address};\n  # keep the other allow lines of the surrounding location here\n  deny all;\n}`,
  },
  {
    product: 'Apache',
    text: 'Allow this one address on this one path. Lines of one <Location> are alternatives: one that holds is enough.',
    snippet: `<Location ${v.path(apachePath)}>\n  Require ip ${v.address}\n  # keep the other Require lines of this path here\n</Location>`,
  },
  {
    product: 'HAProxy',
    text: 'Add the address to the ACL of the rule. Lines of one name add up. An http-request allow instead would skip all later rules, headers included.',
    snippet: `acl this_path path -m str ${v.pathSent(haproxy)}\nacl known_client src ${v.address}\n# keep the other lines of the ACL here\nhttp-request deny if this_path !known_client`,
  },
  {
    product: 'Caddy',
    text: 'Add the address to the matcher of the rule, after those listed. Behind a proxy use client_ip and set trusted_proxies.',
    snippet: `@refused {\n  path ${v.path(caddy)}\n  not client_ip <the addresses listed> ${v.address}\n}\nrespond @refused 403`,
  },
  {
    product: 'lighttpd',
    text: 'Add the address to the condition. Further addresses become further blocks inside it.',
    snippet: `$HTTP["url"] == ${v.path(lighttpd)} {\n  $HTTP["remoteip"] != "${v.address}" { url.access-deny = ( "" ) }\n}`,
  },
  {
    product: 'Varnish',
    text: 'Add the address to the ACL that the rule uses.',
    snippet: `acl allowed {\n  # keep the other entries here\n  "${v.address}";\n}\nsub vcl_recv {\n  if (regsub(req.url, "\\?.*", "") == ${v.pathSent(vcl)} && client.ip !~ allowed) { return (synth(403)); }\n}`,
  },
  {
    product: 'IIS',
    text: 'Add the address to the list of this site, beside those already there.',
    snippet: `<ipSecurity allowUnlisted="false">\n  <add ipAddress="${v.address}" allowed="true" />\n</ipSecurity>`,
  },
  {
    product: 'Tomcat',
    text: 'Extend the valve of this one application (META-INF/context.xml). manager and host-manager allow only the machine itself as shipped.',
    snippet: `<Valve className="org.apache.catalina.valves.RemoteCIDRValve" allow="127.0.0.1, ::1, ${v.address}" />`,
  },
  {
    product: 'NGINX Ingress',
    text: 'Extend the annotation of this ingress.',
    snippet: `metadata:\n  annotations:\n    nginx.ingress.kubernetes.io/whitelist-source-range: "${v.range}"`,
  },
  {
    product: 'Kong',
    text: 'One text stands for both lists; deny is checked first. Extend the plugin of this route. Send the whole list: PATCH replaces it.',
    snippet: `curl -sS -X PATCH 'http://localhost:8001/plugins/<plugin id>' --json '{"config":{"allow":["${v.address}"]}}'`,
  },
  {
    product: 'APISIX',
    text: 'Extend the list of ip-restriction on this route. Behind a proxy set real-ip as well.',
    snippet: `"ip-restriction": { "whitelist": ["${v.address}"] }`,
  },
  {
    product: 'APIPark / Apinto',
    text: 'Extend ip_white_list of the ip_restriction plugin of this API, or take the address out of ip_black_list. The address tested comes from X-Real-IP, else from X-Forwarded-For.',
    snippet: `"ip_list_type": "white",\n"ip_white_list": ["${v.address}"]`,
  },
  {
    product: 'Envoy / Istio',
    text: 'Add the address to the policy of this workload. Use remoteIpBlocks behind a proxy that is trusted, else ipBlocks.',
    snippet: `rules:\n  - from: [{ source: { remoteIpBlocks: ["${v.range}"] } }]\n    to: [{ operation: { paths: [${v.path(yaml)}] } }]`,
  },
  {
    product: 'Traefik',
    text: 'Extend the middleware of this router. Behind a proxy set ipStrategy.depth.',
    snippet: `http:\n  middlewares:\n    office:\n      ipAllowList:\n        sourceRange: ["${v.range}"]`,
  },
  {
    product: 'AWS WAF',
    text: 'Add the address to the IP set of the rule. Send the whole set: the update replaces it.',
    snippet: `aws wafv2 get-ip-set --scope REGIONAL --name '<set>' --id '<id>'\naws wafv2 update-ip-set --scope REGIONAL --name '<set>' --id '<id>' --lock-token '<token>' \\\n  --addresses '${v.range}'`,
  },
  {
    product: 'AWS API Gateway',
    text: 'Add the address to the resource policy, then deploy the stage again.',
    snippet: `"Condition": { "NotIpAddress": { "aws:SourceIp": ["${v.range}"] } }`,
  },
  {
    product: 'Cloudflare',
    text: 'Add the address to the list or Zone Lockdown, for this host and path.',
    snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}" and http.request.uri.path eq ${v.pathSent(json)})`,
  },
  {
    product: 'Azure API Management',
    text: 'Extend ip-filter of this operation.',
    snippet: `<ip-filter action="allow">\n  <address>${v.address === '<address>' ? '&lt;address&gt;' : v.address}</address>\n</ip-filter>`,
  },
  {
    product: 'Google Cloud Armor',
    text: 'Add a rule with a smaller number than the one that denied.',
    snippet: `gcloud compute security-policies rules create '<priority>' --security-policy='<policy>' \\\n  --src-ip-ranges='${v.range}' --action=allow`,
  },
  {
    product: 'iptables / nftables / ufw / firewalld',
    text: 'Allow the address on the one port, above the rule that drops.',
    snippet: `ufw insert 1 allow from ${v.shellAddress} to any port 443 proto tcp`,
  },
];

const undeny = (v: Values): Fix[] => [
  {
    product: 'nginx',
    text: 'Remove the deny line, or allow the address above it: allow and deny are tried in order. Repeat proxy_pass or root of the surrounding location.',
    snippet: `location = ${v.path(nginx)} {\n  allow ${v.address};\n  deny <the range that is denied>;\n}`,
  },
  {
    product: 'Apache',
    text: 'Take the address out of the Require not line. Old Deny lines belong to mod_access_compat; do not mix the two.',
    snippet: `<Location ${v.path(apachePath)}>\n  <RequireAny>\n    Require ip ${v.address}\n    <RequireAll>\n      Require all granted\n      Require not ip <the range that is denied>\n    </RequireAll>\n  </RequireAny>\n</Location>`,
  },
  {
    product: 'HAProxy',
    text: 'Except the address in the condition of the rule that denies, and on this path only. An http-request allow instead would skip all later rules, headers included.',
    snippet: `acl this_path path -m str ${v.pathSent(haproxy)}\nacl known_client src ${v.address}\nhttp-request deny if <condition of the rule> !known_client\nhttp-request deny if <condition of the rule> !this_path`,
  },
  {
    product: 'Caddy',
    text: 'Except the address in the matcher of the rule. Behind a proxy use client_ip and set trusted_proxies.',
    snippet: `@refused {\n  <matcher of the rule>\n  not client_ip ${v.address}\n}\nrespond @refused 403`,
  },
  {
    product: 'lighttpd',
    text: 'Put the rule that denies inside a condition on the address.',
    snippet: `$HTTP["remoteip"] != "${v.address}" {\n  <the rule that denies>\n}`,
  },
  {
    product: 'Varnish',
    text: 'Except the address in the ACL.',
    snippet: `acl denied {\n  "<the range that is denied>";\n  ! "${v.address}";\n}`,
  },
  {
    product: 'IIS',
    text: 'Remove the entry, or allow the one address. Unlisted addresses must stay allowed.',
    snippet: `<ipSecurity allowUnlisted="true">\n  <add ipAddress="${v.address}" allowed="true" />\n</ipSecurity>`,
  },
  {
    product: 'NGINX Ingress',
    text: 'Take the address out of denylist-source-range of the ingress, or of block-cidrs in the ConfigMap.',
    snippet: `kubectl get ingress -A -o yaml | grep -n denylist-source-range\nkubectl get configmap -n ingress-nginx -o yaml | grep -n block-cidrs`,
  },
  {
    product: 'Kong',
    text: 'Take the address out of config.deny of ip-restriction. Do not add it to config.allow: that closes the route to all others.',
    snippet: `curl -sS 'http://localhost:8001/plugins/<plugin id>'`,
  },
  {
    product: 'APISIX',
    text: 'Take the address out of the blacklist of ip-restriction. Do not add a whitelist: that closes the route to all others.',
  },
  {
    product: 'APIPark / Apinto',
    text: 'Take the address out of ip_black_list of the ip_restriction plugin. The address tested comes from X-Real-IP, else from X-Forwarded-For.',
  },
  {
    product: 'Envoy / Istio',
    text: 'Except the address in the DENY policy.',
    snippet: `rules:\n  - from: [{ source: { remoteIpBlocks: ["<the range that is denied>"], notRemoteIpBlocks: ["${v.range}"] } }]`,
  },
  {
    product: 'AWS WAF',
    text: 'Take the address out of the IP set that the rule blocks.',
    snippet: `aws wafv2 get-ip-set --scope REGIONAL --name '<set>' --id '<id>'`,
  },
  {
    product: 'Cloudflare',
    text: 'Delete the IP access rule, or skip the custom rule for this address on this host.',
    snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}")`,
  },
  {
    product: 'Azure API Management',
    text: 'Take the address out of the ip-filter policy with action="forbid".',
  },
  {
    product: 'Google Cloud Armor',
    text: 'Add an allow rule with a smaller number than the one that denied.',
    snippet: `gcloud compute security-policies rules create '<priority>' --security-policy='<policy>' \\\n  --src-ip-ranges='${v.range}' --action=allow`,
  },
  {
    product: 'Rails',
    text: 'Rack::Attack: a safelist goes before every blocklist.',
    snippet: `Rack::Attack.safelist_ip("${v.address}")`,
  },
  {
    product: 'iptables / nftables / ufw / firewalld',
    text: 'Allow the address on the one port, above the rule that drops.',
    snippet: `ufw insert 1 allow from ${v.shellAddress} to any port 443 proto tcp`,
  },
];

export const address: Category<'address'> = {
  'address.denied': (v) => ({
    meaning: `A deny list names ${v.who}. Other addresses pass on the same route.`,
    confirm: [
      whose(v),
      `Find the entry: \`grep -rnF ${v.shellAddress} /etc/nginx /etc/apache2 /etc/httpd /etc/haproxy\`, and the range around it.`,
      'Find out when and why the entry was made. An old entry may now be somebody else.',
      `Ask from another address: \`${v.curl}\`.`,
    ],
    fix: [...undeny(v), realAddress],
    prevent: [
      'Give each entry of a deny list a reason and an end.',
      'Keep deny lists in one place, not in several layers.',
    ],
    doNot: [
      'Do not empty the deny list.',
      'Do not trust X-Forwarded-For from everywhere: anybody could name an allowed address.',
      ...(v.facts.product === 'apache'
        ? ['Do not add Satisfy Any: it opens the path to everybody who is not asked for a password.']
        : []),
    ],
  }),

  'address.not-allowed': (v) => ({
    meaning: `The route is open to listed addresses only. The list lacks ${v.who}.`,
    confirm: [
      whose(v),
      'See whether this client passed earlier. If so, its address changed or the list did.',
      'Ask the client from where it calls now: office, VPN, a new cloud region.',
      `From a listed address: \`${v.curl}\`.`,
    ],
    fix: [...allow(v), realAddress],
    prevent: [
      'Let partners announce address changes, and list ranges they own.',
      'Where addresses change often, use client certificates or tokens instead.',
    ],
    doNot: [
      'Do not allow 0.0.0.0/0, nor a whole cloud provider.',
      'Do not add Satisfy Any (Apache) or satisfy any (nginx) to get past it.',
      'Do not trust X-Forwarded-For from everywhere.',
    ],
  }),

  'address.geo': (v) => ({
    meaning: `A block on a country, region or network covers ${v.who}.`,
    confirm: [
      `Look the address up: \`whois ${v.shellAddress}\`, \`mmdblookup --file GeoLite2-Country.mmdb --ip ${v.shellAddress} country iso_code\`.`,
      'Check the age of the geo database. Addresses move between countries.',
      'Ask whether the user travels or uses a VPN.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Name exceptions by address before the country decides. geo and geoip log nothing, so add the country to log_format.',
        snippet: `# http block\ngeo $known { default 0; ${v.address} 1; }\nmap "$known:$geoip2_country" $refused { default 0; "0:<country>" 1; }\n# server block\nif ($refused) { return 403; }`,
      },
      {
        product: 'Apache',
        text: 'Let the address pass beside the country rule.',
        snippet: `<Location ${v.path(apachePath)}>\n  <RequireAny>\n    Require ip ${v.address}\n    <RequireAll>\n      Require all granted\n      Require not env BlockedCountry\n    </RequireAll>\n  </RequireAny>\n</Location>`,
      },
      {
        product: 'HAProxy',
        text: 'Except the address on this path in the condition of the country rule.',
        snippet: `acl known_client src ${v.address}\nacl this_path path -m str ${v.pathSent(haproxy)}\nhttp-request deny if <country rule> !known_client\nhttp-request deny if <country rule> !this_path`,
      },
      {
        product: 'Cloudflare',
        text: 'Skip the country rule for this address on this host. Place it above.',
        snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}")`,
      },
      {
        product: 'AWS WAF',
        text: 'Allow the address by an IP set rule with a smaller priority than the geo rule.',
        snippet: `aws wafv2 create-ip-set --scope REGIONAL --name geo-exceptions --ip-address-version ${v.address.includes(':') ? 'IPV6' : 'IPV4'} \\\n  --addresses '${v.range}'`,
      },
      {
        product: 'CloudFront and S3',
        text: 'The restriction holds for the whole distribution. For exceptions by address use AWS WAF instead.',
        snippet: `aws cloudfront get-distribution-config --id '<id>' --query DistributionConfig.Restrictions`,
      },
      {
        product: 'Google Cloud Armor',
        text: 'Add an allow rule with a smaller number than the region rule.',
        snippet: `gcloud compute security-policies rules create '<priority>' --security-policy='<policy>' \\\n  --src-ip-ranges='${v.range}' --action=allow`,
      },
      {
        product: null,
        text: 'Except the address or network by name, for the route that the person needs. Update the geo database.',
      },
    ],
    prevent: [
      'Update the geo database every week.',
      'Log the country of each refusal.',
      'Tell the user why, and whom to ask.',
    ],
    doNot: ['Do not open the whole country for one user.', 'Do not treat geography as proof of identity.'],
  }),

  'address.reputation': (v) => ({
    meaning: `A ban for earlier behaviour, or a threat feed, covers ${v.who}.`,
    confirm: [
      `fail2ban: \`fail2ban-client banned ${v.shellAddress}\`. CrowdSec: \`cscli decisions list --ip ${v.shellAddress}\`.`,
      'Read the log lines that led to the ban, before its start.',
      'See whether many users share the address: an office, a mobile network, your own proxy.',
      `Packet filter: \`nft list ruleset | grep -nF ${v.shellAddress}\`, \`ipset list | grep -nF ${v.shellAddress}\`.`,
    ],
    fix: [
      {
        product: 'fail2ban',
        inside: ['nginx', 'Apache', 'iptables / nftables / ufw / firewalld'],
        text: 'Lift the ban in the one jail. If the address is a known good one, let the jail ignore it.',
        snippet: `fail2ban-client set ${v.shellRule('<jail>')} unbanip ${v.shellAddress}\nfail2ban-client set ${v.shellRule('<jail>')} addignoreip ${v.shellAddress}   # until restart; keep it in jail.local as ignoreip`,
      },
      {
        product: 'CrowdSec',
        inside: ['nginx', 'iptables / nftables / ufw / firewalld'],
        text: 'Delete the decision, and put a known good address on an allow list.',
        snippet: `cscli decisions delete --ip ${v.shellAddress}\ncscli allowlists create known-good -d 'known good addresses'\ncscli allowlists add known-good ${v.shellAddress}`,
      },
      {
        product: 'mod_evasive',
        inside: ['Apache'],
        text: 'The ban ends when DOSBlockingPeriod passes without a request. Exempt a known good address.',
        snippet: `DOSWhitelist ${v.address}`,
      },
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache'],
        text: 'CRS 3 remembers addresses (910000) and asks block lists. Exempt this address from that rule.',
        snippet: `SecRule REMOTE_ADDR "@ipMatch ${v.address}" "id:10001,phase:1,pass,nolog,ctl:ruleRemoveById=${v.ruleNumber}"`,
      },
      {
        product: 'AWS WAF',
        text: 'Count instead of block for the one rule of the reputation list, or allow the address before it.',
        snippet: `"RuleActionOverrides": [{ "Name": "${v.rule}", "ActionToUse": { "Count": {} } }]`,
      },
      {
        product: 'Cloudflare',
        text: 'Skip security level and reputation rules for this address on this host.',
        snippet: `(ip.src eq ${v.address} and http.host eq "${v.host}")`,
      },
      {
        product: 'iptables / nftables / ufw / firewalld',
        text: 'csf: lift the ban and allow the address.',
        snippet: `csf -tr ${v.shellAddress}\ncsf -dr ${v.shellAddress}`,
      },
      {
        product: null,
        text: 'Lift the ban only after its cause is gone: a wrong password stored in a client, a broken script, an infected machine.',
      },
    ],
    prevent: [
      'Ban by account or key, where many people share one address.',
      'List your own proxies and monitors as exceptions.',
      'Count only refusals that a person cannot cause by accident.',
    ],
    doNot: [
      'Do not stop the ban tool, nor flush the packet filter.',
      'Do not exempt a whole network for one client.',
      'Do not ban the address of a CDN or load balancer.',
    ],
  }),
};
