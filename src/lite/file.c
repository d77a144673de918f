/* SPDX-License-Identifier: Apache-2.0 */
#include "lite/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The directory's real path and the file's name, joined. */
int pat_lite_path(const char *location, char **ret, struct pat_err *err)
{
	const char *slash = strrchr(location, '/');
	const char *name = slash ? slash + 1 : location;
	pat_cleanup(pat_freep) char *parent = NULL;
	pat_cleanup(pat_freep) char *path = NULL;
	char real[PATH_MAX];

	/* "." alone or behind the last slash: a directory either way. */
	if (asprintf(&parent, "%.*s.", (int)(name - location), location) < 0)
		return pat_err_set(err, -ENOMEM, "out of memory");
	if (!realpath(parent, real))
		return pat_err_set(err, -errno, "the store's directory %s: %s", parent,
		                   pat_err_words(errno));
	if (asprintf(&path, "%s/%s", real, name) < 0)
		return pat_err_set(err, -ENOMEM, "out of memory");
	if (strlen(path) >= PATH_MAX)
		return pat_err_set(err, -ENAMETOOLONG, "the store's path is too long");
	*ret = PAT_TAKE(path);
	return 0;
}

int pat_lite_lock(const char *path, int *ret_fd, struct pat_err *err)
{
	pat_cleanup(pat_freep) char *lock_path = NULL;
	pat_cleanup(pat_closep) int fd = -1;

	if (asprintf(&lock_path, "%s.lock", path) < 0)
		return pat_err_set(err, -ENOMEM, "out of memory");
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return pat_err_set(err, -errno, "the lock file %s: %s", lock_path,
		                   pat_err_words(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return pat_err_set(err, -EBUSY, "the store %s is in use by another patd",
			                   path);
		return pat_err_set(err, -errno, "locking %s: %s", lock_path, pat_err_words(errno));
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* Makes the name of a file just created survive a power cut. */
static int directory_sync(const char *path)
{
	pat_cleanup(pat_freep) char *directory = strdup(path);

	if (!directory)
		return -ENOMEM;
	char *slash = strrchr(directory, '/');
	pat_assert(slash);
	slash[slash == directory] = '\0'; /* "/store.db" is in "/" */
	pat_cleanup(pat_closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* SQLite gives the files it puts beside the database the mode of the database. */
int pat_lite_prepare(const char *path, struct pat_err *err)
{
	struct stat st;
	pat_cleanup(pat_closep) int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return pat_err_set(err, errno == EISDIR || errno == ELOOP ? -EINVAL : -errno,
		                   "the store %s: %s", path, pat_err_words(errno));
	if (fstat(fd, &st) < 0)
		return pat_err_set(err, -errno, "the store %s: %s", path, pat_err_words(errno));
	if (!S_ISREG(st.st_mode))
		return pat_err_set(err, -EINVAL, "the store %s is not a plain file", path);
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
		return pat_err_set(err, -errno, "making %s its owner's alone: %s", path,
		                   pat_err_words(errno));
	int e = directory_sync(path);
	return e < 0 ? pat_err_set(err, e, "the directory of %s: %s", path, pat_err_words(e)) : 0;
}

int pat_lite_wal(struct pat_lite_conn *conn, struct pat_err *err)
{
	char mode[16];
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, "PRAGMA journal_mode = WAL");

	int e = pat_lite_step(&q);
	if (e < 0)
		return pat_err_set(err, e, "switching the store to write-ahead logging: %s",
		                   sqlite3_errmsg(conn->db));
	pat_assert(e == 1);
	pat_lite_text(&q, 0, mode, sizeof(mode));
	if (strcmp(mode, "wal") != 0)
		return pat_err_set(err, -EIO,
		                   "this file system does not allow write-ahead logging");
	return 0;
}
