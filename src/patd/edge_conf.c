/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge's configuration. It is one text that reads straight down; docs/operations.md explains it for
 * those who write their own.
 */
#include <errno.h>
#include <string.h>

#include "patd/edge.h"
#include "patd/product.h"
#include "web/routes.h"

#define PRODUCT_BYTES_MAX 32768

static const char conf_head[] =
	"# Written by patd at every start; changes are lost. See docs/operations.md to run your own nginx.\n"
	"daemon off;\n"
	"%s%s%s"
	"worker_processes %s;\n"
	"pid %s/nginx.pid;\n"
	"error_log syslog:server=unix:%s/log.sock,nohostname,tag=edge warn;\n"
	"load_module %s;\n"
	"worker_shutdown_timeout 5s;\n"
	"events { worker_connections 4096; }\n"
	"http {\n"
	"  pat_index %s;\n"
	"  pat_token_headers %s;\n"
	"  pat_realm \"%s\";\n"
	"%s%s%s"
	"  client_body_temp_path %s/tmp/body; proxy_temp_path %s/tmp/proxy; fastcgi_temp_path %s/tmp/fastcgi;\n"
	"  scgi_temp_path %s/tmp/scgi; uwsgi_temp_path %s/tmp/uwsgi;\n";

static const char conf_http[] =
	"  types {\n"
	"    text/html html; text/css css; text/javascript js; image/svg+xml svg; application/json json;\n"
	"    image/png png; font/woff2 woff2;\n"
	"  }\n"
	"  default_type application/octet-stream;\n"
	"  charset utf-8; charset_types text/css text/javascript image/svg+xml;\n"
	"  server_tokens off; sendfile on; tcp_nopush on;\n"
	"  client_header_timeout 10s; client_body_timeout 10s; send_timeout 10s; keepalive_timeout 65s;\n"
	"  client_header_buffer_size 4k; large_client_header_buffers 4 4k;\n"
	"  client_max_body_size 64k; client_body_buffer_size 64k;\n"
	/* Whoever has an IPv6 address has 2^64 of them: the network is counted. */
	"  map $binary_remote_addr $patd_client { default $binary_remote_addr; \"~(?s)^(?<patd_network>.{8}).{8}$\" $patd_network; }\n"
	"  limit_conn_zone $patd_client zone=patd_clients:1m; limit_conn patd_clients 1024; limit_conn_status 429;\n"
	"  limit_conn_log_level info;\n"
	/* Whole documents: their slow readers hold a thread of patd and a temporary file of at most 8 MiB each. And what opens one:
	 * its outline is in memory meanwhile. */
	"  map $request_method $patd_document { default \"\"; GET 1; HEAD 1; }\n"
	"  map $request_method $patd_document_of { default \"\"; GET $patd_client; HEAD $patd_client; }\n"
	"  limit_conn_zone $patd_document zone=patd_documents:64k; limit_conn_zone $patd_document_of zone=patd_documents_each:1m;\n"
	/* Connections are counted before anybody is asked who he is: a body that never ends would hold such a place for nothing. */
	"  map \"$request_method:$content_length:$http_transfer_encoding\" $patd_document_body { default \"\"; ~^(GET|HEAD):0?:$ \"\"; ~^(GET|HEAD): 1; }\n"
	"  map $request_method $patd_upload { default \"\"; POST 1; }\n"
	"  map $request_method $patd_upload_of { default \"\"; POST $patd_client; }\n"
	"  limit_conn_zone $patd_upload zone=patd_uploads:64k; limit_conn_zone $patd_upload_of zone=patd_uploads_each:1m;\n"
	"  scgi_max_temp_file_size 8m;\n"
	"  gzip on; gzip_types text/css text/javascript image/svg+xml application/yaml; gzip_min_length 1000; gzip_comp_level 6;\n"
	"  log_format patd escape=json '{\"time\":\"$time_iso8601\",\"level\":\"info\",\"event\":\"edge.request\",'\n"
	"    '\"method\":\"$request_method\",\"path\":\"$uri\",\"status\":\"$status\",\"verdict\":\"$pat_verdict\",'\n"
	"    '\"person\":\"$pat_user\",\"token\":\"$pat_token_id\",\"address\":\"$remote_addr\",\"agent\":\"$http_user_agent\",'\n"
	"    '\"seconds\":\"$request_time\",\"request_id\":\"$request_id\"}';\n"
	"  map $pat_verdict $patd_refused { default 1; \"-\" 0; \"\" 0; allowed 0; }\n"
	"  upstream patd_brain { server unix:%s; }\n";

#define SCGI_PARAMS                                                                                                    \
	"scgi_param SCGI 1; scgi_param REQUEST_METHOD $request_method; scgi_param REQUEST_URI $request_uri; "          \
	"scgi_param DOCUMENT_URI $uri; scgi_param QUERY_STRING $query_string; scgi_param CONTENT_TYPE $content_type; " \
	"scgi_param REMOTE_ADDR $remote_addr; scgi_param REQUEST_SCHEME $scheme; scgi_param REQUEST_ID $request_id; "  \
	"scgi_param PAT_USER $pat_user; scgi_param PAT_SCOPES $pat_scopes; scgi_param PAT_TOKEN_ID $pat_token_id; "    \
	"scgi_param PAT_LIMITS $pat_limits; "

static const char conf_scgi[] =
	"  " SCGI_PARAMS "scgi_param PATD_ENTRY $patd_entry;\n"
	"  scgi_connect_timeout 2s; scgi_read_timeout 30s; scgi_send_timeout 10s; scgi_next_upstream off;\n"
	"  scgi_hide_header X-Content-Type-Options;\n";

/* A location that names one header itself has none of the server's: these two lists are for the places that do. */
#define PAGE_HEADERS                                                                                                        \
	"    add_header Content-Security-Policy \"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' " \
	"data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "                          \
	"require-trusted-types-for 'script'; trusted-types 'none'\" always;\n"                                              \
	"    add_header X-Content-Type-Options nosniff always;\n"                                                           \
	"    add_header Referrer-Policy no-referrer always;\n"                                                              \
	"    add_header Cross-Origin-Opener-Policy same-origin always;\n"                                                   \
	"    add_header Cross-Origin-Resource-Policy same-origin always;\n"                                                 \
	"    add_header X-Frame-Options DENY always;\n"
/* The gate and patd send nosniff themselves. */
#define DATA_HEADERS                                                                                        \
	"      add_header Content-Security-Policy \"default-src 'none'; frame-ancestors 'none'\" always;\n" \
	"      add_header Referrer-Policy no-referrer always;\n"
/* A picture that is opened by itself may show the images inside it, and nothing else. */
#define PICTURE_HEADERS                                                                                                    \
	"      add_header Content-Security-Policy \"default-src 'none'; img-src data:; frame-ancestors 'none'\" always;\n" \
	"      add_header Referrer-Policy no-referrer always;\n"
#define OWN_DATA_HEADERS \
	DATA_HEADERS     \
	"      add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-store always;\n"

/* A location with a limit of its own has none of the server's. */
#define LIMIT_CLIENTS " limit_conn patd_clients 1024;"
#define LIMIT_DOCUMENTS \
	"if ($patd_document_body) { return 413; } limit_conn patd_documents 32; limit_conn patd_documents_each 16;"

static const char conf_server[] =
	"  server {\n"
	"    listen %s;\n"
	"    server_name _;\n"
	"    set $patd_entry \"\";\n" PAGE_HEADERS
	"    error_page 411 @length_missing; error_page 413 @too_large; error_page 429 @too_many; error_page 502 504 =503 @brain_away;\n"
	/* Behind a proxy that ends TLS the scheme and port that nginx would write are not those the browser sees. */
	"    absolute_redirect off;\n"
	/* Envoy asks with its client's path behind a prefix. nginx chooses locations by a path that it has tidied, and dot
	 * segments would lead that one out of the prefix, to a page that is 200 for everybody: a yes. The module reads the
	 * request as it came. */
	"    if ($request_uri ~ ^/ext_authz/) { rewrite ^ /ext_authz/ last; }\n"
	"    location = /verify {\n"
	"      pat_verify; %s\n" DATA_HEADERS "    }\n"
	"    location /verify/ {\n"
	"      pat_verify; pat_policy *; %s\n" DATA_HEADERS "    }\n"
	"    location /ext_authz/ {\n"
	"      pat_verify path; pat_policy *; %s\n" DATA_HEADERS "    }\n"
	"    location = /api/v1/self {\n"
	"      pat on; pat_product *; pat_cors on; scgi_pass patd_brain; %s\n"
	"      " SCGI_PARAMS "scgi_param PATD_ENTRY product;\n"
	"      scgi_pass_header X-Content-Type-Options;\n" DATA_HEADERS "    }\n"
	"%s"
	/* By a token, or, without one, by a session. */
	"    location ~ ^/api/v1/(tokens|scopes|admin)(/|$) {\n"
	"      pat optional; pat_product " PAT_OWN_PRODUCT
	"; set $patd_entry api; scgi_pass patd_brain; %s\n"
	"    }\n"
	"    location /api/ { set $patd_entry api; scgi_pass patd_brain; }\n"
	"    location ~ ^/(introspect|revoke|\\.well-known/oauth-authorization-server)$ { set $patd_entry api; scgi_pass patd_brain; }\n"
	"    location = /livez { set $patd_entry health; scgi_pass patd_brain; }\n"
	"    location = /readyz { set $patd_entry health; scgi_pass patd_brain; }\n"
	/* Pictures of people and of files are for other sites too: products show them. */
	"    location ~ ^/(avatars|pictures)/ {\n"
	"      set $patd_entry pages; scgi_pass patd_brain;\n" PICTURE_HEADERS
	"      add_header X-Content-Type-Options nosniff always; add_header Cross-Origin-Resource-Policy cross-origin always;\n"
	"      location ~ ^/pictures/ { set $patd_entry pages; scgi_pass patd_brain; " LIMIT_DOCUMENTS
		LIMIT_CLIENTS " }\n"
	"    }\n"
	"    location /assets/ { root %s/web; expires -1; error_page 404 /_pages/error-404.html; }\n"
	/* What a browser asks for by itself when what it shows names none, as JSON does. */
	"    location = /favicon.ico { rewrite ^ /assets/favicon.svg last; }\n"
	"    location /_pages/ { internal; alias %s/web/; }\n"
	"    location /_pages/error- {\n"
	"      internal; alias %s/web/error-; add_header Cache-Control no-store always;\n" PAGE_HEADERS
	"    }\n"
	"    location / {\n"
	"      set $patd_entry pages; scgi_pass patd_brain; scgi_intercept_errors on;\n"
	"      error_page 404 /_pages/error-404.html; error_page 413 @too_large; error_page 502 503 504 =503 /_pages/error-503.html;\n"
	"    }\n"
	"    location @brain_away {\n"
	"      internal; default_type application/problem+json; add_header Retry-After 1 always;\n" OWN_DATA_HEADERS
	"      return 503 '{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"patd is "
	"not answering. Try again shortly.\",\"err\":\"Service unavailable\",\"reason\":\"unavailable\"}';\n"
	"    }\n"
	"    location @too_many {\n"
	"      internal; default_type application/problem+json; add_header Retry-After 1 always;\n" OWN_DATA_HEADERS
	"      return 429 '{\"type\":\"about:blank\",\"title\":\"Too Many Requests\",\"status\":429,\"detail\":\"Too many "
	"requests at once.\",\"err\":\"Rate limit exceeded\",\"reason\":\"too_many_attempts\"}';\n"
	"    }\n"
	"    location @length_missing {\n"
	"      internal; default_type application/problem+json;\n" OWN_DATA_HEADERS
	"      return 411 '{\"type\":\"about:blank\",\"title\":\"Length Required\",\"status\":411,\"detail\":\"The length of "
	"the body must be said in a Content-Length header.\",\"err\":\"Length required\",\"reason\":\"length_missing\"}';\n"
	"    }\n"
	"    location @too_large {\n"
	"      internal; default_type application/problem+json;\n" OWN_DATA_HEADERS
	"      return 413 '{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,\"detail\":\"The body "
	"is larger than is allowed here.\",\"err\":\"Request too large\",\"reason\":\"body_too_large\"}';\n"
	"    }\n"
	"  }\n"
	"}\n";

/* ---- The built-in product, behind the gate like any other: its locations are made from its routes. */

/* Whether a path's answers may be as large as a document; false also when its location is made already. */
static bool document_of(size_t first)
{
	const char *path = pat_routes[first].path;
	bool document = false;

	for (size_t i = 0; i < pat_routes_len; i++) {
		const struct pat_route *route = &pat_routes[i];

		if (route->entry != PAT_ENTRY_PRODUCT || strcmp(route->path, path) != 0)
			continue;
		if (i < first)
			return false;
		document |= route->document;
	}
	return document;
}

/* A path's form as nginx's regular expression; a slash at the end is overlooked. */
static void add_pattern(struct pat_buf *out, const char *path)
{
	(void)pat_buf_add_str(out, "^");
	while (*path) {
		size_t same = strcspn(path, "{");

		(void)pat_buf_add(out, path, same);
		path += same;
		if (*path == '\0')
			break;
		(void)pat_buf_add_str(out, "[^/]+");
		path += strcspn(path, "}") + 1;
	}
	(void)pat_buf_add_str(out, "/?$");
}

/* A version of the API, by the policy that product.c makes of the routes. */
static void add_product(struct pat_buf *out, const char *prefix, const char *log)
{
	(void)pat_buf_addf(out,
	                   "    location %s {\n      pat on; pat_policy " PAT_PRODUCT_BUILT_IN
	                   "; pat_cors on; scgi_pass patd_brain; %s\n",
	                   prefix, log);
	(void)pat_buf_add_str(out, "      " SCGI_PARAMS "scgi_param PATD_ENTRY product;\n"
	                           "      scgi_pass_header X-Content-Type-Options;\n" DATA_HEADERS);
	for (size_t i = 0; i < pat_routes_len; i++) {
		const struct pat_route *route = &pat_routes[i];

		if (route->entry != PAT_ENTRY_PRODUCT ||
		    strncmp(route->path, prefix, strlen(prefix)) != 0 || !document_of(i))
			continue;
		(void)pat_buf_add_str(out, "      location ~ ");
		add_pattern(out, route->path);
		(void)pat_buf_add_str(out, " { scgi_pass patd_brain; " LIMIT_DOCUMENTS LIMIT_CLIENTS
		                           " }\n");
	}
	(void)pat_buf_add_str(out, "    }\n");
}

/* What of a path's routes is large. */
struct large {
	size_t upload_bytes_max; /* 0: nothing large is sent */
	bool document;
};

/* False: nothing is, or its location is made already. */
static bool large_of(size_t first, struct large *ret)
{
	const char *path = pat_routes[first].path;

	*ret = (struct large){ 0 };
	for (size_t i = 0; i < pat_routes_len; i++) {
		const struct pat_route *route = &pat_routes[i];

		if (route->entry != PAT_ENTRY_API || strcmp(route->path, path) != 0)
			continue;
		if (i < first)
			return false;
		if (route->body_bytes_max > PAT_SCGI_BODY_BYTES_MAX)
			ret->upload_bytes_max = route->body_bytes_max;
		ret->document |= route->document;
	}
	return ret->upload_bytes_max > 0 || ret->document;
}

/* What the pages send and fetch that is large. Uploads are handed on as they come, so that patd has judged the session
 * before the first byte is kept anywhere. */
static void add_large(struct pat_buf *out)
{
	for (size_t i = 0; i < pat_routes_len; i++) {
		struct large large;

		if (pat_routes[i].entry != PAT_ENTRY_API || !large_of(i, &large))
			continue;
		(void)pat_buf_add_str(out, "    location ~ ");
		add_pattern(out, pat_routes[i].path);
		(void)pat_buf_add_str(
			out,
			" {\n      set $patd_entry api; scgi_pass patd_brain;" LIMIT_CLIENTS "\n");
		if (large.upload_bytes_max > 0)
			(void)pat_buf_addf(
				out,
				"      client_max_body_size %zu; scgi_request_buffering off;\n"
				"      if ($http_transfer_encoding) { return 411; }\n"
				"      limit_conn patd_uploads 16; limit_conn patd_uploads_each 4;\n"
				/* What patd has refused is not waited for. */
				"      lingering_time 2s; lingering_timeout 1s;\n",
				large.upload_bytes_max);
		if (large.document)
			(void)pat_buf_add_str(out, "      " LIMIT_DOCUMENTS "\n");
		(void)pat_buf_add_str(out, "    }\n");
	}
}

int pat_edge_configuration(const struct pat_settings *s, const struct pat_place *p,
                           struct pat_buf *out)
{
	char workers[24] = "auto";
	char log[200] = "access_log off;";
	const char *run = p->runtime;
	pat_cleanup(pat_buf_done) struct pat_buf product = { 0 };

	/* Paths go into nginx's configuration as they are; the ones it would read as syntax are refused. */
	if (strpbrk(p->module, " ;{}\"'$\\") || strpbrk(run, " ;{}\"'$\\"))
		return -EINVAL;
	if (s->edge_workers > 0)
		(void)snprintf(workers, sizeof(workers), "%lld", (long long)s->edge_workers);
	if (s->access_log != PAT_ACCESS_LOG_OFF)
		(void)snprintf(
			log, sizeof(log),
			"access_log syslog:server=unix:%s/log.sock,nohostname,tag=edge patd%s;",
			run, s->access_log == PAT_ACCESS_LOG_REFUSED ? " if=$patd_refused" : "");
	bool root = *p->edge_user != '\0';
	(void)pat_buf_addf(out, conf_head, root ? "user " : "", p->edge_user, root ? ";\n" : "",
	                   workers, run, run, p->module, run, s->token_headers, s->realm,
	                   *s->trusted_proxies ? "  pat_trusted_proxies " : "", s->trusted_proxies,
	                   *s->trusted_proxies ? ";\n" : "", run, run, run, run, run);
	(void)pat_buf_addf(out, conf_http, p->socket);
	(void)pat_buf_addf(out, "  %s\n",
	                   s->access_log == PAT_ACCESS_LOG_ALL ? log : "access_log off;");
	(void)pat_buf_add_str(out, conf_scgi);
	pat_buf_init(&product, PRODUCT_BYTES_MAX);
	add_product(&product, "/v1/", log);
	add_product(&product, "/v2/", log);
	add_large(&product);
	if (pat_buf_error(&product) != 0)
		return pat_buf_error(&product);
	(void)pat_buf_addf(out, conf_server, s->listen, log, log, log, log, pat_buf_str(&product),
	                   log, run, run, run);
	return pat_buf_error(out);
}
