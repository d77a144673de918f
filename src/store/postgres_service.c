/* SPDX-License-Identifier: Apache-2.0
 *
 * Services. A row is sealed (store/seal.h).
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

static int service_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                         const char *name, int64_t now_s)
{
	char object[sizeof("service:") + PAT_LIMIT_PRODUCT_MAX];

	(void)snprintf(object, sizeof(object), "service:%s", name);
	return pat_pg_audit(
		tx, actor,
		&(struct pat_event){ .action = action, .object = object, .at_s = now_s });
}

/* ---- Adding and removing. */

struct add_op {
	struct pat_service service;
	const struct pat_actor *actor;
};

static int add_judge(struct pat_pg_tx *tx, const char *name)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "SELECT count(*), count(*) FILTER (WHERE name = $1) FROM service");

	pat_pg_bind_text(&q, 1, name, PAT_LIMIT_PRODUCT_MAX);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	if (pat_pg_i64(&q, 1) > 0)
		return PAT_STORE_E_EXISTS;
	return pat_pg_i64(&q, 0) >= PAT_SERVICES_MAX ? PAT_STORE_E_LIMIT : 0;
}

static int row_insert(struct pat_pg_tx *tx, const struct pat_service *s)
{
	uint8_t mac[PAT_SHA256_BYTES];
	int e = pat_service_mac(s, &tx->pg->key, mac);

	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "INSERT INTO service (name, product, created, hash, key_id, mac,"
			  " origins, title, accent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
	pat_pg_bind_text(&q, 1, s->name, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_text(&q, 2, s->product, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_i64(&q, 3, s->created_s);
	pat_pg_bind_blob(&q, 4, s->hash, sizeof(s->hash));
	pat_pg_bind_i64(&q, 5, tx->pg->key.id);
	pat_pg_bind_blob(&q, 6, mac, sizeof(mac));
	pat_pg_bind_text(&q, 7, s->origins, PAT_ORIGINS_BYTES_MAX);
	pat_pg_bind_text(&q, 8, s->title, PAT_TITLE_BYTES_MAX);
	pat_pg_bind_text(&q, 9, s->accent, PAT_ACCENT_CHARS);
	return pat_pg_run(&q);
}

static int service_add_op(struct pat_pg_tx *tx, void *arg)
{
	struct add_op *op = arg;

	int e = add_judge(tx, op->service.name);
	if (e == 0)
		e = row_insert(tx, &op->service);
	if (tx->time_s < op->service.created_s)
		tx->time_s = op->service.created_s;
	return e == 0 ? service_audit(tx, op->actor, "service.added", op->service.name,
	                              op->service.created_s)
	              : e;
}

int pat_pg_service_add(struct pat_store *store, const struct pat_service *service,
                       const struct pat_actor *actor, int64_t now_s)
{
	struct add_op op = { .service = *service, .actor = actor };

	op.service.created_s = now_s;
	return pat_pg_write(store, service_add_op, &op);
}

struct change_op {
	const struct pat_service *before;
	const struct pat_service *after;
	const struct pat_actor *actor;
	int64_t now_s;
};

/* The seal says that the row is still the one that was read. */
static int row_change(struct pat_pg_tx *tx, const struct pat_service *before,
                      const struct pat_service *s)
{
	uint8_t mac[PAT_SHA256_BYTES];
	uint8_t sealed[PAT_SHA256_BYTES];
	int e = pat_service_mac(s, &tx->pg->key, mac);

	if (e == 0)
		e = pat_service_mac(before, &tx->pg->key, sealed);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "UPDATE service SET product = $2, hash = $3, key_id = $4, mac = $5,"
			  " origins = $6, title = $7, accent = $8 WHERE name = $1 AND mac = $9");
	pat_pg_bind_text(&q, 1, s->name, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_text(&q, 2, s->product, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_blob(&q, 3, s->hash, sizeof(s->hash));
	pat_pg_bind_i64(&q, 4, tx->pg->key.id);
	pat_pg_bind_blob(&q, 5, mac, sizeof(mac));
	pat_pg_bind_text(&q, 6, s->origins, PAT_ORIGINS_BYTES_MAX);
	pat_pg_bind_text(&q, 7, s->title, PAT_TITLE_BYTES_MAX);
	pat_pg_bind_text(&q, 8, s->accent, PAT_ACCENT_CHARS);
	pat_pg_bind_blob(&q, 9, sealed, sizeof(sealed));
	e = pat_pg_run(&q);
	if (e < 0)
		return e;
	return pat_pg_changed(&q) > 0 ? 0 : PAT_STORE_E_NOT_FOUND;
}

static int service_change_op(struct pat_pg_tx *tx, void *arg)
{
	const struct change_op *op = arg;
	bool rotated = !pat_memeq(op->before->hash, op->after->hash, sizeof(op->after->hash));

	int e = row_change(tx, op->before, op->after);
	return e == 0 ? service_audit(tx, op->actor, rotated ? "service.rotated" : "service.edited",
	                              op->after->name, op->now_s)
	              : e;
}

int pat_pg_service_change(struct pat_store *store, const struct pat_service *before,
                          const struct pat_service *after, const struct pat_actor *actor,
                          int64_t now_s)
{
	return pat_pg_write(store, service_change_op,
	                    &(struct change_op){ before, after, actor, now_s });
}

struct remove_op {
	const char *name;
	const struct pat_actor *actor;
	int64_t now_s;
};

static int service_remove_op(struct pat_pg_tx *tx, void *arg)
{
	const struct remove_op *op = arg;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "DELETE FROM service WHERE name = $1");

	pat_pg_bind_text(&q, 1, op->name, PAT_LIMIT_PRODUCT_MAX);
	int e = pat_pg_run(&q);
	if (e == 0 && pat_pg_changed(&q) == 0)
		return PAT_STORE_E_NOT_FOUND;
	if (e == 0)
		e = pat_pg_portal_end_tx(tx, op->name, op->actor, op->now_s);
	return e == 0 ? service_audit(tx, op->actor, "service.removed", op->name, op->now_s) : e;
}

int pat_pg_service_remove(struct pat_store *store, const char *name, const struct pat_actor *actor,
                          int64_t now_s)
{
	if (!pat_product_name_ok(name, strlen(name)))
		return PAT_STORE_E_NOT_FOUND;
	return pat_pg_write(store, service_remove_op, &(struct remove_op){ name, actor, now_s });
}

/* ---- Reading. */

#define COLUMNS "name, product, created, hash, key_id, mac, origins, title, accent"

/* 0, PAT_RECORD_E_MAC (and logs it), or negative. */
static int row_read(struct pat_pg *pg, struct pat_pg_query *q, struct pat_service *ret)
{
	uint8_t sealed[PAT_SHA256_BYTES];
	uint8_t mac[PAT_SHA256_BYTES];

	q->malformed = false;
	pat_pg_text(q, 0, ret->name, sizeof(ret->name));
	pat_pg_text(q, 1, ret->product, sizeof(ret->product));
	ret->created_s = pat_pg_i64(q, 2);
	pat_pg_blob(q, 3, ret->hash, sizeof(ret->hash));
	int64_t key_id = pat_pg_i64(q, 4);
	pat_pg_blob(q, 5, sealed, sizeof(sealed));
	pat_pg_text(q, 6, ret->origins, sizeof(ret->origins));
	pat_pg_text(q, 7, ret->title, sizeof(ret->title));
	pat_pg_text(q, 8, ret->accent, sizeof(ret->accent));
	int e = pat_service_mac(ret, &pg->key, mac);
	if (e < 0)
		return e;
	if (!q->malformed && key_id == pg->key.id && pat_memeq(mac, sealed, sizeof(mac)))
		return 0;
	pat_log(PAT_LOG_ERROR, "store.service_tampered", "service", ret->name, NULL);
	return PAT_RECORD_E_MAC;
}

int pat_pg_service_get(struct pat_store *store, const char *name, struct pat_service *ret)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	if (!pat_product_name_ok(name, strlen(name)))
		return PAT_STORE_E_NOT_FOUND;
	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(reader.conn, "SELECT " COLUMNS " FROM service WHERE name = $1");
	pat_pg_bind_text(&q, 1, name, PAT_LIMIT_PRODUCT_MAX);
	e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : PAT_STORE_E_NOT_FOUND;
	e = row_read((struct pat_pg *)store, &q, ret);
	return e == PAT_RECORD_E_MAC ? PAT_STORE_E_NOT_FOUND : e;
}

int pat_pg_service_list(struct pat_store *store, pat_service_fn *fn, void *arg)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	struct pat_service service;

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_stream(reader.conn, "SELECT " COLUMNS " FROM service ORDER BY name");
	while ((e = pat_pg_step(&q)) > 0) {
		e = row_read((struct pat_pg *)store, &q, &service);
		if (e == 0)
			e = fn(arg, &service);
		if (e != 0 && e != PAT_RECORD_E_MAC)
			return e;
	}
	return e;
}
