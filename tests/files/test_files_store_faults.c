/* SPDX-License-Identifier: Apache-2.0
 *
 * Fail the n-th, of the files product: every use case runs again and again, with the first, the second, the third …
 * allocation or file operation failing, until none is left to fail. Whatever fails is answered as a fault and has changed
 * nothing that anybody can see; the same call then does its work, in the same process; and what was done is there after a
 * crash.
 *
 *   test_files_store_faults [STEP]    only every STEP-th allocation and every fifth file operation fail, for when there is little
 *                                     time
 */
#include "tests/files/place.h"

#include <errno.h>

#include "tests/contract/faulty.h"

static char key[PAT_FILES_KEY_CHARS + 1];     /* a file with all that a file can have */
static char trashed[PAT_FILES_KEY_CHARS + 1]; /* one in the trash */
static int64_t comment;
static struct pat_buf document;

/* The smallest GIF that there is. */
static const uint8_t image[] = { 'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0, 0, 0, ';' };
static const uint8_t other_image[] = { 'G', 'I', 'F', '8', '9', 'a', 2, 0, 1, 0, 0, 0, 0, ';' };

/* ---- The use cases, each always with the same arguments. */

static int team(struct place *p)
{
	struct pat_files_caller sam = as(SAM);
	struct pat_files_team ignored;

	return pat_files_team_own(p->files, &sam, &ignored);
}

static int project_create(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_project ignored;

	return pat_files_project_create(p->files, &ada, "Another", &ignored);
}

static int upload(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file ignored;

	return place_try_upload(p, &ada, 0, NULL, &document, 1000, &ignored);
}

static int upload_version(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file ignored;

	return place_try_upload(p, &ada, 0, key, &document, 0, &ignored);
}

static int file_rename(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file ignored;

	return pat_files_file_change(p->files, &ada, key, "Renamed", 0, &ignored);
}

static int file_open(struct place *p)
{
	struct pat_files_caller eve = as(EVE);
	struct pat_files_file ignored;

	return pat_files_file_open(p->files, &eve, key, &ignored);
}

static int file_trash(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file ignored;

	return pat_files_file_trash(p->files, &ada, key, true, &ignored);
}

static int file_restore(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_file ignored;

	return pat_files_file_trash(p->files, &ada, trashed, false, &ignored);
}

static int file_purge(struct place *p)
{
	struct pat_files_caller ada = as(ADA);

	return pat_files_file_purge(p->files, &ada, trashed);
}

static int share_set(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_share ignored;

	return pat_files_share_set(p->files, &ada, key, "3@x", PAT_FILES_VIEWER, &ignored);
}

static int share_end(struct place *p)
{
	struct pat_files_caller ada = as(ADA);

	return pat_files_share_end(p->files, &ada, key, EVE);
}

static int ignore_comment(void *arg, const struct pat_files_comment *c)
{
	(void)arg;
	return c->id > 0 ? 0 : -EPROTO;
}

static int comment_add(struct place *p)
{
	struct pat_files_caller eve = as(EVE);

	return pat_files_comment_add(p->files, &eve, key, "Another", comment, NULL, ignore_comment,
	                             NULL);
}

static int comment_remove(struct place *p)
{
	struct pat_files_caller ada = as(ADA);

	return pat_files_comment_remove(p->files, &ada, key, comment, false);
}

static int comment_resolve(struct place *p)
{
	struct pat_files_caller ada = as(ADA);

	return pat_files_comment_resolve(p->files, &ada, key, comment, true, ignore_comment, NULL);
}

static int reaction_add(struct place *p)
{
	struct pat_files_caller eve = as(EVE);

	return pat_files_reaction_add(p->files, &eve, key, comment, ":eyes:");
}

static int reaction_remove(struct place *p)
{
	struct pat_files_caller ada = as(ADA);

	return pat_files_reaction_remove(p->files, &ada, key, comment, ":heart:");
}

static int fill_add(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_fill ignored;

	return pat_files_fill_add(p->files, &ada, key, other_image, sizeof(other_image), &ignored);
}

static int keep(struct place *p)
{
	pat_files_keep(p->files, NOW + 1000 * 86400);
	return 0;
}

static int check(struct place *p)
{
	return pat_files_check(p->files);
}

/* The whole text, and a picture. The picture is kept, which is no matter when it can not be. */
static int read_whole(struct place *p)
{
	pat_cleanup(pat_files_document_closep) struct pat_files_document *d = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf svg = { 0 };
	struct pat_files_caller eve = as(EVE);
	struct pat_files_file file;
	char text[4096];

	pat_buf_init(&svg, 1 << 20);
	int r = pat_files_document_open(p->files, &eve, key, 0, &file, &d);
	if (r != 0)
		return r;
	const struct pat_text *source = pat_files_document_text(d);
	uint32_t bytes = pat_files_document_outline(d)->text_bytes;
	assert_true(bytes <= sizeof(text));
	r = source->read(source->arg, 0, text, bytes);
	if (r == 0)
		assert_memory_equal(text, document.data, bytes);
	if (r == 0)
		r = pat_files_document_draw(d, &(struct pat_files_picture){ .node = PAT_NO_NODE },
		                            &svg);
	return r;
}

static int count_reaction(void *arg, const struct pat_files_reaction *reaction)
{
	*(int *)arg += reaction->id > 0;
	return 0;
}

static int count_comment(void *arg, const struct pat_files_comment *c)
{
	*(int *)arg += c->id > 0;
	return 0;
}

static int count_fill(void *arg, const struct pat_files_fill *fill)
{
	*(int *)arg += fill->bytes > 0;
	return 0;
}

static int count_share(void *arg, const struct pat_files_share *share)
{
	*(int *)arg += share->person > 0;
	return 0;
}

static int count_file(void *arg, const struct pat_files_file *file)
{
	*(int *)arg += file->id > 0;
	return 0;
}

/* Half a list with a result of 0 would be a lie: the counts are part of the result. */
static int lists(struct place *p)
{
	struct pat_files_query query = { .view = PAT_FILES_VIEW_ALL, .limit = 100 };
	struct pat_files_caller ada = as(ADA);
	bool more = false;
	int n = 0;

	int r = pat_files_comment_list(p->files, &ada, key, count_comment, &n);
	if (r == 0)
		r = pat_files_reaction_list(p->files, &ada, key, 0, 0, 100, count_reaction, &n,
		                            &more);
	if (r == 0)
		r = pat_files_fill_list(p->files, &ada, key, count_fill, &n);
	if (r == 0)
		r = pat_files_share_list(p->files, &ada, key, count_share, &n);
	if (r == 0)
		r = pat_files_file_list(p->files, &ada, &query, count_file, &n, &more);
	return r == 0 ? n : r;
}

#define LISTED 6 /* 2 comments, a reaction, an image, a share, a file */

static const struct call {
	const char *name;
	int (*run)(struct place *p);
	int expected;
	bool new_each_time; /* what it makes has a key that is drawn, or another number after a failure */
	bool by_steps; /* more than one change, or one that may fail unsaid: what is half done is whole all the same */
} calls[] = {
	{ "team", team, 0, false, true },
	{ "project_create", project_create, 0, false, false },
	{ "upload", upload, 0, true, false },
	{ "upload_version", upload_version, 0, true, false },
	{ "file_rename", file_rename, 0, false, false },
	{ "file_open", file_open, 0, false, true },
	{ "file_trash", file_trash, 0, false, false },
	{ "file_restore", file_restore, 0, false, false },
	{ "file_purge", file_purge, 0, false, true },
	{ "share_set", share_set, 0, false, false },
	{ "share_end", share_end, 0, false, false },
	{ "comment_add", comment_add, 0, false, false },
	{ "comment_remove", comment_remove, 0, false, false },
	{ "comment_resolve", comment_resolve, 0, false, false },
	{ "reaction_add", reaction_add, 0, false, false },
	{ "reaction_remove", reaction_remove, 0, false, false },
	{ "fill_add", fill_add, 0, true, false },
	{ "keep", keep, 0, false, true },
	{ "check", check, 0, false, false },
	{ "read_whole", read_whole, 0, false, true },
	{ "lists", lists, LISTED, false, false },
};

/* ---- What they start from. */

static struct place_base base;

static int take_id(void *arg, const struct pat_files_comment *c)
{
	*(int64_t *)arg = c->id;
	return 0;
}

static void fill(struct place *p)
{
	struct pat_files_caller ada = as(ADA);
	struct pat_files_caller eve = as(EVE);
	struct pat_files_file file = place_upload(p, ADA, "Full");
	struct pat_files_fill added;

	document = place_small("Full");
	(void)snprintf(key, sizeof(key), "%s", file.key);
	place_share_row(p, file.id, EVE, PAT_FILES_EDITOR);
	assert_int_equal(
		pat_files_comment_add(p->files, &ada, key, "A thread", 0, NULL, take_id, &comment),
		0);
	assert_int_equal(pat_files_comment_add(p->files, &eve, key, "A reply", comment, NULL,
	                                       ignore_comment, NULL),
	                 0);
	assert_int_equal(pat_files_reaction_add(p->files, &ada, key, comment, ":heart:"), 0);
	assert_int_equal(pat_files_fill_add(p->files, &ada, key, image, sizeof(image), &added), 0);
	file = place_upload(p, ADA, "Trashed");
	(void)snprintf(trashed, sizeof(trashed), "%s", file.key);
	assert_int_equal(pat_files_file_trash(p->files, &ada, trashed, true, &file), 0);
	assert_int_equal(place_team(p, ADA).owner, ADA);
}

static int base_make(void **state)
{
	void *test = NULL;

	assert_int_equal(place_setup(&test), 0);
	struct place *p = test;
	fill(p);
	place_close(p);
	place_base_take(p, &base);
	place_open(p);
	(void)place_teardown(&test);
	*state = NULL;
	return 0;
}

static int base_drop(void **state)
{
	(void)state;
	place_base_done(&base);
	pat_buf_done(&document);
	return 0;
}

/* ---- The faults. */

struct trial {
	struct place *p;
	const struct call *call;
	enum fault fault;
	int n;
	struct place_state before;
	struct place_state after;
};

static void trial_must(const struct trial *t, bool ok, const char *what)
{
	if (!ok)
		fail_msg("%s, n = %d: not so: %s", t->call->name, t->n, what);
}

#define trial_assert(t, cond) trial_must(t, cond, #cond)

static void trial_put(const struct trial *t)
{
	place_base_put(t->p, &base);
	place_open(t->p);
}

static void trial_measure(struct trial *t)
{
	trial_put(t);
	t->before = place_state(t->p);
	trial_assert(t, t->call->run(t->p) == t->call->expected);
	t->after = place_state(t->p);
	place_assert_whole(t->p);
	trial_assert(t, place_same(t->after, place_crashed(t->p)));
	place_close(t->p);
}

/* What nobody refers to is swept away when the database is opened, so that what is left is what can be seen. */
static void trial_sweep(const struct trial *t)
{
	place_reopen(t->p);
	place_assert_whole(t->p);
}

static void trial_judge_state(const struct trial *t, bool done)
{
	struct place_state now = place_state(t->p);

	if (t->call->by_steps || (done && t->call->new_each_time))
		return;
	trial_assert(t, place_same(now, done ? t->after : t->before));
}

static void trial_judge(const struct trial *t, int result)
{
	bool done = result == t->call->expected;

	if (!done && result >= 0)
		fail_msg("%s, n = %d: result %d", t->call->name, t->n, result);
	if (!done)
		trial_sweep(t);
	trial_judge_state(t, done);
	if (!done)
		trial_assert(t, t->call->run(t->p) == t->call->expected);
	trial_sweep(t);
	if (!done)
		trial_judge_state(t, true);
	place_close(t->p);
}

/* Every second time: without a sweep in between, because a connection that has failed has to be good for the next call. */
static void trial_judge_at_once(const struct trial *t, int result)
{
	if (result != t->call->expected)
		trial_assert(t, t->call->run(t->p) == t->call->expected);
	place_assert_whole(t->p);
	place_close(t->p);
}

/* The process died: what was answered holds, what was not may or may not. */
static void trial_judge_gone(const struct trial *t, int result)
{
	place_open(t->p);
	place_assert_whole(t->p);
	struct place_state now = place_state(t->p);
	bool after = place_same(now, t->after);
	bool either = after || place_same(now, t->before);
	bool free = t->call->by_steps || t->call->new_each_time;
	trial_assert(t, free || (result == t->call->expected ? after : result < 0 && either));
	place_close(t->p);
}

/* Whether something failed. */
static bool trial_run(const struct trial *t)
{
	trial_put(t);
	arm(t->fault, t->n);
	int result = t->call->run(t->p);
	if (t->fault == FAULT_GONE)
		place_close(t->p);
	bool fired = disarm(t->fault);
	if (t->fault == FAULT_GONE)
		trial_judge_gone(t, result);
	else if (t->n % 2 == 0)
		trial_judge_at_once(t, result);
	else
		trial_judge(t, result);
	return fired;
}

#define FILE_STEP 5
static int memory_step = 1;

static void fail_the_nth(struct place *p, enum fault fault)
{
	int step = fault == FAULT_MEMORY ? memory_step : memory_step > 1 ? FILE_STEP : 1;
	int n = 0;

	place_close(p);
	for (size_t i = 0; i < PAT_ARRAY_LEN(calls); i++) {
		struct trial t = { .p = p, .call = &calls[i], .fault = fault };

		trial_measure(&t);
		for (t.n = 1; trial_run(&t); t.n += step)
			n++;
	}
	print_message("%d failures\n", n);
	assert_true(n > (memory_step > 1 ? 100 / FILE_STEP : 100));
	place_open(p);
}

static void no_allocation_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_MEMORY);
}

static void no_file_operation_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_IO);
}

static void no_full_disk_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_FULL);
}

static void no_death_leaves_half(void **state)
{
	fail_the_nth(*state, FAULT_GONE);
}

/* ---- Opening. */

static void opening_fails_clean(struct place *p, enum fault fault)
{
	bool fired = true;

	place_close(p);
	for (int n = 1; fired; n += memory_step > 1 ? FILE_STEP : 1) {
		struct pat_err err = { { 0 } };

		place_base_put(p, &base);
		arm(fault, n);
		int e = place_try_open(p, &err);
		fired = disarm(fault);
		assert_true(e <= 0);
		assert_true(e == 0 || err.text[0] != '\0');
		assert_true(fired || e == 0);
		if (e < 0)
			place_open(p);
		place_assert_whole(p);
		place_close(p);
	}
	place_open(p);
}

static void opening_fails_clean_without_memory(void **state)
{
	opening_fails_clean(*state, FAULT_MEMORY);
}

static void opening_fails_clean_on_a_bad_disk(void **state)
{
	opening_fails_clean(*state, FAULT_IO);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		place_test(no_allocation_leaves_half),
		place_test(no_file_operation_leaves_half),
		place_test(no_full_disk_leaves_half),
		place_test(no_death_leaves_half),
		place_test(opening_fails_clean_without_memory),
		place_test(opening_fails_clean_on_a_bad_disk),
	};

	if (argc > 1)
		memory_step = (int)strtol(argv[1], NULL, 10);
	if (memory_step < 1)
		return 2;
	faulty_malloc_register();
	faulty_vfs_register();
	return cmocka_run_group_tests(tests, base_make, base_drop);
}
