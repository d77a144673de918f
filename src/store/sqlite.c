/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite backend: opening and closing, the head, and its table of functions.
 *
 * Opening resolves the directory of the location once and then follows no symbolic link; creates the
 * file for its owner alone, whatever the umask; and takes the lock before looking at anything.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The location. */

/* The directory's real path and the file's name, joined. */
static int path_resolve(const char *location, char **ret, struct pat_err *err)
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

static int lock_take(const char *path, int *ret_fd, struct pat_err *err)
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
static int file_prepare(const char *path, struct pat_err *err)
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

/* ---- Opening and closing. */

static int wal_mode(struct pat_lite_conn *conn, struct pat_err *err)
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

static int database_open(struct pat_lite *lite, struct pat_err *err)
{
	struct pat_lite_conn *conn = &lite->writer.conn;

	int e = pat_lite_writer_connect(lite);
	if (e < 0)
		return pat_err_set(err, e, "the store %s %s", lite->path,
		                   e == -EINVAL ? "is not an SQLite database"
		                                : "can not be opened");
	e = pat_lite_identify(conn, err);
	if (e == 0)
		e = wal_mode(conn, err);
	if (e == 0)
		e = pat_lite_migrate(conn, err);
	return e;
}

static void lite_close(struct pat_store *store)
{
	struct pat_lite *lite = (struct pat_lite *)store;

	pat_lite_pool_done(&lite->readers);
	pat_lite_writer_done(lite);
	(void)pthread_mutex_destroy(&lite->tampered.lock);
	pat_closep(&lite->lock_fd);
	pat_wipe(&lite->key, sizeof(lite->key));
	free(lite->path);
	free(lite);
}

static int lite_open_steps(struct pat_lite *lite, const char *location, struct pat_err *err)
{
	int e = path_resolve(location, &lite->path, err);

	if (e == 0)
		e = lock_take(lite->path, &lite->lock_fd, err);
	if (e == 0)
		e = file_prepare(lite->path, err);
	if (e == 0)
		e = database_open(lite, err);
	if (e < 0)
		return e;
	struct stat st;
	if (stat(lite->path, &st) < 0)
		return pat_err_set(err, -errno, "%s: %s", lite->path, pat_err_words(errno));
	lite->device = st.st_dev;
	lite->inode = st.st_ino;
	e = pat_lite_writer_start(lite);
	return e < 0 ? pat_err_set(err, e, "no thread for the store: %s", pat_err_words(e)) : 0;
}

static int lite_open(const struct pat_store_config *config, struct pat_store **ret,
                     struct pat_err *err)
{
	struct pat_lite *lite = calloc(1, sizeof(*lite));

	if (!lite)
		return pat_err_set(err, -ENOMEM, "out of memory");
	lite->base.ops = &pat_store_sqlite_ops;
	lite->lock_fd = -1;
	lite->key = config->row_key;
	lite->listener = config->listener;
	lite->listener_arg = config->listener_arg;
	pat_lite_pool_init(&lite->readers);
	pat_lite_writer_init(&lite->writer);
	(void)pthread_mutex_init(&lite->tampered.lock, NULL);

	int e = lite_open_steps(lite, config->location, err);
	if (e < 0) {
		lite_close(&lite->base);
		return e;
	}
	*ret = &lite->base;
	return 0;
}

/* ---- The head. */

/* A write that is rolled back would not notice a full disk: SQLite writes at commit. So this one is
 * committed; nobody reads what it counts. */
static int check_op(struct pat_lite_tx *tx, void *arg)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE head SET probe = (probe + 1) % 1000000 WHERE id = 1");

	(void)arg;
	return pat_lite_run(&q);
}

static int lite_check(struct pat_store *store)
{
	return pat_lite_write(store, check_op, NULL);
}

static int lite_head(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, "SELECT seq, time FROM head WHERE id = 1");
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_seq = pat_lite_i64(&q, 0);
	*ret_time_s = pat_lite_i64(&q, 1);
	return 0;
}

const struct pat_store_ops pat_store_sqlite_ops = {
	.name = "sqlite",
	.open = lite_open,
	.close = lite_close,
	.check = lite_check,
	.head = lite_head,
	.person_create = pat_lite_person_create,
	.people_any = pat_lite_people_any,
	.setup_code_set = pat_lite_setup_code_set,
	.setup_complete = pat_lite_setup_complete,
	.person_by_email = pat_lite_person_by_email,
	.person_by_id = pat_lite_person_by_id,
	.person_list = pat_lite_person_list,
	.person_set_password = pat_lite_person_set_password,
	.person_set_disabled = pat_lite_person_set_disabled,
	.session_create = pat_lite_session_create,
	.session_get = pat_lite_session_get,
	.session_touch = pat_lite_session_touch,
	.session_end = pat_lite_session_end,
	.sessions_end = pat_lite_sessions_end,
	.session_list = pat_lite_session_list,
	.sessions_prune = pat_lite_sessions_prune,
	.address_known = pat_lite_address_known,
	.token_create = pat_lite_token_create,
	.token_revoke = pat_lite_token_revoke,
	.token_get = pat_lite_token_get,
	.token_list = pat_lite_token_list,
	.token_load = pat_lite_token_load,
	.token_count = pat_lite_token_count,
	.token_expired = pat_lite_token_expired,
	.usage_fold = pat_lite_usage_fold,
	.audit_list = pat_lite_audit_list,
	.audit_verify = pat_lite_audit_verify,
};
