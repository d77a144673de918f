/* SPDX-License-Identifier: Apache-2.0
 *
 * A file system for SQLite that counts, and fails when told to: the system's own underneath. Registered
 * as the default, so that the shipped store runs on it unchanged. Tests only.
 */
#ifndef PAT_TESTS_CONTRACT_FAULTY_VFS_H
#define PAT_TESTS_CONTRACT_FAULTY_VFS_H

#include "base/base.h"

enum faulty_kind {
	FAULTY_IO, /* the n-th operation fails with an I/O error, a write after half of its bytes */
	FAULTY_FULL, /* the n-th that takes space, and all after it, find the disk full */
	FAULTY_GONE, /* from the n-th on every operation fails, as if the process had died there */
};

/* Before any use of SQLite in the process. */
void faulty_vfs_register(void);
/* Counts from here; the n-th (from 1) file operation of any thread fails. */
void faulty_vfs_arm(enum faulty_kind kind, int n);
/* Whether the failure came. Nothing fails any more. */
bool faulty_vfs_disarm(void);

/* fsyncs of write-ahead logs so far; and whether some log holds bytes written since its last. */
uint64_t faulty_vfs_wal_syncs(void);
bool faulty_vfs_wal_unsynced(void);

#endif
