/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit records: written in the transaction of the change they tell of, numbered by the head without
 * gaps, and chained (store/audit.h). Lists do not check the chain: whoever reads ten records can not
 * know of the ten thousand before them. The walk does.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <string.h>

/* Takes the next id, and finds the MAC that the record follows on. Zeros before the first, and where the record before was
 * taken out: the walk finds that. */
static int head_advance(struct pat_lite_conn *conn, int64_t *ret_id,
                        uint8_t ret[static PAT_SHA256_BYTES])
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"UPDATE head SET audit = audit + 1 WHERE id = 1"
		" RETURNING audit,"
		" coalesce((SELECT a.mac FROM audit a WHERE a.id = head.audit - 1), zeroblob(32))");

	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_id = pat_lite_i64(&q, 0);
	pat_lite_blob(&q, 1, ret, PAT_SHA256_BYTES);
	return pat_lite_run(&q);
}

static int audit_insert(struct pat_lite_tx *tx, const struct pat_audit *a, const uint8_t *mac)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO audit (id, seq, at, actor, via, action, object, address, agent,"
		" request_id, key_id, mac)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");

	pat_lite_bind_i64(&q, 1, a->id);
	pat_lite_bind_i64(&q, 2, a->seq);
	pat_lite_bind_i64(&q, 3, a->at_s);
	pat_lite_bind_i64(&q, 4, a->actor);
	pat_lite_bind_text(&q, 5, a->via, sizeof(a->via) - 1);
	pat_lite_bind_text(&q, 6, a->action, sizeof(a->action) - 1);
	pat_lite_bind_text(&q, 7, a->object, sizeof(a->object) - 1);
	pat_lite_bind_text(&q, 8, a->address, sizeof(a->address) - 1);
	pat_lite_bind_text(&q, 9, a->agent, sizeof(a->agent) - 1);
	pat_lite_bind_text(&q, 10, a->request_id, sizeof(a->request_id) - 1);
	pat_lite_bind_i64(&q, 11, tx->lite->key.id);
	pat_lite_bind_blob(&q, 12, mac, PAT_SHA256_BYTES);
	return pat_lite_run(&q);
}

int pat_lite_audit(struct pat_lite_tx *tx, const struct pat_actor *actor,
                   const struct pat_event *event)
{
	struct pat_audit a;
	uint8_t mac[PAT_SHA256_BYTES];

	if (tx->time_s < event->at_s)
		tx->time_s = event->at_s;
	pat_audit_make(&a, actor, event);
	int e = head_advance(tx->conn, &a.id, mac);
	if (e == 0)
		e = pat_audit_mac(&a, mac, &tx->lite->key, mac);
	return e < 0 ? e : audit_insert(tx, &a, mac);
}

struct note_op {
	const struct pat_actor *actor;
	struct pat_event event;
};

static int note_op(struct pat_lite_tx *tx, void *arg)
{
	const struct note_op *op = arg;

	return pat_lite_audit(tx, op->actor, &op->event);
}

int pat_lite_audit_note(struct pat_store *store, const struct pat_actor *actor, const char *action,
                        const char *object, int64_t seq, int64_t now_s)
{
	struct note_op op = {
		.actor = actor,
		.event = { .action = action, .object = object, .seq = seq, .at_s = now_s },
	};

	return pat_lite_write(store, note_op, &op);
}

static int audit_read(struct pat_lite_query *q, struct pat_audit *ret)
{
	ret->id = pat_lite_i64(q, 0);
	ret->seq = pat_lite_i64(q, 1);
	ret->at_s = pat_lite_i64(q, 2);
	ret->actor = pat_lite_i64(q, 3);
	pat_lite_text(q, 4, ret->via, sizeof(ret->via));
	pat_lite_text(q, 5, ret->action, sizeof(ret->action));
	pat_lite_text(q, 6, ret->object, sizeof(ret->object));
	pat_lite_text(q, 7, ret->address, sizeof(ret->address));
	pat_lite_text(q, 8, ret->agent, sizeof(ret->agent));
	pat_lite_text(q, 9, ret->request_id, sizeof(ret->request_id));
	return q->malformed ? -EIO : 0;
}

int pat_lite_audit_list(struct pat_store *store, int64_t after, unsigned limit, pat_audit_fn *fn,
                        void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_audit audit;

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn,
		"SELECT id, seq, at, actor, via, action, object, address, agent, request_id"
		" FROM audit WHERE id > ?1 ORDER BY id LIMIT ?2");
	pat_lite_bind_i64(&q, 1, after);
	pat_lite_bind_i64(&q, 2, limit);
	while ((e = pat_lite_step(&q)) > 0) {
		e = audit_read(&q, &audit);
		if (e == 0)
			e = fn(arg, &audit);
		if (e != 0)
			return e;
	}
	return e;
}

/* ---- The walk. */

#define MAC_COLUMN 10 /* behind what audit_read() reads */

/* 0 when the row follows on `mac`, which then becomes the row's; or PAT_STORE_E_CHAIN, or negative. */
static int audit_follows(struct pat_lite *lite, struct pat_lite_query *q, int64_t id,
                         uint8_t mac[static PAT_SHA256_BYTES])
{
	struct pat_audit audit = { 0 };
	uint8_t stored[PAT_SHA256_BYTES];

	int malformed = audit_read(q, &audit);
	pat_lite_blob(q, MAC_COLUMN, stored, sizeof(stored));
	if (malformed != 0 || q->malformed || audit.id != id ||
	    pat_lite_i64(q, MAC_COLUMN + 1) != lite->key.id)
		return PAT_STORE_E_CHAIN;
	int e = pat_audit_mac(&audit, mac, &lite->key, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, stored, sizeof(stored)) ? 0 : PAT_STORE_E_CHAIN;
}

static int audit_walk(struct pat_lite *lite, struct pat_lite_conn *conn, int64_t *ret_id)
{
	uint8_t mac[PAT_SHA256_BYTES] = { 0 };
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT id, seq, at, actor, via, action, object, address, agent,"
		      " request_id, mac, key_id FROM audit ORDER BY id");

	int e = 0;
	*ret_id = 1;
	while ((e = pat_lite_step(&q)) > 0) {
		e = audit_follows(lite, &q, *ret_id, mac);
		if (e != 0)
			return e;
		(*ret_id)++;
	}
	return e;
}

/* ---- Whose key. */

/* 0, or PAT_STORE_E_KEY: this record was sealed with another, or is not what patd wrote. */
static int record_fits(struct pat_lite *lite, struct pat_lite_query *q)
{
	struct pat_audit audit = { 0 };
	uint8_t mac[PAT_SHA256_BYTES] = { 0 };
	uint8_t stored[PAT_SHA256_BYTES];

	int malformed = audit_read(q, &audit);
	pat_lite_blob(q, MAC_COLUMN, stored, sizeof(stored));
	pat_lite_blob(q, MAC_COLUMN + 2, mac, sizeof(mac));
	if (malformed != 0 || q->malformed)
		return PAT_STORE_E_KEY;
	int e = pat_audit_mac(&audit, mac, &lite->key, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, stored, sizeof(stored)) ? 0 : PAT_STORE_E_KEY;
}

int pat_lite_key_check(struct pat_store *store)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_lite *lite = (struct pat_lite *)store;
	bool others = false;

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn,
		"SELECT a.id, seq, at, actor, via, action, object, address, agent,"
		" request_id, mac, key_id,"
		" coalesce((SELECT b.mac FROM audit b WHERE b.id = a.id - 1), zeroblob(32))"
		" FROM audit a ORDER BY a.id DESC LIMIT ?1");
	pat_lite_bind_i64(&q, 1, PAT_STORE_KEY_RECORDS);
	while ((e = pat_lite_step(&q)) > 0) {
		if (pat_lite_i64(&q, MAC_COLUMN + 1) > lite->key.id)
			return PAT_STORE_E_KEY; /* one that came after ours */
		if (pat_lite_i64(&q, MAC_COLUMN + 1) < lite->key.id)
			continue;
		e = record_fits(lite, &q);
		if (e <= 0)
			return e;
		others = true;
	}
	return e == 0 && others ? PAT_STORE_E_KEY : e;
}

int pat_lite_audit_verify(struct pat_store *store, int64_t *ret_id)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	int64_t next = 0;

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	/* One view for the head and the records. */
	pat_cleanup(pat_lite_query_done) struct pat_lite_query begin =
		pat_lite_query(reader.conn, "BEGIN");
	pat_cleanup(pat_lite_query_done) struct pat_lite_query head =
		pat_lite_query(reader.conn, "SELECT audit FROM head WHERE id = 1");
	e = pat_lite_run(&begin);
	if (e == 0)
		e = pat_lite_step(&head);
	if (e < 0)
		return e;
	int64_t last = e == 1 ? pat_lite_i64(&head, 0) : -1;
	e = audit_walk((struct pat_lite *)store, reader.conn, &next);
	if (e == 0 && next - 1 != last)
		e = PAT_STORE_E_CHAIN;
	if (e >= 0)
		*ret_id = e == 0 ? last : next;
	return e;
}
