/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests and answers. What nginx hands over is checked here once, so that everything behind sees
 * either a well-formed text or "".
 */
#include "web/http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES_MAX         8192
#define HEADER_VALUE_BYTES_MAX 1024

static const char *param(const struct pat_scgi *scgi, const char *name)
{
	const char *value = pat_scgi_get(scgi, name);

	return value ? value : "";
}

/* `text` when it has only letters, digits and bytes of `others`, and is not too long; else "". */
static const char *only(const char *text, const char *others, size_t bytes_max)
{
	size_t i = 0;

	for (; text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool digit = c >= '0' && c <= '9';

		if ((!letter && !digit && !strchr(others, c)) || i == bytes_max)
			return "";
	}
	return text;
}

static enum pat_entry parse_entry(const char *text)
{
	static const struct {
		const char *name;
		enum pat_entry entry;
	} entries[] = {
		{ "api", PAT_ENTRY_API },
		{ "pages", PAT_ENTRY_PAGES },
		{ "product", PAT_ENTRY_PRODUCT },
		{ "health", PAT_ENTRY_HEALTH },
	};

	for (size_t i = 0; i < PAT_ARRAY_LEN(entries); i++)
		if (strcmp(text, entries[i].name) == 0)
			return entries[i].entry;
	return PAT_ENTRY_NONE;
}

/* The scheme the browser sees: nginx's own, or that of the public URL where nginx speaks http behind
 * something that ends TLS. */
static const char *effective_scheme(const char *scheme, const char *host, const char *public_url)
{
	static const char https[] = "https://";
	size_t n = sizeof(https) - 1;

	if (strcmp(scheme, "https") == 0)
		return "https";
	if (public_url && strncmp(public_url, https, n) == 0 &&
	    strcasecmp(public_url + n, host) == 0)
		return "https";
	return "http";
}

static void set_agent(struct pat_request *request)
{
	const char *agent = "";
	size_t i = 0;

	(void)pat_request_header(request, "HTTP_USER_AGENT", &agent);
	for (; agent[i] != '\0' && i < PAT_AGENT_BYTES_MAX; i++)
		request->agent[i] = agent[i] >= 0x20 && agent[i] < 0x7f ? agent[i] : '?';
	request->agent[i] = '\0';
}

void pat_request_init(struct pat_request *request, const struct pat_scgi *scgi,
                      const char *public_url)
{
	*request = (struct pat_request){
		.scgi = scgi,
		.entry = parse_entry(param(scgi, "PATD_ENTRY")),
		.method = only(param(scgi, "REQUEST_METHOD"), "", 16),
		.path = param(scgi, "DOCUMENT_URI"),
		.query = param(scgi, "QUERY_STRING"),
		.content_type = param(scgi, "CONTENT_TYPE"),
		.host = only(param(scgi, "HTTP_HOST"), ".-_:[]", PAT_WEB_HOST_BYTES_MAX),
		.address = only(param(scgi, "REMOTE_ADDR"), ".:", PAT_ADDRESS_BYTES_MAX),
		.request_id = only(param(scgi, "REQUEST_ID"), "-", PAT_REQUEST_ID_BYTES_MAX),
		.user = "",
		.scopes = "",
		.token_id = "",
		.limits = "",
		.body = scgi->body,
		.body_len = scgi->body_len,
		.content_length = scgi->content_length,
	};
	request->scheme =
		effective_scheme(param(scgi, "REQUEST_SCHEME"), request->host, public_url);
	if (request->entry == PAT_ENTRY_PRODUCT || request->entry == PAT_ENTRY_API) {
		request->user = param(scgi, "PAT_USER");
		request->scopes = param(scgi, "PAT_SCOPES");
		request->token_id = param(scgi, "PAT_TOKEN_ID");
		request->limits = param(scgi, "PAT_LIMITS");
	}
	set_agent(request);
}

enum pat_header_state pat_request_header(const struct pat_request *request, const char *name,
                                         const char **ret)
{
	const struct pat_scgi *scgi = request->scgi;
	enum pat_header_state state = PAT_HEADER_NONE;

	for (size_t i = 0; i < scgi->n_params; i++) {
		if (strcmp(scgi->params[i].name, name) != 0)
			continue;
		if (state == PAT_HEADER_ONE)
			return PAT_HEADER_MANY;
		state = PAT_HEADER_ONE;
		*ret = scgi->params[i].value;
	}
	return state;
}

bool pat_request_is_safe(const struct pat_request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

bool pat_request_is_json(const struct pat_request *request)
{
	static const char type[] = "application/json";
	size_t n = sizeof(type) - 1;

	if (strncasecmp(request->content_type, type, n) != 0)
		return false;
	n += strspn(request->content_type + n, " \t");
	return request->content_type[n] == '\0' || request->content_type[n] == ';';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* Decodes one percent-encoded value ("+" is a space, as forms write it). */
static int percent_decode(const char *text, size_t len, char *out, size_t out_bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%') {
			if (len - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
				return -EINVAL;
			c = (char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
			i += 2;
		}
		if (c == '\0' || n + 1 >= out_bytes)
			return -EINVAL;
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

/* One "name=value" of a query. */
struct pair {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

static bool next_pair(const char **cursor, struct pair *ret)
{
	for (;;) {
		const char *start = *cursor;
		size_t len = strcspn(start, "&");
		size_t name_len = strcspn(start, "=&");

		if (*start == '\0')
			return false;
		*cursor = start + len + (start[len] == '&');
		if (len == 0)
			continue;
		*ret = (struct pair){ .name = start,
			              .name_len = name_len,
			              .value = start + name_len };
		if (name_len < len) {
			ret->value++;
			ret->value_len = len - name_len - 1;
		}
		return true;
	}
}

static bool pair_is(const struct pair *pair, const char *name)
{
	return pair->name_len == strlen(name) && memcmp(pair->name, name, pair->name_len) == 0;
}

int pat_request_query(const struct pat_request *request, const char *name, char *out,
                      size_t out_bytes)
{
	const char *cursor = request->query;
	struct pair pair = { 0 };
	int found = 0;

	while (next_pair(&cursor, &pair)) {
		if (!pair_is(&pair, name))
			continue;
		if (found || percent_decode(pair.value, pair.value_len, out, out_bytes) < 0)
			return -EINVAL;
		found = 1;
	}
	return found;
}

bool pat_request_query_unknown(const struct pat_request *request, const char *const *names,
                               const char **ret, size_t *ret_len)
{
	const char *cursor = request->query;
	struct pair pair = { 0 };

	while (next_pair(&cursor, &pair)) {
		size_t i = 0;

		while (names[i] && !pair_is(&pair, names[i]))
			i++;
		if (names[i])
			continue;
		*ret = pair.name;
		*ret_len = pair.name_len;
		return true;
	}
	return false;
}

/* ---- Answers. */

void pat_response_init(struct pat_response *response)
{
	*response = (struct pat_response){ 0 };
	pat_buf_init(&response->head, HEAD_BYTES_MAX);
	pat_buf_init(&response->body, PAT_WEB_ANSWER_BYTES_MAX);
}

static void drop_outflow(struct pat_response *response)
{
	if (response->outflow.done)
		response->outflow.done(response->outflow.arg);
	response->outflow = (struct pat_outflow){ 0 };
}

void pat_response_done(struct pat_response *response)
{
	drop_outflow(response);
	pat_buf_done(&response->head);
	pat_buf_done(&response->body);
}

void pat_response_flow(struct pat_response *response, const struct pat_outflow *outflow)
{
	drop_outflow(response);
	response->outflow = *outflow;
}

void pat_response_clear(struct pat_response *response)
{
	drop_outflow(response);
	response->status = 0;
	pat_buf_clear(&response->head);
	pat_buf_clear(&response->body);
}

static bool header_name_ok(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		bool letter = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';

		if (!letter && !(*p >= '0' && *p <= '9') && *p != '-')
			return false;
	}
	return *name != '\0';
}

static bool header_value_ok(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			return false;
	return true;
}

int pat_response_header(struct pat_response *response, const char *name, const char *value)
{
	if (!header_name_ok(name) || !header_value_ok(value)) {
		if (response->head.failed == 0)
			response->head.failed = -EINVAL;
		return -EINVAL;
	}
	return pat_buf_addf(&response->head, "%s: %s\r\n", name, value);
}

int pat_response_headerf(struct pat_response *response, const char *name, const char *format, ...)
{
	char value[HEADER_VALUE_BYTES_MAX];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	int r = n < 0 || (size_t)n >= sizeof(value) ? -EMSGSIZE : 0;
	if (r == 0)
		r = pat_response_header(response, name, value);
	else if (response->head.failed == 0)
		response->head.failed = r;
	explicit_bzero(value, sizeof(value)); /* Set-Cookie passes through here. */
	return r;
}

int pat_response_error(const struct pat_response *response)
{
	int r = pat_buf_error(&response->head);

	return r != 0 ? r : pat_buf_error(&response->body);
}

int pat_response_head(const struct pat_response *response, struct pat_buf *out)
{
	(void)pat_buf_addf(out, "Status: %d %s\r\n", response->status,
	                   pat_http_title(response->status));
	(void)pat_buf_add(out, pat_buf_str(&response->head), response->head.len);
	if (response->status != 204 && response->status != 304)
		(void)pat_buf_addf(out, "Content-Length: %llu\r\n",
		                   response->outflow.send
		                           ? (unsigned long long)response->outflow.bytes
		                           : (unsigned long long)response->body.len);
	(void)pat_buf_add_str(out, "\r\n");
	return pat_buf_error(out);
}

bool pat_http_number(const char *text, int64_t *ret)
{
	size_t len = strlen(text);
	int64_t number = 0;

	if (len == 0 || len > 18 || text[0] == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*ret = number;
	return true;
}

const char *pat_http_title(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	case 302:
		return "Found";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 413:
		return "Content Too Large";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	case 503:
		return "Service Unavailable";
	case 507:
		return "Insufficient Storage";
	default:
		return "";
	}
}
