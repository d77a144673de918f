/* SPDX-License-Identifier: Apache-2.0 */
#include "lite/database.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lite/file.h"

#define LOG_BYTES_CHECKPOINT (4 << 20)  /* copy them into the database file */
#define LOG_BYTES_RESTART    (64 << 20) /* wait for readers so that the log starts over */

/* ---- Opening and closing. */

void pat_lite_database_init(struct pat_lite_database *db, const struct pat_lite_schema *schema)
{
	*db = (struct pat_lite_database){ .schema = schema, .lock_fd = -1 };
	pat_lite_pool_init(&db->readers);
	db->readers.each = schema->each;
}

void pat_lite_database_done(struct pat_lite_database *db)
{
	pat_lite_pool_done(&db->readers);
	pat_lite_conn_close(&db->conn);
	pat_closep(&db->lock_fd);
	free(db->path);
	db->path = NULL;
}

static int log_hook(void *arg, sqlite3 *handle, const char *name, int frames)
{
	struct pat_lite_database *db = arg;

	(void)handle;
	(void)name;
	db->log_frames = frames;
	return SQLITE_OK;
}

/* Opens the connection unless it is open and sound. */
static int connect_writer(struct pat_lite_database *db)
{
	if (db->conn.broken)
		pat_lite_conn_close(&db->conn);
	if (db->conn.db)
		return 0;
	int e = pat_lite_conn_open(&db->conn, db->path, true, db->schema->each);
	if (e < 0)
		return e;
	(void)sqlite3_wal_hook(db->conn.db, log_hook, db);
	return 0;
}

/* What must be said before the first page is written. */
static int prepare_fresh(struct pat_lite_database *db, struct pat_err *err)
{
	int64_t pages = 0;

	if (!db->schema->fresh)
		return 0;
	int e = pat_lite_pragma_i64(&db->conn, "PRAGMA page_count", &pages);
	if (e == 0 && pages == 0)
		e = pat_lite_error(&db->conn,
		                   sqlite3_exec(db->conn.db, db->schema->fresh, NULL, NULL, NULL));
	return e < 0 ? pat_err_set(err, e, "the store can not be made: %s",
	                           sqlite3_errmsg(db->conn.db))
	             : 0;
}

static int open_schema(struct pat_lite_database *db, struct pat_err *err)
{
	int e = connect_writer(db);

	if (e < 0)
		return pat_err_set(err, e, "the store %s %s", db->path,
		                   e == -EINVAL ? "is not an SQLite database"
		                                : "can not be opened");
	e = pat_lite_identify(&db->conn, db->schema, err);
	if (e == 0)
		e = prepare_fresh(db, err);
	if (e == 0)
		e = pat_lite_wal(&db->conn, err);
	if (e == 0)
		e = pat_lite_migrate(&db->conn, db->schema, err);
	return e;
}

int pat_lite_database_open(struct pat_lite_database *db, const char *location, struct pat_err *err)
{
	struct stat st;

	int e = pat_lite_path(location, &db->path, err);
	if (e == 0)
		e = pat_lite_lock(db->path, &db->lock_fd, err);
	if (e == 0)
		e = pat_lite_prepare(db->path, err);
	if (e == 0)
		e = open_schema(db, err);
	if (e < 0)
		return e;
	if (stat(db->path, &st) < 0)
		return pat_err_set(err, -errno, "%s: %s", db->path, pat_err_words(errno));
	db->readers.path = db->path;
	db->device = st.st_dev;
	db->inode = st.st_ino;
	return 0;
}

/* ---- Writing. */

static bool file_in_place(const struct pat_lite_database *db)
{
	struct stat st;

	return stat(db->path, &st) == 0 && st.st_dev == db->device && st.st_ino == db->inode;
}

int pat_lite_database_begin(struct pat_lite_database *db)
{
	if (!file_in_place(db))
		return -EIO;
	int e = connect_writer(db);
	if (e < 0)
		return e == -EINVAL ? -EIO : e;
	return pat_lite_do(&db->conn, "BEGIN IMMEDIATE");
}

int pat_lite_database_commit(struct pat_lite_database *db)
{
	return pat_lite_do(&db->conn, "COMMIT");
}

void pat_lite_database_abandon(struct pat_lite_database *db)
{
	if (!db->conn.db || sqlite3_get_autocommit(db->conn.db))
		return;
	if (sqlite3_exec(db->conn.db, "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK ||
	    !sqlite3_get_autocommit(db->conn.db))
		db->conn.broken = true;
}

/* ---- The write-ahead log. */

static void copy_log(struct pat_lite_database *db, int mode)
{
	int rc = sqlite3_wal_checkpoint_v2(db->conn.db, NULL, mode, NULL, NULL);

	if (rc != SQLITE_OK)
		(void)pat_lite_error(&db->conn, rc);
}

/* When this fails as well, the next commit overwrites what was left: the checksums of frames are chained, so the rest of
 * it is then worthless too. */
void pat_lite_database_cut(struct pat_lite_database *db)
{
	if (db->conn.db)
		copy_log(db, SQLITE_CHECKPOINT_TRUNCATE);
}

void pat_lite_database_checkpoint(struct pat_lite_database *db)
{
	int frames = db->log_frames;
	int page = db->schema->page_bytes;

	if (frames < db->log_frames_copied)
		db->log_frames_copied = 0; /* the log has started over */
	if (!db->conn.db || frames - db->log_frames_copied < LOG_BYTES_CHECKPOINT / page)
		return;
	db->log_frames_copied = frames;
	copy_log(db, frames < LOG_BYTES_RESTART / page ? SQLITE_CHECKPOINT_PASSIVE
	                                               : SQLITE_CHECKPOINT_TRUNCATE);
}
