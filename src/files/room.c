/* SPDX-License-Identifier: Apache-2.0 */
#include "files/room.h"

#include <errno.h>
#include <sys/statvfs.h>

/* ---- What a team keeps. */

/* What is kept is read under the lock, as the claims are: a claim is dropped only after what it stood for is there to be read. */
static int judge(struct pat_files *files, struct pat_lite_conn *conn, int64_t team, uint64_t bytes,
                 const struct pat_files_claim *own)
{
	uint64_t claimed = 0;
	int64_t kept = 0;

	int e = PAT_LITE_ASK(conn, &kept,
	                     "SELECT coalesce(sum(f.kept + f.published), 0) FROM project p"
	                     " JOIN file f ON f.project = p.id WHERE p.team = ?1",
	                     team);
	if (e < 0)
		return e;
	for (const struct pat_files_claim *c = files->claims; c; c = c->next)
		claimed += c != own && c->team == team ? c->bytes : 0;
	uint64_t taken = (uint64_t)kept + claimed;
	uint64_t max = files->team_bytes_max;
	return taken > max || bytes > max - taken ? PAT_FILES_E_QUOTA : 0;
}

static void note(struct pat_files *files, int64_t team, uint64_t bytes,
                 struct pat_files_claim *claim)
{
	claim->bytes = bytes;
	if (claim->team != 0)
		return;
	claim->team = team;
	claim->next = files->claims;
	claim->link = &files->claims;
	if (claim->next)
		claim->next->link = &claim->next;
	files->claims = claim;
}

static int claim_with(struct pat_files *files, struct pat_lite_conn *conn, int64_t team,
                      uint64_t bytes, struct pat_files_claim *claim)
{
	(void)pthread_mutex_lock(&files->claiming);
	int r = judge(files, conn, team, bytes, claim);
	if (r == 0)
		note(files, team, bytes, claim);
	(void)pthread_mutex_unlock(&files->claiming);
	return r;
}

int pat_files_room_claim(struct pat_files *files, int64_t team, uint64_t bytes,
                         struct pat_files_claim *claim)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };

	if (files->team_bytes_max == 0)
		return 0;
	/* Its state is that of its first statement, which is behind the lock. */
	int e = pat_files_look(files, &look);
	return e < 0 ? e : claim_with(files, look.conn, team, bytes, claim);
}

int pat_files_room_settle(struct pat_files *files, struct pat_lite_conn *conn, int64_t file,
                          uint64_t bytes, struct pat_files_claim *claim)
{
	int r = 0;

	if (files->team_bytes_max != 0) {
		pat_assert(claim->team != 0);
		r = claim_with(files, conn, claim->team, bytes, claim);
	}
	return r != 0 ? r
	              : PAT_LITE_DO(conn, "UPDATE file SET kept = kept + ?2 WHERE id = ?1", file,
	                            (int64_t)bytes);
}

int pat_files_room_give_back(struct pat_lite_conn *conn, int64_t file, uint64_t bytes)
{
	return PAT_LITE_DO(conn, "UPDATE file SET kept = kept - ?2 WHERE id = ?1", file,
	                   (int64_t)bytes);
}

void pat_files_room_drop(struct pat_files *files, struct pat_files_claim *claim)
{
	if (claim->team == 0)
		return;
	(void)pthread_mutex_lock(&files->claiming);
	*claim->link = claim->next;
	if (claim->next)
		claim->next->link = claim->link;
	(void)pthread_mutex_unlock(&files->claiming);
	*claim = (struct pat_files_claim){ 0 };
}

/* ---- The reserve. */

int pat_files_room_free(const struct pat_files *files, uint64_t bytes)
{
	struct statvfs space;

	if (files->reserve_bytes == 0)
		return 0;
	if (statvfs(files->reserve_for, &space) < 0)
		return -errno;
	uint64_t left = (uint64_t)space.f_bavail * space.f_frsize;
	return left < files->reserve_bytes || left - files->reserve_bytes < bytes
	               ? PAT_FILES_E_RESERVE
	               : 0;
}

/* Under the lock of the change: what others write meanwhile is theirs to be judged. */
int pat_files_grow_begin(struct pat_files *files, uint64_t bytes, struct pat_lite_conn **ret)
{
	int r = pat_files_change_begin(files, ret);

	if (r < 0)
		return r;
	r = pat_files_room_free(files, bytes);
	return r != 0 ? pat_files_change_end(files, r) : 0;
}
