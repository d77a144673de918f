/* SPDX-License-Identifier: Apache-2.0
 *
 * People, and the one-time set-up code that makes the first of them.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct object {
	char text[32];
};

static struct object object_of(int64_t person)
{
	struct object object;

	(void)snprintf(object.text, sizeof(object.text), "person:%lld", (long long)person);
	return object;
}

/* ---- Reading. */

int pat_pg_person_read(struct pat_pg_query *q, int column, struct pat_person *ret)
{
	ret->id = pat_pg_i64(q, column);
	pat_pg_text(q, column + 1, ret->email, sizeof(ret->email));
	pat_pg_text(q, column + 2, ret->name, sizeof(ret->name));
	pat_pg_text(q, column + 3, ret->password, sizeof(ret->password));
	ret->admin = pat_pg_i64(q, column + 4) != 0;
	ret->disabled = pat_pg_i64(q, column + 5) != 0;
	ret->created_s = pat_pg_i64(q, column + 6);
	/* Without a picture both are NULL, and a NULL reads as 0. */
	int64_t kind = pat_pg_i64(q, column + 7);
	ret->picture = (struct pat_picture){ 0 };
	if (kind != PAT_PICTURE_NONE) {
		q->malformed |= kind < PAT_PICTURE_PNG || kind > PAT_PICTURE_WEBP;
		ret->picture.kind = (enum pat_picture_kind)kind;
		pat_pg_blob(q, column + 8, ret->picture.hash, sizeof(ret->picture.hash));
	}
	pat_pg_text(q, column + 9, ret->service, sizeof(ret->service));
	pat_pg_text(q, column + 10, ret->subject, sizeof(ret->subject));
	ret->wishes = (unsigned)(pat_pg_i64(q, column + 11) & PAT_WISHES_ALL);
	return q->malformed ? -EIO : 0;
}

static int person_one(struct pat_pg_query *q, struct pat_person *ret)
{
	struct pat_person person;

	int e = pat_pg_step(q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	e = pat_pg_person_read(q, 0, &person);
	if (e == 0)
		*ret = person;
	return e;
}

int pat_pg_person_by_email(struct pat_store *store, const char *email, struct pat_person *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		reader.conn,
		"SELECT " PAT_PG_PERSON_COLUMNS " FROM " PAT_PG_PERSON_FROM
		" WHERE lower(p.email) = lower($1 COLLATE \"C\") AND o.person IS NULL");
	pat_pg_bind_text(&q, 1, email, SIZE_MAX - 1);
	return person_one(&q, ret);
}

int pat_pg_person_get(struct pat_pg_conn *conn, int64_t id, struct pat_person *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT " PAT_PG_PERSON_COLUMNS " FROM " PAT_PG_PERSON_FROM
	                           " WHERE p.id = $1");

	pat_pg_bind_i64(&q, 1, id);
	return person_one(&q, ret);
}

int pat_pg_person_by_id(struct pat_store *store, int64_t id, struct pat_person *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	return e < 0 ? e : pat_pg_person_get(reader.conn, id, ret);
}

int pat_pg_person_list(struct pat_store *store, int64_t after, unsigned limit, pat_person_fn *fn,
                       void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	struct pat_person person;

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_stream(
		reader.conn, "SELECT " PAT_PG_PERSON_COLUMNS " FROM " PAT_PG_PERSON_FROM
			     " WHERE p.id > $1 ORDER BY p.id LIMIT $2");
	pat_pg_bind_i64(&q, 1, after);
	pat_pg_bind_i64(&q, 2, limit);
	while ((e = pat_pg_step(&q)) > 0) {
		e = pat_pg_person_read(&q, 0, &person);
		if (e == 0)
			e = fn(arg, &person);
		if (e != 0)
			return e;
	}
	return e;
}

/* Products' own people can not set anything up. */
static int people_any(struct pat_pg_conn *conn, bool *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT count(*) FROM (SELECT FROM person p WHERE NOT EXISTS"
		      " (SELECT FROM portal_person o WHERE o.person = p.id) LIMIT 1) one");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0) != 0;
	return 0;
}

int pat_pg_people_any(struct pat_store *store, bool *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	return e < 0 ? e : people_any(reader.conn, ret);
}

int pat_pg_person_state(struct pat_pg_tx *tx, int64_t id, bool *ret_disabled)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT disabled FROM person WHERE id = $1");

	pat_pg_bind_i64(&q, 1, id);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	*ret_disabled = pat_pg_i64(&q, 0) != 0;
	return 0;
}

int pat_pg_proof_judge(struct pat_pg_tx *tx, int64_t id, const struct pat_actor *actor)
{
	char password[PAT_PHC_BYTES_MAX + 1];

	if (!actor->proven)
		return 0;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT password FROM person WHERE id = $1");
	pat_pg_bind_i64(&q, 1, id);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	pat_pg_text(&q, 0, password, sizeof(password));
	size_t len = strlen(password);
	bool same = len == strlen(actor->proven) && pat_memeq(password, actor->proven, len);
	pat_wipe(password, sizeof(password));
	return same && !q.malformed ? 0 : PAT_STORE_E_PASSWORD_CHANGED;
}

/* ---- Creating. */

struct person_op {
	const struct pat_person *person;
	const struct pat_actor *actor;
	const uint8_t *code_hash; /* set-up only */
	int64_t now_s;
	int64_t id; /* result */
};

int pat_pg_person_insert(struct pat_pg_tx *tx, const struct pat_person *person, const char *email,
                         int64_t now_s, int64_t *ret_id)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "INSERT INTO person (id, email, name, password, admin, disabled, created)"
			  " SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, 0, $5 FROM person"
			  " RETURNING id");

	pat_pg_bind_text(&q, 1, email, PAT_EMAIL_BYTES_MAX);
	pat_pg_bind_text(&q, 2, person->name, PAT_PERSON_NAME_BYTES_MAX);
	pat_pg_bind_text(&q, 3, person->password, PAT_PHC_BYTES_MAX);
	pat_pg_bind_i64(&q, 4, person->admin);
	pat_pg_bind_i64(&q, 5, now_s);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_id = pat_pg_i64(&q, 0);
	return 0;
}

int pat_pg_person_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                        int64_t person, int64_t seq, int64_t now_s)
{
	struct object object = object_of(person);

	return pat_pg_audit(
		tx, actor,
		&(struct pat_event){
			.action = action, .object = object.text, .seq = seq, .at_s = now_s });
}

static int person_create_op(struct pat_pg_tx *tx, void *arg)
{
	struct person_op *op = arg;

	int e = pat_pg_email_taken(tx->conn, op->person->email, 0);
	if (e == 0)
		e = pat_pg_person_insert(tx, op->person, op->person->email, op->now_s, &op->id);
	if (e != 0)
		return e;
	return pat_pg_person_audit(tx, op->actor, "person.created", op->id, 0, op->now_s);
}

int pat_pg_person_create(struct pat_store *store, const struct pat_person *person,
                         const struct pat_actor *actor, int64_t now_s, int64_t *ret_id)
{
	struct person_op op = { .person = person, .actor = actor, .now_s = now_s };

	int e = pat_pg_write(store, person_create_op, &op);
	if (e == 0)
		*ret_id = op.id;
	return e;
}

/* ---- Set-up. */

static int setup_open(struct pat_pg_conn *conn)
{
	bool any = false;

	int e = people_any(conn, &any);
	return e < 0 || !any ? e : PAT_STORE_E_SETUP_DONE;
}

static int setup_code_set_op(struct pat_pg_tx *tx, void *arg)
{
	int e = setup_open(tx->conn);
	if (e != 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "INSERT INTO setup (id, hash) VALUES (1, $1)"
	                               " ON CONFLICT (id) DO UPDATE SET hash = $1");
	pat_pg_bind_blob(&q, 1, arg, PAT_SHA256_BYTES);
	return pat_pg_run(&q);
}

int pat_pg_setup_code_set(struct pat_store *store, const uint8_t hash[static 32])
{
	uint8_t copy[PAT_SHA256_BYTES];

	memcpy(copy, hash, sizeof(copy)); /* UNSAFE: fixed sizes */
	return pat_pg_write(store, setup_code_set_op, copy);
}

static int setup_code_check(struct pat_pg_conn *conn, const uint8_t *hash)
{
	uint8_t stored[PAT_SHA256_BYTES];
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT hash FROM setup WHERE id = 1");

	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_SETUP_CODE;
	pat_pg_blob(&q, 0, stored, sizeof(stored));
	if (q.malformed || !pat_memeq(stored, hash, sizeof(stored)))
		return PAT_STORE_E_SETUP_CODE;
	return 0;
}

static int setup_code_drop(struct pat_pg_conn *conn)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "DELETE FROM setup");

	return pat_pg_run(&q);
}

static int setup_complete_op(struct pat_pg_tx *tx, void *arg)
{
	struct person_op *op = arg;

	int e = setup_open(tx->conn);
	if (e == 0)
		e = setup_code_check(tx->conn, op->code_hash);
	if (e == 0)
		e = setup_code_drop(tx->conn);
	if (e == 0)
		e = person_create_op(tx, op);
	if (e != 0)
		return e;
	return pat_pg_person_audit(tx, op->actor, "setup.completed", op->id, 0, op->now_s);
}

int pat_pg_setup_complete(struct pat_store *store, const uint8_t hash[static 32],
                          const struct pat_person *person, const struct pat_actor *actor,
                          int64_t now_s, int64_t *ret_id)
{
	struct person_op op = {
		.person = person, .actor = actor, .code_hash = hash, .now_s = now_s
	};

	int e = pat_pg_write(store, setup_complete_op, &op);
	if (e == 0)
		*ret_id = op.id;
	return e;
}

/* ---- Changing. */

int pat_pg_password_set_op(struct pat_pg_tx *tx, void *arg)
{
	struct pat_pg_password_op *op = arg;
	bool disabled = false;

	int e = pat_pg_person_state(tx, op->id, &disabled);
	if (e == 0)
		e = pat_pg_proof_judge(tx, op->id, op->actor);
	if (e != 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE person SET password = $2 WHERE id = $1");
	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->phc, PAT_PHC_BYTES_MAX);
	e = pat_pg_run(&q);
	if (e == 0)
		e = pat_pg_person_audit(tx, op->actor, op->action, op->id, 0, op->now_s);
	if (e == 0 && op->end_sessions)
		e = pat_pg_sessions_end_tx(tx, op->id, op->keep_session, op->actor, op->now_s,
		                           &op->ended);
	return e;
}

int pat_pg_person_set_password(struct pat_store *store, int64_t id, const char *phc,
                               const char *action, bool end_sessions, int64_t keep_session,
                               const struct pat_actor *actor, int64_t now_s, int64_t *ret_ended)
{
	struct pat_pg_password_op op = { .id = id,
		                         .phc = phc,
		                         .action = action,
		                         .end_sessions = end_sessions,
		                         .keep_session = keep_session,
		                         .actor = actor,
		                         .now_s = now_s };

	int e = pat_pg_write(store, pat_pg_password_set_op, &op);
	if (e == 0)
		*ret_ended = op.ended;
	return e;
}

struct disable_op {
	int64_t id;
	bool disabled;
	const struct pat_actor *actor;
	int64_t now_s;
};

static int disabled_update(struct pat_pg_conn *conn, int64_t id, bool disabled)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "UPDATE person SET disabled = $2 WHERE id = $1");

	pat_pg_bind_i64(&q, 1, id);
	pat_pg_bind_i64(&q, 2, disabled);
	return pat_pg_run(&q);
}

static int set_disabled_op(struct pat_pg_tx *tx, void *arg)
{
	const struct disable_op *op = arg;
	bool was = false;
	int64_t seq = 0;
	int64_t ended = 0;

	int e = pat_pg_person_state(tx, op->id, &was);
	if (e != 0 || was == op->disabled)
		return e;
	e = disabled_update(tx->conn, op->id, op->disabled);
	if (e == 0 && op->disabled)
		e = pat_pg_tokens_revoke_tx(tx, op->id, PAT_REVOKE_PERSON_DISABLED, op->actor,
		                            op->now_s);
	if (e == 0 && op->disabled)
		e = pat_pg_sessions_end_tx(tx, op->id, 0, op->actor, op->now_s, &ended);
	if (e == 0)
		e = pat_pg_change(
			tx, op->disabled ? PAT_CHANGE_PERSON_DISABLED : PAT_CHANGE_PERSON_ENABLED,
			op->id, NULL, NULL, &seq);
	if (e < 0)
		return e;
	return pat_pg_person_audit(tx, op->actor,
	                           op->disabled ? "person.disabled" : "person.enabled", op->id, seq,
	                           op->now_s);
}

int pat_pg_person_set_disabled(struct pat_store *store, int64_t id, bool disabled,
                               const struct pat_actor *actor, int64_t now_s)
{
	struct disable_op op = { .id = id, .disabled = disabled, .actor = actor, .now_s = now_s };

	return pat_pg_write(store, set_disabled_op, &op);
}
