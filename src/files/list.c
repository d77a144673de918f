/* SPDX-License-Identifier: Apache-2.0
 *
 * The file browser's lists. The ids of a page are found first and then read one by one, so that what is counted for a file
 * (versions, threads, shares) is counted for a page of them and not for everything that is sorted.
 */
#include <string.h>

#include "files/access.h"

#define LIMIT_MAX        100
#define SEARCH_BYTES_MAX 512

/* ?1 person, ?2 project or 0, ?3 search in small letters, ?4 order, ?5 limit, ?6 offset. */
#define SELECT "SELECT f.id FROM file f"
#define FILTER                                                                     \
	" AND (?2 = 0 OR (f.project = ?2 AND f.id IN (" PAT_FILES_ACCESS_OWN ")))" \
	" AND (?3 = '' OR instr(lower(f.name), ?3) > 0)"
#define ORDER(direction)                                                                           \
	" ORDER BY CASE ?4 WHEN 0 THEN f.name END COLLATE NOCASE " direction                       \
	", CASE ?4 WHEN 1 THEN f.created WHEN 2 THEN f.touched WHEN 3 THEN f.bytes END " direction \
	", f.id " direction PAGE
#define PAGE " LIMIT ?5 OFFSET ?6"

#define ALL                                                              \
	SELECT " WHERE f.trashed = 0 AND f.id IN (" PAT_FILES_ACCESS_OWN \
	       " UNION ALL " PAT_FILES_ACCESS_SHARED ")" FILTER
#define SHARED SELECT " WHERE f.trashed = 0 AND f.id IN (" PAT_FILES_ACCESS_SHARED ")" FILTER
#define TRASH  SELECT " WHERE f.trashed > 0 AND f.id IN (" PAT_FILES_ACCESS_OWN ")" FILTER
#define RECENT                                                                      \
	"SELECT f.id FROM opened o JOIN file f ON f.id = o.file"                    \
	" WHERE o.person = ?1 AND f.trashed = 0 AND f.id IN (" PAT_FILES_ACCESS_OWN \
	" UNION ALL " PAT_FILES_ACCESS_SHARED ")" FILTER " ORDER BY o.at DESC, f.id DESC" PAGE

static const char *statement_of(const struct pat_files_query *query)
{
	switch (query->view) {
	case PAT_FILES_VIEW_RECENT:
		return RECENT;
	case PAT_FILES_VIEW_SHARED:
		return query->descending ? SHARED ORDER("DESC") : SHARED ORDER("ASC");
	case PAT_FILES_VIEW_TRASH:
		return query->descending ? TRASH ORDER("DESC") : TRASH ORDER("ASC");
	case PAT_FILES_VIEW_ALL:
	default:
		return query->descending ? ALL ORDER("DESC") : ALL ORDER("ASC");
	}
}

/* As SQLite's lower() makes names: ASCII only. False when no name is as long. */
static bool search_of(const struct pat_files_query *query, char out[static SEARCH_BYTES_MAX])
{
	const char *search = query->search ? query->search : "";
	size_t len = strlen(search);

	if (len >= SEARCH_BYTES_MAX)
		return false;
	for (size_t i = 0; i <= len; i++)
		out[i] =
			search[i] >= 'A' && search[i] <= 'Z' ? (char)(search[i] | 0x20) : search[i];
	return true;
}

struct page {
	int64_t ids[LIMIT_MAX + 1];
	size_t n;
};

/* The ids of a page, and one more when there are others behind. */
static int find_page(struct pat_lite_conn *conn, int64_t person,
                     const struct pat_files_query *query, struct page *page)
{
	char search[SEARCH_BYTES_MAX];

	page->n = 0;
	if (!search_of(query, search))
		return 0;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(conn, statement_of(query));
	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_i64(&q, 2, query->project);
	pat_lite_bind_text(&q, 3, search, sizeof(search));
	pat_lite_bind_i64(&q, 4, query->order);
	pat_lite_bind_i64(&q, 5, query->limit + 1);
	pat_lite_bind_i64(&q, 6, query->offset);
	int e = 0;
	while ((e = pat_lite_step(&q)) > 0)
		page->ids[page->n++] = pat_lite_i64(&q, 0);
	return e;
}

int pat_files_file_list(struct pat_files *files, const struct pat_files_caller *caller,
                        const struct pat_files_query *query, pat_files_file_fn *fn, void *arg,
                        bool *ret_more)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_files_file file;
	struct page page;
	int64_t team = 0;

	pat_assert(query->limit >= 1);
	pat_assert(query->limit <= LIMIT_MAX);
	if (query->offset < 0)
		return PAT_FILES_E_CURSOR;
	int r = pat_files_look(files, &reader);
	if (r == 0 && query->project != 0)
		r = pat_files_access_project(reader.conn, caller->person, query->project, &team);
	if (r == 0)
		r = find_page(reader.conn, caller->person, query, &page);
	for (size_t i = 0; r == 0 && i < page.n && i < query->limit; i++) {
		r = pat_files_file_read(reader.conn, caller->person, page.ids[i], &file);
		if (r == 0)
			r = fn(arg, &file);
	}
	if (r == 0)
		*ret_more = page.n > query->limit;
	return r;
}
