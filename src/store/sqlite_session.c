/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions. Where a person signed in from is kept beside them, so that an address stays known when its
 * sessions are gone.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdio.h>

#define SESSION_COLUMNS \
	"s.id, s.hash, s.person, s.created, s.seen, s.expires, s.address, s.agent, s.return_url"
#define PERSON_COLUMN 9 /* behind those */

/* ---- Reading. */

static int session_read(struct pat_lite_query *q, struct pat_session *ret)
{
	ret->id = pat_lite_i64(q, 0);
	pat_lite_blob(q, 1, ret->hash, sizeof(ret->hash));
	ret->person = pat_lite_i64(q, 2);
	ret->created_s = pat_lite_i64(q, 3);
	ret->seen_s = pat_lite_i64(q, 4);
	ret->expires_s = pat_lite_i64(q, 5);
	pat_lite_text(q, 6, ret->address, sizeof(ret->address));
	pat_lite_text(q, 7, ret->agent, sizeof(ret->agent));
	pat_lite_text(q, 8, ret->return_url, sizeof(ret->return_url));
	return q->malformed ? -EIO : 0;
}

int pat_lite_session_get(struct pat_store *store, const uint8_t hash[static 32],
                         struct pat_session *ret, struct pat_person *ret_person)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_session session;
	struct pat_person person;

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn, "SELECT " SESSION_COLUMNS ", " PAT_LITE_PERSON_COLUMNS
			     " FROM session s JOIN " PAT_LITE_PERSON_FROM
			     " WHERE p.id = s.person AND s.hash = ?1 AND p.disabled = 0");
	pat_lite_bind_blob(&q, 1, hash, PAT_SHA256_BYTES);
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	e = session_read(&q, &session);
	if (e == 0)
		e = pat_lite_person_read(&q, PERSON_COLUMN, &person);
	if (e < 0)
		return e;
	*ret = session;
	*ret_person = person;
	return 0;
}

int pat_lite_session_list(struct pat_store *store, int64_t person, pat_session_fn *fn, void *arg)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };
	struct pat_session session;

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn,
		"SELECT " SESSION_COLUMNS " FROM session s WHERE s.person = ?1 ORDER BY s.id DESC");
	pat_lite_bind_i64(&q, 1, person);
	while ((e = pat_lite_step(&q)) > 0) {
		e = session_read(&q, &session);
		if (e == 0)
			e = fn(arg, &session);
		if (e != 0)
			return e;
	}
	return e;
}

int pat_lite_address_known(struct pat_store *store, int64_t person, const char *address, bool *ret)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		reader.conn, "SELECT 1 FROM sign_in WHERE person = ?1 AND address = ?2");
	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_text(&q, 2, address, PAT_ADDRESS_BYTES_MAX);
	e = pat_lite_step(&q);
	if (e < 0)
		return e;
	*ret = e == 1;
	return 0;
}

/* ---- Ending one. */

static int session_audit(struct pat_lite_tx *tx, const struct pat_actor *actor, const char *action,
                         int64_t session, int64_t now_s)
{
	char object[32];

	(void)snprintf(object, sizeof(object), "session:%lld", (long long)session);
	return pat_lite_audit(
		tx, actor,
		&(struct pat_event){ .action = action, .object = object, .at_s = now_s });
}

struct end_op {
	int64_t person;
	int64_t id; /* the one to end, or the one to keep */
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t ended; /* result */
};

static int session_end_op(struct pat_lite_tx *tx, void *arg)
{
	const struct end_op *op = arg;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "DELETE FROM session WHERE id = ?1 AND person = ?2");

	pat_lite_bind_i64(&q, 1, op->id);
	pat_lite_bind_i64(&q, 2, op->person);
	int e = pat_lite_run(&q);
	if (e < 0)
		return e;
	if (sqlite3_changes(tx->conn->db) == 0)
		return PAT_STORE_E_NOT_FOUND;
	return session_audit(tx, op->actor, "session.ended", op->id, op->now_s);
}

/* ---- Creating. */

static int session_insert(struct pat_lite_tx *tx, const struct pat_session *session,
                          int64_t *ret_id)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT INTO session (hash, person, created, seen, expires, address, agent, return_url)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	pat_lite_bind_blob(&q, 1, session->hash, sizeof(session->hash));
	pat_lite_bind_i64(&q, 2, session->person);
	pat_lite_bind_i64(&q, 3, session->created_s);
	pat_lite_bind_i64(&q, 4, session->seen_s);
	pat_lite_bind_i64(&q, 5, session->expires_s);
	pat_lite_bind_text(&q, 6, session->address, PAT_ADDRESS_BYTES_MAX);
	pat_lite_bind_text(&q, 7, session->agent, PAT_AGENT_BYTES_MAX);
	pat_lite_bind_text(&q, 8, session->return_url, PAT_RETURN_URL_BYTES_MAX);
	int e = pat_lite_run(&q);
	if (e == 0)
		*ret_id = sqlite3_last_insert_rowid(tx->conn->db);
	return e;
}

static int sign_in_note(struct pat_lite_tx *tx, const struct pat_session *session, int64_t now_s)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn,
		"INSERT OR REPLACE INTO sign_in (person, address, last) VALUES (?1, ?2, ?3)");

	pat_lite_bind_i64(&q, 1, session->person);
	pat_lite_bind_text(&q, 2, session->address, PAT_ADDRESS_BYTES_MAX);
	pat_lite_bind_i64(&q, 3, now_s);
	return pat_lite_run(&q);
}

/* How many sessions a person has, and which of them, other than `keep`, was seen longest ago (0: none). */
static int sessions_oldest(struct pat_lite_conn *conn, int64_t person, int64_t keep,
                           int64_t *ret_count, int64_t *ret_id)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn,
		"SELECT (SELECT count(*) FROM session WHERE person = ?1),"
		" coalesce((SELECT id FROM session WHERE person = ?1 AND id <> ?2 ORDER BY seen, id LIMIT 1), 0)");

	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_i64(&q, 2, keep);
	int e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_count = pat_lite_i64(&q, 0);
	*ret_id = pat_lite_i64(&q, 1);
	return 0;
}

/* Ends what is more than a person may have. The one just made stays. */
static int sessions_trim(struct pat_lite_tx *tx, const struct pat_lite_session_op *op)
{
	struct end_op end = { .person = op->session->person,
		              .actor = op->actor,
		              .now_s = op->now_s };
	int64_t count = 0;

	for (;;) {
		int e = sessions_oldest(tx->conn, end.person, op->id, &count, &end.id);
		if (e < 0 || count <= (int64_t)tx->lite->sessions_max)
			return e;
		e = session_end_op(tx, &end);
		if (e != 0)
			return e;
	}
}

int pat_lite_session_create_op(struct pat_lite_tx *tx, void *arg)
{
	struct pat_lite_session_op *op = arg;
	bool disabled = false;

	int e = pat_lite_person_state(tx, op->session->person, &disabled);
	if (e != 0)
		return e;
	if (disabled)
		return PAT_STORE_E_DISABLED;
	e = pat_lite_proof_judge(tx, op->session->person, op->actor);
	if (e != 0)
		return e;
	e = session_insert(tx, op->session, &op->id);
	if (e == 0)
		e = sign_in_note(tx, op->session, op->now_s);
	if (e == 0)
		e = session_audit(tx, op->actor, "session.created", op->id, op->now_s);
	if (e == 0 && tx->lite->sessions_max > 0)
		e = sessions_trim(tx, op);
	return e;
}

int pat_lite_session_create(struct pat_store *store, struct pat_session *session,
                            const struct pat_actor *actor, int64_t now_s)
{
	struct pat_lite_session_op op = { .session = session, .actor = actor, .now_s = now_s };

	int e = pat_lite_write(store, pat_lite_session_create_op, &op);
	if (e == 0)
		session->id = op.id;
	return e;
}

struct touch_op {
	int64_t id;
	int64_t seen_s;
};

static int session_touch_op(struct pat_lite_tx *tx, void *arg)
{
	const struct touch_op *op = arg;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE session SET seen = ?2 WHERE id = ?1 AND seen < ?2");

	tx->time_s = op->seen_s;
	pat_lite_bind_i64(&q, 1, op->id);
	pat_lite_bind_i64(&q, 2, op->seen_s);
	return pat_lite_run(&q);
}

int pat_lite_session_touch(struct pat_store *store, int64_t id, int64_t seen_s)
{
	return pat_lite_write(store, session_touch_op, &(struct touch_op){ id, seen_s });
}

/* ---- Ending. */

int pat_lite_session_end(struct pat_store *store, int64_t person, int64_t id,
                         const struct pat_actor *actor, int64_t now_s)
{
	struct end_op op = { .person = person, .id = id, .actor = actor, .now_s = now_s };

	return pat_lite_write(store, session_end_op, &op);
}

struct renew_op {
	struct pat_lite_session_op create;
	struct end_op end;
};

static int session_renew_op(struct pat_lite_tx *tx, void *arg)
{
	struct renew_op *op = arg;

	int e = session_end_op(tx, &op->end);
	return e == 0 ? pat_lite_session_create_op(tx, &op->create) : e;
}

int pat_lite_session_renew(struct pat_store *store, int64_t old, struct pat_session *session,
                           const struct pat_actor *actor, int64_t now_s)
{
	struct renew_op op = {
		.create = { .session = session, .actor = actor, .now_s = now_s },
		.end = { .person = session->person, .id = old, .actor = actor, .now_s = now_s },
	};

	int e = pat_lite_write(store, session_renew_op, &op);
	if (e == 0)
		session->id = op.create.id;
	return e;
}

struct change_op {
	struct pat_lite_password_op password;
	struct renew_op renew;
};

static int password_change_op(struct pat_lite_tx *tx, void *arg)
{
	struct change_op *op = arg;

	int e = pat_lite_password_set_op(tx, &op->password);
	return e == 0 ? session_renew_op(tx, &op->renew) : e;
}

int pat_lite_password_change(struct pat_store *store, int64_t old, struct pat_session *session,
                             const char *phc, bool end_others, const struct pat_actor *actor,
                             int64_t now_s, int64_t *ret_ended)
{
	/* What was proven was the password before: it is judged once, before it is set. */
	struct pat_actor after = *actor;
	struct change_op op = {
		.password = { .id = session->person,
		              .phc = phc,
		              .action = "password.changed",
		              .end_sessions = end_others,
		              .keep_session = old,
		              .actor = actor,
		              .now_s = now_s },
		.renew = { .create = { .session = session, .actor = &after, .now_s = now_s },
		           .end = { .person = session->person,
		                    .id = old,
		                    .actor = &after,
		                    .now_s = now_s } },
	};

	after.proven = NULL;
	int e = pat_lite_write(store, password_change_op, &op);
	if (e == 0) {
		session->id = op.renew.create.id;
		*ret_ended = op.password.ended;
	}
	return e;
}

/* The person's oldest session with an id above `after` other than `keep`; 0: none. */
static int session_next(struct pat_lite_conn *conn, int64_t person, int64_t keep, int64_t after,
                        int64_t *ret)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		conn, "SELECT id FROM session WHERE person = ?1 AND id > ?2 AND id <> ?3"
		      " ORDER BY id LIMIT 1");

	pat_lite_bind_i64(&q, 1, person);
	pat_lite_bind_i64(&q, 2, after);
	pat_lite_bind_i64(&q, 3, keep);
	int e = pat_lite_step(&q);
	if (e < 0)
		return e;
	*ret = e == 1 ? pat_lite_i64(&q, 0) : 0;
	return 0;
}

int pat_lite_sessions_end_tx(struct pat_lite_tx *tx, int64_t person, int64_t keep,
                             const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended)
{
	struct end_op op = { .person = person, .actor = actor, .now_s = now_s };
	int64_t ended = 0;

	for (;;) {
		int e = session_next(tx->conn, person, keep, op.id, &op.id);
		if (e == 0 && op.id == 0)
			break;
		if (e == 0)
			e = session_end_op(tx, &op);
		if (e != 0)
			return e;
		ended++;
	}
	*ret_ended = ended;
	return 0;
}

static int sessions_end_op(struct pat_lite_tx *tx, void *arg)
{
	struct end_op *op = arg;

	return pat_lite_sessions_end_tx(tx, op->person, op->id, op->actor, op->now_s, &op->ended);
}

int pat_lite_sessions_end(struct pat_store *store, int64_t person, int64_t keep,
                          const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended)
{
	struct end_op op = { .person = person, .id = keep, .actor = actor, .now_s = now_s };

	int e = pat_lite_write(store, sessions_end_op, &op);
	if (e == 0)
		*ret_ended = op.ended;
	return e;
}

struct prune_op {
	int64_t expired_before_s;
	int64_t seen_before_s;
};

static int sessions_prune_op(struct pat_lite_tx *tx, void *arg)
{
	const struct prune_op *op = arg;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(tx->conn, "DELETE FROM session WHERE expires < ?1 OR seen < ?2");

	pat_lite_bind_i64(&q, 1, op->expired_before_s);
	pat_lite_bind_i64(&q, 2, op->seen_before_s);
	return pat_lite_run(&q);
}

int pat_lite_sessions_prune(struct pat_store *store, int64_t expired_before_s,
                            int64_t seen_before_s)
{
	return pat_lite_write(store, sessions_prune_op,
	                      &(struct prune_op){ expired_before_s, seen_before_s });
}
