/* SPDX-License-Identifier: Apache-2.0
 *
 * SCGI (python.ca/scgi/protocol.txt): one request as bytes, and moving those bytes over a socket.
 *
 *   request = netstring(headers) body        headers = *( name NUL value NUL )
 *
 * The first header is CONTENT_LENGTH (of a body that nginx does not buffer: what has come of it, and HTTP_CONTENT_LENGTH is the
 * whole), one is SCGI with the value 1. Everything is length-prefixed, so there is nothing to smuggle; what is not exactly of this form is refused. A name may come twice
 * only if it starts with HTTP_, because nginx passes repeated request headers on as they came.
 */
#ifndef PAT_WEB_SCGI_H
#define PAT_WEB_SCGI_H

#include "base/buf.h"

#define PAT_SCGI_HEADER_BYTES_MAX (32 * 1024)
#define PAT_SCGI_BODY_BYTES_MAX   (64 * 1024)
#define PAT_SCGI_PARAMS_MAX       128
/* "32768:" + headers + "," + body */
#define PAT_SCGI_REQUEST_BYTES_MAX (6 + PAT_SCGI_HEADER_BYTES_MAX + 1 + PAT_SCGI_BODY_BYTES_MAX)

enum pat_scgi_outcome {
	PAT_SCGI_E_MORE = 1, /* a good beginning: read more */
	PAT_SCGI_E_MALFORMED,
	PAT_SCGI_E_TOO_LARGE, /* more headers than allowed */
	PAT_SCGI_E_BODY_TOO_LARGE, /* announces more body than is held in memory, or one that nginx hands on as it comes: the
				    * parameters are filled in, and `body` is what of it has come */
	PAT_SCGI_E_CLOSED,  /* reading: the peer closed before its request was whole */
	PAT_SCGI_E_TIMEOUT, /* reading or writing: the deadline passed */
};

struct pat_scgi_param {
	const char *name; /* NUL-terminated, of A-Z 0-9 _ */
	const char *value;
};

/* Points into the bytes it was parsed from. */
struct pat_scgi {
	struct pat_scgi_param params[PAT_SCGI_PARAMS_MAX];
	size_t n_params;
	const char *body;
	size_t body_len;
	uint64_t content_length; /* as announced */
};

/* Pure. 0, E_MORE, E_MALFORMED, E_TOO_LARGE, E_BODY_TOO_LARGE. */
int pat_scgi_parse(const char *bytes, size_t len, struct pat_scgi *ret) PAT_MUST_USE;

/* The first parameter of that name, or NULL. */
const char *pat_scgi_get(const struct pat_scgi *scgi, const char *name);

/* Reads one request from a socket into `bytes` (empty; its maximum is above PAT_SCGI_REQUEST_BYTES_MAX)
 * and parses it. An outcome, or -errno. */
int pat_scgi_read(int fd, uint64_t deadline_ns, struct pat_buf *bytes,
                  struct pat_scgi *ret) PAT_MUST_USE;

/* Reads what has come of a body, at least one byte, at most `max`. 0, E_TIMEOUT, E_CLOSED or -errno. */
int pat_scgi_receive(int fd, uint64_t deadline_ns, void *out, size_t max,
                     size_t *ret_len) PAT_MUST_USE;

/* Sends all of it without raising SIGPIPE. 0, E_TIMEOUT, E_CLOSED or -errno. */
int pat_scgi_send(int fd, uint64_t deadline_ns, const void *bytes, size_t len) PAT_MUST_USE;

/* Reads and forgets what the peer still sends, at most `bytes_max` and until the deadline: closing a
 * socket on unread bytes would take our answer away from a peer that is still writing. */
void pat_scgi_drain(int fd, uint64_t deadline_ns, size_t bytes_max);

#endif
