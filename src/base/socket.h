/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets that have a path in the file system (unix(7)): at most 107 bytes, or -ENAMETOOLONG. The caller closes what it gets.
 */
#ifndef PAT_BASE_SOCKET_H
#define PAT_BASE_SOCKET_H

#include <sys/types.h>

#include "base/base.h"

/* A socket of `type` (SOCK_STREAM or SOCK_DGRAM) at `path`, with that mode and group ((gid_t)-1: ours); until it has them nobody else
 * can open it. What was at `path` before is replaced. For one thread at a time: the process's umask changes meanwhile. */
int pat_socket_bind(const char *path, int type, mode_t mode, gid_t group, int *ret_fd) PAT_MUST_USE;

/* The same, and connections may come: `backlog` of them wait (listen(2)). */
int pat_socket_listen(const char *path, mode_t mode, gid_t group, int backlog,
                      int *ret_fd) PAT_MUST_USE;

/* A connection to who listens at `path`. `flags`: 0 or SOCK_NONBLOCK, with which a full backlog is -EAGAIN. */
int pat_socket_connect(const char *path, int flags, int *ret_fd) PAT_MUST_USE;

#endif
