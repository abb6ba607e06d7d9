/** Which layer a log is of when only its folder and its product say it. */
import { expect, test } from 'vitest';
import { guessLayer } from '../server/ingest/layer.ts';

test.each([
  // A cache is a CDN of one's own wherever it stands, unless its folder is called after a layer.
  ['edge/varnish/varnishncsa.json.log', 'json', 'cdn'],
  ['varnish/access.json', 'json', 'cdn'],
  ['loadbalancer/varnish/varnishncsa.log', 'varnish.access', 'loadbalancer'],
  ['edge/nginx/access.log', 'nginx.access', 'loadbalancer'],
  ['edge/haproxy/haproxy.log', 'haproxy.http', 'loadbalancer'],
  ['web/nginx/access.log', 'nginx.access', 'web'],
  ['srv1/apache2/ssl_request_log', 'text.app', 'web'],
  ['srv1/shop/storage/logs/laravel.log', 'text.app', 'app'],
])('%s in %s is of %s', (path, dataset, layer) => {
  expect(guessLayer(path, dataset, []).layer).toBe(layer);
});
