/* SPDX-License-Identifier: Apache-2.0
 *
 * What a person says of himself: name, email, picture.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

int pat_pg_email_taken(struct pat_pg_conn *conn, const char *email, int64_t id)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn,
		"SELECT 1 FROM person WHERE lower(email) = lower($1 COLLATE \"C\") AND id <> $2");

	pat_pg_bind_text(&q, 1, email, PAT_EMAIL_BYTES_MAX);
	pat_pg_bind_i64(&q, 2, id);
	int e = pat_pg_step(&q);
	return e > 0 ? PAT_STORE_E_EXISTS : e;
}

struct profile_op {
	int64_t id;
	const char *name;  /* NULL: as it is */
	const char *email; /* … */
	const struct pat_actor *actor;
	int64_t now_s;
	struct pat_person person; /* result */
};

static int name_update(struct pat_pg_tx *tx, const struct profile_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE person SET name = $2 WHERE id = $1");

	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->name, PAT_PERSON_NAME_BYTES_MAX);
	int e = pat_pg_run(&q);
	return e < 0 ? e
	             : pat_pg_person_audit(tx, op->actor, "person.renamed", op->id, 0, op->now_s);
}

static int email_update(struct pat_pg_tx *tx, const struct profile_op *op)
{
	int e = pat_pg_email_taken(tx->conn, op->email, op->id);

	if (e != 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE person SET email = $2 WHERE id = $1");
	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->email, PAT_EMAIL_BYTES_MAX);
	e = pat_pg_run(&q);
	if (e == 0)
		e = pat_pg_person_audit(tx, op->actor, "person.email_changed", op->id, 0,
		                        op->now_s);
	return e == 0 ? pat_pg_former_email_keep(tx, op->person.email, op->now_s) : e;
}

static int profile_set_op(struct pat_pg_tx *tx, void *arg)
{
	struct profile_op *op = arg;
	struct pat_person *person = &op->person;

	int e = pat_pg_person_get(tx->conn, op->id, person);
	if (e == 0 && person->disabled)
		e = PAT_STORE_E_DISABLED;
	if (e == 0)
		e = pat_pg_proof_judge(tx, op->id, op->actor);
	if (e == 0 && op->name && strcmp(op->name, person->name) != 0)
		e = name_update(tx, op);
	if (e == 0 && op->email && strcmp(op->email, person->email) != 0)
		e = email_update(tx, op);
	return e == 0 ? pat_pg_person_get(tx->conn, op->id, person) : e;
}

int pat_pg_person_set_profile(struct pat_store *store, int64_t id, const char *name,
                              const char *email, const struct pat_actor *actor, int64_t now_s,
                              struct pat_person *ret)
{
	struct profile_op op = {
		.id = id, .name = name, .email = email, .actor = actor, .now_s = now_s
	};

	int e = pat_pg_write(store, profile_set_op, &op);
	if (e == 0)
		*ret = op.person;
	pat_wipe(&op.person, sizeof(op.person));
	return e;
}

/* ---- What mail one wants. */

struct wishes_op {
	int64_t id;
	unsigned wishes;
	const struct pat_actor *actor;
	int64_t now_s;
	struct pat_person person; /* result */
};

static int wishes_set_op(struct pat_pg_tx *tx, void *arg)
{
	struct wishes_op *op = arg;

	int e = pat_pg_person_get(tx->conn, op->id, &op->person);
	if (e == 0 && op->person.disabled)
		e = PAT_STORE_E_DISABLED;
	if (e != 0 || op->person.wishes == op->wishes)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE person SET wishes = $2 WHERE id = $1");
	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_i64(&q, 2, op->wishes);
	e = pat_pg_run(&q);
	op->person.wishes = op->wishes;
	return e == 0 ? pat_pg_person_audit(tx, op->actor, "person.wishes_changed", op->id, 0,
	                                    op->now_s)
	              : e;
}

int pat_pg_person_set_wishes(struct pat_store *store, int64_t id, unsigned wishes,
                             const struct pat_actor *actor, int64_t now_s, struct pat_person *ret)
{
	struct wishes_op op = { .id = id, .wishes = wishes, .actor = actor, .now_s = now_s };

	int e = pat_pg_write(store, wishes_set_op, &op);
	if (e == 0)
		*ret = op.person;
	pat_wipe(&op.person, sizeof(op.person));
	return e;
}

/* ---- The picture. */

struct picture_op {
	int64_t id;
	const struct pat_picture *picture;
	const void *bytes;
	size_t len;
	const struct pat_actor *actor;
	int64_t now_s;
	struct pat_person person; /* result */
};

static int picture_put(struct pat_pg_conn *conn, const struct picture_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "INSERT INTO picture (person, kind, hash, bytes) VALUES ($1, $2, $3, $4)"
		      " ON CONFLICT (person) DO UPDATE SET kind = $2, hash = $3, bytes = $4");

	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_i64(&q, 2, op->picture->kind);
	pat_pg_bind_blob(&q, 3, op->picture->hash, sizeof(op->picture->hash));
	pat_pg_bind_blob(&q, 4, op->bytes, op->len);
	return pat_pg_run(&q);
}

static int picture_drop(struct pat_pg_conn *conn, int64_t person)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "DELETE FROM picture WHERE person = $1");

	pat_pg_bind_i64(&q, 1, person);
	return pat_pg_run(&q);
}

static int picture_set_op(struct pat_pg_tx *tx, void *arg)
{
	struct picture_op *op = arg;
	bool removes = op->picture->kind == PAT_PICTURE_NONE;

	int e = pat_pg_person_get(tx->conn, op->id, &op->person);
	if (e == 0 && op->person.disabled)
		e = PAT_STORE_E_DISABLED;
	if (e != 0 || pat_picture_same(&op->person.picture, op->picture))
		return e;
	e = removes ? picture_drop(tx->conn, op->id) : picture_put(tx->conn, op);
	if (e == 0)
		e = pat_pg_person_audit(tx, op->actor,
		                        removes ? "person.picture_removed"
		                                : "person.picture_changed",
		                        op->id, 0, op->now_s);
	return e == 0 ? pat_pg_person_get(tx->conn, op->id, &op->person) : e;
}

int pat_pg_person_set_picture(struct pat_store *store, int64_t id,
                              const struct pat_picture *picture, const void *bytes, size_t len,
                              const struct pat_actor *actor, int64_t now_s, struct pat_person *ret)
{
	struct picture_op op = { .id = id,
		                 .picture = picture,
		                 .bytes = bytes,
		                 .len = len,
		                 .actor = actor,
		                 .now_s = now_s };

	int e = pat_pg_write(store, picture_set_op, &op);
	if (e == 0)
		*ret = op.person;
	pat_wipe(&op.person, sizeof(op.person));
	return e;
}

int pat_pg_person_picture(struct pat_store *store, int64_t id, const struct pat_picture *picture,
                          struct pat_buf *out)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		reader.conn,
		"SELECT i.bytes FROM picture i JOIN person p ON p.id = i.person"
		" WHERE i.person = $1 AND i.kind = $2 AND i.hash = $3 AND p.disabled = 0");
	pat_pg_bind_i64(&q, 1, id);
	pat_pg_bind_i64(&q, 2, picture->kind);
	pat_pg_bind_blob(&q, 3, picture->hash, sizeof(picture->hash));
	e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	size_t len = 0;
	const void *bytes = pat_pg_here(&q, 0, &len);
	if (!bytes || len == 0) /* never stored empty: not what patd writes */
		return -EIO;
	return pat_buf_add(out, bytes, len);
}
