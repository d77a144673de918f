/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite backend: opening and closing, the head, and its table of functions.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Opening and closing. */

static void lite_close(struct pat_store *store)
{
	struct pat_lite *lite = (struct pat_lite *)store;

	pat_lite_writer_done(lite);
	pat_lite_database_done(&lite->db);
	pat_tampered_done(&lite->tampered);
	pat_wipe(&lite->key, sizeof(lite->key));
	free(lite);
}

static int lite_open_steps(struct pat_lite *lite, const char *location, struct pat_err *err)
{
	int e = pat_lite_database_open(&lite->db, location, err);

	if (e < 0)
		return e;
	e = pat_lite_writer_start(lite);
	return e < 0 ? pat_err_set(err, e, "no thread for the store: %s", pat_err_words(e)) : 0;
}

static int lite_open(const struct pat_store_config *config, struct pat_store **ret,
                     struct pat_err *err)
{
	struct pat_lite *lite = calloc(1, sizeof(*lite));

	if (!lite)
		return pat_err_set(err, -ENOMEM, "out of memory");
	lite->base.ops = &pat_store_sqlite_ops;
	lite->key = config->row_key;
	lite->sessions_max = config->sessions_max;
	lite->listener = config->listener;
	lite->listener_arg = config->listener_arg;
	pat_lite_database_init(&lite->db, &pat_lite_store_schema);
	pat_queue_init(&lite->writer.queue);
	pat_tampered_init(&lite->tampered);

	int e = lite_open_steps(lite, config->location, err);
	if (e < 0) {
		lite_close(&lite->base);
		return e;
	}
	*ret = &lite->base;
	return 0;
}

int pat_lite_reader_take(struct pat_store *store, struct pat_lite_reader *ret)
{
	return pat_lite_pool_take(&((struct pat_lite *)store)->db.readers, ret);
}

/* ---- The head. */

/* A write that is rolled back would not notice a full disk: SQLite writes at commit. So this one is
 * committed; nobody reads what it counts. */
static int check_op(struct pat_lite_tx *tx, void *arg)
{
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q = pat_lite_query(
		tx->conn, "UPDATE head SET probe = (probe + 1) % 1000000 WHERE id = 1");

	(void)arg;
	return pat_lite_run(&q);
}

static int lite_check(struct pat_store *store)
{
	return pat_lite_write(store, check_op, NULL);
}

static int lite_head(struct pat_store *store, int64_t *ret_seq, int64_t *ret_time_s)
{
	pat_cleanup(pat_lite_reader_done) struct pat_lite_reader reader = { 0 };

	int e = pat_lite_reader_take(store, &reader);
	if (e < 0)
		return e;
	pat_cleanup(pat_lite_query_done) struct pat_lite_query q =
		pat_lite_query(reader.conn, "SELECT seq, time FROM head WHERE id = 1");
	e = pat_lite_step(&q);
	if (e <= 0)
		return e < 0 ? e : -EIO;
	*ret_seq = pat_lite_i64(&q, 0);
	*ret_time_s = pat_lite_i64(&q, 1);
	return 0;
}

const struct pat_store_ops pat_store_sqlite_ops = {
	.name = "sqlite",
	.open = lite_open,
	.close = lite_close,
	.check = lite_check,
	.head = lite_head,
	.person_create = pat_lite_person_create,
	.people_any = pat_lite_people_any,
	.setup_code_set = pat_lite_setup_code_set,
	.setup_complete = pat_lite_setup_complete,
	.person_by_email = pat_lite_person_by_email,
	.person_by_id = pat_lite_person_by_id,
	.person_list = pat_lite_person_list,
	.person_set_password = pat_lite_person_set_password,
	.person_set_profile = pat_lite_person_set_profile,
	.person_set_wishes = pat_lite_person_set_wishes,
	.person_set_picture = pat_lite_person_set_picture,
	.person_picture = pat_lite_person_picture,
	.person_set_disabled = pat_lite_person_set_disabled,
	.session_create = pat_lite_session_create,
	.session_renew = pat_lite_session_renew,
	.password_change = pat_lite_password_change,
	.session_get = pat_lite_session_get,
	.session_touch = pat_lite_session_touch,
	.session_end = pat_lite_session_end,
	.sessions_end = pat_lite_sessions_end,
	.session_list = pat_lite_session_list,
	.sessions_prune = pat_lite_sessions_prune,
	.address_known = pat_lite_address_known,
	.token_create = pat_lite_token_create,
	.token_revoke = pat_lite_token_revoke,
	.tokens_revoke = pat_lite_tokens_revoke,
	.token_narrow = pat_lite_token_narrow,
	.token_get = pat_lite_token_get,
	.token_list = pat_lite_token_list,
	.token_load = pat_lite_token_load,
	.token_owner = pat_lite_token_owner,
	.token_count = pat_lite_token_count,
	.token_expired = pat_lite_token_expired,
	.token_ending = pat_lite_token_ending,
	.usage_fold = pat_lite_usage_fold,
	.usage_note = pat_lite_usage_note,
	.usage_view = pat_lite_usage_view,
	.usage_prune = pat_lite_usage_prune,
	.product_put = pat_lite_product_put,
	.product_remove = pat_lite_product_remove,
	.product_list = pat_lite_product_list,
	.service_add = pat_lite_service_add,
	.service_change = pat_lite_service_change,
	.service_remove = pat_lite_service_remove,
	.service_get = pat_lite_service_get,
	.service_list = pat_lite_service_list,
	.portal_link = pat_lite_portal_link,
	.portal_open = pat_lite_portal_open,
	.portal_person = pat_lite_portal_person,
	.notice_look = pat_lite_notice_look,
	.notice_claim = pat_lite_notice_claim,
	.notice_advance = pat_lite_notice_advance,
	.notice_release = pat_lite_notice_release,
	.former_email = pat_lite_former_email,
	.audit_list = pat_lite_audit_list,
	.audit_note = pat_lite_audit_note,
	.audit_verify = pat_lite_audit_verify,
	.key_check = pat_lite_key_check,
	.rows_read = pat_lite_rows_read,
	.rows_write = pat_lite_rows_write,
};
