/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens read: rows into records, checked on the way. A row that patd did not write so is no token:
 * it is logged, once, and whoever asked is told that there is none.
 */
#include "store/postgres.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* ---- Rows. */

/* Whether the column has a tid; one of another length is none. */
static bool tid_read(struct pat_pg_query *q, int column, uint8_t ret[static PAT_TID_BYTES])
{
	size_t len = 0;

	(void)pat_pg_here(q, column, &len);
	memset(ret, 0, PAT_TID_BYTES); /* UNSAFE: fixed size */
	if (len == PAT_TID_BYTES)
		pat_pg_blob(q, column, ret, PAT_TID_BYTES);
	return len == PAT_TID_BYTES;
}

/* Empty where a person made it; it is sealed, and nothing else is patd's. */
static void maker_read(struct pat_pg_query *q, int column, struct pat_record *ret)
{
	size_t len = 0;

	(void)pat_pg_here(q, column, &len);
	if (!tid_read(q, column, ret->maker))
		q->malformed |= len != 0;
	else
		q->malformed |= !pat_record_made(ret);
}

/* The order of PAT_PG_TOKEN_COLUMNS. */
void pat_pg_token_columns(struct pat_pg_query *q, struct pat_record *ret, int64_t *ret_scope_set)
{
	ret->number = pat_pg_i64(q, 0);
	pat_pg_blob(q, 1, ret->digest, sizeof(ret->digest));
	pat_pg_blob(q, 2, ret->mac, sizeof(ret->mac));
	ret->owner = pat_pg_i64(q, 3);
	ret->issued_s = pat_pg_i64(q, 4);
	ret->expires_s = pat_pg_i64(q, 5);
	ret->flags = (uint32_t)pat_pg_i64(q, 6);
	ret->seq = pat_pg_i64(q, 7);
	ret->key_id = (uint32_t)pat_pg_i64(q, 8);
	int64_t state = pat_pg_i64(q, 9);
	ret->state = state == PAT_RECORD_LIVE ? PAT_RECORD_LIVE : PAT_RECORD_REVOKED;
	ret->revoked_seq = pat_pg_i64(q, 10);
	*ret_scope_set = pat_pg_i64(q, 11);
	pat_pg_text(q, 12, ret->name, sizeof(ret->name));
	pat_pg_text(q, 13, ret->hint, sizeof(ret->hint));
	ret->revoked_s = pat_pg_i64(q, 14);
	int64_t reason = pat_pg_i64(q, 15);
	ret->revoked_reason = reason > 0 && reason <= PAT_REVOKE_ROTATED
	                              ? (enum pat_revoke_reason)reason
	                              : PAT_REVOKE_NONE;
	ret->last_used_s = pat_pg_i64(q, 16);
	ret->use_count = pat_pg_i64(q, 17);
	pat_pg_text(q, 18, ret->note, sizeof(ret->note));
	pat_pg_text(q, 19, ret->limits, sizeof(ret->limits));
	maker_read(q, 20, ret);
	pat_pg_text(q, 21, ret->known_as, sizeof(ret->known_as));
	(void)tid_read(q, 22, ret->replaced_by);
	static_assert(PAT_PG_TOKEN_SCOPES_COLUMN == 23, "read above");
}

int pat_pg_token_read(struct pat_pg *pg, struct pat_pg_query *q, struct pat_record *ret)
{
	int64_t scope_set = 0;

	q->malformed = false;
	pat_pg_token_columns(q, ret, &scope_set);
	pat_pg_text(q, PAT_PG_TOKEN_SCOPES_COLUMN, ret->scopes, sizeof(ret->scopes));
	int e = q->malformed ? PAT_RECORD_E_MAC : pat_record_check(ret, &pg->key);
	if (e == PAT_RECORD_E_MAC)
		pat_tampered_note(&pg->tampered, ret->number, ret->digest);
	return e;
}

/* ---- One. */

/* The tid is the first half of the digest: a range of the index on digest, which $1 and $2 are the ends of. The bytes must
 * live until the query is done. */
struct tid_range {
	uint8_t first[PAT_DIGEST_BYTES];
	uint8_t last[PAT_DIGEST_BYTES];
};

static void tid_range_bind(struct pat_pg_query *q, const uint8_t tid[static PAT_TID_BYTES],
                           struct tid_range *range)
{
	memset(range->first, 0, sizeof(range->first));  /* UNSAFE: fixed size */
	memset(range->last, 0xff, sizeof(range->last)); /* UNSAFE: fixed size */
	memcpy(range->first, tid, PAT_TID_BYTES);       /* UNSAFE: fixed sizes */
	memcpy(range->last, tid, PAT_TID_BYTES);        /* UNSAFE: fixed sizes */
	pat_pg_bind_blob(q, 1, range->first, sizeof(range->first));
	pat_pg_bind_blob(q, 2, range->last, sizeof(range->last));
}

int pat_pg_token_find(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t person,
                      const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	struct tid_range range;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, PAT_PG_TOKEN_SELECT "WHERE t.digest BETWEEN $1 AND $2 AND t.owner = $3");

	tid_range_bind(&q, tid, &range);
	pat_pg_bind_i64(&q, 3, person);
	int e = 0;
	while ((e = pat_pg_step(&q)) > 0) {
		e = pat_pg_token_read(pg, &q, ret);
		if (e != PAT_RECORD_E_MAC)
			return e;
	}
	return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
}

int pat_pg_token_by_number(struct pat_pg *pg, struct pat_pg_conn *conn, int64_t number,
                           struct pat_record *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, PAT_PG_TOKEN_SELECT "WHERE t.number = $1");

	ret->number = 0;
	pat_pg_bind_i64(&q, 1, number);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	e = pat_pg_token_read(pg, &q, ret);
	return e == PAT_RECORD_E_MAC ? PAT_STORE_E_NOT_FOUND : e;
}

int pat_pg_token_get(struct pat_store *store, int64_t person,
                     const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	struct pat_record record;

	int e = pat_pg_reader_take(store, &reader);
	if (e == 0)
		e = pat_pg_token_find((struct pat_pg *)store, reader.conn, person, tid, &record);
	if (e == 0)
		*ret = record;
	return e;
}

/* ---- Several. */

int pat_pg_token_hand_out(struct pat_pg *pg, struct pat_pg_query *q, unsigned limit,
                          pat_record_fn *fn, void *arg)
{
	struct pat_record record;

	for (unsigned n = 0; n < limit;) {
		int e = pat_pg_step(q);
		if (e <= 0)
			return e;
		e = pat_pg_token_read(pg, q, &record);
		if (e == PAT_RECORD_E_MAC)
			continue;
		if (e == 0)
			e = fn(arg, &record);
		if (e != 0)
			return e;
		n++;
	}
	return 0;
}

/* What a list shows is little beside what somebody ever had, and two indexes hold it by the time of its end: first
 * the numbers out of those, then the rows of as many as are wanted. */
#define UNREVOKED \
	"SELECT number FROM token WHERE owner = $1 AND number < $2 AND state = 0 AND expires > "
#define REVOKED \
	"SELECT number FROM token WHERE owner = $1 AND number < $2 AND state <> 0 AND revoked > $4"
#define LISTED(numbers)                                   \
	PAT_PG_TOKEN_SELECT "WHERE t.number IN (" numbers \
			    ") AND $3 IS NOT NULL AND $4 IS NOT NULL ORDER BY t.number DESC"

static const char *list_sql(enum pat_token_filter filter)
{
	switch (filter) {
	case PAT_TOKENS_LIVE:
		return LISTED(UNREVOKED "$3");
	case PAT_TOKENS_ENDED:
		return LISTED(UNREVOKED "$4 AND expires <= $3 UNION ALL " REVOKED);
	case PAT_TOKENS_ALL:
		break;
	}
	return LISTED(UNREVOKED "$4 UNION ALL " REVOKED);
}

int pat_pg_token_list(struct pat_store *store, int64_t person, const struct pat_token_query *query,
                      pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(reader.conn, list_sql(query->filter));
	pat_pg_bind_i64(&q, 1, person);
	pat_pg_bind_i64(&q, 2, query->before == 0 ? INT64_MAX : query->before);
	pat_pg_bind_i64(&q, 3, query->now_s);
	pat_pg_bind_i64(&q, 4, query->ended_after_s);
	return pat_pg_token_hand_out((struct pat_pg *)store, &q, query->limit, fn, arg);
}

int pat_pg_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s, pat_record_fn *fn,
                         void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_stream(reader.conn, PAT_PG_TOKEN_SELECT
	                      "WHERE t.state = 0 AND t.expires > $1 AND t.expires <= $2"
	                      " ORDER BY t.expires");
	pat_pg_bind_i64(&q, 1, from_s);
	pat_pg_bind_i64(&q, 2, to_s);
	return pat_pg_token_hand_out((struct pat_pg *)store, &q, UINT32_MAX, fn, arg);
}

int pat_pg_token_ending(struct pat_store *store, const struct pat_notice_mark *after, int64_t to_s,
                        unsigned limit, pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_stream(reader.conn, PAT_PG_TOKEN_SELECT
	                      "WHERE t.state = 0 AND (t.expires, t.number) > ($1, $2)"
	                      " AND t.expires <= $3 ORDER BY t.expires, t.number");
	pat_pg_bind_i64(&q, 1, after->expires_s);
	pat_pg_bind_i64(&q, 2, after->number);
	pat_pg_bind_i64(&q, 3, to_s);
	return pat_pg_token_hand_out((struct pat_pg *)store, &q, limit, fn, arg);
}

int pat_pg_token_owner(struct pat_store *store, const uint8_t tid[static PAT_TID_BYTES],
                       int64_t *ret)
{
	struct tid_range range;
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(reader.conn, "SELECT owner FROM token WHERE digest BETWEEN $1 AND $2");
	tid_range_bind(&q, tid, &range);
	e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	*ret = pat_pg_i64(&q, 0);
	return 0;
}

int pat_pg_token_count(struct pat_store *store, int64_t *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(reader.conn, "SELECT count(*) FROM token WHERE state = 0");
	e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0);
	return 0;
}
