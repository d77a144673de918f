/* SPDX-License-Identifier: Apache-2.0
 *
 * Products' own people: the rows beside theirs in `person`, and the links by which they come.
 */
#include "store/postgres.h"

#include <errno.h>
#include <string.h>

/* ---- People. */

/* 0, PAT_STORE_E_NOT_FOUND, or negative. */
static int person_find(struct pat_pg_conn *conn, const char *service, const char *subject,
                       struct pat_person *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		conn, "SELECT person FROM portal_person WHERE service = $1 AND subject = $2");

	pat_pg_bind_text(&q, 1, service, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_text(&q, 2, subject, PAT_SUBJECT_BYTES_MAX);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	return pat_pg_person_get(conn, pat_pg_i64(&q, 0), ret);
}

int pat_pg_portal_person(struct pat_store *store, const char *service, const char *subject,
                         struct pat_person *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	if (!pat_product_name_ok(service, strlen(service)) ||
	    strlen(subject) > PAT_SUBJECT_BYTES_MAX)
		return PAT_STORE_E_NOT_FOUND;
	int e = pat_pg_reader_take(store, &reader);
	return e < 0 ? e : person_find(reader.conn, service, subject, ret);
}

/* ---- Linking. */

struct link_op {
	const struct pat_person *person;
	const struct pat_portal_link *link;
	const struct pat_actor *actor;
	int64_t now_s;
	int64_t id; /* result */
};

static int service_judge(struct pat_pg_tx *tx, const char *service)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT 1 FROM service WHERE name = $1");

	pat_pg_bind_text(&q, 1, service, PAT_LIMIT_PRODUCT_MAX);
	int e = pat_pg_step(&q);
	return e < 0 ? e : e == 1 ? 0 : PAT_STORE_E_NOT_FOUND;
}

static int person_make(struct pat_pg_tx *tx, struct link_op *op)
{
	char key[PAT_PORTAL_KEY_BYTES];

	pat_store_portal_key(op->person, key);
	int e = pat_pg_person_insert(tx, op->person, key, op->now_s, &op->id);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "INSERT INTO portal_person (person, service, subject, email)"
	                               " VALUES ($1, $2, $3, $4)");
	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->person->service, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_text(&q, 3, op->person->subject, PAT_SUBJECT_BYTES_MAX);
	pat_pg_bind_text(&q, 4, op->person->email, PAT_EMAIL_BYTES_MAX);
	e = pat_pg_run(&q);
	return e < 0 ? e
	             : pat_pg_person_audit(tx, op->actor, "person.created", op->id, 0, op->now_s);
}

static int name_set(struct pat_pg_tx *tx, const struct link_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE person SET name = $2 WHERE id = $1");

	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->person->name, PAT_PERSON_NAME_BYTES_MAX);
	return pat_pg_run(&q);
}

static int email_set(struct pat_pg_tx *tx, const struct link_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "UPDATE portal_person SET email = $2 WHERE person = $1");

	pat_pg_bind_i64(&q, 1, op->id);
	pat_pg_bind_text(&q, 2, op->person->email, PAT_EMAIL_BYTES_MAX);
	return pat_pg_run(&q);
}

static int person_update(struct pat_pg_tx *tx, const struct link_op *op,
                         const struct pat_person *before)
{
	int e = 0;

	if (strcmp(before->email, op->person->email) != 0)
		e = email_set(tx, op);
	if (e < 0 || strcmp(before->name, op->person->name) == 0)
		return e;
	e = name_set(tx, op);
	return e < 0 ? e
	             : pat_pg_person_audit(tx, op->actor, "person.renamed", op->id, 0, op->now_s);
}

static int person_there(struct pat_pg_tx *tx, struct link_op *op)
{
	struct pat_person before;

	int e = person_find(tx->conn, op->person->service, op->person->subject, &before);
	if (e == PAT_STORE_E_NOT_FOUND)
		return person_make(tx, op);
	if (e < 0)
		return e;
	if (before.disabled)
		return PAT_STORE_E_DISABLED;
	op->id = before.id;
	return person_update(tx, op, &before);
}

static int links_prune(struct pat_pg_tx *tx, int64_t now_s)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "DELETE FROM portal_link WHERE expires <= $1");

	pat_pg_bind_i64(&q, 1, now_s);
	return pat_pg_run(&q);
}

static int link_insert(struct pat_pg_tx *tx, const struct link_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "INSERT INTO portal_link (hash, person, return_url, expires)"
	                               " VALUES ($1, $2, $3, $4)");

	pat_pg_bind_blob(&q, 1, op->link->hash, sizeof(op->link->hash));
	pat_pg_bind_i64(&q, 2, op->id);
	pat_pg_bind_text(&q, 3, op->link->return_url, PAT_RETURN_URL_BYTES_MAX);
	pat_pg_bind_i64(&q, 4, op->link->expires_s);
	return pat_pg_run(&q);
}

static int link_op(struct pat_pg_tx *tx, void *arg)
{
	struct link_op *op = arg;

	int e = service_judge(tx, op->person->service);
	if (e == 0)
		e = person_there(tx, op);
	if (e == 0)
		e = links_prune(tx, op->now_s);
	if (e == 0)
		e = link_insert(tx, op);
	return e == 0 ? pat_pg_person_audit(tx, op->actor, "portal.linked", op->id, 0, op->now_s)
	              : e;
}

int pat_pg_portal_link(struct pat_store *store, const struct pat_person *person,
                       const struct pat_portal_link *link, const struct pat_actor *actor,
                       int64_t now_s, int64_t *ret_id)
{
	struct link_op op = { .person = person, .link = link, .actor = actor, .now_s = now_s };

	int e = pat_pg_write(store, link_op, &op);
	if (e == 0)
		*ret_id = op.id;
	return e;
}

/* ---- Opening. */

struct open_op {
	const uint8_t *hash;
	struct pat_session session;
	struct pat_actor actor;
	int64_t now_s;
	struct pat_person person; /* result */
};

static int link_take(struct pat_pg_tx *tx, struct open_op *op)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "DELETE FROM portal_link WHERE hash = $1 AND expires > $2"
	                               " RETURNING person, return_url");

	pat_pg_bind_blob(&q, 1, op->hash, PAT_SHA256_BYTES);
	pat_pg_bind_i64(&q, 2, op->now_s);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	op->session.person = pat_pg_i64(&q, 0);
	pat_pg_text(&q, 1, op->session.return_url, sizeof(op->session.return_url));
	return q.malformed ? -EIO : pat_pg_run(&q);
}

static int open_op(struct pat_pg_tx *tx, void *arg)
{
	struct open_op *op = arg;
	struct pat_pg_session_op create = { .session = &op->session,
		                            .actor = &op->actor,
		                            .now_s = op->now_s };

	int e = link_take(tx, op);
	if (e != 0)
		return e;
	op->actor.person = op->session.person;
	e = pat_pg_session_create_op(tx, &create);
	op->session.id = create.id;
	return e == 0 ? pat_pg_person_get(tx->conn, op->session.person, &op->person) : e;
}

int pat_pg_portal_open(struct pat_store *store, const uint8_t hash[static 32],
                       struct pat_session *session, const struct pat_actor *actor, int64_t now_s,
                       struct pat_person *ret)
{
	struct open_op op = { .hash = hash, .session = *session, .actor = *actor, .now_s = now_s };

	int e = pat_pg_write(store, open_op, &op);
	if (e == 0) {
		*session = op.session;
		*ret = op.person;
	}
	return e;
}

/* ---- Ending. */

int pat_pg_portal_judge(struct pat_pg_tx *tx, int64_t person)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "SELECT 1 FROM portal_person o JOIN service s ON s.name = o.service"
			  " WHERE o.person = $1");

	pat_pg_bind_i64(&q, 1, person);
	int e = pat_pg_step(&q);
	return e < 0 ? e : e == 1 ? 0 : PAT_STORE_E_NOT_FOUND;
}

/* The service's person with the least id above `after`; 0: none. */
static int person_next(struct pat_pg_conn *conn, const char *service, int64_t after, int64_t *ret)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "SELECT coalesce(min(person), 0) FROM portal_person"
	                           " WHERE service = $1 AND person > $2");

	pat_pg_bind_text(&q, 1, service, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_i64(&q, 2, after);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret = pat_pg_i64(&q, 0);
	return 0;
}

static int links_drop(struct pat_pg_conn *conn, int64_t person)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(conn, "DELETE FROM portal_link WHERE person = $1");

	pat_pg_bind_i64(&q, 1, person);
	return pat_pg_run(&q);
}

int pat_pg_portal_end_tx(struct pat_pg_tx *tx, const char *service, const struct pat_actor *actor,
                         int64_t now_s)
{
	int64_t person = 0;
	int64_t ended = 0;

	for (;;) {
		int e = person_next(tx->conn, service, person, &person);
		if (e < 0 || person == 0)
			return e;
		e = links_drop(tx->conn, person);
		if (e == 0)
			e = pat_pg_tokens_revoke_tx(tx, person, PAT_REVOKE_ADMINISTRATOR, actor,
			                            now_s);
		if (e == 0)
			e = pat_pg_sessions_end_tx(tx, person, 0, actor, now_s, &ended);
		if (e != 0)
			return e;
	}
}
