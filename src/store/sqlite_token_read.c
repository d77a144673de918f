/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens read: rows into records, checked on the way. A row that patd did not write so is no token:
 * it is logged, once, and whoever asked is told that there is none.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"

/* ---- Rows. */

/* False when it is known already, or when too many are: then one last line says so. */
static bool tampered_note(struct pat_lite_tampered *t, int64_t number, bool *ret_full)
{
	bool new = true;

	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n && new; i++)
		new = t->numbers[i] != number;
	if (new && t->n < PAT_LITE_TAMPERED_MAX) {
		t->numbers[t->n++] = number;
	} else if (new) {
		new = false;
		*ret_full = !t->full_logged;
		t->full_logged = true;
	}
	(void)pthread_mutex_unlock(&t->lock);
	return new;
}

void pat_lite_token_tampered(struct pat_lite *lite, int64_t number, const uint8_t digest[static 32])
{
	char tid[PAT_TID_CHARS + 1];
	char text[PAT_NUM_BYTES];
	bool full = false;

	pat_record_tid(digest, tid);
	if (tampered_note(&lite->tampered, number, &full))
		pat_log(PAT_LOG_ERROR, "store.row_tampered", "number", pat_num(text, number), "tid",
		        tid, NULL);
	if (full)
		pat_log(PAT_LOG_ERROR, "store.row_tampered_more", "logged",
		        pat_num(text, PAT_LITE_TAMPERED_MAX), NULL);
}

/* The order of PAT_LITE_TOKEN_COLUMNS. */
void pat_lite_token_columns(struct pat_lite_query *q, struct pat_record *ret,
                            int64_t *ret_scope_set)
{
	ret->number = pat_lite_i64(q, 0);
	pat_lite_blob(q, 1, ret->digest, sizeof(ret->digest));
	pat_lite_blob(q, 2, ret->mac, sizeof(ret->mac));
	ret->owner = pat_lite_i64(q, 3);
	ret->issued_s = pat_lite_i64(q, 4);
	ret->expires_s = pat_lite_i64(q, 5);
	ret->flags = (uint32_t)pat_lite_i64(q, 6);
	ret->seq = pat_lite_i64(q, 7);
	ret->key_id = (uint32_t)pat_lite_i64(q, 8);
	int64_t state = pat_lite_i64(q, 9);
	ret->state = state == PAT_RECORD_LIVE ? PAT_RECORD_LIVE : PAT_RECORD_REVOKED;
	ret->revoked_seq = pat_lite_i64(q, 10);
	*ret_scope_set = pat_lite_i64(q, 11);
	pat_lite_text(q, 12, ret->name, sizeof(ret->name));
	pat_lite_text(q, 13, ret->hint, sizeof(ret->hint));
	ret->revoked_s = pat_lite_i64(q, 14);
	int64_t reason = pat_lite_i64(q, 15);
	ret->revoked_reason = reason == PAT_REVOKE_OWNER             ? PAT_REVOKE_OWNER
	                      : reason == PAT_REVOKE_PERSON_DISABLED ? PAT_REVOKE_PERSON_DISABLED
	                                                             : PAT_REVOKE_NONE;
	ret->last_used_s = pat_lite_i64(q, 16);
	ret->use_count = pat_lite_i64(q, 17);
	static_assert(PAT_LITE_TOKEN_SCOPES_COLUMN == 18, "read above");
}

int pat_lite_token_read(struct pat_lite *lite, struct pat_lite_query *q, struct pat_record *ret)
{
	int64_t scope_set = 0;

	q->malformed = false;
	pat_lite_token_columns(q, ret, &scope_set);
	pat_lite_text(q, PAT_LITE_TOKEN_SCOPES_COLUMN, ret->scopes, sizeof(ret->scopes));
	int e = q->malformed ? PAT_RECORD_E_MAC : pat_record_check(ret, &lite->key);
	if (e == PAT_RECORD_E_MAC)
		pat_lite_token_tampered(lite, ret->number, ret->digest);
	return e;
}

/* ---- One. */

/* The tid is the first half of the digest: a range of the index on digest. The "+" keeps the planner
 * from walking all of the owner's tokens instead. */
int pat_lite_token_find(struct pat_lite *lite, struct pat_lite_conn *conn, int64_t person,
                        const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	uint8_t first[PAT_DIGEST_BYTES] = { 0 };
	uint8_t last[PAT_DIGEST_BYTES];
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, PAT_LITE_TOKEN_SELECT "WHERE t.digest BETWEEN ?1 AND ?2 AND +t.owner = ?3");

	memset(last, 0xff, sizeof(last));  /* UNSAFE: fixed size */
	memcpy(first, tid, PAT_TID_BYTES); /* UNSAFE: fixed sizes */
	memcpy(last, tid, PAT_TID_BYTES);  /* UNSAFE: fixed sizes */
	pat_lite_bind_blob(&q, 1, first, sizeof(first));
	pat_lite_bind_blob(&q, 2, last, sizeof(last));
	pat_lite_bind_i64(&q, 3, person);
	int e = 0;
	while ((e = pat_lite_step(&q)) > 0) {
		e = pat_lite_token_read(lite, &q, ret);
		if (e != PAT_RECORD_E_MAC)
			return e;
	}
	return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
}

int pat_lite_token_get(struct pat_store *store, int64_t person,
                       const uint8_t tid[static PAT_TID_BYTES], struct pat_record *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_record record;

	int e = pat_lite_reader_take(store, &reader);
	if (e == 0)
		e = pat_lite_token_find(reader.lite, reader.conn, person, tid, &record);
	if (e == 0)
		*ret = record;
	return e;
}

/* ---- Several. */

/* Hands out at most `limit` sound records. */
static int hand_out(struct pat_lite *lite, struct pat_lite_query *q, unsigned limit,
                    pat_record_fn *fn, void *arg)
{
	struct pat_record record;

	for (unsigned n = 0; n < limit;) {
		int e = pat_lite_step(q);
		if (e <= 0)
			return e;
		e = pat_lite_token_read(lite, q, &record);
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

/* The live ones are few and have an index of their own: the "+" makes the planner sort those instead of
 * walking past everything that ever ended. */
static const char *list_sql(enum pat_token_filter filter)
{
	switch (filter) {
	case PAT_TOKENS_LIVE:
		return PAT_LITE_TOKEN_SELECT "WHERE t.owner = ?1 AND +t.number < ?2 AND t.state = 0"
					     " AND t.expires > ?3 ORDER BY +t.number DESC";
	case PAT_TOKENS_ENDED:
		return PAT_LITE_TOKEN_SELECT
			"WHERE t.owner = ?1 AND t.number < ?2 AND (t.state <> 0"
			" OR t.expires <= ?3) ORDER BY t.number DESC";
	case PAT_TOKENS_ALL:
		break;
	}
	return PAT_LITE_TOKEN_SELECT "WHERE t.owner = ?1 AND t.number < ?2 AND ?3 IS NOT NULL"
				     " ORDER BY t.number DESC";
}

int pat_lite_token_list(struct pat_store *store, int64_t person, enum pat_token_filter filter,
                        int64_t now_s, int64_t before, unsigned limit, pat_record_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, list_sql(filter));
	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_i64(&q, 2, before == 0 ? INT64_MAX : before);
	pat_lite_bind_i64(&q, 3, now_s);
	return hand_out(reader.lite, &q, limit, fn, arg);
}

int pat_lite_token_expired(struct pat_store *store, int64_t from_s, int64_t to_s, pat_record_fn *fn,
                           void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, PAT_LITE_TOKEN_SELECT
	                       "WHERE t.state = 0 AND t.expires > ?1 AND t.expires <= ?2"
	                       " ORDER BY t.expires");
	pat_lite_bind_i64(&q, 1, from_s);
	pat_lite_bind_i64(&q, 2, to_s);
	return hand_out(reader.lite, &q, UINT32_MAX, fn, arg);
}

int pat_lite_token_count(struct pat_store *store, int64_t *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, "SELECT count(*) FROM token WHERE state = 0");
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_lite_i64(&q, 0);
	return 0;
}
