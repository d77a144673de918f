/* SPDX-License-Identifier: Apache-2.0
 *
 * The tests' own helpers. The listener copies what it is told: its pointers end with the call.
 */
#include "tests/contract/contract.h"

const struct contract_backend *contract_backend;

const struct pat_actor contract_actor = {
	.person = 7, .via = "page", .address = "192.0.2.1", .agent = "cmocka", .request_id = "r-1"
};

/* ---- Opening. */

static void listener(void *arg, const struct pat_change *changes, size_t n)
{
	struct contract *c = arg;

	(void)pthread_mutex_lock(&c->gate);
	(void)pthread_mutex_unlock(&c->gate);
	pat_assert(n > 0);
	c->n_batches++;
	if (c->looks)
		c->was_durable =
			c->was_durable && contract_backend->durable() &&
			contract_backend->sql_i64(c, "SELECT seq FROM head") == changes[n - 1].seq;
	for (size_t i = 0; i < n; i++) {
		pat_assert(c->n_changes < CONTRACT_CHANGES_MAX);
		struct contract_change *to = &c->changes[c->n_changes++];

		to->seq = changes[i].seq;
		to->kind = changes[i].kind;
		to->person = changes[i].person;
		memcpy(to->digest, changes[i].digest, sizeof(to->digest));
		to->has_record = changes[i].record != NULL;
		if (to->has_record)
			to->record = *changes[i].record;
	}
}

void contract_open(struct contract *c)
{
	struct pat_store_config config = { .location = c->location,
		                           .row_key = c->key,
		                           .sessions_max = c->sessions_max,
		                           .shared = c->shared,
		                           .listener = listener,
		                           .listener_arg = c };
	struct pat_err err = { 0 };
	int e = pat_store_open(&config, &c->store, &err);

	if (e != 0)
		fail_msg("open: %d: %s", e, err.text);
}

void contract_reopen(struct contract *c)
{
	pat_store_close(c->store);
	c->store = NULL;
	contract_open(c);
}

int contract_setup(void **state)
{
	struct contract *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->changes = calloc(CONTRACT_CHANGES_MAX, sizeof(c->changes[0]));
	assert_non_null(c->changes);
	c->key = (struct pat_row_key){ .id = 3, .bytes = { 1, 2, 3 } };
	c->was_durable = true;
	assert_int_equal(pthread_mutex_init(&c->gate, NULL), 0);
	contract_backend->start(c);
	contract_open(c);
	*state = c;
	return 0;
}

int contract_teardown(void **state)
{
	struct contract *c = *state;

	if (c->store) {
		contract_assert_whole(c);
		pat_store_close(c->store);
	}
	contract_backend->stop(c);
	(void)pthread_mutex_destroy(&c->gate);
	free(c->changes);
	free(c);
	return 0;
}

/* ---- Short ways. */

int64_t contract_person(struct contract *c, const char *email)
{
	struct pat_person person = { .name = "Somebody", .password = "$argon2id$x" };
	int64_t id = 0;

	(void)snprintf(person.email, sizeof(person.email), "%s", email);
	assert_int_equal(pat_store_person_create(c->store, &person, &contract_actor, NOW, &id), 0);
	return id;
}

struct pat_new_token *contract_token(int64_t owner, const char *name)
{
	static _Thread_local struct pat_new_token token;

	memset(&token, 0, sizeof(token));
	token.record.owner = owner;
	token.record.issued_s = NOW;
	token.record.expires_s = NOW + 1000;
	token.live_max = 10;
	token.now_s = NOW;
	(void)snprintf(token.record.name, sizeof(token.record.name), "%s", name);
	(void)snprintf(token.record.hint, sizeof(token.record.hint), "hint");
	(void)snprintf(token.record.scopes, sizeof(token.record.scopes), "files:read files:write");
	pat_assert(pat_random(token.record.digest, sizeof(token.record.digest)) == 0);
	return &token;
}

int contract_create(struct contract *c, const struct pat_new_token *token, struct pat_record *ret)
{
	return pat_store_token_create(c->store, token, &contract_actor, ret);
}

void contract_created(struct contract *c, int64_t owner, const char *name, struct pat_record *ret)
{
	assert_int_equal(contract_create(c, contract_token(owner, name), ret), 0);
}

struct pat_session contract_session(int64_t person, uint8_t mark)
{
	struct pat_session session = {
		.person = person, .created_s = NOW, .seen_s = NOW, .expires_s = NOW + 500
	};

	memset(session.hash, mark, sizeof(session.hash));
	(void)snprintf(session.address, sizeof(session.address), "192.0.2.%u", (unsigned)mark);
	(void)snprintf(session.agent, sizeof(session.agent), "Browser/%u", (unsigned)mark);
	return session;
}

static int count_one(void *arg, const struct pat_record *record)
{
	size_t *n = arg;

	pat_assert(record->scopes[0] != '\0');
	(*n)++;
	return 0;
}

size_t contract_count(struct contract *c, int64_t owner, enum pat_token_filter filter)
{
	size_t n = 0;

	struct pat_token_query query = { .filter = filter, .now_s = NOW, .limit = UINT32_MAX };

	assert_int_equal(pat_store_token_list(c->store, owner, &query, count_one, &n), 0);
	return n;
}

size_t contract_load(struct contract *c, int64_t *ret_seq)
{
	size_t n = 0;

	assert_int_equal(pat_store_token_load(c->store, 0, ret_seq, count_one, &n), 0);
	return n;
}

int64_t contract_head(struct contract *c)
{
	int64_t seq = 0;
	int64_t time_s = 0;

	assert_int_equal(pat_store_head(c->store, &seq, &time_s), 0);
	return seq;
}

static int keep_last(void *arg, const struct pat_audit *audit)
{
	memcpy(arg, audit, sizeof(*audit));
	return 0;
}

struct pat_audit contract_last_audit(struct contract *c)
{
	struct pat_audit last = { 0 };

	assert_int_equal(pat_store_audit_list(c->store, 0, UINT32_MAX, keep_last, &last), 0);
	return last;
}

/* ---- Whole. */

static void assert_sql(struct contract *c, const char *sql)
{
	if (contract_backend->sql_i64(c, sql) != 1)
		fail_msg("not so: %s", sql);
}

void contract_assert_whole(struct contract *c)
{
	assert_sql(c, "SELECT count(*) = coalesce(max(seq), 0) FROM change");
	if (!c->pruned)
		assert_sql(c, "SELECT (SELECT seq FROM head) = (SELECT count(*) FROM change)");
	assert_sql(c, "SELECT count(*) = coalesce(max(id), 0) FROM audit");
	assert_sql(c, "SELECT (SELECT audit FROM head) = (SELECT count(*) FROM audit)");
	assert_sql(c, "SELECT count(*) = 0 FROM change"
	              " WHERE seq NOT IN (SELECT seq FROM audit WHERE seq > 0)");
	assert_sql(c, "SELECT count(*) = count(DISTINCT seq) FROM audit WHERE seq > 0");
	int64_t last = 0;
	assert_int_equal(pat_store_audit_verify(c->store, &last), 0);
	assert_int_equal(last, contract_backend->sql_i64(c, "SELECT audit FROM head"));
	assert_true(c->was_durable);
	for (size_t i = 1; i < c->n_changes; i++)
		assert_int_equal(c->changes[i].seq, c->changes[i - 1].seq + 1);
	if (c->n_changes > 0)
		assert_int_equal(c->changes[c->n_changes - 1].seq,
		                 contract_backend->sql_i64(c, "SELECT seq FROM head"));
}
