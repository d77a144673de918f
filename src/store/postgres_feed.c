/* SPDX-License-Identifier: Apache-2.0
 *
 * What the listener is told, and by whom. The writer tells of its own changes when they are durable. Others' changes, and those
 * of transactions that turned out to be committed after their writers had been told that nobody knows, are read from the
 * database: by the writer when it finds the head ahead of what was told, and by the node that follows. Whoever tells holds the
 * lock, so the listener hears of every change once, in the order of their numbers.
 *
 * Nobody waits for the server's locks with this lock held, or for other threads.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdlib.h>

#define PAGE 64

void pat_pg_feed_init(struct pat_pg_feed *feed)
{
	(void)pthread_mutex_init(&feed->lock, NULL);
}

void pat_pg_feed_done(struct pat_pg_feed *feed)
{
	(void)pthread_mutex_destroy(&feed->lock);
}

int64_t pat_pg_feed_told(struct pat_pg *pg)
{
	(void)pthread_mutex_lock(&pg->feed.lock);
	int64_t told = pg->feed.told;
	(void)pthread_mutex_unlock(&pg->feed.lock);
	return told;
}

/* ---- From the database. */

struct page {
	size_t n;
	struct pat_change changes[PAGE];
	struct pat_record records[PAGE];
};

static int page_read(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t head, struct page *page)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT seq, kind, person, digest, (digest IS NOT NULL)::int::int8"
		      " FROM change WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3");
	int e = 0;

	page->n = 0;
	pat_pg_bind_i64(&q, 1, pg->feed.told);
	pat_pg_bind_i64(&q, 2, head);
	pat_pg_bind_i64(&q, 3, PAGE);
	while ((e = pat_pg_step(&q)) > 0) {
		struct pat_change *c = &page->changes[page->n++];

		*c = (struct pat_change){ .seq = pat_pg_i64(&q, 0),
			                  .kind = (enum pat_change_kind)pat_pg_i64(&q, 1),
			                  .person = pat_pg_i64(&q, 2) };
		if (pat_pg_i64(&q, 4) != 0)
			pat_pg_blob(&q, 3, c->digest, sizeof(c->digest));
		if (q.malformed)
			return -EIO;
		if (c->seq != pg->feed.told + (int64_t)page->n)
			return -ESTALE;
	}
	return e == 0 && page->n == 0 ? -ESTALE : e;
}

/* The record as it is now. What has no sound one must not be known to verifiers: it is told as removed. */
static int record_read(struct pat_pg *pg, struct pat_pg_conn *conn, struct pat_change *c,
                       struct pat_record *record)
{
	int64_t owner = c->person;

	if (c->kind != PAT_CHANGE_TOKEN_ADDED && c->kind != PAT_CHANGE_TOKEN_NARROWED)
		return 0;
	int e = pat_pg_token_find(pg, conn, owner, c->digest, record);
	if (e < 0)
		return e;
	if (e == 0 && record->state == PAT_RECORD_LIVE)
		c->record = record;
	else
		c->kind = PAT_CHANGE_TOKEN_REMOVED;
	return 0;
}

static int page_tell(struct pat_pg *pg, struct pat_pg_conn *conn, struct page *page)
{
	for (size_t i = 0; i < page->n; i++) {
		int e = record_read(pg, conn, &page->changes[i], &page->records[i]);
		if (e < 0)
			return e;
	}
	if (pg->listener)
		pg->listener(pg->listener_arg, page->changes, page->n);
	pg->feed.told = page->changes[page->n - 1].seq;
	return 0;
}

int pat_pg_feed_to(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t head)
{
	pat_cleanup(pat_freep) struct page *page = NULL;
	int e = 0;

	if (pg->feed.told >= head)
		return 0;
	page = malloc(sizeof(*page));
	if (!page)
		return -ENOMEM;
	while (pg->feed.told < head && e == 0) {
		e = page_read(pg, conn, head, page);
		if (e == 0)
			e = page_tell(pg, conn, page);
	}
	return e;
}

int pat_pg_feed_catch_up(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t head)
{
	(void)pthread_mutex_lock(&pg->feed.lock);
	int e = pat_pg_feed_to(pg, conn, head);
	(void)pthread_mutex_unlock(&pg->feed.lock);
	return e;
}

/* ---- Our own. */

void pat_pg_feed_tell(struct pat_pg *pg, const struct pat_change *changes, size_t n)
{
	(void)pthread_mutex_lock(&pg->feed.lock);
	while (n > 0 && changes->seq <= pg->feed.told) {
		changes++;
		n--;
	}
	if (n > 0) {
		if (pg->listener)
			pg->listener(pg->listener_arg, changes, n);
		pg->feed.told = changes[n - 1].seq;
	}
	(void)pthread_mutex_unlock(&pg->feed.lock);
}
