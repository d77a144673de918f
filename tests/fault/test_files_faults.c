/* SPDX-License-Identifier: Apache-2.0
 *
 * Fail the n-th allocation, for n = 1, 2, 3… until a document was outlined, its outline kept and loaded again, and an answer
 * planned and sent: each failure is -ENOMEM, and leaves nothing behind. And what a few bytes can make us ask for.
 */
#include "tests/unit/test_files.h"

#include <errno.h>

#include "base/crc32.h"
#include "files/plan.h"
#include "tests/contract/faulty_malloc.h"

#define N_MAX 1000

static int emit_nothing(void *arg, const void *bytes, size_t len)
{
	(void)bytes;
	*(uint64_t *)arg += len;
	return 0;
}

static int outline_it(const struct pat_buf *text, struct pat_outline *ret)
{
	pat_cleanup(pat_outliner_freep) struct pat_outliner *outliner = NULL;
	pat_cleanup(pat_buf_done) struct pat_buf why = { 0 };
	int r = pat_outliner_new(&outliner);

	pat_buf_init(&why, 1000);
	if (r == 0)
		r = pat_outliner_feed(outliner, text->data, text->len, &why);
	if (r == 0)
		r = pat_outliner_finish(outliner, ret, &why);
	assert_int_equal(why.len, 0);
	return r;
}

static int keep_and_load(struct pat_outline *outline)
{
	pat_cleanup(pat_buf_done) struct pat_buf kept = { 0 };
	struct pat_outline loaded;

	pat_buf_init(&kept, TEST_TEXT_BYTES_MAX);
	int r = pat_outline_save(outline, &kept);
	if (r == 0)
		r = pat_outline_load(kept.data, kept.len, &loaded);
	if (r == 0) {
		pat_outline_done(outline);
		*outline = loaded;
	}
	return r;
}

static int answer(const struct pat_outline *outline, const struct pat_text *text)
{
	pat_cleanup(pat_plan_freep) struct pat_plan *plan = NULL;
	uint64_t sent = 0;
	int r = pat_plan_new(100, &plan);

	if (r == 0)
		r = pat_plan_node(plan, outline, 0, &(struct pat_plan_tree){ .levels = 3 });
	for (enum pat_outline_table t = 0; t < PAT_TABLES && r == 0; t++)
		r = pat_plan_table(plan, outline, t, 0);
	if (r == 0)
		r = pat_plan_send(plan, text, 1000, emit_nothing, &sent);
	assert_true(r != 0 || sent == pat_plan_bytes(plan));
	return r;
}

static void memory_fails_at_the_n_th_call(void **state)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	const struct pat_text reader = { .read = read_buf, .arg = &text };
	int n = 0;
	int failed = 0;

	(void)state;
	pat_buf_init(&text, TEST_TEXT_BYTES_MAX);
	while (text.len < 20000) {
		pat_buf_clear(&text);
		random_document(&text, 200);
	}
	for (bool fired = true; fired; n++) {
		pat_cleanup(pat_outline_done) struct pat_outline outline = { 0 };

		assert_true(n < N_MAX);
		faulty_malloc_arm(n + 1);
		int r = outline_it(&text, &outline);
		if (r == 0)
			r = keep_and_load(&outline);
		if (r == 0)
			r = answer(&outline, &reader);
		fired = faulty_malloc_disarm();
		assert_true(r == 0 || (r == -ENOMEM && fired));
		failed += r != 0;
	}
	assert_true(failed > 40);
}

static void a_few_bytes_ask_for_a_few(void **state)
{
	/* 100 bytes of text, no name, editor, version; then as many nodes as may be, or more; or one node, and then as many
	 * entries, omissions, references. */
#define HEAD  "PATO\1....0123456789abcdef\x64\0\0\0\0\0\0"
#define NODE  "\1\0\x64\0\1\1\2\0\2abcd"
#define TABLE "\0\0\0"
#define CASE(text)                               \
	{                                        \
		HEAD text, sizeof(HEAD text) - 1 \
	}
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		CASE(NODE TABLE TABLE TABLE "\0\0"), /* with nothing wrong */
		CASE("\xc0\x84\x3d\0\0"),
		CASE("\xff\xff\xff\xff\x0f\0\0"),
		CASE(NODE "\0\x64\x90\xa1\x0f\0\0"),
		CASE(NODE TABLE TABLE "\0\x64\x90\xa1\x0f\0\0"),
		CASE(NODE TABLE TABLE TABLE "\x80\x89\x7a\0\0"),
		CASE(NODE TABLE TABLE TABLE "\0\x80\x89\x7a\0\0"),
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(cases); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf b = { 0 };
		pat_cleanup(pat_outline_done) struct pat_outline outline = { 0 };

		pat_buf_init(&b, 200);
		assert_int_equal(pat_buf_add(&b, cases[i].bytes, cases[i].len), 0);
		uint32_t sum = pat_crc32(b.data + 9, b.len - 9);
		for (unsigned j = 0; j < 4; j++)
			b.data[5 + j] = (char)(sum >> (8 * j));
		(void)faulty_malloc_largest();
		assert_int_equal(pat_outline_load(b.data, b.len, &outline), i == 0 ? 0 : -EINVAL);
		assert_in_range(faulty_malloc_largest(), 0, 10000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_fails_at_the_n_th_call),
		cmocka_unit_test(a_few_bytes_ask_for_a_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
