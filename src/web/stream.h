/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies that are too large to be in memory: one that comes (an upload) is read piece by piece by its handler, one that
 * goes (a document) is written piece by piece after the handler has said how long it is.
 */
#ifndef PAT_WEB_STREAM_H
#define PAT_WEB_STREAM_H

#include <sys/types.h>

#include "base/base.h"

/* A body on its way in. The server makes it, a handler of a streaming route reads it. */
struct pat_inflow {
	int fd;
	uint64_t idle_ns;  /* the longest wait for the next byte */
	uint64_t ends_ns;  /* when the last must have come (pat_clock_boot_ns) */
	const char *first; /* what came with the headers */
	size_t first_len;
	uint64_t left; /* bytes still to come, `first` included */
};

/* Up to `max` bytes into `out`: how many, 0 at the end, or PAT_SCGI_E_… as negative: -ETIMEDOUT, -ECONNRESET, -errno. */
ssize_t pat_inflow_read(struct pat_inflow *inflow, void *out, size_t max) PAT_MUST_USE;

/* A body on its way out: exactly `bytes` of it are emitted by `send`, or it fails and the connection is cut, which the
 * client sees by the length it was promised. */
typedef int pat_emit_fn(void *to, const void *bytes, size_t len);
struct pat_outflow {
	void *arg;
	uint64_t bytes;
	int (*send)(void *arg, pat_emit_fn *emit,
	            void *to);   /* 0, what `emit` returned, or a fault */
	void (*done)(void *arg); /* called once, in any case */
};

#endif
