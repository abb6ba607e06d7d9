/** Products that playbooks speak of: the name shown, and how datasets and products of facts name them. */
import type { PlaybookFacts } from './values.ts';

/** A key is compared with the product ("kong") and the beginning of the dataset ("aws.waf" → "awswaf"). */
const PRODUCTS = {
  nginx: ['nginx', 'openresty', 'angie'],
  'NGINX Ingress': ['ingress', 'nginxingress'],
  Apache: ['apache', 'httpd'],
  HAProxy: ['haproxy'],
  Caddy: ['caddy'],
  lighttpd: ['lighttpd'],
  Varnish: ['varnish', 'varnishncsa'],
  IIS: ['iis', 'w3c'],
  Tomcat: ['tomcat'],
  Squid: ['squid'],
  OpenLiteSpeed: ['openlitespeed', 'litespeed'],
  'PHP-FPM': ['phpfpm', 'php'],
  'ModSecurity / Coraza with CRS': ['modsecurity', 'modsec', 'coraza'],
  NAXSI: ['naxsi'],
  mod_evasive: ['modevasive'],
  mod_qos: ['modqos'],
  fail2ban: ['fail2ban'],
  CrowdSec: ['crowdsec'],
  'iptables / nftables / ufw / firewalld': ['iptables', 'nftables', 'ufw', 'firewalld', 'netfilter', 'kernel', 'csf'],
  'AWS WAF': ['awswaf', 'aws'],
  'AWS ALB': ['awsalb', 'alb', 'awselb'],
  'AWS API Gateway': ['awsapigateway', 'apigateway'],
  'CloudFront and S3': ['cloudfront', 'awscloudfront', 's3', 'awss3', 'amazons3'],
  Cloudflare: ['cloudflare'],
  Akamai: ['akamai'],
  Fastly: ['fastly'],
  'Azure WAF (Application Gateway, Front Door)': ['azure', 'frontdoor', 'azurewaf'],
  'Azure API Management': ['azureapim', 'apim', 'azureapimanagement'],
  'Google Cloud Armor': ['gcp', 'google', 'cloudarmor'],
  Imperva: ['imperva', 'incapsula'],
  'F5 BIG-IP': ['f5', 'bigip', 'asm'],
  Kong: ['kong'],
  APISIX: ['apisix', 'apacheapisix'],
  'APIPark / Apinto': ['apinto', 'apipark', 'eosc'],
  'Envoy / Istio': ['envoy', 'istio', 'emissary'],
  Traefik: ['traefik'],
  Tyk: ['tyk'],
  KrakenD: ['krakend'],
  Gravitee: ['gravitee'],
  WSO2: ['wso2'],
  Apigee: ['apigee'],
  'oauth2-proxy': ['oauth2proxy'],
  'Open Policy Agent': ['opa', 'openpolicyagent'],
  Keycloak: ['keycloak'],
  Kubernetes: ['kubernetes', 'k8s', 'kube'],
  Django: ['django', 'gunicorn'],
  'Flask / FastAPI': ['flask', 'fastapi', 'uvicorn', 'starlette'],
  Rails: ['rails', 'ruby', 'puma'],
  Laravel: ['laravel', 'monolog'],
  Symfony: ['symfony'],
  Spring: ['spring', 'logback', 'java'],
  'ASP.NET Core': ['aspnet', 'aspnetcore', 'dotnet', 'serilog', 'kestrel'],
  'Express / Node.js': ['express', 'node', 'nodejs', 'pino', 'bunyan', 'winston', 'nestjs', 'fastify'],
  WordPress: ['wordpress'],
} as const satisfies Record<string, readonly string[]>;
export type Product = keyof typeof PRODUCTS;

const squeeze = (s: string): string => s.toLowerCase().replace(/[^a-z0-9]/g, '');

/** How well a product fits the facts: longer matches are more exact ("aws.waf" is AWS WAF before AWS ALB). 0 = not at all. */
export function fits(product: Product, facts: PlaybookFacts): number {
  const name = squeeze(facts.product ?? '');
  const dataset = squeeze(facts.dataset ?? '');
  let best = 0;
  for (const key of PRODUCTS[product] as readonly string[]) {
    if (key === name || (dataset.startsWith(key) && key.length > 2)) best = Math.max(best, key.length);
  }
  return best;
}
