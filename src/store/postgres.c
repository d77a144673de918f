/* SPDX-License-Identifier: Apache-2.0
 *
 * The PostgreSQL backend: opening and closing, the head, and its table of functions.
 */
#include "store/postgres.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Opening and closing. */

static void pg_close(struct pat_store *store)
{
	struct pat_pg *pg = (struct pat_pg *)store;

	pat_pg_writer_done(pg);
	pat_pg_link_done(pg);
	pat_pg_pool_done(&pg->readers);
	pat_pg_feed_done(&pg->feed);
	pat_tampered_done(&pg->tampered);
	pat_wipe(&pg->key, sizeof(pg->key));
	if (pg->url)
		pat_wipe(pg->url, strlen(pg->url)); /* it may hold a password */
	free(pg->url);
	free(pg);
}

static int pg_open_steps(struct pat_pg *pg, const char *location, struct pat_err *err)
{
	pg->url = strdup(location);
	if (!pg->url)
		return pat_err_set(err, -ENOMEM, "out of memory");
	int e = pat_pg_link_open(pg, err);
	if (e < 0)
		return e;
	e = pat_pg_writer_start(pg);
	return e < 0 ? pat_err_set(err, e, "no thread for the store: %s", pat_err_words(e)) : 0;
}

static int pg_open(const struct pat_store_config *config, struct pat_store **ret,
                   struct pat_err *err)
{
	struct pat_pg *pg = calloc(1, sizeof(*pg));

	if (!pg)
		return pat_err_set(err, -ENOMEM, "out of memory");
	pg->base.ops = &pat_store_postgres_ops;
	pg->key = config->row_key;
	pg->sessions_max = config->sessions_max;
	pg->listener = config->listener;
	pg->listener_arg = config->listener_arg;
	pg->shared = config->shared;
	pat_pg_feed_init(&pg->feed);
	pat_pg_pool_init(&pg->readers);
	pat_queue_init(&pg->writer.queue);
	pat_tampered_init(&pg->tampered);

	int e = pg_open_steps(pg, config->location, err);
	if (e < 0) {
		pg_close(&pg->base);
		return e;
	}
	*ret = &pg->base;
	return 0;
}

static int pg_examine(const char *location, struct pat_err *err)
{
	struct pat_pg_conn conn = { 0 };
	struct pat_err why = { { 0 } };

	int e = pat_pg_server_connect(location, &conn, &why);
	if (e < 0)
		e = pat_pg_server_explain(location, e, &why);
	if (e == 0)
		e = pat_pg_server_sessions(location, &conn, &why);
	pat_pg_conn_close(&conn);
	return e < 0 ? pat_err_set(err, e, "PostgreSQL: %s",
	                           why.text[0] ? why.text : pat_err_words(e))
	             : 0;
}

/* ---- The head. */

/* Only a commit says whether a commit can be made. Nobody reads what this one counts. */
static int check_op(struct pat_pg_tx *tx, void *arg)
{
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q = pat_pg_query(
		tx->conn, "UPDATE head SET probe = (probe + 1) % 1000000 WHERE id = 1");

	(void)arg;
	return pat_pg_run(&q);
}

static int pg_check(struct pat_store *store)
{
	return pat_pg_write(store, check_op, NULL);
}

static int pg_head(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s)
{
	pat_cleanup(pat_pg_reader_done) struct pat_pg_reader reader = { 0 };

	int e = pat_pg_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_pg_query_done) struct pat_pg_query q =
		pat_pg_query(reader.conn, "SELECT seq, time FROM head WHERE id = 1");
	e = pat_pg_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_seq = pat_pg_i64(&q, 0);
	*ret_time_s = pat_pg_i64(&q, 1);
	return 0;
}

const struct pat_store_ops pat_store_postgres_ops = {
	.name = "postgresql",
	.open = pg_open,
	.close = pg_close,
	.examine = pg_examine,
	.check = pg_check,
	.head = pg_head,
	.person_create = pat_pg_person_create,
	.people_any = pat_pg_people_any,
	.setup_code_set = pat_pg_setup_code_set,
	.setup_complete = pat_pg_setup_complete,
	.person_by_email = pat_pg_person_by_email,
	.person_by_id = pat_pg_person_by_id,
	.person_list = pat_pg_person_list,
	.person_set_password = pat_pg_person_set_password,
	.person_set_profile = pat_pg_person_set_profile,
	.person_set_wishes = pat_pg_person_set_wishes,
	.person_set_picture = pat_pg_person_set_picture,
	.person_picture = pat_pg_person_picture,
	.person_set_disabled = pat_pg_person_set_disabled,
	.session_create = pat_pg_session_create,
	.session_renew = pat_pg_session_renew,
	.password_change = pat_pg_password_change,
	.session_get = pat_pg_session_get,
	.session_touch = pat_pg_session_touch,
	.session_end = pat_pg_session_end,
	.sessions_end = pat_pg_sessions_end,
	.session_list = pat_pg_session_list,
	.sessions_prune = pat_pg_sessions_prune,
	.address_known = pat_pg_address_known,
	.token_create = pat_pg_token_create,
	.token_revoke = pat_pg_token_revoke,
	.tokens_revoke = pat_pg_tokens_revoke,
	.token_narrow = pat_pg_token_narrow,
	.token_get = pat_pg_token_get,
	.token_list = pat_pg_token_list,
	.token_load = pat_pg_token_load,
	.token_owner = pat_pg_token_owner,
	.token_count = pat_pg_token_count,
	.token_expired = pat_pg_token_expired,
	.token_ending = pat_pg_token_ending,
	.usage_fold = pat_pg_usage_fold,
	.usage_note = pat_pg_usage_note,
	.usage_view = pat_pg_usage_view,
	.usage_prune = pat_pg_usage_prune,
	.product_put = pat_pg_product_put,
	.product_remove = pat_pg_product_remove,
	.product_list = pat_pg_product_list,
	.service_add = pat_pg_service_add,
	.service_change = pat_pg_service_change,
	.service_remove = pat_pg_service_remove,
	.service_get = pat_pg_service_get,
	.service_list = pat_pg_service_list,
	.portal_link = pat_pg_portal_link,
	.portal_open = pat_pg_portal_open,
	.portal_person = pat_pg_portal_person,
	.notice_look = pat_pg_notice_look,
	.notice_claim = pat_pg_notice_claim,
	.notice_advance = pat_pg_notice_advance,
	.notice_release = pat_pg_notice_release,
	.former_email = pat_pg_former_email,
	.audit_list = pat_pg_audit_list,
	.audit_note = pat_pg_audit_note,
	.audit_verify = pat_pg_audit_verify,
	.key_check = pat_pg_key_check,
	.node_open = pat_pg_node_open,
	.rows_read = pat_pg_rows_read,
	.rows_write = pat_pg_rows_write,
};
