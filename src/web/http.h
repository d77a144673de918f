/* SPDX-License-Identifier: Apache-2.0
 *
 * A request as handlers see it, and the answer they fill in. Only what nginx's own configuration
 * sets (the parameters without HTTP_) is believed; headers of the client are asked for by name and
 * say when they came more than once.
 */
#ifndef PAT_WEB_HTTP_H
#define PAT_WEB_HTTP_H

#include "base/buf.h"
#include "store/store.h"
#include "web/scgi.h"
#include "web/stream.h"

#define PAT_WEB_ANSWER_BYTES_MAX \
	(4 * 1024 * 1024)           /* a page of 100 tokens with the longest scope texts */
#define PAT_WEB_HOST_BYTES_MAX 260  /* a name of 253 and ":65535" */
#define PAT_WEB_URL_BYTES_MAX  1500 /* of our own that answers name */

enum pat_entry {
	PAT_ENTRY_NONE, /* a location of nginx that names none: nothing is served */
	PAT_ENTRY_API,
	PAT_ENTRY_PAGES,
	PAT_ENTRY_PRODUCT,
	PAT_ENTRY_HEALTH,
};

enum pat_header_state {
	PAT_HEADER_NONE,
	PAT_HEADER_ONE,
	PAT_HEADER_MANY
};

/* Points into the bytes of the SCGI request. Texts are "" when nginx sent none or they are not fit. */
struct pat_request {
	const struct pat_scgi *scgi;
	enum pat_entry entry;
	const char *method;
	const char *path;  /* normalised by nginx, without the query */
	const char *query; /* raw */
	const char *content_type;
	const char *scheme; /* "http" or "https" */
	const char *host;   /* with its port */
	const char *address;
	const char *request_id;
	/* The gate's words, on PAT_ENTRY_PRODUCT and, where nginx's location judges tokens, PAT_ENTRY_API: person id */
	const char *user;
	const char *token_id; /* … the token's */
	/* … what the token is limited to, as token/limits.h has it; "": nothing */
	const char *limits;
	const char *scopes; /* … canonical scopes */
	const char *body;
	size_t body_len;
	uint64_t
		content_length; /* of a streamed body more than `body_len`, which is what has come */
	struct pat_inflow *inflow;           /* a streamed body; NULL: `body` is all */
	char agent[PAT_AGENT_BYTES_MAX + 1]; /* printable ASCII, cut */
};

/* `public_url`: see web/server.h; makes the scheme https where nginx itself stands behind TLS. */
void pat_request_init(struct pat_request *request, const struct pat_scgi *scgi,
                      const char *public_url);

/* A header of the client by its SCGI name ("HTTP_ORIGIN"). `*ret` is set with PAT_HEADER_ONE. */
enum pat_header_state pat_request_header(const struct pat_request *request, const char *name,
                                         const char **ret);

/* GET and HEAD, which change nothing. */
bool pat_request_is_safe(const struct pat_request *request);

/* Whether the body is declared to be application/json. */
bool pat_request_is_json(const struct pat_request *request);

/* Finds `name` in the query and writes its percent-decoded value: 0 absent, 1 found, -EINVAL when it
 * comes twice, is malformed, holds a NUL or does not fit. */
int pat_request_query(const struct pat_request *request, const char *name, char *out,
                      size_t out_bytes) PAT_MUST_USE;

/* Whether the query has a name that is not in the NULL-ended list; `*ret` is where it starts. */
bool pat_request_query_unknown(const struct pat_request *request, const char *const *names,
                               const char **ret, size_t *ret_len);

/* ---- Answers. */

struct pat_response {
	int status;          /* 0: nothing answered yet */
	struct pat_buf head; /* header lines, each ended by CR LF */
	struct pat_buf body;
	struct pat_outflow outflow; /* instead of `body`, when it has a `send` */
};

void pat_response_init(struct pat_response *response);
void pat_response_done(struct pat_response *response);

/* Answers with a body that is written later. The response owns it from now on. */
void pat_response_flow(struct pat_response *response, const struct pat_outflow *outflow);

/* Back to nothing answered. */
void pat_response_clear(struct pat_response *response);

/* Adds a header. -EINVAL for a name that is no token or a value with anything but printable ASCII and
 * single spaces: such a header is not sent, and the answer counts as failed. */
int pat_response_header(struct pat_response *response, const char *name, const char *value);
int pat_response_headerf(struct pat_response *response, const char *name, const char *format, ...)
	PAT_PRINTF(3, 4);

/* The first failure of a header or of the body, or 0. */
int pat_response_error(const struct pat_response *response) PAT_MUST_USE;

/* Writes status line, headers and the empty line of a SCGI answer. */
int pat_response_head(const struct pat_response *response, struct pat_buf *out) PAT_MUST_USE;

/* Reads a whole text as a number from 1 to 10^18 - 1, in its one spelling: ids, cursors, limits. */
bool pat_http_number(const char *text, int64_t *ret);

/* "Not Found" for 404; "" for a status we do not use. */
const char *pat_http_title(int status);

#endif
