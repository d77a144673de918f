/* SPDX-License-Identifier: Apache-2.0
 *
 * What the listener has missed: changes of transactions that turned out to be committed after their writers had been told
 * that nobody knows. It hears of them in the order of their numbers, and before anything newer.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 64

struct page {
	size_t n;
	struct pat_change changes[PAGE];
	struct pat_record records[PAGE];
};

static int page_read(struct pat_pg *pg, struct page *page)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		&pg->link.conn, "SELECT seq, kind, person, digest, (digest IS NOT NULL)::int::int8"
				" FROM change WHERE seq > $1 ORDER BY seq LIMIT $2");
	int e = 0;

	page->n = 0;
	pat_pg_bind_i64(&q, 1, pg->link.told);
	pat_pg_bind_i64(&q, 2, PAGE);
	while ((e = pat_pg_step(&q)) > 0) {
		struct pat_change *c = &page->changes[page->n++];

		*c = (struct pat_change){ .seq = pat_pg_i64(&q, 0),
			                  .kind = (enum pat_change_kind)pat_pg_i64(&q, 1),
			                  .person = pat_pg_i64(&q, 2) };
		if (pat_pg_i64(&q, 4) != 0)
			pat_pg_blob(&q, 3, c->digest, sizeof(c->digest));
		if (q.malformed || c->seq != pg->link.told + (int64_t)page->n)
			return -EIO;
	}
	return e;
}

/* The record as it is now. What has no sound one must not be known to verifiers: it is told as removed. */
static int record_read(struct pat_pg *pg, struct pat_change *c, struct pat_record *record)
{
	int64_t owner = c->person;

	if (c->kind != PAT_CHANGE_TOKEN_ADDED && c->kind != PAT_CHANGE_TOKEN_NARROWED)
		return 0;
	int e = pat_pg_token_find(pg, &pg->link.conn, owner, c->digest, record);
	if (e < 0)
		return e;
	if (e == 0)
		c->record = record;
	else
		c->kind = PAT_CHANGE_TOKEN_REMOVED;
	return 0;
}

static int page_tell(struct pat_pg *pg, struct page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		int e = record_read(pg, &page->changes[i], &page->records[i]);
		if (e < 0)
			return e;
	}
	if (pg->listener)
		pg->listener(pg->listener_arg, page->changes, page->n);
	pg->link.told = page->changes[page->n - 1].seq;
	return 0;
}

int pat_pg_feed(struct pat_pg *pg, int64_t head)
{
	pat_cleanup(pat_freep) struct page *page = NULL;
	int e = 0;

	if (pg->link.told == head)
		return 0;
	page = malloc(sizeof(*page));
	if (!page)
		return -ENOMEM;
	while (pg->link.told < head && e == 0) {
		e = page_read(pg, page);
		if (e == 0 && page->n == 0)
			e = -EIO; /* the head has a number that no change has: not patd's doing */
		if (e == 0)
			e = page_tell(pg, page);
	}
	return e;
}
