/* SPDX-License-Identifier: Apache-2.0
 *
 * Housekeeping, a little at a time: each step is a change of its own, so that whoever wants to change something waits for
 * one step at most. What was not finished is found again at the next turn.
 */
#include "files/content.h"

#include "base/log.h"

#define PURGES_MAX   32
#define LOOSE_TURNS  64
#define LOOSE_MAX    8    /* transactions of 16 MiB at most, in each: 8 GiB */
#define VACUUMS_MAX  256  /* of 16 MiB: 4 GiB */
#define PAGES_SPARED 4096 /* free pages that stay: 64 MiB for what comes next */
#define TRASH_S      (PAT_FILES_TRASH_DAYS * 86400LL)

/* One file of those that have been in the trash for too long: 1 when there was one. */
static int purge_one(struct pat_lite_conn *conn, int64_t now_s, int64_t *ret_file)
{
	int e = PAT_LITE_ASK(conn, ret_file,
	                     "SELECT id FROM file WHERE trashed > 0 AND trashed <= ?1"
	                     " ORDER BY trashed LIMIT 1",
	                     now_s - TRASH_S);

	return e > 0 ? pat_files_file_erase(conn, *ret_file) : e;
}

static int purge_old(struct pat_files *files, int64_t now_s)
{
	int64_t purged = 0;
	char number[PAT_NUM_BYTES];
	int e = 1;

	while (e > 0 && purged < PURGES_MAX) {
		struct pat_lite_conn *conn = NULL;
		int64_t file = 0;

		e = pat_files_change_begin(files, &conn);
		if (e == 0)
			e = pat_files_change_end(files, purge_one(conn, now_s, &file));
		if (e == 0 && file != 0)
			e = 1;
		purged += e > 0;
	}
	if (purged > 0)
		pat_log(PAT_LOG_INFO, "files.trash_purged", "files", pat_num(number, purged), NULL);
	return e < 0 ? e : 0;
}

/* Who stops the keeper waits for one step. */
static bool goes_on(struct pat_files *files)
{
	(void)pthread_mutex_lock(&files->stopping);
	bool stop = files->stop;
	(void)pthread_mutex_unlock(&files->stopping);
	return !stop;
}

static int remove_loose(struct pat_files *files)
{
	int e = 0;

	for (int i = 0; i < LOOSE_TURNS && e == 0 && goes_on(files); i++)
		e = pat_files_loose_remove(files, LOOSE_MAX);
	return e;
}

/* Gives pages that became free back to the file system, but for some. */
static int shrink(struct pat_files *files)
{
	int64_t pages = PAGES_SPARED + 1;

	for (int i = 0; i < VACUUMS_MAX && pages > PAGES_SPARED && goes_on(files); i++) {
		struct pat_lite_conn *conn = NULL;

		int e = pat_files_change_begin(files, &conn);
		if (e < 0)
			return e;
		e = pat_lite_pragma_i64(conn, "PRAGMA freelist_count", &pages);
		if (e == 0 && pages > PAGES_SPARED)
			e = pat_lite_do(conn, "PRAGMA incremental_vacuum(1024)");
		e = pat_files_change_end(files, e);
		if (e < 0)
			return e;
	}
	return 0;
}

void pat_files_keep(struct pat_files *files, int64_t now_s)
{
	int e = purge_old(files, now_s);

	if (e == 0)
		e = remove_loose(files);
	if (e == 0)
		e = shrink(files);
	if (e < 0)
		pat_log(PAT_LOG_WARNING, "files.not_kept", "error", pat_err_words(e), NULL);
}
