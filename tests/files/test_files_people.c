/* SPDX-License-Identifier: Apache-2.0
 *
 * What people do with each other about a file: shares, comments, reactions. Who may is in test_files_access.c.
 */
#include "tests/files/place.h"

#include <stdatomic.h>

/* ---- Shares. */

struct shares {
	struct pat_files_share rows[PAT_FILES_SHARES_MAX + 1];
	size_t n;
};

static int list_share(void *arg, const struct pat_files_share *share)
{
	struct shares *s = arg;

	s->rows[s->n++] = *share;
	return 0;
}

static size_t shares_of(struct place *p, const char *key, struct shares *ret)
{
	struct pat_files_caller ada = as(ADA);

	ret->n = 0;
	assert_int_equal(pat_files_share_list(p->files, &ada, key, list_share, ret), 0);
	return ret->n;
}

static void a_share_is_given_changed_and_ended(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_caller later = as_at(ADA, NOW + 9);
	struct pat_files_caller eve = as(EVE);
	struct pat_files_file file = place_upload(p, ADA, "x");
	struct pat_files_share share;
	struct shares s;

	assert_int_equal(
		pat_files_share_set(p->files, &ada, file.key, "2@x", PAT_FILES_VIEWER, &share), 0);
	assert_int_equal(share.person, EVE);
	assert_int_equal(share.role, PAT_FILES_VIEWER);
	assert_int_equal(share.created_s, NOW);
	assert_int_equal(
		pat_files_share_set(p->files, &later, file.key, "3@x", PAT_FILES_EDITOR, &share),
		0);
	assert_int_equal(
		pat_files_share_set(p->files, &later, file.key, "2@x", PAT_FILES_EDITOR, &share),
		0);
	assert_int_equal(share.role, PAT_FILES_EDITOR);
	assert_int_equal(share.created_s, NOW); /* since when, not since when so */
	place_reopen(p);
	assert_int_equal(shares_of(p, file.key, &s), 2);
	assert_int_equal(s.rows[0].person, EVE);
	assert_int_equal(s.rows[0].role, PAT_FILES_EDITOR);
	assert_int_equal(s.rows[1].person, VIC);
	assert_int_equal(pat_files_file_get(p->files, &eve, file.key, &file), 0);
	assert_int_equal(file.role, PAT_FILES_EDITOR);
	assert_int_equal(file.n_shares, 0);
	assert_string_equal(file.project_name, "");
	assert_int_equal(pat_files_file_get(p->files, &ada, file.key, &file), 0);
	assert_int_equal(file.n_shares, 2);

	assert_int_equal(pat_files_share_end(p->files, &eve, file.key, EVE), 0);
	assert_int_equal(pat_files_share_end(p->files, &eve, file.key, EVE), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_share_end(p->files, &ada, file.key, VIC), 0);
	assert_int_equal(pat_files_share_end(p->files, &ada, file.key, VIC), PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_share_end(p->files, &ada, file.key, PLACE_NOBODY),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(shares_of(p, file.key, &s), 0);
}

static void a_share_is_for_somebody_else_who_is_there(void **state)
{
	static const char *const nobody[] = { "",           "nobody@x",
		                              "4711@x",     "89@x", /* disabled */
		                              "1@x",                /* the owner */
		                              "2@x' OR 1=1" };
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file = place_upload(p, ADA, "x");
	struct pat_files_share share;

	for (size_t i = 0; i < PAT_ARRAY_LEN(nobody); i++)
		assert_int_equal(pat_files_share_set(p->files, &ada, file.key, nobody[i],
		                                     PAT_FILES_VIEWER, &share),
		                 PAT_FILES_E_PERSON);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM share"), 0);
}

static struct pat_files_file one;
static atomic_int made;

static void add_share(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_share share;
	char email[20];

	(void)snprintf(email, sizeof(email), "%u@x", 10 + i);
	int r = pat_files_share_set(p->files, &ada, one.key, email, PAT_FILES_VIEWER, &share);
	assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
	atomic_fetch_add(&made, r == 0);
}

static void there_are_exactly_as_many_shares_as_there_may_be(void **state)
{
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_share share;

	one = place_upload(p, ADA, "x");
	for (int64_t i = 0; i < PAT_FILES_SHARES_MAX - 9; i++)
		place_share_row(p, one.id, 1000 + i, PAT_FILES_VIEWER);
	atomic_store(&made, 0);
	place_threads(50, add_share, p);
	assert_int_equal(atomic_load(&made), 9);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM share"), PAT_FILES_SHARES_MAX);
	/* One that is there can still be changed. */
	place_share_row(p, one.id, EVE, PAT_FILES_VIEWER);
	place_sql(p, "DELETE FROM share WHERE person = 1000");
	assert_int_equal(
		pat_files_share_set(p->files, &ada, one.key, "2@x", PAT_FILES_EDITOR, &share), 0);
}

/* ---- Comments. */

struct heard {
	struct pat_files_comment c;
	char message[PAT_FILES_MESSAGE_BYTES_MAX + 1];
	char meta[PAT_FILES_META_BYTES_MAX + 1];
	int64_t ids[100];
	size_t n;
};

static int hear(void *arg, const struct pat_files_comment *comment)
{
	struct heard *h = arg;

	h->c = *comment;
	(void)snprintf(h->message, sizeof(h->message), "%s", comment->message);
	(void)snprintf(h->meta, sizeof(h->meta), "%s", comment->client_meta);
	if (h->n < PAT_ARRAY_LEN(h->ids))
		h->ids[h->n] = comment->id;
	h->n++;
	return 0;
}

static int comment_as(struct place *p, int64_t person, const char *message, int64_t parent,
                      const char *meta, struct heard *h)
{
	struct pat_files_caller caller = as(person);

	h->n = 0;
	return pat_files_comment_add(p->files, &caller, one.key, message, parent, meta, hear, h);
}

static int64_t open_threads(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file file;

	assert_int_equal(pat_files_file_get(p->files, &ada, one.key, &file), 0);
	return file.n_comments;
}

static void a_thread_lives(void **state)
{
	static struct heard h;
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	struct pat_files_caller later = as_at(ADA, NOW + 5);

	one = place_upload(p, ADA, "x");
	place_share_row(p, one.id, EVE, PAT_FILES_VIEWER);
	assert_int_equal(comment_as(p, EVE, "First\nline", 0, "{\"y\": 2.50, \"x\": 1}", &h), 0);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.c.person, EVE);
	assert_int_equal(h.c.created_s, NOW);
	assert_int_equal(h.c.order, 1);
	assert_int_equal(h.c.parent, 0);
	assert_int_equal(h.c.resolved_s, 0);
	assert_string_equal(h.message, "First\nline");
	assert_string_equal(h.meta, "{\"x\":1,\"y\":2.5}");
	int64_t thread = h.c.id;

	assert_int_equal(comment_as(p, ADA, "Answer", thread, "whatever", &h), 0);
	assert_int_equal(h.c.parent, thread);
	assert_int_equal(h.c.order, 0);
	assert_string_equal(h.meta, "{\"x\":1,\"y\":2.5}"); /* where its thread is */
	int64_t reply = h.c.id;
	assert_int_equal(comment_as(p, ADA, "Second", 0, NULL, &h), 0);
	assert_int_equal(h.c.order, 2);
	assert_string_equal(h.meta, "{\"x\":0,\"y\":0}");
	assert_int_equal(open_threads(p), 2);

	assert_int_equal(
		pat_files_comment_resolve(p->files, &later, one.key, thread, true, hear, &h), 0);
	assert_int_equal(h.c.resolved_s, NOW + 5);
	assert_string_equal(h.message, "First\nline");
	assert_int_equal(h.c.order, 1);
	assert_int_equal(open_threads(p), 1);
	later.now_s = NOW + 50;
	assert_int_equal(
		pat_files_comment_resolve(p->files, &later, one.key, thread, true, hear, &h), 0);
	assert_int_equal(h.c.resolved_s, NOW + 5); /* since when it is */
	assert_int_equal(
		pat_files_comment_resolve(p->files, &ada, one.key, thread, false, hear, &h), 0);
	assert_int_equal(h.c.resolved_s, 0);
	assert_int_equal(open_threads(p), 2);
	assert_int_equal(pat_files_comment_resolve(p->files, &ada, one.key, reply, true, hear, &h),
	                 PAT_FILES_E_PARENT);
	assert_int_equal(pat_files_comment_resolve(p->files, &ada, one.key, 999, true, hear, &h),
	                 PAT_FILES_E_NOT_FOUND);

	place_reopen(p);
	h.n = 0;
	assert_int_equal(pat_files_comment_list(p->files, &ada, one.key, hear, &h), 0);
	assert_int_equal(h.n, 3);
	assert_true(h.ids[0] == thread && h.ids[1] == reply && h.ids[2] > reply);

	/* With a thread go its replies, and all reactions; their numbers do not come back. */
	assert_int_equal(pat_files_reaction_add(p->files, &ada, one.key, reply, ":eyes:"), 0);
	assert_int_equal(pat_files_reaction_add(p->files, &ada, one.key, thread, ":eyes:"), 0);
	struct pat_files_caller eve = as(EVE);
	assert_int_equal(pat_files_comment_remove(p->files, &eve, one.key, thread, false), 0);
	assert_int_equal(pat_files_comment_remove(p->files, &eve, one.key, thread, false),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM comment"), 1);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM reaction"), 0);
	assert_int_equal(pat_files_comment_remove(p->files, &ada, one.key, h.ids[2], false), 0);
	assert_int_equal(comment_as(p, ADA, "Third", 0, NULL, &h), 0);
	assert_int_equal(h.c.order, 3);
	assert_true(h.c.id > h.ids[2]);
}

static void a_reply_is_to_a_thread_of_its_file(void **state)
{
	static struct heard h;
	struct place *p = *state;
	struct pat_files_file other = place_upload(p, ADA, "y");

	one = other;
	assert_int_equal(comment_as(p, ADA, "There", 0, NULL, &h), 0);
	int64_t elsewhere = h.c.id;
	one = place_upload(p, ADA, "x");
	assert_int_equal(comment_as(p, ADA, "Here", 0, NULL, &h), 0);
	assert_int_equal(comment_as(p, ADA, "Reply", h.c.id, NULL, &h), 0);
	assert_int_equal(comment_as(p, ADA, "Reply to a reply", h.c.id, NULL, &h),
	                 PAT_FILES_E_PARENT);
	assert_int_equal(comment_as(p, ADA, "Elsewhere", elsewhere, NULL, &h), PAT_FILES_E_PARENT);
	assert_int_equal(comment_as(p, ADA, "Nowhere", 999, NULL, &h), PAT_FILES_E_PARENT);
	assert_int_equal(comment_as(p, ADA, "Nowhere", -1, NULL, &h), PAT_FILES_E_PARENT);
	struct pat_files_caller ada = as(ADA);
	assert_int_equal(pat_files_comment_remove(p->files, &ada, one.key, elsewhere, false),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_reaction_add(p->files, &ada, one.key, elsewhere, ":eyes:"),
	                 PAT_FILES_E_NOT_FOUND);
}

static void a_message_is_checked(void **state)
{
	static struct heard h;
	static char longest[4 * 5001 + 1];
	struct place *p = *state;

	one = place_upload(p, ADA, "x");
	assert_int_equal(comment_as(p, ADA, "", 0, NULL, &h), PAT_FILES_E_MESSAGE);
	assert_int_equal(comment_as(p, ADA, " \n\t ", 0, NULL, &h), PAT_FILES_E_MESSAGE);
	assert_int_equal(comment_as(p, ADA, "\xff", 0, NULL, &h), PAT_FILES_E_MESSAGE);
	assert_int_equal(comment_as(p, ADA, "\xed\xa0\x80", 0, NULL, &h), PAT_FILES_E_MESSAGE);
	for (int i = 0; i < 5000; i++)
		memcpy(longest + 4 * i, "\xf0\x9f\x98\x80", 4);
	assert_int_equal(comment_as(p, ADA, longest, 0, NULL, &h), 0);
	assert_string_equal(h.message, longest);
	longest[4 * 5000] = 'x';
	assert_int_equal(comment_as(p, ADA, longest, 0, NULL, &h), PAT_FILES_E_MESSAGE);
	assert_int_equal(comment_as(p, ADA, "<script>'\"&\\ :)", 0, NULL, &h), 0);
	assert_string_equal(h.message, "<script>'\"&\\ :)");
}

static void a_place_on_the_canvas_has_one_of_four_shapes(void **state)
{
	static const struct {
		const char *meta;
		const char *kept; /* NULL: refused */
	} cases[] = {
		{ "{\"x\":1,\"y\":-2}", "{\"x\":1,\"y\":-2}" },
		{ "{\"x\":0.1,\"y\":1e3,\"stable_path\":[\"1:2\"]}", "{\"x\":0.1,\"y\":1000}" },
		{ " { \"node_offset\" : {\"y\":2,\"x\":1,\"z\":3}, \"node_id\":\"1:2\" } ",
		  "{\"node_id\":\"1:2\",\"node_offset\":{\"x\":1,\"y\":2}}" },
		{ "{\"x\":1,\"y\":2,\"region_width\":3,\"region_height\":4}",
		  "{\"x\":1,\"y\":2,\"region_height\":4,\"region_width\":3}" },
		{ "{\"x\":1,\"y\":2,\"region_width\":3,\"region_height\":4,\"comment_pin_corner\":\"top-left\"}",
		  "{\"x\":1,\"y\":2,\"region_height\":4,\"region_width\":3,\"comment_pin_corner\":\"top-left\"}" },
		{ "{\"node_id\":\"1:2\",\"node_offset\":{\"x\":1,\"y\":2},\"region_width\":0.5,\"region_height\":4,"
		  "\"comment_pin_corner\":\"bottom-right\"}",
		  "{\"node_id\":\"1:2\",\"node_offset\":{\"x\":1,\"y\":2},\"region_height\":4,\"region_width\":0.5,"
		  "\"comment_pin_corner\":\"bottom-right\"}" },
		{ "{\"node_id\":\"a\\\"b\",\"node_offset\":{\"x\":1,\"y\":2}}",
		  "{\"node_id\":\"a\\\"b\",\"node_offset\":{\"x\":1,\"y\":2}}" },
		{ "", NULL },
		{ "null", NULL },
		{ "[]", NULL },
		{ "{}", NULL },
		{ "{\"x\":1}", NULL },
		{ "{\"x\":1,\"y\":\"2\"}", NULL },
		{ "{\"x\":1,\"y\":null}", NULL },
		{ "{\"x\":1,\"x\":1,\"y\":2}", NULL },
		{ "{\"x\":1,\"y\":1e999}", NULL },
		{ "{\"x\":1,\"y\":NaN}", NULL },
		{ "{\"x\":1,\"y\":2}}", NULL },
		{ "{\"node_id\":\"1:2\"}", NULL },
		{ "{\"node_id\":\"\",\"node_offset\":{\"x\":1,\"y\":2}}", NULL },
		{ "{\"node_id\":7,\"node_offset\":{\"x\":1,\"y\":2}}", NULL },
		{ "{\"node_id\":\"1:2\",\"node_offset\":{\"x\":1}}", NULL },
		{ "{\"node_id\":\"1:2\",\"node_offset\":[1,2]}", NULL },
		{ "{\"node_id\":\"01234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456\",\"node_offset\":{\"x\":1,\"y\":2}}",
		  NULL },
		{ "{\"x\":1,\"y\":2,\"region_width\":3}", NULL },
		{ "{\"x\":1,\"y\":2,\"region_width\":3,\"region_height\":0}", NULL },
		{ "{\"x\":1,\"y\":2,\"region_width\":-3,\"region_height\":1}", NULL },
		{ "{\"x\":1,\"y\":2,\"region_width\":3,\"region_height\":4,\"comment_pin_corner\":\"middle\"}",
		  NULL },
		{ "{\"x\":1,\"y\":2,\"region_width\":3,\"region_height\":4,\"comment_pin_corner\":1}",
		  NULL },
	};
	static struct heard h;
	static char deep[5000];
	struct place *p = *state;

	one = place_upload(p, ADA, "x");
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		int r = comment_as(p, ADA, "hello", 0, cases[i].meta, &h);

		if (r != (cases[i].kept ? 0 : PAT_FILES_E_META))
			fail_msg("%s: %d", cases[i].meta, r);
		if (cases[i].kept)
			assert_string_equal(h.meta, cases[i].kept);
	}
	memset(deep, '[', sizeof(deep) - 1);
	assert_int_equal(comment_as(p, ADA, "hello", 0, deep, &h), PAT_FILES_E_META);
}

static void add_comments(void *arg, unsigned i)
{
	struct place *p = arg;
	struct heard *h = calloc(1, sizeof(*h));
	struct pat_files_caller ada = as(ADA);

	(void)i;
	assert_non_null(h);
	for (int n = 0; n < 4; n++) {
		int r = pat_files_comment_add(p->files, &ada, one.key, "hello", 0, NULL, hear, h);

		assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
		atomic_fetch_add(&made, r == 0);
	}
	free(h);
}

static void threads_are_numbered_without_a_gap_up_to_their_cap(void **state)
{
	struct place *p = *state;
	char sql[512];

	one = place_upload(p, ADA, "x");
	atomic_store(&made, 0);
	place_threads(20, add_comments, p);
	assert_int_equal(atomic_load(&made), 80);
	assert_int_equal(place_ask(p, "SELECT count(DISTINCT number) FROM comment"), 80);
	assert_int_equal(place_ask(p, "SELECT max(number) FROM comment"), 80);
	(void)snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO comment (file, parent, person, created, resolved, number, meta, message)"
		" SELECT %lld, (SELECT min(id) FROM comment), 1, 1, 0, 0, '', 'x' FROM n",
		PAT_FILES_COMMENTS_MAX - 80 - 13, (long long)one.id);
	place_sql(p, sql);
	atomic_store(&made, 0);
	place_threads(50, add_comments, p);
	assert_int_equal(atomic_load(&made), 13);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM comment"), PAT_FILES_COMMENTS_MAX);
	assert_int_equal(place_ask(p, "SELECT max(number) FROM comment"), 93);
}

/* Of person 3, a viewer. */
static void put_comments_of_vic(struct place *p, int n, size_t bytes)
{
	char sql[512];

	(void)snprintf(
		sql, sizeof(sql),
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		" INSERT INTO comment (file, parent, person, created, resolved, number, meta, message)"
		" SELECT %lld, (SELECT min(id) FROM comment), %d, 1, 0, 0, '', printf('%%.*c', %zu, 'x') FROM n",
		n, (long long)one.id, VIC, bytes);
	place_sql(p, sql);
}

static void nobody_uses_up_the_comments_of_a_file(void **state)
{
	static struct heard h;
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);

	one = place_upload(p, ADA, "x");
	place_share_row(p, one.id, VIC, PAT_FILES_VIEWER);
	place_share_row(p, one.id, EVE, PAT_FILES_EDITOR);
	assert_int_equal(comment_as(p, VIC, "First", 0, NULL, &h), 0);
	put_comments_of_vic(p, PAT_FILES_COMMENTS_EACH_MAX - 2, 1);
	assert_int_equal(comment_as(p, VIC, "Last", 0, NULL, &h), 0);
	assert_int_equal(comment_as(p, VIC, "Too many", 0, NULL, &h), PAT_FILES_E_LIMIT);
	assert_int_equal(comment_as(p, EVE, "Of another", 0, NULL, &h), 0);
	assert_int_equal(comment_as(p, ADA, "The owner's", 0, NULL, &h), 0);
	int64_t first = place_ask(p, "SELECT min(id) FROM comment");
	assert_int_equal(pat_files_comment_remove(p->files, &ada, one.key, first, true), 0);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM comment"), 3);
	assert_int_equal(comment_as(p, VIC, "Again", 0, NULL, &h), 0);
	put_comments_of_vic(p, 1, PAT_FILES_COMMENTS_EACH_BYTES_MAX - 20);
	assert_int_equal(comment_as(p, VIC, "0123456789 0123456789", 0, NULL, &h),
	                 PAT_FILES_E_LIMIT);
	assert_int_equal(comment_as(p, EVE, "0123456789 0123456789", 0, NULL, &h), 0);
}

static void nobody_uses_up_the_reactions_to_a_comment(void **state)
{
	static struct heard h;
	struct place *p = *state;
	struct pat_files_caller vic = as(VIC);
	struct pat_files_caller eve = as(EVE);
	char emoji[20];

	one = place_upload(p, ADA, "x");
	place_share_row(p, one.id, VIC, PAT_FILES_VIEWER);
	place_share_row(p, one.id, EVE, PAT_FILES_EDITOR);
	assert_int_equal(comment_as(p, ADA, "hello", 0, NULL, &h), 0);
	for (int i = 0; i <= PAT_FILES_REACTIONS_EACH_MAX; i++) {
		(void)snprintf(emoji, sizeof(emoji), ":e%d:", i);
		assert_int_equal(pat_files_reaction_add(p->files, &vic, one.key, h.c.id, emoji),
		                 i < PAT_FILES_REACTIONS_EACH_MAX ? 0 : PAT_FILES_E_LIMIT);
	}
	assert_int_equal(pat_files_reaction_add(p->files, &eve, one.key, h.c.id, ":e0:"), 0);
	put_comments_of_vic(p, PAT_FILES_FILE_REACTIONS_EACH_MAX, 1);
	place_sql(p, "INSERT INTO reaction (comment, person, emoji, created)"
	             " SELECT id, 3, ':x:', 1 FROM comment WHERE person = 3 LIMIT 1979");
	assert_int_equal(comment_as(p, EVE, "one more", 0, NULL, &h), 0);
	assert_int_equal(pat_files_reaction_add(p->files, &vic, one.key, h.c.id, ":last:"), 0);
	assert_int_equal(pat_files_reaction_add(p->files, &vic, one.key, h.c.id, ":more:"),
	                 PAT_FILES_E_LIMIT);
	assert_int_equal(pat_files_reaction_add(p->files, &eve, one.key, h.c.id, ":more:"), 0);
}

/* ---- Reactions. */

struct reactions {
	struct pat_files_reaction rows[500];
	size_t n;
};

static int list_reaction(void *arg, const struct pat_files_reaction *reaction)
{
	struct reactions *r = arg;

	r->rows[r->n++] = *reaction;
	return 0;
}

static void an_emoji_is_a_name_between_colons(void **state)
{
	static const struct {
		const char *emoji;
		int outcome;
	} cases[] = {
		{ ":heart:", 0 },
		{ ":heart:", PAT_FILES_E_EXISTS },
		{ ":+1:", 0 },
		{ ":-1:", 0 },
		{ ":+1::skin-tone-2:", 0 },
		{ ":+1::skin-tone-6:", 0 },
		{ ":man_in_tuxedo-2:", 0 },
		{ ":8ball:", 0 },
		{ "", PAT_FILES_E_EMOJI },
		{ ":", PAT_FILES_E_EMOJI },
		{ "::", PAT_FILES_E_EMOJI },
		{ "heart", PAT_FILES_E_EMOJI },
		{ ":heart", PAT_FILES_E_EMOJI },
		{ "heart:", PAT_FILES_E_EMOJI },
		{ ":heart: ", PAT_FILES_E_EMOJI },
		{ ":Heart:", PAT_FILES_E_EMOJI },
		{ ":he art:", PAT_FILES_E_EMOJI },
		{ ":heart::", PAT_FILES_E_EMOJI },
		{ ":+1::skin-tone-1:", PAT_FILES_E_EMOJI },
		{ ":+1::skin-tone-7:", PAT_FILES_E_EMOJI },
		{ ":+1::skin-tone-22:", PAT_FILES_E_EMOJI },
		{ ":+1::skin-tone-2", PAT_FILES_E_EMOJI },
		{ ":+1::skin-tone-2::skin-tone-2:", PAT_FILES_E_EMOJI },
		{ ":+1:skin-tone-2:", PAT_FILES_E_EMOJI },
		{ "\xf0\x9f\x98\x80", PAT_FILES_E_EMOJI },
		{ ":a23456789012345678901234567890123456789012345678901234567890123:",
		  PAT_FILES_E_EMOJI },
		{ ":a2345678901234567890123456789012345678901234567890123456789012:", 0 },
	};
	static struct heard h;
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);

	one = place_upload(p, ADA, "x");
	assert_int_equal(comment_as(p, ADA, "hello", 0, NULL, &h), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++)
		if (pat_files_reaction_add(p->files, &ada, one.key, h.c.id, cases[i].emoji) !=
		    cases[i].outcome)
			fail_msg("%s", cases[i].emoji);
}

static void reactions_are_listed_in_pages(void **state)
{
	static struct heard h;
	static struct reactions all;
	static struct reactions of_one;
	struct place *p = *state;
	struct pat_files_caller ada = as(ADA);
	int64_t comments[2];
	bool more = true;

	one = place_upload(p, ADA, "x");
	for (int64_t person = EVE; person <= SAM; person++)
		place_share_row(p, one.id, person, PAT_FILES_VIEWER);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(comment_as(p, ADA, "hello", 0, NULL, &h), 0);
		comments[i] = h.c.id;
	}
	for (int i = 0; i < 40; i++) {
		struct pat_files_caller caller = as_at(1 + i % 4, NOW + i);
		char emoji[20];

		(void)snprintf(emoji, sizeof(emoji), ":e%d:", i / 8);
		assert_int_equal(pat_files_reaction_add(p->files, &caller, one.key,
		                                        comments[i / 4 % 2], emoji),
		                 0);
	}
	all.n = 0;
	for (int64_t after = 0; more; after = (int64_t)all.n)
		assert_int_equal(pat_files_reaction_list(p->files, &ada, one.key, 0, after, 7,
		                                         list_reaction, &all, &more),
		                 0);
	assert_int_equal(all.n, 40);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(all.rows[i].created_s, NOW + i);
		assert_int_equal(all.rows[i].person, 1 + i % 4);
		assert_int_equal(all.rows[i].comment, comments[i / 4 % 2]);
	}
	of_one.n = 0;
	more = true;
	for (int64_t after = 0; more; after = (int64_t)of_one.n)
		assert_int_equal(pat_files_reaction_list(p->files, &ada, one.key, comments[1],
		                                         after, 20, list_reaction, &of_one, &more),
		                 0);
	assert_int_equal(of_one.n, 20);
	assert_string_equal(of_one.rows[19].emoji, ":e4:");
	assert_int_equal(pat_files_reaction_list(p->files, &ada, one.key, 999, 0, 20, list_reaction,
	                                         &of_one, &more),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_reaction_list(p->files, &ada, one.key, 0, -1, 20, list_reaction,
	                                         &of_one, &more),
	                 PAT_FILES_E_CURSOR);
	/* One's own goes, once. */
	assert_int_equal(pat_files_reaction_remove(p->files, &ada, one.key, comments[1], ":e4:"),
	                 0);
	assert_int_equal(pat_files_reaction_remove(p->files, &ada, one.key, comments[1], ":e4:"),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_reaction_remove(p->files, &ada, one.key, comments[1], "x"),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_reaction_remove(p->files, &ada, one.key, 0, ":e4:"),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(pat_files_reaction_add(p->files, &ada, one.key, 0, ":e4:"),
	                 PAT_FILES_E_NOT_FOUND);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM reaction"), 39);
}

static int64_t busy_comment;

static void add_reactions(void *arg, unsigned i)
{
	struct place *p = arg;
	struct pat_files_caller ada = as(ADA);

	for (unsigned n = 0; n < 8; n++) {
		char emoji[20];

		(void)snprintf(emoji, sizeof(emoji), ":e%u-%u:", i, n);
		int r = pat_files_reaction_add(p->files, &ada, one.key, busy_comment, emoji);
		assert_true(r == 0 || r == PAT_FILES_E_LIMIT);
		atomic_fetch_add(&made, r == 0);
		r = pat_files_reaction_add(p->files, &ada, one.key, busy_comment, ":same:");
		assert_true(r == 0 || r == PAT_FILES_E_LIMIT || r == PAT_FILES_E_EXISTS);
		atomic_fetch_add(&made, r == 0);
	}
}

static void there_are_exactly_as_many_reactions_as_there_may_be(void **state)
{
	static struct heard h;
	struct place *p = *state;

	one = place_upload(p, ADA, "x");
	assert_int_equal(comment_as(p, ADA, "hello", 0, NULL, &h), 0);
	busy_comment = h.c.id;
	atomic_store(&made, 0);
	place_threads(50, add_reactions, p);
	assert_int_equal(atomic_load(&made), PAT_FILES_REACTIONS_MAX);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM reaction"), PAT_FILES_REACTIONS_MAX);
	assert_int_equal(place_ask(p, "SELECT count(*) FROM reaction WHERE emoji = ':same:'"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		place_test(a_share_is_given_changed_and_ended),
		place_test(a_share_is_for_somebody_else_who_is_there),
		place_test(there_are_exactly_as_many_shares_as_there_may_be),
		place_test(a_thread_lives),
		place_test(a_reply_is_to_a_thread_of_its_file),
		place_test(a_message_is_checked),
		place_test(a_place_on_the_canvas_has_one_of_four_shapes),
		place_test(threads_are_numbered_without_a_gap_up_to_their_cap),
		place_test(nobody_uses_up_the_comments_of_a_file),
		place_test(nobody_uses_up_the_reactions_to_a_comment),
		place_test(an_emoji_is_a_name_between_colons),
		place_test(reactions_are_listed_in_pages),
		place_test(there_are_exactly_as_many_reactions_as_there_may_be),
	};

	return cmocka_run_group_tests_name("people and files", tests, NULL, NULL);
}
