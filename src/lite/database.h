/* SPDX-License-Identifier: Apache-2.0
 *
 * A database that one process owns: its file, locked against a second process; the one connection that writes, with its
 * write-ahead log; and a pool of connections that read.
 *
 * Who writes is the caller's order to keep, by a thread of its own or a mutex: `conn`, begin, commit, abandon, cut and
 * checkpoint are for one thread at a time. Reading is for any.
 */
#ifndef PAT_LITE_DATABASE_H
#define PAT_LITE_DATABASE_H

#include <sys/types.h>

#include "lite/pool.h"
#include "lite/schema.h"

struct pat_lite_database {
	const struct pat_lite_schema *schema;
	char *path;
	dev_t device; /* of the file that was opened */
	ino_t inode;
	int lock_fd;
	struct pat_lite_conn conn; /* the one that writes */
	int log_frames;            /* in the write-ahead log */
	int log_frames_copied;     /* of them, when they were last copied into the database */
	struct pat_lite_pool readers;
};

/* `schema` outlives it. done() accepts what init() or open() left. */
void pat_lite_database_init(struct pat_lite_database *db, const struct pat_lite_schema *schema);
void pat_lite_database_done(struct pat_lite_database *db);

/* Locks the file, makes it if need be, and brings it to the newest schema. -EPROTO (of a newer patd), -EINVAL (no database of
 * ours), -EBUSY (in use), I/O: with the reason in `err`. */
int pat_lite_database_open(struct pat_lite_database *db, const char *location,
                           struct pat_err *err) PAT_MUST_USE;

/* Begins a transaction that writes, on a connection that is opened anew after a fault. -EIO also when the path no longer
 * leads to the file: what is written to a file without a name is gone with the process, so it must not be acknowledged. */
int pat_lite_database_begin(struct pat_lite_database *db) PAT_MUST_USE;
/* Durable when it returns 0. */
int pat_lite_database_commit(struct pat_lite_database *db) PAT_MUST_USE;
/* Leaves no transaction behind, whatever happened in it. */
void pat_lite_database_abandon(struct pat_lite_database *db);
/* After a fault, before anybody is told of it: what a failed commit wrote may lie whole behind the end of the log, where
 * nobody reads it now, but recovery after a crash would. */
void pat_lite_database_cut(struct pat_lite_database *db);
/* After a commit: copies the log into the database once enough was added, and starts it over when it has become long. A
 * fault leaves it as it is, and a later one tries again. */
void pat_lite_database_checkpoint(struct pat_lite_database *db);

#endif
