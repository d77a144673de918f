/* SPDX-License-Identifier: Apache-2.0
 *
 * Cutting: what is too long ends behind a whole character or escape, with an ellipsis, within its length.
 */
#include "tests/unit/test_files.h"

#include "files/cut.h"

#define MAX PAT_FILES_CUT_NAME_BYTES

/* `n` letters, then `tail`, then more letters than fit. */
static void check_written(size_t n, const char *tail, size_t kept)
{
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_text source = { .read = read_buf, .arg = &text };
	char *out = malloc(MAX); /* of exactly its size: sanitizers see a byte too many */
	size_t len = 0;

	assert_non_null(out);
	pat_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pat_buf_add(&text, "a", 1), 0);
	assert_int_equal(pat_buf_add_str(&text, tail), 0);
	for (size_t i = 0; i < 2 * MAX; i++)
		assert_int_equal(pat_buf_add(&text, "b", 1), 0);
	assert_int_equal(pat_files_cut_written(&source, (struct pat_range){ 0, (uint32_t)text.len },
	                                       out, &len),
	                 0);
	assert_int_equal(len, kept + 3);
	assert_memory_equal(out, text.data, kept);
	assert_memory_equal(out + kept, "…", 3);
	free(out);
}

static void what_is_written_is_cut_between_characters(void **state)
{
	static const char *const whole[] = { "é",   "€", "😀", "\\n", "\\u00e9", "\\ud83d\\ude00",
		                             "\\\\" };
	const size_t most = MAX - 3;

	(void)state;
	check_written(0, "", most);
	for (size_t i = 0; i < PAT_ARRAY_LEN(whole); i++) {
		size_t bytes = strlen(whole[i]);

		check_written(most - bytes, whole[i], most);
		for (size_t over = 1; over <= bytes; over++)
			check_written(most - bytes + over, whole[i],
			              over == bytes ? most : most - bytes + over);
	}
}

static void what_fits_is_whole(void **state)
{
	static const size_t lengths[] = { 0, 1, MAX - 3, MAX - 1, MAX };
	pat_cleanup(pat_buf_done) struct pat_buf text = { 0 };
	struct pat_text source = { .read = read_buf, .arg = &text };
	char out[MAX];
	size_t len = 0;

	(void)state;
	pat_buf_init(&text, 1 << 20);
	for (size_t i = 0; i < MAX; i++)
		assert_int_equal(pat_buf_add(&text, "x", 1), 0);
	for (size_t i = 0; i < PAT_ARRAY_LEN(lengths); i++) {
		struct pat_range range = { 0, (uint32_t)lengths[i] };

		assert_int_equal(pat_files_cut_written(&source, range, out, &len), 0);
		assert_int_equal(len, lengths[i]);
		assert_memory_equal(out, text.data, len);
	}
}

static void what_will_be_written_is_counted_as_it_is(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *kept;
	} rows[] = {
		{ "", 0, "" },
		{ "abc", 3, "abc" },
		{ "abcd", 3, "…" },
		{ "abcdefg", 6, "abc…" },
		{ "a\"cd", 4, "a…" },
		{ "a\"cd", 5, "a\"cd" },
		{ "\x01\x01", 11, "\x01…" },
		{ "\x01\x01", 12, "\x01\x01" },
		{ "\n\n\n", 6, "\n\n\n" },
		{ "\n\n\n", 5, "\n…" },
		{ "éééé", 7, "éé…" },
		{ "éééé", 6, "é…" },
		{ "😀😀", 7, "😀…" },
		{ "😀😀", 8, "😀😀" },
	};

	(void)state;
	for (size_t i = 0; i < PAT_ARRAY_LEN(rows); i++) {
		pat_cleanup(pat_buf_done) struct pat_buf out = { 0 };
		pat_cleanup(pat_buf_done) struct pat_buf json = { 0 };
		size_t written = 99;

		pat_buf_init(&out, 100);
		pat_buf_init(&json, 100);
		assert_int_equal(pat_files_cut_text(rows[i].text, rows[i].max, &out, &written), 0);
		assert_string_equal(out.data, rows[i].kept);
		assert_int_equal(out.len, strlen(rows[i].kept) + 1);
		assert_int_equal(pat_buf_add_json(&json, out.data, strlen(out.data)), 0);
		assert_int_equal(written, json.len);
		assert_true(written <= rows[i].max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_cut_between_characters),
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(what_will_be_written_is_counted_as_it_is),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
