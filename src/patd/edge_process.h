/* SPDX-License-Identifier: Apache-2.0
 *
 * The edge's processes as /proc tells them. nginx runs in a process group of its own, whose number is its
 * master's; a master that was killed leaves its workers, and they go on verifying and hold the port.
 */
#ifndef PAT_PATD_EDGE_PROCESS_H
#define PAT_PATD_EDGE_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* What a pid file says, or 0. */
pid_t pat_edge_process_noted(const char *pid_file);

/* The nginx that runs, or starts, with this configuration file, or 0. Looks past the pid file: a patd that was killed while
 * nginx started has none. */
pid_t pat_edge_process_find(const char *conf);

/* Whether this process is an nginx with this configuration file that has started. */
bool pat_edge_process_is_master(pid_t pid, const char *conf);

/* Tells the workers of a dead master to end, and waits until they have given up the port: they still finish the requests
 * they have. Does nothing while the master, or a stranger who got its number, lives. */
void pat_edge_process_end_orphans(pid_t master);

#endif
