/* SPDX-License-Identifier: Apache-2.0
 *
 * What tokens were used for: added up, bounded, looked at, forgotten; and no audit record or numbered change of it.
 */
#include "tests/contract/contract.h"

#include "store/usage.h"

#define DAY PAT_DAY_S

static struct pat_usage_done done_of(int64_t number, const char *name, int64_t count, int64_t at_s)
{
	struct pat_usage_done done = { .number = number,
		                       .operation = { .product = "files",
		                                      .method = "GET",
		                                      .scopes = "a:read b:read",
		                                      .judged = true },
		                       .count = count,
		                       .first_s = at_s,
		                       .last_s = at_s };

	(void)snprintf(done.operation.name, sizeof(done.operation.name), "%s", name);
	return done;
}

static struct pat_usage_seen seen_of(int64_t number, const char *family, int64_t at_s)
{
	struct pat_usage_seen seen = { .number = number,
		                       .client = { .network = "192.0.2.0/24" },
		                       .first_s = at_s,
		                       .last_s = at_s };

	(void)snprintf(seen.client.family, sizeof(seen.client.family), "%s", family);
	return seen;
}

static void note_done(struct contract *c, struct pat_usage_done done)
{
	assert_int_equal(pat_store_usage_note(
				 c->store, &(struct pat_usage_notes){ .done = &done, .n_done = 1 }),
	                 0);
}

static void note_seen(struct contract *c, struct pat_usage_seen seen)
{
	assert_int_equal(pat_store_usage_note(
				 c->store, &(struct pat_usage_notes){ .seen = &seen, .n_seen = 1 }),
	                 0);
}

static void note_last(struct contract *c, struct pat_usage_last last)
{
	assert_int_equal(pat_store_usage_note(
				 c->store, &(struct pat_usage_notes){ .last = &last, .n_last = 1 }),
	                 0);
}

/* Static: it is large. */
static const struct pat_usage_view *view(struct contract *c, int64_t number, int64_t now_s)
{
	static struct pat_usage_view view;

	assert_int_equal(pat_store_usage_view(c->store, number, now_s, &view), 0);
	return &view;
}

static int64_t token(struct contract *c)
{
	struct pat_record r;

	contract_created(c, contract_person(c, "ann@x"), "a", &r);
	return r.number;
}

static void nothing_is_known_at_first(void **state)
{
	struct contract *c = *state;
	const struct pat_usage_view *v = view(c, token(c), NOW);

	assert_int_equal(v->n_done + v->n_seen, 0);
	assert_int_equal(v->last.at_s, 0);
	for (size_t i = 0; i < PAT_USAGE_DAYS; i++)
		assert_int_equal(v->days[i], 0);
	assert_int_equal(pat_store_usage_note(c->store, &(struct pat_usage_notes){ 0 }), 0);
}

static void days_are_counted_by_the_fold(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);
	struct pat_usage usage[] = { { number, NOW, 3 },
		                     { number, NOW, 4 },
		                     { number, NOW - DAY, 1 },
		                     { number, NOW - 29 * DAY, 2 },
		                     { number, NOW - 30 * DAY, 9 },
		                     { 4711, NOW, 5 },
		                     { number, NOW, 0 } };

	assert_int_equal(pat_store_usage_fold(c->store, usage, PAT_ARRAY_LEN(usage)), 0);
	const struct pat_usage_view *v = view(c, number, NOW);
	assert_int_equal(v->days[29], 7);
	assert_int_equal(v->days[28], 1);
	assert_int_equal(v->days[0], 2);
	assert_int_equal(view(c, number, NOW + DAY)->days[28], 7);
	assert_int_equal(view(c, 4711, NOW)->days[29], 0);
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM usage_day"), 4);
}

static void what_is_noted_adds_up(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);
	int64_t audits = contract_last_audit(c).id;
	int64_t head = contract_head(c);
	struct pat_usage_last last = {
		.number = number,
		.at_s = NOW,
		.address = "192.0.2.1",
		.agent = "curl/1",
		.turns = { .at_s = NOW, .clients = { { "192.0.2.0/24", "a" }, { "", "b" } } },
	};

	note_done(c, done_of(number, "/v1/me", 2, NOW));
	note_done(c, done_of(number, "/v1/me", 3, NOW + 5));
	note_done(c, done_of(number, "/v1/files", 9, NOW + 1));
	note_seen(c, seen_of(number, "curl", NOW));
	note_seen(c, seen_of(number, "curl", NOW + 7));
	note_seen(c, seen_of(number, "py", NOW + 3));
	note_last(c, last);
	last = (struct pat_usage_last){ .number = number, .at_s = NOW + 5, .address = "::1" };
	note_last(c, last);
	last.at_s = NOW - 5; /* told late */
	note_last(c, last);
	const struct pat_usage_view *v = view(c, number, NOW);
	assert_int_equal(v->n_done, 2);
	assert_string_equal(v->done[0].operation.name, "/v1/files");
	assert_string_equal(v->done[1].operation.name, "/v1/me");
	assert_string_equal(v->done[1].operation.product, "files");
	assert_string_equal(v->done[1].operation.method, "GET");
	assert_string_equal(v->done[1].operation.scopes, "a:read b:read");
	assert_true(v->done[1].operation.judged);
	assert_int_equal(v->done[1].count, 5);
	assert_int_equal(v->done[1].first_s, NOW);
	assert_int_equal(v->done[1].last_s, NOW + 5);
	assert_int_equal(v->n_seen, 2);
	assert_string_equal(v->seen[0].client.family, "curl");
	assert_int_equal(v->seen[0].first_s, NOW);
	assert_int_equal(v->seen[0].last_s, NOW + 7);
	assert_int_equal(v->last.at_s, NOW + 5);
	assert_string_equal(v->last.address, "::1");
	assert_string_equal(v->last.agent, "");
	assert_int_equal(v->last.turns.at_s, NOW);
	assert_string_equal(v->last.turns.clients[0].network, "192.0.2.0/24");
	assert_string_equal(v->last.turns.clients[1].family, "b");
	assert_int_equal(contract_last_audit(c).id, audits);
	assert_int_equal(contract_head(c), head);
	contract_reopen(c);
	assert_int_equal(view(c, number, NOW)->n_done, 2);
	contract_assert_whole(c);
}

static void numbers_of_no_token_are_ignored(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);

	note_done(c, done_of(4711, "x", 1, NOW));
	note_seen(c, seen_of(4711, "x", NOW));
	note_last(c, (struct pat_usage_last){ .number = 4711, .at_s = NOW });
	assert_int_equal(contract_backend->sql_i64(c,
	                                           "SELECT (SELECT count(*) FROM usage_operation)"
	                                           " + (SELECT count(*) FROM usage_client)"
	                                           " + (SELECT count(*) FROM usage_last)"),
	                 0);
	assert_int_equal(view(c, number, NOW)->n_done, 0);
}

/* The last row of a token's is all other operations together, of which nobody says what they take. */
static void operations_are_bounded(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);
	char name[32];

	for (int i = 0; i < PAT_USAGE_OPERATIONS_MAX + 10; i++) {
		(void)snprintf(name, sizeof(name), "op%d", i);
		note_done(c, done_of(number, name, 100, NOW));
	}
	note_done(c, done_of(number, "op0", 1, NOW)); /* is there: is not one of the others */
	const struct pat_usage_view *v = view(c, number, NOW);
	assert_int_equal(v->n_done, PAT_USAGE_OPERATIONS_MAX);
	assert_string_equal(v->done[0].operation.name, "");
	assert_string_equal(v->done[0].operation.scopes, "");
	assert_false(v->done[0].operation.judged);
	assert_int_equal(v->done[0].count, 1100);
	assert_string_equal(v->done[1].operation.name, "op0");
	assert_int_equal(v->done[1].count, 101);
}

static void clients_are_bounded(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);
	char family[32];

	for (int i = 0; i < PAT_USAGE_CLIENTS_MAX + 5; i++) {
		(void)snprintf(family, sizeof(family), "c%d", i);
		note_seen(c, seen_of(number, family, NOW + i));
	}
	note_seen(c, seen_of(number, "c5", NOW + 100));
	const struct pat_usage_view *v = view(c, number, NOW);
	assert_int_equal(v->n_seen, PAT_USAGE_CLIENTS_MAX);
	assert_string_equal(v->seen[0].client.family, "c5");
	assert_string_equal(v->seen[15].client.family, "c6");
}

static void the_longest_words_fit(void **state)
{
	struct contract *c = *state;
	struct pat_usage_done done = done_of(token(c), "", 1, NOW);
	struct pat_usage_last last = { .number = done.number, .at_s = NOW };

	memset(done.operation.product, 'p', sizeof(done.operation.product) - 1);
	memset(done.operation.name, 'n', sizeof(done.operation.name) - 1);
	memset(done.operation.scopes, 's', sizeof(done.operation.scopes) - 1);
	memset(last.address, 'a', sizeof(last.address) - 1);
	memset(last.agent, 'g', sizeof(last.agent) - 1);
	note_done(c, done);
	note_last(c, last);
	const struct pat_usage_view *v = view(c, done.number, NOW);
	assert_memory_equal(&v->done[0].operation, &done.operation, sizeof(done.operation));
	assert_string_equal(v->last.agent, last.agent);
	assert_string_equal(v->last.address, last.address);
}

static void it_is_forgotten_after_thirty_days(void **state)
{
	struct contract *c = *state;
	int64_t number = token(c);
	bool more = false;

	note_done(c, done_of(number, "old", 1, NOW - 30 * DAY));
	note_done(c, done_of(number, "kept", 1, NOW - 29 * DAY));
	note_seen(c, seen_of(number, "old", NOW - 30 * DAY));
	note_seen(c, seen_of(number, "kept", NOW - 29 * DAY));
	note_last(c, (struct pat_usage_last){ .number = number, .at_s = NOW - 30 * DAY });
	assert_int_equal(view(c, number, NOW)->n_done, 1); /* is not shown, though it is there */
	assert_int_equal(view(c, number, NOW)->n_seen, 1);
	assert_int_equal(view(c, number, NOW)->last.at_s, 0);
	assert_int_equal(view(c, number, NOW - DAY)->n_done, 2);
	assert_int_equal(pat_store_usage_prune(c->store, NOW, &more), 0);
	assert_true(more);
	assert_int_equal(pat_store_usage_prune(c->store, NOW, &more), 0);
	assert_false(more);
	assert_int_equal(view(c, number, NOW - DAY)->n_done, 1);
	assert_int_equal(view(c, number, NOW - DAY)->n_seen, 1);
	assert_int_equal(view(c, number, NOW - DAY)->last.at_s, 0);
	assert_string_equal(view(c, number, NOW)->done[0].operation.name, "kept");
}

/* However much is old, a transaction forgets a bounded part of it. */
static void forgetting_goes_in_steps(void **state)
{
	struct contract *c = *state;
	bool more = true;
	int steps = 0;

	contract_backend->sql(c,
	                      "INSERT INTO usage_day SELECT value, 1, 1 FROM"
	                      " (WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1"
	                      " FROM n WHERE value < 1200) SELECT value FROM n) AS numbers");
	for (; more; steps++)
		assert_int_equal(pat_store_usage_prune(c->store, NOW, &more), 0);
	assert_int_equal(steps, 4); /* 512, 512, 176, and one that finds nothing */
	assert_int_equal(contract_backend->sql_i64(c, "SELECT count(*) FROM usage_day"), 0);
}

int contract_usage_tests(void)
{
	const struct CMUnitTest tests[] = {
		contract_test(nothing_is_known_at_first),
		contract_test(days_are_counted_by_the_fold),
		contract_test(what_is_noted_adds_up),
		contract_test(numbers_of_no_token_are_ignored),
		contract_test(operations_are_bounded),
		contract_test(clients_are_bounded),
		contract_test(the_longest_words_fit),
		contract_test(it_is_forgotten_after_thirty_days),
		contract_test(forgetting_goes_in_steps),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
