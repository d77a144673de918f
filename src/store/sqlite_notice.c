/* SPDX-License-Identifier: Apache-2.0
 *
 * Up to where mail was sent (store/notice.h).
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

#define COLUMNS "audit, week_expires, week_number, day_expires, day_number"

static int state_read(struct pat_lite_query *q, struct pat_notice_state *ret)
{
	ret->audit = pat_lite_i64(q, 0);
	for (int i = 0; i < PAT_LEADS; i++)
		ret->marks[i] = (struct pat_notice_mark){ pat_lite_i64(q, 1 + 2 * i),
			                                  pat_lite_i64(q, 2 + 2 * i) };
	return q->malformed ? -EIO : 0;
}

static void marks_bind(struct pat_lite_query *q, int at, const struct pat_notice_mark *marks)
{
	for (int i = 0; i < PAT_LEADS; i++) {
		pat_lite_bind_i64(q, at + 2 * i, marks[i].expires_s);
		pat_lite_bind_i64(q, at + 2 * i + 1, marks[i].number);
	}
}

int pat_lite_notice_look(struct pat_store *store, struct pat_notice_view *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn,
		"SELECT " COLUMNS ", holder, until, (SELECT h.audit FROM head h WHERE h.id = 1)"
		" FROM notice WHERE id = 1");
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	pat_lite_text(&q, 5, ret->holder, sizeof(ret->holder));
	ret->until_s = pat_lite_i64(&q, 6);
	ret->audit = pat_lite_i64(&q, 7);
	return state_read(&q, &ret->state);
}

/* ---- The claim. */

struct claim_op {
	const struct pat_notice_claim *claim;
	struct pat_notice_state state; /* result */
};

/* The first of all. */
static int row_make(struct pat_lite_tx *tx, const struct pat_notice_claim *claim)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "INSERT INTO notice (id, " COLUMNS ", holder, until)"
			  " SELECT 1, h.audit, ?1, ?2, ?3, ?4, ?5, 0 FROM head h WHERE h.id = 1"
			  " ON CONFLICT (id) DO NOTHING");

	marks_bind(&q, 1, claim->marks);
	pat_lite_bind_text(&q, 5, claim->holder, PAT_NOTICE_HOLDER_BYTES_MAX);
	return pat_lite_run(&q);
}

static int row_claim(struct pat_lite_tx *tx, struct claim_op *op)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE notice SET holder = ?1, until = ?2"
			  " WHERE id = 1 AND (holder = ?1 OR until <= ?3) RETURNING " COLUMNS);

	pat_lite_bind_text(&q, 1, op->claim->holder, PAT_NOTICE_HOLDER_BYTES_MAX);
	pat_lite_bind_i64(&q, 2, op->claim->until_s);
	pat_lite_bind_i64(&q, 3, op->claim->now_s);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_HELD;
	e = state_read(&q, &op->state);
	return e == 0 ? pat_lite_run(&q) : e;
}

static int claim_op(struct pat_lite_tx *tx, void *arg)
{
	struct claim_op *op = arg;

	int e = row_make(tx, op->claim);
	return e == 0 ? row_claim(tx, op) : e;
}

int pat_lite_notice_claim(struct pat_store *store, const struct pat_notice_claim *claim,
                          struct pat_notice_state *ret)
{
	struct claim_op op = { .claim = claim };

	int e = pat_lite_write(store, claim_op, &op);
	if (e == 0)
		*ret = op.state;
	return e;
}

static int release_op(struct pat_lite_tx *tx, void *arg)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE notice SET until = 0 WHERE id = 1 AND holder = ?1");

	pat_lite_bind_text(&q, 1, *(const char **)arg, PAT_NOTICE_HOLDER_BYTES_MAX);
	return pat_lite_run(&q);
}

int pat_lite_notice_release(struct pat_store *store, const char *holder)
{
	return pat_lite_write(store, release_op, &holder);
}

/* ---- Moving on. */

struct advance_op {
	const char *holder;
	int64_t until_s;
	const struct pat_notice_state *state;
};

static int former_emails_forget(struct pat_lite_tx *tx, int64_t audit)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "DELETE FROM former_email WHERE audit <= ?1");

	pat_lite_bind_i64(&q, 1, audit);
	return pat_lite_run(&q);
}

static int advance_op(struct pat_lite_tx *tx, void *arg)
{
	const struct advance_op *op = arg;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"UPDATE notice SET audit = ?1, week_expires = ?2, week_number = ?3,"
		" day_expires = ?4, day_number = ?5, until = ?7 WHERE id = 1 AND holder = ?6");

	pat_lite_bind_i64(&q, 1, op->state->audit);
	marks_bind(&q, 2, op->state->marks);
	pat_lite_bind_text(&q, 6, op->holder, PAT_NOTICE_HOLDER_BYTES_MAX);
	pat_lite_bind_i64(&q, 7, op->until_s);
	int e = pat_lite_run(&q);
	if (e < 0)
		return e;
	if (sqlite3_changes(tx->conn->db) == 0)
		return PAT_STORE_E_HELD;
	return former_emails_forget(tx, op->state->audit);
}

int pat_lite_notice_advance(struct pat_store *store, const char *holder, int64_t until_s,
                            const struct pat_notice_state *state)
{
	struct advance_op op = { .holder = holder, .until_s = until_s, .state = state };

	return pat_lite_write(store, advance_op, &op);
}

/* ---- Former emails. */

static int former_emails_age(struct pat_lite_tx *tx, int64_t now_s)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "DELETE FROM former_email WHERE at < ?1");

	pat_lite_bind_i64(&q, 1, now_s - PAT_FORMER_EMAIL_S);
	return pat_lite_run(&q);
}

/* The record of the change was written just before, so the head has its number. Where mail was never on nobody would read it. */
int pat_lite_former_email_keep(struct pat_lite_tx *tx, const char *email, int64_t now_s)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO former_email (audit, at, email) SELECT h.audit, ?1, ?2 FROM head h"
		" WHERE h.id = 1 AND EXISTS (SELECT 1 FROM notice)");

	pat_lite_bind_i64(&q, 1, now_s);
	pat_lite_bind_text(&q, 2, email, PAT_EMAIL_BYTES_MAX);
	int e = former_emails_age(tx, now_s);
	return e == 0 ? pat_lite_run(&q) : e;
}

int pat_lite_former_email(struct pat_store *store, int64_t audit,
                          char ret[static PAT_EMAIL_BYTES_MAX + 1])
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, "SELECT email FROM former_email WHERE audit = ?1");
	pat_lite_bind_i64(&q, 1, audit);
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	pat_lite_text(&q, 0, ret, PAT_EMAIL_BYTES_MAX + 1);
	return q.malformed ? -EIO : 0;
}
