/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing, and the one way in which anything is changed or looked at.
 */
#include "files/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "files/content.h"

#define LOOSE_AT_OPEN 16 /* transactions, of 16 MiB at most */

void pat_files_close(struct pat_files *files)
{
	if (!files)
		return;
	pat_assert(!files->pins); /* every document and upload is closed before */
	pat_assert(!files->claims);
	pat_files_keeper_stop(files);
	pat_lite_database_done(&files->db);
	(void)pthread_cond_destroy(&files->wake);
	(void)pthread_mutex_destroy(&files->stopping);
	(void)pthread_mutex_destroy(&files->sampling);
	(void)pthread_mutex_destroy(&files->writing);
	(void)pthread_mutex_destroy(&files->pinning);
	(void)pthread_mutex_destroy(&files->claiming);
	pat_wipe(files->picture_key, sizeof(files->picture_key));
	free(files->sample);
	free(files->reserve_for);
	free(files);
}

/* What this database takes is missed by the other one only where they lie on the same file system. */
static int find_reserve(struct pat_files *files, const struct pat_files_config *config,
                        struct pat_err *err)
{
	struct stat other;

	if (config->reserve_bytes == 0)
		return 0;
	if (stat(config->reserve_for, &other) < 0)
		return pat_err_set(err, -errno, "cannot look at %s: %s", config->reserve_for,
		                   pat_err_words(errno));
	if (other.st_dev != files->db.device)
		return 0;
	files->reserve_for = strdup(config->reserve_for);
	if (!files->reserve_for)
		return pat_err_set(err, -ENOMEM, "out of memory");
	files->reserve_bytes = config->reserve_bytes;
	return 0;
}

static int open_steps(struct pat_files *files, const struct pat_files_config *config,
                      struct pat_err *err)
{
	if (config->sample) {
		files->sample = strdup(config->sample);
		if (!files->sample)
			return pat_err_set(err, -ENOMEM, "out of memory");
	}
	int e = pat_lite_database_open(&files->db, config->store, err);
	if (e == 0)
		e = find_reserve(files, config, err);
	/* What the last run left half done; the rest, and what fails, is for the keeper. */
	return e < 0 ? e : ((void)!pat_files_loose_remove(files, LOOSE_AT_OPEN), 0);
}

int pat_files_open(const struct pat_files_config *config, struct pat_files **ret,
                   struct pat_err *err)
{
	struct pat_files *files = calloc(1, sizeof(*files));

	if (!files)
		return pat_err_set(err, -ENOMEM, "out of memory");
	files->core = config->core;
	files->team_bytes_max = config->team_bytes_max;
	memcpy(files->picture_key, config->picture_key, /* UNSAFE: fixed sizes */
	       sizeof(files->picture_key));
	pat_lite_database_init(&files->db, &pat_files_schema);
	(void)pthread_mutex_init(&files->sampling, NULL); /* these never fail with default kinds */
	(void)pthread_mutex_init(&files->writing, NULL);
	(void)pthread_mutex_init(&files->pinning, NULL);
	(void)pthread_mutex_init(&files->claiming, NULL);
	(void)pthread_mutex_init(&files->stopping, NULL);
	pat_clock_cond_init(&files->wake);
	int e = open_steps(files, config, err);
	if (e < 0) {
		pat_files_close(files);
		return e;
	}
	*ret = files;
	return 0;
}

/* ---- Changing. */

/* Ends the transaction, if there is one, and lets the next change begin. */
static int change_over(struct pat_files *files, int result)
{
	if (result != 0)
		pat_lite_database_abandon(&files->db);
	if (result < 0)
		pat_lite_database_cut(&files->db);
	else
		pat_lite_database_checkpoint(&files->db);
	(void)pthread_mutex_unlock(&files->writing);
	return result;
}

int pat_files_change_begin(struct pat_files *files, struct pat_lite_conn **ret)
{
	(void)pthread_mutex_lock(&files->writing);
	int e = pat_lite_database_begin(&files->db);
	if (e < 0)
		return change_over(files, e);
	*ret = &files->db.conn;
	return 0;
}

int pat_files_change_end(struct pat_files *files, int result)
{
	return change_over(files, result == 0 ? pat_lite_database_commit(&files->db) : result);
}

/* A change that is rolled back would not notice a full disk: SQLite writes at commit. So this one is committed; nobody
 * reads what it counts. */
int pat_files_check(struct pat_files *files)
{
	struct pat_lite_conn *conn = NULL;

	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(
		files,
		pat_lite_do(conn, "UPDATE head SET probe = (probe + 1) % 1000000 WHERE id = 1"));
}

/* ---- Looking. */

int pat_files_look(struct pat_files *files, struct pat_lite_reader *ret)
{
	int e = pat_lite_pool_take(&files->db.readers, ret);

	/* The state is that of the first statement behind it. */
	return e < 0 ? e : pat_lite_do(ret->conn, "BEGIN");
}
