/* SPDX-License-Identifier: Apache-2.0
 *
 * A conversation with HAProxy's master process over its command line socket (haproxy -W -S SOCKET; HAProxy's Management
 * Guide, 9.4 "Master CLI"). Through it every worker can be spoken to, also those that a reload has told to end
 * and that still answer: the workers' own sockets do not reach them.
 *
 * The calls may come from any thread. They take at most until `until_ns`, by CLOCK_BOOTTIME.
 */
#ifndef PAT_HAPROXY_MASTER_H
#define PAT_HAPROXY_MASTER_H

#include "base/buf.h"

#define PAT_HAPROXY_WORKERS_MAX 64
#define PAT_HAPROXY_LINE_MAX \
	12288 /* bytes of a command: HAProxy takes no more than its tune.bufsize, less some */

/* Sends one command, with its lines if it has any, to the worker with that pid, or with 0 to the master itself; `answer`, which was
 * initialized, gets what was said. 0, -ETIMEDOUT, another -errno. -ECONNREFUSED says nothing of the workers: a master that loads its
 * configuration anew refuses for so long. */
int pat_haproxy_ask(const char *path, int64_t pid, const char *command, uint64_t until_ns,
                    struct pat_buf *answer) PAT_MUST_USE;

/* … a command that changes something. 0: done, or there was nothing to do it to. Not done: -ESRCH: there is no such worker any more;
 * -EPROTO: refused, and `answer` says why; -ECONNREFUSED, -ENOENT, -EAGAIN, -EACCES: it was not sent. Anything else: it may be
 * done, or be done later still. */
int pat_haproxy_tell(const char *path, int64_t pid, const char *command, uint64_t until_ns,
                     struct pat_buf *answer) PAT_MUST_USE;

/* A master, and the pids of all workers that it has, those that are ending included. What another master has is not here, though it may
 * go on answering: one that took the socket over (haproxy -sf) knows nothing of the former one's. */
struct pat_haproxy_listing {
	int64_t master;    /* its pid */
	int64_t started_s; /* by CLOCK_BOOTTIME, to a second or two: pids come again */
	size_t n;
	int64_t pids[PAT_HAPROXY_WORKERS_MAX];
};

/* As ask(); -EPROTO: this is not what a master says, or there are too many. */
int pat_haproxy_list(const char *path, uint64_t until_ns,
                     struct pat_haproxy_listing *ret) PAT_MUST_USE;

/* Reads an answer to `show proc` of that time. 0 or -EPROTO. */
int pat_haproxy_list_parse(const char *text, int64_t now_s,
                           struct pat_haproxy_listing *ret) PAT_MUST_USE;

bool pat_haproxy_same_master(const struct pat_haproxy_listing *a,
                             const struct pat_haproxy_listing *b);

#endif
