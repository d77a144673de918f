/* SPDX-License-Identifier: Apache-2.0
 *
 * Products: the documents that policies are compiled from. A row is sealed (store/seal.h) as a token's is.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static int product_audit(struct pat_pg_tx *tx, const struct pat_actor *actor, const char *action,
                         const char *name, int64_t seq, int64_t now_s)
{
	char object[sizeof("product:") + PAT_LIMIT_PRODUCT_MAX];

	(void)snprintf(object, sizeof(object), "product:%s", name);
	return pat_pg_audit(
		tx, actor,
		&(struct pat_event){
			.action = action, .object = object, .seq = seq, .at_s = now_s });
}

/* ---- Importing. */

struct put_op {
	struct pat_product product;
	const struct pat_actor *actor;
};

/* How many others there are. */
static int others_judge(struct pat_pg_tx *tx, const char *name)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "SELECT count(*) FROM product WHERE name <> $1");

	pat_pg_bind_text(&q, 1, name, PAT_LIMIT_PRODUCT_MAX);
	int e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	return pat_pg_i64(&q, 0) >= PAT_PRODUCTS_MAX ? PAT_STORE_E_LIMIT : 0;
}

static int row_put(struct pat_pg_tx *tx, const struct pat_product *p, const uint8_t mac[static 32])
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn,
		"INSERT INTO product (name, seq, imported, reading, key_id, mac, document)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO UPDATE SET"
		" seq = $2, imported = $3, reading = $4, key_id = $5, mac = $6, document = $7");

	pat_pg_bind_text(&q, 1, p->name, PAT_LIMIT_PRODUCT_MAX);
	pat_pg_bind_i64(&q, 2, p->seq);
	pat_pg_bind_i64(&q, 3, p->imported_s);
	pat_pg_bind_text(&q, 4, p->reading, PAT_PRODUCT_READING_MAX);
	pat_pg_bind_i64(&q, 5, tx->pg->key.id);
	pat_pg_bind_blob(&q, 6, mac, PAT_SHA256_BYTES);
	pat_pg_bind_blob(&q, 7, p->document, p->document_len);
	return pat_pg_run(&q);
}

static int product_put_op(struct pat_pg_tx *tx, void *arg)
{
	struct put_op *op = arg;
	struct pat_product *p = &op->product;
	uint8_t mac[PAT_SHA256_BYTES];

	int e = others_judge(tx, p->name);
	if (e == 0)
		e = pat_pg_change(tx, PAT_CHANGE_PRODUCT, op->actor->person, NULL, NULL, &p->seq);
	if (e == 0)
		e = pat_product_mac(p, &tx->pg->key, mac);
	if (e == 0)
		e = row_put(tx, p, mac);
	if (e == 0)
		e = product_audit(tx, op->actor, "product.imported", p->name, p->seq,
		                  p->imported_s);
	if (tx->time_s < p->imported_s)
		tx->time_s = p->imported_s;
	return e;
}

int pat_pg_product_put(struct pat_store *store, const struct pat_product *product,
                       const struct pat_actor *actor, int64_t now_s, int64_t *ret_seq)
{
	struct put_op op = { .product = *product, .actor = actor };

	op.product.imported_s = now_s;
	int e = pat_pg_write(store, product_put_op, &op);
	if (e == 0)
		*ret_seq = op.product.seq;
	return e;
}

/* ---- Removing. */

struct remove_op {
	const char *name;
	const struct pat_actor *actor;
	int64_t now_s;
};

static int row_remove(struct pat_pg_tx *tx, const char *name)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(tx->conn, "DELETE FROM product WHERE name = $1");

	pat_pg_bind_text(&q, 1, name, strlen(name));
	int e = pat_pg_run(&q);
	if (e < 0)
		return e;
	return pat_pg_changed(&q) > 0 ? 0 : PAT_STORE_E_NOT_FOUND;
}

static int product_remove_op(struct pat_pg_tx *tx, void *arg)
{
	const struct remove_op *op = arg;
	int64_t seq = 0;

	int e = row_remove(tx, op->name);
	if (e == 0)
		e = pat_pg_change(tx, PAT_CHANGE_PRODUCT, op->actor->person, NULL, NULL, &seq);
	return e == 0 ? product_audit(tx, op->actor, "product.removed", op->name, seq, op->now_s)
	              : e;
}

int pat_pg_product_remove(struct pat_store *store, const char *name, const struct pat_actor *actor,
                          int64_t now_s)
{
	if (!pat_product_name_ok(name, strlen(name)))
		return PAT_STORE_E_NOT_FOUND;
	return pat_pg_write(store, product_remove_op, &(struct remove_op){ name, actor, now_s });
}

/* ---- Listing. */

struct row {
	struct pat_product product;
	char name[PAT_LIMIT_PRODUCT_MAX + 1];
	char reading[PAT_PRODUCT_READING_MAX + 1];
	int64_t key_id;
	uint8_t mac[PAT_SHA256_BYTES];
};

/* The document stays the query's, until its next step. 0, PAT_RECORD_E_MAC, or negative. */
static int row_read(struct pat_pg *pg, struct pat_pg_query *q, struct row *row)
{
	uint8_t mac[PAT_SHA256_BYTES];
	size_t len = 0;

	q->malformed = false;
	pat_pg_text(q, 0, row->name, sizeof(row->name));
	pat_pg_text(q, 3, row->reading, sizeof(row->reading));
	row->key_id = pat_pg_i64(q, 4);
	pat_pg_blob(q, 5, row->mac, sizeof(row->mac));
	const char *document = pat_pg_here(q, 6, &len);
	row->product = (struct pat_product){
		.name = row->name,
		.reading = row->reading,
		.seq = pat_pg_i64(q, 1),
		.imported_s = pat_pg_i64(q, 2),
		.document = document,
		.document_len = len,
	};
	if (!document || q->malformed || row->key_id != pg->key.id ||
	    row->product.document_len > PAT_PRODUCT_DOCUMENT_MAX ||
	    !pat_product_name_ok(row->name, strlen(row->name)))
		return PAT_RECORD_E_MAC;
	int e = pat_product_mac(&row->product, &pg->key, mac);
	if (e < 0)
		return e;
	return pat_memeq(mac, row->mac, sizeof(mac)) ? 0 : PAT_RECORD_E_MAC;
}

int pat_pg_product_list(struct pat_store *store, pat_product_fn *fn, void *arg)
{
	struct pat_pg *pg = (struct pat_pg *)store;
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };
	struct row row;

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_stream(
		reader.conn, "SELECT name, seq, imported, reading, key_id, mac, document"
			     " FROM product ORDER BY name");
	while ((e = pat_pg_step(&q)) > 0) {
		e = row_read(pg, &q, &row);
		if (e == PAT_RECORD_E_MAC) {
			pat_log(PAT_LOG_ERROR, "store.product_tampered", "product", row.name, NULL);
			row.product = (struct pat_product){ .name = "", .reading = "" };
			e = 0;
		}
		if (e == 0)
			e = fn(arg, &row.product);
		if (e != 0)
			return e;
	}
	return e;
}
