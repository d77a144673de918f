/* SPDX-License-Identifier: Apache-2.0
 *
 * The web layer as a whole: a fixed number of threads, each taking one connection at a time from the
 * listening socket, reading its one request, answering it and closing. nginx has already absorbed slow
 * clients, so blocking is right and simple; everything else waits in the socket's backlog, where nginx's
 * own limits and timeouts see it.
 */
#ifndef PAT_WEB_SERVER_H
#define PAT_WEB_SERVER_H

#include "base/err.h"
#include "core/catalogue.h"

#define PAT_WEB_THREADS_MAX 256

struct pat_buf;
struct pat_core;
struct pat_router;
struct pat_web;

struct pat_web_config {
	struct pat_core *core;                 /* outlives the web layer */
	struct pat_files *files;               /* likewise; NULL: the files product is off */
	const struct pat_catalogue *catalogue; /* likewise */
	int listen_fd;    /* a listening stream socket; stays the caller's, becomes non-blocking */
	unsigned threads; /* 1 … PAT_WEB_THREADS_MAX */
	const struct pat_router *router; /* NULL: routes.c. Outlives the web layer */
	const char *public_url;          /* "https://host[:port]" without a path, or NULL; copied */
	const char *api_docs_url;        /* "" or NULL: none; outlives the web layer */
	const struct pat_buf *api_document; /* NULL: none; likewise */
	unsigned request_timeout_ms; /* reading a request, and again sending its answer; 0: 10 s */
};

/* Starts the threads. -EINVAL, -ENOMEM, -EAGAIN, with the reason in `err`. Blocks every signal in the
 * threads it starts. Call pat_json_init() (web/json.h) once before. */
int pat_web_new(const struct pat_web_config *config, struct pat_web **ret,
                struct pat_err *err) PAT_MUST_USE;

/* Takes no new connection, lets each thread finish the request it has, and waits for all of them. 0, or
 * -ETIMEDOUT when some had not ended in time: then nothing may be freed and the process should exit. */
int pat_web_stop(struct pat_web *web, unsigned timeout_ms) PAT_MUST_USE;

/* After a pat_web_stop() that returned 0. Accepts NULL. */
void pat_web_free(struct pat_web *web);

#endif
