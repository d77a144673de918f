/* SPDX-License-Identifier: Apache-2.0
 *
 * A plain blocking HTTP/1.1 client for the measuring programs: one kept-alive connection, one request at a time.
 * nginx closes a connection after some requests, and says so in the answer: then there is a new one.
 */
#ifndef PAT_BENCH_HTTP_H
#define PAT_BENCH_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define HTTP_BYTES_MAX 16384

struct http {
	int port;
	int fd;
	size_t have;
	char text[HTTP_BYTES_MAX]; /* the request, then the answer */
};

/* What a signed-in browser sends. */
struct http_session {
	const char *cookie;
	const char *csrf;
};

static inline void http_connect(struct http *http, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	http->port = port;
	http->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(http->fd >= 0 && connect(http->fd, (struct sockaddr *)&address, sizeof(address)) == 0,
	     "connecting");
	(void)setsockopt(http->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Where the answer ends, or 0 when there is more to come. Every answer we ask for says how long it is. */
static inline size_t http_whole(const char *text, size_t have)
{
	const char *end = strstr(text, "\r\n\r\n");
	if (!end)
		return 0;
	const char *length = strcasestr(text, "\r\nContent-Length:");
	must(length && length < end, "finding the answer's length");
	size_t whole = (size_t)(end + 4 - text) + strtoul(length + 17, NULL, 10);
	return have >= whole ? whole : 0;
}

static inline int http_status(const char *text)
{
	return atoi(text + 9);
}

/* Sends what printf makes of the rest; the status. The answer's text is in http->text. */
__attribute__((format(printf, 2, 3))) static inline int http_call(struct http *http,
                                                                  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(http->text, sizeof(http->text), format, args);
	va_end(args);
	must(n > 0 && n < HTTP_BYTES_MAX, "the request's length");
	must(send(http->fd, http->text, (size_t)n, MSG_NOSIGNAL) == n, "sending");
	http->have = 0;
	do {
		ssize_t got = recv(http->fd, http->text + http->have,
		                   sizeof(http->text) - 1 - http->have, 0);

		must(got > 0, "receiving");
		http->have += (size_t)got;
		http->text[http->have] = '\0';
	} while (http_whole(http->text, http->have) == 0);
	if (strcasestr(http->text, "\r\nConnection: close\r\n")) {
		(void)close(http->fd);
		http_connect(http, http->port);
	}
	return http_status(http->text);
}

/* Copies the JSON text member `name` of the answer. */
static inline void http_member(const struct http *http, const char *name, char *out,
                               size_t out_bytes)
{
	char start[64];

	(void)snprintf(start, sizeof(start), "\"%s\":\"", name);
	const char *at = strstr(http->text, start);
	must(at != NULL, start);
	at += strlen(start);
	size_t len = strcspn(at, "\"");
	must(len < out_bytes, "a member's length");
	memcpy(out, at, len); /* UNSAFE: len checked */
	out[len] = '\0';
}

static inline int http_generate(struct http *http, const struct http_session *session,
                                const char *name)
{
	char body[256];

	int n = snprintf(
		body, sizeof(body),
		"{\"name\":\"%s\",\"scopes\":[\"current_user:read\"],\"expires_in_days\":30}",
		name);
	return http_call(
		http,
		"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n"
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		session->cookie, session->csrf, n, body);
}

static inline int http_revoke(struct http *http, const struct http_session *session, const char *id)
{
	return http_call(
		http,
		"DELETE /api/v1/tokens/%s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n\r\n",
		id, session->cookie, session->csrf);
}

#endif
