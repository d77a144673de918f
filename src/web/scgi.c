/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing and transport of SCGI. The parser is handed all bytes read so far each time; a request
 * arrives in one or two reads, so starting over costs nothing and there is no state to get wrong.
 */
#include "web/scgi.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

#define READ_BYTES 16384

/* Reads a decimal number of 1 to 19 digits without leading zeros. */
static int parse_number(const char *text, size_t len, uint64_t *ret)
{
	uint64_t number = 0;

	if (len == 0 || len > 19 || (len > 1 && text[0] == '0'))
		return PAT_SCGI_E_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return PAT_SCGI_E_MALFORMED;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = number;
	return 0;
}

/* The netstring's frame: where the headers begin and how many bytes they are. */
static int parse_frame(const char *bytes, size_t len, size_t *ret_start, size_t *ret_len)
{
	uint64_t number = 0;
	size_t digits = 0;

	while (digits < len && bytes[digits] >= '0' && bytes[digits] <= '9')
		digits++;
	if (digits > 5)
		return PAT_SCGI_E_TOO_LARGE;
	if (digits == len)
		return PAT_SCGI_E_MORE;
	if (bytes[digits] != ':' || parse_number(bytes, digits, &number) != 0)
		return PAT_SCGI_E_MALFORMED;
	if (number > PAT_SCGI_HEADER_BYTES_MAX)
		return PAT_SCGI_E_TOO_LARGE;
	*ret_start = digits + 1;
	*ret_len = (size_t)number;
	return 0;
}

static bool name_ok(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return len > 0;
}

static bool may_repeat(const char *name)
{
	return strncmp(name, "HTTP_", 5) == 0;
}

static int add_param(struct pat_scgi *scgi, const char *name, const char *value)
{
	if (scgi->n_params == PAT_SCGI_PARAMS_MAX)
		return PAT_SCGI_E_TOO_LARGE;
	if (!may_repeat(name) && pat_scgi_get(scgi, name))
		return PAT_SCGI_E_MALFORMED;
	scgi->params[scgi->n_params++] = (struct pat_scgi_param){ .name = name, .value = value };
	return 0;
}

static int parse_headers(const char *headers, size_t len, struct pat_scgi *scgi)
{
	size_t at = 0;

	while (at < len) {
		const char *name = headers + at;
		const char *name_end = memchr(name, '\0', len - at);

		if (!name_end || !name_ok(name, (size_t)(name_end - name)))
			return PAT_SCGI_E_MALFORMED;
		at = (size_t)(name_end - headers) + 1;

		const char *value = headers + at;
		const char *value_end = at < len ? memchr(value, '\0', len - at) : NULL;
		if (!value_end)
			return PAT_SCGI_E_MALFORMED;
		at = (size_t)(value_end - headers) + 1;

		int r = add_param(scgi, name, value);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A body that nginx hands on while it comes (scgi_request_buffering off) is announced in CONTENT_LENGTH only as far as it has
 * come; the client's own header, which nginx holds it to, says how long it is. */
static int announced_length(const struct pat_scgi *scgi, uint64_t *ret, bool *ret_unbuffered)
{
	const char *come = scgi->params[0].value;
	const char *whole = pat_scgi_get(scgi, "HTTP_CONTENT_LENGTH");
	uint64_t length = 0;

	int r = parse_number(come, strlen(come), ret);
	if (r == 0 && whole)
		r = parse_number(whole, strlen(whole), &length);
	*ret_unbuffered = length > *ret;
	if (*ret_unbuffered)
		*ret = length;
	return r;
}

/* What the protocol demands of the headers; the announced length of the body. */
static int check_headers(const struct pat_scgi *scgi, uint64_t *ret_body_len, bool *ret_unbuffered)
{
	const char *version = pat_scgi_get(scgi, "SCGI");

	if (scgi->n_params == 0 || strcmp(scgi->params[0].name, "CONTENT_LENGTH") != 0)
		return PAT_SCGI_E_MALFORMED;
	if (!version || strcmp(version, "1") != 0)
		return PAT_SCGI_E_MALFORMED;
	return announced_length(scgi, ret_body_len, ret_unbuffered);
}

int pat_scgi_parse(const char *bytes, size_t len, struct pat_scgi *ret)
{
	size_t start = 0;
	size_t headers_len = 0;
	uint64_t body_len = 0;
	bool unbuffered = false;

	int r = parse_frame(bytes, len, &start, &headers_len);
	if (r != 0)
		return r;
	if (len - start < headers_len + 1)
		return PAT_SCGI_E_MORE;
	if (bytes[start + headers_len] != ',')
		return PAT_SCGI_E_MALFORMED;

	ret->n_params = 0;
	r = parse_headers(bytes + start, headers_len, ret);
	if (r == 0)
		r = check_headers(ret, &body_len, &unbuffered);
	if (r != 0)
		return r;

	size_t have = len - start - headers_len - 1;
	ret->content_length = body_len;
	if (have > body_len)
		return PAT_SCGI_E_MALFORMED;
	ret->body = bytes + start + headers_len + 1;
	ret->body_len = have;
	/* Nobody waits for the rest of a body before who sends it was judged. */
	if (body_len > PAT_SCGI_BODY_BYTES_MAX || unbuffered)
		return PAT_SCGI_E_BODY_TOO_LARGE;
	if (have < body_len)
		return PAT_SCGI_E_MORE;
	return 0;
}

const char *pat_scgi_get(const struct pat_scgi *scgi, const char *name)
{
	for (size_t i = 0; i < scgi->n_params; i++)
		if (strcmp(scgi->params[i].name, name) == 0)
			return scgi->params[i].value;
	return NULL;
}

/* Waits until the socket is ready for `events`. */
static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now_ns = pat_clock_boot_ns();
		struct pollfd poller = { .fd = fd, .events = events };

		if (now_ns >= deadline_ns)
			return PAT_SCGI_E_TIMEOUT;
		/* Rounded up, so that the last wait does not spin. */
		uint64_t left_ms = (deadline_ns - now_ns) / 1000000 + 1;
		int n = poll(&poller, 1, left_ms > 60000 ? 60000 : (int)left_ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int pat_scgi_receive(int fd, uint64_t deadline_ns, void *out, size_t max, size_t *ret_len)
{
	for (;;) {
		int r = wait_for(fd, POLLIN, deadline_ns);

		if (r != 0)
			return r;
		ssize_t n = recv(fd, out, max, MSG_DONTWAIT);
		if (n > 0) {
			*ret_len = (size_t)n;
			return 0;
		}
		if (n == 0 || errno == ECONNRESET)
			return PAT_SCGI_E_CLOSED;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int pat_scgi_read(int fd, uint64_t deadline_ns, struct pat_buf *bytes, struct pat_scgi *ret)
{
	char chunk[READ_BYTES];

	pat_assert(bytes->max > PAT_SCGI_REQUEST_BYTES_MAX);
	for (;;) {
		/* Never none: of more than the largest request the parser asks for no more. */
		size_t room = bytes->max - bytes->len;
		size_t n = 0;

		int r = pat_scgi_receive(fd, deadline_ns, chunk,
		                         room < sizeof(chunk) ? room : sizeof(chunk), &n);
		if (r != 0)
			return r;
		r = pat_buf_add(bytes, chunk, n);
		explicit_bzero(chunk, n); /* A password may have passed through. */
		if (r < 0)
			return r;
		r = pat_scgi_parse(bytes->data, bytes->len, ret);
		if (r != PAT_SCGI_E_MORE)
			return r;
	}
}

int pat_scgi_send(int fd, uint64_t deadline_ns, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		int r = wait_for(fd, POLLOUT, deadline_ns);

		if (r != 0)
			return r;
		ssize_t n = send(fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			at += n;
			len -= (size_t)n;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return PAT_SCGI_E_CLOSED;
		} else if (errno != EINTR && errno != EAGAIN) {
			return -errno;
		}
	}
	return 0;
}

void pat_scgi_drain(int fd, uint64_t deadline_ns, size_t bytes_max)
{
	char chunk[READ_BYTES];
	size_t n = 0;

	for (size_t total = 0; total < bytes_max; total += n)
		if (pat_scgi_receive(fd, deadline_ns, chunk, sizeof(chunk), &n) != 0)
			break;
	explicit_bzero(chunk, sizeof(chunk));
}
