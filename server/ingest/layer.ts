/**
 * Which layer a log belongs to, when nobody says it: names of folders and files first, then what usually stands
 * where this product stands. Pure.
 */
import { FORMATS } from '../../parsers/formats.ts';
import { isLayer, type Layer } from '../model/taxonomy.ts';

/** Words in folder and file names. The taxonomy's own names come first, then what people call them. */
const WORDS: [RegExp, Layer][] = [
  [/^(cdn|edge-?cache|varnish(ncsa)?|fastly|cloudflare|cloudfront|akamai)$/, 'cdn'],
  [/^(load-?balancers?|lb|haproxy|alb|elb|nlb|ingress|edge|reverse-?proxy|proxy|traefik|envoy)$/, 'loadbalancer'],
  [/^(wafs?|modsec(urity)?|mod_security|coraza|naxsi|modsec_audit)$/, 'waf'],
  [/^(gateways?|gw|api-?gateway|apigw|kong|apisix|apipark|tyk|krakend|auth-?proxy|authz|oauth2-proxy)$/, 'gateway'],
  [/^(web|www|webserver|httpd?|apache2?|nginx|lighttpd|iis)$/, 'web'],
  [
    /^(apps?|applications?|services?|backends?|api|django|rails|laravel|express|gunicorn|uwsgi|php-fpm|tomcat|spring|node)$/,
    'app',
  ],
  [/^(network|firewall|iptables|nftables|ufw)$/, 'network'],
];
/** A product of one role: words for a place ("edge") do not outdo it, a layer's own name does. */
const CACHE_WORD = /^varnish(ncsa)?$/;
/** Words that say no more than the product does: a folder above them that names a layer wins. */
const PRODUCT_WORD =
  /^(varnish(ncsa)?|haproxy|nginx|apache2?|httpd?|lighttpd|traefik|envoy|kong|django|gunicorn|express|php-fpm|tomcat|modsec(urity)?|iis)$/;

export interface LayerGuess {
  layer: Layer;
  from: 'given' | 'path' | 'product' | 'none';
}

/** `given`: layer → globs of the user. */
export function guessLayer(
  path: string,
  dataset: string | null,
  given: readonly { layer: Layer; matches: (path: string) => boolean }[],
): LayerGuess {
  for (const g of given) if (g.matches(path)) return { layer: g.layer, from: 'given' };
  const parts = path
    .toLowerCase()
    .split('/')
    .filter((p) => p !== '' && p !== '.' && p !== '..');
  const directories = parts.slice(0, -1);
  // A folder that is a layer's own name is meant to say so; the nearest one wins.
  let cache = false;
  let product: Layer | null = null;
  for (let i = directories.length - 1; i >= 0; i--) {
    const word = directories[i]!;
    if (isLayer(word)) return { layer: word, from: 'path' };
    cache ||= CACHE_WORD.test(word);
    if (PRODUCT_WORD.test(word)) {
      product ??= WORDS.find(([pattern]) => pattern.test(word))?.[1] ?? null;
      continue;
    }
    for (const [pattern, layer] of WORDS) {
      if (pattern.test(word) && !GENERIC.has(word)) return { layer: cache ? 'cdn' : layer, from: 'path' };
    }
  }
  if (cache) return { layer: 'cdn', from: 'path' };
  // Lines of no product's format, in the folder of one: more likely its own than an application's.
  if (dataset === 'text.app' && product !== null) return { layer: product, from: 'path' };
  const usual = dataset === null ? null : (FORMATS.get(dataset)?.usualLayer ?? null);
  if (usual !== null && isLayer(usual)) return { layer: usual, from: 'product' };
  for (let i = parts.length - 1; i >= 0; i--) {
    const word = parts[i]!.replace(/\.(log|json|jsonl|txt)(\.\d+)?$/, '').replace(
      /[-_.](access|error|audit|json)$/,
      '',
    );
    for (const [pattern, layer] of WORDS) if (pattern.test(word)) return { layer, from: 'path' };
  }
  return { layer: 'app', from: 'none' };
}

/** Folder names that are about anything ("/srv/services/logs"): not believed as a layer. */
const GENERIC = new Set(['service', 'services', 'proxy', 'api', 'node', 'www', 'http', 'web']);
