/* SPDX-License-Identifier: Apache-2.0
 *
 * Reactions to comments: an emoji by its name, each person each once.
 */
#include <errno.h>
#include <string.h>

#include "files/access.h"
#include "files/room.h"

/* ":heart:", ":+1::skin-tone-2:". The names are other people's list, which grows; their letters are not. */
static bool is_emoji(const char *text)
{
	static const char tone[] = ":skin-tone-";
	size_t len = strnlen(text, PAT_FILES_EMOJI_BYTES_MAX + 1);

	if (len > PAT_FILES_EMOJI_BYTES_MAX || text[0] != ':')
		return false;
	size_t name = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz0123456789_+-");
	const char *rest = text + 1 + name;
	if (name == 0 || *rest++ != ':')
		return false;
	if (*rest == '\0')
		return true;
	if (strncmp(rest, tone, sizeof(tone) - 1) != 0)
		return false;
	rest += sizeof(tone) - 1;
	return rest[0] >= '2' && rest[0] <= '6' && strcmp(rest + 1, ":") == 0;
}

/* Whether the comment is one of a file that the caller may see; `comment` 0 stands for all of them. */
static int find_comment(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                        const char *key, int64_t comment, struct pat_files_access *ret)
{
	int64_t id = 0;

	int r = pat_files_access_file(conn, caller->person, key, PAT_FILES_VIEWER, ret);
	if (r != 0 || comment == 0)
		return r;
	r = PAT_LITE_ASK(conn, &id, "SELECT id FROM comment WHERE id = ?1 AND file = ?2", comment,
	                 ret->file);
	return r > 0 ? 0 : r < 0 ? r : PAT_FILES_E_NOT_FOUND;
}

/* ---- Listing. */

static struct pat_lite_query query_reactions(struct pat_lite_conn *conn, bool of_file)
{
	if (of_file)
		return pat_lite_query(
			conn, "SELECT r.id, r.comment, r.person, r.created, r.emoji FROM comment c"
			      " JOIN reaction r ON r.comment = c.id WHERE c.file = ?1"
			      " ORDER BY r.id LIMIT ?2 OFFSET ?3");
	return pat_lite_query(conn, "SELECT id, comment, person, created, emoji FROM reaction"
	                            " WHERE comment = ?1 ORDER BY id LIMIT ?2 OFFSET ?3");
}

static int walk(struct pat_lite_query *q, unsigned limit, pat_files_reaction_fn *fn, void *arg,
                bool *ret_more)
{
	unsigned n = 0;
	int r = 0;

	while ((r = pat_lite_step(q)) > 0 && n++ < limit) {
		struct pat_files_reaction reaction = {
			.id = pat_lite_i64(q, 0),
			.comment = pat_lite_i64(q, 1),
			.person = pat_lite_i64(q, 2),
			.created_s = pat_lite_i64(q, 3),
		};

		pat_lite_text(q, 4, reaction.emoji, sizeof(reaction.emoji));
		r = q->malformed ? -EIO : fn(arg, &reaction);
		if (r != 0)
			return r;
	}
	if (r >= 0)
		*ret_more = n > limit;
	return r < 0 ? r : 0;
}

int pat_files_reaction_list(struct pat_files *files, const struct pat_files_caller *caller,
                            const char *key, int64_t comment, int64_t after, unsigned limit,
                            pat_files_reaction_fn *fn, void *arg, bool *ret_more)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader look = { 0 };
	struct pat_files_access access;

	if (after < 0)
		return PAT_FILES_E_CURSOR;
	int r = pat_files_look(files, &look);
	if (r == 0)
		r = find_comment(look.conn, caller, key, comment, &access);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		query_reactions(look.conn, comment == 0);
	pat_lite_bind_i64(&q, 1, comment == 0 ? access.file : comment);
	pat_lite_bind_i64(&q, 2, (int64_t)limit + 1);
	pat_lite_bind_i64(&q, 3, after);
	return walk(&q, limit, fn, arg, ret_more);
}

/* ---- Adding and removing. */

static int find_own(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                    int64_t comment, const char *emoji, int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT id FROM reaction WHERE comment = ?1 AND person = ?2 AND emoji = ?3");

	pat_lite_bind_i64(&q, 1, comment);
	pat_lite_bind_i64(&q, 2, caller->person);
	pat_lite_bind_text(&q, 3, emoji, PAT_FILES_EMOJI_BYTES_MAX + 1);
	int e = pat_lite_step(&q);
	if (e > 0)
		*ret = pat_lite_i64(&q, 0);
	return e;
}

/* Of everybody (0) or of a person. */
static int reactions_fit(struct pat_lite_conn *conn, int64_t file, int64_t comment, int64_t person,
                         int64_t of_comment_max, int64_t of_file_max)
{
	int64_t n = 0;
	int64_t all = 0;

	int e = PAT_LITE_ASK(
		conn, &n,
		"SELECT count(*) FROM reaction WHERE comment = ?1 AND (?2 = 0 OR person = ?2)",
		comment, person);
	if (e >= 0)
		e = PAT_LITE_ASK(
			conn, &all,
			"SELECT count(*) FROM comment c JOIN reaction r ON r.comment = c.id"
			" WHERE c.file = ?1 AND (?2 = 0 OR r.person = ?2)",
			file, person);
	if (e < 0)
		return e;
	return n >= of_comment_max || all >= of_file_max ? PAT_FILES_E_LIMIT : 0;
}

static int reactions_left(struct pat_lite_conn *conn, const struct pat_files_access *access,
                          int64_t comment, int64_t person)
{
	int r = reactions_fit(conn, access->file, comment, 0, PAT_FILES_REACTIONS_MAX,
	                      PAT_FILES_FILE_REACTIONS_MAX);

	if (r != 0 || access->role == PAT_FILES_OWNER)
		return r;
	return reactions_fit(conn, access->file, comment, person, PAT_FILES_REACTIONS_EACH_MAX,
	                     PAT_FILES_FILE_REACTIONS_EACH_MAX);
}

static int add(struct pat_lite_conn *conn, const struct pat_files_caller *caller, const char *key,
               int64_t comment, const char *emoji)
{
	struct pat_files_access access;
	int64_t own = 0;

	int r = find_comment(conn, caller, key, comment, &access);
	if (r != 0)
		return r;
	r = find_own(conn, caller, comment, emoji, &own);
	if (r != 0)
		return r < 0 ? r : PAT_FILES_E_EXISTS;
	r = reactions_left(conn, &access, comment, caller->person);
	if (r != 0)
		return r;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"INSERT INTO reaction (comment, person, emoji, created) VALUES (?1, ?2, ?3, ?4)");
	pat_lite_bind_i64(&q, 1, comment);
	pat_lite_bind_i64(&q, 2, caller->person);
	pat_lite_bind_text(&q, 3, emoji, PAT_FILES_EMOJI_BYTES_MAX);
	pat_lite_bind_i64(&q, 4, caller->now_s);
	return pat_lite_run(&q);
}

int pat_files_reaction_add(struct pat_files *files, const struct pat_files_caller *caller,
                           const char *key, int64_t comment, const char *emoji)
{
	struct pat_lite_conn *conn = NULL;

	if (!is_emoji(emoji))
		return PAT_FILES_E_EMOJI;
	if (comment == 0)
		return PAT_FILES_E_NOT_FOUND;
	int r = pat_files_grow_begin(files, 0, &conn);
	if (r != 0)
		return r;
	return pat_files_change_end(files, add(conn, caller, key, comment, emoji));
}

static int remove_own(struct pat_lite_conn *conn, const struct pat_files_caller *caller,
                      const char *key, int64_t comment, const char *emoji)
{
	struct pat_files_access access;
	int64_t own = 0;

	int r = find_comment(conn, caller, key, comment, &access);
	if (r != 0)
		return r;
	r = find_own(conn, caller, comment, emoji, &own);
	if (r <= 0)
		return r < 0 ? r : PAT_FILES_E_NOT_FOUND;
	return PAT_LITE_DO(conn, "DELETE FROM reaction WHERE id = ?1", own);
}

int pat_files_reaction_remove(struct pat_files *files, const struct pat_files_caller *caller,
                              const char *key, int64_t comment, const char *emoji)
{
	struct pat_lite_conn *conn = NULL;

	if (comment == 0)
		return PAT_FILES_E_NOT_FOUND;
	int r = pat_files_change_begin(files, &conn);
	if (r < 0)
		return r;
	return pat_files_change_end(files, remove_own(conn, caller, key, comment, emoji));
}
