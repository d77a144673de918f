/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses added up: by operation, by client, the last one of each token; and when two clients take turns.
 */
#include "tests/unit/test.h"

#include <errno.h>

#include "core/tally.h"

#define NOW 1800000000

static const struct pat_usage_operation look = { .product = "files",
	                                         .method = "GET",
	                                         .name = "/v1/me",
	                                         .scopes = "current_user:read",
	                                         .judged = true };
static const struct pat_usage_operation others = { .judged = false };

static struct pat_tally *tally_new(bool clients)
{
	struct pat_tally *t = NULL;

	assert_int_equal(pat_tally_new(clients, &t), 0);
	return t;
}

static struct pat_address address_of(const char *text)
{
	struct pat_address a = { { 0 } };

	if (*text)
		assert_int_equal(pat_address_parse(text, strlen(text), &a), 0);
	return a;
}

static void add(struct pat_tally *t, int64_t number, int64_t at_s, const char *address,
                const char *agent)
{
	pat_tally_add(t, &(struct pat_tally_use){ .number = number,
	                                          .at_s = at_s,
	                                          .times = 1,
	                                          .operation = &look,
	                                          .address = address_of(address),
	                                          .agent = agent,
	                                          .agent_len = strlen(agent) });
}

static struct pat_usage_notes notes_of(const struct pat_tally *t)
{
	struct pat_usage_notes notes;

	pat_tally_notes(t, &notes);
	return notes;
}

static void the_same_is_one_entry(void **state)
{
	struct pat_tally *t = tally_new(true);
	struct pat_tally_use use = { .number = 7, .at_s = NOW, .times = 5, .operation = &others };

	(void)state;
	add(t, 7, NOW + 2, "192.0.2.1", "curl/7.88.1");
	add(t, 7, NOW + 1, "192.0.2.200", "curl/8.0 (x)");
	add(t, 8, NOW + 3, "2001:db8:1:2::3", "");
	pat_tally_add(t, &use); /* from nowhere, by nobody: no client */
	struct pat_usage_notes n = notes_of(t);
	assert_int_equal(n.n_done, 3);
	assert_int_equal(n.done[0].count, 2);
	assert_int_equal(n.done[0].first_s, NOW + 2);
	assert_int_equal(n.done[0].last_s, NOW + 2);
	assert_string_equal(n.done[0].operation.name, "/v1/me");
	assert_int_equal(n.done[2].count, 5);
	assert_int_equal(n.n_seen, 2);
	assert_string_equal(n.seen[0].client.network, "192.0.2.0/24");
	assert_string_equal(n.seen[0].client.family, "curl");
	assert_int_equal(n.seen[0].last_s, NOW + 2);
	assert_string_equal(n.seen[1].client.network, "2001:db8:1::/48");
	assert_string_equal(n.seen[1].client.family, "");
	assert_int_equal(n.n_last, 2);
	assert_string_equal(n.last[0].address, "192.0.2.1");
	assert_string_equal(n.last[0].agent, "curl/7.88.1");
	assert_string_equal(n.last[1].address, "2001:db8:1:2::3");
	pat_tally_clear(t);
	n = notes_of(t);
	assert_int_equal(n.n_done + n.n_seen + n.n_last, 0);
	add(t, 7, NOW + 9, "192.0.2.1", "curl");
	assert_int_equal(notes_of(t).done[0].count, 1);
	pat_tally_free(t);
}

static void operations_are_told_apart(void **state)
{
	struct pat_tally *t = tally_new(false);
	struct pat_usage_operation each[] = { look, look, look, look, look, others };

	(void)state;
	each[0].method[0] = 'X';
	each[1].product[0] = 'X';
	each[2].name[0] = 'X';
	each[3].scopes[0] = 'X';
	each[4].judged = false;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < PAT_ARRAY_LEN(each); i++)
			pat_tally_add(t, &(struct pat_tally_use){ .number = 1,
			                                          .at_s = NOW,
			                                          .times = 1,
			                                          .operation = &each[i] });
	struct pat_usage_notes n = notes_of(t);
	assert_int_equal(n.n_done, PAT_ARRAY_LEN(each));
	for (size_t i = 0; i < n.n_done; i++)
		assert_int_equal(n.done[i].count, 2);
	pat_tally_free(t);
}

static void addresses_are_not_noted_where_they_are_not_wanted(void **state)
{
	struct pat_tally *t = tally_new(false);

	(void)state;
	for (int i = 0; i < 4; i++)
		add(t, 1, NOW + i, i % 2 ? "192.0.2.1" : "198.51.100.1", i % 2 ? "a" : "b");
	struct pat_usage_notes n = notes_of(t);
	assert_int_equal(n.n_done, 1);
	assert_int_equal(n.n_seen + n.n_last, 0);
	pat_tally_free(t);
}

static void words_of_agents_are_cut_and_cleaned(void **state)
{
	static const struct {
		const char *agent;
		const char *kept;
		const char *family;
	} rows[] = {
		{ "Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)", "Mozilla" },
		{ "a b", "a b", "a" },
		{ "a;b", "a;b", "a" },
		{ "a,b", "a,b", "a" },
		{ "a(b", "a(b", "a" },
		{ "/", "/", "" },
		{ "\t\x7f\xff\x01", "????", "????" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789",
		  "012345678901234567890123456789012345678901234567890123456789",
		  "0123456789012345678901234567890" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(rows); i++) {
		struct pat_tally *t = tally_new(true);

		add(t, 1, NOW, "", rows[i].agent);
		assert_string_equal(notes_of(t).last[0].agent, rows[i].kept);
		assert_string_equal(notes_of(t).last[0].address, "");
		assert_string_equal(notes_of(t).seen[0].client.family, rows[i].family);
		assert_string_equal(notes_of(t).seen[0].client.network, "");
		pat_tally_free(t);
	}
}

/* ---- In turns. */

struct step {
	int64_t at_s;
	const char *address;
	const char *agent;
};

static bool take_turns(const struct step *steps, size_t n)
{
	struct pat_tally *t = tally_new(true);

	for (size_t i = 0; i < n; i++) {
		add(t, 1, NOW + steps[i].at_s, steps[i].address, steps[i].agent);
		if (i == 1) /* what is stored meanwhile is not forgotten */
			pat_tally_clear(t);
	}
	struct pat_usage_notes notes = notes_of(t);
	bool seen = notes.last[0].turns.at_s > 0;
	pat_tally_free(t);
	return seen;
}

#define A "192.0.2.1"
#define B "198.51.100.1"
#define C "203.0.113.1"
#define S "2001:db8::1"

static void two_at_once_are_seen(void **state)
{
	static const struct step agents[] = { { 0, A, "curl" }, { 1, A, "py" }, { 2, A, "curl" } };
	static const struct step networks[] = { { 0, A, "x" }, { 100, B, "x" }, { 600, A, "x" } };
	static const struct step three[] = {
		{ 0, A, "x" }, { 1, B, "x" }, { 2, C, "x" }, { 3, A, "x" }
	};
	static const struct step unknown[] = { { 0, "", "x" }, { 1, "", "y" }, { 2, "", "x" } };
	static const struct step at_once[] = { { 0, A, "x" }, { 0, B, "x" }, { 0, A, "x" } };

	(void)state;
	assert_true(take_turns(agents, PAT_ARRAY_LEN(agents)));
	assert_true(take_turns(networks, PAT_ARRAY_LEN(networks)));
	assert_true(take_turns(three, PAT_ARRAY_LEN(three)));
	assert_true(take_turns(unknown, PAT_ARRAY_LEN(unknown)));
	assert_true(take_turns(at_once, PAT_ARRAY_LEN(at_once)));
}

static void one_that_moves_is_not_two(void **state)
{
	static const struct step moved[] = {
		{ 0, A, "x" }, { 1, A, "x" }, { 2, B, "x" }, { 3, B, "x" }
	};
	static const struct step back_late[] = { { 0, A, "x" }, { 300, B, "x" }, { 601, A, "x" } };
	static const struct step same_net[] = { { 0, A, "x" },
		                                { 1, "192.0.2.9", "x" },
		                                { 2, A, "x" } };
	static const struct step both_ip[] = {
		{ 0, A, "x" }, { 1, S, "x" }, { 2, A, "x" }, { 3, S, "x" }
	};
	static const struct step versions[] = { { 0, A, "x/1" }, { 1, A, "x/2" }, { 2, A, "x/1" } };
	static const struct step half[] = { { 0, A, "x" }, { 1, "", "x" }, { 2, A, "x" } };

	(void)state;
	assert_false(take_turns(moved, PAT_ARRAY_LEN(moved)));
	assert_false(take_turns(back_late, PAT_ARRAY_LEN(back_late)));
	assert_false(take_turns(same_net, PAT_ARRAY_LEN(same_net)));
	assert_false(take_turns(both_ip, PAT_ARRAY_LEN(both_ip)));
	assert_false(take_turns(versions, PAT_ARRAY_LEN(versions)));
	assert_false(take_turns(half, PAT_ARRAY_LEN(half)));
}

static void who_takes_turns_is_named(void **state)
{
	struct pat_tally *t = tally_new(true);

	(void)state;
	add(t, 1, NOW, A, "curl/1");
	add(t, 2, NOW, B, "py/1"); /* another token's */
	add(t, 1, NOW + 1, B, "py/1");
	add(t, 1, NOW + 2, A, "curl/1");
	const struct pat_usage_turns *turns = &notes_of(t).last[0].turns;
	assert_int_equal(turns->at_s, NOW + 2);
	assert_string_equal(turns->clients[0].network, "198.51.100.0/24");
	assert_string_equal(turns->clients[0].family, "py");
	assert_string_equal(turns->clients[1].network, "192.0.2.0/24");
	assert_string_equal(turns->clients[1].family, "curl");
	assert_int_equal(notes_of(t).last[1].turns.at_s, 0);
	pat_tally_free(t);
}

/* Who invents agents takes no room of others, and is seen all the same. */
static void clients_of_a_token_are_as_many_as_are_kept(void **state)
{
	struct pat_tally *t = tally_new(true);
	char agent[16];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3000; i++) {
			(void)snprintf(agent, sizeof(agent), "x%d", i);
			add(t, 1, NOW + i, A, agent);
		}
		add(t, 1, NOW + 3000, A, "x3");
		add(t, 2, NOW, A, "y");
		struct pat_usage_notes n = notes_of(t);
		assert_false(pat_tally_full(t));
		assert_int_equal(n.done[0].count, 3001);
		assert_int_equal(n.n_seen, PAT_USAGE_CLIENTS_MAX + 1);
		assert_int_equal(n.seen[3].last_s, NOW + 3000);
		assert_string_equal(n.seen[PAT_USAGE_CLIENTS_MAX].client.family, "y");
		assert_string_equal(n.last[0].agent, "x3");
		pat_tally_clear(t);
	}
	pat_tally_free(t);
}

/* Many tokens, and many clients of each: there is room for some, and nothing breaks. */
static void it_is_bounded(void **state)
{
	struct pat_tally *t = tally_new(true);
	char agent[16];
	int64_t n = 0;

	(void)state;
	for (n = 0; !pat_tally_full(t); n++)
		add(t, n + 1, NOW, A, "x");
	assert_int_equal(n, 1024);
	add(t, 99999, NOW, A, "x"); /* does not fit: ignored */
	assert_int_equal(notes_of(t).n_done, 1024);
	add(t, 1, NOW + 1, A, "x"); /* is there already */
	assert_int_equal(notes_of(t).done[0].count, 2);
	pat_tally_clear(t);
	for (n = 0; !pat_tally_full(t); n++) {
		(void)snprintf(agent, sizeof(agent), "x%d", (int)n);
		add(t, 1 + n / PAT_USAGE_CLIENTS_MAX, NOW, A, agent);
	}
	assert_int_equal(n, 1024);
	assert_int_equal(notes_of(t).n_seen, 1024);
	pat_tally_clear(t);
	for (n = 0; n < 200000; n++) {
		if (pat_tally_full(t))
			pat_tally_clear(t);
		add(t, n + 1, NOW, n % 2 ? A : B, "x");
	}
	pat_tally_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_is_one_entry),
		cmocka_unit_test(operations_are_told_apart),
		cmocka_unit_test(addresses_are_not_noted_where_they_are_not_wanted),
		cmocka_unit_test(words_of_agents_are_cut_and_cleaned),
		cmocka_unit_test(two_at_once_are_seen),
		cmocka_unit_test(one_that_moves_is_not_two),
		cmocka_unit_test(who_takes_turns_is_named),
		cmocka_unit_test(clients_of_a_token_are_as_many_as_are_kept),
		cmocka_unit_test(it_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
