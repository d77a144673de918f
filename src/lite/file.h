/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of a database before it is one: where it is, whose it is, and that nobody else has it. Its directory is resolved
 * once and then no symbolic link followed; it is created for its owner alone, whatever the umask; the lock is taken
 * before anything is looked at.
 */
#ifndef PAT_LITE_FILE_H
#define PAT_LITE_FILE_H

#include "base/err.h"
#include "lite/conn.h"

/* The directory's real path and the file's name, joined: the caller's, to be freed. */
int pat_lite_path(const char *location, char **ret, struct pat_err *err) PAT_MUST_USE;
/* Locks "<path>.lock" for as long as the descriptor is open. -EBUSY. */
int pat_lite_lock(const char *path, int *ret_fd, struct pat_err *err) PAT_MUST_USE;
/* Makes sure that there is a plain file of mode 0600 and that its name would survive a power cut. */
int pat_lite_prepare(const char *path, struct pat_err *err) PAT_MUST_USE;
/* Switches an open database to write-ahead logging. */
int pat_lite_wal(struct pat_lite_conn *conn, struct pat_err *err) PAT_MUST_USE;

#endif
