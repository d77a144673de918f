/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge's configuration. It is one text that reads straight down; docs/operations.md explains it for
 * those who write their own.
 */
#include <errno.h>
#include <string.h>

#include "patd/edge.h"

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
	"  limit_conn_zone $binary_remote_addr zone=patd_clients:1m; limit_conn patd_clients 1024; limit_conn_status 429;\n"
	"  limit_conn_log_level info;\n"
	"  gzip on; gzip_types text/css text/javascript image/svg+xml; gzip_min_length 1000;\n"
	"  log_format patd escape=json '{\"time\":\"$time_iso8601\",\"level\":\"info\",\"event\":\"edge.request\",'\n"
	"    '\"method\":\"$request_method\",\"path\":\"$uri\",\"status\":\"$status\",\"verdict\":\"$pat_verdict\",'\n"
	"    '\"person\":\"$pat_user\",\"token\":\"$pat_token_id\",\"address\":\"$remote_addr\",\"agent\":\"$http_user_agent\",'\n"
	"    '\"seconds\":\"$request_time\",\"request_id\":\"$request_id\"}';\n"
	"  map $pat_verdict $patd_refused { default 1; \"-\" 0; \"\" 0; allowed 0; }\n"
	"  upstream patd_brain { server unix:%s; }\n";

static const char conf_scgi[] =
	"  scgi_param SCGI 1; scgi_param REQUEST_METHOD $request_method; scgi_param REQUEST_URI $request_uri;\n"
	"  scgi_param DOCUMENT_URI $uri; scgi_param QUERY_STRING $query_string; scgi_param CONTENT_TYPE $content_type;\n"
	"  scgi_param REMOTE_ADDR $remote_addr; scgi_param REQUEST_SCHEME $scheme; scgi_param REQUEST_ID $request_id;\n"
	"  scgi_param PATD_ENTRY $patd_entry; scgi_param PAT_USER $pat_user; scgi_param PAT_SCOPES $pat_scopes;\n"
	"  scgi_param PAT_TOKEN_ID $pat_token_id;\n"
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
#define OWN_DATA_HEADERS \
	DATA_HEADERS     \
	"      add_header X-Content-Type-Options nosniff always; add_header Cache-Control no-store always;\n"

static const char conf_server[] =
	"  server {\n"
	"    listen %s;\n"
	"    server_name _;\n"
	"    set $patd_entry \"\";\n" PAGE_HEADERS
	"    error_page 413 @too_large; error_page 502 504 =503 @brain_away;\n"
	/* Behind a proxy that ends TLS the scheme and port that nginx would write are not those the browser sees. */
	"    absolute_redirect off;\n"
	"    location = /verify {\n"
	"      pat_verify; %s\n" DATA_HEADERS "    }\n"
	/* The built-in product, behind the gate like any other. */
	"    location ~ ^/v1/me/?$ {\n"
	"      pat on; pat_scopes current_user:read; pat_cors on; %s\n" DATA_HEADERS
	"      set $patd_entry product; scgi_pass patd_brain; scgi_pass_header X-Content-Type-Options;\n"
	"    }\n"
	"    location /v1/ { pat_cors on; set $patd_entry product; scgi_pass patd_brain; }\n"
	"    location /api/ { set $patd_entry api; scgi_pass patd_brain; }\n"
	"    location = /livez { set $patd_entry health; scgi_pass patd_brain; }\n"
	"    location = /readyz { set $patd_entry health; scgi_pass patd_brain; }\n"
	/* Pictures of people are for other sites too: products show them. */
	"    location /avatars/ {\n"
	"      set $patd_entry pages; scgi_pass patd_brain;\n" DATA_HEADERS
	"      add_header X-Content-Type-Options nosniff always; add_header Cross-Origin-Resource-Policy cross-origin always;\n"
	"    }\n"
	"    location /assets/ { root %s/web; expires -1; error_page 404 /_pages/error-404.html; }\n"
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
	"    location @too_large {\n"
	"      internal; default_type application/problem+json;\n" OWN_DATA_HEADERS
	"      return 413 '{\"type\":\"about:blank\",\"title\":\"Content Too Large\",\"status\":413,\"detail\":\"The body "
	"is larger than 64 KiB.\",\"err\":\"Request too large\",\"reason\":\"body_too_large\"}';\n"
	"    }\n"
	"  }\n"
	"}\n";

int pat_edge_configuration(const struct pat_settings *s, const struct pat_place *p,
                           struct pat_buf *out)
{
	char workers[24] = "auto";
	char log[200] = "access_log off;";
	const char *run = p->runtime;

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
	                   workers, run, run, p->module, run, s->token_headers, s->realm, run, run,
	                   run, run, run);
	(void)pat_buf_addf(out, conf_http, p->socket);
	(void)pat_buf_addf(out, "  %s\n",
	                   s->access_log == PAT_ACCESS_LOG_ALL ? log : "access_log off;");
	(void)pat_buf_add_str(out, conf_scgi);
	(void)pat_buf_addf(out, conf_server, s->listen, log, log, run, run, run);
	return pat_buf_error(out);
}
