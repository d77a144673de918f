/* SPDX-License-Identifier: Apache-2.0
 *
 * A PostgreSQL of the tests' own: a cluster on a tmpfs, by unix socket only, which ends with the process that started it.
 * fsync is on, as patd demands. Started as root it runs as the user postgres.
 */
#ifndef PAT_TESTS_CONTRACT_POSTGRES_CLUSTER_H
#define PAT_TESTS_CONTRACT_POSTGRES_CLUSTER_H

#include "base/base.h"

/* Makes and starts it, once a process. Ends at exit, or when the process is killed. */
void postgres_cluster_start(void);
/* Its folder: the socket is in it, and there is room for more. */
const char *postgres_cluster_folder(void);
/* Kills the server as a crash would, and starts it anew. */
void postgres_cluster_crash(void);
/* Runs `text` on the database `postgres`. `ret` (may be NULL): the first column of the first row. */
void postgres_cluster_sql(const char *text, char *ret, size_t ret_bytes);

#endif
