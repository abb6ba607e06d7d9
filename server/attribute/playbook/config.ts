/** Playbooks for `config.*`: the server's own configuration or file system refused it. */
import { exclusion } from './crs.ts';
import { apachePath, apacheRegex, caddy, haproxy, json, lighttpd, nginx, shell, vcl } from './quote.ts';
import type { Category } from './template.ts';

export const config: Category<'config'> = {
  'config.permissions': (v) => ({
    meaning: 'The server process may not read the file, or not search a directory on the way to it.',
    confirm: [
      `See the rights of every directory on the way: \`namei -l ${v.file(shell)}\`. Each needs x for the server, the file needs r.`,
      `Try it as the server: \`sudo -u '<server user>' stat ${v.file(shell)}\`. The user is www-data, nginx or apache: \`ps -eo user,comm | grep -E 'nginx|apache|httpd'\`.`,
      `Rights look good? Then SELinux or AppArmor: \`ls -Z ${v.file(shell)}; ausearch -m avc -ts recent; journalctl -k | grep -i denied\`.`,
      'See what changed: a deployment as another user, a restored backup, a mount.',
    ],
    fix: [
      {
        product: null,
        text: 'Give the server read access to this file, and search access to its directory, by group.',
        snippet: `chgrp '<server group>' ${v.file(shell)}\nchmod g+r ${v.file(shell)}\nchmod g+x ${v.directory(shell)}`,
      },
      {
        product: 'nginx',
        text: 'A directory above has no x for the server, mostly a home directory. An access list leaves the rights of others as they are.',
        snippet: `setfacl -m u:'<server user>':r ${v.file(shell)}\nsetfacl -m u:'<server user>':x ${v.directory(shell)}`,
      },
      {
        product: 'Apache',
        text: 'AH00035 means that a directory on the way lacks x for the server. AH00132 means that the file lacks r.',
        snippet: `setfacl -m u:'<server user>':r ${v.file(shell)}\nsetfacl -m u:'<server user>':x ${v.directory(shell)}`,
      },
      {
        product: null,
        text: 'SELinux refuses although the rights are good: give the directory the type for web content.',
        snippet: `semanage fcontext -a -t httpd_sys_content_t ${v.directory(tree)}\nrestorecon -Rv ${v.directory(shell)}`,
      },
      {
        product: 'PHP-FPM',
        text: 'Scripts are read by the user of the pool, not by that of the web server.',
        snippet: `grep -nE '^(user|group|listen\\.(owner|group|mode))' /etc/php/*/fpm/pool.d/*.conf`,
      },
      {
        product: 'IIS',
        text: 'Give the identity of the application pool read access.',
        snippet: `icacls "<directory>" /grant "IIS AppPool\\<pool>:(OI)(CI)RX"`,
      },
      {
        product: 'CloudFront and S3',
        text: 'The bucket does not let the distribution read. Allow it in the bucket policy. A missing object is a 403 too, without s3:ListBucket.',
        snippet: `{ "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" }, "Action": "s3:GetObject",\n  "Resource": "arn:aws:s3:::<bucket>/*", "Condition": { "StringEquals": { "AWS:SourceArn": "<distribution arn>" } } }`,
      },
    ],
    prevent: [
      'Let the deployment set owner and mode, and read one file as the server at its end.',
      'Set the group bit on directories (chmod g+s), so that new files keep the group.',
    ],
    doNot: [
      'Do not chmod 777, nor chmod -R on a whole tree.',
      'Do not run the server as root.',
      'Do not switch SELinux off (setenforce 0).',
    ],
  }),

  'config.index': (v) => ({
    meaning: 'A directory was asked for. It has no index file, and listing is off.',
    confirm: [
      `Look into it: \`ls -la ${v.file(shell)}\`. Is the index file there, under a name that the server knows?`,
      'See whether a deployment failed, or put the files one directory deeper.',
      'For an application with a front controller: see whether the rewrite to it works here.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Name the index file, or send unknown paths to the front controller.',
        snippet: `location ${v.path(nginx)} {\n  index index.html index.php;\n  try_files $uri $uri/ /index.php?$args;   # applications with a front controller\n}`,
      },
      {
        product: 'Apache',
        text: 'Name the index file, or a fallback (AH01276).',
        snippet: `<Location ${v.path(apachePath)}>\n  DirectoryIndex index.html index.php\n  FallbackResource /index.php\n</Location>`,
      },
      {
        product: 'lighttpd',
        text: 'Name the index file.',
        snippet: `$HTTP["url"] =^ ${v.path(lighttpd)} { index-file.names = ( "index.html", "index.php" ) }`,
      },
      {
        product: 'Caddy',
        text: 'Name the index file for this path.',
        snippet: `handle ${v.path((p) => caddy(`${p.replace(/\/+$/, '')}/`))} {\n  file_server {\n    index index.html index.php\n  }\n}`,
      },
      {
        product: 'IIS',
        text: '403.14: name the default document, or check that the routing module is there.',
        snippet: `<defaultDocument><files><add value="index.html" /></files></defaultDocument>`,
      },
      {
        product: 'PHP-FPM',
        text: 'A directory reached PHP as a script. Let nginx try the file first.',
        snippet: `location ~ \\.php$ { try_files $uri =404; fastcgi_pass <socket>; }`,
      },
      {
        product: null,
        text: 'Put the index file where it belongs, or answer 404 or a redirect if nobody should come here.',
      },
    ],
    prevent: ['Ask for the start page after each deployment.', 'Link to files, not to bare directories.'],
    doNot: [
      'Do not turn listing on (autoindex, Options Indexes): it shows every file.',
      'Do not redirect every missing page to the start page.',
    ],
  }),

  'config.access': (v) => ({
    meaning:
      'An access rule of the server refused it: deny all, Require all denied, .htaccess or a hidden file. The client address played no part.',
    confirm: [
      `Find the rule: \`nginx -T | grep -nE 'deny|return 403|location'\`, or \`apachectl -t -D DUMP_CONFIG | grep -niE 'require|deny'\`.`,
      `Look for .htaccess files on the way: \`find ${v.directory(shell)} -maxdepth 1 -name .htaccess\`.`,
      `Ask from another address: \`${v.curl}\`. The same answer means that the address does not matter.`,
      'Ask whether the path should be open at all. Dot files, backups and includes should not.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Open only this path, by an exact location; it wins over expressions such as "location ~ /\\.".',
        snippet: `location = ${v.path(nginx)} {\n  allow all;\n  # repeat root, proxy_pass or fastcgi_pass of the surrounding location\n}`,
      },
      {
        product: 'Apache',
        text: 'Open only this path. AH01630 with a directory that no block grants means that a <Directory> block is missing.',
        snippet: `<Location ${v.path(apachePath)}>\n  Require all granted\n</Location>`,
      },
      {
        product: 'lighttpd',
        text: 'Take this path out of the rule that url.access-deny stands in.',
        snippet: `$HTTP["url"] != ${v.path(lighttpd)} { url.access-deny = ( "~", ".inc" ) }`,
      },
      {
        product: 'HAProxy',
        text: 'Except this path in the condition of the rule. Log %[last_rule_file]:%[last_rule_line] to learn which rule it was.',
        snippet: `acl open_path path -m str ${v.pathSent(haproxy)}\nhttp-request deny if <condition of the rule> !open_path`,
      },
      {
        product: 'Caddy',
        text: 'Except this path in the matcher that refuses.',
        snippet: `@refused {\n  path /.*\n  not path ${v.path(caddy)}\n}\nrespond @refused 403`,
      },
      {
        product: 'IIS',
        text: 'Request filtering: allow this one segment or extension in the web.config of this site.',
        snippet: `<requestFiltering><hiddenSegments><remove segment="<segment>" /></hiddenSegments></requestFiltering>`,
      },
      {
        product: 'Squid',
        text: 'Allow this destination before the rule that denies. The order of http_access lines decides.',
        snippet: `acl this_site dstdomain ${v.host}\nhttp_access allow localnet this_site`,
      },
      {
        product: 'Varnish',
        text: 'Except this path in the rule of vcl_recv.',
        snippet: `if (regsub(req.url, "\\?.*", "") != ${v.pathSent(vcl)} && <condition of the rule>) { return (synth(403)); }`,
      },
      {
        product: null,
        text: 'Open the one path if it should be public. Else leave the rule, and remove the link that leads here.',
      },
    ],
    prevent: [
      'Keep access rules in one file for each site, not in .htaccess.',
      'Test what must be closed as well as what must be open.',
    ],
    doNot: [
      'Do not add Satisfy Any (Apache) or satisfy any (nginx).',
      'Do not grant a parent directory to open one file.',
      'Do not open .git, .env or backups.',
    ],
  }),

  'config.rewrite': (v) => ({
    meaning:
      'A rewrite rule, a map or a return 403 of the configuration refused it. Such rules log nothing by themselves.',
    confirm: [
      `Find it: \`nginx -T | grep -nE 'return 403|rewrite|map '\`, or \`grep -rnE '\\[.*F.*\\]|Redirect.*403' /etc/apache2 /etc/httpd\`.`,
      'Make it speak for a few minutes: nginx `rewrite_log on; error_log … notice;`, Apache `LogLevel rewrite:trace3`.',
      `Ask with one thing changed at a time: \`${v.curl}\`, then with another user agent, method or query.`,
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Except this path before the value of the map is used.',
        snippet: `map "$host$uri" $excepted {\n  default 0;\n  ${v.path((p) => (v.host === '<host>' ? nginx(p) : nginx(`${v.host}${p}`)))} 1;\n}\n# then: set $r "$refused$excepted"; if ($r = "10") { return 403; }`,
      },
      {
        product: 'Apache',
        text: 'Put the condition directly above the rule that refuses. It holds for that one rule.',
        snippet: `RewriteCond %{REQUEST_URI} !${v.path(apacheRegex)}\nRewriteRule <pattern of the rule> - [F]`,
      },
      {
        product: 'HAProxy',
        text: 'Except this path from the http-request return or deny.',
        snippet: `http-request return status 403 if <condition of the rule> !{ path -m str ${v.pathSent(haproxy)} }`,
      },
      {
        product: 'Varnish',
        text: 'Except this path from the synth. Give each synth a reason of its own, which varnishlog shows.',
        snippet: `if (regsub(req.url, "\\?.*", "") != ${v.pathSent(vcl)} && <condition of the rule>) { return (synth(403, "rule 12")); }`,
      },
      {
        product: 'Caddy',
        text: 'Except this path in the matcher of respond.',
        snippet: `@refused {\n  <matcher of the rule>\n  not path ${v.path(caddy)}\n}\nrespond @refused 403`,
      },
      {
        product: 'AWS ALB',
        text: 'matched_rule_priority in the log names the listener rule with the fixed response; 0 is the default action. Add a forward rule before it.',
        snippet: `aws elbv2 create-rule --listener-arn '<listener>' --priority 1 \\\n  --conditions Field=path-pattern,Values=${v.pathSent(albValue)} --actions Type=forward,TargetGroupArn='<target group>'`,
      },
      {
        product: 'Envoy / Istio',
        text: 'The route answers by itself (direct_response). Put a route for this path before it.',
        snippet: `- match: { path: ${v.pathSent(json)} }\n  route: { cluster: <cluster> }`,
      },
      {
        product: null,
        text: 'Except the one path from the rule, or correct its condition. If the rule is right, leave it.',
      },
    ],
    prevent: [
      'Give each refusing rule a header or log field with its name.',
      'Test rewrite rules with a list of addresses that must pass.',
    ],
    doNot: [
      'Do not delete the rule before you know why it is there.',
      'Do not leave trace logging on: it fills the disk.',
    ],
  }),

  'config.method': (v) => ({
    meaning: `A server rule refuses the method${v.method === '<method>' ? '' : ` ${v.method}`} here.`,
    confirm: [
      `Ask for what is allowed: \`curl -gsS -o /dev/null -D - -X OPTIONS ${v.url}\`.`,
      `Find the rule: \`nginx -T | grep -n limit_except\`, or \`grep -rniE '<Limit|AllowMethods|TraceEnable' /etc/apache2 /etc/httpd\`.`,
      'See whether the client uses the method on purpose, or a form or redirect went wrong.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Allow the method on this path. GET includes HEAD.',
        snippet: `location = ${v.path(nginx)} {\n  limit_except ${['GET', 'HEAD', '<method>'].includes(v.method) ? 'GET' : `GET ${v.method}`} { deny all; }\n  # repeat proxy_pass and the other lines of the surrounding location\n}`,
      },
      {
        product: 'Apache',
        text: 'Allow the method on this path.',
        snippet: `<Location ${v.path(apachePath)}>\n  <LimitExcept ${['GET', '<method>'].includes(v.method) ? 'GET' : `GET ${v.method}`}>\n    Require all denied\n  </LimitExcept>\n</Location>`,
      },
      {
        product: 'HAProxy',
        text: 'Allow the method on this path.',
        snippet: `http-request deny if { path -m str ${v.pathSent(haproxy)} } !{ method GET ${v.method} }`,
      },
      {
        product: 'Varnish',
        text: 'PURGE and BAN: allow them for listed addresses only.',
        snippet: `acl purgers { "localhost"; }\nif (req.method == "PURGE" && client.ip !~ purgers) { return (synth(405)); }`,
      },
      {
        product: 'IIS',
        text: 'Allow the verb in request filtering. WebDAV takes PUT and DELETE for itself: remove its module if it is not used.',
        snippet: `<requestFiltering><verbs><add verb="${v.method === '<method>' ? '&lt;method&gt;' : v.method}" allowed="true" /></verbs></requestFiltering>`,
      },
      {
        product: 'ModSecurity / Coraza with CRS',
        inside: ['nginx', 'Apache'],
        text: 'Rule 911100 refuses methods that are not listed. Allow it on this path.',
        snippet: exclusion(v, 'ctl:ruleRemoveById=911100'),
      },
      {
        product: 'CloudFront and S3',
        text: 'Allow the method in the behaviour of this path.',
        snippet: `"AllowedMethods": { "Quantity": 7, "Items": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"] }`,
      },
      { product: null, text: 'Allow the one method on the one path, or mend the client that uses the wrong one.' },
    ],
    prevent: [
      'Keep the methods of each route beside the route.',
      'Answer 405 with Allow, so that clients see what is meant.',
    ],
    doNot: ['Do not allow every method on the whole site.', 'Do not allow TRACE.'],
  }),

  'config.symlink': (v) => ({
    meaning: 'The path is, or leads through, a symbolic link that the server may not follow.',
    confirm: [
      `Look at the way: \`namei -l ${v.file(shell)}\`. Owner of link and target matter.`,
      `See where it ends: \`readlink -f ${v.file(shell)}\`. A target that is gone looks the same.`,
      'See whether a deployment by links (current → releases) is new here.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'Allow links of the same owner, below the document root only.',
        snippet: `disable_symlinks if_not_owner from=$document_root;`,
      },
      {
        product: 'Apache',
        text: 'Allow links of the same owner in this directory.',
        snippet: `<Directory ${v.directory(apachePath)}>\n  Options +SymLinksIfOwnerMatch\n</Directory>`,
      },
      {
        product: 'lighttpd',
        text: 'Links are all or nothing here. Prefer a bind mount or a copy.',
        snippet: `server.follow-symlink = "enable"`,
      },
      {
        product: null,
        text: 'Give link and target the same owner, or put the real directory into the configuration.',
        snippet: `chown -h '<owner>' ${v.file(shell)}`,
      },
    ],
    prevent: [
      'Let the deployment create links as the owner of the target.',
      'Point the document root at the real release, and reload.',
    ],
    doNot: [
      'Do not allow FollowSymLinks where others can write.',
      'Do not link out of the document root to private data.',
    ],
  }),

  'config.handler': (v) => ({
    meaning:
      'The handler refused: scripts are off here, the extension is not allowed, or the wrong program got the request.',
    confirm: [
      `Read the file named in the evidence: is it a script at all? \`file ${v.file(shell)}\`.`,
      'Compare the extension with what the handler allows.',
      'Ask whether scripts should run here. In an upload directory they should not: then the refusal is right.',
    ],
    fix: [
      {
        product: 'PHP-FPM',
        inside: ['nginx', 'Apache'],
        text: 'Mostly the server sent a file that is no script: let it check the file first. Extend the list only for an extension that must run.',
        snippet: `; pool.d/www.conf\nsecurity.limit_extensions = .php\n# nginx\nlocation ~ \\.php$ { try_files $uri =404; fastcgi_pass <socket>; }`,
      },
      {
        product: 'Apache',
        text: 'AH01262, AH02809: allow CGI in the directory of this script.',
        snippet: `<Directory ${v.directory(apachePath)}>\n  Options +ExecCGI\n  AddHandler cgi-script .cgi\n</Directory>`,
      },
      {
        product: 'nginx',
        text: 'nginx runs nothing itself. Look at what fastcgi_pass or uwsgi_pass gets: SCRIPT_FILENAME must be a script.',
        snippet: `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;`,
      },
      {
        product: 'lighttpd',
        text: 'Assign the extension to its handler.',
        snippet: `cgi.assign = ( ".cgi" => "" )`,
      },
      {
        product: 'IIS',
        text: '403.1: the handler needs the script right.',
        snippet: `<handlers accessPolicy="Read, Script" />`,
      },
      {
        product: null,
        text: 'Map the extension to the right handler for this directory, or move the script where scripts run.',
      },
    ],
    prevent: ['Keep scripts and uploads in separate directories.', 'Ask for one script after each deployment.'],
    doNot: [
      'Do not set security.limit_extensions to nothing.',
      'Do not allow ExecCGI for the whole site, nor for uploads.',
    ],
  }),

  'config.tls': (v) => ({
    meaning: 'TLS, a client certificate or a matching server name is required, and the request had none that fits.',
    confirm: [
      `Look at the handshake: \`openssl s_client -connect ${v.shellHostPort} -servername ${v.shellHost} </dev/null\`. It lists the accepted issuers.`,
      'Compare the issuer and the end date of the client certificate: `openssl x509 -in client.pem -noout -issuer -enddate`.',
      'See whether Host and server name (SNI) differ: a proxy that connects by address does that.',
    ],
    fix: [
      {
        product: 'nginx',
        text: 'The bundle must hold the issuer, intermediates included. To ask on one path only, make it optional and check there.',
        snippet: `ssl_client_certificate <ca bundle>;\nssl_verify_client optional;\nlocation = ${v.path(nginx)} {\n  if ($ssl_client_verify != SUCCESS) { return 403; }\n  # repeat proxy_pass and the other lines of the surrounding location\n}\n# towards a backend that checks names: proxy_ssl_server_name on; proxy_ssl_name $host;`,
      },
      {
        product: 'Apache',
        text: 'Ask for the certificate in the virtual host, optional, and check on the path. Browsers with TLS 1.3 cannot be asked later (AH10158).',
        snippet: `SSLCACertificateFile "<ca bundle>"\nSSLVerifyClient optional\n<Location ${v.path(apachePath)}>\n  Require ssl-verify-client\n</Location>`,
      },
      {
        product: 'HAProxy',
        text: 'Make the certificate optional at the bind, and check on the path.',
        snippet: `bind :443 ssl crt <pem> ca-file <ca bundle> verify optional\nhttp-request deny if { path -m str ${v.pathSent(haproxy)} } !{ ssl_c_used 1 }`,
      },
      {
        product: 'Caddy',
        text: 'Name the issuer. With client certificates Caddy also wants SNI and Host to agree.',
        snippet: `tls {\n  client_auth {\n    mode require_and_verify\n    trust_pool file <ca bundle>\n  }\n}`,
      },
      {
        product: 'IIS',
        text: '403.4 wants HTTPS, 403.7 a client certificate, 403.16 one whose issuer is in Trusted Root.',
        snippet: `certutil -verify -urlfetch client.cer`,
      },
      {
        product: 'NGINX Ingress',
        text: 'The secret must hold ca.crt. If it cannot be loaded, the whole host answers 403.',
        snippet: `kubectl get ingress -A -o yaml | grep -n auth-tls\nkubectl get secret '<secret>' -n '<namespace>' -o jsonpath='{.data.ca\\.crt}' | base64 -d | openssl x509 -noout -enddate`,
      },
      {
        product: null,
        text: 'Give the client the right certificate and the https address, or add its issuer to the bundle.',
      },
    ],
    prevent: [
      'Alert three weeks before a client certificate or an issuer ends.',
      'Redirect http to https before any access rule.',
    ],
    doNot: ['Do not switch verification off.', 'Do not trust a public certificate authority for client certificates.'],
  }),

  'config.host': (v) => ({
    meaning: `The host name${v.host === '<host>' ? '' : ` ${v.host}`} is not served here, or not allowed by the application.`,
    confirm: [
      `See where the name leads: \`dig +short ${v.shellHost}\`.`,
      'List the names served: `nginx -T | grep -n server_name`, or `apachectl -S`.',
      'Look at the Host header that the proxy passes on. An address or an inner name instead of the public one is the usual fault.',
    ],
    fix: [
      {
        product: 'Django',
        text: 'Add the one name.',
        snippet: `ALLOWED_HOSTS = [..., "${v.host}"]`,
      },
      {
        product: 'Rails',
        text: 'Add the one name.',
        snippet: `config.hosts << "${v.host}"`,
      },
      {
        product: 'nginx',
        text: 'Add the name to the server block. Unknown names belong to a default server that answers nothing. Towards a backend, pass the public name.',
        snippet: `server_name ${v.host};\n# towards a backend: proxy_set_header Host $host;`,
      },
      {
        product: 'Apache',
        text: 'Add the name to the virtual host. Towards a backend, pass the public name.',
        snippet: `ServerAlias ${v.host}\n# towards a backend: ProxyPreserveHost On`,
      },
      {
        product: 'HAProxy',
        text: 'Add the name to the list of hosts.',
        snippet: `acl served hdr(host),field(1,:) -i ${v.host}`,
      },
      {
        product: 'Flask / FastAPI',
        text: 'Add the one name.',
        snippet: `app.add_middleware(TrustedHostMiddleware, allowed_hosts=["${v.host}"])`,
      },
      {
        product: 'Cloudflare',
        text: 'The name must be in the zone, proxied, and its CNAME within the same account. Asking by address gives error 1003.',
        snippet: `dig +short ${v.shellHost}`,
      },
      {
        product: 'CloudFront and S3',
        text: 'Add the name to the distribution, with a certificate that covers it.',
        snippet: `aws cloudfront list-conflicting-aliases --distribution-id '<id>' --alias ${v.shellHost}`,
      },
      {
        product: 'Express / Node.js',
        text: 'A Vite development server refuses foreign names. Serve the built site in production.',
        snippet: `server: { allowedHosts: ['${v.host}'] }`,
      },
      {
        product: null,
        text: 'Add the name where hosts are listed. Names that nobody of yours uses come from scanners: leave them refused.',
      },
    ],
    prevent: ['Keep host names of proxy and application in one list.', 'Give health checks the public name.'],
    doNot: [
      'Do not allow *; forged hosts end up in links and mails.',
      'Do not turn the default server into the real site.',
    ],
  }),
};

/** The shorthand `Values=` splits at commas, and `*` and `?` match anything. */
const albValue = (p: string): string | null => (/[,*?[\]{}=]/.test(p) ? null : shell(p));
/** A directory and all below it, as semanage reads it: an expression. */
const tree = (d: string): string | null => (/[\\^$|?*+()[\]{}]/.test(d) ? null : shell(`${d}(/.*)?`));
